// 64-bit RISC-V as far as reading, explaining and loading go.

import type { MachineTables } from "../machine.ts";
import { RISCV64_OBJECTS } from "./entry.ts";
import { RISCV64_FACTS } from "./facts.ts";
import { RISCV_INSTRUCTIONS } from "./instructions.ts";
import { RISCV_RELOCATIONS } from "./relocations.ts";

/** e_flags, RISC-V ELF psABI, "File Header". */
const EF_RISCV_RVC = 1;
const EF_RISCV_RVE = 8;
const EF_RISCV_TSO = 0x10;
/** Of the bits 6. */
const FLOAT_ABIS = ["FLOAT_ABI_SOFT", "FLOAT_ABI_SINGLE", "FLOAT_ABI_DOUBLE", "FLOAT_ABI_QUAD"];

export const RISCV64: MachineTables = {
  ...RISCV64_FACTS,
  relocations: RISCV_RELOCATIONS,
  instructions: RISCV_INSTRUCTIONS,
  objects: RISCV64_OBJECTS,
  flagNames(flags) {
    const names = [FLOAT_ABIS[(flags >> 1) & 3]];
    if (flags & EF_RISCV_RVC) names.unshift("RVC");
    if (flags & EF_RISCV_RVE) names.push("RVE");
    if (flags & EF_RISCV_TSO) names.push("TSO");
    return names;
  },
};
