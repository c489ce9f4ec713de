// Files beside the output: debugging information of its own (--separate-debug-file), an import library (--out-implib).

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compile, scratch, x86_64 } from "../../support/build.ts";
import { eachTarget, gnu, type Linker, underTest, type Workshop, workshop } from "../../support/link.ts";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";

const SOURCE = '#include <stdio.h>\nint answer = 42;\nint main(void) {\n  printf("%d\\n", answer);\n  return 0;\n}\n';

function separated(options: readonly string[] = ["-Wl,--separate-debug-file"]): Workshop {
  const shop = workshop(underTest, x86_64, scratch("companion"));
  shop.cc("prog", [compile(x86_64, "prog.c", SOURCE, ["-g"]), ...options]);
  equal(shop.run("prog").stdout, "42\n");
  return shop;
}

const sections = (path: string): string[] =>
  [...tool("readelf", ["-SW", path]).matchAll(/^ *\[ *\d+\] (\.\S+) +(\S+)/gm)].map(
    ([, name, type]) => `${name} ${type}`,
  );

test(
  "--separate-debug-file leaves the program without debugging information, and names the other file",
  needs(...x86_64.tools, "eu-elflint"),
  () => {
    const { directory } = separated();
    const program = sections(join(directory, "prog"));
    deepEqual(
      program.filter((it) => it.startsWith(".debug")),
      [],
    );
    ok(program.includes(".gnu_debuglink PROGBITS"));
    const debug = sections(join(directory, "prog.dbg"));
    ok(debug.includes(".debug_info PROGBITS") && debug.includes(".text NOBITS") && debug.includes(".symtab SYMTAB"));
    ok(debug.includes(".note.gnu.build-id NOTE"), "debuggers find the file by the build identity too");
    equal(tool("eu-elflint", ["--gnu-ld", join(directory, "prog")]), "No errors\n");
    equal(tool("eu-elflint", ["--gnu-ld", "-d", join(directory, "prog.dbg")]), "No errors\n");
  },
);

test(
  "gdb finds the separate file, if it has the checksum that the program names",
  needs(...x86_64.tools, "gdb"),
  () => {
    const { directory } = separated();
    const ask = (): string => tool("gdb", ["-nx", "-batch", "-ex", "info line main", "prog"], { cwd: directory });
    match(ask(), /Line 3 of "prog\.c"/);
    rmSync(join(directory, "prog.dbg"));
    match(ask(), /No line number information/);
  },
);

test("--separate-debug-file=FILE; the last of it and --no-separate-debug-file counts", needs(...x86_64.tools), () => {
  const named = separated(["-Wl,--separate-debug-file=symbols"]);
  ok(existsSync(join(named.directory, "symbols")));
  match(tool("readelf", ["-p", ".gnu_debuglink", join(named.directory, "prog")]), /symbols/);
  const whole = separated(["-Wl,--separate-debug-file", "-Wl,--no-separate-debug-file"]);
  ok(!existsSync(join(whole.directory, "prog.dbg")));
  ok(sections(join(whole.directory, "prog")).includes(".debug_info PROGBITS"));
});

/** Names and types of an object's global symbols. */
const globals = (path: string): string[] =>
  [...tool("readelf", ["-sW", path]).matchAll(/^ *\d+: \w+ +\d+ (\w+) +(GLOBAL|WEAK) +\w+ +ABS (\S+)/gm)]
    .map(([, type, binding, name]) => `${name} ${type} ${binding}`)
    .sort();

eachTarget("--out-implib defines what objects define, at the output's addresses", (target) => {
  const object = compile(
    target,
    "parts.s",
    `.globl _start, value
.weak maybe
.type _start, @function
_start: ret
maybe: nop
.data
.type value, @object
.size value, 4
value: .long 7
.comm room, 8
`,
  );
  const base = scratch("implib");
  const library = (linker: Linker): Workshop => {
    const shop = workshop(linker, target, base);
    shop.ld("prog", ["--out-implib=parts.lib.o", object]);
    return shop;
  };
  const shop = library(underTest);
  const names = globals(join(shop.directory, "parts.lib.o"));
  deepEqual(names, globals(join(library(gnu).directory, "parts.lib.o")));
  deepEqual(names, ["_start FUNC GLOBAL", "maybe NOTYPE WEAK", "room OBJECT GLOBAL", "value OBJECT GLOBAL"]);
  // Who links with it gets the address in the first program.
  const user = compile(target, "user.s", ".globl _start2\n_start2: ret\n.data\npointer: .long value\n");
  shop.ld("user", ["-e", "_start2", user, "parts.lib.o", "--section-start=.data=0x10000000"]);
  const [, address = ""] =
    /(\w+) +4 OBJECT +GLOBAL +DEFAULT +\d+ value/.exec(tool("readelf", ["-sW", "prog"], { cwd: shop.directory })) ?? [];
  const bytes = readFileSync(join(shop.directory, "user"));
  const little = Buffer.from([24, 16, 8, 0].map((shift) => (Number.parseInt(address, 16) >>> shift) & 0xff)).reverse();
  ok(address !== "" && bytes.includes(little));
});

eachTarget("--out-implib without a symbol to define is an error, and nothing is written", (target) => {
  const shop = workshop(underTest, target, scratch("implib"));
  const object = compile(target, "start.s", ".globl _start\n_start: ret\n");
  match(shop.refuses("prog", ["-s", "--out-implib=none.o", object], "ld"), /no symbol found for import library/);
  ok(!existsSync(join(shop.directory, "none.o")));
});
