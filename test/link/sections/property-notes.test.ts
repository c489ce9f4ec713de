// .note.gnu.property: what holds for every object holds for the output, and GNU ld writes the same note.

import { deepEqual, equal } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import type { Problem } from "../../../src/elf/problem.ts";
import { defaultOptions } from "../../../src/link/options.ts";
import {
  type MergedProperties,
  mergePropertyNotes,
  type PropertyOptions,
} from "../../../src/link/sections/property-notes.ts";
import { compile, scratch } from "../../support/build.ts";
import { eachTarget, likeGnuLd } from "../../support/link.ts";
import { run, tool } from "../../support/run.ts";
import { readSections, sectionBytes } from "../../support/sections.ts";
import { needs } from "../../support/tools.ts";

/** A property: type, and value where it has one. */
type Property = readonly [type: number, value?: number];

const STACK_SIZE = 1;
const NO_COPY_ON_PROTECTED = 2;
const NEEDED_1 = 0xb0008000;
const FEATURE_1 = 0xc0000002;
const ISA_NEEDED = 0xc0008002;
const FEATURE_2_USED = 0xc0010001;
const ISA_USED = 0xc0010002;

const IBT = 1;
const SHSTK = 2;

/** The note of an object, written by hand. */
function note(properties: readonly Property[], elfClass: 32 | 64 = 64): Uint8Array {
  const words = (value: number, bytes: number): number[] =>
    Array.from({ length: bytes }, (_, i) => Math.floor(value / 2 ** (8 * i)) % 256);
  const list = properties.flatMap(([type, value]) => {
    const size = value === undefined ? 0 : type === STACK_SIZE ? elfClass / 8 : 4;
    const padding = elfClass === 64 && size === 4 ? 4 : 0;
    return [...words(type, 4), ...words(size, 4), ...words(value ?? 0, size), ...words(0, padding)];
  });
  return Uint8Array.from([...words(4, 4), ...words(list.length, 4), ...words(5, 4), 0x47, 0x4e, 0x55, 0, ...list]);
}

function merge(
  objects: readonly (readonly Property[] | Uint8Array | undefined)[],
  options: Partial<PropertyOptions> = {},
  problems: Problem[] = [],
  elfClass: 32 | 64 = 64,
): MergedProperties {
  const inputs = objects.map((object, i) => {
    const bytes = object === undefined || object instanceof Uint8Array ? object : note(object, elfClass);
    return { file: `${i}.o`, bytes };
  });
  return mergePropertyNotes(inputs, elfClass, { ...defaultOptions.z, ...options }, (problem) => problems.push(problem));
}

test("a feature holds for the output if it holds for every object", () => {
  const both = merge([[[FEATURE_1, IBT | SHSTK]], [[FEATURE_1, SHSTK]]]);
  deepEqual(both.note, note([[FEATURE_1, SHSTK]]));
  equal(both.ibt, false);
  equal(merge([[[FEATURE_1, IBT]], [[FEATURE_1, IBT]]]).ibt, true);
});

test("an object without a note has no feature, and without a feature left there is no note", () => {
  equal(merge([[[FEATURE_1, IBT]], undefined]).note, undefined);
  equal(merge([[[FEATURE_1, IBT]], [[FEATURE_1, SHSTK]]]).note, undefined);
  equal(merge([undefined]).note, undefined);
  equal(merge([]).note, undefined);
});

test("what one object needs the output needs", () => {
  deepEqual(merge([[[ISA_NEEDED, 2]], undefined, [[ISA_NEEDED, 4]]]).note, note([[ISA_NEEDED, 6]]));
});

test("what is used is known only if every object tells", () => {
  deepEqual(merge([[[ISA_USED, 2]], [[ISA_USED, 4]]]).note, note([[ISA_USED, 6]]));
  equal(merge([[[ISA_USED, 2]], []]).note, undefined);
  deepEqual(merge([[[FEATURE_2_USED, 0]], [[FEATURE_2_USED, 0]]]).note, note([[FEATURE_2_USED, 0]]));
});

