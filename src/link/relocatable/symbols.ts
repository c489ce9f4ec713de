// The symbol table of -r: a symbol for every section; the local symbols file by file; the global ones. Which symbols there
// are depends on relocations too, because what they refer to must stay under -x and the like: `planLocals` and
// `neededLocal` (called by the scan of the relocations) take turns, object by object.

import type { Machine } from "../../arch/index.ts";
import {
  SHF_GNU_MBIND,
  SHF_GNU_RETAIN,
  SHN_ABS,
  SHN_COMMON,
  SHN_LORESERVE,
  SHN_UNDEF,
  SHN_X86_64_LCOMMON,
  SHN_XINDEX,
  STB_LOCAL,
  STT_COMMON,
  STT_FILE,
  STT_FUNC,
  STT_GNU_IFUNC,
  STT_OBJECT,
  STT_SECTION,
  STT_TLS,
} from "../../elf/constants.ts";
import { unsigned64 } from "../../elf/halves.ts";
import { bindingOf } from "../made/dynamic-symbols.ts";
import type { LinkOptions } from "../options.ts";
import type { EhFrames } from "../sections/unwind/eh-frame.ts";
import { growInt32 } from "../tables/columns.ts";
import { SECTION_ABSOLUTE, SECTION_NONE, SECTION_OUTPUT, type SectionId, type SymbolId } from "../tables/ids.ts";
import { localSection, localType } from "../tables/local-symbols.ts";
import { nameEnd, nameText } from "../tables/names.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import type { SectionTable } from "../tables/section-table.ts";
import {
  addBytes,
  addLocalName,
  addText,
  createStrings,
  type NameCounts,
  type StringTable,
} from "../tables/string-table.ts";
import {
  FLAG_COLLECTED,
  FLAG_FORCED_LOCAL,
  FLAG_REQUIRED,
  FLAG_UNIQUE,
  isDefinedHere,
  KIND_COMMON,
  KIND_INDIRECT,
  KIND_NONE,
  type SymbolTable,
} from "../tables/symbol-table.ts";
import type { Assigned } from "./assigned.ts";
import { movedOffset } from "./eh-frame.ts";
import type { OutputTable } from "./output-table.ts";

/** In `local`: not in the table yet, but a relocation may ask for it. */
export const LOCAL_ABSENT = -0x80000000;
/** In `local`: its section is not in the output, or it has none. */
export const LOCAL_GONE = 0;

export interface SymbolPlan {
  readonly sections: SectionTable;
  readonly symbols: SymbolTable;
  readonly options: LinkOptions;
  readonly retain: ReadonlySet<string> | undefined;
  /** Entries so far, the null symbol included; the first `localCount` are local. */
  count: number;
  localCount: number;
  /** Number of the first entry below, behind the section symbols. */
  readonly firstEntry: number;
  /** Local symbols of inputs: object, index in its table (-1: an STT_FILE symbol for it), section in which it lies. */
  entryObject: Int32Array;
  entryIndex: Int32Array;
  entrySection: Int32Array;
  entries: number;
  /** By object.symbolBase + index: number of the entry; ~section for a section symbol; or LOCAL_*. */
  readonly local: Int32Array;
  /** By symbol: 1 when a relocation or a group refers to it. */
  readonly used: Uint8Array;
  /** By symbol: 1 when its definition's section is not in the output. */
  readonly gone: Uint8Array;
  readonly globals: SymbolId[];
  /** Assigned by HIDDEN or PROVIDE_HIDDEN of a layout script: local (ld/ldexp.c, bfd/elflink.c: bfd_elf_record_link_assignment). */
  readonly hidden: SymbolId[];
  /** Number of the nameless STT_FILE symbol in front of those, so that they do not pass for the last file's; 0: none. */
  separator: number;
  hasFiles: boolean;
  /** By symbol: its number in the table, or 0. */
  readonly numbers: Int32Array;
  readonly strings: StringTable;
  readonly counts: NameCounts | undefined;
  /** st_name by number. */
  names: Int32Array;
  /** There are IFUNC or unique symbols. */
  gnuFeatures: boolean;
}

