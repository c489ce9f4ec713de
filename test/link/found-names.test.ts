// More of what random links (random.ts) found: who defines a name, and what becomes of the definitions that it is not. Each
// link is compared with GNU ld's.

import { deepEqual, match } from "node:assert/strict";
import { archive, compile } from "../support/build.ts";
import { eachTarget, gnu, likeGnuLd, underTest, workshop } from "../support/link.ts";
import { tool } from "../support/run.ts";
import { asm, callable, load, START, variable } from "./found-sources.ts";

const LOADER = "--dynamic-linker=/lib/loader";
const LINES = /^ *\d+: .*$/gm;

/** How a name stands in .symtab: type, binding, visibility. */
function inSymtab(path: string, name: string): string[] {
  const lines =
    tool("readelf", ["-sW", path])
      .replace(/^[\s\S]*'\.symtab'/, "")
      .match(LINES) ?? [];
  const fields = lines.map((it) => it.trim().split(/ +/));
  return fields.filter((it) => it[7] === name).map((it) => it.slice(3, 6).join(" "));
}

/** Has an STT_FILE symbol. */
function isNamed(path: string, file: string): boolean {
  return inSymtab(path, file).some((it) => it.startsWith("FILE "));
}

eachTarget("a library finds elsewhere what is hidden here, whatever the other library has by that name", (target) => {
  const program = asm(target, "program", `${START}${callable("f", ".hidden f")}`);
  const [asks, same, data] = [
    asm(target, "asks", ".data\n.dc.a f\n"),
    asm(target, "same", callable("f")),
    asm(target, "data", variable("f", 4)),
  ];
  likeGnuLd(target, (shop) => {
    const scripts = ["V1 { f; };", "V2 { f; };", "{ local: f; };"].map((it, i) => shop.file(`v${i}`, it));
    shop.ld("asks.so", ["-shared", asks]);
    shop.ld("data.so", ["-shared", data]);
    shop.ld("same.so", ["-shared", `--version-script=${scripts[0]}`, same]);
    shop.ld("a", [LOADER, program, "asks.so", "data.so"]);
    scripts.forEach((it, i) => {
      shop.ld(`b${i}`, [LOADER, program, "asks.so", "same.so", `--version-script=${it}`]);
    });
  });
});

eachTarget("what the command line names first is local where it is hidden and a library has the name", (target) => {
  const program = asm(target, "program", `${START}${callable("f", ".hidden f")}`);
  const library = asm(target, "library", callable("f"));
  const found = likeGnuLd(target, (shop) => {
    shop.ld("library.so", ["-shared", library]);
    shop.file("extern.ld", "EXTERN(f)");
    const ways = [[], ["-u", "f"], ["--require-defined=f"], ["--defsym=g=f"], ["extern.ld"]];
    const behind = ways.map((it, i) => inSymtab(shop.ld(`a${i}`, [LOADER, ...it, program, "library.so"]), "f")[0]);
    const front = ways.map((it, i) => inSymtab(shop.ld(`b${i}`, [LOADER, ...it, "library.so", program]), "f")[0]);
    return { behind, front };
  });
  const [hidden, local] = ["FUNC GLOBAL HIDDEN", "FUNC LOCAL DEFAULT"];
  deepEqual(found, { behind: [hidden, local, local, local, local], front: Array(5).fill(hidden) });
});

eachTarget("what an assignment defines is local where it is hidden and a library knows the name", (target) => {
  const program = asm(
    target,
    "program",
    `${START}${callable("g", ".hidden g")}${variable("d", 4, ".hidden d\n.globl")}`,
  );
  const open = asm(target, "open", `${START}${callable("g")}`);
  const has = asm(target, "has", `${callable("f")}${variable("d", 4)}`);
  const found = likeGnuLd(target, (shop) => {
    const library = "has.so";
    shop.ld(library, ["-shared", has]);
    const script = shop.file("assigns.ld", "f = g;");
    return [
      inSymtab(shop.ld("a", [LOADER, "--defsym=f=g", program, library]), "f"),
      inSymtab(shop.ld("b", [LOADER, "--defsym=f=g", library, program]), "f"),
      inSymtab(shop.ld("c", [LOADER, program, library, script]), "f"),
      inSymtab(shop.ld("d", [LOADER, "--defsym=d=0x1234", program, library]), "d"),
      inSymtab(shop.ld("e", [LOADER, "--defsym=d=0x1234", library, program]), "d"),
      inSymtab(shop.ld("f", [LOADER, "--defsym=f=g", open, library]), "f"),
    ];
  });
  const local = ["FUNC LOCAL DEFAULT"];
  const data = ["OBJECT LOCAL DEFAULT"];
  deepEqual(found, [local, local, local, data, data, ["FUNC GLOBAL DEFAULT"]]);
});

