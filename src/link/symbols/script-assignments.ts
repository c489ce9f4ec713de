// Which symbols a layout script defines, before references are bound: plain assignments always, PROVIDE where somebody wants
// the symbol, an object or another expression that is evaluated. Their values come with the layout.

import { STV_HIDDEN } from "../../elf/constants.ts";
import type { Plan } from "../mapping/output-statements.ts";
import { isOfDefaultScript } from "../script/default-script.ts";
import type { Assignment, BodyStatement, Expression, LayoutScript, SectionStatement } from "../script/statements.ts";
import { kindOf, symbolsIn } from "../script/symbols-in.ts";
import { SECTION_ABSOLUTE, SECTION_CHUNK, SECTION_OUTPUT, type SymbolId } from "../tables/ids.ts";
import { findText } from "../tables/names.ts";
import { mergeVisibility, type ResolutionRecord, RULE_LINKER } from "../tables/resolve.ts";
import {
  FLAG_ASSIGNED,
  FLAG_COLLECTED,
  FLAG_DEF_DYNAMIC,
  FLAG_FORCED_LOCAL,
  FLAG_HIDDEN_VERSION,
  FLAG_LINKER_DEFINED,
  FLAG_REF_DYNAMIC,
  FLAG_REF_REGULAR,
  FLAG_REQUIRED,
  FLAG_SYMVER,
  isDefinedHere,
  isShared,
  isUndefined,
  KIND_COMMON,
  type SymbolTable,
  symbolNamed,
} from "../tables/symbol-table.ts";
import { type AssignedVersions, copyType, makeAssigned, setNumber } from "./assignments.ts";

/** What an object says of a symbol that the script assigns from it. */
export interface ObjectDefinition {
  readonly section: number;
  readonly alias: number;
  readonly valueLow: number;
  readonly valueHigh: number;
}

export interface ScriptAssignments {
  /** Statements whose symbol is wanted. */
  readonly active: ReadonlySet<Assignment>;
  /** What objects and the command line define, whatever the script makes of it. */
  readonly objects: ReadonlyMap<string, ObjectDefinition>;
  /** Symbols that are what a common symbol is. */
  readonly likeCommons: ReadonlyMap<SymbolId, SymbolId>;
}

/** @param inside it stands in a section's braces */
interface Place {
  readonly assignment: Assignment;
  readonly inside: boolean;
  /** Its section has not come into being. */
  readonly isNowhere: boolean;
  /** And nothing else says where the value belongs. */
  readonly isLost: boolean;
}

export function prepareScriptAssignments(
  symbols: SymbolTable,
  plan: Plan,
  versions: AssignedVersions,
  record: ResolutionRecord,
): ScriptAssignments {
  const all: Place[] = [];
  const failed = new Set(plan.outputs.flatMap(({ failed: isFailed, source }) => (isFailed ? [source] : [])));
  const wanted = new Set(evaluated(plan.script, failed).flatMap(symbolsIn));
  for (const it of plan.script.statements) {
    if (it.kind === "assign") all.push({ assignment: it.assignment, inside: false, isNowhere: false, isLost: false });
    if (it.kind !== "section") continue;
    const isNowhere = failed.has(it);
    for (const one of it.body) {
      if (one.kind !== "assign") continue;
      const isLost = isNowhere && kindOf(one.assignment.value) === "number";
      all.push({ assignment: one.assignment, inside: true, isNowhere, isLost });
    }
  }
  const active = new Set<Assignment>();
  const assigned = new Set<string>();
  const take = ({ assignment }: Place): void => {
    active.add(assignment);
    assigned.add(assignment.symbol);
    for (const name of symbolsIn(assignment.value)) wanted.add(name);
  };
  for (const it of all) if (!it.assignment.provide && !it.isLost) take(it);
  for (let again = true; again; ) {
    again = false;
    for (const it of all) {
      const { symbol } = it.assignment;
      if (it.isLost || active.has(it.assignment) || assigned.has(symbol) || !isWanted(symbols, symbol, wanted))
        continue;
      take(it);
      again = true;
    }
  }
  for (const { assignment, isNowhere } of all) if (!isNowhere) hideUnasked(symbols, assignment, active);
  for (const { assignment, isLost } of all)
    if (isLost && !assigned.has(assignment.symbol)) forget(symbols, assignment.symbol);
  const objects = enterSymbols(symbols, all, active, versions, record);
  const likeCommons = new Map<SymbolId, SymbolId>();
  const spaces = new Set([...plan.commons.values()].flatMap((made) => made.map(({ chunk }) => chunk.id)));
  const isCommon = (id: SymbolId): boolean =>
    symbols.kind[id] === KIND_COMMON || (symbols.section[id] === SECTION_CHUNK && spaces.has(symbols.alias[id]));
  for (const { assignment } of all) {
    if (!active.has(assignment) || assignment.symbol === ".") continue;
    const id = symbolNamed(symbols, assignment.symbol);
    const common = copyType(symbols, id, assignment.value, isCommon);
    if (common >= 0) likeCommons.set(id, common);
  }
  return { active, objects, likeCommons };
}

/**
 * What is assigned from a common symbol is for those who see that symbol; but it has been bound, and exported, before the common
 * symbol had a place to be taken (ld/ldlang.c, lang_process: lang_mark_phase_enum comes before lang_common).
 */
export function narrowLikeCommons(symbols: SymbolTable, { likeCommons }: ScriptAssignments): void {
  for (const [id, common] of likeCommons) mergeVisibility(symbols, id, symbols.visibility[common]);
}

