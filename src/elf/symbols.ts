// Symbol tables as records, for display, tests and the loader. (The static linker decodes symbols in bulk into columns of
// its own.)

import {
  ELF32_SYM_SIZE,
  ELF64_SYM_SIZE,
  SHN_LORESERVE,
  SHN_UNDEF,
  SHN_XINDEX,
  SHT_SYMTAB_SHNDX,
  STB_LOCAL,
} from "./constants.ts";
import { contentsRange, type ElfFile, stringsIn } from "./file.ts";
import type { Place, Report } from "./problem.ts";
import { error, warning } from "./problem.ts";
import type { ElfSection } from "./sections.ts";
import { address, type ElfSource, type FileRange, half, highHalf, lowHalf, word } from "./source.ts";
import { type StringTable, stringAt } from "./strings.ts";

export interface ElfSymbol {
  readonly index: number;
  /** As in the file: not demangled, without version. Empty if there is none or it cannot be read. */
  readonly name: string;
  /** An address in linked files, an offset in the section in relocatable ones, an alignment for commons. Exact up to 2^53. */
  readonly value: number;
  /** Upper and lower 32 bits of the value. */
  readonly valueHigh: number;
  readonly valueLow: number;
  readonly size: number;
  /** STB_*. */
  readonly binding: number;
  /** STT_*. */
  readonly type: number;
  /** STV_*. */
  readonly visibility: number;
  /** st_other whole: above the visibility it belongs to the machine. */
  readonly other: number;
  /** st_shndx as it stands: a section's index below SHN_LORESERVE, else SHN_ABS, SHN_COMMON, SHN_XINDEX, … */
  readonly shndx: number;
  /** The section that defines it, extended numbering resolved; 0 if it is undefined, absolute, common or otherwise special. */
  readonly section: number;
}

/**
 * The symbols of an SHT_SYMTAB or SHT_DYNSYM section, number 0 included.
 * @param report gets `section-outside-file`, `symbol-table-damaged`, `symbol-name-damaged`, `symbol-section-damaged`
 */
export function symbolsOf(file: ElfFile, section: ElfSection, report: Report): ElfSymbol[] {
  const table = symbolTableOf(file, section, report);
  return table === undefined ? [] : readSymbols(table, report);
}

/**
 * Where the symbols of an SHT_SYMTAB or SHT_DYNSYM section are.
 * @param report gets `section-outside-file`, `symbol-table-damaged`
 */
export function symbolTableOf(file: ElfFile, section: ElfSection, report: Report): SymbolTable | undefined {
  const range = contentsRange(file, section, report);
  if (range === undefined) return undefined;
  const place = { file: file.name, section: section.name };
  const size = symbolBytes(file);
  if ((range.end - range.start) % size !== 0) report(error("symbol-table-damaged", place, { bytes: section.size }));
  return {
    source: file,
    range,
    count: Math.floor((range.end - range.start) / size),
    place,
    strings: stringsIn(file, section.link, report),
    extended: extendedIndices(file, section, report),
    sectionCount: file.sections.length,
  };
}

/** Bytes of one symbol. */
export function symbolBytes(source: ElfSource): number {
  return source.elfClass === 64 ? ELF64_SYM_SIZE : ELF32_SYM_SIZE;
}

export interface SymbolTable {
  readonly source: ElfSource;
  /** The table; it holds at least `count` symbols. */
  readonly range: FileRange;
  readonly count: number;
  /** For problems. */
  readonly place: Place;
  readonly strings: StringTable;
  /** The SHT_SYMTAB_SHNDX table that goes with it; empty if there is none. */
  readonly extended: FileRange;
  /** Section indices are checked against this; -1 where sections are not known. */
  readonly sectionCount: number;
}

/**
 * Decodes the symbols of a table, wherever it was found.
 * @param report gets `symbol-name-damaged`, `symbol-section-damaged`
 */
export function readSymbols(table: SymbolTable, report: Report): ElfSymbol[] {
  const symbols: ElfSymbol[] = [];
  const size = symbolBytes(table.source);
  let unnamed = 0;
  let homeless = 0;
  for (let index = 0; index < table.count; index++) {
    const at = table.range.start + index * size;
    const name = stringAt(table.strings, word(table.source, at));
    const symbol = readSymbol(table, at, index, name ?? "");
    if (name === undefined) unnamed++;
    if (symbol.section < 0) homeless++;
    symbols.push(symbol.section < 0 ? { ...symbol, section: 0 } : symbol);
  }
  reportDamage(table, unnamed, homeless, report);
  return symbols;
}

