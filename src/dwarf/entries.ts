// The entries of .debug_info, one after the other, with the attributes that somebody asks for (DWARF 2 to 5, "Debugging
// Information Entry" and "Representation of Debugging Information"). How entries nest does not matter here.

import { type Cursor, cursor, skip, sleb, text, u8, u16, u32, u64, uleb, unsigned } from "./cursor.ts";
import type { DebugSection } from "./section.ts";

export interface InfoSections {
  readonly info: DebugSection;
  readonly abbreviations: DebugSection;
  readonly strings: DebugSection | undefined;
  readonly stringOffsets: DebugSection | undefined;
  readonly lineStrings: DebugSection | undefined;
  readonly littleEndian: boolean;
}

interface Attribute {
  readonly name: number;
  readonly form: number;
  /** DW_FORM_implicit_const. */
  readonly constant: number;
}

interface Abbreviation {
  readonly tag: number;
  readonly attributes: readonly Attribute[];
}

/** What is the same for all entries of a unit. */
export interface Unit {
  readonly start: number;
  readonly end: number;
  readonly offsetBytes: 4 | 8;
  readonly addressBytes: number;
  readonly version: number;
  readonly abbreviations: ReadonlyMap<number, Abbreviation>;
  /** Where the first entry starts. */
  readonly entries: number;
}

/** A value as it stands: a number, an offset into a table of strings, or where a string starts. */
export interface Value {
  readonly form: number;
  readonly number: number;
  /** Where it stands in the section: its relocation is found by that. */
  readonly at: number;
}

export interface Entry {
  /** In the unit, as references count. */
  readonly offset: number;
  readonly tag: number;
  /** By DW_AT_*. */
  readonly values: ReadonlyMap<number, Value>;
}

/** Reads the unit at `at`. `next` is past the section's end when its length makes no sense. */
export function readUnit(
  sections: InfoSections,
  at: number,
): { readonly next: number; readonly unit: Unit | undefined } {
  const { bytes, targets } = sections.info;
  const c = cursor(bytes, sections.littleEndian, at);
  const first = u32(c);
  const wide = first === 0xffff_ffff;
  const end = (wide ? u64(c) : first) + c.at;
  if (c.failed || end > bytes.length || (!wide && first >= 0xffff_fff0)) return { next: bytes.length, unit: undefined };
  const offsetBytes = wide ? 8 : 4;
  const version = u16(c);
  const type = version >= 5 ? u8(c) : DW_UT_compile;
  const early = version >= 5 ? u8(c) : 0;
  const field = c.at;
  const written = unsigned(c, offsetBytes);
  const addressBytes = version >= 5 ? early : u8(c);
  // The identity that a skeleton has in common with what it stands for.
  if (type === DW_UT_skeleton) skip(c, 8);
  if (c.failed || version < 2 || version > 5 || !UNIT_TYPES.includes(type)) {
    return { next: end, unit: undefined };
  }
  const abbreviations = readAbbreviations(sections, targets.get(field)?.offset ?? written);
  return { next: end, unit: { start: at, end, offsetBytes, addressBytes, version, abbreviations, entries: c.at } };
}

const DW_UT_compile = 1;
const DW_UT_partial = 3;
const DW_UT_skeleton = 4;
const UNIT_TYPES: readonly number[] = [DW_UT_compile, DW_UT_partial, DW_UT_skeleton];

function readAbbreviations({ abbreviations, littleEndian }: InfoSections, at: number): Map<number, Abbreviation> {
  const c = cursor(abbreviations.bytes, littleEndian, at);
  const table = new Map<number, Abbreviation>();
  for (let code = uleb(c); code !== 0 && !c.failed; code = uleb(c)) {
    const tag = uleb(c);
    skip(c, 1); // has children
    const attributes: Attribute[] = [];
    for (;;) {
      const name = uleb(c);
      const form = uleb(c);
      const constant = form === DW_FORM_implicit_const ? sleb(c) : 0;
      if ((name === 0 && form === 0) || c.failed) break;
      attributes.push({ name, form, constant });
    }
    table.set(code, { tag, attributes });
  }
  return table;
}

/** The entries of a unit whose tag is among `tags`, and its first one; up to where they cannot be understood. */
export function* entriesOf(sections: InfoSections, unit: Unit, tags: ReadonlySet<number>): IterableIterator<Entry> {
  const c = cursor(sections.info.bytes, sections.littleEndian, unit.entries, unit.end);
  while (c.at < c.end) {
    const start = c.at;
    const code = uleb(c);
    if (code === 0) continue;
    const abbreviation = unit.abbreviations.get(code);
    if (abbreviation === undefined || c.failed) return;
    const wanted = start === unit.entries || tags.has(abbreviation.tag);
    const values = new Map<number, Value>();
    for (const { name, form, constant } of abbreviation.attributes) {
      const value = readForm(c, form, constant, unit);
      if (c.failed) return;
      if (wanted) values.set(name, value);
    }
    if (wanted) yield { offset: start - unit.start, tag: abbreviation.tag, values };
  }
}

