// Puts together what lays out a link: the commands of all scripts in their order, the default script where none replaces it,
// and the moves that INSERT asks for.

import { error, type Place, type Report } from "../../elf/problem.ts";
import type {
  Insert,
  LayoutScript,
  MemoryRegion,
  Move,
  NoCrossReferences,
  ProgramHeaderStatement,
  RegionAlias,
  SectionStatement,
  Statement,
} from "./statements.ts";
import type { ScriptCommand } from "./types.ts";

type Item = Statement | { readonly kind: "insert"; readonly insert: Insert };

/** What is gathered from commands. */
interface Gathered {
  readonly items: Item[];
  readonly memory: MemoryRegion[];
  readonly aliases: RegionAlias[];
  readonly noCrossReferences: NoCrossReferences[];
  readonly features: Set<string>;
  phdrs: ProgramHeaderStatement[] | undefined;
}

/**
 * @param commands of the command line and of scripts that it names, in the order in which they were read
 * @param defaults statements of the default script; undefined: a script of -T takes its place
 * @param additions commands of scripts among the inputs
 */
export function layoutScript(
  commands: readonly ScriptCommand[],
  defaults: readonly Statement[] | undefined,
  additions: readonly ScriptCommand[],
  report: Report,
): LayoutScript {
  const gathered: Gathered = {
    items: [],
    memory: [],
    aliases: [],
    noCrossReferences: [],
    features: new Set(),
    phdrs: undefined,
  };
  for (const it of commands) gather(gathered, it);
  const isEarly = defaults === undefined ? () => false : standsInFront(additions);
  for (const it of additions) if (isEarly(it)) gather(gathered, it);
  const given = gathered.items.filter((it) => it.kind !== "insert").length;
  gathered.items.push(...(defaults ?? []));
  for (const it of additions) if (!isEarly(it)) gather(gathered, it);
  const { items, memory, aliases, noCrossReferences, features, phdrs } = gathered;
  const moves: Move[] = [];
  return {
    isStandard: defaults !== undefined && !commands.some(saysOfSections) && !additions.some(saysOfSections),
    statements: insertStatements(items, moves, report),
    matching: items.length === defaults?.length ? defaults : items.flatMap((it) => (it.kind === "insert" ? [] : [it])),
    given,
    moves,
    memory,
    aliases,
    phdrs,
    noCrossReferences,
    saneExpressions: features.has("SANE_EXPR"),
    forceCommon: features.has("FORCE_COMMON_ALLOCATION"),
    inhibitCommon: features.has("INHIBIT_COMMON_ALLOCATION"),
    forceGroups: features.has("FORCE_GROUP_ALLOCATION"),
  };
}

/**
 * A script among the inputs counts where it is named, and so in front of the default script, which GNU ld reads when the command
 * line ends; but one that has sections comes behind it (measured with 2.40).
 */
function standsInFront(additions: readonly ScriptCommand[]): (it: ScriptCommand) => boolean {
  const placing = new Set(
    additions.flatMap((it) => (it.kind === "sections" ? it.statements.map((one) => placeOf(one).file) : [])),
  );
  return (it) => it.kind === "assignment" && !placing.has(it.assignment.place.file);
}

function placeOf(it: Statement): Place {
  return it.kind === "assign" ? it.assignment.place : it.place;
}

const LAYOUT: ReadonlySet<ScriptCommand["kind"]> = new Set([
  "sections",
  "memory",
  "phdrs",
  "insert",
  "region-alias",
  "no-cross-references",
]);

function saysOfSections({ kind }: ScriptCommand): boolean {
  return LAYOUT.has(kind);
}

function gather(into: Gathered, it: ScriptCommand): void {
  if (it.kind === "sections") into.items.push(...it.statements);
  else if (it.kind === "assignment") into.items.push({ kind: "assign", assignment: it.assignment });
  else if (it.kind === "assert" || it.kind === "insert") into.items.push(it);
  else if (it.kind === "memory") into.memory.push(...it.regions);
  else if (it.kind === "region-alias") into.aliases.push(it.alias);
  else if (it.kind === "phdrs") into.phdrs = [...(into.phdrs ?? []), ...it.headers];
  else if (it.kind === "no-cross-references") into.noCrossReferences.push(it.rule);
  else if (it.kind === "feature") into.features.add(it.name);
}

/** INSERT takes every statement before it, whatever file it is from (binutils, ld/ldlang.c: process_insert_statements). */
function insertStatements(items: readonly Item[], moves: Move[], report: Report): readonly Statement[] {
  let list: readonly Item[] = items;
  for (;;) {
    const at = list.findIndex((it) => it.kind === "insert");
    const found = list[at];
    if (found === undefined || found.kind !== "insert") return list.flatMap((it) => (it.kind === "insert" ? [] : [it]));
    const { where, section, place } = found.insert;
    const rest = list.slice(at + 1);
    const target = rest.findIndex((it) => isSection(it) && it.name === section);
    if (target < 0) {
      report(error("script-insert-nowhere", place, { section }));
      return [];
    }
    const after = where === "after" ? target : rest.slice(0, target).findLastIndex(isSection);
    const to = placeBehind(rest, after);
    const behind = rest[after];
    moves.push({
      sections: list.slice(0, at).filter(isSection),
      behind: behind !== undefined && isSection(behind) ? behind : undefined,
    });
    list = [...rest.slice(0, to), ...list.slice(0, at), ...rest.slice(to)];
  }
}

function isSection(it: Item): it is SectionStatement {
  return it.kind === "section";
}

/**
 * Where statements stand that follow a section: behind the assignments that belong to it, before the first to dot that the
 * next section follows (ld/ldlang.c: insert_os_after). In front of all, dot's first assignment is the start of everything.
 * @param after index of a section, or -1: in front of all sections
 */
export function placeBehind(list: readonly Item[], after: number): number {
  let toDot = -1;
  let skips = after < 0;
  let at = after + 1;
  for (; at < list.length; at++) {
    const it = list[at];
    if (it.kind === "section") return toDot >= 0 ? toDot : at;
    if (it.kind === "assign" && it.assignment.symbol === "." && toDot < 0) {
      if (!skips) toDot = at;
      skips = false;
    }
  }
  return at;
}
