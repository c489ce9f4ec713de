// System calls about signals (kernel/signal.c).

import { RAX, RSP } from "../../../arch/x86/instructions/index.ts";
import { EAGAIN, EFAULT, EINVAL, ENOMEM, EPERM, ERESTARTSYS, ESRCH } from "../../files/errno.ts";
import { readBytes, writeBytes } from "../../memory/address-space.ts";
import { nanoseconds, SECOND } from "../clock.ts";
import { endProcess } from "../processes.ts";
import { type CallRow, putWord, readSigned, readWords, row, writeWords } from "../row.ts";
import {
  blockable,
  isIn,
  MOST_SIGNAL,
  plainSignal,
  raise,
  raiseIn,
  SI_TKILL,
  SI_USER,
  SIGKILL,
  SIGSEGV,
  SIGSTOP,
} from "../signal-numbers.ts";
import { takeSignal } from "../signal-queue.ts";
import { onAlternateStack, putInfo, return32, return64, SS_DISABLE, SS_ONSTACK } from "../signals.ts";
import type { Call, Process, Signal, SignalAction } from "../state.ts";

const isSignal = (number: number): boolean => number >= 1 && number <= MOST_SIGNAL;

/** rt_sigaction: handler, flags, restorer, mask; on i386 in the same order with words of four bytes. */
function rtSigaction({ process, space, args, wordBytes }: Call): number {
  const [number, address, old, setSize] = args;
  if (setSize !== 8 || !isSignal(number)) return -EINVAL;
  const before = process.actions[number];
  let after: SignalAction | undefined;
  if (address !== 0) {
    const words = readWords(space, address, 3, wordBytes);
    const mask = readWords(space, address + 3 * wordBytes, 2, 4);
    if (words === undefined || mask === undefined) return -EFAULT;
    if (number === SIGKILL || number === SIGSTOP) return -EINVAL;
    after = { handler: words[0], flags: words[1] >>> 0, restorer: words[2], mask: [mask[0] | 0, mask[1] | 0] };
  }
  if (old !== 0 && !writeAction({ space, wordBytes }, old, before)) return -EFAULT;
  if (after !== undefined) setAction(process, number, after);
  return 0;
}

function writeAction(
  { space, wordBytes }: Pick<Call, "space" | "wordBytes">,
  address: number,
  action: SignalAction,
): boolean {
  const words = [action.handler, action.flags, action.restorer];
  return (
    writeWords(space, address, words, wordBytes) && writeWords(space, address + 3 * wordBytes, [...action.mask], 4)
  );
}

function setAction(process: Process, number: number, action: SignalAction): void {
  process.actions[number] = action;
  // What is ignored from now on and waits is gone.
  if (action.handler !== 1) return;
  process.pending = process.pending.filter((signal) => signal.number !== number);
}

/** sigaction of i386: handler, mask (one word), flags, restorer. */
function oldSigaction({ process, space, args }: Call): number {
  const [number, address, old] = args;
  if (!isSignal(number) || number === SIGKILL || number === SIGSTOP) return -EINVAL;
  const before = process.actions[number];
  const words = address === 0 ? undefined : readWords(space, address, 4, 4);
  if (address !== 0 && words === undefined) return -EFAULT;
  if (old !== 0 && !writeWords(space, old, [before.handler, before.mask[0], before.flags, before.restorer], 4))
    return -EFAULT;
  if (words !== undefined)
    setAction(process, number, { handler: words[0], mask: [words[1] | 0, 0], flags: words[2], restorer: words[3] });
  return 0;
}

const SIG_BLOCK = 0;
const SIG_UNBLOCK = 1;
const SIG_SETMASK = 2;

function changeMask({ task }: Call, how: number, [low, high]: readonly [number, number]): number {
  const [oldLow, oldHigh] = task.mask;
  if (how === SIG_BLOCK) task.mask = blockable(oldLow | low, oldHigh | high);
  else if (how === SIG_UNBLOCK) task.mask = blockable(oldLow & ~low, oldHigh & ~high);
  else if (how === SIG_SETMASK) task.mask = blockable(low, high);
  else return -EINVAL;
  return 0;
}

function rtSigprocmask(call: Call): number {
  const { task, space, args } = call;
  const [how, address, old, setSize] = args;
  if (setSize !== 8) return -EINVAL;
  const before = task.mask;
  const words = address === 0 ? undefined : readWords(space, address, 2, 4);
  if (address !== 0 && words === undefined) return -EFAULT;
  const failed = words === undefined ? 0 : changeMask(call, how, [words[0] | 0, words[1] | 0]);
  if (failed < 0) return failed;
  return old === 0 || writeWords(space, old, [...before], 4) ? 0 : -EFAULT;
}

