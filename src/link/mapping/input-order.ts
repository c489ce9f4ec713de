// The order in which one statement of a script has its input sections: as they come, or as SORT and --sort-section say. GNU ld
// puts each into a binary tree by the order of the pattern that found it (ld/ldlang.c, wild_sort); one from an unsorted
// pattern goes to the end. Where all of a statement agree this is a stable sort.

import type { LinkOptions } from "../options.ts";
import type { Rule } from "../script/section-rules.ts";
import type { SectionSort } from "../script/statements.ts";
import { sectionName } from "../tables/object-file.ts";
import type { Mapping } from "./mapping.ts";
import type { InputName } from "./matcher.ts";

export interface Found {
  readonly item: number;
  readonly rule: Rule;
  readonly file: InputName;
}

type Compare = (a: Item, b: Item) => number;

interface Item {
  readonly item: number;
  readonly name: string;
  readonly alignment: number;
  readonly file: string;
  readonly member: string;
}

/** @param list as the sections came  @returns them in their order */
export function sortItems(mapping: Mapping, list: readonly Found[]): number[] {
  const { options } = mapping.loader;
  const [first] = list;
  const byFile = first.rule.input.fileSort === "name";
  const sorts = new Map<Rule, Compare | undefined>();
  for (const { rule } of list)
    if (!sorts.has(rule)) sorts.set(rule, compareFor(rule, options, outputName(mapping, rule)));
  const backwards = first.rule.input.fileReversed;
  if (!byFile && !backwards && [...sorts.values()].every((it) => it === undefined)) return list.map((it) => it.item);
  const items = list.map((it) => ({ ...describe(mapping, it), compare: sorts.get(it.rule) }));
  const compare = sorts.get(first.rule);
  // Where all are sorted alike, by an order of which no two disagree, the tree comes to a stable sort.
  const isOne = !byFile && !backwards && [...sorts.keys()].every((rule) => sortsAlike(rule, first.rule));
  if (isOne && compare !== undefined) return items.sort(compare).map(({ item }) => item);
  return inTree(items, byFile, backwards);
}

/** Does the pattern, or the command line, ask for another order than that in which sections come? */
export function rulesSort(mapping: Mapping, rule: Rule): boolean {
  const { fileSort, fileReversed } = rule.input;
  if (fileSort === "name" || fileReversed) return true;
  return compareFor(rule, mapping.loader.options, outputName(mapping, rule)) !== undefined;
}

/** Names with and without a priority have no order of their own. */
function sortsAlike(a: Rule, b: Rule): boolean {
  const isSame = a.sorts.length === b.sorts.length && a.sorts.every((it, i) => it === b.sorts[i]);
  return isSame && !a.sorts.includes("init-priority") && a.pattern?.reversed !== true && b.pattern?.reversed !== true;
}

function outputName({ plan }: Mapping, rule: Rule): string {
  const statement = plan.script.matching[rule.section];
  return statement.kind === "section" ? statement.name : "";
}

function describe({ loader, byChunk }: Mapping, { item, file: { path, member = "" } }: Found): Item {
  const { sections, objects } = loader;
  const file = { file: path, member };
  if (item < 0) {
    const made = byChunk.get(~item);
    return { item, name: made?.name ?? "", alignment: made?.chunk.alignment ?? 1, ...file };
  }
  const name = sectionName(objects[sections.object[item]], sections, item);
  return { item, name, alignment: sections.alignment[item], ...file };
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byName: Compare = (a, b) => byText(a.name, b.name);
/** The strictest first. */
const byAlignment: Compare = (a, b) => b.alignment - a.alignment;
const byPriority: Compare = (a, b) => {
  const [first, second] = [initPriority(a.name), initPriority(b.name)];
  return first < 0 || second < 0 ? byName(a, b) : first - second || byName(a, b);
};

const SORTS: Readonly<Record<SectionSort, Compare | undefined>> = {
  name: byName,
  alignment: byAlignment,
  "init-priority": byPriority,
  none: undefined,
};

/** ld/ldlang.c, update_wild_statements: --sort-section adds to what the script says, or says it where the script does not. */
function compareFor({ sorts, pattern }: Rule, { sortSection }: LinkOptions, output: string): Compare | undefined {
  const given = sortSection === "none" || output === ".init" || output === ".fini" ? undefined : sortSection;
  const all: SectionSort[] = [...sorts];
  if (all.length === 0 && given !== undefined) all.push(given);
  else if (all.length === 1 && (all[0] === "name" || all[0] === "alignment") && given !== undefined && given !== all[0])
    all.push(given);
  const [outer, inner] = all.map((it) => SORTS[it]);
  if (outer === undefined) return undefined;
  const compare: Compare = inner === undefined ? outer : (a, b) => outer(a, b) || inner(a, b);
  return pattern?.reversed === true ? (a, b) => compare(b, a) : compare;
}

/**
 * `.init_array.101` runs as 101; `.ctors.65434` is the same priority counted from the other end. -1: no priority (ld/ldlang.c,
 * get_init_priority).
 */
export function initPriority(name: string): number {
  const match = /\.([0-9]+)$/.exec(name);
  if (match === null) return -1;
  const number = Number(match[1]);
  const value = match.index === 6 && /^\.[cd]tors/.test(name) ? 65535 - number : number;
  return value <= 0x7fffffff ? value : -1;
}

function inTree(
  items: readonly (Item & { readonly compare: Compare | undefined })[],
  byFile: boolean,
  backwards: boolean,
): number[] {
  const left = new Int32Array(items.length).fill(-1);
  const right = new Int32Array(items.length).fill(-1);
  const fileOrder: Compare = (a, b) => (backwards ? -1 : 1) * (byText(a.file, b.file) || byText(a.member, b.member));
  for (let i = 1; i < items.length; i++) {
    const it = items[i];
    for (let at = 0; ; ) {
      const order = byFile || backwards ? fileOrder(it, items[at]) : 0;
      const goesLeft = order !== 0 ? order < 0 : it.compare !== undefined && it.compare(it, items[at]) < 0;
      const side = goesLeft ? left : right;
      if (side[at] < 0) {
        side[at] = i;
        break;
      }
      at = side[at];
    }
  }
  const sorted: number[] = [];
  const pending: number[] = [];
  for (let at = items.length > 0 ? 0 : -1; at >= 0 || pending.length > 0; ) {
    for (; at >= 0; at = left[at]) pending.push(at);
    const next = pending.pop() ?? 0;
    sorted.push(items[next].item);
    at = right[next];
  }
  return sorted;
}
