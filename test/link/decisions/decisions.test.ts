// Why a name means what it means, why a file takes part, why a slot exists: as data, and in words.

import { deepEqual, equal, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { machineFor } from "../../../src/arch/index.ts";
import { SHT_RELR, SHT_SYMTAB, STT_TLS } from "../../../src/elf/constants.ts";
import {
  type ElfFile,
  isRelocationSection,
  parseElf,
  relocationsOf,
  relrOf,
  symbolsOf,
} from "../../../src/elf/index.ts";
import {
  describeDefinition,
  describeDynamicRelocation,
  describeFile,
  describeSlot,
} from "../../../src/explain/index.ts";
import { type LinkFilesOptions, linkFiles } from "../../../src/host/index.ts";
import type { LaidOutSection } from "../../../src/link/decisions/layout-types.ts";
import type { Decisions } from "../../../src/link/decisions/types.ts";
import { defaultInputState, type InputState, type LinkInput } from "../../../src/link/options.ts";
import type { LinkResult } from "../../../src/link/result.ts";
import { parseVersionScript } from "../../../src/link/script/versions.ts";
import { archive, compile, scratch, type Target, targets, x86_64 } from "../../support/build.ts";
import { needs, needsToRun } from "../../support/tools.ts";

const gcc = needs("gcc", "ar");
/** R_X86_64_RELATIVE and R_386_RELATIVE. */
const R_RELATIVE = 8;

const file = (path: string, state: Partial<InputState> = {}): LinkInput => ({
  kind: "file",
  path,
  state: { ...defaultInputState, ...state },
});

const c = (name: string, source: string, flags: readonly string[] = [], target: Target = x86_64): string =>
  compile(target, `${name}.c`, source, ["-O1", "-fno-asynchronous-unwind-tables", ...flags]);

const s = (name: string, ...lines: readonly string[]): string =>
  compile(x86_64, `${name}.s`, [".globl _start", "_start:", ...lines, '.section .note.GNU-stack,""', ""].join("\n"));

/** Links, which must succeed. */
function linked(inputs: readonly (string | LinkInput)[], options: LinkFilesOptions): LinkResult {
  const result = linkFiles(inputs, options);
  deepEqual(
    result.problems.map(({ code }) => code),
    [],
  );
  return result;
}

const program = (...inputs: readonly (string | LinkInput)[]): Decisions => linked(inputs, { output: "pie" }).decisions;

/** A shared library made of one C file, on disk. */
function library(name: string, source: string, options: LinkFilesOptions = {}, target: Target = x86_64): string {
  const object = c(name, source, ["-fPIC"], target);
  const { image } = linked([object], { output: "shared", soname: `lib${name}.so`, ...options });
  ok(image);
  const path = join(scratch("library"), `lib${name}.so`);
  writeFileSync(path, image);
  return path;
}

/** Paths cut down to their last part, and addresses to 0x…: they are not what is tested. */
function plain(text: readonly string[] | string): readonly string[] {
  const lines = typeof text === "string" ? [text] : text;
  return lines.map((line) => line.replaceAll(/\/[^ :]*\//g, "").replaceAll(/(at|it is) 0x[0-9a-f]+/g, "$1 0x…"));
}

function tells(decisions: Decisions, name: string): readonly string[] {
  const definition = decisions.definition(name);
  ok(definition, name);
  return plain(describeDefinition(definition));
}

// Definitions

test("a strong definition takes the place of a weak one, and the weak one is remembered", gcc, () => {
  const weak = c("weak", "__attribute__((weak)) int value(void) { return 1; }");
  const strong = c("strong", "int value(void) { return 2; }");
  const main = s("main", "call value");
  deepEqual(tells(program(main, weak, strong), "value"), [
    "`value' is defined in strong.o:(.text+0x0) at 0x…: a strong definition takes the place of a weak one",
    "main.o refers to it first, at .text+0x1 (R_X86_64_PLT32)",
    "passed over: weak.o:(.text+0x0), because it is weak",
    "it is not exported: a program exports only what somebody asks for",
  ]);
  deepEqual(tells(program(main, strong, weak), "value").slice(0, 3), [
    "`value' is defined in strong.o:(.text+0x0) at 0x…: the first definition met",
    "main.o refers to it first, at .text+0x1 (R_X86_64_PLT32)",
    "passed over: weak.o:(.text+0x0), because it is weak",
  ]);
});

test("of common symbols the largest holds; a definition beats them all", gcc, () => {
  const small = c("small", "int table[2]; void _start(void) { table[0] = 1; }", ["-fcommon"]);
  const large = c("large", "int table[8];", ["-fcommon"]);
  const defined = c("defined", "int table[2] = {1};");
  const common = program(small, large).definition("table");
  deepEqual([common?.rule, common?.chosen?.strength, common?.size], ["largest-common", "common", 32]);
  deepEqual(
    common?.others.map(({ loss, size }) => [loss, size]),
    [["smaller-common", 8]],
  );
  const beaten = program(small, defined).definition("table");
  deepEqual([beaten?.rule, beaten?.others[0]?.loss], ["definition-over-common", "common"]);
});

test("inline functions: the copies that were dropped with their groups", needs("g++"), () => {
  const source = "inline int twice(int x) { return 2 * x; } int (*NAME)(int) = twice;";
  const objects = ["one", "two"].map((name) => compile(x86_64, `${name}.cc`, source.replace("NAME", name), ["-fPIC"]));
  const shared = linked(objects, { output: "shared" }).decisions;
  deepEqual(tells(shared, "_Z5twicei"), [
    "`twice(int)' is defined in one.o:(.text._Z5twicei+0x0) at 0x…: the first definition met",
    "one.o refers to it first, at .data.rel+0x0 (R_X86_64_64)",
    "passed over: two.o:(.text._Z5twicei+0x0), because another copy of its section group came first",
    "it is exported, as a shared library exports what it defines; another module's definition may come first at run time",
  ]);
});

test("what the linker and the command line define says so", gcc, () => {
  const main = s("main", "lea fixed(%rip), %rax", "lea _end(%rip), %rax");
  const fixed = {
    symbol: "fixed",
    operator: "=",
    value: { kind: "number", value: 0x1234n },
    provide: false,
    hidden: false,
    place: {},
  } as const;
  const { decisions } = linked([main], { output: "executable", defsym: [fixed] });
  deepEqual(tells(decisions, "fixed"), [
    "`fixed' is what an option or a script assigns: 0x1234",
    "assigned by `fixed = 0x1234' of an option",
    "main.o refers to it first, at .text+0x3 (R_X86_64_PC32)",
  ]);
  deepEqual(tells(decisions, "_end"), [
    "`_end' is a symbol of the linker's at 0x…",
    "assigned by `_end = .' in line 158 of the default script (ld --verbose)",
    "main.o refers to it first, at .text+0xa (R_X86_64_PC32)",
  ]);
});

test("a weak reference takes no member out of an archive, and is 0", gcc, () => {
  const main = c("main", "__attribute__((weak)) int maybe(void); void _start(void) { if (maybe) maybe(); }", [
    "-fno-pic",
  ]);
  const parts = archive(scratch("lib"), "libparts.a", [c("maybe", "int maybe(void) { return 1; }")]);
  const { decisions } = linked([main, parts], { output: "executable" });
  deepEqual(tells(decisions, "maybe"), [
    "`maybe' is defined nowhere and referred to weakly: it is 0",
    "main.o refers to it first, weakly, at .text+0x1 (R_X86_64_32)",
    "libparts.a(maybe.o) defines it too; a weak reference takes no member out of an archive",
  ]);
  equal(decisions.definition("nobody"), undefined);
});

test("an undefined symbol of a link that failed can be asked about, too", gcc, () => {
  const { image, decisions, layout } = linkFiles([s("main", "call gone")]);
  deepEqual([image, layout], [undefined, undefined]);
  deepEqual(tells(decisions, "gone"), [
    "`gone' is defined nowhere",
    "main.o refers to it first, at .text+0x1 (R_X86_64_PLT32)",
  ]);
  deepEqual(decisions.slots, []);
});

// Shared libraries

const LIBRARY = "int data = 1; int called(void) { return data; } int taken(void) { return 2; }";

test("imports: calls, addresses and copies, each with the relocation that asked first", gcc, () => {
  const main = s("main", "mov $taken, %eax", "call called", "call called", "mov $data, %eax");
  const { decisions } = linked([main, library("parts", LIBRARY)], { output: "executable" });
  deepEqual(tells(decisions, "called"), [
    "`called' is bound to libparts.so: the only definition",
    "main.o refers to it first, at .text+0x6 (R_X86_64_PLT32)",
    "calls go through the PLT entry at 0x… in .plt, its word filled by R_X86_64_JUMP_SLOT",
  ]);
  deepEqual(tells(decisions, "taken"), [
    "`taken' is bound to libparts.so: the only definition",
    "main.o refers to it first, at .text+0x1 (R_X86_64_32)",
    "calls go through the PLT entry at 0x… in .plt, its word filled by R_X86_64_JUMP_SLOT",
    "its address in this program is its PLT entry at 0x… in .plt, its word filled by R_X86_64_JUMP_SLOT",
    "it is exported, because other modules have to see the same address of the function",
  ]);
  deepEqual(tells(decisions, "data"), [
    "`data' is bound to libparts.so: the only definition",
    "main.o refers to it first, at .text+0x10 (R_X86_64_32)",
    "its variable is copied into the program at 0x… in .bss, filled by R_X86_64_COPY",
    "it is exported, because the shared library has to use the program's copy",
  ]);
  const { address, slots } = decisions.definition("taken") ?? {};
  equal(address, slots?.[0]?.address);
});

test("a name that is called and whose address is taken has one GOT word for both", gcc, () => {
  const main = s("main", "call called@plt", "mov called@GOTPCREL(%rip), %rax");
  const { decisions } = linked([main, library("parts", LIBRARY)], { output: "pie" });
  deepEqual(
    decisions.slots.map((slot) => plain(describeSlot(slot))[0]),
    [
      "GOT word of `called' at 0x… in .got, filled by R_X86_64_GLOB_DAT: main.o asks for it first, at .text+0x8 (R_X86_64_REX_GOTPCRELX)",
      "PLT entry that shares the GOT word of `called' at 0x… in .plt.got, its word filled by R_X86_64_GLOB_DAT: main.o asks for it first, at .text+0x1 (R_X86_64_PLT32)",
    ],
  );
});

test("thread-local variables: what each access model needs", gcc, () => {
  const source = `extern __thread int outer; static __thread int inner; __thread int own;
    int *general(void) { return &outer; } int *local(void) { return &inner; }
    extern __thread int initial __attribute__((tls_model("initial-exec"))); int early(void) { return initial; }`;
  const { decisions } = linked([c("tls", source, ["-fPIC"])], { output: "shared" });
  deepEqual(
    decisions.slots.map(({ kind, symbol, size, relocation }) => [kind, symbol, size, relocation]),
    [
      ["tls-gd", "outer", 16, "R_X86_64_DTPMOD64"],
      ["tls-ie", "initial", 8, "R_X86_64_TPOFF64"],
      ["tls-module", "", 16, "R_X86_64_DTPMOD64"],
      ["plt", "__tls_get_addr", 16, "R_X86_64_JUMP_SLOT"],
    ],
  );
  ok(decisions.slots.every(({ reason }) => reason?.file.endsWith("tls.o") && reason.section === ".text"));
});

test("who exports what, and why not", gcc, () => {
  const source = `int open_(void) { return 1; } int listed(void) { return 2; }
    __attribute__((visibility("hidden"))) int hidden(void) { return 3; }
    __attribute__((visibility("protected"))) int guarded(void) { return 4; }`;
  const script = new TextEncoder().encode("V1 { global: listed; guarded; hidden; local: *; };");
  const versionNodes = parseVersionScript(script, "map", () => {});
  const object = c("exports", source, ["-fPIC"]);
  const { decisions } = linked([object], { output: "shared", versionNodes });
  const last = (name: string): string | undefined => tells(decisions, name).at(-1);
  equal(last("open_"), "it is not exported: the version script makes it local");
  equal(last("hidden"), "it is not exported: its visibility is hidden");
  equal(
    last("listed"),
    "it is exported, as a shared library exports what it defines; another module's definition may come first at run time",
  );
  equal(
    last("guarded"),
    "it is exported, as a shared library exports what it defines; no other definition can take its place, because its visibility is protected",
  );
  equal(decisions.definition("listed")?.version, "V1");
  equal(decisions.definition("listed@@V1")?.name, "listed");
  const symbolic = linked([object], { output: "shared", bsymbolic: "all" }).decisions;
  equal(
    tells(symbolic, "open_").at(-1),
    "it is exported, as a shared library exports what it defines; no other definition can take its place, because of -Bsymbolic",
  );
});

test("a program exports what a library refers to, or defines too", gcc, () => {
  const parts = library("parts", "int hook(void); int data = 1; int run(void) { return hook() + data; }");
  const main = c("main", "int data = 2; int run(void); int hook(void) { return 1; } void _start(void) { run(); }");
  const { decisions } = linked([main, parts], { output: "pie" });
  deepEqual(tells(decisions, "hook").slice(1), [
    "libparts.so refers to it first",
    "it is exported, because a shared library refers to it",
  ]);
  deepEqual(tells(decisions, "data").slice(-2), [
    "passed over: libparts.so, because an object defines the name",
    "it is exported, because a shared library defines it too and has to use this definition",
  ]);
});

// Files

test("why each file is in the link", gcc, () => {
  const main = c("main", "int first(void); int used(void); void _start(void) { first(); used(); }");
  const parts = archive(scratch("lib"), "libparts.a", [
    c("first", "int second(void); int first(void) { return second(); }"),
    c("second", "int second(void) { return 1; }"),
    c("third", "int third(void) { return 1; }"),
  ]);
  const whole = archive(scratch("lib"), "libwhole.a", [c("every", "int every(void) { return 1; }")]);
  const { decisions } = linked(
    [
      main,
      parts,
      file(whole, { wholeArchive: true }),
      file(library("used", "int used(void) { return 1; }"), { asNeeded: true }),
      file(library("useless", "int useless(void) { return 1; }"), { asNeeded: true }),
    ],
    { output: "pie" },
  );
  deepEqual(
    decisions.files.map((it) => plain(describeFile(it))[0]),
    [
      "main.o: named on the command line",
      "libparts.a(first.o): defines `first', which main.o refers to",
      "libparts.a(second.o): defines `second', which libparts.a(first.o) refers to",
      "libwhole.a(every.o): --whole-archive takes every member",
      "libparts.a: 2 of 3 members taken",
      "libused.so: needed as libused.so, for `used' among others",
      "libuseless.so: dropped, because --as-needed found no use for it",
    ],
  );
});

test("-u takes a member that no file refers to", gcc, () => {
  const parts = archive(scratch("lib"), "libparts.a", [c("extra", "int extra(void) { return 1; }")]);
  const { decisions } = linked([c("main", "void _start(void) {}"), parts], { output: "pie", undefined: ["extra"] });
  deepEqual(plain(decisions.files.slice(1, 2).map((it) => describeFile(it))), [
    "libparts.a(extra.o): defines `extra', which an option refers to",
  ]);
});

// Held to the image

const MIXED = `extern int data; int called(void); static __thread int counter; extern __thread int outer;
  static int local; int *pointers[] = { &local, &data }; static int choice(void) { return 1; }
  static void *resolve(void) { return choice; } int chosen(void) __attribute__((ifunc("resolve")));
  int use(void) { return called() + data + counter++ + outer + chosen(); } int (*address)(void) = called;`;

const OUTPUTS: readonly {
  readonly title: string;
  readonly flags: readonly string[];
  readonly options: LinkFilesOptions;
}[] = [
  { title: "shared library", flags: ["-fPIC"], options: { output: "shared" } },
  { title: "PIE", flags: ["-fPIE"], options: { output: "pie" } },
  {
    title: "PIE with packed relocations",
    flags: ["-fPIE"],
    options: { output: "pie", z: { packRelativeRelocs: true } },
  },
  { title: "position-dependent program", flags: ["-fno-pic"], options: { output: "executable" } },
];

for (const target of targets) {
  for (const { title, flags, options } of OUTPUTS) {
    test(
      `dynamic relocations are those of the image: ${title} (${target.name})`,
      needsToRun("gcc", ...target.tools),
      () => {
        const parts = library("parts", `${LIBRARY} __thread int outer = 1;`, {}, target);
        const main = c("mixed", `${MIXED} void _start(void) { use(); }`, flags, target);
        const { image, decisions, layout } = linked([main, parts], { emulation: target.emulation, ...options });
        ok(image && layout);
        const said = [...decisions.dynamicRelocations()];
        deepEqual(said.map(({ type, address }) => `${address.toString(16)} ${type}`).sort(), relocationsIn(image));
        ok(said.every((it) => describeDynamicRelocation(it).length > 20));
        // Every slot that somebody fills has a relocation that asked for it.
        ok(decisions.slots.every(({ reason }) => reason?.file.endsWith("mixed.o")));
        for (const section of layout.sections) checkPieces(section);
        deepEqual(headersIn(image), {
          sections: layout.sections.map(({ name, address, offset, size }) => [name, address, offset, size]),
          segments: layout.segments.map(({ type, address, offset, memoryBytes }) => [
            type,
            address,
            offset,
            memoryBytes,
          ]),
          entry: layout.entry,
        });
        const addresses = symbolsIn(image);
        for (const { name, address } of layout.symbols()) {
          if (addresses.has(name)) equal(address, addresses.get(name), name);
        }
      },
    );
  }
}

function elfOf(image: Uint8Array): ElfFile {
  const elf = parseElf(image, "image", () => {});
  ok(elf);
  return elf;
}

/** Addresses and types, in hexadecimal and by name, sorted. */
function relocationsIn(image: Uint8Array): string[] {
  const elf = elfOf(image);
  const { types } = machineFor(elf.header.machine, elf.elfClass)?.relocations ?? { types: [] };
  const named = (offset: number, type: number): string => `${offset.toString(16)} ${types[type]?.name}`;
  return elf.sections
    .flatMap((section) =>
      section.type === SHT_RELR
        ? Array.from(
            relrOf(elf, section, () => {}),
            (offset) => named(offset, R_RELATIVE),
          )
        : isRelocationSection(section)
          ? relocationsOf(elf, section, () => {}).map(({ offset, type }) => named(offset, type))
          : [],
    )
    .sort();
}

function headersIn(image: Uint8Array): object {
  const { sections, segments, header } = elfOf(image);
  return {
    // .shstrtab is made when the headers are written, and no pass before that knows of it.
    sections: sections
      .filter(({ index, name }) => index > 0 && name !== ".shstrtab")
      .map(({ name, address, offset, size }) => [name, address, offset, size]),
    segments: segments.map(({ type, address, offset, memoryBytes }) => [type, address, offset, memoryBytes]),
    entry: header.entry,
  };
}

function symbolsIn(image: Uint8Array): Map<string, number> {
  const elf = elfOf(image);
  const table = elf.sections.find(({ type }) => type === SHT_SYMTAB);
  ok(table);
  const globals = symbolsOf(elf, table, () => {}).filter(
    ({ binding, section, type }) => binding > 0 && section > 0 && type !== STT_TLS,
  );
  return new Map(globals.map(({ name, value }) => [name.replace(/@.*/, ""), value]));
}

/** Pieces lie in their section, one behind the other. */
function checkPieces({ name, address, size, pieces }: LaidOutSection): void {
  let end = address;
  for (const piece of pieces()) {
    ok(piece.address >= end, `${name}: ${piece.file} ${piece.section}`);
    end = piece.address + piece.size;
  }
  ok(end <= address + size, name);
}
