// Source lines: the same answers as addr2line for every byte of code, whatever compiler, DWARF version and form.

import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { findSourceLine, functionAt, readSourceLines, sourceLineAt } from "../../src/dwarf/index.ts";
import { SHF_EXECINSTR } from "../../src/elf/constants.ts";
import { type ElfFile, parseElf } from "../../src/elf/file.ts";
import { nodeAccelerators } from "../../src/host/accelerators.ts";
import { compile, i386, scratch, type Target, x86_64 } from "../support/build.ts";
import { tool } from "../support/run.ts";
import { needs, needsToRun } from "../support/tools.ts";

const SOURCE = `
static int twice(int x)
{
  return x * 2;
}
int table[3];

int sum(const int *values, int count)
{
  int total = 0;
  for (int i = 0; i < count; i++) {
    total += twice(values[i]);
    table[i % 3] = total;
  }
  return total;
}
#line 200 "other/generated.c"
int generated(int x)
{
  if (x > 3)
    return sum(table, x);
  return x;
}
`;

function read(path: string): ElfFile {
  const file = parseElf(new Uint8Array(readFileSync(path)), path, () => {});
  ok(file);
  return file;
}

/** Our answer for every byte of the file's code, by section: `generated.c:203`, `?` where there is none. */
function ours(file: ElfFile): Record<string, string[]> {
  const lines = readSourceLines(file, nodeAccelerators);
  const answers: Record<string, string[]> = {};
  for (const section of file.sections) {
    if ((section.flags & SHF_EXECINSTR) === 0 || section.size === 0) continue;
    answers[section.name] = Array.from({ length: section.size }, (_, offset) => {
      const found = sourceLineAt(lines, section.index, offset);
      return found === undefined ? "?" : `${found.file.replace(/.*\//, "")}:${found.line}`;
    });
  }
  return answers;
}

/** addr2line's answers, in the same form. */
function theirs(path: string, file: ElfFile): Record<string, string[]> {
  const answers: Record<string, string[]> = {};
  for (const section of file.sections) {
    if ((section.flags & SHF_EXECINSTR) === 0 || section.size === 0) continue;
    const offsets = Array.from({ length: section.size }, (_, offset) => `0x${(section.address + offset).toString(16)}`);
    const place = file.header.type === 1 ? ["-j", section.name] : [];
    const said = tool("addr2line", ["-s", "-e", path, ...place, ...offsets])
      .trimEnd()
      .split("\n");
    answers[section.name] = said.map((line) => line.replace(/ \(discriminator \d+\)$/, "").replace(/^.*:[0?]$/, "?"));
  }
  return answers;
}

interface Variant {
  readonly name: string;
  readonly target: Target;
  readonly flags: readonly string[];
  readonly tools: readonly string[];
}

const compilers = [
  { name: "gcc", target: x86_64, first: [], tools: ["gcc"] },
  { name: "clang", target: x86_64, first: ["clang"], tools: ["clang"] },
  { name: "gcc i386", target: i386, first: [], tools: ["i686-linux-gnu-gcc"] },
  { name: "clang i386", target: i386, first: ["clang"], tools: ["clang"] },
];

const variants: Variant[] = compilers.flatMap(({ name, target, first, tools }) =>
  [
    ["-gdwarf-2"],
    ["-gdwarf-3", "-O2"],
    ["-gdwarf-4", "-ffunction-sections"],
    ["-gdwarf-5"],
    ["-gdwarf-5", "-O2", "-ffunction-sections"],
    ["-gdwarf-5", "-gz=zlib"],
    ...(name === "gcc" ? [["-gdwarf-4", "-gz=zlib-gnu"]] : []),
  ].map((flags) => ({
    name: `${name} ${flags.join(" ")}`,
    target,
    flags: [...first, ...flags],
    tools,
  })),
);

