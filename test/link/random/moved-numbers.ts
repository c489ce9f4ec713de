// Numbers that GNU ld moves: it relocates the GOT slot of an object's absolute symbol in a PIE by the load address, so that the
// program finds another number each time. Here a number is what it is wherever the image is loaded (README.md).

import { run } from "../../support/run.ts";
import { which } from "../../support/tools.ts";
import { withoutHeadings } from "./headings.ts";

/** How many relative relocations of an output make an address of a number that its .symtab has. */
export function countMovedNumbers(path: string): number {
  const { stdout } = run(which("readelf") ?? "readelf", ["-rsW", "-x", ".got", path]);
  const numbers = new Set<number>();
  for (const [, value = ""] of stdout.matchAll(/: ([0-9a-f]+) +0 NOTYPE +\w+ +\w+ +ABS n\d/g))
    numbers.add(Number.parseInt(value, 16));
  const addends = [...stdout.matchAll(/ R_X86_64_RELATIVE +([0-9a-f]+)$/gm)].map(([, it = ""]) =>
    Number.parseInt(it, 16),
  );
  // i386 keeps it in the slot.
  const slots = wordsOf(stdout);
  for (const [, place = ""] of stdout.matchAll(/^([0-9a-f]{8}) +\w+ R_386_RELATIVE\b/gm))
    addends.push(slots.get(Number.parseInt(place, 16)) ?? Number.NaN);
  // As does what is packed (.relr.dyn), whose places readelf lists one a line.
  for (const [, place = ""] of stdout.matchAll(/^([0-9a-f]{8}|[0-9a-f]{16})$/gm))
    addends.push(slots.get(Number.parseInt(place, 16)) ?? Number.NaN);
  return addends.filter((it) => numbers.has(it)).length;
}

/** The words of a section by address, from readelf's lines of four: `  0x00003fd4 4fdc4000 …  O.@.`. */
function wordsOf(dump: string): Map<number, number> {
  const words = new Map<number, number>();
  for (const [, address = "", groups = ""] of dump.matchAll(/^ +0x([0-9a-f]+) ((?:[0-9a-f]{8} ){1,4})/gm)) {
    groups
      .trim()
      .split(" ")
      .forEach((group, i) => {
        const bytes = Buffer.from(group, "hex");
        words.set(Number.parseInt(address, 16) + 4 * i, bytes.readUInt32LE(0));
      });
  }
  return words;
}

/** Without as many of GNU ld's relocations as there are moved numbers, and without headings that are left without lines. */
export function withoutMoved(lines: readonly string[], count: number): string[] {
  let left = count;
  const packed = (side: string): number =>
    Number(lines.map((it) => new RegExp(`${side}: +\\.relr\\.dyn (\\d+) relative$`).exec(it)?.[1]).find(Boolean) ?? 0);
  const isPacked = packed("only GNU ld") - packed("only here") <= count;
  const isMoved = (line: string): boolean =>
    /only GNU ld: +\.rela?\.\w+ R_\w+_RELATIVE in \.got$/.test(line) && left-- > 0;
  const kept = lines.filter((line) => !isMoved(line) && !(isPacked && / +\.relr\.dyn \d+ relative$/.test(line)));
  // If there are none but those, only GNU ld counts them.
  const counts = left < count ? kept.filter((line) => !/only GNU ld: +RELA?COUNT$/.test(line)) : kept;
  return withoutHeadings(counts);
}
