// The facts and words of `solder dump`: which section lies in which segment, relocations with their values, pictures to scale.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  DUMP_PARTS,
  type DumpPart,
  dumpFile,
  dumpLines,
  type FileDump,
  type LoadDump,
  type Style,
  writeDumpJson,
} from "../../src/explain/dump/index.ts";
import { tool } from "../support/run.ts";
import { needs } from "../support/tools.ts";

const dir = mkdtempSync(join(tmpdir(), "solder-dump-"));
after(() => rmSync(dir, { recursive: true }));

const WHOLE: Style = { color: false, columns: 100, demangle: true, rows: Number.POSITIVE_INFINITY };

function dump(path: string, ...parts: DumpPart[]): FileDump {
  const result = dumpFile(readFileSync(path), path, new Set(parts));
  deepEqual(result.problems, []);
  return result;
}

function lines(path: string, ...parts: DumpPart[]): string[] {
  return [...dumpLines(dump(path, ...parts), new Set(parts), WHOLE)];
}

/** Assembles a source for gcc's `flags` and returns the object's path. */
function assemble(name: string, source: string, ...flags: string[]): string {
  writeFileSync(join(dir, `${name}.s`), source);
  tool("gcc", [...flags, "-c", join(dir, `${name}.s`), "-o", join(dir, `${name}.o`)]);
  return join(dir, `${name}.o`);
}

/** A table's lines with the columns apart by one blank. */
function squeezed(text: readonly string[]): string[] {
  return text.map((line) => line.trim().replace(/ +/g, " "));
}

test("tables are found by the dynamic section where section headers are overwritten", needs("gcc"), () => {
  const source = join(dir, "overwritten.c");
  writeFileSync(source, "extern int v; int f(void); int g(void) { return f() + v; }");
  const whole = join(dir, "overwritten.so");
  tool("gcc", ["-shared", "-fPIC", "-nostdlib", "-o", whole, source]);
  const bytes = readFileSync(whole);
  for (let at = Number(bytes.readBigUInt64LE(0x28)); at < bytes.length; at++) bytes[at] = (at * 7) & 255;
  const parts = new Set<DumpPart>(["dynamic-symbols", "relocations"]);
  const { dynamicSymbols, relocations, problems } = dumpFile(bytes, "junk.so", parts);
  const expected = dumpFile(readFileSync(whole), "whole.so", parts);
  const names = (it: FileDump["dynamicSymbols"]) => it?.symbols.map(({ name }) => name);
  deepEqual(names(dynamicSymbols), names(expected.dynamicSymbols));
  const types = (it: FileDump["relocations"]) =>
    it?.flatMap(({ entries }) => entries.map(({ type, symbol }) => type + symbol));
  deepEqual(types(relocations), types(expected.relocations));
  ok(problems.some(({ code }) => code === "section-headers-unfit"));
});

// ---------------------------------------------------------------------------------------------------------------------
// Layout
// ---------------------------------------------------------------------------------------------------------------------

const LINKED = ["/usr/bin/gcc", "/usr/bin/node", "/lib/x86_64-linux-gnu/libc.so.6", "/lib32/libc.so.6"];

for (const path of LINKED) {
  test(`sections lie in the segments in which readelf sees them: ${path}`, needs("readelf"), (t) => {
    if (!existsSync(path)) return t.skip(`needs ${path}`);
    const mapping = tool("readelf", ["-lW", path]).split("Segment Sections...\n")[1];
    const judged = mapping
      .trimEnd()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.trim().split(/ +/).slice(1));
    deepEqual(
      dump(path, "segments").segments?.map(({ sections }) => sections),
      judged,
    );
  });
}

test(
  "what is in memory without being in the file, and what becomes read-only, stands in the layout",
  needs("gcc"),
  () => {
    writeFileSync(join(dir, "bss.c"), "char zeros[10000]; int main(void) { return zeros[1]; }");
    const program = join(dir, "bss");
    tool("gcc", ["-Wl,-z,now", join(dir, "bss.c"), "-o", program]);
    const loads = dump(program, "layout").layout?.loads ?? [];
    const data = loads.find(({ permissions }) => permissions === "RW");
    ok(data !== undefined && data.memoryBytes - data.fileBytes >= 10000);
    const bss = data.pieces.find(({ name }) => name === ".bss");
    ok(bss?.zero && bss.size >= 10000);
    ok(data.relro !== undefined && data.relro.from >= data.mappedFrom && data.relro.to <= data.mappedTo);
    const headers = loads[0].pieces.slice(0, 2).map(({ name, address }) => [name, address]);
    deepEqual(headers, [
      ["ELF header", 0],
      ["program headers", 64],
    ]);
  },
);

