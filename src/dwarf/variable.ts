// "Where is this variable declared?" for messages about variables, which .debug_line knows nothing of.

import type { ElfFile } from "../elf/file.ts";
import { type Entry, entriesOf, type InfoSections, readUnit, sectionOffset, stringOf, type Unit } from "./entries.ts";
import { fileName, type SourceLine } from "./line.ts";
import { type LineSections, readLineUnit } from "./line-header.ts";
import { type Decompressors, debugSection } from "./section.ts";

const DW_TAG_member = 0x0d;
const DW_TAG_variable = 0x34;
const DW_AT_name = 0x03;
const DW_AT_stmt_list = 0x10;
const DW_AT_decl_file = 0x3a;
const DW_AT_decl_line = 0x3b;
const DW_AT_declaration = 0x3c;
const DW_AT_external = 0x3f;
const DW_AT_specification = 0x47;
const DW_AT_linkage_name = 0x6e;
const DW_AT_str_offsets_base = 0x72;
/** The name of DW_AT_linkage_name before DWARF 4. */
const DW_AT_MIPS_linkage_name = 0x2007;

/** A static data member is declared as a member of its class. */
const TAGS: ReadonlySet<number> = new Set([DW_TAG_variable, DW_TAG_member]);

/** As for line tables: no object comes near, and more would take too long. */
const MAX_BYTES = 1 << 26;

/**
 * The source line on which a global variable is defined.
 * @param name its symbol's name
 * @returns undefined without debug information that tells
 */
export function variableLine(file: ElfFile, name: string, decompressors: Decompressors = {}): SourceLine | undefined {
  return variableLines(file, decompressors).get(name);
}

/** The same for all global variables of a file, by the names of their symbols: it takes no longer than for one. */
export function variableLines(file: ElfFile, decompressors: Decompressors = {}): ReadonlyMap<string, SourceLine> {
  const known = new Map<string, SourceLine>();
  const section = (wanted: string): ReturnType<typeof debugSection> => debugSection(file, wanted, decompressors);
  const info = section("debug_info");
  const abbreviations = section("debug_abbrev");
  if (info === undefined || abbreviations === undefined || info.bytes.length > MAX_BYTES) return known;
  const sections: InfoSections = {
    info,
    abbreviations,
    strings: section("debug_str"),
    stringOffsets: section("debug_str_offsets"),
    lineStrings: section("debug_line_str"),
    littleEndian: file.littleEndian,
  };
  const line = section("debug_line");
  if (line === undefined) return known;
  for (let at = 0; at < info.bytes.length; ) {
    const { next, unit } = readUnit(sections, at);
    if (unit !== undefined) collectFrom({ ...sections, line }, unit, known);
    at = next;
  }
  return known;
}

/** What an entry says of a variable; undefined where another entry says it. */
interface Variable {
  readonly name: string | undefined;
  readonly file: number | undefined;
  readonly line: number | undefined;
  readonly external: boolean;
  readonly isDefinition: boolean;
  /** Offset of the entry that says the rest, which may come later. */
  readonly origin: number | undefined;
}

/** Adds the variables of a unit to those of the units before it. */
function collectFrom(sections: InfoSections & LineSections, unit: Unit, known: Map<string, SourceLine>): void {
  const variables = new Map<number, Variable>();
  let lineTable = -1;
  // Where there is no DW_AT_str_offsets_base, the offsets start behind the table's header (DWARF 5, section 7.26).
  let base = unit.offsetBytes === 8 ? 16 : 8;
  for (const entry of entriesOf(sections, unit, TAGS)) {
    if (TAGS.has(entry.tag)) variables.set(entry.offset, readVariable(sections, unit, entry, base));
    else {
      const table = entry.values.get(DW_AT_stmt_list);
      const offsets = entry.values.get(DW_AT_str_offsets_base);
      if (table !== undefined) lineTable = sectionOffset(sections, table);
      if (offsets !== undefined) base = sectionOffset(sections, offsets);
    }
  }
  // The unit's line table has the names of its files.
  const header = lineTable < 0 || variables.size === 0 ? undefined : readLineUnit(sections, lineTable).header;
  if (header === undefined) return;
  for (const it of variables.values()) {
    const origin = variables.get(it.origin ?? -1);
    const line = it.line ?? origin?.line ?? 0;
    const name = it.name ?? origin?.name;
    if (!it.isDefinition || name === undefined || !(it.external || origin?.external) || line <= 0) continue;
    if (!known.has(name)) known.set(name, { file: fileName(header, it.file ?? origin?.file ?? 0), line });
  }
}

function readVariable(sections: InfoSections, unit: Unit, { values, tag }: Entry, base: number): Variable {
  const origin = values.get(DW_AT_specification)?.number;
  const linkageName = values.get(DW_AT_linkage_name) ?? values.get(DW_AT_MIPS_linkage_name);
  const name = linkageName ?? (origin === undefined ? values.get(DW_AT_name) : undefined);
  return {
    name: name === undefined ? undefined : stringOf(sections, unit, name, base),
    file: values.get(DW_AT_decl_file)?.number,
    line: values.get(DW_AT_decl_line)?.number,
    external: values.has(DW_AT_external),
    isDefinition: tag === DW_TAG_variable && !values.has(DW_AT_declaration),
    origin,
  };
}
