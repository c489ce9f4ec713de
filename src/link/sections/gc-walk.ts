// The walk of --gc-sections: from the sections that stay anyway along relocations to everything that they need. An explicit
// list of sections to look at, and one bit a section and a symbol, so that a million sections take no recursion and no
// objects. What a section brings along besides what its relocations name:
//
//   the rest of its section group
//   sections with SHF_LINK_ORDER that are linked to it
//   personality routine and language data of its functions (the FDE itself never keeps a function)

import { SHF_LINK_ORDER, SHN_LORESERVE, SHT_GROUP, SHT_RELA, STT_TLS } from "../../elf/constants.ts";
import type { SectionId, SymbolId } from "../tables/ids.ts";
import { localSection } from "../tables/local-symbols.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import {
  type SectionTable,
  STATE_DISCARDED,
  STATE_EH_FRAME,
  STATE_IN_GROUP,
  STATE_LIVE,
} from "../tables/section-table.ts";
import { KIND_COMMON, KIND_DEFINED, KIND_DEFINED_WEAK, type SymbolTable } from "../tables/symbol-table.ts";
import { type EhFrames, type FdeLists, fdeLists } from "./unwind/eh-frame.ts";

/** As in GNU ld the common symbols of one object are one section, or rather one for each place where commons go. */
export const COMMON_PLAIN = 1;
export const COMMON_LARGE = 2;
export const COMMON_TLS = 4;

/** What scripts call them. Thread-local ones are always kept. */
export const COMMON_NAMES: readonly (readonly [number, string])[] = [
  [COMMON_PLAIN, "COMMON"],
  [COMMON_LARGE, "LARGE_COMMON"],
];

/** Who keeps a section that no other one does: its name on the command line, KEEP, type or flag, or other modules. */
export const KEPT_BY_NAME = -1;
export const KEPT_AS_ASKED = -2;
export const KEPT_AS_EXPORTED = -3;

export interface Walk {
  readonly objects: readonly ObjectFile[];
  readonly sections: SectionTable;
  readonly symbols: SymbolTable;
  readonly frames: EhFrames;
  readonly fdes: FdeLists;
  /** By record of .eh_frame: bytes of a relocation; by CIE: whether it was looked at. */
  readonly relocationBytes: Uint8Array;
  readonly seenCies: Uint8Array;
  /**
   * Sections that stay and whose relocations are still to be followed, as a list for each object: `firstPending[object]`,
   * then `nextPending[section]`, until 0. What is done object by object finds its symbol table in the cache.
   */
  readonly firstPending: Int32Array;
  readonly nextPending: Int32Array;
  /** The objects that have such a list, a ring; `firstPending` of all others is -1. */
  readonly queue: Int32Array;
  queued: number;
  next: number;
  /** By symbol: something that stays refers to it. */
  readonly referenced: Uint8Array;
  /** By object: which of its common symbols stay, COMMON_*. */
  readonly commons: Uint8Array;
  /** Next section of the same group, in a ring; 0 outside of groups. */
  readonly nextInGroup: Int32Array;
  /** By section: the section that was followed when it was met first, or one of KEPT_*; 0 where nothing keeps it. */
  readonly keptBy: Int32Array;
  /** What is being followed. */
  keeper: SectionId;
  /** SHF_LINK_ORDER: section → those that are linked to it. */
  readonly linked: ReadonlyMap<SectionId, readonly SectionId[]>;
  /** Symbols that stand for sections without being defined in them: `__start_X`, and what an assignment names. */
  readonly standsFor: Map<SymbolId, Dependencies>;
  /** Those of them whose definition in an object an assignment takes the place of: nothing refers to that any more. */
  readonly replaced: Set<SymbolId>;
  /** -z start-stop-gc: `__start_X` → the first X, which a second reference keeps. */
  readonly atSecond: Map<SymbolId, SectionId>;
}

export interface Dependencies {
  readonly sections: SectionId[];
  readonly symbols: SymbolId[];
}

