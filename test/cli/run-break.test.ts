// `solder run --break` and `--until`: what is told where a program arrives.

import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { runHost } from "../../src/cli/run/host.ts";
import { runRun } from "../../src/cli/run/run.ts";
import { compile, scratch, x86_64 } from "../support/build.ts";
import { type Printed, printed } from "../support/io.ts";
import { tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";

const SOURCE = `
.globl _start
_start: mov $5, %edi
        call half
        mov $9, %edi
        call half
        mov $60, %eax
        syscall
.type half, @function
half:   shr %edi
        ret
.size half, . - half
`;

let program = "";
before(() => {
  if (needs("gcc").skip !== undefined) return;
  program = join(scratch("break"), "prog");
  tool("gcc", ["-nostdlib", "-static", compile(x86_64, "break.s", SOURCE), "-o", program]);
});

const run = (...options: string[]): Printed => printed((io) => runRun([...options, program], io, runHost));
/** What was told before the end. */
const documents = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ kind }) => kind !== "end");

test(
  "--break tells each arrival, of a local function of a static program too, and the run goes on",
  needs("gcc"),
  () => {
    const { status, err } = run("--break", "half", "--json");
    equal(status, 4);
    const stops = documents(err);
    deepEqual(
      stops.map(({ kind, text, registers }) => [kind, text, (registers as Record<string, string>).rdi]),
      [
        ["break", "shr $0x1,%edi", "0x5"],
        ["break", "shr $0x1,%edi", "0x9"],
      ],
    );
    match(run("--break=half").err, /^break at 0x[0-9a-f]+, in half of \S+prog\n {2}next {3}shr \$0x1,%edi\n {2}rax/);
  },
);

test("an address is a place as well, and --count ends the run at that arrival", needs("gcc"), () => {
  const [{ address }] = documents(run("--break=half", "--json").err);
  const { status, err } = run("--break", `0x${Number(address).toString(16)}`, "--count=1", "--json");
  deepEqual([status, documents(err).length], [0, 1]);
});

test("with --trace=instructions the trace begins at the break, and --count counts instructions", needs("gcc"), () => {
  const { err } = run("--break=half", "--trace=instructions", "--count=3", "--json");
  const told = documents(err).map(({ kind, number, text }) => [kind, number, text]);
  deepEqual(told, [
    ["break", undefined, "shr $0x1,%edi"],
    ["instruction", 3, "shr $0x1,%edi"],
    ["instruction", 4, "ret"],
    ["instruction", 5, "mov $0x9,%edi"],
  ]);
});

test("--until ends the run at the first arrival", needs("gcc"), () => {
  const { status, err } = run("--until=half");
  equal(status, 0);
  match(err, /^reached 0x[0-9a-f]+, in half of [\s\S]*\n {2}rdi {4}0x5\n[\s\S]*\n {2}eflags 0x[0-9a-f]+\n$/);
  equal(err.match(/reached/g)?.length, 1);
});

test("what is never reached is told when the program has ended", needs("gcc"), () => {
  const never = run("--until=none", "--break=nosuch", "--break=0x10", "--break=half");
  match(never.err, /\nsolder run: none was not reached: no object that was mapped has such a symbol\n/);
  match(never.err, /\nsolder run: nosuch was not reached: no object that was mapped has such a symbol\n/);
  match(never.err, /\nsolder run: 0x10 was not reached\n$/);
  equal(never.err.match(/not reached/g)?.length, 3);
  deepEqual(documents(run("--until=nosuch", "--json").err), [{ kind: "missed", place: "nosuch", why: "unknown" }]);
});
