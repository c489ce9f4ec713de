// musl's loader, held to the real one: memory at its `_dl_debug_state`, and what it says of programs that it cannot load.

import { deepEqual, equal, ok } from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import {
  dlopen,
  type LoadedProcess,
  type LoaderProfile,
  parseProfile,
  symbolName,
  symbolValue,
} from "../../src/load/index.ts";
import { withoutLfs64 } from "../../src/load/symbols/musl-lfs64.ts";
import { musl } from "../support/build.ts";
import { run } from "../support/run.ts";
import { needs } from "../support/tools.ts";
import { type Workshop, workshop } from "./judges/agree.ts";
import { basesOf, compareMemory, debugStateOffset, describe, forgetFiles, freeze, loaded } from "./judges/reality.ts";

const options = needs(...musl.tools, "/lib/ld-musl-x86_64.so.1");

function profile(): LoaderProfile {
  const found = parseProfile("musl@1.2.3");
  ok(found !== undefined);
  return found;
}

function agree(shop: Workshop, program: string, environment: Readonly<Record<string, string>> = {}): LoadedProcess {
  forgetFiles();
  const offset = debugStateOffset(loaded(program, {}, undefined, profile()));
  const snapshot = freeze(shop.at("snapshot"), offset, environment, [program], 1);
  ok(snapshot !== undefined, "the real loader loads it");
  const task = loaded(program, environment, basesOf(snapshot.mappings), profile());
  const { differences, problems } = compareMemory(task, snapshot);
  deepEqual(differences.map(describe), []);
  deepEqual(problems, []);
  deepEqual(task.messages, []);
  return task;
}

function refuse(program: string): void {
  forgetFiles();
  const { status, stderr } = run(program);
  const { exitCode, messages } = loaded(program, {}, undefined, profile());
  equal(`${messages.map(({ text }) => text).join("\n")}\n`, stderr);
  equal(exitCode, status);
}

const VARIABLES = `#include <stdlib.h>
  static int values[] = {1, 2, 3};
  int *pointer = values + 1;
  __thread int own = 5;
  char big[10000];
  int number = 42;
  int shared(int x) { free(malloc(x)); return x + *pointer + own + big[3]; }`;

const USER = `#include <stdio.h>
  __thread long long mine __attribute__((aligned(32))) = 3;
  extern __thread int own;
  extern int number;
  int shared(int);
  int main(void) { return printf("%d %d\\n", shared(mine), number + own) < 0; }`;

for (const kind of [["-pie"], ["-no-pie", "-fno-pic"]]) {
  test(`musl: the memory of a program and its library, ${kind[0]}`, options, () => {
    const shop = workshop(musl);
    shop.library("shared", VARIABLES);
    agree(shop, shop.program("main", USER, "-lshared", ...kind));
  });
}

test("musl: the first definition wins, versions or not, DT_SYMBOLIC or not; preloaded ones come first", options, () => {
  const shop = workshop(musl);
  shop.library("one", "int who(void) { return 1; }");
  shop.library("two", "int who(void) { return 2; } int (*address(void))(void) { return who; }", "-Wl,-z,now");
  const first = shop.library("first", "int who(void) { return 0; }");
  const main = "int who(void); int (*address(void))(void); int main(void) { return address() != who; }";
  const program = shop.program("main", main, "-lone", "-ltwo");
  agree(shop, program);
  const task = agree(shop, program, { LD_PRELOAD: first });
  const two = task.objects.find(({ file }) => file.soname === "libtwo.so");
  ok(two?.bindings?.provider.includes(task.objects.findIndex(({ file }) => file.soname === "libfirst.so")));
});

test("musl: every missing symbol is named, then it ends with 127", options, () => {
  const shop = workshop(musl);
  shop.library("gone", "int a(void) { return 1; } int b(void) { return 1; } int c = 3;");
  const program = shop.program("main", "int a(void), b(void); int main(void) { return a() + b(); }", "-lgone");
  shop.library("gone", "int other(void) { return 1; }");
  refuse(program);
});

test("musl: every missing library is named", options, () => {
  const shop = workshop(musl);
  shop.library("deep", "int deep(void) { return 1; }");
  shop.library("gone", "int gone(void) { return 1; }");
  shop.library("there", "int deep(void); int there(void) { return deep(); }", "-ldeep");
  const program = shop.program(
    "main",
    "int gone(void), there(void); int main(void) { return gone() + there(); }",
    "-lgone",
    "-lthere",
  );
  rmSync(shop.at("libgone.so"));
  refuse(program);
  rmSync(shop.at("libdeep.so"));
  refuse(program);
});

// The musl that is here has the names still, so that no program can show it.
test("musl 1.2.4 finds fopen for fopen64", () => {
  const names = ["fopen64", "lseek64", "readdir64_r", "__fxstat64", "fopen", "uint64", "64"];
  deepEqual(names.map(withoutLfs64), ["fopen", "lseek", "readdir_r", "__fxstat", undefined, undefined, undefined]);
});

test(
  "musl: what dlopen loads binds to the program, then to what came with it; RTLD_GLOBAL serves later ones",
  options,
  () => {
    const shop = workshop(musl);
    const below =
      "__thread int small = 7; int who(void) { return 1; } int number = 3; int below(void) { return number; }";
    shop.library("below", below);
    const scope =
      "int who(void); int below(void); extern int number; int *pointer = &number; int (*function)(void) = who;";
    const first = shop.library(
      "first",
      `${scope} extern __thread int small; int *far(void) { return &small; } int first(void) { return who() + below(); }`,
      "-lbelow",
    );
    const second = shop.library(
      "second",
      "__attribute__((weak)) int who(void); int (*function)(void) = who; __attribute__((weak)) int below(void); int (*maybe)(void) = below;",
    );
    for (const mode of ["RTLD_NOW", "RTLD_NOW | RTLD_GLOBAL"]) {
      const source = `#include <dlfcn.h>
      void stop_here(void) {}
      int main(void) {
        void *one = dlopen("${first}", ${mode}), *two = dlopen("${second}", RTLD_NOW);
        stop_here();
        return one == 0 || two == 0;
      }`;
      const program = shop.program("main", source, "-no-pie", "-fno-pic", "-rdynamic");
      forgetFiles();
      const { symbols } = loaded(program, {}, undefined, profile()).objects[0].file;
      const stop = Array.from({ length: symbols.count }, (_, i) => i).find(
        (i) => symbolName(symbols, i) === "stop_here",
      );
      ok(stop !== undefined);
      const snapshot = freeze(shop.at("snapshot"), `=${symbolValue(symbols, stop).toString(16)}`, {}, [program], 1);
      ok(snapshot !== undefined, "the program comes to stop_here");
      const task = loaded(program, {}, basesOf(snapshot.mappings), profile());
      const before = task.objects.length;
      ok(dlopen(task, first, task.objects[0], { now: true, global: mode.includes("GLOBAL") }).opened);
      ok(dlopen(task, second, task.objects[0], { now: true }).opened);
      const { differences, problems, bytes } = compareMemory(task, snapshot, ({ id }) => id >= before);
      deepEqual(differences.map(describe), [], mode);
      deepEqual(problems, []);
      ok(bytes > 0);
    }
  },
);
