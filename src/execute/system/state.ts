// What the simulated kernel knows: processes, their threads, and the world that they share. Plain records; the files beside this
// one change them.

import type { Instructions, Levels } from "../../arch/x86/instructions/index.ts";
import type { Memory } from "../../arch/x86/instructions/machine/memory.ts";
import type { Cpu, Mode } from "../../arch/x86/instructions/machine/state.ts";
import type { Problem } from "../../elf/index.ts";
import type { Code } from "../code.ts";
import type { DirectoryNode, Node, PipeNode, Time, Wakes } from "../files/nodes.ts";
import type { FileTree, User } from "../files/tree.ts";
import type { Executable, Image } from "../image.ts";
import type { RunLimits } from "../limits.ts";
import type { AddressSpace, Area } from "../memory/address-space.ts";
import type { Frames } from "../memory/pages.ts";
import type { SocketEnd } from "./sockets.ts";
import type { SignalTimer } from "./timers.ts";

/** An open file, as open(2) makes one; descriptors of one or more processes refer to it. */
export interface OpenFile {
  readonly node: Node;
  /** Where it was found; `pipe:[7]` for what has no name. */
  readonly path: string;
  /** O_*: the access mode and what F_SETFL may change. */
  flags: number;
  offset: number;
  references: number;
  /** Names of a directory that is being read. */
  names: readonly string[] | undefined;
  /** What is behind it that is no file: a stream of the host's, a counter, a timer. */
  readonly special: Special | undefined;
}

export type Special = HostInput | HostOutput | EventCounter | TimerDescriptor | SignalDescriptor | EpollSet | SocketEnd;

export interface HostInput {
  readonly kind: "input";
  readonly terminal: boolean;
}

export interface HostOutput {
  readonly kind: "output";
  /** 1 for standard output, 2 for standard error. */
  readonly stream: 1 | 2;
  readonly terminal: boolean;
}

/** eventfd. */
export interface EventCounter {
  readonly kind: "event";
  count: number;
  /** How often it was written to, and read. */
  readonly wakes: Wakes;
  readonly semaphore: boolean;
}

/** timerfd. */
export interface TimerDescriptor {
  readonly kind: "timer";
  /** CLOCK_*: what absolute times are of. */
  readonly clock: number;
  /** Nanoseconds of the simulated clock; undefined if it is not set. */
  next: number | undefined;
  interval: number;
}

/** signalfd: which signals are read from it, of whoever reads. */
export interface SignalDescriptor {
  readonly kind: "signals";
  mask: readonly [number, number];
}

export interface EpollSet {
  readonly kind: "epoll";
  /** In the order in which they are looked at: who was told of goes behind the others. */
  entries: EpollEntry[];
}

export interface EpollEntry {
  /** The descriptor that it was added by, and what that stood for. */
  readonly number: number;
  readonly open: OpenFile;
  /** EPOLL*; 0 of one that was to be told of once, and was. */
  events: number;
  low: number;
  high: number;
  /** `wakes` of the file when it was last told of; undefined: not yet. */
  told: number | undefined;
}

/** What a number of a process stands for. */
export interface Descriptor {
  readonly open: OpenFile;
  closeOnExec: boolean;
}

/** What sigaction sets. */
export interface SignalAction {
  /** SIG_DFL, SIG_IGN, or an address. */
  readonly handler: number;
  readonly flags: number;
  readonly restorer: number;
  /** Signals that are blocked meanwhile: low and high word. */
  readonly mask: readonly [number, number];
}

/** A signal on its way, with what siginfo tells. */
export interface Signal {
  readonly number: number;
  /** SI_USER, SEGV_MAPERR, CLD_EXITED, … */
  readonly code: number;
  readonly pid: number;
  readonly user: number;
  /** si_addr, or si_status. */
  readonly address: number;
  readonly status: number;
  /** si_value. */
  readonly value: number;
  /** What ended the instruction, for sigcontext and for the message: see `faults.ts`. */
  readonly trap?: number;
  readonly error?: number;
  /** Where the instruction is that ended so. */
  readonly at?: number;
}

