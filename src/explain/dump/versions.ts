// Symbol versions: what the file needs of each library, and what it defines, each with the symbols that use it. That is what
// people ask of "version `GLIBC_2.34' not found": which symbol is it?

import { demangle } from "../../demangle/index.ts";
import type { ElfSymbol, ElfVersions } from "../../elf/index.ts";
import { VERSYM_VERSION, versionFlagNames } from "../../elf/index.ts";
import { type CellStyle, type Chapter, chapterLines } from "./chapter.ts";
import { counted, grouped, type Style } from "./table.ts";

export interface VersionsDump {
  readonly needs: readonly NeededLibraryDump[];
  readonly definitions: readonly DefinedVersionDump[];
}

export interface NeededLibraryDump {
  readonly library: string;
  readonly versions: readonly NeededVersionDump[];
}

export interface NeededVersionDump {
  readonly index: number;
  readonly name: string;
  readonly flags: readonly string[];
  /** Names of the dynamic symbols that have it. */
  readonly symbols: readonly string[];
}

export interface DefinedVersionDump {
  readonly index: number;
  readonly name: string;
  readonly flags: readonly string[];
  readonly parents: readonly string[];
  readonly symbols: readonly string[];
}

/** @param symbols the dynamic symbols */
export function versionsDump(versions: ElfVersions, symbols: readonly ElfSymbol[]): VersionsDump {
  const users = new Map<number, string[]>();
  for (let i = 1; i < Math.min(symbols.length, versions.symbols.length); i++) {
    const index = versions.symbols[i] & VERSYM_VERSION;
    const names = users.get(index);
    if (names === undefined) users.set(index, [symbols[i].name]);
    else names.push(symbols[i].name);
  }
  return {
    needs: versions.needs.map(({ library, versions: needed }) => ({
      library,
      versions: needed.map(({ index, name, flags }) => ({
        index,
        name,
        flags: versionFlagNames(flags),
        symbols: users.get(index) ?? [],
      })),
    })),
    definitions: versions.definitions.map(({ index, name, flags, parents }) => ({
      index,
      name,
      flags: versionFlagNames(flags),
      parents,
      symbols: users.get(index) ?? [],
    })),
  };
}

export function versionLines({ needs, definitions }: VersionsDump, style: Style): string[] {
  return [
    ...(needs.length === 0 ? [] : needLines(needs, style)),
    ...(definitions.length === 0 ? [] : definitionLines(definitions, style)),
  ];
}

/** A version that is needed of a library. */
export interface NeededVersionRow extends NeededVersionDump {
  readonly library: string;
  /** The first one of its library, whose row has the library's name. */
  readonly first: boolean;
}

export function neededVersionChapter(needs: readonly NeededLibraryDump[]): Chapter<NeededVersionRow> {
  return {
    title: "Versions needed",
    columns: [
      {
        title: "library",
        paint: "name",
        cell: ({ library, first }) => (first ? library : ""),
        by: ({ library }) => library,
      },
      { title: "version", cell: ({ name }) => name },
      {
        title: "symbols",
        align: "right",
        cell: ({ symbols }) => grouped(symbols.length),
        by: ({ symbols }) => symbols.length,
      },
      {
        title: "which",
        cell: ({ flags, symbols }, style) =>
          [...flags.map((flag) => (flag === "WEAK" ? "may be missing" : flag)), some(symbols, style)].join(", "),
      },
    ],
    rows: needs.flatMap(({ library, versions }) =>
      versions.map((version, i) => ({ ...version, library, first: i === 0 })),
    ),
    more: "--versions",
  };
}

function needLines(needs: readonly NeededLibraryDump[], style: Style): string[] {
  return chapterLines(neededVersionChapter(needs), style);
}

export function definedVersionChapter(definitions: readonly DefinedVersionDump[]): Chapter<DefinedVersionDump> {
  return {
    title: `Versions defined: ${counted(definitions.length, "version")}`,
    columns: [
      { title: "#", align: "right", cell: ({ index }) => String(index), by: ({ index }) => index },
      { title: "version", paint: "name", cell: ({ name }) => name },
      { title: "follows", cell: ({ parents }) => parents.join(", ") },
      {
        title: "symbols",
        align: "right",
        cell: ({ symbols }) => grouped(symbols.length),
        by: ({ symbols }) => symbols.length,
      },
      {
        title: "which",
        cell: ({ flags, symbols }, style) =>
          flags.includes("BASE") ? "the library itself: symbols without a version" : some(symbols, style),
      },
    ],
    rows: definitions,
    more: "--versions",
  };
}

function definitionLines(definitions: readonly DefinedVersionDump[], style: Style): string[] {
  return chapterLines(definedVersionChapter(definitions), style);
}

/** The first few names; all of them if the style shows whole tables. */
function some(symbols: readonly string[], style: CellStyle): string {
  const most = Number.isFinite(style.rows) ? 4 : symbols.length;
  const names = symbols.slice(0, most).map((name) => (style.demangle ? demangle(name) : name));
  return symbols.length > most ? `${names.join(", ")}, … ${grouped(symbols.length - most)} more` : names.join(", ");
}
