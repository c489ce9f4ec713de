// Versions of libraries that nothing needs, a library that the tree has newer than the system, and what comes out only at the first
// call: things that are not as they look in the file.

import { deepEqual, equal, match } from "node:assert/strict";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { test } from "node:test";
import { DT_NEEDED, dynamicOf } from "../../../src/elf/index.ts";
import { compile, x86_64 } from "../../support/build.ts";
import { type Folder, folder } from "../../support/folder.ts";
import { run, tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { patch } from "../support/patch.ts";
import { check, checkText, codes, verdict } from "./checking.ts";

/** Takes a library out of DT_NEEDED, as patchelf --remove-needed does: the entry gets a tag that no loader knows. */
function unneed(path: string, library: string): void {
  patch(path, (view, elf) => {
    const dynamic = elf.segments.find(({ type }) => type === 2);
    const needed = dynamicOf(elf, () => {})?.entries ?? [];
    const index = needed.findIndex(({ tag, text }) => tag === DT_NEEDED && text === library);
    view.setBigUint64((dynamic?.offset ?? 0) + 16 * index, 0x6000000fn, true);
  });
}

function library(here: Folder, name: string, source: string, flags: readonly string[] = []): string {
  const object = compile(x86_64, "library.c", source, ["-fPIC"]);
  tool("gcc", ["-shared", object, ...flags, "-o", here.at(name)]);
  return here.at(name);
}

test("versions of a library without DT_NEEDED end with an assertion", needs(...x86_64.tools), () => {
  const here = folder("unneeded");
  const main = compile(x86_64, "pow.c", "#include <math.h>\nint main(int n, char **v) { return pow(n, 3) < 0; }\n", [
    "-fno-builtin",
  ]);
  tool("gcc", [main, "-lm", "-o", here.at("program")]);
  equal(verdict([here.at("program")]).loads, true);
  unneed(here.at("program"), "libm.so.6");
  match(
    run(here.at("program")).stderr,
    /dl-version\.c: \d+: _dl_check_map_versions: Assertion `needed != NULL' failed/,
  );
  for (const args of [[], ["--for", "debian:12"]]) {
    const answer = verdict([...args, here.at("program")]);
    deepEqual(
      codes(answer).filter((code) => code.includes("version")),
      ["check-version-without-library"],
    );
    equal(answer.loads, false);
  }
  // musl has no versions.
  equal(codes(verdict(["--for", "alpine:3.20", here.at("program")])).includes("check-version-without-library"), false);
});

test("who opens a library may have loaded the other one; Node.js has libm", needs(...x86_64.tools), () => {
  const here = folder("opened");
  const source =
    "#include <math.h>\ndouble (*p)(double, double) = pow;\nvoid *napi_register_module_v1(void) { return 0; }\n";
  for (const name of ["libpow.so", "pow.node"]) {
    library(here, name, source, ["-lm", "-lc"]);
    unneed(here.at(name), "libm.so.6");
  }
  deepEqual(codes(verdict([here.at("libpow.so")]), "warning"), ["check-version-without-library"]);
  match(
    run(process.execPath, ["-e", "process.dlopen({ exports: {} }, process.argv[1])", here.at("pow.node")]).stderr,
    /^$/,
  );
  equal(verdict([here.at("pow.node")]).loads, true);
});

test("a library that the tree has newer than the search finds", needs(...x86_64.tools), () => {
  const here = folder("newer");
  for (const name of ["system", "app"]) mkdirSync(here.at(name));
  const soname = "-Wl,-soname,libown.so.3";
  const versions = "LV_1 { global: old; local: *; };\n";
  const source = "int old(void) { return 1; }\n";
  library(here, "system/libown.so.3", source, [soname, `-Wl,--version-script=${here.write("1.map", versions)}`]);
  const both = here.write("2.map", `${versions}LV_2 { global: new; } LV_1;\n`);
  library(here, "app/libown.so.3", `${source}int new(void) { return 2; }\n`, [soname, `-Wl,--version-script=${both}`]);
  library(here, "app/libuse.so", "int new(void); int use(void) { return new(); }\n", [here.at("app/libown.so.3")]);
  const main = compile(x86_64, "new.c", "int new(void); int main(void) { return new() - 2; }\n");
  const environment = { LD_LIBRARY_PATH: here.at("system") };

  const alone = check([here.at("app")], environment);
  deepEqual([alone.status, codes(alone.files[1].targets[0], "warning")], [0, ["check-version-elsewhere"]]);
  // A program has nobody who could load the other one first.
  tool("gcc", [main, here.at("app/libown.so.3"), "-o", here.at("app/program")]);
  match(run(here.at("app/program"), [], { env: environment }).stderr, /version `LV_2' not found/);
  const { status, files } = check([here.at("app")], environment);
  equal(status, 1);
  const [finding] = files.find(({ file }) => file.endsWith("/program"))?.targets[0].findings ?? [];
  deepEqual([finding.code, finding.details.found], ["check-version-missing", here.at("app/libown.so.3")]);
});

test("a variable that is larger in the library than the program's copy", needs(...x86_64.tools), () => {
  const here = folder("size");
  library(here, "libv.so", "int v[2] = { 1, 2 };\n", ["-Wl,-soname,libv.so"]);
  const main = compile(x86_64, "v.c", "extern int v[]; int main(void) { return v[0] - 1; }\n", ["-fno-pic"]);
  tool("gcc", ["-no-pie", main, here.at("libv.so"), "-Wl,-rpath,$ORIGIN", "-o", here.at("program")]);
  deepEqual(codes(verdict([here.at("program")]), "warning"), []);
  library(here, "libv.so", "int v[4] = { 1, 2 };\n", ["-Wl,-soname,libv.so"]);
  match(run(here.at("program")).stderr, /Symbol `v' has different size in shared object/);
  const answer = verdict([here.at("program")]);
  deepEqual(
    [answer.loads, codes(answer, "warning"), answer.findings[0].details.symbols],
    [true, ["check-symbol-size"], ["v"]],
  );
  match(checkText([here.at("program")]).out, /loads, but/);
});

test("symbols that are private to glibc and gone: another release of it", needs(...x86_64.tools), () => {
  const here = folder("private");
  const map = here.write("private.map", "GLIBC_PRIVATE { __no_such_thing; };\n");
  const stub = library(here, "libc.so.6", "void __no_such_thing(void) {}\n", [
    "-nostdlib",
    "-Wl,-soname,libc.so.6",
    `-Wl,--version-script=${map}`,
  ]);
  const main = compile(x86_64, "private.c", "void __no_such_thing(void); void _start(void) { __no_such_thing(); }\n");
  tool("gcc", ["-nostdlib", main, stub, "-Wl,-z,now", "-o", here.at("program")]);
  match(run(here.at("program")).stderr, /undefined symbol: __no_such_thing, version GLIBC_PRIVATE/);
  deepEqual(codes(verdict([here.at("program")])), ["check-private-symbols-missing"]);
  deepEqual(codes(verdict(["--for", "debian:12", here.at("program")]), "warning"), ["check-private-symbols"]);
});

test(
  "a protected function that the program calls through its own entry: refused at the first call",
  needs(...x86_64.tools),
  () => {
    const here = folder("indirect");
    const source = "int guarded(void) { return 0; }\n";
    const build = (visibility: string, flags: readonly string[]): string =>
      library(here, "libg.so", `${visibility} ${source}`, ["-Wl,-soname,libg.so", ...flags]);
    build("", []);
    const main =
      "int guarded(void); int main(int n, char **v) { int (*volatile it)(void) = guarded; return n > 9 ? it() + guarded() : 0; }\n";
    const object = compile(x86_64, "guarded.c", main, ["-fno-pic"]);
    const links = ["-no-pie", object, here.at("libg.so"), "-Wl,-rpath,$ORIGIN"];
    tool("gcc", [...links, "-Wl,-z,lazy", "-o", here.at("lazy")]);
    tool("gcc", [...links, "-Wl,-z,now", "-o", here.at("now")]);
    build('__attribute__((visibility("protected")))', ["-Wl,-z,indirect-extern-access"]);
    for (const [name, status, code] of [
      ["lazy", 0, "check-load-fails-late"],
      ["now", 127, "check-load-fails"],
    ] as const) {
      equal(run(here.at(name)).status, status, name);
      const answer = verdict([here.at(name)]);
      deepEqual(
        [answer.loads, answer.findings.map((it) => it.code).includes(code)],
        [status === 0, true],
        JSON.stringify(answer),
      );
    }
  },
);

test("a symbolic link that leads nowhere is called that", needs(...x86_64.tools), () => {
  const here = folder("dangling");
  library(here, "libd.so.1.2", "int d(void) { return 0; }\n", ["-Wl,-soname,libd.so.1"]);
  symlinkSync("libd.so.1.2", here.at("libd.so.1"));
  const main = compile(x86_64, "d.c", "int d(void); int main(void) { return d(); }\n");
  tool("gcc", [main, here.at("libd.so.1"), "-Wl,-rpath,$ORIGIN", "-o", here.at("program")]);
  equal(verdict([here.at("program")]).loads, true);
  rmSync(here.at("libd.so.1.2"));
  match(run(here.at("program")).stderr, /libd\.so\.1: cannot open shared object file: No such file/);
  const answer = verdict([here.at("program")]);
  deepEqual(codes(answer), ["check-library-dangling"]);
  deepEqual(
    [answer.findings[0].details.path, answer.findings[0].details.target],
    [here.at("libd.so.1"), "libd.so.1.2"],
  );
  const [{ problems }] = check([here.at("libd.so.1")]).files;
  deepEqual([problems[0].code, problems[0].details.target], ["check-dangling-link", "libd.so.1.2"]);
});
