// A few random processes; random.ts tries as many as one has time for.

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { i386, type Target, x86_64 } from "../support/build.ts";
import { needs } from "../support/tools.ts";
import { planImage } from "./random/plan.ts";
import { trySeed } from "./random/seed.ts";

/** Some start, some are refused; linked with GNU ld, gold, lld and mold. */
const SEEDS: readonly (readonly [target: Target, seeds: readonly number[]])[] = [
  [x86_64, [1, 3, 37, 40, 371]],
  [i386, [106, 109, 139, 114]],
];

for (const [target, seeds] of SEEDS) {
  const options = needs(...target.tools, "ld", "ld.gold", "ld.lld", "mold");

  for (const seed of seeds) {
    test(`${target.name}: random process ${seed} is as the real loader's`, options, () => {
      const outcome = trySeed(target, seed);
      deepEqual("differences" in outcome ? outcome.differences : outcome.said, []);
    });
  }

  test(`${target.name}: a seed says it all`, () => {
    deepEqual(planImage(target, 7), planImage(target, 7));
  });
}
