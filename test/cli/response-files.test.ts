// @FILE: the arguments in a file, quoted as GNU's tools read them.
import { deepEqual, equal } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { expandResponseFiles, splitArguments } from "../../src/cli/ld/response-files.ts";
import type { Problem } from "../../src/elf/problem.ts";
import { run } from "../support/run.ts";
import { needs } from "../support/tools.ts";
import { textFiles } from "./support.ts";

function expand(
  args: readonly string[],
  texts: Readonly<Record<string, string>>,
): { words: string[]; codes: string[] } {
  const problems: Problem[] = [];
  const words = expandResponseFiles(args, textFiles(texts), (problem) => problems.push(problem));
  return { words, codes: problems.map(({ code }) => code) };
}

test("blanks of every kind separate, quotes group, a backslash takes the next character as it is", () => {
  deepEqual(splitArguments(" a\tb\nc\r\nd\f "), ["a", "b", "c", "d"]);
  deepEqual(splitArguments(`'a b' "c 'd'" e\\ f g"h"'i' ""`), ["a b", "c 'd'", "e f", "ghi", ""]);
  deepEqual(splitArguments(`'a\\'b' "\\"" \\\\ x\\`), ["a'b", '"', "\\", "x"]);
  deepEqual(splitArguments("'not closed"), ["not closed"]);
  deepEqual(splitArguments("\n\n"), []);
});

test("what is quoted comes back", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" })), (words) => {
      const text = words.map((word) => `"${word.replace(/["\\]/g, "\\$&")}"`).join("\n");
      deepEqual(splitArguments(text), words);
    }),
  );
});

test("a file in place of its name, nested ones too", () => {
  const { words, codes } = expand(["a.o", "@one", "z.o"], { one: "-o x @two", two: "b.o 'c d.o'" });
  deepEqual([words, codes], [["a.o", "-o", "x", "b.o", "c d.o", "z.o"], []]);
});

test("where there is no such file, the argument stands as it is", () => {
  deepEqual(expand(["-rpath", "@loader_path", "@"], {}).words, ["-rpath", "@loader_path", "@"]);
});

test("a file that includes itself is an error, not the end of the memory", () => {
  deepEqual(expand(["@a"], { a: "x.o @b", b: "@a y.o" }), { words: ["x.o", "y.o"], codes: ["response-file-loop"] });
});

test("files that double each other stop at 2000, with one error", () => {
  const texts = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, `x @f${i + 1} @f${i + 1}`]));
  const { words, codes } = expand(["@f0"], texts);
  equal(words.filter((word) => word === "x").length, 2000);
  deepEqual(codes, ["too-many-response-files"]);
});

test("GNU ld splits a file in the same way", needs("ld.bfd"), () => {
  const text = `--nonsense1 "--non'sense 2" '--non"sense 3' --non\\sense\\ 4 "--nonsense\\"5" '--nonsense\\'6'\n--nonsense7""`;
  const directory = mkdtempSync(join(tmpdir(), "solder-response-"));
  try {
    const path = join(directory, "rsp");
    writeFileSync(path, text);
    // GNU ld stops at the first unknown option, so each word is asked for by itself.
    for (const [index, word] of splitArguments(text).entries()) {
      const alone = text.split(/(?<!\\) (?=['"]?--)|\n/)[index];
      writeFileSync(path, alone);
      equal(run("ld.bfd", [`@${path}`]).stderr.split("\n")[0], `ld.bfd: unrecognized option '${word}'`);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});
