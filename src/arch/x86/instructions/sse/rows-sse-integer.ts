// Packed integers: SSE2 on xmm registers and, from the same table, MMX; then what SSSE3 and SSE4 added.

import { CF, setArithmeticFlags, ZF } from "../machine/flags.ts";
import type { Feature } from "../machine/levels.ts";
import { isMemory, xmmReg, xmmSource } from "../machine/operands.ts";
import type { Row } from "../machine/row.ts";
import { type Cpu, XMM } from "../machine/state.ts";
import * as packed from "./packed-integer.ts";
import * as shuffle from "./packed-shuffle.ts";
import {
  alignedSource,
  halfSource,
  immediateByte,
  mmxBy,
  mmxByOrder,
  mmxShift,
  mmxShiftBy,
  xmmBy,
  xmmByOrder,
  xmmByPart,
  xmmShift,
  xmmShiftBy,
} from "./vector-operands.ts";

/** Opcode after 0F, name, operation, sentence: xmm with prefix 66, MMX without. */
const BOTH: readonly (readonly [code: string, name: string, operation: packed.Packed, says: string])[] = [
  ["DB", "pand", packed.and, "keeps the bits of {1} that are set in {2}"],
  ["DF", "pandn", packed.andNot, "keeps in {1} the bits of {2} that were not set in {1}"],
  ["EB", "por", packed.or, "sets the bits of {1} that are set in {2}"],
  ["EF", "pxor", packed.xor, "flips the bits of {1} that are set in {2}"],
  ["FC", "paddb", packed.addBytes, "adds the bytes of {2} to those of {1}"],
  ["FD", "paddw", packed.addHalves, "adds the 16-bit lanes of {2} to those of {1}"],
  ["FE", "paddd", packed.addWords, "adds the 32-bit lanes of {2} to those of {1}"],
  ["D4", "paddq", packed.addQuads, "adds the 64-bit lanes of {2} to those of {1}"],
  ["F8", "psubb", packed.subtractBytes, "subtracts the bytes of {2} from those of {1}"],
  ["F9", "psubw", packed.subtractHalves, "subtracts the 16-bit lanes of {2} from those of {1}"],
  ["FA", "psubd", packed.subtractWords, "subtracts the 32-bit lanes of {2} from those of {1}"],
  ["FB", "psubq", packed.subtractQuads, "subtracts the 64-bit lanes of {2} from those of {1}"],
  ["EC", "paddsb", packed.addSignedBytes, "adds the signed bytes of {2} to those of {1}, with saturation"],
  ["ED", "paddsw", packed.addSignedHalves, "adds the signed 16-bit lanes of {2} to those of {1}, with saturation"],
  ["DC", "paddusb", packed.addUnsignedBytes, "adds the unsigned bytes of {2} to those of {1}, with saturation"],
  ["DD", "paddusw", packed.addUnsignedHalves, "adds the unsigned 16-bit lanes of {2} to those of {1}, with saturation"],
  ["E8", "psubsb", packed.subtractSignedBytes, "subtracts the signed bytes of {2} from those of {1}, with saturation"],
  ["E9", "psubsw", packed.subtractSignedHalves, "subtracts signed 16-bit lanes of {2} from {1}, with saturation"],
  [
    "D8",
    "psubusb",
    packed.subtractUnsignedBytes,
    "subtracts the unsigned bytes of {2} from those of {1}, stopping at 0",
  ],
  ["D9", "psubusw", packed.subtractUnsignedHalves, "subtracts unsigned 16-bit lanes of {2} from {1}, stopping at 0"],
  ["E0", "pavgb", packed.averageBytes, "averages the bytes of {1} and {2}"],
  ["E3", "pavgw", packed.averageHalves, "averages the 16-bit lanes of {1} and {2}"],
  ["DA", "pminub", packed.minUnsignedBytes, "keeps the smaller of each unsigned byte of {1} and {2}"],
  ["DE", "pmaxub", packed.maxUnsignedBytes, "keeps the larger of each unsigned byte of {1} and {2}"],
  ["EA", "pminsw", packed.minSignedHalves, "keeps the smaller of each signed 16-bit lane of {1} and {2}"],
  ["EE", "pmaxsw", packed.maxSignedHalves, "keeps the larger of each signed 16-bit lane of {1} and {2}"],
  ["74", "pcmpeqb", packed.equalBytes, "sets each byte of {1} to all ones where it equals that of {2}, else to 0"],
  [
    "75",
    "pcmpeqw",
    packed.equalHalves,
    "sets 16-bit lanes of {1} to all ones where they equal those of {2}, else to 0",
  ],
  ["76", "pcmpeqd", packed.equalWords, "sets 32-bit lanes of {1} to all ones where they equal those of {2}, else to 0"],
  [
    "64",
    "pcmpgtb",
    packed.greaterBytes,
    "sets signed bytes of {1} to all ones where they exceed those of {2}, else to 0",
  ],
  [
    "65",
    "pcmpgtw",
    packed.greaterHalves,
    "sets signed 16-bit lanes of {1} to all ones where they exceed {2}'s, else to 0",
  ],
  [
    "66",
    "pcmpgtd",
    packed.greaterWords,
    "sets signed 32-bit lanes of {1} to all ones where they exceed {2}'s, else to 0",
  ],
  ["D5", "pmullw", packed.multiplyLowHalves, "multiplies 16-bit lanes of {1} by those of {2}, keeping the low halves"],
  [
    "E5",
    "pmulhw",
    packed.multiplyHighHalves,
    "multiplies signed 16-bit lanes of {1} by those of {2}, keeping the high halves",
  ],
  [
    "E4",
    "pmulhuw",
    packed.multiplyHighUnsigned,
    "multiplies unsigned 16-bit lanes of {1} by {2}'s, keeping the high halves",
  ],
  [
    "F4",
    "pmuludq",
    packed.multiplyUnsignedWords,
    "multiplies every other unsigned 32-bit lane of {1} by that of {2} to 64 bits",
  ],
  ["F5", "pmaddwd", packed.multiplyAdd, "multiplies signed 16-bit lanes of {1} and {2} and adds neighbouring products"],
  ["F6", "psadbw", packed.sumDifferences, "sums the absolute differences of the bytes of {1} and {2}"],
  [
    "63",
    "packsswb",
    shuffle.packSignedBytes,
    "narrows the 16-bit lanes of {1} and {2} to signed bytes, with saturation",
  ],
  [
    "67",
    "packuswb",
    shuffle.packUnsignedBytes,
    "narrows the 16-bit lanes of {1} and {2} to unsigned bytes, with saturation",
  ],
  [
    "6B",
    "packssdw",
    shuffle.packSignedHalves,
    "narrows the 32-bit lanes of {1} and {2} to signed 16 bits, with saturation",
  ],
  ["68", "punpckhbw", shuffle.unpackHighBytes, "interleaves the upper bytes of {1} and {2}"],
  ["69", "punpckhwd", shuffle.unpackHighHalves, "interleaves the upper 16-bit lanes of {1} and {2}"],
  ["6A", "punpckhdq", shuffle.unpackHighWords, "interleaves the upper 32-bit lanes of {1} and {2}"],
];

