// Systems about which the same is to be said are spoken of together, and so are files: who ships a package for ten systems gets an
// answer and not ten.

import type { Detail, Problem } from "../../elf/problem.ts";
import type { Verdict } from "../../load/check/index.ts";
import { compareReleases, parseRelease } from "../../load/systems/index.ts";

/** Verdicts that say the same of several targets. */
export interface Merged {
  readonly targets: readonly string[];
  /** The first one, with findings that speak of all the targets. */
  readonly verdict: Verdict;
}

/** What differs from system to system although the finding is the same. */
const VARYING: Readonly<Record<string, readonly string[]>> = {
  "check-glibc-too-old": ["has"],
  "check-gcc-runtime-too-old": ["has", "gcc"],
};

/** Puts verdicts together whose findings are the same but for the name of the system and its releases. */
export function mergeVerdicts(verdicts: readonly Verdict[]): Merged[] {
  const groups = new Map<string, Verdict[]>();
  for (const verdict of verdicts) {
    const key = JSON.stringify([verdict.loads, verdict.instead, verdict.findings.map(keyOf)]);
    groups.set(key, [...(groups.get(key) ?? []), verdict]);
  }
  return [...groups.values()].map((group) => {
    const [first] = group;
    const findings = first.findings.map((_, i) => mergedFinding(group.map((verdict) => verdict.findings[i])));
    return { targets: group.map(({ target }) => target), verdict: { ...first, findings } };
  });
}

function keyOf({ code, severity, place, details }: Problem): unknown {
  const left = { ...details };
  for (const name of ["system", ...(VARYING[code] ?? [])]) delete left[name];
  return [code, severity, place, left];
}

function mergedFinding(same: readonly Problem[]): Problem {
  const [first] = same;
  const details = { ...first.details };
  for (const name of ["system", ...(VARYING[first.code] ?? [])]) {
    const values = [...new Set(same.map((it) => it.details[name]))].filter((it) => typeof it === "string");
    if (values.length > 1) details[name] = name === "gcc" ? oldest(values) : (values as Detail);
  }
  return { ...first, details };
}

function oldest(releases: readonly string[]): string {
  return [...releases].sort((a, b) => compareReleases(parseRelease(a) ?? [], parseRelease(b) ?? []))[0];
}

/** Joins what was said of files: lines that are the same but for the first one, the file's, stand once below all of these. */
export function mergeFiles(files: readonly (readonly string[])[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const [head, ...body] of files) {
    if (head === undefined) continue;
    const key = body.length === 0 ? head : body.join("\n");
    groups.set(key, [...(groups.get(key) ?? []), head]);
  }
  const bodies = new Map(files.map(([head, ...body]) => [body.length === 0 ? head : body.join("\n"), body]));
  return [...groups].map(([key, heads]) => [...heads, ...(bodies.get(key) ?? [])]);
}

/** Lines longer than this are broken at a space. */
const COLUMNS = 120;

/** A line, broken where it is too long; what follows is indented under it. */
export function wrapped(line: string, indent: string): string[] {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > COLUMNS) {
    const at = rest.lastIndexOf(" ", COLUMNS);
    // A name without spaces stays whole.
    const end = at > indent.length ? at : rest.indexOf(" ", COLUMNS);
    if (end < 0) break;
    lines.push(rest.slice(0, end));
    rest = `${indent}${rest.slice(end + 1)}`;
  }
  return [...lines, rest];
}
