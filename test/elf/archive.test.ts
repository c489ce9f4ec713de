// Archives: what `ar` and llvm-ar write in each of their formats, and what damaged archives give.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Archive } from "../../src/elf/archive.ts";
import { archiveMemberStatus, readArchive } from "../../src/elf/archive.ts";
import type { Problem } from "../../src/elf/problem.ts";
import { nameAt, textBetween } from "../../src/elf/text.ts";
import { needs } from "../support/tools.ts";

const dir = mkdtempSync(join(tmpdir(), "solder-archive-"));
after(() => rmSync(dir, { recursive: true }));

const run = (tool: string, ...args: string[]): string => execFileSync(tool, args, { cwd: dir, encoding: "utf8" });

const LONG = "a_rather_long_member_name.o";
const compiled = needs("gcc", "ar");
if (compiled.skip === undefined) {
  writeFileSync(join(dir, "a.c"), "int a_one(void) { return 1; } int a_two = 2;");
  writeFileSync(join(dir, "b.c"), "int b_one(void) { return 3; }");
  run("gcc", "-c", "a.c", "-o", "a.o");
  run("gcc", "-c", "b.c", "-o", LONG);
}

function read(bytes: Uint8Array): { archive: Archive; problems: string[] } {
  const problems: Problem[] = [];
  const archive = readArchive(bytes, "test.a", (problem) => problems.push(problem));
  ok(archive, "is an archive");
  return { archive, problems: problems.map((problem) => problem.code) };
}

/** The index as `symbol in member` lines. */
function index(archive: Archive, bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let i = 0; i < archive.symbolCount; i++) {
    const symbol = nameAt(bytes, archive.symbolName[i], bytes.length);
    lines.push(`${symbol} in ${archive.members[archive.symbolMember[i]].name}`);
  }
  return lines.sort();
}

const symbols = ["a_one in a.o", "a_two in a.o", `b_one in ${LONG}`];

function made(tool: string, ...args: string[]): { archive: Archive; bytes: Uint8Array; problems: string[] } {
  const file = join(dir, `${args.join("").replace(/\W/g, "")}.a`);
  run(tool, ...args, file, "a.o", LONG);
  const bytes = readFileSync(file);
  return { bytes, ...read(bytes) };
}

/** A header as `ar` writes it, and the contents with their padding. */
function member(name: string, contents: string, size = contents.length): string {
  const header = `${name.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"644".padEnd(8)}${String(size).padEnd(10)}\`\n`;
  return header + contents + (contents.length % 2 === 1 ? "\n" : "");
}

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

test("a GNU archive: short and long names, contents in place, the index names the members", compiled, () => {
  const { archive, bytes, problems } = made("ar", "rcs");
  deepEqual(problems, []);
  equal(archive.thin, false);
  equal(archive.indexKind, "gnu");
  deepEqual(
    archive.members.map((m) => m.name),
    ["a.o", LONG],
  );
  for (const m of archive.members) {
    const contents = bytes.subarray(m.offset, m.offset + m.size);
    deepEqual(Buffer.from(contents), readFileSync(join(dir, m.name)), m.name);
  }
  deepEqual(index(archive, bytes), symbols);
});

test("an archive made without an index has none", compiled, () => {
  const { archive, problems } = made("ar", "rcS");
  deepEqual(problems, []);
  equal(archive.indexKind, "none");
  equal(archive.symbolCount, 0);
  equal(archive.members.length, 2);
});

test("a thin archive: members are files beside it", compiled, () => {
  const { archive, bytes, problems } = made("ar", "rcsT");
  deepEqual(problems, []);
  ok(archive.thin);
  deepEqual(
    archive.members.map((m) => [m.name, m.external, m.offset, m.size]),
    ["a.o", LONG].map((name) => [name, true, 0, readFileSync(join(dir, name)).length]),
  );
  deepEqual(index(archive, bytes), symbols);
});

