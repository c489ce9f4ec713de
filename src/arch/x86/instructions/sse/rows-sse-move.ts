// Moves of SSE to SSE4.1: whole registers, halves, lanes.

import type { Handler, Row } from "../machine/row.ts";
import * as move from "./do-sse-move.ts";

/** movd and movq: the operand's size says how much. */
const bySize = (handler: (quad: boolean) => Handler): Row["does"] => {
  const [single, quad] = [handler(false), handler(true)];
  return { choose: ({ size }) => (size === 8 ? quad : single) };
};

export const SSE_MOVE_ROWS: readonly Row[] = [
  ...whole("0F 28", "0F 29", "NP", "movaps", true, "four floats"),
  ...whole("0F 28", "0F 29", "66", "movapd", true, "two doubles"),
  ...whole("0F 6F", "0F 7F", "66", "movdqa", true, "16 bytes"),
  ...whole("0F 10", "0F 11", "NP", "movups", false, "four floats"),
  ...whole("0F 10", "0F 11", "66", "movupd", false, "two doubles"),
  ...whole("0F 6F", "0F 7F", "F3", "movdqu", false, "16 bytes"),
  {
    code: "0F F0",
    prefix: "F2",
    operands: "Vx,Mx",
    name: "lddqu",
    does: move.load,
    needs: "sse3",
    says: "loads 16 bytes of {2}, which need not be aligned, into {1}",
  },
  {
    code: "0F C3",
    prefix: "NP",
    operands: "My,Gy",
    name: "movnti#",
    does: bySize(move.storeGeneral),
    says: "stores {2} to {1} past the caches",
  },
  notTemporal("0F 2B", "NP", "movntps"),
  notTemporal("0F 2B", "66", "movntpd"),
  notTemporal("0F E7", "66", "movntdq"),
  {
    code: "0F 38 2A",
    prefix: "66",
    operands: "Vx,Mx",
    name: "movntdqa",
    does: move.loadAligned,
    needs: "sse4.1",
    says: "loads 16 bytes of {2} past the caches into {1}",
  },
  ...scalar("F3", "movss", 4, "d", "a float"),
  ...scalar("F2", "movsd", 8, "q", "a double"),
  {
    code: "0F 7E",
    prefix: "F3",
    operands: "Vx,Wq",
    name: "movq",
    does: move.loadQuad,
    says: "moves 8 bytes of {2} to {1} and clears the rest",
  },
  {
    code: "0F D6",
    prefix: "66",
    operands: "Wq,Vx",
    name: "movq",
    does: move.storeQuad,
    says: "moves the low 8 bytes of {2} to {1}",
  },
  ...halves("NP", "ps"),
  ...halves("66", "pd"),
  {
    code: "0F 12",
    prefix: "NP",
    operands: "Vx,Ux",
    name: "movhlps",
    does: move.loadHalf(0, 2),
    says: "moves the high half of {2} to the low half of {1}",
  },
  {
    code: "0F 16",
    prefix: "NP",
    operands: "Vx,Ux",
    name: "movlhps",
    does: move.loadHalf(2, 0),
    says: "moves the low half of {2} to the high half of {1}",
  },
  {
    code: "0F 12",
    prefix: "F2",
    operands: "Vx,Wq",
    name: "movddup",
    does: move.duplicate([0, 1, 0, 1], 8),
    needs: "sse3",
    says: "copies the low double of {2} to both halves of {1}",
  },
  {
    code: "0F 12",
    prefix: "F3",
    operands: "Vx,Wx",
    name: "movsldup",
    does: move.duplicate([0, 0, 2, 2], 16),
    needs: "sse3",
    says: "copies each even float of {2} to two places of {1}",
  },
  {
    code: "0F 16",
    prefix: "F3",
    operands: "Vx,Wx",
    name: "movshdup",
    does: move.duplicate([1, 1, 3, 3], 16),
    needs: "sse3",
    says: "copies each odd float of {2} to two places of {1}",
  },
  {
    code: "0F 6E",
    prefix: "66",
    operands: "Vx,Ey",
    name: "mov{d}",
    does: bySize(move.xmmFromGeneral),
    says: "moves {2} to the low end of {1} and clears the rest",
  },
  {
    code: "0F 7E",
    prefix: "66",
    operands: "Ey,Vx",
    name: "mov{d}",
    does: bySize(move.xmmToGeneral),
    says: "moves the low end of {2} to {1}",
  },
  {
    code: "0F 6E",
    prefix: "NP",
    operands: "Pq,Ey",
    name: "mov{d}",
    does: bySize(move.mmxFromGeneral),
    says: "moves {2} to {1}",
  },
  {
    code: "0F 7E",
    prefix: "NP",
    operands: "Ey,Pq",
    name: "mov{d}",
    does: bySize(move.mmxToGeneral),
    says: "moves {2} to {1}",
  },
  { code: "0F 6F", prefix: "NP", operands: "Pq,Qq", name: "movq", does: move.loadMmx, says: "moves {2} to {1}" },
  { code: "0F 7F", prefix: "NP", operands: "Qq,Pq", name: "movq", does: move.storeMmx, says: "moves {2} to {1}" },
  {
    code: "0F E7",
    prefix: "NP",
    operands: "Mq,Pq",
    name: "movntq",
    does: move.storeMmx,
    says: "stores {2} to {1} past the caches",
  },
  {
    code: "0F D6",
    prefix: "F2",
    operands: "Pq,Ux",
    name: "movdq2q",
    does: move.mmxFromXmm,
    says: "moves the low half of {2} to {1}",
  },
  {
    code: "0F D6",
    prefix: "F3",
    operands: "Vx,Nq",
    name: "movq2dq",
    does: move.xmmFromMmx,
    says: "moves {2} to the low half of {1} and clears the rest",
  },
  mask("0F D7", "66", "pmovmskb", move.maskOfBytes, "bytes"),
  mask("0F 50", "NP", "movmskps", move.maskOf(4), "floats"),
  mask("0F 50", "66", "movmskpd", move.maskOf(8), "doubles"),
  {
    code: "0F D7",
    prefix: "NP",
    operands: "Gd,Nq",
    name: "pmovmskb",
    does: move.maskOfMmx,
    says: "gathers the top bits of the bytes of {2} in {1}",
  },
  {
    code: "0F F7",
    prefix: "66",
    operands: "Vx,Ux",
    name: "maskmovdqu",
    does: move.maskMove,
    says: "stores those bytes of {1} at (%rdi) whose byte of {2} has its top bit set",
  },
  {
    code: "0F F7",
    prefix: "NP",
    operands: "Pq,Nq",
    name: "maskmovq",
    does: move.maskMoveMmx,
    says: "stores those bytes of {1} at (%rdi) whose byte of {2} has its top bit set",
  },
  ...lanes(),
];

