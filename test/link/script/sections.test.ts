// SECTIONS, MEMORY and PHDRS as statements: what is written, and where GNU ld takes it or not.

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { parseLinkerScript } from "../../../src/link/script/commands.ts";
import { printSections } from "../../../src/link/script/print-script.ts";
import type { ScriptCommand } from "../../../src/link/script/types.ts";
import { folder } from "../../support/folder.ts";
import { collectProblems } from "../../support/problems.ts";
import { run } from "../../support/run.ts";
import { needs } from "../../support/tools.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function parse(text: string): readonly ScriptCommand[] {
  const { report, lines } = collectProblems();
  const commands = parseLinkerScript(bytes(text), "x.ld", report);
  deepEqual(lines(), [], text);
  return commands ?? [];
}

/** The statements as they are printed, on one line. */
function statements(text: string): string {
  const list = parse(`SECTIONS {${text}}`).flatMap((it) => (it.kind === "sections" ? it.statements : []));
  return printSections(list).replace(/\s+/g, " ").slice("SECTIONS { ".length, -" } ".length);
}

test("statements in the shapes that they have in scripts", () => {
  const same = [
    ".text : { *(.text .text.*) }",
    ".text 0x1000 : { *(.text) }",
    ".text ALIGN(0x10) (NOLOAD) : AT(0x2000) ALIGN(8) SUBALIGN(4) ONLY_IF_RO { *(.text) } >ram AT>rom :a :b =0x9090",
    ".text : ALIGN_WITH_INPUT { a.o }",
    ".x (READONLY (TYPE = 8)) : { BYTE(1) QUAD(. + 4) FILL(0x00ff) SORT(CONSTRUCTORS) }",
    ".t : { KEEP (*(SORT_BY_NAME(SORT_BY_ALIGNMENT(.a.*)) SORT_NONE(.b))) }",
    ".t : { EXCLUDE_FILE (*x.o y.o) *(.a EXCLUDE_FILE (z.o) .b) SORT(*.o)(.c) }",
    ".t : { KEEP (INPUT_SECTION_FLAGS (SHF_ALLOC & SHF_EXECINSTR & !SHF_WRITE) *(.a)) *lib.a:m.o(.b) }",
    '.t : { ASCIZ "a\\012b" LINKER_VERSION }',
    '. = 0x10; a = .; b += a * 2; PROVIDE (c = -a); PROVIDE_HIDDEN (d = ~(a + 1)); HIDDEN (e = 1); ASSERT(a, "no")',
  ];
  for (const text of same) equal(statements(text).replace(/ +/g, " "), text);
});

test("spaces that GNU ld 2.40 wants are not wanted here", () => {
  equal(statements(".text:{*(.text)}").replace(/ +/g, " "), ".text : { *(.text) }");
  equal(statements(".text:ALIGN(8){*(.text)}").replace(/ +/g, " "), ".text : ALIGN(8) { *(.text) }");
  equal(statements("x=1;.=0x10;y+=x;"), "x = 1; . = 0x10; y += x;");
  equal(
    statements(".t:{x=.;y+=2;z*=3;.=ALIGN(4);*(.a)}").replace(/ +/g, " "),
    ".t : { x = .; y += 2; z *= 3; . = ALIGN(4); *(.a) }",
  );
});

test("what is one name and what is two", () => {
  equal(
    statements("a-b = 3; foo:bar : { *(.a,.b) *(.c , .d) }").replace(/ +/g, " "),
    'a-b = 3; foo:bar : { *(".a,.b") *(.c .d) }',
  );
});

test("an overlay is sections and marks", () => {
  const text = statements("OVERLAY 0x1000 : NOCROSSREFS AT(0x4000) { .a.b { *(.a) } .c { *(.c) } :p =1 } >ram");
  equal(
    text.replace(/ +/g, " "),
    [
      ".a.b 0x1000 : AT(0x4000) { *(.a) } >ram",
      "PROVIDE (__load_start_ab = LOADADDR(.a.b)); PROVIDE (__load_stop_ab = LOADADDR(.a.b) + SIZEOF(.a.b));",
      ".c ADDR(.a.b) : { *(.c) } >ram :p =1",
      "PROVIDE (__load_start_c = LOADADDR(.c)); PROVIDE (__load_stop_c = LOADADDR(.c) + SIZEOF(.c));",
    ].join(" "),
  );
});

