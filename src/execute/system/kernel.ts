// The simulated kernel at work: threads take turns, their system calls are made, their faults become signals, and time goes on. One
// call of `advance` runs so many instructions and returns, so that a page stays alive.

import {
  forgetAll,
  IP,
  isStepping,
  NEXT,
  NEXT_HIGH,
  R8,
  R10,
  RAX,
  RBP,
  RBX,
  RCX,
  RDI,
  RDX,
  RSI,
  TRAP,
  TRAP_ROW,
} from "../../arch/x86/instructions/index.ts";
import { error } from "../../elf/index.ts";
import { ENOSYS, ERESTARTSYS } from "../files/errno.ts";
import { textOfBytes } from "../files/names.ts";
import { touch } from "../memory/address-space.ts";
import { type Observer, run, STOP_BREAK, STOP_LIMIT, STOP_OBSERVED, STOP_SYSTEM_CALL, STOP_TRAP } from "../run.ts";
import { missing } from "./calls/missing.ts";
import { callsOf, NEVER_RESTARTED } from "./calls/table.ts";
import { nanoseconds, SECOND } from "./clock.ts";
import { type Fault, faultOf, stepFault } from "./faults.ts";
import { executedBy, RLIMIT_CPU, TURN } from "./processes.ts";
import type { CallRow } from "./row.ts";
import { isIn, plainSignal, raiseIn, SI_KERNEL, SIGALRM, SIGKILL, SIGXCPU, signalName } from "./signal-numbers.ts";
import { deliver, hasSignal, isInterrupted, setResult } from "./signals.ts";
import type { Call, Process, Signal, System, Task } from "./state.ts";
import { stopIfAsked } from "./stops.ts";
import { nextTimer, ringTimers, untilCpuTimer } from "./timers.ts";

/** Why `advance` returned. */
export type Pause =
  /** The instructions are used up. */
  | "limit"
  /** The run has ended: see `system.end`. */
  | "ended"
  /** All threads wait, one of them for standard input of which there is none yet. */
  | "input"
  /** A breakpoint was met, by `system.current`. */
  | "break"
  /** An observer asked for it. */
  | "observed";

/** Tables of system calls, made once. */
export interface CallTables {
  readonly wide: readonly (CallRow | undefined)[];
  readonly narrow: readonly (CallRow | undefined)[];
}

export function callTables(): CallTables {
  return { wide: callsOf(64), narrow: callsOf(32) };
}

/** Lets the memory ask the address space of whoever runs. */
export function connect(system: System): void {
  const { memory } = system;
  memory.miss = (low, high, access) => {
    const process = system.current?.process;
    if (process === undefined) return -1;
    return touch(process.space, (low >>> 0) + (high >>> 0) * 2 ** 32, access);
  };
}

/** Runs up to `limit` instructions. */
export function advance(system: System, tables: CallTables, limit: number, observer?: Observer): Pause {
  let left = limit;
  while (system.end === undefined || system.tasks.length > 0) {
    if (left <= 0) return "limit";
    const over = system.executed >= system.limits.instructions;
    if (over) {
      // What still runs behind the first process' back has had its time.
      system.end ??= stop("run-too-long", { instructions: system.limits.instructions });
      return "ended";
    }
    ring(system);
    const task = nextTask(system, tables);
    if (task === undefined) {
      if (system.end !== undefined && system.end.kind === "stopped") return "ended";
      if (sleep(system)) continue;
      if (system.end !== undefined) return "ended";
      if (system.inputWanted) return "input";
      if (system.tasks.length === 0) return "ended";
      system.end = standstill(system);
      return "ended";
    }
    const before = system.executed;
    const why = turn(system, tables, task, Math.min(left, system.turnLeft, untilAlarm(system, task)), observer);
    left -= Math.max(1, system.executed - before);
    if (why !== undefined) return why;
    if (system.end?.kind === "stopped") return "ended";
  }
  return "ended";
}

function stop(code: string, details: Parameters<typeof error>[2]): NonNullable<System["end"]> {
  return { kind: "stopped", problem: error(code, {}, details) };
}

