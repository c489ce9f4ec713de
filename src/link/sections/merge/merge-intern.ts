// Finds the entry that a piece is equal to, or makes it: a hash table in columns, with the bytes in an arena. Most of the time
// goes into waiting for memory, so pieces come in batches.

import { growUint8, growUint32 } from "../../tables/columns.ts";
import type { Merger } from "./merger.ts";

/** Offsets are 32-bit numbers and one buffer holds the arena: sections that would go beyond are left unmerged. */
export const SIZE_LIMIT = 0x7fff0000;

/** Pieces that are interned together; see `warmUp`. */
export const BATCH = 64;

/** A piece of the section at hand. It is interned when there are some, at the latest by `internBatch`. */
export function addPiece(
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

/** Interns what has been added, and makes the rows of these pieces. */
export function internBatch(merger: Merger, view: DataView, sectionStart: number): void {
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
export function reserveArena(merger: Merger, bytes: number): void {
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