/** The same for SSSE3, behind 0F 38. */
const BOTH_SSSE3: typeof BOTH = [
  ["00", "pshufb", shuffle.shuffleBytes, "picks bytes of {1} by the indices in {2}"],
  ["01", "phaddw", packed.addPairsHalves, "adds neighbouring 16-bit lanes of {1} and of {2}"],
  ["02", "phaddd", packed.addPairsWords, "adds neighbouring 32-bit lanes of {1} and of {2}"],
  [
    "03",
    "phaddsw",
    packed.addPairsSaturated,
    "adds neighbouring signed 16-bit lanes of {1} and of {2}, with saturation",
  ],
  [
    "04",
    "pmaddubsw",
    packed.multiplyAddBytes,
    "multiplies unsigned bytes of {1} by signed ones of {2} and adds neighbours",
  ],
  ["05", "phsubw", packed.subtractPairsHalves, "subtracts neighbouring 16-bit lanes of {1} and of {2}"],
  ["06", "phsubd", packed.subtractPairsWords, "subtracts neighbouring 32-bit lanes of {1} and of {2}"],
  [
    "07",
    "phsubsw",
    packed.subtractPairsSaturated,
    "subtracts neighbouring signed 16-bit lanes of {1} and of {2}, with saturation",
  ],
  ["08", "psignb", packed.signBytes, "gives the bytes of {1} the signs of those of {2}"],
  ["09", "psignw", packed.signHalves, "gives the 16-bit lanes of {1} the signs of those of {2}"],
  ["0A", "psignd", packed.signWords, "gives the 32-bit lanes of {1} the signs of those of {2}"],
  [
    "0B",
    "pmulhrsw",
    packed.multiplyRounded,
    "multiplies signed 16-bit lanes of {1} and {2}, keeping the rounded high halves",
  ],
  ["1C", "pabsb", packed.absoluteBytes, "sets {1} to the absolute values of the bytes of {2}"],
  ["1D", "pabsw", packed.absoluteHalves, "sets {1} to the absolute values of the 16-bit lanes of {2}"],
  ["1E", "pabsd", packed.absoluteWords, "sets {1} to the absolute values of the 32-bit lanes of {2}"],
];

