// Machine code in words, by packages of WebAssembly that are loaded when somebody first asks: x86 by iced-x86, others by Capstone.

import type { Disassembler } from "../../explain/disassembly.ts";
import { capstoneInstructions } from "./capstone.ts";
import { capstoneKnows } from "./capstone-modes.ts";
import { type Iced, icedInstructions, x86Bits } from "./iced.ts";

/** x86 in AT&T syntax, as objdump prints it. No instructions where the package is not installed. */
export function nodeDisassembler(): Disassembler {
  let iced: Iced | undefined;
  return (code, address, machine, until) => {
    if (capstoneKnows(machine)) return capstoneInstructions(code, address, machine, until) ?? [];
    const bits = x86Bits(machine);
    if (bits === undefined) return [];
    iced ??= loadIced();
    return iced === undefined ? [] : icedInstructions(iced, code, address, bits, until);
  };
}

function loadIced(): Iced | undefined {
  try {
    return process.getBuiltinModule("node:module").createRequire(import.meta.url)("iced-x86") as Iced;
  } catch {
    return undefined;
  }
}
