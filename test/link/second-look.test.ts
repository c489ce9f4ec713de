// What a second look at each option found: effects in output kinds in which one does not expect them.

import { deepEqual, equal, match } from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { archive, compile, type Target } from "../support/build.ts";
import { beyondGnuLd, eachTarget, likeGnuLd, underTest, type Workshop, workshop } from "../support/link.ts";
import { run, tool } from "../support/run.ts";

const object = (target: Target, name: string, source: string, ...flags: readonly string[]): string =>
  compile(target, `${name}.c`, source, [...flags]);

const assemble = (target: Target, name: string, source: string): string =>
  compile(target, `${name}.s`, `${source}\n.section .note.GNU-stack,"",@progbits\n`);

eachTarget("-soname names programs too", (target) => {
  const main = object(target, "main", "void _start(void) {}", "-fPIE");
  likeGnuLd(target, (shop) => {
    const library = shop.ld("libempty.so", ["-shared", "-soname=libempty.so", main]);
    shop.ld("fixed", ["-dynamic-linker=/x", "-soname=program", main, library]);
    shop.ld("pie", ["-pie", "-dynamic-linker=/x", "-soname=program", main]);
    shop.ld("static", ["-soname=program", main]);
    shop.ld("static-pie", ["-static", "-pie", "--no-dynamic-linker", "-soname=program", main]);
  });
});

eachTarget("--unique leaves one note of properties", (target) => {
  const main = object(target, "main", "void _start(void) {}", "-fno-pie", "-fcf-protection");
  const other = object(target, "other", "int other;", "-fno-pie", "-fcf-protection");
  likeGnuLd(target, (shop) => {
    shop.ld("all", ["--unique", main, other]);
    shop.ld("named", ["--unique=foo", main, other]);
  });
});

eachTarget("-Trodata-segment below the code: PT_LOADs ascend all the same", (target) => {
  const main = object(target, "main", "const int data = 3; void _start(void) {}", "-fno-pie");
  likeGnuLd(
    target,
    (shop) => {
      shop.ld("below", ["-Trodata-segment=0x200000", main]);
      shop.ld("above", ["-Trodata-segment=0x20000000", main]);
    },
    // Sections stand in the section header table where they stand in the file.
    ["sections"],
  );
});

/** What --warn-section-align says, in order. */
function displaced(shop: Workshop): string[] {
  return [...shop.messages().matchAll(/start of section (\S+) changed by (\d+)/g)].map((it) => `${it[1]} ${it[2]}`);
}

eachTarget("--warn-section-align tells where alignment moves a section", (target) => {
  const source = `.globl _start\n_start: ret\n.data\n.balign 32\n.long 1
    .section custom,"aw"\n.balign 16\n.long 2\n.bss\n.balign 64\n.space 5`;
  const main = assemble(target, "align", source);
  const said = likeGnuLd(target, (shop) => {
    shop.ld("static", ["--warn-section-align", main]);
    const words = displaced(shop);
    shop.ld("plain", [main]);
    return [words, displaced(shop)];
  });
  deepEqual(said, [["custom 12", ".bss 44"], []]);
});

eachTarget("--print-output-format prints and links", (target) => {
  const main = object(target, "main", "void _start(void) {}", "-fno-pie");
  const said = likeGnuLd(target, (shop) => {
    shop.ld("main", ["--print-output-format", main]);
    return shop.messages().trim();
  });
  match(said, target.emulation === "elf_i386" ? /^elf32-i386$/ : /^elf64-x86-64$/);
});

beyondGnuLd("-z nognustack writes no PT_GNU_STACK, whatever objects say (lld)", (target) => {
  const main = object(target, "main", "void _start(void) {}", "-fno-pie");
  const old = compile(target, "old.s", ".globl old\nold: ret");
  const shop = workshop(underTest, target);
  const segments = (...args: readonly string[]): boolean =>
    tool("readelf", ["-lW", shop.ld("main", [main, ...args])]).includes("GNU_STACK");
  deepEqual([segments(), segments("-z", "nognustack"), segments("-z", "nognustack", old)], [true, false, false]);
  equal(shop.messages(), "");
});

