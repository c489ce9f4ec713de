// Holds Solder's memory of programs to what the real dynamic linker, executed, makes of them, and what IFUNCs' resolvers choose in
// Solder's memory to what they choose there:
//
//   node build/test/execute/memory.js PROGRAM...             the words that differ, by rule, and those that none explains
//   node build/test/execute/memory.js --count 300            so many of all programs in /usr/bin and /usr/sbin, evenly picked
//   node build/test/execute/memory.js --root DIR --count 300     of another root directory; i386 programs too
//   node build/test/execute/memory.js --host --count 300     IFUNCs' words only, for this machine's processor, against real processes
//   ... --verbose                                            a line for every program, with its time

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { LEVELS, type Levels } from "../../src/arch/x86/instructions/index.ts";
import { basesOf, debugAddresses, differences, runToRelocated } from "../../src/execute/differences.ts";
import { execute } from "../../src/execute/execute.ts";
import { indirectResolver } from "../../src/execute/resolve-ifunc.ts";
import { nodeLoadFiles } from "../../src/host/load-files.ts";
import {
  type LoadCache,
  type LoadedProcess,
  type LoadFiles,
  type LoadOptions,
  type LoadSettings,
  load,
  loadCache,
  processMemory,
  profileOf,
} from "../../src/load/index.ts";
import { debugStateOffset, freeze, loaded, basesOf as mappedBases } from "../load/judges/reality.ts";
import { hostLevels } from "./host-processor.ts";

export interface Comparison {
  /** Words that differ, by rule. */
  readonly counts: Readonly<Record<string, number>>;
  readonly unexplained: readonly string[];
  /** Words that an IFUNC's resolver chose, all of them compared. */
  readonly chosen: number;
}

/** Files are read and parsed once for all programs. */
export interface World {
  readonly files: LoadFiles;
  readonly cache: LoadCache;
}

export function worldOf(root?: string): World {
  const files = nodeLoadFiles(root === undefined ? {} : { root });
  return { files, cache: loadCache(files) };
}

function optionsOf(environment: Readonly<Record<string, string>>, wide: boolean): LoadOptions {
  const profile = profileOf("glibc", [2, 36]);
  const platform = wide ? "x86_64" : "i686";
  return { profile, environment, currentDirectory: "/", secure: false, hwcaps: [], platform };
}

/** Whether a path is a program of x86-64 or i386 that glibc's dynamic linker loads. */
function wordSize({ files }: World, path: string): 64 | 32 | undefined {
  const file = files.open(path);
  if (typeof file === "string" || file.bytes.length < 64) return undefined;
  const head = Buffer.from(file.bytes.subarray(0, 4096)).toString("latin1");
  if (!head.startsWith("\x7fELF")) return undefined;
  if (head.includes("/ld-linux-x86-64.so.2\0")) return 64;
  return head.includes("/ld-linux.so.2\0") ? 32 : undefined;
}

type Resolver = NonNullable<LoadSettings["resolveIndirect"]>;

/** Loads with resolvers run on a processor. */
function loadResolved(
  world: World,
  program: string,
  options: LoadOptions,
  levels: Levels,
  given: ReadonlyMap<string, number>,
): LoadedProcess | undefined {
  const holder: { task: LoadedProcess | undefined } = { task: undefined };
  let resolve: Resolver | undefined;
  const result = load(program, options, world.cache, {
    given,
    resolveIndirect: (provider, resolver) => {
      const mode = holder.task?.machine === "i386" ? 32 : 64;
      resolve ??= indirectResolver(() => holder.task?.objects ?? [], mode, levels);
      return resolve(provider, resolver);
    },
  });
  if (!result.loaded) return undefined;
  holder.task = result.process;
  return result.process;
}

/** @returns undefined where the program has no dynamic linker that tells when it is done */
export function compareMemory(program: string, bindNow: boolean, world: World = worldOf()): Comparison | undefined {
  const environment = bindNow ? { LD_BIND_NOW: "1" } : {};
  const options = optionsOf(environment, wordSize(world, program) !== 32);
  const foreseen = load(program, options, world.cache);
  const addresses = foreseen.loaded ? debugAddresses(foreseen.process) : undefined;
  if (addresses === undefined) return undefined;
  const execution = execute(program, {
    files: world.files,
    environment: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
  });
  if ("code" in execution || !runToRelocated(execution, ...addresses)) return undefined;
  const task = loadResolved(world, program, options, LEVELS.baseline, basesOf(execution));
  if (task === undefined) return undefined;
  const counts: Record<string, number> = {};
  const unexplained: string[] = [];
  for (const { rule, object, address, loaded: own, executed } of differences(task, execution)) {
    counts[rule] = (counts[rule] ?? 0) + 1;
    if (rule === "unexplained" || rule === "undecided")
      unexplained.push(
        `${object.name}+0x${(address - object.base).toString(16)}: 0x${own.toString(16)}, executed 0x${executed.toString(16)}`,
      );
  }
  return { counts, unexplained, chosen: task.decided.size };
}

