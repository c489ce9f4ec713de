// Names in the tree of a mangled name, as GNU's c++filt writes them: scopes, templates, functions, operators, closures.

import type { Node } from "./nodes.ts";
import { inScope, leftOfFunction, type Printer, put, rightOfFunction, write, writeList } from "./print.ts";
import { writeExpression } from "./print-expression.ts";

/** Prints a name, or what else is neither a type with two halves nor a template parameter. */
export function writeName(out: Printer, node: Node): void {
  switch (node.kind) {
    case "scoped":
      write(out, node.scope);
      put(out, "::");
      writeScoped(out, node.scope, node.name);
      return;
    case "local":
      write(out, node.scope);
      put(out, node.argument > 0 ? `::{default arg#${node.argument}}::` : "::");
      write(out, node.name);
      return;
    case "tagged":
      write(out, node.name);
      put(out, "[abi:");
      write(out, node.tag);
      put(out, "]");
      return;
    case "module":
      write(out, node.name);
      put(out, "@");
      write(out, node.module);
      return;
    case "module-name":
      if (node.outer !== undefined) write(out, node.outer);
      if (node.partition) put(out, ":");
      else if (node.outer !== undefined) put(out, ".");
      write(out, node.name);
      return;
    case "template":
      writeTemplate(out, node.name, node.args);
      return;
    case "structor":
      put(out, node.destructor ? "~" : "");
      write(out, node.name);
      return;
    case "operator":
      put(out, operatorName(node.operator.text));
      return;
    case "literal-operator":
      put(out, 'operator"" ');
      write(out, node.name);
      return;
    case "vendor-operator":
      put(out, "operator ");
      write(out, node.name);
      return;
    case "conversion":
      put(out, "operator ");
      writeConversion(out, node.type);
      return;
    case "lambda":
      writeLambda(out, node);
      return;
    case "unnamed":
      put(out, `{unnamed type#${node.index + 1}}`);
      return;
    case "binding":
      put(out, "[");
      writeList(out, node.names);
      put(out, "]");
      return;
    case "friend":
      write(out, node.name);
      put(out, "[friend]");
      return;
    case "member":
      write(out, node.name);
      for (const qualifier of node.qualifiers) write(out, qualifier);
      return;
    case "function":
      writeFunction(out, node);
      return;
    case "words":
      put(out, node.before);
      write(out, node.of);
      put(out, node.between);
      if (node.and !== undefined) write(out, node.and);
      return;
    case "decltype":
      put(out, "decltype (");
      write(out, node.of);
      put(out, ")");
      return;
    default:
      writeExpression(out, node);
      return;
  }
}

/** `operator+`, `operator new`, `operator()`. */
function operatorName(text: string): string {
  return /^[a-z]/.test(text) ? `operator ${text.trimEnd()}` : `operator${text}`;
}

/** The name stands between the halves of its type. The type's T_ are the arguments of the function's own template. */
function writeFunction(out: Printer, node: Extract<Node, { kind: "function" }>): void {
  const named = node.name.kind === "local" ? node.name.name : node.name;
  const scope = named.kind === "template" ? { args: named.args, outer: out.scope } : out.scope;
  inScope(out, scope, () => leftOfFunction(out, node.type));
  write(out, node.name);
  inScope(out, scope, () => {
    rightOfFunction(out, node.type);
    if (node.requires === undefined) return;
    put(out, " requires ");
    write(out, node.requires);
  });
}

/** A member's name; a conversion operator that is no template itself takes its T_ from the class. */
function writeScoped(out: Printer, scope: Node, name: Node): void {
  const outer = out.templateArgs;
  if (name.kind === "conversion" && scope.kind === "template") out.templateArgs ??= scope.args;
  write(out, name);
  out.templateArgs = outer;
}

function writeConversion(out: Printer, type: Node): void {
  const args = out.templateArgs;
  inScope(out, args === undefined ? out.scope : { args, outer: out.scope }, () => write(out, type));
}

/** `> >` rather than `>>`, and a space after `operator<`. */
function writeTemplate(out: Printer, name: Node, args: readonly Node[]): void {
  const outer = out.templateArgs;
  out.templateArgs = args;
  write(out, name);
  put(out, out.last === "<" ? " <" : "<");
  writeList(out, args);
  put(out, out.last === ">" ? " >" : ">");
  out.templateArgs = outer;
}

function writeLambda(out: Printer, node: Extract<Node, { kind: "lambda" }>): void {
  put(out, "{lambda");
  if (node.head.length > 0) {
    put(out, "<");
    writeList(out, node.head);
    put(out, ">");
  }
  put(out, "(");
  out.lambdas++;
  writeList(out, node.parameters);
  out.lambdas--;
  put(out, `)#${node.index + 1}}`);
}
