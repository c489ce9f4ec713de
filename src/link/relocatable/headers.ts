// The shape of the file that -r writes: section headers in GNU ld's order (groups first, each section followed by its
// relocations, the tables last), and where everything lies: contents, symbol table, relocations, headers.

import type { Machine } from "../../arch/index.ts";
import {
  ET_REL,
  SHF_GNU_MBIND,
  SHF_GROUP,
  SHF_INFO_LINK,
  SHF_LINK_ORDER,
  SHN_LORESERVE,
  SHT_GROUP,
  SHT_NOBITS,
  SHT_REL,
  SHT_RELA,
  SHT_STRTAB,
  SHT_SYMTAB,
  SHT_SYMTAB_SHNDX,
} from "../../elf/constants.ts";
import { growUint8 } from "../tables/columns.ts";
import { writeElfHeader, writeWord } from "../tables/header-bytes.ts";
import { alignUp } from "../tables/layout.ts";
import { type NameTable, nameEnd, nameText } from "../tables/names.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import type { SectionTable } from "../tables/section-table.ts";
import { addBytes, addText, createStrings, type StringTable } from "../tables/string-table.ts";
import type { Assigned } from "./assigned.ts";
import { signatureNumber } from "./group-sections.ts";
import { type OutputTable, outputEntsize, outputType } from "./output-table.ts";
import type { SymbolPlan } from "./symbols.ts";

/** A table behind the sections. */
interface Tail {
  readonly name: number;
  readonly index: number;
  readonly offset: number;
  readonly size: number;
}

export interface FileShape {
  readonly strings: StringTable;
  readonly names: NameOffsets;
  /** By output section: where its SHT_REL and SHT_RELA entries go in the image. */
  readonly rel: Float64Array;
  readonly rela: Float64Array;
  readonly symtab: Tail;
  readonly shndx: Tail | undefined;
  readonly strtab: Tail;
  readonly shstrtab: Tail;
  readonly sectionTable: number;
  readonly sectionCount: number;
  readonly imageSize: number;
}

/** Nobody loads an object: a large alignment in memory is no reason for a large file. */
const LARGEST_FILE_ALIGNMENT = 0x1000;

/** Gives the output sections their indices. @returns the number of section headers so far, the null one included */
export function numberSections(assigned: Assigned): number {
  const { table, groups, ordered } = assigned;
  let next = 1;
  for (const id of groups) table.index[id] = next++;
  for (const id of ordered) {
    table.index[id] = next++;
    if (table.relCount[id] > 0) next++;
    if (table.relaCount[id] > 0) next++;
  }
  return next;
}

/** @param count what `numberSections` gave; sizes of sections and the symbol table are final */
export function planFile(assigned: Assigned, symbols: SymbolPlan, count: number, machine: Machine): FileShape {
  const { table, groups, ordered } = assigned;
  const word = machine.wordBytes;
  const strings = createStrings(1 << 10);
  let next = count;
  const tail = (name: string, offset: number, size: number): Tail => ({
    name: addText(strings, name),
    index: next++,
    offset,
    size,
  });
  let at = machine.elfClass === 64 ? 64 : 52;
  for (const ids of [groups, ordered]) {
    for (const id of ids) {
      // What takes no room in the file aligns what follows all the same (bfd/elf.c: _bfd_elf_assign_file_position_for_section).
      at = alignUp(at, Math.min(table.alignment[id], LARGEST_FILE_ALIGNMENT));
      table.offset[id] = at;
      if (outputType(table, id) !== SHT_NOBITS) at += table.size[id];
    }
  }
  const symtab = tail(".symtab", alignUp(at, word), symbols.count * (word === 8 ? 24 : 16));
  at = symtab.offset + symtab.size;
  // gABI: indices from SHN_LORESERVE on stand in a table beside the symbols.
  const shndx = count > SHN_LORESERVE ? tail(".symtab_shndx", at, symbols.count * 4) : undefined;
  at += shndx?.size ?? 0;
  const strtab = tail(".strtab", at, symbols.strings.size);
  at = alignUp(strtab.offset + strtab.size, word);
  const rel = new Float64Array(table.count);
  const rela = new Float64Array(table.count);
  for (const id of ordered) {
    rel[id] = at;
    at += table.relCount[id] * 2 * word;
    rela[id] = at;
    at += table.relaCount[id] * 3 * word;
  }
  const names = addNames(table, strings);
  const shstrtabName = addText(strings, ".shstrtab");
  const shstrtab: Tail = { name: shstrtabName, index: next++, offset: at, size: strings.size };
  const sectionTable = alignUp(at + strings.size, word);
  const imageSize = sectionTable + next * (word === 8 ? 64 : 40);
  return {
    strings,
    names,
    rel,
    rela,
    symtab,
    shndx,
    strtab,
    shstrtab,
    sectionTable,
    sectionCount: next,
    imageSize,
  };
}

