// The search of musl (ldso/dynlink.c, load_library, path_open, fixup_rpath): LD_LIBRARY_PATH, then the RPATH or RUNPATH of
// who asks and of all who asked for that one, then one list for the system. The first file that opens is it, whatever it is.

import { LOADER_RECORDS } from "../machines/index.ts";
import type { Candidate, OpenFailure, Requester, SearchResult, SearchRule, SearchStep } from "../settings/contract.ts";
import { absolute, type SearchContext } from "./context.ts";
import { MUSL_ERRORS } from "./errors.ts";
import { verifyForMusl } from "./verify.ts";

/** musl holds all of these itself. */
const OWN_LIBRARIES = /^lib(?:c|pthread|rt|m|dl|util|xnet)\./;

/** Does musl take this name for itself, without looking for a file? */
export function isMuslItself(name: string, interpreter: string): boolean {
  return OWN_LIBRARIES.test(name) || name === interpreter;
}

/** NAME_MAX; names and paths that do not fit the buffers are passed over. */
const LONGEST_NAME = 255;
const LONGEST_PATH = 2 * LONGEST_NAME + 2;

/** Behind these errors the search goes on. */
const PASSED_OVER: ReadonlySet<OpenFailure> = new Set<OpenFailure>(["ENOENT", "ENOTDIR", "EACCES", "ENAMETOOLONG"]);

interface Search {
  readonly context: SearchContext;
  readonly name: string;
  readonly tried: Candidate[];
  readonly steps: SearchStep[];
  failure: OpenFailure;
  end: SearchResult | undefined;
}

/** As `findLibrary`, for musl. A name for which `isMuslItself` holds is not to be asked for. */
export function findForMusl(context: SearchContext, name: string, requester: Requester | undefined): SearchResult {
  const search: Search = { context, name, tried: [], steps: [], failure: "ENOENT", end: undefined };
  if (name === "") search.failure = "ENOENT";
  else if (name.includes("/")) tryFile(search, name, "path", "");
  else if (name.length <= LONGEST_NAME) findByName(search, requester);
  // musl then says whatever error came last; this is what it should say.
  else search.failure = "ENAMETOOLONG";
  return (
    search.end ?? {
      found: false,
      object: name,
      message: name === "" ? "Invalid argument" : MUSL_ERRORS[search.failure],
      tried: search.tried,
      steps: search.steps,
    }
  );
}

function findByName(search: Search, requester: Requester | undefined): void {
  const { options } = search.context;
  const libraryPath = options.libraryPath ?? (options.secure ? undefined : options.environment.LD_LIBRARY_PATH);
  if (libraryPath !== undefined)
    tryPath(search, libraryPath, "library-path", options.libraryPath === undefined ? "" : "--library-path");
  for (let object = requester; object !== undefined; object = object.loader) {
    const path = rpathOf(search.context, object);
    if (path !== undefined) tryPath(search, path, object.runpath === undefined ? "rpath" : "runpath", object.name);
  }
  if (search.end !== undefined) return;
  const file = pathFile(search.context);
  const own = search.context.files.readText(file);
  if (typeof own !== "string") tryPath(search, own.text, "musl-path", file);
  else if (own === "ENOENT") tryPath(search, systemPath(search.context), "system", "");
}

/** RUNPATH or RPATH with `$ORIGIN` replaced; one with any other token is void, as is the program's if it is set-user-ID. */
function rpathOf(context: SearchContext, object: Requester): string | undefined {
  const path = object.runpath ?? object.rpath;
  if (path === undefined || !path.includes("$")) return path;
  if (/\$(?!ORIGIN|\{ORIGIN\})/.test(path)) return undefined;
  const { origin } = object;
  const isRefused = context.options.secure && (object === context.program || origin?.startsWith("/") !== true);
  return origin === undefined || isRefused ? undefined : path.replace(/\$(?:ORIGIN|\{ORIGIN\})/g, () => origin);
}

/** /etc/ld-musl-ARCH.path, below the directory that the loader's own directory is in. */
function pathFile({ interpreter, machine }: SearchContext): string {
  const directory = interpreter.slice(0, Math.max(0, interpreter.lastIndexOf("/")));
  const prefix = interpreter.startsWith("/") ? directory.slice(0, Math.max(0, directory.lastIndexOf("/"))) : "";
  const names = LOADER_RECORDS[machine].search.muslNames;
  const name = names.find((it) => interpreter.endsWith(`/ld-musl-${it}.so.1`)) ?? names[0];
  return `${prefix}/etc/ld-musl-${name}.path`;
}

function systemPath({ options, machine }: SearchContext): string {
  return options.profile.systemDirectories[machine].map((directory) => directory.slice(0, -1)).join(":");
}

function tryPath(search: Search, path: string, rule: SearchRule, from: string): void {
  const { context, name, tried, steps } = search;
  if (search.end !== undefined) return;
  const directories = directoriesOf(context, path);
  if (directories.length === 0) return;
  const what =
    rule === "library-path"
      ? "LD_LIBRARY_PATH"
      : rule === "rpath"
        ? "RPATH"
        : rule === "runpath"
          ? "RUNPATH"
          : "system search path";
  steps.push({ kind: "path", directories, what, from: from === "" ? undefined : from });
  for (const directory of directories) {
    if (search.end !== undefined) return;
    if (context.triesLeft-- <= 0) {
      search.end = { found: false, object: name, message: "search given up", tried, steps };
      return;
    }
    const file = `${directory}/${name}`;
    if (file.length < LONGEST_PATH) tryFile(search, file, rule, from);
  }
}

/** The elements of a path, split once for all searches. */
function directoriesOf({ paths }: SearchContext, path: string): readonly string[] {
  let directories = paths.get(path);
  if (directories === undefined) {
    directories = path.split(/[:\n]+/).filter((directory) => directory !== "");
    paths.set(path, directories);
  }
  return directories;
}

function tryFile(search: Search, path: string, rule: SearchRule, from: string): void {
  const { context, tried, steps } = search;
  steps.push({ kind: "try", path });
  const file = context.files.open(absolute(context, path));
  if (typeof file === "string") {
    search.failure = file;
    if (rule === "path" || PASSED_OVER.has(file)) tried.push({ path, rule, from, fate: "missing", reason: file });
    else fail(search, path, MUSL_ERRORS[file], rule, from);
    return;
  }
  const verdict = verifyForMusl(file.bytes, context.machine);
  const elf = verdict.fate === "taken" ? context.files.parse(file) : undefined;
  if (elf === undefined) {
    // A magic that is not ELF's does not bother musl, but nothing here can read such a file.
    fail(search, path, verdict.message === "" ? "Exec format error" : verdict.message, rule, from);
    return;
  }
  tried.push({ path, rule, from, fate: "taken", reason: "" });
  search.end = { found: true, path, rule, file, elf, tried, steps };
}

function fail(search: Search, path: string, message: string, rule: SearchRule, from: string): void {
  const { name, tried, steps } = search;
  tried.push({ path, rule, from, fate: "fatal", reason: message });
  search.end = { found: false, object: name, message, tried, steps };
}
