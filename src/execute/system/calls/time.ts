// System calls about time: what time it is, sleeping, alarms and timers. Sleep costs nothing: when all threads wait, the clock leaps.

import { EBADF, EFAULT, EINVAL, ERESTARTSYS } from "../../files/errno.ts";
import type { Time } from "../../files/nodes.ts";
import { newFile } from "../../files/tree.ts";
import { clockOf, nanoseconds, SECOND, STARTED_BEFORE, uptimeOf } from "../clock.ts";
import { describe, install, openFileAt } from "../descriptors.ts";
import { O_CLOEXEC, O_NONBLOCK, O_RDWR } from "../open-flags.ts";
import { executedBy } from "../processes.ts";
import { type CallRow, readSigned, refuse, row, writeWords } from "../row.ts";
import type { Call, Process, System, Task, TimerDescriptor } from "../state.ts";
import { cpuTimerOf, setCpuTimer } from "../timers.ts";

const CLOCK_REALTIME = 0;
const CLOCK_PROCESS_CPUTIME_ID = 2;
const CLOCK_THREAD_CPUTIME_ID = 3;
const CLOCK_REALTIME_COARSE = 5;
const CLOCK_REALTIME_ALARM = 8;
const CLOCK_TAI = 11;

/** What a clock shows. CPU time is a nanosecond an instruction. @param task who asks */
function readClock(system: System, task: Task, clock: number): Time | undefined {
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_TAI:
      return clockOf(system);
    case CLOCK_PROCESS_CPUTIME_ID:
      return asTime(task.process.executed);
    case CLOCK_THREAD_CPUTIME_ID:
      return asTime(executedBy(task.cpu.words) - task.begun);
    default:
      return clock < 0 ? clockOfAnother(system, task, clock) : clock <= CLOCK_TAI ? uptimeOf(system) : undefined;
  }
}

/** Clocks of processes and threads have negative numbers (include/linux/posix-timers.h). */
const CLOCK_OF_THREAD = 4;

function clockOfAnother({ tasks, processes }: System, task: Task, clock: number): Time | undefined {
  const id = ~(clock >> 3);
  if ((clock & CLOCK_OF_THREAD) !== 0) {
    const found = id === 0 ? task : tasks.find((it) => it.id === id && it.process === task.process);
    return found && asTime(executedBy(found.cpu.words) - found.begun);
  }
  const process = id === 0 ? task.process : processes.get(id);
  return process && asTime(process.executed);
}

function asTime(executed: number): Time {
  return { seconds: Math.floor(executed / SECOND), nanoseconds: executed % SECOND };
}

function isWall(clock: number): boolean {
  return (
    clock === CLOCK_REALTIME || clock === CLOCK_REALTIME_COARSE || clock === CLOCK_REALTIME_ALARM || clock === CLOCK_TAI
  );
}

function putTime({ space }: Call, address: number, time: Time | undefined, bytes: number): number {
  if (time === undefined) return -EINVAL;
  return writeWords(space, address, [time.seconds, time.nanoseconds], bytes) ? 0 : -EFAULT;
}

const gettime =
  (bytes: number | undefined) =>
  (call: Call): number =>
    putTime(call, call.args[1], readClock(call.system, call.task, call.args[0]), bytes ?? call.wordBytes);

const getres =
  (bytes: number | undefined) =>
  (call: Call): number => {
    if (readClock(call.system, call.task, call.args[0]) === undefined) return -EINVAL;
    return call.args[1] === 0
      ? 0
      : putTime(call, call.args[1], { seconds: 0, nanoseconds: 1 }, bytes ?? call.wordBytes);
  };

function gettimeofday(call: Call): number {
  const [address, zone] = call.args;
  const { seconds, nanoseconds: rest } = clockOf(call.system);
  if (zone !== 0 && !writeWords(call.space, zone, [0, 0], 4)) return -EFAULT;
  if (address === 0) return 0;
  return writeWords(call.space, address, [seconds, Math.floor(rest / 1000)], call.wordBytes) ? 0 : -EFAULT;
}

function time({ system, space, args, wordBytes }: Call): number {
  const { seconds } = clockOf(system);
  if (args[0] !== 0 && !writeWords(space, args[0], [seconds], wordBytes)) return -EFAULT;
  return seconds;
}

/** clock_t counts hundredths of seconds. */
const CLOCK_TICK = SECOND / 100;

