// Sockets of one machine (AF_UNIX): pairs, and those that find each other by a name in the file system or by an abstract one. What one
// sends the other receives, as a stream or in messages, with descriptors and credentials beside it (net/unix/af_unix.c). There is no network.

import { EAGAIN, ECONNREFUSED, ECONNRESET, EINVAL, EMSGSIZE, ENOTCONN, EPIPE, ERESTARTSYS } from "../files/errno.ts";
import type { Wakes } from "../files/nodes.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from "./open-flags.ts";
import type { OpenFile } from "./state.ts";

export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_SEQPACKET = 5;

/** Who sends: struct ucred. */
export type Credentials = readonly [pid: number, user: number, group: number];

/** What was sent at once; of a stream what is left of it. */
export interface Packet {
  readonly bytes: Uint8Array;
  readonly sender: SocketEnd;
  readonly from: Credentials;
  /** Open files that are passed on: each is counted as one more reference until somebody gets it. */
  readonly rights: readonly OpenFile[];
}

/** One socket. */
export interface SocketEnd {
  readonly kind: "socket";
  /** SOCK_*. */
  readonly type: number;
  /** A path, or a zero and an abstract name; a character a byte. */
  name: string | undefined;
  /** What it has not read yet. */
  inbox: Packet[];
  /** Bytes in the inbox. */
  waiting: number;
  /** Who gets what it sends. Undefined: not connected, or no longer. */
  peer: SocketEnd | undefined;
  /** It is connected, or was. */
  isConnected: boolean;
  /** Connections that nobody has accepted yet; undefined of one that does not listen. */
  backlog: SocketEnd[] | undefined;
  mostBacklog: number;
  /** Nobody has it open any more. */
  isClosed: boolean;
  /** Nothing comes any more, and nothing may be sent: shutdown, or the other one's end. */
  noMoreIn: boolean;
  noMoreOut: boolean;
  /** An errno that the next read is told, once. */
  failure: number;
  readonly wakes: Wakes;
  /** getsockopt's SO_PEERCRED: who has connected, listened, or made the pair. */
  other: Credentials;
  /** SO_PASSCRED: who sends is told with each message. */
  isToldWho: boolean;
}

/** Bytes that wait at most, as far as they are counted (net.core.wmem_default). */
export const SOCKET_CAPACITY = 212_992;
/** Messages that wait at most (net.unix.max_dgram_qlen, and one). */
const MOST_MESSAGES = 11;

/** Of one that is not connected SO_PEERCRED tells nobody. */
const NOBODY: Credentials = [0, -1, -1];

export function newSocket(type: number): SocketEnd {
  return {
    kind: "socket",
    type,
    name: undefined,
    inbox: [],
    waiting: 0,
    peer: undefined,
    isConnected: false,
    backlog: undefined,
    mostBacklog: 0,
    isClosed: false,
    noMoreIn: false,
    noMoreOut: false,
    failure: 0,
    wakes: { in: 0, out: 0 },
    other: NOBODY,
    isToldWho: false,
  };
}

/** Connects two that are not yet. */
export function join(one: SocketEnd, other: SocketEnd): void {
  one.peer = other;
  other.peer = one;
  one.isConnected = true;
  other.isConnected = true;
}

export function socketPair(type: number, maker: Credentials): readonly [SocketEnd, SocketEnd] {
  const [one, other] = [newSocket(type), newSocket(type)];
  join(one, other);
  one.other = maker;
  other.other = maker;
  return [one, other];
}

/** What was received: bytes as far as they fit, how long the message is, and what came with it. */
export interface Received {
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly rights: readonly OpenFile[];
  /** Undefined where nothing comes any more. */
  readonly packet: Packet | undefined;
}

const NOTHING: Received = { bytes: new Uint8Array(0), length: 0, rights: [], packet: undefined };

/**
 * Receives: of a stream up to `count` bytes, else a message, of which the rest is lost.
 * @param peeks leaves it there  @param waits the call may wait
 * @returns the errno, negated; -ERESTARTSYS to wait. Who peeks gets rights that are the packet's still
 */
export function receive(end: SocketEnd, count: number, peeks: boolean, waits: boolean): Received | number {
  if (!end.isConnected && end.type !== SOCK_DGRAM) return end.type === SOCK_STREAM ? -EINVAL : -ENOTCONN;
  if (end.inbox.length === 0) {
    const { failure } = end;
    end.failure = 0;
    if (failure !== 0) return -failure;
    if (end.noMoreIn || (count === 0 && end.type === SOCK_STREAM)) return NOTHING;
    return waits ? -ERESTARTSYS : -EAGAIN;
  }
  const [packet] = end.inbox;
  if (end.type !== SOCK_STREAM) {
    if (!peeks) take(end, packet, packet.bytes.length);
    const { bytes, rights } = packet;
    return { bytes: bytes.subarray(0, count), length: bytes.length, rights, packet };
  }
  const bytes = new Uint8Array(Math.min(count, end.waiting));
  let done = 0;
  let rights: readonly OpenFile[] = [];
  for (const it of end.inbox.slice()) {
    // What another has sent is not mixed with it where it matters who has.
    if (done === bytes.length || (end.isToldWho && it.from.some((id, at) => id !== packet.from[at]))) break;
    const part = it.bytes.subarray(0, bytes.length - done);
    bytes.set(part, done);
    done += part.length;
    rights = it.rights;
    if (!peeks) take(end, it, part.length);
    // Descriptors come with the first byte that was sent with them, and nothing behind them.
    if (rights.length > 0) break;
  }
  return { bytes: bytes.subarray(0, done), length: done, rights, packet };
}

