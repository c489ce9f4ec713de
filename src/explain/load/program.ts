// What `solder load PROGRAM` prints: the link map, the memory map, how much was bound and relocated, thread-local storage,
// the order of constructors, and what ld.so would have said.

import { ET_EXEC, SHN_UNDEF } from "../../elf/constants.ts";
import { versionIndex } from "../../load/file/version-table.ts";
import {
  BOUND_TO_NOTHING,
  blockFromThreadPointer,
  type LoadedObject,
  type LoadedProcess,
  missingLater,
  NOT_BOUND,
  NOT_YET_BOUND,
  type PageRange,
  type ProcessEnd,
  pagesOf,
  profileName,
  protectionText,
  symbolicOf,
  symbolName,
  symbolSection,
} from "../../load/index.ts";
import { type Chapter, chapterLines } from "../dump/chapter.ts";
import { byteCount, counted, grouped, heading, hex, type Style, table } from "../dump/table.ts";
import { foundBy, missingTexts, shortName, symbolText } from "./words.ts";

const RIGHT = "right" as const;

/** The whole summary. */
export function* programLines(task: LoadedProcess, style: Style): Generator<string> {
  const [program] = task.objects;
  const { library } = task.options.profile;
  const loader = task.objects.find(({ kind }) => kind === "loader");
  const kind = program.file.elf.header.type === ET_EXEC ? "at fixed addresses" : "position-independent";
  yield heading(`${program.name}: ${task.machine}, ${kind}`, style)[1];
  if (loader === undefined) yield "  no loader";
  else
    yield `  loaded by ${loader.name} as ${profileName(task.options.profile)}${task.lazy ? "" : ", everything bound at once"}`;
  if (task.ended !== undefined)
    yield `  does not start: exit status ${task.exitCode}, ${whenText(task.ended)}; the rest is shown as it would be without that`;
  yield* linkMapLines(task, style);
  yield* memoryLines(task, style);
  yield* countLines(task, style);
  yield* tlsLines(task, style);
  yield* orderLines(task, library === "musl", style);
  yield* missingLines(task, style);
}

/** At the start an object is named if it is one that the kernel cannot map. */
function whenText({ step, object }: ProcessEnd): string {
  if (step !== "start" || object === undefined) return WHEN[step];
  return `because the kernel cannot map ${shortName(object)} with its pages`;
}

const WHEN: Readonly<Record<ProcessEnd["step"], string>> = {
  start: "because the loader that it names is not there",
  search: "while libraries are looked for and mapped",
  versions: "when versions are checked",
  relocation: "while references are bound",
};

function* linkMapLines(task: LoadedProcess, style: Style): Generator<string> {
  yield* chapterLines(linkMapChapter(task), style);
}

export function linkMapChapter(task: LoadedProcess): Chapter<LoadedObject> {
  return {
    title: `Link map: ${counted(task.objects.length, "object")}, in the order of loading`,
    columns: [
      { title: "load bias", align: RIGHT, cell: ({ base }) => hex(base), by: ({ base }) => base },
      { title: "size", align: RIGHT, cell: ({ start, end }) => hex(end - start), by: ({ start, end }) => end - start },
      { title: "object", paint: "name", cell: ({ name }) => name },
      { title: "found by", cell: foundBy },
      {
        title: "first asked for by",
        cell: ({ requester }) => (requester === undefined ? "" : shortName(requester)),
      },
    ],
    rows: task.objects,
    more: "",
  };
}

function* memoryLines(task: LoadedProcess, style: Style): Generator<string> {
  yield* chapterLines(memoryChapter(task), style);
}

/** Pages of one object, after relocation. */
export interface MappedPages extends PageRange {
  readonly object: LoadedObject;
}

export function memoryChapter(task: LoadedProcess): Chapter<MappedPages> {
  const rows = task.objects.flatMap((object) => pagesOf(object, true).map((range) => ({ ...range, object })));
  return {
    title: "Memory map, after relocation",
    columns: [
      { title: "start", align: RIGHT, cell: ({ start }) => hex(start), by: ({ start }) => start },
      { title: "end", align: RIGHT, cell: ({ end }) => hex(end), by: ({ end }) => end },
      { title: "protection", cell: ({ flags }) => protectionText(flags) },
      { title: "bytes", align: RIGHT, cell: ({ start, end }) => hex(end - start), by: ({ start, end }) => end - start },
      {
        title: "file offset",
        align: RIGHT,
        cell: ({ fileOffset }) => (fileOffset < 0 ? "" : hex(fileOffset)),
        by: ({ fileOffset }) => fileOffset,
      },
      { title: "object", paint: "name", cell: ({ object }) => shortName(object) },
      { title: "", cell: ({ flags, fileOffset }) => remark(flags, fileOffset) },
    ],
    rows: rows.sort((a, b) => a.start - b.start),
    more: "",
  };
}

function remark(flags: number, fileOffset: number): string {
  if (flags === 0) return "hole between segments";
  if ((flags & 3) === 3) return "writable and executable";
  return fileOffset < 0 ? "zeros (.bss)" : "";
}

interface Counts {
  relative: number;
  references: number;
  lookups: number;
  later: number;
  nothing: number;
  missing: number;
}

