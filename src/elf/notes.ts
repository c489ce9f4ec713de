// Notes: records of {owner, type, contents} that tools leave in a file. Sections and segments aligned to 8 bytes pad name and
// contents to 8, all others to 4 (gABI, "Note Section"; binutils and glibc agree on 4 for the record itself where the
// alignment is less).

import { ELF_NHDR_SIZE, NT_GNU_PROPERTY_TYPE_0, PT_NOTE, SHT_NOTE } from "./constants.ts";
import { contentsRange, type ElfFile, type ElfImage } from "./file.ts";
import type { Place, Report } from "./problem.ts";
import { error } from "./problem.ts";
import { type ElfSource, type FileRange, holds, word } from "./source.ts";
import { nameAt } from "./text.ts";

export interface ElfNote {
  /** Section of the note, or "" where it was found by its segment. */
  readonly section: string;
  /** `GNU`, `stapsdt`, …; the NUL at its end left out. */
  readonly owner: string;
  /** NT_*: means what the owner says. */
  readonly type: number;
  /** Where the contents are in the file. */
  readonly range: FileRange;
}

/**
 * All notes: those in SHT_NOTE sections, or in PT_NOTE segments if the file has no section headers.
 * @param report gets `section-outside-file`, `segment-outside-file`, `note-damaged`
 */
export function notesOf(file: ElfFile, report: Report): ElfNote[] {
  return file.sections.length > 0 ? notesInSections(file, report) : notesInSegments(file, report);
}

function notesInSections(file: ElfFile, report: Report): ElfNote[] {
  const notes: ElfNote[] = [];
  for (const section of file.sections) {
    if (section.type !== SHT_NOTE) continue;
    const range = contentsRange(file, section, report);
    if (range === undefined) continue;
    const place = { file: file.name, section: section.name };
    notes.push(...readNotes(file, range, section.alignment, place, report));
  }
  return notes;
}

/** The notes of the PT_NOTE segments, as the loader finds them. */
export function notesInSegments(file: ElfImage, report: Report): ElfNote[] {
  const notes: ElfNote[] = [];
  // Segments may overlap; reading more than the file is damage.
  let left = file.bytes.length;
  for (const segment of file.segments) {
    if (segment.type !== PT_NOTE) continue;
    const { offset, fileBytes } = segment;
    const place = { file: file.name, offset };
    left -= fileBytes;
    if (!holds(file, offset, fileBytes) || left < 0) {
      report(error("segment-outside-file", place, { segment: segment.index, size: fileBytes }));
      continue;
    }
    notes.push(...readNotes(file, { start: offset, end: offset + fileBytes }, segment.alignment, place, report));
  }
  return notes;
}

/**
 * Walks one run of notes.
 * @param alignment of the section or segment that holds them
 * @param report gets `note-damaged` if a note goes beyond the end; those before it are returned
 */
export function readNotes(
  source: ElfSource,
  range: FileRange,
  alignment: number,
  place: Place,
  report: Report,
): ElfNote[] {
  const step = alignment === 8 ? 8 : 4;
  const padded = (size: number): number => Math.ceil(size / step) * step;
  const notes: ElfNote[] = [];
  let at = range.start;
  while (at < range.end) {
    const short = at + ELF_NHDR_SIZE > range.end;
    const nameBytes = short ? 0 : word(source, at);
    const bytes = short ? 0 : word(source, at + 4);
    const name = at + ELF_NHDR_SIZE;
    // Name and contents start at multiples of the alignment, counted from the start of the note.
    const start = at + padded(ELF_NHDR_SIZE + nameBytes);
    if (short || name + nameBytes > range.end || start + bytes > range.end) {
      report(error("note-damaged", { ...place, offset: at }));
      break;
    }
    notes.push({
      section: place.section ?? "",
      owner: nameAt(source.bytes, name, name + nameBytes),
      type: word(source, at + 8),
      range: { start, end: start + bytes },
    });
    at = start + padded(bytes);
  }
  return notes;
}

export interface GnuProperty {
  /** GNU_PROPERTY_*. */
  readonly type: number;
  /** Where the value is in the file. */
  readonly range: FileRange;
  /** The value if it is 4 bytes long, as the bit masks are. */
  readonly value: number | undefined;
}

/** Is this the note that holds GNU properties? */
export function isPropertyNote(note: ElfNote): boolean {
  return note.owner === "GNU" && note.type === NT_GNU_PROPERTY_TYPE_0;
}

/**
 * The properties in a note of type NT_GNU_PROPERTY_TYPE_0 (Linux Extensions to gABI): {type, size, value}, each padded to 8
 * bytes in ELF64 and to 4 in ELF32.
 * @param report gets `note-damaged`
 */
export function propertiesOf(source: ElfSource, note: ElfNote, name: string, report: Report): GnuProperty[] {
  const step = source.elfClass / 8;
  const { range } = note;
  const properties: GnuProperty[] = [];
  let at = range.start;
  while (at < range.end) {
    const start = at + 8;
    const bytes = start > range.end ? 0 : word(source, at + 4);
    if (start + bytes > range.end) {
      report(error("note-damaged", { file: name, section: note.section, offset: at }));
      break;
    }
    const value = bytes === 4 ? word(source, start) : undefined;
    properties.push({ type: word(source, at), range: { start, end: start + bytes }, value });
    at = start + Math.ceil(bytes / step) * step;
  }
  return properties;
}
