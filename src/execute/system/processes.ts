// Processes and threads come and go: fork, clone, execve, exit, wait (kernel/fork.c, kernel/exit.c, fs/exec.c). They take turns on
// one simulated processor, so nothing here has to be locked.

import {
  type Cpu,
  createCpu,
  createInstructions,
  forgetAll,
  forgetPage,
  IP,
  LONGEST,
  MARK_CODE,
  type Mode,
  markPage,
  PAGE,
  RSP,
} from "../../arch/x86/instructions/index.ts";
import { cpuid } from "../../arch/x86/instructions/machine/levels.ts";
import { type Code, createCode, dropRange, forgetCode } from "../code.ts";
import { EAGAIN } from "../files/errno.ts";
import type { DirectoryNode } from "../files/nodes.ts";
import { type Executable, findExecutable, type Image, makeImage } from "../image.ts";
import {
  type AddressSpace,
  areaAt,
  areaIndex,
  copySpace,
  freeSpace,
  PROT_NONE,
  PROT_WRITE,
  readBytes,
  writeBytes,
} from "../memory/address-space.ts";
import { closeMany, copyDescriptors, giveUpOpening } from "./descriptors.ts";
import { wakeFutex } from "./futex.ts";
import { randomBytes } from "./random.ts";
import { readSigned } from "./row.ts";
import { CLD_EXITED, CLD_KILLED, plainSignal, raiseIn, SI_USER } from "./signal-numbers.ts";
import type { Process, Signal, SignalAction, System, Task } from "./state.ts";

export const RLIMIT_CPU = 0;
export const RLIMIT_STACK = 3;
export const RLIMIT_AS = 9;

/** Instructions of a thread's turn. */
export const TURN = 50_000;

/** What a signal does that nobody has set. */
export const DEFAULT_ACTION: SignalAction = { handler: 0, flags: 0, restorer: 0, mask: [0, 0] };

/** What is decoded in a new address space. */
function codeFor(system: System, mode: Mode): Code {
  const spare = system.spareCode.findIndex(({ instructions }) => instructions.mode === mode);
  if (spare >= 0) return system.spareCode.splice(spare, 1)[0];
  let instructions = system.instructions.get(mode);
  if (instructions === undefined) {
    instructions = createInstructions(mode, system.levels);
    system.instructions.set(mode, instructions);
  }
  return createCode(system.memory, instructions, system.limits.instructions);
}

function giveBack(system: System, code: Code): void {
  forgetCode(code);
  system.spareCode.push(code);
  // Pages that others have decoded too are no longer marked.
  for (const other of system.processes.values()) {
    for (const page of other.code.pages.keys()) markPage(system.memory, page, MARK_CODE);
  }
}

/** From now on changes of the address space are told to what is decoded and to the look-aside tables. */
function watch({ memory }: System, space: AddressSpace, code: Code): void {
  space.changed = (start, end, isCode) => {
    if (isCode)
      dropRange(code, start | 0, Math.floor(start / 2 ** 32), Math.min(Math.ceil((end - start) / PAGE), 2 ** 40));
    if (end - start > 64 * PAGE) forgetAll(memory);
    else for (let at = start; at < end; at += PAGE) forgetPage(memory, at | 0, Math.floor(at / 2 ** 32));
  };
}

/** Where a processor begins. */
export function setStart(cpu: Cpu, start: number, stack: number): void {
  cpu.words[IP] = start;
  cpu.words[IP + 1] = Math.floor(start / 2 ** 32);
  cpu.words[RSP] = stack;
  cpu.words[RSP + 1] = Math.floor(stack / 2 ** 32);
  if (start >= 2 ** 31) cpu.words[IP] = start % 2 ** 32;
  if (stack >= 2 ** 31) cpu.words[RSP] = stack % 2 ** 32;
}