eachTarget("LD_RUN_PATH is written without -rpath, and searched without -rpath-link too", (target) => {
  const inner = object(target, "inner", "int inner(void) { return 1; }", "-fPIC");
  const outer = object(target, "outer", "int inner(void); int outer(void) { return inner(); }", "-fPIC");
  const main = object(target, "main", "int outer(void); void _start(void) { outer(); }", "-fno-pie");
  const answers = likeGnuLd(target, (shop) => {
    mkdirSync(join(shop.directory, "deep"));
    shop.ld("deep/libinner.so", ["-shared", "-soname=libinner.so", inner]);
    shop.ld("libouter.so", ["-shared", "-soname=libouter.so", outer, "deep/libinner.so"]);
    // Tests have no LD_* of their caller's.
    const line = ["-m", target.emulation, "-o", "main", "--noinhibit-exec", "-dynamic-linker=/x", main, "libouter.so"];
    return ["-O1", "-rpath-link=/nowhere", "-rpath-link=deep", "-rpath=deep:/b"].map((option) => {
      const { stderr } = run(shop.linker.path, [...line, option], {
        cwd: shop.directory,
        env: { LD_RUN_PATH: "deep" },
      });
      const path = /runpath: (.*)/.exec(tool("readelf", ["-dW", join(shop.directory, "main")]))?.[1];
      return `${option} ${path} ${/libinner\.so, needed by .*not found/.test(stderr) ? "missing" : "found"}`;
    });
  });
  deepEqual(answers, [
    "-O1 [deep] found",
    "-rpath-link=/nowhere [deep] missing",
    "-rpath-link=deep [deep] found",
    "-rpath=deep:/b [deep:/b] found",
  ]);
});

eachTarget("-z unique is DT_GNU_FLAGS_1 in all that is loaded", (target) => {
  const main = object(target, "main", "void _start(void) {}", "-fPIE");
  likeGnuLd(target, (shop) => {
    const unique = ["-z", "unique", main];
    const library = shop.ld("libunique.so", ["-shared", "-soname=libunique.so", ...unique]);
    shop.ld("fixed", ["-dynamic-linker=/x", ...unique, library]);
    shop.ld("pie", ["-pie", "-dynamic-linker=/x", ...unique]);
    shop.ld("not", ["-pie", "-dynamic-linker=/x", ...unique, "-z", "nounique"]);
  });
});

eachTarget("an archive serves an object's weak reference that a library has too, a strong one", (target) => {
  const main = assemble(target, "main", ".globl _start\n.weak foo\n_start: .cfi_startproc\ncall foo@PLT\n.cfi_endproc");
  const library = assemble(target, "library", ".globl lib\nlib: .cfi_startproc\ncall foo@PLT\n.cfi_endproc");
  const weak = assemble(target, "weak", ".globl lib\n.weak foo\nlib: .cfi_startproc\ncall foo@PLT\n.cfi_endproc");
  const foo = assemble(target, "foo", ".globl foo\nfoo: ret");
  const taken = likeGnuLd(
    target,
    (shop) => {
      archive(shop.directory, "libfoo.a", [foo]);
      shop.ld("libstrong.so", ["-shared", "-soname=libstrong.so", library]);
      shop.ld("libweak.so", ["-shared", "-soname=libweak.so", weak]);
      return ["libstrong.so", "libweak.so"].flatMap((it) =>
        [["-pie"], ["-no-pie"], ["-shared"]].map((kind) => {
          const output = shop.ld(`${it}${kind}`, [...kind, "-dynamic-linker=/x", main, it, "libfoo.a"]);
          return tool("nm", [output]).includes(" T foo");
        }),
      );
      // GNU ld has no FILE symbol before _DYNAMIC where no input has one.
    },
    ["symbols"],
  );
  deepEqual(taken, [true, true, true, false, false, false]);
});

eachTarget("an orphan whose address is given stands behind all others", (target) => {
  const orphan = (name: string): string => `__attribute__((section(".${name}"))) int ${name} = 1;`;
  const main = object(target, "main", `${orphan("first")} ${orphan("second")} int zero; void _start(void) {}`, "-fPIE");
  likeGnuLd(
    target,
    (shop) => {
      for (const kind of ["-static", "-pie", "-shared"])
        shop.ld(`orphan${kind}`, [kind, "-dynamic-linker=/x", "--section-start=.first=0x900000", main]);
    },
    // Sections stand in the section header table where they stand in the file.
    ["sections"],
  );
});

eachTarget("sections must not overlap, unless --no-check-sections lets them", (target) => {
  const main = object(target, "main", "int zero, data = 1; void _start(void) {}", "-fno-pie", "-fno-common");
  const places = [".text=0x500000", ".data=0x500000", ".bss=0x500000"].map((it) => `--section-start=${it}`);
  const [text = "", data = "", bss = ""] = places;
  likeGnuLd(
    target,
    (shop) => {
      match(shop.refuses("code", [text, data, main], "ld"), /section \.(data|text) .*overlaps section \.(data|text) /);
      match(
        shop.refuses("inside", [text, "--section-start=.bss=0x500001", main], "ld"),
        /\.bss .*overlaps section \.text /,
      );
      shop.ld("overlay", [text, bss, main]);
      shop.ld("unchecked", [text, data, "--no-check-sections", main]);
    },
    ["sections", "segments"],
  );
});