/**
 * The expressions of a script that are no assignments: what they name PROVIDE defines too, as ld enters an undefined reference
 * for each symbol that it looks at (ld/ldexp.c, fold_name). Those of PHDRS come too late for that.
 */
function evaluated(
  { statements, memory }: LayoutScript,
  failed: ReadonlySet<SectionStatement | undefined>,
): Expression[] {
  const all = [
    ...memory.flatMap(({ origin, length }) => [origin, length]),
    ...statements.flatMap((it) => {
      if (it.kind === "assert") return [it.test];
      if (it.kind !== "section") return [];
      const { address, loadAddress, align, subalign } = it;
      const head = failed.has(it) ? [] : [address, loadAddress, align, subalign];
      return [...head, ...it.body.map(valueIn)];
    }),
  ];
  return all.filter((it) => it !== undefined);
}

function valueIn(it: BodyStatement): Expression | undefined {
  if (it.kind === "assert") return it.test;
  return it.kind === "data" ? it.value : undefined;
}

/** What only a section that is not there would have defined is no symbol. */
function forget(symbols: SymbolTable, name: string): void {
  const id = symbolNamed(symbols, name);
  if ((symbols.flags[id] & FLAG_ASSIGNED) !== 0 && symbols.owner[id] < 0) symbols.flags[id] |= FLAG_COLLECTED;
}

/**
 * PROVIDE_HIDDEN hides a symbol even if it does not define it (ld/ldelf.c: ldelf_find_exp_assignment asks for all alike, but in
 * sections that are not there).
 */
function hideUnasked(symbols: SymbolTable, it: Assignment, active: ReadonlySet<Assignment>): void {
  if (!it.hidden || active.has(it)) return;
  const id = findText(symbols.names, it.symbol);
  if (id < 0 || (!isDefinedHere(symbols, id) && symbols.kind[id] !== KIND_COMMON)) return;
  symbols.visibility[id] = STV_HIDDEN;
  symbols.flags[id] |= FLAG_FORCED_LOCAL;
}

function isWanted(symbols: SymbolTable, name: string, wanted: ReadonlySet<string>): boolean {
  const id = findText(symbols.names, name);
  if (id < 0) return wanted.has(name);
  if (!isUndefined(symbols, id) && !isShared(symbols, id)) return false;
  const mask = FLAG_REF_REGULAR | FLAG_REF_DYNAMIC | FLAG_DEF_DYNAMIC | FLAG_REQUIRED;
  return wanted.has(name) || (symbols.flags[id] & mask) !== 0;
}

function enterSymbols(
  symbols: SymbolTable,
  all: readonly Place[],
  active: ReadonlySet<Assignment>,
  versions: AssignedVersions,
  record: ResolutionRecord,
): Map<string, ObjectDefinition> {
  const objects = new Map<string, ObjectDefinition>();
  const entered = new Set<SymbolId>();
  for (const { assignment, inside } of all) {
    const { symbol, value, hidden } = assignment;
    if (symbol === "." || !active.has(assignment)) continue;
    const id = symbolNamed(symbols, symbol);
    if (!entered.has(id) && isOfObject(symbols, id)) {
      const { section, alias, valueLow, valueHigh } = symbols;
      objects.set(symbol, {
        section: section[id],
        alias: alias[id],
        valueLow: valueLow[id],
        valueHigh: valueHigh[id],
      });
    }
    entered.add(id);
    makeAssigned(symbols, id, hidden, versions, record);
    if (isOfDefaultScript(assignment.place)) {
      symbols.rule[id] = RULE_LINKER;
      symbols.flags[id] |= FLAG_LINKER_DEFINED;
    }
    if (hidden) symbols.flags[id] |= FLAG_FORCED_LOCAL;
    const isNumber = !inside && isConstant(symbols, value);
    symbols.section[id] = isNumber ? SECTION_ABSOLUTE : SECTION_OUTPUT;
    symbols.alias[id] = 0;
    if (isNumber) setNumber(symbols, id, assignment);
  }
  return objects;
}

/**
 * Does an object define it by this very name? Of `foo@@V` foo is another name, and an assignment makes it one of its own, which had no
 * value before (bfd/elflink.c, bfd_elf_record_link_assignment: bfd_link_hash_indirect).
 */
function isOfObject(symbols: SymbolTable, id: SymbolId): boolean {
  if (!isDefinedHere(symbols, id) || symbols.owner[id] < 0) return false;
  return (symbols.flags[id] & (FLAG_SYMVER | FLAG_HIDDEN_VERSION)) !== FLAG_SYMVER;
}

/** The same number wherever sections are. */
function isConstant(symbols: SymbolTable, it: Expression): boolean {
  switch (it.kind) {
    case "number":
      return true;
    case "symbol": {
      const id = it.name === "." ? -1 : findText(symbols.names, it.name);
      return id >= 0 && isDefinedHere(symbols, id) && symbols.section[id] === SECTION_ABSOLUTE;
    }
    case "unary":
      return isConstant(symbols, it.operand);
    case "binary":
      return isConstant(symbols, it.left) && isConstant(symbols, it.right);
    case "conditional":
      return isConstant(symbols, it.then) && isConstant(symbols, it.else);
    case "call":
      if (/^(ABSOLUTE|LOADADDR|NEXT|SIZEOF|SIZEOF_HEADERS|ALIGNOF|LENGTH|CONSTANT|DEFINED)$/.test(it.name)) return true;
      if (/^(ADDR|ORIGIN|SEGMENT_START|DATA_SEGMENT_.*)$/.test(it.name)) return false;
      if ((it.name === "ALIGN" || it.name === "BLOCK") && it.arguments.length === 1) return false;
      return it.arguments.every((one) => isConstant(symbols, one));
  }
}
