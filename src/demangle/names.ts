// Names: <encoding>, <name>, <prefix>, <unqualified-name>, <special-name>, <substitution> of the Itanium C++ ABI.

import { expression } from "./expressions.ts";
import { type Node, name } from "./nodes.ts";
import { OPERATORS } from "./operators.ts";
import {
  compactNumber,
  deeper,
  expect,
  fail,
  isDigit,
  isLower,
  next,
  number,
  type Parser,
  peek,
  sequence,
  sourceName,
  substitutable,
  take,
} from "./parser.ts";
import {
  parameters,
  templateArg,
  templateArgs,
  templateHead,
  templateParameter,
  thisQualifiers,
  type,
} from "./types.ts";

/** <encoding> ::= <function name> <bare-function-type> | <data name> | <special-name> */
export function encoding(p: Parser, topLevel: boolean): Node {
  return deeper(p, () => {
    return peek(p) === "G" || peek(p) === "T" ? specialName(p) : entity(p, topLevel);
  });
}

function entity(p: Parser, topLevel: boolean): Node {
  const named = anyName(p, false);
  if (peek(p) === "" || peek(p) === "E" || peek(p) === ".") return named;
  const [bare, qualifiers] = splitQualifiers(named);
  const hasReturn = take(p, "J") || hasReturnType(bare);
  const returned = hasReturn ? type(p) : undefined;
  // The return type of a function that is local to another would read as that of the other.
  const returns = !topLevel && bare.kind === "local" ? undefined : returned;
  const function_ = { kind: "function-type", returns, parameters: parameters(p), qualifiers } as const;
  const requires = take(p, "Q") ? expression(p) : undefined;
  return { kind: "function", name: bare, type: function_, requires };
}

/** Takes the qualifiers of `this` off a name: they are printed after the parameters. */
function splitQualifiers(named: Node): [Node, readonly Node[]] {
  if (named.kind === "member") return [named.name, named.qualifiers];
  if (named.kind === "local" && named.name.kind === "member") {
    return [{ ...named, name: named.name.name }, named.name.qualifiers];
  }
  return [named, []];
}

/** Functions that are template instances have their return type in the mangling, except those that have none to name. */
function hasReturnType(named: Node): boolean {
  if (named.kind === "local") return hasReturnType(named.name);
  return named.kind === "template" && !isStructorOrConversion(named.name);
}

function isStructorOrConversion(named: Node): boolean {
  if (named.kind === "scoped" || named.kind === "local") return isStructorOrConversion(named.name);
  return named.kind === "structor" || named.kind === "conversion";
}

/**
 * <name> ::= <nested-name> | <local-name> | <unscoped-name> | <unscoped-template-name> <template-args>
 * @param substitutable_ it names a type, which can be referred to later
 */
export function anyName(p: Parser, substitutable_: boolean): Node {
  let node: Node;
  let known = false;
  if (peek(p) === "N") node = nestedName(p);
  else if (peek(p) === "Z") node = localName(p);
  else {
    const [unscoped, isKnown] = unscopedName(p);
    node = unscoped;
    known = isKnown;
    if (peek(p) === "I") {
      if (!known) substitutable(p, node);
      known = false;
      node = { kind: "template", name: node, args: templateArgs(p) };
    }
  }
  return substitutable_ && !known ? substitutable(p, node) : node;
}

/** <unscoped-name> ::= [St] <unqualified-name> | <substitution>, and whether it was a substitution. */
function unscopedName(p: Parser): [Node, boolean] {
  const scope = take(p, "St") ? name("std") : undefined;
  let module: Node | undefined;
  if (peek(p) === "S") {
    const found = substitution(p, false);
    if (found.kind !== "module-name") return scope === undefined ? [found, true] : [fail(p), true];
    module = found;
  }
  return [unqualifiedName(p, scope, module), false];
}

/** <nested-name> ::= N [<CV-qualifiers>] [<ref-qualifier>] <prefix> E */
function nestedName(p: Parser): Node {
  expect(p, "N");
  if (take(p, "H")) {
    // Explicit object parameter (C++23): `N H <prefix> E`.
    const named = prefix(p, true);
    expect(p, "E");
    return named;
  }
  const qualifiers = thisQualifiers(p);
  const named = prefix(p, true);
  expect(p, "E");
  return qualifiers.length === 0 ? named : { kind: "member", name: named, qualifiers };
}

/** <prefix>: the parts of a nested name, each of which can be referred to later except the last. */
export function prefix(p: Parser, substitutes: boolean): Node {
  let node: Node | undefined;
  while (!p.failed) {
    const char = peek(p);
    if (char === "M" && node !== undefined) {
      // The member variable whose initialiser a lambda stands in; it is a candidate already.
      p.at++;
      continue;
    }
    if (char === "D" && /^D[Tt]/.test(p.text.slice(p.at, p.at + 2))) {
      if (node !== undefined) return fail(p);
      node = type(p);
      if (peek(p) === "E") break;
      continue;
    }
    if (char === "I") node = node === undefined ? fail(p) : { kind: "template", name: node, args: templateArgs(p) };
    else if (char === "T") node = node === undefined ? templateParameter(p) : fail(p);
    else {
      const found = char === "S" ? substitution(p, true) : undefined;
      if (found !== undefined && found.kind !== "module-name") {
        if (node !== undefined) return fail(p);
        node = found;
        continue;
      }
      node = unqualifiedName(p, node, found);
    }
    if (peek(p) === "E") break;
    if (substitutes) substitutable(p, node);
  }
  return node ?? fail(p);
}