/** Takes bytes of the first packet out of the inbox, and what was passed with it. */
function take(end: SocketEnd, packet: Packet, count: number): void {
  wakeWriter(packet.sender);
  end.waiting -= count;
  if (count === packet.bytes.length) end.inbox.shift();
  else end.inbox[0] = { ...packet, bytes: packet.bytes.subarray(count), rights: [] };
}

function wakeWriter({ wakes }: SocketEnd): void {
  wakes.out++;
}

/** What is sent beside the bytes. */
export interface Envelope {
  readonly from: Credentials;
  readonly rights: readonly OpenFile[];
  /** Messages may name who gets them. */
  readonly to: SocketEnd | undefined;
}

/**
 * Sends bytes; of a stream as many as there is room for.
 * @param done bytes of the same call that have been sent already, while it waited  @param waits the call may wait
 * @returns bytes sent, `done` included, or the errno, negated; -ERESTARTSYS to wait
 */
export function send(end: SocketEnd, bytes: Uint8Array, done: number, waits: boolean, envelope: Envelope): number {
  const { type } = end;
  const peer = envelope.to ?? end.peer;
  if (end.noMoreOut || peer?.noMoreIn === true) return done > 0 ? done : -EPIPE;
  if (peer === undefined && !end.isConnected) return -ENOTCONN;
  if (peer === undefined && type !== SOCK_DGRAM) return done > 0 ? done : -EPIPE;
  if (peer === undefined || peer.isClosed) {
    // It hears of it once, and is connected to nobody from then on.
    if (envelope.to === undefined) {
      end.peer = undefined;
      end.isConnected = false;
    }
    return -ECONNREFUSED;
  }
  if (type !== SOCK_STREAM) {
    if (bytes.length > SOCKET_CAPACITY) return -EMSGSIZE;
    if (!hasRoom(peer)) return waits ? -ERESTARTSYS : -EAGAIN;
    deliver(end, peer, bytes.slice(), envelope);
    return bytes.length;
  }
  if (bytes.length === done) return done;
  const room = SOCKET_CAPACITY - peer.waiting;
  if (room <= 0) return waits ? -ERESTARTSYS : done > 0 ? done : -EAGAIN;
  const part = bytes.slice(done, done + room);
  deliver(end, peer, part, done > 0 ? { ...envelope, rights: [] } : envelope);
  return done + part.length;
}

function deliver(sender: SocketEnd, to: SocketEnd, bytes: Uint8Array, { from, rights }: Envelope): void {
  for (const open of rights) open.references++;
  to.inbox.push({ bytes, sender, from, rights });
  to.waiting += bytes.length;
  to.wakes.in++;
}

function hasRoom({ inbox, waiting, type }: SocketEnd): boolean {
  return waiting < SOCKET_CAPACITY && (type === SOCK_STREAM || inbox.length < MOST_MESSAGES);
}

/** shutdown(2). */
export function shutDown(end: SocketEnd, reads: boolean, writes: boolean): void {
  const { peer } = end;
  if (reads) end.noMoreIn = true;
  if (writes) end.noMoreOut = true;
  end.wakes.in++;
  // Messages without a connection have only one's own end.
  if (peer === undefined || end.type === SOCK_DGRAM) return;
  peer.wakes.in++;
  if (reads) peer.noMoreOut = true;
  if (writes) peer.noMoreIn = true;
}

/** Nobody has it open any more. @returns open files that it was passed and that nobody will get */
export function closeSocket(end: SocketEnd): readonly OpenFile[] {
  const { peer } = end;
  end.peer = undefined;
  end.isClosed = true;
  const lost = end.inbox.flatMap(({ rights }) => rights);
  for (const pending of end.backlog ?? []) {
    if (pending.peer !== undefined) pending.peer.failure = ECONNRESET;
    lost.push(...closeSocket(pending));
  }
  end.backlog = undefined;
  // One may be connected to another that is not connected to it.
  if (peer === undefined || peer.peer !== end) return lost;
  peer.peer = undefined;
  peer.wakes.in++;
  peer.wakes.out++;
  if (end.type === SOCK_DGRAM) return lost;
  peer.noMoreIn = true;
  peer.noMoreOut = true;
  if (end.inbox.length > 0) peer.failure = ECONNRESET;
  return lost;
}

/** POLL* without waiting. */
export function socketReadiness(end: SocketEnd): number {
  const { peer, noMoreIn, noMoreOut, failure, backlog, isConnected, type } = end;
  if (backlog !== undefined) return backlog.length > 0 ? POLLIN : 0;
  const canRead = end.inbox.length > 0 || noMoreIn || failure !== 0;
  const canWrite = peer === undefined || noMoreOut || hasRoom(peer);
  const isGone = (noMoreIn && noMoreOut) || (type !== SOCK_DGRAM && !isConnected);
  return (
    (canRead ? POLLIN : 0) |
    (canWrite ? POLLOUT : 0) |
    (noMoreIn ? POLLRDHUP : 0) |
    (isGone ? POLLHUP : 0) |
    (failure === 0 ? 0 : POLLERR)
  );
}
