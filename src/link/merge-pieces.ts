// SHF_MERGE: input sections of constants or strings that may be cut into pieces, each kept once in the output. One
// merger serves the sections that end up together (same output section, flags and sh_entsize).
//
// Input to output in three columns: a section has pieces (where they begin in it), a piece has an entry (distinct
// content), an entry has an output offset. The bytes of the entries lie one after the other in an arena in the order
// they were first seen: comparing with an entry touches no input file again, and without tail merging the arena is the
// output as it stands.

import { growUint8, growUint32 } from "./columns.ts";
import { findSuffixes } from "./merge-tails.ts";

export interface Merger {
  /** sh_entsize: bytes of a constant, or of a character. */
  readonly entsize: number;
  /** SHF_STRINGS: pieces end with a character that is all zeros. Otherwise each is `entsize` bytes. */
  readonly strings: boolean;

  /** Size of the output in bytes, known from `finishMerger` on. */
  size: number;
  /** What the output must be aligned to: the most that any of the sections asked for. */
  alignment: number;

  // Sections, by ordinal. The pieces of section i are sectionPieces[i] to sectionPieces[i + 1].
  sectionCount: number;
  sectionPieces: Uint32Array;
  sectionSizes: Uint32Array;

  // Pieces. Constants begin at multiples of `entsize`: the columns of offsets and lengths are for strings.
  pieceCount: number;
  pieceOffsets: Uint32Array;
  /** Without the padding that may follow. */
  pieceLengths: Uint32Array;
  /** The piece's entry; from `finishMerger` on, its offset in the output. */
  pieceTargets: Uint32Array;

  // Entries, in the order they were first seen.
  entryCount: number;
  /** Where the bytes begin in the arena; they end where those of the next entry begin. */
  entryStarts: Uint32Array;
  /** log2 of the alignment; the most that any piece with this content needs. */
  entryAlignments: Uint8Array;
  /** Offset in the output; from `finishMerger` on. */
  entryOffsets: Uint32Array;
  /** Tail merging: the entry that this one is the end of, or -1. */
  suffixOf: Int32Array;

  arena: Uint8Array;
  arenaView: DataView;

  /** Open addressing, two numbers a slot: hash, and entry + 1 (0 where the slot is free). */
  slots: Int32Array;

  /** Pieces that are cut but not interned yet. */
  batch: Batch;
  /** The output cannot be larger than this. */
  sizeBound: number;
}

/** A few pieces of the section at hand. Where they begin is counted in its `bytes`. */
interface Batch {
  count: number;
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
  readonly hashes: Int32Array;
  readonly alignments: Uint8Array;
  readonly warm: Uint32Array;
}

/** Offsets are 32-bit numbers and one buffer holds the arena: sections that would go beyond are left unmerged. */
const SIZE_LIMIT = 0x7fff0000;

/** Pieces that are interned together; see `warmUp`. */
const BATCH = 64;

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
  reserveArena(merger, size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!merger.strings) addConstants(merger, view, start, size, alignment);
  else if (merger.entsize === 1) addStrings(merger, view, start, size, alignment);
  else addWideStrings(merger, view, start, size, alignment);
  internBatch(merger, view, start);
  merger.sizeBound += sizeBound(size, alignment);
  merger.sectionSizes[ordinal] = size;
  merger.sectionPieces[ordinal + 1] = merger.pieceCount;
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

// ---------------------------------------------------------------------------------------------------------------------
// Cutting. Hashes are of the content without the terminator, four bytes at a time.
// ---------------------------------------------------------------------------------------------------------------------

function mix(hash: number, word: number): number {
  return Math.imul(((hash << 5) | (hash >>> 27)) ^ word, 0x9e3779b1);
}

function finish(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return half ^ (half >>> 13);
}

function addConstants(merger: Merger, view: DataView, start: number, size: number, alignment: number): void {
  const { entsize } = merger;
  const alignmentLog2 = Math.log2(alignment);
  const end = start + size;
  for (let at = start; at < end; at += entsize) {
    const hash = hashBytes(view, at, entsize);
    addPiece(merger, view, start, at, entsize, hash, alignmentLog2);
  }
}

function hashBytes(view: DataView, at: number, length: number): number {
  const end = at + length;
  const wordsEnd = end - 3;
  let hash = 0;
  let p = at;
  for (; p < wordsEnd; p += 4) hash = mix(hash, view.getInt32(p, true));
  for (; p < end; p++) hash = mix(hash, view.getUint8(p));
  return finish(hash);
}

