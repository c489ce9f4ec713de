// Loading a program in the worker: the files that were given are the whole file system. The process is kept, so that its tables and
// the questions about it need no second load.

import { linkMapChapter, memoryChapter } from "../../src/explain/load/program.ts";
import { bindingChapter, loadedRelocationChapter } from "../../src/explain/load/relocations.ts";
import { placesTried } from "../../src/explain/load/search-words.ts";
import { foundBy, missingTexts, shortName } from "../../src/explain/load/words.ts";
import { describeProblem } from "../../src/explain/render.ts";
import { memoryLoadFiles } from "../../src/host/memory-load-files.ts";
import {
  iterateHeaders,
  type LoadedObject,
  type LoadedProcess,
  type LoaderProfile,
  type LoadFiles,
  type LoadOptions,
  type LoadResult,
  load,
  loadCache,
  loaderMachineOf,
  pagesOf,
  parseProfile,
  processMemory,
  profileName,
  profileOf,
  profileOfInterpreter,
  protectionText,
  VERSIONS,
} from "../../src/load/index.ts";
import type {
  LoadAnswer,
  LoadAsk,
  RowsAnswer,
  RowsQuestion,
  ShownObject,
  ShownPages,
  ShownProblem,
} from "./protocol.ts";
import { WHOLE } from "./read-tables.ts";
import { rooted, rootOf } from "./root.ts";
import { PAGE_STYLE, type RowsCache, type ShownTable, shown } from "./tables.ts";
import { openFile, summaryFor, type Workspace } from "./workspace.ts";

/** A load that was made, and what was taken for granted. */
export interface MadeLoad {
  readonly key: string;
  readonly result: LoadResult;
  readonly assumed: readonly string[];
  /** The folder among the files that is its root; empty for none. */
  readonly folder: string;
}

export const shownProblem = (problem: Parameters<typeof describeProblem>[0]): ShownProblem => describeProblem(problem);

let latest: MadeLoad | undefined;

/** A process that nobody else looks at. */
export function freshLoad(space: Workspace, ask: LoadAsk): LoadedProcess | undefined {
  const { result } = makeLoad(space, ask);
  return result.loaded ? result.process : undefined;
}

/** The same load as before, or a new one. */
export function loadFor(space: Workspace, ask: LoadAsk): MadeLoad {
  const key = `${space.edition} ${JSON.stringify(ask)}`;
  if (latest?.key !== key) latest = { key, ...makeLoad(space, ask) };
  return latest;
}

function makeLoad(space: Workspace, ask: LoadAsk): Omit<MadeLoad, "key"> {
  const given = new Map<string, Uint8Array>();
  for (const path of space.given.keys()) {
    const { kind } = summaryFor(space, path);
    // What the program is to be is there in any case: it says itself what it is not.
    const isWanted = kind.startsWith("elf-") || rooted(path).startsWith("/etc/") || path === ask.program;
    const file = isWanted ? openFile(space, path, WHOLE) : undefined;
    if (file !== undefined) given.set(path, file.bytes);
  }
  const root = rootOf(given, ask.program, ask.environment, ask.root);
  const assumed = [...root.assumed];
  const files = memoryLoadFiles(root.entries);
  const machine = (root.image && loaderMachineOf(root.image)) ?? "x86-64";
  const options: LoadOptions = {
    profile: profileFor(files, ask.profile, root.interpreter, machine, assumed),
    environment: root.environment,
    currentDirectory: "/",
    secure: false,
    hwcaps: [],
    ...(machine === "x86-64" ? { platform: "x86_64" } : {}),
  };
  const result = load(root.program, options, loadCache(files), {
    bindNow: ask.now,
    given: placesOf(ask.bases, [...root.entries.keys()]),
  });
  if (result.loaded) processMemory(result.process);
  return { result, assumed, folder: root.folder };
}

/** An address that was given by the last part of a path is that of every such path. */
function placesOf(bases: LoadAsk["bases"], paths: readonly string[]): Map<string, number> {
  const places = new Map(Object.entries(bases));
  for (const path of paths) {
    const base = bases[path.slice(path.lastIndexOf("/") + 1)];
    if (base !== undefined) places.set(path, base);
  }
  return places;
}

function profileFor(
  files: LoadFiles,
  wanted: string,
  interpreter: string | undefined,
  machine: Parameters<typeof profileOfInterpreter>[1],
  assumed: string[],
): LoaderProfile {
  const named = wanted === "" ? undefined : parseProfile(wanted);
  if (named !== undefined) return named;
  const opened = interpreter === undefined ? "ENOENT" : files.open(interpreter);
  const found = typeof opened === "string" ? undefined : profileOfInterpreter(opened.bytes, machine, opened.realPath);
  if (found !== undefined) return found;
  const library = interpreter?.includes("musl") === true ? "musl" : "glibc";
  const profile = profileOf(library, VERSIONS[library].last);
  if (interpreter !== undefined) assumed.push(`${interpreter} was not given; it is taken for ${profileName(profile)}.`);
  return profile;
}

