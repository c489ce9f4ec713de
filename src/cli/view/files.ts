// Which files `solder view` shows, and where the page begins: files as they were named, programs with the libraries that they get
// here, directories as roots.

import { closeSync, openSync, readdirSync, readSync, realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { identify } from "../../elf/index.ts";
import { loadCache, loadDependencies } from "../../load/load.ts";
import type { Io } from "../io.ts";
import { isDirectory, loaderWorld, programOptions } from "../loader-options.ts";
import { isRecord } from "../record/record.ts";
import { systemErrorText } from "../system-error.ts";

export interface ViewedFile {
  /** What the page calls it. */
  readonly path: string;
  /** Where it is. */
  readonly source: string;
}

export interface Viewed {
  readonly files: readonly ViewedFile[];
  /** Address in the page; empty: as it begins by itself. */
  readonly begin: string;
}

/** The files, or what is wrong. */
export function viewedFiles(names: readonly string[], libraries: boolean, io: Io): Viewed | string {
  const files = new Map<string, ViewedFile>();
  const add = (path: string, source: string): void => {
    if (!files.has(path)) files.set(path, { path, source });
  };
  let program: string | undefined;
  let first: string | undefined;
  for (const name of names) {
    if (isDirectory(name)) {
      for (const { path, source } of filesInRoot(realpathSync(name))) add(path, source);
      continue;
    }
    const start = startOf(name);
    if (typeof start === "string") return `${name}: ${start}`;
    if (isRecord(start)) return names.length === 1 ? { files: [{ path: name, source: name }], begin: "" } : ONE_RECORD;
    const kind = identify(start);
    const isLinked = kind === "elf-shared" || kind === "elf-executable";
    const path = isLinked ? resolve(name) : name;
    first ??= path;
    add(path, name);
    if (isLinked && libraries && addLibraries(resolve(name), io, add)) program ??= path;
  }
  const one = names.length === 1 && first !== undefined;
  const view = one ? (program === undefined ? "anatomy" : "load") : "files";
  const variables = Object.entries(io.env).flatMap(([name, value]) =>
    name.startsWith("LD_") && value !== undefined ? [`${name}=${value}`] : [],
  );
  const query = view === "load" && variables.length > 0 ? `?${new URLSearchParams({ env: variables.join("\n") })}` : "";
  return {
    files: [...files.values()],
    begin: one ? `#/${view}/${encodeURIComponent(first ?? "")}${query}` : "#/files",
  };
}

const ONE_RECORD = "a record is looked at alone";

/** More files than these are somebody's whole system. */
const MOST_FILES = 20_000;

/** The files of a directory, as in a root; links to files inside of it too, for libraries have several names. */
function filesInRoot(root: string): ViewedFile[] {
  const files: ViewedFile[] = [];
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (files.length >= MOST_FILES) break;
    const source = join(entry.parentPath ?? entry.path, entry.name);
    const path = source.slice(root.length);
    if (entry.isFile()) files.push({ path, source });
    else if (entry.isSymbolicLink()) {
      const target = linkedFile(source, root);
      if (target !== undefined) files.push({ path, source: target });
    }
  }
  return files;
}

function linkedFile(link: string, root: string): string | undefined {
  try {
    const target = realpathSync(link);
    return target.startsWith(`${root}/`) && statSync(target).isFile() ? target : undefined;
  } catch {
    return undefined;
  }
}

/** The first bytes of a file, or why it cannot be read. */
function startOf(path: string): Uint8Array | string {
  try {
    if (!statSync(path).isFile()) return "not a file or directory";
    const file = openSync(path, "r");
    try {
      const bytes = new Uint8Array(1024);
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    return systemErrorText(cause);
  }
}

/** Adds what a program gets here. @returns whether it is a program: it names a loader */
function addLibraries(path: string, io: Io, add: (path: string, source: string) => void): boolean {
  const world = loaderWorld({}, io);
  if (typeof world === "string") return false;
  const result = loadDependencies(path, programOptions(world, path, world.tables), loadCache(world.tables));
  if (!result.loaded) return false;
  const { objects, searches } = result.process;
  for (const object of objects) {
    if (object.kind === "library" || object.kind === "loader") add(resolve(object.name), object.file.realPath);
  }
  const { interpreter } = objects[0].file;
  if (interpreter === undefined) return false;
  if (searches.some(({ steps }) => steps.some(({ kind }) => kind === "cache")))
    add("/etc/ld.so.cache", "/etc/ld.so.cache");
  return true;
}
