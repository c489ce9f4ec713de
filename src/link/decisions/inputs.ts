// What became of the sections of the inputs, why they stay, and what relocations ask for in them: by file, by name or by address. A
// large link has half a million sections and five million relocations; what is found is read off the tables when somebody asks.

import type { Machine } from "../../arch/index.ts";
import { SHT_RELA, STT_SECTION } from "../../elf/constants.ts";
import { signed64 } from "../../elf/halves.ts";
import type { Loader } from "../inputs/loader.ts";
import { isContents } from "../sections/contents.ts";
import { KEPT_AS_ASKED, KEPT_AS_EXPORTED, KEPT_BY_NAME } from "../sections/gc-walk.ts";
import { mergedAddress } from "../sections/merge/merged-sections.ts";
import type { SectionId } from "../tables/ids.ts";
import { localSection, localType, localValue } from "../tables/local-symbols.ts";
import { type ObjectFile, sectionName } from "../tables/object-file.ts";
import { STATE_EH_FRAME, STATE_FOLDED, STATE_MERGED } from "../tables/section-table.ts";
import type { LinkFacts } from "./facts.ts";
import type { InputPlace, InputRelocation, KeptRoot } from "./layout-types.ts";
import { plainName } from "./names.ts";
import { reasonLeftOut, type StatementOf } from "./pieces.ts";

export interface Inputs {
  find(file: string | undefined, section: string | undefined): InputPlace[];
  relocations(file: string, section: string, from: number, to: number): InputRelocation[];
  /** The relocations of a section by its id. */
  relocationsIn(section: SectionId, from: number, to: number): InputRelocation[];
}

/** Sections that one keeps after the other are named up to this number. */
const LONGEST_CHAIN = 40;

/** @param outputOf name of the output section of an input section that is in one */
export function createInputs(
  facts: LinkFacts,
  outputOf: (section: SectionId) => string,
  statementOf?: StatementOf,
): Inputs {
  const { loader } = facts;
  const { objects, sections } = loader;
  let byFile: ReadonlyMap<string, readonly ObjectFile[]> | undefined;
  let byName: SectionsByName | undefined;
  /** Of the object that was asked about last: the next question is often about the same. */
  let latest: { readonly object: ObjectFile; readonly named: ReadonlyMap<string, readonly SectionId[]> } | undefined;

  const objectsCalled = (file: string): readonly ObjectFile[] => {
    byFile ??= objectsByName(loader);
    return byFile.get(file) ?? [];
  };
  const sectionsCalled = (object: ObjectFile, name: string): readonly SectionId[] => {
    if (latest?.object !== object) latest = { object, named: contentsByName(loader, object) };
    return latest.named.get(name) ?? [];
  };
  const place = (section: SectionId): InputPlace => {
    const object = objects[sections.object[section]];
    const state = sections.state[section];
    const isIn = sections.output[section] >= 0;
    const isMerged = (state & (STATE_MERGED | STATE_EH_FRAME)) !== 0 && facts.relocatable === undefined;
    const isFolded = (state & STATE_FOLDED) !== 0;
    return {
      file: object.name,
      section: sectionName(object, sections, section),
      size: sections.size[section],
      fate: !isIn ? reasonLeftOut(sections, section) : isFolded ? "folded" : isMerged ? "merged" : "placed",
      output: isIn ? outputOf(section) : "",
      address: isIn ? addressIn(facts, section, 0) : undefined,
      alignment: sections.alignment[section],
      statement: isIn || reasonLeftOut(sections, section) === "excluded" ? statementOf?.(section) : undefined,
      ...keepers(facts, section),
    };
  };

  return {
    find: (file, name) => {
      if (file === undefined) {
        byName ??= sectionsByName(loader);
        return name === undefined ? [] : listed(byName, name).map(place);
      }
      return objectsCalled(file).flatMap((object) =>
        (name === undefined ? contentsOf(loader, object) : sectionsCalled(object, name)).map(place),
      );
    },
    relocations: (file, name, from, to) =>
      objectsCalled(file).flatMap((object) =>
        sectionsCalled(object, name).flatMap((section) => relocationsIn(facts, section, from, to)),
      ),
    relocationsIn: (section, from, to) => relocationsIn(facts, section, from, to),
  };
}

/** A file may be given twice. */
function objectsByName({ objects }: Loader): Map<string, ObjectFile[]> {
  const found = new Map<string, ObjectFile[]>();
  for (const object of objects) {
    const list = found.get(object.name);
    if (list === undefined) found.set(object.name, [object]);
    else list.push(object);
  }
  return found;
}

function contentsOf({ sections }: Loader, object: ObjectFile): SectionId[] {
  const found: SectionId[] = [];
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++)
    if (isContents(object, sections, section)) found.push(section);
  return found;
}

function contentsByName(loader: Loader, object: ObjectFile): Map<string, SectionId[]> {
  const found = new Map<string, SectionId[]>();
  for (const section of contentsOf(loader, object)) {
    const name = sectionName(object, loader.sections, section);
    const list = found.get(name);
    if (list === undefined) found.set(name, [section]);
    else list.push(section);
  }
  return found;
}

/** The first section of each name, and after each section the next of the same name, or -1. */
interface SectionsByName {
  readonly first: ReadonlyMap<string, SectionId>;
  readonly next: Int32Array;
}

