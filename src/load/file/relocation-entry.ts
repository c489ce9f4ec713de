// An entry of DT_REL or DT_RELA where it stands in the file: the one place that knows where its fields are in either class and
// byte order. Loops over a million entries call these with facts of the file that they have taken out before.

import { type ElfImage, EM_MIPS, manyTypesAt } from "../../elf/index.ts";
import { highHalf, lowHalf, word } from "../../elf/source.ts";

/** r_info's type. @param at file offset of the entry */
export function entryType(elf: ElfImage, at: number): number {
  if (elf.elfClass !== 64) return word(elf, at + 4) & 0xff;
  return elf.header.machine === EM_MIPS ? manyTypesAt(elf, at + 8) : lowHalf(elf, at + 8);
}

/** r_info's symbol. */
export function entrySymbol(elf: ElfImage, at: number): number {
  if (elf.elfClass !== 64) return word(elf, at + 4) >>> 8;
  return elf.header.machine === EM_MIPS ? word(elf, at + 8) : highHalf(elf, at + 8);
}

/** r_offset, exact up to 2^53. */
export function entryOffset(elf: ElfImage, at: number): number {
  return elf.elfClass === 64 ? highHalf(elf, at) * 0x1_0000_0000 + lowHalf(elf, at) : word(elf, at);
}

/** Lower 32 bits of r_addend, unsigned. The entry is a RELA's. */
export function entryAddendLow(elf: ElfImage, at: number): number {
  return elf.elfClass === 64 ? lowHalf(elf, at + 16) : word(elf, at + 8);
}

/** Upper 32 bits of r_addend, unsigned; 0 in ELF32. */
export function entryAddendHigh(elf: ElfImage, at: number): number {
  return elf.elfClass === 64 ? highHalf(elf, at + 16) : 0;
}