/** Offsets in the section name table, by name in the output table: of the name, of `.relNAME` and of `.relaNAME`. */
interface NameOffsets {
  readonly plain: Int32Array;
  readonly rel: Int32Array;
  readonly rela: Int32Array;
}

/** A section shares its name with its relocations: `.rela.text` ends in `.text`. */
function addNames(table: OutputTable, strings: StringTable): NameOffsets {
  const { names } = table;
  const plain = new Int32Array(names.count).fill(-1);
  const rel = new Int32Array(names.count).fill(-1);
  const rela = new Int32Array(names.count).fill(-1);
  for (let id = 0; id < table.count; id++) {
    const name = table.name[id];
    if (table.relCount[id] > 0 && rel[name] < 0) {
      rel[name] = appendName(strings, ".rel", names, name);
      plain[name] = rel[name] + 4;
    }
    if (table.relaCount[id] > 0 && rela[name] < 0) {
      rela[name] = appendName(strings, ".rela", names, name);
      plain[name] = rela[name] + 5;
    }
  }
  for (let id = 0; id < table.count; id++) {
    const name = table.name[id];
    if (plain[name] < 0) plain[name] = addBytes(strings, names.pool, names.start[name], nameEnd(names, name));
  }
  return { plain, rel, rela };
}

/** @returns offset of the prefix and the name, as one */
function appendName(strings: StringTable, prefix: string, names: NameTable, name: number): number {
  const at = strings.size;
  const start = names.start[name];
  const end = nameEnd(names, name);
  strings.bytes = growUint8(strings.bytes, at + prefix.length + (end - start) + 1);
  const { bytes } = strings;
  let to = at;
  for (let i = 0; i < prefix.length; i++) bytes[to++] = prefix.charCodeAt(i);
  for (let i = start; i < end; i++) bytes[to++] = names.pool[i];
  bytes[to] = 0;
  strings.size = to + 1;
  return at;
}

export interface Identity {
  readonly entry: number;
  /** IFUNC and unique symbols, SHF_GNU_RETAIN: EI_OSABI tells of them. */
  readonly gnuFeatures: boolean;
  /** Addresses by section name: -Ttext and the like give them, though nothing is moved. */
  readonly sectionStart: ReadonlyMap<string, number>;
}

interface HeaderWriter {
  readonly view: DataView;
  readonly sectionTable: number;
  readonly is64: boolean;
}

/** Writes the ELF header, the section headers and their names. */
export function writeFileHeaders(
  shape: FileShape,
  assigned: Assigned,
  symbols: SymbolPlan,
  objects: readonly ObjectFile[],
  machine: Machine,
  identity: Identity,
  image: Uint8Array,
  view: DataView,
): void {
  const { table } = assigned;
  const { symtab, shndx, strtab, shstrtab, sectionTable, names } = shape;
  const { entry, gnuFeatures, sectionStart } = identity;
  const is64 = machine.elfClass === 64;
  const word = machine.wordBytes;
  writeElfHeader(view, machine, ET_REL, entry, 0, sectionTable, shape.sectionCount, gnuFeatures);
  image.set(shape.strings.bytes.subarray(0, shape.strings.size), shstrtab.offset);
  const w: HeaderWriter = { view, sectionTable, is64 };
  for (const id of assigned.groups) {
    const signature = signatureNumber(symbols, table, objects, id);
    const name = names.plain[table.name[id]];
    writeHeader(
      w,
      table.index[id],
      name,
      SHT_GROUP,
      0,
      0,
      table.offset[id],
      table.size[id],
      symtab.index,
      signature,
      4,
      4,
    );
  }
  for (const id of assigned.ordered) {
    const given = sectionStart.size === 0 ? 0 : sectionStart.get(nameText(table.names, table.name[id]));
    const start = assigned.addresses?.[id] ?? given;
    writeSection(w, shape, table, objects, symbols.sections, word, id, start ?? 0);
  }
  const tail = (it: Tail, type: number, link: number, info: number, alignment: number, entsize: number): void =>
    writeHeader(w, it.index, it.name, type, 0, 0, it.offset, it.size, link, info, alignment, entsize);
  tail(symtab, SHT_SYMTAB, strtab.index, symbols.localCount, word, is64 ? 24 : 16);
  if (shndx !== undefined) tail(shndx, SHT_SYMTAB_SHNDX, symtab.index, 0, 4, 4);
  tail(strtab, SHT_STRTAB, 0, 0, 1, 0);
  tail(shstrtab, SHT_STRTAB, 0, 0, 1, 0);
}

