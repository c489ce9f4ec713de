// An archive's members and symbol index.

import { demangle } from "../../demangle/index.ts";
import type { Archive } from "../../elf/index.ts";
import { archiveMemberStatus, type FileKind, identify } from "../../elf/index.ts";
import { nameAt } from "../../elf/text.ts";
import { type Chapter, chapterLines, chapterTable } from "./chapter.ts";
import { byteCount, counted, grouped, heading, type Style } from "./table.ts";

export interface ArchiveDump {
  readonly thin: boolean;
  /** `gnu`, `gnu64`, `bsd`, `bsd64` or `none`. */
  readonly index: Archive["indexKind"];
  readonly members: readonly ArchiveMemberDump[];
  readonly symbols: readonly ArchiveSymbolDump[];
}

export interface ArchiveMemberDump {
  readonly name: string;
  readonly headerOffset: number;
  readonly offset: number;
  readonly size: number;
  readonly mode: number;
  /** Seconds since 1970; 0 in deterministic archives. */
  readonly date: number;
  /** What the contents are; undefined in a thin archive, where they are in the file `name`. */
  readonly kind: FileKind | undefined;
  /** Entries of the symbol index that name this member. */
  readonly symbolCount: number;
}

export interface ArchiveSymbolDump {
  readonly name: string;
  /** Index of the member. */
  readonly member: number;
}

export function archiveDump(bytes: Uint8Array, archive: Archive): ArchiveDump {
  const counts = new Uint32Array(archive.members.length);
  const symbols: ArchiveSymbolDump[] = [];
  for (let i = 0; i < archive.symbolCount; i++) {
    const member = archive.symbolMember[i];
    counts[member]++;
    symbols.push({ name: nameAt(bytes, archive.symbolName[i], bytes.length), member });
  }
  const members = archive.members.map((member, i): ArchiveMemberDump => {
    const { name, headerOffset, offset, size, external } = member;
    const { mode, date } = archiveMemberStatus(bytes, member);
    const kind = external ? undefined : identify(bytes.subarray(offset, offset + size));
    return { name, headerOffset, offset, size, mode, date, kind, symbolCount: counts[i] };
  });
  return { thin: archive.thin, index: archive.indexKind, members, symbols };
}

export function memberChapter(dump: ArchiveDump): Chapter<ArchiveMemberDump> {
  const total = dump.members.reduce((sum, { size }) => sum + size, 0);
  return {
    title: `${dump.thin ? "Thin archive" : "Archive"}: ${counted(dump.members.length, "member")}, ${byteCount(total)}`,
    columns: [
      { title: "member", paint: "name", cell: ({ name }) => name },
      { title: "size", align: "right", cell: ({ size }) => grouped(size), by: ({ size }) => size },
      { title: "kind", cell: ({ kind }) => kind ?? "in a file of this name" },
      {
        title: "symbols",
        align: "right",
        cell: ({ symbolCount }) => grouped(symbolCount),
        by: ({ symbolCount }) => symbolCount,
      },
      { title: "mode", align: "right", cell: ({ mode }) => mode.toString(8), by: ({ mode }) => mode },
      {
        title: "date",
        cell: ({ date }) => (date === 0 ? "" : new Date(date * 1000).toISOString().slice(0, 19)),
        by: ({ date }) => date,
      },
      {
        title: "header at",
        align: "right",
        cell: ({ headerOffset }) => `0x${headerOffset.toString(16)}`,
        by: ({ headerOffset }) => headerOffset,
      },
    ],
    rows: dump.members,
    more: "--archive",
  };
}

/** @param whole list the symbol index, too */
export function archiveLines(dump: ArchiveDump, whole: boolean, style: Style): string[] {
  const members = memberChapter(dump);
  return [
    ...heading(members.title, style),
    `  symbol index: ${indexWords(dump)}`,
    ...(dump.members.length === 0 ? [] : chapterTable(members, style)),
    ...(whole && dump.symbols.length > 0 ? chapterLines(archiveIndexChapter(dump), style) : []),
  ];
}

const INDEX_WORDS: Readonly<Record<ArchiveDump["index"], string>> = {
  none: "none; linkers that need one ask for ranlib",
  gnu: "GNU (/)",
  gnu64: "GNU with 64-bit offsets (/SYM64/)",
  bsd: "BSD (__.SYMDEF)",
  bsd64: "BSD with 64-bit offsets (__.SYMDEF_64)",
};

function indexWords({ index, symbols }: ArchiveDump): string {
  return index === "none" ? INDEX_WORDS.none : `${INDEX_WORDS[index]}, ${counted(symbols.length, "symbol")}`;
}

export function archiveIndexChapter(dump: ArchiveDump): Chapter<ArchiveSymbolDump> {
  return {
    title: "Symbol index",
    columns: [
      { title: "symbol", paint: "name", cell: ({ name }, style) => (style.demangle ? demangle(name) : name) },
      { title: "member", cell: ({ member }) => dump.members[member].name },
    ],
    rows: dump.symbols,
    more: "--archive",
  };
}
