// Why each GOT word, PLT entry, copy and dynamic relocation exists: the link's plan of them, joined with the relocations
// that asked first.

import { SHT_RELA } from "../../elf/constants.ts";
import type { Loader } from "../inputs/loader.ts";
import { type RelocationPlace, relocationPlace } from "../inputs/references.ts";
import { descriptorSlot, gotPltSlot, pltAddress } from "../made/slots.ts";
import { DYN_RELATIVE } from "../scan/scan-result.ts";
import { mergedAddress } from "../sections/merge/merged-sections.ts";
import { BIND_IFUNC, BIND_IMPORTED } from "../symbols/bind.ts";
import type { SectionId, SymbolId } from "../tables/ids.ts";
import { NEED_TLS_MODULE, type Needs } from "../tables/needs.ts";
import { sectionName } from "../tables/object-file.ts";
import type { Chunk } from "../tables/output-section.ts";
import {
  FLAG_CANONICAL_PLT,
  FLAG_COPY,
  FLAG_NEEDS_GOT,
  FLAG_NEEDS_PLT,
  FLAG_NEEDS_TLS_DESC,
  FLAG_NEEDS_TLS_GD,
  FLAG_NEEDS_TLS_IE,
  FLAG_NEEDS_TLS_IE_NEGATED,
} from "../tables/symbol-table.ts";
import type { BoundFacts, LinkFacts, PlacedFacts } from "./facts.ts";
import { rowName } from "./names.ts";
import type { DynamicRelocation, Slot, SlotKind } from "./types.ts";

/** A slot with the row of the symbol columns that it belongs to; -1 for the module's TLS pair. */
export interface SlotOfSymbol {
  readonly symbol: SymbolId;
  readonly slot: Slot;
}

/** What one kind of slot is made of. */
interface Source {
  readonly kind: SlotKind;
  /** The need that makes it. */
  readonly need: number;
  readonly symbols: readonly SymbolId[];
  readonly chunk: Chunk | undefined;
  readonly address: (id: SymbolId) => number;
  /** Address of the word that a dynamic relocation fills. */
  readonly word: (id: SymbolId) => number;
  readonly size: (id: SymbolId) => number;
}

export function listSlots({ loader, bound, placed }: LinkFacts): SlotOfSymbol[] {
  if (bound === undefined || placed === undefined) return [];
  const reasons = firstAsked(loader, bound);
  const relocations = relocationNames(bound, placed);
  return sources(loader, bound, placed).flatMap(({ kind, need, symbols, chunk, address, word, size }) =>
    symbols.map((id) => ({
      symbol: id,
      slot: {
        kind,
        symbol: rowName(loader, id),
        section: chunk?.output?.name ?? "",
        address: address(id),
        size: size(id),
        relocation: relocations.get(word(id)) ?? "",
        reason: reasons(id, need),
      },
    })),
  );
}

