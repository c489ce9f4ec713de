// Writes docs/classics.md: the examples of examples/classics built by this machine's compilers, and what Solder says of them.
// Run after `npm run build`, with gcc and i686-linux-gnu-gcc. The tests hold the facts to the real loader
// (test/load/classics.test.ts); addresses in the page are those of the compilers that made it.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const work = join(root, "build/classics");
mkdirSync(work, { recursive: true });

const source = (name) => join("../../examples/classics", name);
const build = (compiler, ...args) =>
  execFileSync(compiler, args, { cwd: work, stdio: ["ignore", "inherit", "inherit"] });
const CODE = ["-O1", "-fno-inline", "-fno-pic", "-fno-asynchronous-unwind-tables"];

/** Runs a command in the build directory; solder is this checkout's. */
function output(words, keep = () => true) {
  const [command, ...args] = words;
  const program = command === "solder" ? process.execPath : command;
  const rest = command === "solder" ? [join(root, "bin/solder.js"), ...args] : args;
  const { stdout, stderr } = spawnSync(program, rest, { cwd: work, encoding: "utf8" });
  const lines = `${stdout}${stderr}`.trimEnd().split("\n").filter(keep);
  return ["```text", `$ ${words.join(" ")}`, ...lines, "```"].join("\n");
}

/** The part of a listing under the heading that contains `title`. */
function under(title) {
  let inside = false;
  return (line) => {
    if (/^\S/.test(line)) inside = line.includes(title);
    return inside && line !== "";
  };
}

function library(name, ...flags) {
  build(
    "i686-linux-gnu-gcc",
    ...CODE,
    ...flags.filter((it) => it.startsWith("-D")),
    "-c",
    source("add.c"),
    "-o",
    `${name}.o`,
  );
  const link = flags.filter((it) => it.startsWith("-Wl"));
  build("i686-linux-gnu-gcc", "-shared", "-Wl,-z,notext,-soname,libadd.so", ...link, `${name}.o`, "-o", "libadd.so");
}

library("add");
build("i686-linux-gnu-gcc", "-no-pie", source("add-main.c"), "-o", "add-main", "./libadd.so");
const load = [
  "solder",
  "load",
  "--now",
  "--relocations",
  "--base",
  "libadd.so=0x12e000",
  "--env",
  "LD_LIBRARY_PATH=.",
  "add-main",
];
const plain = output(load, under("libadd.so"));
const why = output(["solder", "why", "--now", "--env", "LD_LIBRARY_PATH=.", "add-main", "helper"]);

library("add-static", "-DSTATIC_HELPER");
const withStatic = output(load, under("libadd.so"));

library("add-symbolic", "-Wl,-Bsymbolic");
const symbolic = output(load, under("libadd.so"));

library("add");
build("i686-linux-gnu-gcc", "-shared", "-fpic", source("other.c"), "-o", "libother.so");
const preload = ["--env", "LD_PRELOAD=./libother.so"];
const interposed = output(["solder", "why", "--now", ...preload, "--env", "LD_LIBRARY_PATH=.", "add-main", "helper"]);

build("gcc", "-O1", "-fno-builtin", "-Wl,-z,lazy", source("printf.c"), "-o", "numbers");
const lazy = output(["solder", "load", "--call", "printf", "numbers"], (line) => line !== "");

build("gcc", "-O1", source("headers.c"), "-o", "headers");
// Without address-space randomization the addresses are those that Solder takes by default, but for libraries' own.
const real = output(["setarch", "-R", "./headers"]);
const headers = output(
  ["solder", "load", "--headers", "headers"],
  (line) => !line.startsWith("   ") && line !== "" && !/^ +(type|[A-Z_]+ )/.test(line),
);

build("gcc", "-O1", "-fno-pic", "-fno-asynchronous-unwind-tables", "-c", source("user.c"), source("definer.c"));
const objects = output([
  "solder",
  "load",
  "definer.o",
  "user.o",
  "--base",
  "definer.o=0x20000",
  "--base",
  "user.o=0x30000",
]);

const version = (compiler) => execFileSync(compiler, ["--version"], { encoding: "utf8" }).split("\n")[0];

writeFileSync(
  join(root, "docs/classics.md"),
  `# The classics of loading

Written by \`node scripts/classics.mjs\` from the sources in \`examples/classics\`, with ${version("gcc")} and
${version("i686-linux-gnu-gcc")}. \`test/load/classics.test.ts\` holds what is said here to the real loader.

## A library that is relocated in its code

\`add.c\` is compiled for i386 without \`-fPIC\`, as libraries once were: its code holds addresses, and the dynamic linker
writes them where the library comes to lie, here at 0x12e000. Every site is one of three kinds. \`R_386_32\` stores the
address of a symbol; \`R_386_PC32\` the distance to one; \`R_386_RELATIVE\` needs no symbol, only the load bias. i386 keeps the
addend in the field itself: the call's -4 is there because the distance counts from the end of the field.

${plain}

The pages of its code had to be writable meanwhile (DT_TEXTREL), and are this process's own now: nobody shares them.

Why the library asks for its own function by name, at run time:

${why}

### With a static helper

\`static\` makes the helper nobody else's business. The linker computes the call's distance itself; no relocation is left for
it. The variable can still be interposed, and is looked up:

${withStatic}

### With -Bsymbolic

The library binds its own names when it is linked. The variable's address depends on the load bias alone:

${symbolic}

### With the helper interposed

\`LD_PRELOAD\` puts another \`helper\` in front of the library's in the scope, and the library calls that one:

${interposed}

## The lazy binding of printf

A program that was linked with \`-z lazy\` finds out where \`printf\` is when it calls it:

${lazy}

## What dl_iterate_phdr tells

The program prints what its callback is told:

${real}

Solder, without running it:

${headers}

\`linux-vdso.so.1\` is the kernel's, and not in any file. Libraries lie elsewhere because the kernel puts them there by rules of
its own; \`--bases\` takes a real process's addresses.

## Two objects at given bases

Relocatable objects can be loaded without a linker. The order in which they are given does not matter:

${objects}
`,
);
