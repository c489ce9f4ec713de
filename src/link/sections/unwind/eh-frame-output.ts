// .eh_frame once its records have their places: where a byte of an input section went, the records' bytes, and the table of
// .eh_frame_hdr.

import { SHF_ALLOC, SHT_PROGBITS } from "../../../elf/constants.ts";
import { error, type Report } from "../../../elf/problem.ts";
import type { SectionId } from "../../tables/ids.ts";
import { addChunk, type Chunk, type OutputSections } from "../../tables/output-section.ts";
import type { SectionTable } from "../../tables/section-table.ts";
import { outputNamed } from "../space.ts";
import type { EhFrames } from "./eh-frame.ts";
import {
  ehFrameHeaderBytes,
  RECORD_END,
  RECORD_FDE,
  readEncodedPointer,
  writeEhFrameHeader,
  writeEhFrameHeaderWithoutTable,
} from "./eh-frame-format.ts";
import { lastWithRecords, placedBytes } from "./eh-frame-place.ts";

function ordinalOf(frames: EhFrames, section: SectionId): number {
  if (frames.lastSection !== section) {
    frames.lastSection = section;
    frames.lastOrdinal = frames.ordinals.get(section) ?? -1;
  }
  return frames.lastOrdinal;
}

/** The record that holds the byte at `offset` of a section; -1 in a section without records. */
function recordAt(frames: EhFrames, ordinal: number, offset: number): number {
  const { offsets } = frames.records;
  let record = frames.firstRecords[ordinal];
  let count = frames.firstRecords[ordinal + 1] - record;
  if (count === 0) return -1;
  while (count > 1) {
    const half = count >>> 1;
    if (offsets[record + half] <= offset) record += half;
    count -= half;
  }
  return record;
}

/**
 * Where a byte of a section with STATE_EH_FRAME is in the chunk, for its relocations.
 * @returns -1 if its record is not in the output: the relocation must be left out
 */
export function ehFrameOffset(frames: EhFrames, section: SectionId, offset: number): number {
  const record = recordAt(frames, ordinalOf(frames, section), offset);
  if (record < 0 || frames.places[record] < 0) return -1;
  return frames.places[record] + offset - frames.records.offsets[record];
}

/**
 * The address of what a symbol in a section with STATE_EH_FRAME marks. As GNU ld moves symbols: with their record, to the
 * CIE that stands for it, or to the next record that is left.
 */
export function ehFrameAddress(frames: EhFrames, section: SectionId, offset: number): number {
  return (frames.chunk?.address ?? 0) + targetInChunk(frames, ordinalOf(frames, section), offset);
}

function targetInChunk(frames: EhFrames, ordinal: number, offset: number): number {
  const { records, places, kept } = frames;
  const end = frames.firstRecords[ordinal + 1];
  const record = recordAt(frames, ordinal, offset);
  if (record < 0) return frames.starts[ordinal];
  const inside = offset - records.offsets[record];
  if (inside >= records.sizes[record]) return frames.ends[ordinal];
  if (places[record] >= 0) return places[record] + inside;
  if (kept[record] >= 0) return places[kept[record]] + inside;
  for (let next = record + 1; next < end; next++) if (places[next] >= 0) return places[next];
  return frames.ends[ordinal];
}

/** Copies the kept records of a section into the image: longer by the padding, and pointing at the CIEs that were kept. */
export function copyEhFrame(
  frames: EhFrames,
  section: SectionId,
  contents: Uint8Array,
  image: Uint8Array,
  view: DataView,
): void {
  const { records, places, kept, chunk } = frames;
  if (chunk === undefined) return;
  const ordinal = ordinalOf(frames, section);
  // The last one takes up what is left of the section: a gap would read as the end of all records.
  let end = frames.ends[ordinal];
  for (let record = frames.firstRecords[ordinal + 1] - 1; record >= frames.firstRecords[ordinal]; record--) {
    if (places[record] < 0) continue;
    const isMoved = record === frames.plt?.cie;
    const size = isMoved ? placedBytes(records, record) : end - places[record];
    if (!isMoved) end = places[record];
    const from = records.offsets[record];
    const to = chunk.offset + places[record];
    image.set(contents.subarray(from, from + records.sizes[record]), to);
    if (records.kinds[record] === RECORD_END) continue;
    const lengthBytes = records.lengthBytes[record];
    view.setUint32(to + lengthBytes - (lengthBytes === 4 ? 4 : 8), size - lengthBytes, true);
    if (records.kinds[record] !== RECORD_FDE) continue;
    const cie = places[kept[records.cies[record]]];
    view.setUint32(to + lengthBytes, places[record] + lengthBytes - cie, true);
  }
}

