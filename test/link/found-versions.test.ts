// What random links (random.ts) found about names with versions and about who needs a library. Each link is compared with GNU
// ld's.

import { deepEqual, match } from "node:assert/strict";
import { join } from "node:path";
import { archive, scratch, type Target } from "../support/build.ts";
import { eachTarget, gnu, likeGnuLd, underTest, type Workshop, workshop } from "../support/link.ts";
import { portrait } from "../support/object-portrait.ts";
import { tool } from "../support/run.ts";
import { asm, callable, START, variable } from "./found-sources.ts";

const LOADER = "--dynamic-linker=/lib/loader";

function needed(path: string): string[] {
  return [...tool("readelf", ["-dW", path]).matchAll(/NEEDED.*\[(.*)\]/g)].map(([, name]) => name);
}

/** How a name, with or without a version, stands in .dynsym. */
function exported(path: string, name: string): string[] {
  return [...tool("readelf", ["--dyn-syms", "-W", path]).matchAll(/\d (\w+) +\w+ +(\w+) +\w+ (\S+)/g)]
    .filter(([, , , found]) => found.replace(/@.*/, "") === name)
    .map(([, , visibility, found]) => `${visibility} ${found}`);
}

eachTarget("what only the command line names makes no --as-needed library needed", (target) => {
  const [program, uses] = [asm(target, "program", START), asm(target, "uses", `${START}.data\n.dc.a f\n`)];
  const [defines, asks] = [asm(target, "defines", callable("f")), asm(target, "asks", ".data\n.dc.a f\n")];
  const found = likeGnuLd(target, (shop) => {
    shop.ld("f.so", ["-shared", defines]);
    shop.ld("asks.so", ["-shared", asks]);
    return [
      ["-u", "f", program, "--as-needed", "f.so"],
      ["-u", "f", "--as-needed", "f.so", program],
      ["-u", "f", "asks.so", program, "--as-needed", "f.so"],
      ["-u", "f", uses, "--as-needed", "f.so"],
    ].map((it, i) => needed(shop.ld(`a${i}`, [LOADER, ...it])));
  });
  deepEqual(found, [[], [], ["asks.so", "f.so"], ["f.so"]]);
});

/** `f` of an object that has `f@V1` at its place, behind or in front of libraries that have the name in some way. */
function joined(target: Target, visibility: string): Record<string, readonly string[]> {
  const object = asm(target, `own-${visibility}`, `${START}${visibility}${variable("f", 8)}.symver f,f@V1\n`);
  const library = asm(target, "library", variable("f", 8));
  const asks = asm(target, "asks", ".data\n.weak f\n.dc.a f\n");
  const build = (shop: Workshop): Record<string, readonly string[]> => {
    shop.ld("plain.so", ["-shared", library]);
    shop.ld("other.so", ["-shared", `--version-script=${shop.file("v", "V9 { f; };")}`, library]);
    shop.ld("asks.so", ["-shared", asks]);
    const of = (name: string, ...inputs: readonly string[]): string[] =>
      exported(shop.ld(name, [LOADER, ...inputs]), "f");
    return {
      plain: of("a", object, "plain.so"),
      "plain in front": of("b", "plain.so", object),
      "of another version": of("c", object, "other.so"),
      "of another version in front": of("d", "other.so", object),
      asked: of("e", object, "asks.so"),
    };
  };
  // What no library sees is local here.
  return likeGnuLd(target, build, ["symbols"]);
}

eachTarget("f@V1 at the place of f is exported for a library behind that defines f@@V9", (target) => {
  deepEqual(joined(target, ""), {
    plain: [],
    "plain in front": [],
    "of another version": ["DEFAULT f@V1"],
    "of another version in front": [],
    asked: [],
  });
});

eachTarget("a protected f@V1 at the place of f is exported for any library behind that defines f", (target) => {
  deepEqual(joined(target, ".protected f\n"), {
    plain: ["PROTECTED f@V1"],
    "plain in front": [],
    "of another version": ["PROTECTED f@V1"],
    "of another version in front": [],
    asked: [],
  });
});

