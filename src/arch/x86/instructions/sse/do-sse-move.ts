// Moves of vector registers: whole, halves, single lanes; to and from memory, general registers and MMX registers.

import { INFO, INFO_ADDRESS32, INFO_FS, INFO_GS } from "../machine/columns.ts";
import { write8, write16, write128 } from "../machine/memory.ts";
import { address, isMemory, operandPlace, reg, rm, xmmReg, xmmSource } from "../machine/operands.ts";
import type { Handler } from "../machine/row.ts";
import { ADDRESS_HIGH, type Cpu, FS_BASE, GS_BASE, RDI, XMM } from "../machine/state.ts";
import { TRAP_PROTECTION, trap } from "../machine/traps.ts";
import { topBits } from "./packed-shuffle.ts";
import {
  alignedSource,
  checkPending,
  enterMmx,
  immediateByte,
  mmx,
  mmxSource,
  storeWords,
  touchMmx,
} from "./vector-operands.ts";

function copy(w: Int32Array, to: number, from: number): void {
  w[to] = w[from];
  w[to + 1] = w[from + 1];
  w[to + 2] = w[from + 2];
  w[to + 3] = w[from + 3];
}

// ---- whole registers

export const loadAligned: Handler = (cpu, at) => {
  copy(cpu.words, xmmReg(cpu.code, at), alignedSource(cpu, at));
};

export const load: Handler = (cpu, at) => {
  copy(cpu.words, xmmReg(cpu.code, at), xmmSource(cpu, at, 16));
};

export const storeAligned: Handler = (cpu, at) => {
  const { code, words } = cpu;
  const from = xmmReg(code, at);
  if (!isMemory(code, at)) {
    copy(words, XMM + 4 * rm(code, at), from);
    return;
  }
  const low = address(cpu, at);
  if ((low & 15) !== 0) trap(cpu, TRAP_PROTECTION);
  write128(cpu.memory, low, words[ADDRESS_HIGH], words, from);
};

export const store: Handler = (cpu, at) => {
  const { code, words } = cpu;
  const from = xmmReg(code, at);
  if (!isMemory(code, at)) copy(words, XMM + 4 * rm(code, at), from);
  else write128(cpu.memory, address(cpu, at), words[ADDRESS_HIGH], words, from);
};

// ---- parts: what is not moved stays, or becomes zero where the name says so

/** movss, movsd from memory: the rest becomes zero; from a register: the rest stays. */
export function loadScalar(size: 4 | 8): Handler {
  return (cpu, at) => {
    const { code, words } = cpu;
    const to = xmmReg(code, at);
    const from = xmmSource(cpu, at, size);
    words[to] = words[from];
    if (size === 8) words[to + 1] = words[from + 1];
    if (!isMemory(code, at)) return;
    words[to + 1] = words[from + 1];
    words[to + 2] = 0;
    words[to + 3] = 0;
  };
}

export function storeScalar(size: 4 | 8): Handler {
  return (cpu, at) => {
    const { code, words } = cpu;
    const from = xmmReg(code, at);
    if (isMemory(code, at)) {
      storeWords(cpu, at, from, size);
      return;
    }
    const to = XMM + 4 * rm(code, at);
    words[to] = words[from];
    if (size === 8) words[to + 1] = words[from + 1];
  };
}

/** movq: the low half, zero above. */
export const loadQuad: Handler = (cpu, at) => {
  const { words } = cpu;
  const to = xmmReg(cpu.code, at);
  const from = xmmSource(cpu, at, 8);
  words[to] = words[from];
  words[to + 1] = words[from + 1];
  words[to + 2] = 0;
  words[to + 3] = 0;
};

export const storeQuad: Handler = (cpu, at) => {
  const { code, words } = cpu;
  const from = xmmReg(code, at);
  if (isMemory(code, at)) {
    storeWords(cpu, at, from, 8);
    return;
  }
  const to = XMM + 4 * rm(code, at);
  words[to] = words[from];
  words[to + 1] = words[from + 1];
  words[to + 2] = 0;
  words[to + 3] = 0;
};

/** Half of a register (0 low, 2 high) from memory, or from a half of a register: movlps, movhps, movhlps, movlhps. */
export function loadHalf(to: 0 | 2, from: 0 | 2): Handler {
  return (cpu, at) => {
    const { words } = cpu;
    const target = xmmReg(cpu.code, at) + to;
    const source = xmmSource(cpu, at, 8) + (isMemory(cpu.code, at) ? 0 : from);
    words[target] = words[source];
    words[target + 1] = words[source + 1];
  };
}

export function storeHalf(from: 0 | 2): Handler {
  return (cpu, at) => storeWords(cpu, at, xmmReg(cpu.code, at) + from, 8);
}

/** movddup, movsldup, movshdup: which word goes to each of the four places. */
export function duplicate(order: readonly [number, number, number, number], size: 8 | 16): Handler {
  return (cpu, at) => {
    const { words } = cpu;
    const to = xmmReg(cpu.code, at);
    const from = size === 8 ? xmmSource(cpu, at, 8) : alignedSource(cpu, at);
    const moved = [words[from + order[0]], words[from + order[1]], words[from + order[2]], words[from + order[3]]];
    for (let i = 0; i < 4; i++) words[to + i] = moved[i];
  };
}

