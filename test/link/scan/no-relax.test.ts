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

const OTHER_LOADS = {
  i386: "movl it@GOT(%ebx), %eax\ncmpl it@GOT(%ebx), %eax\ntestl %eax, it@GOT(%ebx)\ncall *it@GOT(%ebx)\njmp *it@GOT(%ebx)",
  "x86-64":
    "movq it@GOTPCREL(%rip), %rax\nmovl it@GOTPCREL(%rip), %eax\ncmpq it@GOTPCREL(%rip), %rax\ntestq %rax, it@GOTPCREL(%rip)\ncall *it@GOTPCREL(%rip)\njmp *it@GOTPCREL(%rip)",
} as const;

/** What becomes of each load from the GOT: the operation, and whether it is one still. */
function fates(linker: Linker, target: Target, base: string, name: string, args: readonly string[]): string {
  const shop = workshop(linker, target, base);
  const listing = tool("objdump", ["-d", "--no-show-raw-insn", "-j", ".text", shop.ld(name, args)]);
  return [...listing.matchAll(/^ +[0-9a-f]+:\t(\S+) +(.*)/gm)]
    .map(([, operation, operands]) => `${operation}${/\((?:%rip|%ebx)\)/.test(operands) ? " memory" : ""}`)
    .join(" ");
}

eachTarget("loads of a weak symbol's 0, and of a number, are rewritten where GNU ld does", (target) => {
  const base = scratch("loads-of-numbers");
  const end = '.section .note.GNU-stack,"",@progbits\n';
  const loads = OTHER_LOADS[target.name as keyof typeof OTHER_LOADS];
  const flags = ["-Wa,-mrelax-relocations=yes"];
  const weak = compile(target, "weak.s", `.weak it\n.hidden it\n.globl _start\n_start: ${loads}\n${end}`, flags);
  const moves = loads.replace(/\n(?:call|jmp).*/g, "");
  const asks = compile(target, "asks.s", `.globl _start\n_start: ${moves}\n${end}`, flags);
  const number = compile(target, "number.s", `.globl it\n.hidden it\n.set it, 0x1234\n${end}`, flags);
  for (const kind of [[], ["-pie"], ["-shared"], ["-pie", "--no-dynamic-linker"]]) {
    for (const relax of ["--relax", "--no-relax"]) {
      for (const [what, ...objects] of [
        ["weak", weak],
        ["number", asks, number],
      ]) {
        // GNU ld breaks down.
        if (what === "number" && kind.includes("-shared")) continue;
        const args = [...kind, relax, ...objects];
        const [mine, theirs] = [underTest, gnu].map((linker) => fates(linker, target, base, what, args));
        equal(mine, theirs, args.join(" "));
      }
    }
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