test("bars are to scale, and nothing is too small to be seen", () => {
  const piece = (name: string, address: number, size: number, zero = false): LoadDump["pieces"][number] => ({
    section: 1,
    name,
    address,
    offset: address,
    size,
    zero,
    segments: [],
  });
  const load: LoadDump = {
    segment: 0,
    permissions: "RW",
    address: 0x1000,
    memoryBytes: 0x2000,
    offset: 0x1000,
    fileBytes: 0x1800,
    mappedFrom: 0x1000,
    mappedTo: 0x3000,
    relro: undefined,
    pieces: [piece("quarter", 0x1000, 0x800), piece("tiny", 0x1800, 1), piece("bss", 0x2800, 0x800, true)],
  };
  const layout = { pageBytes: 4096, loads: [load], unmapped: [], notLoaded: [] };
  const text = [...dumpLines({ file: "x", kind: "elf-shared", size: 1, layout, problems: [] }, new Set(), WHOLE)];
  const line = (name: string): string => text.find((one) => one.includes(` ${name} `)) ?? "";
  const cells = (name: string, cell: string): number => line(name).split(cell).length - 1;
  // The bar is what stands between the size and the line on the right.
  const width = line("tiny").lastIndexOf("│") - line("tiny").indexOf(" 1  ") - " 1  ".length;
  ok(Math.abs(cells("quarter", "█") - width / 4) < 1);
  ok(Math.abs(cells("bss", "░") - width / 4) <= 1);
  equal(cells("tiny", "▏"), 1);
});

// ---------------------------------------------------------------------------------------------------------------------
// Relocations
// ---------------------------------------------------------------------------------------------------------------------

test("relocations of an object: the formula, and what is known of it", needs("gcc"), () => {
  const object = assemble(
    "formula",
    `
    .text
    .globl f
 f: call outside@PLT
    movq thing@GOTPCREL(%rip), %rax
    leaq message(%rip), %rdi
    leaq variable@TLSGD(%rip), %rdi
    ret
    .section .rodata
    .zero 16
 message: .asciz "hello"
    .data
 here: .quad here + 3
    .long here - .
    .reloc ., R_X86_64_PC32, here + 8
    .long 0
    .quad outside + 0x123456789abcdef0
 `,
  );
  const rows = (dump(object, "relocations").relocations ?? []).flatMap(({ target, entries }) =>
    entries.map(({ place, type, formula, filled, result }) => [target, place, type, formula, filled, result]),
  );
  deepEqual(rows, [
    [".text", "f+0x1", "R_X86_64_PLT32", "L + A - P", "outside@plt - 4 - P", undefined],
    [".text", "f+0x8", "R_X86_64_REX_GOTPCRELX", "G + GOT + A - P", "thing@got + GOT - 4 - P", undefined],
    [".text", "f+0xf", "R_X86_64_PC32", "S + A - P", ".rodata + 0xc - P", undefined],
    [".text", "f+0x16", "R_X86_64_TLSGD", "@tlsgd + A - P", "variable@tlsgd - 4 - P", undefined],
    [".data", "here", "R_X86_64_64", "S + A", ".data + 3", undefined],
    // Both ends are in one section: the distance is known before the link. The place is at 12.
    [".data", ".data+0xc", "R_X86_64_PC32", "S + A - P", "here + 8 - P", -4],
    [".data", ".data+0x10", "R_X86_64_64", "S + A", "outside + 0x123456789abcdf00", undefined],
  ]);
});

test("an addend that a number cannot hold is exact in the dump", needs("gcc"), () => {
  const object = assemble("wide", ".data\n.quad outside + 0x123456789abcdef1");
  equal(dump(object, "relocations").relocations?.[0].entries[0].addend, "0x123456789abcdef1");
});

test("the addend of a REL relocation is read from the field", needs("i686-linux-gnu-gcc"), () => {
  writeFileSync(join(dir, "rel.s"), ".text\ncall outside\n.data\n.long 0, outside + 0x20");
  const object = join(dir, "rel.o");
  tool("i686-linux-gnu-gcc", ["-c", join(dir, "rel.s"), "-o", object]);
  deepEqual(
    (dump(object, "relocations").relocations ?? []).flatMap(({ entries }) =>
      entries.map(({ type, filled }) => [type, filled]),
    ),
    [
      ["R_386_PC32", "outside - 4 - P"],
      ["R_386_32", "outside + 0x20"],
    ],
  );
});

