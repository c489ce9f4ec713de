// --incremental: an object of the command line is linked as if its sections were longer than they are, up to the next size of a
// scale. What that gives depends on the object alone, so a full link and a relink agree; and a relink finds the same sizes
// again when code, data, strings or unwind records have grown or shrunk a little.
//
//   .text     ====code====nnnn|          n: nops, up to 5/4, 6/4, 7/4 or 8/4 of a power of two
//   .eh_frame CIE FDE FDE+nnnn|          the last record is longer
//   .debug_*  unit unit+000000|          as the format of each has it (spread-debug.ts)
//
// Global symbols stand in the order of their names, because assemblers list them in that of their first use. Strings and constants that the linker would merge with those of other objects stay the object's own.

import {
  SHF_COMPRESSED,
  SHF_EXECINSTR,
  SHF_GROUP,
  SHF_MERGE,
  SHF_STRINGS,
  SHF_WRITE,
  SHT_NOBITS,
  SHT_PROGBITS,
} from "../../../elf/constants.ts";
import type { LinkOptions } from "../../options.ts";
import { type ObjectFile, readObject, sectionName } from "../../tables/object-file.ts";
import { createSections, type SectionTable } from "../../tables/section-table.ts";
import { sortGlobals } from "./sort-globals.ts";
import { spreadDebug } from "./spread-debug.ts";

/** Sections that nobody goes through from their start to their end: a longer one does no harm. */
const SPREAD = /^\.(text|rodata|lrodata|data|ldata|bss|lbss|tdata|tbss|gcc_except_table)(\..*)?$/;
/** Of one function or variable, as by -ffunction-sections; not GCC's parts of a file's code, nor strings and constants. */
const ONE = /^\.(text|rodata|data|bss|lrodata|ldata|lbss)\.[^.]+$/;
const OF_THE_FILE = /^\.text\.(startup|exit|hot|unlikely)$|\.(str|cst)\d/;
/** SHT_X86_64_UNWIND (psABI) */
const UNWIND = 0x70000001;

/** Of a section of one function or variable, and of one of a whole file. */
const SHORT_STEP = 64;
const LONG_STEP = 512;

/** The next size of the scale: four steps from a power of two to the next, but none shorter than `step` bytes. */
export function spreadSize(size: number, step: number): number {
  if (size === 0) return 0;
  const wanted = Math.max(2 ** Math.floor(Math.log2(size)) / 4, step);
  return Math.ceil(size / wanted) * wanted;
}

interface Part {
  readonly contents: Uint8Array;
  readonly size: number;
  readonly flags: number;
  readonly entsize: number;
}

export function spreads({ incremental, output }: LinkOptions): boolean {
  return incremental && output !== "relocatable";
}

/** @returns a new object; the same bytes where they are none that the linker could read, which it will say itself */
export function spreadObject(bytes: Uint8Array, is64: boolean): Uint8Array {
  const sections = createSections();
  const origin = { name: "", path: "", member: undefined, pulledBy: -1, excluded: false, input: 0 };
  const object = readObject(bytes, is64, 0, 0, origin, sections, () => {});
  if (object === undefined || object.sectionCount === 0) return bytes;
  const parts = Array.from({ length: object.sectionCount }, (_, i) => spreadSection(object, sections, i));
  const spread = assemble(object, sections, parts);
  sortGlobals(spread, is64);
  return spread;
}

