// What the search of one process knows: its options, and the directories with what has been learnt of them. glibc keeps one
// record for a directory whichever path names it, and looks no more into directories that do not exist (elf/dl-load.c,
// fillin_rpath, open_path); its messages name the list that mentioned the directory first.

import type { LoaderMachine, LoadOptions, OpenFailure, Requester, SearchStep } from "../settings/contract.ts";
import { behaves } from "../settings/profiles.ts";
import type { SharedFiles } from "./files.ts";
import { type Capabilities, capabilitiesOf, subdirectoriesOf } from "./subdirectories.ts";
import { expandTokens, type SecureRules } from "./tokens.ts";

/** A directory of a search path, in one process. */
export interface SearchDirectory {
  /** With a slash at the end; empty for the current directory. */
  readonly name: string;
  /** Which list named it first, as LD_DEBUG=libs says it, and the object it belongs to. */
  readonly what: string;
  readonly from: string | undefined;
  /** For each subdirectory: whether it is there; undefined while nobody has looked. */
  readonly exists: (boolean | undefined)[];
}

/** A list of directories; undefined once none of them turned out to exist, or if there never was one. */
export interface DirectoryList {
  directories: readonly SearchDirectory[] | undefined;
  /** The lists of LD_LIBRARY_PATH and of the system stay even if nothing in them exists. */
  readonly stays: boolean;
  /** Lines about it, by the index of the directory that they start with, as of `changes`: searches share them. */
  readonly shown: Map<number, SearchStep>;
  shownAt: number;
}

function emptyList(stays: boolean): DirectoryList {
  return { directories: undefined, stays, shown: new Map(), shownAt: 0 };
}

/**
 * So many files and directories one process looks at, then the search gives up: each thing needed times each directory to look into grows
 * with the square of a file's size. Honest programs stay a hundred times below.
 */
const MOST_TRIES = 200_000;

export interface SearchContext {
  readonly files: SharedFiles;
  readonly options: LoadOptions;
  readonly machine: LoaderMachine;
  /** The program, whose RPATH counts for all. */
  readonly program: Requester;
  /** PT_INTERP: musl looks for its path file beside it, and is its own libc. */
  readonly interpreter: string;
  readonly capabilities: Capabilities;
  /** Subdirectories of every directory, the empty name last. */
  readonly subdirectories: readonly string[];
  readonly known: Map<string, SearchDirectory>;
  readonly system: DirectoryList;
  readonly libraryPath: DirectoryList;
  readonly rpaths: Map<Requester, DirectoryList>;
  readonly runpaths: Map<Requester, DirectoryList>;
  /** For musl: the directories of each path as written. */
  readonly paths: Map<string, readonly string[]>;
  /** What the last system call that failed said; undefined is 0. glibc's message has it even if it comes from another search. */
  errno: OpenFailure | undefined;
  openedCache: boolean;
  /** How often a directory was found missing. */
  changes: number;
  /** Files and directories that may still be looked at; below 0 the search was given up. */
  triesLeft: number;
}

export interface ProcessFacts {
  readonly machine: LoaderMachine;
  /** Its `origin` is the directory of the file itself, links resolved; its `loader` is undefined. */
  readonly program: Requester;
  readonly interpreter: string;
}

/** Starts the search of one process. `files` may serve any number of them. */
export function searchContext(files: SharedFiles, options: LoadOptions, facts: ProcessFacts): SearchContext {
  const { machine, program, interpreter } = facts;
  const capabilities = capabilitiesOf(options, machine);
  const context: SearchContext = {
    files,
    options,
    machine,
    program,
    interpreter,
    capabilities,
    subdirectories: subdirectoriesOf(capabilities),
    known: new Map(),
    system: emptyList(true),
    libraryPath: emptyList(true),
    rpaths: new Map(),
    runpaths: new Map(),
    paths: new Map(),
    errno: undefined,
    openedCache: false,
    changes: 0,
    triesLeft: MOST_TRIES,
  };
  // In this order: whoever names a directory first is who it is said to come from (_dl_init_paths).
  const system = options.profile.systemDirectories[machine];
  context.system.directories = system.map((name) => directory(context, name, "system search path", undefined));
  rpathOf(context, program);
  runpathOf(context, program);
  const [libraryPath, source] = libraryPathOf(options);
  context.libraryPath.directories = listOf(context, libraryPath, /[:;]/, source, undefined, program);
  return context;
}

/** LD_LIBRARY_PATH, or what --library-path puts in its place. */
function libraryPathOf(options: LoadOptions): readonly [path: string, source: string] {
  const isNamed = options.libraryPath !== undefined && behaves(options.profile, "libraryPathNamed");
  const fromEnvironment = options.secure ? undefined : options.environment.LD_LIBRARY_PATH;
  return [options.libraryPath ?? fromEnvironment ?? "", isNamed ? "--library-path" : "LD_LIBRARY_PATH"];
}

/** DT_RPATH of an object, void if it has a DT_RUNPATH (gABI: DT_RUNPATH supersedes it). */
export function rpathOf(context: SearchContext, object: Requester): DirectoryList {
  const text = object.runpath === undefined ? object.rpath : undefined;
  return listOfObject(context, context.rpaths, object, text, "RPATH");
}

export function runpathOf(context: SearchContext, object: Requester): DirectoryList {
  return listOfObject(context, context.runpaths, object, object.runpath, "RUNPATH");
}

function listOfObject(
  context: SearchContext,
  lists: Map<Requester, DirectoryList>,
  object: Requester,
  text: string | undefined,
  what: string,
): DirectoryList {
  let list = lists.get(object);
  if (list === undefined) {
    list = emptyList(false);
    list.directories = listOf(context, text ?? "", ":", what, object.name, object);
    lists.set(object, list);
  }
  return list;
}

/** The directories of a path; undefined if none is left. An empty element is the current directory. */
function listOf(
  context: SearchContext,
  path: string,
  separator: string | RegExp,
  what: string,
  from: string | undefined,
  object: Requester,
): readonly SearchDirectory[] | undefined {
  if (path === "") return undefined;
  const found = new Set<SearchDirectory>();
  for (const element of path.split(separator)) {
    const name = element === "" ? "" : expand(context, element, object);
    if (name === undefined || (name === "" && element !== "")) continue;
    found.add(directory(context, name === "" ? "" : `${name.replace(/\/+$/, "")}/`, what, from));
  }
  return found.size === 0 ? undefined : [...found];
}

/** The one record of a directory. What is relative is never given up: the process may go elsewhere. */
function directory(context: SearchContext, name: string, what: string, from: string | undefined): SearchDirectory {
  let known = context.known.get(name);
  if (known === undefined) {
    const exists = context.subdirectories.map(() => (name.startsWith("/") ? undefined : true));
    known = { name, what, from, exists };
    context.known.set(name, known);
  }
  return known;
}

/** A path with its tokens replaced as seen from an object; undefined if that cannot be. */
export function expand(context: SearchContext, text: string, object: Requester): string | undefined {
  const { options, machine, program } = context;
  const values = { origin: object.origin, lib: options.profile.lib[machine], platform: options.platform };
  const isProgram = object === program;
  const secure: SecureRules | undefined = options.secure
    ? { trustedDirectories: isProgram ? options.profile.systemDirectories[machine] : undefined }
    : undefined;
  return expandTokens(text, values, secure);
}

/** The path as the file system is asked for it. */
export function absolute(context: SearchContext, path: string): string {
  if (path.startsWith("/")) return path;
  const { currentDirectory } = context.options;
  return currentDirectory === "/" ? `/${path}` : `${currentDirectory}/${path}`;
}
