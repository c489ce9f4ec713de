// Sets of descriptors that are waited for (fs/eventpoll.c). An entry stands for the open file, not for the number: it goes when nobody has
// the file open any more.

import { EBADF, EEXIST, EFAULT, EINVAL, ELOOP, ENOENT, EPERM } from "../../files/errno.ts";
import { newFile } from "../../files/tree.ts";
import { writeBytes } from "../../memory/address-space.ts";
import { clockOf } from "../clock.ts";
import { describe, install, openFileAt } from "../descriptors.ts";
import { O_CLOEXEC, O_RDWR } from "../open-flags.ts";
import { type CallRow, readWords, row } from "../row.ts";
import type { Call, EpollEntry, EpollSet, OpenFile } from "../state.ts";
import { dueEvents, MEMORY_DEVICES, RANDOM_DEVICE, URANDOM_DEVICE, wakesOf } from "../streams.ts";
import { milliseconds, type Timeout, timespec, waitFor, withMask } from "./poll.ts";

function create(call: Call, flags: number): number {
  const { system, process } = call;
  if ((flags & ~O_CLOEXEC) !== 0) return -EINVAL;
  const node = newFile(system.tree.lower, clockOf(system), 0o600, process.who);
  const special: EpollSet = { kind: "epoll", entries: [] };
  return install(call, describe(node, "anon_inode:[eventpoll]", O_RDWR, special), (flags & O_CLOEXEC) !== 0);
}

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const EPOLLONESHOT = 2 ** 30;
/** EPOLLEXCLUSIVE, EPOLLWAKEUP: who is woken of several, and how deep the machine sleeps. */
const UNUSED = 0x3000_0000;

function control({ process, space, args }: Call): number {
  const [setAt, operation, number, address] = args;
  const words = operation === EPOLL_CTL_DEL ? [0, 0, 0] : readWords(space, address, 3, 4);
  if (words === undefined) return -EFAULT;
  const own = openFileAt(process, setAt);
  const open = openFileAt(process, number);
  if (own === undefined || open === undefined) return -EBADF;
  if (!canWait(open)) return -EPERM;
  const set = own.special;
  if (own === open || set?.kind !== "epoll") return -EINVAL;
  if (operation === EPOLL_CTL_ADD && contains(open, set)) return -ELOOP;
  drop(set);
  const at = set.entries.findIndex((it) => it.number === number && it.open === open);
  const entry: EpollEntry = {
    number,
    open,
    events: (words[0] & ~UNUSED) >>> 0,
    low: words[1],
    high: words[2],
    told: undefined,
  };
  switch (operation) {
    case EPOLL_CTL_ADD:
      if (at >= 0) return -EEXIST;
      set.entries.push(entry);
      return 0;
    case EPOLL_CTL_MOD:
      if (at < 0) return -ENOENT;
      set.entries[at] = entry;
      return 0;
    case EPOLL_CTL_DEL:
      if (at < 0) return -ENOENT;
      set.entries.splice(at, 1);
      return 0;
    default:
      return -EINVAL;
  }
}

/** Files on disks are always ready, and nobody is ever woken: they cannot be added. */
function canWait({ node, special }: OpenFile): boolean {
  if (special !== undefined) return true;
  if (node.kind === "device")
    return node.major === MEMORY_DEVICES && (node.minor === RANDOM_DEVICE || node.minor === URANDOM_DEVICE);
  return node.kind === "pipe" || node.kind === "socket";
}

/** Sets within sets that lead back to themselves. */
function contains({ special }: OpenFile, set: EpollSet): boolean {
  return special === set || (special?.kind === "epoll" && special.entries.some(({ open }) => contains(open, set)));
}

/** What nobody has open any more. */
function drop(set: EpollSet): void {
  if (set.entries.some(({ open }) => open.references === 0))
    set.entries = set.entries.filter(({ open }) => open.references > 0);
}

/** Most events that fit (EP_MAX_EVENTS), more or less. */
const MOST = 0x400_0000;

function wait(call: Call, timeout: Timeout): number {
  const { system, process, args } = call;
  const [number, address, most] = args;
  const own = openFileAt(process, number);
  if (own === undefined) return -EBADF;
  const set = own.special;
  if (most <= 0 || most > MOST || set?.kind !== "epoll") return -EINVAL;
  drop(set);
  const found: (readonly [EpollEntry, number])[] = [];
  const look = (): number => {
    for (const entry of set.entries) {
      if (found.length === most) break;
      const events = dueEvents(system, entry);
      if (events !== 0) found.push([entry, events]);
    }
    return found.length;
  };
  return waitFor(call, timeout, look, (count) => {
    const words = found.flatMap(([{ low, high }, events]) => [events, low, high]);
    if (!writeBytes(call.space, address, new Uint8Array(new Uint32Array(words).buffer))) return -EFAULT;
    for (const [entry, events] of found) {
      entry.told = wakesOf(system, entry.open, entry.events);
      if (events !== 0 && entry.events % 2 ** 31 >= EPOLLONESHOT) entry.events = 0;
    }
    // So that others get their turn where there is not room for all.
    const told = found.map(([entry]) => entry);
    if (told.length > 0 && told.length < set.entries.length)
      set.entries = [...set.entries.filter((it) => !told.includes(it)), ...told];
    return count;
  });
}

function wait2(call: Call): number {
  const timeout = timespec(call, call.args[3], 8);
  return timeout === -1 ? -EFAULT : withMask(call, call.args[4], () => wait(call, timeout));
}

export const EPOLL_CALLS: readonly CallRow[] = [
  row(
    "epoll_create",
    213,
    254,
    "int",
    (call) => (call.args[0] <= 0 ? -EINVAL : create(call, 0)),
    "makes a set of descriptors to wait for",
  ),
  row(
    "epoll_create1",
    291,
    329,
    "flags",
    (call) => create(call, call.args[0]),
    "makes a set of descriptors to wait for",
  ),
  row("epoll_ctl", 233, 255, "fd int fd address", control, "adds descriptor {3} to the set {1}, or takes it out"),
  row(
    "epoll_wait",
    232,
    256,
    "fd address int int",
    (call) => wait(call, milliseconds(call.args[3])),
    "waits until one of the set {1} is ready",
  ),
  row(
    "epoll_pwait",
    281,
    319,
    "fd address int int address size",
    (call) => withMask(call, call.args[4], () => wait(call, milliseconds(call.args[3]))),
    "waits until one of the set {1} is ready",
  ),
  row(
    "epoll_pwait2",
    441,
    441,
    "fd address int address address size",
    wait2,
    "waits until one of the set {1} is ready",
  ),
];
