// System calls that make sockets, name and connect them (sockets.ts). Only those of AF_UNIX are there: there is no network.

import {
  EACCES,
  EADDRINUSE,
  EAFNOSUPPORT,
  EAGAIN,
  EBADF,
  ECONNREFUSED,
  EFAULT,
  EINVAL,
  EISCONN,
  EMFILE,
  ENOENT,
  ENOPROTOOPT,
  ENOTCONN,
  ENOTSOCK,
  EOPNOTSUPP,
  EPERM,
  EPROTONOSUPPORT,
  EPROTOTYPE,
  ERESTARTSYS,
  ESOCKTNOSUPPORT,
} from "../../files/errno.ts";
import { fromBytes, toBytes } from "../../files/names.ts";
import { enter, MAY_WRITE, newPipe, permits } from "../../files/tree.ts";
import { mayWrite, readBytes, writeBytes } from "../../memory/address-space.ts";
import { clockOf } from "../clock.ts";
import { close, describe, install, openFileAt } from "../descriptors.ts";
import { AT_FDCWD, O_CLOEXEC, O_NONBLOCK, O_RDWR } from "../open-flags.ts";
import { placeOf } from "../paths.ts";
import { type CallRow, readWords, row, writeWords } from "../row.ts";
import {
  type Credentials,
  join,
  newSocket,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOCKET_CAPACITY,
  type SocketEnd,
  shutDown,
  socketPair,
} from "../sockets.ts";
import type { Call, OpenFile } from "../state.ts";

const AF_UNSPEC = 0;
export const AF_UNIX = 1;
const TYPE_MASK = 15;
const SOCK_RAW = 3;

/** The type that is asked for, or an errno. */
function typeOf(domain: number, kind: number, protocol: number): number {
  if (domain !== AF_UNIX) return -EAFNOSUPPORT;
  if ((kind & ~TYPE_MASK & ~(O_CLOEXEC | O_NONBLOCK)) !== 0) return -EINVAL;
  // AF_UNIX' only protocol has its own number too.
  if (protocol !== 0 && protocol !== AF_UNIX) return -EPROTONOSUPPORT;
  const type = (kind & TYPE_MASK) === SOCK_RAW ? SOCK_DGRAM : kind & TYPE_MASK;
  return type === SOCK_STREAM || type === SOCK_DGRAM || type === SOCK_SEQPACKET ? type : -ESOCKTNOSUPPORT;
}

/** Gives a socket a descriptor. @param flags O_NONBLOCK, O_CLOEXEC */
function installSocket(call: Call, end: SocketEnd, flags: number): number {
  const { system, process } = call;
  const node = newPipe(system.tree.lower, clockOf(system), 0o777, process.who, "socket");
  const open = describe(node, `socket:[${node.inode}]`, O_RDWR | (flags & O_NONBLOCK), end);
  return install(call, open, (flags & O_CLOEXEC) !== 0);
}

export const credentialsOf = ({ process }: Call): Credentials => [process.pid, process.who.user, process.who.group];

function socket(call: Call): number {
  const [domain, kind, protocol] = call.args;
  const type = typeOf(domain, kind, protocol);
  return type < 0 ? type : installSocket(call, newSocket(type), kind);
}

function socketpair(call: Call): number {
  const { process, space, args } = call;
  const [domain, kind, protocol, address] = args;
  const type = typeOf(domain, kind, protocol);
  if (type < 0) return type;
  if (!mayWrite(space, address, 8)) return -EFAULT;
  const numbers: number[] = [];
  for (const end of socketPair(type, credentialsOf(call))) {
    const number = installSocket(call, end, kind);
    if (number >= 0) numbers.push(number);
  }
  if (numbers.length === 2) return writeWords(space, address, numbers, 4) ? 0 : -EFAULT;
  for (const number of numbers) close(process, number);
  return -EMFILE;
}

export interface Found {
  readonly open: OpenFile;
  readonly end: SocketEnd;
  /** Its descriptor waits. */
  readonly waits: boolean;
}

export function socketAt({ process, args }: Call): Found | number {
  const open = openFileAt(process, args[0]);
  if (open === undefined) return -EBADF;
  if (open.special?.kind !== "socket") return -ENOTSOCK;
  return { open, end: open.special, waits: (open.flags & O_NONBLOCK) === 0 };
}

/** struct sockaddr_un: the family, and 108 bytes of name. */
const LONGEST_ADDRESS = 110;

/** The name in an address: a path, a zero and an abstract name, or nothing; an errno. */
function nameIn({ space }: Call, address: number, size: number): string | number {
  if (size < 2 || size > LONGEST_ADDRESS) return -EINVAL;
  const bytes = readBytes(space, address, size);
  if (bytes === undefined) return -EFAULT;
  if ((bytes[0] | (bytes[1] << 8)) !== AF_UNIX) return -EINVAL;
  const name = fromBytes(bytes.subarray(2));
  const end = name.indexOf("\0", 1);
  return name.startsWith("\0") || end < 0 ? name : name.slice(0, end);
}

