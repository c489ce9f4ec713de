// Links with the linker under test and with GNU ld, each in a directory of its own, so that what comes out can be
// compared. The linker under test is libexec/ld; SOLDER_TEST_LD=/usr/bin/ld.bfd tries another one in its place.

import { equal, notEqual } from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { repository, scratch, type Target, targets } from "./build.ts";
import { assertSameAsReference } from "./observe.ts";
import { type Outcome, type RunOptions, run } from "./run.ts";
import { needs, needsToRun, which } from "./tools.ts";

export interface Linker {
  readonly name: string;
  /** The executable itself: what clang's --ld-path= takes. */
  readonly path: string;
}

export const underTest: Linker = {
  name: "tested",
  path: resolve(repository, process.env.SOLDER_TEST_LD ?? "libexec/ld"),
};

export const gnu: Linker = { name: "gnu", path: which("ld.bfd") ?? "ld.bfd" };

/** One linker's working directory for one test: links and runs there, so relative names are alike for both linkers. */
export interface Workshop {
  readonly linker: Linker;
  readonly target: Target;
  readonly directory: string;
  /** Names of what has been linked here, for the comparison. */
  readonly outputs: readonly string[];
  /** Links through the C compiler, which must succeed. Returns the output's path. */
  cc(output: string, args: readonly string[]): string;
  /** The same through the C++ compiler. */
  cxx(output: string, args: readonly string[]): string;
  /** Runs the linker itself. */
  ld(output: string, args: readonly string[]): string;
  /** Links with a compiler driver that is expected to fail; returns what was said. */
  refuses(output: string, args: readonly string[], driver?: "cc" | "cxx" | "ld"): string;
  /** What the last link printed. */
  messages(): string;
  /** Runs what was linked here. */
  run(program: string, args?: readonly string[], options?: RunOptions): Outcome;
  /** Writes a file (a script, a version script) and returns its name. */
  file(name: string, text: string): string;
}

/** A directory with `ld` in it, for gcc -B. A wrapper, because some linkers look at the name they are started by. */
function directoryOf(linker: Linker): string {
  const directory = scratch("bin");
  const path = join(directory, "ld");
  writeFileSync(path, `#!/bin/sh\nexec '${linker.path}' "$@"\n`);
  chmodSync(path, 0o755);
  return directory;
}

const directories = new Map<Linker, string>();

function binaries(linker: Linker): string {
  const known = directories.get(linker) ?? directoryOf(linker);
  directories.set(linker, known);
  return known;
}

/** The command that links with `linker` through a compiler: gcc finds `ld` in -B, clang takes --ld-path. */
export function driverCommand(linker: Linker, driver: string): readonly [string, ...string[]] {
  return /clang/.test(driver) ? [driver, `--ld-path=${linker.path}`] : [driver, `-B${binaries(linker)}`];
}

export function workshop(linker: Linker, target: Target, base: string = scratch("link")): Workshop {
  const directory = join(base, linker.name);
  mkdirSync(directory, { recursive: true });
  const outputs: string[] = [];
  let said = "";

  const command = (driver: "cc" | "cxx" | "ld", output: string, args: readonly string[]): Outcome => {
    const start = driver === "ld" ? [linker.path, "-m", target.emulation] : [...driverCommand(linker, target[driver])];
    const result = run(start[0] ?? "", [...start.slice(1), "-o", output, ...args], {
      cwd: directory,
      timeout: 120_000,
    });
    said = result.stderr + result.stdout;
    return result;
  };
  const link = (driver: "cc" | "cxx" | "ld", output: string, args: readonly string[]): string => {
    const { status } = command(driver, output, args);
    equal(status, 0, `${linker.path} could not link ${output} from ${args.join(" ")}\n${said}`);
    if (!outputs.includes(output)) outputs.push(output);
    return join(directory, output);
  };

  return {
    linker,
    target,
    directory,
    outputs,
    cc: (output, args) => link("cc", output, args),
    cxx: (output, args) => link("cxx", output, args),
    ld: (output, args) => link("ld", output, args),
    refuses: (output, args, driver = "cc") => {
      const before = existsSync(join(directory, output));
      notEqual(command(driver, output, args).status, 0, `${linker.path} accepted ${args.join(" ")}`);
      equal(existsSync(join(directory, output)), before, "a failed link leaves an output");
      return said;
    },
    messages: () => said,
    run: (program, args = [], options = {}) => run(join(directory, program), args, { cwd: directory, ...options }),
    file: (name, text) => {
      writeFileSync(join(directory, name), text);
      return name;
    },
  };
}

/**
 * Does the same with GNU ld and with the linker under test. Both must give the same value (what the programs printed,
 * usually), and every output must look the same from outside: see observe.ts.
 * @param differ aspects in which this link may differ, each with the reason written beside the call
 * @returns the value, for the test to say what it should be
 */
export function likeGnuLd<T>(target: Target, build: (shop: Workshop) => T, differ: readonly string[] = []): T {
  const base = scratch("link");
  const reference = workshop(gnu, target, base);
  const tested = workshop(underTest, target, base);
  const expected = build(reference);
  const actual = build(tested);
  assertSameAsReference(tested, reference, differ);
  equal(JSON.stringify(actual, null, 2), JSON.stringify(expected, null, 2), "the result differs from GNU ld's");
  return actual;
}

/** One test for each machine. */
export function eachTarget(title: string, body: (target: Target) => void, ...tools: readonly string[]): void {
  for (const target of targets) {
    // gdb looks into the process itself, which an emulator's is not.
    const options = tools.includes("gdb") ? needs : needsToRun;
    test(`${title} (${target.name})`, options("ld.bfd", ...target.tools, ...tools), () => body(target));
  }
}

/** One test for each machine of something that GNU ld does not do, so there is nothing to compare with. */
export function beyondGnuLd(title: string, body: (target: Target) => void, ...tools: readonly string[]): void {
  const skip = /bfd$/.test(underTest.path) ? { skip: "GNU ld does not do this" } : {};
  for (const target of targets) {
    test(`${title} (${target.name})`, { ...needsToRun(...target.tools, ...tools), ...skip }, () => body(target));
  }
}
