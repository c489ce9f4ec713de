// Code that was not made to be shared, in libraries: ld.so completes the instructions. On ppc64le these are the halves of addresses;
// on arm the branch of old objects, which no linker leaves any more, so that words are made into it.

import { deepEqual, ok } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DT_REL, DT_RELSZ, parseElfImage, rangeAtAddress } from "../../../src/elf/index.ts";
import { readDynamicFile } from "../../../src/load/file/dynamic-file.ts";
import { processMemory } from "../../../src/load/index.ts";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { agreeGuest } from "../judges/agree.ts";
import { GUESTS } from "../judges/guest.ts";
import { loaded } from "../judges/reality.ts";
import { guestTools, guestWorkshop } from "./workshop.ts";

const assembler = (text: string): string =>
  text
    .trim()
    .split(/\n\s*/)
    .map((line) => `__asm__("${line}");\n`)
    .join("");

const HALVES = `
  .globl data, counter
  .weak nobody
  lis 3, data@highest
  ori 3, 3, data@higher
  oris 3, 3, data@high
  ori 3, 3, data@l
  lis 4, data@highesta
  addi 4, 4, data@highera
  addis 4, 4, data@higha + 0x7fff
  ld 5, data@l(4)
  ba nobody
  bca- 12, 2, nobody
  bca+ 4, 2, nobody
  bcla+ 16, 0, nobody
  lis 6, nobody@ha
  lis 6, nobody@h
  li 6, nobody
  addis 7, 13, counter@tprel@ha
  addi 7, 7, counter@tprel@l
  ld 8, counter@tprel@l(7)
  lis 9, counter@tprel@high
  addis 9, 9, counter@tprel@highesta
  addi 9, 9, counter@tprel@higher
  addi 9, 13, counter@tprel
  ld 9, counter@tprel(13)
  lis 9, counter@tprel@h
  lis 9, counter@tprel@higha
  addi 9, 9, counter@tprel@highera
  addi 9, 9, counter@tprel@highest
  ld 6, nobody(6)
  .reloc ., R_PPC64_ADDR14_BRTAKEN, nobody
  bc 12, 2, . + 8
  .reloc ., R_PPC64_ADDR14_BRNTAKEN, nobody
  bc 4, 2, . + 8
  .reloc ., R_PPC64_ADDR14_BRTAKEN, nobody
  bc 16, 0, . + 8
  .reloc . + 1, R_PPC64_UADDR16, nobody
  .long 7
  .balign 8
`;

/** All of ld.so's but ADDR30, which GNU as does not know. */
const TYPES: readonly string[] = (
  "ADDR14 ADDR14_BRNTAKEN ADDR14_BRTAKEN ADDR16 ADDR16_DS ADDR16_HA ADDR16_HI ADDR16_HIGH ADDR16_HIGHA ADDR16_HIGHER ADDR16_HIGHERA " +
  "ADDR16_HIGHEST ADDR16_HIGHESTA ADDR16_LO ADDR16_LO_DS ADDR24 TPREL16 TPREL16_DS TPREL16_HA TPREL16_HI TPREL16_HIGH " +
  "TPREL16_HIGHA TPREL16_HIGHER TPREL16_HIGHERA TPREL16_HIGHEST TPREL16_HIGHESTA TPREL16_LO TPREL16_LO_DS UADDR16"
).split(" ");

const USER = "extern int used(void); int main(void) { return used() - 1; }";

const [ppc64le] = GUESTS.filter(({ machine }) => machine === "ppc64le");
test("ppc64le: halves of addresses and of offsets from the thread pointer", needs(...guestTools(ppc64le)), () => {
  const shop = guestWorkshop(ppc64le);
  const data = "long data[3] = { 1, 2, 3 }; __thread long counter = 4; int used(void) { return 1; }";
  shop.library("halves", `${data}\n${assembler(`.text\n${HALVES}`)}`, "-Wl,-z,notext", "-Wl,--warn-unresolved-symbols");
  const task = agreeGuest(shop.program("halves", USER, "-lhalves"), { LD_BIND_NOW: "1" });
  deepEqual(task.problems, []);
  const types = tool("powerpc64le-linux-gnu-readelf", ["-rW", join(shop.root, "w/libhalves.so")]);
  const found = new Set(types.match(/(?<=R_PPC64_)U?(ADDR|TPREL)(14|16|24)\w*/g));
  deepEqual([...found].sort(), [...TYPES].sort());
});

const [arm] = GUESTS.filter(({ machine }) => machine === "arm");
test("arm: branches of old objects, forwards, backwards and with an addend", needs(...guestTools(arm)), () => {
  const shop = guestWorkshop(arm);
  const source = `int used(void) { return 1; } int other(void) { return 2; }
    ${assembler('.section .old,\\"awx\\"\n.word used, other, used + 4, other')}`;
  const path = join(shop.root, shop.library("old", source));
  const bytes = readFileSync(path);
  const elf = parseElfImage(bytes, path, () => {});
  ok(elf !== undefined);
  const { values } = readDynamicFile(elf, path, path);
  const table = rangeAtAddress(elf, values.get(DT_REL) ?? 0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  // ARM's bl with addends of -8, 0 and the furthest that still reach; a conditional one.
  const instructions = [0xeb00_0000 | 0xff_fffe, 0xea00_0000, 0x0a7f_0000, 0xeb80_4000];
  let made = 0;
  for (let at = table?.start ?? 0; at < (table?.start ?? 0) + (values.get(DT_RELSZ) ?? 0); at += 8) {
    if (view.getUint32(at + 4, true) % 256 !== 2 || made === 4) continue;
    view.setUint8(at + 4, 1);
    const site = rangeAtAddress(elf, view.getUint32(at, true));
    view.setUint32(site?.start ?? 0, instructions[made++] >>> 0, true);
  }
  deepEqual(made, 4);
  writeFileSync(path, bytes);
  const task = agreeGuest(shop.program("old", USER, "-lold"), { LD_BIND_NOW: "1" });
  deepEqual(task.problems, []);
});

test("arm: a branch that does not reach is told, and left alone", needs(...guestTools(arm)), () => {
  const shop = guestWorkshop(arm);
  const source = `int used(void) { return 1; } ${assembler('.section .old,\\"awx\\"\n.word nobody\n.weak nobody')}`;
  const path = join(shop.root, shop.library("far", source));
  const bytes = readFileSync(path);
  const elf = parseElfImage(bytes, path, () => {});
  ok(elf !== undefined);
  const table = rangeAtAddress(elf, readDynamicFile(elf, path, path).values.get(DT_REL) ?? 0);
  for (let at = table?.start ?? 0; at < (table?.end ?? 0); at += 8) if (bytes[at + 4] === 2) bytes[at + 4] = 1;
  writeFileSync(path, bytes);
  const task = loaded(shop.program("far", USER, "-lfar"));
  processMemory(task);
  const told = task.problems.map(({ code, details }) => `${code} ${details.relocation}`);
  ok(told.includes("relocation-does-not-fit R_ARM_PC24"), told.join());
});
