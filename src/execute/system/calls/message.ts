// System calls that send and receive through sockets, with descriptors and credentials beside the bytes (net/socket.c, net/core/scm.c); and
// socketcall, by which i386 asks for any call about sockets.

import {
  EBADF,
  EFAULT,
  EINVAL,
  EISCONN,
  EMSGSIZE,
  ENOTCONN,
  EOPNOTSUPP,
  EPERM,
  EPIPE,
  ERESTARTSYS,
} from "../../files/errno.ts";
import { mayWrite, readBytes, writeBytes } from "../../memory/address-space.ts";
import { install, openFileAt } from "../descriptors.ts";
import { type CallRow, putWord, readSigned, readWords, row, writeWords } from "../row.ts";
import { plainSignal, raise, SI_USER, SIGPIPE } from "../signal-numbers.ts";
import {
  type Credentials,
  type Envelope,
  type Received,
  receive,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOCKET_CAPACITY,
  type SocketEnd,
  send,
} from "../sockets.ts";
import type { Call, OpenFile } from "../state.ts";
import { leave } from "../streams.ts";
import { bytesToCome } from "../waiting-bytes.ts";
import {
  addressBytes,
  credentialsOf,
  type Found,
  maySend,
  putAddress,
  SOCKET_CALLS,
  socketAt,
  socketNamed,
} from "./socket.ts";

const MSG_OOB = 1;
const MSG_PEEK = 2;
const MSG_CTRUNC = 8;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const MSG_WAITALL = 0x100;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x4000_0000;

/** Sends, waiting in the middle if there is no room. */
function sendBytes(call: Call, { end, waits }: Found, bytes: Uint8Array, flags: number, envelope: Envelope): number {
  const { task, process } = call;
  if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP;
  const mayWait = waits && (flags & MSG_DONTWAIT) === 0;
  const sent = send(end, bytes, task.progress, mayWait, envelope);
  if (sent === -EPIPE && end.type === SOCK_STREAM && (flags & MSG_NOSIGNAL) === 0)
    raise(task, plainSignal(SIGPIPE, SI_USER, process));
  if (sent >= 0 && sent < bytes.length && mayWait) {
    task.progress = sent;
    return -ERESTARTSYS;
  }
  return sent;
}

/** Who gets a message that names somebody; undefined: whoever it is connected to; an errno. */
function receiverOf(call: Call, end: SocketEnd, name: number, size: number): SocketEnd | undefined | number {
  if (name === 0 || size === 0) return undefined;
  if (end.type === SOCK_STREAM) return end.isConnected ? -EISCONN : -EOPNOTSUPP;
  // A sequence goes where it is connected to.
  if (end.type !== SOCK_DGRAM) return end.isConnected ? undefined : -ENOTCONN;
  const to = socketNamed(call, name, size, end.type);
  if (typeof to === "number") return to;
  return maySend(end, to) ? to : -EPERM;
}

function sendto(call: Call): number {
  const [, address, count, flags, name, nameSize] = call.args;
  const found = socketAt(call);
  if (typeof found === "number") return found;
  const to = receiverOf(call, found.end, name, nameSize);
  if (typeof to === "number") return to;
  const bytes = readBytes(call.space, address, Math.min(count, MOST));
  if (bytes === undefined) return -EFAULT;
  return sendBytes(call, found, bytes, flags, { from: credentialsOf(call), rights: [], to });
}

/** No call moves more at once. */
const MOST = 0x400_0000;

function receiveBytes({ end, waits }: Found, count: number, flags: number): Received | number {
  // None can have been sent.
  if ((flags & MSG_OOB) !== 0) return end.type === SOCK_STREAM ? -EINVAL : -EOPNOTSUPP;
  const mayWait = waits && (flags & MSG_DONTWAIT) === 0;
  // All of it, unless nothing more comes.
  const isAll = (flags & MSG_WAITALL) !== 0 && (flags & MSG_PEEK) === 0 && end.type === SOCK_STREAM && end.isConnected;
  if (isAll && mayWait && end.waiting < count && !end.noMoreIn && end.waiting < SOCKET_CAPACITY) return -ERESTARTSYS;
  return receive(end, count, (flags & MSG_PEEK) !== 0, mayWait);
}

/** Descriptors that nobody wants. */
function drop(rights: readonly OpenFile[], flags: number): void {
  if ((flags & MSG_PEEK) === 0) for (const open of rights) leave(open);
}

function recvfrom(call: Call): number {
  const [, address, count, flags, nameAt, lengthAt] = call.args;
  const found = socketAt(call);
  if (typeof found === "number") return found;
  const most = Math.min(count, MOST);
  if (!mayWrite(call.space, address, bytesToCome(call.system, found.open, most))) return -EFAULT;
  const received = receiveBytes(found, most, flags);
  if (typeof received === "number") return received;
  const { bytes, length, rights, packet } = received;
  drop(rights, flags);
  if (!writeBytes(call.space, address, bytes)) return -EFAULT;
  if (nameAt !== 0 && lengthAt !== 0) {
    const name = packet?.sender.name;
    // Who has no name is not told of: no bytes at all.
    const failed =
      name === undefined
        ? writeWords(call.space, lengthAt, [0], 4)
          ? 0
          : -EFAULT
        : putAddress(call, nameAt, lengthAt, name);
    if (failed < 0) return failed;
  }
  return (flags & MSG_TRUNC) !== 0 && found.end.type !== SOCK_STREAM ? length : bytes.length;
}