export function createWalk(
  objects: readonly ObjectFile[],
  sections: SectionTable,
  symbols: SymbolTable,
  frames: EhFrames,
): Walk {
  const relocationBytes = new Uint8Array(frames.records.count);
  frames.relocationBytes.forEach((bytes, i) => {
    relocationBytes.fill(bytes, frames.firstRecords[i], frames.firstRecords[i + 1]);
  });
  return {
    objects,
    sections,
    symbols,
    frames,
    fdes: fdeLists(frames, sections.count),
    relocationBytes,
    seenCies: new Uint8Array(frames.records.count),
    firstPending: new Int32Array(objects.length).fill(-1),
    nextPending: new Int32Array(sections.count),
    queue: new Int32Array(objects.length),
    queued: 0,
    next: 0,
    referenced: new Uint8Array(symbols.count),
    commons: new Uint8Array(objects.length),
    nextInGroup: linkGroups(objects, sections),
    keptBy: new Int32Array(sections.count),
    keeper: 0,
    linked: findLinked(objects, sections),
    standsFor: new Map(),
    replaced: new Set(),
    atSecond: new Map(),
  };
}

function linkGroups(objects: readonly ObjectFile[], sections: SectionTable): Int32Array {
  const next = new Int32Array(sections.count);
  for (let group = 0; group < sections.count; group++) {
    if (sections.type[group] !== SHT_GROUP || (sections.state[group] & STATE_DISCARDED) !== 0) continue;
    const { view, firstSection, sectionCount } = objects[sections.object[group]];
    const start = sections.offset[group] + 4;
    const end = start + sections.size[group] - 7;
    let first = 0;
    let last = 0;
    for (let at = start; at < end; at += 4) {
      const index = view.getUint32(at, true);
      if (index === 0 || index >= sectionCount) continue;
      const member = firstSection + index;
      if (first === 0) first = member;
      else next[last] = member;
      last = member;
    }
    if (first !== 0) next[last] = first;
  }
  return next;
}

function findLinked(objects: readonly ObjectFile[], sections: SectionTable): Map<SectionId, SectionId[]> {
  const linked = new Map<SectionId, SectionId[]>();
  for (let section = 0; section < sections.count; section++) {
    if ((sections.flags[section] & SHF_LINK_ORDER) === 0) continue;
    const target = linkedTo(objects, sections, section);
    if (target < 0) continue;
    const list = linked.get(target);
    if (list === undefined) linked.set(target, [section]);
    else list.push(section);
  }
  return linked;
}

/** The section that this one is linked to by SHF_LINK_ORDER, or -1. A link of 0 is one to nothing. */
export function linkedTo(objects: readonly ObjectFile[], sections: SectionTable, section: SectionId): SectionId {
  if ((sections.flags[section] & SHF_LINK_ORDER) === 0) return -1;
  const object = objects[sections.object[section]];
  const index = sections.link[section];
  return index > 0 && index < object.sectionCount ? object.firstSection + index : -1;
}

/** The section stays. */
export function keepSection(walk: Walk, section: SectionId): void {
  const { sections, firstPending, nextPending, queue } = walk;
  const { state } = sections;
  if ((state[section] & (STATE_LIVE | STATE_DISCARDED)) !== 0) return;
  state[section] |= STATE_LIVE;
  walk.keptBy[section] = walk.keeper;
  const object = sections.object[section];
  const first = firstPending[object];
  if (first < 0) queue[(walk.next + walk.queued++) % queue.length] = object;
  nextPending[section] = Math.max(first, 0);
  firstPending[object] = section;
}

/** Something that stays refers to the symbol. */
export function keepSymbol(walk: Walk, id: SymbolId): void {
  const { symbols, referenced } = walk;
  if (referenced[id] !== 0) {
    if (walk.atSecond.size > 0) keepAtSecond(walk, id);
    return;
  }
  referenced[id] = 1;
  if (walk.replaced.size > 0 && walk.replaced.has(id)) {
    keepWhatItStandsFor(walk, id);
    return;
  }
  const kind = symbols.kind[id];
  const isDefined = kind === KIND_DEFINED || kind === KIND_DEFINED_WEAK;
  if (isDefined && symbols.section[id] >= 0) keepSection(walk, symbols.section[id]);
  else if (kind === KIND_COMMON) walk.commons[symbols.owner[id]] |= commonClass(symbols, id);
  else if (walk.standsFor.has(id)) keepWhatItStandsFor(walk, id);
}

/** So in GNU ld, whatever was meant (bfd/elflink.c, _bfd_elf_gc_mark_rsec: only "!was_marked" is looked at). */
function keepAtSecond(walk: Walk, id: SymbolId): void {
  const section = walk.atSecond.get(id);
  if (section === undefined) return;
  walk.atSecond.delete(id);
  keepSection(walk, section);
}

