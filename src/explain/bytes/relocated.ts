// Which bytes of a file relocations change. Tables are looked through for the few thousand bytes that somebody looks at: that takes a
// millisecond for a library's half million entries, where an index of all of them takes a second.

import { machineTables } from "../../arch/index.ts";
import {
  contentsRange,
  type ElfFile,
  type ElfSection,
  ET_REL,
  isRelocationSection,
  namesManyTypes,
  PT_LOAD,
  rangeAtAddress,
  readRelocation,
  relocationBytes,
  SHF_ALLOC,
  SHT_NOBITS,
  SHT_RELA,
} from "../../elf/index.ts";
import { address } from "../../elf/source.ts";

export interface RelocatedPlace {
  /** File offset of the bytes that are changed, and how many. */
  readonly start: number;
  readonly bytes: number;
  /** Section index of the table, and number of the entry in it. */
  readonly table: number;
  readonly entry: number;
}

/** A stretch of the file as relocations or symbols name it. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

const nothing = (): void => {};

/** Places of which bytes lie between two offsets of the file, ascending. */
export function relocatedBetween(file: ElfFile, from: number, to: number): RelocatedPlace[] {
  const { header, elfClass, littleEndian } = file;
  const types = machineTables(header.machine, elfClass, littleEndian)?.relocations.types ?? [];
  const word = elfClass / 8;
  const widest = types.reduce((most, type) => Math.max(most, type?.bytes ?? 0), word);
  const addresses = addressesOf(file, from - widest, to);
  const found: RelocatedPlace[] = [];
  for (const section of file.sections) {
    if (!isRelocationSection(section)) continue;
    const inSection = header.type === ET_REL || (section.flags & SHF_ALLOC) === 0;
    const target = inSection ? file.sections[section.info] : undefined;
    if (target?.type === SHT_NOBITS) continue;
    const stretches =
      target === undefined ? addresses : [{ from: from - widest - target.offset, to: to - target.offset }];
    for (const entry of entriesIn(file, section, stretches)) {
      const { offset, type } = entryAt(file, section, entry);
      const start = target === undefined ? rangeAtAddress(file, offset)?.start : target.offset + offset;
      const bytes = types[type]?.bytes ?? word;
      if (start !== undefined && bytes > 0 && start < to && start + bytes > from)
        found.push({ start, bytes, table: section.index, entry });
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

/** Numbers of the entries whose r_offset lies in one of the stretches. */
function entriesIn(file: ElfFile, section: ElfSection, stretches: readonly Stretch[]): number[] {
  const range = contentsRange(file, section, nothing);
  const found: number[] = [];
  if (range === undefined || stretches.length === 0) return found;
  const size = relocationBytes(file, section.type === SHT_RELA ? "rela" : "rel");
  const count = Math.floor((range.end - range.start) / size);
  for (const { from, to } of stretches) {
    for (let entry = 0; entry < count; entry++) {
      const offset = address(file, range.start + entry * size);
      if (offset >= from && offset < to) found.push(entry);
    }
  }
  return found;
}

function entryAt(
  file: ElfFile,
  section: ElfSection,
  entry: number,
): { readonly offset: number; readonly type: number } {
  const format = section.type === SHT_RELA ? "rela" : "rel";
  const at = section.offset + entry * relocationBytes(file, format);
  return readRelocation(file, at, format, namesManyTypes(file.header.machine, file.elfClass));
}

/** The addresses at which a stretch of the file is loaded. */
export function addressesOf(file: ElfFile, from: number, to: number): Stretch[] {
  return file.segments.flatMap(({ type, offset, fileBytes, address: start }) => {
    const [first, end] = [Math.max(from, offset), Math.min(to, offset + fileBytes)];
    return type === PT_LOAD && first < end ? [{ from: start + first - offset, to: start + end - offset }] : [];
  });
}