function addStrings(merger: Merger, view: DataView, start: number, size: number, alignment: number): void {
  const end = start + size;
  const wordsEnd = end - 3;
  let p = start;
  while (p < end) {
    const at = p;
    let hash = 0;
    let nul = 0;
    while (p < wordsEnd) {
      const word = view.getInt32(p, true);
      // The lowest bit set here is the top bit of the first byte that is zero.
      nul = (word - 0x01010101) & ~word & 0x80808080;
      if (nul !== 0) {
        const before = (31 - Math.clz32(nul & -nul)) >>> 3;
        hash = mix(hash, word & ((1 << (8 * before)) - 1));
        p += before + 1;
        break;
      }
      hash = mix(hash, word);
      p += 4;
    }
    if (nul === 0) {
      // The last three bytes of the section, which ends with a NUL.
      let word = 0;
      let shift = 0;
      for (let byte = view.getUint8(p++); byte !== 0; byte = view.getUint8(p++)) {
        word |= byte << shift;
        shift += 8;
      }
      hash = mix(hash, word);
    }
    const alignmentLog2 = pieceAlignment(at - start, alignment);
    addPiece(merger, view, start, at, p - at, finish(hash), alignmentLog2);
    p = skipPadding(merger, view, start, p, end, alignment);
  }
}

function addWideStrings(merger: Merger, view: DataView, start: number, size: number, alignment: number): void {
  const { entsize } = merger;
  const end = start + size;
  let p = start;
  while (p < end) {
    const at = p;
    while (!isZeroCharacter(view, p, entsize)) p += entsize;
    const hash = hashBytes(view, at, p - at);
    p += entsize;
    const alignmentLog2 = pieceAlignment(at - start, alignment);
    addPiece(merger, view, start, at, p - at, hash, alignmentLog2);
    p = skipPadding(merger, view, start, p, end, alignment);
  }
}

/**
 * Zeros after a string fill up to where the next one is aligned, and belong to the string (what points at them sees an
 * empty string, and `mergedOffset` gives it one). An aligned zero may be an empty string that needs its alignment.
 */
function skipPadding(
  merger: Merger,
  view: DataView,
  start: number,
  from: number,
  end: number,
  alignment: number,
): number {
  const { entsize } = merger;
  let p = from;
  let emptyKept = alignment <= entsize;
  for (; p < end && isZeroCharacter(view, p, entsize); p += entsize) {
    if (emptyKept || (p - start) % alignment !== 0) continue;
    emptyKept = true;
    addPiece(merger, view, start, p, entsize, hashEmpty(entsize), Math.log2(alignment));
  }
  return p;
}

function isZeroCharacter(view: DataView, at: number, entsize: number): boolean {
  for (let i = at; i < at + entsize; i++) if (view.getUint8(i) !== 0) return false;
  return true;
}

/** What the scans above give an empty string: one empty word, and no word at all. */
function hashEmpty(entsize: number): number {
  return finish(entsize === 1 ? mix(0, 0) : 0);
}

/** A string is as aligned as its place in the section, and never more than the section (as in BFD's `record_section`). */
function pieceAlignment(offset: number, alignment: number): number {
  const sectionLog2 = 31 - Math.clz32(alignment);
  return offset === 0 ? sectionLog2 : Math.min(sectionLog2, 31 - Math.clz32(offset & -offset));
}

// ---------------------------------------------------------------------------------------------------------------------
// Interning
// ---------------------------------------------------------------------------------------------------------------------

function addPiece(
  merger: Merger,
  view: DataView,
  sectionStart: number,
  at: number,
  length: number,
  hash: number,
  alignmentLog2: number,
): void {
  const { batch } = merger;
  const i = batch.count++;
  batch.starts[i] = at;
  batch.lengths[i] = length;
  batch.hashes[i] = hash;
  batch.alignments[i] = alignmentLog2;
  if (batch.count === BATCH) internBatch(merger, view, sectionStart);
}

function internBatch(merger: Merger, view: DataView, sectionStart: number): void {
  const { batch } = merger;
  const { count, starts, lengths, hashes, alignments } = batch;
  warmUp(merger);
  merger.pieceTargets = growUint32(merger.pieceTargets, merger.pieceCount + count);
  if (merger.strings) {
    merger.pieceOffsets = growUint32(merger.pieceOffsets, merger.pieceCount + count);
    merger.pieceLengths = growUint32(merger.pieceLengths, merger.pieceCount + count);
  }
  const { pieceTargets, pieceOffsets, pieceLengths, pieceCount } = merger;
  for (let i = 0; i < count; i++) {
    pieceTargets[pieceCount + i] = intern(merger, view, starts[i], lengths[i], hashes[i], alignments[i]);
  }
  if (merger.strings) {
    for (let i = 0; i < count; i++) pieceOffsets[pieceCount + i] = starts[i] - sectionStart;
    for (let i = 0; i < count; i++) pieceLengths[pieceCount + i] = lengths[i];
  }
  merger.pieceCount += count;
  batch.count = 0;
}

/**
 * Reads what `intern` is going to read: slots, then entries, then bytes. Each of these loops waits for many cache
 * misses at a time, where a look-up from start to end waits for one after the other (measured: half the time).
 */
