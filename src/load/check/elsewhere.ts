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
  const places = new Map<string, FileReport>();
  for (const report of reports) {
    const { name, soname, role, defines } = report;
    // glibc's own objects and others are programs too.
    if (role !== "library" && defines.length === 0) continue;
    for (const key of [name.slice(name.lastIndexOf("/") + 1), soname ?? ""])
      if (!places.has(key)) places.set(key, report);
  }
  places.delete("");
  return reports.map((report) => ({
    ...report,
    verdicts: report.verdicts.map((verdict) => settled(verdict, report, places)),
  }));
}

type Places = ReadonlyMap<string, FileReport>;

function settled(verdict: Verdict, report: FileReport, places: Places): Verdict {
  const findings = verdict.findings.flatMap((finding) => located(finding, report, places));
  return { ...verdict, findings, loads: findings.every(({ severity }) => severity !== "error") };
}

const MISSING: ReadonlySet<string> = new Set(["check-library-missing", "check-library-not-in-base"]);
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

function locatedLibraries(finding: Problem, { role }: FileReport, places: Places): Problem[] {
  const { place, details } = finding;
  const libraries = typeof details.library === "string" ? [details.library] : textsIn(details.libraries);
  const there = libraries.filter((library) => places.has(library));
  if (there.length === 0) return [finding];
  const found = there.flatMap((library) => places.get(library)?.name ?? []);
  if (role !== "library") return [{ ...finding, details: { ...details, found } }];
  const elsewhere = warning("check-library-elsewhere", place, { libraries: there, found });
  const rest = libraries.filter((library) => !places.has(library));
  return rest.length === 0 ? [elsewhere] : [{ ...finding, details: { ...details, libraries: rest } }, elsewhere];
}

/** The tree has a newer one than the search finds. */
function locatedVersions(finding: Problem, { role, name }: FileReport, places: Places): Problem {
  const { place, details } = finding;
  const library = typeof details.library === "string" ? details.library : "";
  const versions = textsIn(details.versions);
  const newer = places.get(library);
  if (newer === undefined || newer.name === name || !versions.every((it) => newer.defines.includes(it))) return finding;
  const found = newer.name;
  if (role !== "library") return { ...finding, details: { ...details, found } };
  return warning("check-version-elsewhere", place, { library, versions, symbols: textsIn(details.symbols), found });
}

function textsIn(detail: Problem["details"][string] | undefined): string[] {
  return Array.isArray(detail) ? detail.filter((item): item is string => typeof item === "string") : [];
}
