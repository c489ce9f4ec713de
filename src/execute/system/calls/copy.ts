// System calls that copy from one descriptor to another without the program's memory between them (fs/read_write.c, fs/splice.c).

import { EAGAIN, EBADF, EFAULT, EINVAL, EPIPE, ERESTARTSYS, ESPIPE, EXDEV } from "../../files/errno.ts";
import { readBytes } from "../../memory/address-space.ts";
import { openFileAt } from "../descriptors.ts";
import { mayRead, mayWriteTo, O_APPEND, O_NONBLOCK } from "../open-flags.ts";
import { type CallRow, readSigned, readWords, row, writeWords } from "../row.ts";
import { raise, SIGPIPE } from "../signal-numbers.ts";
import type { Call, OpenFile } from "../state.ts";
import { readStream, writeStream } from "../streams.ts";

/** No call copies more at once. */
const MOST = 0x10_0000;

/** Where a file is read or written: at an offset that stands in memory and moves on, or where the descriptor stands. */
interface Position {
  readonly open: OpenFile;
  readonly address: number;
  readonly offset: number | undefined;
}

function positionAt({ process, space }: Call, number: number, address: number, bytes: number): Position | number {
  const open = openFileAt(process, number);
  if (open === undefined) return -EBADF;
  if (address === 0) return { open, address, offset: undefined };
  const words = readSigned(space, address, 1, bytes);
  if (words === undefined) return -EFAULT;
  return words[0] < 0 ? -EINVAL : { open, address, offset: words[0] };
}

/** Copies as far as there is room behind it. @param bytes of an offset in memory */
function copy(call: Call, from: Position, to: Position, size: number, bytes: number): number {
  const { system, task, space } = call;
  const read = readStream(system, from.open, size, from.offset ?? from.open.offset);
  if (typeof read === "number") return read;
  const written = writeStream(system, to.open, read, to.offset);
  if (written === -EPIPE) raise(task, SIGPIPE);
  if (written <= 0) return written;
  if (from.open.node.kind === "file" && from.offset === undefined) from.open.offset += written;
  for (const { address, offset } of [from, to])
    if (offset !== undefined && !writeWords(space, address, [offset + written], bytes)) return -EFAULT;
  return written;
}

function sendfile(call: Call, bytes: number): number {
  const [output, input, address, size] = call.args;
  const from = positionAt(call, input, address, bytes);
  if (typeof from === "number") return from;
  const open = openFileAt(call.process, output);
  if (open === undefined || !mayRead(from.open.flags) || !mayWriteTo(open.flags)) return -EBADF;
  if (from.open.node.kind !== "file" || (open.flags & O_APPEND) !== 0) return -EINVAL;
  const room = roomOf(open);
  if (room === 0) return (open.flags & O_NONBLOCK) === 0 ? -ERESTARTSYS : -EAGAIN;
  return copy(call, from, { open, address: 0, offset: undefined }, Math.min(size, MOST, room), bytes);
}

function copyFileRange(call: Call): number {
  const [input, inputOffset, output, outputOffset, size, flags] = call.args;
  const from = positionAt(call, input, inputOffset, 8);
  if (typeof from === "number") return from;
  const to = positionAt(call, output, outputOffset, 8);
  if (typeof to === "number") return to;
  if (flags !== 0 || from.open.node.kind !== "file" || to.open.node.kind !== "file") return -EINVAL;
  if (!mayRead(from.open.flags) || !mayWriteTo(to.open.flags) || (to.open.flags & O_APPEND) !== 0) return -EBADF;
  // Files of memory are a file system of their own.
  const [one, other] = [from.open.node, to.open.node];
  if ((one.seals === undefined) !== (other.seals === undefined)) return -EXDEV;
  const [start, end] = [from.offset ?? from.open.offset, to.offset ?? to.open.offset];
  if (from.open.node === to.open.node && start < end + size && end < start + size) return -EINVAL;
  return copy(call, from, to, Math.min(size, MOST), 8);
}

/** Bytes that can be written now: of a pipe that is full none. */
function roomOf({ node, special }: OpenFile): number {
  if (special !== undefined || node.kind !== "pipe" || node.buffer === undefined) return MOST;
  return node.buffer.readers === 0 ? MOST : node.buffer.capacity - node.buffer.length;
}

const isPipe = ({ node, special }: OpenFile): boolean =>
  node.kind === "pipe" && (special === undefined || special.kind === "input" || special.kind === "output");

const SPLICE_F_NONBLOCK = 2;

