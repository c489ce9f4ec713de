// Input sections become output sections: names, order, merging, groups, start and stop symbols, notes.

import { equal, match } from "node:assert/strict";
import { compile, type Target } from "../../support/build.ts";
import { eachTarget, likeGnuLd } from "../../support/link.ts";
import { tool } from "../../support/run.ts";

eachTarget("__start_ and __stop_ enclose a section whose name is a C identifier", (target) => {
  const entry = (name: string, value: number): string =>
    compile(
      target,
      `${name}.c`,
      `struct entry { const char *name; int value; };
       __attribute__((section("registry"), used)) static struct entry ${name} = {"${name}", ${value}};`,
      ["-fpie"],
    );
  const main = compile(
    target,
    "main.c",
    `#include <stdio.h>
     struct entry { const char *name; int value; };
     extern struct entry __start_registry[], __stop_registry[];
     extern char __start_nothing[] __attribute__((weak)), __stop_nothing[] __attribute__((weak));
     int main(void) {
       for (struct entry *e = __start_registry; e < __stop_registry; e++) printf("%s=%d ", e->name, e->value);
       printf("%d\\n", (int)(__stop_nothing - __start_nothing));
     }`,
    ["-fpie"],
  );
  const stdout = likeGnuLd(target, (shop) => {
    shop.cc("main", [main, entry("one", 1), entry("two", 2), "-Wl,--gc-sections"]);
    return shop.run("main").stdout;
  });
  equal(stdout, "one=1 two=2 0\n");
});

eachTarget("sections of unknown names find their place by what they are", (target) => {
  const odd = (name: string, flags: string, kind = "@progbits", body = ".byte 1") =>
    `.section ${name},"${flags}",${kind}\n${body}\n`;
  const source = compile(
    target,
    "odd.s",
    [
      odd("odd_text", "ax"),
      odd(".odd_text2", "ax"),
      odd("odd_rodata", "a"),
      odd("odd_data", "aw"),
      odd(".odd_bss", "aw", "@nobits", ".zero 8"),
      odd("odd_tls", "awT"),
      odd("odd_note", "a", "@note", '.long 4,4,1\n.asciz "ODD"\n.long 5'),
      odd("odd_info", ""),
      odd(".text.hot.fast", "ax"),
      odd(".text.unlikely.slow", "ax"),
      odd(".text.startup.early", "ax"),
      odd(".text.exit.late", "ax"),
      odd(".data.rel.ro.local.x", "aw"),
      odd(".rodata.str.x", "a"),
      odd(".bss.x", "aw", "@nobits", ".zero 4"),
      odd(".gnu.linkonce.t.x", "ax"),
      odd(".gnu.linkonce.d.x", "aw"),
      odd(".sdata.x", "aw"),
      odd(".note.GNU-stack", ""),
    ].join(""),
  );
  const main = compile(target, "main.c", "int main(void) { return 0; }", ["-fpie"]);
  const status = likeGnuLd(target, (shop) => {
    for (const kind of ["-pie", "-no-pie", "-static"]) shop.cc(`main${kind}`, [kind, main, source]);
    shop.cc("library.so", ["-shared", source]);
    shop.ld("joined.o", ["-r", main, source]);
    return shop.run("main-pie").status;
  });
  equal(status, 0);
});

