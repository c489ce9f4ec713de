// The ELF header and section headers as bytes: what is written at the end of a link, and into objects that the linker makes.

import type { Machine } from "../../arch/index.ts";
import {
  ELFCLASS32,
  ELFCLASS64,
  ELFDATA2LSB,
  ELFOSABI_GNU,
  ELFOSABI_NONE,
  EV_CURRENT,
  SHN_LORESERVE,
  SHN_XINDEX,
} from "../../elf/constants.ts";

export interface SectionHeader {
  readonly name: number;
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly alignment: number;
  readonly entsize: number;
}

/** @param sectionCount the null section and .shstrtab included; 0 without section headers */
export function writeElfHeader(
  view: DataView,
  machine: Machine,
  type: number,
  entry: number,
  segmentCount: number,
  sectionTable: number,
  sectionCount: number,
  usesGnuFeatures: boolean,
): void {
  const is64 = machine.elfClass === 64;
  view.setUint32(0, 0x464c457f, true);
  view.setUint8(4, is64 ? ELFCLASS64 : ELFCLASS32);
  view.setUint8(5, ELFDATA2LSB);
  view.setUint8(6, EV_CURRENT);
  // IFUNC and unique symbols are GNU's; a loader that does not know them can tell by this.
  view.setUint8(7, usesGnuFeatures ? ELFOSABI_GNU : ELFOSABI_NONE);
  view.setUint16(16, type, true);
  view.setUint16(18, machine.elfMachine, true);
  view.setUint32(20, EV_CURRENT, true);
  const headerSize = is64 ? 64 : 52;
  const word = is64 ? 8 : 4;
  writeWord(view, 24, entry, is64);
  writeWord(view, 24 + word, segmentCount > 0 ? headerSize : 0, is64);
  writeWord(view, 24 + 2 * word, sectionTable, is64);
  const tail = 28 + 3 * word;
  view.setUint16(tail, headerSize, true);
  view.setUint16(tail + 2, segmentCount > 0 ? (is64 ? 56 : 32) : 0, true);
  view.setUint16(tail + 4, segmentCount, true);
  if (sectionCount === 0) return;
  view.setUint16(tail + 6, is64 ? 64 : 40, true);
  // Extended numbering (gABI): counts that do not fit stand in section 0.
  view.setUint16(tail + 8, sectionCount >= SHN_LORESERVE ? 0 : sectionCount, true);
  view.setUint16(tail + 10, sectionCount - 1 >= SHN_LORESERVE ? SHN_XINDEX : sectionCount - 1, true);
  if (sectionCount >= SHN_LORESERVE) {
    writeWord(view, sectionTable + (is64 ? 32 : 20), sectionCount, is64);
    view.setUint32(sectionTable + (is64 ? 40 : 24), sectionCount - 1, true);
  }
}

export function writeSectionHeader(view: DataView, at: number, is64: boolean, it: SectionHeader): void {
  const word = is64 ? 8 : 4;
  view.setUint32(at, it.name, true);
  view.setUint32(at + 4, it.type, true);
  writeWord(view, at + 8, it.flags >>> 0, is64);
  writeWord(view, at + 8 + word, it.address, is64);
  writeWord(view, at + 8 + 2 * word, it.offset, is64);
  writeWord(view, at + 8 + 3 * word, it.size, is64);
  view.setUint32(at + 8 + 4 * word, it.link, true);
  view.setUint32(at + 12 + 4 * word, it.info, true);
  writeWord(view, at + 16 + 4 * word, it.alignment, is64);
  writeWord(view, at + 16 + 5 * word, it.entsize, is64);
}

export function writeWord(view: DataView, at: number, value: number, is64: boolean): void {
  view.setUint32(at, value >>> 0, true);
  if (is64) view.setUint32(at + 4, Math.floor(value / 0x100000000), true);
}
