// Libraries whose e_flags say another ABI are passed over by the loaders of some machines, as theirs under qemu-user do.

import { deepEqual } from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { needs } from "../../support/tools.ts";
import { agreeGuest } from "../judges/agree.ts";
import { GUESTS, type Guest } from "../judges/guest.ts";
import { guestTools, guestWorkshop } from "./workshop.ts";

/** Offset of e_flags in an ELF64 header. */
const FLAGS_AT = 48;

/** Machine, and flags: of a soft-float library, of one with function descriptors, of one that says nothing. */
const CASES: readonly (readonly [machine: string, flags: number, taken: boolean])[] = [
  ["riscv64", 1, false],
  ["ppc64le", 1, false],
  ["ppc64le", 0, true],
];

for (const [machine, flags, taken] of CASES) {
  const guest = GUESTS.find((it): it is Guest => it.machine === machine);
  if (guest === undefined) continue;
  const what = taken ? "is taken" : "is passed over";
  test(`${machine}: a library with the flags ${flags} ${what}`, needs(...guestTools(guest)), () => {
    const shop = guestWorkshop(guest);
    shop.library("a", "int one(void) { return 1; }");
    const program = shop.program("asks", "int one(void); int main(void) { return one() - 1; }", "-la");
    const bytes = readFileSync(join(shop.root, "w/liba.so"));
    bytes.writeUInt32LE(flags, FLAGS_AT);
    mkdirSync(join(shop.root, "x"));
    writeFileSync(join(shop.root, "x/liba.so"), bytes);
    const task = agreeGuest(program, { LD_LIBRARY_PATH: "/x" });
    const found = task.objects.find(({ name }) => name.endsWith("liba.so"))?.name;
    deepEqual(found, taken ? "/x/liba.so" : "/w/liba.so");
  });
}
