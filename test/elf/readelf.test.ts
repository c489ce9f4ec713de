// The readers against readelf, on what the machine has: programs, libraries, objects, of both classes and both byte orders.
import { deepEqual, equal, ok } from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { I386_RELOCATIONS, X86_64_RELOCATIONS } from "../../src/arch/index.ts";
import type { Problem } from "../../src/elf/index.ts";
import { EM_386, EM_X86_64, identify, parseElf } from "../../src/elf/index.ts";
import { run, tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";
import { type Facts, firstDifference, READELF, readelfFacts, solderFacts } from "./readelf-facts.ts";

const dir = mkdtempSync(join(tmpdir(), "solder-readelf-"));
after(() => rmSync(dir, { recursive: true }));

const TABLES = new Map([
  [EM_386, I386_RELOCATIONS],
  [EM_X86_64, X86_64_RELOCATIONS],
]);

function compare(path: string): void {
  const problems: Problem[] = [];
  const file = parseElf(readFileSync(path), path, (problem) => problems.push(problem));
  ok(file !== undefined, path);
  const judged = readelfFacts(tool("readelf", [...READELF, path]));
  const table = TABLES.get(file.header.machine);
  // Of other machines only the number is compared.
  if (table === undefined) judged.relocations = judged.relocations.map((line) => line.replace(/ R_\w+/, " "));
  const read = solderFacts(
    file,
    (type) => (table === undefined ? "" : (table.types[type]?.name ?? "")),
    (problem) => problems.push(problem),
  );
  for (const part of Object.keys(judged) as (keyof Facts)[]) {
    deepEqual(
      firstDifference(read[part], judged[part]),
      undefined,
      `${path}: ${part} as read, as judged: ${firstDifference(read[part], judged[part])?.join(" | ")}`,
    );
  }
  deepEqual(problems, [], path);
}

/** Some of the ELF files in a directory, spread over its listing, none of them so large that reading it takes seconds. */
function sample(directory: string, pattern: RegExp, count: number): string[] {
  let names: string[];
  try {
    names = readdirSync(directory).filter((name) => pattern.test(name));
  } catch {
    return [];
  }
  const paths = names
    .map((name) => join(directory, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true && statSync(path).size < 3_000_000)
    .filter((path) => identify(readFileSync(path)).startsWith("elf-"));
  const step = Math.max(1, Math.floor(paths.length / count));
  return paths.filter((_, index) => index % step === 0).slice(0, count);
}

const PLACES: readonly (readonly [string, string, RegExp, number])[] = [
  ["programs", "/usr/bin", /^/, 12],
  ["shared libraries", "/usr/lib/x86_64-linux-gnu", /\.so/, 12],
  ["start files", "/usr/lib/x86_64-linux-gnu", /\.o$/, 12],
  ["32-bit libraries", "/usr/lib32", /\.so/, 12],
  ["the 32-bit C library", "/lib32", /^libc\.so|^ld-/, 2],
];

for (const [what, directory, pattern, count] of PLACES) {
  test(`${what} of this machine read as readelf reads them`, needs("readelf"), (t) => {
    const paths = sample(directory, pattern, count);
    if (paths.length === 0) return t.skip(`needs ELF files in ${directory}`);
    for (const path of paths) compare(path);
  });
}

const SOURCE = `
static int local_var = 3; int shared_var = 4; __thread int tls_var = 5;
extern int other(int);
int *p = &shared_var; static int *q = &local_var;
int *get(void) { return q; }
int api_fn(int x) { return other(x) + local_var + tls_var; }
__attribute__((weak)) int weak_fn(void) { return 1; }
`;

/** Both classes, both byte orders, REL and RELA. */
const TARGETS = ["x86_64", "i386", "aarch64", "aarch64_be", "powerpc64", "powerpc", "riscv64", "riscv32"];

for (const target of TARGETS) {
  test(`an object and a library for ${target}`, needs("readelf", "clang", "ld.lld"), () => {
    writeFileSync(join(dir, "source.c"), SOURCE);
    const [object, library] = [join(dir, `${target}.o`), join(dir, `${target}.so`)];
    const flags = [`--target=${target}-linux-gnu`, "-c", "-fPIC", "-ffunction-sections", "-g", "-gz"];
    tool("clang", [...flags, join(dir, "source.c"), "-o", object]);
    compare(object);
    tool("ld.lld", [
      "-shared",
      "--hash-style=both",
      "--pack-dyn-relocs=relr",
      "-soname",
      "lib.so",
      object,
      "-o",
      library,
    ]);
    compare(library);
  });
}

test("versions that are defined, and what they follow", needs("readelf", "gcc"), () => {
  writeFileSync(
    join(dir, "versions.c"),
    'int one(void){return 1;} int two(void){return 2;}\n__asm__(".symver two_old,two@V1"); int two_old(void){return 0;}',
  );
  writeFileSync(join(dir, "versions.map"), "V1 { global: one; local: two_old; }; V2 { global: two; } V1;");
  const library = join(dir, "versions.so");
  tool("gcc", [
    "-shared",
    "-fPIC",
    `-Wl,--version-script=${join(dir, "versions.map")}`,
    join(dir, "versions.c"),
    "-o",
    library,
  ]);
  compare(library);
});

test(
  "notes in a section aligned to 8 start at multiples of 8, in others at multiples of 4",
  needs("readelf", "gcc"),
  () => {
    const note = (type: number, alignment: number): string =>
      `.long 6, 4, ${type}\n.asciz "Owner"\n.balign ${alignment}\n.long 7\n.balign ${alignment}\n`;
    const section = (alignment: number): string =>
      `.section .note.by${alignment},"a",@note\n.balign ${alignment}\n${note(0x77, alignment)}${note(0x78, alignment)}`;
    writeFileSync(join(dir, "notes.s"), section(8) + section(4));
    tool("gcc", ["-c", join(dir, "notes.s"), "-o", join(dir, "notes.o")]);
    compare(join(dir, "notes.o"));
  },
);

test("COMDAT groups", needs("readelf", "g++"), () => {
  writeFileSync(join(dir, "groups.cpp"), "#include <string>\nstd::string twice(std::string s) { return s + s; }");
  tool("g++", ["-c", "-O0", join(dir, "groups.cpp"), "-o", join(dir, "groups.o")]);
  compare(join(dir, "groups.o"));
});

test("relative relocations packed by GNU ld", needs("readelf", "gcc"), (t) => {
  const lines = Array.from({ length: 300 }, (_, i) => `&x[${i}], ${i % 7 === 0 ? "0, 0, 0," : ""}`);
  writeFileSync(join(dir, "relr.c"), `int x[300]; void *table[] = { ${lines.join(" ")} };`);
  const library = join(dir, "relr.so");
  const flags = ["-shared", "-fPIC", "-nostdlib", "-Wl,-z,pack-relative-relocs"];
  if (run("gcc", [...flags, join(dir, "relr.c"), "-o", library]).status !== 0)
    return t.skip("needs an ld that knows RELR");
  compare(library);
});

test("more than 65,280 sections: counts and symbols use the extended numbering", needs("readelf", "gcc"), () => {
  const count = 66_000;
  const lines = Array.from({ length: count }, (_, i) => `.section .s${i},"a"\ns${i}: .byte 1`);
  writeFileSync(join(dir, "many.s"), `${lines.join("\n")}\n.text\n.globl f\nf: ret\n`);
  const object = join(dir, "many.o");
  tool("gcc", ["-c", join(dir, "many.s"), "-o", object]);
  const file = parseElf(readFileSync(object), object, () => {});
  ok(file !== undefined && file.sections.length > count);
  equal(file.sections[file.header.sectionNames].name, ".shstrtab");
  compare(object);
});
