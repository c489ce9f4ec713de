// How vector instructions get at their operands: xmm registers and aligned memory, MMX registers and what entering MMX does to
// the x87, immediates; and handlers made of operations on lanes (packed-integer.ts, packed-shuffle.ts).

import { IMMEDIATE } from "../machine/columns.ts";
import { readPlace, write32, write64 } from "../machine/memory.ts";
import { address, isMemory, reg, rm, xmmReg, xmmSource } from "../machine/operands.ts";
import type { Handler } from "../machine/row.ts";
import { ADDRESS_HIGH, type Cpu, X87, X87_STATUS, X87_TAGS, X87_TOP, XMM, XMM_OPERAND } from "../machine/state.ts";
import { TRAP_PROTECTION, TRAP_X87, trap } from "../machine/traps.ts";
import type { Packed, Shift } from "./packed-integer.ts";
import { shiftCount } from "./packed-integer.ts";
import type { Shuffle } from "./packed-shuffle.ts";

/** ES of the x87's status word: an unmasked exception waits for the next instruction that looks. */
const SUMMARY = 0x80;

/** The immediate byte, unsigned. */
export function immediateByte(cpu: Cpu, at: number): number {
  return cpu.code[at + IMMEDIATE] & 0xff;
}

/** W of 16 bytes as an index into `words`; #GP where memory is not aligned (SDM volume 2, table 2-21, type 4). */
export function alignedSource(cpu: Cpu, at: number): number {
  const { code, words } = cpu;
  if (!isMemory(code, at)) return XMM + 4 * rm(code, at);
  const low = address(cpu, at);
  if ((low & 15) !== 0) trap(cpu, TRAP_PROTECTION);
  const place = readPlace(cpu.memory, low, words[ADDRESS_HIGH], 16);
  const { view } = cpu.memory;
  words[XMM_OPERAND] = view.getInt32(place, true);
  words[XMM_OPERAND + 1] = view.getInt32(place + 4, true);
  words[XMM_OPERAND + 2] = view.getInt32(place + 8, true);
  words[XMM_OPERAND + 3] = view.getInt32(place + 12, true);
  return XMM_OPERAND;
}

// ---- MMX: its registers are the significands of the physical x87 registers

/** #MF where an unmasked exception of the x87 waits. */
export function checkPending(cpu: Cpu): void {
  if ((cpu.words[X87_STATUS] & SUMMARY) !== 0) trap(cpu, TRAP_X87);
}

/** What every MMX instruction but emms does first: the stack's top is 0, all registers are in use (SDM volume 1, section 9.6.2). */
export function enterMmx(cpu: Cpu): void {
  const { words } = cpu;
  checkPending(cpu);
  words[X87_TOP] = 0;
  words[X87_TAGS] = 0;
}

/** MMX register by number, as an index into `words`. */
export function mmx(number: number): number {
  return X87 + 4 * (number & 7);
}

/** A write to an MMX register sets sign and exponent to ones. */
export function touchMmx(words: Int32Array, register: number): void {
  words[register + 2] = 0xffff;
}

/** Q: an MMX register, or 8 (or 4) bytes of memory. Enters MMX once nothing can fail any more. */
export function mmxSource(cpu: Cpu, at: number, size: number): number {
  if (!isMemory(cpu.code, at)) {
    enterMmx(cpu);
    return mmx(rm(cpu.code, at));
  }
  checkPending(cpu);
  const place = readPlace(cpu.memory, address(cpu, at), cpu.words[ADDRESS_HIGH], size);
  cpu.words[XMM_OPERAND] = cpu.memory.view.getInt32(place, true);
  cpu.words[XMM_OPERAND + 1] = size > 4 ? cpu.memory.view.getInt32(place + 4, true) : 0;
  enterMmx(cpu);
  return XMM_OPERAND;
}

// ---- handlers

/** V by W. */
export function xmmBy(operation: Packed): Handler {
  return (cpu, at) => operation(cpu, xmmReg(cpu.code, at), alignedSource(cpu, at), 4);
}

/** V by W that need not be aligned: less than 16 bytes, or of an instruction that does not mind. */
export function xmmByPart(operation: Packed, size: 4 | 8 | 16): Handler {
  return (cpu, at) => operation(cpu, xmmReg(cpu.code, at), xmmSource(cpu, at, size), 4);
}

/** V by W and an immediate byte. */
export function xmmByOrder(operation: Shuffle): Handler {
  return (cpu, at) => operation(cpu, xmmReg(cpu.code, at), alignedSource(cpu, at), 4, immediateByte(cpu, at));
}

/** P by Q. */
export function mmxBy(operation: Packed, size: 4 | 8 = 8): Handler {
  return (cpu, at) => {
    const source = mmxSource(cpu, at, size);
    const target = mmx(reg(cpu.code, at));
    operation(cpu, target, source, 2);
    touchMmx(cpu.words, target);
  };
}

/** P by Q and an immediate byte. */
export function mmxByOrder(operation: Shuffle): Handler {
  return (cpu, at) => {
    const source = mmxSource(cpu, at, 8);
    const target = mmx(reg(cpu.code, at));
    operation(cpu, target, source, 2, immediateByte(cpu, at));
    touchMmx(cpu.words, target);
  };
}

/** V shifted by the low half of W. */
export function xmmShift(shift: Shift): Handler {
  return (cpu, at) => {
    const source = alignedSource(cpu, at);
    shift(cpu, xmmReg(cpu.code, at), shiftCount(cpu.words, source), 4);
  };
}

export function mmxShift(shift: Shift): Handler {
  return (cpu, at) => {
    const source = mmxSource(cpu, at, 8);
    const target = mmx(reg(cpu.code, at));
    shift(cpu, target, shiftCount(cpu.words, source), 2);
    touchMmx(cpu.words, target);
  };
}

/** U shifted by an immediate byte. */
export function xmmShiftBy(shift: Shift): Handler {
  return (cpu, at) => shift(cpu, XMM + 4 * rm(cpu.code, at), Math.min(immediateByte(cpu, at), 65), 4);
}

export function mmxShiftBy(shift: Shift): Handler {
  return (cpu, at) => {
    enterMmx(cpu);
    const target = mmx(rm(cpu.code, at));
    shift(cpu, target, Math.min(immediateByte(cpu, at), 65), 2);
    touchMmx(cpu.words, target);
  };
}

/** Writes 4 or 8 bytes of the state, from word `from`, to the memory operand. */
export function storeWords(cpu: Cpu, at: number, from: number, size: 4 | 8): void {
  const low = address(cpu, at);
  const { words, memory } = cpu;
  if (size === 4) write32(memory, low, words[ADDRESS_HIGH], words[from]);
  else write64(memory, low, words[ADDRESS_HIGH], words[from], words[from + 1]);
}

/** W of 2 bytes as an index into `words`. */
export function halfSource(cpu: Cpu, at: number): number {
  if (!isMemory(cpu.code, at)) return XMM + 4 * rm(cpu.code, at);
  const place = readPlace(cpu.memory, address(cpu, at), cpu.words[ADDRESS_HIGH], 2);
  cpu.words[XMM_OPERAND] = cpu.memory.view.getUint16(place, true);
  return XMM_OPERAND;
}