// ---- general registers

/** movd and movq to a vector register; the handler is chosen by the operand's size. */
function fromGeneral(cpu: Cpu, at: number, to: number, quad: boolean): void {
  const { code, words } = cpu;
  if (isMemory(code, at)) {
    const place = operandPlace(cpu, at, quad ? 8 : 4);
    words[to] = cpu.memory.view.getInt32(place, true);
    words[to + 1] = quad ? cpu.memory.view.getInt32(place + 4, true) : 0;
  } else {
    const from = rm(code, at);
    words[to] = words[from];
    words[to + 1] = quad ? words[from + 1] : 0;
  }
}

function toGeneral(cpu: Cpu, at: number, from: number, quad: boolean): void {
  const { code, words } = cpu;
  if (isMemory(code, at)) {
    storeWords(cpu, at, from, quad ? 8 : 4);
    return;
  }
  const to = rm(code, at);
  words[to + 1] = quad ? words[from + 1] : 0;
  words[to] = words[from];
}

export function xmmFromGeneral(quad: boolean): Handler {
  return (cpu, at) => {
    const to = xmmReg(cpu.code, at);
    fromGeneral(cpu, at, to, quad);
    cpu.words[to + 2] = 0;
    cpu.words[to + 3] = 0;
  };
}

export function xmmToGeneral(quad: boolean): Handler {
  return (cpu, at) => toGeneral(cpu, at, xmmReg(cpu.code, at), quad);
}

export function mmxFromGeneral(quad: boolean): Handler {
  return (cpu, at) => {
    checkPending(cpu);
    const to = mmx(reg(cpu.code, at));
    fromGeneral(cpu, at, to, quad);
    enterMmx(cpu);
    touchMmx(cpu.words, to);
  };
}

export function mmxToGeneral(quad: boolean): Handler {
  return (cpu, at) => {
    checkPending(cpu);
    toGeneral(cpu, at, mmx(reg(cpu.code, at)), quad);
    enterMmx(cpu);
  };
}

/** movnti. */
export function storeGeneral(quad: boolean): Handler {
  return (cpu, at) => storeWords(cpu, at, reg(cpu.code, at), quad ? 8 : 4);
}

/** A small number into a general register, whose upper part becomes zero. */
function setGeneral(cpu: Cpu, at: number, value: number): void {
  const to = reg(cpu.code, at);
  cpu.words[to] = value;
  cpu.words[to + 1] = 0;
}

/** pmovmskb, movmskps, movmskpd: one bit for each lane's top bit. */
export function maskOf(lane: 1 | 4 | 8): Handler {
  return (cpu, at) => setGeneral(cpu, at, topBits(cpu, XMM + 4 * rm(cpu.code, at), lane, 4));
}

/** The same of bytes, which string functions live by. */
export const maskOfBytes: Handler = (cpu, at) => {
  const { code, words } = cpu;
  const from = XMM + 4 * rm(code, at);
  const bits = (word: number): number =>
    ((word >>> 7) & 1) | ((word >>> 14) & 2) | ((word >>> 21) & 4) | ((word >>> 28) & 8);
  const mask =
    bits(words[from]) | (bits(words[from + 1]) << 4) | (bits(words[from + 2]) << 8) | (bits(words[from + 3]) << 12);
  setGeneral(cpu, at, mask);
};

export const maskOfMmx: Handler = (cpu, at) => {
  enterMmx(cpu);
  setGeneral(cpu, at, topBits(cpu, mmx(rm(cpu.code, at)), 1, 2));
};

// ---- MMX registers

export const loadMmx: Handler = (cpu, at) => {
  const from = mmxSource(cpu, at, 8);
  const to = mmx(reg(cpu.code, at));
  cpu.words[to] = cpu.words[from];
  cpu.words[to + 1] = cpu.words[from + 1];
  touchMmx(cpu.words, to);
};

export const storeMmx: Handler = (cpu, at) => {
  checkPending(cpu);
  const { code, words } = cpu;
  const from = mmx(reg(code, at));
  if (isMemory(code, at)) storeWords(cpu, at, from, 8);
  enterMmx(cpu);
  if (isMemory(code, at)) return;
  const to = mmx(rm(code, at));
  words[to] = words[from];
  words[to + 1] = words[from + 1];
  touchMmx(words, to);
};

/** movdq2q. */
export const mmxFromXmm: Handler = (cpu, at) => {
  enterMmx(cpu);
  const to = mmx(reg(cpu.code, at));
  const from = XMM + 4 * rm(cpu.code, at);
  cpu.words[to] = cpu.words[from];
  cpu.words[to + 1] = cpu.words[from + 1];
  touchMmx(cpu.words, to);
};

