// s390x as far as it is read, explained and loaded.

import type { MachineTables } from "../machine.ts";
import { S390X_FACTS } from "./facts.ts";
import { S390X_INSTRUCTIONS } from "./instructions.ts";
import { S390X_RELOCATIONS } from "./relocations.ts";

export const S390X: MachineTables = {
  ...S390X_FACTS,
  relocations: S390X_RELOCATIONS,
  instructions: S390X_INSTRUCTIONS,
  // EF_S390_HIGH_GPRS: 31-bit code that uses the upper halves of registers.
  flagNames: (flags) => ((flags & 1) === 0 ? [] : ["HIGH_GPRS"]),
};