/** Makes the address space of a program. @returns the errno, negated */
export function imageFor(
  system: System,
  executable: Executable,
  environment: readonly string[],
  { who, identity, limits }: Pick<Process, "who" | "identity" | "limits">,
  stackLimit: number,
): Image | number {
  const [, , , hwcap] = cpuid(system.levels, 1, 0);
  return makeImage(system.frames, executable, {
    argv: executable.argv,
    environment,
    who,
    real: { user: identity.user.real, group: identity.group.real },
    random: randomBytes(system, 16),
    hwcap: hwcap >>> 0,
    stackLimit,
    mostMapped: Math.min(system.limits.mapped, limits.get(RLIMIT_AS)?.[0] ?? system.limits.mapped),
    given: system.given,
  });
}

/** The first process, with one thread. */
export function createProcess(
  system: System,
  image: Image,
  executable: Executable,
  facts: Pick<Process, "variables" | "directory" | "umask" | "who" | "limits" | "descriptors">,
): Process {
  const pid = system.nextId++;
  const code = codeFor(system, image.mode);
  watch(system, image.space, code);
  const process: Process = {
    pid,
    parent: undefined,
    group: pid,
    session: pid,
    space: image.space,
    code,
    mode: image.mode,
    image,
    executable,
    name: nameOf(executable),
    commandLine: executable.argv,
    ...facts,
    identity: identityOf(facts.who),
    actions: Array.from({ length: 65 }, () => DEFAULT_ACTION),
    pending: [],
    tasks: [],
    children: [],
    status: undefined,
    stopped: undefined,
    news: undefined,
    nice: 0,
    exitSignal: 0,
    alarm: undefined,
    timers: new Map(),
    vforkedBy: undefined,
    parentEnds: 0,
    takesOrphans: false,
    isDumpable: true,
    hasNoNewPrivileges: false,
    raised: 0,
    executed: 0,
    childrenExecuted: 0,
  };
  system.processes.set(pid, process);
  const cpu = createCpu(system.memory, image.mode, system.levels, process.code.columns);
  setStart(cpu, image.start, image.stack);
  addTask(system, process, cpu, pid, undefined);
  system.hooks.started?.(process);
  return process;
}

export function identityOf({ user, group }: Process["who"]): Process["identity"] {
  return { user: { real: user, saved: user }, group: { real: group, saved: group } };
}

/** TASK_COMM_LEN: fifteen characters and a zero. */
function nameOf({ path }: Executable): string {
  return path.slice(path.lastIndexOf("/") + 1).slice(0, 15);
}

function addTask(system: System, process: Process, cpu: Cpu, id: number, like: Task | undefined): Task {
  const task: Task = {
    id,
    process,
    cpu,
    mask: like?.mask ?? [0, 0],
    maskToRestore: undefined,
    pending: [],
    alternateStack: like?.alternateStack ?? NO_STACK,
    clearOnExit: 0,
    robustList: 0,
    waiting: false,
    deadline: undefined,
    progress: 0,
    futex: undefined,
    futexMask: 0,
    blockedBy: undefined,
    opening: undefined,
    rest: undefined,
    begun: executedBy(cpu.words),
    vforking: false,
    call: 0,
    restarts: true,
    ended: false,
    segments: new Map(like?.segments ?? []),
  };
  process.tasks.push(task);
  system.tasks.push(task);
  return task;
}

/** SS_DISABLE. */
const NO_STACK = { start: 0, size: 0, flags: 2 };

export interface CloneRequest {
  readonly flags: number;
  readonly exitSignal: number;
  /** The new thread's stack pointer; 0: as its parent's. */
  readonly stack: number;
  readonly parentId: number;
  readonly childId: number;
  /** What sets the thread pointer in the new thread; undefined: it stays. False: EINVAL. */
  readonly setThread: ((task: Task) => boolean) | undefined;
}

export const CLONE_VM = 0x100;
export const CLONE_VFORK = 0x4000;
export const CLONE_PARENT = 0x8000;
export const CLONE_THREAD = 0x1_0000;
export const CLONE_SETTLS = 0x8_0000;
const CLONE_PARENT_SETTID = 0x10_0000;
const CLONE_CHILD_CLEARTID = 0x20_0000;
const CLONE_CHILD_SETTID = 0x100_0000;

