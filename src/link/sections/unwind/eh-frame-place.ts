// Decides which records of .eh_frame stay and where. Those of all parsed sections go into one chunk, with nothing between them
// (padding would read as the end), behind the sections that could not be parsed, which are copied as they are.

import { type Report, warning } from "../../../elf/problem.ts";
import { SECTION_ABSOLUTE, type SectionId } from "../../tables/ids.ts";
import type { ObjectFile } from "../../tables/object-file.ts";
import { type Chunk, newChunk, type OutputSection, type OutputSections } from "../../tables/output-section.ts";
import {
  type SectionTable,
  STATE_COLLECTED,
  STATE_DISCARDED,
  STATE_EH_FRAME,
  STATE_FOLDED,
} from "../../tables/section-table.ts";
import { afterBlock, endOfInstructions } from "./call-frame-nops.ts";
import { type EhFrames, symbolIndex } from "./eh-frame.ts";
import {
  DW_EH_PE_absptr,
  type EhFrameRecords,
  encodedBytes,
  RECORD_CIE,
  RECORD_END,
  RECORD_FDE,
} from "./eh-frame-format.ts";

/**
 * Decides which records stay and where, and puts one chunk in the place of the parsed sections. After this, which input
 * sections are in the output must not change.
 * @param pic the output is loaded anywhere: then absolute function pointers keep .eh_frame_hdr from having a table
 * Problem (warning): `eh-frame-absolute`.
 */
export function placeEhFrames(
  frames: EhFrames,
  objects: readonly ObjectFile[],
  sections: SectionTable,
  outputs: OutputSections,
  pic: boolean,
  report: Report,
): void {
  const { records } = frames;
  frames.places = new Float64Array(records.count).fill(-1);
  frames.kept = new Int32Array(records.count).fill(-1);
  frames.starts = new Float64Array(frames.sections.length);
  frames.ends = new Float64Array(frames.sections.length);
  const output = outputs.list.find((it) => it.name === ".eh_frame");
  leaveOthers(frames, sections, output);
  if (output === undefined) return;
  frames.order = orderIn(frames, sections, output);
  if (frames.order.length === 0) return;
  const cies = new Map<string, number>();
  for (const ordinal of frames.order) {
    const object = objects[sections.object[frames.sections[ordinal]]];
    keepRecords(frames, object, sections, ordinal, cies);
    if (outputs.byScript) dropPadding(frames, object, sections, ordinal);
    if (pic && frames.table && hasAbsoluteFunctions(frames, ordinal)) {
      frames.table = false;
      report(warning("eh-frame-absolute", { file: object.name, section: ".eh_frame" }));
    }
  }
  const chunk = replaceParsed(frames, sections, outputs, output);
  chunk.size = placeAll(frames, unitOf(output, chunk, outputs), undefined);
}

/** Only what comes into a section called .eh_frame is put together (bfd/elflink.c: bfd_elf_discard_info); anything else is copied. */
export function leaveOthers(frames: EhFrames, sections: SectionTable, output: OutputSection | undefined): void {
  for (const section of frames.sections) {
    if (sections.output[section] < 0 || sections.output[section] === output?.id) continue;
    sections.state[section] &= ~STATE_EH_FRAME;
    frames.ordinals.delete(section);
  }
}

/** By the order of the input, but where a script has another. */
export function orderIn(frames: EhFrames, sections: SectionTable, output: OutputSection): readonly number[] {
  const order: number[] = [];
  let isSorted = true;
  for (const [ordinal, section] of frames.sections.entries()) {
    if (sections.output[section] !== output.id) continue;
    order.push(ordinal);
  }
  const places = new Map<number, number>();
  let last = -1;
  for (let i = 0; i < output.pieces.length; i++) {
    const ordinal = frames.ordinals.get(output.pieces[i]);
    if (ordinal === undefined) continue;
    places.set(ordinal, i);
    if (ordinal < last) isSorted = false;
    last = ordinal;
  }
  return isSorted ? order : order.sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
}

/** Sections but the last one are padded to it: by a script as in GNU ld, whose default output here has no padding. */
export function unitOf(output: OutputSection, chunk: Chunk, { byScript }: OutputSections): number {
  return byScript ? Math.max(output.alignment, chunk.alignment) : 1;
}

/** The PLT's records among those of the inputs: behind so many sections. */
export interface Between {
  readonly behind: number;
  readonly bytes: number;
  /** CIE of an input that comes to stand there; -1: none. */
  readonly cie: number;
}

