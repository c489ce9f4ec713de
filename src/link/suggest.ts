// "Did you mean …?" for a symbol that nobody defines. The commonest mix-up of all is between C and C++ (`foo` is used and
// `foo(int)` is defined, or the other way round), so that is looked for before spelling.

import type { Detail } from "../elf/problem.ts";

export interface Suggestion {
  /** The defined symbol, as in the file. */
  readonly name: string;
  /**
   * Why it may be meant:
   * - `defined-as-cxx`: a C name is used, a C++ function of that name is defined
   * - `defined-as-c`: a C++ function is used, a C name is defined
   * - `case`: only upper and lower case differ
   * - `underscore`: only leading underscores differ
   * - `parameters`: the same C++ function with other parameters
   * - `scope`: the same C++ function in another namespace or class
   * - `spelling`: a few letters differ
   */
  readonly reason: "defined-as-cxx" | "defined-as-c" | "case" | "underscore" | "parameters" | "scope" | "spelling";
}

/** The likeliest reason first. */
const RANK: readonly Suggestion["reason"][] = [
  "defined-as-cxx",
  "defined-as-c",
  "case",
  "underscore",
  "parameters",
  "spelling",
  "scope",
];

/**
 * The defined name that was most likely meant, if any comes close.
 * @param wanted the undefined symbol's name, as in the file
 * @param defined names that are defined; among equals the first wins
 */
export function suggest(wanted: string, defined: Iterable<string>): Suggestion | undefined {
  const target = targetOf(wanted);
  let best: Suggestion | undefined;
  let bestScore = Number.POSITIVE_INFINITY;
  for (const name of defined) {
    if (name === wanted) continue;
    const found = compare(target, name);
    if (found === undefined || found.score >= bestScore) continue;
    best = { name, reason: found.reason };
    bestScore = found.score;
  }
  return best;
}

/** The facts of an `undefined-symbol` problem that say what was suggested and why. */
export function suggestionDetails(suggestion: Suggestion): Readonly<Record<string, Detail>> {
  return { [FACTS[suggestion.reason]]: suggestion.name };
}

const FACTS: Readonly<Record<Suggestion["reason"], string>> = {
  "defined-as-cxx": "definedAsCxx",
  "defined-as-c": "definedAsC",
  case: "suggestion",
  underscore: "suggestion",
  parameters: "otherParameters",
  scope: "otherScope",
  spelling: "suggestion",
};

/** The wanted name, taken apart once. */
interface Target {
  readonly name: string;
  readonly lower: string;
  readonly bare: string;
  readonly cxx: CxxName | undefined;
  /** `3foo`: how a C++ name contains this one. */
  readonly encoded: string;
  readonly maxEdits: number;
}

interface Match {
  readonly reason: Suggestion["reason"];
  /** Smaller is better. */
  readonly score: number;
}

function targetOf(name: string): Target {
  const cxx = cxxName(name);
  const base = cxx?.base ?? name;
  return {
    name,
    lower: name.toLowerCase(),
    bare: withoutUnderscores(name),
    cxx,
    encoded: `${base.length}${base}`,
    // One more for the length in front of a mangled name.
    maxEdits: Math.min(3, 1 + Math.floor(base.length / 8)) + (cxx === undefined ? 0 : 1),
  };
}

function compare(target: Target, name: string): Match | undefined {
  const reason = exactReason(target, name);
  if (reason !== undefined) return { reason, score: RANK.indexOf(reason) * 10 };
  const edits = editDistance(target.name, name, target.maxEdits);
  return edits <= target.maxEdits ? { reason: "spelling", score: RANK.indexOf("spelling") * 10 + edits } : undefined;
}