test(
  "GNU ar leaves the slash of a name of 15 letters behind its place in a thin archive's name table",
  compiled,
  () => {
    const name = "fifteen-chars.o";
    copyFileSync(join(dir, "a.o"), join(dir, name));
    run("ar", "rcsT", "fifteen.a", name);
    const bytes = readFileSync(join(dir, "fifteen.a"));
    match(bytes.toString("latin1"), /^\/0 {13}\//m);
    const { archive, problems } = read(bytes);
    deepEqual(problems, []);
    deepEqual(
      archive.members.map((m) => m.name),
      [name],
    );
  },
);

test("an archive added to a thin archive: its members, by their header in it", compiled, () => {
  run("ar", "rcs", "inner.a", "a.o", LONG);
  run("ar", "rcsT", "outer.a", "inner.a");
  const inner = read(readFileSync(join(dir, "inner.a"))).archive;
  const { archive, problems } = read(readFileSync(join(dir, "outer.a")));
  deepEqual(problems, []);
  deepEqual(
    archive.members.map((m) => [m.name, m.nestedHeader]),
    inner.members.map((m) => ["inner.a", m.headerOffset]),
  );
});

test("names in a BSD archive stand before the contents and are no part of them", needs("gcc", "llvm-ar"), () => {
  const { archive, bytes, problems } = made("llvm-ar", "--format=bsd", "rcs");
  deepEqual(problems, []);
  equal(archive.indexKind, "bsd");
  for (const m of archive.members) {
    const contents = Buffer.from(bytes.subarray(m.offset, m.offset + m.size));
    // llvm-ar pads the contents to 8 bytes within the size, as Darwin's ar does.
    deepEqual(contents.subarray(0, readFileSync(join(dir, m.name)).length), readFileSync(join(dir, m.name)), m.name);
  }
  deepEqual(index(archive, bytes), symbols);
});

test("the index with 64-bit offsets", needs("gcc", "llvm-ar"), () => {
  const file = join(dir, "wide.a");
  execFileSync("llvm-ar", ["--format=gnu", "rcs", file, "a.o", LONG], {
    cwd: dir,
    env: { ...process.env, SYM64_THRESHOLD: "0" },
  });
  const bytes = readFileSync(file);
  const { archive, problems } = read(bytes);
  deepEqual(problems, []);
  equal(archive.indexKind, "gnu64");
  deepEqual(index(archive, bytes), symbols);
});

test("a BSD index of 64-bit words in the other byte order", () => {
  const word = (value: number): string => String.fromCharCode(0, 0, 0, 0, 0, 0, 0, value);
  const names = "one\0two\0";
  // The file starts with 8 bytes of magic and the index with its 60-byte header.
  const contents = word(32) + word(4) + word(8 + 60 + 56) + word(0) + word(8 + 60 + 56) + word(names.length) + names;
  const bytes = latin1(`!<arch>\n${member("__.SYMDEF_64", contents)}${member("x.o/", "data")}`);
  const { archive, problems } = read(bytes);
  deepEqual(problems, []);
  equal(archive.indexKind, "bsd64");
  deepEqual(index(archive, bytes), ["one in x.o", "two in x.o"]);
});

test("members start at even offsets and are no more aligned than that", () => {
  const bytes = latin1(`!<arch>\n${member("odd/", "123")}${member("next/", "45")}`);
  const { archive, problems } = read(bytes);
  deepEqual(problems, []);
  deepEqual(
    archive.members.map((m) => textBetween(bytes, m.offset, m.offset + m.size)),
    ["123", "45"],
  );
});

test("a short name may hold blanks and repeat; a BSD name ends where the padding starts", () => {
  const { archive } = read(
    latin1(`!<arch>\n${member("two words/", "")}${member("two words/", "")}${member("plain.o", "")}`),
  );
  deepEqual(
    archive.members.map((m) => m.name),
    ["two words", "two words", "plain.o"],
  );
});

test("the header's date, owner and mode", () => {
  const bytes = latin1(`!<arch>\n${member("a.o/", "")}`);
  const { archive } = read(bytes);
  deepEqual(archiveMemberStatus(bytes, archive.members[0]), { date: 0, uid: 0, gid: 0, mode: 0o644 });
});

test("an empty archive is an archive", () => {
  const { archive, problems } = read(latin1("!<arch>\n"));
  deepEqual([archive.members.length, problems.length], [0, 0]);
});

test("damage is reported where it is, and the members before it are kept", () => {
  const good = member("good.o/", "data");
  const cases: [string, string, number][] = [
    ["archive-header-damaged", member("x.o/", "").replace("`\n", "??"), 1],
    ["archive-header-damaged", member("x.o/", "", -5), 1],
    ["archive-header-damaged", "half a header", 1],
    ["archive-member-truncated", member("x.o/", "", 1000), 1],
    ["archive-name-damaged", member("/77", ""), 1],
    ["archive-name-damaged", member("#1/99", "short"), 1],
  ];
  for (const [code, damaged, kept] of cases) {
    const { archive, problems } = read(latin1(`!<arch>\n${good}${damaged}`));
    deepEqual(problems, [code]);
    equal(archive.members.length, kept);
  }
});

test("an index that points nowhere gives a warning and no entry", () => {
  const entry = "\0\0\0\x02\0\0\0\x63\0\0\0\x58one\0two\0";
  const { archive, problems } = read(latin1(`!<arch>\n${member("/", entry)}${member("x.o/", "data")}`));
  deepEqual(problems, ["archive-index-damaged"]);
  deepEqual([archive.symbolCount, archive.members[archive.symbolMember[0]].name], [1, "x.o"]);
});

test("what does not start as an archive is none", () => {
  equal(
    readArchive(latin1("\x7fELF"), "x", () => {}),
    undefined,
  );
});
