// AES-NI, carry-less products, and the SHA extensions: what cryptographic libraries use where cpuid says so. FIPS 197, FIPS
// 180-4, SDM volume 2.

import { xmmReg, xmmSource } from "../machine/operands.ts";
import type { Handler } from "../machine/row.ts";
import { type Cpu, XMM } from "../machine/state.ts";
import type { Packed } from "./packed-integer.ts";
import type { Shuffle } from "./packed-shuffle.ts";

// ---- AES: the substitution is the inverse in GF(2^8) and an affine map

const times2 = (x: number): number => ((x << 1) ^ ((x & 0x80) !== 0 ? 0x11b : 0)) & 0xff;

function times(a: number, b: number): number {
  let product = 0;
  for (let i = 0, x = a; i < 8; i++, x = times2(x)) if (((b >> i) & 1) !== 0) product ^= x;
  return product;
}

const SUBSTITUTE = new Uint8Array(256);
const INVERSE = new Uint8Array(256);
for (let x = 0, y = 1, n = 0; n < 255; n++) {
  // x runs through powers of 3, y through those of its inverse.
  x = n === 0 ? 1 : x ^ times2(x);
  if (n > 0) y = times(y, 0xf6);
  const affine = y ^ (y << 1) ^ (y << 2) ^ (y << 3) ^ (y << 4);
  SUBSTITUTE[x] = (affine ^ (affine >> 8) ^ 0x63) & 0xff;
}
SUBSTITUTE[0] = 0x63;
for (let x = 0; x < 256; x++) INVERSE[SUBSTITUTE[x]] = x;

/** Rows of the state move left by their number; of the inverse, right. Column c's byte r is at 4c + r. */
function substituteAndShift(cpu: Cpu, d: number, inverse: boolean): Uint8Array {
  const box = inverse ? INVERSE : SUBSTITUTE;
  const out = new Uint8Array(16);
  for (let i = 0; i < 16; i++) {
    const row = i & 3;
    const from = (i + (inverse ? -4 : 4) * row) & 15;
    out[i] = box[cpu.bytes[4 * d + from]];
  }
  return out;
}

function mixColumns(state: Uint8Array, factors: readonly number[]): Uint8Array {
  const out = new Uint8Array(16);
  for (let i = 0; i < 16; i++) {
    const column = i & 12;
    let sum = 0;
    for (let j = 0; j < 4; j++) sum ^= times(state[column + j], factors[(j - i) & 3]);
    out[i] = sum;
  }
  return out;
}

const MIX = [2, 3, 1, 1];
const UNMIX = [14, 11, 13, 9];

/** aesenc, aesenclast, aesdec, aesdeclast: a round, then the key in the second operand. */
export function aesRound(inverse: boolean, last: boolean): Packed {
  return (cpu, d, s) => {
    let state = substituteAndShift(cpu, d, inverse);
    if (!last) state = mixColumns(state, inverse ? UNMIX : MIX);
    for (let i = 0; i < 16; i++) cpu.bytes[4 * d + i] = state[i] ^ cpu.bytes[4 * s + i];
  };
}

/** aesimc. */
export const unmixKey: Packed = ({ bytes }, d, s) => {
  bytes.set(mixColumns(bytes.slice(4 * s, 4 * s + 16), UNMIX), 4 * d);
};

/** aeskeygenassist: words 1 and 3 substituted, and rotated with the round's constant. */
export const assistKey: Shuffle = ({ words: w }, d, s, _, constant) => {
  const substitute = (word: number): number => {
    let out = 0;
    for (let i = 0; i < 32; i += 8) out |= SUBSTITUTE[(word >>> i) & 0xff] << i;
    return out;
  };
  const rotate = (word: number): number => (word >>> 8) | (word << 24);
  const [one, three] = [substitute(w[s + 1]), substitute(w[s + 3])];
  w[d] = one;
  w[d + 1] = rotate(one) ^ constant;
  w[d + 2] = three;
  w[d + 3] = rotate(three) ^ constant;
};

// ---- pclmulqdq

/** The product of two quarters of polynomials over GF(2): 64 bits out of 32 and 32, as a pair. */
function carryless(a: number, b: number): readonly [number, number] {
  let low = 0;
  let high = 0;
  for (let i = 0; i < 32; i++) {
    if (((b >>> i) & 1) === 0) continue;
    low ^= a << i;
    if (i > 0) high ^= a >>> (32 - i);
  }
  return [low, high];
}

/** Halves of both operands, chosen by bits 0 and 4. */
export const multiplyCarryless: Shuffle = ({ words: w }, d, s, _, which) => {
  const a = d + 2 * (which & 1);
  const b = s + 2 * ((which >> 4) & 1);
  const [low0, low1] = carryless(w[a], w[b]);
  const [high0, high1] = carryless(w[a + 1], w[b + 1]);
  const [cross0, cross1] = carryless(w[a], w[b + 1]);
  const [other0, other1] = carryless(w[a + 1], w[b]);
  w[d] = low0;
  w[d + 1] = low1 ^ cross0 ^ other0;
  w[d + 2] = high0 ^ cross1 ^ other1;
  w[d + 3] = high1;
};

