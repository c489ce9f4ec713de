// Names with a version in them, `foo@V` and `foo@@V` of .symver, beside each other, beside the plain name, and beside the
// versions of a script: which definition counts, what is exported, and whom a reference means. Each link is compared with
// GNU ld's, symbol by symbol.

import { deepEqual, equal, match } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { VER_FLG_WEAK } from "../../../src/elf/constants.ts";
import { compile, type Target } from "../../support/build.ts";
import { eachTarget, likeGnuLd, type Workshop } from "../../support/link.ts";
import { tool } from "../../support/run.ts";

/** A function that returns `value`. */
const define = (name: string, value: number, binding = "globl"): string =>
  `.text\n.${binding} ${name}\n.type ${name},@function\n${name}:\n.cfi_startproc\n mov $${value},%eax\n ret\n.cfi_endproc\n.size ${name},.-${name}\n`;

const NOTE = '.section .note.GNU-stack,"",@progbits\n';

/** Pointers to functions, in data: whom a reference means without code that differs by machine. */
const refer = (target: Target, ...names: readonly string[]): string =>
  `.data\n.globl table\ntable: ${names.map((name) => `\n${target.wordBytes === 8 ? ".quad" : ".long"} ${name}`).join("")}\n`;

const asm = (target: Target, name: string, source: string): string =>
  compile(target, `${name}.s`, `.file "${name}.c"\n${source}${NOTE}`);

/** Symbols of a library as `foo@V1`, sorted. */
const exported = (path: string): string =>
  [...tool("nm", ["-D", "--defined-only", path]).matchAll(/ [TWVBD] (\S+)$/gm)]
    .map(([, name]) => name)
    .sort()
    .join(" ");

/** Links a library of the objects by a version script; what it exports is given back, and compared with GNU ld's. */
const library = (shop: Workshop, objects: readonly string[], script: string): string => {
  const scripts = script === "" ? [] : [`--version-script=${shop.file("versions", script)}`];
  return exported(shop.ld("library.so", ["-shared", "-soname", "library.so", ...scripts, ...objects]));
};

eachTarget("name@@ with an empty version is exported without one, whatever the script says", (target) => {
  const object = asm(target, "empty", `${define("impl", 1)}.symver impl,name@@\n`);
  equal(
    likeGnuLd(target, (shop) => library(shop, [object], "{ local: *; };")),
    "name",
  );
});

eachTarget("a hidden alias without version is for old programs: new ones get the default", (target) => {
  const old = asm(target, "old", `${define("old", 10)}.symver old,limit@\n`);
  const recent = asm(target, "recent", `${define("recent", 20)}.symver recent,limit@@V2\n`);
  const main = compile(target, "main.c", "int limit(void); int main(void) { return limit(); }");
  for (const objects of [
    [old, recent],
    [recent, old],
  ]) {
    const status = likeGnuLd(target, (shop) => {
      library(shop, objects, "V2 { global: limit; local: *; };");
      shop.cc("main", [main, "./library.so", "-Wl,-rpath,$ORIGIN"]);
      return shop.run("main").status;
    });
    equal(status, 20);
  }
  likeGnuLd(target, (shop) => {
    library(shop, [old], "V2 { global: other; local: *; };");
    match(shop.refuses("main", [main, "./library.so"]), /undefined reference to [`']limit'/);
    return "";
  });
});

const SEPARATE = ["V1 { global: foo; local: *; }; V2 { global: foo; } V1;", "V1 { local: *; }; V2 { };"] as const;

eachTarget("foo@@V2 beside a foo that the script gives another version, or makes local", (target) => {
  const one = asm(target, "one", `${define("foo", 1)}.symver foo,foo@@V2\n${refer(target, "foo")}`);
  const two = asm(target, "two", `${define("foo", 1)}.symver foo,foo@V1\n.symver foo,foo@@V2\n${refer(target, "foo")}`);
  const results = SEPARATE.flatMap((script) =>
    [one, two].map((object) => likeGnuLd(target, (shop) => library(shop, [object], script))),
  );
  equal(results.join("; "), "foo@@V1 foo@@V2; foo@@V2 foo@V1; foo@@V2; foo@@V2");
});

eachTarget("foo@@V beside a foo that nothing sets apart is a second definition", (target) => {
  const object = asm(target, "both", `${define("foo", 1)}.symver foo,foo@@V1\n`);
  for (const script of ["V1 { };", "V1 { global: foo; };"]) {
    likeGnuLd(target, (shop) => {
      shop.file("versions", script);
      match(
        shop.refuses("library.so", ["-shared", "--version-script=versions", object], "ld"),
        /multiple definition of [`']foo/,
      );
      return "";
    });
  }
});

