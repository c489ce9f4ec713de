// The report of `solder check` as text: what fails first, then why and what to do.

import { demangle } from "../../demangle/index.ts";
import type { Detail, Problem } from "../../elf/problem.ts";
import type { FileReport, Floor, Oldest, Verdict } from "../../load/check/index.ts";
import { releaseText } from "../../load/systems/index.ts";
import { describeProblem } from "../render.ts";
import { mergeVerdicts, wrapped } from "./merge.ts";

export interface CheckStyle {
  readonly color: boolean;
  readonly demangle: boolean;
  /** So many symbols are named; of the others, how many there are. */
  readonly symbols: number;
  /** Also what is not an error, of files that were found in directories. */
  readonly verbose: boolean;
}

/** A report, and whether the user named the file or it was found in a directory. */
export interface Listed {
  readonly report: FileReport;
  readonly named: boolean;
}

const SGR: Readonly<Record<string, string>> = {
  error: "1;31",
  warning: "1;35",
  note: "1;36",
  bold: "1",
  dim: "2",
  ok: "32",
};

export function paint(text: string, how: string, style: CheckStyle): string {
  return style.color ? `\x1b[${SGR[how]}m${text}\x1b[0m` : text;
}

/** Lines about one file; none for a file of a directory with nothing to say. */
export function fileLines({ report, named }: Listed, style: CheckStyle): string[] {
  const full = named || style.verbose;
  if (!full && !fails(report)) return [];
  const shown = (findings: readonly Problem[]): readonly Problem[] => {
    if (style.verbose) return findings;
    const failing = findings.some(({ severity }) => severity === "error");
    return findings.filter(({ severity }) => severity === "error" || (full && !(failing && severity === "note")));
  };
  const lines = [headLine(report, style)];
  if (full && report.oldest !== undefined) lines.push(...oldestLines(report.oldest, style));
  for (const problem of shown(report.problems)) lines.push(...findingLines(problem, report.name, "  ", style));
  const told = full ? report.verdicts : report.verdicts.filter(failsThere);
  const merged = mergeVerdicts(told, (verdict) => verdictWords(verdict)[0], shown);
  const labels = merged.map(({ targets, verdict }) => verdict.platform ?? targets.join(", "));
  const width = Math.min(LONGEST_LABEL, Math.max(0, ...labels.map((label) => label.length)));
  for (const [i, { targets, verdict, findings }] of merged.entries()) {
    const [words, how] = verdictWords(verdict);
    const broken = wrapped(`  ${labels[i].padEnd(width)}  ${words}`, "    ").join("\n");
    lines.push(broken.endsWith(words) ? broken.slice(0, -words.length) + paint(words, how, style) : broken);
    for (const { finding, targets: of } of findings) {
      // Where the words do not tell of which systems.
      const only = of.length < targets.length && finding.details.system === undefined ? of : [];
      lines.push(...findingLines(finding, report.name, "    ", style, only));
    }
  }
  return lines;
}

const LONGEST_LABEL = 40;

/** Whether anything about a file is an error. */
export function fails({ problems, verdicts, instead }: FileReport): boolean {
  if (instead !== undefined) return false;
  return problems.some(({ severity }) => severity === "error") || verdicts.some(failsThere);
}

export function failsThere(verdict: Verdict): boolean {
  return !verdict.loads && verdict.instead === undefined;
}

const ROLES = {
  program: "program",
  "static-program": "static program",
  library: "library",
  addon: "Node.js addon",
} as const;

function headLine({ name, role, machine, made }: FileReport, style: CheckStyle): string {
  const words = [role === undefined ? "" : ROLES[role], machine ?? "", made === undefined ? "" : `for ${made}`];
  const known = words.filter((word) => word !== "").join(", ");
  return `${paint(name, "bold", style)}${known === "" ? "" : `  ${known}`}`;
}

/** Notes of what nobody looked at. */
const OPEN: ReadonlySet<string> = new Set([
  "check-not-judged",
  "check-no-node",
  "check-node-version-unknown",
  "check-android-symbols",
  "check-system-unknown",
]);

export function isOpen({ loads, findings }: Verdict): boolean {
  return loads && findings.some(({ code }) => OPEN.has(code));
}

/** The words, and how they look. */
function verdictWords({ loads, findings, instead }: Verdict): readonly [words: string, how: string] {
  if (instead !== undefined) return [`for another platform; ${instead} is for this one`, "dim"];
  if (!loads) return ["fails", "error"];
  if (findings.some(({ severity }) => severity === "warning")) return ["loads, but", "warning"];
  return findings.some(({ code }) => OPEN.has(code)) ? ["loads, as far as it is known", "note"] : ["loads", "ok"];
}

