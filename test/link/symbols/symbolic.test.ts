// Which of its own definitions a library binds within it: -Bsymbolic, its variants and the dynamic lists, together.

import { deepEqual, equal, match } from "node:assert/strict";
import { compile, type Target } from "../../support/build.ts";
import { eachTarget, likeGnuLd } from "../../support/link.ts";
import { tool } from "../../support/run.ts";

// Where no input has one GNU ld leaves an empty .eh_frame.
const EMPTY_FRAMES = ["sections", "segments", "symbols"];

/** A symbol of each kind, and a use of each that its definition or the loader could settle. */
const SOURCE = `
  int data = 1;
  __attribute__((weak)) int weak_data = 2;
  __thread int local = 3;
  int function(void) { return 4; }
  __attribute__((weak)) int weak_function(void) { return 5; }
  __asm__(".globl label\\nlabel: ret\\n.data\\n.globl one\\n.type one, @gnu_unique_object\\n.size one, 4\\none: .long 6\\n.text");
  extern int one;
  void label(void);
  int *use(int (**call)(void)) { label(); *call = function; return data + weak_data + local + function() + weak_function() ? &one : 0; }`;

function library(target: Target): string {
  return compile(target, "library.c", SOURCE, ["-fPIC", "-O1"]);
}

const NAMES = ["data", "weak_data", "local", "function", "weak_function", "label", "one"];

/** Symbols whose references the loader settles. */
function replaceable(path: string): string {
  const relocations = tool("readelf", ["-rW", path]);
  return NAMES.filter((name) => new RegExp(` ${name}([ (]|$)`, "m").test(relocations)).join(" ");
}

eachTarget("-Bsymbolic and the dynamic lists say together what may be replaced", (target) => {
  const object = library(target);
  const found = likeGnuLd(target, (shop) => {
    shop.file("list", "{ function; data; };");
    const variants: Record<string, string[]> = {
      none: [],
      symbolic: ["-Bsymbolic"],
      functions: ["-Bsymbolic-functions"],
      data: ["--dynamic-list-data"],
      symbolicData: ["-Bsymbolic", "--dynamic-list-data"],
      dataSymbolic: ["--dynamic-list-data", "-Bsymbolic"],
      symbolicList: ["-Bsymbolic", "--dynamic-list=list"],
      listSymbolic: ["--dynamic-list=list", "-Bsymbolic"],
      listFunctions: ["--dynamic-list=list", "-Bsymbolic-functions"],
      listData: ["--dynamic-list=list", "--dynamic-list-data"],
      named: ["--export-dynamic-symbol=function"],
      symbolicNamed: ["-Bsymbolic", "--export-dynamic-symbol=function"],
      functionsNamed: ["-Bsymbolic-functions", "--export-dynamic-symbol=data"],
      not: ["-Bsymbolic", "-Bno-symbolic"],
    };
    return Object.entries(variants).map(
      ([name, flags]) => `${name}: ${replaceable(shop.ld(`${name}.so`, ["-shared", object, ...flags]))}`,
    );
  });
  // A unique symbol is one per process, whatever is said.
  deepEqual(found, [
    "none: data weak_data local function weak_function label one",
    "symbolic: local one",
    "functions: data weak_data local one",
    "data: data weak_data local one",
    "symbolicData: data weak_data local one",
    "dataSymbolic: data weak_data local one",
    "symbolicList: data local function one",
    "listSymbolic: data local function one",
    "listFunctions: data local function one",
    "listData: data weak_data local function one",
    "named: data weak_data local function weak_function label one",
    "symbolicNamed: local function one",
    "functionsNamed: data local one",
    "not: data weak_data local function weak_function label one",
  ]);
});

