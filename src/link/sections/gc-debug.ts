// What --gc-sections does about debug information and other sections that are not loaded: they stay with any part of their
// file and keep nothing themselves, or every function would be needed by the description of itself. The rules are GNU
// ld's (bfd/elflink.c, _bfd_elf_gc_mark_extra_sections).

import { SHF_ALLOC, SHF_EXECINSTR, SHT_NOTE, SHT_RELA } from "../../elf/constants.ts";
import type { SectionId } from "../tables/ids.ts";
import { localSection } from "../tables/local-symbols.ts";
import { type ObjectFile, sectionName } from "../tables/object-file.ts";
import { STATE_DISCARDED, STATE_IN_GROUP, STATE_LIVE } from "../tables/section-table.ts";
import { KIND_DEFINED, KIND_DEFINED_WEAK } from "../tables/symbol-table.ts";
import { isContents, isDebug } from "./contents.ts";
import { linkedTo, type Walk } from "./gc-walk.ts";

/** Keeps the sections of an object that follow the rest of it. After the walk. */
export function keepUnloaded(walk: Walk, object: ObjectFile): void {
  const { sections } = walk;
  const { state, flags, type } = sections;
  const end = object.firstSection + object.sectionCount;
  const unloaded: SectionId[] = [];
  let someLoaded = false;
  for (let section = object.firstSection + 1; section < end; section++) {
    if (type[section] === SHT_RELA) continue;
    if ((flags[section] & SHF_ALLOC) !== 0) {
      if ((state[section] & STATE_LIVE) !== 0 && type[section] !== SHT_NOTE) someLoaded = true;
    } else if ((state[section] & STATE_DISCARDED) === 0 && isContents(object, sections, section)) {
      unloaded.push(section);
    }
  }
  if (!someLoaded) return;
  for (const section of unloaded) if (followsFile(walk, object, section)) state[section] |= STATE_LIVE;
  const debug = unloaded.filter((it) => isDebug(object.bytes, sections.name[it]));
  if (debug.length === 0) return;
  dropFragments(walk, object, debug);
  if (debug.some((it) => (state[it] & STATE_LIVE) === 0))
    keepReferredDebug(
      walk,
      debug.filter((it) => (state[it] & STATE_LIVE) !== 0),
    );
}

/**
 * Debug information that stays keeps what it refers to in that of other objects, which may have no code at all: shared types,
 * partial units. Once each object was looked at.
 */
export function keepForeignDebug(walk: Walk): void {
  const { sections, symbols, objects } = walk;
  const isGoneDebug = (section: SectionId): boolean =>
    section >= 0 && (sections.state[section] & (STATE_LIVE | STATE_DISCARDED)) === 0 && isDebugSection(walk, section);
  let some = false;
  for (let id = 0; id < symbols.names.count && !some; id++) {
    const kind = symbols.kind[id];
    some = (kind === KIND_DEFINED || kind === KIND_DEFINED_WEAK) && isGoneDebug(symbols.section[id]);
  }
  // No program of ordinary compilers names a place in debug information.
  if (!some) return;
  const live: SectionId[] = [];
  for (const object of objects) {
    const end = object.firstSection + object.sectionCount;
    for (let section = object.firstSection + 1; section < end; section++) {
      if ((sections.state[section] & STATE_LIVE) !== 0 && isDebugSection(walk, section)) live.push(section);
    }
  }
  keepReferredDebug(walk, live);
}

function isDebugSection({ sections, objects }: Walk, section: SectionId): boolean {
  if ((sections.flags[section] & SHF_ALLOC) !== 0) return false;
  return isDebug(objects[sections.object[section]].bytes, sections.name[section]);
}

/**
 * Debug information, and what has no relocations, unless it belongs to something in particular: linked to a section, or
 * in a group that has other sections too.
 */
function followsFile(walk: Walk, object: ObjectFile, section: SectionId): boolean {
  const { sections, nextInGroup, objects } = walk;
  const isPlain = (it: SectionId): boolean => sections.relocs[it] < 0;
  const isDebugging = (it: SectionId): boolean => isDebug(object.bytes, sections.name[it]);
  const isUnloaded = (it: SectionId): boolean => (sections.flags[it] & SHF_ALLOC) === 0;
  if ((sections.state[section] & STATE_IN_GROUP) === 0) {
    return linkedTo(objects, sections, section) < 0 && (isDebugging(section) || isPlain(section));
  }
  let all = true;
  let allPlain = true;
  let allDebug = true;
  let it = section;
  // A section that damaged groups share may lead out of the ring: no more steps than there are sections.
  for (let steps = 0; steps < object.sectionCount && it !== 0; steps++) {
    if (isContents(object, sections, it)) {
      all &&= isUnloaded(it);
      allPlain &&= isPlain(it);
      allDebug &&= isDebugging(it);
    }
    it = nextInGroup[it];
    if (it === section) break;
  }
  return all && (allPlain || allDebug);
}

/** `.debug_line.text.f` goes with `.text.f`. */
function dropFragments(walk: Walk, object: ObjectFile, debug: readonly SectionId[]): void {
  const { sections } = walk;
  const names = debug.map((it) => sectionName(object, sections, it));
  if (!names.some((it) => it.startsWith(".debug_line."))) return;
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++) {
    if ((sections.flags[section] & SHF_EXECINSTR) === 0 || (sections.state[section] & STATE_LIVE) !== 0) continue;
    const code = sectionName(object, sections, section);
    debug.forEach((it, i) => {
      if (names[i].length > code.length && names[i].endsWith(code)) sections.state[it] &= ~STATE_LIVE;
    });
  }
}

/**
 * Debug information stays, also in the group of a function that is gone, if other debug information refers to it; and with it
 * the rest of its group.
 * @param pending what stays already
 */
function keepReferredDebug(walk: Walk, pending: SectionId[]): void {
  const { sections, symbols, objects, nextInGroup } = walk;
  const keep = (section: SectionId): void => {
    if (section < 0 || (sections.state[section] & (STATE_LIVE | STATE_DISCARDED)) !== 0) return;
    if (!isDebugSection(walk, section)) return;
    sections.state[section] |= STATE_LIVE;
    pending.push(section);
  };
  for (let section = pending.pop(); section !== undefined; section = pending.pop()) {
    const object = objects[sections.object[section]];
    const { view, is64, firstGlobal, symbolCount } = object;
    if ((sections.state[section] & STATE_IN_GROUP) !== 0 && nextInGroup[section] !== 0) keep(nextInGroup[section]);
    const relocs = sections.relocs[section];
    if (relocs < 0) continue;
    const entry = (sections.type[relocs] === SHT_RELA ? 3 : 2) * (is64 ? 8 : 4);
    const end = sections.offset[relocs] + sections.size[relocs];
    for (let at = sections.offset[relocs]; at < end; at += entry) {
      const index = is64 ? view.getUint32(at + 12, true) : view.getUint32(at + 4, true) >>> 8;
      if (index === 0 || index >= symbolCount) continue;
      let target = -1;
      if (index < firstGlobal) target = localSection(object, index);
      else {
        const id = object.symbols[index - firstGlobal];
        const kind = symbols.kind[id];
        if (kind === KIND_DEFINED || kind === KIND_DEFINED_WEAK) target = symbols.section[id];
      }
      keep(target);
    }
  }
}
