// Symbol versions (Linux Standard Base, "Symbol Versioning"): a number for every dynamic symbol (.gnu.version), the versions
// that this file defines (.gnu.version_d) and those that it needs of each library (.gnu.version_r).

import {
  DT_VERDEF,
  DT_VERDEFNUM,
  DT_VERNEED,
  DT_VERNEEDNUM,
  DT_VERSYM,
  ELF_VERDAUX_SIZE,
  ELF_VERDEF_SIZE,
  ELF_VERNAUX_SIZE,
  ELF_VERNEED_SIZE,
  ELF_VERSYM_SIZE,
  SHT_GNU_verdef,
  SHT_GNU_verneed,
  SHT_GNU_versym,
  VER_FLG_BASE,
  VER_NDX_LOCAL,
  VERSYM_HIDDEN,
  VERSYM_VERSION,
} from "./constants.ts";
import { dynamicTail, dynamicValue, type ElfDynamic } from "./dynamic.ts";
import { contentsRange, type ElfFile, sectionOfType, stringsIn } from "./file.ts";
import type { Report } from "./problem.ts";
import { error } from "./problem.ts";
import { type ElfSource, type FileRange, half, word } from "./source.ts";
import { type StringTable, stringAt } from "./strings.ts";

export interface VersionDefinition {
  /** What .gnu.version calls it. */
  readonly index: number;
  readonly name: string;
  /** The System V hash of the name. */
  readonly hash: number;
  /** VER_FLG_BASE: names the file itself; VER_FLG_WEAK: no symbol has it. */
  readonly flags: number;
  /** The versions that it follows. */
  readonly parents: readonly string[];
}

export interface NeededVersion {
  /** What .gnu.version calls it. */
  readonly index: number;
  readonly name: string;
  readonly hash: number;
  /** VER_FLG_WEAK: its lack is no error. */
  readonly flags: number;
}

/** The versions that are needed of one library. */
export interface VersionNeed {
  /** As in DT_NEEDED. */
  readonly library: string;
  readonly versions: readonly NeededVersion[];
}

export interface ElfVersions {
  /** For each dynamic symbol its version's index, VERSYM_HIDDEN included. Empty if the file has no versions. */
  readonly symbols: Uint16Array;
  readonly definitions: readonly VersionDefinition[];
  readonly needs: readonly VersionNeed[];
  /** What the indices in `symbols` mean. The base version, which symbols without a version have, is not among them. */
  readonly names: ReadonlyMap<number, VersionName>;
}

export interface VersionName {
  readonly name: string;
  /** The library that is to provide it; undefined for a version that the file itself defines. */
  readonly library: string | undefined;
}

/** What is known of a dynamic symbol's version. */
export interface SymbolVersion extends VersionName {
  /** Not the default: `name@VERSION`, which only those find who ask for this version. */
  readonly hidden: boolean;
}

/** Where the parts of the version tables are. A missing part is empty. */
interface Located {
  readonly symbols: FileRange | undefined;
  readonly definitions: FileRange | undefined;
  readonly definitionCount: number;
  readonly needs: FileRange | undefined;
  readonly needCount: number;
  readonly strings: StringTable;
}

/**
 * The version tables, found by their section headers.
 * @param report gets `section-outside-file`, `version-table-damaged`
 */
export function versionsOf(file: ElfFile, report: Report): ElfVersions {
  const range = (type: number): FileRange | undefined => {
    const section = sectionOfType(file, type);
    return section === undefined ? undefined : contentsRange(file, section, report);
  };
  const definitions = sectionOfType(file, SHT_GNU_verdef);
  const needs = sectionOfType(file, SHT_GNU_verneed);
  const located: Located = {
    symbols: range(SHT_GNU_versym),
    definitions: range(SHT_GNU_verdef),
    definitionCount: definitions?.info ?? 0,
    needs: range(SHT_GNU_verneed),
    needCount: needs?.info ?? 0,
    strings: stringsIn(file, definitions?.link ?? needs?.link ?? 0, report),
  };
  return readVersions(file, located, file.name, report);
}

