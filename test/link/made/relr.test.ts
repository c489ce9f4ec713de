// .relr.dyn: what is packed is read back, and GNU ld packs it into the same words.

import { deepEqual, equal, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { readRelr } from "../../../src/elf/relocations.ts";
import { elfSource } from "../../../src/elf/source.ts";
import { encodeRelr } from "../../../src/link/made/relr.ts";
import { scratch } from "../../support/build.ts";
import { tool } from "../../support/run.ts";
import { readSections, sectionBytes } from "../../support/sections.ts";
import { needs } from "../../support/tools.ts";

const encode = (addresses: readonly number[], wordBytes: 4 | 8, atLeast = 0): Uint8Array =>
  encodeRelr(Float64Array.from(addresses), addresses.length, wordBytes, atLeast);

const words32 = (bytes: Uint8Array): number[] => [...new Uint32Array(bytes.buffer)];
const words64 = (bytes: Uint8Array): bigint[] => [...new BigUint64Array(bytes.buffer)];

/** The reader wants a file that has room for every relocated word. */
function decode(bytes: Uint8Array, wordBytes: 4 | 8): number[] {
  const file = new Uint8Array(bytes.length * 100);
  file.set(bytes);
  const problems: unknown[] = [];
  const source = elfSource(file, wordBytes === 8 ? 64 : 32, true);
  const addresses = readRelr(source, { start: 0, end: bytes.length }, {}, (problem) => problems.push(problem));
  deepEqual(problems, []);
  return [...addresses];
}

test("an address stands for itself, and a bitmap for the words after it", () => {
  deepEqual(words64(encode([0x1000], 8)), [0x1000n]);
  deepEqual(words64(encode([0x1000, 0x1008, 0x1018], 8)), [0x1000n, 0b1011n]);
  deepEqual(words32(encode([0x1000, 0x1004, 0x100c], 4)), [0x1000, 0b1011]);
});

test("a bitmap covers 63 words, or 31, and the next one goes on from there", () => {
  deepEqual(words64(encode([0, 63 * 8, 64 * 8], 8)), [0n, (1n << 63n) | 1n, 0b11n]);
  deepEqual(words64(encode([0, 64 * 8], 8)), [0n, 64n * 8n]);
  deepEqual(words32(encode([0, 31 * 4, 32 * 4], 4)), [0, 0x80000001, 0b11]);
});

test("what is not a whole number of words away begins anew", () => {
  deepEqual(words64(encode([0x1000, 0x100a, 0x1012], 8)), [0x1000n, 0x100an, 0b11n]);
});

test("addresses may need more than 32 bits", () => {
  deepEqual(words64(encode([0x7fff_ffff_fff8, 0x8000_0000_0000], 8)), [0x7fff_ffff_fff8n, 0b11n]);
});

test("a section that turned out too large is filled with bitmaps of nothing", () => {
  const padded = encode([0x1000], 8, 32);
  deepEqual(words64(padded), [0x1000n, 1n, 1n, 1n]);
  deepEqual(decode(padded, 8), [0x1000]);
  equal(encode([0x1000], 8, 8).length, 8);
  equal(encode([], 4).length, 0);
});

test("whatever the addresses, they are read back, in fewer words where they are neighbours", () => {
  const gaps = fc.array(fc.oneof(fc.constantFrom(1, 2, 3), fc.nat(80), fc.nat(5000)), { maxLength: 300 });
  fc.assert(
    fc.property(gaps, fc.constantFrom<4 | 8>(4, 8), fc.boolean(), (steps, wordBytes, even) => {
      let at = 0;
      // Multiples of the word, or of 2.
      const addresses = steps.map((step) => {
        at += (step || 1) * (even ? 2 : wordBytes);
        return at;
      });
      const bytes = encode(addresses, wordBytes);
      deepEqual(decode(bytes, wordBytes), addresses);
      ok(bytes.length <= addresses.length * wordBytes);
    }),
  );
});

for (const { emulation, flag, word, wordBytes } of [
  { emulation: "elf_x86_64", flag: "--64", word: ".quad", wordBytes: 8 },
  { emulation: "elf_i386", flag: "--32", word: ".long", wordBytes: 4 },
] as const) {
  test(`the words are GNU ld's (${emulation})`, needs("as", "ld.bfd"), () => {
    const directory = scratch(`relr-${emulation}`);
    const gaps = [1, 1, 1, 5, 63, 64, 62, 31, 32, 30, 1, 200, 1, 33, 65, 3, 1];
    const data = gaps.map((gap) => `${word} here\n.zero ${(gap - 1) * wordBytes}`).join("\n");
    writeFileSync(join(directory, "x.s"), `.data\n.balign 8\n.local here\nhere:\n${data}\n`);
    tool("as", [flag, "-o", "x.o", "x.s"], { cwd: directory });
    tool("ld.bfd", ["-m", emulation, "-shared", "-z", "pack-relative-relocs", "-o", "x.so", "x.o"], { cwd: directory });
    const theirs = sectionBytes(readSections(join(directory, "x.so")), ".relr.dyn");
    const addresses = decode(theirs, wordBytes);
    equal(addresses.length, gaps.length);
    deepEqual(encode(addresses, wordBytes), theirs);
  });
}
