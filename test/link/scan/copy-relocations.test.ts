// Position-dependent code that names data or functions of a shared library directly: the data is copied into the
// program, the function's address becomes that of a PLT entry, and the library sees both.

import { equal, match } from "node:assert/strict";
import { compile, type Target } from "../../support/build.ts";
import { beyondGnuLd, eachTarget, gnu, likeGnuLd, underTest, workshop } from "../../support/link.ts";
import { asm, START, variable } from "../found-sources.ts";

const LOADER = "--dynamic-linker=/lib/loader";

const LIBRARY = `
  int number = 5;
    extern int other_name __attribute__((weak, alias("number")));
  const int table[4] = {1, 2, 3, 4};
  char text[100] = "text";
  double aligned __attribute__((aligned(32))) = 0.5;
  int function(void) { return number + other_name; }
  void *function_address(void) { return function; }
  int *number_address(void) { return &number; }`;

const MAIN = `
  #include <stdio.h>
  extern int number, other_name;
  extern const int table[4];
  extern char text[100];
  extern double aligned;
  int function(void);
  void *function_address(void);
  int *number_address(void);
  int (*const pointer)(void) = function;
  int main(void) {
    number++;
    text[0] = 'T';
    printf("%d %d %d %s %g %d ", number, other_name, table[3], text, aligned, function());
    printf("%d %d %d\\n", number_address() == &number, pointer == function_address(), (void *)function == function_address());
  }`;

const EXPECTED = "6 6 4 Text 0.5 12 1 1 1\n";

function objects(target: Target, how: string): { library: string; main: string } {
  return {
    library: compile(target, "library.c", LIBRARY, ["-fPIC", "-O1"]),
    main: compile(target, "main.c", MAIN, [how, "-O1"]),
  };
}

for (const [how, link] of [
  ["-fno-pie", "-no-pie"],
  ["-fpie", "-pie"],
] as const) {
  eachTarget(`a library's data and function pointers are one with the program's, ${link}`, (target) => {
    const { library, main } = objects(target, how);
    for (const flags of [[], ["-Wl,-z,now"], ["-Wl,-z,norelro"]]) {
      const stdout = likeGnuLd(target, (shop) => {
        shop.cc("liblibrary.so", ["-shared", library]);
        shop.cc("main", [link, main, "./liblibrary.so", ...flags]);
        return shop.run("main").stdout;
      });
      equal(stdout, EXPECTED);
    }
  });
}

eachTarget("the C library's environ under both its names", (target) => {
  const main = compile(
    target,
    "main.c",
    `#define _GNU_SOURCE
     #include <stdio.h>
     #include <stdlib.h>
     #include <unistd.h>
     extern char **__environ;
     int main(void) {
       char *list[] = {"ONLY=this", 0};
       environ = list;
       fprintf(stdout, "%s %d\\n", getenv("ONLY"), &environ == &__environ);
     }`,
    ["-fno-pie"],
  );
  const stdout = likeGnuLd(target, (shop) => {
    shop.cc("main", ["-no-pie", main]);
    return shop.run("main").stdout;
  });
  equal(stdout, "this 1\n");
});

eachTarget("-z nocopyreloc keeps the reference to the library", (target) => {
  // Only possible where the reference is in writable data; code gets a text relocation instead.
  const main = compile(
    target,
    "main.c",
    '#include <stdio.h>\nextern int number; int *pointer = &number; int main(void) { printf("%d\\n", *pointer); }',
    ["-fno-pie"],
  );
  const library = compile(target, "number.c", "int number = 5;", ["-fPIC"]);
  const stdout = likeGnuLd(target, (shop) => {
    shop.cc("liblibrary.so", ["-shared", library]);
    shop.cc("main", ["-no-pie", main, "./liblibrary.so", "-Wl,-z,nocopyreloc"]);
    return shop.run("main").stdout;
  });
  equal(stdout, "5\n");
});

eachTarget("a library's protected data cannot be copied", (target) => {
  const library = compile(
    target,
    "library.c",
    'int guarded __attribute__((visibility("protected"))) = 1; int get(void) { return guarded; }',
    ["-fPIC"],
  );
  const main = compile(target, "main.c", "extern int guarded; int main(void) { return guarded; }", ["-fno-pie"]);
  likeGnuLd(target, (shop) => {
    shop.cc("liblibrary.so", ["-shared", library]);
    match(shop.refuses("main", ["-no-pie", main, "./liblibrary.so"]), /protected/);
  });
});

