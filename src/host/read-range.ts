// Bytes of an open file, to where they stand in memory that has room for all of it; and back.

import { readSync, writeSync } from "node:fs";
import type { ReadRange } from "./pages.ts";

/** One call of read(2) or write(2) gives or takes a page less than 2 GiB; Node refuses to ask for 2 GiB or more. */
const MOST_AT_ONCE = 0x7fff_f000;

/**
 * Reads an open file's bytes from `start` to `end` (not included) to the same place in `bytes`.
 * @returns the end of what was there
 */
export function readRange(file: number, bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const count = readSync(file, bytes, at, Math.min(end - at, MOST_AT_ONCE), at);
    if (count === 0) break;
    at += count;
  }
  return at;
}

/** Pipes take less at a time than they are given. @param at where in the file; undefined: where it stands */
export function writeAll(file: number, bytes: Uint8Array, at?: number): void {
  for (let done = 0; done < bytes.length; ) {
    const count = Math.min(bytes.length - done, MOST_AT_ONCE);
    done += writeSync(file, bytes, done, count, at === undefined ? null : at + done);
  }
}

/**
 * Reads the parts of an open file that `choose` asks for (loader-parts.ts, linker-parts.ts).
 * @param bytes room for the whole file as its size was a moment ago
 * @returns the bytes, fewer where somebody has cut the file since; and whether all of them were read
 */
export function readChosen(
  file: number,
  bytes: Uint8Array,
  choose: (bytes: Uint8Array, read: ReadRange) => boolean,
): { readonly bytes: Uint8Array; readonly isWhole: boolean } {
  let { length } = bytes;
  const isWhole = choose(bytes, (start, wanted) => {
    const end = readRange(file, bytes, start, Math.min(wanted, length));
    if (end < Math.min(wanted, length)) length = end;
  });
  return { bytes: length === bytes.length ? bytes : bytes.slice(0, length), isWhole };
}
