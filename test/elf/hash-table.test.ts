// Dynamic hash tables: found by name whatever is in them, the same sizes as GNU ld's, and safe to read when damaged.

import { deepEqual, equal, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { gnuHash, sysvHash } from "../../src/elf/hash.ts";
import {
  bloomAdmits,
  buildGnuHash,
  buildSysvHash,
  type GnuHashTable,
  type HashTable,
  nextByName,
  readGnuHash,
  readSysvHash,
  type SymbolNames,
} from "../../src/elf/hash-table.ts";
import type { Problem } from "../../src/elf/problem.ts";
import { scratch } from "../support/build.ts";
import { present } from "../support/present.ts";
import { tool } from "../support/run.ts";
import { type ElfFile, readSections, sectionBytes } from "../support/sections.ts";
import { needs } from "../support/tools.ts";

const place = { file: "libx.so", section: ".hash" };
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function gnuHashes(names: readonly string[]): Uint32Array {
  return Uint32Array.from(names, (name) => gnuHash(bytesOf(name), 0, name.length));
}

function sysvHashes(names: readonly string[]): Uint32Array {
  return Uint32Array.from(names, (name) => sysvHash(bytesOf(name), 0, name.length));
}

/** A .dynstr and the name offsets of a .dynsym with these names. */
function symbolNames(names: readonly string[]): SymbolNames {
  const strings = bytesOf(`${names.join("\0")}\0`);
  let at = 0;
  const nameOffsets = Uint32Array.from(names, (name) => {
    at += name.length + 1;
    return at - name.length - 1;
  });
  return { nameOffsets, strings };
}

function readGnu(bytes: Uint8Array, elfClass: 32 | 64, problems: Problem[] = []): GnuHashTable | undefined {
  return readGnuHash({ bytes, start: 0, end: bytes.length, littleEndian: true }, elfClass, place, (p) =>
    problems.push(p),
  );
}

function readSysv(bytes: Uint8Array, problems: Problem[] = []): HashTable | undefined {
  return readSysvHash({ bytes, start: 0, end: bytes.length, littleEndian: true }, place, (p) => problems.push(p));
}

/** Every index under which the table knows the name, in the order of the look-up. */
function findAll(table: HashTable, names: SymbolNames, name: string): number[] {
  const bytes = bytesOf(name);
  const hash = (table.kind === "gnu" ? gnuHash : sysvHash)(bytes, 0, bytes.length);
  const found: number[] = [];
  let index = nextByName(table, names, bytes, 0, bytes.length, hash, 0);
  while (index !== 0) {
    found.push(index);
    index = nextByName(table, names, bytes, 0, bytes.length, hash, index);
  }
  return found;
}

test("a GNU table finds the symbols it was built from, in the order it dictates", () => {
  const defined = ["write", "read", "open", "close", "lseek"];
  const { order, bytes } = buildGnuHash(gnuHashes(defined), defined.length, 2, 64);
  const inOrder = ["", "undefined", ...[...order].map((input) => defined[input])];
  const names = symbolNames(inOrder);
  const table = present(readGnu(bytes, 64));
  for (const name of defined) deepEqual(findAll(table, names, name), [inOrder.indexOf(name)]);
  deepEqual(findAll(table, names, "undefined"), []);
  deepEqual(findAll(table, names, "fork"), []);
  equal(table.symbolCount, inOrder.length);
});

test("symbols of one bucket keep the order they came in, so namesakes of several versions do", () => {
  const { order, bytes } = buildGnuHash(gnuHashes(["f", "g", "f", "f"]), 4, 1, 64);
  const inOrder = ["", ...[...order].map((input) => ["f", "g", "f", "f"][input])];
  equal([...order].filter((input) => input !== 1).join(), "0,2,3");
  equal(findAll(present(readGnu(bytes, 64)), symbolNames(inOrder), "f").length, 3);
  const sysv = present(readSysv(buildSysvHash(sysvHashes(["", "f", "g", "f"]), 1)));
  deepEqual(findAll(sysv, symbolNames(["", "f", "g", "f"]), "f"), [1, 3]);
});

test("without a defined symbol .gnu.hash is GNU ld's empty table", () => {
  const words64 = [1, 1, 1, 0, 0, 0, 0];
  deepEqual([...new Uint32Array(buildGnuHash(new Uint32Array(0), 0, 5, 64).bytes.buffer)], words64);
  const words32 = [1, 1, 1, 0, 0, 0];
  deepEqual([...new Uint32Array(buildGnuHash(new Uint32Array(0), 0, 5, 32).bytes.buffer)], words32);
  deepEqual(
    findAll(present(readGnu(buildGnuHash(new Uint32Array(0), 0, 5, 64).bytes, 64)), symbolNames([""]), "x"),
    [],
  );
});

const someNames = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8, unit: "binary-ascii" }), { maxLength: 120 });

