// What a byte of a file is: the section and segment that hold it, the record and field, the symbol that covers it, the relocation
// that changes it. What `solder dump --at` says, and what links the page's bytes with its tables, both ways.

import {
  type ElfFile,
  type ElfSection,
  type ElfSymbol,
  ET_REL,
  PT_LOAD,
  parseElf,
  rangeAtAddress,
  SHF_TLS,
  SHT_DYNSYM,
  SHT_NOBITS,
  SHT_NULL,
  SHT_SYMTAB,
  STT_FILE,
  STT_SECTION,
  STT_TLS,
  sectionOfType,
  segmentPermissions,
  segmentTypeName,
  symbolsOf,
} from "../../elf/index.ts";
import { type Locator, locator } from "../dump/locate.ts";
import { addressesOf, type RelocatedPlace, relocatedBetween } from "./relocated.ts";
import { type FoundField, fieldAt, type RecordTable, recordTables } from "./structures.ts";

/** What is asked about the bytes of one file. */
export interface Anatomy {
  readonly file: ElfFile;
  readonly tables: readonly RecordTable[];
  /** Sections with bytes in the file, by offset. */
  readonly sections: readonly ElfSection[];
  readonly places: Locator;
  readonly symbols: readonly ElfSymbol[];
}

const nothing = (): void => {};

/** @returns undefined for what is no ELF file */
export function anatomyOf(bytes: Uint8Array, name: string): Anatomy | undefined {
  const file = parseElf(bytes, name, nothing);
  if (file === undefined) return undefined;
  const table = sectionOfType(file, SHT_SYMTAB) ?? sectionOfType(file, SHT_DYNSYM);
  const symbols = table === undefined ? [] : symbolsOf(file, table, nothing);
  return {
    file,
    tables: recordTables(file),
    sections: file.sections
      .filter(({ type, size }) => type !== SHT_NULL && type !== SHT_NOBITS && size > 0)
      .sort((a, b) => a.offset - b.offset),
    places: locator(file, symbols),
    symbols,
  };
}

/** Everything that is known of a byte. */
export interface ByteFacts {
  readonly offset: number;
  /** In memory, where a PT_LOAD segment maps it. */
  readonly address: number | undefined;
  readonly section: { readonly index: number; readonly name: string; readonly offset: number } | undefined;
  readonly segments: readonly { readonly index: number; readonly type: string; readonly permissions: string }[];
  /** What stands there: `main+0x12`. */
  readonly place: string | undefined;
  /** The symbol that covers it. */
  readonly symbol: { readonly index: number; readonly name: string } | undefined;
  readonly field: FoundField | undefined;
  /** The field's number; undefined where it is more than a number holds. */
  readonly value: number | undefined;
  readonly relocation: RelocatedPlace | undefined;
}

/** @param offset in the file */
export function byteFacts(anatomy: Anatomy, offset: number): ByteFacts {
  const { file, places } = anatomy;
  const section = sectionAt(anatomy, offset);
  const segments = file.segments.filter(
    ({ offset: start, fileBytes }) => offset >= start && offset < start + fileBytes,
  );
  const load = segments.find(({ type }) => type === PT_LOAD);
  const address = load === undefined ? undefined : load.address + offset - load.offset;
  const field = fieldAt(anatomy.tables, offset);
  const symbol = symbolAt(anatomy, section, offset, address);
  const isObject = file.header.type === ET_REL;
  return {
    offset,
    address,
    section: section && { index: section.index, name: section.name, offset: offset - section.offset },
    segments: segments.map((it) => ({
      index: it.index,
      type: segmentTypeName(it.type, file.header.machine),
      permissions: segmentPermissions(it.flags).replaceAll(" ", "").replace("E", "X"),
    })),
    place: isObject
      ? section && places.offset(section.index, offset - section.offset)
      : address === undefined
        ? undefined
        : places.address(address),
    symbol: symbol && { index: symbol.index, name: symbol.name },
    field,
    value: field && numberAt(file, field.start, field.field.bytes),
    relocation: relocatedBetween(file, offset, offset + 1)[0],
  };
}

function sectionAt({ sections }: Anatomy, offset: number): ElfSection | undefined {
  return sections.findLast((one) => one.offset <= offset && offset < one.offset + one.size);
}

