// Which symbols and functions an expression names, whatever it is worth.

import type { Expression } from "./statements.ts";

/** Functions whose arguments are no values but names: of a section, a region, a constant or a symbol. */
const OF_NAMES: ReadonlySet<string> = new Set("ADDR ALIGNOF CONSTANT DEFINED LENGTH LOADADDR ORIGIN SIZEOF".split(" "));
/** Which argument of another function is a name. */
const NAME_ARGUMENTS: Readonly<Record<string, number>> = { SEGMENT_START: 0, ASSERT: 1 };

/** The symbols whose values the expression uses, each once: ld makes them undefined references, which archives satisfy. */
export function symbolsIn(expression: Expression): string[] {
  return [...new Set(occurrences(expression, partsOf))];
}

/** Every symbol that an expression looks at, as often as it does; of `a ? b : c` what is looked at if `a` holds. */
export function symbolsIfTrue(expression: Expression): string[] {
  return occurrences(expression, (it) => (it.kind === "conditional" ? [it.test, it.then] : partsOf(it)));
}

/** The functions that the expression calls, as often as it does. */
export function callsIn(expression: Expression): string[] {
  const inner = partsOf(expression).flatMap(callsIn);
  return expression.kind === "call" ? [expression.name, ...inner] : inner;
}

function occurrences(it: Expression, parts: (it: Expression) => readonly Expression[]): string[] {
  if (it.kind === "symbol") return it.name === "." ? [] : [it.name];
  return parts(it).flatMap((part) => occurrences(part, parts));
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
      if (OF_NAMES.has(expression.name)) return [];
      return expression.arguments.filter((_, index) => index !== NAME_ARGUMENTS[expression.name]);
  }
}

const ABSOLUTE_FUNCTIONS: ReadonlySet<string> = new Set(["ABSOLUTE", "LOADADDR", "NEXT"]);
/** Their value has the kind of their arguments. */
const KEEPING: ReadonlySet<string> = new Set(["MAX", "MIN"]);
const COMPARISONS: ReadonlySet<string> = new Set("== != < > <= >= && ||".split(" "));

/**
 * What the value of an expression is where no section is around it: a number, which would belong to that section, an address,
 * or something that a symbol or a section decides (binutils, ld/ldexp.c: new_number, new_abs, arith_result_section).
 */
export function kindOf(it: Expression): "number" | "absolute" | "relative" {
  switch (it.kind) {
    case "number":
      return "number";
    case "symbol":
      return it.name === "." ? "number" : "relative";
    case "unary":
      return it.operator === "!" ? "number" : kindOf(it.operand);
    case "binary": {
      const [left, right] = [kindOf(it.left), kindOf(it.right)];
      if (left === "relative" || right === "relative") return "relative";
      return left === right || COMPARISONS.has(it.operator) ? "number" : "absolute";
    }
    case "conditional":
      return joinKinds([it.then, it.else]);
    case "call":
      if (ABSOLUTE_FUNCTIONS.has(it.name)) return "absolute";
      if (it.name === "ADDR") return "relative";
      if (OF_NAMES.has(it.name)) return "number";
      if (KEEPING.has(it.name)) return joinKinds(it.arguments);
      return partsOf(it).some((one) => kindOf(one) === "relative") ? "relative" : "number";
  }
}

function joinKinds(all: readonly Expression[]): ReturnType<typeof kindOf> {
  const kinds = new Set(all.map(kindOf));
  if (kinds.has("relative")) return "relative";
  return kinds.has("absolute") ? "absolute" : "number";
}

/** `. = 0`, `. = . + 0` and `. = ALIGN(. != 0 ? n : 1)` do not keep an empty section. */
export function movesNothing(it: Expression): boolean {
  const isNumber = (value: bigint, one: Expression): boolean => one.kind === "number" && one.value === value;
  const isDot = (one: Expression): boolean => one.kind === "symbol" && one.name === ".";
  if (isNumber(0n, it)) return true;
  if (it.kind === "binary") return it.operator === "+" && isDot(it.left) && isNumber(0n, it.right);
  if (it.kind !== "call" || it.name !== "ALIGN" || it.arguments.length !== 1) return false;
  const [inner] = it.arguments;
  if (inner.kind !== "conditional" || inner.test.kind !== "binary" || inner.test.operator !== "!=") return false;
  return isDot(inner.test.left) && isNumber(0n, inner.test.right) && isNumber(1n, inner.else);
}
