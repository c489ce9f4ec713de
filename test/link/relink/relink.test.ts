// link(x), then relink to y, is link(y), or there is a reason to link again: over random changes of bytes, over random objects whose
// code, values, relocations and unwind records differ within sections of the same sizes, and over options and scripts.

import { deepEqual, equal, ok } from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { nodeAccelerators } from "../../../src/host/accelerators.ts";
import { memoryFiles } from "../../../src/host/memory-files.ts";
import {
  defaultInputState,
  defaultOptions,
  type LinkInput,
  type LinkOptions,
  type LinkResult,
  link,
  type Relinkable,
  type Relinked,
  relink,
} from "../../../src/link/index.ts";
import { compile, i386, type Target, x86_64 } from "../../support/build.ts";
import { needs } from "../../support/tools.ts";
import { randomObject, STATIC_SCRIPT } from "./random-object.ts";

const options = needs("gcc", "as");

const SOURCE = `
extern int elsewhere(int); extern int shared_variable; __thread int local_thread = 3; extern __thread int other_thread;
static const char *const texts[] = { "one", "two", "three" }; int numbers[64] = { 1, 2, 3 };
const char *text(int i) { return texts[i % 3]; }
int calculate(int x) { local_thread += x * 77 + 1234; return elsewhere(x ^ 0x55) + shared_variable + other_thread + numbers[x & 63]; }
int (*pointer)(int) = calculate; int plain(int x) { x *= 3; x += 7654321; x ^= 99; x *= 5; x -= 4; x ^= 77; return x; }
__attribute__((constructor)) static void early(void) { numbers[7] = 99; }
`;
const OTHER = `
int shared_variable = 5; __thread int other_thread = 9; char padding[1100000] = { 1 };
int elsewhere(int x) { return x + 1; }
extern int calculate(int); void _start(void) { calculate(3); }
`;

interface Case {
  readonly name: string;
  readonly inputs: Readonly<Record<string, Uint8Array>>;
  readonly script?: string;
  readonly options: Partial<LinkOptions>;
}

const cases: Case[] = [];

before(() => {
  if (options.skip !== undefined) return;
  for (const target of [x86_64, i386]) {
    for (const [flags, kinds] of [
      [
        ["-fPIC", "-g"],
        ["shared", "pie"],
      ],
      [["-fno-pic", "-O1"], ["static"]],
    ] as const) {
      const read = (name: string, text: string): Uint8Array =>
        new Uint8Array(readFileSync(compile(target, name, text, flags)));
      const inputs = { "main.o": read("main.c", SOURCE), "other.o": read("other.c", OTHER) };
      for (const output of kinds)
        cases.push({ name: `${target.name} ${output}`, inputs, options: { output, buildId: { style: "sha1" } } });
    }
  }
});

function linkAll({ inputs, script, options: wanted }: Case): LinkResult {
  const whole: LinkOptions = { ...defaultOptions, accelerators: nodeAccelerators, ...wanted };
  const files = Object.entries(inputs).map(
    ([path, bytes]): LinkInput => ({ kind: "file", path, bytes, state: defaultInputState }),
  );
  if (script === undefined) return link(files, whole, memoryFiles({}));
  const text = new TextEncoder().encode(script);
  return link(
    [{ kind: "script", path: "script", bytes: text, state: defaultInputState }, ...files],
    whole,
    memoryFiles({}),
  );
}

/** Numbers that are the same in each run (a linear congruential generator, Numerical Recipes). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 0x100000000) * below);
  };
}

/** The output with the patches in it. */
function patched(image: Uint8Array, { patches }: Relinked): Uint8Array {
  const copy = image.slice();
  for (const { offset, bytes } of patches) copy.set(bytes, offset);
  return copy;
}

function relinkTo(
  kept: Relinkable,
  image: Uint8Array,
  changed: Readonly<Record<string, Uint8Array>>,
): Relinked | string {
  return relink(kept, new Map(Object.entries(changed)), (from, to) => image.subarray(from, to));
}

function keptOf(result: LinkResult): { kept: Relinkable; image: Uint8Array } {
  const kept = result.keep();
  if (typeof kept === "string" || result.image === undefined)
    throw new Error(`nothing is kept: ${kept} ${JSON.stringify(result.problems)}`);
  return { kept, image: result.image };
}

/**
 * Links once, then relinks to each of `changes` after the other; after a refusal everything is linked anew.
 * @returns how many were relinked, and the reasons why others were not
 */
