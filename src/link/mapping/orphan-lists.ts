// The two orders in which an orphan gets its place: that of the statements, which decides addresses, and that of the output's
// sections, which decides the order of their headers (binutils, ld/ldlang.c: lang_output_section_find_by_flags,
// lang_insert_orphan). They are sequences while orphans are placed, as tens of thousands may come into their middle.

import type { OutputSection } from "../tables/output-section.ts";
import { createSequence, insertBehind, itemBefore, itemsOf, moveBehind, type Sequence } from "../tables/sequence.ts";
import {
  bfdFlagsOf,
  SEC_ALLOC,
  SEC_CODE,
  SEC_DEBUGGING,
  SEC_HAS_CONTENTS,
  SEC_LOAD,
  SEC_READONLY,
  SEC_THREAD_LOCAL,
} from "./bfd-flags.ts";
import { newStatement } from "./mapping.ts";
import type { ListStatement, OrphanPlace, OutputStatement, Plan } from "./output-statements.ts";

export interface Lists {
  readonly statements: Sequence<ListStatement>;
  readonly outputs: Sequence<OutputStatement>;
  readonly list: Sequence<OutputSection>;
}

export function restoreLists(plan: Plan, { statements, outputs, list }: Lists): void {
  plan.statements = [...itemsOf(statements)];
  plan.outputs = [...itemsOf(outputs)];
  plan.list = [...itemsOf(list)];
}

export function listsOf({ statements, outputs, list }: Plan): Lists {
  return {
    statements: createSequence<ListStatement>(statements),
    outputs: createSequence(outputs),
    list: createSequence(list),
  };
}

const EXACT = SEC_HAS_CONTENTS | SEC_ALLOC | SEC_LOAD | SEC_READONLY | SEC_CODE | SEC_THREAD_LOCAL;

/** @returns undefined: in front of all */
export function findByFlags(
  lists: Lists,
  flags: number,
  type: number | undefined,
  place: OrphanPlace | undefined,
): OutputStatement | undefined {
  const last = (mask: number, typed: number | undefined): OutputStatement | undefined => {
    let found: OutputStatement | undefined;
    for (const it of itemsOf(lists.outputs)) {
      if (typed !== undefined && it.output !== undefined && it.output.type !== typed) continue;
      if (((flagsOf(it) ^ flags) & mask) === 0) found = it;
    }
    return found;
  };
  const exact = last(EXACT, type);
  if (exact !== undefined) {
    if (place !== undefined) place.statement = exact;
    return exact;
  }
  const isLoaded = (flags & SEC_ALLOC) !== 0;
  let found: OutputStatement | undefined;
  if (!isLoaded) return last(SEC_DEBUGGING, undefined);
  if ((flags & SEC_CODE) !== 0) found = last(EXACT & ~SEC_READONLY, type);
  else if ((flags & SEC_READONLY) !== 0) found = last(SEC_HAS_CONTENTS | SEC_ALLOC | SEC_LOAD | SEC_READONLY, type);
  else if ((flags & SEC_THREAD_LOCAL) !== 0) return findForTls(lists, flags);
  else if ((flags & SEC_HAS_CONTENTS) !== 0)
    found = last(SEC_HAS_CONTENTS | SEC_ALLOC | SEC_LOAD | SEC_THREAD_LOCAL, type);
  else found = last(SEC_ALLOC, type);
  if (found !== undefined || type === undefined) return found;
  return findByFlags(lists, flags, undefined, undefined);
}

function flagsOf(it: OutputStatement): number {
  return it.output === undefined ? it.assumed : it.output.sec;
}

/** .tdata behind .data, .tbss behind .tdata. */
function findForTls({ outputs }: Lists, flags: number): OutputStatement | undefined {
  let found: OutputStatement | undefined;
  let isInTls = false;
  for (const it of itemsOf(outputs)) {
    const differ = flagsOf(it) ^ (flags | SEC_LOAD | SEC_HAS_CONTENTS);
    if ((differ & (SEC_THREAD_LOCAL | SEC_ALLOC)) === 0) {
      if ((flagsOf(it) & SEC_LOAD) === 0 && (flags & SEC_LOAD) !== 0) break;
      found = it;
      isInTls = true;
    } else if (isInTls) break;
    else if ((differ & (SEC_HAS_CONTENTS | SEC_ALLOC | SEC_LOAD)) === 0) found = it;
  }
  return found;
}

