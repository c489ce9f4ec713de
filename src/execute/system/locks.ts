// Locks of files (fs/locks.c): those of ranges belong to a process (fcntl) or to an open file (its F_OFD_ commands), those of whole
// files to an open file (flock). The two kinds do not see each other.

import type { HeldLock, Node } from "../files/nodes.ts";
import type { Process, System } from "./state.ts";

/** The lock of somebody else that stands in the way; undefined: none does. */
export function conflictOf(node: Node, wanted: HeldLock): HeldLock | undefined {
  return node.locks?.find(
    (it) =>
      it.isFlock === wanted.isFlock &&
      it.owner !== wanted.owner &&
      (it.isExclusive || wanted.isExclusive) &&
      overlaps(it, wanted),
  );
}

function overlaps(one: HeldLock, other: HeldLock): boolean {
  return one.first <= other.last && other.first <= one.last;
}

/**
 * Takes a lock that nobody stands in the way of, in place of what its owner holds of these bytes; or gives them up.
 * Neighbours of the same kind become one lock, as F_GETLK shows them.
 */
export function setLock(node: Node, lock: HeldLock, isTaken: boolean): void {
  const kept: HeldLock[] = [];
  let { first, last } = lock;
  for (const it of node.locks ?? []) {
    if (it.owner !== lock.owner || it.isFlock !== lock.isFlock) kept.push(it);
    else if (isTaken && it.isExclusive === lock.isExclusive && it.first <= last + 1 && first <= it.last + 1) {
      first = Math.min(first, it.first);
      last = Math.max(last, it.last);
    } else if (!overlaps(it, lock)) kept.push(it);
    else {
      if (it.first < lock.first) kept.push({ ...it, last: lock.first - 1 });
      if (it.last > lock.last) kept.push({ ...it, first: lock.last + 1 });
    }
  }
  if (isTaken) kept.push({ ...lock, first, last });
  node.locks = kept.length === 0 ? undefined : kept;
}

/** A process closes a descriptor of the file, whichever: its locks are gone. Or nobody has the open file any more. */
export function dropLocks(node: Node, owner: object): void {
  if (node.locks === undefined) return;
  const kept = node.locks.filter((it) => it.owner !== owner);
  node.locks = kept.length === 0 ? undefined : kept;
}

/** Processes that wait for each other in a circle are looked for so far (MAX_DEADLK_ITERATIONS). */
const MOST_WAITERS = 10;

/** Would a process that waits for a lock's owner wait for itself? */
export function isDeadlock({ tasks }: System, process: Process, holder: object): boolean {
  let at: object | undefined = holder;
  for (let count = 0; count <= MOST_WAITERS; count++) {
    if (at === process) return true;
    const waiter = tasks.find((it) => it.process === at && it.waiting && it.blockedBy !== undefined);
    at = waiter?.blockedBy;
    if (at === undefined) return false;
  }
  return false;
}
