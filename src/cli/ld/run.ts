// `solder ld`: read the command line, link, say what is wrong, write the file.

import { statSync } from "node:fs";
import { machineFor } from "../../arch/index.ts";
import { demangle } from "../../demangle/index.ts";
import { error, note, type Problem } from "../../elf/problem.ts";
import { dependencyLines } from "../../explain/link-map.ts";
import { renderProblem } from "../../explain/render.ts";
import type { FileSystem } from "../../host/files.ts";
import type { LaidOutRegion } from "../../link/decisions/layout-types.ts";
import { symbolsObject } from "../../link/inputs/made-objects.ts";
import type { ParsedFiles } from "../../link/inputs/parsed.ts";
import type { Accelerators, LinkInput, LinkOptions } from "../../link/options.ts";
import type { LinkResult } from "../../link/result.ts";
import { separateDebug } from "../../link/write/separate-debug.ts";
import type { Io } from "../io.ts";
import { version } from "../version.ts";
import { archiveReport, extractionReport } from "./archive-reports.ts";
import { dependencyRule } from "./dependency-file.ts";
import { createDraft, type FrontSettings } from "./draft.ts";
import { emulations } from "./emulations.ts";
import { explainFile } from "./explain-file.ts";
import { finish, type LdCommand } from "./finish.ts";
import { mapLines, mapPath } from "./map-file.ts";
import { emulationsText, helpText, keywordsText, versionLine, versionText } from "./options/help.ts";
import { parseArguments } from "./parse.ts";
import { baseName, reproduce } from "./reproduce.ts";
import { expandResponseFiles } from "./response-files.ts";
import { type StageTime, type Stopwatch, stageLines, startStopwatch, traceText } from "./time-trace.ts";
import { verboseText } from "./verbose.ts";

/** What the command needs of a link's result. */
export type LdOutcome = Pick<LinkResult, "image" | "problems" | "executable" | "dependencies"> &
  Partial<Pick<LinkResult, "decisions" | "layout" | "keep">>;

/** The machine on which the linker runs, and the linker itself. */
export interface LdHost {
  readonly files: FileSystem;
  readonly accelerators: Accelerators;
  readonly link: (inputs: readonly LinkInput[], options: LinkOptions, files: FileSystem) => LdOutcome;
  /** The directories of /etc/ld.so.conf. */
  readonly systemLibraryPaths: (sysroot: string) => readonly string[];
  /** What has been read of inputs in earlier links, where there are any. */
  readonly parsed?: ParsedFiles;
  /** Gets what --stats prints, if that is not for standard error. */
  readonly statistics?: (text: string) => void;
  /** Puts a file where it belongs (write-output.ts). */
  readonly write: (path: string, bytes: Uint8Array, executable: boolean) => Problem | undefined;
}

/**
 * Runs GNU ld's command line. `program` is the name that it was started under, which decides the default emulation and
 * begins its messages. Returns the exit status: 0, or 1 if there is no usable output.
 */
export function runLd(args: readonly string[], io: Io, host: LdHost, program = "ld"): number {
  const started = process.hrtime.bigint();
  const problems: Problem[] = [];
  const draft = createDraft(host.files, io.env, problems);
  const words = expandResponseFiles(args, host.files, (problem) => problems.push(problem));
  parseArguments(words, draft);
  const command = finish(draft, program);
  const { settings } = command;
  io.out(requestedText(command, program));
  if (settings.request !== "none") return 0;
  if (command.inputs.length === 0) {
    if ((settings.banner !== "none" || settings.printOutputFormat) && !hasErrors(problems)) return 0;
    if (!hasErrors(problems)) problems.push(error("no-input-files", {}));
  }
  if (hasErrors(problems)) return conclude(problems, settings, false, io, program);

  const measured = settings.statistics || settings.timeTrace !== undefined;
  const stopwatch = measured ? startStopwatch() : undefined;
  const result = linkCommand(command, host, io, stopwatch);
  stopwatch?.begin("files");
  problems.push(...result.problems.map((it) => promote(it, settings)));
  if (settings.relativeRelocations) problems.push(...relativeRelocations(result));
  if (settings.memoryUsage) io.out(memoryUsageText(result.layout?.regions ?? []));
  if (settings.trace) io.out(result.dependencies.map((path) => `${path}\n`).join(""));
  if (settings.dependencies) for (const text of inBatches(dependencies(result, settings))) io.out(text);
  if (settings.reproduce !== undefined) problems.push(...writeReproduction(settings.reproduce, result, command, host));
  if (settings.explain !== undefined)
    problems.push(...writeExplanation(settings.explain, words, result, [...problems], command, io, host));
  const written = writeResult(result, command, problems, host);
  if (settings.mapFile !== undefined || settings.crossReference) problems.push(...writeMap(result, command, io, host));
  problems.push(...writeArchiveReports(result, command, io, host));
  const times = stopwatch?.stop() ?? [];
  if (settings.statistics)
    (host.statistics ?? io.err)(`${statisticsText(program, started)}${stageLines(times, program)}`);
  if (settings.timeTrace !== undefined) problems.push(...writeTrace(settings.timeTrace, times, result, command, host));
  return conclude(problems, settings, written, io, program);
}

