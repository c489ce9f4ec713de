// What a word on the command line means for the files after it, and for how long: -static and -Bdynamic, --as-needed,
// --push-state, groups. And links into which no object comes.

import { deepEqual, equal, match } from "node:assert/strict";
import { archive, compile, type Target } from "../../support/build.ts";
import { beyondGnuLd, eachTarget, likeGnuLd, underTest, type Workshop, workshop } from "../../support/link.ts";
import { run } from "../../support/run.ts";

/** Functions that call others, each `name: callees`. */
function functions(target: Target, name: string, bodies: Readonly<Record<string, readonly string[]>>): string {
  const text = Object.entries(bodies).map(([label, callees]) => {
    const declarations = callees.map((callee) => `void ${callee}(void); `).join("");
    return `${declarations}void ${label}(void) { ${callees.map((callee) => `${callee}(); `).join("")}}\n`;
  });
  return compile(target, `${name}.c`, text.join(""), ["-fPIC"]);
}

/** `main.o`, whose _start calls `wanted`, and `NAME.so`, `libNAME.so` and `libNAME.a` for each library. */
function stock(shop: Workshop, wanted: string, libraries: Readonly<Record<string, readonly string[]>>): string {
  for (const [name, callees] of Object.entries(libraries)) {
    const object = functions(shop.target, name, { [name]: callees });
    link(shop, `lib${name}.so`, ["-shared", "-soname", `lib${name}.so`, object]);
    archive(shop.directory, `lib${name}.a`, [object]);
  }
  return functions(shop.target, "main", { _start: wanted === "" ? [] : [wanted] });
}

/** Links something that is not itself to be compared. */
function link(shop: Workshop, output: string, args: readonly string[]): number | null {
  const { linker, target, directory } = shop;
  return run(linker.path, ["-m", target.emulation, "-L.", "-o", output, ...args], { cwd: directory }).status;
}

/** What became of a link: its exit status, what the output needs, and whether it names a dynamic linker. */
function outcome(shop: Workshop, args: readonly string[]): string {
  if (link(shop, "out", args) !== 0) return "refused";
  const { stdout } = run("readelf", ["-dlW", "out"], { cwd: shop.directory });
  const needed = [...stdout.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name);
  return [...needed, ...(stdout.includes("INTERP") ? ["interpreter"] : [])].join(" ");
}

/** The outcomes of command lines (words apart by spaces; `main` is main.o), which must be GNU ld's. */
function outcomes(
  target: Target,
  lines: readonly string[],
  wanted: string,
  libraries: Readonly<Record<string, readonly string[]>>,
): readonly string[] {
  return likeGnuLd(target, (shop) => {
    const main = stock(shop, wanted, libraries);
    return lines.map((line) =>
      outcome(
        shop,
        line.split(" ").map((word) => (word === "main" ? main : word)),
      ),
    );
  });
}

const FOO = { foo: [] };

eachTarget("-Bstatic and its like let -l find archives only, up to -Bdynamic or --pop-state", (target) => {
  const shared = [
    "main -lfoo",
    "main -Bstatic -Bdynamic -lfoo",
    "main -dn -dy -lfoo",
    "main -non_shared -call_shared -lfoo",
    "main --push-state -static --pop-state -lfoo",
    "main --push-state -Bstatic --push-state -Bdynamic --pop-state --pop-state -lfoo",
    "main -a archive -a shared -lfoo",
  ];
  const archives = [
    "main -Bstatic -lfoo",
    "main -static -lfoo",
    "main -dn -lfoo",
    "main -non_shared -lfoo",
    "main -a archive -lfoo",
    "main -Bstatic --push-state -Bdynamic --pop-state -lfoo",
    "main -N -lfoo",
    "main -n -lfoo",
  ];
  deepEqual(outcomes(target, [...shared, ...archives], "foo", FOO), [
    ...shared.map(() => "libfoo.so interpreter"),
    ...archives.map(() => ""),
  ]);
});

eachTarget("-static before all files refuses a program that needs a dynamic linker after all", (target) => {
  const refused = [
    "-static main -Bdynamic -lfoo",
    "-Bstatic main -Bdynamic libfoo.so",
    "-dn main -dy -lfoo",
    "--push-state -static --pop-state main -lfoo",
    "-pie -static main -Bdynamic -lfoo",
    "-static main -Bdynamic --as-needed -lbar -Bstatic -lfoo",
    "-( -static main -Bdynamic -lfoo -)",
  ];
  const linked = {
    "main -static -Bdynamic -lfoo": "libfoo.so interpreter",
    "-static main -Bdynamic -lfoo -dynamic-linker /lib/ld.so": "libfoo.so interpreter",
    "-static main -Bdynamic -lfoo --no-dynamic-linker": "libfoo.so",
    "-static -pie --no-dynamic-linker main -Bdynamic -lfoo": "libfoo.so",
    "-static -pie --no-dynamic-linker main -lfoo": "",
    "-static -shared main -Bdynamic -lfoo": "libfoo.so",
    "-a archive main -a shared -lfoo": "libfoo.so interpreter",
    "-static main -lfoo -Bdynamic": "",
    "-static -pie main -lfoo -Bdynamic": "interpreter",
  };
  deepEqual(outcomes(target, [...refused, ...Object.keys(linked)], "foo", { ...FOO, bar: [] }), [
    ...refused.map(() => "refused"),
    ...Object.values(linked),
  ]);
});

