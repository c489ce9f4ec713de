// The digests behind --build-id: the official vectors, and node:crypto on random lengths.

import { equal, notEqual } from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { fastHash } from "../../../src/link/digest/fast.ts";
import { md5 } from "../../../src/link/digest/md5.ts";
import { sha1 } from "../../../src/link/digest/sha1.ts";
import { sha256 } from "../../../src/link/digest/sha256.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const ALPHABET = "abcdefghijklmnopqrstuvwxyz";
const FIPS_448_BITS = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

test("MD5 of the test suite in RFC 1321", () => {
  equal(hex(md5(bytesOf(""))), "d41d8cd98f00b204e9800998ecf8427e");
  equal(hex(md5(bytesOf("abc"))), "900150983cd24fb0d6963f7d28e17f72");
  equal(hex(md5(bytesOf(ALPHABET))), "c3fcd3d76192e4007dfb496cca67e13b");
  equal(hex(md5(bytesOf("1234567890".repeat(8)))), "57edf4a22be3c955ac49da2e2107b67a");
});

test("SHA-1 of FIPS 180's examples", () => {
  equal(hex(sha1(bytesOf(""))), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  equal(hex(sha1(bytesOf("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
  equal(hex(sha1(bytesOf(FIPS_448_BITS))), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  equal(hex(sha1(bytesOf("a".repeat(1_000_000)))), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
});

test("SHA-256 of FIPS 180's examples", () => {
  equal(hex(sha256(bytesOf(""))), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  equal(hex(sha256(bytesOf("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  equal(hex(sha256(bytesOf(FIPS_448_BITS))), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  equal(
    hex(sha256(bytesOf("a".repeat(1_000_000)))),
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
  );
});

test("all three equal node:crypto on any bytes, wherever they lie in their buffer", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300, size: "max" }), fc.nat(3), (all, skip) => {
      const bytes = all.subarray(skip);
      equal(hex(md5(bytes)), createHash("md5").update(bytes).digest("hex"));
      equal(hex(sha1(bytes)), createHash("sha1").update(bytes).digest("hex"));
      equal(hex(sha256(bytes)), createHash("sha256").update(bytes).digest("hex"));
    }),
    { numRuns: 500 },
  );
});

test("the fast hash is MurmurHash3_x86_128, by the verification code that SMHasher has for it", () => {
  // Hash n bytes (0, 1, … n - 1) with seed 256 - n for every n below 256, then all of the hashes with seed 0.
  const numbers = Uint8Array.from({ length: 256 }, (_, n) => n);
  const hashes = Array.from(numbers, (n) => fastHash(numbers.subarray(0, n), 256 - n));
  const code = fastHash(Uint8Array.from(hashes.flatMap((hash) => [...hash])));
  equal(new DataView(code.buffer).getUint32(0, true), 0xb3ece62a);
  equal(hex(fastHash(bytesOf(""))), "0".repeat(32));
});

test("the fast hash tells apart what differs in one bit, or in length only", () => {
  const bytes = new Uint8Array(100);
  const hash = hex(fastHash(bytes));
  for (let i = 0; i < 800; i += 7) {
    const changed = bytes.slice();
    changed[i >>> 3] ^= 1 << (i & 7);
    notEqual(hex(fastHash(changed)), hash);
  }
  notEqual(hex(fastHash(new Uint8Array(101))), hash);
});