/** The rows of all sequences: name, line, address; `end` closes a sequence. */
function rows(file: ElfFile): string[] {
  return readSourceLines(file, nodeAccelerators).sequences.flatMap(({ header, addresses, files, lines, end }) => [
    ...addresses.map((address, row) => `${header.files[files[row]].name} ${lines[row]} ${address}`),
    `end ${end}`,
  ]);
}

/** The rows that readelf decodes. */
function readelfRows(path: string): string[] {
  const listing = tool("readelf", ["-W", "--debug-dump=decodedline", path]);
  return [...listing.matchAll(/^(\S+) +(\d+|-) +(0x[0-9a-f]+|0)\b.*$/gm)].map(([, name, line, address]) =>
    line === "-" ? `end ${Number(address)}` : `${name} ${line} ${Number(address)}`,
  );
}

describe("the rows are those that readelf decodes", () => {
  for (const { name, target, flags, tools } of variants) {
    test(name, needsToRun("readelf", ...tools), () => {
      const path = compile(target, "lines.c", SOURCE, flags);
      const found = rows(read(path));
      ok(found.length > 15);
      deepEqual(found, readelfRows(path));
    });
  }
});

describe("every byte of an object has the line that addr2line gives it", () => {
  for (const { name, target, flags, tools } of variants) {
    // addr2line 2.40 takes the wrong file where Clang's DWARF 5 leaves the file register as it starts; readelf does not.
    if (name.includes("clang") && flags.includes("-gdwarf-5") && flags.includes("-O2")) continue;
    test(name, needsToRun("addr2line", ...tools), () => {
      const path = compile(target, "lines.c", SOURCE, flags);
      const file = read(path);
      const found = ours(file);
      deepEqual(found, theirs(path, file));
      const known = Object.values(found)
        .flat()
        .filter((line) => line !== "?");
      ok(known.length > 50, "there is line information at all");
      ok(known.some((line) => line.startsWith("lines.c:")));
      ok(known.some((line) => line.startsWith("generated.c:")));
    });
  }
});

test("every byte of a linked program, too", needs("gcc", "addr2line"), () => {
  const first = compile(x86_64, "lines.c", SOURCE, ["-g", "-ffunction-sections"]);
  const main = compile(x86_64, "main.c", "int generated(int);\nint main(void)\n{\n  return generated(2);\n}\n", ["-g"]);
  const path = `${scratch("dwarf")}/program`;
  tool("gcc", [main, first, "-o", path]);
  const file = read(path);
  const text = ours(file)[".text"];
  deepEqual(text, theirs(path, file)[".text"]);
  ok(text.includes("main.c:4"));
});

test("64-bit DWARF says the same as 32-bit DWARF", needs("gcc", "clang"), () => {
  // addr2line cannot read 64-bit DWARF in objects.
  for (const flags of [
    ["-gdwarf-5", "-gno-as-loc-support"],
    ["clang", "-gdwarf-5"],
  ]) {
    const wide = read(compile(x86_64, "lines.c", SOURCE, [...flags, "-gdwarf64"]));
    deepEqual(ours(wide), ours(read(compile(x86_64, "lines.c", SOURCE, flags))));
    equal(readSourceLines(wide).sequences[0].header.offsetBytes, 8);
  }
});

test("zstd-compressed debug sections are read when the host can", needs("gcc", "objcopy", "addr2line"), (t) => {
  const plain = compile(x86_64, "lines.c", SOURCE, ["-gdwarf-5"]);
  const path = `${scratch("dwarf")}/zstd.o`;
  try {
    tool("objcopy", ["--compress-debug-sections=zstd", plain, path]);
  } catch {
    return t.skip("needs an objcopy that knows zstd");
  }
  deepEqual(ours(read(path)), ours(read(plain)));
  equal(readSourceLines(read(path), {}).sequences.length, 0);
});

test("the file is named as the compiler was given it", needs("gcc"), () => {
  const file = read(compile(x86_64, "lines.c", SOURCE, ["-gdwarf-5"]));
  const text = file.sections.findIndex(({ name }) => name === ".text");
  deepEqual(findSourceLine(file.bytes, text, 0), { file: "lines.c", line: 3 });
  const answers = Array.from(
    { length: file.sections[text].size },
    (_, at) => findSourceLine(file.bytes, text, at)?.file,
  );
  ok(answers.includes("other/generated.c"));
});

