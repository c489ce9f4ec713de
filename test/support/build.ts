// Objects and archives out of sources written in the tests. Compiling is what takes the time in a run, so an object is
// kept under the hash of everything that it is made from and compiled once.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { tool } from "./run.ts";
import { which } from "./tools.ts";

/** A machine and C library to build for: its compilers, which also drive the linker. */
export interface Target {
  readonly name: string;
  readonly cc: string;
  readonly cxx: string;
  /** Emulation for `ld -m`. */
  readonly emulation: "elf_x86_64" | "elf_i386";
  readonly interpreter: string;
  readonly wordBytes: 4 | 8;
  /** How readelf calls its relocations: R_X86_64 or R_386. */
  readonly relocations: "R_X86_64" | "R_386";
  /** What must be installed to build and run for it. */
  readonly tools: readonly string[];
}

export const x86_64: Target = {
  name: "x86-64",
  cc: "gcc",
  cxx: "g++",
  emulation: "elf_x86_64",
  interpreter: "/lib64/ld-linux-x86-64.so.2",
  wordBytes: 8,
  relocations: "R_X86_64",
  tools: ["gcc", "g++", "readelf"],
};

export const i386: Target = {
  name: "i386",
  cc: "i686-linux-gnu-gcc",
  cxx: "i686-linux-gnu-g++",
  emulation: "elf_i386",
  interpreter: "/lib/ld-linux.so.2",
  wordBytes: 4,
  relocations: "R_386",
  tools: ["i686-linux-gnu-gcc", "i686-linux-gnu-g++", "/lib/ld-linux.so.2", "/usr/lib32/libstdc++.so.6", "readelf"],
};

export const targets: readonly Target[] = [x86_64, i386];

export const musl: Target = {
  ...x86_64,
  name: "x86-64 musl",
  cc: "musl-gcc",
  interpreter: "/lib/ld-musl-x86_64.so.1",
  tools: ["musl-gcc", "readelf"],
};

/** The checkout: the compiled tests run from build/test/support. */
export const repository: string = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

const objects = join(repository, "build/objects");

let scratchDirectory: string | undefined;

/** A new directory that lives as long as the test file's process (and longer with SOLDER_TEST_KEEP, to look into). */
export function scratch(name: string): string {
  if (scratchDirectory === undefined) {
    const directory = mkdtempSync(join(tmpdir(), "solder-test-"));
    scratchDirectory = directory;
    if (process.env.SOLDER_TEST_KEEP !== undefined) console.log(`keeping ${directory}`);
    else process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  }
  return mkdtempSync(join(scratchDirectory, `${name}-`));
}

const versions = new Map<string, string>();

function version(compiler: string): string {
  let text = versions.get(compiler);
  if (text === undefined) {
    text = tool(compiler, ["--version"]);
    versions.set(compiler, text);
  }
  return text;
}

/**
 * Makes a file once for all tests that want the same, in whatever process: `make` writes it to the path it is given, and it
 * appears under its own name when it is whole.
 */
export function once(name: string, key: readonly string[], make: (path: string) => void): string {
  const directory = join(objects, createHash("sha256").update(JSON.stringify(key)).digest("hex").slice(0, 24));
  const path = join(directory, name);
  if (existsSync(path)) return path;
  mkdirSync(directory, { recursive: true });
  const made = join(directory, `${process.pid}-${name}`);
  make(made);
  renameSync(made, path);
  return path;
}

/**
 * Compiles one source file; the name's ending picks C (.c), C++ (.cc) or assembler (.s, .S).
 * @param flags for the compiler; a first `clang` or `clang++` replaces the target's own compiler
 * @returns the object's path
 */
export function compile(
  target: Pick<Target, "cc" | "cxx" | "wordBytes">,
  name: string,
  source: string,
  flags: readonly string[] = [],
): string {
  const language = extname(name);
  const foreign = flags[0]?.startsWith("clang") === true ? flags[0] : undefined;
  const compiler = foreign ?? (language === ".cc" ? target.cxx : target.cc);
  const machine = foreign !== undefined && target.wordBytes === 4 ? ["--target=i686-linux-gnu"] : [];
  const options = [...machine, ...(foreign === undefined ? flags : flags.slice(1))];
  const key = [compiler, version(compiler), name, source, ...options];
  return once(name.replace(/\.[^.]*$/, ".o"), key, (path) => {
    const directory = dirname(path);
    writeFileSync(join(directory, name), source);
    tool(compiler, [...options, "-c", name, "-o", path], { cwd: directory, timeout: 600_000 });
  });
}

/** Compiles a file of a fetched source tree, whose directory names its version, so that the path says it all. */
export function compileFile(target: Target, path: string, flags: readonly string[]): string {
  const compiler = extname(path) === ".cc" ? target.cxx : target.cc;
  return once(basename(path).replace(/\.[^.]*$/, ".o"), [compiler, version(compiler), path, ...flags], (made) => {
    tool(compiler, [...flags, "-c", path, "-o", made], { timeout: 600_000 });
  });
}

/** Makes an archive in `directory`. `flags` as for ar: "rcs", "rcsT" for a thin one, "rcS" for one without an index. */
export function archive(directory: string, name: string, members: readonly string[], flags = "rcs"): string {
  const path = join(directory, name);
  rmSync(path, { force: true });
  tool(which("ar") ?? "ar", [flags, path, ...members]);
  return path;
}
