// What was read of archives and libraries serves the next link of the same bytes, and changes nothing.

import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { memoryFiles } from "../../../src/host/memory-files.ts";
import { defaultInputState, defaultOptions, type LinkInput, type LinkOptions, link } from "../../../src/link/index.ts";
import { createParsedFiles } from "../../../src/link/inputs/parsed.ts";
import { compile, scratch, x86_64 } from "../../support/build.ts";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";

const options = needs("gcc", "as", "ar");

test("archives and libraries are read once for many links", options, () => {
  const directory = scratch("parsed");
  const object = (name: string, text: string): string => compile(x86_64, name, text, ["-fPIC"]);
  const archive = join(directory, "libone.a");
  tool("ar", ["rcs", archive, object("one.c", "int one(void) { return 1; }")]);
  const library = join(directory, "libtwo.so");
  tool("gcc", ["-shared", "-nostdlib", "-o", library, object("two.c", "int two(void) { return 2; } int three = 3;")]);
  const main = object(
    "main.c",
    "int one(void), two(void); extern int three; int main(void) { return one() + two() + three; }",
  );
  const bytes = new Map([main, archive, library].map((path) => [path, new Uint8Array(readFileSync(path))]));
  const inputs = [...bytes].map(
    ([path, content]): LinkInput => ({
      kind: "file",
      path,
      bytes: content,
      state: { ...defaultInputState, asNeeded: true },
    }),
  );
  const parsed = createParsedFiles();
  const wanted: LinkOptions = { ...defaultOptions, output: "pie", entry: "main" };
  const alone = link(inputs, wanted, memoryFiles({}));
  for (const hits of [0, 2, 4]) {
    const { image, problems } = link(inputs, { ...wanted, parsed }, memoryFiles({}));
    deepEqual(problems, []);
    ok(image !== undefined && alone.image !== undefined);
    deepEqual(Buffer.compare(image, alone.image), 0);
    equal(parsed.hits, hits);
  }
});
