// Futexes: threads that wait for a word of memory to change (kernel/futex). As threads take turns, a word is looked at and the
// wait begun in one step.

import { EAGAIN, EDEADLK, EFAULT, EINVAL, ENOSYS, EPERM, ERESTARTSYS, ETIMEDOUT } from "../files/errno.ts";
import { areaAt, mayWrite, readBytes, writeBytes } from "../memory/address-space.ts";
import { clockOf, nanoseconds, SECOND } from "./clock.ts";
import { type CallRow, readSigned, row, writeWords } from "./row.ts";
import type { Call, Process, System } from "./state.ts";

const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;
const FUTEX_REQUEUE = 3;
const FUTEX_CMP_REQUEUE = 4;
const FUTEX_WAKE_OP = 5;
const FUTEX_LOCK_PI = 6;
const FUTEX_UNLOCK_PI = 7;
const FUTEX_TRYLOCK_PI = 8;
const FUTEX_WAIT_BITSET = 9;
const FUTEX_WAKE_BITSET = 10;
const FUTEX_LOCK_PI2 = 13;
const FUTEX_CLOCK_REALTIME = 256;
const COMMAND = 0x7f;

/** What a futex is known by: its place in its memory, or in shared memory. */
function keyOf({ space }: Process, address: number): string {
  const area = areaAt(space, address);
  if (area?.shared !== undefined) {
    const page = [...area.shared.pages].find(
      ([index]) => index === Math.floor((area.offset + address - area.start) / 4096),
    );
    if (page !== undefined) return `shared ${page[1] * 4096 + (address % 4096)}`;
  }
  return `${space.id} ${address}`;
}

function wordAt({ space }: Pick<Process, "space">, address: number): number | undefined {
  const bytes = address % 4 === 0 ? readBytes(space, address, 4) : undefined;
  return bytes === undefined ? undefined : new DataView(bytes.buffer).getInt32(0, true);
}

/** Wakes up to `count` threads that wait for a word. @param mask -1: whatever they wait for  @returns how many */
export function wakeFutex(system: System, process: Process, address: number, count: number, mask: number): number {
  const key = keyOf(process, address);
  let woken = 0;
  for (const task of system.tasks) {
    if (woken >= count) break;
    if (task.futex !== key || (task.futexMask & mask) === 0) continue;
    task.futex = WOKEN;
    woken++;
  }
  return woken;
}

/** In place of the key: the thread has been woken and has not run since. */
const WOKEN = "woken";

/** Lets threads that wait for one word wait for another. */
function requeue(system: System, process: Process, from: number, to: number, count: number): number {
  const [key, other] = [keyOf(process, from), keyOf(process, to)];
  let moved = 0;
  for (const task of system.tasks) {
    if (moved >= count) break;
    if (task.futex !== key) continue;
    task.futex = other;
    moved++;
  }
  return moved;
}

/** @param wordBytes of the timeout's words */
function futex(call: Call, wordBytes: number): number {
  const { system, process, args } = call;
  const [address, operation, value, timeout, second, third] = args;
  const command = operation & COMMAND;
  if (address % 4 !== 0) return command <= FUTEX_LOCK_PI2 ? -EINVAL : -ENOSYS;
  switch (command) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
      return wait(call, wordBytes);
    case FUTEX_WAKE:
      return wakeFutex(system, process, address, value, -1);
    case FUTEX_WAKE_BITSET:
      return third === 0 ? -EINVAL : wakeFutex(system, process, address, value, third);
    case FUTEX_CMP_REQUEUE:
    case FUTEX_REQUEUE: {
      const word = wordAt(process, address);
      if (word === undefined) return -EFAULT;
      if (command === FUTEX_CMP_REQUEUE && word !== (third | 0)) return -EAGAIN;
      const woken = wakeFutex(system, process, address, value, -1);
      // The timeout's place holds how many are moved.
      return woken + requeue(system, process, address, second, timeout);
    }
    case FUTEX_WAKE_OP:
      return wakeAfter(call);
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
    case FUTEX_TRYLOCK_PI:
      return lock(call, command === FUTEX_TRYLOCK_PI);
    case FUTEX_UNLOCK_PI:
      return unlock(call);
    default:
      return -ENOSYS;
  }
}

