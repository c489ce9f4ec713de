// System calls about open files: opening, reading, writing, closing, duplicating (fs/open.c, fs/read_write.c, fs/fcntl.c, fs/pipe.c).

import {
  EACCES,
  EBADF,
  EEXIST,
  EFAULT,
  EINVAL,
  EISDIR,
  ELOOP,
  EMFILE,
  ENOENT,
  ENOSYS,
  ENOTDIR,
  ENXIO,
  EOPNOTSUPP,
  EPIPE,
  ERESTARTSYS,
  ESPIPE,
} from "../../files/errno.ts";
import { type Node, resize } from "../../files/nodes.ts";
import {
  enter,
  MAY_EXECUTE,
  MAY_READ,
  MAY_WRITE,
  newFile,
  newPipe,
  type Place,
  pathOf,
  pathOfPlace,
  permits,
} from "../../files/tree.ts";
import { readBytes, writableBytes, writeBytes } from "../../memory/address-space.ts";
import { clockOf } from "../clock.ts";
import { close, describe, install, installAt, joinPipe, mostFiles, openFileAt } from "../descriptors.ts";
import {
  AT_FDCWD,
  O_ACCMODE,
  O_APPEND,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_TMPFILE,
  O_TRUNC,
  O_WRONLY,
} from "../open-flags.ts";
import { placeOf } from "../paths.ts";
import { type CallRow, nothing, readWords, refuse, row, textAt, writeWords } from "../row.ts";
import { raise, SIGPIPE } from "../signal-numbers.ts";
import { SOCK_STREAM } from "../sockets.ts";
import type { Call, OpenFile } from "../state.ts";
import { newPipeBuffer, readStream, writeStream } from "../streams.ts";
import { bytesToCome } from "../waiting-bytes.ts";
import { isLockCommand, lockRange } from "./lock.ts";
import { addSeals } from "./size.ts";

/** openat(2) with its arguments in order. */
function openAt(call: Call, base: number, path: string, flags: number, mode: number): number {
  const { system, task, process } = call;
  const follow = (flags & O_NOFOLLOW) === 0 && (flags & (O_CREAT | O_EXCL)) !== (O_CREAT | O_EXCL);
  const place = placeOf(call, base, path, follow);
  if (typeof place === "number") return place;
  if ((flags & O_TMPFILE) !== 0) return openNameless(call, place, flags, mode);
  let { node } = place;
  const isNew = node === undefined;
  if (node === undefined) {
    if ((flags & O_CREAT) === 0) return -ENOENT;
    if (place.wantsDirectory) return -EISDIR;
    node = newFile(system.tree.lower, clockOf(system), mode & ~process.umask & 0o7777, process.who);
    const failed = enter(system.tree, place, node, process.who);
    if (failed < 0) return failed;
  } else if ((flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL)) return -EEXIST;
  const failed = mayOpen(call, node, flags, isNew);
  if (failed < 0) return failed;
  const open =
    task.opening?.open ??
    describe(node, pathOfNew(place, node), flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC), specialOf(call, node));
  const joined = joinPipe(task, open);
  if (joined < 0) return joined;
  return install(call, open, (flags & O_CLOEXEC) !== 0);
}

/** A file without a name in a directory: O_TMPFILE. linkat gives it one. */
function openNameless(call: Call, { node: directory }: Place, flags: number, mode: number): number {
  const { system, process } = call;
  if (directory === undefined) return -ENOENT;
  if (directory.kind !== "directory" || (flags & O_DIRECTORY) === 0) return -ENOTDIR;
  if ((flags & O_ACCMODE) === 0) return -EINVAL;
  if (!permits(directory, process.who, MAY_WRITE | MAY_EXECUTE)) return -EACCES;
  const node = newFile(system.tree.lower, clockOf(system), mode & ~process.umask & 0o7777, process.who);
  node.links = 0;
  const path = `${pathOf(directory)}/#${node.inode} (deleted)`;
  return install(
    call,
    describe(node, path, flags & ~(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC)),
    (flags & O_CLOEXEC) !== 0,
  );
}

function pathOfNew(place: Place, node: Node): string {
  return pathOfPlace({ ...place, node });
}