/** Real and saved user, real and saved group (credentials(7)). */
export interface Identity {
  readonly user: { readonly real: number; readonly saved: number };
  readonly group: { readonly real: number; readonly saved: number };
}

export interface Process {
  readonly pid: number;
  parent: Process | undefined;
  group: number;
  session: number;
  space: AddressSpace;
  code: Code;
  mode: Mode;
  image: Image;
  executable: Executable;
  /** What `comm` and `cmdline` in /proc say. */
  name: string;
  commandLine: readonly string[];
  variables: readonly string[];
  descriptors: (Descriptor | undefined)[];
  directory: DirectoryNode;
  umask: number;
  /** As who it may do things: the effective user and groups. */
  who: User;
  /** Who has started it, and what it may become again. */
  identity: Identity;
  actions: SignalAction[];
  pending: Signal[];
  tasks: Task[];
  children: Process[];
  /** As wait(2) gives it, once it has ended. */
  status: number | undefined;
  /** The signal that has stopped it. */
  stopped: number | undefined;
  /** That it was stopped, or goes on: as wait(2) gives it, until somebody has asked. */
  news: number | undefined;
  /** What getpriority says: -20 to 19. */
  nice: number;
  /** The signal that its parent gets then. */
  exitSignal: number;
  /** Soft and hard, by resource. */
  readonly limits: Map<number, readonly [soft: number, hard: number]>;
  /** ITIMER_REAL and alarm. */
  alarm: { next: number; interval: number } | undefined;
  /** timer_create's by their numbers, and setitimer's of CPU time below zero. */
  timers: Map<number, SignalTimer>;
  /** The thread of the parent that waits until this process has executed or ended. */
  vforkedBy: Task | undefined;
  /** The signal that it gets when its parent ends; 0: none. */
  parentEnds: number;
  /** Children of its children that lose their parents are its own. */
  takesOrphans: boolean;
  /** prctl's, kept for those who ask. */
  isDumpable: boolean;
  hasNoNewPrivileges: boolean;
  /** How many signals it was sent. */
  raised: number;
  /** Instructions of its threads; those of children that it has waited for, and of theirs. */
  executed: number;
  childrenExecuted: number;
}

/** A thread. */
export interface Task {
  readonly id: number;
  readonly process: Process;
  cpu: Cpu;
  /** Blocked signals: low and high word. */
  mask: readonly [number, number];
  /** What sigsuspend, ppoll and the like put back when a signal came. */
  maskToRestore: readonly [number, number] | undefined;
  pending: Signal[];
  alternateStack: { readonly start: number; readonly size: number; readonly flags: number };
  /** Cleared, and a futex woken, when it ends. */
  clearOnExit: number;
  robustList: number;
  /** It waits in a system call, which is made again until it does not want to wait. */
  waiting: boolean;
  /** When it stops waiting at the latest, in nanoseconds of the simulated clock. */
  deadline: number | undefined;
  /** How far the call has come that waits: bytes of a write, say. */
  progress: number;
  /** It waits for a futex that nobody woke yet: the word's place. */
  futex: string | undefined;
  futexMask: number;
  /** It waits for a lock of a file: who holds that. */
  blockedBy: object | undefined;
  /** It opens a named pipe, and waits until somebody opens the other end: so often that has been opened before. */
  opening: { readonly open: OpenFile; readonly seen: number } | undefined;
  /** Where the call that waits writes how much of its time is left, if it ends before: words of so many bytes, and nanoseconds of a unit. */
  rest: { readonly address: number; readonly bytes: number; readonly unit: number } | undefined;
  /** What its processor had counted when it began: a new thread goes on from its parent's. */
  readonly begun: number;
  /** It is the parent in vfork. */
  vforking: boolean;
  /** The number of the call that is being made, for restarting it. */
  call: number;
  /** A handler may let it be made again (SA_RESTART). */
  restarts: boolean;
  ended: boolean;
  /** Segments of set_thread_area (i386). */
  readonly segments: Map<number, { readonly base: number; readonly limit: number; readonly flags: number }>;
}

