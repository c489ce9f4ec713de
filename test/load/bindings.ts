// What the real loader says it binds, without running the program: trace mode with LD_DEBUG=bindings.

import type { LoadedProcess } from "../../src/load/index.ts";
import { bindingLines } from "../../src/load/index.ts";
import { run } from "../support/run.ts";

/** The lines "binding file A [0] to B [0]: normal symbol `x' [V]", the process's number left out. */
export function realBindings(path: string, environment: Readonly<Record<string, string>> = {}): string[] {
  const env = {
    ...environment,
    LD_TRACE_LOADED_OBJECTS: "1",
    LD_WARN: "1",
    LD_BIND_NOW: "1",
    LD_DEBUG: "bindings",
  };
  const { stderr } = run(path, [], { env });
  return stderr.split("\n").flatMap((line) => {
    const text = /^ *\d+:\t(binding file .*)$/.exec(line)?.[1];
    // The kernel's library is not there in a simulated process: a few functions that libc asks it for itself.
    return text === undefined || /^binding file linux-(?:vdso|gate)\.so\.1/.test(text) ? [] : [text];
  });
}

/** The lines in which the two differ, in order; the first few. */
export function compareBindings(process: LoadedProcess, real: readonly string[]): string[] {
  const own = bindingLines(process);
  const differences: string[] = [];
  for (let i = 0; i < Math.max(own.length, real.length) && differences.length < 6; i++) {
    if (own[i] !== real[i]) differences.push(`${i}: ${own[i] ?? "nothing"} / ${real[i] ?? "nothing"}`);
  }
  return differences;
}
