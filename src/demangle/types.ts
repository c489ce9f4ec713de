// Types and template arguments: <type>, <template-args>, <bare-function-type> of the Itanium C++ ABI.

import { expression, literal } from "./expressions.ts";
import { anyName } from "./names.ts";
import { type FunctionType, type Node, name } from "./nodes.ts";
import {
  compactNumber,
  deeper,
  digits,
  expect,
  fail,
  isDigit,
  type Parser,
  peek,
  sequence,
  sourceName,
  substitutable,
  take,
} from "./parser.ts";

function builtin(text: string, literal_?: string): Node {
  return { kind: "builtin", text, literal: literal_ };
}

export const VOID: Node = builtin("void");
export const NULLPTR: Node = builtin("decltype(nullptr)");

/** One letter → type, with what follows its literals where those are printed without the type. */
const BUILTINS: ReadonlyMap<string, Node> = new Map([
  ["a", builtin("signed char")],
  ["b", builtin("bool", "bool")],
  ["c", builtin("char")],
  ["d", builtin("double", "[")],
  ["e", builtin("long double", "[")],
  ["f", builtin("float", "[")],
  ["g", builtin("__float128", "[")],
  ["h", builtin("unsigned char")],
  ["i", builtin("int", "")],
  ["j", builtin("unsigned int", "u")],
  ["l", builtin("long", "l")],
  ["m", builtin("unsigned long", "ul")],
  ["n", builtin("__int128")],
  ["o", builtin("unsigned __int128")],
  ["s", builtin("short")],
  ["t", builtin("unsigned short")],
  ["v", VOID],
  ["w", builtin("wchar_t")],
  ["x", builtin("long long", "ll")],
  ["y", builtin("unsigned long long", "ull")],
  ["z", builtin("...")],
]);

/** The letter after `D` → type. */
const D_BUILTINS: ReadonlyMap<string, Node> = new Map([
  ["a", name("auto")],
  ["c", name("decltype(auto)")],
  ["d", builtin("decimal64")],
  ["e", builtin("decimal128")],
  ["f", builtin("decimal32")],
  ["h", builtin("half", "[")],
  ["i", builtin("char32_t")],
  ["n", NULLPTR],
  ["s", builtin("char16_t")],
  ["u", builtin("char8_t")],
]);

const QUALIFIERS = { r: "restrict", V: "volatile", K: "const" } as const;

/** More in a row than anybody writes; each is a level of the tree. */
const MAX_QUALIFIERS = 16;

type Qualifier =
  | { readonly kind: "word"; readonly text: "const" | "volatile" | "restrict" }
  | { readonly kind: "clause"; readonly node: Node };

export function type(p: Parser): Node {
  return deeper(p, anyType);
}

function anyType(p: Parser): Node {
  const qualifiers = qualifierList(p);
  if (qualifiers.length > 0) return substitutable(p, qualifiedType(p, qualifiers));
  const char = peek(p);
  const simple = BUILTINS.get(char);
  if (simple !== undefined) {
    p.at++;
    return simple;
  }
  if (char === "D") return dType(p);
  if (char === "T" && !/[sue]/.test(peek(p, 1))) return substitutable(p, templateTemplate(p));
  const compound = COMPOUND[char];
  if (compound !== undefined) return substitutable(p, compound(p));
  if (char === "T") p.at += 2; // `Ts`, `Tu`, `Te`: struct, union, enum before a name
  return anyName(p, true);
}

/** Types that their first letter tells, all of which can be referred to later. */
const COMPOUND: Readonly<Record<string, ((p: Parser) => Node) | undefined>> = {
  A: arrayType,
  C: (p) => suffixed(p, " _Complex"),
  F: (p) => functionType(p, []),
  G: (p) => suffixed(p, " _Imaginary"),
  M: memberPointer,
  O: (p) => pointer(p, "&&"),
  P: (p) => pointer(p, "*"),
  R: (p) => pointer(p, "&"),
  U: vendorQualified,
  u: vendorType,
};

function pointer(p: Parser, mark: "*" | "&" | "&&"): Node {
  p.at++;
  return { kind: "pointer", mark, to: type(p) };
}

function suffixed(p: Parser, suffix: string): Node {
  p.at++;
  return { kind: "suffixed", of: type(p), suffix: name(suffix) };
}

