// Gives every symbol that needs one its GOT slots and its PLT entry. Sizes are final afterwards; addresses come with the
// layout. Symbols are taken in the order of their ids, by a script in GNU ld's: the result depends on the inputs alone.
//
//   .got       one word an address; two for a TLS pair; the module's own pair for local dynamic; what binds TLS descriptors
//   .got.plt   three words for the dynamic linker, then one a lazily bound PLT entry, then one an IFUNC's, then two a descriptor
//   .plt       header, lazy entries, those of IFUNCs, one for TLS descriptors; in a static program short entries of IFUNCs
//              without a header
//   .plt.got   entries of functions that have a .got slot anyway

import type { Machine, PltStyle } from "../../arch/index.ts";
import { STT_GNU_IFUNC, STV_DEFAULT } from "../../elf/constants.ts";
import type { Scan } from "../scan/scan-result.ts";
import { BIND_IFUNC } from "../symbols/bind.ts";
import { sortAsBfd } from "../tables/bfd-order.ts";
import type { SymbolId } from "../tables/ids.ts";
import type { OutputMode } from "../tables/mode.ts";
import {
  FLAG_CANONICAL_PLT,
  FLAG_LOCAL,
  FLAG_NEEDS_GOT,
  FLAG_NEEDS_PLT,
  FLAG_NEEDS_TLS_DESC,
  FLAG_NEEDS_TLS_GD,
  FLAG_NEEDS_TLS_IE,
  FLAG_NEEDS_TLS_IE_NEGATED,
  isDefinedHere,
  type SymbolTable,
} from "../tables/symbol-table.ts";

export interface Slots {
  /** By symbol: byte offset in .got of each kind of slot, or -1; of a TLS descriptor behind the PLT's words in .got.plt. */
  readonly got: Int32Array;
  readonly tlsGd: Int32Array;
  readonly tlsIe: Int32Array;
  readonly tlsIeNegated: Int32Array;
  readonly tlsDesc: Int32Array;
  /** By symbol: index of its entry among the lazy, the IFUNC and the .plt.got entries, or -1. At most one is set. */
  readonly plt: Int32Array;
  readonly iplt: Int32Array;
  readonly pltGot: Int32Array;
  /** The same as lists: the symbol of each slot or entry, in order. */
  readonly gotSymbols: SymbolId[];
  readonly tlsGdSymbols: SymbolId[];
  readonly tlsIeSymbols: SymbolId[];
  readonly tlsIeNegatedSymbols: SymbolId[];
  readonly tlsDescSymbols: SymbolId[];
  readonly pltSymbols: SymbolId[];
  readonly ipltSymbols: SymbolId[];
  readonly pltGotSymbols: SymbolId[];
  /** Offset in .got of the module's pair, or -1. */
  tlsLd: number;
  /** Offset in .got of the word through which the PLT has descriptors bound, or -1: there are none, or all are bound at once. */
  tlsDescBinder: number;
  /** Bytes. */
  gotSize: number;
  readonly gotPltHeader: number;
  /** PLT0 and lazy entries; calls under -z ibtplt go to `second`. */
  readonly lazy: PltStyle;
  readonly second: PltStyle | undefined;
  /** .plt.got and IFUNC entries. */
  readonly direct: PltStyle;
}

