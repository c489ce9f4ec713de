// --oformat=binary: the memory of a program without an ELF file around it, byte for byte what GNU ld writes.

import { deepEqual, equal, match } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { compile, type Target } from "../../support/build.ts";
import { eachTarget, gnu, underTest, type Workshop, workshop } from "../../support/link.ts";

const SOURCE = `
  static int zeros[10];
  int number = 3;
  const int table[] = { 1, 2 };
  int *const pointer __attribute__((section(".data.rel.ro"))) = &number;
  __attribute__((section("extra"))) int four = 4;
  extern int __start_extra[];
  extern char __bss_start[], _end[];
  int *first = __start_extra;
  __attribute__((constructor)) void constructor(void) { zeros[1] = 1; }
  int _start(void) { return number + table[zeros[0]] + *pointer + (int)(_end - __bss_start); }`;

function object(target: Target): string {
  return compile(target, "binary.c", SOURCE, ["-fno-pie", "-O1", "-g"]);
}

/** What the linker writes. */
function linked(shop: Workshop, ...args: readonly string[]): Buffer {
  return readFileSync(shop.ld("program.bin", ["--oformat=binary", ...args]));
}

for (const flags of [
  [],
  ["-Ttext=0x7c00"],
  ["-Ttext=0x7c00", "-Tdata=0x500"],
  ["-N", "-Ttext=0"],
  ["-z", "noseparate-code"],
  ["-z", "norelro"],
  ["-Ttext-segment=0x100000"],
  ["-pie"],
  ["--build-id", "--eh-frame-hdr"],
]) {
  eachTarget(`--oformat=binary ${flags.join(" ")} gives GNU ld's bytes`, (target) => {
    const file = object(target);
    const expected = linked(workshop(gnu, target), ...flags, file);
    deepEqual(linked(workshop(underTest, target), ...flags, file), expected);
  });
}

eachTarget("--oformat=binary begins with the lowest address, whatever it is", (target) => {
  const boot = compile(
    target,
    "boot.s",
    '.code16\n.globl _start\n_start: jmp _start\n.org 510\n.word 0xaa55\n.section .note.GNU-stack,"",@progbits\n',
  );
  const bytes = linked(workshop(underTest, target), "-Ttext=0x7c00", boot);
  equal(bytes.length, 512);
  equal(bytes.readUInt16LE(510), 0xaa55);
});

eachTarget("--oformat=binary has no headers, so that nothing defines __ehdr_start, and no -r", (target) => {
  const main = compile(target, "header.c", "extern char __ehdr_start[]; char *_start(void) { return __ehdr_start; }", [
    "-fno-pie",
  ]);
  const file = object(target);
  for (const linker of [gnu, underTest]) {
    const shop = workshop(linker, target);
    match(shop.refuses("program.bin", ["--oformat=binary", main], "ld"), /undefined.*__ehdr_start/);
    match(shop.refuses("program.bin", ["--oformat=binary", "-r", file], "ld"), /binary/);
  }
});

eachTarget("--oformat=binary refuses sections that stand further apart than a file can be long", (target) => {
  if (target.wordBytes === 4) return;
  const shop = workshop(underTest, target);
  const said = shop.refuses("far.bin", ["--oformat=binary", "-Tdata=0x7f0000000000", object(target)], "ld");
  match(said, /output-too-large/);
});
