// What the loader asserts of the form and the size of relocations as soon as it has mapped an object: RELA alone on most 64-bit machines, REL
// or RELA on the others.

import { deepEqual, equal } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DT_PLTREL, DT_REL, DT_RELA, DT_RELAENT, DT_RELENT, PT_DYNAMIC, parseElf } from "../../../src/elf/index.ts";
import { needs } from "../../support/tools.ts";
import { GUESTS } from "../judges/guest.ts";
import { forgetFiles, loaded, runProgram } from "../judges/reality.ts";
import { guestTools, guestWorkshop } from "./workshop.ts";

/** Gives an entry of the dynamic section another value. */
function change(path: string, tag: number, value: number): void {
  const bytes = readFileSync(path);
  const elf = parseElf(bytes, path, () => {});
  const dynamic = elf?.segments.find(({ type }) => type === PT_DYNAMIC);
  const word = elf?.elfClass === 64 ? 8 : 4;
  const low = elf?.littleEndian === false ? word - 4 : 0;
  const little = low === 0;
  const read = (at: number): number => (little ? bytes.readUInt32LE(at + low) : bytes.readUInt32BE(at + low));
  let at = dynamic?.offset ?? 0;
  while (read(at) !== tag) at += 2 * word;
  if (little) bytes.writeUInt32LE(value, at + word + low);
  else bytes.writeUInt32BE(value, at + word + low);
  writeFileSync(path, bytes);
}

const CASES: readonly (readonly [machine: string, of: "library" | "program", tag: number, value: number])[] = [
  ["aarch64", "library", DT_PLTREL, DT_REL],
  ["aarch64", "program", DT_PLTREL, DT_REL],
  ["aarch64", "library", DT_RELAENT, 7],
  ["riscv64", "library", DT_PLTREL, DT_REL],
  ["s390x", "library", DT_PLTREL, DT_REL],
  ["arm", "library", DT_PLTREL, DT_RELA + 2],
  ["arm", "library", DT_RELENT, 12],
  ["mips64el", "library", DT_RELENT, 24],
];

for (const guest of GUESTS) {
  for (const [, of, tag, value] of CASES.filter(([machine]) => machine === guest.machine)) {
    test(`${guest.machine}: ${value} for the dynamic tag ${tag} of a ${of}`, needs(...guestTools(guest)), () => {
      const shop = guestWorkshop(guest);
      const source = "int puts(const char *); int *(*get)(void); int one(void) { return puts((char *)&get); }";
      const library = shop.library("a", source, "-Wl,-z,lazy");
      const program = shop.program("asks", "int one(void); int main(void) { return one() - 1; }", "-la");
      change(join(shop.root, of === "library" ? library : program), tag, value);
      forgetFiles();
      const task = loaded(program);
      const real = runProgram(program, {});
      equal(real.status, 127);
      deepEqual([task.exitCode, task.messages.map(({ text }) => `${text}\n`).join("")], [127, real.stderr]);
    });
  }
}
