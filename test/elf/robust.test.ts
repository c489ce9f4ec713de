// Damaged files by the thousand: real files with random bytes, words and lengths changed, and cut short. Readers and the dump
// may only report problems; they never throw, and their time stays in proportion to the file.
import { ok } from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  dynamicOf,
  dynamicRelocationsOf,
  dynamicSymbolsOf,
  dynamicVersionsOf,
  gnuHashOf,
  notesInSegments,
  parseElf,
  sysvHashOf,
} from "../../src/elf/index.ts";
import { DUMP_PARTS, dumpFile, dumpLines, writeDumpJson } from "../../src/explain/dump/index.ts";
import { tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";

const dir = mkdtempSync(join(tmpdir(), "solder-robust-"));
after(() => rmSync(dir, { recursive: true }));

const SOURCE = `
#include <stdio.h>
static int calls; __thread int tls = 3; extern int other(int);
static int once(int x) { return x + ++calls; }
int (*table[])(int) = { once, other };
int api(int x) { printf("%d", tls); return table[x & 1](x); }
`;

/** How many mutations of each file. */
const ROUNDS = 400;

/** Numbers from a seed (mulberry32), so that a failure can be repeated. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Values that break arithmetic more often than random ones do. */
const EVIL = [0, 1, 2, 0x7f, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff];

function mutated(original: Uint8Array, random: (below: number) => number): Uint8Array {
  const cut = random(8) === 0 ? random(original.length) : original.length;
  const bytes = original.slice(0, cut);
  const view = new DataView(bytes.buffer);
  const headers = Math.min(bytes.length, 1024);
  for (let i = 1 + random(6); i > 0 && bytes.length >= 8; i--) {
    // Half of the hits in the headers at the start, a quarter in the section headers at the end.
    const where = random(4);
    const range = where < 2 ? headers : bytes.length;
    const at = where === 2 ? bytes.length - 1 - random(Math.min(bytes.length, 2500)) : random(range);
    const aligned = Math.min(at & ~3, bytes.length - 4);
    if (random(3) === 0) bytes[at] = random(256);
    else if (random(2) === 0) view.setUint32(aligned, EVIL[random(EVIL.length)], true);
    else view.setUint32(aligned, random(2 ** 32), random(2) === 0);
  }
  return bytes;
}

const PARTS = new Set(DUMP_PARTS);
const STYLE = { color: true, columns: 80, demangle: true, rows: 50 };

/** Everything that reads. */
function readAll(bytes: Uint8Array): void {
  const dump = dumpFile(bytes, "damaged", PARTS);
  for (const line of dumpLines(dump, PARTS, STYLE)) ok(typeof line === "string");
  writeDumpJson([dump], () => {});
  const file = parseElf(bytes, "damaged", () => {});
  if (file === undefined) return;
  // The same without section headers, as the loader reads.
  const bare = { ...file, sections: [] };
  const report = (): void => {};
  const dynamic = dynamicOf(bare, report);
  notesInSegments(bare, report);
  if (dynamic === undefined) return;
  gnuHashOf(bare, dynamic, report);
  sysvHashOf(bare, dynamic, report);
  dynamicRelocationsOf(bare, dynamic, report);
  dynamicVersionsOf(bare, dynamic, dynamicSymbolsOf(bare, dynamic, report).length, report);
}

function attack(path: string, seed: number): void {
  const original = Uint8Array.from(readFileSync(path));
  const random = generator(seed);
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = mutated(original, random);
    try {
      readAll(bytes);
    } catch (cause) {
      writeFileSync(join(tmpdir(), "solder-damaged"), bytes);
      throw new Error(`seed ${seed}, round ${round} (kept as ${join(tmpdir(), "solder-damaged")})`, { cause });
    }
  }
}

/** The source compiled by `compiler`, as object, library and archive. */
function make(name: string, compiler: string, flags: readonly string[], link: readonly string[]): string[] {
  const [source, object, library, archive] = ["c", "o", "so", "a"].map((kind) => join(dir, `${name}.${kind}`));
  writeFileSync(source, SOURCE);
  tool(compiler, [...flags, "-g", "-fPIC", "-c", source, "-o", object]);
  tool(compiler, [...flags, ...link, "-shared", "-Wl,-soname,lib.so", object, "-o", library]);
  tool("ar", ["rcs", archive, object, source]);
  return [object, library, archive];
}

const KINDS: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
  ["x86-64", "gcc", [], ["-Wl,--hash-style=both,-z,pack-relative-relocs"]],
  ["i386", "i686-linux-gnu-gcc", [], ["-Wl,--hash-style=both"]],
];

KINDS.forEach(([name, compiler, flags, link], kind) => {
  test(`damaged ${name} files`, needs(compiler, "ar"), () => {
    for (const [i, path] of make(name, compiler, flags, link).entries()) attack(path, 100 * kind + i);
  });
});

test("damaged big-endian files", needs("clang", "ld.lld"), () => {
  const source = join(dir, "big.c");
  writeFileSync(source, "extern int f(int); int x; int *p = &x; int g(int a) { return f(a) + *p; }");
  const [object, library] = [join(dir, "big.o"), join(dir, "big.so")];
  tool("clang", ["--target=powerpc64-linux-gnu", "-fPIC", "-c", source, "-o", object]);
  tool("ld.lld", ["-shared", object, "-o", library]);
  attack(object, 1000);
  attack(library, 1001);
});

test("a file of section headers only, and a file of program headers only", () => {
  for (const [count, offsetAt, sizeAt, size] of [
    [60_000, 40, 58, 64],
    [60_000, 32, 54, 56],
  ]) {
    const bytes = new Uint8Array(64 + count * size);
    const view = new DataView(bytes.buffer);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 62, 0]);
    view.setUint32(offsetAt, 64, true);
    view.setUint16(sizeAt, size, true);
    view.setUint16(sizeAt + 2, count, true);
    // Types in turn, and sizes that cover the file.
    for (let i = 0; i < count; i++) {
      const at = 64 + i * size;
      view.setUint32(at + (size === 64 ? 4 : 0), 1 + (i % 20), true);
      view.setUint32(at + 32, size === 64 && i > 10 ? 0 : bytes.length, true);
      view.setUint32(at + 40, bytes.length, true);
    }
    readAll(bytes);
  }
});
