// Problems as people read them: the first line for editors and build systems, then the facts, then the cure.

import { equal } from "node:assert/strict";
import { test } from "node:test";
import { error, note, warning } from "../../src/elf/problem.ts";
import { describeProblem, renderProblem } from "../../src/explain/render.ts";

const lines = (...text: string[]): string => text.join("\n");

test("an undefined symbol shows where it is referenced: source line, function, object, section and offset", () => {
  const problem = error(
    "undefined-symbol",
    {},
    {
      symbol: "missing",
      references: [
        { file: "main.o", section: ".text", offset: 0x12 },
        { file: "lib.a(b.o)", section: ".text.g", offset: 4 },
        { file: "c.o", section: ".data", offset: 0 },
        { file: "d.o", section: ".data", offset: 8 },
      ],
      count: 10,
      functions: ["main", "", ""],
      lines: ["main.cpp:12", "", ""],
      suggestion: "mising",
      suggestionIn: "libx.a(y.o)",
    },
  );
  equal(
    renderProblem(problem),
    lines(
      "ld: error: main.o:(.text+0x12): undefined reference to `missing' [undefined-symbol]",
      "  >>> referenced by main.cpp:12 in function main",
      "  >>> referenced by lib.a(b.o):(.text.g+0x4)",
      "  >>> referenced by c.o:(.data+0x0)",
      "  >>> referenced by 7 more",
      "  >>> did you mean mising, in libx.a(y.o)?",
    ),
  );
});

test("a duplicate symbol shows both places", () => {
  const problem = error(
    "duplicate-symbol",
    { file: "b.o", section: ".text", offset: 0 },
    {
      symbol: "f",
      first: [{ file: "a.o", section: ".text", offset: 16 }],
      second: [{ file: "b.o", section: ".text", offset: 0 }],
      lines: ["a.c:3", "b.c:7"],
      takeFirst: "-z muldefs",
    },
  );
  equal(
    renderProblem(problem, { program: "x86_64-linux-gnu-ld" }),
    lines(
      "x86_64-linux-gnu-ld: error: b.o:(.text+0x0): multiple definition of `f' [duplicate-symbol]",
      "  >>> first defined at a.c:3 (a.o:(.text+0x10))",
      "  >>> defined again at b.c:7",
      "  fix: define it in one file only (in a header: extern for a variable, inline for a function), or take the first with -z muldefs",
    ),
  );
});

test("the phrases that build systems search for are GNU ld's", () => {
  equal(
    describeProblem(error("library-not-found", {}, { name: "foo", searched: 12 })).message,
    "cannot find -lfoo: directories searched: 12",
  );
  equal(
    describeProblem(
      error(
        "relocation-overflow",
        { file: "a.o", section: ".text", offset: 3 },
        { symbol: "x", type: "R_X86_64_PC32", value: 0x80000000, min: -0x80000000, max: 0x7fffffff, pcRelative: true },
      ),
    ).message,
    "relocation truncated to fit: R_X86_64_PC32 against `x': 0x80000000 is not in -0x80000000 to 0x7fffffff",
  );
});

test("a place in a script is file and line, so that editors jump to it", () => {
  equal(describeProblem(error("script-unterminated-comment", { file: "x.ld", line: 3 })).location, "x.ld:3");
});

test("a fact that is not known leaves its words out", () => {
  equal(describeProblem(error("bad-group", { file: "a.o" }, { index: 3 })).message, "section group 3 is damaged");
  equal(
    describeProblem(error("bad-group", { file: "a.o" }, { index: 3, member: 9 })).message,
    "section group 3 is damaged: it names section 9",
  );
  equal(
    describeProblem(error("needs-pic", {}, { symbol: "x", type: "R_X86_64_32", output: "pie" })).message,
    "relocation R_X86_64_32 against `x' can not be used when making a PIE object",
  );
});

test("Rust names are demangled unless the reader says no", () => {
  const problem = warning("gnu-warning", {}, { text: "t" });
  equal(renderProblem(problem), "ld: warning: t [gnu-warning]");
  const undefinedRust = error("undefined-symbol", {}, { symbol: "_ZN4core3fmt5write17h0123456789abcdefE" });
  equal(describeProblem(undefinedRust).message, "undefined reference to `core::fmt::write'");
  equal(
    describeProblem(undefinedRust, { demangle: false }).message,
    "undefined reference to `_ZN4core3fmt5write17h0123456789abcdefE'",
  );
});

test("colours are for terminals only", () => {
  const problem = note("option-ignored", {}, { option: "--no-warnings" });
  equal(renderProblem(problem), "ld: note: option --no-warnings has no effect [option-ignored]");
  equal(
    renderProblem(problem, { color: true }),
    "ld: \x1b[1;36mnote:\x1b[0m option --no-warnings has no effect \x1b[2m[option-ignored]\x1b[0m",
  );
});

test("a code without words still shows its facts", () => {
  equal(
    renderProblem(error("no-such-code", { file: "a.o" }, { size: 3 })),
    "ld: error: a.o: no words for this problem yet, size 3 [no-such-code]",
  );
});
