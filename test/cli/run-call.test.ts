// `solder run --call`: what it prints, and what it refuses.

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { runHost } from "../../src/cli/run/host.ts";
import { runRun } from "../../src/cli/run/run.ts";
import { compile, x86_64 } from "../support/build.ts";
import { type Printed, printed } from "../support/io.ts";
import { needs } from "../support/tools.ts";

const solderRun = (...args: string[]): Printed => printed((io) => runRun(args, io, runHost));

const object = (name: string, text: string): string => compile(x86_64, name, text, ["-O1", "-fno-pic"]);
const objects = (): string[] => [
  object("a.c", "int twice(int); int foo(int x) { return twice(x) + 5; } int minus(int x) { return -x; }"),
  object("b.c", "int twice(int x) { return 2 * x; } int at(int *p) { return *p; }"),
];

test("a function's result, in decimal and hexadecimal, and how many instructions it took", needs("gcc"), () => {
  const [a, b] = objects();
  const { status, out, err } = solderRun("--call", "foo", a, b, "--base", "a.o=0x30000", "--args", "37");
  deepEqual([status, err], [0, ""]);
  match(out, /^foo\(37\) = 79 \(0x4f\), \d+ instructions\n$/);
  match(
    solderRun("--call=minus", "--args=1", a, b).out,
    /^minus\(1\) = -1 as int, 4294967295 as long \(0xffffffff\), /,
  );
  const facts = JSON.parse(solderRun("--call=foo", "--json", "--args=-1", a, b).out) as Record<string, unknown>;
  deepEqual([facts.result, facts.hex, facts.arguments], ["3", "0x3", ["-1"]]);
});

test("--trace=instructions tells each with its place; --from and --count choose", needs("gcc"), () => {
  const [a, b] = objects();
  const whole = solderRun("--call", "foo", "--trace=instructions", a, b, "--base", "a.o=0x30000", "--args", "37");
  const lines = whole.err.trimEnd().split("\n");
  match(lines[0], /^ {7}1 {2}0x30000 {2}foo +\S/);
  match(whole.err, /0x[0-9a-f]+ {2}twice +\S/);
  equal(whole.out.includes(`${lines.length} instructions`), true);
  const part = solderRun("--call", "foo", "--trace=instructions", "--from=2", "--count=1", a, b);
  match(part.err, /^ {7}2 {2}\S+ {2}foo\+0x\S+ +[^\n]+\n$/);
  equal(part.out, "");
});

test("a fault is told, with the status of its signal", needs("gcc"), () => {
  const { status, err } = solderRun("--call", "at", ...objects(), "--args", "8");
  equal(status, 139);
  match(err, /^solder run: ended by SIGSEGV .* in at of \S*b\.o reads 0x8, where nothing is mapped\n$/);
});

test("symbols that nobody defines, and wrong usage", needs("gcc"), () => {
  const [a, b] = objects();
  const lone = solderRun("--call", "foo", a);
  deepEqual([lone.status, /twice/.test(lone.err)], [1, true]);
  const asked = (...args: string[]): string => solderRun(...args).err.replace(/; see.*\n/, "");
  equal(asked("--call", "foo"), "solder run: error: --call needs the objects that have the function");
  equal(
    asked("--call", "foo", a, b, "--args=x"),
    "solder run: error: --args takes numbers with commas between them, 37, 0x10, 1.5 (a double) or 1.5f (a float), not 'x'",
  );
  equal(
    asked("--call", "foo", a, b, "--trace=plt"),
    "solder run: error: with --call, --trace takes instructions, not 'plt'",
  );
  equal(asked("--args", "1", "prog"), "solder run: error: --args goes with --call, which stands before the objects");
});
