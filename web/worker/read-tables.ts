// Reads of a large file what is asked about, in steps: first headers, the dynamic section and dynamic symbols, which say what the file
// is; then all its tables: symbols, relocations, unwind records. Code, data and debugging information, most of its bytes, are read
// when they are looked at.

import {
  DT_SYMTAB,
  dynamicOf,
  dynamicValue,
  type ElfFile,
  type ElfSection,
  ET_REL,
  parseElf,
  SHF_COMPRESSED,
  SHT_DYNAMIC,
  SHT_DYNSYM,
  SHT_GNU_verdef,
  SHT_GNU_verneed,
  SHT_GNU_versym,
  SHT_NOBITS,
  SHT_NOTE,
  SHT_NULL,
  SHT_PROGBITS,
  SHT_SYMTAB,
  SHT_SYMTAB_SHNDX,
} from "../../src/elf/index.ts";
import { readLoaderParts } from "../../src/host/loader-parts.ts";

/** How much of a file is here: its names, its tables, all of it. */
export type Depth = 0 | 1 | 2;
export const NAMES = 0;
export const TABLES = 1;
export const WHOLE = 2;

/** Fills in a part of the file; the end is not included. */
type Read = (from: number, to: number) => void;

/** Has the program headers in it, and of most files the first tables. */
const HEAD = 0x10000;
/** Sections of bytes without a table's type are taken up to this size: `.interp`, `.comment`, the GOT. */
const SMALL_SECTION = 0x10000;

/** What lies between two parts that are read, if it is no more than this, is read with them. */
const NEAR = 0x4000;

/** Elf64_Chdr: how large a compressed section will be is always said. */
const COMPRESSION_HEADER = 24;

const NAME_TYPES: ReadonlySet<number> = new Set([
  SHT_DYNAMIC,
  SHT_DYNSYM,
  SHT_GNU_verdef,
  SHT_GNU_verneed,
  SHT_GNU_versym,
  SHT_NOTE,
]);
/** Of an object before a link also these. */
const OBJECT_TYPES: ReadonlySet<number> = new Set([SHT_SYMTAB, SHT_SYMTAB_SHNDX]);

const nothing = (): void => {};

/**
 * The first step.
 * @param bytes room for the whole file, zero
 * @returns how far it went: what is no ELF file is read whole
 */
export function readNames(bytes: Uint8Array, read: Read): Depth {
  read(0, Math.min(HEAD, bytes.length));
  const first = parseElf(bytes, "", nothing)?.header;
  if (first === undefined) {
    read(0, bytes.length);
    return WHOLE;
  }
  // Where there are more sections or segments than the ELF header can say, section 0 says how many.
  readWithin(bytes, read, first.sectionOffset, first.sectionBytes);
  const header = parseElf(bytes, "", nothing)?.header ?? first;
  readWithin(bytes, read, header.sectionOffset, header.sectionBytes * header.sectionCount);
  readWithin(bytes, read, header.segmentOffset, header.segmentBytes * header.segmentCount);
  const file = parseElf(bytes, "", nothing);
  if (file === undefined) return NAMES;
  const isObject = header.type === ET_REL;
  const isNamed = (type: number): boolean => NAME_TYPES.has(type) || (isObject && OBJECT_TYPES.has(type));
  const strings = new Set([header.sectionNames]);
  for (const { type, link } of file.sections) if (isNamed(type)) strings.add(link);
  readSections(
    file,
    read,
    (it) => isNamed(it.type) || (it.index > 0 && strings.has(it.index)) || (!isObject && isSmall(it)),
  );
  return isLikeLoaded(file) && readLoaderParts(bytes, read) ? WHOLE : NAMES;
}

/** The second step. Names of sections need not be here; types and places are. */
export function readTables(bytes: Uint8Array, read: Read): void {
  const file = parseElf(bytes, "", nothing);
  if (file !== undefined) readSections(file, read, (it) => it.type !== SHT_PROGBITS || isSmall(it));
}

function isSmall({ type, size }: ElfSection): boolean {
  return type === SHT_PROGBITS && size <= SMALL_SECTION;
}

/** Are tables found by the dynamic section alone? No section has the symbols that it names. */
function isLikeLoaded(file: ElfFile): boolean {
  const dynamic = dynamicOf(file, nothing);
  const symbols = dynamic && dynamicValue(dynamic, DT_SYMTAB);
  return symbols !== undefined && !file.sections.some((it) => it.type === SHT_DYNSYM && it.address === symbols);
}

/** Sections, those that lie near each other at once: an object may have a hundred thousand. */
function readSections({ sections, bytes }: ElfFile, read: Read, isWanted: (section: ElfSection) => boolean): void {
  const parts = sections
    .filter((it) => it.type !== SHT_NULL && it.type !== SHT_NOBITS && it.offset < bytes.length)
    .flatMap((it) => {
      const size = isWanted(it) ? it.size : (it.flags & SHF_COMPRESSED) !== 0 ? COMPRESSION_HEADER : 0;
      return size > 0 ? [{ from: it.offset, to: Math.min(it.offset + size, bytes.length) }] : [];
    })
    .sort((a, b) => a.from - b.from);
  let [from, to] = [0, 0];
  for (const part of parts) {
    if (part.from > to + NEAR) {
      readWithin(bytes, read, from, to - from);
      from = part.from;
    }
    to = Math.max(to, part.to);
  }
  readWithin(bytes, read, from, to - from);
}

function readWithin(bytes: Uint8Array, read: Read, from: number, size: number): void {
  if (size > 0 && from + size <= bytes.length) read(from, from + size);
}
