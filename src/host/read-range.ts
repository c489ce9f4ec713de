import { readSync } from "node:fs";

/**
 * Reads an open file's bytes from `start` to `end` (not included) to the same place in `bytes`; one call of read(2) gives at most
 * 2 GiB.
 * @returns the end of what was there
 */
export function readRange(file: number, bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const count = readSync(file, bytes, at, end - at, at);
    if (count === 0) break;
    at += count;
  }
  return at;
}
