// What tells others about a link: --reproduce packs it up, --print-dependencies says what needs what.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compile, scratch, x86_64 } from "../support/build.ts";
import { type Linker, underTest, workshop } from "../support/link.ts";
import { run, tool } from "../support/run.ts";
import { needs, which } from "../support/tools.ts";

const gcc = needs(...x86_64.tools, "tar");

test("--reproduce packs a link so that it runs elsewhere, with the same bytes", gcc, () => {
  const shop = workshop(underTest, x86_64, scratch("reproduce"));
  const main = compile(x86_64, "main.c", '#include <stdio.h>\nint main(void) { puts("packed"); return 0; }\n');
  shop.file("names.map", "{ local: nothing; };\n");
  const output = shop.cc("out", [main, "-lm", "-Wl,--version-script=names.map", "-Wl,--reproduce=whole.tar"]);
  tool("tar", ["xf", "whole.tar"], { cwd: shop.directory });
  const folder = join(shop.directory, "whole");
  ok(readFileSync(join(folder, "response.txt"), "utf8").includes("names.map\n"));
  tool(underTest.path, ["@response.txt"], { cwd: folder });
  deepEqual(readFileSync(join(folder, "out")), readFileSync(output));
});

test("--reproduce packs a link that fails, which says the same where it is unpacked", gcc, () => {
  const shop = workshop(underTest, x86_64, scratch("reproduce"));
  const main = compile(x86_64, "main.c", "int missing(void);\nint main(void) { return missing(); }\n");
  match(shop.refuses("out", [main, "-Wl,--repro"]), /undefined reference to `missing'/);
  tool("tar", ["xf", "out.repro.tar"], { cwd: shop.directory });
  const again = run(underTest.path, ["@response.txt"], { cwd: join(shop.directory, "out.repro") });
  equal(again.status, 1);
  match(again.stderr, /undefined reference to `missing'/);
});

test("--reproduce takes names of any length, and packs the same bytes twice", gcc, () => {
  const shop = workshop(underTest, x86_64, scratch("reproduce"));
  const deep = Array.from({ length: 12 }, (_, i) => `a-directory-with-a-long-name-${i}`).join("/");
  mkdirSync(join(shop.directory, deep), { recursive: true });
  writeFileSync(
    join(shop.directory, deep, "x.o"),
    readFileSync(compile(x86_64, "x.s", ".globl _start\n_start: ret\n")),
  );
  const pack = (name: string): Buffer => {
    shop.ld("out", ["--reproduce", `${name}/same.tar`, `${deep}/x.o`]);
    return readFileSync(join(shop.directory, name, "same.tar"));
  };
  mkdirSync(join(shop.directory, "1"));
  mkdirSync(join(shop.directory, "2"));
  deepEqual(pack("1"), pack("2"));
  ok(tool("tar", ["tf", "1/same.tar"], { cwd: shop.directory }).includes(`${deep}/x.o\n`));
});

const mold: Linker = { name: "mold", path: which("ld.mold") ?? "ld.mold" };

test("--print-dependencies lists what mold lists", needs("ld.mold", ...x86_64.tools), () => {
  const base = scratch("dependencies");
  const main = compile(
    x86_64,
    "main.c",
    `int foo(void); int there(void) __attribute__((weak)); int absent(void) __attribute__((weak));
static int inside(void) { return foo(); }
int main(void) { return inside() + foo() + (there ? there() : 0) + (absent ? absent() : 0); }
int own(void) { return main(); }
`,
    ["-ffunction-sections"],
  );
  const other = compile(
    x86_64,
    "other.c",
    'int puts(const char *);\nint foo(void) { return puts("x"); }\nint there(void) { return 0; }\n',
  );
  const lines = (linker: Linker): string[] => {
    const shop = workshop(linker, x86_64, base);
    shop.cc("out", [main, other, "-Wl,--print-dependencies"]);
    const found = shop.messages().split("\n");
    return found.filter((line) => line.startsWith(main) || line.startsWith(other)).sort();
  };
  const found = lines(underTest);
  deepEqual(found, lines(mold));
  ok(found.includes(`${main}:(.text.inside)\t${other}:(.text)\tu\tfoo`));
  ok(found.includes(`${main}:(.text.main)\t${other}:(.text)\tw\tthere`));
});
