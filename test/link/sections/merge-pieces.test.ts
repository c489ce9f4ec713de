// SHF_MERGE: each constant or string is kept once, every byte of the input can still be found, and GNU ld agrees.

import { deepEqual, equal, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import {
  addMergeSection,
  createMerger,
  finishMerger,
  mergedOffset,
  writeMerged,
} from "../../../src/link/sections/merge/merge-pieces.ts";
import type { Merger } from "../../../src/link/sections/merge/merger.ts";
import { scratch } from "../../support/build.ts";
import { tool } from "../../support/run.ts";
import { readSections, sectionBytes } from "../../support/sections.ts";
import { needs } from "../../support/tools.ts";

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

function add(merger: Merger, contents: string | Uint8Array, alignment = 1): number {
  const bytes = typeof contents === "string" ? bytesOf(contents) : contents;
  return addMergeSection(merger, bytes, 0, bytes.length, alignment);
}

function output(merger: Merger): Uint8Array {
  const image = new Uint8Array(merger.size + 8).fill(0xee);
  image.fill(0, 4, 4 + merger.size);
  writeMerged(merger, image, 4);
  deepEqual([...image.subarray(0, 4), ...image.subarray(4 + merger.size)], Array(8).fill(0xee), "nothing outside");
  return image.subarray(4, 4 + merger.size);
}

/** Adds the sections, all of one alignment, and returns the merged text. */
function mergeStrings(sections: readonly string[], tailMerge = false): string {
  const merger = createMerger(1, true);
  for (const section of sections) add(merger, section);
  finishMerger(merger, tailMerge);
  return textOf(output(merger));
}

test("a string that several sections have is kept once, where it was first seen", () => {
  equal(mergeStrings(["one\0two\0", "two\0three\0one\0"]), "one\0two\0three\0");
});

test("an offset is found in the output, with its distance from the start of the string", () => {
  const merger = createMerger(1, true);
  add(merger, "one\0two\0");
  const second = add(merger, "three\0two\0");
  finishMerger(merger, false);
  equal(mergedOffset(merger, second, 0), 8);
  equal(mergedOffset(merger, second, 3), 11);
  equal(mergedOffset(merger, second, 6), 4);
  equal(mergedOffset(merger, second, 9), 7);
});

test("the end of a section is the end of its last string; beyond it there is nothing", () => {
  const merger = createMerger(1, true);
  const section = add(merger, "one\0two\0");
  add(merger, "three\0");
  finishMerger(merger, false);
  equal(mergedOffset(merger, section, 8), 8);
  equal(mergedOffset(merger, section, 9), -1);
  equal(mergedOffset(merger, section, -1), -1);
});

test("the section may lie anywhere in the file", () => {
  const merger = createMerger(1, true);
  const file = bytesOf("?one\0two\0?");
  const section = addMergeSection(merger, file.subarray(1), 0, 8, 1);
  equal(addMergeSection(merger, file, 1, 4, 1), section + 1);
  finishMerger(merger, false);
  equal(textOf(output(merger)), "one\0two\0");
  equal(mergedOffset(merger, section + 1, 0), 0);
});

test("with tail merging a string that ends another one is inside it", () => {
  equal(mergeStrings(["bar\0", "foobar\0ar\0\0", "baz\0"], true), "foobar\0baz\0");
  equal(mergeStrings(["bar\0", "foobar\0", "baz\0"], false), "bar\0foobar\0baz\0");
  const merger = createMerger(1, true);
  const section = add(merger, "r\0bar\0foobar\0");
  finishMerger(merger, true);
  deepEqual(
    [0, 1, 2, 3, 6].map((at) => mergedOffset(merger, section, at)),
    [5, 6, 3, 4, 0],
  );
});

test("strings of an aligned section keep the alignment of their place in it", () => {
  const merger = createMerger(1, true);
  const section = add(merger, "a\0\0\0bc\0\0d\0", 4);
  finishMerger(merger, false);
  equal(textOf(output(merger)), "a\0\0\0bc\0\0d\0");
  equal(merger.alignment, 4);
  deepEqual(
    [0, 4, 8].map((at) => mergedOffset(merger, section, at)),
    [0, 4, 8],
  );
});

test("zeros that pad up to the next aligned string are the end of the string before them", () => {
  const merger = createMerger(1, true);
  add(merger, "a\0", 4);
  const section = add(merger, "a\0\0\0bc\0\0", 4);
  finishMerger(merger, false);
  deepEqual(
    [1, 2, 3].map((at) => mergedOffset(merger, section, at)),
    [1, 1, 1],
  );
  equal(mergedOffset(merger, section, 7), 6);
});

test("an aligned zero among the padding is an empty string of its own", () => {
  const merger = createMerger(1, true);
  const section = add(merger, "abc\0\0\0\0\0x\0", 4);
  finishMerger(merger, false);
  equal(mergedOffset(merger, section, 4) % 4, 0);
});

test("of duplicates the most aligned one decides", () => {
  const merger = createMerger(1, true);
  add(merger, "x\0yes\0", 1);
  const aligned = add(merger, "yes\0", 4);
  finishMerger(merger, false);
  equal(textOf(output(merger)), "x\0\0\0yes\0");
  equal(mergedOffset(merger, aligned, 0), 4);
});

test("tail merging gives up where it would cost a string its alignment", () => {
  const merger = createMerger(1, true);
  add(merger, "abcde\0\0\0cde\0bcde\0\0\0\0e\0", 4);
  finishMerger(merger, true);
  // `e` is 4 bytes into `abcde`; the others would begin at 2 and 1.
  equal(textOf(output(merger)), "abcde\0\0\0cde\0bcde\0");
});

test("strings of wide characters end at a whole zero character", () => {
  const wide = (text: string): Uint8Array => new Uint8Array(Uint16Array.from(text, (c) => c.charCodeAt(0)).buffer);
  const merger = createMerger(2, true);
  add(merger, wide("\u0100a\0"), 2);
  const section = add(merger, wide("a\0\u0100a\0b\u0100a\0"), 2);
  finishMerger(merger, true);
  deepEqual(output(merger), wide("b\u0100a\0"));
  deepEqual(
    [0, 4, 6, 10].map((at) => mergedOffset(merger, section, at)),
    [4, 2, 4, 0],
  );
});

test("constants are records of one size", () => {
  const merger = createMerger(4, false);
  add(merger, "AAAABBBB", 4);
  const section = add(merger, "BBBBCCCCAAAA", 4);
  finishMerger(merger, true);
  equal(textOf(output(merger)), "AAAABBBBCCCC");
  deepEqual(
    [0, 2, 4, 8, 12].map((at) => mergedOffset(merger, section, at)),
    [4, 6, 8, 0, 4],
  );
});

test("a section that cannot be cut is refused, and the merger goes on without it", () => {
  const strings = createMerger(1, true);
  equal(add(strings, "no terminator"), -1);
  equal(add(strings, ""), -1);
  equal(addMergeSection(strings, bytesOf("short\0"), 0, 7, 1), -1);
  equal(addMergeSection(strings, bytesOf("x\0"), 0, 2, 3), -1);
  equal(add(strings, "fine\0"), 0);
  const wide = createMerger(2, true);
  equal(add(wide, "a\0b\0", 2), -1);
  equal(add(wide, "a\0\0", 2), -1);
  const constants = createMerger(12, false);
  equal(add(constants, "twelve bytes, and more"), -1);
  // Records of 12 bytes one after the other are not all aligned to 8.
  equal(add(constants, "twelve bytes".repeat(2), 8), -1);
  equal(add(constants, "twelve bytes".repeat(2), 4), 0);
});

test("huge alignments do not make a huge output", () => {
  const merger = createMerger(1, true);
  const ordinals = Array.from({ length: 10 }, (_, i) => add(merger, `${i}\0`, 2 ** 30));
  deepEqual(ordinals, [0, -1, -1, -1, -1, -1, -1, -1, -1, -1]);
  finishMerger(merger, false);
  equal(merger.size, 2);
});

// ---------------------------------------------------------------------------------------------------------------------
// Against a model
// ---------------------------------------------------------------------------------------------------------------------

/** The string that a pointer to this byte of the text sees. */
function stringAt(text: string, at: number): string {
  return text.slice(at, text.indexOf("\0", at));
}

const someStrings = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "\xff"), maxLength: 9 }), {
  minLength: 1,
  maxLength: 30,
});

