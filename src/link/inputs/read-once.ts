// A link names the same files over and over: gcc passes -lgcc and -lgcc_s twice, and what a library needs is first looked
// for, then loaded. Each file is read once.

import type { FileSystem } from "../../host/files.ts";

/** The same files, each kept after it was first read, for the duration of a link. */
export function readOnce(files: FileSystem): FileSystem {
  const known = new Map<string, Uint8Array | undefined>();
  return {
    read(path: string): Uint8Array | undefined {
      if (known.has(path)) return known.get(path);
      const bytes = files.read(path);
      known.set(path, bytes);
      return bytes;
    },
    exists: (path) => known.get(path) !== undefined || files.exists(path),
    list: (directory) => files.list?.(directory) ?? [],
    whyNot: (path) => files.whyNot?.(path),
    realPath: (path) => files.realPath?.(path) ?? path,
  };
}