eachTarget("a library's f@V1 is no f for another library that asks for it", (target) => {
  const object = asm(target, "own", `${START}${callable("f")}.symver f,f@V1\n`);
  const versioned = asm(target, "versioned", `${callable("impl")}.symver impl,f@V1\n`);
  const asks = asm(target, "asks", ".data\n.dc.a f\n");
  for (const linker of [gnu, underTest]) {
    const shop = workshop(linker, target);
    shop.ld("versioned.so", ["-shared", `--version-script=${shop.file("v", "V1 { };")}`, versioned]);
    shop.ld("asks.so", ["-shared", asks]);
    const said = shop.refuses("a", [LOADER, object, "versioned.so", "asks.so"], "ld");
    match(said, /local symbol `f'.* is referenced by DSO/);
  }
});

function versionedLibrary(shop: Workshop, object: string): void {
  shop.ld("versioned.so", ["-shared", `--version-script=${shop.file("v", "V1 { f; };")}`, object]);
}

eachTarget("a hidden reference to f@V1 hides the f that stands for it, and no library meets it", (target) => {
  const object = asm(target, "own", `${START}${callable("f")}`);
  const library = asm(target, "library", callable("f"));
  const hides = asm(target, "hides", ".symver wanted,f@V1\n.hidden wanted\n.data\n.dc.a wanted\n");
  const found = likeGnuLd(target, (shop) => {
    versionedLibrary(shop, library);
    const path = shop.ld("a", [LOADER, "versioned.so", object, hides]);
    match(shop.refuses("b", [LOADER, object, hides, "versioned.so"], "ld"), /undefined reference to `f@V1'/);
    return exported(path, "f");
  });
  deepEqual(found, []);
});

eachTarget("a weak foo@@V that is passed over as foo still says whom foo is for", (target) => {
  const object = asm(target, "own", `${START}${callable("f")}`);
  const weak = asm(target, "weak", ".weak impl\n.hidden impl\n.data\nimpl: .dc.a 0\n.symver impl,f@@V1,remove\n");
  const found = likeGnuLd(target, (shop) => {
    const script = shop.file("v", "V1 { local: nothing; };");
    return exported(shop.ld("a.so", ["-shared", `--version-script=${script}`, object, weak]), "f");
  });
  deepEqual(found, []);
});

eachTarget("an archive's foo@@V is not looked up for a common foo where a library has that version", (target) => {
  const common = asm(target, "common", `${START}.protected foo\n.comm foo,8,8\n`);
  const impl = asm(target, "impl", `${variable("impl", 8)}.symver impl,foo@@V1\n`);
  const library = asm(target, "library", variable("foo", 8));
  const directory = scratch("archive");
  archive(directory, "lib.a", [impl]);
  likeGnuLd(target, (shop) => {
    shop.ld("versioned.so", ["-shared", `--version-script=${shop.file("v", "V1 { foo; };")}`, library]);
    shop.ld("a", [LOADER, common, "versioned.so", join(directory, "lib.a")]);
  });
});