eachTarget("the refusal names each shared library, in GNU ld's words", (target) => {
  const shop = workshop(underTest, target);
  const main = stock(shop, "foo", { ...FOO, bar: [] });
  const said = shop.refuses("out", ["-static", main, "-Bdynamic", "libfoo.so", "--as-needed", "libbar.so"], "ld");
  match(said, /^ld: error: libfoo\.so: attempted static link of dynamic object \[static-link-of-shared\]$/m);
  match(said, /^ld: error: libbar\.so: attempted static link of dynamic object/m);
});

eachTarget("a shared library by name under -Bstatic is refused, also with -l: and from a script", (target) => {
  const lines = ["main -Bstatic libfoo.so", "main -Bstatic -l:libfoo.so", "main -Bstatic foo.ld", "main foo.ld"];
  const said = likeGnuLd(target, (shop) => {
    const main = stock(shop, "foo", FOO);
    shop.file("foo.ld", "INPUT(libfoo.so)");
    return lines.map((line) =>
      outcome(
        shop,
        line.split(" ").map((word) => (word === "main" ? main : word)),
      ),
    );
  });
  deepEqual(said, ["refused", "refused", "refused", "libfoo.so interpreter"]);
});

eachTarget("--push-state keeps --as-needed and --whole-archive, and not what -b says", (target) => {
  const said = likeGnuLd(target, (shop) => {
    const main = stock(shop, "", FOO);
    const text = shop.file("text", "some text");
    shop.ld("embedded", [main, "--push-state", "-b", "binary", "--pop-state", text]);
    return [
      outcome(shop, [main, "--push-state", "--as-needed", "--pop-state", "-lfoo"]),
      outcome(shop, [main, "--as-needed", "--push-state", "--no-as-needed", "--pop-state", "-lfoo"]),
      outcome(shop, [main, "--push-state", "--whole-archive", "--pop-state", "libfoo.a"]),
    ];
  });
  deepEqual(said, ["libfoo.so interpreter", "", ""]);
});

const CHAIN = { one: ["two"], two: ["three"], three: [] };

eachTarget("a group looks again at libraries that --as-needed had no use for", (target) => {
  const lines = [
    "--as-needed main --start-group libone.a libthree.so libtwo.a --end-group",
    "--as-needed main --start-group libthree.so libtwo.a libone.a --end-group",
    "--as-needed main -( -( libthree.so -) libtwo.a libone.a -)",
    "--as-needed main --start-group -lthree -Bstatic -ltwo -lone --end-group",
    // Only what stands in the group itself is looked at again.
    "--as-needed main libthree.so --start-group libtwo.a libone.a --end-group libthree.a",
    // The archive after the one that asks comes before a second look at the library before it.
    "--as-needed main --start-group libthree.so libtwo.so libone.a libtwo.a --end-group",
  ];
  deepEqual(outcomes(target, lines, "one", CHAIN), [
    "libthree.so interpreter",
    "libthree.so interpreter",
    "libthree.so interpreter",
    "libthree.so interpreter",
    "",
    "libthree.so interpreter",
  ]);
});

eachTarget("so do GROUP and AS_NEEDED of a script, and INPUT of a script in a group", (target) => {
  const said = likeGnuLd(target, (shop) => {
    const main = stock(shop, "one", CHAIN);
    shop.file("group.ld", "GROUP(AS_NEEDED(libthree.so) libtwo.a libone.a)");
    shop.file("input.ld", "INPUT(AS_NEEDED(libthree.so) libtwo.a)");
    return [
      outcome(shop, [main, "group.ld"]),
      outcome(shop, [main, "--start-group", "input.ld", "libone.a", "--end-group"]),
    ];
  });
  deepEqual(said, ["libthree.so interpreter", "libthree.so interpreter"]);
});

eachTarget("what a group finds late stands in DT_NEEDED where the command line has it", (target) => {
  const lines = ["--as-needed main --start-group libthree.so libfour.so libone.a libtwo.a --end-group"];
  const libraries = { ...CHAIN, two: ["four", "three"], four: [] };
  deepEqual(outcomes(target, lines, "one", libraries), ["libthree.so libfour.so interpreter"]);
});

eachTarget("a link of archives whose members nothing asks for makes an empty program", (target) => {
  likeGnuLd(
    target,
    (shop) => {
      stock(shop, "", FOO);
      shop.ld("program", ["libfoo.a"]);
      shop.ld("static", ["-static", "libfoo.a"]);
      shop.ld("object", ["-r", "libfoo.a"]);
      shop.ld("idle", ["--as-needed", "libfoo.so"]);
    },
    // GNU ld writes a program without program headers.
    ["segments"],
  );
});

