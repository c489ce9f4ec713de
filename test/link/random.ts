// Holds random links to GNU ld: node build/test/link/random.js FIRST COUNT [i386] [verbose]. Each seed is one link
// (random/plan.ts); what differs is printed with the seed. With SOLDER_TEST_KEEP=1 the files stay, and `command` beside them is
// the command line. `verbose` shows what each link came to.

import { i386, x86_64 } from "../support/build.ts";
import { kindsOf } from "./random/kinds.ts";
import { seedTrier } from "./random/seed.ts";

const [first = "1", count = "100", ...words] = process.argv.slice(2);
const trySeed = seedTrier(words.includes("i386") ? i386 : x86_64);
const verbose = words.includes("verbose");
/** Why GNU ld refuses, for the plans to be such that it seldom does. */
const refusals = new Map<string, number>();
const totals = { linked: 0, refused: 0, ran: 0, crashed: 0, different: 0 };
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const { output, linked, ran, said, differences, directory, command } = trySeed(seed);
  totals[linked ? "linked" : "refused"]++;
  if (!linked) {
    const [reason = "unknown"] = [...kindsOf(said, "gnu").errors].map((it) =>
      it.replace(/^(other: .{40}|\S+).*/, "$1"),
    );
    refusals.set(reason, (refusals.get(reason) ?? 0) + 1);
  }
  if (ran !== undefined) totals[ran.startsWith("0 ") ? "ran" : "crashed"]++;
  if (verbose) console.log(`${seed} ${output}: ${linked ? (ran ?? "") : `refused: ${said.trim()}`}\n  ${command}`);
  if (differences.length === 0) continue;
  totals.different++;
  console.log(`${seed} (${output}) ${directory}`);
  for (const difference of differences.slice(0, verbose ? 100 : 12)) console.log(`  ${difference}`);
}
console.log(totals, "\nrefused by GNU ld:", Object.fromEntries(refusals));
