// Debug information: compressed on the way in and on the way out, and about functions that are gone. See gdb.test.ts too.

import { equal, match } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as zlib from "node:zlib";
import { linkFiles } from "../../../src/host/index.ts";
import { compile, scratch, type Target, targets, x86_64 } from "../../support/build.ts";
import { eachTarget, likeGnuLd, underTest, type Workshop, workshop } from "../../support/link.ts";
import { run, tool } from "../../support/run.ts";
import { needs, needsToRun } from "../../support/tools.ts";
import { LIBRARY, MAIN } from "../../support/two-files.ts";

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

/** What comes out is compressed as GNU ld has it, and says the same; with relocations too. */
function compresses(target: Target, style: string): void {
  const option = `--compress-debug-sections=${style}`;
  const objects = (level: string): string[] => [
    compile(target, "main.c", MAIN, ["-fpie", level, "-O0"]),
    compile(target, "library.c", LIBRARY, ["-fpie", level, "-O0"]),
  ];
  const found = likeGnuLd(target, (shop) => {
    const path = shop.cc("main", [...objects("-g3"), `-Wl,${option}`]);
    equal(shop.run("main").stdout, "42\n");
    return dies(path);
  });
  match(found, /DW_AT_name +: .*middle/);
  const build = (shop: Workshop): string[] => {
    const kept = shop.cc("kept", [...objects("-g"), `-Wl,${option}`, "-Wl,-q"]);
    shop.ld("joined.o", ["-r", ...objects("-g"), option]);
    return [dies(kept), dies(shop.cc("main", ["joined.o"]))];
  };
  // Which of a program's merged strings stands where is each linker's own affair.
  const [kept, joined] = likeGnuLd(target, build, ["relocations"]);
  equal(kept, joined);
}

for (const style of ["zlib", "zlib-gabi", "zlib-gnu", "none"]) {
  eachTarget(`--compress-debug-sections=${style}`, (target) => compresses(target, style));
}

const zstdIsHere = "zstdCompressSync" in zlib;

for (const target of targets) {
  const skip = zstdIsHere ? needsToRun("ld.bfd", ...target.tools) : { skip: "needs Node 22.15 or later, for zstd" };
  test(`--compress-debug-sections=zstd (${target.name})`, skip, () => compresses(target, "zstd"));
}

test(
  "--compress-debug-sections=zstd is refused where there is no compressor for it",
  zstdIsHere ? { skip: "Node has zstd" } : needs(...x86_64.tools),
  () => {
    const main = compile(x86_64, "main.c", "int main(void) { return 0; }", ["-fpie", "-g"]);
    const said = workshop(underTest, x86_64).refuses("main", [main, "-Wl,--compress-debug-sections=zstd"]);
    match(said, /no such compressor here \[no-compressor\]/);
  },
);

test("zstd comes from the host, whatever it is", needs("zstd", ...x86_64.tools), () => {
  const zstdCompress = (bytes: Uint8Array): Uint8Array =>
    execFileSync("zstd", ["-q", "-c"], { input: bytes, maxBuffer: 1 << 24 });
  const object = compile(x86_64, "main.c", MAIN, ["-fpie", "-g3"]);
  const path = join(scratch("zstd"), "joined.o");
  const options = { output: "relocatable", compressDebugSections: "zstd", accelerators: { zstdCompress } } as const;
  writeFileSync(path, linkFiles([object], options).image ?? "");
  match(tool("readelf", ["-tW", path]), / \.debug_info\n[^\n]*\n[^\n]*COMPRESSED[^\n]*\n +ZSTD/);
  equal(dies(path), dies(object));
});

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
