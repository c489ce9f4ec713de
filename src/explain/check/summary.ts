// What `solder check` says at the end of more than one file: how many fail, on which platforms they were judged, and what was
// not.

import { type FileReport, oldestOfAll } from "../../load/check/index.ts";
import { wrapped } from "./merge.ts";
import { type CheckStyle, fails, failsThere, isOpen, oldestLines, paint } from "./text.ts";

/** Files of directories that were not looked at. */
export interface PassedOver {
  /** Programs and libraries of other systems by their kind: Mach-O, PE. */
  readonly kinds: ReadonlyMap<string, number>;
  /** Files that are no programs and no libraries. */
  readonly other: number;
}

/** How many files of each kind, the most frequent first. */
export type Tally = readonly (readonly [kind: string, files: number])[];

/** Files by the machine and the C library or system that they are for: `aarch64 musl`. */
export function judgedTally(all: readonly FileReport[]): Tally {
  return tally(all.flatMap((it) => (it.machine === undefined || it.unjudged !== undefined ? [] : [platformOf(it)])));
}

/** Files of no known rules by kind: `Mach-O`, `FreeBSD aarch64`. */
export function unjudgedTally(all: readonly FileReport[], { kinds }: PassedOver): Tally {
  const named = all.flatMap(({ unjudged, machine }) =>
    unjudged === undefined ? [] : [machine === undefined ? unjudged : `${unjudged} ${machine}`],
  );
  return tally(named, kinds);
}

function platformOf({ machine, made }: FileReport): string {
  return [machine ?? "", made ?? ""].filter((word) => word !== "").join(" ");
}

function tally(names: readonly string[], others: ReadonlyMap<string, number> = new Map()): Tally {
  const counts = new Map(others);
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

/** What is said at the end when there is more than one file. */
export function summaryLines(all: readonly FileReport[], passed: PassedOver, style: CheckStyle): string[] {
  const unjudged = unjudgedTally(all, passed);
  const notElf = passed.other === 0 ? [] : [`${count(passed.other, "file")} not ELF, passed over`];
  if (all.length === 0) return [["no file to check", ...notElf].join(": "), ...tallyLine("unjudged", unjudged, style)];
  const failed = all.filter(fails).length;
  const foreign = all.filter(
    (it) => it.instead !== undefined || it.verdicts.some(({ instead }) => instead !== undefined),
  );
  const judged = judgedTally(all);
  return [
    [
      `${count(all.length, "file")} checked: ${failed === 0 ? "all load" : `${failed} ${failed === 1 ? "fails" : "fail"}`}`,
      ...(foreign.length === 0 ? [] : [`${foreign.length} for other platforms, beside one that loads`]),
      ...notElf,
    ].join("; "),
    ...(judged.length < 2 && unjudged.length === 0 ? [] : tallyLine("judged", judged, style)),
    ...tallyLine("unjudged", unjudged, style),
    ...targetLines(all, style),
    ...oldestLines(oldestOfAll(all.flatMap(({ oldest }) => (oldest === undefined ? [] : [oldest]))), style),
  ];
}

/** `judged  12 x86-64 glibc, 3 aarch64 musl`. */
function tallyLine(what: string, kinds: Tally, style: CheckStyle): string[] {
  if (kinds.length === 0) return [];
  const [first, ...rest] = wrapped(
    `  ${what.padEnd(8)}  ${kinds.map(([kind, files]) => `${files} ${kind}`).join(", ")}`,
    " ".repeat(12),
  );
  return [first.replace(what, paint(what, "dim", style)), ...rest];
}

/** A line a system, where there are several. */
function targetLines(all: readonly FileReport[], style: CheckStyle): string[] {
  const targets = all.find(({ verdicts }) => verdicts.length > 0)?.verdicts.map(({ target }) => target) ?? [];
  if (targets.length < 2) return [];
  const width = Math.max(...targets.map((target) => target.length));
  return targets.map((target, i) => {
    const bad = all.filter(({ verdicts }) => verdicts[i] !== undefined && failsThere(verdicts[i])).length;
    const open = all.filter(({ verdicts }) => verdicts[i] !== undefined && isOpen(verdicts[i])).length;
    const good = open === 0 ? paint("all load", "ok", style) : `all load, ${open} of them as far as it is known`;
    const words = bad === 0 ? good : paint(`${bad} ${bad === 1 ? "fails" : "fail"}`, "error", style);
    return `  ${target.padEnd(width)}  ${words}`;
  });
}

function count(number: number, what: string): string {
  return number === 1 ? `1 ${what}` : `${number} ${what}s`;
}
