// The machine's file system through node:fs.

import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import type { FileSystem, PartlyRead } from "./files.ts";
import { readLinkerParts } from "./linker-parts.ts";
import { type ExpectedFile, type ReadAhead, readAhead, takeFile } from "./read-ahead.ts";
import { readChosen, readRange } from "./read-range.ts";
import { allocate, slabs } from "./slabs.ts";

/** Node's file system. Relative paths start at the working directory. Each file's bytes are a buffer of their own. */
export const nodeFiles: FileSystem = {
  read: (path) => readFile(path, allocate),
  exists: isReadableFile,
  list: namesIn,
  whyNot,
  realPath,
};

/** For one job that reads many files: larger ones share a few large buffers, each of which is kept as long as any file in it is. */
export function batchFiles(): FileSystem {
  const take = slabs();
  let ahead: ReadAhead | undefined;
  let indexOf = new Map<string, number>();
  const taken = (path: string): Uint8Array | undefined => {
    const index = indexOf.get(path);
    return ahead === undefined || index === undefined ? undefined : takeFile(ahead, index);
  };
  return {
    read: (path) => taken(path) ?? readFile(path, take),
    readPartly: (path) => {
      const bytes = taken(path);
      return bytes === undefined ? readPartly(path, take) : { bytes };
    },
    exists: isReadableFile,
    list: namesIn,
    whyNot,
    realPath,
    expect: (paths) => {
      const files = regularFiles(paths);
      ahead = readAhead(files);
      indexOf = new Map(files.map(({ path }, index) => [path, index]));
    },
  };
}

/** Those that are there and know their size, each once. */
function regularFiles(paths: readonly string[]): readonly ExpectedFile[] {
  return [...new Set(paths)].flatMap((path) => {
    const stat = statOf(path);
    return stat?.isFile() === true && stat.size > 0 ? [{ path, size: stat.size }] : [];
  });
}

/** Undefined also where there is no permission to look, or the path is a loop of symbolic links or too long. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** In no order; none of what is no directory or must not be read. */
export function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** The words of strerror(3), which Node puts between the error's code and the system call. */
function whyNot(path: string): string | undefined {
  try {
    if (statSync(path).isDirectory()) return "it is a directory";
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (cause) {
    return /^\w+: ([^,]+)/.exec(cause instanceof Error ? cause.message : "")?.[1];
  }
}

function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}

function isReadableFile(path: string): boolean {
  const stat = statOf(path);
  if (stat === undefined || stat.isDirectory()) return false;
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The size is asked for by name before the file is opened: most look-ups along a search path are misses, and a miss then
 * costs one system call and no exception.
 */
function readFile(path: string, take: (size: number) => Uint8Array): Uint8Array | undefined {
  const stat = statOf(path);
  if (stat === undefined || stat.isDirectory()) return undefined;
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    // Pipes and files under /proc do not know their size.
    return stat.isFile() && stat.size > 0 ? readSized(file, take(stat.size)) : readStream(file);
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readSized(file: number, bytes: Uint8Array): Uint8Array {
  const length = readRange(file, bytes, 0, bytes.length);
  // Shorter than a moment ago: somebody is writing it. What is there is what the caller gets.
  return length === bytes.length ? bytes : bytes.slice(0, length);
}

function readStream(file: number): Uint8Array {
  let bytes = new Uint8Array(65536);
  let length = 0;
  for (;;) {
    const count = readSync(file, bytes, length, bytes.length - length, null);
    if (count === 0) return bytes.slice(0, length);
    length += count;
    if (length === bytes.length) {
      const larger = new Uint8Array(length * 2);
      larger.set(bytes);
      bytes = larger;
    }
  }
}

/** As `readFile`, but what `readLinkerParts` leaves out is read when it is asked for. */
function readPartly(path: string, take: (size: number) => Uint8Array): PartlyRead | undefined {
  const stat = statOf(path);
  if (stat === undefined || stat.isDirectory()) return undefined;
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const opened = fstatSync(file);
    return opened.isFile() && opened.size > 0 ? readParts(path, file, opened, take) : { bytes: readStream(file) };
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readParts(path: string, file: number, opened: Stats, take: (size: number) => Uint8Array): PartlyRead {
  const { bytes, isWhole } = readChosen(file, take(opened.size), readLinkerParts);
  return isWhole ? { bytes } : { bytes, complete: (part) => completePart(path, opened, bytes, part) };
}

function completePart(path: string, before: Stats, bytes: Uint8Array, part: Uint8Array): boolean {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const now = fstatSync(file);
    if (IDENTITY.some((key) => now[key] !== before[key])) return false;
    const start = part.byteOffset - bytes.byteOffset;
    return readRange(file, bytes, start, start + part.length) === start + part.length;
  } catch {
    return false;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** What is the same as long as a file is. */
const IDENTITY = ["dev", "ino", "size", "mtimeMs", "ctimeMs"] as const;
