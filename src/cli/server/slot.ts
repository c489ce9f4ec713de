// One process that links, one link at a time: it says `go` to a client when it is free, does with the client's directory, umask
// and arguments what the plain command would do, and answers with all that would have been printed. What it cannot do
// exactly so it refuses, before anything is written, and the client runs the plain command.

import { lstatSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { basename, join } from "node:path";
import { printableOutput } from "../../explain/printable.ts";
import { relinkedText, serverText } from "../../explain/relink.ts";
import { nodeAccelerators } from "../../host/accelerators.ts";
import { fromRoot } from "../../host/from-root.ts";
import { systemLibraryPaths } from "../../host/system-paths.ts";
import { createParsedFiles } from "../../link/inputs/parsed.ts";
import { link } from "../../link/link.ts";
import type { Io } from "../io.ts";
import { expandResponseFiles } from "../ld/response-files.ts";
import { type LdHost, runLd } from "../ld/run.ts";
import { writeOutput } from "../ld/write-output.ts";
import { identify, isSame } from "./identity.ts";
import { createKeptFiles, isOfProcess, type KeptFiles, lookAt } from "./kept-files.ts";
import { buildFile, fullName, journalOwner, journalPath, type Place, socketOwner } from "./place.ts";
import {
  encodeAnswer,
  GO,
  type LinkAnswer,
  type LinkRequest,
  parseRequest,
  requestLength,
  type Said,
  type Surroundings,
} from "./protocol.ts";
import { isRefusal, refuse } from "./refusal.ts";
import { createRelinker, linkKey, type Recording, type Relinker } from "./relinker.ts";
import { warmUp } from "./warm-up.ts";

/** What a slot tells the server above it. */
export type SlotReport =
  | { readonly kind: "listening" }
  | {
      readonly kind: "served";
      readonly milliseconds: number;
      readonly how: HowServed;
      readonly refusal: string | undefined;
      readonly memory: SlotMemory;
    }
  /** The build is no longer the one that this process is of. */
  | { readonly kind: "outdated" };

/** Linked in full, patched in place, found as it should be, or left to the plain command. */
export type HowServed = "linked" | "patched" | "untouched" | "refused";

export interface SlotMemory {
  /** Bytes of the process, and of the files that it keeps. */
  readonly resident: number;
  readonly kept: number;
  readonly hits: number;
  readonly misses: number;
}

/** Bytes of files kept: while links come, and after a minute without one. */
const KEPT = 768 << 20;
const KEPT_IDLE = 64 << 20;
/** A process that has grown beyond this is better replaced when it falls idle. */
const TOO_LARGE = 1536 << 20;
/** A client that has been told to go on and says nothing for so long is no client. */
const PATIENCE = 2000;
const FIRST_IDLE = 3000;
const SECOND_IDLE = 60_000;
/** Milliseconds between two links that only warm the process up, and from the last one that was asked for to these. */
const WARM_PAUSE = 10;
const QUIET = 500;

/** Serves until the process ends. */
export function runSlot(place: Place, slot: number, report: (it: SlotReport) => void): void {
  const kept = createKeptFiles();
  let client = 0;
  let served = performance.now();
  const host: LdHost = {
    files: kept.files,
    accelerators: nodeAccelerators,
    link,
    parsed: createParsedFiles(),
    systemLibraryPaths,
    write: journalled(journalPath(place, process.pid), () => client),
  };
  const own = surroundings();
  const build = identify(buildFile);

  const relinker = createRelinker(systemLibraryPaths);
  const warmer = warmUp(host, kept, relinker);
  const idle = idleSteps(kept, relinker);

  const answer = (request: LinkRequest): LinkAnswer | undefined => {
    const started = performance.now();
    client = request.pid;
    const { answer, refusal, how = "refused", recording } = answerRequest(request, own, host, relinker, kept);
    process.chdir("/");
    served = performance.now();
    const milliseconds = served - started;
    // When the client has its answer.
    setImmediate(() => {
      if (recording !== undefined) relinker.keep(recording);
      kept.trim(KEPT);
      report({ kind: "served", milliseconds, how, refusal, memory: memoryOf(kept) });
      // Between two links hardly anything is alive: half a millisecond now for ten in the middle of one of the next links.
      collect("minor");
      idle();
    });
    return answer;
  };
  const isOutdated = (): boolean => {
    const now = identify(buildFile);
    return build === undefined || now === undefined || !isSame(build, now);
  };
  listen(place, slot, answer, isOutdated, (it) => {
    report(it);
    if (it.kind === "listening") whileIdle(warmer, () => served);
  });
}

/**
 * While no client has come for a moment; one that does waits for no more than one of these. Who has many clients is warmed up by them.
 * @param work says whether it was enough  @param latest when a client was served, of `performance.now()`
 */
function whileIdle(work: () => boolean, latest: () => number): void {
  const isIdle = performance.now() - latest() > QUIET;
  if (isIdle && work()) return;
  setTimeout(() => whileIdle(work, latest), isIdle ? WARM_PAUSE : QUIET).unref();
}

function memoryOf({ stats }: KeptFiles): SlotMemory {
  return { resident: process.memoryUsage.rss(), kept: stats.bytes, hits: stats.hits, misses: stats.misses };
}

/** V8's collector, as `--expose-gc` gives it (supervisor.ts): of young objects, or of all. */
function collect(type: "minor" | "major"): void {
  (globalThis as { gc?: (how: { type: string }) => void }).gc?.({ type });
}

/** Called after each link; gives memory back in steps while no other comes. */
function idleSteps(kept: KeptFiles, relinker: Relinker): () => void {
  let timers: NodeJS.Timeout[] = [];
  const first = (): void => {
    collect("major");
    if (process.memoryUsage.rss() > TOO_LARGE) process.exit(0);
  };
  const second = (): void => {
    kept.trim(KEPT_IDLE);
    relinker.trim(KEPT_IDLE);
    collect("major");
  };
  return () => {
    for (const timer of timers) clearTimeout(timer);
    timers = [setTimeout(first, FIRST_IDLE), setTimeout(second, SECOND_IDLE)];
  };
}

/** One client at a time; the others hear nothing until it is their turn, and have gone by then, most likely. */
function listen(
  place: Place,
  slot: number,
  answer: (request: LinkRequest) => LinkAnswer | undefined,
  isOutdated: () => boolean,
  report: (it: SlotReport) => void,
): void {
  const waiting: Socket[] = [];
  let current: Socket | undefined;
  const next = (): void => {
    current = waiting.shift();
    if (current === undefined) return;
    const client = current;
    const timer = setTimeout(() => client.destroy(), PATIENCE);
    client.once("close", () => {
      clearTimeout(timer);
      if (current === client) next();
    });
    client.write(GO);
  };
  const server = createServer((client) => {
    client.on("error", () => client.destroy());
    let bytes: Buffer = Buffer.alloc(0);
    client.on("data", (chunk) => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const length = requestLength(bytes);
      if (length === undefined) client.destroy();
      if (length === undefined || length === 0 || bytes.length < length) return;
      const outdated = isOutdated();
      const request = outdated ? undefined : parseRequest(bytes.subarray(0, length));
      client.end(encodeAnswer(request && answer(request)));
      if (outdated) report({ kind: "outdated" });
    });
    client.once("close", () => {
      const index = waiting.indexOf(client);
      if (index >= 0) waiting.splice(index, 1);
    });
    waiting.push(client);
    if (current === undefined) next();
  });
  const path = join(place.directory, fullName(place, slot, process.pid));
  // Of a process of this number that was killed.
  rmSync(path, { force: true });
  process.umask(0o077);
  // The server above makes the name that clients call.
  server.listen(path, () => report({ kind: "listening" }));
}

