// The tree of a mangled name as text, letter for letter as GNU's c++filt writes it.
//
// A declarator surrounds its name: `void (*f(int))(char)`. So a type is printed in two halves, what stands left of the name
// and what stands right of it; for most types the right half is empty. Types are here, names in print-name.ts, expressions
// in print-expression.ts.

import type { FunctionType, Node } from "./nodes.ts";
import { writeOperand } from "./print-expression.ts";
import { writeName } from "./print-name.ts";

/** More than any compiler's name asks for; with substitutions a few letters can double the text again and again. */
const MAX_TEXT = 1 << 18;
const MAX_STEPS = 1 << 18;
const MAX_DEPTH = 600;

/** The arguments that T_, T0_, … stand for, and those of the template around. */
interface Scope {
  readonly args: readonly Node[];
  readonly outer: Scope | undefined;
}

export interface Printer {
  text: string;
  /**
   * The character that was written last. Not always the last of `text`: where an empty pack takes its comma back, c++filt
   * goes by the space after the comma, and so writes `A<B<C>>` where it would write `A<B<C> >`.
   */
  last: string;
  steps: number;
  depth: number;
  failed: boolean;
  scope: Scope | undefined;
  /** The arguments of the template whose name is being printed: a conversion operator's type needs them. */
  templateArgs: readonly Node[] | undefined;
  /** Which element of an argument pack is being printed; -1: all of them. */
  packIndex: number;
  /** Inside a lambda's parameters, where T_ is an `auto` parameter of the lambda. */
  lambdas: number;
}

export function newPrinter(): Printer {
  return {
    text: "",
    last: "",
    steps: 0,
    depth: 0,
    failed: false,
    scope: undefined,
    templateArgs: undefined,
    packIndex: 0,
    lambdas: 0,
  };
}

export function put(out: Printer, text: string): void {
  if (text === "") return;
  out.text += text;
  out.last = text.charAt(text.length - 1);
  if (out.text.length > MAX_TEXT) out.failed = true;
}

/** Both halves of a node. */
export function write(out: Printer, node: Node): void {
  left(out, node);
  right(out, node);
}

/** Items with commas between; one that prints nothing (an empty pack) takes its comma with it. */
export function writeList(out: Printer, items: readonly Node[]): void {
  const start = out.text.length;
  for (const item of items) {
    const before = out.text;
    if (before.length > start) put(out, ", ");
    const { length } = out.text;
    write(out, item);
    if (out.text.length === length) out.text = before;
  }
}

function spend(out: Printer): boolean {
  if (++out.steps > MAX_STEPS || out.depth > MAX_DEPTH) out.failed = true;
  return !out.failed;
}

function left(out: Printer, node: Node): void {
  if (!spend(out)) return;
  out.depth++;
  writeLeft(out, node);
  out.depth--;
}

function writeLeft(out: Printer, node: Node): void {
  switch (node.kind) {
    case "name":
    case "abbreviation":
    case "builtin":
      put(out, node.text);
      return;
    case "pointer":
      leftOfPointer(out, node);
      return;
    case "qualified":
      leftOfQualified(out, node);
      return;
    case "suffixed":
      leftOfInner(out, node.of, true);
      write(out, node.suffix);
      return;
    case "member-pointer":
      leftOfInner(out, node.to, true);
      if (out.last !== "(") put(out, " ");
      write(out, node.owner);
      put(out, "::*");
      return;
    case "vector":
      left(out, node.of);
      put(out, " __vector(");
      write(out, node.size);
      put(out, ")");
      return;
    case "array":
      left(out, node.of);
      return;
    case "function-type":
      leftOfFunction(out, node);
      return;
    case "parameter":
      inArgument(out, node, left);
      return;
    case "expansion":
      writeExpansion(out, node.pattern);
      return;
    case "pack":
      writeList(out, node.items);
      return;
    default:
      writeName(out, node);
      return;
  }
}

function right(out: Printer, node: Node): void {
  if (!spend(out)) return;
  out.depth++;
  switch (node.kind) {
    case "pointer":
      rightOfInner(out, collapsed(out, node).to);
      break;
    case "qualified": {
      const array = qualifiedArray(out, node);
      if (array === undefined) rightOfInner(out, node.of);
      else right(out, array);
      break;
    }
    case "suffixed":
      rightOfInner(out, node.of);
      break;
    case "member-pointer":
      rightOfInner(out, node.to);
      break;
    case "vector":
      right(out, node.of);
      break;
    case "array":
      put(out, " ");
      rightOfArray(out, node);
      break;
    case "function-type":
      rightOfFunction(out, node);
      break;
    case "parameter":
      inArgument(out, node, right);
      break;
  }
  out.depth--;
}

/** Whether something stands right of the name in a declaration of this type. */
function hasRight(out: Printer, node: Node): boolean {
  if (!spend(out)) return false;
  const inner = resolve(out, node);
  switch (inner.kind) {
    case "array":
    case "function-type":
      return true;
    case "pointer":
    case "member-pointer":
      return hasRight(out, inner.to);
    case "qualified":
    case "suffixed":
    case "vector":
      return hasRight(out, inner.of);
    default:
      return false;
  }
}

/** What a type is to the modifier before it: a declarator of its own, or just a type. */
function shape(out: Printer, node: Node): "array" | "function" | "plain" {
  const inner = resolve(out, node);
  if (inner.kind === "qualified") return qualifiedArray(out, inner) === undefined ? "plain" : "array";
  return inner.kind === "array" ? "array" : inner.kind === "function-type" ? "function" : "plain";
}

