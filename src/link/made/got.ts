// What each word of the GOT holds, and which dynamic relocation fills it where the link cannot. Planned before layout (so
// that .rela.dyn has its size), written after it: one list, so the two cannot disagree.

import type { Machine } from "../../arch/index.ts";
import { STT_GNU_IFUNC } from "../../elf/constants.ts";
import type { Scan } from "../scan/scan-result.ts";
import { BIND_IFUNC, BIND_IMPORTED, BIND_LOCAL, isSettledTls } from "../symbols/bind.ts";
import type { SymbolId } from "../tables/ids.ts";
import type { OutputMode } from "../tables/mode.ts";
import type { Chunk } from "../tables/output-section.ts";
import {
  FLAG_CANONICAL_PLT,
  FLAG_DYNSYM,
  FLAG_NEEDS_PLT,
  FLAG_PREEMPTIBLE,
  isDefinedHere,
  type SymbolTable,
} from "../tables/symbol-table.ts";
import { descriptorsStart, hasOwnResolver, type Slots } from "./slots.ts";

/** The dynamic linker's to fill: 0 here. */
export const CONTENT_ZERO = 0;
/** S. */
export const CONTENT_ADDRESS = 1;
/** Address of the symbol's PLT entry: an IFUNC whose address is taken elsewhere too. */
export const CONTENT_PLT = 2;
/** Offset from the thread pointer. */
export const CONTENT_TPOFF = 3;
export const CONTENT_TPOFF_NEGATED = 4;
/** Offset in the module's TLS block. */
export const CONTENT_DTPOFF = 5;
export const CONTENT_DTPOFF_NEGATED = 8;
/** Address of the entry's own PLT code behind the jump, for a lazy slot. */
export const CONTENT_LAZY = 6;
/** 1: the executable's own module number, in a static program without dynamic relocations. */
export const CONTENT_MODULE = 7;

/** One word that the linker provides, with the relocation that completes it. */
export interface GotWord {
  readonly chunk: Chunk;
  readonly offset: number;
  readonly content: number;
  readonly symbol: SymbolId;
  /** Dynamic relocation, 0 for none. */
  readonly type: number;
  /** The relocation names the symbol (else it works on the load base or the module itself). */
  readonly named: boolean;
}

export interface GotPlan {
  /** Relocated in .rela.dyn. */
  readonly words: GotWord[];
  /** Relocated in .rela.plt, in the order of the PLT entries: JUMP_SLOT, then IRELATIVE; then TLS descriptors. */
  readonly pltWords: GotWord[];
}

