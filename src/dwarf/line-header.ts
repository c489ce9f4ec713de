// The header of a line-number program (DWARF 2 to 5, sections "The Line Number Program Header"): how the program is coded,
// and the tables of directories and files that its rows refer to.

import { type Cursor, cursor, i8, skip, text, u8, u16, u32, u64, uleb, unsigned } from "./cursor.ts";
import type { DebugSection } from "./section.ts";

export interface SourceFile {
  readonly name: string;
  readonly directory: number;
}

export interface LineHeader {
  readonly version: number;
  /** 4 in DWARF32, 8 in DWARF64. */
  readonly offsetBytes: 4 | 8;
  readonly minInstructionLength: number;
  readonly lineBase: number;
  readonly lineRange: number;
  /** Number of operands of standard opcode i at index i - 1. Its length is opcode_base - 1. */
  readonly operandCounts: readonly number[];
  /** Index 0 is the compilation's directory, known from version 5 on only ("" before). */
  readonly directories: readonly string[];
  /** By the number that rows use: from 0 in version 5, from 1 before (index 0 is empty then). */
  readonly files: readonly SourceFile[];
  /** Where the program starts and ends in the section. */
  readonly start: number;
  readonly end: number;
}

export interface LineSections {
  readonly line: DebugSection;
  readonly strings: DebugSection | undefined;
  readonly lineStrings: DebugSection | undefined;
  readonly littleEndian: boolean;
}

/** Where the next unit starts, and the header if this one's can be understood. */
export interface LineUnit {
  readonly next: number;
  readonly header: LineHeader | undefined;
}

/** Reads the header of the unit at `at`. `next` is past the section's end when the unit's length makes no sense. */
export function readLineUnit(sections: LineSections, at: number): LineUnit {
  const { bytes } = sections.line;
  const c = cursor(bytes, sections.littleEndian, at);
  const first = u32(c);
  const wide = first === 0xffff_ffff;
  const length = wide ? u64(c) : first;
  const end = c.at + length;
  if (c.failed || end > bytes.length || (!wide && first >= 0xffff_fff0))
    return { next: bytes.length, header: undefined };
  c.end = end;
  const header = readHeader(sections, c, wide ? 8 : 4);
  return { next: end, header: c.failed ? undefined : header };
}

function readHeader(sections: LineSections, c: Cursor, offsetBytes: 4 | 8): LineHeader | undefined {
  const version = u16(c);
  if (version < 2 || version > 5) return undefined;
  if (version >= 5) skip(c, 2); // address_size, segment_selector_size
  const headerLength = unsigned(c, offsetBytes);
  const start = c.at + headerLength;
  const minInstructionLength = u8(c);
  if (version >= 4) skip(c, 1); // maximum_operations_per_instruction: 1 but for VLIW machines
  skip(c, 1); // default_is_stmt
  const lineBase = i8(c);
  const lineRange = u8(c);
  const operandCounts = Array.from({ length: Math.max(u8(c) - 1, 0) }, () => u8(c));
  if (c.failed || lineRange === 0 || start > c.end) return undefined;
  const tables = version >= 5 ? entryTables(sections, c, offsetBytes) : listTables(c);
  const { end } = c;
  return { version, offsetBytes, minInstructionLength, lineBase, lineRange, operandCounts, ...tables, start, end };
}

type Tables = Pick<LineHeader, "directories" | "files">;

/** Before version 5: names that end with a NUL, up to an empty one. */
function listTables(c: Cursor): Tables {
  const directories = [""];
  for (let name = text(c); name !== "" && !c.failed; name = text(c)) directories.push(name);
  const files: SourceFile[] = [{ name: "", directory: 0 }];
  for (let name = text(c); name !== "" && !c.failed; name = text(c)) {
    files.push({ name, directory: uleb(c) });
    uleb(c); // time of last change
    uleb(c); // length in bytes
  }
  return { directories, files };
}

const DW_LNCT_PATH = 1;
const DW_LNCT_DIRECTORY_INDEX = 2;

/** From version 5 on: tables that describe the form of their own columns. */
function entryTables(sections: LineSections, c: Cursor, offsetBytes: 4 | 8): Tables {
  const directories = entries(sections, c, offsetBytes).map(({ name }) => name);
  return { directories, files: entries(sections, c, offsetBytes) };
}

function entries(sections: LineSections, c: Cursor, offsetBytes: 4 | 8): SourceFile[] {
  const columns = Array.from({ length: u8(c) }, () => ({ content: uleb(c), form: uleb(c) }));
  const count = uleb(c);
  const found: SourceFile[] = [];
  for (let i = 0; i < count && !c.failed; i++) {
    let name = "";
    let directory = 0;
    const before = c.at;
    for (const { content, form } of columns) {
      const value = readForm(sections, c, form, offsetBytes);
      if (content === DW_LNCT_PATH && typeof value === "string") name = value;
      if (content === DW_LNCT_DIRECTORY_INDEX && typeof value === "number") directory = value;
    }
    // Entries of no bytes could be as many as the count says.
    if (c.at === before) c.failed = true;
    found.push({ name, directory });
  }
  return found;
}

/** How a form is read: its number in DWARF 5 → reader. */
const FORMS: Readonly<Record<number, (sections: LineSections, c: Cursor, offsetBytes: 4 | 8) => string | number>> = {
  3: (_, c) => block(c, u16(c)), // DW_FORM_block2
  4: (_, c) => block(c, u32(c)), // DW_FORM_block4
  5: (_, c) => u16(c), // DW_FORM_data2
  6: (_, c) => u32(c), // DW_FORM_data4
  7: (_, c) => u64(c), // DW_FORM_data8
  8: (_, c) => text(c), // DW_FORM_string
  9: (_, c) => block(c, uleb(c)), // DW_FORM_block
  10: (_, c) => block(c, u8(c)), // DW_FORM_block1
  11: (_, c) => u8(c), // DW_FORM_data1
  12: (_, c) => u8(c), // DW_FORM_flag
  13: (_, c) => uleb(c), // DW_FORM_sdata: its value is not used
  14: (sections, c, offsetBytes) => stringAt(sections, sections.strings, c, offsetBytes), // DW_FORM_strp
  15: (_, c) => uleb(c), // DW_FORM_udata
  23: (_, c, offsetBytes) => unsigned(c, offsetBytes), // DW_FORM_sec_offset
  26: (_, c) => uleb(c), // DW_FORM_strx: needs .debug_str_offsets, which no compiler uses here
  29: (_, c, offsetBytes) => unsigned(c, offsetBytes), // DW_FORM_strp_sup: in another file
  30: (_, c) => block(c, 16), // DW_FORM_data16: the MD5 of the source
  31: (sections, c, offsetBytes) => stringAt(sections, sections.lineStrings, c, offsetBytes), // DW_FORM_line_strp
};

function readForm(sections: LineSections, c: Cursor, form: number, offsetBytes: 4 | 8): string | number {
  const read = Object.hasOwn(FORMS, form) ? FORMS[form] : undefined;
  if (read !== undefined) return read(sections, c, offsetBytes);
  c.failed = true;
  return 0;
}

function block(c: Cursor, size: number): number {
  skip(c, size);
  return 0;
}

/** A string of another section; the offset is a relocated field in object files. */
function stringAt(sections: LineSections, table: DebugSection | undefined, c: Cursor, offsetBytes: 4 | 8): string {
  const field = c.at;
  const offset = unsigned(c, offsetBytes);
  if (table === undefined) return "";
  const strings = cursor(table.bytes, sections.littleEndian, sections.line.targets.get(field)?.offset ?? offset);
  return text(strings);
}