function symbolAt(
  { symbols, file }: Anatomy,
  section: ElfSection | undefined,
  offset: number,
  address: number | undefined,
): ElfSymbol | undefined {
  const isObject = file.header.type === ET_REL;
  const place = isObject ? section && offset - section.offset : address;
  if (place === undefined) return undefined;
  return symbols.findLast(
    (it) =>
      isPlace(it) &&
      (!isObject || it.section === section?.index) &&
      it.value <= place &&
      place < it.value + Math.max(1, it.size),
  );
}

function isPlace(symbol: ElfSymbol): boolean {
  const { type, section, name } = symbol;
  return section !== 0 && name !== "" && type !== STT_SECTION && type !== STT_FILE && type !== STT_TLS;
}

function numberAt({ view, littleEndian, bytes }: ElfFile, at: number, size: number): number | undefined {
  if (at + size > bytes.length) return undefined;
  switch (size) {
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at, littleEndian);
    case 4:
      return view.getUint32(at, littleEndian);
    case 8: {
      const value = Number(view.getBigUint64(at, littleEndian));
      return Number.isSafeInteger(value) ? value : undefined;
    }
    default:
      return undefined;
  }
}

/** A stretch of bytes that is shown as one. */
export interface ByteMark {
  readonly start: number;
  readonly end: number;
  readonly kind: "field" | "relocation" | "symbol";
  /** `st_value`; the relocated place; the symbol's name. */
  readonly name: string;
}

/** What begins or lies between two offsets, for a view that shows these bytes: some thousands at most. */
export function marksBetween(anatomy: Anatomy, from: number, to: number): ByteMark[] {
  const marks: ByteMark[] = [];
  for (const { start, recordBytes, count, fields } of anatomy.tables) {
    const end = start + recordBytes * count;
    if (end <= from || start >= to) continue;
    const first = Math.max(0, Math.floor((from - start) / recordBytes));
    for (let record = first; record < count && start + record * recordBytes < to; record++) {
      for (const { name, offset, bytes } of fields) {
        const at = start + record * recordBytes + offset;
        if (at < to && at + bytes > from) marks.push({ start: at, end: at + bytes, kind: "field", name });
      }
    }
  }
  for (const { start, bytes } of relocatedBetween(anatomy.file, from, to))
    marks.push({ start, end: start + bytes, kind: "relocation", name: "" });
  for (const symbol of symbolsBetween(anatomy, from, to)) {
    const at = offsetOfSymbol(anatomy.file, symbol);
    if (at !== undefined && at >= from && at < to)
      marks.push({ start: at, end: at + Math.max(1, symbol.size), kind: "symbol", name: symbol.name });
  }
  return marks;
}

/** Symbols that may begin there. */
function symbolsBetween({ file, symbols }: Anatomy, from: number, to: number): readonly ElfSymbol[] {
  if (file.header.type === ET_REL) return symbols.filter(isPlace);
  const addresses = addressesOf(file, from, to);
  return symbols.filter((it) => addresses.some((one) => it.value >= one.from && it.value < one.to) && isPlace(it));
}

/** Where a symbol's bytes are in the file; undefined if it has none. */
export function offsetOfSymbol(file: ElfFile, symbol: ElfSymbol): number | undefined {
  const section = file.sections[symbol.section];
  if (file.header.type !== ET_REL)
    return symbol.section === 0 || symbol.type === STT_TLS ? undefined : rangeAtAddress(file, symbol.value)?.start;
  return section === undefined || section.type === SHT_NOBITS || section.type === SHT_NULL
    ? undefined
    : section.offset + symbol.value;
}

/** Where the byte at an address is in the file. */
export function offsetOfAddress(file: ElfFile, address: number): number | undefined {
  if (file.header.type === ET_REL) return undefined;
  const range = rangeAtAddress(file, address);
  if (range !== undefined) return range.start;
  const section = file.sections.find(
    (it) =>
      (it.flags & SHF_TLS) !== 0 && it.type !== SHT_NOBITS && address >= it.address && address < it.address + it.size,
  );
  return section && section.offset + address - section.address;
}
