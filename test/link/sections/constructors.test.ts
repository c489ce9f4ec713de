// What runs before and after main, and in which order: preinit, init and fini arrays, priorities, and the older .ctors.

import { equal } from "node:assert/strict";
import { archive, compile, type Target } from "../../support/build.ts";
import { eachTarget, likeGnuLd } from "../../support/link.ts";

const SAY = `
  #include <unistd.h>
  #include <string.h>
  static void say(const char *text) { (void)!write(1, text, strlen(text)); }`;

function object(target: Target, name: string, body: string, flags: readonly string[] = ["-fpie"]): string {
  return compile(target, `${name}.c`, `${SAY}\n${body}`, flags);
}

const main = (target: Target) => object(target, "main", 'int main(void) { say("main "); return 0; }');

eachTarget("priorities order constructors across objects; without one, they run last in link order", (target) => {
  const part = (name: string, priorities: readonly (number | "")[]) =>
    object(
      target,
      name,
      priorities
        .map(
          (priority) => `
            __attribute__((constructor${priority === "" ? "" : `(${priority})`})) static void up${priority}(void) { say("${name}${priority} "); }
            __attribute__((destructor${priority === "" ? "" : `(${priority})`})) static void down${priority}(void) { say("-${name}${priority} "); }`,
        )
        .join(""),
    );
  const inputs = [main(target), part("b", [300, "", 101]), part("a", ["", 200, 65534, 1000])];
  for (const link of ["-pie", "-static"]) {
    const stdout = likeGnuLd(target, (shop) => {
      shop.cc("main", [link, ...inputs]);
      return shop.run("main").stdout;
    });
    equal(stdout, "b101 a200 b300 a1000 a65534 b a main -a -b -a65534 -a1000 -b300 -a200 -b101 ");
  }
});

/** A function pointer in a section by name, as older compilers and hand-written start-up code do it. */
const inSection = (section: string, name: string): string => `
  static void ${name}(void) { say("${name} "); }
  __attribute__((section("${section}"), used)) static void (*const pointer_${name})(void) = ${name};`;

eachTarget(".ctors and .dtors join .init_array and .fini_array, with their priorities turned round", (target) => {
  const inputs = [
    main(target),
    object(target, "plain", inSection(".ctors", "ctor") + inSection(".dtors", "dtor"), ["-fno-pie"]),
    object(target, "ranked", inSection(".ctors.65435", "ctor100") + inSection(".ctors.00001", "ctor65534"), [
      "-fno-pie",
    ]),
    object(target, "modern", '__attribute__((constructor(150))) static void up(void) { say("init150 "); }', [
      "-fno-pie",
    ]),
  ];
  const stdout = likeGnuLd(target, (shop) => {
    shop.cc("main", ["-no-pie", ...inputs]);
    return shop.run("main").stdout;
  });
  equal(stdout, "ctor100 init150 ctor65534 ctor main dtor ");
});

eachTarget("preinit_array runs before the libraries' constructors and is for executables only", (target) => {
  const library = object(
    target,
    "library",
    '__attribute__((constructor)) static void up(void) { say("library "); } void anchor(void) {}',
    ["-fPIC"],
  );
  const early = inSection(".preinit_array", "early").replace("*const", "*");
  const program = object(target, "program", `${early} void anchor(void); int main(void) { anchor(); say("main "); }`);
  const stdout = likeGnuLd(target, (shop) => {
    shop.cc("liblibrary.so", ["-shared", library]);
    shop.cc("main", [program, "./liblibrary.so"]);
    return shop.run("main").stdout;
  });
  equal(stdout, "early library main ");
  likeGnuLd(target, (shop) => {
    shop.refuses("libearly.so", ["-shared", object(target, "early", early, ["-fPIC"])]);
  });
});

eachTarget("-init and -fini name a library's functions", (target) => {
  const library = object(
    target,
    "library",
    'void begin(void) { say("begin "); } void finish(void) { say("finish "); } void anchor(void) {}',
    ["-fPIC"],
  );
  const program = object(target, "program", 'void anchor(void); int main(void) { anchor(); say("main "); }');
  const stdout = likeGnuLd(target, (shop) => {
    shop.cc("liblibrary.so", ["-shared", "-nostartfiles", library, "-Wl,-init,begin,-fini,finish"]);
    shop.cc("main", [program, "./liblibrary.so"]);
    return shop.run("main").stdout;
  });
  equal(stdout, "begin main finish ");
});

eachTarget("constructors of an archive run only when something else brings their member in", (target) => {
  const noisy = (name: string) =>
    object(
      target,
      name,
      `__attribute__((constructor)) static void up(void) { say("${name} "); } void ${name}(void) {}`,
    );
  const program = object(target, "program", 'void used(void); int main(void) { used(); say("main "); }');
  const run = (...flags: readonly string[]) =>
    likeGnuLd(target, (shop) => {
      archive(shop.directory, "libnoisy.a", [noisy("unused"), noisy("used")]);
      shop.cc("main", [program, ...flags]);
      return shop.run("main").stdout;
    });
  equal(run("libnoisy.a"), "used main ");
  equal(run("-Wl,--whole-archive", "libnoisy.a", "-Wl,--no-whole-archive"), "unused used main ");
});
