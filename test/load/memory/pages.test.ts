// Memory is made page by page, where something is written: what is large and untouched costs nothing, and a word that lies in
// two pages is one all the same.

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { memoryDump } from "../../../src/explain/load/dump-memory.ts";
import { processMemory, readWord } from "../../../src/load/index.ts";
import {
  copyMemory,
  type MappedRegion,
  PAGE,
  pageToWrite,
  readMemory,
  writeMemory,
} from "../../../src/load/objects/region.ts";
import { compile, targets, x86_64 } from "../../support/build.ts";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { agree, workshop } from "../judges/agree.ts";
import { loaded } from "../judges/reality.ts";

/** Memory at an address: what the file has, and zeros behind it. */
function region(start: number, bytes: number, file: readonly number[] = [], left = 0x10_0000): MappedRegion {
  return {
    start,
    end: start + bytes,
    file: Uint8Array.from(file),
    written: new Map(),
    budget: { left },
    flags: 6,
    fileOffset: -1,
  };
}

function bytesAt(regions: readonly MappedRegion[], address: number, count: number): number[] {
  const bytes = new Uint8Array(count).fill(0xee);
  readMemory(regions, address, bytes);
  return [...bytes];
}

test("what is written to is a page of its own; the file stays as it was", () => {
  const memory = region(0x1000, 4 * PAGE, [1, 2, 3]);
  ok(writeMemory([memory], 0x1001, Uint8Array.of(9)));
  deepEqual(bytesAt([memory], 0x1000, 4), [1, 9, 3, 0]);
  deepEqual([...memory.file], [1, 2, 3]);
  equal(memory.written.size, 1);
});

test("bytes are read and written across pages and regions, but not across holes", () => {
  const memory = [region(0x1000, PAGE), region(0x2000, PAGE), region(0x4000, PAGE)];
  ok(writeMemory(memory, 0x1ffe, Uint8Array.of(1, 2, 3, 4)));
  deepEqual(bytesAt(memory, 0x1ffe, 4), [1, 2, 3, 4]);
  equal(writeMemory(memory, 0x2ffe, Uint8Array.of(1, 2, 3, 4)), false);
  equal(readMemory(memory, 0x2ffe, new Uint8Array(4)), false);
});

test("a process writes to so much and no more", () => {
  const memory = region(0, 4 * PAGE, [], 2 * PAGE);
  ok(pageToWrite(memory, 0) !== undefined && pageToWrite(memory, 3) !== undefined);
  equal(pageToWrite(memory, 1), undefined);
  ok(pageToWrite(memory, 0) !== undefined, "a page that is there may be changed again");
});

test("a copy takes what is there and clears what was there, without touching the zeros of either", () => {
  const tera = 2 ** 40;
  const from = region(0, tera, [7, 7]);
  ok(writeMemory([from], tera / 2, Uint8Array.of(8)));
  const to = region(2 * tera, tera);
  ok(writeMemory([to], 2 * tera + 0x5000, Uint8Array.of(1)));
  ok(copyMemory([from], 0, [to], 2 * tera, tera));
  deepEqual(bytesAt([to], 2 * tera, 3), [7, 7, 0]);
  deepEqual(bytesAt([to], 2 * tera + 0x5000, 1), [0]);
  deepEqual(bytesAt([to], 2.5 * tera, 2), [8, 0]);
  ok(to.written.size <= 3, "pages were made where there is something");
  equal(copyMemory([from], 1, [to], 2 * tera, tera), false, "its last byte is not mapped");
});

test("a variable of 4.4 GB is copied, and its memory written out", needs(...x86_64.tools), () => {
  const shop = workshop(x86_64);
  const big = ".globl big\n.type big,@object\n.size big, 4400000000\n.bss\nbig: .zero 4400000000\n";
  const space = compile(x86_64, "big.s", big);
  tool("gcc", ["-shared", "-nostdlib", "-o", shop.at("libbig.so"), space]);
  const main = compile(x86_64, "main.s", ".globl _start\n_start: movabs $big, %rax\n");
  const program = shop.at("main");
  tool("gcc", ["-no-pie", "-nostdlib", "-o", program, main, shop.at("libbig.so")]);
  const task = loaded(program, { LD_BIND_NOW: "1" });
  processMemory(task);
  deepEqual(task.problems, []);
  const [{ regions = [], file }] = task.objects;
  const end = Math.max(...regions.map((it) => it.end));
  equal(readWord(regions, end - 8, task.record.facts), 0);
  ok(file.loads.some(({ memoryBytes }) => memoryBytes >= 4_400_000_000));
  // The first parts of the dump; all of it takes a while to write.
  let parts = 0;
  for (const part of memoryDump(task)) if (part.length > 0x10_0000 || parts++ > 100) break;
  ok(parts > 100);
});

for (const target of targets) {
  test(`${target.name}: a relocated word that lies in two pages`, needs(...target.tools), () => {
    const word = target.wordBytes === 8 ? ".quad" : ".long";
    const shop = workshop(target);
    const source = `
      .data
      .balign 4096
      .skip 4096 - 2
      ${word} other, main + 5
      .skip 4096 - ${2 * target.wordBytes} - 1
      ${word} hidden
      .skip 8
      hidden: .byte 1
      .section .note.GNU-stack,"",%progbits`;
    shop.library("other", "int other;");
    const words = compile(target, "words.s", source);
    agree(target, shop.program("main", "int main(void) { return 0; }", words, "-lother", "-Wl,-z,notext"));
  });
}
