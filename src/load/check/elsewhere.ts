// Libraries that are missing although a file of that name is elsewhere in the tree that is checked. A library may be meant for
// a program that has loaded the other one before (a JVM's libjvm.so, systemd's own libraries); for programs and addons it
// is what went wrong: nothing leads there.

import { type Problem, warning } from "../../elf/index.ts";
import type { FileReport, Verdict } from "./check.ts";

/**
 * Says of missing libraries where in the tree they are.
 * @param reports of one tree
 */
export function settleElsewhere(reports: readonly FileReport[]): FileReport[] {
  const places = new Map<string, string>();
  for (const { name, soname, role } of reports) {
    if (role !== "library") continue;
    for (const key of [name.slice(name.lastIndexOf("/") + 1), soname ?? ""])
      if (!places.has(key)) places.set(key, name);
  }
  places.delete("");
  return reports.map((report) => ({
    ...report,
    verdicts: report.verdicts.map((verdict) => settled(verdict, report, places)),
  }));
}

function settled(verdict: Verdict, report: FileReport, places: ReadonlyMap<string, string>): Verdict {
  const findings = verdict.findings.flatMap((finding) => located(finding, report, places));
  return { ...verdict, findings, loads: findings.every(({ severity }) => severity !== "error") };
}

/** The finding, or what is left of it, and what is known of the libraries that it names. */
function located(finding: Problem, { role }: FileReport, places: ReadonlyMap<string, string>): Problem[] {
  const { code, place, details } = finding;
  if (code !== "check-library-missing" && code !== "check-library-not-in-base") return [finding];
  const named = typeof details.library === "string" ? [details.library] : details.libraries;
  const libraries = Array.isArray(named) ? named.filter((it): it is string => typeof it === "string") : [];
  const there = libraries.filter((library) => places.has(library));
  if (there.length === 0) return [finding];
  const found = there.flatMap((library) => places.get(library) ?? []);
  if (role !== "library") return [{ ...finding, details: { ...details, found } }];
  const elsewhere = warning("check-library-elsewhere", place, { libraries: there, found });
  const rest = libraries.filter((library) => !places.has(library));
  return rest.length === 0 ? [elsewhere] : [{ ...finding, details: { ...details, libraries: rest } }, elsewhere];
}
