// What an expression of a script or of --defsym is worth at one moment of the layout (binutils, ld/ldexp.c: exp_fold_tree). It
// is asked many times: while sections are measured it may have no value yet, and that is no error before the final pass.
//
//   relative   an offset in an output section
//   absolute   an address
//   number     takes on the kind of what it is combined with; a number that is assigned inside a section is an offset there
//
// Numbers that are written outside of sections count as absolute, unless the script asks for SANE_EXPR.

import { error, type Place, type Report } from "../../elf/problem.ts";
import { alignUp, binaryValue, unaryValue, wrap } from "./arithmetic.ts";
import type { Expression } from "./statements.ts";

/** In place of an output section's id. */
export const ABSOLUTE = -1;
export const NUMBER = -2;
/** Around a statement: the section has not come into being. */
export const NOWHERE = -3;

export interface Folded {
  /** 64 bits, unsigned. */
  readonly value: bigint;
  /** Id of an output section, ABSOLUTE or NUMBER. */
  readonly section: number;
}

/** DATA_SEGMENT_ALIGN and its kin (ld/ldexp.h: seg_align_type). */
export interface DataSegment {
  phase: "none" | "align-seen" | "relro-seen" | "end-seen" | "relro-adjust" | "adjust" | "done";
  base: bigint;
  relroStart: bigint;
  relroEnd: bigint;
  relroOffset: bigint;
  end: bigint;
  maxPage: bigint;
  commonPage: bigint;
  /** Which of the two this statement has called. */
  mark: "none" | "start" | "end";
}

function createDataSegment(): DataSegment {
  return {
    phase: "none",
    base: 0n,
    relroStart: 0n,
    relroEnd: 0n,
    relroOffset: 0n,
    end: 0n,
    maxPage: 0n,
    commonPage: 0n,
    mark: "none",
  };
}

/** What expressions ask about. All addresses are unsigned 64-bit numbers. */
export interface FoldEnvironment {
  readonly sane: boolean;
  readonly relro: () => boolean;
  /** A symbol's value now, relative to its output section; undefined: not defined. */
  readonly lookup: (name: string) => Folded | undefined;
  readonly defined: (name: string) => boolean;
  /** ADDR, by name: undefined: no such section; no value yet: null. */
  readonly start: (name: string) => Folded | null | undefined;
  /** LOADADDR, likewise: of a section with AT(…) that expression, which counts where it is asked for. */
  readonly loadAddress: (name: string) => bigint | Expression | null | undefined;
  readonly size: (name: string) => bigint | undefined;
  readonly alignment: (name: string) => bigint | undefined;
  readonly base: (section: number) => bigint;
  readonly origin: (region: string) => bigint | undefined;
  readonly length: (region: string) => bigint | undefined;
  readonly constant: (name: string) => bigint | undefined;
  readonly sizeofHeaders: () => bigint;
  readonly segmentStart: (name: string) => bigint | undefined;
}

/** The state of the evaluation: where it stands, and what it has found out (ld/ldexp.h: ldexp_control). */
export interface Folding {
  readonly environment: FoldEnvironment;
  readonly segment: DataSegment;
  phase: "mark" | "allocating" | "final";
  /** The output section around the statement, or ABSOLUTE. */
  section: number;
  dot: bigint;
  toDot: boolean;
  /** The value came of dot or of an address written as one: at the end it belongs to the section that dot is in. */
  fromDot: boolean;
  /** A symbol that is assigned from itself keeps its value until the final pass. */
  assigned: string | undefined;
  usesItself: boolean;
  /** Load addresses that are asked for in load addresses. */
  depth: number;
  place: Place;
  readonly report: Report;
}

/** A state that stands outside of all sections, before anything is known. */
export function createFolding(environment: FoldEnvironment, place: Place, report: Report): Folding {
  return {
    environment,
    segment: createDataSegment(),
    phase: "mark",
    section: ABSOLUTE,
    dot: 0n,
    toDot: false,
    fromDot: false,
    assigned: undefined,
    usesItself: false,
    depth: 0,
    place,
    report,
  };
}

/** @returns undefined: no value (yet). In the final phase that has been reported */
export function fold(at: Folding, expression: Expression): Folded | undefined {
  at.fromDot = false;
  return evaluate(at, expression);
}

export function makeAbsolute(at: Folding, it: Folded): Folded {
  if (it.section < 0) return { value: it.value, section: ABSOLUTE };
  return { value: wrap(it.value + at.environment.base(it.section)), section: ABSOLUTE };
}

/** The address, whatever kind it is: a number or an offset counts from the section around. */
export function addressOf(at: Folding, it: Folded): bigint {
  const section = it.section === NUMBER ? at.section : it.section;
  return section < 0 ? it.value : wrap(it.value + at.environment.base(section));
}