function times({ system, process, space, args, wordBytes }: Call): number {
  const own = Math.floor(process.executed / CLOCK_TICK);
  const children = Math.floor(process.childrenExecuted / CLOCK_TICK);
  if (args[0] !== 0 && !writeWords(space, args[0], [own, 0, children, 0], wordBytes)) return -EFAULT;
  return Math.floor(nanoseconds(system) / CLOCK_TICK) + STARTED_BEFORE * 100;
}

/** Sleeps until a moment of the simulated clock. @returns 0 when it has come */
export function sleepUntil({ system, task }: Call, moment: () => number): number {
  task.deadline ??= moment();
  return task.deadline <= nanoseconds(system) ? 0 : -ERESTARTSYS;
}

/** Where what is left of a sleep is told. */
function leaveRest({ task, wordBytes }: Call, address: number, bytes: number | undefined): void {
  if (address !== 0) task.rest = { address, bytes: bytes ?? wordBytes, unit: 1 };
}

const nanosleep =
  (bytes: number | undefined) =>
  (call: Call): number => {
    const words = readSigned(call.space, call.args[0], 2, bytes ?? call.wordBytes);
    if (words === undefined) return -EFAULT;
    const [seconds, rest] = words;
    if (seconds < 0 || rest < 0 || rest >= SECOND) return -EINVAL;
    leaveRest(call, call.args[1], bytes);
    return sleepUntil(call, () => nanoseconds(call.system) + seconds * SECOND + rest);
  };

const TIMER_ABSTIME = 1;

const clockNanosleep =
  (bytes: number | undefined) =>
  (call: Call): number => {
    const [clock, flags, address] = call.args;
    const words = readSigned(call.space, address, 2, bytes ?? call.wordBytes);
    if (words === undefined) return -EFAULT;
    const [seconds, rest] = words;
    if (seconds < 0 || rest < 0 || rest >= SECOND) return -EINVAL;
    const isAbsolute = (flags & TIMER_ABSTIME) !== 0;
    if (!isAbsolute) leaveRest(call, call.args[3], bytes);
    return sleepUntil(call, () => momentOf(call.system, clock, { seconds, nanoseconds: rest }, isAbsolute));
  };

/** A time of a clock as a moment of the simulated one. */
export function momentOf(
  system: System,
  clock: number,
  { seconds, nanoseconds: rest }: Time,
  isAbsolute: boolean,
): number {
  const now = nanoseconds(system);
  if (!isAbsolute) return now + seconds * SECOND + rest;
  const shown = isWall(clock) ? clockOf(system) : uptimeOf(system);
  return now + (seconds - shown.seconds) * SECOND + (rest - shown.nanoseconds);
}

const ITIMER_REAL = 0;

/** The alarm of a process, in nanoseconds: until it goes off, and from then on. */
function alarmOf({ system, process }: Pick<Call, "system" | "process">): readonly [left: number, interval: number] {
  const { alarm } = process;
  return alarm === undefined ? [0, 0] : [Math.max(1, alarm.next - nanoseconds(system)), alarm.interval];
}

function setAlarm(system: System, process: Process, left: number, interval: number): void {
  process.alarm = left === 0 ? undefined : { next: nanoseconds(system) + left, interval };
}

function alarm(call: Call): number {
  const [left] = alarmOf(call);
  setAlarm(call.system, call.process, call.args[0] * SECOND, 0);
  return Math.ceil(left / SECOND);
}

const microseconds = (value: number): readonly number[] => [
  Math.floor(value / SECOND),
  Math.floor((value % SECOND) / 1000),
];

function getitimer(call: Call): number {
  const known = call.args[0] === ITIMER_REAL ? alarmOf(call) : cpuTimerOf(call, call.args[0]);
  if (known === undefined) return -EINVAL;
  const [left, interval] = known;
  return writeWords(call.space, call.args[1], [...microseconds(interval), ...microseconds(left)], call.wordBytes)
    ? 0
    : -EFAULT;
}

function setitimer(call: Call): number {
  const [which, address, old] = call.args;
  if (which !== ITIMER_REAL && cpuTimerOf(call, which) === undefined) return -EINVAL;
  const words = readSigned(call.space, address, 4, call.wordBytes);
  if (words === undefined) return -EFAULT;
  if (old !== 0) {
    const failed = getitimer({ ...call, args: [which, old] });
    if (failed < 0) return failed;
  }
  const [left, interval] = [words[2] * SECOND + words[3] * 1000, words[0] * SECOND + words[1] * 1000];
  if (which === ITIMER_REAL) setAlarm(call.system, call.process, left, interval);
  else setCpuTimer(call, which, left, interval);
  return 0;
}

/** CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, and those that wake a machine. */
const TIMER_CLOCKS: readonly number[] = [0, 1, 7, 8, 9];

