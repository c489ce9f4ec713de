// What a debugger gets: lines, names, libraries; debug sections compressed on the way in and on the way out.

import { equal, match } from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { compile } from "../support/build.ts";
import { eachTarget, likeGnuLd } from "../support/link.ts";
import { run, tool } from "../support/run.ts";

const LIBRARY = `
int deep(int x)
{
  return x + 1;
}
int middle(int x)
{
  return deep(x) * 2;
}
`;

const MAIN = `
#include <stdio.h>
int middle(int x);
static int local(int x)
{
  return middle(x);
}
int main(void)
{
  printf("%d\\n", local(20));
  return 0;
}
`;

/** What gdb says, without addresses and process numbers. */
function gdb(directory: string, program: string, sources: readonly string[], commands: readonly string[]): string {
  const args = [
    "-batch",
    "-nx",
    "-ex",
    "set style enabled off",
    ...sources.flatMap((path) => ["-ex", `directory ${path}`]),
  ];
  const all = [...args, ...commands.flatMap((command) => ["-ex", command]), program];
  const { stdout } = run("gdb", all, { cwd: directory });
  return stdout
    .replace(/0x[0-9a-f]+/g, "ADDRESS")
    .replace(/process \d+/g, "process")
    .replaceAll(`${directory}/`, "")
    .split("\n")
    .filter((line) => !/^(Source directories|\[Thread|Using host|warning:)/.test(line))
    .join("\n");
}

eachTarget(
  "gdb stops in main, prints a backtrace with lines and the libraries",
  (target) => {
    const library = compile(target, "library.c", LIBRARY, ["-fPIC", "-g", "-O0"]);
    const main = compile(target, "main.c", MAIN, ["-fpie", "-g", "-O0"]);
    for (const link of ["-pie", "-no-pie"]) {
      const said = likeGnuLd(target, (shop) => {
        shop.cc("liblibrary.so", ["-shared", library]);
        shop.cc("main", [link, main, "./liblibrary.so"]);
        const commands = [
          "break main",
          "run",
          "break deep",
          "continue",
          "bt",
          "info sharedlibrary",
          "info symbol local",
        ];
        return gdb(shop.directory, "./main", [dirname(main), dirname(library)], commands);
      });
      match(said, /Breakpoint 1, main \(\) at main\.c:10/);
      match(said, /#0 +deep \(x=20\) at library\.c:4/);
      match(said, /#1 +ADDRESS in middle \(x=20\) at library\.c:8/);
      match(said, /#2 +ADDRESS in local \(x=20\) at main\.c:6/);
      match(said, /#3 +ADDRESS in main \(\) at main\.c:10/);
      match(said, /Yes .*liblibrary\.so/);
      match(said, /local in section \.text/);
    }
  },
  "gdb",
);

eachTarget(
  "gdb follows a C++ exception out of a static program",
  (target) => {
    const main = compile(
      target,
      "main.cc",
      "struct Oops {};\nstatic void fail()\n{\n  throw Oops();\n}\nint main()\n{\n  try {\n    fail();\n  } catch (Oops &) {\n    return 3;\n  }\n}\n",
      ["-fno-pie", "-g", "-O0"],
    );
    const said = likeGnuLd(target, (shop) => {
      shop.cxx("main", ["-static", main]);
      return gdb(shop.directory, "./main", [dirname(main)], ["break 4", "run", "bt", "break 11", "continue", "kill"]);
    });
    match(said, /#0 +fail \(\) at main\.cc:4/);
    match(said, /#1 +ADDRESS in main \(\) at main\.cc:9/);
    match(said, /Breakpoint 2, main \(\) at main\.cc:11/);
  },
  "gdb",
);

/** Copies of the objects with their debug sections compressed. */
function compressed(directory: string, objects: readonly string[], style: string): string[] {
  return objects.map((object, index) => {
    const path = join(directory, `input${index}.o`);
    copyFileSync(object, path);
    tool("objcopy", [`--compress-debug-sections=${style}`, path]);
    return path;
  });
}

/** Every DIE of the program, without the offsets and addresses that depend on the layout. */
const dies = (path: string): string =>
  tool("readelf", ["--debug-dump=info", "-W", path])
    .split("\n")
    .filter((line) => /DW_(TAG|AT)_/.test(line))
    .map((line) => line.replace(/<[0-9a-f]+>|0x[0-9a-f]+/g, "").trim())
    .join("\n");

for (const style of ["zlib-gnu", "zlib-gabi", "zstd"]) {
  eachTarget(`debug sections compressed with ${style} are expanded`, (target) => {
    const main = compile(target, "main.c", MAIN, ["-fpie", "-g", "-O0"]);
    const library = compile(target, "library.c", LIBRARY, ["-fpie", "-g", "-O0"]);
    const found = likeGnuLd(target, (shop) => {
      const path = shop.cc("main", compressed(shop.directory, [main, library], style));
      equal(shop.run("main").stdout, "42\n");
      return dies(path);
    });
    match(found, /DW_AT_name +: .*middle/);
  });
}

for (const style of ["zlib", "zlib-gabi", "zlib-gnu", "zstd", "none"]) {
  eachTarget(`--compress-debug-sections=${style}`, (target) => {
    const main = compile(target, "main.c", MAIN, ["-fpie", "-g3", "-O0"]);
    const library = compile(target, "library.c", LIBRARY, ["-fpie", "-g3", "-O0"]);
    const found = likeGnuLd(target, (shop) => {
      const path = shop.cc("main", [main, library, `-Wl,--compress-debug-sections=${style}`]);
      equal(shop.run("main").stdout, "42\n");
      return dies(path);
    });
    match(found, /DW_AT_name +: .*middle/);
  });
}

eachTarget("debug information of discarded functions says so with address 0 or 1", (target) => {
  const source = "int unused(void)\n{\n  return 1;\n}\nint main(void)\n{\n  return 0;\n}\n";
  const main = compile(target, "main.c", source, ["-fpie", "-g", "-ffunction-sections"]);
  likeGnuLd(target, (shop) => {
    const path = shop.cc("main", [main, "-Wl,--gc-sections"]);
    const { stdout, stderr } = run("readelf", ["--debug-dump=info,line,aranges,ranges", "-W", path]);
    equal(/warning|Warning/.test(stdout + stderr), false, stderr);
    return run("addr2line", ["-fe", path, /([0-9a-f]+) T main/.exec(tool("nm", [path]))?.[1] ?? ""]).stdout;
  });
});