function warmUp(merger: Merger): void {
  const { slots, entryStarts, arena } = merger;
  const { count, hashes, warm } = merger.batch;
  const mask = slots.length - 2;
  for (let i = 0; i < count; i++) warm[i] = slots[((hashes[i] << 1) & mask) + 1];
  for (let i = 0; i < count; i++) warm[i] = entryStarts[warm[i]];
  for (let i = 0; i < count; i++) warm[i] = arena[warm[i]];
}

/** The entry with these bytes; a new one if they are new. Raises the entry's alignment where the piece needs more. */
function intern(
  merger: Merger,
  view: DataView,
  at: number,
  length: number,
  hash: number,
  alignmentLog2: number,
): number {
  const { slots, entryStarts } = merger;
  const mask = slots.length - 2;
  let slot = (hash << 1) & mask;
  for (let taken = slots[slot + 1]; taken !== 0; taken = slots[slot + 1]) {
    if (slots[slot] === hash) {
      const entry = taken - 1;
      const start = entryStarts[entry];
      if (entryStarts[entry + 1] - start === length && sameBytes(merger.arenaView, start, view, at, length)) {
        if (merger.entryAlignments[entry] < alignmentLog2) merger.entryAlignments[entry] = alignmentLog2;
        return entry;
      }
    }
    slot = (slot + 2) & mask;
  }
  slots[slot] = hash;
  slots[slot + 1] = merger.entryCount + 1;
  return addEntry(merger, view, at, length, alignmentLog2);
}

function sameBytes(a: DataView, aStart: number, b: DataView, bStart: number, length: number): boolean {
  let i = 0;
  for (; i + 4 <= length; i += 4) if (a.getInt32(aStart + i, true) !== b.getInt32(bStart + i, true)) return false;
  for (; i < length; i++) if (a.getUint8(aStart + i) !== b.getUint8(bStart + i)) return false;
  return true;
}

function addEntry(merger: Merger, view: DataView, at: number, length: number, alignmentLog2: number): number {
  const entry = merger.entryCount++;
  merger.entryStarts = growUint32(merger.entryStarts, entry + 2);
  merger.entryAlignments = growUint8(merger.entryAlignments, entry + 1);
  const { arenaView: arena, entryStarts } = merger;
  const start = entryStarts[entry];
  let i = 0;
  for (; i + 4 <= length; i += 4) arena.setInt32(start + i, view.getInt32(at + i, true), true);
  for (; i < length; i++) arena.setUint8(start + i, view.getUint8(at + i));
  entryStarts[entry + 1] = start + length;
  merger.entryAlignments[entry] = alignmentLog2;
  // At most half of the slots are taken.
  if (merger.entryCount * 4 > merger.slots.length) growSlots(merger);
  return entry;
}

/** Where the next entry begins in the arena. */
function lastEnd(merger: Merger): number {
  return merger.entryStarts[merger.entryCount];
}

/** Room for a section without a piece in common with the others, and for reading a word at the last byte. */
function reserveArena(merger: Merger, bytes: number): void {
  const used = lastEnd(merger);
  const needed = used + bytes + 4;
  if (needed <= merger.arena.length) return;
  const arena = new Uint8Array(Math.max(Math.min(merger.arena.length * 2, SIZE_LIMIT), needed));
  arena.set(merger.arena.subarray(0, used));
  merger.arena = arena;
  merger.arenaView = new DataView(arena.buffer);
}

function growSlots(merger: Merger): void {
  const old = merger.slots;
  const slots = new Int32Array(old.length * 2);
  const mask = slots.length - 2;
  for (let i = 0; i < old.length; i += 2) {
    if (old[i + 1] === 0) continue;
    let slot = (old[i] << 1) & mask;
    while (slots[slot + 1] !== 0) slot = (slot + 2) & mask;
    slots[slot] = old[i];
    slots[slot + 1] = old[i + 1];
  }
  merger.slots = slots;
}

// ---------------------------------------------------------------------------------------------------------------------
// Output
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Gives every entry its place, in the order first seen, with the gaps that alignment asks for. No section can be added
 * after it.
 * @param tailMerge a string that is the end of another one shares its bytes (strings only; GNU ld always does this)
 */
export function finishMerger(merger: Merger, tailMerge: boolean): void {
  const { entryCount, entryStarts, entryAlignments } = merger;
  merger.slots = new Int32Array(0);
  merger.suffixOf = tailMerge && merger.strings ? findSuffixes(merger) : new Int32Array(0);
  const { suffixOf } = merger;
  const offsets = new Uint32Array(entryCount);
  let size = 0;
  for (let entry = 0; entry < entryCount; entry++) {
    if (suffixOf.length !== 0 && suffixOf[entry] !== -1) continue;
    const alignment = 2 ** entryAlignments[entry];
    size = Math.ceil(size / alignment) * alignment;
    offsets[entry] = size;
    size += entryStarts[entry + 1] - entryStarts[entry];
  }
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
