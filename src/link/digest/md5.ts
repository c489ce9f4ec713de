// MD5 (RFC 1321), for --build-id=md5 where the host offers none. An identifier here, not a protection.

import { digestBlocks } from "./blocks.ts";

/** How far each of the four steps of a round rotates. */
const ROTATIONS = Uint8Array.of(7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21);

/** @returns 16 bytes */
export function md5(bytes: Uint8Array): Uint8Array {
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  // T[i] of RFC 1321: the first 32 bits of |sin(i)|, i in radians from 1.
  const sines = Int32Array.from({ length: 64 }, (_, i) => Math.abs(Math.sin(i + 1)) * 2 ** 32);
  return digestBlocks(bytes, state, new Int32Array(16), false, (at, block) => addBlock(at, block, sines));
}

function addBlock(state: Int32Array, words: Int32Array, sines: Int32Array): void {
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  for (let i = 0; i < 64; i++) {
    const round = i >>> 4;
    let mixed: number;
    let word: number;
    if (round === 0) {
      mixed = d ^ (b & (c ^ d));
      word = i;
    } else if (round === 1) {
      mixed = c ^ (d & (b ^ c));
      word = 5 * i + 1;
    } else if (round === 2) {
      mixed = b ^ c ^ d;
      word = 3 * i + 5;
    } else {
      mixed = c ^ (b | ~d);
      word = 7 * i;
    }
    const sum = (((a + mixed) | 0) + ((sines[i] + words[word & 15]) | 0)) | 0;
    const by = ROTATIONS[(round << 2) | (i & 3)];
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << by) | (sum >>> (32 - by)))) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}
