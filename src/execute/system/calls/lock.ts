// System calls that lock files: flock, and what fcntl does with ranges (fs/locks.c).

import { signed64 } from "../../../elf/halves.ts";
import { EAGAIN, EBADF, EDEADLK, EFAULT, EINVAL, EOVERFLOW, ERESTARTSYS } from "../../files/errno.ts";
import type { HeldLock } from "../../files/nodes.ts";
import { readBytes, writeBytes } from "../../memory/address-space.ts";
import { openFileAt } from "../descriptors.ts";
import { conflictOf, isDeadlock, setLock } from "../locks.ts";
import { mayRead, mayWriteTo, O_PATH } from "../open-flags.ts";
import { type CallRow, putWord, row } from "../row.ts";
import type { Call, OpenFile } from "../state.ts";

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;

function flock({ process, args }: Call): number {
  const [number, operation] = args;
  const open = openFileAt(process, number);
  if (open === undefined || (open.flags & O_PATH) !== 0) return -EBADF;
  const kind = operation & ~LOCK_NB;
  if (kind !== LOCK_SH && kind !== LOCK_EX && kind !== LOCK_UN) return -EINVAL;
  const { node } = open;
  const isExclusive = kind === LOCK_EX;
  const whole: HeldLock = {
    owner: open,
    pid: process.pid,
    isFlock: true,
    isExclusive,
    first: 0,
    last: Number.POSITIVE_INFINITY,
  };
  if (node.locks?.some((it) => it.owner === open && it.isFlock && it.isExclusive === isExclusive) && kind !== LOCK_UN)
    return 0;
  // What it held is given up before it gets another kind, also where it does not get it (flock(2)).
  setLock(node, whole, false);
  if (kind === LOCK_UN) return 0;
  if (conflictOf(node, whole) !== undefined) return (operation & LOCK_NB) === 0 ? -ERESTARTSYS : -EAGAIN;
  setLock(node, whole, true);
  return 0;
}

const F_GETLK = 5;
const F_SETLKW = 7;
const F_GETLK64 = 12;
const F_SETLKW64 = 14;
const F_OFD_GETLK = 36;
const F_OFD_SETLKW = 38;

/** Is this command of fcntl about locks? */
export function isLockCommand(command: number): boolean {
  const isOf = (first: number, last: number): boolean => command >= first && command <= last;
  return isOf(F_GETLK, F_SETLKW) || isOf(F_GETLK64, F_SETLKW64) || isOf(F_OFD_GETLK, F_OFD_SETLKW);
}

const F_RDLCK = 0;
const F_UNLCK = 2;

/** struct flock: l_type, l_whence (halves), l_start, l_len, l_pid; where they are, and bytes of l_start and l_len. */
interface Layout {
  readonly start: number;
  readonly bytes: 4 | 8;
}

/** By machine and command: i386 has numbers of 32 bits, and of 64 without gaps between them. */
function layoutOf({ wordBytes }: Call, command: number): Layout {
  if (wordBytes === 8) return { start: 8, bytes: 8 };
  return { start: 4, bytes: command <= F_SETLKW ? 4 : 8 };
}

/** fcntl's commands of locks. @param command see `isLockCommand` */
export function lockRange(call: Call, open: OpenFile, command: number): number {
  const { system, task, process, space, args } = call;
  const address = args[2];
  const layout = layoutOf(call, command);
  const { start, bytes } = layout;
  const read = readBytes(space, address, start + 2 * bytes + 4);
  if (read === undefined) return -EFAULT;
  const view = new DataView(read.buffer);
  const type = view.getInt16(0, true);
  const isFile = command >= F_OFD_GETLK;
  if (isFile && view.getInt32(start + 2 * bytes, true) !== 0) return -EINVAL;
  const range = rangeOf(view, layout, open);
  if (typeof range === "number") return range;
  if (type < F_RDLCK || type > F_UNLCK) return -EINVAL;
  const owner = isFile ? open : process;
  const lock: HeldLock = {
    owner,
    pid: isFile ? -1 : process.pid,
    isFlock: false,
    isExclusive: type !== F_RDLCK,
    ...range,
  };
  const { node } = open;
  if (command === F_GETLK || command === F_GETLK64 || command === F_OFD_GETLK) {
    if (type === F_UNLCK) return -EINVAL;
    return tell(call, layout, view, conflictOf(node, lock));
  }
  if (type === F_UNLCK) {
    setLock(node, lock, false);
    return 0;
  }
  if (!(type === F_RDLCK ? mayRead(open.flags) : mayWriteTo(open.flags))) return -EBADF;
  const conflict = conflictOf(node, lock);
  if (conflict === undefined) {
    setLock(node, lock, true);
    return 0;
  }
  const waits = command === F_SETLKW || command === F_SETLKW64 || command === F_OFD_SETLKW;
  if (!waits) return -EAGAIN;
  if (!isFile && isDeadlock(system, process, conflict.owner)) return -EDEADLK;
  task.blockedBy = isFile ? undefined : conflict.owner;
  return -ERESTARTSYS;
}

function rangeOf(
  view: DataView,
  { start, bytes }: Layout,
  { node, offset }: OpenFile,
): { first: number; last: number } | number {
  const signed = (at: number): number =>
    bytes === 4 ? view.getInt32(at, true) : signed64(view.getInt32(at, true), view.getInt32(at + 4, true));
  const whence = view.getInt16(2, true);
  if (whence < 0 || whence > 2) return -EINVAL;
  const size = node.kind === "file" ? node.size : 0;
  const from = [0, offset, size][whence] + signed(start);
  const length = signed(start + bytes);
  const first = length < 0 ? from + length : from;
  if (first < 0) return -EINVAL;
  if (length === 0) return { first, last: Number.POSITIVE_INFINITY };
  if (from + length > 2 ** 63) return -EOVERFLOW;
  return { first, last: length < 0 ? from - 1 : from + length - 1 };
}

/** Writes who stands in the way into struct flock; if nobody does, only that. */
function tell({ space, args }: Call, { start, bytes }: Layout, view: DataView, found: HeldLock | undefined): number {
  view.setInt16(0, found === undefined ? F_UNLCK : found.isExclusive ? 1 : F_RDLCK, true);
  if (found !== undefined) {
    const { first, last } = found;
    view.setInt16(2, 0, true);
    putWord(view, start, first, bytes);
    putWord(view, start + bytes, last === Number.POSITIVE_INFINITY ? 0 : last - first + 1, bytes);
    view.setInt32(start + 2 * bytes, found.pid, true);
  }
  return writeBytes(space, args[2], new Uint8Array(view.buffer)) ? 0 : -EFAULT;
}

export const LOCK_CALLS: readonly CallRow[] = [
  row("flock", 73, 143, "fd int", flock, "locks the file of descriptor {1}, or unlocks it"),
];
