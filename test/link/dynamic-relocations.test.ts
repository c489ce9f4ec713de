// What is left to the dynamic linker and what is settled, by relocation and by symbol, as GNU ld: the order in .rela.dyn,
// weak and absolute symbols in position-independent output, sizes, -z nocopyreloc, IFUNCs that a program exports.

import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { compile, scratch, type Target, x86_64 } from "../support/build.ts";
import { eachTarget, gnu, likeGnuLd, underTest, type Workshop, workshop } from "../support/link.ts";
import { tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";

const NOTE = '\n.section .note.GNU-stack,"",@progbits\n';

function assemble(target: Target, name: string, text: string): string {
  return compile(target, name, `${text}${NOTE}`);
}

/** `R_X86_64_64 buf` for each dynamic relocation, in order. */
function relocations(shop: Workshop, output: string): string[] {
  const lines = tool("readelf", ["-rW", join(shop.directory, output)]).split("\n");
  return lines.flatMap((line) => {
    const found = /^[0-9a-f]+ +[0-9a-f]+ +(R_\S+)(?: +(?:[0-9a-f]{8,16}|\S+\(\)))?(?: +([a-z]\w*))?/.exec(line);
    // GNU ld leaves relocations of no kind where it has counted one too many.
    return found === null || /_NONE$/.test(found[1] ?? "") ? [] : [found.slice(1).filter(Boolean).join(" ")];
  });
}

/** Both linkers find the same. The outputs are fragments that do not run, and are not compared further. */
function both<T>(target: Target, body: (shop: Workshop) => T): T {
  const base = scratch("link");
  const expected = body(workshop(gnu, target, base));
  const actual = body(workshop(underTest, target, base));
  deepEqual(actual, expected, "the result differs from GNU ld's");
  return actual;
}

test("relocations that run a resolver come last, whatever their symbol's number", needs(...x86_64.tools), () => {
  const library = compile(
    x86_64,
    "library.c",
    `int three(void) { return 3; }
     static int impl(void) { return 4; }
     int (*ask)(void) = three;
     static void *resolve(void) { return ask() == 3 ? (void *)impl : (void *)0; }
     int pick(void) __attribute__((ifunc("resolve")));
     int one_value = 1, *one = &one_value;
     int (*pointer)(void) = pick;
     int run_it(void) { int (*p)(void) = pick; return p() + *one + pointer(); }`,
    ["-fPIC", "-O0"],
  );
  const main = compile(x86_64, "main.c", "int run_it(void); int main(void) { return run_it(); }", ["-fpie"]);
  const status = likeGnuLd(x86_64, (shop) => {
    shop.cc("liblibrary.so", ["-shared", library]);
    shop.cc("main", [main, "./liblibrary.so", "-Wl,-rpath,."]);
    match(
      relocations(shop, "liblibrary.so")
        .filter((it) => !it.includes("JUMP"))
        .at(-1) ?? "",
      /pick$/,
    );
    return shop.run("main").status;
  });
  equal(status, 9);
});

test("a program of fixed address exports an IFUNC as the function at its PLT entry", needs(...x86_64.tools), () => {
  const functions = compile(
    x86_64,
    "functions.c",
    `static int impl(void) { return 42; }
     static void *resolve(void) { return impl; }
     int called(void) __attribute__((ifunc("resolve")));`,
    ["-fPIE"],
  );
  const main = compile(
    x86_64,
    "main.c",
    `int called(void), use(void); int (*pointer)(void);
     int main(void) { pointer = called; return called() == 42 && use() && pointer == called; }`,
    ["-fPIE", "-O2"],
  );
  const library = compile(
    x86_64,
    "library.c",
    "extern int called(void); extern int (*pointer)(void); int use(void) { return called() == 42 && pointer() == 42; }",
    ["-fPIC"],
  );
  const status = likeGnuLd(x86_64, (shop) => {
    shop.cc("liblibrary.so", ["-shared", library]);
    shop.cc("main", ["-no-pie", functions, main, "-Wl,--no-as-needed", "./liblibrary.so"]);
    match(tool("readelf", ["-W", "--dyn-syms", join(shop.directory, "main")]), / 0 FUNC +GLOBAL DEFAULT +\d+ called/);
    return shop.run("main").status;
  });
  equal(status, 1);
});

test("an undefined weak symbol cannot be null relative to code that moves", needs(...x86_64.tools), () => {
  const lea = assemble(x86_64, "lea.s", ".globl f\n.weak hook\nf: lea hook(%rip), %rax");
  const hidden = assemble(x86_64, "hidden.s", ".globl f\n.weak hook\n.hidden hook\nf: lea hook(%rip), %rax");
  const gotoff = assemble(x86_64, "gotoff.s", ".globl f\n.weak hook\n.hidden hook\nf: movabsq $hook@GOTOFF, %rax");
  const narrow = assemble(x86_64, "narrow.s", ".globl f\n.weak hook\n.hidden hook\nf: mov $hook, %eax");
  const data = assemble(x86_64, "data.s", ".globl f\nf: nop\n.weak hook\n.hidden hook\n.data\n.long hook - .");
  both(x86_64, (shop) => {
    const flags = ["-e", "f"];
    for (const object of [lea, hidden, gotoff, narrow]) {
      shop.refuses("refused", ["-pie", ...flags, object], "ld");
      if (object !== lea) shop.refuses("refused", ["-shared", object], "ld");
      if (object !== gotoff) shop.ld("fixed", [...flags, object]);
    }
    // GNU ld looks only at what is read-only.
    shop.ld("data", ["-pie", ...flags, data]);
  });
});

eachTarget("a weak function that is only called is asked for when the program starts", (target) => {
  const main = assemble(target, "main.s", ".globl _start\n.weak hook\n_start: call hook@PLT\nret");
  const library = assemble(target, "library.s", ".globl other\nother: ret");
  const found = both(target, (shop) => {
    shop.ld("library.so", ["-shared", library]);
    shop.ld("main", [main, "library.so"]);
    shop.ld("pie", ["-pie", main, "library.so"]);
    return [relocations(shop, "main"), relocations(shop, "pie")];
  });
  for (const list of found) match(list.join(), /^R_\w+_JUMP_SLOT hook$/);
});

test(
  "a number that --defsym gives moves with the image, an object's absolute symbol does not",
  needs(...x86_64.tools),
  () => {
    const main = assemble(
      x86_64,
      "main.s",
      ".globl _start\n.hidden base\n_start: lea base(%rip), %rax\n.data\n.quad base",
    );
    const absolute = assemble(x86_64, "absolute.s", ".globl base\n.hidden base\n.set base, 16");
    both(x86_64, (shop) => {
      for (const kind of ["-pie", "-shared"]) {
        shop.ld("moves", [kind, "--defsym", "base=0", main]);
        deepEqual(relocations(shop, "moves"), [], "a word is the number itself");
        shop.refuses("refused", [kind, main, absolute], "ld");
      }
    });
  },
);

test("a load from the GOT of a number that no instruction can hold stays a load", needs(...x86_64.tools), () => {
  const main = assemble(
    x86_64,
    "main.s",
    ".globl _start\n_start: mov far@GOTPCREL(%rip), %rax\nmov far@GOTPCREL(%rip), %ecx\ncall *far@GOTPCREL(%rip)",
  );
  const mnemonics = (shop: Workshop): string[] =>
    tool("objdump", ["-d", "--no-show-raw-insn", join(shop.directory, "main")])
      .split("\n")
      .flatMap((line) => /\t(mov|call|addr32 call) +(.)/.exec(line)?.slice(1, 3).join(" ") ?? []);
  const link = (shop: Workshop, value: string): string[] => {
    shop.ld("main", [main, "--defsym", `far=${value}`]);
    return mnemonics(shop);
  };
  const found = both(x86_64, (shop) => [link(shop, "0x10"), link(shop, "0x7fffffff")]);
  for (const list of found) equal(list.slice(0, 2).join(), "mov $,mov $");
  const load = assemble(x86_64, "load.s", ".globl _start\n_start: mov far@GOTPCREL(%rip), %rax");
  both(x86_64, (shop) => {
    for (const value of ["0x80000000", "0x123456789abc"]) {
      shop.ld("main", [load, "--defsym", `far=${value}`]);
      match(tool("objdump", ["-d", join(shop.directory, "main")]), /mov +0x[0-9a-f]+\(%rip\),%rax/);
    }
  });
});

eachTarget("the size of another module's symbol is the dynamic linker's to find", (target) => {
  const word = target.name === "i386" ? ".long" : ".quad";
  const type = target.name === "i386" ? "R_386_SIZE32" : "R_X86_64_SIZE64";
  const main = assemble(target, "main.s", `.globl _start\n_start: nop\n.data\n${word} buf@SIZE`);
  const own = assemble(
    target,
    "own.s",
    ".globl buf\n.hidden buf\n.type buf, @object\n.data\nbuf: .zero 12\n.size buf, 12",
  );
  const exported = assemble(
    target,
    "exported.s",
    ".globl buf\n.type buf, @object\n.data\nbuf: .zero 12\n.size buf, 12",
  );
  const found = both(target, (shop) => {
    shop.ld("library.so", ["-shared", exported]);
    shop.ld("undefined.so", ["-shared", main]);
    shop.ld("own.so", ["-shared", main, own]);
    shop.ld("program", [main, "library.so"]);
    shop.ld("pie", ["-pie", main, exported]);
    return ["undefined.so", "own.so", "program", "pie"].map((name) => relocations(shop, name).join());
  });
  deepEqual(found, [`${type} buf`, "", `${type} buf`, ""]);
});

test(
  "-z nocopyreloc leaves a library's variable to the dynamic linker wherever it stands",
  needs(...x86_64.tools),
  () => {
    const library = assemble(x86_64, "library.s", ".globl v\n.type v, @object\n.size v, 8\n.data\nv: .quad 1");
    const program = (name: string, text: string): string =>
      assemble(x86_64, name, `.globl _start\n_start: nop\n${text}`);
    const readOnly = program("read-only.s", '.section .rodata,"a"\n.quad v');
    const distance = program("distance.s", ".data\n.long v - .");
    const narrow = program("narrow.s", "mov $v, %eax");
    const near = program("near.s", "lea v(%rip), %rax");
    const found = both(x86_64, (shop) => {
      shop.ld("library.so", ["-shared", library]);
      const link = (object: string, ...flags: string[]): string => {
        shop.ld("main", ["-z", "nocopyreloc", ...flags, object, "library.so"]);
        return relocations(shop, "main").join();
      };
      shop.refuses("strict", ["-z", "nocopyreloc", "-z", "text", readOnly, "library.so"], "ld");
      shop.refuses("near", ["-z", "nocopyreloc", near, "library.so"], "ld");
      return [link(readOnly), link(readOnly, "-pie"), link(distance), link(narrow), link(near, "-pie")];
    });
    deepEqual(found, ["R_X86_64_64 v", "R_X86_64_64 v", "R_X86_64_PC32 v", "R_X86_64_32 v", "R_X86_64_PC32 v"]);
  },
);

eachTarget("a PIE's read-only pointer to a library's variable is relocated beside the copy", (target) => {
  const word = target.name === "i386" ? ".long" : ".quad";
  const library = assemble(target, "library.s", ".globl v\n.type v, @object\n.size v, 8\n.data\nv: .long 1, 2");
  const main = assemble(target, "main.s", `.globl _start\n_start: nop\n.section .rodata,"a"\n${word} v`);
  const found = both(target, (shop) => {
    shop.ld("library.so", ["-shared", library]);
    shop.ld("main", ["-pie", main, "library.so"]);
    return relocations(shop, "main").sort().join();
  });
  match(found, /^R_(X86_64_64|386_32) v,R_\w+_COPY v$/);
});

test("-pie with -Ttext-segment is a program for that address", needs(...x86_64.tools), () => {
  const main = assemble(x86_64, "main.s", ".globl _start\n_start: nop");
  const types = both(x86_64, (shop) =>
    ["0x7000000", "0"].map((address) => {
      shop.ld("main", ["-pie", `-Ttext-segment=${address}`, main]);
      return /Type: +(\w+)/.exec(tool("readelf", ["-hW", join(shop.directory, "main")]))?.[1];
    }),
  );
  deepEqual(types, ["EXEC", "DYN"]);
});

test("PT_GNU_RELRO says what of it is in the file, and is left out where nothing is", needs(...x86_64.tools), () => {
  const stored = assemble(
    x86_64,
    "stored.s",
    '.globl _start\n_start: nop\n.section .tdata,"awT",@progbits\n.p2align 10\n.byte 1\n.section .tbss,"awT",@nobits\n.p2align 10\n.zero 1024',
  );
  const empty = assemble(
    x86_64,
    "empty.s",
    '.globl _start\n_start: nop\n.bss\n.p2align 12\n.zero 4096\n.section .tbss,"awT",@nobits\n.p2align 12\n.zero 4096',
  );
  const found = both(x86_64, (shop) =>
    [stored, empty].map((object) => {
      shop.ld("main", ["-z", "relro", object]);
      return (
        /GNU_RELRO +(?:\S+ +){3}(\S+ +\S+)/.exec(tool("readelf", ["-lW", join(shop.directory, "main")]))?.[1] ?? "none"
      );
    }),
  );
  deepEqual(found, ["0x000001 0x000400", "none"]);
});

test("sections of one name are placed by all their flags, and apart by their types", needs(...x86_64.tools), () => {
  const section = (name: string, flags: string, text = ".long 1"): string =>
    assemble(x86_64, name, `.section own,"${flags}\n${text}`);
  const readOnly = section("read-only.s", 'a"');
  const writable = section("writable.s", 'aw"');
  const code = section("code.s", 'ax"');
  const zeros = section("zeros.s", 'aw",@nobits', ".zero 4");
  const threadLocal = section("thread-local.s", 'awT"');
  const base = assemble(
    x86_64,
    "base.s",
    '.globl _start\n_start: nop\n.data\n.long 3\n.section .rodata,"a"\n.long 5\n.bss\n.zero 5\n.section .tdata,"awT"\n.long 1',
  );
  const found = both(x86_64, (shop) => {
    const order = (...objects: string[]): string => {
      shop.ld("main", [base, ...objects]);
      const lines = tool("readelf", ["-SW", join(shop.directory, "main")]).split("\n");
      const names = lines.flatMap((line) => /\] (own|\.text|\.rodata|\.data|\.bss|\.tdata) /.exec(line)?.[1] ?? []);
      return names.join(" ");
    };
    return [
      order(readOnly, writable),
      order(writable, readOnly),
      order(readOnly, code),
      order(code, writable),
      order(zeros, readOnly),
      order(readOnly, threadLocal),
    ];
  });
  equal(found[0], ".text .rodata .tdata .data own .bss");
  equal(found[2], ".text own .rodata .tdata .data .bss");
  equal(found[4], ".text .rodata own .tdata .data .bss own");
  equal(found[5], ".text .rodata .tdata own .data .bss");
});

eachTarget("where all relocations are packed, the table that they were to be in stays, empty", (target) => {
  const word = target.wordBytes === 8 ? ".quad" : ".long";
  const object = compile(
    target,
    "packed.s",
    `.globl _start\n_start: .cfi_startproc\nnop\n.cfi_endproc\n.data\n.balign 8\n${word} _start\n`,
  );
  likeGnuLd(target, (shop) => {
    const packed = ["-z", "pack-relative-relocs", object];
    shop.ld("pie", ["-pie", "--dynamic-linker", target.interpreter, ...packed]);
    shop.ld("static-pie", ["-static", "-pie", "--no-dynamic-linker", ...packed]);
    shop.ld("library.so", ["-shared", "-Bsymbolic", ...packed]);
  });
});