eachTarget("-rpath is written as it is given, an empty one too", (target) => {
  const main = object(target, "main", "void _start(void) {}", "-fPIE");
  const paths = likeGnuLd(target, (shop) =>
    ["-rpath=", "-rpath= -rpath=/x", "-rpath=/a:/b:/a", "-rpath=/a:/b -rpath=/b -rpath=/b:/c"].map((words, i) => {
      const path = shop.ld(`${i}.so`, ["-shared", ...words.split(" "), main]);
      return /runpath: (.*)/.exec(tool("readelf", ["-dW", path]))?.[1];
    }),
  );
  deepEqual(paths, ["[]", "[:/x]", "[/a:/b:/a]", "[/a:/b:/b:/c]"]);
});

eachTarget("a segment's address off a page is warned of, unless nothing is paged", (target) => {
  const main = object(target, "main", "void _start(void) {}", "-fno-pie");
  const said = likeGnuLd(target, (shop) =>
    ["-Ttext-segment=0x600100", "-Ttext-segment=0x600000", "-N -Ttext-segment=0x600100"].map((words, i) => {
      shop.ld(`program${i}`, [...words.split(" "), "--no-warn-rwx-segments", main]);
      return /warning: address of `text-segment' isn't multiple of maximum page size/.test(shop.messages());
    }),
  );
  deepEqual(said, [true, false, false]);
});

eachTarget("--retain-symbols-file keeps the local symbols that it names", (target) => {
  const main = assemble(
    target,
    "main",
    ".globl _start, other\n_start: .cfi_startproc\nlocal: ret\nother: ret\nunnamed: ret\n.cfi_endproc",
  );
  likeGnuLd(target, (shop) => {
    shop.file("list", "_start\nlocal\n");
    shop.ld("static", ["--retain-symbols-file=list", main]);
    shop.ld("library", ["-shared", "--retain-symbols-file=list", main]);
  });
});

eachTarget("a file says that it needs GNU's extensions if an IFUNC stands in its symbol table", (target) => {
  const main = assemble(
    target,
    "resolved",
    `.globl _start, chosen
     .type chosen, @gnu_indirect_function
     _start: .cfi_startproc
     chosen: ret
     .cfi_endproc`,
  );
  likeGnuLd(target, (shop) => {
    shop.file("list", "_start\n");
    shop.ld("listed", ["--retain-symbols-file=list", main]);
  });
});

eachTarget("--enable-non-contiguous-regions leaves merged strings where they are", (target) => {
  const main = assemble(
    target,
    "strings",
    `.globl _start
     _start: .cfi_startproc
     ret
     .cfi_endproc
     .section .rodata.str1.1,"aMS",@progbits,1
     .asciz "all"`,
  );
  likeGnuLd(target, (shop) => {
    shop.ld("static", ["--enable-non-contiguous-regions", main]);
  });
});

eachTarget("--package-metadata fills its description up, and is for -r too", (target) => {
  const main = object(target, "main", "void _start(void) {}", "-fno-pie");
  likeGnuLd(target, (shop) => {
    shop.ld("static", ['--package-metadata={"a":"b"}', main]);
    shop.ld("object", ["-r", '--package-metadata={"a":"b"}', main]);
  });
});

eachTarget("what -r refuses and takes", (target) => {
  const main = object(target, "main", "void _start(void) {}", "-fno-pie");
  likeGnuLd(target, (shop) => {
    match(shop.refuses("commons", ["-r", "--no-define-common", main], "ld"), /--no-define-common/);
    shop.ld("exported", ["-r", "--gc-sections", "--gc-keep-exported", main]);
  });
});

eachTarget("flags for libraries leave an entry of nothing in a program", (target) => {
  const main = object(target, "main", "void _start(void) {}", "-fPIE");
  likeGnuLd(target, (shop) => {
    const flags = ["nodelete", "initfirst", "nodlopen"].flatMap((it) => ["-z", it]);
    const library = shop.ld("library", ["-shared", "-soname=library", ...flags, main]);
    shop.ld("fixed", ["-dynamic-linker=/x", ...flags, main, library]);
    shop.ld("pie", ["-pie", "-dynamic-linker=/x", ...flags, main]);
  });
});

eachTarget("a library's own boundaries of a section are its own, whatever their visibility", (target) => {
  const source = `__attribute__((section("custom"))) int inside = 1;
    extern int __start_custom[], __stop_custom[]; long size(void) { return __stop_custom - __start_custom; }`;
  const main = object(target, "boundary", source, "-fPIC");
  likeGnuLd(target, (shop) => {
    for (const visibility of ["default", "hidden", "protected"])
      shop.ld(visibility, ["-shared", "-z", `start-stop-visibility=${visibility}`, main]);
  });
});
