// Interned names: a symbol's name becomes a small integer once, by hashing its bytes; nothing is decoded to a string until
// somebody wants to print it. The bytes of each distinct name are kept in one pool, so that comparing two names touches one
// array, and writing a string table is a copy.

import { growUint8, growUint32 } from "./columns.ts";
import type { SymbolId } from "./ids.ts";

export interface NameTable {
  count: number;
  /** Start of each name in `pool`; the name ends where the next one starts, less the NUL between them. */
  start: Uint32Array;
  hash: Uint32Array;
  pool: Uint8Array;
  poolEnd: number;
  /** Open addressing, a power of two; holds id + 1. */
  slots: Int32Array;
  /** After an intern: where the bytes of the name ended (offset of the NUL) in the caller's array. */
  end: number;
  /** After an intern: offset of the first `@` in the caller's array, or -1. Versioned names are rare and need more work. */
  at: number;
}

const AT = 0x40;

export function createNames(): NameTable {
  return {
    count: 0,
    start: new Uint32Array(1 << 12),
    hash: new Uint32Array(1 << 12),
    pool: new Uint8Array(1 << 16),
    poolEnd: 0,
    slots: new Int32Array(1 << 13),
    end: 0,
    at: -1,
  };
}

/**
 * The id of the NUL-terminated name at `start`, new or known.
 * @param limit the name ends here at the latest (end of the string table): a missing NUL cannot lead outside
 */
export function internName(names: NameTable, bytes: Uint8Array, start: number, limit: number): SymbolId {
  const hash = hashName(names, bytes, start, limit);
  return insert(names, bytes, start, names.end, hash);
}

/** As `internName`, for bytes that end at `end` and hold no NUL. */
export function internRange(names: NameTable, bytes: Uint8Array, start: number, end: number): SymbolId {
  const hash = hashName(names, bytes, start, end);
  return insert(names, bytes, start, names.end, hash);
}

/** As `internName`, without adding: -1 if the name is not in the table. */
export function findName(names: NameTable, bytes: Uint8Array, start: number, limit: number): SymbolId {
  const hash = hashName(names, bytes, start, limit);
  const slot = find(names, bytes, start, names.end, hash);
  return names.slots[slot] - 1;
}

const encoder = new TextEncoder();

export function internText(names: NameTable, text: string): SymbolId {
  const bytes = encoder.encode(text);
  return internRange(names, bytes, 0, bytes.length);
}

export function findText(names: NameTable, text: string): SymbolId {
  const bytes = encoder.encode(text);
  return findName(names, bytes, 0, bytes.length);
}

const decoder = new TextDecoder();

export function nameText(names: NameTable, id: SymbolId): string {
  return decoder.decode(names.pool.subarray(names.start[id], nameEnd(names, id)));
}

/** Offset in `pool` just behind the name's last byte. */
export function nameEnd(names: NameTable, id: SymbolId): number {
  return (id + 1 < names.count ? names.start[id + 1] : names.poolEnd) - 1;
}

/** FNV-1a up to the NUL or the limit. Leaves the end and the first `@` in the table. */
function hashName(names: NameTable, bytes: Uint8Array, start: number, limit: number): number {
  let hash = 0x811c9dc5;
  let at = -1;
  let i = start;
  for (; i < limit; i++) {
    const byte = bytes[i];
    if (byte === 0) break;
    if (byte === AT && at < 0) at = i;
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  names.end = i;
  names.at = at;
  // FNV's low bits are weak for names that differ only in the middle: fold the high ones in.
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** The slot that holds the name, or the free slot where it belongs. */
function find(names: NameTable, bytes: Uint8Array, start: number, end: number, hash: number): number {
  const { slots, pool } = names;
  const mask = slots.length - 1;
  const length = end - start;
  let slot = hash & mask;
  for (;;) {
    const id = slots[slot] - 1;
    if (id < 0) return slot;
    if (names.hash[id] === hash) {
      const at = names.start[id];
      if (nameEnd(names, id) - at === length) {
        let i = 0;
        while (i < length && pool[at + i] === bytes[start + i]) i++;
        if (i === length) return slot;
      }
    }
    slot = (slot + 1) & mask;
  }
}

function insert(names: NameTable, bytes: Uint8Array, start: number, end: number, hash: number): SymbolId {
  const slot = find(names, bytes, start, end, hash);
  const known = names.slots[slot] - 1;
  if (known >= 0) return known;
  const id = names.count++;
  names.start = growUint32(names.start, id + 2);
  names.hash = growUint32(names.hash, id + 1);
  names.start[id] = names.poolEnd;
  names.hash[id] = hash;
  names.pool = growUint8(names.pool, names.poolEnd + (end - start) + 1);
  const { pool } = names;
  let to = names.poolEnd;
  for (let i = start; i < end; i++) pool[to++] = bytes[i];
  names.poolEnd = to + 1;
  names.slots[slot] = id + 1;
  if (names.count * 2 > names.slots.length) rehash(names);
  return id;
}

function rehash(names: NameTable): void {
  const slots = new Int32Array(names.slots.length * 2);
  const mask = slots.length - 1;
  for (let id = 0; id < names.count; id++) {
    let slot = names.hash[id] & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = id + 1;
  }
  names.slots = slots;
}