test("relocations of a library: what the dynamic linker will store, and what stands there", needs("gcc"), () => {
  writeFileSync(
    join(dir, "lib.c"),
    "extern int far; static int near; int *table[] = { &far, &near }; int *get(void) { return table[0]; }",
  );
  const library = join(dir, "lib.so");
  tool("gcc", ["-shared", "-fPIC", "-nostdlib", join(dir, "lib.c"), "-o", library]);
  const entries = (dump(library, "relocations").relocations ?? []).flatMap((one) => one.entries);
  const inTable = entries.filter(({ place }) => place.startsWith("table") && place !== "table@got");
  deepEqual(
    inTable.map(({ place, type, symbol, leadsTo }) => [place, type, symbol, leadsTo]),
    [
      ["table+0x8", "R_X86_64_RELATIVE", "", "near"],
      ["table", "R_X86_64_64", "far", undefined],
    ],
  );
});

test("in a program that keeps its relocations, the sums are what the linker stored", needs("gcc"), () => {
  writeFileSync(
    join(dir, "q.c"),
    "static int callee(int x) { return x + 1; } int main(int c, char **v) { (void)v; return callee(c); }",
  );
  const program = join(dir, "q");
  tool("gcc", ["-O0", "-Wl,-q", "-no-pie", "-fno-pie", join(dir, "q.c"), "-o", program]);
  const bytes = readFileSync(program);
  const full = dump(program, "relocations", "sections");
  const text = full.sections?.find(({ name }) => name === ".text");
  const entries = full.relocations?.find(({ table }) => table === ".rela.text")?.entries ?? [];
  const sums = entries.filter(
    ({ type, result }) => result !== undefined && (type === "R_X86_64_PC32" || type === "R_X86_64_32S"),
  );
  ok(text !== undefined && sums.length > 0);
  for (const { offset, result } of sums) equal(bytes.readInt32LE(text.offset + offset - text.address), result);
});

test("a relocation type of a machine that Solder does not know is shown by its number", needs("gcc"), () => {
  const object = assemble("stranger", ".data\np: .quad x");
  const bytes = readFileSync(object);
  const sparc = 43;
  bytes.writeUInt16LE(sparc, 18);
  writeFileSync(object, bytes);
  match(lines(object, "relocations").join("\n"), /p +type 1 +x$/m);
});

test("bits of e_flags have the names of the psABI", needs("clang"), () => {
  writeFileSync(join(dir, "flags.c"), "extern int x; int *p = &x;");
  const object = join(dir, "flags.o");
  tool("clang", [
    "--target=riscv64-linux-gnu",
    "-march=rv64gc",
    "-mabi=lp64d",
    "-c",
    join(dir, "flags.c"),
    "-o",
    object,
  ]);
  match(lines(object, "headers").join("\n"), /flags +0x5 {2}RVC, FLOAT_ABI_DOUBLE$/m);
});

// ---------------------------------------------------------------------------------------------------------------------
// Words
// ---------------------------------------------------------------------------------------------------------------------

test("the symbol table of a small object", needs("gcc"), () => {
  const object = assemble(
    "symbols",
    `
    .comm shared,8,16
    .text
    .globl main, _ZN3foo3barEi
    .hidden main
    .type main, @function
 main: nop
    .size main, .-main
 _ZN3foo3barEi: call puts
    .section .note.GNU-stack,"",@progbits
 `,
  );
  deepEqual(squeezed(lines(object, "symbols")).slice(2), [
    "Symbols in .symtab: 3 defined, 1 undefined",
    "# value size type binding visibility section name",
    "1 0x10 8 object global COM shared",
    "2 0x0 1 func global hidden .text main",
    "3 0x1 0 notype global .text foo::bar(int)",
    "4 0x0 0 notype global UND puts",
  ]);
});

test("the dynamic section in words", needs("gcc"), () => {
  writeFileSync(join(dir, "dyn.c"), "int f(void) { return 1; }");
  const library = join(dir, "libdyn.so");
  const options = "-Wl,-soname,libdyn.so.1,-z,now,-z,nodelete,-rpath,$ORIGIN,--hash-style=gnu";
  tool("gcc", ["-shared", "-fPIC", "-nostdlib", options, join(dir, "dyn.c"), "-o", library]);
  const text = squeezed(lines(library, "dynamic"));
  const starting = (word: string): string | undefined => text.find((line) => line.startsWith(`${word} `));
  equal(starting("SONAME"), "SONAME libdyn.so.1 name that others know this library by");
  match(starting("GNU_HASH") ?? "", /^GNU_HASH 0x[0-9a-f]+ \.gnu\.hash GNU hash table$/);
  equal(starting("FLAGS"), "FLAGS BIND_NOW all symbols are bound at start");
  equal(starting("FLAGS_1"), "FLAGS_1 NOW NODELETE all symbols are bound at start; stays loaded after dlclose");
});

