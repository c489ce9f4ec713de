// Timers that send signals: timer_create's, and setitimer's of CPU time (kernel/time/posix-timers.c, itimer.c). They go off between two
// instructions, at the same one in whatever slices a run is run.

import { EAGAIN, EFAULT, EINVAL } from "../files/errno.ts";
import { momentOf } from "./calls/time.ts";
import { nanoseconds, SECOND } from "./clock.ts";
import { type CallRow, readSigned, readWords, row, writeWords } from "./row.ts";
import { MOST_SIGNAL, plainSignal, raise, raiseIn, SI_KERNEL, SI_TIMER, SIGALRM } from "./signal-numbers.ts";
import type { Call, Process, Signal, System } from "./state.ts";

export interface SignalTimer {
  /** Counts what the process has executed, not the time that goes by. */
  readonly isCpu: boolean;
  readonly clock: number;
  /** What it sends; undefined: nothing, it is asked only. */
  readonly signal: Signal | undefined;
  /** The thread that gets it; undefined: the process. */
  readonly thread: number | undefined;
  /** When it goes off next; undefined: it is not set. */
  next: number | undefined;
  interval: number;
  /** How often it went off while its signal still waited, before the last signal was sent. */
  overrun: number;
}

/** Timers of a process, of all of which there may be so many. */
const MOST_TIMERS = 1024;

const nowOf = (system: System, process: Process, { isCpu }: SignalTimer): number =>
  isCpu ? process.executed : nanoseconds(system);

/** Sends the signals of timers that are due. */
export function ringTimers(system: System, process: Process): void {
  for (const timer of process.timers.values()) {
    const now = nowOf(system, process, timer);
    if (timer.next === undefined || timer.next > now) continue;
    const times = timer.interval === 0 ? 1 : 1 + Math.floor((now - timer.next) / timer.interval);
    timer.next = timer.interval === 0 ? undefined : timer.next + times * timer.interval;
    send(system, process, timer, times);
  }
}

function send(system: System, process: Process, timer: SignalTimer, times: number): void {
  const { signal, thread } = timer;
  if (signal === undefined) return;
  const target = thread === undefined ? undefined : system.tasks.find(({ id }) => id === thread);
  const waiting = target === undefined ? process.pending : target.pending;
  if (waiting.some(({ number, code, pid }) => number === signal.number && code === signal.code && pid === signal.pid)) {
    timer.overrun += times;
    return;
  }
  timer.overrun = times - 1;
  const made = signal.code === SI_TIMER ? { ...signal, user: timer.overrun } : signal;
  if (target === undefined) raiseIn(process, made);
  else raise(target, made);
}

/** When the next timer goes off that the clock lets go off, also while all sleep. */
export function nextTimer({ timers }: Process): number {
  let next = Number.POSITIVE_INFINITY;
  for (const timer of timers.values()) if (!timer.isCpu && timer.next !== undefined) next = Math.min(next, timer.next);
  return next;
}

/** Instructions of a process until one of its timers of CPU time goes off. */
export function untilCpuTimer({ timers, executed }: Process): number {
  let next = Number.POSITIVE_INFINITY;
  for (const timer of timers.values()) if (timer.isCpu && timer.next !== undefined) next = Math.min(next, timer.next);
  return next - executed;
}

const CLOCK_PROCESS_CPUTIME_ID = 2;
const CLOCK_THREAD_CPUTIME_ID = 3;
const MOST_CLOCK = 11;
const SIGEV_NONE = 1;
const SIGEV_THREAD_ID = 4;

/** struct sigevent: value, signal, how it is told, thread. */
function timerCreate(call: Call): number {
  const { process, space, args, wordBytes } = call;
  const [clock, address, idAt] = args;
  if (clock > MOST_CLOCK) return -EINVAL;
  if (process.timers.size >= MOST_TIMERS) return -EAGAIN;
  let id = 0;
  while (process.timers.has(id)) id++;
  let [value, number, how, thread] = [id, SIGALRM, 0, 0];
  if (address !== 0) {
    const first = readWords(space, address, 1, wordBytes);
    const rest = readWords(space, address + wordBytes, 3, 4);
    if (first === undefined || rest === undefined) return -EFAULT;
    value = first[0];
    [number, how, thread] = rest.map((word) => word | 0);
  }
  if (how < 0 || how > SIGEV_THREAD_ID || how === 3) return -EINVAL;
  if (how !== SIGEV_NONE && (number < 1 || number > MOST_SIGNAL)) return -EINVAL;
  const isThread = how === SIGEV_THREAD_ID;
  if (isThread && !process.tasks.some((task) => task.id === thread)) return -EINVAL;
  const signal = { ...plainSignal(number, SI_TIMER, process), pid: id, user: 0, value };
  process.timers.set(id, {
    isCpu: clock < 0 || clock === CLOCK_PROCESS_CPUTIME_ID || clock === CLOCK_THREAD_CPUTIME_ID,
    clock,
    signal: how === SIGEV_NONE ? undefined : signal,
    thread: isThread ? thread : undefined,
    next: undefined,
    interval: 0,
    overrun: 0,
  });
  return writeWords(space, idAt, [id], 4) ? 0 : -EFAULT;
}

