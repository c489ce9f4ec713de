// Random expressions of a script.

import type { Dice } from "../../../load/random/dice.ts";

export interface Scope {
  readonly roll: Dice;
  /** Output sections that stand in the script so far. */
  readonly sections: string[];
  /** What may be used in expressions: symbols of objects, and those assigned so far. */
  readonly symbols: string[];
  readonly regions: string[];
  /** In a section's braces. */
  readonly inside: boolean;
  readonly relocatable: boolean;
}

export function expression(scope: Scope, depth = 0): string {
  const { roll } = scope;
  if (depth < 2 && roll.oneIn(4)) {
    const [left, right] = [expression(scope, depth + 1), expression(scope, depth + 1)];
    return roll.pick([
      `${left} + ${right}`,
      `${left} - ${right}`,
      `(${left} & 0xfff) * 2`,
      `${left} > ${right} ? ${left} : ${right}`,
      `MAX(${left}, ${right})`,
      `MIN(${left}, ${right})`,
      `(${left}) / 2`,
      `ABSOLUTE(${left})`,
      `ALIGN(${left}, 16)`,
      `~(${left})`,
      `-(${left})`,
    ]);
  }
  return leaf(scope);
}

function leaf({ roll, sections, symbols, regions }: Scope): string {
  switch (roll.below(12)) {
    case 0:
    case 1:
    case 2:
      return roll.pick([".", ".", ". + 4", ". - 1", "(. & 0xff)"]);
    case 3:
    case 4:
      return roll.pick(["0x10", "3", "0x1000", "8"]);
    case 5:
    case 6:
      return symbols.length === 0 ? "1" : roll.pick(symbols);
    case 7:
    case 8: {
      const name = sections.length === 0 ? undefined : roll.pick(sections);
      return name === undefined ? "2" : `${roll.pick(["ADDR", "SIZEOF", "LOADADDR", "ALIGNOF", "SIZEOF"])}(${name})`;
    }
    case 9:
      return roll.pick([
        "ALIGN(16)",
        "ALIGN(0x100)",
        "DEFINED(late)",
        "DEFINED(sym_a) ? 1 : 2",
        "CONSTANT(COMMONPAGESIZE)",
        "LOG2CEIL(100)",
      ]);
    case 10:
      return regions.length === 0 ? "SIZEOF_HEADERS" : `${roll.pick(["ORIGIN", "LENGTH"])}(${roll.pick(regions)})`;
    default:
      return roll
        .pick(['SEGMENT_START("data-segment", 0x4000)', "NEXT(0x100)", "late_one", "_start"])
        .replace("late_one", "d1");
  }
}
