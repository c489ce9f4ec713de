// Numbers of 64 bits out of two halves: those of a DataView, as far as a number holds them.

import { equal } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { signed64, unsigned64 } from "../../src/elf/halves.ts";

function viewOf(number: bigint): DataView {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt.asUintN(64, number), true);
  return view;
}

/** Small ones of either sign, edges of a half, and any. */
const numbers = fc.oneof(
  fc.integer().map(BigInt),
  fc.constantFrom(-1n, 0n, 1n << 31n, (1n << 32n) - 1n, 1n << 32n, -(1n << 31n), -(1n << 31n) - 1n, -(1n << 32n)),
  fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }),
);

test("an unsigned number is that of its 64 bits, or the nearest that there is", () => {
  fc.assert(
    fc.property(numbers, (number) => {
      const view = viewOf(number);
      const expected = Number(view.getBigUint64(0, true));
      const found = unsigned64(view.getUint32(0, true), view.getUint32(4, true));
      equal(found, expected);
    }),
  );
});

test("a signed number is that of its 64 bits, or the nearest that there is", () => {
  fc.assert(
    fc.property(numbers, (number) => {
      const view = viewOf(number);
      const expected = Number(view.getBigInt64(0, true));
      equal(signed64(view.getInt32(0, true), view.getInt32(4, true)), expected);
    }),
  );
});
