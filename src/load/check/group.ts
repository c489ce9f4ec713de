// A file with the libraries that come along with it: those that RPATH, RUNPATH or a path with a slash lead to, without the
// system's directories. What they define is there on every system, and what they need must be.

import { gnuHash, nextCandidate, SHN_UNDEF, sysvHash } from "../../elf/index.ts";
import type { DynamicFile } from "../file/dynamic-file.ts";
import { symbolName, symbolSection } from "../file/dynamic-symbols.ts";
import type { Demands } from "./demands.ts";

/** Finds what a file needs among the files that come along with it. */
export type FindShipped = (name: string, requester: Demands) => Demands | undefined;

export interface Group {
  readonly main: Demands;
  /** The main file first, then what it needs, breadth first. */
  readonly objects: readonly Demands[];
  /** What a needed name leads to; names that no shipped file has are not in it. */
  readonly byName: ReadonlyMap<string, Demands>;
}

export function groupOf(main: Demands, find: FindShipped): Group {
  const objects = [main];
  const byName = new Map<string, Demands>();
  const soname = main.file.soname;
  if (soname !== undefined) byName.set(soname, main);
  for (const requester of objects) {
    for (const name of requester.needed) {
      if (byName.has(name)) continue;
      const found = find(name, requester);
      if (found === undefined) continue;
      const same = objects.find(({ file }) => file.identity === found.file.identity) ?? found;
      if (same === found) objects.push(found);
      byName.set(name, same);
      if (same.file.soname !== undefined) byName.set(same.file.soname, same);
    }
  }
  return { main, objects, byName };
}

const encoder = new TextEncoder();

/** Whether a file defines a symbol of this name, whatever its version. */
export function defines(file: DynamicFile, name: string): boolean {
  return definitionOf(file, name) !== 0;
}

/** The index of the symbol of this name that a file defines, whatever its version; 0 if it does not. */
export function definitionOf(file: DynamicFile, name: string): number {
  const { hash, symbols } = file;
  if (hash === undefined) return 0;
  const bytes = encoder.encode(name);
  const value = hash.kind === "gnu" ? gnuHash(bytes, 0, bytes.length) : sysvHash(bytes, 0, bytes.length);
  for (let index = nextCandidate(hash, value, 0); index !== 0; index = nextCandidate(hash, value, index)) {
    if (index >= symbols.count || symbolSection(symbols, index) === SHN_UNDEF) continue;
    if (symbolName(symbols, index) === name) return index;
  }
  return 0;
}

/** Whether a file defines a version. */
export function definesVersion(file: DynamicFile, version: string): boolean {
  return file.versions.definitions.some(({ name }) => name === version);
}