/** What the kernel checks, and O_TRUNC. @returns 0, or the errno, negated */
function mayOpen({ system, process }: Call, node: Node, flags: number, isNew: boolean): number {
  if ((flags & O_PATH) !== 0) return (flags & O_DIRECTORY) !== 0 && node.kind !== "directory" ? -ENOTDIR : 0;
  if (node.kind === "link") return -ELOOP;
  if ((flags & O_DIRECTORY) !== 0 && node.kind !== "directory") return -ENOTDIR;
  if (node.kind === "directory" && ((flags & O_ACCMODE) !== 0 || (flags & O_CREAT) !== 0)) return -EISDIR;
  const want = ((flags & O_ACCMODE) === O_WRONLY ? 0 : MAY_READ) | ((flags & O_ACCMODE) === 0 ? 0 : MAY_WRITE);
  if (!isNew && !permits(node, process.who, want)) return -EACCES;
  if (node.kind === "socket") return -ENXIO;
  if (node.kind === "device" && node.major === 5) return -ENXIO;
  if (node.kind === "pipe" && node.buffer === undefined) node.buffer = newPipeBuffer(true);
  if ((flags & O_TRUNC) === 0 || node.kind !== "file" || isNew) return 0;
  const failed = resize(node, 0, system.tree.budget);
  node.modified = clockOf(system);
  node.changed = node.modified;
  return failed;
}

/** The host's streams, opened again through /dev/stdin or /proc/self/fd/0. */
function specialOf({ system, process }: Call, node: Node): OpenFile["special"] {
  if (!system.streams.includes(node)) return undefined;
  return process.descriptors.find((it) => it?.open.node === node)?.open.special;
}

const open = (call: Call): number =>
  withPath(call, 0, (path) => openAt(call, AT_FDCWD, path, call.args[1], call.args[2]));
const openat = (call: Call): number =>
  withPath(call, 1, (path) => openAt(call, call.args[0], path, call.args[2], call.args[3]));
const creat = (call: Call): number =>
  withPath(call, 0, (path) => openAt(call, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, call.args[1]));

function withPath(call: Call, index: number, does: (path: string) => number): number {
  const path = textAt(call, index);
  return path === undefined ? -EFAULT : does(path);
}

/** Reads into memory. @param offset undefined: where the file stands */
function readTo(call: Call, address: number, count: number, offset?: number): number {
  const open = openFileAt(call.process, call.args[0]);
  if (open === undefined) return -EBADF;
  if (offset !== undefined && !isSeekable(open)) return -ESPIPE;
  const wanted = Math.min(count, 0x7fff_f000);
  const toCome = bytesToCome(call.system, open, wanted, offset);
  const room = writableBytes(call.space, address, toCome);
  // A file gives what has room (mm/filemap.c); of a pipe nothing is taken then.
  if (room < toCome && (room === 0 || !isSeekable(open))) return -EFAULT;
  const bytes = readStream(call.system, open, room < toCome ? room : wanted, offset);
  if (typeof bytes === "number") return bytes;
  return writeBytes(call.space, address, bytes) ? bytes.length : -EFAULT;
}

function writeFrom(call: Call, address: number, count: number, offset?: number): number {
  const open = openFileAt(call.process, call.args[0]);
  if (open === undefined) return -EBADF;
  if (offset !== undefined && !isSeekable(open)) return -ESPIPE;
  const bytes = readBytes(call.space, address, Math.min(count, 0x400_0000));
  return bytes === undefined ? -EFAULT : put(call, open, bytes, offset);
}

/** Writes, waiting in the middle if a pipe is full. */
function put(call: Call, open: OpenFile, bytes: Uint8Array, offset?: number): number {
  const { system, task } = call;
  const written = writeStream(system, open, bytes, offset, task.progress);
  const isMessage = open.special?.kind === "socket" && open.special.type !== SOCK_STREAM;
  if (written === -EPIPE && !isMessage) raise(task, SIGPIPE);
  const isPipe = open.node.kind === "pipe" || open.node.kind === "socket";
  if (
    isPipe &&
    (open.special === undefined || open.special.kind === "socket") &&
    written >= 0 &&
    written < bytes.length &&
    (open.flags & O_NONBLOCK) === 0
  ) {
    task.progress = written;
    return -ERESTARTSYS;
  }
  return written;
}

function isSeekable({ node, special }: OpenFile): boolean {
  return special === undefined && (node.kind === "file" || node.kind === "device" || node.kind === "directory");
}