function vendorQualified(p: Parser): Node {
  expect(p, "U");
  const word = sourceName(p);
  const suffix: Node = peek(p) === "I" ? { kind: "template", name: word, args: templateArgs(p) } : word;
  const of = type(p);
  return { kind: "suffixed", of, suffix: { kind: "words", before: " ", of: suffix, between: "" } };
}

function vendorType(p: Parser): Node {
  expect(p, "u");
  const word = sourceName(p);
  return peek(p) === "I" ? { kind: "template", name: word, args: templateArgs(p) } : word;
}

function memberPointer(p: Parser): Node {
  expect(p, "M");
  const owner = type(p);
  return { kind: "member-pointer", owner, to: type(p) };
}

/** <array-type> ::= A [<number> | <expression>] _ <type> */
function arrayType(p: Parser): Node {
  expect(p, "A");
  const size = peek(p) === "_" ? undefined : isDigit(peek(p)) ? name(digits(p)) : expression(p);
  expect(p, "_");
  return { kind: "array", size, of: type(p) };
}

/** T_, or T_ <template-args> where T_ is a template. */
function templateTemplate(p: Parser): Node {
  const parameter = templateParameter(p);
  if (peek(p) !== "I") return parameter;
  if (!p.inConversion) {
    substitutable(p, parameter);
    return { kind: "template", name: parameter, args: templateArgs(p) };
  }
  // In `cv T_ I…E` the arguments are the operator's, unless more arguments follow.
  const { at, depth } = p;
  const known = p.substitutions.length;
  const args = templateArgs(p);
  if (peek(p) === "I") {
    p.substitutions.splice(known, 0, parameter);
    return { kind: "template", name: parameter, args };
  }
  if (!p.failed) {
    p.at = at;
    p.depth = depth;
    p.substitutions.length = known;
  }
  return parameter;
}

/** <template-param> ::= T_ | T <number> _ | TL <level> __ <number> _ */
export function templateParameter(p: Parser): Node {
  expect(p, "T");
  if (take(p, "L")) {
    digits(p);
    expect(p, "__");
  }
  return { kind: "parameter", index: compactNumber(p) };
}

/** Types that begin with `D`. */
function dType(p: Parser): Node {
  expect(p, "D");
  const letter = peek(p);
  p.at++;
  const simple = D_BUILTINS.get(letter);
  if (simple !== undefined) return simple;
  switch (letter) {
    case "T":
    case "t": {
      const of = expression(p);
      expect(p, "E");
      return substitutable(p, { kind: "decltype", of });
    }
    case "p":
      return substitutable(p, { kind: "expansion", pattern: type(p) });
    case "v":
      return substitutable(p, vectorType(p));
    case "F":
      return floatType(p);
    case "B":
    case "U":
      return bitIntType(p, letter === "U");
    default:
      return fail(p);
  }
}

/** `DF <bits> _`, `DF <bits> x`, `DF16b` */
function floatType(p: Parser): Node {
  const bits = digits(p);
  if (take(p, "b")) return bits === "16" ? builtin("std::bfloat16_t", "[") : fail(p);
  if (take(p, "x")) return builtin(`_Float${bits}x`, "[");
  expect(p, "_");
  return builtin(`_Float${bits}`, "[");
}

/** DB <size> _ | DU <size> _ */
function bitIntType(p: Parser, unsigned: boolean): Node {
  const size = isDigit(peek(p)) ? name(digits(p)) : expression(p);
  expect(p, "_");
  return { kind: "words", before: unsigned ? "unsigned _BitInt(" : "_BitInt(", of: size, between: ")" };
}

/** Dv (<number> | _ <expression>) _ <type> */
function vectorType(p: Parser): Node {
  const size = take(p, "_") ? expression(p) : name(digits(p));
  expect(p, "_");
  return { kind: "vector", size, of: type(p) };
}

/** Qualifiers before a type or a member's name, in the order in which they are written. */
function qualifierList(p: Parser): Qualifier[] {
  const found: Qualifier[] = [];
  while (!p.failed) {
    if (found.length > MAX_QUALIFIERS) fail(p);
    const char = peek(p);
    if (char === "r" || char === "V" || char === "K") {
      p.at++;
      found.push({ kind: "word", text: QUALIFIERS[char] });
    } else if (take(p, "Dx")) found.push(clause(" transaction_safe", []));
    else if (take(p, "Do")) found.push(clause(" noexcept", []));
    else if (take(p, "DO")) {
      const condition = expression(p);
      expect(p, "E");
      found.push(clause(" noexcept", [condition]));
    } else if (take(p, "Dw")) found.push(clause(" throw", sequence(p, "E", type)));
    else break;
  }
  return found;
}

