// Operands as handlers fetch and store them. What the decoder made of ModRM, SIB and prefixes stands in the columns; this file
// is what reads it back. The letters of a row's operands (SDM volume 2, appendix A.2) and what stands for them in `REGISTERS`:
//
//   E G Z R B   general register: byte offset in the state with size b (so %ah is 1), word index in `words` otherwise
//               (E: or memory; Z: from the opcode's low bits, placed where E is; B: VEX.vvvv, in the column of the immediate)
//   V W U       xmm register by number (W: or memory)          P Q N  MMX register by number (Q: or memory)
//   S C D       segment, control, debug register by number     M      memory
//   I J O A     immediate, target of a jump, constant address, far pointer
//   X Y         what string instructions point to: (rsi), (rdi)
//   L           xmm register from an immediate byte
//   STi         x87 register i, from ModRM.rm, as rm
//   sizes       b 1  w 2  d 4  q 8  v 2/4/8  z 2/4  y 4/8  t 10  x 16  a p s: others; no size: memory of any shape

import {
  ADDRESS_SHIFT,
  BASE,
  BASE_32,
  BASE_INDEX,
  BASE_INDEX_32,
  CONSTANT,
  DISPLACEMENT,
  IMMEDIATE_HIGH,
  INFO,
  INFO_ADDRESS16,
  INFO_ADDRESS32,
  INFO_FS,
  INFO_GS,
  INFO_MEMORY,
  REGISTERS,
  SCALE_SHIFT,
} from "./columns.ts";
import { readPlace, write8, write16, write32, write64 } from "./memory.ts";
import type { Choice, Handler } from "./row.ts";
import { ADDRESS_HIGH, type Cpu, FS_BASE, GS_BASE, RESULT_HIGH, XMM, XMM_OPERAND, ZERO } from "./state.ts";

/** The register in ModRM.reg. */
export function reg(code: Int32Array, at: number): number {
  return code[at + REGISTERS] & 255;
}

/** The register in ModRM.rm, if it is one. */
export function rm(code: Int32Array, at: number): number {
  return (code[at + REGISTERS] >>> 8) & 255;
}

/** Whether the rm operand is memory: for handlers that serve both. */
export function isMemory(code: Int32Array, at: number): boolean {
  return (code[at + INFO] & INFO_MEMORY) !== 0;
}

/** The effective address with the segment's base: the low word; the high one in `words[ADDRESS_HIGH]`. */
export function address(cpu: Cpu, at: number): number {
  const { code, words } = cpu;
  switch ((code[at + INFO] >>> ADDRESS_SHIFT) & 7) {
    case BASE: {
      const base = (code[at + REGISTERS] >>> 16) & 255;
      const displacement = code[at + DISPLACEMENT];
      const low = (words[base] + displacement) | 0;
      words[ADDRESS_HIGH] = words[base + 1] + (displacement >> 31) + (low >>> 0 < displacement >>> 0 ? 1 : 0);
      return low;
    }
    case CONSTANT:
      words[ADDRESS_HIGH] = code[at + IMMEDIATE_HIGH];
      return code[at + DISPLACEMENT];
    case BASE_INDEX:
      return baseIndex(words, code, at);
    case BASE_32:
      words[ADDRESS_HIGH] = 0;
      return (words[(code[at + REGISTERS] >>> 16) & 255] + code[at + DISPLACEMENT]) | 0;
    case BASE_INDEX_32: {
      const registers = code[at + REGISTERS];
      const scale = (code[at + INFO] >>> SCALE_SHIFT) & 3;
      words[ADDRESS_HIGH] = 0;
      return (words[(registers >>> 16) & 255] + (words[registers >>> 24] << scale) + code[at + DISPLACEMENT]) | 0;
    }
    default:
      return rareAddress(cpu, at, true);
  }
}

function baseIndex(words: Int32Array, code: Int32Array, at: number): number {
  const registers = code[at + REGISTERS];
  const base = (registers >>> 16) & 255;
  const index = registers >>> 24;
  const scale = (code[at + INFO] >>> SCALE_SHIFT) & 3;
  const displacement = code[at + DISPLACEMENT];
  const scaled = words[index] << scale;
  const scaledHigh = (words[index + 1] << scale) | (scale === 0 ? 0 : words[index] >>> (32 - scale));
  const sum = (words[base] + scaled) | 0;
  const low = (sum + displacement) | 0;
  words[ADDRESS_HIGH] =
    words[base + 1] +
    scaledHigh +
    (displacement >> 31) +
    (sum >>> 0 < scaled >>> 0 ? 1 : 0) +
    (low >>> 0 < displacement >>> 0 ? 1 : 0);
  return low;
}

/** What lea computes: the effective address without the segment's base. High word in `words[ADDRESS_HIGH]`. */
export function offset(cpu: Cpu, at: number): number {
  return ((cpu.code[at + INFO] >>> ADDRESS_SHIFT) & 7) > BASE_INDEX_32 ? rareAddress(cpu, at, false) : address(cpu, at);
}

const NO_REGISTERS = ZERO | (ZERO << 8);

