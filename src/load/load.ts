// Loads a program: the table of contents of the dynamic linker. Each step is a file of its own; what it leaves behind is
// in the process's record. No byte of the program runs.

import { type ElfImage, error, type Problem, parseElfImage, warning } from "../elf/index.ts";
import { machineName } from "../elf/names/names.ts";
import { isLinux, systemOf } from "./check/made-for.ts";
import { strangerProblem } from "./check/not-elf.ts";
import { type DynamicFile, readDynamicFile } from "./file/dynamic-file.ts";
import { LOADER_RECORDS, loaderMachineOf, loaderRecords, unusualOrder } from "./machines/index.ts";
import { addObject, mapDependencies, mapObject } from "./objects/dependencies.ts";
import { type IndirectChoice, type LoadedObject, type LoadedProcess, type LoadHost, warn } from "./objects/objects.ts";
import { type Placement, placementProblems, placer } from "./objects/place.ts";
import { sortObjects } from "./objects/sort.ts";
import {
  FILE_ERRORS,
  libraryCachePath,
  originOf,
  type Preload,
  preloadsOf,
  type SharedFiles,
  searchContext,
  sharedFiles,
} from "./search/index.ts";
import type { LoaderMachine, LoadFiles, LoadOptions, OpenedFile } from "./settings/contract.ts";
import { behaves } from "./settings/profiles.ts";
import { bindObject, bindToItself } from "./symbols/bind.ts";
import { makeQuery } from "./symbols/lookup.ts";
import { bindingVariable, lookupRules, sortRules } from "./symbols/rules.ts";
import { checkVersions } from "./symbols/versions.ts";
import { placeMuslTls, placeStaticTls } from "./tls/tls.ts";

/** Files that any number of loads share: each is read and parsed once. */
export interface LoadCache {
  readonly files: SharedFiles;
  readonly dynamicFiles: Map<string, DynamicFile>;
}

/**
 * A cache for loads from one file system, which must not change meanwhile.
 * @param report gets what is wrong with ld.so.cache
 */
export function loadCache(files: LoadFiles, report: (problem: Problem) => void = () => {}): LoadCache {
  return { files: sharedFiles(files, report), dynamicFiles: new Map() };
}

/** What a load may be told beside its options. */
export interface LoadSettings extends Placement {
  /** argv[0], which ld.so's messages begin with; the program's path if it is not given. */
  readonly programName?: string;
  /** The loader to use in place of the one that the program names. */
  readonly interpreter?: string;
  /** Bind everything at once, whatever the environment says. */
  readonly bindNow?: boolean;
  /** What the resolver of an indirect function returns, or how it ended; undefined if it is not run. */
  readonly resolveIndirect?: (provider: LoadedObject, resolver: number) => IndirectChoice;
}

export type LoadResult =
  | { readonly loaded: true; readonly process: LoadedProcess }
  /** There is nothing to load: not an ELF file for a machine that Solder knows, or not there. */
  | { readonly loaded: false; readonly problem: Problem };

/**
 * Loads a program as the dynamic linker would, up to the moment before the first constructor. A shared library can be
 * loaded as if it were a program, which tells what it needs.
 * @param path of the program; absolute or from the options' current directory
 * @param cache from `loadCache`
 * @returns the process, also where the real one would have ended: see `exitCode` and `messages`
 */
export function load(path: string, options: LoadOptions, cache: LoadCache, settings: LoadSettings = {}): LoadResult {
  const result = loadDependencies(path, options, cache, settings);
  if (!result.loaded) return result;
  const { process: task } = result;
  if (options.profile.library === "glibc") placeStaticTls(task);
  else placeMuslTls(task);
  for (const object of task.objects) object.scope = startScope(task, object);
  bindAll(task);
  return result;
}

/**
 * The first half of `load`: which objects are in the process, in which order, and whether they have the versions that are
 * asked for. No reference is bound.
 */