function clause(text: string, items: readonly Node[]): Qualifier {
  return { kind: "clause", node: { kind: "clause", text, items } };
}

/** The qualifiers of a function in the order in which they are printed. */
function functionQualifiers(qualifiers: readonly Qualifier[]): Node[] {
  return qualifiers.map((one) => (one.kind === "word" ? name(` ${one.text}`) : one.node)).reverse();
}

/** [<CV-qualifiers>] [<ref-qualifier>] of a member function. */
export function thisQualifiers(p: Parser): Node[] {
  const qualifiers = functionQualifiers(qualifierList(p));
  if (take(p, "R")) qualifiers.push(name(" &"));
  else if (take(p, "O")) qualifiers.push(name(" &&"));
  return qualifiers;
}

/** A qualified type; before a function type the qualifiers are those of `this`. */
function qualifiedType(p: Parser, qualifiers: readonly Qualifier[]): Node {
  if (peek(p) === "F") return functionType(p, functionQualifiers(qualifiers));
  return qualifiers.reduceRight<Node>(
    (of, one) =>
      one.kind === "word" ? { kind: "qualified", text: one.text, of } : { kind: "suffixed", of, suffix: one.node },
    type(p),
  );
}

/** <function-type> ::= F [Y] <return type> <parameters> [<ref-qualifier>] E */
function functionType(p: Parser, qualifiers: readonly Node[]): FunctionType {
  expect(p, "F");
  take(p, "Y"); // extern "C"
  const returns = type(p);
  const taken = parameters(p);
  const reference = take(p, "R") ? [name(" &")] : take(p, "O") ? [name(" &&")] : [];
  expect(p, "E");
  return { kind: "function-type", returns, parameters: taken, qualifiers: [...qualifiers, ...reference] };
}

/** The types of the parameters, at least one; a single `void` means none. */
export function parameters(p: Parser): Node[] {
  const types: Node[] = [];
  while (!p.failed && p.at < p.text.length && !/^(?:[E.Q]|[RO]E)/.test(p.text.slice(p.at, p.at + 2)))
    types.push(type(p));
  if (types.length === 0) fail(p);
  return types.length === 1 && types[0] === VOID ? [] : types;
}

/** <template-args> ::= I <template-arg>* [Q <requires>] E */
export function templateArgs(p: Parser): readonly Node[] {
  if (!take(p, "I")) expect(p, "J");
  const last = p.lastName;
  const args = sequence(p, "E", templateArg);
  p.lastName = last;
  return args;
}

/** <template-arg> ::= <type> | X <expression> E | <expr-primary> | J <template-arg>* E | <template-param-decl> <arg> */
export function templateArg(p: Parser): Node {
  return deeper(p, () => {
    const char = peek(p);
    if (take(p, "X")) {
      const value = expression(p);
      expect(p, "E");
      return value;
    }
    if (char === "L") return literal(p);
    if (char === "I" || char === "J") return { kind: "pack", items: templateArgs(p) };
    if (take(p, "Q")) return { kind: "words", before: "requires ", of: expression(p), between: "" };
    // A declaration of the parameter that does not follow from the argument: Clang writes it, nobody prints it.
    if (headParameter(p) !== undefined) return templateArg(p);
    return type(p);
  });
}

/** <template-head> ::= <template-param-decl>* */
export function templateHead(p: Parser): Node[] {
  const head: Node[] = [];
  for (let one = headParameter(p); one !== undefined && !p.failed; one = headParameter(p)) head.push(one);
  return head;
}

/** <template-param-decl> ::= Ty | Tk <concept> | Tn <type> | Tt <template-head> E | Tp <template-param-decl> */
function headParameter(p: Parser): Node | undefined {
  if (take(p, "Ty")) return { kind: "head-parameter", of: "type", inner: [] };
  if (take(p, "Tk")) return { kind: "head-parameter", of: "value", inner: [anyName(p, false)] };
  if (take(p, "Tn")) return { kind: "head-parameter", of: "value", inner: [type(p)] };
  if (take(p, "Tt")) {
    const inner = templateHead(p);
    expect(p, "E");
    return { kind: "head-parameter", of: "template", inner };
  }
  if (!take(p, "Tp")) return undefined;
  const inner = deeper(p, () => headParameter(p) ?? fail(p));
  return { kind: "head-parameter", of: "pack", inner: [inner] };
}
