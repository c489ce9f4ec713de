// Holds Solder's memory of programs to what the real dynamic linker, executed, makes of them:
//
//   node build/test/execute/memory.js PROGRAM...    prints the words that differ, by rule, and those that none explains

import { LEVELS } from "../../src/arch/x86/instructions/index.ts";
import { basesOf, debugAddresses, differences, runToRelocated } from "../../src/execute/differences.ts";
import { execute } from "../../src/execute/execute.ts";
import { indirectResolver } from "../../src/execute/resolve-ifunc.ts";
import { nodeLoadFiles } from "../../src/host/load-files.ts";
import { type LoadedProcess, type LoadOptions, load, loadCache, profileOf } from "../../src/load/index.ts";

export interface Comparison {
  /** Counts by rule. */
  readonly counts: Readonly<Record<string, number>>;
  readonly unexplained: readonly string[];
}

/** @returns undefined where the program has no dynamic linker that tells when it is done */
export function compareMemory(program: string, bindNow: boolean): Comparison | undefined {
  const files = nodeLoadFiles();
  const cache = loadCache(files);
  const environment = bindNow ? { LD_BIND_NOW: "1" } : {};
  const profile = profileOf("glibc", [2, 36]);
  const options: LoadOptions = {
    profile,
    environment,
    currentDirectory: "/",
    secure: false,
    hwcaps: [],
    platform: "x86_64",
  };
  const foreseen = load(program, options, cache);
  const addresses = foreseen.loaded ? debugAddresses(foreseen.process) : undefined;
  if (addresses === undefined) return undefined;
  const execution = execute(program, {
    files,
    environment: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
  });
  if ("code" in execution || !runToRelocated(execution, ...addresses)) return undefined;
  const holder: { task: LoadedProcess | undefined } = { task: undefined };
  const mode = execution.process.mode;
  const resolve = indirectResolver(() => holder.task?.objects ?? [], mode, LEVELS.baseline);
  const result = load(program, options, cache, { given: basesOf(execution), resolveIndirect: resolve });
  if (!result.loaded) return undefined;
  holder.task = result.process;
  const counts: Record<string, number> = {};
  const unexplained: string[] = [];
  for (const { rule, object, address, loaded, executed } of differences(result.process, execution)) {
    counts[rule] = (counts[rule] ?? 0) + 1;
    if (rule === "unexplained")
      unexplained.push(
        `${object.name}+0x${(address - object.base).toString(16)}: 0x${loaded.toString(16)}, executed 0x${executed.toString(16)}`,
      );
  }
  return { counts, unexplained };
}

function main(programs: readonly string[]): void {
  let equal = 0;
  for (const program of programs) {
    for (const bindNow of [true, false]) {
      const comparison = compareMemory(program, bindNow);
      if (comparison === undefined) {
        console.log(`${program}: not compared`);
        continue;
      }
      const { counts, unexplained } = comparison;
      if (unexplained.length === 0) equal++;
      console.log(`${program}${bindNow ? " bound at once" : " lazily"}: ${JSON.stringify(counts)}`);
      for (const line of unexplained.slice(0, 20)) console.log(`    ${line}`);
    }
  }
  console.log(`${equal} of ${2 * programs.length} without an unexplained word`);
}

if (process.argv[1]?.endsWith("memory.js") === true) main(process.argv.slice(2));
