// Which definition a name is bound to. Where linkers differ, GNU ld is right: its users' programs are built on it.

import { deepEqual, equal, match } from "node:assert/strict";
import { archive, compile, type Target } from "../../support/build.ts";
import { beyondGnuLd, eachTarget, likeGnuLd, underTest, workshop } from "../../support/link.ts";
import { tool } from "../../support/run.ts";

/** An object from one or two lines of C. */
function object(target: Target, name: string, source: string, ...flags: readonly string[]): string {
  return compile(target, `${name}.c`, source, ["-fno-pie", "-fcommon", ...flags]);
}

/** Prints `foo` and exits with the size that the linker gave to nothing in particular. */
const printing = (target: Target, declaration: string, expression: string): string =>
  object(
    target,
    "main",
    `#include <stdio.h>\n${declaration}\nint main(void) { printf("%d\\n", (int)(${expression})); }`,
  );

/** Links main with the inputs and returns what it prints. */
function prints(target: Target, inputs: readonly string[], ...flags: readonly string[]): string {
  return likeGnuLd(target, (shop) => {
    shop.cc("main", ["-no-pie", ...flags, ...inputs]);
    return shop.run("main").stdout;
  }).trim();
}

eachTarget("a strong definition beats weak ones wherever it stands; of weak ones the first wins", (target) => {
  const main = printing(target, "extern int foo;", "foo");
  const strong = object(target, "strong", "int foo = 1;");
  const weak = object(target, "weak", "int foo __attribute__((weak)) = 2;");
  const later = object(target, "later", "int foo __attribute__((weak)) = 3;");
  equal(prints(target, [main, weak, strong]), "1");
  equal(prints(target, [main, strong, weak]), "1");
  equal(prints(target, [main, weak, later]), "2");
  equal(prints(target, [main, later, weak]), "3");
});

eachTarget("two strong definitions are an error that names both, unless -z muldefs takes the first", (target) => {
  const main = printing(target, "extern int foo;", "foo");
  const inputs = [main, object(target, "one", "int foo = 1;"), object(target, "two", "int foo = 2;")];
  likeGnuLd(target, (shop) => {
    const said = shop.refuses("main", ["-no-pie", ...inputs]);
    match(said, /multiple definition of .?foo/);
    match(said, /one\.o/);
    match(said, /two\.o/);
  });
  equal(prints(target, inputs, "-Wl,-z,muldefs"), "1");
  equal(prints(target, inputs, "-Wl,--allow-multiple-definition"), "1");
});

eachTarget("of common symbols the largest size and alignment win, in either order", (target) => {
  const small = object(target, "small", "int bar[4]; int *small(void) { return bar; }");
  const large = object(target, "large", "int bar[100]; int *large(void) { return bar; }");
  const wide = object(target, "wide", "int bar[2] __attribute__((aligned(64))); int *wide(void) { return bar; }");
  const main = printing(
    target,
    "int *small(void), *large(void), *wide(void); int before = 1, after;",
    "(large()[99] = 7, small() == large() && wide() == small() && (unsigned long)small() % 64 == 0 && before == 1 && after == 0)",
  );
  for (const inputs of [
    [small, large, wide],
    [wide, large, small],
  ]) {
    equal(prints(target, [main, ...inputs]), "1");
  }
});

eachTarget("a common symbol beats a weak definition and yields to a strong one", (target) => {
  const main = printing(target, "extern int foo;", "foo");
  const common = object(target, "common", "int foo;");
  const weak = object(target, "weak", "int foo __attribute__((weak)) = 7;");
  const strong = object(target, "strong", "int foo = 9;");
  equal(prints(target, [main, weak, common]), "0");
  equal(prints(target, [main, common, weak]), "0");
  equal(prints(target, [main, common, strong]), "9");
  equal(prints(target, [main, strong, common]), "9");
});

eachTarget("a common symbol brings a real definition out of an archive behind it", (target) => {
  const main = printing(target, "int foo;", "foo");
  const strong = object(target, "strong", "int foo = 9;");
  const stdout = likeGnuLd(target, (shop) => {
    archive(shop.directory, "libfoo.a", [strong]);
    shop.cc("main", ["-no-pie", main, "libfoo.a"]);
    shop.cc("before", ["-no-pie", "libfoo.a", main]);
    return shop.run("main").stdout + shop.run("before").stdout;
  });
  equal(stdout, "9\n0\n");
});

