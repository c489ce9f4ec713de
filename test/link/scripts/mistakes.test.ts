// The commonest mistakes in linker scripts: what is said of each, and where. GNU ld refuses (or warns of) the same
// ones, which the judge's cases hold; this is about the words.

import { deepEqual } from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { x86_64 } from "../../support/build.ts";
import { needs } from "../../support/tools.ts";
import { type Bench, bench, linkHere } from "./judge.ts";

interface Mistake {
  readonly mistake: string;
  readonly script: readonly string[];
  /** The first message with its cure, without `ld: `. */
  readonly says: readonly string[];
  readonly arguments?: string;
}

const MISTAKES: readonly Mistake[] = [
  {
    mistake: "a semicolon is missing behind an assignment",
    script: ["SECTIONS {", "  x = 1", "  .text : { *(.text) }", "}"],
    says: ["error: x.ld:2:8: expected `;' or `,' at the end of the line [script-expected-token]"],
  },
  {
    mistake: "a parenthesis is missing",
    script: ["SECTIONS {", "  .text : { *(.text }", "}"],
    says: ["error: x.ld:2:21: expected a pattern for sections before `}' [script-expected-section-pattern]"],
  },
  {
    mistake: "a brace is missing",
    script: ["SECTIONS {", "  .text : { *(.text) "],
    says: [
      "error: x.ld:2:21: expected a pattern, data or an assignment at the end of the text [script-expected-statement]",
      "  fix: in the braces of a section stand patterns such as *(.text), BYTE(1), symbol = value;",
    ],
  },
  {
    mistake: "a misspelt function",
    script: ["SECTIONS {", "  . = ALINE(16);", "  .text : { *(.text) }", "}"],
    says: [
      "error: x.ld:2:7: `ALINE' is no function [expression-unknown-function]",
      "  fix: a symbol has no parentheses behind it",
    ],
  },
  {
    mistake: "a misspelt command",
    script: ["SECTION {", "  .text : { *(.text) }", "}"],
    says: [
      "error: x.ld:1:1: `SECTION' is neither a linker script command nor the start of an assignment; did you mean `SECTIONS'? [script-unknown-command]",
      "  fix: if the file is meant to be an object, an archive or a shared library: its format is not recognized",
    ],
  },
  {
    mistake: "PROVIDE without a semicolon",
    script: ["SECTIONS {", "  PROVIDE(x = 1)", "  .text : { *(.text) }", "}"],
    says: ["error: x.ld:2:17: expected `;' or `,' at the end of the line [script-expected-token]"],
  },
  {
    mistake: "a comment without an end",
    script: ["SECTIONS {", "  /* text", "  .text : { *(.text) }", "}"],
    says: ["error: x.ld:2:3: comment without an end: `*/' is missing [script-unterminated-comment]"],
  },
  {
    mistake: "a quote without an end",
    script: ["SECTIONS {", '  ".text : { *(.text) }', "}"],
    says: ["warning: x.ld:2:3: invalid character `\"' [script-stray-character]"],
  },
  {
    mistake: "a wildcard in a section's name",
    script: ["SECTIONS {", "  .text* : { *(.text) }", "}"],
    says: ["warning: x.ld:2:8: invalid character `*' [script-stray-character]"],
  },
  {
    mistake: "a symbol that is not defined",
    script: ["SECTIONS {", "  .text : { *(.text) }", "  x = nowhere + 4;", "}"],
    says: [
      "error: x.ld:3:3: undefined symbol `nowhere' referenced in expression [expression-undefined-symbol]",
      "  fix: define it in an object, in the script or by --defsym; DEFINED(symbol) asks whether it is",
    ],
  },
  {
    mistake: "ADDR of no section",
    script: ["SECTIONS {", "  .text : { *(.text) }", "  x = ADDR(.nowhere);", "}"],
    says: [
      "error: x.ld:3:3: undefined section `.nowhere' referenced in expression [expression-unknown-section]",
      "  fix: name a section that the script has, as it is written there",
    ],
  },
  {
    mistake: "SIZEOF of no section",
    script: ["SECTIONS {", "  .text : { *(.text) }", "  x = SIZEOF(.nowhere);", "}"],
    says: [
      "error: x.ld:3:3: undefined section `.nowhere' referenced in expression [expression-unknown-section]",
      "  fix: name a section that the script has, as it is written there",
    ],
  },
  {
    mistake: "LOADADDR of no section",
    script: ["SECTIONS {", "  .text : { *(.text) }", "  x = LOADADDR(.nowhere);", "}"],
    says: [
      "error: x.ld:3:3: undefined section `.nowhere' referenced in expression [expression-unknown-section]",
      "  fix: name a section that the script has, as it is written there",
    ],
  },
  {
    mistake: "ALIGNOF of no section",
    script: ["SECTIONS {", "  .text : { *(.text) }", "  x = ALIGNOF(.nowhere);", "}"],
    says: [
      "error: x.ld:3:3: undefined section `.nowhere' referenced in expression [expression-unknown-section]",
      "  fix: name a section that the script has, as it is written there",
    ],
  },
  {
    mistake: "an unknown constant",
    script: ["SECTIONS {", "  . = CONSTANT(FOO);", "  .text : { *(.text) }", "}"],
    says: [
      "error: x.ld:2:3: unknown constant `FOO' referenced in expression [expression-unknown-constant]",
      "  fix: the constants are MAXPAGESIZE and COMMONPAGESIZE",
    ],
  },
  {
    mistake: "the address of a later section",
    script: ["SECTIONS {", "  .text ADDR(.data) + 8 : { *(.text) }", "  .data : { *(.data) }", "}"],
    says: [
      "error: x.ld:2:3: non constant or forward reference address expression for section .text [script-address-value]",
      "  fix: use only what stands before it in the script",
    ],
  },
  {
    mistake: "dot goes back in a section",
    script: ["SECTIONS {", "  .text : {", "    *(.text)", "    . = 2;", "  }", "}"],
    says: [
      "error: x.ld:4:5: cannot move location counter backwards (from 0x12 to 0x2) [script-dot-backwards]",
      "  fix: in a section `.' counts from the section's start",
    ],
  },
  {
    mistake: "division by zero",
    script: ["SECTIONS {", "  .text : { *(.text) }", "  x = 8 / (SIZEOF(.text) - SIZEOF(.text));", "  y = 8 % 0;", "}"],
    says: ["error: x.ld:3:3: division by zero (operator /) [expression-division-by-zero]"],
  },
  {
    mistake: "an ASSERT that does not hold",
    script: ["SECTIONS {", "  .text : { *(.text) }", '  ASSERT(SIZEOF(.text) > 0x1000, "too little code")', "}"],
    says: ["error: x.ld:3:3: assertion failed: too little code [script-assertion]"],
  },
  {
    mistake: "a section too large for its region",
    script: [
      "MEMORY {",
      "  r : ORIGIN = 0x1000, LENGTH = 8",
      "}",
      "SECTIONS {",
      "  .text : { *(.text) } >r",
      "  .data : { *(.data) } >r",
      "}",
    ],
    says: ["error: x.ld:5:3: section `.text' will not fit in region `r' [region-full]"],
  },
  {
    mistake: "a section outside of its region",
    script: [
      "MEMORY {",
      "  r : ORIGIN = 0x1000, LENGTH = 0x400",
      "}",
      "SECTIONS {",
      "  .text 0x500 : { *(.text) } >r",
      "}",
    ],
    says: [
      "error: x.ld:5:3: address 0x512 of section `.text' is not within region `r' [region-outside]",
      "  fix: leave its address to the region, or move the region",
    ],
  },
  {
    mistake: "no region for a section",
    script: [
      "MEMORY {",
      "  r (!rwx) : ORIGIN = 0x1000, LENGTH = 0x400",
      "}",
      "SECTIONS {",
      "  .text : { *(.text) }",
      "}",
    ],
    says: [
      "error: x.ld:5:3: no memory region specified for loadable section `.text' [no-region]",
      "  fix: write > REGION behind it, or give a region attributes that it has",
    ],
  },
  {
    mistake: "a region that is not declared",
    script: ["SECTIONS {", "  .text : { *(.text) } >rom", "}"],
    says: [
      "warning: x.ld:2:22: memory region `rom' not declared [region-undeclared]",
      "  fix: declare it in MEMORY, before SECTIONS",
    ],
  },
  {
    mistake: "a region declared twice",
    script: [
      "MEMORY {",
      "  r : ORIGIN = 0x1000, LENGTH = 0x400",
      "  r : ORIGIN = 0x2000, LENGTH = 0x400",
      "}",
      "SECTIONS {",
      "  .text : { *(.text) } >r",
      "}",
    ],
    says: [
      "warning: x.ld:3:3: redeclaration of memory region `r' [region-redeclared]",
      "  fix: the later one counts; give it another name",
    ],
  },
  {
    mistake: "an alias declared twice",
    script: [
      "MEMORY { r : ORIGIN = 0x1000, LENGTH = 0x400 }",
      'REGION_ALIAS("A", r)',
      'REGION_ALIAS("A", r)',
      "SECTIONS { .text : { *(.text) } >r }",
    ],
    says: ["error: x.ld:3:1: redefinition of memory region alias `A' [region-alias-twice]"],
  },
  {
    mistake: "an alias of nothing",
    script: [
      "MEMORY { r : ORIGIN = 0x1000, LENGTH = 0x400 }",
      'REGION_ALIAS("A", nothing)',
      "SECTIONS { .text : { *(.text) } >r }",
    ],
    says: [
      "error: x.ld:2:1: memory region `nothing' for alias `A' does not exist [region-alias-unknown]",
      "  fix: declare the region in MEMORY before the alias",
    ],
  },
  {
    mistake: "an alias of all memory",
    script: [
      "MEMORY { r : ORIGIN = 0x1000, LENGTH = 0x400 }",
      'REGION_ALIAS("A", "*default*")',
      "SECTIONS { .text : { *(.text) } >r }",
    ],
    says: ["error: x.ld:2:1: alias `A' for the default memory region [region-alias-default]"],
  },
  {
    mistake: "an origin without a value",
    script: ["MEMORY {", "  r : ORIGIN = unknown, LENGTH = 0x400", "}", "SECTIONS { .text : { *(.text) } >r }"],
    says: [
      "warning: x.ld:2:3: invalid origin or length of memory region `r' [region-value]",
      "  fix: both must be numbers that do not depend on where sections are",
    ],
  },
  {
    mistake: "two sections at one place",
    script: ["SECTIONS {", "  .text 0x1000 : { *(.text) }", "  .data 0x1004 : { *(.data) }", "}"],
    says: [
      "error: section .data [0x1004,0x100c] overlaps section .text [0x1000,0x1011] [output-sections-overlap]",
      "  fix: give them other addresses, or --no-check-sections if they are never there at the same time",
    ],
  },
  {
    mistake: "a program header that is not declared",
    script: ["PHDRS { a PT_LOAD; }", "SECTIONS {", "  .text : { *(.text) } :a", "  .data : { *(.data) } :x", "}"],
    says: [
      "error: x.ld:4:3: section `.data' assigned to non-existent phdr `x' [phdr-unknown]",
      "  fix: add it to PHDRS",
    ],
  },
  {
    mistake: "a misspelt type of a program header",
    script: ["PHDRS {", "  a PT_LAOD;", "}", "SECTIONS { .text : { *(.text) } :a }"],
    says: [
      "error: x.ld:2:5: unknown program header type `PT_LAOD' [script-phdr-type]",
      "  fix: the types are PT_LOAD, PT_PHDR, PT_NOTE and their kin, or numbers",
    ],
  },
  {
    mistake: "no section in any program header",
    script: ["PHDRS {", "  a PT_LOAD;", "}", "SECTIONS { .text : { *(.text) } }"],
    says: [
      "error: x.ld:2:3: no sections assigned to phdrs [phdrs-unused]",
      "  fix: write :NAME behind the first section",
    ],
  },
  {
    mistake: "PT_PHDR without a segment that has it",
    script: ["PHDRS {", "  h PT_PHDR PHDRS;", "  a PT_LOAD;", "}", "SECTIONS { .text : { *(.text) } :a }"],
    says: [
      "error: out: PHDR segment not covered by LOAD segment [phdr-not-loaded]",
      "  fix: add FILEHDR PHDRS to the first PT_LOAD",
    ],
  },
  {
    mistake: "headers behind the first PT_LOAD",
    script: ["PHDRS {", "  a PT_LOAD;", "  b PT_LOAD FILEHDR PHDRS;", "}", "SECTIONS { .text : { *(.text) } :a }"],
    says: [
      "error: x.ld:3:3: PHDRS and FILEHDR of `b' are not supported when prior PT_LOAD headers lack them [phdr-headers-late]",
      "  fix: put them on the first PT_LOAD",
    ],
  },
  {
    mistake: "no room for headers",
    script: ["PHDRS {", "  a PT_LOAD FILEHDR PHDRS;", "}", "SECTIONS { . = 0x10; .text : { *(.text) } :a }"],
    says: [
      "error: out: not enough room for program headers [no-room-for-headers]",
      "  fix: start at an address + SIZEOF_HEADERS, or link with -N",
    ],
  },
  {
    mistake: "INSERT at no section",
    script: ["SECTIONS { .mine : { *(.mine) } }", "INSERT AFTER .nowhere;"],
    says: [
      "error: x.ld:2:1: INSERT names `.nowhere', of which no statement behind it in the link is [script-insert-nowhere]",
      "  fix: a script with INSERT goes before the script that it inserts into: -T insert.ld -T base.ld",
    ],
  },
  {
    mistake: "INCLUDE of no file",
    script: ["SECTIONS {", "  INCLUDE nowhere.ld", "}"],
    says: ["error: x.ld:2:3: cannot find nowhere.ld [file-not-found]"],
  },
  {
    mistake: "a script that is not there",
    script: [],
    says: ["error: cannot find x.ld: no such file or directory [file-not-found]"],
  },
  {
    mistake: "INPUT of no file",
    script: ["INPUT(nowhere.o)", "SECTIONS { .text : { *(.text) } }"],
    says: ["error: cannot find nowhere.o: no such file or directory [file-not-found]"],
  },
  {
    mistake: "a pattern that names no file",
    script: ["SECTIONS {", "  .text : { nowhere.o(.text) }", "}"],
    says: ["error: cannot find nowhere.o: no such file or directory [file-not-found]"],
  },
  {
    mistake: "an entry that is not defined",
    script: ["ENTRY(nowhere)", "SECTIONS { . = 0x1000; .text : { *(.text) } }"],
    says: [
      "warning: cannot find entry symbol nowhere; defaulting to 0x1000 [entry-missing]",
      "  fix: define nowhere, or name the entry with -e",
    ],
  },
  {
    mistake: "in the upper half of memory: an entry that is not defined",
    script: ["ENTRY(nowhere)", "SECTIONS { . = 0xffff800000001000; .text : { *(.text) } }"],
    says: [
      "warning: cannot find entry symbol nowhere; defaulting to 0xffff800000001000 [entry-missing]",
      "  fix: define nowhere, or name the entry with -e",
    ],
  },
  {
    mistake: "an assignment in /DISCARD/",
    script: ["SECTIONS {", "  .text : { *(.text) }", "  /DISCARD/ : { x = .; }", "}"],
    says: [
      "error: x.ld:3:3: illegal use of `/DISCARD/' section [script-discard-assignment]",
      "  fix: it takes patterns only",
    ],
  },
  {
    mistake: "a forbidden cross reference",
    script: ["NOCROSSREFS(.near .far)", "SECTIONS {", "  .near : { *(.near) }", " .far : { *(.far) }", "}"],
    says: [
      "error: x.o:(.near+0x1): prohibited cross reference from .near to `far' in .far [cross-reference]",
      "  fix: what is not in memory at the same time cannot call each other: put them into one section, or take NOCROSSREFS away",
    ],
    arguments: "-T x.ld x.o",
  },
  {
    mistake: "code out of reach",
    script: ["SECTIONS {", "  .text 0x1000 : { a.o(.text) }", " .far 0x900000000 : { *(.text) }", "}"],
    says: [
      "error: a.o:(.text+0x1): relocation truncated to fit: R_X86_64_PLT32 against `f': 0x8ffffeffb is not in -0x80000000 to 0x7fffffff [relocation-overflow]",
      "  >>> in function _start",
    ],
  },
  {
    mistake: "a fill without a value",
    script: ["SECTIONS {", "  .text : { *(.text) } =nowhere", "}"],
    says: [
      "error: x.ld:2:25: nonconstant expression for fill value [script-fill-constant]",
      "  fix: a fill is a number: =0x90",
    ],
  },
  {
    mistake: "an unknown attribute of a region",
    script: ["MEMORY {", "  r (rz) : ORIGIN = 0x1000, LENGTH = 0x400", "}", "SECTIONS { .text : { *(.text) } >r }"],
    says: [
      "error: x.ld:2:6: `z' is no attribute of a memory region [script-region-attribute]",
      "  fix: the attributes are r, w, x, a, i and l, and ! for those that a section must not have",
    ],
  },
  {
    mistake: "an unknown feature",
    script: ['LD_FEATURE("FANCY")', "SECTIONS { .text : { *(.text) } }"],
    says: ["error: x.ld:1:1: unknown feature `FANCY' [script-unknown-feature]", "  fix: the only one is SANE_EXPR"],
  },
  {
    mistake: "an unknown format",
    script: ["OUTPUT_FORMAT(elf99)", "SECTIONS { .text : { *(.text) } }"],
    says: [
      "error: x.ld:1:1: no output format is called `elf99' [output-format-unknown]",
      "  fix: name elf64-x86-64 or elf32-i386, or leave OUTPUT_FORMAT out",
    ],
  },
  {
    mistake: "an unknown machine",
    script: ["OUTPUT_ARCH(z80x)", "SECTIONS { .text : { *(.text) } }"],
    says: [
      "error: x.ld:1:1: no machine is called `z80x' [output-arch-unknown]",
      "  fix: name i386:x86-64 or i386, or leave OUTPUT_ARCH out",
    ],
  },
  {
    mistake: "orphans that are forbidden",
    script: ["SECTIONS { .text : { *(.text) } }"],
    says: [
      "error: a.o: unplaced orphan section `.data' [orphan-unplaced]",
      "  fix: name it in a pattern of the script, or in /DISCARD/",
    ],
    arguments: "-T x.ld a.o b.o --orphan-handling=error",
  },
];

let at: Bench | undefined;

for (const { mistake, script, says, arguments: given } of MISTAKES) {
  test(mistake, needs("as", "ar"), () => {
    at ??= bench(x86_64);
    const path = join(at.directory, "x.ld");
    if (script.length > 0) writeFileSync(path, `${script.join("\n")}\n`);
    const { err } = linkHere(
      ["-m", "elf_x86_64", "-o", "tested/out", ...(given ?? "-T x.ld a.o b.o").split(" ")],
      at.directory,
    );
    rmSync(path, { force: true });
    const lines = err.split("\n").map((line) => line.replace(/^ld: /, "").replace("tested/out", "out").trimEnd());
    const from = lines.indexOf(says[0]);
    deepEqual(from < 0 ? lines : lines.slice(from, from + says.length), says);
  });
}