/** <unqualified-name>, in `scope` when there is one. */
export function unqualifiedName(p: Parser, scope: Node | undefined, inModule: Node | undefined): Node {
  const module = moduleName(p, inModule);
  const isFriend = take(p, "F");
  let node = simpleName(p);
  if (module !== undefined) node = { kind: "module", name: node, module };
  node = abiTags(p, node);
  if (isFriend) node = { kind: "friend", name: node };
  return scope === undefined ? node : { kind: "scoped", scope, name: node };
}

function simpleName(p: Parser): Node {
  const char = peek(p);
  if (isDigit(char)) return sourceName(p);
  if (isLower(char)) return operatorName(p);
  if (take(p, "DC")) return { kind: "binding", names: sequence(p, "E", sourceName) };
  if (char === "C" || char === "D") return structorName(p);
  if (take(p, "L")) {
    const local = sourceName(p);
    discriminator(p);
    return local;
  }
  if (take(p, "Ul")) return lambda(p);
  if (take(p, "Ut")) return substitutable(p, { kind: "unnamed", index: compactNumber(p) });
  return fail(p);
}

/** `W` introduces a module's name and `WP` a partition's, a part each. */
function moduleName(p: Parser, outer: Node | undefined): Node | undefined {
  let module = outer;
  while (take(p, "W")) {
    const partition = take(p, "P");
    module = substitutable(p, { kind: "module-name", outer: module, partition, name: sourceName(p) });
  }
  return module;
}

function abiTags(p: Parser, tagged: Node): Node {
  const last = p.lastName;
  let node = tagged;
  while (take(p, "B")) node = { kind: "tagged", name: node, tag: sourceName(p) };
  p.lastName = last;
  return node;
}

/** An operator as the name of a function: `pl`, `cv <type>`, `li <suffix>`, `v <digit> <name>`. */
function operatorName(p: Parser): Node {
  const wasExpression = p.inExpression;
  if (take(p, "on")) p.inExpression = false;
  const node = operatorOrCast(p);
  p.inExpression = wasExpression;
  if (node.kind === "operator" && node.operator.code === "li") return { kind: "literal-operator", name: sourceName(p) };
  return node.kind === "cast" ? fail(p) : node;
}

/** An operator; `cv <type>` is a cast in an expression and a conversion operator elsewhere. */
export function operatorOrCast(p: Parser): Node {
  const code = next(p) + next(p);
  if (code === "cv") {
    const wasConversion = p.inConversion;
    p.inConversion = !p.inExpression;
    const target = type(p);
    p.inConversion = wasConversion;
    return p.inExpression ? { kind: "cast", type: target, operand: name("") } : { kind: "conversion", type: target };
  }
  if (code.charAt(0) === "v" && isDigit(code.charAt(1))) {
    return { kind: "vendor-operator", operands: Number(code.charAt(1)), name: sourceName(p) };
  }
  const operator = OPERATORS.get(code);
  return operator === undefined ? fail(p) : { kind: "operator", operator };
}

/** <ctor-dtor-name> ::= C1 … C5 | CI1 <type> | CI2 <type> | D0 … D5 */
function structorName(p: Parser): Node {
  const destructor = next(p) === "D";
  const inherits = !destructor && take(p, "I");
  if (!(destructor ? /[01245]/ : /[1-5]/).test(next(p))) return fail(p);
  const named = p.lastName;
  if (inherits) {
    type(p);
    p.lastName = named;
  }
  return named === undefined ? fail(p) : { kind: "structor", destructor, name: named };
}

/** <closure-type-name> ::= Ul [<template-head>] <parameters> E [<number>] _ */
function lambda(p: Parser): Node {
  const head = templateHead(p);
  const taken = parameters(p);
  if (take(p, "Q")) expression(p);
  expect(p, "E");
  return { kind: "lambda", head, parameters: taken, index: compactNumber(p) };
}

/** <local-name> ::= Z <encoding> E (<name> | s | d [<number>] _ <name>) [<discriminator>] */
function localName(p: Parser): Node {
  expect(p, "Z");
  const outer = withoutReturn(encoding(p, false));
  expect(p, "E");
  if (take(p, "s")) {
    discriminator(p);
    return { kind: "local", scope: outer, name: name("string literal"), argument: 0 };
  }
  const argument = take(p, "d") ? compactNumber(p) + 1 : 0;
  const inner = deeper(p, () => anyName(p, false));
  if (inner.kind !== "lambda" && inner.kind !== "unnamed") discriminator(p);
  return { kind: "local", scope: outer, name: inner, argument };
}

