// A few random links; random.ts tries as many as one has time for.

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { targets } from "../support/build.ts";
import { needsToRun } from "../support/tools.ts";
import { planLink, planPool } from "./random/plan.ts";
import { seedTrier } from "./random/seed.ts";

/** Of one pool, so that its files are made once: some link and run, some are refused by both linkers. */
const SEEDS: readonly number[] = [1000, 1004, 1007, 1015, 1021, 1024, 1029, 1035];

for (const target of targets) {
  test(`${target.name}: random links are as GNU ld's`, needsToRun(...target.tools, "ld.bfd", "as", "ar"), () => {
    const trySeed = seedTrier(target);
    for (const seed of SEEDS) {
      const { command, differences } = trySeed(seed);
      deepEqual(differences, [], `seed ${seed}: ${command}`);
    }
  });

  test(`${target.name}: a seed says it all`, () => {
    const plan = () => planLink(target, 7, planPool(target, 0));
    deepEqual(plan(), plan());
  });
}
