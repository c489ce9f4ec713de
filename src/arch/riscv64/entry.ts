// Code that reaches any function through a word of the GOT, as entries of a PLT do (RISC-V ELF psABI, "Procedure Linkage Table"):
//
//   auipc t3, slot   ld t3, lo(t3)   jalr t1, t3   nop

import type { ObjectRules, PltEntry } from "../machine.ts";
import { FIELD_I, FIELD_U, RISCV_INSTRUCTIONS } from "./instructions.ts";

const CODE: readonly number[] = [0x0000_0e17, 0x000e_3e03, 0x000e_0367, 0x0000_0013];

function writeEntry(image: DataView, { at, address, slot }: PltEntry): void {
  CODE.forEach((word, i) => {
    image.setUint32(at + 4 * i, word, true);
  });
  RISCV_INSTRUCTIONS.write(image, at, FIELD_U, slot - address);
  RISCV_INSTRUCTIONS.write(image, at + 4, FIELD_I, slot - address);
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
  fillNops,
};