/** xmm only, behind 66: what it needs beside. */
const XMM_ONLY: readonly (readonly [
  code: string,
  name: string,
  operation: packed.Packed,
  needs: Feature | undefined,
  says: string,
])[] = [
  ["0F 60", "punpcklbw", shuffle.unpackLowBytes, undefined, "interleaves the lower bytes of {1} and {2}"],
  ["0F 61", "punpcklwd", shuffle.unpackLowHalves, undefined, "interleaves the lower 16-bit lanes of {1} and {2}"],
  ["0F 62", "punpckldq", shuffle.unpackLowWords, undefined, "interleaves the lower 32-bit lanes of {1} and {2}"],
  ["0F 6C", "punpcklqdq", shuffle.unpackLowQuads, undefined, "puts the low half of {2} above that of {1}"],
  ["0F 6D", "punpckhqdq", shuffle.unpackHighQuads, undefined, "puts the high half of {2} above that of {1}"],
  [
    "0F 38 28",
    "pmuldq",
    packed.multiplySignedWords,
    "sse4.1",
    "multiplies every other signed 32-bit lane of {1} and {2} to 64 bits",
  ],
  [
    "0F 38 29",
    "pcmpeqq",
    packed.equalQuads,
    "sse4.1",
    "sets 64-bit lanes of {1} to all ones where they equal {2}'s, else to 0",
  ],
  [
    "0F 38 2B",
    "packusdw",
    shuffle.packUnsignedHalves,
    "sse4.1",
    "narrows the 32-bit lanes of {1} and {2} to unsigned 16 bits, with saturation",
  ],
  [
    "0F 38 37",
    "pcmpgtq",
    packed.greaterQuads,
    "sse4.2",
    "sets signed 64-bit lanes of {1} to all ones where they exceed {2}'s, else to 0",
  ],
  ["0F 38 38", "pminsb", packed.minSignedBytes, "sse4.1", "keeps the smaller of each signed byte of {1} and {2}"],
  [
    "0F 38 39",
    "pminsd",
    packed.minSignedWords,
    "sse4.1",
    "keeps the smaller of each signed 32-bit lane of {1} and {2}",
  ],
  [
    "0F 38 3A",
    "pminuw",
    packed.minUnsignedHalves,
    "sse4.1",
    "keeps the smaller of each unsigned 16-bit lane of {1} and {2}",
  ],
  [
    "0F 38 3B",
    "pminud",
    packed.minUnsignedWords,
    "sse4.1",
    "keeps the smaller of each unsigned 32-bit lane of {1} and {2}",
  ],
  ["0F 38 3C", "pmaxsb", packed.maxSignedBytes, "sse4.1", "keeps the larger of each signed byte of {1} and {2}"],
  ["0F 38 3D", "pmaxsd", packed.maxSignedWords, "sse4.1", "keeps the larger of each signed 32-bit lane of {1} and {2}"],
  [
    "0F 38 3E",
    "pmaxuw",
    packed.maxUnsignedHalves,
    "sse4.1",
    "keeps the larger of each unsigned 16-bit lane of {1} and {2}",
  ],
  [
    "0F 38 3F",
    "pmaxud",
    packed.maxUnsignedWords,
    "sse4.1",
    "keeps the larger of each unsigned 32-bit lane of {1} and {2}",
  ],
  [
    "0F 38 40",
    "pmulld",
    packed.multiplyLowWords,
    "sse4.1",
    "multiplies 32-bit lanes of {1} by those of {2}, keeping the low halves",
  ],
  [
    "0F 38 41",
    "phminposuw",
    shuffle.smallestHalf,
    "sse4.1",
    "puts the smallest 16-bit lane of {2} and its index into {1}",
  ],
];