function withoutReturn(node: Node): Node {
  return node.kind === "function" ? { ...node, type: { ...node.type, returns: undefined } } : node;
}

/** <discriminator> ::= _ <digit> | __ <number> _; it is not shown. */
function discriminator(p: Parser): void {
  if (!take(p, "_")) return;
  const long = take(p, "_");
  const value = number(p);
  if (value < 0 || (long && value >= 10 && !take(p, "_"))) fail(p);
}

/** The standard abbreviations: code → short form, full form, name that a constructor takes. */
const STANDARD: ReadonlyMap<string, readonly [string, string, string | undefined]> = new Map([
  ["t", ["std", "std", undefined]],
  ["a", ["std::allocator", "std::allocator", "allocator"]],
  ["b", ["std::basic_string", "std::basic_string", "basic_string"]],
  ["s", ["std::string", "std::basic_string<char, std::char_traits<char>, std::allocator<char> >", "basic_string"]],
  ["i", ["std::istream", "std::basic_istream<char, std::char_traits<char> >", "basic_istream"]],
  ["o", ["std::ostream", "std::basic_ostream<char, std::char_traits<char> >", "basic_ostream"]],
  ["d", ["std::iostream", "std::basic_iostream<char, std::char_traits<char> >", "basic_iostream"]],
]);

/** <substitution> ::= S_ | S <seq-id> _ | St | Sa | … In a prefix of a constructor the abbreviation is written out. */
export function substitution(p: Parser, inPrefix: boolean): Node {
  expect(p, "S");
  const id = /^[0-9A-Z]{0,5}_/.exec(p.text.slice(p.at, p.at + 6))?.[0];
  if (id !== undefined) {
    p.at += id.length;
    const index = id === "_" ? 0 : Number.parseInt(id, 36) + 1;
    return p.substitutions[index] ?? fail(p);
  }
  const standard = STANDARD.get(next(p));
  if (standard === undefined) return fail(p);
  const [short, full, last] = standard;
  if (last !== undefined) p.lastName = name(last);
  const structor = inPrefix && (peek(p) === "C" || peek(p) === "D");
  const node: Node = { kind: "abbreviation", text: structor ? full : short };
  return peek(p) === "B" ? substitutable(p, abiTags(p, node)) : node;
}

/** Special names that are words before a type: second letter after `T` → words. */
const TYPE_WORDS: Readonly<Record<string, string>> = {
  V: "vtable for ",
  T: "VTT for ",
  I: "typeinfo for ",
  S: "typeinfo name for ",
  F: "typeinfo fn for ",
  J: "java Class for ",
};

/** <special-name>: virtual tables, thunks, guards: things that the compiler makes for something else. */
function specialName(p: Parser): Node {
  const kind = next(p) + next(p);
  const words = (before: string, of: Node): Node => ({ kind: "words", before, of, between: "" });
  if (kind.charAt(0) === "T" && kind.charAt(1) in TYPE_WORDS) return words(TYPE_WORDS[kind.charAt(1)], type(p));
  switch (kind) {
    case "Th":
    case "Tv":
      callOffset(p, kind.charAt(1));
      return words(kind === "Th" ? "non-virtual thunk to " : "virtual thunk to ", encoding(p, false));
    case "Tc":
      callOffset(p, next(p));
      callOffset(p, next(p));
      return words("covariant return thunk to ", encoding(p, false));
    case "TC": {
      const derived = type(p);
      if (number(p) < 0) return fail(p);
      expect(p, "_");
      return { kind: "words", before: "construction vtable for ", of: type(p), between: "-in-", and: derived };
    }
    case "TH":
      return words("TLS init function for ", anyName(p, false));
    case "TW":
      return words("TLS wrapper function for ", anyName(p, false));
    case "TA":
      return words("template parameter object for ", templateArg(p));
    case "GV":
      return words("guard variable for ", anyName(p, false));
    case "GR":
      return referenceTemporary(p);
    case "GA":
      return words("hidden alias for ", encoding(p, false));
    case "GI":
      return words("initializer for module ", moduleName(p, undefined) ?? fail(p));
    case "GT":
      return words(next(p) === "n" ? "non-transaction clone for " : "transaction clone for ", encoding(p, false));
    default:
      return fail(p);
  }
}

/** GR <name> [<seq-id>] _; compilers before the seq-id wrote a decimal number. */
function referenceTemporary(p: Parser): Node {
  const of = anyName(p, false);
  const id = /^[0-9A-Z]{0,5}/.exec(p.text.slice(p.at, p.at + 5))?.[0] ?? "";
  p.at += id.length;
  const index = take(p, "_") ? (id === "" ? 0 : Number.parseInt(id, 36) + 1) : Number.parseInt(id || "0", 10);
  return { kind: "words", before: `reference temporary #${index} for `, of, between: "" };
}

/** <call-offset> after its first letter: h <number> _ | v <number> _ <number> _ */
function callOffset(p: Parser, letter: string): void {
  number(p);
  expect(p, "_");
  if (letter === "h") return;
  if (letter !== "v") fail(p);
  number(p);
  expect(p, "_");
}