export function loadDependencies(
  path: string,
  options: LoadOptions,
  cache: LoadCache,
  settings: LoadSettings = {},
): LoadResult {
  const opened = openProgram(path, options, cache);
  if ("code" in opened) return { loaded: false, problem: opened };
  const { file, machine } = opened;
  const task = startProcess(path, file, machine, options, cache, settings);
  noteStranger(task, file, path);
  const [program] = task.objects;
  const preloaded = preload(task, program, preloadsOf(options, cache.files));
  task.globalScope = mapDependencies(task, [program, ...preloaded], false);
  if (task.host.search.triesLeft < 0) task.problems.push(error("search-given-up", { file: path }));
  task.problems.push(...placementProblems(task.machine, settings, task.objects));
  task.globalAtStart = new Set(task.globalScope);
  const glibc = options.profile.library === "glibc";
  // musl ends when it has looked for all.
  if (!glibc && task.ended !== undefined) task.ended = { ...task.ended, searches: task.searches.length };
  if (glibc) placeLoaderInChain(task);
  else task.globalScope = [...task.chain];
  task.relocationOrder = glibc ? relocationOrder(task) : muslOrder(task);
  checkVersions(task, task.chain);
  if (file.interpreter !== undefined && task.problems.some(({ code }) => code === "interpreter-missing")) {
    // The kernel's ENOENT, of which shells make 127. `messages` has what the loader would have said.
    task.exitCode = 127;
    task.ended = { step: "start", searches: 0 };
  }
  return { loaded: true, process: task };
}

/** Files of Android, FreeBSD and so on have dynamic linkers of their own, with other rules. */
function noteStranger(task: LoadedProcess, file: DynamicFile, path: string): void {
  const made = systemOf(file);
  if (isLinux(made) || needsNoLoader(file)) return;
  const facts = {
    made,
    library: task.options.profile.library,
    ...(made === "Android" ? { system: "android:35" } : {}),
  };
  task.problems.push(warning("loader-of-other-system", { file: path }, facts));
}

function openProgram(
  path: string,
  options: LoadOptions,
  cache: LoadCache,
): { readonly file: DynamicFile; readonly machine: LoaderMachine } | Problem {
  const opened = cache.files.open(path.startsWith("/") ? path : `${options.currentDirectory}/${path}`);
  if (typeof opened === "string") return error("cannot-open-program", { file: path }, { reason: FILE_ERRORS[opened] });
  const stranger = strangerProblem(opened.bytes, path);
  if (stranger !== undefined) return stranger;
  const file = dynamicFileOf(cache, opened);
  if (file === undefined) return headerProblem(opened.bytes, path);
  if (file.elf.segments.length === 0) return headerProblem(opened.bytes, path);
  const machine = loaderMachineOf(file.elf);
  if (machine === undefined) {
    const machines = loaderRecords().map(({ name }) => name);
    const facts = {
      machine: machineName(file.elf.header.machine),
      bits: file.elf.elfClass,
      order: unusualOrder(file.elf),
      machines,
    };
    return error("cannot-load-machine", { file: path }, facts);
  }
  return { file, machine };
}

/** musl does not look at e_machine, and takes every library for one of its own processor's (ldso/dynlink.c, map_library). */
function muslFileOf(cache: LoadCache, opened: OpenedFile, program: ElfImage): DynamicFile | undefined {
  const file = dynamicFileOf(cache, opened);
  const { machine } = program.header;
  if (file === undefined || file.elf.header.machine === machine) return file;
  const elf = { ...file.elf, header: { ...file.elf.header, machine } };
  return readDynamicFile(elf, opened.identity, opened.realPath);
}

/** Why what begins like ELF has no header that can be read, or nothing that can be mapped. */
function headerProblem(bytes: Uint8Array, path: string): Problem {
  let found = error("no-program-headers", { file: path });
  parseElfImage(bytes, path, (problem) => {
    found = problem;
  });
  return found;
}