/** By xmm, memory or immediate: opcode of the first form, then opcode and group of the second. */
const SHIFTS: readonly (readonly [
  code: string,
  by: string,
  group: number,
  name: string,
  shift: packed.Shift,
  what: string,
])[] = [
  ["D1", "71", 2, "psrlw", packed.shiftRightHalves, "16-bit lanes of {1} right"],
  ["D2", "72", 2, "psrld", packed.shiftRightWords, "32-bit lanes of {1} right"],
  ["D3", "73", 2, "psrlq", packed.shiftRightQuads, "64-bit lanes of {1} right"],
  ["E1", "71", 4, "psraw", packed.shiftSignedHalves, "signed 16-bit lanes of {1} right"],
  ["E2", "72", 4, "psrad", packed.shiftSignedWords, "signed 32-bit lanes of {1} right"],
  ["F1", "71", 6, "psllw", packed.shiftLeftHalves, "16-bit lanes of {1} left"],
  ["F2", "72", 6, "pslld", packed.shiftLeftWords, "32-bit lanes of {1} left"],
  ["F3", "73", 6, "psllq", packed.shiftLeftQuads, "64-bit lanes of {1} left"],
];

/** pmovsx and pmovzx: opcodes 20 to 25 and 30 to 35. */
const EXTENSIONS: readonly (readonly [
  letters: string,
  from: 1 | 2 | 4,
  to: 2 | 4 | 8,
  read: 2 | 4 | 8,
  size: string,
])[] = [
  ["bw", 1, 2, 8, "q"],
  ["bd", 1, 4, 4, "d"],
  ["bq", 1, 8, 2, "w"],
  ["wd", 2, 4, 8, "q"],
  ["wq", 2, 8, 4, "d"],
  ["dq", 4, 8, 8, "q"],
];

