// A file system that keeps the contents of files from one link to the next, as long as they are the same files (identity.ts)
// and within a limit. What is no regular file, or belongs to a process (/dev, /proc), is for the plain command.

import { resolve } from "node:path";
import type { FileSystem } from "../../host/files.ts";
import { fromRoot } from "../../host/from-root.ts";
import { namesIn, nodeFiles } from "../../host/node-files.ts";
import { type Identity, identify, isSame, isSettled } from "./identity.ts";
import { refuse } from "./refusal.ts";

export interface KeptFiles {
  readonly files: FileSystem;
  readonly stats: { hits: number; misses: number; bytes: number };
  /**
   * A file as it was when this link first asked: a link asks for the same places over and over. @param path absolute
   */
  look(path: string): Identity | undefined;
  /** Another link begins, which sees all files anew. */
  begin(): void;
  /** Gives back what has not been used for longest until `limit` bytes are left. */
  trim(limit: number): void;
}

interface Kept {
  readonly bytes: Uint8Array;
  readonly identity: Identity;
}

/** @param limit bytes that are kept at most between two links */
export function createKeptFiles(): KeptFiles {
  // In the order of their last use: a Map gives its keys in the order in which they were put there.
  const kept = new Map<string, Kept>();
  const stats = { hits: 0, misses: 0, bytes: 0 };
  const drop = (path: string, it: Kept): void => {
    kept.delete(path);
    stats.bytes -= it.bytes.length;
  };

  const seen = new Map<string, Identity | undefined>();
  const look = (path: string): Identity | undefined => {
    if (seen.has(path)) return seen.get(path);
    const identity = lookAt(path);
    seen.set(path, identity);
    return identity;
  };

  const read = (given: string): Uint8Array | undefined => {
    const path = fromRoot(given);
    const identity = look(path);
    if (identity === undefined || identity.directory) return undefined;
    const old = kept.get(path);
    if (old !== undefined) {
      kept.delete(path);
      if (isSame(old.identity, identity)) {
        kept.set(path, old);
        stats.hits++;
        return old.bytes;
      }
      stats.bytes -= old.bytes.length;
    }
    stats.misses++;
    const bytes = nodeFiles.read(path);
    if (bytes === undefined) return undefined;
    // What was read is what was looked at only if nothing happened in between.
    const after = identify(path);
    if (after !== undefined && isSame(after, identity) && isSettled(identity, Date.now())) {
      kept.set(path, { bytes, identity });
      stats.bytes += bytes.length;
    }
    return bytes;
  };

  /** A file that was read and has not changed since can still be read: its times would tell. */
  const exists = (given: string): boolean => {
    const path = fromRoot(given);
    const identity = look(path);
    if (identity === undefined || identity.directory) return false;
    const old = kept.get(path);
    return (old !== undefined && isSame(old.identity, identity)) || nodeFiles.exists(path);
  };

  return {
    look,
    begin: () => seen.clear(),
    files: {
      read,
      exists,
      list: namesIn,
      whyNot: (path) => nodeFiles.whyNot?.(path),
      realPath: (path) => nodeFiles.realPath?.(path) ?? path,
    },
    stats,
    trim: (limit) => {
      for (const [path, it] of kept) {
        if (stats.bytes <= limit) return;
        drop(path, it);
      }
    },
  };
}

/** Is it in /dev or /proc, where each process has files of its own? @param path as written */
export function isOfProcess(path: string): boolean {
  return /(?:^|\/)(?:dev|proc)\//.test(path) && /^\/(?:dev|proc)\//.test(resolve(path));
}

/** The file's identity, if it is one that every process sees alike. */
export function lookAt(path: string): Identity | undefined {
  if (isOfProcess(path)) refuse("a file of the process");
  const identity = identify(path);
  if (identity !== undefined && !identity.regular && !identity.directory) refuse("not a regular file");
  return identity;
}
