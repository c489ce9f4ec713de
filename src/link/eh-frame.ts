// .eh_frame of the output, put together record by record: no FDE for a function that is not in the output, equal CIEs once.
// The records of all parsed sections go into one chunk, with nothing between them (padding would read as the end), behind
// the sections that could not be parsed, which are copied as they are.
//
//   readEhFrames    what each record is about; --gc-sections asks `fdeLists`
//   placeEhFrames   which records stay, and where: sizes are final
//   copyEhFrame     their bytes, one input section at a time, before its relocations are applied at `ehFrameOffset`
//   .eh_frame_hdr   reads the relocated records

import type { Machine } from "../arch/index.ts";
import { SHF_ALLOC, SHT_NOBITS, SHT_PROGBITS, SHT_RELA } from "../elf/constants.ts";
import { error, type Report, warning } from "../elf/problem.ts";
import { growInt32, growUint32 } from "./columns.ts";
import {
  createEhFrameRecords,
  DW_EH_PE_absptr,
  type EhFrameRecords,
  ehFrameHeaderBytes,
  encodedBytes,
  parseEhFrame,
  RECORD_CIE,
  RECORD_END,
  RECORD_FDE,
  readEncodedPointer,
  writeEhFrameHeader,
  writeEhFrameHeaderWithoutTable,
} from "./eh-frame-format.ts";
import { SECTION_ABSOLUTE, SECTION_NONE, type SectionId } from "./ids.ts";
import { localSection } from "./local-symbols.ts";
import type { ObjectFile } from "./object-file.ts";
import { addChunk, type Chunk, newChunk, type OutputSections } from "./output-section.ts";
import type { PltFrames } from "./plt-frames.ts";
import {
  type SectionTable,
  STATE_COLLECTED,
  STATE_COMPRESSED,
  STATE_DISCARDED,
  STATE_EH_FRAME,
  STATE_FOLDED,
} from "./section-table.ts";
import { outputNamed } from "./space.ts";

export interface EhFrames {
  readonly machine: Machine;
  /** The sections that were parsed, in input order; a section's number here is its ordinal. */
  readonly sections: SectionId[];
  readonly ordinals: Map<SectionId, number>;
  /** The section last asked for, and its ordinal: relocations come section by section. */
  lastSection: SectionId;
  lastOrdinal: number;
  /** The records of section i are firstRecords[i] to firstRecords[i + 1]. */
  readonly firstRecords: number[];
  /** By section: bytes of one of its relocations. */
  readonly relocationBytes: number[];
  readonly records: EhFrameRecords;
  /** By record: offset in the object of its first relocation, and how many it has. */
  relocations: Uint32Array;
  relocationCounts: Uint32Array;
  /** FDE: section of the function, or a SECTION_* marker. */
  functions: Int32Array;
  /** .eh_frame_hdr can have a table: every record is known, and its function's address is. */
  table: boolean;

