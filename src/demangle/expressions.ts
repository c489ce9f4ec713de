// Expressions: <expression>, <expr-primary>, <unresolved-name> of the Itanium C++ ABI. They stand in template arguments,
// array sizes and decltype.

import { encoding, operatorOrCast, prefix, unqualifiedName } from "./names.ts";
import type { Node, Operator } from "./nodes.ts";
import {
  compactNumber,
  deeper,
  expect,
  fail,
  isDigit,
  isLower,
  type Parser,
  peek,
  sequence,
  sourceName,
  take,
} from "./parser.ts";
import { NULLPTR, templateArg, templateArgs, templateParameter, type } from "./types.ts";

export function expression(p: Parser): Node {
  const outer = p.inExpression;
  p.inExpression = true;
  const node = deeper(p, anyExpression);
  p.inExpression = outer;
  return node;
}

function anyExpression(p: Parser): Node {
  const char = peek(p);
  if (char === "L") return literal(p);
  if (char === "T") return templateParameter(p);
  if (take(p, "sr")) return unresolvedName(p);
  if (take(p, "sp")) return { kind: "expansion", pattern: expression(p) };
  if (take(p, "fL")) return outerParameterOrFold(p);
  if (take(p, "fp")) return functionParameter(p);
  if (take(p, "il")) return { kind: "braces", type: undefined, items: sequence(p, "E", expression) };
  if (take(p, "tl")) {
    const of = type(p);
    return { kind: "braces", type: of, items: sequence(p, "E", expression) };
  }
  if (isDigit(char) || take(p, "on")) return withArgs(p, unqualifiedName(p, undefined, undefined));
  if (take(p, "dn")) return destructorName(p);
  if (take(p, "u")) return vendorExpression(p);
  return operation(p);
}

/** fp_ and fp <qualifiers> <number> _ are parameters of this function, fpT is `this`. */
function functionParameter(p: Parser): Node {
  if (take(p, "T")) return { kind: "function-parameter", index: 0 };
  while (/[rVK]/.test(peek(p))) p.at++;
  return { kind: "function-parameter", index: compactNumber(p) + 1 };
}

/** fL <level> p <qualifiers> <number> _ is a parameter of an enclosing function; otherwise fL is a left fold. */
function outerParameterOrFold(p: Parser): Node {
  if (!isDigit(peek(p))) return fold(p, "fL");
  while (isDigit(peek(p))) p.at++;
  expect(p, "p");
  return functionParameter(p);
}

function destructorName(p: Parser): Node {
  return { kind: "structor", destructor: true, name: isDigit(peek(p)) ? withArgs(p, sourceName(p)) : type(p) };
}

/** u <source-name> <template-arg>* E */
function vendorExpression(p: Parser): Node {
  const callee = sourceName(p);
  return {
    kind: "binary",
    operator: CALL,
    left: callee,
    right: { kind: "list", items: sequence(p, "E", templateArg) },
  };
}

function withArgs(p: Parser, named: Node): Node {
  return peek(p) === "I" ? { kind: "template", name: named, args: templateArgs(p) } : named;
}

/** After `sr`: <type> <name>, N <type> <qualifiers> E <name>, or <qualifiers> E <name>. */
function unresolvedName(p: Parser): Node {
  const char = peek(p);
  let scope: Node;
  if (!p.oldUnresolvedNames && (isDigit(char) || isLower(char) || /[CUL]/.test(char))) {
    p.metUnresolvedName = true;
    scope = prefix(p, false);
    take(p, "E");
  } else scope = type(p);
  if (take(p, "dn")) return { kind: "scoped", scope, name: destructorName(p) };
  return withArgs(p, unqualifiedName(p, scope, undefined));
}

const CALL: Operator = { code: "cl", text: "()", operands: 2 };
const NEW_CASTS = /^[cdrs]c$/;

