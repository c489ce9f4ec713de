// Damaged files for the loader: a file system of a few files in memory, the same random damage each time, and a load that is asked for all
// that it can tell.

import {
  constructors,
  debugLines,
  destructors,
  dladdr,
  iterateHeaders,
  type LoadedProcess,
  type LoadFiles,
  type LoadOptions,
  load,
  loadCache,
  pagesOf,
  processMemory,
} from "../../../src/load/index.ts";

/** A file system of a few files. */
export function filesOf(contents: ReadonlyMap<string, Uint8Array>): LoadFiles {
  return {
    open: (path) => {
      const bytes = contents.get(path);
      return bytes === undefined ? "ENOENT" : { bytes, identity: path, realPath: path, setUserId: false };
    },
    isDirectory: (path) => [...contents.keys()].some((name) => name.startsWith(`${path.replace(/\/$/, "")}/`)),
    list: () => [],
  };
}

/** Loads /main, lazily and bound at once, and asks everything; returns the processes. */
export function exercise(options: LoadOptions, contents: ReadonlyMap<string, Uint8Array>): LoadedProcess[] {
  return [{}, { LD_BIND_NOW: "1" }].flatMap((environment) => {
    const result = load("/main", { ...options, environment }, loadCache(filesOf(contents)), {});
    if (!result.loaded) return [];
    const { process } = result;
    processMemory(process);
    constructors(process);
    destructors(process);
    debugLines(process, new Set(["libs", "files", "versions", "scopes", "reloc", "bindings"]));
    for (const object of process.objects) {
      pagesOf(object, true);
      dladdr(process, object.start + 100);
    }
    iterateHeaders(process);
    return process;
  });
}

/** The same numbers each time (xorshift). */
export function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

const INTERESTING: readonly number[] = [0, 1, 0x7f, 0x80, 0xff];

/** A copy with a few bytes changed; every tenth round cut short too. */
export function damaged(original: Uint8Array, round: number, random: (limit: number) => number): Uint8Array {
  const bytes = new Uint8Array(original);
  // Headers and tables lie at the start of a small file.
  const limit = round % 3 === 0 ? bytes.length : 0x800;
  for (let i = 1 + random(6); i > 0; i--) bytes[random(limit)] = INTERESTING[random(INTERESTING.length)];
  return round % 10 === 9 ? bytes.subarray(0, random(bytes.length)) : bytes;
}