/**
 * The version tables, found by the dynamic section, as the loader finds them.
 * @param symbolCount number of dynamic symbols
 * @param report gets `address-not-in-file`, `version-table-damaged`
 */
export function dynamicVersionsOf(
  file: ElfFile,
  dynamic: ElfDynamic,
  symbolCount: number,
  report: Report,
): ElfVersions {
  const range = (tag: number): FileRange | undefined => dynamicTail(file, dynamic, tag, report);
  const symbols = range(DT_VERSYM);
  const symbolsEnd = symbols === undefined ? 0 : symbols.start + symbolCount * ELF_VERSYM_SIZE;
  const located: Located = {
    symbols: symbols === undefined ? undefined : { start: symbols.start, end: Math.min(symbols.end, symbolsEnd) },
    definitions: range(DT_VERDEF),
    definitionCount: dynamicValue(dynamic, DT_VERDEFNUM) ?? 0,
    needs: range(DT_VERNEED),
    needCount: dynamicValue(dynamic, DT_VERNEEDNUM) ?? 0,
    strings: dynamic.strings,
  };
  return readVersions(file, located, file.name, report);
}

/** The version of dynamic symbol `index`; undefined for a symbol without one (local, or of the base version). */
export function versionOfSymbol(versions: ElfVersions, index: number): SymbolVersion | undefined {
  if (index >= versions.symbols.length) return undefined;
  const found = versions.names.get(versions.symbols[index] & VERSYM_VERSION);
  return found === undefined ? undefined : { ...found, hidden: (versions.symbols[index] & VERSYM_HIDDEN) !== 0 };
}

/**
 * A symbol's name with its version: `name@@VERSION` for the definition that plain references bind to, `name@VERSION` for
 * others, for undefined symbols, and for copies of what a library defines.
 * @param defined the symbol is defined in the file
 */
export function versionedName(name: string, version: SymbolVersion | undefined, defined: boolean): string {
  // Some linkers define a symbol for each version, by its name.
  if (version === undefined || version.name === name) return name;
  return `${name}${defined && !version.hidden && version.library === undefined ? "@@" : "@"}${version.name}`;
}

function readVersions(source: ElfSource, located: Located, name: string, report: Report): ElfVersions {
  const damaged = (table: string): void => report(error("version-table-damaged", { file: name }, { table }));
  const definitions = readDefinitions(source, located, () => damaged("definitions"));
  const needs = readNeeds(source, located, () => damaged("needs"));
  const symbols = readSymbolVersions(source, located.symbols);
  return { symbols, definitions, needs, names: namesByIndex(definitions, needs) };
}

function namesByIndex(
  definitions: readonly VersionDefinition[],
  needs: readonly VersionNeed[],
): ReadonlyMap<number, VersionName> {
  const names = new Map<number, VersionName>();
  for (const { index, name, flags } of definitions) {
    if ((flags & VER_FLG_BASE) === 0) names.set(index, { name, library: undefined });
  }
  for (const { library, versions } of needs)
    for (const { index, name } of versions) names.set(index, { name, library });
  names.delete(VER_NDX_LOCAL);
  return names;
}

function readSymbolVersions(source: ElfSource, range: FileRange | undefined): Uint16Array {
  if (range === undefined || range.end <= range.start) return new Uint16Array(0);
  const versions = new Uint16Array((range.end - range.start) >>> 1);
  for (let i = 0; i < versions.length; i++) versions[i] = half(source, range.start + ELF_VERSYM_SIZE * i);
  return versions;
}

/** How a version table's records are made: offsets of the fields by which they are linked. */
interface RecordLayout {
  readonly bytes: number;
  /** 16 bits: how many auxiliary records it has. */
  readonly auxiliaryCount: number;
  /** 32 bits: distance to the first of them. Each one's last word is the distance to the next. */
  readonly auxiliary: number;
  readonly auxiliaryBytes: number;
  /** 32 bits: distance to the next record. */
  readonly next: number;
}

