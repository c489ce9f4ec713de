// The tree of directories that programs see: what was handed in below, what they have changed above it, devices and /proc
// beside it. Paths are walked as the kernel does (fs/namei.c). Nothing here reaches the host but through the files handed in.

import type { LoadFiles } from "../../load/index.ts";
import {
  EACCES,
  EBUSY,
  EEXIST,
  EINVAL,
  EISDIR,
  ELOOP,
  ENAMETOOLONG,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
} from "./errno.ts";
import { type Lower, lowerDirectory } from "./lower.ts";
import type {
  DeviceNode,
  DirectoryNode,
  DirectorySource,
  FileNode,
  LinkNode,
  Node,
  PipeNode,
  StorageBudget,
  Time,
} from "./nodes.ts";
import { targetOf } from "./nodes.ts";

export interface FileTree {
  readonly root: DirectoryNode;
  readonly lower: Lower;
  readonly budget: StorageBudget;
  /** What time it is, for what is made and changed. */
  readonly now: () => Time;
}

/** Who asks. */
export interface User {
  readonly user: number;
  readonly group: number;
  readonly groups: readonly number[];
}

/** Where a path leads. */
export interface Place {
  readonly directory: DirectoryNode;
  /** The last part; "." or ".." if the path ends so, and for the root. */
  readonly name: string;
  /** Undefined if nothing is there. */
  readonly node: Node | undefined;
  /** The path ends in a slash: it has to be a directory. */
  readonly wantsDirectory: boolean;
}

/** Links that are followed in one path (MAXSYMLINKS). */
const MOST_LINKS = 40;
/** PATH_MAX, NAME_MAX. */
const LONGEST_PATH = 4096;
const LONGEST_NAME = 255;

export const MAY_EXECUTE = 1;
export const MAY_WRITE = 2;
export const MAY_READ = 4;

/**
 * The tree of the files handed in.
 * @param storage bytes that programs may write  @param time of what has none of its own  @param now what time it is
 */
export function fileTree(files: LoadFiles, storage: number, time: Time, now: () => Time, owner: User): FileTree {
  const lower: Lower = {
    files,
    nextInode: 0x1000_0000,
    linked: new Map(),
    time,
    user: owner.user,
    group: owner.group,
  };
  const root = newDirectory(lower, time, "", undefined, 0o755, owner, lowerDirectory(lower, ""));
  return { root, lower, budget: { left: storage }, now };
}

export function newDirectory(
  lower: Lower,
  time: Time,
  name: string,
  parent: DirectoryNode | undefined,
  mode: number,
  owner: User,
  source: DirectorySource | undefined,
): DirectoryNode {
  const node = {
    ...fresh(lower, time, mode, owner),
    kind: "directory",
    links: 2,
    entries: new Map<string, Node | undefined>(),
    source,
    name,
    exists: true,
  } as unknown as DirectoryNode;
  node.parent = parent ?? node;
  return node;
}

export function newFile(
  lower: Lower,
  time: Time,
  mode: number,
  owner: User,
  load?: () => Uint8Array | number,
): FileNode {
  const bytes = load === undefined ? new Uint8Array(0) : undefined;
  return {
    ...fresh(lower, time, mode, owner),
    kind: "file",
    bytes,
    size: 0,
    own: load === undefined,
    load,
    shared: undefined,
  };
}

export function newLink(lower: Lower, time: Time, target: LinkNode["target"], owner: User, jump?: Node): LinkNode {
  return { ...fresh(lower, time, 0o777, owner), kind: "link", target, jump };
}

export function newDevice(lower: Lower, time: Time, major: number, minor: number, mode: number): DeviceNode {
  return { ...fresh(lower, time, mode, { user: 0, group: 0, groups: [] }), kind: "device", major, minor };
}

export function newPipe(
  lower: Lower,
  time: Time,
  mode: number,
  owner: User,
  kind: PipeNode["kind"] = "pipe",
): PipeNode {
  return { ...fresh(lower, time, mode, owner), kind, buffer: undefined };
}

function fresh(lower: Lower, time: Time, mode: number, { user, group }: User) {
  const times = { accessed: time, modified: time, changed: time };
  return { inode: lower.nextInode++, mode, user, group, links: 1, ...times, locks: undefined };
}

