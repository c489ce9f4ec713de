// The server's first process: it links nothing, but starts the slots that do, tidies up after one that was killed and starts
// another, answers `solder server status` and `stop`, and ends all of them when no link has come for a while.

import { type ChildProcess, fork } from "node:child_process";
import { readlinkSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { version } from "../version.ts";
import { commandFile, controlPath, fullName, MOST_SLOTS, type Place, slotPath } from "./place.ts";
import { type SlotReport, tidyUp } from "./slot.ts";

/** What `solder server status` shows. */
export interface ServerStatus {
  readonly version: string;
  readonly node: string;
  readonly build: string;
  readonly pid: number;
  readonly directory: string;
  /** True when every slot takes links. */
  readonly ready: boolean;
  /** It has been told to stop, or has been idle for too long, and takes no more. */
  readonly ending: boolean;
  readonly slots: readonly SlotStatus[];
  /** Links done since the start, and those handed back to the plain command, by reason. */
  readonly served: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Seconds without a link, and how many of them end the server. */
  readonly idle: number;
  readonly idleLimit: number;
}

export interface SlotStatus {
  readonly pid: number;
  readonly listening: boolean;
  readonly served: number;
  /** Of these, patched in place or found as they should be. */
  readonly relinked: number;
  /** Milliseconds of the last link. */
  readonly last: number;
  /** Bytes. */
  readonly resident: number;
  readonly kept: number;
  readonly hits: number;
  readonly misses: number;
}

export interface ServerOptions {
  readonly slots: number;
  /** Seconds. */
  readonly idleLimit: number;
}

export const DEFAULT_IDLE = 600;

export function defaultSlots(): number {
  return Math.max(1, Math.min(availableParallelism(), MOST_SLOTS));
}

/** How often a look is taken whether it is time to go, in milliseconds. */
const LOOK = 2000;
/** A slot that has ended this often without having linked anything is started again only after a while, in milliseconds. */
const MANY_FAILURES = 5;
const LONGEST_WAIT = 60_000;

interface Slot {
  process: ChildProcess;
  failures: number;
  status: SlotStatus;
}

/**
 * For processes that do the same over and over. A small link makes some megabytes of young objects, which slot.ts has collected after it;
 * a heap that starts small would collect in the middle of links instead, and V8's own way of giving memory back, which begins when a process
 * falls idle, makes the heap small again each time: the next links took twice the processor time. slot.ts gives memory back in its steps.
 * Collecting by several threads costs a small link a tenth of its processor time, and saves a large one none of its time.
 */
const V8_OPTIONS: string[] = [
  ...["--expose-gc", "--single-threaded-gc", "--no-memory-reducer"],
  ...["--max-semi-space-size=32", "--min-semi-space-size=16", "--initial-heap-size=256"],
];

/** Runs until it is stopped or idle for too long; ends the process. */
export function supervise(place: Place, options: ServerOptions): void {
  const slots: Slot[] = [];
  const refused: Record<string, number> = {};
  let lastLink = Date.now();
  let ending = false;

  const start = (index: number, failures: number): void => {
    const child = fork(commandFile, ["server", "slot", String(index)], {
      execArgv: V8_OPTIONS,
      cwd: "/",
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    const status = {
      pid: child.pid ?? 0,
      listening: false,
      served: 0,
      relinked: 0,
      last: 0,
      resident: 0,
      kept: 0,
      hits: 0,
      misses: 0,
    };
    const slot: Slot = { process: child, failures, status };
    slots[index] = slot;
    child.on("message", (message: SlotReport) => hear(slot, message));
    child.on("exit", () => {
      if (ending) return;
      tidyUp(place);
      const next = slot.status.served > 0 ? 0 : slot.failures + 1;
      slot.status = { ...slot.status, listening: false };
      if (next < MANY_FAILURES) start(index, next);
      else setTimeout(() => !ending && start(index, next), Math.min(1000 * 2 ** (next - MANY_FAILURES), LONGEST_WAIT));
    });
  };

  /** Makes and mends the names that clients call; gives way to a server that was started later. */
  const keepNames = (): void => {
    if (ending) return;
    if (!pointsTo(controlPath(place), fullName(place, "control", process.pid))) {
      end();
      return;
    }
    for (let index = 0; index < MOST_SLOTS; index++) {
      const { pid, listening } = slots[index]?.status ?? { pid: 0, listening: false };
      const path = slotPath(place, index);
      if (!listening) rmSync(path, { force: true });
      else if (!pointsTo(path, fullName(place, index, pid))) pointTo(path, fullName(place, index, pid));
    }
  };

  const hear = (slot: Slot, message: SlotReport): void => {
    if (message.kind === "outdated") end();
    if (message.kind === "listening") {
      slot.status = { ...slot.status, listening: true };
      keepNames();
    }
    if (message.kind !== "served") return;
    lastLink = Date.now();
    const { milliseconds, refusal, how, memory } = message;
    if (refusal !== undefined) refused[refusal] = (refused[refusal] ?? 0) + 1;
    const served = slot.status.served + (refusal === undefined ? 1 : 0);
    const relinked = slot.status.relinked + (how === "patched" || how === "untouched" ? 1 : 0);
    slot.status = { ...slot.status, ...memory, served, relinked, last: milliseconds };
  };

  const end = (): void => {
    if (ending) return;
    ending = true;
    const leave = (): void => {
      tidyUp(place);
      for (const [path, target] of names()) if (pointsTo(path, target)) rmSync(path, { force: true });
      rmSync(join(place.directory, fullName(place, "control", process.pid)), { force: true });
      process.exit(0);
    };
    // What a slot was writing can be removed when it is gone.
    let alive = slots.filter(({ process: child }) => child.exitCode === null && child.signalCode === null);
    for (const slot of alive) {
      slot.process.once("exit", () => {
        alive = alive.filter((it) => it !== slot);
        if (alive.length === 0) leave();
      });
      slot.process.kill("SIGKILL");
    }
    if (alive.length === 0) leave();
  };

  const names = (): (readonly [path: string, target: string])[] => [
    ...slots.map((it, i) => [slotPath(place, i), fullName(place, i, it.status.pid)] as const),
    [controlPath(place), fullName(place, "control", process.pid)],
  ];

  const status = (): ServerStatus => ({
    version,
    node: process.versions.node,
    build: place.build,
    pid: process.pid,
    directory: place.directory,
    ready: slots.every((it) => it.status.listening),
    ending,
    slots: slots.map((it) => it.status),
    served: slots.reduce((sum, it) => sum + it.status.served, 0),
    refused,
    idle: Math.round((Date.now() - lastLink) / 1000),
    idleLimit: options.idleLimit,
  });

  tidyUp(place);
  const isDue = (): boolean => Date.now() - lastLink > options.idleLimit * 1000;
  control(place, status, end, () => {
    for (let index = 0; index < options.slots; index++) start(index, 0);
    setInterval(() => (isDue() ? end() : keepNames()), LOOK);
  });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, end);
}

/** Makes a symbolic link, or changes it, in one step. */
function pointTo(path: string, target: string): void {
  const temporary = `${path}.${process.pid}`;
  rmSync(temporary, { force: true });
  symlinkSync(target, temporary);
  renameSync(temporary, path);
}

function pointsTo(path: string, target: string): boolean {
  try {
    return readlinkSync(path) === target;
  } catch {
    // There is no such link, or no such directory any more.
    return false;
  }
}

/** Answers a line `status` or `stop`. */
function control(place: Place, status: () => ServerStatus, end: () => void, ready: () => void): void {
  const name = fullName(place, "control", process.pid);
  const path = join(place.directory, name);
  const server = createServer((client) => {
    client.on("error", () => client.destroy());
    client.setEncoding("utf8").once("data", (text: string | Buffer) => {
      client.end(`${JSON.stringify(status())}\n`, () => {
        if (String(text).startsWith("stop")) end();
      });
    });
  });
  // Of a process of this number that was killed.
  rmSync(path, { force: true });
  process.umask(0o077);
  server.listen(path, () => {
    pointTo(controlPath(place), name);
    ready();
  });
}
