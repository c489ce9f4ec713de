// Relocations: where, by which rule, and the rule with its values filled in as far as the file knows them.

import { type MachineTables, machineTables, type RelocationType, readField } from "../../arch/index.ts";
import type {
  ElfDynamic,
  ElfFile,
  ElfRelocation,
  ElfSection,
  ElfSymbol,
  ElfVersions,
  Report,
} from "../../elf/index.ts";
import {
  dynamicRelocationsOf,
  dynamicTagName,
  ET_REL,
  isRelocationSection,
  rangeAtAddress,
  relocationsOf,
  relrOf,
  SHF_ALLOC,
  SHN_ABS,
  SHT_NOBITS,
  SHT_RELA,
  SHT_RELR,
  STB_LOCAL,
  versionedName,
  versionOfSymbol,
} from "../../elf/index.ts";
import { type Chapter, chapterLines } from "./chapter.ts";
import { amount, type FilledFormula, fillFormula, type Terms } from "./formula.ts";
import { type Locator, plus } from "./locate.ts";
import { isUndefined, symbolName } from "./symbols.ts";
import { grouped, hex, hexOfHalves, type Style } from "./table.ts";

export interface RelocationTableDump {
  /** Name of the section; the dynamic tag (`DT_RELA`) where there are no section headers. */
  readonly table: string;
  readonly format: "rel" | "rela" | "relr";
  /** Name of the section that is relocated; undefined where the offsets are addresses. */
  readonly target: string | undefined;
  readonly entries: readonly RelocationDump[];
}

export interface RelocationDump {
  /** Offset in the target section, or an address. */
  readonly offset: number;
  /** What stands there: `main+0x12`. */
  readonly place: string;
  /** The psABI's name; `type 12` for machines and types that Solder does not know. */
  readonly type: string;
  readonly typeNumber: number;
  /** `S + A - P`; undefined for an unknown type. */
  readonly formula: string | undefined;
  readonly symbolIndex: number;
  /** With its version; empty for none. */
  readonly symbol: string;
  /** From the table, or for REL from the relocated field. Text (`0x…`) where a number would not be exact. */
  readonly addend: number | string | undefined;
  /** The formula with what is known filled in. */
  readonly filled: string;
  /** What is to be stored, where the file alone determines it. */
  readonly result: number | undefined;
  /** For an address that is taken from the addend: what stands there. */
  readonly leadsTo: string | undefined;
}

/** What the tables of one file share. */
export interface RelocationContext {
  readonly file: ElfFile;
  readonly dynamic: ElfDynamic | undefined;
  readonly machine: MachineTables | undefined;
  readonly places: Locator;
  /** Tables are found by the dynamic section, not by section headers. */
  readonly asLoaded: boolean;
  /** Symbols of the table with this section index; of DT_SYMTAB for index -1. */
  readonly symbolsIn: (section: number) => readonly ElfSymbol[];
  readonly versions: ElfVersions;
  /** Section index of .dynsym, whose symbols have the versions; -1 where there are no section headers. */
  readonly dynsym: number;
  readonly report: Report;
}

export function relocationDumps(context: Omit<RelocationContext, "machine">): RelocationTableDump[] {
  const { header, elfClass, littleEndian } = context.file;
  const full = { ...context, machine: machineTables(header.machine, elfClass, littleEndian) };
  return context.asLoaded ? tablesByAddress(full) : tablesBySection(full);
}

function tablesBySection(context: RelocationContext): RelocationTableDump[] {
  const { file, report } = context;
  const tables: RelocationTableDump[] = [];
  for (const section of file.sections) {
    if (section.type === SHT_RELR) {
      tables.push(packedTable(context, section.name, relrOf(file, section, report)));
    } else if (isRelocationSection(section)) {
      tables.push(oneTable(context, section));
    }
  }
  return tables;
}

