// Moving lanes about: packs with saturation, unpacks, shuffles, blends, extensions; of xmm registers (four words) and MMX
// registers (two), as in packed-integer.ts.

import type { Cpu } from "../machine/state.ts";
import type { Packed } from "./packed-integer.ts";

/** As `Packed`, with an immediate byte. */
export type Shuffle = (cpu: Cpu, d: number, s: number, n: number, order: number) => void;

function clamp(value: number, low: number, high: number): number {
  return value < low ? low : Math.min(value, high);
}

function signed16(value: number): number {
  return (value << 16) >> 16;
}

// ---- narrower, with saturation: the first operand's lanes, then the second's

function packHalves(low: number, high: number): Packed {
  return ({ bytes, halves }, d, s, n) => {
    const out: number[] = [];
    for (const from of [d, s])
      for (let i = 0; i < 2 * n; i++) out.push(clamp(signed16(halves[2 * from + i]), low, high));
    for (let i = 0; i < 4 * n; i++) bytes[4 * d + i] = out[i];
  };
}

function packWords(low: number, high: number): Packed {
  return ({ halves, words }, d, s, n) => {
    const out: number[] = [];
    for (const from of [d, s]) for (let i = 0; i < n; i++) out.push(clamp(words[from + i], low, high));
    for (let i = 0; i < 2 * n; i++) halves[2 * d + i] = out[i];
  };
}

export const packSignedBytes: Packed = packHalves(-0x80, 0x7f);
export const packUnsignedBytes: Packed = packHalves(0, 0xff);
export const packSignedHalves: Packed = packWords(-0x8000, 0x7fff);
export const packUnsignedHalves: Packed = packWords(0, 0xffff);

// ---- interleaved: a lane of the first operand, a lane of the second

function interleave(view: "bytes" | "halves" | "words", high: boolean): Packed {
  const each = view === "bytes" ? 4 : view === "halves" ? 2 : 1;
  return (cpu, d, s, n) => {
    const lanes = cpu[view];
    const half = (each * n) / 2;
    const from = high ? half : 0;
    const out: number[] = [];
    for (let i = from; i < from + half; i++) out.push(lanes[each * d + i], lanes[each * s + i]);
    for (let i = 0; i < out.length; i++) lanes[each * d + i] = out[i];
  };
}

export const unpackLowBytes: Packed = interleave("bytes", false);
export const unpackLowHalves: Packed = interleave("halves", false);
export const unpackLowWords: Packed = interleave("words", false);
export const unpackHighBytes: Packed = interleave("bytes", true);
export const unpackHighHalves: Packed = interleave("halves", true);
export const unpackHighWords: Packed = interleave("words", true);
export const unpackLowQuads: Packed = ({ words: w }, d, s) => {
  w[d + 2] = w[s];
  w[d + 3] = w[s + 1];
};
export const unpackHighQuads: Packed = ({ words: w }, d, s) => {
  const low = w[s + 2];
  const high = w[s + 3];
  w[d] = w[d + 2];
  w[d + 1] = w[d + 3];
  w[d + 2] = low;
  w[d + 3] = high;
};

// ---- by an immediate

/** pshufd: four words of the second operand. */
export const shuffleWords: Shuffle = ({ words: w }, d, s, _, order) => {
  const word0 = w[s + (order & 3)];
  const word1 = w[s + ((order >> 2) & 3)];
  const word2 = w[s + ((order >> 4) & 3)];
  const word3 = w[s + ((order >> 6) & 3)];
  w[d] = word0;
  w[d + 1] = word1;
  w[d + 2] = word2;
  w[d + 3] = word3;
};

function shuffleHalves(h: Uint16Array, d: number, s: number, order: number): void {
  const half0 = h[s + (order & 3)];
  const half1 = h[s + ((order >> 2) & 3)];
  const half2 = h[s + ((order >> 4) & 3)];
  const half3 = h[s + ((order >> 6) & 3)];
  h[d] = half0;
  h[d + 1] = half1;
  h[d + 2] = half2;
  h[d + 3] = half3;
}

/** pshuflw, and pshufw of MMX. */
export const shuffleLowHalves: Shuffle = ({ words: w, halves: h }, d, s, n, order) => {
  shuffleHalves(h, 2 * d, 2 * s, order);
  if (n === 2) return;
  w[d + 2] = w[s + 2];
  w[d + 3] = w[s + 3];
};
export const shuffleHighHalves: Shuffle = ({ words: w, halves: h }, d, s, _, order) => {
  shuffleHalves(h, 2 * d + 4, 2 * s + 4, order);
  w[d] = w[s];
  w[d + 1] = w[s + 1];
};

