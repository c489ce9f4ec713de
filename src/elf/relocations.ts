// Relocation tables as records: REL (the addend is in the relocated field), RELA (the addend is in the table) and RELR
// (nothing but the addresses of words to which the load base is added, packed as bitmaps; gABI, "Relative Relocation Table").

import {
  ELF32_REL_SIZE,
  ELF32_RELA_SIZE,
  ELF64_REL_SIZE,
  ELF64_RELA_SIZE,
  EM_MIPS,
  SHT_REL,
  SHT_RELA,
  SHT_RELR,
} from "./constants.ts";
import { contentsRange, type ElfFile } from "./file.ts";
import type { Place, Report } from "./problem.ts";
import { error } from "./problem.ts";
import type { ElfSection } from "./sections.ts";
import { address, type ElfSource, type FileRange, highHalf, lowHalf, word } from "./source.ts";

export interface ElfRelocation {
  /** Where: an offset in the section in relocatable files, an address in linked ones. */
  readonly offset: number;
  /** R_*: the machine's number. */
  readonly type: number;
  /** Index in the symbol table; 0 for none. */
  readonly symbol: number;
  /** Signed, exact up to 2^53 either way; undefined for REL, where it is in the field. */
  readonly addend: number | undefined;
  /** Upper 32 bits (signed) and lower 32 bits (unsigned) of the addend; 0 for REL. */
  readonly addendHigh: number;
  readonly addendLow: number;
}

export type RelocationFormat = "rel" | "rela";

/** Is this a section whose relocations `relocationsOf` decodes? */
export function isRelocationSection(section: ElfSection): boolean {
  return section.type === SHT_REL || section.type === SHT_RELA;
}

/**
 * The relocations of an SHT_REL or SHT_RELA section.
 * @param report gets `section-outside-file`, `relocation-table-damaged`
 */
export function relocationsOf(file: ElfFile, section: ElfSection, report: Report): ElfRelocation[] {
  const range = contentsRange(file, section, report);
  if (range === undefined) return [];
  const place = { file: file.name, section: section.name };
  const format = section.type === SHT_RELA ? "rela" : "rel";
  return readRelocations(file, range, format, place, report, namesManyTypes(file.header.machine, file.elfClass));
}

/** Bytes of one relocation. */
export function relocationBytes(source: ElfSource, format: RelocationFormat): number {
  if (format === "rela") return source.elfClass === 64 ? ELF64_RELA_SIZE : ELF32_RELA_SIZE;
  return source.elfClass === 64 ? ELF64_REL_SIZE : ELF32_REL_SIZE;
}

/** Decodes a REL or RELA table that lies in the file; `relocation-table-damaged` if its size is no multiple of an entry's. */
export function readRelocations(
  source: ElfSource,
  range: FileRange,
  format: RelocationFormat,
  place: Place,
  report: Report,
  manyTypes: boolean = false,
): ElfRelocation[] {
  const size = relocationBytes(source, format);
  const bytes = range.end - range.start;
  if (bytes % size !== 0) report(error("relocation-table-damaged", place, { bytes, entry: size }));
  const relocations: ElfRelocation[] = [];
  for (let at = range.start; at + size <= range.end; at += size)
    relocations.push(readRelocation(source, at, format, manyTypes));
  return relocations;
}

/** The relocation whose entry stands at an offset of the file. */
export function readRelocation(
  source: ElfSource,
  at: number,
  format: RelocationFormat,
  manyTypes: boolean,
): ElfRelocation {
  return source.elfClass === 64 ? readWide(source, at, format, manyTypes) : readNarrow(source, at, format);
}

/**
 * Does r_info name up to three types, each of which takes what the one before computes (64-bit ELF Object File Specification for
 * MIPS)? The numbers are then one, the first type in its lowest byte.
 */
export function namesManyTypes(elfMachine: number, elfClass: number): boolean {
  return elfMachine === EM_MIPS && elfClass === 64;
}

/** r_info of such a machine in either byte order: a word for the symbol, a byte for another, and a byte a type, the last first. */
export function manyTypesAt({ bytes }: ElfSource, info: number): number {
  return bytes[info + 7] | (bytes[info + 6] << 8) | (bytes[info + 5] << 16);
}

