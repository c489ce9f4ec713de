// Integer instructions.

import { callNear, jump, moveRm32 } from "./do-integer.ts";
import type { Row } from "./row.ts";

export const INTEGER_ROWS: readonly Row[] = [
  { code: "89", operands: "Ev,Gv", name: "mov", does: moveRm32, says: "copies {2} to {1}" },
  { code: "EB", operands: "Jb", name: "jmp", does: jump, ends: true, wide: true, says: "goes on at {1}" },
  { code: "E8", operands: "Jz", name: "call", does: callNear, ends: true, wide: true, says: "calls {1}" },
];
