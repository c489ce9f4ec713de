// Numbers that GNU ld moves: it relocates the GOT slot of an object's absolute symbol in a PIE by the load address, so that the
// program finds another number each time. Here a number is what it is wherever the image is loaded (README.md).

import { run } from "../../support/run.ts";
import { which } from "../../support/tools.ts";

/** How many relative relocations of an output make an address of a number that its .symtab has. */
export function countMovedNumbers(path: string): number {
  const { stdout } = run(which("readelf") ?? "readelf", ["-rsW", path]);
  const numbers = new Set<number>();
  for (const [, value = ""] of stdout.matchAll(/: ([0-9a-f]+) +0 NOTYPE +\w+ +\w+ +ABS n\d/g))
    numbers.add(Number.parseInt(value, 16));
  const relative = [...stdout.matchAll(/ R_X86_64_RELATIVE +([0-9a-f]+)$/gm)];
  return relative.filter(([, addend = ""]) => numbers.has(Number.parseInt(addend, 16))).length;
}

/** Without as many of GNU ld's relocations as there are moved numbers, and without the heading that is left without lines. */
export function withoutMoved(lines: readonly string[], count: number): string[] {
  let left = count;
  const kept = lines.filter(
    (line) => !(/only GNU ld: +\.rela\.\w+ R_X86_64_RELATIVE in \.got$/.test(line) && left-- > 0),
  );
  return kept.length === 1 && kept[0] === "relocations:" ? [] : kept;
}