/** IFUNCs' words for this machine's processor, against those of a real process, bound at once. */
export function compareChoices(program: string, world: World, directory: string): Comparison | undefined {
  const environment = { LD_BIND_NOW: "1" };
  const offset = debugStateOffset(loaded(program));
  const snapshot = freeze(join(directory, "snapshot"), offset, environment, [program]);
  if (snapshot === undefined) return undefined;
  const options = optionsOf(environment, wordSize(world, program) !== 32);
  const task = loadResolved(world, program, options, hostLevels(), mappedBases(snapshot.mappings));
  if (task === undefined) return undefined;
  processMemory(task);
  const counts: Record<string, number> = {};
  const unexplained = [...task.undecided.values()].map(
    ({ object, site }) => `${object.name}+0x${(site - object.base).toString(16)}: undecided`,
  );
  const bytes = task.record.facts.wordBytes;
  for (const [site, chosen] of task.decided) {
    const real = snapshot.read(site, bytes);
    const view = real && new DataView(real.buffer, real.byteOffset, bytes);
    const value = view && view.getUint32(0, true) + (bytes === 8 ? view.getUint32(4, true) * 2 ** 32 : 0);
    if (value === chosen) continue;
    // time and gettimeofday are the kernel's, in a page that only it has.
    const there = snapshot.mappings.find(({ start, end }) => value !== undefined && value >= start && value < end);
    if (there?.path === "[vdso]") counts.vdso = (counts.vdso ?? 0) + 1;
    else {
      const object = task.objects.find(({ start, end }) => site >= start && site < end);
      unexplained.push(
        `${object?.name}+0x${(site - (object?.base ?? 0)).toString(16)}: 0x${chosen.toString(16)}, really 0x${value?.toString(16)}`,
      );
    }
  }
  return { counts, unexplained, chosen: task.decided.size };
}

/** So many of the programs in the directories for programs, evenly picked; all if there are no more. */
function pick(world: World, count: number): string[] {
  const found = new Map<string, string>();
  for (const directory of ["/usr/bin", "/usr/sbin"]) {
    for (const name of world.files.list(directory)) {
      const path = `${directory}/${name}`;
      const file = world.files.open(path);
      if (typeof file !== "string" && !found.has(file.realPath) && wordSize(world, path) !== undefined)
        found.set(file.realPath, path);
    }
  }
  const all = [...found.values()].sort();
  return all.filter((_, n) => Math.floor((n * count) / all.length) !== Math.floor(((n - 1) * count) / all.length));
}

function main(args: readonly string[]): void {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      root: { type: "string" },
      count: { type: "string" },
      host: { type: "boolean" },
      verbose: { type: "boolean" },
    },
    allowPositionals: true,
  });
  const world = worldOf(values.root);
  const programs = positionals.length > 0 ? positionals : pick(world, Number(values.count ?? 10));
  const directory = mkdtempSync(join(tmpdir(), "solder-memory-"));
  const ways = values.host === true ? ["by this processor"] : ["bound at once", "lazily"];
  const totals = { programs: programs.length, comparisons: 0, equal: 0, chosen: 0, notCompared: 0 };
  const byRule: Record<string, number> = {};
  for (const program of programs) {
    for (const way of ways) {
      const begun = performance.now();
      const comparison =
        values.host === true
          ? compareChoices(program, world, directory)
          : compareMemory(program, way === "bound at once", world);
      if (comparison === undefined) {
        totals.notCompared++;
        console.log(`${program} ${way}: not compared`);
        continue;
      }
      const { counts, unexplained, chosen } = comparison;
      totals.comparisons++;
      totals.chosen += chosen;
      if (unexplained.length === 0) totals.equal++;
      for (const [rule, count] of Object.entries(counts)) byRule[rule] = (byRule[rule] ?? 0) + count;
      if (unexplained.length > 0 || positionals.length > 0 || values.verbose === true) {
        const seconds = ((performance.now() - begun) / 1000).toFixed(1);
        console.log(`${program} ${way}: ${JSON.stringify(counts)}, ${chosen} chosen by IFUNCs, ${seconds} s`);
      }
      for (const line of unexplained.slice(0, 20)) console.log(`    ${line}`);
    }
  }
  rmSync(directory, { recursive: true });
  console.log(JSON.stringify({ ...totals, byRule }));
}

if (basename(process.argv[1] ?? "") === "memory.js") main(process.argv.slice(2));
