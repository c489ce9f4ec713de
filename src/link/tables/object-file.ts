// Reads a relocatable object into the section columns: headers only, every offset checked. Symbols follow in
// object-symbols.ts, once section groups have decided which sections take part.

import {
  ELF32_SYM_SIZE,
  ELF64_SYM_SIZE,
  SHF_ALLOC,
  SHF_COMPRESSED,
  SHN_XINDEX,
  SHT_NOBITS,
  SHT_NULL,
  SHT_REL,
  SHT_RELA,
  SHT_SYMTAB,
  SHT_SYMTAB_SHNDX,
} from "../../elf/constants.ts";
import { unsigned64 } from "../../elf/halves.ts";
import { error, type Report } from "../../elf/problem.ts";
import { bytesOf } from "../../elf/text.ts";
import type { ObjectId, SectionId, SymbolId } from "./ids.ts";
import { addSections, type SectionTable, STATE_COMPRESSED } from "./section-table.ts";

export interface ObjectFile {
  readonly id: ObjectId;
  /** As in messages: `main.o`, `libc.a(printf.o)`. */
  readonly name: string;
  /** Path of the file or archive, and the member's name in it. */
  readonly path: string;
  readonly member: string | undefined;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly is64: boolean;
  /** SectionId of its section 0. */
  readonly firstSection: SectionId;
  readonly sectionCount: number;
  /** Symbol table: file offset, entries, and where the global ones start. All 0 without one. */
  readonly symtab: number;
  readonly symbolCount: number;
  readonly firstGlobal: number;
  /** String table of the symbol table: [start, end) in bytes. */
  readonly strings: number;
  readonly stringsEnd: number;
  /** Offset of the SHT_SYMTAB_SHNDX table, or 0. */
  readonly symtabShndx: number;
  /** End of the section name table: no name reaches beyond. */
  readonly namesEnd: number;
  /** Global symbol `i` of the object is `symbols[i - firstGlobal]`. */
  readonly symbols: Int32Array;
  /** Running number of the object's symbol 0 over all objects: makes (object, symbol) one number. */
  readonly symbolBase: number;
  /** The symbol whose lack pulled this member out of its archive, or -1. */
  readonly pulledBy: SymbolId;
  /** --exclude-libs: its definitions are not exported. */
  readonly excluded: boolean;
  /** Position among all inputs: decides between equals, and groups local symbols in the output. */
  readonly input: number;
  /** It was made from a file that is no object, which says nothing of stacks and properties; see made-objects.ts. */
  readonly made?: "binary" | "symbols";
}

export interface ObjectOrigin {
  readonly name: string;
  readonly path: string;
  readonly member: string | undefined;
  readonly pulledBy: SymbolId;
  readonly excluded: boolean;
  readonly input: number;
  readonly made?: "binary" | "symbols";
}

/** u64 as a number: exact below 2^53, which is checked where it matters (offsets are compared with the file's size). */
export function readWord(view: DataView, at: number, is64: boolean): number {
  const low = view.getUint32(at, true);
  return is64 ? unsigned64(low, view.getUint32(at + 4, true)) : low;
}

/**
 * Decodes the section headers of an object into `sections`.
 * @param bytes an ELF relocatable file of the link's machine (the caller has looked at the identification)
 * @returns undefined after reporting what is wrong
 */
