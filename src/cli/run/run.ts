// `solder run`: a program run in simulated memory, as if it were run by the machine.

import { resolve } from "node:path";
import { error } from "../../elf/problem.ts";
import { type Execution, execute, runFor } from "../../execute/execute.ts";
import type { RunLimits } from "../../execute/limits.ts";
import { signalName } from "../../execute/system/signal-numbers.ts";
import type { OutputRefusal } from "../../execute/system/state.ts";
import { endLine } from "../../explain/execute/end.ts";
import { nodeLoadFiles } from "../../host/load-files.ts";
import { rawDirectory } from "../../host/raw-names.ts";
import type { Io } from "../io.ts";
import { MISUSE } from "../run-request.ts";
import { runFunction } from "./call.ts";
import { parseCallRequest } from "./call-request.ts";
import { complain, misused, told } from "./complain.ts";
import type { RunHost } from "./host.ts";
import { HELP, parseRunRequest, programIndex, type RunRequest } from "./request.ts";
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
  const json = args.slice(0, programIndex(args)).includes("--json");
  if (request === undefined) {
    io.out(HELP);
    return 0;
  }
  if (typeof request === "string") {
    misused(request, json, io);
    return MISUSE;
  }
  return "files" in request ? runFunction(request, io) : runProgram(request, io, host);
}

function runProgram(request: RunRequest, io: Io, host: RunHost): number {
  const limits: Partial<RunLimits> = request.limits;
  let begun: Execution | undefined;
  const path = pathOf(request);
  if (path === undefined) {
    complain(error("run-not-found", { file: request.program }, { reason: "ENOENT" }), request.json, io);
    return NOT_FOUND;
  }
  const traces = tracesOf(request, path, io, () => begun);
  if (typeof traces === "string") {
    misused(traces, request.json, io);
    return MISUSE;
  }
  let refusal: OutputRefusal | undefined;
  const execution = execute(path, {
    files: nodeLoadFiles(request.root === undefined ? {} : { root: request.root }),
    argv: request.argv,
    environment: request.environment,
    currentDirectory: request.root === undefined ? rawDirectory() : "/",
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
    complain(execution, request.json, io);
    return execution.details.reason === "ENOENT" ? NOT_FOUND : NOT_EXECUTABLE;
  }
  begun = execution;
  traces.begin(execution);
  let pause = runFor(execution, SLICE, traces.observer);
  while (pause === "limit") pause = runFor(execution, SLICE, traces.observer);
  traces.end();
  const { executed } = execution.system;
  if (pause === "observed") {
    if (request.json) told({ kind: "end", how: "observed", status: 0, instructions: executed }, io);
    return 0;
  }
  return finish(execution, request.json, io);
}

/** The exit status, and words for an end that the program has not chosen. */
function finish({ system }: Execution, json: boolean, io: Io): number {
  const { end, problems, executed: instructions } = system;
  const ended = (how: string, status: number, facts: Readonly<Record<string, unknown>> = {}): number => {
    if (json) told({ kind: "end", how, status, ...facts, instructions }, io);
    return status;
  };
  // Who has got on without what is not simulated need not hear of it.
  if (json || end?.kind !== "exited" || end.status !== 0) for (const problem of problems) complain(problem, json, io);
  if (end?.kind === "exited") return ended("exited", end.status);
  if (end?.kind === "signaled") {
    const { signal, where } = end;
    const text = endLine(end);
    if (!json) io.err(`solder run: ${text}\n`);
    return ended("signaled", 128 + signal.number, { signal: signalName(signal.number), address: where, text });
  }
  if (end !== undefined) complain(end.problem, json, io);
  return ended("stopped", STOPPED);
}

/** A name without a slash is looked for as a shell does: the first of PATH's directories in which it is a file that may be executed. */
function pathOf({ program, environment, root }: RunRequest): string | undefined {
  if (program.includes("/")) return program;
  const path =
    environment.find((it) => it.startsWith("PATH="))?.slice(5) ??
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  const files = nodeLoadFiles(root === undefined ? {} : { root });
  const here = root === undefined ? rawDirectory() : "/";
  for (const directory of path.split(":")) {
    const candidate = resolve(here, directory, program);
    const facts = files.facts?.(candidate);
    if (facts === undefined || files.isDirectory(candidate)) continue;
    if (facts.kind === "file" && (facts.mode & 0o111) !== 0) return candidate;
    if (facts.kind === "link" && typeof files.open(candidate) !== "string") return candidate;
  }
  return undefined;
}
