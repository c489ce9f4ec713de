// What an object that has changed changes in the output: ranges of bytes, or the reason why that takes a full link.

import type { Shape } from "./shape.ts";

/** Bytes to be put at `offset` of the output. */
export interface Patch {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Why a change is more than bytes; a stable code that `--stats` puts into words. */
export type RelinkRefusal =
  | "not-an-object-of-the-link"
  | "size-changed"
  | "structure-changed"
  | "decisive-bytes-changed";

/** @param bytes the file's new contents, which are not copied */
export function patchesOf(shape: Shape, bytes: Uint8Array): readonly Patch[] | RelinkRefusal {
  if (bytes.length !== shape.bytes.length) return "size-changed";
  const patches: Patch[] = [];
  for (let at = nextDifference(shape.bytes, bytes, 0, bytes.length); at < bytes.length; ) {
    const index = rangeAt(shape.plain, 3, at);
    if (index < 0) return "structure-changed";
    const [from, end, to] = shape.plain.subarray(index, index + 3);
    if (touches(shape.decisive, shape.bytes, bytes, at, end)) return "decisive-bytes-changed";
    // Run by run: what is equal in between may have been rewritten (a relaxed instruction).
    while (at < end) {
      const stop = runEnd(shape.bytes, bytes, at, end);
      takeOver(shape.overwritten, bytes, at, stop, to - from, patches);
      at = nextDifference(shape.bytes, bytes, stop, end);
    }
    at = nextDifference(shape.bytes, bytes, end, bytes.length);
  }
  return patches;
}

/** The first byte from `at` on in which they differ, or `end`. */
function nextDifference(a: Uint8Array, b: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && a[i] === b[i]) i++;
  return i;
}

/** Where the bytes that differ, of which the one at `at` is the first, end. */
function runEnd(a: Uint8Array, b: Uint8Array, at: number, end: number): number {
  let i = at + 1;
  while (i < end && a[i] !== b[i]) i++;
  return i;
}

/** Index of the group of `width` numbers whose range holds `at`, or -1. The groups are in order and do not overlap. */
function rangeAt(ranges: Float64Array, width: number, at: number): number {
  let low = 0;
  let high = ranges.length / width;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle * width + 1] <= at) low = middle + 1;
    else high = middle;
  }
  const index = low * width;
  return index < ranges.length && ranges[index] <= at ? index : -1;
}

/** Whether they differ in [from, end) in a byte of one of the ranges, which may overlap. */
function touches(ranges: Float64Array, a: Uint8Array, b: Uint8Array, from: number, end: number): boolean {
  for (let i = 0; i < ranges.length; i += 2) {
    const start = Math.max(ranges[i], from);
    const stop = Math.min(ranges[i + 1], end);
    if (start < stop && nextDifference(a, b, start, stop) < stop) return true;
  }
  return false;
}

/** [from, end) without the ranges that relocations have overwritten. */
function takeOver(
  overwritten: Float64Array,
  bytes: Uint8Array,
  from: number,
  end: number,
  shift: number,
  patches: Patch[],
): void {
  let at = from;
  const take = (stop: number): void => {
    if (stop > at) patches.push({ offset: at + shift, bytes: bytes.subarray(at, stop) });
  };
  for (let i = 0; i < overwritten.length; i += 2) {
    if (overwritten[i + 1] <= at) continue;
    if (overwritten[i] >= end) break;
    take(overwritten[i]);
    at = overwritten[i + 1];
  }
  take(end);
}
