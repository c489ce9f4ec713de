// What the loader is told (files, environment, the C library's profile) and how it answers where a library was looked for.
// The parts of load/ meet here: search/ finds files, the process maps, binds and relocates them.

import type { ElfImage } from "../../elf/index.ts";
import type { LoaderMachine } from "../machines/index.ts";

export type { LoaderMachine } from "../machines/index.ts";

/** Why a path could not be opened, as the system call would say it. */
export type OpenFailure =
  | "ENOENT"
  | "EACCES"
  | "ENOTDIR"
  | "EISDIR"
  | "ELOOP"
  | "ENAMETOOLONG"
  /** Larger than what is read here; the real loader would map it. */
  | "EFBIG"
  /** Anything else, and files that are no files: pipes, sockets, devices. */
  | "EIO";

export interface OpenedFile {
  readonly bytes: Uint8Array;
  /** Equal for two paths exactly if they are the same file: device and inode, or the path after links are resolved. */
  readonly identity: string;
  /** The path with symbolic links resolved, for reports. */
  readonly realPath: string;
  /** True if bytes that are not needed for finding and binding libraries were left out; they are zero. */
  readonly partly?: boolean;
  /** True if the file's set-user-ID bit is set (secure programs preload only such files). */
  readonly setUserId: boolean;
  /** Whether anybody may execute the file; undefined where the file system does not know. */
  readonly executable?: boolean;
}

/** The file system that a program would be loaded from: the host's, a root directory's, or one in memory. */
export interface LoadFiles {
  /** Opens a file for reading. Paths are absolute, links are followed inside the root. Never throws. */
  open(path: string): OpenedFile | OpenFailure;
  /** True if the path is a directory. glibc skips directories that do not exist from the second look on. */
  isDirectory(path: string): boolean;
  /** Names in a directory, for walking trees and for hints; none if it cannot be read. */
  list(directory: string): readonly string[];
  /** What a symbolic link says, for messages about one that leads nowhere; undefined for anything else. */
  linkTarget?(path: string): string | undefined;
  /** What lstat(2) tells of a path whose directories are no links; undefined if nothing is there. For programs that run. */
  facts?(path: string): FileFacts | undefined;
}

/** What a file system knows of a file beside its bytes. */
export interface FileFacts {
  readonly kind: "file" | "directory" | "link" | "other";
  /** The lower twelve bits of st_mode. */
  readonly mode: number;
  readonly user: number;
  readonly group: number;
  readonly size: number;
  readonly links: number;
  readonly inode: number;
  /** Since 1970. */
  readonly modified: { readonly seconds: number; readonly nanoseconds: number };
}

/** Whose loader is simulated. Differences between versions are in profiles.ts, one row a difference. */
export interface LoaderProfile {
  readonly library: "glibc" | "musl";
  /** [2, 36] for glibc 2.36; [1, 2, 3] for musl 1.2.3. */
  readonly version: readonly number[];
  /** Default directories in order, each with a slash at its end, for each machine. */
  readonly systemDirectories: Readonly<Record<LoaderMachine, readonly string[]>>;
  /** What `$LIB` stands for. */
  readonly lib: Readonly<Record<LoaderMachine, string>>;
  /** The cache that it was built to read: /etc/ld.so.cache if it is not given. */
  readonly cache?: string;
  /** Where it reads names of libraries to preload: /etc/ld.so.preload if it is not given. */
  readonly preloadFile?: string;
  /** Guix: each program has a cache of its own, in its item of this directory, which counts before RUNPATH. */
  readonly store?: string;
}

export interface LoadOptions {
  readonly profile: LoaderProfile;
  /** The process's environment; LD_* variables are read from it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absolute path of the current directory, which an empty element of a search path stands for. */
  readonly currentDirectory: string;
  /** AT_SECURE: the program is set-user-ID or has capabilities. */
  readonly secure: boolean;
  /** `ld.so --preload`, `--library-path`, `--inhibit-cache`. */
  readonly preload?: string;
  readonly libraryPath?: string;
  readonly inhibitCache?: boolean;
  /** Names under glibc-hwcaps that the CPU supports, best first: x86-64-v4, x86-64-v3, x86-64-v2. */
  readonly hwcaps: readonly string[];
  /** What `$PLATFORM` stands for: AT_PLATFORM, "x86_64" or "i686"; "haswell" or "xeon_phi" on such CPUs of Intel. */
  readonly platform?: string;
  /** Of the kernel, a power of two from 4096 on; default: the usual one of the machine. */
  readonly pageSize?: number;
  /** [3, 10] for Linux 3.10: up to 2.35 glibc passes over libraries whose ABI note asks for a newer one. Default: new enough. */
  readonly kernel?: readonly number[];
}

