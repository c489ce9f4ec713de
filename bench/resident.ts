// The resident linker as it is measured: a server of the bench's own, whose processor time counts with its clients'.

import { chmodSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repository, scratch } from "../test/support/build.ts";
import { run } from "../test/support/run.ts";

export interface Resident {
  /** What its clients need. They wait for it: on a busy machine a plain link in between would be what is measured. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds that all of its processes have spent so far, user and system. */
  processorTime(): number;
  /** How many links it has done, and how many of these by relinking. */
  counts(): { readonly served: number; readonly relinked: number };
  stop(): void;
}

interface Status {
  readonly pid: number;
  readonly served: number;
  readonly slots: readonly { readonly pid: number; readonly relinked: number }[];
}

export function startResident(slots: number): Resident {
  const runtime = scratch("bench-server");
  chmodSync(runtime, 0o700);
  const env = { XDG_RUNTIME_DIR: runtime, SOLDER_SERVER: "wait" };
  const ask = (...words: string[]): string =>
    run(process.execPath, [join(repository, "bin/solder.js"), "server", ...words], { env, timeout: 120_000 }).stdout;
  ask("start", "--slots", String(slots), "--idle", "3600");
  const status = (): Status => JSON.parse(ask("status", "--json")) as Status;
  const { pid, slots: processes } = status();
  const pids = [pid, ...processes.map((it) => it.pid)];
  const processorTime = (): number => pids.reduce((sum, it) => sum + timeOf(it), 0);
  // It warms itself up while nobody asks; that is neither a link's time nor to be done beside one that is measured.
  for (let before = -1000, now = 0; now - before > 100; before = now, now = processorTime()) pause(1500);
  return {
    env,
    processorTime,
    counts: () => {
      const { served, slots: all } = status();
      return { served, relinked: all.reduce((sum, it) => sum + it.relinked, 0) };
    },
    stop: () => ask("stop"),
  };
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Of all threads of a process: the first number of each schedstat, in nanoseconds (proc(5)). */
function timeOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
      const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "latin1");
      return sum + Number(text.split(" ")[0]) / 1e6;
    }, 0);
  } catch {
    // A thread that has just ended, or the process.
    return 0;
  }
}