test("versions name the symbols that need them", needs("gcc"), () => {
  writeFileSync(join(dir, "ver.c"), '#include <stdio.h>\nint main(void) { return puts(""); }');
  const program = join(dir, "ver");
  tool("gcc", [join(dir, "ver.c"), "-o", program]);
  const needed = dump(program, "versions").versions?.needs.find(({ library }) => library === "libc.so.6");
  ok(needed?.versions.some(({ symbols }) => symbols.includes("puts")));
});

test("notes in words: build ID, minimum kernel, properties", needs("gcc"), () => {
  writeFileSync(join(dir, "note.c"), "int main(void) { return 0; }");
  const program = join(dir, "note");
  tool("gcc", ["-fcf-protection", "-Wl,--build-id=0x1234abcd,-z,ibt,-z,shstk", join(dir, "note.c"), "-o", program]);
  const meanings = dump(program, "notes").notes?.map(({ meaning }) => meaning) ?? [];
  ok(meanings.includes("build ID 1234abcd"));
  ok(meanings.some((meaning) => meaning?.startsWith("x86 feature: IBT, SHSTK")));
  ok(meanings.some((meaning) => /^needs Linux \d+\.\d+\.\d+ or later$/.test(meaning ?? "")));
});

test("the header tells programs and libraries apart, and how they are protected", needs("gcc"), () => {
  writeFileSync(join(dir, "kind.c"), "int main(void) { return 0; }");
  const kinds: [string, string[]][] = [
    ["position-independent executable", ["-pie", "-fpie"]],
    ["executable, not position-independent", ["-no-pie"]],
    ["static executable", ["-static"]],
    ["static position-independent executable", ["-static-pie", "-fpie"]],
    ["shared library", ["-shared", "-fPIC"]],
    ["relocatable object", ["-c"]],
  ];
  for (const [description, flags] of kinds) {
    tool("gcc", [...flags, join(dir, "kind.c"), "-o", join(dir, "kind")]);
    equal(dump(join(dir, "kind"), "headers").header?.description, description);
  }
  tool("gcc", ["-pie", "-fpie", "-Wl,-z,now,-z,relro", join(dir, "kind.c"), "-o", join(dir, "kind")]);
  deepEqual(dump(join(dir, "kind"), "headers").header?.protection, {
    relro: "full",
    bindNow: true,
    executableStack: false,
  });
});

test("an archive: members, what they are, and the symbols of each", needs("gcc", "ar"), () => {
  const object = assemble("member", ".globl one, two\none: two: ret");
  const archive = join(dir, "libmember.a");
  tool("ar", ["rcs", archive, object, join(dir, "member.s")]);
  const facts = dump(archive, "archive", "symbols");
  deepEqual(
    facts.archive?.members.map(({ name, kind, symbolCount }) => [name, kind, symbolCount]),
    [
      ["member.o", "elf-relocatable", 2],
      ["member.s", "text", 0],
    ],
  );
  // Other parts are those of the members that are ELF files.
  deepEqual(
    facts.members?.map(({ file }) => file),
    [`${archive}(member.o)`],
  );
});

test("long tables are cut in an overview, and what is left out is counted", needs("gcc"), () => {
  const names = Array.from({ length: 60 }, (_, i) => `.globl s${i}\ns${i}:`);
  const object = assemble("long", names.join("\n"));
  const parts = new Set<DumpPart>(["symbols"]);
  const text = [...dumpLines(dump(object, "symbols"), parts, { ...WHOLE, rows: 40 })];
  equal(text.length, 3 + 1 + 40 + 1);
  match(text[text.length - 1], /^ {2}… \d+ more: --symbols$/);
});

// ---------------------------------------------------------------------------------------------------------------------
// JSON
// ---------------------------------------------------------------------------------------------------------------------

test("JSON holds what the dump holds", needs("gcc"), () => {
  const object = assemble("json", ".text\n.globl f\nf: call g\n.data\n.quad f + 0x123456789abcdef1");
  const facts = dump(object, ...DUMP_PARTS);
  let text = "";
  writeDumpJson([facts, facts], (chunk) => {
    text += chunk;
  });
  const parsed = JSON.parse(text);
  equal(parsed.version, 1);
  // What is undefined is left out.
  deepEqual(parsed.files, JSON.parse(JSON.stringify([facts, facts])));
});

test("a number beyond 2^53 is text in JSON", () => {
  let text = "";
  const segment = { index: 0, type: "LOAD", permissions: "R", offset: 0, address: 2 ** 63, physicalAddress: 0 };
  const rest = { fileBytes: 0, memoryBytes: 0, alignment: 0, sections: [] };
  writeDumpJson(
    [{ file: "x", kind: "elf-shared", size: 0, segments: [{ ...segment, ...rest }], problems: [] }],
    (chunk) => {
      text += chunk;
    },
  );
  equal(JSON.parse(text).files[0].segments[0].address, "0x8000000000000000");
});
