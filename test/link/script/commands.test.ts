// Linker scripts as they stand in for libraries, and what is said about the others.

import { deepEqual, equal, ok } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { looksLikeScript, parseLinkerScript } from "../../../src/link/script/commands.ts";
import type { ScriptCommand } from "../../../src/link/script/types.ts";
import { collectProblems } from "../../support/problems.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The commands, without places, of a script that has nothing wrong. */
function parse(text: string): unknown[] {
  const { report, lines } = collectProblems();
  const commands = parseLinkerScript(bytes(text), "x.ld", report);
  deepEqual(lines(), []);
  return (commands ?? []).map(withoutPlace);
}

function withoutPlace(command: ScriptCommand): unknown {
  if (command.kind === "assignment") {
    const { symbol, provide, hidden } = command.assignment;
    return { kind: command.kind, symbol, provide, hidden };
  }
  return Object.fromEntries(Object.entries(command).filter(([key]) => key !== "place"));
}

/** What is wrong with a script, and that nothing comes of it. */
function problems(text: string): string[] {
  const { report, lines } = collectProblems();
  equal(parseLinkerScript(bytes(text), "x.ld", report), undefined);
  return lines();
}

const input = (name: string, asNeeded = false): { name: string; asNeeded: boolean } => ({ name, asNeeded });

test("glibc's libc.so", () => {
  const script = `/* GNU ld script
   Use the shared library, but some functions are only in
   the static library, so try that secondarily.  */
OUTPUT_FORMAT(elf64-x86-64)
GROUP ( /lib/x86_64-linux-gnu/libc.so.6 /usr/lib/x86_64-linux-gnu/libc_nonshared.a  AS_NEEDED ( /lib64/ld-linux-x86-64.so.2 ) )
`;
  deepEqual(parse(script), [
    { kind: "output-format", formats: ["elf64-x86-64"] },
    {
      kind: "group",
      inputs: [
        input("/lib/x86_64-linux-gnu/libc.so.6"),
        input("/usr/lib/x86_64-linux-gnu/libc_nonshared.a"),
        input("/lib64/ld-linux-x86-64.so.2", true),
      ],
    },
  ]);
});

test("the scripts that are installed here parse", (t) => {
  const paths = ["libc.so", "libm.so", "libm.a", "libncurses.so", "libtermcap.so"]
    .map((name) => `/usr/lib/x86_64-linux-gnu/${name}`)
    .filter((path) => existsSync(path) && looksLikeScript(readFileSync(path)));
  if (paths.length === 0) return t.skip("needs libc6-dev");
  for (const path of paths) {
    const { report, lines } = collectProblems();
    const commands = parseLinkerScript(readFileSync(path), path, report);
    deepEqual(lines(), []);
    ok(
      commands?.some(({ kind }) => kind === "group" || kind === "input"),
      path,
    );
  }
});

test("inputs: spaces and commas, quotes, -l, AS_NEEDED in AS_NEEDED, = and $SYSROOT", () => {
  deepEqual(
    parse('INPUT(a.o, b.o,"c d.o" -lm -l:x.a AS_NEEDED(e.so AS_NEEDED(-lf),) =/g.o $SYSROOT/h.o ./n+1.o i,j.o)'),
    [
      {
        kind: "input",
        inputs: [
          input("a.o"),
          input("b.o"),
          input("c d.o"),
          input("-lm"),
          input("-l:x.a"),
          input("e.so", true),
          input("-lf", true),
          input("=/g.o"),
          input("$SYSROOT/h.o"),
          input("./n+1.o"),
          input("i,j.o"),
        ],
      },
    ],
  );
});

test("comments may touch a name", () => {
  deepEqual(parse("INPUT(a.o/* one */b.o# two\n)"), [{ kind: "input", inputs: [input("a.o"), input("b.o")] }]);
});

test("the small commands", () => {
  deepEqual(
    parse(`OUTPUT_FORMAT("elf64-x86-64", "elf64-x86-64", "elf64-x86-64") OUTPUT_ARCH(i386:x86-64)
ENTRY(_start); SEARCH_DIR("=/usr/lib"); SEARCH_DIR(/opt/lib) EXTERN(foo bar, "baz") OUTPUT(x.out)
TARGET(binary) STARTUP(crt0.o) INCLUDE other.ld ;`),
    [
      { kind: "output-format", formats: ["elf64-x86-64", "elf64-x86-64", "elf64-x86-64"] },
      { kind: "output-arch", name: "i386:x86-64" },
      { kind: "entry", symbol: "_start" },
      { kind: "search-dir", path: "=/usr/lib" },
      { kind: "search-dir", path: "/opt/lib" },
      { kind: "extern", symbols: ["foo", "bar", "baz"] },
      { kind: "output", path: "x.out" },
      { kind: "target", format: "binary" },
      { kind: "startup", path: "crt0.o" },
      { kind: "include", path: "other.ld" },
    ],
  );
});