export function planGot(
  symbols: SymbolTable,
  scan: Scan,
  slots: Slots,
  machine: Machine,
  mode: OutputMode,
  chunks: { readonly got: Chunk | undefined; readonly gotPlt: Chunk | undefined; readonly igotPlt: Chunk | undefined },
): GotPlan {
  const words: GotWord[] = [];
  const pltWords: GotWord[] = [];
  const { dynamic, wordBytes } = machine;
  const { got, gotPlt, igotPlt } = chunks;
  const add = (chunk: Chunk, offset: number, content: number, symbol: SymbolId, type: number, named: boolean): void => {
    words.push({ chunk, offset, content, symbol, type, named });
  };
  if (got !== undefined) {
    for (const id of slots.gotSymbols) {
      const at = slots.got[id];
      const binding = scan.bindings[id];
      if (isResolvedHere(symbols, id)) add(got, at, CONTENT_ADDRESS, id, dynamic.irelative, false);
      else if (binding === BIND_IMPORTED) add(got, at, CONTENT_ZERO, id, dynamic.globDat, true);
      else if (binding === BIND_IFUNC) {
        const viaPlt = (symbols.flags[id] & FLAG_CANONICAL_PLT) !== 0;
        if (viaPlt) add(got, at, CONTENT_PLT, id, mode.pic ? dynamic.relative : 0, false);
        else add(got, at, CONTENT_ADDRESS, id, dynamic.irelative, false);
      } else if (isExportedFixed(symbols, id, mode)) add(got, at, CONTENT_ZERO, id, dynamic.globDat, true);
      else add(got, at, CONTENT_ADDRESS, id, mode.pic && binding === BIND_LOCAL ? dynamic.relative : 0, false);
    }
    for (const id of slots.tlsGdSymbols) {
      const at = slots.tlsGd[id];
      const named = isNamed(symbols, scan, id);
      add(got, at, CONTENT_ZERO, id, dynamic.dtpmod, named);
      if (named) add(got, at + wordBytes, CONTENT_ZERO, id, dynamic.dtpoff, true);
      else add(got, at + wordBytes, CONTENT_DTPOFF, id, 0, false);
    }
    const initialExec = (list: readonly SymbolId[], offsets: Int32Array, type: number, content: number): void => {
      // What code subtracts is negated, and the loader adds to it (glibc, sysdeps/i386/dl-machine.h: R_386_TLS_TPOFF32).
      const inBlock = content === CONTENT_TPOFF_NEGATED ? CONTENT_DTPOFF_NEGATED : CONTENT_DTPOFF;
      for (const id of list) {
        if (isNamed(symbols, scan, id)) add(got, offsets[id], CONTENT_ZERO, id, type, true);
        // In a shared library the offset in its block is known, but not where the block will be.
        else if (mode.shared) add(got, offsets[id], inBlock, id, type, false);
        else add(got, offsets[id], content, id, 0, false);
      }
    };
    initialExec(slots.tlsIeSymbols, slots.tlsIe, dynamic.tpoff, CONTENT_TPOFF);
    initialExec(slots.tlsIeNegatedSymbols, slots.tlsIeNegated, dynamic.tpoffNegated, CONTENT_TPOFF_NEGATED);
    if (slots.tlsLd >= 0) add(got, slots.tlsLd, CONTENT_ZERO, -1, dynamic.dtpmod, false);
  }
  if (gotPlt !== undefined) {
    for (const id of slots.pltSymbols) {
      const offset = slots.gotPltHeader + slots.plt[id] * wordBytes;
      const isIfunc = hasOwnResolver(symbols, scan.bindings, id);
      const content = isIfunc ? CONTENT_ADDRESS : CONTENT_LAZY;
      const type = isIfunc ? dynamic.irelative : dynamic.jumpSlot;
      pltWords.push({ chunk: gotPlt, offset, content, symbol: id, type, named: !isIfunc });
    }
    for (const id of slots.tlsDescSymbols) {
      const named = isNamed(symbols, scan, id);
      // The relocation fills both words; the second holds the addend under REL.
      const offset = descriptorsStart(slots, wordBytes) + slots.tlsDesc[id];
      const content = named ? CONTENT_ZERO : CONTENT_DTPOFF;
      pltWords.push({ chunk: gotPlt, offset, content, symbol: id, type: dynamic.tlsdesc, named });
    }
  }
  if (igotPlt !== undefined) {
    for (const id of slots.ipltSymbols) {
      const offset = slots.iplt[id] * wordBytes;
      pltWords.push({
        chunk: igotPlt,
        offset,
        content: CONTENT_ADDRESS,
        symbol: id,
        type: dynamic.irelative,
        named: false,
      });
    }
  }
  return { words, pltWords };
}

/** Relocations of thread-local variables name whatever is in .dynsym, also what this output binds itself (as BFD). */
function isNamed(symbols: SymbolTable, scan: Scan, id: SymbolId): boolean {
  return !isSettledTls(symbols, id, scan.bindings[id]);
}

/**
 * What a program of fixed address exports the dynamic linker enters into the GOT, though it comes first in any search
 * (elf_x86_64_finish_dynamic_symbol: "do_glob_dat").
 */
function isExportedFixed(symbols: SymbolTable, id: SymbolId, mode: OutputMode): boolean {
  return mode.dynamic && !mode.pic && (symbols.flags[id] & FLAG_DYNSYM) !== 0;
}

/** An IFUNC of a library that cannot be overridden and is only loaded from the GOT: no PLT entry is to be the same function. */
function isResolvedHere(symbols: SymbolTable, id: SymbolId): boolean {
  const isExported = (symbols.flags[id] & (FLAG_DYNSYM | FLAG_PREEMPTIBLE | FLAG_NEEDS_PLT)) === FLAG_DYNSYM;
  return isExported && symbols.type[id] === STT_GNU_IFUNC && isDefinedHere(symbols, id);
}
