// What a relink writes: the changed objects and those that refer to a symbol that has moved, relocated anew at their old places;
// then what else shows where their symbols are: symbol tables, GOT, .eh_frame_hdr, dynamic relocations, .dynamic, the entry.

import { SHT_NOBITS } from "../../elf/constants.ts";
import { unsigned64 } from "../../elf/halves.ts";
import type { Report } from "../../elf/problem.ts";
import { createRelocationList, type RelocationList, relocationSize } from "../made/dynamic-relocations.ts";
import { writeDynamic } from "../made/dynamic-section.ts";
import {
  firstForcedLocal,
  firstLocal,
  type SymbolRow,
  writeForcedLocal,
  writeGlobal,
  writeLocals,
} from "../made/symbol-entries.ts";
import { entryAddress } from "../symbols/entry.ts";
import { writeWord } from "../tables/header-bytes.ts";
import type { ObjectId, SectionId, SymbolId } from "../tables/ids.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import { type Chunk, isWritten } from "../tables/output-section.ts";
import {
  STATE_COLLECTED,
  STATE_DISCARDED,
  STATE_EH_FRAME,
  STATE_FOLDED,
  STATE_MERGED,
} from "../tables/section-table.ts";
import { relocateObjects } from "../write/relocate.ts";
import type { Relocator } from "../write/relocator.ts";
import { type GotWriter, writeDynamicSymbols, writeGot } from "../write/write-chunks.ts";
import type { Live, RelinkRefusal } from "./live.ts";
import { need, type Touched } from "./touched.ts";
import { type OldPlaces, oldRows, rewriteRows } from "./unwind-table.ts";

/**
 * @param changed objects with new contents, which are in the tables  @param moved symbols with another value or size
 * @param unwind where the unwind records of the objects were
 */
export function rewrite(
  live: Live,
  changed: ReadonlySet<ObjectId>,
  moved: readonly SymbolId[],
  unwind: OldPlaces,
  touched: Touched,
  report: Report,
): RelinkRefusal | undefined {
  const isMoved = new Uint8Array(live.symbols.count);
  for (const id of moved) isMoved[id] = 1;
  const affected = live.objects.filter((it) => changed.has(it.id) || (moved.length > 0 && refersTo(it, isMoved)));
  for (const id of changed) needSections(live, live.objects[id], touched);
  const rows = oldRows(live, unwind, touched);
  const general = relocate(live, affected, touched, report);
  const plt = createRelocationList(live.made.got.pltWords.length);
  const got = createRelocationList(live.made.got.words.length);
  if (moved.some((id) => hasSlot(live, id))) rewriteGot(live, live.mode.dynamic ? got : plt, plt, touched);
  const { dynamic, plt: pltChunk } = live.made.relocationChunks;
  const chunk = live.mode.dynamic ? dynamic : pltChunk;
  const agree =
    patchRelocations(live, general, chunk, touched) &&
    patchRelocations(live, got, chunk, touched) &&
    patchRelocations(live, plt, pltChunk, touched);
  if (!agree) return "dynamic-relocations-changed";
  if (!rewriteRows(live, unwind, rows, touched)) return "unwind-changed";
  rewriteSymbols(live, changed, isMoved, touched);
  if (moved.length > 0) rewriteDynamic(live, moved, touched, report);
  return undefined;
}

function refersTo({ symbols }: ObjectFile, isMoved: Uint8Array): boolean {
  for (let i = 0; i < symbols.length; i++) if (isMoved[symbols[i]] !== 0) return true;
  return false;
}

function hasSlot({ made: { slots } }: Live, id: SymbolId): boolean {
  return [
    slots.got,
    slots.tlsGd,
    slots.tlsIe,
    slots.tlsIeNegated,
    slots.tlsDesc,
    slots.plt,
    slots.iplt,
    slots.pltGot,
  ].some((column) => column[id] >= 0);
}

