// A program that is looked at while it runs. The same program with the same files does the same each time, so a moment is named by how
// many instructions have been executed: to go back is to begin again.

import { RSP } from "../../src/arch/x86/instructions/index.ts";
import { type Execution, execute, runFor } from "../../src/execute/execute.ts";
import { reaches } from "../../src/execute/observe/breakpoints.ts";
import { endLine } from "../../src/explain/execute/end.ts";
import { wordOf } from "../../src/explain/execute/machine.ts";
import { describeProblem } from "../../src/explain/render.ts";
import { memoryLoadFiles } from "../../src/host/memory-load-files.ts";
import type { ProgramAsk } from "../worker/protocol.ts";
import { rootOf } from "../worker/root.ts";

export interface Session {
  readonly key: string;
  readonly execution: Execution;
  readonly output: { stream: 1 | 2; text: string }[];
  readonly assumed: readonly string[];
}

/** What a run may take of the page. */
const LIMITS = { instructions: 5e9, memory: 2 ** 29, output: 1 << 20 };

/** @returns in words why it cannot be started */
export function startSession(given: ReadonlyMap<string, Uint8Array>, ask: ProgramAsk): Session | string {
  const { program, args, environment } = ask;
  const root = rootOf(given, program, environment, ask.root);
  const output: { stream: 1 | 2; text: string }[] = [];
  const decoders = { 1: new TextDecoder(), 2: new TextDecoder() };
  const execution = execute(root.program, {
    files: memoryLoadFiles(root.entries),
    argv: [root.program, ...args],
    environment: Object.entries(root.environment).map(([name, value]) => `${name}=${value}`),
    limits: LIMITS,
    output: (stream, part) => {
      const text = decoders[stream].decode(part, { stream: true });
      const last = output.at(-1);
      if (last?.stream === stream) last.text += text;
      else output.push({ stream, text });
    },
  });
  if ("code" in execution) return describeProblem(execution).message;
  return { key: keyOf(ask), execution, output, assumed: root.assumed };
}

export function keyOf({ program, args, environment, root }: ProgramAsk): string {
  return JSON.stringify([program, args, environment, root]);
}

/** So near to the wanted moment instructions are executed one by one: a block is shorter. */
const NEAR = 2000;
/** Instructions of a slice. */
const SLICE = 1 << 21;

/** Goes on until so many instructions have been executed, or to the end. A repeated instruction may pass the mark. */
export function goTo({ execution }: Session, step: number): void {
  const { system } = execution;
  for (;;) {
    const left = step - system.executed;
    if (left <= 0) return;
    const pause = left > NEAR ? runFor(execution, Math.min(left - NEAR, SLICE)) : one(execution);
    if (pause === "ended" || pause === "input") return;
  }
}

/** Executes one instruction. */
function one(execution: Execution): ReturnType<typeof runFor> {
  let seen = false;
  const second = (): boolean => {
    const before = seen;
    seen = true;
    return before;
  };
  return runFor(execution, 1, { instruction: second });
}

/**
 * Goes on to the next arrival at one of these places, symbols or addresses; at least one instruction.
 * @param above the stack pointer has to be at least here: arrivals of calls further in do not count
 * @returns false if there is none
 */
export function goUntil({ execution }: Session, places: readonly string[], above = 0): boolean {
  one(execution);
  const { at } = reaches(places, () => execution.system);
  const instruction = (cpu: Parameters<typeof at>[0]): boolean => at(cpu) && wordOf(cpu, RSP) >= above;
  for (;;) {
    const pause = runFor(execution, SLICE, { instruction });
    if (pause === "observed") return true;
    if (pause !== "limit") return false;
  }
}

/** How it ended, in words; empty while it runs. */
export function endWords({ execution }: Session): string {
  const { end, problems } = execution.system;
  const said = problems.map((problem) => describeProblem(problem).message);
  if (end === undefined) return said.join("; ");
  const words =
    end.kind === "exited"
      ? `it has exited with status ${end.status}`
      : end.kind === "signaled"
        ? endLine(end)
        : describeProblem(end.problem).message;
  return [...said, words].join("; ");
}
