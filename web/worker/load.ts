// Loading a program in the worker: the files that were given are the whole file system. The process is kept, so that its tables and
// the questions about it need no second load.

import { PT_INTERP, parseElfImage } from "../../src/elf/index.ts";
import { nameAt } from "../../src/elf/text.ts";
import { linkMapChapter, memoryChapter } from "../../src/explain/load/program.ts";
import { bindingChapter, loadedRelocationChapter } from "../../src/explain/load/relocations.ts";
import { placesTried } from "../../src/explain/load/search-words.ts";
import { foundBy, missingTexts, shortName } from "../../src/explain/load/words.ts";
import { describeProblem } from "../../src/explain/render.ts";
import { type MemoryEntry, memoryLoadFiles } from "../../src/host/memory-load-files.ts";
import {
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
import { answerRows, PAGE_STYLE, type PageTable, type RowsCache } from "./tables.ts";
import { openFile, summaryFor, type Workspace } from "./workspace.ts";

/** A load that was made, and what was taken for granted. */
export interface MadeLoad {
  readonly key: string;
  readonly result: LoadResult;
  readonly assumed: readonly string[];
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
  const assumed: string[] = [];
  const entries = new Map<string, MemoryEntry>();
  for (const path of space.given.keys()) {
    const kind = summaryFor(space, path).kind;
    const file = kind.startsWith("elf-") || rooted(path).startsWith("/etc/") ? openFile(space, path, true) : undefined;
    if (file !== undefined) entries.set(rooted(path), file.bytes);
  }
  const path = rooted(ask.program);
  const program = openFile(space, ask.program, true);
  const image = program && parseElfImage(program.bytes, path, () => {});
  const interpreter = image && interpreterOf(image);
  if (interpreter !== undefined) standIn(entries, interpreter, assumed);
  const environment = environmentOf(ask.environment);
  if (environment.LD_LIBRARY_PATH === undefined) {
    const directories = flatDirectories(space);
    if (directories !== undefined) {
      environment.LD_LIBRARY_PATH = directories;
      assumed.push(`LD_LIBRARY_PATH is ${directories}, where the libraries were given.`);
    }
  }
  const files = memoryLoadFiles(entries);
  const machine = (image && loaderMachineOf(image)) ?? "x86-64";
  const options: LoadOptions = {
    profile: profileFor(files, ask.profile, interpreter, machine, assumed),
    environment,
    currentDirectory: "/",
    secure: false,
    hwcaps: [],
    ...(machine === "x86-64" ? { platform: "x86_64" } : {}),
  };
  const result = load(path, options, loadCache(files), { bindNow: ask.now });
  if (result.loaded) processMemory(result.process);
  return { result, assumed };
}

function rooted(path: string): string {
  return path.startsWith("/") ? path : `/${path}`;
}

function interpreterOf(image: NonNullable<ReturnType<typeof parseElfImage>>): string | undefined {
  const segment = image.segments.find(({ type }) => type === PT_INTERP);
  if (segment === undefined || segment.offset + segment.fileBytes > image.bytes.length) return undefined;
  return nameAt(image.bytes, segment.offset, segment.offset + segment.fileBytes);
}

/** A loader that was given without its folder stands where the program looks for it. */
function standIn(entries: Map<string, MemoryEntry>, interpreter: string, assumed: string[]): void {
  if (entries.has(interpreter)) return;
  const name = interpreter.slice(interpreter.lastIndexOf("/") + 1);
  const there = [...entries.keys()].find((path) => path.endsWith(`/${name}`));
  if (there === undefined) return;
  entries.set(interpreter, { link: there });
  assumed.push(`${there} stands at ${interpreter}, where the program looks for its loader.`);
}

function environmentOf(text: string): Record<string, string | undefined> {
  const environment: Record<string, string | undefined> = {};
  for (const line of text.split(/\n/)) {
    const at = line.indexOf("=");
    if (at > 0) environment[line.slice(0, at).trim()] = line.slice(at + 1).trim();
  }
  return environment;
}

/** Directories of the libraries, if they do not lie as in a root directory. */
function flatDirectories(space: Workspace): string | undefined {
  const directories = new Set<string>();
  for (const path of space.given.keys()) {
    const { kind, interpreter } = summaryFor(space, path);
    // A path from the root is where the file is.
    if (kind !== "elf-shared" || interpreter !== undefined || path.startsWith("/")) continue;
    const directory = rooted(path).slice(0, rooted(path).lastIndexOf("/"));
    if (/^\/(usr\/)?lib(32|64|x32)?(\/|$)/.test(directory)) continue;
    directories.add(directory === "" ? "/" : directory);
  }
  return directories.size === 0 ? undefined : [...directories].join(":");
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
  const { result, assumed } = loadFor(space, ask);
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
    objects: process.objects.map((object) => shownObject(process, object)),
    pages: process.objects.flatMap(pagesShown).sort((a, b) => a.start - b.start),
    missing: process.missingLibraries.map((it) => ({
      name: it.name,
      requester: it.requester.name,
      lines: [it.message, ...missingTexts(process, it)],
    })),
    order: process.relocationOrder.map(shortName),
  };
}

