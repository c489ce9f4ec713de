// The commonest mistakes, made with gcc and with clang: all that Solder says about each, word for word. Only the
// directories of files, the offsets that a compiler chooses, and the drivers' own last line are left out.

import { equal } from "node:assert/strict";
import { test } from "node:test";
import { archive, compile, i386, scratch, type Target, x86_64 } from "../../support/build.ts";
import { underTest, type Workshop, workshop } from "../../support/link.ts";
import { needs } from "../../support/tools.ts";

interface Compiler {
  readonly name: string;
  readonly target: Target;
  /** What `compile` takes to use it. */
  readonly c: readonly string[];
  readonly cxx: readonly string[];
}

const COMPILERS: readonly Compiler[] = [
  { name: "gcc", target: x86_64, c: [], cxx: [] },
  { name: "clang", target: { ...x86_64, cc: "clang", cxx: "clang++" }, c: ["clang"], cxx: ["clang++"] },
];

interface Bench {
  readonly shop: Workshop;
  readonly compiler: Compiler;
  /** Compile with debug information and without optimisation. */
  c(name: string, source: string, flags?: readonly string[]): string;
  cxx(name: string, source: string, flags?: readonly string[]): string;
  /** What the linker says of a link that must fail. */
  refuses(args: readonly string[], driver?: "cc" | "cxx"): string;
}

function bench(compiler: Compiler): Bench {
  const shop = workshop(underTest, compiler.target);
  const debug = ["-g", "-O0"];
  return {
    shop,
    compiler,
    c: (name, source, flags = []) => compile(x86_64, `${name}.c`, source, [...compiler.c, ...debug, ...flags]),
    cxx: (name, source, flags = []) => compile(x86_64, `${name}.cc`, source, [...compiler.cxx, ...debug, ...flags]),
    refuses: (args, driver = "cc") => plain(shop.refuses("out", args, driver)),
  };
}