/** --print-memory-usage, as GNU ld prints it (binutils, ld/ldlang.c: lang_print_memory_usage). */
function memoryUsageText(regions: readonly LaidOutRegion[]): string {
  const unsigned = (bytes: number): bigint => BigInt.asUintN(64, BigInt(bytes));
  const amount = (bytes: bigint): string => {
    const [unit, name] = UNITS.find(([size]) => bytes % size === 0n) ?? [1n, "B"];
    return unit === 1n ? ` ${String(bytes).padStart(10)} B` : `${String(bytes / unit).padStart(10)} ${name}`;
  };
  const lines = regions.map((it) => {
    const [used, size] = [unsigned(it.used), unsigned(it.size)];
    const share = size === 0n ? "" : `    ${((Number(used) * 100) / Number(size)).toFixed(2).padStart(6)}%`;
    return `${it.name.padStart(16)}: ${amount(used)}${amount(size)}${share}`;
  });
  return ["Memory region         Used Size  Region Size  %age Used", ...lines].map((line) => `${line}\n`).join("");
}

const UNITS: readonly (readonly [bigint, string])[] = [
  [0x40000000n, "GB"],
  [0x100000n, "MB"],
  [0x400n, "KB"],
];

function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === "error");
}

function requestedText(command: LdCommand, program: string): string {
  const { settings, options, likelyEmulation } = command;
  switch (settings.request) {
    case "help":
      return helpText(program);
    case "target-help":
      return keywordsText();
    case "version":
      return versionText();
    case "sysroot":
      return `${options.sysroot}\n`;
    case "none":
      if (settings.printOutputFormat) return `${emulations.find(({ name }) => name === likelyEmulation)?.target}\n`;
      if (settings.banner === "verbose") return verboseText(program, command);
      if (settings.banner === "emulations") return emulationsText();
      return settings.banner === "version" ? versionLine() : "";
  }
}

function linkCommand(
  { inputs, options, settings }: LdCommand,
  host: LdHost,
  io: Io,
  stopwatch: Stopwatch | undefined,
): LdOutcome {
  let systemLibraryPaths: readonly string[] | undefined;
  const whole: LinkOptions = {
    ...options,
    accelerators: host.accelerators,
    parsed: host.parsed,
    onStage: stopwatch?.begin,
    linkerComment: `Linker: Solder ${version}`,
    // Looked up when the link asks for it, which most do not.
    get systemLibraryPaths(): readonly string[] {
      systemLibraryPaths ??= host.systemLibraryPaths(options.sysroot);
      return systemLibraryPaths;
    },
  };
  host.files.expect?.(inputs.flatMap((input) => (input.kind === "file" ? [input.path] : [])));
  return host.link(inputs, whole, settings.banner === "verbose" ? announced(host.files, io) : host.files);
}

/** --verbose: says which files are tried, in GNU ld's words. */
function announced(files: FileSystem, io: Io): FileSystem {
  const announce = <Found>(path: string, found: Found): Found => {
    io.out(`attempt to open ${path} ${found === undefined || found === false ? "failed" : "succeeded"}\n`);
    return found;
  };
  return {
    read: (path) => announce(path, files.read(path)),
    exists: (path) => files.exists(path) || announce(path, false),
    list: (directory) => files.list?.(directory) ?? [],
    whyNot: (path) => files.whyNot?.(path),
    realPath: (path) => files.realPath?.(path) ?? path,
  };
}