eachTarget("a weak definition, a function and another common symbol are left in the archive", (target) => {
  const main = printing(target, "int foo;", "foo");
  const others = [
    object(target, "weak", "__attribute__((weak)) int foo = 9;"),
    object(target, "function", "int foo(void) { return 9; }"),
    object(target, "common", "int foo; int bar = 9;"),
  ];
  for (const other of others) {
    const stdout = likeGnuLd(target, (shop) => {
      archive(shop.directory, "libfoo.a", [other]);
      shop.cc("main", ["-no-pie", main, "libfoo.a"]);
      return shop.run("main").stdout;
    });
    equal(stdout, "0\n");
  }
});

eachTarget("a common symbol meets a shared library's definition: the library's value is copied", (target) => {
  const main = printing(target, "int foo;", "foo");
  const library = object(target, "library", "int foo = 7;", "-fPIC");
  const stdout = likeGnuLd(target, (shop) => {
    shop.cc("libfoo.so", ["-shared", library]);
    shop.cc("main", ["-no-pie", main, "./libfoo.so"]);
    return shop.run("main").stdout;
  });
  equal(stdout, "7\n");
});

eachTarget("the same name in a shared library and in an archive: the first on the command line serves", (target) => {
  const main = printing(target, "int foo(void);", "foo()");
  const inLibrary = object(target, "library", "int foo(void) { return 1; }", "-fPIC");
  const inArchive = object(target, "member", "int foo(void) { return 2; }");
  const run = (order: readonly string[]) =>
    likeGnuLd(target, (shop) => {
      shop.cc("libfoo.so", ["-shared", inLibrary]);
      archive(shop.directory, "libfoo.a", [inArchive]);
      shop.cc("main", ["-no-pie", main, ...order]);
      return shop.run("main").stdout;
    });
  equal(run(["./libfoo.so", "libfoo.a"]), "1\n");
  equal(run(["libfoo.a", "./libfoo.so"]), "2\n");
});

eachTarget("a definition in the program beats the library's for the library too", (target) => {
  const main = printing(target, "int ask(void); int foo(void) { return 1; }", "ask()");
  const library = object(target, "library", "int foo(void) { return 2; } int ask(void) { return foo(); }", "-fPIC");
  const stdout = likeGnuLd(target, (shop) => {
    shop.cc("libfoo.so", ["-shared", library]);
    shop.cc("main", ["-no-pie", main, "./libfoo.so"]);
    return shop.run("main").stdout;
  });
  equal(stdout, "1\n");
});

eachTarget("a weak undefined symbol is null, and takes no member out of an archive", (target) => {
  const main = printing(
    target,
    "int absent(void) __attribute__((weak)); extern int data __attribute__((weak));",
    "(absent ? absent() : 5) + (&data ? 10 : 0)",
  );
  const member = object(target, "member", "int absent(void) { return 2; } int data;");
  const stdout = likeGnuLd(target, (shop) => {
    archive(shop.directory, "libfoo.a", [member]);
    shop.cc("main", ["-no-pie", main, "libfoo.a"]);
    return shop.run("main").stdout;
  });
  equal(stdout, "5\n");
  for (const [how, link] of [
    ["-fpie", "-pie"],
    ["-fpie", "-static-pie"],
    ["-fno-pie", "-static"],
  ] as const) {
    const again = object(
      target,
      "weak",
      "int absent(void) __attribute__((weak)); int main(void) { return absent ? absent() : 5; }",
      how,
    );
    const status = likeGnuLd(target, (shop) => {
      shop.cc("main", [link, again]);
      return shop.run("main").status;
    });
    equal(status, 5);
  }
});

eachTarget("an undefined symbol is an error that names the symbol, the object and the function", (target) => {
  const main = object(target, "main", "int absent(void); int main(void) { return absent(); }", "-g");
  likeGnuLd(target, (shop) => {
    const said = shop.refuses("main", ["-no-pie", main]);
    match(said, /undefined reference to .?absent/);
    match(said, /main\.(o|c)/);
  });
});