function sources(loader: Loader, bound: BoundFacts, { made, values, at }: PlacedFacts): Source[] {
  const { slots, slotChunks, copies } = made;
  const { wordBytes } = bound.machine;
  const { symbols } = loader;
  const isIfunc = (id: SymbolId): boolean => bound.scan.bindings[id] === BIND_IFUNC;
  const inGot = (
    kind: SlotKind,
    need: number,
    list: readonly SymbolId[],
    column: Int32Array,
    words: number,
  ): Source => {
    const address = (id: SymbolId): number => at.got + column[id];
    return { kind, need, symbols: list, chunk: slotChunks.got, address, word: address, size: () => words * wordBytes };
  };
  const entry = (kind: SlotKind, list: readonly SymbolId[], chunk: Chunk | undefined, bytes: number): Source => ({
    kind,
    need: kind === "canonical-plt" ? FLAG_CANONICAL_PLT : FLAG_NEEDS_PLT,
    symbols: list,
    chunk,
    address: (id) => pltAddress(slots, at, id),
    word: (id) => gotPltSlot(slots, at, id, wordBytes),
    size: () => bytes,
  });
  const lazy = slots.second ?? slots.lazy;
  const lazyChunk = slotChunks.pltSecond ?? slotChunks.plt;
  const canonical = (list: readonly SymbolId[]): SymbolId[] =>
    list.filter((id) => (symbols.flags[id] & FLAG_CANONICAL_PLT) !== 0);
  const copied = (id: SymbolId): number => values.address[id];
  const copyChunk = copies.length === 0 ? undefined : values.outputs.chunks[symbols.alias[copies[0]]];
  const descriptor = (id: SymbolId): number => descriptorSlot(slots, at, id, wordBytes);
  const module = (): number => at.got + slots.tlsLd;
  return [
    inGot("got", FLAG_NEEDS_GOT, slots.gotSymbols, slots.got, 1),
    inGot("tls-gd", FLAG_NEEDS_TLS_GD, slots.tlsGdSymbols, slots.tlsGd, 2),
    inGot("tls-ie", FLAG_NEEDS_TLS_IE, slots.tlsIeSymbols, slots.tlsIe, 1),
    inGot("tls-ie-negated", FLAG_NEEDS_TLS_IE_NEGATED, slots.tlsIeNegatedSymbols, slots.tlsIeNegated, 1),
    {
      kind: "tls-desc",
      need: FLAG_NEEDS_TLS_DESC,
      symbols: slots.tlsDescSymbols,
      chunk: slotChunks.gotPlt,
      address: descriptor,
      word: descriptor,
      size: () => 2 * wordBytes,
    },
    {
      kind: "tls-module",
      need: NEED_TLS_MODULE,
      symbols: slots.tlsLd < 0 ? [] : [-1],
      chunk: slotChunks.got,
      address: module,
      word: module,
      size: () => 2 * wordBytes,
    },
    entry(
      "plt",
      slots.pltSymbols.filter((id) => !isIfunc(id)),
      lazyChunk,
      lazy.entryBytes,
    ),
    entry("plt-got", slots.pltGotSymbols, slotChunks.pltGot, slots.direct.entryBytes),
    entry("ifunc-plt", slots.pltSymbols.filter(isIfunc), lazyChunk, lazy.entryBytes),
    entry("ifunc-plt", slots.ipltSymbols, slotChunks.iplt, slots.direct.entryBytes),
    entry("canonical-plt", canonical(slots.pltSymbols), lazyChunk, lazy.entryBytes),
    entry("canonical-plt", canonical(slots.ipltSymbols), slotChunks.iplt, slots.direct.entryBytes),
    {
      kind: "copy",
      need: FLAG_COPY,
      symbols: copies,
      chunk: copyChunk,
      address: copied,
      word: copied,
      size: (id) => symbols.size[id],
    },
  ];
}

/** The relocation that asked first for a kind of slot of a symbol. */
function firstAsked(
  { sections, objects }: Loader,
  { scan, machine }: BoundFacts,
): (symbol: SymbolId, need: number) => RelocationPlace | undefined {
  const { needs } = scan;
  const bySymbol = new Map<SymbolId, number[]>();
  for (let i = 0; i < needs.count; i++) {
    const list = bySymbol.get(needs.symbol[i]);
    if (list === undefined) bySymbol.set(needs.symbol[i], [i]);
    else list.push(i);
  }
  return (symbol, need) => {
    const i = bySymbol.get(symbol)?.find((it) => answers(needs, it, need));
    if (i === undefined) return undefined;
    const section = needs.section[i];
    const object = objects[sections.object[section]];
    return relocationPlace(sections, machine, { object, section, offset: needs.offset[i], type: needs.type[i] });
  };
}

function answers(needs: Needs, i: number, need: number): boolean {
  return need === NEED_TLS_MODULE ? needs.flags[i] === need : (needs.flags[i] & need) !== 0;
}

