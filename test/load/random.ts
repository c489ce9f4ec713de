// Holds random processes to the real loader: node build/test/load/random.js FIRST COUNT [verbose] [--machine NAME] [--root DIR] [--seconds N]. Each
// seed is a program with a few libraries (random/plan.ts); what differs is printed with the seed. Machines are those of
// random/machines.ts; those that this processor does not run are judged under qemu-user, with the cross compiler's C library or that of
// a root directory (scripts/machine-roots.mjs). --seconds ends after that time. With SOLDER_TEST_KEEP=1 the files stay. `verbose` shows what linkers and the real
// loader said of those that do not start.

import { realpathSync } from "node:fs";
import { parseArgs } from "node:util";
import { runsI386 } from "../support/tools.ts";
import { RANDOM_MACHINES } from "./random/machines.ts";
import { enterMachine, trySeed } from "./random/seed.ts";

const options = {
  root: { type: "string" },
  seconds: { type: "string", default: "86400" },
  machine: { type: "string", default: "x86-64" },
} as const;
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const [first = "1", count = "100", ...words] = positionals;
// i386 has two rows: this machine's own where the kernel runs it.
const isGuest = values.root !== undefined || !runsI386();
const rows = RANDOM_MACHINES.filter(({ name }) => name === values.machine);
const machine = isGuest ? rows.at(-1) : rows[0];
if (machine === undefined) {
  throw new Error(
    `no machine ${values.machine}; known: ${[...new Set(RANDOM_MACHINES.map(({ name }) => name))].join(" ")}`,
  );
}
enterMachine(machine, values.root === undefined ? undefined : realpathSync(values.root));
const totals = { "not-built": 0, starts: 0, refused: 0, unjudged: 0, different: 0 };
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  if (performance.now() > Number(values.seconds) * 1000) break;
  const outcome = trySeed(machine, seed);
  totals[outcome.kind]++;
  if (words.includes("verbose") && outcome.kind !== "starts") console.log(`${seed} (${outcome.kind}): ${outcome.said}`);
  if (outcome.kind === "not-built" || outcome.differences.length === 0) continue;
  totals.different++;
  console.log(`${seed} (${outcome.kind}) ${outcome.directory}`);
  for (const difference of outcome.differences.slice(0, 8)) console.log(`  ${difference}`);
}
console.log(totals);
