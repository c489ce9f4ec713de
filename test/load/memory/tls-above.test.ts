// TLS variant I: blocks above the thread pointer. The numbers were measured with glibc 2.36 under qemu: a program with `int a` and
// `int al64` of alignment 64, a library with `int libv` and `int libw` of alignment 32.

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { placeAbove } from "../../../src/load/tls/tls.ts";

const PROGRAM = { size: 8, align: 64, address: 0x1_0000 };
const LIBRARY = { size: 8, align: 32, address: 0x2_0000 };

test("the first block lies behind the thread control block, the next in the gap that alignment left", () => {
  deepEqual(placeAbove([PROGRAM, LIBRARY], 16).offsets, [64, 32], "aarch64");
  deepEqual(placeAbove([PROGRAM, LIBRARY], 8).offsets, [64, 32], "arm");
});

test("without a control block 0 is the first block's place, and the next follows", () => {
  deepEqual(placeAbove([PROGRAM, LIBRARY], 0).offsets, [0, 32], "riscv64");
});

test("a block whose image begins amid its alignment keeps that distance", () => {
  const { offsets, end } = placeAbove([{ size: 12, align: 16, address: 0x1004 }], 16);
  deepEqual([offsets, end], [[20], 32]);
});
