// Where sections stand that the script does not name. GNU ld keeps two lists and inserts into both: the statements of its
// script, and the sections of the output. An orphan goes behind the last orphan of its sort; the first of a sort goes behind
// the script's section of that sort, or what stands before that if no input is in it (ld/ldelf.c, ldelf_place_orphan;
// ld/ldlang.c, lang_insert_orphan). Which of two orders results is nowhere promised, but tools compare objects.

import { SHF_ALLOC, SHF_EXECINSTR, SHF_TLS, SHF_WRITE, SHT_NOBITS, SHT_NOTE } from "../../elf/constants.ts";
import { growInt32 } from "../tables/columns.ts";
import type { OutputSectionId } from "../tables/ids.ts";
import { KIND_DEBUGGING, type OutputTable } from "./output-table.ts";
import { relocatableScript } from "./script.ts";

const NONE = -1;
/** In place of a section: the front of the list. */
const FRONT = -2;

/** Where the next orphan of one sort goes. */
interface Place {
  /** The script's statement of that sort. */
  readonly statement: number;
  /** Behind this section; NONE until there was an orphan. */
  section: number;
  /** Behind this statement; NONE until there was one. */
  lastStatement: number;
}

export interface Order {
  readonly table: OutputTable;
  // The sections, a doubly linked list.
  next: Int32Array;
  previous: Int32Array;
  head: OutputSectionId;
  tail: OutputSectionId;
  // The statements, another one: first those of the script, by row; then one an orphan.
  statementNext: Int32Array;
  statementPrevious: Int32Array;
  /** The statement's section, or NONE. */
  statementOutput: Int32Array;
  statementCount: number;
  statementTail: number;
  readonly places: Readonly<Record<Sort, Place>>;
  firstNote: OutputSectionId;
}

type Sort = "note" | "code" | "readOnly" | "tls" | "data" | "bss" | "nonAlloc";

export function createOrder(table: OutputTable): Order {
  const count = relocatableScript.length;
  const behind = (name: string): Place => ({
    statement: relocatableScript.findIndex((it) => it.name === name),
    section: NONE,
    lastStatement: NONE,
  });
  return {
    table,
    next: new Int32Array(64),
    previous: new Int32Array(64),
    head: NONE,
    tail: NONE,
    statementNext: Int32Array.from({ length: count }, (_, i) => (i + 1 < count ? i + 1 : NONE)),
    statementPrevious: Int32Array.from({ length: count }, (_, i) => i - 1),
    statementOutput: new Int32Array(count).fill(NONE),
    statementCount: count,
    statementTail: count - 1,
    places: {
      note: behind(".interp"),
      code: behind(".text"),
      readOnly: behind(".rodata"),
      tls: behind(".tdata"),
      data: behind(".data"),
      bss: behind(".bss"),
      nonAlloc: behind(".comment"),
    },
    firstNote: NONE,
  };
}

/** The output sections in the order of their headers. */
export function orderedOutputs(order: Order): Int32Array {
  const list = new Int32Array(order.table.count);
  let count = 0;
  for (let id = order.head; id >= 0; id = order.next[id]) list[count++] = id;
  return list.slice(0, count);
}

/** A section of the script gets its first input. Called in the order of the script, before there are orphans. */
export function placeScripted(order: Order, id: OutputSectionId, statement: number): void {
  order.statementOutput[statement] = id;
  append(order, id);
}

/** A section that the script does not name. Debugging sections have no place but the end. */
export function placeOrphan(order: Order, id: OutputSectionId): void {
  append(order, id);
  const statement = addStatement(order, id);
  if (order.table.kind[id] === KIND_DEBUGGING) {
    insertStatement(order, statement, order.statementTail);
    return;
  }
  const place = order.places[sortOf(order.table, id)];
  const first = place.lastStatement === NONE;
  let after = first ? place.statement : place.lastStatement;
  if (place.section === NONE) place.section = lastSectionBefore(order, place.statement);
  const follower = place.section === FRONT ? order.head : order.next[place.section];
  if (follower >= 0 && follower !== id) {
    const { table } = order;
    if (isLoadedNote(table, id)) after = insertNote(order, id, follower, after);
    else if (isLoadedNote(table, follower) && order.firstNote !== NONE) {
      // Notes stay together.
      const last = lastNoteAfter(order, follower);
      moveBehind(order, id, last);
      after = statementOf(order, last, after);
    } else moveBehind(order, id, order.previous[follower]);
  }
  place.section = id;
  insertStatement(order, statement, after);
  place.lastStatement = statement;
}

