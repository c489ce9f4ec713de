// What of an object's sections must be as it was, so that every address and every decision of the last link stays as it is: their
// headers, their sizes, and the contents of those that the linker itself reads, counts or merges. Code and data may differ.

import {
  SHF_MERGE,
  SHT_FINI_ARRAY,
  SHT_GROUP,
  SHT_INIT_ARRAY,
  SHT_NOBITS,
  SHT_NOTE,
  SHT_NULL,
  SHT_PREINIT_ARRAY,
  SHT_PROGBITS,
  SHT_REL,
  SHT_RELA,
  SHT_STRTAB,
  SHT_SYMTAB,
  SHT_SYMTAB_SHNDX,
} from "../../elf/constants.ts";
import type { SectionId, SymbolId } from "../tables/ids.ts";
import { localSection } from "../tables/local-symbols.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import { type SectionTable, STATE_COMPRESSED, STATE_EH_FRAME } from "../tables/section-table.ts";
import type { RelinkRefusal } from "./live.ts";

/** Tables of the object itself: they may have another size, and say something else. */
const OWN_TABLES: ReadonlySet<number> = new Set([
  SHT_REL,
  SHT_RELA,
  SHT_SYMTAB,
  SHT_STRTAB,
  SHT_SYMTAB_SHNDX,
  SHT_NULL,
]);
/** What is copied as it is. */
const PLAIN: ReadonlySet<number> = new Set([
  SHT_PROGBITS,
  SHT_NOBITS,
  SHT_INIT_ARRAY,
  SHT_FINI_ARRAY,
  SHT_PREINIT_ARRAY,
]);
/** Names of sections whose contents the linker reads: warnings, and what it makes anew of all of them. */
const READ_BY_THE_LINKER = [".gnu.warning", ".sframe", ".note", ".stab", ".gnu_debug"];

/** @param fresh what the object is now, in a table of its own */
export function compareSections(
  old: ObjectFile,
  sections: SectionTable,
  fresh: ObjectFile,
  table: SectionTable,
): RelinkRefusal | undefined {
  if (old.sectionCount !== fresh.sectionCount || old.is64 !== fresh.is64) return "sections-changed";
  // e_flags
  const flagsAt = old.is64 ? 48 : 36;
  if (old.view.getUint32(flagsAt) !== fresh.view.getUint32(flagsAt)) return "sections-changed";
  for (let i = 1; i < old.sectionCount; i++) {
    const [a, b] = [old.firstSection + i, fresh.firstSection + i];
    if (!sameHeader(old, sections, a, fresh, table, b)) return "sections-changed";
    const type = sections.type[a];
    if (OWN_TABLES.has(type)) continue;
    if (sections.size[a] !== table.size[b]) return "size-changed";
    if (!isRead(old, sections, a)) continue;
    if (!sameBytes(old, sections, a, fresh, table, b)) return "decisive-bytes-changed";
    if (sections.relocs[a] >= 0 && !sameRelocations(old, sections, a, fresh, table, b)) return "decisive-bytes-changed";
  }
  return undefined;
}

function sameHeader(
  old: ObjectFile,
  sections: SectionTable,
  a: SectionId,
  fresh: ObjectFile,
  table: SectionTable,
  b: SectionId,
): boolean {
  const type = sections.type[a];
  if (type !== table.type[b] || sections.flags[a] !== table.flags[b] || sections.entsize[a] !== table.entsize[b])
    return false;
  if (sections.alignment[a] !== table.alignment[b] || sections.link[a] !== table.link[b]) return false;
  // Of a symbol table: how many are local; of a group: which symbol names it. Both are compared as symbols.
  if (type !== SHT_SYMTAB && type !== SHT_GROUP && sections.info[a] !== table.info[b]) return false;
  if (((sections.state[a] ^ table.state[b]) & STATE_COMPRESSED) !== 0) return false;
  const relocs = (sections.relocs[a] < 0 ? -1 : sections.relocs[a] - old.firstSection) as number;
  if (relocs !== (table.relocs[b] < 0 ? -1 : table.relocs[b] - fresh.firstSection)) return false;
  return sameText(old.bytes, sections.name[a], fresh.bytes, table.name[b], old.namesEnd);
}

