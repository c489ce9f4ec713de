// The expressions of --defsym and of assignments in scripts: C's operators with C's precedence, symbols, and ld's
// functions. Operations on numbers alone are carried out here, as ld does; that is visible, because a comparison of two
// numbers is itself a number written in the script and not a plain result (see fold.ts).

import { error, type Place, type Report, warning } from "../../elf/problem.ts";
import { closest } from "../tables/spelling.ts";
import { binaryValue, unaryValue } from "./arithmetic.ts";
import {
  type Cursor,
  expectMark,
  expectName,
  fail,
  openText,
  peek,
  placeOf,
  type Token,
  take,
  takeMark,
} from "./cursor.ts";
import type { AssertStatement, Assignment, Expression } from "./statements.ts";

/** Operands and parentheses of one expression: bounds the recursion here and in whoever walks the tree. */
const MAX_OPERANDS = 1000;

const PRECEDENCE: Readonly<Record<string, number>> = {
  "||": 1,
  "&&": 2,
  "|": 3,
  "^": 4,
  "&": 5,
  "==": 6,
  "!=": 6,
  "<": 7,
  ">": 7,
  "<=": 7,
  ">=": 7,
  "<<": 8,
  ">>": 8,
  "+": 9,
  "-": 9,
  "*": 10,
  "/": 10,
  "%": 10,
};

/** What a function takes: expressions, a symbol, or a name (of a section, segment or memory region; a message). */
type Argument = "expression" | "symbol" | "name";

const FUNCTIONS: Readonly<Record<string, readonly Argument[]>> = {
  ABSOLUTE: ["expression"],
  ADDR: ["name"],
  ALIGN: ["expression"],
  ALIGNOF: ["name"],
  ASSERT: ["expression", "name"],
  BLOCK: ["expression"],
  CONSTANT: ["symbol"],
  DATA_SEGMENT_ALIGN: ["expression", "expression"],
  DATA_SEGMENT_END: ["expression"],
  DATA_SEGMENT_RELRO_END: ["expression", "expression"],
  DEFINED: ["symbol"],
  LENGTH: ["name"],
  LOADADDR: ["name"],
  LOG2CEIL: ["expression"],
  MAX: ["expression", "expression"],
  MIN: ["expression", "expression"],
  NEXT: ["expression"],
  ORIGIN: ["name"],
  SEGMENT_START: ["name", "expression"],
  SIZEOF: ["name"],
};

/** Functions of numbers whose value does not depend on where they stand. */
const FOLDED: ReadonlySet<string> = new Set(["MAX", "MIN", "LOG2CEIL"]);

interface Parser {
  readonly cursor: Cursor;
  operands: number;
}

/** Parses an expression that is all of `text`. */
export function parseExpressionText(text: string, place: Place, report: Report): Expression | undefined {
  const cursor = openText(text, place, report);
  const expression = parseExpression(cursor);
  return expression !== undefined && expectEnd(cursor) ? expression : undefined;
}

/** Parses `symbol=expression`, the argument of --defsym. PROVIDE(…) and compound assignments work too, as in ld. */
export function parseDefsym(text: string, place: Place, report: Report): Assignment | undefined {
  const cursor = openText(text, place, report);
  const assignment = parseAssignment(cursor);
  return assignment !== undefined && expectEnd(cursor) ? assignment : undefined;
}

/** Parses an expression at the cursor, or reports what is wrong with it and returns undefined. */
export function parseExpression(cursor: Cursor): Expression | undefined {
  return parseConditional({ cursor, operands: 0 });
}

const WRAPPERS: Readonly<Record<string, { readonly provide: boolean; readonly hidden: boolean }>> = {
  PROVIDE: { provide: true, hidden: false },
  PROVIDE_HIDDEN: { provide: true, hidden: true },
  HIDDEN: { provide: false, hidden: true },
};

const ASSIGNMENT = /^(?:=|\+=|-=|\*=|\/=|<<=|>>=|&=|\|=|\^=)$/;

/** Is this the name of a function around an assignment: PROVIDE, PROVIDE_HIDDEN, HIDDEN? */
export function wrapsAssignment(name: string): boolean {
  return Object.hasOwn(WRAPPERS, name);
}

/** Does an assignment's operator come next? */
export function atAssignment(cursor: Cursor): boolean {
  return ASSIGNMENT.test(peek(cursor, "body").text);
}

