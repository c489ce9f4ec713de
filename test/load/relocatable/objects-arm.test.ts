// Objects of arm at given bases: Arm and Thumb code, addends in instructions, and branches from one set to the other. GNU ld, told to
// put each section at the same address, judges the bytes.

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../../support/tools.ts";
import { likeGnuLdThere, place } from "../support/placed.ts";

const AS = "arm-linux-gnueabihf-as";
const LD = "arm-linux-gnueabihf-ld";

const MAIN = `
  .syntax unified
  .arch armv7-a
  .text
  .arm
  .global go
  .type go, %function
go:
  bl in_arm
  bl in_thumb
  blx in_thumb
  blne in_arm
  b in_arm
  movw r0, #:lower16:table + 8
  movt r0, #:upper16:table + 8
  movw r0, #:lower16:in_thumb
  movw r1, #:lower16:(table - 4 - .)
  movt r1, #:upper16:(table - 4 - .)
  .thumb
  .global here
  .type here, %function
  .thumb_func
here:
  bl in_thumb
  bl in_arm
  nop
  bl in_arm
  blx in_arm
  b.w in_thumb
  beq.w in_thumb
  movw r2, #:lower16:table
  movt r2, #:upper16:table
  .data
  .word go, here, in_thumb + 2, table - 12
  .word in_thumb - ., table - .
  .reloc ., R_ARM_PREL31, table
  .word 0x80000000
  .byte 0, small
  .hword small
`;
const OTHER = `
  .syntax unified
  .arch armv7-a
  .text
  .arm
  .global in_arm, in_thumb, table, small
  .type in_arm, %function
in_arm:
  bx lr
  .thumb
  .type in_thumb, %function
  .thumb_func
in_thumb:
  bx lr
  .data
  .balign 4
table:
  .word 1, 2, 3
  .set small, 0x7f
`;

test("arm: the bytes of placed objects are GNU ld's, in Arm and Thumb code", needs(AS, LD), () => {
  const placed = place(
    [AS],
    [
      [MAIN, 0x40_0000],
      [OTHER, 0x41_2340],
    ],
  );
  const { sections } = likeGnuLdThere(placed, [LD]);
  equal(sections, 4, "two of each");
});

test("arm: what branches cannot do, entries do that have a way in for either instruction set", needs(AS), () => {
  const far = 0x7000_0000;
  const text = `
    .syntax unified
    .arch armv7-a
    .text
    .arm
    b in_thumb
    bl in_thumb
    .thumb
    b.w in_arm
    bl in_thumb
  `;
  const { loaded } = place(
    [AS],
    [
      [text, 0x40_0000],
      [OTHER, far],
    ],
  );
  deepEqual(loaded.problems, []);
  const [object] = loaded.objects;
  const { got, gotAddress, plt, pltAddress } = object.slots;
  const code = new DataView(plt.buffer, plt.byteOffset, plt.length);
  const words = new DataView(got.buffer, got.byteOffset, got.length);
  // Each branch enters where its own instruction set goes on, or where it changes to.
  const taken = loaded.relocations.map(({ type, value = 0n, place: at }) => {
    const target = Number(value) + (type.name.includes("THM") ? 4 + at : 8 + at);
    const offset = (target & ~1) - pltAddress;
    const thumb = type.name === "R_ARM_THM_JUMP24";
    const arm = thumb ? offset + 4 : offset;
    if (thumb) deepEqual([code.getUint16(offset, true), code.getUint16(offset + 2, true)], [0x4778, 0xe7fd]);
    // ldr ip, [pc]; ldr pc, [ip]
    deepEqual([code.getUint32(arm, true), code.getUint32(arm + 4, true)], [0xe59f_c000, 0xe59c_f000]);
    return `${type.name} ${words.getUint32(code.getUint32(arm + 8, true) - gotAddress, true).toString(16)}`;
  });
  deepEqual(taken, [
    "R_ARM_JUMP24 70000005",
    "R_ARM_CALL 70000005",
    "R_ARM_THM_JUMP24 70000000",
    "R_ARM_THM_CALL 70000005",
  ]);
});
