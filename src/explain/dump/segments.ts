// Program headers as a table, with what each type of segment is for.

import type { ElfFile } from "../../elf/index.ts";
import { segmentPermissions, segmentTypeName } from "../../elf/index.ts";
import { type Chapter, chapterLines } from "./chapter.ts";
import { grouped, heading, hex, type Style } from "./table.ts";

export interface SegmentDump {
  readonly index: number;
  /** PT_* without the prefix. */
  readonly type: string;
  /** Some of `R`, `W`, `X`. */
  readonly permissions: string;
  readonly offset: number;
  readonly address: number;
  readonly physicalAddress: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
  readonly alignment: number;
  /** Names of the sections that lie in it. */
  readonly sections: readonly string[];
}

const PURPOSE: Readonly<Record<string, string>> = {
  LOAD: "mapped into memory",
  DYNAMIC: "for the dynamic linker",
  INTERP: "path of the dynamic linker",
  NOTE: "notes",
  PHDR: "this table in memory",
  TLS: "initial image of thread-local storage",
  GNU_EH_FRAME: "index for unwinding",
  GNU_SFRAME: "stack traces",
  GNU_STACK: "permissions of the stack",
  GNU_RELRO: "read-only after relocation",
  GNU_PROPERTY: "GNU properties",
};

/** @param sectionsIn names of the sections that lie in a segment */
export function segmentDumps(file: ElfFile, sectionsIn: (segment: number) => readonly string[]): SegmentDump[] {
  return file.segments.map((segment) => {
    const { index, type, flags, offset, address, physicalAddress, fileBytes, memoryBytes, alignment } = segment;
    const permissions = segmentPermissions(flags).replaceAll(" ", "").replace("E", "X");
    return {
      index,
      type: segmentTypeName(type, file.header.machine),
      permissions,
      offset,
      address,
      physicalAddress,
      fileBytes,
      memoryBytes,
      alignment,
      sections: sectionsIn(index),
    };
  });
}

export function segmentChapter(segments: readonly SegmentDump[]): Chapter<SegmentDump> {
  return {
    title: `Segments: ${grouped(segments.length)}`,
    columns: [
      { title: "#", align: "right", cell: ({ index }) => String(index), by: ({ index }) => index },
      { title: "type", paint: "name", cell: ({ type }) => type },
      { title: "access", cell: ({ permissions }) => permissions },
      { title: "address", align: "right", cell: ({ address }) => hex(address), by: ({ address }) => address },
      {
        title: "in memory",
        align: "right",
        cell: ({ memoryBytes }) => grouped(memoryBytes),
        by: ({ memoryBytes }) => memoryBytes,
      },
      { title: "offset", align: "right", cell: ({ offset }) => hex(offset), by: ({ offset }) => offset },
      {
        title: "in file",
        align: "right",
        cell: ({ fileBytes }) => grouped(fileBytes),
        by: ({ fileBytes }) => fileBytes,
      },
      { title: "align", align: "right", cell: ({ alignment }) => hex(alignment), by: ({ alignment }) => alignment },
      { title: "purpose", cell: ({ type }) => (Object.hasOwn(PURPOSE, type) ? PURPOSE[type] : "") },
    ],
    rows: segments,
    more: "--segments",
  };
}

export function segmentLines(segments: readonly SegmentDump[], style: Style): string[] {
  if (segments.length === 0) return [...heading("Segments", style), "  none: the file is not made to be loaded"];
  const contents = segments.filter(({ sections }) => sections.length > 0);
  return [
    ...chapterLines(segmentChapter(segments), style),
    ...(contents.length === 0 ? [] : ["  sections in them:"]),
    ...contents.map(({ index, sections }) => `  ${String(index).padStart(3)}  ${sections.join(" ")}`),
  ];
}
