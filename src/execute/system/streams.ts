// Reading from and writing to whatever a descriptor stands for: files, pipes, devices, the host's streams. Functions give bytes,
// counts, or the errno, negated; -ERESTARTSYS where the caller has to wait.

import { error } from "../../elf/index.ts";
import { EAGAIN, EBADF, EFBIG, EINVAL, EIO, EISDIR, ENOSPC, ENXIO, EPERM, EPIPE, ERESTARTSYS } from "../files/errno.ts";
import {
  type DeviceNode,
  F_SEAL_GROW,
  F_SEAL_WRITE,
  type FileNode,
  type Node,
  type PipeBuffer,
  readAt,
  type StorageBudget,
  type Wakes,
  writeAt,
} from "../files/nodes.ts";
import { clockOf } from "./clock.ts";
import { dropLocks } from "./locks.ts";
import {
  mayRead,
  mayWriteTo,
  O_APPEND,
  O_NONBLOCK,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDHUP,
} from "./open-flags.ts";
import { randomBytes } from "./random.ts";
import { plainSignal, raise, SI_USER, SIGXFSZ } from "./signal-numbers.ts";
import { hasWaiting, putSignal, SIGNAL_RECORD, takeSignal } from "./signal-queue.ts";
import { type Credentials, closeSocket, receive, send, socketReadiness } from "./sockets.ts";
import type { EpollEntry, OpenFile, OutputRefusal, System, TimerDescriptor } from "./state.ts";

/** Bytes that a pipe holds (fs/pipe.c), and that are written in one piece (PIPE_BUF). */
export const PIPE_CAPACITY = 0x1_0000;
const PIPE_PIECE = 4096;
/** No read gives more at once (MAX_RW_COUNT is 2 GB; nobody needs it). */
const MOST_READ = 0x400_0000;

export function newPipeBuffer(isNamed: boolean): PipeBuffer {
  return {
    chunks: [],
    length: 0,
    capacity: PIPE_CAPACITY,
    readers: 0,
    writers: 0,
    wakes: { in: 0, out: 0 },
    isNamed,
    opens: { readers: 0, writers: 0 },
  };
}

/** Reads up to `count` bytes. @param offset where; undefined: where the file stands, which moves on */
export function readStream(system: System, open: OpenFile, count: number, offset?: number): Uint8Array | number {
  if (!mayRead(open.flags)) return -EBADF;
  const most = Math.min(count, MOST_READ);
  const { node, special } = open;
  if (special !== undefined) return readSpecial(system, open, special, most);
  switch (node.kind) {
    case "directory":
      return -EISDIR;
    case "file":
      return readFile(system, open, node, most, offset);
    case "pipe":
    case "socket":
      return node.buffer === undefined ? -ENXIO : readPipe(open, node.buffer, most);
    case "device":
      return readDevice(system, node, most);
    case "link":
      return -EINVAL;
  }
}

function readFile(
  system: System,
  open: OpenFile,
  node: FileNode,
  count: number,
  offset: number | undefined,
): Uint8Array | number {
  const bytes = readAt(node, offset ?? open.offset, count);
  if (typeof bytes === "number") return bytes;
  if (offset === undefined) open.offset += bytes.length;
  node.accessed = clockOf(system);
  return bytes;
}

function readPipe(open: OpenFile, buffer: PipeBuffer, count: number): Uint8Array | number {
  if (buffer.length === 0) {
    if (buffer.writers === 0 || count === 0) return new Uint8Array(0);
    return (open.flags & O_NONBLOCK) === 0 ? -ERESTARTSYS : -EAGAIN;
  }
  if (buffer.length >= buffer.capacity) buffer.wakes.out++;
  const target = new Uint8Array(Math.min(count, buffer.length));
  let done = 0;
  while (done < target.length) {
    const [chunk] = buffer.chunks;
    const part = chunk.subarray(0, target.length - done);
    target.set(part, done);
    done += part.length;
    if (part.length === chunk.length) buffer.chunks.shift();
    else buffer.chunks[0] = chunk.subarray(part.length);
  }
  buffer.length -= target.length;
  return target;
}

function readDevice(system: System, { major, minor }: DeviceNode, count: number): Uint8Array | number {
  if (major !== MEMORY_DEVICES) return -ENXIO;
  switch (minor) {
    case NULL_DEVICE:
      return new Uint8Array(0);
    case ZERO_DEVICE:
    case FULL_DEVICE:
      return new Uint8Array(count);
    case RANDOM_DEVICE:
    case URANDOM_DEVICE:
      return randomBytes(system, count);
    default:
      return -ENXIO;
  }
}

