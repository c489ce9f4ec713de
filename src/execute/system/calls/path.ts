// System calls about names: directories, links, owners and permissions, times (fs/namei.c, fs/open.c, fs/readdir.c).

import {
  EACCES,
  EBADF,
  EEXIST,
  EFAULT,
  EINVAL,
  ENODATA,
  ENOENT,
  ENOTDIR,
  EOPNOTSUPP,
  EPERM,
  ERANGE,
} from "../../files/errno.ts";
import { toBytes } from "../../files/names.ts";
import { type DirectoryNode, modeOf, type Node, type Time, targetOf } from "../../files/nodes.ts";
import {
  enter,
  entryOf,
  link,
  MAY_EXECUTE,
  MAY_WRITE,
  namesOf,
  newDevice,
  newDirectory,
  newFile,
  newLink,
  newPipe,
  pathOf,
  permits,
  remove,
  rename,
} from "../../files/tree.ts";
import { writeBytes } from "../../memory/address-space.ts";
import { clockOf } from "../clock.ts";
import { openFileAt } from "../descriptors.ts";
import { AT_REMOVEDIR, AT_SYMLINK_FOLLOW, AT_SYMLINK_NOFOLLOW } from "../open-flags.ts";
import { nodeOf, placeAt } from "../paths.ts";
import { type CallRow, putWord, readSigned, refuse, row, textAt } from "../row.ts";
import type { Call } from "../state.ts";

/** Calls come in two forms: from the current directory, and from an open one, whose descriptor is the argument before. */
type At = (call: Call, base: number, index: number) => number;

const here =
  (does: At) =>
  (call: Call): number =>
    does(call, -1, 0);
const from =
  (does: At) =>
  (call: Call): number =>
    does(call, 0, 1);

const mkdir: At = (call, base, index) => {
  const { system, process, args } = call;
  const place = placeAt(call, base, index, false);
  if (typeof place === "number") return place;
  if (place.node !== undefined) return -EEXIST;
  const mode = args[index + 1] & ~process.umask & 0o1777;
  const { lower } = system.tree;
  const node = newDirectory(lower, clockOf(system), place.name, place.directory, mode, process.who, undefined);
  return enter(system.tree, { ...place, wantsDirectory: false }, node, process.who);
};

const S_IFMT = 0o170000;
const S_IFIFO = 0o010000;
const S_IFREG = 0o100000;
const S_IFCHR = 0o020000;

const mknod: At = (call, base, index) => {
  const { system, process, args } = call;
  const place = placeAt(call, base, index, false);
  if (typeof place === "number") return place;
  const mode = args[index + 1];
  const rights = mode & ~process.umask & 0o7777;
  const type = mode & S_IFMT;
  const { lower } = system.tree;
  const time = clockOf(system);
  let node: Node;
  if (type === S_IFIFO) node = newPipe(lower, time, rights, process.who);
  else if (type === S_IFREG || type === 0) node = newFile(lower, time, rights, process.who);
  else if (type === S_IFCHR && process.who.user === 0) {
    const number = args[index + 2];
    node = newDevice(lower, time, (number >>> 8) & 0xfff, (number & 0xff) | ((number >>> 12) & 0xfff00), rights);
  } else return -EPERM;
  return enter(system.tree, place, node, process.who);
};

const unlinkOf =
  (isDirectory: boolean): At =>
  (call, base, index) => {
    const place = placeAt(call, base, index, false);
    return typeof place === "number" ? place : remove(call.system.tree, place, isDirectory, call.process.who);
  };

const unlinkat = (call: Call): number => unlinkOf((call.args[2] & AT_REMOVEDIR) !== 0)(call, 0, 1);

function renameBetween(
  call: Call,
  bases: readonly [number, number],
  paths: readonly [number, number],
  flags: number,
): number {
  const source = placeAt(call, bases[0], paths[0], false);
  if (typeof source === "number") return source;
  const target = placeAt(call, bases[1], paths[1], false);
  return typeof target === "number" ? target : rename(call.system.tree, source, target, flags, call.process.who);
}

