// The order in which GNU ld goes through all symbols: as they come out of its table, by a hash of the name modulo the table's
// size, the latest first (bfd/hash.c: bfd_hash_hash, bfd_hash_traverse). It has 4051 places until three quarters are taken.

import { bytesOf } from "../../elf/text.ts";
import type { SymbolId } from "./ids.ts";
import { type NameTable, nameText } from "./names.ts";

const PLACES = [4051, 4093, 8191, 16381, 32749, 65537, 131101, 262147, 524309, 1048583, 2097169, 4194319];

/** So many have their places in GNU ld's table as it is at first. */
export const FEW_NAMES: number = (PLACES[0] * 3) / 4;

/** Sorts global symbols. */
export function sortAsBfd(names: NameTable, list: SymbolId[]): void {
  const size = PLACES.find((it) => names.count <= (it * 3) / 4) ?? PLACES[PLACES.length - 1];
  const places = new Map(list.map((id) => [id, Number(hashAsBfd(nameText(names, id)) % BigInt(size))]));
  list.sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0) || b - a);
}

function hashAsBfd(name: string): bigint {
  const bytes = bytesOf(name);
  let hash = 0n;
  const add = (value: number): void => {
    hash = BigInt.asUintN(64, hash + BigInt(value) + (BigInt(value) << 17n));
    hash ^= hash >> 2n;
  };
  for (const byte of bytes) add(byte);
  add(bytes.length);
  return hash;
}
