// Holds all scripts to GNU ld: node build/test/link/scripts/run.js [i386] [verbose] [WORD…]. A word is a part of a case's name.

import { i386, x86_64 } from "../../support/build.ts";
import { cases } from "./cases/index.ts";
import { bench, commandLine, judge } from "./judge.ts";

const words = process.argv.slice(2);
const target = words.includes("i386") ? i386 : x86_64;
const verbose = words.includes("verbose");
const wanted = words.filter((word) => word !== "i386" && word !== "verbose");
const at = bench(target);
const totals = { equal: 0, different: 0 };
for (const it of cases) {
  if (it.only !== undefined && it.only !== target.name) continue;
  if (wanted.length > 0 && !wanted.some((word) => it.name.includes(word))) continue;
  const { differences, theirs, ours } = judge(at, it);
  totals[differences.length === 0 ? "equal" : "different"]++;
  if (differences.length === 0 && !verbose) continue;
  const known = it.missing === undefined ? "" : ` (${it.missing})`;
  console.log(`${differences.length === 0 ? "equal" : "DIFFERENT"}${known} ${it.name}: ${commandLine(it).join(" ")}`);
  if (verbose) console.log(it.script);
  for (const line of differences.slice(0, verbose ? 100 : 8)) console.log(`  ${line}`);
  const said = (text: string): string =>
    text
      .trim()
      .split("\n")
      .slice(0, verbose ? 20 : 2)
      .join("\n    ");
  if (theirs !== "") console.log(`  GNU ld: ${said(theirs)}`);
  if (ours !== "") console.log(`  here: ${said(ours)}`);
}
console.log(totals);
