// Going back: a run that keeps snapshots of itself as it goes, and gets to any earlier step by running again from the one before it.
// A run is the same each time, to the instruction, so what is found there is what was there. What was read from standard input is
// kept and given again; output that was told once is not told again.

import type { Execution } from "./execute.ts";
import { runFor } from "./execute.ts";
import type { Observer } from "./run.ts";
import { restoreSnapshot, type Snapshot, takeSnapshot } from "./snapshot.ts";
import type { Pause } from "./system/kernel.ts";

export interface HistoryOptions {
  /** Instructions between two snapshots at first, 1 or more. Default 1,000,000. */
  readonly every?: number;
  /** Snapshots that are kept at most, the start not counted; then every other one is dropped, and they are taken half as often. Default 32. */
  readonly most?: number;
}

/** A run that can go back. */
export interface History {
  readonly execution: Execution;
  /** By instructions executed; the first is that of the beginning. */
  snapshots: Snapshot[];
  every: number;
  readonly most: number;
  /** The furthest that it has been, in instructions. */
  furthest: number;
}

/** Makes a run one that can go back as far as it is now; from here on it goes by `runRecorded` and `goTo`. */
export function createHistory(execution: Execution, { every = 1_000_000, most = 32 }: HistoryOptions = {}): History {
  keepStreams(execution);
  const { executed } = execution.system;
  return { execution, snapshots: [takeSnapshot(execution)], every: Math.max(1, every), most, furthest: executed };
}

/** Input is asked for once, output told once, however often the run comes by. */
function keepStreams({ system }: Execution): void {
  const { input, output } = system;
  const first = system.inputsRead;
  /** What came, and when: before that there is none. */
  const came: { readonly part: Uint8Array; readonly when: number }[] = [];
  let told = system.written;
  system.input = (most) => {
    const known = came.at(system.inputsRead - first);
    if (known !== undefined) return system.executed < known.when ? undefined : known.part;
    const part = input(most)?.slice();
    if (part !== undefined) came.push({ part, when: system.executed });
    return part;
  };
  system.output = (stream, bytes) => {
    // `written` counts these bytes already.
    const fresh = Math.min(bytes.length, system.written - told);
    if (fresh <= 0) return;
    told = system.written;
    output(stream, bytes.subarray(bytes.length - fresh));
  };
}

/** `runFor`, with snapshots on the way. */
export function runRecorded(history: History, limit: number, observer?: Observer): Pause {
  const { execution } = history;
  const { system } = execution;
  for (let left = limit; left > 0; ) {
    const last = history.snapshots[history.snapshots.length - 1];
    const due = last.executed + history.every - system.executed;
    if (due <= 0) {
      keep(history);
      continue;
    }
    const before = system.executed;
    const pause = runFor(execution, Math.min(left, due), observer);
    history.furthest = Math.max(history.furthest, system.executed);
    if (pause !== "limit") return pause;
    left -= Math.max(1, system.executed - before);
  }
  return "limit";
}

function keep(history: History): void {
  history.snapshots.push(takeSnapshot(history.execution));
  if (history.snapshots.length <= history.most + 1) return;
  history.snapshots = history.snapshots.filter((_, index) => index % 2 === 0);
  history.every *= 2;
}

/**
 * Goes to where so many instructions have been executed, back or forward: `execution.system.executed` then says so, or a little
 * more where one instruction counts as several (a long `rep movs`). Before the beginning of the history there is nothing.
 * @returns "limit" if it got there; else what was met on the way: the run's end, or an input that waits
 */
export function goTo(history: History, step: number): Pause {
  const { execution, snapshots } = history;
  const { system } = execution;
  if (step < system.executed || system.end !== undefined) {
    const before = snapshots.filter(({ executed }) => executed <= step).pop() ?? snapshots[0];
    restoreSnapshot(execution, before);
    history.snapshots = snapshots.filter(({ executed }) => executed <= before.executed);
  }
  while (system.executed < step) {
    const pause = runRecorded(history, step - system.executed);
    // Breakpoints are for those who go forward.
    if (pause !== "limit" && pause !== "break") return pause;
  }
  return "limit";
}

/** One instruction back, or `count`. */
export function stepBack(history: History, count = 1): Pause {
  return goTo(history, Math.max(history.snapshots[0].executed, history.execution.system.executed - count));
}
