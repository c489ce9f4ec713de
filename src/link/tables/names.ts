// Interned names: a symbol's name becomes a small integer once, by hashing its bytes; nothing is decoded to a string until
// somebody wants to print it. The bytes of each distinct name are kept in one pool, so that comparing two names touches one
// array, and writing a string table is a copy.
//
// A large link interns a million names in no order, so the cost is cache misses: everything a look-up needs to know of a
// name stands in one 16-byte slot, and names are read four bytes at a time.

import { bytesOf } from "../../elf/text.ts";
import { growUint8, growUint32 } from "./columns.ts";
import type { SymbolId } from "./ids.ts";

export interface NameTable {
  count: number;
  /** Start of each name in `pool`; the name ends where the next one starts, less the NUL between them. */
  start: Uint32Array;
  pool: Uint8Array;
  poolView: DataView;
  poolEnd: number;
  /** Open addressing, a power of two of slots of four numbers: id + 1 (0: free), hash, start in the pool, length. */
  slots: Int32Array;
  /** After an intern: where the bytes of the name ended (offset of the NUL) in the caller's array. */
  end: number;
  /** After an intern: offset of the first `@` in the caller's array, or -1. Versioned names are rare and need more work. */
  at: number;
  /** Where a name is put together with its version. */
  scratch: DataView;
}

const AT = 0x40;
const SLOT = 4;

export function createNames(): NameTable {
  const pool = new Uint8Array(1 << 16);
  return {
    count: 0,
    start: new Uint32Array(1 << 12),
    pool,
    poolView: new DataView(pool.buffer),
    poolEnd: 0,
    slots: new Int32Array(SLOT << 13),
    end: 0,
    at: -1,
    scratch: new DataView(new ArrayBuffer(256)),
  };
}

/**
 * The id of the NUL-terminated name at `start`, new or known.
 * @param view over the bytes that hold the name  @param start offset in them
 * @param limit the name ends here at the latest (end of the string table): a missing NUL cannot lead outside
 */
export function internName(names: NameTable, view: DataView, start: number, limit: number): SymbolId {
  const hash = hashOf(names, view, start, limit);
  return internHashed(names, view, start, names.end, hash);
}

/** The same of a name whose hash and end are known. Leaves `end` and `at` of the table alone. */
export function internHashed(names: NameTable, view: DataView, start: number, end: number, hash: number): SymbolId {
  const slot = find(names, view, start, end, hash);
  const known = names.slots[slot] - 1;
  return known >= 0 ? known : insert(names, view, start, end, hash, slot);
}

export function findHashed(names: NameTable, view: DataView, start: number, end: number, hash: number): SymbolId {
  return names.slots[find(names, view, start, end, hash)] - 1;
}

/** As `internName`, without adding: -1 if the name is not in the table. */
export function findName(names: NameTable, view: DataView, start: number, limit: number): SymbolId {
  const hash = hashOf(names, view, start, limit);
  return names.slots[find(names, view, start, names.end, hash)] - 1;
}

const encoder = new TextEncoder();

