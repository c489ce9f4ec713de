// SHF_MERGE: input sections of constants or strings that may be cut into pieces, each kept once in the output. One
// merger serves the sections that end up together (same output section, flags and sh_entsize).
//
// Input to output in three columns: a section has pieces (where they begin in it), a piece has an entry (distinct
// content), an entry has an output offset. The bytes of the entries lie one after the other in an arena in the order
// they were first seen: comparing with an entry touches no input file again, and without tail merging the arena is the
// output as it stands.

import { growUint32 } from "../../tables/columns.ts";
import { addConstants, addStrings, addWideStrings } from "./merge-cut.ts";
import { BATCH, internBatch, reserveArena, SIZE_LIMIT } from "./merge-intern.ts";
import { findSuffixes } from "./merge-tails.ts";
import type { Merger } from "./merger.ts";

/** For sections of one output section with the same flags and `sh_entsize` (at least 1). */
export function createMerger(entsize: number, strings: boolean): Merger {
  const arena = new Uint8Array(256);
  return {
    entsize,
    strings,
    size: 0,
    alignment: 1,
    sectionCount: 0,
    sectionPieces: new Uint32Array(8),
    sectionSizes: new Uint32Array(8),
    sectionEntries: new Uint32Array(8),
    sectionStarts: new Uint32Array(0),
    sectionEnds: new Uint32Array(0),
    pieceCount: 0,
    pieceOffsets: new Uint32Array(strings ? 32 : 0),
    pieceLengths: new Uint32Array(strings ? 32 : 0),
    pieceTargets: new Uint32Array(32),
    entryCount: 0,
    entryStarts: new Uint32Array(32),
    entryAlignments: new Uint8Array(32),
    entryOffsets: new Uint32Array(0),
    suffixOf: new Int32Array(0),
    arena,
    arenaView: new DataView(arena.buffer),
    slots: new Int32Array(128),
    batch: {
      count: 0,
      starts: new Uint32Array(BATCH),
      lengths: new Uint32Array(BATCH),
      hashes: new Int32Array(BATCH),
      alignments: new Uint8Array(BATCH),
      warm: new Uint32Array(BATCH),
    },
    sizeBound: 0,
  };
}

/**
 * Cuts a section into pieces and interns them.
 * @param bytes holds the section's contents, `size` bytes from `start`; not needed again  @param sectionAlignment sh_addralign
 * @returns the section's ordinal, for `mergedOffset`; -1 when the section cannot be cut and must be kept as it is
 */
export function addMergeSection(
  merger: Merger,
  bytes: Uint8Array,
  start: number,
  size: number,
  sectionAlignment: number,
): number {
  const alignment = sectionAlignment === 0 ? 1 : sectionAlignment;
  if (!canSplit(merger, bytes, start, size, alignment)) return -1;
  const ordinal = merger.sectionCount++;
  merger.sectionPieces = growUint32(merger.sectionPieces, ordinal + 2);
  merger.sectionSizes = growUint32(merger.sectionSizes, ordinal + 1);
  merger.sectionEntries = growUint32(merger.sectionEntries, ordinal + 2);
  reserveArena(merger, size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!merger.strings) addConstants(merger, view, start, size, alignment);
  else if (merger.entsize === 1) addStrings(merger, view, start, size, alignment);
  else addWideStrings(merger, view, start, size, alignment);
  internBatch(merger, view, start);
  merger.sizeBound += sizeBound(size, alignment);
  merger.sectionSizes[ordinal] = size;
  merger.sectionPieces[ordinal + 1] = merger.pieceCount;
  merger.sectionEntries[ordinal + 1] = merger.entryCount;
  merger.alignment = Math.max(merger.alignment, alignment);
  return ordinal;
}

/** BFD's conditions (merge.c, `_bfd_add_merge_section`), and that the last string has its terminator. */
function canSplit(merger: Merger, bytes: Uint8Array, start: number, size: number, alignment: number): boolean {
  const { entsize, strings } = merger;
  if (size === 0 || size % entsize !== 0 || start < 0 || start + size > bytes.length) return false;
  if (!isPowerOfTwo(alignment) || merger.sizeBound + sizeBound(size, alignment) > SIZE_LIMIT) return false;
  // Records that do not keep each other's alignment; characters, where only some strings are aligned, may be padded.
  if (alignment > entsize ? !strings || !isPowerOfTwo(entsize) : entsize % alignment !== 0) return false;
  return !strings || isZero(bytes, start + size - entsize, entsize);
}

/**
 * The most that a section can add to the output. Pieces aligned to 2^n and no more are 2^(n+1) bytes apart, so padding
 * in front of them makes up half the section for each n; the piece at its start is as aligned as the section.
 */
function sizeBound(size: number, alignment: number): number {
  return size * (1 + Math.log2(alignment) / 2) + alignment;
}

function isPowerOfTwo(value: number): boolean {
  return value >= 1 && value <= 2 ** 31 && Number.isInteger(Math.log2(value));
}

function isZero(bytes: Uint8Array, at: number, count: number): boolean {
  for (let i = at; i < at + count; i++) if (bytes[i] !== 0) return false;
  return true;
}

/**
 * Gives every entry its place, in the order first seen, with the gaps that alignment asks for. No section can be added
 * after it.
 * @param tailMerge a string that is the end of another one shares its bytes (strings only; GNU ld always does this)
 * @param apart what was first seen in one section stays together, as a part that is aligned like the section
 */
