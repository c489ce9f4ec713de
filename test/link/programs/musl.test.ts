// Programs and libraries of another C library: musl, static and dynamic.

import { equal } from "node:assert/strict";
import { test } from "node:test";
import { compile, musl } from "../../support/build.ts";
import { likeGnuLd } from "../../support/link.ts";
import { needs } from "../../support/tools.ts";

const MAIN = `
  #include <pthread.h>
  #include <stdio.h>
  #include <stdlib.h>
  extern int library(int);
  static __thread int mine = 3;
  static void *thread(void *x) { mine += *(int *)x; return (void *)(long)mine; }
  __attribute__((constructor)) static void up(void) { puts("up"); }
  int main(void) {
    int four = 4;
    pthread_t id;
    void *result;
    pthread_create(&id, 0, thread, &four);
    pthread_join(id, &result);
    printf("%ld %d %d %s\\n", (long)result, mine, library(5), getenv("HOME") ? "home" : "none");
    return 6;
  }`;

const LIBRARY = "#include <stdlib.h>\nint calls; int library(int x) { calls++; return abs(-x) * 10 + calls; }";

const EXPECTED = "up\n7 3 51 home\n";

for (const link of ["-static", "-no-pie", "-pie"]) {
  test(`musl: threads, thread-locals and constructors, ${link}`, needs("ld.bfd", ...musl.tools), () => {
    const how = link === "-pie" ? "-fpie" : "-fno-pie";
    const main = compile(musl, "main.c", MAIN, [how, "-O1"]);
    const library = compile(musl, "library.c", LIBRARY, [how, "-O1"]);
    const { status, stdout } = likeGnuLd(musl, (shop) => {
      shop.cc("main", [link, main, library]);
      return shop.run("main", [], { env: { HOME: "/" } });
    });
    equal(stdout, EXPECTED);
    equal(status, 6);
  });
}

test("musl: a shared library with lazy and eager binding", needs("ld.bfd", ...musl.tools), () => {
  const main = compile(musl, "main.c", MAIN, ["-fpie", "-O1"]);
  const library = compile(musl, "library.c", LIBRARY, ["-fPIC", "-O1"]);
  for (const flags of ["-Wl,-z,lazy", "-Wl,-z,now", "-Wl,--hash-style=sysv", "-Wl,-Bsymbolic"]) {
    const { stdout } = likeGnuLd(musl, (shop) => {
      shop.cc("liblibrary.so", ["-shared", library, flags]);
      shop.cc("main", ["-pie", main, "-L.", "-llibrary", "-Wl,-rpath,$ORIGIN", flags]);
      return shop.run("main", [], { env: { HOME: "/" } });
    });
    equal(stdout, EXPECTED);
  }
});