/** `oldest glibc 2.34, because of pthread_create and dlsym`. */
export function oldestLines(oldest: Oldest, style: CheckStyle): string[] {
  const { glibc, glibcxx, cxxabi, libgcc } = oldest;
  const line = (what: string, floor: Floor | undefined): string[] => {
    if (floor === undefined) return [];
    // A version that no symbol has is needed for itself.
    const because = floor.symbols.length === 0 ? floor.version : symbolList(floor.symbols, style);
    const [first, ...rest] = wrapped(`  oldest  ${what}, because of ${because}`, "          ");
    return [first.replace("oldest", paint("oldest", "dim", style)), ...rest];
  };
  const gcc = (floor: Floor | undefined): string =>
    floor === undefined ? "" : `${floor.version} (GCC ${releaseText(floor.release)})`;
  return [
    ...line(glibc === undefined ? "" : `glibc ${releaseText(glibc.release)}`, glibc),
    ...line(gcc(glibcxx), glibcxx),
    // Said only where it asks for a newer GCC than GLIBCXX does.
    ...line(gcc(cxxabi), isNewer(cxxabi, glibcxx) ? cxxabi : undefined),
    ...line(gcc(libgcc), isNewer(libgcc, glibcxx) && isNewer(libgcc, cxxabi) && recent(libgcc) ? libgcc : undefined),
  ];
}

function isNewer(floor: Floor | undefined, than: Floor | undefined): boolean {
  if (floor === undefined) return false;
  if (than === undefined) return true;
  for (let i = 0; i < 3; i++) {
    const difference = (floor.release[i] ?? 0) - (than.release[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

/** libgcc_s of GCC 4.3 and older is everywhere. */
function recent(floor: Floor | undefined): boolean {
  return floor !== undefined && floor.release[0] >= 5;
}

/** Names beyond this column are counted. */
const LISTED_COLUMNS = 70;

/** `a, b, c and 12 more`. Names that look alike when shortened, such as overloads, stand once. */
function symbolList(symbols: readonly string[], style: CheckStyle): string {
  const readable = (name: string): string => (style.demangle ? demangle(name) : name);
  if (style.verbose) return symbols.map(readable).join(", ");
  const shown = new Set<string>();
  let covered = 0;
  let columns = 0;
  for (const symbol of symbols) {
    const name = shortened(readable(symbol));
    if (shown.size < style.symbols && (columns < LISTED_COLUMNS || shown.size === 0)) shown.add(name);
    columns = [...shown].join(", ").length;
    if (shown.has(name)) covered++;
  }
  const named = [...shown].join(", ");
  const rest = symbols.length - covered;
  return rest > 0 ? `${named} and ${rest} more` : named;
}

/** @param only the targets that it is about, where it has to be said */
function findingLines(
  problem: Problem,
  name: string,
  indent: string,
  style: CheckStyle,
  only: readonly string[] = [],
): string[] {
  const { code, severity, message, lines, cure } = describeProblem(problem, { demangle: style.demangle });
  const where = problem.place.file === undefined || problem.place.file === name ? "" : `${problem.place.file}: `;
  const because = symbolsByVersion(symbolsIn(problem.details.symbols), style);
  const [start, end] = [`${severity}:`, `[${code}]`];
  const of = only.length === 0 ? "" : ` (${only.join(", ")})`;
  const head = wrapped(`${indent}${start} ${where}${message}${of}`, `${indent}  `);
  head[0] = indent + paint(start, severity, style) + head[0].slice(indent.length + start.length);
  head[head.length - 1] += ` ${paint(end, "dim", style)}`;
  return [
    ...head,
    ...[...because, ...lines].flatMap((line) => wrapped(`${indent}  >>> ${line}`, `${indent}      `)),
    ...(cure === "" ? [] : wrapped(`${indent}  fix: ${cure}`, `${indent}       `)),
  ];
}

/** C++ names can fill a screen. */
const LONGEST_NAME = 72;

/** No compiler makes names like that; taking them apart could take for ever. */
const STRANGE_NAME = 10_000;

const TEMPLATE_ARGUMENTS = /<[^<>]*>/g;
const PARAMETERS = /(?<!operator)\((?!anonymous namespace\))[^()]*\)/g;

/** Without the arguments of templates and functions where the name is long: `std::basic_string<…>::append(…)`. */
function shortened(name: string): string {
  if (name.length <= LONGEST_NAME) return name;
  const plain =
    name.length > STRANGE_NAME
      ? name
      : withoutNested(withoutNested(name, TEMPLATE_ARGUMENTS, "<…>"), PARAMETERS, "(…)");
  return plain.length <= LONGEST_NAME ? plain : `${plain.slice(0, LONGEST_NAME - 1)}…`;
}

/** Replaces the innermost brackets first, until none are left. */
function withoutNested(name: string, innermost: RegExp, replacement: string): string {
  let [before, after] = ["", name];
  while (before !== after) [before, after] = [after, after.replace(innermost, "\0")];
  return after.replaceAll("\0", replacement);
}

/** `GLIBC_2.34: dlsym, pthread_once`, a line for each version, the newest first; one line for symbols without. */
function symbolsByVersion(symbols: readonly string[], style: CheckStyle): string[] {
  const groups = new Map<string, string[]>();
  for (const symbol of symbols) {
    const [name, version = ""] = symbol.split("@");
    groups.set(version, [...(groups.get(version) ?? []), name]);
  }
  return [...groups]
    .reverse()
    .map(([version, names]) => `${version === "" ? "" : `${version}: `}${symbolList(names, style)}`);
}

function symbolsIn(detail: Detail | undefined): readonly string[] {
  return Array.isArray(detail) ? detail.filter((item): item is string => typeof item === "string") : [];
}
