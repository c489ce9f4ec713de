// Two sockets that are connected to each other (AF_UNIX, socketpair): what one writes the other reads, as a stream or in messages
// (net/unix/af_unix.c). Nothing else can be connected: there is no network, and sockets have no names here.

import { EAGAIN, ECONNREFUSED, ECONNRESET, EMSGSIZE, EPIPE, ERESTARTSYS } from "../files/errno.ts";
import type { Wakes } from "../files/nodes.ts";
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDHUP } from "./open-flags.ts";

export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_SEQPACKET = 5;

/** One of the two. */
export interface SocketEnd {
  readonly kind: "socket";
  /** SOCK_*. */
  readonly type: number;
  /** What it has not read yet; of a stream in whatever pieces, else a message each. */
  readonly inbox: Uint8Array[];
  /** Bytes in the inbox. */
  waiting: number;
  /** Undefined once it is closed. */
  peer: SocketEnd | undefined;
  /** Nothing comes any more, and nothing may be sent: shutdown, or the other one's end. */
  noMoreIn: boolean;
  noMoreOut: boolean;
  /** An errno that the next read is told, once. */
  failure: number;
  readonly wakes: Wakes;
  /** Who made it: getsockopt's SO_PEERCRED. */
  readonly maker: readonly [pid: number, user: number, group: number];
}

/** Bytes that wait at most, as far as they are counted (net.core.wmem_default). */
export const SOCKET_CAPACITY = 212_992;
/** Messages that wait at most (net.unix.max_dgram_qlen, and one). */
const MOST_MESSAGES = 11;

export function socketPair(type: number, maker: SocketEnd["maker"]): readonly [SocketEnd, SocketEnd] {
  const make = (): SocketEnd => ({
    kind: "socket",
    type,
    inbox: [],
    waiting: 0,
    peer: undefined,
    noMoreIn: false,
    noMoreOut: false,
    failure: 0,
    wakes: { in: 0, out: 0 },
    maker,
  });
  const [one, other] = [make(), make()];
  one.peer = other;
  other.peer = one;
  return [one, other];
}

/** What was received: bytes as far as they fit, and how long the message is. */
export interface Received {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/**
 * Receives: of a stream up to `count` bytes, else a message, of which the rest is lost.
 * @param peeks leaves it there  @param waits the call may wait
 * @returns the errno, negated; -ERESTARTSYS to wait
 */
export function receive(end: SocketEnd, count: number, peeks: boolean, waits: boolean): Received | number {
  if (end.inbox.length === 0) {
    const { failure } = end;
    end.failure = 0;
    if (failure !== 0) return -failure;
    if (end.noMoreIn || (count === 0 && end.type === SOCK_STREAM)) return { bytes: new Uint8Array(0), length: 0 };
    return waits ? -ERESTARTSYS : -EAGAIN;
  }
  if (end.type !== SOCK_STREAM) {
    const [message] = end.inbox;
    if (!peeks) {
      wakeWriter(end);
      end.inbox.shift();
      end.waiting -= message.length;
    }
    return { bytes: message.subarray(0, count), length: message.length };
  }
  const bytes = new Uint8Array(Math.min(count, end.waiting));
  let done = 0;
  for (let at = 0; done < bytes.length; at++) {
    const part = end.inbox[at].subarray(0, bytes.length - done);
    bytes.set(part, done);
    done += part.length;
  }
  if (!peeks) {
    wakeWriter(end);
    drop(end, bytes.length);
  }
  return { bytes, length: bytes.length };
}

function wakeWriter({ peer }: SocketEnd): void {
  if (peer !== undefined) peer.wakes.out++;
}

function drop(end: SocketEnd, count: number): void {
  let left = count;
  while (left > 0) {
    const [first] = end.inbox;
    if (first.length > left) end.inbox[0] = first.subarray(left);
    else end.inbox.shift();
    left -= Math.min(left, first.length);
  }
  end.waiting -= count;
}

/**
 * Sends bytes; of a stream as many as there is room for.
 * @param done bytes of the same call that have been sent already, while it waited  @param waits the call may wait
 * @returns bytes sent, `done` included, or the errno, negated; -ERESTARTSYS to wait
 */
export function send(end: SocketEnd, bytes: Uint8Array, done: number, waits: boolean): number {
  const { peer, type } = end;
  if (end.noMoreOut || peer?.noMoreIn === true) return done > 0 ? done : -EPIPE;
  if (peer === undefined) return done > 0 ? done : type === SOCK_DGRAM ? -ECONNREFUSED : -EPIPE;
  if (type !== SOCK_STREAM) {
    if (bytes.length > SOCKET_CAPACITY) return -EMSGSIZE;
    if (!hasRoom(peer)) return waits ? -ERESTARTSYS : -EAGAIN;
    deliver(peer, bytes.slice());
    return bytes.length;
  }
  if (bytes.length === done) return done;
  const room = SOCKET_CAPACITY - peer.waiting;
  if (room <= 0) return waits ? -ERESTARTSYS : done > 0 ? done : -EAGAIN;
  const part = bytes.slice(done, done + room);
  deliver(peer, part);
  return done + part.length;
}

function deliver(to: SocketEnd, bytes: Uint8Array): void {
  to.inbox.push(bytes);
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
  // Messages without a connection have only one's own end.
  end.wakes.in++;
  if (peer === undefined || end.type === SOCK_DGRAM) return;
  peer.wakes.in++;
  if (reads) peer.noMoreOut = true;
  if (writes) peer.noMoreIn = true;
}

/** Nobody has it open any more. */
export function closeSocket(end: SocketEnd): void {
  const { peer } = end;
  end.peer = undefined;
  if (peer === undefined) return;
  peer.peer = undefined;
  peer.wakes.in++;
  peer.wakes.out++;
  if (end.type === SOCK_DGRAM) return;
  peer.noMoreIn = true;
  peer.noMoreOut = true;
  if (end.inbox.length > 0) peer.failure = ECONNRESET;
}

/** POLL* without waiting. */
export function socketReadiness(end: SocketEnd): number {
  const { peer, noMoreIn, noMoreOut, failure } = end;
  const canRead = end.inbox.length > 0 || noMoreIn || failure !== 0;
  const canWrite = peer === undefined || noMoreOut || hasRoom(peer);
  return (
    (canRead ? POLLIN : 0) |
    (canWrite ? POLLOUT : 0) |
    (noMoreIn ? POLLRDHUP : 0) |
    (noMoreIn && noMoreOut ? POLLHUP : 0) |
    (failure === 0 ? 0 : POLLERR)
  );
}
