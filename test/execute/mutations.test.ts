// Programs whose code was changed at random end within their limits, in a way that can be said.

import { ok } from "node:assert/strict";
import { before, test } from "node:test";
import { needs } from "../support/tools.ts";
import { mutate, victim } from "./mutations.ts";

let original: Uint8Array;
const gcc = needs("gcc");
before(() => {
  if (gcc.skip === undefined) original = victim();
});

test("forty changed programs end, most of them by a signal", gcc, () => {
  const ends = new Map<string, number>();
  for (let seed = 1; seed <= 40; seed++) {
    const how = mutate(original, seed);
    ends.set(how, (ends.get(how) ?? 0) + 1);
  }
  const bySignal = [...ends].filter(([how]) => how.startsWith("SIG")).reduce((sum, [, count]) => sum + count, 0);
  ok(bySignal > 20 && (ends.get("exited 0") ?? 0) > 0, JSON.stringify([...ends]));
});