function encode(text: string): DataView {
  const bytes = bytesOf(text);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function internText(names: NameTable, text: string): SymbolId {
  const view = encode(text);
  return internName(names, view, 0, view.byteLength);
}

export function findText(names: NameTable, text: string): SymbolId {
  const view = encode(text);
  return findName(names, view, 0, view.byteLength);
}

/** The id of the name at `start` (as for `internName`) followed by `@` and `version`. */
export function internVersioned(
  names: NameTable,
  view: DataView,
  start: number,
  limit: number,
  version: string,
): SymbolId {
  const length = composeVersioned(names, view, start, limit, version);
  return internName(names, names.scratch, 0, length);
}

/** As `internVersioned`, without adding: -1 if the name is not in the table. */
export function findVersioned(
  names: NameTable,
  view: DataView,
  start: number,
  limit: number,
  version: string,
): SymbolId {
  const length = composeVersioned(names, view, start, limit, version);
  return findName(names, names.scratch, 0, length);
}

/** Bytes are copied, not decoded: the C library has 500 such names, and a small link is over before decoding is fast. */
function composeVersioned(names: NameTable, view: DataView, start: number, limit: number, version: string): number {
  let end = start;
  while (end < limit && view.getUint8(end) !== 0) end++;
  // UTF-8 takes at most three bytes for one of JavaScript's characters.
  const most = end - start + 1 + version.length * 3;
  if (most > names.scratch.byteLength) names.scratch = new DataView(new ArrayBuffer(most * 2));
  const { scratch } = names;
  let to = 0;
  for (let from = start; from < end; from++) scratch.setUint8(to++, view.getUint8(from));
  scratch.setUint8(to++, AT);
  for (let i = 0; i < version.length; i++) {
    const code = version.charCodeAt(i);
    if (code >= 0x80) return to + encoder.encodeInto(version.slice(i), new Uint8Array(scratch.buffer, to)).written;
    scratch.setUint8(to++, code);
  }
  return to;
}

const decoder = new TextDecoder();

export function nameText(names: NameTable, id: SymbolId): string {
  return decoder.decode(names.pool.subarray(names.start[id], nameEnd(names, id)));
}

/** Offset in `pool` just behind the name's last byte. */
export function nameEnd(names: NameTable, id: SymbolId): number {
  return (id + 1 < names.count ? names.start[id + 1] : names.poolEnd) - 1;
}

/** Hashes up to the NUL or the limit, a word at a time. Leaves the end and the first `@` in `names`. */
export function hashOf(names: Pick<NameTable, "end" | "at">, view: DataView, start: number, limit: number): number {
  let hash = 0x811c9dc5;
  let versions = 0;
  let i = start;
  let tail = 0;
  let end = -1;
  for (; i + 4 <= limit; i += 4) {
    const word = view.getInt32(i, true);
    // The classic test for a zero byte: the lowest bit that it sets is exact.
    const zeros = (word - 0x01010101) & ~word & 0x80808080;
    const marked = word ^ 0x40404040;
    versions |= (marked - 0x01010101) & ~marked & 0x80808080;
    if (zeros !== 0) {
      const bytes = (31 - Math.clz32(zeros & -zeros)) >> 3;
      tail = word & ((1 << (bytes * 8)) - 1);
      end = i + bytes;
      break;
    }
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  if (end < 0) {
    for (end = i; end < limit; end++) {
      const byte = view.getUint8(end);
      if (byte === 0) break;
      if (byte === AT) versions = 1;
      tail |= byte << ((end - i) * 8);
    }
  }
  names.end = end;
  names.at = versions === 0 ? -1 : firstAt(view, start, end);
  hash = Math.imul(hash ^ tail, 0x9e3779b1) ^ (end - start);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

function firstAt(view: DataView, start: number, end: number): number {
  for (let i = start; i < end; i++) if (view.getUint8(i) === AT) return i;
  return -1;
}

/** Index in `slots` of the slot that holds the name, or of the free slot where it belongs. */
function find(names: NameTable, view: DataView, start: number, end: number, hash: number): number {
  const { slots, poolView } = names;
  const mask = slots.length - 1;
  const length = end - start;
  let slot = (hash << 2) & mask;
  for (;;) {
    if (slots[slot] === 0) return slot;
    if (slots[slot + 1] === hash && slots[slot + 3] === length) {
      const at = slots[slot + 2];
      let i = 0;
      while (i + 4 <= length && poolView.getInt32(at + i, true) === view.getInt32(start + i, true)) i += 4;
      if (i + 4 > length) {
        while (i < length && poolView.getUint8(at + i) === view.getUint8(start + i)) i++;
        if (i === length) return slot;
      }
    }
    slot = (slot + SLOT) & mask;
  }
}

function insert(names: NameTable, view: DataView, start: number, end: number, hash: number, slot: number): SymbolId {
  const id = names.count++;
  names.start = growUint32(names.start, id + 2);
  const at = names.poolEnd;
  names.start[id] = at;
  if (at + (end - start) + 1 > names.pool.length) {
    names.pool = growUint8(names.pool, at + (end - start) + 1);
    names.poolView = new DataView(names.pool.buffer);
  }
  const { poolView, slots } = names;
  let from = start;
  let to = at;
  for (; from + 4 <= end; from += 4, to += 4) poolView.setInt32(to, view.getInt32(from, true), true);
  while (from < end) poolView.setUint8(to++, view.getUint8(from++));
  names.poolEnd = to + 1;
  slots[slot] = id + 1;
  slots[slot + 1] = hash;
  slots[slot + 2] = at;
  slots[slot + 3] = end - start;
  if (names.count * 2 * SLOT > slots.length) rehash(names);
  return id;
}

function rehash(names: NameTable): void {
  const old = names.slots;
  const slots = new Int32Array(old.length * 4);
  const mask = slots.length - 1;
  for (let from = 0; from < old.length; from += SLOT) {
    if (old[from] === 0) continue;
    let slot = (old[from + 1] << 2) & mask;
    while (slots[slot] !== 0) slot = (slot + SLOT) & mask;
    slots[slot] = old[from];
    slots[slot + 1] = old[from + 1];
    slots[slot + 2] = old[from + 2];
    slots[slot + 3] = old[from + 3];
  }
  names.slots = slots;
}
