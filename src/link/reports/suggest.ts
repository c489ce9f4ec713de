// "Did you mean …?" for a symbol that nobody defines. The commonest mix-up of all is between C and C++ (`foo` is used and
// `foo(int)` is defined, or the other way round), so that is looked for before spelling.

import type { Detail } from "../../elf/problem.ts";
import { editDistance } from "../tables/spelling.ts";

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
  /** How a C++ name contains this one: `3foo`. */
  readonly key: string;
  readonly maxEdits: number;
}

interface Match {
  readonly reason: Suggestion["reason"];
  /** Smaller is better. */
  readonly score: number;
}

function targetOf(name: string): Target {
  const cxx = cxxName(name);
  return {
    name,
    lower: name.toLowerCase(),
    bare: withoutUnderscores(name),
    cxx,
    key: cxx?.key ?? `${name.length}${name}`,
    maxEdits: maxEdits(name, cxx),
  };
}

/** Too short a name is like any other; and what is not a plain name (a constructor, a template) is not misspelt. */
function maxEdits(name: string, cxx: CxxName | undefined): number {
  if (cxx === undefined ? name.startsWith("_Z") : cxx.special) return 0;
  const length = cxx?.base.length ?? name.length;
  if (length < 4) return 0;
  // One more for the length in front of a mangled name.
  return Math.min(3, 1 + Math.floor(length / 8)) + (cxx === undefined ? 0 : 1);
}

function compare(target: Target, name: string): Match | undefined {
  const reason = exactReason(target, name);
  if (reason !== undefined) return { reason, score: RANK.indexOf(reason) * 10 };
  const { cxx, maxEdits: limit } = target;
  // Misspelt names have the same parameters; and a C++ name is no misspelling of a C name.
  if (limit === 0 || (cxx === undefined ? name.startsWith("_Z") : !name.endsWith(cxx.rest))) return undefined;
  const edits = editDistance(target.name, name, limit);
  return edits <= limit ? { reason: "spelling", score: RANK.indexOf("spelling") * 10 + edits } : undefined;
}

/** Every reason but spelling. */
function exactReason(target: Target, name: string): Suggestion["reason"] | undefined {
  if (name.length === target.name.length && name.toLowerCase() === target.lower) return "case";
  if (target.cxx === undefined) {
    if (name.startsWith("_Z") && name.includes(target.key)) {
      const cxx = cxxName(name);
      if (cxx?.key === target.key) return cxx.scope === "" ? "defined-as-cxx" : "scope";
    }
    return withoutUnderscores(name) === target.bare && target.bare !== "" ? "underscore" : undefined;
  }
  if (target.cxx.base === name && !target.cxx.special) return "defined-as-c";
  if (!name.startsWith("_Z") || !name.includes(target.key)) return undefined;
  const cxx = cxxName(name);
  if (cxx?.key !== target.key) return undefined;
  if (cxx.scope !== target.cxx.scope) return "scope";
  // A destructor has no parameters: what differs is which of its variants it is.
  return target.cxx.isDestructor ? undefined : "parameters";
}

interface CxxName {
  /** The enclosing names as mangled: `2ns1A`; empty at the top. */
  readonly scope: string;
  readonly base: string;
  /** `3foo`; of a constructor or destructor the class's name and `C` or `D`. */
  readonly key: string;
  /** What follows the name: the parameters. */
  readonly rest: string;
  /** A constructor or destructor. */
  readonly special: boolean;
  readonly isDestructor: boolean;
}

/** Takes a plain C++ name apart: source names, constructors and destructors; no templates, operators or substitutions. */
function cxxName(mangled: string): CxxName | undefined {
  if (!mangled.startsWith("_Z")) return undefined;
  const nested = /^_ZN[rVK]*[RO]?(?=\d)/.exec(mangled);
  const parts: string[] = [];
  let at = nested === null ? 2 : nested[0].length;
  let structor = "";
  do {
    const digits = /^[1-9]\d{0,4}/.exec(mangled.slice(at, at + 5))?.[0];
    if (digits === undefined) {
      structor = nested === null ? "" : (/^[CD](?=[0-5]E)/.exec(mangled.slice(at, at + 3))?.[0] ?? "");
      if (structor === "") return undefined;
      at += 2;
      break;
    }
    const end = at + digits.length + Number(digits);
    if (end > mangled.length) return undefined;
    parts.push(mangled.slice(at, end));
    at = end;
  } while (nested !== null && mangled.charAt(at) !== "E");
  const encoded = parts[parts.length - 1];
  return {
    scope: parts.slice(0, -1).join(""),
    base: encoded.replace(/^\d+/, ""),
    key: encoded + structor,
    rest: mangled.slice(at),
    special: structor !== "",
    isDestructor: structor === "D",
  };
}

function withoutUnderscores(name: string): string {
  let start = 0;
  while (name.charCodeAt(start) === 0x5f) start++;
  return start === 0 ? name : name.slice(start);
}