function linkBetween(
  call: Call,
  bases: readonly [number, number],
  paths: readonly [number, number],
  flags: number,
): number {
  const node = nodeOf(call, bases[0], paths[0], (flags & AT_SYMLINK_FOLLOW) !== 0, flags);
  if (typeof node === "number") return node;
  const target = placeAt(call, bases[1], paths[1], false);
  return typeof target === "number" ? target : link(call.system.tree, node, target, call.process.who);
}

function symlink(call: Call, base: number, index: number): number {
  const { system, process } = call;
  const target = textAt(call, 0);
  if (target === undefined) return -EFAULT;
  if (target === "") return -ENOENT;
  const place = placeAt(call, base, index, false);
  if (typeof place === "number") return place;
  return enter(system.tree, place, newLink(system.tree.lower, clockOf(system), target, process.who), process.who);
}

const readlink: At = (call, base, index) => {
  const node = nodeOf(call, base, index, false, 0x1000);
  if (typeof node === "number") return node;
  const [address, size] = [call.args[index + 1], call.args[index + 2]];
  if (size <= 0 || node.kind !== "link") return -EINVAL;
  const bytes = toBytes(targetOf(node)).subarray(0, size);
  return writeBytes(call.space, address, bytes) ? bytes.length : -EFAULT;
};

/** @param flags index of the argument; -1: none */
const accessOf =
  (flags: number): At =>
  (call, base, index) => {
    const follow = flags < 0 || (call.args[flags] & AT_SYMLINK_NOFOLLOW) === 0;
    const node = nodeOf(call, base, index, follow, flags < 0 ? 0 : call.args[flags]);
    if (typeof node === "number") return node;
    const want = call.args[index + 1];
    if ((want & ~7) !== 0) return -EINVAL;
    return want === 0 || permits(node, call.process.who, want) ? 0 : -EACCES;
  };

function getcwd({ space, process, args }: Call): number {
  const [address, size] = args;
  if (!process.directory.exists) return -ENOENT;
  const path = toBytes(`${pathOf(process.directory)}\0`);
  if (path.length > size) return -ERANGE;
  return writeBytes(space, address, path) ? path.length : -EFAULT;
}

function changeDirectory({ process }: Call, node: Node | number): number {
  if (typeof node === "number") return node;
  if (node.kind !== "directory") return -ENOTDIR;
  if (!permits(node, process.who, MAY_EXECUTE)) return -EACCES;
  process.directory = node;
  return 0;
}

const DT_UNKNOWN = 0;
const DIRECTORY_TYPES = 12;

/** An entry's number, type and name. */
interface Entry {
  readonly inode: number;
  readonly type: number;
  readonly name: string;
}

function entryAt(directory: DirectoryNode, name: string): Entry | undefined {
  const node = name === "." ? directory : name === ".." ? directory.parent : entryOf(directory, name);
  return node === undefined ? undefined : { inode: node.inode, type: modeOf(node) >>> DIRECTORY_TYPES, name };
}

/** getdents64 and getdents, which differ in how an entry is written. */
function readDirectory(call: Call, write: (entry: Entry, offset: number) => Uint8Array): number {
  const [number, address, size] = call.args;
  const open = openFileAt(call.process, number);
  if (open === undefined) return -EBADF;
  const { node } = open;
  if (node.kind !== "directory") return -ENOTDIR;
  if (!node.exists) return -ENOENT;
  open.names ??= [".", "..", ...namesOf(node)];
  let done = 0;
  while (open.offset < open.names.length) {
    const entry = entryAt(node, open.names[open.offset]);
    if (entry !== undefined) {
      const bytes = write(entry, open.offset + 1);
      if (done + bytes.length > size) {
        if (done === 0) return -EINVAL;
        break;
      }
      if (!writeBytes(call.space, address + done, bytes)) return -EFAULT;
      done += bytes.length;
    }
    open.offset++;
  }
  node.accessed = clockOf(call.system);
  return done;
}

