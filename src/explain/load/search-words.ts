// A search in words for people: where a library was looked for, by whose word, and what was there. One line a directory,
// however many subdirectories for CPUs it was looked for in.

import type { SearchContext } from "../../load/search/index.ts";
import type { Candidate, SearchRule, SearchStep } from "../../load/settings/contract.ts";

const RULES: Readonly<Record<SearchRule, string>> = {
  path: "its name is a path",
  rpath: "DT_RPATH",
  "library-path": "LD_LIBRARY_PATH",
  runpath: "DT_RUNPATH",
  cache: "ld.so.cache",
  system: "system directories",
  "musl-path": "musl's path file",
};

/** Which rule led there: `DT_RUNPATH of ./main`. */
export function ruleText(rule: SearchRule, from: string): string {
  if (rule === "library-path" && from !== "") return from;
  return (rule === "rpath" || rule === "runpath") && from !== "" ? `${RULES[rule]} of ${from}` : RULES[rule];
}

/** What became of one path. */
export function fateText({ fate, reason }: Candidate): string {
  switch (fate) {
    case "taken":
      return "taken";
    case "missing":
      return reason === "ENOENT" ? "no such file" : `cannot be opened: ${reason}`;
    case "wrong-class":
      return `passed over: ${reason === "ELFCLASS32" ? "32-bit" : "64-bit"}`;
    case "wrong-machine":
      return `passed over: for ${reason}`;
    case "wrong-system":
      return `passed over: its ABI note asks for ${reason}`;
    case "directory-missing":
      return "no such directory";
    case "not-allowed":
      return "not allowed here";
    case "fatal":
      return reason;
  }
}

export interface TriedPlace {
  /** A file, or a directory with a slash at its end that has no such file. */
  readonly path: string;
  readonly rule: string;
  readonly outcome: string;
}

/** The places of a search in their order: directories without the file are one place with their subdirectories for CPUs. */
export function placesTried(
  tried: readonly Candidate[],
  steps: readonly SearchStep[],
  name: string,
  context: SearchContext,
): TriedPlace[] {
  const places: TriedPlace[] = [];
  const cache = steps.find((step) => step.kind === "cache");
  let cacheLeft = cache !== undefined && !tried.some(({ rule }) => rule === "cache");
  const noteCache = (): void => {
    if (cacheLeft && cache !== undefined) places.push({ path: cache.path, rule: RULES.cache, outcome: "has no entry" });
    cacheLeft = false;
  };
  for (const candidate of tried) {
    // The cache is asked before the system's directories.
    if (candidate.rule === "system") noteCache();
    const directory = candidate.path.slice(0, -name.length);
    const rule = ruleText(candidate.rule, candidate.from);
    if (!isAbsent(candidate) || candidate.rule === "path" || candidate.rule === "cache") {
      places.push({ path: candidate.path, rule, outcome: fateText(candidate) });
    } else if (context.known.has(directory) || !isForCpus(directory, context)) {
      // The directory itself comes after its subdirectories for CPUs.
      places.push({ path: directory === "" ? "./" : directory, rule, outcome: absence(directory, context) });
    }
  }
  noteCache();
  return places;
}

function absence(directory: string, context: SearchContext): string {
  if (context.known.get(directory)?.exists.at(-1) === false) return "no such directory";
  const more = context.subdirectories.length - 1;
  if (more === 0) return "no such file";
  return `no such file, nor in ${more === 1 ? "the subdirectory" : `${more} subdirectories`} for CPUs`;
}

function isAbsent({ fate, reason }: Candidate): boolean {
  return fate === "directory-missing" || (fate === "missing" && reason === "ENOENT");
}

function isForCpus(directory: string, { subdirectories }: SearchContext): boolean {
  return subdirectories.some((each) => each !== "" && directory.endsWith(`/${each}`));
}
