// Whose loader is simulated: glibc or musl, which version, and which default directories it was built with. All that
// differs between versions stands in CHANGES, one row a difference, and is asked for by name with `behaves`.

import { findText, nameAt } from "../../elf/text.ts";
import { forEachMachine, LAYOUT_NAMES, type Layout } from "../machines/index.ts";
import type { LoaderMachine, LoaderProfile } from "./contract.ts";

export type { Layout } from "../machines/index.ts";

export interface Change {
  readonly library: LoaderProfile["library"];
  /** First version that does it; without, all did up to `until`. */
  readonly since?: readonly number[];
  /** First version that does it no more. */
  readonly until?: readonly number[];
}

export type ChangeName =
  | "glibcHwcaps"
  | "legacyHwcaps"
  | "libraryPathNamed"
  | "cacheSizeChecked"
  | "abiNotes"
  | "sortDepthFirst"
  | "protectedChecked"
  | "anyAlignment"
  | "relr"
  | "protectedDataCopied"
  | "forceFirst"
  | "libcFirst"
  | "mallocLookedUp"
  | "secureBindsAsFileSays"
  | "noExecutableStackByOpen"
  | "acceptsUnversionedLibraries"
  | "loaderRelocatedLast"
  | "rseqBlock"
  | "shorterHeads"
  | "defaultVersionIsFallback"
  | "rejectionsNamed"
  | "muslRelr"
  | "muslLfs64";

/** Where versions differ: what a loader does, and the commit or where it was seen. */
export const CHANGES: Readonly<Record<ChangeName, Change>> = {
  /** Searches glibc-hwcaps/ subdirectories and reads their entries in ld.so.cache (glibc dad90d5282). */
  glibcHwcaps: { library: "glibc", since: [2, 33] },
  /** Searches every combination of tls/, the platform and the CPU's capabilities (glibc 6099908fb8). */
  legacyHwcaps: { library: "glibc", until: [2, 37] },
  /** Says --library-path where LD_DEBUG=libs said LD_LIBRARY_PATH before (glibc 2.33, _dl_init_paths takes the source's name). */
  libraryPathNamed: { library: "glibc", since: [2, 33] },
  /** Leaves a cache alone that is too short for the number of its entries (glibc elf/dl-cache.c). */
  cacheSizeChecked: { library: "glibc", since: [2, 32] },
  /** Passes over libraries whose ABI note asks for another system or a newer kernel (glibc b46d250656). */
  abiNotes: { library: "glibc", until: [2, 36] },
  /** Sorts objects by a depth-first search (glibc 2.35, glibc.rtld.dynamic_sort=2). */
  sortDepthFirst: { library: "glibc", since: [2, 35] },
  /** Warns of copies of protected variables, and of addresses of protected functions that are the program's own (glibc 7374c02b68). */
  protectedChecked: { library: "glibc", since: [2, 35] },
  /** Takes segments whose offset fits their address by page, whatever their alignment (glibc 163f625cf9 (BZ #28688)). */
  anyAlignment: { library: "glibc", since: [2, 35] },
  /**
   * Binds a library's own GOT entry for protected data to the program's copy of it (glibc 62da1e3b00 (BZ #17711), taken back in
   * 2.36; ELF_RTYPE_CLASS_EXTERN_PROTECTED_DATA).
   */
  protectedDataCopied: { library: "glibc", until: [2, 36] },
  /** Applies DT_RELR (glibc 2.36). */
  relr: { library: "glibc", since: [2, 36] },
  /** Keeps the program first when sorting (glibc 1df71d32fe). */
  forceFirst: { library: "glibc", since: [2, 37] },
  /** Relocates libc.so.6 before all others (glibc 78ca44da01). */
  libcFirst: { library: "glibc", since: [2, 39] },
  /**
   * Looks up malloc and its three relatives in the program's scope before it relocates itself (glibc 3a0ecccb59 (BZ #25486),
   * elf/dl-minimal.c, __rtld_malloc_init_real).
   */
  mallocLookedUp: { library: "glibc", since: [2, 32] },
  /** Heeds LD_BIND_NOW, LD_BIND_NOT and LD_DYNAMIC_WEAK no more in set-user-ID programs (glibc 9c96c87d60). */
  secureBindsAsFileSays: { library: "glibc", since: [2, 39] },
  /** Refuses objects that need an executable stack in dlopen (glibc 2.41). */
  noExecutableStackByOpen: { library: "glibc", since: [2, 41] },
  /** Takes a symbol from a library without versions for a versioned reference, where it stopped before (glibc bdaf500353). */
  acceptsUnversionedLibraries: { library: "glibc", since: [2, 41] },
  /** Relocates itself after all others (glibc 8f8dd904c4). */
  loaderRelocatedLast: { library: "glibc", since: [2, 41] },
  /**
   * Keeps the kernel's rseq area in a block of 32 bytes behind the thread-local storage that the start needs (glibc 2.41 release
   * notes; seen with Debian's 2.41).
   */
  rseqBlock: { library: "glibc", since: [2, 41] },
  /**
   * Names an assertion of dl-version.c by one line less (glibc 2.35, which took "Contributed by" lines out; seen with 2.36 and in
   * reports of 2.31).
   */
  shorterHeads: { library: "glibc", since: [2, 35] },
  /** Takes an unversioned definition for a versioned reference only if nothing else in the object matches (glibc 46d3198094). */
  defaultVersionIsFallback: { library: "glibc", since: [2, 42] },
  /** Says in LD_DEBUG=libs why a candidate was rejected (glibc eda354cfd8). */
  rejectionsNamed: { library: "glibc", since: [2, 43] },
  /** Takes fopen for fopen64 and so on, which libc exports no more (musl 25e6fee27f). */
  muslLfs64: { library: "musl", since: [1, 2, 4] },
  /** Applies DT_RELR (musl 1.2.4 release notes). */
  muslRelr: { library: "musl", since: [1, 2, 4] },
};

