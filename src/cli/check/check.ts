// `solder check`: will it load here, on those systems, under that root directory? Arguments and files here; the checks are
// in load/check, their words in explain/check.

import { resolve } from "node:path";
import { EI_CLASS, EI_DATA, ELFCLASS64, ELFDATA2MSB, identify } from "../../elf/index.ts";
import { fails, fileLines, mergeFiles, summaryLines, writeCheckJson } from "../../explain/check/index.ts";
import { filesUnder } from "../../host/walk.ts";
import { type FileReport, settleElsewhere, settleVariants } from "../../load/check/index.ts";
import { loaderRecordOf } from "../../load/machines/index.ts";
import type { Io } from "../io.ts";
import { isDirectory } from "../loader-options.ts";
import { FAILURE, runRequest, SUCCESS } from "../run-request.ts";
import { HELP, parseRequest, type Request } from "./request.ts";
import { startSession } from "./session.ts";

/** When so much of files is kept in memory, a new session begins. */
const KEPT_BYTES = 0x10000000;

/**
 * Runs `solder check` with the arguments behind its name.
 * @returns the exit status: 0 if everything loads, 1 if not, 2 for a command line that makes no sense
 */
export function runCheck(args: readonly string[], io: Io): number {
  return runRequest("check", HELP, parseRequest(args, io), io, (request) => checkAll(request, io));
}

function checkAll(request: Request, io: Io): number {
  const { json, style } = request;
  let session = startSession(request);
  const named: FileReport[] = [];
  const found: FileReport[] = [];
  let skipped = 0;
  const say = (lines: readonly string[]): void => {
    if (!json && lines.length > 0) io.out(`${lines.join("\n")}\n`);
  };
  for (const file of filesOf(request, () => skipped++)) {
    if (session.kept() > KEPT_BYTES) session = startSession(request);
    const report = session.checker.check(file.name, file.path);
    (file.named ? named : found).push(report);
    if (file.named) say(fileLines({ report, named: true }, style));
  }
  // What else is there is known at the end.
  const settled = settleVariants(settleElsewhere(found));
  const said = settled.map((report) => fileLines({ report, named: false }, style));
  for (const lines of mergeFiles(said)) say(lines);
  const reports = [...named, ...settled];
  if (json) writeCheckJson(reports, (text) => io.out(text));
  else if (reports.length !== 1 || named.length === 0) say(summaryLines(reports, skipped, style));
  return reports.some(fails) ? FAILURE : SUCCESS;
}

interface CheckedFile {
  /** For messages. */
  readonly name: string;
  /** Absolute, in the root. */
  readonly path: string;
  /** By the user, and not found in a directory. */
  readonly named: boolean;
}

function* filesOf({ paths, root }: Request, skip: () => void): Generator<CheckedFile> {
  const outside = root === undefined ? "" : resolve(root).replace(/\/$/, "");
  for (const name of paths.length === 0 ? ["/"] : paths) {
    const path = root === undefined ? resolve(name) : resolve("/", name);
    // A link in the root may lead out of it: what it leads to is looked for inside.
    if (!isDirectory(outside + path)) {
      yield { name, path, named: true };
      continue;
    }
    for (const { path: found, start } of filesUnder(outside + path, skip)) {
      if (!isWanted(found, start)) {
        skip();
        continue;
      }
      const inside = found.slice(outside.length);
      const shown = root === undefined ? name.replace(/\/+$/, "") + inside.slice(path.length) : inside;
      yield { name: shown, path: inside, named: false };
    }
  }
}

/** ELF files for machines that are known, other than objects, and addons whatever they are. */
function isWanted(path: string, start: Uint8Array): boolean {
  if (path.endsWith(".node")) return true;
  if (identify(start) !== "elf-shared" && identify(start) !== "elf-executable") return false;
  if (start.length <= 19 || path.endsWith(".debug")) return false;
  const elfClass = start[EI_CLASS] === ELFCLASS64 ? 64 : 32;
  const littleEndian = start[EI_DATA] !== ELFDATA2MSB;
  const machine = littleEndian ? start[18] + 256 * start[19] : 256 * start[18] + start[19];
  // Which of a machine's ABIs it is does not matter here.
  return loaderRecordOf({ header: { machine, flags: 0 }, elfClass, littleEndian }) !== undefined;
}
