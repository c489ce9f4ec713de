// A library or addon of the other C library. musl takes glibc's names for itself and ignores versions, so one may even load
// there. One finding says it all, instead of one for each thing that is missing.

import { error, type Problem, warning } from "../../elf/index.ts";
import type { Demands } from "./demands.ts";

/**
 * Findings about a file, seen in the light of the C library that it was made for.
 * @param library of the system  @param system its name
 */
export function foreignFindings(
  main: Demands,
  library: "glibc" | "musl",
  system: string,
  findings: readonly Problem[],
): readonly Problem[] {
  if (main.library === undefined || main.library === library) return findings;
  const facts = { made: main.library, has: library, system };
  const place = { file: main.name };
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return [...findings, warning("check-foreign-library-loads", place, facts)];
  const listed = (name: string): string[] => errors.flatMap(({ details }) => textsIn(details[name]));
  const libraries = [...listed("libraries"), ...listed("library")];
  return [error("check-foreign-library", place, { ...facts, libraries, symbols: listed("symbols") })];
}

function textsIn(detail: Problem["details"][string] | undefined): string[] {
  if (typeof detail === "string") return [detail];
  return Array.isArray(detail) ? detail.filter((item): item is string => typeof item === "string") : [];
}