test("the largest stack wins, all 64 bits of it, and -z stack-size takes part", () => {
  const objects = [[[STACK_SIZE, 0x1_0000_0010]], [[STACK_SIZE, 0x100]]] as const;
  deepEqual(merge(objects).note, note([[STACK_SIZE, 0x1_0000_0010]]));
  deepEqual(merge(objects, { stackSize: 0x2_0000_0000 }).note, note([[STACK_SIZE, 0x2_0000_0000]]));
  equal(merge([undefined], { stackSize: 0x1000 }).note, undefined);
});

test("one object that forbids copies of protected data is enough", () => {
  const merged = merge([undefined, [[NO_COPY_ON_PROTECTED]]]);
  deepEqual(merged.note, note([[NO_COPY_ON_PROTECTED]]));
  equal(merged.noCopyOnProtected, true);
});

test("indirect external access comes from an object or from -z, and -z can refuse it", () => {
  equal(merge([[[NEEDED_1, 1]]]).indirectExternAccess, true);
  equal(merge([[[NEEDED_1, 1]]]).noCopyOnProtected, true);
  deepEqual(merge([undefined], { indirectExternAccess: true }).note, note([[NEEDED_1, 1]]));
  equal(merge([[[NEEDED_1, 1]]], { indirectExternAccess: false }).indirectExternAccess, false);
});

test("-z ibt, shstk, lam and x86-64-v3 set their bits whatever the objects say", () => {
  deepEqual(merge([undefined], { ibt: true }).note, note([[FEATURE_1, IBT]]));
  deepEqual(merge([[[FEATURE_1, SHSTK]]], { ibt: true }).note, note([[FEATURE_1, IBT | SHSTK]]));
  deepEqual(
    merge([undefined], { shstk: true, isaLevelNeeded: 3 }).note,
    note([
      [FEATURE_1, SHSTK],
      [ISA_NEEDED, 4],
    ]),
  );
  deepEqual(merge([undefined], { lamU48: true }).note, note([[FEATURE_1, 0xc]]));
  deepEqual(merge([undefined], { lamU57: true }).note, note([[FEATURE_1, 0x8]]));
});

test("properties come in the order of their types; ELF32 packs them to 4 bytes", () => {
  const mixed = [
    [ISA_NEEDED, 1],
    [STACK_SIZE, 16],
    [FEATURE_1, IBT],
  ] as const;
  const sorted = [
    [STACK_SIZE, 16],
    [FEATURE_1, IBT],
    [ISA_NEEDED, 1],
  ] as const;
  deepEqual(merge([mixed]).note, note(sorted));
  deepEqual(merge([mixed], {}, [], 32).note, note(sorted, 32));
});

test("several notes in one section add up", () => {
  const two = Uint8Array.from([...note([[FEATURE_1, IBT]]), ...note([[FEATURE_1, SHSTK]])]);
  deepEqual(merge([two]).note, note([[FEATURE_1, IBT | SHSTK]]));
});

test("-z cet-report names the objects that lack a feature, but not one that -z sets", () => {
  const problems: Problem[] = [];
  merge([[[FEATURE_1, SHSTK]], undefined], { cetReport: "warning" }, problems);
  const facts = problems.map(({ code, severity, place, details }) => [code, severity, place.file, details.properties]);
  deepEqual(facts, [
    ["property-missing", "warning", "0.o", ["IBT"]],
    ["property-missing", "warning", "1.o", ["IBT", "SHSTK"]],
  ]);
  problems.length = 0;
  merge([undefined], { cetReport: "error", ibt: true, lamU57Report: "error" }, problems);
  deepEqual(
    problems.map(({ severity, details }) => [severity, details.properties]),
    [["error", ["SHSTK", "LAM_U57"]]],
  );
});

test("-z isa-level-report tells what each object needs and uses", () => {
  const problems: Problem[] = [];
  merge(
    [
      [
        [ISA_NEEDED, 6],
        [ISA_USED, 1 << 20],
      ],
    ],
    { isaLevelReport: "all" },
    problems,
  );
  deepEqual(
    problems.map(({ code, details }) => [code, details]),
    [
      ["isa-level", { what: "needed", levels: ["x86-64-v2", "x86-64-v3"] }],
      ["isa-level", { what: "used", levels: ["0x100000"] }],
    ],
  );
});

