// The server's first process: it links nothing, but starts the slots that do, tidies up after one that was killed and starts
// another, answers `solder server status` and `stop`, and ends all of them when no link has come for a while.

import { type ChildProcess, fork } from "node:child_process";
import { lstatSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { version } from "../version.ts";
import { commandFile, controlPath, fullName, MOST_SLOTS, type Place, slotPath } from "./place.ts";
import { pointTo, type SlotReport, tidyUp } from "./slot.ts";

/** What `solder server status` shows. */
export interface ServerStatus {
  readonly version: string;
  readonly node: string;
  readonly build: string;
  readonly pid: number;
  readonly directory: string;
  /** True when every slot takes links. */
  readonly ready: boolean;
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
/** A slot that ends this often without having linked anything is not started again. */
const MOST_FAILURES = 5;

interface Slot {
  process: ChildProcess;
  failures: number;
  status: SlotStatus;
}

/** Runs until it is stopped or idle for too long; ends the process. */
export function supervise(place: Place, options: ServerOptions): void {
  const slots: Slot[] = [];
  const refused: Record<string, number> = {};
  let lastLink = Date.now();
  let ending = false;

  const start = (index: number, failures: number): void => {
    const child = fork(commandFile, ["server", "slot", String(index)], {
      execArgv: ["--expose-gc", "--max-semi-space-size=32"],
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
      tidyUp(place);
      const next = slot.status.served > 0 ? 0 : slot.failures + 1;
      if (!ending && next < MOST_FAILURES) start(index, next);
    });
  };

  const hear = (slot: Slot, message: SlotReport): void => {
    if (message.kind === "outdated") end();
    if (message.kind === "listening") slot.status = { ...slot.status, listening: true };
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
      forget(place, slots.length);
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

  const status = (): ServerStatus => ({
    version,
    node: process.versions.node,
    build: place.build,
    pid: process.pid,
    directory: place.directory,
    ready: slots.every((it) => it.status.listening),
    slots: slots.map((it) => it.status),
    served: slots.reduce((sum, it) => sum + it.status.served, 0),
    refused,
    idle: Math.round((Date.now() - lastLink) / 1000),
    idleLimit: options.idleLimit,
  });

  tidyUp(place);
  forget(place, MOST_SLOTS);
  control(place, status, end);
  for (let index = 0; index < options.slots; index++) start(index, 0);
  const isDue = (): boolean => Date.now() - lastLink > options.idleLimit * 1000;
  setInterval(() => isDue() && end(), LOOK);
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, end);
}

/** Removes the names of this build's sockets, so that no client meets a socket without a listener. */
function forget(place: Place, slots: number): void {
  const names = [controlPath(place), ...Array.from({ length: slots }, (_, i) => slotPath(place, i))];
  for (const path of names) rmSync(path, { force: true });
  const isOurs = (name: string): boolean => name.includes(`-${place.build}-`);
  for (const name of readdirSync(place.directory))
    if (isOurs(name)) rmSync(join(place.directory, name), { force: true });
}

/** Answers a line `status` or `stop`; ends the server when another has taken its name. */
function control(place: Place, status: () => ServerStatus, end: () => void): void {
  const path = join(place.directory, fullName(place, "control"));
  const server = createServer((client) => {
    client.on("error", () => client.destroy());
    client.setEncoding("utf8").once("data", (text: string | Buffer) => {
      client.end(`${JSON.stringify(status())}\n`, () => {
        if (String(text).startsWith("stop")) end();
      });
    });
  });
  process.umask(0o077);
  server.listen(path, () => {
    pointTo(controlPath(place), fullName(place, "control"));
    const { ino } = lstatSync(path);
    const isOurs = (): boolean => lstatSync(path, { throwIfNoEntry: false })?.ino === ino;
    setInterval(() => {
      // Somebody has removed the directory, or two servers were started at once: the later one stays.
      if (!isOurs()) process.exit(0);
    }, LOOK);
  });
}