function sectionsByName(loader: Loader): SectionsByName {
  const { objects, sections } = loader;
  const first = new Map<string, SectionId>();
  const next = new Int32Array(sections.count).fill(-1);
  // From the last to the first, so that lists are in the order of the link.
  for (const object of [...objects].reverse()) {
    for (const section of contentsOf(loader, object).reverse()) {
      const name = sectionName(object, sections, section);
      next[section] = first.get(name) ?? -1;
      first.set(name, section);
    }
  }
  return { first, next };
}

function listed({ first, next }: SectionsByName, name: string): SectionId[] {
  const found: SectionId[] = [];
  for (let section = first.get(name) ?? -1; section >= 0; section = next[section]) found.push(section);
  return found;
}

// ---------------------------------------------------------------------------------------------------------------------
// --gc-sections
// ---------------------------------------------------------------------------------------------------------------------

const ROOTS: Readonly<Record<number, KeptRoot>> = {
  [KEPT_BY_NAME]: "named",
  [KEPT_AS_ASKED]: "kept",
  [KEPT_AS_EXPORTED]: "exported",
};

/** Who keeps the section, and who keeps that, up to one that stays anyway. */
function keepers({ loader, keptBy }: LinkFacts, section: SectionId): Pick<InputPlace, "keptBy" | "root"> {
  const { objects, sections } = loader;
  const names: string[] = [];
  if (keptBy === undefined) return { keptBy: names, root: undefined };
  let it = section;
  while (keptBy[it] > 0 && names.length < LONGEST_CHAIN) {
    it = keptBy[it];
    const object = objects[sections.object[it]];
    names.push(`${object.name}:(${sectionName(object, sections, it)})`);
  }
  return { keptBy: names, root: ROOTS[keptBy[it]] };
}

// ---------------------------------------------------------------------------------------------------------------------
// Relocations
// ---------------------------------------------------------------------------------------------------------------------

/** Those that change bytes between two offsets in the section. */
function relocationsIn(facts: LinkFacts, section: SectionId, from: number, to: number): InputRelocation[] {
  const { loader } = facts;
  const { objects, sections } = loader;
  const machine = loader.machine;
  const relocs = sections.relocs[section];
  if (relocs < 0 || machine === undefined) return [];
  const object = objects[sections.object[section]];
  const { view, is64 } = object;
  const word = is64 ? 8 : 4;
  const isRela = sections.type[relocs] === SHT_RELA;
  const entry = (isRela ? 3 : 2) * word;
  const end = sections.offset[relocs] + sections.size[relocs];
  const found: InputRelocation[] = [];
  for (let at = sections.offset[relocs]; at + entry <= end; at += entry) {
    const offset = view.getUint32(at, true);
    if (offset >= to) continue;
    const info = view.getUint32(at + word, true);
    const type = is64 ? info : info & 0xff;
    if (offset + Math.max(1, machine.relocations.types[type]?.bytes ?? 1) <= from) continue;
    const index = is64 ? view.getUint32(at + 12, true) : info >>> 8;
    const addend = isRela ? addendAt(view, at + 2 * word, is64) : undefined;
    found.push({ ...relocationOf(facts, machine, object, section, offset, type, index), addend });
  }
  return found;
}

function addendAt(view: DataView, at: number, is64: boolean): number {
  return is64 ? signed64(view.getInt32(at, true), view.getInt32(at + 4, true)) : view.getInt32(at, true);
}

function relocationOf(
  facts: LinkFacts,
  machine: Machine,
  object: ObjectFile,
  section: SectionId,
  offset: number,
  type: number,
  index: number,
): Omit<InputRelocation, "addend"> {
  const { sections } = facts.loader;
  const row = machine.relocations.types[type];
  return {
    file: object.name,
    section: sectionName(object, sections, section),
    offset,
    type: row?.name ?? String(type),
    formula: row?.formula ?? "",
    bytes: row?.bytes ?? 0,
    address: sections.output[section] < 0 ? undefined : addressIn(facts, section, offset),
    ...targetOf(facts, object, index),
  };
}

/** The symbol of a relocation, and its value where references see it at one. */
function targetOf(facts: LinkFacts, object: ObjectFile, index: number): Pick<InputRelocation, "symbol" | "value"> {
  const { loader, placed } = facts;
  const { sections } = loader;
  if (index >= object.firstGlobal) {
    const id = object.symbols[index - object.firstGlobal] ?? -1;
    const value = placed?.values.address[id];
    return { symbol: id < 0 ? "" : plainName(loader, id), value: value === 0 ? undefined : value };
  }
  const section = localSection(object, index);
  const value = localValue(object, index);
  const name =
    section > object.firstSection && localType(object, index) === STT_SECTION
      ? sectionName(object, sections, section)
      : localName(object, index);
  if (section < 0) return { symbol: name, value: section === -1 ? undefined : value };
  return { symbol: name, value: sections.output[section] < 0 ? undefined : addressIn(facts, section, value) };
}

const decoder = new TextDecoder();

function localName({ view, is64, symtab, strings, stringsEnd, bytes }: ObjectFile, index: number): string {
  const start = strings + view.getUint32(symtab + index * (is64 ? 24 : 16), true);
  let end = start;
  while (end < stringsEnd && bytes[end] !== 0) end++;
  return decoder.decode(bytes.subarray(start, end));
}

/** Where the byte at an offset of an input section went: an address, or an offset in the output section. */
function addressIn({ loader, placed }: LinkFacts, section: SectionId, offset: number): number {
  const { sections } = loader;
  return placed === undefined
    ? sections.address[section] + offset
    : mergedAddress(placed.values.merged, sections, section, offset);
}
