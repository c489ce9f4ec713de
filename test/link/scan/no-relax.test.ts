// --no-relax: loads from the GOT stay as they are on x86-64, and are rewritten all the same on i386 (GNU ld).

import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { compile, i386, scratch, type Target } from "../../support/build.ts";
import { eachTarget, gnu, type Linker, underTest, workshop } from "../../support/link.ts";
import { tool } from "../../support/run.ts";
import { needsToRun } from "../../support/tools.ts";

const LOADS = {
  i386: "movl here@GOT(%ebx), %eax\ncall *here@GOT(%ebx)",
  "x86-64": "movq here@GOTPCREL(%rip), %rax\ncall *here@GOTPCREL(%rip)",
} as const;

/** The instructions of _start without their operands. */
function instructions(linker: Linker, target: Target, base: string, options: readonly string[]): string {
  const loads = LOADS[target.name as keyof typeof LOADS];
  const source = `.globl _start, here\n.hidden here\n_start: ${loads}\nhere: ret\n.section .note.GNU-stack,"",@progbits\n`;
  const shop = workshop(linker, target, base);
  const path = shop.ld("out", [...options, compile(target, "loads.s", source, ["-Wa,-mrelax-relocations=yes"])]);
  const listing = tool("objdump", ["-d", "--no-show-raw-insn", path]);
  return [...listing.matchAll(/^ +[0-9a-f]+:\t(\S+)( +\*)?/gm)]
    .map(([, name, star]) => `${name}${star ? " *" : ""}`)
    .join(" ");
}

eachTarget("--no-relax does to loads from the GOT what it does in GNU ld", (target) => {
  const base = scratch("no-relax");
  for (const kind of [["-shared"], ["-pie"], []]) {
    const mine = instructions(underTest, target, base, [...kind, "--no-relax"]);
    equal(mine, instructions(gnu, target, base, [...kind, "--no-relax"]), kind.join());
    equal(mine.includes("call *"), target.name === "x86-64", "an indirect call is a load from the GOT");
  }
});

test("an i386 static PIE linked with --no-relax starts", needsToRun("ld.bfd", ...i386.tools), () => {
  // Its start code reads its own addresses before the GOT is relocated.
  const shop = workshop(underTest, i386, scratch("no-relax"));
  const object = compile(i386, "main.c", '#include <stdio.h>\nint main(void) { puts("up"); return 0; }\n', ["-fPIE"]);
  shop.cc("prog", ["-static-pie", "-Wl,--no-relax", object]);
  const { status, stdout } = shop.run("prog");
  equal(stdout, "up\n");
  ok(status === 0);
});
