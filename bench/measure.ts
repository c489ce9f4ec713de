// Time and memory of whole processes. The linkers take turns within a round, so that whatever else the machine does
// meets all of them; what is reported is the median with the extremes beside it.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { repository, scratch } from "../test/support/build.ts";
import { run } from "../test/support/run.ts";
import { which } from "../test/support/tools.ts";
import type { Case } from "./cases.ts";
import type { Linker } from "./linkers.ts";

export interface Figures {
  readonly linker: Linker;
  /** Milliseconds, one for each round, sorted. Empty if the linker could not do it. */
  readonly times: readonly number[];
  /** Peak resident memory in MB. */
  readonly memory: number;
  readonly output: string;
  /** Why there are no figures, or what is wrong with the output. */
  readonly failure?: string;
}

const LIMIT = 300_000;

/** Milliseconds that one link takes, or what was said instead of linking. */
function once(linker: Linker, args: readonly string[]): number | string {
  const before = process.hrtime.bigint();
  const { status, stderr } = run(linker.path, args, { timeout: LIMIT });
  const after = process.hrtime.bigint();
  return status === 0 ? Number(after - before) / 1e6 : stderr.split("\n").slice(0, 3).join("\n");
}

/** Peak resident memory in MB, as GNU time reports it for the process and those it waited for. */
function peakMemory(linker: Linker, args: readonly string[]): number {
  const time = which("/usr/bin/time");
  if (time === undefined) return Number.NaN;
  const { stderr } = run(time, ["-f", "%M", linker.path, ...linker.forMemory, ...args], { timeout: LIMIT });
  return Number(stderr.trim().split("\n").at(-1)) / 1024;
}

export function measure(subject: Case, linkers: readonly Linker[], rounds: number): Figures[] {
  const directory = scratch("bench");
  const states = linkers.map((linker) => {
    const output = join(directory, linker.name.replaceAll(/\W/g, "-"));
    const args = ["-o", output, `@${subject.responseFile}`];
    // The first link warms the file cache, and shows whether there is anything to measure.
    const first = once(linker, args);
    const failure = typeof first === "string" ? first : subject.check(output);
    const memory = failure === undefined ? peakMemory(linker, args) : Number.NaN;
    return { linker, output, args, failure, memory, times: [] as number[] };
  });
  for (let round = 0; round < rounds; round++) {
    for (const state of states) {
      if (state.failure !== undefined) continue;
      rmSync(state.output, { force: true });
      const time = once(state.linker, state.args);
      if (typeof time === "number") state.times.push(time);
      else state.failure = time;
    }
    process.stderr.write(`\r${subject.name}: round ${round + 1} of ${rounds} `);
  }
  process.stderr.write("\n");
  return states.map(({ linker, output, failure, memory, times }) => ({
    linker,
    output,
    memory,
    times: times.sort((a, b) => a - b),
    ...(failure === undefined ? {} : { failure }),
  }));
}

export const median = (sorted: readonly number[]): number => {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
};

/** The commit that is measured, with a star if the checkout has changes. */
export function commit(): string {
  const git = (...args: readonly string[]) => run("git", ["-C", repository, ...args]).stdout.trim();
  return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "src") === "" ? "" : "*");
}
