// What an expression is worth when the layout is known. ld has three kinds of values, and which kind comes out decides
// whether the symbol moves with its section or is absolute:
//
//   relative   an offset in an output section: a symbol of an object, ADDR(.text)
//   absolute   an address or a number that was written down; what arithmetic on two of these, or on two symbols, gives
//   plain      a number that takes on the kind of what it is combined with: SIZEOF, CONSTANT, DEFINED, comparisons
//
// So `foo+4` is absolute but `foo+SIZEOF(.x)` stays in foo's section. Unary operators and conditions look at the offset
// alone. This is ld/ldexp.c for assignments outside of SECTIONS, held to GNU ld 2.40 by a test.

import { error, type Place, type Report } from "../../elf/problem.ts";
import { alignUp, binaryValue, unaryValue, wrap } from "./arithmetic.ts";
import type { Expression } from "./statements.ts";

export interface Value {
  /** 64 bits, unsigned: an offset in the section, or the absolute value. */
  readonly value: bigint;
  /** Output section, or undefined when absolute. */
  readonly section: number | undefined;
}

/** What expressions can ask. Sections are output sections, by the numbers that `section` gives out. */
export interface ExpressionContext {
  /** A defined symbol's value; undefined if it is not defined. */
  readonly lookup: (symbol: string) => Value | undefined;
  /** DEFINED: a definition or a common symbol. */
  readonly defined: (symbol: string) => boolean;
  readonly section: (name: string) => number | undefined;
  readonly address: (section: number) => bigint;
  readonly size: (section: number) => bigint;
  readonly alignment: (section: number) => bigint;
  /** MAXPAGESIZE or COMMONPAGESIZE. */
  readonly constant: (name: string) => bigint | undefined;
  /** Bytes of the ELF header and the program headers. */
  readonly sizeofHeaders: () => bigint;
  /** The address that `.` stands for; undefined where it has none. */
  readonly dot: () => bigint | undefined;
  /** The address that an option gave to a segment (`text-segment`), for SEGMENT_START. */
  readonly segmentStart: (name: string) => bigint | undefined;
}

const ABSOLUTE = -1;
const PLAIN = -2;

interface Operand {
  readonly value: bigint;
  /** Section number, ABSOLUTE or PLAIN. */
  readonly section: number;
}

interface Evaluation {
  readonly context: ExpressionContext;
  readonly place: Place;
  readonly report: Report;
}

/**
 * Evaluates an expression. Undefined symbols and sections, divisions by zero and failed assertions are problems.
 * @param place where the expression stands, for the problems
 * @returns undefined if it has no value
 */
export function evaluateExpression(
  expression: Expression,
  place: Place,
  context: ExpressionContext,
  report: Report,
): Value | undefined {
  const result = evaluate({ context, place, report }, expression);
  return result && { value: result.value, section: result.section >= 0 ? result.section : undefined };
}

/** The symbols whose values the expression uses, each once: ld makes them undefined references, which archives satisfy. */
export function symbolsIn(expression: Expression): string[] {
  const symbols = new Set<string>();
  collectSymbols(expression, symbols);
  return [...symbols];
}

function collectSymbols(expression: Expression, symbols: Set<string>): void {
  if (expression.kind === "symbol" && expression.name !== ".") symbols.add(expression.name);
  for (const part of partsOf(expression)) collectSymbols(part, symbols);
}

/** The expressions in an expression, without the arguments that are only names. */
function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "number":
    case "symbol":
      return [];
    case "unary":
      return [expression.operand];
    case "binary":
      return [expression.left, expression.right];
    case "conditional":
      return [expression.test, expression.then, expression.else];
    case "call":
      if (Object.hasOwn(NAME_CALLS, expression.name)) return [];
      return expression.arguments.filter((_, index) => index !== NAME_ARGUMENTS[expression.name]);
  }
}

function evaluate(at: Evaluation, expression: Expression): Operand | undefined {
  switch (expression.kind) {
    case "number":
      return { value: expression.value, section: ABSOLUTE };
    case "symbol":
      return evaluateSymbol(at, expression.name);
    case "unary": {
      const operand = evaluate(at, expression.operand);
      return operand && { value: unaryValue(expression.operator, operand.value), section: operand.section };
    }
    case "binary": {
      const left = evaluate(at, expression.left);
      const right = left && evaluate(at, expression.right);
      return right && combine(at, expression.operator, left, right);
    }
    case "conditional": {
      const test = evaluate(at, expression.test);
      return test && evaluate(at, test.value === 0n ? expression.else : expression.then);
    }
    case "call":
      return evaluateCall(at, expression.name, expression.arguments);
  }
}

function evaluateSymbol(at: Evaluation, name: string): Operand | undefined {
  if (name === ".") return dot(at);
  const symbol = at.context.lookup(name);
  if (symbol === undefined) return problem(at, "expression-undefined-symbol", { symbol: name });
  return { value: wrap(symbol.value), section: symbol.section ?? ABSOLUTE };
}

function dot(at: Evaluation): Operand | undefined {
  const value = at.context.dot();
  return value === undefined ? problem(at, "expression-no-dot") : { value: wrap(value), section: ABSOLUTE };
}