/** shufps: two words of the first operand, two of the second. */
export const shuffleSingles: Shuffle = ({ words: w }, d, s, _, order) => {
  const word0 = w[d + (order & 3)];
  const word1 = w[d + ((order >> 2) & 3)];
  const word2 = w[s + ((order >> 4) & 3)];
  const word3 = w[s + ((order >> 6) & 3)];
  w[d] = word0;
  w[d + 1] = word1;
  w[d + 2] = word2;
  w[d + 3] = word3;
};
export const shuffleDoubles: Shuffle = ({ words: w }, d, s, _, order) => {
  const first = d + 2 * (order & 1);
  const second = s + (order & 2);
  const word0 = w[first];
  const word1 = w[first + 1];
  const word2 = w[second];
  const word3 = w[second + 1];
  w[d] = word0;
  w[d + 1] = word1;
  w[d + 2] = word2;
  w[d + 3] = word3;
};

/** palignr: the two operands behind each other, the first one higher, shifted right by bytes. */
export const alignRight: Shuffle = ({ bytes: b }, d, s, n, count) => {
  const size = 4 * n;
  const out: number[] = [];
  for (let i = 0; i < size; i++) {
    const from = i + count;
    out.push(from < size ? b[4 * s + from] : from < 2 * size ? b[4 * d + from - size] : 0);
  }
  for (let i = 0; i < size; i++) b[4 * d + i] = out[i];
};

function blend(view: "halves" | "words", lanes: number): Shuffle {
  return (cpu, d, s, _, mask) => {
    const v = cpu[view];
    const each = view === "halves" ? 2 : 1;
    const width = (4 * each) / lanes;
    for (let i = 0; i < 4 * each; i++) if (((mask >> (i / width)) & 1) !== 0) v[each * d + i] = v[each * s + i];
  };
}

export const blendHalves: Shuffle = blend("halves", 8);
export const blendSingles: Shuffle = blend("words", 4);
export const blendDoubles: Shuffle = blend("words", 2);

/** insertps: where from (of a register), where to, and which to clear. */
export const insertSingle: Shuffle = ({ words: w }, d, s, _, how) => {
  w[d + ((how >> 4) & 3)] = w[s];
  for (let i = 0; i < 4; i++) if (((how >> i) & 1) !== 0) w[d + i] = 0;
};

// ---- by a register

/** pshufb: bytes chosen by the second operand; zero where its top bit is set. */
export const shuffleBytes: Packed = ({ bytes: b }, d, s, n) => {
  const size = 4 * n;
  const from = b.slice(4 * d, 4 * d + size);
  for (let i = 0; i < size; i++) {
    const index = b[4 * s + i];
    b[4 * d + i] = (index & 0x80) !== 0 ? 0 : from[index & (size - 1)];
  }
};

/** Blends by the top bit of each lane of xmm0, which is at word `mask`. */
export function blendBy(cpu: Cpu, d: number, s: number, mask: number, lane: 1 | 4 | 8): void {
  const { bytes: b } = cpu;
  for (let i = 0; i < 16; i += lane) {
    if ((b[4 * mask + i + lane - 1] & 0x80) === 0) continue;
    for (let j = i; j < i + lane; j++) b[4 * d + j] = b[4 * s + j];
  }
}

// ---- wider

/** pmovsx and pmovzx: the low lanes of the second operand. */
export function extend(from: 1 | 2 | 4, to: 2 | 4 | 8, signed: boolean): Packed {
  return ({ bytes: b }, d, s) => {
    const source = b.slice(4 * s, 4 * s + 16);
    for (let lane = 0; lane < 16 / to; lane++) {
      const fill = signed && (source[from * lane + from - 1] & 0x80) !== 0 ? 0xff : 0;
      for (let i = 0; i < to; i++) b[4 * d + to * lane + i] = i < from ? source[from * lane + i] : fill;
    }
  };
}

// ---- few of a kind (SSE4.1)

/** mpsadbw: sums of differences of four bytes at eight neighbouring places. */
export const sumDifferencesAt: Shuffle = ({ bytes: b, halves: h }, d, s, _, places) => {
  const first = b.slice(4 * d, 4 * d + 16);
  const from = 4 * ((places >> 2) & 1);
  const by = 4 * s + 4 * (places & 3);
  const second = b.slice(by, by + 4);
  for (let i = 0; i < 8; i++) {
    let sum = 0;
    for (let j = 0; j < 4; j++) sum += Math.abs(first[from + i + j] - second[j]);
    h[2 * d + i] = sum;
  }
};

/** phminposuw: the smallest unsigned half and where it stands. */
export const smallestHalf: Packed = ({ halves: h, words: w }, d, s) => {
  let at = 0;
  for (let i = 1; i < 8; i++) if (h[2 * s + i] < h[2 * s + at]) at = i;
  const smallest = h[2 * s + at];
  w[d] = smallest | (at << 16);
  w[d + 1] = w[d + 2] = w[d + 3] = 0;
};

/** One bit for each lane's top bit. */
export function topBits(cpu: Cpu, s: number, lane: 1 | 4 | 8, n: number): number {
  let mask = 0;
  const { bytes: b } = cpu;
  for (let i = 0; i < (4 * n) / lane; i++) mask |= (b[4 * s + lane * i + lane - 1] >>> 7) << i;
  return mask;
}