eachTarget("foo and foo@V at one place are one symbol, which the object's own references mean", (target) => {
  const object = asm(target, "same", `${define("foo", 1)}.symver foo,foo@V1\n${refer(target, "foo")}`);
  const other = asm(target, "other", refer(target, "foo").replaceAll("table", "others"));
  for (const objects of [
    [object, other],
    [other, object],
  ]) {
    for (const script of ["V1 { };", "V1 { global: foo; local: *; };"]) {
      likeGnuLd(target, (shop) => library(shop, objects, script));
    }
  }
  const apart = asm(
    target,
    "apart",
    `${define("foo", 1)}${define("bar", 2)}.symver bar,foo@V1\n${refer(target, "foo")}`,
  );
  equal(
    likeGnuLd(target, (shop) => library(shop, [apart], "V1 { };")),
    "bar foo foo@V1 table",
  );
});

eachTarget("the third argument of .symver keeps the plain name local, hidden, or away", (target) => {
  for (const third of ["local", "hidden", "remove"]) {
    for (const at of ["@", "@@"]) {
      // A hidden foo is a definition of foo still: see above.
      if (third === "hidden" && at === "@@") continue;
      const object = asm(target, third, `${define("foo", 1)}.symver foo,foo${at}V1,${third}\n${refer(target, "foo")}`);
      likeGnuLd(target, (shop) => library(shop, [object], "V1 { global: foo; };"));
    }
  }
});

eachTarget("of foo@V and foo@@V the strong definition counts, and there is one symbol", (target) => {
  const weak = asm(target, "weak", `${define("name", 1, "weak")}.symver name,name@@@V1\n`);
  const strong = asm(target, "strong", `${define("impl", 2)}.symver impl,name@V1\n`);
  for (const objects of [
    [weak, strong],
    [strong, weak],
  ]) {
    const main = compile(target, "main.c", "int name(void); int main(void) { return name(); }");
    const status = likeGnuLd(target, (shop) => {
      library(shop, objects, "V1 { };");
      shop.cc("main", [main, "./library.so", "-Wl,-rpath,$ORIGIN"]);
      return shop.run("main").status;
    });
    equal(status, 2);
  }
});

eachTarget(".symtab keeps the version that came with a name, of local symbols too", (target) => {
  const object = asm(target, "a", `${define("a", 1)}${define("b", 2)}.symver a,name@V1\n.symver b,name@@V2\n`);
  for (const script of ["V1 { local: *; }; V2 { local: *; };", "V1 { global: name; }; V2 { global: name; } V1;"]) {
    const names = likeGnuLd(target, (shop) => {
      library(shop, [object], script);
      return tool("nm", ["-p", `${shop.directory}/library.so`]).includes(" name@V1\n");
    });
    equal(names, true);
  }
});

eachTarget("a library that defines foo refers to another library's foo@NEW", (target) => {
  const a = asm(target, "a", define("api", 7));
  const b = asm(target, "b", `${define("api", 8)}.symver other,api@NEW\n${refer(target, "other", "api")}`);
  for (const script of ["OLD { global: api; };", ""]) {
    for (const inputs of [
      [b, "a.so"],
      ["a.so", b],
    ]) {
      // Only the script, known before a.so is read, keeps the two apart.
      const apart = script !== "" && inputs[0] === b;
      // Where they are one, GNU ld leaves an empty entry in .dynsym.
      const differ = apart ? [] : ["dynamic symbols", "warnings"];
      const build = (shop: Workshop): boolean => {
        shop.file("new", "NEW { global: api; };");
        shop.ld("a.so", ["-shared", "-soname", "a.so", "--version-script=new", a]);
        const scripts = script === "" ? [] : [`--version-script=${shop.file("versions", script)}`];
        const path = shop.ld("b.so", ["-shared", "-soname", "b.so", ...scripts, ...inputs]);
        return tool("nm", ["-D", path]).includes("U api@NEW");
      };
      equal(likeGnuLd(target, build, differ), apart);
    }
  }
});