/** May this user do that? @param want MAY_* */
export function permits({ mode, user, group, kind }: Node, who: User, want: number): boolean {
  if (who.user === 0) return (want & MAY_EXECUTE) === 0 || kind === "directory" || (mode & 0o111) !== 0;
  const shift = user === who.user ? 6 : group === who.group || who.groups.includes(group) ? 3 : 0;
  return ((mode >> shift) & want) === want;
}

/** What a directory has under a name. */
export function entryOf(directory: DirectoryNode, name: string): Node | undefined {
  const { entries, source } = directory;
  if (source?.changes !== true || entries.has(name)) {
    const known = entries.get(name);
    if (known !== undefined || source === undefined || entries.has(name)) return known;
  }
  const found = source?.get(name, directory);
  if (source?.changes !== true) entries.set(name, found);
  return found;
}

/** The names in a directory, without "." and "..". */
export function namesOf({ entries, source }: DirectoryNode): string[] {
  const names =
    source === undefined ? [] : source.names().filter((name) => !entries.has(name) || entries.get(name) !== undefined);
  const listed = new Set(names);
  for (const [name, node] of entries) if (node !== undefined && !listed.has(name)) names.push(name);
  return names;
}

/**
 * Walks a path.
 * @param from where a relative path begins  @param follow also a link that the path ends in
 * @returns the place, or the errno, negated
 */
export function walk(tree: FileTree, from: DirectoryNode, path: string, follow: boolean, who: User): Place | number {
  if (path === "") return -ENOENT;
  if (path.length >= LONGEST_PATH) return -ENAMETOOLONG;
  let directory = path.startsWith("/") ? tree.root : from;
  let links = 0;
  let wantsDirectory = path.endsWith("/");
  const rest = path
    .split("/")
    .filter((part) => part !== "")
    .reverse();
  if (rest.length === 0) return { directory: tree.root, name: ".", node: tree.root, wantsDirectory };
  for (;;) {
    const name = rest.pop() ?? ".";
    if (name.length > LONGEST_NAME) return -ENAMETOOLONG;
    if (!permits(directory, who, MAY_EXECUTE)) return -EACCES;
    const node = name === "." ? directory : name === ".." ? directory.parent : entryOf(directory, name);
    const isLast = rest.length === 0;
    if (node?.kind === "link" && (!isLast || follow || wantsDirectory)) {
      if (++links > MOST_LINKS) return -ELOOP;
      const { jump } = node;
      if (jump !== undefined) {
        const isDirectory = jump.kind === "directory";
        if ((!isLast || wantsDirectory) && !isDirectory) return -ENOTDIR;
        if (isLast) return { directory, name, node: jump, wantsDirectory };
        if (isDirectory) directory = jump;
        continue;
      }
      const target = targetOf(node);
      if (target === "") return -ENOENT;
      if (target.startsWith("/")) directory = tree.root;
      if (isLast && target.endsWith("/")) wantsDirectory = true;
      rest.push(
        ...target
          .split("/")
          .filter((part) => part !== "")
          .reverse(),
      );
      if (rest.length === 0) return { directory, name: ".", node: directory, wantsDirectory };
      continue;
    }
    if (isLast) {
      if (wantsDirectory && node !== undefined && node.kind !== "directory") return -ENOTDIR;
      return { directory, name, node, wantsDirectory };
    }
    if (node === undefined) return -ENOENT;
    if (node.kind !== "directory") return -ENOTDIR;
    directory = node;
  }
}

/** The node that a path leads to, or the errno, negated. */
export function nodeAt(tree: FileTree, from: DirectoryNode, path: string, follow: boolean, who: User): Node | number {
  const place = walk(tree, from, path, follow, who);
  return typeof place === "number" ? place : (place.node ?? -ENOENT);
}

/** Absolute path of a directory. */
export function pathOf(directory: DirectoryNode): string {
  let path = "";
  for (let at = directory; at.parent !== at; at = at.parent) path = `/${at.name}${path}`;
  return path === "" ? "/" : path;
}

/** Absolute path of a place. */
export function pathOfPlace({ directory, name, node }: Place): string {
  if (node?.kind === "directory") return pathOf(node);
  const above = pathOf(directory);
  return `${above === "/" ? "" : above}/${name}`;
}

/** Puts a new node at a place where nothing is. @returns 0, or the errno, negated */
export function enter(tree: FileTree, place: Place, node: Node, who: User): number {
  const { directory, name } = place;
  if (place.node !== undefined) return -EEXIST;
  if (place.wantsDirectory && node.kind !== "directory") return -ENOENT;
  const failed = mayChange(directory, who);
  if (failed < 0) return failed;
  directory.entries.set(name, node);
  if (node.kind === "directory") directory.links++;
  touch(tree, directory);
  return 0;
}

