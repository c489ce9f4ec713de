// /etc/ld.so.cache: where ldconfig found each library (glibc elf/dl-cache.c, sysdeps/generic/dl-cache.h). Nothing is read
// into tables; a look-up is a binary search in the file's bytes, with the order and the mistakes of glibc's own.

import { type Report, warning } from "../../elf/problem.ts";
import { type ElfSource, elfSource, highHalf, lowHalf, word } from "../../elf/source.ts";
import { nameAt, startsWith } from "../../elf/text.ts";
import { LOADER_RECORDS, type SearchRules } from "../machines/index.ts";
import type { LoaderMachine, LoaderProfile } from "../settings/contract.ts";
import { behaves } from "../settings/profiles.ts";
import type { Capabilities } from "./subdirectories.ts";

export interface LibraryCache {
  readonly source: ElfSource;
  readonly entries: number;
  readonly count: number;
  readonly entryBytes: number;
  /** Where offsets of strings count from. */
  readonly strings: number;
  /** Names below glibc-hwcaps by the index that entries give; undefined for one that cannot be read. */
  readonly named: readonly (string | undefined)[];
}

const OLD_MAGIC = "ld.so-1.7.0";
const NEW_MAGIC = "glibc-ld.so.cache1.1";
/** struct cache_file: the magic, padding, nlibs. */
const OLD_HEADER = 16;
const OLD_ENTRY = 12;
/** struct cache_file_new: magic, nlibs, len_strings, flags, extension_offset, three unused words. */
const NEW_HEADER = 48;
const NEW_ENTRY = 24;

/** Two lowest bits of the flags byte (cache_file_new_flags_endian_*). The byte was 0 before glibc 2.33. */
const ENDIAN_BITS = 3;
const ENDIAN_LITTLE = 2;
const ENDIAN_BIG = 3;

const EXTENSION_MAGIC = 0xeaa42174;
const TAG_GLIBC_HWCAPS = 1;

/**
 * Reads the header of a cache of either format, or of the new one behind the old one.
 * @param report gets `library-cache-damaged`  @param littleEndian the loader's byte order
 * @returns undefined if the loader would do without it
 */
export function readLibraryCache(
  bytes: Uint8Array,
  name: string,
  profile: LoaderProfile,
  report: Report,
  littleEndian: boolean,
): LibraryCache | undefined {
  const source = elfSource(bytes, 64, littleEndian);
  const damaged = (what: string): undefined => {
    report(warning("library-cache-damaged", { file: name }, { what }));
    return undefined;
  };
  if (startsWith(bytes, 0, NEW_MAGIC)) {
    if (bytes.length <= NEW_HEADER) return damaged("it ends within its header");
    return readNew(source, 0, profile, damaged);
  }
  if (!startsWith(bytes, 0, OLD_MAGIC)) return damaged("it does not start like a cache");
  if (bytes.length <= OLD_HEADER) return damaged("it ends within its header");
  const count = word(source, 12);
  const end = OLD_HEADER + count * OLD_ENTRY;
  if (end > bytes.length) return damaged(`it is too short for its ${count} entries`);
  const inner = Math.ceil(end / 8) * 8;
  if (startsWith(bytes, inner, NEW_MAGIC) && bytes.length >= inner + NEW_HEADER) {
    return readNew(source, inner, profile, damaged);
  }
  return { source, entries: OLD_HEADER, count, entryBytes: OLD_ENTRY, strings: end, named: [] };
}

function readNew(
  source: ElfSource,
  start: number,
  profile: LoaderProfile,
  damaged: (what: string) => undefined,
): LibraryCache | undefined {
  const { bytes } = source;
  const flags = bytes[start + 28];
  const order = source.littleEndian ? ENDIAN_LITTLE : ENDIAN_BIG;
  if (flags !== 0 && (flags & ENDIAN_BITS) !== order) return damaged("it was written for another byte order");
  const count = word(source, start + 20);
  const room = Math.floor((bytes.length - start - NEW_HEADER) / NEW_ENTRY);
  if (count > room) damaged(`it is too short for its ${count} entries`);
  // Older loaders went past the end of the file; what is there is all that can be looked at.
  if (count > room && behaves(profile, "cacheSizeChecked")) return undefined;
  const named = readNamed(source, word(source, start + 32));
  if (named === undefined) damaged("its list of CPU subdirectories cannot be read");
  return {
    source,
    entries: start + NEW_HEADER,
    count: Math.min(count, room),
    entryBytes: NEW_ENTRY,
    strings: start,
    named: named ?? [],
  };
}

