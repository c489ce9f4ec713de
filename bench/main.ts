// Measures the linkers and writes bench/results/. Arguments: names of cases to restrict it to, --rounds=N, --no-write.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../test/support/build.ts";
import { allCases, type Case } from "./cases.ts";
import { compareContents, contents } from "./contents.ts";
import { libraryTime } from "./library.ts";
import { installedLinkers } from "./linkers.ts";
import { type Figures, measure, type Time } from "./measure.ts";
import { makeProject, measureProject } from "./project.ts";
import { measureRelinks } from "./relink.ts";
import { caseSection, type Goal, goalSection, heading, loadText, TABLE, timesRow } from "./report.ts";
import { startResident } from "./resident.ts";

const args = process.argv.slice(2);
const rounds = Number(args.find((arg) => arg.startsWith("--rounds="))?.slice("--rounds=".length));
const wanted = args.filter((arg) => !arg.startsWith("--"));
const isWanted = (name: string): boolean => wanted.length === 0 || wanted.some((word) => name.includes(word));

const resident = startResident(2);
const linkers = installedLinkers(resident);
const report = heading(linkers);
const goals: Goal[] = [];
/** By case and linker. */
const known = new Map<string, Figures>();

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
  for (const it of figures) known.set(`${subject.name}, ${it.linker.name}`, it);
  const inProcess = libraryTime(subject, count);
  return [...caseSection(subject, figures, inProcess), ...sameWork(figures)];
}

function timesOf(subject: string, linker: string): readonly Time[] {
  return known.get(`${subject}, ${linker}`)?.times ?? [];
}

function runProject(): string[] {
  const title = ["", "## project", ""];
  const project = makeProject();
  if ("skip" in project) return [...title, `Skipped: ${project.skip}.`];
  const count = rounds > 0 ? rounds : 5;
  const figures = measureProject(project, linkers, count);
  const of = (name: string): readonly Time[] => figures.find((it) => it.linker.name === name)?.times ?? [];
  goals.push({ name: "CMake build, resident / GNU ld", ours: of("Solder, resident"), theirs: of("GNU ld"), most: 0.7 });
  return [
    ...title,
    `Twenty shared libraries and sixty programs of a CMake build, make -j2, without what make and gcc take. ${count} rounds; ${loadText()}.`,
    "",
    ...TABLE,
    ...figures.map((it) => timesRow(it.linker.name, it.times, Number.NaN, it.failure, Number.NaN)),
  ];
}

function runRelinks(subject: Case): string[] {
  const warm = linkers.find((it) => it.resident !== undefined);
  if (warm === undefined) return [];
  const figures = measureRelinks(subject, warm, rounds > 0 ? Math.max(rounds, 5) : 15);
  const lld = timesOf("clang", "lld");
  for (const { name, times } of figures) {
    const most = name === "same shape" ? 0.03 : 0.1;
    goals.push({ name: `clang relink, ${name}, resident / lld's link`, ours: times, theirs: lld, most });
  }
  return [
    "",
    "## clang again, one object changed",
    "",
    `By the resident linker, each output equal to a full link. ${loadText()}.`,
    "",
    ...TABLE,
    ...figures.map((it) => timesRow(it.name, it.times, Number.NaN, it.failure, Number.NaN)),
  ];
}

try {
  for (const attempt of allCases()) {
    if (!isWanted(attempt.name)) continue;
    report.push(
      "",
      ...("skip" in attempt ? [`## ${attempt.name}`, "", `Skipped: ${attempt.skip}.`] : runCase(attempt)),
    );
    if (attempt.name === "clang" && !("skip" in attempt)) report.push(...runRelinks(attempt));
  }
  if (isWanted("project")) report.push(...runProject());
} finally {
  resident.stop();
}
const goal = (name: string, subject: string, ours: string, theirs: string, most: number): void => {
  const figures = { name, ours: timesOf(subject, ours), theirs: timesOf(subject, theirs), most };
  if (figures.ours.length > 0 && figures.theirs.length > 0) goals.push(figures);
};
goal("hello dynamic, resident / GNU ld", "hello, dynamic", "Solder, resident", "GNU ld", 0.5);
goal("SQLite -g, resident / lld", "SQLite", "Solder, resident", "lld", 0.7);
goal("hello dynamic, plain command / GNU ld", "hello, dynamic", "Solder", "GNU ld", 3.5);
goal("clang, plain command / lld", "clang", "Solder", "lld", 2.7);
const [memory, lldMemory] = ["Solder", "lld"].map((it) => known.get(`clang, ${it}`)?.memory ?? Number.NaN);
if (memory !== undefined && lldMemory !== undefined && !Number.isNaN(memory / lldMemory))
  goals.push({ name: "clang, peak memory / lld", ours: [], theirs: [], most: 1.25, ratio: memory / lldMemory });
report.push(...goalSection(goals));
const text = `${report.join("\n")}\n`;
console.log(text);
if (!args.includes("--no-write")) {
  const directory = join(repository, "bench/results");
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `${new Date().toISOString().slice(0, 10)}.md`);
  writeFileSync(path, text);
  console.log(`written to ${path}`);
}
