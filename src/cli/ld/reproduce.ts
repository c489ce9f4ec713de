// --reproduce: an archive with everything that a link read, and its command line, so that somebody else can run it: unpack it,
// go into the folder and run `ld @response.txt`. (lld's option and layout.)
//
//   NAME/response.txt        the arguments, with the paths of the archive in them
//   NAME/version.txt
//   NAME/home/me/main.o      each file under its absolute path
//
// The folder stands for the root directory (--sysroot=.), so that built-in directories and absolute names in scripts mean
// the files that were packed.

import { resolve } from "node:path";
import type { FileSystem } from "../../host/files.ts";
import { type TarFile, tarArchive } from "../tar.ts";
import type { Word } from "./draft.ts";

export interface Reproduction {
  /** Path of the archive; its base name without `.tar` is the folder's. */
  readonly path: string;
  readonly words: readonly Word[];
  /** Files that the link read, in order. */
  readonly dependencies: readonly string[];
  /** -L directories, along which scripts named by options are found. */
  readonly libraryPaths: readonly string[];
  /** Directories of the dynamic linker's configuration. */
  readonly systemLibraryPaths: readonly string[];
  readonly sysroot: string;
  readonly version: string;
}

/** @returns the archive's bytes */
export function reproduce(it: Reproduction, files: FileSystem): Uint8Array {
  const folder = baseName(it.path).replace(/\.tar$/, "");
  const packed = new Map<string, Uint8Array>();
  const add = (path: string): boolean => {
    const bytes = files.read(path);
    if (bytes !== undefined) packed.set(inArchive(path), bytes);
    return bytes !== undefined;
  };
  for (const path of it.dependencies) add(path);
  const response = responseLines(it, files, add).map((line) => `${line}\n`);
  const text = (path: string, content: string): TarFile => ({ path, bytes: new TextEncoder().encode(content) });
  return tarArchive(
    [
      text("response.txt", response.join("")),
      text("version.txt", it.version),
      ...[...packed].map(([path, bytes]) => ({ path, bytes })),
    ].map(({ path, bytes }) => ({ path: `${folder}/${path}`, bytes })),
  );
}

/** Options whose file is written: it is to stand in the folder itself. */
const WRITERS: ReadonlySet<string> = new Set([
  "-o",
  "-Map",
  "--dependency-file",
  "--separate-debug-file",
  "--out-implib",
  "--why-extract",
  "--print-archive-stats",
]);

/** The absolute path without its slash. */
function inArchive(path: string): string {
  return resolve(path).slice(1);
}

/** What becomes of an option's value, by what the option table calls it. */
function responseLines(it: Reproduction, files: FileSystem, add: (path: string) => boolean): string[] {
  const lines: string[] = [];
  if (it.sysroot === "") lines.push("--sysroot=.");
  for (const { option, argument, value } of it.words) {
    if (option === "--reproduce" || option === "--repro") continue;
    const moved = WRITERS.has(option) ? baseName(value) : movedValue(it, files, add, option, argument, value);
    if (option === "") lines.push(quote(moved));
    else if (argument === "") lines.push(quote(option));
    else if (option.startsWith("--")) lines.push(quote(value === "" ? option : `${option}=${moved}`));
    else lines.push(quote(option), quote(moved));
  }
  // What libraries need is also looked for where the dynamic linker would.
  for (const path of it.systemLibraryPaths) if (files.exists(path)) lines.push(`-rpath-link=${inArchive(path)}`);
  return lines;
}

function movedValue(
  { libraryPaths }: Reproduction,
  files: FileSystem,
  add: (path: string) => boolean,
  option: string,
  argument: string,
  value: string,
): string {
  const isMarked = value.startsWith("=") || value.startsWith("$SYSROOT");
  if (argument === "DIRECTORY") return isMarked ? value : inArchive(value);
  if (argument === "PATH") {
    // -rpath is text in the output; the others say where to look.
    return /^--?rpath$/.test(option) ? value : value.split(":").map(inArchive).join(":");
  }
  if (option !== "" && argument !== "FILE") return value;
  if (add(value)) return inArchive(value);
  const along = libraryPaths.map((directory) => `${directory}/${value}`).find((path) => files.exists(path));
  if (along !== undefined && add(along)) return inArchive(along);
  return inArchive(value);
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** As libiberty reads it (response-files.ts). */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `"${word.replace(/["\\]/g, "\\$&")}"`;
}