/** Nobody can run any more. */
function standstill({ tasks, processes }: System): NonNullable<System["end"]> {
  for (const { stopped, pid } of processes.values())
    if (stopped !== undefined) return stop("run-stopped", { process: pid, signal: signalName(stopped) });
  return stop("run-deadlock", { threads: tasks.length });
}

/** Who runs next: whoever's turn it is, as long as it lasts; undefined if all wait. */
function nextTask(system: System, tables: CallTables): Task | undefined {
  const { tasks } = system;
  system.inputWanted = false;
  for (let tried = 0; tried <= tasks.length && tasks.length > 0; tried++) {
    if (system.turn >= tasks.length) system.turn = 0;
    const task: Task = tasks[system.turn];
    if (system.turnLeft > 0 && isRunnable(system, tables, task)) return task;
    // A thread that has ended here may be what an earlier one waits for.
    if (task.ended) tried = -1;
    // Calls of the one before may have ended threads.
    if (tasks[system.turn] === task) system.turn++;
    system.turnLeft = TURN;
  }
  return undefined;
}

/** Whether a thread can run: a call that it waits in is made again. */
function isRunnable(system: System, tables: CallTables, task: Task): boolean {
  if (task.vforking || task.process.stopped !== undefined) return false;
  if (!task.waiting) return true;
  if (stopIfAsked(system, task)) return false;
  enter(system, task);
  // What it waits for may have come together with a signal: then the call has been made, and the signal is behind it.
  const isSignaled = isInterrupted(task);
  if (!isSignaled) dropIgnored(task);
  makeCall(system, tables, task);
  if (isSignaled && task.waiting && !task.ended) deliver(system, task, true);
  return !task.ended && !task.waiting;
}

/** Signals that are ignored end no call. */
function dropIgnored(task: Task): void {
  const isKept = ({ number }: Signal): boolean => isIn(task.mask, number);
  if (task.pending.length > 0) task.pending = task.pending.filter(isKept);
  const { process } = task;
  if (process.pending.length > 0 && process.tasks.length === 1) process.pending = process.pending.filter(isKept);
}

/** From now on memory is this thread's. */
function enter(system: System, task: Task): void {
  const { current } = system;
  if (current !== undefined && current.process.space !== task.process.space) forgetAll(system.memory);
  system.current = task;
}

/** All wait: the clock goes on to the first who need not wait longer. False if nobody waits for the clock. */
function sleep(system: System): boolean {
  const now = nanoseconds(system);
  let next = Number.POSITIVE_INFINITY;
  // A timer that has gone off and that nobody reads is nothing to wait for.
  const look = (moment: number): void => {
    if (moment > now) next = Math.min(next, moment);
  };
  for (const { waiting, deadline, process } of system.tasks)
    if (waiting && deadline !== undefined && process.stopped === undefined) look(deadline);
  for (const process of system.processes.values()) {
    const { alarm, status, stopped, descriptors, timers } = process;
    if (stopped !== undefined) continue;
    if (alarm !== undefined && status === undefined) look(alarm.next);
    if (timers.size > 0 && status === undefined) look(nextTimer(process));
    for (const it of descriptors) {
      const special = it?.open.special;
      if (special?.kind === "timer" && special.next !== undefined) look(special.next);
    }
  }
  if (next === Number.POSITIVE_INFINITY) return false;
  system.slept += next - now;
  return true;
}

/** Alarms that are due. */
function ring(system: System): void {
  const now = nanoseconds(system);
  for (const process of system.processes.values()) {
    const { alarm, timers, status } = process;
    if (timers.size > 0 && status === undefined) ringTimers(system, process);
    if (alarm === undefined || alarm.next > now) continue;
    raiseIn(process, plainSignal(SIGALRM, SI_KERNEL, process));
    process.alarm = alarm.interval === 0 ? undefined : { next: alarm.next + alarm.interval, interval: alarm.interval };
  }
}