/** Major number of /dev/null and its like, and theirs (Documentation/admin-guide/devices.txt). */
export const MEMORY_DEVICES = 1;
export const NULL_DEVICE = 3;
export const ZERO_DEVICE = 5;
export const FULL_DEVICE = 7;
export const RANDOM_DEVICE = 8;
export const URANDOM_DEVICE = 9;

function readSpecial(
  system: System,
  open: OpenFile,
  special: NonNullable<OpenFile["special"]>,
  count: number,
): Uint8Array | number {
  const isWaiting = (open.flags & O_NONBLOCK) === 0 ? -ERESTARTSYS : -EAGAIN;
  switch (special.kind) {
    case "input":
      return readInput(system, count) ?? isWaiting;
    case "output":
      // A terminal can be read from, whichever descriptor it is.
      return special.terminal ? (readInput(system, count) ?? isWaiting) : -EBADF;
    case "event": {
      if (count < 8) return -EINVAL;
      if (special.count === 0) return isWaiting;
      const value = special.semaphore ? 1 : special.count;
      special.count -= value;
      special.wakes.out++;
      return count64(value);
    }
    case "timer": {
      if (count < 8) return -EINVAL;
      const times = expirations(system, special);
      return times === 0 ? isWaiting : count64(times);
    }
    case "socket": {
      const received = receive(special, count, false, (open.flags & O_NONBLOCK) === 0);
      if (typeof received === "number") return received;
      // Descriptors are for those who ask for them.
      for (const passed of received.rights) leave(passed);
      return received.bytes;
    }
    case "signals": {
      const { current } = system;
      const view = new DataView(new ArrayBuffer(count - (count % SIGNAL_RECORD)));
      if (view.byteLength === 0 || current === undefined) return -EINVAL;
      let at = 0;
      for (; at < view.byteLength; at += SIGNAL_RECORD) {
        const signal = takeSignal(current, special.mask);
        if (signal === undefined) break;
        putSignal(view, at, signal);
      }
      return at === 0 ? isWaiting : new Uint8Array(view.buffer, 0, at);
    }
    case "epoll":
      return -EINVAL;
  }
}

function count64(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, value % 2 ** 32, true);
  view.setUint32(4, Math.floor(value / 2 ** 32), true);
  return new Uint8Array(view.buffer);
}

/** How often a timer has gone off since somebody asked. */
function expirations(system: System, timer: TimerDescriptor): number {
  const now = system.executed + system.slept;
  if (timer.next === undefined || timer.next > now) return 0;
  if (timer.interval === 0) {
    timer.next = undefined;
    return 1;
  }
  const times = 1 + Math.floor((now - timer.next) / timer.interval);
  timer.next += times * timer.interval;
  return times;
}

/** Bytes of the host's standard input; undefined if there are none yet. */
export function readInput(system: System, count: number): Uint8Array | undefined {
  const ahead = system.inputAhead;
  if (ahead === undefined) return count === 0 ? new Uint8Array(0) : askForInput(system, count);
  const part = ahead.subarray(0, count);
  system.inputAhead = part.length === ahead.length && ahead.length > 0 ? undefined : ahead.subarray(part.length);
  return part;
}

function askForInput(system: System, most: number): Uint8Array | undefined {
  const part = system.input(most);
  if (part === undefined) system.inputWanted = true;
  else system.inputsRead++;
  return part;
}

/**
 * Writes bytes. @param offset where; undefined: where the file stands, which moves on
 * @param done bytes of the same call that have been written already, while the call waited
 */
export function writeStream(system: System, open: OpenFile, bytes: Uint8Array, offset?: number, done = 0): number {
  if (!mayWriteTo(open.flags)) return -EBADF;
  const { node, special } = open;
  if (special !== undefined) return writeSpecial(system, open, special, bytes, done);
  switch (node.kind) {
    case "directory":
    case "link":
      return -EINVAL;
    case "file":
      return writeFile(system, open, node, bytes, offset);
    case "pipe":
    case "socket":
      return node.buffer === undefined ? -ENXIO : writePipe(open, node.buffer, bytes, done);
    case "device":
      if (node.major !== MEMORY_DEVICES) return -ENXIO;
      return node.minor === FULL_DEVICE ? -ENOSPC : bytes.length;
  }
}