const DW_FORM_indirect = 0x16;
const DW_FORM_implicit_const = 0x21;

type Size = (c: Cursor, unit: Unit) => number;

const bytes1: Size = (c) => u8(c);
const bytes2: Size = (c) => u16(c);
const bytes3: Size = (c) => u16(c) + u8(c) * 0x10000;
const bytes4: Size = (c) => u32(c);
const bytes8: Size = (c) => u64(c);
const bytes16: Size = (c) => block(c, 16);
const leb: Size = (c) => uleb(c);
const offset: Size = (c, { offsetBytes }) => unsigned(c, offsetBytes);
const inline: Size = (c) => {
  const { at } = c;
  text(c);
  return at;
};

/** How each form is read: DW_FORM_* → reader. */
const FORMS: Readonly<Record<number, Size>> = {
  1: (c, { addressBytes }) => unsigned(c, addressBytes), // addr
  3: (c) => block(c, u16(c)), // block2
  4: (c) => block(c, u32(c)), // block4
  5: bytes2, // data2
  6: bytes4, // data4
  7: bytes8, // data8
  8: inline, // string
  9: (c) => block(c, uleb(c)), // block
  10: (c) => block(c, u8(c)), // block1
  11: bytes1, // data1
  12: bytes1, // flag
  13: (c) => sleb(c), // sdata
  14: offset, // strp
  15: leb, // udata
  16: (c, { version, addressBytes, offsetBytes }) => unsigned(c, version === 2 ? addressBytes : offsetBytes), // ref_addr
  17: bytes1, // ref1
  18: bytes2, // ref2
  19: bytes4, // ref4
  20: bytes8, // ref8
  21: leb, // ref_udata
  23: offset, // sec_offset
  24: (c) => block(c, uleb(c)), // exprloc
  25: () => 1, // flag_present
  26: leb, // strx
  27: leb, // addrx
  28: bytes4, // ref_sup4
  29: offset, // strp_sup
  30: bytes16, // data16
  31: offset, // line_strp
  32: bytes8, // ref_sig8
  34: leb, // loclistx
  35: leb, // rnglistx
  36: bytes8, // ref_sup8
  37: bytes1, // strx1
  38: bytes2, // strx2
  39: bytes3, // strx3
  40: bytes4, // strx4
  41: bytes1, // addrx1
  42: bytes2, // addrx2
  43: bytes3, // addrx3
  44: bytes4, // addrx4
  7937: leb, // GNU_addr_index
  7938: leb, // GNU_str_index
  7968: offset, // GNU_ref_alt
  7969: offset, // GNU_strp_alt
};

function block(c: Cursor, size: number): number {
  skip(c, size);
  return 0;
}

function readForm(c: Cursor, form: number, constant: number, unit: Unit): Value {
  const { at } = c;
  if (form === DW_FORM_implicit_const) return { form, number: constant, at };
  const actual = form === DW_FORM_indirect ? uleb(c) : form;
  const read = Object.hasOwn(FORMS, actual) ? FORMS[actual] : undefined;
  if (read === undefined) c.failed = true;
  return { form: actual, number: read?.(c, unit) ?? 0, at };
}

/** An offset into another section, with what its relocation says. */
export function sectionOffset({ info }: InfoSections, value: Value): number {
  return info.targets.get(value.at)?.offset ?? value.number;
}

/**
 * The text of a value that is a string.
 * @param base DW_AT_str_offsets_base of the unit
 */
export function stringOf(sections: InfoSections, unit: Unit, value: Value, base: number): string {
  const { info, strings, lineStrings, littleEndian } = sections;
  const at = (table: DebugSection | undefined, where: number): string =>
    table === undefined ? "" : text(cursor(table.bytes, littleEndian, where));
  switch (value.form) {
    case 0x08:
      return at(info, value.number);
    case 0x0e:
      return at(strings, sectionOffset(sections, value));
    case 0x1f:
      return at(lineStrings, sectionOffset(sections, value));
    case 0x1a:
    case 0x25:
    case 0x26:
    case 0x27:
    case 0x28:
      return at(strings, indexedOffset(sections, base + value.number * unit.offsetBytes, unit.offsetBytes));
    default:
      return "";
  }
}

function indexedOffset({ stringOffsets, littleEndian }: InfoSections, at: number, offsetBytes: number): number {
  if (stringOffsets === undefined) return -1;
  const written = unsigned(cursor(stringOffsets.bytes, littleEndian, at), offsetBytes);
  return stringOffsets.targets.get(at)?.offset ?? written;
}
