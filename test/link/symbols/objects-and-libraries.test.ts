// One name that objects and libraries have, each in its way: whose definition it is, who sees it, and who is asked for it when
// the program runs.

import { deepEqual, equal, match } from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { archive, compile, type Target } from "../../support/build.ts";
import { eachTarget, likeGnuLd, type Workshop } from "../../support/link.ts";
import { tool } from "../../support/run.ts";

// GNU ld leaves an empty .eh_frame where it has made a PLT or could have.
const FRAMES = ["sections", "segments", "symbols"];

const word = ({ wordBytes }: Target): string => (wordBytes === 8 ? ".quad" : ".long");

function assemble(target: Target, name: string, ...lines: string[]): string {
  return compile(target, `${name}.s`, `${lines.join("\n")}\n.section .note.GNU-stack,"",@progbits\n`);
}

/** An object that defines a variable. */
function variable(target: Target, name: string, words: number, ...lines: string[]): string {
  const size = words * 4;
  return assemble(
    target,
    name,
    ".globl v",
    ...lines,
    ".type v, @object",
    ".data",
    "v:",
    `.skip ${size}`,
    `.size v, ${size}`,
  );
}

const start = (target: Target): string => assemble(target, "start", ".globl _start", "_start: ret");

/** Lines of a symbol table about a name: type, binding, visibility, and size in front. */
function about(path: string, table: "--dyn-syms" | "-s", name: string): string[] {
  const text = tool("readelf", [table, "-W", path]).replace(/^[\s\S]*'\.symtab'/, "");
  const rows = text.matchAll(/: \w+ +(\d+ \w+ +\w+ +\w+) +(\w+) (\S+)/g);
  return [...rows].flatMap(([, what = "", section = "", found = ""]) =>
    found.replace(/@.*/, "") === name ? [`${what.replace(/ +/g, " ")}${section === "UND" ? " UND" : ""}`] : [],
  );
}

function relocations(path: string): string[] {
  return [...tool("readelf", ["-rW", path]).matchAll(/R_(?:X86_64|386)_(\w+)(?: +\w+ +(\w+))?/g)]
    .map(([, type, symbol = ""]) => `${type} ${symbol}`.replace(/^(RELATIVE).*/, "$1").trim())
    .filter((it) => it !== "NONE")
    .sort();
}

eachTarget("a library's definition says nothing about a variable that is not for libraries", (target) => {
  const program = start(target);
  const [hidden, shielded] = ["hidden", "protected"].map((it) => variable(target, it, 1, `.${it} v`));
  const common = assemble(target, "common", ".protected v", ".comm v, 4, 4");
  const [defines, asks] = [
    variable(target, "defines", 4),
    assemble(target, "asks", ".data", ".weak v", `${word(target)} v`),
  ];
  const found = likeGnuLd(
    target,
    (shop) => {
      shop.ld("libdefines.so", ["-shared", defines]);
      shop.ld("libasks.so", ["-shared", asks]);
      const links = {
        "hidden, then defined": [hidden, "libdefines.so"],
        "defined, then hidden": ["libdefines.so", hidden],
        "hidden, then asked for": [hidden, "libasks.so"],
        "hidden, defined, asked for": [hidden, "libdefines.so", "libasks.so"],
        "protected, then defined": [shielded, "libdefines.so"],
        "protected and tentative, then defined": [common, "libdefines.so"],
        "defined, then protected and tentative": ["libdefines.so", common],
      };
      return Object.entries(links).map(([what, inputs], i) => {
        const path = shop.ld(`a${i}`, [program, ...inputs]);
        return [what, ...about(path, "-s", "v"), about(path, "--dyn-syms", "v").length];
      });
    },
    FRAMES,
  );
  deepEqual(found, [
    ["hidden, then defined", "4 OBJECT GLOBAL HIDDEN", 0],
    ["defined, then hidden", "4 OBJECT GLOBAL HIDDEN", 0],
    // What a library cannot have though it asks for it is local.
    ["hidden, then asked for", "4 OBJECT LOCAL DEFAULT", 0],
    ["hidden, defined, asked for", "4 OBJECT LOCAL DEFAULT", 0],
    ["protected, then defined", "4 OBJECT GLOBAL PROTECTED", 1],
    ["protected and tentative, then defined", "4 OBJECT GLOBAL PROTECTED", 1],
    ["defined, then protected and tentative", "4 OBJECT GLOBAL PROTECTED", 1],
  ]);
});