function dynamicFileOf(cache: LoadCache, opened: OpenedFile): DynamicFile | undefined {
  const known = cache.dynamicFiles.get(opened.identity);
  // A hard link: the same file at another place, so that $ORIGIN is another.
  if (known !== undefined) return known.realPath === opened.realPath ? known : { ...known, realPath: opened.realPath };
  const elf = cache.files.parse(opened);
  if (elf === undefined) return undefined;
  const file = readDynamicFile(elf, opened.identity, opened.realPath);
  cache.dynamicFiles.set(opened.identity, file);
  return file;
}

/** The process as the kernel leaves it: the program and its loader are mapped. */
function startProcess(
  path: string,
  file: DynamicFile,
  machine: LoaderMachine,
  options: LoadOptions,
  cache: LoadCache,
  settings: LoadSettings,
): LoadedProcess {
  const { library } = options.profile;
  const interpreter = settings.interpreter ?? file.interpreter ?? LOADER_RECORDS[machine].interpreters[library][0];
  const programName = settings.programName ?? path;
  const asked = {
    name: programName,
    origin: originOf(file.realPath, options.currentDirectory),
    rpath: file.rpath,
    runpath: file.runpath,
    noDefaultDirectories: (file.flags1 & DF_1_NODEFLIB) !== 0,
    loader: undefined,
  };
  const host: LoadHost = {
    search: searchContext(cache.files, options, { machine, program: asked, interpreter }),
    fileOf: (opened) => (library === "musl" ? muslFileOf(cache, opened, file.elf) : dynamicFileOf(cache, opened)),
    place: placer(machine, settings, options.pageSize ?? LOADER_RECORDS[machine].pageSizes[0], () =>
      sizeOf(cache, libraryCachePath(options.profile, asked.origin)),
    ),
    resolveIndirect: settings.resolveIndirect,
  };
  const task = emptyProcess(machine, options, programName, host, settings.bindNow === true);
  const program = {
    file,
    kind: "program",
    name: programName,
    names: [""],
    searcher: asked,
    requester: undefined,
    loader: undefined,
    rule: undefined,
    tried: [],
    steps: [],
  } as const;
  addObject(task, program);
  if (settings.interpreter === undefined && needsNoLoader(file)) return task;
  const opened = cache.files.open(interpreter);
  const loader = typeof opened === "string" ? undefined : dynamicFileOf(cache, opened);
  if (loader === undefined) {
    task.problems.push(error("interpreter-missing", { file: path }, { interpreter }));
    return task;
  }
  const names = loader.soname === undefined ? [interpreter] : [interpreter, loader.soname];
  addObject(task, { ...program, searcher: undefined, file: loader, kind: "loader", name: interpreter, names });
  // musl joins when it is needed, as libc.
  if (library === "musl") task.chain.pop();
  return task;
}

function sizeOf(cache: LoadCache, path: string): number {
  const file = cache.files.open(path);
  return typeof file === "string" ? 0 : file.bytes.length;
}

/** A static program, which relocates itself if it has to. A library names no loader either, but needs one. */
function needsNoLoader(file: DynamicFile): boolean {
  return file.interpreter === undefined && (!file.hasDynamicSection || file.pie);
}

function emptyProcess(
  machine: LoaderMachine,
  options: LoadOptions,
  programName: string,
  host: LoadHost,
  bindNow: boolean,
): LoadedProcess {
  const now = bindNow || (bindingVariable(options, "LD_BIND_NOW") ?? "") !== "";
  return {
    machine,
    record: LOADER_RECORDS[machine],
    options,
    programName,
    objects: [],
    byName: new Map(),
    byIdentity: new Map(),
    chain: [],
    globalScope: [],
    globalAtStart: new Set(),
    relocationOrder: [],
    lazy: options.profile.library === "glibc" && !now,
    messages: [],
    problems: [],
    searches: [],
    missingLibraries: [],
    missingVersions: [],
    undefinedSymbols: [],
    undecided: new Map(),
    decided: new Map(),
    loaderWords: [],
    unique: new Map(),
    opened: new Map(),
    kept: new Set(),
    gone: new Set(),
    exitCode: undefined,
    ended: undefined,
    host,
    tlsSize: 0,
    tlsAlignment: 1,
    tlsSurplus: 0,
    tlsOptional: 0,
  };
}

