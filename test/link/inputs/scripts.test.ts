// Linker scripts as inputs: what a libfoo.so that is text may say.

import { equal, match } from "node:assert/strict";
import { archive, compile, type Target } from "../../support/build.ts";
import { eachTarget, likeGnuLd, type Workshop } from "../../support/link.ts";

const object = (target: Target, name: string, source: string, how = "-fpie"): string =>
  compile(target, `${name}.c`, source, [how]);

function prints(
  target: Target,
  main: string,
  build: (shop: Workshop) => readonly string[],
  how: string = "-fpie",
): string {
  const program = object(target, "main", `#include <stdio.h>\n${main}`, how);
  return likeGnuLd(target, (shop) => {
    shop.cc("main", [program, ...build(shop)]);
    return shop.run("main").stdout;
  });
}

const MAIN = 'int foo(void); int main(void) { printf("%d\\n", foo()); }';

eachTarget("GROUP and AS_NEEDED, as in the C library's libc.so", (target) => {
  const stdout = prints(target, MAIN, (shop) => {
    shop.cc("libreal.so.1", [
      "-shared",
      object(target, "real", "int bar(void); int foo(void) { return bar(); }", "-fPIC"),
    ]);
    shop.cc("libidle.so.1", ["-shared", object(target, "idle", "int idle(void) { return 1; }", "-fPIC")]);
    archive(shop.directory, "libextra.a", [object(target, "bar", "int bar(void) { return 7; }", "-fPIC")]);
    const format = target.wordBytes === 8 ? "elf64-x86-64" : "elf32-i386";
    shop.file(
      "libfoo.so",
      `/* GNU ld script */\nOUTPUT_FORMAT(${format})\nGROUP ( libreal.so.1 libextra.a AS_NEEDED ( libidle.so.1 ) )\n`,
    );
    return ["-L.", "-lfoo", "-Wl,-rpath,$ORIGIN"];
  });
  equal(stdout, "7\n");
});

eachTarget("INPUT with -l and quoted names, SEARCH_DIR, EXTERN and ENTRY", (target) => {
  const stdout = prints(target, MAIN, (shop) => {
    archive(shop.directory, "libone.a", [object(target, "one", "int bar(void); int foo(void) { return bar() + 1; }")]);
    archive(shop.directory, "libtwo.a", [object(target, "two", "int bar(void) { return 1; }")]);
    shop.file("inputs.ld", 'SEARCH_DIR(".")\nEXTERN(bar)\nINPUT(-lone "libtwo.a")\n');
    return ["inputs.ld"];
  });
  equal(stdout, "2\n");
});

eachTarget("assignments define symbols", (target) => {
  const stdout = prints(
    target,
    `extern char size[], next[], provided[];
     int main(void) { printf("%d %d %d\\n", (int)(long)size, (int)(long)next, (int)(long)provided); }`,
    (shop) => {
      shop.file("symbols.ld", "size = 0x10 + 2 * 3; next = size << 1; PROVIDE(provided = 5); PROVIDE(main = 9);");
      return ["-no-pie", "symbols.ld"];
    },
    "-fno-pie",
  );
  equal(stdout, "22 44 5\n");
});

eachTarget("a VERSION block is a version script", (target) => {
  const library = object(target, "library", "int foo(void) { return 1; } int hidden(void) { return 2; }", "-fPIC");
  likeGnuLd(target, (shop) => {
    shop.file("version.ld", "VERSION { V1 { global: foo; local: *; }; }");
    shop.cc("library.so", ["-shared", library, "version.ld"]);
  });
});

eachTarget("scripts may include scripts", (target) => {
  const stdout = prints(target, MAIN, (shop) => {
    archive(shop.directory, "libfoo.a", [object(target, "foo", "int foo(void) { return 3; }")]);
    shop.file("inner.ld", "INPUT(libfoo.a)");
    shop.file("outer.ld", "INCLUDE inner.ld\n");
    return ["outer.ld"];
  });
  equal(stdout, "3\n");
});

eachTarget("a text file that is no script is refused by name and line", (target) => {
  const main = object(target, "main", "int main(void) { return 0; }");
  likeGnuLd(target, (shop) => {
    shop.file("notes.txt", "\n\nthese are notes, no script\n");
    match(shop.refuses("main", [main, "notes.txt"]), /notes\.txt/);
    shop.file("broken.ld", "GROUP ( main.o \n");
    match(shop.refuses("main", [main, "broken.ld"]), /broken\.ld/);
  });
});