/** fork, vfork and clone. @returns the number of the new thread or process, or the errno, negated */
export function clone(system: System, task: Task, request: CloneRequest): number {
  if (system.tasks.length >= system.limits.tasks) return -EAGAIN;
  const { flags } = request;
  const { process } = task;
  const id = system.nextId++;
  const owner = (flags & CLONE_THREAD) === 0 ? childOf(system, task, id, request) : process;
  const cpu = createCpu(system.memory, process.mode, system.levels, owner.code.columns);
  cpu.words.set(task.cpu.words);
  const child = addTask(system, owner, cpu, id, task);
  const { words } = child.cpu;
  words[0] = words[1] = 0;
  if (request.stack !== 0) {
    words[RSP] = request.stack % 2 ** 32;
    words[RSP + 1] = Math.floor(request.stack / 2 ** 32);
  }
  // Threads have none of the stacks for signals that others have.
  if ((flags & CLONE_VM) !== 0 && (flags & CLONE_VFORK) === 0) child.alternateStack = NO_STACK;
  request.setThread?.(child);
  const idBytes = new Uint8Array(new Int32Array([id]).buffer);
  if ((flags & CLONE_PARENT_SETTID) !== 0) writeBytes(process.space, request.parentId, idBytes);
  if ((flags & CLONE_CHILD_SETTID) !== 0) writeBytes(owner.space, request.childId, idBytes);
  if ((flags & CLONE_CHILD_CLEARTID) !== 0) child.clearOnExit = request.childId;
  if (owner !== process) {
    if ((flags & CLONE_VFORK) !== 0) {
      owner.vforkedBy = task;
      task.vforking = true;
    }
    system.hooks.started?.(owner);
  }
  return id;
}

function childOf(system: System, task: Task, pid: number, { flags, exitSignal }: CloneRequest): Process {
  const { process } = task;
  const isShared = (flags & CLONE_VM) !== 0;
  const space = isShared ? process.space : copySpace(process.space);
  const code = isShared ? process.code : codeFor(system, process.mode);
  if (isShared) space.users++;
  else {
    watch(system, space, code);
    // What the tables know may be written is shared from now on.
    forgetAll(system.memory);
  }
  const parent = (flags & CLONE_PARENT) !== 0 ? process.parent : process;
  const child: Process = {
    ...process,
    pid,
    parent,
    space,
    code,
    descriptors: copyDescriptors(process),
    actions: [...process.actions],
    limits: new Map(process.limits),
    pending: [],
    tasks: [],
    children: [],
    status: undefined,
    stopped: undefined,
    news: undefined,
    exitSignal,
    alarm: undefined,
    timers: new Map(),
    vforkedBy: undefined,
    parentEnds: 0,
    takesOrphans: false,
    raised: 0,
    executed: 0,
    childrenExecuted: 0,
  };
  parent?.children.push(child);
  system.processes.set(pid, child);
  return child;
}

/** execve: the process becomes another program. @returns 0 (the call never returns to the old one), or the errno, negated */
export function execute(
  system: System,
  task: Task,
  path: string,
  argv: readonly string[],
  environment: readonly string[],
  from: DirectoryNode = task.process.directory,
): number {
  const { process } = task;
  const executable = findExecutable(system.tree, from, path, argv, process.who);
  if (typeof executable === "number") return executable;
  const [stackLimit] = process.limits.get(RLIMIT_STACK) ?? [0x80_0000];
  const image = imageFor(system, executable, environment, process, Math.min(stackLimit, 0x4000_0000));
  if (typeof image === "number") return image;
  // Nothing fails from here on.
  for (const other of process.tasks) if (other !== task) endTask(system, other);
  process.tasks = [task];
  leaveSpace(system, process);
  closeMany(process, true);
  process.space = image.space;
  process.code = codeFor(system, image.mode);
  watch(system, image.space, process.code);
  process.mode = image.mode;
  process.image = image;
  process.executable = executable;
  process.name = nameOf(executable);
  process.commandLine = executable.argv;
  process.variables = environment;
  const { who, identity } = process;
  process.identity = {
    user: { real: identity.user.real, saved: who.user },
    group: { real: identity.group.real, saved: who.group },
  };
  process.isDumpable = true;
  // Handlers are gone with the program; what is ignored stays so.
  process.actions = process.actions.map(({ handler }) =>
    handler === 1 ? { ...DEFAULT_ACTION, handler } : DEFAULT_ACTION,
  );
  const before = task.cpu;
  task.cpu = createCpu(system.memory, image.mode, system.levels, process.code.columns);
  task.cpu.words.set(before.words.subarray(EXECUTED_WORDS[0], EXECUTED_WORDS[1]), EXECUTED_WORDS[0]);
  // timer_create's are gone, setitimer's stay.
  for (const id of process.timers.keys()) if (id >= 0) process.timers.delete(id);
  task.clearOnExit = 0;
  task.robustList = 0;
  task.alternateStack = NO_STACK;
  task.segments.clear();
  setStart(task.cpu, image.start, image.stack);
  forgetAll(system.memory);
  letParentGo(process);
  system.hooks.started?.(process);
  return 0;
}