eachTarget(
  "an archive's foo@@V is not looked up for a hidden reference to foo where a library has that version",
  (target) => {
    const asks = asm(target, "asks", `${START}.hidden f\n.data\n.dc.a f\n`);
    const library = asm(target, "library", callable("f"));
    const directory = scratch("archive");
    for (const version of ["V1", "V2"]) {
      const impl = asm(target, `impl${version}`, `${callable("impl")}.symver impl,f@@${version}\n`);
      archive(directory, `${version}.a`, [impl]);
    }
    likeGnuLd(target, (shop) => {
      versionedLibrary(shop, library);
      const said = shop.refuses("a", [LOADER, asks, "versioned.so", join(directory, "V1.a")], "ld");
      match(said, /undefined reference to `f'/);
      shop.ld("b", [LOADER, asks, join(directory, "V1.a"), "versioned.so"]);
      shop.ld("c", [LOADER, asks, "versioned.so", join(directory, "V2.a")]);
    });
  },
);

eachTarget("-r: what is in no group does not join a member of one", (target) => {
  const member = asm(target, "member", '.section .text.f,"axG",@progbits,f,comdat\n.weak f\nf: ret\n');
  const other = asm(target, "other", '.section .text.f,"ax",@progbits\n.globl g\ng: ret\n');
  const [ours, theirs] = [underTest, gnu].map((linker) =>
    portrait(workshop(linker, target).ld("out.o", ["-r", member, other])),
  );
  deepEqual(ours, theirs);
  deepEqual(ours?.filter((it) => / \.text\.f PROGBITS /.test(it)).length, 2);
});

eachTarget("where foo is hidden, foo@V is the library's whatever foo stands for elsewhere", (target) => {
  const object = asm(target, "own", `${START}.hidden v\n${variable("v", 8)}`);
  const asks = asm(target, "asks", ".symver wanted,v@V1\n.data\n.dc.a wanted\n");
  const library = asm(target, "library", variable("v", 8));
  const found = likeGnuLd(target, (shop) => {
    shop.ld("versioned.so", ["-shared", `--version-script=${shop.file("v", "V1 { v; };")}`, library]);
    return exported(shop.ld("a", [LOADER, object, asks, "versioned.so"]), "v");
  });
  deepEqual(found, ["DEFAULT v@V1"]);
});

eachTarget("what is assigned over a library's IFUNC is a function", (target) => {
  const object = asm(target, "uses", `${START}.data\n.dc.a f\n`);
  const library = asm(target, "library", ".globl f\n.type f,@gnu_indirect_function\nf: ret\n.size f,.-f\n");
  const types = likeGnuLd(target, (shop) => {
    shop.ld("library.so", ["-shared", library]);
    return [["--defsym=f=0x1234"], ["--defsym=f=_start"]].map((it, i) => {
      const lines = tool("readelf", ["--dyn-syms", "-W", shop.ld(`a${i}`, [LOADER, ...it, object, "library.so"])]);
      return /(\w+) +GLOBAL DEFAULT +\w+ f$/m.exec(lines)?.[1];
    });
  });
  deepEqual(types, ["FUNC", "FUNC"]);
});

eachTarget(
  "a common symbol that took a library's place in .bss is forgotten where one comes that is not for libraries",
  (target) => {
    const common = asm(target, "common", `${START}.comm v,8,8\n`);
    const weak = asm(target, "weak", ".hidden v\n.weak v\n.type v,@object\n.data\nv: .long 7\n.size v,4\n");
    const library = asm(target, "library", variable("v", 16, ".bss\n.globl"));
    const found = likeGnuLd(target, (shop) => {
      shop.ld("plain.so", ["-shared", library]);
      shop.ld("versioned.so", ["-shared", `--version-script=${shop.file("v", "V1 { v; };")}`, library]);
      return [
        ["plain.so", common, weak],
        [common, "plain.so", weak],
        ["versioned.so", common, weak],
      ].map((it, i) => {
        const lines = tool("readelf", ["-sW", shop.ld(`a${i}`, [LOADER, ...it])]).replace(/^[\s\S]*'\.symtab'/, "");
        return /(\d+ OBJECT +\w+ +\w+) +\d+ v$/m.exec(lines)?.[1].replace(/ +/g, " ");
      });
    });
    deepEqual(found, ["4 OBJECT WEAK HIDDEN", "16 OBJECT LOCAL DEFAULT", "16 OBJECT LOCAL DEFAULT"]);
  },
);

eachTarget(
  "a protected common symbol forgets the library before it: a definition is compared with the common symbol",
  (target) => {
    const common = asm(target, "common", `${START}.protected v\n.comm v,64,32\n`);
    const [own, library] = [asm(target, "own", variable("v", 16)), asm(target, "library", variable("v", 4))];
    const said = [gnu, underTest].map((linker) => {
      const shop = workshop(linker, target);
      shop.ld("library.so", ["-shared", library]);
      shop.ld("a", [LOADER, "library.so", common, own]);
      return [/alignment 16 of (?:symbol )?`v'/.test(shop.messages()), /size of symbol `v'/.test(shop.messages())];
    });
    deepEqual(said, [
      [true, true],
      [true, true],
    ]);
  },
);

