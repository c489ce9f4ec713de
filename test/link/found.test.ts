// What random links (random.ts) found, reduced to a few lines each: rules that two inputs in common use seldom meet. Each
// link is compared with GNU ld's.

import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path";
import { archive, compile, scratch, type Target } from "../support/build.ts";
import { eachTarget, gnu, likeGnuLd, underTest, type Workshop, workshop } from "../support/link.ts";
import { portrait } from "../support/object-portrait.ts";
import { tool } from "../support/run.ts";
import { asm, load, START, variable } from "./found-sources.ts";

/** Programs of both kinds, and a library, out of the same inputs. */
function everyOutput(shop: Workshop, inputs: readonly string[], ...flags: readonly string[]): void {
  for (const [name, ...kind] of [["fixed"], ["pie", "-pie"], ["library", "-shared"]]) {
    const loader = kind.includes("-shared") ? [] : ["--dynamic-linker", "/lib/loader"];
    shop.ld(`${name}-${inputs.length}${flags.join("")}.${inputs[0].length}`, [...kind, ...loader, ...flags, ...inputs]);
  }
}

function likeGnuLdWithR(target: Target, args: readonly string[]): void {
  const [ours, theirs] = [underTest, gnu].map((linker) => {
    const shop = workshop(linker, target);
    return portrait(shop.ld("out.o", ["-r", ...args]));
  });
  deepEqual(ours, theirs);
}

eachTarget(
  "a pointer of a fixed program to a weak symbol that nothing defines is 0, whatever the GOT will say",
  (target) => {
    const object = asm(target, "weak", `.weak hook\n${START}${load(target, "hook")}.data\n.dc.a hook\n`);
    const library = asm(target, "other", variable("other", 4));
    likeGnuLd(target, (shop) => {
      shop.ld("library.so", ["-shared", library]);
      everyOutput(shop, [object, "library.so"]);
    });
  },
);

eachTarget(
  "a common symbol takes size and alignment of a library's that has no version, or that came first",
  (target) => {
    const object = asm(target, "common", `${START}.data\n.dc.a shared\n.comm shared,8,4\n`);
    const library = asm(target, "bss", variable("shared", 64, ".bss\n.globl"));
    likeGnuLd(target, (shop) => {
      shop.ld("plain.so", ["-shared", library]);
      shop.ld("versioned.so", ["-shared", `--version-script=${shop.file("v", "V1 { shared; };")}`, library]);
      everyOutput(shop, [object, "plain.so"]);
      everyOutput(shop, [object, "versioned.so"], "-z", "relro");
      everyOutput(shop, ["versioned.so", object]);
    });
  },
);

eachTarget(
  "foo@V of a program at the place of its foo is exported for the sake of a library that has foo@V",
  (target) => {
    const own = asm(target, "own", `${START}${variable("foo", 8)}.symver foo,foo@V1\n`);
    const hidden = asm(target, "hidden", `${variable("old", 8)}.symver old,foo@V1\n${variable("other", 4)}`);
    const plain = asm(target, "plain", variable("foo", 8));
    likeGnuLd(target, (shop) => {
      const script = `--version-script=${shop.file("v", "V1 { other; };")}`;
      shop.ld("hidden.so", ["-shared", script, hidden]);
      shop.ld("plain.so", ["-shared", plain]);
      shop.ld("default.so", ["-shared", `--version-script=${shop.file("w", "V1 { foo; };")}`, plain]);
      for (const library of ["hidden.so", "plain.so", "default.so"]) {
        shop.ld(`${library}-behind`, ["--dynamic-linker", "/lib/loader", own, library]);
        if (library !== "default.so") shop.ld(`${library}-before`, ["--dynamic-linker", "/lib/loader", library, own]);
      }
    });
  },
);

