// The judge is not blind: two links by GNU ld that differ in one thing are told apart, in the aspect where it shows.

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { compile, x86_64 } from "./build.ts";
import { gnu, workshop } from "./link.ts";
import { difference, lint, observe } from "./observe.ts";
import { needs } from "./tools.ts";

const SOURCE = `
  #include <stdio.h>
  int shown = 1;
  static __thread int counter;
  int *pointer = &shown;
  int function(void) { return counter; }
  int main(void) { puts("x"); return function() + *pointer; }`;

/** What one more option changes, as headings of the account. */
const CHANGES: Readonly<Record<string, readonly string[]>> = {
  "-Wl,-z,now": ["dynamic", "relocations", "sections", "segments", "symbols"],
  "-Wl,-z,execstack": ["segments"],
  "-Wl,-soname,libother.so": ["dynamic"],
  "-Wl,--hash-style=sysv": ["dynamic", "sections", "segments"],
  "-Wl,--version-script=map": [
    "dynamic",
    "dynamic symbols",
    "relocations",
    "sections",
    "segments",
    "symbols",
    "versions",
  ],
  "-Wl,-s": ["sections", "symbols"],
  "-Wl,-Bsymbolic": ["dynamic", "relocations"],
  "-Wl,--build-id=md5": ["notes"],
  "-Wl,--build-id=none": ["notes", "sections", "segments"],
  "-Wl,-z,pack-relative-relocs": ["dynamic", "relocations", "sections", "segments", "versions"],
};

for (const [option, aspects] of Object.entries(CHANGES)) {
  test(`${option} shows in: ${aspects.join(", ")}`, needs("ld.bfd", ...x86_64.tools), () => {
    const object = compile(x86_64, "main.c", SOURCE, ["-fPIC"]);
    const shop = workshop(gnu, x86_64);
    shop.file("map", "V1 { global: main; shown; local: *; };");
    const plain = observe(shop.cc("plain.so", ["-shared", object]));
    const changed = observe(shop.cc("changed.so", ["-shared", object, option]));
    const report = difference(changed, plain);
    const seen = report.filter((line) => !line.startsWith(" ")).map((line) => line.replace(/:$/, ""));
    const allowed = new Set([...aspects, "symbols", "dynamic"]);
    for (const aspect of aspects) equal(seen.includes(aspect), true, `${aspect} is not in:\n${report.join("\n")}`);
    deepEqual(
      seen.filter((aspect) => !allowed.has(aspect)),
      [],
      report.join("\n"),
    );
  });
}

test(
  "the same link twice shows no difference and no complaint that only one has",
  needs("ld.bfd", ...x86_64.tools),
  () => {
    const object = compile(x86_64, "main.c", SOURCE, ["-fPIC"]);
    const [one, two] = [workshop(gnu, x86_64), workshop(gnu, x86_64)].map((shop) => shop.cc("main", [object])) as [
      string,
      string,
    ];
    deepEqual(difference(observe(one), observe(two)), []);
    const [first, second] = lint(one, two);
    deepEqual(first, second);
    deepEqual(observe(one).warnings, []);
  },
);
