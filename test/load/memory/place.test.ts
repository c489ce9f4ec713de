// Where objects go: at given addresses, as the kernel puts them, or at random in a way that can be repeated.

import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type LoadSettings, load, pagesOf } from "../../../src/load/index.ts";
import { compile, scratch, x86_64 } from "../../support/build.ts";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { basesOf, debugStateOffset, freeze, loaded, realCache, realOptions, smallProgram } from "../judges/reality.ts";

/** First pages of the objects, in order. */
function places(settings: LoadSettings): number[] {
  const result = load(smallProgram(), realOptions(), realCache(), settings);
  ok(result.loaded);
  return result.process.objects.map(({ start }) => start);
}

test("without a word they are where the kernel puts them when addresses are not randomized", needs("gcc"), () => {
  const program = smallProgram();
  const task = loaded(program);
  const snapshot = freeze(join(scratch("place"), "snapshot"), debugStateOffset(task), {}, [program]);
  ok(snapshot !== undefined);
  const bases = basesOf(snapshot.mappings);
  deepEqual(
    task.objects.map(({ start }) => start),
    task.objects.map(({ file }) => bases.get(file.realPath)),
  );
});

test("given addresses are taken, by path or by the last part of it", needs("gcc"), () => {
  const chosen = 0x7f0000000000;
  const [program, , libc] = places({ given: new Map([["libc.so.6", chosen]]) });
  deepEqual([program, libc], [places({})[0], chosen]);
});

test("random addresses are the same for the same seed, page-aligned, and do not overlap", needs("gcc"), () => {
  deepEqual(places({ seed: 7 }), places({ seed: 7 }));
  ok(places({ seed: 7 }).every((start, i) => start !== places({ seed: 8 })[i]));
  for (let seed = 0; seed < 50; seed++) {
    const result = load(smallProgram(), realOptions(), realCache(), { seed });
    ok(result.loaded);
    const ranges = result.process.objects.map(({ start, end }) => ({ start, end })).sort((a, b) => a.start - b.start);
    ok(
      ranges.every(({ start, end }, i) => start % 4096 === 0 && (i === 0 || ranges[i - 1].end <= start) && end > start),
    );
  }
});

test("the pages of an object lie side by side from its first to its last", needs("gcc"), () => {
  for (const object of loaded(smallProgram()).objects) {
    const pages = pagesOf(object, true);
    equal(pages[0].start, object.start);
    equal(pages.at(-1)?.end, object.end);
    ok(pages.every(({ start }, i) => i === 0 || pages[i - 1].end === start));
  }
});

test("between far segments ld.so leaves pages without access, the kernel nothing", needs("gcc"), () => {
  const directory = scratch("holes");
  const far = "-Wl,-z,max-page-size=0x10000";
  const library = compile(x86_64, "library.c", "int data = 1; int f(void) { return data; }", ["-fpic"]);
  tool("gcc", ["-shared", library, far, "-Wl,-soname,libfar.so", "-o", join(directory, "libfar.so")]);
  const main = compile(x86_64, "main.c", "int f(void); int main(void) { return f(); }", ["-fpie"]);
  const path = join(directory, "main");
  tool("gcc", [main, far, join(directory, "libfar.so"), "-Wl,-rpath,$ORIGIN", "-o", path]);
  const holes = (name: string): boolean => {
    const object = loaded(path).objects.find((it) => it.name.endsWith(name));
    ok(object !== undefined);
    const pages = pagesOf(object, true);
    ok(pages.some(({ start }, i) => i > 0 && pages[i - 1].end < start) === (name === "main"), name);
    return pages.some(({ flags }) => flags === 0);
  };
  deepEqual([holes("main"), holes("libfar.so")], [false, true]);
});
