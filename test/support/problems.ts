// Collects problems, and says them in one line each: "error script-expected-token 3".

import type { Problem, Report } from "../../src/elf/problem.ts";

export interface Problems {
  readonly report: Report;
  readonly all: Problem[];
  /** Severity, code and, where there is one, the line. */
  readonly lines: () => string[];
}

export function collectProblems(): Problems {
  const all: Problem[] = [];
  const lines = (): string[] =>
    all.map(({ severity, code, place }) =>
      [severity, code, ...(place.line === undefined ? [] : [place.line])].join(" "),
    );
  return { report: (problem) => all.push(problem), all, lines };
}
