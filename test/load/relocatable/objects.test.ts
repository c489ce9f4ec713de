// `solder load a.o b.o`: relocatable objects in simulated memory. GNU ld, told by a script to put each section at the same
// address, judges the bytes.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SHT_NOBITS } from "../../../src/elf/constants.ts";
import { loadObjects, type ObjectsLoaded, type PlacedObject } from "../../../src/load/relocatable/index.ts";
import { compile, scratch, type Target, targets, x86_64 } from "../../support/build.ts";
import { tool } from "../../support/run.ts";
import { needs, needsToRun } from "../../support/tools.ts";

interface Source {
  readonly name: string;
  readonly text: string;
  readonly base?: number;
  readonly flags?: readonly string[];
}

function load(target: Target, sources: readonly Source[]): ObjectsLoaded {
  return loadObjects(
    sources.map(({ name, text, base, flags }) => ({
      name,
      bytes: readFileSync(compile(target, name.replace(/\.o$/, ".c"), text, flags ?? ["-O1", "-fno-pic"])),
      base,
    })),
  );
}

const codes = (loaded: ObjectsLoaded): string[] => loaded.problems.map((it) => it.code);
const addressOf = (loaded: ObjectsLoaded, name: string): number | undefined =>
  loaded.globals.find((it) => it.name === name)?.value.address;

