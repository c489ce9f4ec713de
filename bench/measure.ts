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

/** What a command takes, or what was said instead of doing it. @param linker whose server's time counts too */
export function timed(
  program: string,
  args: readonly string[],
  linker: Pick<Linker, "env" | "resident">,
  cwd?: string,
): Time | string {
  const place = cwd === undefined ? {} : { cwd };
  const report = join(scratch("time"), "report");
  const command = gnuTime === undefined ? [program, ...args] : [gnuTime, "-o", report, "-f", "%U %S", program, ...args];
  const [first = "", ...rest] = command;
  const served = linker.resident?.processorTime() ?? 0;
  const before = process.hrtime.bigint();
  const { status, stderr } = run(first, rest, { timeout: LIMIT, env: linker.env, ...place });
  const wall = Number(process.hrtime.bigint() - before) / 1e6;
  if (status !== 0) return stderr.split("\n").slice(0, 3).join("\n");
  const own = gnuTime === undefined ? Number.NaN : secondsIn(readFileSync(report, "utf8")) * 1000;
  return { wall, processor: own + (linker.resident?.processorTime() ?? 0) - served };
}

function secondsIn(report: string): number {
  const [user = "", system = ""] = (report.trim().split("\n").at(-1) ?? "").split(" ");
  return Number(user) + Number(system);
}

/** Peak resident memory in MB, as GNU time reports it for the process and those it waited for. */
function peakMemory(linker: Linker, args: readonly string[]): number {
  if (gnuTime === undefined || linker.resident !== undefined) return Number.NaN;
  const words = ["-f", "%M", linker.path, ...linker.forMemory, ...args];
  const { stderr } = run(gnuTime, words, { timeout: LIMIT, env: linker.env });
  return Number(stderr.trim().split("\n").at(-1)) / 1024;
}

export function measure(subject: Case, linkers: readonly Linker[], rounds: number): Figures[] {
  const directory = scratch("bench");
  const states = linkers.map((linker) => {
    const output = join(directory, linker.name.replaceAll(/\W/g, "-"));
    const args = ["-o", output, `@${subject.responseFile}`];
    // The first link warms the file cache, and shows whether there is anything to measure.
    const first = timed(linker.path, args, linker);
    const failure = typeof first === "string" ? first : subject.check(output);
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
