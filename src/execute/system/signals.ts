// Delivering signals: the frame on the stack that a handler finds and that sigreturn takes back (arch/x86/kernel/signal_64.c,
// signal_32.c; arch/x86/include/uapi/asm/sigcontext.h, ucontext.h), or the end of the process.

import {
  type Cpu,
  GS_BASE,
  IP,
  R8,
  RAX,
  RBP,
  RBX,
  RCX,
  RDI,
  RDX,
  RSI,
  RSP,
  readFlags,
  SELECTORS,
  writeFlags,
} from "../../arch/x86/instructions/index.ts";
import { EINTR } from "../files/errno.ts";
import { readBytes, writeBytes } from "../memory/address-space.ts";
import { tellRest } from "./clock.ts";
import { giveUpOpening } from "./descriptors.ts";
import { FXSAVE_BYTES, restoreFloats, saveFloats } from "./float-state.ts";
import { endProcess } from "./processes.ts";
import { putWord, readWords } from "./row.ts";
import { blockable, defaultAction, isIn, plainSignal, SI_KERNEL, SIGCHLD, SIGSEGV } from "./signal-numbers.ts";
import type { Signal, SignalAction, System, Task } from "./state.ts";
import { isStop, stop } from "./stops.ts";

export const SIG_DFL = 0;
export const SIG_IGN = 1;
export const SA_NOCLDWAIT = 2;
const SA_SIGINFO = 4;
const SA_RESTORER = 0x0400_0000;
const SA_ONSTACK = 0x0800_0000;
export const SA_RESTART = 0x1000_0000;
const SA_NODEFER = 0x4000_0000;
const SA_RESETHAND = 0x8000_0000;

export const SS_ONSTACK = 1;
export const SS_DISABLE = 2;

/** The next signal that a thread may get: its own before the process'. */
function nextSignal(task: Task): Signal | undefined {
  for (const list of [task.pending, task.process.pending]) {
    const index = list.findIndex(({ number }) => !isIn(task.mask, number));
    if (index >= 0) return list.splice(index, 1)[0];
  }
  return undefined;
}

/** Would `deliver` do anything? */
export function hasSignal(task: Task): boolean {
  const isFor = ({ number }: Signal): boolean => !isIn(task.mask, number);
  return task.pending.some(isFor) || task.process.pending.some(isFor);
}

/** Will the next signal run a handler or end the process, so that a call that waits has to end? */
export function isInterrupted(task: Task): boolean {
  const { actions } = task.process;
  return [...task.pending, ...task.process.pending].some(({ number }) => {
    if (isIn(task.mask, number)) return false;
    const { handler } = actions[number];
    return handler > SIG_IGN || (handler === SIG_DFL && defaultAction(number) === "end");
  });
}

/**
 * Gives a thread the signals that wait for it.
 * @param interrupted the call that it waits in ends with EINTR, or is made again after the handler (SA_RESTART)
 */
export function deliver(system: System, task: Task, interrupted: boolean): void {
  let isWaiting = interrupted;
  for (let signal = nextSignal(task); signal !== undefined && !task.ended; signal = nextSignal(task)) {
    const action = task.process.actions[signal.number];
    if (isStop(task.process, signal)) {
      if (stop(system, task, signal)) return;
      continue;
    }
    if (action.handler === SIG_IGN || (action.handler === SIG_DFL && defaultAction(signal.number) !== "end")) {
      system.hooks.signal?.(task, signal, "ignored");
      continue;
    }
    if (action.handler === SIG_DFL) {
      system.hooks.signal?.(task, signal, "fatal");
      endProcess(system, task.process, signal.number, { signal, task });
      return;
    }
    if (isWaiting) {
      endWait(system, task, (action.flags & SA_RESTART) !== 0 && task.restarts);
      isWaiting = false;
    }
    system.hooks.signal?.(task, signal, "handled");
    if (!enterHandler(task, signal, action)) {
      // No room for the frame (force_sigsegv).
      const fault = plainSignal(SIGSEGV, SI_KERNEL, task.process);
      system.hooks.signal?.(task, fault, "fatal");
      endProcess(system, task.process, SIGSEGV, { signal: fault, task });
      return;
    }
  }
  if (!isWaiting && task.maskToRestore !== undefined && !task.waiting) {
    task.mask = task.maskToRestore;
    task.maskToRestore = undefined;
  }
}

/** The call that a thread waits in ends: with EINTR, or so that it will be made again. */
function endWait(system: System, task: Task, again: boolean): void {
  const { words } = task.cpu;
  if (!again) tellRest(system, task);
  task.rest = undefined;
  task.waiting = false;
  task.deadline = undefined;
  task.futex = undefined;
  task.blockedBy = undefined;
  giveUpOpening(task);
  if (task.progress > 0 && !again) {
    setResult(task.cpu, task.progress);
  } else if (again) {
    // Both syscall and int 0x80 are two bytes long.
    words[RAX] = task.call;
    words[RAX + 1] = 0;
    const before = (words[IP] - 2) | 0;
    if (words[IP] >>> 0 < 2) words[IP + 1]--;
    words[IP] = before;
  } else setResult(task.cpu, -EINTR);
  task.progress = 0;
}

