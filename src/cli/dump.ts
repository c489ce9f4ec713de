// `solder dump`: what is in an ELF file or an archive. Arguments and files here; facts and words in explain/dump/.

import { identify, readArchive } from "../elf/index.ts";
import type { Problem, Report } from "../elf/problem.ts";
import {
  DUMP_PARTS,
  type DumpPart,
  dumpFile,
  dumpLines,
  type FileDump,
  memberBytes,
  memberOfKey,
  missingFile,
  type ReadMember,
  type Style,
  splitMember,
  writeDumpJson,
} from "../explain/dump/index.ts";
import { renderProblem } from "../explain/render.ts";
import { nodeAccelerators } from "../host/accelerators.ts";
import type { FileSystem } from "../host/files.ts";
import { parseCommandLine } from "./arguments.ts";
import { type DumpViews, dumpViews, hasViews, viewsOf } from "./dump-views.ts";
import type { Io } from "./io.ts";
import { FAILURE, runRequest, SUCCESS } from "./run-request.ts";

const HELP = `Usage: solder dump [options] FILE...

Shows what is in ELF files (objects, programs, shared libraries) and archives. Without
options: an overview, in which long tables are cut. A member of an archive is named
'libx.a(member.o)'.

What to show, whole:
      --headers          what the file is, where it starts, how it is protected
      --layout           sections and segments side by side, to scale
      --sections         section headers
      --segments         program headers and the sections in them
      --symbols          symbol table
      --dynamic-symbols  symbols that the dynamic linker sees, with versions
      --relocations      relocations: formula, and the formula with its values
      --dynamic          dynamic section
      --versions         versions needed and defined, and the symbols that have them
      --notes            notes: build ID, properties, minimum kernel, package
      --groups           section groups (COMDAT)
      --units            compilation units of the debugging information
      --archive          members and symbol index of an archive
  -a, --all              all of these

Or, instead of these, as text:
      --at OFFSET        what the byte at a file offset is: section, symbol, field, relocation
      --code SYMBOL|ADDRESS
                         instructions from the function on that it is, or is in
      --sizes            where the file's bytes go; of two files: what grew and what shrank

How to show it:
      --json             as JSON (docs/dump.md); without options from above, everything
      --no-demangle      C++ and Rust names as they are in the file
      --width COLUMNS    width of the pictures (default: $COLUMNS, or 100)
  -h, --help             this text

Exit status: 0 all right, 1 a file is damaged or cannot be read, 2 wrong usage.

Examples:
  solder dump /usr/bin/ls
  solder dump --relocations hello.o
  solder dump --dynamic --versions libfoo.so
  solder dump --symbols 'libm.a(e_pow.o)'
  solder dump --code main hello.o
  solder dump --sizes libfoo.so.1 libfoo.so.2
  solder dump --json --dynamic-symbols libc.so.6 | jq '.files[].dynamicSymbols.symbols[].name'
`;

/** In an overview, tables are cut after so many rows. */
const OVERVIEW_ROWS = 40;
const OVERVIEW_OF_OBJECT: readonly DumpPart[] = ["headers", "sections", "groups", "symbols", "relocations", "notes"];
const OVERVIEW_OF_LINKED: readonly DumpPart[] = ["headers", "layout", "dynamic", "versions", "notes"];

interface Request {
  readonly files: readonly string[];
  readonly views: DumpViews;
  /** Empty: an overview. */
  readonly parts: ReadonlySet<DumpPart>;
  readonly json: boolean;
  readonly style: Style;
}

/**
 * Runs `solder dump` with the arguments behind its name.
 * @returns the exit status: 0, 1 for a file that is damaged or cannot be read, 2 for a command line that makes no sense
 */
export function runDump(args: readonly string[], io: Io, files: FileSystem): number {
  return runRequest("dump", HELP, parseRequest(args, io), io, (request) =>
    hasViews(request.views) ? dumpViews(request, io, (name) => bytesNamed(name, files)) : dumpAll(request, io, files),
  );
}

function dumpAll(request: Request, io: Io, files: FileSystem): number {
  let status = SUCCESS;
  const report = (problem: Problem): void => {
    if (problem.severity === "error") status = FAILURE;
    // In JSON the problems stand with their file.
    if (!request.json) io.err(`${renderProblem(problem, { program: "solder dump", color: io.color.err })}\n`);
  };
  if (request.json) writeDumpJson(eachDump(request, files, report), (text) => io.out(text));
  else writeText(eachDump(request, files, report), request, io);
  return status;
}

