// pcmpestri, pcmpestrm, pcmpistri, pcmpistrm of SSE4.2: strings of up to 16 bytes or 8 halves compared in four ways (SDM volume
// 2, section 4.1).

import { INFO, SIZE_SHIFT } from "../machine/columns.ts";
import { CF, OF, SF, setArithmeticFlags, ZF } from "../machine/flags.ts";
import { xmmReg, xmmSource } from "../machine/operands.ts";
import type { Handler } from "../machine/row.ts";
import { type Cpu, RAX, RCX, RDX, XMM } from "../machine/state.ts";
import { immediateByte } from "./vector-operands.ts";

/** Bits of the immediate. */
const HALVES = 1;
const SIGNED = 2;
const NEGATED = 0x10;
/** Only what is in the second string is negated. */
const MASKED = 0x20;
/** Index of the last one bit; of a mask, a lane for each bit. */
const LAST = 0x40;

/** An element of the string at word `at`. */
function element(cpu: Cpu, at: number, i: number, how: number): number {
  if ((how & HALVES) !== 0) {
    const value = cpu.halves[2 * at + i];
    return (how & SIGNED) !== 0 ? (value << 16) >> 16 : value;
  }
  const value = cpu.bytes[4 * at + i];
  return (how & SIGNED) !== 0 ? (value << 24) >> 24 : value;
}

/** A string ends with its first zero. */
function implicitLength(cpu: Cpu, at: number, how: number): number {
  const most = (how & HALVES) !== 0 ? 8 : 16;
  let length = 0;
  while (length < most && element(cpu, at, length, how) !== 0) length++;
  return length;
}

/** Magnitude of eax or edx (of rax or rdx with REX.W), at most the number of elements. */
function explicitLength(cpu: Cpu, register: number, wide: boolean, how: number): number {
  const most = (how & HALVES) !== 0 ? 8 : 16;
  const low = cpu.words[register];
  const high = wide ? cpu.words[register + 1] : low >> 31;
  const value = Math.abs(high * 0x1_0000_0000 + (low >>> 0));
  return Math.min(value, most);
}

/** One bit for each element of the second string. */
function aggregate(cpu: Cpu, d: number, s: number, how: number, first: number, second: number): number {
  const most = (how & HALVES) !== 0 ? 8 : 16;
  let mask = 0;
  for (let j = 0; j < most; j++) if (holds(cpu, d, s, how, first, second, j, most)) mask |= 1 << j;
  return mask;
}

function holds(
  cpu: Cpu,
  d: number,
  s: number,
  how: number,
  first: number,
  second: number,
  j: number,
  most: number,
): boolean {
  switch ((how >> 2) & 3) {
    case 0:
      // Equal to any.
      if (j >= second) return false;
      for (let i = 0; i < first; i++) if (element(cpu, d, i, how) === element(cpu, s, j, how)) return true;
      return false;
    case 1: {
      // In any of the ranges.
      if (j >= second) return false;
      const value = element(cpu, s, j, how);
      for (let i = 0; i + 1 < first; i += 2) {
        if (element(cpu, d, i, how) <= value && value <= element(cpu, d, i + 1, how)) return true;
      }
      return false;
    }
    case 2:
      // Equal at its place; both ended is equal.
      if (j >= first || j >= second) return j >= first && j >= second;
      return element(cpu, d, j, how) === element(cpu, s, j, how);
    default:
      // The first string begins here, as far as the register reaches.
      for (let i = 0; i < first && i + j < most; i++) {
        if (i + j >= second || element(cpu, d, i, how) !== element(cpu, s, i + j, how)) return false;
      }
      return true;
  }
}

function compare(cpu: Cpu, at: number, explicit: boolean): { mask: number; most: number } {
  const d = xmmReg(cpu.code, at);
  const s = xmmSource(cpu, at, 16);
  const how = immediateByte(cpu, at);
  const most = (how & HALVES) !== 0 ? 8 : 16;
  const wide = ((cpu.code[at + INFO] >>> SIZE_SHIFT) & 3) === 3;
  const first = explicit ? explicitLength(cpu, RAX, wide, how) : implicitLength(cpu, d, how);
  const second = explicit ? explicitLength(cpu, RDX, wide, how) : implicitLength(cpu, s, how);
  let mask = aggregate(cpu, d, s, how, first, second);
  if ((how & NEGATED) !== 0) mask ^= (how & MASKED) !== 0 ? (1 << second) - 1 : (1 << most) - 1;
  setArithmeticFlags(
    cpu.words,
    (mask !== 0 ? CF : 0) | (second < most ? ZF : 0) | (first < most ? SF : 0) | ((mask & 1) !== 0 ? OF : 0),
  );
  return { mask, most };
}

/** Into ecx: the first or last one bit, or the number of elements where there is none. */
export function index(explicit: boolean): Handler {
  return (cpu, at) => {
    const { mask, most } = compare(cpu, at, explicit);
    const last = (immediateByte(cpu, at) & LAST) !== 0;
    const { words: w } = cpu;
    if (mask === 0) w[RCX] = most;
    else w[RCX] = last ? 31 - Math.clz32(mask) : 31 - Math.clz32(mask & -mask);
    w[RCX + 1] = 0;
  };
}

/** Into xmm0: the bits, or a lane of ones for each. */
export function maskInto(explicit: boolean): Handler {
  return (cpu, at) => {
    const { mask, most } = compare(cpu, at, explicit);
    const lanes = (immediateByte(cpu, at) & LAST) !== 0;
    const { words: w, bytes } = cpu;
    w.fill(0, XMM, XMM + 4);
    if (!lanes) {
      w[XMM] = mask;
      return;
    }
    const each = 16 / most;
    for (let i = 0; i < 16; i++) if (((mask >> (i / each)) & 1) !== 0) bytes[4 * XMM + i] = 0xff;
  };
}
