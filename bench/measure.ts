// Time and memory of whole processes. The linkers take turns within a round, so that whatever else the machine does
// meets all of them; what is reported is the median with the extremes beside it.

import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { repository, scratch } from "../test/support/build.ts";
import { run } from "../test/support/run.ts";
import { which } from "../test/support/tools.ts";
import type { Case } from "./cases.ts";
import type { Linker } from "./linkers.ts";

/** Milliseconds. */
export interface Time {
  readonly wall: number;
  /** User and system, of all threads and of a server that worked for it. */
  readonly processor: number;
}

export interface Figures {
  readonly linker: Linker;
  /** One for each round. Empty if the linker could not do it. */
  readonly times: readonly Time[];
  /** Peak resident memory in MB; NaN where that is another process'. */
  readonly memory: number;
  readonly output: string;
  /** Why there are no figures, or what is wrong with the output. */
  readonly failure?: string;
}

const LIMIT = 600_000;
const gnuTime = which("/usr/bin/time");

/**
 * Starts the words behind the first and writes to the file that the first names when they began and ended, and their processor time.
 * The clock is in a process of two megabytes: from this one a start alone would take as long as a small link. (A Bash whose input is a socket,
 * as here, takes itself for one that is called from afar and reads ~/.bashrc, where it is the first shell.)
 */
const CLOCK =
  'begin=$EPOCHREALTIME; "$@"; status=$?; end=$EPOCHREALTIME; { echo "$begin $end"; times; } >"$0"; exit $status';

/** What a command takes, or what was said instead of doing it. @param linker whose server's time counts too */
export function timed(
  program: string,
  args: readonly string[],
  linker: Pick<Linker, "env" | "resident">,
  cwd?: string,
): Time | string {
  const place = cwd === undefined ? {} : { cwd };
  const report = join(scratch("time"), "report");
  const served = linker.resident?.processorTime() ?? 0;
  const env = { ...linker.env, LC_ALL: "C" };
  const { status, stderr } = run("bash", ["--norc", "-c", CLOCK, report, program, ...args], {
    timeout: LIMIT,
    env,
    ...place,
  });
  if (status !== 0) return stderr.split("\n").slice(0, 3).join("\n");
  const { wall, processor } = readClock(readFileSync(report, "utf8"));
  return { wall, processor: processor + (linker.resident?.processorTime() ?? 0) - served };
}

/** Two moments in seconds; of bash itself, and of its children, the time in user and system mode (`0m0.013s 0m0.005s`). */
function readClock(report: string): Time {
  const [moments = "", , children = ""] = report.split("\n");
  const [begin = Number.NaN, end = Number.NaN] = moments.split(" ").map(Number);
  const [user = Number.NaN, system = Number.NaN] = children.split(" ").map((it) => {
    const [minutes, seconds] = it.replace("s", "").split("m").map(Number);
    return 60 * minutes + seconds;
  });
  return { wall: (end - begin) * 1000, processor: (user + system) * 1000 };
}

/** Peak resident memory in MB, as GNU time reports it for the process and those it waited for. */
function peakMemory(linker: Linker, args: readonly string[]): number {
  if (gnuTime === undefined || linker.resident !== undefined) return Number.NaN;
  const words = ["-f", "%M", linker.path, ...linker.forMemory, ...args];
  const { stderr } = run(gnuTime, words, { timeout: LIMIT, env: linker.env });
  return Number(stderr.trim().split("\n").at(-1)) / 1024;
}

/** A server has linked before, a second's worth of what is measured: V8 then has compiled what links. */
function warmLinks({ wall }: Time): number {
  return Math.floor(1000 / wall);
}

export function measure(subject: Case, linkers: readonly Linker[], rounds: number): Figures[] {
  const directory = scratch("bench");
  const states = linkers.map((linker) => {
    const output = join(directory, linker.name.replaceAll(/\W/g, "-"));
    const args = ["-o", output, `@${subject.responseFile}`];
    // The first link warms the file cache, and shows whether there is anything to measure.
    const first = timed(linker.path, args, linker);
    const failure = typeof first === "string" ? first : subject.check(output);
    if (failure === undefined && linker.resident !== undefined && typeof first !== "string") {
      for (let n = 0; n < warmLinks(first); n++) {
        rmSync(output, { force: true });
        timed(linker.path, args, linker);
      }
    }
    const memory = failure === undefined ? peakMemory(linker, args) : Number.NaN;
    return { linker, output, args, failure, memory, times: [] as Time[] };
  });
  for (let round = 0; round < rounds; round++) {
    for (const state of states) {
      if (state.failure !== undefined) continue;
      rmSync(state.output, { force: true });
      const time = timed(state.linker.path, state.args, state.linker);
      if (typeof time === "string") state.failure = time;
      else state.times.push(time);
    }
    process.stderr.write(`\r${subject.name}: round ${round + 1} of ${rounds} `);
  }
  process.stderr.write("\n");
  return states.map(({ linker, output, failure, memory, times }) => ({
    linker,
    output,
    memory,
    times,
    ...(failure === undefined ? {} : { failure }),
  }));
}

export function sorted(times: readonly Time[], which: keyof Time): number[] {
  return times.map((it) => it[which]).sort((a, b) => a - b);
}

export const median = (values: readonly number[]): number => {
  const middle = values.length >> 1;
  const upper = values[middle] ?? Number.NaN;
  return values.length % 2 === 1 ? upper : ((values[middle - 1] ?? Number.NaN) + upper) / 2;
};

/** The commit that is measured, with a star if the checkout has changes. */
export function commit(): string {
  const git = (...args: readonly string[]) => run("git", ["-C", repository, ...args]).stdout.trim();
  return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "src") === "" ? "" : "*");
}