/** Does this loader do what the row says? */
export function behaves(profile: LoaderProfile, name: ChangeName): boolean {
  const change = CHANGES[name];
  if (profile.library !== change.library) return false;
  const { since, until } = change;
  if (since !== undefined && compareVersions(profile.version, since) < 0) return false;
  return until === undefined || compareVersions(profile.version, until) < 0;
}

/** Below 0 if `a` is older than `b`. */
export function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

type Directories = Pick<LoaderProfile, "systemDirectories" | "lib">;

/** What each layout means on each machine. */
export const LAYOUTS: Readonly<Record<Layout, Directories>> = Object.fromEntries(
  LAYOUT_NAMES.map((layout) => [layout, directories(layout)] as const),
) as Record<Layout, Directories>;

/** `$LIB` is where /usr has the libraries: /usr/lib64/ gives lib64 (DL_DST_LIB of the Makefile). */
function directories(layout: Layout): Directories {
  return {
    systemDirectories: forEachMachine(({ search }) => search.directories[layout]),
    lib: forEachMachine(({ search }) => libOf(search.directories[layout])),
  };
}

function libOf(system: readonly string[]): string {
  const inUsr = system.find((directory) => directory.startsWith("/usr/"));
  if (inUsr !== undefined) return inUsr.slice("/usr/".length, -1);
  // Of another prefix: from the last directory on that is called lib.
  const [, own = "lib"] = /.*\/(lib[^/]*(?:\/.*)?)\/$/.exec(system.at(-1) ?? "") ?? [];
  return own;
}

/** The profile of `glibc@2.31`, `glibc 2.31` or `musl@1.2.4`. */
export function profileOf(
  library: LoaderProfile["library"],
  version: readonly number[],
  layout: Layout = library === "musl" ? "musl" : "debian",
): LoaderProfile {
  return { library, version, ...LAYOUTS[layout] };
}

/** Oldest and newest version that this table knows the differences of, and the one meant by a bare name. */
export const VERSIONS: Readonly<
  Record<LoaderProfile["library"], Readonly<Record<"first" | "last", readonly number[]>>>
> = {
  glibc: { first: [2, 26], last: [2, 43] },
  musl: { first: [1, 2, 0], last: [1, 2, 6] },
};

/**
 * Reads `glibc@2.31`, `glibc:2.31`, `musl@1.2.4`, `musl`, `glibc`. A bare name is the newest version.
 * @returns undefined if it is no such name, or a version that VERSIONS does not cover
 */
export function parseProfile(text: string, layout?: Layout): LoaderProfile | undefined {
  const [, name, digits] = /^(glibc|musl)(?:[@:](\d+(?:\.\d+){1,2}))?$/.exec(text) ?? [];
  if (name !== "glibc" && name !== "musl") return undefined;
  const { first, last } = VERSIONS[name];
  const version = digits === undefined ? last : digits.split(".").map(Number);
  const known = compareVersions(version, first) >= 0 && compareVersions(version, last) <= 0;
  return known ? profileOf(name, version, layout) : undefined;
}

/** `glibc@2.36`: what `parseProfile` reads. */
export function profileName(profile: LoaderProfile): string {
  return `${profile.library}@${profile.version.join(".")}`;
}

/**
 * Tells library, version and default directories from the bytes of the program interpreter itself: glibc's ld.so says
 * "ld.so (…) stable release version 2.36." and has its directories in one run of strings, and the path of its cache; musl's says its version behind
 * "musl libc (x86_64)". Up to 2.32 ld.so did not know its version, but its file was called after it: ld-2.31.so.
 * @param machine whose directories they are; the other machine's are those of the layout that fits
 * @param realPath the file's own name, links resolved
 * @returns undefined for anything else
 */