const read = (call: Call): number => readTo(call, call.args[1], call.args[2]);
const write = (call: Call): number => writeFrom(call, call.args[1], call.args[2]);
const pread = (call: Call): number =>
  call.args[3] < 0 ? -EINVAL : readTo(call, call.args[1], call.args[2], call.args[3]);
const pwrite = (call: Call): number =>
  call.args[3] < 0 ? -EINVAL : writeFrom(call, call.args[1], call.args[2], call.args[3]);

/** The pieces of readv and writev. */
function pieces(call: Call): readonly (readonly [address: number, size: number])[] | number {
  const [, address, count] = call.args;
  if (count < 0 || count > 1024) return -EINVAL;
  const words = readWords(call.space, address, 2 * count, call.wordBytes);
  if (words === undefined) return -EFAULT;
  return Array.from({ length: count }, (_, index) => [words[2 * index], words[2 * index + 1]]);
}

/** RWF_HIPRI, RWF_DSYNC and RWF_SYNC, which change nothing here; RWF_NOWAIT; RWF_APPEND. */
const RWF_KNOWN = 0x1f;
const RWF_APPEND = 0x10;

/** preadv2 and pwritev2: -1 is where the file stands. */
function piecesWith(call: Call, offset: number, flags: number, does: (call: Call, offset?: number) => number): number {
  if ((flags & ~RWF_KNOWN) !== 0) return -EOPNOTSUPP;
  const open = openFileAt(call.process, call.args[0]);
  if ((flags & RWF_APPEND) === 0 || open === undefined) return does(call, offset === -1 ? undefined : offset);
  const before = open.flags;
  open.flags |= O_APPEND;
  const count = does(call, offset === -1 ? undefined : offset);
  open.flags = before;
  return count;
}

function readPieces(call: Call, offset?: number): number {
  if (offset !== undefined && offset < 0) return -EINVAL;
  const list = pieces(call);
  if (typeof list === "number") return list;
  let done = 0;
  for (const [address, size] of list) {
    if (size === 0) continue;
    const count = readTo(call, address, size, offset === undefined ? undefined : offset + done);
    if (count < 0) return done > 0 ? done : count;
    done += count;
    if (count < size) break;
  }
  return done;
}

function writePieces(call: Call, offset?: number): number {
  if (offset !== undefined && offset < 0) return -EINVAL;
  const list = pieces(call);
  if (typeof list === "number") return list;
  const open = openFileAt(call.process, call.args[0]);
  if (open === undefined) return -EBADF;
  // In one piece, as a write is.
  const total = list.reduce((sum, [, size]) => sum + size, 0);
  if (total > 0x400_0000) return -EINVAL;
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const [address, size] of list) {
    const part = readBytes(call.space, address, size);
    if (part === undefined) return -EFAULT;
    bytes.set(part, at);
    at += size;
  }
  return put(call, open, bytes, offset);
}

const SEEK_SET = 0;
const SEEK_CUR = 1;
const SEEK_END = 2;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;

function seek({ process }: Call, number: number, offset: number, whence: number): number {
  const open = openFileAt(process, number);
  if (open === undefined) return -EBADF;
  if (!isSeekable(open)) return -ESPIPE;
  const { node } = open;
  const size = node.kind === "file" ? node.size : 0;
  let to: number;
  if (whence === SEEK_SET) to = offset;
  else if (whence === SEEK_CUR) to = open.offset + offset;
  else if (whence === SEEK_END) to = size + offset;
  else if (whence === SEEK_DATA) to = offset < size ? offset : -ENXIO;
  else if (whence === SEEK_HOLE) to = offset < size ? size : -ENXIO;
  else return -EINVAL;
  if (to === -ENXIO) return to;
  if (to < 0) return -EINVAL;
  open.offset = node.kind === "device" ? 0 : to;
  if (to === 0) open.names = undefined;
  return open.offset;
}

const lseek = (call: Call): number => seek(call, call.args[0], call.args[1], call.args[2]);

/** The result goes to memory, because it has 64 bits. */
function llseek(call: Call): number {
  const [number, high, low, address, whence] = call.args;
  const to = seek(call, number, (high | 0) * 2 ** 32 + low, whence);
  if (to < 0) return to;
  return writeWords(call.space, address, [to], 8) ? 0 : -EFAULT;
}

function dup(call: Call): number {
  const open = openFileAt(call.process, call.args[0]);
  return open === undefined ? -EBADF : install(call, open, false);
}

