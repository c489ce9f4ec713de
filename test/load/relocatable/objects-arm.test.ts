// Objects of arm at given bases: Arm and Thumb code, addends in instructions, and branches from one set to the other. GNU ld, told to
// put each section at the same address, judges the bytes.

import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { runLoad } from "../../../src/cli/load/load.ts";
import { nodeFiles } from "../../../src/host/node-files.ts";
import { printed } from "../../support/io.ts";
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

/** Each counts the descriptor's offset from where lr or pc is then. */
const DESCRIPTOR_USERS = `
  .syntax unified
  .arch armv7-a
  .text
  .arm
  bl x(tlscall)
  .word x(tlsdesc) + 4
  add r0, pc, r0
  .word x(tlsdesc) + 4
  .thumb
  bl x(tlscall)
  .word x(tlsdesc) + 4 + 1
  nop
  add r0, pc
  .word x(tlsdesc) + 2 + 1
  .section .tdata, "awT"
  .word 0
  .type x, %object
  x: .word 5
`;

test("arm: calls of TLS descriptors go through code that calls the function behind the argument", needs(AS), () => {
  const { loaded } = place([AS], [[DESCRIPTOR_USERS, 0x40_0000]]);
  deepEqual(loaded.problems, []);
  const [{ sections, slots }] = loaded.objects;
  const text = sections.find((it) => it?.section.name === ".text")?.memory ?? new Uint8Array();
  const code = new DataView(text.buffer, text.byteOffset, text.length);
  const [call, descriptor] = ["tls-call", "tls-desc"].map((kind) => slots.entries.find((it) => it.kind === kind));
  // The thread pointer is 8 bytes before the block.
  deepEqual(descriptor?.words, [4 + 8, undefined]);
  const from = [0x40_0004, 0x40_0010, 0x40_0015, 0x40_001e].map(
    (counted, i) => counted + code.getUint32([4, 12, 20, 28][i], true),
  );
  deepEqual(
    from,
    Array.from({ length: 4 }, () => descriptor?.address),
  );
  const entry = (call?.address ?? 0) + 4;
  const plt = new DataView(slots.plt.buffer, slots.plt.byteOffset, slots.plt.length);
  // add r0, lr, r0; ldr r1, [r0, #4]; bx r1
  deepEqual(
    [0, 4, 8].map((at) => plt.getUint32(entry - slots.pltAddress + at, true)),
    [0xe08e_0000, 0xe590_1004, 0xe12f_ff11],
  );
  equal(0x40_0008 + ((code.getUint32(0, true) << 8) >> 6), entry);
  // blx, from the word that it is in.
  const low = code.getUint16(18, true);
  deepEqual([code.getUint16(16, true), low >>> 11], [0xf000, 0b11101]);
  equal(0x40_0014 + 2 * (low & 0x7ff), entry);
});

test("arm: the numbers that are shown of a branch through an entry add up", needs(AS), () => {
  const text = ".syntax unified\n.arch armv7-a\n.arm\nbl far\n.thumb\nnop\nbl far\nb.w far\nbl far\n";
  const far = ".arm\n.global far\n.type far, %function\nfar: bx lr\n";
  const { directory } = place(
    [AS],
    [
      [text, 0x40_0000],
      [far, 0x7000_0000],
    ],
  );
  const paths = ["0.o", "1.o"].map((name) => join(directory, name));
  const bases = ["--base", `${paths[0]}=0x400000`, "--base", `${paths[1]}=0x70000000`];
  const { out } = printed((io) => runLoad([...bases, ...paths], io, nodeFiles));
  const sums = [...out.matchAll(/(0x\w+) \(far@plt\) - (\w+) - (0x\w+) = (0x\w+)/g)].map((it) =>
    it.slice(1).map(Number),
  );
  equal(sums.length, 4);
  for (const [entry, less, at, sum] of sums) equal(entry - less - at, sum);
});

test(
  "arm: what is only done on a condition, and 1 added to functions of Thumb, as GNU ld has it",
  needs(AS, LD),
  () => {
    const text = `
    .syntax unified
    .arch armv7-a
    .weak nobody
    bleq nobody
    bne nobody
    bl nobody
    .word in_thumb + 1, in_thumb + 3, in_arm + 1
    .word in_thumb + 1 - .
    movw r0, #:lower16:in_thumb + 1
  `;
    likeGnuLdThere(
      place(
        [AS],
        [
          [text, 0x40_0000],
          [OTHER, 0x41_2340],
        ],
      ),
      [LD],
    );
  },
);
