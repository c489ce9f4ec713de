// The linker describes its own code to debuggers: FDEs of the PLT sections are GNU ld's, and unwinding out of a PLT entry
// works at each of its instructions.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { compile, type Target, x86_64 } from "../../support/build.ts";
import { eachTarget, gnu, underTest, workshop } from "../../support/link.ts";
import { tool } from "../../support/run.ts";
import { readSections } from "../../support/sections.ts";
import { needs } from "../../support/tools.ts";

const source = `
#include <stdio.h>
#include <stdlib.h>
int (*address)(const char *) = puts;
int main(void) { puts("here"); address("there"); exit(0); }`;

/** How readelf decodes the FDEs of the PLT sections, each by its section's name, and what CIE they have. */
function pltFrames(path: string): Record<string, string> {
  const sections = readSections(path).sections.filter((it) => it.name.startsWith(".plt"));
  const text = tool("readelf", ["--debug-dump=frames", path]);
  const found: Record<string, string> = {};
  for (const [, cie, start, end, rest] of text.matchAll(/ FDE cie=(\w+) pc=(\w+)\.\.(\w+)\n((?: {2}.*\n)*)/g)) {
    const section = sections.find((it) => it.address === Number.parseInt(start, 16));
    if (section === undefined) continue;
    equal(Number.parseInt(end, 16) - section.address, section.bytes.length);
    const parent = new RegExp(`^${cie} .* CIE\n((?:  .*\n)*)`, "m").exec(text)?.[1] ?? "";
    const relative = rest.replace(/to \w+$/gm, (it) => `to +${Number.parseInt(it.slice(3), 16) - section.address}`);
    found[section.name] = `${parent}${relative}`.replace(/^ +DW_CFA_nop\n/gm, "");
  }
  return found;
}

const kinds: Readonly<Record<string, readonly string[]>> = {
  lazy: ["-fno-pie", "-no-pie"],
  "position-independent": ["-fpie", "-pie"],
  IBT: ["-fpie", "-pie", "-Wl,-z,ibtplt"],
  "-z now": ["-fpie", "-pie", "-Wl,-z,now"],
};

for (const [kind, flags] of Object.entries(kinds)) {
  eachTarget(`FDEs are GNU ld's: ${kind}`, (target: Target) => {
    const object = compile(target, "prints.c", source, flags.slice(0, 1));
    const [expected, actual] = [gnu, underTest].map((linker) => {
      const shop = workshop(linker, target);
      return pltFrames(shop.cc("a", [...flags.slice(1), object]));
    });
    ok(Object.keys(expected ?? {}).length > 0);
    deepEqual(actual, expected);
  });
}

test("not with --no-ld-generated-unwind-info, nor without .eh_frame", needs(...x86_64.tools), () => {
  const shop = workshop(underTest, x86_64);
  const object = compile(x86_64, "prints.c", source, ["-fpie"]);
  deepEqual(pltFrames(shop.cc("a", ["-pie", "-Wl,--no-ld-generated-unwind-info", object])), {});
  const bare = compile(x86_64, "bare.s", ".globl f\nf: call g@plt\n");
  const { sections } = readSections(shop.ld("b.so", ["-shared", bare]));
  ok(sections.some((it) => it.name === ".plt"));
  equal(
    sections.find((it) => it.name === ".eh_frame"),
    undefined,
  );
});

test("gdb finds the caller at each instruction of a PLT entry", needs(...x86_64.tools, "gdb"), () => {
  const shop = workshop(underTest, x86_64);
  const path = shop.cc("a", ["-no-pie", compile(x86_64, "prints.c", source, ["-fno-pie"])]);
  const steps = Array.from({ length: 5 }, () => ["-ex", "stepi", "-ex", "bt"]).flat();
  const said = tool("gdb", ["-nx", "-batch", "-ex", "break *'puts@plt'", "-ex", "run", "-ex", "bt", ...steps, path]);
  const traces = said.match(/ in main \(\)/g) ?? [];
  equal(traces.length, 6, said);
  match(said, /_dl_runtime_resolve|ld-linux/);
});
