// --stats and --time-trace: where the time of a link went.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compile, scratch, x86_64 } from "../support/build.ts";
import { underTest } from "../support/link.ts";
import { run } from "../support/run.ts";
import { needs } from "../support/tools.ts";

interface Trace {
  readonly traceEvents: readonly { name: string; ph: string; ts: number; dur: number; args: { size?: number } }[];
}

const options = needs(...x86_64.tools);

test("--time-trace writes the stages in order, within the link", options, () => {
  const cwd = scratch("trace");
  const object = compile(x86_64, "start.s", ".globl _start\n_start: ret\n");
  equal(run(underTest.path, [object, "-o", "out", "--time-trace"], { cwd }).status, 0);
  const { traceEvents } = JSON.parse(readFileSync(join(cwd, "out.time-trace"), "utf8")) as Trace;
  const [link, ...stages] = traceEvents.filter(({ ph }) => ph === "X");
  equal(link.name, "link");
  equal(link.args.size, readFileSync(join(cwd, "out")).length);
  const names = stages.map(({ name }) => name);
  deepEqual([names[0], names[1], names.at(-1)], ["arguments", "read", "files"]);
  for (const { ts, dur } of stages) ok(ts >= link.ts && ts + dur <= link.ts + link.dur + 1);
  equal(run(underTest.path, [object, "-o", "out", "--time-trace=named"], { cwd }).status, 0);
  ok(readFileSync(join(cwd, "named")).length > 100);
});

test("--stats has a line a stage", options, () => {
  const cwd = scratch("trace");
  const object = compile(x86_64, "start.s", ".globl _start\n_start: ret\n");
  const { stderr } = run(underTest.path, [object, "-o", "out", "--stats"], { cwd });
  match(stderr, /total time in link: [\d.]+\n.*largest memory use: .*\n/);
  match(stderr, /stage read: [\d.]+ ms\n/);
  match(stderr, /stage write: [\d.]+ ms\n/);
});
