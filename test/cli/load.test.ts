// `solder load PROGRAM` as a command: what it shows of a process, what it takes, how it fails.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runLoad } from "../../src/cli/load/load.ts";
import { nodeFiles } from "../../src/host/node-files.ts";
import { compile, scratch, x86_64 } from "../support/build.ts";
import { type Printed, printed } from "../support/io.ts";
import { tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";

function solderLoad(...args: string[]): Printed {
  return printed((io) => runLoad(args, io, nodeFiles));
}

/** A program that calls `twice` of libtwice.so, beside it. */
function program(): { directory: string; path: string } {
  const directory = scratch("load");
  const library = compile(x86_64, "twice.c", "int counter = 7; int twice(int x) { return 2 * x; }", ["-fpic"]);
  tool("gcc", ["-shared", "-Wl,-soname,libtwice.so", library, "-o", join(directory, "libtwice.so")]);
  const text = "int twice(int); extern int counter; int main(void) { return twice(20) + counter; }";
  const object = compile(x86_64, "main.c", text, ["-fpie"]);
  const path = join(directory, "main");
  tool("gcc", [object, "-o", path, `-L${directory}`, "-ltwice", "-Wl,-rpath,$ORIGIN", "-Wl,-z,lazy"]);
  return { directory, path };
}

/** The plain format of --dump (docs/load.md). */
function readDump(bytes: Uint8Array): { start: number; object: string; bytes: Uint8Array }[] {
  const regions: { start: number; object: string; bytes: Uint8Array }[] = [];
  const first = "solder memory 1\n";
  equal(Buffer.from(bytes.subarray(0, first.length)).toString(), first);
  for (let at = first.length; at < bytes.length; ) {
    const end = bytes.indexOf(10, at);
    const [start = "", length = "", ...object] = Buffer.from(bytes.subarray(at, end)).toString().split(" ");
    at = end + 1 + Number(length);
    equal(bytes[at], 10);
    regions.push({ start: Number(start), object: object.join(" "), bytes: bytes.subarray(end + 1, at) });
    at++;
  }
  return regions;
}

test("the summary: who was found how, where it lies, what was bound", needs(...x86_64.tools), () => {
  const { path, directory } = program();
  const { status, out, err } = solderLoad(path);
  deepEqual([status, err], [0, ""]);
  match(out, /loaded by \/lib64\/ld-linux-x86-64\.so\.2 as glibc@2\.\d+/);
  match(out, new RegExp(`0x[0-9a-f]+ +0x[0-9a-f]+ +${directory}/libtwice\\.so +DT_RUNPATH of ${path} +main\n`));
  match(out, /r-xp +0x[0-9a-f]+ +0x1000 +libtwice\.so/);
  match(out, /Order of relocation and of constructors\n .*libc\.so\.6, libtwice\.so, main/);
});

test("--got: a slot points back into the PLT before its first call; --now binds it", needs(...x86_64.tools), () => {
  const { path } = program();
  match(solderLoad("--got", path).out, /twice, not bound yet: points back into the PLT of main/);
  match(solderLoad("--got", "--now", path).out, /twice, in .*\/libtwice\.so/);
});

test(
  "--bases takes addresses from a file as /proc/PID/maps; --dump writes the memory there",
  needs(...x86_64.tools),
  () => {
    const { path, directory } = program();
    const maps = join(directory, "maps");
    writeFileSync(maps, `300000000000-300000001000 r--p 00000000 00:00 1    ${join(directory, "libtwice.so")}\n`);
    const dump = join(directory, "dump");
    const { status } = solderLoad("--now", "--bases", maps, "--dump", dump, path);
    equal(status, 0);
    const regions = readDump(readFileSync(dump));
    const library = regions.filter(({ object }) => object.endsWith("/libtwice.so"));
    equal(library[0]?.start, 0x300000000000);
    deepEqual([...(library[0]?.bytes.subarray(0, 4) ?? [])], [0x7f, 0x45, 0x4c, 0x46]);
    const main = regions.filter(({ object }) => object === path);
    // Somewhere in the program's GOT there is the address of `twice` in the library.
    const symbols = tool("nm", ["-D", join(directory, "libtwice.so")]);
    const twice = 0x300000000000 + Number.parseInt(/^([0-9a-f]+) T twice$/m.exec(symbols)?.[1] ?? "", 16);
    const wanted = Buffer.alloc(8);
    wanted.writeBigUInt64LE(BigInt(twice));
    ok(main.some(({ bytes }) => Buffer.from(bytes).includes(wanted)));
  },
);

test(
  "--call: through the PLT to the resolver the first time, straight there the second",
  needs(...x86_64.tools),
  () => {
    const { path, directory } = program();
    const { out, status } = solderLoad("--call", "twice", "--base", "libtwice.so=0x300000000000", path);
    equal(status, 0);
    const symbols = tool("nm", ["-D", join(directory, "libtwice.so")]);
    const twice = `0x3${/^0*([0-9a-f]+) T twice$/m.exec(symbols)?.[1]?.padStart(11, "0")}`;
    match(out, /1\. the slot holds 0x[0-9a-f]+: back in the PLT/);
    match(out, /there it pushes 0x[0-9a-f]+, the number of the relocation in DT_JMPREL/);
    match(out, /looks twice up in the scope of main; not in main; .*\/libtwice\.so has it/);
    match(out, new RegExp(`the slot at 0x[0-9a-f]+ gets ${twice}`));
    match(
      out,
      new RegExp(`Called again:\n {2}the slot holds ${twice}: the call goes there, and the resolver is not asked`),
    );
    match(solderLoad("--call", "twice", "--env", "LD_BIND_NOT=1", path).out, /the resolver is asked again/);
  },
);

test("--call: a function that nobody defines ends the process", needs(...x86_64.tools), () => {
  const { path, directory } = program();
  const other = compile(x86_64, "other.c", "int counter;", ["-fpic"]);
  tool("gcc", ["-shared", "-Wl,-soname,libtwice.so", other, "-o", join(directory, "libtwice.so")]);
  const { status, out, err } = solderLoad("--call", "twice", path);
  deepEqual([status, err], [127, `${path}: symbol lookup error: ${path}: undefined symbol: twice\n`]);
  match(out, /4\. it looks twice up, and nobody defines it: the process ends\n$/);
});

test("what the first call will not find is told, though the program starts", needs(...x86_64.tools), () => {
  const { path, directory } = program();
  const title = "Nobody defines what is to be bound at the first call, which ends the process";
  ok(!solderLoad(path).out.includes(title));
  const other = compile(x86_64, "other.c", "int counter;", ["-fpic"]);
  tool("gcc", ["-shared", "-Wl,-soname,libtwice.so", other, "-o", join(directory, "libtwice.so")]);
  const { status, out } = solderLoad(path);
  equal(status, 0);
  ok(out.endsWith(`\n${title}\n  twice, called by ${path}\n`), out);
  const { ended, missingAtFirstCall } = JSON.parse(solderLoad("--json", path).out);
  deepEqual([ended, missingAtFirstCall], [undefined, [{ object: path, name: "twice", version: "" }]]);
  equal(JSON.parse(solderLoad("--json", "--now", path).out).ended, "relocation");
});

test("--call of what nothing calls is an error, with what comes nearest", needs(...x86_64.tools), () => {
  const { path } = program();
  const { status, err } = solderLoad("--call", "twise", path);
  equal(status, 1);
  match(
    err,
    /^solder load: error: no object calls twise through its PLT; did you mean twice\? \[call-not-through-plt\]\n {2}fix: /,
  );
});

test("--trace of a static program: it relocates itself", needs(...x86_64.tools), () => {
  const path = join(scratch("load"), "static");
  const object = compile(x86_64, "s.s", ".globl _start\n_start: ret\n.data\n.quad _start\n");
  tool("ld", ["-pie", "--no-dynamic-linker", object, "-o", path]);
  match(
    solderLoad("--trace", path).out,
    /^\n1\. The kernel maps the program\n( .*\n)+\n2\. There is no loader: .*\n {2}0x\w+ +R_X86_64_RELATIVE .*\n( .*\n)* {2}entry point 0x\w+\n$/,
  );
});

test("--headers: what dl_iterate_phdr tells the program", needs(...x86_64.tools), () => {
  const { path } = program();
  const { out } = solderLoad("--headers", path);
  const order = [...out.matchAll(/^(\S.*)$/gm)].map(([line]) => line.replace(/^.*\//, ""));
  deepEqual(order, ['"" (the program)', "libtwice.so", "libc.so.6", "ld-linux-x86-64.so.2"]);
  match(out, /dlpi_addr 0x555555554000, dlpi_phdr 0x555555554040, dlpi_phnum \d+/);
});

test("--relocations: the formula with its numbers, and the bytes before and after", needs(...x86_64.tools), () => {
  const { path } = program();
  const { out } = solderLoad("--relocations", "--now", path);
  match(out, /R_X86_64_JUMP_SLOT +S = 0x[0-9a-f]+ \(twice of libtwice\.so\) {2}\[[0-9a-f ]{23} → [0-9a-f ]{23}\]/);
  match(out, /B \+ A = 0x[0-9a-f]+ \(load bias\) \+ 0x[0-9a-f]+/);
});

test("--symbols and --trace: what was bound, and every step", needs(...x86_64.tools), () => {
  const { path } = program();
  match(solderLoad("--symbols", "--now", path).out, /twice → .*\/libtwice\.so, 0x[0-9a-f]+ \(first in its scope\)/);
  const { out } = solderLoad("--trace", path);
  match(out, /libtwice\.so, asked for by .*\/main\n {4}in RUNPATH of .*\n {4}opens .*\/libtwice\.so\n/);
  match(out, /becomes r--p: read-only after relocation/);
});

test("a missing library: ld.so's message and exit code, and where it was looked for", needs(...x86_64.tools), () => {
  const { path, directory } = program();
  tool("mv", [join(directory, "libtwice.so"), join(directory, "gone.so")]);
  const { status, out, err } = solderLoad(path);
  equal(status, 127);
  const message =
    "error while loading shared libraries: libtwice.so: cannot open shared object file: No such file or directory";
  ok(err.includes(`${path}: ${message}\n`), err);
  match(out, new RegExp(`^ {2}${directory}/ \\(DT_RUNPATH of ${path}\\): no such file`, "m"));
});

test("--json has the same as data", needs(...x86_64.tools), () => {
  const { path, directory } = program();
  const data = JSON.parse(solderLoad("--json", path).out) as { objects: { name: string; foundBy?: string }[] };
  equal(data.objects.find(({ name }) => name === join(directory, "libtwice.so"))?.foundBy, "runpath");
});

test("what is no program is named, and with --json too", () => {
  const directory = scratch("load");
  const path = join(directory, "script");
  writeFileSync(path, "#!/bin/sh\nexit 0\n");
  deepEqual(solderLoad(path), {
    status: 1,
    out: "",
    err: `solder load: error: ${path}: a script for /bin/sh, not an ELF file [check-script]\n  fix: look at /bin/sh instead\n`,
  });
  const data = JSON.parse(solderLoad("--json", path).out) as { problems: { code: string }[] };
  deepEqual(
    data.problems.map(({ code }) => code),
    ["check-script"],
  );
});

test("a base for what is not in the process is told", needs(...x86_64.tools), () => {
  const { path } = program();
  const { status, err } = solderLoad("--base", "libtwice.so=0x10000000", "--base", "libtwo.so=0x20000000", path);
  equal(status, 0);
  match(err, /^solder load: warning: .*libtwo\.so.* \[base-unknown\]\n/);
});

test("a pipe is not waited for", needs("mkfifo"), () => {
  const path = join(scratch("load"), "pipe");
  tool("mkfifo", [path]);
  const { status, err } = solderLoad(path);
  equal(status, 1);
  match(err, /pipe: cannot open it: not a regular file/);
});

test("random addresses are the same for the same seed", needs(...x86_64.tools), () => {
  const { path } = program();
  const [one, again, other] = ["1", "1", "2"].map((seed) => solderLoad("--seed", seed, path).out);
  equal(one, again);
  ok(one !== other);
});

for (const [what, args, message] of [
  ["no file", [], /no files given/],
  ["a base without an address", ["--base", "x", "/bin/true"], /--base takes NAME=ADDRESS/],
  ["a base within a page", ["--base", "true=0x10000001", "/bin/true"], /--base takes multiples of 0x1000/],
  ["an unknown profile", ["--profile", "glibc@1.0", "/bin/true"], /--profile takes glibc@/],
  ["what is not in the JSON", ["--json", "--got", "/bin/true"], /--json shows .*nothing of --got/],
  ["an unknown part of LD_DEBUG", ["--debug", "nonsense", "/bin/true"], /--debug takes /],
] as const) {
  test(`wrong usage is said: ${what}`, () => {
    const { status, err } = solderLoad(...args);
    equal(status, 2);
    match(err, message);
  });
}

test("--trace and --debug end where the process ends", needs(...x86_64.tools), () => {
  const { path, directory } = program();
  const other = compile(x86_64, "other.c", "int counter;", ["-fpic"]);
  tool("gcc", ["-shared", "-Wl,-soname,libtwice.so", other, "-o", join(directory, "libtwice.so")]);
  const unbound = solderLoad("--now", "--trace", path);
  equal(unbound.status, 127);
  match(unbound.out, /The process ends with exit status 127\n.*undefined symbol: twice\n$/);
  match(solderLoad("--now", path).out, /does not start: exit status 127, while references are bound/);
  const lines = solderLoad("--now", "--debug", "bindings", path).out.trimEnd().split("\n");
  equal(lines.at(-1), `${path}: error: symbol lookup error: undefined symbol: twice (fatal)`);
  tool("mv", [join(directory, "libtwice.so"), join(directory, "gone.so")]);
  match(
    solderLoad("--trace", path).out,
    /libtwice\.so, asked for by .*\n(.*\n)*? {4}not found\n\nThe process ends with exit status 127\n.*\n$/,
  );
  ok(!solderLoad("--debug", "libs", path).out.includes("find library=libc.so.6"));
});

test("addresses that no process could have", needs(...x86_64.tools), () => {
  const { path, directory } = program();
  const wrong = (...args: string[]): string => {
    const { status, err } = solderLoad(...args);
    equal(status, 1);
    return err;
  };
  match(
    wrong("--base", "main=0x300000000000", "--base", "libtwice.so=0x300000001000", path),
    /libtwice\.so: it is to be at 0x300000001000, where .*\/main is \(up to 0x300000005000\) \[objects-overlap\]/,
  );
  match(
    wrong("--base", "main=0x7fffffffe000", path),
    /addresses of x86-64 end at 0x7ffffffff000 \[base-beyond-memory\]/,
  );
  const fixed = join(directory, "fixed");
  tool("ld", [compile(x86_64, "f.s", ".globl _start\n_start: ret\n"), "-o", fixed]);
  match(wrong("--base", "fixed=0x10000", fixed), /linked for 0x400000 and cannot be at 0x10000.*\[base-not-movable\]/);
  equal(solderLoad("--base", "fixed=0x400000", fixed).status, 0);
});

test("a loader that is not there: the shell's exit code, and no process", needs(...x86_64.tools), () => {
  const { directory } = program();
  const path = join(directory, "elsewhere");
  const object = compile(x86_64, "main.c", "int main(void) { return 0; }", ["-fpie"]);
  tool("gcc", [object, "-o", path, "-Wl,--dynamic-linker=/nowhere/ld.so"]);
  const { status, out, err } = solderLoad("--trace", path);
  equal(status, 127);
  match(err, /its loader \/nowhere\/ld\.so cannot be opened \[interpreter-missing\]/);
  match(out, /^\n1\. The kernel maps .*\n( .*\n)+\nThe process ends with exit status 127\n$/);
});

test("files of addresses and memory that cannot be read or written", needs(...x86_64.tools), () => {
  const { path, directory } = program();
  equal(solderLoad("--bases", "/nowhere", path).err, "solder load: error: /nowhere: no such file or directory\n");
  equal(
    solderLoad("--bases", "/dev/null", path).err,
    "solder load: error: /dev/null: this is not in the form of /proc/PID/maps\n",
  );
  match(solderLoad("--dump", directory, path).err, /: illegal operation on a directory\n$/);
});

test("--root needs a directory, and a program", needs(...x86_64.tools), () => {
  const { path, directory } = program();
  match(solderLoad("--root", "/nowhere", path).err, /--root: there is no directory '\/nowhere'; see/);
  const object = compile(x86_64, "main.c", "int main(void) { return 0; }", []);
  const { status, err } = solderLoad("--root", directory, object, object);
  deepEqual(
    [status, err],
    [2, "solder load: error: --root is for a program, which is loaded by itself; see solder load --help\n"],
  );
});