export function loadAnswer(space: Workspace, ask: LoadAsk): LoadAnswer {
  const { result, assumed, folder } = loadFor(space, ask);
  if (!result.loaded) {
    return {
      problem: shownProblem(result.problem),
      title: ask.program,
      assumed,
      messages: [],
      problems: [],
      objects: [],
      pages: [],
      missing: [],
      order: [],
      headers: [],
    };
  }
  const { process } = result;
  const ended = process.exitCode === undefined ? "" : `; it does not start: exit status ${process.exitCode}`;
  const binds = process.lazy ? "calls are bound when they are first made" : "everything is bound at once";
  return {
    problem: undefined,
    title: `${process.machine}, loaded as by ${profileName(process.options.profile)}; ${binds}${ended}`,
    assumed,
    messages: process.messages.map(({ text }) => text),
    problems: process.problems.map(shownProblem),
    objects: process.objects.map((object) => shownObject(process, object, folder)),
    pages: process.objects.flatMap(pagesShown).sort((a, b) => a.start - b.start),
    missing: process.missingLibraries.map((it) => ({
      name: it.name,
      requester: it.requester.name,
      lines: [it.message, ...missingTexts(process, it)],
    })),
    order: process.relocationOrder.map(shortName),
    headers: [...iterateHeaders(process)].map(({ name, base, headers, headerCount, tlsModule }) => ({
      name,
      base,
      headers,
      count: headerCount,
      tlsModule,
    })),
  };
}

function shownObject(process: LoadedProcess, object: LoadedObject, folder: string): ShownObject {
  const entries = object.file.ranges.reduce((sum, { start, end, entry }) => sum + (end - start) / entry, 0);
  return {
    id: object.id,
    name: object.name,
    short: shortName(object),
    kind: object.kind,
    file: folder === "" ? object.file.realPath.replace(/^\//, "") : `${folder}${object.file.realPath}`,
    base: object.base,
    start: object.start,
    end: object.end,
    foundBy: foundBy(object),
    requester: object.requester?.id ?? -1,
    needed: object.needed.map(({ id }) => id),
    tried: placesTried(object.tried, object.steps, object.asked, process.host.search),
    scope: object.scope.map((list) => list.map(shortName)),
    relocations: entries,
  };
}

/** The page ranges after relocation, each with what it was before. */
function pagesShown(object: LoadedObject): ShownPages[] {
  const before = pagesOf(object, false);
  return pagesOf(object, true).map(({ start, end, flags, fileOffset }) => {
    const was = before.find((it) => it.start <= start && start < it.end);
    return {
      object: object.id,
      start,
      end,
      before: protectionText(was?.flags ?? flags),
      after: protectionText(flags),
      zeros: fileOffset < 0 && flags !== 0,
    };
  });
}

/** Tables of a load: `linkmap`, `memory`, `relocations:3`, `references:3`. */
export function loadRows(
  space: Workspace,
  ask: LoadAsk,
  question: RowsQuestion,
  cache: Map<string, RowsCache>,
): RowsAnswer {
  const { key, result } = loadFor(space, ask);
  if (!result.loaded) throw new Error(`${ask.program} is not loaded: what keeps it from that is said above`);
  const table = loadTable(result.process, question.part);
  if (table === undefined) throw new Error(`there is no table ${question.part}`);
  return table.answer(question, cache, `${key} ${question.part}`);
}

const tables = new WeakMap<LoadedProcess, Map<string, ShownTable>>();

function loadTable(process: LoadedProcess, part: string): ShownTable | undefined {
  const known = tables.get(process) ?? new Map<string, ShownTable>();
  tables.set(process, known);
  const made = known.get(part) ?? makeTable(process, part);
  if (made !== undefined) known.set(part, made);
  return made;
}

function makeTable(process: LoadedProcess, part: string): ShownTable | undefined {
  const [name, id] = part.split(":");
  const object = process.objects[Number(id)];
  switch (name) {
    case "linkmap":
      return shown({
        chapter: linkMapChapter(process),
        keyOf: ({ id: own }) => String(own),
        leadOf: (it, column) => (column === 2 ? { view: "why", name: it.name } : undefined),
      });
    case "memory":
      return shown({
        chapter: memoryChapter(process),
        keyOf: (it) => String(it.start),
        leadOf: (it, column) => (column === 0 ? { view: "why", name: `0x${it.start.toString(16)}` } : undefined),
      });
    case "relocations":
      return (
        object &&
        shown({
          chapter: loadedRelocationChapter(process, object, PAGE_STYLE),
          keyOf: (it) => String(it.site),
          leadOf: (it, column) => {
            if (column === 0) return { view: "why", name: `0x${it.site.toString(16)}` };
            return column === 2 && it.name !== "" ? { view: "why", name: it.name } : undefined;
          },
        })
      );
    case "references":
      return (
        object &&
        shown({
          chapter: bindingChapter(process, object, PAGE_STYLE),
          keyOf: (it) => `${it.site}`,
          leadOf: (it, column) => {
            if (column === 0) return { view: "why", name: it.name };
            return column === 1 && it.provider !== undefined ? { view: "why", name: it.provider.name } : undefined;
          },
        })
      );
    default:
      return undefined;
  }
}
