// The fields of 64-bit PowerPC instructions (OpenPOWER ELFv2 psABI, "Relocation Fields"). Relocations of immediates name the half
// of the instruction that holds it, so that a whole half is a plain number of two bytes; here are the others. Prefixed
// instructions are two words, the prefix first in either byte order.

import type { InstructionFields } from "../field.ts";
import { type PiecedForm, piecedFields, piecedForm } from "../pieces.ts";
import { FIRST_FORM } from "../relocation.ts";

/** #hi, and #ha that makes up for the sign of #lo. */
export const FIELD_HI: number = FIRST_FORM;
export const FIELD_HA: number = FIRST_FORM + 1;
export const FIELD_HIGHER: number = FIRST_FORM + 2;
export const FIELD_HIGHERA: number = FIRST_FORM + 3;
export const FIELD_HIGHEST: number = FIRST_FORM + 4;
export const FIELD_HIGHESTA: number = FIRST_FORM + 5;
/** half16ds: the two low bits belong to the opcode. */
export const FIELD_DS: number = FIRST_FORM + 6;
export const FIELD_14: number = FIRST_FORM + 7;
/** The same with a prediction. */
export const FIELD_14_TAKEN: number = FIRST_FORM + 8;
export const FIELD_14_NOT_TAKEN: number = FIRST_FORM + 9;
export const FIELD_24: number = FIRST_FORM + 10;
/** A word of which the two low bits stay. */
export const FIELD_30: number = FIRST_FORM + 11;
/** addpcis. */
export const FIELD_DX_HA: number = FIRST_FORM + 12;
export const FIELD_34: number = FIRST_FORM + 13;
export const FIELD_HI30: number = FIRST_FORM + 14;
export const FIELD_HA30: number = FIRST_FORM + 15;
export const FIELD_28: number = FIRST_FORM + 16;
/** The halves above the 34 bits of a prefixed instruction. */
export const FIELD_HIGHER34: number = FIRST_FORM + 17;
export const FIELD_HIGHERA34: number = FIRST_FORM + 18;
export const FIELD_HIGHEST34: number = FIRST_FORM + 19;
export const FIELD_HIGHESTA34: number = FIRST_FORM + 20;

function half(name: string, from: number, rounding: number): PiecedForm {
  return piecedForm(name, 2, 16, [[0, 0, 16, from]], { shift: from, rounding });
}

/** GNU ld drops the low bits of where a branch goes without a word. */
function branch(name: string): PiecedForm {
  return piecedForm(name, 4, 14, [[0, 2, 14, 2]], { shift: 2, exact: false });
}

/** Of a prefixed instruction: 18 bits in the prefix, 16 in the instruction. */
function prefixed(name: string, shift: number, rounding: number, bits: number): PiecedForm {
  return piecedForm(
    name,
    8,
    bits,
    [
      [1, 0, 16, shift],
      [0, 0, bits - 16, shift + 16],
    ],
    { shift, rounding },
  );
}

const FORMS: readonly PiecedForm[] = [
  half("hi", 16, 0),
  half("ha", 16, 0x8000),
  half("higher", 32, 0),
  half("highera", 32, 0x8000),
  half("highest", 48, 0),
  half("highesta", 48, 0x8000),
  piecedForm("half16ds", 2, 14, [[0, 2, 14, 2]], { shift: 2 }),
  branch("low14"),
  branch("low14, taken"),
  branch("low14, not taken"),
  piecedForm("low24", 4, 24, [[0, 2, 24, 2]], { shift: 2, exact: false }),
  piecedForm("word30", 4, 30, [[0, 2, 30, 2]], { shift: 2, exact: false }),
  piecedForm(
    "DX, ha",
    4,
    16,
    [
      [0, 0, 1, 16],
      [0, 16, 5, 17],
      [0, 6, 10, 22],
    ],
    { shift: 16, rounding: 0x8000 },
  ),
  prefixed("prefix34", 0, 0, 34),
  prefixed("hi30", 34, 0, 30),
  prefixed("ha30", 34, 2 ** 33, 30),
  prefixed("prefix28", 0, 0, 28),
  half("higher34", 34, 0),
  half("highera34", 34, 2 ** 33),
  piecedForm("highest34", 2, 14, [[0, 0, 14, 50]], { shift: 50 }),
  piecedForm("highesta34", 2, 14, [[0, 0, 14, 50]], { shift: 50, rounding: 2 ** 33 }),
];

const PIECED = /* @__PURE__ */ piecedFields(FORMS);

export const PPC64LE_INSTRUCTIONS: InstructionFields = {
  forms: FORMS,
  read: PIECED.read,
  write(view, at, form, value) {
    // What is above the highest bit of 64 is 0.
    if (form === FIELD_HI30 || form === FIELD_HA30) PIECED.write(view, at, FIELD_34, 0);
    if (form === FIELD_HIGHEST34 || form === FIELD_HIGHESTA34) PIECED.write(view, at, FIELD_HI, 0);
    PIECED.write(view, at, form, value);
    if (form === FIELD_14_TAKEN) predict(view, at, 1);
    if (form === FIELD_14_NOT_TAKEN) predict(view, at, 0);
  },
};

/**
 * The hint of a conditional branch, in its BO field (Power ISA, "Branch Conditional", the "at" bits): t is the lowest bit, and a
 * says that t counts: bit 1 of 001at and 011at (a condition), bit 3 of 1a00t and 1a01t (CTR). Other branches have none.
 */
function predict(view: DataView, at: number, taken: 0 | 1): void {
  const word = view.getUint32(at, true);
  const bo = (word >>> 21) & 0x1f;
  const a = (bo & 0x14) === 0x04 ? 2 : (bo & 0x14) === 0x10 ? 8 : 0;
  if (a === 0) return;
  const hinted = (bo & ~1) | a | taken;
  view.setUint32(at, (word & ~(0x1f << 21)) | (hinted << 21), true);
}
