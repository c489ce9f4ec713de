// Statements as text, for `--verbose` and the map file. What is printed parses to the same statements, in GNU ld too; of
// an overlay its sections are, into which it has been spelt out.

import { SECTION_FLAGS } from "./section-body.ts";
import type {
  Assignment,
  BodyStatement,
  Expression,
  FilePattern,
  InputStatement,
  SectionFlags,
  SectionPattern,
  SectionStatement,
  Statement,
} from "./statements.ts";

/** Lines of what `--verbose` prints before SECTIONS of the default script: format and machine; ENTRY and directories but for -r. */
export const HEADER_LINES = { relocatable: 2, final: 4 } as const;

/** By statement of the default script: its line in what `--verbose` prints. */
export function statementLines(
  statements: readonly Statement[],
  isRelocatable: boolean,
): ReadonlyMap<Statement | BodyStatement, number> {
  const lines = new Map<Statement | BodyStatement, number>();
  // Behind "SECTIONS" and the brace.
  let line = (isRelocatable ? HEADER_LINES.relocatable : HEADER_LINES.final) + 3;
  for (const it of statements) {
    lines.set(it, line);
    if (it.kind === "section") {
      const isInHead = isShort(it.body);
      it.body.forEach((one, i) => {
        lines.set(one, isInHead ? line : line + 2 + i);
      });
    }
    line += printStatement(it).split("\n").length;
  }
  return lines;
}

/** `SECTIONS { … }`, a statement a line. */
export function printSections(statements: readonly Statement[]): string {
  return `SECTIONS\n{\n${statements.map((it) => `  ${printStatement(it)}\n`).join("")}}\n`;
}

/** A statement of SECTIONS, without a newline at its end. */
export function printStatement(it: Statement): string {
  if (it.kind === "section") return printSection(it);
  if (it.kind === "assert") return `ASSERT(${printExpression(it.test)}, "${it.message}")`;
  return `${printAssignment(it.assignment)};`;
}

/** `symbol = value`, in PROVIDE or HIDDEN if it is; without the semicolon. */
export function printAssignment({ symbol, operator, value, provide, hidden }: Assignment): string {
  const written = operator !== "=" && value.kind === "binary" ? value.right : value;
  const text = `${printName(symbol)} ${operator} ${printExpression(written)}`;
  if (provide) return `${hidden ? "PROVIDE_HIDDEN" : "PROVIDE"} (${text})`;
  return hidden ? `HIDDEN (${text})` : text;
}

/** Is the body one that fits behind the head? */
function isShort(body: readonly BodyStatement[]): boolean {
  return body.every((it) => it.kind === "input") && body.map(printBodyStatement).join(" ").length < 80;
}

function printSection(it: SectionStatement): string {
  const body = it.body.map(printBodyStatement);
  const inside = isShort(it.body)
    ? `{ ${body.join(" ")} }`
    : `\n  {\n${body.map((line) => `    ${line}\n`).join("")}  }`;
  return `${printHead(it)} ${inside}${printTail(it)}`.replace(/ +\n/g, "\n");
}

/** What stands before the brace. */
export function printHead(it: SectionStatement): string {
  const address = it.address === undefined ? "" : ` ${printExpression(it.address)}`;
  return `${printName(it.name).padEnd(15)}${address}${printType(it)} :${printAttributes(it)}`;
}

function printType({ type }: SectionStatement): string {
  if (type === undefined) return "";
  const number = type.type && `TYPE = ${printExpression(type.type)}`;
  if (type.keyword === undefined) return ` (${number ?? ""})`;
  return number === undefined ? ` (${type.keyword})` : ` (${type.keyword} (${number}))`;
}

const CONSTRAINTS = { none: "", "read-only": " ONLY_IF_RO", writable: " ONLY_IF_RW", special: " SPECIAL" } as const;

function printAttributes(it: SectionStatement): string {
  const wrap = (word: string, value: Expression | undefined): string =>
    value === undefined ? "" : ` ${word}(${printExpression(value)})`;
  return [
    wrap("AT", it.loadAddress),
    wrap("ALIGN", it.align),
    it.alignWithInput ? " ALIGN_WITH_INPUT" : "",
    wrap("SUBALIGN", it.subalign),
    CONSTRAINTS[it.constraint],
  ].join("");
}

function printTail(it: SectionStatement): string {
  return [
    it.region === undefined ? "" : ` >${it.region}`,
    it.loadRegion === undefined ? "" : ` AT>${it.loadRegion}`,
    ...it.phdrs.map((name) => ` :${name}`),
    it.fill === undefined ? "" : ` =${printFill(it.fill.bytes, it.fill.value)}`,
  ].join("");
}

