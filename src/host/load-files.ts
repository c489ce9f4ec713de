// The file system that a program would be loaded from, through node:fs: this machine's, or a directory that is taken for its
// root. Only regular files are ever opened, and nothing outside of the root.

import { closeSync, constants, fstatSync, lstatSync, openSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import type { FileFacts, LoadFiles, OpenedFile, OpenFailure } from "../load/settings/contract.ts";
import { fromRoot } from "./from-root.ts";
import { readLoaderParts } from "./loader-parts.ts";
import { isPath, pathWalker, type Step } from "./path-walk.ts";
import { hostPath, rawLink, rawNames, rawRealPath } from "./raw-names.ts";
import { readChosen, readRange } from "./read-range.ts";
import { slabs } from "./slabs.ts";

export interface NodeLoadFilesOptions {
  /** Directory that is `/` to the program; symbolic links are resolved inside it. Without: the machine's own root. */
  readonly root?: string;
  /**
   * Of large files only what is needed for finding and binding libraries (see loader-parts.ts); their other bytes are zero.
   * Not for relocating, nor for looking into code or data.
   */
  readonly partly?: boolean;
}

type Contents = Required<Pick<OpenedFile, "bytes" | "partly">>;

/** Fills the bytes from a file; answers with those that were there. */
type Fill = (file: number, bytes: Uint8Array) => Contents;

type Allocate = (size: number) => Uint8Array;

/** A file larger than this is not read: no library comes near, and a buffer has to hold it. */
const LARGEST_FILE = 0x7fff0000;

const FAILURES: ReadonlySet<string> = new Set<OpenFailure>([
  "ENOENT",
  "EACCES",
  "ENOTDIR",
  "EISDIR",
  "ELOOP",
  "ENAMETOOLONG",
  "EFBIG",
  "EIO",
]);

/** Files for the loader from this machine's disk. What a path leads to is remembered: use one record while the files stay. */
export function nodeLoadFiles({ root, partly = false }: NodeLoadFilesOptions = {}): LoadFiles {
  const base = root === undefined ? "" : fromRoot(root).replace(/\/$/, "");
  // The kernel knows its own root better, /proc/self/exe for example.
  // Most of what is read partly is never touched, and memory of this kind costs nothing until it is.
  const allocate = partly ? (size: number) => new Uint8Array(size) : slabs();
  const fill = partly ? readParts : readWhole;
  const resolvePath = base === "" ? kernelPaths() : rootPaths(base);
  return {
    open: (path) => {
      const found = resolvePath(path);
      return typeof found === "string" ? found : openFile(found, base, allocate, fill);
    },
    isDirectory: (path) => {
      const found = resolvePath(path);
      return typeof found !== "string" && found.stat.isDirectory();
    },
    list: (directory) => {
      const found = resolvePath(directory);
      return typeof found === "string" ? [] : namesAt(base + found.path);
    },
    linkTarget: (path) => {
      const step = look(base + path);
      return typeof step === "object" && step.kind === "link" ? step.target : undefined;
    },
    facts: (path) => factsAt(base + path),
  };
}

/** What a path leads to, links resolved. */
interface Found {
  /** In the root directory. */
  readonly path: string;
  readonly stat: Stats;
}

/** Paths inside a root directory. */
function rootPaths(base: string): (path: string) => Found | OpenFailure {
  const walk = pathWalker((path) => look(base + path));
  return (path) => {
    const real = walk(path);
    if (!isPath(real)) return real;
    const stat = statOf(base + real);
    return stat === undefined ? "ENOENT" : { path: real, stat };
  };
}

/**
 * Paths resolved by the kernel. Most look-ups are misses, which cost one system call and no exception; Node does not say then
 * whether a directory on the way is none, so that is asked for once a directory.
 */
function kernelPaths(): (path: string) => Found | OpenFailure {
  const parents = new Map<string, OpenFailure>();
  return (path) => {
    try {
      const stat = statSync(hostPath(path), { throwIfNoEntry: false });
      if (stat !== undefined) return { path: rawRealPath(path), stat };
    } catch (cause) {
      return failureOf(cause);
    }
    const parent = dirname(path);
    let failure = parents.get(parent);
    if (failure === undefined) {
      failure = statOf(parent)?.isDirectory() === false ? "ENOTDIR" : "ENOENT";
      parents.set(parent, failure);
    }
    return failure;
  };
}

function namesAt(path: string): readonly string[] {
  try {
    return rawNames(path);
  } catch {
    return [];
  }
}

function look(path: string): Step {
  try {
    const stat = lstatSync(hostPath(path), { throwIfNoEntry: false });
    if (stat === undefined) return "ENOENT";
    if (stat.isSymbolicLink()) return { kind: "link", target: rawLink(path) };
    return { kind: stat.isDirectory() ? "directory" : "file" };
  } catch (cause) {
    return failureOf(cause);
  }
}

/** What programs that run are told of a file; times to the nanosecond. */
function factsAt(path: string): FileFacts | undefined {
  try {
    const stat = lstatSync(hostPath(path), { throwIfNoEntry: false, bigint: true });
    if (stat === undefined) return undefined;
    const kind = stat.isFile() ? "file" : stat.isDirectory() ? "directory" : stat.isSymbolicLink() ? "link" : "other";
    return {
      kind,
      mode: Number(stat.mode) & 0o7777,
      user: Number(stat.uid),
      group: Number(stat.gid),
      size: Number(stat.size),
      links: Number(stat.nlink),
      inode: Number(stat.ino),
      modified: { seconds: Number(stat.mtimeNs / SECOND), nanoseconds: Number(stat.mtimeNs % SECOND) },
    };
  } catch {
    return undefined;
  }
}

const SECOND = BigInt(1_000_000_000);

/** The path is resolved already: a link that is there by now is not followed. */
function openFile(found: Found, base: string, allocate: Allocate, fill: Fill): OpenedFile | OpenFailure {
  const { path: realPath, stat: before } = found;
  if (before.isDirectory()) return "EISDIR";
  // LD_PRELOAD=/dev/null is common; opening other devices and pipes can do things or wait for ever.
  if (isNullDevice(before)) return { ...facts(before, String(before.ino)), bytes: new Uint8Array(0), realPath };
  if (!before.isFile()) return "EIO";
  let file: number | undefined;
  try {
    file = openSync(
      hostPath(base + realPath),
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    );
    const stat = fstatSync(file);
    if (!stat.isFile()) return "EIO";
    if (stat.size > LARGEST_FILE) return "EFBIG";
    // Some file systems have larger numbers, and a number rounded is another file's.
    const inode = Number.isSafeInteger(stat.ino) ? stat.ino : fstatSync(file, { bigint: true }).ino;
    return { ...facts(stat, String(inode)), ...fill(file, allocate(stat.size)), realPath };
  } catch (cause) {
    return failureOf(cause);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function facts({ mode, dev }: Stats, inode: string): Pick<OpenedFile, "identity" | "setUserId" | "executable"> {
  const identity = `${dev}:${inode}`;
  // Windows makes the bits up.
  const executable = process.platform === "win32" ? {} : { executable: (mode & 0o111) !== 0 };
  return { identity, setUserId: (mode & 0o4000) !== 0, ...executable };
}

/** /dev/null on Linux: character device 1:3. */
function isNullDevice(stat: Stats): boolean {
  return stat.isCharacterDevice() && stat.rdev === 0x103;
}

function readWhole(file: number, bytes: Uint8Array): Contents {
  const end = readRange(file, bytes, 0, bytes.length);
  return { bytes: end === bytes.length ? bytes : bytes.slice(0, end), partly: false };
}

function readParts(file: number, room: Uint8Array): Contents {
  const { bytes, isWhole } = readChosen(file, room, readLoaderParts);
  return { bytes, partly: !isWhole };
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(hostPath(path), { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function failureOf(cause: unknown): OpenFailure {
  const { code } = cause as NodeJS.ErrnoException;
  return code !== undefined && FAILURES.has(code) ? (code as OpenFailure) : "EIO";
}