function reportDamage({ place }: SymbolTable, unnamed: number, homeless: number, report: Report): void {
  if (unnamed > 0) report(warning("symbol-name-damaged", place, { count: unnamed }));
  if (homeless > 0) report(warning("symbol-section-damaged", place, { count: homeless }));
}

export interface GlobalNames {
  /** The first names that the file defines for others, and that others have to define. */
  readonly defines: readonly string[];
  readonly wants: readonly string[];
  /** How many there are in all. */
  readonly definesCount: number;
  readonly wantsCount: number;
}

/**
 * The names of a table's global and weak symbols, counted. Of a library with a hundred thousand no more are decoded than are given.
 * @param most of each kind are given
 * @param report gets what it gets of `readSymbols`
 */
export function globalNamesOf(table: SymbolTable, most: number, report: Report): GlobalNames {
  const { source, strings, range } = table;
  const wide = source.elfClass === 64;
  const size = symbolBytes(source);
  const room = strings.end - strings.start;
  const defines: string[] = [];
  const wants: string[] = [];
  let definesCount = 0;
  let wantsCount = 0;
  let unnamed = 0;
  let homeless = 0;
  for (let index = 0; index < table.count; index++) {
    const at = range.start + index * size;
    const name = word(source, at);
    const shndx = half(source, at + (wide ? 6 : 14));
    if (definingSection(table, index, shndx) < 0) homeless++;
    if (name >= room) {
      if (name > 0) unnamed++;
      continue;
    }
    const binding = source.bytes[at + (wide ? 4 : 12)] >> 4;
    if (index === 0 || binding === STB_LOCAL || strings.bytes[strings.start + name] === 0) continue;
    const isWanted = shndx === SHN_UNDEF;
    if (isWanted) wantsCount++;
    else definesCount++;
    const kept = isWanted ? wants : defines;
    if (kept.length < most) kept.push(stringAt(strings, name) ?? "");
  }
  reportDamage(table, unnamed, homeless, report);
  return { defines, wants, definesCount, wantsCount };
}

function readSymbol(table: SymbolTable, at: number, index: number, name: string): ElfSymbol {
  const { source } = table;
  const wide = source.elfClass === 64;
  // Elf32_Sym: name, value, size, info, other, shndx. Elf64_Sym: name, info, other, shndx, value, size.
  const info = source.bytes[at + (wide ? 4 : 12)];
  const other = source.bytes[at + (wide ? 5 : 13)];
  const shndx = half(source, at + (wide ? 6 : 14));
  const value = at + (wide ? 8 : 4);
  return {
    index,
    name,
    value: address(source, value),
    valueHigh: wide ? highHalf(source, value) : 0,
    valueLow: wide ? lowHalf(source, value) : word(source, value),
    size: address(source, at + (wide ? 16 : 8)),
    binding: info >> 4,
    type: info & 15,
    visibility: other & 3,
    other,
    shndx,
    section: definingSection(table, index, shndx),
  };
}

/** The section's index, 0 if the symbol has none, -1 if the index is wrong. */
function definingSection(table: SymbolTable, index: number, shndx: number): number {
  if (shndx === SHN_UNDEF || (shndx >= SHN_LORESERVE && shndx !== SHN_XINDEX)) return 0;
  let section = shndx;
  if (shndx === SHN_XINDEX) {
    const at = table.extended.start + 4 * index;
    if (at + 4 > table.extended.end) return -1;
    section = word(table.source, at);
  }
  return table.sectionCount >= 0 && section >= table.sectionCount ? -1 : section;
}

function extendedIndices(file: ElfFile, symbols: ElfSection, report: Report): FileRange {
  const table = file.sections.find((section) => section.type === SHT_SYMTAB_SHNDX && section.link === symbols.index);
  const range = table === undefined ? undefined : contentsRange(file, table, report);
  return range ?? { start: 0, end: 0 };
}
