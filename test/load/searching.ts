// The search of a whole program, simulated and real, in the same words: LD_DEBUG=libs of the real loader in trace mode, which
// runs no code of the program.

import { statSync } from "node:fs";
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
import type { LoaderMachine, LoadFiles, LoadOptions, Requester } from "../../src/load/contract.ts";
import { profileOfInterpreter } from "../../src/load/profiles.ts";
import {
  expandNeeded,
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
  /** Directory that is the root; the program's path is one in it. Only root can ask the real loader then. */
  readonly root?: string;
  /** Started by somebody else than the owner of a set-user-ID program: ld.so traces nothing then, only its error is known. */
  readonly secure?: boolean;
  /** Started by a user who may read only what all may. Only errors are compared, as with `secure`. */
  readonly asNobody?: boolean;
}

/** What the real loader prints. */
export function realSearch(program: string, { env = {}, cwd, root, secure, asNobody }: Circumstances = {}): Searched {
  if (root !== undefined) return realSearchInRoot(program, root);
  if (secure === true || asNobody === true) return realSearchAsNobody(program, env);
  const all = { ...env, LD_TRACE_LOADED_OBJECTS: "1", LD_DEBUG: "libs" };
  const { stderr } = run("/usr/bin/env", [...Object.entries(all).map(([name, value]) => `${name}=${value}`), program], {
    ...(cwd === undefined ? {} : { cwd }),
  });
  return searchedIn(stderr);
}

/** chroot is traced before the program is. */
function realSearchInRoot(program: string, root: string): Searched {
  const loader = "/lib64/ld-linux-x86-64.so.2";
  const { stderr } = run("chroot", [root, loader, "--list", program], { env: { LD_DEBUG: "libs" } });
  const start = stderr.indexOf("transferring control: chroot");
  // With --list the program itself is looked up by its path, which prints nothing.
  return searchedIn(stderr.slice(stderr.indexOf("\n", start) + 1).replace(/^ *\d+:\t\n/, ""));
}

function realSearchAsNobody(program: string, env: Readonly<Record<string, string>>): Searched {
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const asNobody = ["--reuid=65534", "--clear-groups", "/usr/bin/env", ...settings, program];
  return searchedIn(run("setpriv", asNobody).stderr);
}

function searchedIn(stderr: string): Searched {
  const lines = stderr.split("\n").filter((line) => /^ *\d+:\t/.test(line));
  const error = stderr.split("\n").find((line) => line.includes("error while loading")) ?? "";
  return { lines: lines.map((line) => line.replace(/^ *\d+:\t/, "")), error: error.replace(/^.*?: /, "") };
}

const shared: SharedFiles = sharedFiles(nodeLoadFiles(), () => {});

/** What the simulated one would print. */
export function simulatedSearch(program: string, { root, secure, asNobody, ...rest }: Circumstances = {}): Searched {
  // Hand-made programs change between tests; the system's do not.
  const own = root === undefined ? nodeLoadFiles() : nodeLoadFiles({ root });
  const fresh = asNobody === true ? readableByAll(own) : own;
  const files = program.startsWith("/usr/") ? shared : sharedFiles(fresh, () => {});
  const onlyError = secure === true || asNobody === true;
  const stops = root !== undefined || onlyError;
  const { lines, error } = search(program, files, { ...rest, secure: secure === true }, stops);
  return { lines: onlyError ? [] : lines, error };
}

function readableByAll(files: LoadFiles): LoadFiles {
  const open: LoadFiles["open"] = (path) => {
    const file = files.open(path);
    return typeof file === "string" || (statSync(path).mode & 0o004) !== 0 ? file : "EACCES";
  };
  return { ...files, open };
}

interface Loaded {
  readonly requester: Requester;
  readonly names: string[];
  readonly soname: string | undefined;
  readonly identity: string;
  readonly needed: readonly string[];
}

/** @param stops at the first library that is missing, as a real start does and as --list, but not trace mode */
function search(program: string, files: SharedFiles, circumstances: Circumstances, stops: boolean): Searched {
  const { env = {}, cwd = "/", secure = false } = circumstances;
  const path = resolve(cwd, program);
  const file = files.open(path);
  const elf = typeof file === "string" ? undefined : parseElf(file.bytes, path, () => {});
  if (elf === undefined || typeof file === "string") throw new Error(`${program} is no program`);
  const machine: LoaderMachine = elf.header.machine === EM_386 ? "i386" : "x86-64";
  const interpreter = interpreterOf(elf);
  const loader = files.open(interpreter);
  const profile = typeof loader === "string" ? undefined : profileOfInterpreter(loader.bytes, machine);
  if (profile === undefined) throw new Error(`${interpreter} is no loader`);
  const { hwcaps, platform } = hostCpu();
  const options: LoadOptions = {
    profile,
    environment: env,
    currentDirectory: cwd,
    secure,
    hwcaps,
    platform: machine === "i386" ? "i686" : platform,
  };
  const main = loaded(elf, program, dirname(file.realPath), undefined, file.identity);
  const context = searchContext(files, options, { machine, program: main.requester, interpreter });
  return breadthFirst(context, main, interpreter, stops);
}

function breadthFirst(context: SearchContext, main: Loaded, interpreter: string, stops: boolean): Searched {
  const lines: string[] = [];
  const loader = open(context, interpreter, main.requester, []);
  const objects = "error" in loader ? [main] : [main, loader];
  // ld.so goes by the name of its PT_INTERP and by its soname.
  if (!("error" in loader) && loader.soname !== undefined) loader.names.push(loader.soname);
  const queue: Loaded[] = [main];
  const listed = new Set(queue);
  const ask = (name: string, requester: Requester, preload = false): string => {
    const known = objects.find((object) => object.names.includes(name) || object.soname === name);
    const object = known ?? open(context, name, requester, lines, objects, preload);
    if ("error" in object) return stops || object.isFatal ? object.error : "";
    if (!objects.includes(object)) objects.push(object);
    if (!object.names.includes(name)) object.names.push(name);
    if (!listed.has(object)) {
      listed.add(object);
      queue.push(object);
    }
    return "";
  };
  for (const { name } of preloadsOf(context.options, context.files)) ask(name, main.requester, true);
  for (const object of queue) {
    for (const name of object.needed) {
      const expanded = expandNeeded(context, name, object.requester);
      if ("message" in expanded)
        return { lines, error: `error while loading shared libraries: ${name}: ${expanded.message}` };
      const error = ask(expanded.name, object.requester);
      if (error !== "") return { lines, error };
    }
  }
  return { lines, error: "" };
}

interface Failure {
  readonly error: string;
  readonly isFatal: boolean;
}

/** The object for a name, or an error's text. */
function open(
  context: SearchContext,
  name: string,
  requester: Requester,
  lines: string[],
  objects: readonly Loaded[] = [],
  preload = false,
): Loaded | Failure {
  const result = findLibrary(context, name, requester, { preload });
  lines.push(...searchLines(name, result));
  if (!result.found) {
    const error = `error while loading shared libraries: ${result.object}: ${result.message}`;
    return { error, isFatal: result.tried.at(-1)?.fate === "fatal" };
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
