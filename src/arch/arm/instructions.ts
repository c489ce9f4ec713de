// How instructions of arm hold what relocations put there (ELF for the Arm Architecture, "Relocation codes"; Arm Architecture
// Reference Manual, A32 and T32). The forms are numbered here and named by the rows in relocations.ts.

import type { InstructionFields, InstructionForm } from "../field.ts";
import { FIRST_FORM } from "../relocation.ts";

/** A32 branches: bits 0-23, words; in BLX bit 24 is bit 1 of the distance. */
export const BRANCH24: number = FIRST_FORM;
/** A32 MOVW, MOVT: bits 16-19 and 0-11. */
export const MOVW: number = FIRST_FORM + 1;
export const MOVT: number = FIRST_FORM + 2;
/** 31 bits of a word whose highest bit stays. */
export const WORD31: number = FIRST_FORM + 3;
/** A32 ADD and SUB of eight bits that are rotated: the highest ones of the value, the next, the ones after. */
export const ALU_G0: number = FIRST_FORM + 4;
export const ALU_G1: number = FIRST_FORM + 5;
export const ALU_G2: number = FIRST_FORM + 6;
/** A32 loads and stores with 12, 8 and 8 << 2 bits and a sign, of what ALU_G0 and ALU_G1 before leave over. */
export const LDR_G0: number = FIRST_FORM + 7;
export const LDR_G1: number = FIRST_FORM + 8;
export const LDR_G2: number = FIRST_FORM + 9;
export const LDRS_G0: number = FIRST_FORM + 10;
export const LDRS_G1: number = FIRST_FORM + 11;
export const LDRS_G2: number = FIRST_FORM + 12;
export const LDC_G0: number = FIRST_FORM + 13;
export const LDC_G1: number = FIRST_FORM + 14;
export const LDC_G2: number = FIRST_FORM + 15;
/** T32 BL, BLX, B.W: S, J1, J2, imm10, imm11. */
export const THM_BRANCH24: number = FIRST_FORM + 16;
/** T32 B<c>.W: S, J2, J1, imm6, imm11. */
export const THM_BRANCH19: number = FIRST_FORM + 17;
/** T16 B, B<c>, CBZ. */
export const THM_BRANCH11: number = FIRST_FORM + 18;
export const THM_BRANCH8: number = FIRST_FORM + 19;
export const THM_BRANCH6: number = FIRST_FORM + 20;
/** T32 MOVW, MOVT: imm4, i, imm3, imm8. */
export const THM_MOVW: number = FIRST_FORM + 21;
export const THM_MOVT: number = FIRST_FORM + 22;
/** T32 ADR.W: i, imm3, imm8, as ADD or SUB. */
export const THM_ADR12: number = FIRST_FORM + 23;
/** T32 LDR (literal): imm12 and a sign. */
export const THM_LDR12: number = FIRST_FORM + 24;
/** T16 LDR (literal), ADR: imm8, words. */
export const THM_LDR8: number = FIRST_FORM + 25;
/** T16 LDR, STR (immediate): imm5 in bits 6-10, words. */
export const THM_LDR5: number = FIRST_FORM + 26;
/** T16 MOVS, ADDS: a byte of an address. */
export const THM_BYTE0: number = FIRST_FORM + 27;
export const THM_BYTE1: number = FIRST_FORM + 28;
export const THM_BYTE2: number = FIRST_FORM + 29;
export const THM_BYTE3: number = FIRST_FORM + 30;
/** Armv8.1-M BF, BFL, BFCSEL. */
export const THM_BF16: number = FIRST_FORM + 31;
export const THM_BF18: number = FIRST_FORM + 32;
export const THM_BF12: number = FIRST_FORM + 33;

type Fact = Pick<InstructionForm, "name" | "bytes" | "bits"> & Partial<InstructionForm>;

function form(fact: Fact): InstructionForm {
  return { shift: 0, exact: false, rounding: 0, ...fact };
}

/** A sign of its own, and so many bits. */
function magnitude(name: string, bits: number, holds: (value: number) => boolean, shift: number = 0): InstructionForm {
  return form({ name, bytes: 4, bits: bits + 1, shift, holds });
}

/** Holds a value from -(2^12 - 1) to 2^12 - 1. */
const within12 = (value: number): boolean => Math.abs(value) < 0x1000;