function sortOf(table: OutputTable, id: OutputSectionId): Sort {
  const flags = table.flags[id];
  if ((flags & SHF_ALLOC) === 0) return "nonAlloc";
  const empty = table.type[id] === SHT_NOBITS;
  if (table.type[id] === SHT_NOTE) return "note";
  if (empty && (flags & SHF_TLS) === 0) return "bss";
  if ((flags & SHF_TLS) !== 0) return "tls";
  if ((flags & SHF_WRITE) !== 0) return "data";
  return (flags & SHF_EXECINSTR) !== 0 ? "code" : "readOnly";
}

function isLoadedNote(table: OutputTable, id: OutputSectionId): boolean {
  return table.type[id] === SHT_NOTE && (table.flags[id] & SHF_ALLOC) !== 0;
}

/** The section of the statement, or the nearest one before it that has one. */
function lastSectionBefore(order: Order, statement: number): number {
  for (let at = statement; at >= 0; at = order.statementPrevious[at]) {
    if (order.statementOutput[at] >= 0) return order.statementOutput[at];
  }
  return FRONT;
}

/**
 * Loaded notes stand together, the larger alignments first.
 * @param after where its statement would go  @returns where it goes
 */
function insertNote(order: Order, id: OutputSectionId, follower: OutputSectionId, after: number): number {
  const { table, next } = order;
  order.firstNote = NONE;
  let behind = NONE;
  for (let it = order.head; it >= 0; it = next[it]) {
    if (it === id) continue;
    if (!isLoadedNote(table, it)) {
      if (order.firstNote !== NONE) break;
      continue;
    }
    if (order.firstNote === NONE) order.firstNote = it;
    if (table.alignment[it] >= table.alignment[id]) behind = it;
  }
  if (order.firstNote === NONE) {
    moveBehind(order, id, order.previous[follower]);
    return after;
  }
  if (behind !== NONE) {
    moveBehind(order, id, behind);
    return statementOf(order, behind, after);
  }
  const first = order.firstNote;
  moveBehind(order, id, order.previous[first]);
  return order.statementPrevious[statementOf(order, first, after)];
}

function lastNoteAfter(order: Order, id: OutputSectionId): OutputSectionId {
  let last = id;
  for (let it = order.next[id]; it >= 0; it = order.next[it]) if (isLoadedNote(order.table, it)) last = it;
  return last;
}

function statementOf(order: Order, id: OutputSectionId, otherwise: number): number {
  const found = order.statementOutput.indexOf(id);
  return found >= 0 && found < order.statementCount ? found : otherwise;
}

// ---------------------------------------------------------------------------------------------------------------------
// The lists
// ---------------------------------------------------------------------------------------------------------------------

function append(order: Order, id: OutputSectionId): void {
  order.next = growInt32(order.next, id + 1);
  order.previous = growInt32(order.previous, id + 1);
  order.previous[id] = order.tail;
  order.next[id] = NONE;
  if (order.tail >= 0) order.next[order.tail] = id;
  else order.head = id;
  order.tail = id;
}

/** @param place NONE: to the front */
function moveBehind(order: Order, id: OutputSectionId, place: number): void {
  if (order.previous[id] === place || place === id) return;
  const { next, previous } = order;
  const before = previous[id];
  const behind = next[id];
  if (before >= 0) next[before] = behind;
  else order.head = behind;
  if (behind >= 0) previous[behind] = before;
  else order.tail = before;
  const follower = place >= 0 ? next[place] : order.head;
  previous[id] = place;
  next[id] = follower;
  if (place >= 0) next[place] = id;
  else order.head = id;
  if (follower >= 0) previous[follower] = id;
  else order.tail = id;
}

function addStatement(order: Order, output: OutputSectionId): number {
  const statement = order.statementCount++;
  order.statementNext = growInt32(order.statementNext, statement + 1);
  order.statementPrevious = growInt32(order.statementPrevious, statement + 1);
  order.statementOutput = growInt32(order.statementOutput, statement + 1);
  order.statementOutput[statement] = output;
  return statement;
}

function insertStatement(order: Order, statement: number, after: number): void {
  const { statementNext, statementPrevious } = order;
  const follower = statementNext[after];
  statementPrevious[statement] = after;
  statementNext[statement] = follower;
  statementNext[after] = statement;
  if (follower >= 0) statementPrevious[follower] = statement;
  else order.statementTail = statement;
}