export function setResult({ words, mode }: Cpu, value: number): void {
  words[RAX] = value;
  if (value >= 0x8000_0000 || value < -0x8000_0000) words[RAX] = Math.floor(value % 2 ** 32);
  words[RAX + 1] = mode === 64 ? Math.floor(value / 2 ** 32) : 0;
}

const pair = (words: Int32Array, at: number): number => words[at + 1] * 2 ** 32 + (words[at] >>> 0);

function setPair(words: Int32Array, at: number, value: number): void {
  words[at] = value % 2 ** 32;
  words[at + 1] = Math.floor(value / 2 ** 32);
}

function enterHandler(task: Task, signal: Signal, action: SignalAction): boolean {
  const made = task.cpu.mode === 64 ? frame64(task, signal, action) : frame32(task, signal, action);
  if (!made) return false;
  const { process } = task;
  const nodefer = (action.flags & SA_NODEFER) !== 0;
  const { number } = signal;
  const own = nodefer ? [0, 0] : number <= 32 ? [1 << (number - 1), 0] : [0, 1 << (number - 33)];
  task.mask = blockable(task.mask[0] | action.mask[0] | own[0], task.mask[1] | action.mask[1] | own[1]);
  task.maskToRestore = undefined;
  if ((action.flags & SA_RESETHAND) !== 0) process.actions[number] = { ...action, handler: SIG_DFL };
  return true;
}

/** Where the frame goes: below the stack pointer, or on the stack that sigaltstack set. */
function frameTop(task: Task, action: SignalAction, redZone: number): number {
  const { alternateStack } = task;
  const pointer = pair(task.cpu.words, RSP);
  const isOn = onAlternateStack(task, pointer);
  const isWanted = (action.flags & SA_ONSTACK) !== 0 && (alternateStack.flags & SS_DISABLE) === 0;
  return isWanted && !isOn ? alternateStack.start + alternateStack.size : pointer - redZone;
}

export function onAlternateStack({ alternateStack: { start, size, flags } }: Task, pointer: number): boolean {
  return (flags & SS_DISABLE) === 0 && pointer > start && pointer <= start + size;
}

/** What the mask will be again when the handler returns. */
function savedMask(task: Task): readonly [number, number] {
  return task.maskToRestore ?? task.mask;
}

/** struct rt_sigframe: restorer, ucontext (304 bytes), siginfo (128 bytes). */
const FRAME_64 = 440;
const CONTEXT_64 = 8;
const MCONTEXT_64 = 40;
const MASK_64 = 296;
const INFO_64 = 312;
/** In the order of struct sigcontext_64: r8 to r15, di, si, bp, bx, dx, ax, cx, sp, ip. */
const ORDER_64: readonly number[] = [
  ...Array.from({ length: 8 }, (_, at) => R8 + 2 * at),
  RDI,
  RSI,
  RBP,
  RBX,
  RDX,
  RAX,
  RCX,
  RSP,
  IP,
];
/** UC_SIGCONTEXT_SS and UC_STRICT_RESTORE_SS. */
const CONTEXT_FLAGS = 6;

function frame64(task: Task, signal: Signal, action: SignalAction): boolean {
  const { cpu, process } = task;
  const { words } = cpu;
  const floats = Math.floor((frameTop(task, action, 128) - FXSAVE_BYTES) / 64) * 64;
  const at = Math.floor((floats - FRAME_64) / 16) * 16 - 8;
  const view = new DataView(new ArrayBuffer(FRAME_64));
  const put = (place: number, value: number): void => putWord(view, place, value, 8);
  put(0, action.restorer);
  put(CONTEXT_64, CONTEXT_FLAGS);
  putStack(view, CONTEXT_64 + 16, task, 8);
  const registers = CONTEXT_64 + MCONTEXT_64;
  ORDER_64.forEach((register, index) => {
    view.setInt32(registers + 8 * index, words[register], true);
    view.setInt32(registers + 8 * index + 4, words[register + 1], true);
  });
  put(registers + 136, readFlags(cpu));
  view.setUint16(registers + 144, words[SELECTORS + 1], true);
  view.setUint16(registers + 150, words[SELECTORS + 2], true);
  put(registers + 152, signal.error ?? 0);
  put(registers + 160, signal.trap ?? 0);
  view.setInt32(registers + 168, task.mask[0], true);
  view.setInt32(registers + 172, task.mask[1], true);
  put(registers + 176, signal.trap === PAGE_FAULT ? signal.address : 0);
  put(registers + 184, floats);
  const [low, high] = savedMask(task);
  view.setInt32(MASK_64 + CONTEXT_64, low, true);
  view.setInt32(MASK_64 + CONTEXT_64 + 4, high, true);
  putInfo(view, INFO_64, signal, 8);
  const { space } = process;
  if (!writeBytes(space, floats, saveFloats(cpu)) || !writeBytes(space, at, new Uint8Array(view.buffer))) return false;
  words[RAX] = words[RAX + 1] = 0;
  setPair(words, RDI, signal.number);
  setPair(words, RSI, at + INFO_64);
  setPair(words, RDX, at + CONTEXT_64);
  setPair(words, RSP, at);
  setPair(words, IP, action.handler);
  clearFlags(cpu);
  return true;
}

