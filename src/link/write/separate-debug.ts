// --separate-debug-file: debugging information goes into a file of its own, which the program names by .gnu_debuglink. Both
// files are what strip --strip-debug and objcopy --only-keep-debug make of the whole one (gdb manual, "Separate Debug Files").
//
//   program   ELF header, segments │ sections │ .symtab .strtab │ .gnu_debuglink: name, CRC of the other file
//   debug     ELF header │ the same sections without contents, notes with theirs │ .symtab .strtab .debug_*

import {
  PT_GNU_PROPERTY,
  PT_NOTE,
  SHF_ALLOC,
  SHT_NOBITS,
  SHT_NOTE,
  SHT_NULL,
  SHT_PROGBITS,
} from "../../elf/constants.ts";
import { type ElfFile, parseElf } from "../../elf/file.ts";
import type { ElfSection } from "../../elf/sections.ts";
import { bytesOf } from "../../elf/text.ts";
import { crc32 } from "../digest/crc32.ts";
import { writeSectionHeader, writeWord } from "../tables/header-bytes.ts";
import { alignUp } from "../tables/layout.ts";
import { addText, createStrings } from "../tables/string-table.ts";

export interface SeparatedFiles {
  readonly program: Uint8Array;
  readonly debug: Uint8Array;
}

/**
 * @param image a linked file with section headers
 * @param debugName base name of the other file, as the program is to name it
 * @returns undefined if there is no debugging information to separate
 */
export function separateDebug(image: Uint8Array, debugName: string): SeparatedFiles | undefined {
  const file = parseElf(image, debugName, () => {});
  if (file === undefined || !file.sections.some(isDebug)) return undefined;
  const debug = writeFile(
    file,
    file.sections.map((section) => ({
      section,
      contents: isLoaded(section) && section.type !== SHT_NOTE ? undefined : contentsOf(file, section),
    })),
  );
  const name = bytesOf(debugName);
  const link = new Uint8Array(alignUp(name.length + 1, 4) + 4);
  link.set(name);
  new DataView(link.buffer).setUint32(link.length - 4, crc32(debug), true);
  const kept = file.sections.filter((section) => !isDebug(section));
  const program = writeFile(file, [
    ...kept.map((section) => ({ section, contents: contentsOf(file, section) })),
    { section: { ...NEW_SECTION, name: ".gnu_debuglink" }, contents: link },
  ]);
  return { program, debug };
}

interface Part {
  readonly section: ElfSection;
  /** Undefined: the section is there in name only, without contents in the file. */
  readonly contents: Uint8Array | undefined;
}

const NEW_SECTION: ElfSection = {
  index: -1,
  name: "",
  type: SHT_PROGBITS,
  flags: 0,
  address: 0,
  offset: 0,
  size: 0,
  link: 0,
  info: 0,
  alignment: 4,
  entryBytes: 0,
};

function isLoaded({ flags }: ElfSection): boolean {
  return (flags & SHF_ALLOC) !== 0;
}

function isDebug(section: ElfSection): boolean {
  return !isLoaded(section) && /^\.(?:z?debug_|gdb_index$)/.test(section.name);
}

function contentsOf({ bytes }: ElfFile, { type, offset, size }: ElfSection): Uint8Array | undefined {
  return type === SHT_NOBITS || type === SHT_NULL ? undefined : bytes.subarray(offset, offset + size);
}

/**
 * The file with these sections: what is loaded stays where it is, all else follows behind it, and .shstrtab is made anew.
 */
function writeFile(file: ElfFile, parts: readonly Part[]): Uint8Array {
  const is64 = file.elfClass === 64;
  const names = createStrings(256);
  const isNames = (section: ElfSection): boolean => section.index === file.header.sectionNames;
  const nameOffsets = parts.map(({ section }) => addText(names, section.name));
  const listed = parts.map((part) =>
    isNames(part.section) ? { ...part, contents: names.bytes.subarray(0, names.size) } : part,
  );
  const { header } = file;
  const headersEnd = header.segmentOffset + header.segmentCount * header.segmentBytes;
  let at = headersEnd;
  const offsets = listed.map(({ section, contents }) => {
    if (section.type === SHT_NULL) return 0;
    if (isLoaded(section)) {
      at = Math.max(at, section.offset + (contents?.length ?? 0));
      return section.offset;
    }
    const offset = alignUp(at, Math.max(section.alignment, 1));
    if (contents === undefined) return offset;
    at = offset + contents.length;
    return offset;
  });
  const table = alignUp(at, is64 ? 8 : 4);
  const image = new Uint8Array(table + listed.length * (is64 ? 64 : 40));
  const view = new DataView(image.buffer);
  image.set(file.bytes.subarray(0, headersEnd));
  if (listed.some(({ section, contents }) => isLoaded(section) && isLost(section, contents))) emptySegments(file, view);
  const indices = new Map(listed.map(({ section }, index) => [section.index, index]));
  const renumber = (index: number): number => indices.get(index) ?? 0;
  listed.forEach(({ section, contents }, i) => {
    if (contents !== undefined) image.set(contents, offsets[i]);
    writeSectionHeader(view, table + i * (is64 ? 64 : 40), is64, {
      name: nameOffsets[i],
      type: isLost(section, contents) ? SHT_NOBITS : section.type,
      flags: section.flags,
      address: section.address,
      offset: offsets[i],
      size: contents?.length ?? section.size,
      link: renumber(section.link),
      info: section.info,
      alignment: section.alignment,
      entsize: section.entryBytes,
    });
  });
  writeCounts(view, table, listed.length, renumber(header.sectionNames), is64);
  return image;
}

/** The section's contents are in the other file. */
function isLost({ type }: ElfSection, contents: Uint8Array | undefined): boolean {
  return contents === undefined && type !== SHT_NULL && type !== SHT_NOBITS;
}

/** p_filesz of all segments but notes: nothing of them is here. */
function emptySegments({ header, segments, elfClass }: ElfFile, view: DataView): void {
  segments.forEach(({ type }, i) => {
    if (type === PT_NOTE || type === PT_GNU_PROPERTY) return;
    const at = header.segmentOffset + i * header.segmentBytes;
    writeWord(view, at + (elfClass === 64 ? 32 : 16), 0, elfClass === 64);
  });
}

/** e_shoff, e_shnum and e_shstrndx. */
function writeCounts(view: DataView, table: number, count: number, names: number, is64: boolean): void {
  writeWord(view, is64 ? 40 : 32, table, is64);
  view.setUint16(is64 ? 60 : 48, count, true);
  view.setUint16(is64 ? 62 : 50, names, true);
}
