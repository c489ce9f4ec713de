// `solder dump` as a command: what it prints where, and its exit status.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { runDump } from "../../src/cli/dump.ts";
import type { FileSystem } from "../../src/host/files.ts";
import { memoryFiles } from "../../src/host/memory-files.ts";
import { nodeFiles } from "../../src/host/node-files.ts";
import { type Printed, printed } from "../support/io.ts";

/** The smallest ELF file: a header that says there is nothing else. */
function emptyElf(): Uint8Array {
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 1, true);
  view.setUint16(18, 62, true);
  view.setUint32(20, 1, true);
  view.setUint16(52, 64, true);
  return bytes;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function archive(name: string, contents: Uint8Array): Uint8Array {
  const header = `!<arch>\n${`${name}/`.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(12)}${"644".padEnd(8)}${String(contents.length).padEnd(10)}\`\n`;
  return Uint8Array.from([...text(header), ...contents]);
}

const files = memoryFiles({
  "good.o": emptyElf(),
  "cut.o": emptyElf().subarray(0, 40),
  "notes.txt": text("no program\n"),
  "lib.a": archive("member.o", emptyElf()),
  "thin/lib.a": Uint8Array.from([...text("!<thin>\n"), ...archive("a.o", new Uint8Array(0)).subarray(8)]),
  "thin/a.o": emptyElf(),
});

function dump(...args: string[]): Printed {
  return dumpFrom(files, ...args);
}

function dumpFrom(from: FileSystem, ...args: string[]): Printed {
  return printed((io) => runDump(args, io, from));
}

test("a sound file: status 0, nothing on standard error", () => {
  const { status, out, err } = dump("good.o");
  deepEqual([status, err], [0, ""]);
  match(out, /^good\.o {2}64 bytes\n/);
  match(out, /Header: relocatable object \(REL\)/);
  ok(!out.includes("\x1b"), "no colours where the output takes none");
});

test("a damaged file: status 1, the problem on standard error", () => {
  const { status, err } = dump("cut.o");
  equal(status, 1);
  match(
    err,
    /^solder dump: error: cut\.o:\(\+0x28\): damaged ELF header: the file ends within it \[elf-header-damaged\]/,
  );
});

test("a missing file and one that is no ELF file: status 1, and the others are still shown", () => {
  const { status, out, err } = dump("missing.o", "notes.txt", "good.o");
  equal(status, 1);
  match(err, /cannot find missing\.o/);
  match(err, /notes\.txt: file format not recognized: text/);
  match(out, /^good\.o/);
});

test("misuse: status 2 and a hint", () => {
  for (const args of [[], ["--nonsense", "good.o"], ["--width=7", "good.o"]]) {
    const { status, out, err } = dump(...args);
    deepEqual([status, out], [2, ""]);
    match(err, /^solder dump: error: .*; see solder dump --help\n$/);
  }
});

test("--help names every part and gives examples", () => {
  const { status, out } = dump("--help");
  equal(status, 0);
  for (const option of [
    "--headers",
    "--layout",
    "--sections",
    "--segments",
    "--symbols",
    "--dynamic-symbols",
    "--relocations",
  ]) {
    ok(out.includes(`  ${option} `), option);
  }
  match(out, /Examples:\n {2}solder dump /);
});

test("a member of an archive by its name in parentheses", () => {
  const { status, out } = dump("--headers", "lib.a(member.o)");
  equal(status, 0);
  match(out, /^lib\.a\(member\.o\)/);
});

test("parts of an archive's members are shown member by member", () => {
  match(dump("--headers", "lib.a").out, /lib\.a\(member\.o\) {2}64 bytes\n\nHeader:/);
});

test("members of a thin archive are read from beside it", () => {
  const { status, out } = dump("--headers", "thin/lib.a");
  equal(status, 0);
  match(out, /thin\/lib\.a\(a\.o\) {2}64 bytes/);
});

test("an archive alone gives its members", () => {
  const { out } = dump("lib.a");
  match(out, /Archive: 1 member, 64 bytes\n {2}symbol index: none/);
  match(out, /member\.o +64 +elf-relocatable/);
});

test("what cannot be read, in the system's words", () => {
  const why = { ...files, whyNot: (path: string) => (path === "there" ? "it is a directory" : undefined) };
  match(dumpFrom(why, "there").err, /cannot find there: it is a directory \[file-not-found\]/);
  match(dumpFrom(nodeFiles, "/").err, /cannot find \/: it is a directory/);
  match(dumpFrom(nodeFiles, "/nowhere/at all").err, /cannot find \/nowhere\/at all: no such file or directory/);
});

test("--json is one document with the problems in it", () => {
  const { status, out, err } = dump("--json", "good.o", "missing.o");
  deepEqual([status, err], [1, ""]);
  const { files: dumps } = JSON.parse(out);
  deepEqual(
    dumps.map((one: { file: string; kind: string; problems: { code: string }[] }) => [
      one.file,
      one.kind,
      one.problems.map(({ code }) => code),
    ]),
    [
      ["good.o", "elf-relocatable", []],
      ["missing.o", "missing", ["file-not-found"]],
    ],
  );
});

test("--at says what a byte is: of main.o the one that the call's relocation changes", () => {
  const { status, out } = dumpFrom(nodeFiles, "--at", "0x42", "examples/prebuilt/main.o");
  equal(status, 0);
  match(out, /^section {6}\.text\+0x2/m);
  match(out, /^stands at {4}main\+0x2$/m);
  match(out, /^relocation {3}R_X86_64_PLT32: greeting/m);
  equal(dumpFrom(nodeFiles, "--at", "-1", "examples/prebuilt/main.o").status, 2);
});

test("--code disassembles a function, with what relocations do to it", () => {
  const { status, out } = dumpFrom(nodeFiles, "--code", "main", "examples/prebuilt/main.o");
  equal(status, 0);
  match(out, /main:\n.*0x1 {2}.*call/s);
  match(out, /R_X86_64_PLT32: greeting/);
  const { status: none, err } = dumpFrom(nodeFiles, "--code", "nobody", "examples/prebuilt/main.o");
  equal(none, 1);
  match(err, /main\.o has no code at nobody/);
});

test("--sizes of one file is a list of its parts, of two files what changed", () => {
  const one = dumpFrom(nodeFiles, "--sizes", "examples/prebuilt/main.o");
  equal(one.status, 0);
  match(one.out, /\.text +code/);
  const two = dumpFrom(nodeFiles, "--sizes", "examples/prebuilt/main.o", "examples/prebuilt/greeting.o");
  match(two.out, /change.*before.*after.*part/);
  match(two.out, /the whole file/);
});