test("whatever the strings, a pointer sees in the output what it saw in the input, and nothing is kept twice", () => {
  fc.assert(
    fc.property(fc.array(someStrings, { minLength: 1, maxLength: 6 }), fc.boolean(), (lists, tailMerge) => {
      const merger = createMerger(1, true);
      const texts = lists.map((list) => `${list.join("\0")}\0`);
      const ordinals = texts.map((text) => add(merger, text));
      finishMerger(merger, tailMerge);
      const merged = textOf(output(merger));
      texts.forEach((text, i) => {
        for (let at = 0; at < text.length; at++) {
          equal(stringAt(merged, mergedOffset(merger, ordinals[i], at)), stringAt(text, at));
        }
      });
      const kept = merged.split("\0").slice(0, -1);
      equal(new Set(kept).size, kept.length);
      if (tailMerge) {
        ok(
          kept.every((whole) => !kept.some((other) => other !== whole && other.endsWith(whole))),
          "no tail is left",
        );
      } else {
        // In the order first seen. An empty string may hide in the end of the one before it.
        const model = new Map(lists.flat().map((text) => [text, true]));
        deepEqual(
          kept.filter((text) => text !== ""),
          [...model.keys()].filter((text) => text !== ""),
        );
      }
    }),
    { numRuns: 300 },
  );
});