function section(object: PlacedObject | undefined, name: string): { address: number; memory: Uint8Array } {
  const placed = object?.sections.find((it) => it?.section.name === name);
  ok(placed !== undefined, `no section ${name}`);
  return placed;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const A = `
  extern int counter; int twice(int);
  const char *message = "hello"; static int hidden = 3;
  int go(int x) { counter += hidden; return twice(x) + counter; }`;
const B = `
  int counter = 5; int table[4];
  int twice(int x) { return 2 * x; }
  extern int go(int); int (*pointer)(int) = go;`;

for (const target of targets) {
  test(
    `sections lie at the given bases, and their bytes are GNU ld's (${target.name})`,
    needsToRun(...target.tools),
    () => {
      const directory = scratch("load-objects");
      const sources = [
        { name: "b.o", text: B, base: 0x20000 },
        { name: "a.o", text: A, base: 0x30000 },
      ];
      const loaded = load(target, sources);
      deepEqual(codes(loaded), []);
      const [b, a] = loaded.objects;
      equal(section(b, ".text").address, 0x20000);
      equal(section(a, ".text").address, 0x30000);

      // GNU ld, with an output section for each input section at its address.
      const paths = sources.map(({ name, text }) =>
        compile(target, name.replace(/\.o$/, ".c"), text, ["-O1", "-fno-pic"]),
      );
      const placed = loaded.objects.flatMap((object, i) =>
        object.sections.flatMap((it) =>
          it === undefined || it.section.size === 0 || it.section.name === ".eh_frame"
            ? []
            : [{ ...it, path: paths[i] }],
        ),
      );
      const lines = placed.map((it, i) => `s${i} ${it.address} : { ${it.path}(${it.section.name}) }`);
      const script = join(directory, "script.ld");
      writeFileSync(script, `SECTIONS { ${lines.join("\n")} /DISCARD/ : { *(.eh_frame .comment .note*) } }`);
      const image = join(directory, "image");
      tool("ld", ["-m", target.emulation, "-e", "0", "-T", script, "-o", image, ...paths]);
      placed.forEach((it, i) => {
        if (it.section.type === SHT_NOBITS) return;
        const copy = join(directory, `s${i}`);
        tool("objcopy", [
          "-O",
          "binary",
          "-j",
          `s${i}`,
          "--set-section-flags",
          `s${i}=alloc,load,contents`,
          image,
          copy,
        ]);
        equal(hexOf(it.memory), hexOf(readFileSync(copy)), `${it.path} ${it.section.name}`);
      });
    },
  );
}

test("the order of the objects does not matter, only their bases do", needs(...x86_64.tools), () => {
  const a = { name: "a.o", text: A, base: 0x30000 };
  const b = { name: "b.o", text: B, base: 0x20000 };
  const [one, other] = [load(x86_64, [a, b]), load(x86_64, [b, a])];
  for (const name of ["go", "message", "counter", "table", "twice", "pointer"])
    equal(addressOf(one, name), addressOf(other, name), name);
  equal(hexOf(section(one.objects[0], ".text").memory), hexOf(section(other.objects[1], ".text").memory));
});

test("an object without a base goes on the page behind the one before", needs(...x86_64.tools), () => {
  const loaded = load(x86_64, [
    { name: "b.o", text: B, base: 0x20000 },
    { name: "a.o", text: A },
  ]);
  equal(loaded.objects[1]?.base, 0x21000);
});

test("a call that cannot reach its function goes through a PLT entry of its object", needs(...x86_64.tools), () => {
  const loaded = load(x86_64, [
    {
      name: "near.o",
      text: "int far(void); int near(void) { return far() + 1; }",
      base: 0x10000,
      flags: ["-O1", "-fpic"],
    },
    { name: "far.o", text: "int far(void) { return 41; }", base: 0x7f0000000000 },
  ]);
  deepEqual(codes(loaded), []);
  const { entries, plt, got, pltAddress, gotAddress } = loaded.objects[0].slots;
  const [entry] = entries;
  deepEqual([entry.kind, entry.name, entry.words], ["plt", "far", [0x7f0000000000]]);
  equal(entry.address, pltAddress);
  // jmp *GOT slot: relative to the end of the six-byte instruction.
  equal(hexOf(plt.subarray(0, 2)), "ff25");
  equal(new DataView(plt.buffer).getInt32(2, true), gotAddress - (pltAddress + 6));
  equal(new DataView(got.buffer).getBigUint64(0, true), 0x7f0000000000n);
  const call = loaded.relocations.find((it) => it.symbolName === "far");
  equal(call?.value, BigInt(pltAddress) - 4n - BigInt(call?.place ?? 0));
});

test("code that asks the GOT for an address gets a slot of its own object's", needs(...x86_64.tools), () => {
  const loaded = load(x86_64, [
    { name: "user.o", text: "extern int far; int *use(void) { return &far; }", base: 0x10000, flags: ["-O1", "-fpic"] },
    { name: "definer.o", text: "int far = 1;", base: 0x7f0000000000 },
  ]);
  const [slot] = loaded.objects[0].slots.entries;
  deepEqual([slot.kind, slot.name, slot.words], ["got", "far", [0x7f0000000000]]);
});

test(
  "what does not reach without the GOT is said, with a cure, and the field stays as it is",
  needs(...x86_64.tools),
  () => {
    const loaded = load(x86_64, [
      { name: "user.o", text: "extern int far; int use(void) { return far; }", base: 0x10000 },
      { name: "definer.o", text: "int far = 1;", base: 0x7f0000000000 },
    ]);
    deepEqual(codes(loaded), ["object-out-of-reach"]);
    const refused = loaded.relocations.find((it) => it.fate === "overflow");
    equal(refused?.symbolName, "far");
    equal(hexOf(refused?.after ?? new Uint8Array()), hexOf(refused?.before ?? new Uint8Array(1)));
  },
);

test("an undefined symbol is reported with all its references; a weak one is 0", needs(...x86_64.tools), () => {
  const text = `
    extern int missing(void); extern int optional(void) __attribute__((weak));
    int one(void) { return missing(); } int two(void) { return missing() + (optional ? optional() : 0); }`;
  const loaded = load(x86_64, [{ name: "a.o", text, flags: ["-O1", "-fpic"] }]);
  deepEqual(codes(loaded), ["undefined-symbol"]);
  deepEqual(
    loaded.problems.map((it) => [it.details.symbol, (it.details.references as unknown[]).length]),
    [["missing", 2]],
  );
  equal(loaded.objects[0].slots.entries.find((it) => it.name === "optional")?.words[0], 0);
});

test("a strong definition wins over a common, a common over a weak one", needs(...x86_64.tools), () => {
  const loaded = load(x86_64, [
    { name: "weak.o", text: "__attribute__((weak)) int a = 1; __attribute__((weak)) int b = 1;" },
    { name: "common.o", text: "int a; int b; char c[4];", flags: ["-fcommon"] },
    { name: "strong.o", text: "int a = 3; char c[16];", flags: ["-fcommon"] },
  ]);
  deepEqual(
    ["a", "b", "c"].map((name) => loaded.globals.find((it) => it.name === name)?.value.definer),
    ["strong.o", "common.o", "strong.o"],
  );
});

test("two strong definitions are an error, with both places", needs(...x86_64.tools), () => {
  const loaded = load(x86_64, [
    { name: "a.o", text: "int x = 1;" },
    { name: "b.o", text: "int x = 2;" },
  ]);
  deepEqual(codes(loaded), ["duplicate-symbol"]);
  deepEqual(loaded.problems[0]?.details.first, [{ file: "a.o", section: ".data", offset: 0 }]);
});

test(
  "an IFUNC is reached through a PLT entry whose word is decided when the program runs",
  needs(...x86_64.tools),
  () => {
    const text = `
    static int plain(void) { return 1; }
    static void *choose(void) { return plain; }
    int chosen(void) __attribute__((ifunc("choose")));
    int (*pointer)(void) = chosen;
    int call(void) { return chosen(); }`;
    const loaded = load(x86_64, [{ name: "a.o", text }]);
    deepEqual(codes(loaded), []);
    const [entry, ...others] = loaded.objects[0].slots.entries;
    deepEqual([entry.kind, entry.words, others.length], ["plt", [undefined], 0]);
    const pointer = loaded.relocations.find((it) => it.section.name.startsWith(".data"));
    equal(pointer?.value, BigInt(entry.address));
  },
);

for (const [what, bytes, found] of [
  ["an empty file", new Uint8Array(0), /empty/],
  ["a text", new TextEncoder().encode("hello, world\n"), /text/],
  ["a Mach-O object", Uint8Array.of(0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1), /Mach-O/],
  ["a Windows program", new TextEncoder().encode("MZ\x90\0\x03"), /Windows/],
] as const) {
  test(`${what} is called what it is`, () => {
    const { problems, objects } = loadObjects([{ name: "x.o", bytes, base: undefined }]);
    deepEqual(
      problems.map((it) => it.code),
      ["not-elf"],
    );
    match(String(problems[0]?.details.found), found);
    equal(objects.length, 0);
  });
}

test("a linked program is not an object", needs("/bin/true"), () => {
  const { problems } = loadObjects([{ name: "true", bytes: readFileSync("/bin/true"), base: undefined }]);
  deepEqual(
    problems.map((it) => it.code),
    ["object-not-relocatable"],
  );
});

test("damaged objects give problems, never an exception", needs(...x86_64.tools), () => {
  const bytes = readFileSync(compile(x86_64, "b.c", B, ["-O1", "-fno-pic"]));
  for (let at = 0; at < bytes.length; at++) {
    for (const value of [0xff, 0x80, 0]) {
      const damaged = Uint8Array.from(bytes);
      damaged[at] = value;
      loadObjects([{ name: "b.o", bytes: damaged, base: undefined }]);
    }
  }
});
