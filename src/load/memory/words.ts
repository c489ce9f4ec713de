// Single words of a process's memory: 4 bytes on i386, 8 on x86-64.

import { ownBytes, readMemory } from "../objects/map.ts";
import type { MappedRegion } from "../objects/region.ts";

/** The word at an address; undefined if it is not mapped. Exact up to 2^53. */
export function readWord(regions: readonly MappedRegion[], address: number, bytes: 4 | 8): number | undefined {
  const word = new Uint8Array(bytes);
  if (!readMemory(regions, address, word)) return undefined;
  const view = new DataView(word.buffer);
  return view.getUint32(0, true) + (bytes === 8 ? view.getUint32(4, true) * 0x1_0000_0000 : 0);
}

/** Writes a word. False if it is not mapped. */
export function writeWord(regions: readonly MappedRegion[], address: number, bytes: 4 | 8, value: number): boolean {
  const region = regions.find(({ start, end }) => address >= start && address + bytes <= end);
  if (region === undefined) return false;
  const own = ownBytes(region);
  const at = address - region.start;
  if (at + bytes > own.length) return false;
  const view = new DataView(own.buffer, own.byteOffset, own.length);
  view.setUint32(at, value >>> 0, true);
  if (bytes === 8) view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000) >>> 0, true);
  return true;
}