eachTarget("foo@@V takes the place of a common foo, whatever version the script has for foo", (target) => {
  const common = asm(target, "common", `${START}.data\n.dc.a foo\n.comm foo,8,4\n`);
  const versioned = asm(target, "versioned", `${variable("impl", 8)}.symver impl,foo@@V1\n`);
  likeGnuLd(target, (shop) => {
    const script = `--version-script=${shop.file("v", "V1 { impl; };\nV2 { foo; };")}`;
    shop.ld("first.so", ["-shared", script, common, versioned]);
    shop.ld("second.so", ["-shared", script, versioned, common]);
  });
});

eachTarget("a second strong definition that is allowed says nothing of visibility", (target) => {
  const shown = asm(target, "shown", `${START}${variable("twice", 8)}.dc.a twice\n`);
  const hidden = asm(target, "hidden", `.hidden twice\n${variable("twice", 8)}`);
  likeGnuLd(target, (shop) => {
    everyOutput(shop, [shown, hidden], "-z", "muldefs");
    everyOutput(shop, [hidden, shown], "--allow-multiple-definition");
  });
});

eachTarget("a definition without a size has that of a common symbol that comes after it", (target) => {
  const empty = asm(target, "empty", `${START}.data\n.globl bare\n.type bare,@object\nbare: .long 1\n`);
  const common = asm(target, "common", ".comm bare,4,1\n");
  likeGnuLd(target, (shop) => {
    everyOutput(shop, [empty, common]);
    everyOutput(shop, [common, empty], "-z", "relro");
  });
  likeGnuLdWithR(target, [empty, common]);
});

eachTarget(
  "--gc-sections: what the command line assigns stays, and so does debug information that asks for a weak name",
  (target) => {
    const start = asm(target, "start", START);
    const gone = asm(
      target,
      "gone",
      '.section .text.f,"ax"\n.globl f\n.type f,@function\nf: ret\n.size f,.-f\n.section .debug_x,"",@progbits\n.weak absent\n.hidden absent\n.dc.a absent\n',
    );
    likeGnuLd(target, (shop) => everyOutput(shop, [start, gone], "--gc-sections", "--defsym=f=0x1234"));
    likeGnuLdWithR(target, ["--gc-sections", "-e", "_start", "--defsym=f=0x1234", start, gone]);
  },
);

eachTarget("--gc-sections: a hidden __start_X is nobody's but the objects', even where a library has one", (target) => {
  const set = asm(
    target,
    "set",
    `${START}.section things,"aw"\n.long 7\n.hidden __start_things\n.section .data.set,"aw"\n.long __start_things - .\n`,
  );
  likeGnuLd(target, (shop) => {
    shop.ld("library.so", ["-shared", set]);
    everyOutput(shop, [set, "library.so"], "--gc-sections");
    everyOutput(shop, ["library.so", set], "--gc-sections");
  });
});

eachTarget("--emit-relocs: a weak name that nobody will define is local where there is a dynamic section", (target) => {
  const object = asm(
    target,
    "weak",
    `${START}.data\n.long 1\n.weak hidden\n.hidden hidden\n.weak shown\n.section .debug_x,"",@progbits\n.dc.a hidden, shown\n`,
  );
  const library = asm(target, "other", variable("other", 4));
  likeGnuLd(target, (shop) => {
    shop.ld("library.so", ["-shared", library]);
    everyOutput(shop, [object, "library.so"], "--emit-relocs");
    everyOutput(shop, [object, "library.so"], "--emit-relocs", "-z", "nodynamic-undefined-weak");
    shop.ld("static", ["-static", "--emit-relocs", object]);
  });
});

eachTarget("a unique variable that is local in the output asks for no GNU loader", (target) => {
  const unique = asm(
    target,
    "unique",
    `${START}.data\n.globl one\n.type one,@gnu_unique_object\n.size one,4\none: .long 1\n.dc.a one\n`,
  );
  const hides = asm(target, "hides", ".hidden one\n.data\n.dc.a one\n");
  const library = asm(target, "asks", ".data\n.dc.a one\n");
  likeGnuLd(target, (shop) => {
    shop.ld("library.so", ["-shared", library]);
    everyOutput(shop, [unique, hides]);
    everyOutput(shop, [unique]);
  });
});

