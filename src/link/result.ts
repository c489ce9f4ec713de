// What a link gives back.

import type { Problem } from "../elf/problem.ts";

export interface LinkResult {
  /** The whole output file; undefined when the link failed. */
  readonly image: Uint8Array | undefined;
  /** Errors, warnings and notes in the order in which they were found. */
  readonly problems: readonly Problem[];
  /** Whether the file is to be executable (mode 0777 & ~umask; else 0666 & ~umask). False for -r only. */
  readonly executable: boolean;
  /** Every file that was read, in the order of reading. */
  readonly dependencies: readonly string[];
}