/** The number of #PF, for which cr2 tells the address. */
export const PAGE_FAULT = 14;

/** DF, RF and TF are clear in a handler. */
function clearFlags(cpu: Cpu): void {
  writeFlags(cpu, readFlags(cpu) & ~0x1_0500);
}

function putStack(view: DataView, at: number, task: Task, wordBytes: number): void {
  const { alternateStack } = task;
  const isOn = onAlternateStack(task, pair(task.cpu.words, RSP));
  putWord(view, at, alternateStack.start, wordBytes);
  view.setUint32(at + wordBytes, (alternateStack.flags & SS_DISABLE) !== 0 ? SS_DISABLE : isOn ? SS_ONSTACK : 0, true);
  putWord(view, at + 2 * wordBytes, alternateStack.size, wordBytes);
}

/** siginfo_t, of which 128 bytes are there. */
export function putInfo(view: DataView, at: number, signal: Signal, wordBytes: number): void {
  view.setInt32(at, signal.number, true);
  view.setInt32(at + 8, signal.code, true);
  const fields = at + (wordBytes === 8 ? 16 : 12);
  if (signal.trap !== undefined) {
    putWord(view, fields, signal.address, wordBytes);
    return;
  }
  view.setInt32(fields, signal.pid, true);
  view.setInt32(fields + 4, signal.user, true);
  if (signal.number === SIGCHLD) view.setInt32(fields + 8, signal.status, true);
  else putWord(view, fields + 8, signal.value, wordBytes);
}

/** fsave's 112 bytes stand before fxsave's on i386. */
const FSAVE_BYTES = 112;
const SIGCONTEXT_32 = 88;
/** struct sigframe_ia32 and rt_sigframe_ia32 (arch/x86/include/asm/sigframe.h). */
const OLD_FRAME_32 = 732;
const RT_FRAME_32 = 268;
const RT_INFO_32 = 16;
const RT_CONTEXT_32 = 144;

function frame32(task: Task, signal: Signal, action: SignalAction): boolean {
  const { cpu, process } = task;
  const { words } = cpu;
  const isRt = (action.flags & SA_SIGINFO) !== 0;
  const size = isRt ? RT_FRAME_32 : OLD_FRAME_32;
  const fx = Math.floor((frameTop(task, action, 0) - FXSAVE_BYTES) / 64) * 64;
  const floats = fx - FSAVE_BYTES;
  const at = Math.floor((floats - size + 4) / 16) * 16 - 4;
  const view = new DataView(new ArrayBuffer(size));
  const code = size - 8;
  // mov $__NR_rt_sigreturn or __NR_sigreturn, %eax; int $0x80: for debuggers, and for those who bring no restorer.
  const bytes = isRt ? [0xb8, 173, 0, 0, 0, 0xcd, 0x80, 0] : [0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80];
  bytes.forEach((byte, index) => {
    view.setUint8(code + index, byte);
  });
  view.setUint32(0, (action.flags & SA_RESTORER) !== 0 ? action.restorer : at + code, true);
  view.setInt32(4, signal.number, true);
  const [low, high] = savedMask(task);
  const context = isRt ? RT_CONTEXT_32 + 20 : 8;
  putContext32(view, context, task, signal, floats, low);
  if (isRt) {
    view.setUint32(8, at + RT_INFO_32, true);
    view.setUint32(12, at + RT_CONTEXT_32, true);
    putInfo(view, RT_INFO_32, signal, 4);
    putStack(view, RT_CONTEXT_32 + 8, task, 4);
    view.setInt32(context + SIGCONTEXT_32, low, true);
    view.setInt32(context + SIGCONTEXT_32 + 4, high, true);
  } else view.setInt32(720, high, true);
  const { space } = process;
  const saved = new Uint8Array(FSAVE_BYTES + FXSAVE_BYTES);
  saved.set(saveFloats(cpu), FSAVE_BYTES);
  if (!writeBytes(space, floats, saved) || !writeBytes(space, at, new Uint8Array(view.buffer))) return false;
  setPair(words, RAX, signal.number);
  setPair(words, RDX, isRt ? at + RT_INFO_32 : 0);
  setPair(words, RCX, isRt ? at + RT_CONTEXT_32 : 0);
  setPair(words, RSP, at);
  setPair(words, IP, action.handler);
  clearFlags(cpu);
  return true;
}