function countsOf(object: LoadedObject): Counts {
  const { bindings, file } = object;
  let entries = 0;
  for (const range of file.ranges) entries += (range.end - range.start) / range.entry;
  const references = symbolicOf(file).count;
  const counts = { relative: entries - references, references, lookups: 0, later: 0, nothing: 0, missing: 0 };
  if (bindings === undefined) return counts;
  for (const rule of bindings.rule) {
    if (rule === NOT_YET_BOUND) counts.later++;
    else if (rule === BOUND_TO_NOTHING) counts.nothing++;
    else if (rule === NOT_BOUND) counts.missing++;
    else if (rule === 0) counts.lookups++;
  }
  return counts;
}

function* countLines(task: LoadedProcess, style: Style): Generator<string> {
  yield* heading("Relocations and bindings", style);
  const columns = [
    { title: "object", paint: "name" as const },
    { title: "without symbol", align: RIGHT },
    { title: "references", align: RIGHT },
    { title: "looked up", align: RIGHT },
    { title: "at first call", align: RIGHT },
    { title: "weak, 0", align: RIGHT },
    { title: "undefined", align: RIGHT },
  ];
  const cells = ({ relative, references, lookups, later, nothing, missing }: Counts): string[] =>
    [relative, references, lookups, later, nothing, missing].map((count) => (count === 0 ? "·" : grouped(count)));
  const all = task.objects.map((object) => ({ object, counts: countsOf(object) }));
  const total: Counts = { relative: 0, references: 0, lookups: 0, later: 0, nothing: 0, missing: 0 };
  for (const { counts } of all) for (const key of Object.keys(total) as (keyof Counts)[]) total[key] += counts[key];
  const rows = all.map(({ object, counts }) => [shortName(object), ...cells(counts)]);
  yield* table(columns, [...rows, ["all", ...cells(total)]], style);
}

function* tlsLines(task: LoadedProcess, style: Style): Generator<string> {
  const objects = task.objects.filter(({ tlsModule }) => tlsModule > 0);
  if (objects.length === 0) return;
  const { variant, tpBias } = task.record.facts.tls;
  const above = tpBias === 0 ? "above" : `from ${hex(tpBias)} below`;
  const where = variant === 2 ? "below" : above;
  yield* heading(`Thread-local storage: ${byteCount(task.tlsSize)} ${where} the thread pointer`, style);
  const columns = [
    { title: "module", align: RIGHT },
    { title: "bytes", align: RIGHT },
    { title: "alignment", align: RIGHT },
    { title: "offset", align: RIGHT },
    { title: "object", paint: "name" as const },
  ];
  const rows = objects.map((it) => [
    String(it.tlsModule),
    String(it.file.tls?.memoryBytes ?? 0),
    String(it.file.tls?.alignment ?? 0),
    it.tlsIsStatic ? hex(blockFromThreadPointer(task, it)) : "dynamic",
    shortName(it),
  ]);
  yield* table(columns, rows, style);
}

function* orderLines(task: LoadedProcess, musl: boolean, style: Style): Generator<string> {
  if (task.relocationOrder.length < 2) return;
  yield* heading(musl ? "Order of relocation" : "Order of relocation and of constructors", style);
  yield `  ${task.relocationOrder.map(shortName).join(", ")}`;
}

/** A library that is missing leaves hundreds. */
const MOST_LATE = 30;

/** What kept it from loading, with all that was tried. */
function* missingLines(task: LoadedProcess, style: Style): Generator<string> {
  for (const missing of task.missingLibraries) {
    yield* heading(`${missing.name}, needed by ${missing.requester.name}, was not found`, style);
    for (const text of missingTexts(task, missing)) yield `  ${text}`;
  }
  for (const { version, library, requester, fatal } of task.missingVersions) {
    if (fatal) yield* versionLines(version, library, requester, style);
  }
  const late = missingLater(task);
  if (late.length > 0)
    yield* heading("Nobody defines what is to be bound at the first call, which ends the process", style);
  for (const { object, name, version } of late.slice(0, MOST_LATE))
    yield `  ${symbolText(name, version, style)}, called by ${object.name}`;
  if (late.length > MOST_LATE) yield `  and ${grouped(late.length - MOST_LATE)} more`;
}

function* versionLines(
  version: string,
  library: LoadedObject,
  requester: LoadedObject,
  style: Style,
): Generator<string> {
  yield* heading(`Version ${version} of ${library.name} is missing`, style);
  const users = symbolsOfVersion(requester, version);
  yield `  ${requester.name} needs it for ${users.length === 0 ? "no symbol" : users.join(", ")}`;
}

/** Names of an object's undefined symbols that ask for a version. */
function symbolsOfVersion({ file }: LoadedObject, version: string): string[] {
  const { symbols, versions } = file;
  const names: string[] = [];
  if (versions.symbolsAt < 0) return names;
  for (let index = 1; index < symbols.count; index++) {
    if (symbolSection(symbols, index) !== SHN_UNDEF) continue;
    if (versions.name[versionIndex(versions, symbols.bytes, index)] === version) names.push(symbolName(symbols, index));
  }
  return names;
}