function duplicateTo({ process, system }: Call, from: number, to: number, closeOnExec: boolean): number {
  const open = openFileAt(process, from);
  if (open === undefined || to < 0 || to >= mostFiles({ system, process })) return -EBADF;
  installAt(process, open, closeOnExec, to);
  return to;
}

function dup2(call: Call): number {
  const [from, to] = call.args;
  if (from === to) return openFileAt(call.process, from) === undefined ? -EBADF : to;
  return duplicateTo(call, from, to, false);
}

function dup3(call: Call): number {
  const [from, to, flags] = call.args;
  return from === to ? -EINVAL : duplicateTo(call, from, to, (flags & O_CLOEXEC) !== 0);
}

function makePipe(call: Call, flags: number): number {
  const { system, process, space } = call;
  const node = newPipe(system.tree.lower, clockOf(system), 0o600, process.who);
  node.buffer = newPipeBuffer(false);
  const path = `pipe:[${node.inode}]`;
  const closeOnExec = (flags & O_CLOEXEC) !== 0;
  const reader = install(call, describe(node, path, flags & O_NONBLOCK), closeOnExec);
  if (reader < 0) return reader;
  const writer = install(call, describe(node, path, O_WRONLY | (flags & O_NONBLOCK)), closeOnExec);
  if (writer < 0) {
    close(process, reader);
    return -EMFILE;
  }
  return writeWords(space, call.args[0], [reader, writer], 4) ? 0 : -EFAULT;
}

const F_DUPFD = 0;
const F_GETFD = 1;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const F_SETOWN = 8;
const F_GETOWN = 9;
const F_DUPFD_CLOEXEC = 1030;
const F_SETPIPE_SZ = 1031;
const F_GETPIPE_SZ = 1032;
const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;

function fcntl(call: Call): number {
  const { process } = call;
  const [number, command, argument] = call.args;
  const open = openFileAt(process, number);
  const descriptor = process.descriptors[number];
  if (open === undefined || descriptor === undefined) return -EBADF;
  if (isLockCommand(command)) return lockRange(call, open, command);
  switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      if (argument >= mostFiles(call)) return -EINVAL;
      return install(call, open, command === F_DUPFD_CLOEXEC, argument);
    case F_GETFD:
      return descriptor.closeOnExec ? 1 : 0;
    case F_SETFD:
      descriptor.closeOnExec = (argument & 1) !== 0;
      return 0;
    case F_GETFL:
      // What open(2) of 64-bit programs sets, without being asked to.
      return open.flags | (call.wordBytes === 8 && open.node.kind === "file" ? 0o100000 : 0);
    case F_SETFL:
      open.flags = (open.flags & ~(O_APPEND | O_NONBLOCK)) | (argument & (O_APPEND | O_NONBLOCK));
      return 0;
    case F_SETOWN:
      return 0;
    case F_GETOWN:
      return process.pid;
    case F_SETPIPE_SZ:
    case F_GETPIPE_SZ: {
      const { node } = open;
      if (node.kind !== "pipe" || node.buffer === undefined) return -EBADF;
      if (command === F_SETPIPE_SZ)
        node.buffer.capacity = Math.min(Math.max(argument, node.buffer.length, 4096), 0x10_0000);
      return node.buffer.capacity;
    }
    case F_ADD_SEALS:
      return addSeals(open, argument);
    case F_GET_SEALS:
      return open.node.kind === "file" ? (open.node.seals ?? -EINVAL) : -EINVAL;
    default:
      return -EINVAL;
  }
}

function closeRange({ process }: Call, first: number, last: number, flags: number): number {
  for (let number = first; number < process.descriptors.length && number <= last; number++) {
    const it = process.descriptors[number];
    if (it === undefined) continue;
    if ((flags & 4) !== 0) it.closeOnExec = true;
    else close(process, number);
  }
  return 0;
}

/** What is no file on a disk cannot be brought there (fs/sync.c). */
function fsync({ process, args }: Call): number {
  const open = openFileAt(process, args[0]);
  if (open === undefined) return -EBADF;
  const { kind } = open.node;
  return open.special === undefined && (kind === "file" || kind === "directory") ? 0 : -EINVAL;
}

const isOpen = ({ process, args }: Call): number => (openFileAt(process, args[0]) === undefined ? -EBADF : 0);

