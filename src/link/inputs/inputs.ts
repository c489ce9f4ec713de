// Reads the inputs in the order of the command line, as GNU ld does: an archive is searched where it stands, --as-needed
// judges a library where it stands. The result is every file that takes part, and a symbol table in which every name has
// got its meaning ("no new inputs beyond this point").

import { machineByEmulation, machineFor } from "../../arch/index.ts";
import { EM_X86_64 } from "../../elf/constants.ts";
import { error, type Place, type Report, warning } from "../../elf/problem.ts";
import type { FileSystem } from "../../host/files.ts";
import type { InputState, LinkInput, LinkOptions } from "../options.ts";
import { parseLinkerScript } from "../script/commands.ts";
import { parseMriScript } from "../script/mri.ts";
import { checkMachine, checkOutput } from "../script/output-names.ts";
import type { BodyStatement, FilePattern, Statement } from "../script/statements.ts";
import type { ScriptCommand, ScriptInput } from "../script/types.ts";
import { undefinedIsError } from "../tables/mode.ts";
import type { LazyMember } from "./archive-types.ts";
import {
  expandSysroot,
  libraryCandidates,
  liesInSysroot,
  type NamingScript,
  scriptCandidates,
  scriptInputCandidates,
} from "./expand.ts";
import { forgetExcluded, forgetUnique, replaceAliases } from "./final-names.ts";
import { spreadObject, spreads } from "./incremental/spread.ts";
import {
  extractAll,
  extractBackwards,
  extractMatching,
  extractWanted,
  indexMembers,
  memberBytes,
  openArchive,
  parseArchive,
} from "./lazy-set.ts";
import {
  addObject,
  addShared,
  compatibility,
  completed,
  createLoader,
  fileKind,
  type Loader,
  readFile,
} from "./loader.ts";
import { binaryObject, symbolsObject } from "./made-objects.ts";
import { missingFileFacts } from "./missing-file.ts";
import { missingLibrary } from "./missing-library.ts";
import { addToGroup, closeGroup, type Searched } from "./search-groups.ts";
import { loadImplicitLibraries } from "./shared/implicit-libraries.ts";
import { joinVersioned } from "./shared/shared-symbols.ts";
import { enterAssignment, enterCommandLineSymbols, requireEntry, requireSymbol } from "./wanted-symbols.ts";

/** Scripts may name scripts; GNU ld stops at 10 levels too. */
const DEEPEST_SCRIPT = 10;

interface Reading {
  readonly loader: Loader;
  /** Open groups, --start-group and GROUP of scripts, the innermost last. */
  readonly groups: Searched[][];
  /** Open --start-lib: its objects. */
  lib: LazyMember[] | undefined;
}

export function readInputs(
  inputs: readonly LinkInput[],
  options: LinkOptions,
  files: FileSystem,
  report: Report,
): Loader {
  const machine = options.emulation === undefined ? undefined : machineByEmulation(options.emulation);
  const loader = createLoader(options, files, report, machine);
  enterCommandLineSymbols(
    loader,
    inputs.some((it) => it.kind === "script"),
  );
  const reading: Reading = { loader, groups: [], lib: undefined };
  const lastScript = inputs.findLastIndex((it) => it.kind === "script");
  for (const [i, input] of inputs.entries()) {
    readInput(reading, input);
    if (i === lastScript) requireEntry(loader);
  }
  if (loader.machine !== undefined && loader.objects.length > 0)
    checkMachine(loader.scriptCommands, loader.machine.name, report);
  closeLib(reading);
  while (reading.groups.length > 0) closeGroup(loader, reading.groups);
  refuseLateShared(loader);
  extractMatching(loader, options.undefinedGlobs);
  if (options.output !== "relocatable") {
    loadImplicitLibraries(loader);
    if (undefinedIsError(options)) {
      extractBackwards(loader);
      loadImplicitLibraries(loader);
    }
  }
  if (loader.excludedSymbols.length > 0) forgetExcluded(loader);
  const { symbols, objects, shared, sharedReferences, candidate, record, versioned } = loader;
  joinVersioned(symbols, objects, shared, sharedReferences, candidate, record, versioned);
  replaceAliases(loader);
  if (!options.gnuUnique && options.output !== "relocatable") forgetUnique(loader);
  return loader;
}