test("assignments, plain and in PROVIDE, PROVIDE_HIDDEN, HIDDEN", () => {
  const assigned = (symbol: string, provide = false, hidden = false): unknown => ({
    kind: "assignment",
    symbol,
    provide,
    hidden,
  });
  deepEqual(
    parse(
      'a = 1; b=a+1; c-d = 2, PROVIDE(e = 3); PROVIDE_HIDDEN(f=4); HIDDEN(g = 5); "h i" = 6; add = 1; x/=2; y<<=1;',
    ),
    [
      assigned("a"),
      assigned("b"),
      assigned("c-d"),
      assigned("e", true),
      assigned("f", true, true),
      assigned("g", false, true),
      assigned("h i"),
      assigned("add"),
      assigned("x"),
      assigned("y"),
    ],
  );
});

test("a compound assignment is written out", () => {
  const [command] = parseLinkerScript(bytes("x -= 2;"), "x.ld", () => {}) ?? [];
  deepEqual(command, {
    kind: "assignment",
    assignment: {
      symbol: "x",
      operator: "-=",
      value: {
        kind: "binary",
        operator: "-",
        left: { kind: "symbol", name: "x" },
        right: { kind: "number", value: 2n },
      },
      provide: false,
      hidden: false,
      place: { file: "x.ld", line: 1, column: 1 },
    },
  });
});

test("ASSERT and VERSION", () => {
  deepEqual(parse('ASSERT(1 == 1, "one") VERSION { V1 { global: foo; local: *; }; V2 { bar; } V1; } ENTRY(e)'), [
    { kind: "assert", test: { kind: "number", value: 1n }, message: "one" },
    {
      kind: "version",
      nodes: [
        {
          name: "V1",
          globals: [{ text: "foo", language: "C", literal: true }],
          locals: [{ text: "*", language: "C", literal: false }],
          parents: [],
          place: { file: "x.ld", line: 1, column: 33 },
        },
        {
          name: "V2",
          globals: [{ text: "bar", language: "C", literal: true }],
          locals: [],
          parents: ["V1"],
          place: { file: "x.ld", line: 1, column: 64 },
        },
      ],
    },
    { kind: "entry", symbol: "e" },
  ]);
});

test("commands without effect are named", () => {
  const { report, lines } = collectProblems();
  deepEqual(parseLinkerScript(bytes("HLL(a b)\nFLOAT\nMAP(x)"), "x.ld", report), []);
  deepEqual(lines(), [
    "warning script-command-ignored 1",
    "warning script-command-ignored 2",
    "warning script-command-ignored 3",
  ]);
});

test("what is wrong is told with its line and what was expected", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["INPUT a.o", "script-expected-token 1"],
    ["INPUT(a.o", "script-expected-file 1"],
    ["INPUT(\na*.o)", "script-expected-file 2"],
    ["INPUT(- a.o)", "script-expected-file 1"],
    ["x = 1", "script-expected-token 1"],
    ["x = ;", "script-expected-expression 1"],
    ["PROVIDE(x = 1)", "script-expected-token 1"],
    ["PROVIDE(1 = x);", "script-expected-symbol 1"],
    ["\n\nhello world", "script-unknown-command 3"],
    ["input(a.o)", "script-unknown-command 1"],
    ["(a)", "script-expected-command 1"],
    ["x @ 1;", "script-unknown-command 1"],
    ["@", "script-stray-character 1"],
    ["OUTPUT_FORMAT(a, b)", "script-output-format 1"],
    ["ENTRY()", "script-expected-name 1"],
    ["LD_FEATURE(SANER)", "script-unknown-feature 1"],
    ["ASSERT(1)", "script-expected-token 1"],
    ["VERSION { { foo; }; ", "script-expected-version 1"],
    ["ENTRY(a)\n/* no end", "script-unterminated-comment 2"],
    [`INPUT(${"AS_NEEDED(".repeat(1000)}`, "script-nested-too-deep 1"],
  ];
  for (const [text, expected] of cases) deepEqual(problems(text), [`error ${expected}`], text);
});

test("a problem carries the file and what was found instead", () => {
  const { report, all } = collectProblems();
  parseLinkerScript(bytes("ENTRY(a)\nGROUP ; (b)"), "libx.so", report);
  deepEqual(all, [
    {
      code: "script-expected-token",
      severity: "error",
      place: { file: "libx.so", line: 2, column: 7 },
      details: { expected: ["("], found: ";" },
    },
  ]);
});

test("binary files do not look like scripts", () => {
  ok(looksLikeScript(bytes("/* GNU ld script */\n\tINPUT(libé.so)\r\n")));
  ok(!looksLikeScript(bytes("\x7fELF")));
  ok(!looksLikeScript(Uint8Array.of(0x42, 0x43, 0xc0, 0xde, 0x35, 0x14, 0, 0)));
});

test("random text never throws, and what gives no commands gives an error", () => {
  const words =
    'INPUT GROUP AS_NEEDED ENTRY VERSION PROVIDE ( ) { } ; , = + - * / ? : " # /* */ a 1 -lx { SECTIONS ASSERT global: \n';
  const soup = fc.array(fc.constantFrom(...words.split(" ")), { maxLength: 30 }).map((parts) => parts.join(" "));
  const binary = fc.uint8Array({ maxLength: 60 });
  fc.assert(
    fc.property(fc.oneof(soup.map(bytes), binary), (script) => {
      const { report, all } = collectProblems();
      const commands = parseLinkerScript(script, "x", report);
      equal(
        commands === undefined,
        all.some(({ severity }) => severity === "error"),
      );
    }),
    { numRuns: 3000, seed: 3 },
  );
});
