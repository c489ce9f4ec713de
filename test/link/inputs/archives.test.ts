// Archives in all their forms, how they and libraries are found, and what is taken out of them.

import { equal, match, ok } from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { archive, compile, type Target } from "../../support/build.ts";
import { beyondGnuLd, eachTarget, likeGnuLd, underTest, type Workshop, workshop } from "../../support/link.ts";

const object = (target: Target, name: string, source: string, ...flags: readonly string[]): string =>
  compile(target, `${name}.c`, source, ["-fpie", ...flags]);

/** main calls foo, which calls bar; nothing calls unused. */
function parts(target: Target): { main: string; foo: string; bar: string; unused: string } {
  return {
    main: object(target, "main", '#include <stdio.h>\nint foo(void); int main(void) { printf("%d\\n", foo()); }'),
    foo: object(target, "foo", "int bar(void); int foo(void) { return bar() + 1; }"),
    bar: object(target, "bar", "int bar(void) { return 1; }"),
    unused: object(target, "unused", "int unused(void) { return 0; }"),
  };
}

function prints(target: Target, build: (shop: Workshop, part: ReturnType<typeof parts>) => readonly string[]): string {
  return likeGnuLd(target, (shop) => {
    shop.cc("main", build(shop, parts(target)));
    return shop.run("main").stdout;
  });
}

eachTarget("only the members that are needed are taken, needs of needs included", (target) => {
  const stdout = prints(target, (shop, { main, foo, bar, unused }) => {
    archive(shop.directory, "libparts.a", [unused, bar, foo]);
    return [main, "libparts.a"];
  });
  equal(stdout, "2\n");
});

for (const [form, flags] of Object.entries({ "an ordinary archive": "rcs", "a thin archive": "rcsT" })) {
  eachTarget(`${form} with members of long names`, (target) => {
    const stdout = prints(target, (shop, { main, foo, bar }) => {
      const members = [foo, bar].map((path, index) => {
        const name = join(shop.directory, `a-member-with-a-long-name-${index}.o`);
        copyFileSync(path, name);
        return name;
      });
      archive(shop.directory, "libparts.a", members, flags);
      return [main, "libparts.a"];
    });
    equal(stdout, "2\n");
  });
}

beyondGnuLd("an archive without an index is read member by member", (target) => {
  const { main, foo, bar } = parts(target);
  const shop = workshop(underTest, target);
  archive(shop.directory, "libparts.a", [bar, foo], "rcS");
  shop.cc("main", [main, "libparts.a"]);
  equal(shop.run("main").stdout, "2\n");
});

eachTarget("archives that need each other: --start-group, and the same archive twice", (target) => {
  const build = (line: readonly string[]) =>
    prints(target, (shop, { main, foo, bar }) => {
      archive(shop.directory, "libfoo.a", [foo, object(target, "base", "int base = 1;")]);
      archive(shop.directory, "libbar.a", [bar]);
      return [main, ...line];
    });
  equal(build(["-Wl,--start-group", "libbar.a", "libfoo.a", "-Wl,--end-group"]), "2\n");
  equal(build(["-Wl,-(", "libbar.a", "libfoo.a", "-Wl,-)"]), "2\n");
  equal(build(["libbar.a", "libfoo.a", "libbar.a"]), "2\n");
});

eachTarget("--whole-archive takes every member; --push-state and --pop-state fence it in", (target) => {
  for (const line of [
    ["-Wl,--whole-archive", "libparts.a", "-Wl,--no-whole-archive"],
    ["-Wl,--push-state,--whole-archive", "libparts.a", "-Wl,--pop-state"],
  ]) {
    const stdout = prints(target, (shop, { main, foo, bar, unused }) => {
      archive(shop.directory, "libparts.a", [unused, bar, foo]);
      return [main, ...line];
    });
    equal(stdout, "2\n");
  }
});

eachTarget("two members of the same name are both there", (target) => {
  const stdout = prints(target, (shop, { main, foo, bar }) => {
    const member = join(shop.directory, "member.o");
    copyFileSync(foo, member);
    archive(shop.directory, "libparts.a", [member]);
    mkdirSync(join(shop.directory, "second"));
    copyFileSync(bar, join(shop.directory, "second/member.o"));
    archive(
      join(shop.directory, "second"),
      "../libmore.a",
      ["member.o"].map((name) => join(shop.directory, "second", name)),
    );
    return [main, "libparts.a", "libmore.a"];
  });
  equal(stdout, "2\n");
});

