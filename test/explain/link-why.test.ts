// What is asked about a link, and what a change changed. The link is examples/prebuilt: three objects, two archives.

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { optionLines } from "../../src/cli/ld/options/option-lines.ts";
import { changeLines, outlineOf } from "../../src/explain/link/changes.ts";
import { mapRows } from "../../src/explain/link/tables.ts";
import { linkWhyLines, nearestLinked } from "../../src/explain/link/why.ts";
import { memoryFiles } from "../../src/host/memory-files.ts";
import {
  defaultInputState,
  defaultOptions,
  type LinkOptions,
  type LinkResult,
  type LinkStage,
  link,
} from "../../src/link/index.ts";
import { repository } from "../support/build.ts";
import { askEverything } from "./why-everything.ts";

const NAMES = ["start.o", "main.o", "greeting.o", "libwords.a", "libtiny.a"];
const files = memoryFiles(
  Object.fromEntries(
    NAMES.map((name) => [name, new Uint8Array(readFileSync(join(repository, "examples/prebuilt", name)))]),
  ),
);

function linked(names: readonly string[], options: Partial<LinkOptions> = {}): LinkResult {
  const inputs = names.map((path) => ({ kind: "file", path, state: defaultInputState }) as const);
  return link(inputs, { ...defaultOptions, output: "static", ...options }, files);
}

const result = linked(NAMES);
const why = (question: string): string => (linkWhyLines(result, question) ?? []).join("\n");

test("a symbol, an archive, a member, a section, an address: each has an answer", () => {
  match(why("word"), /`word' is defined in libwords\.a\(words\.o\)/);
  match(
    why("libwords.a"),
    /1 of 2 members taken[\s\S]*libwords\.a\(words\.o\): defines `word', which greeting\.o refers to/,
  );
  match(why("libwords.a(words.o)"), /gives the output \d+ bytes/);
  match(why(".text"), /^\.text is a section of the output: \d+ bytes at 0x[\da-f]+[\s\S]*main\.o:\(\.text\)/);
  match(why("main.o:(.text)"), /^main\.o:\(\.text\): 77 bytes at 0x[\da-f]+ in \.text, aligned to/);
  const main = result.decisions.definition("main")?.address ?? 0;
  match(why(`0x${(main + 2).toString(16)}`), /is in \.text[\s\S]*main\.o:\(\.text\)[\s\S]*symbol main \+ 0x2/);
});

test("a place in an input section: its relocation with the numbers, and what was written; a section: why it stays", () => {
  const call = result.layout?.relocations("main.o", ".text", 0, 4096)[0];
  ok(call !== undefined);
  const there = why(`main.o:(.text+0x${call.offset.toString(16)})`);
  match(
    there,
    /R_X86_64_\w+ at main\.o:\(\.text\+0x[\da-f]+\), 0x[\da-f]+: .* = -?0x[\da-f]+; the output has (?:[\da-f]{2} ?)+there/,
  );
  match(why(`0x${call.address?.toString(16)}`), /R_X86_64_\w+ at main\.o:\(\.text/);
  match(why("main.o:(.text+0x0)"), /no relocation changes this byte/);
  const collected = linked(NAMES, { gcSections: true });
  match(
    (linkWhyLines(collected, "main.o:(.text)") ?? []).join("\n"),
    /keeps it because start\.o:\(\.text\) needs it, which stays in any case: what the entry point/,
  );
});

test("everything in the link has an answer", () => {
  for (const { kind, count, unanswered } of askEverything(result)) {
    ok(count > 0 || kind === "slots" || kind === "relocations for the dynamic linker", kind);
    deepEqual(unanswered, [], kind);
  }
});

test("an option has an answer: what it means, and whether the link is given it", () => {
  const args = ["-o", "program", "--gc-sections", "-z", "now", "main.o"];
  const lines = (question: string): string => (optionLines(question, args) ?? []).join("\n");
  match(lines("--gc-sections"), /^--gc-sections: .*\n {2}this link is given --gc-sections$/);
  match(lines("-o"), /this link is given -o program$/);
  match(lines("-z now"), /^-z now: .*\n {2}this link is given -z now$/);
  match(lines("--icf"), /this link is not given it$/);
  equal(optionLines("main", args), undefined);
  equal(optionLines("--no-such-option", args), undefined);
});

test("what is not in the link is not made up, and what comes near is said", () => {
  deepEqual(linkWhyLines(result, "greetings"), undefined);
  deepEqual(nearestLinked(result, "greetings"), "greeting");
});

test("every byte of a section is a piece's or padding", () => {
  const rows = result.layout === undefined ? [] : mapRows(result.layout);
  for (const { name, size } of result.layout?.sections ?? []) {
    const sum = rows.filter(({ output }) => output === name).reduce((total, row) => total + row.size, 0);
    deepEqual([name, sum], [name, size]);
  }
});

test("a link that lacks an archive, against the one before", () => {
  const without = linked(NAMES.filter((name) => name !== "libwords.a"));
  const lines = changeLines(outlineOf(result), outlineOf(without)).join("\n");
  match(lines, /it does not link any more/);
  match(lines, /libwords\.a\(words\.o\).*takes no part any more/);
  match(lines, /word: was in libwords\.a\(words\.o\), local; now in nowhere, undefined/);
  match(lines, /undefined-symbol.*is said now/);
});

test("the same link twice: nothing has changed, and that is said", () => {
  deepEqual(changeLines(outlineOf(result), outlineOf(linked(NAMES))).length, 1);
});

test("the stages are told in their order, and the last of a link that fails is the report", () => {
  const stages: LinkStage[] = [];
  linked(NAMES, { onStage: (stage) => stages.push(stage) });
  deepEqual(stages, [
    "read",
    "collect",
    "assign",
    "merge",
    "symbols",
    "scan",
    "report",
    "make",
    "layout",
    "addresses",
    "write",
  ]);
  const failed: LinkStage[] = [];
  linked(["start.o"], { onStage: (stage) => failed.push(stage) });
  ok(failed.at(-1) === "report");
});
