// `solder why PROGRAM WHAT`: why a symbol, a library or an address is what it is in the loaded process.

import type { Problem } from "../elf/problem.ts";
import type { Style } from "../explain/dump/index.ts";
import { linkWhyLines, nearestLinked } from "../explain/link/why.ts";
import { whyLines } from "../explain/load/why.ts";
import { nearestSymbol } from "../explain/load/why-symbol.ts";
import { renderProblem } from "../explain/render.ts";
import { nodeAccelerators } from "../host/accelerators.ts";
import { nodeDisassembler } from "../host/disassembly/disassembler.ts";
import { memoryFiles } from "../host/memory-files.ts";
import { nodeFiles } from "../host/node-files.ts";
import { load, loadCache } from "../load/index.ts";
import { parseCommandLine } from "./arguments.ts";
import { indirectFunctions } from "./indirect.ts";
import type { Io } from "./io.ts";
import { linkCommandLine } from "./ld/command-line.ts";
import { optionLines } from "./ld/options/option-lines.ts";
import {
  cpuComplaint,
  LOADER_HELP,
  LOADER_OPTIONS,
  type LoaderWorld,
  loaderWorld,
  programOptions,
} from "./loader-options.ts";
import { readMapsFile } from "./maps-file.ts";
import { readRecord } from "./record/record.ts";
import { FAILURE, runRequest, SUCCESS } from "./run-request.ts";

const HELP = `Usage: solder why [options] PROGRAM WHAT...
       solder why --link RECORD WHAT...

Loads the program into simulated memory, as solder load does, and explains:
  SYMBOL      (puts, puts@GLIBC_2.2.5, ns::f(int) or ns::f) what each reference to it is
              bound to and by which rule, who else defines it and was passed over, what
              LD_PRELOAD or -Bsymbolic would change; of one that only the symbol table has,
              where it is
  LIBRARY     (libc.so.6, a path) how it was found and who asked for it, what was tried
  VERSION     (GLIBC_2.34) who needs it, of which library and for which symbols, who has it
  ADDRESS     (0x555555555139) object, segment, section and symbol there; if a relocation
              wrote there, its formula with the numbers and the bytes before and after

With --link, of a record that ld --explain=RECORD wrote: why a symbol is defined where it
is, why a file or archive member takes part, what a section is made of and where an input
section went, what is at an address, what an option means (before it: --).

      --now             bind everything at once, as with LD_BIND_NOW
      --bases FILE      load addresses from a file in the form of /proc/PID/maps
      --no-demangle     C++ and Rust names as they are in the file
  -h, --help            this text

${LOADER_HELP}
Exit status: 0 explained, 1 nothing of that name or the program cannot be read, 2 wrong
usage.

Examples:
  solder why /usr/bin/git deflate
  solder why ./prog libfoo.so.1
  solder why --now ./prog 0x555555557fd8
  solder why --link link.solder main 'libfoo.a(bar.o)' .text
`;

const OPTIONS = {
  link: { type: "string" },
  now: { type: "boolean" },
  bases: { type: "string" },
  "no-demangle": { type: "boolean" },
  help: { type: "boolean", short: "h" },
  ...LOADER_OPTIONS,
} as const;

interface Request {
  readonly program: string;
  readonly questions: readonly string[];
  readonly world: LoaderWorld;
  readonly now: boolean;
  readonly given: ReadonlyMap<string, number> | undefined;
  /** What --cpu says. */
  readonly cpu: string | undefined;
  readonly style: Style;
}

/** Runs `solder why` with the arguments behind its name; returns the exit status. */
export function runWhy(args: readonly string[], io: Io): number {
  return runRequest("why", HELP, parseRequest(args, io), io, (request) =>
    "record" in request ? explainLink(request, io) : explain(request, io),
  );
}

/** About a recorded link. */
interface LinkRequest {
  readonly record: string;
  readonly questions: readonly string[];
}

/** Links again, and answers. */
function explainLink({ record: path, questions }: LinkRequest, io: Io): number {
  const fail = (text: string): number => {
    io.err(`solder why: error: ${text}\n`);
    return FAILURE;
  };
  const bytes = nodeFiles.read(path);
  if (bytes === undefined) return fail(`cannot read '${path}'`);
  const opened = readRecord(bytes);
  if (typeof opened === "string") return fail(`${path}: ${opened}`);
  const { record, files } = opened;
  if (record.kind !== "link") return fail(`${path} records a load, not a link`);
  const { result } = linkCommandLine(record.arguments, {
    files: memoryFiles(new Map(files.map((file) => [file.path, file.bytes]))),
    directory: record.directory,
    environment: record.environment,
    systemLibraryPaths: record.systemLibraryPaths,
    accelerators: nodeAccelerators,
  });
  let status = SUCCESS;
  questions.forEach((question, i) => {
    if (i > 0) io.out("\n");
    const lines = optionLines(question, record.arguments) ?? linkWhyLines(result, question);
    if (lines !== undefined) io.out(`${lines.join("\n")}\n`);
    else {
      const near = nearestLinked(result, question);
      status = fail(`the link has nothing called '${question}'${near === undefined ? "" : `; did you mean ${near}?`}`);
    }
  });
  return status;
}

/** What was asked for, undefined for help, or what is wrong with the arguments. */
function parseRequest(args: readonly string[], io: Io): Request | LinkRequest | string | undefined {
  const parsed = parseCommandLine(args, OPTIONS);
  if (typeof parsed === "string") return parsed;
  const { values, positionals } = parsed;
  if (values.help === true) return undefined;
  if (values.link !== undefined)
    return positionals.length === 0
      ? "something to explain is needed"
      : { record: values.link, questions: positionals };
  const [program, ...questions] = positionals;
  if (program === undefined || questions.length === 0) return "a program and what to explain are needed";
  const world = loaderWorld(values, io);
  if (typeof world === "string") return world;
  const given = values.bases === undefined ? undefined : readMapsFile(values.bases);
  if (typeof given === "string") return given;
  const style = {
    color: io.color.out,
    columns: 100,
    demangle: values["no-demangle"] !== true,
    rows: Number.POSITIVE_INFINITY,
  };
  return { program, questions, world, now: values.now === true, given, cpu: values.cpu, style };
}

function explain({ program, questions, world, now, given, cpu, style }: Request, io: Io): number {
  const complain = (problem: Problem): void =>
    io.err(`${renderProblem(problem, { program: "solder why", color: io.color.err })}\n`);
  const wrong = cpuComplaint(world, program);
  if (wrong !== undefined) {
    complain(wrong);
    return FAILURE;
  }
  const options = programOptions(world, program);
  const indirect = indirectFunctions(cpu);
  const result = load(program, options, loadCache(world.files), {
    resolveIndirect: indirect.resolveIndirect,
    bindNow: now,
    ...(given === undefined ? {} : { given }),
  });
  if (!result.loaded) {
    complain(result.problem);
    return FAILURE;
  }
  indirect.attach(result.process);
  for (const { text } of result.process.messages) io.err(`${text}\n`);
  for (const problem of result.process.problems) complain(problem);
  let status = SUCCESS;
  questions.forEach((question, i) => {
    if (i > 0) io.out("\n");
    const lines = whyLines(result.process, question, nodeDisassembler(), style);
    if (lines !== undefined) io.out(`${lines.join("\n")}\n`);
    else {
      const near = nearestSymbol(result.process, question);
      const hint = near === undefined ? "" : `; did you mean ${near}?`;
      io.err(`solder why: error: ${program} has no symbol, library or address '${question}'${hint}\n`);
      status = FAILURE;
    }
  });
  return status;
}
