// The lines of README.md, "With compilers and build systems", one test each: what is built works, and .comment says that Solder
// linked it.

import { equal, match, ok } from "node:assert/strict";
import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { version } from "../../src/cli/version.ts";
import { repository } from "../support/build.ts";
import { type Folder, folder } from "../support/folder.ts";
import { run, tool } from "../support/run.ts";
import { needs, which } from "../support/tools.ts";

const libexec = join(repository, "libexec");
const LINE = `Linker: Solder ${version}`;

const HELLO = '#include <stdio.h>\nint main(void) { puts("here"); }\n';

/** Runs a step of a build, with more in the environment. */
function step(
  at: Folder,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): string {
  return tool(command, args, { cwd: at.path, env, timeout: 300_000 });
}

function linkedBySolder(at: Folder, output: string): boolean {
  return tool("readelf", ["-p", ".comment", at.at(output)]).includes(LINE);
}

for (const name of ["lld", "gold", "bfd", "mold"]) {
  test(`gcc -fuse-ld=${name} finds Solder under that name`, needs("gcc", "readelf"), () => {
    const at = folder("driver");
    at.write("hello.c", HELLO);
    step(at, "gcc", [`-fuse-ld=${name}`, `-B${libexec}`, "hello.c", "-o", "hello"]);
    equal(step(at, at.at("hello"), []), "here\n");
    ok(linkedBySolder(at, "hello"));
  });
}

test("clang by --ld-path, and by -fuse-ld=lld with -B", needs("clang", "readelf"), () => {
  const at = folder("driver");
  at.write("hello.c", HELLO);
  for (const words of [[`--ld-path=${libexec}/ld`], ["-fuse-ld=lld", `-B${libexec}`]]) {
    step(at, "clang", [...words, "hello.c", "-o", "hello"]);
    equal(step(at, at.at("hello"), []), "here\n");
    ok(linkedBySolder(at, "hello"));
  }
});

test(
  "rustc: without the lld of its own, or by a name that it has no linker for",
  needs("rustc", "gcc", "readelf"),
  (t) => {
    const at = folder("driver");
    at.write("hello.rs", 'fn main() { println!("here"); }\n');
    const lines = [
      ["-C", "linker-features=-lld"],
      ["-C", "link-arg=-fuse-ld=bfd"],
    ];
    for (const [index, words] of lines.entries()) {
      const args = [...words, "-C", `link-arg=-B${libexec}`, "hello.rs", "-o", "hello"];
      const { status, stderr } = run("rustc", args, { cwd: at.path, timeout: 300_000 });
      // Before 1.90 there is no such option, and no lld to be without.
      if (index === 0 && /unknown codegen option|unstable/.test(stderr))
        t.diagnostic("this rustc has no linker-features");
      else {
        equal(status, 0, stderr);
        equal(step(at, at.at("hello"), []), "here\n");
        ok(linkedBySolder(at, "hello"));
      }
    }
  },
);

test("rustc: a program that brings its C library along starts", needs("rustc", "gcc", "readelf"), () => {
  const at = folder("driver");
  at.write("hello.rs", 'fn main() { println!("here"); }\n');
  const words = ["-C", "target-feature=+crt-static", "-C", "link-arg=-fuse-ld=bfd", "-C", `link-arg=-B${libexec}`];
  step(at, "rustc", [...words, "hello.rs", "-o", "hello"]);
  equal(step(at, at.at("hello"), []), "here\n");
  ok(linkedBySolder(at, "hello"));
  ok(!tool("readelf", ["-lW", at.at("hello")]).includes("INTERP"));
});

test("cargo", needs("cargo", "rustc", "gcc", "readelf"), () => {
  const at = folder("driver");
  mkdirSync(at.at("src"));
  at.write("src/main.rs", 'fn main() { println!("here"); }\n');
  at.write("Cargo.toml", '[package]\nname = "hello"\nversion = "1.0.0"\nedition = "2021"\n');
  const RUSTFLAGS = `-C link-arg=-fuse-ld=bfd -C link-arg=-B${libexec}`;
  step(at, "cargo", ["build", "--quiet", "--offline"], { RUSTFLAGS, CARGO_TARGET_DIR: at.at("target") });
  equal(step(at, at.at("target/debug/hello"), []), "here\n");
  ok(linkedBySolder(at, "target/debug/hello"));
});

