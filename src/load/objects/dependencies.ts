// Which objects are in the process: the program, what is preloaded, and what they need, breadth first (glibc
// elf/dl-deps.c, `_dl_map_object_deps`; elf/dl-load.c, `_dl_map_object`). A library that cannot be loaded ends a real
// process; here the rest is loaded all the same, so that everything missing is known.

import {
  DF_1_NODEFLIB,
  DF_1_NOOPEN,
  DT_AUXILIARY,
  DT_FILTER,
  DT_NEEDED,
  DT_SONAME,
  type ElfSegment,
  ET_EXEC,
  error,
  PF_W,
  PT_DYNAMIC,
} from "../../elf/index.ts";
import type { DynamicFile } from "../file/dynamic-file.ts";
import { isLibc } from "../file/second-libc.ts";
import { expandNeeded, findLibrary, isMuslItself, originOf } from "../search/index.ts";
import type { Candidate, LoaderProfile, Requester, SearchRule, SearchStep } from "../settings/contract.ts";
import { behaves } from "../settings/profiles.ts";
import { assertDynamicSection, noteLostDynamicSection } from "./dynamic-assertions.ts";
import { fitsPages, mappedBytes, pageDown, pageUp } from "./map.ts";
import {
  type EndPlace,
  endProcess,
  fatal,
  type LoadedObject,
  type LoadedProcess,
  lacksStrings,
  type ObjectKind,
  pageSizeOf,
  SIGBUS_STATUS,
  SIGSEGV_STATUS,
} from "./objects.ts";

/** What `addObject` is told. */
export interface NewObject {
  readonly file: DynamicFile;
  /** Address of its first page, if it has been chosen. */
  readonly start?: number;
  readonly kind: ObjectKind;
  readonly name: string;
  readonly names: readonly string[];
  /** What the search knows it by; made here if it is not given. */
  readonly searcher?: Requester | undefined;
  readonly requester: LoadedObject | undefined;
  /** Whose RPATH counts for it too (l_loader); none for objects of dlopen. */
  readonly loader: Requester | undefined;
  readonly rule: SearchRule | undefined;
  readonly tried: readonly Candidate[];
  readonly steps: readonly SearchStep[];
}

/** Maps a file into the process: the next object. */
export function addObject(task: LoadedProcess, what: NewObject): LoadedObject {
  const { file, kind, name } = what;
  const pageSize = pageSizeOf(task);
  const bytes = mappedBytes(file, pageSize);
  const start = what.start ?? task.host.place(file, name, kind, bytes, what.rule) ?? 0;
  const first = file.loads.length === 0 ? 0 : pageDown(file.loads[0].address, pageSize);
  const object: LoadedObject = {
    id: task.objects.length,
    kind,
    file,
    name,
    names: [...what.names],
    asked: kind === "library" ? (what.names[1] ?? name) : name,
    requester: what.requester,
    rule: what.rule,
    tried: what.tried,
    steps: what.steps,
    searcher: what.searcher ?? {
      name,
      origin: originOf(kind === "program" ? file.realPath : name, task.options.currentDirectory),
      rpath: file.rpath,
      runpath: file.runpath,
      noDefaultDirectories: (file.flags1 & DF_1_NODEFLIB) !== 0,
      loader: what.loader,
    },
    needed: [],
    initfini: [],
    bound: new Set(),
    pageSize,
    library: task.options.profile.library,
    base: start - first,
    start,
    end: start + bytes,
    tlsModule: 0,
    tlsIsStatic: false,
    tlsOffset: 0,
    scope: [],
    bindings: undefined,
    regions: undefined,
  };
  task.objects.push(object);
  task.chain.push(object);
  index(task, object);
  task.problems.push(...file.problems);
  notePages(task, object);
  noteCut(task, object);
  noteLostDynamicSection(task, object);
  assertDynamicSection(task, object);
  return object;
}

const AT_SEARCH: EndPlace = { step: "search" };