/** Selectors gs, fs, es, ds; then di, si, bp, sp, bx, dx, cx, ax. */
const SELECTORS_32: readonly number[] = [5, 4, 0, 3];
const ORDER_32: readonly number[] = [RDI, RSI, RBP, RSP, RBX, RDX, RCX, RAX];

function putContext32(view: DataView, at: number, task: Task, signal: Signal, floats: number, mask: number): void {
  const { words } = task.cpu;
  SELECTORS_32.forEach((selector, index) => {
    view.setUint16(at + 4 * index, words[SELECTORS + selector], true);
  });
  ORDER_32.forEach((register, index) => {
    view.setInt32(at + 16 + 4 * index, words[register], true);
  });
  const rest = [
    signal.trap ?? 0,
    signal.error ?? 0,
    words[IP],
    words[SELECTORS + 1],
    readFlags(task.cpu),
    words[RSP],
    words[SELECTORS + 2],
    floats,
    mask,
    signal.trap === PAGE_FAULT ? signal.address : 0,
  ];
  rest.forEach((value, index) => {
    view.setInt32(at + 48 + 4 * index, value, true);
  });
}

/** rt_sigreturn of x86-64. False: the frame cannot be read. */
export function return64(task: Task): boolean {
  const { cpu, process } = task;
  const { words } = cpu;
  // The restorer's address has been popped.
  const context = pair(words, RSP);
  const bytes = readBytes(process.space, context, MASK_64 + 8);
  if (bytes === undefined) return false;
  const view = new DataView(bytes.buffer);
  ORDER_64.forEach((register, index) => {
    words[register] = view.getInt32(MCONTEXT_64 + 8 * index, true);
    words[register + 1] = view.getInt32(MCONTEXT_64 + 8 * index + 4, true);
  });
  writeFlags(cpu, view.getInt32(MCONTEXT_64 + 136, true));
  const floats = view.getUint32(MCONTEXT_64 + 184, true) + view.getUint32(MCONTEXT_64 + 188, true) * 2 ** 32;
  task.mask = blockable(view.getInt32(MASK_64, true), view.getInt32(MASK_64 + 4, true));
  restoreStack(task, context + 16, 8);
  return restoreFrom(task, floats);
}

function restoreFrom({ cpu, process }: Task, address: number): boolean {
  if (address === 0) return true;
  const saved = readBytes(process.space, address, FXSAVE_BYTES);
  if (saved === undefined) return false;
  restoreFloats(cpu, saved);
  return true;
}

function restoreStack(task: Task, address: number, wordBytes: number): void {
  const words = readWords(task.process.space, address, 3, wordBytes);
  if (words === undefined) return;
  const [start, flags, size] = words;
  task.alternateStack = { start, size, flags: flags & SS_DISABLE };
}

/** sigreturn and rt_sigreturn of i386. False: the frame cannot be read. */
export function return32(task: Task, isRt: boolean): boolean {
  const { cpu, process } = task;
  const { words } = cpu;
  // The restorer's address has been popped, and the signal's number by sigreturn's restorer.
  const frame = (words[RSP] >>> 0) - (isRt ? 4 : 8);
  const size = isRt ? RT_FRAME_32 : OLD_FRAME_32;
  const bytes = readBytes(process.space, frame, size);
  if (bytes === undefined) return false;
  const view = new DataView(bytes.buffer);
  const context = isRt ? RT_CONTEXT_32 + 20 : 8;
  ORDER_32.forEach((register, index) => {
    words[register] = view.getInt32(context + 16 + 4 * index, true);
    words[register + 1] = 0;
  });
  words[IP] = view.getInt32(context + 56, true);
  words[IP + 1] = 0;
  writeFlags(cpu, view.getInt32(context + 64, true));
  const gs = view.getUint16(context, true);
  words[SELECTORS + 5] = gs;
  const segment = task.segments.get(gs >>> 3);
  if (segment !== undefined) words[GS_BASE] = segment.base;
  const floats = view.getUint32(context + 76, true);
  const low = view.getInt32(context + 80, true);
  task.mask = isRt
    ? blockable(view.getInt32(context + SIGCONTEXT_32, true), view.getInt32(context + SIGCONTEXT_32 + 4, true))
    : blockable(low, view.getInt32(720, true));
  if (isRt) restoreStack(task, frame + RT_CONTEXT_32 + 8, 4);
  return floats === 0 || restoreFrom(task, floats + FSAVE_BYTES);
}