export function allocateSlots(
  symbols: SymbolTable,
  scan: Scan,
  machine: Machine,
  mode: OutputMode,
  ibt: boolean,
  lazy: boolean,
  byScript: boolean,
): Slots {
  const { count } = symbols;
  const column = (): Int32Array => new Int32Array(count).fill(-1);
  const slots: Slots = {
    got: column(),
    tlsGd: column(),
    tlsIe: column(),
    tlsIeNegated: column(),
    tlsDesc: column(),
    plt: column(),
    iplt: column(),
    pltGot: column(),
    gotSymbols: [],
    tlsGdSymbols: [],
    tlsIeSymbols: [],
    tlsIeNegatedSymbols: [],
    tlsDescSymbols: [],
    pltSymbols: [],
    ipltSymbols: [],
    pltGotSymbols: [],
    tlsLd: -1,
    tlsDescBinder: -1,
    gotSize: 0,
    gotPltHeader: 3 * machine.wordBytes,
    lazy: ibt ? machine.plt.lazyIbt : machine.plt.lazy,
    second: ibt ? machine.plt.directIbt : undefined,
    direct: ibt ? machine.plt.directIbt : machine.plt.direct,
  };
  const word = machine.wordBytes;
  // GNU ld has the module's pair between slots of local symbols and those of global ones.
  const order = byScript ? bfdOrder(symbols) : undefined;
  const end = order?.ids.length ?? count;
  for (let i = 0; i < end; i++) {
    const id = order === undefined ? i : order.ids[i];
    const flags = symbols.flags[id];
    if ((flags & ANY_NEED) === 0) continue;
    if (i === order?.firstGlobal) takeTlsLd(slots, scan, word);
    if ((flags & FLAG_NEEDS_GOT) !== 0 && !sharesPltSlot(flags, scan.bindings[id])) {
      slots.got[id] = take(slots, slots.gotSymbols, id, word);
    }
    if ((flags & FLAG_NEEDS_TLS_GD) !== 0) slots.tlsGd[id] = take(slots, slots.tlsGdSymbols, id, 2 * word);
    if ((flags & FLAG_NEEDS_TLS_IE) !== 0) slots.tlsIe[id] = take(slots, slots.tlsIeSymbols, id, word);
    if ((flags & FLAG_NEEDS_TLS_IE_NEGATED) !== 0) {
      slots.tlsIeNegated[id] = take(slots, slots.tlsIeNegatedSymbols, id, word);
    }
    if ((flags & FLAG_NEEDS_TLS_DESC) !== 0) slots.tlsDesc[id] = (slots.tlsDescSymbols.push(id) - 1) * 2 * word;
    if ((flags & FLAG_NEEDS_PLT) !== 0) allocatePlt(slots, id, symbols, scan.bindings, mode);
  }
  if (mode.dynamic) joinIfuncs(slots);
  takeTlsLd(slots, scan, word);
  if (lazy && slots.tlsDescSymbols.length > 0 && machine.plt.tlsDescriptor !== undefined) {
    slots.tlsDescBinder = slots.gotSize;
    slots.gotSize += word;
  }
  return slots;
}

function takeTlsLd(slots: Slots, scan: Scan, word: number): void {
  if (!scan.needsTlsLd || slots.tlsLd >= 0) return;
  slots.tlsLd = slots.gotSize;
  slots.gotSize += 2 * word;
}

/** By a script slots have GNU ld's order (bfd/elfxx-x86.c, _bfd_x86_elf_late_size_sections): local symbols' file by file. */
function bfdOrder(symbols: SymbolTable): { readonly ids: readonly SymbolId[]; readonly firstGlobal: number } {
  const locals: SymbolId[] = [];
  const globals: SymbolId[] = [];
  for (let id = 0; id < symbols.count; id++) {
    if ((symbols.flags[id] & ANY_NEED) === 0) continue;
    ((symbols.flags[id] & FLAG_LOCAL) === 0 ? globals : locals).push(id);
  }
  locals.sort((a, b) => symbols.owner[a] - symbols.owner[b] || symbols.index[a] - symbols.index[b]);
  sortAsBfd(symbols.names, globals);
  return { ids: [...locals, ...globals], firstGlobal: locals.length };
}

/** An IFUNC that is both called and loaded from the GOT: the slot of its PLT entry holds the same address. */
function sharesPltSlot(flags: number, binding: number): boolean {
  return binding === BIND_IFUNC && (flags & (FLAG_NEEDS_PLT | FLAG_CANONICAL_PLT)) === FLAG_NEEDS_PLT;
}

/** Where there is a PLT for lazy binding, IFUNCs have their entries in it, at the end (as GNU ld). */
function joinIfuncs(slots: Slots): void {
  for (const id of slots.ipltSymbols) {
    slots.plt[id] = slots.pltSymbols.push(id) - 1;
    slots.iplt[id] = -1;
  }
  slots.ipltSymbols.length = 0;
}

const ANY_NEED =
  FLAG_NEEDS_GOT |
  FLAG_NEEDS_TLS_GD |
  FLAG_NEEDS_TLS_IE |
  FLAG_NEEDS_TLS_IE_NEGATED |
  FLAG_NEEDS_TLS_DESC |
  FLAG_NEEDS_PLT;

