// Where the time of a link went: its stages with their times, as a line each for --stats, and for --time-trace=FILE as events of
// Chrome's trace format, which chrome://tracing, Perfetto and Firefox's profiler open. Nothing is measured when nobody asks.

import type { LinkStage } from "../../link/options.ts";

export interface StageTime {
  readonly name: LinkStage | "arguments" | "files";
  /** Milliseconds since the process began, and how long it took. */
  readonly start: number;
  readonly duration: number;
}

export interface Stopwatch {
  /** A stage begins, and the one before it ends. */
  readonly begin: (name: StageTime["name"]) => void;
  /** All of them, when the last has ended. */
  readonly stop: () => readonly StageTime[];
}

export function startStopwatch(): Stopwatch {
  const times: StageTime[] = [];
  let name: StageTime["name"] = "arguments";
  let start = performance.now();
  const end = (): void => {
    const now = performance.now();
    times.push({ name, start, duration: now - start });
    start = now;
  };
  return {
    begin: (next) => {
      end();
      name = next;
    },
    stop: () => {
      end();
      return times;
    },
  };
}

/** Stages that came again, as layout does, have one line with the sum. */
export function stageLines(times: readonly StageTime[], program: string): string {
  const sums = new Map<string, number>();
  for (const { name, duration } of times) sums.set(name, (sums.get(name) ?? 0) + duration);
  return Array.from(sums, ([name, sum]) => `${program}: stage ${name}: ${sum.toFixed(3)} ms\n`).join("");
}

/** What the trace says of the link as a whole. */
export interface TraceFacts {
  readonly program: string;
  readonly output: string;
  readonly inputs: number;
  /** Bytes of the output. */
  readonly size: number;
}

/** "Trace Event Format", complete events ("X"); times in microseconds. */
export function traceText(times: readonly StageTime[], { program, ...args }: TraceFacts): string {
  const microseconds = (value: number): number => Math.round(value * 1000);
  const first = times[0]?.start ?? 0;
  const last = times.at(-1);
  const event = (name: string, start: number, duration: number, more: object): object => {
    return {
      name,
      cat: "link",
      ph: "X",
      ts: microseconds(start),
      dur: microseconds(duration),
      pid: 1,
      tid: 1,
      args: more,
    };
  };
  const traceEvents = [
    { name: "process_name", ph: "M", pid: 1, tid: 1, args: { name: program } },
    event("link", first, (last?.start ?? 0) + (last?.duration ?? 0) - first, args),
    ...times.map(({ name, start, duration }) => event(name, start, duration, {})),
  ];
  return `${JSON.stringify({ traceEvents, displayTimeUnit: "ms" })}\n`;
}
