// DT_HASH and DT_GNU_HASH: building them as GNU ld does, and reading them as the dynamic linker does. Builders write the
// sizes that BFD chooses, so that a table can be compared with ld's; readers decode a table once, check every chain while
// doing so, and from then on need no guards.

import { EM_ALPHA, EM_S390 } from "./constants.ts";
import { error, type Place, type Report } from "./problem.ts";

// ---------------------------------------------------------------------------------------------------------------------
// Sizes
// ---------------------------------------------------------------------------------------------------------------------

/** BFD's bucket counts without -O (elflink.c, `elf_buckets`): the largest that the number of symbols reaches. */
const BUCKET_COUNTS: readonly number[] = [
  1, 3, 17, 37, 67, 97, 131, 197, 263, 521, 1031, 2053, 4099, 8209, 16411, 32771,
];

/** Table entries on a page: BFD's unit for what it charges a large table (4096 bytes, 4 each). */
const ENTRIES_PER_PAGE = 1024;

/** BFD gives up its search after this many sizes without a better one (PR 11843). */
const FUTILE_SIZES = 100;

/**
 * How many buckets GNU ld gives a hash table (BFD elflink.c, `compute_bucket_count`).
 * @param hashes the hashes of the `count` symbols in the table  @param dynamicSymbols entries of .dynsym, all of them
 * @param gnu a .gnu.hash: at least 2 buckets  @param optimize ld's -O1 and above: look for the cheapest size
 */
function bucketCount(
  hashes: Uint32Array,
  count: number,
  dynamicSymbols: number,
  gnu: boolean,
  optimize: boolean,
): number {
  if (optimize) return cheapestBucketCount(hashes, count, dynamicSymbols, gnu);
  let best = BUCKET_COUNTS[0];
  for (const candidate of BUCKET_COUNTS) if (candidate <= count) best = candidate;
  return gnu ? Math.max(best, 2) : best;
}

/** The size with the least (table size + sum of squared chain lengths), weighted by the pages the table takes. */
function cheapestBucketCount(hashes: Uint32Array, count: number, dynamicSymbols: number, gnu: boolean): number {
  const largest = count * 2;
  let best = gnu && largest % 32 === 0 ? largest + 1 : largest;
  let bestCost = Infinity;
  let futile = 0;
  const lengths = new Uint32Array(largest);
  for (let size = Math.max(count >>> 2, gnu ? 2 : 1); size < largest; size++) {
    // The GNU hash puts its low five bits to other use in the Bloom filter: no multiples of 32.
    if (gnu && size % 32 === 0) continue;
    lengths.fill(0, 0, size);
    // A chain that grows from n to n + 1 adds (n + 1)^2 - n^2 to the sum of squares.
    let cost = (2 + dynamicSymbols) * 4;
    for (let i = 0; i < count; i++) cost += 2 * lengths[hashes[i] % size]++ + 1;
    const pages = Math.floor(size / ENTRIES_PER_PAGE) + 1;
    cost *= pages * pages;
    if (cost < bestCost) {
      bestCost = cost;
      best = size;
      futile = 0;
    } else if (++futile === FUTILE_SIZES) break;
  }
  return best;
}

/** log2 of the Bloom filter's bits: 4 to 8 times the symbols (BFD elflink.c, `bfd_elf_size_dynsym_hash_dynstr`). */
function bloomBitsLog2(count: number, elfClass: 32 | 64): number {
  const bits = 32 - Math.clz32(count);
  const log2 = bits < 3 ? 5 : bits + ((1 << (bits - 2)) & count ? 3 : 2);
  return elfClass === 64 ? Math.max(log2, 6) : log2;
}

// ---------------------------------------------------------------------------------------------------------------------
// Building
// ---------------------------------------------------------------------------------------------------------------------

export interface BuiltGnuHash {
  /** Where each symbol goes: .dynsym entry `firstIndex + i` is the symbol whose hash is `hashes[order[i]]`. */
  readonly order: Uint32Array;
  /** Contents of .gnu.hash, little endian. */
  readonly bytes: Uint8Array;
}

