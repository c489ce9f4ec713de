// The relocations of -r: the same as in the inputs, but for their offsets and symbols. What named a section now names the
// output section, so that the input section's offset in it becomes part of the addend (in the field itself under REL).
//
// A relocation against a local symbol in a discarded section goes to the section that was kept in its place (see
// kept-sections.ts). Where there is none, the field is cleared and the relocation
//   in debugging information   is left out
//   elsewhere                  becomes a NONE: as GNU ld has it, which reports it too unless it is unwind information
//
// Two passes over every relocation: `scanRelocations` counts and finds the symbols, `copyRelocations` writes.

import type { Machine } from "../../arch/index.ts";
import { SHT_NOBITS, SHT_RELA } from "../../elf/constants.ts";
import { error, type Report } from "../../elf/problem.ts";
import { type KeptSections, keptSection } from "../sections/kept-sections.ts";
import type { EhFrames } from "../sections/unwind/eh-frame.ts";
import { ehFrameOffset } from "../sections/unwind/eh-frame-output.ts";
import type { SectionId, SymbolId } from "../tables/ids.ts";
import { localSection } from "../tables/local-symbols.ts";
import { nameText } from "../tables/names.ts";
import { type ObjectFile, sectionName } from "../tables/object-file.ts";
import { type SectionTable, STATE_EH_FRAME } from "../tables/section-table.ts";
import { copyAddend, sortByOffset } from "../write/relocation-bytes.ts";
import { KIND_DEBUGGING, KIND_ORDINARY, KIND_UNWIND, type OutputTable } from "./output-table.ts";
import { LOCAL_ABSENT, LOCAL_GONE, neededLocal, type SymbolPlan } from "./symbols.ts";

export interface RelocationPlan {
  readonly sections: SectionTable;
  readonly table: OutputTable;
  readonly symbols: SymbolPlan;
  readonly kept: KeptSections;
  readonly frames: EhFrames;
  readonly machine: Machine;
  readonly report: Report;
}

// ---------------------------------------------------------------------------------------------------------------------
// Counting
// ---------------------------------------------------------------------------------------------------------------------

/** Counts the relocations of an object's sections in their output sections, and enters the symbols that they need. */
export function scanRelocations(plan: RelocationPlan, object: ObjectFile): void {
  const { sections, table } = plan;
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++) {
    if (sections.relocs[section] < 0 || sections.output[section] < 0) continue;
    if (table.contents[sections.output[section]] === 0) continue;
    // Nothing to relocate in a section without contents.
    if (sections.type[section] !== SHT_NOBITS) scanSection(plan, object, section);
  }
}

function scanSection(plan: RelocationPlan, object: ObjectFile, section: SectionId): void {
  const { sections, table, symbols, machine } = plan;
  const { view, is64, firstGlobal, symbolCount, symbolBase, symbols: globals } = object;
  const { local, used, gone } = symbols;
  const { known, bytes: widths } = machine.relocations;
  const relocs = sections.relocs[section];
  const rela = sections.type[relocs] === SHT_RELA;
  const word = is64 ? 8 : 4;
  const entry = rela ? 3 * word : 2 * word;
  const start = sections.offset[relocs];
  const end = start + sections.size[relocs];
  const output = sections.output[section];
  const kind = table.kind[output];
  const parsed = (sections.state[section] & STATE_EH_FRAME) !== 0;
  const limit = inputSize(plan, section);
  let count = (end - start) / entry;
  for (let at = start; at < end; at += entry) {
    const offset = view.getUint32(at, true);
    const info = view.getUint32(at + word, true);
    const type = is64 ? info : info & 0xff;
    const index = is64 ? view.getUint32(at + 12, true) : info >>> 8;
    if (known[type] !== 1) {
      const place = { file: object.name, section: sectionName(object, sections, section), offset };
      plan.report(error("relocation-unknown", place, { type }));
      return;
    }
    if (offset + widths[type] > limit || index >= symbolCount) {
      const place = { file: object.name, section: sectionName(object, sections, section), offset };
      plan.report(error("bad-relocation", place, { symbol: index, count: symbolCount }));
      return;
    }
    if (parsed && ehFrameOffset(plan.frames, section, offset) < 0) continue;
    let isGone = false;
    if (index >= firstGlobal) {
      const id = globals[index - firstGlobal];
      if (gone[id] === 0) used[id] = 1;
      else {
        isGone = true;
        if (kind === KIND_ORDINARY) refuseGone(plan, object, section, offset, id);
      }
    } else if (index !== 0) {
      let to = local[symbolBase + index];
      if (to === LOCAL_ABSENT || (kind === KIND_UNWIND && isDiscarded(plan, object, index))) {
        to = absentLocal(plan, object, section, offset, index, kind);
      }
      isGone = to === LOCAL_GONE;
    }
    if (isGone && kind === KIND_DEBUGGING) count--;
  }
  if (rela) table.relaCount[output] += count;
  else table.relCount[output] += count;
}

