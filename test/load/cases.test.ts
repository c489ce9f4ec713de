// What no program of a distribution needs, made by hand and held to the real loader.

import { deepEqual, equal, ok } from "node:assert/strict";
import { linkSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { DT_SYMBOLIC } from "../../src/elf/index.ts";
import type { LoadedProcess } from "../../src/load/index.ts";
import { symbolicOf, symbolName } from "../../src/load/index.ts";
import { compile, i386, targets } from "../support/build.ts";
import { run, tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";
import { addDynamicEntry, agree, refuse, workshop } from "./judges/agree.ts";
import { forgetFiles, loaded } from "./judges/reality.ts";

/** Which object a reference of the library (or program) is bound to: soname, or "program". */
function providerOf(task: LoadedProcess, soname: string, symbol: string): string {
  const object = task.objects.find(({ file, kind }) => (file.soname ?? kind) === soname);
  ok(object?.bindings !== undefined, `${soname} is loaded`);
  const { symbol: symbols } = symbolicOf(object.file);
  const row = symbols.findIndex((index) => symbolName(object.file.symbols, index) === symbol);
  ok(row >= 0, `${soname} refers to ${symbol}`);
  const provider = task.objects[object.bindings.provider[row]];
  return provider === undefined ? "nothing" : (provider.file.soname ?? provider.kind);
}

function loadedNow(program: string): LoadedProcess {
  forgetFiles();
  return loaded(program, { LD_BIND_NOW: "1" });
}

for (const target of targets) {
  const options = needs(...target.tools);

  test(`${target.name}: the first definition in breadth-first order wins, weak or not`, options, () => {
    const shop = workshop(target);
    shop.library("deep", "int who(void) { return 3; } int deep(void) { return who(); }");
    shop.library("one", "int deep(void); int one(void) { return deep(); }", "-ldeep");
    shop.library("two", "__attribute__((weak)) int who(void) { return 2; } int two(void) { return who(); }");
    const task = agree(
      target,
      shop.program("main", "int one(void), two(void); int main(void) { return one() - two(); }", "-lone", "-ltwo"),
    );
    equal(providerOf(task, "libdeep.so", "who"), "libtwo.so");
  });

  test(`${target.name}: DT_SYMBOLIC looks into the library first; what its program defines else wins`, options, () => {
    for (const symbolic of [false, true]) {
      const shop = workshop(target);
      const source =
        "int who(void) { return 1; } int *address(void) { return (int *)who; } int own(void) { return who(); }";
      const library = shop.library("own", source);
      // ld -Bsymbolic leaves nothing to the loader; DT_SYMBOLIC alone does.
      if (symbolic) addDynamicEntry(library, DT_SYMBOLIC, 0);
      const main =
        "int own(void); int *address(void); int who(void) { return 0; } int main(void) { return own() - (address() != 0); }";
      const task = agree(target, shop.program("main", main, "-rdynamic", "-lown"));
      equal(providerOf(task, "libown.so", "who"), symbolic ? "libown.so" : "program");
    }
  });

  test(`${target.name}: a preloaded library comes before all but the program`, options, () => {
    const shop = workshop(target);
    const first = shop.library("first", "int who(void) { return 1; }");
    shop.library("own", "int who(void) { return 2; }");
    const program = shop.program("main", "int who(void); int main(void) { return who() > 2; }", "-lown");
    equal(providerOf(agree(target, program), "program", "who"), "libown.so");
    equal(providerOf(agree(target, program, { LD_PRELOAD: first }), "program", "who"), "libfirst.so");
    agree(target, program, { LD_PRELOAD: `${first}:${shop.at("libnone.so")}` });
  });

  test(
    `${target.name}: a protected function is bound to the library itself, its address to the program's PLT`,
    options,
    () => {
      const shop = workshop(target);
      const source = `__attribute__((visibility("protected"))) int guarded(void) { return 1; }
      int call(void) { return guarded(); }
      extern int open_one(void);
      int open_one(void) { return 2; }
      int other(void) { return open_one(); }`;
      shop.library("guard", source);
      const task = agree(
        target,
        shop.program(
          "main",
          "int call(void), other(void); int guarded(void) { return 5; } int open_one(void) { return 6; } int main(void) { return call() + other() > 20; }",
          "-rdynamic",
          "-lguard",
        ),
      );
      equal(providerOf(task, "libguard.so", "open_one"), "program");
    },
  );

  test(
    `${target.name}: COPY takes a variable over, with its initial value; the library uses the program's`,
    options,
    () => {
      const shop = workshop(target, ["-fno-pic"]);
      tool(target.cc, [
        "-shared",
        "-fPIC",
        "-o",
        shop.at("libvar.so"),
        "-Wl,-soname,libvar.so",
        compile(target, "var.c", 'int number = 42; const char *text = "text"; int get(void) { return number; }', [
          "-fPIC",
        ]),
      ]);
      const task = agree(
        target,
        shop.program(
          "main",
          "extern int number; extern const char *text; int get(void); int main(void) { return number - get() + (text == 0); }",
          "-no-pie",
          "-lvar",
        ),
      );
      equal(providerOf(task, "libvar.so", "number"), "program");
      equal(providerOf(task, "program", "number"), "libvar.so");
    },
  );

  test(`${target.name}: a copy of a variable, or the address of a function, that has become protected`, options, () => {
    const shop = workshop(target, ["-fno-pic"]);
    const library = (visibility: string, ...flags: readonly string[]): void => {
      const source = `__attribute__((visibility("${visibility}"))) int number = 42;
        __attribute__((visibility("${visibility}"))) int guarded(void) { return number; }`;
      const object = compile(target, "var.c", source, ["-fPIC"]);
      tool(target.cc, ["-shared", "-o", shop.at("libvar.so"), "-Wl,-soname,libvar.so", object, ...flags]);
    };
    library("default");
    const copying = shop.program(
      "copy",
      "extern int number; int main(void) { return number - 42; }",
      "-no-pie",
      "-lvar",
    );
    const call = "int guarded(void); int main(void) { int (*volatile it)(void) = guarded; return it() - guarded(); }";
    const calling = shop.program("call", call, "-no-pie", "-lvar");
    library("protected");
    ok(agree(target, copying).messages[0]?.text.startsWith("warning: copy relocation"));
    library("protected", "-Wl,-z,indirect-extern-access");
    refuse(copying);
    refuse(calling);
  });

  test(`${target.name}: COPY of a variable that has grown warns`, options, () => {
    const shop = workshop(target, ["-fno-pic"]);
    const build = (size: number): void => {
      const source = `int numbers[${size}] = {1, 2, 3};`;
      tool(target.cc, [
        "-shared",
        "-o",
        shop.at("libvar.so"),
        "-Wl,-soname,libvar.so",
        compile(target, "var.c", source, ["-fPIC"]),
      ]);
    };
    build(3);
    const program = shop.program(
      "main",
      "extern int numbers[]; int main(void) { return numbers[0] - 1; }",
      "-no-pie",
      "-lvar",
    );
    build(5);
    const task = agree(target, program);
    ok(task.messages[0]?.text.includes("consider re-linking"));
  });

  test(`${target.name}: symbols with versions`, options, () => {
    const shop = workshop(target);
    const script = (name: string, text: string): string => {
      writeFileSync(shop.at(name), text);
      return `-Wl,--version-script,${shop.at(name)}`;
    };
    // Linked when libver.so had no versions: an unversioned reference means the oldest.
    shop.library("ver", "int old(void) { return 0; }");
    shop.library("unaware", "int old(void); int unaware(void) { return old(); }", "-lver");
    const source = `__asm__(".symver old_1,old@V1"); __asm__(".symver old_2,old@@V2"); __asm__(".symver old_3,old@V3");
      int old_1(void) { return 1; } int old_2(void) { return 2; } int old_3(void) { return 3; }`;
    shop.library("ver", source, script("ver.map", "V1 { }; V2 { } V1; V3 { } V2;"));
    shop.library("aware", "int old(void); int aware(void) { return old(); }", "-lver");
    const program = shop.program(
      "main",
      "int unaware(void), aware(void); int main(void) { return unaware() * 10 + aware() - 12; }",
      "-lunaware",
      "-laware",
      "-lver",
    );
    const task = agree(target, program);
    const names = (soname: string): string => {
      const object = task.objects.find(({ file }) => file.soname === soname);
      ok(object?.bindings !== undefined);
      const { symbol } = symbolicOf(object.file);
      const row = symbol.findIndex((index) => symbolName(object.file.symbols, index) === "old");
      const ver = task.objects[object.bindings.provider[row]];
      const word = ver.file.elf.view.getUint16(ver.file.versions.symbolsAt + 2 * object.bindings.symbol[row], true);
      return ver.file.versions.name[word & 0x7fff];
    };
    deepEqual([names("libunaware.so"), names("libaware.so")], ["V1", "V2"]);
  });

  test(
    `${target.name}: a versioned reference takes the base definition of a library that lost the version`,
    options,
    () => {
      const shop = workshop(target);
      const script = (name: string, text: string): string => {
        writeFileSync(shop.at(name), text);
        return `-Wl,--version-script,${shop.at(name)}`;
      };
      shop.library("ver", "int f(void) { return 1; } int g(void) { return 1; }", script("a.map", "V1 { f; g; };"));
      const program = shop.program("main", "int f(void), g(void); int main(void) { return f() - g(); }", "-lver");
      // g has V1 still; f is of the base version.
      shop.library("ver", "int f(void) { return 1; } int g(void) { return 1; }", script("b.map", "V1 { g; };"));
      equal(providerOf(agree(target, program), "program", "f"), "libver.so");
    },
  );

  test(`${target.name}: missing versions are all named, and end it with 1`, options, () => {
    const shop = workshop(target);
    const script = (name: string, text: string): string => {
      writeFileSync(shop.at(name), text);
      return `-Wl,--version-script,${shop.at(name)}`;
    };
    shop.library(
      "ver",
      "int f(void) { return 1; } int g(void) { return 1; }",
      script("a.map", "V1 { f; }; V2 { g; } V1;"),
    );
    const program = shop.program("main", "int f(void), g(void); int main(void) { return f() - g(); }", "-lver");
    shop.library("ver", "int f(void) { return 1; } int g(void) { return 1; }", script("b.map", "V0 { f; g; };"));
    const task = refuse(program);
    equal(task.exitCode, 1);
    deepEqual(task.missingVersions.map(({ version }) => version).sort(), ["V1", "V2"]);
  });

  test(`${target.name}: a library that has no versions any more stops glibc 2.36 at the first look-up`, options, () => {
    const shop = workshop(target);
    writeFileSync(shop.at("a.map"), "V1 { f; };");
    shop.library("ver", "int f(void) { return 1; }", `-Wl,--version-script,${shop.at("a.map")}`);
    const program = shop.program("main", "int f(void); int main(void) { return f() - 1; }", "-lver");
    shop.library("ver", "int f(void) { return 1; }");
    refuse(program);
  });

  test(`${target.name}: missing libraries, missing symbols`, options, () => {
    const shop = workshop(target);
    shop.library("gone", "int gone(void) { return 1; }");
    const program = shop.program("main", "int gone(void); int main(void) { return gone() - 1; }", "-lgone");
    shop.library("gone", "int other(void) { return 1; }");
    refuse(program);
    tool("rm", [shop.at("libgone.so")]);
    refuse(program);
    writeFileSync(shop.at("libgone.so"), "not a library");
    refuse(program);
    writeFileSync(shop.at("libgone.so"), "not a library".repeat(100));
    refuse(program);
  });

  test(`${target.name}: an address amid a page is none for an object`, options, () => {
    const program = workshop(target).program("main", "int main(void) { return 0; }", "-pie");
    forgetFiles();
    const { problems } = loaded(program, {}, new Map([[program, 0x40000123]]));
    deepEqual(
      problems.map(({ code, details }) => [code, details]),
      [["base-not-page", { base: 0x40000123, page: 0x1000, start: 0x40000000 }]],
    );
  });

  test(`${target.name}: a library cut in half is the end of the process, by SIGBUS`, options, () => {
    const shop = workshop(target);
    const library = shop.library(
      "cut",
      `int cut(void) { return 1; } const char pages[20000] = "x"; int data[5000] = {1};`,
    );
    const program = shop.program("main", "int cut(void); int main(void) { return cut() - 1; }", "-lcut");
    const bytes = readFileSync(library);
    writeFileSync(library, bytes.subarray(0, bytes.length / 2));
    refuse(program);
    // Of what is to be preloaded after it nothing is heard.
    const other = shop.program("other", "int main(void) { return 0; }");
    const environment = { LD_PRELOAD: `${library} ${shop.at("missing.so")}` };
    deepEqual(refuse(other, environment).messages, []);
  });

  test(
    `${target.name}: of a cut library only what is touched is the end: relocations, or a name that is missed before`,
    options,
    () => {
      const shop = workshop(target);
      // The dynamic section comes before the data of which the end is missing.
      const source = (value: string): string => `int cut(void) { return 1; } int more(void); int data[5000] = {1};
      int (*late[5000])(void) = { ${value} };`;
      for (const value of ["more", "[4999] = more", "[4999] = cut"]) {
        const library = shop.library("cut", source(value), "-nostartfiles");
        const other = shop.library("more", "int more(void) { return 2; }");
        const program = shop.program("main", "int cut(void); int main(void) { return cut() - 1; }", "-lcut", "-lmore");
        const bytes = readFileSync(library);
        writeFileSync(library, bytes.subarray(0, bytes.length - 16_000));
        if (value === "more") agree(target, program);
        else refuse(program);
        tool("rm", [other]);
        refuse(program);
      }
    },
  );

  test(`${target.name}: a program cut in half ends by SIGSEGV, where the kernel clears its .bss`, options, () => {
    const shop = workshop(target);
    const program = shop.program(
      "main",
      "int data[5000] = {1}; int bss[5000]; int main(void) { return data[1] + bss[1]; }",
    );
    const bytes = readFileSync(program);
    writeFileSync(program, bytes.subarray(0, bytes.length / 2));
    refuse(program);
  });

  test(`${target.name}: a program without the C library starts: ld.so asks nobody for its own symbols`, options, () => {
    const shop = workshop(target);
    const text = 'void _start(void) { __asm__("hlt"); }';
    const task = agree(target, shop.program("main", text, "-nostdlib"));
    deepEqual([task.exitCode, task.messages, task.undefinedSymbols], [undefined, [], []]);
    equal(task.objects.length, 2);
  });

  test(`${target.name}: weak references to nothing are 0`, options, () => {
    const shop = workshop(target);
    shop.library(
      "maybe",
      "__attribute__((weak)) int nobody(void); __attribute__((weak)) extern int nothing; __attribute__((weak)) extern __thread int none; int maybe(void) { return nobody ? nobody() : &nothing != 0; } int *tls(void) { return &none; }",
    );
    const task = agree(target, shop.program("main", "int maybe(void); int main(void) { return maybe(); }", "-lmaybe"));
    equal(providerOf(task, "libmaybe.so", "nobody"), "nothing");
  });

  test(`${target.name}: libraries that need each other are sorted as the loader does`, options, () => {
    const shop = workshop(target);
    const source = (name: string): string =>
      `__attribute__((constructor)) static void up(void) {} __attribute__((destructor)) static void down(void) {} int ${name}(void) { return 0; }`;
    for (const name of ["one", "two", "three", "four"]) shop.library(name, source(name));
    const all = "-Wl,--no-as-needed";
    // one needs three and two, two needs one, three needs four, four needs three.
    shop.library("one", source("one"), all, "-lthree", "-ltwo");
    shop.library("two", source("two"), all, "-lone");
    shop.library("three", source("three"), all, "-lfour");
    shop.library("four", source("four"), all, "-lthree");
    const main = "int one(void), four(void); int main(void) { return one() + four(); }";
    const program = shop.program("main", main, all, "-lfour", "-lone");
    agree(target, program);
    agree(target, program, { GLIBC_TUNABLES: "glibc.rtld.dynamic_sort=1" });
  });

  test(`${target.name}: DF_1_INITFIRST, preinit, AUXILIARY and FILTER`, options, () => {
    const shop = workshop(target);
    const up = "__attribute__((constructor)) static void up(void) {}";
    shop.library("first", `${up} int first(void) { return 0; }`, "-Wl,-z,initfirst");
    shop.library("real", `${up} int filtered(void) { return 0; } int helped(void) { return 0; }`);
    shop.library("filter", `${up} int filtered(void) { return 1; }`, "-Wl,-F,libreal.so");
    shop.library("aux", `${up} int helped(void) { return 1; }`, "-Wl,-f,libreal.so");
    shop.library("lonely", `${up} int lonely(void) { return 0; }`, "-Wl,-f,libnone.so");
    const main = `static void early(void) {}
      __attribute__((section(".preinit_array"), used)) static void (*table[])(void) = {early};
      int first(void), filtered(void), helped(void), lonely(void);
      int main(void) { return first() + filtered() + helped() + lonely(); }`;
    const task = agree(target, shop.program("main", main, "-lfilter", "-laux", "-lfirst", "-llonely"));
    equal(providerOf(task, "program", "filtered"), "libreal.so");
  });

  test(`${target.name}: a filter for a library that is not there`, options, () => {
    const shop = workshop(target);
    shop.library("filter", "int filtered(void) { return 1; }", "-Wl,-F,libnone.so");
    refuse(shop.program("main", "int filtered(void); int main(void) { return filtered() - 1; }", "-lfilter"));
  });

  test(`${target.name}: tokens in what a library is called`, options, () => {
    const shop = workshop(target);
    const build = (soname: string): string => {
      const object = compile(target, "token.c", "int token(void) { return 0; }", ["-fPIC"]);
      tool(target.cc, ["-shared", "-o", shop.at("libtoken.so"), object, `-Wl,-soname,${soname}`]);
      return shop.program("main", "int token(void); int main(void) { return token(); }", "-ltoken");
    };
    agree(target, build("$ORIGIN/libtoken.so"));
    agree(target, build(`${shop.path}/./libtoken.so`));
    refuse(build("$NOTHING/libtoken.so"));
    refuse(build("$LIB/libtoken.so"));
  });

  test(`${target.name}: one file under two names is one object`, options, () => {
    const shop = workshop(target);
    const build = (name: string): string => {
      tool(target.cc, [
        "-shared",
        "-o",
        shop.at(`lib${name}.so`),
        compile(target, `${name}.c`, `int ${name}(void) { return 0; }`, ["-fPIC"]),
      ]);
      return shop.at(`lib${name}.so`);
    };
    const one = build("one");
    build("two");
    const program = shop.program(
      "main",
      "int one(void), two(void); int main(void) { return one() + two(); }",
      "-lone",
      "-ltwo",
    );
    tool(target.cc, [
      "-shared",
      "-o",
      shop.at("both.so"),
      compile(target, "both.c", "int one(void) { return 0; } int two(void) { return 0; }", ["-fPIC"]),
    ]);
    tool("rm", [one, shop.at("libtwo.so")]);
    linkSync(shop.at("both.so"), one);
    linkSync(shop.at("both.so"), shop.at("libtwo.so"));
    const task = agree(target, program);
    equal(
      task.objects.filter(({ file }) => file.soname === undefined && file.elf.name.includes("lib")).length <= 1,
      true,
    );
  });

  test(`${target.name}: thread-local storage of many sizes and alignments, all models`, options, () => {
    const shop = workshop(target);
    shop.library(
      "t1",
      "__thread char a[3] = {1}; __thread long long b __attribute__((aligned(64))) = 2; void *t1(void) { return &b; }",
    );
    shop.library("t2", '__thread char c __attribute__((tls_model("initial-exec"))) = 3; void *t2(void) { return &c; }');
    shop.library(
      "t3",
      "static __thread int d = 4; __thread char e[100]; void *t3(void) { return &d; } void *t4(void) { return &e; }",
    );
    const main =
      "__thread char mine[5] = {9}; extern __thread char c; extern __thread char e[]; void *t1(void), *t2(void), *t3(void), *t4(void); int main(void) { return t2() != &c || t4() != e || t1() == t3() || mine[0] != 9; }";
    agree(target, shop.program("main", main, "-lt1", "-lt2", "-lt3"));
    if (target !== i386) {
      shop.library(
        "t1",
        "__thread char a[3] = {1}; __thread long long b __attribute__((aligned(64))) = 2; void *t1(void) { return &b; }",
        "-mtls-dialect=gnu2",
      );
      agree(target, shop.at("main"));
    }
  });

  test(`${target.name}: a unique symbol is the same for all, whatever its version`, options, () => {
    const shop = workshop(target);
    const unique = (library: string): string => `
      .globl shared_${library}
      .data
      .globl one
      .type one, @gnu_unique_object
      .size one, 4
      one: .long 7
      .text
      .type shared_${library}, @function
      shared_${library}: ret
      .data
      .globl pointer_${library}
      pointer_${library}: ${target.wordBytes === 8 ? ".quad" : ".long"} one`;
    for (const library of ["u", "v"]) {
      writeFileSync(shop.at("script.map"), `V_${library} { one; shared_${library}; pointer_${library}; };`);
      const object = compile(target, `${library}.s`, unique(library));
      const link = [`-Wl,-soname,lib${library}.so`, `-Wl,--version-script,${shop.at("script.map")}`];
      tool(target.cc, ["-shared", "-o", shop.at(`lib${library}.so`), object, ...link]);
    }
    const main = "void shared_u(void), shared_v(void); int main(void) { shared_u(); shared_v(); return 0; }";
    const task = agree(target, shop.program("main", main, "-lu", "-lv"));
    const bound = ["libu.so", "libv.so"].map((library) => providerOf(task, library, "one"));
    equal(bound[0], bound[1]);
  });

  test(`${target.name}: IFUNCs are not guessed`, options, () => {
    const shop = workshop(target);
    shop.library(
      "choose",
      'static int yes(void) { return 0; } static int (*resolve(void))(void) { return yes; } int choose(void) __attribute__((ifunc("resolve"))); int use(void) { return choose(); }',
    );
    const task = agree(
      target,
      shop.program("main", "int choose(void), use(void); int main(void) { return choose() + use(); }", "-lchoose"),
    );
    ok([...task.undecided.values()].some(({ provider }) => provider.file.soname === "libchoose.so"));
  });

  test(`${target.name}: an IFUNC that is asked before its object is relocated`, options, () => {
    const shop = workshop(target);
    const chooser = `static int yes(void) { return 0; }
      static int (*resolve(void))(void) { return yes; }
      int choose(void) __attribute__((ifunc("resolve")));`;
    shop.library("asks", "int choose(void); int asks(void) { return choose(); }");
    shop.library("chooses", `${chooser} int chooses(void) { return 0; }`);
    const main = "int asks(void), chooses(void); int main(void) { return asks() + chooses(); }";
    // libasks.so does not need libchooses.so, so nothing says which comes first.
    const program = shop.program("main", main, "-lchooses", "-lasks", "-Wl,--allow-shlib-undefined");
    const task = loadedNow(program);
    equal(
      task.messages.map(({ text }) => `${text}\n`).join(""),
      run(program, [], { env: { LD_BIND_NOW: "1" } }).stderr,
    );
    ok(task.messages[0]?.text.includes("Relink"));
    refuse(
      shop.program(
        "main",
        `${chooser} int asks(void); int main(void) { return asks() + choose(); }`,
        "-rdynamic",
        "-lasks",
      ),
    );
  });

  test(`${target.name}: LD_DYNAMIC_WEAK lets a later strong definition win over a weak one`, options, () => {
    const shop = workshop(target);
    shop.library("weak", "__attribute__((weak)) int who(void) { return 1; }");
    shop.library("strong", "int who(void) { return 2; } int strong(void) { return 0; }");
    const main = "int who(void), strong(void); int main(void) { return who() + strong() > 2; }";
    const program = shop.program("main", main, "-lweak", "-lstrong");
    equal(providerOf(agree(target, program), "program", "who"), "libweak.so");
    equal(providerOf(agree(target, program, { LD_DYNAMIC_WEAK: "1" }), "program", "who"), "libstrong.so");
  });

  test(`${target.name}: a SysV hash table serves as well`, options, () => {
    const shop = workshop(target);
    shop.library(
      "sysv",
      "int a(void) { return 0; } int b(void) { return a(); } int environ_of(void) { return 1; }",
      "-Wl,--hash-style=sysv",
    );
    agree(
      target,
      shop.program("main", "int b(void); int main(void) { return b(); }", "-lsysv", "-Wl,--hash-style=sysv"),
    );
  });

  test(`${target.name}: DT_RELR`, options, () => {
    const shop = workshop(target);
    shop.library(
      "relr",
      `static int x[100]; int *table[] = {${Array.from({ length: 100 }, (_, i) => `x + ${i}`).join()}}; int *at(int i) { return table[i]; }`,
      "-Wl,-z,pack-relative-relocs",
    );
    agree(
      target,
      shop.program("main", "int *at(int); int main(void) { return *at(3); }", "-lrelr", "-Wl,-z,pack-relative-relocs"),
    );
  });

  test(`${target.name}: an executable stack, W and X at once`, options, () => {
    const shop = workshop(target);
    shop.library("stack", "int stack(void) { return 0; }", "-Wl,-z,execstack");
    agree(target, shop.program("main", "int stack(void); int main(void) { return stack(); }", "-lstack"));
  });
}

test(
  "i386: a library of code that is not position-independent has relocations in its text",
  needs(...i386.tools),
  () => {
    const shop = workshop(i386, ["-fno-pic", "-fno-plt"]);
    shop.library(
      "text",
      "int number = 7; static int helper(int x) { return x + number; } int open_one(int x) { return helper(x) * 2; } int ml_func(int a) { return open_one(a) + number; }",
      "-Wl,-z,notext",
    );
    const task = agree(
      i386,
      shop.program("main", "int ml_func(int); int main(void) { return ml_func(1) - 23; }", "-no-pie", "-ltext"),
    );
    const library = task.objects.find(({ file }) => file.soname === "libtext.so");
    const code = library?.regions?.find(({ flags }) => (flags & 1) !== 0);
    ok((code?.written.size ?? 0) > 0, "its code was written to");
  },
);