function take(slots: Slots, list: SymbolId[], id: SymbolId, bytes: number): number {
  const at = slots.gotSize;
  slots.gotSize += bytes;
  list.push(id);
  return at;
}

function allocatePlt(slots: Slots, id: SymbolId, symbols: SymbolTable, bindings: Uint8Array, mode: OutputMode): void {
  const flags = symbols.flags[id];
  // An IFUNC of this library has a slot of its own, which stays lazy: its resolver may depend on other libraries (as BFD).
  const isOwnIfunc = symbols.type[id] === STT_GNU_IFUNC && isDefinedHere(symbols, id);
  if (hasOwnResolver(symbols, bindings, id)) {
    slots.iplt[id] = slots.ipltSymbols.push(id) - 1;
  } else if (!mode.dynamic) {
    // A weak reference that became 0 has no entry.
  } else if ((flags & FLAG_NEEDS_GOT) !== 0 && (flags & FLAG_CANONICAL_PLT) === 0 && !isOwnIfunc) {
    slots.pltGot[id] = slots.pltGotSymbols.push(id) - 1;
  } else {
    slots.plt[id] = slots.pltSymbols.push(id) - 1;
  }
}

/** Does this output's PLT entry run the resolver itself, whoever might come before? A protected function's does (as BFD). */
export function hasOwnResolver(symbols: SymbolTable, bindings: Uint8Array, id: SymbolId): boolean {
  if (bindings[id] === BIND_IFUNC) return true;
  const isOwn = symbols.type[id] === STT_GNU_IFUNC && isDefinedHere(symbols, id);
  return isOwn && symbols.visibility[id] !== STV_DEFAULT;
}

/** Where the PLT and the GOT are, once laid out. */
export interface SlotAddresses {
  /** `_GLOBAL_OFFSET_TABLE_`. */
  readonly gotBase: number;
  readonly got: number;
  readonly gotPlt: number;
  /** The IFUNC part of .got.plt. */
  readonly igotPlt: number;
  readonly plt: number;
  readonly pltSecond: number;
  readonly iplt: number;
  readonly pltGot: number;
}

/** Address of the PLT entry that calls of the symbol go to, or 0 if it has none. */
export function pltAddress(slots: Slots, at: SlotAddresses, id: SymbolId): number {
  if (slots.plt[id] >= 0) {
    if (slots.second !== undefined) return at.pltSecond + slots.plt[id] * slots.second.entryBytes;
    return at.plt + slots.lazy.headerBytes + slots.plt[id] * slots.lazy.entryBytes;
  }
  if (slots.iplt[id] >= 0) return at.iplt + slots.iplt[id] * slots.direct.entryBytes;
  if (slots.pltGot[id] >= 0) return at.pltGot + slots.pltGot[id] * slots.direct.entryBytes;
  return 0;
}

/** Address of the word that holds the symbol's address. */
export function gotSlot(slots: Slots, at: SlotAddresses, id: SymbolId, wordBytes: number): number {
  return slots.got[id] >= 0 ? at.got + slots.got[id] : gotPltSlot(slots, at, id, wordBytes);
}

/** Address of the symbol's TLS descriptor. */
export function descriptorSlot(slots: Slots, at: SlotAddresses, id: SymbolId, wordBytes: number): number {
  return at.gotPlt + descriptorsStart(slots, wordBytes) + slots.tlsDesc[id];
}

/** Offset in .plt of the entry that has TLS descriptors bound. */
export function binderOffset({ lazy, pltSymbols }: Slots): number {
  return lazy.headerBytes + pltSymbols.length * lazy.entryBytes;
}

/** Offset of the descriptors in .got.plt. */
export function descriptorsStart(slots: Slots, wordBytes: number): number {
  return slots.gotPltHeader + slots.pltSymbols.length * wordBytes;
}

/** Address of the word that the symbol's PLT entry jumps through. */
export function gotPltSlot(slots: Slots, at: SlotAddresses, id: SymbolId, wordBytes: number): number {
  if (slots.plt[id] >= 0) return at.gotPlt + slots.gotPltHeader + slots.plt[id] * wordBytes;
  if (slots.iplt[id] >= 0) return at.igotPlt + slots.iplt[id] * wordBytes;
  return at.got + slots.got[id];
}
