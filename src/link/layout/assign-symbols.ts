// The final pass over a layout script: sections stand still, symbols and data get their values, and only now it is an error
// if an expression has none or an ASSERT does not hold (binutils, ld/ldlang.c: lang_do_assignments; ld/ldexp.c:
// ldexp_finalize_syms). What is assigned from dot outside of sections belongs to the section that dot is in.

import { error } from "../../elf/problem.ts";
import { isTbssFlags, SEC_ALLOC, SEC_CODE, SEC_LOAD, SEC_READONLY, SEC_THREAD_LOCAL } from "../mapping/bfd-flags.ts";
import type { BodyEntry, ListStatement, OutputStatement } from "../mapping/output-statements.ts";
import { ABSOLUTE, addressOf, fold, NOWHERE } from "../script/fold.ts";
import type { AssertStatement, DataStatement } from "../script/statements.ts";
import type { OutputSection } from "../tables/output-section.ts";
import { assign, type Walk } from "./walk-state.ts";
import { isBelow, toBig, toNumber } from "./words.ts";

/** A symbol's last value: an offset in an output section, or absolute. */
export interface FinalValue {
  readonly value: bigint;
  readonly section: OutputSection | undefined;
}

interface Finishing {
  readonly walk: Walk;
  /** All sections in the order of the list, those that were left out too. */
  readonly full: readonly OutputSection[];
  /** The section that dot is in, or was in last. */
  current: OutputSection | undefined;
  /** Dot was moved since. */
  prefersNext: boolean;
  seenEnd: boolean;
  readonly values: Map<string, FinalValue>;
}

/** Errors: those of fold.ts; `script-assertion`. */
export function assignSymbols(walk: Walk, full: readonly OutputSection[]): ReadonlyMap<string, FinalValue> {
  const { plan, folding, symbols } = walk;
  folding.phase = "final";
  symbols.iteration++;
  const finishing: Finishing = {
    walk,
    full,
    current: undefined,
    prefersNext: false,
    seenEnd: false,
    values: new Map(),
  };
  let dot = 0;
  for (const [i, it] of plan.statements.entries()) {
    if (it.kind === "output") dot = finishSection(finishing, it, dot);
    else if (it.kind === "assert") check(finishing, it, ABSOLUTE, dot);
    else {
      const { symbol } = it.assignment;
      if (symbol === ".") finishing.prefersNext = true;
      if (/^_*end$/.test(symbol)) finishing.seenEnd = true;
      if (symbol === ".") {
        dot = assign(walk, it.assignment, ABSOLUTE, dot);
        plan.values.set(it.assignment, toBig(dot));
      } else setSymbol(finishing, it, i, ABSOLUTE, dot);
    }
  }
  return finishing.values;
}

function check({ walk }: Finishing, it: AssertStatement, section: number, dot: number): void {
  const { folding } = walk;
  folding.section = section;
  folding.dot = toBig(dot);
  folding.place = it.place;
  const value = fold(folding, it.test);
  if (value !== undefined) walk.plan.values.set(it, value.value);
  if (value !== undefined && value.value === 0n)
    folding.report(error("script-assertion", it.place, { message: it.message }));
}

function setSymbol(
  finishing: Finishing,
  it: Extract<ListStatement, { kind: "assign" }>,
  index: number,
  section: number,
  dot: number,
): void {
  const { walk } = finishing;
  const { folding, symbols, outputs } = walk;
  folding.section = section;
  folding.dot = toBig(dot);
  const assigned = symbols.assign(folding, it.assignment);
  if (assigned === undefined) return;
  walk.plan.values.set(it.assignment, addressOf(folding, assigned));
  const { symbol } = it.assignment;
  if (assigned.section >= 0) {
    finishing.values.set(symbol, { value: assigned.value, section: outputs.list[assigned.section] });
    return;
  }
  const home = assigned.fromDot ? sectionForDot(finishing, index) : undefined;
  const value = home === undefined ? assigned.value : toBig(toNumber(assigned.value) - home.address);
  finishing.values.set(symbol, { value, section: home });
}

/** section_for_dot: the section before, or the next one where dot has been moved in between. */
function sectionForDot(
  { walk, full, current, prefersNext, ...at }: Finishing,
  index: number,
): OutputSection | undefined {
  const { plan } = walk;
  const isHome = (it: OutputSection): boolean => (it.sec & SEC_ALLOC) !== 0 && (it.sec & SEC_THREAD_LOCAL) === 0;
  if (current === undefined || prefersNext) {
    const following = plan.statements.slice(index + 1).find((it): it is OutputStatement => it.kind === "output");
    const from = following === undefined ? plan.outputs.length : plan.outputs.indexOf(following);
    let found = plan.outputs[from];
    let isAfterEnd = at.seenEnd;
    for (let i = from; i < plan.outputs.length; i++) {
      found = plan.outputs[i];
      isAfterEnd = at.seenEnd;
      if (isAfterEnd || (found.output !== undefined && !found.output.removed)) break;
    }
    const isFound = found !== undefined && (isAfterEnd || (found.output !== undefined && !found.output.removed));
    if (current === undefined || !isFound || !isAfterEnd) {
      const start = isFound && found.output !== undefined ? plan.list.indexOf(found.output) : plan.list.length - 1;
      for (let i = start; i >= 0; i--) if (isHome(plan.list[i])) return plan.list[i];
      return undefined;
    }
  }
  for (let i = full.indexOf(current); i >= 0; i--) if (!full[i].removed && isHome(full[i])) return full[i];
  return plan.list.find(isHome);
}