/** Parses `symbol = expression` (or a compound form, or one in PROVIDE or HIDDEN) without what ends it. */
export function parseAssignment(cursor: Cursor): Assignment | undefined {
  const place = placeOf(cursor);
  const token = peek(cursor, "command");
  if (token.kind === "name" && wrapsAssignment(token.text)) {
    take(cursor, token);
    return parseWrapped(cursor, place, token.text);
  }
  const symbol = expectName(cursor, "command", "script-expected-symbol");
  return symbol === undefined ? undefined : parseAssignmentTo(cursor, place, symbol);
}

/** Parses what follows ASSERT, without what ends it. */
export function parseAssertion(cursor: Cursor, place: Place): AssertStatement | undefined {
  if (!expectMark(cursor, "symbol", "(")) return undefined;
  const test = parseExpression(cursor);
  if (test === undefined || !expectMark(cursor, "expression", ",")) return undefined;
  const message = peek(cursor, "name");
  // It may be empty, if it is quoted.
  if (message.kind !== "quoted" && message.kind !== "name") {
    fail(cursor, message, "script-expected-name");
    return undefined;
  }
  take(cursor, message);
  return expectMark(cursor, "name", ")") ? { kind: "assert", test, message: message.text, place } : undefined;
}

/** Parses what follows PROVIDE, PROVIDE_HIDDEN or HIDDEN. */
export function parseWrapped(cursor: Cursor, place: Place, wrapper: string): Assignment | undefined {
  if (!expectMark(cursor, "symbol", "(")) return undefined;
  const symbol = expectName(cursor, "command", "script-expected-symbol");
  const assignment = symbol === undefined ? undefined : parseAssignmentTo(cursor, place, symbol);
  if (assignment === undefined || !expectMark(cursor, "symbol", ")")) return undefined;
  if (symbol === ".") {
    cursor.report(error("script-provide-dot", place));
    return undefined;
  }
  return { ...assignment, ...WRAPPERS[wrapper] };
}

/** Parses what follows the symbol of an assignment. */
export function parseAssignmentTo(cursor: Cursor, place: Place, symbol: string): Assignment | undefined {
  const operator = peek(cursor, "symbol");
  if (!ASSIGNMENT.test(operator.text)) {
    fail(cursor, operator, "script-expected-token", { expected: ["="] });
    return undefined;
  }
  take(cursor, operator);
  const right = parseExpression(cursor);
  if (right === undefined) return undefined;
  const compound = operator.text.slice(0, -1);
  const value = compound === "" ? right : binary(compound, { kind: "symbol", name: symbol }, right);
  return { symbol, operator: operator.text, value, provide: false, hidden: false, place };
}

function expectEnd(cursor: Cursor): boolean {
  const token = peek(cursor, "expression");
  if (token.kind !== "end") fail(cursor, token, "script-trailing-text");
  return token.kind === "end";
}

function parseConditional(parser: Parser): Expression | undefined {
  const { cursor } = parser;
  const test = parseBinary(parser, 1);
  if (test === undefined || !takeMark(cursor, "expression", "?")) return test;
  const then = parseConditional(parser);
  if (then === undefined || !expectMark(cursor, "expression", ":")) return undefined;
  const otherwise = parseConditional(parser);
  return otherwise && conditional(test, then, otherwise);
}

function parseBinary(parser: Parser, lowest: number): Expression | undefined {
  let left = parseUnary(parser);
  while (left !== undefined) {
    const operator = peek(parser.cursor, "expression");
    const precedence = operator.kind === "mark" ? (PRECEDENCE[operator.text] ?? 0) : 0;
    if (precedence < lowest || atDiscard(parser.cursor)) return left;
    take(parser.cursor, operator);
    const right = parseBinary(parser, precedence + 1);
    left = right && binary(operator.text, left, right);
  }
  return undefined;
}

/** A section's fill may have the section /DISCARD/ behind it, which is no division. */
function atDiscard({ text, at }: Cursor): boolean {
  return text.startsWith("/DISCARD/", at);
}

function parseUnary(parser: Parser): Expression | undefined {
  const { cursor } = parser;
  const token = peek(cursor, "expression");
  if (++parser.operands > MAX_OPERANDS) {
    fail(cursor, token, "expression-too-long");
    return undefined;
  }
  if (token.kind !== "mark") return parseOperand(parser, token);
  if (!["-", "~", "!", "+", "("].includes(token.text)) {
    fail(cursor, token, "script-expected-expression");
    return undefined;
  }
  take(cursor, token);
  if (token.text === "(") {
    const inner = parseConditional(parser);
    return inner !== undefined && expectMark(cursor, "expression", ")") ? inner : undefined;
  }
  const operand = parseUnary(parser);
  if (operand === undefined || token.text === "+") return operand;
  return unary(token.text === "-" ? "-" : token.text === "~" ? "~" : "!", operand);
}

