// What an undefined symbol may have been meant to be.

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { error } from "../../../src/elf/problem.ts";
import { describeProblem } from "../../../src/explain/render.ts";
import { suggest, suggestionDetails } from "../../../src/link/reports/suggest.ts";

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

test("a hundred thousand names are looked through", { timeout: 120_000 }, () => {
  const names = Array.from({ length: 100_000 }, (_, i) => `_ZN4llvm${9 + String(i).length}something${i}EPKcS1_`);
  equal(suggest("_ZN4llvm15something_54321EPKcS1_", [...names, "zzz"])?.reason, "spelling");
});
