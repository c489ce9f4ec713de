// How instructions of z/Architecture hold what relocations put there (z/Architecture Principles of Operation, instruction formats).
// All is big-endian. Displacements to code count halfwords.

import type { InstructionFields, InstructionForm } from "../field.ts";
import { FIRST_FORM } from "../relocation.ts";

/** D: the low 12 bits of a halfword. */
export const DISPLACEMENT12: number = FIRST_FORM;
/** DL and DH: bits 8-19 and 0-7 of the number in bits 4-23 of a word, the low part first. */
export const DISPLACEMENT20: number = FIRST_FORM + 1;
/** RI: so many bits, the 12 at the end of a halfword. */
export const HALFWORDS12: number = FIRST_FORM + 2;
export const HALFWORDS16: number = FIRST_FORM + 3;
export const HALFWORDS24: number = FIRST_FORM + 4;
export const HALFWORDS32: number = FIRST_FORM + 5;

function form(name: string, bytes: number, bits: number, shift: number): InstructionForm {
  return { name, bytes, bits, shift, exact: shift > 0, rounding: 0 };
}

export const S390X_INSTRUCTIONS: InstructionFields = {
  forms: [
    form("D", 2, 12, 0),
    form("DL:DH", 4, 20, 0),
    form("RI12", 2, 12, 1),
    form("RI16", 2, 16, 1),
    form("RI24", 3, 24, 1),
    form("RI32", 4, 32, 1),
  ],
  read: (view, at, number) => {
    switch (number) {
      case DISPLACEMENT12:
        return view.getUint16(at) & 0xfff;
      case DISPLACEMENT20: {
        const word = view.getInt32(at);
        return (((word & 0xff00) << 16) >> 12) | ((word >>> 16) & 0xfff);
      }
      case HALFWORDS12:
        return ((view.getInt16(at) << 20) >> 20) * 2;
      case HALFWORDS16:
        return view.getInt16(at) * 2;
      case HALFWORDS24:
        return ((view.getInt8(at) << 16) | view.getUint16(at + 1)) * 2;
      default:
        return view.getInt32(at) * 2;
    }
  },
  write: (view, at, number, value) => {
    const half = Math.floor(value / 2);
    switch (number) {
      case DISPLACEMENT12:
        view.setUint16(at, (view.getUint16(at) & 0xf000) | (value & 0xfff));
        return;
      case DISPLACEMENT20:
        view.setUint32(at, (view.getUint32(at) & 0xf000_00ff) | ((value & 0xfff) << 16) | ((value >> 4) & 0xff00));
        return;
      case HALFWORDS12:
        view.setUint16(at, (view.getUint16(at) & 0xf000) | (half & 0xfff));
        return;
      case HALFWORDS16:
        view.setUint16(at, half & 0xffff);
        return;
      case HALFWORDS24:
        view.setUint8(at, (half >> 16) & 0xff);
        view.setUint16(at + 1, half & 0xffff);
        return;
      default:
        view.setInt32(at, half | 0);
    }
  },
};
