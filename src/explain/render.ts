// Problems to text that people and editors can read: one line `ld: error: a.o:(.text+0x12): undefined symbol: foo [code]`,
// then what is known about it, a line each, and last what to do.

import { demangle } from "../demangle/index.ts";
import type { Detail, Place, Problem } from "../elf/problem.ts";
import { messageFor } from "./messages/messages.ts";
import type { Message, PlaceLines } from "./messages/table.ts";
import { type Details, fill, hasNeededFacts, type NameOf, placeText } from "./messages/template.ts";

/** More places than this are counted, not listed. */
const LISTED_PLACES = 3;

export interface DescribeOptions {
  /** C++ and Rust names as their programmers wrote them. Default true. */
  readonly demangle?: boolean;
}

export interface RenderOptions extends DescribeOptions {
  /** ANSI colours. Default false. */
  readonly color?: boolean;
  /** What the line begins with. Default "ld". */
  readonly program?: string;
}

/** A problem in words, in the parts that a front may want to lay out by itself. */
export interface Description {
  readonly code: string;
  readonly severity: Problem["severity"];
  /** `a.o:(.text+0x12)`; empty when the problem has no place. */
  readonly location: string;
  readonly message: string;
  /** Further facts, a line each. */
  readonly lines: readonly string[];
  /** What to do; empty when there is nothing to say. */
  readonly cure: string;
}

/** A problem in words. A code that the table does not know is shown with its facts, never dropped. */
export function describeProblem(problem: Problem, options: DescribeOptions = {}): Description {
  const { code, severity, details } = problem;
  const nameOf: NameOf = options.demangle === false ? (name) => name : demangle;
  const entry = messageFor(code) ?? unknownMessage(details);
  const location = placeText(placeOf(problem, entry));
  const whole = (template: string): string[] =>
    hasNeededFacts(template, details) ? [fill(template, details, nameOf)] : [];
  return {
    code,
    severity,
    location,
    message: fill(entry.message, details, nameOf),
    lines: [
      ...surroundingLines(details, nameOf),
      ...(entry.lists ?? []).flatMap((list) => placeLines(list, details, location, nameOf)),
      ...(entry.more ?? []).flatMap(whole),
    ],
    cure: entry.cure === undefined ? "" : whole(entry.cure).join(""),
  };
}

/** The problem as lines of text, without a line feed at the end. */
export function renderProblem(problem: Problem, options: RenderOptions = {}): string {
  const { code, severity, location, message, lines, cure } = describeProblem(problem, options);
  const paint = options.color === true ? PAINT : PLAIN;
  const where = location === "" ? "" : `${paint.bold(location)}: `;
  const head = `${options.program ?? "ld"}: ${paint[severity](`${severity}:`)} ${where}${message} ${paint.dim(`[${code}]`)}`;
  return [head, ...lines.map((line) => `  >>> ${line}`), ...(cure === "" ? [] : [`  fix: ${cure}`])].join("\n");
}

type Painter = Record<Problem["severity"] | "bold" | "dim", (text: string) => string>;

function sgr(codes: string): (text: string) => string {
  return (text) => `\x1b[${codes}m${text}\x1b[0m`;
}

const PAINT: Painter = { error: sgr("1;31"), warning: sgr("1;35"), note: sgr("1;36"), bold: sgr("1"), dim: sgr("2") };
const asIs = (text: string): string => text;
const PLAIN: Painter = { error: asIs, warning: asIs, note: asIs, bold: asIs, dim: asIs };

/** The problem's place, or the first place of its first list when the problem has none of its own. */
function placeOf(problem: Problem, entry: Message): Place {
  if (Object.keys(problem.place).length > 0 || entry.lists === undefined) return problem.place;
  return placesIn(problem.details, entry.lists[0].places)[0] ?? problem.place;
}

function unknownMessage(details: Details): Message {
  const facts = Object.keys(details).filter((name) => /^[a-zA-Z]+$/.test(name));
  return { message: ["no words for this problem yet", ...facts.map((name) => `${name} {${name}}`)].join(", ") };
}

/** `main.cpp:12 in function main`: where in the source the place of the problem is, in the facts `line` and `function`. */
function surroundingLines(details: Details, nameOf: NameOf): string[] {
  const words = sourceWords(details.line, details.function, nameOf);
  return words === "" ? [] : [words];
}

function sourceWords(line: Detail | undefined, name: Detail | undefined, nameOf: NameOf): string {
  const words = typeof line === "string" && line !== "" ? [line] : [];
  if (typeof name === "string" && name !== "") words.push(`in function ${nameOf(name)}`);
  return words.join(" ");
}

/**
 * `referenced by main.cpp:12 in function main (main.o:(.text+0x12))`, up to three, then how many more there are. A place that
 * the first line of the problem names already is not named again, nor one on a source line that was shown.
 */
function placeLines(list: PlaceLines, details: Details, head: string, nameOf: NameOf): string[] {
  const places = placesIn(details, list.places).slice(0, LISTED_PLACES);
  const lines = stringsIn(details, "lines");
  const functions = stringsIn(details, "functions");
  const label = fill(list.label, details, nameOf);
  const shown: string[] = [];
  const sources = new Set<string>();
  let counted = 0;
  for (const [index, place] of places.entries()) {
    const source = sourceWords(lines[list.lineOf + index], functions[list.lineOf + index], nameOf);
    const where = placeText(place);
    counted++;
    if (sources.has(source)) continue;
    if ((lines[list.lineOf + index] ?? "") !== "") sources.add(source);
    if (where !== head) shown.push(source === "" ? `${label} ${where}` : `${label} ${source} (${where})`);
    else if (source !== "") shown.push((lines[list.lineOf + index] ?? "") === "" ? source : `${label} ${source}`);
  }
  const rest = (typeof details.count === "number" ? Math.max(details.count, counted) : counted) - counted;
  return rest > 0 ? [...shown, `${label} ${rest} more`] : shown;
}

function placesIn(details: Details, name: string): Place[] {
  const detail = details[name];
  return Array.isArray(detail) ? detail.filter((item): item is Place => typeof item === "object") : [];
}

function stringsIn(details: Details, name: string): string[] {
  const detail = details[name];
  return Array.isArray(detail) ? detail.map((item) => (typeof item === "string" ? item : "")) : [];
}
