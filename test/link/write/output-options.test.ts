// Options about what the output file has and lacks, that builds take from GNU ld's newer releases and from other linkers.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { compile, scratch, x86_64 } from "../../support/build.ts";
import { underTest, workshop } from "../../support/link.ts";
import { tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";

const gcc = needs(...x86_64.tools);

const hello = (): string =>
  compile(x86_64, "hello.c", '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n');

/** Links hello with these options of the linker; gives the program's path after it has run. */
function program(...options: readonly string[]): string {
  const shop = workshop(underTest, x86_64, scratch("output-options"));
  const path = shop.cc("hello", [hello(), ...options.flatMap((it) => ["-Xlinker", it])]);
  equal(tool(path, []), "hello\n");
  return path;
}

const readelf = (path: string, ...flags: readonly string[]): string => tool("readelf", ["-W", ...flags, path]);

test("-z nosectionheader leaves out the section headers, and the program runs all the same", gcc, () => {
  const header = readelf(program("-z", "nosectionheader"), "-h");
  match(header, /Start of section headers: +0 /);
  match(header, /Number of section headers: +0$/m);
});

test("-z nosectionheader is nothing for -r: an object is made of sections", gcc, () => {
  const shop = workshop(underTest, x86_64, scratch("output-options"));
  match(
    shop.refuses("hello", ["-r", "-z", "nosectionheader", hello()], "ld"),
    /-r and -z nosectionheader may not be used/,
  );
});

test("-z rodynamic puts the dynamic section among the read-only data, without DT_DEBUG", gcc, () => {
  const path = program("-z", "rodynamic");
  match(readelf(path, "-l"), /^ +DYNAMIC .* R +0x8$/m);
  ok(!readelf(path, "-d").includes("(DEBUG)"));
});

test("--execute-only takes the right to read from the segment of code", gcc, () => {
  const loads = readelf(program("--execute-only"), "-l").matchAll(/^ +LOAD( +0x\w+){5} (...)/gm);
  deepEqual(
    [...loads].map(([, , flags]) => flags),
    ["R  ", "  E", "R  ", "RW "],
  );
});

test("--execute-only is refused where read-only data shares the code's pages", gcc, () => {
  const shop = workshop(underTest, x86_64, scratch("output-options"));
  const message = shop.refuses("hello", ["--execute-only", "-z", "noseparate-code", hello()], "ld");
  match(message, /--execute-only and -z noseparate-code may not be used together/);
});

test("--no-rosegment puts read-only data into the code's segment", gcc, () => {
  const loads = [...readelf(program("--no-rosegment"), "-l").matchAll(/^ +LOAD( +0x\w+){5} (...)/gm)];
  deepEqual(
    loads.map(([, , flags]) => flags),
    ["R E", "RW "],
  );
});

test("--hash-style=none writes no hash table", gcc, () => {
  const path = program("--hash-style=none");
  ok(!readelf(path, "-d").includes("HASH"));
  ok(!readelf(path, "-S").includes("hash"));
});

test("--spare-dynamic-tags says how many entries are left free behind the end of .dynamic", gcc, () => {
  const bytes = (...options: readonly string[]): number => {
    const [, size = ""] = / \.dynamic +DYNAMIC +\w+ +\w+ +(\w+)/.exec(readelf(program(...options), "-S")) ?? [];
    return Number.parseInt(size, 16);
  };
  const usual = bytes();
  equal(bytes("--spare-dynamic-tags=0"), usual - 5 * 16);
  equal(bytes("--spare-dynamic-tags=9"), usual + 4 * 16);
});

test("--package-metadata takes percent escapes and names of characters", gcc, () => {
  const json = "{%[quot]name%[quot]:%22x%22%2c%[space]%[quot]share%[quot]:%[quot]50%%[quot]%[rbrace]";
  const note = tool("readelf", ["-p", ".note.package", program(`--package-metadata=${json}`)]);
  ok(note.includes('{"name":"x", "share":"50%"}'), note);
});

test("levels of compression: more effort makes debugging information no larger", gcc, () => {
  const base = scratch("output-options");
  const source = Array.from({ length: 60 }, (_, i) => `struct s${i} { int a${i}; struct s${i} *next; } v${i};`).join(
    "\n",
  );
  const object = compile(x86_64, "large.c", `${source}\n`, ["-g", "-gz=none"]);
  const shop = workshop(underTest, x86_64, base);
  const size = (level: string): number => {
    const path = shop.ld(`z${level}.o`, ["-r", `--compress-debug-sections=zlib${level}`, object]);
    match(readelf(path, "-S"), / \.debug_info .* C /);
    const [, bytes = ""] = / \.debug_info +PROGBITS +\w+ +\w+ +(\w+)/.exec(readelf(path, "-S")) ?? [];
    return Number.parseInt(bytes, 16);
  };
  ok(size(":9") < size(":1"));
  match(shop.refuses("bad.o", ["-r", "--compress-debug-sections=zlib:10", object], "ld"), /expected a level up to 9/);
});

test("--compress-sections compresses what is not loaded by name; the last pattern that matches counts", gcc, () => {
  const text = "a line that repeats itself, ".repeat(40);
  const object = compile(
    x86_64,
    "notes.s",
    `.section notes_a\n.ascii "${text}"\n.section notes_b\n.ascii "${text}"\n.section loaded,"a"\n.ascii "${text}"\n`,
  );
  const shop = workshop(underTest, x86_64, scratch("output-options"));
  const options = [
    "--compress-sections=notes*=zlib",
    "--compress-sections=notes_b=none",
    "--compress-sections=loaded=zlib",
  ];
  const path = join(shop.directory, "out");
  shop.ld("out", ["-e", "0", ...options, object]);
  const flags = (name: string): string | undefined =>
    new RegExp(` ${name} +PROGBITS +\\w+ +\\w+ +\\w+ +\\w+ +([A-Z]*) `).exec(readelf(path, "-S"))?.[1];
  equal(flags("notes_a"), "C");
  equal(flags("notes_b"), "");
  equal(flags("loaded"), "A");
});