/** @returns the dynamic relocations that were met on the way */
function relocate(live: Live, objects: readonly ObjectFile[], touched: Touched, report: Report): RelocationList {
  const { scan, made, values, sections, symbols, machine, mode, options, at, kept, locator } = live;
  const { outputs, merged, address, layout } = values;
  const count = objects.reduce((sum, { id }) => sum + (live.dynamicOf.get(id)?.count ?? 0), 0);
  const dynamic = createRelocationList(count);
  const relocator: Relocator = {
    machine,
    mode,
    options,
    sections,
    symbols,
    address,
    scan,
    slots: made.slots,
    at,
    layout,
    outputs: outputs.list,
    reversed: outputs.reversed,
    addendsInPlace: outputs.byScript,
    chunks: outputs.chunks,
    merged,
    dynamicIndex: made.dynamic?.symbols.indexOf ?? new Int32Array(symbols.count),
    dynamic,
    packed: made.packed?.scanned,
    image: touched.image,
    view: touched.view,
    report,
    contents: undefined,
    cursor: 0,
    locator,
    kept,
    overflows: 0,
  };
  for (const object of objects) {
    needSections(live, object, touched);
    relocator.cursor = live.dynamicOf.get(object.id)?.first ?? scan.dynCount;
    relocateObjects(relocator, [object]);
  }
  return dynamic;
}

/** Sections that are not where their address says, or nowhere. */
const NOT_COPIED = STATE_DISCARDED | STATE_COLLECTED | STATE_MERGED | STATE_FOLDED;

function needSections({ sections, values, frames }: Live, object: ObjectFile, touched: Touched): void {
  for (let i = 1; i < object.sectionCount; i++) {
    const section: SectionId = object.firstSection + i;
    const output = values.outputs.list[sections.output[section]];
    if (output === undefined || (sections.state[section] & NOT_COPIED) !== 0) continue;
    if (output.type === SHT_NOBITS || sections.type[section] === SHT_NOBITS) continue;
    if ((sections.state[section] & STATE_EH_FRAME) !== 0) {
      const ordinal = frames.ordinals.get(section) ?? 0;
      const start = frames.chunk?.offset ?? 0;
      need(touched, start + frames.starts[ordinal], start + frames.ends[ordinal]);
    } else {
      const from = output.offset + (sections.address[section] - output.address);
      need(touched, from, from + sections.size[section]);
    }
  }
}

function rewriteGot(live: Live, dynamic: RelocationList, plt: RelocationList, touched: Touched): void {
  const { made, values, machine, mode, scan, at, symbols } = live;
  const dynamicIndex = made.dynamic?.symbols.indexOf ?? new Int32Array(symbols.count);
  const { slots, got } = made;
  const { layout } = values;
  const writer: GotWriter = {
    machine,
    mode,
    values,
    scan,
    slots,
    at,
    layout,
    dynamicIndex,
    dynamic,
    plt,
    view: touched.view,
  };
  for (const { chunk, offset } of [...got.words, ...got.pltWords]) {
    if (isWritten(chunk)) need(touched, chunk.offset + offset, chunk.offset + offset + 2 * machine.wordBytes);
  }
  writeGot(writer, got, made.packed !== undefined);
}

/** Finds the entry of each relocation by its address, and stores its addend: all else must be there already. */
function patchRelocations(live: Live, list: RelocationList, chunk: Chunk | undefined, touched: Touched): boolean {
  if (list.count === 0) return true;
  if (chunk === undefined || !isWritten(chunk)) return false;
  const { machine, made } = live;
  const size = relocationSize(machine);
  // .rela.dyn begins with those of one type, sorted; where a static program's stand, it does not.
  const sorted = chunk === made.relocationChunks.dynamic ? live.relatives : 0;
  const others = new Map<number, number>();
  for (let i = 0; i < list.count; i++) {
    if (sorted === 0 || list.type[i] !== machine.dynamic.relative) others.set(list.address[i], i);
    else if (!patchEntry(live, list, i, searchEntry(live, chunk, sorted, list.address[i], touched), touched))
      return false;
  }
  let found = 0;
  if (others.size > 0) need(touched, chunk.offset + sorted * size, chunk.offset + chunk.size);
  for (let at = chunk.offset + sorted * size; at < chunk.offset + chunk.size && found < others.size; at += size) {
    const number = others.get(addressAt(live, at, touched));
    if (number === undefined) continue;
    if (!patchEntry(live, list, number, at, touched)) return false;
    found++;
  }
  return found === others.size;
}

