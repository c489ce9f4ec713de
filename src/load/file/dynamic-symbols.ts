// The dynamic symbols of a file, read where they stand. A large library has a hundred thousand of them and a process asks
// for a few, so nothing is decoded ahead; the two classes differ only in where the fields are.

import {
  DT_SYMTAB,
  ELF32_SYM_SIZE,
  ELF64_SYM_SIZE,
  type ElfImage,
  error,
  type FileRange,
  type HashTable,
  type Problem,
  rangeAtAddress,
  SHN_ABS,
} from "../../elf/index.ts";
import { nameAt } from "../../elf/text.ts";
import { highestSymbol, type RelocationRange } from "./relocation-ranges.ts";

export interface DynamicSymbols {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly littleEndian: boolean;
  /** File offset of symbol 0. */
  readonly start: number;
  /** How many there are: as many as the hash table and the relocations speak of, and the file holds. */
  readonly count: number;
  readonly wide: boolean;
  /** Bytes of a symbol, and where its fields are in it. */
  readonly entry: number;
  readonly infoAt: number;
  readonly otherAt: number;
  readonly sectionAt: number;
  readonly valueAt: number;
  /** Where st_value's lower and upper half are in it; the same place in ELF32. */
  readonly valueLowAt: number;
  readonly valueHighAt: number;
  readonly sizeAt: number;
  /** .dynstr in the file. */
  readonly stringStart: number;
  readonly stringEnd: number;
}

/**
 * Finds the dynamic symbols.
 * @param report gets `symbol-table-damaged` if tables speak of symbols that the file does not hold
 */
export function dynamicSymbols(
  elf: ElfImage,
  values: ReadonlyMap<number, number>,
  strings: FileRange,
  hash: HashTable | undefined,
  ranges: readonly RelocationRange[],
  report: (problem: Problem) => void,
): DynamicSymbols {
  const wide = elf.elfClass === 64;
  const entry = wide ? ELF64_SYM_SIZE : ELF32_SYM_SIZE;
  const where = values.get(DT_SYMTAB);
  const range = where === undefined ? undefined : rangeAtAddress(elf, where);
  const room = range === undefined ? 0 : Math.floor((range.end - range.start) / entry);
  const wanted = Math.max(hash?.symbolCount ?? 0, highestSymbol(elf, ranges) + 1);
  if (wanted > room && where !== undefined) {
    report(error("symbol-table-damaged", { file: elf.name }, { bytes: room * entry }));
  }
  const fields = wide
    ? { infoAt: 4, otherAt: 5, sectionAt: 6, valueAt: 8, sizeAt: 16 }
    : { infoAt: 12, otherAt: 13, sectionAt: 14, valueAt: 4, sizeAt: 8 };
  return {
    view: elf.view,
    bytes: elf.bytes,
    littleEndian: elf.littleEndian,
    start: range?.start ?? 0,
    count: Math.min(wanted, room),
    wide,
    entry,
    ...fields,
    valueLowAt: fields.valueAt + (wide && !elf.littleEndian ? 4 : 0),
    valueHighAt: fields.valueAt + (wide && elf.littleEndian ? 4 : 0),
    stringStart: strings.start,
    stringEnd: strings.end,
  };
}

/** File offset of a symbol's name; the end of the file's names if the symbol's offset is outside of them. */
export function symbolNameStart(symbols: DynamicSymbols, index: number): number {
  const at = symbols.stringStart + symbols.view.getUint32(symbols.start + index * symbols.entry, symbols.littleEndian);
  return Math.min(at, symbols.stringEnd);
}

/** The name as text. */
export function symbolName(symbols: DynamicSymbols, index: number): string {
  return nameAt(symbols.bytes, symbolNameStart(symbols, index), symbols.stringEnd);
}

/** STT_*. */
export function symbolType(symbols: DynamicSymbols, index: number): number {
  return symbols.bytes[symbols.start + index * symbols.entry + symbols.infoAt] & 15;
}

/** STB_*. */
export function symbolBinding(symbols: DynamicSymbols, index: number): number {
  return symbols.bytes[symbols.start + index * symbols.entry + symbols.infoAt] >>> 4;
}

/** STV_*. */
export function symbolVisibility(symbols: DynamicSymbols, index: number): number {
  return symbolOther(symbols, index) & 3;
}

/** st_other whole: machines keep facts in the bits above the visibility. */
export function symbolOther(symbols: DynamicSymbols, index: number): number {
  return symbols.bytes[symbols.start + index * symbols.entry + symbols.otherAt];
}

/** st_shndx. */
export function symbolSection(symbols: DynamicSymbols, index: number): number {
  return symbols.view.getUint16(symbols.start + index * symbols.entry + symbols.sectionAt, symbols.littleEndian);
}

/** Lower 32 bits of st_value. */
export function symbolValueLow(symbols: DynamicSymbols, index: number): number {
  return symbols.view.getUint32(symbols.start + index * symbols.entry + symbols.valueLowAt, symbols.littleEndian);
}

/** Upper 32 bits of st_value; 0 in ELF32. */
export function symbolValueHigh(symbols: DynamicSymbols, index: number): number {
  return symbols.wide
    ? symbols.view.getUint32(symbols.start + index * symbols.entry + symbols.valueHighAt, symbols.littleEndian)
    : 0;
}

/** st_value, exact up to 2^53. */
export function symbolValue(symbols: DynamicSymbols, index: number): number {
  return symbolValueHigh(symbols, index) * 0x1_0000_0000 + symbolValueLow(symbols, index);
}

/** st_size, exact up to 2^53. */
export function symbolSize(symbols: DynamicSymbols, index: number): number {
  const at = symbols.start + index * symbols.entry + symbols.sizeAt;
  const first = symbols.view.getUint32(at, symbols.littleEndian);
  if (!symbols.wide) return first;
  const second = symbols.view.getUint32(at + 4, symbols.littleEndian);
  return symbols.littleEndian ? second * 0x1_0000_0000 + first : first * 0x1_0000_0000 + second;
}

/** Absolute symbols do not move with the object that defines them (glibc, `SYMBOL_ADDRESS`). */
export function isAbsolute(symbols: DynamicSymbols, index: number): boolean {
  return symbolSection(symbols, index) === SHN_ABS;
}
