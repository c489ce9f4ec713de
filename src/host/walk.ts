// The files of a directory tree that may be ELF. Links are not followed: what they lead to inside of the tree is met under
// its own name, and what is outside is no part of it. So a walk ends, and stays in its directory.

import { closeSync, type Dirent, openSync, readdirSync, readSync } from "node:fs";

export interface TreeFile {
  readonly path: string;
  /** Its first bytes, which tell what it is: up to 20. */
  readonly start: Uint8Array;
}

/** Enough for an ELF file's type. */
const START_BYTES = 20;

/** What the kernel shows of itself is no files. */
const KERNEL: ReadonlySet<string> = new Set(["/proc", "/sys", "/dev"]);

/**
 * The regular files under a directory, in the order of their names, files before directories.
 * @param unreadable gets directories and files that cannot be read
 */
export function* filesUnder(directory: string, unreadable: (path: string) => void): Generator<TreeFile> {
  const start = new Uint8Array(START_BYTES);
  const pending = [directory];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const below: string[] = [];
    for (const entry of entriesOf(next, unreadable)) {
      const path = next.endsWith("/") ? next + entry.name : `${next}/${entry.name}`;
      if (entry.isDirectory() && !KERNEL.has(path)) below.push(path);
      if (!entry.isFile()) continue;
      const length = readStart(path, start);
      if (length === undefined) unreadable(path);
      else yield { path, start: start.slice(0, length) };
    }
    pending.push(...below.reverse());
  }
}

function entriesOf(directory: string, unreadable: (path: string) => void): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    unreadable(directory);
    return [];
  }
}

/** How many bytes could be read. */
function readStart(path: string, into: Uint8Array): number | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    return readSync(file, into, 0, into.length, 0);
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
