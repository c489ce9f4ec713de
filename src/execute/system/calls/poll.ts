// Waiting for several descriptors: poll, select, epoll; and event counters (fs/select.c, fs/eventpoll.c, fs/eventfd.c).

import { EBADF, EEXIST, EFAULT, EINVAL, ENOENT, ERESTARTSYS } from "../../files/errno.ts";
import { newFile } from "../../files/tree.ts";
import { readBytes, writeBytes } from "../../memory/address-space.ts";
import { clockOf, nanoseconds, SECOND } from "../clock.ts";
import { describe, install, openFileAt } from "../descriptors.ts";
import { O_CLOEXEC, O_NONBLOCK, O_RDWR, POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT } from "../open-flags.ts";
import { type CallRow, readSigned, readWords, row } from "../row.ts";
import { blockable } from "../signal-numbers.ts";
import type { Call, EpollSet, EventCounter } from "../state.ts";
import { readiness } from "../streams.ts";

/** Nanoseconds to wait; undefined: for ever. */
type Timeout = number | undefined;

/**
 * Waits until `look` finds something or the time is up.
 * @param look how many descriptors are ready; negative: an errno
 * @param finish writes what was found; its answer is the call's
 */
function waitFor(
  { system, task }: Call,
  timeout: Timeout,
  look: () => number,
  finish: (count: number) => number,
): number {
  const count = look();
  if (count < 0) return count;
  if (count > 0) return finish(count);
  if (timeout !== undefined) {
    task.deadline ??= nanoseconds(system) + timeout;
    if (task.deadline <= nanoseconds(system)) return finish(0);
  }
  return -ERESTARTSYS;
}

/** struct timespec at an address, 0 for none. @returns -1 if it cannot be read */
function timespec(call: Call, address: number, bytes: number): Timeout | -1 {
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
      let found = 0;
      if (number >= 0) {
        const open = openFileAt(process, number);
        found =
          open === undefined
            ? POLLNVAL
            : readiness(system, open) & (expand(view.getInt16(at + 4, true)) | POLLERR | POLLHUP);
        if ((found & POLLIN) !== 0) found |= view.getInt16(at + 4, true) & 0x40;
        if ((found & POLLOUT) !== 0) found |= view.getInt16(at + 4, true) & 0x100;
      }
      view.setInt16(at + 6, found, true);
      if (found !== 0) ready++;
    }
    return ready;
  };
  return waitFor(call, timeout, look, (ready) => (writeBytes(space, address, bytes) ? ready : -EFAULT));
}

/** POLLRDNORM and POLLWRNORM mean the same as POLLIN and POLLOUT. */
function expand(events: number): number {
  return events | ((events & 0x40) !== 0 ? POLLIN : 0) | ((events & 0x100) !== 0 ? POLLOUT : 0);
}

/** ppoll and pselect6 have other signals blocked while they wait. */
function withMask(call: Call, address: number, does: () => number): number {
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
  return timeout === -1 ? -EFAULT : withMask(call, call.args[3], () => poll(call, timeout));
};

/** The events that make a descriptor ready for each set of select (fs/select.c, POLLIN_SET and its like). */
const SELECT_EVENTS: readonly number[] = [POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, 0];

