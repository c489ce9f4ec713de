// `solder check` on programs that real compilers make. Where the machine can tell, its dynamic linker is asked too, and has to
// say the same.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compile, i386, musl, type Target, x86_64 } from "../../support/build.ts";
import { type Folder, folder } from "../../support/folder.ts";
import { run, tool } from "../../support/run.ts";
import { needs, needsToRun } from "../../support/tools.ts";
import { type CheckedTarget, check, checkText, codes, verdict } from "./checking.ts";

/** A library of nothing but versioned functions, to link against in place of the real one. */
function stub(here: Folder, target: Target, soname: string, versions: Readonly<Record<string, string>>): string {
  const source = Object.values(versions).map((name) => `void ${name}(void) {}\n`);
  const script = Object.entries(versions).map(([version, name]) => `${version} { ${name}; };\n`);
  const object = compile(target, "stub.c", source.join(""), ["-fPIC", "-fno-builtin"]);
  const path = here.at(`stub-${soname}`);
  const flags = [
    "-shared",
    "-nostdlib",
    `-Wl,-soname,${soname}`,
    `-Wl,--version-script=${here.write("stub.map", script.join(""))}`,
  ];
  tool(target.cc, [...flags, object, "-o", path]);
  return path;
}

/** A program without start files that calls a function and links with these libraries. */
function callerOf(
  here: Folder,
  target: Target,
  name: string,
  libraries: readonly string[],
  flags: readonly string[] = [],
): string {
  const object = compile(target, "caller.c", `void ${name}(void); void _start(void) { ${name}(); }\n`, [
    "-fPIC",
    "-fno-builtin",
  ]);
  const path = here.at("program");
  tool(target.cc, ["-nostdlib", ...flags, object, ...libraries, "-o", path]);
  return path;
}

function shared(here: Folder, target: Target, name: string, source: string, flags: readonly string[] = []): string {
  const object = compile(target, `${name.replace(/\W/g, "-")}.c`, source, ["-fPIC", "-O1"]);
  const path = here.at(name);
  tool(target.cc, ["-shared", object, ...flags, "-o", path]);
  return path;
}

