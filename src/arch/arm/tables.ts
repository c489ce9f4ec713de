// 32-bit Arm as far as it is read, explained and loaded.

import type { MachineTables } from "../machine.ts";
import { ARM_OBJECTS } from "./entry.ts";
import { ARM_FACTS } from "./facts.ts";
import { ARM_INSTRUCTIONS } from "./instructions.ts";
import { ARM_RELOCATIONS } from "./relocations.ts";

/** EF_ARM_* (ELF for the Arm Architecture, "ARM-specific e_flags"); the ABI's version is in the upper byte. */
const FLAGS: readonly (readonly [flag: number, name: string])[] = [
  [0x0080_0000, "BE8"],
  [0x0040_0000, "GCCMASK"],
  [0x0000_0400, "ABI_FLOAT_HARD"],
  [0x0000_0200, "ABI_FLOAT_SOFT"],
];

export const ARM: MachineTables = {
  ...ARM_FACTS,
  relocations: ARM_RELOCATIONS,
  instructions: ARM_INSTRUCTIONS,
  objects: ARM_OBJECTS,
  flagNames: (flags) => {
    const version = flags >>> 24;
    const names = FLAGS.filter(([flag]) => (flags & flag) !== 0).map(([, name]) => name);
    return version === 0 ? names : [`EABI_VER${version}`, ...names];
  },
};
