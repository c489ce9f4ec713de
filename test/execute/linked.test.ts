// What the linker makes runs in simulated memory as it does by the machine: each kind of output, on both machines. All that the tests
// of the linker make can be run so: see SOLDER_TEST_EXECUTE in docs/development.md.

import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { archive, compile, scratch, type Target, targets } from "../support/build.ts";
import { underTest, type Workshop, workshop } from "../support/link.ts";
import { needsToRun } from "../support/tools.ts";
import { interpreted, native } from "./support.ts";

/** A library with data that is copied, a variable of each thread, a weak name, and a constructor. */
const LIBRARY = `
int shared = 40; __thread int own = 1;
int __attribute__((weak)) perhaps(void) { return 1; }
static int made; static void __attribute__((constructor)) make(void) { made = 1; }
int sum(int x) { return x + shared + own + made + perhaps(); }`;

/** An IFUNC, a table of functions, exceptions to lazy binding: pointers to functions; and what comes before and after main. */
const MAIN = `
#include <stdio.h>
extern int shared; extern __thread int own; int sum(int); extern int nobody(void) __attribute__((weak));
static int one(void) { return 1; } static int two(void) { return 2; }
static int (*choose(void))(void) { return two; }
int chosen(void) __attribute__((ifunc("choose")));
static int (*const table[])(void) = {one, two, chosen};
static void __attribute__((destructor)) leave(void) { puts("left"); }
int main(int count, char **words) {
  own += count; shared++;
  printf("%d %d %d %s\\n", sum(1), table[count](), chosen(), nobody ? "somebody" : "nobody");
  return sum(2) & 63;
}`;

type Link = (shop: Workshop, compiled: (name: string, source: string, ...flags: readonly string[]) => string) => void;

const KINDS: Readonly<Record<string, Link>> = {
  "a static program": (shop, compiled) =>
    shop.cc("main", ["-static", compiled("main.c", MAIN, "-fno-pie"), compiled("library.c", LIBRARY, "-fno-pie")]),
  "a static PIE out of an archive": (shop, compiled) =>
    shop.cc("main", [
      "-static-pie",
      compiled("main.c", MAIN, "-fpie"),
      archive(shop.directory, "library.a", [compiled("library.c", LIBRARY, "-fpie")]),
    ]),
  "a program with copied data": (shop, compiled) => {
    shop.cc("library.so", ["-shared", compiled("library.c", LIBRARY, "-fPIC")]);
    shop.cc("main", ["-no-pie", compiled("main.c", MAIN, "-fno-pie"), "library.so", "-Wl,-rpath,$ORIGIN"]);
  },
  "a PIE, bound at once, with packed relocations": (shop, compiled) => {
    shop.cc("library.so", ["-shared", compiled("library.c", LIBRARY, "-fPIC")]);
    const flags = ["-Wl,-z,now,-z,relro,-z,pack-relative-relocs,--gc-sections", "-Wl,-rpath,$ORIGIN"];
    shop.cc("main", ["-pie", compiled("main.c", MAIN, "-fPIC", "-fno-plt"), "library.so", ...flags]);
  },
};

function isAlike(target: Target, link: Link): void {
  const shop = workshop(underTest, target, scratch("linked"));
  link(shop, (name, source, ...flags) => compile(target, name, source, ["-O1", ...flags]));
  const program = join(shop.directory, "main");
  const { status, out, err } = interpreted([program], { directory: shop.directory });
  deepEqual({ status, out, err }, native([program], { directory: shop.directory }));
  equal(out, "46 2 2 nobody\nleft\n");
}

for (const target of targets) {
  for (const [kind, link] of Object.entries(KINDS)) {
    test(
      `${kind} does in simulated memory what it does by the machine (${target.name})`,
      needsToRun(...target.tools),
      () => isAlike(target, link),
    );
  }
}