function shownObject(process: LoadedProcess, object: LoadedObject): ShownObject {
  const entries = object.file.ranges.reduce((sum, { start, end, entry }) => sum + (end - start) / entry, 0);
  return {
    id: object.id,
    name: object.name,
    short: shortName(object),
    kind: object.kind,
    file: object.file.realPath.replace(/^\//, ""),
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
  if (!result.loaded) throw new Error("there is no process");
  const table = loadTable(result.process, question.part);
  if (table === undefined) throw new Error(`there is no table ${question.part}`);
  return answerRows(table, question, cache, `${key} ${question.part}`);
}

const tables = new WeakMap<LoadedProcess, Map<string, unknown>>();

// biome-ignore lint/suspicious/noExplicitAny: rows of every kind; each table knows its own
function loadTable(process: LoadedProcess, part: string): PageTable<any> | undefined {
  const known = tables.get(process) ?? new Map<string, unknown>();
  tables.set(process, known);
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const there = known.get(part) as PageTable<any> | undefined;
  const made = there ?? makeTable(process, part);
  if (made !== undefined) known.set(part, made);
  return made;
}

// biome-ignore lint/suspicious/noExplicitAny: as above
function makeTable(process: LoadedProcess, part: string): PageTable<any> | undefined {
  const [name, id] = part.split(":");
  const object = process.objects[Number(id)];
  switch (name) {
    case "linkmap":
      return {
        chapter: linkMapChapter(process),
        keyOf: (it: LoadedObject) => String(it.id),
        leadOf: (it: LoadedObject, column) => (column === 2 ? { view: "why", name: it.name } : undefined),
      };
    case "memory":
      return {
        chapter: memoryChapter(process),
        keyOf: (it) => String(it.start),
        leadOf: (it, column) => (column === 0 ? { view: "why", name: `0x${it.start.toString(16)}` } : undefined),
      };
    case "relocations":
      return (
        object && {
          chapter: loadedRelocationChapter(process, object, PAGE_STYLE),
          keyOf: (it) => String(it.site),
          leadOf: (it, column) => {
            if (column === 0) return { view: "why", name: `0x${it.site.toString(16)}` };
            return column === 2 && it.name !== "" ? { view: "why", name: it.name } : undefined;
          },
        }
      );
    case "references":
      return (
        object && {
          chapter: bindingChapter(process, object, PAGE_STYLE),
          keyOf: (it) => `${it.site}`,
          leadOf: (it, column) => {
            if (column === 0) return { view: "why", name: it.name };
            return column === 1 && it.provider !== undefined ? { view: "why", name: it.provider.name } : undefined;
          },
        }
      );
    default:
      return undefined;
  }
}
