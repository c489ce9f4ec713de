// Where a file's relocations are and in which order glibc applies them (elf/dynamic-link.h, elf/do-rel.h): DT_RELR, then
// DT_REL or DT_RELA, then DT_JMPREL.

import {
  DT_JMPREL,
  DT_PLTREL,
  DT_PLTRELSZ,
  DT_REL,
  DT_RELA,
  DT_RELACOUNT,
  DT_RELASZ,
  DT_RELCOUNT,
  DT_RELSZ,
  type ElfImage,
  error,
  namesManyTypes,
  type Problem,
  rangeAtAddress,
} from "../../elf/index.ts";
import { entrySymbol } from "./relocation-entry.ts";

/** A run of relocations that are applied one after the other. */
export interface RelocationRange {
  /** File offsets. */
  readonly start: number;
  readonly end: number;
  /** Bytes of a relocation: 8 (REL, 32 bits), 12 (RELA, 32 bits) or 24 (RELA, 64 bits). */
  readonly entry: number;
  readonly rela: boolean;
  /** DT_JMPREL: may be left for the first call. */
  readonly plt: boolean;
  /** DT_RELACOUNT: so many at the start are R_*_RELATIVE and applied without a look at their type. */
  readonly relativeCount: number;
}

/**
 * Finds the relocation tables.
 * @param report gets `address-not-in-file`
 */
export function relocationRanges(
  elf: ElfImage,
  values: ReadonlyMap<number, number>,
  report: (problem: Problem) => void,
): RelocationRange[] {
  const ranges: RelocationRange[] = [];
  const wide = elf.elfClass === 64;
  const add = (tag: number, size: number | undefined, rela: boolean, plt: boolean, relativeCount: number): void => {
    const where = values.get(tag);
    if (where === undefined || size === undefined || size === 0) return;
    const range = rangeAtAddress(elf, where);
    if (range === undefined || range.end - range.start < size) {
      report(error("address-not-in-file", { file: elf.name }, { address: where, size, tag: TABLE_NAMES[tag] }));
      return;
    }
    const entry = wide ? (rela ? 24 : 16) : rela ? 12 : 8;
    const end = range.start + Math.floor(size / entry) * entry;
    ranges.push({ start: range.start, end, entry, rela, plt, relativeCount });
  };
  const pltRela = values.get(DT_PLTREL) === DT_RELA;
  const pltSize = values.get(DT_JMPREL) === undefined ? undefined : values.get(DT_PLTRELSZ);
  // 64-bit loaders know RELA only, and that of MIPS REL only.
  const isRel = namesManyTypes(elf.header.machine, elf.elfClass);
  const forms = wide ? [!isRel] : [false, true];
  for (const rela of forms) {
    const tag = rela ? DT_RELA : DT_REL;
    const size = values.get(rela ? DT_RELASZ : DT_RELSZ);
    // Some linkers count DT_JMPREL's entries as part of DT_RELA's (glibc, _ELF_DYNAMIC_DO_RELOC).
    const whole = (values.get(tag) ?? 0) + (size ?? 0);
    const shared = pltRela === rela && pltSize !== undefined && whole === (values.get(DT_JMPREL) ?? 0) + pltSize;
    const own = size === undefined ? undefined : size - (shared ? (pltSize ?? 0) : 0);
    add(tag, own, rela, false, values.get(rela ? DT_RELACOUNT : DT_RELCOUNT) ?? 0);
    if (pltRela === rela) add(DT_JMPREL, pltSize, rela, true, 0);
  }
  return ranges;
}

const TABLE_NAMES: Readonly<Record<number, string>> = { [DT_RELA]: "RELA", [DT_REL]: "REL", [DT_JMPREL]: "JMPREL" };

/** The highest number of a symbol that a relocation names; -1 if there is none. */
export function highestSymbol(elf: ElfImage, ranges: readonly RelocationRange[]): number {
  let highest = -1;
  for (const { start, end, entry, relativeCount } of ranges) {
    for (let at = start + relativeCount * entry; at < end; at += entry) {
      const symbol = entrySymbol(elf, at);
      if (symbol > highest) highest = symbol;
    }
  }
  return highest;
}
