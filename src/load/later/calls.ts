// What a running program can ask the loader for: dlopen, dlsym, dlclose, dladdr, dl_iterate_phdr (glibc elf/dl-open.c,
// dl-sym.c, dl-close.c, dl-addr.c, dl-iteratephdr.c). The calls change the process as the real ones do; constructors and
// destructors are named, not run.

import { DF_1_NODELETE, PF_X, PT_PHDR, SHN_ABS, STB_GLOBAL, STB_WEAK, STT_TLS } from "../../elf/index.ts";
import type { DynamicFile } from "../file/dynamic-file.ts";
import {
  symbolBinding,
  symbolName,
  symbolSection,
  symbolSize,
  symbolType,
  symbolValue,
} from "../file/dynamic-symbols.ts";
import { forgetObjects, mapDependencies, mapObject } from "../objects/dependencies.ts";
import { addressOf, isIndirect, type LoadedObject, type LoadedProcess } from "../objects/objects.ts";
import { sortObjects } from "../objects/sort.ts";
import { behaves } from "../settings/profiles.ts";
import { bindObject } from "../symbols/bind.ts";
import { lookUp, makeQuery, nameQuery, nameVersion } from "../symbols/lookup.ts";
import { lookupRules, sortRules } from "../symbols/rules.ts";
import { versionComplaints } from "../symbols/versions.ts";
import { numberModules } from "../tls/tls.ts";

export interface OpenFlags {
  /** RTLD_NOW; else RTLD_LAZY. */
  readonly now?: boolean;
  /** RTLD_GLOBAL: its symbols serve objects loaded later. */
  readonly global?: boolean;
  /** RTLD_DEEPBIND: it looks into itself and its needs before the global scope. */
  readonly deepBind?: boolean;
  /** RTLD_NOLOAD: only if it is there. */
  readonly noLoad?: boolean;
  /** RTLD_NODELETE: never unloaded. */
  readonly noDelete?: boolean;
}

export type OpenResult =
  | {
      readonly opened: true;
      readonly object: LoadedObject;
      /** What was loaded for it, in the order of constructors. */
      readonly fresh: readonly LoadedObject[];
    }
  | {
      readonly opened: false;
      /** dlerror()'s text; undefined where RTLD_NOLOAD found nothing, which is no error. */
      readonly message: string | undefined;
    };

/**
 * dlopen.
 * @param name as the program says it; "" for the program itself
 * @param caller the object whose code calls: its RUNPATH counts
 */
export function dlopen(task: LoadedProcess, name: string, caller: LoadedObject, flags: OpenFlags = {}): OpenResult {
  if (name === "") return { opened: true, object: task.objects[0], fresh: [] };
  const before = task.objects.length;
  const chain = [...task.chain];
  if (flags.noLoad === true && !isThere(task, name)) return { opened: false, message: undefined };
  const result = mapObject(task, name, caller, true, false);
  if (result.object === undefined) return { opened: false, message: `${result.name}: ${result.message}` };
  const root = result.object;
  if (!task.opened.has(root)) task.opened.set(root, { count: 0, list: [] });
  const handle = task.opened.get(root) ?? { count: 0, list: [] };
  handle.count++;
  if (flags.noDelete === true || (root.file.flags1 & DF_1_NODELETE) !== 0) task.kept.add(root);
  if (handle.list.length > 0) {
    if (flags.global === true) addToGlobal(task, handle.list);
    return { opened: true, object: root, fresh: [] };
  }
  const missing = task.missingLibraries.length;
  const list = root === task.objects[0] ? task.globalScope : mapDependencies(task, [root], true);
  const lost = task.missingLibraries[missing];
  if (lost !== undefined) return undo(task, root, before, chain, `${lost.name}: ${lost.message}`);
  handle.list = list;
  const fresh = task.objects.slice(before);
  for (const object of fresh) {
    const complaint = versionComplaints(task, object).find(({ fatal }) => fatal);
    if (complaint !== undefined) return undo(task, root, before, chain, `${complaint.object.name}: ${complaint.text}`);
  }
  const stack = fresh.find(({ file }) => needsExecutableStack(task, file));
  if (stack !== undefined && behaves(task.options.profile, "noExecutableStackByOpen")) {
    const text = "cannot enable executable stack as shared object requires: Invalid argument";
    return undo(task, root, before, chain, `${stack.name}: ${text}`);
  }
  setScopes(task, list, fresh, flags.deepBind === true);
  numberModules(fresh, 1 + Math.max(0, ...task.objects.map(({ tlsModule }) => tlsModule)));
  const isFresh = new Set(fresh);
  const sorted = sortObjects(list, sortRules(task.options));
  root.initfini = sorted;
  const order = [...sorted].reverse().filter((object) => isFresh.has(object));
  task.relocationOrder.push(...order);
  const failure = bindFresh(task, order, flags.now !== true);
  if (failure !== undefined) return undo(task, root, before, chain, failure);
  if (flags.global === true) addToGlobal(task, list);
  return { opened: true, object: root, fresh: order };
}