/** Every output section gets its symbol. @param symbolBase symbols of all objects */
export function createSymbolPlan(
  sections: SectionTable,
  symbols: SymbolTable,
  options: LinkOptions,
  symbolBase: number,
  assigned: Assigned,
): SymbolPlan {
  const { retainSymbols } = options;
  let sectionSymbols = 0;
  for (const id of assigned.groups) assigned.table.symbol[id] = ++sectionSymbols;
  for (const id of assigned.ordered) assigned.table.symbol[id] = ++sectionSymbols;
  const gone = new Uint8Array(symbols.count);
  for (let id = 0; id < symbols.count; id++) {
    const section = symbols.section[id];
    if (section >= 0 && sections.output[section] < 0) gone[id] = 1;
  }
  return {
    sections,
    symbols,
    options,
    retain: retainSymbols === undefined ? undefined : new Set(retainSymbols),
    count: 1 + sectionSymbols,
    localCount: 0,
    firstEntry: 1 + sectionSymbols,
    entryObject: new Int32Array(256),
    entryIndex: new Int32Array(256),
    entrySection: new Int32Array(256),
    entries: 0,
    local: new Int32Array(symbolBase),
    used: new Uint8Array(symbols.count),
    gone,
    globals: [],
    hidden: [],
    separator: 0,
    hasFiles: false,
    numbers: new Int32Array(symbols.count),
    strings: createStrings(1 << 16),
    counts: options.z.uniqueSymbol ? new Map() : undefined,
    names: new Int32Array(1 + sectionSymbols),
    gnuFeatures: false,
  };
}

// ---------------------------------------------------------------------------------------------------------------------
// Local symbols
// ---------------------------------------------------------------------------------------------------------------------

/** Enters the local symbols of an object that are listed whether or not a relocation needs them. */
export function planLocals(plan: SymbolPlan, object: ObjectFile): void {
  const { sections, options, local } = plan;
  const { bytes, view, is64, strings, stringsEnd, firstGlobal, symbolBase } = object;
  const entry = is64 ? 24 : 16;
  const detail = object.symtab + (is64 ? 4 : 12);
  const noLabels = options.discard === "locals";
  const noLocals = options.discard === "all";
  let named = false;
  for (let i = 1; i < firstGlobal; i++) {
    const section = localSection(object, i);
    const type = bytes[detail + i * entry] & 15;
    const listed = section >= 0 ? sections.output[section] >= 0 : section === SECTION_ABSOLUTE;
    if (type === STT_SECTION && listed && section >= 0) {
      local[symbolBase + i] = ~section;
      continue;
    }
    local[symbolBase + i] = section === SECTION_NONE ? LOCAL_GONE : LOCAL_ABSENT;
    if (type === STT_SECTION || !listed || noLocals) continue;
    const name = strings + view.getUint32(object.symtab + i * entry, true);
    if (name >= stringsEnd) continue;
    if (noLabels && isLabel(bytes, name)) continue;
    if (plan.retain !== undefined && !plan.retain.has(decodeName(object, name))) continue;
    if (type === STT_FILE) named = true;
    // Without a file's name debuggers would take its symbols for those of the file before.
    if (!named) addEntry(plan, object, -1, SECTION_ABSOLUTE);
    named = true;
    addEntry(plan, object, i, section);
  }
}

/** Compilers' own labels: `.L` and, in DWARF of old compilers, `..`. */
function isLabel(bytes: Uint8Array, name: number): boolean {
  return bytes[name] === 0x2e && (bytes[name + 1] === 0x4c || bytes[name + 1] === 0x2e);
}

const decoder = new TextDecoder();

function decodeName(object: ObjectFile, start: number): string {
  return decoder.decode(object.bytes.subarray(start, endOfName(object, start)));
}

function endOfName(object: ObjectFile, start: number): number {
  let end = start;
  while (end < object.stringsEnd && object.bytes[end] !== 0) end++;
  return end;
}