function spreadSection(object: ObjectFile, sections: SectionTable, section: number): Part {
  const { bytes } = object;
  const flags = sections.flags[section];
  const type = sections.type[section];
  const size = sections.size[section];
  const raw = rawSize(object, section);
  const offset = sections.offset[section];
  const contents = type === SHT_NOBITS || section === 0 ? bytes.subarray(0, 0) : bytes.subarray(offset, offset + raw);
  const same: Part = { contents, size: raw, flags, entsize: sections.entsize[section] };
  const isContents = type === SHT_PROGBITS || type === SHT_NOBITS || type === UNWIND;
  if (!isContents || size === 0 || raw !== size || (flags & (SHF_GROUP | SHF_COMPRESSED)) !== 0) return same;
  const name = sectionName(object, sections, section);
  const isOne = ONE.test(name) && !OF_THE_FILE.test(name);
  const wanted = spreadSize(size, isOne || (flags & SHF_WRITE) !== 0 ? SHORT_STEP : LONG_STEP);
  if (name === ".eh_frame") return { ...same, ...longer(spreadUnwind(contents, wanted) ?? contents) };
  if (name.startsWith(".debug_")) {
    const own = { ...same, flags: flags & ~(SHF_MERGE | SHF_STRINGS), entsize: 0 };
    const spread = spreadDebug(name, contents, wanted);
    return spread === undefined ? same : { ...own, ...longer(spread) };
  }
  if (!SPREAD.test(name)) return same;
  const isMerged = (flags & SHF_MERGE) !== 0;
  const own = isMerged ? { ...same, flags: flags & ~(SHF_MERGE | SHF_STRINGS), entsize: 0 } : same;
  if (type === SHT_NOBITS) return { ...own, size: wanted };
  const filled = new Uint8Array(wanted);
  if ((flags & SHF_EXECINSTR) !== 0) filled.fill(NOP, size);
  filled.set(contents);
  return { ...own, ...longer(filled) };
}

/** The same on both machines. */
const NOP = 0x90;

function longer(contents: Uint8Array): Pick<Part, "contents" | "size"> {
  return { contents, size: contents.length };
}

/** sh_size as the file has it. */
function rawSize({ view, is64, sectionCount }: ObjectFile, section: number): number {
  if (section >= sectionCount) return 0;
  const table = is64 ? view.getUint32(40, true) : view.getUint32(32, true);
  return view.getUint32(table + section * (is64 ? 64 : 40) + (is64 ? 32 : 20), true);
}

/** Makes the last record longer by instructions that do nothing (DW_CFA_nop); undefined if that is no FDE. */
function spreadUnwind(contents: Uint8Array, wanted: number): Uint8Array | undefined {
  const view = new DataView(contents.buffer, contents.byteOffset, contents.byteLength);
  let last = -1;
  for (let at = 0; at + 8 <= contents.length; ) {
    const length = view.getUint32(at, true);
    // The end of all records, or the 64-bit format, which no compiler writes here.
    if (length === 0 || length >= 0xfffffff0 || length % 4 !== 0 || at + 4 + length > contents.length) return undefined;
    last = at;
    at += 4 + length;
    if (at < contents.length && at + 8 > contents.length) return undefined;
  }
  if (last < 0 || view.getUint32(last + 4, true) === 0) return undefined;
  const spread = new Uint8Array(wanted);
  spread.set(contents);
  new DataView(spread.buffer).setUint32(last, wanted - last - 4, true);
  return spread;
}

function assemble(
  { bytes, view, is64 }: ObjectFile,
  { alignment, type }: SectionTable,
  parts: readonly Part[],
): Uint8Array {
  const [headerSize, entry, word] = is64 ? [64, 64, 8] : [52, 40, 4];
  let end = headerSize;
  const offsets = parts.map(({ contents }, i) => {
    const unit = Math.max(alignment[i], 1);
    const at = Math.ceil(end / unit) * unit;
    end = at + contents.length;
    return at;
  });
  const table = Math.ceil(end / 8) * 8;
  const made = new Uint8Array(table + parts.length * entry);
  const to = new DataView(made.buffer);
  made.set(bytes.subarray(0, headerSize));
  const old = is64 ? view.getUint32(40, true) : view.getUint32(32, true);
  made.set(bytes.subarray(old, old + parts.length * entry), table);
  const put = (at: number, value: number): void => {
    to.setUint32(at, value >>> 0, true);
    if (is64) to.setUint32(at + 4, Math.floor(value / 0x100000000), true);
  };
  put(is64 ? 40 : 32, table);
  parts.forEach(({ contents, size, flags, entsize }, i) => {
    // Section 0 has the counts that fit nowhere else (gABI, extended numbering).
    if (i === 0) return;
    made.set(contents, offsets[i]);
    const at = table + i * entry;
    to.setUint32(at + 8, flags, true);
    put(at + 8 + 2 * word, offsets[i]);
    if (type[i] !== 0) put(at + 8 + 3 * word, size);
    put(at + 8 + 4 * word + 8 + word, entsize);
  });
  return made;
}
