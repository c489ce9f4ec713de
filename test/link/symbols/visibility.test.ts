// What a library or a program shows to others, and which of its own references can be taken over from outside.

import { deepEqual, equal, match } from "node:assert/strict";
import { archive, compile, type Target } from "../../support/build.ts";
import { eachTarget, likeGnuLd } from "../../support/link.ts";
import { tool } from "../../support/run.ts";

const LIBRARY = `
  int open_(void) { return 1; }
  __attribute__((visibility("hidden"))) int hidden_(void) { return 2; }
  __attribute__((visibility("protected"))) int protected_(void) { return 3; }
  __attribute__((visibility("internal"))) int internal_(void) { return 4; }
  __attribute__((weak)) int weak_(void) { return 5; }
  int open_data = 6;
  int sum(void) { return open_() + hidden_() * 10 + protected_() * 100 + internal_() * 1000 + weak_() * 10000 + open_data * 100000; }`;

/** Takes the library's names over with values of its own; hidden ones cannot collide. */
const MAIN = `
  #include <stdio.h>
  int sum(void);
  int open_(void) { return 7; }
  int hidden_(void) { return 7; }
  int protected_(void) { return 7; }
  int weak_(void) { return 7; }
  int open_data = 7;
  int main(void) { printf("%d\\n", sum()); }`;

function sum(target: Target, flags: readonly string[]): string {
  const library = compile(target, "library.c", LIBRARY, ["-fPIC", "-O1"]);
  const main = compile(target, "main.c", MAIN, ["-fpie", "-O1"]);
  return likeGnuLd(target, (shop) => {
    shop.file("list", "{ open_; open_data; };");
    shop.cc("liblibrary.so", ["-shared", library, ...flags]);
    shop.cc("main", ["-pie", main, "./liblibrary.so"]);
    return shop.run("main").stdout;
  }).trim();
}

eachTarget("visibility: default symbols are preempted; hidden, protected and internal ones are not", (target) => {
  equal(sum(target, []), "774327");
});

eachTarget("-Bsymbolic binds everything, -Bsymbolic-functions the functions", (target) => {
  equal(sum(target, ["-Wl,-Bsymbolic"]), "654321");
  equal(sum(target, ["-Wl,-Bsymbolic-functions"]), "754321");
});

eachTarget("--dynamic-list names what stays preemptible", (target) => {
  equal(sum(target, ["-Wl,--dynamic-list=list"]), "754327");
});

eachTarget("the most restrictive visibility of all references and definitions counts", (target) => {
  const definition = compile(target, "definition.c", "int value(void) { return 1; }", ["-fPIC"]);
  const reference = compile(
    target,
    "reference.c",
    'extern int value(void) __attribute__((visibility("hidden"))); int get(void) { return value(); }',
    ["-fPIC"],
  );
  likeGnuLd(target, (shop) => {
    shop.cc("one.so", ["-shared", definition, reference]);
    shop.cc("two.so", ["-shared", reference, definition]);
  });
});