function readInput(reading: Reading, input: LinkInput): void {
  const { loader } = reading;
  if (input.kind === "file" || input.kind === "library") loader.archivesOnly = archivesOnly(loader, input.state);
  switch (input.kind) {
    case "file":
      if (loader.openedByScript.has(input.path)) return;
      readPath(reading, expandSysroot(input.path, loader.options.sysroot), input.bytes, input.state, 0);
      return;
    case "library":
      readLibrary(reading, input.name, input.exact, input.state, 0);
      return;
    case "script":
      readCommandScript(reading, input.path, input.bytes, input.state, input.mri === true);
      return;
    case "just-symbols":
      readSymbolsOnly(loader, expandSysroot(input.path, loader.options.sysroot), input.bytes);
      return;
    case "group-start":
      reading.groups.push([]);
      return;
    case "group-end":
      if (reading.groups.length === 0) loader.report(error("group-end-without-start", {}));
      else closeGroup(loader, reading.groups);
      return;
    case "lib-start":
      if (reading.lib !== undefined) loader.report(error("nested-lib", {}));
      reading.lib ??= [];
      return;
    case "lib-end":
      if (reading.lib === undefined) loader.report(error("lib-end-without-start", {}));
      closeLib(reading);
      return;
  }
}

/**
 * A program for which -static stands before all files, and into which -Bdynamic let a shared library after all: it would need
 * a dynamic linker, and nobody named one (bfd/elfxx-x86.c, static_before_all_inputs). Also where --as-needed has no use for it.
 */
function refuseLateShared(loader: Loader): void {
  const { options, shared, dropped, report } = loader;
  const isProgram = options.output === "executable" || options.output === "pie";
  if (!options.staticFirst || !isProgram || options.noDynamicLinker) return;
  const late = [...shared, ...dropped].sort((a, b) => a.input - b.input);
  for (const { name } of late) report(error("static-link-of-shared", { file: name }));
}

/** -T and -c. A script that ends in INSERT adds to the one in force; any other takes its place. */
function readCommandScript(
  reading: Reading,
  path: string,
  given: Uint8Array | undefined,
  state: InputState,
  isMri: boolean,
): void {
  const { loader } = reading;
  if (isMri) {
    readMriScript(reading, path, given, state);
    return;
  }
  const before = loader.scriptCommands.length;
  if (given !== undefined) {
    loader.dependencies.add(path);
    readScript(reading, path, given, state, 0, undefined);
  } else includeScript(reading, path, {}, state, 0, undefined);
  loader.hasScript ||= !loader.scriptCommands.slice(before).some((it) => it.kind === "insert");
}

/** -c takes the place of the default script, as -T does. Error: `file-not-found`. */
function readMriScript(reading: Reading, path: string, given: Uint8Array | undefined, state: InputState): void {
  const { loader } = reading;
  const found = given === undefined ? findScript(loader, path, {}) : { name: path, bytes: given };
  if (found === undefined) return;
  loader.dependencies.add(found.name);
  loader.hasScript = true;
  const include = (name: string, place: Place): ReturnType<typeof findScript> => findScript(loader, name, place);
  const script = parseMriScript(found.bytes, found.name, loader.report, include);
  if (script !== undefined) enterCommands(reading, found.name, script.commands, state, 0, undefined);
}

function closeLib(reading: Reading): void {
  const { loader, lib } = reading;
  reading.lib = undefined;
  if (lib === undefined) return;
  const set = indexMembers(loader, "", lib);
  loader.lazySets.push(set);
  addToGroup(reading.groups, { kind: "archive", set });
  extractWanted(loader, set);
}

