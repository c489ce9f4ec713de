// Wildcards match what fnmatch(3) matches in the C locale.

import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileGlob, globMatches, globMatchesText } from "../../../src/link/script/glob.ts";
import { folder } from "../../support/folder.ts";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";

const matches = (pattern: string, text: string): boolean => globMatchesText(compileGlob(pattern), text);

test("* stands for any bytes, ? for one", () => {
  ok(matches("*", ""));
  ok(matches("*", "anything/at.all"));
  ok(matches("f*b?r", "foobar"));
  ok(!matches("f*b?r", "foobr"));
  ok(!matches("?", ""));
});

test("[ ] stands for one byte of a set, and not of it with ! or ^", () => {
  ok(matches("[a-cx]1", "b1"));
  ok(!matches("[!a-c]1", "b1"));
  ok(matches("[^a-c]1", "d1"));
  ok(matches("[]-]", "]"));
  ok(matches("[[:digit:][:upper:]]", "Q"));
});

test("a backslash takes the meaning from what follows", () => {
  ok(matches("\\*", "*"));
  ok(!matches("\\*", "a"));
  ok(matches("a\\b[\\]]", "ab]"));
});

test("[ without ] is a byte, and what cannot match matches nothing", () => {
  ok(matches("a[b", "a[b"));
  ok(!matches("[[:nonsense:]]", "n"));
  ok(!matches("[![:nonsense:]]", "n"));
  ok(matches("[n[:nonsense:]]", "n"));
  ok(!matches("a\\", "a\\"));
});

test("a range of a larger array is matched in place", () => {
  const bytes = new TextEncoder().encode("..foo..");
  ok(globMatches(compileGlob("f*o"), bytes, 2, 5));
  ok(!globMatches(compileGlob("f*o"), bytes, 2, 6));
});

// Backtracking would take longer than the universe; the limit is the runner's and far off.
test("many stars and many brackets without end come to an end", { timeout: 120_000 }, () => {
  ok(!matches(`${"*a".repeat(50)}b`, "a".repeat(2000)));
  ok(!matches(`${"[[.".repeat(20_000)}\\]`, "x"));
});

const FNMATCH = `#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
int main(void) {
  static char line[1000];
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\\n")] = 0;
    char *text = strchr(line, '\\t');
    *text++ = 0;
    putchar(fnmatch(line, text, 0) == 0 ? '1' : '0');
  }
}
`;

test("random patterns match what glibc's fnmatch matches", needs("gcc"), () => {
  const dir = folder("script");
  tool("gcc", ["-o", dir.at("match"), dir.write("match.c", FNMATCH)]);
  const bits = ["a", "b", "c", "*", "*", "?", "[", "]", "[", "]", "!", "^", "-", "\\", "[:alpha:]", "[:no:]", "[.a.]"];
  const pattern = fc.array(fc.constantFrom(...bits), { maxLength: 8 }).map((parts) => parts.join(""));
  const text = fc.array(fc.constantFrom(..."abc]![-^\\"), { maxLength: 5 }).map((parts) => parts.join(""));
  const pairs = fc.sample(fc.tuple(pattern, text), { numRuns: 30_000, seed: 1 });
  const input = pairs.map((pair) => `${pair.join("\t")}\n`).join("");
  const expected = tool(dir.at("match"), [], { input, env: { LC_ALL: "C" } });
  for (const [index, [wild, name]] of pairs.entries()) {
    equal(matches(wild, name), expected[index] === "1", `${JSON.stringify(wild)} against ${JSON.stringify(name)}`);
  }
});