function oldSigprocmask(call: Call): number {
  const { task, space, args } = call;
  const [how, address, old] = args;
  const before = task.mask;
  const words = address === 0 ? undefined : readWords(space, address, 1, 4);
  if (address !== 0 && words === undefined) return -EFAULT;
  const high = how === SIG_SETMASK ? before[1] : 0;
  const failed = words === undefined ? 0 : changeMask(call, how, [words[0] | 0, high]);
  if (failed < 0) return failed;
  return old === 0 || writeWords(space, old, [before[0]], 4) ? 0 : -EFAULT;
}

/** A frame that cannot be read is as an access that fails. The result is what the register holds then: nothing is changed. */
function sigreturn(call: Call, isRt: boolean): number {
  const { system, task, process } = call;
  const isDone = task.cpu.mode === 64 ? return64(task) : return32(task, isRt);
  const { words } = task.cpu;
  if (isDone) return words[RAX + 1] * 2 ** 32 + (words[RAX] >>> 0);
  const signal = plainSignal(SIGSEGV, SI_USER, process);
  endProcess(system, process, SIGSEGV, { signal, task });
  return 0;
}

function sigaltstack({ task, space, args, wordBytes }: Call): number {
  const [address, old] = args;
  const { alternateStack, cpu } = task;
  const pointer = cpu.words[RSP + 1] * 2 ** 32 + (cpu.words[RSP] >>> 0);
  const isOn = onAlternateStack(task, pointer);
  const words = address === 0 ? undefined : readWords(space, address, 3, wordBytes);
  if (address !== 0 && words === undefined) return -EFAULT;
  if (old !== 0) {
    const view = new DataView(new ArrayBuffer(3 * wordBytes));
    putWord(view, 0, alternateStack.start, wordBytes);
    view.setUint32(wordBytes, (alternateStack.flags & SS_DISABLE) !== 0 ? SS_DISABLE : isOn ? SS_ONSTACK : 0, true);
    putWord(view, 2 * wordBytes, alternateStack.size, wordBytes);
    if (!writeBytes(space, old, new Uint8Array(view.buffer))) return -EFAULT;
  }
  if (words === undefined) return 0;
  if (isOn) return -EPERM;
  const flags = words[1] | 0;
  if ((flags & SS_DISABLE) !== 0) task.alternateStack = { start: 0, size: 0, flags: SS_DISABLE };
  else if (words[2] < MINSIGSTKSZ) return -ENOMEM;
  else task.alternateStack = { start: words[0], size: words[2], flags: 0 };
  return 0;
}

const MINSIGSTKSZ = 2048;

/** The parent of the first process. */
const OUTSIDE = 1;

/** kill(2). */
function kill({ system, process, args }: Call): number {
  const [pid, number] = args;
  if (number < 0 || number > MOST_SIGNAL) return -EINVAL;
  const targets = [...system.processes.values()].filter((it) => {
    if (it.status !== undefined) return false;
    if (pid > 0) return it.pid === pid;
    if (pid === 0) return it.group === process.group;
    return pid === -1 ? it !== process : it.group === -pid;
  });
  // The first process' parent is there, and nothing to it.
  if (pid === OUTSIDE) return process.who.user === 0 ? 0 : -EPERM;
  if (targets.length === 0) return -ESRCH;
  if (number > 0) for (const target of targets) raiseIn(target, plainSignal(number, SI_USER, process));
  return 0;
}

function sendTo({ system, process }: Call, group: number | undefined, id: number, number: number): number {
  if (number < 0 || number > MOST_SIGNAL) return -EINVAL;
  const target = system.tasks.find((task) => task.id === id && (group === undefined || task.process.pid === group));
  if (target === undefined) return -ESRCH;
  if (number > 0) raise(target, plainSignal(number, SI_TKILL, process));
  return 0;
}

/** rt_sigqueueinfo and rt_tgsigqueueinfo: the sender brings siginfo. */
function queue(call: Call, group: number | undefined, id: number, number: number, address: number): number {
  const { system, process, space } = call;
  if (!isSignal(number)) return -EINVAL;
  const bytes = readBytes(space, address, 32);
  if (bytes === undefined) return -EFAULT;
  const view = new DataView(bytes.buffer);
  const isWide = call.wordBytes === 8;
  // Of a pointer all of it.
  const value = isWide ? view.getUint32(24, true) + view.getUint32(28, true) * 2 ** 32 : view.getUint32(20, true);
  const signal: Signal = { ...plainSignal(number, view.getInt32(8, true), process), value };
  const target = group === undefined ? system.processes.get(id) : system.tasks.find((task) => task.id === id);
  if (target === undefined) return -ESRCH;
  if ("pid" in target) raiseIn(target, signal);
  else raise(target, signal);
  return 0;
}

