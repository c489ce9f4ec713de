// What compilers make of C for each machine, at given bases: GNU ld, told to put each section at the same address, judges the bytes.
// Without PIC, so that nothing goes through a GOT, which each object has of its own here (GCC
// takes the addresses of weak names from there on aarch64; for ARMv6 GNU ld has another NOP in place of such a call).

import { ok } from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../../support/tools.ts";
import { likeGnuLdThere, place } from "../support/placed.ts";

/** Loads and stores of every size near and far, tables of jumps, strings and functions, calls both ways, a weak name of nobody. */
const MAIN = `
  extern char c; extern short s; extern int i; extern long l; extern float f; extern double d; typedef int four __attribute__((vector_size(16))); extern four v;
  extern int table[64]; int twice(int); void nobody(void) __attribute__((weak));
  static int counter; static const char *const names[] = { "zero", "one", "two" };
  int (*const functions[])(int) = { twice, twice }; int *inside = &table[5]; char *middle = &c + 3;
  int helper(int x) { return x * 3 + counter++; }
  int pick(int x) {
    switch (x) { case 0: return twice(1); case 1: return helper(2); case 2: return c; case 3: return s + 5; case 4: return i;
      case 5: return (int)l; case 6: return (int)f; case 7: return (int)d; case 8: return names[i & 1][0]; case 9: return v[2]; default: return -1; }
  }
  int go(int x) {
    c = (char)x; s = (short)x; i = x; l = x; f = (float)x; d = x; v += x; table[7] = x; table[x & 63] += pick(x);
    #ifndef NO_WEAK
    if (nobody) nobody();
    #endif
    for (int k = 0; k < 64; k++) counter += table[k] ^ functions[k & 1](k);
    return pick(counter);
  }
`;
const OTHER = `
  char c = 1; short s = 2; int i = 3; long l = 4; float f = 5; double d = 6; typedef int four __attribute__((vector_size(16))); four v = { 7, 8, 9 }; int table[64] = { 1, 2, 3 };
  int helper(int); static int depth; int twice(int x) { return depth++ ? 2 * x : helper(x) + table[x & 63]; }
`;

const COMPILE = ["-x", "c", "-c", "-fno-pie", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables"];

const ROWS: readonly (readonly [prefix: string, bases: readonly [number, number], ...flags: string[]])[] = [
  ["aarch64-linux-gnu-", [0x40_0000, 0x781_3000], "-O2", "-DNO_WEAK"],
  ["aarch64-linux-gnu-", [0x1_2345_6000, 0x1_2344_1000], "-Os", "-DNO_WEAK"],
  ["arm-linux-gnueabihf-", [0x40_0000, 0x48_1000], "-O2"],
  ["arm-linux-gnueabihf-", [0x48_1000, 0x40_0000], "-O2", "-marm"],
  ["arm-linux-gnueabihf-", [0x40_0000, 0x41_0000], "-Os", "-march=armv6+fp", "-marm", "-DNO_WEAK"],
  ["riscv64-linux-gnu-", [0x40_0000, 0x41_0000], "-O2"],
  ["riscv64-linux-gnu-", [0x7000_0000, 0x7abc_d000], "-O2", "-mcmodel=medany"],
];

for (const [prefix, [first, second], ...flags] of ROWS) {
  const [cc, ld] = [`${prefix}gcc`, `${prefix}ld`];
  test(`${prefix}gcc ${flags.join(" ")}: the bytes of compiled objects are GNU ld's`, needs(cc, ld), () => {
    const placed = place(
      [cc, ...COMPILE, ...flags],
      [
        [MAIN, first],
        [OTHER, second],
      ],
    );
    const options = prefix.startsWith("riscv") ? ["--no-relax"] : [];
    ok(likeGnuLdThere(placed, [ld, ...options]).sections >= 5);
  });
}

test(
  "aarch64: calls of a weak function that nobody defines go on behind",
  needs("aarch64-linux-gnu-as", "aarch64-linux-gnu-ld"),
  () => {
    const placed = place(["aarch64-linux-gnu-as"], [[".weak nobody\nbl nobody\nb nobody\n.xword nobody\n", 0x40_0000]]);
    likeGnuLdThere(placed, ["aarch64-linux-gnu-ld"]);
  },
);