/** The extension that lists the names below glibc-hwcaps. Offsets in it count from the start of the file. */
function readNamed(source: ElfSource, extension: number): readonly (string | undefined)[] | undefined {
  const size = source.bytes.length;
  if (extension === 0) return [];
  if (extension % 4 !== 0 || extension + 8 > size || word(source, extension) !== EXTENSION_MAGIC) return undefined;
  const count = word(source, extension + 4);
  if (extension + 8 + count * 16 > size) return undefined;
  let named: readonly (string | undefined)[] = [];
  for (let at = extension + 8; at < extension + 8 + count * 16; at += 16) {
    const [tag, start, length] = [word(source, at), word(source, at + 8), word(source, at + 12)];
    if (start + length > size) return undefined;
    if (tag === TAG_GLIBC_HWCAPS) named = namesAt(source, start, Math.floor(length / 4));
  }
  return named;
}

/** More names than this no ldconfig writes, and reading them all could take time in proportion to the file squared. */
const MOST_NAMED = 256;

function namesAt(source: ElfSource, start: number, count: number): (string | undefined)[] {
  const size = source.bytes.length;
  return Array.from({ length: Math.min(count, MOST_NAMED) }, (_, index) => {
    const at = word(source, start + 4 * index);
    return at < size ? nameAt(source.bytes, at, Math.min(size, at + LONGEST_NAME)) : undefined;
  });
}

/** Longer than any path that can be opened (PATH_MAX). */
const LONGEST_NAME = 4096;

/** Entries for any ELF library; others are for one machine with glibc 2 (ldconfig: "libc6,x86-64"). */
const ANY_ELF = 1;

/** Bits of hwcap's upper half: an index of `named`; tls; the first of those for platforms, which old caches have. */
const NAMED_BIT = 1 << (62 - 32);
const FIRST_PLATFORM = 16;
const TLS_BIT = 1 << (63 - 32);
const ISA_LEVEL_BITS = 0x3ff;

/**
 * The path that the cache gives for a name, the best for the CPU; undefined if it has none.
 * @param name as in DT_NEEDED
 */
export function lookUpInCache(
  cache: LibraryCache,
  name: string,
  machine: LoaderMachine,
  capabilities: Capabilities,
): string | undefined {
  const wanted = new TextEncoder().encode(name);
  const { search } = LOADER_RECORDS[machine];
  const [own] = search.cacheFlags;
  const first = firstEqual(cache, wanted, search.charIsSigned);
  if (first === undefined) return undefined;
  let best: string | undefined;
  let bestPriority = Number.POSITIVE_INFINITY;
  const end = Math.min(cache.count, first.from + MOST_EQUAL);
  for (let index = first.from; index < end; index++) {
    const at = cache.entries + index * cache.entryBytes;
    if (index > first.found && !isEqualAt(cache, word(cache.source, at + 4), wanted, search.charIsSigned)) break;
    const flags = word(cache.source, at);
    const value = cache.strings + word(cache.source, at + 8);
    if ((flags !== ANY_ELF && !search.cacheFlags.includes(flags)) || value >= cache.source.bytes.length) continue;
    const priority = cache.entryBytes === NEW_ENTRY ? priorityOf(cache, at, capabilities, search) : UNNAMED;
    if (priority === undefined) continue;
    // Entries for CPUs stand before the others of the same name.
    if (priority === UNNAMED && best !== undefined) break;
    if (priority !== UNNAMED && priority >= bestPriority) continue;
    best = stringOf(cache, value);
    bestPriority = priority;
    if (priority === UNNAMED && flags === own) break;
  }
  return best;
}

/** Entries of one name that are looked at: one for each machine and CPU are a few, and only a damaged cache has many. */
const MOST_EQUAL = 4096;

/** The priority of an entry that is for every CPU. */
const UNNAMED = Number.MAX_SAFE_INTEGER;