/** Gives all kept records their places. @returns bytes of all */
export function placeAll(frames: EhFrames, unit: number, between: Between | undefined): number {
  const { order, starts, ends, places } = frames;
  const last = between !== undefined && isLast(frames, between.behind) ? order.length : lastWithRecords(frames);
  let size = 0;
  for (let i = 0; i <= order.length; i++) {
    if (between?.behind === i) {
      if (between.cie >= 0) places[between.cie] = size;
      size += between.bytes;
    }
    if (i === order.length) break;
    const ordinal = order[i];
    starts[ordinal] = size;
    size = placeRecords(frames, ordinal, size, between?.cie ?? -1);
    const bytes = size - starts[ordinal];
    if (i < last && bytes > 0) size = starts[ordinal] + Math.ceil(bytes / unit) * unit;
    ends[ordinal] = size;
  }
  return size;
}

const TERMINATOR_SIZE = 4;

/** Index in the order of the last section that is more than a mark of the end. */
export function lastWithRecords(frames: EhFrames): number {
  return frames.order.findLastIndex((ordinal) => keptBytes(frames, ordinal) > TERMINATOR_SIZE);
}

/** Does nothing come behind what stands behind so many sections? */
export function isLast(frames: EhFrames, behind: number): boolean {
  return lastWithRecords(frames) < behind;
}

function keptBytes({ records, places, firstRecords }: EhFrames, ordinal: number): number {
  let bytes = 0;
  for (let record = firstRecords[ordinal]; record < firstRecords[ordinal + 1]; record++)
    if (places[record] >= 0) bytes += placedBytes(records, record);
  return bytes;
}

/** In a script's section they may stand among others: the records come where the first of them was. */
function replaceParsed(
  frames: EhFrames,
  sections: SectionTable,
  outputs: OutputSections,
  output: OutputSection,
): Chunk {
  const isParsed = (piece: number): boolean => piece >= 0 && (sections.state[piece] & STATE_EH_FRAME) !== 0;
  const { pieces } = output;
  const first = pieces.find(isParsed);
  const widest = pieces.reduce((most, it) => (isParsed(it) ? Math.max(most, sections.alignment[it]) : most), 4);
  const chunk = newChunk(outputs, output, ".eh_frame", 0, widest);
  frames.chunk = chunk;
  const kept: number[] = [];
  const places = new Int32Array(pieces.length + 1);
  for (let i = 0; i < pieces.length; i++) {
    places[i] = kept.length;
    if (pieces[i] === first) kept.push(~chunk.id);
    else if (!isParsed(pieces[i])) kept.push(pieces[i]);
  }
  places[pieces.length] = kept.length;
  output.pieces = Int32Array.from(kept);
  output.rankEnds = output.rankEnds.map((end) => places[end]);
  return chunk;
}

/** Takes DW_CFA_nop off the ends of kept FDEs. Sizes of records change. */
export function dropPadding(frames: EhFrames, object: ObjectFile, sections: SectionTable, ordinal: number): void {
  const { records, places, machine } = frames;
  const { bytes } = object;
  const contents = sections.offset[frames.sections[ordinal]];
  for (let record = frames.firstRecords[ordinal]; record < frames.firstRecords[ordinal + 1]; record++) {
    if (records.kinds[record] !== RECORD_FDE || places[record] < 0) continue;
    const end = contents + records.offsets[record] + records.sizes[record];
    const width = encodedBytes(records.pointerEncodings[record], machine.wordBytes);
    let at = contents + records.pointers[record] + 2 * width;
    const cie = records.cies[record];
    // Version, then the augmentation string: with a z the FDE has data of its own.
    const hasData = bytes[contents + records.offsets[cie] + records.lengthBytes[cie] + 5] === 0x7a;
    if (hasData) at = afterBlock(bytes, at, end);
    const last = endOfInstructions(bytes, at, end, width);
    if (last !== undefined) records.sizes[record] = last - contents - records.offsets[record];
  }
}

/** Marks the records of a section that stay, with 0 as their place. */
function keepRecords(
  frames: EhFrames,
  object: ObjectFile,
  sections: SectionTable,
  ordinal: number,
  cies: Map<string, number>,
): void {
  const { records, places, kept } = frames;
  const end = frames.firstRecords[ordinal + 1];
  for (let record = frames.firstRecords[ordinal]; record < end; record++) {
    if (records.kinds[record] === RECORD_END) {
      // The end of the output is the end of its last section, if that has one (crtend.o).
      if (ordinal === frames.order.at(-1) && record === end - 1) places[record] = 0;
      continue;
    }
    if (records.kinds[record] === RECORD_CIE) continue;
    if (!staysFde(frames, object, sections, ordinal, record)) continue;
    places[record] = 0;
    frames.fdeCount++;
    const cie = records.cies[record];
    if (kept[cie] >= 0) continue;
    const key = cieKey(frames, object, sections, ordinal, cie);
    kept[cie] = cies.get(key) ?? cie;
    cies.set(key, kept[cie]);
    places[kept[cie]] = Math.max(places[kept[cie]], 0);
  }
}

