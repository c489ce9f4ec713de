// Relocations as the executed dynamic linker has applied them, beside what `load` makes of the same program at the same addresses:
// looked at when the list of objects is consistent, before any constructor runs.

import type { Cpu } from "../../arch/x86/instructions/index.ts";
import { IP } from "../../arch/x86/instructions/index.ts";
import { type LoadedObject, type LoadedProcess, processMemory, readMemory } from "../../load/index.ts";
import { type LoadedRelocation, relocatedBytes, relocationsOf } from "../../load/views/relocation-list.ts";
import { type DifferenceRule, debugState, ruleFor } from "../differences.ts";
import type { Execution } from "../execute.ts";
import { readBytes } from "../memory/address-space.ts";

/** What stands at the place of one relocation. */
export interface ComparedRelocation {
  readonly relocation: LoadedRelocation;
  /** Bytes that the dynamic linker has left there; undefined where nothing can be read. */
  readonly executed: Uint8Array | undefined;
  /** Bytes that Solder computed. */
  readonly computed: Uint8Array;
  /** Undefined if both are equal. */
  readonly rule: DifferenceRule | undefined;
}

/**
 * Answers, before an instruction, whether the dynamic linker of the first process has just relocated everything.
 * @param addresses of _dl_debug_state and _r_debug
 */
export function relocatedAt(
  execution: () => Execution | undefined,
  addresses: readonly [debugState: number, debug: number],
): (cpu: Cpu) => boolean {
  const [entry, debug] = addresses;
  const [low, high] = [entry | 0, Math.floor(entry / 2 ** 32)];
  return ({ words }) => {
    if (words[IP] !== low || words[IP + 1] !== high) return false;
    const begun = execution();
    return begun !== undefined && begun.system.current?.process === begun.process && debugState(begun, debug) === 0;
  };
}

/** All relocations, object by object as glibc applies them. @param task loaded at the run's addresses */
export function* comparedRelocations(task: LoadedProcess, { process }: Execution): Generator<ComparedRelocation> {
  processMemory(task);
  const loaderWords = new Set(task.loaderWords.map(({ site }) => site));
  const isLoader = ({ kind }: LoadedObject): boolean => kind === "loader";
  const order = [...task.objects.filter(isLoader), ...task.relocationOrder.filter((it) => !isLoader(it))];
  for (const object of order) {
    for (const relocation of relocationsOf(task, object)) {
      const { site } = relocation;
      const computed = new Uint8Array(relocatedBytes(relocation));
      readMemory(object.regions ?? [], site, computed);
      const executed = readBytes(process.space, site, computed.length);
      const isEqual = executed?.every((byte, at) => byte === computed[at]) === true;
      yield { relocation, executed, computed, rule: isEqual ? undefined : ruleFor(task, object, site, loaderWords) };
    }
  }
}
