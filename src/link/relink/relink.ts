// Relinking: the output of a link with some of its objects changed, without linking again where that is possible. The result is
// the bytes that a full link would give, or a reason to do one.
//
//   compare   headers, symbols, unwind records, needs: are all sizes, places and decisions those of the last link?
//   install   the object takes its old rows in the tables
//   rewrite   it is relocated at its old place, and so is whoever refers to symbols of it that have moved

import type { Problem, Report } from "../../elf/problem.ts";
import type { LinkFacts } from "../decisions/facts.ts";
import { spreadObject, spreads } from "../inputs/incremental/spread.ts";
import { computeAddress } from "../layout/addresses.ts";
import type { SectionId, SymbolId } from "../tables/ids.ts";
import { localValue } from "../tables/local-symbols.ts";
import { findText } from "../tables/names.ts";
import { type ObjectFile, readObject } from "../tables/object-file.ts";
import { createSections, type SectionTable } from "../tables/section-table.ts";
import { type Live, liveOf, type RelinkRefusal } from "./live.ts";
import { keepBuildId, type RelinkedId, updateDigest } from "./relinked-id.ts";
import { rewrite } from "./rewrite.ts";
import { adoptNeeds, needsOf, sameNeeds } from "./same-needs.ts";
import { compareSections, refersTo, sameTargets } from "./same-sections.ts";
import { compareSymbols, type MovedSymbol } from "./same-symbols.ts";
import { adoptUnwind, unwindKeys } from "./same-unwind.ts";
import { changesOf, createTouched, type Patch, type Touched } from "./touched.ts";

/** What a link leaves for the next one. It holds the link's tables, and all inputs that took part. */
export interface Relinkable {
  /** Paths of the objects that may change: inputs themselves, no members of archives, named once. */
  readonly objects: ReadonlyMap<string, number>;
  /** Bytes of the output, and roughly of the tables. */
  readonly size: number;
  readonly weight: number;
  readonly live: Live;
  readonly buildId: RelinkedId | undefined;
  /** What the last relink had of the output. */
  readonly touched: Touched | undefined;
}

/** Why nothing of a link can be kept; a stable code. */
export type KeepRefusal =
  | "relocatable"
  | "not-elf"
  | "folded"
  | "compressed"
  | "indexed"
  | "relocations-emitted"
  | "relocations-apart"
  | "cross-references"
  | "random-build-id"
  | "problems"
  | "failed";

export interface Relinked {
  /** What changes in the output, the build ID included. */
  readonly patches: readonly Patch[];
  /** For the next time. */
  readonly next: Relinkable;
}

/**
 * What can be kept of a link that has just been done.
 * @param image the output, which is read and not kept
 */
export function keepForRelink(facts: LinkFacts, image: Uint8Array | undefined, said: number): Relinkable | KeepRefusal {
  const { loader } = facts;
  const { options } = loader;
  if (options.output === "relocatable") return "relocatable";
  const live = liveOf(facts);
  if (image === undefined || live === undefined) return "failed";
  // A message may name a line, or be about contents.
  if (said > 0) return "problems";
  if (options.outputFormat !== "elf") return "not-elf";
  if (options.icf !== "none") return "folded";
  if ((options.compressDebugSections ?? "none") !== "none" || options.compressSections.length > 0) return "compressed";
  if (options.gdbIndex) return "indexed";
  if (live.made.emitted !== undefined) return "relocations-emitted";
  if (live.made.relocationChunks.parts !== undefined || options.androidRelocations) return "relocations-apart";
  if (loader.scriptCommands.some((it) => it.kind === "no-cross-references")) return "cross-references";
  if (options.buildId.style === "uuid") return "random-build-id";
  const objects = new Map<string, number>();
  const twice = new Set<string>();
  for (const { id, path, member, made } of loader.objects) {
    if (member !== undefined || made !== undefined) continue;
    if (objects.has(path)) twice.add(path);
    objects.set(path, id);
  }
  for (const path of twice) objects.delete(path);
  const weight = live.sections.count * BYTES_OF_SECTION + live.symbols.count * BYTES_OF_SYMBOL;
  return { objects, size: image.length, weight, live, buildId: keepBuildId(loader, live.made), touched: undefined };
}