interface Answered {
  readonly answer?: LinkAnswer;
  readonly refusal?: string;
  readonly how?: HowServed;
  /** Of a full link that another may follow. */
  readonly recording?: Recording;
}

function answerRequest(
  given: LinkRequest,
  own: Surroundings,
  host: LdHost,
  relinker: Relinker,
  { stats, look, begin }: KeptFiles,
): Answered {
  begin();
  const said: Said[] = [];
  const say = (file: 1 | 2, text: string): void => {
    if (text !== "") said.push({ file, text: new TextEncoder().encode(printableOutput(text)) });
  };
  const colorful = (given.env.NO_COLOR ?? "") === "";
  const io: Io = {
    out: (text) => say(1, text),
    err: (text) => say(2, text),
    color: { out: colorful && given.terminal.out, err: colorful && given.terminal.err },
    env: given.env,
  };
  try {
    if (!sameSurroundings(given.caller, own)) refuse("another group, root directory or namespace");
    enter(given);
    refuseOwnFiles(given.args);
    const request = { ...given, args: expanded(given.args, host.files) };
    refuseOwnFiles(request.args);
    const program = basename(request.program);
    const key = linkKey(request);
    const again = relinker.relink(key);
    if ("done" in again) {
      if (again.statistics) say(2, relinkedText(program, again.objects, again.bytes));
      return { answer: { status: 0, said }, how: again.done };
    }
    const before = { ...stats, parsed: host.parsed?.hits ?? 0 };
    const recording = relinker.recording(key, host, look);
    const status = runLd(request.args, io, recording.host, program);
    // What was said would have to be said again, but for what --stats says.
    const isQuiet = said.length === 0;
    if (recording.statistics !== "") {
      const [hits, misses] = [stats.hits - before.hits, stats.misses - before.misses];
      say(
        2,
        `${recording.statistics}${serverText(program, again.why, hits, misses, (host.parsed?.hits ?? 0) - before.parsed)}`,
      );
    }
    const answered: Answered = { answer: { status, said }, how: "linked" };
    return status === 0 && isQuiet ? { ...answered, recording } : answered;
  } catch (cause) {
    // What goes wrong here shall go wrong where somebody sees it.
    return { refusal: isRefusal(cause) ? cause.refusal : `failed: ${cause instanceof Error ? cause.message : cause}` };
  }
}

