// Damaged tables, one kind at a time: what is said, and what can still be read. Each case takes a good object and breaks it.
import { deepEqual, equal, ok } from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { ElfFile, Problem } from "../../src/elf/index.ts";
import {
  compressionOf,
  contentsOf,
  dynamicOf,
  groupsOf,
  notesOf,
  parseElf,
  relocationsOf,
  SHT_DYNAMIC,
  SHT_GNU_verneed,
  SHT_GROUP,
  SHT_NOTE,
  SHT_RELA,
  SHT_SYMTAB,
  sectionOfType,
  symbolsOf,
  versionsOf,
} from "../../src/elf/index.ts";
import { tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";

const dir = mkdtempSync(join(tmpdir(), "solder-damage-"));
after(() => rmSync(dir, { recursive: true }));

const tools = needs("gcc", "g++");
if (tools.skip === undefined) {
  writeFileSync(
    join(dir, "one.cpp"),
    '#include <stdio.h>\ninline int shared() { static int n; return ++n; } int use() { return shared() + puts(""); }',
  );
  tool("g++", ["-c", "-g", "-gz", "-fPIC", join(dir, "one.cpp"), "-o", join(dir, "one.o")]);
  tool("g++", ["-shared", join(dir, "one.o"), "-o", join(dir, "one.so")]);
}

interface Opened {
  readonly file: ElfFile;
  readonly problems: string[];
  readonly report: (problem: Problem) => void;
}

function open(bytes: Uint8Array): Opened {
  const problems: string[] = [];
  const report = ({ code }: Problem): void => {
    problems.push(code);
  };
  const file = parseElf(bytes, "one", report);
  ok(file !== undefined);
  return { file, problems, report };
}

/** A copy to break, with a view and the offset of the header of the first section of a type. */
function copy(name: string, type: number): { bytes: Uint8Array; view: DataView; header: number; offset: number } {
  const bytes = Uint8Array.from(readFileSync(join(dir, name)));
  const { file } = open(bytes);
  const section = sectionOfType(file, type);
  ok(section !== undefined);
  const header = file.header.sectionOffset + 64 * section.index;
  return { bytes, view: new DataView(bytes.buffer), header, offset: section.offset };
}

// Fields of a 64-bit section header.
const [NAME, OFFSET, SIZE, LINK] = [0, 24, 32, 40];

test("what is no ELF file is named by what it is", () => {
  const problems: Problem[] = [];
  equal(
    parseElf(new TextEncoder().encode("hello\n"), "x.o", (problem) => problems.push(problem)),
    undefined,
  );
  deepEqual(
    problems.map(({ code, details }) => [code, details.found]),
    [["not-elf", "text"]],
  );
});

test("a header that is cut short, of no class or of no byte order", () => {
  const cases: [string, number[]][] = [
    ["the file ends within it", [2, 1]],
    ["neither 32-bit nor 64-bit", [3, 1]],
    ["no known byte order", [1, 0]],
  ];
  for (const [what, ident] of cases) {
    const problems: Problem[] = [];
    const bytes = Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, ...ident, 1, 0, 0]);
    equal(
      parseElf(bytes, "x.o", (problem) => problems.push(problem)),
      undefined,
    );
    deepEqual(
      problems.map(({ code, details }) => [code, details.what]),
      [["elf-header-damaged", what]],
    );
  }
});

test("a truncated object has no section headers, as they come last", tools, () => {
  const bytes = readFileSync(join(dir, "one.o"));
  const { file, problems } = open(bytes.subarray(0, bytes.length - 1));
  deepEqual(problems, ["section-headers-damaged"]);
  equal(file.sections.length, 0);
});

test("a truncated library still has its segments", tools, () => {
  const bytes = readFileSync(join(dir, "one.so"));
  const { file, report } = open(bytes.subarray(0, bytes.length - 1));
  ok(dynamicOf(file, report) !== undefined);
});

test("contents beyond the end of the file", tools, () => {
  const { bytes, view, header } = copy("one.o", SHT_SYMTAB);
  view.setUint32(header + OFFSET, bytes.length - 8, true);
  const { file, problems, report } = open(bytes);
  const table = sectionOfType(file, SHT_SYMTAB);
  ok(table !== undefined);
  equal(contentsOf(file, table, report), undefined);
  deepEqual(symbolsOf(file, table, report), []);
  deepEqual(problems, ["section-outside-file", "section-outside-file"]);
});

test("names outside of their table are empty, and counted once", tools, () => {
  const { bytes, view, header, offset } = copy("one.o", SHT_SYMTAB);
  view.setUint32(offset + 24, 0x7fffffff, true);
  view.setUint32(offset + 48, 0x7fffffff, true);
  view.setUint32(header + NAME, 0x7fffffff, true);
  const { file, problems, report } = open(bytes);
  const table = sectionOfType(file, SHT_SYMTAB);
  ok(table !== undefined);
  equal(table.name, "");
  equal(symbolsOf(file, table, report)[1].name, "");
  deepEqual(problems, ["section-name-damaged", "symbol-name-damaged"]);
});