eachTarget("undefined symbols: allowed in a shared library, refused with -z defs, forced in programs", (target) => {
  const library = object(target, "library", "int absent(void); int call(void) { return absent(); }", "-fPIC");
  const main = object(target, "main", "int absent(void); int main(int c, char **v) { return c > 9 ? absent() : 4; }");
  const statuses = likeGnuLd(target, (shop) => {
    shop.cc("library.so", ["-shared", library]);
    shop.refuses("strict.so", ["-shared", library, "-Wl,-z,defs"]);
    shop.refuses("strict.so", ["-shared", library, "-Wl,--no-undefined"]);
    shop.cc("ignoring", ["-no-pie", main, "-Wl,--unresolved-symbols=ignore-all"]);
    shop.cc("warning", ["-no-pie", main, "-Wl,--warn-unresolved-symbols"]);
    match(shop.messages(), /warning: .*undefined reference to .?absent/);
    return [shop.run("ignoring").status, shop.run("warning").status];
  });
  equal(statuses.join(), "4,4");
});

eachTarget("a library's own undefined symbols are checked when a program is linked", (target) => {
  const library = object(target, "library", "int absent(void); int call(void) { return absent(); }", "-fPIC");
  const main = object(target, "main", "int call(void); int main(int c, char **v) { return c > 9 ? call() : 4; }");
  const status = likeGnuLd(target, (shop) => {
    shop.cc("library.so", ["-shared", library]);
    match(shop.refuses("main", ["-no-pie", main, "./library.so"]), /undefined reference to .?absent/);
    shop.cc("main", ["-no-pie", main, "./library.so", "-Wl,--allow-shlib-undefined"]);
    return shop.run("main").status;
  });
  equal(status, 4);
});

eachTarget("--defsym gives names to addresses, to other symbols and to expressions", (target) => {
  const main = printing(
    target,
    "extern char fixed[]; int target(void) { return 6; } int alias(void); extern char near[]; extern char base[];",
    "(long)fixed + alias() + (near - (char *)target)",
  );
  const defsym = ["fixed=0x1000", "alias=target", "near=target+8*2", "base=fixed>0?fixed:1"];
  equal(prints(target, [main], ...defsym.map((text) => `-Wl,--defsym,${text}`)), String(0x1000 + 6 + 16));
});

eachTarget("--wrap sends calls to __wrap_ and gives the original as __real_", (target) => {
  const main = printing(target, "int foo(int);", "foo(1)");
  const wrap = object(target, "wrap", "int __real_foo(int); int __wrap_foo(int x) { return __real_foo(x) * 10; }");
  const foo = object(target, "foo", "int foo(int x) { return x + 1; }");
  equal(prints(target, [main, wrap, foo], "-Wl,--wrap=foo"), "20");
  equal(prints(target, [main, wrap, foo], "-Wl,--wrap,foo,--wrap,printf_unused"), "20");
});

eachTarget("-u and --require-defined bring members in; the second insists", (target) => {
  const main = printing(target, "extern char extra __attribute__((weak));", "&extra != 0");
  const member = object(target, "member", "char extra;");
  const stdout = likeGnuLd(target, (shop) => {
    archive(shop.directory, "libextra.a", [member]);
    shop.cc("main", ["-no-pie", main, "-Wl,-u,extra", "libextra.a"]);
    shop.cc("required", ["-no-pie", main, "-Wl,--require-defined=extra", "libextra.a"]);
    shop.refuses("refused", ["-no-pie", main, "-Wl,--require-defined=nowhere"]);
    return shop.run("main").stdout + shop.run("required").stdout;
  });
  equal(stdout, "1\n1\n");
});

eachTarget("symbols that the linker itself defines lie where they should", (target) => {
  const main = printing(
    target,
    `extern char __executable_start[], etext[], _etext[], __etext[], edata[], _edata[], __bss_start[], end[], _end[];
     extern char __ehdr_start[] __attribute__((visibility("hidden")));
     extern char _DYNAMIC[] __attribute__((weak, visibility("hidden")));
     static int data = 1, bss; const int rodata = 3;`,
    `__ehdr_start == __executable_start && __ehdr_start[1] == 'E' && (char *)main < etext && etext == _etext
       && etext == __etext && (char *)&data < edata && edata == _edata && __bss_start >= edata
       && (char *)&bss >= __bss_start && (char *)&bss < end && end == _end && (char *)&rodata > etext`,
  );
  equal(prints(target, [main]), "1");
  equal(prints(target, [main], "-static"), "1");
});

