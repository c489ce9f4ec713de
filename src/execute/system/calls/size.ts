// System calls that give files their sizes: truncating, taking room, holes (fs/open.c); files without names in memory, and the seals
// that keep them as they are (mm/memfd.c).

import { EACCES, EBADF, EBUSY, EFAULT, EINVAL, EISDIR, ENOSPC, EOPNOTSUPP, EPERM, ESPIPE } from "../../files/errno.ts";
import {
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  F_SEALS,
  type FileNode,
  type Node,
  resize,
  writeAt,
} from "../../files/nodes.ts";
import { MAY_WRITE, newFile, permits } from "../../files/tree.ts";
import { dropBeyond } from "../../memory/address-space.ts";
import { cutShared } from "../../memory/pages.ts";
import { clockOf } from "../clock.ts";
import { describe, install, openFileAt } from "../descriptors.ts";
import { mayWriteTo, O_RDWR } from "../open-flags.ts";
import { nodeOf } from "../paths.ts";
import { type CallRow, row, textAt } from "../row.ts";
import type { Call, OpenFile } from "../state.ts";
import { fileLimit, tooLarge } from "../streams.ts";

function dropPages({ system }: Call, node: FileNode, size: number): void {
  for (const { space } of system.processes.values()) dropBeyond(space, node, size);
  if (node.shared !== undefined) cutShared(node.shared, size);
}

function truncateTo(call: Call, node: Node, size: number): number {
  const { system } = call;
  if (size < 0) return -EINVAL;
  if (node.kind === "directory") return -EISDIR;
  if (node.kind !== "file") return -EINVAL;
  const { seals = 0 } = node;
  if ((size < node.size && (seals & F_SEAL_SHRINK) !== 0) || (size > node.size && (seals & F_SEAL_GROW) !== 0))
    return -EPERM;
  if (size > node.size && size > fileLimit(system)) return tooLarge(system);
  node.shared?.flush();
  if (size < node.size) dropPages(call, node, size);
  const failed = resize(node, size, system.tree.budget);
  if (failed < 0) return failed;
  node.modified = clockOf(system);
  node.changed = node.modified;
  return 0;
}

function ftruncate(call: Call): number {
  const open = openFileAt(call.process, call.args[0]);
  if (open === undefined) return -EBADF;
  return mayWriteTo(open.flags) ? truncateTo(call, open.node, call.args[1]) : -EINVAL;
}

function truncate(call: Call): number {
  const node = nodeOf(call, -1, 0, true);
  if (typeof node === "number") return node;
  return permits(node, call.process.who, MAY_WRITE) ? truncateTo(call, node, call.args[1]) : -EACCES;
}

const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;
const FALLOC_FL_ZERO_RANGE = 0x10;

function fallocate(call: Call): number {
  const { system, process, args } = call;
  const [number, mode, offset, size] = args;
  const open = openFileAt(process, number);
  if (open === undefined || !mayWriteTo(open.flags)) return -EBADF;
  const { node } = open;
  if (offset < 0 || size <= 0) return -EINVAL;
  const isHole = (mode & FALLOC_FL_PUNCH_HOLE) !== 0;
  const keepsSize = (mode & FALLOC_FL_KEEP_SIZE) !== 0;
  if ((mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) !== 0) return -EOPNOTSUPP;
  if (isHole && mode !== (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)) return -EOPNOTSUPP;
  if (node.kind === "directory") return -EISDIR;
  if (node.kind !== "file") return -ESPIPE;
  if (((node.seals ?? 0) & F_SEAL_WRITE) !== 0) return -EPERM;
  const end = offset + size;
  if (end > system.tree.budget.left + node.size) return -ENOSPC;
  if (isHole || (mode & FALLOC_FL_ZERO_RANGE) !== 0) {
    const zeros = Math.min(end, node.size) - offset;
    if (zeros > 0) writeAt(node, offset, new Uint8Array(zeros), system.tree.budget);
  }
  return keepsSize || end <= node.size ? 0 : truncateTo(call, node, end);
}

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const MFD_NOEXEC_SEAL = 8;
const MFD_EXEC = 0x10;
/** A name and "memfd:" have 255 bytes. */
const LONGEST = 249;

/** A file without a name. */
function memfdCreate(call: Call): number {
  const name = textAt(call, 0);
  if (name === undefined) return -EFAULT;
  const { system, process, args } = call;
  const flags = args[1];
  if ((flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC)) !== 0) return -EINVAL;
  if (name.length > LONGEST) return -EINVAL;
  const node = newFile(system.tree.lower, clockOf(system), 0o777, process.who);
  node.links = 0;
  node.seals = (flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL)) === 0 ? F_SEAL_SEAL : 0;
  return install(call, describe(node, `/memfd:${name} (deleted)`, O_RDWR), (flags & MFD_CLOEXEC) !== 0);
}

/** fcntl's F_ADD_SEALS. */
export function addSeals({ node, flags }: OpenFile, seals: number): number {
  if (!mayWriteTo(flags)) return -EPERM;
  if ((seals & ~F_SEALS) !== 0 || node.kind !== "file" || node.seals === undefined) return -EINVAL;
  if ((node.seals & F_SEAL_SEAL) !== 0) return -EPERM;
  // Whoever has mapped it may go on writing.
  if ((seals & F_SEAL_WRITE) !== 0 && (node.seals & F_SEAL_WRITE) === 0 && node.shared !== undefined) return -EBUSY;
  node.seals |= seals;
  return 0;
}

export const SIZE_CALLS: readonly CallRow[] = [
  row("truncate", 76, 92, "path offset", truncate, "makes {1} {2} bytes long"),
  row("truncate64", -1, 193, "path wide", truncate, "makes {1} {2} bytes long"),
  row("ftruncate", 77, 93, "fd offset", ftruncate, "makes the file of descriptor {1} {2} bytes long"),
  row("ftruncate64", -1, 194, "fd wide", ftruncate, "makes the file of descriptor {1} {2} bytes long"),
  row("fallocate", 285, 324, "fd flags wide wide", fallocate, "takes room for {4} bytes in the file of descriptor {1}"),
  row("memfd_create", 319, 356, "text flags", memfdCreate, "makes a file without a name"),
];
