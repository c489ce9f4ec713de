// Unwind records of a changed object: as many as before, about the same functions, by the same CIEs. Their sizes may differ as
// long as they take the same space together; then each has a new place within it.

import type { Report } from "../../elf/problem.ts";
import { type EhFrames, readEhFrames } from "../sections/unwind/eh-frame.ts";
import { type EhFrameRecords, RECORD_CIE, RECORD_FDE } from "../sections/unwind/eh-frame-format.ts";
import { cieKey, placedBytes, staysFde } from "../sections/unwind/eh-frame-place.ts";
import type { SectionId } from "../tables/ids.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import type { Live, RelinkRefusal } from "./live.ts";
import { sameTargets } from "./same-sections.ts";

/** What decides which records are equal, taken while the object is still the old one: by section, the keys of its CIEs. */
export type UnwindKeys = ReadonlyMap<SectionId, readonly string[]>;

export function unwindKeys({ frames, sections }: Live, object: ObjectFile): UnwindKeys {
  const keys = new Map<SectionId, readonly string[]>();
  for (const section of unwindSections(frames, object)) {
    const ordinal = frames.ordinals.get(section) ?? 0;
    keys.set(section, cieKeys(frames, object, sections, ordinal));
  }
  return keys;
}

export function unwindSections(frames: EhFrames, { firstSection, sectionCount }: ObjectFile): SectionId[] {
  const found: SectionId[] = [];
  for (let i = 1; i < sectionCount; i++) if (frames.ordinals.has(firstSection + i)) found.push(firstSection + i);
  return found;
}

function cieKeys(frames: EhFrames, object: ObjectFile, sections: Live["sections"], ordinal: number): readonly string[] {
  const keys: string[] = [];
  for (let record = frames.firstRecords[ordinal]; record < frames.firstRecords[ordinal + 1]; record++) {
    if (frames.records.kinds[record] === RECORD_CIE) keys.push(cieKey(frames, object, sections, ordinal, record));
  }
  return keys;
}

/**
 * Takes over the records of an object that is in the tables already.
 * @param before the keys that it had  @param old what it was, with the sections that it had then
 * @param places gets, by section, the places that its records had
 */
export function adoptUnwind(
  live: Live,
  object: ObjectFile,
  before: UnwindKeys,
  old: { readonly object: ObjectFile; readonly sections: Live["sections"] },
  report: Report,
  places: Map<SectionId, Float64Array>,
): RelinkRefusal | undefined {
  if (before.size === 0) return undefined;
  const { frames, sections, machine } = live;
  const fresh = readEhFrames([object], sections, machine, report);
  if (fresh.sections.length !== before.size) return "unwind-changed";
  for (const [number, section] of fresh.sections.entries()) {
    const keys = before.get(section);
    const now = cieKeys(fresh, object, sections, number);
    // A key with a number is that of a CIE that equals no other.
    if (keys === undefined || keys.length !== now.length) return "unwind-changed";
    if (!keys.every((key, i) => key === now[i] && !key.startsWith("#"))) return "unwind-changed";
    const own = section - object.firstSection + old.object.firstSection;
    if (!sameTargets(old.object, old.sections, own, object, sections, section, true)) return "unwind-changed";
    const ordinal = frames.ordinals.get(section) ?? 0;
    // Of an object that changes twice in one relink: where they are in the output.
    if (!places.has(section))
      places.set(section, frames.places.slice(frames.firstRecords[ordinal], frames.firstRecords[ordinal + 1]));
    if (!adoptSection(live, object, frames, frames.ordinals.get(section) ?? 0, fresh, number)) return "unwind-changed";
  }
  return undefined;
}

function adoptSection(
  { sections }: Live,
  object: ObjectFile,
  frames: EhFrames,
  ordinal: number,
  fresh: EhFrames,
  number: number,
): boolean {
  const first = frames.firstRecords[ordinal];
  const count = frames.firstRecords[ordinal + 1] - first;
  const from = fresh.firstRecords[number];
  if (fresh.firstRecords[number + 1] - from !== count) return false;
  const { records, places } = frames;
  let at = frames.starts[ordinal];
  for (let i = 0; i < count; i++) {
    const [a, b] = [first + i, from + i];
    if (!sameRecord(frames, a, first, fresh, b, from)) return false;
    const isFde = records.kinds[a] === RECORD_FDE;
    if (isFde && staysFde(fresh, object, sections, number, b) !== places[a] >= 0) return false;
    if (places[a] < 0) continue;
    // Those of other objects point at a CIE that stands for all of its kind.
    if (records.kinds[a] === RECORD_CIE && places[a] !== at) return false;
    at += placedBytes(fresh.records, b);
  }
  if (at !== frames.ends[ordinal]) return false;
  at = frames.starts[ordinal];
  for (let i = 0; i < count; i++) {
    takeOver(frames, first + i, fresh, from + i);
    if (places[first + i] < 0) continue;
    places[first + i] = at;
    at += placedBytes(records, first + i);
  }
  return true;
}

function sameRecord(frames: EhFrames, a: number, first: number, fresh: EhFrames, b: number, from: number): boolean {
  const [x, y] = [frames.records, fresh.records];
  if (x.kinds[a] !== y.kinds[b] || x.lengthBytes[a] !== y.lengthBytes[b]) return false;
  if (x.cies[a] - first !== y.cies[b] - from || x.pointerEncodings[a] !== y.pointerEncodings[b]) return false;
  if (pointer(x, a) !== pointer(y, b)) return false;
  return x.kinds[a] !== RECORD_FDE || frames.functions[a] === fresh.functions[b];
}

/** Where the pointer is in the record. */
function pointer({ pointers, offsets }: EhFrameRecords, record: number): number {
  return pointers[record] === 0 ? -1 : pointers[record] - offsets[record];
}

function takeOver(frames: EhFrames, a: number, fresh: EhFrames, b: number): void {
  const [x, y] = [frames.records, fresh.records];
  x.offsets[a] = y.offsets[b];
  x.sizes[a] = y.sizes[b];
  x.pointers[a] = y.pointers[b];
  frames.relocations[a] = fresh.relocations[b];
  frames.relocationCounts[a] = fresh.relocationCounts[b];
}