eachTarget("-z nocombreloc: words of IFUNCs in .rela.ifunc, their GOT words in .rela.got", (target) => {
  for (const head of [".globl f", ".globl f\n.hidden f", ".local f"]) {
    const source = `${START}${head}\n.type f,@gnu_indirect_function\nf: ret\n${load(target, "f")}.data\n.dc.a f\n`;
    const object = asm(target, "ifunc", source);
    likeGnuLd(target, (shop) => everyOutput(shop, [object], "-z", "nocombreloc"));
  }
});

eachTarget("-r --gc-sections: relocations of empty unwind sections, and the flag of the last stack note", (target) => {
  const one = asm(target, "one", '.section .text.a,"ax"\n.globl fa\nfa: .cfi_startproc\nret\n.cfi_endproc\n');
  const two = asm(
    target,
    "two",
    '.section .text.b,"ax"\n.globl fb\nfb: .cfi_startproc\nret\n.cfi_endproc\n.section .text.c,"ax"\n.globl fc\nfc: .cfi_startproc\nret\n.cfi_endproc\n',
  );
  const silent = compile(target, "silent.s", ".text\n.globl fs\nfs: nop\n");
  const other = asm(target, "other", '.section .text.o,"ax"\nnop\n');
  for (const root of ["fa", "fb"]) likeGnuLdWithR(target, ["--gc-sections", "-e", root, one, two]);
  likeGnuLdWithR(target, ["--gc-sections", "-e", "fs", one, silent]);
  likeGnuLdWithR(target, ["--gc-sections", "-e", "fa", one, silent, other]);
  likeGnuLdWithR(target, ["--gc-sections", "-e", "fa", other, silent, one]);
});

eachTarget("-n and -N place a library like a program", (target) => {
  const object = asm(target, "address", `${START}.globl here\n.set here,_start\n`);
  const start = (shop: Workshop, flag: string): string => {
    const path = shop.ld(`library${flag}.so`, ["-shared", flag, object]);
    return /[0-9a-f]+ T _start/.exec(tool("nm", [path]))?.[0].slice(0, -13) ?? "";
  };
  for (const flag of ["-n", "-N"]) {
    const places: string[] = [];
    likeGnuLd(target, (shop) => places.push(start(shop, flag)) && "");
    equal(places[0], places[1]);
  }
});

eachTarget("what nobody says of a symbol's type a library's reference says", (target) => {
  const plain = asm(target, "plain", `${START}.globl foo\nfoo: nop\n`);
  const open = asm(target, "open", `${START}.data\n.dc.a foo\n`);
  const asks = asm(target, "asks", ".type foo,@function\n.data\n.dc.a foo\n");
  likeGnuLd(target, (shop) => {
    shop.ld("library.so", ["-shared", asks]);
    everyOutput(shop, [plain, "library.so"]);
    everyOutput(shop, ["library.so", plain]);
    everyOutput(shop, [open, "library.so"], "--unresolved-symbols=ignore-all");
  });
});

eachTarget("a protected foo@V of a program is exported where a library that is read later has foo@@V", (target) => {
  const library = asm(target, "foo", variable("foo", 8));
  likeGnuLd(target, (shop) => {
    shop.ld("library.so", ["-shared", `--version-script=${shop.file("v", "V1 { foo; };")}`, library]);
    for (const visibility of ["protected", "hidden"]) {
      const own = asm(target, visibility, `.${visibility} own\n${START}${variable("own", 8)}.symver own,foo@V1\n`);
      shop.ld(`${visibility}-behind`, ["--dynamic-linker", "/lib/loader", own, "library.so"]);
      shop.ld(`${visibility}-before`, ["--dynamic-linker", "/lib/loader", "library.so", own]);
    }
  });
});

