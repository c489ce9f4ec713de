// System calls about sockets: pairs that are connected to each other (sockets.ts). There is no network, and nobody else to talk to.

import {
  EAFNOSUPPORT,
  EBADF,
  EFAULT,
  EINVAL,
  EISCONN,
  EMFILE,
  EMSGSIZE,
  ENOPROTOOPT,
  ENOTSOCK,
  EOPNOTSUPP,
  EPIPE,
  EPROTONOSUPPORT,
  ERESTARTSYS,
  ESOCKTNOSUPPORT,
} from "../../files/errno.ts";
import { newPipe } from "../../files/tree.ts";
import { mayWrite, readBytes, writeBytes } from "../../memory/address-space.ts";
import { clockOf } from "../clock.ts";
import { close, describe, install, openFileAt } from "../descriptors.ts";
import { O_CLOEXEC, O_NONBLOCK, O_RDWR } from "../open-flags.ts";
import { type CallRow, readWords, refuse, row, writeWords } from "../row.ts";
import { plainSignal, raise, SI_USER, SIGPIPE } from "../signal-numbers.ts";
import {
  type Received,
  receive,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOCKET_CAPACITY,
  type SocketEnd,
  send,
  shutDown,
  socketPair,
} from "../sockets.ts";
import type { Call } from "../state.ts";

const AF_UNIX = 1;
const TYPE_MASK = 15;

function socketpair(call: Call): number {
  const { system, process, space, args } = call;
  const [domain, kind, protocol, address] = args;
  if (domain !== AF_UNIX) return -EAFNOSUPPORT;
  const type = kind & TYPE_MASK;
  if ((kind & ~TYPE_MASK & ~(O_CLOEXEC | O_NONBLOCK)) !== 0) return -EINVAL;
  // AF_UNIX' only protocol has its own number too.
  if (protocol !== 0 && protocol !== AF_UNIX) return -EPROTONOSUPPORT;
  if (type !== SOCK_STREAM && type !== SOCK_DGRAM && type !== SOCK_SEQPACKET) return -ESOCKTNOSUPPORT;
  if (!mayWrite(space, address, 8)) return -EFAULT;
  const { who, pid } = process;
  const numbers: number[] = [];
  for (const end of socketPair(type, [pid, who.user, who.group])) {
    const node = newPipe(system.tree.lower, clockOf(system), 0o777, who, "socket");
    const open = describe(node, `socket:[${node.inode}]`, O_RDWR | (kind & O_NONBLOCK), end);
    const number = install(call, open, (kind & O_CLOEXEC) !== 0);
    if (number >= 0) numbers.push(number);
  }
  if (numbers.length === 2) return writeWords(space, address, numbers, 4) ? 0 : -EFAULT;
  for (const number of numbers) close(process, number);
  return -EMFILE;
}

interface Found {
  readonly end: SocketEnd;
  /** Its descriptor waits. */
  readonly waits: boolean;
}

function socketAt({ process, args }: Call): Found | number {
  const open = openFileAt(process, args[0]);
  if (open === undefined) return -EBADF;
  if (open.special?.kind !== "socket") return -ENOTSOCK;
  return { end: open.special, waits: (open.flags & O_NONBLOCK) === 0 };
}

/** A call that a pair refuses, whatever it is asked. */
const refusing =
  (errno: number) =>
  (call: Call): number => {
    const found = socketAt(call);
    return typeof found === "number" ? found : -errno;
  };

const MSG_OOB = 1;
const MSG_PEEK = 2;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const MSG_WAITALL = 0x100;
const MSG_NOSIGNAL = 0x4000;

/** Sends, waiting in the middle if there is no room. */
function sendBytes(call: Call, { end, waits }: Found, bytes: Uint8Array, flags: number): number {
  const { task, process } = call;
  if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
  const mayWait = waits && (flags & MSG_DONTWAIT) === 0;
  const sent = send(end, bytes, task.progress, mayWait);
  if (sent === -EPIPE && end.type === SOCK_STREAM && (flags & MSG_NOSIGNAL) === 0)
    raise(task, plainSignal(SIGPIPE, SI_USER, process));
  if (sent >= 0 && sent < bytes.length && mayWait) {
    task.progress = sent;
    return -ERESTARTSYS;
  }
  return sent;
}

