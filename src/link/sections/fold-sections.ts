// --icf: identical code folding. Functions whose bytes are equal, and whose relocations go to the same things, are one
// function in the output. What "the same things" are depends on what was folded itself: two functions may call each other's
// counterparts. So all that could be equal starts in one class, and classes are split until nothing in them differs
// (partition refinement, as gold and lld do it).
//
// Only code is folded, and none with exception tables: that handlers catch other types is not in their code. Neither is
// which personality routine is asked, and how the stack is unwound: functions whose records differ are not equal.

import { EXPRESSION_ABSOLUTE, type Machine } from "../../arch/index.ts";
import {
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_LINK_ORDER,
  SHF_WRITE,
  SHT_LLVM_ADDRSIG,
  SHT_PROGBITS,
  SHT_RELA,
  SHT_SYMTAB,
  STT_GNU_IFUNC,
  STT_SECTION,
  STV_DEFAULT,
} from "../../elf/constants.ts";
import { signed64 } from "../../elf/halves.ts";
import { note, type Report, warning } from "../../elf/problem.ts";
import type { Loader } from "../inputs/loader.ts";
import type { LinkOptions } from "../options.ts";
import { growFloat64, growUint8, growUint16, growUint32 } from "../tables/columns.ts";
import type { SectionId } from "../tables/ids.ts";
import { localSection, localType, localValue } from "../tables/local-symbols.ts";
import type { OutputMode } from "../tables/mode.ts";
import { findText } from "../tables/names.ts";
import { type ObjectFile, sectionName } from "../tables/object-file.ts";
import type { OutputSections } from "../tables/output-section.ts";
import {
  type SectionTable,
  STATE_COLLECTED,
  STATE_COMPRESSED,
  STATE_DISCARDED,
  STATE_FOLDED,
  STATE_MERGED,
} from "../tables/section-table.ts";
import {
  FLAG_ASSIGNED,
  FLAG_REF_DYNAMIC,
  isDefinedHere,
  type SymbolTable,
  symbolValue,
} from "../tables/symbol-table.ts";
import { linkedTo } from "./gc-walk.ts";
import { mergedOffset } from "./merge/merge-pieces.ts";
import type { MergedSections } from "./merge/merged-sections.ts";
import { type EhFrames, fdeLists } from "./unwind/eh-frame.ts";
import { encodedBytes, RECORD_CIE, RECORD_FDE } from "./unwind/eh-frame-format.ts";
import { cieKey } from "./unwind/eh-frame-place.ts";

/** A section that is not in the output, and the one that stands for it. */
export interface Folded {
  readonly section: SectionId;
  readonly leader: SectionId;
}

/** What a relocation refers to: a name that is looked up elsewhere, a place in a section, a merged constant or string. */
const TO_NAME = 0;
const TO_SECTION = 1;
const TO_MERGED = 2;

interface Folding {
  readonly loader: Loader;
  readonly merged: MergedSections;
  readonly machine: Machine;
  readonly mode: OutputMode;
  /** By section: its class, which is one of its sections. */
  readonly classes: Int32Array;
  /** By section: the class of its unwind records; 0 has none. */
  readonly unwind: Int32Array;
  /** By section: its relocations are firstRelocation[section] and those behind it, relocationCount[section] in all. */
  readonly firstRelocation: Uint32Array;
  readonly relocationCount: Uint32Array;
  // By relocation
  count: number;
  offset: Uint32Array;
  type: Uint16Array;
  addend: Float64Array;
  kind: Uint8Array;
  /** Symbol, section or bucket. */
  target: Uint32Array;
  /** Offset in the section or bucket. */
  value: Float64Array;
}

/**
 * Folds sections. They get STATE_FOLDED, leave their output section's pieces, and keep its number; when addresses are
 * known, `placeFolded` gives them those of their leaders. After merging, before unwind records are placed.
 * Note with --print-icf-sections: `icf-folded`. Warning: `keep-unique-unknown`.
 */