eachTarget("a version that no symbol has is flagged weak", (target) => {
  const object = asm(target, "f", `${define("f", 1)}${define("g", 2)}.symver g,g@@V3,remove\n`);
  const flags = likeGnuLd(target, (shop) => {
    library(shop, [object], "V1 { global: f; local: *; }; V2 { } V1; V3 { } V2;");
    const text = tool("readelf", ["-VW", `${shop.directory}/library.so`]);
    return [...text.matchAll(/Flags: (\w+) .*Name: (V\d)/g)].map(([, flag, name]) => `${name} ${flag}`).join(", ");
  });
  equal(flags, "V1 none, V2 WEAK, V3 none");
});

eachTarget("a reference to a version that no library defines is an error", (target) => {
  const object = asm(target, "a", `.symver ref,foo@V9\n${refer(target, "ref")}`);
  const lib = asm(target, "l", define("foo", 1));
  likeGnuLd(target, (shop) => {
    library(shop, [lib], "V1 { global: foo; };");
    match(shop.refuses("a.so", ["-shared", object, "library.so"], "ld"), /foo/);
    return "";
  });
});

eachTarget("foo@V of a program is its own business unless a library wants it", (target) => {
  const main = asm(
    target,
    "main",
    `${define("_start", 0)}${define("impl", 1)}.symver impl,foo@V1\n${refer(target, "foo")}`,
  );
  const definer = asm(target, "definer", define("foo", 2));
  const table = refer(target, "ref").replaceAll("table", "users");
  const user = asm(target, "user", `${define("use", 3)}.symver ref,foo@V1\n${table}`);
  for (const kind of ["-pie", "-no-pie"]) {
    for (const more of [[], ["-E"], ["user.so"], ["--version-script=own"]]) {
      likeGnuLd(target, (shop) => {
        shop.file("versions", "V1 { global: foo; };");
        shop.file("own", "V1 { local: *; };");
        shop.ld("library.so", ["-shared", "-soname", "library.so", "--version-script=versions", definer]);
        shop.ld("user.so", ["-shared", "-soname", "user.so", user, "library.so"]);
        const program = shop.ld("program", [kind, main, "library.so", "-dynamic-linker", target.interpreter, ...more]);
        return tool("nm", ["-D", program]).includes("foo@V1");
      });
    }
  }
});

eachTarget("an archive member that defines foo@@V is pulled in by foo and by foo@V", (target) => {
  const member = asm(target, "member", `${define("impl", 5)}.symver impl,foo@@V1\n`);
  const hidden = asm(target, "hidden", `${define("impl2", 6)}.symver impl2,bar@V1\n`);
  for (const source of [
    refer(target, "foo"),
    `.symver ref,foo@V1\n.symver ref2,bar@V1\n${refer(target, "ref", "ref2")}`,
  ]) {
    const user = asm(target, "user", source);
    for (const kind of [["-shared", "--version-script=versions"], ["-r"], ["-static", "-e", "0"]]) {
      likeGnuLd(target, (shop) => {
        shop.file("versions", "V1 { };");
        tool("ar", ["rcs", `${shop.directory}/lib.a`, member, hidden]);
        shop.ld("output", [...kind, user, "lib.a"]);
        return "";
      });
    }
  }
});

eachTarget("--defsym and assignments in scripts win over definitions", (target) => {
  const object = asm(
    target,
    "object",
    `${define("hook", 1)}${define("mine", 2)}${define("weak_one", 3, "weak")}.comm tentative,8,4
     ${define("impl", 4)}.symver impl,versioned@@V1
     .data\n.globl level\n.type level,@object\n.size level,4\nlevel: .long 1\n${refer(target, "hook", "level", "versioned")}`,
  );
  const values = [
    ["level", "0x1234"],
    ["hook", "mine"],
    ["tentative", "level"],
    ["weak_one", "level + 4"],
    ["versioned", "0x10"],
  ] as const;
  const pie = ["-pie", "-e", "0", "-dynamic-linker", target.interpreter];
  for (const kind of [["-shared", "--version-script=versions"], pie, ["-no-pie", "-e", "0"], ["-r"]]) {
    for (const style of ["option", "script"]) {
      likeGnuLd(target, (shop) => {
        shop.file("versions", "V1 { global: versioned; };");
        shop.file("assignments", values.map(([name, value]) => `${name} = ${value};`).join("\n"));
        const given = style === "script" ? ["assignments"] : values.map(([name, value]) => `--defsym=${name}=${value}`);
        shop.ld("output", [...kind, ...given, object]);
        return "";
      });
    }
  }
});

