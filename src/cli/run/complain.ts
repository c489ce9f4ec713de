// What `solder run` says of its own: problems, as lines, or as documents with --json.

import type { Problem } from "../../elf/problem.ts";
import { describeProblem, renderProblem } from "../../explain/render.ts";
import type { Io } from "../io.ts";

/** A problem on standard error. */
export function complain(problem: Problem, json: boolean, io: Io): void {
  if (!json) {
    io.err(`${renderProblem(problem, { program: "solder run", color: io.color.err })}\n`);
    return;
  }
  const { code, severity, location, message, lines, cure } = describeProblem(problem);
  told({ kind: severity, code, location, message, lines, cure }, io);
}

/** A command line that makes no sense. */
export function misused(text: string, json: boolean, io: Io): void {
  if (json) told({ kind: "error", message: text }, io);
  else io.err(`solder run: error: ${text}; see solder run --help\n`);
}

/** A document on a line of its own. */
export function told(document: Readonly<Record<string, unknown>>, io: Io): void {
  io.err(`${JSON.stringify(document)}\n`);
}
