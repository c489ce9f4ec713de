// Starting a run: the world that the first process sees, and the process itself.

import { createMemory, type Levels, type Mode, PAGE } from "../arch/x86/instructions/index.ts";
import type { Problem } from "../elf/index.ts";
import type { LoadFiles } from "../load/index.ts";
import { bytesOfText } from "./files/names.ts";
import type { DirectoryNode, Node, Time } from "./files/nodes.ts";
import { addDevices, addProc } from "./files/special.ts";
import {
  entryOf,
  type FileTree,
  fileTree,
  newDevice,
  newDirectory,
  newFile,
  newPipe,
  nodeAt,
  type User,
} from "./files/tree.ts";
import { findExecutable } from "./image.ts";
import type { RunLimits } from "./limits.ts";
import { createFrames } from "./memory/pages.ts";
import { refusal } from "./refusals.ts";
import { firstLimits } from "./system/calls/identity.ts";
import { clockOf } from "./system/clock.ts";
import { describe, installAt } from "./system/descriptors.ts";
import { connect } from "./system/kernel.ts";
import { O_RDONLY, O_RDWR, O_WRONLY } from "./system/open-flags.ts";
import { processFiles, procTexts, systemTexts } from "./system/proc.ts";
import { createProcess, identityOf, imageFor } from "./system/processes.ts";
import { randomState } from "./system/random.ts";
import type { OutputRefusal, Process, System, SystemHooks } from "./system/state.ts";

/** What a program is run with. */
export interface RunOptions {
  readonly files: LoadFiles;
  /** Path of the program; relative to the current directory. */
  readonly program: string;
  /** argv, its first word included. */
  readonly argv: readonly string[];
  readonly environment: readonly string[];
  readonly currentDirectory: string;
  readonly who: User;
  readonly levels: Levels;
  readonly limits: RunLimits;
  readonly seed: number;
  /** When the clock begins. */
  readonly time: Time;
  /** Whether standard input, output and error are a terminal. */
  readonly terminals: readonly [boolean, boolean, boolean];
  readonly input: (most: number) => Uint8Array | undefined;
  readonly output: (stream: 1 | 2, bytes: Uint8Array) => void;
  /** Asked after each output: why it was not taken; undefined if it was. */
  readonly outputRefusal: () => OutputRefusal | undefined;
  /** Addresses of position-independent objects by their path, links resolved. */
  readonly given: ReadonlyMap<string, number>;
  readonly added: readonly GivenFile[];
  readonly hooks: SystemHooks;
}

/** A file above those that were handed in. */
export interface GivenFile {
  /** Absolute; directories on the way are made. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** A system whose first process is there. */
export type StartedSystem = System & { readonly first: Process };

/** The first process' number; the same in every run. */
const FIRST_ID = 1000;

/** Makes the world and the first process, or says why it cannot be started. */
export function startSystem(options: RunOptions): StartedSystem | Problem {
  const memory = createMemory(Math.max(16, Math.floor(options.limits.memory / PAGE)));
  const clock = { executed: 0, slept: 0, epoch: options.time };
  const system: System = {
    memory,
    frames: createFrames(memory),
    tree: fileTree(options.files, options.limits.storage, options.time, () => clockOf(system), ROOT),
    levels: options.levels,
    limits: options.limits,
    processes: new Map(),
    first: undefined,
    tasks: [],
    turn: 0,
    turnLeft: 0,
    current: undefined,
    nextId: FIRST_ID,
    nextPipe: 1,
    ...clock,
    random: randomState(options.seed),
    output: options.output,
    outputRefusal: options.outputRefusal,
    written: 0,
    input: options.input,
    inputsRead: 0,
    inputAhead: undefined,
    inputWanted: false,
    given: options.given,
    sockets: new Map(),
    streams: [],
    problems: [],
    hooks: options.hooks,
    spareCode: [],
    instructions: new Map<Mode, never>(),
    end: undefined,
  };
  connect(system);
  addDevices(system.tree);
  addProc(
    system.tree,
    procTexts(system),
    systemTexts(system),
    () => system.current?.process.pid ?? FIRST_ID,
    () => `${system.current?.process.pid ?? FIRST_ID}/task/${system.current?.id ?? FIRST_ID}`,
    () => [...system.processes.keys()],
    (pid) => {
      const process = system.processes.get(pid);
      return process && processFiles(process);
    },
  );
  for (const file of options.added) addFile(system.tree, file);
  return startFirst(system, options);
}

function addFile(tree: FileTree, { path, bytes }: GivenFile): void {
  const names = bytesOfText(path)
    .split("/")
    .filter((name) => name !== "");
  const name = names.pop();
  if (name === undefined) return;
  const { lower } = tree;
  let directory = tree.root;
  for (const step of names) {
    const found = entryOf(directory, step);
    const next =
      found?.kind === "directory" ? found : newDirectory(lower, tree.now(), step, directory, 0o755, ROOT, undefined);
    directory.entries.set(step, next);
    directory = next;
  }
  const node = newFile(lower, tree.now(), 0o755, ROOT, () => bytes);
  node.size = bytes.length;
  directory.entries.set(name, node);
}

const ROOT: User = { user: 0, group: 0, groups: [] };

function startFirst(system: System, options: RunOptions): StartedSystem | Problem {
  const { who } = options;
  const path = bytesOfText(options.program);
  const found = nodeAt(system.tree, system.tree.root, bytesOfText(options.currentDirectory), true, who);
  const directory: DirectoryNode = typeof found !== "number" && found.kind === "directory" ? found : system.tree.root;
  const executable = findExecutable(system.tree, directory, path, options.argv.map(bytesOfText), who);
  const fail = (errno: number): Problem => refusal(system.tree, directory, path, options.program, who, -errno);
  if (typeof executable === "number") return fail(executable);
  const environment = options.environment.map(bytesOfText);
  const limits = firstLimits(options.limits.files);
  const image = imageFor(system, executable, environment, { who, identity: identityOf(who), limits }, 0x80_0000);
  if (typeof image === "number") return fail(image);
  const process = createProcess(system, image, executable, {
    variables: environment,
    directory,
    umask: 0o22,
    who,
    limits,
    descriptors: [],
  });
  system.first = process;
  const { lower } = system.tree;
  const streams = options.terminals.map((terminal): Node => {
    const time = clockOf(system);
    return terminal ? newDevice(lower, time, TERMINAL_MAJOR, 0, 0o620) : newPipe(lower, time, 0o600, who);
  });
  (system.streams as Node[]).push(...streams);
  const [terminal, ...others] = options.terminals;
  const input = describe(streams[0], nameOf(streams[0]), terminal ? O_RDWR : O_RDONLY, { kind: "input", terminal });
  installAt(process, input, false, 0);
  others.forEach((isTerminal, index) => {
    const node = streams[index + 1];
    const stream = index === 0 ? 1 : 2;
    const flags = isTerminal ? O_RDWR : O_WRONLY;
    installAt(
      process,
      describe(node, nameOf(node), flags, { kind: "output", stream, terminal: isTerminal }),
      false,
      stream,
    );
  });
  return Object.assign(system, { first: process });
}

/** /dev/pts. */
const TERMINAL_MAJOR = 136;

function nameOf(node: Node): string {
  return node.kind === "device" ? "/dev/pts/0" : `pipe:[${node.inode}]`;
}