/** Writes an address; as much as there is room for, and how long it is. @param name undefined: none, the family alone */
export function putAddress({ space }: Call, address: number, lengthAt: number, name: string | undefined): number {
  const room = readWords(space, lengthAt, 1, 4);
  if (room === undefined) return -EFAULT;
  if ((room[0] | 0) < 0) return -EINVAL;
  const bytes = addressBytes(name);
  const isTold =
    writeBytes(space, address, bytes.subarray(0, room[0])) && writeWords(space, lengthAt, [bytes.length], 4);
  return isTold ? 0 : -EFAULT;
}

export function addressBytes(name: string | undefined): Uint8Array {
  // A path ends in a zero.
  const text = name === undefined ? "" : name.startsWith("\0") ? name : `${name}\0`;
  return Uint8Array.of(AF_UNIX, 0, ...toBytes(text));
}

function bind(call: Call): number {
  const { system, process, args } = call;
  const found = socketAt(call);
  if (typeof found === "number") return found;
  const { end } = found;
  const name = nameIn(call, args[1], args[2]);
  if (typeof name === "number") return name;
  if (end.name !== undefined) return name === "" ? 0 : -EINVAL;
  if (name === "" || name.startsWith("\0")) {
    const chosen = name === "" ? freeName(call) : name;
    const before = system.sockets.get(chosen);
    if (before !== undefined && !before.isClosed) return -EADDRINUSE;
    system.sockets.set(chosen, end);
    end.name = chosen;
    return 0;
  }
  const place = placeOf(call, AT_FDCWD, name, false);
  if (typeof place === "number") return place;
  if (place.node !== undefined) return -EADDRINUSE;
  const node = newPipe(system.tree.lower, clockOf(system), 0o777 & ~process.umask, process.who, "socket");
  const failed = enter(system.tree, place, node, process.who);
  if (failed < 0) return failed;
  node.bound = end;
  end.name = name;
  return 0;
}

/** An abstract name of five digits that nobody has (unix_autobind). */
function freeName({ system }: Call): string {
  for (let number = 1; ; number++) {
    const name = `\0${number.toString(16).padStart(5, "0")}`;
    if (system.sockets.get(name)?.isClosed !== false) return name;
  }
}

/** The socket that has the name in an address; an errno. */
export function socketNamed(call: Call, address: number, size: number, type: number): SocketEnd | number {
  const { system, process } = call;
  const name = nameIn(call, address, size);
  if (typeof name === "number") return name;
  if (name === "") return -EINVAL;
  let end: SocketEnd | undefined;
  if (name.startsWith("\0")) end = system.sockets.get(name);
  else {
    const place = placeOf(call, AT_FDCWD, name, true);
    if (typeof place === "number") return place;
    const { node } = place;
    if (node === undefined) return -ENOENT;
    if (!permits(node, process.who, MAY_WRITE)) return -EACCES;
    end = node.kind === "socket" ? node.bound : undefined;
  }
  if (end === undefined || end.isClosed) return -ECONNREFUSED;
  return end.type === type ? end : -EPROTOTYPE;
}

function connect(call: Call): number {
  const { space, args } = call;
  const found = socketAt(call);
  if (typeof found === "number") return found;
  const { end, waits } = found;
  const family = readBytes(space, args[1], 2);
  if (family === undefined) return -EFAULT;
  if (end.type === SOCK_DGRAM) {
    if (family[0] === AF_UNSPEC && family[1] === 0) {
      end.peer = undefined;
      end.isConnected = false;
      return 0;
    }
    const other = socketNamed(call, args[1], args[2], end.type);
    if (typeof other === "number") return other;
    if (!maySend(end, other)) return -EPERM;
    end.peer = other;
    end.isConnected = true;
    return 0;
  }
  const other = socketNamed(call, args[1], args[2], end.type);
  if (typeof other === "number") return other;
  if (other.backlog === undefined || other.noMoreIn) return -ECONNREFUSED;
  if (end.backlog !== undefined) return -EINVAL;
  if (end.isConnected) return -EISCONN;
  if (other.backlog.length > other.mostBacklog) return waits ? -ERESTARTSYS : -EAGAIN;
  const accepted = newSocket(end.type);
  accepted.name = other.name;
  accepted.isToldWho = other.isToldWho;
  join(end, accepted);
  accepted.other = credentialsOf(call);
  end.other = other.other;
  other.backlog.push(accepted);
  other.wakes.in++;
  return 0;
}

/** Whoever is connected gets messages from there only. */
export function maySend(end: SocketEnd, to: SocketEnd): boolean {
  return to.peer === undefined || to.peer === end;
}

