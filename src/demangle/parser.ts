// The state of reading one Itanium-mangled name, and the steps that all parts of the grammar share.
//
// Failure is sticky: `fail` notes it and moves to the end of the text, where every step fails again and every loop ends,
// so the grammar's functions need no check after each step.

import { type Node, name } from "./nodes.ts";

/** Deeper nesting than any compiler writes; the parser and the printer are recursive. */
const MAX_DEPTH = 300;
/** In a conversion operator template arguments are read twice, and so on inside of them. */
const MAX_STEPS = 1 << 17;

export interface Parser {
  readonly text: string;
  at: number;
  failed: boolean;
  depth: number;
  steps: number;
  /** What S_, S0_, … refer to. */
  readonly substitutions: Node[];
  /** The last source name that was read outside of template arguments: constructors and destructors take it. */
  lastName: Node | undefined;
  inExpression: boolean;
  /** Inside `cv <type>` of a conversion operator, where template arguments that follow T_ may belong to the operator. */
  inConversion: boolean;
  /** Old compilers wrote `sr <type> <name>` where the ABI now has `sr <qualifiers> E <name>`; only a failure tells. */
  readonly oldUnresolvedNames: boolean;
  metUnresolvedName: boolean;
}

export function newParser(text: string, at: number, oldUnresolvedNames: boolean): Parser {
  return {
    text,
    at,
    failed: false,
    depth: 0,
    steps: 0,
    substitutions: [],
    lastName: undefined,
    inExpression: false,
    inConversion: false,
    oldUnresolvedNames,
    metUnresolvedName: false,
  };
}

/** Stands where a node had to be and none was found. */
const NOTHING: Node = name("");

export function fail(p: Parser): Node {
  p.failed = true;
  p.at = p.text.length;
  return NOTHING;
}

/** Runs one level of the grammar deeper, or fails when that is too deep or too much. */
export function deeper(p: Parser, step: (p: Parser) => Node): Node {
  if (p.depth >= MAX_DEPTH || ++p.steps > MAX_STEPS) return fail(p);
  p.depth++;
  const node = step(p);
  p.depth--;
  return node;
}

/** The character `ahead` of the next one; empty at the end. */
export function peek(p: Parser, ahead = 0): string {
  return p.text.charAt(p.at + ahead);
}

/** Steps over `expected` if it comes next. */
export function take(p: Parser, expected: string): boolean {
  if (!p.text.startsWith(expected, p.at)) return false;
  p.at += expected.length;
  return true;
}

export function expect(p: Parser, expected: string): void {
  if (!take(p, expected)) fail(p);
}

/** The next character, stepped over. */
export function next(p: Parser): string {
  return p.text.charAt(p.at++);
}

export function isDigit(char: string): boolean {
  return char >= "0" && char <= "9";
}

export function isLower(char: string): boolean {
  return char >= "a" && char <= "z";
}

/** Digits as they stand; empty if there are none. */
export function digits(p: Parser): string {
  const start = p.at;
  while (isDigit(peek(p))) p.at++;
  return p.text.slice(start, p.at);
}

/** <number> ::= [n] <digits>. Fails beyond nine digits, which no name, index or offset needs. */
export function number(p: Parser): number {
  const negative = take(p, "n");
  const text = digits(p);
  if (text.length > 9) fail(p);
  return negative ? -Number(text) : Number(text);
}

/** `_` is 0, `0_` is 1, `1_` is 2, … */
export function compactNumber(p: Parser): number {
  if (take(p, "_")) return 0;
  if (!isDigit(peek(p))) fail(p);
  const value = number(p) + 1;
  expect(p, "_");
  return value;
}

/** Items until `end`, which is stepped over. */
export function sequence(p: Parser, end: string, item: (p: Parser) => Node): Node[] {
  const items: Node[] = [];
  while (!take(p, end)) {
    if (p.at >= p.text.length) fail(p);
    if (p.failed) break;
    items.push(item(p));
  }
  return items;
}

/** Notes the node as what the next S…_ number refers to. */
export function substitutable(p: Parser, node: Node): Node {
  p.substitutions.push(node);
  return node;
}

/** <source-name> ::= <length> <identifier> */
export function sourceName(p: Parser): Node {
  const length = isDigit(peek(p)) ? number(p) : 0;
  if (length <= 0 || p.at + length > p.text.length) return fail(p);
  const text = p.text.slice(p.at, p.at + length);
  p.at += length;
  p.lastName = name(/^_GLOBAL_[._$]N/.test(text) ? "(anonymous namespace)" : text);
  return p.lastName;
}