/**
 * Segments that do not lie in the file's pages as in memory's. ld.so refuses such libraries (`refusalOf`). The kernel, which maps
 * the program and the loader, asks mmap for an offset amid a page when the old program is gone already (fs/binfmt_elf.c,
 * elf_load), and kills the process; musl rounds the offset, so that other bytes lie there (ldso/dynlink.c, map_library).
 */
function notePages(task: LoadedProcess, object: LoadedObject): void {
  const { kind, file, pageSize, name } = object;
  if (fitsPages(file, pageSize)) return;
  const place = { file: name };
  // A library in the place of the program is what dlopen would be given.
  const isLibrary = kind === "library" || (kind === "program" && isOpened(file));
  if (isLibrary && task.options.profile.library === "glibc") return;
  if (isLibrary) task.problems.push(error("segments-mapped-elsewhere", place, { page: pageSize }));
  else {
    task.problems.push(error("segments-not-on-pages", place, { page: pageSize }));
    endProcess(task, SIGSEGV_STATUS, { step: "start", object });
  }
}

function isOpened({ elf, interpreter, pie }: DynamicFile): boolean {
  return elf.header.type !== ET_EXEC && interpreter === undefined && !pie;
}

/**
 * Pages behind the end of a file cannot be touched: whose process does it ends by SIGBUS without a word. Mapping a library, the loader
 * clears the rest of its data's last page and reads the dynamic section; relocations come later (symbols/cut-file.ts). The kernel, which maps the program itself, clears the rest of the last page of its data and ends the
 * process by SIGSEGV if it cannot (fs/binfmt_elf.c, padzero).
 */
function noteCut(task: LoadedProcess, object: LoadedObject): void {
  const { pageSize } = object;
  const size = object.file.elf.bytes.length;
  const cut = object.file.loads.filter(
    ({ offset, fileBytes }) => pageUp(size, pageSize) < pageUp(offset + fileBytes, pageSize),
  );
  if (cut.length === 0) return;
  const needed = Math.max(...cut.map(({ offset, fileBytes }) => offset + fileBytes));
  task.problems.push(error("segment-beyond-file", { file: object.name }, { size, needed }));
  const written = cut.filter(({ flags }) => (flags & PF_W) !== 0);
  if (written.length === 0) return;
  const end = pageUp(size, pageSize);
  if (object.kind === "library" && !written.some(isTailBehind(end)) && !isDynamicSectionBehind(object, end)) return;
  const isCleared = object.kind !== "library" && written.some((it) => it.memoryBytes > it.fileBytes);
  endProcess(task, isCleared ? SIGSEGV_STATUS : SIGBUS_STATUS, { step: "search", object });
}

/**
 * Does the dynamic section lie behind the file's last page? Where it would begin in the rest of that page, which is zero, it is there
 * but empty.
 */
function isDynamicSectionBehind({ file: { elf } }: LoadedObject, end: number): boolean {
  const size = elf.bytes.length;
  const section = elf.segments.find(({ type }) => type === PT_DYNAMIC);
  if (section === undefined || (section.offset >= size && section.offset < end)) return false;
  return section.offset + section.fileBytes > end;
}

/** Is a page behind the file's last one cleared in part when the segment is mapped? @param end of that page */
function isTailBehind(end: number): (segment: ElfSegment) => boolean {
  return ({ offset, fileBytes, memoryBytes }) => memoryBytes > fileBytes && offset + fileBytes > end;
}

/** Files are known by their identity only if ld.so opened them itself; musl knows no sonames. */
function index(task: LoadedProcess, object: LoadedObject): void {
  const { file, kind, names } = object;
  for (const name of names) indexName(task, object, name);
  if (kind === "library") task.byIdentity.set(file.identity, object);
  if (file.soname !== undefined && task.options.profile.library !== "musl") indexName(task, object, file.soname);
}

function indexName(task: LoadedProcess, object: LoadedObject, name: string): void {
  const known = task.byName.get(name);
  if (known === undefined) task.byName.set(name, [object]);
  else if (!known.includes(object)) known.push(object);
}