// ---- SHA-1 and SHA-256: word 3 of a register is the first of FIPS 180-4

const rotateLeft = (x: number, n: number): number => (x << n) | (x >>> (32 - n));
const rotateRight = (x: number, n: number): number => (x >>> n) | (x << (32 - n));

/** sha1nexte: the value that E had, rotated, added to the first word. */
export const sha1Next: Packed = ({ words: w }, d, s) => {
  const e = rotateLeft(w[d + 3], 30);
  w[d] = w[s];
  w[d + 1] = w[s + 1];
  w[d + 2] = w[s + 2];
  w[d + 3] = w[s + 3] + e;
};

export const sha1Message1: Packed = ({ words: w }, d, s) => {
  const [w0, w1, w2, w3] = [w[d + 3], w[d + 2], w[d + 1], w[d]];
  const [w4, w5] = [w[s + 3], w[s + 2]];
  w[d + 3] = w2 ^ w0;
  w[d + 2] = w3 ^ w1;
  w[d + 1] = w4 ^ w2;
  w[d] = w5 ^ w3;
};

export const sha1Message2: Packed = ({ words: w }, d, s) => {
  const [w13, w14, w15] = [w[s + 2], w[s + 1], w[s]];
  const w16 = rotateLeft(w[d + 3] ^ w13, 1);
  const w17 = rotateLeft(w[d + 2] ^ w14, 1);
  const w18 = rotateLeft(w[d + 1] ^ w15, 1);
  const w19 = rotateLeft(w[d] ^ w16, 1);
  w[d + 3] = w16;
  w[d + 2] = w17;
  w[d + 1] = w18;
  w[d] = w19;
};

const CONSTANTS_1 = [0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc, 0xca62_c1d6] as const;

function mixSha1(kind: number, b: number, c: number, d: number): number {
  if (kind === 0) return (b & c) ^ (~b & d);
  return kind === 2 ? (b & c) ^ (b & d) ^ (c & d) : b ^ c ^ d;
}

/** sha1rnds4: four rounds with function and constant of the immediate. */
export const sha1Rounds: Shuffle = ({ words: w }, at, s, _, which) => {
  const kind = which & 3;
  let [a, b, c, d] = [w[at + 3], w[at + 2], w[at + 1], w[at]];
  let e = 0;
  const messages = [w[s + 3], w[s + 2], w[s + 1], w[s]];
  for (const message of messages) {
    const next = (mixSha1(kind, b, c, d) + rotateLeft(a, 5) + message + e + CONSTANTS_1[kind]) | 0;
    e = d;
    d = c;
    c = rotateLeft(b, 30);
    b = a;
    a = next;
  }
  w[at + 3] = a;
  w[at + 2] = b;
  w[at + 1] = c;
  w[at] = d;
};

const small0 = (x: number): number => rotateRight(x, 7) ^ rotateRight(x, 18) ^ (x >>> 3);
const small1 = (x: number): number => rotateRight(x, 17) ^ rotateRight(x, 19) ^ (x >>> 10);

export const sha256Message1: Packed = ({ words: w }, d, s) => {
  const w4 = w[s];
  const [w0, w1, w2, w3] = [w[d], w[d + 1], w[d + 2], w[d + 3]];
  w[d] = w0 + small0(w1);
  w[d + 1] = w1 + small0(w2);
  w[d + 2] = w2 + small0(w3);
  w[d + 3] = w3 + small0(w4);
};

export const sha256Message2: Packed = ({ words: w }, d, s) => {
  const [w14, w15] = [w[s + 2], w[s + 3]];
  const w16 = (w[d] + small1(w14)) | 0;
  const w17 = (w[d + 1] + small1(w15)) | 0;
  w[d + 2] += small1(w16);
  w[d + 3] += small1(w17);
  w[d] = w16;
  w[d + 1] = w17;
};

/** sha256rnds2: two rounds; message and constant, added, are in xmm0. */
export const sha256Rounds: Handler = (cpu, at) => {
  const { words: w } = cpu;
  const to = xmmReg(cpu.code, at);
  const s = xmmSource(cpu, at, 16);
  let [a, b, e, f] = [w[s + 3], w[s + 2], w[s + 1], w[s]];
  let [c, d, g, h] = [w[to + 3], w[to + 2], w[to + 1], w[to]];
  for (const message of [w[XMM], w[XMM + 1]]) {
    const one = rotateRight(e, 6) ^ rotateRight(e, 11) ^ rotateRight(e, 25);
    const zero = rotateRight(a, 2) ^ rotateRight(a, 13) ^ rotateRight(a, 22);
    const first = (((e & f) ^ (~e & g)) + one + message + h) | 0;
    const second = ((a & b) ^ (a & c) ^ (b & c)) + zero;
    h = g;
    g = f;
    f = e;
    e = (first + d) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  w[to + 3] = a;
  w[to + 2] = b;
  w[to + 1] = e;
  w[to] = f;
};
