// What the two linkers say of a link by a script beside its output: tables on stdout, and of which sections they warn.

import { deepEqual, equal } from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { x86_64 } from "../../support/build.ts";
import { run } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { bench, linkHere } from "./judge.ts";

test(
  "a program's ends are no other module's where its script leaves them out",
  needs("ld.bfd", "as", "readelf"),
  () => {
    const { directory, target } = bench(x86_64);
    const code = ".globl entry\nentry: mov _edata@GOTPCREL(%rip), %rax\n mov elsewhere@GOTPCREL(%rip), %rax\n";
    run("as", ["-o", join(directory, "ends.o"), "-"], { input: `${code}.weak _edata, elsewhere\n` });
    writeFileSync(join(directory, "ends.ld"), "SECTIONS { . = SIZEOF_HEADERS; .text : { *(.text) } }");
    const words = ["-m", target.emulation, "-T", "ends.ld", "ends.o", "-pie", "-e", "entry", "-dynamic-linker", "/x"];
    run("ld.bfd", ["-o", "gnu/out", ...words], { cwd: directory });
    linkHere(["-o", "tested/out", ...words], directory);
    const imports = (file: string): string[] =>
      run("readelf", ["--dyn-syms", "-W", join(directory, file)]).stdout.match(/(?<=UND )\w+/g) ?? [];
    deepEqual(imports("gnu/out"), ["elsewhere"]);
    deepEqual(imports("tested/out"), ["elsewhere"]);
  },
);

test("an image of bytes says nothing of stacks", needs("ld.bfd", "as"), () => {
  const { directory, target } = bench(x86_64);
  const note = '.section .note.GNU-stack,"",@progbits\n';
  for (const [name, text] of [
    ["boot", ".globl _start\n_start: hlt\n"],
    ["more", note],
  ]) {
    run("as", ["-o", join(directory, `${name}.o`), "-"], { input: text });
  }
  const words = ["-m", target.emulation, "boot.o", "more.o", "-Ttext=0x7c00", "--oformat=binary"];
  const { stderr } = run("ld.bfd", ["-o", "gnu/out", ...words], { cwd: directory });
  equal(stderr, "");
  equal(linkHere(["-o", "tested/out", ...words], directory).err, "");
});

function bothSay(script: string, options: string): { gnu: string; here: string; warned: readonly string[] } {
  const { directory, target } = bench(x86_64);
  writeFileSync(join(directory, "words.ld"), script);
  const words = ["-m", target.emulation, "-T", "words.ld", ...options.split(" ")];
  const theirs = run("ld.bfd", ["-o", "gnu/out", ...words], { cwd: directory });
  const ours = linkHere(["-o", "tested/out", ...words], directory);
  rmSync(join(directory, "words.ld"));
  deepEqual([theirs.status, ours.status], [0, 0], ours.err);
  return {
    gnu: theirs.stdout,
    here: ours.out,
    warned: ours.err.match(/(?<=section `)[^']+(?=' not in segment)/g) ?? [],
  };
}

test("--print-memory-usage has GNU ld's columns, whatever the units", needs("ld.bfd", "as", "ar"), () => {
  const { gnu, here } = bothSay(
    `MEMORY { rom : ORIGIN = 0x1000, LENGTH = 1M ram : ORIGIN = 0x200000, LENGTH = 1000 none : ORIGIN = 0, LENGTH = 0
       kilo : ORIGIN = 0x400000, LENGTH = 3K }
     SECTIONS { .text : { *(.text .rodata) } >rom .data : { *(.data) } >ram .bss : { *(.bss COMMON) . += 0x100; } >kilo }`,
    "a.o b.o --print-memory-usage",
  );
  equal(here, gnu);
  equal(here.split("\n").length, 6);
});

test("room in memory in no segment is not warned of, contents are", needs("ld.bfd", "as", "ar"), () => {
  const { warned } = bothSay(
    `PHDRS { text PT_LOAD; }
     SECTIONS { . = 0x1000; .text : { *(.text .rodata) } :text .bss : { *(.bss COMMON) } :NONE .data : { *(.data) } :NONE }`,
    "a.o b.o",
  );
  deepEqual(warned, [".data"]);
});