test("a fill is the digits as written, or four bytes", () => {
  const fills = parse("SECTIONS { .a : { } =0x00ff .b : { } =0x1 .c : { } =255 .d : { } =0x1+1 }")
    .flatMap((it) => (it.kind === "sections" ? it.statements : []))
    .map((it) => (it.kind === "section" ? it.fill?.bytes : undefined));
  deepEqual(fills, [Uint8Array.of(0, 0xff), Uint8Array.of(1), undefined, undefined]);
});

test("INCLUDE stands for the text of another file, in each place", () => {
  const files: Readonly<Record<string, string>> = {
    s: ".b : { INCLUDE i }",
    i: "*(.b)",
    m: "rom : ORIGIN = 1, LENGTH = 2",
  };
  const { report, lines } = collectProblems();
  const commands = parseLinkerScript(
    bytes("SECTIONS { .a : { *(.a) } INCLUDE s }\nMEMORY { INCLUDE m }"),
    "x.ld",
    report,
    (name) => ({ name, bytes: bytes(files[name]) }),
  );
  deepEqual(lines(), []);
  const [sections, memory] = commands ?? [];
  equal(
    sections.kind === "sections" && printSections(sections.statements).replace(/\s+/g, " "),
    "SECTIONS { .a : { *(.a) } .b : { *(.b) } } ",
  );
  equal(memory.kind === "memory" && memory.regions[0].place.file, "m");
});

test("memory and program headers", () => {
  const [memory, phdrs] = parse(`MEMORY { rom (rx!w) : ORIGIN = 0x10, LENGTH = 4K ram : org = 1 len = 2 }
PHDRS { text PT_LOAD FILEHDR PHDRS AT(0x10) FLAGS(5); note 4; }`);
  equal(memory.kind, "memory");
  deepEqual(
    memory.kind === "memory" && memory.regions.map((it) => [it.name, it.attributes.wanted, it.attributes.unwanted]),
    [
      ["rom", 5, 2],
      ["ram", 0, 0],
    ],
  );
  deepEqual(phdrs.kind === "phdrs" && phdrs.headers.map((it) => [it.name, it.type, it.fileHeader, it.programHeaders]), [
    ["text", { kind: "number", value: 1n }, true, true],
    ["note", { kind: "number", value: 4n }, false, false],
  ]);
});

