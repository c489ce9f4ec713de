// Section headers: the linker's view of a file.

import { ELF32_SHDR_SIZE, ELF64_SHDR_SIZE, SHT_NOBITS, SHT_NULL } from "./constants.ts";
import type { ElfHeader } from "./header.ts";
import type { Report } from "./problem.ts";
import { error, warning } from "./problem.ts";
import { address, type ElfSource, type FileRange, holds, word } from "./source.ts";
import { noStrings, type StringTable, stringAt, stringTable } from "./strings.ts";

export interface ElfSection {
  readonly index: number;
  /** Empty where the file has no name for it. */
  readonly name: string;
  /** SHT_*. */
  readonly type: number;
  /** SHF_*. */
  readonly flags: number;
  /** Where it lies in memory; 0 in relocatable files and for what is not loaded. */
  readonly address: number;
  /** Where its contents lie in the file. Not checked: see `sectionRange`. */
  readonly offset: number;
  /** Bytes; for SHT_NOBITS in memory only. */
  readonly size: number;
  /** Index of a related section; which one depends on the type. */
  readonly link: number;
  /** Depends on the type. */
  readonly info: number;
  /** 0 and 1 both mean none. */
  readonly alignment: number;
  /** Size of one record in tables of equal records, else 0. */
  readonly entryBytes: number;
}

/**
 * Reads the section headers and names.
 * @param report gets `section-headers-damaged`, `sections-overlap`, `section-name-damaged`
 * @returns all sections including number 0, or none if the headers cannot be read
 */
export function readSections(source: ElfSource, header: ElfHeader, name: string, report: Report): ElfSection[] {
  const { sectionOffset, sectionCount, sectionBytes } = header;
  if (sectionOffset === 0 || sectionCount === 0) return [];
  const size = source.elfClass === 64 ? ELF64_SHDR_SIZE : ELF32_SHDR_SIZE;
  const damaged = (what: string): ElfSection[] => {
    const details = { what, count: sectionCount, bytes: sectionBytes };
    report(error("section-headers-damaged", { file: name, offset: sectionOffset }, details));
    return [];
  };
  if (sectionBytes !== size) return damaged("their size is wrong");
  if (!holds(source, sectionOffset, sectionCount * size)) return damaged("they lie outside of the file");

  const names = nameTable(source, header, size);
  let unnamed = -1;
  const sections: ElfSection[] = [];
  for (let index = 0; index < sectionCount; index++) {
    const section = readSection(source, sectionOffset + index * size, index, names);
    if (section.name === undefined && unnamed < 0) unnamed = index;
    sections.push({ ...section, name: section.name ?? "" });
  }
  if (overlap(source, sections)) {
    report(error("sections-overlap", { file: name, offset: sectionOffset }));
    return [];
  }
  if (unnamed >= 0) {
    report(
      warning("section-name-damaged", { file: name, offset: sectionOffset + unnamed * size }, { section: unnamed }),
    );
  }
  return sections;
}

/**
 * Contents do not share bytes in an honest file. A hostile one can make thousands of sections of the same bytes, and every
 * reader of sections would read them thousands of times.
 */
function overlap(source: ElfSource, sections: readonly ElfSection[]): boolean {
  let total = 0;
  for (const { type, offset, size } of sections) {
    if (type !== SHT_NULL && type !== SHT_NOBITS && holds(source, offset, size)) total += size;
  }
  return total > 2 * source.bytes.length;
}

type RawSection = Omit<ElfSection, "name"> & { readonly name: string | undefined };

function readSection(source: ElfSource, at: number, index: number, names: StringTable): RawSection {
  const a = source.elfClass === 64 ? 8 : 4;
  // sh_name, sh_type, then four addresses, two words, two addresses.
  const link = at + 8 + 4 * a;
  return {
    index,
    name: stringAt(names, word(source, at)),
    type: word(source, at + 4),
    flags: address(source, at + 8),
    address: address(source, at + 8 + a),
    offset: address(source, at + 8 + 2 * a),
    size: address(source, at + 8 + 3 * a),
    link: word(source, link),
    info: word(source, link + 4),
    alignment: address(source, link + 8),
    entryBytes: address(source, link + 8 + a),
  };
}

function nameTable(source: ElfSource, header: ElfHeader, size: number): StringTable {
  if (header.sectionNames === 0 || header.sectionNames >= header.sectionCount) return noStrings;
  const table = readSection(source, header.sectionOffset + header.sectionNames * size, header.sectionNames, noStrings);
  if (table.type === SHT_NOBITS || !holds(source, table.offset, table.size)) return noStrings;
  return stringTable(source.bytes, { start: table.offset, end: table.offset + table.size });
}

/**
 * Where a section's contents lie in the file. Sections without contents (SHT_NOBITS, SHT_NULL) have an empty range.
 * @returns undefined, after `section-outside-file`, if the file does not hold them
 */
export function sectionRange(
  source: ElfSource,
  section: ElfSection,
  name: string,
  report: Report,
): FileRange | undefined {
  if (section.type === SHT_NOBITS || section.type === SHT_NULL) return { start: 0, end: 0 };
  if (!holds(source, section.offset, section.size)) {
    const place = { file: name, section: section.name };
    report(error("section-outside-file", place, { offset: section.offset, size: section.size }));
    return undefined;
  }
  return { start: section.offset, end: section.offset + section.size };
}
