// Processes that signals stop and let go on (kernel/signal.c, do_signal_stop, prepare_signal; kernel/exit.c, wait_task_stopped).

import { CLD_STOPPED, defaultAction, isIn, SIGSTOP, tellOfStop } from "./signal-numbers.ts";
import type { Process, Signal, System, Task } from "./state.ts";

/** Would a signal stop its process? */
export function isStop({ actions }: Process, { number }: Signal): boolean {
  return defaultAction(number) === "stop" && actions[number].handler === 0;
}

/** If a signal that waits for a thread stops the process: it is stopped, and the signal is gone. */
export function stopIfAsked(system: System, task: Task): boolean {
  const { process } = task;
  for (const list of [task.pending, process.pending]) {
    const index = list.findIndex((signal) => !isIn(task.mask, signal.number) && isStop(process, signal));
    if (index < 0) continue;
    const [signal] = list.splice(index, 1);
    if (stop(system, task, signal)) return true;
  }
  return false;
}

/** Stops the process of a thread, if it is not without anybody who could let it go on. False: the signal is as if ignored. */
export function stop(system: System, task: Task, signal: Signal): boolean {
  const { process } = task;
  if (signal.number !== SIGSTOP && isOrphaned(system, process)) {
    system.hooks.signal?.(task, signal, "ignored");
    return false;
  }
  system.hooks.signal?.(task, signal, "stops");
  process.stopped = signal.number;
  // As wait(2) gives it.
  process.news = (signal.number << 8) | 0x7f;
  tellOfStop(process, CLD_STOPPED, signal.number);
  return true;
}

/**
 * Is there nobody of the group's session, and of another group, who would look after it? The first process has such a parent: the shell
 * that it would be run from.
 */
function isOrphaned({ first, processes }: System, { group, session }: Process): boolean {
  for (const member of processes.values()) {
    if (member.group !== group || member.status !== undefined) continue;
    if (member === first) return false;
    const { parent } = member;
    if (parent !== undefined && parent.group !== group && parent.session === session) return false;
  }
  return true;
}
