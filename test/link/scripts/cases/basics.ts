// Sections and dot: addresses, alignment, what stays and what is dropped, kinds of values.

import { type ScriptCase, sections } from "../case.ts";

export const basics: readonly ScriptCase[] = [
  sections("the classic", ". = 0x10000; .text : { *(.text) } . = 0x8000000; .data : { *(.data) } .bss : { *(.bss) }"),
  sections("only text", ".text : { *(.text) }"),
  sections("nothing at all", ""),
  { name: "no SECTIONS", script: "ENTRY(_start)\n" },
  { name: "an empty script", script: "" },
  sections("SIZEOF_HEADERS", ". = 0x400000 + SIZEOF_HEADERS; .text : { *(.text) } .data : { *(.data .bss COMMON) }"),
  sections("headers without room", ". = 0x400000; .text : { *(.text .rodata) } .data : { *(.data .bss COMMON) }"),
  sections(
    "an address before the colon",
    ".text 0x400100 : { *(.text) } .data 0x600000 : { *(.data) } .bss : { *(.bss COMMON) }",
  ),
  sections(
    "an address that is an expression",
    ". = 0x1000; .text . + 0x234 : { *(.text) } .data ALIGN(0x100) : { *(.data) } .bss (. + 1) : { *(.bss COMMON) }",
  ),
  sections(
    "an address of another section",
    ".text 0x1000 : { *(.text) } .data ADDR(.text) + 0x2000 : { *(.data) } .bss ADDR(.data) + SIZEOF(.data) : { *(.bss) }",
  ),
  sections("an address that the inputs do not suit", ".text 0x401 : { *(.text) } .data 0x2003 : { *(.data) *(.bss) }"),
  sections(
    "ALIGN behind the colon",
    ". = 0x1001; .text : ALIGN(0x20) { *(.text) } .data : ALIGN(3) { *(.data) } .bss : { *(.bss) }",
  ),
  sections("ALIGN behind the colon moves an address", ".text 0x1003 : ALIGN(0x10) { *(.text) } .data : { *(.data) }"),
  sections("SUBALIGN raises", ". = 0x1000; .text : SUBALIGN(32) { *(.text) } .data : SUBALIGN(64) { *(.data) }"),
  sections(
    "SUBALIGN lowers",
    ". = 0x1000; .text : SUBALIGN(1) { *(.text) } .data : { *(.data) } .bss : SUBALIGN(2) { *(.bss) }",
  ),
  sections("dot in a section", ". = 0x1000; .text : { *(.text) . = 0x40; x = .; . += 8; *(.rodata) . = ALIGN(32); }"),
  sections("dot before the inputs", ". = 0x1000; .text : { . = 0x20; *(.text) }"),
  sections("dot behind the inputs of .bss", ".text : { *(.text) } .bss : { *(.bss) . += 0x100; *(COMMON) }"),
  sections("an empty section with dot", ".text : { *(.text) } .gap : { . += 0x10; } .data : { *(.data) }"),
  sections("an empty section kept by . = .", ".text : { *(.text) } .gap : { . = .; } .data : { *(.data) }"),
  sections("an empty section kept by ALIGN", ".text : { *(.text) } .gap : { . = ALIGN(16); } .data : { *(.data) }"),
  sections(
    "empty sections that go",
    '.text : { *(.text) } .g1 : { . = 0; } .g2 : { . = . + 0; } .g3 : { . += 0; } .g4 : { x = .; } .g5 : { *(.nothing) } .g6 : { PROVIDE(y = .); ASSERT(1, ""); } .data : { *(.data) }',
  ),
  sections(
    "symbols in a section that goes",
    ".text : { *(.text) } .gone : { lost = .; lost2 = . + 4; lost3 = 8; } .data : { *(.data) found = .; }",
  ),
  sections(
    "ALIGN between sections",
    ".text : { *(.text) } . = ALIGN(0x1000); .data : { *(.data) } . = ALIGN(., 0x800); .bss : { *(.bss) }",
  ),
  sections(
    "dot goes back between sections",
    ". = 0x4000; .text : { *(.text) } . = 0x1000; .data : { *(.data) } .bss : { *(.bss) }",
  ),
  sections("two sections of one name", ". = 0x1000; .text : { *a.o(.text) } .data : { *(.data) } .text : { *(.text) }"),
  sections("two SECTIONS", ". = 0x1000; .text : { *(.text) }\n}\nSECTIONS {\n.data : { *(.data) }"),
  sections("sections without ALLOC", ". = 0x1000; .text : { *(.text) } .info : { *(.info) } .data : { *(.data) }", {
    objects: "a b o",
  }),
  sections(
    "debug sections at zero",
    ". = 0x1000; .text : { *(.text) } .debug_x 0 : { *(.debug_x) } .info 0 : { *(.info) } .data : { *(.data) }",
    { objects: "a b o" },
  ),
  sections(
    "INFO, COPY, DSECT, OVERLAY",
    ". = 0x1000; .text : { *(.text) } .a (INFO) : { *(.mixed) } .b (COPY) : { *(.fixed) } .c (DSECT) : { *(.vars) } .d (OVERLAY) : { *(.code) } .data : { *(.data) }",
    { objects: "a b o" },
  ),
  sections("NOLOAD", ". = 0x1000; .text : { *(.text) } .noload (NOLOAD) : { *(.data) } .more : { *(.rodata) }"),
  sections(
    "NOLOAD in the middle of a page",
    ". = 0x1000; .text : { *(.text) } .data : { *(.data) } .noload (NOLOAD) : { *(.rodata) } .bss : { *(.bss) }",
  ),
  {
    ...sections(
      "READONLY and TYPE",
      ". = 0x1000; .text : { *(.text) } .ro (READONLY) : { *(.data) } .ty (TYPE = SHT_NOTE) : { BYTE(1) } .both (READONLY (TYPE = SHT_PROGBITS)) : { *(.vars) BYTE(2) }",
      { objects: "a b o" },
    ),
  },
  sections(
    "contents behind .bss",
    ". = 0x1000; .text : { *(.text) } .bss : { *(.bss) *(COMMON) } .data : { *(.data) }",
  ),
  sections(
    "contents and NOBITS in one section",
    ". = 0x1000; .text : { *(.text) } .all : { *(.data) *(.bss) *(COMMON) *(.rodata) }",
  ),
  sections("NOBITS first in one section", ". = 0x1000; .all : { *(.bss) *(COMMON) *(.data) *(.text) }"),
  sections(
    "flags are the union",
    ". = 0x1000; .all : { *(.fa) *(.fw) *(.fx) } .rest : { *(.fwx) *(.fb) } .fn : { *(.fn) }",
    { objects: "fl" },
  ),
  sections("large addresses", ". = 0xffffffff80000000; .text : { *(.fx) } .data : { *(.fw) } .bss : { *(.fb) }", {
    objects: "fl",
    only: "x86-64",
  }),
  sections("an address above 2 GB", ". = 0xc0100000; .text : { *(.text) } .data : { *(.data) } .bss : { *(.bss) }", {
    only: "i386",
  }),
  sections("-Ttext over an address", ".text 0x1000 : { *(.text) } .data : { *(.data) } .bss : { *(.bss) }", {
    options: "-Ttext=0x8000",
  }),
  sections("--section-start", ".text : { *(.text) } .data : AT(0x9000) { *(.data) } .bss : { *(.bss) }", {
    options: "--section-start=.data=0x5000 -Tbss=0x7000",
  }),
  sections(
    "-Ttext-segment and SEGMENT_START",
    '. = SEGMENT_START("text-segment", 0x10000); .text : { *(.text) } . = SEGMENT_START("data-segment", 0x20000); .data : { *(.data) }',
    { options: "-Ttext-segment=0x40000" },
  ),
  sections(
    "-Tdata and SEGMENT_START",
    '. = SEGMENT_START(".data", 0x10000); .text : { *(.text) } .data : { *(.data) }',
    { options: "-Tdata=0x30000" },
  ),
  sections(
    "separate code",
    ". = 0x400000 + SIZEOF_HEADERS; .rodata : { *(.rodata) } . = ALIGN(0x1000); .text : { *(.text) } . = ALIGN(0x1000); .data : { *(.data) } .bss : { *(.bss) }",
    { options: "-z separate-code" },
  ),
  sections(
    "without separate code",
    ". = 0x400000 + SIZEOF_HEADERS; .rodata : { *(.rodata) } . = ALIGN(0x1000); .text : { *(.text) } . = ALIGN(0x1000); .data : { *(.data) } .bss : { *(.bss) }",
    { options: "-z noseparate-code" },
  ),
  sections(
    "another page size",
    ". = 0x10000; .text : { *(.text) } . = ALIGN(CONSTANT(MAXPAGESIZE)); .data : { *(.data) } x = CONSTANT(COMMONPAGESIZE);",
    { options: "-z max-page-size=0x4000" },
  ),
  sections("-n", ". = 0x10000; .text : { *(.text) } .data : { *(.data) } .bss : { *(.bss) }", { options: "-n" }),
  sections("-N", ". = 0x10000; .text : { *(.text) } .data : { *(.data) } .bss : { *(.bss) }", { options: "-N" }),
  sections("far apart", ".text 0x100000 : { *(.text) } .data 0x900000 : { *(.data) } .bss 0x1900000 : { *(.bss) }"),
  sections("one page apart", ".text 0x1000 : { *(.text) } .data 0x2ff0 : { *(.data) } .bss 0x4010 : { *(.bss) }"),
  sections("much of it", ". = 0x10000; .text : { *(.text*) } .data : { *(.data*) } .bss : { *(.bss*) *(COMMON) }", {
    objects: "a b big",
  }),
  sections("the whole in one", ". = 0x10000; .all : { *(*) }", { objects: "a b big" }),
  sections(
    "DATA_SEGMENT without RELRO",
    ". = 0x400000 + SIZEOF_HEADERS; .text : { *(.text) } . = DATA_SEGMENT_ALIGN(0x1000, 0x1000); .data : { *(.data) } .bss : { *(.bss) } . = DATA_SEGMENT_END(.);",
  ),
  sections(
    "DATA_SEGMENT with RELRO",
    ". = 0x400000 + SIZEOF_HEADERS; .text : { *(.text) } . = DATA_SEGMENT_ALIGN(0x1000, 0x1000); .rel : { *(.rodata) *(.data.rel.ro) } . = DATA_SEGMENT_RELRO_END(0, .); .data : { *(.data) } .bss : { *(.bss) } . = DATA_SEGMENT_END(.);",
    { options: "-z relro" },
  ),
  ...["a b m m2", "m2 b a m", "m m2 m3"].map((objects) =>
    sections(
      `merged strings of ${objects}`,
      ". = 0x1000; .text : { *(.text) } .rodata : { *(.rodata*) } end_of_it = SIZEOF(.rodata);",
      { objects },
    ),
  ),
  sections(
    "merged strings in another order",
    ". = 0x1000; .text : { *(.text) } .rodata : { m3.o(.rodata.str*) *(SORT(.rodata*)) }",
    { objects: "a m m2 m3" },
  ),
  sections(
    "merged strings apart",
    ". = 0x1000; .text : { *(.text) } .s1 : { *m.o(.rodata*) } .s2 : { *m2.o(.rodata*) }",
    { objects: "a b m m2" },
  ),
  sections(
    "thread-local storage",
    ". = 0x400000 + SIZEOF_HEADERS; .text : { *(.text) } . = ALIGN(0x1000); .tdata : { *(.tdata) } .tbss : { *(.tbss) } .data : { *(.data) } .bss : { *(.bss) }",
    { objects: "a b t" },
  ),
  sections("-Map does not matter", ".text : { *(.text) } x = .;", { options: "-Map=out.map" }),
  sections("--oformat=binary", ". = 0x1000; .text : { *(.text) } . = 0x1100; .data : { *(.data) } .bss : { *(.bss) }", {
    options: "--oformat=binary",
  }),
  {
    name: "OUTPUT_FORMAT(binary)",
    script:
      "OUTPUT_FORMAT(binary) SECTIONS { . = 0x1000; .text : { *(.text) } .data : AT(0x1234) { *(.data) } .bss : { *(.bss) } }",
  },
];
