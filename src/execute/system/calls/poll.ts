// Waiting for several descriptors: poll and select; and event counters (fs/select.c, fs/eventfd.c).

import { EBADF, EFAULT, EINVAL, ERESTARTSYS } from "../../files/errno.ts";
import { newFile } from "../../files/tree.ts";
import { readBytes, writeBytes } from "../../memory/address-space.ts";
import { clockOf, nanoseconds, SECOND, tellRest } from "../clock.ts";
import { describe, install, openFileAt, roomOf } from "../descriptors.ts";
import { O_CLOEXEC, O_NONBLOCK, O_RDWR, POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT } from "../open-flags.ts";
import { type CallRow, readSigned, readWords, row } from "../row.ts";
import { blockable } from "../signal-numbers.ts";
import type { Call, EventCounter } from "../state.ts";
import { expandEvents, readiness, withSynonyms } from "../streams.ts";

/** Nanoseconds to wait; undefined: for ever. */
export type Timeout = number | undefined;

/**
 * Waits until `look` finds something or the time is up.
 * @param look how many descriptors are ready; negative: an errno
 * @param finish writes what was found; its answer is the call's
 */
export function waitFor(
  { system, task }: Call,
  timeout: Timeout,
  look: () => number,
  finish: (count: number) => number,
): number {
  const count = look();
  if (count < 0) return count;
  if (count > 0) return tellRest(system, task) ? finish(count) : -EFAULT;
  if (timeout !== undefined) {
    task.deadline ??= nanoseconds(system) + timeout;
    if (task.deadline <= nanoseconds(system)) return tellRest(system, task) ? finish(0) : -EFAULT;
  }
  return -ERESTARTSYS;
}

/** struct timespec at an address, 0 for none. @returns -1 if it cannot be read */
export function timespec(call: Call, address: number, bytes: number): Timeout | -1 {
  if (address === 0) return undefined;
  const words = readSigned(call.space, address, 2, bytes);
  return words === undefined ? -1 : words[0] * SECOND + words[1];
}

function poll(call: Call, timeout: Timeout): number {
  const { system, process, space } = call;
  const [address, count] = call.args;
  if (count > system.limits.files) return -EINVAL;
  const bytes = readBytes(space, address, 8 * count);
  if (bytes === undefined) return -EFAULT;
  const view = new DataView(bytes.buffer);
  const look = (): number => {
    let ready = 0;
    for (let at = 0; at < 8 * count; at += 8) {
      const number = view.getInt32(at, true);
      const events = view.getInt16(at + 4, true);
      let found = 0;
      if (number >= 0) {
        const open = openFileAt(process, number);
        found =
          open === undefined
            ? POLLNVAL
            : withSynonyms(readiness(system, open), events) & (expandEvents(events) | POLLERR | POLLHUP);
      }
      view.setInt16(at + 6, found, true);
      if (found !== 0) ready++;
    }
    return ready;
  };
  return waitFor(call, timeout, look, (ready) => (writeBytes(space, address, bytes) ? ready : -EFAULT));
}

/** ppoll and pselect6 have other signals blocked while they wait. */
export function withMask(call: Call, address: number, does: () => number): number {
  const { task } = call;
  if (address !== 0 && !task.waiting) {
    const words = readWords(call.space, address, 2, 4);
    if (words === undefined) return -EFAULT;
    task.maskToRestore ??= task.mask;
    task.mask = blockable(words[0] | 0, words[1] | 0);
  }
  return does();
}

const ppoll = (call: Call, bytes: number): number => {
  const timeout = timespec(call, call.args[2], bytes);
  if (call.args[2] !== 0) call.task.rest = { address: call.args[2], bytes, unit: 1 };
  return timeout === -1 ? -EFAULT : withMask(call, call.args[3], () => poll(call, timeout));
};

/** The events that make a descriptor ready for each set of select (fs/select.c, POLLIN_SET and its like). */
const SELECT_EVENTS: readonly number[] = [POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, 0];

