// 64-bit LoongArch as far as reading, explaining and loading go.

import type { MachineTables } from "../machine.ts";
import { LOONGARCH64_FACTS } from "./facts.ts";
import { LOONGARCH_INSTRUCTIONS } from "./instructions.ts";
import { LOONGARCH_RELOCATIONS } from "./relocations.ts";

/** e_flags, LoongArch ELF psABI, "e_flags": which registers floating-point arguments have, and the version of relocations. */
const ABIS = ["", "ABI_SOFT_FLOAT", "ABI_SINGLE_FLOAT", "ABI_DOUBLE_FLOAT"];
const EF_LOONGARCH_OBJABI = 0xc0;

export const LOONGARCH64: MachineTables = {
  ...LOONGARCH64_FACTS,
  relocations: LOONGARCH_RELOCATIONS,
  instructions: LOONGARCH_INSTRUCTIONS,
  flagNames(flags) {
    const abi = ABIS[flags & 7] ?? "";
    const version = `OBJABI_V${(flags & EF_LOONGARCH_OBJABI) >> 6}`;
    return abi === "" ? [version] : [abi, version];
  },
};
