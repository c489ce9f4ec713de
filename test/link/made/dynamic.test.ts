// The dynamic section and what goes with it: search paths, flags, hash tables, PLT styles, packed relocations, RELRO.

import { equal, match } from "node:assert/strict";
import { compile, type Target } from "../../support/build.ts";
import { eachTarget, likeGnuLd, type Workshop } from "../../support/link.ts";
import { tool } from "../../support/run.ts";

const MAIN = `
  #include <stdio.h>
  int foo(int), bar(int);
  extern int data;
  int *pointer = &data, own = 1, *own_pointer = &own, **chain = &own_pointer;
  int (*function)(int) = bar;
  int main(void) { printf("%d %d %d %d\\n", foo(1), function(1), *pointer, **chain); }`;

const LIBRARY = `
  #include <stdlib.h>
  int data = 3;
  static int table_data[4] = {1, 2, 3, 4};
  int *const table[] = {table_data, table_data + 1, table_data + 2, table_data + 3, &data};
  int bar(int x) { return abs(x) + *table[3]; }
  int foo(int x) { return bar(x) + data; }`;

const EXPECTED = "8 5 3 1\n";

/** Links library and program with the same flags and runs them. */
function runs(target: Target, flags: readonly string[], ...compileFlags: readonly string[]): string {
  const library = compile(target, "library.c", LIBRARY, ["-fPIC", "-O1", ...compileFlags]);
  const main = compile(target, "main.c", MAIN, ["-fpie", "-O1", ...compileFlags]);
  return likeGnuLd(target, (shop) => {
    shop.cc("liblibrary.so", ["-shared", library, ...flags]);
    shop.cc("main", ["-pie", main, "liblibrary.so", "-Wl,-rpath,$ORIGIN", ...flags]);
    return shop.run("main").stdout;
  });
}

const PLAIN: readonly string[] = [
  "-Wl,-z,lazy",
  "-Wl,-z,now",
  "-Wl,-z,relro,-z,now",
  "-Wl,-z,norelro",
  "-Wl,-z,relro",
  "-Wl,-z,noseparate-code",
  "-Wl,-z,separate-code",
  "-Wl,-z,max-page-size=0x10000",
  "-Wl,-z,max-page-size=0x200000,-z,common-page-size=0x1000",
  "-Wl,--hash-style=sysv",
  "-Wl,--hash-style=gnu",
  "-Wl,--hash-style=both",
  "-Wl,-O1",
  "-Wl,-O2",
  "-Wl,-z,nocombreloc",
  "-Wl,--no-eh-frame-hdr",
  "-Wl,--disable-new-dtags",
  "-Wl,--enable-new-dtags",
  "-Wl,-z,defs",
  "-Wl,-z,text",
  "-Wl,--no-ld-generated-unwind-info",
  "-Wl,-z,nodelete,-z,nodump,-z,initfirst",
  "-Wl,-z,interpose,-z,loadfltr,-z,origin",
  "-Wl,-z,global,-z,nodefaultlib",
  "-Wl,-z,stack-size=0x100000",
  "-Wl,--sort-common",
  "-Wl,--warn-common",
  "-Wl,--no-relax",
  "-Wl,-z,unique-symbol",
];

for (const flags of PLAIN) {
  eachTarget(`${flags.replaceAll("-Wl,", "")} does what GNU ld does`, (target) => {
    if (flags.includes("nodefaultlib")) {
      // Only linked: such a program does not find its libraries.
      const library = compile(target, "library.c", LIBRARY, ["-fPIC", "-O1"]);
      likeGnuLd(target, (shop) => {
        shop.cc("liblibrary.so", ["-shared", library, flags]);
      });
      return;
    }
    equal(runs(target, [flags]), EXPECTED);
  });
}

eachTarget("code compiled with -fno-plt calls through the GOT", (target) => {
  equal(runs(target, [], "-fno-plt"), EXPECTED);
});

eachTarget("-z ibtplt and code for IBT give PLTs that start with endbr", (target) => {
  equal(runs(target, ["-Wl,-z,ibtplt"], "-fcf-protection=full"), EXPECTED);
  equal(runs(target, ["-Wl,-z,ibtplt,-z,now"], "-fcf-protection=full"), EXPECTED);
  equal(runs(target, [], "-fcf-protection=full"), EXPECTED);
});

eachTarget("-z pack-relative-relocs packs them and says so to the loader", (target) => {
  equal(runs(target, ["-Wl,-z,pack-relative-relocs"]), EXPECTED);
  const many = compile(
    target,
    "many.c",
    `static int x; int *p[200] = {[0 ... 99] = &x, [101 ... 130] = &x, [199] = &x}; char pad = 1; int *q = &x;
     int main(void) { int n = 0; for (int i = 0; i < 200; i++) n += p[i] == &x; return n == 131 && q == &x; }`,
    ["-fpie"],
  );
  const statuses = likeGnuLd(target, (shop) => {
    shop.cc("packed", ["-pie", many, "-Wl,-z,pack-relative-relocs"]);
    shop.cc("unpacked", ["-pie", many, "-Wl,-z,nopack-relative-relocs"]);
    return shop.run("packed").status + shop.run("unpacked").status;
  });
  equal(statuses, 2);
});

