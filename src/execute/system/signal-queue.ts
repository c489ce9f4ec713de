// Signals that wait and are taken without a handler: by sigtimedwait, and by reading a signalfd.

import { isIn, SI_TIMER } from "./signal-numbers.ts";
import type { Signal, Task } from "./state.ts";

/** The next one of a set, the thread's own before its process'; it waits no longer. */
export function takeSignal(task: Task, set: readonly [number, number]): Signal | undefined {
  for (const list of [task.pending, task.process.pending]) {
    const index = list.findIndex(({ number }) => isIn(set, number));
    if (index >= 0) return list.splice(index, 1)[0];
  }
  return undefined;
}

/** Does one of a set wait? */
export function hasWaiting(task: Task, set: readonly [number, number]): boolean {
  return [...task.pending, ...task.process.pending].some(({ number }) => isIn(set, number));
}

/** Bytes of struct signalfd_siginfo (include/uapi/linux/signalfd.h). */
export const SIGNAL_RECORD = 128;

/** Writes one. */
export function putSignal(view: DataView, at: number, signal: Signal): void {
  const { number, code, pid, user, status, value, address } = signal;
  view.setUint32(at, number, true);
  view.setInt32(at + 8, code, true);
  if (code === SI_TIMER) view.setUint32(at + 24, pid, true);
  else {
    view.setUint32(at + 12, pid, true);
    view.setUint32(at + 16, user, true);
  }
  view.setInt32(at + 40, status, true);
  // si_int is the lower half of si_ptr.
  view.setInt32(at + 44, value | 0, true);
  view.setUint32(at + 48, value % 2 ** 32, true);
  view.setUint32(at + 52, Math.floor(value / 2 ** 32), true);
  view.setUint32(at + 72, address % 2 ** 32, true);
  view.setUint32(at + 76, Math.floor(address / 2 ** 32), true);
}
