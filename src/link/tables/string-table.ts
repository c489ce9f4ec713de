// Builds a string table: names are appended as bytes; equal texts that are added as text are kept once.

import { bytesOf } from "../../elf/text.ts";
import { growUint8 } from "./columns.ts";

export interface StringTable {
  bytes: Uint8Array;
  size: number;
  readonly known: Map<string, number>;
}

export function createStrings(capacity = 64): StringTable {
  return { bytes: new Uint8Array(capacity), size: 1, known: new Map([["", 0]]) };
}

/** @returns offset of the text in the table */
export function addText(table: StringTable, text: string): number {
  const known = table.known.get(text);
  if (known !== undefined) return known;
  const encoded = bytesOf(text);
  const at = addBytes(table, encoded, 0, encoded.length);
  table.known.set(text, at);
  return at;
}

/** Appends the bytes and a NUL. @returns their offset in the table */
export function addBytes(table: StringTable, bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return 0;
  const at = table.size;
  table.bytes = growUint8(table.bytes, at + (end - start) + 1);
  const to = table.bytes;
  let k = at;
  for (let i = start; i < end; i++) to[k++] = bytes[i];
  to[k] = 0;
  table.size = k + 1;
  return at;
}

/**
 * Appends strings of a pool; one that another ends with is a part of that (bfd/elf-strtab.c: _bfd_elf_strtab_finalize). None is
 * empty. @returns their offsets in the table
 */
export function addWithTails(table: StringTable, pool: Uint8Array, starts: Int32Array, ends: Int32Array): Int32Array {
  const offsets = new Int32Array(starts.length);
  const order = Int32Array.from(starts.keys()).sort((a, b) => compareFromEnd(pool, starts, ends, a, b));
  let last = -1;
  for (let i = order.length - 1; i >= 0; i--) {
    const it = order[i];
    const isTail = last >= 0 && isTailOf(pool, starts[last], ends[last], starts[it], ends[it]);
    if (isTail) offsets[it] = offsets[last] + (ends[last] - starts[last]) - (ends[it] - starts[it]);
    else {
      offsets[it] = addBytes(table, pool, starts[it], ends[it]);
      last = it;
    }
  }
  return offsets;
}

/** From the last byte on; a tail comes before what it is the tail of. */
function compareFromEnd(pool: Uint8Array, starts: Int32Array, ends: Int32Array, a: number, b: number): number {
  let [p, q] = [ends[a] - 1, ends[b] - 1];
  while (p >= starts[a] && q >= starts[b] && pool[p] === pool[q]) {
    p--;
    q--;
  }
  if (p < starts[a]) return q < starts[b] ? a - b : -1;
  return q < starts[b] ? 1 : pool[p] - pool[q];
}

function isTailOf(pool: Uint8Array, start: number, end: number, from: number, to: number): boolean {
  if (to - from > end - start) return false;
  for (let i = 1; i <= to - from; i++) if (pool[end - i] !== pool[to - i]) return false;
  return true;
}

/** How often each local name was added: with -z unique-symbol. */
export type NameCounts = Map<string, number>;

const decoder = new TextDecoder();

/**
 * Adds the name of a local symbol. With counts each is told apart by a number behind its name, in hexadecimal and from 0
 * on, also where there is one alone: `name.0` (bfd/elflink.c, elf_link_output_symstrtab).
 */
export function addLocalName(
  table: StringTable,
  counts: NameCounts | undefined,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  if (counts === undefined || start === end) return addBytes(table, bytes, start, end);
  const name = decoder.decode(bytes.subarray(start, end));
  const count = counts.get(name) ?? 0;
  counts.set(name, count + 1);
  const suffix = bytesOf(`.${count.toString(16)}`);
  const whole = new Uint8Array(end - start + suffix.length);
  whole.set(bytes.subarray(start, end));
  whole.set(suffix, end - start);
  return addBytes(table, whole, 0, whole.length);
}
