// Where is a library? The search of glibc's _dl_map_object (elf/dl-load.c), step by step, with every file that it tries and
// what became of it. musl's is in musl.ts.

import { LOADER_RECORDS } from "../machines/index.ts";
import type {
  Candidate,
  OpenedFile,
  OpenFailure,
  Requester,
  SearchResult,
  SearchRule,
  SearchStep,
} from "../settings/contract.ts";
import { behaves } from "../settings/profiles.ts";
import { lookUpInCache } from "./cache.ts";
import {
  absolute,
  type DirectoryList,
  expand,
  rpathOf,
  runpathOf,
  type SearchContext,
  type SearchDirectory,
} from "./context.ts";
import { ERRORS, startError } from "./errors.ts";
import { libraryCachePath, NO_CACHE } from "./files.ts";
import { findForMusl } from "./musl.ts";
import { type Verdict, verifyForGlibc } from "./verify.ts";

export interface FindOptions {
  /** For LD_PRELOAD and its like: a program that is set-user-ID takes only files that are so too, and no cache. */
  readonly preload?: boolean;
  /** For dlopen: messages of libc know more errors by name than those of ld.so at the start. */
  readonly running?: boolean;
}

/**
 * Looks for a library as the dynamic linker would. Whether it is loaded already is for the caller to ask before (by name and
 * DT_SONAME) and after (by `file.identity`).
 * @param name as in DT_NEEDED; searched for unless it has a slash
 * @param requester who needs it; the program for preloads of glibc, undefined for those of musl
 */
export function findLibrary(
  context: SearchContext,
  name: string,
  requester: Requester | undefined,
  options: FindOptions = {},
): SearchResult {
  if (context.options.profile.library === "musl") return findForMusl(context, name, requester);
  const search: Search = {
    context,
    name,
    onlySetUserId: options.preload === true && context.options.secure,
    errorText: options.running === true ? (failure) => ERRORS[failure] : startError,
    tried: [],
    steps: [],
    sawOtherClass: false,
    end: undefined,
  };
  if (name.includes("/")) findByPath(search, requester);
  else findByName(search, requester);
  return search.end ?? notFound(search);
}

/** One search under way. */
interface Search {
  readonly context: SearchContext;
  readonly name: string;
  readonly onlySetUserId: boolean;
  readonly errorText: (failure: OpenFailure) => string;
  readonly tried: Candidate[];
  readonly steps: SearchStep[];
  sawOtherClass: boolean;
  /** Set once the library is found or the search has failed for good. */
  end: SearchResult | undefined;
}

function findByPath(search: Search, requester: Requester | undefined): void {
  const { context, name } = search;
  const path = requester === undefined ? name : (expand(context, name, requester) ?? "");
  tryFile(search, path, "path", "");
}

function findByName(search: Search, requester: Requester | undefined): void {
  const { context } = search;
  const asker = requester ?? context.program;
  if (requester?.runpath === undefined) {
    for (const object of rpathChain(context, requester)) {
      // Lists nobody looks at are not made, and so name no directories first.
      if (search.end === undefined) tryList(search, rpathOf(context, object), "rpath", object.name);
    }
  }
  tryList(
    search,
    context.libraryPath,
    "library-path",
    context.options.libraryPath === undefined ? "" : "--library-path",
  );
  // Guix has turned these two around.
  const cacheFirst = context.options.profile.store !== undefined;
  if (cacheFirst) tryCache(search, asker);
  if (requester !== undefined && search.end === undefined)
    tryList(search, runpathOf(context, requester), "runpath", requester.name);
  if (!cacheFirst) tryCache(search, asker);
  if (!asker.noDefaultDirectories) tryList(search, context.system, "system", "");
  else noteForbidden(search);
}

/** Who asks, who asked for that one, and so on; the program at the end if it is not among them. */
function rpathChain(context: SearchContext, requester: Requester | undefined): Requester[] {
  const chain: Requester[] = [];
  for (let object = requester; object !== undefined; object = object.loader) chain.push(object);
  if (!chain.includes(context.program)) chain.push(context.program);
  return chain;
}