/** Of the server they are others. A path may stand behind an option's name: `-T/dev/fd/63`, `--version-script=/dev/stdin`, `@/dev/fd/3`. */
function refuseOwnFiles(args: readonly string[]): void {
  for (const word of args) if (isOfProcess(word.replace(/^(?:-[^/=]*=?|@)/, ""))) refuse("a file of the process");
}

/** GCC's response files have another name each time. What is wrong with one is said when the linker reads it. */
function expanded(args: readonly string[], files: LdHost["files"]): readonly string[] {
  let isWhole = true;
  const words = expandResponseFiles(args, files, () => {
    isWhole = false;
  });
  return isWhole ? words : args;
}

function enter({ directory, umask }: LinkRequest): void {
  try {
    process.chdir(directory);
  } catch {
    refuse("the working directory is out of reach");
  }
  process.umask(umask);
}

/**
 * Writes as the plain command does, where that is a file; its temporary name is noted for as long as there is one. Of a client
 * that has been killed nothing comes any more: its successor may have written the file already.
 */
function journalled(journal: string, client: () => number): LdHost["write"] {
  return (path, bytes, executable) => {
    lookAt(fromRoot(path));
    return writeOutput(path, bytes, executable, {
      begins: (temporary) => writeFileSync(journal, temporary, { mode: 0o600 }),
      ends: () => unlinkSync(journal),
      isWanted: () => isAlive(client()),
    });
  };
}

/** Not one that has ended and waits for its parent to hear of it (proc(5), /proc/PID/stat). */
export function isAlive(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !/^[ZX]/.test(text.slice(text.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

/**
 * Removes the sockets of processes that were killed, and what they were writing. A slot that outlives its server for a moment
 * still finishes its link.
 */
export function tidyUp(place: Place): void {
  for (const name of readdirSync(place.directory)) {
    const listener = socketOwner(place, name);
    if (listener !== undefined && !isAlive(listener)) rmSync(join(place.directory, name), { force: true });
    const pid = journalOwner(place, name);
    if (pid === undefined || isAlive(pid)) continue;
    const journal = join(place.directory, name);
    try {
      const path = readFileSync(journal, "utf8");
      const isTemporary = basename(path).startsWith(".solder-") && lstatSync(path).uid === process.geteuid?.();
      if (isTemporary) unlinkSync(path);
    } catch {
      // There is no such file any more: nothing is left behind.
    }
    rmSync(journal, { force: true });
  }
}

export function surroundings(): Surroundings {
  const inode = (path: string): bigint => statSync(path, { bigint: true }).ino;
  const root = statSync("/", { bigint: true });
  const namespaces = ["mnt", "pid", "user"].map((name) => inode(`/proc/self/ns/${name}`));
  return {
    group: process.getegid?.() ?? -1,
    groups: (process.getgroups?.() ?? []).sort((a, b) => a - b),
    places: [root.dev, root.ino, ...namespaces],
  };
}

function sameSurroundings(a: Surroundings, b: Surroundings): boolean {
  const isEqual = <T>(x: readonly T[], y: readonly T[]): boolean =>
    x.length === y.length && x.every((it, i) => it === y[i]);
  // getgroups(2) may or may not hold the effective group; Node adds it.
  const groups = ({ group, groups }: Surroundings): number[] => [...new Set([group, ...groups])].sort((i, j) => i - j);
  return a.group === b.group && isEqual(groups(a), groups(b)) && isEqual(a.places, b.places);
}
