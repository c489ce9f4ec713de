// Spoils files for tests: bytes are changed in place, with the file parsed as it was.

import { ok } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { type ElfFile, parseElf } from "../../../src/elf/index.ts";

/** Changes bytes of a file. */
export function patch(path: string, change: (view: DataView, elf: ElfFile) => void): void {
  const bytes = new Uint8Array(readFileSync(path));
  const elf = parseElf(bytes, path, () => {});
  ok(elf !== undefined, path);
  change(new DataView(bytes.buffer), elf);
  writeFileSync(path, bytes);
}