eachTarget("what is assigned from a hidden common symbol has been exported before that has a place", (target) => {
  const program = asm(target, "program", `${START}.hidden d\n.comm d,16,8\n`);
  const has = asm(target, "has", variable("f", 4));
  const asks = asm(target, "asks", ".data\n.dc.a f\n");
  const found = likeGnuLd(target, (shop) => {
    shop.ld("has.so", ["-shared", has]);
    shop.ld("asks.so", ["-shared", asks]);
    const links = [["has.so"], ["asks.so"], ["-pie", "asks.so"], ["-E"], ["-shared"], []];
    return links.map((it, i) => inSymtab(shop.ld(`a${i}`, [LOADER, "--defsym=f=d", program, ...it]), "f")[0]);
  });
  deepEqual(found, Array(6).fill("OBJECT GLOBAL HIDDEN"));
});

eachTarget("what an assignment names before it is assigned is looked for in archives", (target) => {
  const program = asm(target, "program", `${START}.data\n.dc.a f, g\n`);
  const members = ["f", "g"].map((name) => asm(target, name, `.text\n.globl ${name}\n${name}: ret\n`));
  const found = likeGnuLd(target, (shop) => {
    archive(shop.directory, "library.a", members);
    const orders = [["f=f"], ["g=f", "f=1"], ["f=1", "g=f"], ["g=f", "f=h", "h=1"], ["f=DEFINED(f)?f:1"]];
    return orders.map((them, i) => {
      const words = them.map((it) => `--defsym=${it}`);
      const path = shop.ld(`a${i}`, [...words, program, "library.a"]);
      return ["f", "g"].filter((name) => isNamed(path, `${name}.c`)).join();
    });
  });
  deepEqual(found, ["f,g", "", "", "f", "g"]);
});

eachTarget("what is assigned in place of a name that stands where its version stands is local as that is", (target) => {
  const program = asm(target, "program", `${START}${callable("f")}.symver f, f@V2\n${callable("g")}`);
  const uses = asm(target, "uses", ".data\n.dc.a f\n");
  const found = likeGnuLd(target, (shop) => [
    inSymtab(shop.ld("a", [program]), "f"),
    inSymtab(shop.ld("b", ["--defsym=f=0x1234", program]), "f"),
    inSymtab(shop.ld("c", ["--defsym=f=g", uses, program]), "f"),
    inSymtab(shop.ld("d", ["--defsym=f=g", "-pie", LOADER, program, uses]), "f"),
  ]);
  const local = ["FUNC LOCAL DEFAULT"];
  deepEqual(found, [[], local, local, local]);
});

eachTarget("an internal foo@@V is local where libraries ask for it", (target) => {
  const own = asm(target, "own", `.internal f_own\n${callable("f_own")}.symver f_own, f@@V1\n`);
  const start = asm(target, "start", START);
  const asks = asm(target, "asks", ".data\n.dc.a f\n");
  const found = likeGnuLd(target, (shop) => {
    const script = shop.file("script", "V1 { f; };");
    shop.ld("has.so", ["-shared", asm(target, "has", callable("f")), `--version-script=${script}`]);
    shop.ld("asks.so", ["-shared", asks]);
    shop.ld("asks-version.so", ["-shared", asks, "has.so"]);
    return [
      [own, "has.so"],
      ["has.so", own],
      [own, "has.so", "asks-version.so"],
      ["asks.so", "has.so", own],
      ["has.so", "asks.so", own],
    ].map((it, i) => inSymtab(shop.ld(`a${i}`, [LOADER, start, ...it]), "f@@V1")[0]);
  });
  const [local, internal] = ["FUNC LOCAL DEFAULT", "FUNC GLOBAL INTERNAL"];
  deepEqual(found, [internal, internal, local, local, local]);
});