export function foldSections(
  loader: Loader,
  outputs: OutputSections,
  frames: EhFrames,
  merged: MergedSections,
  machine: Machine,
  mode: OutputMode,
  report: Report,
): Folded[] {
  const { objects, sections, options } = loader;
  const folding: Folding = {
    loader,
    merged,
    machine,
    mode,
    classes: Int32Array.from({ length: sections.count }, (_, i) => i),
    unwind: unwindClasses(loader, frames),
    firstRelocation: new Uint32Array(sections.count),
    relocationCount: new Uint32Array(sections.count),
    count: 0,
    offset: new Uint32Array(1 << 10),
    type: new Uint16Array(1 << 10),
    addend: new Float64Array(1 << 10),
    kind: new Uint8Array(1 << 10),
    target: new Uint32Array(1 << 10),
    value: new Float64Array(1 << 10),
  };
  const unique = uniqueSections(loader, frames, mode, report);
  const candidates: SectionId[] = [];
  for (const object of objects) {
    const end = object.firstSection + object.sectionCount;
    for (let section = object.firstSection + 1; section < end; section++) {
      if (unique[section] === 0 && isFoldable(object, sections, section) && readRelocations(folding, object, section))
        candidates.push(section);
    }
  }
  let groups = groupConstants(folding, candidates);
  // A split makes more groups or fewer members; members never come back.
  for (let before: SectionId[][] = []; before.length !== groups.length || members(before) !== members(groups); ) {
    before = groups;
    groups = before.flatMap((group) => split(folding, group, sameTargets));
  }
  const folded = groups.flatMap(([leader, ...others]) => others.map((section): Folded => ({ section, leader })));
  for (const { section, leader } of folded) {
    sections.state[section] |= STATE_FOLDED;
    sections.alignment[leader] = Math.max(sections.alignment[leader], sections.alignment[section]);
    if (options.printIcfSections) reportFolded(loader, section, leader, report);
  }
  if (folded.length > 0) removePieces(sections, outputs);
  return folded;
}

function members(groups: readonly SectionId[][]): number {
  return groups.reduce((sum, group) => sum + group.length, 0);
}

/** When addresses are final. */
export function placeFolded(folded: readonly Folded[], { address }: SectionTable): void {
  for (const { section, leader } of folded) address[section] = address[leader];
}

function reportFolded({ objects, sections }: Loader, section: SectionId, leader: SectionId, report: Report): void {
  const [folded, kept] = [section, leader].map((it) => objects[sections.object[it]]) as [ObjectFile, ObjectFile];
  report(
    note(
      "icf-folded",
      { file: folded.name, section: sectionName(folded, sections, section) },
      { into: sectionName(kept, sections, leader), of: kept.name },
    ),
  );
}

