// Cuts a section of constants or strings into pieces, each with its hash and the alignment that it needs. Hashes are of the
// content without the terminator, four bytes at a time: for strings they are made in the walk that looks for the terminator.

import { addPiece } from "./merge-intern.ts";
import type { Merger } from "./merger.ts";

function mix(hash: number, word: number): number {
  return Math.imul(((hash << 5) | (hash >>> 27)) ^ word, 0x9e3779b1);
}

function finish(hash: number): number {
  const half = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return half ^ (half >>> 13);
}

export function addConstants(merger: Merger, view: DataView, start: number, size: number, alignment: number): void {
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

export function addStrings(merger: Merger, view: DataView, start: number, size: number, alignment: number): void {
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

export function addWideStrings(merger: Merger, view: DataView, start: number, size: number, alignment: number): void {
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