/** Gives the kept records of a section their offsets, but one. They are whole words long. @returns the end */
function placeRecords(frames: EhFrames, ordinal: number, start: number, but: number): number {
  const { records, places } = frames;
  let at = start;
  for (let record = frames.firstRecords[ordinal]; record < frames.firstRecords[ordinal + 1]; record++) {
    if (places[record] < 0 || record === but) continue;
    places[record] = at;
    at += placedBytes(records, record);
  }
  return at;
}

/** Bytes of a record in the output: padded, so that the next one is aligned. */
export function placedBytes(records: EhFrameRecords, record: number): number {
  return (records.sizes[record] + 3) & ~3;
}

/** Is the FDE's function in the output? */
export function staysFde(
  frames: EhFrames,
  object: ObjectFile,
  sections: SectionTable,
  ordinal: number,
  record: number,
): boolean {
  const contents = sections.offset[frames.sections[ordinal]];
  return isInOutput(sections, frames.functions[record]) && !coversNothing(frames, object, ordinal, contents, record);
}

function isInOutput(sections: SectionTable, section: SectionId): boolean {
  if (section < 0) return section === SECTION_ABSOLUTE;
  const gone = STATE_DISCARDED | STATE_COLLECTED | STATE_FOLDED;
  return sections.output[section] >= 0 && (sections.state[section] & gone) === 0;
}

/** A function of 0 bytes. The relocation for the length, where there is one, stands for a length. */
function coversNothing(
  frames: EhFrames,
  object: ObjectFile,
  ordinal: number,
  contents: number,
  record: number,
): boolean {
  const { records } = frames;
  const width = encodedBytes(records.pointerEncodings[record], frames.machine.wordBytes);
  const lengthAt = records.pointers[record] + width;
  for (let i = 0; i < width; i++) if (object.bytes[contents + lengthAt + i] !== 0) return false;
  const entry = frames.relocationBytes[ordinal];
  for (let i = 0; i < frames.relocationCounts[record]; i++) {
    if (object.view.getUint32(frames.relocations[record] + i * entry, true) === lengthAt) return false;
  }
  return true;
}

function hasAbsoluteFunctions(frames: EhFrames, ordinal: number): boolean {
  const { records, places } = frames;
  for (let record = frames.firstRecords[ordinal]; record < frames.firstRecords[ordinal + 1]; record++) {
    const isKeptFde = records.kinds[record] === RECORD_FDE && places[record] >= 0;
    if (isKeptFde && (records.pointerEncodings[record] & 0x70) === DW_EH_PE_absptr) return true;
  }
  return false;
}

/** Longer ones are left alone: compilers write 30 bytes. */
const LONGEST_SHARED_CIE = 256;

/** Equal for CIEs of equal bytes and the same personality routine. */
export function cieKey(
  frames: EhFrames,
  object: ObjectFile,
  sections: SectionTable,
  ordinal: number,
  cie: number,
): string {
  const { records } = frames;
  const start = sections.offset[frames.sections[ordinal]] + records.offsets[cie];
  const size = records.sizes[cie];
  const count = frames.relocationCounts[cie];
  // More relocations than the personality's: nothing is known to be equal.
  if (count > 1 || size > LONGEST_SHARED_CIE) return `#${cie}`;
  const bytes = String.fromCharCode(...object.bytes.subarray(start, start + size));
  if (count === 0) return bytes;
  const { view, is64 } = object;
  const at = frames.relocations[cie];
  const index = symbolIndex(view, at, is64);
  const isLocal = index < object.firstGlobal;
  const symbol = isLocal ? `${object.id}:${index}` : String(object.symbols[index - object.firstGlobal]);
  const info = view.getUint32(at + frames.machine.wordBytes, true);
  const type = is64 ? info : info & 0xff;
  // The addend, for RELA; for REL it is among the bytes.
  const words = frames.relocationBytes[ordinal] / frames.machine.wordBytes;
  const addend = words === 3 ? view.getInt32(at + 2 * frames.machine.wordBytes, true) : 0;
  return `${bytes}${view.getUint32(at, true) - records.offsets[cie]} ${type} ${symbol} ${addend}`;
}