/** Do its contents decide about anything but the bytes that they become? */
function isRead(object: ObjectFile, sections: SectionTable, section: SectionId): boolean {
  const type = sections.type[section];
  if (READ_BY_THE_LINKER.some((name) => beginsWith(object.bytes, sections.name[section], name))) return true;
  if (type === SHT_GROUP || type === SHT_NOTE) return true;
  if (sections.output[section] < 0) return false;
  const state = sections.state[section];
  // Merged or not: whether strings can be merged depends on how the last one ends.
  if ((sections.flags[section] & SHF_MERGE) !== 0) return true;
  return (state & STATE_EH_FRAME) === 0 && !PLAIN.has(type);
}

function sameBytes(
  { bytes }: ObjectFile,
  { offset, size }: SectionTable,
  a: SectionId,
  fresh: ObjectFile,
  table: SectionTable,
  b: SectionId,
): boolean {
  const [from, to] = [offset[a], table.offset[b]];
  for (let i = 0; i < size[a]; i++) if (bytes[from + i] !== fresh.bytes[to + i]) return false;
  return true;
}

/** Of a section that is read: byte for byte, with symbols of the same numbers. */
function sameRelocations(
  old: ObjectFile,
  sections: SectionTable,
  a: SectionId,
  fresh: ObjectFile,
  table: SectionTable,
  b: SectionId,
): boolean {
  const [x, y] = [sections.relocs[a], table.relocs[b]];
  if (sections.size[x] !== table.size[y] || old.symbolCount !== fresh.symbolCount) return false;
  return sameBytes(old, sections, x, fresh, table, y);
}

/** Whether the section's relocations refer to the same symbols and sections: in the same order, or at all. */
export function sameTargets(
  old: ObjectFile,
  oldTables: SectionTable,
  a: SectionId,
  fresh: ObjectFile,
  table: SectionTable,
  b: SectionId,
  inOrder: boolean,
): boolean {
  const before = targetsOf(old, oldTables, a);
  const after = targetsOf(fresh, table, b);
  if (inOrder) return before.length === after.length && before.every((it, i) => it === after[i]);
  const [x, y] = [new Set(before), new Set(after)];
  return x.size === y.size && before.every((it) => y.has(it));
}

/** Whether any relocation of the object is about the symbol. */
export function refersTo(object: ObjectFile, sections: SectionTable, symbol: SymbolId): boolean {
  for (let i = 1; i < object.sectionCount; i++) {
    if (targetsOf(object, sections, object.firstSection + i).includes(symbol)) return true;
  }
  return false;
}

/** Global symbols as their numbers in the link, from 0; sections of local ones as numbers in the object, below 0. */
function targetsOf(object: ObjectFile, sections: SectionTable, section: SectionId): number[] {
  const { view, is64, firstGlobal, symbols, firstSection, symbolCount } = object;
  const relocs = sections.relocs[section];
  if (relocs < 0) return [];
  const entry = (sections.type[relocs] === SHT_RELA ? 3 : 2) * (is64 ? 8 : 4);
  const end = sections.offset[relocs] + sections.size[relocs];
  const targets: number[] = [];
  for (let at = sections.offset[relocs]; at < end; at += entry) {
    const index = is64 ? view.getUint32(at + 12, true) : view.getUint32(at + 4, true) >>> 8;
    if (index >= symbolCount) targets.push(Number.NaN);
    else if (index >= firstGlobal) targets.push(symbols[index - firstGlobal]);
    else targets.push(-1 - Math.max(localSection(object, index) - firstSection, 0));
  }
  return targets;
}

/** Equal up to and with the NUL. */
export function sameText(a: Uint8Array, from: number, b: Uint8Array, to: number, end: number): boolean {
  for (let i = 0; from + i < end; i++) {
    if (a[from + i] !== b[to + i]) return false;
    if (a[from + i] === 0) return true;
  }
  return false;
}

/** Whether the NUL-terminated name at `at` begins so. */
function beginsWith(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
