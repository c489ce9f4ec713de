// Reads the inputs in the order of the command line, as GNU ld does: an archive is searched where it stands, --as-needed
// judges a library where it stands. The result is every file that takes part, and a symbol table in which every name has
// got its meaning ("no new inputs beyond this point").

import { machineByEmulation, machineFor } from "../../arch/index.ts";
import { EM_X86_64, STB_GLOBAL } from "../../elf/constants.ts";
import { error, type Place, type Report, warning } from "../../elf/problem.ts";
import type { FileSystem } from "../../host/files.ts";
import type { InputState, LinkInput, LinkOptions } from "../options.ts";
import { parseLinkerScript } from "../script/commands.ts";
import { parseMriScript } from "../script/mri.ts";
import { checkOutput } from "../script/output-names.ts";
import type { Assignment, BodyStatement, Expression, FilePattern, Statement } from "../script/statements.ts";
import { symbolsIn } from "../script/symbols-in.ts";
import type { ScriptCommand, ScriptInput } from "../script/types.ts";
import { SECTION_NONE } from "../tables/ids.ts";
import { undefinedIsError } from "../tables/mode.ts";
import { mergeRegular } from "../tables/resolve.ts";
import {
  FLAG_ASSIGNED,
  FLAG_DROPPED,
  FLAG_REF_REGULAR,
  FLAG_REF_REGULAR_NONWEAK,
  FLAG_REQUIRED,
  FLAG_UNIQUE,
  isUndefined,
  KIND_DEFINED,
  KIND_INDIRECT,
  KIND_UNDEFINED,
  symbolNamed,
} from "../tables/symbol-table.ts";
import type { LazyMember, LazySet } from "./archive-types.ts";
import { entryName } from "./entry-name.ts";
import {
  expandSysroot,
  libraryCandidates,
  liesInSysroot,
  type NamingScript,
  scriptCandidates,
  scriptInputCandidates,
} from "./expand.ts";
import { loadImplicitLibraries } from "./implicit-libraries.ts";
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
  reconsiderShared,
} from "./loader.ts";
import { binaryObject, symbolsObject } from "./made-objects.ts";
import { missingFileFacts } from "./missing-file.ts";
import { missingLibrary } from "./missing-library.ts";
import { findReferrers } from "./references.ts";
import { joinVersioned, type SharedFile } from "./shared-file.ts";
import { spreadObject, spreads } from "./spread.ts";

/** Scripts may name scripts; GNU ld stops at 10 levels too. */
const DEEPEST_SCRIPT = 10;

/** What is searched again at the end of a group: an archive, a library that --as-needed had no use for, a group in it. */
type Searched =
  | { readonly kind: "archive"; readonly set: LazySet }
  | { readonly kind: "library"; readonly dropped: SharedFile }
  | { readonly kind: "group"; readonly members: readonly Searched[] };

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
  closeLib(reading);
  while (reading.groups.length > 0) closeGroup(reading);
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

/** What excluded sections define, and nobody else defines or refers to, is no symbol of the output. */
function forgetExcluded(loader: Loader): void {
  const { symbols } = loader;
  const { any } = findReferrers(loader);
  for (const id of loader.excludedSymbols) {
    if (!isUndefined(symbols, id) || any[id] !== -1) continue;
    symbols.flags[id] = (symbols.flags[id] & ~(FLAG_REF_REGULAR | FLAG_REF_REGULAR_NONWEAK)) | FLAG_DROPPED;
  }
}

/** -u, -e and the names in --defsym are references; what --defsym defines is defined; --wrap redirects references. */
function enterCommandLineSymbols(loader: Loader, hasScript: boolean): void {
  const { options, symbols } = loader;
  for (const name of options.wrap) {
    const plain = symbolNamed(symbols, name);
    loader.wrap.set(plain, symbolNamed(symbols, `__wrap_${name}`));
    loader.wrap.set(symbolNamed(symbols, `__real_${name}`), plain);
  }
  for (const name of [...options.undefined, ...options.requireDefined]) requireSymbol(loader, name);
  // Programs start somewhere: as in GNU ld's script (ENTRY), which brings _start out of an archive too. One of -T says itself.
  const isProgram = !hasScript && options.output !== "relocatable" && options.output !== "shared";
  const entry = options.entry ?? (isProgram ? "_start" : undefined);
  if (entry !== undefined && !/^(0x|[0-9])/.test(entry)) requireSymbol(loader, entry);
  for (const assignment of options.defsym) {
    for (const name of symbolsIn(assignment.value)) refer(loader, name);
    if (!assignment.provide) define(loader, assignment.symbol);
  }
}