export function finishMerger(merger: Merger, tailMerge: boolean, apart = false): void {
  const { entryCount, entryStarts } = merger;
  merger.slots = new Int32Array(0);
  merger.suffixOf = tailMerge && merger.strings ? findSuffixes(merger) : new Int32Array(0);
  const { suffixOf } = merger;
  const offsets = new Uint32Array(entryCount);
  const size = apart ? placeApart(merger, offsets) : placeEntries(merger, offsets, 0, entryCount, 0);
  for (let entry = 0; entry < suffixOf.length; entry++) {
    const whole = suffixOf[entry];
    if (whole === -1) continue;
    const wholeLength = entryStarts[whole + 1] - entryStarts[whole];
    offsets[entry] = offsets[whole] + wholeLength - (entryStarts[entry + 1] - entryStarts[entry]);
  }
  const { pieceCount, pieceTargets } = merger;
  for (let piece = 0; piece < pieceCount; piece++) pieceTargets[piece] = offsets[pieceTargets[piece]];
  merger.entryOffsets = offsets;
  merger.size = size;
}

/** @returns the end of the last one */
function placeEntries(merger: Merger, offsets: Uint32Array, first: number, end: number, start: number): number {
  const { entryStarts, entryAlignments, suffixOf } = merger;
  let size = start;
  for (let entry = first; entry < end; entry++) {
    if (suffixOf.length !== 0 && suffixOf[entry] !== -1) continue;
    const alignment = 2 ** entryAlignments[entry];
    size = Math.ceil(size / alignment) * alignment;
    offsets[entry] = size;
    size += entryStarts[entry + 1] - entryStarts[entry];
  }
  return size;
}

function placeApart(merger: Merger, offsets: Uint32Array): number {
  const { sectionCount, sectionEntries, alignment } = merger;
  merger.sectionStarts = new Uint32Array(sectionCount);
  merger.sectionEnds = new Uint32Array(sectionCount);
  let size = 0;
  for (let i = 0; i < sectionCount; i++) {
    const start = Math.ceil(size / alignment) * alignment;
    const end = placeEntries(merger, offsets, sectionEntries[i], sectionEntries[i + 1], start);
    if (end > start) size = end;
    merger.sectionStarts[i] = end > start ? start : size;
    merger.sectionEnds[i] = size;
  }
  return size;
}

/** The section, by ordinal, in whose part an offset of the output is. */
export function partAt({ sectionCount, sectionEnds }: Merger, offset: number): number {
  let first = 0;
  let count = sectionCount;
  // The first that ends behind it.
  while (count > 0) {
    const half = count >>> 1;
    if (sectionEnds[first + half] <= offset) {
      first += half + 1;
      count -= half + 1;
    } else count = half;
  }
  return Math.min(first, sectionCount - 1);
}

/** Writes the part of one section from `at`. */
export function writePart(merger: Merger, ordinal: number, image: Uint8Array, at: number): void {
  const { entryStarts, entryOffsets, suffixOf, arena, sectionEntries, sectionStarts } = merger;
  for (let entry = sectionEntries[ordinal]; entry < sectionEntries[ordinal + 1]; entry++) {
    if (suffixOf.length !== 0 && suffixOf[entry] !== -1) continue;
    const to = at + entryOffsets[entry] - sectionStarts[ordinal];
    image.set(arena.subarray(entryStarts[entry], entryStarts[entry + 1]), to);
  }
}

/**
 * Where a byte of an input section is in the output. Inside a piece the distance to its start is kept; in the padding
 * after a string it is the string's terminator; the section's end is the end of its last piece.
 * @param ordinal what `addMergeSection` returned  @param offset in the input section, 0 to its size
 * @returns offset from the start of the merged output, or -1 if `offset` is outside of the section
 */
export function mergedOffset(merger: Merger, ordinal: number, offset: number): number {
  const size = merger.sectionSizes[ordinal];
  if (!(offset >= 0 && offset <= size)) return -1;
  const { entsize, pieceTargets } = merger;
  const first = merger.sectionPieces[ordinal];
  if (!merger.strings) {
    const index = Math.floor((offset < size ? offset : size - 1) / entsize);
    return pieceTargets[first + index] + offset - index * entsize;
  }
  const { pieceOffsets } = merger;
  // Binary search for the last piece that begins at or before `offset`. The comparison is a mask and not a branch,
  // which would be guessed wrong every other time (measured: half the time). Offsets fit 31 bits.
  let piece = first;
  let count = merger.sectionPieces[ordinal + 1] - first;
  while (count > 1) {
    const half = count >>> 1;
    piece += half & ((pieceOffsets[piece + half] - offset - 1) >> 31);
    count -= half;
  }
  const length = merger.pieceLengths[piece];
  return pieceTargets[piece] + (offset === size ? length : Math.min(offset - pieceOffsets[piece], length - entsize));
}

/** Writes `merger.size` bytes from `at`. Gaps between entries are left as they are. */
export function writeMerged(merger: Merger, image: Uint8Array, at: number): void {
  const { entryCount, entryStarts, entryOffsets, suffixOf, arena } = merger;
  let entry = 0;
  while (entry < entryCount) {
    if (suffixOf.length !== 0 && suffixOf[entry] !== -1) {
      entry++;
      continue;
    }
    // As many entries as lie in the output just as they do in the arena.
    const first = entry;
    const shift = entryOffsets[first] - entryStarts[first];
    do entry++;
    while (
      entry < entryCount &&
      entryOffsets[entry] - entryStarts[entry] === shift &&
      (suffixOf.length === 0 || suffixOf[entry] === -1)
    );
    image.set(arena.subarray(entryStarts[first], entryStarts[entry]), at + entryOffsets[first]);
  }
}
