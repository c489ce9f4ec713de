// A first program in every kind of output, on both machines: it runs, says what GNU ld's build says, and looks the same
// from outside.

import { equal } from "node:assert/strict";
import { archive, compile, type Target } from "../support/build.ts";
import { eachTarget, likeGnuLd } from "../support/link.ts";

/** Several objects that need each other, a constant that is merged, data of all kinds, a member of an archive. */
function objects(target: Target, flags: readonly string[]): string[] {
  const main = `
    #include <stdio.h>
    extern const char *greeting(void);
    extern int count, zero[100];
    int main(int argc, char **argv) {
      count += argc;
      printf("%s %d %d\\n", greeting(), count, zero[99]);
      return 7;
    }`;
  const greeting = `
    static const char *const words[] = {"hello", "world"};
    int count = 41, zero[100];
    const char *greeting(void) { return words[count == 1]; }`;
  return [
    compile(target, "main.c", main, ["-O1", ...flags]),
    compile(target, "greeting.c", greeting, ["-O1", ...flags]),
  ];
}

const KINDS: Readonly<Record<string, { compile: readonly string[]; link: readonly string[] }>> = {
  "dynamic executable": { compile: ["-fno-pie"], link: ["-no-pie"] },
  "position-independent executable": { compile: ["-fpie"], link: ["-pie"] },
  "static executable": { compile: ["-fno-pie"], link: ["-static"] },
  "static position-independent executable": { compile: ["-fpie"], link: ["-static-pie"] },
};

for (const [kind, flags] of Object.entries(KINDS)) {
  eachTarget(`hello, world as a ${kind}`, (target) => {
    const inputs = objects(target, flags.compile);
    const { status, stdout } = likeGnuLd(target, (shop) => {
      shop.cc("hello", [...flags.link, ...inputs]);
      return shop.run("hello");
    });
    equal(stdout, "hello 42 0\n");
    equal(status, 7);
  });
}

eachTarget("hello, world out of a shared library", (target) => {
  const [main = "", greeting = ""] = objects(target, ["-fPIC"]);
  const { stdout } = likeGnuLd(target, (shop) => {
    shop.cc("libgreeting.so", ["-shared", greeting]);
    shop.cc("hello", ["-pie", main, "libgreeting.so", "-Wl,-rpath,$ORIGIN"]);
    return shop.run("hello");
  });
  equal(stdout, "hello 42 0\n");
});

eachTarget("hello, world with the greeting in an archive", (target) => {
  const [main = "", greeting = ""] = objects(target, ["-fpie"]);
  const { stdout } = likeGnuLd(target, (shop) => {
    archive(shop.directory, "libgreeting.a", [greeting]);
    shop.cc("hello", ["-pie", main, "-L.", "-lgreeting"]);
    return shop.run("hello");
  });
  equal(stdout, "hello 42 0\n");
});

eachTarget("objects joined with -r link like the objects", (target) => {
  const inputs = objects(target, ["-fpie"]);
  const { stdout } = likeGnuLd(target, (shop) => {
    shop.ld("both.o", ["-r", ...inputs]);
    shop.cc("hello", ["-pie", "both.o"]);
    return shop.run("hello");
  });
  equal(stdout, "hello 42 0\n");
});