export const FILE_CALLS: readonly CallRow[] = [
  row("read", 0, 3, "fd out size", read, "reads up to {3} bytes from descriptor {1}"),
  row("write", 1, 4, "fd in size", write, "writes {3} bytes to descriptor {1}"),
  row("open", 2, 5, "path flags mode", open, "opens {1}"),
  row("openat", 257, 295, "fd path flags mode", openat, "opens {2}"),
  row("creat", 85, 8, "path mode", creat, "makes the file {1}, or empties it, and opens it"),
  row("openat2", 437, 437, "fd path address size", refuse(ENOSYS), "opens {2} with rules; programs do without it"),
  row("close", 3, 6, "fd", ({ process, args }) => close(process, args[0]), "closes descriptor {1}"),
  row(
    "close_range",
    436,
    436,
    "unsigned unsigned flags",
    (call) => closeRange(call, call.args[0], call.args[1], call.args[2]),
    "closes descriptors {1} to {2}",
  ),
  row("pread64", 17, 180, "fd out size wide", pread, "reads up to {3} bytes from descriptor {1} at {4}"),
  row("pwrite64", 18, 181, "fd in size wide", pwrite, "writes {3} bytes to descriptor {1} at {4}"),
  row("readv", 19, 145, "fd address int", (call) => readPieces(call), "reads from descriptor {1} into {3} places"),
  row("writev", 20, 146, "fd address int", (call) => writePieces(call), "writes {3} pieces to descriptor {1}"),
  row(
    "preadv",
    295,
    333,
    "fd address int wide",
    (call) => readPieces(call, call.args[3]),
    "reads from descriptor {1} at {4} into {3} places",
  ),
  row(
    "pwritev",
    296,
    334,
    "fd address int wide",
    (call) => writePieces(call, call.args[3]),
    "writes {3} pieces to descriptor {1} at {4}",
  ),
  ...([327, -1] as const).map((wide) =>
    row(
      "preadv2",
      wide,
      wide < 0 ? 378 : -1,
      wide < 0 ? "fd address int wide flags" : "fd address int wide size flags",
      (call) => piecesWith(call, call.args[3], call.args[call.args.length - 1], readPieces),
      "reads from descriptor {1} at {4} into {3} places",
    ),
  ),
  ...([328, -1] as const).map((wide) =>
    row(
      "pwritev2",
      wide,
      wide < 0 ? 379 : -1,
      wide < 0 ? "fd address int wide flags" : "fd address int wide size flags",
      (call) => piecesWith(call, call.args[3], call.args[call.args.length - 1], writePieces),
      "writes {3} pieces to descriptor {1} at {4}",
    ),
  ),
  row("lseek", 8, 19, "fd offset int", lseek, "moves where descriptor {1} stands by {2}"),
  row("_llseek", -1, 140, "fd unsigned unsigned address int", llseek, "moves where descriptor {1} stands"),
  row("dup", 32, 41, "fd", dup, "gives descriptor {1} a second number"),
  row("dup2", 33, 63, "fd fd", dup2, "makes {2} the same file as descriptor {1}"),
  row("dup3", 292, 330, "fd fd flags", dup3, "makes {2} the same file as descriptor {1}"),
  row("pipe", 22, 42, "address", (call) => makePipe(call, 0), "makes a pipe"),
  row("pipe2", 293, 331, "address flags", (call) => makePipe(call, call.args[1]), "makes a pipe"),
  row("fcntl", 72, 55, "fd int size", fcntl, "asks or tells something about descriptor {1}"),
  row("fcntl64", -1, 221, "fd int size", fcntl, "asks or tells something about descriptor {1}"),
  row("fsync", 74, 118, "fd", fsync, "waits until descriptor {1} is on the disk"),
  row("fdatasync", 75, 148, "fd", fsync, "waits until descriptor {1} is on the disk"),
  row("sync", 162, 36, "", nothing, "waits until all files are on the disk"),
  row("syncfs", 306, 344, "fd", isOpen, "waits until the files of a file system are on the disk"),
  row("sync_file_range", 277, 314, "fd wide wide flags", isOpen, "waits until a part of descriptor {1} is on the disk"),
  row("fadvise64", 221, 250, "fd wide size int", isOpen, "tells how descriptor {1} will be read"),
  row("fadvise64_64", -1, 272, "fd wide wide int", isOpen, "tells how descriptor {1} will be read"),
  row("readahead", 187, 225, "fd wide size", isOpen, "reads a part of descriptor {1} before it is needed"),
];