/** How good an entry is for this CPU: 0 is best; undefined if it cannot be used. */
function priorityOf(
  cache: LibraryCache,
  at: number,
  capabilities: Capabilities,
  { levels, legacyPlatforms }: SearchRules,
): number | undefined {
  const low = lowHalf(cache.source, at + 16);
  const high = highHalf(cache.source, at + 16);
  if ((high & ~ISA_LEVEL_BITS) === NAMED_BIT) {
    return namedPriority(cache, low, levels[high & ISA_LEVEL_BITS], (high & ISA_LEVEL_BITS) > 0, capabilities);
  }
  const platformBits = ((1 << legacyPlatforms.length) - 1) << FIRST_PLATFORM;
  if (capabilities.legacy === undefined) return low === 0 && high === 0 ? UNNAMED : undefined;
  const known = capabilities.legacy.reduce((bits, { bit }) => bits | (1 << bit), 0);
  if ((low & ~known) !== 0 || (high & ~(platformBits | TLS_BIT)) !== 0) return undefined;
  const platform = legacyPlatforms.indexOf(capabilities.platform ?? "");
  const wanted = high & platformBits;
  return wanted === 0 || (platform >= 0 && wanted === 1 << (FIRST_PLATFORM + platform)) ? UNNAMED : undefined;
}

/** @param level name of the ISA level that the entry asks for  @param isAsked whether it asks for one */
function namedPriority(
  cache: LibraryCache,
  index: number,
  level: string | undefined,
  isAsked: boolean,
  { named }: Capabilities,
): number | undefined {
  if (isAsked && (level === undefined || !named.includes(level))) return undefined;
  const name = cache.named[index];
  const priority = name === undefined ? -1 : named.indexOf(name);
  return priority < 0 ? undefined : priority;
}

/** Where the names equal to `wanted` start, and one of them for certain, by the binary search of glibc. */
function firstEqual(
  cache: LibraryCache,
  wanted: Uint8Array,
  isSigned: boolean,
): { readonly from: number; readonly found: number } | undefined {
  let left = 0;
  let right = cache.count - 1;
  while (left <= right) {
    const middle = Math.floor((left + right) / 2);
    const order = orderAt(cache, keyOf(cache, middle), wanted, isSigned);
    if (order === undefined) return undefined;
    if (order === 0) {
      let from = middle;
      while (from > 0 && middle - from < MOST_EQUAL && isEqualAt(cache, keyOf(cache, from - 1), wanted, isSigned))
        from--;
      return { from, found: middle };
    }
    // The table is sorted downwards.
    if (order < 0) left = middle + 1;
    else right = middle - 1;
  }
  return undefined;
}

function keyOf(cache: LibraryCache, index: number): number {
  return word(cache.source, cache.entries + index * cache.entryBytes + 4);
}

function isEqualAt(cache: LibraryCache, key: number, wanted: Uint8Array, isSigned: boolean): boolean {
  return orderAt(cache, key, wanted, isSigned) === 0;
}

/** `wanted` against the string at a key; undefined if the key lies outside of the file. */
function orderAt(cache: LibraryCache, key: number, wanted: Uint8Array, isSigned: boolean): number | undefined {
  const at = cache.strings + key;
  return at < cache.source.bytes.length ? compareNames(wanted, cache.source.bytes, at, isSigned) : undefined;
}

function stringOf(cache: LibraryCache, at: number): string {
  return nameAt(cache.source.bytes, at, Math.min(cache.source.bytes.length, at + LONGEST_NAME));
}

/**
 * _dl_cache_libcmp: runs of digits compare as numbers, so that libx.so.10 comes after libx.so.9. A string ends with a NUL or
 * where its bytes end.
 * @param isSigned C's char is, on the machine that sorts
 */
export function compareNames(a: Uint8Array, b: Uint8Array, bStart: number, isSigned: boolean = true): number {
  const signed = (byte: number): number => (isSigned ? (byte << 24) >> 24 : byte);
  let i = 0;
  let j = bStart;
  while (i < a.length && a[i] !== 0) {
    const x = a[i];
    const y = j < b.length ? b[j] : 0;
    if (isDigit(x) && isDigit(y)) {
      let left = 0;
      let right = 0;
      for (; i < a.length && isDigit(a[i]); i++) left = (Math.imul(left, 10) + a[i] - 48) | 0;
      for (; j < b.length && isDigit(b[j]); j++) right = (Math.imul(right, 10) + b[j] - 48) | 0;
      if (left !== right) return left - right;
    } else if (isDigit(x)) return 1;
    else if (isDigit(y)) return -1;
    else if (x !== y) return signed(x) - signed(y);
    else {
      i++;
      j++;
    }
  }
  return 0 - signed(j < b.length ? b[j] : 0);
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}