/**
 * A local symbol that a relocation (or a group) needs and that is not in the table yet.
 * @param section where it lies: its own section, or the one that stands for that
 * @returns its value in `local`
 */
export function neededLocal(plan: SymbolPlan, object: ObjectFile, index: number, section: SectionId): number {
  const at = object.symbolBase + index;
  plan.local[at] =
    localType(object, index) === STT_SECTION && section >= 0 ? ~section : addEntry(plan, object, index, section);
  return plan.local[at];
}

/** @returns the symbol's number */
function addEntry(plan: SymbolPlan, object: ObjectFile, index: number, section: SectionId): number {
  const at = plan.entries++;
  plan.entryObject = growInt32(plan.entryObject, at + 1);
  plan.entryIndex = growInt32(plan.entryIndex, at + 1);
  plan.entrySection = growInt32(plan.entrySection, at + 1);
  plan.entryObject[at] = object.id;
  plan.entryIndex[at] = index;
  plan.entrySection[at] = section;
  let name: number;
  if (index < 0 || localType(object, index) === STT_FILE) plan.hasFiles = true;
  if (index < 0) name = addText(plan.strings, baseName(object.member ?? object.path));
  else {
    plan.local[object.symbolBase + index] = plan.count;
    const start = object.strings + object.view.getUint32(object.symtab + index * (object.is64 ? 24 : 16), true);
    const type = localType(object, index);
    const counts = type === STT_FILE ? undefined : plan.counts;
    const end = endOfName(object, start);
    name = start < object.stringsEnd ? addLocalName(plan.strings, counts, object.bytes, start, end) : 0;
    if (type === STT_GNU_IFUNC) plan.gnuFeatures = true;
  }
  return addName(plan, name);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function addName(plan: SymbolPlan, name: number): number {
  plan.names = growInt32(plan.names, plan.count + 1);
  plan.names[plan.count] = name;
  return plan.count++;
}

// ---------------------------------------------------------------------------------------------------------------------
// Global symbols
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Enters the global symbols. Called when every object's locals and relocations are planned.
 * @param referenced by symbol: --gc-sections left a reference to it
 */
export function planGlobals(
  plan: SymbolPlan,
  objects: readonly ObjectFile[],
  referenced: Uint8Array | undefined,
): void {
  const { symbols } = plan;
  const mentioned = referenced ?? mentionedSymbols(plan, objects);
  for (let id = 0; id < symbols.names.count; id++) {
    if (!isListed(plan, id, mentioned)) continue;
    const isHidden = isForcedLocal(symbols, id);
    (isHidden ? plan.hidden : plan.globals).push(id);
    if (!isDefinedHere(symbols, id)) continue;
    if (symbols.type[id] === STT_GNU_IFUNC || (symbols.flags[id] & FLAG_UNIQUE) !== 0) plan.gnuFeatures = true;
  }
  if (plan.hidden.length > 0 && plan.hasFiles) plan.separator = addName(plan, 0);
  for (const id of plan.hidden) addGlobal(plan, id);
  plan.localCount = plan.count;
  for (const id of plan.globals) addGlobal(plan, id);
}

/** HIDDEN and PROVIDE_HIDDEN of a script. */
function isForcedLocal(symbols: SymbolTable, id: SymbolId): boolean {
  return (symbols.flags[id] & FLAG_FORCED_LOCAL) !== 0 && isDefinedHere(symbols, id);
}

function addGlobal(plan: SymbolPlan, id: SymbolId): void {
  const { names } = plan.symbols;
  // The whole name: `foo@@V` stays what the next link reads.
  plan.numbers[id] = addName(plan, addBytes(plan.strings, names.pool, names.start[id], nameEnd(names, id)));
}

function isListed(plan: SymbolPlan, id: SymbolId, mentioned: Uint8Array): boolean {
  const { symbols } = plan;
  const kind = symbols.kind[id];
  if (plan.used[id] !== 0) return true;
  const isGone = plan.gone[id] !== 0 || (symbols.flags[id] & FLAG_COLLECTED) !== 0;
  if (kind === KIND_NONE || kind === KIND_INDIRECT || isGone) return false;
  if (!isDefinedHere(symbols, id) && mentioned[id] === 0 && (symbols.flags[id] & FLAG_REQUIRED) === 0) return false;
  return plan.retain === undefined || plan.retain.has(nameText(symbols.names, id));
}

/**
 * By symbol: 1 if some object has it as undefined, rather than defined in a discarded section alone. The latter is a
 * reference to the copy that was kept; where that has no such symbol, nobody asks for it.
 */
function mentionedSymbols(plan: SymbolPlan, objects: readonly ObjectFile[]): Uint8Array {
  const mentioned = new Uint8Array(plan.symbols.count);
  for (const object of objects) {
    const { view, is64, firstGlobal, symbolCount } = object;
    const entry = is64 ? 24 : 16;
    let at = object.symtab + firstGlobal * entry + (is64 ? 6 : 14);
    for (let i = firstGlobal; i < symbolCount; i++, at += entry) {
      if (view.getUint16(at, true) === SHN_UNDEF) mentioned[object.symbols[i - firstGlobal]] = 1;
    }
  }
  return mentioned;
}

/**
 * Does the object need a linker that knows GNU's extensions? As in GNU ld also where an input did whose flag the output section
 * does not have, because the section's first input had none.
 */
export function usesGnuFeatures(plan: SymbolPlan, table: OutputTable): boolean {
  const special = SHF_GNU_RETAIN | SHF_GNU_MBIND;
  if (plan.gnuFeatures || table.flags.subarray(0, table.count).some((it) => (it & special) !== 0)) return true;
  const { flags, output, count } = plan.sections;
  for (let section = 0; section < count; section++) {
    if ((flags[section] & SHF_GNU_RETAIN) !== 0 && output[section] >= 0) return true;
  }
  return false;
}

// ---------------------------------------------------------------------------------------------------------------------
// Writing
// ---------------------------------------------------------------------------------------------------------------------

interface SymbolWriter {
  readonly view: DataView;
  /** Offsets in the image of .symtab and of .symtab_shndx (-1 without one). */
  readonly symtab: number;
  readonly shndx: number;
  readonly is64: boolean;
}

/** Fills .symtab and .symtab_shndx. Offsets of sections are final. */
export function writeSymbolTable(
  plan: SymbolPlan,
  table: OutputTable,
  objects: readonly ObjectFile[],
  frames: EhFrames,
  machine: Machine,
  view: DataView,
  symtab: number,
  shndx: number,
): void {
  const writer: SymbolWriter = { view, symtab, shndx, is64: machine.elfClass === 64 };
  for (let output = 0; output < table.count; output++) {
    if (table.symbol[output] === 0) continue;
    writeEntry(writer, table.symbol[output], 0, STT_SECTION, 0, table.index[output], 0, 0, 0);
  }
  for (let i = 0; i < plan.entries; i++) writeLocal(plan, table, objects, frames, writer, i);
  if (plan.separator > 0) writeEntry(writer, plan.separator, 0, (STB_LOCAL << 4) | STT_FILE, 0, -SHN_ABS, 0, 0, 0);
  for (const id of plan.hidden) writeGlobal(plan, table, frames, writer, id);
  for (const id of plan.globals) writeGlobal(plan, table, frames, writer, id);
}

function writeLocal(
  plan: SymbolPlan,
  table: OutputTable,
  objects: readonly ObjectFile[],
  frames: EhFrames,
  writer: SymbolWriter,
  entry: number,
): void {
  const number = plan.firstEntry + entry;
  const index = plan.entryIndex[entry];
  if (index < 0) {
    writeEntry(writer, number, plan.names[number], (STB_LOCAL << 4) | STT_FILE, 0, -SHN_ABS, 0, 0, 0);
    return;
  }
  const { view, bytes, is64, symtab } = objects[plan.entryObject[entry]];
  const at = symtab + index * (is64 ? 24 : 16);
  const detail = at + (is64 ? 4 : 12);
  let low = view.getUint32(at + (is64 ? 8 : 4), true);
  let high = is64 ? view.getInt32(at + 12, true) : 0;
  const size = unsigned64(view.getUint32(at + (is64 ? 16 : 8), true), is64 ? view.getUint32(at + 20, true) : 0);
  const section = plan.entrySection[entry];
  let shndx = -SHN_ABS;
  if (section >= 0) {
    const { sections } = plan;
    const value = sections.address[section] + movedOffset(frames, sections, section, low + high * 0x100000000);
    low = value >>> 0;
    high = Math.floor(value / 0x100000000);
    shndx = table.index[sections.output[section]];
  }
  writeEntry(writer, number, plan.names[number], bytes[detail], bytes[detail + 1], shndx, low, high, size);
}

function writeGlobal(plan: SymbolPlan, table: OutputTable, frames: EhFrames, writer: SymbolWriter, id: SymbolId): void {
  const { symbols, sections } = plan;
  const section = symbols.section[id];
  let low = symbols.valueLow[id];
  let high = symbols.valueHigh[id];
  let shndx: number = SHN_UNDEF;
  if (symbols.kind[id] === KIND_COMMON) {
    shndx = high !== 0 ? -SHN_X86_64_LCOMMON : -SHN_COMMON;
    high = 0;
  } else if (!isDefinedHere(symbols, id) || plan.gone[id] !== 0) {
    low = 0;
    high = 0;
  } else if (section === SECTION_ABSOLUTE) shndx = -SHN_ABS;
  else if (section === SECTION_OUTPUT) shndx = table.index[symbols.alias[id]];
  else if (section >= 0) {
    const offset = (low >>> 0) + high * 0x100000000;
    const value = sections.address[section] + movedOffset(frames, sections, section, offset);
    low = value >>> 0;
    high = Math.floor(value / 0x100000000);
    shndx = table.index[sections.output[section]];
  }
  // An IFUNC is one only where it is defined.
  let type = shndx === SHN_UNDEF && symbols.type[id] === STT_GNU_IFUNC ? STT_FUNC : symbols.type[id];
  const { common } = plan.options.z;
  if (symbols.kind[id] === KIND_COMMON && common !== undefined && type !== STT_TLS)
    type = common ? STT_COMMON : STT_OBJECT;
  const isLocal = isForcedLocal(symbols, id);
  const info = ((isLocal ? STB_LOCAL : bindingOf(symbols, id)) << 4) | type;
  const other = isLocal ? 0 : symbols.visibility[id];
  const number = plan.numbers[id];
  writeEntry(writer, number, plan.names[number], info, other, shndx, low, high, symbols.size[id]);
}

/** @param shndx a section header index; or one of SHN_ABS, SHN_COMMON and SHN_X86_64_LCOMMON, negated */
function writeEntry(
  writer: SymbolWriter,
  number: number,
  name: number,
  info: number,
  other: number,
  shndx: number,
  low: number,
  high: number,
  size: number,
): void {
  const { view, is64 } = writer;
  const at = writer.symtab + number * (is64 ? 24 : 16);
  view.setUint32(at, name, true);
  const detail = at + (is64 ? 4 : 12);
  view.setUint8(detail, info);
  view.setUint8(detail + 1, other);
  if (shndx < SHN_LORESERVE) view.setUint16(detail + 2, Math.abs(shndx), true);
  else {
    view.setUint16(detail + 2, SHN_XINDEX, true);
    view.setUint32(writer.shndx + number * 4, shndx, true);
  }
  view.setInt32(at + (is64 ? 8 : 4), low, true);
  if (is64) {
    view.setInt32(at + 12, high, true);
    view.setUint32(at + 16, size >>> 0, true);
    view.setUint32(at + 20, Math.floor(size / 0x100000000), true);
  } else view.setUint32(at + 8, size, true);
}
