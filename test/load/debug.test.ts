// LD_DEBUG's words, so that the two can be laid side by side.

import { deepEqual } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { type DebugCategory, debugLines, type LoadedProcess } from "../../src/load/index.ts";
import { compile, x86_64 } from "../support/build.ts";
import { folder } from "../support/folder.ts";
import { tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";
import { realLines, withoutAddresses } from "./judges/agree.ts";
import { loaded } from "./judges/reality.ts";

const directory = folder("debug");

/** A program that needs libone.so in its RUNPATH, which needs libtwo.so by LD_LIBRARY_PATH; both have constructors. */
function build(): string {
  const part = (name: string, source: string): string => compile(x86_64, `${name}.c`, source, ["-fPIC"]);
  const two =
    "__attribute__((constructor)) static void up(void) {} __attribute__((destructor)) static void down(void) {} int two(void) { return 2; }";
  const one = "int two(void); __attribute__((constructor)) static void up(void) {} int one(void) { return two() - 1; }";
  tool("mkdir", ["-p", directory.at("lib"), directory.at("other")]);
  tool("gcc", ["-shared", "-o", directory.at("other/libtwo.so"), part("two", two), "-Wl,-soname,libtwo.so"]);
  const link = [directory.at("other/libtwo.so"), "-Wl,-soname,libone.so"];
  tool("gcc", ["-shared", "-o", directory.at("lib/libone.so"), part("one", one), ...link]);
  const main = part("main", "int one(void); int main(void) { return one() - 1; }");
  const rpath = ["-Wl,--enable-new-dtags,-rpath,$ORIGIN/lib,-rpath-link", directory.at("other")];
  tool("gcc", ["-o", directory.at("main"), main, directory.at("lib/libone.so"), ...rpath]);
  return directory.at("main");
}

function ownLines(task: LoadedProcess, categories: string): string[] {
  return debugLines(task, new Set(categories.split(",") as DebugCategory[])).map(withoutAddresses);
}

for (const categories of ["libs", "files", "versions", "scopes", "reloc", "libs,files,versions,scopes,reloc"]) {
  for (const now of ["", "1"]) {
    test(`LD_DEBUG=${categories}${now === "" ? "" : " with LD_BIND_NOW"} line for line`, needs("gcc"), () => {
      const program = build();
      const environment = { LD_LIBRARY_PATH: directory.at("other"), ...(now === "" ? {} : { LD_BIND_NOW: now }) };
      deepEqual(ownLines(loaded(program, environment), categories), realLines(program, categories, environment));
    });
  }
}

test("LD_DEBUG=symbols,bindings line for line: unique, protected, weak and copied symbols", needs("g++"), () => {
  const library = `extern "C" { int copied = 1; __attribute__((visibility("protected"))) int kept() { return 2; }
    int (*address())() { return kept; } int common() { return 3; } int call() { return kept() + common(); } }
    template <class T> struct S { static T value; }; template <class T> T S<T>::value; int &unique() { return S<int>::value; }`;
  const main = `extern "C" { extern int copied; int call(); __attribute__((weak)) int nobody(); int common() { return 4; } }
    template <class T> struct S { static T value; }; template <class T> T S<T>::value; int &unique();
    int main() { return copied + call() + (nobody ? nobody() : 0) + unique() + S<int>::value - 7; }`;
  writeFileSync(directory.at("library.cc"), library);
  writeFileSync(directory.at("main.cc"), main);
  const [made, program] = [directory.at("liblookups.so"), directory.at("lookups")];
  tool("g++", ["-shared", "-fPIC", "-o", made, directory.at("library.cc")]);
  tool("g++", ["-o", program, directory.at("main.cc"), made, "-rdynamic"]);
  const now = { LD_BIND_NOW: "1" };
  // Among them calloc and its relatives, which ld.so looks up for itself before it is relocated anew.
  deepEqual(ownLines(loaded(program, now), "symbols,bindings"), realLines(program, "symbols,bindings", now));
});
