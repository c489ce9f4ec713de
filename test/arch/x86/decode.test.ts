// Bytes to instructions: lengths against iced-x86, and what only an eye for x86's oddities finds.

import { deepEqual, equal, ok } from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import {
  CUT_SHORT,
  createInstructions,
  decode,
  INFO,
  INFO_ROW,
  LEVELS,
  LONGEST,
  NO_INSTRUCTION,
  STRIDE,
} from "../../../src/arch/x86/instructions/index.ts";
import { present } from "../../support/present.ts";
import { judge, loadIced } from "./decode-judge.ts";

const iced = loadIced();

for (const path of [
  "/usr/lib/x86_64-linux-gnu/libc.so.6",
  "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
  "/usr/lib32/libc.so.6",
]) {
  const reason = iced === undefined ? "iced-x86" : existsSync(path) ? undefined : path;
  test(
    `the first instructions of ${path} are as long as iced-x86 says`,
    reason ? { skip: `needs ${reason}` } : {},
    () => {
      const { same, different } = judge(present(iced), path, 30_000);
      deepEqual(different, []);
      ok(same > 20_000, `${same} are equal`);
    },
  );
}

for (const mode of [64, 32] as const) {
  test(`no two rows claim an opcode in ${mode}-bit mode`, () => {
    deepEqual(createInstructions(mode, LEVELS.all).conflicts, []);
  });
}

const tables = { 64: createInstructions(64, LEVELS.baseline), 32: createInstructions(32, LEVELS.baseline) };

/** Name and length of the first instruction, by its bytes in hexadecimal. */
function first(mode: 64 | 32, hex: string): string {
  const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
  const columns = new Int32Array(STRIDE);
  const length = decode(tables[mode], bytes, 0, bytes.length, 0x401000, 0, columns, 0);
  if (length === CUT_SHORT) return "cut short";
  if (length === NO_INSTRUCTION) return "no instruction";
  return `${tables[mode].rows[columns[INFO] & INFO_ROW].name} ${length}`;
}

test("prefixes decide before opcodes do", () => {
  equal(first(64, "90"), "nop 1");
  equal(first(64, "f3 90"), "pause 2");
  equal(first(64, "41 90"), "xchg 2", "xchg %eax, %r8d");
  // On a processor without BMI the prefix means nothing.
  equal(first(64, "f3 0f bc c0"), "bsf 4");
});

test("40 to 4F are instructions of i386 and prefixes of x86-64", () => {
  equal(first(32, "40"), "inc 1");
  equal(first(64, "48 ff c0"), "inc# 3");
});

test("an instruction that goes on behind the last byte is cut short, and one of more than 15 bytes is none", () => {
  equal(first(64, "48 b8 01 02 03"), "cut short");
  equal(first(64, `${"66".repeat(LONGEST)} 90`), "no instruction");
});
