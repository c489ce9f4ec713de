// `solder ldd`: the libraries that programs get. Arguments and files here; facts and words in explain/load/.

import type { Problem } from "../elf/problem.ts";
import type { Style } from "../explain/dump/table.ts";
import { dependenciesJson, flatLines, type TreeOptions, treeLines } from "../explain/load/dependencies.ts";
import { printable } from "../explain/printable.ts";
import { renderProblem } from "../explain/render.ts";
import { loadCache, loadDependencies } from "../load/load.ts";
import type { LoadedProcess, MissingLibrary } from "../load/objects/objects.ts";
import type { LoadFiles } from "../load/settings/contract.ts";
import { parseCommandLine } from "./arguments.ts";
import type { Io } from "./io.ts";
import {
  cpuComplaint,
  LOADER_HELP,
  LOADER_OPTIONS,
  type LoaderWorld,
  loaderWorld,
  programOptions,
} from "./loader-options.ts";
import { FAILURE, runRequest, SUCCESS } from "./run-request.ts";

const HELP = `Usage: solder ldd [options] PROGRAM...

Shows the shared libraries that programs (or libraries) get, as a tree: each under the
object that asked for it first, with its path and by which rule it was found. For what is
missing: every place that was looked at, and what was there. No code is run, so the files
need not be trusted or be for this machine.

  -a, --all                 also who asks for libraries that are there already
      --flat                one line a library, as ldd prints them
      --json                as JSON, with every path that was tried
  -h, --help                this text

${LOADER_HELP}
Exit status: 0 all found, 1 a program would not start, 2 wrong usage.

Examples:
  solder ldd /usr/bin/git
  solder ldd --root ./image --profile glibc@2.31 /usr/bin/app
  solder ldd -e LD_LIBRARY_PATH=/opt/lib ./main
`;

const OPTIONS = {
  ...LOADER_OPTIONS,
  all: { type: "boolean", short: "a" },
  flat: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

interface Request {
  readonly programs: readonly string[];
  readonly world: LoaderWorld;
  readonly all: boolean;
  readonly form: "tree" | "flat" | "json";
}

/** Runs `solder ldd` with the arguments behind its name; returns the exit status. */
export function runLdd(args: readonly string[], io: Io): number {
  return runRequest("ldd", HELP, parseRequest(args, io), io, (request) => showAll(request, io));
}

/** What was asked for, undefined for help, or what is wrong with the arguments. */
function parseRequest(args: readonly string[], io: Io): Request | string | undefined {
  const parsed = parseCommandLine(args, OPTIONS);
  if (typeof parsed === "string") return parsed;
  const { values, positionals } = parsed;
  if (values.help === true) return undefined;
  if (positionals.length === 0) return "no programs given";
  if (values.flat === true && values.json === true) return "--flat and --json exclude each other";
  const world = loaderWorld(values, io);
  if (typeof world === "string") return world;
  const form = values.json === true ? "json" : values.flat === true ? "flat" : "tree";
  return { programs: positionals, world, all: values.all === true, form };
}

function showAll({ programs, world, all, form }: Request, io: Io): number {
  const problems: Problem[] = [];
  const complain = (problem: Problem): void => {
    problems.push(problem);
    io.err(`${renderProblem(problem, { program: "solder ldd", color: io.color.err })}\n`);
  };
  const cache = loadCache(world.tables, complain);
  const style: Style = { color: io.color.out, columns: 100, demangle: true, rows: Number.POSITIVE_INFINITY };
  const names = new Map<string, readonly string[]>();
  const similar = (missing: MissingLibrary): readonly string[] => similarFiles(missing, world.files, names);
  let status = SUCCESS;
  const documents: unknown[] = [];
  for (const program of programs) {
    const wrong = cpuComplaint(world, program, cache.files);
    if (wrong !== undefined) {
      complain(wrong);
      status = FAILURE;
      continue;
    }
    const result = loadDependencies(program, programOptions(world, program, cache.files), cache);
    if (!result.loaded) {
      complain(result.problem);
      status = FAILURE;
      continue;
    }
    const { process: task } = result;
    if (task.exitCode !== undefined || task.problems.some(({ severity }) => severity === "error")) status = FAILURE;
    if (form === "json") documents.push(dependenciesJson(task));
    else show(task, form, programs.length > 1, { repeats: all, similar }, style, io);
    for (const problem of task.problems) complain(problem);
  }
  if (form === "json") io.out(`${JSON.stringify({ version: 1, programs: documents, problems }, null, 2)}\n`);
  return status;
}

function show(
  task: LoadedProcess,
  form: "tree" | "flat",
  isOneOfMany: boolean,
  options: TreeOptions,
  style: Style,
  io: Io,
): void {
  const [program] = task.objects;
  const heading = isOneOfMany && form === "flat" ? [`${program.name}:`] : [];
  const lines = form === "flat" ? flatLines(task) : treeLines(task, options, style);
  io.out([...heading, ...lines, ""].join("\n"));
  // Missing libraries are in the tree already, with their messages.
  const isShown = (text: string): boolean =>
    form === "tree" && task.missingLibraries.some(({ name, message }) => text.includes(name) && text.includes(message));
  for (const { text } of task.messages) if (!isShown(text)) io.err(`${printable(text)}\n`);
}

/** Most files of similar names that are worth a look. */
const MOST_SIMILAR = 5;

/** Beyond so many files in the directories together, nobody is helped by one more look. */
const MOST_NAMES = 100_000;

/**
 * Files with the name but for the version, in the directories that were looked into: libssl.so.3 for libssl.so.1.1.
 * @param known names in the directories that have been read
 */
function similarFiles(
  { name, tried }: MissingLibrary,
  files: LoadFiles,
  known: Map<string, readonly string[]>,
): readonly string[] {
  const [, stem] = /^(.*\.so)(?:\.|$)/.exec(name) ?? [];
  if (stem === undefined) return [];
  const directories = new Set(tried.map(({ path }) => path.slice(0, path.lastIndexOf("/") + 1)));
  const found: string[] = [];
  let left = MOST_NAMES;
  for (const directory of directories) {
    const names = known.get(directory) ?? (directory === "" ? [] : files.list(directory));
    known.set(directory, names);
    left -= names.length + 1;
    if (left < 0) break;
    for (const file of names) {
      if (file !== name && (file === stem || file.startsWith(`${stem}.`))) found.push(directory + file);
    }
  }
  return found.sort().slice(0, MOST_SIMILAR);
}
