// Measures the linkers and writes bench/results/. Arguments: names of cases to restrict it to, --rounds=N, --no-write.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../test/support/build.ts";
import { allCases, type Case } from "./cases.ts";
import { compareContents, contents } from "./contents.ts";
import { libraryTime } from "./library.ts";
import { installedLinkers } from "./linkers.ts";
import { type Figures, measure } from "./measure.ts";
import { caseSection, heading } from "./report.ts";

const args = process.argv.slice(2);
const rounds = Number(args.find((arg) => arg.startsWith("--rounds="))?.slice("--rounds=".length));
const wanted = args.filter((arg) => !arg.startsWith("--"));

/** Solder's output beside lld's, for the largest case. */
function sameWork(figures: readonly Figures[]): string[] {
  const [solder, lld] = ["Solder", "lld"].map((name) =>
    figures.find((one) => one.linker.name === name && !one.failure),
  );
  if (solder === undefined || lld === undefined) return [];
  const rows = compareContents(contents(solder.output), contents(lld.output));
  return [
    "",
    "What is in the outputs (rows that differ by more than 1 %, and the totals):",
    "",
    "| | Solder | lld |",
    "|---|---:|---:|",
    ...rows,
  ];
}

function runCase(subject: Case): string[] {
  const count = rounds > 0 ? rounds : subject.rounds;
  const figures = measure(subject, linkers, count);
  const inProcess = libraryTime(subject, count);
  return [...caseSection(subject, figures, inProcess), ...sameWork(figures)];
}

const linkers = installedLinkers();
const report = heading(linkers);
for (const attempt of allCases()) {
  if (wanted.length > 0 && !wanted.some((word) => attempt.name.includes(word))) continue;
  report.push("", ...("skip" in attempt ? [`## ${attempt.name}`, "", `Skipped: ${attempt.skip}.`] : runCase(attempt)));
}
const text = `${report.join("\n")}\n`;
console.log(text);
if (!args.includes("--no-write")) {
  const directory = join(repository, "bench/results");
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `${new Date().toISOString().slice(0, 10)}.md`);
  writeFileSync(path, text);
  console.log(`written to ${path}`);
}
