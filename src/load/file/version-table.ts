// A file's symbol versions as the loader keeps them (glibc elf/dl-version.c, `_dl_check_map_versions`): by index, what the
// version is called and its hash, so that a reference and a definition are compared by two numbers and, if they are equal,
// two strings. Unlike elf/versions.ts it keeps vna_other's hidden bit and gives the base version no name.

import {
  DT_VERDEF,
  DT_VERDEFNUM,
  DT_VERNEED,
  DT_VERNEEDNUM,
  DT_VERSYM,
  type ElfImage,
  error,
  type FileRange,
  type Problem,
  rangeAtAddress,
  VER_FLG_BASE,
  VER_FLG_WEAK,
  VERSYM_HIDDEN,
  VERSYM_VERSION,
} from "../../elf/index.ts";
import { half, word } from "../../elf/source.ts";
import { nameAt } from "../../elf/text.ts";

/** What is needed of a library: Elf_Vernaux under its Elf_Verneed. */
export interface VersionNeeded {
  readonly library: string;
  readonly name: string;
  readonly hash: number;
  readonly weak: boolean;
  readonly index: number;
}

export interface VersionDefined {
  readonly name: string;
  readonly hash: number;
  readonly index: number;
  readonly base: boolean;
}

export interface VersionTable {
  /** File offset of .gnu.version, or -1 if the file's symbols have no versions. */
  readonly symbolsAt: number;
  /** How many symbols .gnu.version speaks of (as far as the file holds it). */
  readonly symbolCount: number;
  /** Which of an entry's two bytes is the lower one. */
  readonly lowByte: 0 | 1;
  /** By version index: hash of the name, 0 for none; name; 1 if the reference is hidden; the library it is expected of. */
  readonly hash: Uint32Array;
  readonly name: readonly string[];
  readonly hidden: Uint8Array;
  readonly library: readonly string[];
  /** In the order of the file. */
  readonly needs: readonly VersionNeeded[];
  readonly definitions: readonly VersionDefined[];
  /** The file has DT_VERDEF. */
  readonly defines: boolean;
}

export const noVersions: VersionTable = {
  symbolsAt: -1,
  symbolCount: 0,
  lowByte: 0,
  hash: new Uint32Array(1),
  name: [""],
  hidden: new Uint8Array(1),
  library: [""],
  needs: [],
  definitions: [],
  defines: false,
};

/**
 * Reads DT_VERSYM, DT_VERNEED and DT_VERDEF.
 * @param report gets `version-table-damaged`
 */
