// A file system for the loader that is a table in memory: for web pages, images that were unpacked elsewhere, and tests.

import type { LoadFiles } from "../load/settings/contract.ts";
import { isPath, pathWalker, type Step } from "./path-walk.ts";

/** A file's bytes, a symbolic link, or a file that has more to it. */
export type MemoryEntry =
  | Uint8Array
  | { readonly link: string }
  | {
      readonly bytes: Uint8Array;
      readonly setUserId?: boolean;
      /** Equal for two names of the same file. */
      readonly identity?: string;
    };

/** Files by absolute path; directories are where files are. Entries added to the map later are seen unless asked for before. */
export function memoryLoadFiles(
  files: ReadonlyMap<string, MemoryEntry> | Readonly<Record<string, MemoryEntry>>,
): LoadFiles {
  const entries = new Map(files instanceof Map ? files : Object.entries(files));
  const directories = new Map<string, Set<string>>([["", new Set()]]);
  for (const path of entries.keys()) addParents(path, directories);

  const walk = pathWalker((path): Step => {
    const entry = entries.get(path);
    if (entry === undefined) return directories.has(path) ? { kind: "directory" } : "ENOENT";
    return "link" in entry ? { kind: "link", target: entry.link } : { kind: "file" };
  });
  return {
    open: (path) => {
      const real = walk(path);
      if (!isPath(real)) return real;
      const entry = entries.get(real);
      if (entry === undefined || "link" in entry) return "EISDIR";
      if (entry instanceof Uint8Array) return { bytes: entry, identity: real, realPath: real, setUserId: false };
      const { bytes, identity = real, setUserId = false } = entry;
      return { bytes, identity, realPath: real, setUserId };
    },
    isDirectory: (path) => directories.has(keyOf(walk(path))),
    list: (directory) => [...(directories.get(keyOf(walk(directory))) ?? [])],
    linkTarget: (path) => {
      const entry = entries.get(path);
      return entry !== undefined && "link" in entry ? entry.link : undefined;
    },
  };
}

function addParents(path: string, directories: Map<string, Set<string>>): void {
  for (let end = path.lastIndexOf("/"), child = path; end >= 0; end = child.lastIndexOf("/")) {
    const parent = child.slice(0, end);
    const names = directories.get(parent);
    if (names === undefined) directories.set(parent, new Set([child.slice(end + 1)]));
    else names.add(child.slice(end + 1));
    child = parent;
  }
}

/** The root is the empty path here. */
function keyOf(path: string): string {
  return path === "/" ? "" : path;
}