/** SOMAXCONN. */
const MOST_BACKLOG = 4096;

function listen(call: Call): number {
  const found = socketAt(call);
  if (typeof found === "number") return found;
  const { end } = found;
  if (end.type === SOCK_DGRAM) return -EOPNOTSUPP;
  if (end.name === undefined || end.isConnected) return -EINVAL;
  end.backlog ??= [];
  end.mostBacklog = Math.min(call.args[1] >>> 0, MOST_BACKLOG);
  end.other = credentialsOf(call);
  return 0;
}

function accept(call: Call, flags: number): number {
  const [, address, lengthAt] = call.args;
  if ((flags & ~(O_NONBLOCK | O_CLOEXEC)) !== 0) return -EINVAL;
  const found = socketAt(call);
  if (typeof found === "number") return found;
  const { end, waits } = found;
  if (end.type === SOCK_DGRAM) return -EOPNOTSUPP;
  if (end.backlog === undefined) return -EINVAL;
  const accepted = end.backlog.shift();
  if (accepted === undefined) return end.noMoreIn ? -EINVAL : waits ? -ERESTARTSYS : -EAGAIN;
  const number = installSocket(call, accepted, flags);
  if (number < 0 || address === 0) return number;
  const failed = putAddress(call, address, lengthAt, accepted.peer?.name);
  if (failed === 0) return number;
  close(call.process, number);
  return failed;
}

function shutdown(call: Call): number {
  const found = socketAt(call);
  if (typeof found === "number") return found;
  const how = call.args[1];
  if (how < 0 || how > 2) return -EINVAL;
  shutDown(found.end, how !== 1, how !== 0);
  return 0;
}

function ownName(call: Call): number {
  const found = socketAt(call);
  if (typeof found === "number") return found;
  return putAddress(call, call.args[1], call.args[2], found.end.name);
}

function peerName(call: Call): number {
  const found = socketAt(call);
  if (typeof found === "number") return found;
  const { peer } = found.end;
  return peer === undefined ? -ENOTCONN : putAddress(call, call.args[1], call.args[2], peer.name);
}

const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_ERROR = 4;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_PASSCRED = 16;
const SO_PEERCRED = 17;
const SO_ACCEPTCONN = 30;
const SO_PROTOCOL = 38;
const SO_DOMAIN = 39;

/** By SO_*: what is answered. */
function optionOf(end: SocketEnd, option: number): readonly number[] | undefined {
  switch (option) {
    case SO_TYPE:
      return [end.type];
    case SO_ERROR: {
      const { failure } = end;
      end.failure = 0;
      return [failure];
    }
    case SO_SNDBUF:
    case SO_RCVBUF:
      return [SOCKET_CAPACITY];
    case SO_PASSCRED:
      return [end.isToldWho ? 1 : 0];
    case SO_PEERCRED:
      return end.other;
    case SO_ACCEPTCONN:
      return [end.backlog === undefined ? 0 : 1];
    case SO_PROTOCOL:
      return [0];
    case SO_DOMAIN:
      return [AF_UNIX];
    default:
      return SETTABLE.includes(option) ? [0] : undefined;
  }
}

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
  const [, level, option, address, size] = call.args;
  if (level !== SOL_SOCKET) return -EOPNOTSUPP;
  if (size < 4) return -EINVAL;
  const words = readWords(call.space, address, 1, 4);
  if (words === undefined) return -EFAULT;
  if (option === SO_PASSCRED) found.end.isToldWho = words[0] !== 0;
  return SETTABLE.includes(option) || option === SO_PASSCRED ? 0 : -ENOPROTOOPT;
}

export const SOCKET_CALLS: readonly CallRow[] = [
  row("socket", 41, 359, "int int int", socket, "makes a socket; there is no network"),
  row("socketpair", 53, 360, "int int int address", socketpair, "makes two sockets that are connected to each other"),
  row("connect", 42, 362, "fd address size", connect, "connects {1}"),
  row("accept", 43, -1, "fd address address", (call) => accept(call, 0), "accepts a connection to {1}"),
  row(
    "accept4",
    288,
    364,
    "fd address address flags",
    (call) => accept(call, call.args[3]),
    "accepts a connection to {1}",
  ),
  row("bind", 49, 361, "fd address size", bind, "gives {1} an address"),
  row("listen", 50, 363, "fd int", listen, "lets others connect to {1}"),
  row("getsockname", 51, 367, "fd address address", ownName, "asks for the address of {1}"),
  row("getpeername", 52, 368, "fd address address", peerName, "asks who {1} is connected to"),
  row("getsockopt", 55, 365, "fd int int address address", getsockopt, "asks about the socket {1}"),
  row("setsockopt", 54, 366, "fd int int address size", setsockopt, "sets something about the socket {1}"),
  row("shutdown", 48, 373, "fd int", shutdown, "ends a connection of {1}"),
];