eachTarget(
  "-n and -N: relocations that the script does not name are in .rela.dyn, unless they are not to be joined",
  (target) => {
    const object = asm(
      target,
      "arrays",
      `${START}.hidden _start\n.section .init_array,"aw",@init_array\n.dc.a _start\n.section things,"aw"\n.dc.a _start\n.data\n.dc.a _start\n`,
    );
    likeGnuLd(
      target,
      (shop) => {
        for (const flag of ["-n", "-N"])
          for (const join of ["combreloc", "nocombreloc"])
            shop.ld(`library${flag}-${join}.so`, ["-shared", flag, "-z", join, object]);
      },
      ["dynamic"],
    );
  },
);

eachTarget("-Ur defines __start_X and __stop_X for those who ask", (target) => {
  const asks = asm(target, "asks", '.data\n.dc.a __start_x, __stop_x, __start_y\n.section x,"aw"\n.long 1, 2\n');
  const hides = asm(target, "hides", '.hidden __stop_x\n.data\n.dc.a __stop_x\n.section x,"aw"\n.long 3\n');
  for (const args of [[asks], [asks, hides], ["-z", "start-stop-visibility=hidden", asks]])
    likeGnuLdWithR(target, ["-Ur", ...args]);
});

eachTarget("-r --gc-sections: a section to be excluded stays with what else stays of its object", (target) => {
  const [kept, gone] = ["k", "g"].map((name) =>
    asm(target, name, `.section .text.${name},"ax"\n.globl ${name}\n${name}: nop\n.section .excluded,"e"\n.long 1\n`),
  );
  likeGnuLdWithR(target, ["--gc-sections", "-e", "k", kept, gone]);
});

eachTarget(
  "--gc-sections: a library keeps no hidden definition for another library's sake, as a program does",
  (target) => {
    const object = asm(
      target,
      "inside",
      `${START}.internal own\n${variable("own", 8, '.section .data.own,"aw"\n.globl')}.hidden late\n${variable("late", 4, '.section .data.late,"aw"\n.globl')}`,
    );
    const library = asm(target, "both", variable("own", 8) + variable("late", 4));
    const asks = asm(target, "asks", ".data\n.dc.a own, late\n");
    likeGnuLd(target, (shop) => {
      shop.ld("library.so", ["-shared", library]);
      shop.ld("asks.so", ["-shared", asks]);
      everyOutput(shop, [object, "library.so"], "--gc-sections");
      everyOutput(shop, ["library.so", object], "--gc-sections");
      shop.ld("asked.so", ["-shared", "--gc-sections", object, "asks.so"]);
    });
  },
);

eachTarget("--default-symver gives _end, which a library asks for, the output's version", (target) => {
  const object = asm(target, "start", START + variable("own", 8));
  const asks = asm(target, "asks", ".data\n.dc.a _end, _edata, __bss_start, own\n");
  likeGnuLd(
    target,
    (shop) => {
      shop.ld("asks.so", ["-shared", asks]);
      everyOutput(shop, [object, "asks.so"], "--default-symver");
      const script = shop.file("v", "V1 { own; };");
      everyOutput(shop, [object, "asks.so"], "--default-symver", `--version-script=${script}`);
    },
    // The base version has the same name.
    ["eu-elflint"],
  );
});

eachTarget("the alignment of a library's variable is that of its place in its section", (target) => {
  const common = asm(target, "common", ".comm it,8,16\n");
  const odd = asm(target, "odd", `.data\n.quad 1\n${variable("it", 8)}`);
  const first = asm(target, "first", `${variable("it", 8)}.skip 56\n.section .data.rel.ro,"aw"\n.skip 24\n`);
  const warnings = (linker: typeof gnu): boolean[] => {
    const shop = workshop(linker, target);
    return [odd, first].map((object, i) => {
      // 0x...8: the address is a multiple of 8 only.
      shop.ld(`library${i}.so`, ["-shared", "--section-start=.data=0x5008", object]);
      shop.ld(`out${i}.so`, ["-shared", common, `library${i}.so`]);
      return /alignment/.test(shop.messages());
    });
  };
  deepEqual(warnings(underTest), warnings(gnu));
  deepEqual(warnings(underTest), [true, false]);
});