function readPath(
  reading: Reading,
  path: string,
  given: Uint8Array | undefined,
  state: InputState,
  depth: number,
): void {
  const { loader } = reading;
  loader.hasInput = true;
  const bytes = given ?? readFile(loader, path);
  if (bytes === undefined) {
    loader.report(error("file-not-found", {}, missingFileFacts(loader.files, path)));
    return;
  }
  if (given !== undefined) loader.dependencies.add(path);
  addFile(reading, path, bytes, state, depth);
}

function addFile(
  reading: Reading,
  path: string,
  bytes: Uint8Array,
  state: InputState,
  depth: number,
  soname = path,
): void {
  const { loader } = reading;
  const { report } = loader;
  if (state.format === "binary") {
    loader.machine ??= machineFor(EM_X86_64, 64);
    const whole = completed(loader, bytes, bytes, path);
    if (loader.machine === undefined || whole === undefined) return;
    addMade(loader, path, binaryObject(path, whole, loader.machine), "binary");
    return;
  }
  switch (fileKind(bytes)) {
    case "object":
      if (reading.lib !== undefined) reading.lib.push({ name: path, bytes, archive: undefined, path });
      else {
        const own = spreads(loader.options) ? spreadObject(bytes, bytes[4] === 2) : bytes;
        addObject(loader, own, { name: path, path, member: undefined, pulledBy: -1, excluded: false });
      }
      return;
    case "archive": {
      const set = openArchive(loader, path, bytes);
      if (set === undefined) return;
      if (state.wholeArchive) {
        extractAll(loader, set);
        return;
      }
      loader.lazySets.push(set);
      addToGroup(reading.groups, { kind: "archive", set });
      extractWanted(loader, set);
      return;
    }
    case "shared":
      if (archivesOnly(loader, state)) report(error("static-link-of-shared", { file: path }));
      else addLibrary(reading, path, bytes, state, soname);
      return;
    case "executable":
      report(error("executable-as-input", { file: path }));
      return;
    case "bitcode":
      report(error("lto-only-object", { file: path }));
      return;
    case "other-elf":
      report(error("not-linkable-elf", { file: path }));
      return;
    case "text":
      readScript(reading, path, bytes, state, depth, path);
  }
}

function addLibrary(
  { loader, groups }: Reading,
  path: string,
  bytes: Uint8Array,
  { asNeeded, copyDtNeeded }: InputState,
  fallbackSoname: string,
): void {
  const before = loader.dropped.length;
  addShared(loader, bytes, { name: path, path, fallbackSoname, asNeeded, implicit: false, copyDtNeeded });
  for (const dropped of loader.dropped.slice(before)) addToGroup(groups, { kind: "library", dropped });
}

/** --just-symbols: a program's symbols with their addresses, or an object's, but nothing else of the file. */
function readSymbolsOnly(loader: Loader, path: string, given: Uint8Array | undefined): void {
  const { report } = loader;
  loader.hasInput = true;
  const bytes = given ?? readFile(loader, path);
  if (bytes === undefined) {
    report(error("file-not-found", {}, missingFileFacts(loader.files, path)));
    return;
  }
  const kind = fileKind(bytes);
  if (kind !== "object" && kind !== "executable") {
    report(error(kind === "shared" ? "just-symbols-shared" : "just-symbols-kind", { file: path }));
    return;
  }
  const mismatch = compatibility(loader, bytes);
  if (mismatch !== undefined || loader.machine === undefined) {
    if (mismatch !== undefined) report(error(mismatch.code, { file: path }, mismatch.facts));
    return;
  }
  const object = symbolsObject(path, bytes, loader.machine, report);
  if (object !== undefined) addMade(loader, path, object, "symbols");
}

function addMade(loader: Loader, path: string, bytes: Uint8Array, made: "binary" | "symbols"): void {
  addObject(loader, bytes, { name: path, path, member: undefined, pulledBy: -1, excluded: false, made });
}

