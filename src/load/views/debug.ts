// What happened, in the words of LD_DEBUG (glibc elf/dl-load.c, dl-version.c, rtld.c, dl-reloc.c, dl-lookup.c, dl-init.c,
// dl-fini.c), so that it can be laid beside what the real loader says. Each line is without ld.so's prefix, "%9lu:\t" with
// the process's number. Nothing is recorded for it while loading: all is read off the process.

import {
  DF_1_INITFIRST,
  DF_1_NODEFLIB,
  DF_1_NODELETE,
  DF_1_NOOPEN,
  DF_1_NOW,
  DF_1_ORIGIN,
  DF_1_PIE,
  DT_PREINIT_ARRAY,
  PT_DYNAMIC,
  STV_PROTECTED,
} from "../../elf/index.ts";
import { symbolicOf } from "../file/dynamic-file.ts";
import { symbolName, symbolVisibility } from "../file/dynamic-symbols.ts";
import { versionIndex } from "../file/version-table.ts";
import { programHeaders } from "../later/calls.ts";
import { CLASS_COPY, CLASS_PLT } from "../machines/index.ts";
import { finiOrder, initFirst, initOrder } from "../memory/order.ts";
import {
  BOUND_BY_LOOKUP,
  BOUND_FROM_CACHE,
  BOUND_LOCALLY,
  type LibrarySearch,
  type LoadedObject,
  type LoadedProcess,
  NOT_YET_BOUND,
} from "../objects/objects.ts";
import type { SearchStep } from "../settings/contract.ts";
import { behaves } from "../settings/profiles.ts";
import { typeClasses } from "../symbols/bind.ts";
import { lookUp, makeQuery, nameQuery, nameVersion } from "../symbols/lookup.ts";
import { lookupRules } from "../symbols/rules.ts";
import { providerOf, versionComplaints } from "../symbols/versions.ts";
import { walkScope } from "./scope-walk.ts";

/** What can be asked for in LD_DEBUG, as far as it is said here. "all" is all of them. */
export type DebugCategory = "libs" | "files" | "versions" | "scopes" | "reloc" | "symbols" | "bindings";

/** What the loader would print with these categories in LD_DEBUG, from the program's start to its end. */
export function debugLines(task: LoadedProcess, categories: ReadonlySet<DebugCategory>): string[] {
  const lines: string[] = [];
  const says = (category: DebugCategory): boolean => categories.has(category);
  const { ended } = task;
  if (says("files")) addUnknownFlags(task.objects[0], lines);
  for (const search of searchesMade(task)) addSearch(task, search, says, lines);
  if (ended?.step === "start" || ended?.step === "search") return lines;
  if (categories.size > 0) addVersions(task, says, lines);
  if (ended?.step === "versions") return lines;
  if (says("scopes")) addScopes(task, lines);
  const libraries = task.relocationOrder.filter(({ kind }) => kind !== "loader");
  const loaders = task.relocationOrder.length < 2 ? [] : task.objects.filter(({ kind }) => kind === "loader");
  for (const object of [...libraries, ...loaders]) {
    if (object.kind === "loader" && behaves(task.options.profile, "mallocLookedUp"))
      for (const name of MALLOC) addOwnLookup(task, name, oldestVersion(object), says, lines);
    if (says("reloc")) lines.push("", `relocation processing: ${object.name}${isLazy(task, object) ? " (lazy)" : ""}`);
    if (says("bindings") || says("symbols")) addBindings(task, object, says, lines);
    if (ended !== undefined && object === ended.object) return [...lines, ...undefinedSymbolLines(task, object)];
  }
  if (ended === undefined) addCalls(task, says, lines);
  return lines;
}

/** What the real loader looks for before its process ends. */
export function searchesMade({ searches, ended }: LoadedProcess): readonly LibrarySearch[] {
  return searches.slice(0, ended?.step === "start" || ended?.step === "search" ? ended.searches : undefined);
}

/** An error, which every category brings (elf/dl-catch.c, _dl_signal_cexception). */
function errorLine(where: LoadedObject, occasion: string, text: string, outcome: "continued" | "fatal"): string {
  return `${where.name}: error: ${occasion}: ${text} (${outcome})`;
}