export const SSE_INTEGER_ROWS: readonly Row[] = [
  ...BOTH.flatMap(([code, name, operation, says]) => both(`0F ${code}`, name, operation, says)),
  ...BOTH_SSSE3.flatMap(([code, name, operation, says]) => both(`0F 38 ${code}`, name, operation, says, "ssse3")),
  ...XMM_ONLY.map(
    ([code, name, operation, needs, says]): Row => ({
      code,
      prefix: "66",
      operands: "Vx,Wx",
      name,
      does: xmmBy(operation),
      says,
      ...(needs === undefined ? {} : { needs }),
    }),
  ),
  unpackMmx("60", "punpcklbw", shuffle.unpackLowBytes, "bytes"),
  unpackMmx("61", "punpcklwd", shuffle.unpackLowHalves, "16-bit lanes"),
  unpackMmx("62", "punpckldq", shuffle.unpackLowWords, "32-bit lanes"),
  ...SHIFTS.flatMap(([code, by, group, name, shift, what]) => shifts(code, by, group, name, shift, what)),
  byBytes(3, "psrldq", packed.shiftRightBytes, "right"),
  byBytes(7, "pslldq", packed.shiftLeftBytes, "left"),
  byOrder("0F 70", "66", "pshufd", shuffle.shuffleWords, "picks four 32-bit lanes of {2} for {1}, by {3}"),
  byOrder("0F 70", "F2", "pshuflw", shuffle.shuffleLowHalves, "picks the low four 16-bit lanes of {2} for {1}, by {3}"),
  byOrder(
    "0F 70",
    "F3",
    "pshufhw",
    shuffle.shuffleHighHalves,
    "picks the high four 16-bit lanes of {2} for {1}, by {3}",
  ),
  {
    code: "0F 70",
    prefix: "NP",
    operands: "Pq,Qq,Ib",
    name: "pshufw",
    does: mmxByOrder(shuffle.shuffleLowHalves),
    says: "picks four 16-bit lanes of {2} for {1}, by {3}",
  },
  byOrder("0F C6", "NP", "shufps", shuffle.shuffleSingles, "picks two floats of {1} and two of {2}, by {3}"),
  byOrder("0F C6", "66", "shufpd", shuffle.shuffleDoubles, "picks a double of {1} and one of {2}, by {3}"),
  byOrder("0F 3A 0F", "66", "palignr", shuffle.alignRight, "shifts {1} and {2}, joined, right by {3} bytes", "ssse3"),
  {
    code: "0F 3A 0F",
    prefix: "NP",
    operands: "Pq,Qq,Ib",
    name: "palignr",
    does: mmxByOrder(shuffle.alignRight),
    needs: "ssse3",
    says: "shifts {1} and {2}, joined, right by {3} bytes",
  },
  byOrder("0F 3A 0C", "66", "blendps", shuffle.blendSingles, "takes the floats of {2} that {3} names", "sse4.1"),
  byOrder("0F 3A 0D", "66", "blendpd", shuffle.blendDoubles, "takes the doubles of {2} that {3} names", "sse4.1"),
  byOrder("0F 3A 0E", "66", "pblendw", shuffle.blendHalves, "takes the 16-bit lanes of {2} that {3} names", "sse4.1"),
  byOrder(
    "0F 3A 42",
    "66",
    "mpsadbw",
    shuffle.sumDifferencesAt,
    "sums differences of four bytes at eight places",
    "sse4.1",
  ),
  {
    code: "0F 3A 21",
    prefix: "66",
    operands: "Vx,Wd,Ib",
    name: "insertps",
    does: (cpu, at) => {
      const how = immediateByte(cpu, at);
      const lane = isMemory(cpu.code, at) ? 0 : how >> 6;
      shuffle.insertSingle(cpu, xmmReg(cpu.code, at), xmmSource(cpu, at, 4) + lane, 4, how);
    },
    needs: "sse4.1",
    says: "puts a float of {2} into a lane of {1} and clears others, by {3}",
  },
  blendByMask("10", "pblendvb", 1, "bytes"),
  blendByMask("14", "blendvps", 4, "floats"),
  blendByMask("15", "blendvpd", 8, "doubles"),
  ...EXTENSIONS.flatMap(([letters, from, to, read, size], i) => extensions(letters, from, to, read, size, i)),
  {
    code: "0F 38 17",
    prefix: "66",
    operands: "Vx,Wx",
    name: "ptest",
    does: test,
    needs: "sse4.1",
    writes: "OSZAPC",
    says: "sets ZF where {1} and {2} have no bit in common, CF where {2} has none beyond {1}",
  },
];

