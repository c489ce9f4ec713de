// How far apart words are.

import { equal } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { closest, editDistance } from "../../../src/link/tables/spelling.ts";

test("the nearest candidate is taken only if it is near", () => {
  equal(closest("nwo", ["now", "lazy"]), "now");
  equal(closest("as-neded", ["as-seeded", "as-needed"]), "as-needed");
  equal(closest("xyz", ["now", "lazy"]), undefined);
  equal(closest("now", ["nov", "now", "cow"]), "now");
});

test("edit distance: insert, delete, replace and swap cost one each", () => {
  equal(editDistance("abcd", "abd", 3), 1);
  equal(editDistance("abcd", "abxcd", 3), 1);
  equal(editDistance("abcd", "abxd", 3), 1);
  equal(editDistance("abcd", "acbd", 3), 1);
  equal(editDistance("abcd", "wxyz", 2), 3);
});

test("the bounded distance is the full one where that is within the bound", () => {
  const word = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 8 }).map((letters) => letters.join(""));
  fc.assert(
    fc.property(word, word, fc.integer({ min: 1, max: 3 }), (a, b, limit) => {
      equal(editDistance(a, b, limit), Math.min(fullDistance(a, b), limit + 1));
    }),
  );
});

/** The textbook recurrence, without bounds. */
function fullDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (_, j) => i || j));
  for (let j = 0; j <= b.length; j++) rows[0][j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const replace = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, replace);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
      }
    }
  }
  return rows[a.length][b.length];
}