/** struct linux_dirent64. */
function entry64({ inode, type, name }: Entry, offset: number): Uint8Array {
  const size = (19 + name.length + 1 + 7) & ~7;
  const view = new DataView(new ArrayBuffer(size));
  putWord(view, 0, inode, 8);
  putWord(view, 8, offset, 8);
  view.setUint16(16, size, true);
  view.setUint8(18, type);
  const bytes = new Uint8Array(view.buffer);
  bytes.set(toBytes(name), 19);
  return bytes;
}

/** struct linux_dirent: the type is its last byte. */
const entryOld =
  (wordBytes: number) =>
  ({ inode, type, name }: Entry, offset: number): Uint8Array => {
    const head = 2 * wordBytes + 2;
    const size = (head + name.length + 2 + wordBytes - 1) & -wordBytes;
    const view = new DataView(new ArrayBuffer(size));
    putWord(view, 0, inode, wordBytes);
    putWord(view, wordBytes, offset, wordBytes);
    view.setUint16(2 * wordBytes, size, true);
    const bytes = new Uint8Array(view.buffer);
    bytes.set(toBytes(name), head);
    bytes[size - 1] = type === DT_UNKNOWN ? 0 : type;
    return bytes;
  };

function changeMode({ system, process }: Call, node: Node | number, mode: number): number {
  if (typeof node === "number") return node;
  if (process.who.user !== 0 && process.who.user !== node.user) return -EPERM;
  node.mode = mode & 0o7777;
  node.changed = clockOf(system);
  return 0;
}

function changeOwner({ system, process }: Call, node: Node | number, user: number, group: number): number {
  if (typeof node === "number") return node;
  const isChange = (user !== -1 && user !== node.user) || (group !== -1 && group !== node.group);
  if (isChange && process.who.user !== 0) return -EPERM;
  if (user !== -1) node.user = user;
  if (group !== -1) node.group = group;
  node.changed = clockOf(system);
  return 0;
}

const openNode = ({ process, args }: Call): Node | number => openFileAt(process, args[0])?.node ?? -EBADF;

const UTIME_NOW = 0x3fff_ffff;
const UTIME_OMIT = 0x3fff_fffe;

/** Sets the times of access and change. @param words seconds and nanoseconds of both; undefined: now */
function setTimes({ system, process }: Call, node: Node | number, words: readonly number[] | undefined): number {
  if (typeof node === "number") return node;
  const { user } = process.who;
  if (user !== 0 && user !== node.user && (words !== undefined || !permits(node, process.who, MAY_WRITE)))
    return -EPERM;
  const now = clockOf(system);
  const time = (seconds: number, nanoseconds: number, before: Time): Time =>
    nanoseconds === UTIME_NOW ? now : nanoseconds === UTIME_OMIT ? before : { seconds, nanoseconds };
  node.accessed = words === undefined ? now : time(words[0], words[1], node.accessed);
  node.modified = words === undefined ? now : time(words[2], words[3], node.modified);
  node.changed = now;
  return 0;
}

/** @param bytes of a word of the times in memory */
function utimensat(call: Call, bytes: number): number {
  const [number, path, address, flags] = call.args;
  const words = address === 0 ? undefined : readSigned(call.space, address, 4, bytes);
  if (address !== 0 && words === undefined) return -EFAULT;
  // Without a path it is about the descriptor.
  const node =
    path === 0
      ? (openFileAt(call.process, number)?.node ?? -EBADF)
      : nodeOf(call, 0, 1, (flags & AT_SYMLINK_NOFOLLOW) === 0, flags);
  return setTimes(call, node, words);
}