test("an address given by a symbol counts from where the symbol is", needs("gcc"), () => {
  // Compilers refer to sections; a line table written by hand may name the function.
  const source = `
  .text
  .globl before, named
before: .zero 16
named: .zero 4
  .section .debug_line
  .long end - start
start: .short 2
  .long program - prologue
prologue: .byte 1, 1, 0xfb, 14, 10
  .byte 0, 1, 1, 1, 1, 0, 0, 0, 1
  .byte 0
  .asciz "hand.s"
  .byte 0, 0, 0, 0
program: .byte 0, 9, 2
  .quad named
  .byte 3, 41, 1
  .byte 2, 4, 0, 1, 1
end:
`;
  const file = read(compile(x86_64, "hand.s", source));
  const text = file.sections.findIndex(({ name }) => name === ".text");
  equal(findSourceLine(file.bytes, text, 15), undefined);
  deepEqual(findSourceLine(file.bytes, text, 16), { file: "hand.s", line: 42 });
  deepEqual(findSourceLine(file.bytes, text, 19), { file: "hand.s", line: 42 });
  equal(findSourceLine(file.bytes, text, 20), undefined);
});

test("no debug information, no ELF file, no such section: no line", needs("gcc"), () => {
  const file = read(compile(x86_64, "lines.c", SOURCE));
  equal(findSourceLine(file.bytes, 1, 0), undefined);
  equal(findSourceLine(new Uint8Array(3), 1, 0), undefined);
  equal(findSourceLine(file.bytes, 99, 0), undefined);
});

test("the function that contains an offset, with sizes and without", needs("gcc"), () => {
  const source = `
  .text
start: nop
  nop
  .type sized, @function
sized: nop
inner: nop
  nop
  .size sized, . - sized
  .type loose, @function
loose: nop
  nop
  .data
datum: .long 0
`;
  const file = read(compile(x86_64, "functions.s", source));
  const text = file.sections.findIndex(({ name }) => name === ".text");
  const names = Array.from({ length: 7 }, (_, at) => functionAt(file, text, at));
  deepEqual(names, ["start", "start", "sized", "sized", "sized", "loose", "loose"]);
  equal(
    functionAt(
      file,
      file.sections.findIndex(({ name }) => name === ".data"),
      0,
    ),
    undefined,
  );
});

test("truncated and damaged debug sections give an answer or none, never an exception", needs("gcc", "clang"), () => {
  const seeds = [
    compile(x86_64, "lines.c", SOURCE, ["-gdwarf-5"]),
    compile(x86_64, "lines.c", SOURCE, ["clang", "-gdwarf-4", "-ffunction-sections"]),
    compile(i386, "lines.c", SOURCE, ["clang", "-gdwarf-5"]),
  ].map((path) => new Uint8Array(readFileSync(path)));
  const random = generator(7);
  for (let round = 0; round < 6000; round++) {
    const seed = seeds[round % seeds.length];
    const damaged = seed.slice(0, random(10) === 0 ? random(seed.length) : seed.length);
    const debug = parseElf(seed, "", () => {})?.sections.filter(({ name }) => /debug_(?:line|str)/.test(name)) ?? [];
    for (let edits = random(8); edits >= 0; edits--) {
      const { offset, size } = debug[random(debug.length)];
      damaged[offset + random(Math.min(size, 300))] = random(256);
    }
    const file = parseElf(damaged, "", () => {});
    if (file === undefined) continue;
    const lines = readSourceLines(file, nodeAccelerators);
    for (let section = 0; section < file.sections.length; section++) {
      sourceLineAt(lines, section, random(100));
      functionAt(file, section, random(100));
    }
  }
});

/** Numbers below a bound, the same in every run. */
function generator(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return bound === 0 ? 0 : (state >>> 8) % bound;
  };
}
