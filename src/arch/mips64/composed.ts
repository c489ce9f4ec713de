// An n64 relocation names up to three types (64-bit ELF Object File Specification, "Relocation"): the first has the symbol and the
// addend; each further one has the value before as its addend and no symbol. The last one says which field takes the value.

import type { RelocationType } from "../relocation.ts";
import { MIPS64_RELOCATIONS, R_MIPS_64, R_MIPS_NONE } from "./relocations.ts";

/**
 * The row that stands for all types of a number.
 * @param number the first type in the lowest byte, the others above  @returns undefined if one of them is none
 */
export function composedType(number: number): RelocationType | undefined {
  const types: RelocationType[] = [];
  for (const at of [0, 8, 16]) {
    const type = MIPS64_RELOCATIONS.types[(number >>> at) & 0xff];
    if (type === undefined || number >= 2 ** 24) return undefined;
    if (type.number !== R_MIPS_NONE) types.push(type);
  }
  const first = types.at(0);
  const last = types.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const formula = types.slice(1).reduce(applied, first.formula);
  const name = types.map((type) => type.name).join("/");
  return { ...last, number, name, expression: first.expression, formula };
}

/** The formula of a further type: S is 0, A what the one before computes. */
function applied(before: string, { number, formula }: RelocationType): string {
  if (number === R_MIPS_64) return before;
  const own = formula.replace(/^S \+ /, "").replace(/^S -/, "0 -");
  return own === "A" ? before : own.replace(/\bA\b/, /[ ]/.test(before) ? `(${before})` : before);
}