eachTarget(
  "what objects may leave open a library's weak reference does not ask for, under --gc-sections either",
  (target) => {
    const program = asm(target, "program", `${START}.data\n.dc.a f\n`);
    likeGnuLd(target, (shop) => {
      shop.ld("weak.so", ["-shared", asm(target, "weak", ".weak f\n.data\n.dc.a f\n")]);
      shop.ld("strong.so", ["-shared", asm(target, "strong", ".data\n.dc.a f\n")]);
      const rest = [LOADER, "--unresolved-symbols=ignore-in-object-files", "--gc-sections", program];
      shop.ld("a", [...rest, "weak.so"]);
      match(shop.refuses("b", [...rest, "strong.so"], "ld"), /undefined reference to [`']f/);
    });
  },
);

eachTarget("a weak definition behind a hidden one says nothing", (target) => {
  const program = asm(target, "program", `${START}${callable("f", ".hidden f")}`);
  const library = asm(target, "library", callable("f"));
  const [weak, hides] = [
    asm(target, "weak", ".weak f\n.data\nf: .dc.a 0\n"),
    asm(target, "hides", ".hidden f\n.weak f\n.data\nf: .dc.a 0\n"),
  ];
  const open = asm(target, "open", `${START}${callable("f")}`);
  const found = likeGnuLd(target, (shop) => {
    shop.ld("library.so", ["-shared", library]);
    return [
      inSymtab(shop.ld("a", [LOADER, program, "library.so", weak]), "f"),
      inSymtab(shop.ld("b", [LOADER, open, "library.so", hides]), "f"),
    ];
  });
  deepEqual(found, [["FUNC GLOBAL HIDDEN"], ["FUNC LOCAL DEFAULT"]]);
});

eachTarget("--gc-sections removes what an assignment has taken the place of", (target) => {
  const uses = asm(target, "uses", `${START}${load(target, "taken")}`);
  const defines = asm(
    target,
    "defines",
    `${variable("taken", 4, '.section old,"aw"\n.globl')}${variable("other", 4, '.section new,"aw"\n.globl')}`,
  );
  const sections = likeGnuLd(target, (shop) =>
    ["taken=0x1234", "taken=other", "taken=taken+4"].map((it, i) => {
      const path = shop.ld(`a${i}`, ["--gc-sections", `--defsym=${it}`, uses, defines]);
      return [...tool("readelf", ["-SW", path]).matchAll(/ (old|new) /g)].map(([, name]) => name);
    }),
  );
  deepEqual(sections, [[], ["new"], ["old"]]);
});

eachTarget(
  "unwind records of removed functions are records still: the PLT's and a table stand beside them",
  (target) => {
    const gone = asm(
      target,
      "gone",
      `.section .text.gone,"ax"\n.globl gone\n.cfi_startproc\ngone: ret\n.cfi_endproc\n`,
    );
    const program = compile(
      target,
      "bare.s",
      `.globl _start\n_start: call f${target.wordBytes === 8 ? "@PLT" : ""}\n.section .note.GNU-stack,"",@progbits\n`,
    );
    const plain = compile(target, "plain.s", '.globl _start\n_start: ret\n.section .note.GNU-stack,"",@progbits\n');
    const library = asm(target, "library", callable("f"));
    const unwound = asm(target, "unwound", `.section .text.gone,"ax"\n.cfi_startproc\nret\n.cfi_endproc\n`);
    likeGnuLd(target, (shop) => {
      shop.ld("library.so", ["-shared", library]);
      for (const [i, object] of [gone, unwound].entries()) {
        shop.ld(`plt${i}`, [LOADER, "--gc-sections", "--eh-frame-hdr", program, object, "library.so"]);
        shop.ld(`none${i}`, [LOADER, "--gc-sections", "--eh-frame-hdr", plain, object, "library.so"]);
      }
    });
  },
);

eachTarget(
  "a common symbol's size is compared with a library's that took its place, not with what comes then",
  (target) => {
    const common = asm(target, "common", `${START}${load(target, "shared")}.comm shared,8,32\n`);
    const defines = asm(target, "defines", `${variable("shared", 4)}`);
    const library = asm(target, "library", variable("shared", 16));
    const said = [gnu, underTest].map((linker) => {
      const shop = workshop(linker, target);
      shop.file("v", "V { shared; };");
      shop.ld("plain.so", ["-shared", library]);
      shop.ld("versioned.so", ["-shared", "--version-script=v", library]);
      const links = [
        [common, "plain.so", defines],
        [common, "versioned.so", defines],
        [common, defines, "plain.so"],
        ["plain.so", defines, common],
        [common, defines, "--defsym=shared=0x1234"],
      ];
      return links.map((it, i) => {
        shop.ld(`a${i}`, it);
        const text = shop.messages();
        return [/alignment \d+ of (?:symbol )?`shared'/.test(text), /size of symbol `shared'/.test(text)];
      });
    });
    deepEqual(said[1], said[0]);
    deepEqual(said[0], [
      [false, true],
      [false, false],
      [true, true],
      [true, false],
      [true, true],
    ]);
  },
);