/** By the address of the word or variable that it fills. */
function relocationNames({ machine }: BoundFacts, { made, values }: PlacedFacts): Map<number, string> {
  const { types } = machine.relocations;
  const names = new Map<number, string>();
  for (const { chunk, offset, type } of [...made.got.words, ...made.got.pltWords]) {
    // The second word of a pair must not hide the first, and is not asked for.
    if (type !== 0) names.set(chunk.address + offset, types[type]?.name ?? "");
  }
  for (const id of made.copies) names.set(values.address[id], types[machine.dynamic.copy]?.name ?? "");
  return names;
}

export function* listDynamicRelocations(facts: LinkFacts): IterableIterator<DynamicRelocation> {
  const { loader, bound, placed } = facts;
  if (bound === undefined || placed === undefined) return;
  yield* inputRelocations(loader, bound, placed);
  const { types } = bound.machine.relocations;
  const { relative, copy } = bound.machine.dynamic;
  const kinds = new Map(listSlots(facts).map(({ slot }) => [slot.address, slot.kind]));
  for (const { chunk, offset, type, symbol, named } of placed.made.got.words) {
    if (type === 0) continue;
    const address = chunk.address + offset;
    // A TLS pair can have a relocation for its second word.
    const reason = kinds.get(address) ?? kinds.get(address - bound.machine.wordBytes) ?? "got";
    const packed = placed.made.packed !== undefined && type === relative;
    yield { type: types[type]?.name ?? "", address, symbol: named ? rowName(loader, symbol) : "", packed, reason };
  }
  for (const { chunk, offset, type, symbol, named } of placed.made.got.pltWords) {
    const address = chunk.address + offset;
    const reason = kinds.get(address) ?? (named ? "plt" : "ifunc-plt");
    yield {
      type: types[type]?.name ?? "",
      address,
      symbol: named ? rowName(loader, symbol) : "",
      packed: false,
      reason,
    };
  }
  for (const id of placed.made.copies) {
    const address = placed.values.address[id];
    yield { type: types[copy]?.name ?? "", address, symbol: rowName(loader, id), packed: false, reason: "copy" };
  }
}

/** Relocations of input sections, in the order of the scan's walk: one cursor over each section's relocations finds them. */
function* inputRelocations(
  loader: Loader,
  { scan, machine }: BoundFacts,
  { made, values }: PlacedFacts,
): IterableIterator<DynamicRelocation> {
  const { sections, objects, symbols } = loader;
  const { relative, irelative } = machine.dynamic;
  const { types } = machine.relocations;
  let section: SectionId = -1;
  let name = "";
  let cursor = 0;
  for (let i = 0; i < scan.dynCount; i++) {
    if (scan.dynSection[i] !== section) {
      section = scan.dynSection[i];
      name = sectionName(objects[sections.object[section]], sections, section);
      cursor = 0;
    }
    const object = objects[sections.object[section]];
    const offset = scan.dynOffset[i];
    const symbol = scan.dynSymbol[i];
    const relocs = sections.relocs[section];
    const word = object.is64 ? 8 : 4;
    const entry = (sections.type[relocs] === SHT_RELA ? 3 : 2) * word;
    const from = sections.offset[relocs];
    while (cursor < sections.size[relocs] && object.view.getUint32(from + cursor, true) !== offset) cursor += entry;
    const info = cursor < sections.size[relocs] ? object.view.getUint32(from + cursor + word, true) : 0;
    cursor += entry;
    const binding = symbol < 0 ? -1 : scan.bindings[symbol];
    const isResolver = binding === BIND_IFUNC && (symbols.flags[symbol] & FLAG_CANONICAL_PLT) === 0;
    const type = scan.dynType[i] !== DYN_RELATIVE ? scan.dynType[i] : isResolver ? irelative : relative;
    yield {
      type: types[type]?.name ?? "",
      address: mergedAddress(values.merged, sections, section, offset),
      symbol: binding === BIND_IMPORTED ? rowName(loader, symbol) : "",
      packed: made.packed !== undefined && made.packed.scanned[i] !== 0,
      reason: { file: object.name, section: name, offset, type: types[object.is64 ? info : info & 0xff]?.name ?? "" },
    };
  }
}
