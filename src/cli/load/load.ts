// `solder load`: a program, or relocatable objects, in simulated memory. Arguments here; what they ask for beside.

import { parseArgs } from "node:util";
import type { FileSystem } from "../../host/files.ts";
import type { Io } from "../io.ts";
import { loadObjectFiles, type ObjectsRequest } from "./objects.ts";

const HELP = `Usage: solder load [options] OBJECT...

Loads relocatable objects into simulated memory, as a just-in-time linker would: their
sections are placed, symbols resolved across all of them in whatever order they are
given, GOT and PLT entries made where the code needs them, relocations applied. Nothing
is run.

      --base FILE=ADDRESS  place this object's sections from the address on; objects
                           without one follow on the next page
      --json               as JSON
      --no-demangle        C++ and Rust names as they are in the file
  -h, --help               this text

Exit status: 0 all right, 1 something cannot be loaded or relocated, 2 wrong usage.

Examples:
  solder load a.o b.o
  solder load b.o a.o --base b.o=0x20000 --base a.o=0x30000
`;

const SUCCESS = 0;
const MISUSE = 2;

const OPTIONS = {
  base: { type: "string", multiple: true },
  json: { type: "boolean" },
  "no-demangle": { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** Runs `solder load` with the arguments behind its name; returns the exit status. */
export function runLoad(args: readonly string[], io: Io, files: FileSystem): number {
  const request = parseRequest(args, io);
  if (typeof request === "string") {
    io.err(`solder load: error: ${request}; see solder load --help\n`);
    return MISUSE;
  }
  if (request === undefined) {
    io.out(HELP);
    return SUCCESS;
  }
  return loadObjectFiles(request, io, files);
}

/** What was asked for, undefined for help, or what is wrong with the arguments. */
function parseRequest(args: readonly string[], io: Io): ObjectsRequest | string | undefined {
  const parsed = parse(args);
  if (typeof parsed === "string") return parsed;
  const { values, positionals } = parsed;
  if (values.help === true) return undefined;
  if (positionals.length === 0) return "no files given";
  const bases = new Map<string, number>();
  for (const text of values.base ?? []) {
    const [, name, address] = /^(.+)=(0[xX][0-9a-fA-F]+|[0-9]+)$/.exec(text) ?? [];
    const base = Number(address);
    if (name === undefined || !Number.isSafeInteger(base)) return `--base takes FILE=ADDRESS, not '${text}'`;
    bases.set(name, base);
  }
  const style = {
    color: io.color.out,
    columns: Number(io.env.COLUMNS ?? 100),
    demangle: values["no-demangle"] !== true,
    rows: Number.POSITIVE_INFINITY,
  };
  return { files: positionals, bases, json: values.json === true, style };
}

function parse(args: readonly string[]): ReturnType<typeof parseStrictly> | string {
  try {
    return parseStrictly(args);
  } catch (cause) {
    return cause instanceof Error ? cause.message.split(". ")[0] : String(cause);
  }
}

function parseStrictly(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
}