eachTarget("soname, rpath, runpath, filter, auxiliary and audit libraries are named", (target) => {
  const library = compile(target, "library.c", LIBRARY, ["-fPIC", "-O1"]);
  likeGnuLd(target, (shop) => {
    const named = (name: string, flags: string) => shop.cc(name, ["-shared", library, `-Wl,${flags}`]);
    named("soname.so", "-soname,libname.so.3");
    named("h.so", "-h,libname.so.4");
    named("runpath.so", "-rpath,/one:/two,-rpath,/three,-rpath,/one");
    named("rpath.so", "-rpath,$ORIGIN/../lib,--disable-new-dtags");
    named("old-tags.so", "--disable-new-dtags,-z,now,-z,origin,-Bsymbolic");
    named("filter.so", "-F,libfiltee.so");
    named("auxiliary.so", "-f,libfiltee.so,-f,libother.so");
    named("audit.so", "--audit,libaudit.so,-P,libdepaudit.so");
    shop.cc("interpreter", [
      compile(target, "tiny.c", "int main(void) { return 0; }"),
      "-Wl,--dynamic-linker,/nowhere/ld.so",
    ]);
  });
});

eachTarget("-Bgroup marks a library as bound within its group, and refuses what is undefined in it", (target) => {
  const library = compile(target, "group.c", "int get(void) { return 1; }", ["-fPIC"]);
  const open = compile(target, "open.c", "int absent(void); int get(void) { return absent(); }", ["-fPIC"]);
  likeGnuLd(target, (shop) => {
    const path = shop.cc("libgroup.so", ["-shared", "-Wl,-Bgroup", library]);
    match(tool("readelf", ["-dW", path]), /FLAGS_1.*GROUP/);
    match(shop.refuses("libopen.so", ["-shared", "-nostdlib", "-Wl,-Bgroup", open]), /undefined.*absent/);
  });
});

const BUILD_IDS: Readonly<Record<string, RegExp>> = {
  sha1: /Build ID: [0-9a-f]{40}$/m,
  md5: /Build ID: [0-9a-f]{32}$/m,
  uuid: /Build ID: [0-9a-f]{32}$/m,
  "0x0011223344aabbcc": /Build ID: 0011223344aabbcc$/m,
};

for (const [style, expected] of Object.entries(BUILD_IDS)) {
  eachTarget(`--build-id=${style}`, (target) => {
    const main = compile(target, "tiny.c", "int main(void) { return 0; }");
    likeGnuLd(target, (shop) => {
      const path = shop.cc("main", [main, `-Wl,--build-id=${style}`]);
      match(tool("readelf", ["-nW", path]), expected);
    });
  });
}

eachTarget("--build-id=none leaves the note out", (target) => {
  const main = compile(target, "tiny.c", "int main(void) { return 0; }");
  likeGnuLd(target, (shop) => {
    shop.cc("main", [main, "-Wl,--build-id=none"]);
  });
});

eachTarget("a build-id tells different programs apart and equal ones alike", (target) => {
  const id = (path: string) => /Build ID: (.*)/.exec(tool("readelf", ["-nW", path]))?.[1];
  const one = compile(target, "one.c", "int main(void) { return 1; }");
  const two = compile(target, "two.c", "int main(void) { return 2; }");
  const ids = likeGnuLd(target, (shop) => {
    const found = [shop.cc("a", [one]), shop.cc("b", [one]), shop.cc("c", [two])].map(id);
    return [found[0] === found[1], found[0] === found[2]];
  });
  equal(ids.join(), "true,false");
});

eachTarget("addresses asked for are the addresses given", (target) => {
  const main = compile(target, "main.c", "int data = 1; int main(void) { return data; }", ["-fno-pie"]);
  const build = (shop: Workshop) => {
    const symbol = (path: string, name: string) =>
      tool("nm", [path])
        .split("\n")
        .find((line) => line.endsWith(` ${name}`))
        ?.replace(/^0+/, "");
    shop.cc("text", ["-no-pie", main, "-Wl,-Ttext=0x500000"]);
    const bss = shop.ld("tiny", ["-e", "main", main, "-Ttext=0x400000", "-Tdata=0x600000", "-Tbss=0x800000"]);
    const section = shop.ld("section", ["-e", "main", main, "--section-start=.data=0x900000"]);
    return [symbol(bss, "data"), symbol(section, "data"), shop.run("text").status];
  };
  // Section headers follow the file; GNU ld lists first what was placed by hand. Segments are alike.
  equal(likeGnuLd(target, build, ["sections"]).join(), "600000 D data,900000 D data,1");
});

eachTarget("-Ttext-segment moves the whole program", (target) => {
  const main = compile(target, "main.c", "int data = 1; int main(void) { return data; }", ["-fno-pie"]);
  const status = likeGnuLd(target, (shop) => {
    shop.cc("segment", ["-no-pie", main, "-Wl,-Ttext-segment=0x700000"]);
    return shop.run("segment").status;
  });
  equal(status, 1);
});
