// Time as programs see it: it begins where the run says and goes on with each instruction, a nanosecond each, and in leaps when all
// sleep. So the same run sees the same times.

import type { Time } from "../files/nodes.ts";
import { writeWords } from "./row.ts";
import type { System, Task } from "./state.ts";

export const SECOND = 1_000_000_000;

/** Nanoseconds since the run began. */
export function nanoseconds({ executed, slept }: Pick<System, "executed" | "slept">): number {
  return executed + slept;
}

/** What time it is. */
export function clockOf(system: Pick<System, "executed" | "slept" | "epoch">): Time {
  const { epoch } = system;
  const sum = epoch.nanoseconds + nanoseconds(system);
  return { seconds: epoch.seconds + Math.floor(sum / SECOND), nanoseconds: sum % SECOND };
}

/** Writes how much of its time a call has left: of nanosleep that a signal ends, and of select. False: EFAULT. */
export function tellRest(system: System, { process, rest, deadline }: Task): boolean {
  if (rest === undefined || deadline === undefined) return true;
  const left = Math.max(0, deadline - nanoseconds(system));
  const words = [Math.floor(left / SECOND), Math.floor((left % SECOND) / rest.unit)];
  return writeWords(process.space, rest.address, words, rest.bytes);
}

/** Time since the machine would have started: some while before the run. */
export function uptimeOf(system: Pick<System, "executed" | "slept">): Time {
  const now = nanoseconds(system);
  return { seconds: STARTED_BEFORE + Math.floor(now / SECOND), nanoseconds: now % SECOND };
}

/** Seconds that the machine has been up when a run begins. */
export const STARTED_BEFORE = 1000;
