// What is said of an instruction that the simulated processor does not have.

import { equal } from "node:assert/strict";
import { test } from "node:test";
import { missingText } from "../../src/explain/execute/missing.ts";

const said = (hex: string, mode: 64 | 32 = 64): string => missingText(Uint8Array.from(Buffer.from(hex, "hex")), mode);

const COMPILE = ": compile for x86-64-v2 at most (-march=x86-64-v2), or ask cpuid first";

test("an instruction of AVX or AVX-512 is told by its encoding", () => {
  equal(said("c5f458d0"), `is one of AVX, which this processor has not${COMPILE}`);
  equal(said("62f17c4858c1"), `is one of AVX-512, which this processor has not${COMPILE}`);
});

test("an instruction of a higher level is told by name", () => {
  equal(said("f30fb8c1"), "is popcnt of POPCNT, which this processor has not: run it with --cpu x86-64-v2");
  equal(said("c4e2f8f3c9"), "is blsr of BMI1, which this processor has not");
});

test("ud2 is where programs must not get to", () => {
  equal(said("0f0b"), "is ud2, which stands where a program must not get to");
});

test("bytes that are no instruction are just that; VEX is known in 32-bit mode too", () => {
  equal(said("ff", 32), "is none that the processor has");
  equal(said("c5f458d0", 32), `is one of AVX, which this processor has not${COMPILE}`);
});
