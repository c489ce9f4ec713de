// The search of a whole program, simulated and real, in the same words: LD_DEBUG=libs of the real loader in trace mode, which
// runs no code of the program.

import { statSync } from "node:fs";
import { resolve } from "node:path";
import { type ElfImage, EM_386, PT_INTERP } from "../../../src/elf/index.ts";
import { hostCpu } from "../../../src/host/cpu.ts";
import { nodeLoadFiles } from "../../../src/host/load-files.ts";
import {
  type LoadCache,
  type LoadedProcess,
  type LoaderMachine,
  type LoadFiles,
  type LoadOptions,
  loadCache,
  loadDependencies,
  profileOfInterpreter,
  searchLines,
} from "../../../src/load/index.ts";
import { run } from "../../support/run.ts";

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

const shared: LoadCache = loadCache(nodeLoadFiles());

/** What the simulated one would print. */
export function simulatedSearch(program: string, circumstances: Circumstances = {}): Searched {
  const { env = {}, cwd = "/", root, secure = false, asNobody = false } = circumstances;
  const own = root === undefined ? nodeLoadFiles() : nodeLoadFiles({ root });
  // Hand-made programs change between tests; the system's do not.
  const cache = program.startsWith("/usr/") ? shared : loadCache(asNobody ? readableByAll(own) : own);
  const path = resolve(cwd, program);
  const options = { ...optionsFor(cache, path), environment: env, currentDirectory: cwd, secure };
  const result = loadDependencies(path, options, cache, { programName: program });
  if (!result.loaded) throw new Error(`${program}: ${result.problem.code}`);
  // Trace mode goes on where a library is missing; a start does not, and --list, which is used in a root, neither.
  const onlyError = secure || asNobody;
  const { lines, error } = until(result.process, root !== undefined || onlyError);
  return { lines: onlyError ? [] : lines, error };
}

/** The searches up to the error that ends them. */
function until({ searches, messages, missingLibraries, programName }: LoadedProcess, stops: boolean): Searched {
  const lines: string[] = [];
  const fatal = messages.find((message) => message.fatal)?.text.slice(programName.length + 2) ?? "";
  for (const search of searches) {
    lines.push(...searchLines(search));
    const missing = search.object === undefined && missingLibraries.find(({ name }) => name === search.name);
    if (missing && (stops || search.broken)) {
      const message = messages.find(({ text }) => text.endsWith(`: ${missing.message}`))?.text ?? "";
      return { lines, error: message.slice(programName.length + 2) };
    }
  }
  return { lines, error: stops ? fatal : "" };
}

function readableByAll(files: LoadFiles): LoadFiles {
  const open: LoadFiles["open"] = (path) => {
    const file = files.open(path);
    return typeof file === "string" || (statSync(path).mode & 0o004) !== 0 ? file : "EACCES";
  };
  return { ...files, open };
}

/** This machine's CPU, and the loader that the program names. */
function optionsFor({ files }: LoadCache, path: string): Pick<LoadOptions, "profile" | "hwcaps" | "platform"> {
  const file = files.open(path);
  const elf = typeof file === "string" ? undefined : files.parse(file);
  if (elf === undefined) throw new Error(`${path} is no program`);
  const machine: LoaderMachine = elf.header.machine === EM_386 ? "i386" : "x86-64";
  const interpreter = interpreterOf(elf);
  const loader = files.open(interpreter);
  const profile = typeof loader === "string" ? undefined : profileOfInterpreter(loader.bytes, machine);
  if (profile === undefined) throw new Error(`${interpreter} is no loader`);
  const { hwcaps, platform } = hostCpu();
  return { profile, hwcaps, platform: machine === "i386" ? "i686" : platform };
}

function interpreterOf(elf: ElfImage): string {
  const segment = elf.segments.find(({ type }) => type === PT_INTERP);
  if (segment === undefined) throw new Error(`${elf.name} has no interpreter`);
  return new TextDecoder().decode(elf.bytes.slice(segment.offset, segment.offset + segment.fileBytes - 1));
}