function keepWhatItStandsFor(walk: Walk, id: SymbolId): void {
  const pending = [id];
  for (let it = pending.pop(); it !== undefined; it = pending.pop()) {
    const dependencies = walk.standsFor.get(it);
    if (dependencies === undefined) continue;
    for (const section of dependencies.sections) keepSection(walk, section);
    for (const symbol of dependencies.symbols) {
      // A chain of assignments may be long: no recursion.
      if (walk.standsFor.has(symbol) && walk.referenced[symbol] === 0) {
        walk.referenced[symbol] = 1;
        pending.push(symbol);
      } else keepSymbol(walk, symbol);
    }
  }
}

export function commonClass(symbols: SymbolTable, id: SymbolId): number {
  if (symbols.type[id] === STT_TLS) return COMMON_TLS;
  return symbols.valueHigh[id] !== 0 ? COMMON_LARGE : COMMON_PLAIN;
}

/** Follows everything that is pending to its end. */
export function follow(walk: Walk): void {
  const { objects, firstPending, nextPending, queue } = walk;
  while (walk.queued > 0) {
    const id = queue[walk.next];
    const object = objects[id];
    // Sections of the same object that turn up meanwhile join the list: it is empty when all are done.
    for (let section = firstPending[id]; section > 0; section = firstPending[id]) {
      firstPending[id] = nextPending[section];
      followSection(walk, object, section);
    }
    firstPending[id] = -1;
    walk.next = (walk.next + 1) % queue.length;
    walk.queued--;
  }
}

function followSection(walk: Walk, object: ObjectFile, section: SectionId): void {
  const { sections, nextInGroup, linked, fdes } = walk;
  walk.keeper = section;
  const state = sections.state[section];
  if ((state & STATE_IN_GROUP) !== 0 && nextInGroup[section] !== 0) keepSection(walk, nextInGroup[section]);
  if (linked.size > 0) for (const it of linked.get(section) ?? []) keepSection(walk, it);
  const relocs = sections.relocs[section];
  if (relocs >= 0 && (state & STATE_EH_FRAME) === 0) {
    const entry = (sections.type[relocs] === SHT_RELA ? 3 : 2) * (object.is64 ? 8 : 4);
    followRelocations(walk, object, sections.offset[relocs], sections.size[relocs] / entry, entry);
  }
  for (let fde = fdes.first[section]; fde >= 0; fde = fdes.next[fde]) followFde(walk, object, fde);
}

function followFde(walk: Walk, object: ObjectFile, fde: number): void {
  const { frames, relocationBytes, seenCies } = walk;
  const { relocations, relocationCounts, records } = frames;
  // With one relocation only there is nothing but the pointer to the function itself.
  if (relocationCounts[fde] > 1) {
    followRelocations(walk, object, relocations[fde], relocationCounts[fde], relocationBytes[fde]);
  }
  const cie = records.cies[fde];
  if (seenCies[cie] !== 0) return;
  seenCies[cie] = 1;
  followRelocations(walk, object, relocations[cie], relocationCounts[cie], relocationBytes[cie]);
}

/** @param at offset of the first relocation in the object  @param entry bytes of each */
function followRelocations(walk: Walk, object: ObjectFile, at: number, count: number, entry: number): void {
  const { referenced, atSecond, sections } = walk;
  const { view, is64, firstGlobal, symbolCount, symbols, firstSection, sectionCount } = object;
  const { state } = sections;
  const end = at + count * entry;
  // st_shndx of symbol 0, and how far apart they are: localSection, for the usual case.
  const shndxAt = object.symtab + (is64 ? 6 : 14);
  const symbolBytes = is64 ? 24 : 16;
  for (let p = at; p < end; p += entry) {
    const index = is64 ? view.getUint32(p + 12, true) : view.getUint32(p + 4, true) >>> 8;
    if (index >= firstGlobal) {
      if (index >= symbolCount) continue;
      const id = symbols[index - firstGlobal];
      if (referenced[id] === 0 || atSecond.size > 0) keepSymbol(walk, id);
      continue;
    }
    const shndx = view.getUint16(shndxAt + index * symbolBytes, true);
    const section = shndx < SHN_LORESERVE && shndx < sectionCount ? firstSection + shndx : localSection(object, index);
    // Section 0 is nobody's, and the null symbol's.
    if (section <= firstSection || (state[section] & (STATE_LIVE | STATE_DISCARDED)) !== 0) continue;
    keepSection(walk, section);
  }
}
