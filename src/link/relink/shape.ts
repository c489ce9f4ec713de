// What of an object may change without anything else of the output changing: the contents of plain sections, away from what
// relocations rewrite. Section headers, symbols, strings, relocations, and all that the linker merges, counts or decides by must
// stay as they are; then every address stays as it is as well, and the output differs where the object differs.
//
//   object   | header | .text ====[reloc]====[reloc, relaxed]=== | .rodata ===== | .symtab, .rela.text, headers |
//   may differ            yes     field not taken      no          yes             no

import {
  EXPRESSION_ABSOLUTE,
  EXPRESSION_GOT_BASE_PC,
  EXPRESSION_GOT_RELATIVE,
  EXPRESSION_NONE,
  EXPRESSION_PC,
  EXPRESSION_PLT_GOT_RELATIVE,
  EXPRESSION_PLT_PC,
  EXPRESSION_SIZE,
  EXPRESSION_TLS_DTPOFF,
  type Machine,
} from "../../arch/index.ts";
import {
  SHT_FINI_ARRAY,
  SHT_INIT_ARRAY,
  SHT_NOBITS,
  SHT_PREINIT_ARRAY,
  SHT_PROGBITS,
  SHT_RELA,
} from "../../elf/constants.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import { readWord } from "../tables/object-file.ts";
import type { OutputSections } from "../tables/output-section.ts";
import {
  type SectionTable,
  STATE_COLLECTED,
  STATE_COMPRESSED,
  STATE_DISCARDED,
  STATE_EH_FRAME,
  STATE_FOLDED,
  STATE_MERGED,
} from "../tables/section-table.ts";

/** An input as it was linked, and where its bytes went. Offsets are in bytes. */
export interface Shape {
  readonly path: string;
  /** The whole file. */
  readonly bytes: Uint8Array;
  /** Triples in ascending order: first byte, end, and where the first is in the output. */
  readonly plain: Float64Array;
  /** Pairs: first byte and end of what relocations overwrite. It may differ, and is not taken over. */
  readonly overwritten: Float64Array;
  /** Pairs: first byte and end of what decides about the output (instructions that may be relaxed, addends). It must not differ. */
  readonly decisive: Float64Array;
}

/**
 * Bytes before and behind the start of a field that the linker may rewrite instructions for. The field of a TLS sequence
 * comes 4 bytes after its start, the longest (general dynamic of the large model) ends 18 behind it.
 */
const BEFORE = 8;
const BEHIND = 24;

const PLAIN_EXPRESSIONS: ReadonlySet<number> = new Set([
  EXPRESSION_NONE,
  EXPRESSION_ABSOLUTE,
  EXPRESSION_PC,
  EXPRESSION_PLT_PC,
  EXPRESSION_GOT_RELATIVE,
  EXPRESSION_GOT_BASE_PC,
  EXPRESSION_PLT_GOT_RELATIVE,
  EXPRESSION_SIZE,
  EXPRESSION_TLS_DTPOFF,
]);

const PLAIN_TYPES: ReadonlySet<number> = new Set([SHT_PROGBITS, SHT_INIT_ARRAY, SHT_FINI_ARRAY, SHT_PREINIT_ARRAY]);

const NOT_PLAIN = STATE_DISCARDED | STATE_COLLECTED | STATE_MERGED | STATE_FOLDED | STATE_COMPRESSED | STATE_EH_FRAME;

/** Names of sections whose contents the linker reads: warnings, and what it makes anew of all of them. */
const READ_BY_THE_LINKER = [".gnu.warning", ".sframe", ".note", ".stab", ".gnu_debug"];

/**
 * @param object of a file of its own, not a member of an archive
 * @returns undefined if the same bytes of it mean two things, which no compiler makes
 */
export function shapeOf(
  object: ObjectFile,
  sections: SectionTable,
  { list, reversed }: OutputSections,
  machine: Machine,
): Shape | undefined {
  if (overlaps(object, sections)) return undefined;
  const plain: number[] = [];
  const overwritten: number[] = [];
  const decisive: number[] = [];
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++) {
    const output = sections.output[section];
    if (output < 0 || (sections.state[section] & NOT_PLAIN) !== 0 || reversed.has(section)) continue;
    if (!PLAIN_TYPES.has(sections.type[section]) || sections.size[section] === 0) continue;
    if (READ_BY_THE_LINKER.some((name) => beginsWith(object.bytes, sections.name[section], name))) continue;
    const from = sections.offset[section];
    const { offset, address } = list[output];
    plain.push(from, from + sections.size[section], offset + (sections.address[section] - address));
    if (sections.relocs[section] >= 0) addRelocations(object, sections, section, machine, overwritten, decisive);
  }
  return {
    path: object.path,
    bytes: object.bytes,
    plain: sorted(plain, 3),
    overwritten: sorted(overwritten, 2),
    decisive: sorted(decisive, 2),
  };
}

function addRelocations(
  { view, is64 }: ObjectFile,
  sections: SectionTable,
  section: number,
  machine: Machine,
  overwritten: number[],
  decisive: number[],
): void {
  const relocs = sections.relocs[section];
  const word = is64 ? 8 : 4;
  const hasAddend = sections.type[relocs] === SHT_RELA;
  const entry = hasAddend ? 3 * word : 2 * word;
  const { expression, bytes } = machine.relocations;
  const start = sections.offset[relocs];
  for (let at = start; at < start + sections.size[relocs]; at += entry) {
    const field = sections.offset[section] + readWord(view, at, is64);
    // ELF64_R_TYPE, ELF32_R_TYPE
    const type = is64 ? view.getUint32(at + word, true) : view.getUint8(at + word);
    if (!PLAIN_EXPRESSIONS.has(expression[type])) decisive.push(field - BEFORE, field + BEHIND);
    else (hasAddend ? overwritten : decisive).push(field, field + bytes[type]);
  }
}

/** Whether any two of the sections and headers share bytes of the file. */
function overlaps({ view, is64, firstSection, sectionCount }: ObjectFile, sections: SectionTable): boolean {
  const headers = readWord(view, is64 ? 40 : 32, is64);
  const ranges = [
    [0, is64 ? 64 : 52],
    [headers, headers + sectionCount * (is64 ? 64 : 40)],
  ];
  for (let section = firstSection + 1; section < firstSection + sectionCount; section++) {
    if (sections.type[section] === SHT_NOBITS || sections.size[section] === 0) continue;
    // A compressed section's size is that of its contents, and such a section is no plain one.
    if ((sections.state[section] & STATE_COMPRESSED) !== 0) continue;
    ranges.push([sections.offset[section], sections.offset[section] + sections.size[section]]);
  }
  ranges.sort((a, b) => a[0] - b[0]);
  return ranges.some(([from], i) => i > 0 && from < ranges[i - 1][1]);
}

/** Whether the NUL-terminated name at `at` begins so. */
function beginsWith(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Groups of `width` numbers in the order of their first. */
function sorted(values: readonly number[], width: number): Float64Array {
  const groups = Array.from({ length: values.length / width }, (_, i) => values.slice(i * width, (i + 1) * width));
  return Float64Array.from(groups.sort((a, b) => a[0] - b[0]).flat());
}