/**
 * output_rel_find: dynamic relocations stand before all others, others never behind those of the PLT. Where there are none yet,
 * behind the last section that is only read, or else that is in memory, or else behind all.
 */
export function lastRelocations({ outputs }: Lists, isDynamic: boolean): OutputStatement | undefined {
  let last: OutputStatement | undefined;
  let [loaded, readOnly]: (OutputStatement | undefined)[] = [];
  let [named, namedLoaded]: (OutputStatement | undefined)[] = [];
  for (const it of itemsOf(outputs)) {
    const isLoaded = it.output !== undefined && (it.output.sec & SEC_ALLOC) !== 0;
    if (!it.failed && it.name.startsWith(".rel")) {
      if (isDynamic || /^\.rela?\.plt$/.test(it.name)) break;
      named = it;
      if (isLoaded) namedLoaded = it;
    }
    last = it;
    if (!isLoaded) continue;
    loaded = it;
    if (it.output !== undefined && (it.output.sec & SEC_READONLY) !== 0) readOnly = it;
  }
  return namedLoaded ?? named ?? readOnly ?? loaded ?? last;
}

/** Sections of which the linker finds out late that they are needed: relocations of a section each (-z nocombreloc). */
export function placeLate(plan: Plan, late: readonly OutputSection[]): void {
  const lists = listsOf(plan);
  for (const output of late) {
    output.sec = bfdFlagsOf(output.type, output.flags);
    const named = plan.byName.get(output.name)?.find((it) => it.output === undefined && !it.failed);
    const statement = named ?? newStatement(plan, output.name, true);
    statement.output = output;
    if (named === undefined) insertStatement(lists, statement, placeOfRelocations(lists, output.name), false);
    insertBehind(lists.list, output, sectionBefore(lists, statement));
  }
  restoreLists(plan, lists);
}

/** .rela.dyn comes before all others. */
function placeOfRelocations(lists: Lists, name: string): OutputStatement | undefined {
  if (!/^\.rela?\.dyn$/.test(name)) return lastRelocations(lists, false);
  for (const it of itemsOf(lists.outputs)) if (it.name.startsWith(".rel")) return itemBefore(lists.outputs, it);
  return undefined;
}

export function sectionBefore({ outputs }: Lists, statement: OutputStatement): OutputSection | undefined {
  let it = itemBefore(outputs, statement);
  while (it !== undefined && (it.failed || it.output === undefined)) it = itemBefore(outputs, it);
  return it?.output;
}

/** @param next another item of the list */
export function moveBefore(list: Sequence<OutputSection>, output: OutputSection, next: OutputSection): void {
  const before = itemBefore(list, next);
  if (before !== output) moveBehind(list, output, before);
}

/** @param isBehindAnchor it is the first of its kind: behind the anchor and the assignments that belong to it */
export function insertStatement(
  { statements, outputs }: Lists,
  statement: OutputStatement,
  previous: OutputStatement | undefined,
  isBehindAnchor: boolean,
): void {
  insertBehind(statements, statement, isBehindAnchor ? lastBefore(statements, previous) : previous);
  insertBehind(outputs, statement, previous);
}

/** insert_os_after: what stands before the first assignment to dot that a section of the image follows. */
function lastBefore(
  statements: Sequence<ListStatement>,
  after: OutputStatement | undefined,
): ListStatement | undefined {
  let toDot: ListStatement | undefined;
  let skips = after === undefined;
  for (const it of itemsOf<ListStatement>(statements, after)) {
    if (it.kind === "output") {
      const { output } = it;
      const isImage = output === undefined || !output.hasInput || (output.sec & SEC_ALLOC) !== 0;
      return itemBefore(statements, toDot !== undefined && isImage ? toDot : it);
    }
    if (it.kind === "assign" && it.assignment.symbol === "." && toDot === undefined) {
      if (!skips) toDot = it;
      skips = false;
    }
  }
  return statements.last?.item;
}
