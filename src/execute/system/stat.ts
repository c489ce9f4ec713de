// What stat and its relatives write: one set of facts in the layouts of each machine (arch/x86/include/uapi/asm/stat.h,
// include/uapi/linux/stat.h, statfs.h).

import { EBADF, EFAULT, EINVAL } from "../files/errno.ts";
import { type DirectoryNode, modeOf, type Node, sizeOf, type Time } from "../files/nodes.ts";
import { writeBytes } from "../memory/address-space.ts";
import { openFileAt } from "./descriptors.ts";
import { AT_SYMLINK_NOFOLLOW } from "./open-flags.ts";
import { nodeOf } from "./paths.ts";
import { type CallRow, putWord, row } from "./row.ts";
import type { Call } from "./state.ts";

/** st_dev of all files. */
const DEVICE_MAJOR = 254;
const DEVICE_MINOR = 0;
const BLOCK = 4096;

/** makedev as the kernel's new_encode_dev. */
export function deviceNumber(major: number, minor: number): number {
  return (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
}

interface Facts {
  readonly inode: number;
  readonly mode: number;
  readonly links: number;
  readonly user: number;
  readonly group: number;
  readonly device: readonly [major: number, minor: number];
  readonly size: number;
  readonly blocks: number;
  readonly times: readonly [accessed: Time, modified: Time, changed: Time];
}

function factsOf(node: Node): Facts {
  if (node.kind === "file" && node.load !== undefined && node.bytes === undefined && node.size < 0) node.size = 0;
  const size = sizeOf(node);
  return {
    inode: node.inode,
    mode: modeOf(node),
    links: node.links,
    user: node.user,
    group: node.group,
    device: node.kind === "device" ? [node.major, node.minor] : [0, 0],
    size,
    blocks: node.kind === "file" ? Math.ceil(size / BLOCK) * (BLOCK / 512) : node.kind === "directory" ? 8 : 0,
    times: [node.accessed, node.modified, node.changed],
  };
}

/** A field: place, bytes (4 or 8; 2 for halves), value. */
type Field = readonly [at: number, bytes: number, value: number];

function pack(size: number, fields: readonly Field[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(size));
  for (const [at, bytes, value] of fields) {
    if (bytes === 2) view.setUint16(at, value % 0x1_0000, true);
    else putWord(view, at, value, bytes);
  }
  return new Uint8Array(view.buffer);
}

const dev = deviceNumber(DEVICE_MAJOR, DEVICE_MINOR);

/** struct stat of x86-64. */
function stat64bit(facts: Facts): Uint8Array {
  const [accessed, modified, changed] = facts.times;
  return pack(144, [
    [0, 8, dev],
    [8, 8, facts.inode],
    [16, 8, facts.links],
    [24, 4, facts.mode],
    [28, 4, facts.user],
    [32, 4, facts.group],
    [40, 8, deviceNumber(...facts.device)],
    [48, 8, facts.size],
    [56, 8, BLOCK],
    [64, 8, facts.blocks],
    [72, 8, accessed.seconds],
    [80, 8, accessed.nanoseconds],
    [88, 8, modified.seconds],
    [96, 8, modified.nanoseconds],
    [104, 8, changed.seconds],
    [112, 8, changed.nanoseconds],
  ]);
}

/** struct stat of i386, whose numbers have 32 bits. */
function stat32bit(facts: Facts): Uint8Array {
  const [accessed, modified, changed] = facts.times;
  return pack(64, [
    [0, 4, dev],
    [4, 4, facts.inode],
    [8, 2, facts.mode],
    [10, 2, facts.links],
    [12, 2, facts.user],
    [14, 2, facts.group],
    [16, 4, deviceNumber(...facts.device)],
    [20, 4, facts.size],
    [24, 4, BLOCK],
    [28, 4, facts.blocks],
    [32, 4, accessed.seconds],
    [36, 4, accessed.nanoseconds],
    [40, 4, modified.seconds],
    [44, 4, modified.nanoseconds],
    [48, 4, changed.seconds],
    [52, 4, changed.nanoseconds],
  ]);
}

/** struct stat64 of i386. */
function stat64on32(facts: Facts): Uint8Array {
  const [accessed, modified, changed] = facts.times;
  return pack(96, [
    [0, 8, dev],
    [12, 4, facts.inode],
    [16, 4, facts.mode],
    [20, 4, facts.links],
    [24, 4, facts.user],
    [28, 4, facts.group],
    [32, 8, deviceNumber(...facts.device)],
    [44, 8, facts.size],
    [52, 4, BLOCK],
    [56, 8, facts.blocks],
    [64, 4, accessed.seconds],
    [68, 4, accessed.nanoseconds],
    [72, 4, modified.seconds],
    [76, 4, modified.nanoseconds],
    [80, 4, changed.seconds],
    [84, 4, changed.nanoseconds],
    [88, 8, facts.inode],
  ]);
}

/** STATX_BASIC_STATS and STATX_BTIME. */
const STATX_MASK = 0xfff;

/** struct statx. */
function statx(facts: Facts): Uint8Array {
  const [accessed, modified, changed] = facts.times;
  const time = (at: number, { seconds, nanoseconds }: Time): Field[] => [
    [at, 8, seconds],
    [at + 8, 4, nanoseconds],
  ];
  return pack(256, [
    [0, 4, STATX_MASK],
    [4, 4, BLOCK],
    [16, 4, facts.links],
    [20, 4, facts.user],
    [24, 4, facts.group],
    [28, 2, facts.mode],
    [32, 8, facts.inode],
    [40, 8, facts.size],
    [48, 8, facts.blocks],
    ...time(64, accessed),
    ...time(80, modified),
    ...time(96, changed),
    ...time(112, modified),
    [128, 4, facts.device[0]],
    [132, 4, facts.device[1]],
    [136, 4, DEVICE_MAJOR],
    [140, 4, DEVICE_MINOR],
  ]);
}

type Layout = (facts: Facts) => Uint8Array;

function writeFacts({ space }: Call, address: number, node: Node | number, layout: Layout): number {
  if (typeof node === "number") return node;
  return writeBytes(space, address, layout(factsOf(node))) ? 0 : -EFAULT;
}

const ofPath =
  (layout: Layout, follow: boolean) =>
  (call: Call): number =>
    writeFacts(call, call.args[1], nodeOf(call, -1, 0, follow), layout);

const ofDescriptor =
  (layout: Layout) =>
  (call: Call): number =>
    writeFacts(call, call.args[1], openFileAt(call.process, call.args[0])?.node ?? -EBADF, layout);

/** newfstatat and fstatat64. */
const at =
  (layout: Layout) =>
  (call: Call): number => {
    const [, , address, flags] = call.args;
    return writeFacts(call, address, nodeOf(call, 0, 1, (flags & AT_SYMLINK_NOFOLLOW) === 0, flags), layout);
  };

function statxAt(call: Call): number {
  const [, , flags, , address] = call.args;
  return writeFacts(call, address, nodeOf(call, 0, 1, (flags & AT_SYMLINK_NOFOLLOW) === 0, flags), statx);
}

const EXT4_SUPER_MAGIC = 0xef53;
const PROC_SUPER_MAGIC = 0x9fa0;
const TMPFS_MAGIC = 0x0102_1994;

/** struct statfs and statfs64: words of the machine, or of 64 bits. */
function fileSystem(call: Call, node: Node | number, address: number, wordBytes: number, is64on32: boolean): number {
  if (typeof node === "number") return node;
  const { system, space } = call;
  const directory: DirectoryNode | undefined = node.kind === "directory" ? node : undefined;
  const magic =
    directory?.source?.changes === true ? PROC_SUPER_MAGIC : node.kind === "device" ? TMPFS_MAGIC : EXT4_SUPER_MAGIC;
  const blocks = Math.floor(system.limits.storage / BLOCK);
  const free = Math.floor(system.tree.budget.left / BLOCK);
  const counts = [blocks, free, free, 1_000_000, 900_000];
  const fields: Field[] = [
    [0, wordBytes, magic],
    [wordBytes, wordBytes, BLOCK],
  ];
  const wide = is64on32 ? 8 : wordBytes;
  counts.forEach((value, index) => {
    fields.push([2 * wordBytes + index * wide, wide, value]);
  });
  const rest = 2 * wordBytes + counts.length * wide + 8;
  fields.push([rest, wordBytes, 255], [rest + wordBytes, wordBytes, BLOCK], [rest + 2 * wordBytes, wordBytes, 0x1020]);
  return writeBytes(space, address, pack(rest + 7 * wordBytes, fields)) ? 0 : -EFAULT;
}

const ofFileSystem = (call: Call, node: Node | number): number =>
  fileSystem(call, node, call.args[1], call.wordBytes, false);

function statfs64(call: Call, node: Node | number): number {
  if (call.args[1] !== 84 && call.args[1] !== 88) return -EINVAL;
  return fileSystem(call, node, call.args[2], 4, true);
}

const openNode = ({ process, args }: Call): Node | number => openFileAt(process, args[0])?.node ?? -EBADF;

export const STAT_CALLS: readonly CallRow[] = [
  row("stat", 4, -1, "path address", ofPath(stat64bit, true), "asks about {1}"),
  row("lstat", 6, -1, "path address", ofPath(stat64bit, false), "asks about {1}, a link if it is one"),
  row("fstat", 5, -1, "fd address", ofDescriptor(stat64bit), "asks about descriptor {1}"),
  row("newfstatat", 262, -1, "fd path address flags", at(stat64bit), "asks about {2}"),
  row("stat", -1, 106, "path address", ofPath(stat32bit, true), "asks about {1}"),
  row("lstat", -1, 107, "path address", ofPath(stat32bit, false), "asks about {1}, a link if it is one"),
  row("fstat", -1, 108, "fd address", ofDescriptor(stat32bit), "asks about descriptor {1}"),
  row("stat64", -1, 195, "path address", ofPath(stat64on32, true), "asks about {1}"),
  row("lstat64", -1, 196, "path address", ofPath(stat64on32, false), "asks about {1}, a link if it is one"),
  row("fstat64", -1, 197, "fd address", ofDescriptor(stat64on32), "asks about descriptor {1}"),
  row("fstatat64", -1, 300, "fd path address flags", at(stat64on32), "asks about {2}"),
  row("statx", 332, 383, "fd path flags flags address", statxAt, "asks about {2}"),
  row(
    "statfs",
    137,
    99,
    "path address",
    (call) => ofFileSystem(call, nodeOf(call, -1, 0, true)),
    "asks about the file system of {1}",
  ),
  row(
    "fstatfs",
    138,
    100,
    "fd address",
    (call) => ofFileSystem(call, openNode(call)),
    "asks about the file system of descriptor {1}",
  ),
  row(
    "statfs64",
    -1,
    268,
    "path size address",
    (call) => statfs64(call, nodeOf(call, -1, 0, true)),
    "asks about the file system of {1}",
  ),
  row(
    "fstatfs64",
    -1,
    269,
    "fd size address",
    (call) => statfs64(call, openNode(call)),
    "asks about the file system of descriptor {1}",
  ),
];