/** A shared library of `foo` in that version, as `v1.so`. */
const libraryOf = (shop: Workshop, object: string, version: string): string => {
  shop.file("versions", `${version} { global: foo; };`);
  shop.ld("v.so", ["-shared", "-soname", "v.so", "--version-script=versions", object]);
  return "v.so";
};

eachTarget("foo that took the place of a library's foo@@V is foo@V too", (target) => {
  const lib = asm(target, "lib", define("foo", 9));
  const apart = asm(target, "apart", `${define("foo", 1)}.symver foo,foo@@V2\n`);
  const same = asm(target, "same", `${define("foo", 1)}.symver foo,foo@V2\n`);
  for (const object of [apart, same]) {
    likeGnuLd(target, (shop) => {
      const found = libraryOf(shop, lib, "V2");
      shop.file("script", "V1 { global: foo; local: *; }; V2 { } V1;");
      const args = ["-shared", "--version-script=script", found, object];
      match(shop.refuses("out.so", args, "ld"), /multiple definition of [`']foo/);
      return "";
    });
  }
  const weak = asm(
    target,
    "weak",
    `${define("foo", 1, "weak")}.symver foo,foo@V1\n.symver foo,foo@@V2\n${refer(target, "foo")}`,
  );
  for (const [version, names] of [
    ["V1", "foo@@V2 table"],
    ["V2", "foo@V1 table"],
  ] as const) {
    const result = likeGnuLd(target, (shop) => {
      const found = libraryOf(shop, lib, version);
      shop.file("script", "V1 { }; V2 { } V1;");
      return exported(shop.ld("out.so", ["-shared", "--version-script=script", found, weak]));
    });
    equal(result, names);
  }
});

eachTarget("a library's foo@@V stays with foo@V of a program whose foo is not for libraries", (target) => {
  const lib = asm(target, "lib", define("foo", 9));
  for (const visibility of ["default", "protected"]) {
    const main = asm(
      target,
      "main",
      `${define("_start", 0)}${visibility === "default" ? "" : ".protected foo\n"}${define("foo", 1)}${define("impl", 2)}.symver impl,foo@V1\n`,
    );
    for (const kind of ["-pie", "-no-pie"]) {
      likeGnuLd(target, (shop) => {
        const found = libraryOf(shop, lib, "V1");
        const args = [kind, "-dynamic-linker", target.interpreter, found, main];
        if (visibility === "default") match(shop.refuses("main", args, "ld"), /multiple definition of [`']foo/);
        else equal(exported(shop.ld("main", args)).includes("foo@V1"), true);
        return "";
      });
    }
  }
});

eachTarget("foo at the place of a program's foo@V is local: a library that needs it is refused", (target) => {
  const main = asm(target, "main", `${define("_start", 0)}${define("foo", 1)}.symver foo,foo@V1\n`);
  const strong = asm(target, "strong", define("use", 3) + refer(target, "foo"));
  const weak = asm(target, "weak", `${define("use", 3)}.weak foo\n${refer(target, "foo")}`);
  const program = ["-pie", "-dynamic-linker", target.interpreter];
  for (const more of [[], ["-E"]]) {
    likeGnuLd(target, (shop) => {
      shop.ld("strong.so", ["-shared", "-soname", "strong.so", strong]);
      shop.ld("weak.so", ["-shared", "-soname", "weak.so", weak]);
      const said = shop.refuses("main", [...program, ...more, main, "strong.so"], "ld");
      match(said, /local symbol [`']foo' in .* is referenced by DSO|foo/);
      return exported(shop.ld("main", [...program, ...more, "weak.so", main])).includes("foo@V1");
    });
  }
});

eachTarget("a version is not for want of symbols if --defsym took its symbol's place", (target) => {
  const object = asm(target, "a", `${define("impl", 1)}.symver impl,foo@@V1\n`);
  likeGnuLd(target, (shop) => {
    shop.file("script", "V1 { };");
    shop.ld("out.so", ["-shared", "--version-script=script", "--defsym=foo=0x10", object]);
    return "";
  });
});

eachTarget("a symbol with the name of a version: a weak one gives way, a strong one is an error", (target) => {
  const weak = `.data\n.weak V1\n.type V1,@object\n.size V1,4\nV1: .long 1\n`;
  const plain = define("foo", 1);
  const zero = asm(target, "zero", `${plain}.globl V1\nV1 = 0\n`);
  const fine = [asm(target, "weak", `${plain}${weak}`), zero, asm(target, "refers", `${plain}${refer(target, "V1")}`)];
  const wrong = [
    asm(target, "strong", `${plain}${define("V1", 2)}`),
    asm(target, "hidden", `${plain}.hidden V1\n${define("V1", 2)}`),
    asm(target, "common", `${plain}.comm V1,4,4\n`),
    asm(target, "five", `${plain}.globl V1\nV1 = 5\n`),
  ];
  likeGnuLd(target, (shop) => {
    shop.file("script", "V1 { global: foo; };");
    fine.forEach((object, i) => {
      shop.ld(`fine${i}.so`, ["-shared", "--version-script=script", object]);
    });
    for (const object of wrong) {
      match(shop.refuses("wrong.so", ["-shared", "--version-script=script", object], "ld"), /V1/);
    }
    // Of another library's version of this name there is no clash.
    shop.ld("out.so", ["-shared", "--version-script=script", "fine1.so", fine[2]]);
    return "";
  });
});

eachTarget("a library's hidden foo@V is no reason for a program to export its foo@@V", (target) => {
  const old = asm(target, "old", `${define("impl", 1)}.symver impl,foo@V1\n`);
  const main = asm(target, "main", `${define("_start", 0)}${define("mine", 1)}.symver mine,foo@@V1\n`);
  const names = likeGnuLd(target, (shop) => {
    library(shop, [old], "V1 { };");
    return exported(shop.ld("main", ["-pie", "-dynamic-linker", target.interpreter, "library.so", main]));
  });
  equal(names, "");
});

eachTarget("a version that its library flags weak is needed with that flag", (target) => {
  const lib = asm(target, "lib", define("foo", 1));
  const user = asm(target, "user", `${define("use", 1)}${refer(target, "foo")}`);
  const flags = likeGnuLd(target, (shop) => {
    const path = `${shop.directory}/${libraryOf(shop, lib, "V1")}`;
    const [, offset] = /\.gnu\.version_d +\S+ +\S+ (\S+)/.exec(tool("readelf", ["-SW", path])) ?? [];
    const bytes = readFileSync(path);
    // Behind the base version: Elf_Verdef of 20 bytes, Elf_Verdaux of 8.
    bytes.writeUInt16LE(VER_FLG_WEAK, Number.parseInt(offset ?? "", 16) + 28 + 2);
    writeFileSync(path, bytes);
    const text = tool("readelf", ["-VW", shop.ld("out.so", ["-shared", user, "v.so"])]);
    return /Name: V1 +Flags: (\S+) +Version/.exec(text)?.[1];
  });
  equal(flags, "WEAK");
});

eachTarget("a common foo of any file is the foo@@V that comes behind it, even if that is weak", (target) => {
  const impl =
    ".data\n.weak impl\n.type impl,@object\n.size impl,8\n.balign 8\nimpl: .quad 5\n.symver impl,foo@@V1,remove\n";
  const common = asm(target, "common", `.comm foo,16,16\n${refer(target, "foo")}`);
  const weak = asm(target, "weak", `${define("own", 1)}${impl}`);
  const both = asm(target, "both", `.comm foo,16,16\n${define("own", 1)}${impl}`);
  const names = likeGnuLd(target, (shop) =>
    [[common, weak], [weak, common], [both], [common, both]].map((objects) => library(shop, objects, "V1 { };")),
  );
  deepEqual(names, ["foo@@V1 own table", "foo@@V1 own table", "foo@@V1 own", "foo@@V1 own table"]);
});

eachTarget("foo@@V has no size or type of a foo whose place it takes", (target) => {
  const weak = asm(target, "weak", define("foo", 1, "weak"));
  const impl = asm(
    target,
    "impl",
    ".globl impl\nimpl: .cfi_startproc\nret\n.cfi_endproc\n.symver impl,foo@@V1,remove\n",
  );
  const names = likeGnuLd(target, (shop) => library(shop, [weak, impl], "V1 { };"));
  equal(names, "foo@@V1");
});
