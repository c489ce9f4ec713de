// A reference to a local symbol in a discarded copy of a COMDAT group: debugging information has many. GNU ld takes the
// section of the copy that was kept in its place if the two define the same symbols and are equally long (bfd/elflink.c,
// _bfd_elf_check_kept_section). Which sections may have such references at all is in `discardedRule`.

import { SHF_ALLOC, SHT_GROUP, SHT_RELA, STT_SECTION } from "../../elf/constants.ts";
import { type GroupTable, internSignature } from "../inputs/groups.ts";
import type { SectionId } from "../tables/ids.ts";
import { localSection } from "../tables/local-symbols.ts";
import { findName, type NameTable } from "../tables/names.ts";
import { type ObjectFile, sectionName } from "../tables/object-file.ts";
import { type SectionTable, STATE_COLLECTED, STATE_DISCARDED } from "../tables/section-table.ts";
import { isDebuggingName } from "./debugging-names.ts";

/** The reference is as good as none, and 0: unwind information of another copy. */
export const REFERENCE_CLEARED = 0;
/** It goes to the copy that was kept, and is 0 without one: debugging information. */
export const REFERENCE_MOVED = 1;
/** It is an error, unless debugging information in front of it has moved the symbol to the kept copy. */
export const REFERENCE_REFUSED = 2;

/** What a reference to a discarded section is in this one: by its name, as bfd/elflink.c, _bfd_elf_default_action_discarded. */
export function discardedRule(object: ObjectFile, sections: SectionTable, section: SectionId): number {
  const name = sectionName(object, sections, section);
  if ((sections.flags[section] & SHF_ALLOC) === 0 && isDebuggingName(name)) return REFERENCE_MOVED;
  return /^\.(eh_frame|sframe|gcc_except_table(\..*)?)$/.test(name) ? REFERENCE_CLEARED : REFERENCE_REFUSED;
}

/** Has debugging information in front of `section` moved the local symbol to the kept copy? Then it is there for all that follow. */
export function isMovedBefore(kept: KeptSections, object: ObjectFile, section: SectionId, symbol: number): boolean {
  const { sections } = kept;
  if (keptSection(kept, localSection(object, symbol)) < 0) return false;
  for (let before = object.firstSection + 1; before < section; before++) {
    if (sections.relocs[before] < 0 || sections.output[before] < 0) continue;
    if (discardedRule(object, sections, before) === REFERENCE_MOVED && refersTo(object, sections, before, symbol))
      return true;
  }
  return false;
}

function refersTo(object: ObjectFile, sections: SectionTable, section: SectionId, symbol: number): boolean {
  const { view, is64 } = object;
  const relocs = sections.relocs[section];
  const entry = (sections.type[relocs] === SHT_RELA ? 3 : 2) * (is64 ? 8 : 4);
  const end = sections.offset[relocs] + sections.size[relocs];
  for (let at = sections.offset[relocs]; at < end; at += entry) {
    if ((is64 ? view.getUint32(at + 12, true) : view.getUint32(at + 4, true) >>> 8) === symbol) return true;
  }
  return false;
}

export interface KeptSections {
  readonly objects: readonly ObjectFile[];
  readonly sections: SectionTable;
  readonly names: NameTable;
  readonly groups: GroupTable;
  /** By discarded section: the one that stands for it + 2, 1 when there is none; 0: not asked yet. */
  readonly known: Int32Array;
  /** By object: its symbols sorted by section. */
  readonly indexes: Map<number, SymbolsBySection>;
  /** By object: the group of each of its sections in a discarded one. */
  readonly groupOf: Map<number, Map<SectionId, SectionId>>;
}

/** Symbols of section i (from 0): order[starts[i]] to order[starts[i + 1]]. */
interface SymbolsBySection {
  readonly starts: Int32Array;
  readonly order: Int32Array;
}

