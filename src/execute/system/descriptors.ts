// The table of a process' open files: numbers to descriptions (fs/file.c).

import { EBADF, EMFILE } from "../files/errno.ts";
import type { Node } from "../files/nodes.ts";
import type { Call, Descriptor, OpenFile, Process, Special } from "./state.ts";
import { closed, opened } from "./streams.ts";

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
  const [most] = process.limits.get(RLIMIT_NOFILE) ?? [system.limits.files];
  if (number >= Math.min(most, system.limits.files)) {
    if (open.references === 0) closed(open);
    return -EMFILE;
  }
  installAt(process, open, closeOnExec, number);
  return number;
}

export const RLIMIT_NOFILE = 7;

/** Gives it this number. */
export function installAt(process: Process, open: OpenFile, closeOnExec: boolean, number: number): void {
  open.references++;
  const before: Descriptor | undefined = process.descriptors[number];
  process.descriptors[number] = { open, closeOnExec };
  if (before !== undefined) release(before.open);
}

/** close(2). @returns 0, or the errno, negated */
export function close(process: Process, number: number): number {
  const found: Descriptor | undefined = process.descriptors[number];
  if (found === undefined) return -EBADF;
  process.descriptors[number] = undefined;
  release(found.open);
  return 0;
}

/** A descriptor less refers to it. */
export function release(open: OpenFile): void {
  if (--open.references === 0) closed(open);
}

/** A copy of the table, for fork. */
export function copyDescriptors({ descriptors }: Process): (Descriptor | undefined)[] {
  return descriptors.map((it) => {
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
