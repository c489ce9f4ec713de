// Runs programs and tools: everything a test asserts on, as strings, in an environment without the caller's settings.

import { spawnSync } from "node:child_process";
import { appendFileSync, closeSync, openSync, readSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, isAbsolute, relative, resolve } from "node:path";
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

/** The first bytes of an ELF file; zeros for anything else. */
function headOf(program: string): Uint8Array {
  const head = new Uint8Array(20);
  try {
    const file = openSync(program, "r");
    readSync(file, head, 0, 20, 0);
    closeSync(file);
  } catch {
    return head.fill(0);
  }
  return head[0] === 0x7f ? head : head.fill(0);
}

/** ELFCLASS32 and EM_386. */
export function isI386(program: string): boolean {
  const head = headOf(program);
  return head[4] === 1 && head[18] === 3;
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
  const began = performance.now();
  const result = spawnSync(...command(program, args), {
    env: environment(env),
    encoding: "utf8",
    timeout,
    maxBuffer: 1 << 28,
    input: input ?? "",
    ...(cwd === undefined ? {} : { cwd }),
  });
  if (result.error !== undefined) throw result.error;
  if (TIMES !== undefined) noteTime(program, args, performance.now() - began, TIMES);
  const status = result.status ?? 128 + (SIGNALS[result.signal ?? ""] ?? 0);
  const outcome = { status, stdout: result.stdout, stderr: result.stderr };
  if (EXECUTED !== undefined && isMadeHere(program)) executeToo(program, args, options, outcome, EXECUTED);
  return outcome;
}

/** A file for what each started program took: where the tests' time goes. See docs/development.md. */
const TIMES: string | undefined = process.env.SOLDER_TEST_TIMES;

function noteTime(program: string, args: readonly string[], milliseconds: number, notes: string): void {
  const test = relative(resolve(import.meta.dirname, ".."), process.argv[1] ?? "");
  appendFileSync(
    notes,
    `${JSON.stringify([Math.round(milliseconds), test, basename(program), args.join(" ").slice(0, 200)])}\n`,
  );
}

/** A file for what differs: programs that tests have linked are then run in simulated memory too. See docs/development.md. */
const EXECUTED: string | undefined = process.env.SOLDER_TEST_EXECUTE;

const SOLDER = resolve(import.meta.dirname, "../../../bin/solder.js");

/** A program of x86-64 or i386 that a test made, other than by GNU ld for comparison. */
function isMadeHere(program: string): boolean {
  if (!program.startsWith(`${tmpdir()}/solder-test-`) || program.includes("/gnu/")) return false;
  const machine = headOf(program)[18];
  return machine === 62 || machine === 3;
}

/** Notes what a program does otherwise under `solder run` than by the machine. What a signal ends has a line of Solder's more. */
function executeToo(
  program: string,
  args: readonly string[],
  { cwd, env, input }: RunOptions,
  real: Outcome,
  notes: string,
): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SOLDER, "run", program, ...args], {
    env: environment(env),
    encoding: "utf8",
    timeout: 120_000,
    maxBuffer: 1 << 28,
    input: input ?? "",
    ...(cwd === undefined ? {} : { cwd }),
  });
  const here: Outcome = { status: status ?? -1, stdout, stderr: real.status < 128 ? stderr : real.stderr };
  const isEqual = (["status", "stdout", "stderr"] as const).every((key) => here[key] === real[key]);
  const differs = isEqual ? {} : { machine: real, here: { ...here, stderr } };
  appendFileSync(notes, `${JSON.stringify({ equal: isEqual, program, args, ...differs })}\n`);
}

/** Runs a tool that must succeed; returns what it printed on standard output. */
export function tool(program: string, args: readonly string[], options: RunOptions = {}): string {
  const { status, stdout, stderr } = run(program, args, options);
  if (status !== 0) throw new Error(`${basename(program)} ${args.join(" ")}\nexit code ${status}\n${stderr}${stdout}`);
  return stdout;
}