/** How a run ends. */
export type End =
  /** The first process has exited. */
  | { readonly kind: "exited"; readonly status: number }
  /** A signal has ended it. */
  | {
      readonly kind: "signaled";
      readonly signal: Signal;
      /** The instruction that a fault happened in, or that would have been next; what is mapped there, and its bytes. */
      readonly where: number;
      readonly area: Area | undefined;
      readonly code: readonly number[];
      readonly mode: Mode;
      /** What is mapped at the address that a page fault is about. */
      readonly target: Area | undefined;
      /** The address is below the stack of the thread, which has no more room: bytes that the stack has. */
      readonly stackUsed: number | undefined;
      readonly task: number;
    }
  /** It would run on, and may not, or cannot. */
  | { readonly kind: "stopped"; readonly problem: Problem };

export interface System {
  readonly memory: Memory;
  readonly frames: Frames;
  readonly tree: FileTree;
  readonly levels: Levels;
  readonly limits: RunLimits;
  readonly processes: Map<number, Process>;
  /** The one whose end is the run's. */
  first: Process | undefined;
  /** All threads, in the order in which they get their turns. */
  readonly tasks: Task[];
  /** Who runs now: place in `tasks`, and what is left of its turn. */
  turn: number;
  turnLeft: number;
  current: Task | undefined;
  nextId: number;
  nextPipe: number;
  /** Instructions of all threads; the clock goes with them. */
  executed: number;
  /** Nanoseconds that were slept. */
  slept: number;
  /** When the clock began. */
  readonly epoch: Time;
  /** State of the generator of random numbers. */
  random: number;
  /** Where output goes. */
  output: (stream: 1 | 2, bytes: Uint8Array) => void;
  /** Why the last output was not taken; undefined if it was. */
  readonly outputRefusal: () => OutputRefusal | undefined;
  written: number;
  /** Gives bytes of the standard input: none at its end, undefined if there are none yet. */
  input: (most: number) => Uint8Array | undefined;
  /** How often it has given some, or said that it is at its end. */
  inputsRead: number;
  /** Input that was looked at and not yet read. */
  inputAhead: Uint8Array | undefined;
  /** In the last look at who can run somebody asked for standard input of which there was none yet. */
  inputWanted: boolean;
  readonly given: ReadonlyMap<string, number>;
  /** Sockets by abstract names; some may be closed. */
  readonly sockets: Map<string, SocketEnd>;
  /** What the first process' streams are. */
  readonly streams: readonly Node[];
  /** What is wrong or could not be done, beside what the program was told. */
  readonly problems: Problem[];
  readonly hooks: SystemHooks;
  /** Code of processes that are gone, for those to come. */
  readonly spareCode: Code[];
  readonly instructions: Map<Mode, Instructions>;
  end: End | undefined;
}

/** Nobody reads any more; there is no room; anything else. */
export type OutputRefusal = "EPIPE" | "ENOSPC" | "EIO";

/** What a system call was asked and what it answered. */
export interface CallEvent {
  readonly task: Task;
  readonly row: { readonly name: string; readonly kinds: readonly string[]; readonly says: string } | undefined;
  readonly number: number;
  readonly args: readonly number[];
  /** Undefined before it is made; what it returns after. */
  readonly result: number | undefined;
}

/** Who watches. */
export interface SystemHooks {
  call?: (event: CallEvent) => void;
  signal?: (task: Task, signal: Signal, what: "handled" | "ignored" | "stops" | "fatal") => void;
  started?: (process: Process) => void;
  ended?: (process: Process) => void;
}

/** What a system call's function gets. */
export interface Call {
  readonly system: System;
  readonly task: Task;
  readonly process: Process;
  readonly space: AddressSpace;
  /** By the kinds in the call's row. */
  readonly args: readonly number[];
  /** 8 or 4: bytes of a pointer and of a C long. */
  readonly wordBytes: number;
}

export type { PipeNode };
