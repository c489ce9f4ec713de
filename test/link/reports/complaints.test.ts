// Relocations that cannot be: each object is told once what is wrong, where in the source, and what to do.

import { deepEqual, equal, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { renderProblem } from "../../../src/explain/index.ts";
import { type LinkFilesOptions, linkFiles } from "../../../src/host/index.ts";
import { compile, i386, scratch, type Target, x86_64 } from "../../support/build.ts";
import { underTest, workshop } from "../../support/link.ts";
import { needs, needsToRun } from "../../support/tools.ts";

const gcc = needs("gcc");

const s = (name: string, source: string, target: Target = x86_64): string =>
  compile(target, `${name}.s`, source, ["-g"]);

/** What is said, without directories. */
function said(inputs: readonly string[], options: LinkFilesOptions): readonly string[] {
  const { problems } = linkFiles(inputs, options);
  return problems.flatMap((problem) =>
    renderProblem(problem)
      .replaceAll(/[^ ]*\//g, "")
      .split("\n"),
  );
}

function library(source: string): string {
  const { image } = linkFiles([compile(x86_64, "library.c", source, ["-fPIC"])], { output: "shared" });
  ok(image);
  const path = join(scratch("library"), "liblibrary.so");
  writeFileSync(path, image);
  return path;
}

test("a reference to a section of a group that was dropped", gcc, () => {
  const group = (name: string, symbols: string): string =>
    s(
      name,
      `.section .text.once,"axG",@progbits,once,comdat\n${symbols}\nnop\n.text\n.globl ${name}\n${name}: call inner\n`,
    );
  const kept = group("kept", ".globl once\nonce:\ninner:");
  const dropped = group("dropped", ".globl once\nonce:\ninner:");
  deepEqual(said([kept, dropped], { output: "static", entry: "kept" }), [
    "ld: error: dropped.o:(.text+0x1): `inner' defined in discarded section `.text.once' is referenced here [discarded-reference]",
    "  >>> dropped.s:8 in function dropped",
    "  fix: keep the section, if a script discards it; copies of an inline function that differ between files: compile all again, with the same flags",
  ]);
});

test("a thread-local access that is none", gcc, () => {
  const object = s(
    "access",
    ".text\n.globl _start\n_start:\nleaq counter@tlsgd(%rip), %rdi\nnop\ncall __tls_get_addr@PLT\n" +
      '.section .tbss,"awT",@nobits\n.globl counter\ncounter: .zero 4\n.text\n.globl __tls_get_addr\n__tls_get_addr: ret\n',
  );
  deepEqual(said([object], { output: "pie" }), [
    "ld: error: access.o:(.text+0x3): R_X86_64_TLSGD against `counter': the instructions are not a thread-local access as the psABI prescribes it [tls-sequence]",
    "  >>> access.s:4 in function _start",
    "  fix: compile the file again; in an assembler file write the access as compilers do",
  ]);
});

test("copies that cannot be made", gcc, () => {
  const guarded = library('__attribute__((visibility("protected"))) int value = 1;');
  const plain = library("int value = 1;");
  const main = s("main", ".globl _start\n_start: movl value(%rip), %eax\nmovl value(%rip), %ebx\n");
  deepEqual(said([main, guarded], { output: "executable" }), [
    "ld: error: main.o:(.text+0x2): copy relocation against protected symbol `value' of liblibrary.so [copy-relocation-protected]",
    "  >>> main.s:2 in function _start",
    "  fix: recompile with -fPIE, or give the symbol default visibility in the library",
  ]);
  deepEqual(said([main, plain], { output: "executable", z: { copyreloc: false } }), [
    "ld: error: main.o:(.text+0x2): R_X86_64_PC32 against `value' of liblibrary.so needs a copy of the variable, which -z nocopyreloc forbids [copy-relocation-forbidden]",
    "  >>> main.s:2 in function _start",
    "  fix: recompile with -fPIE",
  ]);
});

test(
  "text relocations: a warning an object, an error with -z text, no word with -z notext",
  needsToRun(...i386.tools),
  () => {
    const object = s(
      "load",
      ".globl load\nload: movl value, %eax\nmovl value, %ebx\n.data\n.globl value\nvalue: .long 1\n",
      i386,
    );
    const options: LinkFilesOptions = { output: "shared", emulation: "elf_i386" };
    deepEqual(said([object], options).slice(0, 3), [
      "ld: warning: load.o:(.text+0x1): relocation against `value' in a read-only section [text-relocation]",
      "  >>> load.s:2 in function load",
      "  fix: recompile with -fPIC, or allow text relocations with -z notext",
    ]);
    deepEqual(said([object], { ...options, z: { text: true } })[0].slice(0, 20), "ld: error: load.o:(.");
    deepEqual(said([object], { ...options, z: { text: false } }), []);
  },
);

test("a thousand relocations of one object that need -fPIC are one problem", gcc, () => {
  const loads = Array.from({ length: 1000 }, (_, i) => `movl $table+${i}, %eax`).join("\n");
  const object = s("many", `.globl many\nmany:\n${loads}\n.data\ntable: .zero 8\n`);
  deepEqual(said([object], { output: "shared" }), [
    "ld: error: many.o:(.text+0x1): relocation R_X86_64_32 against `.data' can not be used when making a shared object; recompile with -fPIC [needs-pic]",
    "  >>> many.s:3 in function many",
    "  >>> the object has 999 more of them",
  ]);
});

test("a static variable of a thread-local block that is too large", gcc, () => {
  const object = s(
    "large",
    ".text\n.globl _start\n_start:\nmovl %fs:near@tpoff, %eax\n" +
      '.section .tbss,"awT",@nobits\nnear: .zero 8\n.zero 0x90000000\n',
  );
  deepEqual(said([object], { output: "static" }), [
    "ld: error: large.o:(.text+0x4): relocation truncated to fit: R_X86_64_TPOFF32 against `near': -0x90000008 is not in -0x80000000 to 0x7fffffff [relocation-overflow]",
    "  >>> large.s:4 in function _start",
    "  fix: the target is too far away or the value too large: compile with -mcmodel=medium or large, or make the output smaller",
  ]);
});

test("many definitions that clash are reported in one look at the debug information", needs("gcc"), () => {
  const count = 3000;
  const file = (name: string): string =>
    compile(
      x86_64,
      name,
      Array.from({ length: count }, (_, i) => `int v${i} = ${i};\nint f${i}(void) { return ${i}; }\n`).join(""),
      ["-g", "-ffunction-sections"],
    );
  const shop = workshop(underTest, x86_64);
  const objects = [file("one.c"), file("two.c")];
  const start = performance.now();
  const said = shop.refuses("prog", objects, "ld");
  const lines = said.match(/two\.c:\d+/g) ?? [];
  equal(lines.length, 2 * count);
  equal(lines.at(-1), `two.c:${2 * count}`);
  // Linear, it takes a second; each look-up by itself took minutes.
  ok(performance.now() - start < 30_000);
});
