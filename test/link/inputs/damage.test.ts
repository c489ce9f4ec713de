// Damaged inputs: whatever bytes an object, archive or shared library has, a link ends with an image or with problems.
// Mutations are seeded, so a failure can be repeated.

import { ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { nodeAccelerators } from "../../../src/host/accelerators.ts";
import { memoryFiles } from "../../../src/host/memory-files.ts";
import { link } from "../../../src/link/link.ts";
import { defaultOptions, type InputState, type LinkInput, type OutputKind } from "../../../src/link/options.ts";
import { compile, i386, x86_64 } from "../../support/build.ts";
import { needsToRun } from "../../support/tools.ts";

const MAIN = `
  extern _Thread_local int counter; int twice(int); int pick(void); __attribute__((weak)) void absent(void);
  static const char *greeting = "hello";
  int main(void) { if (absent) absent(); return twice(counter) + greeting[0] + pick(); }`;
const LIBRARY = `
  _Thread_local int counter = 5; int table[10]; int twice(int x) { return 2 * x + table[1]; }
  static int chosen(void) { return 1; } static int (*resolver(void))(void) { return chosen; }
  int pick(void) __attribute__((ifunc("resolver")));
  __attribute__((constructor)) static void start(void) { table[0] = 1; }`;

const state: InputState = { wholeArchive: false, asNeeded: false, preferStatic: false, copyDtNeeded: false };
const kinds: readonly OutputKind[] = ["static", "pie", "shared", "executable", "relocatable"];

/** Numbers from 0 to 1, the same for the same seed. */
function random(seed: number): () => number {
  let value = seed;
  return () => {
    value = (Math.imul(value, 1664525) + 1013904223) >>> 0;
    return value / 2 ** 32;
  };
}

/** Changes a few bytes, mostly in the file header and the section headers, which stand at the end; at times cuts the file. */
function damage(bytes: Uint8Array, next: () => number): Uint8Array {
  const copy = bytes.slice(0, next() < 0.1 ? Math.floor(next() * bytes.length) : bytes.length);
  for (let hits = 1 + Math.floor(next() * 8); hits > 0; hits--) {
    const where = next();
    const fromEnd = copy.length - 1 - Math.floor(next() * Math.min(2500, copy.length));
    const at = where < 0.3 ? Math.floor(next() * 64) : where < 0.7 ? fromEnd : Math.floor(next() * copy.length);
    if (at < copy.length && at >= 0) copy[at] = next() < 0.4 ? 255 : Math.floor(next() * 256);
  }
  return copy;
}

for (const target of [x86_64, i386]) {
  test(`a link of damaged objects ends with an image or with problems (${target.name})`, {
    ...needsToRun(...target.tools),
    timeout: 600_000,
  }, () => {
    const objects = [MAIN, LIBRARY].map((text, i) => readFileSync(compile(target, `part${i}.c`, text, ["-g", "-O1"])));
    const next = random(2024);
    let failures = 0;
    for (let round = 0; round < 600; round++) {
      const broken = round % 2;
      const inputs = objects.map((bytes, i): LinkInput => {
        const contents = new Uint8Array(bytes);
        return { kind: "file", path: `part${i}.o`, bytes: i === broken ? damage(contents, next) : contents, state };
      });
      const output = kinds[round % kinds.length];
      const options = {
        ...defaultOptions,
        output,
        ehFrameHdr: true,
        gcSections: round % 3 === 0,
        accelerators: nodeAccelerators,
      };
      const { image, problems } = link(inputs, options, memoryFiles({}));
      if (image === undefined) {
        failures++;
        ok(
          problems.some(({ severity }) => severity === "error"),
          "no image, and nobody says why",
        );
      }
    }
    ok(failures > 100 && failures < 600, `${failures} of 600 failed: the damage misses, or hits everything`);
  });
}
