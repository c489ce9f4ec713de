// `solder server`: starts the resident linker, says what it does, stops it. docs/server.md tells users about it.

import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { parseCommandLine } from "../arguments.ts";
import type { Io } from "../io.ts";
import { FAILURE, MISUSE, SUCCESS } from "../run-request.ts";
import { installClient } from "./install-client.ts";
import { commandFile, controlPath, findPlace, lockPath, MOST_SLOTS, type Place, secureDirectory } from "./place.ts";
import { isAlive, runSlot } from "./slot.ts";
import { DEFAULT_IDLE, defaultSlots, type ServerStatus, supervise } from "./supervisor.ts";

export const SERVER_HELP: string = `Usage: solder server start|status|stop [options]

A linker that stays: links through libexec/ld are then done by processes that run already,
which takes a tenth of the time for a small program. Output, messages and exit status are
those of the plain command, which does whatever the server cannot do. It serves you alone,
ends when no link has come for ten minutes, and is never started unasked.

  start                     start it, if there is none; done when it takes links
      --slots N             links at the same time (as many as there are processors, at most ${MOST_SLOTS})
      --idle SECONDS        end after so long without a link (${DEFAULT_IDLE})
  status                    what it has done and holds; exit status 1 if there is none
      --json                the same as JSON
  stop                      end it, after nothing or in the middle of a link: clients link themselves
  -h, --help                this text

Environment:
  SOLDER_SERVER=auto        the first link leaves a server behind
  SOLDER_SERVER=off         no link asks for one
  SOLDER_SERVER=wait        a link waits until the server is free, however long it takes
  XDG_RUNTIME_DIR           where its sockets are, in a directory solder; else /tmp/solder-UID

Exit status: 0 done, 1 there is no server or it could not be started, 2 wrong usage.

Examples:
  solder server start
  make -j8 LDFLAGS=-Bpath/to/libexec
  solder server stop
`;

const OPTIONS = {
  slots: { type: "string" },
  idle: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

const STOP_LIMIT = 5000;
/** The server has nothing else to do than to answer, but a machine may be busy. */
const ANSWER_LIMIT = 20_000;
/** How long a start may take: two warm processes on a busy machine. */
const START_LIMIT = 60_000;

/** Runs `solder server` with the arguments behind its name. The processes of a server itself never return. */
export async function runServer(args: readonly string[], io: Io): Promise<number> {
  const fail = (text: string, status: number): number => {
    io.err(`solder server: error: ${text}\n`);
    return status;
  };
  const misuse = (text: string): number => fail(`${text}; see solder server --help`, MISUSE);
  const parsed = parseCommandLine(args, OPTIONS);
  if (typeof parsed === "string") return misuse(parsed);
  const { values, positionals } = parsed;
  if (values.help === true) {
    io.out(SERVER_HELP);
    return SUCCESS;
  }
  const slots = wholeNumber(values.slots, defaultSlots(), 1, MOST_SLOTS);
  const idleLimit = wholeNumber(values.idle, DEFAULT_IDLE, 1, 7 * 24 * 3600);
  if (slots === undefined) return misuse(`--slots takes a number from 1 to ${MOST_SLOTS}`);
  if (idleLimit === undefined) return misuse("--idle takes a number of seconds");
  const place = findPlace(io.env);
  if (typeof place === "string") return fail(place, FAILURE);

  const [verb, operand] = positionals;
  switch (verb) {
    case "start":
      return start(place, ["--slots", String(slots), "--idle", String(idleLimit)], io, fail);
    case "status":
      return showStatus(await ask(place, "status"), values.json === true, io);
    case "stop": {
      const old = await stop(place);
      io.out(old === undefined ? "there is no server\n" : `stopped the server of process ${old.pid}\n`);
      return SUCCESS;
    }
    // The server's own processes.
    case "supervise":
      supervise(place, { slots, idleLimit });
      return new Promise(() => {});
    case "slot":
      process.on("disconnect", () => process.exit(0));
      runSlot(place, Number(operand), (report) => process.connected && process.send?.(report));
      return new Promise(() => {});
    default:
      return misuse(verb === undefined ? "start, status or stop?" : `there is no '${verb}'`);
  }
}

function wholeNumber(text: string | undefined, otherwise: number, least: number, most: number): number | undefined {
  if (text === undefined) return otherwise;
  const value = Number(text);
  return Number.isInteger(value) && value >= least && value <= most ? value : undefined;
}

async function start(
  place: Place,
  options: readonly string[],
  io: Io,
  fail: (text: string, status: number) => number,
): Promise<number> {
  const unsafe = secureDirectory(place);
  if (unsafe !== undefined) return fail(unsafe, FAILURE);
  const held = await holdLock(place);
  try {
    return await startHolding(place, options, io, fail);
  } finally {
    if (held) rmSync(lockPath(place), { force: true });
  }
}

/**
 * Two that are started at once, by the first links of a parallel build, would both warm up; the later one would stay.
 * @returns false if somebody else has been starting one for all that time
 */
async function holdLock(place: Place): Promise<boolean> {
  const path = lockPath(place);
  for (const limit = Date.now() + START_LIMIT; Date.now() < limit; await pause(50)) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx", mode: 0o600 });
      return true;
    } catch {
      if (isStale(path)) rmSync(path, { force: true });
    }
  }
  return false;
}

