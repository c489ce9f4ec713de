// The files that were given as a file system: paths begin at the root. Files that were given without their folders are found all the same,
// and what was taken for granted is said.

import { type ElfImage, identify, PT_INTERP, parseElfImage } from "../../src/elf/index.ts";
import { nameAt } from "../../src/elf/text.ts";
import type { MemoryEntry } from "../../src/host/memory-load-files.ts";

export interface Root {
  readonly entries: ReadonlyMap<string, MemoryEntry>;
  /** The program's path in it. */
  readonly program: string;
  readonly image: ElfImage | undefined;
  /** PT_INTERP of the program. */
  readonly interpreter: string | undefined;
  /** The variables that were given, and LD_LIBRARY_PATH where it was lacking. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly assumed: readonly string[];
  /** The folder among the files that is the root; empty: paths begin at the root as they are. */
  readonly folder: string;
}

/**
 * @param files by path as given  @param program one of these paths
 * @param environment `NAME=VALUE` a line
 * @param wanted a folder that is to be the root, `/` for none; empty: one that looks like a root, if the program is in it
 */
export function rootOf(
  files: ReadonlyMap<string, Uint8Array>,
  program: string,
  environment: string,
  wanted: string,
): Root {
  const assumed: string[] = [];
  const folder = wanted === "/" ? "" : wanted === "" ? likelyRoot([...files.keys()], program) : wanted;
  if (folder !== "" && wanted === "") assumed.push(`The folder ${folder} is taken for the root directory.`);
  const inside = (path: string): string =>
    folder !== "" && path.startsWith(`${folder}/`) ? path.slice(folder.length) : rooted(path);
  const entries = new Map<string, MemoryEntry>();
  for (const [path, bytes] of files) entries.set(inside(path), bytes);
  const path = inside(program);
  const bytes = files.get(program);
  const image = bytes && parseElfImage(bytes, path, () => {});
  const interpreter = image && interpreterOf(image);
  if (interpreter !== undefined) standIn(entries, interpreter, assumed);
  const variables: Record<string, string | undefined> = environmentOf(environment);
  const directories = variables.LD_LIBRARY_PATH === undefined ? flatDirectories(files, folder) : undefined;
  if (directories !== undefined) {
    variables.LD_LIBRARY_PATH = directories;
    assumed.push(`LD_LIBRARY_PATH is ${directories}, where the libraries were given.`);
  }
  return { entries, program: path, image, interpreter, environment: variables, assumed, folder };
}

/** A folder that was given whole, and has what a root directory has. */
function likelyRoot(paths: readonly string[], program: string): string {
  const [top, ...below] = program.split("/");
  if (program.startsWith("/") || below.length < 2 || ROOT_FOLDER.test(`${top}/`)) return "";
  return paths.some((path) => path.startsWith(`${top}/`) && ROOT_FOLDER.test(path.slice(top.length + 1))) ? top : "";
}

const ROOT_FOLDER = /^(usr\/)?(lib|lib64|lib32|bin|sbin)\/|^etc\//;

export function rooted(path: string): string {
  return path.startsWith("/") ? path : `/${path}`;
}

function interpreterOf(image: ElfImage): string | undefined {
  const segment = image.segments.find(({ type }) => type === PT_INTERP);
  if (segment === undefined || segment.offset + segment.fileBytes > image.bytes.length) return undefined;
  return nameAt(image.bytes, segment.offset, segment.offset + segment.fileBytes);
}

/** A loader that was given without its folder stands where the program looks for it. */
function standIn(entries: Map<string, MemoryEntry>, interpreter: string, assumed: string[]): void {
  if (entries.has(interpreter)) return;
  const name = interpreter.slice(interpreter.lastIndexOf("/") + 1);
  const there = [...entries.keys()].find((path) => path.endsWith(`/${name}`));
  if (there === undefined) return;
  entries.set(interpreter, { link: there });
  assumed.push(`${there} stands at ${interpreter}, where the program looks for its loader.`);
}

/** @param text `NAME=VALUE` a line */
export function environmentOf(text: string): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const line of text.split(/\n/)) {
    const at = line.indexOf("=");
    if (at > 0) environment[line.slice(0, at).trim()] = line.slice(at + 1).trim();
  }
  return environment;
}

/** Directories of the libraries, if they do not lie as in a root directory. */
function flatDirectories(files: ReadonlyMap<string, Uint8Array>, folder: string): string | undefined {
  const directories = new Set<string>();
  for (const [path, bytes] of files) {
    // A path from the root is where the file is.
    if (path.startsWith("/") || (folder !== "" && path.startsWith(`${folder}/`)) || identify(bytes) !== "elf-shared")
      continue;
    const directory = rooted(path).slice(0, rooted(path).lastIndexOf("/"));
    if (/^\/(usr\/)?lib(32|64|x32)?(\/|$)/.test(directory)) continue;
    directories.add(directory === "" ? "/" : directory);
  }
  return directories.size === 0 ? undefined : [...directories].join(":");
}