test("a symbol in a section that does not exist counts as undefined", tools, () => {
  const { bytes, view, offset } = copy("one.o", SHT_SYMTAB);
  view.setUint16(offset + 24 + 6, 0x7777, true);
  const { file, problems, report } = open(bytes);
  const table = sectionOfType(file, SHT_SYMTAB);
  ok(table !== undefined);
  const [, symbol] = symbolsOf(file, table, report);
  deepEqual([symbol.section, symbol.shndx], [0, 0x7777]);
  deepEqual(problems, ["symbol-section-damaged"]);
});

test("tables whose size is no multiple of an entry's give their whole entries", tools, () => {
  for (const [type, code] of [
    [SHT_SYMTAB, "symbol-table-damaged"],
    [SHT_RELA, "relocation-table-damaged"],
  ] as const) {
    const { bytes, view, header } = copy("one.o", type);
    view.setUint32(header + SIZE, 24 * 2 + 1, true);
    const { file, problems, report } = open(bytes);
    const table = sectionOfType(file, type);
    ok(table !== undefined);
    equal((type === SHT_SYMTAB ? symbolsOf : relocationsOf)(file, table, report).length, 2);
    deepEqual(problems, [code]);
  }
});

test("a group without a symbol table, or with members that do not exist", tools, () => {
  const linkless = copy("one.o", SHT_GROUP);
  linkless.view.setUint32(linkless.header + LINK, 0, true);
  const memberless = copy("one.o", SHT_GROUP);
  memberless.view.setUint32(memberless.offset + 4, 0x7777, true);
  for (const { bytes } of [linkless, memberless]) {
    const { file, problems, report } = open(bytes);
    ok(groupsOf(file, report)[0].members.every((member) => member < file.sections.length));
    deepEqual(problems, ["group-damaged"]);
  }
});

test("a note that goes beyond its section ends the notes", tools, () => {
  const { bytes, view, offset } = copy("one.so", SHT_NOTE);
  view.setUint32(offset + 4, 0xfffffff0, true);
  const { file, problems, report } = open(bytes);
  notesOf(file, report);
  deepEqual(problems, ["note-damaged"]);
});

test("version tables that are linked in circles or beyond the end", tools, () => {
  for (const distance of [0x7fffffff, 0]) {
    const { bytes, view, header, offset } = copy("one.so", SHT_GNU_verneed);
    // vn_next of the first record, and two records more than there are.
    view.setUint32(offset + 12, distance, true);
    view.setUint32(header + 44, 3, true);
    const { file, problems, report } = open(bytes);
    equal(versionsOf(file, report).needs.length, 1);
    deepEqual(problems, ["version-table-damaged"]);
  }
});

test("a dynamic string table at an address without bytes", tools, () => {
  const { bytes, view, offset } = copy("one.so", SHT_DYNAMIC);
  let at = offset;
  while (view.getUint32(at, true) !== 5) at += 16;
  view.setUint32(at + 8, 0x7fffffff, true);
  const { file, problems, report } = open(bytes);
  ok(dynamicOf(file, report)?.entries.every(({ text }) => text === undefined));
  deepEqual(problems, ["address-not-in-file"]);
});

test("the compression header of a section", tools, () => {
  const bytes = Uint8Array.from(readFileSync(join(dir, "one.o")));
  const { file, report } = open(bytes);
  const section = file.sections.find(({ name }) => name === ".debug_info" || name === ".debug_str");
  ok(section !== undefined);
  const compression = compressionOf(file, section, report);
  ok(compression !== undefined && compression.size > section.size);
  equal(compression.method, 1);
  const cut = { ...section, size: 10 };
  const { problems, report: again } = open(bytes);
  equal(compressionOf(file, cut, again), undefined);
  deepEqual(problems, ["compression-header-damaged"]);
});

test("thousands of sections of the same bytes are refused, not read thousands of times", () => {
  const count = 1000;
  const bytes = new Uint8Array(64 + 64 * count);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint32(40, 64, true);
  view.setUint16(58, 64, true);
  view.setUint16(60, count, true);
  for (let i = 1; i < count; i++) {
    view.setUint32(64 + 64 * i + 4, SHT_SYMTAB, true);
    view.setUint32(64 + 64 * i + SIZE, bytes.length, true);
  }
  const { file, problems } = open(bytes);
  equal(file.sections.length, 0);
  deepEqual(problems, ["sections-overlap"]);
});

test("many symbols with one long name cost no more than the file is worth", () => {
  const symbols = 20_000;
  const strings = 64 + 64 * 3 + 24 * symbols;
  const bytes = new Uint8Array(strings + symbols * 24).fill(0x61, strings);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint32(40, 64, true);
  view.setUint16(58, 64, true);
  view.setUint16(60, 3, true);
  const section = (index: number, type: number, offset: number, size: number): void => {
    const at = 64 + 64 * index;
    view.setUint32(at + 4, type, true);
    view.setUint32(at + OFFSET, offset, true);
    view.setUint32(at + SIZE, size, true);
    view.setUint32(at + LINK, 2, true);
  };
  section(1, SHT_SYMTAB, 64 + 64 * 3, 24 * symbols);
  section(2, 3, strings, symbols * 24);
  for (let i = 0; i < symbols; i++) view.setUint32(64 + 64 * 3 + 24 * i, 1, true);
  const { file, problems, report } = open(bytes);
  const found = symbolsOf(file, file.sections[1], report);
  equal(found.length, symbols);
  ok(found.reduce((sum, { name }) => sum + name.length, 0) <= 16 * bytes.length);
  deepEqual(problems, ["symbol-name-damaged"]);
});