/** ELF64: r_info has the symbol in the upper half and the type in the lower. */
function readWide(source: ElfSource, at: number, format: RelocationFormat, manyTypes: boolean): ElfRelocation {
  const high = format === "rela" ? highHalf(source, at + 16) | 0 : 0;
  const low = format === "rela" ? lowHalf(source, at + 16) : 0;
  return {
    offset: address(source, at),
    type: manyTypes ? manyTypesAt(source, at + 8) : lowHalf(source, at + 8),
    symbol: manyTypes ? word(source, at + 8) : highHalf(source, at + 8),
    addend: format === "rela" ? high * 0x1_0000_0000 + low : undefined,
    addendHigh: high,
    addendLow: low,
  };
}

/** ELF32: r_info has the symbol in the upper 24 bits and the type in the lower 8. */
function readNarrow(source: ElfSource, at: number, format: RelocationFormat): ElfRelocation {
  const info = word(source, at + 4);
  const addend = format === "rela" ? word(source, at + 8) | 0 : undefined;
  return {
    offset: address(source, at),
    type: info & 0xff,
    symbol: info >>> 8,
    addend,
    addendHigh: addend !== undefined && addend < 0 ? -1 : 0,
    addendLow: addend === undefined ? 0 : addend >>> 0,
  };
}

/** The addresses of an SHT_RELR section; see `readRelr`. */
export function relrOf(file: ElfFile, section: ElfSection, report: Report): Float64Array {
  const range = section.type === SHT_RELR ? contentsRange(file, section, report) : undefined;
  if (range === undefined) return new Float64Array(0);
  return readRelr(file, range, { file: file.name, section: section.name }, report);
}

/**
 * The addresses that a RELR table stands for, in its order. An even word is an address to relocate; an odd word is a bitmap
 * of the words (31 or 63) that follow the last address or bitmap.
 * @param report gets `relocation-table-damaged`: its size, or more addresses than the file has words to relocate
 */
export function readRelr(source: ElfSource, range: FileRange, place: Place, report: Report): Float64Array {
  const size = source.elfClass / 8;
  const bytes = range.end - range.start;
  const count = relrCount(source, range, size);
  // Every relocated word is in the file, and no two are the same.
  if (bytes % size !== 0 || count > source.bytes.length / size) {
    report(error("relocation-table-damaged", place, { bytes, entry: size }));
    if (count > source.bytes.length / size) return new Float64Array(0);
  }
  const addresses = new Float64Array(count);
  let filled = 0;
  let where = 0;
  for (let at = range.start; at + size <= range.end; at += size) {
    const low = size === 8 ? lowHalf(source, at) : word(source, at);
    if ((low & 1) === 0) {
      const first = address(source, at);
      addresses[filled++] = first;
      where = first + size;
    } else {
      filled = addBitmap(addresses, filled, low, 1, where, size);
      if (size === 8) filled = addBitmap(addresses, filled, highHalf(source, at), 0, where + 31 * size, size);
      where += (8 * size - 1) * size;
    }
  }
  return addresses;
}

/** Adds the addresses for the bits of `bits` from `firstBit` up; the first of them stands for `where`. */
function addBitmap(
  addresses: Float64Array,
  filled: number,
  bits: number,
  firstBit: number,
  where: number,
  size: number,
): number {
  let next = filled;
  for (let bit = firstBit; bit < 32; bit++) {
    if (((bits >>> bit) & 1) === 1) addresses[next++] = where + (bit - firstBit) * size;
  }
  return next;
}

function relrCount(source: ElfSource, range: FileRange, size: number): number {
  let count = 0;
  for (let at = range.start; at + size <= range.end; at += size) {
    const low = size === 8 ? lowHalf(source, at) : word(source, at);
    if ((low & 1) === 0) count++;
    else count += ones(low) - 1 + (size === 8 ? ones(highHalf(source, at)) : 0);
  }
  return count;
}

/** How many of the 32 bits are set. */
function ones(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}