eachTarget("a version that a library asks for is met where the linker sees it", (target) => {
  const [library, asks] = [asm(target, "library", variable("shared", 8)), asm(target, "asks", ".data\n.dc.a shared\n")];
  const common = asm(target, "common", `${START}.comm shared,8,8\n`);
  const plain = asm(target, "plain", START);
  likeGnuLd(target, (shop) => {
    shop.file("v", "V { shared; };");
    shop.ld("versioned.so", ["-shared", "--version-script=v", library]);
    shop.ld("asks.so", ["-shared", asks, "versioned.so"]);
    shop.ld("hides.so", ["-shared", "-soname=versioned.so", library]);
    // Over a library's definition that has taken a common symbol's place, too.
    shop.ld("a", [LOADER, "--defsym=shared=0x1234", common, "versioned.so", "asks.so"]);
    match(shop.refuses("b", [plain, "hides.so", "asks.so"], "ld"), /undefined reference to `shared@V'/);
  });
});

eachTarget("an object of which --gc-sections leaves no record and nothing else has no STT_FILE symbol", (target) => {
  const [gone, stays] = [
    asm(target, "gone", '.section .text.gone,"ax"\n.globl gone\n.cfi_startproc\ngone: ret\n.cfi_endproc\n'),
    asm(target, "stays", START),
  ];
  const plain = compile(target, "plain.s", '.globl _start\n_start: ret\n.section .note.GNU-stack,"",@progbits\n');
  const files = likeGnuLd(target, (shop) =>
    [
      [gone, stays],
      [stays, gone],
      [plain, gone],
      [plain, gone, "--eh-frame-hdr"],
    ].map((it, i) => {
      const symbols = tool("readelf", ["-sW", shop.ld(`a${i}`, ["--gc-sections", ...it])]);
      return [...symbols.matchAll(/ABS (\w+\.c)$/gm)].map(([, name]) => name).sort();
    }),
  );
  deepEqual(files, [["gone.c", "stays.c"], ["stays.c"], [], ["gone.c"]]);
});

eachTarget(
  "a pointer of a fixed program to a weak function that nothing defines is 0, also where calls go through the PLT",
  (target) => {
    const library = asm(target, "library", callable("g"));
    const calls = asm(target, "calls", `.weak f\n${START}call f@PLT\n.data\n.dc.a f\n`);
    const loads = asm(target, "loads", `.weak f\n${START}call f@PLT\n${load(target, "f")}.data\n.dc.a f\n`);
    // GNU ld leaves an empty relocation (R_*_NONE) where it has thought of one.
    const words = likeGnuLd(
      target,
      (shop) => {
        shop.ld("library.so", ["-shared", library]);
        return [calls, loads].map((it, i) => {
          const text = tool("readelf", ["-x", ".data", shop.ld(`a${i}`, [LOADER, it, "library.so"])]);
          return /^ +0x\w+ ([0-9a-f ]*?) {2}/m.exec(text)?.[1].replace(/[ 0]/g, "");
        });
      },
      ["relocations", "dynamic", "sections", "segments"],
    );
    deepEqual(words, ["", ""]);
  },
);

eachTarget("--defsym: what an object has as v@@V1 is no v with a value for an assignment to v itself", (target) => {
  const plain = asm(target, "plain", `${START}${variable("v", 4)}`);
  const versioned = asm(target, "versioned", `${START}${variable("v_impl", 4)}.symver v_impl,v@@V1\n`);
  likeGnuLd(target, (shop) => {
    shop.ld("a.so", ["-shared", "--defsym=v=v", plain]);
    const script = `--version-script=${shop.file("v", "V1 { };")}`;
    shop.ld("b.so", ["-shared", "--defsym=v=v_impl", script, versioned]);
    match(
      shop.refuses("c.so", ["-shared", "--defsym=v=v", script, versioned], "ld"),
      /undefined symbol `v' referenced in expression/,
    );
  });
});

