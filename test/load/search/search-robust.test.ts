// Files made to be too much: thousands of libraries, cycles, chains, searches that grow with the square of a file, damage of
// every kind. The loader says what is wrong and ends; it does not hang, throw, or fill memory.

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { flatLines, treeLines } from "../../../src/explain/load/dependencies.ts";
import { type MemoryEntry, memoryLoadFiles } from "../../../src/host/memory-load-files.ts";
import { type LoadedProcess, loadCache, loadDependencies, profileOf } from "../../../src/load/index.ts";
import type { LoadOptions } from "../../../src/load/settings/contract.ts";
import { madeFile } from "../support/made-file.ts";

const STYLE = { color: false, columns: 100, demangle: true, rows: 100 };

function optionsFor(library: "glibc" | "musl", environment: LoadOptions["environment"] = {}): LoadOptions {
  const profile = profileOf(library, library === "glibc" ? [2, 36] : [1, 2, 3]);
  const hwcaps = ["x86-64-v3", "x86-64-v2"];
  return { profile, environment, currentDirectory: "/", secure: false, hwcaps, platform: "haswell" };
}

function load(
  files: ReadonlyMap<string, MemoryEntry> | Readonly<Record<string, MemoryEntry>>,
  options = optionsFor("glibc"),
): LoadedProcess {
  const result = loadDependencies("/main", options, loadCache(memoryLoadFiles(files)));
  if (!result.loaded) throw new Error(result.problem.code);
  return result.process;
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `lib${index}.so`);
const libraries = ({ objects }: LoadedProcess): number => objects.filter(({ kind }) => kind === "library").length;

for (const library of ["glibc", "musl"] as const) {
  test(`${library}: 10,000 libraries that are missing are 10,000 reports`, () => {
    const task = load({ "/main": madeFile({ needed: numbered(10_000), rpath: "/a:/b" }) }, optionsFor(library));
    equal(task.missingLibraries.length, 10_000);
    equal(flatLines(task).length, 10_000);
  });

  test(`${library}: 10,000 that are there`, () => {
    const names = numbered(10_000);
    const files = new Map<string, MemoryEntry>(names.map((name) => [`/lib/${name}`, madeFile({ soname: name })]));
    files.set("/main", madeFile({ needed: names }));
    equal(libraries(load(files, optionsFor(library))), 10_000);
  });

  test(`${library}: a chain of 2,000, each of which needs the next, and the last the first`, () => {
    const names = numbered(2_000);
    const next = (index: number): string => names[(index + 1) % names.length];
    const files = new Map<string, MemoryEntry>(
      names.map((name, index) => [`/x/${name}`, madeFile({ needed: [next(index)], rpath: "/x:/y" })]),
    );
    files.set("/main", madeFile({ needed: ["lib0.so"], rpath: "/x" }));
    const task = load(files, optionsFor(library));
    equal(libraries(task), 2_000);
    ok(treeLines(task, { repeats: true, similar: () => [] }, STYLE).length < 200, "the tree ends at some depth");
  });
}

test("a search that would take for ever is given up, and that is said", () => {
  const path = (prefix: string, count: number): string =>
    numbered(count)
      .map((name) => prefix + name)
      .join(":");
  for (const library of ["glibc", "musl"] as const) {
    const needed = numbered(2_000);
    const task = load({ "/main": madeFile({ needed, runpath: path("relative/", 500) }) }, optionsFor(library));
    const given = task.problems.filter(({ code }) => code === "search-given-up");
    equal(given.length, 1);
    equal(task.missingLibraries.length, 2_000);
    // glibc forgets a list of which no directory exists.
    const absent = load({ "/main": madeFile({ needed, runpath: path("/absent/", 10_000) }) }, optionsFor(library));
    equal(absent.missingLibraries.length, 2_000);
  }
});

test("a library that needs itself, and one that needs the program", () => {
  const files = {
    "/main": madeFile({ needed: ["liba.so"], soname: "main.so" }),
    "/lib/liba.so": madeFile({ needed: ["liba.so", "main.so", "/main"], soname: "liba.so" }),
  };
  const task = load(files);
  // The program was mapped by the kernel: ld.so does not know its file, and loads it once more.
  equal(libraries(task), 2);
  deepEqual(task.missingLibraries, []);
});

test("names that a terminal would obey are written out", () => {
  const task = load({ "/main": madeFile({ needed: ["\x1b[2Jlib.so\n", "\u009b31m"], runpath: "/a\x07" }) });
  const lines = [...treeLines(task, { repeats: true, similar: () => ["/\x1b"] }, STYLE), ...flatLines(task)];
  equal(/\p{Cc}/u.test(lines.map((line) => line.replace(/^\t/, "")).join("")), false);
  ok(lines.some((line) => line.includes("\\u001b[2Jlib.so\\u000a => not found")));
});

test("names that are paths of any length, and empty ones", () => {
  const needed = ["", "/", ".", "..", `/${"d/".repeat(3000)}lib.so`, "x".repeat(100_000), "./", "$ORIGIN", "$ORIGIN/"];
  for (const library of ["glibc", "musl"] as const) {
    const task = load({ "/main": madeFile({ needed, runpath: "$ORIGIN:$LIB:$PLATFORM::" }) }, optionsFor(library));
    ok(task.missingLibraries.length > 5);
    ok(treeLines(task, { repeats: true, similar: () => [] }, STYLE).length > 5);
  }
});

test("damage of every kind", () => {
  const good: Readonly<Record<string, Uint8Array>> = {
    "/main": madeFile({ needed: ["liba.so", "$ORIGIN/libb.so"], rpath: "$ORIGIN/x:/lib" }),
    "/lib/liba.so": madeFile({ needed: ["libb.so", "libc1.so"], soname: "liba.so", runpath: "/x" }),
    "/x/libb.so": madeFile({ needed: ["liba.so"], soname: "libb.so" }),
    "/libb.so": madeFile({ needed: ["libc1.so"], rpath: "/x" }),
    "/lib/libc1.so": madeFile({ soname: "libc1.so" }),
    "/etc/ld.so.preload": new TextEncoder().encode("# none\nliba.so:libb.so\n"),
  };
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  for (let round = 0; round < 1000; round++) {
    const files = Object.fromEntries(
      Object.entries(good).map(([path, bytes]) => {
        const copy = Uint8Array.from(random(8) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes);
        for (let i = random(4); i > 0 && copy.length > 0; i--) copy[random(copy.length)] = random(256);
        return [path, copy] as const;
      }),
    );
    const options = optionsFor(round % 2 === 0 ? "glibc" : "musl", { LD_LIBRARY_PATH: "/x:", LD_PRELOAD: "libc1.so" });
    const result = loadDependencies("/main", options, loadCache(memoryLoadFiles(files)));
    if (result.loaded) treeLines(result.process, { repeats: true, similar: () => [] }, STYLE);
  }
});