function evaluate(at: Folding, it: Expression): Folded | undefined {
  switch (it.kind) {
    case "number":
      return { value: wrap(it.value), section: at.section === ABSOLUTE && !at.environment.sane ? ABSOLUTE : NUMBER };
    case "symbol":
      return it.name === "." ? fromAddress(at, at.dot) : foldSymbol(at, it.name);
    case "unary": {
      const operand = evaluate(at, it.operand);
      return operand && { value: unaryValue(it.operator, operand.value), section: operand.section };
    }
    case "binary": {
      const left = evaluate(at, it.left);
      const right = evaluate(at, it.right);
      return left && right && combine(at, it.operator, left, right);
    }
    case "conditional": {
      const test = evaluate(at, it.test);
      return test && evaluate(at, test.value === 0n ? it.else : it.then);
    }
    case "call":
      return call(at, it.name, it.arguments);
  }
}

/** new_rel_from_abs */
function fromAddress(at: Folding, address: bigint): Folded {
  at.fromDot = true;
  const base = at.section < 0 ? 0n : at.environment.base(at.section);
  return { value: wrap(address - base), section: at.section };
}

function foldSymbol(at: Folding, name: string): Folded | undefined {
  if (name === at.assigned) at.usesItself = true;
  const found = at.environment.lookup(name);
  if (found === undefined) {
    if (at.phase === "final" || (at.phase !== "mark" && at.toDot))
      return problem(at, "expression-undefined-symbol", { symbol: name });
    return undefined;
  }
  if (found.section === ABSOLUTE && (at.section !== ABSOLUTE || at.environment.sane))
    return { value: found.value, section: NUMBER };
  return found;
}

const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", "<", ">", "<=", ">=", "&&", "||"]);
const CHOICES: ReadonlySet<string> = new Set(["MAX", "MIN", "ALIGN"]);

function combine(at: Folding, operator: string, left: Folded, right: Folded): Folded | undefined {
  let [first, second] = [left, right];
  let firstSection = first.section;
  let section = second.section;
  if (first.section !== second.section) {
    if (first.section !== NUMBER && second.section !== NUMBER) {
      first = makeAbsolute(at, first);
      second = makeAbsolute(at, second);
      at.fromDot = false;
      firstSection = ABSOLUTE;
      section = ABSOLUTE;
    } else if (second.section === NUMBER) {
      section = first.section;
      firstSection = NUMBER;
    }
  }
  const value = binaryValue(operator, first.value, second.value);
  if (value === undefined)
    return at.phase === "mark" ? { value: 0n, section } : problem(at, "expression-division-by-zero", { operator });
  if (COMPARISONS.has(operator)) return { value, section: NUMBER };
  if (CHOICES.has(operator) || section !== firstSection) return { value, section };
  return { value, section: at.section === ABSOLUTE && !at.environment.sane ? ABSOLUTE : NUMBER };
}

/** Functions of a name: of a section, region, constant or symbol. */
const NAMED: Readonly<Record<string, (at: Folding, name: string) => Folded | undefined>> = {
  DEFINED: (at, name) => number(at.environment.defined(name) ? 1n : 0n),
  CONSTANT: (at, name) => {
    const value = at.environment.constant(name);
    return value === undefined ? problem(at, "expression-unknown-constant", { name }) : number(value);
  },
  ADDR: (at, name) => known(at, name, at.environment.start(name)),
  LOADADDR: (at, name) => {
    const address = at.environment.loadAddress(name);
    if (typeof address === "bigint") return { value: address, section: ABSOLUTE };
    if (address === undefined || address === null) return known(at, name, address);
    return foldLoadAddress(at, address);
  },
  SIZEOF: (at, name) => measure(at, name, at.environment.size(name)),
  ALIGNOF: (at, name) => measure(at, name, at.environment.alignment(name)),
  ORIGIN: (at, name) => {
    const origin = at.environment.origin(name);
    return origin === undefined ? problem(at, "expression-unknown-region", { region: name }) : fromAddress(at, origin);
  },
  LENGTH: (at, name) => {
    const length = at.environment.length(name);
    return length === undefined ? problem(at, "expression-unknown-region", { region: name }) : number(length);
  },
};

/** More than these are taken for a ring. */
const DEEPEST_LOAD_ADDRESS = 500;

/** AT(LOADADDR(.x) + SIZEOF(.x)), as the members of an OVERLAY have it. */
function foldLoadAddress(at: Folding, address: Expression): Folded | undefined {
  if (at.depth >= DEEPEST_LOAD_ADDRESS) return undefined;
  at.depth++;
  const value = evaluate(at, address);
  at.depth--;
  at.fromDot = false;
  return value && makeAbsolute(at, value);
}

function number(value: bigint): Folded {
  return { value, section: NUMBER };
}

function known(at: Folding, section: string, it: Folded | null | undefined): Folded | undefined {
  if (it === undefined && at.phase === "final") return problem(at, "expression-unknown-section", { section });
  return it ?? undefined;
}

