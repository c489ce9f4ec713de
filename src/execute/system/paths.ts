// Paths of system calls: the directory that a relative one begins in, and what it leads to.

import { EBADF, EFAULT, ENOENT, ENOTDIR } from "../files/errno.ts";
import type { DirectoryNode, Node } from "../files/nodes.ts";
import { type Place, walk } from "../files/tree.ts";
import { openFileAt } from "./descriptors.ts";
import { AT_EMPTY_PATH, AT_FDCWD } from "./open-flags.ts";
import { textAt } from "./row.ts";
import type { Call } from "./state.ts";

/**
 * The place that a path leads to.
 * @param base index of the argument with the directory's descriptor; -1: the current directory
 * @param index of the argument with the path's address  @param follow also a link at its end
 */
export function placeAt(call: Call, base: number, index: number, follow: boolean): Place | number {
  const path = textAt(call, index);
  if (path === undefined) return -EFAULT;
  return placeOf(call, base < 0 ? AT_FDCWD : call.args[base], path, follow);
}

export function placeOf({ system, process }: Call, base: number, path: string, follow: boolean): Place | number {
  const from = path.startsWith("/") ? process.directory : directoryOf(process, base);
  return typeof from === "number" ? from : walk(system.tree, from, path, follow, process.who);
}

function directoryOf(process: Call["process"], base: number): DirectoryNode | number {
  if (base === AT_FDCWD) return process.directory;
  const open = openFileAt(process, base);
  if (open === undefined) return -EBADF;
  return open.node.kind === "directory" ? open.node : -ENOTDIR;
}

/** The node that a path leads to; with AT_EMPTY_PATH and no path, the descriptor's. */
export function nodeOf(call: Call, base: number, index: number, follow: boolean, flags = 0): Node | number {
  const path = textAt(call, index);
  if (path === undefined) return -EFAULT;
  if (path === "" && (flags & AT_EMPTY_PATH) !== 0 && base >= 0) {
    const number = call.args[base];
    if (number === AT_FDCWD) return call.process.directory;
    return openFileAt(call.process, number)?.node ?? -EBADF;
  }
  const place = placeOf(call, base < 0 ? AT_FDCWD : call.args[base], path, follow);
  return typeof place === "number" ? place : (place.node ?? -ENOENT);
}