/** What `groups` instructions before take of a value is not to be said by this one. */
function rest(value: number, groups: number): number {
  let left = Math.abs(value | 0) >>> 0;
  for (let n = 0; n < groups; n++) left = (left & ~groupBits(left)) >>> 0;
  return left;
}

/** How far the highest eight bits from an even place on are up. */
function groupShift(left: number): number {
  return left === 0 ? 0 : Math.max(0, ((31 - Math.clz32(left)) & ~1) - 6);
}

function groupBits(left: number): number {
  return (left & (0xff << groupShift(left))) >>> 0;
}

const FORMS: readonly InstructionForm[] = [
  form({ name: "imm24", bytes: 4, bits: 24, shift: 2 }),
  form({ name: "imm4:imm12", bytes: 4, bits: 16 }),
  form({ name: "imm4:imm12 (high)", bytes: 4, bits: 16, shift: 16 }),
  form({ name: "31 bits", bytes: 4, bits: 31 }),
  ...[1, 2, 3].map((n) => magnitude(`ALU group ${n - 1}`, 32, (value) => rest(value, n) === 0)),
  ...[0, 1, 2].map((n) => magnitude(`LDR group ${n}`, 12, (value) => rest(value, n) < 0x1000)),
  ...[0, 1, 2].map((n) => magnitude(`LDRS group ${n}`, 8, (value) => rest(value, n) < 0x100)),
  ...[0, 1, 2].map((n) =>
    magnitude(`LDC group ${n}`, 8, (value) => rest(value, n) < 0x400 && (rest(value, n) & 3) === 0, 2),
  ),
  form({ name: "S:I1:I2:imm10:imm11", bytes: 4, bits: 24, shift: 1 }),
  form({ name: "S:J2:J1:imm6:imm11", bytes: 4, bits: 20, shift: 1 }),
  form({ name: "imm11", bytes: 2, bits: 11, shift: 1 }),
  form({ name: "imm8", bytes: 2, bits: 8, shift: 1 }),
  form({ name: "i:imm5", bytes: 2, bits: 6, shift: 1 }),
  form({ name: "imm4:i:imm3:imm8", bytes: 4, bits: 16 }),
  form({ name: "imm4:i:imm3:imm8 (high)", bytes: 4, bits: 16, shift: 16 }),
  magnitude("i:imm3:imm8", 12, within12),
  magnitude("imm12", 12, within12),
  form({ name: "imm8 (words)", bytes: 2, bits: 8, shift: 2 }),
  form({ name: "imm5 (words)", bytes: 2, bits: 5, shift: 2 }),
  ...[0, 8, 16, 24].map((shift) => form({ name: `imm8 (byte ${shift / 8})`, bytes: 2, bits: 8, shift })),
  form({ name: "immA5:immB:immC", bytes: 4, bits: 16, shift: 1 }),
  form({ name: "immA7:immB:immC", bytes: 4, bits: 18, shift: 1 }),
  form({ name: "immA1:immB:immC", bytes: 4, bits: 12, shift: 1 }),
];

/** Widths of immA in BF16, BF18, BF12. */
const BF_HIGH_BITS = [5, 7, 1] as const;

export const ARM_INSTRUCTIONS: InstructionFields = {
  forms: FORMS,
  read: (view, at, number) => {
    if (number < THM_BRANCH24) return readA32(view.getUint32(at, true), number);
    return FORMS[number - FIRST_FORM].bytes === 2
      ? readT16(view.getUint16(at, true), number)
      : readT32(view.getUint16(at, true), view.getUint16(at + 2, true), number);
  },
  write: (view, at, number, value) => {
    if (number < THM_BRANCH24) {
      view.setUint32(at, writeA32(view.getUint32(at, true), number, value | 0), true);
    } else if (FORMS[number - FIRST_FORM].bytes === 2) {
      view.setUint16(at, writeT16(view.getUint16(at, true), number, value | 0), true);
    } else {
      const words = writeT32(view.getUint16(at, true), view.getUint16(at + 2, true), number, value | 0);
      view.setUint16(at, words >>> 16, true);
      view.setUint16(at + 2, words & 0xffff, true);
    }
  },
};

/** The low bits as a signed number. */
function signed(value: number, bits: number): number {
  return (value << (32 - bits)) >> (32 - bits);
}