function measure(at: Folding, section: string, value: bigint | undefined): Folded | undefined {
  if (value === undefined && at.phase === "final") return problem(at, "expression-unknown-section", { section });
  return number(value ?? 0n);
}

function call(at: Folding, name: string, values: readonly Expression[]): Folded | undefined {
  if (name === "SIZEOF_HEADERS") return number(at.phase === "mark" ? 0n : at.environment.sizeofHeaders());
  if (Object.hasOwn(NAMED, name)) return NAMED[name](at, nameOf(values[0]));
  if (name === "SEGMENT_START") {
    const standard = values[1] && evaluate(at, values[1]);
    return standard && fromAddress(at, at.environment.segmentStart(nameOf(values[0])) ?? standard.value);
  }
  const first = values[0] && evaluate(at, values[0]);
  if (name === "ASSERT") {
    if (first !== undefined && first.value === 0n && at.phase === "final")
      at.report(error("script-assertion", at.place, { message: nameOf(values[1]) }));
    return first;
  }
  const second = values[1] && evaluate(at, values[1]);
  if (first === undefined || (values.length > 1 && second === undefined)) return undefined;
  return callValue(at, name, first, second);
}

function callValue(at: Folding, name: string, first: Folded, second: Folded | undefined): Folded | undefined {
  switch (name) {
    case "ABSOLUTE":
      at.fromDot = false;
      return makeAbsolute(at, first);
    case "LOG2CEIL":
      return number(unaryValue("LOG2CEIL", first.value));
    case "NEXT":
      at.fromDot = false;
      return { value: wrap(alignUp(at.dot, first.value)), section: ABSOLUTE };
    case "ALIGN":
    case "BLOCK":
      if (second === undefined) return fromAddress(at, wrap(alignUp(at.dot, first.value)));
      return combine(at, "ALIGN", first, second);
    case "MAX":
    case "MIN":
      return second && combine(at, name, first, second);
    case "DATA_SEGMENT_ALIGN":
      return second && segmentAlign(at, first, second);
    case "DATA_SEGMENT_RELRO_END":
      return second && relroEnd(at, first, second);
    default:
      return segmentEnd(at, first);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The data segment
// ---------------------------------------------------------------------------------------------------------------------

/** fold_segment_align */
function segmentAlign(at: Folding, { value: maxPage }: Folded, second: Folded): Folded | undefined {
  const { segment, environment, dot } = at;
  segment.mark = "start";
  if (at.section !== ABSOLUTE) return undefined;
  const commonPage = second.value;
  let value = wrap(alignUp(dot, maxPage));
  switch (segment.phase) {
    case "relro-adjust":
      value = segment.base;
      break;
    case "adjust":
      if (commonPage < maxPage) value += (dot + commonPage - 1n) & (maxPage - commonPage);
      break;
    default:
      if (!environment.relro()) value += dot & (maxPage - 1n);
      if (segment.phase === "done") break;
      if (segment.phase !== "none") return undefined;
      Object.assign(segment, { phase: "align-seen", base: wrap(value), commonPage, maxPage, relroEnd: 0n });
  }
  return { value: wrap(value), section: second.section };
}

/** fold_segment_relro_end */
function relroEnd(at: Folding, { value: offset }: Folded, end: Folded): Folded | undefined {
  const { segment } = at;
  segment.mark = "end";
  segment.relroOffset = offset;
  if (at.section !== ABSOLUTE) return undefined;
  const { phase } = segment;
  if (phase !== "align-seen" && phase !== "adjust" && phase !== "relro-adjust" && phase !== "done") return undefined;
  let { value } = end;
  if (phase === "align-seen" || phase === "relro-adjust") segment.relroEnd = wrap(value + offset);
  if (phase === "relro-adjust" && segment.relroEnd % segment.maxPage !== 0n) {
    segment.relroEnd = wrap(alignUp(segment.relroEnd, segment.maxPage));
    value = wrap(segment.relroEnd - offset);
  }
  if (phase === "align-seen") segment.phase = "relro-seen";
  return { value, section: end.section };
}

/** fold_segment_end */
function segmentEnd(at: Folding, it: Folded): Folded | undefined {
  const { segment } = at;
  if (at.section !== ABSOLUTE) return undefined;
  if (segment.phase === "align-seen" || segment.phase === "relro-seen") {
    segment.phase = "end-seen";
    segment.end = it.value;
    return it;
  }
  const isLater = segment.phase === "done" || segment.phase === "adjust" || segment.phase === "relro-adjust";
  return isLater ? it : undefined;
}

function nameOf(expression: Expression | undefined): string {
  return expression?.kind === "symbol" ? expression.name : "";
}

function problem(at: Folding, code: string, details: Readonly<Record<string, string>>): undefined {
  at.report(error(code, at.place, details));
}