function rareAddress(cpu: Cpu, at: number, withSegment: boolean): number {
  const { code, words } = cpu;
  const info = code[at + INFO];
  let low = baseIndex(words, code, at);
  if (code[at + REGISTERS] >>> 16 === NO_REGISTERS) words[ADDRESS_HIGH] = code[at + IMMEDIATE_HIGH];
  if ((info & INFO_ADDRESS32) !== 0) words[ADDRESS_HIGH] = 0;
  if ((info & INFO_ADDRESS16) !== 0) low &= 0xffff;
  if (!withSegment || (info & (INFO_FS | INFO_GS)) === 0) return low;
  const segment = (info & INFO_FS) !== 0 ? FS_BASE : GS_BASE;
  const sum = (low + words[segment]) | 0;
  const high = words[ADDRESS_HIGH] + words[segment + 1] + (sum >>> 0 < low >>> 0 ? 1 : 0);
  words[ADDRESS_HIGH] = cpu.mode === 32 ? 0 : high;
  return sum;
}

/**
 * The place in `cpu.memory.view` where `size` bytes of the memory operand can be read. Valid until the next access. Throws
 * `MEMORY_FAULT`.
 */
export function operandPlace(cpu: Cpu, at: number, size: number): number {
  const low = address(cpu, at);
  return readPlace(cpu.memory, low, cpu.words[ADDRESS_HIGH], size);
}

/**
 * The xmm or memory operand rm (W) as an index into `words`: a register where it stands, memory fetched into `XMM_OPERAND`
 * with zeros above `size`.
 *
 * @param size bytes read from memory: 4, 8 or 16.
 */
export function xmmSource(cpu: Cpu, at: number, size: number): number {
  if (!isMemory(cpu.code, at)) return XMM + 4 * rm(cpu.code, at);
  const place = operandPlace(cpu, at, size);
  const { words } = cpu;
  const { view } = cpu.memory;
  words[XMM_OPERAND] = view.getInt32(place, true);
  words[XMM_OPERAND + 1] = size > 4 ? view.getInt32(place + 4, true) : 0;
  words[XMM_OPERAND + 2] = size > 8 ? view.getInt32(place + 8, true) : 0;
  words[XMM_OPERAND + 3] = size > 8 ? view.getInt32(place + 12, true) : 0;
  return XMM_OPERAND;
}

/** The xmm register in ModRM.reg (V) as an index into `words`. */
export function xmmReg(code: Int32Array, at: number): number {
  return XMM + 4 * (code[at + REGISTERS] & 255);
}

/** Sizes of integer operands in bytes. */
export type Size = 1 | 2 | 4 | 8;

/**
 * The value of a general register as the columns name it: a byte offset for size 1, a word index otherwise. Zero-extended
 * below 32 bits; the high word of 64 bits in `words[RESULT_HIGH]`.
 */
export function loadRegister(cpu: Cpu, register: number, size: Size): number {
  const { words } = cpu;
  if (size === 4) return words[register];
  if (size === 8) {
    words[RESULT_HIGH] = words[register + 1];
    return words[register];
  }
  return size === 1 ? cpu.bytes[register] : words[register] & 0xffff;
}

/** Sets a general register: 32 bits clear the high half, 8 and 16 keep the rest. */
export function storeRegister(cpu: Cpu, register: number, size: Size, low: number, high: number): void {
  const { words } = cpu;
  if (size >= 4) {
    words[register] = low;
    words[register + 1] = size === 8 ? high : 0;
  } else if (size === 1) cpu.bytes[register] = low;
  else cpu.halves[register * 2] = low;
}

/** Memory, as `loadRegister`. */
export function loadMemory(cpu: Cpu, low: number, high: number, size: Size): number {
  const place = readPlace(cpu.memory, low, high, size);
  const { view } = cpu.memory;
  if (size === 4) return view.getInt32(place, true);
  if (size === 8) {
    cpu.words[RESULT_HIGH] = view.getInt32(place + 4, true);
    return view.getInt32(place, true);
  }
  return size === 1 ? view.getUint8(place) : view.getUint16(place, true);
}

export function storeMemory(cpu: Cpu, low: number, high: number, size: Size, value: number, valueHigh: number): void {
  const { memory } = cpu;
  if (size === 4) write32(memory, low, high, value);
  else if (size === 8) write64(memory, low, high, value, valueHigh);
  else if (size === 1) write8(memory, low, high, value);
  else write16(memory, low, high, value);
}

/** The rm operand (E), register or memory, as `loadRegister`. */
export function loadRm(cpu: Cpu, at: number, size: Size): number {
  if (!isMemory(cpu.code, at)) return loadRegister(cpu, rm(cpu.code, at), size);
  const low = address(cpu, at);
  return loadMemory(cpu, low, cpu.words[ADDRESS_HIGH], size);
}

export function storeRm(cpu: Cpu, at: number, size: Size, value: number, valueHigh: number): void {
  if (!isMemory(cpu.code, at)) {
    storeRegister(cpu, rm(cpu.code, at), size, value, valueHigh);
    return;
  }
  const low = address(cpu, at);
  storeMemory(cpu, low, cpu.words[ADDRESS_HIGH], size, value, valueHigh);
}

/** A handler for each operand size, whether the operand is memory or not. */
export function bySize(make: (size: Size) => Handler): Choice {
  const made: Partial<Record<Size, Handler>> = {};
  return {
    choose: ({ size }) => {
      made[size] ??= make(size);
      return made[size];
    },
  };
}