function follow(
  subject: Case,
  changes: Iterable<Readonly<Record<string, Uint8Array>>>,
): { relinked: number; why: string[] } {
  let current = subject;
  let { kept, image } = keptOf(linkAll(subject));
  let relinked = 0;
  const why: string[] = [];
  for (const change of changes) {
    current = { ...current, inputs: { ...current.inputs, ...change } };
    const found = relinkTo(kept, image, change);
    const full = linkAll(current);
    if (typeof found !== "string") {
      relinked++;
      image = patched(image, found);
      kept = found.next;
      equal(digest(image), full.image && digest(full.image), `${subject.name}, change ${relinked + why.length}`);
      continue;
    }
    why.push(found);
    if (full.image === undefined || typeof full.keep() === "string") {
      current = subject;
      ({ kept, image } = keptOf(linkAll(subject)));
    } else ({ kept, image } = keptOf(full));
  }
  return { relinked, why };
}

test("random changes of bytes: the bytes of a full link, or a reason for one", options, () => {
  for (const subject of cases) {
    const below = generator(subject.name.length);
    const original = subject.inputs["main.o"];
    const mutants = Array.from({ length: 24 }, (_, round) => {
      const main = original.slice();
      // Half of them anywhere, half in the code and data at the start, where most compilers put it.
      for (let i = below(3); i >= 0; i--) main[below(round % 2 === 0 ? main.length : 600)] ^= 1 << below(8);
      return { "main.o": main };
    });
    const { relinked, why } = follow(subject, mutants);
    ok(relinked >= 3, `${subject.name}: ${relinked} relinked; ${why.join(", ")}`);
  }
});

const KINDS: readonly (readonly [name: string, wanted: Partial<LinkOptions>, script?: string])[] = [
  ["pie", { output: "pie" }],
  ["shared", { output: "shared" }],
  ["static", { output: "static" }],
  ["executable", { output: "executable" }],
  ["pie, gc", { output: "pie", gcSections: true, undefined: ["f0_0"] }],
  ["pie, relr", { output: "pie", z: { ...defaultOptions.z, packRelativeRelocs: true } }],
  ["shared, symbolic", { output: "shared", bsymbolic: "all" }],
  ["pie, stripped", { output: "pie", strip: "all" }],
  ["static, script", { output: "static" }, STATIC_SCRIPT],
];

for (const target of [x86_64, i386])
  test(`random objects within the same sizes, ${target.name}`, options, () => {
    const below = generator(target.name.length * 977);
    const objects = Array.from({ length: 24 }, (_, i) => assemble(target, i % 3, below));
    for (const [name, wanted, script] of KINDS) {
      const inputs = { "0.o": objects[0], "1.o": objects[1], "2.o": objects[2] };
      const subject: Case = {
        name: `${target.name} ${name}`,
        inputs,
        options: { ...wanted, entry: "f0_0", ehFrameHdr: true, buildId: { style: "sha1" } },
        ...(script === undefined ? {} : { script }),
      };
      const changes = objects.slice(3).map((it, i) => {
        const own = { [`${i % 3}.o`]: it };
        // Every fourth time two at once.
        return i % 4 === 3 ? { ...own, [`${(i + 1) % 3}.o`]: objects[3 + ((i + 1) % 21)] } : own;
      });
      const { relinked, why } = follow(subject, changes);
      ok(relinked >= 4, `${subject.name}: ${relinked} relinked; ${why.join(", ")}`);
    }
  });

function assemble(target: Target, number: number, below: (limit: number) => number): Uint8Array {
  return new Uint8Array(readFileSync(compile(target, "random.s", randomObject(target, number, below))));
}

/** A function more or less is another symbol; a line, a string, a constant or a call more are code and data. */
const LINES = [
  "",
  "x += 3;",
  "x += elsewhere(x) * 7; numbers[x & 63] = x;",
  'puts_it("a new string"); x ^= local_thread;',
  'puts_it("another"); for (int i = 0; i < x; i++) numbers[i & 63] += shared_variable;',
  "x = x > 100000 ? calculate(x - 1) : calculate(x + 1);",
];
const PARTS = [
  "-O0",
  "-O1",
  "-O2 -g",
  "-g -gdwarf-4",
  "-O2 -ffunction-sections -fdata-sections",
  "-g -O1 -fno-asynchronous-unwind-tables",
];

