// Where the dynamic section is: at its address in memory, whatever else its program header says.

import { deepEqual, equal } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { PT_DYNAMIC } from "../../src/elf/index.ts";
import { x86_64 } from "../support/build.ts";
import { run, tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";
import { workshop } from "./judges/agree.ts";
import { forgetFiles, loaded } from "./judges/reality.ts";

/** Offsets of the fields of an Elf64_Phdr. */
const [OFFSET, ADDRESS, FILE_BYTES, MEMORY_BYTES] = [8, 16, 32, 40];

/** Changes a word of the program header of the dynamic section. */
function change(path: string, field: number, by: (value: number) => number): void {
  const bytes = readFileSync(path);
  let at = Number(bytes.readBigUInt64LE(0x20));
  while (bytes.readUInt32LE(at) !== PT_DYNAMIC) at += 56;
  bytes.writeBigUInt64LE(BigInt(by(Number(bytes.readBigUInt64LE(at + field)))), at + field);
  writeFileSync(path, bytes);
}

const CHANGES: readonly (readonly [what: string, field: number, by: (value: number) => number, status: number])[] = [
  ["no bytes in the file, as in a split-off debug file", FILE_BYTES, () => 0, 127],
  ["one entry in the file", FILE_BYTES, () => 16, 0],
  ["no bytes in memory", MEMORY_BYTES, () => 0, 0],
  ["a place outside of the file", OFFSET, () => 0x100000, 0],
  ["a place one entry further", OFFSET, (value) => value + 16, 0],
  ["address 0", ADDRESS, () => 0, 127],
  ["an address where there is no memory", ADDRESS, () => 0x100000, 139],
];

const options = needs(...x86_64.tools, "objcopy");

for (const [what, field, by, status] of CHANGES) {
  test(`a dynamic section that claims to have ${what}`, options, () => {
    const shop = workshop(x86_64);
    const library = shop.library("x", "int x(void) { return 0; }");
    const program = shop.program("main", "int x(void); int main(void) { return x(); }", "-lx");
    change(library, field, by);
    const real = run(program, [], { env: { LD_BIND_NOW: "1" } });
    equal(real.status, status);
    forgetFiles();
    const task = loaded(program, { LD_BIND_NOW: "1" });
    equal(task.exitCode ?? 0, status);
    deepEqual(task.messages.map(({ text }) => `${text}\n`).join(""), real.stderr);
    deepEqual(task.problems.length, status === 139 ? 1 : 0);
  });
}

test("a split-off debug file is not preloaded, and the program starts", options, () => {
  const shop = workshop(x86_64);
  const library = shop.library("x", "int x(void) { return 0; }");
  const program = shop.program("main", "int main(void) { return 0; }");
  tool("objcopy", ["--only-keep-debug", library, shop.at("x.debug")]);
  const env = { LD_PRELOAD: shop.at("x.debug") };
  forgetFiles();
  const task = loaded(program, env);
  equal(task.exitCode, undefined);
  deepEqual(task.messages.map(({ text }) => `${text}\n`).join(""), run(program, [], { env }).stderr);
});
