// The search of a whole program, simulated and real, in the same words: LD_DEBUG=libs of the real loader in trace mode, which
// runs no code of the program.

import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import {
  DF_1_NODEFLIB,
  DT_FLAGS_1,
  DT_NEEDED,
  DT_RPATH,
  DT_RUNPATH,
  DT_SONAME,
  dynamicOf,
  dynamicTexts,
  dynamicValue,
  type ElfFile,
  EM_386,
  PT_INTERP,
  parseElf,
} from "../../src/elf/index.ts";
import { searchLines } from "../../src/explain/load/search-lines.ts";
import { hostCpu } from "../../src/host/cpu.ts";
import { nodeLoadFiles } from "../../src/host/load-files.ts";
import type { LoaderMachine, LoadOptions, Requester } from "../../src/load/contract.ts";
import { profileOfInterpreter } from "../../src/load/profiles.ts";
import {
  findLibrary,
  originOf,
  preloadsOf,
  type SearchContext,
  type SharedFiles,
  searchContext,
  sharedFiles,
} from "../../src/load/search/index.ts";
import { run } from "../support/run.ts";

export interface Searched {
  readonly lines: readonly string[];
  /** The message that ended it, "" if it went through. */
  readonly error: string;
}

export interface Circumstances {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** What the real loader prints. */
export function realSearch(program: string, { env = {}, cwd }: Circumstances = {}): Searched {
  const all = { ...env, LD_TRACE_LOADED_OBJECTS: "1", LD_DEBUG: "libs" };
  const { stderr } = run("/usr/bin/env", [...Object.entries(all).map(([name, value]) => `${name}=${value}`), program], {
    ...(cwd === undefined ? {} : { cwd }),
  });
  // env itself is dynamically linked, but LD_DEBUG comes after its start.
  const lines = stderr.split("\n").filter((line) => /^ *\d+:\t/.test(line));
  const error = stderr.split("\n").find((line) => line.includes("error while loading")) ?? "";
  return { lines: lines.map((line) => line.replace(/^ *\d+:\t/, "")), error: error.replace(/^.*?: /, "") };
}

const shared: SharedFiles = sharedFiles(nodeLoadFiles(), () => {});

/** What the simulated one would print. */
export function simulatedSearch(program: string, { env = {}, cwd = "/" }: Circumstances = {}): Searched {
  return search(program, freshOrShared(program), env, cwd);
}

/** Hand-made programs change between tests; the system's do not. */
function freshOrShared(program: string): SharedFiles {
  return program.startsWith("/usr/") ? shared : sharedFiles(nodeLoadFiles(), () => {});
}

interface Loaded {
  readonly requester: Requester;
  readonly names: string[];
  readonly soname: string | undefined;
  readonly identity: string;
  readonly needed: readonly string[];
}

function search(program: string, files: SharedFiles, env: Readonly<Record<string, string>>, cwd: string): Searched {
  const path = resolve(cwd, program);
  const file = files.open(path);
  const elf = typeof file === "string" ? undefined : parseElf(file.bytes, path, () => {});
  if (elf === undefined || typeof file === "string") throw new Error(`${program} is no program`);
  const machine: LoaderMachine = elf.header.machine === EM_386 ? "i386" : "x86-64";
  const interpreter = interpreterOf(elf);
  const profile = profileOfInterpreter(readFileSync(interpreter), machine);
  if (profile === undefined) throw new Error(`${interpreter} is no loader`);
  const { hwcaps, platform } = hostCpu();
  const options: LoadOptions = {
    profile,
    environment: env,
    currentDirectory: cwd,
    secure: false,
    hwcaps,
    platform: machine === "i386" ? "i686" : platform,
  };
  const main = loaded(elf, program, dirname(file.realPath), undefined, file.identity);
  const context = searchContext(files, options, { machine, program: main.requester, interpreter });
  return breadthFirst(context, main, interpreter);
}

function breadthFirst(context: SearchContext, main: Loaded, interpreter: string): Searched {
  const lines: string[] = [];
  const loader = open(context, interpreter, main.requester, []);
  const objects = typeof loader === "string" ? [main] : [main, loader];
  loaderNames(loader);
  const queue: Loaded[] = [main];
  const listed = new Set(queue);
  const ask = (name: string, requester: Requester): string => {
    const known = objects.find((object) => object.names.includes(name) || object.soname === name);
    const object = known ?? open(context, name, requester, lines, objects);
    if (typeof object === "string") return object;
    if (!objects.includes(object)) objects.push(object);
    if (!object.names.includes(name)) object.names.push(name);
    if (!listed.has(object)) {
      listed.add(object);
      queue.push(object);
    }
    return "";
  };
  for (const { name } of preloadsOf(context.options, context.files)) ask(name, main.requester);
  for (const object of queue) {
    for (const name of object.needed) {
      const error = ask(name, object.requester);
      if (error !== "") return { lines, error };
    }
  }
  return { lines, error: "" };
}

/** ld.so goes by the name of its PT_INTERP and by its soname. */
function loaderNames(loader: Loaded | string): void {
  if (typeof loader !== "string" && loader.soname !== undefined) loader.names.push(loader.soname);
}

/** The object for a name, an error's text, or "" for one that is missing: trace mode goes on then. */
function open(
  context: SearchContext,
  name: string,
  requester: Requester,
  lines: string[],
  objects: readonly Loaded[] = [],
): Loaded | string {
  const result = findLibrary(context, name, requester);
  lines.push(...searchLines(name, result));
  if (!result.found) {
    const isFatal = result.tried.at(-1)?.fate === "fatal";
    return isFatal ? `error while loading shared libraries: ${result.object}: ${result.message}` : "";
  }
  const same = objects.find((object) => object.identity === result.file.identity);
  if (same !== undefined) return same;
  const origin = originOf(result.path, context.options.currentDirectory);
  return loaded(result.elf, result.path, origin, requester, result.file.identity);
}

function loaded(elf: ElfFile, name: string, origin: string, loader: Requester | undefined, identity: string): Loaded {
  const dynamic = dynamicOf(elf, () => {});
  const texts = (tag: number): string[] => (dynamic === undefined ? [] : dynamicTexts(dynamic, tag));
  const flags = dynamic === undefined ? 0 : (dynamicValue(dynamic, DT_FLAGS_1) ?? 0);
  const requester: Requester = {
    name,
    origin,
    rpath: texts(DT_RPATH)[0],
    runpath: texts(DT_RUNPATH)[0],
    noDefaultDirectories: (flags & DF_1_NODEFLIB) !== 0,
    loader,
  };
  return { requester, names: [name], soname: texts(DT_SONAME)[0], identity, needed: texts(DT_NEEDED) };
}

function interpreterOf(elf: ElfFile): string {
  const segment = elf.segments.find(({ type }) => type === PT_INTERP);
  if (segment === undefined) throw new Error(`${elf.name} has no interpreter`);
  return new TextDecoder().decode(elf.bytes.slice(segment.offset, segment.offset + segment.fileBytes - 1));
}
