// `solder run --trace=relocations`: what the executed dynamic linker made of each relocation, beside Solder's.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runHost } from "../../src/cli/run/host.ts";
import { runRun } from "../../src/cli/run/run.ts";
import { compile, i386, scratch, type Target, x86_64 } from "../support/build.ts";
import { type Printed, printed } from "../support/io.ts";
import { tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";

interface Told {
  readonly object: string;
  readonly type: string;
  readonly symbol: string;
  readonly executed: string;
  readonly computed: string;
  readonly equal: boolean;
  readonly reason?: string;
}

const solderRun = (...args: string[]): Printed => printed((io) => runRun(args, io, runHost));

/** The dynamic linker is executed by Solder: it has to be there, no kernel has to run it. */
function skipFor(target: Target): { skip?: string } {
  return existsSync(target.interpreter) ? needs(target.cc) : { skip: `needs ${target.interpreter}` };
}

/** A program that calls getpid() late, copies environ, and has an address of its own in its data. */
function program(target: Target): string {
  const path = join(scratch(`run-relocations-${target.name}`), "prog");
  const text =
    "extern char **environ; int getpid(void); char **own = (char **)&own; int main(void) { return getpid() < 0 || environ == own; }";
  tool(target.cc, [compile(target, "prog.c", text, ["-O1", "-fpie"]), "-Wl,-z,lazy", "-o", path]);
  return path;
}

for (const target of [x86_64, i386]) {
  test(`${target.name}: each relocation, equal but for what ld.so and libc have changed since`, skipFor(target), () => {
    const path = program(target);
    const { status, err } = solderRun("--trace=relocations", "--json", path);
    equal(status, 0);
    const told = err
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Told & { kind: string })
      .filter(({ kind }) => kind === "relocation");
    const own = told.filter(({ object }) => object === "prog");
    const kinds = own.map(({ type }) => type);
    for (const kind of ["_RELATIVE", "_GLOB_DAT", "_JU", ...(target === x86_64 ? ["_COPY"] : [])])
      ok(
        kinds.some((it) => it.includes(kind)),
        kind,
      );
    deepEqual(
      own.filter((it) => !it.equal),
      [],
    );
    ok(told.some(({ object, equal: isEqual }) => object === "libc.so.6" && isEqual));
    deepEqual(
      told.filter(({ reason }) => reason === "no rule explains it"),
      [],
    );
    for (const it of told) equal(it.equal, it.executed === it.computed, JSON.stringify(it));
  });
}

test("a line has object, place, type, symbol and both values", needs(x86_64.cc, x86_64.interpreter), () => {
  match(
    solderRun("--trace=relocations", program(x86_64)).err,
    /^prog {2}0x[0-9a-f]+ {2}R_X86_64_\w+ {2}getpid@GLIBC_2\.2\.5 {2}(0x[0-9a-f]+), Solder \1: equal$/m,
  );
});

test("a static program has no dynamic linker to watch", needs("gcc"), () => {
  const path = join(scratch("run-relocations-static"), "prog");
  tool("gcc", [
    "-nostdlib",
    "-static",
    compile(x86_64, "exit.s", ".globl _start\n_start: mov $60, %eax\nsyscall\n"),
    "-o",
    path,
  ]);
  const { status, err } = solderRun("--trace=relocations", path);
  equal(status, 2);
  match(err, /needs a program that glibc's dynamic linker loads/);
});
