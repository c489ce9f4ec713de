// The order that is grown in the middle: whatever is put in and moved, it is what an array would be.

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  createSequence,
  insertBehind,
  itemBefore,
  itemBehind,
  itemsOf,
  moveBehind,
} from "../../../src/link/tables/sequence.ts";

/** Numbers pick among the items that there are; one beyond them is the front. */
const steps = fc.array(fc.record({ moves: fc.boolean(), item: fc.nat(50), before: fc.nat(50) }), { maxLength: 60 });

test("a sequence is what an array is, after any insertions and moves", () => {
  fc.assert(
    fc.property(fc.nat(5), steps, (length, list) => {
      const array = Array.from({ length }, (_, i) => i);
      const sequence = createSequence(array);
      for (const { moves, item, before } of list) {
        const behind = array[before % (array.length + 1)];
        const isMove = moves && array.length > 0;
        const what = isMove ? array[item % array.length] : array.length;
        if (isMove) moveBehind(sequence, what, behind);
        else insertBehind(sequence, what, behind);
        if (isMove && what === behind) continue;
        if (isMove) array.splice(array.indexOf(what), 1);
        array.splice(behind === undefined ? 0 : array.indexOf(behind) + 1, 0, what);
      }
      deepEqual([...itemsOf(sequence)], array);
      for (const [i, it] of array.entries()) {
        deepEqual([itemBefore(sequence, it), itemBehind(sequence, it)], [array[i - 1], array[i + 1]]);
        deepEqual([...itemsOf(sequence, it)], array.slice(i + 1));
      }
    }),
  );
});
