// How much a descriptor can give now: what FIONREAD tells, and how much of a buffer is looked at before anything is taken for it.

import { SIGNAL_RECORD } from "./signal-queue.ts";
import { SOCK_DGRAM, SOCK_STREAM } from "./sockets.ts";
import type { OpenFile, System } from "./state.ts";

/** How much can be read at once (FIONREAD). @param offset in a file. @returns undefined: such a descriptor cannot tell */
export function waitingBytes({ inputAhead }: System, open: OpenFile, offset: number = open.offset): number | undefined {
  const { node, special } = open;
  if (special?.kind === "input") return inputAhead?.length ?? 0;
  if (special?.kind === "socket")
    return special.type !== SOCK_DGRAM ? special.waiting : (special.inbox[0]?.bytes.length ?? 0);
  if (node.kind === "file") return Math.max(0, node.size - offset);
  return node.kind === "pipe" ? node.buffer?.length : undefined;
}

/** A longer buffer is looked at no further before bytes are taken for it. */
const MOST_LOOKED_AT = 0x1_0000;

/**
 * How many bytes of a buffer have to be writable before anything is taken for it: what a pipe gave is gone. A program may say that
 * its buffer is longer than it is, as long as what comes has room in it.
 */
export function bytesToCome(system: System, open: OpenFile, wanted: number, offset?: number): number {
  return Math.min(wanted, MOST_LOOKED_AT, mostToCome(system, open, offset));
}

function mostToCome(system: System, open: OpenFile, offset?: number): number {
  switch (open.special?.kind) {
    case "event":
    case "timer":
      return 8;
    case "signals":
      return SIGNAL_RECORD;
    case "input":
    case "output":
    case "epoll":
      return 1;
    case "socket":
      if (open.special.type !== SOCK_STREAM) return open.special.inbox[0]?.bytes.length ?? 0;
      return open.special.waiting;
    default:
      return waitingBytes(system, open, offset) ?? MOST_LOOKED_AT;
  }
}