/** The header of an output section, and those of its relocations behind it. */
function writeSection(
  w: HeaderWriter,
  shape: FileShape,
  table: OutputTable,
  objects: readonly ObjectFile[],
  sections: SectionTable,
  word: number,
  id: number,
  address: number,
): void {
  const { names, rel, rela, symtab } = shape;
  const { relCount, relaCount } = table;
  const name = table.name[id];
  const index = table.index[id];
  const flags = table.flags[id];
  const type = outputType(table, id);
  const link = (flags & SHF_LINK_ORDER) === 0 ? 0 : linkedIndex(table, objects, sections, id);
  // The number of a kind of memory; of other sections sh_info would speak of another file's sections.
  const info = (flags & SHF_GNU_MBIND) === 0 ? 0 : sections.info[table.first[id]];
  const entsize = outputEntsize(table, id, word);
  const { offset, size, alignment } = table;
  const plain = names.plain[name];
  writeHeader(w, index, plain, type, flags, address, offset[id], size[id], link, info, alignment[id], entsize);
  // A group's member and its relocations are dropped together.
  const relocationFlags = SHF_INFO_LINK | (flags & SHF_GROUP);
  let next = index + 1;
  if (relCount[id] > 0) {
    const entry = 2 * word;
    const bytes = relCount[id] * entry;
    const text = names.rel[name];
    writeHeader(w, next++, text, SHT_REL, relocationFlags, 0, rel[id], bytes, symtab.index, index, word, entry);
  }
  if (relaCount[id] > 0) {
    const entry = 3 * word;
    const bytes = relaCount[id] * entry;
    const text = names.rela[name];
    writeHeader(w, next, text, SHT_RELA, relocationFlags, 0, rela[id], bytes, symtab.index, index, word, entry);
  }
}

function writeHeader(
  w: HeaderWriter,
  index: number,
  name: number,
  type: number,
  flags: number,
  address: number,
  offset: number,
  size: number,
  link: number,
  info: number,
  alignment: number,
  entsize: number,
): void {
  const { view, is64 } = w;
  const word = is64 ? 8 : 4;
  const at = w.sectionTable + index * (is64 ? 64 : 40);
  view.setUint32(at, name, true);
  view.setUint32(at + 4, type, true);
  writeWord(view, at + 8, flags >>> 0, is64);
  writeWord(view, at + 8 + word, address, is64);
  writeWord(view, at + 8 + 2 * word, offset, is64);
  writeWord(view, at + 8 + 3 * word, size, is64);
  view.setUint32(at + 8 + 4 * word, link, true);
  view.setUint32(at + 12 + 4 * word, info, true);
  writeWord(view, at + 16 + 4 * word, alignment, is64);
  writeWord(view, at + 16 + 5 * word, entsize, is64);
}

/** SHF_LINK_ORDER: the output section of what the first input is linked to. */
function linkedIndex(table: OutputTable, objects: readonly ObjectFile[], sections: SectionTable, id: number): number {
  const section = table.first[id];
  const link = sections.link[section];
  const object = objects[sections.object[section]];
  if (link === 0 || link >= object.sectionCount) return 0;
  const output = sections.output[object.firstSection + link];
  return output < 0 ? 0 : table.index[output];
}