eachTarget("equal strings and constants are kept once, also between objects", (target) => {
  const part = (name: string) =>
    compile(
      target,
      `${name}.s`,
      `.globl ${name}_string, ${name}_tail, ${name}_constant
       .section .rodata.str1.1,"aMS",@progbits,1
       .asciz "only ${name}"
       ${name}_string: .asciz "a shared string"
       ${name}_tail: .asciz "string"
       .section .rodata.cst8,"aM",@progbits,8
       ${name}_constant: .quad 0x1122334455667788
       .section .note.GNU-stack,"",@progbits`,
    );
  const main = compile(
    target,
    "main.c",
    `#include <stdio.h>
     extern const char one_string[], two_string[], one_tail[], two_tail[];
     extern const long long one_constant, two_constant;
     int main(void) {
       printf("%d %d %d %s %s %llx\\n", one_string == two_string, one_tail == two_tail, &one_constant == &two_constant,
         one_string, two_tail, two_constant);
     }`,
    ["-fno-pie"],
  );
  const stdout = likeGnuLd(target, (shop) => {
    shop.cc("main", ["-no-pie", main, part("one"), part("two")]);
    shop.cc("optimized", ["-no-pie", "-Wl,-O2", main, part("one"), part("two")]);
    return shop.run("main").stdout + shop.run("optimized").stdout;
  });
  equal(stdout, "1 1 1 a shared string string 1122334455667788\n".repeat(2));
});

eachTarget("references into merged sections by section symbol and addend follow their string", (target) => {
  // -O0 and non-PIC C refers to string literals as .rodata + offset.
  const part = (name: string) =>
    compile(target, `${name}.c`, `const char *${name}(int i) { return i ? "second ${name}" : "first of all"; }`, [
      "-O0",
    ]);
  const main = compile(
    target,
    "main.c",
    `#include <stdio.h>
     const char *one(int), *two(int);
     static const char *const table[] = {"first of all", "second two"};
     int main(void) { printf("%s, %s, %s, %s, %s\\n", one(0), one(1), two(0), two(1), table[1]); }`,
    ["-O0"],
  );
  const stdout = likeGnuLd(target, (shop) => {
    shop.cc("main", [main, part("one"), part("two")]);
    return shop.run("main").stdout;
  });
  equal(stdout, "first of all, second one, first of all, second two, second two\n");
});

eachTarget("a COMDAT group is kept once, whole; what its discarded copies held is not missed", (target) => {
  const part = (name: string, value: number) =>
    compile(
      target,
      `${name}.s`,
      `.section .text.once,"axG",@progbits,once,comdat
       .weak once
       .type once, @function
       once: mov $${value}, %eax
       ret
       .size once, .-once
       .section .rodata.once,"aG",@progbits,once,comdat
       .weak once_data
       once_data: .long ${value}
       .text
       .globl ${name}
       .type ${name}, @function
       ${name}: call once
       ret
       .section .note.GNU-stack,"",@progbits`,
    );
  const main = compile(
    target,
    "main.c",
    '#include <stdio.h>\nint one(void), two(void); extern const int once_data; int main(void) { printf("%d %d %d\\n", one(), two(), once_data); }',
    ["-fno-pie"],
  );
  const stdout = likeGnuLd(target, (shop) => {
    shop.cc("main", ["-no-pie", main, part("one", 1), part("two", 2)]);
    shop.cc("swapped", ["-no-pie", main, part("two", 2), part("one", 1)]);
    shop.ld("joined.o", ["-r", part("one", 1), part("two", 2)]);
    shop.cc("rejoined", ["-no-pie", main, "joined.o"]);
    return shop.run("main").stdout + shop.run("swapped").stdout + shop.run("rejoined").stdout;
  });
  equal(stdout, "1 1 1\n2 2 2\n1 1 1\n");
});

eachTarget("a reference to a discarded group's local symbol is an error", (target) => {
  const part = (name: string, extra: string) =>
    compile(
      target,
      `${name}.s`,
      `.section .text.once,"axG",@progbits,once,comdat
       .weak once
       once: nop
       .Linside: ret
       .text
       .globl ${name}
       ${name}: ${extra}
       .section .note.GNU-stack,"",@progbits`,
    );
  const main = compile(target, "main.c", "int main(void) { return 0; }", ["-fno-pie"]);
  likeGnuLd(target, (shop) => {
    const said = shop.refuses("main", ["-no-pie", main, part("one", "nop"), part("two", "jmp .Linside")]);
    match(said, /discarded section/);
    match(said, /\.text\.once/);
  });
});