function whole(
  load: string,
  store: string,
  prefix: "NP" | "66" | "F3",
  name: string,
  aligned: boolean,
  what: string,
): readonly Row[] {
  return [
    {
      code: load,
      prefix,
      operands: "Vx,Wx",
      name,
      does: aligned ? move.loadAligned : move.load,
      says: `moves ${what} of {2} to {1}`,
    },
    {
      code: store,
      prefix,
      operands: "Wx,Vx",
      name,
      does: aligned ? move.storeAligned : move.store,
      says: `moves ${what} of {2} to {1}`,
    },
  ];
}

function notTemporal(code: string, prefix: "NP" | "66", name: string): Row {
  return { code, prefix, operands: "Mx,Vx", name, does: move.storeAligned, says: "stores {2} to {1} past the caches" };
}

function scalar(prefix: "F2" | "F3", name: string, size: 4 | 8, letter: string, what: string): readonly Row[] {
  return [
    {
      code: "0F 10",
      prefix,
      operands: `Vx,W${letter}`,
      name,
      does: move.loadScalar(size),
      says: `moves ${what} of {2} to the low end of {1}`,
    },
    {
      code: "0F 11",
      prefix,
      operands: `W${letter},Vx`,
      name,
      does: move.storeScalar(size),
      says: `moves ${what} at the low end of {2} to {1}`,
    },
  ];
}

function halves(prefix: "NP" | "66", suffix: string): readonly Row[] {
  return [
    {
      code: "0F 12",
      prefix,
      operands: "Vx,Mq",
      name: `movl${suffix}`,
      does: move.loadHalf(0, 0),
      says: "loads 8 bytes of {2} into the low half of {1}",
    },
    {
      code: "0F 13",
      prefix,
      operands: "Mq,Vx",
      name: `movl${suffix}`,
      does: move.storeHalf(0),
      says: "stores the low half of {2} to {1}",
    },
    {
      code: "0F 16",
      prefix,
      operands: "Vx,Mq",
      name: `movh${suffix}`,
      does: move.loadHalf(2, 0),
      says: "loads 8 bytes of {2} into the high half of {1}",
    },
    {
      code: "0F 17",
      prefix,
      operands: "Mq,Vx",
      name: `movh${suffix}`,
      does: move.storeHalf(2),
      says: "stores the high half of {2} to {1}",
    },
  ];
}

function mask(code: string, prefix: "NP" | "66", name: string, does: Handler, what: string): Row {
  return { code, prefix, operands: "Gd,Ux", name, does, says: `gathers the top bits of the ${what} of {2} in {1}` };
}

function lanes(): readonly Row[] {
  const insert = "puts {2} into the lane {3} of {1}";
  const extract = "moves the lane {3} of {2} to {1}";
  const quads = (dword: Handler, qword: Handler): Row["does"] => ({
    choose: ({ size }) => (size === 8 ? qword : dword),
  });
  const sse41 = { prefix: "66", needs: "sse4.1" } as const;
  return [
    {
      code: "0F C4",
      prefix: "66",
      operands: "Vx,Ed,Ib",
      name: "pinsrw",
      does: move.insertLane(2),
      says: insert,
    },
    {
      code: "0F C4",
      prefix: "NP",
      operands: "Pq,Ed,Ib",
      name: "pinsrw",
      does: move.insertLaneMmx,
      says: insert,
    },
    { code: "0F C5", prefix: "66", operands: "Gd,Ux,Ib", name: "pextrw", does: move.extractHalf, says: extract },
    { code: "0F C5", prefix: "NP", operands: "Gd,Nq,Ib", name: "pextrw", does: move.extractHalfMmx, says: extract },
    { ...sse41, code: "0F 3A 20", operands: "Vx,Ed,Ib", name: "pinsrb", does: move.insertLane(1), says: insert },
    {
      ...sse41,
      code: "0F 3A 22",
      operands: "Vx,Ey,Ib",
      name: "pinsr{d}",
      does: quads(move.insertLane(4), move.insertLane(8)),
      says: insert,
    },
    { ...sse41, code: "0F 3A 14", operands: "Ed,Vx,Ib", name: "pextrb", does: move.extractLane(1), says: extract },
    { ...sse41, code: "0F 3A 15", operands: "Ed,Vx,Ib", name: "pextrw", does: move.extractLane(2), says: extract },
    {
      ...sse41,
      code: "0F 3A 16",
      operands: "Ey,Vx,Ib",
      name: "pextr{d}",
      does: quads(move.extractLane(4), move.extractLane(8)),
      says: extract,
    },
    { ...sse41, code: "0F 3A 17", operands: "Ed,Vx,Ib", name: "extractps", does: move.extractLane(4), says: extract },
  ];
}