function operation(p: Parser): Node {
  const found = operatorOrCast(p);
  if (found.kind === "cast") {
    const operand: Node = take(p, "_") ? { kind: "list", items: sequence(p, "E", expression) } : expression(p);
    return { ...found, operand };
  }
  if (found.kind === "vendor-operator") {
    return found.operands === 1 ? { kind: "vendor-unary", name: found.name, operand: expression(p) } : fail(p);
  }
  if (found.kind !== "operator") return fail(p);
  const { operator } = found;
  switch (operator.operands) {
    case 0:
      return { kind: "nullary", operator };
    case 1:
      return unary(p, operator);
    case 2:
      return binary(p, operator);
    default:
      return ternary(p, operator);
  }
}

function unary(p: Parser, operator: Operator): Node {
  const after = (operator.code === "pp" || operator.code === "mm") && !take(p, "_");
  const operand: Node = /^(?:st|at|ti)$/.test(operator.code)
    ? type(p)
    : operator.code === "sP"
      ? { kind: "list", items: sequence(p, "E", templateArg) }
      : expression(p);
  return { kind: "unary", operator, operand, after };
}

function binary(p: Parser, operator: Operator): Node {
  const { code } = operator;
  if (NEW_CASTS.test(code)) {
    const target = type(p);
    return { kind: "named-cast", name: operator.text, type: target, operand: expression(p) };
  }
  if (code.startsWith("f")) return fold(p, code);
  if (code === "di" || code === "dx") {
    const from = code === "di" ? unqualifiedName(p, undefined, undefined) : expression(p);
    return { kind: "designator", code, from, value: expression(p) };
  }
  const left = expression(p);
  if (code === "cl")
    return { kind: "binary", operator, left, right: { kind: "list", items: sequence(p, "E", expression) } };
  // What follows `.` and `->` is a name, qualified or not; old compilers left out the `on` before an operator's name.
  const isMember = (code === "dt" || code === "pt") && !/^(?:gs|sr)/.test(p.text.slice(p.at, p.at + 2));
  const right = isMember ? memberName(p) : expression(p);
  return { kind: "binary", operator, left, right };
}

function memberName(p: Parser): Node {
  return take(p, "dn") ? destructorName(p) : withArgs(p, unqualifiedName(p, undefined, undefined));
}

function ternary(p: Parser, operator: Operator): Node {
  const { code } = operator;
  if (code.startsWith("f")) return fold(p, code);
  if (code.startsWith("n")) return newExpression(p);
  const first = expression(p);
  const second = expression(p);
  const third = expression(p);
  if (code === "dX") return { kind: "designator", code, from: first, to: second, value: third };
  return { kind: "conditional", test: first, yes: second, no: third };
}

/** fl and fr have one operand, fL and fR two. */
function fold(p: Parser, code: string): Node {
  const operator = operatorOrCast(p);
  const first = expression(p);
  return code === "fL" || code === "fR"
    ? { kind: "fold", code, operator, first, second: expression(p) }
    : { kind: "fold", code, operator, first };
}

/** nw <placement>* _ <type> (E | pi <expression>* E | il <expression>* E) */
function newExpression(p: Parser): Node {
  const placement = sequence(p, "_", expression);
  const of = type(p);
  let initializer: Node | undefined;
  if (take(p, "pi")) initializer = { kind: "list", items: sequence(p, "E", expression) };
  else if (peek(p) === "i" && peek(p, 1) === "l") initializer = expression(p);
  else expect(p, "E");
  return { kind: "new", placement, type: of, initializer };
}

/** <expr-primary> ::= L <type> [n] <value> E | L [_] Z <encoding> E */
export function literal(p: Parser): Node {
  expect(p, "L");
  if (take(p, "_Z") || take(p, "Z")) {
    const named = encoding(p, false);
    expect(p, "E");
    return named;
  }
  const of = type(p);
  if (of === NULLPTR && take(p, "E")) return of;
  const negative = take(p, "n");
  const end = p.text.indexOf("E", p.at);
  if (end < 0) return fail(p);
  const value = p.text.slice(p.at, end);
  p.at = end + 1;
  return { kind: "literal", type: of, negative, value };
}
