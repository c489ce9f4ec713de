// The relocations of a file that name a symbol, as columns, with the hash of every name they speak of: each process that
// loads the file binds them again.

import {
  R_386_IRELATIVE,
  R_386_JUMP_SLOT,
  R_386_NONE,
  R_386_RELATIVE,
  R_386_TLS_DESC,
} from "../../arch/i386/relocations.ts";
import {
  R_X86_64_IRELATIVE,
  R_X86_64_JUMP_SLOT,
  R_X86_64_NONE,
  R_X86_64_RELATIVE,
  R_X86_64_RELATIVE64,
  R_X86_64_TLSDESC,
} from "../../arch/x86_64/relocations.ts";
import { type ElfImage, EM_386, EM_X86_64 } from "../../elf/index.ts";
import { type DynamicSymbols, symbolNameStart } from "./dynamic-symbols.ts";
import type { RelocationRange } from "./relocation-ranges.ts";

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