eachTarget("a library is DT_SYMBOLIC only where no list has a say", (target) => {
  const object = library(target);
  const symbolic = likeGnuLd(target, (shop) =>
    [[], ["--dynamic-list-data"], ["--export-dynamic-symbol=data"]].map((flags, i) =>
      tool("readelf", ["-dW", shop.ld(`${i}.so`, ["-shared", "-Bsymbolic", object, ...flags])]).includes("(SYMBOLIC)"),
    ),
  );
  deepEqual(symbolic, [true, false, false]);
});

eachTarget("a program without a dynamic linker has tables where it is to export something", (target) => {
  const object = compile(
    target,
    "start.s",
    `.globl _start, item
     _start: ret
     .data
     .type item, @object
     .size item, 4
     item: .long 1
     .section .note.GNU-stack,"",@progbits`,
  );
  const exported = likeGnuLd(
    target,
    (shop) => {
      shop.file("list", "{ item; };");
      return [
        [],
        ["-E"],
        ["-static", "-E"],
        ["--dynamic-list=list"],
        ["--dynamic-list-data"],
        ["--export-dynamic-symbol=item"],
      ].map((flags, i) => {
        const table = tool("readelf", [
          "-W",
          "--dyn-syms",
          shop.ld(`a${i}`, ["--no-dynamic-linker", object, ...flags]),
        ]);
        return /item/.test(table);
      });
    },
    EMPTY_FRAMES,
  );
  deepEqual(exported, [false, true, true, true, true, true]);
});

eachTarget("names that a library has too: the linker's own are exported to it", (target) => {
  const main = compile(
    target,
    "main.c",
    `__attribute__((used, section("things"))) static int thing = 1;
     int main(void) { return 0; }`,
    ["-fPIC"],
  );
  const library = compile(target, "library.c", "int _end = 1, __start_things = 2, __stop_things;", ["-fPIC"]);
  const rows = likeGnuLd(
    target,
    (shop) => {
      shop.cc("liblibrary.so", ["-shared", "-nostdlib", library]);
      const path = shop.cc("main", ["-Wl,--no-as-needed", main, "./liblibrary.so"]);
      const table = tool("readelf", ["-W", "--dyn-syms", path]);
      return ["_end", "__start_things", "__stop_things"].filter((name) => new RegExp(` ${name}$`, "m").test(table));
    },
    EMPTY_FRAMES,
  );
  equal(rows.join(" "), "_end __start_things __stop_things");
});

// eu-elflint takes the offset of the name for an address.
eachTarget("who audits a library audits it for the program too", (target) => {
  const start = compile(target, "start.s", '.globl _start\n_start: call f@PLT\n.section .note.GNU-stack,"",@progbits');
  const object = compile(target, "f.s", '.globl f\nf: ret\n.section .note.GNU-stack,"",@progbits');
  const said = likeGnuLd(
    target,
    (shop) => {
      shop.ld("libf.so", ["-shared", object, "--audit=/opt/one.so:/opt/two.so", "-soname=libf.so"]);
      shop.ld("libg.so", ["-shared", object, "--depaudit=/opt/not.so", "-soname=libg.so"]);
      return [
        [],
        ["--depaudit=/opt/own.so", "-P", "/opt/two.so"],
        ["--as-needed", "libg.so"],
        ["-shared", "--audit=/opt/one.so"],
      ].map((flags, i) => {
        const path = shop.ld(`a${i}`, [start, "libf.so", ...flags]);
        return tool("readelf", ["-dW", path])
          .match(/audit library: \[.*\]/gi)
          ?.join(" ");
      });
    },
    [...EMPTY_FRAMES, "eu-elflint"],
  );
  match(said[0] ?? "", /^audit library: \[\/opt\/one.so:\/opt\/two.so\]$/);
  match(said[1] ?? "", /\[\/opt\/own.so:\/opt\/two.so:\/opt\/one.so\]/);
  equal(said[2], said[0]);
  match(said[3] ?? "", /\[\/opt\/one.so\].*\[\/opt\/one.so:\/opt\/two.so\]/);
});