/** -z report-relative-reloc: one note each. */
function relativeRelocations({ decisions }: LdOutcome): Problem[] {
  const found: Problem[] = [];
  for (const { type, address, packed, reason } of decisions?.dynamicRelocations() ?? []) {
    if (!/^R_\w+_RELATIVE/.test(type)) continue;
    const place =
      typeof reason === "string" ? {} : { file: reason.file, section: reason.section, offset: reason.offset };
    const slot = typeof reason === "string" ? reason : "";
    found.push(note("relative-relocation", place, { type, address, slot, form: packed ? "packed" : "" }));
  }
  return found;
}

/** Writes what there is to write; true if the output is good, or wanted all the same. */
function writeResult(
  result: LdOutcome,
  { options, settings }: LdCommand,
  problems: Problem[],
  { write }: LdHost,
): boolean {
  const isFatal = (problem: Problem): boolean =>
    problem.severity === "error" ||
    (options.fatalWarnings && problem.severity === "warning" && isWanted(problem, settings));
  if (result.image === undefined || (problems.some(isFatal) && !options.noInhibitExec)) return false;
  // Refused as a whole, as GNU ld does.
  const library = settings.importLibrary === undefined ? undefined : importLibrary(result);
  if (settings.importLibrary !== undefined && library === undefined) {
    problems.push(error("import-library-empty", { file: settings.importLibrary }));
    return false;
  }
  const debugFile = settings.debugFile === "" ? `${settings.outputPath}.dbg` : settings.debugFile;
  const separated = debugFile === undefined ? undefined : separateDebug(result.image, baseName(debugFile));
  const failures = [write(settings.outputPath, separated?.program ?? result.image, result.executable)];
  if (debugFile !== undefined && separated !== undefined) failures.push(write(debugFile, separated.debug, false));
  if (settings.importLibrary !== undefined && library !== undefined)
    failures.push(write(settings.importLibrary, library, false));
  if (settings.dependencyFile !== undefined) {
    const rule = new TextEncoder().encode(dependencyRule(settings.outputPath, result.dependencies));
    failures.push(write(settings.dependencyFile, rule, false));
  }
  const found = failures.filter((failure) => failure !== undefined);
  problems.push(...found);
  return found.length === 0;
}

/** --out-implib: what objects define, as .symtab has it; undefined if that is nothing (BFD, elf_output_implib). */
function importLibrary({ image, layout }: LdOutcome): Uint8Array | undefined {
  if (image === undefined || layout === undefined) return undefined;
  const machine = machineFor(image[18] + (image[19] << 8), image[4] === 1 ? 32 : 64);
  const names = new Set(Array.from(layout.symbols()).flatMap(({ name, file }) => (file === "" ? [] : [name])));
  let count = 0;
  const isWanted = (name: string): boolean => names.has(name.split("@")[0]) && ++count > 0;
  const object = machine && symbolsObject("", image, machine, () => {}, isWanted);
  return count === 0 ? undefined : object;
}

function dependencies({ decisions }: LdOutcome, settings: FrontSettings): Iterable<string> {
  return decisions === undefined ? [] : dependencyLines(decisions, settings.demangle ? demangle : (name) => name);
}

/** Also, and above all, of a link that failed. */
function writeReproduction(
  given: string,
  result: LdOutcome,
  command: LdCommand,
  { files, write, ...host }: LdHost,
): Problem[] {
  const { options, settings, words } = command;
  const path = given === "" ? `${settings.outputPath}.repro.tar` : given;
  const { sysroot, libraryPaths } = options;
  const systemLibraryPaths = host.systemLibraryPaths(sysroot);
  const facts = { path, words, dependencies: result.dependencies, libraryPaths, systemLibraryPaths, sysroot };
  const failure = write(path, reproduce({ ...facts, version: versionText() }, files), false);
  return failure === undefined ? [] : [failure];
}

/** Also, and above all, of a link that failed. */
function writeExplanation(
  path: string,
  args: readonly string[],
  result: LdOutcome,
  problems: readonly Problem[],
  { options, words }: LdCommand,
  io: Io,
  host: LdHost,
): Problem[] {
  const { libraryPaths, sysroot } = options;
  const systemLibraryPaths = host.systemLibraryPaths(sysroot);
  const facts = { args, words, libraryPaths, systemLibraryPaths, environment: io.env, result, problems };
  const failure = host.write(path, explainFile(facts, host.files), false);
  return failure === undefined ? [] : [failure];
}