export function readVersionTable(
  elf: ElfImage,
  values: ReadonlyMap<number, number>,
  strings: FileRange,
  symbolCount: number,
  report: (problem: Problem) => void,
): VersionTable {
  const rangeOf = (tag: number): FileRange | undefined => {
    const where = values.get(tag);
    return where === undefined ? undefined : rangeAtAddress(elf, where);
  };
  const damaged = (table: string): void => report(error("version-table-damaged", { file: elf.name }, { table }));
  const text = (offset: number): string =>
    strings.start + offset < strings.end ? nameAt(elf.bytes, strings.start + offset, strings.end) : "";

  const needs: (VersionNeeded & { readonly hidden: boolean })[] = [];
  const needRange = rangeOf(DT_VERNEED);
  if (needRange !== undefined) {
    const whole = eachRecord(elf, needRange, values.get(DT_VERNEEDNUM), 12, 2, 8, 16, (at, auxiliary) => {
      const other = half(elf, auxiliary + 6);
      needs.push({
        library: text(word(elf, at + 4)),
        name: text(word(elf, auxiliary + 8)),
        hash: word(elf, auxiliary),
        weak: (half(elf, auxiliary + 4) & VER_FLG_WEAK) !== 0,
        index: other & VERSYM_VERSION,
        hidden: (other & VERSYM_HIDDEN) !== 0,
      });
    });
    if (!whole) damaged("needs");
  }
  const definitions: VersionDefined[] = [];
  const definitionRange = rangeOf(DT_VERDEF);
  if (definitionRange !== undefined) {
    let last = -1;
    const whole = eachRecord(elf, definitionRange, values.get(DT_VERDEFNUM), 16, 6, 12, 8, (at, auxiliary) => {
      // The first name is the version's own, the others are its parents'.
      if (at === last) return;
      last = at;
      definitions.push({
        name: text(word(elf, auxiliary)),
        hash: word(elf, at + 8),
        index: half(elf, at + 4) & VERSYM_VERSION,
        base: (half(elf, at + 2) & VER_FLG_BASE) !== 0,
      });
    });
    if (!whole) damaged("definitions");
  }

  let most = 0;
  for (const { index } of needs) most = Math.max(most, index);
  for (const { index } of definitions) most = Math.max(most, index);
  const hash = new Uint32Array(most + 1);
  const hidden = new Uint8Array(most + 1);
  const name: string[] = new Array<string>(most + 1).fill("");
  const library: string[] = new Array<string>(most + 1).fill("");
  for (const need of needs) {
    hash[need.index] = need.hash;
    hidden[need.index] = need.hidden ? 1 : 0;
    name[need.index] = need.name;
    library[need.index] = need.library;
  }
  for (const definition of definitions) {
    if (definition.base) continue;
    hash[definition.index] = definition.hash;
    name[definition.index] = definition.name;
    library[definition.index] = "";
  }
  const symbols = most === 0 ? undefined : rangeOf(DT_VERSYM);
  return {
    symbolsAt: symbols?.start ?? -1,
    symbolCount: symbols === undefined ? 0 : Math.min(symbolCount, (symbols.end - symbols.start) >>> 1),
    lowByte: elf.littleEndian ? 0 : 1,
    hash,
    name,
    hidden,
    library,
    needs,
    definitions,
    defines: definitionRange !== undefined,
  };
}

/** The entry of .gnu.version for a symbol, hidden bit included; 1 (global, no version) where there is none. */
export function versionWord(table: VersionTable, bytes: Uint8Array, symbol: number): number {
  if (symbol >= table.symbolCount) return 1;
  const at = table.symbolsAt + 2 * symbol;
  return bytes[at + table.lowByte] | (bytes[at + 1 - table.lowByte] << 8);
}

/** A symbol's index in the columns of the table: 0 if it has none, or one that no record describes. */
export function versionIndex(table: VersionTable, bytes: Uint8Array, symbol: number): number {
  const index = versionWord(table, bytes, symbol) & VERSYM_VERSION;
  return index < table.hash.length ? index : 0;
}

/**
 * Walks records that are linked by offsets, each with auxiliary records linked alike. Offsets only go forward, so every
 * list ends; a table with more auxiliary records than fit into it shares them, and is given up.
 * @param nextAt where a record has the distance to the next  @param countAt where it has the number of its auxiliary records
 * @param firstAt where it has the distance to the first of them  @param auxiliaryBytes their size; the last word is the distance on
 * @returns false if a list ends early
 */
function eachRecord(
  elf: ElfImage,
  range: FileRange,
  count: number | undefined,
  nextAt: number,
  countAt: number,
  firstAt: number,
  auxiliaryBytes: number,
  use: (at: number, auxiliary: number) => void,
): boolean {
  let left = (range.end - range.start) / auxiliaryBytes;
  let at = range.start;
  // glibc goes by the links alone; DT_VERNEEDNUM is a bound here.
  for (let i = 0; count === undefined || i < count; i++) {
    if (at + nextAt + 4 > range.end) return false;
    let auxiliary = at + word(elf, at + firstAt);
    for (let k = half(elf, at + countAt); k > 0; k--) {
      if (auxiliary + auxiliaryBytes > range.end || left-- <= 0) return false;
      use(at, auxiliary);
      const step = word(elf, auxiliary + auxiliaryBytes - 4);
      if (step === 0) break;
      auxiliary += step;
    }
    const next = word(elf, at + nextAt);
    if (next === 0) return true;
    at += next;
  }
  return true;
}
