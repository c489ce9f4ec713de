// Files that many loads share. Every program of a system asks for the same libraries, so a path is opened once and a file
// parsed once for as long as this record lives; it takes the file system not to change meanwhile.

import { type ElfImage, parseElfImage } from "../../elf/file.ts";
import type { Report } from "../../elf/problem.ts";
import type { LoaderProfile, LoadFiles, OpenedFile, OpenFailure } from "../settings/contract.ts";
import { type LibraryCache, readLibraryCache } from "./cache.ts";

export interface SharedFiles {
  /** As `LoadFiles.open`, remembered. */
  open(path: string): OpenedFile | OpenFailure;
  /** As `LoadFiles.isDirectory`, remembered. */
  isDirectory(path: string): boolean;
  /** As `LoadFiles.linkTarget`. */
  linkTarget(path: string): string | undefined;
  /** The parsed file; undefined if its header cannot be read. Damage to section headers does not matter to a loader. */
  parse(file: OpenedFile): ElfImage | undefined;
  /** The text of a file, or why it could not be opened. */
  readText(path: string): { readonly text: string } | OpenFailure;
  /** The cache at a path as this profile's loader reads it; undefined if it does without. Damage is reported once. */
  libraryCache(profile: LoaderProfile, path: string, littleEndian: boolean): LibraryCache | undefined;
}

/** Opens a file of which all bytes are needed, through files that may be read partly. */
export function openWhole(
  partly: Pick<LoadFiles, "open">,
  whole: Pick<LoadFiles, "open">,
  path: string,
): OpenedFile | OpenFailure {
  const opened = partly.open(path);
  return typeof opened !== "string" && opened.partly === true ? whole.open(path) : opened;
}

/** PATH_MAX. */
const LONGEST_PATH = 4096;

/** What Guix's loader says of programs that are not in its store, and so have no cache. */
export const NO_CACHE = "/ld.so cache is lacking";

/**
 * The cache that a loader looks into: its own, or with Guix (glibc-dl-cache.patch) that of the program's item of the store.
 * @param origin the program's directory
 */
export function libraryCachePath({ cache, store }: LoaderProfile, origin: string | undefined): string {
  if (store === undefined) return cache ?? "/etc/ld.so.cache";
  const item = origin?.startsWith(`${store}/`) === true ? origin.indexOf("/", store.length + 1) : -1;
  return origin === undefined || item < 0 ? NO_CACHE : `${origin.slice(0, item)}/etc/ld.so.cache`;
}

/**
 * @param files the file system; asked once for each path
 * @param report gets `library-cache-damaged`
 */
export function sharedFiles(files: LoadFiles, report: Report): SharedFiles {
  const opened = new Map<string, OpenedFile | OpenFailure>();
  const directories = new Map<string, boolean>();
  const parsed = new Map<string, ElfImage | undefined>();
  const caches = new Map<string, LibraryCache | undefined>();

  const open = (path: string): OpenedFile | OpenFailure =>
    path.length < LONGEST_PATH ? remembered(opened, path, () => files.open(path)) : "ENAMETOOLONG";
  return {
    open,
    isDirectory: (path) => remembered(directories, path, () => files.isDirectory(path)),
    linkTarget: (path) => files.linkTarget?.(path),
    parse: (file) => remembered(parsed, file.identity, () => parseElfImage(file.bytes, file.realPath, () => {})),
    readText: (path) => {
      const file = open(path);
      return typeof file === "string" ? file : { text: new TextDecoder().decode(file.bytes.slice()) };
    },
    libraryCache: (profile, path, littleEndian) =>
      remembered(caches, `${profile.version.join(".")} ${littleEndian} ${path}`, () => {
        const file = open(path);
        return typeof file === "string" ? undefined : readLibraryCache(file.bytes, path, profile, report, littleEndian);
      }),
  };
}

function remembered<Value>(known: Map<string, Value>, key: string, make: () => Value): Value {
  const value = known.get(key);
  if (value !== undefined || known.has(key)) return value as Value;
  const made = make();
  known.set(key, made);
  return made;
}
