// What `solder check` says of symbols: short enough to read, and as many as there are.

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { error, note, type Problem } from "../../src/elf/index.ts";
import { mergeFiles, mergeVerdicts, wrapped } from "../../src/explain/check/merge.ts";
import { type CheckStyle, fileLines, oldestLines } from "../../src/explain/check/text.ts";
import type { FileReport, Verdict } from "../../src/load/check/index.ts";

const STYLE: CheckStyle = { color: false, demangle: true, symbols: 2, verbose: false };

function because(symbols: readonly string[], style: Partial<CheckStyle> = {}): string[] {
  const glibcxx = { release: [5, 1], version: "GLIBCXX_3.4.21", symbols };
  return oldestLines({ glibc: undefined, glibcxx, cxxabi: undefined, libgcc: undefined }, { ...STYLE, ...style });
}

const STRING = "_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE";

test("long C++ names lose their arguments, and overloads stand once", () => {
  const symbols = [`${STRING}6assignEPKc`, `${STRING}6assignEOS4_`, `${STRING}9push_backEc`, `${STRING}4swapERS4_`];
  deepEqual(because(symbols), [
    "  oldest  GLIBCXX_3.4.21 (GCC 5.1), because of std::__cxx11::basic_string<…>::assign(…),",
    "          std::__cxx11::basic_string<…>::push_back(…) and 1 more",
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
    "  oldest  GLIBCXX_3.4.21 (GCC 5.1), because of <…>,",
    `          ${"(".repeat(71)}…`,
  ]);
});

function verdict(target: string, findings: readonly Problem[]): Verdict {
  return { target, loads: findings.every(({ severity }) => severity !== "error"), findings };
}

function tooOld(system: string, has: string, versions: readonly string[]): Problem {
  return error("check-glibc-too-old", { file: "a" }, { system, has, versions: [...versions], symbols: [] });
}

test("systems with the same findings share them; others keep theirs", () => {
  const stack = error("check-executable-stack-refused", { file: "a" });
  const words = ({ loads }: Verdict): string => (loads ? "loads" : "fails");
  const merged = mergeVerdicts(
    [
      verdict("debian:10", [tooOld("debian:10", "glibc 2.28", ["GLIBC_2.34"])]),
      verdict("debian:12", []),
      verdict("debian:11", [tooOld("debian:11", "glibc 2.31", ["GLIBC_2.34"])]),
      verdict("rhel:7", [tooOld("rhel:7", "glibc 2.17", ["GLIBC_2.27", "GLIBC_2.34"]), stack]),
    ],
    words,
    (findings) => findings,
  );
  deepEqual(
    merged.map(({ targets, findings }) => [targets, findings.map((it) => it.targets)]),
    [
      [
        ["debian:10", "debian:11", "rhel:7"],
        [["debian:10", "debian:11"], ["rhel:7"], ["rhel:7"]],
      ],
      [["debian:12"], []],
    ],
  );
  const [{ details }] = merged[0].findings.map(({ finding }) => finding);
  deepEqual(
    [details.system, details.has],
    [
      ["debian:10", "debian:11"],
      ["glibc 2.28", "glibc 2.31"],
    ],
  );
});

test("files of which the same is said stand above it together", () => {
  deepEqual(mergeFiles([["a", "  bad"], ["b", "  worse"], [], ["c", "  bad"], ["d"]]), [
    ["a", "c", "  bad"],
    ["b", "  worse"],
    ["d"],
  ]);
});

test("long lines are broken at a space, and what has none stays whole", () => {
  const line = `  error: ${"word ".repeat(40).trim()}`;
  const lines = wrapped(line, "    ");
  ok(lines.length === 2 && lines.every((it) => it.length <= 120) && lines[1].startsWith("    word"));
  equal(lines.map((it) => it.trim()).join(" "), line.trim());
  deepEqual(wrapped("x".repeat(300), "  "), ["x".repeat(300)]);
});

test("what nobody looked at is not said to load without more", () => {
  const report: FileReport = {
    ...{
      name: "a",
      role: "library",
      machine: "x86-64",
      library: "glibc",
      made: "glibc",
      soname: undefined,
      defines: [],
    },
    ...{ oldest: undefined, problems: [] },
    verdicts: [
      verdict("debian:11", [
        note("check-not-judged", { file: "a" }, { system: "debian:11", libraries: ["libz.so.1"] }),
      ]),
      verdict("debian:12", [
        note("check-not-judged", { file: "a" }, { system: "debian:12", libraries: ["libz.so.1"] }),
      ]),
    ],
  };
  deepEqual(fileLines({ report, named: true }, STYLE), [
    "a  library, x86-64, for glibc",
    "  debian:11, debian:12  loads, as far as it is known",
    "    note: versions and symbols of libz.so.1 are not known for debian:11, debian:12: not checked [check-not-judged]",
  ]);
});
