// A look-up in one object, with its arithmetic: the Bloom filter's word and bits, the bucket, the chain (glibc elf/dl-lookup.c,
// do_lookup_x; the gABI's hash table for DT_HASH).

import type { GnuHashTable, SysvHashTable } from "../../elf/hash-table.ts";
import { gnuHash, sysvHash } from "../../elf/index.ts";
import { type LoadedObject, symbolName } from "../../load/index.ts";
import { hex } from "../dump/table.ts";

export interface HashLook {
  readonly object: LoadedObject;
  /** What is computed, a line each. */
  readonly lines: readonly string[];
  /** The symbol of that name, 0 for none. Versions are compared later. */
  readonly symbol: number;
}

/** More links of a chain are counted. */
const SHOWN_LINKS = 8;

export function hashLook(object: LoadedObject, name: string): HashLook {
  const table = object.file.hash;
  const bytes = new TextEncoder().encode(name);
  if (table === undefined) return { object, lines: ["it has no hash table: nothing is found in it"], symbol: 0 };
  return table.kind === "gnu"
    ? gnuLook(object, table, name, gnuHash(bytes, 0, bytes.length))
    : sysvLook(object, table, name, sysvHash(bytes, 0, bytes.length));
}

function gnuLook(object: LoadedObject, table: GnuHashTable, name: string, hash: number): HashLook {
  const { bloom, buckets, chain, firstIndex, bloomShift, elfClass } = table;
  const words = (bloom.length * 32) / elfClass;
  const word = Math.floor(hash / elfClass) % Math.max(1, words);
  const first = hash % elfClass;
  const second = (bloomShift < 32 ? hash >>> bloomShift : 0) % elfClass;
  const bit = (number: number): number => (bloom[(word * elfClass + number) >>> 5] >>> (number & 31)) & 1;
  const lines = [
    `Bloom filter: word ${hex(hash)} / ${elfClass} mod ${words} = ${word}; bit ${hex(hash)} mod ${elfClass} = ${first} is ${bit(first)}, bit (${hex(hash)} >> ${bloomShift}) mod ${elfClass} = ${second} is ${bit(second)}`,
  ];
  if (words === 0 || (bit(first) & bit(second)) === 0)
    return { object, lines: [...lines, "one of them is 0: not in this object"], symbol: 0 };
  const bucket = hash % Math.max(1, buckets.length);
  const start = buckets[bucket] ?? 0;
  lines.push(
    `bucket ${hex(hash)} mod ${buckets.length} = ${bucket}: ${start === 0 ? "empty, not in this object" : `its chain begins with symbol ${start}`}`,
  );
  if (start === 0) return { object, lines, symbol: 0 };
  let links = 0;
  for (let i = start - firstIndex; i < chain.length; i++) {
    const link = chain[i];
    const index = firstIndex + i;
    const equal = (link ^ hash) >>> 1 === 0;
    const there = symbolName(object.file.symbols, index);
    if (links++ < SHOWN_LINKS || equal)
      lines.push(
        `chain: symbol ${index} has ${hex((link & ~1) >>> 0)}${(link & 1) === 1 ? ", the last" : ""}: ${equal ? `the same hash; its name is ${there}` : "another hash"}`,
      );
    if (equal && there === name) return { object, lines, symbol: index };
    if ((link & 1) === 1) break;
  }
  return { object, lines: [...lines, "the chain ends: not in this object"], symbol: 0 };
}

function sysvLook(object: LoadedObject, table: SysvHashTable, name: string, hash: number): HashLook {
  const { buckets, chain } = table;
  const bucket = hash % Math.max(1, buckets.length);
  const lines = [`bucket ${hex(hash)} mod ${buckets.length} = ${bucket}`];
  let links = 0;
  for (let index = buckets[bucket] ?? 0; index !== 0 && links <= chain.length; index = chain[index] ?? 0) {
    const there = symbolName(object.file.symbols, index);
    if (links++ < SHOWN_LINKS || there === name) lines.push(`chain: symbol ${index} is ${there}`);
    if (there === name) return { object, lines, symbol: index };
  }
  return { object, lines: [...lines, "the chain ends: not in this object"], symbol: 0 };
}
