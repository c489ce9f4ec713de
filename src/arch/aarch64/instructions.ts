// The fields of aarch64 instructions that relocations change (Arm Architecture Reference Manual, "A64 instruction set encoding").
// An instruction is a little-endian word:
//
//   b, bl            op:6  imm26
//   b.cond, ldr lit. op:8  imm19:19  Rt:5
//   tbz              op:13 imm14:14  Rt:5
//   adr, adrp        op:1  immlo:2  op:5  immhi:19  Rd:5
//   add, ldr, str    op:10 imm12:12 Rn:5 Rd:5
//   movz, movk, movn op:11 imm16:16 Rd:5      (op's second bit: movz or movk 1, movn 0)

import type { InstructionFields, InstructionForm } from "../field.ts";
import { FIRST_FORM } from "../relocation.ts";

interface Form extends InstructionForm {
  /** The lowest bit of the field, and its width in bits. */
  readonly at: number;
  readonly width: number;
  /** Values may be negative. */
  readonly signed: boolean;
  readonly layout: "plain" | "adr" | "signed movw";
}

function branch(name: string, bits: number, at: number): Form {
  return { name, bytes: 4, bits, shift: 2, exact: true, rounding: 0, at, width: bits, signed: true, layout: "plain" };
}

function address(name: string, shift: number): Form {
  return { name, bytes: 4, bits: 21, shift, exact: false, rounding: 0, at: 5, width: 21, signed: true, layout: "adr" };
}

/** imm12 of a load or store of 2^shift bytes counts these; `bits` of the offset are looked at. */
function offset(name: string, shift: number, bits: number, exact: boolean): Form {
  const width = 12;
  return {
    name,
    bytes: 4,
    bits: bits - shift,
    shift,
    exact,
    rounding: 0,
    at: 10,
    width,
    signed: false,
    layout: "plain",
  };
}

function moved(group: number): Form {
  const name = `imm16 of bits ${16 * group}–${16 * group + 15}`;
  const facts = { bytes: 4, bits: 16, shift: 16 * group, exact: false, rounding: 0, at: 5, width: 16 };
  return { name, ...facts, signed: false, layout: "plain" };
}

/** Of a negative value movn holds the complement: one bit more than the field has. */
function movedSigned(group: number): Form {
  return { ...moved(group), name: `signed ${moved(group).name}`, bits: 17, signed: true, layout: "signed movw" };
}

const ROWS: readonly Form[] = [
  branch("imm26", 26, 0),
  branch("imm19", 19, 5),
  branch("imm14", 14, 5),
  address("immhi:immlo", 0),
  address("immhi:immlo, pages", 12),
  offset("imm12", 0, 12, false),
  offset("imm12 / 2", 1, 12, true),
  offset("imm12 / 4", 2, 12, true),
  offset("imm12 / 8", 3, 12, true),
  offset("imm12 / 16", 4, 12, true),
  offset("imm12", 0, 12, false),
  offset("imm12 / 2", 1, 12, true),
  offset("imm12 / 4", 2, 12, true),
  offset("imm12 / 8", 3, 12, true),
  offset("imm12 / 16", 4, 12, true),
  offset("imm12 / 8", 3, 15, true),
  { ...offset("imm12 of bits 12–23", 0, 12, false), bits: 12, shift: 12 },
  moved(0),
  moved(1),
  moved(2),
  moved(3),
  movedSigned(0),
  movedSigned(1),
  movedSigned(2),
  movedSigned(3),
];

export const IMM26: number = FIRST_FORM;
export const IMM19: number = FIRST_FORM + 1;
export const IMM14: number = FIRST_FORM + 2;
export const ADR: number = FIRST_FORM + 3;
export const ADRP: number = FIRST_FORM + 4;
/** The low 12 bits of an address, whose other bits an adrp has. */
export const LOW12: number = FIRST_FORM + 5;
export const LOW12_16: number = FIRST_FORM + 6;
export const LOW12_32: number = FIRST_FORM + 7;
export const LOW12_64: number = FIRST_FORM + 8;
export const LOW12_128: number = FIRST_FORM + 9;
/** A whole offset, which has to fit. */
export const OFFSET12: number = FIRST_FORM + 10;
export const OFFSET12_16: number = FIRST_FORM + 11;
export const OFFSET12_32: number = FIRST_FORM + 12;
export const OFFSET12_64: number = FIRST_FORM + 13;
export const OFFSET12_128: number = FIRST_FORM + 14;
export const LOW15_64: number = FIRST_FORM + 15;
export const HIGH12: number = FIRST_FORM + 16;
export const MOVW_G0: number = FIRST_FORM + 17;
export const MOVW_G1: number = FIRST_FORM + 18;
export const MOVW_G2: number = FIRST_FORM + 19;
export const MOVW_G3: number = FIRST_FORM + 20;
/** movz or movn, by the sign of the value. */
export const SIGNED_MOVW_G0: number = FIRST_FORM + 21;
export const SIGNED_MOVW_G1: number = FIRST_FORM + 22;
export const SIGNED_MOVW_G2: number = FIRST_FORM + 23;
export const SIGNED_MOVW_G3: number = FIRST_FORM + 24;

const FORMS: readonly InstructionForm[] = ROWS;

/** movz rather than movn. */
const MOVZ = 1 << 30;

export const AARCH64_INSTRUCTIONS: InstructionFields = {
  forms: FORMS,
  read(view, at, form) {
    const { at: low, width, shift, signed, layout } = ROWS[form - FIRST_FORM];
    const word = view.getUint32(at, true);
    const scale = 2 ** shift;
    if (layout === "adr") return signExtended((((word >>> 5) & 0x7_ffff) << 2) | ((word >>> 29) & 3), width) * scale;
    const field = (word >>> low) & (2 ** width - 1);
    if (layout === "signed movw") return (word & MOVZ ? field : ~field) * scale;
    return (signed ? signExtended(field, width) : field) * scale;
  },
  write(view, at, form, value) {
    const { at: low, width, shift, bits, layout } = ROWS[form - FIRST_FORM];
    const word = view.getUint32(at, true);
    const scaled = Number(BigInt.asIntN(32, BigInt(Math.floor(value / 2 ** shift))));
    if (layout === "adr") {
      const fields = ((scaled & 3) << 29) | (((scaled >> 2) & 0x7_ffff) << 5);
      view.setUint32(at, ((word & 0x9f00_001f) | fields) >>> 0, true);
      return;
    }
    const mask = 2 ** Math.min(width, bits) - 1;
    if (layout === "signed movw") {
      const opcode = value < 0 ? word & ~MOVZ : word | MOVZ;
      const field = (value < 0 ? ~scaled : scaled) & 0xffff;
      view.setUint32(at, ((opcode & ~(0xffff << low)) | (field << low)) >>> 0, true);
      return;
    }
    const whole = (2 ** width - 1) * 2 ** low;
    view.setUint32(at, ((word & ~whole) | ((scaled & mask) << low)) >>> 0, true);
  },
};

function signExtended(field: number, width: number): number {
  return (field << (32 - width)) >> (32 - width);
}