/** open_path: each directory with its subdirectories; those found missing are not looked at again. */
function tryList(search: Search, list: DirectoryList, rule: SearchRule, from: string): void {
  const { directories } = list;
  if (search.end !== undefined || directories === undefined) return;
  const { context } = search;
  const { files, subdirectories } = context;
  let what: string | undefined;
  let anyThere = false;
  for (let index = 0; index < directories.length; index++) {
    const directory = directories[index];
    if (directory.what !== what) {
      what = directory.what;
      search.steps.push(pathStep(context, list, directories, index));
    }
    context.triesLeft--;
    let isThere = false;
    for (let i = 0; i < subdirectories.length && search.end === undefined; i++) {
      const path = `${directory.name}${subdirectories[i]}${search.name}`;
      if (directory.exists[i] === false) {
        // Of the many subdirectories for CPUs it is enough to know them missing once.
        if (subdirectories[i] === "") search.tried.push({ path, rule, from, fate: "directory-missing", reason: "" });
        continue;
      }
      if (context.triesLeft-- <= 0) {
        giveUp(search);
        return;
      }
      search.steps.push({ kind: "try", path });
      const found = tryFile(search, path, rule, from);
      if (directory.exists[i] === undefined) {
        const exists = found || files.isDirectory(directory.name + subdirectories[i]);
        directory.exists[i] = exists;
        if (!exists) context.changes++;
      }
      isThere ||= directory.exists[i] === true;
    }
    if (search.end !== undefined) return;
    // The file is there, but something is wrong with it: the rest of this list is left out, not the other lists.
    if (isThere && context.errno !== "ENOENT" && context.errno !== "EACCES") return;
    anyThere ||= isThere;
  }
  if (!anyThere && !list.stays) list.directories = undefined;
}

/** The directories from `start` on that were first named by lists of one kind, as print_search_path writes them. */
function pathStep(
  context: SearchContext,
  list: DirectoryList,
  directories: readonly SearchDirectory[],
  start: number,
): SearchStep {
  if (list.shownAt !== context.changes) list.shown.clear();
  list.shownAt = context.changes;
  const known = list.shown.get(start);
  if (known !== undefined) return known;
  const { what, from } = directories[start];
  const names: string[] = [];
  for (let index = start; index < directories.length && directories[index].what === what; index++) {
    addNames(context, directories[index], names);
  }
  const step: SearchStep = { kind: "path", directories: names, what, from };
  list.shown.set(start, step);
  return step;
}

/** Those not known to be missing, without the slash at the end. */
function addNames(context: SearchContext, { name, exists }: SearchDirectory, names: string[]): void {
  for (const [index, subdirectory] of context.subdirectories.entries()) {
    const whole = name + subdirectory;
    if (exists[index] !== false) names.push(whole === "/" ? whole : whole.slice(0, -1));
  }
}

/** Nothing real gets here: see MOST_TRIES. The load says so. */
function giveUp(search: Search): void {
  const { name, tried, steps } = search;
  search.end = { found: false, object: name, message: "cannot open shared object file: search given up", tried, steps };
}

function tryCache(search: Search, asker: Requester): void {
  const { context } = search;
  const { options, files, machine } = context;
  if (search.end !== undefined || search.onlySetUserId || options.inhibitCache === true) return;
  const file = libraryCachePath(options.profile, context.program.origin);
  search.steps.push({ kind: "cache", path: file });
  if (file === NO_CACHE) return;
  const cache = files.libraryCache(options.profile, file, LOADER_RECORDS[machine].facts.littleEndian);
  if (!context.openedCache) noteCache(context, file);
  const path = cache === undefined ? undefined : lookUpInCache(cache, search.name, machine, context.capabilities);
  if (path === undefined) return;
  search.steps.push({ kind: "try", path });
  const isSystem = options.profile.systemDirectories[machine].some((directory) => path.startsWith(directory));
  if (asker.noDefaultDirectories && isSystem) {
    search.tried.push({ path, rule: "cache", from: file, fate: "not-allowed", reason: "" });
  } else tryFile(search, path, "cache", file);
}

