// The hashes of dynamic symbol names: known values, and the corner in which careless versions differ.

import { equal } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { gnuHash, sysvHash } from "../../src/elf/hash.ts";

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const sysv = (text: string): number => sysvHash(bytesOf(text), 0, text.length);
const gnu = (text: string): number => gnuHash(bytesOf(text), 0, text.length);

test("the System V hash of names whose hash is on record", () => {
  equal(sysv(""), 0);
  equal(sysv("printf"), 0x077905a6);
  equal(sysv("exit"), 0x0006cf04);
  equal(sysv("syscall"), 0x0b09985c);
  // vna_hash of these in every program.
  equal(sysv("GLIBC_2.2.5"), 0x09691a75);
  equal(sysv("GLIBC_2.34"), 0x069691b4);
});

test("the System V hash wraps at 32 bits where bytes over 0x7f make the sum overflow", () => {
  const name = "\xff\x0f\x0f\x0f\x0f\x0f\x12";
  equal(sysv(name), 0x2);
  equal(sysv("\xff".repeat(20)), sysvInBigInt("\xff".repeat(20)));
});

test("the GNU hash of names whose hash is on record", () => {
  equal(gnu(""), 0x00001505);
  equal(gnu("printf"), 0x156b2bb8);
  equal(gnu("exit"), 0x7c967e3f);
  equal(gnu("syscall"), 0xbac212a0);
  equal(gnu("flapenguin.me"), 0x8ae9f18e);
});

/** The gABI's function, word for word, in exact arithmetic cut to 32 bits at each step. */
function sysvInBigInt(text: string): number {
  let h = 0n;
  for (const byte of bytesOf(text)) {
    h = BigInt.asUintN(32, (h << 4n) + BigInt(byte));
    const g = h & 0xf0000000n;
    if (g !== 0n) h ^= g >> 24n;
    h &= ~g;
  }
  return Number(h);
}

test("both agree with exact arithmetic on any bytes, and read nothing outside of the range", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(5), (bytes, skip) => {
      const start = Math.min(skip, bytes.length);
      const text = String.fromCharCode(...bytes.subarray(start));
      equal(sysvHash(bytes, start, bytes.length), sysvInBigInt(text));
      const exact = [...bytes.subarray(start)].reduce((h, byte) => BigInt.asUintN(32, h * 33n + BigInt(byte)), 5381n);
      equal(gnuHash(bytes, start, bytes.length), Number(exact));
    }),
  );
});