/** What the columns of a section and of a symbol take, with what is known of them elsewhere. */
const BYTES_OF_SECTION = 96;
const BYTES_OF_SYMBOL = 192;

/**
 * @param previous is used up: it must not be asked again, whatever comes of this
 * @param changed path → new contents, of any number of inputs
 * @param read bytes [from, to) of the output as it is; asked for only where that is needed
 */
export function relink(
  previous: Relinkable,
  changed: ReadonlyMap<string, Uint8Array>,
  read: (from: number, to: number) => Uint8Array,
): Relinked | RelinkRefusal {
  const { live, objects, size } = previous;
  const problems: Problem[] = [];
  const report: Report = (problem) => {
    problems.push(problem);
  };
  const ids = new Set<number>();
  const moved: SymbolId[] = [];
  const unwind = new Map<SectionId, Float64Array>();
  for (const [path, bytes] of changed) {
    const id = objects.get(path);
    if (id === undefined) return "not-an-object-of-the-link";
    const own = spreads(live.options) ? spreadObject(bytes, bytes[4] === 2) : bytes;
    const found = replaceObject(live, live.objects[id], own, unwind, report);
    if (typeof found === "string") return found;
    for (const { id: symbol, isChanged } of found) if (isChanged) moved.push(symbol);
    ids.add(id);
  }
  const touched = createTouched(size, read, previous.touched);
  const refusal = rewrite(live, ids, moved, unwind, touched, report);
  if (refusal !== undefined) return refusal;
  if (problems.length > 0) return "problems-found";
  const patches = changesOf(touched);
  const { buildId } = previous;
  if (buildId === undefined || patches.length === 0) return { patches, next: { ...previous, touched } };
  const blocks = buildId.blocks.slice();
  const hash = updateDigest({ ...buildId, blocks }, size, patches, read);
  patches.push({ offset: buildId.offset, bytes: hash });
  touched.image.set(hash, buildId.offset);
  return { patches, next: { ...previous, touched, buildId: { ...buildId, blocks } } };
}

/** Puts the object's new contents in the place of the old ones, if nothing else of the link follows from that. */
function replaceObject(
  live: Live,
  old: ObjectFile,
  bytes: Uint8Array,
  places: Map<SectionId, Float64Array>,
  report: Report,
): readonly MovedSymbol[] | RelinkRefusal {
  const { sections, objects } = live;
  const table = createSections();
  const read = readElf(live, old, bytes, table, report);
  if (read === undefined) return "object-unreadable";
  const shape = compareSections(old, sections, read, table);
  if (shape !== undefined) return shape;
  const symbols = compareSymbols(live, old, read, table);
  if (typeof symbols === "string") return symbols;
  if (!sameRows(live, old, read, symbols.locals)) return "symbols-changed";
  // Its globals are the same symbols in the same order.
  const fresh: ObjectFile = { ...read, symbols: old.symbols };
  if (!sameReferences(live, old, fresh, table)) return "references-changed";

  const before = needsOf(live, old, report);
  const keys = unwindKeys(live, old);
  const was = rowsOf(old, sections);
  install(live, old, fresh, table, symbols.locals);
  const object = objects[old.id];
  const unwind = adoptUnwind(live, object, keys, was, report, places);
  if (unwind !== undefined) return unwind;
  for (const it of symbols.definitions) define(live, it);
  const after = needsOf(live, object, report);
  if (!sameNeeds(live, object, before, after)) return "needs-changed";
  adoptNeeds(live, after);
  return symbols.definitions;
}

