// Values of symbols after layout: what they are computed from, and what stands in a symbol table.

import { SHF_ALLOC, SHN_ABS, STT_GNU_IFUNC, STT_TLS } from "../../elf/constants.ts";
import { type MergedSections, mergedAddress } from "../sections/merge/merged-sections.ts";
import { SECTION_ABSOLUTE, SECTION_CHUNK, SECTION_OUTPUT, type SymbolId } from "../tables/ids.ts";
import type { Layout } from "../tables/layout.ts";
import { findText } from "../tables/names.ts";
import type { OutputSection, OutputSections } from "../tables/output-section.ts";
import type { SectionTable } from "../tables/section-table.ts";
import { FLAG_CANONICAL_PLT, isDefinedHere, isShared, type SymbolTable, symbolValue } from "../tables/symbol-table.ts";

/** Where a symbol of an output symbol table lies. One record reused for all. */
export interface SymbolPlace {
  value: number;
  /** Section header index; SHN_ABS and 0 as such. */
  shndx: number;
  /** The value's halves, where it is a constant that no number is exact for. */
  low?: number;
  high?: number;
}

/** What symbol values are computed from. */
export interface SymbolValues {
  readonly sections: SectionTable;
  readonly symbols: SymbolTable;
  readonly outputs: OutputSections;
  readonly layout: Layout;
  readonly merged: MergedSections;
  /** S as references see it. */
  readonly address: Float64Array;
}

/** st_value and st_shndx of a global symbol (or a row of a local one). */
export function placeOfSymbol(values: SymbolValues, id: SymbolId, to: SymbolPlace): void {
  const { symbols, sections, outputs, layout } = values;
  const section = symbols.section[id];
  to.shndx = 0;
  to.value = 0;
  if (section === SECTION_CHUNK || section === SECTION_OUTPUT) {
    const output =
      section === SECTION_CHUNK ? outputs.chunks[symbols.alias[id]].output : outputs.list[symbols.alias[id]];
    // References go to an IFUNC's PLT entry, but the symbol is its resolver.
    const isResolver = section === SECTION_OUTPUT && symbols.type[id] === STT_GNU_IFUNC;
    to.value = isResolver ? (output?.address ?? 0) + symbolValue(symbols, id) : values.address[id];
    to.shndx = headerIndex(layout, output);
    if (!Number.isSafeInteger(to.value)) addExactly(symbols, id, output?.address ?? 0, to);
  } else if (isShared(symbols, id)) {
    if ((symbols.flags[id] & FLAG_CANONICAL_PLT) !== 0) to.value = values.address[id];
  } else if (section === SECTION_ABSOLUTE) {
    to.value = symbolValue(symbols, id);
    to.shndx = SHN_ABS;
    to.low = symbols.valueLow[id];
    to.high = symbols.valueHigh[id];
  } else if (section >= 0) {
    to.value = mergedAddress(values.merged, sections, section, symbolValue(symbols, id));
    to.shndx = headerIndex(layout, outputs.list[sections.output[section]]);
  }
  if (symbols.type[id] === STT_TLS && to.shndx !== 0 && to.shndx !== SHN_ABS) to.value -= layout.tlsStart;
}

/** A script may assign any number of 64 bits within a section. */
function addExactly(symbols: SymbolTable, id: SymbolId, base: number, to: SymbolPlace): void {
  const value = BigInt(base) + (BigInt(symbols.valueHigh[id]) << 32n) + BigInt(symbols.valueLow[id] >>> 0);
  to.low = Number(BigInt.asIntN(32, value));
  to.high = Number(BigInt.asIntN(32, value >> 32n));
}

/** Index of the section; for one left out because it is empty, that of the section before it. */
export function headerIndex(layout: Layout, output: OutputSection | undefined): number {
  if (output === undefined || output.index !== 0) return output?.index ?? SHN_ABS;
  if (output.removed) return output.standIn?.index ?? SHN_ABS;
  let found = SHN_ABS;
  for (const it of layout.sections) {
    if (it.position > output.position) break;
    if ((it.flags & SHF_ALLOC) !== 0) found = it.index;
  }
  return found;
}

/** Address of a symbol that an object defines, for DT_INIT and DT_FINI; undefined if there is none. */
export function definedAddress(symbols: SymbolTable, name: string, address: Float64Array): (() => number) | undefined {
  const id = findText(symbols.names, name);
  return id >= 0 && isDefinedHere(symbols, id) ? () => address[id] : undefined;
}
