// The symbols of a layout script while it is walked: what is assigned so far, what objects define, and what expressions ask
// of sections and regions. A statement counts when it is reached: users in between see the value that is valid then.

import type { Machine } from "../../arch/index.ts";
import type { Loader } from "../inputs/loader.ts";
import { findRegion, findStatement, type OutputStatement, type Plan } from "../mapping/output-statements.ts";
import { wrap } from "../script/arithmetic.ts";
import { ABSOLUTE, addressOf, type FoldEnvironment, type Folded, type Folding, fold, NUMBER } from "../script/fold.ts";
import type { Assignment, Expression } from "../script/statements.ts";
import { type MergedSections, mergedAddress } from "../sections/merge/merged-sections.ts";
import type { ObjectDefinition } from "../symbols/script-assignments.ts";
import { SECTION_ABSOLUTE, SECTION_CHUNK, SECTION_NONE, SECTION_OUTPUT, type SymbolId } from "../tables/ids.ts";
import { findText } from "../tables/names.ts";
import type { OutputSections } from "../tables/output-section.ts";
import { FLAG_ASSIGNED, FLAG_COLLECTED, isDefinedHere, type SymbolTable } from "../tables/symbol-table.ts";
import { toBig } from "./words.ts";

export interface Assigned {
  /** An offset in an output section, or absolute. */
  readonly value: bigint;
  /** Id of an output section, or ABSOLUTE. */
  readonly section: number;
  /** In which round. */
  readonly iteration: number;
  /** Of dot's kind, and assigned outside of sections: belongs in the end to the section that dot is in. */
  readonly fromDot: boolean;
}

export interface ScriptSymbols {
  readonly environment: FoldEnvironment;
  /** There is something that becomes read-only. */
  relro: boolean;
  readonly values: Map<string, Assigned>;
  /** By output section: its size in the round before. */
  readonly previousSizes: Map<number, number>;
  /** Segments that SEGMENT_START has asked for. */
  readonly askedFor: Set<string>;
  /** Rounds over all statements. */
  iteration: number;
  readonly assign: (folding: Folding, it: Assignment) => Assigned | undefined;
  /** A PROVIDE that nobody wants does nothing at all. */
  readonly isActive: (it: Assignment) => boolean;
  /** Bytes of the ELF header and the program headers, as far as known. */
  headers: () => number;
}

export interface ScriptContext {
  readonly plan: Plan;
  readonly loader: Loader;
  readonly outputs: OutputSections;
  readonly merged: MergedSections;
  readonly machine: Machine;
  readonly segmentStart: (name: string) => number | undefined;
  readonly relro: boolean;
  /** Statements whose symbol is wanted: PROVIDE of others is never evaluated. */
  readonly isActive: (it: Assignment) => boolean;
  /** What objects define that the script assigns too. */
  readonly objects: ReadonlyMap<string, ObjectDefinition>;
}

export function createScriptSymbols(context: ScriptContext): ScriptSymbols {
  const { plan, loader, outputs, machine } = context;
  const values = new Map<string, Assigned>();
  const previousSizes = new Map<number, number>();
  const options = loader.options;
  const found = (name: string): OutputStatement | undefined => findStatement(plan, name);
  const state: ScriptSymbols = {
    values,
    relro: context.relro,
    previousSizes,
    askedFor: new Set(),
    iteration: 0,
    headers: () => 0,
    assign: (folding, it) => assign(state, context, folding, it),
    isActive: context.isActive,
    environment: {
      sane: plan.script.saneExpressions,
      relro: () => state.relro,
      lookup: (name) => values.get(name) ?? lookup(context, name),
      defined: (name) => {
        const known = values.get(name);
        if (context.objects.has(name)) return true;
        if (known !== undefined) return known.iteration === state.iteration;
        const id = findText(loader.symbols.names, name);
        return id >= 0 && isDefinedHere(loader.symbols, id) && (loader.symbols.flags[id] & FLAG_ASSIGNED) === 0;
      },
      start: (name) => {
        const statement = found(name);
        if (statement === undefined) return undefined;
        if (!statement.hasAddress || statement.output === undefined) return null;
        return { value: 0n, section: statement.output.id };
      },
      loadAddress: (name) => {
        const statement = found(name);
        if (statement === undefined) return undefined;
        if (!statement.hasLoadAddress || statement.output === undefined) return null;
        return statement.source?.loadAddress ?? toBig(statement.output.lma);
      },
      size: (name) => {
        const statement = found(name);
        if (statement === undefined) return undefined;
        const { output, hasAddress } = statement;
        if (output === undefined) return 0n;
        return BigInt(hasAddress ? output.size : (previousSizes.get(output.id) ?? 0));
      },
      alignment: (name) => {
        const statement = found(name);
        return statement && BigInt(statement.output?.alignment ?? 0);
      },
      base: (section) => toBig(outputs.list[section]?.address ?? 0),
      origin: (name) => region(plan, name, "origin"),
      length: (name) => region(plan, name, "length"),
      constant: (name) =>
        name === "MAXPAGESIZE"
          ? BigInt(options.z.maxPageSize ?? machine.maxPageSize)
          : name === "COMMONPAGESIZE"
            ? BigInt(options.z.commonPageSize ?? machine.commonPageSize)
            : undefined,
      sizeofHeaders: () => BigInt(state.headers()),
      segmentStart: (name) => {
        const given = context.segmentStart(name);
        if (given !== undefined) state.askedFor.add(name);
        return given === undefined ? undefined : toBig(given);
      },
    },
  };
  return state;
}