function select(call: Call, args: readonly number[], timeout: Timeout): number {
  const { system, process, space, wordBytes } = call;
  const [count, ...addresses] = args;
  if (count < 0) return -EINVAL;
  // Sets are words of the machine, of which the first `count` bits count; little-endian, so bytes do.
  const size = Math.ceil(Math.min(count, system.limits.files) / (8 * wordBytes)) * wordBytes;
  const sets = addresses.slice(0, 3).map((address) => (address === 0 ? undefined : readBytes(space, address, size)));
  if (sets.some((set, index) => set === undefined && addresses[index] !== 0)) return -EFAULT;
  const results = sets.map((set) => (set === undefined ? undefined : new Uint8Array(size)));
  const look = (): number => {
    let ready = 0;
    for (let index = 0; index < 3; index++) {
      const [set, result] = [sets[index], results[index]];
      if (set === undefined || result === undefined) continue;
      result.fill(0);
      for (let number = 0; number < count && number < 8 * size; number++) {
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
  return select(call, args, words === undefined ? undefined : words[0] * SECOND + words[1] * 1000);
}

function selectOfFive(call: Call): number {
  const words = readWords(call.space, call.args[0], 5, 4);
  return words === undefined ? -EFAULT : oldSelect(call, words);
}

const pselect = (call: Call, bytes: number): number => {
  const timeout = timespec(call, call.args[4], bytes);
  const mask = call.args[5] === 0 ? [0] : readWords(call.space, call.args[5], 1, call.wordBytes);
  if (timeout === -1 || mask === undefined) return -EFAULT;
  return withMask(call, mask[0], () => select(call, call.args, timeout));
};

function epollCreate(call: Call, flags: number): number {
  const { system, process } = call;
  const node = newFile(system.tree.lower, clockOf(system), 0o600, process.who);
  const special: EpollSet = { kind: "epoll", entries: new Map() };
  return install(call, describe(node, "anon_inode:[eventpoll]", O_RDWR, special), (flags & O_CLOEXEC) !== 0);
}

function epollAt({ process, args }: Call): EpollSet | number {
  const open = openFileAt(process, args[0]);
  if (open === undefined) return -EBADF;
  return open.special?.kind === "epoll" ? open.special : -EINVAL;
}

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const EPOLLONESHOT = 1 << 30;

function epollControl(call: Call): number {
  const [, operation, number, address] = call.args;
  const set = epollAt(call);
  if (typeof set === "number") return set;
  const open = openFileAt(call.process, number);
  if (open === undefined) return -EBADF;
  if (open.node.kind === "file" && open.special === undefined) return -1;
  if (operation === EPOLL_CTL_DEL) return set.entries.delete(number) ? 0 : -ENOENT;
  const words = readWords(call.space, address, 3, 4);
  if (words === undefined) return -EFAULT;
  if (operation === EPOLL_CTL_ADD && set.entries.has(number)) return -EEXIST;
  if (operation === EPOLL_CTL_MOD && !set.entries.has(number)) return -ENOENT;
  set.entries.set(number, { open, events: words[0], low: words[1], high: words[2] });
  return 0;
}

function epollWait(call: Call, timeout: Timeout): number {
  const [, address, most] = call.args;
  const set = epollAt(call);
  if (typeof set === "number") return set;
  if (most <= 0) return -EINVAL;
  const found: number[] = [];
  const shots: number[] = [];
  const look = (): number => {
    for (const [number, entry] of set.entries) {
      const events = readiness(call.system, entry.open) & (entry.events | POLLERR | POLLHUP);
      if (events === 0 || entry.events === 0 || found.length >= 3 * most) continue;
      found.push(events, entry.low, entry.high);
      if ((entry.events & EPOLLONESHOT) !== 0) shots.push(number);
    }
    return found.length / 3;
  };
  return waitFor(call, timeout, look, (count) => {
    for (const number of shots) {
      const entry = set.entries.get(number);
      if (entry !== undefined) entry.events = 0;
    }
    const bytes = new Uint8Array(new Uint32Array(found).buffer);
    return writeBytes(call.space, address, bytes) ? count : -EFAULT;
  });
}

const milliseconds = (value: number): Timeout => (value < 0 ? undefined : value * 1_000_000);

const EFD_SEMAPHORE = 1;

function eventfd(call: Call, flags: number): number {
  const { system, process, args } = call;
  const node = newFile(system.tree.lower, clockOf(system), 0o600, process.who);
  const special: EventCounter = { kind: "event", count: args[0], semaphore: (flags & EFD_SEMAPHORE) !== 0 };
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
  row(
    "epoll_create",
    213,
    254,
    "int",
    (call) => (call.args[0] <= 0 ? -EINVAL : epollCreate(call, 0)),
    "makes a set of descriptors to wait for",
  ),
  row(
    "epoll_create1",
    291,
    329,
    "flags",
    (call) => epollCreate(call, call.args[0]),
    "makes a set of descriptors to wait for",
  ),
  row("epoll_ctl", 233, 255, "fd int fd address", epollControl, "adds descriptor {3} to the set {1}, or takes it out"),
  row(
    "epoll_wait",
    232,
    256,
    "fd address int int",
    (call) => epollWait(call, milliseconds(call.args[3])),
    "waits until one of the set {1} is ready",
  ),
  row(
    "epoll_pwait",
    281,
    319,
    "fd address int int address size",
    (call) => withMask(call, call.args[4], () => epollWait(call, milliseconds(call.args[3]))),
    "waits until one of the set {1} is ready",
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
