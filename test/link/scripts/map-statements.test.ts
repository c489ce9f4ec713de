// -Map has the script's statements as GNU ld's map has them, and `why` names of every section and symbol the statement that
// put it there, with its line.

import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { linkCommandLine } from "../../../src/cli/ld/command-line.ts";
import { linkWhyLines } from "../../../src/explain/link/why.ts";
import { nodeAccelerators } from "../../../src/host/accelerators.ts";
import { nodeFiles } from "../../../src/host/node-files.ts";
import { compile, type Target, targets } from "../../support/build.ts";
import { underTest } from "../../support/link.ts";
import { run, tool } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";
import { bench, linkHere } from "./judge.ts";

const SOURCE = `
  .globl _start, value
  .text
_start: nop
  .balign 16
  .section .text.hot.one, "ax"
  nop
  .section .rodata, "a"
  .byte 1
  .data
value: .long 1
  .section orphan, "aw"
  .long 2
  .section .note.GNU-stack, "", %progbits`;

const SCRIPT = `SECTIONS
{
  start = 0x10;
  . = 0x1000 + SIZEOF_HEADERS;
  .text : { first = .; *(.text .text.*) . = ALIGN(32); last = ABSOLUTE(.); PROVIDE(unused = 5); BYTE(1) LONG(first + 3) } =0x90
  .rodata : { *(EXCLUDE_FILE(*none.o *other.o) .rodata SORT(.rodata.*)) KEEP(*(SORT_BY_ALIGNMENT(.table))) }
  length = ADDR(.rodata) + SIZEOF(.rodata) * 2;
  .data : AT(0x8000) { FILL(0x12345678); . += 4; *(.data) }
  .empty : { *(.empty) }
  chosen = DEFINED(value) ? - start : ! start;
  ASSERT(chosen != 3 && 1 << 4 == 16, "no")
  HIDDEN(shifted = (start << 2) | 4 & 2);
  PROVIDE(value = 3);
  largest = MAX(1, 2) + MAX(start, 2);
  /DISCARD/ : { *(.comment) *(.note.*) }
}
`;

/** What the linker makes: GNU ld has it in the map where it is empty too. */
const MADE = /^ ?\.(iplt|igot|got|rela?\.|note|interp)/;

