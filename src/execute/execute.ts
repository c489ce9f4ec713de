// Running a program: the library's way in. `execute` makes the world and the process; `run` lets it run for so many instructions,
// again and again until it has ended, so that a page stays alive. Nothing of the host is reachable but what the options hand in.

import { LEVELS, type Levels } from "../arch/x86/instructions/index.ts";
import type { Problem } from "../elf/index.ts";
import type { LoadFiles } from "../load/index.ts";
import type { Time } from "./files/nodes.ts";
import type { User } from "./files/tree.ts";
import { DEFAULT_LIMITS, type RunLimits } from "./limits.ts";
import type { Observer } from "./run.ts";
import { type GivenFile, startSystem } from "./start.ts";
import { advance, type CallTables, callTables, type Pause } from "./system/kernel.ts";
import type { OutputRefusal, Process, System, SystemHooks, Task } from "./system/state.ts";

/** How a program is run. All but the files has a default. */
export interface ExecuteOptions {
  /** The files that it sees below what it writes itself: a directory's, or a table in memory. */
  readonly files: LoadFiles;
  /** argv; the program's path alone if it is not given. */
  readonly argv?: readonly string[];
  /** `NAME=value`. */
  readonly environment?: readonly string[];
  readonly currentDirectory?: string;
  /** Who runs it: what getuid and its like say, and whose permissions count. Default: root. */
  readonly who?: User;
  /** What the processor can do. Default: x86-64's baseline. */
  readonly levels?: Levels;
  readonly limits?: Partial<RunLimits>;
  /** Of random numbers: the same seed, the same run. Default 1. */
  readonly seed?: number;
  /** When its clock begins. Default: the year 2030, so that no file is younger. */
  readonly time?: Time;
  /** Gives up to `most` bytes of standard input: none at its end, undefined if there are none yet. Default: none. */
  readonly input?: (most: number) => Uint8Array | undefined;
  /** Takes what it writes to standard output (1) and standard error (2). The bytes are its own only during the call. */
  readonly output?: (stream: 1 | 2, bytes: Uint8Array) => void;
  /** Asked after each output: why it was not taken, which the program is told (EPIPE with SIGPIPE); undefined if it was. */
  readonly outputRefusal?: () => OutputRefusal | undefined;
  /** Whether standard input, output and error are a terminal. Default: pipes. */
  readonly terminals?: readonly [boolean, boolean, boolean];
  /** Addresses of position-independent objects by path, links resolved, in place of Linux' without ASLR. */
  readonly given?: ReadonlyMap<string, number>;
  /** Files above those handed in: an image that was just linked, say. Anybody may execute them. */
  readonly added?: readonly GivenFile[];
  readonly hooks?: SystemHooks;
}

/** A program that runs. */
export interface Execution {
  readonly system: System;
  /** The first process. */
  readonly process: Process;
  readonly tables: CallTables;
}

/** 2030-01-01. */
export const DEFAULT_TIME: Time = { seconds: 1_893_456_000, nanoseconds: 0 };

const ROOT: User = { user: 0, group: 0, groups: [] };

/**
 * Starts a program of x86-64 or i386; not one of its instructions is executed yet.
 * @param program its path  @returns the problem if it cannot be started: its detail `reason` is errno's name
 */
export function execute(program: string, options: ExecuteOptions): Execution | Problem {
  const system = startSystem({
    program,
    argv: [program],
    environment: [],
    currentDirectory: "/",
    who: ROOT,
    levels: LEVELS.baseline,
    seed: 1,
    time: DEFAULT_TIME,
    input: () => new Uint8Array(0),
    output: () => {},
    outputRefusal: () => undefined,
    terminals: [false, false, false],
    given: new Map(),
    added: [],
    hooks: {},
    ...options,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  });
  if ("code" in system) return system;
  return { system, process: system.first, tables: callTables() };
}

/**
 * Lets it run. In whatever slices, it is the same run.
 * @param limit how many instructions at most  @param observer sees each instruction or transfer; slows it down
 * @returns why it paused: after "ended" `execution.system.end` says how
 */
export function runFor({ system, tables }: Execution, limit: number, observer?: Observer): Pause {
  return advance(system, tables, limit, observer);
}

/** Lets it run to its end, or until there is no input. */
export function runToEnd(execution: Execution, observer?: Observer): Pause {
  for (;;) {
    const pause = runFor(execution, SLICE, observer);
    if (pause !== "limit") return pause;
  }
}

const SLICE = 1 << 24;

/** Who runs now, or ran last. */
export function currentTask({ system, process }: Execution): Task | undefined {
  return system.current ?? process.tasks[0];
}
