// Packages carry builds for several platforms side by side: prebuilds/darwin-arm64, linux-x64-musl beside linux-x64-gnu. One of
// them is used. So what is made for another platform does not count where a build for this one is there, under a path that
// differs in the names of platforms, or of versions of Node.js, only.

import type { FileReport, Verdict } from "./check.ts";

/** Findings that say: made for something else. */
const FOREIGN: ReadonlySet<string> = new Set([
  "check-mach-o",
  "check-pe",
  "check-foreign-machine",
  "check-foreign-library",
  "check-foreign-library-loads",
  "check-foreign-program",
  "check-foreign-system",
  "check-node-version",
]);

/** Words in paths that name a platform or a version of Node.js, as npm, Rust, prebuildify and node-pre-gyp write them. */
const PLATFORM =
  /(?<![a-z0-9])(node-v\d+|electron-v[\d.]+|napi-v\d+|abi\d+|napi|electron|linux|linuxmusl|linuxglibc|darwin|macos|win32|windows|android|freebsd|openbsd|musl|glibc|gnu|gnueabihf|musleabihf|msvc|x64|x86|x86_64|amd64|ia32|i686|arm|armv6|armv7|armv8|armhf|arm64|aarch64|ppc64|ppc64le|s390x|riscv64|loong64|universal|unknown|pc)(?![a-z0-9])/gi;

/** What builds of one thing have in common. */
function commonName(name: string): string {
  return name
    .replace(PLATFORM, "")
    .replace(/[-_.+]+/g, "-")
    .replace(/-*\/-*/g, "/");
}

/**
 * Notes in reports of one tree what does not count because another build is there.
 * @returns the reports in the same order, with `instead` filled in
 */
export function settleVariants(reports: readonly FileReport[]): FileReport[] {
  const builds = new Map<string, FileReport[]>();
  for (const report of reports) {
    const key = commonName(report.name);
    builds.set(key, [...(builds.get(key) ?? []), report]);
  }
  return reports.map((report) => {
    const others = (builds.get(commonName(report.name)) ?? []).filter((other) => other !== report);
    return others.length === 0 ? report : settled(report, others);
  });
}

function settled(report: FileReport, others: readonly FileReport[]): FileReport {
  if (report.problems.some(({ code }) => FOREIGN.has(code))) {
    const instead = others.find(({ verdicts }) => verdicts.some(isMeant));
    return instead === undefined ? report : { ...report, instead: instead.name };
  }
  return { ...report, verdicts: report.verdicts.map((verdict, i) => settledVerdict(verdict, i, others)) };
}

function settledVerdict(verdict: Verdict, index: number, others: readonly FileReport[]): Verdict {
  if (!verdict.findings.some(({ code }) => FOREIGN.has(code))) return verdict;
  const instead = others.find(({ verdicts }) => isMeant(verdicts[index]));
  return instead === undefined ? verdict : { ...verdict, instead: instead.name };
}

/** It is made for the system, even if it fails there: then that is what counts. */
function isMeant(verdict: Verdict | undefined): boolean {
  return verdict !== undefined && !verdict.findings.some(({ code }) => FOREIGN.has(code));
}