function removePieces(sections: SectionTable, outputs: OutputSections): void {
  const isGone = (piece: number): boolean => piece >= 0 && (sections.state[piece] & STATE_FOLDED) !== 0;
  for (const output of outputs.list) {
    const { pieces } = output;
    if (!pieces.some(isGone)) continue;
    output.rankEnds = output.rankEnds.map((end) => end - pieces.subarray(0, end).filter(isGone).length);
    output.pieces = pieces.filter((piece) => !isGone(piece));
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// What may be folded
// ---------------------------------------------------------------------------------------------------------------------

function isFoldable(object: ObjectFile, sections: SectionTable, section: SectionId): boolean {
  const flags = sections.flags[section];
  const wanted = SHF_ALLOC | SHF_EXECINSTR;
  if ((flags & (wanted | SHF_WRITE | SHF_LINK_ORDER)) !== wanted) return false;
  if (sections.output[section] < 0 || sections.type[section] !== SHT_PROGBITS || sections.size[section] === 0)
    return false;
  const gone = STATE_DISCARDED | STATE_COLLECTED | STATE_MERGED | STATE_COMPRESSED;
  if ((sections.state[section] & gone) !== 0) return false;
  // Functions in pieces; and what a program goes through from __start_ to __stop_.
  return !/^(\.init|\.fini|[A-Za-z_][A-Za-z0-9_]*)$/.test(sectionName(object, sections, section));
}

/** By section: a number that is equal for functions of equal unwind records, and 0 for those without. */
function unwindClasses({ objects, sections }: Loader, frames: EhFrames): Int32Array {
  const { records } = frames;
  const { first, next } = fdeLists(frames, sections.count);
  const classes = new Int32Array(sections.count);
  const numbers = new Map<string, number>();
  const cies = new Map<number, string>();
  for (const [ordinal, holder] of frames.sections.entries()) {
    const object = objects[sections.object[holder]];
    for (let record = frames.firstRecords[ordinal]; record < frames.firstRecords[ordinal + 1]; record++) {
      if (records.kinds[record] === RECORD_CIE) cies.set(record, cieKey(frames, object, sections, ordinal, record));
    }
  }
  for (const [ordinal, holder] of frames.sections.entries()) {
    const object = objects[sections.object[holder]];
    for (let record = frames.firstRecords[ordinal]; record < frames.firstRecords[ordinal + 1]; record++) {
      const section = frames.functions[record];
      if (records.kinds[record] !== RECORD_FDE || section < 0 || first[section] !== record) continue;
      let key = "";
      for (let it = record; it >= 0; it = next[it]) key += fdeKey(frames, object, sections.offset[holder], it, cies);
      classes[section] = numbers.get(key) ?? numbers.size + 1;
      numbers.set(key, classes[section]);
    }
  }
  return classes;
}

/** What an FDE says, but for the address of its function. All FDEs of a section are in its own object's .eh_frame. */
function fdeKey(
  frames: EhFrames,
  object: ObjectFile,
  contents: number,
  record: number,
  cies: ReadonlyMap<number, string>,
): string {
  const { records, machine } = frames;
  const from = records.pointers[record] + encodedBytes(records.pointerEncodings[record], machine.wordBytes);
  const end = records.offsets[record] + records.sizes[record];
  const bytes = String.fromCharCode(...object.bytes.subarray(contents + from, contents + end));
  return `${cies.get(records.cies[record])}|${bytes.length}|${bytes}`;
}

/** By section: 1 where it has to keep an address of its own, or has more to it than its contents. */
function uniqueSections(loader: Loader, frames: EhFrames, mode: OutputMode, report: Report): Uint8Array {
  const { objects, sections, symbols, options } = loader;
  const unique = new Uint8Array(sections.count);
  const mark = (section: SectionId): void => {
    if (section >= 0) unique[section] = 1;
  };
  for (const name of options.keepUnique) {
    const id = findText(symbols.names, name);
    if (id >= 0 && isDefinedHere(symbols, id)) mark(symbols.section[id]);
    else report(warning("keep-unique-unknown", {}, { symbol: name }));
  }
  // An unwind record with more than the pointer to its function has one to an exception table.
  const { first, next } = fdeLists(frames, sections.count);
  for (let section = 0; section < sections.count; section++) {
    for (let record = first[section]; record >= 0; record = next[record])
      if (frames.relocationCounts[record] > 1) mark(section);
    if ((sections.flags[section] & SHF_LINK_ORDER) !== 0) mark(linkedTo(objects, sections, section));
  }
  if (options.icf === "safe") {
    for (const object of objects) markSignificant(object, sections, symbols, mark);
    markExported(symbols, mode, options, mark);
  }
  return unique;
}

/**
 * Clang lists the symbols whose addresses a program may compare (SHT_LLVM_ADDRSIG, LLVM's "Extensions"). Without a list, or
 * with one whose symbol table a tool has rewritten, all may be.
 */
function markSignificant(
  object: ObjectFile,
  sections: SectionTable,
  symbols: SymbolTable,
  mark: (section: SectionId) => void,
): void {
  const sectionOf = (index: number): SectionId => {
    if (index < object.firstGlobal) return localSection(object, index);
    const id = object.symbols[index - object.firstGlobal];
    return isDefinedHere(symbols, id) ? symbols.section[id] : -1;
  };
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++) {
    if (sections.type[section] !== SHT_LLVM_ADDRSIG) continue;
    const table = sections.link[section];
    if (table >= object.sectionCount || sections.type[object.firstSection + table] !== SHT_SYMTAB) continue;
    let at = sections.offset[section];
    const stop = Math.min(at + sections.size[section], object.bytes.length);
    while (at < stop) {
      let index = 0;
      for (let scale = 1; at < stop; scale *= 128) {
        const byte = object.bytes[at++];
        index += (byte & 127) * scale;
        if (byte < 128) break;
      }
      if (index < object.symbolCount) mark(sectionOf(index));
    }
    return;
  }
  for (let index = 1; index < object.symbolCount; index++) mark(sectionOf(index));
}

/** Other modules may compare the addresses of what they see. */
function markExported(
  symbols: SymbolTable,
  mode: OutputMode,
  options: LinkOptions,
  mark: (section: SectionId) => void,
): void {
  const all =
    mode.shared ||
    options.exportDynamic ||
    options.exportDynamicSymbols.length > 0 ||
    options.dynamicList !== undefined;
  for (let id = 0; id < symbols.names.count; id++) {
    if (isDefinedHere(symbols, id) && (all || (symbols.flags[id] & FLAG_REF_DYNAMIC) !== 0)) mark(symbols.section[id]);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Relocations
// ---------------------------------------------------------------------------------------------------------------------

/** @returns false if the section cannot be folded: a relocation is damaged, or left to the dynamic linker */
function readRelocations(f: Folding, object: ObjectFile, section: SectionId): boolean {
  const { sections } = f.loader;
  f.firstRelocation[section] = f.count;
  const relocs = sections.relocs[section];
  if (relocs < 0) return true;
  const { view, is64, symbolCount } = object;
  const { expression, known } = f.machine.relocations;
  const rela = sections.type[relocs] === SHT_RELA;
  const word = is64 ? 8 : 4;
  const entry = rela ? 3 * word : 2 * word;
  const end = sections.offset[relocs] + sections.size[relocs];
  for (let at = sections.offset[relocs]; at + entry <= end; at += entry) {
    const info = view.getUint32(at + word, true);
    const index = is64 ? view.getUint32(at + 12, true) : info >>> 8;
    const type = is64 ? info : info & 0xff;
    if (index >= symbolCount || known[type] !== 1) return false;
    if (f.mode.pic && expression[type] === EXPRESSION_ABSOLUTE) return false;
    const i = f.count++;
    growRelocations(f);
    f.offset[i] = view.getUint32(at, true);
    f.type[i] = type;
    if (!rela) f.addend[i] = 0;
    else if (is64) f.addend[i] = signed64(view.getInt32(at + 16, true), view.getInt32(at + 20, true));
    else f.addend[i] = view.getInt32(at + 8, true);
    if (!readTarget(f, object, index, i)) return false;
  }
  f.relocationCount[section] = f.count - f.firstRelocation[section];
  return true;
}

function growRelocations(f: Folding): void {
  f.offset = growUint32(f.offset, f.count);
  f.type = growUint16(f.type, f.count);
  f.addend = growFloat64(f.addend, f.count);
  f.kind = growUint8(f.kind, f.count);
  f.target = growUint32(f.target, f.count);
  f.value = growFloat64(f.value, f.count);
}

/** @returns false for what no two sections have in common: absolute local symbols and the like */
function readTarget(f: Folding, object: ObjectFile, index: number, i: number): boolean {
  const { symbols } = f.loader;
  if (index < object.firstGlobal) {
    const section = localSection(object, index);
    if (section < 0 || localType(object, index) === STT_GNU_IFUNC) return false;
    setPlace(f, i, section, localValue(object, index), localType(object, index) === STT_SECTION);
    return true;
  }
  const id = object.symbols[index - object.firstGlobal];
  const isSettled = !f.mode.shared || symbols.visibility[id] !== STV_DEFAULT;
  const isPlain =
    isSettled &&
    (symbols.flags[id] & FLAG_ASSIGNED) === 0 &&
    isDefinedHere(symbols, id) &&
    symbols.type[id] !== STT_GNU_IFUNC;
  if (isPlain && symbols.section[id] >= 0) setPlace(f, i, symbols.section[id], symbolValue(symbols, id), false);
  else {
    f.kind[i] = TO_NAME;
    f.target[i] = id;
    f.value[i] = 0;
  }
  return true;
}

/** @param whole the symbol stands for the section, and which of its pieces is meant depends on the addend */
function setPlace(f: Folding, i: number, section: SectionId, value: number, whole: boolean): void {
  const { merged } = f;
  const isMerged = !whole && (f.loader.sections.state[section] & STATE_MERGED) !== 0;
  f.kind[i] = isMerged ? TO_MERGED : TO_SECTION;
  f.target[i] = isMerged ? merged.bucketOf[section] : section;
  f.value[i] = value;
  if (!isMerged) return;
  const { merger } = merged.buckets[merged.bucketOf[section]];
  const inside = Math.min(value, f.loader.sections.size[section]);
  f.value[i] = mergedOffset(merger, merged.ordinalOf[section], inside) + (value - inside);
}

// ---------------------------------------------------------------------------------------------------------------------
// Classes
// ---------------------------------------------------------------------------------------------------------------------

/** Groups of two and more that are equal but for the sections to which their relocations go. */
function groupConstants(f: Folding, candidates: readonly SectionId[]): SectionId[][] {
  const byHash = new Map<number, SectionId[]>();
  for (const section of candidates) {
    const hash = hashSection(f, section);
    const list = byHash.get(hash);
    if (list === undefined) byHash.set(hash, [section]);
    else list.push(section);
  }
  return [...byHash.values()].filter((it) => it.length > 1).flatMap((group) => split(f, group, sameConstants));
}

/** Splits a group into those that are the same as each other. Groups of one are left out: their class is their own. */
function split(
  f: Folding,
  group: readonly SectionId[],
  same: (f: Folding, a: SectionId, b: SectionId) => boolean,
): SectionId[][] {
  const parts: SectionId[][] = [];
  for (let rest = group; rest.length > 0; ) {
    const [leader] = rest;
    const equal: SectionId[] = [];
    const others: SectionId[] = [];
    for (const section of rest) (section === leader || same(f, leader, section) ? equal : others).push(section);
    parts.push(equal);
    rest = others;
  }
  for (const part of parts) for (const section of part) f.classes[section] = part[0];
  return parts.filter((part) => part.length > 1);
}

function hashSection(f: Folding, section: SectionId): number {
  const { sections, objects } = f.loader;
  const { bytes } = objects[sections.object[section]];
  const start = sections.offset[section];
  const end = start + sections.size[section];
  let hash = Math.imul(sections.output[section] ^ 0x811c9dc5 ^ f.unwind[section], 0x01000193);
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
  const first = f.firstRelocation[section];
  for (let i = first; i < first + f.relocationCount[section]; i++) {
    hash = Math.imul(hash ^ f.type[i] ^ (f.kind[i] << 8), 0x01000193);
    hash = Math.imul(hash ^ f.addend[i] ^ f.value[i], 0x01000193);
    if (f.kind[i] !== TO_SECTION) hash = Math.imul(hash ^ f.target[i], 0x01000193);
  }
  return hash;
}

function sameConstants(f: Folding, a: SectionId, b: SectionId): boolean {
  const { sections, objects } = f.loader;
  if (
    f.unwind[a] !== f.unwind[b] ||
    sections.output[a] !== sections.output[b] ||
    sections.flags[a] !== sections.flags[b]
  )
    return false;
  if (sections.size[a] !== sections.size[b] || f.relocationCount[a] !== f.relocationCount[b]) return false;
  const [left, right] = [objects[sections.object[a]].bytes, objects[sections.object[b]].bytes];
  const [fromA, fromB] = [sections.offset[a], sections.offset[b]];
  for (let i = 0; i < sections.size[a]; i++) if (left[fromA + i] !== right[fromB + i]) return false;
  const [i, k] = [f.firstRelocation[a], f.firstRelocation[b]];
  for (let n = 0; n < f.relocationCount[a]; n++) {
    if (f.offset[i + n] !== f.offset[k + n] || f.type[i + n] !== f.type[k + n]) return false;
    if (f.addend[i + n] !== f.addend[k + n] || f.value[i + n] !== f.value[k + n]) return false;
    if (f.kind[i + n] !== f.kind[k + n]) return false;
    if (f.kind[i + n] !== TO_SECTION && f.target[i + n] !== f.target[k + n]) return false;
  }
  return true;
}

function sameTargets(f: Folding, a: SectionId, b: SectionId): boolean {
  const [i, k] = [f.firstRelocation[a], f.firstRelocation[b]];
  for (let n = 0; n < f.relocationCount[a]; n++) {
    if (f.kind[i + n] === TO_SECTION && f.classes[f.target[i + n]] !== f.classes[f.target[k + n]]) return false;
  }
  return true;
}