export function createKeptSections(
  objects: readonly ObjectFile[],
  sections: SectionTable,
  names: NameTable,
  groups: GroupTable,
): KeptSections {
  return {
    objects,
    sections,
    names,
    groups,
    known: new Int32Array(sections.count),
    indexes: new Map(),
    groupOf: new Map(),
  };
}

/** @returns the section that stands for a discarded one, or -1 */
export function keptSection(kept: KeptSections, section: SectionId): SectionId {
  if (section < 0) return -1;
  if (kept.known[section] === 0) kept.known[section] = findKept(kept, section) + 2;
  return kept.known[section] - 2;
}

function findKept(kept: KeptSections, section: SectionId): SectionId {
  const { sections, objects } = kept;
  const object = objects[sections.object[section]];
  const group = groupsOf(kept, object).get(section);
  const keeper = group === undefined ? linkOnceKeeper(kept, object, section) : groupKeeper(kept, object, group);
  if (keeper < 0) return -1;
  const other = objects[sections.object[keeper]];
  if (sections.type[keeper] !== SHT_GROUP) return fits(kept, section, keeper) ? keeper : -1;
  const words = Math.floor(sections.size[keeper] / 4);
  for (let i = 1; i < words; i++) {
    const index = other.view.getUint32(sections.offset[keeper] + 4 * i, true);
    if (index >= other.sectionCount) return -1;
    const member = other.firstSection + index;
    if (sameSymbols(kept, section, member)) return fits(kept, section, member) ? member : -1;
  }
  return -1;
}

function fits(kept: KeptSections, section: SectionId, other: SectionId): boolean {
  const { sections } = kept;
  return (
    sections.size[section] === sections.size[other] &&
    sections.output[other] >= 0 &&
    (sections.state[other] & (STATE_DISCARDED | STATE_COLLECTED)) === 0
  );
}

function groupsOf(kept: KeptSections, object: ObjectFile): Map<SectionId, SectionId> {
  const known = kept.groupOf.get(object.id);
  if (known !== undefined) return known;
  const { sections } = kept;
  const made = new Map<SectionId, SectionId>();
  const end = object.firstSection + object.sectionCount;
  for (let group = object.firstSection + 1; group < end; group++) {
    if (sections.type[group] !== SHT_GROUP || (sections.state[group] & STATE_DISCARDED) === 0) continue;
    const words = Math.floor(sections.size[group] / 4);
    for (let i = 1; i < words; i++) {
      made.set(object.firstSection + object.view.getUint32(sections.offset[group] + 4 * i, true), group);
    }
  }
  kept.groupOf.set(object.id, made);
  return made;
}

function groupKeeper(kept: KeptSections, object: ObjectFile, group: SectionId): SectionId {
  const signature = internSignature(object, kept.sections, kept.sections.info[group], kept.names);
  return signature < kept.groups.keeper.length ? kept.groups.keeper[signature] - 1 : -1;
}

/** .gnu.linkonce.*: the section of the same name. */
function linkOnceKeeper(kept: KeptSections, object: ObjectFile, section: SectionId): SectionId {
  const { sections, names, groups } = kept;
  const id = findName(names, object.view, sections.name[section], object.namesEnd);
  return id >= 0 && id < groups.keeper.length ? groups.keeper[id] - 1 : -1;
}

/**
 * Do the two sections define symbols of the same names, types and visibilities? Two without symbols are not alike. Parts of
 * debugging information have no other symbol than that of the section.
 */
function sameSymbols(kept: KeptSections, a: SectionId, b: SectionId): boolean {
  const { sections, objects } = kept;
  if (sections.type[a] !== sections.type[b]) return false;
  const allocated = (sections.flags[a] & SHF_ALLOC) !== 0;
  const sectionSymbols = !allocated && isDebuggingName(sectionName(objects[sections.object[a]], sections, a));
  if (sameInOrder(kept, a, b)) return true;
  const ours = symbolTexts(kept, a, sectionSymbols);
  const theirs = symbolTexts(kept, b, sectionSymbols);
  return ours.length > 0 && ours.length === theirs.length && ours.every((text, i) => text === theirs[i]);
}

