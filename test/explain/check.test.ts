// What `solder check` says of symbols: short enough to read, and as many as there are.

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { type CheckStyle, oldestLines } from "../../src/explain/check/text.ts";

const STYLE: CheckStyle = { color: false, demangle: true, symbols: 2, verbose: false };

function because(symbols: readonly string[], style: Partial<CheckStyle> = {}): string[] {
  const glibcxx = { release: [5, 1], version: "GLIBCXX_3.4.21", symbols };
  return oldestLines({ glibc: undefined, glibcxx, cxxabi: undefined, libgcc: undefined }, { ...STYLE, ...style });
}

const STRING = "_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE";

test("long C++ names lose their arguments, and overloads stand once", () => {
  const symbols = [`${STRING}6assignEPKc`, `${STRING}6assignEOS4_`, `${STRING}9push_backEc`, `${STRING}4swapERS4_`];
  deepEqual(because(symbols), [
    "  oldest  GLIBCXX_3.4.21 (GCC 5.1), because of std::__cxx11::basic_string<…>::assign(…), std::__cxx11::basic_string<…>::push_back(…) and 1 more",
  ]);
});

test("short names stay whole", () => {
  deepEqual(because(["_ZNSt6thread4joinEv", "puts"]), [
    "  oldest  GLIBCXX_3.4.21 (GCC 5.1), because of std::thread::join(), puts",
  ]);
});

test("a name of nothing but brackets is no trouble", () => {
  const name = "<".repeat(5000) + ">".repeat(5000);
  deepEqual(because([name, "(".repeat(100_000)]), [
    `  oldest  GLIBCXX_3.4.21 (GCC 5.1), because of <…>, ${"(".repeat(71)}…`,
  ]);
});
