// Where a file's relocations are and in which order glibc applies them (elf/dynamic-link.h, elf/do-rel.h): DT_RELR, then
// DT_REL or DT_RELA, then DT_JMPREL. The ones that name a symbol are also kept as columns, with the hash of every name
// they speak of, since each process that loads the file binds them again.

import {
  R_386_IRELATIVE,
  R_386_JUMP_SLOT,
  R_386_NONE,
  R_386_RELATIVE,
  R_386_TLS_DESC,
} from "../arch/i386/relocations.ts";
import {
  R_X86_64_IRELATIVE,
  R_X86_64_JUMP_SLOT,
  R_X86_64_NONE,
  R_X86_64_RELATIVE,
  R_X86_64_RELATIVE64,
  R_X86_64_TLSDESC,
} from "../arch/x86_64/relocations.ts";
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
  EM_386,
  EM_X86_64,
  error,
  type Problem,
  rangeAtAddress,
} from "../elf/index.ts";
import { type DynamicSymbols, symbolNameStart } from "./dynamic-symbols.ts";

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

/** The relocations that name a symbol, in the order of `RelocationRange`s and of the file. */
export interface SymbolicRelocations {
  readonly count: number;
  /** File offset of the relocation. */
  readonly at: Uint32Array;
  readonly symbol: Uint32Array;
  readonly type: Uint8Array;
  /** Those from here on are DT_JMPREL's. */
  readonly firstPlt: number;
  /** File offset of the first relocation of DT_JMPREL that cannot be left for the first call; 0 if there is none. */
  readonly notLazy: number;
  /** For each symbol that one of them names: where its name ends in the file, and its GNU hash. 0 for other symbols. */
  readonly nameEnd: Uint32Array;
  readonly hash: Uint32Array;
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
    const entry = wide ? 24 : rela ? 12 : 8;
    const end = range.start + Math.floor(size / entry) * entry;
    ranges.push({ start: range.start, end, entry, rela, plt, relativeCount });
  };
  const pltRela = values.get(DT_PLTREL) === DT_RELA;
  const pltSize = values.get(DT_JMPREL) === undefined ? undefined : values.get(DT_PLTRELSZ);
  // x86-64's loader knows RELA only.
  const forms = wide ? [true] : [false, true];
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
  const wide = elf.elfClass === 64;
  let highest = -1;
  for (const { start, end, entry, relativeCount } of ranges) {
    for (let at = start + relativeCount * entry; at < end; at += entry) {
      const symbol = wide ? elf.view.getUint32(at + 12, true) : elf.view.getUint32(at + 4, true) >>> 8;
      if (symbol > highest) highest = symbol;
    }
  }
  return highest;
}

/** Types without a symbol, by machine: 1 at their number. */
const PLAIN: Readonly<Record<number, Uint8Array>> = {
  [EM_X86_64]: flags([R_X86_64_NONE, R_X86_64_RELATIVE, R_X86_64_RELATIVE64, R_X86_64_IRELATIVE]),
  [EM_386]: flags([R_386_NONE, R_386_RELATIVE, R_386_IRELATIVE]),
};

/** Types that lazy binding knows, by machine (elf_machine_lazy_rel). */
const LAZY: Readonly<Record<number, Uint8Array>> = {
  [EM_X86_64]: flags([R_X86_64_JUMP_SLOT, R_X86_64_TLSDESC, R_X86_64_IRELATIVE]),
  [EM_386]: flags([R_386_JUMP_SLOT, R_386_TLS_DESC, R_386_IRELATIVE]),
};

function flags(types: readonly number[]): Uint8Array {
  const set = new Uint8Array(256);
  for (const type of types) set[type] = 1;
  return set;
}

/** 1 for each relocation type of the machine that names no symbol (RELATIVE, IRELATIVE, NONE). */
export function plainTypes(elfMachine: number): Uint8Array {
  return PLAIN[elfMachine] ?? flags([]);
}

/** Decodes the relocations that name symbols. Symbols beyond the table's end are taken for symbol 0, which is local. */
export function symbolicRelocations(
  elf: ElfImage,
  ranges: readonly RelocationRange[],
  symbols: DynamicSymbols,
): SymbolicRelocations {
  const wide = elf.elfClass === 64;
  const plain = plainTypes(elf.header.machine);
  const lazy = LAZY[elf.header.machine] ?? plain;
  let most = 0;
  for (const range of ranges) most += (range.end - range.start) / range.entry;
  const at = new Uint32Array(most);
  const symbol = new Uint32Array(most);
  const type = new Uint8Array(most);
  let count = 0;
  let firstPlt = -1;
  let notLazy = 0;
  for (const range of ranges) {
    if (range.plt) firstPlt = count;
    const relativeEnd = Math.min(range.end, range.start + range.relativeCount * range.entry);
    for (let where = relativeEnd; where < range.end; where += range.entry) {
      const info = elf.view.getUint32(where + (wide ? 8 : 4), true);
      const kind = wide ? Math.min(info, 255) : info & 255;
      if (range.plt && notLazy === 0 && lazy[kind] !== 1) notLazy = where;
      if (plain[kind] === 1) continue;
      const named = wide ? elf.view.getUint32(where + 12, true) : info >>> 8;
      at[count] = where;
      type[count] = kind;
      symbol[count++] = named < symbols.count ? named : 0;
    }
  }
  const columns = {
    count,
    at: at.slice(0, count),
    symbol: symbol.slice(0, count),
    type: type.slice(0, count),
    firstPlt: firstPlt < 0 ? count : firstPlt,
    notLazy,
  };
  return { ...columns, ...namesOf(symbols, columns.symbol) };
}

/**
 * Symbols of a hostile file may all name the same endless string. All names of an honest one are shorter than the file; what
 * goes beyond sixteen times that is taken for empty names, which nothing defines.
 */
function namesOf(symbols: DynamicSymbols, named: Uint32Array): { nameEnd: Uint32Array; hash: Uint32Array } {
  const { bytes, count, stringEnd } = symbols;
  const nameEnd = new Uint32Array(count);
  const hash = new Uint32Array(count);
  let left = 16 * bytes.length;
  for (let i = 0; i < named.length; i++) {
    const index = named[i];
    if (index === 0 || nameEnd[index] !== 0) continue;
    const start = symbolNameStart(symbols, index);
    const limit = left > 0 ? stringEnd : start;
    // elf/hash.ts `gnuHash`, and where the name ends, in one go.
    let end = start;
    let hashed = 5381;
    for (; end < limit && bytes[end] !== 0; end++) hashed = ((hashed << 5) + hashed + bytes[end]) | 0;
    left -= end - start;
    nameEnd[index] = end;
    hash[index] = hashed;
  }
  return { nameEnd, hash };
}
