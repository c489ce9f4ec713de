// Options that did not find a place with a capability of their own: finding files below a root, foreign inputs, layouts
// of old, orders of sections, forced outputs.

import { equal, match } from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { archive, compile, type Target, x86_64 } from "../support/build.ts";
import { beyondGnuLd, eachTarget, gnu, likeGnuLd, underTest, workshop } from "../support/link.ts";
import { tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";

const object = (target: Target, name: string, source: string, ...flags: readonly string[]): string =>
  compile(target, `${name}.c`, source, ["-fno-pie", ...flags]);

eachTarget("--sysroot: -L=DIR, -L$SYSROOT/DIR and absolute paths in scripts are below it", (target) => {
  const main = object(target, "main", "int foo(void); int main(void) { return foo(); }");
  const foo = object(target, "foo", "int bar(void); int foo(void) { return bar(); }");
  const bar = object(target, "bar", "int bar(void) { return 6; }");
  likeGnuLd(target, (shop) => {
    mkdirSync(join(shop.directory, "root/lib"), { recursive: true });
    mkdirSync(join(shop.directory, "root/usr/lib"), { recursive: true });
    archive(join(shop.directory, "root/lib"), "libbar.a", [bar]);
    archive(join(shop.directory, "root/usr/lib"), "libfoo.a", [foo]);
    shop.file("root/usr/lib/libscript.a", "GROUP ( /usr/lib/libfoo.a /lib/libbar.a )");
    const root = `--sysroot=${join(shop.directory, "root")}`;
    shop.ld("equals", ["-e", "main", root, main, "-L=/usr/lib", "-L=/lib", "-lfoo", "-lbar"]);
    shop.ld("variable", ["-e", "main", root, main, "-L$SYSROOT/usr/lib", "-L$SYSROOT/lib", "-lfoo", "-lbar"]);
    shop.ld("script", ["-e", "main", root, main, "-L=/usr/lib", "-lscript"]);
    return tool("nm", ["-g", "--format=just-symbols", join(shop.directory, "script")]);
  });
});

eachTarget("--just-symbols takes the addresses of another program and none of its code", (target) => {
  const main = object(
    target,
    "main",
    "int foo(void); int (*volatile pointer)(void) = foo; int main(void) { return 0; }",
  );
  const foo = object(target, "foo", "int foo(void) { return 1; }");
  const line = likeGnuLd(target, (shop) => {
    shop.ld("rom", ["-e", "foo", "-Ttext=0x10000000", foo]);
    const path = shop.ld("main", ["-e", "main", main, "--just-symbols=rom"]);
    return tool("nm", [path])
      .split("\n")
      .find((text) => text.endsWith(" foo"));
  });
  match(line ?? "", /10000000 A foo/);
});

eachTarget("-b binary embeds a file with symbols for its ends", (target) => {
  const main = object(
    target,
    "main",
    `#include <stdio.h>
     extern char _binary_some_data_txt_start[], _binary_some_data_txt_end[], _binary_some_data_txt_size[];
     int main(void) {
       int length = _binary_some_data_txt_end - _binary_some_data_txt_start;
       printf("%.*s %d\\n", length, _binary_some_data_txt_start, length == (long)_binary_some_data_txt_size);
     }`,
  );
  const stdout = likeGnuLd(target, (shop) => {
    shop.file("some-data.txt", "embedded");
    shop.ld("data.o", ["-r", "-b", "binary", "some-data.txt"]);
    shop.cc("joined", ["-no-pie", main, "data.o"]);
    shop.cc("main", ["-no-pie", main, "-Wl,--format=binary", "some-data.txt", "-Wl,--format=default"]);
    return shop.run("main").stdout + shop.run("joined").stdout;
  });
  equal(stdout, "embedded 1\nembedded 1\n");
});

for (const flag of ["-N", "-n", "--no-omagic"]) {
  eachTarget(`${flag} lays text and data out as in old days`, (target) => {
    const exit =
      target.wordBytes === 8 ? "mov $60, %eax; mov data, %edi; syscall" : "mov $1, %eax; mov data, %ebx; int $0x80";
    const source = `.globl _start\n_start: ${exit}\n.data\ndata: .long 4\n.bss\n.zero 100\n.section .note.GNU-stack,"",@progbits\n`;
    const main = compile(target, "old.s", source);
    const status = likeGnuLd(target, (shop) => {
      shop.ld("main", [main, flag]);
      return shop.run("main").status;
    });
    equal(status, 4);
  });
}

eachTarget("--sort-section and --unique order and separate input sections", (target) => {
  const part = compile(
    target,
    "part.s",
    `${["zeta", "alpha", "mid"].map((name, i) => `.section .text.${name},"ax",@progbits\n.balign ${4 << i}\n.globl ${name}\n${name}: ret\n`).join("")}
     .section .note.GNU-stack,"",@progbits`,
  );
  const main = object(target, "main", "int main(void) { return 0; }");
  const [own, own2] = ["a", "b"].map((it) =>
    object(target, it, `int ${it} __attribute__((section("own"))) = 1; int x${it} = 2;`, "-fdata-sections"),
  ) as [string, string];
  likeGnuLd(target, (shop) => {
    const order = (name: string, ...flags: readonly string[]) =>
      tool("nm", ["-n", shop.cc(name, ["-no-pie", main, part, ...flags])])
        .split("\n")
        .flatMap((line) => / T (alpha|mid|zeta)$/.exec(line)?.[1] ?? [])
        .join();
    shop.ld("unique.o", ["-r", "--unique", main, part]);
    shop.ld("unique", ["-e", "main", "--unique", main, own, own2]);
    shop.ld("unique-names", ["-e", "main", "--unique=.text.*", "--unique=own", main, part, own, own2]);
    return [
      order("plain"),
      order("name", "-Wl,--sort-section=name"),
      order("alignment", "-Wl,--sort-section=alignment"),
    ];
  });
});

eachTarget("--noinhibit-exec writes the output in spite of errors", (target) => {
  const main = object(target, "main", "int absent(void); int main(int c, char **v) { return c > 9 ? absent() : 3; }");
  likeGnuLd(target, (shop) => {
    shop.cc("main", ["-no-pie", main, "-Wl,--noinhibit-exec"]);
    return existsSync(join(shop.directory, "main")) && shop.run("main").status;
  });
});

eachTarget("-z start-stop-gc and -z start-stop-visibility change __start_ and __stop_ symbols", (target) => {
  const main = object(
    target,
    "main",
    `__attribute__((section("set"))) int one = 1;
     extern int __start_set[], __stop_set[];
     int main(void) { return __stop_set - __start_set; }`,
    "-ffunction-sections",
    "-fdata-sections",
  );
  const statuses = likeGnuLd(target, (shop) => {
    shop.cc("kept", ["-no-pie", main, "-Wl,--gc-sections"]);
    shop.cc("hidden", ["-no-pie", main, "-Wl,-z,start-stop-visibility=hidden", "-rdynamic"]);
    shop.cc("default", ["-no-pie", main, "-Wl,-z,start-stop-visibility=default", "-rdynamic"]);
    return ["kept", "hidden", "default"].map((name) => shop.run(name).status);
  });
  equal(statuses.join(), "1,1,1");
});

for (const [padding, expected] of [
  ["prefix-addr", /addr(16|32) call +<f>/],
  ["suffix-nop", /\tcall +<f>\n\tnop\n/],
  ["prefix-0x2e", /cs call +<f>/],
] as const) {
  eachTarget(`-z call-nop=${padding} fills up calls that no longer go through the GOT`, (target) => {
    const flags = ["-fPIC", "-fno-plt", "-O1"];
    const main = compile(target, "main.c", "int f(void); int main(void) { return f() + f(); }", flags);
    const callee = compile(target, "f.c", "int f(void) { return 2; }", flags);
    const code = likeGnuLd(target, (shop) => {
      const path = shop.cc("main", ["-pie", main, callee, `-Wl,-z,call-nop=${padding}`]);
      shop.cc("with-relocations", ["-pie", main, callee, `-Wl,-z,call-nop=${padding}`, "-Wl,-q"]);
      equal(shop.run("main").status, 4);
      const text = tool("objdump", ["-d", "--disassemble=main", "--no-addresses", "--no-show-raw-insn", path]);
      return text.replace(/^.*file format.*$/m, "").replace(/\$0x[0-9a-f]+/g, "CONSTANT");
    });
    match(code, expected);
  });
}

eachTarget("-z common and -z nocommon say what common symbols of -r are called", (target) => {
  const part = compile(target, "part.c", "int common[4];", ["-fcommon"]);
  likeGnuLd(target, (shop) => {
    shop.ld("common.o", ["-r", "-z", "common", part]);
    shop.ld("nocommon.o", ["-r", "-z", "nocommon", "common.o"]);
    shop.ld("as-it-was.o", ["-r", "common.o"]);
    match(tool("readelf", ["-sW", join(shop.directory, "common.o")]), /COMMON +GLOBAL DEFAULT +COM common/);
  });
});

eachTarget("-N and -n load no headers, so that nothing defines __ehdr_start", (target) => {
  const main = object(target, "main", "extern char __ehdr_start[]; char *main(void) { return __ehdr_start; }");
  likeGnuLd(target, (shop) => {
    shop.ld("main", ["-e", "main", main]);
    for (const flag of ["-N", "-n"])
      match(shop.refuses("old", ["-e", "main", flag, main], "ld"), /undefined.*__ehdr_start/);
  });
});

eachTarget("-z report-relative-reloc lists the relocations that only add the load base", (target) => {
  const main = compile(target, "main.c", "int data; int *pointer = &data; int main(void) { return *pointer; }", [
    "-fPIC",
  ]);
  const counts = [gnu, underTest].map((linker) => {
    const shop = workshop(linker, target);
    const path = shop.cc("main", ["-pie", main, "-Wl,-z,report-relative-reloc"]);
    const told = shop.messages().match(/R_\w+_RELATIVE/g)?.length;
    equal(told, tool("readelf", ["-rW", path]).match(/R_\w+_RELATIVE/g)?.length);
    return told;
  });
  equal(counts[1], counts[0]);
});

test("-z lam-report=error refuses objects that do not say that they are fit for it", needs(...x86_64.tools), () => {
  const main = object(x86_64, "main", "int main(void) { return 0; }");
  for (const linker of [gnu, underTest]) {
    const shop = workshop(linker, x86_64);
    match(shop.refuses("main", ["-e", "main", "-z", "lam-report=error", main], "ld"), /LAM_U48[\s\S]*LAM_U57/);
    shop.ld("main", ["-e", "main", "-z", "lam-u48", "-z", "lam-report=error", main]);
    shop.ld("main", ["-e", "main", "-z", "lam-u48-report=warning", main]);
    match(shop.messages(), /LAM_U48/);
  }
});

eachTarget("--no-define-common leaves common symbols of a library to the program", (target) => {
  const library = compile(target, "library.c", "int shared; int get(void) { return shared; }", ["-fcommon", "-fPIC"]);
  const main = compile(target, "main.c", "int shared = 7; int get(void); int main(void) { return get(); }", ["-fpie"]);
  const status = likeGnuLd(target, (shop) => {
    shop.cc("liblibrary.so", ["-shared", library, "-Wl,--no-define-common"]);
    shop.cc("main", ["-pie", main, "./liblibrary.so"]);
    match(shop.refuses("other", ["-pie", main, library, "-Wl,--no-define-common"]), /--no-define-common/);
    return shop.run("main").status;
  });
  equal(status, 7);
});

eachTarget("-z x86-64-v3 marks the program as needing that processor", (target) => {
  const main = object(target, "main", "int main(void) { return 0; }");
  likeGnuLd(target, (shop) => {
    shop.ld("marked", ["-e", "main", "-z", "x86-64-v3", main]);
    shop.ld("baseline", ["-e", "main", "-z", "x86-64-baseline", main]);
  });
});

eachTarget(
  "-z dynamic-undefined-weak leaves a weak reference to the loader, -z nodynamic-undefined-weak does not",
  (target) => {
    const main = compile(
      target,
      "main.c",
      "int absent(void) __attribute__((weak)); int main(void) { return absent ? absent() : 5; }",
      ["-fPIC"],
    );
    const statuses = likeGnuLd(target, (shop) => {
      shop.cc("dynamic", ["-pie", main, "-Wl,-z,dynamic-undefined-weak"]);
      shop.cc("fixed", ["-pie", main, "-Wl,-z,nodynamic-undefined-weak"]);
      // Without a dynamic linker nobody looks, and both linkers say so.
      const plain = compile(
        target,
        "plain.s",
        '.globl f\nf: .cfi_startproc\nret\n.cfi_endproc\n.section .note.GNU-stack,""',
      );
      shop.ld("static", ["-pie", "--no-dynamic-linker", "-e", "f", "-z", "dynamic-undefined-weak", plain]);
      match(shop.messages(), /-z dynamic-undefined-weak ignored/);
      return [shop.run("dynamic").status, shop.run("fixed").status];
    });
    equal(statuses.join(), "5,5");
  },
);

eachTarget("--retain-symbols-file keeps the listed symbols only", (target) => {
  const main = object(target, "main", "int kept = 1, dropped = 2; int main(void) { return kept + dropped; }");
  const status = likeGnuLd(target, (shop) => {
    shop.file("symbols", "kept\nmain\n");
    shop.cc("main", ["-no-pie", main, "-Wl,--retain-symbols-file=symbols"]);
    return shop.run("main").status;
  });
  equal(status, 3);
});

eachTarget("-t names the files as they are read, -y the places of a symbol", (target) => {
  const main = object(target, "main", "int foo(void); int main(void) { return foo(); }");
  const foo = object(target, "foo", "int foo(void) { return 1; }");
  likeGnuLd(target, (shop) => {
    for (const [path, name] of [
      [main, "main.o"],
      [foo, "foo.o"],
    ] as const) {
      copyFileSync(path, join(shop.directory, name));
    }
    archive(shop.directory, "libfoo.a", [join(shop.directory, "foo.o")]);
    shop.ld("main", ["-e", "main", "-t", "main.o", "libfoo.a"]);
    match(shop.messages(), /main\.o\n[\s\S]*libfoo\.a/);
    shop.ld("main", ["-e", "main", "-y", "foo", "main.o", "libfoo.a"]);
    match(shop.messages(), /main\.o.*reference to .?foo[\s\S]*foo\.o.*definition of .?foo/);
  });
});

beyondGnuLd("all undefined symbols of a link are told at once, with C++ names demangled", (target) => {
  const main = compile(
    target,
    "main.cc",
    'namespace space { int one(int); } int two(const char *); struct Three { Three(); }; int main() { Three t; return space::one(1) + two(""); }',
  );
  const said = workshop(underTest, target).refuses("main", [main], "cxx");
  match(said, /space::one\(int\)/);
  match(said, /two\(char const\*\)/);
  match(said, /Three::Three\(\)/);
});

beyondGnuLd("--warn-backrefs tells of archives in an order that GNU ld would refuse", (target) => {
  const main = object(target, "main", "int foo(void); int main(void) { return foo(); }");
  const shop = workshop(underTest, target);
  archive(shop.directory, "libfoo.a", [object(target, "foo", "int bar(void); int foo(void) { return bar(); }")]);
  archive(shop.directory, "libbar.a", [object(target, "bar", "int bar(void) { return 8; }")]);
  shop.cc("main", ["-no-pie", main, "-Wl,--warn-backrefs", "libbar.a", "libfoo.a"]);
  match(shop.messages(), /libbar\.a/);
});
