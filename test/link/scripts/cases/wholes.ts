// Orphans, INSERT, -r, shared and position-independent outputs, garbage collection, files that scripts name.

import { type ScriptCase, sections } from "../case.ts";

const O = { objects: "a b o o2" };
const TEXT_DATA_BSS = ". = 0x10000; .text : { *(.text) } .data : { *(.data) } .bss : { *(.bss) *(COMMON) }";
const PIC =
  ". = SIZEOF_HEADERS; .dynsym : { *(.dynsym) } .dynstr : { *(.dynstr) } .hash : { *(.hash) } .gnu.hash : { *(.gnu.hash) } .rela.dyn : { *(.rela.*) *(.rel.*) } .plt : { *(.plt) } .text : { *(.text) } . = ALIGN(0x1000); .dynamic : { *(.dynamic) } .got : { *(.got) *(.got.plt) } .data : { *(.data*) } .bss : { *(.bss) *(COMMON) }";

const inserted = (name: string, insert: string, more: Omit<ScriptCase, "name" | "script"> = {}): ScriptCase => ({
  name,
  script: insert,
  ...more,
});

export const wholes: readonly ScriptCase[] = [
  sections("orphans of all sorts", TEXT_DATA_BSS, O),
  sections("orphans in one file", TEXT_DATA_BSS, { objects: "a b o" }),
  sections("orphans without .data", ". = 0x10000; .text : { *(.text) } .bss : { *(.bss) *(COMMON) }", O),
  sections("orphans without .text", ". = 0x10000; .rodata : { *(.rodata) } .data : { *(.data) }", O),
  sections("orphans and nothing else", "", O),
  sections(
    "orphans behind assignments",
    ". = 0x10000; .text : { *(.text) } etext = .; . = ALIGN(0x1000); .data : { *(.data) } edata = .; . = ALIGN(0x100); .bss : { *(.bss) } end = .;",
    O,
  ),
  sections(
    "orphans and their like",
    ". = 0x10000; .text : { *(.text) } .fixed : { *(.fixed) } .data : { *(.data) } .vars : { *(.vars) } .bss : { *(.bss) }",
    O,
  ),
  sections(
    "orphans and a NOLOAD section",
    ". = 0x10000; .text (NOLOAD) : { *(.text) } .data : { *(.data) } .bss : { *(.bss) }",
    O,
  ),
  sections("orphans by flags", ". = 0x10000; .first : { *(.text) } .second : { *(.data) } .third : { *(.bss) }", {
    objects: "a b fl o",
  }),
  sections("--orphan-handling=discard", TEXT_DATA_BSS, { ...O, options: "--orphan-handling=discard" }),
  sections("--orphan-handling=error", TEXT_DATA_BSS, { ...O, options: "--orphan-handling=error" }),
  sections("--orphan-handling=warn", TEXT_DATA_BSS, { ...O, options: "--orphan-handling=warn" }),
  sections("--unique", ". = 0x10000; .text : { *(.text) } .data : { *(.data) }", { ...O, options: "--unique" }),
  sections("thread-local orphans", TEXT_DATA_BSS, { objects: "a b t" }),
  sections("notes with .rodata", ". = 0x10000; .text : { *(.text) } .rodata : { *(.rodata) } .data : { *(.data) }", {
    objects: "a b o",
  }),
  sections(
    "orphans of a script's empty section",
    ". = 0x10000; .text : { *(.text) } .vars : { *(.none) } .data : { *(.data) } .mixed : { }",
    O,
  ),
  inserted("INSERT AFTER .data", "SECTIONS { .mine : { *(.vars) x = .; } } INSERT AFTER .data;", { objects: "a b o" }),
  inserted("INSERT BEFORE .bss", "SECTIONS { .mine : { *(.zero) } } INSERT BEFORE .bss;", { objects: "a b o" }),
  inserted("INSERT AFTER .text", "SECTIONS { .mine : { *(.code) } after_mine = .; } INSERT AFTER .text;", {
    objects: "a b o",
  }),
  inserted(
    "INSERT two",
    "SECTIONS { .m1 : { *(.vars) } } INSERT AFTER .data; SECTIONS { .m2 : { *(.mixed) } } INSERT BEFORE .m1;",
    { objects: "a b o" },
  ),
  inserted("INSERT takes what the default has", "SECTIONS { .mine : { *(.data) } } INSERT AFTER .rodata;", {
    objects: "a b",
  }),
  inserted("INSERT nowhere", "SECTIONS { .mine : { *(.vars) } } INSERT AFTER .nowhere;", { objects: "a b o" }),
  {
    name: "INSERT into a base",
    script: "SECTIONS { .mine : { *(.vars) } } INSERT AFTER .data;",
    files: { "base.ld": `SECTIONS { ${TEXT_DATA_BSS} }` },
    command: "-T x.ld -T base.ld a.o b.o o.o",
  },
  {
    name: "INSERT behind the base",
    script: "SECTIONS { .mine : { *(.vars) } } INSERT AFTER .data;",
    files: { "base.ld": `SECTIONS { ${TEXT_DATA_BSS} }` },
    command: "-T base.ld -T x.ld a.o b.o o.o",
  },
  {
    name: "INCLUDE",
    script: "INCLUDE head.ld SECTIONS { . = base; INCLUDE parts.ld .bss : { INCLUDE inner.ld } }",
    files: {
      "head.ld": "base = 0x7000;",
      "parts.ld": ".text : { *(.text) } .data : { *(.data) }",
      "inner.ld": "*(.bss) *(COMMON)",
    },
  },
  {
    name: "INCLUDE in MEMORY",
    script:
      "MEMORY { INCLUDE mem.ld } SECTIONS { .text : { *(.text .rodata) } >r .data : { *(.data .bss COMMON) } >r }",
    files: { "mem.ld": "r : ORIGIN = 0x9000, LENGTH = 4K" },
  },
  { name: "INCLUDE of nothing", script: "SECTIONS { INCLUDE nowhere.ld }" },
  { name: "INPUT in a script", script: "INPUT(b.o) SECTIONS { . = 0x1000; .text : { *(.text) } }", objects: "a" },
  { name: "STARTUP", script: "STARTUP(b.o) SECTIONS { . = 0x1000; .text : { *(.text) } }", objects: "a" },
  {
    name: "OUTPUT_FORMAT and OUTPUT_ARCH",
    script:
      "OUTPUT_FORMAT(elf64-x86-64) OUTPUT_ARCH(i386:x86-64) ENTRY(_start) SECTIONS { . = 0x1000; .text : { *(.text) } }",
    only: "x86-64",
  },
  { name: "an unknown OUTPUT_FORMAT", script: "OUTPUT_FORMAT(elf99) SECTIONS { .text : { *(.text) } }" },
  { name: "an unknown OUTPUT_ARCH", script: "OUTPUT_ARCH(z80x) SECTIONS { .text : { *(.text) } }" },
  {
    name: "-dT",
    script: "SECTIONS { . = 0x9000; .text : { *(.text) } .data : { *(.data) } }",
    command: "-dT x.ld a.o b.o",
  },
  {
    name: "-dT behind -T",
    script: "SECTIONS { . = 0x9000; .text : { *(.text) } }",
    files: { "y.ld": "SECTIONS { . = 0x5000; .text : { *(.text) } }" },
    command: "-dT x.ld -T y.ld a.o b.o",
  },
  {
    name: "a script among the inputs",
    script: "SECTIONS { .mine : { *(.vars) } x = 5; }",
    command: "a.o b.o o.o x.ld",
  },
  {
    name: "an assignment among the inputs",
    script: "x = 5; y = ADDR(.data);",
    command: "a.o b.o x.ld",
  },
  { name: "dot and _end among the inputs", script: "x = .; y = _end + 1;", command: "a.o x.ld b.o" },
  {
    name: "dot among the inputs, with a section",
    script: "x = .; SECTIONS { .zap : { *(.data) } y = .; }",
    command: "a.o x.ld b.o",
  },
  {
    name: "two scripts of -T",
    script: "SECTIONS { . = 0x9000; .text : { *(.text) } }",
    files: { "y.ld": "SECTIONS { . = 0x15000; .data : { *(.data) } }" },
    command: "-T x.ld -T y.ld a.o b.o",
  },
  { name: "a script along -L", script: "", files: {}, command: "-T nowhere.ld a.o b.o" },
  {
    name: "VERSION in a shared library",
    script: `VERSION { V1 { global: entry; local: *; }; } SECTIONS { ${PIC} }`,
    objects: "pic b",
    options: "-shared",
    // On i386 GNU ld 2.40 fails ("bad value").
    only: "x86-64",
  },
  {
    name: "FORCE_COMMON_ALLOCATION with -r",
    script: "FORCE_COMMON_ALLOCATION SECTIONS { .text : { *(.text) } .bss : { *(.bss) *(COMMON) } }",
    options: "-r",
  },
  sections(
    "gc with KEEP",
    ". = 0x1000; .text : { *(.text*) } .rodata : { KEEP(*(.vectors)) *(.rodata*) } .data : { KEEP(*(.kept.one)) *(.kept*) } .data : { *(.data) }",
    { objects: "g", options: "--gc-sections" },
  ),
  sections("gc without KEEP", ". = 0x1000; .text : { *(.text*) } .rodata : { *(.vectors) } .data : { *(.kept*) }", {
    objects: "g",
    options: "--gc-sections",
  }),
  sections("gc with KEEP and SORT", ". = 0x1000; .text : { *(.text*) } .data : { KEEP(*(SORT(.kept.*))) }", {
    objects: "g",
    options: "--gc-sections",
  }),
  sections(
    "gc with KEEP of what another took",
    ". = 0x1000; .text : { *(.text*) } .data : { *(.kept.one) } .more : { KEEP(*(.kept.*)) }",
    { objects: "g", options: "--gc-sections" },
  ),
  sections("gc with KEEP of a file", ". = 0x1000; .text : { KEEP(g.o(.text*)) } .data : { *(.kept*) }", {
    objects: "g b",
    options: "--gc-sections",
  }),
  sections(
    "gc with __start",
    ". = 0x1000; .text : { *(.text.start) KEEP(*(.text.ref)) *(.text*) } mine : { *(mine) }",
    { objects: "g", options: "--gc-sections" },
  ),
  {
    ...sections("gc with symbols of the script", ". = 0x1000; .text : { *(.text*) } .data : { *(.kept*) } x = one;", {
      objects: "g",
      options: "--gc-sections",
    }),
  },
  sections("gc with an entry of the script", ". = 0x1000; .text : { *(.text*) }\n} ENTRY(dead)\nSECTIONS {", {
    objects: "g",
    options: "--gc-sections",
  }),
  sections("-r", ".text : { *(.text) } .data : { *(.data) } .bss : { *(.bss) }", {
    options: "-r",
  }),
  {
    ...sections("-r with addresses", ".text 0x1000 : { *(.text) x = .; } .data : { *(.data) y = . + 4; }", {
      options: "-r",
    }),
  },
  {
    ...sections("-r that joins", ".all : { *(.text) *(.data) } .rest 0 : { *(.rodata*) }", { options: "-r" }),
  },
  {
    ...sections(
      "-r with data and fills",
      ".text : { *(.text) . = ALIGN(32); } =0x90 .table : { LONG(1) LONG(_start) BYTE(2) }",
      { options: "-r" },
    ),
  },
  {
    ...sections("-r with orphans", ".text : { *(.text) } .data : { *(.data) }", { objects: "a b o o2", options: "-r" }),
  },
  {
    ...sections("-r with discarded", ".text : { *(.text) } /DISCARD/ : { *(.info) *(.note.x) *(.debug*) }", {
      objects: "a b o",
      options: "-r",
    }),
  },
  {
    ...sections("-r with sorts", ".t : { *(SORT(.t.*)) *(.t) }", { objects: "s s2", options: "-r" }),
  },
  {
    ...sections(
      "-r with symbols",
      ".text : { *(.text) end_text = .; PROVIDE(sym_a = .); } sym_b = 5; .data : { *(.data) }",
      { objects: "u", options: "-r" },
    ),
  },
  {
    ...sections(
      "-r as kernel modules do",
      ".data.all 0 : { *(.kept.*) } .init.text 0 : { *(.text.start) } __ksymtab 0 : { *(SORT(.vectors)) }",
      { objects: "g", options: "-r" },
    ),
  },
  { ...sections("-r -d", ".bss : { *(.bss) *(COMMON) }", { options: "-r -d" }) },
  ...["--build-id=0x1234", "-Ttext=0x40", "--unique", "-Ur", "-z execstack", "-s", "--orphan-handling=discard"].map(
    (options) =>
      sections(
        `-r ${options}`,
        ".text : { *(.text) . = ALIGN(16); HIDDEN(inner = .); } .data 0x30 : ALIGN(16) { *(.data) QUAD(d2) } PROVIDE_HIDDEN(other = 4);",
        { objects: "a b o t", options: `-r ${options}` },
      ),
  ),
  {
    name: "-r in regions",
    script:
      "MEMORY { m (rwx) : ORIGIN = 0x100, LENGTH = 4 } SECTIONS { .text : { *(.text) } >m .data : { *(.data) } >m }",
    options: "-r",
  },
  sections(
    "-r with what refers forward",
    ".text : { *(.text) x = y + 4; } .data : { *(.data) y = .; } z = SIZEOF(.bss);",
    {
      options: "-r",
    },
  ),
  sections("-r with a failing ASSERT", '.text : { *(.text) } ASSERT(SIZEOF(.text) > 0x1000, "small")', {
    options: "-r",
  }),
  sections("-r with a used section discarded", ".text : { *(.text) } /DISCARD/ : { *(.data) }", { options: "-r" }),
  sections("data under SUBALIGN", ". = 0x1000; .data : SUBALIGN(32) { BYTE(1) *(.data) LONG(2) *(.rodata) BYTE(3) }"),
  sections("-r with SUBALIGN", ".data : SUBALIGN(32) { *(.data) FILL(0xab) . += 7; *(.rodata) BYTE(1) }", {
    options: "-r",
  }),
  sections("-r with types", ".data (NOLOAD) : { *(.data) } .x (INFO) : { *(.rodata) } .text : { *(.text) }", {
    options: "-r",
  }),
  sections("-r with strings", ".rodata : { *(.rodata*) }", { objects: "a m m2", options: "-r" }),
  {
    name: "-r beside regions",
    script: "MEMORY { m (x) : ORIGIN = 0x100, LENGTH = 400 } SECTIONS { .text : { *(.text) } .data : { *(.data) } }",
    options: "-r",
  },
  {
    name: "-r with groups allocated",
    script: "FORCE_GROUP_ALLOCATION SECTIONS { .text : { *(.text*) } .data : { *(.data*) } }",
    objects: "a b o",
    options: "-r",
  },
  sections("-shared", PIC, { only: "x86-64", objects: "pic b", options: "-shared" }),
  sections("-shared with orphans only", ".text : { *(.text) }", { objects: "pic b", options: "-shared" }),
  sections("-pie", PIC, { only: "x86-64", objects: "pic b", options: "-pie -e entry --no-dynamic-linker" }),
  sections("-shared with a base", `. = 0x10000; .text : { *(.text) } .data : { *(.data) }`, {
    objects: "pic b",
    options: "-shared",
  }),
  sections("-shared -z now", PIC, { only: "x86-64", objects: "pic b", options: "-shared -z now" }),
  sections("-shared with its symbols", `${PIC} exported = .; HIDDEN(hidden_one = .);`, {
    only: "x86-64",
    objects: "pic b",
    options: "-shared",
  }),
  {
    ...sections(
      "-shared with its hash tables discarded",
      `. = SIZEOF_HEADERS; .text : { *(.text) } .data : { *(.data) } /DISCARD/ : { *(.gnu.hash) *(.hash) }`,
      { objects: "pic b", options: "-shared --hash-style=both" },
    ),
  },
  ...[
    ".got.plt",
    ".plt",
    ".dynsym",
    ".gnu.version*",
    ".dynstr",
    ".dynsym .dynstr",
    ".hash .gnu.hash .dynsym .dynstr",
  ].map((name) =>
    sections(
      `-shared with ${name} discarded`,
      `/DISCARD/ : { *(${name}) } . = SIZEOF_HEADERS; .text : { *(.text) } .data : { *(.data) }`,
      { objects: "pic b", options: "-shared --hash-style=sysv" },
    ),
  ),
  sections("a discarded build id", "/DISCARD/ : { *(.note.*) } . = 0x1000; .text : { *(.text) } .data : { *(.data) }", {
    options: "--build-id=0x1234",
  }),
  {
    name: "-shared in segments",
    script: `PHDRS { text PT_LOAD FILEHDR PHDRS; data PT_LOAD; dyn PT_DYNAMIC; } SECTIONS { . = SIZEOF_HEADERS; .dynsym : { *(.dynsym) } :text .dynstr : { *(.dynstr) } .hash : { *(.hash) } .rela.dyn : { *(.rela*) *(.rel.*) } .text : { *(.text) *(.plt) } . = ALIGN(0x1000); .dynamic : { *(.dynamic) } :data :dyn .data : { *(.data* .got .got.plt) } :data .bss : { *(.bss COMMON) } }`,
    objects: "pic b",
    options: "-shared --hash-style=sysv",
  },
];
