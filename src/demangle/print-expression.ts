// Expressions in template arguments, array sizes and decltype, as GNU's c++filt writes them: operands in parentheses unless
// they are plain names.

import type { Node } from "./nodes.ts";
import { type Printer, packIn, put, write, writeList } from "./print.ts";

export function writeExpression(out: Printer, node: Node): void {
  switch (node.kind) {
    case "literal":
      writeLiteral(out, node);
      return;
    case "function-parameter":
      put(out, node.index === 0 ? "this" : `{parm#${node.index}}`);
      return;
    case "nullary":
      put(out, node.operator.text);
      return;
    case "unary":
      writeUnary(out, node);
      return;
    case "vendor-unary":
      put(out, "operator ");
      write(out, node.name);
      writeOperand(out, node.operand);
      return;
    case "binary":
      writeBinary(out, node);
      return;
    case "conditional":
      writeOperand(out, node.test);
      put(out, "?");
      writeOperand(out, node.yes);
      put(out, " : ");
      writeOperand(out, node.no);
      return;
    case "cast":
      put(out, "(");
      write(out, node.type);
      put(out, ")");
      writeOperand(out, node.operand);
      return;
    case "named-cast":
      put(out, `${node.name}<`);
      write(out, node.type);
      put(out, ">(");
      write(out, node.operand);
      put(out, ")");
      return;
    case "new":
      writeNew(out, node);
      return;
    case "fold":
      writeFold(out, node);
      return;
    case "list":
      writeList(out, node.items);
      return;
    case "braces":
      if (node.type !== undefined) write(out, node.type);
      put(out, "{");
      writeList(out, node.items);
      put(out, "}");
      return;
    case "designator":
      writeDesignator(out, node);
      return;
    case "clause":
      put(out, node.text);
      if (node.items.length === 0) return;
      put(out, "(");
      writeList(out, node.items);
      put(out, ")");
      return;
    case "head-parameter":
      writeHeadParameter(out, node);
      return;
    default:
      // A name or a type where an expression may stand.
      write(out, node);
      return;
  }
}

/** An operand: in parentheses unless it is a plain name, braces, or a function's parameter. */
export function writeOperand(out: Printer, node: Node): void {
  const { kind } = node;
  const plain = kind === "name" || kind === "scoped" || kind === "braces" || kind === "function-parameter";
  if (!plain) put(out, "(");
  write(out, node);
  if (!plain) put(out, ")");
}

/** `5ul`, `true`, `(char)65`, `(E)1`, `(double)[3ff0…]` */
function writeLiteral(out: Printer, node: Extract<Node, { kind: "literal" }>): void {
  const sign = node.negative ? "-" : "";
  const form = node.type.kind === "builtin" ? node.type.literal : undefined;
  if (form === "bool" && /^-?[01]$/.test(sign + node.value) && !node.negative) {
    put(out, node.value === "1" ? "true" : "false");
    return;
  }
  if (form !== undefined && form !== "bool" && form !== "[") {
    put(out, `${sign}${node.value}${form}`);
    return;
  }
  put(out, "(");
  write(out, node.type);
  put(out, `)${sign}`);
  put(out, form === "[" ? `[${node.value}]` : node.value);
}

function writeUnary(out: Printer, node: Extract<Node, { kind: "unary" }>): void {
  const { code, text } = node.operator;
  if (node.after) {
    writeOperand(out, node.operand);
    put(out, text);
    return;
  }
  switch (code) {
    case "sZ":
      put(out, String(packIn(out, node.operand)?.length ?? 0));
      return;
    case "sP":
      put(out, String(argumentCount(out, node.operand)));
      return;
    case "gs":
      put(out, text);
      write(out, node.operand);
      return;
    case "st":
    case "at":
    case "ti":
      put(out, `${text}(`);
      write(out, node.operand);
      put(out, ")");
      return;
    case "ad":
      put(out, text);
      writeOperand(out, withoutParameters(node.operand));
      return;
    default:
      put(out, text);
      writeOperand(out, node.operand);
      return;
  }
}

/** The address of a member function shows its name only; one with qualifiers of `this` shows all. */
function withoutParameters(node: Node): Node {
  return node.kind === "function" && node.name.kind === "scoped" && node.type.qualifiers.length === 0
    ? node.name
    : node;
}

/** Number of arguments in a list, expansions counted with the length of their pack. */
function argumentCount(out: Printer, node: Node): number {
  if (node.kind !== "list") return 0;
  return node.items.reduce(
    (count, item) => count + (item.kind === "expansion" ? (packIn(out, item.pattern)?.length ?? 0) : 1),
    0,
  );
}

function writeBinary(out: Printer, node: Extract<Node, { kind: "binary" }>): void {
  const { code, text } = node.operator;
  // `>` would end the template's arguments.
  if (text === ">") put(out, "(");
  writeOperand(out, code === "cl" && node.left.kind === "function" ? node.left.name : node.left);
  if (code === "ix") {
    put(out, "[");
    write(out, node.right);
    put(out, "]");
  } else {
    if (code !== "cl") put(out, text);
    writeOperand(out, node.right);
  }
  if (text === ">") put(out, ")");
}

function writeNew(out: Printer, node: Extract<Node, { kind: "new" }>): void {
  put(out, "new ");
  if (node.placement.length > 0) {
    put(out, "(");
    writeList(out, node.placement);
    put(out, ") ");
  }
  write(out, node.type);
  if (node.initializer !== undefined) writeOperand(out, node.initializer);
}

/** `(... + x)`, `(x + ...)`, `(x + ... + y)`, with the whole pack in place of x. */
function writeFold(out: Printer, node: Extract<Node, { kind: "fold" }>): void {
  const outer = out.packIndex;
  out.packIndex = -1;
  const symbol = node.operator.kind === "operator" ? node.operator.operator.text : "?";
  put(out, node.code === "fl" ? `(...${symbol}` : "(");
  writeOperand(out, node.first);
  if (node.code === "fr") put(out, `${symbol}...`);
  if (node.second !== undefined) {
    put(out, `${symbol}...${symbol}`);
    writeOperand(out, node.second);
  }
  put(out, ")");
  out.packIndex = outer;
}

function writeDesignator(out: Printer, node: Extract<Node, { kind: "designator" }>): void {
  put(out, node.code === "di" ? "." : "[");
  write(out, node.from);
  if (node.to !== undefined) {
    put(out, " ... ");
    write(out, node.to);
  }
  if (node.code !== "di") put(out, "]");
  if (node.value.kind === "designator") {
    write(out, node.value);
    return;
  }
  put(out, "=");
  writeOperand(out, node.value);
}

function writeHeadParameter(out: Printer, node: Extract<Node, { kind: "head-parameter" }>): void {
  switch (node.of) {
    case "type":
      put(out, "typename");
      return;
    case "value":
      writeList(out, node.inner);
      return;
    case "template":
      put(out, "template<");
      writeList(out, node.inner);
      put(out, "> class");
      return;
    case "pack":
      writeList(out, node.inner);
      put(out, "...");
      return;
  }
}