  // From `placeEhFrames` on.
  /** By record: offset in the chunk, -1 when it is not in the output. */
  places: Float64Array;
  /** CIE: the record that stands for it and all that are equal to it; -1 when no FDE that stays needs it. */
  kept: Int32Array;
  /** By section: where its first record is or would be in the chunk. One more: the end. */
  starts: Float64Array;
  fdeCount: number;
  chunk: Chunk | undefined;
  /** .eh_frame_hdr. */
  header: Chunk | undefined;
  /** The linker's own records. */
  plt: PltFrames | undefined;
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Parses every .eh_frame section and finds the function of every FDE. The sections get STATE_EH_FRAME, but for those that
 * cannot be parsed: like GNU ld we copy these, and go on without a table.
 * Problems (warnings): those of `parseEhFrame`, `eh-frame-no-relocation`.
 */
export function readEhFrames(
  objects: readonly ObjectFile[],
  sections: SectionTable,
  machine: Machine,
  report: Report,
): EhFrames {
  const frames: EhFrames = {
    machine,
    sections: [],
    ordinals: new Map(),
    lastSection: -1,
    lastOrdinal: -1,
    firstRecords: [0],
    relocationBytes: [],
    records: createEhFrameRecords(),
    relocations: new Uint32Array(0),
    relocationCounts: new Uint32Array(0),
    functions: new Int32Array(0),
    table: true,
    places: new Float64Array(0),
    kept: new Int32Array(0),
    starts: new Float64Array(0),
    fdeCount: 0,
    chunk: undefined,
    header: undefined,
    plt: undefined,
  };
  for (const object of objects) {
    const end = object.firstSection + object.sectionCount;
    for (let section = object.firstSection + 1; section < end; section++) {
      if (!isEhFrame(object, sections, section)) continue;
      if (!readSection(frames, object, sections, section, report)) frames.table = false;
    }
  }
  return frames;
}

/** ".eh_frame" and its NUL. */
const NAME = Uint8Array.of(0x2e, 0x65, 0x68, 0x5f, 0x66, 0x72, 0x61, 0x6d, 0x65, 0);

function isEhFrame(object: ObjectFile, sections: SectionTable, section: SectionId): boolean {
  const flags = sections.flags[section];
  if ((flags & SHF_ALLOC) === 0 || sections.type[section] === SHT_NOBITS) return false;
  if ((sections.state[section] & (STATE_DISCARDED | STATE_COMPRESSED)) !== 0) return false;
  const name = sections.name[section];
  for (let i = 0; i < NAME.length; i++) if (object.bytes[name + i] !== NAME[i]) return false;
  return true;
}

function readSection(
  frames: EhFrames,
  object: ObjectFile,
  sections: SectionTable,
  section: SectionId,
  report: Report,
): boolean {
  const { records } = frames;
  const first = records.count;
  const place = { file: object.name, section: ".eh_frame" };
  const { wordBytes } = frames.machine;
  const offset = sections.offset[section];
  if (!parseEhFrame(records, object.bytes, offset, sections.size[section], wordBytes, place, report)) return false;
  growColumns(frames);
  const table = sections.relocs[section];
  const entry = (table >= 0 && sections.type[table] === SHT_RELA ? 3 : 2) * wordBytes;
  const missing = findFunctions(frames, object, sections, table, entry, first);
  if (missing >= 0) {
    report(warning("eh-frame-no-relocation", { ...place, offset: records.offsets[missing] }));
    records.count = first;
    return false;
  }
  sections.state[section] |= STATE_EH_FRAME;
  frames.ordinals.set(section, frames.sections.length);
  frames.sections.push(section);
  frames.relocationBytes.push(entry);
  frames.firstRecords.push(records.count);
  return true;
}

function growColumns(frames: EhFrames): void {
  const { length } = frames.records.kinds;
  frames.relocations = growUint32(frames.relocations, length);
  frames.relocationCounts = growUint32(frames.relocationCounts, length);
  frames.functions = growInt32(frames.functions, length);
}

/**
 * Deals the section's relocations out to its records. Both are in the order of their offsets.
 * @param table the relocation section, or -1  @param entry bytes of a relocation
 * @returns the first FDE whose function pointer no relocation fills in, or -1
 */
function findFunctions(
  frames: EhFrames,
  object: ObjectFile,
  sections: SectionTable,
  table: SectionId,
  entry: number,
  first: number,
): number {
  const { records, relocations, relocationCounts, functions } = frames;
  const { view, is64 } = object;
  let at = table < 0 ? 0 : sections.offset[table];
  const end = table < 0 ? 0 : at + sections.size[table];
  for (let record = first; record < records.count; record++) {
    const recordEnd = records.offsets[record] + records.sizes[record];
    relocations[record] = at;
    let count = 0;
    let target = -1;
    for (; at < end && view.getUint32(at, true) < recordEnd; at += entry) {
      // NONE relocations, which -r leaves for FDEs that it drops, name no symbol.
      if (target <= 0 && view.getUint32(at, true) === records.pointers[record]) target = symbolIndex(view, at, is64);
      count++;
    }
    relocationCounts[record] = count;
    if (records.kinds[record] !== RECORD_FDE) continue;
    if (target < 0 || target >= object.symbolCount) return record;
    // The object's own idea of the symbol, also for global ones: another copy of the function has its own FDE.
    functions[record] = target === 0 ? SECTION_NONE : localSection(object, target);
  }
  return -1;
}

function symbolIndex(view: DataView, at: number, is64: boolean): number {
  return is64 ? view.getUint32(at + 12, true) : view.getUint32(at + 4, true) >>> 8;
}

/** The FDEs of each section's functions: first[section], then next[record], until -1. What they refer to lives with it. */
export interface FdeLists {
  readonly first: Int32Array;
  readonly next: Int32Array;
}

export function fdeLists(frames: EhFrames, sectionCount: number): FdeLists {
  const { records, functions } = frames;
  const first = new Int32Array(sectionCount).fill(-1);
  const next = new Int32Array(records.count).fill(-1);
  for (let record = records.count - 1; record >= 0; record--) {
    const section = functions[record];
    if (records.kinds[record] !== RECORD_FDE || section < 0) continue;
    next[record] = first[section];
    first[section] = record;
  }
  return { first, next };
}

// ---------------------------------------------------------------------------------------------------------------------
// Placing
// ---------------------------------------------------------------------------------------------------------------------

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
  const output = outputs.byName.get(".eh_frame");
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
  const copied = output.pieces.filter(
    (piece) => piece < 0 || (sections.size[piece] > 0 && (sections.state[piece] & STATE_EH_FRAME) === 0),
  );
  // Behind something else, there must be no gap.
  const widest = Math.max(4, output.alignment);
  const alignment = copied.length > 0 ? 4 : widest;
  frames.chunk = newChunk(outputs, output, ".eh_frame", size, alignment);
  output.pieces = Int32Array.from([...copied, ~frames.chunk.id]);
  output.rankEnds = output.rankEnds.map(() => output.pieces.length);
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

function placedBytes(records: EhFrameRecords, record: number): number {
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
function cieKey(frames: EhFrames, object: ObjectFile, sections: SectionTable, ordinal: number, cie: number): string {
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

// ---------------------------------------------------------------------------------------------------------------------
// From input to output offsets
// ---------------------------------------------------------------------------------------------------------------------

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
  if (inside >= records.sizes[record]) return frames.starts[ordinal + 1];
  if (places[record] >= 0) return places[record] + inside;
  if (kept[record] >= 0) return places[kept[record]] + inside;
  for (let next = record + 1; next < end; next++) if (places[next] >= 0) return places[next];
  return frames.starts[ordinal + 1];
}

// ---------------------------------------------------------------------------------------------------------------------
// Writing
// ---------------------------------------------------------------------------------------------------------------------

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
  for (let record = frames.firstRecords[ordinal]; record < frames.firstRecords[ordinal + 1]; record++) {
    if (places[record] < 0) continue;
    const from = records.offsets[record];
    const to = chunk.offset + places[record];
    image.set(contents.subarray(from, from + records.sizes[record]), to);
    if (records.kinds[record] === RECORD_END) continue;
    const lengthBytes = records.lengthBytes[record];
    view.setUint32(to + lengthBytes - (lengthBytes === 4 ? 4 : 8), placedBytes(records, record) - lengthBytes, true);
    if (records.kinds[record] !== RECORD_FDE) continue;
    const cie = places[kept[records.cies[record]]];
    view.setUint32(to + lengthBytes, places[record] + lengthBytes - cie, true);
  }
}

/**
 * Makes .eh_frame_hdr, if there is more than a terminator to point at. It is written after .eh_frame is relocated.
 * Problem: `eh-frame-header-overflow` (error).
 */
export function makeEhFrameHeader(frames: EhFrames, outputs: OutputSections, report: Report): Chunk | undefined {
  const { chunk } = frames;
  const output = chunk?.output;
  if (chunk === undefined || output === undefined || (output.pieces.length === 1 && chunk.size <= 8)) return undefined;
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
    const pointer = places[record] + records.pointers[record] - records.offsets[record];
    const encoding = records.pointerEncodings[record];
    const address = chunk.address + pointer;
    functions[count] = readEncodedPointer(view, chunk.offset + pointer, encoding, address, frames.machine.wordBytes);
    fdes[count++] = chunk.address + places[record];
  }
  for (const { offset, entries } of frames.plt?.fdes ?? []) {
    functions[count] = entries.address;
    fdes[count++] = (frames.plt?.chunk.address ?? 0) + offset;
  }
  return writeEhFrameHeader(view, at, place, functions, fdes, count);
}
