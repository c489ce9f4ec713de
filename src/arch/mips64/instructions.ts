// How instructions of MIPS, microMIPS and MIPS16e hold what relocations put there (MIPS Architecture for Programmers II, instruction
// formats). MIPS has little-endian words here; the two others have halfwords, the first of which is the upper one.

import type { InstructionFields, InstructionForm } from "../field.ts";
import { FIRST_FORM } from "../relocation.ts";

type Fact = readonly [name: string, kind: Kind, bits: number, shift: number, rounding?: number];

/** The word of MIPS, of microMIPS, of MIPS16e's JAL and EXTEND, and a halfword. */
type Kind = "word" | "halves" | "jal16" | "extend" | "half";

/** 16 bits; the same of bits 16-31, 32-47, 48-63, with what the signed ones below take or give. */
export const IMM16: number = FIRST_FORM;
export const HIGH16: number = FIRST_FORM + 1;
export const HIGHER16: number = FIRST_FORM + 2;
export const HIGHEST16: number = FIRST_FORM + 3;
export const TARGET26: number = FIRST_FORM + 4;
export const BRANCH16: number = FIRST_FORM + 5;
export const BRANCH21: number = FIRST_FORM + 6;
export const BRANCH26: number = FIRST_FORM + 7;
export const WORDS18: number = FIRST_FORM + 8;
export const WORDS19: number = FIRST_FORM + 9;
/** Bits 6-10 of a shift; the sixth one is bit 2. */
export const SHIFT5: number = FIRST_FORM + 10;
export const SHIFT6: number = FIRST_FORM + 11;
export const MICRO_IMM: number = FIRST_FORM + 12;
export const MICRO_HIGH: number = FIRST_FORM + 13;
export const MICRO_HIGHER: number = FIRST_FORM + 14;
export const MICRO_HIGHEST: number = FIRST_FORM + 15;
export const MICRO_TARGET: number = FIRST_FORM + 16;
export const MICRO_BRANCH7: number = FIRST_FORM + 17;
export const MICRO_BRANCH10: number = FIRST_FORM + 18;
export const MICRO_BRANCH16: number = FIRST_FORM + 19;
export const MICRO_GP7: number = FIRST_FORM + 20;
export const MICRO_PC23: number = FIRST_FORM + 21;
export const MIPS16_TARGET: number = FIRST_FORM + 22;
export const MIPS16_IMM: number = FIRST_FORM + 23;
export const MIPS16_HIGH: number = FIRST_FORM + 24;
export const MIPS16_BRANCH: number = FIRST_FORM + 25;

const FACTS: readonly Fact[] = [
  ["imm16", "word", 16, 0],
  ["imm16 (high)", "word", 16, 16, 0x8000],
  ["imm16 (higher)", "word", 16, 32, 0x8000_8000],
  ["imm16 (highest)", "word", 16, 48, 0x8000_8000_8000],
  ["target26", "word", 26, 2],
  ["offset16", "word", 16, 2],
  ["offset21", "word", 21, 2],
  ["offset26", "word", 26, 2],
  ["offset18", "word", 18, 3],
  ["offset19", "word", 19, 2],
  ["sa", "word", 5, 0],
  ["sa6", "word", 6, 0],
  ["imm16", "halves", 16, 0],
  ["imm16 (high)", "halves", 16, 16, 0x8000],
  ["imm16 (higher)", "halves", 16, 32, 0x8000_8000],
  ["imm16 (highest)", "halves", 16, 48, 0x8000_8000_8000],
  ["target26", "halves", 26, 1],
  ["offset7", "half", 7, 1],
  ["offset10", "half", 10, 1],
  ["offset16", "halves", 16, 1],
  ["offset7", "half", 7, 2],
  ["offset23", "halves", 23, 2],
  ["target26", "jal16", 26, 2],
  ["imm16", "extend", 16, 0],
  ["imm16 (high)", "extend", 16, 16, 0x8000],
  ["imm16", "extend", 16, 1],
];

/** Branches and loads that count words or more: what lies between cannot be said. */
const EXACT: ReadonlySet<number> = /* @__PURE__ */ new Set([
  TARGET26,
  BRANCH16,
  BRANCH21,
  BRANCH26,
  WORDS18,
  WORDS19,
  MICRO_TARGET,
  MICRO_BRANCH7,
  MICRO_BRANCH10,
  MICRO_BRANCH16,
  MIPS16_TARGET,
  MIPS16_BRANCH,
]);