/** The symbol that ended the process, if it was one. */
function undefinedSymbolLines({ undefinedSymbols, ended }: LoadedProcess, object: LoadedObject): string[] {
  const lost = undefinedSymbols.find((it) => it.object === object && it.relocation === ended?.row);
  if (lost === undefined) return [];
  const version = lost.version === "" ? "" : `, version ${lost.version}`;
  return [errorLine(object, "symbol lookup error", `undefined symbol: ${lost.name}${version}`, "fatal")];
}

function addCalls(task: LoadedProcess, says: (category: DebugCategory) => boolean, lines: string[]): void {
  const [program] = task.objects;
  const say = (text: string): void => void lines.push("", text, "");
  if (!IMPORTANT_CALLS.some(says)) return;
  // glibc 2.36 says so of objects without constructors too.
  const sayInit = (object: LoadedObject): void => say(`calling init: ${object.name}`);
  const first = initFirst(task);
  if (first !== undefined) sayInit(first);
  if (program.file.values.has(DT_PREINIT_ARRAY)) say(`calling preinit: ${program.name}`);
  for (const object of initOrder(task)) if (object.kind !== "program" && object !== first) sayInit(object);
  // The rest is told by libc's own start code (csu/libc-start.c) and by exit, which a program without libc goes without.
  if (!task.objects.some(({ file }) => file.soname === "libc.so.6")) return;
  say(`initialize program: ${program.name}`);
  say(`transferring control: ${program.name}`);
  for (const object of finiOrder(task)) {
    say(`calling fini: ${object.kind === "program" ? "" : object.name} [0]`);
  }
}

/** The categories that include DL_DEBUG_IMPCALLS (elf/rtld.c, process_dl_debug). */
const IMPORTANT_CALLS: readonly DebugCategory[] = ["libs", "reloc", "files", "bindings", "versions"];

function isLazy(task: LoadedProcess, object: LoadedObject): boolean {
  return task.lazy && !object.file.bindNow && object.kind !== "loader";
}

/** LD_DEBUG=bindings, with everything bound at the start. The loader's own bindings are left out, as in trace mode. */
export function bindingLines(task: LoadedProcess): string[] {
  const lines: string[] = [];
  for (const object of task.relocationOrder) {
    if (object.kind !== "loader") addBindings(task, object, (category) => category === "bindings", lines);
  }
  return lines;
}

function addBindings(
  task: LoadedProcess,
  object: LoadedObject,
  says: (category: DebugCategory) => boolean,
  lines: string[],
): void {
  const { bindings, file } = object;
  if (bindings === undefined) return;
  const { ended } = task;
  const count = object === ended?.object && ended.row !== undefined ? ended.row + 1 : symbolicOf(file).count;
  const { provider, rule } = bindings;
  if (object.kind === "program" && task.record.programSymbol !== undefined)
    addOwnLookup(task, task.record.programSymbol, "", says, lines);
  for (let row = 0; row < count; row++) {
    if (rule[row] === BOUND_LOCALLY || rule[row] === BOUND_FROM_CACHE || rule[row] === NOT_YET_BOUND) continue;
    if (says("symbols")) addLookups(task, object, row, lines);
    const isUnbound = object === ended?.object && row === ended.row && ended.unbound === true;
    if (says("bindings") && provider[row] >= 0 && !isUnbound) lines.push(bindingLine(task, object, row));
  }
}

/** In the order of elf/dl-minimal.c. */
const MALLOC: readonly string[] = ["calloc", "free", "malloc", "realloc"];

/** The first that the loader defines, which is libc's first too (GLIBC_2_0 in the machine's shlib-versions); "" if it has none. */
function oldestVersion({ file: { versions } }: LoadedObject): string {
  return versions.definitions.find(({ base }) => !base)?.name ?? "";
}

