// Decompression of zlib streams (RFC 1950, RFC 1951) in plain code, for hosts that have none that answers at once: a page's worker has only
// streams. Some hundred megabytes a second are not needed there; a compressed debug section is a few.

/** Fewer bits are looked up at once; longer codes are walked. */
const MOST_BITS = 15;

/** Codes of a Huffman tree: how many of each length, and the symbols in their order. */
interface Tree {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

interface Input {
  readonly bytes: Uint8Array;
  at: number;
  /** Bits that have been taken from `bytes` and not used yet. */
  held: number;
  count: number;
}

/** Extra bits and bases of lengths (257 to 285) and distances (RFC 1951, 3.2.5). */
const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
/** Order in which a block tells the lengths of the codes of its code lengths (3.2.7). */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/**
 * @param size bytes that the stream has to hold
 * @returns undefined if it is damaged, or holds more or fewer; checksums are not compared
 */
export function inflate(bytes: Uint8Array, size: number): Uint8Array | undefined {
  // CMF and FLG: method 8, a multiple of 31, no preset dictionary.
  if (bytes.length < 6 || (bytes[0] & 15) !== 8 || (bytes[0] * 256 + bytes[1]) % 31 !== 0 || (bytes[1] & 32) !== 0)
    return undefined;
  const input: Input = { bytes, at: 2, held: 0, count: 0 };
  const output = new Uint8Array(size);
  let at = 0;
  for (;;) {
    const isLast = take(input, 1);
    const kind = take(input, 2);
    if (kind === 0) at = stored(input, output, at);
    else if (kind === 1) at = coded(input, output, at, FIXED_LENGTHS, FIXED_DISTANCES);
    else if (kind === 2) at = dynamic(input, output, at);
    else return undefined;
    if (at < 0) return undefined;
    if (isLast === 1) return at === size ? output : undefined;
  }
}

/** The next bits, the first of them lowest; zeros behind the end, -1 far behind it. */
function take(input: Input, bits: number): number {
  while (input.count < bits) {
    if (input.at > input.bytes.length + 4) return -1;
    input.held |= (input.bytes[input.at++] ?? 0) << input.count;
    input.count += 8;
  }
  const value = input.held & ((1 << bits) - 1);
  input.held >>>= bits;
  input.count -= bits;
  return value;
}

function stored(input: Input, output: Uint8Array, at: number): number {
  input.at -= input.count >> 3;
  input.held = 0;
  input.count = 0;
  const { bytes } = input;
  if (input.at + 4 > bytes.length) return -1;
  const length = bytes[input.at] + bytes[input.at + 1] * 256;
  const start = input.at + 4;
  if (start + length > bytes.length || at + length > output.length) return -1;
  output.set(bytes.subarray(start, start + length), at);
  input.at = start + length;
  return at + length;
}

function treeOf(lengths: Uint8Array): Tree {
  const counts = new Uint16Array(MOST_BITS + 1);
  for (const length of lengths) counts[length]++;
  counts[0] = 0;
  const starts = new Uint16Array(MOST_BITS + 2);
  for (let bits = 1; bits <= MOST_BITS; bits++) starts[bits + 1] = starts[bits] + counts[bits];
  const symbols = new Uint16Array(lengths.length);
  for (let symbol = 0; symbol < lengths.length; symbol++)
    if (lengths[symbol] !== 0) symbols[starts[lengths[symbol]]++] = symbol;
  return { counts, symbols };
}

/** The next symbol; -1 if no code is like that. */
function decode(input: Input, { counts, symbols }: Tree): number {
  let code = 0;
  let first = 0;
  let index = 0;
  for (let bits = 1; bits <= MOST_BITS; bits++) {
    const bit = take(input, 1);
    if (bit < 0) return -1;
    code |= bit;
    const count = counts[bits];
    if (code - count < first) return symbols[index + (code - first)];
    index += count;
    first = (first + count) << 1;
    code <<= 1;
  }
  return -1;
}

function coded(input: Input, output: Uint8Array, start: number, lengths: Tree, distances: Tree): number {
  let at = start;
  for (;;) {
    const symbol = decode(input, lengths);
    if (symbol === 256) return at;
    if (symbol < 0 || symbol > 285) return -1;
    if (symbol < 256) {
      if (at >= output.length) return -1;
      output[at++] = symbol;
      continue;
    }
    const length = LENGTH_BASE[symbol - 257] + take(input, LENGTH_BITS[symbol - 257]);
    const which = decode(input, distances);
    if (which < 0 || which > 29) return -1;
    const distance = DISTANCE_BASE[which] + take(input, which < 4 ? 0 : (which >> 1) - 1);
    if (distance > at || at + length > output.length) return -1;
    for (let i = 0; i < length; i++, at++) output[at] = output[at - distance];
  }
}

function dynamic(input: Input, output: Uint8Array, at: number): number {
  const literals = take(input, 5) + 257;
  const distances = take(input, 5) + 1;
  const codes = take(input, 4) + 4;
  const codeLengths = new Uint8Array(19);
  for (let i = 0; i < codes; i++) codeLengths[ORDER[i]] = take(input, 3);
  const tree = treeOf(codeLengths);
  const lengths = new Uint8Array(literals + distances);
  for (let i = 0; i < lengths.length; ) {
    const symbol = decode(input, tree);
    if (symbol < 0) return -1;
    if (symbol < 16) {
      lengths[i++] = symbol;
      continue;
    }
    if (symbol === 16 && i === 0) return -1;
    const value = symbol === 16 ? lengths[i - 1] : 0;
    const repeats = symbol === 16 ? 3 + take(input, 2) : symbol === 17 ? 3 + take(input, 3) : 11 + take(input, 7);
    if (i + repeats > lengths.length) return -1;
    lengths.fill(value, i, i + repeats);
    i += repeats;
  }
  return coded(input, output, at, treeOf(lengths.subarray(0, literals)), treeOf(lengths.subarray(literals)));
}

/** The codes of blocks that tell none (3.2.6). */
const FIXED_LENGTHS: Tree = treeOf(
  Uint8Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8)),
);
const FIXED_DISTANCES: Tree = treeOf(new Uint8Array(30).fill(5));
