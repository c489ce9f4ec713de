// The compilation units of a file: what was compiled, where, by which compiler, and which addresses came of it (DWARF 5, section 3.1).

import { ET_REL } from "../elf/constants.ts";
import type { ElfFile } from "../elf/file.ts";
import { entriesOf, type InfoSections, readUnit, stringOf, type Unit, type Value } from "./entries.ts";
import { type DebugSection, type Decompressors, debugSection } from "./section.ts";
import { unitRanges } from "./unit-ranges.ts";

export interface CompilationUnit {
  /** In .debug_info. */
  readonly offset: number;
  readonly bytes: number;
  readonly version: number;
  /** DW_AT_name: the source file. */
  readonly name: string;
  readonly directory: string;
  readonly producer: string;
  /** DW_LANG_*; 0 if it is not told. */
  readonly language: number;
  /** Bytes of code and data that it covers, in a linked file, and the lowest address. */
  readonly covers: number;
  readonly low: number | undefined;
}

const DW_AT_name = 0x03;
const DW_AT_language = 0x13;
const DW_AT_comp_dir = 0x1b;
const DW_AT_producer = 0x25;
const DW_AT_str_offsets_base = 0x72;

/** @returns undefined if the file has no debugging information that can be read */
export function unitsOf(file: ElfFile, decompressors: Decompressors): CompilationUnit[] | undefined {
  const section = (name: string): DebugSection | undefined => debugSection(file, name, decompressors);
  const info = section("debug_info");
  const abbreviations = section("debug_abbrev");
  if (info === undefined || abbreviations === undefined) return undefined;
  const none = new Uint8Array(0);
  const sections = {
    info,
    abbreviations,
    strings: section("debug_str"),
    stringOffsets: section("debug_str_offsets"),
    lineStrings: section("debug_line_str"),
    littleEndian: file.littleEndian,
    ranges: section("debug_ranges")?.bytes ?? none,
    rangeLists: section("debug_rnglists")?.bytes ?? none,
    addresses: section("debug_addr")?.bytes ?? none,
  };
  const units: CompilationUnit[] = [];
  for (let at = 0; at < info.bytes.length; ) {
    const { next, unit } = readUnit(sections, at);
    if (unit !== undefined) units.push(unitOf(sections, unit, next - at, isLinked(file)));
    at = next;
  }
  return units;
}

/** Addresses of relocatable files are offsets that relocations complete. */
function isLinked({ header }: ElfFile): boolean {
  return header.type !== ET_REL;
}

function unitOf(
  sections: Parameters<typeof unitRanges>[0],
  unit: Unit,
  bytes: number,
  linked: boolean,
): CompilationUnit {
  const [entry] = entriesOf(sections, unit, new Set());
  const values: ReadonlyMap<number, Value> = entry?.values ?? new Map();
  const base = values.get(DW_AT_str_offsets_base)?.number ?? 8;
  const text = (name: number): string => textOf(sections, unit, values.get(name), base);
  let covers = 0;
  let low: number | undefined;
  if (linked) {
    unitRanges(sections, unit, (start, end) => {
      if (end <= start) return;
      covers += end - start;
      low = low === undefined ? start : Math.min(low, start);
    });
  }
  return {
    offset: unit.start,
    bytes,
    version: unit.version,
    name: text(DW_AT_name),
    directory: text(DW_AT_comp_dir),
    producer: text(DW_AT_producer),
    language: values.get(DW_AT_language)?.number ?? 0,
    covers,
    low,
  };
}

function textOf(sections: InfoSections, unit: Unit, value: Value | undefined, base: number): string {
  return value === undefined ? "" : stringOf(sections, unit, value, base);
}
