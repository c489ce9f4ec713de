// One name in an object and in a shared library: whose definition it is, how large, and who sees it.

import { deepEqual, equal, match } from "node:assert/strict";
import { compile } from "../../support/build.ts";
import { eachTarget, gnu, likeGnuLd, underTest, workshop } from "../../support/link.ts";
import { tool } from "../../support/run.ts";

/** `size bind section` of a dynamic symbol, and what its address is a multiple of: 64 at most. */
function row(path: string, name: string): string {
  const line = tool("readelf", ["-W", "--dyn-syms", path])
    .split("\n")
    .find((it) => it.endsWith(` ${name}`));
  if (line === undefined) return "none";
  const [, value = "", size] = line.trim().split(/ +/);
  const address = Number.parseInt(value, 16);
  return `size ${size} at a multiple of ${[64, 32, 16, 8, 4].find((it) => address % it === 0)}`;
}

eachTarget("a common symbol has room for a library's variable in .bss, and its alignment", (target) => {
  const library = compile(
    target,
    "library.c",
    "__attribute__((aligned(64))) char block[100]; char *get(void) { return block; }",
    ["-fPIC"],
  );
  const main = compile(
    target,
    "main.c",
    "char odd; int block[2]; char *get(void); int main(void) { return get() != (char *)block; }",
    ["-fcommon", "-fno-pie"],
  );
  for (const linker of [gnu, underTest]) {
    const shop = workshop(linker, target);
    shop.cc("liblibrary.so", ["-shared", library]);
    for (const [i, files] of [
      [main, "./liblibrary.so"],
      ["-Wl,--no-as-needed", "./liblibrary.so", main],
    ].entries()) {
      equal(row(shop.cc(`main${i}`, ["-no-pie", ...files]), "block"), "size 100 at a multiple of 64");
      equal(shop.run(`main${i}`).status, 0);
    }
  }
});

eachTarget("a program's variable with the name of a library's function is not seen by libraries", (target) => {
  const library = compile(
    target,
    "library.c",
    "int calls; void report(void) { calls++; } int engine(void) { report(); return calls; }",
    ["-fPIC"],
  );
  const nicer = compile(target, "nicer.c", "int nice(int); int nicer(void) { return nice(0); }", ["-fPIC"]);
  for (const source of ["long report = 5; int nice = 7;", "long report; int nice;"]) {
    const main = compile(
      target,
      "main.c",
      `${source} int engine(void), nicer(void); int main(void) { nicer(); return engine(); }`,
      ["-fcommon", "-fno-builtin", "-w"],
    );
    const found = [gnu, underTest].map((linker) => {
      const shop = workshop(linker, target);
      shop.cc("liblibrary.so", ["-shared", library]);
      shop.cc("libnicer.so", ["-shared", nicer]);
      const path = shop.cc("main", [main, "./liblibrary.so", "./libnicer.so"]);
      return [row(path, "report"), row(path, "nice"), shop.run("main").status];
    });
    deepEqual(found, [
      ["none", "none", 1],
      ["none", "none", 1],
    ]);
  }
});

eachTarget("what a library's own library has: a weak reference gets it, a strong one is refused", (target) => {
  const deep = compile(target, "deep.c", "int deep(void) { return 4; } int other(void) { return 5; }", ["-fPIC"]);
  const middle = compile(target, "middle.c", "int deep(void); int middle(void) { return deep(); }", ["-fPIC"]);
  const weak = compile(
    target,
    "weak.c",
    "int middle(void); __attribute__((weak)) int deep(void), other(void); int main(void) { return middle() + (deep ? deep() : 0) + (other ? other() : 0); }",
    ["-fPIC"],
  );
  const strong = compile(
    target,
    "strong.c",
    "int middle(void), deep(void); int main(void) { return middle() + deep(); }",
    ["-fPIC"],
  );
  const found = [gnu, underTest].map((linker) => {
    const shop = workshop(linker, target);
    shop.file("versions", "V { *; };");
    shop.cc("libdeep.so", ["-shared", deep, "-Wl,-soname,libdeep.so,--version-script=versions"]);
    shop.cc("libmiddle.so", ["-shared", middle, "./libdeep.so", "-Wl,-rpath,."]);
    const path = shop.cc("weak", [weak, "./libmiddle.so"]);
    match(shop.refuses("strong", [strong, "./libmiddle.so"]), /DSO missing/);
    // A library may leave it open.
    shop.cc("libstrong.so", ["-shared", strong, "./libmiddle.so"]);
    return [shop.run("weak").status, /NEEDED.*libdeep/.test(tool("readelf", ["-dW", path]))];
  });
  deepEqual(found, [
    [13, false],
    [13, false],
  ]);
});

eachTarget("what only -u or --require-defined names may come from a library's own library", (target) => {
  const deep = compile(target, "deep.c", "int deep(void) { return 13; }", ["-fPIC"]);
  const middle = compile(target, "middle.c", "int deep(void); int middle(void) { return deep(); }", ["-fPIC"]);
  const main = compile(target, "main.c", "int middle(void); int main(void) { return middle(); }");
  const status = likeGnuLd(target, (shop) => {
    shop.cc("libdeep.so", ["-shared", deep, "-Wl,-soname,libdeep.so"]);
    shop.cc("libmiddle.so", ["-shared", middle, "./libdeep.so", "-Wl,-rpath,."]);
    shop.cc("wanted", [main, "./libmiddle.so", "-Wl,-u,deep"]);
    shop.cc("required", [main, "./libmiddle.so", "-Wl,--gc-sections,--require-defined=deep"]);
    return shop.run("wanted").status;
  });
  equal(status, 13);
});

eachTarget("a program exports what a library's own library asks for", (target) => {
  const deep = compile(target, "deep.c", "int answer(void); int deep(void) { return answer(); }", ["-fPIC"]);
  const middle = compile(target, "middle.c", "int deep(void); int middle(void) { return deep(); }", ["-fPIC"]);
  const main = compile(
    target,
    "main.c",
    "int answer(void) { return 42; } int middle(void); int main(void) { return middle(); }",
  );
  for (const linker of [gnu, underTest]) {
    const shop = workshop(linker, target);
    shop.cc("libdeep.so", ["-shared", deep, "-Wl,-soname,libdeep.so"]);
    shop.cc("libmiddle.so", ["-shared", middle, "./libdeep.so", "-Wl,-rpath,."]);
    shop.cc("main", [main, "./libmiddle.so"]);
    equal(shop.run("main").status, 42);
  }
});
