// Code that reaches any function through a word of the GOT, as entries of a PLT do (RISC-V ELF psABI, "Procedure Linkage Table"):
//
//   auipc t3, slot   ld t3, lo(t3)   jalr t1, t3   nop

import type { ObjectRules, PltEntry } from "../machine.ts";
import { FIELD_I, FIELD_U, RISCV_INSTRUCTIONS } from "./instructions.ts";
import { R_RISCV_CALL, R_RISCV_CALL_PLT } from "./relocations.ts";

const CODE: readonly number[] = [0x0000_0e17, 0x000e_3e03, 0x000e_0367, 0x0000_0013];

function writeEntry(image: DataView, { at, address, slot }: PltEntry): void {
  CODE.forEach((word, i) => {
    image.setUint32(at + 4 * i, word, true);
  });
  RISCV_INSTRUCTIONS.write(image, at, FIELD_U, slot - address);
  RISCV_INSTRUCTIONS.write(image, at + 4, FIELD_I, slot - address);
}

/** Bits of the register that jalr adds to. */
const RS1 = 0xf_8000;

/** A call of address 0: auipc of nothing, and jalr from x0 (binutils bfd/elfnn-riscv.c). */
function callNothing(code: DataView, at: number, type: number): boolean {
  if (type !== R_RISCV_CALL && type !== R_RISCV_CALL_PLT) return false;
  RISCV_INSTRUCTIONS.write(code, at, FIELD_U, 0);
  RISCV_INSTRUCTIONS.write(code, at + 4, FIELD_I, 0);
  code.setUint32(at + 4, code.getUint32(at + 4, true) & ~RS1, true);
  return true;
}

/** Instructions of four bytes, and at the end one of two: there are no other lengths that alignment of code can want. */
function fillNops(code: Uint8Array, at: number, bytes: number): void {
  const view = new DataView(code.buffer, code.byteOffset, code.length);
  for (let next = at; next + 4 <= at + bytes; next += 4) view.setUint32(next, 0x13, true);
  if (bytes % 4 >= 2) view.setUint16(at + bytes - (bytes % 4), 1, true);
}

export const RISCV64_OBJECTS: ObjectRules = {
  entry: { entryBytes: 16, writeEntry },
  gotWithoutBase: () => false,
  callNothing,
  fillNops,
};