eachTarget("a hidden reference is not satisfied by a shared library", (target) => {
  const library = compile(target, "library.c", "int value(void) { return 1; }", ["-fPIC"]);
  const main = compile(
    target,
    "main.c",
    'extern int value(void) __attribute__((visibility("hidden"))); int main(void) { return value(); }',
    ["-fpie"],
  );
  likeGnuLd(target, (shop) => {
    shop.cc("liblibrary.so", ["-shared", library]);
    const said = shop.refuses("main", [main, "./liblibrary.so"]);
    match(said, /`value'/);
    match(said, /hidden/);
  });
});

eachTarget("a program exports what its libraries use, and everything with -E", (target) => {
  const library = compile(target, "library.c", "int callback(void); int call(void) { return callback(); }", ["-fPIC"]);
  const main = compile(
    target,
    "main.c",
    `int call(void); int callback(void) { return 9; } int idle(void) { return 1; } int shown_one, shown_two;
     int main(void) { return call(); }`,
    ["-fpie"],
  );
  const statuses = likeGnuLd(target, (shop) => {
    shop.file("list", "{ shown_*; };");
    shop.cc("liblibrary.so", ["-shared", library]);
    const variants = {
      plain: [],
      all: ["-Wl,-E"],
      rdynamic: ["-rdynamic"],
      listed: ["-Wl,--dynamic-list=list"],
      named: ["-Wl,--export-dynamic-symbol=idle"],
      globbed: ["-Wl,--export-dynamic-symbol=shown_*"],
    };
    return Object.entries(variants).map(([name, flags]) => {
      shop.cc(name, [main, "./liblibrary.so", ...flags]);
      return shop.run(name).status;
    });
  });
  equal(statuses.join(), "9,9,9,9,9,9");
});

function dynamicNames(path: string): string[] {
  const lines = tool("readelf", ["-W", "--dyn-syms", path]).split("\n");
  return lines.flatMap((line) => /GLOBAL DEFAULT +\w+ (\S+)/.exec(line)?.[1] ?? []).sort();
}

eachTarget("a list calls what came with a version by all of it: foo@V1, foo@@V2", (target) => {
  const object = compile(
    target,
    "versioned.c",
    `void old(void) { } void new(void) { } void _start(void) { }
     __asm__(".symver old, foo@V1\\n.symver new, bar@@V2");`,
    ["-fpie"],
  );
  const exported = likeGnuLd(target, (shop) => {
    shop.file("script", "V1 { }; V2 { };");
    const lists = {
      none: "foo; bar",
      globs: "f*; b*",
      whole: '"foo@V1"; "bar@@V2"',
      ends: "*V2",
      cxx: 'extern "C++" { *V1 }',
    };
    return Object.entries(lists).map(([name, list]) => {
      shop.file("list", `{ ${list}; };`);
      const options = ["-nostdlib", "-pie", "-Wl,--dynamic-list=list,--version-script=script", object];
      shop.cc(`${name}-gc`, [...options, "-Wl,--gc-sections"]);
      return dynamicNames(shop.cc(name, options));
    });
  });
  deepEqual(exported, [
    ["V1", "V2"],
    ["V1", "V2", "bar@@V2", "foo@V1"],
    ["V1", "V2", "bar@@V2", "foo@V1"],
    ["V1", "V2", "bar@@V2"],
    ["V1", "V2", "foo@V1"],
  ]);
});

eachTarget(
  "what a program hides from a library, another library's first version may be to it, and no later one",
  (target) => {
    const object = (name: string, text: string): string => compile(target, name, text, ["-fPIC"]);
    const hidden = object(
      "hidden.c",
      '__attribute__((visibility("hidden"))) void value(void) { } void _start(void) { value(); }',
    );
    const user = object("user.c", "void value(void); void use(void) { value(); }");
    const versioned = (version: string): string =>
      object(`${version}.c`, `void one(void) { } __asm__(".symver one, value@${version}");`);
    const [first, later] = [versioned("V1"), versioned("V2")];
    likeGnuLd(target, (shop) => {
      shop.file("script", "V1 { }; V2 { };");
      shop.cc("libuser.so", ["-nostdlib", "-shared", user]);
      shop.cc("libfirst.so", ["-nostdlib", "-shared", "-Wl,--version-script=script", first]);
      shop.cc("liblater.so", ["-nostdlib", "-shared", "-Wl,--version-script=script", later]);
      shop.cc("program", ["-nostdlib", "-pie", "-Wl,--no-as-needed", hidden, "libuser.so", "libfirst.so"]);
      const said = shop.refuses("refused", [
        "-nostdlib",
        "-pie",
        "-Wl,--no-as-needed",
        hidden,
        "libuser.so",
        "liblater.so",
      ]);
      match(said, /hidden symbol `value'.* is referenced by DSO/);
    });
  },
);

eachTarget("--exclude-libs hides what comes out of archives, common and protected symbols too", (target) => {
  const member = compile(
    target,
    "member.c",
    'int pool; __attribute__((visibility("protected"))) int shown = 1; int inner(void) { return pool + shown; }',
    ["-fPIC", "-fcommon"],
  );
  const library = compile(
    target,
    "library.c",
    "extern int pool; int inner(void); int outer(void) { return inner() + pool; }",
    ["-fPIC"],
  );
  const exported = likeGnuLd(target, (shop) => {
    archive(shop.directory, "libmember.a", [member]);
    const lists = ["ALL", "libmember.a", "libmember", "libother.a:libmember", "x,libmember.a,y", "libothe", "all"];
    for (const [i, list] of lists.entries()) {
      shop.ld(`${i}.so`, ["-shared", library, "libmember.a", "--exclude-libs", list]);
    }
    // Objects that an archive's user puts together keep them hidden.
    shop.ld("again.o", ["-r", library, "libmember.a", "--exclude-libs=ALL"]);
    return lists.map((list, i) => {
      const table = tool("nm", ["-D", "--defined-only", `${i}.so`], { cwd: shop.directory });
      return `${list}: ${table.match(/(?<= [A-Z] )\w+/g)?.join(" ")}`;
    });
  });
  deepEqual(exported, [
    "ALL: outer",
    "libmember.a: outer",
    "libmember: outer",
    "libother.a:libmember: outer",
    "x,libmember.a,y: outer",
    "libothe: inner outer pool shown",
    "all: inner outer pool shown",
  ]);
});

eachTarget("--gc-sections drops what nothing reaches and keeps what is exported", (target) => {
  const source = `
    int used_data = 1, unused_data = 2;
    int leaf(void) { return used_data; }
    int used(void) { return leaf(); }
    int unused(void) { return unused_data; }
    __attribute__((constructor)) static void start(void) { used_data = 3; }
    __attribute__((used, section("kept_by_name"))) static int kept = 4;
    extern char __start_kept_by_name[] __attribute__((weak));
    int main(void) { return used() + (__start_kept_by_name != 0); }`;
  const flags = ["-fPIC", "-ffunction-sections", "-fdata-sections", "-O1"];
  const main = compile(target, "main.c", source, flags);
  const status = likeGnuLd(target, (shop) => {
    shop.cc("main", [main, "-Wl,--gc-sections"]);
    shop.cc("library.so", ["-shared", main, "-Wl,--gc-sections"]);
    shop.cc("static", ["-static", main, "-Wl,--gc-sections"]);
    shop.cc("exporting", [main, "-Wl,--gc-sections,-E"]);
    shop.cc("kept", [main, "-Wl,--gc-sections,-u,unused"]);
    return ["main", "static", "exporting", "kept"].map((name) => shop.run(name).status).join();
  });
  equal(status, "4,4,4,4");
});

eachTarget("--gc-sections tells what it drops with --print-gc-sections", (target) => {
  const main = compile(target, "main.c", "int unused(void) { return 1; } int main(void) { return 0; }", [
    "-fpie",
    "-ffunction-sections",
  ]);
  likeGnuLd(target, (shop) => {
    shop.cc("main", [main, "-Wl,--gc-sections,--print-gc-sections"]);
    match(shop.messages(), /\.text\.unused/);
  });
});

eachTarget("-s, -S, -x and -X thin the symbol table out", (target) => {
  const main = compile(
    target,
    "main.c",
    "static int local = 3; static int get(void) { return local; } int main(void) { return get(); }",
    ["-fpie", "-g"],
  );
  const statuses = likeGnuLd(target, (shop) =>
    ["-s", "-S", "-x", "-X", "--discard-none"].map((flag) => {
      shop.cc(`main${flag}`, [main, `-Wl,${flag}`]);
      return shop.run(`main${flag}`).status;
    }),
  );
  equal(statuses.join(), "3,3,3,3,3");
});

eachTarget("the address of a library's protected function is taken through the GOT, or refused", (target) => {
  const library = compile(
    target,
    "library.c",
    '__attribute__((visibility("protected"))) int guarded(void) { return 1; } void *address(void) { return guarded; }',
    ["-fPIC", "-O1"],
  );
  const source = `int guarded(void); void *address(void);
    int main(void) { return guarded() + 2 * (address() == (void *)guarded); }`;
  const direct = compile(target, "direct.c", source, ["-fno-pie", "-O1"]);
  const indirect = compile(target, "indirect.c", source, ["-fPIE", "-O1"]);
  const status = likeGnuLd(target, (shop) => {
    shop.cc("liblibrary.so", ["-shared", library]);
    match(shop.refuses("main", ["-no-pie", direct, "./liblibrary.so"]), /protected function `guarded'/);
    shop.cc("main", ["-no-pie", indirect, "./liblibrary.so"]);
    return shop.run("main").status;
  });
  equal(status, 3);
});
