// The command as a process: under the names that compilers start it by, with real links.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { run } from "../support/run.ts";
import { needs } from "../support/tools.ts";

const root = mkdtempSync(join(tmpdir(), "solder-command-"));
after(() => rmSync(root, { recursive: true }));
const libexec = resolve("libexec");
const solder = resolve("bin/solder.js");
const source = join(root, "hello.c");
writeFileSync(source, '#include <stdio.h>\nint main(void) { puts("hello"); return 3; }\n');
const program = join(root, "hello");

test("gcc -B libexec links with Solder", needs("gcc"), () => {
  const { status, stderr } = run("gcc", ["-B", libexec, "-o", program, source, "-Wl,--trace"]);
  deepEqual([status, stderr], [0, ""]);
  const { status: result, stdout } = run(program);
  deepEqual([result, stdout], [3, "hello\n"]);
});

test("clang --ld-path=libexec/ld links with Solder", needs("clang"), () => {
  const { status, stderr } = run("clang", [`--ld-path=${join(libexec, "ld")}`, "-o", program, source]);
  deepEqual([status, stderr], [0, ""]);
  equal(run(program).stdout, "hello\n");
});

test("it is ld under the name of a cross linker, with that linker's emulation", () => {
  const path = join(root, "i686-linux-gnu-ld");
  symlinkSync(join(libexec, "ld"), path);
  equal(run(path, ["--print-output-format"]).stdout, "elf32-i386\n");
  match(run(path, ["--frob"]).stderr, /^i686-linux-gnu-ld: error: unrecognized option/);
});

test("clang -fuse-ld=solder finds ld.solder", needs("clang"), () => {
  symlinkSync(join(libexec, "ld"), join(root, "ld.solder"));
  const path = `${root}:${process.env.PATH}`;
  const { status, stderr } = run("clang", ["-fuse-ld=solder", "-o", program, source], { env: { PATH: path } });
  deepEqual([status, stderr], [0, ""]);
  equal(run(program).stdout, "hello\n");
});

test("a failed link ends with 1, and gcc passes that on", needs("gcc"), () => {
  writeFileSync(program, "old");
  const { status, stderr } = run("gcc", ["-B", libexec, "-o", program, source, "-Wl,--defsym=a=nothing"]);
  equal(status, 1);
  match(stderr, /ld: error: .*nothing/);
});

test("solder --version, solder ld -v, solder without arguments", () => {
  match(run(solder, ["--version"]).stdout, /^solder \d/);
  match(run(solder, ["ld", "-v"]).stdout, /^GNU ld/);
  const { status, stderr } = run(solder);
  equal(status, 2);
  match(stderr, /^Usage: solder/);
});

test("a reader that goes away is not an error", needs("/bin/sh"), () => {
  const { status, stderr } = run("/bin/sh", ["-c", `"${solder}" ld --help | head -1`]);
  deepEqual([status, stderr], [0, ""]);
});

test("it starts without a code cache, and with one that does not fit", () => {
  const copy = join(root, "copy");
  for (const part of ["bin", "dist"]) cpSync(part, join(copy, part), { recursive: true });
  const cache = join(copy, "dist/commands/help.cache");
  const start = (): string => run(join(copy, "bin/solder.js"), ["--version"]).stdout;
  const fresh = readFileSync(cache);
  for (const bytes of [fresh, fresh.subarray(0, 1000), new Uint8Array(0), new Uint8Array(5000).fill(0x5a)]) {
    writeFileSync(cache, bytes);
    match(start(), /^solder \d/);
  }
  rmSync(cache);
  match(start(), /^solder \d/);
});

test("a link loads only those of Node's modules that it uses", needs("as"), () => {
  const object = join(root, "a.o");
  run("as", ["-o", object, "-"], { input: ".globl _start\n_start: nop\n" });
  const hook = join(root, "hook.cjs");
  const list = join(root, "modules");
  writeFileSync(
    hook,
    `process.on("exit", () => require("fs").writeFileSync(${JSON.stringify(list)}, process.moduleLoadList.join("\\n")));`,
  );
  equal(run(process.execPath, ["-r", hook, join(libexec, "plain/ld"), "-o", program, object]).status, 0);
  const loaded = readFileSync(list, "utf8").split("\n");
  ok(loaded.includes("NativeModule fs"));
  for (const name of ["net", "tty", "zlib", "crypto", "child_process", "worker_threads", "readline"]) {
    ok(!loaded.includes(`NativeModule ${name}`), name);
  }
});

test("a full disk is an error, not a stack trace", needs("/dev/full"), () => {
  const { status, stderr } = run("sh", ["-c", `exec "$0" --help >/dev/full`, solder]);
  deepEqual([status, stderr], [1, "solder: error: cannot write: no space left on device\n"]);
});
