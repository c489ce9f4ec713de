// What a library's header says of its ABI: e_flags, e_ident, and segments. Another one's is passed over by the loaders of some machines, or
// ends the search, as theirs under qemu-user do.

import { deepEqual, match, ok } from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseElf } from "../../../src/elf/index.ts";
import { needs } from "../../support/tools.ts";
import { agreeGuest } from "../judges/agree.ts";
import { GUESTS, type Guest } from "../judges/guest.ts";
import { forgetFiles, loaded, runProgram } from "../judges/reality.ts";
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
  // N64 PIC CPIC of MIPS64r2; NaN of 2008, FP64.
  ["mips64el", 0x8000_0407, false],
  ["mips64el", 0x8000_0207, false],
];

function guestOf(machine: string): Guest {
  const guest = GUESTS.find((it) => it.machine === machine);
  ok(guest !== undefined);
  return guest;
}

const MIPS = guestOf("mips64el");
const PT_MIPS_ABIFLAGS = 0x7000_0003;

for (const [machine, flags, taken] of CASES) {
  const guest = guestOf(machine);
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

/** PT_MIPS_ABIFLAGS: fp_abi, and whether the library is taken. */
const FLOATS: readonly (readonly [abi: number, taken: boolean])[] = [
  [0, true],
  [2, false],
  [3, false],
  [5, true],
  [6, false],
  [9, false],
];

test("mips64el: a library with floating-point code of another ABI is passed over", needs(...guestTools(MIPS)), () => {
  const shop = guestWorkshop(MIPS);
  shop.library("a", "int one(void) { return 1; }");
  const program = shop.program("asks", "int one(void); int main(void) { return one() - 1; }", "-la");
  mkdirSync(join(shop.root, "tmp"));
  for (const [abi, taken] of FLOATS) {
    const bytes = readFileSync(join(shop.root, "w/liba.so"));
    const at =
      parseElf(bytes, "liba.so", () => {})?.segments.find(({ type }) => type === PT_MIPS_ABIFLAGS)?.offset ?? 0;
    bytes[at + 7] = abi;
    writeFileSync(join(shop.root, "tmp/liba.so"), bytes);
    const task = agreeGuest(program, { LD_LIBRARY_PATH: "/tmp" });
    const found = task.objects.find(({ name }) => name.endsWith("liba.so"))?.name;
    deepEqual(found, taken ? "/tmp/liba.so" : "/w/liba.so", `fp_abi ${abi}`);
  }
});

/** EI_OSABI and EI_ABIVERSION of a library. */
const IDENTITIES: readonly (readonly [machine: string, osAbi: number, version: number, taken: boolean])[] = [
  ["mips64el", 0, 5, true],
  ["mips64el", 0, 6, false],
  ["aarch64", 3, 2, true],
  ["aarch64", 3, 3, false],
  ["riscv64", 3, 3, true],
  ["ppc64le", 3, 3, true],
  ["s390x", 3, 3, false],
  ["arm", 64, 0, true],
  ["arm", 97, 0, false],
];

for (const [machine, osAbi, version, taken] of IDENTITIES) {
  const guest = guestOf(machine);
  const what = `a library of the OS ABI ${osAbi}, version ${version}, ${taken ? "is taken" : "ends the search"}`;
  test(`${machine}: ${what}`, needs(...guestTools(guest)), () => {
    const shop = guestWorkshop(guest);
    const path = join(shop.root, shop.library("a", "int one(void) { return 1; }"));
    const program = shop.program("asks", "int one(void); int main(void) { return one() - 1; }", "-la");
    const bytes = readFileSync(path);
    bytes[7] = osAbi;
    bytes[8] = version;
    writeFileSync(path, bytes);
    if (taken) agreeGuest(program);
    else {
      forgetFiles();
      const { exitCode, messages } = loaded(program);
      const { status, stderr } = runProgram(program, {});
      deepEqual([exitCode, messages.map(({ text }) => `${text}\n`).join("")], [status, stderr]);
      match(stderr, /ELF file (OS ABI|ABI version) invalid/);
    }
  });
}