/** Bytes of the section before .eh_frame is shrunk: what its relocations refer to. */
function inputSize(plan: RelocationPlan, section: SectionId): number {
  const { sections, frames } = plan;
  if ((sections.state[section] & STATE_EH_FRAME) === 0) return sections.size[section];
  const last = frames.firstRecords[(frames.ordinals.get(section) ?? -1) + 1] - 1;
  return last < 0 ? 0 : frames.records.offsets[last] + frames.records.sizes[last];
}

/** Error: `discarded-reference`. */
function refuseGone(plan: RelocationPlan, object: ObjectFile, section: SectionId, offset: number, id: SymbolId): void {
  const { sections, symbols } = plan;
  const place = { file: object.name, section: sectionName(object, sections, section), offset };
  const target = symbols.symbols.section[id];
  const name = sectionName(plan.kept.objects[sections.object[target]], sections, target);
  plan.report(error("discarded-reference", place, { symbol: nameText(symbols.symbols.names, id), target: name }));
}

function isDiscarded(plan: RelocationPlan, object: ObjectFile, index: number): boolean {
  const section = localSection(object, index);
  return section >= 0 && plan.sections.output[section] < 0;
}

/** A local symbol that is not in the symbol table as it is. @returns its value in `local`, or LOCAL_GONE */
function absentLocal(
  plan: RelocationPlan,
  object: ObjectFile,
  section: SectionId,
  offset: number,
  index: number,
  kind: number,
): number {
  const { sections } = plan;
  let target = localSection(object, index);
  if (target >= 0 && sections.output[target] < 0) {
    // Unwind information of a function that is not there is of no use for another copy of it.
    if (kind === KIND_UNWIND) return LOCAL_GONE;
    if (kind === KIND_ORDINARY) {
      const place = { file: object.name, section: sectionName(object, sections, section), offset };
      plan.report(error("discarded-reference", place, { target: sectionName(object, sections, target) }));
    }
    target = keptSection(plan.kept, target);
    if (target < 0) {
      plan.symbols.local[object.symbolBase + index] = LOCAL_GONE;
      return LOCAL_GONE;
    }
  }
  return neededLocal(plan.symbols, object, index, target);
}

// ---------------------------------------------------------------------------------------------------------------------
// Writing
// ---------------------------------------------------------------------------------------------------------------------

export interface RelocationWriter {
  readonly plan: RelocationPlan;
  readonly view: DataView;
  /** By output section: where in the image the next entry of its SHT_REL and its SHT_RELA section goes. */
  readonly rel: Float64Array;
  readonly rela: Float64Array;
}

