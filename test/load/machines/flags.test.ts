// Libraries whose e_flags say another ABI are passed over by the loaders of some machines, as theirs under qemu-user do.

import { deepEqual } from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { needs } from "../../support/tools.ts";
import { agreeGuest } from "../judges/agree.ts";
import { GUESTS, type Guest } from "../judges/guest.ts";
import { guestTools, guestWorkshop } from "./workshop.ts";

/** Offset of e_flags in the header of an ELF32 and an ELF64 file. */
const FLAGS_AT: Readonly<Record<number, number>> = { 1: 36, 2: 48 };

/** Machine, and flags: of a library for another float ABI, of one with function descriptors, of one that says nothing. */
const CASES: readonly (readonly [machine: string, flags: number, taken: boolean])[] = [
  ["riscv64", 1, false],
  ["ppc64le", 1, false],
  ["ppc64le", 0, true],
  ["arm", 0x500_0200, false],
  ["arm", 0x500_0000, true],
  ["arm", 0x400_0200, true],
  ["armel", 0x500_0400, false],
];

for (const [machine, flags, taken] of CASES) {
  const guest = GUESTS.find((it): it is Guest => it.machine === machine);
  if (guest === undefined) continue;
  const what = taken ? "is taken" : "is passed over";
  test(`${machine}: a library with the flags 0x${flags.toString(16)} ${what}`, needs(...guestTools(guest)), () => {
    const shop = guestWorkshop(guest);
    shop.library("a", "int one(void) { return 1; }");
    const program = shop.program("asks", "int one(void); int main(void) { return one() - 1; }", "-la");
    const bytes = readFileSync(join(shop.root, "w/liba.so"));
    bytes.writeUInt32LE(flags, FLAGS_AT[bytes[4]]);
    // A directory that this machine has too: qemu 7.2 does not look for it in the root when asked by statx, as 32-bit programs do.
    mkdirSync(join(shop.root, "tmp"));
    writeFileSync(join(shop.root, "tmp/liba.so"), bytes);
    const task = agreeGuest(program, { LD_LIBRARY_PATH: "/tmp" });
    const found = task.objects.find(({ name }) => name.endsWith("liba.so"))?.name;
    deepEqual(found, taken ? "/tmp/liba.so" : "/w/liba.so");
  });
}
