// What is known by name only.

import type { Handler } from "../machine/row.ts";
import { TRAP_UNDEFINED, trap } from "../machine/traps.ts";

/** What a row with `refused` does: ends the program, with its bytes, place and name. */
export const refuse: Handler = (cpu) => trap(cpu, TRAP_UNDEFINED);
