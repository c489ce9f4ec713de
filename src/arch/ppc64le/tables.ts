// 64-bit PowerPC, little-endian (ELFv2), as far as reading, explaining and loading go.

import type { MachineTables } from "../machine.ts";
import { PPC64LE_FACTS } from "./facts.ts";
import { PPC64LE_INSTRUCTIONS } from "./instructions.ts";
import { PPC64_RELOCATIONS } from "./relocations.ts";

/** e_flags, ELFv2 psABI, "ELF Header": 0 says nothing, 1 has function descriptors, 2 local entries. */
const EF_PPC64_ABI = 3;

export const PPC64LE: MachineTables = {
  ...PPC64LE_FACTS,
  relocations: PPC64_RELOCATIONS,
  instructions: PPC64LE_INSTRUCTIONS,
  flagNames(flags) {
    const abi = flags & EF_PPC64_ABI;
    return abi === 0 ? [] : [`ABI_V${abi}`];
  },
};
