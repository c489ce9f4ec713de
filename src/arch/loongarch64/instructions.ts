// The immediates of LoongArch instructions (LoongArch Reference Manual, volume 1, "Instruction Encoding"; ELF psABI, "Relocations"):
//
//   2RI12    op:10 si12:12 rj:5 rd:5        2RI16 op:6 offs:16 rj:5 rd:5       1RI20  op:7 si20:20 rd:5
//   1RI21    op:6 offs[15:0]:16 rj:5 offs[20:16]:5                             I26    op:6 offs[15:0]:16 offs[25:16]:10

import type { InstructionFields } from "../field.ts";
import { type PiecedForm, piecedFields, piecedForm, readUleb, signed, writeUleb } from "../pieces.ts";
import { FIRST_FORM } from "../relocation.ts";

export const FIELD_K12: number = FIRST_FORM;
/** The low 12 bits of an address whose page pcalau12i has; of jirl four less, because it has room for 16 bits of words. */
export const FIELD_LO12: number = FIRST_FORM + 1;
/** Bits 12 to 31, beside ori, whose low part is unsigned. */
export const FIELD_HI20: number = FIRST_FORM + 2;
/** The same beside addi and loads, whose low part is signed. */
export const FIELD_HI20_ROUNDED: number = FIRST_FORM + 3;
/** pcalau12i: pages from the instruction's own. */
export const FIELD_PAGE: number = FIRST_FORM + 4;
/** Bits 32 to 51, and 52 to 63. */
export const FIELD_LO20: number = FIRST_FORM + 5;
export const FIELD_HI12: number = FIRST_FORM + 6;
export const FIELD_B16: number = FIRST_FORM + 7;
export const FIELD_B21: number = FIRST_FORM + 8;
export const FIELD_B26: number = FIRST_FORM + 9;
export const FIELD_J20_S2: number = FIRST_FORM + 10;
/** pcaddu18i and the jirl behind it. */
export const FIELD_CALL36: number = FIRST_FORM + 11;
export const FIELD_K5: number = FIRST_FORM + 12;
export const FIELD_K16: number = FIRST_FORM + 13;
export const FIELD_J20: number = FIRST_FORM + 14;
/** The low 6 bits of a byte: the delta of DW_CFA_advance_loc. */
export const FIELD_6: number = FIRST_FORM + 15;
export const FIELD_24: number = FIRST_FORM + 16;
export const FIELD_ULEB128: number = FIRST_FORM + 17;

const FORMS: readonly PiecedForm[] = [
  piecedForm("si12", 4, 12, [[0, 10, 12, 0]]),
  piecedForm("si12, or offs16 of jirl", 4, 12, [[0, 10, 12, 0]]),
  piecedForm("si20", 4, 20, [[0, 5, 20, 12]], { shift: 12 }),
  piecedForm("si20, rounded", 4, 20, [[0, 5, 20, 12]], { shift: 12, rounding: 0x800 }),
  piecedForm("si20, pages", 4, 20, [[0, 5, 20, 12]], { shift: 12, rounding: 0x800 }),
  piecedForm("si20, bits 32–51", 4, 20, [[0, 5, 20, 32]], { shift: 32 }),
  piecedForm("si12, bits 52–63", 4, 12, [[0, 10, 12, 52]], { shift: 52 }),
  piecedForm("offs16", 4, 16, [[0, 10, 16, 2]], { shift: 2 }),
  piecedForm(
    "offs21",
    4,
    21,
    [
      [0, 10, 16, 2],
      [0, 0, 5, 18],
    ],
    { shift: 2 },
  ),
  piecedForm(
    "offs26",
    4,
    26,
    [
      [0, 10, 16, 2],
      [0, 0, 10, 18],
    ],
    { shift: 2 },
  ),
  piecedForm("si20, words", 4, 20, [[0, 5, 20, 2]], { shift: 2 }),
  piecedForm(
    "si20 and offs16",
    8,
    36,
    [
      [0, 5, 20, 18],
      [1, 10, 16, 2],
    ],
    { shift: 2, rounding: 0x2_0000 },
  ),
  piecedForm("ui5", 4, 5, [[0, 10, 5, 0]]),
  piecedForm("si16", 4, 16, [[0, 10, 16, 0]]),
  piecedForm("si20", 4, 20, [[0, 5, 20, 0]]),
  piecedForm("low 6 bits", 1, 6, [[0, 0, 6, 0]], { unsigned: true }),
  piecedForm("24 bits", 3, 24, [[0, 0, 24, 0]]),
  piecedForm("ULEB128", 1, 7, [], { unsigned: true }),
];

const PIECED = /* @__PURE__ */ piecedFields(FORMS);

/** jirl rd, rj, offs16 */
function isJirl(view: DataView, at: number): boolean {
  return view.getUint32(at, true) >>> 26 === 0x13;
}

export const LOONGARCH_INSTRUCTIONS: InstructionFields = {
  forms: FORMS,
  read(view, at, form) {
    if (form === FIELD_ULEB128) return readUleb(view, at);
    return PIECED.read(view, at, form === FIELD_LO12 && isJirl(view, at) ? FIELD_B16 : form);
  },
  write(view, at, form, value) {
    if (form === FIELD_ULEB128) writeUleb(view, at, value);
    else if (form === FIELD_LO12 && isJirl(view, at)) PIECED.write(view, at, FIELD_B16, signed(value & 0xfff, 12));
    else PIECED.write(view, at, form, value);
  },
};