test("any set of names is found in both tables, of both classes, and nothing else is", () => {
  fc.assert(
    fc.property(
      someNames.map((names) => names.filter((name) => !name.includes("\0"))),
      fc.constantFrom<32 | 64>(32, 64),
      fc.boolean(),
      fc.integer({ min: 1, max: 40 }),
      (defined, elfClass, optimize, firstIndex) => {
        const { order, bytes } = buildGnuHash(gnuHashes(defined), defined.length, firstIndex, elfClass, optimize);
        const undefinedNames = Array.from({ length: firstIndex - 1 }, (_, i) => `undefined symbol ${i}`);
        const inOrder = ["", ...undefinedNames, ...[...order].map((input) => defined[input])];
        const names = symbolNames(inOrder);
        const gnu = present(readGnu(bytes, elfClass));
        const sysv = present(readSysv(buildSysvHash(sysvHashes(inOrder), firstIndex, optimize)));
        for (const name of defined) {
          deepEqual(findAll(gnu, names, name), [inOrder.indexOf(name)]);
          deepEqual(findAll(sysv, names, name), [inOrder.indexOf(name)]);
        }
        for (const name of [...undefinedNames, "a name too long"]) {
          deepEqual(findAll(gnu, names, name), []);
          deepEqual(findAll(sysv, names, name), []);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("a big-endian table reads like its little-endian twin", () => {
  const defined = Array.from({ length: 50 }, (_, i) => `name${i}`);
  const { bytes } = buildGnuHash(gnuHashes(defined), defined.length, 1, 64);
  const little = present(readGnu(bytes, 64));
  // Word by word; a filter word of 8 bytes is turned round as one.
  const swapped = bytes.slice();
  const bloomEnd = 16 + little.bloom.length * 4;
  for (let at = 0; at < bytes.length; ) {
    const width = at >= 16 && at < bloomEnd ? 8 : 4;
    swapped.subarray(at, at + width).reverse();
    at += width;
  }
  const big = readGnuHash({ bytes: swapped, start: 0, end: swapped.length, littleEndian: false }, 64, place, () => {});
  deepEqual(big, little);
});

/** Names, hash tables and class of a shared library that GNU ld made. */
function dynamicSymbols(file: ElfFile): { names: string[]; symbols: SymbolNames } {
  const table = sectionBytes(file, ".dynsym");
  const strings = sectionBytes(file, ".dynstr");
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const entry = file.elfClass === 64 ? 24 : 16;
  const nameOffsets = Uint32Array.from({ length: table.length / entry }, (_, i) => view.getUint32(i * entry, true));
  const names = [...nameOffsets].map((at) =>
    Buffer.from(strings.subarray(at, strings.indexOf(0, at))).toString("latin1"),
  );
  return { names, symbols: { nameOffsets, strings } };
}

/** Rebuilds .gnu.hash from a library's own symbols. */
function rebuild(file: ElfFile, optimize: boolean): { theirs: GnuHashTable; ours: Uint8Array } {
  const theirs = present(readGnu(sectionBytes(file, ".gnu.hash"), file.elfClass));
  const { names } = dynamicSymbols(file);
  const defined = names.slice(theirs.firstIndex);
  const built = buildGnuHash(gnuHashes(defined), defined.length, theirs.firstIndex, file.elfClass, optimize);
  return { theirs, ours: built.bytes };
}

const LIBRARIES = [
  "/lib/x86_64-linux-gnu/libc.so.6",
  "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
  "/usr/lib32/libstdc++.so.6",
  "/lib32/libc.so.6",
];

for (const library of LIBRARIES) {
  test(`${library}: .gnu.hash comes out as GNU ld -O1 made it`, needs(library), () => {
    const file = readSections(library);
    deepEqual(rebuild(file, true).ours, sectionBytes(file, ".gnu.hash"));
  });

  test(`${library}: every symbol is found by name`, needs(library), () => {
    const file = readSections(library);
    const { names, symbols } = dynamicSymbols(file);
    const table = present(readGnu(sectionBytes(file, ".gnu.hash"), file.elfClass));
    equal(table.symbolCount, names.length);
    for (let i = table.firstIndex; i < names.length; i++) ok(findAll(table, symbols, names[i]).includes(i), names[i]);
    const admitted = Array.from({ length: 1000 }, (_, i) => bytesOf(`absent${i}`)).filter((name) =>
      bloomAdmits(table, gnuHash(name, 0, name.length)),
    );
    ok(admitted.length < 300, "the filter keeps most absent names out");
  });

  test(`${library}: .hash, where there is one, has GNU ld's size and the same chains`, needs(library), (t) => {
    const file = readSections(library);
    const section = sectionBytes(file, ".hash");
    if (section.length === 0) return t.skip("this library has no .hash");
    const { names, symbols } = dynamicSymbols(file);
    const theirs = present(readSysv(section));
    const ours = buildSysvHash(sysvHashes(names), 1, true);
    equal(ours.length, section.length);
    const table = present(readSysv(ours));
    for (const name of new Set(names.slice(1))) {
      deepEqual(
        findAll(table, symbols, name),
        findAll(theirs, symbols, name).sort((a, b) => a - b),
      );
    }
  });
}

/** Links a shared library that defines `count` symbols. */
function linkLibrary(directory: string, count: number, options: readonly string[]): ElfFile {
  const source = join(directory, "x.s");
  const lines = Array.from({ length: count }, (_, i) => `.globl symbol_${i * 7919}\nsymbol_${i * 7919}:`);
  writeFileSync(source, `.data\n${lines.join("\n")}\n.byte 0\n`);
  const class32 = options.includes("elf_i386");
  tool("as", [class32 ? "--32" : "--64", "-o", `${directory}/x.o`, source]);
  tool("ld.bfd", ["-shared", "--hash-style=both", ...options, "-o", `${directory}/x.so`, `${directory}/x.o`]);
  return readSections(`${directory}/x.so`);
}

test("bucket count, filter size and shift are GNU ld's, for any number of symbols", needs("as", "ld.bfd"), () => {
  const directory = scratch("hash-table");
  for (const count of [1, 2, 3, 4, 5, 6, 7, 8, 16, 17, 18, 37, 100, 130, 131, 263, 1040, 2600]) {
    for (const options of [[], ["-O1"], ["-m", "elf_i386"], ["-O1", "-m", "elf_i386"]]) {
      const file = linkLibrary(directory, count, options);
      const optimize = options.includes("-O1");
      const label = `${count} symbols, ld ${options.join(" ")}`;
      deepEqual(rebuild(file, optimize).ours, sectionBytes(file, ".gnu.hash"), label);
      const { names } = dynamicSymbols(file);
      const theirs = present(readSysv(sectionBytes(file, ".hash")));
      equal(
        present(readSysv(buildSysvHash(sysvHashes(names), 1, optimize))).buckets.length,
        theirs.buckets.length,
        label,
      );
    }
  }
});

function problemsOf(words: readonly number[], read: (bytes: Uint8Array, problems: Problem[]) => unknown): string[] {
  const problems: Problem[] = [];
  equal(read(new Uint8Array(Uint32Array.from(words).buffer), problems), undefined);
  return problems.map(({ code }) => code);
}

test("a damaged GNU table is refused with the reason", () => {
  const gnu = (words: readonly number[]) => problemsOf(words, (bytes, problems) => readGnu(bytes, 32, problems));
  deepEqual(gnu([1, 1, 1]), ["hash-table-cut-short"]);
  deepEqual(gnu([0xffffffff, 1, 0xffffffff, 5]), ["hash-table-cut-short"]);
  deepEqual(gnu([1, 1, 3, 5, 0, 0, 0, 0]), ["gnu-hash-bloom-size"]);
  deepEqual(gnu([1, 1, 0, 5, 0]), ["gnu-hash-bloom-size"]);
  // A bucket that starts before the first hashed symbol, one beyond the table, and a chain that nothing ends.
  deepEqual(gnu([1, 4, 1, 5, 0, 3, 1]), ["hash-chain-wild"]);
  deepEqual(gnu([1, 1, 1, 5, 0, 900, 1]), ["hash-table-cut-short"]);
  deepEqual(gnu([1, 1, 1, 5, 0, 1, 2, 4]), ["hash-table-cut-short"]);
});

test("a damaged System V table is refused with the reason", () => {
  const sysv = (words: readonly number[]) => problemsOf(words, readSysv);
  deepEqual(sysv([1]), ["hash-table-cut-short"]);
  deepEqual(sysv([1, 0xffffffff, 0]), ["hash-table-cut-short"]);
  deepEqual(sysv([1, 2, 7, 0, 0]), ["hash-chain-wild"]);
  // 1 -> 2 -> 1
  deepEqual(sysv([1, 3, 1, 0, 2, 1]), ["hash-chain-loop"]);
});

test("no bytes make a look-up hang or throw", () => {
  const small = fc.array(fc.oneof(fc.nat(6), fc.integer()), { maxLength: 24 });
  fc.assert(
    fc.property(small, fc.string({ maxLength: 2 }), fc.constantFrom<32 | 64>(32, 64), (words, name, elfClass) => {
      const bytes = new Uint8Array(Uint32Array.from(words).buffer);
      const names = symbolNames(["", name, "b", name]);
      for (const table of [readGnu(bytes, elfClass), readSysv(bytes)])
        if (table !== undefined) findAll(table, names, name);
    }),
    { numRuns: 2000 },
  );
});