function sendto(call: Call): number {
  const [, address, count, flags, name] = call.args;
  const found = socketAt(call);
  if (typeof found === "number") return found;
  // It is connected: nobody else can be meant.
  if (name !== 0) return found.end.type === SOCK_STREAM ? -EISCONN : -EOPNOTSUPP;
  const bytes = readBytes(call.space, address, Math.min(count, MOST));
  return bytes === undefined ? -EFAULT : sendBytes(call, found, bytes, flags);
}

/** No call moves more at once. */
const MOST = 0x400_0000;

function receiveBytes({ end, waits }: Found, count: number, flags: number): Received | number {
  // None can have been sent.
  if ((flags & MSG_OOB) !== 0) return end.type === SOCK_STREAM ? -EINVAL : -EOPNOTSUPP;
  const mayWait = waits && (flags & MSG_DONTWAIT) === 0;
  // All of it, unless nothing more comes.
  const isAll = (flags & MSG_WAITALL) !== 0 && (flags & MSG_PEEK) === 0 && end.type === SOCK_STREAM;
  if (isAll && mayWait && end.waiting < count && !end.noMoreIn && end.waiting < SOCKET_CAPACITY) return -ERESTARTSYS;
  return receive(end, count, (flags & MSG_PEEK) !== 0, mayWait);
}

function recvfrom(call: Call): number {
  const [, address, count, flags, , lengthAt] = call.args;
  const found = socketAt(call);
  if (typeof found === "number") return found;
  const most = Math.min(count, MOST);
  if (most > 0 && !mayWrite(call.space, address, Math.min(most, 0x1_0000))) return -EFAULT;
  const received = receiveBytes(found, most, flags);
  if (typeof received === "number") return received;
  const { bytes, length } = received;
  if (!writeBytes(call.space, address, bytes)) return -EFAULT;
  // The other one has no name.
  if (lengthAt !== 0 && !writeWords(call.space, lengthAt, [0], 4)) return -EFAULT;
  return (flags & MSG_TRUNC) !== 0 && found.end.type !== SOCK_STREAM ? length : bytes.length;
}

/** struct msghdr: name, its length, pieces, their count, control data, its length, flags; a word each. */
interface Message {
  readonly pieces: readonly (readonly [address: number, size: number])[];
  readonly name: number;
  readonly control: number;
}

function messageAt({ space, wordBytes }: Call, address: number): Message | number {
  const words = readWords(space, address, 7, wordBytes);
  if (words === undefined) return -EFAULT;
  const [name, , list, count, , control] = words;
  if (count > 1024) return -EMSGSIZE;
  const pieces = readWords(space, list, 2 * count, wordBytes);
  if (pieces === undefined) return -EFAULT;
  return {
    name,
    control,
    pieces: Array.from({ length: count }, (_, index) => [pieces[2 * index], pieces[2 * index + 1]]),
  };
}

function sendMessage(call: Call, found: Found, address: number, flags: number): number {
  const message = messageAt(call, address);
  if (typeof message === "number") return message;
  if (message.name !== 0) return found.end.type === SOCK_STREAM ? -EISCONN : -EOPNOTSUPP;
  // Descriptors and credentials are not passed on.
  if (message.control > 0) return -EOPNOTSUPP;
  const total = message.pieces.reduce((sum, [, size]) => sum + size, 0);
  if (total > MOST) return -EINVAL;
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const [start, size] of message.pieces) {
    const part = readBytes(call.space, start, size);
    if (part === undefined) return -EFAULT;
    bytes.set(part, at);
    at += size;
  }
  return sendBytes(call, found, bytes, flags);
}

function sendmsg(call: Call): number {
  const found = socketAt(call);
  return typeof found === "number" ? found : sendMessage(call, found, call.args[1], call.args[2]);
}