function printFill(bytes: Uint8Array | undefined, value: Expression): string {
  // Hexadecimal digits alone would be the bytes.
  if (bytes === undefined) return value.kind === "number" ? String(value.value) : printExpression(value);
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** A statement of a section's braces. */
export function printBodyStatement(it: BodyStatement): string {
  switch (it.kind) {
    case "assign":
      return `${printAssignment(it.assignment)};`;
    case "assert":
      return `ASSERT(${printExpression(it.test)}, "${it.message}");`;
    case "input":
      return printInput(it);
    case "data":
      return `${it.command}(${printExpression(it.value)})`;
    case "text":
      return it.text === undefined ? "LINKER_VERSION" : `ASCIZ "${printText(it.text)}"`;
    case "fill":
      return `FILL(${printFill(it.fill.bytes, it.fill.value)})`;
    case "idle":
      return it.text;
  }
}

function printText(text: Uint8Array): string {
  return Array.from(text, (byte) => {
    const character = String.fromCharCode(byte);
    return byte < 0x20 || byte > 0x7e || character === '"' || character === "\\"
      ? `\\${byte.toString(8).padStart(3, "0")}`
      : character;
  }).join("");
}

/** `KEEP (*(.init))` */
export function printInput(it: InputStatement): string {
  let file = printExcluded(it.excluded) + printName(it.file.text);
  if (it.fileReversed) file = `REVERSE(${file})`;
  if (it.fileSort === "name") file = `SORT(${file})`;
  const sections = it.sections === undefined ? "" : `(${it.sections.map(printPattern).join(" ")})`;
  const text = `${printFlags(it.flags)}${file}${sections}`;
  return it.keep ? `KEEP (${text})` : text;
}

function printFlags(flags: SectionFlags | undefined): string {
  if (flags === undefined) return "";
  const named = (bits: number, sign: string): string[] =>
    Object.entries(SECTION_FLAGS).flatMap(([name, bit]) => ((bits & bit) >>> 0 === bit ? [sign + name] : []));
  const parts = [...named(flags.set, ""), ...named(flags.clear, "!"), ...flags.unknown];
  return `INPUT_SECTION_FLAGS (${parts.join(" & ")}) `;
}

function printExcluded(files: readonly FilePattern[]): string {
  return files.length === 0 ? "" : `EXCLUDE_FILE (${files.map(({ text }) => printName(text)).join(" ")}) `;
}

const SORTS = {
  name: "SORT_BY_NAME",
  alignment: "SORT_BY_ALIGNMENT",
  "init-priority": "SORT_BY_INIT_PRIORITY",
  none: "SORT_NONE",
} as const;

function printPattern(it: SectionPattern): string {
  let text = printExcluded(it.excluded) + printName(it.name);
  if (it.reversed) text = `REVERSE(${text})`;
  for (const sort of it.sorts.toReversed()) text = `${SORTS[sort]}(${text})`;
  return text;
}

/** Names that the lexer would take apart are quoted. */
function printName(name: string): string {
  return /^[\w./\\$~*?[\]!^:-]+$/.test(name) ? name : `"${name}"`;
}

/** Functions whose first argument is text rather than a name. */
const TEXTS: Readonly<Record<string, number>> = { SEGMENT_START: 0, ASSERT: 1 };

/** An expression with only the parentheses that it needs, or more. */
export function printExpression(it: Expression): string {
  switch (it.kind) {
    case "number":
      return printNumber(it.value);
    case "symbol":
      return /^[A-Za-z_.$][\w.$]*$/.test(it.name) ? it.name : `"${it.name}"`;
    case "unary":
      return `${it.operator}${printOperand(it.operand)}`;
    case "binary":
      return `${printOperand(it.left)} ${it.operator} ${printOperand(it.right)}`;
    case "conditional":
      return `${printOperand(it.test)} ? ${printOperand(it.then)} : ${printOperand(it.else)}`;
    case "call":
      return printCall(it.name, it.arguments);
  }
}

function printNumber(value: bigint): string {
  return value < 10n ? String(value) : `0x${value.toString(16)}`;
}

function printOperand(it: Expression): string {
  const text = printExpression(it);
  return it.kind === "binary" || it.kind === "conditional" ? `(${text})` : text;
}

function printCall(name: string, values: readonly Expression[]): string {
  if (name === "SIZEOF_HEADERS") return name;
  const texts = values.map((value, i) => {
    if (value.kind !== "symbol") return printExpression(value);
    return TEXTS[name] === i ? `"${value.name}"` : printName(value.name);
  });
  return `${name}(${texts.join(", ")})`;
}