const DF_1_NODEFLIB = 0x800;

/** LD_PRELOAD, --preload and /etc/ld.so.preload. What cannot be preloaded is passed over. */
function preload(task: LoadedProcess, program: LoadedObject, preloads: readonly Preload[]): LoadedObject[] {
  const objects: LoadedObject[] = [];
  for (const { name, from } of preloads) {
    const result = mapObject(task, name, program, false, true);
    if (result.object === undefined) sayNotPreloaded(task, name, from, result.message);
    else if (result.fresh) objects.push(result.object);
  }
  return objects;
}

/** glibc says so and goes on; musl goes on without a word (ldso/dynlink.c, load_preload). */
function sayNotPreloaded(task: LoadedProcess, name: string, from: string, message: string): void {
  if (task.options.profile.library === "musl") {
    task.problems.push(warning("preload-ignored", { file: task.programName }, { name, source: from, reason: message }));
    return;
  }
  // Without the words for errno.
  const reason = message.replace(/^(cannot [a-z ]+): .*$/, "$1");
  const text = `ERROR: ld.so: object '${name}' from ${from} cannot be preloaded (${reason}): ignored.`;
  warn(task, text);
}

/** glibc's chain has the loader behind the object that is before it in the global scope, or not at all (elf/rtld.c, dl_main). */
function placeLoaderInChain(task: LoadedProcess): void {
  const at = task.globalScope.findIndex(({ kind }) => kind === "loader");
  const loader = task.objects.find(({ kind }) => kind === "loader");
  task.chain = task.chain.filter((object) => object !== loader);
  if (at < 1) return;
  const before = task.chain.indexOf(task.globalScope[at - 1]);
  task.chain.splice(before + 1, 0, task.globalScope[at]);
}

/** From the end of the sorted list; since glibc 2.39 libc comes before all others. */
function relocationOrder(task: LoadedProcess): LoadedObject[] {
  const [program] = task.globalScope;
  const sorted = sortObjects(task.globalScope, sortRules(task.options));
  program.initfini = sorted;
  const order = [...sorted].reverse();
  if (!behaves(task.options.profile, "libcFirst")) return order;
  const libc = order.find(({ file }) => file.soname === "libc.so.6");
  return libc === undefined ? order : [libc, ...order.filter((object) => object !== libc)];
}

/** musl: as they were loaded, the program at the end. */
function muslOrder(task: LoadedProcess): LoadedObject[] {
  const [program, ...others] = task.chain;
  return [...others, program];
}

/** An object with DT_SYMBOLIC looks into itself first; the program does anyway. */
function startScope(task: LoadedProcess, object: LoadedObject): (readonly LoadedObject[])[] {
  const own = object.file.looksIntoItselfFirst && object.kind !== "program" && task.options.profile.library === "glibc";
  return own ? [[object], task.globalScope] : [task.globalScope];
}

/** The loader binds itself again after all others, so that calls to malloc end in the program's. */
function bindAll(task: LoadedProcess): void {
  const query = makeQuery(lookupRules(task.options), task.unique);
  const isLoader = ({ kind }: LoadedObject): boolean => kind === "loader";
  for (const object of task.relocationOrder) {
    if (!isLoader(object)) bindObject(task, object, query, task.lazy && !object.file.bindNow);
  }
  // ld.so has relocated itself before all, and does it again only if somebody needs it as a library (elf/rtld.c, dl_main:
  // "rtld_multiple_ref"). Without libc.so.6 nobody does.
  const isAgain = (object: LoadedObject): boolean =>
    task.options.profile.library === "musl" || task.globalScope.includes(object);
  for (const object of task.objects.filter(isLoader)) {
    if (isAgain(object)) bindObject(task, object, query, false);
    else bindToItself(object);
  }
}
