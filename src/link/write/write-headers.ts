// The ELF header, the program headers, the section name table and the section headers of the output.

import type { Machine } from "../../arch/index.ts";
import { ET_DYN, ET_EXEC, PT_LOAD, SHT_STRTAB } from "../../elf/constants.ts";
import { writeElfHeader, writeSectionHeader, writeWord } from "../tables/header-bytes.ts";
import { alignUp, type Layout } from "../tables/layout.ts";
import type { OutputMode } from "../tables/mode.ts";
import type { OutputSection } from "../tables/output-section.ts";
import { addText, createStrings, type StringTable } from "../tables/string-table.ts";

export interface HeaderPlan {
  /** Names of the sections; .shstrtab itself included. */
  readonly names: StringTable;
  readonly nameOffsets: readonly number[];
  readonly nameTableOffset: number;
  readonly nameTableName: number;
  /** File offset of the section headers; 0 for none. */
  readonly sectionTable: number;
  readonly imageSize: number;
}

/**
 * @param contentsEnd bytes of the file before the section name table
 * @param withSections false: the file ends there, without section headers
 */
export function planHeaders(layout: Layout, contentsEnd: number, is64: boolean, withSections: boolean): HeaderPlan {
  const names = createStrings(256);
  const nameOffsets = layout.sections.map((it) => addText(names, it.name));
  const nameTableName = addText(names, ".shstrtab");
  const nameTableOffset = contentsEnd;
  if (!withSections) {
    return { names, nameOffsets, nameTableOffset, nameTableName, sectionTable: 0, imageSize: contentsEnd };
  }
  const sectionTable = alignUp(nameTableOffset + names.size, is64 ? 8 : 4);
  const imageSize = sectionTable + (layout.sections.length + 2) * (is64 ? 64 : 40);
  return { names, nameOffsets, nameTableOffset, nameTableName, sectionTable, imageSize };
}

/**
 * Is it for one address only? A PIE that was given one by -Ttext-segment is: ET_DYN would let the loader choose
 * (bfd/elf.c, assign_file_positions_except_relocs).
 */
function isFixed({ segments }: Layout, mode: OutputMode): boolean {
  if (!mode.pic || mode.shared) return !mode.pic;
  const loads = segments.filter((it) => it.type === PT_LOAD);
  return loads.every((it) => it.address !== 0);
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
  const type = isFixed(layout, mode) ? ET_EXEC : ET_DYN;
  writeElfHeader(
    view,
    machine,
    type,
    entry,
    layout.segments.length,
    plan.sectionTable,
    plan.sectionTable === 0 ? 0 : layout.sections.length + 2,
    usesGnuFeatures,
  );
  const headerSize = is64 ? 64 : 52;
  layout.segments.forEach((it, i) => {
    const at = headerSize + i * (is64 ? 56 : 32);
    const fields = [it.offset, it.address, it.loadAddress ?? it.address, it.fileSize, it.memorySize];
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
  if (plan.sectionTable === 0) return;
  image.set(plan.names.bytes.subarray(0, plan.names.size), plan.nameTableOffset);
  writeSectionHeaders(plan, layout.sections, is64, view);
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
      alignment: it.shown === 0 ? it.alignment : it.shown,
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