/** Texts and whether GNU ld 2.40 takes them; Solder takes all that it takes. */
const ACCEPTED = [
  "SECTIONS { .t : { *(.t) } } SECTIONS { .u : { *(.u) } }",
  "SECTIONS { .t : { *(.t) } , .u : { } x = 1, y = 2; }",
  "x = 1 ;; ; SECTIONS { x = 1 ; .t : { ; ; y = 1;; } }",
  "SECTIONS { .t : { *(.text) } =0x90 /DISCARD/ : { *(.comment) } }",
  'SECTIONS { ASSERT(1, "x") .t : { ASSERT(1, "x"); } }',
  "SECTIONS { .t () : { } }",
  "SECTIONS { .t 0x10 () : { } }",
  "SECTIONS { .t (0x10) : { } }",
  "SECTIONS { .t BLOCK(0x10) : { } }",
  "SECTIONS { .t 4 + 4 (INFO) : { } }",
  "SECTIONS { ENTRY(x) .t : { } }",
  'SECTIONS { .t : { [x].o(.t) "a b"(.t) *x*(.t) } }',
  'SECTIONS { .t : { *(.t) } "odd name" : { } }',
  "SECTIONS { .t : SPECIAL { *(.t) } }",
  "MEMORY { r : o = 0, l = 4K, s : ORIGIN = 0 LENGTH = 4K } SECTIONS { .t : { } >r }",
  "MEMORY { r (RWXAIL) : o = 0, l = 4K } SECTIONS { .t : { } > r AT > r }",
  "PHDRS { a PT_LOAD; } SECTIONS { .t : { *(.text) } : a }",
  "SECTIONS { .t : { } =0x90 .u : { } = 1 + 2 }",
  "SECTIONS { .t : { CREATE_OBJECT_SYMBOLS CONSTRUCTORS SORT(CONSTRUCTORS) } }",
  "SECTIONS { .t : { INPUT_SECTION_FLAGS(SHF_ALLOC & !SHF_WRITE) *(.x) } }",
  "SECTIONS { .t : { KEEP(*(.x)) KEEP(INPUT_SECTION_FLAGS(SHF_ALLOC) *(.y)) } }",
  "SECTIONS { .t : { *(SORT(SORT(.x))) SORT_NONE(*)(.y) SORT(*.o)(.x) } }",
  "SECTIONS { # comment\n .t : { /* x */ } }",
  "SECTIONS { OVERLAY : { .a { } .b { } } }",
  "SECTIONS { OVERLAY 0x10 : NOCROSSREFS AT(4) { .a { } :NONE =1 .b { } } =2 }",
  "SECTIONS { . = 0x10; .t : { . = . + 4; } }",
  "SECTIONS { .t : { } } ; ;",
  'LD_FEATURE("SANE_EXPR") SECTIONS { }',
];

const REFUSED = [
  "SECTIONS { x = 1 ;; .t : { } }",
  "SECTIONS { .t : ALIGN(8) ALIGN_WITH_INPUT { } }",
  "SECTIONS { .t : { } ; }",
  'SECTIONS { ASSERT(1, "x"); }',
  'SECTIONS { .t : { ASSERT(1, "x") } }',
  "SECTIONS { .t : { x = 1 } }",
  "SECTIONS { x = 1 }",
  "SECTIONS { .t { } }",
  "SECTIONS { .t : { }",
  "SECTIONS { .t : ALIGN(4) AT(8) { } }",
  "MEMORY { r : o = 0, l = 1 } SECTIONS { .t : { } AT>r >r }",
  "PHDRS { a PT_LOAD; } MEMORY { r : o = 0, l = 1 } SECTIONS { .t : { } :a >r }",
  "SECTIONS { MEMORY { } }",
  "SECTIONS { INPUT(x) }",
  "SECTIONS { .t : { *(SORT_NONE(SORT(.x))) } }",
  "SECTIONS { .t : { *(SORT(.x .y)) } }",
  "SECTIONS { .t : { KEEP(*(.x) *(.y)) } }",
  "SECTIONS { .t : { *() } }",
  "SECTIONS { .t : { *(EXCLUDE_FILE (a) SORT(.x)) } }",
  "MEMORY { r : o = 0; l = 1 }",
  "MEMORY { r (z) : o = 0, l = 1 }",
  "PHDRS { a PT_FOO; }",
  "PHDRS { a PT_LOAD FOO; }",
  "PHDRS { a PT_LOAD }",
  "SECTIONS { OVERLAY { .a : { } } }",
  "SECTIONS { .t : { BYTE 1 } }",
  "SECTIONS { .t : { } > }",
];

test("GNU ld takes the same texts", needs("ld.bfd"), () => {
  const at = folder("grammar");
  for (const [texts, taken] of [
    [ACCEPTED, true],
    [REFUSED, false],
  ] as const) {
    for (const text of texts) {
      const { report, all } = collectProblems();
      const commands = parseLinkerScript(bytes(text), "x.ld", report);
      equal(commands !== undefined && !all.some((it) => it.severity === "error"), taken, text);
      const said = run("ld.bfd", ["-T", at.write("x.ld", text)], { cwd: at.path }).stderr;
      equal(
        !/syntax error|explicit align|invalid character %c|unknown phdr type|unterminated/.test(said),
        taken,
        `${text}\n${said}`,
      );
    }
  }
});
