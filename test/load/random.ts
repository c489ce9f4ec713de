// Holds random processes to the real loader: node build/test/load/random.js FIRST COUNT [i386] [verbose]. Each seed is a program
// with a few libraries (random/plan.ts); what differs is printed with the seed. With SOLDER_TEST_KEEP=1 the files stay.
// `verbose` shows what linkers and the real loader said of those that do not start.

import { i386, x86_64 } from "../support/build.ts";
import { trySeed } from "./random/seed.ts";

const [first = "1", count = "100", ...words] = process.argv.slice(2);
const target = words.includes("i386") ? i386 : x86_64;
const totals = { "not-built": 0, starts: 0, refused: 0, different: 0 };
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const outcome = trySeed(target, seed);
  totals[outcome.kind]++;
  if (words.includes("verbose") && outcome.kind !== "starts") console.log(`${seed} (${outcome.kind}): ${outcome.said}`);
  if (outcome.kind === "not-built" || outcome.differences.length === 0) continue;
  totals.different++;
  console.log(`${seed} (${outcome.kind}) ${outcome.directory}`);
  for (const difference of outcome.differences.slice(0, 8)) console.log(`  ${difference}`);
}
console.log(totals);
