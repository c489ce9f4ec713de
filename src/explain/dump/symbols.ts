// Symbol tables: names with versions, sections by name.

import { demangle } from "../../demangle/index.ts";
import type { ElfFile, ElfSymbol, ElfVersions } from "../../elf/index.ts";
import {
  SHN_UNDEF,
  STT_SECTION,
  specialSectionName,
  symbolBindingName,
  symbolTypeName,
  symbolVisibilityName,
  versionedName,
  versionOfSymbol,
} from "../../elf/index.ts";
import { type CellStyle, type Chapter, chapterLines } from "./chapter.ts";
import { counted, grouped, hex, hexOfHalves, type Style } from "./table.ts";

export interface SymbolDump {
  readonly index: number;
  /** As in the file, without version. A section symbol has its section's name. */
  readonly name: string;
  readonly version: SymbolVersionDump | undefined;
  /** Text (`0x…`) where a number would not be exact. */
  readonly value: number | string;
  readonly size: number;
  /** STB_*, STT_*, STV_* without the prefix. */
  readonly binding: string;
  readonly type: string;
  readonly visibility: string;
  /** The section's name, or `UND`, `ABS`, `COM`, … */
  readonly section: string;
  /** Its index; 0 for the special ones. */
  readonly sectionIndex: number;
}

export interface SymbolVersionDump {
  readonly name: string;
  /** What plain references do not bind to. */
  readonly hidden: boolean;
  /** The library that is to provide it. */
  readonly library: string | undefined;
}

export interface SymbolTableDump {
  /** Name of the section; `DT_SYMTAB` where there are no section headers. */
  readonly table: string;
  readonly symbols: readonly SymbolDump[];
}

/** @param versions of the table; undefined for one without */
export function symbolDumps(
  file: ElfFile,
  symbols: readonly ElfSymbol[],
  versions: ElfVersions | undefined,
): SymbolDump[] {
  return symbols.map((symbol) => ({
    index: symbol.index,
    name: symbolName(file, symbol),
    version: versions === undefined ? undefined : versionOfSymbol(versions, symbol.index),
    value: exactValue(symbol),
    size: symbol.size,
    binding: symbolBindingName(symbol.binding),
    type: symbolTypeName(symbol.type),
    visibility: symbolVisibilityName(symbol.visibility),
    section: sectionName(file, symbol),
    sectionIndex: symbol.section,
  }));
}

/** The name, or for a section symbol without one its section's. */
export function symbolName(file: ElfFile, symbol: ElfSymbol): string {
  if (symbol.name !== "" || symbol.type !== STT_SECTION) return symbol.name;
  return file.sections[symbol.section]?.name ?? "";
}

function exactValue(symbol: ElfSymbol): number | string {
  return Number.isSafeInteger(symbol.value) ? symbol.value : hexOfHalves(symbol.valueHigh, symbol.valueLow);
}

function sectionName(file: ElfFile, symbol: ElfSymbol): string {
  if (symbol.section === 0) return specialSectionName(symbol.shndx, file.header.machine);
  // Without section headers there is only the number.
  return file.sections[symbol.section]?.name ?? String(symbol.section);
}

/** `name@@VERSION`, demangled where the style asks for it. */
export function shownName(symbol: SymbolDump, style: CellStyle): string {
  const name = style.demangle ? demangle(symbol.name) : symbol.name;
  return versionedName(name, symbol.version, symbol.section !== "UND");
}

/** @param more the option that shows all of it */
export function symbolChapter({ table: name, symbols }: SymbolTableDump, more: string): Chapter<SymbolDump> {
  // Number 0 is the undefined symbol that every table starts with.
  const real = symbols.filter(({ index }) => index > 0);
  const undefinedCount = real.reduce((count, { section }) => count + (section === "UND" ? 1 : 0), 0);
  return {
    title: `Symbols in ${name}: ${counted(real.length - undefinedCount, "defined", "defined")}, ${grouped(undefinedCount)} undefined`,
    columns: [
      { title: "#", align: "right", cell: ({ index }) => String(index), by: ({ index }) => index },
      {
        title: "value",
        align: "right",
        cell: ({ value }) => (typeof value === "string" ? value : hex(value)),
        by: ({ value }) => Number(value),
      },
      { title: "size", align: "right", cell: ({ size }) => grouped(size), by: ({ size }) => size },
      { title: "type", cell: ({ type }) => type.toLowerCase() },
      { title: "binding", cell: ({ binding }) => binding.toLowerCase() },
      {
        title: "visibility",
        cell: ({ visibility }) => (visibility === "DEFAULT" ? "" : visibility.toLowerCase()),
      },
      { title: "section", cell: ({ section }) => section },
      { title: "name", paint: "name", cell: (symbol, style) => shownName(symbol, style) },
    ],
    rows: real,
    more,
  };
}

export function symbolLines(dump: SymbolTableDump, more: string, style: Style): string[] {
  return chapterLines(symbolChapter(dump, more), style);
}

/** Is it a reference rather than a definition? */
export function isUndefined(symbol: ElfSymbol): boolean {
  return symbol.shndx === SHN_UNDEF && symbol.index > 0;
}