function oneTable(context: RelocationContext, section: ElfSection): RelocationTableDump {
  const { file, report } = context;
  // Dynamic relocations have addresses, even where sh_info names the section that they are about (.rela.plt).
  const inSection = file.header.type === ET_REL || (section.flags & SHF_ALLOC) === 0;
  const target = inSection ? file.sections[section.info] : undefined;
  const symbols = context.symbolsIn(section.link);
  const entries = relocationsOf(file, section, report).map((one) =>
    relocationDump(context, one, symbols, section.link, file.header.type === ET_REL ? target : undefined),
  );
  const format = section.type === SHT_RELA ? "rela" : "rel";
  return { table: section.name, format, target: target?.name, entries };
}

function tablesByAddress(context: RelocationContext): RelocationTableDump[] {
  const { file, dynamic, report } = context;
  if (dynamic === undefined) return [];
  const { tables, relr } = dynamicRelocationsOf(file, dynamic, report);
  const symbols = context.symbolsIn(-1);
  const dumps = tables.map(({ tag, relocations }): RelocationTableDump => {
    const entries = relocations.map((one) => relocationDump(context, one, symbols, -1, undefined));
    const format = relocations[0]?.addend === undefined ? "rel" : "rela";
    return { table: `DT_${dynamicTagName(tag, file.header.machine)}`, format, target: undefined, entries };
  });
  return relr.length === 0 ? dumps : [...dumps, packedTable(context, "DT_RELR", relr)];
}

/** Packed relative relocations: each is the machine's RELATIVE with the addend in the word. */
function packedTable(context: RelocationContext, name: string, addresses: Float64Array): RelocationTableDump {
  const type = context.machine?.dynamic.relative ?? 0;
  const entries = Array.from(addresses, (offset) => {
    const relocation = { offset, type, symbol: 0, addend: undefined, addendHigh: 0, addendLow: 0 };
    return relocationDump(context, relocation, [], 0, undefined);
  });
  return { table: name, format: "relr", target: undefined, entries };
}

function relocationDump(
  context: RelocationContext,
  relocation: ElfRelocation,
  symbols: readonly ElfSymbol[],
  symbolTable: number,
  target: ElfSection | undefined,
): RelocationDump {
  const { file, machine, places } = context;
  const { offset, type, symbol: symbolIndex } = relocation;
  const row = machine?.relocations.types[type] ?? machine?.composed?.(type);
  const symbol = symbolIndex === 0 ? undefined : symbols[symbolIndex];
  const name = symbol === undefined ? "" : nameWithVersion(context, symbol, symbolTable);
  const addend = relocation.addend ?? implicitAddend(context, relocation, row, target);
  const terms = termsOf(context, relocation, row, symbol, name, addend, target);
  const filled: FilledFormula =
    row === undefined ? { text: name, result: undefined } : fillFormula(row.formula, terms, name);
  const usesBase = row !== undefined && /\bB\b/.test(row.formula);
  return {
    offset,
    place: target === undefined ? (places.address(offset) ?? "") : places.offset(target.index, offset),
    type: row?.name ?? `type ${type}`,
    typeNumber: type,
    formula: row?.formula,
    symbolIndex,
    symbol: name,
    addend: Number.isSafeInteger(addend ?? 0) ? addend : hexOfHalves(relocation.addendHigh, relocation.addendLow),
    filled: filled.text,
    result: filled.result,
    leadsTo: usesBase && addend !== undefined && file.header.type !== ET_REL ? places.address(addend) : undefined,
  };
}

function nameWithVersion(context: RelocationContext, symbol: ElfSymbol, symbolTable: number): string {
  const name = symbolName(context.file, symbol);
  if (symbolTable !== context.dynsym) return name;
  return versionedName(name, versionOfSymbol(context.versions, symbol.index), !isUndefined(symbol));
}

/**
 * Values for the letters. In a linked file S, P and A are addresses. In an object a symbol and the place have values only
 * relative to their sections; their difference is known if they share one and nothing can come between, which is so for
 * local symbols.
 */
