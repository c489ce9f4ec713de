// Where versions of glibc differ, beyond the one that is here to be asked.

import { deepEqual, equal, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { dlopen, type LoadedProcess, parseProfile, symbolicOf, symbolName } from "../../src/load/index.ts";
import { x86_64 } from "../support/build.ts";
import { needs } from "../support/tools.ts";
import { type Workshop, workshop } from "./agree.ts";
import { forgetFiles, loaded } from "./reality.ts";

function loadedBy(version: string, program: string): LoadedProcess {
  const profile = parseProfile(`glibc@${version}`);
  ok(profile !== undefined, version);
  forgetFiles();
  return loaded(program, { LD_BIND_NOW: "1" }, undefined, profile);
}

function script(shop: Workshop, text: string): string {
  writeFileSync(shop.at("script.map"), text);
  return `-Wl,--version-script,${shop.at("script.map")}`;
}

test("a library that lost its versions stopped glibc up to 2.40; 2.41 takes its symbols", needs("gcc"), () => {
  const shop = workshop(x86_64);
  shop.library("ver", "int f(void) { return 1; }", script(shop, "V1 { f; };"));
  const program = shop.program("main", "int f(void); int main(void) { return f() - 1; }", "-lver");
  shop.library("ver", "int f(void) { return 1; }");
  equal(loadedBy("2.40", program).exitCode, 127);
  const task = loadedBy("2.41", program);
  deepEqual(
    [task.exitCode, task.missingVersions.map(({ version, fatal }) => [version, fatal])],
    [undefined, [["V1", false]]],
  );
});

test("libc is relocated before all others since 2.39", needs("gcc"), () => {
  const shop = workshop(x86_64);
  shop.library("plain", "int plain(void) { return 0; }", "-nostdlib");
  const program = shop.program(
    "main",
    "int plain(void); int main(void) { return plain(); }",
    "-Wl,--no-as-needed",
    "-lc",
    "-lplain",
  );
  const first = (version: string): string | undefined =>
    loadedBy(version, program).relocationOrder.find(({ kind }) => kind === "library")?.file.soname;
  deepEqual([first("2.36"), first("2.39")], ["libplain.so", "libc.so.6"]);
});

test("libraries in a circle are sorted otherwise before 2.35", needs("gcc"), () => {
  const shop = workshop(x86_64);
  const all = "-Wl,--no-as-needed";
  for (const name of ["one", "two", "three"]) shop.library(name, `int ${name}(void) { return 0; }`, "-nostdlib");
  shop.library("one", "int one(void) { return 0; }", "-nostdlib", all, "-ltwo");
  shop.library("two", "int two(void) { return 0; }", "-nostdlib", all, "-lthree");
  shop.library("three", "int three(void) { return 0; }", "-nostdlib", all, "-lone");
  const program = shop.program("main", "int main(void) { return 0; }", all, "-lthree", "-ltwo", "-lone");
  const order = (version: string): (string | undefined)[] =>
    loadedBy(version, program)
      .relocationOrder.map(({ file }) => file.soname)
      .filter((name) => name?.match(/one|two|three/));
  ok(order("2.34").join() !== order("2.36").join(), "they differ");
});

test(
  "since 2.42 an unversioned definition serves a versioned reference only if nothing else in the library does",
  needs("gcc"),
  () => {
    const shop = workshop(x86_64);
    const linked = "int f(void) { return 1; }";
    shop.library("ver", linked, script(shop, "V1 { f; };"));
    const program = shop.program("main", "int f(void); int main(void) { return f(); }", "-lver");
    // f without a version and f@V1, which is hidden.
    const both = '__asm__(".symver f_1,f@V1"); int f_1(void) { return 1; } int f(void) { return 0; }';
    shop.library("ver", both, script(shop, "V1 { };"));
    const chosen = (version: string): number => {
      const task = loadedBy(version, program);
      const [main] = task.objects;
      ok(main.bindings !== undefined);
      const row = symbolicOf(main.file).symbol.findIndex((index) => symbolName(main.file.symbols, index) === "f");
      return main.bindings.symbol[row];
    };
    const library = loadedBy("2.42", program).objects.find(({ file }) => file.soname === "libver.so");
    ok(library !== undefined);
    const { versions, elf } = library.file;
    equal(versions.name[elf.view.getUint16(versions.symbolsAt + 2 * chosen("2.42"), true) & 0x7fff], "V1");
  },
);

test("dlopen refuses an executable stack since 2.41", needs("gcc"), () => {
  const shop = workshop(x86_64);
  const library = shop.library("stack", "int stack(void) { return 0; }", "-Wl,-z,execstack");
  const program = shop.program("main", "int main(void) { return 0; }");
  const open = (version: string): string | undefined => {
    const task = loadedBy(version, program);
    const result = dlopen(task, library, task.objects[0], { now: true });
    return result.opened ? "opened" : result.message;
  };
  equal(open("2.40"), "opened");
  equal(open("2.41"), `${library}: cannot enable executable stack as shared object requires: Invalid argument`);
});
