// Systems about which the same is to be said are spoken of together, and so are files: who ships a package for ten systems gets an
// answer and not ten.

import type { Detail, Problem } from "../../elf/problem.ts";
import type { Verdict } from "../../load/check/index.ts";
import { compareReleases, parseRelease } from "../../load/systems/index.ts";

/** Targets of which the same is to be said, and why. */
export interface Merged {
  readonly targets: readonly string[];
  /** The first one's. */
  readonly verdict: Verdict;
  readonly findings: readonly MergedFinding[];
}

/** A finding that speaks of all the targets that have it. */
export interface MergedFinding {
  readonly finding: Problem;
  readonly targets: readonly string[];
}

/** What differs from system to system although the finding is the same. */
const VARYING: Readonly<Record<string, readonly string[]>> = {
  "check-glibc-too-old": ["has"],
  "check-gcc-runtime-too-old": ["has", "gcc"],
};

/**
 * Puts targets together that get the same words, and findings of them that are the same but for the name of the system and its
 * releases.
 * @param wordsOf what is said of a target in short  @param shown which findings are told
 */
export function mergeVerdicts(
  verdicts: readonly Verdict[],
  wordsOf: (verdict: Verdict) => string,
  shown: (findings: readonly Problem[]) => readonly Problem[],
): Merged[] {
  const groups = new Map<string, Verdict[]>();
  for (const verdict of verdicts) {
    const words = wordsOf(verdict);
    groups.set(words, [...(groups.get(words) ?? []), verdict]);
  }
  return [...groups.values()].map((group) => ({
    targets: group.map(({ target }) => target),
    verdict: group[0],
    findings: mergeFindings(group, shown),
  }));
}

function mergeFindings(
  group: readonly Verdict[],
  shown: (findings: readonly Problem[]) => readonly Problem[],
): MergedFinding[] {
  const same = new Map<string, { readonly targets: string[]; readonly findings: Problem[] }>();
  for (const { target, findings } of group) {
    for (const finding of shown(findings)) {
      const key = JSON.stringify(keyOf(finding));
      const entry = same.get(key) ?? { targets: [], findings: [] };
      same.set(key, entry);
      entry.targets.push(target);
      entry.findings.push(finding);
    }
  }
  return [...same.values()].map(({ targets, findings }) => ({ targets, finding: mergedFinding(findings) }));
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