const FORMS: readonly InstructionForm[] = /* @__PURE__ */ FACTS.map(([name, kind, bits, shift, rounding = 0], i) => {
  return { name, bytes: kind === "half" ? 2 : 4, bits, shift, exact: EXACT.has(FIRST_FORM + i), rounding };
});

const KINDS: readonly Kind[] = /* @__PURE__ */ FACTS.map(([, kind]) => kind);

export const MIPS_INSTRUCTIONS: InstructionFields = {
  forms: FORMS,
  read: (view, at, number) => {
    const { bits, shift, rounding } = FORMS[number - FIRST_FORM];
    const stored = readBits(view, at, number, bits);
    // Shifts and the target of a jump have no sign. What rounding added cannot be taken off: the bits below are another's.
    if (rounding !== 0 || isUnsigned(number)) return stored * 2 ** shift;
    return (stored >= 2 ** (bits - 1) ? stored - 2 ** bits : stored) * 2 ** shift;
  },
  write: (view, at, number, value) => {
    const { bits, shift, rounding } = FORMS[number - FIRST_FORM];
    const stored = Math.floor((value + rounding) / 2 ** shift) % 2 ** bits;
    writeBits(view, at, number, bits, stored < 0 ? stored + 2 ** bits : stored);
  },
};

function isUnsigned(number: number): boolean {
  return (
    number === TARGET26 || number === MICRO_TARGET || number === MIPS16_TARGET || number === MICRO_GP7 || isSa(number)
  );
}

function isSa(number: number): boolean {
  return number === SHIFT5 || number === SHIFT6;
}

function readWord(view: DataView, at: number, kind: Kind): number {
  if (kind === "word") return view.getUint32(at, true);
  if (kind === "half") return view.getUint16(at, true);
  return ((view.getUint16(at, true) << 16) | view.getUint16(at + 2, true)) >>> 0;
}

function writeWord(view: DataView, at: number, kind: Kind, word: number): void {
  if (kind === "word") {
    view.setUint32(at, word, true);
  } else if (kind === "half") {
    view.setUint16(at, word, true);
  } else {
    view.setUint16(at, word >>> 16, true);
    view.setUint16(at + 2, word & 0xffff, true);
  }
}

function readBits(view: DataView, at: number, number: number, bits: number): number {
  const kind = KINDS[number - FIRST_FORM];
  const word = readWord(view, at, kind);
  if (isSa(number)) return ((word >>> 6) & 0x1f) | (number === SHIFT6 ? (word & 4) << 3 : 0);
  // JAL: bits 16-20 of the target stand above bits 21-25.
  if (kind === "jal16") return (word & 0xffff) | ((word >>> 5) & 0x1f_0000) | ((word << 5) & 0x3e0_0000);
  // EXTEND: bits 5-10 of the number, then bits 11-15; bits 0-4 are in the instruction.
  if (kind === "extend") return (word & 0x1f) | ((word >>> 16) & 0x7e0) | ((word >>> 5) & 0xf800);
  return word & (2 ** bits - 1);
}

function writeBits(view: DataView, at: number, number: number, bits: number, value: number): void {
  const kind = KINDS[number - FIRST_FORM];
  const word = readWord(view, at, kind);
  writeWord(view, at, kind, merged(word, kind, number, bits, value));
}

function merged(word: number, kind: Kind, number: number, bits: number, value: number): number {
  if (isSa(number)) {
    const sixth = number === SHIFT6 ? 4 : 0;
    return (word & ~(0x7c0 | sixth)) | ((value & 0x1f) << 6) | ((value >>> 3) & sixth);
  }
  if (kind === "jal16") {
    return (word & 0xfc00_0000) | (value & 0xffff) | ((value & 0x1f_0000) << 5) | ((value & 0x3e0_0000) >>> 5);
  }
  if (kind === "extend") {
    return (word & 0xf800_ffe0) | (value & 0x1f) | ((value & 0x7e0) << 16) | ((value & 0xf800) << 5);
  }
  const mask = 2 ** bits - 1;
  return (word & ~mask) | (value & mask);
}
