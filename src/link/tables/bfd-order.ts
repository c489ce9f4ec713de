// The order in which GNU ld goes through all symbols: as they come out of its table, by a hash of the name modulo the table's
// size, the latest first (bfd/hash.c: bfd_hash_hash, bfd_hash_traverse). It has 4051 places until three quarters are taken.

import type { SymbolId } from "./ids.ts";
import { type NameTable, nameEnd } from "./names.ts";

const PLACES = [4051, 4093, 8191, 16381, 32749, 65537, 131101, 262147, 524309, 1048583, 2097169, 4194319];

/** So many have their places in GNU ld's table as it is at first. */
export const FEW_NAMES: number = (PLACES[0] * 3) / 4;

/** Sorts global symbols. */
export function sortAsBfd(names: NameTable, list: SymbolId[]): void {
  const size = PLACES.find((it) => names.count <= (it * 3) / 4) ?? PLACES[PLACES.length - 1];
  const places = new Map(list.map((id) => [id, placeAsBfd(names, id, size)]));
  list.sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0) || b - a);
}

/** `c + (c << 17)` is what a byte adds to the hash, and the length at the end. */
const FACTOR = 0x2_0001;
const TWO_32 = 0x1_0000_0000;

/** The hash has 64 bits, here in halves; the length is multiplied in 32. @returns it modulo `size` */
function placeAsBfd(names: NameTable, id: SymbolId, size: number): number {
  const { pool, start } = names;
  const end = nameEnd(names, id);
  let low = 0;
  let high = 0;
  for (let at = start[id]; at <= end; at++) {
    const sum = low + (at < end ? pool[at] * FACTOR : Math.imul(end - start[id], FACTOR) >>> 0);
    if (sum >= TWO_32) high = (high + 1) >>> 0;
    low = (sum ^ ((sum >>> 2) | (high << 30))) >>> 0;
    high = (high ^ (high >>> 2)) >>> 0;
  }
  return ((high % size) * (TWO_32 % size) + low) % size;
}
