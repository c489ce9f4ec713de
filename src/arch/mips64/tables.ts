// mips64el as far as it is read, explained and loaded.

import type { MachineTables } from "../machine.ts";
import { composedType } from "./composed.ts";
import { MIPS64_FACTS } from "./facts.ts";
import { MIPS_INSTRUCTIONS } from "./instructions.ts";
import { MIPS64_RELOCATIONS } from "./relocations.ts";

/** EF_MIPS_* (MIPS supplement, 64-bit ELF Object File Specification, binutils' elf/mips.h). */
const FLAGS: readonly (readonly [flag: number, name: string])[] = [
  [1, "NOREORDER"],
  [2, "PIC"],
  [4, "CPIC"],
  [8, "XGOT"],
  [0x10, "UCODE"],
  [0x20, "ABI2"],
  [0x80, "OPTIONS_FIRST"],
  [0x100, "32BITMODE"],
  [0x200, "FP64"],
  [0x400, "NAN2008"],
  [0x200_0000, "MICROMIPS"],
  [0x400_0000, "ARCH_ASE_M16"],
  [0x800_0000, "ARCH_ASE_MDMX"],
];

/** Bits 28-31. */
const ARCHITECTURES = ["1", "2", "3", "4", "5", "32", "64", "32R2", "64R2", "32R6", "64R6"];

/** Bits 12-15. */
const ABIS = ["", "O32", "O64", "EABI32", "EABI64"];

export const MIPS64: MachineTables = {
  ...MIPS64_FACTS,
  relocations: MIPS64_RELOCATIONS,
  composed: composedType,
  instructions: MIPS_INSTRUCTIONS,
  flagNames: (flags) => {
    const architecture = ARCHITECTURES.at(flags >>> 28);
    const abi = ABIS[(flags >>> 12) & 0xf];
    return [
      ...(architecture === undefined ? [] : [`ARCH_${architecture}`]),
      ...(abi === undefined || abi === "" ? [] : [`ABI_${abi}`]),
      ...FLAGS.filter(([flag]) => (flags & flag) !== 0).map(([, name]) => name),
    ];
  },
};