/**
 * Builds .gnu.hash. The format wants the symbols of one bucket side by side in .dynsym, so it dictates their order;
 * inside a bucket they keep the order they came in.
 * @param hashes gnuHash of each symbol that can be found: the defined ones  @param count how many of them
 * @param firstIndex .dynsym index of the first of them  @param optimize ld -O1 and above
 */
export function buildGnuHash(
  hashes: Uint32Array,
  count: number,
  firstIndex: number,
  elfClass: 32 | 64,
  optimize = false,
): BuiltGnuHash {
  if (count === 0) return { order: new Uint32Array(0), bytes: emptyGnuHash(elfClass) };
  const buckets = bucketCount(hashes, count, firstIndex + count, true, optimize);
  const starts = bucketStarts(hashes, count, buckets);
  const order = new Uint32Array(count);
  const next = starts.slice();
  for (let i = 0; i < count; i++) order[next[hashes[i] % buckets]++] = i;

  const bloomLog2 = bloomBitsLog2(count, elfClass);
  const bloomBytes = (1 << bloomLog2) / 8;
  const bytes = new Uint8Array(16 + bloomBytes + 4 * (buckets + count));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, buckets, true);
  view.setUint32(4, firstIndex, true);
  view.setUint32(8, bloomBytes / (elfClass / 8), true);
  view.setUint32(12, bloomLog2, true);
  setBloomBits(bytes.subarray(16, 16 + bloomBytes), hashes, count, elfClass, bloomLog2);

  const bucketsAt = 16 + bloomBytes;
  const chainAt = bucketsAt + 4 * buckets;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const start = starts[bucket];
    const end = starts[bucket + 1];
    if (start === end) continue;
    view.setUint32(bucketsAt + 4 * bucket, firstIndex + start, true);
    for (let i = start; i < end; i++) view.setUint32(chainAt + 4 * i, hashes[order[i]] & ~1, true);
    // The lowest bit ends the chain.
    view.setUint32(chainAt + 4 * (end - 1), hashes[order[end - 1]] | 1, true);
  }
  return { order, bytes };
}

/** What BFD writes when nothing is defined: one empty bucket, and a Bloom word that lets nothing through. */
function emptyGnuHash(elfClass: 32 | 64): Uint8Array {
  const bytes = new Uint8Array(20 + elfClass / 8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 1, true);
  view.setUint32(4, 1, true);
  view.setUint32(8, 1, true);
  return bytes;
}

/** Position of each bucket's first symbol when they are grouped by bucket; one more entry, the count, at the end. */
function bucketStarts(hashes: Uint32Array, count: number, buckets: number): Uint32Array {
  const starts = new Uint32Array(buckets + 1);
  for (let i = 0; i < count; i++) starts[(hashes[i] % buckets) + 1]++;
  for (let bucket = 0; bucket < buckets; bucket++) starts[bucket + 1] += starts[bucket];
  return starts;
}

/** Two bits a symbol, both in the word that hash / word size picks. In little-endian order a bit's byte is bit / 8. */
function setBloomBits(bloom: Uint8Array, hashes: Uint32Array, count: number, elfClass: number, shift: number): void {
  const wordMask = elfClass - 1;
  const allBits = bloom.length * 8 - 1;
  for (let i = 0; i < count; i++) {
    const hash = hashes[i];
    const word = hash & allBits & ~wordMask;
    const first = word + (hash & wordMask);
    const second = word + ((hash >>> shift) & wordMask);
    bloom[first >>> 3] |= 1 << (first & 7);
    bloom[second >>> 3] |= 1 << (second & 7);
  }
}

/**
 * Builds .hash, little endian.
 * @param hashes sysvHash of every .dynsym entry, in its final order; entry 0 and those before `firstIndex` are not read
 * @param firstIndex the first global symbol: null entry, section and local symbols cannot be looked up
 * @param optimize ld -O1 and above
 */