/** A directory's entries are about to be changed. @returns 0, or the errno, negated */
function mayChange(directory: DirectoryNode, who: User): number {
  if (!directory.exists) return -ENOENT;
  // /proc is not for making files in.
  if (directory.source?.changes === true) return -EACCES;
  return permits(directory, who, MAY_WRITE | MAY_EXECUTE) ? 0 : -EACCES;
}

function touch({ now }: FileTree, node: Node): void {
  node.modified = now();
  node.changed = node.modified;
}

/** unlink and rmdir. @returns 0, or the errno, negated */
export function remove(tree: FileTree, place: Place, isDirectory: boolean, who: User): number {
  const { directory, name, node } = place;
  if (node === undefined) return -ENOENT;
  if (name === ".") return isDirectory ? (node === tree.root ? -EBUSY : -EINVAL) : -EISDIR;
  if (name === "..") return isDirectory ? -ENOTEMPTY : -EISDIR;
  if (isDirectory && node.kind !== "directory") return -ENOTDIR;
  if (!isDirectory && node.kind === "directory") return -EISDIR;
  const failed = mayChange(directory, who);
  if (failed < 0) return failed;
  if (isSticky(directory, node, who)) return -EPERM;
  if (node.kind === "directory") {
    if (namesOf(node).length > 0) return -ENOTEMPTY;
    node.exists = false;
    node.links = 0;
    directory.links--;
  } else {
    node.links--;
    node.changed = tree.now();
  }
  directory.entries.set(name, undefined);
  touch(tree, directory);
  return 0;
}

/** In /tmp only the owner removes. */
function isSticky(directory: DirectoryNode, node: Node, who: User): boolean {
  return (directory.mode & 0o1000) !== 0 && who.user !== 0 && node.user !== who.user && directory.user !== who.user;
}

export const RENAME_NOREPLACE = 1;
export const RENAME_EXCHANGE = 2;

/** rename and renameat2. @returns 0, or the errno, negated */
export function rename(tree: FileTree, from: Place, to: Place, flags: number, who: User): number {
  const { node } = from;
  if (node === undefined) return -ENOENT;
  for (const name of [from.name, to.name]) if (name === "." || name === "..") return -EBUSY;
  if ((flags & RENAME_NOREPLACE) !== 0 && to.node !== undefined) return -EEXIST;
  if ((flags & RENAME_EXCHANGE) !== 0 && to.node === undefined) return -ENOENT;
  if (node === to.node) return 0;
  if (to.wantsDirectory && node.kind !== "directory") return -ENOTDIR;
  const failed = Math.min(mayChange(from.directory, who), mayChange(to.directory, who));
  if (failed < 0) return failed;
  if (isSticky(from.directory, node, who)) return -EPERM;
  if (node.kind === "directory") {
    for (let at = to.directory; ; at = at.parent) {
      if (at === node) return -EINVAL;
      if (at.parent === at) break;
    }
  }
  if ((flags & RENAME_EXCHANGE) === 0 && to.node !== undefined) {
    if (node.kind === "directory" && to.node.kind !== "directory") return -ENOTDIR;
    if (node.kind !== "directory" && to.node.kind === "directory") return -EISDIR;
    const replaced = remove(tree, to, to.node.kind === "directory", who);
    if (replaced < 0) return replaced;
  }
  place(from.directory, from.name, (flags & RENAME_EXCHANGE) === 0 ? undefined : to.node);
  place(to.directory, to.name, node);
  touch(tree, from.directory);
  touch(tree, to.directory);
  node.changed = tree.now();
  return 0;
}

function place(directory: DirectoryNode, name: string, node: Node | undefined): void {
  directory.entries.set(name, node);
  if (node?.kind !== "directory") return;
  if (node.parent !== directory) {
    node.parent.links--;
    directory.links++;
    node.parent = directory;
  }
  node.name = name;
}

/** link(2). @returns 0, or the errno, negated */
export function link(tree: FileTree, node: Node, to: Place, who: User): number {
  if (node.kind === "directory") return -EPERM;
  const failed = enter(tree, to, node, who);
  if (failed < 0) return failed;
  node.links++;
  node.changed = tree.now();
  return 0;
}