/** Also of a link that failed, as far as it came. */
function writeMap(result: LdOutcome, command: LdCommand, io: Io, { write }: LdHost): Problem[] {
  const { mapFile = "-", outputPath } = command.settings;
  const { decisions, layout, dependencies } = result;
  if (decisions === undefined) return [];
  const lines = mapLines({ decisions, layout, dependencies }, command);
  if (mapFile === "-") {
    for (const text of inBatches(lines)) io.out(text);
    return [];
  }
  const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const encoder = new TextEncoder();
  const text = Buffer.concat(Array.from(inBatches(lines), (batch) => encoder.encode(batch)));
  const failure = write(mapPath(mapFile, outputPath, isDirectory), text, false);
  return failure === undefined ? [] : [failure];
}

function writeTrace(
  given: string,
  times: readonly StageTime[],
  result: LdOutcome,
  { settings }: LdCommand,
  { write }: LdHost,
): Problem[] {
  const { outputPath: output } = settings;
  const { image, dependencies } = result;
  const facts = { program: "solder ld", output, inputs: dependencies.length, size: image?.length ?? 0 };
  const text = new TextEncoder().encode(traceText(times, facts));
  const failure = write(given === "" ? `${output}.time-trace` : given, text, false);
  return failure === undefined ? [] : [failure];
}

/** --why-extract and --print-archive-stats. */
function writeArchiveReports(
  { decisions }: LdOutcome,
  { options, settings }: LdCommand,
  io: Io,
  host: LdHost,
): Problem[] {
  const { whyExtract, archiveStats, demangle } = settings;
  if (decisions === undefined || (whyExtract ?? archiveStats) === undefined) return [];
  const { files } = decisions;
  const write = (path: string | undefined, text: string): Problem[] => {
    if (path === "-") io.out(text);
    return path === undefined || path === "-"
      ? []
      : [host.write(path, new TextEncoder().encode(text), false) ?? []].flat();
  };
  return [
    ...write(whyExtract, extractionReport(files, options, demangle)),
    ...write(archiveStats, archiveReport(files)),
  ];
}

/** Lines as text, many at a time: the map of a large program has a million of them. */
function* inBatches(lines: Iterable<string>): IterableIterator<string> {
  let batch = "";
  for (const line of lines) {
    batch += `${line}\n`;
    if (batch.length < 1 << 20) continue;
    yield batch;
    batch = "";
  }
  yield batch;
}

function isWanted({ code, severity }: Problem, { unwanted }: FrontSettings): boolean {
  return severity !== "warning" || !unwanted.has(code);
}

/** --error-execstack and its kin. */
function promote(problem: Problem, { promoted }: FrontSettings): Problem {
  return problem.severity === "warning" && promoted.has(problem.code) ? { ...problem, severity: "error" } : problem;
}

/** Prints the problems and gives the exit status. */
function conclude(
  problems: readonly Problem[],
  settings: FrontSettings,
  written: boolean,
  io: Io,
  program: string,
): number {
  const { demangle, errorLimit, silent } = settings;
  const isShown = (problem: Problem): boolean =>
    isWanted(problem, settings) && !(silent && (written || problem.severity !== "error"));
  const shown = limitErrors(problems.filter(isShown), errorLimit);
  if (shown.length > 0) {
    // Whether this is a terminal is asked only when there is something to colour: it costs as much as a small link.
    const color = settings.color === "auto" ? io.color.err : settings.color === "always";
    io.err(shown.map((problem) => `${renderProblem(problem, { demangle, color, program })}\n`).join(""));
  }
  return written ? 0 : 1;
}

/** The problems up to the limit of errors, and how many more there are. */
function limitErrors(problems: readonly Problem[], limit: number): readonly Problem[] {
  const errors = problems.filter(({ severity }) => severity === "error");
  if (limit === 0 || errors.length <= limit) return problems;
  const first = new Set(errors.slice(0, limit));
  const kept = problems.filter((problem) => problem.severity !== "error" || first.has(problem));
  return [...kept, error("too-many-errors", {}, { count: errors.length - limit })];
}

function statisticsText(program: string, started: bigint): string {
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const mebibytes = process.resourceUsage().maxRSS / 1024;
  return `${program}: total time in link: ${seconds.toFixed(6)}\n${program}: largest memory use: ${mebibytes.toFixed(1)} MiB\n`;
}
