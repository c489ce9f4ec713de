// Version scripts and dynamic lists: what GNU ld reads in them, and its complaints.

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Pattern, VersionNode } from "../../../src/link/script/types.ts";
import {
  checkVersionNodes,
  parseDynamicList,
  parseVersionScript,
  patternOf,
} from "../../../src/link/script/versions.ts";
import { folder } from "../../support/folder.ts";
import { collectProblems } from "../../support/problems.ts";
import { run, tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A pattern in short: `foo`, `C++ ns::f*`, and quoted where it is literal though it looks like a wildcard. */
function short({ text, language, literal }: Pattern): string {
  const name = literal && /[*?[]/.test(text) ? `"${text}"` : text;
  return language === "C" ? name : `${language} ${name}`;
}

function shortNode({ name, globals, locals, parents }: VersionNode): string {
  const list = (label: string, words: readonly string[]): string =>
    words.length === 0 ? "" : ` ${label}: ${words.join(", ")}`;
  return `{${name}}${list("global", globals.map(short))}${list("local", locals.map(short))}${list("parents", parents)}`;
}

function parse(text: string): string[] {
  const { report, lines } = collectProblems();
  const nodes = parseVersionScript(bytes(text), "x.map", report);
  deepEqual(lines(), []);
  return nodes.map(shortNode);
}

function problems(text: string): string[] {
  const { report, lines } = collectProblems();
  checkVersionNodes(parseVersionScript(bytes(text), "x.map", report), report);
  return lines();
}

test("nodes with and without a name, globals, locals and parents", () => {
  deepEqual(parse("{ global: foo; b*r; local: *; };"), ["{} global: foo, b*r local: *"]);
  deepEqual(parse("{ foo; };"), ["{} global: foo"]);
  deepEqual(parse("V_1.0 { foo; local: [a-z]?x; };\nV2 { bar; } V_1.0;\nV3 {} V2 V_1.0;"), [
    "{V_1.0} global: foo local: [a-z]?x",
    "{V2} global: bar parents: V_1.0",
    "{V3} parents: V2, V_1.0",
  ]);
});

test("comments of both kinds stand anywhere between words", () => {
  deepEqual(parse("# first\nV1 /* { */ { # global: no;\n global /**/ : foo; # }\n}; # end"), ["{V1} global: foo"]);
});

test("extern blocks give patterns their language, nest, and need no semicolon at their end", () => {
  deepEqual(
    parse('{ global: extern "C++" { ns::f*; "ns::g(int)"; extern "c" { h } }; i; extern "Java" { java::lang::* }; };'),
    ["{} global: C++ ns::f*, C++ ns::g(int), h, i, Java java::lang::*"],
  );
});

test("quoted names are names, whatever is in them", () => {
  deepEqual(parse('{ "f*"; extern "C++" { "operator new(unsigned long)" }; };'), [
    '{} global: "f*", C++ operator new(unsigned long)',
  ]);
});

test("a backslash makes a wildcard's character ordinary", () => {
  deepEqual(patternOf("f\\*", "C"), { text: "f*", language: "C", literal: true });
  deepEqual(patternOf("f\\**", "C"), { text: "f\\**", language: "C", literal: false });
  deepEqual(patternOf("f\\o", "C"), { text: "fo", language: "C", literal: true });
  deepEqual(patternOf("f\\", "C"), { text: "f\\", language: "C", literal: true });
});

test("global, local and extern are names where no colon or brace follows", () => {
  deepEqual(parse("{ global: global; local; extern; local: local; };"), [
    "{} global: global, local, extern local: local",
  ]);
});

test("local may stand before global, and each more than once, which ld refuses", () => {
  deepEqual(parse("{ local: *; global: foo; local: bar; };"), ["{} global: foo local: *, bar"]);
});

test("a character that means nothing is passed over with a warning, as in ld", () => {
  deepEqual(problems("V1 { foo+; };"), ["warning script-stray-character 1"]);
  deepEqual(problems('V1 { "foo; };'), ["warning script-stray-character 1"]);
});

test("syntax errors tell the line", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["", "script-expected-version 1"],
    ["# nothing\n", "script-expected-version 1"],
    ["{}", "script-expected-token 1"],
    ["V1 foo;", "script-expected-token 1"],
    ["V1 {\nfoo };", "script-expected-token 2"],
    ["V1 {\nfoo bar; };", "script-expected-token 2"],
    ["V1 { foo;; };", "script-expected-pattern 1"],
    ["V1 { foo; ", "script-expected-pattern 1"],
    ["V1 { foo; } V0, V2;", "script-expected-token 1"],
    ["{ foo; } V1;", "script-expected-token 1"],
    ['V1 { extern "C++" foo; };', "script-expected-token 1"],
    ["V1 { foo; };\n; V2 {};", "script-expected-version 2"],
    [`V1 { ${'extern "C" {'.repeat(1000)}`, "script-nested-too-deep 1"],
  ];
  for (const [text, expected] of cases) equal(problems(text)[0], `error ${expected}`, text);
});