/** utimes, futimesat: microseconds; utime: seconds only. */
const oldTimes =
  (isSeconds: boolean): At =>
  (call, base, index) => {
    const address = call.args[index + 1];
    const words = address === 0 ? undefined : readSigned(call.space, address, isSeconds ? 2 : 4, call.wordBytes);
    if (address !== 0 && words === undefined) return -EFAULT;
    const times =
      words === undefined
        ? undefined
        : isSeconds
          ? [words[0], 0, words[1], 0]
          : [words[0], words[1] * 1000, words[2], words[3] * 1000];
    return setTimes(call, nodeOf(call, base, index, true), times);
  };

function umask({ process, args }: Call): number {
  const before = process.umask;
  process.umask = args[0] & 0o777;
  return before;
}

const noAttribute = refuse(EOPNOTSUPP);
const noAttributes = refuse(ENODATA);

export const PATH_CALLS: readonly CallRow[] = [
  row("mkdir", 83, 39, "path mode", here(mkdir), "makes the directory {1}"),
  row("mkdirat", 258, 296, "fd path mode", from(mkdir), "makes the directory {2}"),
  row("mknod", 133, 14, "path mode unsigned", here(mknod), "makes {1}: a pipe, a device or an empty file"),
  row("mknodat", 259, 297, "fd path mode unsigned", from(mknod), "makes {2}: a pipe, a device or an empty file"),
  row("rmdir", 84, 40, "path", here(unlinkOf(true)), "removes the directory {1}"),
  row("unlink", 87, 10, "path", here(unlinkOf(false)), "removes the name {1}"),
  row("unlinkat", 263, 301, "fd path flags", unlinkat, "removes the name {2}"),
  row("rename", 82, 38, "path path", (call) => renameBetween(call, [-1, -1], [0, 1], 0), "calls {1} from now on {2}"),
  row(
    "renameat",
    264,
    302,
    "fd path fd path",
    (call) => renameBetween(call, [0, 2], [1, 3], 0),
    "calls {2} from now on {4}",
  ),
  row(
    "renameat2",
    316,
    353,
    "fd path fd path flags",
    (call) => renameBetween(call, [0, 2], [1, 3], call.args[4]),
    "calls {2} from now on {4}",
  ),
  row("link", 86, 9, "path path", (call) => linkBetween(call, [-1, -1], [0, 1], 0), "gives {1} the second name {2}"),
  row(
    "linkat",
    265,
    303,
    "fd path fd path flags",
    (call) => linkBetween(call, [0, 2], [1, 3], call.args[4]),
    "gives {2} the second name {4}",
  ),
  row("symlink", 88, 83, "text path", (call) => symlink(call, -1, 1), "makes {2} a link to {1}"),
  row("symlinkat", 266, 304, "text fd path", (call) => symlink(call, 1, 2), "makes {3} a link to {1}"),
  row("readlink", 89, 85, "path out size", here(readlink), "asks where the link {1} leads"),
  row("readlinkat", 267, 305, "fd path out size", from(readlink), "asks where the link {2} leads"),
  row("access", 21, 33, "path flags", here(accessOf(-1)), "asks what may be done with {1}"),
  row("faccessat", 269, 307, "fd path flags", from(accessOf(-1)), "asks what may be done with {2}"),
  row("faccessat2", 439, 439, "fd path flags flags", from(accessOf(3)), "asks what may be done with {2}"),
  row("getcwd", 79, 183, "address size", getcwd, "asks for the current directory"),
  row(
    "chdir",
    80,
    12,
    "path",
    (call) => changeDirectory(call, nodeOf(call, -1, 0, true)),
    "makes {1} the current directory",
  ),
  row(
    "fchdir",
    81,
    133,
    "fd",
    (call) => changeDirectory(call, openNode(call)),
    "makes descriptor {1} the current directory",
  ),
  row(
    "getdents64",
    217,
    220,
    "fd address size",
    (call) => readDirectory(call, entry64),
    "reads names from the directory of descriptor {1}",
  ),
  row(
    "getdents",
    78,
    141,
    "fd address size",
    (call) => readDirectory(call, entryOld(call.wordBytes)),
    "reads names from the directory of descriptor {1}",
  ),
  row(
    "chmod",
    90,
    15,
    "path mode",
    (call) => changeMode(call, nodeOf(call, -1, 0, true), call.args[1]),
    "sets the permissions of {1}",
  ),
  row(
    "fchmod",
    91,
    94,
    "fd mode",
    (call) => changeMode(call, openNode(call), call.args[1]),
    "sets the permissions of descriptor {1}",
  ),
  row(
    "fchmodat",
    268,
    306,
    "fd path mode",
    (call) => changeMode(call, nodeOf(call, 0, 1, true), call.args[2]),
    "sets the permissions of {2}",
  ),
  row(
    "chown",
    92,
    212,
    "path int int",
    (call) => changeOwner(call, nodeOf(call, -1, 0, true), call.args[1], call.args[2]),
    "sets the owner of {1}",
  ),
  row(
    "lchown",
    94,
    198,
    "path int int",
    (call) => changeOwner(call, nodeOf(call, -1, 0, false), call.args[1], call.args[2]),
    "sets the owner of {1}, a link if it is one",
  ),
  row(
    "fchown",
    93,
    207,
    "fd int int",
    (call) => changeOwner(call, openNode(call), call.args[1], call.args[2]),
    "sets the owner of descriptor {1}",
  ),
  row(
    "fchownat",
    260,
    298,
    "fd path int int flags",
    (call) =>
      changeOwner(
        call,
        nodeOf(call, 0, 1, (call.args[4] & AT_SYMLINK_NOFOLLOW) === 0, call.args[4]),
        call.args[2],
        call.args[3],
      ),
    "sets the owner of {2}",
  ),
  row(
    "utimensat",
    280,
    320,
    "fd path address flags",
    (call) => utimensat(call, call.wordBytes),
    "sets the times of {2}",
  ),
  row("utimensat_time64", -1, 412, "fd path address flags", (call) => utimensat(call, 8), "sets the times of {2}"),
  row("utimes", 235, 271, "path address", here(oldTimes(false)), "sets the times of {1}"),
  row("futimesat", 261, 299, "fd path address", from(oldTimes(false)), "sets the times of {2}"),
  row("utime", 132, 30, "path address", here(oldTimes(true)), "sets the times of {1}"),
  row("umask", 95, 60, "mode", umask, "sets which permissions new files do not get"),
  row("setxattr", 188, 226, "path text in size flags", noAttribute, "sets an attribute of {1}"),
  row("lsetxattr", 189, 227, "path text in size flags", noAttribute, "sets an attribute of {1}"),
  row("fsetxattr", 190, 228, "fd text in size flags", noAttribute, "sets an attribute of descriptor {1}"),
  row("getxattr", 191, 229, "path text address size", noAttributes, "asks for the attribute {2} of {1}"),
  row("lgetxattr", 192, 230, "path text address size", noAttributes, "asks for the attribute {2} of {1}"),
  row("fgetxattr", 193, 231, "fd text address size", noAttributes, "asks for the attribute {2} of descriptor {1}"),
  row("listxattr", 194, 232, "path address size", () => 0, "asks which attributes {1} has"),
  row("llistxattr", 195, 233, "path address size", () => 0, "asks which attributes {1} has"),
  row("flistxattr", 196, 234, "fd address size", () => 0, "asks which attributes descriptor {1} has"),
  row("removexattr", 197, 235, "path text", noAttributes, "takes an attribute from {1}"),
  row("lremovexattr", 198, 236, "path text", noAttributes, "takes an attribute from {1}"),
  row("fremovexattr", 199, 237, "fd text", noAttributes, "takes an attribute from descriptor {1}"),
];