function recvmsg(call: Call): number {
  const { space, args, wordBytes } = call;
  const [, address, flags] = args;
  const found = socketAt(call);
  if (typeof found === "number") return found;
  const message = messageAt(call, address);
  if (typeof message === "number") return message;
  const total = message.pieces.reduce((sum, [, size]) => sum + size, 0);
  for (const [start, size] of message.pieces)
    if (size > 0 && !mayWrite(space, start, Math.min(size, 0x1_0000))) return -EFAULT;
  const received = receiveBytes(found, Math.min(total, MOST), flags);
  if (typeof received === "number") return received;
  const { bytes, length } = received;
  let done = 0;
  for (const [start, size] of message.pieces) {
    if (!writeBytes(space, start, bytes.subarray(done, done + size))) return -EFAULT;
    done += size;
  }
  const isCut = found.end.type !== SOCK_STREAM && length > bytes.length;
  // No name, no control data.
  const isTold =
    writeWords(space, address + wordBytes, [0], 4) &&
    writeWords(space, address + 5 * wordBytes, [0], wordBytes) &&
    writeWords(space, address + 6 * wordBytes, [isCut ? MSG_TRUNC : 0], 4);
  if (!isTold) return -EFAULT;
  return isCut && (flags & MSG_TRUNC) !== 0 ? length : bytes.length;
}

/** struct mmsghdr: a message, and how much of it was sent. */
function sendmmsg(call: Call): number {
  const [, address, count, flags] = call.args;
  const found = socketAt(call);
  if (typeof found === "number") return found;
  const stride = 8 * call.wordBytes;
  for (let at = 0; at < Math.min(count, 1024); at++) {
    const sent = sendMessage(call, found, address + at * stride, at === 0 ? flags : flags | MSG_DONTWAIT);
    if (sent < 0) return at === 0 ? sent : at;
    if (!writeWords(call.space, address + at * stride + 7 * call.wordBytes, [sent], 4)) return -EFAULT;
  }
  return Math.min(count, 1024);
}

function shutdown(call: Call): number {
  const found = socketAt(call);
  if (typeof found === "number") return found;
  const how = call.args[1];
  if (how < 0 || how > 2) return -EINVAL;
  shutDown(found.end, how !== 1, how !== 0);
  return 0;
}

/** A name of AF_UNIX that has none: its family alone. */
function nameOf(call: Call): number {
  const found = socketAt(call);
  if (typeof found === "number") return found;
  const { space, args } = call;
  const room = readWords(space, args[2], 1, 4);
  if (room === undefined) return -EFAULT;
  if ((room[0] | 0) < 0) return -EINVAL;
  const isTold =
    writeBytes(space, args[1], Uint8Array.of(AF_UNIX, 0).subarray(0, room[0])) && writeWords(space, args[2], [2], 4);
  return isTold ? 0 : -EFAULT;
}

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;

/** By SO_*: what is answered. */
function optionOf(end: SocketEnd, option: number): readonly number[] | undefined {
  switch (option) {
    case 3:
      return [end.type];
    case 4: {
      const { failure } = end;
      end.failure = 0;
      return [failure];
    }
    // SO_SNDBUF, SO_RCVBUF.
    case 7:
    case 8:
      return [SOCKET_CAPACITY];
    case SO_PEERCRED:
      return end.maker;
    // SO_PROTOCOL, SO_DOMAIN.
    case 38:
      return [0];
    case 39:
      return [AF_UNIX];
    default:
      return SETTABLE.includes(option) || option === SO_ACCEPTCONN ? [0] : undefined;
  }
}

const SO_ACCEPTCONN = 30;
/** SO_DEBUG, SO_REUSEADDR, SO_DONTROUTE, SO_BROADCAST, SO_SNDBUF, SO_RCVBUF, SO_KEEPALIVE, SO_PRIORITY: nothing comes of them here. */
const SETTABLE: readonly number[] = [1, 2, 5, 6, 7, 8, 9, 12];