/** BLX (immediate): the condition field is 15. */
function isBlx(word: number): boolean {
  return word >>> 25 === 0x7d;
}

const UP = 0x80_0000;

function readA32(word: number, number: number): number {
  const sign = (word & UP) === 0 ? -1 : 1;
  switch (number) {
    case BRANCH24:
      return (signed(word, 24) << 2) | (isBlx(word) ? (word >>> 23) & 2 : 0);
    case MOVW:
    case MOVT:
      // Either has a whole addend, which is signed.
      return signed(((word >>> 4) & 0xf000) | (word & 0xfff), 16);
    case WORD31:
      return signed(word, 31);
    case ALU_G0:
    case ALU_G1:
    case ALU_G2: {
      const turn = (word >>> 7) & 0x1e;
      const value = turn === 0 ? word & 0xff : ((word & 0xff) >>> turn) | ((word & 0xff) << (32 - turn));
      return ((word & 0x40_0000) === 0 ? value : -value) | 0;
    }
    case LDR_G0:
    case LDR_G1:
    case LDR_G2:
      return sign * (word & 0xfff);
    case LDRS_G0:
    case LDRS_G1:
    case LDRS_G2:
      return sign * (((word >>> 4) & 0xf0) | (word & 0xf));
    default:
      return sign * ((word & 0xff) << 2);
  }
}

function writeA32(word: number, number: number, value: number): number {
  const up = value < 0 ? 0 : UP;
  switch (number) {
    case BRANCH24: {
      const half = isBlx(word) ? (value & 2) << 23 : word & 0x100_0000;
      return (word & 0xfe00_0000) | half | ((value >> 2) & 0xff_ffff);
    }
    case MOVW:
      return movedA32(word, value);
    case MOVT:
      return movedA32(word, value >> 16);
    case WORD31:
      return (word & 0x8000_0000) | (value & 0x7fff_ffff);
    case ALU_G0:
    case ALU_G1:
    case ALU_G2: {
      const left = rest(value, number - ALU_G0);
      const shift = groupShift(left);
      const turn = groupBits(left) > 0xff ? (32 - shift) / 2 : 0;
      return (word & 0xff1f_f000) | (value < 0 ? 0x40_0000 : UP) | (turn << 8) | ((left >>> shift) & 0xff);
    }
    case LDR_G0:
    case LDR_G1:
    case LDR_G2:
      return (word & 0xff7f_f000) | up | (rest(value, number - LDR_G0) & 0xfff);
    case LDRS_G0:
    case LDRS_G1:
    case LDRS_G2: {
      const left = rest(value, number - LDRS_G0);
      return (word & 0xff7f_f0f0) | up | ((left & 0xf0) << 4) | (left & 0xf);
    }
    default:
      return (word & 0xff7f_ff00) | up | ((rest(value, number - LDC_G0) >>> 2) & 0xff);
  }
}

function movedA32(word: number, value: number): number {
  return (word & 0xfff0_f000) | ((value & 0xf000) << 4) | (value & 0xfff);
}

function readT16(word: number, number: number): number {
  switch (number) {
    case THM_BRANCH11:
      return signed(word, 11) << 1;
    case THM_BRANCH8:
      return signed(word, 8) << 1;
    case THM_BRANCH6:
      return ((word >>> 3) & 0x40) | ((word >>> 2) & 0x3e);
    case THM_LDR8:
      // The addend of a literal is -4: 0xff << 2 with the pipeline's 4 taken off (ELF for the Arm Architecture, "Addends").
      return ((((word & 0xff) << 2) + 4) & 0x3ff) - 4;
    case THM_LDR5:
      return (word >>> 4) & 0x7c;
    default:
      return word & 0xff;
  }
}

function writeT16(word: number, number: number, value: number): number {
  switch (number) {
    case THM_BRANCH11:
      return (word & 0xf800) | ((value >> 1) & 0x7ff);
    case THM_BRANCH8:
      return (word & 0xff00) | ((value >> 1) & 0xff);
    case THM_BRANCH6:
      return (word & 0xfd07) | ((value & 0x40) << 3) | ((value & 0x3e) << 2);
    case THM_LDR8:
      return (word & 0xff00) | ((value >> 2) & 0xff);
    case THM_LDR5:
      return (word & 0xf83f) | ((value & 0x7c) << 4);
    default:
      return (word & 0xff00) | ((value >> (8 * (number - THM_BYTE0))) & 0xff);
  }
}

