// The state of a walk through a layout script's statements, and what assignments and ASSERTs do to it (binutils, ld/ldlang.c:
// lang_size_sections_1).

import { error, type Problem, type Report } from "../../elf/problem.ts";
import type { BodyEntry, Plan } from "../mapping/output-statements.ts";
import { ABSOLUTE, addressOf, createFolding, type Folding, fold, makeAbsolute } from "../script/fold.ts";
import type { Assignment, Expression } from "../script/statements.ts";
import type { OutputSection, OutputSections } from "../tables/output-section.ts";
import type { SectionTable } from "../tables/section-table.ts";
import { createRoaming, type Roaming } from "./roaming.ts";
import type { ScriptSymbols } from "./script-symbols.ts";
import { isBelow, toBig, toNumber } from "./words.ts";

export interface WalkOptions {
  readonly relro: boolean;
  readonly checkSections: boolean;
  /** -r: nothing has to be in a region. */
  readonly relocatable: boolean;
  readonly warnSectionAlign: boolean;
  readonly sectionStart: ReadonlyMap<string, number>;
  readonly commonPageSize: number;
}

export interface Walk {
  readonly plan: Plan;
  readonly outputs: OutputSections;
  readonly sections: SectionTable;
  readonly symbols: ScriptSymbols;
  readonly folding: Folding;
  readonly options: WalkOptions;
  dot: number;
  /** How often addresses have been given out. */
  iteration: number;
  /** What the pass at hand has to say: only the last one counts. */
  said: Problem[];
  /** Of the RELRO part; undefined: none. */
  relro: { start: number; end: number } | undefined;
  /** Dot behind each assignment to it in a section. */
  readonly dots: Map<BodyEntry, number>;
  /** Segments that SEGMENT_START has asked for: options for them are no section's address any more. */
  readonly askedFor: Set<string>;
  /** --enable-non-contiguous-regions */
  readonly roaming: Roaming | undefined;
  /** What has been measured, for a round that finds it in the same place: by output section and first piece. */
  readonly measured: Map<OutputSection, Measured[]>;
  /** A fatal error: nothing more is looked at. */
  failed: boolean;
}

/** A run of pieces, and where it stood when it was measured. Its pieces' offsets are written down. */
interface Measured {
  readonly from: number;
  readonly to: number;
  /** Where dot was before it and behind it, counted from the section's start. */
  readonly at: number;
  readonly end: number;
  /** The section's start, modulo its alignment. */
  readonly phase: number;
  /** The section's size when its last piece was placed. */
  readonly size: number;
}

export function createWalk(
  plan: Plan,
  outputs: OutputSections,
  sections: SectionTable,
  symbols: ScriptSymbols,
  options: WalkOptions,
  report: Report,
): Walk {
  return {
    plan,
    outputs,
    sections,
    symbols,
    folding: createFolding(symbols.environment, {}, once(report)),
    options,
    dot: 0,
    iteration: 0,
    said: [],
    relro: undefined,
    dots: new Map(),
    askedFor: symbols.askedFor,
    roaming: createRoaming(plan, sections),
    measured: new Map(),
    failed: false,
  };
}

/** The same is wrong in every pass. */
function once(report: Report): Report {
  const said = new Set<string>();
  return (problem) => {
    const key = JSON.stringify([problem.code, problem.place, problem.details]);
    if (!said.has(key)) report(problem);
    said.add(key);
  };
}

/** An ASSERT is looked at for what it says of sections and symbols; whether it holds is asked in the end. */
export function check({ folding }: Walk, test: Expression, section: number, dot: number): void {
  folding.section = section;
  folding.dot = toBig(dot);
  fold(folding, test);
}

/** @returns dot behind the statement. Errors: `script-dot-backwards`, `script-dot-value` */
export function assign(walk: Walk, it: Assignment, section: number, dot: number): number {
  const { folding, symbols } = walk;
  folding.section = section;
  folding.dot = toBig(dot);
  folding.place = it.place;
  if (it.symbol !== ".") {
    symbols.assign(folding, it);
    return dot;
  }
  folding.toDot = true;
  const value = fold(folding, it.value);
  folding.toDot = false;
  if (value === undefined) {
    if (folding.phase !== "mark") fail(walk, error("script-dot-value", it.place, {}));
    return dot;
  }
  const next = toNumber(addressOf(folding, value));
  if (section !== ABSOLUTE && isBelow(next, dot)) {
    fail(walk, error("script-dot-backwards", it.place, { from: hex(dot), to: hex(next) }));
    return dot;
  }
  return next;
}

export function fail(walk: Walk, problem: Problem): void {
  if (!walk.failed) walk.folding.report(problem);
  walk.failed = true;
}

export function hex(value: number): string {
  return toBig(value).toString(16);
}

/** exp_get_power, exp_get_vma: a number that may depend on symbols. Dot is 0. */
export function numberOf(walk: Walk, it: Expression | undefined): number | undefined {
  if (it === undefined) return undefined;
  const { folding } = walk;
  folding.section = ABSOLUTE;
  folding.dot = 0n;
  const value = fold(folding, it);
  if (value === undefined) return undefined;
  const number = toNumber(makeAbsolute(folding, value).value);
  // The next power of two.
  return number <= 1 ? 1 : 2 ** Math.ceil(Math.log2(number));
}
