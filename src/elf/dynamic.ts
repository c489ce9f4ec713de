// The dynamic section: what a linked file tells the dynamic linker. Its tables are given by address, so they can be read
// from a file without section headers, as the loader must.

import {
  DT_AUDIT,
  DT_AUXILIARY,
  DT_CONFIG,
  DT_DEPAUDIT,
  DT_FILTER,
  DT_NEEDED,
  DT_NULL,
  DT_RPATH,
  DT_RUNPATH,
  DT_SONAME,
  DT_STRSZ,
  DT_STRTAB,
  PT_DYNAMIC,
  SHT_DYNAMIC,
} from "./constants.ts";
import { contentsRange, type ElfFile, rangeAtAddress, sectionOfType } from "./file.ts";
import { dynamicTagName } from "./names/dynamic.ts";
import type { Report } from "./problem.ts";
import { error } from "./problem.ts";
import { address, type FileRange, holds } from "./source.ts";
import { noStrings, type StringTable, stringAt, stringTable } from "./strings.ts";

export interface DynamicEntry {
  /** DT_*. Unsigned 32 bits are all that is defined. */
  readonly tag: number;
  /** Address, size, flags or offset of a string, as the tag says. */
  readonly value: number;
  /** The string, for tags that name one (DT_NEEDED, DT_SONAME, DT_RUNPATH, …). Undefined if it cannot be read. */
  readonly text: string | undefined;
}

export interface ElfDynamic {
  /** Where it lies in the file. */
  readonly range: FileRange;
  /** Up to and without the first DT_NULL. */
  readonly entries: readonly DynamicEntry[];
  /** DT_STRTAB and DT_STRSZ, as far as the file has the bytes. */
  readonly strings: StringTable;
}

/** Tags whose value is the offset of a string in DT_STRTAB. */
const TEXT_TAGS: ReadonlySet<number> = new Set([
  DT_NEEDED,
  DT_SONAME,
  DT_RPATH,
  DT_RUNPATH,
  DT_AUXILIARY,
  DT_FILTER,
  DT_AUDIT,
  DT_DEPAUDIT,
  DT_CONFIG,
]);

/**
 * Reads the dynamic section: by PT_DYNAMIC, or by its section header in a file without program headers.
 * @param report gets `dynamic-section-damaged`, `address-not-in-file`, `dynamic-string-damaged`
 * @returns undefined if the file has none, as relocatable objects and static executables
 */
export function dynamicOf(file: ElfFile, report: Report): ElfDynamic | undefined {
  const range = dynamicRange(file, report);
  if (range === undefined) return undefined;
  const size = file.elfClass / 4;
  const raw: { tag: number; value: number }[] = [];
  for (let at = range.start; at + size <= range.end; at += size) {
    const tag = address(file, at);
    if (tag === DT_NULL) break;
    raw.push({ tag, value: address(file, at + size / 2) });
  }
  const strings = dynamicStrings(file, raw, report);
  const entries = raw.map(({ tag, value }) => ({ tag, value, text: text(tag, value, strings) }));
  const broken = entries.find((entry) => TEXT_TAGS.has(entry.tag) && entry.text === undefined);
  if (broken !== undefined && strings !== noStrings) {
    report(
      error(
        "dynamic-string-damaged",
        { file: file.name },
        { tag: dynamicTagName(broken.tag, file.header.machine), offset: broken.value },
      ),
    );
  }
  return { range, entries, strings };
}

/** The value of the first entry with this tag, or undefined. */
export function dynamicValue(dynamic: ElfDynamic, tag: number): number | undefined {
  return dynamic.entries.find((entry) => entry.tag === tag)?.value;
}

/** The strings of all entries with this tag (DT_NEEDED), in order; those that cannot be read are left out. */
export function dynamicTexts(dynamic: ElfDynamic, tag: number): string[] {
  return dynamic.entries.flatMap((entry) => (entry.tag === tag && entry.text !== undefined ? [entry.text] : []));
}

/**
 * The bytes of a table that is given by its address and size in the dynamic section (DT_RELA and DT_RELASZ, for example).
 * @param report gets `address-not-in-file` if the file does not hold all of it
 * @returns undefined if an entry is missing or the bytes are not in the file
 */
export function dynamicTable(
  file: ElfFile,
  dynamic: ElfDynamic,
  addressTag: number,
  sizeTag: number,
  report: Report,
): FileRange | undefined {
  const where = dynamicValue(dynamic, addressTag);
  const size = dynamicValue(dynamic, sizeTag);
  return where === undefined || size === undefined ? undefined : tableAt(file, where, size, addressTag, report);
}

/**
 * The bytes from an address in the dynamic section on (DT_SYMTAB, for example), for tables whose size stands elsewhere.
 * @param report gets `address-not-in-file`
 * @returns undefined if the entry is missing or the address is not in the file
 */
export function dynamicTail(file: ElfFile, dynamic: ElfDynamic, tag: number, report: Report): FileRange | undefined {
  const where = dynamicValue(dynamic, tag);
  const range = where === undefined ? undefined : rangeAtAddress(file, where);
  if (where !== undefined && range === undefined) {
    const facts = { address: where, tag: dynamicTagName(tag, file.header.machine) };
    report(error("address-not-in-file", { file: file.name }, facts));
  }
  return range;
}

function tableAt(file: ElfFile, where: number, size: number, tag: number, report: Report): FileRange | undefined {
  const range = rangeAtAddress(file, where);
  if (range === undefined || range.end - range.start < size) {
    report(
      error(
        "address-not-in-file",
        { file: file.name },
        { address: where, size, tag: dynamicTagName(tag, file.header.machine) },
      ),
    );
    return undefined;
  }
  return { start: range.start, end: range.start + size };
}

function dynamicRange(file: ElfFile, report: Report): FileRange | undefined {
  const segment = file.segments.find(({ type }) => type === PT_DYNAMIC);
  if (segment === undefined) {
    const section = sectionOfType(file, SHT_DYNAMIC);
    return section === undefined ? undefined : contentsRange(file, section, report);
  }
  // Files with debug information only keep the program headers without the bytes.
  if (segment.fileBytes === 0) return undefined;
  if (!holds(file, segment.offset, segment.fileBytes)) {
    report(error("dynamic-section-damaged", { file: file.name, offset: segment.offset }, { size: segment.fileBytes }));
    return undefined;
  }
  return { start: segment.offset, end: segment.offset + segment.fileBytes };
}

function dynamicStrings(
  file: ElfFile,
  entries: readonly { readonly tag: number; readonly value: number }[],
  report: Report,
): StringTable {
  const where = entries.find(({ tag }) => tag === DT_STRTAB)?.value;
  const size = entries.find(({ tag }) => tag === DT_STRSZ)?.value;
  if (where === undefined || size === undefined) return noStrings;
  const range = tableAt(file, where, size, DT_STRTAB, report);
  return range === undefined ? noStrings : stringTable(file.bytes, range);
}

function text(tag: number, value: number, strings: StringTable): string | undefined {
  return TEXT_TAGS.has(tag) ? stringAt(strings, value) : undefined;
}
