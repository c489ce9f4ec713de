// The shape of the file that -r writes: section headers in GNU ld's order (groups first, each section followed by its
// relocations, the tables last), and where everything lies: contents, symbol table, relocations, headers.

import type { Machine } from "../../arch/index.ts";
import {
  ET_REL,
  SHF_GROUP,
  SHF_INFO_LINK,
  SHF_LINK_ORDER,
  SHN_LORESERVE,
  SHT_NOBITS,
  SHT_REL,
  SHT_RELA,
  SHT_STRTAB,
  SHT_SYMTAB,
  SHT_SYMTAB_SHNDX,
} from "../../elf/constants.ts";
import { alignUp } from "../layout.ts";
import { nameEnd, nameText } from "../names.ts";
import type { ObjectFile } from "../object-file.ts";
import type { SectionTable } from "../section-table.ts";
import { addBytes, addText, createStrings, type StringTable } from "../string-table.ts";
import { type SectionHeader, writeElfHeader, writeSectionHeader } from "../write-headers.ts";
import type { Assigned } from "./assign.ts";
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
      table.offset[id] = alignUp(at, table.alignment[id]);
      if (outputType(table, id) !== SHT_NOBITS) at = table.offset[id] + table.size[id];
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
  const add = (prefix: string, name: number): number => {
    const start = names.start[name] - prefix.length;
    const bytes = new Uint8Array(nameEnd(names, name) - start);
    bytes.set(new TextEncoder().encode(prefix));
    bytes.set(names.pool.subarray(names.start[name], nameEnd(names, name)), prefix.length);
    return addBytes(strings, bytes, 0, bytes.length);
  };
  for (let id = 0; id < table.count; id++) {
    const name = table.name[id];
    if (table.relCount[id] > 0 && rel[name] < 0) {
      rel[name] = add(".rel", name);
      plain[name] = rel[name] + 4;
    }
    if (table.relaCount[id] > 0 && rela[name] < 0) {
      rela[name] = add(".rela", name);
      plain[name] = rela[name] + 5;
    }
  }
  for (let id = 0; id < table.count; id++) {
    const name = table.name[id];
    if (plain[name] < 0) plain[name] = add("", name);
  }
  return { plain, rel, rela };
}

export interface Identity {
  readonly entry: number;
  /** IFUNC and unique symbols, SHF_GNU_RETAIN: EI_OSABI tells of them. */
  readonly gnuFeatures: boolean;
  /** Addresses by section name: -Ttext and the like give them, though nothing is moved. */
  readonly sectionStart: ReadonlyMap<string, number>;
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
  const is64 = machine.elfClass === 64;
  const { entry, gnuFeatures } = identity;
  writeElfHeader(view, machine, ET_REL, entry, 0, shape.sectionTable, shape.sectionCount, gnuFeatures);
  image.set(shape.strings.bytes.subarray(0, shape.strings.size), shape.shstrtab.offset);
  const write = (index: number, header: SectionHeader): void => {
    writeSectionHeader(view, shape.sectionTable + index * (is64 ? 64 : 40), is64, header);
  };
  const plain = { flags: 0, address: 0, link: 0, info: 0, alignment: 1, entsize: 0 };
  for (const id of assigned.groups) {
    write(table.index[id], {
      ...plain,
      name: shape.names.plain[table.name[id]],
      type: table.type[id],
      offset: table.offset[id],
      size: table.size[id],
      link: shape.symtab.index,
      info: signatureNumber(symbols, table, objects, id),
      alignment: 4,
      entsize: 4,
    });
  }
  for (const id of assigned.ordered)
    writeSection(shape, table, objects, symbols.sections, machine, identity, id, write);
  const { symtab, shndx, strtab, shstrtab } = shape;
  const word = machine.wordBytes;
  write(symtab.index, {
    ...plain,
    ...symtab,
    type: SHT_SYMTAB,
    link: strtab.index,
    info: symbols.localCount,
    alignment: word,
    entsize: is64 ? 24 : 16,
  });
  if (shndx !== undefined)
    write(shndx.index, { ...plain, ...shndx, type: SHT_SYMTAB_SHNDX, link: symtab.index, alignment: 4, entsize: 4 });
  write(strtab.index, { ...plain, ...strtab, type: SHT_STRTAB });
  write(shstrtab.index, { ...plain, ...shstrtab, type: SHT_STRTAB });
}

function writeSection(
  shape: FileShape,
  table: OutputTable,
  objects: readonly ObjectFile[],
  sections: SectionTable,
  machine: Machine,
  identity: Identity,
  id: number,
  write: (index: number, header: SectionHeader) => void,
): void {
  const name = table.name[id];
  const index = table.index[id];
  const flags = table.flags[id];
  const word = machine.wordBytes;
  write(index, {
    name: shape.names.plain[name],
    type: outputType(table, id),
    flags,
    address: identity.sectionStart.size === 0 ? 0 : startOf(table, identity, id),
    offset: table.offset[id],
    size: table.size[id],
    link: (flags & SHF_LINK_ORDER) === 0 ? 0 : linkedIndex(table, objects, sections, id),
    info: 0,
    alignment: table.alignment[id],
    entsize: outputEntsize(table, id, word),
  });
  const relocations = {
    // A group's member and its relocations are dropped together.
    flags: SHF_INFO_LINK | (flags & SHF_GROUP),
    address: 0,
    link: shape.symtab.index,
    info: index,
    alignment: word,
  };
  const { relCount, relaCount } = table;
  let next = index + 1;
  if (relCount[id] > 0) {
    const size = relCount[id] * 2 * word;
    const entry = {
      ...relocations,
      name: shape.names.rel[name],
      type: SHT_REL,
      offset: shape.rel[id],
      size,
      entsize: 2 * word,
    };
    write(next++, entry);
  }
  if (relaCount[id] > 0) {
    const size = relaCount[id] * 3 * word;
    write(next, {
      ...relocations,
      name: shape.names.rela[name],
      type: SHT_RELA,
      offset: shape.rela[id],
      size,
      entsize: 3 * word,
    });
  }
}

function startOf(table: OutputTable, identity: Identity, id: number): number {
  return identity.sectionStart.get(nameText(table.names, table.name[id])) ?? 0;
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
