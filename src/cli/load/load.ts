// `solder load`: a program, or relocatable objects, in simulated memory. Arguments here; what they ask for beside.

import { identify } from "../../elf/identify.ts";
import type { Style } from "../../explain/dump/index.ts";
import type { FileSystem } from "../../host/files.ts";
import { fromRoot } from "../../host/from-root.ts";
import { nodeLoadFiles } from "../../host/load-files.ts";
import type { DebugCategory } from "../../load/index.ts";
import { parseCommandLine } from "../arguments.ts";
import type { Io } from "../io.ts";
import { LOADER_HELP, LOADER_OPTIONS, loaderWorld } from "../loader-options.ts";
import { runRequest } from "../run-request.ts";
import { loadObjectFiles, type ObjectsRequest, readBases } from "./objects.ts";
import { DEBUG_PARTS, loadProgram, PROGRAM_PARTS, type ProgramRequest } from "./program.ts";

const HELP = `Usage: solder load [options] PROGRAM
       solder load [options] OBJECT...

Loads a program and its libraries into simulated memory, as the dynamic linker would, up
to the moment before the first constructor: search, mapping, versions, binding,
relocation. Nothing is run. A shared library can be given in place of a program. Without
options: the link map, the memory map and counts.

What to show of a program:
      --symbols            every reference and what it is bound to
      --relocations        every relocation: formula, numbers, bytes before and after
      --got                every slot of the GOT, bound or not yet
      --headers            what dl_iterate_phdr tells
      --trace              every step in its order
      --call FUNCTION      what calls through the PLT do, the first and the second
      --execute            with --call: as the program's own code and the real dynamic linker
                           do it, run in simulated memory
      --debug LIST         as LD_DEBUG: ${DEBUG_PARTS.join(", ")}, all
      --json               objects, scopes and what is missing, as JSON

How it is loaded:
      --now                bind everything at once, as with LD_BIND_NOW
      --base NAME=ADDRESS  where this object goes (its path, or the last part of it)
      --bases FILE         load addresses from a file in the form of /proc/PID/maps
      --seed NUMBER        random load addresses, the same for the same number
      --dump FILE          write the relocated memory of every object (docs/load.md)
      --explain FILE       write the load with all that it read; solder view FILE opens
                           it (docs/records.md)

${LOADER_HELP}
Relocatable objects are placed and relocated together, as a just-in-time linker would,
in whatever order they are given:
      --base NAME=ADDRESS  place this object's sections from the address on; objects
                           without one follow on the next page

      --no-demangle        C++ and Rust names as they are in the file
  -h, --help               this text

Exit status: 0 all right; of a program that would not start, its loader's (127, or 1 for a
missing version; 135 or 139 if a file is cut short); 1 for files that cannot be used; 2
wrong usage.

Examples:
  solder load /usr/bin/git
  solder load --relocations --now ./prog
  solder load --root /srv/image --profile glibc@2.31 /usr/bin/app
  solder load b.o a.o --base b.o=0x20000 --base a.o=0x30000
`;

const OPTIONS = {
  symbols: { type: "boolean" },
  relocations: { type: "boolean" },
  got: { type: "boolean" },
  headers: { type: "boolean" },
  trace: { type: "boolean" },
  call: { type: "string", multiple: true },
  execute: { type: "boolean" },
  debug: { type: "string" },
  now: { type: "boolean" },
  bases: { type: "string" },
  seed: { type: "string" },
  dump: { type: "string" },
  explain: { type: "string" },
  base: { type: "string", multiple: true },
  json: { type: "boolean" },
  "no-demangle": { type: "boolean" },
  help: { type: "boolean", short: "h" },
  ...LOADER_OPTIONS,
} as const;

/** What belongs to programs, and to objects. */
const FOR_PROGRAMS = [
  "symbols",
  "relocations",
  "got",
  "headers",
  "trace",
  "call",
  "execute",
  "debug",
  "now",
  "bases",
  "seed",
  "dump",
  "explain",
  "root",
  "profile",
  "env",
  "preload",
  "library-path",
  "inhibit-cache",
  "cpu",
  "kernel",
  "page-size",
  "secure",
] as const;