eachTarget("-e picks the entry; without one, the start of .text serves, with a warning", (target) => {
  const source = `
    .globl begin, exit_three
    .text
    exit_two: ${target.wordBytes === 8 ? "mov $60, %eax; mov $2, %edi; syscall" : "mov $1, %eax; mov $2, %ebx; int $0x80"}
    begin: ${target.wordBytes === 8 ? "mov $60, %eax; mov $3, %edi; syscall" : "mov $1, %eax; mov $3, %ebx; int $0x80"}
    .section .note.GNU-stack,"",@progbits`;
  const main = compile(target, "main.s", source);
  const statuses = likeGnuLd(target, (shop) => {
    shop.ld("named", [main, "-e", "begin"]);
    shop.ld("unnamed", [main]);
    match(shop.messages(), /cannot find entry symbol _start/);
    return [shop.run("named").status, shop.run("unnamed").status];
  });
  equal(statuses.join(), "3,2");
});

eachTarget("programs, and only they, take the entry out of an archive", (target) => {
  const main = object(target, "main", "int main(void) { return 0; }");
  const start = object(target, "start", "void _start(void) {} void begin(void) {}");
  likeGnuLd(target, (shop) => {
    archive(shop.directory, "libstart.a", [start]);
    for (const flags of [
      [],
      ["-pie", "--no-dynamic-linker"],
      ["-shared"],
      ["-r"],
      ["-e", "begin"],
      ["-e", "missing"],
      ["-r", "-e", "begin"],
    ]) {
      shop.ld(`main${flags.join("")}`, [main, "libstart.a", ...flags]);
    }
  });
});

beyondGnuLd("a link that GNU ld refuses only for the order of its archives works", (target) => {
  const main = printing(target, "int foo(void);", "foo()");
  const shop = workshop(underTest, target);
  archive(shop.directory, "libfoo.a", [object(target, "foo", "int bar(void); int foo(void) { return bar(); }")]);
  archive(shop.directory, "libbar.a", [object(target, "bar", "int bar(void) { return 8; }")]);
  shop.cc("main", ["-no-pie", main, "libbar.a", "libfoo.a"]);
  equal(shop.run("main").stdout, "8\n");
});

eachTarget("--ignore-unresolved-symbol lets one symbol be undefined, and no other", (target) => {
  const main = compile(
    target,
    "ignored.c",
    "int absent(void); int main(int c, char **v) { return c > 9 ? absent() : 4; }",
    ["-fno-pie"],
  );
  const both = compile(
    target,
    "both.c",
    "int absent(void), other(void); int main(void) { return absent() + other(); }",
    ["-fPIC"],
  );
  const status = likeGnuLd(target, (shop) => {
    shop.cc("main", ["-no-pie", main, "-Wl,--ignore-unresolved-symbol=absent"]);
    shop.cc("static", ["-static", main, "-Wl,--ignore-unresolved-symbol,absent"]);
    const flags = ["-shared", "-nostdlib", "-Wl,-z,defs", both, "-Wl,--ignore-unresolved-symbol=absent"];
    match(shop.refuses("library.so", flags), /undefined.*other/);
    equal(/undefined[^\n]*absent/.test(shop.messages()), false);
    shop.cc("library.so", [...flags, "-Wl,--ignore-unresolved-symbol=other"]);
    return [shop.run("main").status, shop.run("static").status];
  });
  equal(status.join(), "4,4");
});

eachTarget("the bounds of IFUNCs' relocations are defined in programs at a fixed address, static or not", (target) => {
  const name = target.wordBytes === 8 ? "__rela_iplt" : "__rel_iplt";
  const main = compile(
    target,
    "bounds.s",
    `.globl _start\n_start: .cfi_startproc\nret\n.cfi_endproc\n.data\n.weak ${name}_start, ${name}_end\n.dc.a ${name}_start, ${name}_end\n.section .note.GNU-stack,""\n`,
  );
  const library = compile(
    target,
    "empty.s",
    '.globl f\nf: .cfi_startproc\nret\n.cfi_endproc\n.section .note.GNU-stack,""\n',
  );
  const found = likeGnuLd(target, (shop) => {
    shop.ld("libf.so", ["-shared", library]);
    return [["--no-as-needed", "./libf.so"], ["-q", "--no-as-needed", "./libf.so"], ["-pie"]].map((args, i) => {
      const listed = tool("nm", [shop.ld(`program${i}`, [main, "--dynamic-linker", target.interpreter, ...args])]);
      return [...listed.matchAll(/ (\w) __rela?_iplt/g)].map(([, letter]) =>
        letter === "w" ? "undefined" : "defined",
      );
    });
  });
  const defined = ["defined", "defined"];
  deepEqual(found, [defined, defined, []]);
});