function getsockopt(call: Call): number {
  const found = socketAt(call);
  if (typeof found === "number") return found;
  const { space, args } = call;
  const [, level, option, address, lengthAt] = args;
  const room = readWords(space, lengthAt, 1, 4);
  if (room === undefined) return -EFAULT;
  if ((room[0] | 0) < 0) return -EINVAL;
  if (level !== SOL_SOCKET) return -EOPNOTSUPP;
  const words = optionOf(found.end, option);
  if (words === undefined) return -ENOPROTOOPT;
  const bytes = new Uint8Array(new Int32Array(words).buffer).subarray(0, room[0]);
  return writeBytes(space, address, bytes) && writeWords(space, lengthAt, [bytes.length], 4) ? 0 : -EFAULT;
}

function setsockopt(call: Call): number {
  const found = socketAt(call);
  if (typeof found === "number") return found;
  const [, level, option] = call.args;
  if (level !== SOL_SOCKET) return -EOPNOTSUPP;
  return SETTABLE.includes(option) ? 0 : -ENOPROTOOPT;
}

/** By socketcall's number: what it is, and how many words it takes (net/socket.c). */
const NUMBERED: readonly (readonly [name: string, words: number])[] = [
  ["socket", 3],
  ["bind", 3],
  ["connect", 3],
  ["listen", 2],
  ["accept", 3],
  ["getsockname", 3],
  ["getpeername", 3],
  ["socketpair", 4],
  ["sendto", 4],
  ["recvfrom", 4],
  ["sendto", 6],
  ["recvfrom", 6],
  ["shutdown", 2],
  ["setsockopt", 5],
  ["getsockopt", 5],
  ["sendmsg", 3],
  ["recvmsg", 3],
  ["accept4", 4],
  ["recvmmsg", 5],
  ["sendmmsg", 4],
];

/** socketcall(2) of i386: the call's number, and its arguments in memory. */
function socketcall(call: Call): number {
  const [number, address] = call.args;
  const meant: readonly [string, number] | undefined = NUMBERED[number - 1];
  if (meant === undefined) return -EINVAL;
  const words = readWords(call.space, address, meant[1], 4);
  if (words === undefined) return -EFAULT;
  // Numbers of descriptors are signed.
  const args = [words[0] | 0, ...words.slice(1), 0, 0].slice(0, 6);
  const found = SOCKET_CALLS.find(({ name }) => name === meant[0]);
  return found === undefined ? -EOPNOTSUPP : found.does({ ...call, args });
}

export const SOCKET_CALLS: readonly CallRow[] = [
  row("socket", 41, 359, "int int int", refuse(EAFNOSUPPORT), "asks for a socket; there is no network"),
  row("socketpair", 53, 360, "int int int address", socketpair, "makes two sockets that are connected to each other"),
  row("socketcall", -1, 102, "int address", socketcall, "asks something about sockets"),
  row("connect", 42, 362, "fd address size", refusing(EISCONN), "connects {1}"),
  row("accept", 43, -1, "fd address address", refusing(EINVAL), "accepts a connection to {1}"),
  row("accept4", 288, 364, "fd address address flags", refusing(EINVAL), "accepts a connection to {1}"),
  row("bind", 49, 361, "fd address size", refusing(EOPNOTSUPP), "gives {1} an address"),
  row("listen", 50, 363, "fd int", refusing(EINVAL), "lets others connect to {1}"),
  row("getsockname", 51, 367, "fd address address", nameOf, "asks for the address of {1}"),
  row("getpeername", 52, 368, "fd address address", nameOf, "asks who {1} is connected to"),
  row("getsockopt", 55, 365, "fd int int address address", getsockopt, "asks about the socket {1}"),
  row("setsockopt", 54, 366, "fd int int address size", setsockopt, "sets something about the socket {1}"),
  row("sendto", 44, 369, "fd in size flags address size", sendto, "sends {3} bytes to {1}"),
  row("recvfrom", 45, 371, "fd out size flags address address", recvfrom, "receives from {1}"),
  row("sendmsg", 46, 370, "fd address flags", sendmsg, "sends to {1}"),
  row("recvmsg", 47, 372, "fd address flags", recvmsg, "receives from {1}"),
  row("sendmmsg", 307, 345, "fd address unsigned flags", sendmmsg, "sends to {1}"),
  row("shutdown", 48, 373, "fd int", shutdown, "ends a connection of {1}"),
];
