// Solder's memory of a loaded program against what the real dynamic linker, executed, makes of it: word by word, and each word that
// differs with the rule that explains it.

import {
  type LoadedObject,
  type LoadedProcess,
  processMemory,
  readWord,
  symbolName,
  symbolSize,
  symbolValue,
} from "../load/index.ts";
import { loaderSymbol } from "../load/memory/memory.ts";
import { keyOf, setBreak } from "./code.ts";
import { type Execution, runFor } from "./execute.ts";
import { readBytes } from "./memory/address-space.ts";
import { mappedObjects } from "./observe/objects.ts";

/** Why a word may differ. */
export type DifferenceRule =
  /** ld.so's own variables, which `load` leaves as they are in the file. */
  | "loader-data"
  /** The record of an object and the function that binds: GOT[1] and GOT[2]. */
  | "loader-word"
  /**
   * What ld.so sets in libc before anything runs (`__libc_early_init`, `__libc_initial`), in a program's copy of it too, and what resolvers
   * there found out.
   */
  | "libc-variable"
  /** An IFUNC's choice that is not known. */
  | "undecided"
  | "unexplained";

export interface Difference {
  readonly object: LoadedObject;
  readonly address: number;
  readonly loaded: number;
  readonly executed: number;
  readonly rule: DifferenceRule;
}

/** Instructions that a dynamic linker may take. */
const MOST = 500_000_000;
/** struct r_debug: r_state stands behind version, map and function (link.h); 0 is RT_CONSISTENT. */
const STATE_WORD = 3;

/** Where objects are in a run that is stopped: for `load`'s settings, so that both have the same addresses. */
export function basesOf({ process }: Execution): Map<string, number> {
  return new Map(mappedObjects(process.space, new Map()).map(({ path, start }) => [path, start]));
}

/**
 * Runs the dynamic linker until all is relocated and no constructor has run: to the call of _dl_debug_state that says that the list
 * of objects is consistent again.
 * @param entry address of _dl_debug_state  @param debug address of _r_debug
 * @returns false if that was never reached
 */
export function runToRelocated(execution: Execution, entry: number, debug: number): boolean {
  const { process } = execution;
  setBreak(process.code, entry | 0, Math.floor(entry / 2 ** 32), true);
  for (let left = MOST; left > 0; left -= SLICE) {
    const pause = runFor(execution, SLICE);
    if (pause === "ended" || pause === "input") return false;
    if (pause !== "break") continue;
    if (debugState(execution, debug) === 0) {
      process.code.breaks.delete(keyOf(entry | 0, Math.floor(entry / 2 ** 32)));
      return true;
    }
  }
  return false;
}

const SLICE = 1 << 22;

/** r_state, which is 0 when the list of objects is consistent. @param debug address of _r_debug */
export function debugState({ process }: Execution, debug: number): number | undefined {
  const state = readBytes(process.space, debug + (STATE_WORD * process.mode) / 8, 4);
  return state === undefined ? undefined : new DataView(state.buffer).getUint32(0, true);
}

/** Addresses of _dl_debug_state and _r_debug in a loaded process; undefined where the loader has none (musl). */
export function debugAddresses(task: LoadedProcess): readonly [debugState: number, debug: number] | undefined {
  const [state, debug] = [loaderSymbol(task, "_dl_debug_state"), loaderSymbol(task, "_r_debug")];
  return state === undefined || debug === undefined ? undefined : [state, debug];
}

/** All words of all objects that differ. @param task loaded at the run's addresses */
export function differences(task: LoadedProcess, execution: Execution): Difference[] {
  processMemory(task);
  const { space } = execution.process;
  const form = task.record.facts;
  const bytes = form.wordBytes;
  const loaderWords = new Set(task.loaderWords.map(({ site }) => site));
  const found: Difference[] = [];
  for (const object of task.objects) {
    for (const region of object.regions ?? []) {
      for (let at = region.start; at < region.end; at += PAGE) {
        // A page that the run does not have, or had no room for, counts as zeros.
        const real = readBytes(space, at, PAGE) ?? new Uint8Array(PAGE);
        const view = new DataView(real.buffer);
        for (let offset = 0; offset < PAGE; offset += bytes) {
          const executed =
            view.getUint32(offset, true) + (bytes === 8 ? view.getUint32(offset + 4, true) * 2 ** 32 : 0);
          const loaded = readWord([region], at + offset, form) ?? 0;
          if (executed === loaded) continue;
          found.push({
            object,
            address: at + offset,
            loaded,
            executed,
            rule: ruleFor(task, object, at + offset, loaderWords),
          });
        }
      }
    }
  }
  return found;
}

const PAGE = 4096;

/** Why a word of an object may differ. @param loaderWords places that `loaderWords` of the process has */
export function ruleFor(
  task: LoadedProcess,
  object: LoadedObject,
  address: number,
  loaderWords: ReadonlySet<number>,
): DifferenceRule {
  if (object.kind === "loader") return "loader-data";
  if (loaderWords.has(address)) return "loader-word";
  if (task.undecided.has(address)) return "undecided";
  const isLibc = object.file.soname === "libc.so.6";
  const isVariable = isLibc ? !task.decided.has(address) : isCopySetEarly(object, address, task.record.facts.wordBytes);
  return isVariable ? "libc-variable" : "unexplained";
}

/** Variables of ld.so and libc that have been set by then, and that programs may have copies of. */
const SET_EARLY: ReadonlySet<string> = new Set(["__libc_single_threaded", "__libc_stack_end"]);

/** Whether the word has the object's copy of such a variable in it. */
function isCopySetEarly({ base, file: { symbols } }: LoadedObject, address: number, wordBytes: number): boolean {
  for (let n = 1; n < symbols.count; n++) {
    const start = base + symbolValue(symbols, n);
    if (
      start < address + wordBytes &&
      start + symbolSize(symbols, n) > address &&
      SET_EARLY.has(symbolName(symbols, n))
    )
      return true;
  }
  return false;
}
