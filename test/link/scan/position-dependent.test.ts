// Code that was not compiled for where it goes, and code models: text relocations, large addresses, overflows.

import { equal, match } from "node:assert/strict";
import { test } from "node:test";
import { compile, i386, x86_64 } from "../../support/build.ts";
import { likeGnuLd } from "../../support/link.ts";
import { needs, needsToRun } from "../../support/tools.ts";

test("an i386 library of non-PIC code is patched when it is loaded (DT_TEXTREL)", needsToRun(...i386.tools), () => {
  const library = compile(
    i386,
    "library.c",
    `#include <stdlib.h>
     int number = 4;
     static int own = 1;
     static int helper(void) { return own; }
     int get(void) { return number * 10 + helper() + abs(-100); }`,
    ["-fno-pic", "-O0"],
  );
  const main = compile(i386, "main.c", "int get(void); int main(void) { return get(); }", ["-fpie"]);
  const status = likeGnuLd(i386, (shop) => {
    match(shop.refuses("strict.so", ["-shared", library, "-Wl,-z,text"]), /read-only segment|recompile with -fPIC/);
    shop.cc("liblibrary.so", ["-shared", library, "-Wl,-z,notext"]);
    shop.cc("main", [main, "./liblibrary.so"]);
    shop.cc("default.so", ["-shared", library]);
    return shop.run("main").status;
  });
  equal(status, 141);
});

test("an x86-64 library may have 64-bit text relocations with -z notext", needs(...x86_64.tools), () => {
  const library = compile(
    x86_64,
    "library.s",
    `.globl get
     .type get, @function
     get: movabs $number, %rax
     mov (%rax), %eax
     ret
     .data
     .globl number
     .type number, @object
     .size number, 4
     number: .long 77
     .section .note.GNU-stack,"",@progbits`,
  );
  const main = compile(x86_64, "main.c", "int get(void); int main(void) { return get(); }", ["-fpie"]);
  const status = likeGnuLd(x86_64, (shop) => {
    shop.refuses("strict.so", ["-shared", library, "-Wl,-z,text"]);
    shop.cc("library.so", ["-shared", library, "-Wl,-z,notext"]);
    shop.cc("main", [main, "./library.so"]);
    return shop.run("main").status;
  });
  equal(status, 77);
});

test(
  "an i386 program of non-PIC code as a PIE gets text relocations, with a warning",
  needsToRun(...i386.tools),
  () => {
    const main = compile(i386, "main.c", "int number = 5; int main(void) { return number; }", ["-fno-pie"]);
    const status = likeGnuLd(i386, (shop) => {
      shop.cc("main", ["-pie", main]);
      match(shop.messages(), /DT_TEXTREL in a PIE|read-only section/);
      return shop.run("main").status;
    });
    equal(status, 5);
  },
);

const MODELS = `
  #include <stdio.h>
  static int small = 1;
  static int large[100000] = {2};
  int global_large[100000] = {3};
  static int zero[100000];
  int common_zero[200000];
  static int callee(int x) { return x + small; }
  int (*pointer)(int) = callee;
  int main(void) { zero[5] = 4; common_zero[7] = 5;
    printf("%d %d %d %d %d %d\\n", small, large[0], global_large[0], zero[5], common_zero[7], pointer(callee(1))); }`;

for (const model of ["small", "medium", "large"]) {
  for (const [how, link] of [
    ["-fno-pie", "-no-pie"],
    ["-fpie", "-pie"],
    ["-fno-pie", "-static"],
  ] as const) {
    test(`the ${model} code model, ${link}`, needs(...x86_64.tools), () => {
      const main = compile(x86_64, "main.c", MODELS, [how, `-mcmodel=${model}`, "-O1"]);
      const stdout = likeGnuLd(x86_64, (shop) => {
        shop.cc("main", [link, main]);
        return shop.run("main").stdout;
      });
      equal(stdout, "1 2 3 4 5 3\n");
    });
  }
  test(`the ${model} code model in a shared library`, needs(...x86_64.tools), () => {
    const library = compile(x86_64, "library.c", MODELS.replace("int main(void)", "int run(void)"), [
      "-fPIC",
      `-mcmodel=${model}`,
      "-O1",
    ]);
    const main = compile(x86_64, "main.c", "int run(void); int main(void) { run(); return 0; }");
    const stdout = likeGnuLd(x86_64, (shop) => {
      shop.cc("library.so", ["-shared", library]);
      shop.cc("main", [main, "./library.so"]);
      return shop.run("main").stdout;
    });
    equal(stdout, "1 2 3 4 5 3\n");
  });
}

test("3 GB of large data stay out of the way of small code and data", needs(...x86_64.tools), () => {
  const main = compile(
    x86_64,
    "main.c",
    `#include <stdio.h>
     static char huge[3L << 30];
     static int small = 6;
     int main(void) { huge[sizeof huge - 1] = 7; printf("%d %d\\n", small, huge[sizeof huge - 1]); }`,
    ["-mcmodel=medium", "-fno-pie", "-O1"],
  );
  const stdout = likeGnuLd(x86_64, (shop) => {
    shop.cc("main", ["-no-pie", main]);
    return shop.run("main").stdout;
  });
  equal(stdout, "6 7\n");
});

test("a field that is too narrow is an error with symbol, section and offset", needs(...x86_64.tools), () => {
  const main = compile(
    x86_64,
    "main.s",
    `.globl main
     main: mov far, %eax
     movb $near_, %al
     ret
     .globl near_
     near_ = 300
     .globl far
     far = 0x123456789
     .section .note.GNU-stack,"",@progbits`,
  );
  likeGnuLd(x86_64, (shop) => {
    const said = shop.refuses("main", ["-no-pie", main]);
    match(said, /relocation truncated to fit: R_X86_64_32S? /);
    match(said, /R_X86_64_8 /);
    match(said, /far/);
    match(said, /\.text\+0x3/);
  });
});

test("x32 objects are refused", needs(...x86_64.tools), () => {
  const main = compile(x86_64, "main.s", ".globl main\nmain: ret\n", ["-mx32"]);
  likeGnuLd(x86_64, (shop) => {
    match(shop.refuses("main", ["-e", "main", main], "ld"), /main\.o/);
  });
});

test("i386: a library's protected function is as far from the GOT as its PLT entry", needs(...i386.tools), () => {
  const library = compile(i386, "protected.s", ".globl f\n.protected f\n.type f,@function\nf: mov $7, %eax; ret\n");
  const program = compile(
    i386,
    "far.s",
    `.globl main\nmain: push %ebx\ncall 1f\n1: pop %ebx\nadd $_GLOBAL_OFFSET_TABLE_+[.-1b],%ebx
     call f\nlea f@GOTOFF(%ebx),%ecx\ncall *%ecx\npop %ebx\nret\n.section .note.GNU-stack,"",@progbits\n`,
  );
  const status = likeGnuLd(i386, (shop) => {
    shop.cc("libprotected.so", ["-shared", library]);
    shop.cc("main", ["-no-pie", program, "./libprotected.so"]);
    match(
      shop.refuses("absolute", [
        "-no-pie",
        compile(i386, "absolute.s", ".globl main\nmain: mov $f,%eax\n"),
        "./libprotected.so",
      ]),
      /protected function `f'/,
    );
    return shop.run("main").status;
  });
  equal(status, 7);
});