export function buildSysvHash(hashes: Uint32Array, firstIndex: number, optimize = false): Uint8Array {
  const symbols = hashes.length;
  const globals = hashes.subarray(firstIndex);
  const buckets = bucketCount(globals, globals.length, symbols, false, optimize) || 1;
  const bytes = new Uint8Array(4 * (2 + buckets + symbols));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, buckets, true);
  view.setUint32(4, symbols, true);
  const chainAt = 8 + 4 * buckets;
  // From the end, each in front of the last, so that a chain is in .dynsym order.
  for (let index = symbols - 1; index >= firstIndex; index--) {
    const bucketAt = 8 + 4 * (hashes[index] % buckets);
    view.setUint32(chainAt + 4 * index, view.getUint32(bucketAt, true), true);
    view.setUint32(bucketAt, index, true);
  }
  return bytes;
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading
// ---------------------------------------------------------------------------------------------------------------------

export interface GnuHashTable {
  readonly kind: "gnu";
  readonly elfClass: 32 | 64;
  /** .dynsym index of the first symbol in the table. */
  readonly firstIndex: number;
  /** The filter as 32-bit words; for ELF64 two of them make a filter word, the lower half first. */
  readonly bloom: Uint32Array;
  readonly bloomShift: number;
  /** .dynsym index of a bucket's first symbol, 0 for an empty bucket. */
  readonly buckets: Uint32Array;
  /** Hash of symbol `firstIndex + i`, whose lowest bit says instead that a chain ends here. */
  readonly chain: Uint32Array;
  /** One more than the highest .dynsym index in the table: as much as it tells about the size of .dynsym. */
  readonly symbolCount: number;
}

export interface SysvHashTable {
  readonly kind: "sysv";
  readonly buckets: Uint32Array;
  /** The next symbol in the bucket, by .dynsym index; 0 ends it. */
  readonly chain: Uint32Array;
  /** Entries of .dynsym (nchain). */
  readonly symbolCount: number;
}

export type HashTable = GnuHashTable | SysvHashTable;

/** Where a table lies, and how its numbers are written. */
export interface HashTableBytes {
  readonly bytes: Uint8Array;
  /** First byte of the table in `bytes`. */
  readonly start: number;
  /** The table has to end here: end of the section, or of the segment's bytes where there are no sections. */
  readonly end: number;
  readonly littleEndian: boolean;
}

const HOST_IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Decodes `count` 32-bit words. The caller has checked that they are there. */
function words(source: HashTableBytes, at: number, count: number): Uint32Array {
  // As this machine writes them: one copy. (`slice` of Node's Buffers makes none.)
  if (source.littleEndian === HOST_IS_LITTLE_ENDIAN) {
    return new Uint32Array(new Uint8Array(source.bytes.subarray(at, at + 4 * count)).buffer);
  }
  const view = new DataView(source.bytes.buffer, source.bytes.byteOffset, source.bytes.byteLength);
  const values = new Uint32Array(count);
  for (let i = 0; i < count; i++) values[i] = view.getUint32(at + 4 * i, source.littleEndian);
  return values;
}

/** Bytes from `start` to `end`, as far as there are any. */
function available(source: HashTableBytes): number {
  return Math.max(0, Math.min(source.end, source.bytes.length) - source.start);
}

/**
 * Decodes and checks a DT_GNU_HASH table.
 * Problems: `hash-table-cut-short`, `gnu-hash-bloom-size`, `hash-chain-wild`.
 * @returns undefined if the table cannot be used
 */