/** A timer by the call's first argument; setitimer's have numbers below zero, which nobody can give. */
function timerAt({ process, args }: Call): SignalTimer | undefined {
  return args[0] < 0 ? undefined : process.timers.get(args[0]);
}

/** Nanoseconds until it goes off; 0: it is not set. */
function leftOf(system: System, process: Process, timer: SignalTimer | undefined): number {
  return timer?.next === undefined ? 0 : Math.max(1, timer.next - nowOf(system, process, timer));
}

const settime =
  (wide?: number) =>
  (call: Call): number => {
    const { system, process, space, args } = call;
    const [, flags, address, old] = args;
    const bytes = wide ?? call.wordBytes;
    const timer = timerAt(call);
    if (timer === undefined) return -EINVAL;
    const words = readSigned(space, address, 4, bytes);
    if (words === undefined) return address === 0 ? -EINVAL : -EFAULT;
    const [intervalSeconds, intervalRest, seconds, rest] = words;
    const isOdd = [intervalRest, rest].some((it) => it < 0 || it >= SECOND) || intervalSeconds < 0 || seconds < 0;
    if (isOdd) return -EINVAL;
    if (old !== 0) {
      const failed = gettimeTo(call, old, bytes);
      if (failed < 0) return failed;
    }
    timer.interval = intervalSeconds * SECOND + intervalRest;
    timer.overrun = 0;
    if (seconds === 0 && rest === 0) timer.next = undefined;
    else if (!timer.isCpu)
      timer.next = momentOf(system, timer.clock, { seconds, nanoseconds: rest }, (flags & 1) !== 0);
    else timer.next = seconds * SECOND + rest + ((flags & 1) !== 0 ? 0 : process.executed);
    return 0;
  };

function gettimeTo(call: Call, address: number, bytes: number): number {
  const timer = timerAt(call);
  if (timer === undefined) return -EINVAL;
  const left = leftOf(call.system, call.process, timer);
  const words = [timer.interval, left].flatMap((it) => [Math.floor(it / SECOND), it % SECOND]);
  return writeWords(call.space, address, words, bytes) ? 0 : -EFAULT;
}

const gettime =
  (wide?: number) =>
  (call: Call): number =>
    gettimeTo(call, call.args[1], wide ?? call.wordBytes);

const timerGetoverrun = (call: Call): number => timerAt(call)?.overrun ?? -EINVAL;

const timerDelete = (call: Call): number =>
  call.args[0] >= 0 && call.process.timers.delete(call.args[0]) ? 0 : -EINVAL;

/** setitimer's ITIMER_VIRTUAL and ITIMER_PROF: what they send. */
const CPU_TIMERS: ReadonlyMap<number, number> = new Map([
  [1, 26],
  [2, 27],
]);

/** What getitimer says of a timer of CPU time; undefined: there is no such timer. */
export function cpuTimerOf(
  { system, process }: Call,
  which: number,
): readonly [left: number, interval: number] | undefined {
  if (!CPU_TIMERS.has(which)) return undefined;
  const timer = process.timers.get(-which);
  return [leftOf(system, process, timer), timer?.interval ?? 0];
}

export function setCpuTimer({ process }: Call, which: number, left: number, interval: number): void {
  process.timers.set(-which, {
    isCpu: true,
    clock: CLOCK_PROCESS_CPUTIME_ID,
    signal: plainSignal(CPU_TIMERS.get(which) ?? SIGALRM, SI_KERNEL, process),
    thread: undefined,
    next: left === 0 ? undefined : process.executed + left,
    interval,
    overrun: 0,
  });
}

export const TIMER_CALLS: readonly CallRow[] = [
  row("timer_create", 222, 259, "int address address", timerCreate, "makes a timer that sends signals"),
  row("timer_settime", 223, 260, "int flags address address", settime(), "sets timer {1}"),
  row("timer_settime64", -1, 409, "int flags address address", settime(8), "sets timer {1}"),
  row("timer_gettime", 224, 261, "int address", gettime(), "asks when timer {1} goes off"),
  row("timer_gettime64", -1, 408, "int address", gettime(8), "asks when timer {1} goes off"),
  row("timer_getoverrun", 225, 262, "int", timerGetoverrun, "asks how often timer {1} went off unseen"),
  row("timer_delete", 226, 263, "int", timerDelete, "takes timer {1} away"),
];