eachTarget("-r: a weak foo@@V says whom a plain foo is for", (target) => {
  const own = asm(target, "own", callable("f"));
  const weak = asm(target, "weak", ".weak impl\n.internal impl\n.data\nimpl: .dc.a 0\n.symver impl,f@@V1,remove\n");
  const [ours, theirs] = [underTest, gnu].map((linker) =>
    portrait(workshop(linker, target).ld("out.o", ["-r", own, weak]))
      .filter((it) => it.startsWith("symbol f FUNC "))
      .map((it) => it.replace(/ size.*/, "")),
  );
  deepEqual([ours, theirs], [["symbol f FUNC GLOBAL INTERNAL"], ["symbol f FUNC GLOBAL INTERNAL"]]);
});

eachTarget("a version that a library asks for is met by another whose plain name is not for this program", (target) => {
  const object = asm(target, "own", `${START}.hidden v\n.data\n.dc.a v\n`);
  const defines = asm(target, "defines", `.weak v\n.type v,@object\n.data\nv: .dc.a 0\n.size v,8\n`);
  const [library, asks] = [asm(target, "library", variable("v", 8)), asm(target, "asks", ".data\n.dc.a v\n")];
  likeGnuLd(target, (shop) => {
    shop.ld("versioned.so", ["-shared", `--version-script=${shop.file("v", "V1 { v; };")}`, library]);
    shop.ld("asks.so", ["-shared", asks, "versioned.so"]);
    shop.ld("a", [LOADER, object, "asks.so", "versioned.so", defines]);
  });
});

eachTarget("-r -d: no section stays for thread-local common symbols that are defined elsewhere", (target) => {
  const common = asm(target, "common", ".type t,@tls_object\n.comm t,8,32\n");
  const defines = asm(
    target,
    "defines",
    '.section .tdata,"awT"\n.globl t\n.type t,@tls_object\nt: .long 1\n.size t,4\n',
  );
  const [ours, theirs] = [underTest, gnu].map((linker) => {
    const path = workshop(linker, target).ld("out.o", ["-r", "-d", defines, common]);
    return [...tool("readelf", ["-SW", path]).matchAll(/ (\.t(?:data|bss|common)) /g)].map(([, name]) => name);
  });
  deepEqual([ours, theirs], [[".tdata"], [".tdata"]]);
});

eachTarget("foo@V at the place of a unique foo is as global as it says itself", (target) => {
  const source = variable("v", 8, ".data\n.type v,@gnu_unique_object\n.globl").replace(".type v,@object\n", "");
  const object = asm(target, "own", `${source}.globl w\n.type w,@object\n.set w,v\n.size w,8\n.symver w,v@V1,remove\n`);
  const found = likeGnuLd(target, (shop) => {
    const path = shop.ld("a.so", ["-shared", `--version-script=${shop.file("v", "V1 { };")}`, object]);
    return [...tool("readelf", ["--dyn-syms", "-W", path]).matchAll(/ (\w+) +DEFAULT +\d+ (v\S*)/g)].map(
      ([, binding, name]) => `${binding} ${name}`,
    );
  });
  deepEqual(found, ["GLOBAL v@V1"]);
});

eachTarget(
  "--no-undefined-version: a name that a library has in another version is defined here all the same",
  (target) => {
    const [own, library] = [asm(target, "own", variable("v", 8)), asm(target, "library", variable("v", 8))];
    likeGnuLd(target, (shop) => {
      shop.ld("other.so", ["-shared", `--version-script=${shop.file("v2", "V2 { v; };")}`, library]);
      const script = `--version-script=${shop.file("v1", "V1 { v; };")}`;
      shop.ld("a.so", ["-shared", "--no-undefined-version", script, own, "other.so"]);
      match(
        shop.refuses("b.so", ["-shared", "--no-undefined-version", script, "other.so"], "ld"),
        /v: undefined version: V1|version V1 is assigned to v, which is not defined/,
      );
    });
  },
);

eachTarget(
  "-u brings from an archive what --defsym assigns from another name, and not what it sets to a number",
  (target) => {
    const program = asm(target, "program", START);
    const directory = scratch("archive");
    archive(directory, "lib.a", [asm(target, "member", variable("v", 8))]);
    const brought = likeGnuLd(target, (shop) =>
      [["--defsym=v=_start"], ["-u", "v", "--defsym=v=_start"], ["-u", "v", "--defsym=v=0x10"]].map((it, i) =>
        tool("readelf", ["-sW", shop.ld(`a${i}`, [...it, program, join(directory, "lib.a")])]).includes(" member.c"),
      ),
    );
    deepEqual(brought, [false, true, false]);
  },
);