test("whatever the alignments, every string keeps its own", () => {
  const aligned = fc.record({ strings: someStrings, log2: fc.integer({ min: 0, max: 4 }) });
  fc.assert(
    fc.property(fc.array(aligned, { minLength: 1, maxLength: 5 }), fc.boolean(), (sections, tailMerge) => {
      const merger = createMerger(1, true);
      const added = sections.map(({ strings, log2 }) => {
        const alignment = 2 ** log2;
        const padded = strings.map((text) => text.padEnd(Math.ceil((text.length + 1) / alignment) * alignment, "\0"));
        const text = padded.join("");
        return {
          text,
          alignment,
          starts: padded.map((_, i) => padded.slice(0, i).join("").length),
          ordinal: add(merger, text, alignment),
        };
      });
      finishMerger(merger, tailMerge);
      const merged = textOf(output(merger));
      for (const { text, alignment, starts, ordinal } of added) {
        for (let at = 0; at < text.length; at++) {
          equal(stringAt(merged, mergedOffset(merger, ordinal, at)), stringAt(text, at));
        }
        for (const start of starts)
          if (stringAt(text, start) !== "") equal(mergedOffset(merger, ordinal, start) % alignment, 0);
        equal(merger.alignment % alignment, 0);
      }
    }),
    { numRuns: 300 },
  );
});

test("whatever the constants, they come in the order first seen", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 3, 8, 16),
      fc.array(fc.nat(20), { minLength: 1, maxLength: 200 }),
      (entsize, values) => {
        const merger = createMerger(entsize, false);
        const record = (value: number): string => String.fromCharCode(value).repeat(entsize);
        const half = values.length >>> 1;
        const lists = [values.slice(0, half), values.slice(half)].filter((list) => list.length > 0);
        const ordinals = lists.map((list) => add(merger, list.map(record).join("")));
        finishMerger(merger, false);
        const model = [...new Set(values)];
        equal(textOf(output(merger)), model.map(record).join(""));
        for (const [i, list] of lists.entries()) {
          const found = list.map((_, at) => mergedOffset(merger, ordinals[i], at * entsize));
          deepEqual(
            found,
            list.map((value) => model.indexOf(value) * entsize),
          );
        }
      },
    ),
  );
});

