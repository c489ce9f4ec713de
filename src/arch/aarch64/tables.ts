// aarch64 as far as reading, explaining and loading go.

import type { MachineTables } from "../machine.ts";
import { AARCH64_OBJECTS } from "./entry.ts";
import { AARCH64_FACTS } from "./facts.ts";
import { AARCH64_INSTRUCTIONS } from "./instructions.ts";
import { AARCH64_RELOCATIONS } from "./relocations.ts";

export const AARCH64: MachineTables = {
  ...AARCH64_FACTS,
  relocations: AARCH64_RELOCATIONS,
  instructions: AARCH64_INSTRUCTIONS,
  objects: AARCH64_OBJECTS,
};