test("what does not go together is told, for all scripts of a link at once", () => {
  deepEqual(problems("V1 { a; };\n{ b; };"), ["error version-anonymous-combined 2"]);
  deepEqual(problems("V1 { a; };\nV1 { b; };"), ["error version-duplicate 2"]);
  deepEqual(problems("V1 { a; };\nV2 { b; } V1 V0;\nV3 {} V3;"), [
    "error version-unknown-parent 2",
    "error version-unknown-parent 3",
  ]);
  deepEqual(problems('V1 { a; b*; "c"; };\nV2 { local: a; b*; c; };'), [
    "error version-duplicate-pattern 2",
    "error version-duplicate-pattern 2",
    "error version-duplicate-pattern 2",
  ]);
  deepEqual(problems('V1 { extern "Rust" { a; }; };'), ["error version-unknown-language 1"]);
});

test("what ld lets pass passes: a name global in two versions, global and local in one, global in two languages", () => {
  deepEqual(problems('V1 { a; a; b; };\nV2 { a; extern "C++" { c }; global: d; local: d; };\nV3 { local: c; };'), []);
});

test("a dynamic list is patterns in braces", () => {
  const { report, lines } = collectProblems();
  const patterns = parseDynamicList(
    bytes('{ a; b*; extern "C++" { ns::c; "d(int)"; }; };\n{ "e"; };'),
    "x.list",
    report,
  );
  deepEqual(lines(), []);
  deepEqual(patterns.map(short), ["a", "b*", "C++ ns::c", "C++ d(int)", "e"]);
});

test("a damaged dynamic list is told", () => {
  const { report, lines } = collectProblems();
  parseDynamicList(bytes("a;\n"), "x.list", report);
  parseDynamicList(bytes("{ a\n};\n"), "x.list", report);
  parseDynamicList(bytes("{ a; }"), "x.list", report);
  deepEqual(lines(), [
    "error script-expected-token 1",
    "error script-expected-token 1",
    "error script-expected-token 1",
  ]);
});

const WORDS = [
  "V1",
  "V2",
  "{",
  "}",
  "};",
  ";",
  "foo;",
  "b*;",
  '"x";',
  "global:",
  "local:",
  "extern",
  '"C++"',
  "*;",
  "#c\n",
  "a",
];

test(
  "random words are taken or refused as ld does, but for the orders that only ld refuses",
  needs("ld.bfd", "as"),
  () => {
    const dir = folder("versions");
    tool("as", ["-o", dir.at("a.o"), dir.write("a.s", ".globl foo\nfoo: ret\n")]);
    const script = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 9 }).map((words) => words.join(" "));
    const nodes = fc.array(
      fc.constantFrom("foo;", "b*;", '"x";', 'extern "C" { c };', 'extern "C++" { d; };', "local: *;"),
      {
        maxLength: 4,
      },
    );
    const likely = nodes.map((parts) => `V1 { global: ${parts.join(" ")} };`);
    let taken = 0;
    for (const text of fc.sample(fc.oneof(script, likely), { numRuns: 250, seed: 5 })) {
      dir.write("v.map", text);
      const { status } = run("ld.bfd", [
        "-shared",
        "-o",
        dir.at("a.so"),
        dir.at("a.o"),
        `--version-script=${dir.at("v.map")}`,
      ]);
      const refused = problems(text).some((line) => line.startsWith("error"));
      if (status === 0) taken++;
      // An empty `global:`, and labels in any order: see "local may stand before global".
      const lenient =
        /(?:global|local):\s*(?:\}|#|global:|local:|extern\s+"C\S*"\s*\{\s*\})|;\s*(?:global|local):/.test(text);
      if (status === 0 || !lenient) equal(refused, status !== 0, text);
    }
    equal(taken > 30, true, `${taken} were taken`);
  },
);