/** The cache is opened once in a process. */
function noteCache(context: SearchContext, path: string): void {
  context.openedCache = true;
  const file = context.files.open(path);
  if (typeof file === "string") context.errno = file;
}

/** DF_1_NODEFLIB: the default directories would have been next. */
function noteForbidden(search: Search): void {
  const { context, name, tried } = search;
  if (search.end !== undefined) return;
  for (const directory of context.options.profile.systemDirectories[context.machine]) {
    tried.push({ path: directory + name, rule: "system", from: "", fate: "not-allowed", reason: "" });
  }
}

/** open_verify. True if the file was opened and is for this machine, even if it may not be used. */
function tryFile(search: Search, path: string, rule: SearchRule, from: string): boolean {
  const { context, tried } = search;
  const file = path === "" ? "ENOENT" : context.files.open(absolute(context, path));
  if (file === "EISDIR") {
    // open(2) takes directories; reading them fails.
    fail(search, path, `cannot read file data: ${search.errorText("EISDIR")}`, rule, from);
    return false;
  }
  if (typeof file === "string") {
    context.errno = file;
    reject(search, "no such file");
    tried.push({ path, rule, from, fate: "missing", reason: file });
    return false;
  }
  const { profile, kernel } = context.options;
  const abi = behaves(profile, "abiNotes") ? { kernel } : undefined;
  const verdict = verifyForGlibc(file.bytes, context.machine, context.interpreter, abi);
  if (verdict.fate === "fatal") {
    fail(search, path, verdict.message, rule, from);
    return false;
  }
  if (verdict.fate !== "taken") {
    skip(search, path, verdict, rule, from);
    return false;
  }
  if (search.onlySetUserId && rule !== "path" && !file.setUserId) {
    context.errno = "ENOENT";
    tried.push({ path, rule, from, fate: "not-allowed", reason: "" });
    return true;
  }
  take(search, path, file, rule, from);
  return true;
}

/** Whatever kept a file from being opened, ld.so says that there is none. */
function reject({ context, steps }: Search, why: (SearchStep & { readonly kind: "rejected" })["why"]): void {
  if (behaves(context.options.profile, "rejectionsNamed")) steps.push({ kind: "rejected", why });
}

function skip(search: Search, path: string, { fate, message, told }: Verdict, rule: SearchRule, from: string): void {
  if (fate === "wrong-class") search.sawOtherClass = true;
  if (fate === "wrong-class") reject(search, "incompatible ELF class");
  else if (told !== undefined) search.steps.push({ kind: "told", text: told });
  else if (fate === "wrong-machine") reject(search, "incompatible ELF machine");
  search.context.errno = "ENOENT";
  search.tried.push({ path, rule, from, fate, reason: message });
}

function take(search: Search, path: string, file: OpenedFile, rule: SearchRule, from: string): void {
  const { context, tried, steps } = search;
  const elf = context.files.parse(file);
  if (elf === undefined) {
    fail(search, path, "invalid ELF header", rule, from);
    return;
  }
  context.errno = undefined;
  tried.push({ path, rule, from, fate: "taken", reason: "" });
  search.end = { found: true, path, rule, file, elf, tried, steps };
}

function fail(search: Search, path: string, message: string, rule: SearchRule, from: string): void {
  const { tried, steps } = search;
  tried.push({ path, rule, from, fate: "fatal", reason: message });
  search.end = { found: false, object: path, message, tried, steps };
}

function notFound(search: Search): SearchResult {
  const { context, name, tried, steps } = search;
  const other = LOADER_RECORDS[context.machine].facts.elfClass === 32 ? "ELFCLASS64" : "ELFCLASS32";
  const reason = context.errno === undefined ? "" : `: ${search.errorText(context.errno)}`;
  const message = search.sawOtherClass ? `wrong ELF class: ${other}` : `cannot open shared object file${reason}`;
  return { found: false, object: name, message, tried, steps };
}