/** PT_GNU_STACK asks for it, or is missing, which means the same on some machines. */
export function needsExecutableStack({ record }: LoadedProcess, file: DynamicFile): boolean {
  return file.stackFlags === undefined ? record.stackIsExecutable : (file.stackFlags & PF_X) !== 0;
}

function isThere(task: LoadedProcess, name: string): boolean {
  return task.byName.has(name);
}

/** Where the new objects look things up, and where old ones do that now depend on them (add_to_global, resize_scopes). */
function setScopes(
  task: LoadedProcess,
  list: readonly LoadedObject[],
  fresh: readonly LoadedObject[],
  deepBind: boolean,
): void {
  for (const object of list) {
    if (!fresh.includes(object)) {
      if (!task.globalAtStart.has(object) && !object.scope.includes(list)) object.scope.push(list);
      continue;
    }
    object.scope = deepBind ? [list, task.globalScope] : [task.globalScope, list];
    if (object.file.looksIntoItselfFirst && !deepBind) object.scope.unshift([object]);
  }
}

/** Binds what is new. Returns the message of what was not found. */
function bindFresh(task: LoadedProcess, order: readonly LoadedObject[], lazy: boolean): string | undefined {
  const query = makeQuery(lookupRules(task.options), task.unique);
  const quiet = task.messages.length;
  const { exitCode, ended } = task;
  const lost = task.undefinedSymbols.length;
  const failedTls = task.problems.length;
  for (const object of order) bindObject(task, object, query, lazy && task.lazy && !object.file.bindNow);
  const [symbol] = task.undefinedSymbols.splice(lost);
  const noTls = task.problems.slice(failedTls).find(({ code }) => code === "static-tls-exhausted");
  if (symbol === undefined && noTls === undefined) return undefined;
  // An error of dlopen is the program's to handle.
  task.messages.length = quiet;
  task.exitCode = exitCode;
  task.ended = ended;
  if (symbol === undefined) return `${noTls?.place.file}: cannot allocate memory in static TLS block`;
  const version = symbol.version === "" ? "" : `, version ${symbol.version}`;
  return `${symbol.object.name}: undefined symbol: ${symbol.name}${version}`;
}

/** A dlopen that fails leaves nothing behind. Ids are never used again, so the records of objects stay. */
function undo(
  task: LoadedProcess,
  root: LoadedObject,
  before: number,
  chain: LoadedObject[],
  message: string,
): OpenResult {
  const fresh = new Set(task.objects.slice(before));
  task.chain = chain;
  task.relocationOrder = task.relocationOrder.filter((object) => !fresh.has(object));
  for (const object of task.objects)
    object.scope = object.scope.filter((list) => !list.some((other) => fresh.has(other)));
  forgetObjects(task, fresh);
  const handle = task.opened.get(root);
  if (handle !== undefined && --handle.count === 0) task.opened.delete(root);
  return { opened: false, message };
}

function addToGlobal(task: LoadedProcess, list: readonly LoadedObject[]): void {
  for (const object of list) if (!task.globalScope.includes(object)) task.globalScope.push(object);
}