eachTarget("-l finds the shared library first, the archive under -Bstatic, and the exact file with -l:", (target) => {
  const inLibrary = object(target, "shared", "int foo(void) { return 1; }", "-fPIC");
  const inArchive = object(target, "static", "int foo(void) { return 2; }");
  const run = (...line: readonly string[]) =>
    prints(target, (shop, { main }) => {
      shop.cc("libfoo.so", ["-shared", inLibrary]);
      archive(shop.directory, "libfoo.a", [inArchive]);
      return [main, "-L.", "-Wl,-rpath,$ORIGIN", ...line];
    });
  equal(run("-lfoo"), "1\n");
  equal(run("-Wl,-Bstatic", "-lfoo", "-Wl,-Bdynamic"), "2\n");
  equal(run("-Wl,-dn", "-lfoo", "-Wl,-dy"), "2\n");
  equal(run("-l:libfoo.a"), "2\n");
  equal(run("-Wl,-static", "-lfoo", "-Wl,-call_shared"), "2\n");
});

eachTarget("the first -L that has the library wins; what is nowhere is an error by name", (target) => {
  const one = object(target, "one", "int foo(void) { return 1; }");
  const two = object(target, "two", "int foo(void) { return 2; }");
  const run = (...line: readonly string[]) =>
    prints(target, (shop, { main }) => {
      for (const [name, member] of [
        ["first", one],
        ["second", two],
      ] as const) {
        mkdirSync(join(shop.directory, name));
        archive(join(shop.directory, name), "libfoo.a", [member]);
      }
      return [main, ...line];
    });
  equal(run("-Lfirst", "-Lsecond", "-lfoo"), "1\n");
  equal(run("-Lsecond", "-Lfirst", "-lfoo"), "2\n");
  likeGnuLd(target, (shop) => {
    match(shop.refuses("main", [parts(target).main, "-lnowhere"]), /cannot find -lnowhere/);
    match(shop.refuses("main", [parts(target).main, "nowhere.o"]), /nowhere\.o/);
  });
});

eachTarget("--as-needed names only the libraries that serve; --no-as-needed names all", (target) => {
  const used = object(target, "used", "int foo(void) { return 1; }", "-fPIC");
  const idle = object(target, "idle", "int idle(void) { return 1; }", "-fPIC");
  const run = (...line: readonly string[]) =>
    prints(target, (shop, { main }) => {
      shop.cc("libused.so", ["-shared", used]);
      shop.cc("libidle.so", ["-shared", idle]);
      return [main, "-L.", "-Wl,-rpath,$ORIGIN", ...line];
    });
  equal(run("-Wl,--as-needed", "-lidle", "-lused"), "1\n");
  equal(run("-Wl,--no-as-needed", "-lidle", "-lused"), "1\n");
  equal(run("-Wl,--push-state,--as-needed", "-lidle", "-Wl,--pop-state", "-lused"), "1\n");
});

eachTarget(
  "--as-needed: a weak reference alone does not name a library, a library's own need for it does not either",
  (target) => {
    const weak = object(
      target,
      "weak",
      "int extra(void) __attribute__((weak)); int main(void) { return extra ? extra() : 3; }",
    );
    const extra = object(target, "extra", "int extra(void) { return 4; }", "-fPIC");
    const status = likeGnuLd(target, (shop) => {
      shop.cc("libextra.so", ["-shared", extra]);
      shop.cc("main", [weak, "-Wl,--as-needed", "-L.", "-lextra", "-Wl,-rpath,$ORIGIN"]);
      return shop.run("main").status;
    });
    ok(status === 3 || status === 4);
  },
);