export function profileOfInterpreter(
  bytes: Uint8Array,
  machine: LoaderMachine,
  realPath = "",
): LoaderProfile | undefined {
  const loader = bytes.subarray(0, LARGEST_LOADER);
  const digits = statedVersion(loader) ?? oldVersion(loader, realPath);
  if (digits === undefined) {
    const isMusl = findText(loader, "musl libc (") >= 0;
    return isMusl ? profileOf("musl", muslVersion(loader) ?? VERSIONS.musl.last) : undefined;
  }
  const system = systemDirectoriesIn(loader);
  const version = digits.split(".").map(Number);
  const own = filesIn(loader);
  if (system === undefined) return { ...profileOf("glibc", version, "lib64"), ...own };
  const fits = Object.values(LAYOUTS).find((layout) => layout.systemDirectories[machine].join() === system.join());
  const other = fits ?? LAYOUTS.lib64;
  return {
    library: "glibc",
    version,
    systemDirectories: { ...other.systemDirectories, [machine]: system },
    lib: { ...other.lib, [machine]: libOf(system) },
    ...own,
  };
}

/** "ld.so (Debian GLIBC 2.36-9) stable release version 2.36." */
function statedVersion(loader: Uint8Array): string | undefined {
  const at = findText(loader, "version 2.");
  return at < 0 ? undefined : /^version (2\.\d+)/.exec(nameAt(loader, at, Math.min(loader.length, at + 32)))?.[1];
}

/** Of an ld.so that does not say it, by the name of its file; else the last that did not say it. */
function oldVersion(loader: Uint8Array, realPath: string): string | undefined {
  if (findText(loader, "glibc-ld.so.cache") < 0) return undefined;
  return /\/ld-(2\.\d+)\.so$/.exec(realPath)?.[1] ?? "2.32";
}

/** Loaders are below a megabyte. */
const LARGEST_LOADER = 0x1000000;

/** The version stands alone as a string somewhere in musl's loader (src/internal/version.c). */
function muslVersion(loader: Uint8Array): readonly number[] | undefined {
  for (let at = findText(loader, "1."); at >= 0; at = findText(loader, "1.", at + 1)) {
    const isStart = at === 0 || loader[at - 1] === 0;
    const text = isStart ? nameAt(loader, at, Math.min(loader.length, at + 32)) : "";
    const [, digits] = /^(1\.\d+\.\d+)(?:-git-.*)?$/.exec(text) ?? [];
    if (digits !== undefined) return digits.split(".").map(Number);
  }
  return undefined;
}

/**
 * glibc's system_dirs (elf/dl-load.c): absolute directories with a slash at the end, each ended by a NUL, in one run. Nothing
 * else in a loader looks like that, wherever its prefix is: /nix/store/HASH-glibc-2.38/lib/, /home/linuxbrew/.linuxbrew/lib/.
 */
function systemDirectoriesIn(loader: Uint8Array): string[] | undefined {
  let longest: string[] = [];
  for (let at = findText(loader, "\0/"); at >= 0; at = findText(loader, "\0/", at + 1)) {
    const found: string[] = [];
    for (let next = at + 1; found.length < 16; ) {
      const name = nameAt(loader, next, Math.min(loader.length, next + LONGEST_DIRECTORY));
      if (!/^\/(?:[^/]+\/)+$/.test(name)) break;
      found.push(name);
      next += name.length + 1;
    }
    if (found.length > longest.length) longest = found;
  }
  return longest.length === 0 ? undefined : longest;
}

const LONGEST_DIRECTORY = 1024;

/** Files that a loader of another prefix reads in place of those in /etc. */
function filesIn(loader: Uint8Array): Pick<LoaderProfile, "cache" | "preloadFile" | "store"> {
  // Guix (its glibc-dl-cache.patch) has a text for programs that are not in its store.
  if (findText(loader, "/ld.so cache is lacking\0") >= 0) return { store: "/gnu/store", ...preloadFileIn(loader) };
  const shown = findText(loader, "\0 search cache=");
  // The compiler puts the format's argument before it.
  const cache = shown < 0 ? "" : stringBefore(loader, shown);
  const named = cache.startsWith("/") ? cache : stringEndingIn(loader, "/ld.so.cache\0");
  return {
    ...(named.startsWith("/") && named !== "/etc/ld.so.cache" ? { cache: named } : {}),
    ...preloadFileIn(loader),
  };
}

/** Nix has /etc/ld-nix.so.preload. */
function preloadFileIn(loader: Uint8Array): Pick<LoaderProfile, "preloadFile"> {
  const name = stringEndingIn(loader, ".so.preload\0");
  return name.startsWith("/") && name !== "/etc/ld.so.preload" ? { preloadFile: name } : {};
}

function stringEndingIn(loader: Uint8Array, end: string): string {
  const at = findText(loader, end);
  return at < 0 ? "" : stringBefore(loader, at + end.length - 1);
}

/** The text that the NUL at `end` ends. */
function stringBefore(loader: Uint8Array, end: number): string {
  const start = loader.lastIndexOf(0, end - 1) + 1;
  return end - start < LONGEST_DIRECTORY ? nameAt(loader, start, end) : "";
}
