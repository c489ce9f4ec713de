// Single words of a process's memory, 4 or 8 bytes in the machine's order.

import { type MappedRegion, readMemory, writeMemory } from "../objects/region.ts";

const TWO_32 = 0x1_0000_0000;

/** The size and order of a machine's words: `LoaderRecord.facts`. */
export interface WordForm {
  readonly wordBytes: 4 | 8;
  readonly littleEndian: boolean;
}

/** The word at an address; undefined if it is not mapped. Exact up to 2^53. */
export function readWord(regions: readonly MappedRegion[], address: number, form: WordForm): number | undefined {
  const word = new Uint8Array(form.wordBytes);
  if (!readMemory(regions, address, word)) return undefined;
  const view = new DataView(word.buffer);
  const first = view.getUint32(0, form.littleEndian);
  if (form.wordBytes === 4) return first;
  const second = view.getUint32(4, form.littleEndian);
  return form.littleEndian ? second * TWO_32 + first : first * TWO_32 + second;
}

/** Writes a word. False if it is not mapped. */
export function writeWord(regions: readonly MappedRegion[], address: number, form: WordForm, value: number): boolean {
  const { wordBytes, littleEndian } = form;
  const word = new DataView(new ArrayBuffer(wordBytes));
  word.setUint32(wordBytes === 8 && !littleEndian ? 4 : 0, value >>> 0, littleEndian);
  if (wordBytes === 8) word.setUint32(littleEndian ? 4 : 0, Math.floor(value / TWO_32) >>> 0, littleEndian);
  return writeMemory(regions, address, new Uint8Array(word.buffer));
}