/** struct msghdr: name, its length, pieces, their count, control data, its length, flags; a word each. */
interface Message {
  readonly name: number;
  readonly nameSize: number;
  readonly pieces: readonly (readonly [address: number, size: number])[];
  readonly control: number;
  readonly controlSize: number;
}

function messageAt({ space, wordBytes }: Call, address: number): Message | number {
  const words = readWords(space, address, 7, wordBytes);
  if (words === undefined) return -EFAULT;
  const [name, nameSize, list, count, control, controlSize] = words;
  if (count > 1024) return -EMSGSIZE;
  const pieces = readWords(space, list, 2 * count, wordBytes);
  if (pieces === undefined) return -EFAULT;
  return {
    name,
    // socklen_t; what stands behind it is nobody's.
    nameSize: nameSize % 2 ** 32,
    pieces: Array.from({ length: count }, (_, index) => [pieces[2 * index], pieces[2 * index + 1]]),
    control,
    controlSize,
  };
}

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const SCM_CREDENTIALS = 2;
/** SCM_MAX_FD. */
const MOST_RIGHTS = 253;
const LONGEST_CONTROL = 0x1_0000;

/** What control data says: descriptors to be passed on, and who one says that one is. */
function controlOf(call: Call, { control, controlSize }: Message): Omit<Envelope, "to"> | number {
  const { process, space, wordBytes } = call;
  const rights: OpenFile[] = [];
  let from: Credentials = credentialsOf(call);
  if (control === 0 || controlSize === 0) return { from, rights };
  if (controlSize > LONGEST_CONTROL) return -EINVAL;
  // struct cmsghdr: a word with its length, level and type; aligned to words.
  const head = wordBytes + 8;
  for (let at = 0; at + head <= controlSize; ) {
    const [length] = readWords(space, control + at, 1, wordBytes) ?? [0];
    const kind = readSigned(space, control + at + wordBytes, 2, 4);
    if (kind === undefined) return -EFAULT;
    if (length < head || at + length > controlSize) return -EINVAL;
    const [level, type] = kind;
    const words = readSigned(space, control + at + head, Math.floor((length - head) / 4), 4);
    if (words === undefined) return -EFAULT;
    if (level === SOL_SOCKET && type === SCM_RIGHTS) {
      for (const number of words) {
        const open = openFileAt(process, number);
        if (open === undefined) return -EBADF;
        rights.push(open);
      }
      if (rights.length > MOST_RIGHTS) return -EINVAL;
    } else if (level === SOL_SOCKET && type === SCM_CREDENTIALS) {
      if (words.length !== 3) return -EINVAL;
      const isOwn = words.every((id, index) => id === from[index]);
      if (!isOwn && process.who.user !== 0) return -EPERM;
      from = [words[0], words[1], words[2]];
    } else if (level === SOL_SOCKET) return -EINVAL;
    at += Math.ceil(length / wordBytes) * wordBytes;
  }
  return { from, rights };
}

function sendMessage(call: Call, found: Found, address: number, flags: number): number {
  const message = messageAt(call, address);
  if (typeof message === "number") return message;
  const beside = controlOf(call, message);
  if (typeof beside === "number") return beside;
  const to = receiverOf(call, found.end, message.name, message.nameSize);
  if (typeof to === "number") return to;
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
  return sendBytes(call, found, bytes, flags, { ...beside, to });
}

function sendmsg(call: Call): number {
  const found = socketAt(call);
  return typeof found === "number" ? found : sendMessage(call, found, call.args[1], call.args[2]);
}

/** Writes control data. @returns how long it is, and whether it was cut off; undefined: EFAULT */
function putControl(
  call: Call,
  { control, controlSize }: Message,
  end: SocketEnd,
  { rights, packet }: Received,
  flags: number,
): { size: number; isCut: boolean } | undefined {
  const { space, wordBytes } = call;
  const head = wordBytes + 8;
  const room = control === 0 ? 0 : controlSize;
  let size = 0;
  let isCut = false;
  const put = (type: number, words: readonly number[]): boolean => {
    const view = new DataView(new ArrayBuffer(head + 4 * words.length));
    putWord(view, 0, view.byteLength, wordBytes);
    view.setInt32(wordBytes, SOL_SOCKET, true);
    view.setInt32(wordBytes + 4, type, true);
    for (const [index, word] of words.entries()) view.setInt32(head + 4 * index, word, true);
    if (!writeBytes(space, control + size, new Uint8Array(view.buffer))) return false;
    size += Math.min(Math.ceil(view.byteLength / wordBytes) * wordBytes, room - size);
    return true;
  };
  if (end.isToldWho && packet !== undefined) {
    if (room < head + 12) isCut = true;
    else if (!put(SCM_CREDENTIALS, packet.from)) return undefined;
  }
  const fitting = Math.max(0, Math.min(rights.length, Math.floor((room - size - head) / 4)));
  const numbers: number[] = [];
  for (const open of rights.slice(0, fitting)) {
    const number = install(call, open, (flags & MSG_CMSG_CLOEXEC) !== 0);
    if (number < 0) break;
    numbers.push(number);
  }
  if (numbers.length < rights.length) isCut = true;
  drop(rights, flags);
  if (numbers.length > 0 && !put(SCM_RIGHTS, numbers)) return undefined;
  return { size, isCut };
}

