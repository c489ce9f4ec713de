// Loads from the GOT that can have the address in themselves. The scan asks, so that no slot is made; the sweep and
// --emit-relocs ask again and must be told the same. How instructions are rewritten is the machine's (arch/*/relax.ts).

import { type Machine, RELAX_NONE } from "../../arch/index.ts";
import type { LinkOptions } from "../options.ts";
import { BIND_ABSOLUTE, BIND_ZERO, isConstant, mayRelaxGotLoad } from "../symbols/bind.ts";
import { SECTION_ABSOLUTE, SECTION_CHUNK, type SymbolId } from "../tables/ids.ts";
import type { OutputMode } from "../tables/mode.ts";
import type { Chunk } from "../tables/output-section.ts";
import type { SectionTable } from "../tables/section-table.ts";
import { isUndefinedStrong, type SymbolTable, symbolValue } from "../tables/symbol-table.ts";

/** What the answer depends on, beside the instruction. */
export interface GotLoadFacts {
  readonly machine: Machine;
  readonly mode: OutputMode;
  readonly options: LinkOptions;
  readonly sections: SectionTable;
  readonly symbols: SymbolTable;
  readonly chunks: readonly Chunk[];
}

/**
 * Parameters as for `Machine.relaxGotLoad`.
 * @param symbol -1: unknown  @param binding BIND_*
 * @returns RELAX_NONE: it stays a load, from a slot
 */
export function gotLoadRelaxation(
  facts: GotLoadFacts,
  symbol: SymbolId,
  binding: number,
  code: Uint8Array,
  at: number,
  addend: number,
  type: number,
): number {
  if (symbol < 0 || !mayRelaxGotLoad(binding) || isFar(facts, symbol)) return RELAX_NONE;
  // What is missing, and ignored, keeps its slot.
  if (isUndefinedStrong(facts.symbols, symbol)) return RELAX_NONE;
  const { machine, mode, symbols, options } = facts;
  const isNumber = mode.pic && binding === BIND_ABSOLUTE;
  if (machine.keepsGotLoad(code, at, options.relax, binding === BIND_ZERO, isNumber)) return RELAX_NONE;
  const relaxation = machine.relaxGotLoad(code, at, addend, type, mode.pic, isConstant(binding));
  if (relaxation === RELAX_NONE || binding === BIND_ZERO || symbols.section[symbol] !== SECTION_ABSOLUTE) {
    return relaxation;
  }
  // A number as address may be any; where it stands to the code is not known yet, but code stands low.
  return machine.relaxedLoadHolds(code, at, relaxation, symbolValue(symbols, symbol)) ? relaxation : RELAX_NONE;
}

/** In a section of the large model: further away than an instruction reaches (psABI, "Large code model"). */
function isFar({ machine, sections, symbols, chunks }: GotLoadFacts, symbol: SymbolId): boolean {
  const section = symbols.section[symbol];
  if (section >= 0) return (sections.flags[section] & machine.largeFlag) !== 0;
  if (section !== SECTION_CHUNK) return false;
  return ((chunks[symbols.alias[symbol]]?.output?.flags ?? 0) & machine.largeFlag) !== 0;
}
