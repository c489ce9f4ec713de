// Two links compared: what another option, order or input has changed, a fact a line.

import type { Decisions } from "../../link/decisions/types.ts";
import type { LinkResult } from "../../link/result.ts";
import { counted, grouped } from "../dump/table.ts";

/** What is kept of a link to compare the next one with: not its tables. */
export interface LinkOutline {
  readonly linked: boolean;
  readonly size: number;
  /** Objects and libraries that take part. */
  readonly files: ReadonlySet<string>;
  /** Output sections by name: bytes. */
  readonly sections: ReadonlyMap<string, number>;
  /** Name → file that defines it, and how references are settled. */
  readonly names: ReadonlyMap<string, string>;
  readonly slots: number;
  readonly dynamicRelocations: number;
  /** Input sections that are left out. */
  readonly discarded: number;
  readonly problems: readonly string[];
}

/** More names are not compared: it is a page's answer, not a report. */
const MOST_NAMES = 20_000;

export function outlineOf({ image, decisions, layout, problems }: LinkResult): LinkOutline {
  return {
    linked: image !== undefined,
    size: image?.length ?? 0,
    files: new Set(
      decisions.files.flatMap((it) =>
        it.kind === "archive" || (it.kind === "shared-library" && it.fate === "dropped") ? [] : [it.file],
      ),
    ),
    sections: new Map((layout?.sections ?? []).map(({ name, size }) => [name, size])),
    names: namesOf(decisions),
    slots: decisions.slots.length,
    dynamicRelocations: countOf(decisions.dynamicRelocations()),
    discarded: layout === undefined ? 0 : countOf(layout.discarded()),
    problems: problems.map(({ code, place, details }) =>
      `${code} ${place.file ?? ""} ${details.symbol ?? details.name ?? ""}`.trim(),
    ),
  };
}

function namesOf(decisions: Decisions): Map<string, string> {
  const names = new Map<string, string>();
  for (const name of decisions.names()) {
    if (names.size >= MOST_NAMES) break;
    const it = decisions.definition(name);
    if (it !== undefined) names.set(name, `${definer(it.chosen?.by, it.chosen?.file)}, ${it.binding}`);
  }
  return names;
}

function definer(by: string | undefined, file: string | undefined): string {
  if (by === undefined) return "nowhere";
  return file === "" || file === undefined ? (by === "linker" ? "the linker" : "an option") : file;
}

function countOf(items: Iterable<unknown>): number {
  let count = 0;
  for (const _ of items) count++;
  return count;
}

/** What differs, in words; one line that says so if nothing does. */
export function changeLines(before: LinkOutline, after: LinkOutline): string[] {
  const lines: string[] = [];
  if (before.linked !== after.linked) lines.push(after.linked ? "it links now" : "it does not link any more");
  else if (before.size !== after.size)
    lines.push(`the output has ${signed(after.size - before.size)} bytes: ${grouped(after.size)}`);
  lines.push(...setLines(before.files, after.files, "takes part now", "takes no part any more"));
  for (const name of new Set([...before.sections.keys(), ...after.sections.keys()])) {
    const [was, is] = [before.sections.get(name), after.sections.get(name)];
    if (was === is) continue;
    if (was === undefined) lines.push(`${name} is new: ${grouped(is ?? 0)} bytes`);
    else if (is === undefined) lines.push(`${name} is gone: it had ${grouped(was)} bytes`);
    else lines.push(`${name}: ${signed(is - was)} bytes, now ${grouped(is)}`);
  }
  const moved = [...after.names].filter(([name, to]) => before.names.has(name) && before.names.get(name) !== to);
  for (const [name, to] of moved.slice(0, 20)) lines.push(`${name}: was in ${before.names.get(name)}; now in ${to}`);
  if (moved.length > 20) lines.push(`and ${counted(moved.length - 20, "more name")}`);
  lines.push(...countLine("slot", before.slots, after.slots));
  lines.push(...countLine("dynamic relocation", before.dynamicRelocations, after.dynamicRelocations));
  if (before.linked && after.linked)
    lines.push(...countLine("input section left out", before.discarded, after.discarded, "input sections left out"));
  lines.push(...setLines(new Set(before.problems), new Set(after.problems), "is said now", "is not said any more"));
  return lines.length > 0 ? lines : ["the output is as large, of the same parts, and every name means the same"];
}

function signed(count: number): string {
  return `${count > 0 ? "+" : "−"}${grouped(Math.abs(count))}`;
}

function countLine(what: string, before: number, after: number, many: string = `${what}s`): string[] {
  return before === after ? [] : [`${counted(after, what, many)}, before ${grouped(before)}`];
}

function setLines(before: ReadonlySet<string>, after: ReadonlySet<string>, came: string, went: string): string[] {
  const some = (names: readonly string[], words: string): string[] => {
    if (names.length === 0) return [];
    const more = names.length > 6 ? ` and ${names.length - 6} more` : "";
    return [`${names.slice(0, 6).join(", ")}${more}: ${words}`];
  };
  return [
    ...some(
      [...after].filter((it) => !before.has(it)),
      came,
    ),
    ...some(
      [...before].filter((it) => !after.has(it)),
      went,
    ),
  ];
}
