// Builds a string table: names are appended as bytes; equal texts that are added as text are kept once.

import { growUint8 } from "./columns.ts";

export interface StringTable {
  bytes: Uint8Array;
  size: number;
  readonly known: Map<string, number>;
}

const encoder = new TextEncoder();

export function createStrings(capacity = 64): StringTable {
  return { bytes: new Uint8Array(capacity), size: 1, known: new Map([["", 0]]) };
}

/** @returns offset of the text in the table */
export function addText(table: StringTable, text: string): number {
  const known = table.known.get(text);
  if (known !== undefined) return known;
  const encoded = encoder.encode(text);
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
