// -r: several objects into one that links like them. And --emit-relocs, which keeps the relocations in a program.

import { equal, match } from "node:assert/strict";
import { archive, compile } from "../../support/build.ts";
import { eachTarget, likeGnuLd, type Workshop } from "../../support/link.ts";
import { tool } from "../../support/run.ts";

eachTarget("C++ with templates, exceptions and initialisers survives being joined, twice over", (target) => {
  const part = (name: string) =>
    compile(
      target,
      `${name}.cc`,
      `#include <string>
       #include <stdexcept>
       inline int &shared() { static int value = 0; return value; }
       struct Init { Init() { shared()++; } } init_${name};
       std::string ${name}(int x) {
         if (x > 1) throw std::out_of_range("${name} of " + std::to_string(x));
         return "${name} " + std::to_string(shared());
       }`,
      ["-O1", "-fpie", "-g"],
    );
  const main = compile(
    target,
    "main.cc",
    `#include <iostream>
     #include <string>
     #include <stdexcept>
     std::string one(int), two(int), three(int);
     int main() {
       std::cout << one(1) << ", " << two(1) << ", " << three(0) << std::endl;
       try { three(2); } catch (const std::exception &e) { std::cout << e.what() << std::endl; }
     }`,
    ["-O1", "-fpie", "-g"],
  );
  const stdout = likeGnuLd(target, (shop) => {
    shop.ld("pair.o", ["-r", part("one"), part("two")]);
    shop.ld("triple.o", ["-r", "pair.o", part("three")]);
    shop.cxx("main", [main, "triple.o"]);
    shop.cxx("collected", ["-Wl,--gc-sections", main, "triple.o"]);
    return shop.run("main").stdout + shop.run("collected").stdout;
  });
  equal(stdout, "one 3, two 3, three 3\nthree of 2\n".repeat(2));
});

eachTarget("commons stay common unless -d gives them room; archives give up members", (target) => {
  const common = compile(target, "common.c", "int buffer[10]; int *get(void) { return buffer; }", ["-fcommon"]);
  const member = compile(target, "member.c", "int helper(void) { return 1; }");
  const user = compile(target, "user.c", "int helper(void); int user(void) { return helper(); }");
  likeGnuLd(target, (shop) => {
    archive(shop.directory, "libhelper.a", [member]);
    match(tool("nm", [shop.ld("common.o", ["-r", common])]), /C buffer/);
    match(tool("nm", [shop.ld("defined.o", ["-r", "-d", common])]), /[Bb] buffer/);
    match(tool("nm", [shop.ld("whole.o", ["-r", user, "libhelper.a"])]), /T helper/);
    match(tool("nm", [shop.ld("open.o", ["-r", user])]), /U helper/);
  });
});

eachTarget("thread-locals, IFUNCs and constructors with priorities survive", (target) => {
  const parts = compile(
    target,
    "parts.c",
    `__thread int counter = 2; static __thread int zero;
     static int yes(void) { return 5; }
     static void *pick(void) { return yes; }
     int chosen(void) __attribute__((ifunc("pick")));
     static int order;
     __attribute__((constructor(200))) static void later(void) { order = order * 10 + 2; }
     __attribute__((constructor(101))) static void sooner(void) { order = order * 10 + 1; }
     int get(void) { return order + counter + zero; }`,
    ["-fPIC"],
  );
  const main = compile(
    target,
    "main.c",
    "int get(void), chosen(void); int main(void) { return get() * 10 + chosen(); }",
    ["-fPIC"],
  );
  const build = (shop: Workshop) => {
    shop.ld("joined.o", ["-r", parts, main]);
    shop.cc("main", ["joined.o"]);
    return shop.run("main").status;
  };
  // GNU ld leaves a PLT entry for the __tls_get_addr that nothing calls any more.
  equal(likeGnuLd(target, build, ["relocations"]), 145);
});

eachTarget("-q keeps the relocations in the program", (target) => {
  const main = compile(
    target,
    "main.c",
    "int data = 3; int get(void) { return data; } int main(void) { return get(); }",
    ["-fno-pie"],
  );
  const status = likeGnuLd(target, (shop) => {
    const path = shop.cc("main", ["-no-pie", main, "-Wl,-q"]);
    match(tool("readelf", ["-rW", path]), /Relocation section '\.rela?\.text'/);
    return shop.run("main").status;
  });
  equal(status, 3);
});
