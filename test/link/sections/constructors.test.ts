// What runs before and after main, and in which order: preinit, init and fini arrays, priorities, and the older .ctors.

import { deepEqual, equal } from "node:assert/strict";
import { archive, compile, type Target } from "../../support/build.ts";
import { eachTarget, likeGnuLd } from "../../support/link.ts";
import { tool } from "../../support/run.ts";
import { readSections } from "../../support/sections.ts";

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

/** Numbers in sections of constructors, as old and new compilers place them: what the output's arrays hold, in their order. */
function arrays(target: Target, files: Readonly<Record<string, string>>, ...options: readonly string[]): string[] {
  const word = target.wordBytes === 8 ? ".quad" : ".long";
  const objects = Object.entries(files).map(([name, sections]) =>
    compile(
      target,
      `${name}.s`,
      `${sections.replace(
        /([.\w]+): ([\d ]+)/g,
        (_, section: string, numbers: string) =>
          `.section ${section},"aw"\n${numbers
            .trim()
            .split(" ")
            .map((it) => `${word} ${it}\n`)
            .join("")}`,
      )}\n.section .note.GNU-stack,"",@progbits\n`,
    ),
  );
  return likeGnuLd(target, (shop) => {
    const file = readSections(shop.ld("prog", ["-e", "0", ...options, ...objects]));
    return file.sections
      .filter(({ name }) => /^\.([cd]tors|init_array|fini_array)/.test(name))
      .map(({ name, bytes }) => {
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        const words = Array.from({ length: bytes.length / target.wordBytes }, (_, i) =>
          view.getUint32(i * target.wordBytes, true),
        );
        return `${name}: ${words.join(" ")}`;
      });
  });
}

eachTarget(
  "the words of .ctors and .dtors are reversed in the arrays, file by file with those of .init_array",
  (target) => {
    const files = {
      one: ".ctors: 1 2 3\n.dtors: 4 5",
      two: ".init_array: 6 7\n.ctors: 8 9",
      three: ".fini_array: 10\n.dtors: 11 12",
    };
    deepEqual(arrays(target, files), [".init_array: 3 2 1 6 7 9 8", ".fini_array: 5 4 10 12 11"]);
    deepEqual(arrays(target, files, "-r").length, 4);
  },
);

eachTarget("the priority of .ctors.N is counted from the other end", (target) => {
  const files = {
    one: ".ctors.65434: 1 2\n.init_array.200: 3\n.init_array.x: 4\n.ctors.65335: 5",
    two: ".init_array.101: 6\n.ctors.a.100: 7\n.init_array: 8",
  };
  deepEqual(arrays(target, files), [".init_array: 7 2 1 6 5 3 4 8"]);
});

eachTarget("crtbegin.o and crtend.o hold the ends of .ctors", (target) => {
  const files = { crtend: ".ctors: 1", one: ".ctors: 2\n.ctors.5: 3", crtbeginS: ".ctors: 4\n.dtors: 5" };
  deepEqual(arrays(target, files), [".init_array: 3 2", ".ctors: 4 1", ".dtors: 5"]);
});

eachTarget("relocations of .ctors that stay are where the words went", (target) => {
  const word = target.wordBytes === 8 ? ".quad" : ".long";
  const source = `.globl f, g\nf: nop\ng: nop\n.section .ctors,"aw"\n.balign ${target.wordBytes}\n${word} f, g, g\n.section .note.GNU-stack,"",@progbits\n`;
  const object = compile(target, "f.s", source);
  const places = likeGnuLd(target, (shop) =>
    [["-e", "0", "-q"]].map((options, i) =>
      tool("readelf", ["-rW", shop.ld(`out${i}`, [...options, object])])
        .split("\n")
        .filter((line) => /R_\w+_(64|32) /.test(line))
        .map((line) => line.trim().split(/ +/)[4]),
    ),
  );
  deepEqual(places, [["g", "g", "f"]]);
});
