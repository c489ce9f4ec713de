// The x87's control and status words, its environment, and saving and restoring all of it: fnstenv, fnsave, fxsave. Where the
// last instruction and its operand were is not kept: those fields are stored as zero.

import { INFO, SIZE_SHIFT } from "../machine/columns.ts";
import { probeWrite, read16, readPlace, write8, write16, write32 } from "../machine/memory.ts";
import { address, rm } from "../machine/operands.ts";
import type { Handler } from "../machine/row.ts";
import {
  ADDRESS_HIGH,
  type Cpu,
  MXCSR,
  RAX,
  X87,
  X87_CONTROL,
  X87_STATUS,
  X87_TAGS,
  X87_TOP,
  XMM,
} from "../machine/state.ts";
import { TRAP_PROTECTION, trap } from "../machine/traps.ts";
import { MXCSR_MASK } from "../sse/do-sse-convert.ts";
import { C1, isEmpty, pop, setTag, st, summarise, wait } from "./x87-stack.ts";

/** The status word with the stack's top. */
export function statusWord(w: Int32Array): number {
  return w[X87_STATUS] | (w[X87_TOP] << 11);
}

function setStatusWord(w: Int32Array, value: number): void {
  w[X87_TOP] = (value >>> 11) & 7;
  w[X87_STATUS] = value & 0xffff & ~0x3800;
}

/** Bit 6 of the control word is always set, bits 7 and 13 to 15 never. */
function setControlWord(w: Int32Array, value: number): void {
  w[X87_CONTROL] = (value & 0x1f7f) | 0x40;
}

export const storeControlWord: Handler = (cpu, at) => {
  const low = address(cpu, at);
  write16(cpu.memory, low, cpu.words[ADDRESS_HIGH], cpu.words[X87_CONTROL]);
};

export const loadControlWord: Handler = (cpu, at) => {
  wait(cpu);
  const low = address(cpu, at);
  setControlWord(cpu.words, read16(cpu.memory, low, cpu.words[ADDRESS_HIGH]));
  summarise(cpu.words);
};

export const storeStatusWord: Handler = (cpu, at) => {
  const low = address(cpu, at);
  write16(cpu.memory, low, cpu.words[ADDRESS_HIGH], statusWord(cpu.words));
};

/** fnstsw %ax. */
export const statusToAx: Handler = (cpu) => {
  const { words: w } = cpu;
  w[RAX] = (w[RAX] & 0xffff_0000) | statusWord(w);
};

/** fnclex. */
export const clearExceptions: Handler = (cpu) => {
  cpu.words[X87_STATUS] &= ~0x80ff;
};

/** fninit: registers keep their bits. */
export const initialise: Handler = (cpu) => {
  const { words: w } = cpu;
  w[X87_CONTROL] = 0x37f;
  w[X87_STATUS] = 0;
  w[X87_TOP] = 0;
  w[X87_TAGS] = 0xffff;
};

/** fwait. */
export const waitOnly: Handler = (cpu) => wait(cpu);

/** fnop. */
export const nothing: Handler = (cpu) => wait(cpu);

/** fincstp and fdecstp. */
export function moveTop(by: 1 | 7): Handler {
  return (cpu) => {
    wait(cpu);
    const { words: w } = cpu;
    w[X87_STATUS] &= ~C1;
    w[X87_TOP] = (w[X87_TOP] + by) & 7;
  };
}

/** ffree, and ffreep which pops. */
export function free(pops: boolean): Handler {
  return (cpu, at) => {
    wait(cpu);
    cpu.words[X87_STATUS] &= ~C1;
    setTag(cpu.words, rm(cpu.code, at), 3);
    if (pops) pop(cpu.words);
  };
}

/** emms. */
export const leaveMmx: Handler = (cpu) => {
  wait(cpu);
  cpu.words[X87_TOP] = 0;
  cpu.words[X87_TAGS] = 0xffff;
};

// ---- the environment