/** Instructions until the next alarm, so that it comes at the same moment in whatever slices a run is run. */
function untilAlarm(system: System, { process }: Task): number {
  let next = Number.POSITIVE_INFINITY;
  for (const it of system.processes.values()) {
    if (it.alarm !== undefined) next = Math.min(next, it.alarm.next);
    if (it.timers.size > 0 && it.status === undefined) next = Math.min(next, nextTimer(it));
  }
  const left = next - nanoseconds(system);
  return Math.min(left, untilCpuLimit(process), process.timers.size > 0 ? untilCpuTimer(process) : left);
}

/** Instructions until RLIMIT_CPU is reached, or its next second begins. */
function untilCpuLimit({ executed, limits }: Process): number {
  const [soft, hard] = limits.get(RLIMIT_CPU) ?? NO_LIMIT;
  if (soft === NO_LIMIT[0] && hard === NO_LIMIT[0]) return Number.POSITIVE_INFINITY;
  const next = Math.max(soft, Math.floor(executed / SECOND) + 1);
  return Math.max(1, Math.min(next, hard) * SECOND - executed);
}

const NO_LIMIT: readonly [number, number] = [2 ** 64, 2 ** 64];

/** The process has used a second more than it may, or all of it (kernel/time/posix-cpu-timers.c, check_process_timers). */
function checkCpuLimit(process: Process, count: number): void {
  const [soft, hard] = process.limits.get(RLIMIT_CPU) ?? NO_LIMIT;
  const [before, now] = [Math.floor((process.executed - count) / SECOND), Math.floor(process.executed / SECOND)];
  if (before === now || now < soft) return;
  raiseIn(process, plainSignal(now >= hard ? SIGKILL : SIGXCPU, SI_KERNEL, process));
}

/** Runs a thread for a while. @returns why the whole run pauses, or undefined */
function turn(
  system: System,
  tables: CallTables,
  task: Task,
  limit: number,
  observer: Observer | undefined,
): Pause | undefined {
  enter(system, task);
  if (hasSignal(task)) {
    deliver(system, task, false);
    if (task.ended || task.process.stopped !== undefined) return undefined;
  }
  const { cpu, process } = task;
  const before = executedBy(cpu.words);
  const most = Math.min(limit, system.limits.instructions - system.executed);
  const isOneStep = isStepping(cpu);
  const why = run(cpu, process.code, isOneStep ? 1 : Math.max(1, Math.min(most, 1 << 29)), observer);
  const count = executedBy(cpu.words) - before;
  system.executed += count;
  system.turnLeft -= count;
  process.executed += count;
  checkCpuLimit(process, count);
  switch (why) {
    case STOP_SYSTEM_CALL:
      task.call = cpu.words[RAX];
      makeCall(system, tables, task);
      break;
    case STOP_TRAP:
      fault(system, task);
      break;
  }
  // What follows each instruction while TF is set; only of a system call the way back does not trap (measured).
  if (isOneStep && count > 0 && (why === STOP_LIMIT || why === STOP_OBSERVED)) forceFault(task, stepFault(cpu));
  if (why === STOP_BREAK) return "break";
  if (why === STOP_OBSERVED) return "observed";
  if (!task.ended && !task.waiting && hasSignal(task)) deliver(system, task, false);
  return undefined;
}

/** Registers of arguments: of syscall, and of int 0x80. */
const WIDE_ARGUMENTS: readonly number[] = [RDI, RSI, RDX, R10, R8, 18];
const NARROW_ARGUMENTS: readonly number[] = [RBX, RCX, RDX, RSI, RDI, RBP];