/** How `f` and `f@@V1` stand in .symtab, and what is exported. */
function bothNames(path: string): string[] {
  const lines = tool("readelf", ["-sW", path]).replace(/^[\s\S]*'\.symtab'/, "");
  const found = [...lines.matchAll(/: \w+ +(\d+) (\w+) +(\w+) +\w+ +\w+ (f(?:@@V1)?)$/gm)];
  return [
    ...found.map(([, size, type, binding, name]) => `${name} ${type} ${binding} ${size}`).sort(),
    ...exported(path, "f"),
  ];
}

eachTarget("a library's foo@@V is met by the weak foo@@V that an object has beside another's foo", (target) => {
  const plain = asm(target, "plain", `${START}${callable("f")}`);
  const weak = asm(
    target,
    "weak",
    ".weak impl\n.data\n.type impl,@object\n.size impl,8\nimpl: .skip 8\n.symver impl,f@@V1,remove\n",
  );
  const library = asm(target, "library", variable("f", 8));
  const found = likeGnuLd(target, (shop) => {
    versionedLibrary(shop, library);
    return bothNames(shop.ld("a", [LOADER, plain, weak, "versioned.so"]));
  });
  deepEqual(found, ["f FUNC GLOBAL 1", "f@@V1 OBJECT WEAK 8", "DEFAULT f@@V1"]);
});

eachTarget(
  "--defsym=foo: a weak foo@@V behind an object's foo stays by its name, and foo is what that says",
  (target) => {
    const plain = asm(target, "plain", `${START}${callable("f")}`);
    const versioned = (binding: string): string =>
      asm(
        target,
        binding,
        `.${binding} impl\n.data\n.type impl,@object\n.size impl,8\nimpl: .skip 8\n.symver impl,f@@V1,remove\n`,
      );
    const weakPlain = asm(target, "weak-plain", `${START}.weak f\n.type f,@function\nf: ret\n.size f,1\n`);
    const found = likeGnuLd(target, (shop) =>
      [
        [plain, versioned("weak")],
        [weakPlain, versioned("weak")],
        [weakPlain, versioned("globl")],
        [versioned("globl"), weakPlain],
      ].map((it, i) => bothNames(shop.ld(`a${i}`, ["--defsym=f=0x1234", ...it])).join()),
    );
    const both = "f FUNC GLOBAL 1,f@@V1 OBJECT WEAK 8";
    deepEqual(found, [both, both, "f FUNC GLOBAL 1", "f NOTYPE GLOBAL 0"]);
  },
);

eachTarget("--defsym=foo: what a foo@@V says of whom it is for is not said of foo", (target) => {
  const object = asm(target, "hides", `${START}${callable("impl", ".hidden impl")}.symver impl,f@@V1,remove\n`);
  const found = likeGnuLd(target, (shop) => {
    const script = `--version-script=${shop.file("v", "V1 { f; };")}`;
    return exported(shop.ld("a.so", ["-shared", script, "--defsym=f=0x1234", object]), "f");
  });
  deepEqual(found, ["DEFAULT f@@V1"]);
});

eachTarget("a common v in the place of a library's v@@V1 is as large as another library's v@@V1 in .bss", (target) => {
  const common = asm(target, "common", ".comm v,8,8\n");
  const [small, large] = [8, 64].map((size) => asm(target, `bss${size}`, variable("v", size, ".bss\n.globl")));
  const found = likeGnuLd(target, (shop) => {
    const script = `--version-script=${shop.file("v", "V1 { v; };")}`;
    shop.ld("small.so", ["-shared", script, small]);
    shop.ld("large.so", ["-shared", script, large]);
    return [
      ["small.so", common, "large.so"],
      [common, "small.so", "large.so"],
    ].map(
      (it, i) =>
        / (\d+) OBJECT +GLOBAL +\w+ +\d+ v\b/.exec(
          tool("readelf", ["--dyn-syms", "-W", shop.ld(`a${i}.so`, ["-shared", ...it])]),
        )?.[1],
    );
  });
  deepEqual(found, ["64", "64"]);
});

