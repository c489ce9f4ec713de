// Objects of riscv64 at given bases: high and low parts matched by labels, differences that relocations add up, NOPs that alignment
// does not want. GNU ld, told to put each section at the same address and to relax nothing, judges the bytes.

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { likeGnuLdThere, place } from "../support/placed.ts";

const AS = "riscv64-linux-gnu-as";
const LD = "riscv64-linux-gnu-ld";

const MAIN = `
  .text
  .global go
  .type go, @function
go:
  addi sp, sp, -16
  lla a0, table
  lla a1, table + 8
  ld a2, table
  sd a2, table + 8, t0
  lui a3, %hi(number)
  addi a3, a3, %lo(number)
  sw a3, %lo(number)(a4)
  call twice
  beq a0, a1, near
  c.beqz a0, near
  bnez a0, far
  tail twice
near:
  c.nop
  .balign 64
looped:
  addi a0, a0, -1
  bnez a0, looped
  c.j near
  .balign 16
far:
  j go
  ret
  .size go, . - go
  .data
  .dword go, twice + 4, far
  .word twice - go, looped - near
  .half far - looped
  .byte far - looped
  .balign 4
  .word go - .
`;
const OTHER = `
  .text
  c.nop
  .balign 8
  .global twice
twice:
  add a0, a0, a0
  ret
  .data
  .balign 8
  .global table
table:
  .dword 1, 2
  .global number
  .set number, 0x12345678
`;

test("riscv64: the bytes of placed objects are GNU ld's, NOPs for alignment included", needs(AS, LD), () => {
  const placed = place(
    [AS, "-march=rv64gc"],
    [
      [MAIN, 0x40_0002],
      [OTHER, 0x81_2346],
    ],
  );
  const { sections, path } = likeGnuLdThere(placed, [LD, "--no-relax"]);
  equal(sections, 4, "two of each");
  const symbols = tool("readelf", ["-sW", path]);
  const [, value, size] = /: ([0-9a-f]+)\s+(\d+) FUNC .* go$/m.exec(symbols) ?? [];
  const go = placed.loaded.globals.find(({ name }) => name === "go")?.value;
  deepEqual([go?.address, go?.size], [Number.parseInt(value ?? "", 16), Number(size)], "go has shrunk with its NOPs");
});

test("riscv64: a call out of reach goes through an entry, and a GOT load to its word", needs(AS), () => {
  const far = 0x12_3450_0000;
  const { loaded } = place(
    [AS, "-march=rv64gc"],
    [
      [".text\n.option pic\n.global go\ngo: call twice\nla a0, table\n", 0x40_0000],
      [OTHER, far],
    ],
  );
  deepEqual(loaded.problems, []);
  const [object] = loaded.objects;
  const { gotAddress, got, pltAddress } = object.slots;
  const call = loaded.relocations.find(({ type }) => /CALL/.test(type.name));
  equal(call?.value, BigInt(pltAddress - 0x40_0000));
  const word = (address: number): bigint =>
    new DataView(got.buffer, got.byteOffset).getBigUint64(address - gotAddress, true);
  const [entry, slot] = ["plt", "got"].map((kind) => object.slots.entries.find((it) => it.kind === kind));
  deepEqual(entry?.words, [far + 8], "twice stands behind a NOP and what aligns it");
  equal(word(slot?.address ?? 0), BigInt(slot?.words[0] ?? 0));
});