eachTarget("an archive's foo@@V is not looked up as foo where foo@V is known", (target) => {
  const wants = asm(target, "wants", `${START}.data\n.dc.a foo\n`);
  const common = asm(target, "common", ".comm foo,8,8\n.data\n.globl other\nother: .long 1\n");
  const impl = asm(target, "impl", `${variable("impl", 8)}.symver impl,foo@@V1\n.data\n.dc.a other\n`);
  const directory = scratch("archive");
  archive(directory, "lib.a", [impl, common]);
  const path = join(directory, "lib.a");
  likeGnuLdWithR(target, [wants, "--start-group", path, path, "--end-group"]);
  likeGnuLd(target, (shop) => {
    const script = `--version-script=${shop.file("v", "V1 { foo; };")}`;
    shop.ld("twice.so", ["-shared", script, wants, "--start-group", path, path, "--end-group"]);
  });
});

eachTarget("--gc-sections: a hidden definition that goes is nothing that a library could have asked for", (target) => {
  const object = asm(
    target,
    "hidden",
    `${START}.hidden gone\n${variable("gone", 8, '.section .data.gone,"aw"\n.globl')}`,
  );
  const asks = asm(target, "asks", ".data\n.dc.a gone\n");
  likeGnuLd(target, (shop) => {
    shop.ld("asks.so", ["-shared", asks]);
    shop.ld("out", [
      "--gc-sections",
      "--unresolved-symbols=ignore-all",
      "--dynamic-linker",
      "/lib/loader",
      object,
      "asks.so",
    ]);
    shop.refuses(
      "kept",
      ["--unresolved-symbols=ignore-all", "--dynamic-linker", "/lib/loader", object, "asks.so"],
      "ld",
    );
  });
});

eachTarget("-z now joins .got.plt to .got only in those of GNU ld's scripts that have a variant for it", (target) => {
  const object = asm(target, "calls", `${START}.weak f\ncall f@PLT\n${load(target, "f")}`);
  const library = asm(target, "f", ".globl f\n.type f,@function\nf: ret\n");
  likeGnuLd(target, (shop) => {
    shop.ld("f.so", ["-shared", library]);
    for (const flag of ["-znocombreloc", "-znorelro", "-znorelro -znoseparate-code", "-znoseparate-code"])
      for (const kind of ["-shared", "-pie"])
        shop.ld(`${kind}${flag}`, [kind, "-znow", ...flag.split(" "), "--dynamic-linker", "/l", object, "f.so"]);
    for (const flag of ["-n", "-N"]) shop.ld(`library${flag}`, ["-shared", "-znow", flag, object]);
  });
});

eachTarget("a library's symbol of which nobody says what it is is warned of, unless it is only called", (target) => {
  const library = asm(
    target,
    "untyped",
    ".data\n.globl n, sized, typed\nn: .long 1\nsized: .long 2\n.size sized,4\n.type typed,@object\ntyped: .long 3\n.text\n.globl f\nf: ret\n",
  );
  const words = asm(target, "words", `${START}.data\n.dc.a n, sized, typed\n`);
  const loads = asm(target, "loads", `${START}.weak n\n${load(target, "n")}`);
  const calls = asm(target, "calls", `${START}call f@PLT\n`);
  const said = (linker: typeof gnu): string[] => {
    const shop = workshop(linker, target);
    shop.ld("library.so", ["-shared", library]);
    return [[words], [loads], [calls], [words, "--gc-sections"], [loads, "-shared"], [words, "-pie"]].map((args) => {
      shop.ld("out", ["--dynamic-linker", "/lib/loader", ...args, "library.so"]);
      return [...shop.messages().matchAll(/type and size of dynamic symbol `(\w+)'/g)].map(([, name]) => name).join();
    });
  };
  deepEqual(said(underTest), said(gnu));
  deepEqual(said(underTest), ["n", "n", "", "", "n", "n"]);
});
