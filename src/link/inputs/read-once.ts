// A link names the same files over and over: gcc passes -lgcc and -lgcc_s twice, and what a library needs is first looked
// for, then loaded. Each file is read once.

import type { FileSystem, PartlyRead } from "../../host/files.ts";

/** How the bytes are completed of files of which not all has been read, by what has been read. */
export type PartlyFiles = Map<Uint8Array, NonNullable<PartlyRead["complete"]>>;

/**
 * The same files, each kept after it was first read, for the duration of a link. Of large archives and libraries no more is read
 * than is looked at first; `partly` gets those.
 */
export function readOnce(files: FileSystem, partly: PartlyFiles): FileSystem {
  const known = new Map<string, Uint8Array | undefined>();
  return {
    read(path: string): Uint8Array | undefined {
      if (known.has(path)) return known.get(path);
      const found = files.readPartly?.(path);
      const bytes = files.readPartly === undefined ? files.read(path) : found?.bytes;
      known.set(path, bytes);
      if (found?.complete !== undefined) partly.set(found.bytes, found.complete);
      return bytes;
    },
    exists: (path) => known.get(path) !== undefined || files.exists(path),
    list: (directory) => files.list?.(directory) ?? [],
    whyNot: (path) => files.whyNot?.(path),
    realPath: (path) => files.realPath?.(path) ?? path,
  };
}
