// `solder ldd`: the tree, the plain list against the real loader's, JSON, other roots and loaders, exit codes.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { runLdd } from "../../src/cli/ldd.ts";
import { tree } from "../load/support/tree.ts";
import { compile, musl, repository, scratch, x86_64 } from "../support/build.ts";
import { folder } from "../support/folder.ts";
import { type Printed, printed } from "../support/io.ts";
import { run, tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";

function ldd(args: readonly string[], env: Readonly<Record<string, string>> = {}): Printed {
  return printed((io) => runLdd(args, io), { env });
}

test("a tree: each library under who asked for it first", needs("ld", ...x86_64.tools), () => {
  const here = tree(x86_64, "ldd");
  here.library("libs/liba.so", { needed: ["libc1.so", "libb.so"] });
  here.library("libs/libb.so", { needed: ["libc1.so"] });
  here.library("own/libc1.so");
  here.library("libs/libc1.so");
  const main = here.program("main", { needed: ["liba.so", "libb.so"], rpath: here.at("libs") });
  const shown = ldd([main], { LD_LIBRARY_PATH: here.at("own") });
  const how = `DT_RPATH of ${main}`;
  deepEqual(shown, {
    status: 0,
    err: "",
    out: `${[
      `${main}  (x86-64, ${shown.out.match(/glibc@[\d.]+/)?.[0]})`,
      `├─ liba.so => ${here.at("libs/liba.so")}  ${how}`,
      `│  └─ libc1.so => ${here.at("libs/libc1.so")}  ${how}`,
      `├─ libb.so => ${here.at("libs/libb.so")}  ${how}`,
      "└─ /lib64/ld-linux-x86-64.so.2  the program's interpreter",
    ].join("\n")}\n`,
  });
  match(ldd(["-a", main]).out, /libb\.so => .*\n│ {2}└─ libc1\.so \(asked for by .*liba\.so first\)/);
});

test("what is missing: every place, and why nothing there was taken", needs("ld", ...x86_64.tools), () => {
  const here = tree(x86_64, "ldd");
  here.library("libs/libx.so.2");
  here.write("other/libx.so.1", Uint8Array.from(elfHeader(183)));
  const path = `${here.at("libs")}:${here.at("other")}:/nowhere`;
  const main = here.program("main", { needed: ["libx.so.1"], runpath: path });
  const { status, out } = ldd([main, "--profile", "glibc@2.37", "--cpu", "x86-64-v2"]);
  equal(status, 1);
  const lines = out.split("\n").map((line) => line.slice(6).replace(/ {2,}/g, " "));
  deepEqual(lines.slice(1, 6), [
    "x.so.1 => not found",
    "cannot open shared object file: No such file or directory",
    `${here.at("libs")}/ DT_RUNPATH of ${main} no such file, nor in the subdirectory for CPUs`,
    `${here.at("other")}/libx.so.1 DT_RUNPATH of ${main} passed over: for AArch64`,
    `/nowhere/ DT_RUNPATH of ${main} no such directory`,
  ]);
  ok(lines.includes("/etc/ld.so.cache ld.so.cache has no entry"));
  ok(lines.includes(`there is ${here.at("libs/libx.so.2")}`), "a file of a similar name");
});

/** An ELF header of a library for another machine. */
function elfHeader(machine: number): Buffer {
  const header = Buffer.alloc(64);
  header.write("\x7fELF\x02\x01\x01", "latin1");
  header.writeUInt16LE(3, 16);
  header.writeUInt16LE(machine, 18);
  header.writeUInt32LE(1, 20);
  return header;
}

/** What the real loader lists, without addresses and the kernel's object. */
function traced(program: string, environment: Readonly<Record<string, string>> = {}): string[] {
  const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const { stdout } = run("/usr/bin/env", [...settings, "LD_TRACE_LOADED_OBJECTS=1", program]);
  const lines = stdout
    .split("\n")
    .filter((line) => line !== "" && !line.includes("linux-vdso") && !line.includes("linux-gate"));
  return lines.map((line) => line.replace(/ \(0x[0-9a-f]+\)$/, ""));
}

test("--flat is ldd's list", needs("/usr/bin/env", "/usr/bin/git"), () => {
  const programs = [
    "git",
    "gdb",
    "python3",
    "curl",
    "ssh",
    "perl",
    "make",
    "vim.basic",
    "clang",
    "ld",
    "gpg",
    "apt-get",
  ]
    .map((name) => `/usr/bin/${name}`)
    .filter((path) => run("/usr/bin/test", ["-x", path]).status === 0);
  const blocks = ldd(["--flat", ...programs])
    .out.split(/^(\/.*):\n/m)
    .slice(1);
  const listed = programs.map((_, index) => blocks[2 * index + 1].trimEnd().split("\n"));
  deepEqual(
    listed,
    programs.map((path) => traced(path)),
  );
});

test("--flat has missing libraries where ldd has them", needs("ld", ...x86_64.tools), () => {
  const here = tree(x86_64, "ldd");
  here.library("libs/liba.so", { needed: ["libgone.so", "libb.so", "libc1.so"] });
  here.library("libs/libb.so", { needed: ["libgone.so", "libgone2.so"] });
  here.library("libs/libc1.so");
  const main = here.program("main", { needed: ["libfirst.so", "liba.so"], rpath: here.at("libs") });
  deepEqual(ldd(["--flat", main]).out.trimEnd().split("\n"), traced(main));
});

test(
  "--flat has preloaded libraries where ldd has them, and no line for missing ones",
  needs("ld", ...x86_64.tools),
  () => {
    const here = tree(x86_64, "ldd");
    here.library("libs/liba.so");
    const main = here.program("main", { needed: ["liba.so", "libgone.so"], rpath: here.at("libs") });
    for (const preload of ["libgone.so", `${here.at("libs/liba.so")} libnope.so`, "/no/such.so"]) {
      const { out } = ldd(["--flat", "-e", `LD_PRELOAD=${preload}`, main]);
      deepEqual(out.trimEnd().split("\n"), traced(main, { LD_PRELOAD: preload }), preload);
    }
  },
);

test("musl's list is that of its own ldd", needs("ld", "/lib/ld-musl-x86_64.so.1", ...musl.tools), () => {
  const here = tree(musl, "ldd");
  here.library("libs/liba.so", { needed: ["libb.so", "libc.so"] });
  here.library("libs/libb.so", { needed: ["libm.so.6"] });
  const main = here.program("main", { needed: ["liba.so", "libc.so"], runpath: here.at("libs") });
  const { stdout } = run("/lib/ld-musl-x86_64.so.1", ["--list", main]);
  const real = [...stdout.matchAll(/^\t(lib[ab]\.so => .*) \(/gm)].map(([, line]) => line);
  const { out, status } = ldd(["--flat", main]);
  equal(status, 0);
  deepEqual(
    [...out.matchAll(/^\t(lib[ab]\.so => .*)$/gm)].map(([, line]) => line),
    real,
  );
});

test("a root directory: its files, its loader, and links that stay inside", needs("ld", ...x86_64.tools), () => {
  const here = tree(x86_64, "ldd");
  mkdirSync(dirname(here.at("lib64/x")), { recursive: true });
  copyFileSync("/lib64/ld-linux-x86-64.so.2", here.at("lib64/ld-linux-x86-64.so.2"));
  here.library("usr/lib/libx.so");
  here.link("opt/libs/libx.so", "/usr/lib/libx.so");
  here.link("opt/libs/liby.so", "../../../../../../../../../../lib/x86_64-linux-gnu/libc.so.6");
  here.program("bin/main", { needed: ["libx.so", "liby.so"], runpath: "/opt/libs" });
  const { status, out } = ldd(["--json", "--root", here.path, "/bin/main"]);
  equal(status, 1);
  const [program] = JSON.parse(out).programs;
  const { name, path, file, foundBy, askedForBy } = program.libraries[0];
  deepEqual(
    { name, path, file, foundBy, askedForBy },
    {
      name: "libx.so",
      path: "/opt/libs/libx.so",
      file: "/usr/lib/libx.so",
      foundBy: "runpath",
      askedForBy: "/bin/main",
    },
  );
  equal(program.missing[0].name, "liby.so");
  equal(program.exitCode, 127);
});

test(
  "an object gets no libraries because nothing loads it; a static program needs no loader",
  needs("ld", ...x86_64.tools),
  () => {
    const object = compile(x86_64, "object.s", ".globl _start\n_start: ret\n");
    const { status, err } = ldd([object]);
    equal(status, 1);
    match(err, /an object for the linker, nothing that loads \[check-object\]/);
    const program = join(scratch("ldd"), "static");
    tool("ld", [object, "-o", program]);
    equal(ldd([program]).out, `${program}  (x86-64)\n   statically linked: it gets no libraries\n`);
  },
);

test("exit codes and messages", needs("/usr/bin/env"), () => {
  equal(ldd(["--help"]).status, 0);
  for (const args of [
    [],
    ["--nonsense"],
    ["--profile", "glibc@9", "x"],
    ["--flat", "--json", "x"],
    ["-e", "x", "y"],
    [""],
  ]) {
    const { status, err } = ldd(args);
    equal(status, 2, args.join(" "));
    match(err, /^solder ldd: error: .*; see solder ldd --help\n$/);
  }
  const { programs, problems } = JSON.parse(ldd(["--json", "/nowhere"]).out);
  deepEqual([programs, problems.map(({ code }: { code: string }) => code)], [[], ["cannot-open-program"]]);
  const { status, err } = ldd(["/nowhere", "/etc/passwd", "/usr"]);
  equal(status, 1);
  match(err, /\/nowhere: cannot open it: No such file or directory/);
  match(err, /\/usr: cannot open it: Is a directory/);
});

test("a program whose program headers are cut off is damaged, not static", needs("/usr/bin/env"), () => {
  const cut = folder("cut").at("cut");
  writeFileSync(cut, readFileSync("/usr/bin/env").subarray(0, 100));
  const { status, err } = ldd([cut]);
  equal(status, 1);
  match(err, /program headers cannot be read: they lie outside of the file .*\[program-headers-damaged\]/);
});

test(
  "nothing outside of the root is opened, whatever the files in it say",
  needs("strace", "ld", ...x86_64.tools),
  () => {
    const here = tree(x86_64, "ldd");
    const library = here.library("outside/libx.so");
    const inside = (path: string): string => `root/${path}`;
    here.link(inside("lib/liba.so"), library);
    here.link(inside("lib/libb.so"), "../../outside/libx.so");
    here.link(inside("lib/libc1.so"), "../../../../../../../../../..".concat(library));
    here.link(inside("out"), "../outside");
    here.link(inside("etc/ld.so.cache"), here.write("outside/cache", "glibc-ld.so.cache1.1"));
    here.link(inside("etc/ld.so.preload"), here.write("outside/preload", "libx.so"));
    here.link(inside("lib64/ld-linux-x86-64.so.2"), here.write("outside/loader", "none"));
    const needed = ["liba.so", "libb.so", "libc1.so", "libx.so", library, "../outside/libx.so", "/proc/self/exe"];
    const runpath = `/out:${here.at("outside")}:$ORIGIN/../../outside:../../outside:/..`;
    here.program(inside("bin/main"), { needed, runpath });
    const command = [join(repository, "bin/solder.js"), "ldd", "--root", here.at("root"), "/bin/main"];
    const { stderr, stdout } = run("strace", ["-f", "-e", "trace=open,openat,execve", process.execPath, ...command]);
    const opened = [...stderr.matchAll(/open(?:at)?\((?:AT_FDCWD, )?"([^"]*)"/g)].map(([, path]) => path);
    ok(opened.includes(here.at("root/bin/main")), "the program itself was opened");
    deepEqual(
      opened.filter((path) => path.includes("outside")),
      [],
    );
    equal(stdout.split("=> not found").length - 1, needed.length);
  },
);

test("--cpu: levels are a machine's own", needs("ld", ...x86_64.tools), () => {
  const here = tree(x86_64, "ldd-cpu");
  const main = here.program("main", {});
  equal(ldd([main, "--cpu", "x86-64-v2"]).status, 0);
  match(
    ldd([main, "--cpu", "power9"]).err,
    /--cpu power9 is no processor of x86-64.*\n.*\(x86-64, x86-64-v2, x86-64-v3, x86-64-v4\)/,
  );
  match(ldd([main, "--cpu", "power7"]).err, /--cpu takes .*power8, power9, power10.*, not 'power7'/);
  const bytes = readFileSync(main);
  // e_machine: AArch64.
  new DataView(bytes.buffer, bytes.byteOffset).setUint16(18, 183, true);
  writeFileSync(main, bytes);
  match(ldd([main, "--cpu", "x86-64-v2"]).err, /no processor of aarch64.*no levels.*\n.*leave --cpu out/);
});

test(
  "a library is shown by the rules of the system that it says to be for, or what is shown is said",
  needs("gcc"),
  () => {
    const here = folder("systems");
    writeFileSync(here.at("a.c"), "int a(void) { return 1; }\n");
    const link = (name: string, ...words: readonly string[]): string => {
      tool("gcc", ["-shared", "-fPIC", "-nostdlib", here.at("a.c"), ...words, "-o", here.at(name)]);
      return here.at(name);
    };
    const user = (library: string): string =>
      link(`libof-${library}`, "-Wl,--no-as-needed", link(library, `-Wl,-soname,${library}`));
    match(ldd([user("libc.so")]).out, /^\S+ {2}\(x86-64, musl@/);
    const android = ldd([user("liblog.so")]);
    match(android.err, /made for Android, .*shown as glibc would load it; solder check --for android:35/);
    equal(ldd([link("libplain.so")]).err, "");
  },
);
