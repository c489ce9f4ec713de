// .eh_frame of the output, put together record by record: no FDE for a function that is not in the output, equal CIEs once.
// Here the inputs' records are read.
//
//   readEhFrames    what each record is about; --gc-sections asks `fdeLists`
//   placeEhFrames   which records stay, and where: sizes are final (eh-frame-place.ts)
//   copyEhFrame     their bytes, one input section at a time, before its relocations are applied at `ehFrameOffset`
//                   (eh-frame-output.ts)
//   .eh_frame_hdr   reads the relocated records

import type { Machine } from "../../../arch/index.ts";
import { SHF_ALLOC, SHT_NOBITS, SHT_RELA } from "../../../elf/constants.ts";
import { type Report, warning } from "../../../elf/problem.ts";
import { growInt32, growUint32 } from "../../tables/columns.ts";
import { SECTION_NONE, type SectionId } from "../../tables/ids.ts";
import { localSection } from "../../tables/local-symbols.ts";
import type { ObjectFile } from "../../tables/object-file.ts";
import type { Chunk } from "../../tables/output-section.ts";
import { type SectionTable, STATE_COMPRESSED, STATE_DISCARDED, STATE_EH_FRAME } from "../../tables/section-table.ts";
import { createEhFrameRecords, type EhFrameRecords, parseEhFrame, RECORD_FDE } from "./eh-frame-format.ts";

export interface EhFrames {
  readonly machine: Machine;
  /** The sections that were parsed, in input order; a section's number here is its ordinal. Some may be no more: `order`. */
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
  /** Ordinals of the sections whose records the chunk has, as they follow each other in it. */
  order: readonly number[];
  /** By section: where its first record is or would be in the chunk, and where its last one ends. */
  starts: Float64Array;
  ends: Float64Array;
  fdeCount: number;
  chunk: Chunk | undefined;
  /** .eh_frame_hdr. */
  header: Chunk | undefined;
  /** The linker's own records. */
  plt: PltFrames | undefined;
}

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
    order: [],
    starts: new Float64Array(0),
    ends: new Float64Array(0),
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

/** Index of the symbol that the relocation at `at` names. */
export function symbolIndex(view: DataView, at: number, is64: boolean): number {
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

interface PltFrames {
  readonly chunk: Chunk;
  readonly fdes: readonly PltFde[];
  /** CIE of an input that stands where the PLT's would stand, and is equal to it; -1: none. */
  readonly cie: number;
}

export interface PltFde {
  /** Bytes from the start of the chunk. */
  readonly offset: number;
  readonly size: number;
  readonly entries: Chunk;
  readonly instructions: Uint8Array;
}
