// Integer arithmetic on lanes, of xmm registers (four words) and MMX registers (two): one function an instruction, for both.
// Where string functions live by an instruction it works on whole words; elsewhere lanes are visited one by one.

import { highProduct, signedHighProduct } from "../float/product.ts";
import type { Cpu } from "../machine/state.ts";

/**
 * Changes the lanes at `d` by those at `s`: both indices into `cpu.words`.
 * @param n words: 2 for an MMX register, 4 for xmm
 */
export type Packed = (cpu: Cpu, d: number, s: number, n: number) => void;

type Lane = (a: number, b: number) => number;

function signed8(value: number): number {
  return (value << 24) >> 24;
}

function signed16(value: number): number {
  return (value << 16) >> 16;
}

function clamp(value: number, low: number, high: number): number {
  return value < low ? low : Math.min(value, high);
}

/** From a rule for unsigned bytes; the result's low eight bits count. */
function bytes(lane: Lane): Packed {
  return ({ bytes: b }, d, s, n) => {
    for (let i = 0; i < 4 * n; i++) b[4 * d + i] = lane(b[4 * d + i], b[4 * s + i]);
  };
}

function signedBytes(lane: Lane): Packed {
  return bytes((a, b) => lane(signed8(a), signed8(b)));
}

function halves(lane: Lane): Packed {
  return ({ halves: h }, d, s, n) => {
    for (let i = 0; i < 2 * n; i++) h[2 * d + i] = lane(h[2 * d + i], h[2 * s + i]);
  };
}

function signedHalves(lane: Lane): Packed {
  return halves((a, b) => lane(signed16(a), signed16(b)));
}

/** From a rule for signed words. */
function words(lane: Lane): Packed {
  return ({ words: w }, d, s, n) => {
    for (let i = 0; i < n; i++) w[d + i] = lane(w[d + i], w[s + i]);
  };
}

// ---- logic

export const and: Packed = ({ words: w }, d, s, n) => {
  for (let i = 0; i < n; i++) w[d + i] &= w[s + i];
};
export const andNot: Packed = ({ words: w }, d, s, n) => {
  for (let i = 0; i < n; i++) w[d + i] = ~w[d + i] & w[s + i];
};
export const or: Packed = ({ words: w }, d, s, n) => {
  for (let i = 0; i < n; i++) w[d + i] |= w[s + i];
};
export const xor: Packed = ({ words: w }, d, s, n) => {
  for (let i = 0; i < n; i++) w[d + i] ^= w[s + i];
};

// ---- sums and differences

const TOPS = 0x8080_8080 | 0;
const BELOW_TOPS = 0x7f7f_7f7f;

export const addBytes: Packed = words((a, b) => ((a & BELOW_TOPS) + (b & BELOW_TOPS)) ^ ((a ^ b) & TOPS));
export const subtractBytes: Packed = words((a, b) => ((a | TOPS) - (b & BELOW_TOPS)) ^ ((a ^ ~b) & TOPS));
export const addHalves: Packed = halves((a, b) => a + b);
export const subtractHalves: Packed = halves((a, b) => a - b);
export const addWords: Packed = words((a, b) => a + b);
export const subtractWords: Packed = words((a, b) => a - b);

export const addQuads: Packed = ({ words: w }, d, s, n) => {
  for (let i = 0; i < n; i += 2) {
    const low = (w[d + i] >>> 0) + (w[s + i] >>> 0);
    w[d + i] = low;
    w[d + i + 1] += w[s + i + 1] + (low > 0xffff_ffff ? 1 : 0);
  }
};
export const subtractQuads: Packed = ({ words: w }, d, s, n) => {
  for (let i = 0; i < n; i += 2) {
    const low = (w[d + i] >>> 0) - (w[s + i] >>> 0);
    w[d + i] = low;
    w[d + i + 1] -= w[s + i + 1] + (low < 0 ? 1 : 0);
  }
};

export const addSignedBytes: Packed = signedBytes((a, b) => clamp(a + b, -0x80, 0x7f));
export const addSignedHalves: Packed = signedHalves((a, b) => clamp(a + b, -0x8000, 0x7fff));
export const subtractSignedBytes: Packed = signedBytes((a, b) => clamp(a - b, -0x80, 0x7f));
export const subtractSignedHalves: Packed = signedHalves((a, b) => clamp(a - b, -0x8000, 0x7fff));
export const addUnsignedBytes: Packed = bytes((a, b) => Math.min(a + b, 0xff));
export const addUnsignedHalves: Packed = halves((a, b) => Math.min(a + b, 0xffff));
export const subtractUnsignedBytes: Packed = bytes((a, b) => Math.max(a - b, 0));
export const subtractUnsignedHalves: Packed = halves((a, b) => Math.max(a - b, 0));
export const averageBytes: Packed = bytes((a, b) => (a + b + 1) >> 1);
export const averageHalves: Packed = halves((a, b) => (a + b + 1) >> 1);

// ---- smaller and larger

