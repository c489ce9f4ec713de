// The files that the page was given, and what has been read of them. A large file is not read whole to look into it.

import { type ElfFile, parseElf, readArchive } from "../../src/elf/index.ts";
import { type Anatomy, anatomyOf } from "../../src/explain/bytes/index.ts";
import { type FileDump, memberBytes, memberOfKey, splitMember } from "../../src/explain/dump/index.ts";
import { type FileSummary, summaryOf } from "../../src/explain/summary.ts";
import type { GivenFile } from "./protocol.ts";
import { readBlob } from "./read-blob.ts";
import { type Depth, NAMES, readNames, readTables, TABLES, WHOLE } from "./read-tables.ts";
import type { ShownTable } from "./tables.ts";

/** Files up to this size are read whole. */
const SMALL = 32 << 20;

export interface OpenFile {
  readonly path: string;
  readonly size: number;
  /** All bytes, or zeros where nothing has been read yet. */
  readonly bytes: Uint8Array;
  readonly depth: Depth;
}

export interface Workspace {
  readonly given: Map<string, Blob>;
  readonly open: Map<string, OpenFile>;
  readonly summaries: Map<string, FileSummary>;
  /** By path and part. */
  readonly dumps: Map<string, FileDump>;
  /** Tables that were made of them, by edition and name. */
  readonly tables: Map<string, ShownTable>;
  readonly anatomies: Map<string, Anatomy | undefined>;
  /** Counts changes, so that what was made of the files knows when it is out of date. */
  edition: number;
}

export function createWorkspace(): Workspace {
  const map = <V>(): Map<string, V> => new Map();
  return { given: map(), open: map(), summaries: map(), dumps: map(), tables: map(), anatomies: map(), edition: 0 };
}

export function addFiles(space: Workspace, files: readonly GivenFile[]): void {
  for (const { path, contents } of files) {
    forget(space, path);
    space.given.set(path, contents);
  }
  space.edition++;
  space.tables.clear();
}

export function removeFiles(space: Workspace, paths: readonly string[]): void {
  for (const path of paths) {
    forget(space, path);
    space.given.delete(path);
  }
  space.edition++;
  space.tables.clear();
}

function forget(space: Workspace, path: string): void {
  for (const map of [space.open, space.summaries, space.dumps, space.anatomies]) {
    for (const key of [...map.keys()])
      if (key === path || key.startsWith(`${path}(`) || key.startsWith(`${path}\0`)) map.delete(key);
  }
}

/**
 * A file, or a member as `libx.a(member.o)`.
 * @param depth how much of it has to be here
 * @returns undefined if there is no such file
 */
export function openFile(space: Workspace, path: string, depth: Depth = TABLES): OpenFile | undefined {
  const known = space.open.get(path);
  if (known !== undefined && known.depth >= depth) return known;
  const file = space.given.has(path) ? openGiven(space, path, depth) : openMember(space, path);
  if (file !== undefined) space.open.set(path, file);
  return file;
}

function openGiven(space: Workspace, path: string, depth: Depth): OpenFile | undefined {
  const blob = space.given.get(path);
  if (blob === undefined) return undefined;
  const { size } = blob;
  if (depth === WHOLE || size <= SMALL) return { path, size, bytes: readBlob(blob, 0, size), depth: WHOLE };
  const bytes = space.open.get(path)?.bytes ?? new Uint8Array(size);
  const read = (from: number, to: number): void => {
    const end = Math.min(to, size);
    bytes.set(readBlob(blob, from, end), from);
  };
  const found = space.open.get(path)?.depth ?? readNames(bytes, read);
  if (found >= depth) return { path, size, bytes, depth: found };
  readTables(bytes, read);
  return { path, size, bytes, depth: TABLES };
}

function openMember(space: Workspace, path: string): OpenFile | undefined {
  const split = splitMember(path, (it) => space.given.has(it));
  const archive = split && openFile(space, split.archive, WHOLE);
  if (split === undefined || archive === undefined) return undefined;
  const member = memberOfKey(readArchive(archive.bytes, split.archive, () => {})?.members ?? [], split.key);
  const bytes = member && memberBytes(archive.bytes, member, readerBeside(space, split.archive));
  return bytes && { path, size: bytes.length, bytes, depth: WHOLE };
}

/** Paths in a thin archive are relative to its directory. */
export function readerBeside(space: Workspace, archive: string): (path: string) => Uint8Array | undefined {
  const directory = archive.slice(0, archive.lastIndexOf("/") + 1);
  return (path) => openFile(space, path.startsWith("/") ? path : directory + path, WHOLE)?.bytes;
}

/** Bytes as they are in the file, read now if they were left out before. */
export function bytesBetween(space: Workspace, path: string, from: number, to: number): Uint8Array {
  const file = openFile(space, path, NAMES);
  if (file === undefined) return new Uint8Array(0);
  const blob = space.given.get(path);
  if (file.depth === WHOLE || blob === undefined) return file.bytes.slice(from, Math.min(to, file.size));
  return readBlob(blob, from, Math.min(to, file.size));
}

export function summaryFor(space: Workspace, path: string): FileSummary {
  const known = space.summaries.get(path);
  if (known !== undefined) return known;
  const made = summaryOfGiven(space, path);
  space.summaries.set(path, made);
  return made;
}

/** A file that was written since it was given cannot be read any more; the others can. */
function summaryOfGiven(space: Workspace, path: string): FileSummary {
  try {
    return summaryOf(openFile(space, path, NAMES)?.bytes ?? NOTHING, path);
  } catch (cause) {
    return { ...summaryOf(NOTHING, path), kind: "missing", description: `cannot be read: ${String(cause)}` };
  }
}

const NOTHING = new Uint8Array(0);

/** Headers and sections, for places in the file. */
export function elfFor(space: Workspace, path: string): ElfFile | undefined {
  const file = openFile(space, path, NAMES);
  return file && parseElf(file.bytes, path, () => {});
}

export function anatomyFor(space: Workspace, path: string): Anatomy | undefined {
  if (!space.anatomies.has(path)) {
    const file = openFile(space, path);
    space.anatomies.set(path, file && anatomyOf(file.bytes, path));
  }
  return space.anatomies.get(path);
}