/** r_offset. */
function addressAt({ machine }: Live, at: number, { view }: Touched): number {
  const low = view.getUint32(at, true);
  return machine.elfClass === 64 ? unsigned64(low, view.getUint32(at + 4, true)) : low;
}

/** Where the entry for an address is among the first `count`, or would be. */
function searchEntry(live: Live, chunk: Chunk, count: number, address: number, touched: Touched): number {
  const size = relocationSize(live.machine);
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = chunk.offset + middle * size;
    need(touched, at, at + size);
    if (addressAt(live, at, touched) < address) low = middle + 1;
    else high = middle;
  }
  const at = chunk.offset + low * size;
  need(touched, at, at + size);
  return at;
}

function patchEntry(live: Live, list: RelocationList, number: number, at: number, touched: Touched): boolean {
  const { machine } = live;
  const { view } = touched;
  const is64 = machine.elfClass === 64;
  const type = is64 ? view.getUint32(at + 8, true) : view.getUint8(at + 4);
  const symbol = is64 ? view.getUint32(at + 12, true) : view.getUint32(at + 4, true) >>> 8;
  if (addressAt(live, at, touched) !== list.address[number]) return false;
  if (type !== list.type[number] || symbol !== list.symbol[number]) return false;
  if (machine.rela) writeWord(view, at + 2 * machine.wordBytes, list.addend[number], is64);
  return true;
}

function rewriteSymbols(live: Live, changed: ReadonlySet<ObjectId>, isMoved: Uint8Array, touched: Touched): void {
  const { made, values, objects, mode, machine } = live;
  if (made.symtab === undefined) return;
  const { plan, table } = made.symtab;
  if (!isWritten(table)) return;
  const is64 = machine.elfClass === 64;
  const size = is64 ? 24 : 16;
  const needEntries = (from: number, end: number): void =>
    need(touched, table.offset + from * size, table.offset + end * size);
  for (let from = 0; from < plan.inputLocals; ) {
    const object = plan.localObjects[from];
    let end = from + 1;
    while (end < plan.inputLocals && plan.localObjects[end] === object) end++;
    if (changed.has(object)) {
      needEntries(firstLocal(plan) + from, firstLocal(plan) + end);
      writeLocals(plan, values, objects, from, end, touched.view, table.offset, -1, is64);
    }
    from = end;
  }
  const row: SymbolRow = { value: 0, shndx: 0, type: 0, size: 0 };
  let entry = firstForcedLocal(plan);
  for (const id of plan.forcedLocals) {
    if (isMoved[id] !== 0) {
      needEntries(entry, entry + 1);
      writeForcedLocal(plan, values, id, entry, row, touched.view, table.offset, -1, is64);
    }
    entry++;
  }
  for (const id of plan.globals) {
    if (isMoved[id] !== 0) {
      needEntries(entry, entry + 1);
      writeGlobal(plan, values, id, entry, row, touched.view, table.offset, -1, is64, mode);
    }
    entry++;
  }
}

/** .dynsym, .dynamic (DT_INIT and DT_FINI are symbols' addresses) and e_entry. */
function rewriteDynamic(live: Live, moved: readonly SymbolId[], touched: Touched, report: Report): void {
  const { made, values, mode, machine, entry, byScript } = live;
  const { view } = touched;
  const is64 = machine.elfClass === 64;
  if (made.dynamic !== undefined) {
    const { symbols, chunks, tags } = made.dynamic;
    if (moved.some((id) => symbols.indexOf[id] > 0) && isWritten(chunks.dynsym)) {
      need(touched, chunks.dynsym.offset, chunks.dynsym.offset + chunks.dynsym.size);
      writeDynamicSymbols(symbols, values, chunks.dynsym, view, is64, mode);
    }
    if (isWritten(chunks.dynamic)) {
      need(touched, chunks.dynamic.offset, chunks.dynamic.offset + chunks.dynamic.size);
      writeDynamic(tags, machine, view, chunks.dynamic.offset);
    }
  }
  need(touched, 0, 64);
  writeWord(view, 24, entryAddress(values, entry, mode, report, byScript), is64);
}
