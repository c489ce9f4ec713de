// Statements in the notation of GNU ld's map (-Map), which is not that of scripts: every operation in parentheses, constants
// folded and in hexadecimal, KEEP and HIDDEN not said, lists of EXCLUDE_FILE from the other end (binutils, ld/ldexp.c:
// exp_print_tree; ld/ldlang.c: print_wild_statement). print-script.ts writes what a script can be made of again.

import { binaryValue, unaryValue } from "./arithmetic.ts";
import type { Assignment, Expression, FilePattern, InputStatement, SectionPattern } from "./statements.ts";

/** `_end = .`, `PROVIDE (etext = .)` */
export function mapAssignment({ symbol, value, provide }: Assignment): string {
  const text = `${symbol} = ${mapExpression(value)}`;
  return provide ? `PROVIDE (${text})` : text;
}

export function mapAssert(test: Expression, message: string): string {
  return `ASSERT (${mapExpression(test)}, ${message})`;
}

/** ` *(.text .stub)` without the space. @param usual what --sort-section asks for */
export function mapInput(it: InputStatement, usual: "none" | "name" | "alignment"): string {
  const files = it.excluded.length === 0 ? "" : `${mapExcluded(it.excluded)} `;
  const file = it.fileSort === "name" ? `SORT_BY_NAME(${it.file.text})` : it.file.text;
  return `${files}${file}(${(it.sections ?? []).map((one) => mapPattern(one, usual)).join(" ")})`;
}

function mapExcluded(files: readonly FilePattern[]): string {
  return `EXCLUDE_FILE(${files
    .map(({ text }) => text)
    .toReversed()
    .join(" ")})`;
}

const SORTS = {
  name: "SORT_BY_NAME",
  alignment: "SORT_BY_ALIGNMENT",
  "init-priority": "SORT_BY_INIT_PRIORITY",
  none: "SORT_NONE",
} as const;

function mapPattern({ name, sorts: given, excluded }: SectionPattern, usual: "none" | "name" | "alignment"): string {
  const isOpen =
    given.length === 0 || (given.length === 1 && /^(name|alignment)$/.test(given[0]) && given[0] !== usual);
  const sorts = isOpen && usual !== "none" ? [...given, usual] : given;
  const inner = excluded.length === 0 ? name : `${mapExcluded(excluded)} ${name}`;
  return sorts.toReversed().reduce((text, sort) => `${SORTS[sort]}(${text})`, inner);
}

/** Functions whose arguments GNU ld keeps in another order. */
const SWAPPED: ReadonlySet<string> = new Set(["DATA_SEGMENT_RELRO_END"]);
/** Functions that are gone once their arguments are numbers. */
const FOLDED_CALLS: ReadonlySet<string> = new Set(["MAX", "MIN"]);

/** An expression, as GNU ld prints it when it has read it. */
export function mapExpression(it: Expression): string {
  const constant = constantOf(it);
  if (constant !== undefined) return `0x${constant.toString(16)}`;
  switch (it.kind) {
    case "number":
      return "";
    case "symbol":
      return it.name;
    case "unary":
      return `${it.operator} (${mapExpression(it.operand)})`;
    case "binary":
      return `(${mapExpression(it.left)} ${it.operator} ${mapExpression(it.right)})`;
    case "conditional":
      return `${mapExpression(it.test)}?${mapExpression(it.then)}:${mapExpression(it.else)}`;
    case "call":
      return mapCall(it.name, it.arguments);
  }
}

function mapCall(name: string, given: readonly Expression[]): string {
  if (name === "SIZEOF_HEADERS") return name;
  const values = SWAPPED.has(name) ? given.toReversed() : given;
  const texts = values.map((value, i) =>
    name === "SEGMENT_START" && i === 0 && value.kind === "symbol" ? `"${value.name}"` : mapExpression(value),
  );
  return `${name === "BLOCK" ? "ALIGN" : name} (${texts.join(", ")})`;
}

/** What is a number without asking anybody. */
function constantOf(it: Expression): bigint | undefined {
  switch (it.kind) {
    case "number":
      return BigInt.asUintN(64, it.value);
    case "symbol":
      return undefined;
    case "unary": {
      const operand = constantOf(it.operand);
      return operand === undefined ? undefined : unaryValue(it.operator, operand);
    }
    case "binary":
      return folded(it.operator, it.left, it.right);
    case "conditional": {
      const [test, then, otherwise] = [it.test, it.then, it.else].map(constantOf);
      if (then === undefined || otherwise === undefined) return undefined;
      return test === undefined ? undefined : test === 0n ? otherwise : then;
    }
    case "call": {
      const [left, right] = it.arguments;
      if (it.name === "LOG2CEIL") {
        const operand = constantOf(left);
        return operand === undefined ? undefined : unaryValue(it.name, operand);
      }
      return FOLDED_CALLS.has(it.name) ? folded(it.name, left, right) : undefined;
    }
  }
}

function folded(operator: string, left: Expression, right: Expression): bigint | undefined {
  const [a, b] = [constantOf(left), constantOf(right)];
  return a === undefined || b === undefined ? undefined : binaryValue(operator, a, b);
}
