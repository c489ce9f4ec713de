// Quantities: more sections than a 16-bit number can count, many symbols, many members, long names.

import { equal, match } from "node:assert/strict";
import { test } from "node:test";
import { archive, compile, type Target, x86_64 } from "../../support/build.ts";
import { eachTarget, likeGnuLd, underTest, workshop } from "../../support/link.ts";
import { run } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";

/** Above SHN_LORESERVE (0xff00), e_shnum and st_shndx hold an escape and the numbers stand elsewhere. */
const MANY = 66_000;

function manySections(): string {
  const lines: string[] = [];
  for (let i = 0; i < MANY; i++) {
    lines.push(`.section .text.f${i},"ax",@progbits`, `.globl f${i}`, `f${i}: ret`);
  }
  lines.push(".data", ".globl table", "table:");
  for (let i = 0; i < MANY; i += 6_000) lines.push(`.dc.a f${i}`);
  lines.push(".dc.a f65999", '.section .note.GNU-stack,"",@progbits');
  return `${lines.join("\n")}\n`;
}

function manyAndMain(target: Target): readonly [many: string, main: string] {
  const many = compile(target, "many.s", manySections());
  const main = compile(
    target,
    "main.c",
    `extern void (*const table[])(void), f0(void), f65999(void);
     int main(void) { table[11](); f0(); return table[0] == f0 && table[11] == f65999; }`,
    ["-fpie"],
  );
  return [many, main];
}

eachTarget("an object of more than 65,280 sections links", (target) => {
  const [many, main] = manyAndMain(target);
  const status = likeGnuLd(target, (shop) => {
    shop.cc("main", [main, many]);
    return shop.run("main").status;
  });
  equal(status, 1);
});

// That it is as GNU ld's, which takes the square of the time, is shown once (relocatable-sections.test.ts).
test("what -r joins of more than 65,280 sections links and runs", needs(...x86_64.tools), () => {
  const shop = workshop(underTest, x86_64);
  shop.ld("joined.o", ["-r", ...manyAndMain(x86_64)]);
  shop.cc("rejoined", ["joined.o"]);
  equal(shop.run("rejoined").status, 1);
});

eachTarget("a chain of archive members, each needing one that stands before it", (target) => {
  const length = 60;
  const members = Array.from({ length }, (_, i) => {
    const next = i + 1 < length ? `link${i + 1}` : "last";
    const text = `.globl link${i}\nlink${i}: call ${next}\nret\n.section .note.GNU-stack,"",@progbits\n`;
    return compile(target, `link${i}.s`, text);
  });
  const program = "int link0(void); int last(void) { return 9; } int main(void) { return link0(); }";
  const main = compile(target, "main.c", program, ["-fno-pie"]);
  const status = likeGnuLd(target, (shop) => {
    archive(shop.directory, "libchain.a", [...members].reverse());
    shop.cc("main", ["-no-pie", main, "libchain.a"]);
    return shop.run("main").status;
  });
  equal(status, 9);
});

eachTarget("names of thousands of bytes", (target) => {
  const name = `very_${"long_".repeat(2_000)}name`;
  const library = compile(target, "library.c", `int ${name}(void) { return 3; }`, ["-fPIC"]);
  const main = compile(target, "main.c", `int ${name}(void); int main(void) { return ${name}(); }`, ["-fpie"]);
  const status = likeGnuLd(target, (shop) => {
    shop.cc("liblibrary.so", ["-shared", library]);
    shop.cc("main", [main, "./liblibrary.so"]);
    return shop.run("main").status;
  });
  equal(status, 3);
});

eachTarget("a library of ten thousand symbols is searched through its hash tables", (target) => {
  const count = 10_000;
  const text = Array.from(
    { length: count },
    (_, i) => `.globl name_${i}\n.type name_${i}, @object\n.size name_${i}, 4\nname_${i}: .long ${i}\n`,
  );
  const library = compile(target, "names.s", `.data\n${text.join("")}.section .note.GNU-stack,"",@progbits\n`);
  const host = compile(
    target,
    "host.c",
    `#include <dlfcn.h>
     #include <stdio.h>
     int main(void) {
       void *library = dlopen("./names.so", RTLD_NOW);
       char name[32];
       int found = 0;
       for (int i = 0; i < ${count + 100}; i++) {
         snprintf(name, sizeof name, "name_%d", i);
         int *value = dlsym(library, name);
         found += value && *value == i;
       }
       printf("%d\\n", found);
     }`,
    ["-fpie"],
  );
  for (const style of ["gnu", "sysv", "both"]) {
    const stdout = likeGnuLd(target, (shop) => {
      shop.cc("names.so", ["-shared", library, `-Wl,--hash-style=${style}`]);
      shop.cc("host", [host, "-ldl"]);
      return shop.run("host").stdout;
    });
    equal(stdout, `${count}\n`);
  }
});

eachTarget("zeroed data of a gigabyte takes no room in the file", (target) => {
  const main = compile(
    target,
    "main.c",
    "static char zero[1 << 30]; int main(void) { zero[sizeof zero - 1] = 5; return zero[sizeof zero - 1] + zero[0]; }",
    ["-fpie"],
  );
  const status = likeGnuLd(target, (shop) => {
    const path = shop.cc("main", [main]);
    match(run("stat", ["-c", "%s", path]).stdout, /^\d{4,6}\n$/);
    return shop.run("main").status;
  });
  equal(status, 5);
});
