// Tail merging: a string that is the end of another one ("able" of "table") needs no bytes of its own. The strings are
// sorted by their bytes from the end; then what ends alike is side by side, the shortest first, and one walk from the
// end meets every string right after the longer ones that it may be the end of.

import type { Merger } from "./merger.ts";

/** Ranges up to this long are sorted in place; longer ones by the engine. */
const SMALL_RANGE = 24;

/**
 * Finds the strings whose bytes another string ends with, terminator included. Both keep their alignment.
 * @returns for each entry the entry that it is the end of (which is the end of none), or -1
 */
export function findSuffixes(merger: Merger): Int32Array {
  const { entryCount, entryStarts, entryAlignments, arena } = merger;
  const suffixOf = new Int32Array(entryCount).fill(-1);
  const order = sortFromEnd(merger);
  let whole = -1;
  for (let i = entryCount - 1; i >= 0; i--) {
    const entry = order[2 * i];
    if (whole !== -1 && entryAlignments[whole] >= entryAlignments[entry]) {
      const start = entryStarts[entry];
      const length = entryStarts[entry + 1] - start;
      const before = entryStarts[whole + 1] - entryStarts[whole] - length;
      const aligned = before % 2 ** entryAlignments[entry] === 0;
      if (before > 0 && aligned && sameBytes(arena, entryStarts[whole] + before, start, length)) {
        suffixOf[entry] = whole;
        continue;
      }
    }
    whole = entry;
  }
  return suffixOf;
}

function sameBytes(arena: Uint8Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (arena[a + i] !== arena[b + i]) return false;
  return true;
}

/**
 * @returns pairs of numbers (entry, key): the entries in order. A pair read as one 64-bit number has the key on top, so
 * the engine's own sort of 64-bit numbers serves; equal keys are then sorted by the next four bytes.
 */
function sortFromEnd(merger: Merger): Uint32Array {
  const { entryCount } = merger;
  const pairs = new BigUint64Array(entryCount);
  const halves = new Uint32Array(pairs.buffer);
  for (let i = 0; i < entryCount; i++) halves[2 * i] = i;
  const pending = [0, entryCount, merger.alignment > merger.entsize ? 0 : 1];
  while (pending.length > 0) {
    const [low, high, depth] = pending.splice(-3);
    if (high - low <= SMALL_RANGE) {
      sortSmall(merger, halves, low, high, depth);
      continue;
    }
    for (let i = low; i < high; i++) halves[2 * i + 1] = sortKey(merger, halves[2 * i], depth);
    pairs.subarray(low, high).sort();
    let start = low;
    for (let i = low + 1; i <= high; i++) {
      if (i < high && halves[2 * i + 1] === halves[2 * start + 1]) continue;
      if (i - start > 1) pending.push(start, i, depth + 1);
      start = i;
    }
  }
  return halves;
}

/** Insertion sort of entries that are alike in the keys before `depth`. */
function sortSmall(merger: Merger, halves: Uint32Array, low: number, high: number, depth: number): void {
  for (let i = low + 1; i < high; i++) {
    const entry = halves[2 * i];
    let j = i;
    while (j > low && comesAfter(merger, halves[2 * (j - 1)], entry, depth)) {
      halves[2 * j] = halves[2 * (j - 1)];
      j--;
    }
    halves[2 * j] = entry;
  }
}

function comesAfter(merger: Merger, a: number, b: number, depth: number): boolean {
  // Entries are distinct, so some key tells them apart.
  for (let level = depth; ; level++) {
    const difference = sortKey(merger, a, level) - sortKey(merger, b, level);
    if (difference !== 0) return difference > 0;
  }
}

/**
 * Level 0: the length modulo the alignment, since only strings alike in it can share an aligned end. Level n: the n-th
 * four bytes from the end, the last one on top, with zeros before the string's start.
 */
function sortKey(merger: Merger, entry: number, level: number): number {
  const start = merger.entryStarts[entry];
  const end = merger.entryStarts[entry + 1] - merger.entsize;
  if (level === 0) return (end - start) % merger.alignment;
  const at = end - 4 * level;
  if (at >= start) return merger.arenaView.getUint32(at, true);
  const missing = start - at;
  return missing < 4 ? (merger.arenaView.getUint32(start, true) << (8 * missing)) >>> 0 : 0;
}
