// What of an object's symbols must be as it was: which names it has in which order, what they are and in which section. Values and
// sizes may differ where the object's definition is the one that counts.

import { SHN_ABS, SHN_COMMON, SHN_UNDEF, SHN_X86_64_LCOMMON, SHT_GROUP, STT_SECTION } from "../../elf/constants.ts";
import { unsigned64 } from "../../elf/halves.ts";
import { discardOf, isLeftOut } from "../made/output-symbols.ts";
import type { LinkOptions } from "../options.ts";
import { BIND_IFUNC } from "../symbols/bind.ts";
import type { SymbolId } from "../tables/ids.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import { type SectionTable, STATE_DISCARDED } from "../tables/section-table.ts";
import { FLAG_CANONICAL_PLT, FLAG_COPY, FLAG_DEF_DYNAMIC, FLAG_IN_LIBRARY } from "../tables/symbol-table.ts";
import type { Live, RelinkRefusal } from "./live.ts";
import { sameText } from "./same-sections.ts";

/** A global symbol whose definition is this object's, with what it is now. */
export interface MovedSymbol {
  readonly id: SymbolId;
  /** Number in the object's symbol table. */
  readonly index: number;
  readonly valueLow: number;
  readonly valueHigh: number;
  readonly size: number;
  /** References to it see another value or size. */
  readonly isChanged: boolean;
}

export interface SameSymbols {
  readonly definitions: readonly MovedSymbol[];
  /** By number of a local symbol before: its number now, or -1. */
  readonly locals: Int32Array;
}

/** @param table the sections of the object as it is now */
export function compareSymbols(
  live: Live,
  old: ObjectFile,
  fresh: ObjectFile,
  table: SectionTable,
): SameSymbols | RelinkRefusal {
  const locals = matchLocals(live, old, fresh, table);
  if (locals === undefined) return "symbols-changed";
  if (old.symbolCount - old.firstGlobal !== fresh.symbolCount - fresh.firstGlobal) return "symbols-changed";
  const definitions: MovedSymbol[] = [];
  for (let i = 0; i < old.symbols.length; i++) {
    const [a, b] = [entryOf(old, old.firstGlobal + i), entryOf(fresh, fresh.firstGlobal + i)];
    if (!isSameEntry(old, a, fresh, b)) return "symbols-changed";
    const found = movedSymbol(live, old, fresh, i, a, b);
    if (typeof found === "string") return found;
    if (found !== undefined) definitions.push(found);
  }
  // Names of versions are joined with those that mark the same place.
  if (definitions.some((it) => it.isChanged) && hasVersions(old)) return "symbols-changed";
  return sameSignatures(live.sections, old, fresh, table, locals) ? { definitions, locals } : "symbols-changed";
}

function hasVersions(object: ObjectFile): boolean {
  for (let i = 0; i < object.symbols.length; i++) {
    const name = nameAt(object, entryOf(object, object.firstGlobal + i));
    for (let at = name; at < object.stringsEnd && object.bytes[at] !== 0; at++)
      if (object.bytes[at] === 0x40) return true;
  }
  return false;
}

/** The symbols that name section groups (gABI, SHT_GROUP: sh_info). */
function sameSignatures(
  sections: SectionTable,
  old: ObjectFile,
  fresh: ObjectFile,
  table: SectionTable,
  locals: Int32Array,
): boolean {
  for (let i = 1; i < old.sectionCount; i++) {
    if (sections.type[old.firstSection + i] !== SHT_GROUP) continue;
    const before = sections.info[old.firstSection + i];
    const after = table.info[fresh.firstSection + i];
    const expected = before < old.firstGlobal ? locals[before] : before - old.firstGlobal + fresh.firstGlobal;
    if (after !== expected) return false;
  }
  return true;
}

/** Offset of an entry of the symbol table. */
function entryOf(object: ObjectFile, index: number): number {
  return object.symtab + index * (object.is64 ? 24 : 16);
}

function nameAt({ strings, view }: ObjectFile, entry: number): number {
  return strings + view.getUint32(entry, true);
}

/** Section number as the file has it; behind SHN_LORESERVE what it means is the same in both files. */
function sectionNumber(object: ObjectFile, entry: number, index: number): number {
  const shndx = object.view.getUint16(entry + (object.is64 ? 6 : 14), true);
  return shndx === 0xffff && object.symtabShndx !== 0
    ? object.view.getUint32(object.symtabShndx + index * 4, true)
    : shndx;
}

