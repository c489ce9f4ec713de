// What a byte of a file is: field, symbol, relocation. The file is examples/prebuilt/main.o, whose main begins with a call.

import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { anatomyOf, byteFacts, byteLines, marksBetween, recordTables } from "../../src/explain/bytes/index.ts";
import { sizeChanges, sizesOf } from "../../src/explain/sizes.ts";
import { repository } from "../support/build.ts";
import { folder } from "../support/folder.ts";
import { run } from "../support/run.ts";
import { needs } from "../support/tools.ts";

const read = (name: string): Uint8Array => new Uint8Array(readFileSync(join(repository, "examples/prebuilt", name)));
const object = read("main.o");
const anatomy = anatomyOf(object, "main.o");
ok(anatomy !== undefined);

test("a byte of the header is of a field, with its number", () => {
  const { field, value, section } = byteFacts(anatomy, 0x12);
  deepEqual([field?.field.name, field?.table.structure, value, section], ["e_machine", "Elf64_Ehdr", 62, undefined]);
});

test("a byte of code is of a symbol, and a relocation changes it", () => {
  const facts = byteFacts(anatomy, 0x42);
  deepEqual(
    [facts.section?.name, facts.place, facts.symbol?.name, facts.relocation?.start, facts.relocation?.bytes],
    [".text", "main+0x2", "main", 0x42, 4],
  );
  equal(byteFacts(anatomy, 0x41).relocation, undefined);
});

test("the words name all of it", () => {
  deepEqual(
    byteLines(byteFacts(anatomy, 0x12), undefined).map(([about]) => about),
    ["file offset", "field"],
  );
});

test("every table of the format that the file has is found, with as many records as its headers say", () => {
  const found = recordTables(anatomy.file).map(({ kind, count }) => [kind, count]);
  const { sections } = anatomy.file;
  const symbols = sections.find(({ name }) => name === ".symtab")?.size ?? 0;
  deepEqual(found.map(([kind]) => kind).sort(), ["header", "relocation", "section", "symbol"].sort());
  deepEqual(found.find(([kind]) => kind === "symbol")?.[1], symbols / 24);
  deepEqual(found.find(([kind]) => kind === "section")?.[1], sections.length);
});

test("marks lie where they were asked for", () => {
  const marks = marksBetween(anatomy, 0x40, 0x50);
  ok(marks.some(({ kind, start }) => kind === "relocation" && start === 0x42));
  ok(marks.some(({ kind, name, start }) => kind === "symbol" && name === "main" && start === 0x40));
  ok(marks.every(({ start, end }) => start < 0x50 && end > 0x40));
});

test("every byte of a damaged file has an answer", () => {
  for (let cut = 16; cut < object.length; cut += 37) {
    const short = anatomyOf(object.subarray(0, cut), "cut.o");
    if (short === undefined) continue;
    for (let at = 0; at < cut; at += 29) ok(byteLines(byteFacts(short, at), undefined).length > 0);
    marksBetween(short, 0, cut);
  }
});

test("the sizes of all parts come to the size of the file", () => {
  for (const name of ["main.o", "libwords.a"]) {
    const bytes = read(name);
    const tree = sizesOf(bytes, name);
    equal(
      tree?.children.reduce((sum, { size }) => sum + size, 0),
      bytes.length,
      name,
    );
  }
});

test("a stripped library: what dynamic symbols leave out stands among the parts", needs("gcc"), () => {
  // 64 bytes of code, 16 of them of a function that others may use.
  const source = ".globl seen\n.type seen, @function\nseen: .fill 16, 1, 0x90\n.size seen, 16\n.fill 48, 1, 0x90\n";
  const path = join(folder("stripped").path, "libseen.so");
  equal(run("gcc", ["-shared", "-nostdlib", "-s", "-x", "assembler", "-", "-o", path], { input: source }).status, 0);
  const tree = sizesOf(new Uint8Array(readFileSync(path)), path);
  const text = tree?.children.find(({ name }) => name === ".text");
  deepEqual(
    text?.children.map(({ name, size }) => [name, size]),
    [
      ["no dynamic symbol's", 48],
      ["seen", 16],
    ],
  );
  equal(tree?.symbols, ".dynsym");
});

test("two files compared: what changed, the largest first", () => {
  const part = (name: string, size: number) => ({ name, kind: "code" as const, size, children: [] });
  const file = (...children: ReturnType<typeof part>[]) => ({ name: "x", kind: "file" as const, size: 0, children });
  deepEqual(
    sizeChanges(file(part("a", 1), part("b", 5), part("c", 9)), file(part("a", 1), part("b", 7), part("d", 3))).map(
      ({ path, before, after }) => [path.join("/"), before, after],
    ),
    [
      ["c", 9, 0],
      ["d", 0, 3],
      ["b", 5, 7],
    ],
  );
});
