// What a link gives back.

import type { Problem } from "../elf/problem.ts";
import type { OutputLayout } from "./decisions/layout-types.ts";
import type { Decisions } from "./decisions/types.ts";
import type { KeepRefusal, Relinkable } from "./relink/relink.ts";

export interface LinkResult {
  /** The whole output file; undefined when the link failed. */
  readonly image: Uint8Array | undefined;
  /** Errors, warnings and notes in the order in which they were found. */
  readonly problems: readonly Problem[];
  /** Whether the file is to be executable (mode 0777 & ~umask; else 0666 & ~umask). False for -r only. */
  readonly executable: boolean;
  /** Every file that was read, in the order of reading. */
  readonly dependencies: readonly string[];
  /** Which definition won and why, what each file is there for, what each slot is there for. Of a failed link too. */
  readonly decisions: Decisions;
  /** Where everything is in the output; undefined if the link failed before that was known. */
  readonly layout: OutputLayout | undefined;
  /**
   * What a relink needs (relink/relink.ts), or why there can be none. Worked out when called, from the image as it is then: it
   * takes a hash of all of it.
   */
  keep(): Relinkable | KeepRefusal;
}
