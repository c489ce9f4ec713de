// Decides which records of .eh_frame stay and where. Those of all parsed sections go into one chunk, with nothing between them
// (padding would read as the end), behind the sections that could not be parsed, which are copied as they are.

import { type Report, warning } from "../../elf/problem.ts";
import { SECTION_ABSOLUTE, type SectionId } from "../tables/ids.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import { newChunk, type OutputSection, type OutputSections } from "../tables/output-section.ts";
import {
  type SectionTable,
  STATE_COLLECTED,
  STATE_DISCARDED,
  STATE_EH_FRAME,
  STATE_FOLDED,
} from "../tables/section-table.ts";
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
  frames.starts = new Float64Array(frames.sections.length + 1);
  const output = outputOf(frames, sections, outputs);
  if (output === undefined) return;
  const cies = new Map<string, number>();
  let size = 0;
  for (const [ordinal, section] of frames.sections.entries()) {
    const object = objects[sections.object[section]];
    frames.starts[ordinal] = size;
    if (sections.output[section] < 0) continue;
    keepRecords(frames, object, sections, ordinal, cies);
    size = placeRecords(frames, ordinal, size);
    if (pic && frames.table && hasAbsoluteFunctions(frames, ordinal)) {
      frames.table = false;
      report(warning("eh-frame-absolute", { file: object.name, section: ".eh_frame" }));
    }
  }
  frames.starts[frames.sections.length] = size;
  replaceParsed(frames, sections, outputs, output, size);
}

/** Where a script has put them: that of the first. */
function outputOf(frames: EhFrames, sections: SectionTable, outputs: OutputSections): OutputSection | undefined {
  const first = frames.sections.find((it) => sections.output[it] >= 0);
  return first === undefined ? undefined : outputs.list[sections.output[first]];
}

/** In a script's section they may stand among others: the records come where the first of them was. */
function replaceParsed(
  frames: EhFrames,
  sections: SectionTable,
  outputs: OutputSections,
  output: OutputSection,
  size: number,
): void {
  const isParsed = (piece: number): boolean => piece >= 0 && (sections.state[piece] & STATE_EH_FRAME) !== 0;
  const { pieces } = output;
  const first = pieces.find(isParsed);
  const widest = pieces.reduce((most, it) => (isParsed(it) ? Math.max(most, sections.alignment[it]) : most), 4);
  const chunk = newChunk(outputs, output, ".eh_frame", size, widest);
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
      if (ordinal === frames.sections.length - 1 && record === end - 1) places[record] = 0;
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

/** Gives the kept records of a section their offsets. They are whole words long. @returns the end */
function placeRecords(frames: EhFrames, ordinal: number, start: number): number {
  const { records, places } = frames;
  let at = start;
  for (let record = frames.firstRecords[ordinal]; record < frames.firstRecords[ordinal + 1]; record++) {
    if (places[record] < 0) continue;
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
