// A parsed ELF file: header, sections and segments. What lies behind them (symbols, relocations, the dynamic section, notes)
// is read by functions of their own when somebody asks.

import { type ElfHeader, readHeader } from "./header.ts";
import type { Report } from "./problem.ts";
import { type ElfSection, readSections, sectionRange } from "./sections.ts";
import { bytesAtAddress, type ElfSegment, readSegments } from "./segments.ts";
import type { ElfSource, FileRange } from "./source.ts";
import { noStrings, type StringTable, stringTable } from "./strings.ts";

/** A file as the kernel and the dynamic linker see it: without sections. */
export interface ElfImage extends ElfSource {
  /** As the user named it; an archive member as `libx.a(member.o)`. */
  readonly name: string;
  readonly header: ElfHeader;
  readonly segments: readonly ElfSegment[];
}

export interface ElfFile extends ElfImage {
  /** All sections including number 0; none if the file has no section headers or they are damaged. */
  readonly sections: readonly ElfSection[];
}

/**
 * Reads header and program headers only. The bytes are kept, not copied.
 * @param name used in problems
 * @param report gets `not-elf`, `elf-header-damaged`, `program-headers-damaged`
 * @returns undefined if the header cannot be read; a damaged table is reported and empty
 */
export function parseElfImage(bytes: Uint8Array, name: string, report: Report): ElfImage | undefined {
  const start = readHeader(bytes, name, report);
  if (start === undefined) return undefined;
  const { source, header } = start;
  return { ...source, name, header, segments: readSegments(source, header, name, report) };
}

/**
 * Reads header, section headers and program headers of an ELF file of either class and byte order. The bytes are kept, not
 * copied.
 * @param name used in problems
 * @param report gets `not-elf`, `elf-header-damaged`, `section-headers-damaged`, `sections-overlap`,
 *   `section-name-damaged`, `program-headers-damaged`
 * @returns undefined if the header cannot be read; damaged tables are reported and empty
 */
export function parseElf(bytes: Uint8Array, name: string, report: Report): ElfFile | undefined {
  const image = parseElfImage(bytes, name, report);
  return image === undefined ? undefined : { ...image, sections: readSections(image, image.header, name, report) };
}

/** Where a section's contents lie in the file: empty for SHT_NOBITS, undefined (reported) if the file is too short for them. */
export function contentsRange(file: ElfFile, section: ElfSection, report: Report): FileRange | undefined {
  return sectionRange(file, section, file.name, report);
}

/** A section's contents as they are in the file, compressed or not; undefined (reported) if the file is too short for them. */
export function contentsOf(file: ElfFile, section: ElfSection, report: Report): Uint8Array | undefined {
  const range = contentsRange(file, section, report);
  return range === undefined ? undefined : file.bytes.subarray(range.start, range.end);
}

/** The string table in section number `index`; one without names if there is no such section or it cannot be read. */
export function stringsIn(file: ElfFile, index: number, report: Report): StringTable {
  const section = index === 0 ? undefined : file.sections[index];
  const range = section === undefined ? undefined : contentsRange(file, section, report);
  return range === undefined ? noStrings : stringTable(file.bytes, range);
}

/** Where in the file the bytes at an address are, up to the end of the segment's bytes; see `bytesAtAddress`. */
export function rangeAtAddress(file: ElfImage, target: number): FileRange | undefined {
  return bytesAtAddress(file, file.segments, target);
}

/** The first section of a type. */
export function sectionOfType(file: ElfFile, type: number): ElfSection | undefined {
  return file.sections.find((section) => section.type === type);
}
