// The report of `solder check` as JSON; docs/check.md describes the shape.

import type { Problem } from "../../elf/problem.ts";
import { type FileReport, type Floor, type Oldest, oldestOfAll } from "../../load/check/index.ts";
import { releaseText } from "../../load/systems/index.ts";
import { describeProblem } from "../render.ts";
import { judgedTally, type PassedOver, type Tally, unjudgedTally } from "./summary.ts";
import { fails } from "./text.ts";

/** The version of the shape; it changes when a reader would have to. */
export const CHECK_JSON_VERSION = 1;

/** Writes the document, a file a line. */
export function writeCheckJson(reports: readonly FileReport[], passed: PassedOver, out: (text: string) => void): void {
  out(`{\n "version": ${CHECK_JSON_VERSION},\n "loads": ${!reports.some(fails)},\n`);
  const all = reports.flatMap(({ oldest }) => (oldest === undefined ? [] : [oldest]));
  const tallyJson = (tally: Tally): string => JSON.stringify(tally.map(([kind, files]) => ({ kind, files })));
  out(` "judged": ${tallyJson(judgedTally(reports))},\n "unjudged": ${tallyJson(unjudgedTally(reports, passed))},\n`);
  out(` "oldest": ${JSON.stringify(oldestJson(oldestOfAll(all)))},\n "files": [`);
  reports.forEach((report, i) => {
    out(`${i === 0 ? "" : ","}\n  ${JSON.stringify(fileJson(report))}`);
  });
  out("\n ]\n}\n");
}

function fileJson(report: FileReport): object {
  const { name, role, machine, library, made, oldest, problems, verdicts, instead, unjudged } = report;
  return {
    file: name,
    loads: !fails(report),
    instead,
    unjudged,
    role,
    machine,
    library,
    system: made === library ? undefined : made,
    oldest: oldest === undefined ? undefined : oldestJson(oldest),
    problems: problems.map(problemJson),
    targets: verdicts.map((verdict) => ({
      target: verdict.target,
      loads: verdict.loads,
      instead: verdict.instead,
      platform: verdict.platform,
      findings: verdict.findings.map(problemJson),
    })),
  };
}

function oldestJson({ glibc, glibcxx, cxxabi, libgcc }: Oldest): object {
  const floor = (one: Floor | undefined): object | undefined =>
    one === undefined ? undefined : { release: releaseText(one.release), version: one.version, symbols: one.symbols };
  return { glibc: floor(glibc), glibcxx: floor(glibcxx), cxxabi: floor(cxxabi), libgcc: floor(libgcc) };
}

function problemJson(problem: Problem): object {
  const { code, severity, message, lines, cure } = describeProblem(problem, { demangle: false });
  return { code, severity, file: problem.place.file, message, lines, cure, details: problem.details };
}
