// What the real loader says it binds, without running the program: trace mode with LD_DEBUG=bindings.

import type { LoadedProcess } from "../../../src/load/index.ts";
import { bindingLines } from "../../../src/load/index.ts";
import { behaves } from "../../../src/load/settings/profiles.ts";
import { runProgram } from "./reality.ts";

/** The lines "binding file A [0] to B [0]: normal symbol `x' [V]", the process's number left out. */
export function realBindings(path: string, environment: Readonly<Record<string, string>> = {}): string[] {
  const env = {
    ...environment,
    LD_TRACE_LOADED_OBJECTS: "1",
    LD_WARN: "1",
    LD_BIND_NOW: "1",
    LD_DEBUG: "bindings",
  };
  const { stderr } = runProgram(path, env);
  return stderr.split("\n").flatMap((line) => {
    const text = /^ *\d+:\t(binding file .*)$/.exec(line)?.[1];
    // The kernel's library is not there in a simulated process: a few functions that libc asks it for itself.
    return text === undefined || /^binding file linux-(?:vdso|gate)\.so\.1/.test(text) ? [] : [text];
  });
}

/** The lines of each object together. */
function byObject(lines: readonly string[]): readonly string[] {
  const objects = new Map<string, string[]>();
  for (const line of lines) {
    const object = line.slice(0, line.indexOf(" to "));
    const known = objects.get(object);
    if (known === undefined) objects.set(object, [line]);
    else known.push(line);
  }
  return [...objects.keys()].sort().flatMap((object) => objects.get(object) ?? []);
}

/** The lines in which the two differ, in order; the first few. */
export function compareBindings(process: LoadedProcess, said: readonly string[]): string[] {
  // Where libc is relocated first, it is not so in trace mode (elf/rtld.c): then the order of the objects is left open.
  const order = behaves(process.options.profile, "libcFirst") ? byObject : (lines: readonly string[]) => lines;
  const own = order(bindingLines(process));
  const real = order(said);
  const differences: string[] = [];
  for (let i = 0; i < Math.max(own.length, real.length) && differences.length < 6; i++) {
    if (own[i] !== real[i]) differences.push(`${i}: ${own[i] ?? "nothing"} / ${real[i] ?? "nothing"}`);
  }
  return differences;
}