/** Every reason but spelling. */
function exactReason(target: Target, name: string): Suggestion["reason"] | undefined {
  if (name.length === target.name.length && name.toLowerCase() === target.lower) return "case";
  if (target.cxx === undefined) {
    if (name.startsWith("_Z") && name.includes(target.encoded)) {
      const cxx = cxxName(name);
      if (cxx?.encodedBase === target.encoded) return cxx.scope === "" ? "defined-as-cxx" : "scope";
    }
    return withoutUnderscores(name) === target.bare && target.bare !== "" ? "underscore" : undefined;
  }
  if (target.cxx.base === name) return "defined-as-c";
  if (!name.startsWith("_Z") || !name.includes(target.encoded)) return undefined;
  const cxx = cxxName(name);
  if (cxx?.encodedBase !== target.encoded) return undefined;
  return cxx.scope === target.cxx.scope ? "parameters" : "scope";
}

interface CxxName {
  /** The enclosing names as mangled: `2ns1A`; empty at the top. */
  readonly scope: string;
  readonly base: string;
  readonly encodedBase: string;
}

/** Takes a plain C++ name apart: source names only, no templates, operators or substitutions. */
function cxxName(mangled: string): CxxName | undefined {
  if (!mangled.startsWith("_Z")) return undefined;
  const nested = /^_ZN[rVK]*[RO]?(?=\d)/.exec(mangled);
  const parts: string[] = [];
  let at = nested === null ? 2 : nested[0].length;
  do {
    const digits = /^[1-9]\d{0,4}/.exec(mangled.slice(at, at + 5))?.[0];
    if (digits === undefined) return undefined;
    const end = at + digits.length + Number(digits);
    if (end > mangled.length) return undefined;
    parts.push(mangled.slice(at, end));
    at = end;
  } while (nested !== null && mangled.charAt(at) !== "E");
  const encodedBase = parts[parts.length - 1];
  return { scope: parts.slice(0, -1).join(""), base: encodedBase.replace(/^\d+/, ""), encodedBase };
}

function withoutUnderscores(name: string): string {
  let start = 0;
  while (name.charCodeAt(start) === 0x5f) start++;
  return start === 0 ? name : name.slice(start);
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`.
 * @param limit gives up beyond it
 * @returns the number, or `limit + 1` when it is greater than `limit`
 */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a.charCodeAt(start) === b.charCodeAt(start)) start++;
  let end = 0;
  while (end < shorter - start && a.charCodeAt(a.length - 1 - end) === b.charCodeAt(b.length - 1 - end)) end++;
  return middleDistance(a.slice(start, a.length - end), b.slice(start, b.length - end), limit);
}

function middleDistance(a: string, b: string, limit: number): number {
  if (a === "" || b === "") return Math.min(a.length + b.length, limit + 1);
  let before = new Uint16Array(b.length + 1);
  let above = Uint16Array.from({ length: b.length + 1 }, (_, column) => Math.min(column, limit + 1));
  let current = new Uint16Array(b.length + 1);
  for (let row = 1; row <= a.length; row++) {
    // Only the columns near the diagonal can stay within the limit.
    const last = Math.min(b.length, row + limit);
    current.fill(limit + 1);
    current[0] = Math.min(row, limit + 1);
    let least = current[0];
    for (let column = Math.max(1, row - limit); column <= last; column++) {
      const same = a.charCodeAt(row - 1) === b.charCodeAt(column - 1);
      let cost = Math.min(above[column] + 1, current[column - 1] + 1, above[column - 1] + (same ? 0 : 1));
      if (row > 1 && column > 1 && isSwap(a, row, b, column)) cost = Math.min(cost, before[column - 2] + 1);
      current[column] = cost;
      least = Math.min(least, cost);
    }
    if (least > limit) return limit + 1;
    [before, above, current] = [above, current, before];
  }
  return Math.min(above[b.length], limit + 1);
}

function isSwap(a: string, row: number, b: string, column: number): boolean {
  return a.charCodeAt(row - 1) === b.charCodeAt(column - 2) && a.charCodeAt(row - 2) === b.charCodeAt(column - 1);
}