/** Another name for an object. */
function addName(task: LoadedProcess, object: LoadedObject, name: string): void {
  object.names.push(name);
  indexName(task, object, name);
}

/** Takes objects out of the process: no name finds them any more. */
export function forgetObjects(task: LoadedProcess, gone: ReadonlySet<LoadedObject>): void {
  for (const [name, objects] of task.byName) {
    const left = objects.filter((object) => !gone.has(object));
    if (left.length === 0) task.byName.delete(name);
    else task.byName.set(name, left);
  }
  for (const [key, object] of task.byIdentity) if (gone.has(object)) task.byIdentity.delete(key);
  for (const object of gone) task.gone.add(object);
}

/**
 * The object that a name means already, by its names or its soname, which from then on is one of its names. Of several it is
 * the first in the chain, where a filter's object stands before the filter.
 */
export function loadedAs(task: LoadedProcess, name: string): LoadedObject | undefined {
  const named = task.byName.get(name) ?? [];
  const object = named.length > 1 ? task.chain.find((each) => named.includes(each)) : named[0];
  noteLostSoname(task, object);
  if (object !== undefined && !object.names.includes(name)) object.names.push(name);
  return object;
}

/** Each object up to the one that is meant is asked for its soname: a pointer to no strings, if there is no DT_STRTAB. */
function noteLostSoname(task: LoadedProcess, object: LoadedObject | undefined): void {
  if (task.options.profile.library !== "glibc") return;
  const lost = task.chain.find((each) => each === object || lacksNameOf(task, each, DT_SONAME));
  if (lost !== undefined && lost !== object) endProcess(task, SIGSEGV_STATUS, AT_SEARCH);
}

/** Is it asked for a name that it does not have the strings of (elf/dl-load.c, elf/dl-deps.c)? */
function lacksNameOf(task: LoadedProcess, object: LoadedObject, ...tags: readonly number[]): boolean {
  return tags.some((tag) => object.file.values.has(tag)) && lacksStrings(task, object);
}

export type MapResult =
  | { readonly object: LoadedObject; readonly fresh: boolean }
  | {
      readonly object: undefined;
      /** What the message is about: the name, or the path of a file that is wrong. */
      readonly name: string;
      readonly message: string;
      readonly tried: readonly Candidate[];
    };

/**
 * The object for a name, loaded if it is not yet.
 * @param requester who needs it  @param opened by dlopen, so that RPATHs of requesters do not count for what it needs
 * @param preload before all others: see `FindOptions`
 */
export function mapObject(
  task: LoadedProcess,
  name: string,
  requester: LoadedObject,
  opened: boolean,
  preload: boolean,
): MapResult {
  const known = loadedAs(task, name) ?? muslItself(task, name);
  if (known !== undefined) return { object: known, fresh: false };
  const asker = askerFor(task, requester, opened, preload);
  const result = findLibrary(task.host.search, name, asker, { preload, running: opened });
  const searched = (object: LoadedObject | undefined, begun = false): void =>
    void task.searches.push({
      kind: opened ? "opened" : preload ? "preloaded" : "needed",
      name,
      requester,
      object,
      fresh: begun && object !== undefined,
      broken: !result.found && result.tried.at(-1)?.fate === "fatal",
      begun,
      steps: result.steps,
    });
  if (!result.found) {
    searched(undefined);
    return { object: undefined, name: result.object, message: result.message, tried: result.tried };
  }
  const same = task.byIdentity.get(result.file.identity);
  if (same !== undefined) {
    addName(task, same, name);
    searched(same);
    return { object: same, fresh: false };
  }
  const file = task.host.fileOf(result.file);
  const mayBeLibc = file !== undefined && task.options.profile.library === "musl";
  const itself = mayBeLibc && isLibc(file) ? muslItself(task, "libc.so") : undefined;
  if (itself !== undefined) {
    searched(itself);
    return { object: itself, fresh: false };
  }
  const refusal =
    file === undefined ? "invalid ELF header" : refusalOf(task.options.profile, file, opened, pageSizeOf(task));
  const refused = (message: string): MapResult => {
    searched(undefined, file !== undefined);
    return { object: undefined, name, message, tried: result.tried };
  };
  if (file === undefined || refusal !== undefined) return refused(refusal ?? "");
  const start = task.host.place(file, result.path, "library", mappedBytes(file, pageSizeOf(task)), result.rule);
  if (start === undefined) return refused("failed to map segment from shared object");
  const object = addObject(task, {
    file,
    start,
    kind: "library",
    name: result.path,
    names: result.path === name ? [name] : [result.path, name],
    requester,
    loader: opened ? undefined : requester.searcher,
    rule: result.rule,
    tried: result.tried,
    steps: result.steps,
  });
  searched(object, true);
  // Of a file that is cut short nothing more is heard.
  if (task.ended?.object === object) task.ended = { ...task.ended, searches: task.searches.length };
  return { object, fresh: true };
}

