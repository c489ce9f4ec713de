// Functions whose address a resolver picks at start-up (STT_GNU_IFUNC): called, pointed to, local and exported, in every
// kind of output. A pointer to one must be the same from wherever it is taken.

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { compile, i386, x86_64 } from "../../support/build.ts";
import { beyondGnuLd, eachTarget, gnu, likeGnuLd, underTest, type Workshop, workshop } from "../../support/link.ts";
import { run } from "../../support/run.ts";

const CHOICE = `
  static int one(void) { return 1; }
  static int two(void) { return 2; }
  static int choices = 2;
  static void *resolve(void) { return choices == 2 ? (void *)two : (void *)one; }
  int chosen(void) __attribute__((ifunc("resolve")));
  static int hidden(void) __attribute__((ifunc("resolve")));
  int (*const table[])(void) = {chosen, hidden, one};
  int (*writable)(void) = chosen;
  int call_hidden(void) { return hidden(); }
  int call_chosen(void) { return chosen(); }
  int (*address(void))(void) { return chosen; }`;

const MAIN = `
  #include <stdio.h>
  int chosen(void), call_hidden(void), call_chosen(void);
  extern int (*const table[])(void);
  extern int (*writable)(void);
  int (*address(void))(void);
  int (*own)(void) = chosen;
  int main(void) {
    printf("%d %d %d ", chosen(), call_hidden(), call_chosen());
    printf("%d %d %d ", table[0](), table[1](), table[2]());
    printf("%d %d %d %d\\n", own == table[0], own == writable, own == address(), own == chosen && own() == 2);
  }`;

const EXPECTED = "2 2 2 2 2 1 1 1 1 1\n";

/** -fPIC rather than -fpie: a pointer taken pc-relatively is the PLT entry's, which GNU ld does not unify in a PIE. */
const KINDS: readonly (readonly [string, string])[] = [
  ["-fno-pie", "-no-pie"],
  ["-fPIC", "-pie"],
  ["-fno-pie", "-static"],
  ["-fPIC", "-static-pie"],
];

for (const [how, link] of KINDS) {
  eachTarget(`defined in an executable, ${link}`, (target) => {
    for (const flags of [[], ["-fno-plt"]]) {
      const main = compile(target, "main.c", MAIN, [how, "-O1", ...flags]);
      const choice = compile(target, "choice.c", CHOICE, [how, "-O1", ...flags]);
      const stdout = likeGnuLd(target, (shop) => {
        shop.cc("main", [link, main, choice]);
        return shop.run("main").stdout;
      });
      equal(stdout, EXPECTED);
    }
  });
}

for (const flags of [[], ["-Wl,-z,now"], ["-Wl,-Bsymbolic"]]) {
  eachTarget(`exported by a shared library ${flags.join(" ")}`, (target) => {
    const choice = compile(target, "choice.c", CHOICE, ["-fPIC", "-O1"]);
    const main = compile(target, "main.c", MAIN, ["-fpie", "-O1"]);
    const build = (shop: Workshop) => {
      shop.cc("libchoice.so", ["-shared", choice, ...flags]);
      shop.cc("main", ["-pie", main, "./libchoice.so", ...flags]);
      return shop.run("main").stdout;
    };
    // Under -Bsymbolic GNU ld still goes by the symbol; IRELATIVE does the same without a lookup.
    const stdout = likeGnuLd(target, build, flags.includes("-Wl,-Bsymbolic") ? ["relocations"] : []);
    equal(stdout, EXPECTED);
  });
}

eachTarget("a static program uses the C library's own", (target) => {
  const main = compile(
    target,
    "main.c",
    `#include <stdio.h>
     #include <string.h>
     void *(*volatile copy)(void *, const void *, size_t) = memcpy;
     int main(int argc, char **argv) {
       char text[32] = {0};
       copy(text, "resolved", 9);
       printf("%s %d %s\\n", text, (int)strlen(text), strchr(text, 'v'));
     }`,
    ["-fno-builtin", "-O1"],
  );
  for (const link of ["-static", "-static-pie"]) {
    const stdout = likeGnuLd(target, (shop) => {
      shop.cc("main", [link, main]);
      return shop.run("main").stdout;
    });
    equal(stdout, "resolved 8 ved\n");
  }
});

/** Each way to refer to an IFUNC `f` that is defined in another file. */
const REFERENCES: Readonly<Record<string, string>> = {
  call: "call f@PLT",
  got: "mov f@GOTPCREL(%rip), %rax",
  both: "call f@PLT\nmov f@GOTPCREL(%rip), %rax",
  pointer: ".data\n.balign 8\n.quad f",
  constant: ".section .rodata\n.balign 8\n.quad f",
  all: "call f@PLT\nmov f@GOTPCREL(%rip), %rax\n.data\n.balign 8\n.quad f",
};

const START = ".globl _start\n_start: .cfi_startproc\nnop\n.cfi_endproc\n";
const IFUNC = ".globl f\n.type f, @gnu_indirect_function\nf: lea g(%rip), %rax\nret\n.size f, . - f\ng: ret\n";

for (const visibility of ["default", "protected", "hidden"]) {
  test(`${visibility} IFUNCs have the relocations, slots and entries of GNU ld's in libraries and PIE`, () => {
    const definition = visibility === "default" ? IFUNC : `.${visibility} f\n${IFUNC}`;
    const ifunc = compile(x86_64, `ifunc-${visibility}.s`, definition);
    likeGnuLd(x86_64, (shop) => {
      for (const [name, text] of Object.entries(REFERENCES)) {
        const user = compile(x86_64, `${name}.s`, START + text);
        shop.ld(`${name}.so`, ["-shared", user, ifunc]);
        shop.ld(`${name}-symbolic.so`, ["-shared", "-Bsymbolic", user, ifunc]);
        shop.ld(`${name}-pie`, ["-pie", "--dynamic-linker", x86_64.interpreter, user, ifunc]);
      }
    });
  });
}

