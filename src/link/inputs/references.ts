// Who refers to a symbol first. The link itself never needs to know, so it is found by walking the objects again.

import type { Machine } from "../../arch/index.ts";
import { SHF_ALLOC, SHN_UNDEF, SHT_RELA, STB_WEAK } from "../../elf/constants.ts";
import type { ObjectId, SectionId, SymbolId } from "../tables/ids.ts";
import { localSection } from "../tables/local-symbols.ts";
import type { ObjectPlace } from "../tables/locate.ts";
import { type ObjectFile, sectionName } from "../tables/object-file.ts";
import { asShared } from "../tables/resolve.ts";
import { type SectionTable, STATE_COLLECTED, STATE_DISCARDED } from "../tables/section-table.ts";
import type { Loader } from "./loader.ts";

/** What the objects' and libraries' symbol tables say, by symbol. */
export interface Referrers {
  /** The first object that refers to it (or `asShared` of the first library, if no object does), or -1. */
  readonly any: Int32Array;
  /** The same of references that are not weak. */
  readonly strong: Int32Array;
  /** Definitions in section groups that were dropped: object and index in its symbol table. */
  readonly dropped: ReadonlyMap<SymbolId, readonly DroppedDefinition[]>;
}

export interface DroppedDefinition {
  readonly object: ObjectFile;
  readonly index: number;
}

export function findReferrers({ objects, shared, symbols, sections }: Loader): Referrers {
  const any = new Int32Array(symbols.count).fill(-1);
  const strong = new Int32Array(symbols.count).fill(-1);
  const dropped = new Map<SymbolId, DroppedDefinition[]>();
  const note = (id: SymbolId, file: number, weak: boolean): void => {
    if (any[id] === -1) any[id] = file;
    if (!weak && strong[id] === -1) strong[id] = file;
  };
  for (const object of objects) {
    object.symbols.forEach((id, i) => {
      const index = object.firstGlobal + i;
      const binding = undefinedBinding(object.view, object.symtab, index, object.is64);
      if (binding >= 0) note(id, object.id, binding === STB_WEAK);
      else if (isDropped(sections, localSection(object, index))) {
        const list = dropped.get(id);
        if (list === undefined) dropped.set(id, [{ object, index }]);
        else list.push({ object, index });
      }
    });
  }
  for (const library of shared) {
    library.symbols.forEach((id, i) => {
      if (id < 0) return;
      const binding = undefinedBinding(library.view, library.dynsym, i, library.is64);
      if (binding >= 0) note(id, asShared(library.id), binding === STB_WEAK);
    });
  }
  return { any, strong, dropped };
}

function isDropped(sections: SectionTable, section: SectionId): boolean {
  return section >= 0 && (sections.state[section] & STATE_DISCARDED) !== 0;
}

/** STB_* of a symbol that its file does not define, else -1. */
function undefinedBinding(view: DataView, table: number, index: number, is64: boolean): number {
  const detail = table + index * (is64 ? 24 : 16) + (is64 ? 4 : 12);
  return view.getUint16(detail + 2, true) === SHN_UNDEF ? view.getUint8(detail) >> 4 : -1;
}

export interface FirstRelocation extends ObjectPlace {
  /** Number of the relocation's type. */
  readonly type: number;
}

/** The object's first relocation against the symbol: in what is loaded if there is one, else anywhere. */
export function firstRelocation({ sections }: Loader, object: ObjectFile, id: SymbolId): FirstRelocation | undefined {
  let found: FirstRelocation | undefined;
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++) {
    if (sections.relocs[section] < 0) continue;
    if ((sections.state[section] & (STATE_DISCARDED | STATE_COLLECTED)) !== 0) continue;
    const allocated = (sections.flags[section] & SHF_ALLOC) !== 0;
    if (!allocated && found !== undefined) continue;
    const place = relocationIn(sections, object, section, id);
    if (place === undefined) continue;
    if (allocated) return place;
    found = place;
  }
  return found;
}

function relocationIn(
  sections: SectionTable,
  object: ObjectFile,
  section: SectionId,
  id: SymbolId,
): FirstRelocation | undefined {
  const { view, is64, firstGlobal, symbols } = object;
  const relocs = sections.relocs[section];
  const word = is64 ? 8 : 4;
  const entry = (sections.type[relocs] === SHT_RELA ? 3 : 2) * word;
  const start = sections.offset[relocs];
  for (let at = start; at < start + sections.size[relocs]; at += entry) {
    const info = view.getUint32(at + word, true);
    const index = is64 ? view.getUint32(at + 12, true) : info >>> 8;
    if (index < firstGlobal || symbols[index - firstGlobal] !== id) continue;
    return { object, section, offset: view.getUint32(at, true), type: is64 ? info : info & 0xff };
  }
  return undefined;
}

/** A relocation in the words of `LinkResult.decisions`. */
export function relocationPlace(
  sections: SectionTable,
  machine: Machine | undefined,
  { object, section, offset, type }: FirstRelocation,
): RelocationPlace {
  return {
    file: object.name,
    section: sectionName(object, sections, section),
    offset,
    type: machine?.relocations.types[type]?.name ?? String(type),
  };
}

/** Name of an object, or of a shared library given by `asShared`; "" for -1, the command line. */
export function fileName({ objects, shared }: Loader, file: ObjectId | number): string {
  if (file === -1) return "";
  return file < -1 ? shared[asShared(file)].name : objects[file].name;
}

/** A relocation of an input file. */
export interface RelocationPlace {
  /** As in messages: `main.o`, `libx.a(y.o)`. */
  readonly file: string;
  readonly section: string;
  /** Byte offset in the section. */
  readonly offset: number;
  /** `R_X86_64_PLT32`. */
  readonly type: string;
}