function readT32(high: number, low: number, number: number): number {
  switch (number) {
    case THM_BRANCH24: {
      const sign = (high >>> 10) & 1;
      const i1 = ~((low >>> 13) ^ sign) & 1;
      const i2 = ~((low >>> 11) ^ sign) & 1;
      return (-sign << 24) | (i1 << 23) | (i2 << 22) | ((high & 0x3ff) << 12) | ((low & 0x7ff) << 1);
    }
    case THM_BRANCH19: {
      const sign = (high >>> 10) & 1;
      const j1 = (low >>> 13) & 1;
      const j2 = (low >>> 11) & 1;
      return (-sign << 20) | (j2 << 19) | (j1 << 18) | ((high & 0x3f) << 12) | ((low & 0x7ff) << 1);
    }
    case THM_MOVW:
    case THM_MOVT:
      return signed(((high & 0xf) << 12) | immediate12(high, low), 16);
    case THM_ADR12:
      return (high & 0xa0) === 0xa0 ? -immediate12(high, low) : immediate12(high, low);
    case THM_LDR12:
      return (high & 0x80) === 0 ? -(low & 0xfff) : low & 0xfff;
    default: {
      const bits = BF_HIGH_BITS[number - THM_BF16];
      const value = ((high & ((1 << bits) - 1)) << 12) | ((low & 0x7fe) << 1) | ((low >>> 10) & 2);
      return signed(value, bits + 12);
    }
  }
}

/** i:imm3:imm8 */
function immediate12(high: number, low: number): number {
  return ((high & 0x400) << 1) | ((low >>> 4) & 0x700) | (low & 0xff);
}

/** @returns the first halfword above the second */
function writeT32(high: number, low: number, number: number, value: number): number {
  switch (number) {
    case THM_BRANCH24: {
      const sign = (value >>> 24) & 1;
      const j1 = ~((value >>> 23) ^ sign) & 1;
      const j2 = ~((value >>> 22) ^ sign) & 1;
      // BLX goes to words.
      const offset = (low & 0x1000) === 0 ? (value >> 1) & 0x7fe : (value >> 1) & 0x7ff;
      return pair(
        (high & 0xf800) | (sign << 10) | ((value >>> 12) & 0x3ff),
        (low & 0xd000) | (j1 << 13) | (j2 << 11) | offset,
      );
    }
    case THM_BRANCH19: {
      const sign = (value >>> 20) & 1;
      const j2 = (value >>> 19) & 1;
      const j1 = (value >>> 18) & 1;
      return pair(
        (high & 0xfbc0) | (sign << 10) | ((value >>> 12) & 0x3f),
        (low & 0xd000) | (j1 << 13) | (j2 << 11) | ((value >> 1) & 0x7ff),
      );
    }
    case THM_MOVW:
      return movedT32(high, low, value);
    case THM_MOVT:
      return movedT32(high, low, value >> 16);
    case THM_ADR12: {
      const size = Math.abs(value);
      const operation = value < 0 ? 0xa0 : 0;
      return pair((high & 0xfb0f) | operation | ((size & 0x800) >>> 1), (low & 0x8f00) | spread(size));
    }
    case THM_LDR12:
      return pair((high & 0xff7f) | (value < 0 ? 0 : 0x80), (low & 0xf000) | (Math.abs(value) & 0xfff));
    default: {
      const mask = (1 << BF_HIGH_BITS[number - THM_BF16]) - 1;
      return pair(
        (high & ~mask) | ((value >>> 12) & mask),
        (low & 0xf001) | ((value & 2) << 10) | ((value & 0xffc) >>> 1),
      );
    }
  }
}

function movedT32(high: number, low: number, value: number): number {
  return pair((high & 0xfbf0) | ((value >>> 12) & 0xf) | ((value & 0x800) >>> 1), (low & 0x8f00) | spread(value));
}

/** imm3 and imm8 where the second halfword has them. */
function spread(value: number): number {
  return ((value & 0x700) << 4) | (value & 0xff);
}

function pair(high: number, low: number): number {
  return ((high & 0xffff) << 16) | (low & 0xffff);
}
