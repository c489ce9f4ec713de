// Libraries that are missing, or older than what a file needs, although a file of that name is elsewhere in the tree that is
// checked. A library may be meant for a program that has loaded the other one before (a JVM's libjvm.so, Firefox's NSS); for
// programs and addons it is what went wrong: nothing leads there.

import { type Problem, warning } from "../../elf/index.ts";
import type { FileReport, Verdict } from "./check.ts";

/**
 * Says of libraries that are missing, or lack a version, where in the tree they are.
 * @param reports of one tree
 */
export function settleElsewhere(reports: readonly FileReport[]): FileReport[] {
  const places = new Map<string, FileReport[]>();
  for (const report of reports) {
    const { name, soname, role, defines } = report;
    // glibc's own objects and others are programs too.
    if (role !== "library" && defines.length === 0) continue;
    for (const key of new Set([name.slice(name.lastIndexOf("/") + 1), soname ?? ""]))
      places.set(key, [...(places.get(key) ?? []), report]);
  }
  places.delete("");
  return reports.map((report) => ({
    ...report,
    verdicts: report.verdicts.map((verdict) => settled(verdict, report, places)),
  }));
}

type Places = ReadonlyMap<string, readonly FileReport[]>;

/** The first file of a name that a report's file could load: trees have builds for several machines. */
function placeOf(library: string, { machine, made }: FileReport, places: Places): FileReport | undefined {
  return places
    .get(library)
    ?.find((it) => it.machine === machine && (it.made === made || it.made === undefined || made === undefined));
}

function settled(verdict: Verdict, report: FileReport, places: Places): Verdict {
  const findings = verdict.findings.flatMap((finding) => located(finding, report, places));
  return { ...verdict, findings, loads: findings.every(({ severity }) => severity !== "error") };
}

const MISSING: ReadonlySet<string> = new Set([
  "check-library-missing",
  "check-library-not-in-base",
  "check-android-library",
]);
const TOO_OLD: ReadonlySet<string> = new Set([
  "check-version-missing",
  "check-version-not-shipped",
  "check-gcc-runtime-too-old",
]);

/** The finding, or what is left of it, and what is known of the libraries that it names. */
function located(finding: Problem, report: FileReport, places: Places): Problem[] {
  if (MISSING.has(finding.code)) return locatedLibraries(finding, report, places);
  return TOO_OLD.has(finding.code) ? [locatedVersions(finding, report, places)] : [finding];
}

function locatedLibraries(finding: Problem, report: FileReport, places: Places): Problem[] {
  const { role } = report;
  const { place, details } = finding;
  const libraries = typeof details.library === "string" ? [details.library] : textsIn(details.libraries);
  const there = libraries.filter((library) => placeOf(library, report, places) !== undefined);
  if (there.length === 0) return [finding];
  const found = there.flatMap((library) => placeOf(library, report, places)?.name ?? []);
  if (role !== "library") return [{ ...finding, details: { ...details, found } }];
  const elsewhere = warning("check-library-elsewhere", place, { libraries: there, found });
  const rest = libraries.filter((library) => !there.includes(library));
  return rest.length === 0 ? [elsewhere] : [{ ...finding, details: { ...details, libraries: rest } }, elsewhere];
}

/** The tree has a newer one than the search finds. */
function locatedVersions(finding: Problem, report: FileReport, places: Places): Problem {
  const { role, name } = report;
  const { place, details } = finding;
  const library = typeof details.library === "string" ? details.library : "";
  const versions = textsIn(details.versions);
  const newer = placeOf(library, report, places);
  if (newer === undefined || newer.name === name || !versions.every((it) => newer.defines.includes(it))) return finding;
  const found = newer.name;
  if (role !== "library") return { ...finding, details: { ...details, found } };
  return warning("check-version-elsewhere", place, { library, versions, symbols: textsIn(details.symbols), found });
}

function textsIn(detail: Problem["details"][string] | undefined): string[] {
  return Array.isArray(detail) ? detail.filter((item): item is string => typeof item === "string") : [];
}