/** The count of executed instructions goes on. */
const EXECUTED_WORDS = [178, 180] as const;

/** Instructions that a processor has executed. */
export function executedBy(words: Int32Array): number {
  return words[EXECUTED_WORDS[0] + 1] * 2 ** 32 + (words[EXECUTED_WORDS[0]] >>> 0);
}

function leaveSpace(system: System, process: Process): void {
  const { space, code } = process;
  if (--space.users > 0) return;
  space.changed = () => {};
  freeSpace(space);
  giveBack(system, code);
  forgetAll(system.memory);
}

function letParentGo(process: Process): void {
  if (process.vforkedBy !== undefined) process.vforkedBy.vforking = false;
  process.vforkedBy = undefined;
}

/** A thread ends: whoever joins it is woken. */
export function endTask(system: System, task: Task): void {
  if (task.ended) return;
  task.ended = true;
  giveUpOpening(task);
  const { process } = task;
  leaveRobustMutexes(system, task);
  if (task.clearOnExit !== 0) {
    writeBytes(process.space, task.clearOnExit, new Uint8Array(4));
    wakeFutex(system, process, task.clearOnExit, 1, -1);
  }
  const index = system.tasks.indexOf(task);
  system.tasks.splice(index, 1);
  if (index < system.turn) system.turn--;
  // Whoever stands behind it is next.
  else if (index === system.turn) system.turnLeft = TURN;
  process.tasks = process.tasks.filter((other) => other !== task);
}

const FUTEX_TID_MASK = 0x3fff_ffff;
const FUTEX_OWNER_DIED = 0x4000_0000;
const FUTEX_WAITERS = 0x8000_0000;
/** Mutexes of a list that leads in a circle (ROBUST_LIST_LIMIT). */
const MOST_ROBUST = 2048;

/** Mutexes that a thread held when it ended are marked so (kernel/futex/core.c, exit_robust_list). */
function leaveRobustMutexes(system: System, { robustList, process, id, cpu }: Task): void {
  const wordBytes = cpu.mode / 8;
  const wordAt = (address: number): number | undefined => {
    const bytes = readBytes(process.space, address, wordBytes);
    if (bytes === undefined) return undefined;
    const view = new DataView(bytes.buffer);
    return view.getUint32(0, true) + (wordBytes === 8 ? view.getUint32(4, true) * 2 ** 32 : 0);
  };
  if (robustList === 0) return;
  const [offset] = readSigned(process.space, robustList + wordBytes, 1, wordBytes) ?? [0];
  let entry = wordAt(robustList);
  for (let count = 0; entry !== undefined && entry !== robustList && count < MOST_ROBUST; count++) {
    const address = entry - (entry % 2) + offset;
    const bytes = readBytes(process.space, address, 4);
    if (bytes === undefined) return;
    const value = new DataView(bytes.buffer).getUint32(0, true);
    if ((value & FUTEX_TID_MASK) === id) {
      const died = ((value & FUTEX_WAITERS) | FUTEX_OWNER_DIED) >>> 0;
      writeBytes(process.space, address, new Uint8Array(new Uint32Array([died]).buffer));
      if ((value & FUTEX_WAITERS) !== 0) wakeFutex(system, process, address, 1, -1);
    }
    entry = wordAt(entry);
  }
}

/** What ended a process. */
export interface Cause {
  readonly signal: Signal;
  readonly task: Task;
}

