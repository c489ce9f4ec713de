// The table of a process' open files: numbers to descriptions (fs/file.c).

import { EBADF, EMFILE, ENXIO, ERESTARTSYS } from "../files/errno.ts";
import type { Node } from "../files/nodes.ts";
import { dropLocks } from "./locks.ts";
import { mayRead, mayWriteTo, O_NONBLOCK, O_PATH } from "./open-flags.ts";
import type { Call, Descriptor, OpenFile, Process, Special, Task } from "./state.ts";
import { closed, leave, opened } from "./streams.ts";

/** The file that a number stands for; undefined: EBADF. */
export function openFileAt({ descriptors }: Process, number: number): OpenFile | undefined {
  const found: Descriptor | undefined = descriptors[number];
  return found?.open;
}

/** A new description of an open file, which no descriptor has yet. */
export function describe(node: Node, path: string, flags: number, special?: Special): OpenFile {
  opened(node, flags);
  return { node, path, flags, offset: 0, references: 0, names: undefined, special };
}

/** Gives it the lowest free number from `lowest` on. @returns the number, or the errno, negated */
export function install(
  { system, process }: Pick<Call, "system" | "process">,
  open: OpenFile,
  closeOnExec: boolean,
  lowest = 0,
): number {
  let number = lowest;
  while (process.descriptors[number] !== undefined) number++;
  if (number >= mostFiles({ system, process })) {
    if (open.references === 0) closed(open);
    return -EMFILE;
  }
  installAt(process, open, closeOnExec, number);
  return number;
}

export const RLIMIT_NOFILE = 7;

/** Numbers from here on are none that a process may use. */
export function mostFiles({ system, process }: Pick<Call, "system" | "process">): number {
  const [most] = process.limits.get(RLIMIT_NOFILE) ?? [system.limits.files];
  return Math.min(most, system.limits.files);
}

/** Gives it this number. */
export function installAt(process: Process, open: OpenFile, closeOnExec: boolean, number: number): void {
  open.references++;
  const before: Descriptor | undefined = process.descriptors[number];
  process.descriptors[number] = { open, closeOnExec };
  if (before !== undefined) leaveFrom(process, before.open);
}

/** close(2). @returns 0, or the errno, negated */
export function close(process: Process, number: number): number {
  const found: Descriptor | undefined = process.descriptors[number];
  if (found === undefined) return -EBADF;
  process.descriptors[number] = undefined;
  leaveFrom(process, found.open);
  return 0;
}

/** A process has a descriptor less of it. */
function leaveFrom(process: Process, open: OpenFile): void {
  dropLocks(open.node, process);
  leave(open);
}

/**
 * Whoever opens an end of a named pipe waits until somebody has opened the other one (fs/pipe.c, fifo_open).
 * @returns 0, -ERESTARTSYS while it waits, or the errno, negated: then the open file is gone
 */
export function joinPipe(task: Task, open: OpenFile): number {
  const { node, flags } = open;
  if (node.kind !== "pipe" || node.buffer === undefined || open.special !== undefined || (flags & O_PATH) !== 0)
    return 0;
  const { buffer } = node;
  if (!buffer.isNamed) return 0;
  const isReader = mayRead(flags);
  if (isReader && mayWriteTo(flags)) return 0;
  const partners = isReader ? "writers" : "readers";
  if (task.opening === undefined) {
    const isNow = (flags & O_NONBLOCK) !== 0;
    if (buffer[partners] > 0) return 0;
    if (isReader && isNow) open.offset = buffer.opens.writers;
    if (isNow && !isReader) closed(open);
    if (isNow) return isReader ? 0 : -ENXIO;
    task.opening = { open, seen: buffer.opens[partners] };
  }
  if (buffer.opens[partners] === task.opening.seen) return -ERESTARTSYS;
  task.opening = undefined;
  return 0;
}

/** It does not wait any longer. */
export function giveUpOpening(task: Task): void {
  if (task.opening !== undefined) closed(task.opening.open);
  task.opening = undefined;
}

/** NR_OPEN_DEFAULT: the numbers that every process has room for. */
const LEAST_ROOM = 64;

/**
 * The numbers that the kernel has room for: the table grows to powers of two when a number is given out that is beyond it, and does not
 * shrink (fs/file.c, alloc_fdtable). A process' own calls tell it nowhere but in select, which does not look farther.
 */
export function roomOf({ descriptors }: Process): number {
  let room = LEAST_ROOM;
  while (room < descriptors.length) room *= 2;
  return room;
}

/** A copy of the table, for fork: no longer than the highest open file asks for (fs/file.c, sane_fdtable_size). */
export function copyDescriptors({ descriptors }: Process): (Descriptor | undefined)[] {
  const length = descriptors.findLastIndex((it) => it !== undefined) + 1;
  return descriptors.slice(0, length).map((it) => {
    if (it === undefined) return undefined;
    it.open.references++;
    return { ...it };
  });
}

/** What execve closes, or a process' end. */
export function closeMany(process: Process, onlyMarked: boolean): void {
  for (let number = 0; number < process.descriptors.length; number++) {
    const it = process.descriptors[number];
    if (it !== undefined && (!onlyMarked || it.closeOnExec)) close(process, number);
  }
}