function termsOf(
  context: RelocationContext,
  relocation: ElfRelocation,
  row: RelocationType | undefined,
  symbol: ElfSymbol | undefined,
  name: string,
  addend: number | undefined,
  target: ElfSection | undefined,
): Terms {
  const linked = context.file.header.type !== ET_REL;
  const absolute = symbol?.shndx === SHN_ABS;
  const known = symbol !== undefined && (symbol.section !== 0 || absolute);
  const distance = row !== undefined && /- P\b/.test(row.formula);
  const together = known && !linked && distance && symbol.binding === STB_LOCAL && symbol.section === target?.index;
  const value = known && (linked || together || absolute) ? symbol.value : undefined;
  const place = linked || together ? relocation.offset : undefined;
  const base = symbol === undefined ? "0" : name;
  return {
    S: {
      text: linked && value !== undefined && name !== "" ? `${hex(value)} (${name})` : base,
      number: value ?? (symbol === undefined ? 0 : undefined),
    },
    A: { text: addend === undefined ? "A" : amount(addend), number: addend },
    P: { text: linked ? hex(relocation.offset) : "P", number: place },
    // A local symbol needs no PLT entry: L is the symbol.
    L: { text: together ? base : `${base}@plt`, number: together ? value : undefined },
    G: { text: `${base}@got`, number: undefined },
    Z: { text: symbol === undefined ? "Z" : amount(symbol.size), number: symbol?.size },
  };
}

/** REL: the addend is what the field holds. */
function implicitAddend(
  context: RelocationContext,
  relocation: ElfRelocation,
  row: RelocationType | undefined,
  target: ElfSection | undefined,
): number | undefined {
  const { file } = context;
  // The dynamic linker overwrites the slots of GLOB_DAT and JUMP_SLOT; COPY has no field.
  if (row === undefined || row.bytes === 0 || !/\bA\b|@/.test(row.formula)) return undefined;
  if (target === undefined) {
    const range = rangeAtAddress(file, relocation.offset);
    const isThere = range !== undefined && range.end - range.start >= row.bytes;
    return isThere ? field(context, range.start, row) : undefined;
  }
  if (target.type === SHT_NOBITS || relocation.offset + row.bytes > target.size) return undefined;
  return field(context, target.offset + relocation.offset, row);
}

function field({ file, machine }: RelocationContext, at: number, row: RelocationType): number | undefined {
  if (at + row.bytes > file.bytes.length) return undefined;
  return readField(file.view, at, row, file.littleEndian, machine?.instructions);
}

export function relocationChapter(dump: RelocationTableDump): Chapter<RelocationDump> {
  const about = dump.target === undefined ? "" : ` of ${dump.target}`;
  const format = { rel: "addends in place", rela: "addends in the table", relr: "packed, relative" }[dump.format];
  return {
    title: `Relocations${about} in ${dump.table}: ${grouped(dump.entries.length)}, ${format}`,
    columns: [
      {
        title: dump.target === undefined ? "address" : "offset",
        align: "right",
        cell: ({ offset }) => hex(offset),
        by: ({ offset }) => offset,
      },
      { title: "place", paint: "name", cell: ({ place }) => place },
      { title: "type", cell: ({ type }) => type },
      { title: "formula", paint: "dim", cell: ({ formula }) => formula ?? "" },
      { title: "with its values", cell: explanation },
    ],
    rows: dump.entries,
    more: "--relocations",
  };
}

export function relocationLines(dump: RelocationTableDump, style: Style): string[] {
  return chapterLines(relocationChapter(dump), style);
}

function explanation({ formula, filled, result, leadsTo, symbol, addend }: RelocationDump): string {
  if (formula === undefined) {
    return typeof addend === "number" ? plus(symbol, addend) : [symbol, addend ?? ""].join(" ").trim();
  }
  const text = filled === formula ? "" : filled;
  if (result !== undefined) return `${text} = ${amount(result)}`;
  return leadsTo === undefined ? text : `${text}  (${leadsTo})`;
}