/** As the loader reads an object of its own. */
function readElf(
  { machine }: Live,
  old: ObjectFile,
  bytes: Uint8Array,
  table: SectionTable,
  report: Report,
): ObjectFile | undefined {
  // e_ident, e_type and e_machine.
  for (let i = 0; i < 20; i++) if (bytes[i] !== old.bytes[i]) return undefined;
  const { name, path, member, pulledBy, excluded, input, symbolBase } = old;
  const origin = { name, path, member, pulledBy, excluded, input };
  return readObject(bytes, machine.elfClass === 64, old.id, symbolBase, origin, table, report);
}

/** Rows of local symbols go by the symbols' numbers: those must stay, and so must their values. */
function sameRows({ scan }: Live, old: ObjectFile, fresh: ObjectFile, locals: Int32Array): boolean {
  const end = old.symbolBase + Math.max(old.symbolCount, fresh.symbolCount);
  for (const key of scan.locals.keys()) {
    if (key < old.symbolBase || key >= end) continue;
    const index = key - old.symbolBase;
    if (index >= old.firstGlobal || old.firstGlobal !== fresh.firstGlobal) return false;
    if (locals[index] >= 0 && locals[index] !== index) return false;
    if (localValue(old, index) !== localValue(fresh, index)) return false;
  }
  return true;
}

/** Where it matters who refers to whom at all: garbage collection, and whether there is a GOT. */
function sameReferences(live: Live, old: ObjectFile, fresh: ObjectFile, table: SectionTable): boolean {
  const { options, symbols, sections } = live;
  const got = findText(symbols.names, "_GLOBAL_OFFSET_TABLE_");
  if (!options.gcSections) {
    if (got < 0 || !old.symbols.includes(got)) return true;
    return refersTo(old, sections, got) === refersTo(fresh, table, got);
  }
  for (let i = 1; i < old.sectionCount; i++) {
    if (sections.relocs[old.firstSection + i] < 0) continue;
    if (!sameTargets(old, sections, old.firstSection + i, fresh, table, fresh.firstSection + i, false)) return false;
  }
  return true;
}

/** What of the tables is the object's, as a table of its own. */
function rowsOf(old: ObjectFile, sections: SectionTable): { object: ObjectFile; sections: SectionTable } {
  const [from, end] = [old.firstSection, old.firstSection + old.sectionCount];
  const relocs = sections.relocs.slice(from, end).map((it) => (it < 0 ? -1 : it - from));
  const rows = {
    ...sections,
    relocs,
    type: sections.type.slice(from, end),
    offset: sections.offset.slice(from, end),
    size: sections.size.slice(from, end),
  };
  return { object: { ...old, firstSection: 0 }, sections: rows };
}

function install(
  { sections, objects, made, kept, locator }: Live,
  old: ObjectFile,
  fresh: ObjectFile,
  table: SectionTable,
  locals: Int32Array,
): void {
  for (let i = 1; i < old.sectionCount; i++) {
    const [a, b] = [old.firstSection + i, fresh.firstSection + i];
    sections.name[a] = table.name[b];
    sections.offset[a] = table.offset[b];
    sections.size[a] = table.size[b];
    sections.info[a] = table.info[b];
  }
  objects[old.id] = { ...fresh, firstSection: old.firstSection };
  kept.indexes.delete(old.id);
  kept.groupOf.delete(old.id);
  locator.known.delete(old);
  const plan = made.symtab?.plan;
  if (plan === undefined) return;
  for (let i = 0; i < plan.inputLocals; i++) {
    if (plan.localObjects[i] === old.id && plan.localIndices[i] !== 0)
      plan.localIndices[i] = locals[plan.localIndices[i]];
  }
}

function define({ symbols, values, made, at, scan }: Live, it: MovedSymbol): void {
  symbols.index[it.id] = it.index;
  symbols.valueLow[it.id] = it.valueLow;
  symbols.valueHigh[it.id] = it.valueHigh;
  symbols.size[it.id] = it.size;
  computeAddress(values, made.slots, at, scan, it.id);
}