/** A tag as the processor computes it from what is in the register: 0 valid, 1 zero, 2 special, 3 empty. */
function fullTags(w: Int32Array): number {
  let tags = 0;
  for (let physical = 0; physical < 8; physical++) {
    const at = X87 + 4 * physical;
    const exponent = w[at + 2] & 0x7fff;
    let tag = (w[X87_TAGS] >>> (2 * physical)) & 3;
    if (tag !== 3) {
      if (exponent === 0 && (w[at] | w[at + 1]) === 0) tag = 1;
      else tag = exponent === 0 || exponent === 0x7fff || w[at + 1] >= 0 ? 2 : 0;
    }
    tags |= tag << (2 * physical);
  }
  return tags;
}

/** Whether prefix 66 asks for fields of 16 bits. */
function isShort(cpu: Cpu, at: number): boolean {
  return ((cpu.code[at + INFO] >>> SIZE_SHIFT) & 3) === 1;
}

function writeEnvironment(cpu: Cpu, low: number, high: number, short: boolean): void {
  const { words: w, memory } = cpu;
  const fields = [w[X87_CONTROL], statusWord(w), fullTags(w), 0, 0, 0, 0];
  fields.forEach((value, i) => {
    const at = (low + (short ? 2 : 4) * i) | 0;
    const atHigh = at >>> 0 < low >>> 0 ? (high + 1) | 0 : high;
    if (short) write16(memory, at, atHigh, value);
    else write32(memory, at, atHigh, i < 3 || i === 6 ? value | 0xffff_0000 : value);
  });
}

/** fnstenv: afterwards all exceptions are masked. */
export const storeEnvironment: Handler = (cpu, at) => {
  const low = address(cpu, at);
  const high = cpu.words[ADDRESS_HIGH];
  const short = isShort(cpu, at);
  probeWrite(cpu.memory, low, high, short ? 14 : 28);
  writeEnvironment(cpu, low, high, short);
  cpu.words[X87_CONTROL] |= 0x3f;
  summarise(cpu.words);
};

/** From a place in memory's view. */
function readEnvironment(cpu: Cpu, place: number, short: boolean): void {
  const { words: w } = cpu;
  const { view } = cpu.memory;
  const step = short ? 2 : 4;
  setControlWord(w, view.getUint16(place, true));
  setStatusWord(w, view.getUint16(place + step, true));
  const tags = view.getUint16(place + 2 * step, true);
  w[X87_TAGS] = 0;
  for (let i = 0; i < 16; i += 2) if (((tags >>> i) & 3) === 3) w[X87_TAGS] |= 3 << i;
  summarise(w);
}

export const loadEnvironment: Handler = (cpu, at) => {
  wait(cpu);
  const low = address(cpu, at);
  const short = isShort(cpu, at);
  readEnvironment(cpu, readPlace(cpu.memory, low, cpu.words[ADDRESS_HIGH], short ? 14 : 28), short);
};

/** fnsave: environment and registers, then as after fninit. */
export const save: Handler = (cpu, at) => {
  const { words: w, memory } = cpu;
  const low = address(cpu, at);
  const high = w[ADDRESS_HIGH];
  const short = isShort(cpu, at);
  const size = short ? 14 : 28;
  probeWrite(memory, low, high, size + 80);
  writeEnvironment(cpu, low, high, short);
  for (let i = 0; i < 8; i++) {
    const from = st(w, i);
    for (let byte = 0; byte < 10; byte++) {
      const to = (low + size + 10 * i + byte) | 0;
      write8(memory, to, to >>> 0 < low >>> 0 ? (high + 1) | 0 : high, cpu.bytes[4 * from + byte]);
    }
  }
  initialise(cpu, at);
};

/** frstor. */
export const restore: Handler = (cpu, at) => {
  wait(cpu);
  const { words: w, memory } = cpu;
  const low = address(cpu, at);
  const short = isShort(cpu, at);
  const size = short ? 14 : 28;
  const place = readPlace(memory, low, w[ADDRESS_HIGH], size + 80);
  readEnvironment(cpu, place, short);
  for (let i = 0; i < 8; i++) readRegister(cpu, i, place + size + 10 * i);
};

