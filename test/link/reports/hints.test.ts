// What the rest of a link knows of a name that nothing defines: one hint each, the most certain one.

import { deepEqual, equal, ok } from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { describeProblem } from "../../../src/explain/index.ts";
import { type LinkFilesOptions, linkFiles, memoryFiles } from "../../../src/host/index.ts";
import { link } from "../../../src/link/link.ts";
import { defaultInputState, defaultOptions } from "../../../src/link/options.ts";
import { archive, compile, i386, scratch, type Target, x86_64 } from "../../support/build.ts";
import { run } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";

const gcc = needs("gcc", "g++", "ar");

const c = (name: string, source: string, flags: readonly string[] = [], target: Target = x86_64): string =>
  compile(target, `${name}.c`, source, ["-O1", ...flags]);
const cxx = (name: string, source: string, flags: readonly string[] = []): string =>
  compile(x86_64, `${name}.cc`, source, ["-O1", "-fno-exceptions", ...flags]);

/** What is said of each undefined symbol, without the references and without directories. */
function hints(inputs: readonly string[], options: LinkFilesOptions = {}): Record<string, string> {
  const { problems, image } = linkFiles(inputs, options);
  equal(image, undefined);
  const said = problems
    .filter(({ code }) => code === "undefined-symbol")
    .map((problem) => {
      const lines = describeProblem(problem).lines.filter((line) => !/^(referenced|in function)/.test(line));
      return [String(problem.details.symbol), lines.join("\n").replaceAll(/[^ ,]*\//g, "")];
    });
  return Object.fromEntries(said) as Record<string, string>;
}

/** A directory with libraries. */
function libraries(files: Readonly<Record<string, (path: string) => void>>): string {
  const directory = scratch("lib");
  for (const [name, make] of Object.entries(files)) make(join(directory, name));
  return directory;
}

const shared =
  (source: string, target: Target = x86_64) =>
  (path: string): void => {
    const { image } = linkFiles([c("library", source, ["-fPIC"], target)], { output: "shared" });
    ok(image);
    writeFileSync(path, image);
  };

const main = (...names: readonly string[]): string =>
  c(
    "main",
    `${names.map((name) => `void ${name}(void);`).join(" ")} void _start(void) { ${names.map((name) => `${name}();`).join(" ")} }`,
  );

test("a link without problems looks for no hints", gcc, () => {
  const unasked = (): never => {
    throw new Error("a hint was looked for");
  };
  const object = new Uint8Array(readFileSync(c("nothing", "void _start(void) {}")));
  const files = { read: () => object, exists: unasked, list: unasked };
  const { image } = link(
    [{ kind: "file", path: "nothing.o", state: defaultInputState }],
    { ...defaultOptions, libraryPaths: ["lib"] },
    files,
  );
  ok(image);
});

// Libraries in the search path

test("a library whose name the function's name begins with, and one that everybody uses", gcc, () => {
  const directory = libraries({
    "libcurl.so": shared("void curl_easy_init(void) {}"),
    "libm.a": (path) => void archive(dirname(path), "libm.a", [c("cosine", "void cosine(void) {}")]),
    "libcurious.so": shared("void sum(void) {}"),
  });
  deepEqual(hints([main("curl_easy_init", "cosine", "sum")], { libraryPaths: [directory] }), {
    curl_easy_init: "defined in libcurl.so: add -lcurl",
    cosine: "defined in libm.a(cosine.o): add -lm",
    // It is in a library, but nothing leads there.
    sum: "",
  });
});

test("a library that is a script, and C++ names", gcc, () => {
  const directory = libraries({
    "libm.so": (path) => writeFileSync(path, "GROUP ( libm.so.6 )"),
    "libm.so.6": shared("void cosine(void) {}"),
    "libfmt.a": (path) => void archive(dirname(path), "libfmt.a", [cxx("print", "namespace fmt { void print() {} }")]),
  });
  const user = cxx(
    "user",
    'namespace fmt { void print(); } extern "C" void cosine(); extern "C" void _start() { fmt::print(); cosine(); }',
  );
  deepEqual(hints([user], { libraryPaths: [directory] }), {
    _ZN3fmt5printEv: "defined in libfmt.a(print.o): add -lfmt",
    cosine: "defined in libm.so.6: add -lm",
  });
});

test("libraries for another machine, and the wrong kind of library for a static link, are no help", gcc, () => {
  const directory = libraries({
    "libcurl.so": shared("void curl_easy_init(void) {}"),
    "libz.so": shared("void inflate(void) {}", i386),
  });
  deepEqual(hints([main("curl_easy_init", "inflate")], { libraryPaths: [directory], output: "static" }), {
    curl_easy_init: "",
    inflate: "",
  });
});

test("a file system that cannot list directories gives the hints that need no list", gcc, () => {
  const directory = libraries({
    "libm.so": shared("void cosine(void) {}"),
    "libcurl.so": shared("void curl(void) {}"),
  });
  const files = memoryFiles({
    "main.o": new Uint8Array(readFileSync(main("cosine", "curl"))),
    "lib/libm.so": new Uint8Array(readFileSync(join(directory, "libm.so"))),
    "lib/libcurl.so": new Uint8Array(readFileSync(join(directory, "libcurl.so"))),
  });
  const options = { ...defaultOptions, libraryPaths: ["lib"] };
  const { problems } = link([{ kind: "file", path: "main.o", state: defaultInputState }], options, {
    read: files.read,
    exists: files.exists,
  });
  deepEqual(
    problems.map(({ details }) => details.library),
    ["m", undefined],
  );
  const all = link([{ kind: "file", path: "main.o", state: defaultInputState }], options, files);
  deepEqual(
    all.problems.map(({ details }) => details.library),
    ["m", "curl"],
  );
});

// Out of reach

test("the same name static in another object, and not exported by a shared library", gcc, () => {
  const other = c("other", "__attribute__((used)) static void helper(void) {}");
  const directory = scratch("lib");
  const library = join(directory, "libparts.so");
  const hidden = c(
    "hidden",
    '__attribute__((visibility("hidden"))) void inner(void) {} void outer(void) { inner(); }',
    ["-fPIC"],
  );
  const { image } = linkFiles([hidden], { output: "shared" });
  ok(image);
  writeFileSync(library, image);
  deepEqual(hints([main("helper", "inner"), other, library]), {
    helper: "defined in other.o, but static there: other files cannot use it",
    inner: "defined in libparts.so, but not exported there",
  });
});

test("an archive of slim LTO objects hides what it defines", gcc, () => {
  const directory = scratch("lib");
  const slim = c("slim", "void wanted(void) {}", ["-flto", "-fno-fat-lto-objects"]);
  const parts = archive(directory, "libslim.a", [slim]);
  // GNU ar without GCC's plugin sees the marker alone.
  if (!run("nm", ["--print-armap", parts]).stdout.includes("__gnu_lto_slim")) return;
  deepEqual(hints([main("wanted"), parts]), {
    wanted:
      "libslim.a holds slim LTO objects, which hide what they define: recompile them with -ffat-lto-objects or without -flto",
  });
});

// Names that say what is wrong

test("vtables and typeinfo", gcc, () => {
  const base = "struct Base { virtual void first(); virtual void second(); };";
  const user = cxx("user", `${base} extern "C" void *_start() { static Base base; return &base; }`);
  const key =
    "a vtable is made with its class's first virtual function that is neither inline nor pure: define that of Base";
  deepEqual(hints([user]), { _ZTV4Base: key });
  const derived = cxx(
    "derived",
    `${base} struct Derived : Base { void first(); }; void Derived::first() {} void Base::second() {} extern "C" void _start() {}`,
  );
  const plain = cxx("plain", `${base} void Base::first() {}`, ["-fno-rtti"]);
  deepEqual(
    hints([derived, plain])._ZTI4Base,
    "its vtable is in plain.o, which was compiled with -fno-rtti: compile all files alike",
  );
});

test("run-time libraries that an option of the compiler brings", gcc, () => {
  deepEqual(hints([main("__asan_init", "GOMP_parallel", "__gcov_init")]), {
    __asan_init: "this belongs to -fsanitize=address: give that to the compiler when linking, too",
    GOMP_parallel: "this belongs to -fopenmp: give that to the compiler when linking, too",
    __gcov_init: "this belongs to --coverage: give that to the compiler when linking, too",
  });
});

// Names that were meant

test("what was meant may be in an archive or a shared library", gcc, () => {
  const parts = archive(scratch("lib"), "libparts.a", [c("archived", "void initialize_all(void) {}")]);
  const library = join(scratch("lib"), "libother.so");
  shared("void finalize_all(void) {}")(library);
  deepEqual(hints([main("initialise_all", "finalise_all"), parts, library]), {
    initialise_all: "did you mean initialize_all, in libparts.a(archived.o)?",
    finalise_all: "did you mean finalize_all, in libother.so?",
  });
});

test("a destructor is no misspelt constructor, a short name no other short name", gcc, () => {
  const user = cxx(
    "user",
    'struct A { A(); A(int); ~A(); }; A::A(int) {} void fa(); void fb() {} extern "C" void _start() { A a; fa(); }',
  );
  deepEqual(hints([user]), {
    _ZN1AC1Ev: "A::A(int) is defined in user.o: the same function with other parameters or qualifiers",
    _Z2fav: "",
    _ZN1AD1Ev: "",
  });
});

test("every undefined symbol is reported, however often another one is referred to", gcc, () => {
  const often = c("often", `void often(void), once(void); void _start(void) { ${"often();".repeat(3000)} once(); }`);
  const { problems } = linkFiles([often]);
  deepEqual(
    problems.map(({ details }) => [details.symbol, details.count]),
    [
      ["often", 3000],
      ["once", 1],
    ],
  );
});

// Libraries that are not found

test("a library of which only the part for running programs is installed", gcc, () => {
  const directory = libraries({ "libgadget.so.1": shared("void f(void) {}") });
  mkdirSync(join(directory, "sub"));
  copyFileSync(join(directory, "libgadget.so.1"), join(directory, "sub/libwidget.so"));
  const said = (name: string, options: LinkFilesOptions): readonly string[] => {
    const input = { kind: "library", name, exact: false, state: defaultInputState } as const;
    const { problems } = linkFiles([input], { libraryPaths: [directory, join(directory, "sub")], ...options });
    return problems.flatMap((problem) => describeProblem(problem).lines).map((line) => line.replaceAll(/[^ ]*\//g, ""));
  };
  deepEqual(said("gadget", {}), [
    "libgadget.so.1 is there, but that is for running programs only: install the package for developing with it",
  ]);
  deepEqual(said("widget", { output: "static" }), [
    "libwidget.so is there, but only archives are looked for: link without -static or -Bstatic, or install libwidget.a",
  ]);
  deepEqual(said("wiget", {}), ["did you mean -lwidget? libwidget.so is there"]);
});