/** Where --page-size says nothing. */
const PAGE = 4096;

/** What there is as text only. */
const NOT_IN_JSON = ["symbols", "relocations", "got", "headers", "trace", "call", "debug"] as const;

/** Runs `solder load` with the arguments behind its name; returns the exit status. */
export function runLoad(args: readonly string[], io: Io, files: FileSystem): number {
  return runRequest("load", HELP, parseRequest(args, io), io, (request) =>
    "files" in request ? loadObjectFiles(request, io, files) : loadProgram(request, io),
  );
}

/** What was asked for, undefined for help, or what is wrong with the arguments. */
function parseRequest(args: readonly string[], io: Io): ObjectsRequest | ProgramRequest | string | undefined {
  const parsed = parseCommandLine(args, OPTIONS);
  if (typeof parsed === "string") return parsed;
  const { values, positionals } = parsed;
  if (values.help === true) return undefined;
  if (positionals.length === 0) return "no files given";
  const style = {
    color: io.color.out,
    columns: Number(io.env.COLUMNS ?? 100),
    demangle: values["no-demangle"] !== true,
    rows: Number.POSITIVE_INFINITY,
  };
  const isObjects = positionals.length > 1 || (values.root === undefined && isObject(positionals[0]));
  return isObjects ? objectsRequest(values, positionals, style) : programRequest(values, positionals[0], style, io);
}

type Values = Exclude<ReturnType<typeof parseCommandLine<typeof OPTIONS>>, string>["values"];

/** Is it a regular file, which can be looked at without waiting, and begins as a relocatable object? */
function isObject(path: string): boolean {
  const opened = nodeLoadFiles({ partly: true }).open(fromRoot(path));
  return typeof opened !== "string" && identify(opened.bytes) === "elf-relocatable";
}

function objectsRequest(values: Values, files: readonly string[], style: Style): ObjectsRequest | string {
  const misplaced = FOR_PROGRAMS.find((name) => values[name] !== undefined);
  if (misplaced !== undefined) return `--${misplaced} is for a program, which is loaded by itself`;
  const bases = readBases(values.base ?? []);
  return typeof bases === "string" ? bases : { files, bases, json: values.json === true, style };
}

function programRequest(values: Values, program: string, style: Style, io: Io): ProgramRequest | string {
  const given = readBases(values.base ?? []);
  if (typeof given === "string") return given;
  const world = loaderWorld(values, io);
  if (typeof world === "string") return world;
  const pageSize = world.options.pageSize ?? PAGE;
  const odd = [...given].find(([, base]) => base % pageSize !== 0);
  if (odd !== undefined)
    return `a program or library begins on a page: --base takes multiples of 0x${pageSize.toString(16)}, not '${odd[0]}=0x${odd[1].toString(16)}'`;
  const unwritten = values.json === true && NOT_IN_JSON.find((name) => values[name] !== undefined);
  if (unwritten) return `--json shows objects, scopes and what is missing; it has nothing of --${unwritten}`;
  const debug = (values.debug ?? "").split(/[ ,:]+/).filter((part) => part !== "");
  const known = debug.includes("all") ? DEBUG_PARTS : debug.filter(isDebugPart);
  if (known.length < debug.length) return `--debug takes ${DEBUG_PARTS.join(", ")}, not '${values.debug}'`;
  if (values.execute === true && values.call === undefined) return "--execute needs the function to --call";
  const seed = values.seed === undefined ? undefined : Number(values.seed);
  if (seed !== undefined && !Number.isSafeInteger(seed)) return `--seed takes a number, not '${values.seed}'`;
  return {
    program,
    world,
    parts: new Set(PROGRAM_PARTS.filter((part) => values[part] === true)),
    debug: new Set(known),
    given,
    calls: values.call ?? [],
    execute: values.execute === true,
    bases: values.bases,
    dump: values.dump,
    explain: values.explain,
    seed,
    cpu: values.cpu,
    now: values.now === true,
    json: values.json === true,
    style,
  };
}

function isDebugPart(text: string): text is DebugCategory {
  return DEBUG_PARTS.some((part) => part === text);
}
