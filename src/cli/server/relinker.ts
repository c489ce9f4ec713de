// Links that come again: the same command line in the same directory, with nothing changed but the contents of objects. Then the
// output is patched where it is (src/link/relink), instead of being linked anew. Everything that the first link looked at is
// looked at again: what is there must be the same file, and what was not there must still be missing.

import { closeSync, fstatSync, futimesSync, lstatSync, openSync, readSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { relinkReason } from "../../explain/relink.ts";
import type { FileSystem } from "../../host/files.ts";
import { fromRoot } from "../../host/from-root.ts";
import { nodeFiles } from "../../host/node-files.ts";
import { writeAll } from "../../host/read-range.ts";
import { type Patch, type Relinkable, relink } from "../../link/index.ts";
import { meaningOf } from "../ld/parse.ts";
import type { LdHost, LdOutcome } from "../ld/run.ts";
import { type Identity, identify, isSame, isSettled } from "./identity.ts";
import type { KeptFiles } from "./kept-files.ts";
import type { LinkRequest } from "./protocol.ts";

/** How a request was met, or why it took a full link. */
export type RelinkOutcome =
  | {
      readonly done: "patched" | "untouched";
      readonly statistics: boolean;
      readonly objects: number;
      readonly bytes: number;
    }
  | { readonly why: string };

export interface Relinker {
  /** Brings the output of an earlier link up to date, if this is that link again and it can be done so. @param key of `linkKey` */
  readonly relink: (key: string) => RelinkOutcome;
  /** A host that notes what a full link does. @param look what the link sees of a file */
  readonly recording: (key: string, host: LdHost, look: KeptFiles["look"]) => Recording;
  /** To be called when the client has its answer. */
  readonly keep: (recording: Recording) => void;
  /** Keeps tables of no more than `limit` bytes. */
  readonly trim: (limit: number) => void;
}

export interface Recording {
  readonly key: string;
  /** The output of the same link is still there: somebody is at work on its objects. */
  readonly isAgain: boolean;
  readonly host: LdHost;
  readonly seen: Map<string, Seen>;
  readonly systemPaths: Map<string, string>;
  /** As they were before the client heard of them: it may do something to them at once. */
  readonly written: { readonly output: string; readonly identity: Identity | undefined }[];
  result: LdOutcome | undefined;
  /** A shared library may be mapped by somebody: it is written anew. */
  isProgram: boolean;
  /** Something was asked that cannot be asked again. */
  spoilt: boolean;
  /** What --stats has to say, which a relink says in its own way. */
  statistics: string;
}

interface Seen {
  /** Undefined: there was nothing. */
  readonly identity: Identity | undefined;
  /** Its times will tell of the next change. */
  readonly settled: boolean;
  /** realpath(3), where the link asked. */
  realPath: string | undefined;
}

/** A file as this linker left it. */
interface Output {
  readonly output: string;
  readonly identity: Identity;
}

interface Entry extends Output {
  readonly relinkable: Relinkable;
  readonly seen: ReadonlyMap<string, Seen>;
  readonly systemPaths: ReadonlyMap<string, string>;
  /** --stats. */
  readonly statistics: boolean;
}

const MOST_ENTRIES = 64;
/** Links of which less is known. */
const MOST_NAMES = 1024;
/** Bytes of an output below which a full link takes some milliseconds, and keeping it a part of that again. */
const SMALL = 1 << 20;
/** Bytes of tables kept, beside inputs that are kept anyway. */
const MOST_BYTES = 384 << 20;

/** @param systemLibraryPaths the host's, to be asked again */
export function createRelinker(systemLibraryPaths: LdHost["systemLibraryPaths"]): Relinker {
  const entries = new Map<string, Entry>();
  /** Why others are not kept, or the small output of their first link. */
  const others = new Map<string, Output | string>();
  const trim = (limit: number): void => {
    let bytes = 0;
    let count = 0;
    for (const [key, it] of [...entries].reverse()) {
      bytes += it.relinkable.weight;
      if (bytes > limit || ++count > MOST_ENTRIES) entries.delete(key);
    }
  };
  const whyNot = (key: string): string => {
    const other = others.get(key);
    if (other === undefined) return "this link is new";
    return typeof other === "string" ? other : "a small link is kept when it comes a second time";
  };
  return {
    relink: (key) => {
      const entry = entries.get(key);
      if (entry === undefined) {
        if (process.memoryUsage.rss() > LARGE) trim(ENOUGH_BESIDE_A_LINK);
        return { why: whyNot(key) };
      }
      entries.delete(key);
      const found = relinkEntry(entry, systemLibraryPaths);
      if ("why" in found) {
        others.set(key, { output: entry.output, identity: entry.identity });
        // A link needs room of its own; one that comes after another of its size is better off without what that has left.
        trim(ENOUGH_BESIDE_A_LINK);
        return found;
      }
      entries.set(key, found.entry);
      return { ...found, statistics: entry.statistics };
    },
    recording: (key, host, look) => {
      const other = others.get(key);
      return record(key, typeof other === "object" && isAsLeft(other), host, look);
    },
    keep: (made) => {
      const { key } = made;
      const output = outputOf(made);
      const isKept = typeof output !== "string" && !isTooSmall(made);
      const entry = isKept ? entryOf(made, output) : undefined;
      others.delete(key);
      if (typeof entry === "object") entries.set(key, entry);
      else others.set(key, entry ?? output);
      trim(MOST_BYTES);
      for (const oldest of others.keys()) if (others.size > MOST_NAMES) others.delete(oldest);
    },
    trim,
  };
}

/** All that a link is told but by files. @param request one whose response files have been read */
export function linkKey({ directory, program, args, env, umask }: LinkRequest): string {
  return JSON.stringify([directory, program, meaningOf(args) ?? args, env, umask]);
}

/** A build from nothing links each of its programs once, however often it is made. */
function isTooSmall({ isAgain, result }: Recording): boolean {
  return !isAgain && (result?.image?.length ?? 0) < SMALL;
}

function isAsLeft({ output, identity }: Output): boolean {
  const now = identify(output);
  return now !== undefined && isSame(now, identity) && isPlainFile(output);
}

const ENOUGH_BESIDE_A_LINK = 64 << 20;
/** Bytes of a process from which on two large links would be too much. */
const LARGE = 768 << 20;

function record(key: string, isAgain: boolean, host: LdHost, lookAt: KeptFiles["look"]): Recording {
  const seen = new Map<string, Seen>();
  const look = (given: string): Seen => {
    const path = fromRoot(given);
    const known = seen.get(path);
    if (known !== undefined) return known;
    const identity = lookAt(path);
    const it = { identity, settled: identity === undefined || isSettled(identity, Date.now()), realPath: undefined };
    seen.set(path, it);
    return it;
  };
  const files: FileSystem = {
    read: (path) => {
      look(path);
      return host.files.read(path);
    },
    exists: (path) => {
      look(path);
      return host.files.exists(path);
    },
    list: (directory) => {
      made.spoilt = true;
      return host.files.list?.(directory) ?? [];
    },
    whyNot: (path) => {
      made.spoilt = true;
      return host.files.whyNot?.(path);
    },
    realPath: (path) => {
      const found = host.files.realPath?.(path) ?? path;
      look(path).realPath = found;
      return found;
    },
  };
  const made: Recording = {
    key,
    isAgain,
    host: {
      ...host,
      files,
      link: (inputs, options, whichFiles) => {
        made.isProgram = options.output !== "shared";
        made.result = host.link(inputs, options, whichFiles);
        return made.result;
      },
      systemLibraryPaths: (sysroot) => {
        const paths = host.systemLibraryPaths(sysroot);
        made.systemPaths.set(sysroot, paths.join("\0"));
        return paths;
      },
      statistics: (text) => {
        made.statistics += text;
      },
      write: (path, bytes, executable) => {
        const problem = host.write(path, bytes, executable);
        made.written.push({ output: fromRoot(path), identity: identify(path) });
        return problem;
      },
    },
    seen,
    systemPaths: new Map(),
    written: [],
    result: undefined,
    isProgram: false,
    spoilt: false,
    statistics: "",
  };
  return made;
}

/** The reason if the link is not one that can be done again in part. */
function outputOf({ result, written, seen, isProgram, spoilt }: Recording): Output | string {
  const [first] = written;
  if (result?.image === undefined) return relinkReason("failed");
  if (!isProgram) return "a shared library may be mapped by somebody";
  if (written.length !== 1) return "it writes more than the output";
  const { output, identity } = first;
  if (spoilt || [...seen.keys()].some((it) => resolve(it) === resolve(output)))
    return "it asks for something that cannot be asked again";
  if (identity?.regular !== true || Number(identity.size) !== result.image.length)
    return "the output is no plain file of its own";
  return { output, identity };
}

function entryOf({ result, seen, systemPaths, statistics }: Recording, left: Output): Entry | string {
  const relinkable = result?.keep?.() ?? "failed";
  if (typeof relinkable === "string") return relinkReason(relinkable);
  return { ...left, relinkable, seen, systemPaths, statistics: statistics !== "" };
}

function isPlainFile(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true && stat.nlink === 1;
}

interface Done {
  readonly done: "patched" | "untouched";
  readonly entry: Entry;
  /** How many objects had changed, and how many bytes of the output with them. */
  readonly objects: number;
  readonly bytes: number;
}

function relinkEntry(entry: Entry, systemLibraryPaths: LdHost["systemLibraryPaths"]): Done | { readonly why: string } {
  if (!isAsLeft(entry)) return { why: "the output is not as this linker left it" };
  for (const [sysroot, paths] of entry.systemPaths) {
    if (systemLibraryPaths(sysroot).join("\0") !== paths) return { why: "/etc/ld.so.conf has changed" };
  }
  const changed = new Map<string, Uint8Array>();
  const seen = new Map(entry.seen);
  for (const [path, old] of entry.seen) {
    const identity = identify(path);
    if (identity === undefined || old.identity === undefined) {
      if (identity !== old.identity) return { why: "a file has come or gone" };
      continue;
    }
    if (old.realPath !== undefined && nodeFiles.realPath?.(path) !== old.realPath) return { why: "a file has moved" };
    if (old.settled && isSame(identity, old.identity)) continue;
    const name = nameOf(entry, path);
    if (name === undefined)
      return { why: old.settled ? "something else than an object has changed" : "an input is too new" };
    const bytes = nodeFiles.read(path);
    const after = identify(path);
    if (bytes === undefined || after === undefined || !isSame(after, identity))
      return { why: "an input is being written" };
    changed.set(name, bytes);
    seen.set(path, { ...old, identity, settled: isSettled(identity, Date.now()) });
  }
  return patchOutput(entry, changed, seen);
}

/** As the link knows the object: the path of the command line. */
function nameOf({ relinkable }: Entry, path: string): string | undefined {
  for (const name of relinkable.objects.keys()) if (fromRoot(name) === path) return name;
  return undefined;
}

function patchOutput(
  entry: Entry,
  changed: ReadonlyMap<string, Uint8Array>,
  seen: ReadonlyMap<string, Seen>,
): Done | { readonly why: string } {
  let file: number;
  try {
    file = openSync(entry.output, "r+");
  } catch {
    // ETXTBSY: somebody runs it.
    return { why: "the output cannot be written into" };
  }
  try {
    const read = (from: number, to: number): Uint8Array => {
      const bytes = new Uint8Array(to - from);
      readSync(file, bytes, 0, bytes.length, from);
      return bytes;
    };
    const found = relink(entry.relinkable, changed, read);
    if (typeof found === "string") return { why: relinkReason(found) };
    if (found.patches.length === 0) futimesSync(file, new Date(), new Date());
    else write(file, found.patches);
    const done = found.patches.length === 0 ? "untouched" : "patched";
    const stat = fstatSync(file, { bigint: true });
    const identity: Identity = { ...entry.identity, modified: stat.mtimeNs, changed: stat.ctimeNs };
    const bytes = found.patches.reduce((sum, it) => sum + it.bytes.length, 0);
    return { done, objects: changed.size, bytes, entry: { ...entry, relinkable: found.next, seen, identity } };
  } finally {
    closeSync(file);
  }
}

/** While it is neither old nor new it has no ELF magic: nobody can run it, and whoever kills us leaves a file that says so. */
function write(file: number, patches: readonly Patch[]): void {
  const magic = new Uint8Array(4);
  readSync(file, magic, 0, 4, 0);
  writeSync(file, new Uint8Array(4), 0, 4, 0);
  for (const { offset, bytes } of patches) writeAll(file, bytes, offset);
  writeSync(file, magic, 0, 4, 0);
}