/** Name, binding, type, visibility and section. */
function isSameEntry(old: ObjectFile, a: number, fresh: ObjectFile, b: number): boolean {
  const info = old.is64 ? 4 : 12;
  if (old.bytes[a + info] !== fresh.bytes[b + info] || old.bytes[a + info + 1] !== fresh.bytes[b + info + 1])
    return false;
  const size = old.is64 ? 24 : 16;
  const section = sectionNumber(old, a, (a - old.symtab) / size);
  if (section !== sectionNumber(fresh, b, (b - fresh.symtab) / size)) return false;
  const name = nameAt(fresh, b);
  return name < fresh.stringsEnd && sameText(old.bytes, nameAt(old, a), fresh.bytes, name, old.stringsEnd);
}

/**
 * What is in no symbol table comes and goes with the relocations that use it: section symbols, and labels of strings, of which a new line
 * of code often brings one. All others must be there, in their order.
 */
function matchLocals(
  { options, sections }: Live,
  old: ObjectFile,
  fresh: ObjectFile,
  table: SectionTable,
): Int32Array | undefined {
  const discard = discardOf(options);
  const numbers = new Int32Array(old.firstGlobal).fill(-1);
  const next = (object: ObjectFile, of: SectionTable, from: number): number => {
    let at = from;
    while (at < object.firstGlobal && isUnlisted(object, of, at, discard)) at++;
    return at;
  };
  let at = next(fresh, table, 1);
  for (let i = next(old, sections, 1); i < old.firstGlobal; i = next(old, sections, i + 1)) {
    if (at >= fresh.firstGlobal || !isSameEntry(old, entryOf(old, i), fresh, entryOf(fresh, at))) return undefined;
    numbers[i] = at;
    at = next(fresh, table, at + 1);
  }
  return at === fresh.firstGlobal ? numbers : undefined;
}

function isUnlisted(
  object: ObjectFile,
  sections: SectionTable,
  index: number,
  discard: LinkOptions["discard"],
): boolean {
  const entry = entryOf(object, index);
  if ((object.bytes[entry + (object.is64 ? 4 : 12)] & 15) === STT_SECTION) return true;
  const section = sectionNumber(object, entry, index);
  const flags = section > 0 && section < object.sectionCount ? sections.flags[object.firstSection + section] : 0;
  return isLeftOut(object.bytes, nameAt(object, entry), flags, discard);
}

/** @returns undefined where the object only refers to the symbol, or another's definition counts */
function movedSymbol(
  live: Live,
  old: ObjectFile,
  fresh: ObjectFile,
  i: number,
  a: number,
  b: number,
): MovedSymbol | RelinkRefusal | undefined {
  const { symbols, sections, scan } = live;
  const id = old.symbols[i];
  const section = sectionNumber(old, a, old.firstGlobal + i);
  if (section === SHN_UNDEF) return undefined;
  const isSame = sameValue(old, a, fresh, b);
  // What is common is allotted by size and alignment.
  if (section === SHN_COMMON || section === SHN_X86_64_LCOMMON) return isSame ? undefined : "symbols-changed";
  if (section !== SHN_ABS && isDiscarded(old, sections, section)) return undefined;
  const isOurs = symbols.owner[id] === old.id && symbols.index[id] === old.firstGlobal + i;
  if (!isOurs) return isSame ? undefined : "symbols-changed";
  if (!isSame && !mayChange(live, id)) return "symbols-changed";
  if (!isSame && live.inExpressions.has(id)) return "values-in-expressions";
  if (!isSame && scan.bindings[id] === BIND_IFUNC) return "symbols-changed";
  const { view, is64 } = fresh;
  return {
    id,
    index: fresh.firstGlobal + i,
    valueLow: view.getInt32(b + (is64 ? 8 : 4), true),
    valueHigh: is64 ? view.getInt32(b + 12, true) : 0,
    size: is64 ? unsigned64(view.getUint32(b + 16, true), view.getUint32(b + 20, true)) : view.getUint32(b + 8, true),
    isChanged: !isSame,
  };
}

function isDiscarded({ firstSection, sectionCount }: ObjectFile, sections: SectionTable, section: number): boolean {
  return section < sectionCount && (sections.state[firstSection + section] & STATE_DISCARDED) !== 0;
}

/** st_value and st_size, which stand together in both classes. */
function sameValue(old: ObjectFile, a: number, fresh: ObjectFile, b: number): boolean {
  const [from, words] = old.is64 ? [8, 4] : [4, 2];
  for (let i = 0; i < words; i++) {
    if (old.view.getUint32(a + from + 4 * i, true) !== fresh.view.getUint32(b + from + 4 * i, true)) return false;
  }
  return true;
}

/** Whether nobody has compared its value or size with another definition's. */
function mayChange({ symbols, record }: Live, id: SymbolId): boolean {
  if ((symbols.flags[id] & (FLAG_DEF_DYNAMIC | FLAG_IN_LIBRARY | FLAG_COPY | FLAG_CANONICAL_PLT)) !== 0) return false;
  for (let i = 0; i < record.loserCount; i++) if (record.losers[3 * i] === id) return false;
  return true;
}
