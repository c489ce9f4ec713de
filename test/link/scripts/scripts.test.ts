// Links by scripts come out as GNU ld's: a part of the judge's cases, which run.ts tries all of.

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { targets } from "../../support/build.ts";
import { needs } from "../../support/tools.ts";
import type { ScriptCase } from "./case.ts";
import { cases } from "./cases/index.ts";
import { type Bench, bench, judge } from "./judge.ts";

/** Every so many cases; what random scripts have found on one of the machines, if it is not of one anyway. */
const STEP = 8;
const isChosen = (it: ScriptCase, i: number, offset: number): boolean =>
  it.name.startsWith("found: ") ? it.only !== undefined || i % targets.length === offset : i % STEP === offset;

for (const [offset, target] of targets.entries()) {
  let at: Bench | undefined;
  const chosen = cases.filter(
    (it, i) => isChosen(it, i, offset) && (it.only ?? target.name) === target.name && it.missing === undefined,
  );
  for (const it of chosen) {
    test(`${target.name}: ${it.name}`, needs("ld.bfd", "as", "ar"), () => {
      at ??= bench(target);
      const { differences, ours } = judge(at, it);
      deepEqual(differences, [], ours);
    });
  }
}
