// The ELF header, the program headers, the section name table and the section headers of the output.

import type { Machine } from "../../arch/index.ts";
import {
  ELFCLASS32,
  ELFCLASS64,
  ELFDATA2LSB,
  ELFOSABI_GNU,
  ELFOSABI_NONE,
  ET_DYN,
  ET_EXEC,
  EV_CURRENT,
  SHN_LORESERVE,
  SHN_XINDEX,
  SHT_STRTAB,
} from "../../elf/constants.ts";
import { alignUp, type Layout } from "../layout/layout.ts";
import type { OutputMode } from "../tables/mode.ts";
import type { OutputSection } from "../tables/output-section.ts";
import { addText, createStrings, type StringTable } from "../tables/string-table.ts";

export interface HeaderPlan {
  /** Names of the sections; .shstrtab itself included. */
  readonly names: StringTable;
  readonly nameOffsets: readonly number[];
  readonly nameTableOffset: number;
  readonly nameTableName: number;
  readonly sectionTable: number;
  readonly imageSize: number;
}

/** @param contentsEnd bytes of the file before the section name table */
export function planHeaders(layout: Layout, contentsEnd: number, is64: boolean): HeaderPlan {
  const names = createStrings(256);
  const nameOffsets = layout.sections.map((it) => addText(names, it.name));
  const nameTableName = addText(names, ".shstrtab");
  const nameTableOffset = contentsEnd;
  const sectionTable = alignUp(nameTableOffset + names.size, is64 ? 8 : 4);
  const imageSize = sectionTable + (layout.sections.length + 2) * (is64 ? 64 : 40);
  return { names, nameOffsets, nameTableOffset, nameTableName, sectionTable, imageSize };
}

export function writeHeaders(
  plan: HeaderPlan,
  layout: Layout,
  machine: Machine,
  mode: OutputMode,
  entry: number,
  usesGnuFeatures: boolean,
  image: Uint8Array,
): void {
  const view = new DataView(image.buffer);
  const is64 = machine.elfClass === 64;
  const type = mode.pic ? ET_DYN : ET_EXEC;
  writeElfHeader(
    view,
    machine,
    type,
    entry,
    layout.segments.length,
    plan.sectionTable,
    layout.sections.length + 2,
    usesGnuFeatures,
  );
  const headerSize = is64 ? 64 : 52;
  layout.segments.forEach((it, i) => {
    const at = headerSize + i * (is64 ? 56 : 32);
    const fields = [it.offset, it.address, it.address, it.fileSize, it.memorySize];
    view.setUint32(at, it.type, true);
    if (is64) {
      view.setUint32(at + 4, it.flags, true);
      fields.forEach((value, k) => {
        writeWord(view, at + 8 + 8 * k, value, true);
      });
      writeWord(view, at + 48, it.alignment, true);
    } else {
      fields.forEach((value, k) => {
        view.setUint32(at + 4 + 4 * k, value, true);
      });
      view.setUint32(at + 24, it.flags, true);
      view.setUint32(at + 28, it.alignment, true);
    }
  });
  image.set(plan.names.bytes.subarray(0, plan.names.size), plan.nameTableOffset);
  writeSectionHeaders(plan, layout.sections, is64, view);
}

/** @param sectionCount the null section and .shstrtab included */
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
  view.setUint16(tail + 6, is64 ? 64 : 40, true);
  // Extended numbering (gABI): counts that do not fit stand in section 0.
  view.setUint16(tail + 8, sectionCount >= SHN_LORESERVE ? 0 : sectionCount, true);
  view.setUint16(tail + 10, sectionCount - 1 >= SHN_LORESERVE ? SHN_XINDEX : sectionCount - 1, true);
  if (sectionCount >= SHN_LORESERVE) {
    writeWord(view, sectionTable + (is64 ? 32 : 20), sectionCount, is64);
    view.setUint32(sectionTable + (is64 ? 40 : 24), sectionCount - 1, true);
  }
}

function writeSectionHeaders(
  plan: HeaderPlan,
  sections: readonly OutputSection[],
  is64: boolean,
  view: DataView,
): void {
  const size = is64 ? 64 : 40;
  sections.forEach((it, i) => {
    const at = plan.sectionTable + (i + 1) * size;
    const info = it.infoSection === undefined ? it.info : it.infoSection.index;
    writeSectionHeader(view, at, is64, {
      name: plan.nameOffsets[i],
      type: it.type,
      flags: it.flags,
      address: it.address,
      offset: it.offset,
      size: it.size,
      link: it.link?.index ?? 0,
      info,
      alignment: it.alignment,
      entsize: it.entsize,
    });
  });
  writeSectionHeader(view, plan.sectionTable + (sections.length + 1) * size, is64, {
    name: plan.nameTableName,
    type: SHT_STRTAB,
    flags: 0,
    address: 0,
    offset: plan.nameTableOffset,
    size: plan.names.size,
    link: 0,
    info: 0,
    alignment: 1,
    entsize: 0,
  });
}

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