test("an object with a damaged note counts as one without, and a warning says why", () => {
  const damaged = (bytes: Uint8Array): string[] => {
    const problems: Problem[] = [];
    equal(merge([[[FEATURE_1, IBT]], bytes], {}, problems).note, undefined);
    return problems.map(({ code, severity }) => `${severity} ${code}`);
  };
  const whole = note([[FEATURE_1, IBT]]);
  deepEqual(damaged(whole.subarray(0, 8)), ["warning property-note-cut-short"]);
  deepEqual(damaged(whole.subarray(0, 30)), ["warning property-note-cut-short"]);
  const wrongSize = whole.slice();
  wrongSize[20] = 3;
  deepEqual(damaged(wrongSize), ["warning property-size"]);
  const tooLong = whole.slice();
  tooLong[20] = 200;
  deepEqual(damaged(tooLong), ["warning property-note-cut-short"]);
});

test("a property of an unknown type is left out with a warning, the others stay", () => {
  const problems: Problem[] = [];
  deepEqual(
    merge(
      [
        [
          [0x12345, 7],
          [FEATURE_1, IBT],
        ],
      ],
      {},
      problems,
    ).note,
    note([[FEATURE_1, IBT]]),
  );
  deepEqual(
    problems.map(({ code }) => code),
    ["property-unsupported"],
  );
});

test("no bytes make it throw or hang", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 20 }),
      fc.nat(60),
      fc.nat(255),
      fc.constantFrom<32 | 64>(32, 64),
      (tail, at, byte, elfClass) => {
        const bytes = Uint8Array.from([
          ...note(
            [
              [STACK_SIZE, 1],
              [FEATURE_1, IBT],
            ],
            elfClass,
          ),
          ...tail,
        ]);
        if (at < bytes.length) bytes[at] = byte;
        merge([bytes, bytes.subarray(at)], {}, [], elfClass);
      },
    ),
    { numRuns: 2000 },
  );
});

// ---------------------------------------------------------------------------------------------------------------------
// Against GNU ld
// ---------------------------------------------------------------------------------------------------------------------

const byteList = (bytes: Uint8Array): string => `.byte ${[...bytes].join(", ")}`;

/** The note in what GNU ld links from objects with these notes. */
function linkWithGnu(
  directory: string,
  objects: readonly (Uint8Array | undefined)[],
  elfClass: 32 | 64,
  flags: readonly string[],
): Uint8Array {
  const files = objects.map((bytes, i) => {
    const section = `.section .note.gnu.property,"a",@note\n.balign ${elfClass / 8}\n`;
    writeFileSync(join(directory, `${i}.s`), bytes === undefined ? "" : `${section}${byteList(bytes)}\n`);
    const asFlags = [elfClass === 64 ? "--64" : "--32", "-mx86-used-note=no"];
    tool("as", [...asFlags, "-o", `${i}.o`, `${i}.s`], { cwd: directory });
    return `${i}.o`;
  });
  const emulation = elfClass === 64 ? "elf_x86_64" : "elf_i386";
  run("ld.bfd", ["-m", emulation, "-shared", ...flags, "-o", "out.so", ...files], { cwd: directory });
  return sectionBytes(readSections(join(directory, "out.so")), ".note.gnu.property");
}

const FLAGS: readonly { readonly flags: readonly string[]; readonly options: Partial<PropertyOptions> }[] = [
  { flags: [], options: {} },
  { flags: ["-z", "ibt"], options: { ibt: true } },
  { flags: ["-z", "shstk", "-z", "stack-size=0x5000"], options: { shstk: true, stackSize: 0x5000 } },
  { flags: ["-z", "indirect-extern-access"], options: { indirectExternAccess: true } },
  { flags: ["-z", "noindirect-extern-access"], options: { indirectExternAccess: false } },
  { flags: ["-z", "x86-64-v3"], options: { isaLevelNeeded: 3 } },
];

