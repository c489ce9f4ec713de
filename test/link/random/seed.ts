// One random link from its seed to the verdict.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratch, type Target } from "../../support/build.ts";
import { openPool, type Pool, prepare } from "./build.ts";
import { judge, typed, type Verdict } from "./judge.ts";
import type { OutputKind } from "./parts.ts";
import { planLink, planPool, poolOf } from "./plan.ts";

export interface SeedOutcome extends Verdict {
  readonly output: OutputKind;
  /** Where its files are, or were. `command` in it is the command line. */
  readonly directory: string;
  readonly command: string;
}

/** Tries seeds of a machine one after the other; the pool of the last one is kept. */
export function seedTrier(target: Target): (seed: number) => SeedOutcome {
  let pool: Pool | undefined;
  let number = -1;
  const keep = process.env.SOLDER_TEST_KEEP !== undefined;
  const trySeed = (seed: number): SeedOutcome => {
    if (pool === undefined || number !== poolOf(seed)) {
      if (pool !== undefined && !keep) rmSync(pool.directory, { recursive: true });
      number = poolOf(seed);
      pool = openPool(target, number);
    }
    const plan = planLink(target, seed, pool.plan);
    const directory = scratch(`seed-${seed}`);
    try {
      mkdirSync(directory, { recursive: true });
      const args = prepare(pool, plan, directory);
      const command = typed(args, directory);
      if (keep) writeFileSync(join(directory, "command"), `${command}\n`);
      return { ...judge(pool, plan, args, directory), output: plan.output, directory, command };
    } finally {
      if (!keep) rmSync(directory, { recursive: true });
    }
  };
  // A machine that stood still says nothing about linkers; but there are links that GNU ld does not end, of names that are other
  // names of each other.
  return (seed) => {
    try {
      return trySeed(seed);
    } catch (cause) {
      if (!isLate(cause)) throw cause;
    }
    try {
      return trySeed(seed);
    } catch (cause) {
      if (!isLate(cause)) throw cause;
      const output = planLink(target, seed, planPool(target, poolOf(seed))).output;
      return { linked: false, said: "no end", ran: undefined, differences: [], output, directory: "", command: "" };
    }
  };
}

function isLate(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ETIMEDOUT";
}
