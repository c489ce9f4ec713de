// The outside world as the linker and the loader see it. Node's file system, an in-memory one and a chroot-like root
// all implement it; the core never imports Node.

/** A file of which not all bytes need have been read; the others are zero until then. */
export interface PartlyRead {
  readonly bytes: Uint8Array;
  /**
   * Reads the bytes of a part of `bytes`, which is given as `subarray` makes it. Undefined if all is there.
   * @returns false if that cannot be done, since the file is another one by now
   */
  readonly complete?: (part: Uint8Array) => boolean;
}

export interface FileSystem {
  /** The file's bytes, or undefined if there is no such readable file. Directories count as missing. */
  read(path: string): Uint8Array | undefined;
  /**
   * As `read`, for a linker: of a large archive or shared library no more than it looks at first may have been read
   * (linker-parts.ts). A file system without it has all bytes at hand.
   */
  readPartly?(path: string): PartlyRead | undefined;
  /** True if `read` would return bytes. */
  exists(path: string): boolean;
  /**
   * Names of what is in a directory, in no particular order; none if it cannot be read. Asked for only when something was
   * not found, to say what was meant: a file system without it gives fewer hints.
   */
  list?(directory: string): readonly string[];
  /** Why `read` gives nothing, as the system puts it; undefined if nobody knows. */
  whyNot?(path: string): string | undefined;
  /**
   * Another name of the same file, from the root, without `.`, `..` and symbolic links: realpath(3). The path itself if there
   * is no such file. A file system without it has no symbolic links.
   */
  realPath?(path: string): string;
  /** A hint that these files will be read, about in this order: a host may begin at once. */
  expect?(paths: readonly string[]): void;
}