/** Left by a command that was killed. One that has just made the file has not written into it yet. */
function isStale(path: string): boolean {
  try {
    const age = Date.now() - statSync(path).mtimeMs;
    return age > START_LIMIT || (age > 1000 && !isAlive(Number(readFileSync(path, "latin1"))));
  } catch {
    // It has gone by itself.
    return false;
  }
}

async function startHolding(
  place: Place,
  options: readonly string[],
  io: Io,
  fail: (text: string, status: number) => number,
): Promise<number> {
  const old = await ask(place, "status");
  if (old !== undefined && !old.ending && old.node === process.versions.node) {
    const there = old.ready ? old : await untilReady(place, () => false);
    if (there === undefined) return fail(`the server of process ${old.pid} takes no links`, FAILURE);
    io.out(`a server runs already, as process ${there.pid}\n`);
    return SUCCESS;
  }
  if (old !== undefined) await stop(place);
  const { XDG_RUNTIME_DIR } = io.env;
  const server = spawn(process.execPath, [commandFile, "server", "supervise", ...options], {
    detached: true,
    stdio: "ignore",
    cwd: "/",
    // A client's variables come with its request; what else this environment holds is nobody's business.
    env: XDG_RUNTIME_DIR === undefined ? {} : { XDG_RUNTIME_DIR },
  });
  server.unref();
  const ready = await untilReady(place, () => server.exitCode !== null);
  if (ready === undefined) return fail("the server did not start", FAILURE);
  io.out(`a server of ${ready.slots.length} processes runs, as process ${ready.pid}\n`);
  const without = installClient();
  if (without !== undefined) io.err(`solder server: note: ${without}\n`);
  return SUCCESS;
}

/** @returns what it was; it is gone then, and so are its sockets */
async function stop(place: Place): Promise<ServerStatus | undefined> {
  const old = await ask(place, "stop");
  const limit = Date.now() + STOP_LIMIT;
  while (old !== undefined && existsSync(controlPath(place)) && Date.now() < limit) await pause(20);
  return old;
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function untilReady(place: Place, hasEnded: () => boolean): Promise<ServerStatus | undefined> {
  const limit = Date.now() + START_LIMIT;
  while (Date.now() < limit) {
    const ended = hasEnded();
    const status = await ask(place, "status");
    if (status?.ready === true && !status.ending) return status;
    // Another may have taken its place.
    if (ended && status === undefined) return undefined;
    await pause(50);
  }
  return undefined;
}

/** The server's answer; undefined if there is none. */
function ask(place: Place, question: "status" | "stop"): Promise<ServerStatus | undefined> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(controlPath(place), () => socket.write(`${question}\n`));
    socket.setEncoding("utf8");
    socket.setTimeout(ANSWER_LIMIT, () => socket.destroy());
    socket.on("error", () => resolve(undefined));
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.on("close", () => {
      try {
        resolve(JSON.parse(text) as ServerStatus);
      } catch {
        // It ended before it had answered.
        resolve(undefined);
      }
    });
  });
}

function showStatus(status: ServerStatus | undefined, json: boolean, io: Io): number {
  if (json) io.out(`${JSON.stringify(status ?? null)}\n`);
  else io.out(status === undefined ? "there is no server\n" : statusText(status));
  return status === undefined ? FAILURE : SUCCESS;
}

function statusText(status: ServerStatus): string {
  const mebibytes = (bytes: number): string => `${(bytes / 1048576).toFixed(0)} MiB`;
  const slots = status.slots.map(
    ({ pid, listening, served, relinked, last, resident, kept, hits, misses }) =>
      `  process ${pid}: ${listening ? "" : "not ready, "}${served} links, ${relinked} of them by relinking, the last in ${last.toFixed(1)} ms; ` +
      `${mebibytes(resident)}, of which ${mebibytes(kept)} of files (${hits} taken again, ${misses} read)\n`,
  );
  const refused = Object.entries(status.refused).map(
    ([reason, count]) => `  left to the plain command ${count}x: ${reason}\n`,
  );
  return [
    `Solder ${status.version} (build ${status.build}) on Node ${status.node}, process ${status.pid}, in ${status.directory}\n`,
    `${status.served} links; idle for ${status.idle} s, ends after ${status.idleLimit} s\n`,
    ...slots,
    ...refused,
  ].join("");
}
