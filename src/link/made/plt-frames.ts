// Unwind information for the linker's own code, the PLT: with it a debugger or a profiler that stops in an entry finds the
// caller. One CIE, and one FDE for each section of entries, in front of the records that come from the inputs, or where a script
// has them. As GNU ld (--ld-generated-unwind-info), only where the inputs have such records.

import { PLT_FRAMES } from "../mapping/made-inputs.ts";
import { endOfInstructions } from "../sections/unwind/call-frame-nops.ts";
import type { EhFrames, PltFde } from "../sections/unwind/eh-frame.ts";
import { ehFrameHeaderBytes, RECORD_CIE } from "../sections/unwind/eh-frame-format.ts";
import { hasRecords } from "../sections/unwind/eh-frame-output.ts";
import { cieKey, isLast, placeAll, unitOf } from "../sections/unwind/eh-frame-place.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import { type Chunk, newChunk, type OutputSection, type OutputSections } from "../tables/output-section.ts";
import type { SectionTable } from "../tables/section-table.ts";
import type { Slots } from "./slots.ts";
import type { SlotChunks } from "./synthesize.ts";

/** Bytes of an FDE before its instructions: length, CIE pointer, address and size of the code, no augmentation data. */
const FDE_HEAD = 17;

/** Adds the records, and their rows to .eh_frame_hdr. After the PLT is planned, before sections are measured. */
export function addPltFrames(
  frames: EhFrames,
  objects: readonly ObjectFile[],
  sections: SectionTable,
  outputs: OutputSections,
  slots: Slots,
  chunks: SlotChunks,
): void {
  const { chunk: records } = frames;
  const planned = outputs.planned?.get(PLT_FRAMES);
  const output = planned === undefined ? records?.output : planned.output;
  if (output === undefined) return;
  const tables = [
    { entries: chunks.plt, style: slots.lazy },
    { entries: chunks.pltGot, style: slots.direct },
    { entries: chunks.pltSecond, style: slots.second },
  ].flatMap(({ entries, style }) =>
    entries === undefined || style === undefined ? [] : [{ entries, instructions: style.unwind }],
  );
  if (tables.length === 0) return;
  if (planned !== undefined && output !== records?.output) {
    // Only where others are put together (bfd/elf-eh-frame.c: _bfd_elf_eh_frame_present).
    if (hasRecords(frames, sections)) standAlone(frames, planned.chunk, tables);
    return;
  }
  if (records === undefined) return;
  const others = output.pieces.filter((piece) => piece !== ~records.id && piece !== ~(planned?.chunk.id ?? records.id));
  if (others.length === 0 && !hasRecords(frames, sections)) {
    // Nothing but the end mark. GNU ld's own records leave only their alignment behind.
    records.alignment = Math.max(records.alignment, frames.machine.wordBytes);
    return;
  }
  if (planned === undefined) putInFront(frames, records, output, outputs, tables);
  else putAmong(frames, objects, sections, records, output, outputs, tables);
  frames.fdeCount += tables.length;
  const { header } = frames;
  if (header !== undefined) header.size = ehFrameHeaderBytes(frames.table ? frames.fdeCount : undefined);
}

/** A section of PLT entries. */
interface Entries {
  readonly entries: Chunk;
  readonly instructions: Uint8Array;
}

/** FDEs one behind the other. @param unit padded to it with DW_CFA_nop (0): other zeros would mean the end of all records */
function fdesFrom(
  start: number,
  tables: readonly Entries[],
  unit: number,
  ends = false,
): { fdes: PltFde[]; end: number } {
  let offset = start;
  const fdes = tables.map(({ entries, instructions: all }, i): PltFde => {
    // What nothing follows is not padded.
    const isCut = ends && i === tables.length - 1;
    const instructions = isCut ? all.subarray(0, endOfInstructions(all, 0, all.length, 4)) : all;
    const to = isCut ? 4 : unit;
    const size = Math.ceil((FDE_HEAD + instructions.length) / to) * to;
    const fde = { offset, size, entries, instructions };
    offset += size;
    return fde;
  });
  return { fdes, end: offset };
}