/** Which rule named the directory that a candidate was looked for in. */
export type SearchRule =
  | "path" // the name has a slash: no search
  | "rpath"
  | "library-path"
  | "runpath"
  | "cache"
  | "system"
  | "musl-path"; // /etc/ld-musl-ARCH.path

/** What became of a candidate. Only "taken" ends in a mapped file; "fatal" ends the search with an error. */
export type CandidateFate =
  | "taken"
  | "missing" // could not be opened
  | "wrong-class"
  | "wrong-machine"
  | "wrong-system" // its ABI note asks for another system, or for a newer kernel
  | "directory-missing" // not tried: the directory is known not to exist
  | "not-allowed" // skipped for AT_SECURE or NODEFLIB
  | "fatal";

/** One path that was tried for a library, in the order of trying. */
export interface Candidate {
  readonly path: string;
  readonly rule: SearchRule;
  /** The object whose RPATH or RUNPATH it is; the cache file; "--library-path" if it was that; else empty. */
  readonly from: string;
  readonly fate: CandidateFate;
  /** errno's name for missing, the message of ld.so for fatal, what the file is where that is wrong, else empty. */
  readonly reason: string;
}

/** What the search did, in order: each line of LD_DEBUG=libs. */
export type SearchStep =
  | {
      /** A list of directories is gone through. */
      readonly kind: "path";
      /** Those not known to be missing, with the subdirectories for CPUs, without a slash at the end. */
      readonly directories: readonly string[];
      /** "RPATH", "RUNPATH", "LD_LIBRARY_PATH", "system search path": of the first list that named the first directory. */
      readonly what: string;
      /** The object whose RPATH or RUNPATH that was; undefined for lists that are nobody's. */
      readonly from: string | undefined;
    }
  | { readonly kind: "cache"; readonly path: string }
  /** A file is opened. */
  | { readonly kind: "try"; readonly path: string }
  /** It was not taken (glibc from 2.43 on says so). */
  | { readonly kind: "rejected"; readonly why: "no such file" | "incompatible ELF class" | "incompatible ELF machine" }
  /** Why, in words of the machine's own (REJECT of sysdeps/mips/dl-machine-reject-phdr.h). */
  | { readonly kind: "told"; readonly text: string };

/**
 * An object as the search sees it: who asks, and who asked for that one. The search keeps what it made of an object's RPATH
 * under this record, so one object is always the same record.
 */
export interface Requester {
  /** Name as in ld.so's messages: the path, or the program's argv[0] for the program. */
  readonly name: string;
  /** Directory that `$ORIGIN` stands for, or undefined if it is not known. */
  readonly origin: string | undefined;
  /** DT_RPATH and DT_RUNPATH as in the file, not expanded; undefined where there is none. */
  readonly rpath: string | undefined;
  readonly runpath: string | undefined;
  /** DF_1_NODEFLIB. */
  readonly noDefaultDirectories: boolean;
  /** The object that had this one loaded (glibc's l_loader); undefined for the program and for objects of dlopen. */
  readonly loader: Requester | undefined;
}

export type SearchResult =
  | {
      readonly found: true;
      /** As ld.so would name it in its messages and link map. */
      readonly path: string;
      readonly rule: SearchRule;
      readonly file: OpenedFile;
      readonly elf: ElfImage;
      readonly tried: readonly Candidate[];
      readonly steps: readonly SearchStep[];
    }
  | {
      readonly found: false;
      /** The NAME in ld.so's message: what was asked for, or the path of the file that is wrong. */
      readonly object: string;
      /** ld.so's text after "error while loading shared libraries: NAME: ". */
      readonly message: string;
      readonly tried: readonly Candidate[];
      readonly steps: readonly SearchStep[];
    };
