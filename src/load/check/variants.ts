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
  "check-foreign-for-android",
  "check-node-version",
  "check-for-other-machine",
  "check-system-without-machine",
  "check-addon-of-other-machine",
  "check-no-linker",
]);

/** Of these, the ones that a build for the same machine only makes good. */
const OF_MACHINE: ReadonlySet<string> = new Set([
  "check-foreign-library",
  "check-foreign-library-loads",
  "check-foreign-program",
  "check-node-version",
]);

/** Words in paths that name a platform or a version of Node.js, as npm, Rust, prebuildify and node-pre-gyp write them. */
const WORDS: readonly string[] = [
  ...["node-v\\d+", "electron-v[\\d.]+", "napi-v\\d+", "abi\\d+", "napi", "electron"],
  ...["linux", "linuxmusl", "linuxglibc", "darwin", "macos", "osx", "apple", "win32", "windows", "android"],
  ...["freebsd", "openbsd", "netbsd", "sunos", "aix", "openharmony", "ohos", "universal", "unknown", "pc"],
  ...["musl", "glibc", "gnu", "msvc", "eabi", "gnueabi", "musleabi", "androideabi", "gnueabihf", "musleabihf"],
  ...["x64", "x86", "x86_64", "amd64", "ia32", "i386", "i586", "i686"],
  ...["arm", "armv5", "armv6", "armv6l", "armv7", "armv7l", "armv7a", "armv8", "armhf", "armel", "arm64", "aarch64"],
  ...["ppc", "ppc64", "ppc64le", "ppc64el", "powerpc64le", "s390", "s390x", "riscv64", "riscv64gc"],
  ...["loong64", "loongarch64", "mips", "mipsel", "mips64", "mips64el"],
];
const PLATFORM = new RegExp(`(?<![a-z0-9])(${WORDS.join("|")})(?![a-z0-9])`, "gi");

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

/** In a tree, a build for a machine that nobody knows is no fault of the tree: it is counted among what is not judged. */
export function settleUnknownMachines(reports: readonly FileReport[]): FileReport[] {
  return reports.map((report) => ({
    ...report,
    problems: report.problems.map((it) => (it.code === "check-foreign-machine" ? { ...it, severity: "note" } : it)),
  }));
}

function settled(report: FileReport, others: readonly FileReport[]): FileReport {
  if (report.problems.some(({ code }) => FOREIGN.has(code))) {
    const instead = others.find(({ verdicts }) => verdicts.some(isMeant));
    return instead === undefined ? report : { ...report, instead: instead.name };
  }
  return { ...report, verdicts: report.verdicts.map((verdict, i) => settledVerdict(verdict, i, report, others)) };
}

function settledVerdict(verdict: Verdict, index: number, report: FileReport, others: readonly FileReport[]): Verdict {
  const foreign = verdict.findings.filter(({ code }) => FOREIGN.has(code));
  if (foreign.length === 0) return verdict;
  const isTied = foreign.every(({ code }) => OF_MACHINE.has(code));
  const instead = others.find(
    ({ verdicts, machine }) => isMeant(verdicts[index]) && (!isTied || machine === report.machine),
  );
  return instead === undefined ? verdict : { ...verdict, instead: instead.name };
}

/** It is made for the system, even if it fails there: then that is what counts. */
function isMeant(verdict: Verdict | undefined): boolean {
  if (verdict === undefined || verdict.platform !== undefined) return false;
  return !verdict.findings.some(({ code }) => FOREIGN.has(code));
}