function writeFile(
  system: System,
  open: OpenFile,
  node: FileNode,
  bytes: Uint8Array,
  offset: number | undefined,
): number {
  const isAtEnd = (open.flags & O_APPEND) !== 0;
  const at = isAtEnd ? node.size : (offset ?? open.offset);
  if (bytes.length === 0) return 0;
  const { seals = 0 } = node;
  if ((seals & F_SEAL_WRITE) !== 0 || ((seals & F_SEAL_GROW) !== 0 && at + bytes.length > node.size)) return -EPERM;
  const most = fileLimit(system);
  if (at >= most) return tooLarge(system);
  node.shared?.flush();
  const written = writeAt(node, at, bytes.subarray(0, most - at), system.tree.budget);
  if (written < 0) return written;
  if (offset === undefined) open.offset = at + written;
  node.modified = clockOf(system);
  node.changed = node.modified;
  // Whoever writes to a program takes away what lets it run as somebody else.
  node.mode &= ~0o6000;
  return written;
}

const RLIMIT_FSIZE = 1;

/** How large whoever writes may make a file. */
export function fileLimit({ current }: System): number {
  return current?.process.limits.get(RLIMIT_FSIZE)?.[0] ?? Number.POSITIVE_INFINITY;
}

/** It would be larger: SIGXFSZ, and EFBIG for whoever lives on. */
export function tooLarge({ current }: System): number {
  if (current !== undefined) raise(current, plainSignal(SIGXFSZ, SI_USER, current.process));
  return -EFBIG;
}

function writePipe(open: OpenFile, buffer: PipeBuffer, bytes: Uint8Array, done: number): number {
  if (buffer.readers === 0) return done > 0 ? done : -EPIPE;
  if (bytes.length === done) return done;
  const room = buffer.capacity - buffer.length;
  const isWhole = bytes.length <= PIPE_PIECE;
  if (room === 0 || (isWhole && room < bytes.length)) {
    if ((open.flags & O_NONBLOCK) === 0) return -ERESTARTSYS;
    return done > 0 ? done : -EAGAIN;
  }
  const part = bytes.slice(done, done + room);
  buffer.chunks.push(part);
  buffer.length += part.length;
  buffer.wakes.in++;
  return done + part.length;
}

function writeSpecial(
  system: System,
  open: OpenFile,
  special: NonNullable<OpenFile["special"]>,
  bytes: Uint8Array,
  done: number,
): number {
  switch (special.kind) {
    case "input":
      // A terminal is one file, whatever it is called.
      return special.terminal ? writeOutput(system, 1, bytes) : -EBADF;
    case "output":
      return writeOutput(system, special.stream, bytes);
    case "event": {
      if (bytes.length < 8) return -EINVAL;
      const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
      const value = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
      if (value >= 2 ** 64 - 1) return -EINVAL;
      if (special.count + value >= 2 ** 64 - 1) return (open.flags & O_NONBLOCK) === 0 ? -ERESTARTSYS : -EAGAIN;
      special.count += value;
      special.wakes.in++;
      return 8;
    }
    case "socket":
      return send(special, bytes, done, (open.flags & O_NONBLOCK) === 0, {
        from: credentials(system),
        rights: [],
        to: undefined,
      });
    default:
      return -EINVAL;
  }
}

function credentials({ current }: System): Credentials {
  return current === undefined ? [0, 0, 0] : [current.process.pid, current.process.who.user, current.process.who.group];
}

/** One refers to it less: if that was the last one, it is closed, and what it held. */
export function leave(open: OpenFile): void {
  if (--open.references > 0) return;
  dropLocks(open.node, open);
  for (const other of closed(open)) leave(other);
}

const REFUSALS: Readonly<Record<OutputRefusal, number>> = { EPIPE, ENOSPC, EIO };

/** What goes beyond the limit ends the run: many programs do not ask whether a write has failed, and would never end. */
function writeOutput(system: System, stream: 1 | 2, bytes: Uint8Array): number {
  const { limits } = system;
  const part = bytes.subarray(0, limits.output - system.written);
  system.written += part.length;
  if (part.length > 0) {
    system.output(stream, part);
    const refusal = system.outputRefusal();
    if (refusal !== undefined) return -REFUSALS[refusal];
  }
  if (part.length === bytes.length) return part.length;
  system.end ??= { kind: "stopped", problem: error("run-too-much-output", {}, { bytes: limits.output }) };
  return part.length === 0 ? -EFBIG : part.length;
}

/** What can be done without waiting: POLL*. */
export function readiness(system: System, open: OpenFile): number {
  const { node, special } = open;
  if (special !== undefined) {
    switch (special.kind) {
      case "input":
        return (hasInput(system) ? POLLIN : 0) | (special.terminal ? POLLOUT : 0);
      case "output":
        return POLLOUT | (special.terminal && hasInput(system) ? POLLIN : 0);
      case "event":
        return (special.count > 0 ? POLLIN : 0) | POLLOUT;
      case "timer":
        return special.next !== undefined && special.next <= system.executed + system.slept ? POLLIN : 0;
      case "signals":
        return system.current !== undefined && hasWaiting(system.current, special.mask) ? POLLIN : 0;
      case "socket":
        return socketReadiness(special);
      case "epoll":
        return special.entries.some((it) => isDue(system, it)) ? POLLIN : 0;
    }
  }
  if ((node.kind === "pipe" || node.kind === "socket") && node.buffer !== undefined)
    return pipeReadiness(open, node.buffer);
  return POLLIN | POLLOUT;
}

