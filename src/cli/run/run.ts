// `solder run`: a program run in simulated memory, as if it were run by the machine.

import { type Execution, execute, runFor } from "../../execute/execute.ts";
import type { RunLimits } from "../../execute/limits.ts";
import type { OutputRefusal } from "../../execute/system/state.ts";
import { endLine } from "../../explain/execute/end.ts";
import { renderProblem } from "../../explain/render.ts";
import { nodeLoadFiles } from "../../host/load-files.ts";
import type { Io } from "../io.ts";
import { MISUSE } from "../run-request.ts";
import { runFunction } from "./call.ts";
import { parseCallRequest } from "./call-request.ts";
import type { RunHost } from "./host.ts";
import { HELP, parseRunRequest, type RunRequest } from "./request.ts";
import { tracesOf } from "./traces.ts";

/** As a shell: the program is not there; it is there and cannot be executed. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
/** As timeout(1): the run was ended, not the program. */
const STOPPED = 125;

/** Instructions between looks at the clock of nobody: a slice of a quarter of a second. */
const SLICE = 1 << 23;

/** Runs `solder run` with the arguments behind its name; returns the exit status. */
export function runRun(args: readonly string[], io: Io, host: RunHost): number {
  const call = parseCallRequest(args);
  const request = call ?? parseRunRequest(args, io);
  if (request === undefined) {
    io.out(HELP);
    return 0;
  }
  if (typeof request === "string") {
    io.err(`solder run: error: ${request}; see solder run --help\n`);
    return MISUSE;
  }
  return "files" in request ? runFunction(request, io) : runProgram(request, io, host);
}

function runProgram(request: RunRequest, io: Io, host: RunHost): number {
  const limits: Partial<RunLimits> = request.limits;
  let begun: Execution | undefined;
  const path = pathOf(request, io);
  const traces = tracesOf(request, path, io, () => begun);
  if (typeof traces === "string") {
    io.err(`solder run: error: ${traces}\n`);
    return MISUSE;
  }
  let refusal: OutputRefusal | undefined;
  const execution = execute(path, {
    files: nodeLoadFiles(request.root === undefined ? {} : { root: request.root }),
    argv: request.argv,
    environment: request.environment,
    currentDirectory: request.root === undefined ? process.cwd() : "/",
    who: host,
    levels: request.levels,
    limits,
    seed: request.seed,
    time: request.time,
    terminals: [host.isTerminal(0), host.isTerminal(1), host.isTerminal(2)],
    input: (most) => host.read(most),
    output: (stream, bytes) => {
      refusal = host.write(stream, bytes);
    },
    outputRefusal: () => refusal,
    hooks: traces.hooks,
  });
  if ("code" in execution) {
    io.err(`${renderProblem(execution, { program: "solder run", color: io.color.err })}\n`);
    return execution.details.reason === "ENOENT" ? NOT_FOUND : NOT_EXECUTABLE;
  }
  begun = execution;
  traces.begin(execution);
  let pause = runFor(execution, SLICE, traces.observer);
  while (pause === "limit") pause = runFor(execution, SLICE, traces.observer);
  if (pause === "observed") return 0;
  traces.end();
  return finish(execution, io);
}

/** The exit status, and words for an end that the program has not chosen. */
function finish(execution: Execution, io: Io): number {
  const { end, problems } = execution.system;
  if (end?.kind === "exited") return end.status;
  for (const problem of problems) io.err(`${renderProblem(problem, { program: "solder run", color: io.color.err })}\n`);
  if (end?.kind === "signaled") {
    io.err(`solder run: ${endLine(end)}\n`);
    return 128 + end.signal.number;
  }
  if (end !== undefined) io.err(`${renderProblem(end.problem, { program: "solder run", color: io.color.err })}\n`);
  return STOPPED;
}

/** A name without a slash is looked for as a shell does. */
function pathOf({ program, environment, root }: RunRequest, _io: Io): string {
  if (program.includes("/")) return program;
  const path =
    environment.find((it) => it.startsWith("PATH="))?.slice(5) ??
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  const files = nodeLoadFiles(root === undefined ? {} : { root });
  for (const directory of path.split(":")) {
    const candidate = `${directory === "" ? "." : directory}/${program}`;
    if (directory.startsWith("/") && files.facts?.(candidate) !== undefined && !files.isDirectory(candidate))
      return candidate;
  }
  return program;
}
