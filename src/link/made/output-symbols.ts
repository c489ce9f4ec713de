// .symtab and .strtab of the output: local symbols object by object, then symbols that became local, then the global ones.
// Which symbols and which names is fixed before layout (so the tables have their sizes); values are filled in after it.

import { SHF_MERGE, STT_FILE, STT_SECTION, STV_DEFAULT, STV_HIDDEN, STV_INTERNAL } from "../../elf/constants.ts";
import { bytesOf } from "../../elf/text.ts";
import { SEC_KEEP } from "../mapping/bfd-flags.ts";
import type { LinkOptions } from "../options.ts";
import type { EhFrames } from "../sections/unwind/eh-frame.ts";
import { keptByFrames } from "../sections/unwind/eh-frame-output.ts";
import { isAskedFor } from "../symbols/bind.ts";
import { growInt32 } from "../tables/columns.ts";
import { SECTION_NONE, type SymbolId } from "../tables/ids.ts";
import { localSection, localType } from "../tables/local-symbols.ts";
import type { OutputMode } from "../tables/mode.ts";
import { nameEnd } from "../tables/names.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import type { OutputSections } from "../tables/output-section.ts";
import { type SectionTable, STATE_EH_FRAME } from "../tables/section-table.ts";
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
  FLAG_DROPPED,
  FLAG_DYNSYM,
  FLAG_FORCED_LOCAL,
  FLAG_HIDDEN_VERSION,
  FLAG_REF_REGULAR,
  FLAG_REQUIRED,
  FLAG_SYMVER,
  FLAG_VERSIONED,
  isDefinedHere,
  isShared,
  isUndefined,
  isUndefinedStrong,
  KIND_INDIRECT,
  KIND_NONE,
  KIND_UNDEFINED_WEAK,
  plainEnd,
  type SymbolTable,
} from "../tables/symbol-table.ts";
import { type EmittedRelocations, NEEDED } from "./emitted-relocations.ts";

export interface OutputSymbols {
  /** Entries, the null symbol included, and how many of them are local. */
  count: number;
  localCount: number;
  /** Entries for output sections, which come first: with --emit-relocs. */
  sectionSymbols: number;
  /** Input locals: object and index of each, in order. */
  localObjects: Int32Array;
  localIndices: Int32Array;
  inputLocals: number;
  /** Some of them are STT_FILE symbols. */
  hasFiles: boolean;
  /** A STT_FILE symbol without name stands before these, so that they do not pass for the last file's. */
  separator: boolean;
  readonly forcedLocals: SymbolId[];
  readonly globals: SymbolId[];
  readonly strings: StringTable;
  readonly counts: NameCounts | undefined;
  /** st_name by entry. */
  names: Int32Array;
}

export function planSymbols(
  objects: readonly ObjectFile[],
  sections: SectionTable,
  symbols: SymbolTable,
  mode: OutputMode,
  outputs: OutputSections,
  options: LinkOptions,
  emitted: EmittedRelocations | undefined,
  frames: EhFrames,
): OutputSymbols {
  const plan: OutputSymbols = {
    count: 1,
    localCount: 1,
    sectionSymbols: 0,
    localObjects: new Int32Array(256),
    localIndices: new Int32Array(256),
    inputLocals: 0,
    hasFiles: false,
    separator: false,
    forcedLocals: [],
    globals: [],
    strings: createStrings(1 << 16),
    counts: options.z.uniqueSymbol ? new Map() : undefined,
    names: new Int32Array(512),
  };
  const retain = options.retainSymbols === undefined ? undefined : new Set(options.retainSymbols);
  const empty = emptyOutputs(outputs, sections);
  if (emitted !== undefined) {
    for (const it of empty) if (it === 0) plan.sectionSymbols++;
    for (let i = 0; i < plan.sectionSymbols; i++) addName(plan, 0);
  }
  const hasLocals = options.discard !== "all";
  if (hasLocals || emitted !== undefined) {
    const kept = keptByFrames(frames, sections, objects.length);
    for (const object of objects) {
      if (hasLocals && (!options.gcSections || takesPart(object, sections, kept, mode)))
        planLocals(plan, object, sections, empty, options, retain, emitted?.locals);
      if (emitted !== undefined) planNeeded(plan, object, sections, emitted.locals);
    }
  }
  const { names } = symbols;
  for (let id = 0; id < names.count; id++) {
    const isNeeded = emitted !== undefined && emitted.globals[id] !== 0;
    if (!isListed(symbols, id, sections, mode, isNeeded)) continue;
    if (
      retain !== undefined &&
      !isNeeded &&
      !retain.has(decoder.decode(names.pool.subarray(names.start[id], nameEnd(names, id))))
    )
      continue;
    (isForcedLocal(symbols, id, mode, options) ? plan.forcedLocals : plan.globals).push(id);
  }
  plan.separator = plan.forcedLocals.length > 0 && plan.hasFiles;
  if (plan.separator) addName(plan, 0);
  for (const id of plan.forcedLocals) {
    if (emitted !== undefined) emitted.globals[id] = plan.count;
    addName(plan, addVersioned(plan.strings, symbols, id));
  }
  plan.localCount = plan.count;
  for (const id of plan.globals) {
    if (emitted !== undefined) emitted.globals[id] = plan.count;
    addName(plan, addVersioned(plan.strings, symbols, id));
  }
  return plan;
}

