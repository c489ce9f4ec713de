// `solder check`: will it load here, on those systems, under that root directory? Arguments and files here; the checks are
// in load/check, their words in explain/check.

import { identify } from "../../elf/index.ts";
import {
  fails,
  fileLines,
  mergeFiles,
  type PassedOver,
  summaryLines,
  writeCheckJson,
} from "../../explain/check/index.ts";
import { absolutePath, fromRoot } from "../../host/from-root.ts";
import { filesUnder } from "../../host/walk.ts";
import {
  type FileReport,
  settleElsewhere,
  settleUnknownMachines,
  settleVariants,
  strangerKind,
} from "../../load/check/index.ts";
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
  const skipped = { other: 0, kinds: new Map<string, number>() };
  const say = (lines: readonly string[]): void => {
    if (!json && lines.length > 0) io.out(`${lines.join("\n")}\n`);
  };
  for (const file of filesOf(request, skipped)) {
    if (session.kept() > KEPT_BYTES) session = startSession(request);
    const report = session.checker.check(file.name, file.path);
    (file.named ? named : found).push(report);
    if (file.named) say(fileLines({ report, named: true }, style));
  }
  // What else is there is known at the end.
  const settled = settleUnknownMachines(settleVariants(settleElsewhere(found)));
  const said = settled.map((report) => fileLines({ report, named: false }, style));
  for (const lines of mergeFiles(said)) say(lines);
  const reports = [...named, ...settled];
  if (json) writeCheckJson(reports, skipped, (text) => io.out(text));
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

/** Counts what is passed over. */
type Skipped = PassedOver & { other: number; readonly kinds: Map<string, number> };

function* filesOf({ paths, root }: Request, skipped: Skipped): Generator<CheckedFile> {
  const skip = (): number => skipped.other++;
  const outside = root === undefined ? "" : fromRoot(root).replace(/\/$/, "");
  for (const name of paths.length === 0 ? ["/"] : paths) {
    const path = root === undefined ? absolutePath(name) : fromRoot(name, "/");
    // A link in the root may lead out of it: what it leads to is looked for inside.
    if (!isDirectory(outside + path)) {
      yield { name, path, named: true };
      continue;
    }
    for (const { path: found, start } of filesUnder(outside + path, skip)) {
      if (!isWanted(found, start)) {
        const kind = strangerKind(start);
        if (kind === undefined) skip();
        else skipped.kinds.set(kind, (skipped.kinds.get(kind) ?? 0) + 1);
        continue;
      }
      const inside = found.slice(outside.length);
      const shown = root === undefined ? name.replace(/\/+$/, "") + inside.slice(path.length) : inside;
      yield { name: shown, path: inside, named: false };
    }
  }
}

/** ELF files other than objects, and addons whatever they are. */
function isWanted(path: string, start: Uint8Array): boolean {
  if (path.endsWith(".node")) return true;
  const kind = identify(start);
  return (kind === "elf-shared" || kind === "elf-executable") && start.length > 19 && !path.endsWith(".debug");
}
