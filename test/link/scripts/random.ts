// Holds random scripts to GNU ld: node build/test/link/scripts/random.js FIRST COUNT [i386] [verbose] [reduce]. Each seed is one script
// and one command line (random/plan.ts); what differs is printed with the seed, `reduce` makes it small first.

import { i386, x86_64 } from "../../support/build.ts";
import { bench, commandLine, judge } from "./judge.ts";
import { planScript } from "./random/plan.ts";
import { reduce } from "./random/reduce.ts";

const [first = "1", count = "100", ...words] = process.argv.slice(2);
const target = words.includes("i386") ? i386 : x86_64;
const verbose = words.includes("verbose");
const at = bench(target);
const totals = { linked: 0, refused: 0, different: 0 };
/** Why GNU ld refuses, for the plans to be such that it seldom does. */
const refusals = new Map<string, number>();
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  let it = planScript(seed);
  let verdict = judge(at, it);
  if (words.includes("reduce") && verdict.differences.length > 0) {
    it = reduce(at, it);
    verdict = judge(at, it);
  }
  const { differences, theirs, ours, linked } = verdict;
  totals[linked ? "linked" : "refused"]++;
  if (!linked) {
    const reason = theirs.split("\n").find((line) => !line.includes("warning")) ?? "";
    const kind = reason.replace(/^\S+ /, "").slice(0, 40);
    refusals.set(kind, (refusals.get(kind) ?? 0) + 1);
  }
  if (differences.length > 0) totals.different++;
  else if (!verbose) continue;
  console.log(`${differences.length === 0 ? "equal" : "DIFFERENT"} ${it.name}: ${commandLine(it).join(" ")}`);
  if (verbose || words.includes("reduce")) console.log(it.script.replace(/\n\n+/g, "\n"));
  for (const line of differences.slice(0, verbose ? 100 : 6)) console.log(`  ${line}`);
  const said = (text: string): string =>
    text
      .trim()
      .split("\n")
      .slice(0, verbose ? 20 : 2)
      .join("\n    ");
  if (theirs !== "") console.log(`  GNU ld: ${said(theirs)}`);
  if (ours !== "") console.log(`  here: ${said(ours)}`);
}
console.log(totals, "\nrefused by GNU ld:", Object.fromEntries(refusals));