function addName(plan: OutputSymbols, offset: number): void {
  plan.names = growInt32(plan.names, plan.count + 1);
  plan.names[plan.count++] = offset;
}

/**
 * `foo`, or with the version that came with the name `foo@V` (an import, a hidden definition) or `foo@@V` (a default
 * definition). A version that only the script gives is not part of the name.
 */
function addVersioned(strings: StringTable, symbols: SymbolTable, id: SymbolId): number {
  const { names } = symbols;
  const flags = symbols.flags[id];
  const isHere = isDefinedHere(symbols, id);
  const isNamed = (flags & FLAG_VERSIONED) !== 0;
  const isVersioned =
    isNamed || (isHere ? (flags & FLAG_SYMVER) !== 0 : isShared(symbols, id) && symbols.version[id] !== 0);
  const isDefault = isHere && (flags & FLAG_HIDDEN_VERSION) === 0;
  if (!isVersioned || (isNamed && !isDefault)) {
    return addBytes(strings, names.pool, names.start[id], nameEnd(names, id));
  }
  const plain = decoder.decode(names.pool.subarray(names.start[id], plainEnd(symbols, id)));
  const version = symbols.versionNames[symbols.version[id]];
  const text = bytesOf(`${plain}${isDefault ? "@@" : "@"}${version}`);
  return addBytes(strings, text, 0, text.length);
}

const decoder = new TextDecoder();

/** @param isNeeded a relocation that stays refers to it */
function isListed(
  symbols: SymbolTable,
  id: SymbolId,
  sections: SectionTable,
  mode: OutputMode,
  isNeeded: boolean,
): boolean {
  const kind = symbols.kind[id];
  if (kind === KIND_NONE || kind === KIND_INDIRECT || (symbols.flags[id] & FLAG_COLLECTED) !== 0) return false;
  const section = symbols.section[id];
  if (isDefinedHere(symbols, id)) return section < 0 || sections.output[section] >= 0;
  if (isNeeded || (isUndefined(symbols, id) && (symbols.flags[id] & FLAG_REQUIRED) !== 0)) return true;
  const flags = symbols.flags[id];
  if (!mode.dynamic) return false;
  // Settled as 0: nobody will define it. In a program that is so of every reference that an error or an option let pass.
  if ((flags & (FLAG_DROPPED | FLAG_DYNSYM)) === FLAG_DROPPED) return false;
  if (!mode.shared && (flags & FLAG_DYNSYM) === 0 && isUndefinedStrong(symbols, id)) return false;
  return (flags & FLAG_REF_REGULAR) !== 0;
}

/** Hidden symbols of a shared library are local in its table; a program keeps them global unless it were to export them. */
export function isForcedLocal(symbols: SymbolTable, id: SymbolId, mode: OutputMode, options: LinkOptions): boolean {
  if (symbols.kind[id] === KIND_UNDEFINED_WEAK && (mode.shared || mode.interpreted)) {
    // Kept for --emit-relocs only: nobody will define it (bfd/elflink.c, _bfd_elf_fix_symbol_flags).
    return symbols.visibility[id] !== STV_DEFAULT || options.z.dynamicUndefinedWeak === false;
  }
  if (!isDefinedHere(symbols, id)) return false;
  const flags = symbols.flags[id];
  if ((flags & FLAG_FORCED_LOCAL) !== 0) return true;
  const visibility = symbols.visibility[id];
  if ((visibility !== STV_HIDDEN && visibility !== STV_INTERNAL) || (flags & FLAG_DYNSYM) !== 0) return false;
  return mode.shared || (mode.dynamic && isAskedFor(symbols, id, options));
}

/** By output section: 1 if it will be left out because nothing is in it. Local symbols go with it. */
function emptyOutputs(outputs: OutputSections, sections: SectionTable): Uint8Array {
  const empty = new Uint8Array(outputs.list.length);
  for (const output of outputs.list) {
    const hasPiece = output.pieces.some((it) => (it >= 0 ? sections.size[it] : outputs.chunks[~it].size) > 0);
    if (!hasPiece && !output.keep && (output.sec & SEC_KEEP) === 0) empty[output.id] = 1;
  }
  return empty;
}