/** Makes the call that a thread asks for, or makes it again. */
function makeCall(system: System, tables: CallTables, task: Task): void {
  const { cpu, process } = task;
  const isWide = cpu.words[TRAP] === 0 && cpu.mode === 64;
  const row: CallRow | undefined = (isWide ? tables.wide : tables.narrow)[task.call];
  const args = argumentsOf(cpu.words, row, isWide);
  const isFirst = !task.waiting;
  const { hooks } = system;
  if (isFirst) hooks.call?.({ task, row, number: task.call, args, result: undefined });
  task.restarts = row === undefined || !NEVER_RESTARTED.has(row.name);
  const call: Call = { system, task, process, space: process.space, args, wordBytes: isWide ? 8 : 4 };
  const result = row === undefined ? -ENOSYS : row.does(call);
  if (row === undefined || row.does === missing) noteMissing(system, task, row);
  if (result === -ERESTARTSYS && !task.ended) {
    task.waiting = true;
    return;
  }
  task.waiting = false;
  task.deadline = undefined;
  task.progress = 0;
  task.futex = undefined;
  task.blockedBy = undefined;
  task.rest = undefined;
  hooks.call?.({ task, row, number: task.call, args, result });
  // execve has made a new processor, and a thread that has ended needs no answer.
  if (task.ended || task.cpu !== cpu) return;
  setResult(cpu, result);
  if (task.maskToRestore !== undefined) deliver(system, task, false);
}

/** A call that is not simulated: it fails with ENOSYS, and whoever asks is told. */
function noteMissing(system: System, task: Task, row: CallRow | undefined): void {
  const number = task.call;
  const isKnown = system.problems.some(({ code, details }) => code === "run-call-missing" && details.number === number);
  if (isKnown || system.problems.length > 100) return;
  system.problems.push(
    error("run-call-missing", { file: textOfBytes(task.process.executable.path) }, { number, name: row?.name ?? "" }),
  );
}

function argumentsOf(words: Int32Array, row: CallRow | undefined, isWide: boolean): readonly number[] {
  const registers = isWide ? WIDE_ARGUMENTS : NARROW_ARGUMENTS;
  const args: number[] = [];
  let next = 0;
  for (const kind of row?.kinds ?? UNKNOWN_KINDS) {
    const at: number | undefined = registers[next++];
    if (at === undefined) {
      args.push(0);
      continue;
    }
    const low = words[at];
    switch (kind) {
      case "fd":
      case "int":
      case "signal":
      case "pid":
        args.push(low);
        break;
      case "flags":
      case "mode":
      case "unsigned":
        args.push(low >>> 0);
        break;
      case "offset":
        args.push(isWide ? words[at + 1] * 2 ** 32 + (low >>> 0) : low);
        break;
      case "wide": {
        const high = isWide ? words[at + 1] : words[registers[next++]];
        args.push(high * 2 ** 32 + (low >>> 0));
        break;
      }
      default:
        args.push(isWide ? (words[at + 1] >>> 0) * 2 ** 32 + (low >>> 0) : low >>> 0);
    }
  }
  return args;
}

const UNKNOWN_KINDS = ["size", "size", "size", "size", "size", "size"] as const;

/** An instruction that failed becomes a signal, or the run's end if there are no more pages. */
function fault(system: System, task: Task): void {
  const found = faultOf(task.cpu);
  if (found === undefined) {
    system.end = stop("run-out-of-memory", { bytes: system.limits.memory });
    return;
  }
  const { words, code } = task.cpu;
  const at = addressOf(task.cpu);
  const row = words[TRAP_ROW];
  if (found.isPast && row >= 0) {
    words[IP] = code[row + NEXT];
    words[IP + 1] = code[row + NEXT_HIGH];
  }
  forceFault(task, found, at);
}

function addressOf({ words, mode }: Task["cpu"]): number {
  return (words[IP] >>> 0) + (mode === 64 ? (words[IP + 1] >>> 0) * 2 ** 32 : 0);
}

function forceFault(task: Task, { number, code, address, trap, error: errorCode }: Fault, at = address): void {
  force(task, { ...plainSignal(number, code, task.process), address, trap, error: errorCode, at });
}

/** A fault cannot be blocked or ignored: then it ends the process (kernel/signal.c, force_sig_info_to_task). */
function force(task: Task, signal: Signal): void {
  const { actions } = task.process;
  const isBlocked = isIn(task.mask, signal.number);
  if (isBlocked || actions[signal.number].handler === 1) {
    actions[signal.number] = { ...actions[signal.number], handler: 0 };
    task.mask = [task.mask[0] & ~(1 << (signal.number - 1)), task.mask[1]];
  }
  task.pending.unshift(signal);
}
