// A moment of a run, to go back to: all that instructions and system calls change, of every process, thread, pipe and file. What is
// found by walking the records from `System` is saved as it is and put back into the same records, so that whoever holds one of
// them, a closure too, finds the old state in it. Decoded code is not part of it: it is decoded again.

import { forgetAll, MARK_CODE, PAGE } from "../arch/x86/instructions/index.ts";
import { type Code, forgetCode } from "./code.ts";
import type { Execution } from "./execute.ts";
import type { System } from "./system/state.ts";

/** A moment of one run. */
export interface Snapshot {
  /** Instructions executed by then. */
  readonly executed: number;
  /** Bytes that it holds: pages, above all. */
  readonly bytes: number;
  readonly pages: Uint8Array;
  readonly marks: Uint8Array;
  readonly records: readonly SavedRecord[];
  readonly arrays: readonly SavedBytes[];
}

type Fields = Record<string, unknown>;

/** A record, list, map or set, and what was in it. */
type SavedRecord =
  | { readonly kind: "record"; readonly of: Fields; readonly was: readonly (readonly [string, unknown])[] }
  | { readonly kind: "list"; readonly of: unknown[]; readonly was: readonly unknown[] }
  | {
      readonly kind: "map";
      readonly of: Map<unknown, unknown>;
      readonly was: readonly (readonly [unknown, unknown])[];
    }
  | { readonly kind: "set"; readonly of: Set<unknown>; readonly was: readonly unknown[] };

interface SavedBytes {
  readonly of: Uint8Array;
  readonly was: Uint8Array;
}

/**
 * Fields whose values are kept but not looked into: what never changes (the tables, the files handed in, images of programs), what
 * holds nothing between instructions, what is the caller's, and what is saved otherwise (pages) or made anew (code).
 */
const CLOSED: ReadonlySet<string> = new Set([
  "memory",
  "code",
  "instructions",
  "levels",
  "float",
  "hooks",
  "files",
  "image",
  "executable",
]);
/** Lists that are kept, but whose members are not looked into. */
const SHALLOW: ReadonlySet<string> = new Set(["spareCode", "problems"]);

/** The run as it is now; between two slices, never from inside an observer or a hook. */
export function takeSnapshot({ system }: Execution): Snapshot {
  const { memory } = system;
  const records: SavedRecord[] = [];
  const arrays: SavedBytes[] = [];
  const seen = new Set<unknown>();
  const views = new Map<ArrayBufferLike, Set<string>>();
  const waiting: unknown[] = [system];
  const look = (value: unknown): void => {
    if (typeof value === "object" && value !== null && !seen.has(value)) {
      seen.add(value);
      waiting.push(value);
    }
  };
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (ArrayBuffer.isView(value)) saveBytes(value, views, arrays);
    else if (Array.isArray(value)) {
      records.push({ kind: "list", of: value, was: value.slice() });
      value.forEach(look);
    } else if (value instanceof Map) {
      const was = [...value];
      records.push({ kind: "map", of: value, was });
      for (const [key, held] of was) {
        look(key);
        look(held);
      }
    } else if (value instanceof Set) {
      records.push({ kind: "set", of: value, was: [...value] });
      value.forEach(look);
    } else saveFields(value as Fields, records, look);
  }
  const pages = memory.bytes.slice(0, memory.used * PAGE);
  const marks = memory.marks.slice(0, memory.used);
  const bytes = arrays.reduce((sum, { was }) => sum + was.length, pages.length + marks.length);
  return { executed: system.executed, bytes, pages, marks, records, arrays };
}

function saveFields(of: Fields, records: SavedRecord[], look: (value: unknown) => void): void {
  const was = Object.entries(of);
  records.push({ kind: "record", of, was });
  for (const [name, value] of was) {
    if (CLOSED.has(name)) continue;
    if (SHALLOW.has(name) && Array.isArray(value)) records.push({ kind: "list", of: value, was: value.slice() });
    // A file that was handed in stays as it is.
    else if (name !== "bytes" || of.kind !== "file" || of.own === true) look(value);
  }
}

/** Several views of one place are saved once. */
function saveBytes(view: ArrayBufferView, views: Map<ArrayBufferLike, Set<string>>, arrays: SavedBytes[]): void {
  const { buffer, byteOffset, byteLength } = view;
  let known = views.get(buffer);
  if (known === undefined) {
    known = new Set();
    views.set(buffer, known);
  }
  const key = `${byteOffset} ${byteLength}`;
  if (known.has(key)) return;
  known.add(key);
  const of = new Uint8Array(buffer, byteOffset, byteLength);
  arrays.push({ of, was: of.slice() });
}

/** Puts the run back to a moment of its own: what it has done since has not happened. */
export function restoreSnapshot({ system }: Execution, snapshot: Snapshot): void {
  const { memory } = system;
  const codes = codesOf(system);
  for (const code of codes) forgetCode(code);
  for (const saved of snapshot.records) putBack(saved);
  for (const { of, was } of snapshot.arrays) of.set(was);
  // The buffer only grows; pages that were taken since are zero again, as new ones are.
  memory.bytes.set(snapshot.pages);
  memory.bytes.fill(0, snapshot.pages.length, memory.used * PAGE);
  memory.marks.fill(0, snapshot.marks.length, memory.used);
  snapshot.marks.forEach((mark, page) => {
    memory.marks[page] = mark & ~MARK_CODE;
  });
  memory.used = snapshot.marks.length;
  forgetAll(memory);
  const left = codesOf(system);
  for (const code of codes) if (!left.has(code)) system.spareCode.push(code);
}

function codesOf(system: System): Set<Code> {
  const codes = new Set(system.spareCode);
  for (const { code } of system.processes.values()) codes.add(code);
  for (const { process } of system.tasks) codes.add(process.code);
  if (system.first !== undefined) codes.add(system.first.code);
  return codes;
}

function putBack(saved: SavedRecord): void {
  if (saved.kind === "list") {
    saved.of.length = 0;
    for (const value of saved.was) saved.of.push(value);
  } else if (saved.kind === "map") {
    saved.of.clear();
    for (const [key, value] of saved.was) saved.of.set(key, value);
  } else if (saved.kind === "set") {
    saved.of.clear();
    for (const value of saved.was) saved.of.add(value);
  } else {
    const { of, was } = saved;
    const names = new Set(was.map(([name]) => name));
    for (const name of Object.keys(of)) if (!names.has(name)) delete of[name];
    for (const [name, value] of was) if (of[name] !== value) of[name] = value;
  }
}
