// Relocations one by one: those that name a symbol are the same, whether all are looked at or only they.

import { deepEqual, ok } from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import type { LoadedProcess } from "../../../src/load/index.ts";
import { relocationsNaming, relocationsOf } from "../../../src/load/views/relocation-list.ts";
import { compile, i386, scratch, x86_64 } from "../../support/build.ts";
import { tool } from "../../support/run.ts";
import { needs, needsToRun } from "../../support/tools.ts";
import { loaded } from "../judges/reality.ts";

/** Asserts it for every third symbol of every object. */
function same(process: LoadedProcess): void {
  let count = 0;
  for (const object of process.objects) {
    const all = [...relocationsOf(process, object)].filter(({ row }) => row >= 0);
    const wanted = new Set(all.map(({ symbol }) => symbol).filter((symbol) => symbol % 3 === 0));
    const some = all.filter(({ symbol }) => wanted.has(symbol));
    deepEqual([...relocationsNaming(process, object, wanted)], some, object.name);
    count += some.length;
  }
  ok(count > 0, "there are some");
}

test("of a program with RELA", existsSync("/usr/bin/git") ? {} : { skip: "needs /usr/bin/git" }, () => {
  same(loaded("/usr/bin/git"));
});

test("of a program with REL", needsToRun(...i386.tools), () => {
  const path = `${scratch("relocations")}/main`;
  const text =
    '#include <stdio.h>\nint main(void) { FILE *const out[] = { stdout, stdin }; return fputs("x", out[0]); }';
  tool(i386.cc, ["-pie", compile(i386, "main.c", text, ["-fpie"]), "-o", path]);
  same(loaded(path));
});

test("of a program without libraries", needs(...x86_64.tools), () => {
  const path = `${scratch("relocations")}/main`;
  tool(x86_64.cc, ["-no-pie", compile(x86_64, "main.c", "int main(void) { return 0; }"), "-o", path]);
  same(loaded(path));
});