for (const target of [x86_64, i386]) {
  test(
    `${target.name}: a version that glibc does not have yet, and the symbol that needs it`,
    needsToRun(...target.tools),
    () => {
      const here = folder("version");
      const libc = stub(here, target, "libc.so.6", { "GLIBC_2.38": "strlcpy" });
      const program = callerOf(here, target, "strlcpy", [libc]);

      const answer = check(["--for", "debian:12,ubuntu:24.04,glibc:2.38", program]);
      equal(answer.status, 1);
      const [{ oldest, targets }] = answer.files;
      deepEqual(oldest?.glibc, { release: "2.38", version: "GLIBC_2.38", symbols: ["strlcpy"] });
      deepEqual(
        targets.map(({ loads }) => loads),
        [false, true, true],
      );
      deepEqual(targets[0].findings[0].details, {
        library: "libc.so.6",
        versions: ["GLIBC_2.38"],
        symbols: ["strlcpy@GLIBC_2.38"],
        system: "debian:12",
        has: "glibc 2.36",
      });

      const real = run(program);
      const here36 = verdict([program]);
      if (real.status === 0) return;
      match(real.stderr, /version `GLIBC_2\.38' not found/);
      deepEqual(codes(here36), ["check-version-missing"]);
      deepEqual(here36.findings[0].details.symbols, ["strlcpy@GLIBC_2.38"]);
    },
  );
}

test("a file above what a link points to, and a root there", needs(...x86_64.tools), () => {
  const here = folder("above");
  mkdirSync(here.at("root/below"), { recursive: true });
  symlinkSync("root/below", here.at("link"));
  const object = compile(x86_64, "a.c", "int f(void) { return 1; }\n", ["-fPIC"]);
  tool(x86_64.cc, ["-shared", "-nostdlib", object, "-o", here.at("root/a.so")]);
  for (const args of [[`${here.path}/link/../a.so`], ["--root", `${here.path}/link/..`, "/a.so"]])
    deepEqual(
      check(args).files.flatMap(({ problems }) => problems),
      [],
    );
});

test("a symbol that its glibc never had under that version", needs(...x86_64.tools), () => {
  const here = folder("symbol");
  const libc = stub(here, x86_64, "libc.so.6", { "GLIBC_2.2.5": "frobnicate" });
  const program = callerOf(here, x86_64, "frobnicate", [libc], ["-Wl,-z,now"]);
  match(run(program).stderr, /undefined symbol: frobnicate, version GLIBC_2\.2\.5/);
  for (const args of [[], ["--for", "debian:12"]]) {
    const answer = verdict([...args, program]);
    deepEqual(codes(answer), ["check-symbols-missing"]);
    deepEqual(answer.findings[0].details.symbols, ["frobnicate@GLIBC_2.2.5"]);
  }
});

test("versions of libstdc++ by the release of GCC", needs(...x86_64.tools), () => {
  const here = folder("gcc");
  // What GCC 11 and later call for new T[n] with a bad n.
  const source = "namespace std { void __throw_bad_array_new_length(); }\n".concat(
    "int main(int n, char **) { if (n > 9) std::__throw_bad_array_new_length(); }\n",
  );
  const program = here.at("program");
  tool("g++", [compile(x86_64, "new.cc", source, ["-O0"]), "-o", program]);
  const [{ oldest, targets }] = check(["--for", "debian:11,debian:12,rhel:8", program]).files;
  deepEqual(oldest?.glibcxx, {
    release: "11.1",
    version: "GLIBCXX_3.4.29",
    symbols: ["_ZSt28__throw_bad_array_new_lengthv"],
  });
  deepEqual(
    targets.map(({ loads }) => loads),
    [false, true, false],
  );
  ok(codes(targets[0]).includes("check-gcc-runtime-too-old"));
});

test("the oldest glibc and libstdc++ are what readelf -V says, for programs of this machine", needs("readelf"), () => {
  const programs = readdirSync("/usr/bin")
    .map((name) => join("/usr/bin", name))
    .filter((_, i) => i % 25 === 0);
  const { files } = check(["--for", "glibc:2.17", ...programs]);
  let compared = 0;
  for (const { file, oldest, targets } of files) {
    if (targets.length === 0 || oldest === undefined) continue;
    const text = tool("readelf", ["-W", "-V", "-d", file]);
    // Libraries that come along count too.
    if (/R(UN)?PATH/.test(text)) continue;
    const newest = (pattern: RegExp): string | undefined =>
      [...text.matchAll(pattern)]
        .map(([, version]) => version)
        .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
        .at(-1);
    const glibc = newest(/Name: GLIBC_([\d.]+) /g);
    const relr = /Name: GLIBC_ABI_DT_RELR /.test(text) ? "2.36" : undefined;
    equal(
      oldest.glibc?.release,
      [glibc, relr]
        .filter((it) => it !== undefined)
        .sort()
        .at(-1),
      file,
    );
    const glibcxx = newest(/Name: GLIBCXX_([\d.]+) /g);
    equal(oldest.glibcxx?.version, glibcxx === undefined ? undefined : `GLIBCXX_${glibcxx}`, file);
    compared++;
  }
  ok(compared > 5, `${compared} programs compared`);
});

test(
  "a library that is missing; beside the file with an RPATH; named with --library-path",
  needs(...x86_64.tools),
  () => {
    const here = folder("missing");
    const library = shared(here, x86_64, "libfrob.so", "int frob(void) { return 0; }\n", ["-Wl,-soname,libfrob.so"]);
    const main = compile(x86_64, "frob.c", "int frob(void); int main(void) { return frob(); }\n");
    const program = here.at("program");
    tool("gcc", [main, library, "-o", program]);

    match(run(program).stderr, /libfrob\.so: cannot open shared object file/);
    deepEqual(codes(verdict([program])), ["check-library-missing"]);
    deepEqual(codes(verdict(["--for", "debian:12", program])), ["check-library-not-in-base"]);

    for (const args of [[], ["--for", "debian:12"]]) {
      equal(verdict([...args, "--library-path", here.path, program]).loads, true);
    }
    equal(verdict([program], { LD_LIBRARY_PATH: here.path }).loads, true);

    tool("gcc", [main, library, "-Wl,-rpath,$ORIGIN", "-o", program]);
    equal(run(program).status, 0);
    for (const args of [[], ["--for", "debian:12"]]) equal(verdict([...args, program]).loads, true);
  },
);

test("an RPATH to the system's directories brings nothing along", needs(...x86_64.tools), () => {
  const here = folder("system-rpath");
  const main = compile(x86_64, "crypt.c", "int main(void) { return 0; }\n");
  const flags = ["-Wl,--no-as-needed", "-lcrypt", "-Wl,-rpath,/usr/lib/x86_64-linux-gnu"];
  tool("gcc", [main, ...flags, "-o", here.at("program")]);
  const answer = check(["--for", "debian:12,rhel:9", here.at("program")]).files[0];
  deepEqual(
    answer.targets.map(({ loads }) => loads),
    [true, false],
  );
  deepEqual(answer.targets[1].findings[0].details.libraries, ["libcrypt.so.1"]);
});

test("a library of the other machine is there", needsToRun(...i386.tools, ...x86_64.tools), () => {
  const here = folder("class");
  const source = "int frob(void) { return 0; }\n";
  const small = shared(here, i386, "libfrob.so", source, ["-Wl,-soname,libfrob.so"]);
  const program = here.at("program");
  tool(i386.cc, [
    compile(i386, "frob.c", "int frob(void); int main(void) { return frob(); }\n"),
    small,
    "-Wl,-rpath,$ORIGIN",
    "-o",
    program,
  ]);
  equal(verdict([program]).loads, true);
  rmSync(small);
  shared(here, x86_64, "libfrob.so", source);
  match(run(program).stderr, /wrong ELF class/);
  const answer = verdict([program]);
  deepEqual(codes(answer), ["check-library-of-other-machine"]);
  equal(answer.findings[0].details.path, here.at("libfrob.so"));
});

test("a library that has lost a symbol: at once, or when it is called", needs(...x86_64.tools), () => {
  const here = folder("lost");
  const old = shared(here, x86_64, "libfrob.so", "int frob(void) { return 0; }\n");
  const main = compile(x86_64, "frob.c", "int frob(void); int main(int n, char **v) { return n > 9 ? frob() : 0; }\n");
  const [now, late] = ["now", "lazy"].map((mode) => {
    tool("gcc", [main, old, `-Wl,-z,${mode}`, "-Wl,-rpath,$ORIGIN", "-o", here.at(mode)]);
    return here.at(mode);
  });
  shared(here, x86_64, "libfrob.so", "int frob2(void) { return 0; }\n");

  match(run(now).stderr, /undefined symbol: frob/);
  deepEqual(codes(verdict([now])), ["check-symbols-missing"]);
  equal(run(late).status, 0);
  const answer = verdict([late]);
  equal(answer.loads, true);
  deepEqual(codes(answer, "warning"), ["check-symbols-missing-late"]);
  deepEqual(codes(verdict(["--for", "debian:12", now])), ["check-symbols-missing"]);
});

test("programs of the other C library", needs(...musl.tools, musl.interpreter, ...x86_64.tools), () => {
  const here = folder("musl");
  const source = '#include <stdio.h>\nint main(void) { return puts("hi") < 0; }\n';
  const [forMusl, forGlibc] = [musl, x86_64].map((target) => {
    tool(target.cc, [compile(target, "hi.c", source), "-o", here.at(target.cc)]);
    return here.at(target.cc);
  });
  const answers = (file: string): readonly boolean[] =>
    check(["--for", "debian:12,alpine:3.20,musl", file]).files[0].targets.map(({ loads }) => loads);
  deepEqual(answers(forMusl), [false, true, true]);
  deepEqual(answers(forGlibc), [true, false, false]);
  deepEqual(codes(verdict(["--for", "alpine:3.20", forGlibc])), ["check-foreign-program"]);
  // Both C libraries are installed here.
  equal(run(forMusl).status, 0);
  equal(verdict([forMusl]).loads, true);
  equal(verdict([forGlibc]).loads, true);
});

test(
  "a library made for glibc under musl: the symbols that musl lacks",
  needs(musl.interpreter, ...x86_64.tools),
  () => {
    const here = folder("foreign");
    const calls = (name: string): string => `int ${name}(); int call(void) { return ${name}(); }\n`;
    const bad = shared(here, x86_64, "libbad.so", calls("__sprintf_chk"), ["-fno-builtin"]);
    const good = shared(here, x86_64, "libgood.so", calls("getpid"));
    match(run(musl.interpreter, ["--list", bad]).stderr, /__sprintf_chk: symbol not found/);
    equal(run(musl.interpreter, ["--list", good]).status, 0);
    const answer = verdict(["--for", "musl", bad]);
    deepEqual(codes(answer), ["check-foreign-library"]);
    deepEqual(answer.findings[0].details.symbols, ["__sprintf_chk"]);
    deepEqual(codes(verdict(["--for", "musl", good]), "warning"), ["check-foreign-library-loads"]);
  },
);

/** What this Node.js says when it opens an addon. */
function opened(addon: string): string {
  const script = "try { process.dlopen({ exports: {} }, process.argv[1]); } catch (e) { console.log(e.message); }";
  return run(process.execPath, ["-e", script, addon]).stdout;
}

test("an addon finds the symbols that Node.js exports, and no others", needs(...x86_64.tools), () => {
  const here = folder("addon");
  const calls = (name: string): string =>
    `int ${name}(void); int napi_register_module_v1(void) { return ${name}(); }\n`;
  const good = shared(here, x86_64, "good.node", calls("napi_create_object"));
  const bad = shared(here, x86_64, "bad.node", calls("napi_no_such_thing"), ["-Wl,-z,now"]);
  match(opened(bad), /undefined symbol: napi_no_such_thing/);
  for (const args of [[], ["--for", "debian:12"]]) {
    equal(verdict([...args, good]).loads, true);
    const answer = verdict([...args, bad]);
    deepEqual(codes(answer), ["check-symbols-of-node"]);
    deepEqual(answer.findings[0].details.symbols, ["napi_no_such_thing"]);
  }
  equal(check([good]).files[0].role, "addon");
});

test("a program that nobody may execute, and one whose program headers are cut off", needs(...x86_64.tools), () => {
  const program = folder("bits").at("program");
  tool("gcc", [compile(x86_64, "main.c", "int main(void) { return 0; }", ["-O1"]), "-o", program]);
  deepEqual(check([program]).files[0].problems, []);
  chmodSync(program, 0o644);
  const [{ problems, loads }] = check([program]).files;
  deepEqual(
    [problems.map(({ code, severity }) => [code, severity]), loads],
    [[["check-not-executable", "warning"]], true],
  );

  writeFileSync(program, readFileSync(program).subarray(0, 100));
  const cut = check([program]);
  equal(cut.status, 1);
  deepEqual(
    cut.files[0].problems.map(({ code }) => code),
    ["program-headers-damaged"],
  );
  deepEqual(cut.files[0].targets, []);
});

test("an executable stack: glibc 2.41 opens no such addon", needs(...x86_64.tools), () => {
  const here = folder("stack");
  const addon = shared(here, x86_64, "stack.node", "int napi_register_module_v1(void) { return 0; }\n", [
    "-Wl,-z,execstack",
  ]);
  const answers = check(["--for", "debian:12,debian:13", addon]).files[0].targets;
  deepEqual(
    answers.map(({ loads }) => loads),
    [true, false],
  );
  deepEqual(codes(answers[0], "warning"), ["check-executable-stack"]);
  deepEqual(codes(answers[1]), ["check-executable-stack-refused"]);
  deepEqual(codes(verdict(["--profile", "glibc@2.41", addon])), ["check-executable-stack-refused"]);
});

test("relocations in code are warned of", needsToRun(...i386.tools), () => {
  const here = folder("textrel");
  const object = compile(i386, "textrel.c", "int x; int get(void) { return x; }\n", ["-fno-pic"]);
  tool(i386.cc, ["-shared", "-Wl,-z,notext", object, "-o", here.at("libtext.so")]);
  match(tool("readelf", ["-d", here.at("libtext.so")]), /TEXTREL/);
  const answer = verdict([here.at("libtext.so")]);
  equal(answer.loads, true);
  deepEqual(codes(answer, "warning"), ["check-text-relocations"]);
  deepEqual(answer.findings[0].details, { count: 1, symbols: ["x"] });
});

test("more static TLS than dlopen has room for", needs(...x86_64.tools), () => {
  const here = folder("tls");
  const source = (bytes: number): string =>
    `__thread char block[${bytes}] __attribute__((tls_model("initial-exec"))); char *napi_register_module_v1(void) { return block; }\n`;
  const large = shared(here, x86_64, "large.node", source(4000));
  const small = shared(here, x86_64, "small.node", source(1664));
  match(opened(large), /cannot allocate memory in static TLS block/);
  ok(!opened(small).includes("static TLS"));
  deepEqual(codes(verdict([large])), ["check-static-tls"]);
  equal(verdict([small]).loads, true);
  deepEqual(codes(verdict(["--for", "musl", small])), ["check-static-tls-musl"]);
});

test("a CPU level that is asked for", needs(...x86_64.tools), () => {
  const here = folder("isa");
  const library = shared(here, x86_64, "libisa.so", "int x;\n", ["-Wl,-z,x86-64-v4"]);
  match(tool("readelf", ["-n", library]), /x86 ISA needed: .*x86-64-v4/);
  const answer = verdict(["--for", "debian:12", library]);
  deepEqual(codes(answer, "warning"), ["check-isa-level"]);
  equal(answer.findings[0].details.level, "x86-64-v4");
});

test("packed relocations need glibc 2.36, and the version that says so", needs(...x86_64.tools, "ld.lld"), () => {
  const here = folder("relr");
  const source = "int x; int *p = &x; int main(void) { return *p; }\n";
  const object = compile(x86_64, "relr.c", source, ["-fPIE"]);
  const [good, bad] = [here.at("good"), here.at("bad")];
  tool("gcc", ["-pie", object, "-Wl,-z,pack-relative-relocs", "-o", good]);
  equal(check(["--for", "debian:12", good]).files[0].oldest?.glibc?.version, "GLIBC_ABI_DT_RELR");
  deepEqual(codes(verdict(["--for", "debian:11", good])), ["check-glibc-too-old"]);

  // LLD packs without asking for the version.
  tool("gcc", ["-pie", "-fuse-ld=lld", object, "-Wl,--pack-dyn-relocs=relr", "-o", bad]);
  match(run(bad).stderr, /DT_RELR without GLIBC_ABI_DT_RELR dependency/);
  for (const args of [[], ["--for", "debian:12"]]) {
    ok(codes(verdict([...args, bad])).includes("check-relr-without-version"));
  }
  ok(codes(verdict(["--for", "debian:11", bad])).includes("check-relr-unknown"));
});

test("what is not ELF is called by its name", () => {
  const here = folder("strangers");
  const write = (name: string, bytes: string): string => {
    writeFileSync(here.at(name), Buffer.from(bytes, "latin1"));
    return here.at(name);
  };
  const machO = "\xcf\xfa\xed\xfe\x0c\x00\x00\x01\x00\x00\x00\x00";
  const pe = `MZ${"\0".repeat(58)}\x40\0\0\0PE\0\0\x64\x86`;
  const files = [
    [write("mac.node", machO), "check-mach-o"],
    [write("fat.node", "\xca\xfe\xba\xbe\0\0\0\x02\x01\0\0\x07"), "check-mach-o"],
    [write("A.class", "\xca\xfe\xba\xbe\0\0\0\x34"), "check-java-class"],
    [write("windows.node", pe), "check-pe"],
    [write("lfs.node", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n"), "check-lfs-pointer"],
    [write("page.node", "<!DOCTYPE html>\n<title>404</title>\n"), "check-web-page"],
    [write("script", "#!/bin/sh\nexit 0\n"), "check-script"],
    [write("notes.txt", "hello\n"), "check-text"],
    [write("empty.so", ""), "check-empty"],
    [write("lib.a", "!<arch>\n"), "check-archive"],
    [write("noise", "\x01\x02\x03"), "check-unknown"],
    [here.at("not-there"), "check-unreadable"],
  ] as const;
  const { status, files: found } = check(files.map(([file]) => file));
  equal(status, 1);
  deepEqual(
    found.map(({ file, problems }) => [file, problems[0]?.code]),
    files.map(([file, code]) => [file, code]),
  );
  equal(found[0].problems[0].details.detail, "arm64");
  equal(found[1].problems[0].details.detail, "x86-64");
});

test("an object, and a file for a machine that is not known", needs(...x86_64.tools), () => {
  const object = compile(x86_64, "object.c", "int x;\n");
  const here = folder("machine");
  const bytes = readFileSync(process.execPath).subarray(0, 4096);
  const sparc = Buffer.from(bytes);
  // SPARC V9.
  sparc.writeUInt16LE(43, 18);
  writeFileSync(here.at("sparc"), sparc);
  const { files } = check([object, here.at("sparc")]);
  deepEqual(
    files.map(({ problems }) => problems[0].code),
    ["check-object", "check-foreign-machine"],
  );
});

test("of a directory with one file that loads, the count is told", needs(...x86_64.tools), () => {
  const here = folder("one");
  shared(here, x86_64, "libgood.so", "int x;\n");
  match(checkText([here.path]).out, /^1 file checked: all load\n/);
});

test("a directory stands for the ELF files in it; only what fails is told", needs(...x86_64.tools), () => {
  const here = folder("tree");
  mkdirSync(here.at("sub"));
  writeFileSync(here.at("readme.txt"), "text\n");
  writeFileSync(here.at("sub/broken.node"), "text\n");
  shared(here, x86_64, "sub/libgood.so", "int x;\n");
  symlinkSync("..", here.at("sub/loop"));
  const { status, out } = checkText([here.path]);
  equal(status, 1);
  match(out, /sub\/broken\.node\n {2}error: text, not an ELF file \[check-text\]\n/);
  match(out, /2 files checked: 1 fails; 1 file not ELF, passed over/);
  ok(!out.includes("libgood"));
  match(checkText(["--verbose", here.path]).out, /sub\/libgood\.so {2}library, x86-64\n {2}this system {2}loads/);
});

test(
  "builds for several platforms side by side: the one for the system counts",
  needs(musl.cc, ...x86_64.tools),
  () => {
    const here = folder("variants");
    for (const name of ["darwin-x64", "linux-x64-musl", "linux-x64-glibc"]) mkdirSync(here.at(name));
    writeFileSync(here.at("darwin-x64/addon.node"), Buffer.from("cffaedfe07000001", "hex"));
    const source = '#include <stdio.h>\nint napi_register_module_v1(void) { return puts(""); }\n';
    shared(here, musl, "linux-x64-musl/addon.node", source, ["-Wl,-soname,addon.node"]);
    shared(here, x86_64, "linux-x64-glibc/addon.node", source);
    const answer = check(["--for", "debian:12,musl", here.path]);
    equal(answer.status, 0);
    const [darwin, glibc, other] = answer.files;
    equal(darwin.instead, glibc.file);
    deepEqual(
      other.targets.map(({ instead }) => instead),
      [glibc.file, undefined],
    );
    deepEqual(
      glibc.targets.map(({ instead }) => instead),
      [undefined, other.file],
    );
    match(checkText(["--for", "debian:12,musl", here.path]).out, /3 files checked: all load; 3 for other platforms/);

    // Named, or alone, each has to load itself.
    equal(check(["--for", "debian:12", other.file]).status, 1);
    rmSync(here.at("linux-x64-glibc"), { recursive: true });
    equal(check(["--for", "debian:12", here.path]).status, 1);
  },
);

test(
  "a library that is elsewhere in the tree: for plugins a warning, for programs a hint",
  needs(...x86_64.tools),
  () => {
    const here = folder("elsewhere");
    mkdirSync(here.at("lib"));
    shared(here, x86_64, "lib/libcore.so", "int core(void) { return 0; }\n", ["-Wl,-soname,libcore.so"]);
    const plugin = "int core(void); int plug(void) { return core(); }\n";
    shared(here, x86_64, "plugin.so", plugin, [here.at("lib/libcore.so")]);
    const main = compile(x86_64, "core.c", "int core(void); int main(void) { return core(); }\n");
    tool("gcc", [main, here.at("lib/libcore.so"), "-o", here.at("program")]);
    for (const args of [[], ["--for", "debian:12"]]) {
      const { files } = check([...args, here.path]);
      const of = (name: string): CheckedTarget =>
        files.filter(({ file }) => file.endsWith(name)).map(({ targets }) => targets[0])[0];
      deepEqual(codes(of("plugin.so"), "warning"), ["check-library-elsewhere"]);
      equal(of("plugin.so").loads, true);
      equal(of("program").loads, false);
      deepEqual(of("program").findings[0].details.found, [here.at("lib/libcore.so")]);
    }
  },
);

test("an addon for the other machine than Node.js", needsToRun(...i386.tools), () => {
  const here = folder("addon32");
  const addon = shared(here, i386, "small.node", "int napi_register_module_v1(void) { return 0; }\n");
  match(opened(addon), /wrong ELF class/);
  deepEqual(codes(verdict([addon])), ["check-addon-of-other-machine"]);
  shared(here, x86_64, "a.node", "int f(void); int g(void) { return f(); }\n");
  const noNode = verdict(["--root", here.path, "--for", "glibc:2.36", "/a.node"]);
  ok(codes(noNode, "note").includes("check-no-node"));
});

test("damaged files give findings, never exceptions", needs(...x86_64.tools, "g++"), () => {
  const here = folder("damage");
  const source = "#include <iostream>\nint main() { std::cout << 1; }\n";
  tool("g++", [compile(x86_64, "cout.cc", source), "-Wl,-z,pack-relative-relocs", "-o", here.at("whole")]);
  const whole = readFileSync(here.at("whole"));
  let seed = 1;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  const files = Array.from({ length: 150 }, (_, i) => {
    const bytes = Buffer.from(whole.subarray(0, i % 3 === 0 ? random(whole.length) : whole.length));
    // Headers, dynamic tables and names are in the first page.
    for (let k = 0; k < 1 + (i % 8); k++)
      if (bytes.length > 0) bytes[random(Math.min(bytes.length, 4096))] = random(256);
    writeFileSync(here.at(`${i}`), bytes);
    return here.at(`${i}`);
  });
  const answer = check(["--for", "debian:12,alpine:3.20", ...files]);
  equal(answer.files.length, files.length);
  equal(check(files).files.length, files.length);
});

test("a root file system: nothing outside of it counts", needs(...x86_64.tools), () => {
  const here = folder("root");
  const source = "int main(void) { return 0; }\n";
  mkdirSync(here.at("bin"));
  tool("gcc", [compile(x86_64, "zero.c", source), "-o", here.at("bin/program")]);
  deepEqual(codes(verdict(["--root", here.path, "/bin/program"])), ["check-interpreter-missing"]);

  mkdirSync(here.at("lib64"));
  mkdirSync(here.at("lib"));
  writeFileSync(here.at("lib64/ld-linux-x86-64.so.2"), readFileSync("/lib64/ld-linux-x86-64.so.2"));
  deepEqual(codes(verdict(["--root", here.path, "/bin/program"])), ["check-library-missing"]);

  // The link leads to the host's library, and in the root to nothing.
  symlinkSync("/usr/lib/x86_64-linux-gnu/libc.so.6", here.at("lib/libc.so.6"));
  deepEqual(codes(verdict(["--root", here.path, "/bin/program"])), ["check-library-dangling"]);
  rmSync(here.at("lib/libc.so.6"));
  writeFileSync(here.at("lib/libc.so.6"), readFileSync("/lib/x86_64-linux-gnu/libc.so.6"));
  const whole = check(["--root", here.path]);
  equal(whole.status, 0);
  deepEqual(
    whole.files.map(({ file }) => file),
    ["/bin/program", "/lib/libc.so.6", "/lib64/ld-linux-x86-64.so.2"],
  );
});

test("a static program asks for nothing", needs(...x86_64.tools), () => {
  const here = folder("static");
  tool("gcc", ["-static", compile(x86_64, "zero.c", "int main(void) { return 0; }\n"), "-o", here.at("program")]);
  const [file] = check(["--for", "alpine:3.20,rhel:7", here.at("program")]).files;
  equal(file.role, "static-program");
  deepEqual(
    file.targets.map(({ loads }) => loads),
    [true, true],
  );
});

test("libraries of this machine fail where ldd -r says so", needs("ldd", "/usr/lib/x86_64-linux-gnu"), () => {
  const directory = "/usr/lib/x86_64-linux-gnu";
  const names = readdirSync(directory).filter((name) => /\.so\.\d+$/.test(name));
  const sample = names.filter((_, i) => i % 12 === 0).map((name) => join(directory, name));
  for (const { file, targets } of check(sample).files) {
    if (targets.length === 0) continue;
    const { stdout, stderr } = run("ldd", ["-r", file]);
    const said = new Set([...`${stdout}${stderr}`.matchAll(/undefined symbol: ([^\s,]+)/g)].map(([, name]) => name));
    const found = targets[0].findings.flatMap(({ details }) =>
      Array.isArray(details.symbols) ? details.symbols.map((name) => String(name).split("@")[0]) : [],
    );
    deepEqual(new Set(found), said, file);
    equal(targets[0].loads, !/not found/.test(stdout), file);
  }
});

test("what is asked wrongly is said", () => {
  const wrong = (args: readonly string[]): string => {
    const { status, err } = checkText(args);
    equal(status, 2);
    return err;
  };
  match(wrong([]), /no files given/);
  match(wrong(["--for", "debian:99", "x"]), /does not know 'debian:99'; it knows debian:10, debian:11/);
  match(wrong(["--profile", "glibc@1", "x"]), /--profile takes/);
  match(wrong(["--frob"]), /Unknown option '--frob'/);
  match(
    wrong(["--node", "/nonexistent", "/bin/true"]),
    /--node: cannot open '\/nonexistent': No such file or directory/,
  );
  match(wrong(["--root", "/nonexistent"]), /there is no directory '\/nonexistent'/);
  equal(checkText(["--help"]).status, 0);
});