function notes(target: Target, flags: readonly string[]): string {
  const main = compile(target, "main.c", "int main(void) { return 0; }", ["-fpie", ...flags]);
  const other = compile(target, "other.c", "int other(void) { return 1; }", ["-fpie", ...flags]);
  return likeGnuLd(target, (shop) => {
    const path = shop.ld("joined", ["-e", "main", main, other]);
    return tool("readelf", ["-nW", path]);
  });
}

eachTarget("GNU properties: IBT and SHSTK only if every object has them", (target) => {
  match(notes(target, ["-fcf-protection=full"]), /x86 feature: IBT, SHSTK/);
  equal(/IBT/.test(notes(target, ["-fcf-protection=none"])), false);
  const protectedObject = compile(target, "main.c", "int main(void) { return 0; }", ["-fpie", "-fcf-protection=full"]);
  const plain = compile(target, "plain.c", "int plain;", ["-fcf-protection=none"]);
  likeGnuLd(target, (shop) => {
    shop.ld("mixed", ["-e", "main", protectedObject, plain]);
    shop.ld("forced", ["-e", "main", protectedObject, plain, "-z", "ibt", "-z", "shstk"]);
    match(tool("readelf", ["-nW", shop.ld("again", ["-e", "main", plain, "-z", "ibt"])]), /IBT/);
  });
});

eachTarget("an executable stack only where an object asks for it or -z execstack does", (target) => {
  const main = compile(target, "main.c", "int main(void) { return 0; }", ["-fpie"]);
  const silent = compile(target, "silent.s", ".text\nnop\n");
  const wants = compile(target, "wants.s", '.text\nnop\n.section .note.GNU-stack,"x",@progbits\n');
  likeGnuLd(target, (shop) => {
    shop.cc("plain", [main]);
    shop.cc("silent", [main, silent]);
    match(shop.messages(), /missing .note.GNU-stack/);
    shop.cc("wants", [main, wants]);
    match(shop.messages(), /requires executable stack/);
    shop.cc("forced", [main, "-Wl,-z,execstack"]);
    shop.cc("refused", [main, wants, "-Wl,-z,noexecstack"]);
  });
});

eachTarget("dead functions leave .eh_frame, live ones can be unwound", (target) => {
  const source = `
    #include <cstdio>
    template <class T> __attribute__((noinline)) int thrower(T x) { throw x; }
    int unused() { try { return thrower(1.5); } catch (double) { return 1; } }
    int main() { try { thrower(7); } catch (int x) { std::printf("%d\\n", x); } }`;
  const main = compile(target, "main.cc", source, ["-ffunction-sections", "-O1", "-fpie"]);
  const stdout = likeGnuLd(target, (shop) => {
    const path = shop.cxx("main", [main, "-Wl,--gc-sections"]);
    const frames = tool("readelf", ["--debug-dump=frames", path]).match(/ FDE /g)?.length;
    return `${shop.run("main").stdout}${frames} frames`;
  });
  match(stdout, /^7\n/);
});

eachTarget("SHF_LINK_ORDER sections follow the order of what they describe", (target) => {
  const part = (name: string, section: string) =>
    compile(
      target,
      `${name}.s`,
      `.section ${section},"ax",@progbits
       .globl ${name}
       ${name}: ret
       .section described,"ao",@progbits,${section}
       .long ${name === "one" ? 1 : 2}
       .section .note.GNU-stack,"",@progbits`,
    );
  const main = compile(
    target,
    "main.c",
    "extern const int __start_described[]; int main(void) { return __start_described[0] * 10 + __start_described[1]; }",
    ["-fno-pie"],
  );
  const status = likeGnuLd(target, (shop) => {
    // .text.unlikely comes before .text, whatever the order of the objects.
    shop.cc("main", ["-no-pie", main, part("one", ".text"), part("two", ".text.unlikely")]);
    return shop.run("main").status;
  });
  equal(status, 21);
});