/** RTLD_DEFAULT and RTLD_NEXT. */
export type SymbolPlace = LoadedObject | "default" | "next";

export type SymbolResult =
  | {
      readonly found: true;
      readonly object: LoadedObject;
      /** Index in the object's dynamic symbols. */
      readonly symbol: number;
      /** Undefined for thread-local variables, and for indirect functions whose choice is not known. */
      readonly address: number | undefined;
    }
  | { readonly found: false; readonly message: string };

/**
 * dlsym, and with `version` dlvsym.
 * @param place a handle of dlopen, or where to look instead
 * @param caller the object whose code calls; RTLD_NEXT begins behind it
 */
export function dlsym(
  task: LoadedProcess,
  place: SymbolPlace,
  name: string,
  caller: LoadedObject,
  version?: string,
): SymbolResult {
  const query = makeQuery(lookupRules(task.options), task.unique);
  nameQuery(query, name);
  query.newest = version === undefined;
  if (version !== undefined) nameVersion(query, version, true);
  const list = localList(task, caller);
  if (place === "default") lookUp(query, caller.scope, 0, false);
  else if (place === "next") lookUp(query, [list], list.indexOf(caller) + 1, false);
  else lookUp(query, [localList(task, place)], 0, false);
  const { provider, found } = query;
  if (provider === undefined) {
    const asker = place === "default" || place === "next" ? caller : place;
    const asked = version === undefined ? "" : `, version ${version}`;
    return { found: false, message: `${asker.name}: undefined symbol: ${name}${asked}` };
  }
  return { found: true, object: provider, symbol: found, address: symbolAddress(task, provider, found) };
}

function symbolAddress(task: LoadedProcess, object: LoadedObject, symbol: number): number | undefined {
  if (symbolType(object.file.symbols, symbol) === STT_TLS) return undefined;
  const address = addressOf(object, symbol);
  if (!isIndirect(object, symbol)) return address;
  const chosen = task.host.resolveIndirect?.(object, address);
  return typeof chosen === "number" ? chosen : undefined;
}

/** The objects that were loaded together with one: the list of the dlopen that brought it, or the global one. */
function localList(task: LoadedProcess, object: LoadedObject): readonly LoadedObject[] {
  const own = task.opened.get(object)?.list;
  if (own !== undefined && own.length > 0) return own;
  if (task.globalAtStart.has(object)) return task.globalScope;
  return object.scope.find((list) => list !== task.globalScope && list.length > 1) ?? [object];
}

/**
 * dlclose: unloads what nothing needs any more.
 * @returns what was unloaded, in the order of destructors
 */
export function dlclose(task: LoadedProcess, handle: LoadedObject): LoadedObject[] {
  const opened = task.opened.get(handle);
  if (opened === undefined || opened.count === 0) return [];
  opened.count--;
  // musl never unloads.
  if (opened.count > 0 || task.options.profile.library === "musl") return [];
  task.opened.delete(handle);
  const used = usedObjects(task);
  const going = task.chain.filter((object) => !used.has(object));
  if (going.length === 0) return [];
  const order = sortObjects([...task.chain], sortRules(task.options), true).filter((object) => !used.has(object));
  unload(task, new Set(going));
  return order;
}

/** What was there at the start, is open, is never to go, or is needed by or bound to one of these. */
function usedObjects(task: LoadedProcess): Set<LoadedObject> {
  const isKept = (object: LoadedObject): boolean =>
    task.globalAtStart.has(object) ||
    object.kind !== "library" ||
    task.opened.has(object) ||
    task.kept.has(object) ||
    (object.file.flags1 & DF_1_NODELETE) !== 0;
  const used = new Set(task.chain.filter(isKept));
  for (const { object } of task.unique.values()) if (task.chain.includes(object)) used.add(object);
  // A set takes in what is added while it is walked.
  for (const object of used) {
    for (const other of object.needed) used.add(other);
    for (const other of object.bound) used.add(other);
  }
  return used;
}