function receiveMessage(call: Call, found: Found, address: number, flags: number): number {
  const { space, wordBytes } = call;
  const message = messageAt(call, address);
  if (typeof message === "number") return message;
  const total = message.pieces.reduce((sum, [, size]) => sum + size, 0);
  let left = bytesToCome(call.system, found.open, total);
  for (const [start, size] of message.pieces) {
    if (!mayWrite(space, start, Math.min(size, left))) return -EFAULT;
    left -= Math.min(size, left);
  }
  const received = receiveBytes(found, Math.min(total, MOST), flags);
  if (typeof received === "number") return received;
  const { bytes, length, packet } = received;
  let done = 0;
  for (const [start, size] of message.pieces) {
    if (!writeBytes(space, start, bytes.subarray(done, done + size))) return -EFAULT;
    done += size;
  }
  const control = putControl(call, message, found.end, received, flags);
  if (control === undefined) return -EFAULT;
  const isCut = found.end.type !== SOCK_STREAM && length > bytes.length;
  const name = packet?.sender.name === undefined ? new Uint8Array(0) : addressBytes(packet.sender.name);
  const told = (isCut ? MSG_TRUNC : 0) | (control.isCut ? MSG_CTRUNC : 0) | ((flags & MSG_CMSG_CLOEXEC) >>> 0);
  const isTold =
    (message.name === 0 || writeBytes(space, message.name, name.subarray(0, message.nameSize))) &&
    (message.name === 0 || writeWords(space, address + wordBytes, [name.length], 4)) &&
    writeWords(space, address + 5 * wordBytes, [control.size], wordBytes) &&
    writeWords(space, address + 6 * wordBytes, [told], 4);
  if (!isTold) return -EFAULT;
  return isCut && (flags & MSG_TRUNC) !== 0 ? length : bytes.length;
}

function recvmsg(call: Call): number {
  const found = socketAt(call);
  return typeof found === "number" ? found : receiveMessage(call, found, call.args[1], call.args[2]);
}

const MSG_WAITFORONE = 0x1_0000;

/** struct mmsghdr: a message, and how much of it was moved. */
const several =
  (move: (call: Call, found: Found, address: number, flags: number) => number, isReceiving: boolean) =>
  (call: Call): number => {
    const [, address, count, flags] = call.args;
    const found = socketAt(call);
    if (typeof found === "number") return found;
    const stride = 8 * call.wordBytes;
    const most = Math.min(count, 1024);
    for (let at = 0; at < most; at++) {
      // To wait in the middle would lose what has been moved.
      const isWaiting = at === 0 && (!isReceiving || (flags & MSG_DONTWAIT) === 0);
      const own = isWaiting ? flags & ~MSG_WAITFORONE : (flags & ~MSG_WAITFORONE) | MSG_DONTWAIT;
      const moved = move(call, found, address + at * stride, own);
      if (moved < 0) return at === 0 ? moved : at;
      if (!writeWords(call.space, address + at * stride + 7 * call.wordBytes, [moved], 4)) return -EFAULT;
    }
    return most;
  };

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
  const found = [...SOCKET_CALLS, ...MESSAGE_CALLS].find(({ name }) => name === meant[0]);
  return found === undefined ? -EOPNOTSUPP : found.does({ ...call, args });
}

export const MESSAGE_CALLS: readonly CallRow[] = [
  row("socketcall", -1, 102, "int address", socketcall, "asks something about sockets"),
  row("sendto", 44, 369, "fd in size flags address size", sendto, "sends {3} bytes to {1}"),
  row("recvfrom", 45, 371, "fd out size flags address address", recvfrom, "receives from {1}"),
  row("sendmsg", 46, 370, "fd address flags", sendmsg, "sends to {1}"),
  row("recvmsg", 47, 372, "fd address flags", recvmsg, "receives from {1}"),
  row("sendmmsg", 307, 345, "fd address unsigned flags", several(sendMessage, false), "sends to {1}"),
  row("recvmmsg", 299, 337, "fd address unsigned flags address", several(receiveMessage, true), "receives from {1}"),
  row(
    "recvmmsg_time64",
    -1,
    417,
    "fd address unsigned flags address",
    several(receiveMessage, true),
    "receives from {1}",
  ),
];
