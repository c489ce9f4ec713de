// link(x), then relink to y, is link(y), or there is a reason to link again: over random changes of objects, in each kind of
// output, for both machines.

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
import { compile, i386, x86_64 } from "../../support/build.ts";
import { needs } from "../../support/tools.ts";

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
int shared_variable = 5; __thread int other_thread = 9; char padding[1500000] = { 1 };
int elsewhere(int x) { return x + 1; }
extern int calculate(int); void _start(void) { calculate(3); }
`;

interface Case {
  readonly name: string;
  readonly main: Uint8Array;
  readonly other: Uint8Array;
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
      const [main, other] = [read("main.c", SOURCE), read("other.c", OTHER)];
      for (const output of kinds)
        cases.push({ name: `${target.name} ${output}`, main, other, options: { output, buildId: { style: "sha1" } } });
    }
  }
});

function linkAll({ main, other, options: wanted }: Case): LinkResult {
  const whole: LinkOptions = { ...defaultOptions, accelerators: nodeAccelerators, ...wanted };
  const inputs: LinkInput[] = [
    { kind: "file", path: "main.o", bytes: main, state: defaultInputState },
    { kind: "file", path: "other.o", bytes: other, state: defaultInputState },
  ];
  return link(inputs, whole, memoryFiles({}));
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

function relinkMain(kept: Relinkable, image: Uint8Array, main: Uint8Array): Relinked | string {
  return relink(kept, new Map([["main.o", main]]), (from, to) => image.subarray(from, to));
}

function keptOf(result: LinkResult): { kept: Relinkable; image: Uint8Array } {
  const kept = result.keep();
  if (typeof kept === "string" || result.image === undefined) throw new Error(`nothing is kept: ${kept}`);
  return { kept, image: result.image };
}

test("random changes: the bytes of a full link, or a reason for one", options, () => {
  for (const subject of cases) {
    const { kept, image } = keptOf(linkAll(subject));
    const below = generator(subject.name.length);
    let relinked = 0;
    for (let round = 0; round < 60; round++) {
      const main = subject.main.slice();
      // Half of them anywhere, half in the code and data at the start, where most compilers put it.
      for (let i = below(3); i >= 0; i--) main[below(round % 2 === 0 ? main.length : 600)] ^= 1 << below(8);
      const found = relinkMain(kept, image, main);
      if (typeof found === "string") continue;
      relinked++;
      const full = linkAll({ ...subject, main });
      deepEqual(digest(patched(image, found)), full.image && digest(full.image), `${subject.name}, round ${round}`);
    }
    ok(relinked > 5, `${subject.name}: ${relinked} relinked`);
  }
});

test("one relink after the other", options, () => {
  const [subject] = cases;
  let { kept, image } = keptOf(linkAll(subject));
  const main = subject.main.slice();
  const at = Buffer.from(main).indexOf(Buffer.from([0xb1, 0xcb, 0x74, 0]));
  ok(at > 0, "the constant 7654321");
  for (const value of [7, 8, 9]) {
    main[at] = value;
    const found = relinkMain(kept, image, main.slice());
    if (typeof found === "string") throw new Error(found);
    image = patched(image, found);
    kept = found.next;
    deepEqual(digest(image), digest(linkAll({ ...subject, main }).image ?? new Uint8Array()));
    equal(found.patches.length, 2, "a byte and the build ID");
  }
});

test("nothing changed: nothing to do", options, () => {
  for (const subject of cases) {
    const { kept, image } = keptOf(linkAll(subject));
    const found = relinkMain(kept, image, subject.main.slice());
    deepEqual(typeof found === "string" ? found : found.patches, []);
  }
});

test("what takes a full link", options, () => {
  const [subject] = cases;
  const { kept, image } = keptOf(linkAll(subject));
  const longer = new Uint8Array(subject.main.length + 1);
  longer.set(subject.main);
  equal(relinkMain(kept, image, longer), "size-changed");
  // e_flags
  const header = subject.main.slice();
  header[48] ^= 1;
  equal(relinkMain(kept, image, header), "structure-changed");
  const strings = subject.main.slice();
  // .comment is a section of strings that are merged.
  strings[Buffer.from(strings).indexOf("GCC: (")] ^= 1;
  equal(relinkMain(kept, image, strings), "structure-changed");
  equal(
    relink(kept, new Map([["libx.a", header]]), () => image),
    "not-an-object-of-the-link",
  );
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
