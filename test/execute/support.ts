// Running the same command line twice: by the machine, and in simulated memory.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { type Execution, execute, runToEnd } from "../../src/execute/execute.ts";
import type { RunLimits } from "../../src/execute/limits.ts";
import { nodeLoadFiles } from "../../src/host/load-files.ts";
import { isI386 } from "../support/run.ts";
import { runsI386, which } from "../support/tools.ts";

export interface Outcome {
  /** As a shell's: 128 and the signal's number if a signal ended it; -1 if the run was ended. */
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

export interface Surroundings {
  readonly directory?: string;
  readonly environment?: readonly string[];
  readonly input?: string;
  readonly limits?: Partial<RunLimits>;
  /** A root directory of another machine's: its path on this one. */
  readonly root?: string;
  /** argv[0], if it is not the program's path. */
  readonly name?: string;
}

/** What programs are told of the world: little, and the same everywhere. */
export const ENVIRONMENT: readonly string[] = ["PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "HOME=/", "TERM=dumb"];

/** Runs a program in simulated memory. @param argv a name without a slash is looked for on PATH */
export function interpreted(
  argv: readonly string[],
  surroundings: Surroundings = {},
): Outcome & { execution: Execution | undefined } {
  const { directory = process.cwd(), environment = ENVIRONMENT, input = "", limits = {}, root, name } = surroundings;
  const texts: [Buffer[], Buffer[]] = [[], []];
  const given = new TextEncoder().encode(input);
  let read = 0;
  const now = Date.now();
  const execution = execute(argv[0].includes("/") ? argv[0] : (which(argv[0]) ?? argv[0]), {
    files: nodeLoadFiles(root === undefined ? {} : { root }),
    argv: [name ?? argv[0], ...argv.slice(1)],
    environment,
    currentDirectory: directory,
    who: { user: process.getuid?.() ?? 0, group: process.getgid?.() ?? 0, groups: process.getgroups?.() ?? [] },
    limits: { memory: 0x4000_0000, instructions: 4e9, ...limits },
    added: root === undefined ? [] : lackingIn(root),
    // No file may be younger than its clock says.
    time: { seconds: Math.floor(now / 1000) + 1, nanoseconds: 0 },
    input: (most) => {
      const part = given.subarray(read, read + most);
      read += part.length;
      return part;
    },
    output: (stream, bytes) => void texts[stream - 1].push(Buffer.from(bytes)),
  });
  if ("code" in execution) return { status: 127, out: "", err: JSON.stringify(execution), execution: undefined };
  runToEnd(execution);
  const { end } = execution.system;
  const status = end?.kind === "exited" ? end.status : end?.kind === "signaled" ? 128 + end.signal.number : -1;
  const [out, err] = texts.map((parts) => Buffer.concat(parts).toString("latin1"));
  const why = status < 0 && end?.kind === "stopped" ? `${err}${JSON.stringify(end.problem)}` : err;
  return { status, out, err: why, execution };
}

/** Of files that qemu takes from this machine where a root directory has none: those that say who is who. */
function lackingIn(root: string): { path: string; bytes: Uint8Array }[] {
  return ["/etc/passwd", "/etc/group", "/etc/nsswitch.conf"]
    .filter((path) => existsSync(path) && !existsSync(root + path))
    .map((path) => ({ path, bytes: readFileSync(path) }));
}

/** Runs a program by the machine, or one of i386 under qemu-i386, with the libraries of its root. */
export function native(argv: readonly string[], surroundings: Surroundings = {}): Outcome {
  const { directory = process.cwd(), environment = ENVIRONMENT, input = "", root, name = argv[0] } = surroundings;
  const path = which(argv[0]) ?? argv[0];
  const emulator = ["qemu-i386", "-0", name, ...(root === undefined ? [] : ["-L", root]), `${root ?? ""}${path}`];
  const [program, ...before] = root !== undefined || (isI386(path) && !runsI386()) ? emulator : [path];
  const env = Object.fromEntries(
    environment.map((it) => [it.slice(0, it.indexOf("=")), it.slice(it.indexOf("=") + 1)]),
  );
  const result = spawnSync(program, [...before, ...argv.slice(1)], {
    ...(before.length > 0 ? {} : { argv0: name }),
    cwd: directory,
    env,
    input,
    maxBuffer: 1 << 28,
  });
  const status = result.signal === null ? (result.status ?? 127) : 128 + (SIGNALS[result.signal] ?? 0);
  return { status, out: result.stdout.toString("latin1"), err: result.stderr.toString("latin1") };
}

const SIGNALS: Readonly<Record<string, number>> = {
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
};

/** `a 'b c'` → ["a", "b c"]. A line with what only a shell understands is given to bash. */
export function words(line: string): string[] {
  if (/[|;<>&$`*]/.test(line.replace(/'[^']*'/g, ""))) return ["bash", "-c", line];
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);
}