eachTarget("no relocation for a library's protected data is left in a program's read-only sections", (target) => {
  const library = asm(target, "library", `.protected v\n${variable("v", 4)}`);
  const word = asm(target, "word", `${START}.globl v\nmov $v,%eax\n`);
  const size = asm(target, "size", `${START}mov $v@SIZE,%eax\n`);
  const data = asm(target, "data", `${START}.data\n.dc.a v\n`);
  likeGnuLd(target, (shop) => {
    const refused = /copy relocation against (?:non-copyable )?protected symbol `v'/;
    shop.ld("library.so", ["-shared", library]);
    shop.ld("a", [LOADER, data, "library.so"]);
    match(shop.refuses("b", [LOADER, "-z", "nocopyreloc", word, "library.so"], "ld"), refused);
    if (target.wordBytes === 8) match(shop.refuses("c", [LOADER, "-pie", size, "library.so"], "ld"), refused);
  });
});

eachTarget("that a library has plain data protected is forgotten where another has it with a version", (target) => {
  const library = asm(target, "library", `.protected v\n${variable("v", 4)}`);
  const uses = asm(target, "uses", `${START}mov v,%eax\n`);
  likeGnuLd(target, (shop) => {
    shop.ld("plain.so", ["-shared", library]);
    shop.ld("versioned.so", ["-shared", `--version-script=${shop.file("v", "V1 { v; };")}`, library]);
    shop.ld("other.so", ["-shared", `--version-script=${shop.file("v2", "V2 { v; };")}`, library]);
    shop.ld("a", [LOADER, uses, "plain.so", "versioned.so"]);
    shop.ld("c", [LOADER, uses, "versioned.so", "other.so"]);
    match(shop.refuses("b", [LOADER, uses, "versioned.so", "plain.so"], "ld"), /protected/);
  });
});

eachTarget("position-dependent code is refused in a shared library, with the cure", (target) => {
  const library = compile(target, "library.c", "int number; int get(void) { return number; }", ["-fno-pic"]);
  likeGnuLd(target, (shop) => {
    if (target.wordBytes === 8) match(shop.refuses("liblibrary.so", ["-shared", library]), /recompile with -fPIC/);
  });
});

eachTarget("pointers agree with the code about where a library's function and variable are", (target) => {
  const library = compile(
    target,
    "library.c",
    "int value = 4; int call(void) { return 3; } int *values(void) { return &value; } void *calls(void) { return call; }",
    ["-fPIC", "-O1"],
  );
  const source = `extern int value, call(void), *values(void);
    void *calls(void);
    int *pointer = &value;
    int (*function)(void) = call;
    int main(void) {
      return (pointer == &value) + 2 * (values() == &value) + 4 * (function == call) + 8 * (calls() == (void *)call);
    }`;
  for (const [how, link] of [
    ["-fno-pie", "-no-pie"],
    ["-fpie", "-pie"],
  ] as const) {
    const main = compile(target, "main.c", source, [how, "-O1"]);
    const status = likeGnuLd(target, (shop) => {
      shop.cc("liblibrary.so", ["-shared", library]);
      shop.cc("main", [link, main, "./liblibrary.so"]);
      return shop.run("main").status;
    });
    equal(status, 15);
  }
});

// GNU ld forgets names that the program does not use, and the library then reads its own variable by them.
beyondGnuLd("all names of a copied variable are the copy, whichever the program uses", (target) => {
  const library = compile(
    target,
    "library.c",
    `int number = 5;
     extern int one __attribute__((weak, alias("number"))), two __attribute__((weak, alias("number")));
     int get(void) { return number + 10 * one + 100 * two; }`,
    ["-fPIC"],
  );
  for (const name of ["number", "one", "two"]) {
    const main = compile(
      target,
      "main.c",
      `extern int ${name}; int get(void); int main(void) { ${name} = 1; return get(); }`,
      ["-fno-pie"],
    );
    const shop = workshop(underTest, target);
    shop.cc("liblibrary.so", ["-shared", library]);
    shop.cc("main", ["-no-pie", main, "./liblibrary.so"]);
    equal(shop.run("main").status, 111);
  }
});

eachTarget("the end of a table is not the variable behind it", (target) => {
  const library = compile(
    target,
    "library.c",
    `__asm__(".data\\n.globl table, a_end, value\\n.type table, @object\\n.size table, 4\\ntable: .long 1\\na_end:\\n"
       ".type value, @object\\n.size value, 4\\nvalue: .long 42\\n.text");`,
  );
  const main = compile(target, "main.c", "extern int value; int main(void) { return value; }", ["-fno-pie"]);
  for (const linker of [gnu, underTest]) {
    const shop = workshop(linker, target);
    shop.cc("liblibrary.so", ["-shared", library]);
    for (const [i, files] of [
      [main, "./liblibrary.so"],
      ["-Wl,--no-as-needed", "./liblibrary.so", main],
    ].entries()) {
      shop.cc(`main${i}`, ["-no-pie", ...files]);
      equal(shop.run(`main${i}`).status, 42);
    }
  }
});
