// What a file system is made of, as the kernel's inodes: files, directories, links, devices, pipes. Those of the files handed in
// are made when somebody comes by, and whatever a program changes is changed here only.

import type { SharedPages } from "../memory/pages.ts";
import type { SocketEnd } from "../system/sockets.ts";
import { EFBIG, ENOSPC } from "./errno.ts";

/** A moment: since 1970, as the kernel's struct timespec64. */
export interface Time {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** A lock of a file that somebody holds (locks.ts). */
export interface HeldLock {
  /** A process, or an open file. */
  readonly owner: object;
  /** For F_GETLK: the process; -1 for an open file. */
  readonly pid: number;
  readonly isFlock: boolean;
  readonly isExclusive: boolean;
  /** First byte, and the last one: infinite for what reaches to the end of the file, wherever that will be. */
  readonly first: number;
  readonly last: number;
}

interface NodeBase {
  readonly inode: number;
  /** The lower twelve bits of st_mode: permissions, set-ID, sticky. */
  mode: number;
  user: number;
  group: number;
  /** How many names it has. */
  links: number;
  accessed: Time;
  modified: Time;
  changed: Time;
  /** Locks that processes hold; undefined if none does. */
  locks: HeldLock[] | undefined;
}

export interface FileNode extends NodeBase {
  readonly kind: "file";
  /** What it holds from byte 0 on, perhaps with room behind `size`; undefined until somebody asks: see `contentOf`. */
  bytes: Uint8Array | undefined;
  size: number;
  /** The bytes may be changed; those of a file that was handed in may not. */
  own: boolean;
  /** Reads what was handed in, or makes it up; the errno where that fails. */
  readonly load: (() => Uint8Array | number) | undefined;
  /** F_SEAL_*: what may no longer be done with it; undefined of a file that cannot be sealed. */
  seals?: number;
  /** Pages that processes share, while any does. */
  shared: SharedPages | undefined;
}

export interface DirectoryNode extends NodeBase {
  readonly kind: "directory";
  /** What is known to be there, and what is known not to be (any more): undefined. */
  readonly entries: Map<string, Node | undefined>;
  /** What was handed in, or is made up. */
  readonly source: DirectorySource | undefined;
  /** Where it is; the root is its own parent. */
  parent: DirectoryNode;
  name: string;
  /** False once it is deleted. */
  exists: boolean;
}

/** Where the entries of a directory come from that no program has made. */
export interface DirectorySource {
  names(): readonly string[];
  get(name: string, directory: DirectoryNode): Node | undefined;
  /** Entries come and go: they are asked for each time. */
  readonly changes: boolean;
}

export interface LinkNode extends NodeBase {
  readonly kind: "link";
  readonly target: string | (() => string);
  /** What it leads to whatever the target's name says: a pipe of /proc/PID/fd, or a file that has no name any more. */
  readonly jump: Node | undefined;
}

export interface DeviceNode extends NodeBase {
  readonly kind: "device";
  /** st_rdev. */
  readonly major: number;
  readonly minor: number;
}

/** A pipe, with a name (mkfifo) or without, or a stream of the host that looks like one. */
export interface PipeNode extends NodeBase {
  readonly kind: "pipe" | "socket";
  buffer: PipeBuffer | undefined;
  /** The socket that has its name here. */
  bound?: SocketEnd;
}

/** Bytes on their way. */
export interface PipeBuffer {
  readonly chunks: Uint8Array[];
  length: number;
  capacity: number;
  readers: number;
  writers: number;
  readonly wakes: Wakes;
  /** Made by mkfifo: who opens an end waits for the other one. */
  readonly isNamed: boolean;
  /** How often an end was opened. */
  readonly opens: { readers: number; writers: number };
}

/** How often those were woken who wait to read and who wait to write: what EPOLLET asks for. */
export interface Wakes {
  in: number;
  out: number;
}

export type Node = FileNode | DirectoryNode | LinkNode | DeviceNode | PipeNode;

/** What fcntl's F_ADD_SEALS forbids (include/uapi/linux/fcntl.h); writing: also what was not yet mapped only; changing the mode. */
export const F_SEAL_SEAL = 1;
export const F_SEAL_SHRINK = 2;
export const F_SEAL_GROW = 4;
export const F_SEAL_WRITE: number = 8 | 0x10;
export const F_SEALS = 0x3f;

/** File types of st_mode (include/uapi/linux/stat.h). */
export const S_IFIFO = 0o010000;
export const S_IFCHR = 0o020000;
export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
export const S_IFSOCK = 0o140000;

const TYPES: Readonly<Record<Node["kind"], number>> = {
  file: S_IFREG,
  directory: S_IFDIR,
  link: S_IFLNK,
  device: S_IFCHR,
  pipe: S_IFIFO,
  socket: S_IFSOCK,
};

/** st_mode. */
export function modeOf({ kind, mode }: Node): number {
  return TYPES[kind] | mode;
}

/** Bytes that programs may keep in files; shared by all of a run. */
export interface StorageBudget {
  left: number;
}

/** The bytes of a file. @returns the errno, negated, where they cannot be read */
export function contentOf(node: FileNode): Uint8Array | number {
  if (node.bytes === undefined) {
    const loaded = node.load?.() ?? new Uint8Array(0);
    if (typeof loaded === "number") return -loaded;
    node.bytes = loaded;
    node.size = loaded.length;
  }
  return node.bytes;
}

/** Makes the file `size` bytes long, and its bytes changeable. @returns 0, or the errno, negated */
export function resize(node: FileNode, size: number, budget: StorageBudget): number {
  const old = contentOf(node);
  if (typeof old === "number") return old;
  if (size > 0x7fff_0000) return -EFBIG;
  if (!node.own || size > old.length) {
    const room = node.own || size > old.length ? Math.max(size, Math.min(2 * old.length, size + 0x40_0000)) : size;
    if (room > budget.left) return -ENOSPC;
    budget.left -= room - (node.own ? old.length : 0);
    const bytes = new Uint8Array(room);
    bytes.set(old.subarray(0, Math.min(node.size, size)));
    node.bytes = bytes;
    node.own = true;
  } else if (size < node.size) old.fill(0, size, node.size);
  node.size = size;
  return 0;
}

/** @returns how many bytes were written, or the errno, negated */
export function writeAt(node: FileNode, offset: number, data: Uint8Array, budget: StorageBudget): number {
  const failed = resize(
    node,
    Math.max(node.bytes === undefined ? sizeOf(node) : node.size, offset + data.length),
    budget,
  );
  if (failed < 0) return failed;
  node.bytes?.set(data, offset);
  node.shared?.fileChanged(offset, data.length);
  return data.length;
}

/** @returns a view of the file's bytes, or the errno, negated */
export function readAt(node: FileNode, offset: number, count: number): Uint8Array | number {
  node.shared?.flush();
  const bytes = contentOf(node);
  if (typeof bytes === "number") return bytes;
  return bytes.subarray(Math.min(offset, node.size), Math.min(offset + count, node.size));
}

/** The size of a file, which for one that was handed in is known before its bytes are. */
export function sizeOf(node: Node): number {
  if (node.kind === "link") return targetOf(node).length;
  if (node.kind === "directory") return 4096;
  return node.kind === "file" ? node.size : 0;
}

export function targetOf({ target }: LinkNode): string {
  return typeof target === "string" ? target : target();
}