/** movq2dq. */
export const xmmFromMmx: Handler = (cpu, at) => {
  enterMmx(cpu);
  const to = xmmReg(cpu.code, at);
  const from = mmx(rm(cpu.code, at));
  cpu.words[to] = cpu.words[from];
  cpu.words[to + 1] = cpu.words[from + 1];
  cpu.words[to + 2] = 0;
  cpu.words[to + 3] = 0;
};

// ---- single lanes: pinsr, pextr, extractps

/** The lane comes from a general register or memory. */
export function insertLane(size: 1 | 2 | 4 | 8): Handler {
  return (cpu, at) => {
    const to = 4 * xmmReg(cpu.code, at) + (immediateByte(cpu, at) & (16 / size - 1)) * size;
    insert(cpu, at, to, size);
  };
}

function insert(cpu: Cpu, at: number, to: number, size: number): void {
  const { code, bytes } = cpu;
  if (isMemory(code, at)) {
    const place = operandPlace(cpu, at, size);
    for (let i = 0; i < size; i++) bytes[to + i] = cpu.memory.bytes[place + i];
  } else {
    const from = 4 * rm(code, at);
    for (let i = 0; i < size; i++) bytes[to + i] = bytes[from + i];
  }
}

export const insertLaneMmx: Handler = (cpu, at) => {
  checkPending(cpu);
  const target = mmx(reg(cpu.code, at));
  insert(cpu, at, 4 * target + (immediateByte(cpu, at) & 3) * 2, 2);
  enterMmx(cpu);
  touchMmx(cpu.words, target);
};

/** Into rm: memory gets the lane, a register the lane with zeros above. */
export function extractLane(size: 1 | 2 | 4 | 8): Handler {
  return (cpu, at) => {
    const { code, words, bytes } = cpu;
    const from = 4 * xmmReg(code, at) + (immediateByte(cpu, at) & (16 / size - 1)) * size;
    if (isMemory(code, at)) {
      const low = address(cpu, at);
      if (size === 1) write8(cpu.memory, low, words[ADDRESS_HIGH], bytes[from]);
      else if (size === 2) write16(cpu.memory, low, words[ADDRESS_HIGH], bytes[from] | (bytes[from + 1] << 8));
      else storeWords(cpu, at, from / 4, size);
      return;
    }
    setLane(cpu, rm(code, at), from, size);
  };
}

function setLane(cpu: Cpu, to: number, from: number, size: number): void {
  const { words, bytes } = cpu;
  const low = size === 1 ? bytes[from] : size === 2 ? bytes[from] | (bytes[from + 1] << 8) : words[from >> 2];
  words[to + 1] = size === 8 ? words[(from >> 2) + 1] : 0;
  words[to] = low;
}

/** pextrw of SSE2: from rm into reg. */
export const extractHalf: Handler = (cpu, at) => {
  const from = 4 * (XMM + 4 * rm(cpu.code, at)) + (immediateByte(cpu, at) & 7) * 2;
  setLane(cpu, reg(cpu.code, at), from, 2);
};

export const extractHalfMmx: Handler = (cpu, at) => {
  enterMmx(cpu);
  const from = 4 * mmx(rm(cpu.code, at)) + (immediateByte(cpu, at) & 3) * 2;
  setLane(cpu, reg(cpu.code, at), from, 2);
};

// ---- masked stores to (rdi)

/** rdi, with the segment's base if a prefix names one. */
function destination(cpu: Cpu, at: number): { readonly low: number; readonly high: number } {
  const { code, words } = cpu;
  const info = code[at + INFO];
  const high = (info & INFO_ADDRESS32) !== 0 ? 0 : words[RDI + 1];
  if ((info & (INFO_FS | INFO_GS)) === 0) return { low: words[RDI], high };
  const base = (info & INFO_FS) !== 0 ? FS_BASE : GS_BASE;
  const low = (words[RDI] + words[base]) | 0;
  const carry = low >>> 0 < words[RDI] >>> 0 ? 1 : 0;
  return { low, high: cpu.mode === 32 ? 0 : (high + words[base + 1] + carry) | 0 };
}

/** Writes the bytes whose mask has its top bit set. */
function storeMasked(cpu: Cpu, from: number, mask: number, count: number, low: number, high: number): void {
  const { bytes, memory } = cpu;
  for (let i = 0; i < count; i++) {
    if ((bytes[4 * mask + i] & 0x80) === 0) continue;
    const place = (low + i) | 0;
    write8(memory, place, place >>> 0 < low >>> 0 ? high + 1 : high, bytes[4 * from + i]);
  }
}

export const maskMove: Handler = (cpu, at) => {
  const { low, high } = destination(cpu, at);
  storeMasked(cpu, xmmReg(cpu.code, at), XMM + 4 * rm(cpu.code, at), 16, low, high);
};

export const maskMoveMmx: Handler = (cpu, at) => {
  checkPending(cpu);
  const { low, high } = destination(cpu, at);
  storeMasked(cpu, mmx(reg(cpu.code, at)), mmx(rm(cpu.code, at)), 8, low, high);
  enterMmx(cpu);
};
