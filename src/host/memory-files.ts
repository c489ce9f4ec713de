// A file system that is a table of names and bytes: for web pages, tests and callers that make their objects in memory.

import type { FileSystem } from "./files.ts";

/**
 * Files by path. `a.o`, `./a.o` and `/x/../a.o` name the same file as `/a.o`: the working directory is the root. There are no
 * symbolic links. Files added to the map later are not seen.
 */
export function memoryFiles(files: ReadonlyMap<string, Uint8Array> | Readonly<Record<string, Uint8Array>>): FileSystem {
  const entries = files instanceof Map ? files.entries() : Object.entries(files);
  const byPath = new Map([...entries].map(([path, bytes]) => [canonical(path), bytes]));
  return {
    read: (path) => byPath.get(canonical(path)),
    exists: (path) => byPath.has(canonical(path)),
    realPath: (path) => `/${canonical(path)}`,
    list: (directory) => [...new Set(namesBelow(byPath.keys(), canonical(directory)))],
  };
}

function* namesBelow(paths: Iterable<string>, directory: string): IterableIterator<string> {
  const start = directory === "" ? "" : `${directory}/`;
  for (const path of paths) if (path.startsWith(start)) yield path.slice(start.length).split("/")[0];
}

/** The path without empty, `.` and `..` steps, from the root. */
function canonical(path: string): string {
  const steps: string[] = [];
  for (const step of path.split("/")) {
    if (step === "..") steps.pop();
    else if (step !== "" && step !== ".") steps.push(step);
  }
  return steps.join("/");
}
