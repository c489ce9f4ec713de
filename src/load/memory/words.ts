// Single words of a process's memory: 4 bytes on i386, 8 on x86-64.

import { type MappedRegion, readMemory, writeMemory } from "../objects/region.ts";

/** The word at an address; undefined if it is not mapped. Exact up to 2^53. */
export function readWord(regions: readonly MappedRegion[], address: number, bytes: 4 | 8): number | undefined {
  const word = new Uint8Array(bytes);
  if (!readMemory(regions, address, word)) return undefined;
  const view = new DataView(word.buffer);
  return view.getUint32(0, true) + (bytes === 8 ? view.getUint32(4, true) * 0x1_0000_0000 : 0);
}

/** Writes a word. False if it is not mapped. */
export function writeWord(regions: readonly MappedRegion[], address: number, bytes: 4 | 8, value: number): boolean {
  const word = new DataView(new ArrayBuffer(bytes));
  word.setUint32(0, value >>> 0, true);
  if (bytes === 8) word.setUint32(4, Math.floor(value / 0x1_0000_0000) >>> 0, true);
  return writeMemory(regions, address, new Uint8Array(word.buffer));
}
