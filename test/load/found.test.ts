// What random processes brought to light (random.ts), each reduced to the few lines that show it.

import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { R_386_JUMP_SLOT } from "../../src/arch/i386/relocations.ts";
import { R_X86_64_JUMP_SLOT } from "../../src/arch/x86_64/relocations.ts";
import {
  DT_JMPREL,
  DT_NEEDED,
  DT_PLTGOT,
  DT_SONAME,
  PF_R,
  PF_W,
  PT_DYNAMIC,
  PT_GNU_EH_FRAME,
  PT_LOAD,
  parseElf,
  rangeAtAddress,
} from "../../src/elf/index.ts";
import { readDynamicFile } from "../../src/load/file/dynamic-file.ts";
import { compile, targets, x86_64 } from "../support/build.ts";
import { run, tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";
import { agree, refuse, workshop } from "./judges/agree.ts";
import { forgetFiles, loaded } from "./judges/reality.ts";
import { patch } from "./support/patch.ts";

/** Not LD_BIND_NOW. */
const LAZILY = { LD_BIND_NOW: "" };

const CHOOSER = `static int yes(void) { return 0; }
  static int (*resolve(void))(void) { return yes; }`;

for (const target of targets) {
  const options = needs(...target.tools);
  const word = target.wordBytes === 8 ? ".quad" : ".long";

  test(`${target.name}: the size of a weak symbol that nothing defines ends the process by SIGSEGV`, options, () => {
    const shop = workshop(target);
    const asks = (name: string, strength: string): string =>
      `__asm__(".${strength} ${name}; .data; ${word} ${name}@SIZE; .text"); int size(void) { return 0; }`;
    shop.library("size", asks("nobody", "weak"));
    const program = shop.program("main", "int size(void); int main(void) { return size(); }", "-lsize");
    equal(refuse(program).exitCode, 139);
    // Also if it is not the first relocation that names the symbol.
    shop.library("size", asks("nobody", `weak nobody; .data; ${word} nobody; .text; .weak`));
    equal(refuse(program).exitCode, 139);
    // That of an indirect function is only its size.
    shop.library("choose", `${CHOOSER} int choose(void) __attribute__((ifunc("resolve")));`);
    shop.library("size", asks("choose", "globl"), "-lchoose");
    equal(
      [...agree(target, program).undecided.values()].filter(({ object }) => object.file.soname === "libsize.so").length,
      0,
    );
  });

  test(`${target.name}: lazy binding needs a DT_PLTGOT, and knows few types of relocations`, options, () => {
    const shop = workshop(target, ["-fPIC", "-fplt"]);
    const source = "int other(void); int calls(void) { return other(); }";
    const build = (): string => shop.library("calls", source, "-lother", "-Wl,-z,lazy");
    shop.library("other", "int other(void) { return 0; }");
    const library = build();
    const program = shop.program("main", "int main(void) { return 0; }", "-Wl,--no-as-needed", "-lcalls");
    patch(library, (view, elf) => {
      const dynamic = elf.segments.find(({ type }) => type === PT_DYNAMIC);
      ok(dynamic !== undefined);
      const entry = 2 * target.wordBytes;
      for (let at = dynamic.offset; at < dynamic.offset + dynamic.fileBytes; at += entry) {
        if (view.getUint32(at, true) === DT_PLTGOT) view.setUint32(at, 0x6ffff000, true);
      }
    });
    equal(refuse(program, LAZILY).exitCode, 139);
    agree(target, program, { LD_BIND_NOW: "1" });
    patch(build(), (view, elf) => {
      const table = readDynamicFile(elf, "", "").values.get(DT_JMPREL);
      const range = rangeAtAddress(elf, table ?? 0);
      ok(range !== undefined);
      const type = range.start + target.wordBytes;
      equal(view.getUint8(type), target.wordBytes === 8 ? R_X86_64_JUMP_SLOT : R_386_JUMP_SLOT);
      view.setUint8(type, 0);
    });
    ok(refuse(program, LAZILY).messages[0]?.text.includes("unexpected PLT reloc type 0x00"));
    agree(target, program, { LD_BIND_NOW: "1" });
  });

  test(`${target.name}: an indirect function asked too early is spoken of at every relocation`, options, () => {
    const shop = workshop(target);
    const words = `__asm__(".data; ${word} choose, choose; .text"); int asks(void) { return 0; }`;
    shop.library("asks", words);
    shop.library("chooses", `${CHOOSER} int choose(void) __attribute__((ifunc("resolve")));`);
    const main = "int asks(void), choose(void); int main(void) { return asks() + choose(); }";
    const program = shop.program("main", main, "-lchooses", "-lasks");
    equal(agree(target, program).messages.filter(({ text }) => text.includes("Relink")).length, 2);
  });

  test(`${target.name}: nothing is said after the message that ends the process`, options, () => {
    const shop = workshop(target);
    shop.library("gone", "int gone(void) { return 0; }");
    shop.library("asks", "int choose(void); int asks(void) { return choose(); }");
    shop.library("chooses", `${CHOOSER} int choose(void) __attribute__((ifunc("resolve")));`);
    const main = "int asks(void), choose(void), gone(void); int main(void) { return asks() + choose() + gone(); }";
    const program = shop.program("main", main, "-lchooses", "-lasks", "-lgone");
    tool("rm", [shop.at("libgone.so")]);
    equal(refuse(program).messages.length, 1);
  });

  test(
    `${target.name}: DF_1_INITFIRST of the program does nothing, other flags are warned of in LD_DEBUG`,
    options,
    () => {
      const shop = workshop(target);
      shop.library("flags", "int flags(void) { return 0; }", "-Wl,-z,interpose");
      agree(
        target,
        shop.program("main", "int flags(void); int main(void) { return flags(); }", "-lflags", "-Wl,-z,initfirst"),
      );
      agree(
        target,
        shop.program("main", "int flags(void); int main(void) { return flags(); }", "-lflags", "-Wl,-z,interpose"),
      );
    },
  );

  test(`${target.name}: DT_RELR is not missed a version in a file without versions`, options, () => {
    const shop = workshop(target);
    const source = "int number; int *table[] = {&number, &number}; int relr(void) { return 0; }";
    const hidden = ["-Wl,-z,pack-relative-relocs", "-Wl,-Bsymbolic", "-Wl,--no-as-needed"];
    // GNU ld adds the version where it finds a libc with versions.
    shop.library("c", "int nothing;");
    tool("mv", [shop.at("libc.so"), shop.at("libc.so.6")]);
    const object = compile(target, "relr.c", source, ["-fPIC"]);
    tool(target.cc, [
      "-shared",
      "-nostdlib",
      "-o",
      shop.at("libc.so.6"),
      compile(target, "c.c", "int nothing;", ["-fPIC"]),
      "-Wl,-soname,libc.so.6",
    ]);
    tool(target.cc, ["-shared", "-nostdlib", "-o", shop.at("librelr.so"), object, ...hidden, shop.at("libc.so.6")]);
    tool("rm", [shop.at("libc.so.6")]);
    agree(target, shop.program("main", "int relr(void); int main(void) { return relr(); }", "-lrelr"));
  });

  test(`${target.name}: of two objects of one soname the first in the chain is meant`, options, () => {
    const shop = workshop(target);
    const named = (name: string, soname: string, source: string, ...more: readonly string[]): void =>
      void shop.library(name, source, `-Wl,-soname,${soname}`, "-Wl,--no-as-needed", ...more);
    // libfirst.so, which the filter brings, is called libother.so too, and asks for that name.
    named("other", "libother.so", "int other(void) { return 0; }");
    named("first", "libother.so", "int first(void) { return 0; }", "-lother");
    tool("cp", [shop.at("libfirst.so"), shop.at("libkeep.so")]);
    named("filter", "libfilter.so", "int first(void) { return 1; }", "-Wl,-F,libkeep.so");
    const main = "int first(void), other(void); int main(void) { return first() + other(); }";
    const task = agree(target, shop.program("main", main, "-Wl,--no-as-needed", "-lfilter", "-lother"));
    const [first] = task.objects.filter(({ name }) => name.endsWith("libkeep.so"));
    deepEqual(first?.needed[0], first);
  });

  test(`${target.name}: filters of each other fill the real loader's stack`, options, () => {
    const shop = workshop(target);
    shop.library("one", "int one(void) { return 0; }", "-Wl,-f,libtwo.so");
    shop.library("two", "int two(void) { return 0; }", "-Wl,-f,libone.so");
    const program = shop.program("main", "int one(void); int main(void) { return one(); }", "-lone");
    // How often it goes round depends on the size of the stack, so its steps are not compared.
    forgetFiles();
    deepEqual([loaded(program).exitCode, run(program).status], [139, 139]);
  });

  test(`${target.name}: a directory is said to come from the first list that was looked through`, options, () => {
    const shop = workshop(target);
    const at = (name: string): string => shop.at(name);
    tool("mkdir", [at("near"), at("far")]);
    shop.library("two", "int two(void) { return 0; }");
    shop.library("four", "int four(void) { return 0; }");
    shop.library("one", "int two(void); int one(void) { return two(); }", "-ltwo", `-Wl,-rpath,${at("far")}`);
    shop.library("three", "int four(void); int three(void) { return four(); }", "-lfour", `-Wl,-rpath,${at("far")}`);
    const main = "int one(void), three(void); int main(void) { return one() + three(); }";
    const program = shop.program("main", main, "-lone", "-lthree", `-Wl,-rpath-link,${shop.path}`);
    for (const name of ["one", "two", "three"]) tool("mv", [at(`lib${name}.so`), at("near")]);
    tool("mv", [at("libfour.so"), at("far")]);
    // libtwo.so is found by LD_LIBRARY_PATH, so that nobody looks through libone.so's list.
    agree(target, program, { LD_LIBRARY_PATH: at("near") });
  });

  test(`${target.name}: ld.so maps the page that a segment without any bytes begins in`, options, () => {
    const shop = workshop(target);
    const library = shop.library("empty", "int empty(void) { return 0; }");
    // lld writes such segments where .data is empty.
    patch(library, (view, elf) => {
      const frames = elf.segments.find(({ type }) => type === PT_GNU_EH_FRAME);
      ok(frames !== undefined);
      const at = elf.header.segmentOffset + frames.index * elf.header.segmentBytes;
      const fields =
        target.wordBytes === 8
          ? [PT_LOAD, PF_R | PF_W, 0x10, 0, 0x9010, 0, 0x9010, 0, 0, 0, 0, 0, 0x1000, 0]
          : [PT_LOAD, 0x10, 0x9010, 0x9010, 0, 0, PF_R | PF_W, 0x1000];
      fields.forEach((value, i) => void view.setUint32(at + 4 * i, value, true));
    });
    agree(target, shop.program("main", "int empty(void); int main(void) { return empty(); }", "-lempty"));
  });

  test(
    `${target.name}: with LD_DYNAMIC_WEAK a protected definition is warned of though it is passed over`,
    options,
    () => {
      const shop = workshop(target, ["-fno-pic"]);
      const library = (name: string, attributes: string): void => {
        const object = compile(target, `${name}.c`, `${attributes} int guarded(void) { return 0; }`, ["-fPIC"]);
        tool(target.cc, ["-shared", "-o", shop.at(`lib${name}.so`), `-Wl,-soname,lib${name}.so`, object]);
      };
      library("weak", "__attribute__((weak))");
      library("strong", "");
      const main = `int guarded(void);
      int main(int count) { int (*volatile it)(void) = guarded; return count > 9 ? it() + guarded() : 0; }`;
      const program = shop.program("main", main, "-no-pie", "-Wl,--no-as-needed", "-lweak", "-lstrong");
      library("weak", '__attribute__((weak, visibility("protected")))');
      equal(agree(target, program, { LD_DYNAMIC_WEAK: "1" }).messages.length, 1);
    },
  );

  test(
    `${target.name}: an offset into thread-local storage that is not there ends the process by SIGFPE`,
    options,
    () => {
      const shop = workshop(target, ["-fPIC", "-ftls-model=initial-exec"]);
      const source = `__attribute__((weak, visibility("hidden"))) extern __thread int nothing;
      int *none(void) { return &nothing; }`;
      shop.library("none", source);
      const program = shop.program("main", "int *none(void); int main(void) { return none() == 0; }", "-lnone");
      equal(refuse(program).exitCode, 136);
    },
  );

  test(
    `${target.name}: a library cut off before its dynamic section, in the same page, has an empty one`,
    options,
    () => {
      const shop = workshop(target);
      const library = shop.library("cut", "int cut(void) { return 1; }", "-nostdlib", "-Wl,-z,noseparate-code");
      const program = shop.program("main", "int main(void) { return 0; }", "-Wl,--no-as-needed", "-lcut");
      const bytes = readFileSync(library);
      const dynamic = parseElf(bytes, library, () => {})?.segments.find(({ type }) => type === PT_DYNAMIC);
      writeFileSync(library, bytes.subarray(0, (dynamic?.offset ?? 0) - 8));
      equal(refuse(program).exitCode, 139);
      // A null pointer can be read where a program lies at address 0.
      const low = ["-no-pie", "-Wl,--no-as-needed,-Ttext-segment=0", "-lcut"];
      shop.library("cut", "int cut(void) { return 1; }", "-nostdlib", "-Wl,-z,noseparate-code");
      const atZero = shop.program("low", "int main(void) { return 0; }", ...low);
      writeFileSync(library, bytes.subarray(0, (dynamic?.offset ?? 0) - 8));
      agree(target, atZero);
    },
  );

  test(
    `${target.name}: of an entry that is cut off with its library the rest is zero, and names without strings end the process`,
    options,
    () => {
      const shop = workshop(target);
      shop.library("other", "int other(void) { return 1; }");
      const plain = ["-nostdlib", "-Wl,-z,noseparate-code"];
      /** Links a library, and cuts it in the first entry of its dynamic section, behind the tag. */
      const cutIn = (first: number, ...flags: string[]): void => {
        const library = shop.library("cut", "int cut(void) { return 1; }", ...plain, ...flags);
        const bytes = readFileSync(library);
        const elf = parseElf(bytes, library, () => {});
        const dynamic = elf?.segments.find(({ type }) => type === PT_DYNAMIC);
        ok(elf !== undefined && dynamic !== undefined);
        equal(elf.view.getUint32(dynamic.offset, true), first);
        writeFileSync(library, bytes.subarray(0, dynamic.offset + 4));
      };
      cutIn(DT_SONAME);
      // Who looks for libother.so asks libcut.so for its name.
      const named = shop.program("named", "int main(void) { return 0; }", "-Wl,--no-as-needed", "-lother");
      equal(refuse(named, { LD_PRELOAD: shop.at("libcut.so") }).exitCode, 139);
      cutIn(DT_NEEDED, "-Wl,--no-as-needed", "-lother");
      const alone = shop.program("alone", "int main(void) { return 0; }");
      equal(refuse(alone, { LD_PRELOAD: shop.at("libcut.so") }).exitCode, 139);
      // Who needs a version of it asks for its strings too.
      writeFileSync(shop.at("v.map"), "V1 { cut; };");
      const whole = shop.library(
        "cut",
        "int cut(void) { return 1; }",
        ...plain,
        `-Wl,--version-script=${shop.at("v.map")}`,
      );
      const versioned = shop.program("versioned", "int cut(void); int main(void) { return cut(); }", "-lcut");
      const bytes = readFileSync(whole);
      const dynamic = parseElf(bytes, whole, () => {})?.segments.find(({ type }) => type === PT_DYNAMIC);
      writeFileSync(whole, bytes.subarray(0, dynamic?.offset));
      const task = refuse(versioned);
      deepEqual([task.exitCode, task.messages.length], [139, 0]);
    },
  );
}

test("x86-64: a copy of what lies nowhere, an absolute symbol, ends the process", needs("gcc", "ld.lld"), () => {
  const shop = workshop(x86_64, ["-fno-pic"]);
  const source = 'asm(".globl number\\n.type number, @object\\n.size number, 16\\nnumber = 0x1234\\n");';
  shop.library("number", source, "-nostdlib");
  const main = "extern char number[16]; int main(void) { return number[0]; }";
  equal(refuse(shop.program("main", main, "-no-pie", "-fuse-ld=lld", "-lnumber")).exitCode, 139);
});

test(
  "x86-64: a library that is cut off before its PLT's slots ends before it is relocated",
  needs("gcc", "ld.lld"),
  () => {
    const shop = workshop(x86_64);
    shop.library("more", "int more(void) { return 2; } int later(void) { return 3; }");
    // lld puts .got.plt behind .data.
    const source = `int more(void), later(void); int data[5000] = {1}; int (*const at)(void) = more;
    int cut(void) { return later(); }`;
    const library = shop.library("cut", source, "-nostdlib", "-fuse-ld=lld", "-Wl,-z,lazy", "-lmore");
    const program = shop.program("main", "int cut(void); int main(void) { return cut(); }", "-lcut", "-lmore");
    const bytes = readFileSync(library);
    const dynamic = parseElf(bytes, library, () => {})?.segments.find(({ type }) => type === PT_DYNAMIC);
    writeFileSync(library, bytes.subarray(0, (dynamic?.offset ?? 0) + (dynamic?.fileBytes ?? 0)));
    // Bound at once, nothing is written there before the first look-up.
    for (const environment of [LAZILY, { LD_BIND_NOW: "1" }]) equal(refuse(program, environment).exitCode, 135);
  },
);

test(
  "x86-64: ld.so maps the page of the file even for a segment that has no bytes there",
  needs("gcc", "ld.lld"),
  () => {
    const shop = workshop(x86_64);
    shop.library("bss", "int zero[3]; int *bss(void) { return zero; }", "-fuse-ld=lld", "-nostdlib", "-Wl,-z,now");
    agree(x86_64, shop.program("main", "int *bss(void); int main(void) { return *bss(); }", "-lbss"));
  },
);

test(
  "x86-64: a protected indirect function whose address the program, linked by mold, has made its own",
  needs("gcc", "mold"),
  () => {
    const shop = workshop(x86_64, ["-fno-pic"]);
    const library = (visibility: string): void => {
      const source = `${CHOOSER} __attribute__((visibility("${visibility}"), ifunc("resolve"))) int guarded(void);`;
      const object = compile(x86_64, "guard.c", source, ["-fPIC"]);
      tool("gcc", ["-shared", "-o", shop.at("libguard.so"), "-Wl,-soname,libguard.so", object]);
    };
    library("default");
    const main =
      "int guarded(void); int main(int count) { int (*volatile it)(void) = guarded; return count > 9 ? it() + guarded() : 0; }";
    const program = shop.program("main", main, "-no-pie", "-fuse-ld=mold", "-lguard");
    library("protected");
    ok(agree(x86_64, program).messages[0]?.text.startsWith("warning: direct reference"));
  },
);