export const minUnsignedBytes: Packed = bytes((a, b) => Math.min(a, b));
export const maxUnsignedBytes: Packed = bytes((a, b) => Math.max(a, b));
export const minSignedBytes: Packed = signedBytes((a, b) => Math.min(a, b));
export const maxSignedBytes: Packed = signedBytes((a, b) => Math.max(a, b));
export const minSignedHalves: Packed = signedHalves((a, b) => Math.min(a, b));
export const maxSignedHalves: Packed = signedHalves((a, b) => Math.max(a, b));
export const minUnsignedHalves: Packed = halves((a, b) => Math.min(a, b));
export const maxUnsignedHalves: Packed = halves((a, b) => Math.max(a, b));
export const minSignedWords: Packed = words((a, b) => Math.min(a, b));
export const maxSignedWords: Packed = words((a, b) => Math.max(a, b));
export const minUnsignedWords: Packed = words((a, b) => (a >>> 0 < b >>> 0 ? a : b));
export const maxUnsignedWords: Packed = words((a, b) => (a >>> 0 > b >>> 0 ? a : b));

// ---- comparisons: all ones where true

/** A byte of 255 where a byte of the argument is zero. */
function zeroBytes(word: number): number {
  const tops = ~(((word & BELOW_TOPS) + BELOW_TOPS) | word) & TOPS;
  return Math.imul(tops >>> 7, 255);
}

export const equalBytes: Packed = ({ words: w }, d, s, n) => {
  for (let i = 0; i < n; i++) w[d + i] = zeroBytes(w[d + i] ^ w[s + i]);
};
export const equalHalves: Packed = halves((a, b) => (a === b ? -1 : 0));
export const equalWords: Packed = words((a, b) => (a === b ? -1 : 0));
export const equalQuads: Packed = ({ words: w }, d, s, n) => {
  for (let i = 0; i < n; i += 2) {
    const equal = w[d + i] === w[s + i] && w[d + i + 1] === w[s + i + 1] ? -1 : 0;
    w[d + i] = equal;
    w[d + i + 1] = equal;
  }
};
export const greaterBytes: Packed = signedBytes((a, b) => (a > b ? -1 : 0));
export const greaterHalves: Packed = signedHalves((a, b) => (a > b ? -1 : 0));
export const greaterWords: Packed = words((a, b) => (a > b ? -1 : 0));
export const greaterQuads: Packed = ({ words: w }, d, s, n) => {
  for (let i = 0; i < n; i += 2) {
    const high = w[d + i + 1];
    const other = w[s + i + 1];
    const greater = high > other || (high === other && w[d + i] >>> 0 > w[s + i] >>> 0) ? -1 : 0;
    w[d + i] = greater;
    w[d + i + 1] = greater;
  }
};

// ---- products

export const multiplyLowHalves: Packed = halves((a, b) => Math.imul(a, b));
export const multiplyHighHalves: Packed = signedHalves((a, b) => (a * b) >> 16);
export const multiplyHighUnsigned: Packed = halves((a, b) => Math.imul(a, b) >>> 16);
export const multiplyRounded: Packed = signedHalves((a, b) => (((a * b) >> 14) + 1) >> 1);
export const multiplyLowWords: Packed = words((a, b) => Math.imul(a, b));

export const multiplyUnsignedWords: Packed = ({ words: w }, d, s, n) => {
  for (let i = 0; i < n; i += 2) {
    const a = w[d + i];
    const b = w[s + i];
    w[d + i] = Math.imul(a, b);
    w[d + i + 1] = highProduct(a, b);
  }
};
export const multiplySignedWords: Packed = ({ words: w }, d, s, n) => {
  for (let i = 0; i < n; i += 2) {
    const a = w[d + i];
    const b = w[s + i];
    w[d + i] = Math.imul(a, b);
    w[d + i + 1] = signedHighProduct(a, b);
  }
};

/** Products of signed halves, added in pairs. */
export const multiplyAdd: Packed = ({ words: w }, d, s, n) => {
  for (let i = 0; i < n; i++) {
    const a = w[d + i];
    const b = w[s + i];
    w[d + i] = signed16(a) * signed16(b) + (a >> 16) * (b >> 16);
  }
};

/** Products of unsigned bytes with signed ones, added in pairs with saturation. */
export const multiplyAddBytes: Packed = ({ bytes: b, halves: h }, d, s, n) => {
  for (let i = 0; i < 2 * n; i++) {
    const at = 4 * d + 2 * i;
    const by = 4 * s + 2 * i;
    const sum = b[at] * signed8(b[by]) + b[at + 1] * signed8(b[by + 1]);
    h[2 * d + i] = clamp(sum, -0x8000, 0x7fff);
  }
};

/** Sums of absolute differences, of eight bytes each. */
export const sumDifferences: Packed = ({ bytes: b, words: w }, d, s, n) => {
  for (let i = 0; i < n; i += 2) {
    let sum = 0;
    for (let j = 0; j < 8; j++) sum += Math.abs(b[4 * (d + i) + j] - b[4 * (s + i) + j]);
    w[d + i] = sum;
    w[d + i + 1] = 0;
  }
};