/** Does --gc-sections leave anything of an object? Else not even its STT_FILE symbol stays (bfd/elflink.c, bfd_elf_final_link). */
function takesPart(object: ObjectFile, sections: SectionTable, byFrames: Uint8Array, mode: OutputMode): boolean {
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++)
    if (sections.output[section] >= 0 && (sections.state[section] & STATE_EH_FRAME) === 0) return true;
  // GNU ld makes its own sections parts of the first object ("dynobj").
  return byFrames[object.id] === 1 || (mode.dynamic && object.id === 0);
}

/** In place of a local symbol's index: the STT_FILE symbol that the linker makes for an object without one. */
export const FILE_SYMBOL = 0;

function planLocals(
  plan: OutputSymbols,
  object: ObjectFile,
  sections: SectionTable,
  empty: Uint8Array,
  options: LinkOptions,
  retain: ReadonlySet<string> | undefined,
  numbers: Int32Array | undefined,
): void {
  const { bytes, view, is64, strings, stringsEnd, firstGlobal, symbolBase } = object;
  const entry = is64 ? 24 : 16;
  const discard = discardOf(options);
  let hasFile = false;
  for (let i = 1; i < firstGlobal; i++) {
    const type = localType(object, i);
    if (type === STT_SECTION) continue;
    const section = localSection(object, i);
    if (section === SECTION_NONE && type !== STT_FILE) continue;
    if (section >= 0 && (sections.output[section] < 0 || empty[sections.output[section]] !== 0)) continue;
    const name = strings + view.getUint32(object.symtab + i * entry, true);
    if (name >= stringsEnd) continue;
    if (isLeftOut(bytes, name, section >= 0 ? sections.flags[section] : 0, discard)) continue;
    let end = name;
    while (end < stringsEnd && bytes[end] !== 0) end++;
    if (retain !== undefined && !retain.has(decoder.decode(bytes.subarray(name, end)))) continue;
    plan.hasFiles = true;
    if (type === STT_FILE) hasFile = true;
    else if (!hasFile) {
      // Without one, debuggers would take these symbols for those of the file before (bfd/elflink.c, elf_link_input_bfd).
      const path = object.member ?? object.path;
      addLocal(plan, object, FILE_SYMBOL, addText(plan.strings, path.slice(path.lastIndexOf("/") + 1)));
      hasFile = true;
    }
    if (numbers !== undefined) numbers[symbolBase + i] = plan.count;
    const counts = type === STT_FILE ? undefined : plan.counts;
    addLocal(plan, object, i, addLocalName(plan.strings, counts, bytes, name, end));
  }
}

/** With --incremental strings are not merged, and a line of code more brings a label of one: none of them stays. */
export function discardOf({ discard, incremental }: LinkOptions): LinkOptions["discard"] {
  return incremental && discard === "section-merge" ? "locals" : discard;
}

/**
 * Compilers' own labels: dropped with -X, and always in merged sections, where they no longer mark anything.
 * @param name where it begins  @param flags of its section
 */
export function isLeftOut(bytes: Uint8Array, name: number, flags: number, discard: LinkOptions["discard"]): boolean {
  if (discard === "all") return true;
  if (bytes[name] !== 0x2e || bytes[name + 1] !== 0x4c) return false;
  return discard === "locals" || (discard === "section-merge" && (flags & SHF_MERGE) !== 0);
}

/** Of the local symbols left out, those that relocations of --emit-relocs refer to: in `numbers` they have NEEDED still. */
function planNeeded(plan: OutputSymbols, object: ObjectFile, sections: SectionTable, numbers: Int32Array): void {
  const { bytes, view, is64, strings, stringsEnd, firstGlobal, symbolBase } = object;
  for (let i = 1; i < firstGlobal; i++) {
    if (numbers[symbolBase + i] !== NEEDED || localType(object, i) === STT_SECTION) continue;
    const section = localSection(object, i);
    if (section >= 0 && sections.output[section] < 0) continue;
    const name = Math.min(strings + view.getUint32(object.symtab + i * (is64 ? 24 : 16), true), stringsEnd);
    let end = name;
    while (end < stringsEnd && bytes[end] !== 0) end++;
    numbers[symbolBase + i] = plan.count;
    addLocal(plan, object, i, addLocalName(plan.strings, plan.counts, bytes, name, end));
  }
}

function addLocal(plan: OutputSymbols, object: ObjectFile, index: number, name: number): void {
  const at = plan.inputLocals++;
  plan.localObjects = growInt32(plan.localObjects, at + 1);
  plan.localIndices = growInt32(plan.localIndices, at + 1);
  plan.localObjects[at] = object.id;
  plan.localIndices[at] = index;
  addName(plan, name);
}