function both(code: string, name: string, operation: packed.Packed, says: string, needs?: Feature): readonly Row[] {
  const more = needs === undefined ? {} : { needs };
  return [
    { code, prefix: "66", operands: "Vx,Wx", name, does: xmmBy(operation), says, ...more },
    { code, prefix: "NP", operands: "Pq,Qq", name, does: mmxBy(operation), says, ...more },
  ];
}

function unpackMmx(code: string, name: string, operation: packed.Packed, what: string): Row {
  const says = `interleaves the lower ${what} of {1} and {2}`;
  return { code: `0F ${code}`, prefix: "NP", operands: "Pq,Qd", name, does: mmxBy(operation, 4), says };
}

function shifts(
  code: string,
  by: string,
  group: number,
  name: string,
  shift: packed.Shift,
  what: string,
): readonly Row[] {
  const says = `shifts the ${what} by {2}`;
  const [direct, immediate] = [`0F ${code}`, `0F ${by}`];
  return [
    { code: direct, prefix: "66", operands: "Vx,Wx", name, does: xmmShift(shift), says },
    { code: direct, prefix: "NP", operands: "Pq,Qq", name, does: mmxShift(shift), says },
    { code: immediate, prefix: "66", group, operands: "Ux,Ib", name, does: xmmShiftBy(shift), says },
    { code: immediate, prefix: "NP", group, operands: "Nq,Ib", name, does: mmxShiftBy(shift), says },
  ];
}

function byBytes(group: number, name: string, shift: packed.Shift, way: string): Row {
  const says = `shifts {1} ${way} by {2} bytes`;
  return { code: "0F 73", prefix: "66", group, operands: "Ux,Ib", name, does: xmmShiftBy(shift), says };
}

function byOrder(
  code: string,
  prefix: "NP" | "66" | "F2" | "F3",
  name: string,
  operation: shuffle.Shuffle,
  says: string,
  needs?: Feature,
): Row {
  const row: Row = { code, prefix, operands: "Vx,Wx,Ib", name, does: xmmByOrder(operation), says };
  return needs === undefined ? row : { ...row, needs };
}

function blendByMask(code: string, name: string, lane: 1 | 4 | 8, what: string): Row {
  return {
    code: `0F 38 ${code}`,
    prefix: "66",
    operands: "Vx,Wx,XMM0",
    name,
    does: (cpu, at) => shuffle.blendBy(cpu, xmmReg(cpu.code, at), alignedSource(cpu, at), XMM, lane),
    needs: "sse4.1",
    says: `takes the ${what} of {2} where the top bit in {3} is set`,
  };
}

function extensions(
  letters: string,
  from: 1 | 2 | 4,
  to: 2 | 4 | 8,
  read: 2 | 4 | 8,
  size: string,
  i: number,
): readonly Row[] {
  return [false, true].map((signed): Row => {
    const operation = shuffle.extend(from, to, signed);
    return {
      code: `0F 38 ${signed ? 2 : 3}${i}`,
      prefix: "66",
      operands: `Vx,W${size}`,
      name: `pmov${signed ? "s" : "z"}x${letters}`,
      does: read === 2 ? xmmByHalf(operation) : xmmByPart(operation, read),
      needs: "sse4.1",
      says: `widens the lowest lanes of {2}, ${signed ? "signed" : "unsigned"}, from ${8 * from} to ${8 * to} bits`,
    };
  });
}

function xmmByHalf(operation: packed.Packed): (cpu: Cpu, at: number) => void {
  return (cpu, at) => operation(cpu, xmmReg(cpu.code, at), halfSource(cpu, at), 4);
}

function test(cpu: Cpu, at: number): void {
  const { words: w } = cpu;
  const d = xmmReg(cpu.code, at);
  const s = alignedSource(cpu, at);
  let common = 0;
  let beyond = 0;
  for (let i = 0; i < 4; i++) {
    common |= w[d + i] & w[s + i];
    beyond |= ~w[d + i] & w[s + i];
  }
  setArithmeticFlags(w, (common === 0 ? ZF : 0) | (beyond === 0 ? CF : 0));
}
