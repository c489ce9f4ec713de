// The order of constructors and destructors, and where they are (glibc elf/dl-init.c, elf/dl-fini.c). The program's own run
// from its start code, but stand here where they come.

import {
  DF_1_INITFIRST,
  DT_FINI,
  DT_FINI_ARRAY,
  DT_FINI_ARRAYSZ,
  DT_INIT,
  DT_INIT_ARRAY,
  DT_INIT_ARRAYSZ,
  DT_PREINIT_ARRAY,
  DT_PREINIT_ARRAYSZ,
} from "../../elf/index.ts";
import type { LoadedObject, LoadedProcess } from "../objects/objects.ts";
import { sortObjects } from "../objects/sort.ts";
import { sortRules } from "../symbols/rules.ts";
import { processMemory } from "./memory.ts";
import { readWord } from "./words.ts";

/** A function that is called before `main` or after the program's end. */
export interface ScheduledCall {
  readonly object: LoadedObject;
  readonly kind: "preinit" | "init" | "init-array" | "fini" | "fini-array";
  /** Address of the function. */
  readonly address: number;
  /** The loader calls it; else the C library's start code, before `main`. */
  readonly byLoader: boolean;
}

/** Objects in the order of their constructors: what others depend on comes first, the program last. */
export function initOrder(task: LoadedProcess): LoadedObject[] {
  if (task.options.profile.library === "musl") return muslInitOrder(task);
  const [program] = task.globalScope;
  const order = [...program.initfini].reverse();
  const first = initFirst(task);
  return first === undefined ? order : [first, ...order.filter((object) => object !== first)];
}

/**
 * The object with DF_1_INITFIRST, whose constructors run before all others and before the program's DT_PREINIT_ARRAY; of
 * several the one that was mapped last (GL(dl_initfirst)). The kernel maps the program, so the flag does nothing there.
 */
export function initFirst(task: LoadedProcess): LoadedObject | undefined {
  if (task.options.profile.library === "musl") return undefined;
  return task.objects.filter(({ file, kind }) => kind === "library" && (file.flags1 & DF_1_INITFIRST) !== 0).at(-1);
}

/** Depth first over what is needed (musl ldso/dynlink.c, queue_ctors). */
function muslInitOrder(task: LoadedProcess): LoadedObject[] {
  const order: LoadedObject[] = [];
  const seen = new Set<LoadedObject>();
  const [program] = task.chain;
  if (program === undefined) return order;
  seen.add(program);
  const stack = [{ object: program, next: 0 }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const dependency: LoadedObject | undefined = top.object.needed[top.next++];
    if (dependency === undefined) {
      order.push(top.object);
      stack.pop();
    } else if (!seen.has(dependency)) {
      seen.add(dependency);
      stack.push({ object: dependency, next: 0 });
    }
  }
  return order;
}

/** Objects in the order of their destructors when the program ends: the program first. */
export function finiOrder(task: LoadedProcess): LoadedObject[] {
  if (task.options.profile.library === "musl") return muslInitOrder(task).reverse();
  return sortObjects(task.chain, sortRules(task.options), true);
}

/** Every constructor, in order. Reads the arrays of functions from the process's memory. */
export function constructors(task: LoadedProcess): ScheduledCall[] {
  processMemory(task);
  const calls: ScheduledCall[] = [];
  const [program] = task.objects;
  const first = initFirst(task);
  if (first !== undefined) addConstructors(task, calls, first);
  addArray(task, calls, program, DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ, "preinit", true);
  for (const object of initOrder(task)) if (object !== first) addConstructors(task, calls, object);
  return calls;
}

function addConstructors(task: LoadedProcess, calls: ScheduledCall[], object: LoadedObject): void {
  const byLoader = object.kind !== "program";
  addFunction(calls, object, DT_INIT, "init", byLoader);
  addArray(task, calls, object, DT_INIT_ARRAY, DT_INIT_ARRAYSZ, "init-array", byLoader);
}

/** Every destructor, in order: arrays from their end, then DT_FINI. */
export function destructors(task: LoadedProcess): ScheduledCall[] {
  processMemory(task);
  const calls: ScheduledCall[] = [];
  for (const object of finiOrder(task)) {
    const own: ScheduledCall[] = [];
    addArray(task, own, object, DT_FINI_ARRAY, DT_FINI_ARRAYSZ, "fini-array", true);
    calls.push(...own.reverse());
    addFunction(calls, object, DT_FINI, "fini", true);
  }
  return calls;
}

function addFunction(
  calls: ScheduledCall[],
  object: LoadedObject,
  tag: number,
  kind: ScheduledCall["kind"],
  byLoader: boolean,
): void {
  const value = object.file.values.get(tag);
  if (value !== undefined) calls.push({ object, kind, address: object.base + value, byLoader });
}

function addArray(
  task: LoadedProcess,
  calls: ScheduledCall[],
  object: LoadedObject,
  tag: number,
  sizeTag: number,
  kind: ScheduledCall["kind"],
  byLoader: boolean,
): void {
  const where = object.file.values.get(tag);
  const size = object.file.values.get(sizeTag);
  if (where === undefined || size === undefined || object.regions === undefined) return;
  const { wordBytes } = task.record.facts;
  for (let at = 0; at + wordBytes <= size; at += wordBytes) {
    const address = readWord(object.regions, object.base + where + at, task.record.facts);
    if (address === undefined) return;
    calls.push({ object, kind, address, byLoader });
    // The process ends there. An array may say to be as long as a .bss of terabytes.
    if (address === 0) return;
  }
}
