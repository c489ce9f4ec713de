// `solder load --trace`: everything that the dynamic linker does, step by step and in its order, in words.

import {
  blockFromThreadPointer,
  type LibrarySearch,
  type LoadedObject,
  type LoadedProcess,
  pagesOf,
  profileName,
  protectionText,
  searchesMade,
} from "../../load/index.ts";
import { relocationsOf } from "../../load/views/relocation-list.ts";
import type { Disassembler } from "../disassembly.ts";
import { heading, hex, type Style } from "../dump/table.ts";
import { withCode } from "./relocations.ts";
import { foundBy, shortName } from "./words.ts";

/** All steps. Memory must be there (`processMemory`). */
export function* traceLines(
  task: LoadedProcess,
  disassemble: Disassembler | undefined,
  style: Style,
): Generator<string> {
  let step = 0;
  const title = (text: string): string[] => heading(`${++step}. ${text}`, style);
  const [program] = task.objects;
  const loader = task.objects.find(({ kind }) => kind === "loader");
  const isStatic = loader === undefined && program.file.interpreter === undefined;
  yield* title(`The kernel maps the program${isStatic ? "" : " and the loader that its PT_INTERP names"}`);
  for (const object of [program, ...(loader === undefined ? [] : [loader])]) yield* mappingLines(object, false);
  if (task.ended?.step === "start") return yield* endLines(task, style);
  if (isStatic) {
    yield* title("There is no loader: the program relocates itself, and runs its constructors");
    yield* relocationLines(task, program, disassemble, style);
    yield `  entry point ${hex(program.base + program.file.elf.header.entry)}`;
    return;
  }
  yield* title(`The loader (${profileName(task.options.profile)}) finds and maps what is needed, breadth first`);
  yield* searchLines(task);
  if (task.ended?.step === "search") return yield* endLines(task, style);
  yield* title("Versions are checked: each that an object needs of a library must be defined there");
  yield* versionLines(task);
  if (task.ended?.step === "versions") return yield* endLines(task, style);
  const withTls = task.chain.filter(({ tlsModule }) => tlsModule > 0);
  const { variant, tpBias } = task.record.facts.tls;
  const above = tpBias === 0 ? "above" : `from ${hex(tpBias)} below`;
  const where = variant === 2 ? "below" : above;
  if (withTls.length > 0) yield* title(`Thread-local storage gets its place ${where} the thread pointer`);
  for (const object of withTls)
    yield `  ${object.name}: module ${object.tlsModule}, from ${hex(blockFromThreadPointer(task, object))} relative to the thread pointer`;
  yield* title("Where references are looked up");
  for (const object of task.objects) {
    const lists = object.scope.map((list) => list.map(shortName).join(", ")).join(" | then ");
    yield `  ${object.name}: ${lists}`;
  }
  for (const object of task.relocationOrder) {
    yield* title(`${object.name} is relocated`);
    yield* relocationLines(task, object, disassemble, style);
    if (task.ended !== undefined && task.ended.object === object) return yield* endLines(task, style);
  }
  if (task.ended !== undefined) return yield* endLines(task, style);
  yield* title("Constructors run, each object's after those of what it needs; then the program starts");
  yield `  ${task.relocationOrder.map(shortName).join(", ")}`;
  yield `  entry point ${hex(program.base + program.file.elf.header.entry)}`;
}

/** Up to the one that ends the process, if one does. */
function* relocationLines(
  task: LoadedProcess,
  object: LoadedObject,
  disassemble: Disassembler | undefined,
  style: Style,
): Generator<string> {
  if (object.file.elf.elfClass === 32 || object.base === 0) yield `  load bias ${hex(object.base)}`;
  for (const one of relocationsOf(task, object)) {
    for (const line of withCode(task, one, disassemble, style)) yield `  ${line}`;
    if (task.ended?.object === object && task.ended.row === one.row) return;
  }
  yield* protectionLines(object);
}

/** How the real process ends. What would have come after is not told: it does not happen. */
function* endLines(task: LoadedProcess, style: Style): Generator<string> {
  yield* heading(`The process ends with exit status ${task.exitCode}`, style);
  for (const { text } of task.messages) yield `  ${text}`;
}

function* mappingLines(object: LoadedObject, relocated: boolean): Generator<string> {
  yield `  ${object.name}: load bias ${hex(object.base)}`;
  for (const { start, end, flags } of pagesOf(object, relocated)) {
    yield `    ${hex(start)}-${hex(end)} ${protectionText(flags)}${flags === 0 ? " (a hole between segments)" : ""}`;
  }
}

function* searchLines(task: LoadedProcess): Generator<string> {
  for (const search of searchesMade(task)) {
    yield `  ${search.name}, asked for by ${search.requester.name}`;
    yield* stepLines(search);
    const { object } = search;
    if (object === undefined) yield "    not found";
    else {
      yield `    is ${object.name} (${foundBy(object)})`;
      for (const line of mappingLines(object, false)) yield `  ${line}`;
    }
  }
}

function* stepLines({ steps }: LibrarySearch): Generator<string> {
  for (const step of steps) {
    switch (step.kind) {
      case "path":
        yield `    in ${step.what}${step.from === undefined ? "" : ` of ${step.from}`}: ${step.directories.join(":")}`;
        break;
      case "cache":
        yield `    in ${step.path}`;
        break;
      case "try":
        yield `    opens ${step.path}`;
        break;
    }
  }
}

function* versionLines(task: LoadedProcess): Generator<string> {
  for (const object of task.chain) {
    const byLibrary = new Map<string, string[]>();
    for (const { library, name } of object.file.versions.needs) {
      const names = byLibrary.get(library) ?? [];
      byLibrary.set(library, names);
      names.push(name);
    }
    for (const [library, names] of byLibrary) yield `  ${object.name} needs of ${library}: ${names.join(", ")}`;
  }
  for (const { version, library, requester } of task.missingVersions)
    yield `  missing: ${version} in ${library.name}, for ${requester.name}`;
}

function* protectionLines(object: LoadedObject): Generator<string> {
  const { relro } = object.file;
  if (relro === undefined) return;
  const before = pagesOf(object, false);
  for (const { start, end, flags } of pagesOf(object, true)) {
    const old = before.find((it) => start >= it.start && end <= it.end);
    if (old !== undefined && old.flags !== flags)
      yield `  ${hex(start)}-${hex(end)} becomes ${protectionText(flags)}: read-only after relocation (PT_GNU_RELRO)`;
  }
}
