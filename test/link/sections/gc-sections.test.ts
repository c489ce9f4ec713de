// --gc-sections removes what GNU ld removes: the lists of --print-gc-sections are compared, and the programs run.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { archive, compile, scratch, type Target } from "../../support/build.ts";
import { beyondGnuLd, eachTarget, gnu, likeGnuLd, underTest, type Workshop, workshop } from "../../support/link.ts";
import { tool } from "../../support/run.ts";
import { readSections } from "../../support/sections.ts";

const collect = ["-Wl,--gc-sections,--print-gc-sections"];
const apart = ["-fcommon", "-O1", "-ffunction-sections", "-fdata-sections"];

/** `file section` for each section that the last link removed. Groups' own sections, which GNU ld names too, say nothing. */
function removed(shop: Workshop): string[] {
  const found: string[] = [];
  for (const line of shop.messages().split("\n")) {
    const theirs = /removing unused section '([^'[]*)(?:\[.*\])?' in file '(.*)'/.exec(line);
    const ours = /note: (.*): removing unused section '([^']*)'/.exec(line);
    if (theirs !== null && theirs[1] !== ".group") found.push(`${theirs[2]} ${theirs[1]}`);
    if (ours !== null) found.push(`${ours[1]} ${ours[2]}`);
  }
  return found.map((it) => it.replace(/^.*\//, "")).sort();
}

/** What both linkers remove, which must be the same; and what the function makes of the output. */
function bothRemove<T>(
  target: Target,
  build: (shop: Workshop) => T,
): { readonly removed: string[]; readonly value: T } {
  const base = scratch("gc");
  const [expected, actual] = [workshop(gnu, target, base), workshop(underTest, target, base)].map((shop) => {
    const value = build(shop);
    return { removed: removed(shop), value };
  });
  deepEqual(actual, expected, "the result differs from GNU ld's");
  return actual;
}

/** Names of all symbols but those of the C runtime. */
function symbols(shop: Workshop, output: string, ...options: readonly string[]): string[] {
  const lines = tool("nm", ["-j", ...options, join(shop.directory, output)]).split("\n");
  return lines.filter(
    (it) => /^[a-z]/.test(it) && !/^(completed|crtstuff|frame_dummy|.*tm_clones|data_start)/.test(it),
  );
}

/** Of the removed sections those of one file, without the thunks in which i386 code learns its address. */
const of = (list: readonly string[], file: string): string[] =>
  list.filter((it) => it.startsWith(`${file} `) && !it.includes("__x86.")).map((it) => it.slice(file.length + 1));

eachTarget("what main does not reach is removed, whatever refers to it", (target) => {
  const main = compile(
    target,
    "main.c",
    `int used_common, same_file_common;
     int used_data = 1, dead_data = 2;
     extern int nowhere(void);
     static int dead_helper(void) { return nowhere() + dead_data; }
     int dead(void) { return dead_helper(); }
     int (*dead_pointer)(void) = dead;
     int live(void) { return used_data + used_common; }
     int main(void) { return live() - 1; }`,
    [...apart, "-fpie"],
  );
  const other = compile(target, "other.c", "int other_common; int other(void) { return other_common; }", apart);
  for (const kind of ["-pie", "-no-pie", "-static"]) {
    const { removed, value } = bothRemove(target, (shop) => {
      shop.cc("main", [kind, main, other, ...collect]);
      return { status: shop.run("main").status, symbols: symbols(shop, "main", "--defined-only", "-g") };
    });
    equal(value.status, 0);
    deepEqual(of(removed, "main.o"), [".data.dead_data", ".data.rel.local.dead_pointer", ".text.dead"]);
    deepEqual(of(removed, "other.o"), [".text.other", "COMMON"]);
    // Commons of one object are one section: the one that nothing uses stays with the other.
    ok(value.symbols.includes("same_file_common") && !value.symbols.includes("other_common"));
  }
});

eachTarget("undefined symbols of removed code are no error, its libraries' functions no imports", (target) => {
  const library = compile(target, "library.c", "int from_library(void) { return 1; }", ["-fPIC"]);
  const main = compile(
    target,
    "main.c",
    `extern int nowhere(void), from_library(void); extern char end;
     int dead(void) { return nowhere() + from_library() + end; }
     int main(void) { return 0; }`,
    [...apart, "-fpie"],
  );
  const { value } = bothRemove(target, (shop) => {
    shop.cc("library.so", ["-shared", library]);
    shop.cc("main", ["-pie", main, "-Wl,--as-needed", "./library.so", ...collect]);
    return {
      dynamic: symbols(shop, "main", "-D"),
      // The library was needed when it was read.
      needed: tool("readelf", ["-d", join(shop.directory, "main")]).includes("library.so"),
      // PROVIDE asks whether anybody refers to the symbol, dead or alive.
      end: symbols(shop, "main", "--defined-only").includes("end"),
    };
  });
  deepEqual(value, { dynamic: [], needed: true, end: true });
});

eachTarget("C++: personality, exception tables and inline functions live with the code that needs them", (target) => {
  const one = compile(
    target,
    "one.cc",
    `#include <stdexcept>
     #include <cstdio>
     struct shape { virtual ~shape() {} virtual int area() { return 1; } virtual int unused_virtual() { return 2; } };
     template <class T> T doubled(T x) { try { if (x > 100) throw x; return x + x; } catch (T y) { return y; } }
     inline int shared_inline(int x) { return x + 3; }
     int (*keep_out_of_line)(int) = shared_inline;
     int dead(int x) { try { return doubled(x); } catch (...) { return 1; } }
     int other(int);
     int main() {
       shape *s = new shape;
       try { throw std::runtime_error("caught"); } catch (std::exception &e) { std::printf("%s ", e.what()); }
       std::printf("%d %d\\n", s->area() + other(1), doubled(200));
       delete s;
     }`,
    ["-O0", "-ffunction-sections", "-fdata-sections", "-fpie"],
  );
  const two = compile(
    target,
    "two.cc",
    `inline int shared_inline(int x) { return x + 3; }
     template <class T> T doubled(T x) { try { if (x > 100) throw x; return x + x; } catch (T y) { return y; } }
     int other(int x) { return shared_inline(x); }
     long dead_instance() { return doubled(1L); }`,
    ["-O0", "-ffunction-sections", "-fdata-sections", "-fpie"],
  );
  for (const kind of ["-pie", "-static"]) {
    const { removed, value } = bothRemove(target, (shop) => {
      shop.cxx("main", [kind, one, two, ...collect]);
      return shop.run("main").stdout;
    });
    equal(value, "caught 5 200\n");
    deepEqual(of(removed, "one.o"), [
      ".data.rel.local.keep_out_of_line",
      ".gcc_except_table._Z4deadi",
      ".text._Z4deadi",
    ]);
    // The second copy of shared_inline goes because of the first.
    ok(of(removed, "two.o").includes(".text._Z13shared_inlinei"));
    ok(of(removed, "two.o").includes(".gcc_except_table._Z7doubledIlET_S0_"));
  }
});

eachTarget("FDEs of removed functions are dropped", (target) => {
  const main = compile(target, "main.c", "int dead(void) { return 1; } int main(void) { return 0; }", apart);
  const { value } = bothRemove(target, (shop) => {
    const frames = (flags: readonly string[]): number => {
      shop.cc("main", ["-no-pie", main, ...flags]);
      return tool("readelf", ["--debug-dump=frames", join(shop.directory, "main")]).split(" FDE ").length;
    };
    const before = frames([]);
    return before - frames(collect);
  });
  equal(value, 1);
});

const exportsSource = `
  int plain(void) { return 1; }
  static int helper(void) { return 2; }
  __attribute__((visibility("hidden"))) int hidden(void) { return helper(); }
  __attribute__((visibility("internal"))) int internal(void) { return 3; }
  __attribute__((visibility("protected"))) int protected(void) { return 4; }
  int for_version(void) { return 5; }
  #ifdef VERSIONS
  __asm__(".symver old_version, versioned@V1");
  int old_version(void) { return 6; }
  #endif
  int common; __attribute__((visibility("hidden"))) int hidden_common;`;

eachTarget("a shared library keeps what it exports", (target) => {
  const link = (defines: readonly string[], ...flags: readonly string[]): string[] => {
    const library = compile(target, "library.c", exportsSource, [...apart, "-fPIC", ...defines]);
    const result = bothRemove(target, (shop) => {
      shop.file("local.map", "V1 { global: for_version; local: *; };");
      shop.cc("library.so", ["-shared", library, ...collect, ...flags]);
      return symbols(shop, "library.so", "-D", "--defined-only").filter((it) => !it.startsWith("V1"));
    });
    return of(result.removed, "library.o");
  };
  deepEqual(link([]), [".text.hidden", ".text.internal"]);
  deepEqual(link(["-DVERSIONS"], "-Wl,--version-script=local.map"), [
    ".text.hidden",
    ".text.internal",
    ".text.plain",
    ".text.protected",
    "COMMON",
  ]);
});

eachTarget("a program keeps what other modules use, and what it exports if told to", (target) => {
  const library = compile(
    target,
    "library.c",
    "int provided(void); int overridden(void) { return 1; } int ask(void) { return provided() + overridden(); }",
    ["-fPIC"],
  );
  const main = compile(
    target,
    "main.c",
    `int provided(void) { return 2; }
     int overridden(void) { return 3; }
     int alone(void) { return 4; }
     int alone_data = 5;
     __attribute__((visibility("hidden"))) int hidden(void) { return 6; }
     int main(void) { extern int ask(void); return ask(); }`,
    [...apart, "-fpie"],
  );
  const link = (...flags: readonly string[]): string[] => {
    const { removed, value } = bothRemove(target, (shop) => {
      shop.file("list", "{ alone; };");
      shop.cc("library.so", ["-shared", library]);
      shop.cc("main", ["-pie", main, "./library.so", ...collect, ...flags]);
      return { status: shop.run("main").status, dynamic: symbols(shop, "main", "-D", "--defined-only") };
    });
    equal(value.status, 5);
    return of(removed, "main.o");
  };
  deepEqual(link(), [".data.alone_data", ".text.alone", ".text.hidden"]);
  deepEqual(link("-Wl,-E"), [".text.hidden"]);
  deepEqual(link("-Wl,--gc-keep-exported"), [".text.hidden"]);
  deepEqual(link("-Wl,--dynamic-list=list"), [".data.alone_data", ".text.hidden"]);
  deepEqual(link("-Wl,--export-dynamic-symbol=alone"), [".data.alone_data", ".text.hidden"]);
  deepEqual(link("-Wl,--dynamic-list-data"), [".data.alone_data", ".text.alone", ".text.hidden"]);
});

eachTarget(
  "named symbols are kept: entry, -u, --require-defined, -init, -fini, and what an assignment stands for",
  (target) => {
    const main = compile(
      target,
      "main.c",
      `int u(void) { return 0; } int required(void) { return 0; } void init(void) {} void fini(void) {}
     int aliased(void) { return 7; } int not_aliased(void) { return 8; }
     extern int alias(void);
     void start(void) { __builtin_trap(); }
     int main(void) { return alias(); }`,
      [...apart, "-fno-pie"],
    );
    const flags =
      "-u,u,--require-defined=required,-init=init,-fini=fini,--defsym,alias=aliased,--defsym,other=not_aliased";
    const { removed, value } = bothRemove(target, (shop) => {
      shop.cc("main", ["-no-pie", main, `-Wl,${flags}`, ...collect]);
      return shop.run("main").status;
    });
    equal(value, 7);
    deepEqual(of(removed, "main.o"), [".text.not_aliased", ".text.start"]);
    const entry = bothRemove(
      target,
      (shop) =>
        shop.ld("main", [
          "-e",
          "start",
          main,
          "-u",
          "alias",
          "--defsym=alias=0",
          "--gc-sections",
          "--print-gc-sections",
        ]) === "",
    );
    deepEqual(of(entry.removed, "main.o").includes(".text.start"), false);
  },
);

eachTarget("__start_X and __stop_X keep every section X, unless X has to be needed by itself", (target) => {
  const item = (name: string, attribute = "used"): string =>
    compile(
      target,
      `${name}.c`,
      `static int ${name}_need = 1; int *${name}_data = &${name}_need;
       __attribute__((section("items"), ${attribute})) static int **${name} = &${name}_data;
       __attribute__((section("unasked"), used)) static int ${name}_unasked = 2;`,
      [...apart, "-fpie"],
    );
  const main = compile(
    target,
    "main.c",
    `extern int **__start_items[] __attribute__((weak)), **__stop_items[] __attribute__((weak));
     int main(void) { return __stop_items - __start_items; }`,
    [...apart, "-fpie"],
  );
  const objects = [main, item("one"), item("two"), item("three", "retain, used")];
  const link = (...flags: readonly string[]) =>
    bothRemove(target, (shop) => {
      shop.cc("main", ["-pie", ...objects, ...flags, ...collect]);
      return shop.run("main").status;
    });
  const kept = link();
  equal(kept.value, 3);
  deepEqual(of(kept.removed, "one.o"), ["unasked"]);
  const needed = link("-Wl,-z,start-stop-gc");
  equal(needed.value, 1);
  ok(of(needed.removed, "one.o").includes("items") && !of(needed.removed, "three.o").includes("items"));
});

eachTarget("groups live and die together; notes stay; SHF_LINK_ORDER goes with its target", (target) => {
  const odd = compile(
    target,
    "odd.s",
    `.section .text.live,"axG",@progbits,one,comdat
     .globl live
     live: ret
     .section .data.with_live,"awG",@progbits,one,comdat
     .long 1
     .section .text.dead,"axG",@progbits,two
     ret
     .section .note.with_dead,"aG",@note,two
     .long 1
     .section .note.alone,"a",@note
     .long 1
     .section about_live,"ao",@progbits,.text.live
     .long other - .
     .section about_dead,"ao",@progbits,.text.dead
     .long 1
     .section .text.other,"ax",@progbits
     .globl other
     other: ret
     .section about_other,"ao",@progbits,.text.other
     .long 1
     .section .init_array.5,"aw",@init_array
     .dc.a live
     .section kept_by_flag,"aR",@progbits
     .long 1
     .section .note.GNU-stack,""`,
  );
  const main = compile(target, "main.c", "int main(void) { return 0; }", [...apart, "-fpie"]);
  const { removed, value } = bothRemove(target, (shop) => {
    shop.cc("main", ["-pie", main, odd, ...collect]);
    return shop.run("main").status;
  });
  equal(value, 0);
  deepEqual(of(removed, "odd.o"), [".note.with_dead", ".text.dead", "about_dead"]);
});

eachTarget("debug information stays with its file and keeps nothing", (target) => {
  const main = compile(target, "main.c", "int dead(void) { return 1; } int main(void) { return 0; }", [
    ...apart,
    "-g",
    "-fpie",
  ]);
  // Without .eh_frame nothing of this file stays.
  const gone = compile(target, "gone.c", "int gone(void) { return 1; }", [
    ...apart,
    "-g",
    "-fno-asynchronous-unwind-tables",
  ]);
  const { removed, value } = bothRemove(target, (shop) => {
    shop.cc("main", ["-pie", main, gone, ...collect]);
    const dump = tool("readelf", ["--debug-dump=info", join(shop.directory, "main")]);
    const address = (name: string): string => {
      const at = dump.indexOf(`: ${name}\n`);
      return /DW_AT_low_pc +: (\w+)/.exec(dump.slice(at))?.[1] ?? "none";
    };
    return { dead: address("dead"), main: address("main") === "0" };
  });
  deepEqual(value, { dead: "0", main: false });
  deepEqual(of(removed, "main.o"), [".text.dead"]);
  ok(of(removed, "gone.o").includes(".debug_info") && of(removed, "gone.o").includes(".comment"));
});

eachTarget("members of archives stay extracted; what they bring for dead code goes", (target) => {
  const main = compile(
    target,
    "main.c",
    "extern int member(void); int dead(void) { return member(); } int main(void) { return 0; }",
    [...apart, "-fpie"],
  );
  const member = compile(
    target,
    "member.c",
    '__attribute__((constructor)) static void says(void) { extern int puts(const char *); puts("extracted"); } int member(void) { return 1; }',
    [...apart, "-fpie"],
  );
  const directory = scratch("archive");
  const library = archive(directory, "library.a", [member]);
  const { removed, value } = bothRemove(target, (shop) => {
    shop.cc("main", ["-pie", main, library, ...collect]);
    return shop.run("main").stdout;
  });
  equal(value, "extracted\n");
  ok(removed.includes("library.a(member.o) .text.member"), removed.join());
});

eachTarget("a whole C++ program and library, static", (target) => {
  const main = compile(
    target,
    "main.cc",
    `#include <iostream>
     #include <map>
     #include <string>
     #include <thread>
     int main() {
       std::map<std::string, int> words{{"a", 1}, {"b", 2}};
       std::thread([&] { words["c"] = 3; }).join();
       for (auto &[word, number] : words) std::cout << word << number << ' ';
       std::cout << std::endl;
     }`,
    ["-std=c++17", "-O1", "-ffunction-sections", "-fdata-sections"],
  );
  const { value } = bothRemove(target, (shop) => {
    shop.cxx("main", ["-static", main, ...collect]);
    return shop.run("main").stdout;
  });
  match(value, /^a1 b2 c3 \n$/);
});

eachTarget("-r --gc-sections keeps what -u or -e needs, and what it makes links like the rest", (target) => {
  const one = compile(
    target,
    "one.c",
    `int common_kept, common_dead; int data = 3, dead_data = 4;
     extern int two(void), nowhere(void);
     int dead(void) { return nowhere() + dead_data + common_dead; }
     int one(void) { return two() + data + common_kept; }
     __attribute__((constructor)) static void starts(void) { common_kept = 1; }`,
    [...apart, "-fpie"],
  );
  const two = compile(target, "two.c", "int two(void) { return 2; } int dead_two(void) { return 5; }", [
    ...apart,
    "-fpie",
  ]);
  const three = compile(target, "three.c", "int alone;", apart);
  const main = compile(target, "main.c", "int one(void); int main(void) { return one(); }", ["-fpie"]);
  const link = (...flags: readonly string[]) =>
    bothRemove(target, (shop) => {
      shop.cc("main", ["-pie", main, shop.ld("joined.o", ["-r", one, two, three, ...flags, "--gc-sections"])]);
      const { status } = shop.run("main");
      shop.ld("joined.o", ["-r", one, two, three, ...flags, "--gc-sections", "--print-gc-sections"]);
      return { status, symbols: symbols(shop, "joined.o", "--defined-only", "-g") };
    });
  const { removed, value } = link("-u", "one");
  deepEqual(value, { status: 6, symbols: ["common_dead", "common_kept", "data", "one", "two"] });
  deepEqual(of(removed, "one.o"), [".data.dead_data", ".text.dead"]);
  deepEqual(of(removed, "two.o"), [".text.dead_two"]);
  deepEqual(link("-e", "one").removed, removed);
  // Common symbols go with their object's others; there is space to be removed only if -d gives them some.
  deepEqual(of(removed, "three.o"), [".comment"]);
  deepEqual(of(link("-u", "one", "-d").removed, "three.o"), [".comment", "COMMON"]);
});

eachTarget("debug information that stays keeps that of objects without code", (target) => {
  const end = '.section .note.GNU-stack,"",@progbits';
  const word = target.wordBytes === 8 ? ".quad" : ".long";
  const debug = (name: string, text: string): string => `.section .debug_${name},"",@progbits\n${text}\n`;
  const program = compile(target, "program.s", `.globl _start\n_start: nop\n${debug("info", `${word} unit`)}${end}\n`);
  const shared = compile(
    target,
    "shared.s",
    `${debug("info", `.globl unit\nunit: ${word} .Labbrev, more`)}${debug("abbrev", '.Labbrev: .ascii "abcd"')}${debug("str", ".long 1")}${end}\n`,
  );
  const more = compile(target, "more.s", `${debug("ranges", ".globl more\nmore: .long 7")}${end}\n`);
  const spare = compile(target, "spare.s", `${debug("macro", ".globl spare\nspare: .long 7")}${end}\n`);
  const names = likeGnuLd(target, (shop) =>
    readSections(shop.ld("prog", ["--gc-sections", "-e", "_start", program, shared, more, spare]))
      .sections.map(({ name }) => name)
      .filter((name) => name.startsWith(".debug"))
      .sort(),
  );
  deepEqual(names, [".debug_abbrev", ".debug_info", ".debug_line", ".debug_ranges"]);
});

eachTarget("what a library needs and nobody has is told, though a removed section wants it too", (target) => {
  const directory = scratch("gc-library");
  const needy = compile(target, "needy.c", "void missing(void); void needy(void) { missing(); }", ["-fPIC"]);
  const main = compile(
    target,
    "main.c",
    "void missing(void), needy(void); void dead(void) { missing(); } int main(void) { needy(); }",
    ["-ffunction-sections"],
  );
  for (const linker of [gnu, underTest]) {
    const shop = workshop(linker, target, directory);
    shop.cc("libneedy.so", ["-shared", needy]);
    match(shop.refuses("main", ["-Wl,--gc-sections", main, "./libneedy.so"]), /missing/);
    shop.cc("main", ["-Wl,--gc-sections,--allow-shlib-undefined", main, "./libneedy.so"]);
  }
});

eachTarget("--defsym of a common symbol that --gc-sections removes is 0", (target) => {
  const program = compile(target, "common-alias.s", `.globl _start\n_start: .cfi_startproc\nret\n.cfi_endproc\n`);
  const common = compile(target, "common-aliased.s", ".comm aliased,16,8");
  likeGnuLd(target, (shop) => {
    shop.ld("alias", ["--gc-sections", "--defsym=alias=aliased", program, common]);
  });
});

beyondGnuLd("a tentative definition stays behind a library's, as any that the library may see", (target) => {
  const library = compile(target, "library.c", "int shared; int *address(void) { return &shared; }", ["-fPIC"]);
  const main = compile(target, "main.c", "int *address(void); int main(void) { return address() == 0; }");
  const tentative = compile(target, "tentative.s", ".comm shared, 4, 4\n");
  const shop = workshop(underTest, target);
  shop.cc("liblibrary.so", ["-shared", library]);
  const path = shop.cc("program", ["-Wl,--gc-sections,-z,noexecstack", main, "./liblibrary.so", tentative]);
  match(tool("readelf", ["-W", "--dyn-syms", path]), / 4 OBJECT +GLOBAL DEFAULT +\d+ shared$/m);
});
