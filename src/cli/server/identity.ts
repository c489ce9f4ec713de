// Whether a file is still the one that was read: device, inode, size, and both times to the nanosecond.

import { statSync } from "node:fs";

export interface Identity {
  readonly device: bigint;
  readonly inode: bigint;
  readonly size: bigint;
  readonly modified: bigint;
  readonly changed: bigint;
  readonly regular: boolean;
  readonly directory: boolean;
}

/** Undefined if there is nothing, or nothing that may be looked at. Symbolic links are followed. */
export function identify(path: string): Identity | undefined {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return (
      stat && {
        device: stat.dev,
        inode: stat.ino,
        size: stat.size,
        modified: stat.mtimeNs,
        changed: stat.ctimeNs,
        regular: stat.isFile(),
        directory: stat.isDirectory(),
      }
    );
  } catch {
    return undefined;
  }
}

export function isSame(a: Identity, b: Identity): boolean {
  return (
    a.inode === b.inode &&
    a.modified === b.modified &&
    a.changed === b.changed &&
    a.size === b.size &&
    a.device === b.device
  );
}

/**
 * A file that changed a moment ago may change again without its times telling: the kernel's clock for them stands still for up
 * to ten milliseconds, that of a network's file system for up to two seconds.
 */
export function isSettled({ changed, modified }: Identity, now: number): boolean {
  const latest = Number((changed > modified ? changed : modified) / 1_000_000n);
  return now - latest > 2500;
}
