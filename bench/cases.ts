// What is linked. Each case is the exact command line of the linker, recorded once from the compiler driver into a
// response file, so that every linker gets the same.

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile, compileFile, repository, x86_64 } from "../test/support/build.ts";
import { run, tool } from "../test/support/run.ts";
import { sqliteSource } from "../test/support/sources.ts";
import { needs } from "../test/support/tools.ts";

export interface Case {
  readonly name: string;
  /** What it is, for the report. */
  readonly description: string;
  readonly rounds: number;
  /** `ld -o OUTPUT @responseFile` is the link. */
  readonly responseFile: string;
  /** Runs the output; says what is wrong with it, if anything. */
  check(output: string): string | undefined;
}

export type Attempt = Case | { readonly name: string; readonly skip: string };

/** The linker's arguments as the driver gives them, without -o and without the LTO plugin, which only GNU ld would load. */
function recordCommand(directory: string, driver: string, args: readonly string[]): string {
  const recorder = join(directory, "ld");
  const record = join(directory, "recorded");
  writeFileSync(recorder, `#!/bin/sh\nprintf '%s\\n' "$@" > '${record}'\n`);
  chmodSync(recorder, 0o755);
  tool(driver, [`-B${directory}`, "-o", "OUTPUT", ...args], { cwd: directory });
  const recorded = readFileSync(record, "utf8").trimEnd().split("\n");
  const kept = recorded.filter((arg, index) => {
    const previous = recorded[index - 1];
    return !(/^(-plugin|-plugin-opt=.*|-o)$/.test(arg) || previous === "-plugin" || previous === "-o");
  });
  const path = join(directory, "link.rsp");
  writeFileSync(path, `${kept.map((arg) => `"${arg}"`).join("\n")}\n`);
  return path;
}

function recorded(name: string, driver: string, args: readonly string[]): string {
  const directory = join(repository, "build/bench", name.replaceAll(/\W+/g, "-"));
  mkdirSync(directory, { recursive: true });
  return recordCommand(directory, driver, args);
}

/** A check that the program prints what it should. */
function prints(expected: string, input = ""): (output: string) => string | undefined {
  return (output) => {
    const { stdout, stderr } = run(output, [], { input });
    return stdout === expected ? undefined : `printed ${JSON.stringify(stdout + stderr)}`;
  };
}

const HELLO = '#include <stdio.h>\nint main(void) { puts("hello, world"); return 0; }\n';

function hello(kind: "dynamic" | "static"): Case {
  const name = `hello, ${kind}`;
  const object = compile(x86_64, "hello.c", HELLO, ["-O2"]);
  return {
    name,
    description: `C, one object and the C library's start-up files; ${kind === "static" ? "libc.a" : "libc.so.6, PIE"}`,
    rounds: 15,
    responseFile: recorded(name, "gcc", kind === "static" ? ["-static", object] : [object]),
    check: prints("hello, world\n"),
  };
}

const SQL =
  "SELECT count(*), sum(n) FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n<99) SELECT n FROM c);";

function sqlite(): Attempt {
  const name = "SQLite";
  const source = sqliteSource();
  if ("skip" in source) return { name, skip: source.skip };
  const objects = ["sqlite3.c", "shell.c"].map((file) =>
    compileFile(x86_64, join(source.directory, file), ["-O2", "-g", "-w"]),
  );
  return {
    name,
    description: "SQLite 3.44.2 and its shell, -O2 -g, PIE",
    rounds: 11,
    responseFile: recorded(name, "gcc", [...objects, "-lm", "-ldl", "-lpthread"]),
    check: prints("99|4950\n", SQL),
  };
}

export const llvm = "/usr/lib/llvm-19";

/** How its one object is compiled. */
export const clangFlags: readonly string[] = [
  "-std=c++17",
  "-fno-rtti",
  "-O1",
  `-I${llvm}/include`,
  "-D__STDC_CONSTANT_MACROS",
  "-D__STDC_FORMAT_MACROS",
  "-D__STDC_LIMIT_MACROS",
];

/** clang's front end out of all the archives of llvm-19-dev and libclang-19-dev. */
export function clang(): Attempt {
  const name = "clang";
  const { skip } = needs(
    "g++",
    `${llvm}/include/clang`,
    `${llvm}/lib/libclangFrontendTool.a`,
    `${llvm}/lib/libLLVMCore.a`,
  );
  if (skip !== undefined) return { name, skip: `${skip}: Debian's llvm-19-dev and libclang-19-dev` };
  const source = readFileSync(join(repository, "bench/clang/main.cpp"), "utf8");
  const main = compile(x86_64, "clang-cc1.cc", source, clangFlags);
  const archives = readdirSync(`${llvm}/lib`)
    .filter((file) => file.endsWith(".a"))
    .sort()
    .map((file) => join(llvm, "lib", file));
  // libz3 and libzstd are there as run-time libraries even where their development packages are not.
  const system = [
    "-lrt",
    "-ldl",
    "-lm",
    ...["z3.so.4", "z.so.1", "zstd.so.1", "xml2.so.2", "tinfo.so.6"].map((file) => `-l:lib${file}`),
  ];
  const args = [main, "-Wl,--start-group", ...archives, "-Wl,--end-group", ...system];
  return {
    name,
    description: `clang's front end, linked from the ${archives.length} static archives of LLVM and Clang 19, PIE`,
    rounds: 7,
    responseFile: recorded(name, "g++", args),
    check: compilesC,
  };
}

/** The linked compiler must compile a C file into an object that, linked, runs. */
function compilesC(compiler: string): string | undefined {
  const directory = join(repository, "build/bench/clang");
  const [source, object, program] = ["answer.c", "answer.o", "answer"].map((file) => join(directory, file)) as [
    string,
    string,
    string,
  ];
  writeFileSync(
    source,
    "static int twice(int x) { return 2 * x; }\nint main(int argc, char **argv) { return twice(20 + argc); }\n",
  );
  const options = "-triple x86_64-linux-gnu -emit-obj -O2 -mrelocation-model pic -pic-level 2 -o".split(" ");
  const compiled = run(compiler, [...options, object, source]);
  if (compiled.status !== 0 || !existsSync(object)) return `could not compile a C file: ${compiled.stderr}`;
  tool("gcc", ["-o", program, object]);
  const { status } = run(program);
  return status === 42 ? undefined : `compiled a program that returns ${status} in place of 42`;
}

export function allCases(): Attempt[] {
  return [hello("dynamic"), hello("static"), sqlite(), clang()];
}