eachTarget("common symbols together have the largest alignment of all, which a definition is held to", (target) => {
  const [aligned, large] = [asm(target, "aligned", `${START}.comm v,4,32\n`), asm(target, "large", ".comm v,16,4\n")];
  const defines = asm(target, "defines", variable("v", 16));
  const said = [gnu, underTest].map((linker) => {
    const shop = workshop(linker, target);
    return [
      [aligned, large],
      [large, aligned],
    ].map((commons, i) => {
      shop.ld(`a${i}`, [...commons, defines]);
      return /alignment (\d+) of (?:symbol )?`v'.*than (\d+)/.exec(shop.messages())?.slice(1);
    });
  });
  deepEqual(said, [
    [
      ["16", "32"],
      ["16", "32"],
    ],
    [
      ["16", "32"],
      ["16", "32"],
    ],
  ]);
});

eachTarget("--defsym of what is hidden is local where a library has the name, and hidden where none has", (target) => {
  const object = asm(target, "object", `${START}${callable("g", ".hidden g")}`);
  const library = asm(target, "library", callable("f"));
  const found = likeGnuLd(target, (shop) => {
    shop.ld("plain.so", ["-shared", library]);
    shop.ld("versioned.so", ["-shared", `--version-script=${shop.file("v", "V1 { f; };")}`, library]);
    return [[object], [object, "plain.so"], ["plain.so", object], [object, "versioned.so"]].map((it, i) =>
      inSymtab(shop.ld(`a${i}`, [LOADER, "--defsym=f=g", ...it]), "f").join(),
    );
  });
  deepEqual(found, ["FUNC GLOBAL HIDDEN", "FUNC LOCAL DEFAULT", "FUNC LOCAL DEFAULT", "FUNC LOCAL DEFAULT"]);
});

eachTarget("--gc-sections: -u foo keeps foo, and no foo@@V of which foo is another name", (target) => {
  const program = asm(target, "program", START);
  const plain = asm(target, "plain", variable("v", 8));
  const versioned = asm(target, "versioned", `${variable("impl", 8)}.symver impl,v@@V1,remove\n`);
  const found = likeGnuLd(target, (shop) =>
    [plain, versioned].map((it, i) => {
      const path = shop.ld(`a${i}`, ["--gc-sections", "-u", "v", program, it]);
      return / OBJECT +GLOBAL .* v(?:@|$)/m.test(tool("readelf", ["-sW", path]));
    }),
  );
  deepEqual(found, [true, false]);
});

eachTarget("--gc-sections: a library's wish for another's f@@V keeps no hidden f", (target) => {
  const program = asm(target, "program", START);
  const weak = asm(target, "weak", '.section .text.f,"ax"\n.weak f\n.hidden f\n.type f,@function\nf: ret\n.size f,1\n');
  const [defines, asks] = [asm(target, "defines", callable("f")), asm(target, "asks", ".data\n.dc.a f\n")];
  const found = likeGnuLd(target, (shop) => {
    shop.ld("defines.so", ["-shared", `--version-script=${shop.file("v", "V1 { f; };")}`, defines]);
    shop.ld("asks.so", ["-shared", asks, "defines.so"]);
    return inSymtab(shop.ld("a", [LOADER, "--gc-sections", program, "asks.so", "defines.so", weak]), "f");
  });
  deepEqual(found, []);
});

eachTarget("--copy-dt-needed-entries holds for the libraries that a library needs, too", (target) => {
  const program = asm(target, "program", `${START}${callable("f")}`);
  const [asks, empty] = [asm(target, "asks", ".data\n.dc.a f\n"), asm(target, "empty", "")];
  const found = likeGnuLd(target, (shop) => {
    shop.ld("asks.so", ["-shared", asks]);
    shop.ld("middle.so", ["-shared", empty, "--no-as-needed", "asks.so"]);
    shop.ld("top.so", ["-shared", empty, "--no-as-needed", "middle.so"]);
    const flags = [LOADER, "-rpath-link", ".", "--allow-shlib-undefined"];
    return [[], ["--copy-dt-needed-entries"]].map((it, i) => {
      const lines = tool("readelf", ["--dyn-syms", "-W", shop.ld(`a${i}`, [...flags, ...it, program, "top.so"])]);
      return / f$/m.test(lines);
    });
  });
  deepEqual(found, [false, true]);
});
