// A search in ld.so's own words, as LD_DEBUG=libs prints them, so that the two can be compared.

import type { SearchResult, SearchStep } from "../../load/contract.ts";

/**
 * The lines without the number of the process in front of them. Names with a slash are not searched for: no lines.
 * @param name what was looked for
 */
export function searchLines(name: string, result: SearchResult): string[] {
  if (name.includes("/")) return [];
  const isFatal = !result.found && result.tried.at(-1)?.fate === "fatal";
  return [
    `find library=${name} [0]; searching`,
    ...result.steps.map(stepLine),
    // A message ends it where something is wrong with a file.
    ...(isFatal ? [] : [""]),
  ];
}

function stepLine(step: SearchStep): string {
  switch (step.kind) {
    case "cache":
      return ` search cache=${step.path}`;
    case "try":
      return `  trying file=${step.path}`;
    case "path": {
      const from = step.from === undefined ? "" : ` from file ${step.from}`;
      return ` search path=${step.directories.join(":")}\t\t(${step.what}${from})`;
    }
  }
}
