// `solder check` on files for other systems, and on those that the dynamic linker does not open: they are called what they are, and
// do not count where a build for this system stands beside them.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compile, musl, x86_64 } from "../../support/build.ts";
import { type Folder, folder } from "../../support/folder.ts";
import { run, tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { check, checkText, codes, verdict } from "./checking.ts";

const ADDON = "void *napi_register_module_v1(void *env, void *exports) { return exports; }\n";

function addon(here: Folder, name: string, flags: readonly string[] = ["-nostdlib"], source = ADDON): string {
  tool("gcc", ["-shared", compile(x86_64, "addon.c", source, ["-fPIC"]), ...flags, "-o", here.at(name)]);
  return here.at(name);
}

/** The same file with other bytes at an offset. */
function patched(path: string, at: number, bytes: readonly number[]): string {
  const file = readFileSync(path);
  file.set(bytes, at);
  writeFileSync(path, file);
  return path;
}

/** What Node.js, and with it the real dynamic linker, says of an addon. */
function opened(path: string): string {
  const script = "try { process.dlopen({ exports: {} }, process.argv[1]); } catch (e) { console.log(e.message); }";
  return run(process.execPath, ["-e", script, path]).stdout;
}

test("EI_OSABI says FreeBSD: so does the report, here and on systems of the tables", needs(...x86_64.tools), () => {
  const path = patched(addon(folder("freebsd"), "a.node"), 7, [9]);
  match(opened(path), /ELF file OS ABI invalid/);
  for (const args of [[], ["--for", "debian:12"]]) {
    const answer = verdict([...args, path]);
    deepEqual(codes(answer), ["check-foreign-system"]);
    deepEqual(
      [answer.findings[0].details.made, answer.findings[0].details.reason],
      ["FreeBSD", "ELF file OS ABI invalid"],
    );
  }
  equal(check([path]).files[0].system, "FreeBSD");
  // musl does not look.
  deepEqual(codes(verdict(["--for", "alpine:3.20", path]), "warning"), ["check-foreign-library-loads"]);
});

test("a build for FreeBSD beside one for Linux does not count", needs(...x86_64.tools), () => {
  const here = folder("beside");
  for (const name of ["freebsd-x64", "linux-x64"]) mkdirSync(here.at(name));
  patched(addon(here, "freebsd-x64/a.node"), 7, [9]);
  addon(here, "linux-x64/a.node");
  equal(check([here.path]).status, 0);
  rmSync(here.at("linux-x64"), { recursive: true });
  equal(check([here.path]).status, 1);
});

test("a program for FreeBSD names its dynamic linker; a static one has only its header", needs(...x86_64.tools), () => {
  const here = folder("freebsd-program");
  const main = compile(x86_64, "main.c", "int main(void) { return 0; }\n");
  tool("gcc", [main, "-Wl,--dynamic-linker=/libexec/ld-elf.so.1", "-o", here.at("dynamic")]);
  tool("gcc", ["-static", main, "-o", here.at("static")]);
  patched(here.at("static"), 7, [9]);
  for (const name of ["dynamic", "static"]) {
    for (const args of [[], ["--for", "debian:12"], ["--for", "alpine:3.20"]]) {
      deepEqual(codes(verdict([...args, here.at(name)])), ["check-foreign-system"], `${name} ${args.join(" ")}`);
    }
  }
});

test("Android's libc.so is not musl's", needs(musl.cc, musl.interpreter, ...x86_64.tools), () => {
  const here = folder("android");
  const map = here.write("libc.map", "LIBC { global: __errno; local: *; };\n");
  tool("gcc", [
    ...["-shared", "-nostdlib", compile(x86_64, "bionic.c", "int e; int *__errno(void) { return &e; }\n", ["-fPIC"])],
    ...["-Wl,-soname,libc.so", `-Wl,--version-script=${map}`, "-o", here.at("libc.so")],
  ]);
  const path = addon(
    here,
    "a.node",
    ["-nostdlib", here.at("libc.so")],
    `int *__errno(void); int *(*p)(void) = __errno;\n${ADDON}`,
  );
  rmSync(here.at("libc.so"));
  match(run(musl.interpreter, ["--list", path]).stderr, /__errno: symbol not found/);
  const answer = verdict(["--for", "alpine:3.20", path]);
  deepEqual(codes(answer), ["check-foreign-system"]);
  deepEqual(answer.findings[0].details.symbols, ["__errno"]);
  equal(answer.findings[0].details.made, "Android");
  deepEqual(codes(verdict(["--for", "debian:12", path])), ["check-foreign-system"]);
});

test("the cure names the variant of the system, not that of the file", needs(musl.cc, ...x86_64.tools), () => {
  const here = folder("variant");
  tool(musl.cc, ["-shared", compile(musl, "addon.c", ADDON, ["-fPIC"]), "-o", here.at("musl.node")]);
  addon(here, "glibc.node", [], `int __sprintf_chk(); int f(void) { return __sprintf_chk(); }\n${ADDON}`);
  match(
    checkText(["--for", "debian:12", here.at("musl.node")]).out,
    /glibc variant \(npm packages name it linux-x64, /,
  );
  match(
    checkText(["--for", "alpine:3.20", here.at("glibc.node")]).out,
    /musl variant \(npm packages name it linux-x64-musl /,
  );
});

/** A field of the file's header or of its first load segment, and what ld.so says when it is wrong. */
const REFUSED: readonly (readonly [what: string, at: (file: Buffer) => number, byte: number, said: RegExp])[] = [
  ["EI_VERSION", () => 6, 2, /version ident does not match/],
  ["e_version", () => 20, 2, /ELF file version does not match/],
  ["EI_ABIVERSION", () => 8, 1, /ELF file ABI version invalid/],
  ["padding of e_ident", () => 12, 1, /nonzero padding in e_ident/],
  ["a load segment that fits no page", (file) => segment(file, 1) + 17, 0x04, /not page-aligned/],
  ["no dynamic section", (file) => segment(file, 2), 6, /object file has no dynamic section/],
];

function segment(file: Buffer, type: number): number {
  const start = Number(file.readBigUInt64LE(32));
  for (let at = start; ; at += 56) if (file.readUInt32LE(at) === type) return at;
}

for (const [what, at, byte, said] of REFUSED) {
  test(`what the dynamic linker does not open, in its words: ${what}`, needs(...x86_64.tools), () => {
    const path = addon(folder("refused"), "a.node");
    patched(path, at(readFileSync(path)), [byte]);
    match(opened(path), said);
    for (const args of [[], ["--for", "debian:12"]]) {
      const { loads, findings } = verdict([...args, path]);
      equal(loads, false);
      ok(
        findings.some((it) => it.code === "check-refused" && said.test(it.message)),
        JSON.stringify(findings),
      );
    }
  });
}

test("segments aligned to more than their addresses agree in: refused up to glibc 2.34", needs(...x86_64.tools), () => {
  const here = folder("aligned");
  const path = addon(here, "a.node", ["-nostdlib", "-Wl,-z,noseparate-code"], `int v = 1; int *p = &v;\n${ADDON}`);
  const file = readFileSync(path);
  const start = Number(file.readBigUInt64LE(32));
  for (let i = 0; i < file.readUInt16LE(56); i++) {
    if (file.readUInt32LE(start + 56 * i) === 1) file.writeBigUInt64LE(0x200000n, start + 56 * i + 48);
  }
  writeFileSync(path, file);
  const { targets } = check(["--for", "glibc:2.34,glibc:2.35", path]).files[0];
  deepEqual(
    targets.map(({ loads }) => loads),
    [false, true],
  );
  match(targets[0].findings[0].message, /address\/offset not properly aligned/);
});

test("a program in the place of an addon, or of a library that comes along", needs(...x86_64.tools), () => {
  const here = folder("program");
  const main = compile(x86_64, "main.c", `int main(void) { return 0; }\n${ADDON}`, ["-fPIE"]);
  tool("gcc", ["-pie", "-rdynamic", main, "-o", here.at("pie.node")]);
  tool("gcc", ["-no-pie", main, "-rdynamic", "-o", here.at("fixed.node")]);
  for (const [name, said] of [
    ["pie.node", /cannot dynamically load position-independent executable/],
    ["fixed.node", /cannot dynamically load executable/],
  ] as const) {
    match(opened(here.at(name)), said);
    for (const args of [[], ["--for", "debian:12"]]) {
      const answer = verdict([...args, here.at(name)]);
      deepEqual(codes(answer), ["check-refused"]);
      match(answer.findings[0].message, said);
    }
  }

  const library = compile(x86_64, "lib.c", "int f(void) { return 0; }\n", ["-fPIC"]);
  tool("gcc", ["-shared", library, "-Wl,-soname,libf.so", "-o", here.at("libf.so")]);
  const uses = compile(x86_64, "uses.c", "int f(void); int main(void) { return f(); }\n");
  tool("gcc", [uses, here.at("libf.so"), "-Wl,-rpath,$ORIGIN", "-o", here.at("uses")]);
  equal(verdict(["--for", "debian:12", here.at("uses")]).loads, true);
  const pie = compile(x86_64, "pie.c", "int f(void) { return 0; } int main(void) { return 0; }\n", ["-fPIE"]);
  tool("gcc", ["-pie", "-rdynamic", pie, "-o", join(here.path, "libf.so")]);
  match(run(here.at("uses")).stderr, /cannot dynamically load position-independent executable/);
  const answer = verdict(["--for", "debian:12", here.at("uses")]);
  deepEqual(codes(answer), ["check-refused"]);
  equal(answer.findings[0].file, here.at("libf.so"));
  const there = verdict([here.at("uses")]);
  deepEqual(codes(there), ["check-library-unusable"]);
  equal(there.findings[0].details.reason, "cannot dynamically load position-independent executable");
});