/**
 * A text file among the inputs is a linker script: what it names takes the place of the file.
 * @param input the input that it is, or that includes it; undefined for -T and what that includes
 */
function readScript(
  reading: Reading,
  path: string,
  bytes: Uint8Array,
  state: InputState,
  depth: number,
  input: string | undefined,
): void {
  const { loader } = reading;
  if (depth >= DEEPEST_SCRIPT) {
    loader.report(error("script-nesting", { file: path }));
    return;
  }
  const commands = parseLinkerScript(bytes, path, loader.report, (name, place) => findScript(loader, name, place));
  if (commands !== undefined) enterCommands(reading, path, commands, state, depth, input);
}

function enterCommands(
  reading: Reading,
  path: string,
  commands: readonly ScriptCommand[],
  state: InputState,
  depth: number,
  input: string | undefined,
): void {
  const { loader } = reading;
  const { sysroot, noStandardLibraryPaths } = loader.options;
  const script = { path: input, inSysroot: liesInSysroot(path, sysroot, loader.files.realPath ?? pathItself) };
  for (const command of commands) {
    if (input !== undefined) loader.additions.add(command);
    switch (command.kind) {
      case "input":
        for (const it of command.inputs) readScriptInput(reading, script, it, state, depth + 1);
        break;
      case "group": {
        reading.groups.push([]);
        for (const it of command.inputs) readScriptInput(reading, script, it, state, depth + 1);
        closeGroup(loader, reading.groups);
        break;
      }
      case "include":
        includeScript(reading, command.path, command.place, state, depth + 1, input);
        break;
      case "search-dir":
        if (noStandardLibraryPaths) break;
        loader.libraryPaths.push(command.path);
        loader.neededPaths.push(command.path);
        break;
      // In front of all others if it is read before them, as -T mostly is.
      case "startup":
        readScriptInput(reading, script, { name: command.path, asNeeded: false }, state, depth + 1);
        break;
      case "output-format":
      case "output-arch":
        checkOutput(command, loader.report);
        loader.scriptCommands.push(command);
        break;
      case "extern":
        for (const name of command.symbols) requireSymbol(loader, name);
        break;
      case "assignment":
        enterAssignment(loader, command.assignment);
        loader.scriptCommands.push(command);
        break;
      case "sections":
        enterStatements(reading, script, command.statements, state, depth + 1);
        loader.scriptCommands.push(command);
        break;
      default:
        loader.scriptCommands.push(command);
    }
  }
}

/** Symbols that statements define or refer to, and files that their patterns name, which take part in the link. */
function enterStatements(
  reading: Reading,
  script: NamingScript,
  statements: readonly Statement[],
  state: InputState,
  depth: number,
): void {
  const enter = (it: Statement | BodyStatement): void => {
    if (it.kind === "assign") enterAssignment(reading.loader, it.assignment);
    else if (it.kind === "input") openNamed(reading, script, it.file, state, depth);
  };
  for (const it of statements) {
    enter(it);
    if (it.kind === "section") for (const inner of it.body) enter(inner);
  }
}

/** A pattern that is a file's name opens that file, there and then, unless it is open (ld/ldlang.c: lookup_name). */
function openNamed(
  reading: Reading,
  script: NamingScript,
  { text, wild, member }: FilePattern,
  state: InputState,
  depth: number,
): void {
  const { loader } = reading;
  if (wild || member !== undefined || loader.openedByScript.has(text)) return;
  if (loader.objects.some((it) => it.path === text) || loader.dependencies.has(text)) return;
  loader.openedByScript.add(text);
  // By its bare name, never next to the script: lookup_name knows no script (new_afile with from_filename NULL).
  readScriptInput(reading, { ...script, path: undefined }, { name: text, asNeeded: false }, state, depth);
}

