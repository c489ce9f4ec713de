// Reading a file as the loader does: by program headers and the dynamic section alone.
import { deepEqual, equal, ok } from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { ElfFile, ElfRelocation, Problem } from "../../src/elf/index.ts";
import {
  DT_NEEDED,
  DT_RUNPATH,
  DT_SONAME,
  dynamicOf,
  dynamicRelocationsOf,
  dynamicSymbolsOf,
  dynamicTexts,
  dynamicVersionsOf,
  gnuHashOf,
  isRelocationSection,
  notesInSegments,
  notesOf,
  parseElf,
  relocationsOf,
  SHT_DYNSYM,
  sectionOfType,
  symbolsOf,
  sysvHashOf,
  versionsOf,
} from "../../src/elf/index.ts";
import { tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";

const dir = mkdtempSync(join(tmpdir(), "solder-dynamic-"));
after(() => rmSync(dir, { recursive: true }));

const problems: Problem[] = [];
const report = (problem: Problem): void => {
  problems.push(problem);
};

function parse(path: string): ElfFile {
  const file = parseElf(readFileSync(path), path, report);
  ok(file !== undefined);
  return file;
}

/** Everything is asked of the file twice: with its section headers, and after they have been taken away. */
function bothWays(path: string): void {
  const file = parse(path);
  const bare: ElfFile = { ...file, sections: [] };
  const dynamic = dynamicOf(bare, report);
  ok(dynamic !== undefined);

  const table = sectionOfType(file, SHT_DYNSYM);
  ok(table !== undefined);
  const symbols = symbolsOf(file, table, report);
  // Without section headers an index in a symbol cannot be checked, so it is compared as it stands.
  const found = dynamicSymbolsOf(bare, dynamic, report);
  deepEqual(
    found.map((symbol) => [symbol.name, symbol.value, symbol.size, symbol.shndx]),
    symbols.map((symbol) => [symbol.name, symbol.value, symbol.size, symbol.shndx]),
    `${path}: symbols`,
  );

  deepEqual(dynamicVersionsOf(bare, dynamic, symbols.length, report), versionsOf(file, report), `${path}: versions`);

  const bySection: ElfRelocation[] = [];
  for (const section of file.sections) {
    if (isRelocationSection(section) && section.link === table.index)
      bySection.push(...relocationsOf(file, section, report));
  }
  deepEqual(
    dynamicRelocationsOf(bare, dynamic, report).tables.flatMap(({ relocations }) => relocations),
    bySection,
    `${path}: relocations`,
  );

  deepEqual(
    notesInSegments(bare, report).map(({ owner, type, range }) => [owner, type, range.start]),
    notesOf(file, report)
      .filter(({ section }) => file.sections.find(({ name }) => name === section)?.address !== 0)
      .map(({ owner, type, range }) => [owner, type, range.start]),
    `${path}: notes`,
  );
  deepEqual(problems, []);
}

const LIBRARIES = [
  "/lib/x86_64-linux-gnu/libc.so.6",
  "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
  "/lib32/libc.so.6",
  "/usr/lib32/libstdc++.so.6",
  "/usr/bin/gcc",
];

for (const path of LIBRARIES) {
  test(`${path} tells the same with and without section headers`, (t) => {
    if (!existsSync(path)) return t.skip(`needs ${path}`);
    bothWays(path);
  });
}

test("the entries that name something are read with their strings", needs("gcc"), () => {
  writeFileSync(join(dir, "empty.c"), "");
  const library = join(dir, "libempty.so");
  const options = ["-Wl,-soname,libempty.so.3,-rpath,/opt/x:$ORIGIN,--no-as-needed", "-Wl,--enable-new-dtags"];
  tool("gcc", ["-shared", "-fPIC", ...options, join(dir, "empty.c"), "-lm", "-o", library]);
  const dynamic = dynamicOf(parse(library), report);
  ok(dynamic !== undefined);
  deepEqual(dynamicTexts(dynamic, DT_NEEDED), ["libm.so.6", "libc.so.6"]);
  deepEqual(dynamicTexts(dynamic, DT_SONAME), ["libempty.so.3"]);
  deepEqual(dynamicTexts(dynamic, DT_RUNPATH), ["/opt/x:$ORIGIN"]);
});

test("both hash tables are found by address", needs("gcc"), () => {
  writeFileSync(join(dir, "two.c"), "int one(void) { return 1; } int two(void) { return 2; }");
  const library = join(dir, "libtwo.so");
  tool("gcc", ["-shared", "-fPIC", "-nostdlib", "-Wl,--hash-style=both", join(dir, "two.c"), "-o", library]);
  const file = parse(library);
  const dynamic = dynamicOf(file, report);
  ok(dynamic !== undefined);
  equal(sysvHashOf(file, dynamic, report)?.symbolCount, 3);
  equal(gnuHashOf(file, dynamic, report)?.symbolCount, 3);
});

test("a static program and an object have no dynamic section", needs("gcc"), () => {
  writeFileSync(join(dir, "main.c"), "int main(void) { return 0; }");
  tool("gcc", ["-c", join(dir, "main.c"), "-o", join(dir, "main.o")]);
  tool("gcc", ["-static", join(dir, "main.c"), "-o", join(dir, "main")]);
  for (const name of ["main.o", "main"]) equal(dynamicOf(parse(join(dir, name)), report), undefined);
});