/** What was asked for, undefined for help, or what is wrong with the arguments. */
function parseRequest(args: readonly string[], io: Io): Request | string | undefined {
  const flags = ["all", "json", "no-demangle", "help", ...DUMP_PARTS];
  const short: Readonly<Record<string, string>> = { all: "a", help: "h" };
  const options = Object.fromEntries(
    flags.map((name) => [name, { type: "boolean" as const, ...(name in short ? { short: short[name] } : {}) }]),
  );
  const text = { type: "string" as const };
  const yes = { type: "boolean" as const };
  const parsed = parseCommandLine(args, { ...options, width: text, at: text, code: text, sizes: yes });
  if (typeof parsed === "string") return parsed;
  const { positionals } = parsed;
  const values: Readonly<Record<string, unknown>> = parsed.values;
  if (values.help === true) return undefined;
  const columns = Number(values.width ?? io.env.COLUMNS ?? 100);
  if (!(columns >= 40 && columns <= 1000)) return "--width takes a number from 40 to 1000";
  if (positionals.length === 0) return "no files given";
  const views = viewsOf(values);
  if (typeof views === "string") return views;
  const parts = new Set(DUMP_PARTS.filter((part) => values.all === true || values[part] === true));
  return {
    files: positionals,
    views,
    parts,
    json: values.json === true,
    style: {
      color: io.color.out,
      columns,
      demangle: values["no-demangle"] !== true,
      rows: parts.size === 0 ? OVERVIEW_ROWS : Number.POSITIVE_INFINITY,
    },
  };
}

/** One after the other: a dump can be large. */
function* eachDump(request: Request, files: FileSystem, report: Report): Generator<FileDump> {
  for (const name of request.files) yield dumpNamed(name, request, files, report);
}

function dumpNamed(name: string, request: Request, files: FileSystem, report: Report): FileDump {
  const bytes = bytesNamed(name, files);
  if (bytes === undefined) return missingFile(name, { report }, files.whyNot?.(name));
  const host = { readMember: readerBeside(name, files), report, decompressors: nodeAccelerators };
  return dumpFile(bytes, name, partsFor(bytes, request), host);
}

function bytesNamed(name: string, files: FileSystem): Uint8Array | undefined {
  return files.read(name) ?? memberNamed(name, files);
}

/** `libx.a(member.o)` */
function memberNamed(name: string, files: FileSystem): Uint8Array | undefined {
  const split = splitMember(name, files.exists);
  const bytes = split && files.read(split.archive);
  if (split === undefined || bytes === undefined) return undefined;
  const member = memberOfKey(readArchive(bytes, split.archive, () => {})?.members ?? [], split.key);
  return member === undefined ? undefined : memberBytes(bytes, member, readerBeside(split.archive, files));
}

/** Paths in a thin archive are relative to its directory. */
function readerBeside(archive: string, files: FileSystem): ReadMember {
  const directory = archive.slice(0, archive.lastIndexOf("/") + 1);
  return (path) => files.read(path.startsWith("/") ? path : directory + path);
}

function partsFor(bytes: Uint8Array, { parts, json }: Request): ReadonlySet<DumpPart> {
  if (parts.size > 0) return parts;
  const kind = identify(bytes);
  if (kind === "archive" || kind === "thin-archive") return new Set(["archive"]);
  // Units have to be decoded one by one; who wants them says so.
  if (json) return new Set(DUMP_PARTS.filter((part) => part !== "units"));
  return new Set(kind === "elf-relocatable" ? OVERVIEW_OF_OBJECT : OVERVIEW_OF_LINKED);
}

/** How many characters are put together before they are written. */
const CHUNK = 65_536;

function writeText(dumps: Iterable<FileDump>, { parts, style }: Request, io: Io): void {
  let chunk = "";
  let first = true;
  for (const dump of dumps) {
    // Of other files there is nothing to show but the problem.
    if (!dump.kind.startsWith("elf-") && !dump.kind.endsWith("archive")) continue;
    if (!first) chunk += "\n";
    first = false;
    for (const line of dumpLines(dump, parts, style)) {
      chunk += `${line}\n`;
      if (chunk.length < CHUNK) continue;
      io.out(chunk);
      chunk = "";
    }
    // What is said of the next file on standard error comes after this.
    io.out(chunk);
    chunk = "";
  }
}