/** The usual case, without a string: one compiler wrote both. */
function sameInOrder(kept: KeptSections, a: SectionId, b: SectionId): boolean {
  const [left, right] = [a, b].map((it) => kept.objects[kept.sections.object[it]]) as [ObjectFile, ObjectFile];
  const ours = symbolsBySection(kept, left);
  const theirs = symbolsBySection(kept, right);
  const first = ours.starts[a - left.firstSection];
  const count = ours.starts[a - left.firstSection + 1] - first;
  const second = theirs.starts[b - right.firstSection];
  if (theirs.starts[b - right.firstSection + 1] - second !== count) return false;
  let named = 0;
  for (let i = 0; i < count; i++) {
    const p = left.symtab + ours.order[first + i] * (left.is64 ? 24 : 16);
    const q = right.symtab + theirs.order[second + i] * (right.is64 ? 24 : 16);
    const detail = left.is64 ? 4 : 12;
    if (left.bytes[p + detail] !== right.bytes[q + detail]) return false;
    if (left.bytes[p + detail + 1] !== right.bytes[q + detail + 1]) return false;
    if ((left.bytes[p + detail] & 15) !== STT_SECTION) named++;
    if (!sameName(left, left.view.getUint32(p, true), right, right.view.getUint32(q, true))) return false;
  }
  return named > 0;
}

function sameName(a: ObjectFile, nameA: number, b: ObjectFile, nameB: number): boolean {
  let i = a.strings + nameA;
  let k = b.strings + nameB;
  while (i < a.stringsEnd && k < b.stringsEnd && a.bytes[i] === b.bytes[k]) {
    if (a.bytes[i] === 0) return true;
    i++;
    k++;
  }
  return false;
}

const decoder = new TextDecoder();

function symbolTexts(kept: KeptSections, section: SectionId, sectionSymbols: boolean): string[] {
  const object = kept.objects[kept.sections.object[section]];
  const { starts, order } = symbolsBySection(kept, object);
  const { bytes, view, is64, symtab, strings, stringsEnd } = object;
  const texts: string[] = [];
  const local = section - object.firstSection;
  for (let i = starts[local]; i < starts[local + 1]; i++) {
    const at = symtab + order[i] * (is64 ? 24 : 16);
    const start = Math.min(strings + view.getUint32(at, true), stringsEnd);
    let end = start;
    while (end < stringsEnd && bytes[end] !== 0) end++;
    const detail = at + (is64 ? 4 : 12);
    if (!sectionSymbols && (bytes[detail] & 15) === STT_SECTION) continue;
    texts.push(`${decoder.decode(bytes.subarray(start, end))} ${bytes[detail]} ${bytes[detail + 1]}`);
  }
  return texts.sort();
}

function symbolsBySection(kept: KeptSections, object: ObjectFile): SymbolsBySection {
  const known = kept.indexes.get(object.id);
  if (known !== undefined) return known;
  const { symbolCount, sectionCount, firstSection } = object;
  const starts = new Int32Array(sectionCount + 1);
  const sectionOf = new Int32Array(symbolCount).fill(-1);
  for (let i = 1; i < symbolCount; i++) {
    const section = localSection(object, i);
    if (section < 0) continue;
    sectionOf[i] = section - firstSection;
    starts[sectionOf[i] + 1]++;
  }
  for (let i = 0; i < sectionCount; i++) starts[i + 1] += starts[i];
  const next = starts.slice();
  const order = new Int32Array(starts[sectionCount]);
  for (let i = 1; i < symbolCount; i++) if (sectionOf[i] >= 0) order[next[sectionOf[i]]++] = i;
  const made = { starts, order };
  kept.indexes.set(object.id, made);
  return made;
}