/** Whose RPATH counts: musl asks nobody's for preloads, and the program's for dlopen (ldso/dynlink.c, load_preload, dlopen). */
function askerFor(
  task: LoadedProcess,
  requester: LoadedObject,
  opened: boolean,
  preload: boolean,
): Requester | undefined {
  if (task.options.profile.library !== "musl") return requester.searcher;
  if (preload) return undefined;
  return opened ? task.objects[0].searcher : requester.searcher;
}

/** musl is its own libc, libm and so on; it joins the list of objects when somebody first needs one of them. */
function muslItself(task: LoadedProcess, name: string): LoadedObject | undefined {
  const { search } = task.host;
  if (task.options.profile.library !== "musl" || !isMuslItself(name, search.interpreter)) return undefined;
  const loader = task.objects.find(({ kind }) => kind === "loader");
  if (loader !== undefined && !task.chain.includes(loader)) task.chain.push(loader);
  return loader;
}

/** Why a file cannot be mapped although it is an ELF file of the right kind (elf/dl-load.c, `_dl_map_object_from_fd`). */
export function refusalOf(
  profile: LoaderProfile,
  file: DynamicFile,
  opened: boolean,
  pageSize: number,
): string | undefined {
  if (profile.library === "musl") return undefined;
  for (const segment of file.loads) {
    const misaligned = misalignment(profile, segment, pageSize);
    if (misaligned !== undefined) return misaligned;
  }
  if (file.loads.length === 0) return "object file has no loadable segments";
  if (file.elf.header.type === ET_EXEC) return "cannot dynamically load executable";
  if (!file.hasDynamicSection) return "object file has no dynamic section";
  if (file.pie) return "cannot dynamically load position-independent executable";
  if (opened && (file.flags1 & DF_1_NOOPEN) !== 0) return "shared object cannot be dlopen()ed";
  return undefined;
}

function misalignment(
  profile: LoaderProfile,
  { alignment, address, offset }: ElfSegment,
  pageSize: number,
): string | undefined {
  if (!behaves(profile, "anyAlignment")) {
    if (alignment % pageSize !== 0) return "ELF load command alignment not page-aligned";
    const fits = alignment === 0 || (address - offset) % alignment === 0;
    return fits ? undefined : "ELF load command address/offset not properly aligned";
  }
  return (address - offset) % pageSize === 0 ? undefined : "ELF load command address/offset not page-aligned";
}

/** A place in a search list under way. Its dependencies may have to be gone through once more after it was moved. */
interface Entry {
  readonly object: LoadedObject;
  done: boolean;
}

/**
 * Filters that filter each other move each other to the front for ever. The real loader does so until its stack is full; more
 * moves than these no honest program has.
 */
const MOST_MOVES = 10_000;

/**
 * Loads what the objects of `roots` need, and so on.
 * @param roots the program and what is preloaded, or what dlopen opened
 * @returns all of them, breadth first: a search list
 */