eachTarget("libraries needed by libraries: found through -rpath-link, not linked with unless asked", (target) => {
  const deep = object(target, "deep", "int deep(void) { return 5; }", "-fPIC");
  const middle = object(target, "middle", "int deep(void); int foo(void) { return deep(); }", "-fPIC");
  const direct = object(target, "direct", "int deep(void), foo(void); int main(void) { return deep() + foo(); }");
  const results = likeGnuLd(target, (shop) => {
    mkdirSync(join(shop.directory, "hidden"), { recursive: true });
    shop.cc("hidden/libdeep.so", ["-shared", deep, "-Wl,-soname,libdeep.so"]);
    shop.cc("libmiddle.so", ["-shared", middle, "-Lhidden", "-ldeep", "-Wl,-soname,libmiddle.so"]);
    const { main } = parts(target);
    shop.cc("main", [main, "libmiddle.so", "-Wl,-rpath-link,hidden", "-Wl,-rpath,$ORIGIN"]);
    match(shop.refuses("direct", [direct, "libmiddle.so", "-Wl,-rpath-link,hidden"]), /libdeep\.so/);
    shop.cc("copied", [direct, "-Wl,--copy-dt-needed-entries", "libmiddle.so", "-Wl,-rpath-link,hidden"]);
    return [
      shop.run("main", [], { env: { LD_LIBRARY_PATH: "hidden" } }).stdout,
      shop.run("copied", [], { env: { LD_LIBRARY_PATH: ".:hidden" } }).status,
    ];
  });
  equal(results.join(), "5\n,10");
});

eachTarget("--copy-dt-needed-entries holds for what libraries need, and for what that needs in turn", (target) => {
  const part = object(target, "part", "int unused(void) { return 5; }", "-fPIC");
  const main = object(target, "main", "int _start(void) { return 0; }", "-fPIC");
  likeGnuLd(target, (shop) => {
    mkdirSync(join(shop.directory, "hidden"), { recursive: true });
    shop.ld("libdeep.so", ["-shared", part, "-soname", "libdeep.so"]);
    shop.ld("hidden/libmiddle.so", ["-shared", part, "libdeep.so", "-soname", "libmiddle.so"]);
    shop.ld("libtop.so", ["-shared", part, "hidden/libmiddle.so", "-soname", "libtop.so"]);
    const rest = ["--unresolved-symbols=ignore-all", "-rpath-link", "hidden", "libtop.so"];
    shop.ld("main", [main, "--copy-dt-needed-entries", "-shared", ...rest]);
    match(shop.messages(), /libdeep\.so.* not found/);
    shop.ld("plain", [main, "-shared", ...rest]);
    equal(shop.messages(), "");
  });
});

eachTarget("a library is needed under its soname, or under the name on the command line", (target) => {
  const foo = object(target, "foo", "int foo(void) { return 1; }", "-fPIC");
  const stdout = prints(target, (shop, { main }) => {
    shop.cc("libversioned.so.1", ["-shared", foo, "-Wl,-soname,libversioned.so.1"]);
    symlinkSync("libversioned.so.1", join(shop.directory, "libversioned.so"));
    return [main, "-L.", "-lversioned", "-Wl,-rpath,$ORIGIN"];
  });
  equal(stdout, "1\n");
});

eachTarget("response files hold arguments, quoted or not, and may name further ones", (target) => {
  const stdout = prints(target, (shop, { main, foo, bar }) => {
    shop.file("inner.rsp", `'${bar}'`);
    shop.file("outer.rsp", `"${foo}"\n@inner.rsp`);
    return [main, "-Wl,@outer.rsp"];
  });
  equal(stdout, "2\n");
});

eachTarget("an archive of the wrong kind is passed over by -l, a damaged one is an error", (target) => {
  const { main, foo, bar } = parts(target);
  const foreign = object(
    target.wordBytes === 8 ? { ...target, cc: "i686-linux-gnu-gcc" } : { ...target, cc: "gcc" },
    "foreign",
    "int foo(void) { return 9; }",
  );
  const stdout = likeGnuLd(target, (shop) => {
    for (const [name, members] of [
      ["wrong", [foreign]],
      ["right", [foo, bar]],
    ] as const) {
      mkdirSync(join(shop.directory, name));
      archive(join(shop.directory, name), "libparts.a", members);
    }
    shop.cc("main", [main, "-Lwrong", "-Lright", "-lparts"]);
    const bytes = readFileSync(join(shop.directory, "right/libparts.a"));
    writeFileSync(join(shop.directory, "damaged.a"), bytes.subarray(0, bytes.length >> 1));
    shop.refuses("damaged", [main, "damaged.a"]);
    return shop.run("main").stdout;
  });
  equal(stdout, "2\n");
});

beyondGnuLd("--start-lib treats objects like members of an archive", (target) => {
  const { main, foo, bar } = parts(target);
  const bad = object(target, "bad", "int nowhere(void); int unused(void) { return nowhere(); }");
  const shop = workshop(underTest, target);
  shop.cc("main", [main, "-Wl,--start-lib", bad, bar, foo, "-Wl,--end-lib"]);
  equal(shop.run("main").stdout, "2\n");
});
