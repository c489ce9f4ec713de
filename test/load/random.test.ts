// A few random processes; random.ts tries as many as one has time for.

import { deepEqual } from "node:assert/strict";
import { before, describe, test } from "node:test";
import { muslPackage } from "../support/sources.ts";
import { needs, runsI386 } from "../support/tools.ts";
import { RANDOM_MACHINES, type RandomMachine } from "./random/machines.ts";
import { planImage } from "./random/plan.ts";
import { enterMachine, trySeed } from "./random/seed.ts";

/** Some start, some are refused; linked with GNU ld, gold, lld and mold. */
const SEEDS: Readonly<Record<string, readonly number[]>> = {
  "x86-64": [1, 3, 37, 40, 371],
  i386: [106, 114],
  // An indirect function of an object that is not relocated yet, and of the program.
  aarch64: [3, 5],
  arm: [4, 8],
  // A copy of a variable that is larger in its library.
  riscv64: [1005, 3],
  // Descriptors, text relocations; one that dies of a weak thread-local.
  "x86-64-musl": [3, 6],
  // A program without thread-locals; a library that says to be another machine's.
  "aarch64-musl": [12, 7],
  "arm-musl": [5],
};

/** This machine's own kernel runs i386 programs, or qemu does. */
function isJudge({ name, guest }: RandomMachine): boolean {
  return name !== "i386" || (guest === undefined) === runsI386();
}

function whereBuilt(machine: RandomMachine): { skip?: string } {
  const { tools, guest, musl } = machine;
  const options = needs(...tools);
  if (options.skip !== undefined || guest === undefined || musl === undefined) return options;
  const source = muslPackage(guest.debian);
  return "skip" in source ? source : {};
}

for (const machine of RANDOM_MACHINES.filter((each) => each.name in SEEDS && isJudge(each))) {
  describe(machine.name, whereBuilt(machine), () => {
    before(() => enterMachine(machine));

    for (const seed of SEEDS[machine.name] ?? []) {
      test(`${machine.name}: random process ${seed} is as the real loader's`, () => {
        const outcome = trySeed(machine, seed);
        deepEqual("differences" in outcome ? outcome.differences : outcome.said, []);
      });
    }

    test(`${machine.name}: a seed says it all`, () => {
      deepEqual(planImage(machine, 7), planImage(machine, 7));
    });
  });
}