function region(plan: Plan, name: string, what: "origin" | "length"): bigint | undefined {
  const found = findRegion(plan, name);
  return found && toBig(found[what]);
}

/** @returns what the symbol is now; undefined if nothing was assigned */
function assign(state: ScriptSymbols, context: ScriptContext, folding: Folding, it: Assignment): Assigned | undefined {
  if (!context.isActive(it)) return undefined;
  const { values } = state;
  folding.place = it.place;
  folding.assigned = it.symbol;
  folding.usesItself = false;
  let value: Folded | undefined = fold(folding, it.value);
  folding.assigned = undefined;
  // From itself: only in the end, or it would grow with every round.
  if (folding.usesItself && folding.phase !== "final") return values.get(it.symbol);
  if (value === undefined) {
    if (folding.usesItself) return undefined;
    if (values.has(it.symbol)) return values.get(it.symbol);
    value = { value: 0n, section: NUMBER };
  }
  const section = value.section === NUMBER ? folding.section : value.section;
  const fromDot = folding.fromDot && section === ABSOLUTE;
  const assigned = { value: value.value, section, iteration: state.iteration, fromDot };
  values.set(it.symbol, assigned);
  return assigned;
}

/** A symbol that no statement has assigned yet. */
function lookup({ loader, outputs, merged, plan, objects }: ScriptContext, name: string): Folded | undefined {
  const { symbols, sections } = loader;
  const id = findText(symbols.names, name);
  if (id < 0 || !isDefinedHere(symbols, id)) return undefined;
  const isAssigned = (symbols.flags[id] & FLAG_ASSIGNED) !== 0;
  if (isAssigned && !objects.has(name)) return undefined;
  const it = objects.get(name) ?? definitionOf(symbols, id);
  const { section } = it;
  // A common symbol that --gc-sections removed has no section any more.
  if (section === SECTION_NONE && (symbols.flags[id] & FLAG_COLLECTED) !== 0) return { value: 0n, section: ABSOLUTE };
  const offset = it.valueHigh * 0x100000000 + (it.valueLow >>> 0);
  if (section === SECTION_ABSOLUTE)
    return { value: wrap((BigInt(it.valueHigh) << 32n) | BigInt(it.valueLow >>> 0)), section: ABSOLUTE };
  if (section >= 0) {
    const output = sections.output[section];
    // Removed by --gc-sections or discarded: as if it stood at 0.
    if (output < 0) return { value: toBig(offset), section: ABSOLUTE };
    return { value: toBig(mergedAddress(merged, sections, section, offset)), section: output };
  }
  if (section === SECTION_CHUNK) {
    const chunk = outputs.chunks[it.alias];
    return { value: toBig(chunk.address + offset), section: chunk.output?.id ?? ABSOLUTE };
  }
  if (section !== SECTION_OUTPUT) return undefined;
  const boundary = /^__(start|stop)_(.*)$/.exec(name);
  const output = boundary && plan.byName.get(boundary[2])?.find((it) => it.output !== undefined)?.output;
  if (!output) return { value: 0n, section: ABSOLUTE };
  return { value: boundary[1] === "start" ? 0n : BigInt(output.size), section: output.id };
}

function definitionOf({ section, alias, valueLow, valueHigh }: SymbolTable, id: SymbolId): ObjectDefinition {
  return { section: section[id], alias: alias[id], valueLow: valueLow[id], valueHigh: valueHigh[id] };
}

/** Origins and lengths of MEMORY, when all symbols have been seen once. @returns false: it has no value */
export function settleRegion(folding: Folding, expression: Expression): number | undefined {
  folding.section = ABSOLUTE;
  folding.dot = 0n;
  const value = fold(folding, expression);
  return value === undefined ? undefined : Number(BigInt.asIntN(64, addressOf(folding, value)));
}