/** Copies the relocations of one section whose contents are in the image. @param to their offset in the image */
export function copyRelocations(writer: RelocationWriter, object: ObjectFile, section: SectionId, to: number): void {
  const { plan, view: out } = writer;
  const { sections, table, symbols, machine, frames } = plan;
  const { view, is64, firstGlobal, symbolBase, symbols: globals } = object;
  const { local, numbers, gone } = symbols;
  const { bytes: widths } = machine.relocations;
  const relocs = sections.relocs[section];
  const rela = sections.type[relocs] === SHT_RELA;
  const word = is64 ? 8 : 4;
  const entry = rela ? 3 * word : 2 * word;
  const start = sections.offset[relocs];
  const end = start + sections.size[relocs];
  const output = sections.output[section];
  const kind = table.kind[output];
  const parsed = (sections.state[section] & STATE_EH_FRAME) !== 0;
  const base = sections.address[section];
  const cursors = rela ? writer.rela : writer.rel;
  const from = cursors[output];
  let cursor = from;
  let last = base;
  let ordered = true;
  for (let at = start; at < end; at += entry) {
    let offset = view.getUint32(at, true);
    const info = view.getUint32(at + word, true);
    const type = is64 ? info : info & 0xff;
    const index = is64 ? view.getUint32(at + 12, true) : info >>> 8;
    if (parsed) {
      offset = ehFrameOffset(frames, section, offset);
      if (offset < 0) {
        writeNone(out, cursor, last, is64);
        cursor += entry;
        continue;
      }
    }
    let number = 0;
    let shift = 0;
    let isGone = false;
    if (index >= firstGlobal) {
      const id = globals[index - firstGlobal];
      number = numbers[id];
      isGone = gone[id] !== 0;
    } else if (index !== 0) {
      const value = local[symbolBase + index];
      if (value > 0) number = value;
      else if (value === LOCAL_GONE || value === LOCAL_ABSENT) isGone = true;
      else {
        number = table.symbol[sections.output[~value]];
        shift = sections.address[~value];
      }
      if (kind === KIND_UNWIND && isDiscarded(plan, object, index)) isGone = true;
    }
    if (base + offset < last) ordered = false;
    last = base + offset;
    if (isGone) {
      clearField(out, to + offset, widths[type], sections, object, section);
      if (kind === KIND_DEBUGGING) continue;
      writeNone(out, cursor, last, is64);
      cursor += entry;
      continue;
    }
    if (is64) {
      out.setUint32(cursor, last, true);
      out.setUint32(cursor + 4, last / 0x100000000, true);
      out.setUint32(cursor + 8, type, true);
      out.setUint32(cursor + 12, number, true);
      if (rela) copyAddend(out, cursor + 16, view, at + 16, shift);
    } else {
      out.setUint32(cursor, last, true);
      out.setUint32(cursor + 4, (number << 8) | type, true);
      if (rela) out.setInt32(cursor + 8, view.getInt32(at + 8, true) + shift, true);
    }
    if (!rela && shift !== 0) addToField(out, to + offset, widths[type], shift);
    cursor += entry;
  }
  cursors[output] = cursor;
  if (!ordered) sortByOffset(out, from, cursor, entry);
}

/** Type 0 is NONE on both machines, and symbol and addend are 0 in an image of zeros. */
function writeNone(out: DataView, cursor: number, offset: number, is64: boolean): void {
  out.setUint32(cursor, offset, true);
  if (is64) out.setUint32(cursor + 4, offset / 0x100000000, true);
}

function addToField(view: DataView, at: number, width: number, shift: number): void {
  if (width === 4) view.setInt32(at, (view.getInt32(at, true) + shift) | 0, true);
  else if (width === 2) view.setInt16(at, view.getInt16(at, true) + shift, true);
  else if (width === 1) view.setInt8(at, view.getInt8(at) + shift);
  else if (width === 8) copyAddend(view, at, view, at, shift);
}

/** 0; in .debug_ranges 1, because a pair of zeros ends the list there (bfd/reloc.c, _bfd_clear_contents). */
function clearField(
  view: DataView,
  at: number,
  width: number,
  sections: SectionTable,
  object: ObjectFile,
  section: SectionId,
): void {
  for (let i = 0; i < width; i++) view.setUint8(at + i, 0);
  if (width > 0 && sectionName(object, sections, section) === ".debug_ranges") view.setUint8(at, 1);
}