export function readGnuHash(
  source: HashTableBytes,
  elfClass: 32 | 64,
  place: Place,
  report: Report,
): GnuHashTable | undefined {
  const size = available(source);
  const cutShort = (needed: number): undefined => {
    report(error("hash-table-cut-short", place, { table: "gnu", needed, available: size }));
    return undefined;
  };
  if (size < 16) return cutShort(16);
  const [bucketTotal, firstIndex, bloomTotal, bloomShift] = words(source, source.start, 4);
  const bloomWords = bloomTotal * (elfClass / 32);
  const arrays = 16 + 4 * (bloomWords + bucketTotal);
  if (size < arrays) return cutShort(arrays);
  // glibc masks with this number minus one (elf/dl-setup_hash.c).
  if (bloomTotal === 0 || (bloomTotal & (bloomTotal - 1)) !== 0) {
    report(error("gnu-hash-bloom-size", place, { words: bloomTotal }));
    return undefined;
  }
  const bloom = halves(words(source, source.start + 16, bloomWords), elfClass, source.littleEndian);
  const buckets = words(source, source.start + 16 + 4 * bloomWords, bucketTotal);

  // Chains lie one after the other, so if the last one ends, they all do.
  let last = 0;
  for (let i = 0; i < bucketTotal; i++) {
    const index = buckets[i];
    if (index !== 0 && index < firstIndex) {
      report(error("hash-chain-wild", place, { table: "gnu", bucket: i, symbol: index }));
      return undefined;
    }
    if (index > last) last = index;
  }
  if (last === 0) {
    const nothing = new Uint32Array(0);
    return { kind: "gnu", elfClass, firstIndex, bloom, bloomShift, buckets, chain: nothing, symbolCount: firstIndex };
  }
  const longest = (size - arrays) >>> 2;
  let ending = last - firstIndex;
  if (ending >= longest) return cutShort(arrays + 4 * (ending + 1));
  // Without section headers the range goes on to the end of the segment, a hundred megabytes in large libraries.
  const { bytes, littleEndian } = source;
  const lowest = source.start + arrays + (littleEndian ? 0 : 3);
  while (ending < longest && (bytes[lowest + 4 * ending] & 1) === 0) ending++;
  if (ending === longest) return cutShort(size + 4);
  const chain = words(source, source.start + arrays, ending + 1);
  return {
    kind: "gnu",
    elfClass,
    firstIndex,
    bloom,
    bloomShift,
    buckets,
    chain,
    symbolCount: firstIndex + chain.length,
  };
}

/** Big-endian ELF64 filter words have their halves the other way round. */
function halves(bloom: Uint32Array, elfClass: 32 | 64, littleEndian: boolean): Uint32Array {
  if (littleEndian || elfClass === 32) return bloom;
  for (let i = 0; i < bloom.length; i += 2) bloom.subarray(i, i + 2).reverse();
  return bloom;
}

/** Bytes of an entry of DT_HASH: Alpha and 64-bit S/390 have a word of the machine (their psABIs). */
export function sysvHashEntryBytes(elfMachine: number, elfClass: number): 4 | 8 {
  return elfClass === 64 && (elfMachine === EM_S390 || elfMachine === EM_ALPHA) ? 8 : 4;
}

/**
 * Decodes and checks a DT_HASH table.
 * Problems: `hash-table-cut-short`, `hash-chain-wild`, `hash-chain-loop`.
 * @param entry bytes of an entry, from `sysvHashEntryBytes`
 * @returns undefined if the table cannot be used
 */
export function readSysvHash(
  source: HashTableBytes,
  place: Place,
  report: Report,
  entry: 4 | 8 = 4,
): SysvHashTable | undefined {
  const size = available(source);
  const cutShort = (needed: number): undefined => {
    report(error("hash-table-cut-short", place, { table: "sysv", needed, available: size }));
    return undefined;
  };
  const entries = (at: number, count: number): Uint32Array => {
    const from = source.start + at * entry;
    return entry === 4 ? words(source, from, count) : lowHalves(words(source, from, 2 * count), source.littleEndian);
  };
  if (size < 2 * entry) return cutShort(2 * entry);
  const [bucketTotal, symbolCount] = entries(0, 2);
  const needed = entry * (2 + bucketTotal + symbolCount);
  if (size < needed) return cutShort(needed);
  const buckets = entries(2, bucketTotal);
  const chain = entries(2 + bucketTotal, symbolCount);

  // A chain that comes back to a symbol would never end. Two chains that meet are as wrong, and found the same way.
  const seen = new Uint8Array(symbolCount);
  for (let bucket = 0; bucket < bucketTotal; bucket++) {
    for (let index = buckets[bucket]; index !== 0; index = chain[index]) {
      if (index >= symbolCount || seen[index] === 1) {
        const code = index >= symbolCount ? "hash-chain-wild" : "hash-chain-loop";
        report(error(code, place, { table: "sysv", bucket, symbol: index }));
        return undefined;
      }
      seen[index] = 1;
    }
  }
  return { kind: "sysv", buckets, chain, symbolCount };
}

