// Files that are none: /dev with the devices that programs expect, /proc with what they ask about themselves, and an empty /sys. They
// stand in the tree in place of the host's, of which nothing is seen.

import type { DirectoryNode, DirectorySource, FileNode, Node } from "./nodes.ts";
import { type FileTree, newDevice, newDirectory, newFile, newLink, type User } from "./tree.ts";

const ROOT: User = { user: 0, group: 0, groups: [] };

/** Puts a directory of its own in place of what was handed in under this name. */
function addDirectory(
  { root, lower, now }: FileTree,
  name: string,
  mode: number,
  source: DirectorySource | undefined,
): DirectoryNode {
  const node = newDirectory(lower, now(), name, root, mode, ROOT, source);
  root.entries.set(name, node);
  return node;
}

/** Name, major and minor number (Documentation/admin-guide/devices.txt). */
const DEVICES: readonly (readonly [name: string, major: number, minor: number])[] = [
  ["null", 1, 3],
  ["zero", 1, 5],
  ["full", 1, 7],
  ["random", 1, 8],
  ["urandom", 1, 9],
  ["tty", 5, 0],
];

const LINKS: readonly (readonly [name: string, target: string])[] = [
  ["fd", "/proc/self/fd"],
  ["stdin", "/proc/self/fd/0"],
  ["stdout", "/proc/self/fd/1"],
  ["stderr", "/proc/self/fd/2"],
];

export function addDevices(tree: FileTree): void {
  const { lower, now } = tree;
  const directory = addDirectory(tree, "dev", 0o755, undefined);
  for (const [name, major, minor] of DEVICES) directory.entries.set(name, newDevice(lower, now(), major, minor, 0o666));
  for (const [name, target] of LINKS) directory.entries.set(name, newLink(lower, now(), target, ROOT));
  const shared = newDirectory(lower, now(), "shm", directory, 0o1777, ROOT, undefined);
  directory.entries.set("shm", shared);
  addDirectory(tree, "sys", 0o555, undefined);
}

/** What /proc tells of a process: its files by name, made when they are read. */
export interface ProcessFiles {
  readonly texts: Readonly<Record<string, () => Uint8Array>>;
  readonly links: Readonly<Record<string, () => string>>;
  /** The numbers of its threads, and files of one. */
  readonly threads: () => readonly number[];
  readonly threadTexts: (id: number) => Readonly<Record<string, () => Uint8Array>>;
  /** Its descriptors: number, name, and what it is where the name does not lead there. */
  readonly descriptors: () => readonly (readonly [number: number, name: string, node: Node | undefined])[];
}

/**
 * /proc.
 * @param sys what is below /proc/sys, by path  @param current number of the process that looks  @param thread `1000/task/1000`
 * @param processes numbers of all  @param filesOf undefined: there is none
 */
export function addProc(
  tree: FileTree,
  texts: Readonly<Record<string, () => Uint8Array>>,
  sys: Readonly<Record<string, () => Uint8Array>>,
  current: () => number,
  thread: () => string,
  processes: () => readonly number[],
  filesOf: (pid: number) => ProcessFiles | undefined,
): void {
  const { lower, now } = tree;
  const source: DirectorySource = {
    changes: true,
    names: () => [...processes().map(String), ...Object.keys(texts), "self", "sys", "thread-self"],
    get: (name, directory) => {
      if (name === "self") return newLink(lower, now(), () => String(current()), ROOT);
      if (name === "thread-self") return newLink(lower, now(), thread, ROOT);
      if (name === "sys") return settings;
      if (Object.hasOwn(texts, name)) return madeFile(tree, texts[name], 0o444);
      const files = /^[0-9]+$/.test(name) ? filesOf(Number(name)) : undefined;
      return files && newDirectory(lower, now(), name, directory, 0o555, ROOT, processDirectory(tree, files));
    },
  };
  const settings = newDirectory(lower, now(), "sys", addDirectory(tree, "proc", 0o555, source), 0o555, ROOT, undefined);
  for (const [path, make] of Object.entries(sys)) {
    const names = path.split("/");
    let directory = settings;
    for (const name of names.slice(0, -1)) {
      const known = directory.entries.get(name);
      const next =
        known?.kind === "directory" ? known : newDirectory(lower, now(), name, directory, 0o555, ROOT, undefined);
      directory.entries.set(name, next);
      directory = next;
    }
    directory.entries.set(names[names.length - 1], madeFile(tree, make, 0o444));
  }
}

function processDirectory(tree: FileTree, files: ProcessFiles): DirectorySource {
  const { lower, now } = tree;
  return {
    changes: true,
    names: () => [...Object.keys(files.texts), ...Object.keys(files.links), "fd", "task"],
    get: (name, directory) => {
      if (name === "fd")
        return newDirectory(lower, now(), name, directory, 0o500, ROOT, descriptorDirectory(tree, files));
      if (name === "task")
        return newDirectory(lower, now(), name, directory, 0o555, ROOT, threadsDirectory(tree, files));
      if (Object.hasOwn(files.links, name)) return newLink(lower, now(), files.links[name], ROOT);
      return Object.hasOwn(files.texts, name) ? madeFile(tree, files.texts[name], 0o444) : undefined;
    },
  };
}

function threadsDirectory(tree: FileTree, { threads, threadTexts }: ProcessFiles): DirectorySource {
  const { lower, now } = tree;
  return {
    changes: true,
    names: () => threads().map(String),
    get: (name, directory) => {
      const id = threads().find((it) => String(it) === name);
      if (id === undefined) return undefined;
      const texts = threadTexts(id);
      const source: DirectorySource = {
        changes: true,
        names: () => Object.keys(texts),
        get: (text) => (Object.hasOwn(texts, text) ? madeFile(tree, texts[text], 0o444) : undefined),
      };
      return newDirectory(lower, now(), name, directory, 0o555, ROOT, source);
    },
  };
}

function descriptorDirectory({ lower, now }: FileTree, { descriptors }: ProcessFiles): DirectorySource {
  return {
    changes: true,
    names: () => descriptors().map(([number]) => String(number)),
    get: (name) => {
      const found = descriptors().find(([number]) => String(number) === name);
      return found && newLink(lower, now(), found[1], ROOT, found[2]);
    },
  };
}

/** Its size is said to be 0, as that of all files of /proc. */
function madeFile({ lower, now }: FileTree, make: () => Uint8Array, mode: number): FileNode {
  return newFile(lower, now(), mode, ROOT, make);
}
