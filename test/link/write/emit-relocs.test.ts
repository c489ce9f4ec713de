// --emit-relocs keeps the relocations of the inputs in the output, in its terms. GNU ld says which they are; arithmetic says
// whether they are true.

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { compile, scratch, type Target, x86_64 } from "../../support/build.ts";
import { eachTarget, gnu, likeGnuLd, underTest, workshop } from "../../support/link.ts";
import { portrait } from "../../support/object-portrait.ts";
import { tool } from "../../support/run.ts";
import { readSections, type Section } from "../../support/sections.ts";
import { needs } from "../../support/tools.ts";

const PLAIN = ["-O1", "-fno-pie", "-fno-asynchronous-unwind-tables", "-fno-stack-protector", "-fno-ident"];

function objects(target: Target): string[] {
  const first = compile(
    target,
    "first.c",
    `extern int other(int);
     extern int weak(void) __attribute__((weak));
     static __attribute__((noinline)) int twice(int x) { return x * 2 + other(x); }
     int (*pointer)(int) = twice;
     const char *words[] = { "one", "two", "one" };
     __thread int counter = 3;
     int _start(void) { return (weak ? weak() : 0) + twice(++counter) + words[1][0]; }`,
    [...PLAIN, "-g"],
  );
  const second = compile(
    target,
    "second.c",
    `extern const char *words[];
     static const char text[] = "two";
     static int hidden;
     int *where = &hidden;
     int other(int x) { hidden += x; return hidden + words[0][0] + text[x & 1]; }
     extern int _start(void);
     int tail(void) { return _start(); }
     int call(void) { return _start() + 1; }
     int unused(int x) { return x - 1; }`,
    [...PLAIN, "-foptimize-sibling-calls", "-ffunction-sections", "-fPIC", "-fno-plt"],
  );
  const third = compile(
    target,
    "third.s",
    `.section empty,"aw"
     .data
     .globl kept
     kept: .long _GLOBAL_OFFSET_TABLE_
     .section .note.GNU-stack,"",@progbits`,
  );
  return [first, second, third];
}

function portraits(target: Target, args: readonly string[]): readonly [string[], string[]] {
  const files = objects(target);
  const base = scratch("emit");
  const [expected = [], actual = []] = [gnu, underTest].map((linker) =>
    portrait(
      workshop(linker, target, base).ld("program", [
        "--emit-relocs",
        "--build-id=none",
        "-u",
        "kept",
        ...args,
        ...files,
      ]),
    ),
  );
  return [expected, actual];
}

const WAYS: readonly (readonly [string, readonly string[]])[] = [
  ["a static program", []],
  ["a program without local symbols but what relocations need", ["--discard-all"]],
  ["a program without debug information", ["--strip-debug"]],
  ["a program without what is not used", ["--gc-sections"]],
];

for (const [what, args] of WAYS) {
  eachTarget(`${what} has the sections, symbols and relocations that GNU ld gives it`, (target) => {
    const [expected, actual] = portraits(target, args);
    deepEqual(actual, expected);
    match(actual.join("\n"), /^symbol .* SECTION LOCAL/m);
    match(actual.join("\n"), /^\.rela?\.text .*_(PC|PLT)32/m);
  });
}

/** What a relocation stores, by type: S + A, less P where it is relative. */
const RELATIVE = new Set(["R_X86_64_PC32", "R_X86_64_PLT32"]);
const ABSOLUTE = new Set(["R_X86_64_32", "R_X86_64_32S", "R_X86_64_64"]);

/** `Offset Info Type Sym.Value Name ± Addend` */
const ENTRY = /^([0-9a-f]{16}) +[0-9a-f]+ (R_\w+) +([0-9a-f]{16}) (\S+) ([+-]) ([0-9a-f]+)$/;

/** @returns by type, how many are right; and what is wrong */
function checkRelocations(path: string): { right: Map<string, number>; wrong: string[] } {
  const { sections } = readSections(path);
  const right = new Map<string, number>();
  const wrong: string[] = [];
  let target: Section | undefined;
  for (const line of tool("readelf", ["-rW", path]).split("\n")) {
    const name = /^Relocation section '\.rela([^']*)'/.exec(line)?.[1];
    target = name === undefined ? target : sections.find((it) => it.name === name);
    const [, offset = "", type = "", symbol = "", , sign, addend = ""] = ENTRY.exec(line) ?? [];
    if (target === undefined || !(RELATIVE.has(type) || ABSOLUTE.has(type)) || /^0*$/.test(symbol)) continue;
    const place = Number.parseInt(offset, 16);
    const value = Number.parseInt(symbol, 16) + Number.parseInt(addend, 16) * (sign === "-" ? -1 : 1);
    const stored = Buffer.from(target.bytes).readInt32LE(place - target.address);
    if (stored === (RELATIVE.has(type) ? value - place : value)) right.set(type, (right.get(type) ?? 0) + 1);
    else wrong.push(line);
  }
  return { right, wrong };
}

test("every relocation of a program computes what is in its place", needs(...x86_64.tools), () => {
  const object = compile(
    x86_64,
    "program.cc",
    `#include <map>
     #include <string>
     struct Base { virtual ~Base() {} virtual int value() { return 1; } };
     struct Derived : Base { int value() override { throw std::string("thrown"); } };
     int main() {
       std::map<std::string, int> counts;
       counts["a"] += 2;
       Derived derived;
       Base *base = &derived;
       try { return base->value(); } catch (std::string &text) { return (int)text.size() + counts["a"]; }
     }`,
    ["-O1", "-g", "-ffunction-sections", "-fno-pie"],
  );
  const shop = workshop(underTest, x86_64);
  const path = shop.cxx("program", ["-no-pie", "-Wl,-q", "-Wl,--gc-sections", object]);
  equal(shop.run("program").status, 8);
  const { right, wrong } = checkRelocations(path);
  deepEqual(wrong, []);
  for (const type of ["R_X86_64_PC32", "R_X86_64_PLT32", "R_X86_64_32", "R_X86_64_64"])
    equal((right.get(type) ?? 0) > 3, true, `there are some ${type}`);
});

test("--emit-relocs needs the symbol table", needs(...x86_64.tools), () => {
  const said = workshop(underTest, x86_64).refuses("program", ["-q", "-s", ...objects(x86_64)], "ld");
  match(said, /--emit-relocs with --strip-all: relocations need the symbol table/);
});

eachTarget("what is kept of .data.rel.ro and .bss is not what the dynamic linker reads of them", (target) => {
  const object = compile(
    target,
    "relro.s",
    '.globl _start\n_start: .cfi_startproc\nnop\n.cfi_endproc\n.section .data.rel.ro,"aw"\n.dc.a _start\n.bss\n.globl space\nspace: .skip 8\n',
  );
  likeGnuLd(target, (shop) => {
    shop.ld("kept", ["-pie", "--emit-relocs", "-dynamic-linker", target.interpreter, object, target.interpreter]);
  });
});
