// What an undefined symbol may have been meant to be.

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { error } from "../../src/elf/problem.ts";
import { describeProblem } from "../../src/explain/render.ts";
import { editDistance, suggest, suggestionDetails } from "../../src/link/suggest.ts";

test("C and C++ mixed up comes first", () => {
  deepEqual(suggest("foo", ["fooo", "_Z3fooi"]), { name: "_Z3fooi", reason: "defined-as-cxx" });
  deepEqual(suggest("_Z3fooi", ["_Z3food", "foo"]), { name: "foo", reason: "defined-as-c" });
});

test("case, underscores, parameters and scope are seen", () => {
  deepEqual(suggest("glGetError", ["glgeterror"]), { name: "glgeterror", reason: "case" });
  deepEqual(suggest("_start_here", ["start_here"]), { name: "start_here", reason: "underscore" });
  deepEqual(suggest("_ZN2ns3fooEi", ["_ZN2ns3fooEPKcS1_"]), { name: "_ZN2ns3fooEPKcS1_", reason: "parameters" });
  deepEqual(suggest("_Z3fooi", ["_ZN2ns3fooEi"]), { name: "_ZN2ns3fooEi", reason: "scope" });
});

test("spelling: the closest name wins, and a far one is no suggestion", () => {
  deepEqual(suggest("initialise_all", ["initialize_alt", "initialize_all"]), {
    name: "initialize_all",
    reason: "spelling",
  });
  equal(suggest("foo", ["bar", "x", "foolish"]), undefined);
  equal(suggest("foo", ["foo"]), undefined);
});

test("the message says what to do about it", () => {
  const said = (wanted: string, defined: string): readonly string[] => {
    const suggestion = suggest(wanted, [defined]);
    ok(suggestion);
    return describeProblem(error("undefined-symbol", {}, { symbol: wanted, ...suggestionDetails(suggestion) })).lines;
  };
  deepEqual(said("foo", "_Z3fooi"), [
    'foo(int) is defined as C++: declare it extern "C" where it is defined, or use it from C++',
  ]);
  deepEqual(said("_Z3fooi", "foo"), ['foo is defined as C: declare it extern "C" where it is used']);
  deepEqual(said("_Z6prinnti", "_Z5printi"), ["did you mean print(int)?"]);
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

test("a hundred thousand names are looked through in a moment", () => {
  const names = Array.from({ length: 100_000 }, (_, i) => `_ZN4llvm${9 + String(i).length}something${i}EPKcS1_`);
  const start = performance.now();
  equal(suggest("_ZN4llvm15something_54321EPKcS1_", [...names, "zzz"])?.reason, "spelling");
  ok(performance.now() - start < 5000);
});