for (const target of [x86_64, i386])
  test(`--incremental: new code is relinked to the bytes of a full link, ${target.name}`, options, () => {
    const reasons: string[] = [];
    let relinked = 0;
    for (const [i, flags] of PARTS.entries()) {
      const built = (line: string): Uint8Array => {
        const extra = `extern void puts_it(const char *); int grown(int x) { ${line} return x + local_thread; }`;
        const text = `${SOURCE} ${extra} int again(int x) { ${line} puts_it("string"); return x; }`;
        return new Uint8Array(readFileSync(compile(target, "main.c", text, ["-fPIC", ...flags.split(" ")])));
      };
      const other = `${OTHER.replace("1100000", "70000")} void puts_it(const char *s) { shared_variable += *s; }`;
      const inputs = {
        "main.o": built(""),
        "other.o": new Uint8Array(readFileSync(compile(target, "other.c", other, ["-fPIC", ...flags.split(" ")]))),
      };
      for (const gcSections of [false, true]) {
        const wanted: Partial<LinkOptions> = { output: i % 2 === 0 ? "pie" : "static", incremental: true, gcSections };
        const subject: Case = {
          name: `${target.name} ${flags}`,
          inputs,
          options: { ...wanted, ehFrameHdr: true, undefined: ["grown", "again"], buildId: { style: "sha1" } },
        };
        const found = follow(
          subject,
          LINES.slice(1).map((line) => ({ "main.o": built(line) })),
        );
        relinked += found.relinked;
        reasons.push(...found.why.map((why) => `${subject.name}${gcSections ? " gc" : ""}: ${why}`));
      }
    }
    ok(relinked >= 20, `${relinked} relinked of 60; ${reasons.join("\n")}`);
  });

test("labels of strings, which are in no symbol table, come, go and change places", options, () => {
  const built = (...lines: string[]): Uint8Array => {
    const text = `
      .section .rodata.str1.1, "aMS", @progbits, 1
      .Lone: .string "one"
      .Ltwo: .string "two"
      .text
      .globl _start, kept
      kept: nop
      own: ${lines.join("\n")}
      _start: call kept`;
    return new Uint8Array(readFileSync(compile(x86_64, "main.s", text)));
  };
  // Of a place within a merged string as keeps the label as a symbol.
  const [one, two] = ["lea .Lone+1(%rip), %rax", "lea .Ltwo+1(%rip), %rax"];
  const subject: Case = {
    name: "labels",
    inputs: { "main.o": built(one, "call kept") },
    options: { output: "static", incremental: true, buildId: { style: "sha1" } },
  };
  const changes = [built(one, two), built(two, one), built("nop"), built("lea kept(%rip), %rbx", two)];
  const found = follow(
    subject,
    changes.map((main) => ({ "main.o": main })),
  );
  deepEqual(found, { relinked: 4, why: [] });
});

test("nothing changed: nothing to do", options, () => {
  for (const subject of cases) {
    const { kept, image } = keptOf(linkAll(subject));
    const found = relinkTo(kept, image, { "main.o": subject.inputs["main.o"].slice() });
    deepEqual(typeof found === "string" ? found : found.patches, []);
  }
});

test("what takes a full link", options, () => {
  const [subject] = cases;
  const original = subject.inputs["main.o"];
  const refusal = (main: Uint8Array, path = "main.o"): unknown => {
    const { kept, image } = keptOf(linkAll(subject));
    const found = relinkTo(kept, image, { [path]: main });
    return typeof found === "string" ? found : found.patches.length;
  };
  equal(refusal(original.subarray(0, 40)), "object-unreadable");
  // e_flags
  const header = original.slice();
  header[48] ^= 1;
  equal(refusal(header), "sections-changed");
  const strings = original.slice();
  // .comment is a section of strings that are merged.
  strings[Buffer.from(strings).indexOf("GCC: (")] ^= 1;
  equal(refusal(strings), "decisive-bytes-changed");
  equal(refusal(header, "libx.a"), "not-an-object-of-the-link");
  const longer = new Uint8Array(
    readFileSync(compile(x86_64, "main.c", `${SOURCE} int more(int x) { return x; }`, ["-fPIC", "-g"])),
  );
  equal(refusal(longer), "size-changed");
  const keep = (changed: Partial<LinkOptions>): unknown =>
    linkAll({ ...subject, options: { ...subject.options, ...changed } }).keep();
  equal(keep({ icf: "all" }), "folded");
  equal(keep({ output: "relocatable" }), "relocatable");
  equal(keep({ compressDebugSections: "zlib-gabi" }), "compressed");
  equal(keep({ buildId: { style: "uuid" } }), "random-build-id");
});

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