/** Where scripts have been read: the entry that the last of them names, or the default script that they add to. */
function requireEntry(loader: Loader): void {
  const { output } = loader.options;
  if (output === "relocatable" || output === "shared") return;
  const entry = entryName(loader) ?? (loader.hasScript ? undefined : "_start");
  if (entry !== undefined && !/^(0x|[0-9])/.test(entry)) requireSymbol(loader, entry);
}

/** Looked for, and listed even where nothing defines it. */
function requireSymbol(loader: Loader, name: string): void {
  refer(loader, name);
  loader.symbols.flags[symbolNamed(loader.symbols, name)] |= FLAG_REQUIRED;
}

function refer(loader: Loader, name: string): void {
  const { candidate, symbols } = loader;
  candidate.kind = KIND_UNDEFINED;
  candidate.section = SECTION_NONE;
  candidate.owner = -1;
  candidate.binding = STB_GLOBAL;
  candidate.type = 0;
  candidate.visibility = 0;
  candidate.size = 0;
  candidate.version = 0;
  mergeRegular(symbols, symbolNamed(symbols, name), candidate, loader.record);
}

/** Defined from the start, so that no archive is searched for it; the value comes after layout (assignments.ts). */
function define(loader: Loader, name: string): void {
  const { symbols } = loader;
  const id = symbolNamed(symbols, name);
  symbols.kind[id] = KIND_DEFINED;
  symbols.owner[id] = -1;
  symbols.flags[id] |= FLAG_ASSIGNED;
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
      else closeGroup(reading);
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

/** Goes over the group until nothing new is found (ldlang.c, open_input_bfds); an outer group goes over it again. */
function closeGroup({ loader, groups }: Reading): void {
  const members = groups.pop() ?? [];
  searchUntilSettled(loader, members);
  addToGroup(groups, { kind: "group", members });
}

function addToGroup(groups: readonly Searched[][], searched: Searched): void {
  groups.at(-1)?.push(searched);
}

/** @returns true if anything was found */
function searchUntilSettled(loader: Loader, members: readonly Searched[]): boolean {
  let any = false;
  for (let again = true; again; ) {
    again = false;
    for (const member of members) if (searchAgain(loader, member)) again = true;
    any ||= again;
  }
  return any;
}

function searchAgain(loader: Loader, searched: Searched): boolean {
  switch (searched.kind) {
    case "archive":
      return extractWanted(loader, searched.set);
    case "library":
      return reconsiderShared(loader, searched.dropped) !== undefined;
    case "group":
      return searchUntilSettled(loader, searched.members);
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
        closeGroup(reading);
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

function enterAssignment(loader: Loader, { symbol, value, provide }: Assignment): void {
  if (provide) return;
  for (const name of symbolsIn(value)) if (name !== symbol) refer(loader, name);
  // `x = DEFINED(x) ? x : 1` asks for what an object may define.
  if (symbol !== "." && !mentions(value, symbol)) define(loader, symbol);
}

function mentions(value: Expression, symbol: string): boolean {
  switch (value.kind) {
    case "number":
      return false;
    case "symbol":
      return value.name === symbol;
    case "unary":
      return mentions(value.operand, symbol);
    case "binary":
      return mentions(value.left, symbol) || mentions(value.right, symbol);
    case "conditional":
      return [value.test, value.then, value.else].some((it) => mentions(it, symbol));
    case "call":
      return value.arguments.some((it) => mentions(it, symbol));
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
  readScriptInput(reading, script, { name: text, asNeeded: false }, state, depth);
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

/** --no-gnu-unique */
function forgetUnique({ symbols }: Loader): void {
  for (let id = 0; id < symbols.names.count; id++) symbols.flags[id] &= ~FLAG_UNIQUE;
}

/** From here on no object refers to a name that is only another name for something. */
function replaceAliases(loader: Loader): void {
  const { symbols } = loader;
  for (const object of loader.objects) {
    const ids = object.symbols;
    for (let i = 0; i < ids.length; i++) {
      while (symbols.kind[ids[i]] === KIND_INDIRECT) ids[i] = symbols.alias[ids[i]];
    }
  }
  for (const shared of loader.shared) {
    const ids = shared.symbols;
    for (let i = 0; i < ids.length; i++) {
      while (ids[i] >= 0 && symbols.kind[ids[i]] === KIND_INDIRECT) ids[i] = symbols.alias[ids[i]];
    }
  }
}