/** A process ends, with all its threads. @param status as wait(2) gives it: no signal leaves a core file here */
export function endProcess(system: System, process: Process, status: number, cause?: Cause): void {
  if (process.status !== undefined) return;
  process.status = status;
  const end = endOf(process, status, cause);
  for (const task of [...process.tasks]) endTask(system, task);
  closeMany(process, false);
  leaveSpace(system, process);
  letParentGo(process);
  leaveChildren(system, process);
  system.hooks.ended?.(process);
  const { parent } = process;
  if (parent === undefined) {
    if (system.first === process) system.end = end;
    else system.processes.delete(process.pid);
    return;
  }
  const action = parent.actions[process.exitSignal];
  if (process.exitSignal > 0) raiseIn(parent, childSignal(process, status));
  // Who ignores SIGCHLD has no zombies.
  const isIgnored = action !== undefined && (action.handler === 1 || (action.flags & 2) !== 0);
  if (isIgnored) reap(system, process);
}

/** Children go to the next process above that takes them, or to nobody: then what has ended is forgotten. */
function leaveChildren(system: System, process: Process): void {
  let heir = process.parent;
  while (heir !== undefined && (!heir.takesOrphans || heir.status !== undefined)) heir = heir.parent;
  for (const child of process.children) {
    child.parent = heir;
    heir?.children.push(child);
    if (child.parentEnds !== 0) raiseIn(child, plainSignal(child.parentEnds, SI_USER, process));
    if (child.status === undefined) continue;
    if (heir === undefined) system.processes.delete(child.pid);
    else raiseIn(heir, childSignal(child, child.status));
  }
  process.children = [];
}

function endOf({ space }: Process, status: number, cause: Cause | undefined): System["end"] {
  if (cause === undefined) return { kind: "exited", status: (status >> 8) & 0xff };
  const { words, mode } = cause.task.cpu;
  const where = cause.signal.at ?? (words[IP] >>> 0) + (mode === 64 ? (words[IP + 1] >>> 0) * 2 ** 32 : 0);
  const code: number[] = [];
  for (let at = where; code.length < LONGEST; at++) {
    const byte = readBytes(space, at, 1);
    if (byte === undefined) break;
    code.push(byte[0]);
  }
  const { signal, task } = cause;
  const isPage = signal.trap === PAGE_FAULT;
  const target = isPage ? areaAt(space, signal.address) : undefined;
  const pointer = (words[RSP] >>> 0) + (mode === 64 ? (words[RSP + 1] >>> 0) * 2 ** 32 : 0);
  const stackUsed = isPage ? stackUsedUp(space, signal.address, pointer) : undefined;
  return { kind: "signaled", signal, where, area: areaAt(space, where), code, mode, task: task.id, target, stackUsed };
}

/** The number of #PF. */
const PAGE_FAULT = 14;
/** How far from the stack pointer a function's own variables may be. */
const MOST_FRAME = 0x10_0000;

/** How much a stack has that an access below it would have needed more of; undefined if it is none. */
function stackUsedUp(space: AddressSpace, address: number, pointer: number): number | undefined {
  if (Math.abs(address - pointer) > MOST_FRAME) return undefined;
  const guard = areaAt(space, address);
  if (guard !== undefined && guard.protection !== PROT_NONE) return undefined;
  // A thread's stack stands right above its guard pages; the first one's would have grown.
  const above = guard === undefined ? space.areas[areaIndex(space, address)] : areaAt(space, guard.end);
  if (above === undefined || (above.protection & PROT_WRITE) === 0) return undefined;
  if (guard === undefined && !above.growsDown) return undefined;
  return above.end - above.start;
}

function childSignal(process: Process, status: number): Signal {
  const isExit = (status & 0x7f) === 0;
  const code = isExit ? CLD_EXITED : CLD_KILLED;
  return { ...plainSignal(process.exitSignal, code, process), status: isExit ? status >> 8 : status & 0x7f };
}

/** A process that has ended is forgotten. */
export function reap(system: System, process: Process): void {
  system.processes.delete(process.pid);
  const { parent } = process;
  if (parent !== undefined) parent.children = parent.children.filter((child) => child !== process);
}
