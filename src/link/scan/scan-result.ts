// What the scan leaves behind for the passes after it: dynamic relocations as columns, and what those want to know that make
// the GOT and the PLT and report what cannot be.

import { SEC_READONLY } from "../mapping/bfd-flags.ts";
import type { SectionId, SymbolId } from "../tables/ids.ts";
import type { LocalSymbols } from "../tables/local-symbols.ts";
import type { ObjectPlace } from "../tables/locate.ts";
import { createNeeds, type Needs } from "../tables/needs.ts";
import type { OutputSections } from "../tables/output-section.ts";
import type { SectionTable } from "../tables/section-table.ts";
import type { Complaints } from "./complaints.ts";

/** In `Scan.dynType`: load base plus the symbol's address (or, for an IFUNC, what its resolver returns). */
export const DYN_RELATIVE = 0;

/** What the scan found out. Frozen once scanning is done. */
export interface Scan {
  /** Dynamic relocations in input sections, in the order of the walk. */
  dynCount: number;
  dynSection: Int32Array;
  /** Offset in the input section. */
  dynOffset: Float64Array;
  /** Symbol, or -1 for a local address that needs no symbol. */
  dynSymbol: Int32Array;
  /** DYN_RELATIVE, or the number of the relocation that the dynamic linker applies to the symbol. */
  dynType: Uint16Array;
  bindings: Uint8Array;
  /** By output section: 1 for what may be written to at load time, whatever its inputs are (bfd/elfxx-x86.c, readonly_dynrelocs). */
  readonly writable: Uint8Array;
  readonly locals: LocalSymbols;
  /** A relocation is for the GOT's address: there must be one. A distance from it alone asks for none (as BFD). */
  needsGotBase: boolean;
  /** Local dynamic TLS: one module slot for all. */
  needsTlsLd: boolean;
  /** A shared library uses the static TLS block: DF_STATIC_TLS. */
  staticTls: boolean;
  /** Symbols with a general dynamic access that is no sequence to rewrite: they keep their slots. */
  readonly rigidTls: Set<SymbolId>;
  /** The last section seen that is read-only and has to be written to at load time; -1: none, as it should be. */
  textRelocation: SectionId;
  /** What asked for each slot first. */
  readonly needs: Needs;
  /** Symbols that nothing defines, with the first places that refer to them. */
  readonly undefined: Map<SymbolId, UndefinedSymbol>;
  readonly complaints: Complaints;
}

export interface UndefinedSymbol {
  count: number;
  /** The first few. */
  readonly references: ObjectPlace[];
}

export function createScan(bindings: Uint8Array, writable: Uint8Array): Scan {
  return {
    dynCount: 0,
    dynSection: new Int32Array(64),
    dynOffset: new Float64Array(64),
    dynSymbol: new Int32Array(64),
    dynType: new Uint16Array(64),
    bindings,
    writable,
    locals: new Map(),
    needsGotBase: false,
    needsTlsLd: false,
    staticTls: false,
    rigidTls: new Set(),
    textRelocation: -1,
    needs: createNeeds(),
    undefined: new Map(),
    complaints: new Map(),
  };
}

/** See `Scan.writable`. */
export function writableOutputs({ list }: OutputSections): Uint8Array {
  return Uint8Array.from(list, ({ sec }) => ((sec & SEC_READONLY) === 0 ? 1 : 0));
}

/** Is what the section becomes a part of written to at load time without a text relocation? */
export function isWritable({ writable }: Scan, sections: SectionTable, section: SectionId): boolean {
  return writable[sections.output[section]] === 1;
}