/** A script that is named: looked for as given and in the library directories. Error: `file-not-found`. */
function findScript(
  loader: Loader,
  path: string,
  place: Place,
): { readonly name: string; readonly bytes: Uint8Array } | undefined {
  const search = { libraryPaths: loader.libraryPaths, sysroot: loader.options.sysroot };
  const found = scriptCandidates(path, search).find((it) => loader.files.exists(it));
  const bytes = found === undefined ? undefined : readFile(loader, found);
  if (found !== undefined && bytes !== undefined) return { name: found, bytes };
  loader.report(error("file-not-found", place, { path }));
  return undefined;
}

/** INCLUDE: the commands of another script, which is looked for as given and in the library directories. */
function includeScript(
  reading: Reading,
  path: string,
  place: Place,
  state: InputState,
  depth: number,
  input: string | undefined,
): void {
  const found = findScript(reading.loader, path, place);
  if (found !== undefined) readScript(reading, found.name, found.bytes, state, depth, input);
}

function pathItself(path: string): string {
  return path;
}

function readScriptInput(
  reading: Reading,
  script: NamingScript,
  input: ScriptInput,
  outer: InputState,
  depth: number,
): void {
  const { loader } = reading;
  const { sysroot } = loader.options;
  const state: InputState = { ...outer, asNeeded: outer.asNeeded || input.asNeeded };
  if (input.name.startsWith("-l")) {
    const exact = input.name.startsWith("-l:");
    readLibrary(reading, input.name.slice(exact ? 3 : 2), exact, state, depth);
    return;
  }
  const search = { libraryPaths: loader.libraryPaths, sysroot };
  const candidates = scriptInputCandidates(input.name, script, archivesOnly(loader, state), search);
  const found = candidates.find((it) => loader.files.exists(it));
  readPath(reading, found ?? input.name, undefined, state, depth);
}

function archivesOnly(loader: Loader, state: InputState): boolean {
  const { output } = loader.options;
  return state.preferStatic || output === "static" || output === "static-pie" || output === "relocatable";
}

/** -lNAME: in each directory libNAME.so, then libNAME.a. What does not fit the link's machine is passed over. */
function readLibrary(reading: Reading, name: string, exact: boolean, state: InputState, depth: number): void {
  const { loader } = reading;
  loader.hasInput = true;
  const search = { libraryPaths: loader.libraryPaths, sysroot: loader.options.sysroot };
  const tried = libraryCandidates(name, exact, archivesOnly(loader, state), search);
  const skipped: string[] = [];
  for (const path of tried) {
    if (!loader.files.exists(path)) continue;
    const bytes = readFile(loader, path);
    if (bytes === undefined) continue;
    if (!fitsLink(loader, path, bytes)) {
      skipped.push(path);
      continue;
    }
    addFile(reading, path, bytes, state, depth, exact ? name : path.slice(path.lastIndexOf("/") + 1));
    return;
  }
  loader.report(missingLibrary(loader, name, exact, archivesOnly(loader, state), skipped));
}

/** GNU ld's "skipping incompatible": a library of another machine does not end the search. */
function fitsLink(loader: Loader, path: string, bytes: Uint8Array): boolean {
  const kind = fileKind(bytes);
  if (kind !== "object" && kind !== "shared" && kind !== "archive") return true;
  const first = kind === "archive" ? firstElfMember(loader, path, bytes) : bytes;
  if (first === undefined || loader.machine === undefined) return true;
  const mismatch = compatibility(loader, first);
  if (mismatch === undefined) return true;
  loader.report(warning("skipping-incompatible", { file: path }, mismatch.facts));
  return false;
}

function firstElfMember(loader: Loader, path: string, bytes: Uint8Array): Uint8Array | undefined {
  // Only the first header is looked at: enough to tell the machine.
  const { members } = parseArchive(loader, path, bytes);
  for (const member of members) {
    const contents = member.bytes === undefined ? undefined : memberBytes(loader, member);
    if (contents !== undefined && fileKind(contents) === "object") return contents;
  }
  return undefined;
}