/** ST(i) from ten bytes at a place in memory's view. */
function readRegister(cpu: Cpu, i: number, place: number): void {
  const { view } = cpu.memory;
  const to = st(cpu.words, i);
  cpu.words[to] = view.getInt32(place, true);
  cpu.words[to + 1] = view.getInt32(place + 4, true);
  cpu.words[to + 2] = view.getUint16(place + 8, true);
}

// ---- fxsave: x87 and SSE

/** xmm registers that a mode has. */
const vectors = (cpu: Cpu): number => (cpu.mode === 64 ? 16 : 8);

/** The 512 bytes of fxsave, of which the last 96 (224 in 32-bit mode) are left alone. */
export const saveExtended: Handler = (cpu, at) => {
  const { words: w, memory } = cpu;
  const low = address(cpu, at);
  const high = w[ADDRESS_HIGH];
  if ((low & 15) !== 0) trap(cpu, TRAP_PROTECTION);
  const size = 160 + 16 * vectors(cpu);
  probeWrite(memory, low, high, size);
  const image = fxsaveImage(cpu);
  for (let byte = 0; byte < size; byte += 4) {
    const to = (low + byte) | 0;
    write32(memory, to, to >>> 0 < low >>> 0 ? (high + 1) | 0 : high, image.getInt32(byte, true));
  }
};

/** What fxsave stores: for signal frames too. */
export function fxsaveImage(cpu: Cpu): DataView {
  const { words: w, bytes } = cpu;
  const image = new Uint8Array(512);
  const view = new DataView(image.buffer);
  view.setUint16(0, w[X87_CONTROL], true);
  view.setUint16(2, statusWord(w), true);
  for (let i = 0; i < 8; i++) {
    if (!isEmpty(w, i)) image[4] |= 1 << ((w[X87_TOP] + i) & 7);
    const from = 4 * st(w, i);
    image.set(bytes.subarray(from, from + 10), 32 + 16 * i);
  }
  view.setInt32(24, w[MXCSR], true);
  view.setInt32(28, MXCSR_MASK, true);
  image.set(bytes.subarray(4 * XMM, 4 * XMM + 16 * vectors(cpu)), 160);
  return view;
}

export const restoreExtended: Handler = (cpu, at) => {
  const { words: w, memory } = cpu;
  const low = address(cpu, at);
  if ((low & 15) !== 0) trap(cpu, TRAP_PROTECTION);
  const size = 160 + 16 * vectors(cpu);
  const place = readPlace(memory, low, w[ADDRESS_HIGH], size);
  const { view } = memory;
  if ((view.getInt32(place + 24, true) & ~MXCSR_MASK) !== 0) trap(cpu, TRAP_PROTECTION);
  loadFxsave(cpu, view, place);
};

/** Sets x87 and SSE from an image of fxsave whose MXCSR is one. */
export function loadFxsave(cpu: Cpu, view: DataView, place: number): void {
  const { words: w } = cpu;
  setControlWord(w, view.getUint16(place, true));
  setStatusWord(w, view.getUint16(place + 2, true));
  w[X87_TAGS] = 0;
  for (let i = 0; i < 8; i++) if (((view.getUint8(place + 4) >> i) & 1) === 0) w[X87_TAGS] |= 3 << (2 * i);
  summarise(w);
  for (let i = 0; i < 8; i++) {
    const to = st(w, i);
    w[to] = view.getInt32(place + 32 + 16 * i, true);
    w[to + 1] = view.getInt32(place + 36 + 16 * i, true);
    w[to + 2] = view.getUint16(place + 40 + 16 * i, true);
  }
  w[MXCSR] = view.getInt32(place + 24, true);
  for (let i = 0; i < 4 * vectors(cpu); i++) w[XMM + i] = view.getInt32(place + 160 + 4 * i, true);
}
