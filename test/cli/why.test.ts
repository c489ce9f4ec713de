// `solder why`: a symbol, a library, an address of a loaded program. Each answer here can be checked by running the program.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runWhy } from "../../src/cli/why.ts";
import { compile, scratch, x86_64 } from "../support/build.ts";
import { type Printed, printed } from "../support/io.ts";
import { run, tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";

function why(...args: string[]): Printed {
  return printed((io) => runWhy(args, io));
}

interface Made {
  readonly directory: string;
  readonly main: string;
}

/** main needs liba.so and libb.so, in this order; both define `shared`, and liba calls it. */
function twoDefinitions(flags: readonly string[] = []): Made {
  const directory = scratch("why");
  const library = (name: string, source: string, extra: readonly string[] = []): void => {
    const object = compile(x86_64, `${name}.c`, source, ["-fpic"]);
    tool("gcc", ["-shared", `-Wl,-soname,lib${name}.so`, ...extra, object, "-o", join(directory, `lib${name}.so`)]);
  };
  library("a", "int shared(void) { return 1; } int call(void) { return shared(); }", flags);
  library("b", "int shared(void) { return 2; } int other(void) { return shared(); }");
  const source = "int call(void), other(void); int main(void) { return 10 * call() + other(); }";
  const object = compile(x86_64, "main.c", source, ["-fpie"]);
  const main = join(directory, "main");
  tool("gcc", [object, "-o", main, `-L${directory}`, "-la", "-lb", "-Wl,-rpath,$ORIGIN"]);
  return { directory, main };
}

test("a symbol: the first definition in the scope holds, and the other came too late", needs(...x86_64.tools), () => {
  const { directory, main } = twoDefinitions();
  equal(run(main).status, 11);
  const { out, status } = why("--now", main, "shared");
  equal(status, 0);
  const [, b = ""] = out.split(/^(?=.*libb\.so refers)/m);
  match(b, new RegExp(`is bound to 0x[0-9a-f]+ in ${directory}/liba\\.so: the first definition in its scope`));
  match(b, /not in main\n/);
  match(b, new RegExp(`taken: ${directory}/liba\\.so, shared \\(GLOBAL FUNC\\)`));
  match(b, new RegExp(`too late: ${directory}/libb\\.so defines it as well`));
  match(b, /-Bsymbolic \(or protected visibility\) in libb\.so would bind it to its own definition/);
  match(out, /shared has 2 definitions in the process/);
});

test("what -Bsymbolic would change, it changes", needs(...x86_64.tools), () => {
  const { directory, main } = twoDefinitions();
  tool("gcc", [
    "-shared",
    "-Wl,-soname,libb.so,-Bsymbolic",
    compile(x86_64, "b.c", "int shared(void) { return 2; } int other(void) { return shared(); }", ["-fpic"]),
    "-o",
    join(directory, "libb.so"),
  ]);
  equal(run(main).status, 12);
  const { out } = why("--now", main, "other");
  match(out, new RegExp(`is bound to 0x[0-9a-f]+ in ${directory}/libb\\.so`));
});

test("what LD_PRELOAD would change, it changes", needs(...x86_64.tools), () => {
  const { directory, main } = twoDefinitions();
  match(why("--now", main, "shared").out, /LD_PRELOAD: a library with shared would come before liba\.so/);
  const object = compile(x86_64, "c.c", "int shared(void) { return 3; }", ["-fpic"]);
  const preload = join(directory, "libc.so");
  tool("gcc", ["-shared", object, "-o", preload]);
  equal(run(main, [], { env: { LD_PRELOAD: preload } }).status, 33);
  const { out } = why("--now", "--env", `LD_PRELOAD=${preload}`, main, "shared");
  match(out, new RegExp(`taken: ${preload}, shared`));
  match(out, new RegExp(`too late: ${directory}/liba\\.so`));
});

test("an undefined symbol: nobody in the scope has it", needs(...x86_64.tools), () => {
  const { directory, main } = twoDefinitions();
  const object = compile(x86_64, "empty.c", "int unrelated;", ["-fpic"]);
  tool("gcc", ["-shared", "-Wl,-soname,liba.so", object, "-o", join(directory, "liba.so")]);
  equal(run(main, [], { env: { LD_BIND_NOW: "1" } }).status, 127);
  const { out, err } = why("--now", main, "call");
  equal(err, `${main}: symbol lookup error: ${main}: undefined symbol: call\n`);
  match(out, /is not bound: no object in its scope defines it/);
  match(out, /No object in the process defines call/);
});

test("a library: how it was found, who needs it, what was tried", needs(...x86_64.tools), () => {
  const { directory, main } = twoDefinitions();
  const { out } = why(main, "liba.so", "libc.so.6");
  match(out, new RegExp(`${directory}/liba\\.so is in the process`));
  match(out, new RegExp(`found by DT_RUNPATH of ${main}`));
  match(out, new RegExp(`libc\\.so\\.6 is in the process[^]*needed by ${main}`));
});

test("a missing library: where it was looked for, and what would help", needs(...x86_64.tools), () => {
  const { directory, main } = twoDefinitions();
  tool("rm", [join(directory, "liba.so")]);
  const { out } = why(main, "liba.so");
  match(out, /liba\.so was not found: cannot open shared object file: No such file or directory/);
  match(out, new RegExp(`^ {4}${directory}/ \\(DT_RUNPATH of ${main}\\): no such file`, "m"));
  match(out, /cure: /);
});

test("an address: segment, section, symbol, and the relocation that wrote there", needs(...x86_64.tools), () => {
  const { main } = twoDefinitions();
  const [, site = ""] = /refers to call \(R_X86_64_\w+ at (0x[0-9a-f]+)\)/.exec(why("--now", main, "call").out) ?? [];
  ok(site !== "");
  const { out } = why("--now", main, site);
  match(out, new RegExp(`${site} is in ${main}`));
  match(out, /section \.got(\.plt)? \+ 0x/);
  match(out, /written by a relocation: R_X86_64_\w+, S = 0x[0-9a-f]+ \(call of liba\.so\)/);
  match(out, /\[[0-9a-f ]{23} → [0-9a-f ]{23}\]/);
});

test("a symbol that is not dynamic: where it is, also in a static program", needs(...x86_64.tools), () => {
  const path = join(scratch("why"), "static");
  const object = compile(x86_64, "own.s", ".globl _start\n_start: nop\n.globl own\nown: ret\n");
  tool("ld", [object, "-o", path]);
  const { status, out } = why(path, "own");
  equal(status, 0);
  match(out, /^own is a symbol of .*static itself: the dynamic linker does not see it/);
  match(out, /^0x401001 is in /m);
  match(out, /^ {2}symbol own$/m);
});

test("an address that no object has lies between others", needs(...x86_64.tools), () => {
  const { main } = twoDefinitions();
  match(why(main, "0x1").out, new RegExp(`No object of the process is at 0x1\\.\n {2}above it: ${main}`));
});

test("what is unknown is said, with what comes nearest", needs(...x86_64.tools), () => {
  const { main } = twoDefinitions();
  const { status, err } = why(main, "shard");
  deepEqual(
    [status, err],
    [1, `solder why: error: ${main} has no symbol, library or address 'shard'; did you mean shared?\n`],
  );
});

test("a C++ name as it is shown, with parameters or without", needs(...x86_64.tools, "g++"), () => {
  const directory = scratch("why");
  const source = `#include <string>
    namespace ns { int count; int of(const std::string& s) { return s.size() + count; } int of(int x) { return x; }
    template <class T> T twice(T x) { static T last; return last = x + x; } }
    int main() { return ns::of("ab") + ns::of(1) + ns::twice(2); }`;
  writeFileSync(join(directory, "main.cc"), source);
  const main = join(directory, "main");
  tool("g++", ["-rdynamic", join(directory, "main.cc"), "-o", main]);
  const about = (name: string): string[] =>
    [...why(main, name).out.matchAll(/^(.*) has \d+ definitions? in the process$/gm)].map(([, found = ""]) => found);
  const string = "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >";
  deepEqual(about("ns::count"), ["ns::count"]);
  deepEqual(about("ns::of(int)"), ["ns::of(int)"]);
  deepEqual(about("ns::of(std::string const&)"), [`ns::of(${string} const&)`]);
  deepEqual(about(`ns::of(${string} const &)`), [`ns::of(${string} const&)`]);
  deepEqual(about("ns::of").toSorted(), ["ns::of(int)", `ns::of(${string} const&)`]);
  for (const name of ["ns::twice", "ns::twice<int>", "ns::twice<int>(int)", "int ns::twice<int>(int)"])
    deepEqual(about(name), ["int ns::twice<int>(int)"]);
  equal(why(main, "ns::twice<long>").status, 1);
});

test(
  "of a library's versions of a symbol one is taken, and is the one that a preload has to match",
  needs("gcc"),
  () => {
    const path = join(scratch("why"), "main");
    const source =
      "#include <string.h>\nvoid *(*volatile f)(void *, const void *, size_t) = memcpy; int main(void) { return !f; }";
    tool("gcc", [compile(x86_64, "main.c", source, ["-fpie"]), "-o", path]);
    const { out } = why(path, "memcpy");
    match(out, /taken: .*, memcpy@@GLIBC_2\.14 \(GLOBAL IFUNC\); not its memcpy@GLIBC_2\.2\.5 \(GLOBAL FUNC\)\n/);
    match(out, /LD_PRELOAD: a library with memcpy, in version GLIBC_2\.14 or without versions, would come before libc/);
  },
);

test("an address in .bss: no bytes of the file", needs(...x86_64.tools), () => {
  const path = join(scratch("why"), "static");
  tool("ld", [compile(x86_64, "bss.s", ".globl _start\n_start: ret\n.bss\n.globl room\nroom: .skip 8\n"), "-o", path]);
  const { out } = why(path, "room");
  match(out, /rw-p, zeros behind what the file has of it\n/);
  match(out, /no relocation writes here: the bytes are zero at first\n/);
});

test("of musl, which lets a RUNPATH reach as far as an RPATH, no more is said than was done", needs("musl-gcc"), () => {
  const path = join(scratch("why"), "main");
  const empty = compile(x86_64, "gone.c", "int gone(void) { return 0; }", ["-fpic"]);
  const library = join(scratch("why"), "libgone.so");
  tool("musl-gcc", ["-shared", "-Wl,-soname,libgone.so", empty, "-o", library]);
  const main = compile(x86_64, "main.c", "int gone(void); int main(void) { return gone(); }", ["-fpie"]);
  tool("musl-gcc", [main, library, "-o", path, "-Wl,--enable-new-dtags,-rpath,/nowhere"]);
  const { out } = why(path, "libgone.so");
  match(out, new RegExp(`^ {4}/nowhere/ \\(DT_RUNPATH of ${path}\\): no such file`, "m"));
  ok(!out.includes("it counts for what"));
});

test("a thread-local variable has no address: its place in its object's block is told", needs(...x86_64.tools), () => {
  const directory = scratch("why");
  const library = compile(x86_64, "tls.c", "__thread long first = 1, second = 2;", ["-fpic"]);
  tool("gcc", ["-shared", "-Wl,-soname,libtls.so", library, "-o", join(directory, "libtls.so")]);
  const text = "extern __thread long second; int main(void) { return second; }";
  const main = join(directory, "main");
  const object = compile(x86_64, "main.c", text, ["-fpie"]);
  tool("gcc", [object, "-o", main, `-L${directory}`, "-ltls", "-Wl,-rpath,$ORIGIN"]);
  const offset = /: ([0-9a-f]+) .* second$/m.exec(
    tool("readelf", ["--dyn-syms", "-W", join(directory, "libtls.so")]),
  )?.[1];
  const place = `TLS\\+0x${Number.parseInt(offset ?? "", 16).toString(16)}`;
  const { out } = why(main, "second");
  match(out, new RegExp(`is bound to ${place} in .*/libtls\\.so`));
  match(out, new RegExp(`\\n  ${place} .*/libtls\\.so: second`));
});