const HAS = "there/libhas.so";

/** `there/libhas.so` has v@@V1, and `libasks.so` was linked with it and asks for that. */
function versionedLibraries(shop: Workshop, target: Target): void {
  shop.file("one", "V1 { v; };");
  shop.file("two", "V2 { v; };");
  shop.file("none", "{ local: v; };");
  mkdirSync(join(shop.directory, "there"));
  shop.ld(HAS, ["-shared", "-soname=libhas.so", "--version-script=one", variable(target, "has", 1)]);
  const asks = assemble(target, "wants", ".data", `${word(target)} v`);
  shop.ld("libasks.so", ["-shared", asks, HAS]);
}

eachTarget("a reference of a library with a version means a plain definition that stands for a library's", (target) => {
  const [program, own] = [start(target), variable(target, "own", 2)];
  const found = likeGnuLd(
    target,
    (shop) => {
      versionedLibraries(shop, target);
      const links = {
        "definition first": [own, "libasks.so", HAS],
        "another version by the script": [own, "libasks.so", HAS, "--version-script=two"],
        "the same, library first": [HAS, own, "libasks.so", "--version-script=two"],
        "local by the script": [own, "libasks.so", HAS, "--version-script=none"],
        "no library has the version": [own, "libasks.so", "--allow-shlib-undefined"],
      };
      return Object.entries(links).map(([what, inputs], i) => {
        return `${what}: ${about(shop.ld(`a${i}`, [program, ...inputs]), "--dyn-syms", "v").length}`;
      });
    },
    FRAMES,
  );
  deepEqual(found, [
    "definition first: 1",
    "another version by the script: 0",
    "the same, library first: 1",
    "local by the script: 0",
    "no library has the version: 0",
  ]);
  likeGnuLd(
    target,
    (shop) => {
      versionedLibraries(shop, target);
      match(shop.refuses("a", [program, own, "libasks.so"], "ld"), /undefined reference to `v@V1'/);
    },
    FRAMES,
  );
});

eachTarget("what nothing defines, and is ignored, is left to the loader if a library asks for it too", (target) => {
  const program = assemble(target, "program", ".globl _start", "_start: ret", ".data", `${word(target)} v`);
  const asks = assemble(target, "asks", ".data", ".weak v", `${word(target)} v`);
  const found = likeGnuLd(
    target,
    (shop) => {
      shop.ld("libasks.so", ["-shared", asks]);
      shop.ld("libother.so", ["-shared", start(target)]);
      const ignore = ["--unresolved-symbols=ignore-all", "--dynamic-linker", target.interpreter];
      const link = (...args: string[]): string[] =>
        relocations(shop.ld(`a${args.join("")}`, [...ignore, program, ...args]));
      return {
        pie: link("-pie", "libother.so"),
        "pie, asked for": link("-pie", "libasks.so"),
        "pie, exported": link("-pie", "-E", "libother.so"),
        "pie, named": link("-pie", "--export-dynamic-symbol=v", "libother.so"),
        "no-pie": link("libother.so"),
        "no-pie, asked for": link("libasks.so"),
      };
    },
    FRAMES,
  );
  const named = [`${target.wordBytes === 8 ? "64" : "32"} v`];
  deepEqual(found, {
    pie: ["RELATIVE"],
    "pie, asked for": named,
    "pie, exported": named,
    "pie, named": named,
    "no-pie": [],
    "no-pie, asked for": named,
  });
});

eachTarget("-u names what only a library refers to: it is in the program's dynamic symbols", (target) => {
  const asks = assemble(target, "asks", ".data", ".weak v", `${word(target)} v`);
  likeGnuLd(
    target,
    (shop) => {
      shop.ld("libasks.so", ["-shared", asks]);
      deepEqual(about(shop.ld("a", [start(target), "libasks.so", "-u", "v"]), "--dyn-syms", "v"), [
        "0 NOTYPE GLOBAL DEFAULT UND",
      ]);
      deepEqual(about(shop.ld("b", [start(target), "libasks.so"]), "--dyn-syms", "v"), []);
    },
    FRAMES,
  );
});

eachTarget(
  "pointers to a library's protected symbols name them, and --wrap redirects a library's references",
  (target) => {
    const shielded = variable(target, "shielded", 1, ".protected v", ".data", `${word(target)} v`);
    const asks = assemble(target, "asks", ".data", `${word(target)} v`);
    const wrapper = assemble(target, "wrapper", ".globl _start, __wrap_v, v", "_start: ret", "v: ret", "__wrap_v: ret");
    likeGnuLd(
      target,
      (shop) => {
        const named = relocations(shop.ld("libshielded.so", ["-shared", shielded]));
        deepEqual(named, [`${target.wordBytes === 8 ? "64" : "32"} v`]);
        deepEqual(relocations(shop.ld("libsymbolic.so", ["-shared", "-Bsymbolic", shielded])), ["RELATIVE"]);
        shop.ld("libasks.so", ["-shared", asks]);
        const path = shop.ld("a", [wrapper, "libasks.so", "--wrap", "v"]);
        deepEqual([about(path, "--dyn-syms", "__wrap_v").length, about(path, "--dyn-syms", "v").length], [1, 0]);
      },
      FRAMES,
    );
  },
);

eachTarget("a program of fixed address has the loader enter what it exports into its GOT", (target) => {
  const load = target.wordBytes === 8 ? "cmpq $0, v@GOTPCREL(%rip)" : "cmpl $0, v@GOT(%ebx)";
  const program = assemble(target, "loads", ".globl _start", `_start: ${load}`, "ret");
  const asks = assemble(target, "asks", ".data", `${word(target)} v`);
  likeGnuLd(
    target,
    (shop) => {
      shop.ld("libasks.so", ["-shared", asks]);
      const path = shop.ld("a", [program, variable(target, "own", 1), "libasks.so"]);
      deepEqual(relocations(path), ["GLOB_DAT v"]);
    },
    FRAMES,
  );
});

eachTarget("what is assigned another symbol is seen by who sees that, and has no library's size", (target) => {
  const program = assemble(
    target,
    "program",
    ".globl f, g",
    ".protected f",
    ".hidden g",
    ".type f, @function",
    "f: ret",
    "g: ret",
  );
  likeGnuLd(
    target,
    (shop) => {
      versionedLibraries(shop, target);
      const path = shop.ld("liba.so", ["-shared", program, "--defsym=v=f", "--defsym=w=g", HAS]);
      deepEqual(about(path, "--dyn-syms", "v"), ["0 FUNC GLOBAL PROTECTED"]);
      deepEqual(about(path, "--dyn-syms", "w"), []);
      deepEqual(about(path, "-s", "w"), ["0 NOTYPE LOCAL DEFAULT"]);
    },
    FRAMES,
  );
});

eachTarget("a tentative thread-local variable joins a library's in .tbss", (target) => {
  const tentative = assemble(
    target,
    "tentative",
    ".globl _start",
    "_start: ret",
    ".type v, @tls_object",
    ".comm v, 4, 4",
  );
  const section = '.section .tbss,"awT",@nobits';
  const library = assemble(target, "tbss", ".globl v", ".type v, @tls_object", section, "v: .skip 4", ".size v, 4");
  likeGnuLd(
    target,
    (shop) => {
      shop.ld("libtbss.so", ["-shared", library]);
      // (A larger one of a library GNU ld would move out of thread-local storage.)
      equal(about(shop.ld("a", [tentative, "libtbss.so"]), "-s", "v")[0], "4 TLS GLOBAL DEFAULT");
      equal(about(shop.ld("b", [tentative, "--as-needed", "libtbss.so"]), "-s", "v")[0], "4 TLS GLOBAL DEFAULT");
    },
    FRAMES,
  );
});

eachTarget("--gc-sections lists what the kept sections miss; a hidden foo@V of a program is local", (target) => {
  const program = assemble(
    target,
    "misses",
    ".globl _start",
    `.section .text._start,"ax"`,
    "_start: ret",
    `.section .data.kept,"awR"`,
    `${word(target)} kept`,
    `.section .data.gone,"aw"`,
    `${word(target)} gone`,
  );
  const hidden = assemble(target, "old", ".globl old", ".internal old", "old: ret", ".symver old, v@V1, remove");
  likeGnuLd(
    target,
    (shop) => {
      const ignore = ["-static", "--unresolved-symbols=ignore-all"];
      const path = shop.ld("a", [...ignore, "--gc-sections", program]);
      deepEqual([about(path, "-s", "kept"), about(path, "-s", "gone")], [["0 NOTYPE GLOBAL DEFAULT UND"], []]);
      deepEqual(about(shop.ld("b", [...ignore, program]), "-s", "kept"), []);
      shop.ld("libother.so", ["-shared", variable(target, "other", 1)]);
      deepEqual(about(shop.ld("c", [start(target), hidden, "libother.so"]), "-s", "v"), ["0 NOTYPE LOCAL DEFAULT"]);
    },
    FRAMES,
  );
});

eachTarget("what an object could do without is missing if a library cannot", (target) => {
  const program = assemble(target, "could", ".globl _start", "_start: ret", ".weak v", ".data", `${word(target)} v`);
  const asks = assemble(target, "asks", ".data", `${word(target)} v`);
  likeGnuLd(
    target,
    (shop) => {
      shop.ld("libasks.so", ["-shared", asks]);
      archive(shop.directory, "libhas.a", [variable(target, "has", 1)]);
      match(shop.refuses("a", [program, "libhas.a", "libasks.so"], "ld"), /undefined reference to `v'/);
      equal(about(shop.ld("a", [program, "libasks.so", "libhas.a"]), "--dyn-syms", "v")[0], "4 OBJECT GLOBAL DEFAULT");
    },
    FRAMES,
  );
});

eachTarget("nothing is copied of what has no size; a PIE has no library's function at a distance", (target) => {
  const library = assemble(target, "plain", ".globl v, f", ".type f, @function", "f: ret", ".data", "v: .long 1");
  const wide = target.wordBytes === 8;
  const program = assemble(target, "direct", ".globl _start", `_start: mov $v, ${wide ? "%eax" : "%ecx"}`, "ret");
  likeGnuLd(
    target,
    (shop) => {
      shop.ld("libplain.so", ["-shared", library]);
      deepEqual(relocations(shop.ld("a", [program, "libplain.so"])), []);
      if (!wide) return;
      const far = assemble(target, "far", ".globl _start", "_start: lea f(%rip), %rax", "ret");
      const own = assemble(target, "offset", ".globl v, own", "own: movabs $v@GOTOFF, %rax", ".data", "v: .long 1");
      match(shop.refuses("b", ["-pie", far, "libplain.so"], "ld"), /can not be used when making a PIE object/);
      // x86-64 code may have a library's own symbol at an offset from the GOT.
      shop.ld("libown.so", ["-shared", own]);
    },
    FRAMES,
  );
});

eachTarget("-z start-stop-gc: a second reference to __start_X keeps the first X", (target) => {
  const program = (name: string, references: number): string =>
    assemble(
      target,
      name,
      ".globl _start",
      ".weak __start_things",
      `.section .text._start,"ax"`,
      "_start: ret",
      `.section .data.retained,"awR"`,
      ...Array.from({ length: references }, () => `${word(target)} __start_things`),
      `.section things,"aw"`,
      ".long 1",
    );
  const kept = likeGnuLd(
    target,
    (shop) =>
      [1, 2].map((count) => {
        const path = shop.ld(`a${count}`, ["--gc-sections", "-z", "start-stop-gc", program(`p${count}`, count)]);
        return / things +PROGBITS/.test(tool("readelf", ["-SW", path]));
      }),
    FRAMES,
  );
  deepEqual(kept, [false, true]);
});
