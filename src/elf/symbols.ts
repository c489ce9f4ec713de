// Symbol tables as records, for display, tests and the loader. (The static linker decodes symbols in bulk into columns of
// its own.)

import { ELF32_SYM_SIZE, ELF64_SYM_SIZE, SHN_LORESERVE, SHN_UNDEF, SHN_XINDEX, SHT_SYMTAB_SHNDX } from "./constants.ts";
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
  const range = contentsRange(file, section, report);
  if (range === undefined) return [];
  const place = { file: file.name, section: section.name };
  const size = symbolBytes(file);
  if ((range.end - range.start) % size !== 0) report(error("symbol-table-damaged", place, { bytes: section.size }));
  const table: SymbolTable = {
    source: file,
    range,
    strings: stringsIn(file, section.link, report),
    extended: extendedIndices(file, section, report),
    sectionCount: file.sections.length,
  };
  return readSymbols(table, Math.floor((range.end - range.start) / size), place, report);
}

/** Bytes of one symbol. */
export function symbolBytes(source: ElfSource): number {
  return source.elfClass === 64 ? ELF64_SYM_SIZE : ELF32_SYM_SIZE;
}

export interface SymbolTable {
  readonly source: ElfSource;
  /** The table; it holds at least as many symbols as are read. */
  readonly range: FileRange;
  readonly strings: StringTable;
  /** The SHT_SYMTAB_SHNDX table that goes with it; empty if there is none. */
  readonly extended: FileRange;
  /** Section indices are checked against this; -1 where sections are not known. */
  readonly sectionCount: number;
}

/** Decodes the first `count` symbols of a table, wherever it was found. */
export function readSymbols(table: SymbolTable, count: number, place: Place, report: Report): ElfSymbol[] {
  const symbols: ElfSymbol[] = [];
  const size = symbolBytes(table.source);
  let unnamed = 0;
  let homeless = 0;
  for (let index = 0; index < count; index++) {
    const at = table.range.start + index * size;
    const name = stringAt(table.strings, word(table.source, at));
    const symbol = readSymbol(table, at, index, name ?? "");
    if (name === undefined) unnamed++;
    if (symbol.section < 0) homeless++;
    symbols.push(symbol.section < 0 ? { ...symbol, section: 0 } : symbol);
  }
  if (unnamed > 0) report(warning("symbol-name-damaged", place, { count: unnamed }));
  if (homeless > 0) report(warning("symbol-section-damaged", place, { count: homeless }));
  return symbols;
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