test("what a library sees of a program's IFUNC is in the table of entries that calls go to", () => {
  const user = compile(x86_64, "user.s", `${START}call f@PLT`);
  const program = compile(x86_64, "program.s", `${START}call f@PLT\n${IFUNC}`);
  likeGnuLd(x86_64, (shop) => {
    shop.ld("user.so", ["-shared", user]);
    const loader = ["--dynamic-linker", x86_64.interpreter];
    shop.ld("program", [...loader, program, "user.so"]);
    shop.ld("program-ibt", ["-z", "ibtplt", ...loader, program, "user.so"]);
  });
});

test("the size of an IFUNC, and a place in it, are refused", () => {
  const ifunc = compile(x86_64, "ifunc.s", IFUNC);
  likeGnuLd(x86_64, (shop) => {
    for (const [name, text] of [["size", "mov $f@SIZE, %eax"] as const, ["place", ".data\n.quad f + 8"] as const]) {
      const user = compile(x86_64, `${name}.s`, START + text);
      for (const kind of ["-static", "-pie", "-shared"]) shop.refuses(name, [kind, user, ifunc], "ld");
    }
  });
});

test("i386: code without the GOT's register cannot call the PLT of position-independent output", () => {
  const call = compile(i386, "call.s", `${START}call f\n`);
  const address = compile(i386, "address.s", `${START}lea f@GOTOFF(%ebx), %eax\n`);
  const ifunc = compile(i386, "ifunc.s", ".globl f\n.type f, @gnu_indirect_function\nf: ret\n.size f, . - f\n");
  const plain = compile(
    i386,
    "plain.s",
    `.globl f\n.type f, @function\nf: .cfi_startproc\nret\n.cfi_endproc\n.size f, . - f\n`,
  );
  likeGnuLd(i386, (shop) => {
    const loader = ["--dynamic-linker", i386.interpreter, "-z", "notext"];
    shop.ld("plain.so", ["-shared", plain]);
    shop.refuses("ifunc", ["-pie", ...loader, call, ifunc], "ld");
    shop.refuses("ifunc", ["-pie", ...loader, address, ifunc], "ld");
    shop.refuses("address", ["-pie", ...loader, address, "plain.so"], "ld");
    // The call goes to the function itself; a library's own function is at a known distance from the GOT.
    shop.ld("call", ["-pie", ...loader, call, "plain.so"]);
    shop.ld("address.so", ["-shared", ...loader.slice(2), address, plain]);
  });
});

beyondGnuLd("a weak IFUNC is one behind a library's function and behind a reference with a type", (target) => {
  const main = compile(
    target,
    "main.c",
    `#include <stdio.h>
     int f(void);
     int main(void) { printf("%d\\n", f()); }`,
    ["-fPIC", "-O1"],
  );
  const resolver = compile(
    target,
    "resolver.c",
    `static int two(void) { return 2; }
     void *resolve(void) { return two; }
     __asm__(".weak f\\n.type f, %gnu_indirect_function\\n.set f, resolve");`,
    ["-fPIC", "-O1"],
  );
  const typed = compile(target, "typed.s", ".globl f\n.type f, %function\n");
  const one = compile(target, "one.c", "int f(void) { return 1; }", ["-fPIC", "-O1"]);
  const shop = workshop(underTest, target);
  shop.cc("libone.so", ["-shared", one]);
  for (const [name, before] of [["library", "./libone.so"] as const, ["type", typed] as const]) {
    for (const kind of ["-pie", "-no-pie"]) {
      shop.cc(name, [kind, main, before, resolver, "-Wl,-z,noexecstack"]);
      equal(shop.run(name).stdout, "2\n");
    }
  }
});

eachTarget("--defsym gives an IFUNC a second name: both are its resolver, for the loader and in .symtab", (target) => {
  const load = (name: string): string =>
    target.wordBytes === 8 ? `mov ${name}@GOTPCREL(%rip),%rax\n` : `mov ${name}@GOT(%ebx),%eax\n`;
  const object = compile(
    target,
    "defsym-ifunc.s",
    `.globl _start\n_start: nop\n${load("f")}${load("g")}call f@PLT\ncall g@PLT\n` +
      '.globl f\n.hidden f\n.type f,@gnu_indirect_function\nf: ret\n.size f,1\n.section .note.GNU-stack,"",@progbits\n',
  );
  for (const kind of [["-pie"], [], ["-static"]]) {
    const [theirs, ours] = [gnu, underTest].map((linker) => {
      const path = workshop(linker, target).ld("a", ["--dynamic-linker=/x", ...kind, "--defsym=g=f", object]);
      const { stdout } = run("readelf", ["-rsW", path]);
      return new Set([...stdout.matchAll(/: 0*([0-9a-f]+) +\d+ IFUNC .* ([fg])$/gm)].map(([, it]) => it)).size;
    });
    deepEqual([theirs, ours], [1, 1]);
    const path = workshop(underTest, target).ld("b", ["--dynamic-linker=/x", ...kind, "--defsym=g=f", object]);
    const { stdout } = run("readelf", ["-rsW", path]);
    const [, address = ""] = /: 0*([0-9a-f]+) +\d+ IFUNC /.exec(stdout) ?? [];
    const addends = [...stdout.matchAll(/R_X86_64_IRELATIVE +([0-9a-f]+)$/gm)].map(([, it]) => it);
    if (target.wordBytes === 8) deepEqual([...new Set(addends)], [address]);
  }
});