test("go with cgo", needs("go", "gcc", "readelf"), () => {
  const at = folder("driver");
  at.write("go.mod", "module hello\n\ngo 1.19\n");
  at.write(
    "main.go",
    'package main\n\n// #include <stdlib.h>\nimport "C"\nimport "fmt"\n\nfunc main() { fmt.Println(C.abs(-7)) }\n',
  );
  const env = { GOCACHE: at.at("cache"), GOPATH: at.at("path"), GOFLAGS: "-mod=mod", HOME: at.path };
  step(at, "go", ["build", `-ldflags=-linkmode=external -extldflags=-B${libexec}`, "-o", "hello", "."], env);
  equal(step(at, at.at("hello"), []), "7\n");
  ok(linkedBySolder(at, "hello"));
});

test("CMake", needs("cmake", "ninja", "gcc", "readelf"), () => {
  const at = folder("driver");
  at.write("hello.c", HELLO);
  at.write(
    "CMakeLists.txt",
    "cmake_minimum_required(VERSION 3.13)\nproject(hello C)\nadd_executable(hello hello.c)\nadd_library(shared SHARED hello.c)\n",
  );
  step(at, "cmake", ["-G", "Ninja", "-S", ".", "-B", "out"], { LDFLAGS: `-B${libexec}` });
  step(at, "cmake", ["--build", "out"]);
  equal(step(at, at.at("out/hello"), []), "here\n");
  ok(linkedBySolder(at, "out/hello") && linkedBySolder(at, "out/libshared.so"));
});

test("meson, which takes it for GNU ld 2.40", needs("meson", "ninja", "gcc", "readelf"), () => {
  const at = folder("driver");
  at.write("hello.c", HELLO);
  at.write("meson.build", "project('hello', 'c')\nexecutable('hello', 'hello.c')\n");
  const said = step(at, "meson", ["setup", "out"], { LDFLAGS: `-B${libexec}` });
  match(said, /C linker for the host machine: cc ld\.bfd 2\.40/);
  step(at, "ninja", ["-C", "out"]);
  equal(step(at, at.at("out/hello"), []), "here\n");
  ok(linkedBySolder(at, "out/hello"));
});

const gyp = join(
  which("npm") === undefined ? "" : tool("npm", ["root", "-g"]).trim(),
  "npm/node_modules/node-gyp/bin/node-gyp.js",
);
const HEADERS = "/usr/include/node/node_api.h";

test("node-gyp", needs(gyp, HEADERS, "make", "gcc", "python3", "readelf"), () => {
  const at = folder("driver");
  at.write("package.json", '{ "name": "addon", "version": "1.0.0" }');
  at.write("binding.gyp", '{ "targets": [{ "target_name": "addon", "sources": ["addon.c"] }] }');
  at.write(
    "addon.c",
    "#include <node_api.h>\nNAPI_MODULE_INIT() { napi_value v; napi_create_int32(env, 7, &v); return v; }\n",
  );
  step(at, process.execPath, [gyp, "rebuild", "--nodedir=/usr"], { LDFLAGS: `-B${libexec}` });
  equal(step(at, process.execPath, ["-p", 'require("./build/Release/addon.node")']), "7\n");
  ok(linkedBySolder(at, "build/Release/addon.node"));
});

test("each name of libexec is the linker, and reads no certificates", () => {
  for (const name of ["ld", "ld.bfd", "ld.gold", "ld.lld", "ld.mold"]) {
    const env = { NODE_EXTRA_CA_CERTS: "/nowhere/certificates" };
    const { status, stdout, stderr } = run(join(libexec, name), ["--version"], { env });
    equal(status, 0);
    match(stdout, /^GNU ld \(compatible: Solder\) [0-9.]+\nSolder /);
    // Node warns of certificates that it cannot read.
    equal(stderr, "", name);
  }
});

test(
  "libexec/plain/ld starts under busybox's shell, and libexec/ld through a link of another name",
  needs("busybox"),
  () => {
    const at = folder("driver");
    symlinkSync(join(libexec, "ld"), at.at("i686-linux-gnu-ld"));
    at.write("sh", '#!/bin/sh\nexec busybox sh "$@"\n');
    chmodSync(at.at("sh"), 0o755);
    match(tool(at.at("sh"), [join(libexec, "plain/ld"), "-v"]), /^GNU ld/);
    match(tool(at.at("i686-linux-gnu-ld"), ["--print-output-format"]), /^elf32-i386$/m);
  },
);
