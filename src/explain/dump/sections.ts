// Section headers as a table: names instead of numbers, and link and info said in words.

import type { ElfFile, ElfSection, Report } from "../../elf/index.ts";
import {
  compressionName,
  compressionOf,
  SHT_NOBITS,
  SHT_NULL,
  sectionFlagLetters,
  sectionFlagNames,
  sectionTypeName,
} from "../../elf/index.ts";
import { type Chapter, chapterLines } from "./chapter.ts";
import { byteCount, counted, grouped, heading, hex, type Style } from "./table.ts";

export interface SectionDump {
  readonly index: number;
  readonly name: string;
  /** SHT_* without the prefix. */
  readonly type: string;
  /** SHF_* without the prefix. */
  readonly flags: readonly string[];
  /** readelf's letters for the flags. */
  readonly letters: string;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly alignment: number;
  readonly entryBytes: number;
  readonly compression: CompressionDump | undefined;
  /** False if the file ends before the section does. */
  readonly inFile: boolean;
}

export interface CompressionDump {
  /** `ZLIB`, `ZSTD`. */
  readonly method: string;
  readonly size: number;
  readonly alignment: number;
}

export function sectionDumps(file: ElfFile, report: Report): SectionDump[] {
  return file.sections.map((section) => {
    const { index, name, type, flags, address, offset, size, link, info, alignment, entryBytes } = section;
    const compression = compressionOf(file, section, report);
    return {
      index,
      name,
      type: sectionTypeName(type, file.header.machine),
      flags: sectionFlagNames(flags, file.header.machine),
      letters: sectionFlagLetters(flags, file.header.machine),
      address,
      offset,
      size,
      link,
      info,
      alignment,
      entryBytes,
      compression:
        compression === undefined
          ? undefined
          : {
              method: compressionName(compression.method),
              size: compression.size,
              alignment: compression.alignment,
            },
      inFile: isInFile(file, section),
    };
  });
}

function isInFile(file: ElfFile, { type, offset, size }: ElfSection): boolean {
  return type === SHT_NOBITS || type === SHT_NULL || offset + size <= file.bytes.length;
}

export function sectionChapter(sections: readonly SectionDump[]): Chapter<SectionDump> {
  return {
    title: `Sections: ${grouped(sections.length)}`,
    columns: [
      { title: "#", align: "right", cell: ({ index }) => String(index), by: ({ index }) => index },
      { title: "name", paint: "name", cell: ({ name }) => name },
      { title: "type", cell: ({ type }) => type },
      { title: "flags", cell: ({ letters }) => letters },
      {
        title: "address",
        align: "right",
        cell: ({ address }) => (address === 0 ? "" : hex(address)),
        by: ({ address }) => address,
      },
      { title: "offset", align: "right", cell: ({ offset }) => hex(offset), by: ({ offset }) => offset },
      { title: "size", align: "right", cell: ({ size }) => grouped(size), by: ({ size }) => size },
      {
        title: "align",
        align: "right",
        cell: ({ alignment }) => (alignment > 1 ? String(alignment) : ""),
        by: ({ alignment }) => alignment,
      },
      { title: "relations", cell: (section) => relations(sections, section).join("; ") },
    ],
    rows: sections,
    more: "--sections",
  };
}

export function sectionLines(sections: readonly SectionDump[], style: Style): string[] {
  if (sections.length === 0) return [...heading("Sections", style), "  none: the file has no section headers"];
  return [...chapterLines(sectionChapter(sections), style), ...flagKey(sections, style)];
}

/** What sh_link, sh_info and sh_entsize mean for this type of section (gABI, "sh_link and sh_info Interpretation"). */
function relations(sections: readonly SectionDump[], section: SectionDump): string[] {
  const name = (index: number): string => sections[index]?.name ?? `section ${index}`;
  const said: string[] = [];
  if (section.entryBytes > 1 && section.size > 0) {
    said.push(`${counted(Math.floor(section.size / section.entryBytes), "entry", "entries")} of ${section.entryBytes}`);
  }
  switch (section.type) {
    case "REL":
    case "RELA":
      if (section.info !== 0) said.push(`relocates ${name(section.info)}`);
      if (section.link !== 0) said.push(`symbols in ${name(section.link)}`);
      break;
    case "SYMTAB":
    case "DYNSYM":
      said.push(`names in ${name(section.link)}`, `${counted(section.info, "local")} first`);
      break;
    case "GROUP":
      said.push(`signature: symbol ${section.info} of ${name(section.link)}`);
      break;
    case "VERDEF":
    case "VERNEED":
      said.push(counted(section.info, "record"), `names in ${name(section.link)}`);
      break;
    case "NULL":
      break;
    default:
      if (section.link !== 0) said.push(`with ${name(section.link)}`);
      if (section.info !== 0)
        said.push(section.flags.includes("INFO_LINK") ? `for ${name(section.info)}` : `info ${section.info}`);
  }
  if (section.compression !== undefined) {
    said.push(`${section.compression.method} of ${byteCount(section.compression.size)}`);
  }
  if (!section.inFile) said.push("lies beyond the end of the file");
  return said;
}

const LETTER_WORDS: readonly (readonly [string, string])[] = [
  ["A", "in memory"],
  ["W", "writable"],
  ["X", "code"],
  ["M", "may be merged"],
  ["S", "strings"],
  ["T", "thread-local"],
  ["G", "in a group"],
  ["I", "info is a section"],
  ["L", "ordered as its link"],
  ["C", "compressed"],
  ["R", "kept by --gc-sections"],
  ["E", "left out by the linker"],
  ["l", "large model"],
  ["D", "special memory"],
  ["O", "needs the system's own rules"],
  ["o", "system's flag"],
  ["p", "processor's flag"],
  ["x", "unknown flag"],
];

function flagKey(sections: readonly SectionDump[], style: Style): string[] {
  const used = new Set(sections.slice(0, style.rows).flatMap(({ letters }) => [...letters]));
  const words = LETTER_WORDS.filter(([letter]) => used.has(letter)).map(([letter, word]) => `${letter} ${word}`);
  return words.length === 0 ? [] : [`  flags: ${words.join(", ")}`];
}
