// The relocations of a file that name a symbol, as columns, with the hash of every name they speak of: each process that
// loads the file binds them again.

import type { ElfImage } from "../../elf/index.ts";
import { loaderRecordOf } from "../machines/index.ts";
import { type DynamicSymbols, symbolNameStart } from "./dynamic-symbols.ts";
import { entrySymbol, entryType } from "./relocation-entry.ts";
import type { RelocationRange } from "./relocation-ranges.ts";

/** The relocations that name a symbol, in the order of `RelocationRange`s and of the file. */
export interface SymbolicRelocations {
  readonly count: number;
  /** File offset of the relocation. */
  readonly at: Uint32Array;
  readonly symbol: Uint32Array;
  /** The type; the last place of the machine's columns for those beyond them (machines/kinds.ts). */
  readonly type: Uint16Array;
  /** Those from here on are DT_JMPREL's. */
  readonly firstPlt: number;
  /** File offset of the first relocation of DT_JMPREL that cannot be left for the first call; 0 if there is none. */
  readonly notLazy: number;
  /** For each symbol that one of them names: where its name ends in the file, and its GNU hash. 0 for other symbols. */
  readonly nameEnd: Uint32Array;
  readonly hash: Uint32Array;
}

/** Of a machine that is not known nothing is. */
const UNKNOWN = new Uint8Array(256);

/** Decodes the relocations that name symbols. Symbols beyond the table's end are taken for symbol 0, which is local. */
export function symbolicRelocations(
  elf: ElfImage,
  ranges: readonly RelocationRange[],
  symbols: DynamicSymbols,
): SymbolicRelocations {
  const rules = loaderRecordOf(elf)?.relocations;
  const plain = rules?.plain ?? UNKNOWN;
  const lazy = rules?.lazy ?? UNKNOWN;
  const beyond = plain.length - 1;
  let most = 0;
  for (const range of ranges) most += (range.end - range.start) / range.entry;
  const at = new Uint32Array(most);
  const symbol = new Uint32Array(most);
  const type = new Uint16Array(most);
  let count = 0;
  let firstPlt = -1;
  let notLazy = 0;
  for (const range of ranges) {
    if (range.plt && firstPlt < 0) firstPlt = count;
    const relativeEnd = Math.min(range.end, range.start + range.relativeCount * range.entry);
    for (let where = relativeEnd; where < range.end; where += range.entry) {
      const kind = Math.min(entryType(elf, where), beyond);
      if (range.plt && notLazy === 0 && lazy[kind] !== 1) notLazy = where;
      if (plain[kind] === 1) continue;
      const named = entrySymbol(elf, where);
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
