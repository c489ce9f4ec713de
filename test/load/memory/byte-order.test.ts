// Files of the other byte order: what the loader reads of them is what readelf says. One machine's is enough, because all
// readers take the order from the file.

import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DT_RELA, DT_RELASZ, parseElfImage, rangeAtAddress } from "../../../src/elf/index.ts";
import { type DynamicFile, readDynamicFile } from "../../../src/load/file/dynamic-file.ts";
import { symbolName, symbolSize, symbolValue } from "../../../src/load/file/dynamic-symbols.ts";
import {
  entryAddendHigh,
  entryAddendLow,
  entryOffset,
  entrySymbol,
  entryType,
} from "../../../src/load/file/relocation-entry.ts";
import { versionIndex } from "../../../src/load/file/version-table.ts";
import { readWord, writeWord } from "../../../src/load/memory/words.ts";
import { scratch } from "../../support/build.ts";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";

const SOURCE = `
int counter = 5;
char table[70000];
extern int outside;
int *pointer = &outside, *inside = &counter;
int get(void) { return *pointer; }
`;

function bigEndianLibrary(): { readonly file: DynamicFile; readonly path: string } {
  const directory = scratch("big-endian");
  writeFileSync(join(directory, "lib.c"), SOURCE);
  writeFileSync(join(directory, "lib.map"), "ONE { global: counter; table; get; pointer; inside; local: *; };\n");
  const path = join(directory, "lib.so");
  const options = ["-shared", "-nostdlib", "-fPIC", "-Wl,--version-script=lib.map", "-Wl,-soname,lib.so.1"];
  tool("s390x-linux-gnu-gcc", [...options, "-o", path, "lib.c"], { cwd: directory });
  const elf = parseElfImage(readFileSync(path), path, () => {});
  ok(elf !== undefined && !elf.littleEndian && elf.elfClass === 64);
  return { file: readDynamicFile(elf, path, path), path };
}

test("symbols, versions and relocations of a big-endian library", needs("s390x-linux-gnu-gcc", "readelf"), () => {
  const { file, path } = bigEndianLibrary();
  deepEqual(file.problems, []);
  equal(file.soname, "lib.so.1");
  const { symbols, versions, elf } = file;
  const read = Array.from({ length: symbols.count }, (_, i) => {
    const version = versions.name[versionIndex(versions, symbols.bytes, i)];
    return `${symbolValue(symbols, i)} ${symbolSize(symbols, i)} ${symbolName(symbols, i)}${version === "" ? "" : `@@${version}`}`;
  });
  const lines = tool("readelf", ["-W", "--dyn-syms", path]).split("\n");
  const expected = lines.flatMap((line) => {
    const [, value, size, name] = /^ *\d+: ([0-9a-f]+) +(\d+) \S+ +\S+ +\S+ +\S+ ?(\S*)/.exec(line) ?? [];
    return value === undefined ? [] : [`${Number.parseInt(value, 16)} ${size} ${name}`];
  });
  // readelf names section symbols, and leaves the version of a version's own symbol out.
  const isNamed = (text: string): boolean => !/ (\.text|ONE|ONE@@ONE|)$/.test(text);
  deepEqual(read.filter(isNamed), expected.filter(isNamed));
  equal(expected.filter(isNamed).length, 6);
  const where = rangeAtAddress(elf, file.values.get(DT_RELA) ?? 0);
  const size = file.values.get(DT_RELASZ) ?? 0;
  ok(where !== undefined && size > 0);
  const entries: string[] = [];
  for (let at = where.start; at < where.start + size; at += 24) {
    const addend = (entryAddendHigh(elf, at) | 0) * 2 ** 32 + entryAddendLow(elf, at);
    entries.push([entryOffset(elf, at), entrySymbol(elf, at), entryType(elf, at), addend].join(" "));
  }
  const relocations = tool("readelf", ["-W", "-r", path]).split("\n");
  const wanted = relocations.flatMap((line) => {
    const [, offset, symbol, type, rest] = /^([0-9a-f]{16}) +([0-9a-f]{8})([0-9a-f]{8}) (.*)$/.exec(line) ?? [];
    if (offset === undefined) return [];
    const addend = /([0-9a-f]+)$/.exec(rest)?.[1] ?? "";
    return [[offset, symbol, type, addend].map((text) => Number.parseInt(text, 16)).join(" ")];
  });
  deepEqual(entries, wanted.slice(0, entries.length));
});

test("a word of memory in each order and size", () => {
  const bytes = new Uint8Array(16);
  const region = {
    start: 0x1000,
    end: 0x2000,
    file: bytes,
    written: new Map(),
    budget: { left: 0x10000 },
    flags: 6,
    fileOffset: 0,
  };
  for (const wordBytes of [4, 8] as const) {
    for (const littleEndian of [true, false]) {
      const form = { wordBytes, littleEndian };
      ok(writeWord([region], 0x1004, form, 0x1234_5678));
      equal(readWord([region], 0x1004, form), 0x1234_5678);
      const page = region.written.get(0) as Uint8Array;
      const written = [...page.subarray(4, 4 + wordBytes)];
      const low = [0x78, 0x56, 0x34, 0x12];
      const whole = wordBytes === 8 ? [...low, 0, 0, 0, 0] : low;
      deepEqual(written, littleEndian ? whole : whole.reverse());
    }
  }
});