/** The type that a modifier applies to; functions and arrays get the parenthesis that the modifier needs. */
function leftOfInner(out: Printer, of: Node, alwaysSpace: boolean): void {
  left(out, of);
  const inner = shape(out, of);
  if (inner === "array") put(out, " (");
  else if (inner === "function") {
    const { last } = out;
    put(out, last !== " " && (alwaysSpace || (last !== "(" && last !== "*")) ? " (" : "(");
  }
}

function rightOfInner(out: Printer, of: Node): void {
  if (shape(out, of) !== "plain") put(out, ")");
  right(out, of);
}

type Pointer = Extract<Node, { kind: "pointer" }>;
type Qualified = Extract<Node, { kind: "qualified" }>;
type Parameter = Extract<Node, { kind: "parameter" }>;
type ArrayType = Extract<Node, { kind: "array" }>;

function leftOfPointer(out: Printer, node: Pointer): void {
  const { mark, to } = collapsed(out, node);
  leftOfInner(out, to, false);
  put(out, mark);
}

/** References to references: & wins over &&. */
function collapsed(out: Printer, node: Pointer): Pointer {
  if (node.mark === "*") return node;
  const inner = out.lambdas > 0 ? node.to : resolve(out, node.to);
  if (inner.kind !== "pointer" || inner.mark === "*") return node;
  return { kind: "pointer", mark: node.mark === "&" ? "&" : inner.mark, to: inner.to };
}

function leftOfQualified(out: Printer, node: Qualified): void {
  const array = qualifiedArray(out, node);
  if (array !== undefined) {
    left(out, array);
    return;
  }
  const qualifiers: string[] = [];
  let inner: Node = node;
  while (inner.kind === "qualified") {
    if (!qualifiers.includes(inner.text)) qualifiers.push(inner.text);
    inner = resolve(out, inner.of);
    if (!spend(out)) return;
  }
  leftOfInner(out, inner, true);
  put(
    out,
    qualifiers
      .reverse()
      .map((text) => ` ${text}`)
      .join(""),
  );
}

/** The qualifiers of an array are those of its elements. */
function qualifiedArray(out: Printer, node: Qualified): ArrayType | undefined {
  const inner = resolve(out, node.of);
  const array = inner.kind === "qualified" && spend(out) ? qualifiedArray(out, inner) : inner;
  if (array?.kind !== "array") return undefined;
  return { kind: "array", size: array.size, of: { kind: "qualified", text: node.text, of: array.of } };
}

function rightOfArray(out: Printer, node: ArrayType): void {
  put(out, "[");
  if (node.size !== undefined) write(out, node.size);
  put(out, "]");
  const element = resolve(out, node.of);
  const array = element.kind === "qualified" ? qualifiedArray(out, element) : element;
  if (array?.kind === "array" && spend(out)) rightOfArray(out, array);
  else right(out, element);
}

/** The return type; without one, only the parameters are shown. */
export function leftOfFunction(out: Printer, node: FunctionType): void {
  if (node.returns === undefined) return;
  left(out, node.returns);
  if (!hasRight(out, node.returns)) put(out, " ");
}

export function rightOfFunction(out: Printer, node: FunctionType): void {
  put(out, "(");
  writeList(out, node.parameters);
  put(out, ")");
  for (const qualifier of node.qualifiers) write(out, qualifier);
  if (node.returns !== undefined) right(out, node.returns);
}

/** What T_ stands for, as often as that is T_ again. Packs give the element in turn. */
function resolve(out: Printer, node: Node): Node {
  let found = node;
  let { scope } = out;
  while (found.kind === "parameter" && out.lambdas === 0) {
    const argument = argumentOf(out, scope, found.index);
    if (argument === undefined) return found;
    found = argument;
    scope = scope?.outer;
  }
  return found;
}

function argumentOf(out: Printer, scope: Scope | undefined, index: number): Node | undefined {
  const argument = scope?.args[index];
  return argument?.kind === "pack" && out.packIndex >= 0 ? argument.items[out.packIndex] : argument;
}

/** Prints a half of what T_ stands for; inside of it, T_ is that of the template around. */
function inArgument(out: Printer, node: Parameter, half: (out: Printer, node: Node) => void): void {
  if (out.lambdas > 0) {
    if (half === left) put(out, `auto:${node.index + 1}`);
    return;
  }
  const argument = argumentOf(out, out.scope, node.index);
  if (argument === undefined) out.failed = true;
  else inScope(out, out.scope?.outer, () => half(out, argument));
}

export function inScope(out: Printer, scope: Scope | undefined, print: () => void): void {
  const { scope: before } = out;
  out.scope = scope;
  print();
  out.scope = before;
}

/** The pattern once for every element of the pack in it; `pattern...` when the pack is one of function parameters. */
function writeExpansion(out: Printer, pattern: Node): void {
  const items = packIn(out, pattern);
  if (items === undefined) {
    writeOperand(out, pattern);
    put(out, "...");
    return;
  }
  const outer = out.packIndex;
  items.forEach((_, index) => {
    if (out.failed) return;
    out.packIndex = index;
    if (index > 0) put(out, ", ");
    write(out, pattern);
  });
  out.packIndex = outer;
}

/** The elements of an argument pack that the pattern mentions; any will do, as they have the same length. */
export function packIn(out: Printer, node: Node): readonly Node[] | undefined {
  if (!spend(out)) return undefined;
  if (node.kind === "parameter") {
    const argument = out.scope?.args[node.index];
    return argument?.kind === "pack" ? argument.items : undefined;
  }
  if (node.kind === "expansion" || node.kind === "lambda") return undefined;
  out.depth++;
  let found: readonly Node[] | undefined;
  for (const value of Object.values(node) as unknown[]) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (found === undefined && isNode(child)) found = packIn(out, child);
    }
  }
  out.depth--;
  return found;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "kind" in value;
}
