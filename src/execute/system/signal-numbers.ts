// Signals: their numbers and names, what they do to a process that has not asked otherwise (signal(7)), and how one is sent.

import type { Process, Signal, Task } from "./state.ts";

export const SIGHUP = 1;
export const SIGILL = 4;
export const SIGTRAP = 5;
export const SIGABRT = 6;
export const SIGBUS = 7;
export const SIGFPE = 8;
export const SIGKILL = 9;
export const SIGSEGV = 11;
export const SIGPIPE = 13;
export const SIGALRM = 14;
export const SIGCHLD = 17;
export const SIGCONT = 18;
export const SIGSTOP = 19;
export const SIGXCPU = 24;
export const SIGXFSZ = 25;
export const SIGSYS = 31;
export const MOST_SIGNAL = 64;

const NAMES: readonly string[] = (
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ " +
  "VTALRM PROF WINCH IO PWR SYS"
).split(" ");

/** SIGRTMIN of glibc. */
const FIRST_FREE = 34;

/** `SIGSEGV` for 11. */
export function signalName(number: number): string {
  const name: string | undefined = NAMES[number - 1];
  if (name !== undefined) return `SIG${name}`;
  // 32 and 33 are the C library's own.
  return number < FIRST_FREE ? `SIG${number}` : `SIGRTMIN${number === FIRST_FREE ? "" : `+${number - FIRST_FREE}`}`;
}

/** What strsignal(3) says of a process that it ended; nothing where that is the name again. */
export const SIGNAL_TEXTS: ReadonlyMap<number, string> = new Map([
  [1, "Hangup"],
  [3, "Quit"],
  [4, "Illegal instruction"],
  [5, "Trace/breakpoint trap"],
  [6, "Aborted"],
  [7, "Bus error"],
  [8, "Floating point exception"],
  [9, "Killed"],
  [10, "User defined signal 1"],
  [11, "Segmentation fault"],
  [12, "User defined signal 2"],
  [13, "Broken pipe"],
  [14, "Alarm clock"],
  [15, "Terminated"],
  [16, "Stack fault"],
  [24, "CPU time limit exceeded"],
  [25, "File size limit exceeded"],
  [26, "Virtual timer expired"],
  [27, "Profiling timer expired"],
  [29, "I/O possible"],
  [30, "Power failure"],
  [31, "Bad system call"],
]);

/** CHLD, CONT (which lets a process go on when it is sent), URG, WINCH; and STOP, TSTP, TTIN, TTOU. */
const IGNORED: ReadonlySet<number> = new Set([17, 18, 23, 28]);
const STOPPING: ReadonlySet<number> = new Set([19, 20, 21, 22]);

export function defaultAction(number: number): "ignore" | "stop" | "end" {
  return IGNORED.has(number) ? "ignore" : STOPPING.has(number) ? "stop" : "end";
}

/** How siginfo's si_code is called. */
export const SI_USER = 0;
export const SI_KERNEL = 0x80;
export const SI_TIMER = -2;
export const SI_TKILL = -6;
export const CLD_EXITED = 1;
export const CLD_KILLED = 2;
export const CLD_STOPPED = 5;
export const CLD_CONTINUED = 6;
/** What wait(2) says of a process that goes on. */
export const CONTINUED = 0xffff;
const SA_NOCLDSTOP = 1;

/** A signal without anything to tell but who sent it. */
export function plainSignal(number: number, code: number, from: Process): Signal {
  return { number, code, pid: from.pid, user: from.who.user, address: 0, status: 0, value: 0 };
}

/** Sends a thread a signal. One that is there already is not sent twice, real-time signals excepted. */
export function raise(task: Task, signal: number | Signal): void {
  const made = typeof signal === "number" ? plainSignal(signal, SI_USER, task.process) : signal;
  letGoOn(task.process, made.number);
  task.process.raised++;
  if (made.number < 32 && task.pending.some(({ number }) => number === made.number)) return;
  task.pending.push(made);
}

/** Sends a process a signal: whichever of its threads does not block it gets it. */
export function raiseIn(process: Process, signal: Signal): void {
  if (process.status !== undefined) return;
  letGoOn(process, signal.number);
  process.raised++;
  if (signal.number < 32 && process.pending.some(({ number }) => number === signal.number)) return;
  process.pending.push(signal);
}

/** SIGCONT and SIGKILL let a process go on when they are sent, blocked or not (kernel/signal.c, prepare_signal). */
function letGoOn(process: Process, number: number): void {
  const isStopping = STOPPING.has(number);
  if (!isStopping && number !== SIGCONT && number !== SIGKILL) return;
  const isKept = (it: Signal): boolean => (isStopping ? it.number !== SIGCONT : !STOPPING.has(it.number));
  if (number !== SIGKILL) {
    process.pending = process.pending.filter(isKept);
    for (const task of process.tasks) task.pending = task.pending.filter(isKept);
  }
  if (isStopping || process.stopped === undefined) return;
  process.stopped = undefined;
  if (number === SIGKILL) return;
  process.news = CONTINUED;
  tellOfStop(process, CLD_CONTINUED, SIGCONT);
}

/** SIGCHLD for a process that has stopped or goes on. */
export function tellOfStop(process: Process, code: number, status: number): void {
  const { parent } = process;
  if (parent === undefined || parent.status !== undefined) return;
  if ((parent.actions[SIGCHLD].flags & SA_NOCLDSTOP) === 0)
    raiseIn(parent, { ...plainSignal(SIGCHLD, code, process), status });
}

/** Is a signal in a set of two words? */
export function isIn([low, high]: readonly [number, number], number: number): boolean {
  return number <= 32 ? ((low >>> (number - 1)) & 1) !== 0 : ((high >>> (number - 33)) & 1) !== 0;
}

/** SIGKILL and SIGSTOP cannot be blocked. */
const UNBLOCKABLE = (1 << (SIGKILL - 1)) | (1 << (SIGSTOP - 1));

export function blockable(low: number, high: number): readonly [number, number] {
  return [low & ~UNBLOCKABLE, high];
}