function select(call: Call, args: readonly number[], timeout: Timeout): number {
  const { system, process, space, wordBytes } = call;
  const [most, ...addresses] = args;
  if (most < 0) return -EINVAL;
  const count = Math.min(most, roomOf(process));
  // Sets are words of the machine, of which the first `count` bits count; little-endian, so bytes do.
  const size = Math.ceil(count / (8 * wordBytes)) * wordBytes;
  const sets = addresses.slice(0, 3).map((address) => (address === 0 ? undefined : readBytes(space, address, size)));
  if (sets.some((set, index) => set === undefined && addresses[index] !== 0)) return -EFAULT;
  const results = sets.map((set) => (set === undefined ? undefined : new Uint8Array(size)));
  const look = (): number => {
    let ready = 0;
    for (let index = 0; index < 3; index++) {
      const [set, result] = [sets[index], results[index]];
      if (set === undefined || result === undefined) continue;
      result.fill(0);
      for (let number = 0; number < count; number++) {
        if (((set[number >> 3] >> (number & 7)) & 1) === 0) continue;
        const open = openFileAt(process, number);
        if (open === undefined) return -EBADF;
        if ((readiness(system, open) & SELECT_EVENTS[index]) === 0) continue;
        result[number >> 3] |= 1 << (number & 7);
        ready++;
      }
    }
    return ready;
  };
  return waitFor(call, timeout, look, (ready) => {
    const isWritten = results.every(
      (result, index) => result === undefined || writeBytes(space, addresses[index], result),
    );
    return isWritten ? ready : -EFAULT;
  });
}

/** select(2): a struct timeval. */
function oldSelect(call: Call, args: readonly number[]): number {
  const address = args[4];
  const words = address === 0 ? undefined : readSigned(call.space, address, 2, call.wordBytes);
  if (address !== 0 && words === undefined) return -EFAULT;
  if (words !== undefined && (words[0] < 0 || words[1] < 0)) return -EINVAL;
  if (address !== 0) call.task.rest = { address, bytes: call.wordBytes, unit: 1000 };
  return select(call, args, words === undefined ? undefined : words[0] * SECOND + words[1] * 1000);
}

function selectOfFive(call: Call): number {
  const words = readWords(call.space, call.args[0], 5, 4);
  return words === undefined ? -EFAULT : oldSelect(call, words);
}

const pselect = (call: Call, bytes: number): number => {
  const timeout = timespec(call, call.args[4], bytes);
  if (call.args[4] !== 0) call.task.rest = { address: call.args[4], bytes, unit: 1 };
  const mask = call.args[5] === 0 ? [0] : readWords(call.space, call.args[5], 1, call.wordBytes);
  if (timeout === -1 || mask === undefined) return -EFAULT;
  return withMask(call, mask[0], () => select(call, call.args, timeout));
};

export const milliseconds = (value: number): Timeout => (value < 0 ? undefined : value * 1_000_000);

const EFD_SEMAPHORE = 1;

function eventfd(call: Call, flags: number): number {
  const { system, process, args } = call;
  const node = newFile(system.tree.lower, clockOf(system), 0o600, process.who);
  const special: EventCounter = {
    kind: "event",
    count: args[0],
    semaphore: (flags & EFD_SEMAPHORE) !== 0,
    wakes: { in: 0, out: 0 },
  };
  const open = describe(node, "anon_inode:[eventfd]", O_RDWR | (flags & O_NONBLOCK), special);
  return install(call, open, (flags & O_CLOEXEC) !== 0);
}

export const POLL_CALLS: readonly CallRow[] = [
  row(
    "poll",
    7,
    168,
    "address unsigned int",
    (call) => poll(call, milliseconds(call.args[2])),
    "waits until one of {2} descriptors is ready",
  ),
  row(
    "ppoll",
    271,
    309,
    "address unsigned address address size",
    (call) => ppoll(call, call.wordBytes),
    "waits until one of {2} descriptors is ready",
  ),
  row(
    "ppoll_time64",
    -1,
    414,
    "address unsigned address address size",
    (call) => ppoll(call, 8),
    "waits until one of {2} descriptors is ready",
  ),
  row(
    "select",
    23,
    -1,
    "int address address address address",
    (call) => oldSelect(call, call.args),
    "waits until a descriptor below {1} is ready",
  ),
  row(
    "_newselect",
    -1,
    142,
    "int address address address address",
    (call) => oldSelect(call, call.args),
    "waits until a descriptor below {1} is ready",
  ),
  row("old_select", -1, 82, "address", selectOfFive, "waits until a descriptor is ready"),
  row(
    "pselect6",
    270,
    308,
    "int address address address address address",
    (call) => pselect(call, call.wordBytes),
    "waits until a descriptor below {1} is ready",
  ),
  row(
    "pselect6_time64",
    -1,
    413,
    "int address address address address address",
    (call) => pselect(call, 8),
    "waits until a descriptor below {1} is ready",
  ),
  row("eventfd", 284, 323, "unsigned", (call) => eventfd(call, 0), "makes a counter that can be waited for"),
  row(
    "eventfd2",
    290,
    328,
    "unsigned flags",
    (call) => eventfd(call, call.args[1]),
    "makes a counter that can be waited for",
  ),
];