function unload(task: LoadedProcess, going: ReadonlySet<LoadedObject>): void {
  const stays = (object: LoadedObject): boolean => !going.has(object);
  task.chain = task.chain.filter(stays);
  task.relocationOrder = task.relocationOrder.filter(stays);
  forgetObjects(task, going);
  for (const object of going) {
    const at = task.globalScope.indexOf(object);
    if (at >= 0) task.globalScope.splice(at, 1);
  }
  for (const object of task.chain) {
    object.scope = object.scope.filter((list) => list === task.globalScope || list.some(stays));
  }
}

export interface AddressInfo {
  readonly object: LoadedObject;
  /** Index of the nearest symbol that the address is in, 0 for none; its name and address. */
  readonly symbol: number;
  readonly name: string;
  readonly symbolAddress: number;
}

/** dladdr: which object an address is in, and which exported symbol; undefined if it is in none. */
export function dladdr(task: LoadedProcess, address: number): AddressInfo | undefined {
  const object = [...task.chain, ...task.objects.filter(({ kind }) => kind === "loader")].find(
    ({ start, end }) => address >= start && address < end,
  );
  if (object === undefined) return undefined;
  const { symbols, hash } = object.file;
  let best = 0;
  for (const index of hash?.kind === "gnu" ? hashOrder(hash) : indices(symbols.count)) {
    if (index < symbols.count && matchesAddress(object, index, best, address, hash?.kind !== "gnu")) best = index;
  }
  return {
    object,
    symbol: best,
    name: best === 0 ? "" : symbolName(symbols, best),
    symbolAddress: best === 0 ? 0 : object.base + symbolValue(symbols, best),
  };
}

/** The symbols of a GNU hash table lie one behind the other. */
function hashOrder(hash: { readonly firstIndex: number; readonly chain: Uint32Array }): number[] {
  return Array.from(hash.chain, (_, i) => hash.firstIndex + i);
}

function indices(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** DL_ADDR_SYM_MATCH of elf/dl-addr.c. */
function matchesAddress(
  object: LoadedObject,
  index: number,
  best: number,
  address: number,
  onlyGlobal: boolean,
): boolean {
  const { symbols } = object.file;
  const section = symbolSection(symbols, index);
  const value = symbolValue(symbols, index);
  if (section === SHN_ABS || (section === 0 && value === 0) || symbolType(symbols, index) === STT_TLS) return false;
  const binding = symbolBinding(symbols, index);
  if (onlyGlobal && binding !== STB_GLOBAL && binding !== STB_WEAK) return false;
  const start = object.base + value;
  const size = symbolSize(symbols, index);
  const inside = section === 0 || size === 0 ? address === start : address >= start && address < start + size;
  return inside && (best === 0 || symbolValue(symbols, best) < value);
}

/** What dl_iterate_phdr tells its callback of an object. */
export interface ObjectHeaders {
  readonly object: LoadedObject;
  /** dlpi_addr and dlpi_name; the program's is empty. */
  readonly base: number;
  readonly name: string;
  /** Address and number of the program headers. */
  readonly headers: number;
  readonly headerCount: number;
  /** dlpi_tls_modid, and `LoadedObject.tlsOffset`; 0 for none. */
  readonly tlsModule: number;
  readonly tlsOffset: number;
}

/** dl_iterate_phdr: the objects in the order of the chain. The kernel's vDSO, which the real chain has too, is not here. */
export function iterateHeaders(task: LoadedProcess): ObjectHeaders[] {
  return task.chain.map((object) => ({
    object,
    base: object.base,
    name: object.kind === "program" ? "" : object.name,
    headers: object.base + programHeaders(object),
    headerCount: object.file.elf.segments.length,
    tlsModule: object.tlsModule,
    tlsOffset: object.tlsOffset,
  }));
}

/** Where the program headers are in memory, in the object's own addresses. */
export function programHeaders({ file }: LoadedObject): number {
  const named = file.elf.segments.find(({ type }) => type === PT_PHDR);
  if (named !== undefined) return named.address;
  const at = file.elf.header.segmentOffset;
  const segment = file.loads.find(({ offset, fileBytes }) => at >= offset && at < offset + fileBytes);
  return segment === undefined ? 0 : segment.address + (at - segment.offset);
}