eachTarget("a link of shared libraries alone needs them: how umbrella libraries are made", (target) => {
  const lines = [
    "-shared libone.so libtwo.so",
    "libone.so",
    "-pie libone.so",
    "-E libone.so",
    "-shared libone.so -u one",
  ];
  deepEqual(outcomes(target, lines, "", { one: [], two: [] }), [
    "libone.so libtwo.so",
    "libone.so interpreter",
    "libone.so interpreter",
    "libone.so interpreter",
    "libone.so",
  ]);
});

beyondGnuLd("a library made of nothing can be opened: GNU ld's has no dynamic section", (target) => {
  const shop = workshop(underTest, target);
  stock(shop, "", FOO);
  shop.ld("libempty.so", ["-shared", "-soname", "libempty.so", "libfoo.a"]);
  match(run("readelf", ["-d", "libempty.so"], { cwd: shop.directory }).stdout, /SONAME.*libempty\.so/);
});

eachTarget("-u takes members out of archives, in groups too, and no files at all are no link", (target) => {
  const said = likeGnuLd(target, (shop) => {
    stock(shop, "", CHAIN);
    shop.ld("program", ["-u", "one", "--start-group", "libthree.a", "libtwo.a", "libone.a", "--end-group"]);
    return [outcome(shop, ["-u", "one"]), outcome(shop, ["--start-group", "--end-group"])];
  });
  deepEqual(said, ["refused", "refused"]);
});

eachTarget("a program without dynamic linker that exports something has a dynamic section", (target) => {
  likeGnuLd(target, (shop) => {
    const main = functions(target, "exporting", { _start: ["foo"], foo: [] });
    const list = shop.file("list", "{ foo; };");
    shop.ld("all", ["--no-dynamic-linker", "-E", main]);
    shop.ld("listed", ["--no-dynamic-linker", "--dynamic-list", list, main]);
    shop.ld("one", ["--no-dynamic-linker", "--export-dynamic-symbol=foo", main]);
    shop.ld("none", ["-E", main]);
    shop.ld("static-pie", ["-static", "-pie", "--no-dynamic-linker", "-E", main]);
  });
});

eachTarget("static PIE as rustc makes it: -Bdynamic at the end changes nothing", (target) => {
  const stdout = likeGnuLd(target, (shop) => {
    const main = compile(target, "puts.c", '#include <stdio.h>\nint main(void) { puts("here"); }', ["-fpie"]);
    const libraries = "-nodefaultlibs -Wl,-Bstatic -lc -lgcc_eh -lgcc -lc -Wl,-Bdynamic".split(" ");
    shop.cc("static-pie", ["-static-pie", main, ...libraries]);
    shop.cc("static", ["-static", main, ...libraries]);
    return shop.run("static-pie").stdout + shop.run("static").stdout;
  });
  equal(stdout, "here\nhere\n");
});

eachTarget(
  "--as-needed has no use for a library's definition of what is hidden, or for what comes along anyway",
  (target) => {
    const found = likeGnuLd(target, (shop) => {
      const main = compile(
        target,
        "hidden.s",
        `.globl _start\n_start: ret\n.hidden foo\n.weak foo\n.data\n.long foo - .\n`,
      );
      const strong = functions(target, "strong", { _start: ["bar"] });
      stock(shop, "", { foo: [], bar: ["foo"] });
      link(shop, "libbar.so", ["-shared", functions(target, "bar", { bar: ["foo"] }), "libfoo.so"]);
      return [
        outcome(shop, [main, "--as-needed", "libfoo.so"]),
        outcome(shop, [strong, "--as-needed", "libfoo.so", "libbar.so"]),
        outcome(shop, [strong, "--as-needed", "libbar.so", "libfoo.so"]),
        outcome(shop, ["--as-needed", "libbar.so", "libfoo.so", strong, "libbar.so"]),
      ];
    });
    deepEqual(found, ["", "libbar.so interpreter", "libbar.so interpreter", "libbar.so interpreter"]);
  },
);

eachTarget("what --as-needed had no use for is where a library's need is looked for first", (target) => {
  const said = likeGnuLd(target, (shop) => {
    const main = functions(target, "main", { _start: ["bar"] });
    stock(shop, "", { foo: [] });
    link(shop, "libbar.so", ["-shared", functions(target, "bar", { bar: ["foo"] }), "libfoo.so"]);
    // The library's need is not found beside this one, and foo is undefined in a library then.
    const found = outcome(shop, ["--as-needed", "libfoo.so", "--no-as-needed", main, "libbar.so"]);
    return [found, outcome(shop, [main, "libbar.so"])];
  });
  deepEqual(said, ["libbar.so interpreter", "refused"]);
});