// ---- neighbours, signs (SSSE3)

/** Pairs of the first operand, then pairs of the second. */
function pairs(view: "halves" | "words", rule: Lane): Packed {
  return (cpu, d, s, n) => {
    const lanes = cpu[view];
    const each = view === "halves" ? 2 : 1;
    const half = (each * n) / 2;
    const out: number[] = [];
    for (const from of [d, s]) {
      for (let i = 0; i < half; i++) out.push(rule(lanes[each * from + 2 * i], lanes[each * from + 2 * i + 1]));
    }
    for (let i = 0; i < out.length; i++) lanes[each * d + i] = out[i];
  };
}

export const addPairsHalves: Packed = pairs("halves", (a, b) => a + b);
export const addPairsWords: Packed = pairs("words", (a, b) => a + b);
export const addPairsSaturated: Packed = pairs("halves", (a, b) => clamp(signed16(a) + signed16(b), -0x8000, 0x7fff));
export const subtractPairsHalves: Packed = pairs("halves", (a, b) => a - b);
export const subtractPairsWords: Packed = pairs("words", (a, b) => a - b);
export const subtractPairsSaturated: Packed = pairs("halves", (a, b) =>
  clamp(signed16(a) - signed16(b), -0x8000, 0x7fff),
);

const withSign: Lane = (a, b) => (b < 0 ? -a : b === 0 ? 0 : a);
export const signBytes: Packed = signedBytes(withSign);
export const signHalves: Packed = signedHalves(withSign);
export const signWords: Packed = words(withSign);
export const absoluteBytes: Packed = signedBytes((_, b) => Math.abs(b));
export const absoluteHalves: Packed = signedHalves((_, b) => Math.abs(b));
export const absoluteWords: Packed = words((_, b) => Math.abs(b));

// ---- shifts: the count is the low 64 bits of the second operand

/** The count, with everything above 64 the same. */
export function shiftCount(w: Int32Array, s: number): number {
  return w[s + 1] !== 0 || w[s] >>> 0 > 64 ? 65 : w[s];
}

/** Shifts lanes by a count of 0 to 65. */
export type Shift = (cpu: Cpu, d: number, count: number, n: number) => void;

export const shiftLeftHalves: Shift = ({ halves: h }, d, count, n) => {
  for (let i = 2 * d; i < 2 * (d + n); i++) h[i] = count > 15 ? 0 : h[i] << count;
};
export const shiftRightHalves: Shift = ({ halves: h }, d, count, n) => {
  for (let i = 2 * d; i < 2 * (d + n); i++) h[i] = count > 15 ? 0 : h[i] >>> count;
};
export const shiftSignedHalves: Shift = ({ halves: h }, d, count, n) => {
  for (let i = 2 * d; i < 2 * (d + n); i++) h[i] = signed16(h[i]) >> Math.min(count, 15);
};
export const shiftLeftWords: Shift = ({ words: w }, d, count, n) => {
  for (let i = d; i < d + n; i++) w[i] = count > 31 ? 0 : w[i] << count;
};
export const shiftRightWords: Shift = ({ words: w }, d, count, n) => {
  for (let i = d; i < d + n; i++) w[i] = count > 31 ? 0 : w[i] >>> count;
};
export const shiftSignedWords: Shift = ({ words: w }, d, count, n) => {
  for (let i = d; i < d + n; i++) w[i] >>= Math.min(count, 31);
};
export const shiftLeftQuads: Shift = ({ words: w }, d, count, n) => {
  for (let i = d; i < d + n; i += 2) {
    const low = w[i];
    if (count === 0) continue;
    w[i + 1] = count > 63 ? 0 : count > 31 ? low << (count - 32) : (w[i + 1] << count) | (low >>> (32 - count));
    w[i] = count > 31 ? 0 : low << count;
  }
};
export const shiftRightQuads: Shift = ({ words: w }, d, count, n) => {
  for (let i = d; i < d + n; i += 2) {
    const high = w[i + 1];
    if (count === 0) continue;
    w[i] = count > 63 ? 0 : count > 31 ? high >>> (count - 32) : (w[i] >>> count) | (high << (32 - count));
    w[i + 1] = count > 31 ? 0 : high >>> count;
  }
};
/** By bytes, of a whole register. */
export const shiftLeftBytes: Shift = ({ bytes: b }, d, count, n) => {
  const by = Math.min(count, 4 * n);
  b.copyWithin(4 * d + by, 4 * d, 4 * (d + n) - by);
  b.fill(0, 4 * d, 4 * d + by);
};
export const shiftRightBytes: Shift = ({ bytes: b }, d, count, n) => {
  const by = Math.min(count, 4 * n);
  b.copyWithin(4 * d, 4 * d + by, 4 * (d + n));
  b.fill(0, 4 * (d + n) - by, 4 * (d + n));
};