/** Waits unless it is asked not to. */
const orWait = (flags: number, { flags: own }: OpenFile): number =>
  (flags & SPLICE_F_NONBLOCK) === 0 && (own & O_NONBLOCK) === 0 ? -ERESTARTSYS : -EAGAIN;

function splice(call: Call): number {
  const [input, inputOffset, output, outputOffset, size, flags] = call.args;
  const from = openFileAt(call.process, input);
  const to = openFileAt(call.process, output);
  if (from === undefined || to === undefined) return -EBADF;
  if (!mayRead(from.flags) || !mayWriteTo(to.flags)) return -EBADF;
  if (!isPipe(from) && !isPipe(to)) return -EINVAL;
  if ((isPipe(from) && inputOffset !== 0) || (isPipe(to) && outputOffset !== 0)) return -ESPIPE;
  if (from.node === to.node || (to.flags & O_APPEND) !== 0 || from.node.kind === "directory") return -EINVAL;
  if (size === 0) return 0;
  const source = positionAt(call, input, inputOffset, 8);
  if (typeof source === "number") return source;
  const target = positionAt(call, output, outputOffset, 8);
  if (typeof target === "number") return target;
  const room = roomOf(to);
  if (room === 0) return orWait(flags, to);
  const count = copy(call, source, target, Math.min(size, MOST, room), 8);
  return count === -ERESTARTSYS ? orWait(flags, from) : count;
}

/** From one pipe to another, which stays in the first one too. */
function tee(call: Call): number {
  const [input, output, size, flags] = call.args;
  const from = openFileAt(call.process, input);
  const to = openFileAt(call.process, output);
  if (from === undefined || to === undefined || !mayRead(from.flags) || !mayWriteTo(to.flags)) return -EBADF;
  if (from.node.kind !== "pipe" || to.node.kind !== "pipe" || from.node === to.node) return -EINVAL;
  const { buffer } = from.node;
  if (from.special !== undefined || buffer === undefined) return -EINVAL;
  const room = roomOf(to);
  if (size === 0 || (buffer.length === 0 && buffer.writers === 0)) return 0;
  if (buffer.length === 0) return orWait(flags, from);
  if (room === 0) return orWait(flags, to);
  const bytes = new Uint8Array(Math.min(size, room, buffer.length));
  let done = 0;
  for (const chunk of buffer.chunks) {
    const part = chunk.subarray(0, bytes.length - done);
    bytes.set(part, done);
    done += part.length;
    if (done === bytes.length) break;
  }
  const written = writeStream(call.system, to, bytes);
  if (written === -EPIPE) raise(call.task, SIGPIPE);
  return written;
}

/** From memory into a pipe. */
function vmsplice(call: Call): number {
  const [number, address, count, flags] = call.args;
  const open = openFileAt(call.process, number);
  if (open === undefined || !isPipe(open)) return -EBADF;
  // Out of a pipe into memory is what readv is for.
  if (!mayWriteTo(open.flags)) return -EINVAL;
  if (count > 1024) return -EINVAL;
  const words = readWords(call.space, address, 2 * count, call.wordBytes);
  if (words === undefined) return -EFAULT;
  let done = 0;
  for (let at = 0; at < 2 * count; at += 2) {
    const room = Math.min(roomOf(open), MOST);
    if (room === 0) return done > 0 ? done : orWait(flags, open);
    const bytes = readBytes(call.space, words[at], Math.min(words[at + 1], room));
    if (bytes === undefined) return done > 0 ? done : -EFAULT;
    const written = writeStream(call.system, open, bytes);
    if (written === -EPIPE) raise(call.task, SIGPIPE);
    if (written < 0) return done > 0 ? done : written;
    done += written;
  }
  return done;
}

export const COPY_CALLS: readonly CallRow[] = [
  row(
    "sendfile",
    40,
    187,
    "fd fd address size",
    (call) => sendfile(call, call.wordBytes),
    "copies {4} bytes from descriptor {2} to {1}",
  ),
  row(
    "sendfile64",
    -1,
    239,
    "fd fd address size",
    (call) => sendfile(call, 8),
    "copies {4} bytes from descriptor {2} to {1}",
  ),
  row(
    "copy_file_range",
    326,
    377,
    "fd address fd address size flags",
    copyFileRange,
    "copies {5} bytes from descriptor {1} to {3}",
  ),
  row("splice", 275, 313, "fd address fd address size flags", splice, "moves {5} bytes from descriptor {1} to {3}"),
  row("tee", 276, 315, "fd fd size flags", tee, "copies {3} bytes from pipe {1} to pipe {2}"),
  row("vmsplice", 278, 316, "fd address size flags", vmsplice, "writes {3} pieces to pipe {1}"),
];