export function readObject(
  bytes: Uint8Array,
  is64: boolean,
  id: ObjectId,
  symbolBase: number,
  origin: ObjectOrigin,
  sections: SectionTable,
  report: Report,
): ObjectFile | undefined {
  const fail = (code: string, details = {}): undefined => {
    report(error(code, { file: origin.name }, details));
    return undefined;
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerSize = is64 ? 64 : 52;
  const entrySize = is64 ? 64 : 40;
  if (bytes.length < headerSize) return fail("truncated-header", { size: bytes.length });
  const table = readWord(view, is64 ? 40 : 32, is64);
  const shentsize = view.getUint16(is64 ? 58 : 46, true);
  let count = view.getUint16(is64 ? 60 : 48, true);
  let nameIndex = view.getUint16(is64 ? 62 : 50, true);
  if (table !== 0) {
    if (shentsize !== entrySize) return fail("bad-section-header-size", { size: shentsize, expected: entrySize });
    if (table + entrySize > bytes.length) return fail("section-headers-outside", { offset: table });
    // Extended numbering (gABI, ELF header): the counts that do not fit 16 bits are in section 0.
    if (count === 0) count = readWord(view, table + (is64 ? 32 : 20), is64);
    if (nameIndex === SHN_XINDEX) nameIndex = view.getUint32(table + (is64 ? 40 : 24), true);
    if (table + count * entrySize > bytes.length) return fail("section-headers-outside", { offset: table, count });
    if (nameIndex >= count) return fail("bad-section-name-table", { index: nameIndex });
  } else count = 0;

  const first = addSections(sections, id, Math.max(count, 1));
  if (!decodeHeaders(view, table, count, is64, first, sections)) {
    return fail("section-outside-file", describeBad(view, table, count, is64, bytes.length));
  }
  const names = count > 0 ? sections.offset[first + nameIndex] : 0;
  const namesEnd = count > 0 ? names + sections.size[first + nameIndex] : 0;
  let symtabIndex = 0;
  let shndxTable = 0;
  for (let i = 1; i < count; i++) {
    const section = first + i;
    const name = names + sections.name[section];
    if (name >= namesEnd) return fail("section-name-outside", { index: i });
    sections.name[section] = name;
    const type = sections.type[section];
    if (type === SHT_SYMTAB) symtabIndex = i;
    else if (type === SHT_SYMTAB_SHNDX) shndxTable = section;
    else if (type === SHT_REL || type === SHT_RELA) {
      const target = sections.info[section];
      if (target === 0 || target >= count) return fail("bad-relocation-target", { index: i, target });
      const entry = (type === SHT_RELA ? 3 : 2) * (is64 ? 8 : 4);
      if (sections.size[section] % entry !== 0) return fail("bad-relocation-size", { index: i });
      if (sections.relocs[first + target] >= 0) return fail("two-relocation-sections", { index: i, target });
      sections.relocs[first + target] = section;
    }
    if ((sections.flags[section] & SHF_COMPRESSED) !== 0 && !readCompression(view, is64, section, sections)) {
      return fail("bad-compression-header", { index: i });
    }
    if (bytes[name + 1] === LETTER_Z && isGnuCompressed(bytes, name, section, sections)) {
      if (!readGnuCompression(view, section, sections)) return fail("bad-compression-header", { index: i });
    }
  }
  if (count > 0 && (namesEnd <= names || bytes[namesEnd - 1] !== 0))
    return fail("bad-section-name-table", { index: nameIndex });

  let symtab = 0;
  let symbolCount = 0;
  let firstGlobal = 0;
  let strings = 0;
  let stringsEnd = 0;
  if (symtabIndex !== 0) {
    const section = first + symtabIndex;
    const symbolSize = is64 ? ELF64_SYM_SIZE : ELF32_SYM_SIZE;
    symtab = sections.offset[section];
    symbolCount = Math.floor(sections.size[section] / symbolSize);
    firstGlobal = sections.info[section];
    const link = sections.link[section];
    if (link === 0 || link >= count) return fail("bad-string-table", { index: link });
    strings = sections.offset[first + link];
    stringsEnd = strings + (sections.type[first + link] === SHT_NOBITS ? 0 : sections.size[first + link]);
    if (firstGlobal > symbolCount) return fail("bad-first-global", { first: firstGlobal, count: symbolCount });
    if (shndxTable !== 0 && sections.size[shndxTable] < symbolCount * 4) return fail("bad-symtab-shndx", {});
  }

  return {
    ...origin,
    id,
    bytes,
    view,
    is64,
    firstSection: first,
    sectionCount: count,
    symtab,
    symbolCount,
    firstGlobal,
    strings,
    stringsEnd,
    symtabShndx: shndxTable !== 0 ? sections.offset[shndxTable] : 0,
    namesEnd,
    symbols: new Int32Array(symbolCount - firstGlobal),
    symbolBase,
  };
}

/** Fills the columns. False if a section's contents are not inside the file or its alignment is no power of two. */
function decodeHeaders(
  view: DataView,
  table: number,
  count: number,
  is64: boolean,
  first: SectionId,
  sections: SectionTable,
): boolean {
  const { name, type, flags, offset, size, alignment, entsize, link, info } = sections;
  const limit = view.byteLength;
  const word = is64 ? 8 : 4;
  const entry = is64 ? 64 : 40;
  for (let i = 1; i < count; i++) {
    const at = table + i * entry;
    const section = first + i;
    const kind = view.getUint32(at + 4, true);
    name[section] = view.getUint32(at, true);
    type[section] = kind;
    flags[section] = view.getUint32(at + 8, true);
    const start = readWord(view, at + 8 + 2 * word, is64);
    const length = readWord(view, at + 8 + 3 * word, is64);
    const tail = at + 8 + 4 * word;
    link[section] = view.getUint32(tail, true);
    info[section] = view.getUint32(tail + 4, true);
    const align = readWord(view, tail + 8, is64);
    entsize[section] = readWord(view, tail + 8 + word, is64);
    if (kind !== SHT_NOBITS && kind !== SHT_NULL && start + length > limit) return false;
    if (align > 0x80000000 || (align & (align - 1)) !== 0) return false;
    offset[section] = start;
    size[section] = kind === SHT_NULL ? 0 : length;
    alignment[section] = align === 0 ? 1 : align;
  }
  return true;
}

/** Which header `decodeHeaders` stumbled over, for the message. */
function describeBad(
  view: DataView,
  table: number,
  count: number,
  is64: boolean,
  limit: number,
): Record<string, number> {
  const word = is64 ? 8 : 4;
  for (let i = 1; i < count; i++) {
    const at = table + i * (is64 ? 64 : 40);
    const kind = view.getUint32(at + 4, true);
    const offset = readWord(view, at + 8 + 2 * word, is64);
    const size = readWord(view, at + 8 + 3 * word, is64);
    const alignment = readWord(view, at + 16 + 4 * word, is64);
    const outside = kind !== SHT_NOBITS && kind !== SHT_NULL && offset + size > limit;
    if (outside || alignment > 0x80000000 || (alignment & (alignment - 1)) !== 0) {
      return { index: i, offset, size, alignment, fileSize: limit };
    }
  }
  return { index: 0 };
}

/** Elf32_Chdr / Elf64_Chdr (gABI): the section's size and alignment become those of the contents. */
function readCompression(view: DataView, is64: boolean, section: SectionId, sections: SectionTable): boolean {
  const header = is64 ? 24 : 12;
  if (sections.size[section] < header) return false;
  const at = sections.offset[section];
  const alignment = readWord(view, at + (is64 ? 16 : 8), is64);
  if (alignment > 0x80000000 || (alignment & (alignment - 1)) !== 0) return false;
  const size = readWord(view, at + (is64 ? 8 : 4), is64);
  if (!takeContentSize(section, size, sections)) return false;
  sections.alignment[section] = alignment === 0 ? 1 : alignment;
  return true;
}

function takeContentSize(section: SectionId, size: number, sections: SectionTable): boolean {
  // deflate shrinks to 1:1032 and zstd to 1:32768 (runs) at best; a claim beyond that is a damaged header.
  if (size > 0x100000000 || size > sections.size[section] * 40000 + 65536) return false;
  sections.state[section] |= STATE_COMPRESSED;
  sections.size[section] = size;
  return true;
}

const LETTER_Z = 0x7a;
const GNU_PREFIX = bytesOf(".zdebug_");
/** "ZLIB", and the size as a big-endian number of 8 bytes: what GNU's tools wrote before there was SHF_COMPRESSED. */
const GNU_MAGIC = 0x5a4c4942;
const GNU_HEADER = 12;

function isGnuCompressed(bytes: Uint8Array, name: number, section: SectionId, sections: SectionTable): boolean {
  if ((sections.flags[section] & (SHF_ALLOC | SHF_COMPRESSED)) !== 0) return false;
  return sections.type[section] !== SHT_NOBITS && GNU_PREFIX.every((byte, i) => bytes[name + i] === byte);
}

function readGnuCompression(view: DataView, section: SectionId, sections: SectionTable): boolean {
  const at = sections.offset[section];
  // Without the magic the section is what it is (BFD, bfd_is_section_compressed_info).
  if (sections.size[section] < GNU_HEADER || view.getUint32(at) !== GNU_MAGIC) return true;
  return takeContentSize(section, unsigned64(view.getUint32(at + 8), view.getUint32(at + 4)), sections);
}

const decoder = new TextDecoder();

/** Is the section compressed without a flag that says so? Then its contents are those of a `.debug_*` section. */
export function isZdebug(sections: SectionTable, section: SectionId): boolean {
  return (sections.state[section] & STATE_COMPRESSED) !== 0 && (sections.flags[section] & SHF_COMPRESSED) === 0;
}

/** Name of a section, for messages and for the rules that look at names; of a compressed `.zdebug_*` that of its contents. */
export function sectionName(object: ObjectFile, sections: SectionTable, section: SectionId): string {
  const start = sections.name[section];
  let end = start;
  while (end < object.namesEnd && object.bytes[end] !== 0) end++;
  const name = decoder.decode(object.bytes.subarray(start, end));
  return isZdebug(sections, section) ? name.replace(".z", ".") : name;
}