/** What ld.so looks up for itself, in the program's name. */
function addOwnLookup(
  task: LoadedProcess,
  name: string,
  version: string,
  says: (category: DebugCategory) => boolean,
  lines: string[],
): void {
  const [program] = task.objects;
  const query = makeQuery(lookupRules(task.options), new Map());
  query.from = program;
  nameQuery(query, name);
  if (version !== "") nameVersion(query, version, false);
  lookUp(query, program.scope, 0, true);
  const { provider } = query;
  for (const asked of says("symbols") ? program.scope.flat() : []) {
    lines.push(`symbol=${name};  lookup in file=${asked.name} [0]`);
    if (asked === provider) break;
  }
  if (says("bindings") && provider !== undefined) lines.push(bindingText(program, provider, "normal", name, version));
}

/** Which objects were asked for a symbol: in the order of the scope, up to the one that has it. */
function addLookups(task: LoadedProcess, object: LoadedObject, row: number, lines: string[]): void {
  const { symbol, type } = symbolicOf(object.file);
  const { symbols } = object.file;
  const name = symbolName(symbols, symbol[row]);
  const classes = typeClasses(task)[type[row]];
  const provider: LoadedObject | undefined = task.objects[object.bindings?.provider[row] ?? -1];
  const isPlain = object.bindings?.rule[row] === BOUND_BY_LOOKUP;
  const { ended } = task;
  const isAssertion = object === ended?.object && row === ended.row && ended.asserted !== undefined;
  const isLast = isAssertion
    ? (asked: LoadedObject) => asked === ended.asserted
    : isPlain
      ? (asked: LoadedObject) => asked === provider
      : hasSymbol(task, object, row);
  const ask = (passProgram: boolean): void => {
    for (const asked of object.scope.flat()) {
      if (passProgram && asked.kind === "program") continue;
      lines.push(`symbol=${name};  lookup in file=${asked.name} [0]`);
      if (isLast(asked)) return;
    }
  };
  ask((classes & CLASS_COPY) !== 0);
  // Once more, as calls look it up, to see whether the program has made the function's address its own.
  const isProtected = provider !== undefined && symbolVisibility(symbols, symbol[row]) === STV_PROTECTED;
  if (isProtected && classes !== CLASS_PLT) ask(false);
}

/** Has an object what the reference accepts? Unique and protected symbols may be bound to another one all the same. */
function hasSymbol(task: LoadedProcess, object: LoadedObject, row: number): (asked: LoadedObject) => boolean {
  const found = walkScope(task, object, row).find((step) => step.symbol !== 0)?.object;
  return (asked) => asked === found;
}

/** "binding file A [0] to B [0]: normal symbol `x' [VERSION]" for a row of an object's bindings that has a provider. */
export function bindingLine(task: LoadedProcess, object: LoadedObject, row: number): string {
  const { versions, symbols } = object.file;
  const index = symbolicOf(object.file).symbol[row];
  const kind = symbolVisibility(symbols, index) === STV_PROTECTED ? "protected" : "normal";
  const version = versions.symbolsAt < 0 ? 0 : versionIndex(versions, symbols.bytes, index);
  const asked = versions.hash[version] === 0 ? "" : versions.name[version];
  const to = task.objects[object.bindings?.provider[row] ?? 0];
  return bindingText(object, to, kind, symbolName(symbols, index), asked);
}

function bindingText(from: LoadedObject, to: LoadedObject, kind: string, name: string, version: string): string {
  return `binding file ${from.name} [0] to ${to.name} [0]: ${kind} symbol \`${name}'${version === "" ? "" : ` [${version}]`}`;
}

function addSearch(
  task: LoadedProcess,
  search: LibrarySearch,
  says: (category: DebugCategory) => boolean,
  lines: string[],
): void {
  const { kind, name, requester, object, fresh, begun } = search;
  if (kind === "filter" || kind === "auxiliary") {
    // For DT_FILTER too.
    if (says("libs")) lines.push(`load auxiliary object=${name} requested by file=${requester.name}`);
    return;
  }
  const needed = kind === "opened" ? "dynamically loaded" : "needed";
  if (says("files")) lines.push("", `file=${name} [0];  ${needed} by ${requester.name} [0]`);
  if (says("libs")) lines.push(...searchLines(search));
  if (!says("files")) return;
  if (begun) lines.push(`file=${name} [0];  generating link map`);
  const wasCut = task.ended?.step === "search" && task.ended.object === object;
  if (fresh && object !== undefined && !wasCut) addLinkMap(task, object, lines);
}

