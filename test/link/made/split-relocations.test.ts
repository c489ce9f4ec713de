// -z nocombreloc: a section of dynamic relocations for each section that they are about, in the order of GNU ld's script, and
// one table for the dynamic linker.

import { deepEqual, equal } from "node:assert/strict";
import { compile } from "../../support/build.ts";
import { eachTarget, likeGnuLd, type Workshop } from "../../support/link.ts";
import { readSections } from "../../support/sections.ts";

const LIBRARY = `
  int shared_data = 4;
  static const int table[] = {1, 2};
  const int *const pointers[] = {table, table + 1};
  int *address = &shared_data;
  static int yes(void) { return 5; }
  static void *pick(void) { return yes; }
  static int chosen(void) __attribute__((ifunc("pick")));
  int (*chosen_pointer)(void) = chosen;
  int get(void) { return *pointers[1] + *address + chosen_pointer() + chosen(); }`;

const MAIN = `
  #include <stdio.h>
  extern int shared_data;
  int get(void);
  FILE **out = &stdout;
  int (*print)(const char *, ...) = printf;
  int main(void) { print("%d %d\\n", shared_data, get()); return fflush(*out); }`;

eachTarget("every kind of output has its relocations section by section, and works", (target) => {
  const library = compile(target, "library.c", LIBRARY, ["-fPIC", "-O1"]);
  const pic = compile(target, "main.c", MAIN, ["-fPIC", "-O1"]);
  const fixed = compile(target, "main.c", MAIN, ["-fno-pie", "-O1"]);
  const flag = "-Wl,-z,nocombreloc";
  const build = (shop: Workshop): string[] => {
    shop.cc("liblibrary.so", ["-shared", flag, library]);
    shop.cc("pie", ["-pie", flag, pic, "./liblibrary.so"]);
    shop.cc("fixed", ["-no-pie", flag, fixed, "./liblibrary.so"]);
    shop.cc("joined", ["-pie", flag, pic, library]);
    shop.cc("static", ["-static", flag, fixed, library]);
    shop.cc("static-pie", ["-static-pie", flag, pic, library]);
    return ["pie", "fixed", "joined", "static", "static-pie"].map((name) => shop.run(name).stdout);
  };
  equal(likeGnuLd(target, build).join(""), "4 16\n".repeat(5));
});

eachTarget("-n and -N have them section by section too", (target) => {
  const library = compile(target, "library.c", LIBRARY, ["-fPIC", "-O1"]);
  likeGnuLd(target, (shop) => {
    for (const flag of ["-n", "-N"]) {
      shop.ld(`lib${flag}.so`, ["-shared", flag, library]);
      shop.ld(`lib${flag}-combined.so`, ["-shared", flag, "-z", "combreloc", library]);
    }
  });
});

eachTarget("what the script does not name keeps the name of the input section, not that of the output", (target) => {
  const pointer = (section: string, flags = "aw"): string => `.section ${section},"${flags}"\n.dc.a f\n`;
  const source = compile(
    target,
    "pointers.s",
    `.text\n.globl f\n.hidden f\nf: .cfi_startproc\nret\n.cfi_endproc\n
     ${[".init_array.9", ".init_array", ".ctors.1", ".data.rel.ro.local.x", ".data.own", "odd", '.tdata.t,"awT"']
       .map((it) => (it.includes(",") ? `.section ${it}\n.dc.a f\n` : pointer(it)))
       .join("")}
     .section .note.GNU-stack,"",@progbits`,
  );
  const relocations = target.wordBytes === 8 ? ".rela" : ".rel";
  const names = likeGnuLd(target, (shop) =>
    readSections(shop.ld("library.so", ["-shared", "-z", "nocombreloc", source])).sections.map(({ name }) => name),
  );
  deepEqual(
    names.filter((it) => it.startsWith(relocations)).map((it) => it.slice(relocations.length)),
    [".data.rel.ro", ".data", ".tdata", ".init_array.9", ".init_array", ".ctors.1", "odd"],
  );
});

eachTarget("relocations that are all packed leave their sections behind, empty, and the tags", (target) => {
  const source = compile(
    target,
    "packed.s",
    `.text\n.globl _start, f\n.hidden f\n_start: .cfi_startproc\nf: ret\n.cfi_endproc
     .data\n.balign 8\n.dc.a f\n.section .init_array.5,"aw"\n.balign 8\n.dc.a f
     .section .note.GNU-stack,"",@progbits`,
  );
  const kinds = [["-shared"], ["-static", "-pie", "--no-dynamic-linker"], ["-shared", "-z", "nocombreloc"]];
  const found = likeGnuLd(target, (shop) =>
    kinds.map((kind, i) => {
      const { sections } = readSections(shop.ld(`out${i}`, [...kind, "-z", "pack-relative-relocs", source]));
      return sections.filter(({ name }) => /^\.rela?\./.test(name)).map(({ bytes }) => bytes.length);
    }),
  );
  deepEqual(found, [[0], [0], [0, 0]]);
});
