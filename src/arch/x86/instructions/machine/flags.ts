// Flags, computed when they are asked for. An instruction leaves behind what it worked on, shifted so that the sign is bit 31
// whatever the operand's size; of 64 bits the high words do. Sign, zero, parity and auxiliary carry mean the same in every kind:
//
//   FLAG_KIND  how carry and overflow are computed
//   FLAG_A, B  operands, sign in bit 31
//   FLAG_R     result, sign in bit 31: sign
//   FLAG_ZERO  zero if and only if the result is; of 64 bits low | high
//   FLAG_LOW   its low byte is the result's: parity
//   FLAG_AUX   a ^ b ^ result, low words: bit 4 is the auxiliary carry
//   FLAG_CF, FLAG_OF   where the kind says that they are stored

import {
  type Cpu,
  DIRECTION,
  FLAG_A,
  FLAG_AUX,
  FLAG_B,
  FLAG_CF,
  FLAG_KIND,
  FLAG_LOW,
  FLAG_OF,
  FLAG_R,
  FLAG_REST,
  FLAG_ZERO,
} from "./state.ts";

/** Carry and overflow are clear: and, or, xor, test. */
export const LOGIC = 0;
/** From the operands: add, adc; sub, sbb, cmp, neg, cmpxchg. Both are right with a carry that came in. */
export const ADD = 1;
export const SUB = 2;
/** Carry and overflow stand in FLAG_CF and FLAG_OF, 0 or 1: shifts, mul, comisd, popf. */
export const STORED = 3;
/** Carry stands in FLAG_CF; overflow as of an addition or subtraction of a positive number. */
export const INC = 4;
export const DEC = 5;

export function carry(w: Int32Array): number {
  switch (w[FLAG_KIND]) {
    case LOGIC:
      return 0;
    case ADD:
      return ((w[FLAG_A] & w[FLAG_B]) | ((w[FLAG_A] | w[FLAG_B]) & ~w[FLAG_R])) >>> 31;
    case SUB:
      return ((~w[FLAG_A] & w[FLAG_B]) | ((~w[FLAG_A] | w[FLAG_B]) & w[FLAG_R])) >>> 31;
    default:
      return w[FLAG_CF];
  }
}

export function overflow(w: Int32Array): number {
  switch (w[FLAG_KIND]) {
    case LOGIC:
      return 0;
    case ADD:
      return ((w[FLAG_A] ^ w[FLAG_R]) & (w[FLAG_B] ^ w[FLAG_R])) >>> 31;
    case SUB:
      return ((w[FLAG_A] ^ w[FLAG_B]) & (w[FLAG_A] ^ w[FLAG_R])) >>> 31;
    case INC:
      return (~w[FLAG_A] & w[FLAG_R]) >>> 31;
    case DEC:
      return (w[FLAG_A] & ~w[FLAG_R]) >>> 31;
    default:
      return w[FLAG_OF];
  }
}

export function zero(w: Int32Array): boolean {
  return w[FLAG_ZERO] === 0;
}

/** Whether the low byte of the result has an even number of ones. */
export function parity(w: Int32Array): boolean {
  const low = w[FLAG_LOW];
  const nibble = (low ^ (low >>> 4)) & 15;
  // Bit n of 0x6996 is set where n has an odd number of ones.
  return ((0x6996 >>> nibble) & 1) === 0;
}

/** Sign differs from overflow: less, of signed numbers. */
function less(w: Int32Array): boolean {
  return w[FLAG_R] >>> 31 !== overflow(w);
}

/** A condition by its number in opcodes: 0 o, 1 no, 2 b, 3 ae, 4 e, 5 ne, 6 be, 7 a, 8 s, 9 ns, 10 p, 11 np, 12 l, 13 ge, 14 le, 15 g. */
export function condition(w: Int32Array, code: number): boolean {
  return (code & 1) !== 0 ? !even(w, code >> 1) : even(w, code >> 1);
}

function even(w: Int32Array, half: number): boolean {
  switch (half) {
    case 0:
      return overflow(w) !== 0;
    case 1:
      return carry(w) !== 0;
    case 2:
      return zero(w);
    case 3:
      return zero(w) || carry(w) !== 0;
    case 4:
      return w[FLAG_R] < 0;
    case 5:
      return parity(w);
    case 6:
      return less(w);
    default:
      return zero(w) || less(w);
  }
}

/** Bits of EFLAGS. */
export const CF = 1;
export const PF = 4;
export const AF = 16;
export const ZF = 64;
export const SF = 128;
export const DF = 0x400;
export const OF = 0x800;
export const TF = 0x100;
/** What popf of a user program may change beside those above: TF; NT, AC (by which no access is checked here), ID. */
const OTHERS = TF | 0x4000 | 0x40000 | 0x200000;

/** EFLAGS as pushf stores them. */
export function readFlags(cpu: Cpu): number {
  const w = cpu.words;
  return w[FLAG_REST] | 2 | arithmeticFlags(w) | (w[DIRECTION] < 0 ? DF : 0);
}

/** Whether a trap follows each instruction. */
export function isStepping(cpu: Cpu): boolean {
  return (cpu.words[FLAG_REST] & TF) !== 0;
}

/** OF, SF, ZF, AF, PF and CF where EFLAGS has them. */
export function arithmeticFlags(w: Int32Array): number {
  return (
    carry(w) |
    (parity(w) ? PF : 0) |
    (w[FLAG_AUX] & AF) |
    (zero(w) ? ZF : 0) |
    (w[FLAG_R] < 0 ? SF : 0) |
    (overflow(w) !== 0 ? OF : 0)
  );
}

/** Sets EFLAGS as popf does for a user program. */
export function writeFlags(cpu: Cpu, value: number): void {
  const w = cpu.words;
  setArithmeticFlags(w, value);
  w[DIRECTION] = (value & DF) !== 0 ? -1 : 1;
  w[FLAG_REST] = (w[FLAG_REST] & ~OTHERS) | (value & OTHERS);
}

/** Sets OF, SF, ZF, AF, PF and CF to what EFLAGS would have: popf, sahf, comisd, ptest, fcomi. */
export function setArithmeticFlags(w: Int32Array, value: number): void {
  w[FLAG_KIND] = STORED;
  w[FLAG_CF] = value & CF;
  w[FLAG_OF] = (value & OF) !== 0 ? 1 : 0;
  w[FLAG_AUX] = value & AF;
  w[FLAG_R] = (value & SF) !== 0 ? -1 : 0;
  w[FLAG_ZERO] = (value & ZF) !== 0 ? 0 : 1;
  w[FLAG_LOW] = (value & PF) !== 0 ? 0 : 1;
}
