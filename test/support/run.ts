// Runs programs and tools: everything a test asserts on, as strings, in an environment without the caller's settings.

import { spawnSync } from "node:child_process";
import { closeSync, openSync, readSync } from "node:fs";
import { basename, isAbsolute } from "node:path";
import { runsI386 } from "./tools.ts";

export interface Outcome {
  /** Exit code, or 128 + the signal's number, as a shell says it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Milliseconds; a program that hangs must not hang the tests. */
  readonly timeout?: number;
}

/**
 * What of the caller's environment would change a result: the loader's settings, the test runner's, the language of
 * messages, and the certificates that cost Node 35 ms a start.
 */
const UNWANTED = /^(LD_|NODE_|LC_|LANG|GLIBC_TUNABLES|SOURCE_DATE_EPOCH|COLLECT_|COMPILER_PATH|LIBRARY_PATH|GCC_)/;

let wanted: Readonly<Record<string, string>> | undefined;

/** The caller's environment is read once: asking for it takes as long as starting a process. */
function environment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  wanted ??= wantedEnvironment();
  return { ...wanted, LC_ALL: "C.UTF-8", ...extra };
}

function wantedEnvironment(): Readonly<Record<string, string>> {
  const clean = Object.entries(process.env).filter(([name, value]) => value !== undefined && !UNWANTED.test(name));
  return Object.fromEntries(clean) as Record<string, string>;
}

const SIGNALS: Readonly<Record<string, number>> = {
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGSEGV: 11,
};

/** ELFCLASS32 and EM_386. */
function isI386(program: string): boolean {
  const head = new Uint8Array(20);
  try {
    const file = openSync(program, "r");
    readSync(file, head, 0, 20, 0);
    closeSync(file);
  } catch {
    return false;
  }
  return head[0] === 0x7f && head[4] === 1 && head[18] === 3;
}

/** nm and ar load every plugin of the machine at each start, and LLVM's takes 0.2 s; GCC's is what marks slim LTO objects. */
const ONLY_PLUGIN = ["--plugin", "/usr/lib/bfd-plugins/liblto_plugin.so"];

/** What to start: an i386 program by an emulator where the kernel does not run it. */
function command(program: string, args: readonly string[]): readonly [string, readonly string[]] {
  if (/^(nm|ar)$/.test(basename(program))) return [program, [...ONLY_PLUGIN, ...args]];
  if (!isAbsolute(program) || !isI386(program) || runsI386()) return [program, args];
  return ["qemu-i386", [program, ...args]];
}

/** Runs a program to its end. Throws only if it could not be started or did not end. */
export function run(program: string, args: readonly string[] = [], options: RunOptions = {}): Outcome {
  const { cwd, env, input, timeout = 60_000 } = options;
  const result = spawnSync(...command(program, args), {
    env: environment(env),
    encoding: "utf8",
    timeout,
    maxBuffer: 1 << 28,
    input: input ?? "",
    ...(cwd === undefined ? {} : { cwd }),
  });
  if (result.error !== undefined) throw result.error;
  const status = result.status ?? 128 + (SIGNALS[result.signal ?? ""] ?? 0);
  return { status, stdout: result.stdout, stderr: result.stderr };
}

/** Runs a tool that must succeed; returns what it printed on standard output. */
export function tool(program: string, args: readonly string[], options: RunOptions = {}): string {
  const { status, stdout, stderr } = run(program, args, options);
  if (status !== 0) throw new Error(`${basename(program)} ${args.join(" ")}\nexit code ${status}\n${stderr}${stdout}`);
  return stdout;
}
