// SHA-1 (FIPS 180-4), what --build-id means without a style; for hosts that offer none. An identifier, not a protection.

import { digestBlocks } from "./blocks.ts";

/** @returns 20 bytes */
export function sha1(bytes: Uint8Array): Uint8Array {
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  return digestBlocks(bytes, state, new Int32Array(80), true, addBlock);
}

/**
 * Four times 20 steps that differ in how they mix three of the words, and in the constant (of those beyond 2^31, less 2^32). Sums are cut to
 * 32 bits one by one, since a short link is over before V8 optimizes this, and until then a larger number is an object.
 */
function addBlock(state: Int32Array, words: Int32Array): void {
  for (let i = 16; i < 80; i++) {
    const word = words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16];
    words[i] = (word << 1) | (word >>> 31);
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  for (let i = 0; i < 80; i++) {
    let mixed: number;
    if (i < 20) mixed = (d ^ (b & (c ^ d))) + 0x5a827999;
    else if (i < 40) mixed = (b ^ c ^ d) + 0x6ed9eba1;
    else if (i < 60) mixed = ((b & c) | (d & (b | c))) - 0x70e44324;
    else mixed = (b ^ c ^ d) - 0x359d3e2a;
    const next = (((((a << 5) | (a >>> 27)) + (mixed | 0)) | 0) + ((e + words[i]) | 0)) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
}
