// `solder load PROGRAM`: a program and its libraries in simulated memory.

import { closeSync, openSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { DF_TEXTREL, DT_TEXTREL } from "../../elf/constants.ts";
import { error, type Problem, warning } from "../../elf/problem.ts";
import { execute } from "../../execute/execute.ts";
import { followSlot } from "../../execute/observe/lazy-call.ts";
import type { Disassembler } from "../../explain/disassembly.ts";
import type { Style } from "../../explain/dump/index.ts";
import { lazyStoryLines } from "../../explain/execute/lazy-call.ts";
import { memoryDump } from "../../explain/load/dump-memory.ts";
import { gotLines } from "../../explain/load/got.ts";
import { headerLines } from "../../explain/load/headers.ts";
import { processJson } from "../../explain/load/json.ts";
import { callLines, slotsNamed } from "../../explain/load/lazy.ts";
import { programLines } from "../../explain/load/program.ts";
import { bindingLines, relocationLines } from "../../explain/load/relocations.ts";
import { symbolsSpelled } from "../../explain/load/spelled-names.ts";
import { traceLines } from "../../explain/load/trace.ts";
import { renderProblem } from "../../explain/render.ts";
import { nodeDisassembler } from "../../host/disassembly/disassembler.ts";
import { writeAll } from "../../host/read-range.ts";
import { closest } from "../../link/tables/spelling.ts";
import {
  type DebugCategory,
  debugLines,
  type LoadedProcess,
  load,
  loadCache,
  pltSlots,
  processMemory,
} from "../../load/index.ts";
import { indirectFunctions } from "../indirect.ts";
import type { Io } from "../io.ts";
import { cpuComplaint, type LoaderWorld, programOptions } from "../loader-options.ts";
import { readMapsFile } from "../maps-file.ts";
import { FAILURE, SUCCESS } from "../run-request.ts";
import { systemErrorText } from "../system-error.ts";
import { explainFile } from "./explain-file.ts";

export interface ProgramRequest {
  readonly program: string;
  readonly world: LoaderWorld;
  /** What to show; nothing: the summary. */
  readonly parts: ReadonlySet<ProgramPart>;
  readonly debug: ReadonlySet<DebugCategory>;
  /** Functions to call through the PLT. */
  readonly calls: readonly string[];
  /** The calls are executed, not only foreseen. */
  readonly execute: boolean;
  /** Addresses by name, which come before those of the file. */
  readonly given: ReadonlyMap<string, number>;
  /** A file in the form of /proc/PID/maps. */
  readonly bases: string | undefined;
  /** Where to write the memory. */
  readonly dump: string | undefined;
  /** Where to write a record of the load. */
  readonly explain: string | undefined;
  readonly seed: number | undefined;
  /** What --cpu says. */
  readonly cpu: string | undefined;
  readonly now: boolean;
  readonly json: boolean;
  readonly style: Style;
}

export const PROGRAM_PARTS = ["symbols", "relocations", "got", "headers", "trace"] as const;
export type ProgramPart = (typeof PROGRAM_PARTS)[number];

/** What `--debug` shows, in ld.so's own words. */
export const DEBUG_PARTS: readonly DebugCategory[] = [
  "libs",
  "files",
  "versions",
  "scopes",
  "reloc",
  "symbols",
  "bindings",
];

/** Returns the exit status: that of the real loader if it would fail (127 or 1), 1 for files that cannot be used, else 0. */
export function loadProgram(request: ProgramRequest, io: Io): number {
  const complain = (problem: Problem): void =>
    io.err(`${renderProblem(problem, { program: "solder load", color: io.color.err })}\n`);
  const given = request.bases === undefined ? new Map<string, number>() : readMapsFile(request.bases);
  if (typeof given === "string") {
    io.err(`solder load: error: ${given}\n`);
    return FAILURE;
  }
  const { world, program } = request;
  const files = showsMemory(request) ? world.files : world.tables;
  const wrong = cpuComplaint(world, program, files);
  if (wrong !== undefined) {
    complain(wrong);
    return FAILURE;
  }
  const options = programOptions(world, program, files);
  const indirect = indirectFunctions(request.cpu);
  const settings = {
    resolveIndirect: indirect.resolveIndirect,
    given: new Map([...given, ...request.given]),
    bindNow: request.now,
    ...(request.seed === undefined ? {} : { seed: request.seed }),
  };
  const result = load(program, options, loadCache(files, complain), settings);
  if (!result.loaded) {
    if (request.json) io.out(`${JSON.stringify({ version: 1, problems: [result.problem] }, null, 2)}\n`);
    complain(result.problem);
    return FAILURE;
  }
  const { process } = result;
  indirect.attach(process);
  show(process, request, io);
  const tell = request.execute ? executeCalls : showCalls;
  const called = request.calls.filter((name) => tell(process, name, request, io));
  for (const { text } of process.messages) io.err(`${text}\n`);
  const names = new Set(process.objects.flatMap(({ name, file }) => [name, file.realPath, basename(name)]));
  for (const name of request.given.keys()) if (!names.has(name)) complain(warning("base-unknown", {}, { name }));
  for (const problem of process.problems) complain(problem);
  const written = request.dump === undefined || writeDump(process, request.dump, io);
  const explained = request.explain === undefined || writeExplanation(process, request.explain, request, io);
  if (!written || !explained || called.length < request.calls.length) return FAILURE;
  return process.exitCode ?? (process.problems.some(({ severity }) => severity === "error") ? FAILURE : SUCCESS);
}

/** Is anything shown that code and data are needed for? Finding and binding take a tenth of a file's bytes. */
function showsMemory({ parts, calls, dump }: ProgramRequest): boolean {
  return dump !== undefined || calls.length > 0 || MEMORY_PARTS.some((part) => parts.has(part));
}

const MEMORY_PARTS: readonly ProgramPart[] = ["relocations", "got", "trace"];

function show(process: LoadedProcess, { parts, debug, calls, json, style }: ProgramRequest, io: Io): void {
  if (json) {
    io.out(`${JSON.stringify(processJson(process), null, 2)}\n`);
    return;
  }
  if (MEMORY_PARTS.some((part) => parts.has(part))) processMemory(process);
  if (debug.size > 0) print(debugLines(process, debug), io);
  if (parts.has("trace")) print(traceLines(process, codeReader(process), style), io);
  if (parts.size === 0 && debug.size === 0 && calls.length === 0) print(programLines(process, style), io);
  if (parts.has("symbols")) print(bindingLines(process, style), io);
  if (parts.has("relocations")) print(relocationLines(process, codeReader(process), style), io);
  if (parts.has("got")) print(gotLines(process, style), io);
  if (parts.has("headers")) print(headerLines(process, style), io);
}

/** Calls a function through every PLT that has a slot for it. False if none has. */
function showCalls(process: LoadedProcess, name: string, { style }: ProgramRequest, io: Io): boolean {
  const exact = slotsNamed(process, name);
  const slots = exact.length > 0 ? exact : symbolsSpelled(process, name).flatMap((it) => slotsNamed(process, it));
  for (const slot of slots) print(callLines(process, slot, nodeDisassembler(), style), io);
  if (slots.length > 0) return true;
  complainOfCall(process, name, "call-not-through-plt", io);
  return false;
}

/** No call of the function can be told of. */
function complainOfCall(process: LoadedProcess, symbol: string, code: string, io: Io): void {
  const names = process.objects.flatMap((object) => pltSlots(process, object).map((slot) => slot.name));
  const near = closest(symbol, new Set(names));
  const facts = { symbol, ...(near === undefined ? {} : { near }) };
  io.err(`${renderProblem(error(code, {}, facts), { program: "solder load", color: io.color.err })}\n`);
}

/** Runs the program until it has called the function twice, and tells what was executed. False if it has not. */
function executeCalls(process: LoadedProcess, name: string, request: ProgramRequest, io: Io): boolean {
  const { world, style, now, given } = request;
  const { environment, currentDirectory } = process.options;
  const variables = { ...environment, ...(now ? { LD_BIND_NOW: "1" } : {}) };
  const paths = new Map(process.objects.map((object) => [object.file.realPath, object.start]));
  const execution = execute(request.program, {
    files: world.files,
    environment: Object.entries(variables).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`])),
    currentDirectory,
    given: given.size === 0 ? new Map() : paths,
  });
  if ("code" in execution) {
    io.err(`${renderProblem(execution, { program: "solder load", color: io.color.err })}\n`);
    return false;
  }
  const [exact] = slotsNamed(process, name).length > 0 ? [name] : symbolsSpelled(process, name);
  const story = followSlot(execution, exact ?? name);
  if (story !== undefined) print(lazyStoryLines(execution, story, nodeDisassembler(), style), io);
  else
    complainOfCall(
      process,
      name,
      slotsNamed(process, exact ?? name).length > 0 ? "call-not-made" : "call-not-through-plt",
      io,
    );
  return story !== undefined;
}

/** Most programs have no relocations in code, and the disassembler takes time to load. */
function codeReader(process: LoadedProcess): Disassembler | undefined {
  return process.objects.some(({ file }) => file.values.has(DT_TEXTREL) || (file.flags & DF_TEXTREL) !== 0)
    ? nodeDisassembler()
    : undefined;
}

/** Lines that are written at once. Joined, not added one to the other: that takes half as long. */
const BATCH = 1000;

function print(lines: Iterable<string>, io: Io): void {
  let batch: string[] = [];
  const write = (): void => {
    if (batch.length > 0) io.out(`${batch.join("\n")}\n`);
    batch = [];
  };
  for (const line of lines) if (batch.push(line) === BATCH) write();
  write();
}

/** `--explain`: of the whole files, however few bytes the load needed. */
function writeExplanation(
  process: LoadedProcess,
  path: string,
  { program, now, world }: ProgramRequest,
  io: Io,
): boolean {
  try {
    writeFileSync(path, explainFile(process, program, now, world.files));
    return true;
  } catch (cause) {
    io.err(`solder load: error: ${path}: ${systemErrorText(cause)}\n`);
    return false;
  }
}

function writeDump(process: LoadedProcess, path: string, io: Io): boolean {
  processMemory(process);
  try {
    const file = openSync(path, "w");
    try {
      for (const part of memoryDump(process)) writeAll(file, part);
    } finally {
      closeSync(file);
    }
    return true;
  } catch (cause) {
    io.err(`solder load: error: ${path}: ${systemErrorText(cause)}\n`);
    return false;
  }
}