/** In the default layout. */
function putInFront(
  frames: EhFrames,
  records: Chunk,
  output: OutputSection,
  outputs: OutputSections,
  tables: readonly Entries[],
): void {
  const { machine } = frames;
  const { fdes, end } = fdesFrom(machine.plt.cie.length, tables, Math.max(machine.wordBytes, records.alignment));
  const chunk = newChunk(outputs, output, ".eh_frame", end, machine.wordBytes);
  chunk.write = (image, view, it) => {
    image.set(machine.plt.cie, it.offset);
    writeFdes(fdes, 0, image, view, it);
  };
  const others = output.pieces.filter((piece) => piece !== ~records.id);
  output.pieces = Int32Array.from([...others, ~chunk.id, ~records.id]);
  output.rankEnds = output.rankEnds.map(() => output.pieces.length);
  frames.plt = { chunk, fdes, cie: -1 };
}

/**
 * As GNU ld's, they are the last input of the first object, and their CIE is one with an equal one of the inputs: with the
 * first of them.
 */
function putAmong(
  frames: EhFrames,
  objects: readonly ObjectFile[],
  sections: SectionTable,
  records: Chunk,
  output: OutputSection,
  outputs: OutputSections,
  tables: readonly Entries[],
): void {
  const { machine, order, places, kept } = frames;
  const unit = unitOf(output, records, outputs);
  const first = objects[0]?.id;
  const behind = order.findLastIndex((ordinal) => sections.object[frames.sections[ordinal]] === first) + 1;
  const cie = equalCie(frames, objects, sections, machine.plt.cie);
  const isBefore = cie.position >= 0 && cie.position < behind;
  const head = isBefore ? 0 : machine.plt.cie.length;
  const ends = isLast(frames, behind);
  const size = fdesFrom(head, tables, unit, ends).end;
  const moved = isBefore ? -1 : cie.record;
  records.size = placeAll(frames, unit, { behind, bytes: size, cie: moved });
  records.alignment = Math.max(records.alignment, machine.wordBytes);
  const before = order[behind - 1];
  const start = before === undefined ? 0 : frames.ends[before];
  const { fdes } = fdesFrom(start + head, tables, unit, ends);
  frames.plt = { chunk: records, fdes, cie: moved };
  records.write = (image, view, it) => {
    if (!isBefore) image.set(machine.plt.cie, it.offset + start);
    writeFdes(fdes, isBefore ? places[kept[cie.record]] : start, image, view, it);
  };
}

/** The kept CIE that is equal to these bytes, and where its section stands in the order; -1: none. */
function equalCie(
  frames: EhFrames,
  objects: readonly ObjectFile[],
  sections: SectionTable,
  bytes: Uint8Array,
): { readonly record: number; readonly position: number } {
  const { order, records, places } = frames;
  const key = String.fromCharCode(...bytes);
  for (const [position, ordinal] of order.entries()) {
    const object = objects[sections.object[frames.sections[ordinal]]];
    for (let record = frames.firstRecords[ordinal]; record < frames.firstRecords[ordinal + 1]; record++) {
      if (records.kinds[record] !== RECORD_CIE || places[record] < 0) continue;
      if (cieKey(frames, object, sections, ordinal, record) === key) return { record, position };
    }
  }
  return { record: -1, position: -1 };
}

/** Outside of a section called .eh_frame nothing is put together: each has its own CIE. */
function standAlone({ machine }: EhFrames, chunk: Chunk, tables: readonly Entries[]): void {
  const { cie } = machine.plt;
  // As they stand in BFD: those of lazy entries have 36 bytes behind the length on i386 too (bfd/elf32-i386.c, PLT_FDE_LENGTH).
  const ownUnit = ({ instructions }: Entries): number => (instructions.length > 0 ? 8 : machine.wordBytes);
  const parts = tables.map((table) => fdesFrom(cie.length, [table], ownUnit(table)));
  chunk.size = parts.reduce((sum, { end }) => sum + end, 0);
  chunk.write = (image, view, it) => {
    let at = 0;
    for (const { fdes, end } of parts) {
      image.set(cie, it.offset + at);
      const moved = fdes.map((fde) => ({ ...fde, offset: fde.offset + at }));
      writeFdes(moved, at, image, view, it);
      at += end;
    }
  };
}

/** @param cie where their CIE is in the chunk */
function writeFdes(fdes: readonly PltFde[], cie: number, image: Uint8Array, view: DataView, chunk: Chunk): void {
  for (const { offset, size, entries, instructions } of fdes) {
    const at = chunk.offset + offset;
    view.setUint32(at, size - 4, true);
    view.setUint32(at + 4, offset + 4 - cie, true);
    view.setInt32(at + 8, entries.address - (chunk.address + offset + 8), true);
    view.setUint32(at + 12, entries.size, true);
    image.set(instructions, at + FDE_HEAD);
  }
}
