// The plain inflate that a page's worker uses, against zlib.

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { constants, deflateSync } from "node:zlib";
import { inflate } from "../../src/host/inflate.ts";

/** Bytes that repeat at all distances, by a seed. */
function bytesOf(seed: number, length: number, letters: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 16;
  };
  for (let i = 0; i < length; ) {
    const back = next() % Math.max(1, i);
    const run = i > 40 && next() % 3 === 0 ? 3 + (next() % 400) : 0;
    for (let k = 0; k < run && i < length; k++, i++) bytes[i] = bytes[i - 1 - back];
    if (i < length) bytes[i++] = next() % letters;
  }
  return bytes;
}

test("what zlib packs, at every level and by every strategy, comes out again", () => {
  for (const [length, letters] of [
    [0, 1],
    [1, 2],
    [300, 256],
    [70_000, 4],
    [200_000, 200],
  ] as const) {
    const content = bytesOf(length + 7, length, letters);
    for (const level of [0, 1, 6, 9]) {
      for (const strategy of [constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED, constants.Z_HUFFMAN_ONLY]) {
        const packed = deflateSync(content, { level, strategy });
        deepEqual(inflate(packed, length), content, `${length} bytes, level ${level}, strategy ${strategy}`);
      }
    }
  }
});

test("damaged streams and wrong sizes give nothing", () => {
  const content = bytesOf(1, 5000, 20);
  const packed = deflateSync(content);
  equal(inflate(packed, 4999), undefined);
  equal(inflate(packed, 5001), undefined);
  equal(inflate(packed.subarray(0, packed.length >> 1), 5000), undefined);
  equal(inflate(new Uint8Array(0), 0), undefined);
  // No change of a byte makes it throw or go on for ever.
  for (let i = 0; i < 300; i++) {
    const changed = packed.slice();
    changed[2 + ((i * 7919) % (packed.length - 2))] ^= 1 << (i & 7);
    const result = inflate(changed, 5000);
    equal(result === undefined || result.length === 5000, true);
  }
});