eachTarget(
  "a common symbol in the place of a library's counts as the library's: scripts say nothing of it",
  (target) => {
    const program = asm(target, "program", `${START}.comm d,8,8\n`);
    const strong = asm(target, "strong", variable("d", 8));
    const found = likeGnuLd(target, (shop) => {
      shop.ld("space.so", ["-shared", asm(target, "space", ".comm d,8,8\n")]);
      shop.ld("weak.so", ["-shared", asm(target, "weak", variable("d", 8, ".data\n.weak"))]);
      shop.file("version", "V1 { d; };");
      shop.file("local", "{ local: *; };");
      const orders = [
        ["space.so", program],
        ["weak.so", program],
        [program, "space.so"],
        ["space.so", program, strong],
      ];
      const ways = ["--version-script=version", "--version-script=local"];
      return orders.map((order, i) =>
        ways.map((way, j) => exported(shop.ld(`a${i}${j}`, ["-shared", way, ...order]), "d").join()),
      );
    });
    const [plain, own] = [Array(2).fill("DEFAULT d"), ["DEFAULT d@@V1", ""]];
    deepEqual(found, [plain, plain, own, own]);
  },
);

eachTarget(
  "a protected v that a program's script gives another version is exported for a library's v@@V9",
  (target) => {
    const object = asm(target, "own", `${START}.protected v\n${variable("v", 8)}`);
    const library = asm(target, "library", variable("v", 8));
    const found = likeGnuLd(target, (shop) => {
      shop.ld("other.so", ["-shared", `--version-script=${shop.file("v9", "V9 { v; };")}`, library]);
      return exported(
        shop.ld("a", [LOADER, `--version-script=${shop.file("v1", "V1 { v; };")}`, object, "other.so"]),
        "v",
      );
    });
    deepEqual(found, ["PROTECTED v@@V1"]);
  },
);

eachTarget(
  "a protected d that a library's d@@V names stays under --gc-sections, though a script makes it local",
  (target) => {
    const own = asm(target, "own", `${START}${variable("d", 8, '.protected d\n.section .data.d,"aw"\n.globl')}`);
    const open = asm(target, "open", `${START}${variable("d", 8, '.section .data.d,"aw"\n.globl')}`);
    const found = likeGnuLd(target, (shop) => {
      const script = `--version-script=${shop.file("version", "V1 { d; };")}`;
      shop.ld("versioned.so", ["-shared", script, asm(target, "data", variable("d", 8))]);
      shop.ld("plain.so", ["-shared", asm(target, "data", variable("d", 8))]);
      shop.file("local", "V1 { global: _start; local: *; };");
      return ["versioned.so", "plain.so"].flatMap((library, i) =>
        [own, open].map((object, j) => {
          const path = shop.ld(`a${i}${j}`, ["-shared", "--gc-sections", "--version-script=local", object, library]);
          return /\bd$/m.test(tool("readelf", ["-sW", path]));
        }),
      );
    });
    deepEqual(found, [true, false, true, true]);
  },
);

eachTarget("no versions are asked of a library that only --copy-dt-needed-entries names", (target) => {
  const object = asm(target, "uses", `${START}.data\n.dc.a f\n`);
  const [library, empty] = [asm(target, "library", callable("f")), asm(target, "empty", "")];
  const found = likeGnuLd(target, (shop) => {
    versionedLibrary(shop, library);
    shop.ld("top.so", ["-shared", empty, "--no-as-needed", "versioned.so"]);
    const flags = [LOADER, "-pie", "--copy-dt-needed-entries", "-rpath-link", "."];
    return [["top.so"], ["top.so", "versioned.so"]].map((it, i) => {
      const path = shop.ld(`a${i}`, [...flags, object, ...it]);
      return [...exported(path, "f"), ...needed(path)].join();
    });
  });
  deepEqual(found, ["DEFAULT f,top.so,versioned.so", "DEFAULT f@V1,top.so,versioned.so"]);
});
