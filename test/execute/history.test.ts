// Going back in a run: snapshots, earlier steps by running again from them, and that a run is the same in whatever slices it is run.

import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { PAGE } from "../../src/arch/x86/instructions/index.ts";
import { type Execution, execute, runFor, runToEnd } from "../../src/execute/execute.ts";
import { createHistory, goTo, runRecorded, stepBack } from "../../src/execute/history.ts";
import { restoreSnapshot, takeSnapshot } from "../../src/execute/snapshot.ts";
import { nodeLoadFiles } from "../../src/host/load-files.ts";
import { repository, scratch } from "../support/build.ts";
import { tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";

const directory = scratch("history");
const threads = join(directory, "threads");
const ENVIRONMENT = ["PATH=/usr/bin:/bin", "LC_ALL=C"];

before(() => {
  mkdirSync(directory, { recursive: true });
});

interface Begun {
  readonly run: Execution;
  /** What it has printed so far. */
  readonly printed: () => string;
}

function begin(argv: readonly string[], input = ""): Begun {
  const parts: Buffer[] = [];
  const given = Buffer.from(input);
  let read = 0;
  const run = execute(argv[0], {
    files: nodeLoadFiles(),
    argv,
    environment: ENVIRONMENT,
    input: (most) => {
      const part = given.subarray(read, read + Math.min(most, 5));
      read += part.length;
      return part;
    },
    output: (_, bytes) => void parts.push(Buffer.from(bytes)),
  });
  if ("code" in run) throw new Error(run.code);
  return { run, printed: () => Buffer.concat(parts).toString() };
}

/** All that can be seen of a run: registers of every thread, memory, what is open. */
function stateOf({ system }: Execution): unknown {
  const { memory } = system;
  return {
    executed: system.executed,
    slept: system.slept,
    threads: system.tasks.map(({ id, cpu, waiting }) => [id, waiting, [...cpu.words]]),
    memory: Buffer.from(memory.bytes.subarray(PAGE, memory.used * PAGE)).toString("latin1"),
    open: [...system.processes.values()].map(({ pid, descriptors }) => [pid, descriptors.map((it) => it?.open.offset)]),
  };
}

const SHELL = ["/bin/sh", "-c", "for i in 1 2 3; do echo $i | /bin/cat; done; read line; echo got $line"];

test("a run with threads is the same in whatever slices it is run", needs("gcc"), () => {
  tool("gcc", ["-O1", "-w", "-pthread", join(repository, "test/execute/threads.c"), "-o", threads]);
  const whole = begin([threads]);
  runToEnd(whole.run);
  const sliced = begin([threads]);
  while (runFor(sliced.run, 977) === "limit");
  equal(sliced.printed(), whole.printed());
  equal(sliced.run.system.executed, whole.run.system.executed);
});

test("what has happened since a snapshot has not happened: processes, pipes, files, memory", () => {
  const { run, printed } = begin(SHELL, "some words\n");
  runFor(run, 200_000);
  const moment = takeSnapshot(run);
  const then = stateOf(run);
  runToEnd(run);
  const [end, text] = [stateOf(run), printed()];
  notDeepEqual(end, then);
  restoreSnapshot(run, moment);
  deepEqual(stateOf(run), then);
  equal(moment.executed, run.system.executed);
  ok(text.includes("got some words"), text);
});

test("back to an earlier step, and forward again: input is not asked for again, output not told again", () => {
  const { run, printed } = begin(SHELL, "some words\n");
  const history = createHistory(run, { every: 50_000, most: 4 });
  equal(runRecorded(history, 300_001), "limit");
  const then = stateOf(run);
  equal(runRecorded(history, 1e9), "ended");
  const [end, text, executed] = [stateOf(run), printed(), run.system.executed];
  equal(goTo(history, 300_001), "limit");
  deepEqual(stateOf(run), then);
  equal(stepBack(history), "limit");
  equal(run.system.executed, 300_000);
  equal(goTo(history, 300_001), "limit");
  deepEqual(stateOf(run), then);
  equal(goTo(history, executed + 1), "ended");
  deepEqual([stateOf(run), printed()], [end, text]);
  ok(history.snapshots.length <= 5);
});

test("before the beginning of a history there is nothing", () => {
  const { run } = begin(SHELL);
  runFor(run, 1000);
  const history = createHistory(run);
  runRecorded(history, 10);
  equal(stepBack(history, 5000), "limit");
  equal(run.system.executed, 1000);
});