function finishSection(finishing: Finishing, statement: OutputStatement, before: number): number {
  const { output } = statement;
  statement.afterEnd = finishing.seenEnd;
  if (statement.failed) {
    // Its data are nowhere, but dot has gone past them for the symbols that follow (lang_do_assignments_1).
    let dot = before;
    for (const { statement: it } of statement.body) {
      if (it?.kind === "assign" && it.assignment.symbol !== ".") {
        if (/^_*end$/.test(it.assignment.symbol)) finishing.seenEnd = true;
        setSymbol(finishing, it, -1, NOWHERE, dot);
      } else if (it?.kind === "data") dot += it.size;
    }
    return dot;
  }
  let dot = before;
  if (output !== undefined) {
    if (!statement.ignored && (output.sec & SEC_ALLOC) !== 0) {
      finishing.current = output;
      finishing.prefersNext = false;
    }
    dot = output.address;
  }
  let from = 0;
  for (const [i, entry] of statement.body.entries()) {
    const to = output?.rankEnds[i] ?? from;
    dot = finishEntry(finishing, entry, output, dot, from, to);
    from = Math.max(from, to);
  }
  if (statement.ignored) return before;
  if (output === undefined) return dot;
  dot = output.address + (isTbssFlags(output.sec) && !finishing.walk.options.relocatable ? 0 : output.size);
  const { folding } = finishing.walk;
  const after = statement.source?.overlay?.dotAfter;
  if (after === undefined) return dot;
  folding.section = ABSOLUTE;
  folding.dot = toBig(dot);
  const value = fold(folding, after);
  return value === undefined ? dot : toNumber(addressOf(folding, value));
}

function finishEntry(
  finishing: Finishing,
  entry: BodyEntry,
  output: OutputSection | undefined,
  dot: number,
  from: number,
  to: number,
): number {
  const { walk } = finishing;
  const { statement: it } = entry;
  const section = output?.id ?? ABSOLUTE;
  if (it?.kind === "assert") check(finishing, it, section, dot);
  if (it?.kind === "assign") {
    if (it.assignment.symbol === ".") {
      const moved = walk.dots.get(entry) ?? dot;
      walk.plan.values.set(it.assignment, toBig(moved));
      return moved;
    }
    if (/^_*end$/.test(it.assignment.symbol)) finishing.seenEnd = true;
    setSymbol(finishing, it, -1, section, dot);
  }
  if (it?.kind === "data" && entry.data !== undefined) setData(walk, it, entry.data.bytes, dot);
  if (output === undefined || to <= from) return dot;
  const last = output.pieces[to - 1];
  const { sections, outputs } = walk;
  if (last >= 0) return output.address + sections.address[last] + sections.size[last];
  const chunk = outputs.chunks[~last];
  return output.address + chunk.address + chunk.size;
}

/** The value's address, whatever its kind: no relocation is made. Error: `script-data-value`. */
function setData({ folding, plan }: Walk, it: DataStatement, bytes: Uint8Array, dot: number): void {
  folding.section = ABSOLUTE;
  folding.dot = toBig(dot);
  folding.place = it.place;
  const value = fold(folding, it.value);
  if (value === undefined) {
    folding.report(error("script-data-value", it.place, {}));
    return;
  }
  let rest = addressOf(folding, value);
  plan.values.set(it, rest);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}

/**
 * In which section a symbol of one counts that is left out because it is empty (bfd/linker.c: _bfd_nearby_section).
 * @returns undefined: none, the symbol is absolute
 */
export function nearbySection(
  full: readonly OutputSection[],
  section: OutputSection,
  address: number,
): OutputSection | undefined {
  const at = full.indexOf(section);
  const previous = nearest(full, at, -1);
  const next = nearest(full, at, 1);
  if (previous === undefined || next === undefined) return previous ?? next;
  const differ = previous.sec ^ next.sec;
  const nextDiffers = next.sec ^ section.sec;
  if ((differ & (SEC_ALLOC | SEC_THREAD_LOCAL | SEC_LOAD)) !== 0) {
    const isWorse = (previous.sec & SEC_LOAD) !== 0 && (next.sec & SEC_LOAD) === 0;
    return (nextDiffers & (SEC_ALLOC | SEC_THREAD_LOCAL)) !== 0 || isWorse ? previous : next;
  }
  if ((differ & SEC_READONLY) !== 0) return (nextDiffers & SEC_READONLY) !== 0 ? previous : next;
  if ((differ & SEC_CODE) !== 0) return (nextDiffers & SEC_CODE) !== 0 ? previous : next;
  return isBelow(address, next.address) ? previous : next;
}

function nearest(full: readonly OutputSection[], from: number, step: 1 | -1): OutputSection | undefined {
  for (let i = from + step; i >= 0 && i < full.length; i += step) if (!full[i].removed) return full[i];
  return undefined;
}
