// Relocations that the dynamic linker completes: the scan listed them, and the sweep meets them again in the same order. Only
// now are their places and addends known.

import { EXPRESSION_TLS_IE_ABSOLUTE } from "../../arch/index.ts";
import { error } from "../../elf/problem.ts";
import { addRelocation } from "../made/dynamic-relocations.ts";
import { DYN_RELATIVE } from "../scan/scan-result.ts";
import { BIND_IFUNC, BIND_IMPORTED, isSettledTls } from "../symbols/bind.ts";
import { SECTION_OUTPUT, type SectionId, type SymbolId } from "../tables/ids.ts";
import type { OutputSection } from "../tables/output-section.ts";
import type { SectionTable } from "../tables/section-table.ts";
import { FLAG_CANONICAL_PLT, type SymbolTable, symbolValue } from "../tables/symbol-table.ts";
import { writeField } from "./relocation-field.ts";
import type { Relocator } from "./relocator.ts";

/** Offset in the section of the next relocation that the scan left to the dynamic linker, or -1. */
export function nextDynamic(r: Relocator, section: SectionId): number {
  const { scan, cursor } = r;
  return cursor < scan.dynCount && scan.dynSection[cursor] === section ? scan.dynOffset[cursor] : -1;
}

/** A relocation that the scan left to the dynamic linker: makes its entry, and stores what REL and RELR need in place. */
export function emitDynamic(
  r: Relocator,
  symbol: SymbolId,
  target: number,
  addend: number,
  place: number,
  field: number,
  kind: number,
  width: number,
): void {
  const { scan, machine } = r;
  const number = r.cursor++;
  const type = scan.dynType[number];
  const { dynamic } = machine;
  if (type !== DYN_RELATIVE) {
    const isTpoff = type === dynamic.tpoff || type === dynamic.tpoffNegated;
    const binding = symbol < 0 ? -1 : scan.bindings[symbol];
    const named = isTpoff
      ? !isSettledTls(r.symbols, symbol, binding)
      : symbol >= 0 && (binding === BIND_IMPORTED || type === dynamic.word);
    // A local thread-local variable is named by its offset in the block alone, negated where code subtracts.
    const inBlock = target - r.layout.tlsStart;
    const offset = type === dynamic.tpoffNegated ? -inBlock : inBlock;
    const amount = isTpoff && !named ? offset + addend : addend;
    push(r, place, type, named ? r.dynamicIndex[symbol] : 0, amount);
    if (!machine.rela) writeField(r.view, field, width, amount);
    return;
  }
  let value = kind === EXPRESSION_TLS_IE_ABSOLUTE ? r.at.got + r.slots.tlsIe[symbol] + addend : target + addend;
  let relative = dynamic.relative;
  if (symbol >= 0 && scan.bindings[symbol] === BIND_IFUNC && (r.symbols.flags[symbol] & FLAG_CANONICAL_PLT) === 0) {
    relative = dynamic.irelative;
    value = resolverAddress(r.sections, r.symbols, r.outputs, symbol) + addend;
  }
  const isPacked = r.packed !== undefined && r.packed[number] !== 0;
  if (!isPacked) push(r, place, relative, 0, value);
  const staysInPlace = r.addendsInPlace && relative === dynamic.relative;
  if (isPacked || !machine.rela || staysInPlace) writeField(r.view, field, width, value);
}

/** Where the resolver function of an IFUNC is, whatever references to the symbol see. */
export function resolverAddress(
  sections: SectionTable,
  symbols: SymbolTable,
  outputs: readonly OutputSection[],
  symbol: SymbolId,
): number {
  const section = symbols.section[symbol];
  const value = symbolValue(symbols, symbol);
  // --defsym and scripts give names to IFUNCs too.
  if (section === SECTION_OUTPUT) return (outputs[symbols.alias[symbol]]?.address ?? 0) + value;
  return section >= 0 ? sections.address[section] + value : value;
}

function push(r: Relocator, place: number, type: number, symbol: number, addend: number): void {
  if (!addRelocation(r.dynamic, place, type, symbol, addend)) {
    r.report(error("internal-relocation-count", {}, { counted: r.dynamic.address.length }));
  }
}