function plain(said: string): string {
  return said
    .replaceAll(/^(collect2|clang|clang\+\+): error: .*\n/gm, "")
    .replaceAll(/[^\s`'(]*\//g, "")
    .replaceAll(/\+0x[0-9a-f]+/g, "+0x…")
    .replaceAll(/: 0x[0-9a-f]+ is not in/g, ": 0x… is not in")
    .replaceAll(/searched: \d+/g, "searched: N")
    .trimEnd();
}

function mistake(
  title: string,
  make: (bench: Bench) => string,
  expected: string | ((compiler: string) => string),
): void {
  for (const compiler of COMPILERS) {
    test(`${title} (${compiler.name})`, needs("gcc", "g++", "clang", "ar"), () => {
      equal(make(bench(compiler)), typeof expected === "string" ? expected : expected(compiler.name));
    });
  }
}

const lines = (...text: readonly string[]): string => text.join("\n");

mistake(
  "a C++ method that is declared and not defined, but for other parameters",
  ({ cxx, refuses }) => {
    const shape = "struct Shape { void move(double x, double y); void move(int x, int y); };\n";
    const main = cxx("main", `${shape}void all(Shape &s) { s.move(1.0, 2.0); }\nint main() { Shape s; all(s); }\n`);
    return refuses([main, cxx("shape", `${shape}void Shape::move(int x, int y) {}\n`)], "cxx");
  },
  lines(
    "ld: error: main.o:(.text+0x…): undefined reference to `Shape::move(double, double)' [undefined-symbol]",
    "  >>> referenced by main.cc:2 in function all(Shape&)",
    "  >>> Shape::move(int, int) is defined in shape.o: the same function with other parameters or qualifiers",
  ),
);

mistake(
  "a class without its first virtual function",
  ({ cxx, refuses }) => {
    const main = cxx(
      "main",
      "struct Shape { virtual int area(); };\nint main() {\n  static Shape s; return sizeof s; }\n",
    );
    return refuses([main], "cxx");
  },
  (compiler) =>
    lines(
      `ld: error: main.o:(${compiler === "gcc" ? ".data.rel" : ".data"}+0x…): undefined reference to \`vtable for Shape' [undefined-symbol]`,
      "  >>> a vtable is made with its class's first virtual function that is neither inline nor pure: define that of Shape",
    ),
);

mistake(
  "a library that was forgotten",
  ({ c, refuses }) => {
    const source = "double pow(double, double);\n\nint main(int n, char **v) {\n  return (int)pow(n, 0.5);\n}\n";
    return refuses([c("main", source, ["-fno-builtin"])]);
  },
  lines(
    "ld: error: main.o:(.text+0x…): undefined reference to `pow' [undefined-symbol]",
    "  >>> referenced by main.c:4 in function main",
    "  >>> defined in libm.so.6: add -lm",
  ),
);

mistake(
  "C++ linked with the C compiler",
  ({ cxx, refuses }) => refuses([cxx("main", "int main() {\n  return *new int; }\n")]),
  lines(
    "ld: error: main.o:(.text+0x…): undefined reference to `operator new(unsigned long)' [undefined-symbol]",
    "  >>> referenced by main.cc:2 in function main",
    "  >>> defined in libstdc++.so: link with g++ or clang++, or add -lstdc++",
  ),
);

mistake(
  'a C function that C++ uses without extern "C"',
  ({ c, cxx, refuses }) => {
    const main = cxx("main", "int add(int, int);\nint main() { return add(1, 2); }\n");
    return refuses([main, c("add", "int add(int a, int b) { return a + b; }\n")], "cxx");
  },
  lines(
    "ld: error: main.o:(.text+0x…): undefined reference to `add(int, int)' [undefined-symbol]",
    "  >>> referenced by main.cc:2 in function main",
    '  >>> add is defined as C in add.o: declare it extern "C" where it is used',
  ),
);

mistake(
  "a C++ function that C uses",
  ({ c, cxx, refuses }) => {
    const main = c("main", "int add(int, int);\nint main(void) { return add(1, 2); }\n");
    return refuses([main, cxx("add", "int add(int a, int b) { return a + b; }\n")]);
  },
  lines(
    "ld: error: main.o:(.text+0x…): undefined reference to `add' [undefined-symbol]",
    "  >>> referenced by main.c:2 in function main",
    '  >>> add(int, int) is defined as C++ in add.o: declare it extern "C" where it is defined, or use it from C++',
  ),
);

mistake(
  "a misspelt name, and the same name static in another file",
  ({ c, refuses }) => {
    const main = c(
      "main",
      "void initialise(void);\nvoid helper(void);\nint main(void) {\n  initialise();\n  helper();\n}\n",
    );
    return refuses([main, c("parts", "void initialize(void) {}\n__attribute__((used)) static void helper(void) {}\n")]);
  },
  lines(
    "ld: error: main.o:(.text+0x…): undefined reference to `initialise' [undefined-symbol]",
    "  >>> referenced by main.c:4 in function main",
    "  >>> did you mean initialize, in parts.o?",
    "ld: error: main.o:(.text+0x…): undefined reference to `helper' [undefined-symbol]",
    "  >>> referenced by main.c:5 in function main",
    "  >>> defined in parts.o, but static there: other files cannot use it",
  ),
);

mistake(
  "a program without main",
  ({ c, refuses }) => refuses([c("add", "int add(int a, int b) { return a + b; }\n")]),
  lines(
    "ld: error: Scrt1.o:(.text+0x…): undefined reference to `main' [undefined-symbol]",
    "  >>> in function _start",
    "  >>> a program starts at main: define it, or give -shared or -c if out is not to be a program",
  ),
);

mistake(
  "a shared library without -fPIC",
  ({ c, refuses }) => {
    const source = "extern int other;\nint pick(void) {\n  return other;\n}\nint other = 1;\n";
    return refuses(["-shared", c("pick", source, ["-fno-pic"])]);
  },
  (compiler) =>
    lines(
      `ld: error: pick.o:(.text+0x…): relocation ${compiler === "gcc" ? "R_X86_64_PC32" : "R_X86_64_32S"} against \`other' can not be used when making a shared object; recompile with -fPIC [needs-pic]`,
      "  >>> pick.c:3 in function pick",
    ),
);

mistake(
  "a program without -fPIE, linked as PIE",
  ({ c, refuses }) => {
    const source = "static int table[4];\nint main(int n, char **v) {\n  return table[n] + table[n + 1];\n}\n";
    return refuses(["-pie", c("main", source, ["-fno-pic"])]);
  },
  lines(
    "ld: error: main.o:(.text+0x…): relocation R_X86_64_32S against `.bss' can not be used when making a PIE object; recompile with -fPIE [needs-pic]",
    "  >>> main.c:3 in function main",
    "  >>> the object has 1 more of them",
    "  fix: to keep the code as it is, link with -no-pie",
  ),
);

mistake(
  "two definitions of a variable and of a function",
  ({ c, refuses }) => {
    const one = c("one", "int counter = 1;\nint twice(void) { return 2; }\n");
    return refuses([
      one,
      c("two", "int twice(void) { return 3; }\n\nint counter = 2;\nint main(void) { return twice(); }\n"),
    ]);
  },
  lines(
    "ld: error: two.o:(.text+0x…): multiple definition of `twice' [duplicate-symbol]",
    "  >>> first defined at one.c:2 (one.o:(.text+0x…))",
    "  >>> defined again at two.c:1",
    "  fix: define it in one file only (in a header: extern for a variable, inline for a function), or take the first with -z muldefs",
    "ld: error: two.o:(.data+0x…): multiple definition of `counter' [duplicate-symbol]",
    "  >>> first defined at one.c:1 (one.o:(.data+0x…))",
    "  >>> defined again at two.c:3",
    "  fix: define it in one file only (in a header: extern for a variable, inline for a function), or take the first with -z muldefs",
  ),
);

mistake(
  "an object that is linked twice",
  ({ c, refuses }) => {
    const twice = c(
      "twice",
      "int first(void) { return 1; }\nint second(void) { return 2; }\nint main(void) { return 0; }\n",
    );
    return refuses([twice, twice]);
  },
  lines(
    "ld: error: twice.o:(.text+0x…): multiple definition of `first' [duplicate-symbol]",
    "  >>> twice.o is linked twice, which clashes in 2 more symbols: name it once",
  ),
);

mistake(
  "an object for another machine",
  ({ c, refuses }) => {
    const main = c("main", "int main(void) { return 0; }\n");
    return refuses([main, compile(i386, "add.c", "int add(int a, int b) { return a + b; }\n", ["-g", "-O0"])]);
  },
  lines(
    "ld: error: add.o: incompatible machine: the file is for i386, the output for x86-64 [wrong-machine]",
    "  fix: compile it for x86-64, with -m64",
  ),
);

mistake(
  "a library with a name that is nearly right, one for another machine, and one that is nowhere",
  ({ c, refuses }) => {
    const directory = scratch("lib");
    archive(directory, "libadder.a", [c("add", "int add(int a, int b) { return a + b; }\n")]);
    archive(directory, "libother.a", [
      compile(i386, "add.c", "int add(int a, int b) { return a + b; }\n", ["-g", "-O0"]),
    ]);
    const main = c("main", "int main(void) { return 0; }\n");
    return refuses([main, `-L${directory}`, "-lader", "-lother", "-lno_such_library_anywhere"]);
  },
  lines(
    "ld: error: cannot find -lader: directories searched: N [library-not-found]",
    "  >>> did you mean -ladder? libadder.a is there",
    "ld: warning: libother.a: skipping incompatible library: it is for i386, the output for x86-64 [skipping-incompatible]",
    "ld: error: cannot find -lother: directories searched: N [library-not-found]",
    "  >>> only for another machine: libother.a",
    "ld: error: cannot find -lno_such_library_anywhere: directories searched: N [library-not-found]",
    "  fix: add the library's directory with -L, or install the package that holds it",
  ),
);

mistake(
  "mistakes in version scripts",
  ({ c, shop, refuses }) => {
    const add = c("add", "int add(int a, int b) { return a + b; }\n", ["-fPIC"]);
    const link = (text: string): string => {
      const script = shop.file("map", text);
      return refuses(["-shared", add, `-Wl,--version-script=${script}`, "-Wl,--no-undefined-version"]);
    };
    return lines(
      link("V1 {\n  globl: add;\n};\n"),
      link("V1 {\n  global: ad;\n  local: *;\n};\n"),
      link("V1 {\n  global: add;\n  local: *;\n}\n"),
    );
  },
  lines(
    "ld: error: map:2:3: `globl:' is neither `global:' nor `local:'; did you mean `global:'? [version-unknown-label]",
    "ld: error: map:1:1: version V1 is assigned to ad, which is not defined; did you mean add? [undefined-version]",
    "ld: error: map:4:2: expected `;' at the end of the text [script-expected-token]",
  ),
);

mistake(
  "an object that only link-time optimisation understands",
  ({ c, refuses }) => {
    const main = c("main", "int add(int, int);\nint main(void) { return add(1, 2); }\n");
    return refuses([main, c("add", "int add(int a, int b) { return a + b; }\n", ["-flto"])]);
  },
  lines(
    "ld: error: add.o: slim LTO object: it holds the compiler's intermediate code only, nothing to link [lto-only-object]",
    "  fix: recompile with -ffat-lto-objects or without -flto",
  ),
);

mistake(
  "a name that is thread-local in one file only",
  ({ c, refuses }) => {
    const main = c("main", "extern int counter;\nint main(void) {\n  return counter;\n}\n");
    return refuses([main, c("counter", "__thread int counter;\n")]);
  },
  (compiler) =>
    lines(
      `ld: error: main.o:(.text+0x…): relocation ${compiler === "gcc" ? "R_X86_64_PC32" : "R_X86_64_REX_GOTPCRELX"} cannot be used against the thread-local \`counter' [relocation-tls-symbol]`,
      "  >>> main.c:3 in function main",
      "  fix: declare it thread_local (or __thread) in the file that uses it, too",
    ),
);

mistake(
  "a distance that does not fit",
  ({ c, refuses }) => {
    const main = c("main", "extern char far_away[];\nint main(void) {\n  return far_away[0];\n}\n", ["-fno-pic"]);
    return refuses(["-no-pie", main, "-Wl,--defsym=far_away=0x123456789"]);
  },
  (compiler) =>
    lines(
      `ld: error: main.o:(.text+0x…): relocation truncated to fit: ${compiler === "gcc" ? "R_X86_64_PC32" : "R_X86_64_32S"} against \`far_away': 0x… is not in -0x80000000 to 0x7fffffff [relocation-overflow]`,
      "  >>> main.c:3 in function main",
      "  fix: the target is too far away or the value too large: compile with -mcmodel=medium or large, or make the output smaller",
    ),
);

mistake(
  "archives in the wrong order are no mistake",
  ({ c, shop }) => {
    const directory = scratch("lib");
    archive(directory, "libadd.a", [c("add", "int add(int a, int b) { return a + b; }\n")]);
    const main = c("main", "int add(int, int);\nint main(void) { return add(1, -1); }\n");
    shop.cc("out", [`-L${directory}`, "-ladd", main]);
    const { status } = shop.run("out");
    shop.cc("warned", [`-L${directory}`, "-ladd", main, "-Wl,--warn-backrefs"]);
    return `${status}\n${plain(shop.messages())}`;
  },
  lines(
    "0",
    "ld: note: libadd.a(add.o): backward reference from main.o: the archive of this member stands before the file that needs it [archive-backref]",
    "  fix: put the archive after the files that use it; GNU ld would not have found the member",
  ),
);
