// .eh_frame under -r: the FDEs of functions that are not in the output go, and the CIEs that only they used. Unlike in a
// program, equal CIEs stay apart and every input section stays a piece of its own. `places` of EhFrames are offsets in the
// section here; `ehFrameOffset` gives them.

import type { EhFrames } from "../sections/unwind/eh-frame.ts";
import { RECORD_CIE, RECORD_END, RECORD_FDE } from "../sections/unwind/eh-frame-format.ts";
import { dropPadding, leaveOthers, orderIn, staysFde } from "../sections/unwind/eh-frame-place.ts";
import type { SectionId } from "../tables/ids.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import type { OutputSections } from "../tables/output-section.ts";
import { type SectionTable, STATE_EH_FRAME } from "../tables/section-table.ts";
import type { OutputTable } from "./output-table.ts";

/** Decides which records stay, and how long the sections are: `sections.size` changes. Every section has its output section. */
export function shrinkEhFrames(
  frames: EhFrames,
  objects: readonly ObjectFile[],
  sections: SectionTable,
  table: OutputTable,
  outputs: OutputSections,
): void {
  frames.places = new Float64Array(frames.records.count).fill(-1);
  const output = outputs.list.find((it) => it.name === ".eh_frame");
  leaveOthers(frames, sections, output);
  if (output === undefined) return;
  const order = orderIn(frames, sections, output);
  const last = order.at(-1);
  for (const ordinal of order) {
    const section = frames.sections[ordinal];
    const object = objects[sections.object[section]];
    keepRecords(frames, object, sections, ordinal, ordinal === last);
    dropPadding(frames, object, sections, ordinal);
    const end = placeRecords(frames, ordinal);
    // No gap before the next section: it would read as the end. The last record takes it up; see `copyRecords`.
    const alignment = ordinal === last ? 1 : table.alignment[output.id];
    sections.size[section] = Math.ceil(end / alignment) * alignment;
  }
  forgetEmptyTail(frames, sections, order);
}

/**
 * Of sections behind the last one that has records not even empty relocations are left; before it they are (bfd/elflink.c,
 * bfd_elf_discard_info: "prevent empty sections from adding alignment padding at the end").
 */
function forgetEmptyTail(frames: EhFrames, sections: SectionTable, order: readonly number[]): void {
  for (const ordinal of order.toReversed()) {
    const section = frames.sections[ordinal];
    if (sections.size[section] > TERMINATOR_SIZE) return;
    if (sections.size[section] === 0) sections.relocs[section] = -1;
  }
}

const TERMINATOR_SIZE = 4;

function keepRecords(
  frames: EhFrames,
  object: ObjectFile,
  sections: SectionTable,
  ordinal: number,
  isLast: boolean,
): void {
  const { records, places } = frames;
  const end = frames.firstRecords[ordinal + 1];
  for (let record = frames.firstRecords[ordinal]; record < end; record++) {
    const kind = records.kinds[record];
    // A terminator in the middle (crtend.o before other objects) would cut off what follows.
    if (kind === RECORD_END && isLast && record === end - 1) places[record] = 0;
    if (kind !== RECORD_FDE || !staysFde(frames, object, sections, ordinal, record)) continue;
    places[record] = 0;
    places[records.cies[record]] = 0;
  }
}

/** @returns the end of the last record */
function placeRecords(frames: EhFrames, ordinal: number): number {
  const { records, places } = frames;
  let at = 0;
  for (let record = frames.firstRecords[ordinal]; record < frames.firstRecords[ordinal + 1]; record++) {
    if (places[record] < 0) continue;
    places[record] = at;
    at += wholeWords(records.sizes[record]);
  }
  return at;
}

function wholeWords(size: number): number {
  return (size + 3) & ~3;
}

/** Copies what stays of a section with STATE_EH_FRAME. @param to offset in the image */
export function copyRecords(
  frames: EhFrames,
  object: ObjectFile,
  sections: SectionTable,
  section: SectionId,
  image: Uint8Array,
  view: DataView,
  to: number,
): void {
  const { records, places } = frames;
  const ordinal = frames.ordinals.get(section) ?? -1;
  const start = sections.offset[section];
  let end = sections.size[section];
  for (let record = frames.firstRecords[ordinal + 1] - 1; record >= frames.firstRecords[ordinal]; record--) {
    const place = places[record];
    if (place < 0) continue;
    const from = start + records.offsets[record];
    image.set(object.bytes.subarray(from, from + records.sizes[record]), to + place);
    const lengthBytes = records.lengthBytes[record];
    const bytes = end - place - lengthBytes;
    end = place;
    if (records.kinds[record] === RECORD_END) continue;
    view.setUint32(to + place + lengthBytes - (lengthBytes === 4 ? 4 : 8), bytes, true);
    if (records.kinds[record] === RECORD_CIE) continue;
    view.setUint32(to + place + lengthBytes, place + lengthBytes - places[records.cies[record]], true);
  }
}

/** Where a symbol in a section with STATE_EH_FRAME is: with its record, or at the next one that stays. */
export function movedOffset(frames: EhFrames, sections: SectionTable, section: SectionId, offset: number): number {
  if ((sections.state[section] & STATE_EH_FRAME) === 0) return offset;
  const { records, places } = frames;
  const ordinal = frames.ordinals.get(section) ?? -1;
  for (let record = frames.firstRecords[ordinal]; record < frames.firstRecords[ordinal + 1]; record++) {
    const inside = offset - records.offsets[record];
    if (places[record] >= 0 && inside < records.sizes[record]) return places[record] + Math.max(inside, 0);
  }
  return sections.size[section];
}