function parseOperand(parser: Parser, token: Token): Expression | undefined {
  const { cursor } = parser;
  if (token.kind === "number") {
    const place = placeOf(cursor);
    take(cursor, token);
    if (/^[A-Fa-f]/.test(token.text)) {
      cursor.report(warning("script-word-is-number", place, { found: token.text, value: token.value.toString() }));
    }
    return { kind: "number", value: token.value };
  }
  if ((token.kind !== "name" && token.kind !== "quoted") || token.text === "") {
    fail(cursor, token, "script-expected-expression");
    return undefined;
  }
  take(cursor, token);
  if (token.kind === "name" && token.text === "SIZEOF_HEADERS")
    return { kind: "call", name: token.text, arguments: [] };
  const isFunction = token.kind === "name" && Object.hasOwn(FUNCTIONS, token.text);
  if (!isFunction && peek(cursor, "expression").text === "(" && !startsType(cursor)) {
    const suggestion = closest(token.text, Object.keys(FUNCTIONS));
    fail(cursor, token, "expression-unknown-function", suggestion === undefined ? {} : { suggestion });
    return undefined;
  }
  return isFunction && takeMark(cursor, "expression", "(")
    ? parseArguments(parser, token.text)
    : { kind: "symbol", name: token.text };
}

/** The types of a section. Behind an address, `.bss start (NOLOAD) :`, what looks like a call is none. */
export const TYPE_WORDS: ReadonlySet<string> = new Set([
  "NOLOAD",
  "DSECT",
  "COPY",
  "INFO",
  "OVERLAY",
  "READONLY",
  "TYPE",
]);

/** Is this a parenthesis with a type in it, or with nothing? Else an expression starts with it. */
export function startsType(cursor: Cursor): boolean {
  const ahead = { ...cursor };
  if (!takeMark(ahead, "expression", "(")) return false;
  const token = peek(ahead, "expression");
  return (token.kind === "mark" && token.text === ")") || (token.kind === "name" && TYPE_WORDS.has(token.text));
}

function parseArguments(parser: Parser, name: string): Expression | undefined {
  const { cursor } = parser;
  const values: Expression[] = [];
  for (const kind of FUNCTIONS[name]) {
    if (values.length > 0 && !expectMark(cursor, "expression", ",")) return undefined;
    const value = parseArgument(parser, kind);
    if (value === undefined) return undefined;
    values.push(value);
  }
  // ALIGN(a) aligns `.`, ALIGN(v, a) any value.
  if (name === "ALIGN" && takeMark(cursor, "expression", ",")) {
    const alignment = parseConditional(parser);
    if (alignment === undefined) return undefined;
    values.push(alignment);
  }
  return expectMark(cursor, "expression", ")") ? call(name === "BLOCK" ? "ALIGN" : name, values) : undefined;
}

function parseArgument(parser: Parser, kind: Argument): Expression | undefined {
  if (kind === "expression") return parseConditional(parser);
  const name = expectName(parser.cursor, kind, kind === "symbol" ? "script-expected-symbol" : "script-expected-name");
  return name === undefined ? undefined : { kind: "symbol", name };
}

function unary(operator: "-" | "~" | "!", operand: Expression): Expression {
  if (operand.kind === "number") return { kind: "number", value: unaryValue(operator, operand.value) };
  return { kind: "unary", operator, operand };
}

function binary(operator: string, left: Expression, right: Expression): Expression {
  if (left.kind === "number" && right.kind === "number") {
    const value = binaryValue(operator, left.value, right.value);
    // A division by zero is left for the evaluation to report.
    if (value !== undefined) return { kind: "number", value };
  }
  return { kind: "binary", operator, left, right };
}

function conditional(test: Expression, then: Expression, otherwise: Expression): Expression {
  if (test.kind === "number" && then.kind === "number" && otherwise.kind === "number") {
    return test.value === 0n ? otherwise : then;
  }
  return { kind: "conditional", test, then, else: otherwise };
}

function call(name: string, values: readonly Expression[]): Expression {
  const [first, second] = values;
  if (FOLDED.has(name) && first.kind === "number") {
    if (second === undefined) return { kind: "number", value: unaryValue(name, first.value) };
    const value = second.kind === "number" ? binaryValue(name, first.value, second.value) : undefined;
    if (value !== undefined) return { kind: "number", value };
  }
  return { kind: "call", name, arguments: values };
}