test("tails are found among thousands of strings, also those that differ far from their end", () => {
  const long = "x".repeat(50);
  const texts = Array.from({ length: 3000 }, (_, i) => `${(i * 2654435761) % 4096}${i % 2 ? long : "_end"}`);
  const merger = createMerger(1, true);
  const section = add(merger, `${texts.join("\0")}\0${long}\0`);
  finishMerger(merger, true);
  const merged = textOf(output(merger));
  const kept = merged.split("\0").slice(0, -1);
  deepEqual(
    new Set(kept),
    new Set(texts.filter((text) => !texts.some((other) => other !== text && other.endsWith(text)))),
  );
  equal(stringAt(merged, mergedOffset(merger, section, merger.sectionSizes[section] - 51)), long);
});

// ---------------------------------------------------------------------------------------------------------------------
// Against GNU ld
// ---------------------------------------------------------------------------------------------------------------------

/** Assembles each source, has GNU ld link them all, and returns the named section of the inputs and of the output. */
function linkWithGnu(
  directory: string,
  section: string,
  sources: readonly string[],
): { inputs: Uint8Array[]; merged: Uint8Array } {
  const objects = sources.map((source, i) => {
    writeFileSync(join(directory, `${i}.s`), source);
    tool("as", ["-o", join(directory, `${i}.o`), join(directory, `${i}.s`)]);
    return join(directory, `${i}.o`);
  });
  tool("ld.bfd", ["-shared", "-o", join(directory, "out.so"), ...objects]);
  const inputs = objects.map((object) => sectionBytes(readSections(object), section));
  return { inputs, merged: sectionBytes(readSections(join(directory, "out.so")), section) };
}

const WORDS = [
  "",
  "e",
  "table",
  "able",
  "stable",
  "unstable",
  "hash",
  "rehash",
  "a rather long string, that one",
  "one",
];

for (const { flags, alignment } of [
  { flags: '"MS",@progbits,1', alignment: 1 },
  { flags: '"aMS",@progbits,1', alignment: 1 },
  { flags: '"aMS",@progbits,1', alignment: 8 },
]) {
  test(`strings of ${flags} aligned to ${alignment}: the same bytes as GNU ld's`, needs("as", "ld.bfd"), () => {
    const directory = scratch("merge-pieces");
    const source = (words: readonly string[]): string =>
      `.section .strings,${flags}\n${words.map((word) => `.balign ${alignment}\n.string "${word}"`).join("\n")}\n`;
    const { inputs, merged } = linkWithGnu(directory, ".strings", [
      source(WORDS.slice(2, 6)),
      source([...WORDS].reverse()),
      source(WORDS),
    ]);
    const merger = createMerger(1, true);
    for (const input of inputs) ok(add(merger, input, alignment) >= 0);
    finishMerger(merger, true);
    equal(textOf(output(merger)), textOf(merged));
  });
}

test("constants: the same bytes as GNU ld's", needs("as", "ld.bfd"), () => {
  const directory = scratch("merge-pieces");
  const source = (values: readonly number[]): string =>
    `.section .constants,"aM",@progbits,8\n.balign 8\n${values.map((value) => `.quad ${value}`).join("\n")}\n`;
  const sources = [source([3, 1, 4, 1, 5]), source([9, 2, 6, 5, 3, 5]), source([8, 9, 7])];
  const { inputs, merged } = linkWithGnu(directory, ".constants", sources);
  const merger = createMerger(8, false);
  for (const input of inputs) ok(add(merger, input, 8) >= 0);
  finishMerger(merger, true);
  deepEqual(output(merger), merged);
});
