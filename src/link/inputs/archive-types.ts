// What the linker keeps of an archive: its members, and the names by which they are pulled in.

import type { Archive } from "../../elf/archive.ts";
import type { Problem } from "../../elf/problem.ts";

export interface LazyMember {
  readonly name: string;
  /** The contents, or undefined for a thin archive's member that is read when wanted. */
  readonly bytes: Uint8Array | undefined;
  /** The archive that the contents are a part of. They may have to be completed (loader.ts): take them from `memberBytes`. */
  readonly archive: Uint8Array | undefined;
  /** Where the contents are: the archive, or a thin archive's member. */
  readonly path: string;
}

/** What members offer: symbol and member, in the order of the index. */
export interface Offers {
  readonly symbols: Int32Array;
  readonly symbolMember: Int32Array;
  /**
   * 1: the entry is the foo of a `foo@@V`, whose `foo@V` is the entry before it. Only a name that is unheard of gives way to the next
   * (bfd/elflink.c, _bfd_elf_archive_symbol_lookup). Undefined where there are none.
   */
  readonly plain: Uint8Array | undefined;
}

export interface LazySet extends Offers {
  /** Path of the archive; "" for --start-lib. */
  readonly path: string;
  readonly members: readonly LazyMember[];
  readonly extracted: Uint8Array;
  /** Entries that need no further look: member extracted, or symbol defined. */
  readonly done: Uint8Array;
  readonly excluded: boolean;
}

/** An archive's tables. GCC names libgcc.a two or three times in a link: it is read once. */
export interface ParsedArchive {
  /** Undefined if it cannot be read. */
  readonly archive: Archive | undefined;
  readonly members: readonly LazyMember[];
  /** What is wrong with it, until that has been reported. */
  readonly problems: Problem[];
  /** What the members offer, once somebody has asked for it: see `LazySet`. */
  offers: Offers | undefined;
}