/** The lower halves of words of 64 bits: no table has as many symbols as would need the others. */
function lowHalves(pairs: Uint32Array, littleEndian: boolean): Uint32Array {
  return Uint32Array.from({ length: pairs.length / 2 }, (_, i) => pairs[2 * i + (littleEndian ? 0 : 1)]);
}

// ---------------------------------------------------------------------------------------------------------------------
// Looking up
// ---------------------------------------------------------------------------------------------------------------------

/** The Bloom filter's answer: false says for certain that no symbol in the table has this hash. */
export function bloomAdmits(table: GnuHashTable, hash: number): boolean {
  const wordMask = table.elfClass - 1;
  const word = hash & (table.bloom.length * 32 - 1) & ~wordMask;
  const first = word + (hash & wordMask);
  // C leaves a shift by 32 or more open; glibc's 64-bit arithmetic makes it 0.
  const second = word + (table.bloomShift < 32 ? (hash >>> table.bloomShift) & wordMask : 0);
  const bits = (table.bloom[first >>> 5] >>> (first & 31)) & (table.bloom[second >>> 5] >>> (second & 31));
  return (bits & 1) === 1;
}

/**
 * The next symbol that may have the hash: for DT_GNU_HASH those with the same upper 31 bits, for DT_HASH all of the bucket.
 * Follows the chain to its end when called again with each result: a reader of versions has to see every namesake.
 * @param hash gnuHash or sysvHash of the name, as the table's kind asks
 * @param after 0 to begin, then what the last call returned
 * @returns .dynsym index, or 0 when there are no more
 */
export function nextCandidate(table: HashTable, hash: number, after: number): number {
  return table.kind === "gnu" ? nextGnuCandidate(table, hash, after) : nextSysvCandidate(table, hash, after);
}

function nextGnuCandidate(table: GnuHashTable, hash: number, after: number): number {
  const { buckets, chain, firstIndex } = table;
  let index: number;
  if (after === 0) {
    if (buckets.length === 0 || !bloomAdmits(table, hash)) return 0;
    index = buckets[hash % buckets.length];
    if (index === 0) return 0;
  } else {
    if ((chain[after - firstIndex] & 1) === 1) return 0;
    index = after + 1;
  }
  for (let i = index - firstIndex; i < chain.length; i++) {
    if ((chain[i] ^ hash) >>> 1 === 0) return firstIndex + i;
    if ((chain[i] & 1) === 1) return 0;
  }
  return 0;
}

function nextSysvCandidate(table: SysvHashTable, hash: number, after: number): number {
  if (after !== 0) return table.chain[after];
  return table.buckets.length === 0 ? 0 : table.buckets[hash % table.buckets.length];
}

/** Enough of a .dynsym to compare names. */
export interface SymbolNames {
  /** st_name of each entry: an offset into `strings`. */
  readonly nameOffsets: Uint32Array;
  /** .dynstr. */
  readonly strings: Uint8Array;
}

/**
 * The next symbol with this name.
 * @param name holds the name's bytes from `start` to `end`, without a NUL  @param hash its hash, as the table's kind asks
 * @param after 0 to begin, then what the last call returned
 * @returns .dynsym index, or 0 when there are no more
 */
export function nextByName(
  table: HashTable,
  names: SymbolNames,
  name: Uint8Array,
  start: number,
  end: number,
  hash: number,
  after: number,
): number {
  let index = nextCandidate(table, hash, after);
  while (index !== 0) {
    if (index < names.nameOffsets.length && isName(names.strings, names.nameOffsets[index], name, start, end))
      return index;
    index = nextCandidate(table, hash, index);
  }
  return 0;
}

/** Is the NUL-terminated string at `at` the name? False where `at` or the string's end is outside the table. */
function isName(strings: Uint8Array, at: number, name: Uint8Array, start: number, end: number): boolean {
  if (at + (end - start) >= strings.length) return false;
  for (let i = start; i < end; i++) if (strings[at + i - start] !== name[i]) return false;
  return strings[at + end - start] === 0;
}
