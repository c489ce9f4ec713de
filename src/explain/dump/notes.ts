// Notes in words: build ID, minimum kernel, GNU properties, probes, package metadata. Notes of owners that are not known are
// shown by their bytes.

import type { ElfFile, ElfNote, Report } from "../../elf/index.ts";
import {
  flagNames,
  GNU_PROPERTY_NO_COPY_ON_PROTECTED,
  GNU_PROPERTY_STACK_SIZE,
  type GnuProperty,
  isPropertyNote,
  noteSystemName,
  notesOf,
  noteTypeName,
  propertiesOf,
  propertyName,
} from "../../elf/index.ts";
import { nameAt } from "../../elf/text.ts";
import { type Chapter, chapterLines } from "./chapter.ts";
import { byteCount, hex, type Style } from "./table.ts";

export interface NoteDump {
  /** Empty where the note was found by its segment. */
  readonly section: string;
  readonly owner: string;
  readonly type: number;
  /** `NT_GNU_BUILD_ID`; the number in hexadecimal for unknown ones. */
  readonly typeName: string;
  /** The contents in hexadecimal. */
  readonly contents: string;
  /** What the note says; undefined for unknown ones. */
  readonly meaning: string | undefined;
  readonly properties: readonly PropertyDump[] | undefined;
}

export interface PropertyDump {
  readonly type: number;
  readonly name: string | undefined;
  /** The value of properties of 4 bytes. */
  readonly value: number | undefined;
  readonly flags: readonly string[] | undefined;
}

export function noteDumps(file: ElfFile, report: Report): NoteDump[] {
  return notesOf(file, report).map((note) => {
    const typeName = noteTypeName(note.owner, note.type);
    const properties = isPropertyNote(note)
      ? propertiesOf(file, note, file.name, report).map((property) => propertyDump(file, property))
      : undefined;
    return {
      section: note.section,
      owner: note.owner,
      type: note.type,
      typeName,
      contents: hexBytes(file, note),
      meaning: properties === undefined ? MEANINGS[typeName]?.(file, note) : propertyWords(properties),
      properties,
    };
  });
}

function hexBytes(file: ElfFile, { range }: ElfNote): string {
  let text = "";
  for (let at = range.start; at < range.end; at++) text += file.bytes[at].toString(16).padStart(2, "0");
  return text;
}

/** What the notes of a type say. Given a note that is too short, they say nothing. */
const MEANINGS: Readonly<Record<string, (file: ElfFile, note: ElfNote) => string | undefined>> = {
  NT_GNU_BUILD_ID: (file, note) => `build ID ${hexBytes(file, note)}`,
  NT_GNU_ABI_TAG: (file, note) => {
    const words = wordsOf(file, note);
    if (words.length < 4) return undefined;
    const [system, major, minor, patch] = words;
    return `needs ${noteSystemName(system)} ${major}.${minor}.${patch} or later`;
  },
  NT_GNU_GOLD_VERSION: (file, note) => `linked by ${textOf(file, note)}`,
  NT_FDO_PACKAGING_METADATA: (file, note) => `package ${textOf(file, note)}`,
  NT_FDO_DLOPEN_METADATA: (file, note) => `may open ${textOf(file, note)}`,
  "GO BUILDID": (file, note) => `Go build ID ${textOf(file, note)}`,
  NT_STAPSDT: probe,
};

function wordsOf(file: ElfFile, { range }: ElfNote): number[] {
  const words: number[] = [];
  for (let at = range.start; at + 4 <= range.end; at += 4) words.push(file.view.getUint32(at, file.littleEndian));
  return words;
}

function textOf(file: ElfFile, { range }: ElfNote): string {
  return nameAt(file.bytes, range.start, range.end);
}

/** A SystemTap probe: three addresses (of the probe, of .stapsdt.base, of the semaphore), then provider, name, arguments. */
function probe(file: ElfFile, { range }: ElfNote): string | undefined {
  const size = file.elfClass / 8;
  if (range.start + 3 * size > range.end) return undefined;
  const address =
    size === 8
      ? Number(file.view.getBigUint64(range.start, file.littleEndian))
      : file.view.getUint32(range.start, file.littleEndian);
  const texts = threeTexts(file, range.start + 3 * size, range.end);
  const [provider = "", name = "", operands = ""] = texts;
  return `probe ${provider}:${name} at ${hex(address)}${operands === "" ? "" : `, operands ${operands}`}`;
}

/** NUL-terminated texts one after the other, three at most. */
function threeTexts(file: ElfFile, start: number, end: number): string[] {
  const texts: string[] = [];
  let at = start;
  while (at < end && texts.length < 3) {
    const nul = file.bytes.indexOf(0, at);
    const stop = nul < 0 || nul > end ? end : nul;
    texts.push(nameAt(file.bytes, at, stop));
    at = stop + 1;
  }
  return texts;
}

function propertyDump(file: ElfFile, { type, value, range }: GnuProperty): PropertyDump {
  const known = propertyName(type, file.header.machine);
  const size = range.end - range.start;
  return {
    type,
    name: known?.name,
    value:
      type === GNU_PROPERTY_STACK_SIZE && size === 8
        ? Number(file.view.getBigUint64(range.start, file.littleEndian))
        : value,
    flags: known?.flags === undefined || value === undefined ? undefined : flagNames(known.flags, value),
  };
}

function propertyWords(properties: readonly PropertyDump[]): string {
  return properties
    .map(({ type, name, value, flags }) => {
      const what = name ?? `property ${hex(type)}`;
      if (flags !== undefined) return `${what}: ${flags.length === 0 ? "none" : flags.join(", ")}`;
      if (type === GNU_PROPERTY_NO_COPY_ON_PROTECTED || value === undefined) return what;
      return type === GNU_PROPERTY_STACK_SIZE ? `${what} ${byteCount(value)}` : `${what} ${hex(value)}`;
    })
    .join("; ");
}

export function noteChapter(notes: readonly NoteDump[]): Chapter<NoteDump> {
  return {
    title: "Notes",
    columns: [
      { title: "section", cell: ({ section }) => section },
      { title: "owner", cell: ({ owner }) => owner },
      { title: "type", cell: ({ typeName }) => typeName },
      { title: "says", paint: "name", cell: ({ meaning, contents }) => meaning ?? shortened(contents) },
    ],
    rows: notes,
    more: "--notes",
  };
}

export function noteLines(notes: readonly NoteDump[], style: Style): string[] {
  return chapterLines(noteChapter(notes), style);
}

function shortened(contents: string): string {
  return contents.length > 64 ? `${contents.slice(0, 64)}… (${byteCount(contents.length / 2)})` : contents;
}
