// The immediates of RISC-V instructions (The RISC-V Instruction Set Manual, volume I, "Immediate Encoding Variants" and "C
// Extension"; RISC-V ELF psABI, "Calculation Symbols"). Instructions have little-endian parcels on every RISC-V.

import type { InstructionFields } from "../field.ts";
import { type PiecedForm, piecedFields, piecedForm, readUleb, writeUleb } from "../pieces.ts";
import { FIRST_FORM } from "../relocation.ts";

/** The high 20 bits, of lui and auipc. What is added makes up for the low part's sign. */
export const FIELD_U: number = FIRST_FORM;
export const FIELD_I: number = FIRST_FORM + 1;
export const FIELD_S: number = FIRST_FORM + 2;
export const FIELD_B: number = FIRST_FORM + 3;
export const FIELD_J: number = FIRST_FORM + 4;
/** auipc and the jalr behind it. */
export const FIELD_U_I: number = FIRST_FORM + 5;
export const FIELD_CB: number = FIRST_FORM + 6;
export const FIELD_CJ: number = FIRST_FORM + 7;
/** c.lui, which cannot say 0. */
export const FIELD_CI_LUI: number = FIRST_FORM + 8;
/** The low 6 bits of a byte: the delta of DW_CFA_advance_loc. */
export const FIELD_6: number = FIRST_FORM + 9;
/** As many bytes as are there. */
export const FIELD_ULEB128: number = FIRST_FORM + 10;

const FORMS: readonly PiecedForm[] = [
  piecedForm("U", 4, 20, [[0, 12, 20, 12]], { shift: 12, rounding: 0x800 }),
  piecedForm("I", 4, 12, [[0, 20, 12, 0]]),
  piecedForm("S", 4, 12, [
    [0, 7, 5, 0],
    [0, 25, 7, 5],
  ]),
  piecedForm(
    "B",
    4,
    12,
    [
      [0, 8, 4, 1],
      [0, 25, 6, 5],
      [0, 7, 1, 11],
      [0, 31, 1, 12],
    ],
    { shift: 1 },
  ),
  piecedForm(
    "J",
    4,
    20,
    [
      [0, 21, 10, 1],
      [0, 20, 1, 11],
      [0, 12, 8, 12],
      [0, 31, 1, 20],
    ],
    { shift: 1 },
  ),
  piecedForm(
    "U and I",
    8,
    32,
    [
      [0, 12, 20, 12],
      [1, 20, 12, 0],
    ],
    { rounding: 0x800 },
  ),
  piecedForm(
    "CB",
    2,
    8,
    [
      [0, 3, 2, 1],
      [0, 10, 2, 3],
      [0, 2, 1, 5],
      [0, 5, 2, 6],
      [0, 12, 1, 8],
    ],
    { shift: 1 },
  ),
  piecedForm(
    "CJ",
    2,
    11,
    [
      [0, 3, 3, 1],
      [0, 11, 1, 4],
      [0, 2, 1, 5],
      [0, 7, 1, 6],
      [0, 6, 1, 7],
      [0, 9, 2, 8],
      [0, 8, 1, 10],
      [0, 12, 1, 11],
    ],
    { shift: 1 },
  ),
  piecedForm(
    "CI (c.lui)",
    2,
    6,
    [
      [0, 2, 5, 12],
      [0, 12, 1, 17],
    ],
    { shift: 12, rounding: 0x800 },
  ),
  piecedForm("low 6 bits", 1, 6, [[0, 0, 6, 0]], { unsigned: true }),
  piecedForm("ULEB128", 1, 7, [], { unsigned: true }),
];

const PIECED = /* @__PURE__ */ piecedFields(FORMS);

/** What makes c.lui of c.li. */
const C_LUI_NOT_C_LI = 0x2000;

export const RISCV_INSTRUCTIONS: InstructionFields = {
  forms: FORMS,
  read(view, at, form) {
    return form === FIELD_ULEB128 ? readUleb(view, at) : PIECED.read(view, at, form);
  },
  write(view, at, form, value) {
    if (form === FIELD_ULEB128) return writeUleb(view, at, value);
    PIECED.write(view, at, form, value);
    if (form === FIELD_CI_LUI && PIECED.read(view, at, form) === 0) {
      view.setUint16(at, view.getUint16(at, true) & ~C_LUI_NOT_C_LI, true);
    }
  },
};