export function mapDependencies(task: LoadedProcess, roots: readonly LoadedObject[], opened: boolean): LoadedObject[] {
  const list: Entry[] = roots.map((object) => ({ object, done: false }));
  const listed = new Set(roots);
  // musl knows no filters.
  const isMusl = task.options.profile.library === "musl";
  let moves = 0;
  let at = 0;
  while (at < list.length) {
    const entry = list[at];
    if (entry.done) {
      at++;
      continue;
    }
    entry.done = true;
    const { object } = entry;
    const first = object.needed.length === 0;
    let own = at;
    if (!isMusl && lacksNameOf(task, object, DT_NEEDED, DT_AUXILIARY, DT_FILTER))
      endProcess(task, SIGSEGV_STATUS, AT_SEARCH);
    for (const { tag, name } of object.file.dependencies) {
      if (tag !== DT_NEEDED && isMusl) continue;
      const dependency = dependencyOf(task, object, name, tag, opened);
      if (dependency === undefined) continue;
      if (first) object.needed.push(dependency);
      if (tag === DT_AUXILIARY || tag === DT_FILTER) {
        own = insertBefore(task, list, listed, own, dependency);
        if (moves++ < MOST_MOVES) continue;
        endProcess(task, SIGSEGV_STATUS, AT_SEARCH);
        return list.map((each) => each.object);
      }
      if (!listed.has(dependency)) {
        listed.add(dependency);
        list.push({ object: dependency, done: false });
      }
    }
    // What the roots depend on is sorted when all is known.
    if (first && object !== roots[0]) object.initfini = object.needed;
  }
  return list.map(({ object }) => object);
}

/**
 * Puts a filter's object in front of the one that names it, unless it is in front already. It is gone through there, even if it
 * had been where it was before.
 * @returns the new place of the latter
 */
function insertBefore(
  task: LoadedProcess,
  list: Entry[],
  listed: Set<LoadedObject>,
  own: number,
  filter: LoadedObject,
): number {
  const { object } = list[own];
  if (listed.has(filter)) {
    const late = list.findIndex((entry, index) => index > own && entry.object === filter);
    if (late < 0) return own;
    list.splice(late, 1);
  }
  listed.add(filter);
  list.splice(own, 0, { object: filter, done: false });
  task.chain = task.chain.filter((other) => other !== filter);
  task.chain.splice(task.chain.indexOf(object), 0, filter);
  return own + 1;
}

function dependencyOf(
  task: LoadedProcess,
  object: LoadedObject,
  name: string,
  tag: number,
  opened: boolean,
): LoadedObject | undefined {
  const expanded = expandNeeded(task.host.search, name, object.searcher);
  if ("message" in expanded) {
    if (tag !== DT_AUXILIARY)
      fatal(task, `error while loading shared libraries: ${name}: ${expanded.message}`, 127, AT_SEARCH);
    return undefined;
  }
  if (tag !== DT_NEEDED) {
    const kind = tag === DT_FILTER ? "filter" : "auxiliary";
    task.searches.push({
      kind,
      name: expanded.name,
      requester: object,
      object: undefined,
      fresh: false,
      broken: false,
      begun: false,
      steps: [],
    });
  }
  const result = mapObject(task, expanded.name, object, false, false);
  if (result.object !== undefined) return result.object;
  // An auxiliary library may be missing.
  if (tag === DT_AUXILIARY) return undefined;
  const { message, tried } = result;
  // musl looks again for each who needs it.
  const isKnown = task.missingLibraries.some((missing) => missing.name === name);
  if (!isKnown) task.missingLibraries.push({ name, requester: object, message, tried });
  if (task.options.profile.library === "musl") muslMissing(task, object, name, message);
  else if (!opened && !isKnown)
    fatal(task, `error while loading shared libraries: ${result.name}: ${message}`, 127, AT_SEARCH);
  return undefined;
}

/** musl says it of each library and ends afterwards. */
function muslMissing(task: LoadedProcess, object: LoadedObject, name: string, message: string): void {
  const text = `Error loading shared library ${name}: ${message} (needed by ${object.name})`;
  task.messages.push({ text, fatal: true });
  endProcess(task, 127, AT_SEARCH);
}