const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", "<", ">", "<=", ">=", "&&", "||"]);
const CHOICES: ReadonlySet<string> = new Set(["MAX", "MIN", "ALIGN"]);

function combine(at: Evaluation, operator: string, left: Operand, right: Operand): Operand | undefined {
  let [first, second] = [left, right];
  if (first.section !== second.section && first.section !== PLAIN && second.section !== PLAIN) {
    first = absolute(at, first);
    second = absolute(at, second);
  }
  const value = binaryValue(operator, first.value, second.value);
  if (value === undefined) return problem(at, "expression-division-by-zero", { operator });
  if (COMPARISONS.has(operator)) return { value, section: PLAIN };
  // One plain number leaves the other's kind as it is; two values of the same kind make a number.
  const section = second.section === PLAIN ? first.section : second.section;
  return { value, section: CHOICES.has(operator) || first.section !== second.section ? section : ABSOLUTE };
}

function absolute(at: Evaluation, operand: Operand): Operand {
  const base = operand.section >= 0 ? at.context.address(operand.section) : 0n;
  return { value: wrap(operand.value + base), section: ABSOLUTE };
}

/** Functions of a name. The section functions get the number of the section. */
const NAME_CALLS: Readonly<Record<string, (at: Evaluation, name: string) => Operand | undefined>> = {
  DEFINED: (at, name) => ({ value: at.context.defined(name) ? 1n : 0n, section: PLAIN }),
  CONSTANT: (at, name) => {
    const value = at.context.constant(name);
    return value === undefined ? problem(at, "expression-unknown-constant", { name }) : { value, section: PLAIN };
  },
  ADDR: (at, name) => ofSection(at, name, (section) => ({ value: 0n, section })),
  LOADADDR: (at, name) => ofSection(at, name, (section) => absolute(at, { value: 0n, section })),
  SIZEOF: (at, name) => ofSection(at, name, (section) => ({ value: at.context.size(section), section: PLAIN })),
  ALIGNOF: (at, name) => ofSection(at, name, (section) => ({ value: at.context.alignment(section), section: PLAIN })),
};

/** Which argument of a function is a name rather than an expression. */
const NAME_ARGUMENTS: Readonly<Record<string, number>> = { SEGMENT_START: 0, ASSERT: 1, ORIGIN: 0, LENGTH: 0 };

function ofSection(at: Evaluation, name: string, value: (section: number) => Operand): Operand | undefined {
  const section = at.context.section(name);
  return section === undefined ? problem(at, "expression-unknown-section", { section: name }) : value(section);
}

/** Functions of values. `names` are the texts of the arguments that are names. */
const VALUE_CALLS: Readonly<
  Record<string, (at: Evaluation, first: Operand, second: Operand | undefined, name: string) => Operand | undefined>
> = {
  ABSOLUTE: (at, operand) => absolute(at, operand),
  LOG2CEIL: (_, operand) => ({ value: unaryValue("LOG2CEIL", operand.value), section: PLAIN }),
  MAX: (at, left, right) => right && combine(at, "MAX", left, right),
  MIN: (at, left, right) => right && combine(at, "MIN", left, right),
  ALIGN: (at, operand, alignment) =>
    alignment === undefined ? alignDot(at, operand.value) : combine(at, "ALIGN", operand, alignment),
  NEXT: (at, operand) => alignDot(at, absolute(at, operand).value),
  SEGMENT_START: (at, operand, _, name) => ({
    value: wrap(at.context.segmentStart(name) ?? operand.value),
    section: ABSOLUTE,
  }),
  ASSERT: (at, operand, _, name) => (operand.value === 0n ? problem(at, "script-assert", { message: name }) : operand),
};

function alignDot(at: Evaluation, alignment: bigint): Operand | undefined {
  const value = dot(at);
  return value && { value: wrap(alignUp(value.value, alignment)), section: ABSOLUTE };
}

function evaluateCall(at: Evaluation, name: string, values: readonly Expression[]): Operand | undefined {
  if (name === "SIZEOF_HEADERS") return { value: at.context.sizeofHeaders(), section: PLAIN };
  if (Object.hasOwn(NAME_CALLS, name)) return NAME_CALLS[name](at, nameOf(values[0]));
  // ORIGIN and LENGTH ask for MEMORY, DATA_SEGMENT_* for SECTIONS.
  if (!Object.hasOwn(VALUE_CALLS, name)) return problem(at, "expression-needs-sections", { function: name });
  const operands: Operand[] = [];
  for (const [index, value] of values.entries()) {
    if (NAME_ARGUMENTS[name] === index) continue;
    const operand = evaluate(at, value);
    if (operand === undefined) return undefined;
    operands.push(operand);
  }
  return VALUE_CALLS[name](at, operands[0], operands[1], nameOf(values[NAME_ARGUMENTS[name]]));
}

function nameOf(expression: Expression | undefined): string {
  return expression?.kind === "symbol" ? expression.name : "";
}

function problem(at: Evaluation, code: string, details: Readonly<Record<string, string>> = {}): undefined {
  at.report(error(code, at.place, details));
}