/** Waits with other signals blocked until a handler has run. */
function suspend({ task }: Call, mask: readonly number[] | undefined): number {
  if (mask === undefined) return -EFAULT;
  if (!task.waiting) {
    task.maskToRestore = task.mask;
    task.mask = blockable(mask[0] | 0, (mask[1] ?? task.mask[1]) | 0);
  }
  return -ERESTARTSYS;
}

function pendingSignals({ task, process, space, args }: Call): number {
  const set = [0, 0];
  for (const { number } of [...task.pending, ...process.pending]) {
    if (isIn(task.mask, number)) set[number <= 32 ? 0 : 1] |= 1 << ((number - 1) & 31);
  }
  return writeWords(space, args[0], set, 4) ? 0 : -EFAULT;
}

/** Takes a signal out of those that wait, without a handler. */
function timedWait(call: Call, timeBytes: number): number {
  const { system, task, space, args, wordBytes } = call;
  const [address, info, timeout] = args;
  const set = readWords(space, address, 2, 4);
  if (set === undefined) return -EFAULT;
  const wanted: readonly [number, number] = [set[0] | 0, set[1] | 0];
  const signal = takeSignal(task, wanted);
  if (signal !== undefined) {
    if (info !== 0) {
      const view = new DataView(new ArrayBuffer(128));
      putInfo(view, 0, signal, wordBytes);
      if (!writeBytes(space, info, new Uint8Array(view.buffer))) return -EFAULT;
    }
    return signal.number;
  }
  if (timeout !== 0) {
    const words = readSigned(space, timeout, 2, timeBytes);
    if (words === undefined) return -EFAULT;
    if (words[0] < 0 || words[1] < 0 || words[1] >= SECOND) return -EINVAL;
    task.deadline ??= nanoseconds(system) + words[0] * SECOND + words[1];
    if (task.deadline <= nanoseconds(system)) return -EAGAIN;
  }
  return -ERESTARTSYS;
}

export const SIGNAL_CALLS: readonly CallRow[] = [
  row("rt_sigaction", 13, 174, "signal address address size", rtSigaction, "sets or asks what {1} does"),
  row("sigaction", -1, 67, "signal address address", oldSigaction, "sets or asks what {1} does"),
  row("rt_sigprocmask", 14, 175, "int address address size", rtSigprocmask, "sets or asks which signals are blocked"),
  row("sigprocmask", -1, 126, "int address address", oldSigprocmask, "sets or asks which signals are blocked"),
  row("rt_sigreturn", 15, 173, "", (call) => sigreturn(call, true), "returns from a signal's handler"),
  row("sigreturn", -1, 119, "", (call) => sigreturn(call, false), "returns from a signal's handler"),
  row("sigaltstack", 131, 186, "address address", sigaltstack, "sets a stack for signals' handlers"),
  row("kill", 62, 37, "pid signal", kill, "sends process {1} {2}"),
  row(
    "tkill",
    200,
    238,
    "pid signal",
    (call) => sendTo(call, undefined, call.args[0], call.args[1]),
    "sends thread {1} {2}",
  ),
  row(
    "tgkill",
    234,
    270,
    "pid pid signal",
    (call) => sendTo(call, call.args[0], call.args[1], call.args[2]),
    "sends thread {2} {3}",
  ),
  row(
    "rt_sigqueueinfo",
    129,
    178,
    "pid signal address",
    (call) => queue(call, undefined, call.args[0], call.args[1], call.args[2]),
    "sends process {1} {2} with a value",
  ),
  row(
    "rt_tgsigqueueinfo",
    297,
    335,
    "pid pid signal address",
    (call) => queue(call, call.args[0], call.args[1], call.args[2], call.args[3]),
    "sends thread {2} {3} with a value",
  ),
  row("pause", 34, 29, "", () => -ERESTARTSYS, "waits for a signal"),
  row(
    "rt_sigsuspend",
    130,
    179,
    "address size",
    (call) => suspend(call, readWords(call.space, call.args[0], 2, 4)),
    "waits for a signal with others blocked",
  ),
  row(
    "sigsuspend",
    -1,
    72,
    "int int int",
    (call) => suspend(call, [call.args[2]]),
    "waits for a signal with others blocked",
  ),
  row("rt_sigpending", 127, 176, "address size", pendingSignals, "asks which signals wait"),
  row(
    "rt_sigtimedwait",
    128,
    177,
    "address address address size",
    (call) => timedWait(call, call.wordBytes),
    "waits for one of some signals",
  ),
  row(
    "rt_sigtimedwait_time64",
    -1,
    421,
    "address address address size",
    (call) => timedWait(call, 8),
    "waits for one of some signals",
  ),
];
