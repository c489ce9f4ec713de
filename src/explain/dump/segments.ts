// Program headers as a table, with what each type of segment is for.

import type { ElfFile } from "../../elf/index.ts";
import { segmentPermissions, segmentTypeName } from "../../elf/index.ts";
import { grouped, heading, hex, type Style, table } from "./table.ts";

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

export function segmentLines(segments: readonly SegmentDump[], style: Style): string[] {
  if (segments.length === 0) return [...heading("Segments", style), "  none: the file is not made to be loaded"];
  const rows = segments.map((segment) => [
    String(segment.index),
    segment.type,
    segment.permissions,
    hex(segment.address),
    grouped(segment.memoryBytes),
    hex(segment.offset),
    grouped(segment.fileBytes),
    hex(segment.alignment),
    Object.hasOwn(PURPOSE, segment.type) ? PURPOSE[segment.type] : "",
  ]);
  const columns = [
    { title: "#", align: "right" },
    { title: "type", paint: "name" },
    { title: "access" },
    { title: "address", align: "right" },
    { title: "in memory", align: "right" },
    { title: "offset", align: "right" },
    { title: "in file", align: "right" },
    { title: "align", align: "right" },
    { title: "purpose" },
  ] as const;
  const contents = segments.filter(({ sections }) => sections.length > 0);
  return [
    ...heading(`Segments: ${grouped(segments.length)}`, style),
    ...table(columns, rows, style, "--segments"),
    ...(contents.length === 0 ? [] : ["  sections in them:"]),
    ...contents.map(({ index, sections }) => `  ${String(index).padStart(3)}  ${sections.join(" ")}`),
  ];
}