function timerfdCreate(call: Call): number {
  const { system, process, args } = call;
  const [clock, flags] = args;
  if ((flags & ~(O_NONBLOCK | O_CLOEXEC)) !== 0 || !TIMER_CLOCKS.includes(clock)) return -EINVAL;
  const node = newFile(system.tree.lower, clockOf(system), 0o600, process.who);
  const special: TimerDescriptor = { kind: "timer", clock, next: undefined, interval: 0 };
  const open = describe(node, "anon_inode:[timerfd]", O_RDWR | (args[1] & O_NONBLOCK), special);
  return install(call, open, (args[1] & O_CLOEXEC) !== 0);
}

function timerAt({ process, args }: Call): TimerDescriptor | number {
  const open = openFileAt(process, args[0]);
  if (open === undefined) return -EBADF;
  return open.special?.kind === "timer" ? open.special : -EINVAL;
}

function timerLeft(call: Call, address: number, bytes: number): number {
  const timer = timerAt(call);
  if (typeof timer === "number") return timer;
  const left = timer.next === undefined ? 0 : Math.max(1, timer.next - nanoseconds(call.system));
  const words = [timer.interval, left].flatMap((value) => [Math.floor(value / SECOND), value % SECOND]);
  return writeWords(call.space, address, words, bytes) ? 0 : -EFAULT;
}

function timerfdSettime(call: Call, bytes: number): number {
  const [, flags, address, old] = call.args;
  const timer = timerAt(call);
  if (typeof timer === "number") return timer;
  const words = readSigned(call.space, address, 4, bytes);
  if (words === undefined) return -EFAULT;
  if (words.some((it) => it < 0) || words[1] >= SECOND || words[3] >= SECOND || (flags & ~3) !== 0) return -EINVAL;
  if (old !== 0) {
    const failed = timerLeft(call, old, bytes);
    if (failed < 0) return failed;
  }
  const [intervalSeconds, intervalRest, seconds, rest] = words;
  timer.interval = intervalSeconds * SECOND + intervalRest;
  const isSet = seconds !== 0 || rest !== 0;
  timer.next = isSet
    ? momentOf(call.system, timer.clock, { seconds, nanoseconds: rest }, (flags & 1) !== 0)
    : undefined;
  return 0;
}

export const TIME_CALLS: readonly CallRow[] = [
  row("clock_gettime", 228, 265, "int address", gettime(undefined), "asks what clock {1} shows"),
  row("clock_gettime64", -1, 403, "int address", gettime(8), "asks what clock {1} shows"),
  row("clock_getres", 229, 266, "int address", getres(undefined), "asks how fine clock {1} is"),
  row("clock_getres_time64", -1, 406, "int address", getres(8), "asks how fine clock {1} is"),
  row("clock_settime", 227, 264, "int address", refuse(1), "sets clock {1}"),
  row("gettimeofday", 96, 78, "address address", gettimeofday, "asks what time it is"),
  row("time", 201, 13, "address", time, "asks what time it is"),
  row("times", 100, 43, "address", times, "asks how long the process has run"),
  row("nanosleep", 35, 162, "address address", nanosleep(undefined), "sleeps"),
  row("clock_nanosleep", 230, 267, "int flags address address", clockNanosleep(undefined), "sleeps by clock {1}"),
  row("clock_nanosleep_time64", -1, 407, "int flags address address", clockNanosleep(8), "sleeps by clock {1}"),
  row("alarm", 37, 27, "unsigned", alarm, "sends SIGALRM in {1} seconds"),
  row("getitimer", 36, 105, "int address", getitimer, "asks when timer {1} goes off"),
  row("setitimer", 38, 104, "int address address", setitimer, "sets timer {1}"),
  row("timerfd_create", 283, 322, "int flags", timerfdCreate, "makes a timer that can be read"),
  row(
    "timerfd_settime",
    286,
    325,
    "fd flags address address",
    (call) => timerfdSettime(call, call.wordBytes),
    "sets the timer {1}",
  ),
  row(
    "timerfd_settime64",
    -1,
    411,
    "fd flags address address",
    (call) => timerfdSettime(call, 8),
    "sets the timer {1}",
  ),
  row(
    "timerfd_gettime",
    287,
    326,
    "fd address",
    (call) => timerLeft(call, call.args[1], call.wordBytes),
    "asks when the timer {1} goes off",
  ),
  row(
    "timerfd_gettime64",
    -1,
    410,
    "fd address",
    (call) => timerLeft(call, call.args[1], 8),
    "asks when the timer {1} goes off",
  ),
];