/** Elf_Verdef and Elf_Verdaux. */
const DEFINITION: RecordLayout = {
  bytes: ELF_VERDEF_SIZE,
  auxiliaryCount: 6,
  auxiliary: 12,
  auxiliaryBytes: ELF_VERDAUX_SIZE,
  next: 16,
};

/** Elf_Verneed and Elf_Vernaux. */
const NEED: RecordLayout = {
  bytes: ELF_VERNEED_SIZE,
  auxiliaryCount: 2,
  auxiliary: 8,
  auxiliaryBytes: ELF_VERNAUX_SIZE,
  next: 12,
};

function readDefinitions(source: ElfSource, located: Located, damaged: () => void): VersionDefinition[] {
  const { definitions: range, definitionCount, strings } = located;
  const definitions: VersionDefinition[] = [];
  if (range === undefined) return definitions;
  const whole = eachRecord(source, range, definitionCount, DEFINITION, (at, auxiliary) => {
    const [name = "", ...parents] = auxiliary.map((aux) => stringAt(strings, word(source, aux)) ?? "");
    definitions.push({
      index: half(source, at + 4) & VERSYM_VERSION,
      name,
      hash: word(source, at + 8),
      flags: half(source, at + 2),
      parents,
    });
  });
  if (!whole) damaged();
  return definitions;
}

function readNeeds(source: ElfSource, located: Located, damaged: () => void): VersionNeed[] {
  const { needs: range, needCount, strings } = located;
  const needs: VersionNeed[] = [];
  if (range === undefined) return needs;
  const whole = eachRecord(source, range, needCount, NEED, (at, auxiliary) => {
    const versions = auxiliary.map((aux) => ({
      index: half(source, aux + 6) & VERSYM_VERSION,
      name: stringAt(strings, word(source, aux + 8)) ?? "",
      hash: word(source, aux),
      flags: half(source, aux + 4),
    }));
    needs.push({ library: stringAt(strings, word(source, at + 4)) ?? "", versions });
  });
  if (!whole) damaged();
  return needs;
}

/**
 * Walks records that are linked by offsets, each with auxiliary records that are linked alike. Offsets only go forward, so
 * every list ends; but lists that share auxiliary records would take quadratic time and are given up.
 * @returns false if a list ends early
 */
function eachRecord(
  source: ElfSource,
  range: FileRange,
  count: number,
  layout: RecordLayout,
  use: (at: number, auxiliary: readonly number[]) => void,
): boolean {
  let auxiliaryLeft = (range.end - range.start) / layout.auxiliaryBytes;
  let at = range.start;
  for (let i = 0; i < count; i++) {
    if (at + layout.bytes > range.end) return false;
    const wanted = half(source, at + layout.auxiliaryCount);
    auxiliaryLeft -= wanted;
    const auxiliary = auxiliaryLeft < 0 ? undefined : auxiliaryRecords(source, range, at, wanted, layout);
    if (auxiliary === undefined) return false;
    use(at, auxiliary);
    const next = word(source, at + layout.next);
    if (next === 0) return i + 1 === count;
    at += next;
  }
  return true;
}

/** Where a record's auxiliary records are; undefined if there are fewer than it says. */
function auxiliaryRecords(
  source: ElfSource,
  range: FileRange,
  record: number,
  wanted: number,
  layout: RecordLayout,
): number[] | undefined {
  const found: number[] = [];
  let at = record + word(source, record + layout.auxiliary);
  while (found.length < wanted) {
    if (at + layout.auxiliaryBytes > range.end) return undefined;
    found.push(at);
    const next = word(source, at + layout.auxiliaryBytes - 4);
    if (next === 0 && found.length < wanted) return undefined;
    at += next;
  }
  return found;
}
