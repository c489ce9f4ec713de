// The hash behind --build-id=fast, and wherever bytes have to be told apart without a promise that others can check:
// MurmurHash3_x86_128 (Austin Appleby, public domain). 128 bits out of 32-bit multiplications, which is what
// JavaScript has; hashes of 64-bit words cost it several times as much.

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

/**
 * @param seed any 32 bits: gives another hash of the same bytes
 * @returns 16 bytes: the four state words, lowest byte first, as the reference implementation on x86 stores them
 */
export function fastHash(bytes: Uint8Array, seed = 0): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { length } = bytes;
  const blocksEnd = length - (length % 16);
  let h1 = seed | 0;
  let h2 = seed | 0;
  let h3 = seed | 0;
  let h4 = seed | 0;
  for (let at = 0; at < blocksEnd; at += 16) {
    h1 ^= scramble(view.getInt32(at, true), C1, 15, C2);
    h1 = (Math.imul((rotate(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
    h2 ^= scramble(view.getInt32(at + 4, true), C2, 16, C3);
    h2 = (Math.imul((rotate(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0;
    h3 ^= scramble(view.getInt32(at + 8, true), C3, 17, C4);
    h3 = (Math.imul((rotate(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0;
    h4 ^= scramble(view.getInt32(at + 12, true), C4, 18, C1);
    h4 = (Math.imul((rotate(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0;
  }

  const last = new DataView(new ArrayBuffer(16));
  for (let at = blocksEnd; at < length; at++) last.setUint8(at - blocksEnd, bytes[at]);
  h1 ^= scramble(last.getInt32(0, true), C1, 15, C2) ^ length;
  h2 ^= scramble(last.getInt32(4, true), C2, 16, C3) ^ length;
  h3 ^= scramble(last.getInt32(8, true), C3, 17, C4) ^ length;
  h4 ^= scramble(last.getInt32(12, true), C4, 18, C1) ^ length;

  const sum = (h1 + h2 + h3 + h4) | 0;
  const words = [sum, h2 + sum, h3 + sum, h4 + sum].map(avalanche);
  const total = words.reduce((a, b) => (a + b) | 0, 0);
  const digest = new DataView(new ArrayBuffer(16));
  words.forEach((word, i) => {
    digest.setInt32(4 * i, i === 0 ? total : word + total, true);
  });
  return new Uint8Array(digest.buffer);
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function scramble(word: number, first: number, by: number, second: number): number {
  return Math.imul(rotate(Math.imul(word, first), by), second);
}

/** Every bit of the input has a say in every bit of the result. */
function avalanche(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