/**
 * Does a section of the inputs have more than a terminator? Those that --gc-sections has left without a function count too
 * (bfd/elf-eh-frame.c, _bfd_elf_eh_frame_present, which is asked before records are sorted out).
 */
export function hasRecords(frames: EhFrames, sections: SectionTable): boolean {
  return frames.order.some((ordinal) => sections.size[frames.sections[ordinal]] > 8);
}

/**
 * Objects that take part in the link by an .eh_frame of which nothing is left: that section stands in front of others that have records
 * (bfd/elflink.c, bfd_elf_discard_info, excludes those behind the last), or the object is the one that gets .eh_frame_hdr (ld/ldelf.c,
 * ldelf_after_open: the first with records). By object.
 */
export function keptByFrames(frames: EhFrames, sections: SectionTable, objects: number): Uint8Array {
  const kept = new Uint8Array(objects);
  const last = lastWithRecords(frames);
  for (let i = 0; i <= last; i++) kept[sections.object[frames.sections[frames.order[i]]]] = 1;
  const holder = frames.sections.find((section) => sections.size[section] > 8);
  if (frames.header !== undefined && holder !== undefined) kept[sections.object[holder]] = 1;
  return kept;
}

/**
 * Makes .eh_frame_hdr, if there is more than a terminator to point at. It is written after .eh_frame is relocated.
 * Problem: `eh-frame-header-overflow` (error).
 */
export function makeEhFrameHeader(
  frames: EhFrames,
  sections: SectionTable,
  outputs: OutputSections,
  report: Report,
): Chunk | undefined {
  const { chunk } = frames;
  const output = chunk?.output;
  if (chunk === undefined || output === undefined || (output.pieces.length === 1 && !hasRecords(frames, sections)))
    return undefined;
  const header = outputNamed(outputs, ".eh_frame_hdr", SHT_PROGBITS, SHF_ALLOC);
  const size = ehFrameHeaderBytes(frames.table ? frames.fdeCount : undefined);
  const made = addChunk(outputs, header, ".eh_frame_hdr", size, 4);
  made.write = (_image, view, it) => {
    const place = { address: it.address, ehFrame: output.address };
    const fits = frames.table
      ? writeTable(frames, chunk, view, it.offset, place)
      : writeEhFrameHeaderWithoutTable(view, it.offset, place);
    if (!fits) report(error("eh-frame-header-overflow", { section: ".eh_frame_hdr" }));
  };
  frames.header = made;
  return made;
}

/** What .eh_frame_hdr has a row of: addresses of a function and of its FDE. */
export interface UnwindRow {
  readonly function: number;
  readonly fde: number;
}

/** The rows of one section, as its relocated records say. @param places by record: where it is in the chunk, or -1 */
export function rowsOfSection(frames: EhFrames, section: SectionId, places: Float64Array, view: DataView): UnwindRow[] {
  const { chunk, records } = frames;
  const rows: UnwindRow[] = [];
  const ordinal = ordinalOf(frames, section);
  const first = frames.firstRecords[ordinal];
  for (let record = first; chunk !== undefined && record < frames.firstRecords[ordinal + 1]; record++) {
    const place = places[record - first];
    if (records.kinds[record] !== RECORD_FDE || place < 0) continue;
    rows.push({ function: functionOf(frames, chunk, record, place, view), fde: chunk.address + place });
  }
  return rows;
}

/** The address that the FDE is about, as it stands in the relocated record. */
function functionOf(
  { records, machine }: EhFrames,
  chunk: Chunk,
  record: number,
  place: number,
  view: DataView,
): number {
  const pointer = place + records.pointers[record] - records.offsets[record];
  const encoding = records.pointerEncodings[record];
  return readEncodedPointer(view, chunk.offset + pointer, encoding, chunk.address + pointer, machine.wordBytes);
}

function writeTable(
  frames: EhFrames,
  chunk: Chunk,
  view: DataView,
  at: number,
  place: { readonly address: number; readonly ehFrame: number },
): boolean {
  const { records, places, fdeCount } = frames;
  const functions = new Float64Array(fdeCount);
  const fdes = new Float64Array(fdeCount);
  let count = 0;
  for (let record = 0; record < records.count; record++) {
    if (records.kinds[record] !== RECORD_FDE || places[record] < 0) continue;
    functions[count] = functionOf(frames, chunk, record, places[record], view);
    fdes[count++] = chunk.address + places[record];
  }
  for (const { offset, entries } of frames.plt?.fdes ?? []) {
    functions[count] = entries.address;
    fdes[count++] = (frames.plt?.chunk.address ?? 0) + offset;
  }
  return writeEhFrameHeader(view, at, place, functions, fdes, count);
}