function wait(call: Call, wordBytes: number): number {
  const { system, process, task, space, args } = call;
  const [address, operation, value, timeout, , mask] = args;
  if (task.futex === WOKEN) {
    task.futex = undefined;
    return 0;
  }
  if (task.futex !== undefined)
    return task.deadline !== undefined && task.deadline <= nanoseconds(system) ? -ETIMEDOUT : -ERESTARTSYS;
  const word = wordAt(process, address);
  if (word === undefined) return -EFAULT;
  if (word !== (value | 0)) return -EAGAIN;
  if (timeout !== 0) {
    const words = readSigned(space, timeout, 2, wordBytes);
    if (words === undefined) return -EFAULT;
    const time = words[0] * SECOND + words[1];
    const isAbsolute = (operation & COMMAND) === FUTEX_WAIT_BITSET;
    const now = nanoseconds(system);
    const isWall = (operation & FUTEX_CLOCK_REALTIME) !== 0;
    task.deadline = isAbsolute ? now + time - (isWall ? wallTime(call) : upTime(call)) : now + time;
    if (task.deadline <= now) return -ETIMEDOUT;
  }
  task.futex = keyOf(process, address);
  task.futexMask = (operation & COMMAND) === FUTEX_WAIT_BITSET ? mask : -1;
  return -ERESTARTSYS;
}

function wallTime({ system }: Call): number {
  const { seconds, nanoseconds: rest } = clockOf(system);
  return seconds * SECOND + rest;
}

function upTime({ system }: Call): number {
  return 1000 * SECOND + nanoseconds(system);
}

/** FUTEX_WAKE_OP: changes a second word, and wakes those who wait for it if it was as asked. */
function wakeAfter({ system, process, space, args }: Call): number {
  const [address, , value, secondCount, second, encoded] = args;
  const before = wordAt(process, second);
  if (before === undefined || !mayWrite(space, second, 4)) return -EFAULT;
  const sign = (bits: number): number => (bits << 20) >> 20;
  const shifted = (encoded >>> 31) & 1;
  const operand = shifted === 0 ? sign((encoded >>> 12) & 0xfff) : 1 << ((encoded >>> 12) & 31);
  const operations = [operand, before + operand, before | operand, before & ~operand, before ^ operand];
  writeWords(space, second, [operations[(encoded >>> 28) & 7] ?? before], 4);
  const compared = sign(encoded & 0xfff);
  const comparisons = [
    before === compared,
    before !== compared,
    before < compared,
    before <= compared,
    before > compared,
    before >= compared,
  ];
  let woken = wakeFutex(system, process, address, value, -1);
  if (comparisons[(encoded >>> 24) & 15] === true) woken += wakeFutex(system, process, second, secondCount, -1);
  return woken;
}

const FUTEX_WAITERS = 0x8000_0000;
const FUTEX_TID_MASK = 0x3fff_ffff;

/** A mutex with priority inheritance, of which only the mutex is simulated. */
function lock({ process, task, space, args }: Call, isTrial: boolean): number {
  const [address] = args;
  const word = wordAt(process, address);
  if (word === undefined) return -EFAULT;
  const owner = word & FUTEX_TID_MASK;
  if (owner === task.id) return -EDEADLK;
  if (owner === 0) {
    const bytes = new Uint8Array(new Int32Array([task.id | (word & FUTEX_WAITERS)]).buffer);
    return writeBytes(space, address, bytes) ? 0 : -EFAULT;
  }
  if (isTrial) return -EAGAIN;
  return writeBytes(space, address, new Uint8Array(new Int32Array([word | FUTEX_WAITERS]).buffer))
    ? -ERESTARTSYS
    : -EFAULT;
}

function unlock({ process, task, space, args }: Call): number {
  const [address] = args;
  const word = wordAt(process, address);
  if (word === undefined) return -EFAULT;
  if ((word & FUTEX_TID_MASK) !== task.id) return -EPERM;
  return writeBytes(space, address, new Uint8Array(4)) ? 0 : -EFAULT;
}

export const FUTEX_CALLS: readonly CallRow[] = [
  row(
    "futex",
    202,
    240,
    "address int int address address int",
    (call) => futex(call, call.wordBytes),
    "waits for the word at {1}, or wakes those who do",
  ),
  row(
    "futex_time64",
    -1,
    422,
    "address int int address address int",
    (call) => futex(call, 8),
    "waits for the word at {1}, or wakes those who do",
  ),
];
