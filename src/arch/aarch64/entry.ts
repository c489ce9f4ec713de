// Code that reaches any function through a word of the GOT, as entries of a PLT do (AAELF64; the form of GNU ld 2.40's):
//
//   adrp x16, slot   ldr x17, [x16, #lo12]   add x16, x16, #lo12   br x17

import type { ObjectRules, PltEntry } from "../machine.ts";
import { AARCH64_INSTRUCTIONS } from "./instructions.ts";
import {
  AARCH64_RELOCATIONS,
  R_AARCH64_ADD_ABS_LO12_NC,
  R_AARCH64_ADR_PREL_PG_HI21,
  R_AARCH64_CALL26,
  R_AARCH64_JUMP26,
  R_AARCH64_LDST64_ABS_LO12_NC,
} from "./relocations.ts";

const PAGE = 0x1000;

/** The instructions, and the relocation whose field each has. */
const CODE: readonly (readonly [word: number, type: number])[] = [
  [0x9000_0010, R_AARCH64_ADR_PREL_PG_HI21],
  [0xf940_0211, R_AARCH64_LDST64_ABS_LO12_NC],
  [0x9100_0210, R_AARCH64_ADD_ABS_LO12_NC],
];

const BR_X17 = 0xd61f_0220;

function writeEntry(image: DataView, { at, address, slot }: PltEntry): void {
  CODE.forEach(([word, type], i) => {
    const value = i === 0 ? slot - (slot % PAGE) - (address - (address % PAGE)) : slot % PAGE;
    image.setUint32(at + 4 * i, word, true);
    AARCH64_INSTRUCTIONS.write(image, at + 4 * i, AARCH64_RELOCATIONS.field[type], value);
  });
  image.setUint32(at + 12, BR_X17, true);
}

const NOP = 0xd503_201f;

/** AAELF64, "Call and Jump relocations": as a branch to the next instruction. */
function callNothing(code: DataView, at: number, type: number): boolean {
  if (type !== R_AARCH64_CALL26 && type !== R_AARCH64_JUMP26) return false;
  code.setUint32(at, NOP, true);
  return true;
}

export const AARCH64_OBJECTS: ObjectRules = {
  entry: { entryBytes: 16, writeEntry },
  gotWithoutBase: () => false,
  // As GNU ld has it (bfd/elfxx-aarch64.c, _bfd_aarch64_elf_resolve_relocation).
  weakAtPlace: true,
  callNothing,
};