/** The statements with what they hold and came to, without the files that are loaded and the output. */
function statements(map: string): readonly string[] {
  const text = map.slice(map.indexOf("Linker script and memory map")).replaceAll(/^( ?[^\s*(]\S*)\n +0x/gm, "$1 0x");
  return text
    .split("\n")
    .map((line) => line.trimEnd().replaceAll(/ +/g, " "))
    .filter((line) => line !== "" && !/^(LOAD|OUTPUT)/.test(line) && !MADE.test(line));
}

function source(target: Target): string {
  return compile(target, "map-statements.s", SOURCE);
}

function maps(target: Target, name: string, args: readonly string[]): readonly (readonly string[])[] {
  const { directory } = bench(target);
  writeFileSync(join(directory, "statements.ld"), SCRIPT);
  const link = ["-m", target.emulation, source(target), ...args];
  tool("ld.bfd", [...link, "-o", "gnu/out", `-Map=gnu/${name}`], { cwd: directory });
  const { status, err } = linkHere([...link, "-o", "tested/out", `-Map=tested/${name}`], directory);
  equal(status, 0, err);
  return ["gnu", "tested"].map((side) => statements(readFileSync(join(directory, side, name), "utf8")));
}

for (const target of targets) {
  test(`${target.name}: -Map has a script's statements as GNU ld's`, needs("ld.bfd", "as", "ar", "gcc"), () => {
    const [expected, actual] = maps(target, "by-script", ["-T", "statements.ld"]);
    deepEqual(actual, expected);
    match(actual.join("\n"), /\[!provide\] PROVIDE \(unused = 0x5\)/);
  });

  test(`${target.name}: -r -Map too, by the same statements`, needs("ld.bfd", "as", "ar", "gcc"), () => {
    for (const [name, args] of [
      ["object-by-script", ["-r", "-T", "statements.ld"]],
      ["object-by-default", ["-r"]],
    ] as const) {
      const [expected, actual] = maps(target, name, args);
      deepEqual(actual, expected);
      match(actual.join("\n"), /^orphan 0x\S+ 0x4$/m);
    }
  });

  test(`${target.name}: and the default script's`, needs("ld.bfd", "as", "ar", "gcc"), () => {
    const [expected, actual] = maps(target, "by-default", []);
    // GNU ld counts on from sections that are empty and not in the output.
    const isOff = (line: string): boolean =>
      /DATA_SEGMENT_(RELRO_END|END)|\. = (ALIGN \(0x|SEGMENT_START \("ldata)/.test(line);
    deepEqual(
      actual.filter((it) => !isOff(it)),
      expected.filter((it) => !isOff(it)),
    );
    match(actual.join("\n"), /\*\(\.text\.unlikely \.text\.\*_unlikely \.text\.unlikely\.\*\)/);
  });
}

const [x86] = targets;

function whyOf(args: readonly string[]): (question: string) => string {
  const { directory } = bench(x86);
  writeFileSync(join(directory, "why.ld"), SCRIPT);
  const { result } = linkCommandLine(["-m", x86.emulation, source(x86), "-o", "out", ...args], {
    files: nodeFiles,
    accelerators: nodeAccelerators,
    directory,
    systemLibraryPaths: [],
  });
  return (question) => (linkWhyLines(result, question) ?? []).join("\n");
}

test("why names the script's line of each section and symbol", needs("as", "ar", "gcc"), () => {
  const why = whyOf(["-T", "why.ld"]);
  match(why(".text.hot.one"), /in \.text, aligned to 1; `\*\(\.text \.text\.\*\)' at .*why\.ld:5:\d+$/);
  match(why("orphan"), /orphan\): 4 bytes .*; no statement takes it: an orphan, behind \.data/);
  match(why("length"), /^assigned by `length = ADDR\(\.rodata\) \+ \(SIZEOF\(\.rodata\) \* 2\)' at .*why\.ld:7:\d+$/m);
  match(why("value"), /^not carried out: `PROVIDE \(value = 3\)' at .*why\.ld:13:\d+, because it is defined$/m);
  match(why(".note.GNU-stack"), /is left out: a script discards it, `\*\(\.comment\) \*\(\.note|is left out: /);
});

test("why names the statement that a section of -r is there by", needs("as", "ar", "gcc"), () => {
  const byScript = whyOf(["-r", "-T", "why.ld"]);
  match(byScript(".text.hot.one"), /in \.text, aligned to 1; `\*\(\.text \.text\.\*\)' at .*why\.ld:5:\d+$/);
  match(byScript("orphan"), /no statement takes it: an orphan, behind \.data/);
  match(byScript("length"), /^assigned by `length = ADDR.* at .*why\.ld:7:\d+$/m);
  match(whyOf(["-r"])(".rodata"), /`\*\(\.rodata\)' in line \d+ of the default script/);
});

test("why names the line of the default script, as --verbose prints it", needs("as", "ar", "gcc"), () => {
  const why = whyOf([]);
  const [, script = ""] = run(underTest.path, ["-m", x86.emulation, "--verbose"]).stdout.split(/^=+\n/m);
  const lineOf = (question: string): string => {
    const [, line] = /in line (\d+) of the default script \(ld --verbose\)/.exec(why(question)) ?? [];
    notEqual(line, undefined, why(question));
    return script.split("\n")[Number(line) - 1].trim();
  };
  equal(lineOf(".text.hot.one"), "*(.text.hot .text.hot.*)");
  equal(lineOf(".rodata"), ".rodata         : { *(.rodata .rodata.* .gnu.linkonce.r.*) }");
  equal(lineOf("_end"), "_end = .;");
});