const EPOLLET = 2 ** 31;

/** What of an entry of an epoll set is to be told now: POLL*, 0 for nothing. */
export function dueEvents(system: System, { open, events, told }: EpollEntry): number {
  if (events === 0 || open.references === 0) return 0;
  const asked = expandEvents(events);
  const found = withSynonyms(readiness(system, open), events) & (asked | POLLERR | POLLHUP);
  return found !== 0 && events >= EPOLLET && told === wakesOf(system, open, events) ? 0 : found;
}

function isDue(system: System, entry: EpollEntry): boolean {
  return dueEvents(system, entry) !== 0;
}

/** POLLRDNORM and POLLWRNORM mean the same as POLLIN and POLLOUT. */
export function expandEvents(events: number): number {
  return events | ((events & POLLRDNORM) !== 0 ? POLLIN : 0) | ((events & POLLWRNORM) !== 0 ? POLLOUT : 0);
}

/** What is ready, by all names that it was asked for by. */
export function withSynonyms(ready: number, events: number): number {
  return (
    ready | ((ready & POLLIN) !== 0 ? events & POLLRDNORM : 0) | ((ready & POLLOUT) !== 0 ? events & POLLWRNORM : 0)
  );
}

const POLLRDNORM = 0x40;
const POLLWRNORM = 0x100;

/** How often those who wait for these events were woken: with EPOLLET they are told again if it was more often. */
export function wakesOf(system: System, { node, special }: OpenFile, events: number): number {
  const isIn = (expandEvents(events) & (POLLIN | POLLRDHUP)) !== 0;
  const isOut = (expandEvents(events) & POLLOUT) !== 0;
  const sum = (wakes: Wakes | undefined): number =>
    wakes === undefined ? 0 : (isIn || !isOut ? wakes.in : 0) + (isOut ? wakes.out : 0);
  switch (special?.kind) {
    case undefined:
      return node.kind === "pipe" || node.kind === "socket" ? sum(node.buffer?.wakes) : 0;
    case "input":
    case "output":
      return system.inputsRead;
    case "event":
    case "socket":
      return sum(special.wakes);
    case "signals":
      return system.current?.process.raised ?? 0;
    case "timer":
      // It goes off once until it is read or set.
      return special.next ?? 0;
    case "epoll":
      return special.entries.reduce((all, it) => all + wakesOf(system, it.open, it.events), 0);
  }
}

function pipeReadiness({ flags, offset }: OpenFile, buffer: PipeBuffer): number {
  let ready = 0;
  if (mayRead(flags)) {
    // One that has had no writer yet has lost none: see joinPipe.
    const isLeft = buffer.writers === 0 && offset !== buffer.opens.writers;
    ready |= (buffer.length > 0 ? POLLIN : 0) | (isLeft ? POLLHUP : 0);
  }
  if (mayWriteTo(flags)) {
    ready |= buffer.readers === 0 ? POLLERR : 0;
    ready |= buffer.capacity - buffer.length >= PIPE_PIECE ? POLLOUT : 0;
  }
  return ready;
}

/** Whether a read of the standard input would not wait; looks at what comes. */
function hasInput(system: System): boolean {
  system.inputAhead ??= askForInput(system, 0x1_0000);
  return system.inputAhead !== undefined;
}

/** A descriptor more leads to it: the ends of pipes are counted. */
export function opened(node: Node, flags: number): void {
  if ((node.kind !== "pipe" && node.kind !== "socket") || node.buffer === undefined) return;
  const { buffer } = node;
  if (mayRead(flags)) {
    buffer.readers++;
    buffer.opens.readers++;
  }
  if (mayWriteTo(flags)) {
    buffer.writers++;
    buffer.opens.writers++;
  }
}

/** Nobody has the file open any more. @returns other open files that it held: those that were passed to a socket */
export function closed({ node, flags, special }: OpenFile): readonly OpenFile[] {
  if (special?.kind === "socket") return closeSocket(special);
  if ((node.kind !== "pipe" && node.kind !== "socket") || node.buffer === undefined) return [];
  const { buffer } = node;
  if (mayRead(flags) && --buffer.readers === 0) buffer.wakes.out++;
  if (mayWriteTo(flags) && --buffer.writers === 0) buffer.wakes.in++;
  return [];
}

export type { StorageBudget };