/**
 * Without zeros where a zero says nothing: when there is one object only, GNU ld keeps some of them, and drops others
 * together with the property before them.
 */
const someProperty = fc.oneof(
  fc.tuple(fc.constantFrom(FEATURE_1, ISA_NEEDED), fc.integer({ min: 1, max: 3 })),
  fc.tuple(fc.constantFrom(FEATURE_2_USED, ISA_USED, 0xc0000000), fc.nat(3)),
  fc.tuple(fc.constantFrom(NEEDED_1, 0xb0000001, 0xb0008001), fc.integer({ min: 1, max: 3 })),
  fc.tuple(fc.constantFrom(0xc0000001, 0xc0000003, 0xc0008001), fc.integer({ min: 1, max: 3 })),
  fc.tuple(fc.constant(STACK_SIZE), fc.constantFrom(0, 0x4000, 0x6000)),
  fc.constant([NO_COPY_ON_PROTECTED] as [number]),
);
const someNote = fc.uniqueArray(someProperty, { minLength: 1, maxLength: 4, selector: ([type]) => type });

test("whatever the notes and options, the output's note is GNU ld's", needs("as", "ld.bfd"), () => {
  const directory = scratch("property-notes");
  fc.assert(
    fc.property(
      fc.array(fc.option(someNote, { nil: undefined, freq: 6 }), { minLength: 1, maxLength: 3 }),
      fc.constantFrom(...FLAGS),
      fc.constantFrom<32 | 64>(32, 64),
      (lists, { flags, options }, elfClass) => {
        const objects = lists.map((list) => (list === undefined ? undefined : note(list, elfClass)));
        const expected = linkWithGnu(directory, objects, elfClass, flags);
        deepEqual(merge(objects, options, [], elfClass).note ?? new Uint8Array(0), expected);
      },
    ),
    { numRuns: 60 },
  );
});

eachTarget("a note that options alone ask for stands where the last object's would", (target) => {
  const program = compile(
    target,
    "noted.s",
    `.globl _start
     _start: .cfi_startproc
     ret
     .cfi_endproc
     .section .note.foo,"a",@note
     .balign 4
     .long 4, 4, 1
     .asciz "foo"
     .long 5`,
  );
  const other = compile(
    target,
    "noting.s",
    '.section .note.bar,"a",@note\n.balign 4\n.long 4, 4, 1\n.asciz "bar"\n.long 5',
  );
  likeGnuLd(target, (shop) => {
    shop.ld("static", ["-static", "-z", "shstk", "--build-id", program]);
    shop.ld("joined", ["-static", "-z", "shstk", program, other]);
    shop.ld("library", ["-shared", "-z", "ibt", "--no-ld-generated-unwind-info", program]);
  });
});

eachTarget(
  "properties that not all objects have take no place, so no other note makes a group with theirs",
  (target) => {
    const code = '.text\n.cfi_startproc\nnop\n.cfi_endproc\n.section .note.GNU-stack,"",@progbits\n';
    const other = compile(target, "other-note.s", `.section .note.other,"a",@note\n.long 7\n${code}`);
    const feature = '.section .note.gnu.property,"a",@note\n';
    const words = target.wordBytes === 8 ? ".long 4, 16, 5\n" : ".long 4, 12, 5\n";
    const body = `.asciz "GNU"\n.long 0xc0000002, 4, 3${target.wordBytes === 8 ? ", 0" : ""}\n`;
    const some = compile(
      target,
      "some-properties.s",
      `${feature}${words}${body}.section orphan_text,"ax"\nnop\n${code}`,
    );
    const names = likeGnuLd(target, (shop) =>
      tool("readelf", ["-SW", shop.ld("out.so", ["-shared", other, some])]).match(
        / (?:\.text|orphan_text|\.note\.\w+)/g,
      ),
    );
    deepEqual(names, [" .text", " orphan_text", " .note.other"]);
  },
);
