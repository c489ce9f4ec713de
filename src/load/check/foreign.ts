// A library or addon of the other C library, or of another system. musl takes glibc's names for itself and ignores versions, so
// one may even load there. One finding says it all, instead of one for each thing that is missing.

import { error, type Problem, warning } from "../../elf/index.ts";
import type { Demands } from "./demands.ts";
import { isLinux } from "./made-for.ts";

/**
 * Findings about a file, seen in the light of the C library or the system that it was made for.
 * @param library of the system  @param system its name
 */
export function foreignFindings(
  main: Demands,
  library: "glibc" | "musl",
  system: string,
  findings: readonly Problem[],
): readonly Problem[] {
  const { made, machine } = main;
  if (made === undefined || made === library) return findings;
  const facts = { made, has: library, system, machine };
  const place = { file: main.name };
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return [...findings, warning("check-foreign-library-loads", place, facts)];
  const listed = (name: string): string[] => errors.flatMap(({ details }) => textsIn(details[name]));
  const libraries = [...new Set([...listed("libraries"), ...listed("library")])];
  const [reason = ""] = errors.flatMap(({ code, details }) => (REFUSED.has(code) ? textsIn(details.reason) : []));
  const evidence = { ...facts, libraries, symbols: listed("symbols"), reason };
  return [error(isLinux(made) ? "check-foreign-library" : "check-foreign-system", place, evidence)];
}

/** The same of a program, which does not get as far as to miss anything. */
export function foreignProgram({ made, name, machine }: Demands, library: "glibc" | "musl", system: string): Problem {
  return error("check-foreign-system", { file: name }, { made: made ?? "", has: library, system, machine });
}

/** Findings whose reason is the dynamic linker's own. */
const REFUSED: ReadonlySet<string> = new Set(["check-refused", "check-relocations-unknown"]);

function textsIn(detail: Problem["details"][string] | undefined): string[] {
  if (typeof detail === "string") return [detail];
  return Array.isArray(detail) ? detail.filter((item): item is string => typeof item === "string") : [];
}