/** One search as LD_DEBUG=libs shows it. A name that is a path is not searched for; of it only rejections are told. */
export function searchLines({ name, steps, broken }: LibrarySearch): string[] {
  if (name.includes("/")) return steps.filter(({ kind }) => kind === "rejected" || kind === "told").map(stepLine);
  const lines = [`find library=${name} [0]; searching`, ...steps.map(stepLine)];
  return broken ? lines : [...lines, ""];
}

function stepLine(step: SearchStep): string {
  if (step.kind === "try") return `  trying file=${step.path}`;
  if (step.kind === "rejected") return `    (${step.why})`;
  if (step.kind === "told") return `   ${step.text}`;
  if (step.kind === "cache") return ` search cache=${step.path}`;
  const owner = step.from === undefined ? "" : ` from file ${step.from}`;
  return ` search path=${step.directories.join(":")}\t\t(${step.what}${owner})`;
}

function addLinkMap(task: LoadedProcess, object: LoadedObject, lines: string[]): void {
  const { file, base, start } = object;
  const digits = 2 * task.record.facts.wordBytes;
  const hex = (value: number): string => `0x${value.toString(16).padStart(digits, "0")}`;
  const dynamic = file.elf.segments.find(({ type }) => type === PT_DYNAMIC)?.address ?? 0;
  const last = file.loads.at(-1);
  const size = (last === undefined ? 0 : last.address + last.memoryBytes + base) - start;
  const headers = programHeaders(object);
  addUnknownFlags(object, lines);
  lines.push(
    `  dynamic: ${hex(dynamic + base)}  base: ${hex(base)}   size: ${hex(size)}`,
    `    entry: ${hex(file.elf.header.entry + base)}  phdr: ${hex(headers + base)}  phnum: ${String(file.elf.segments.length).padStart(digits + 2)}`,
    "",
  );
}

/** DF_1_* that glibc knows (include/elf.h, DT_1_SUPPORTED_MASK). */
const KNOWN_FLAGS = DF_1_NOW | DF_1_NODELETE | DF_1_INITFIRST | DF_1_NOOPEN | DF_1_ORIGIN | DF_1_NODEFLIB | DF_1_PIE;

/** Others do nothing (elf/get-dynamic-info.h). */
function addUnknownFlags({ file }: LoadedObject, lines: string[]): void {
  const unknown = (file.flags1 & ~KNOWN_FLAGS) >>> 0;
  if (unknown !== 0) lines.push("", `WARNING: Unsupported flag value(s) of 0x${unknown.toString(16)} in DT_FLAGS_1.`);
}

function addVersions(task: LoadedProcess, says: (category: DebugCategory) => boolean, lines: string[]): void {
  for (const object of task.chain) {
    const complaints = versionComplaints(task, object);
    for (const { library, name } of object.file.versions.needs) {
      const provider = providerOf(task, object, library);
      if (provider === undefined) continue;
      if (task.ended?.step === "versions" && task.ended.object === object && task.ended.asked === provider) return;
      if (says("versions"))
        lines.push(`checking for version \`${name}' in file ${provider.name} [0] required by file ${object.name} [0]`);
      const complaint = complaints.find((it) => it.object === provider && it.version === name);
      if (complaint !== undefined) lines.push(errorLine(provider, "version lookup error", complaint.text, "continued"));
    }
    if (task.ended?.step === "versions" && task.ended.object === object) return;
  }
}

function addScopes(task: LoadedProcess, lines: string[]): void {
  lines.push("", "Initial object scopes");
  for (const object of task.chain) {
    lines.push(`object=${object.name} [0]`);
    if (object.kind === "loader") lines.push(" no scope");
    else object.scope.forEach((list, i) => void lines.push(` scope ${i}: ${list.map(({ name }) => name).join(" ")}`));
    lines.push("");
  }
  const loader = task.objects.find(({ kind }) => kind === "loader");
  // On the list also where nobody needs it, since rtld_multiple_ref went.
  if (loader === undefined || task.chain.includes(loader) || !behaves(task.options.profile, "loaderRelocatedLast"))
    return;
  lines.push(`object=${loader.name} [0]`, " no scope", "");
}
