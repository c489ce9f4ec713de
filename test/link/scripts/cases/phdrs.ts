// PHDRS.

import type { ScriptCase } from "../case.ts";

const phdrs = (
  name: string,
  headers: string,
  statements: string,
  more: Omit<ScriptCase, "name" | "script"> = {},
): ScriptCase => ({
  name,
  script: `PHDRS { ${headers} }\nSECTIONS { ${statements} }\n`,
  ...more,
});

const TWO = "text PT_LOAD; data PT_LOAD;";
const BODY =
  ".text : { *(.text) } :text .rodata : { *(.rodata) } . = ALIGN(0x1000); .data : { *(.data) } :data .bss : { *(.bss) *(COMMON) }";

export const phdrsCases: readonly ScriptCase[] = [
  phdrs("two segments", TWO, `. = 0x10000; ${BODY}`),
  phdrs("headers in the first", "text PT_LOAD FILEHDR PHDRS; data PT_LOAD;", `. = 0x10000 + SIZEOF_HEADERS; ${BODY}`),
  phdrs("headers below", "text PT_LOAD FILEHDR PHDRS; data PT_LOAD;", `. = 0x10000; ${BODY}`),
  phdrs(
    "PT_PHDR",
    "phdr PT_PHDR PHDRS; text PT_LOAD FILEHDR PHDRS; data PT_LOAD;",
    `. = 0x10000 + SIZEOF_HEADERS; ${BODY}`,
  ),
  phdrs(
    "PT_PHDR that is not loaded",
    "phdr PT_PHDR PHDRS; text PT_LOAD; data PT_LOAD;",
    `. = 0x10000 + SIZEOF_HEADERS; ${BODY}`,
  ),
  phdrs("flags", "text PT_LOAD FLAGS(5); data PT_LOAD FLAGS(7);", `. = 0x10000; ${BODY}`),
  phdrs("flags of nothing", "text PT_LOAD FLAGS(0); data PT_LOAD FLAGS(2 | 4);", `. = 0x10000; ${BODY}`),
  phdrs("AT", "text PT_LOAD AT(0x1000); data PT_LOAD AT(0x5000);", `. = 0x10000; ${BODY}`),
  phdrs("an empty segment", "text PT_LOAD; none PT_LOAD; data PT_LOAD;", `. = 0x10000; ${BODY}`),
  phdrs("a stack by hand", "text PT_LOAD; data PT_LOAD; stack PT_GNU_STACK FLAGS(6);", `. = 0x10000; ${BODY}`),
  phdrs(
    "a note in two segments",
    "text PT_LOAD; note PT_NOTE; data PT_LOAD;",
    `. = 0x10000; .note.x : { *(.note.x) } :text :note .text : { *(.text) } :text .data : { *(.data) } :data .bss : { *(.bss) }`,
    { objects: "a b o" },
  ),
  phdrs(
    "thread-local storage",
    "text PT_LOAD; data PT_LOAD; tls PT_TLS;",
    ". = 0x10000; .text : { *(.text) } :text . = ALIGN(0x1000); .tdata : { *(.tdata) } :data :tls .tbss : { *(.tbss) } :data :tls .data : { *(.data) } :data .bss : { *(.bss) }",
    { objects: "a b t" },
  ),
  phdrs(
    "inherited",
    "text PT_LOAD; data PT_LOAD;",
    ". = 0x10000; .text : { *(.text) } :text .rodata : { *(.rodata) } .data : { *(.data) } .bss : { *(.bss) } :data",
  ),
  phdrs(
    "NONE",
    TWO,
    ". = 0x10000; .text : { *(.text) } :text .rodata : { *(.rodata) } :NONE . = ALIGN(0x1000); .data : { *(.data) } :data .bss : { *(.bss) }",
  ),
  phdrs("nothing assigned", TWO, ". = 0x10000; .text : { *(.text) } .data : { *(.data) }"),
  phdrs("a segment that is not", TWO, ". = 0x10000; .text : { *(.text) } :text .data : { *(.data) } :nowhere"),
  phdrs(
    "types by number",
    "a 1; b 0x6474e551 FLAGS(6); c 0x60000001;",
    ". = 0x10000; .text : { *(.text) } :a .data : { *(.data) } :a :c .bss : { *(.bss) } :a",
  ),
  phdrs(
    "types by name",
    "a PT_LOAD; b PT_NULL; c PT_SHLIB; d PT_GNU_RELRO; e PT_GNU_EH_FRAME; f PT_DYNAMIC; g PT_NOTE;",
    ". = 0x10000; .text : { *(.text) } :a .data : { *(.data) } :a :d",
  ),
  phdrs("an unknown type", "a PT_FOO;", ".text : { *(.text) } :a"),
  phdrs(
    "FILEHDR in the second",
    "a PT_LOAD; b PT_LOAD FILEHDR PHDRS;",
    ". = 0x10000; .text : { *(.text) } :a .data : { *(.data) } :b",
  ),
  phdrs("orphans", TWO, `. = 0x10000; ${BODY}`, { objects: "a b o" }),
  phdrs(
    "two segments on a page",
    TWO,
    ". = 0x10000; .text : { *(.text) } :text .data : { *(.data) } :data .bss : { *(.bss) }",
  ),
  phdrs(
    "segments out of order",
    TWO,
    ". = 0x20000; .data : { *(.data) } :data . = 0x10000; .text : { *(.text) } :text",
  ),
  phdrs(
    "contents behind .bss",
    TWO,
    ". = 0x10000; .text : { *(.text) } :text .bss : { *(.bss) } :data .data : { *(.data) } :data",
  ),
  phdrs(
    "a kernel",
    "text PT_LOAD FLAGS(5); data PT_LOAD FLAGS(6); note PT_NOTE FLAGS(0);",
    ". = 0x1100000; .text : AT(ADDR(.text) - 0x1000000) { *(.text) } :text .note.x : AT(ADDR(.note.x) - 0x1000000) { *(.note.x) } :text :note .rodata : AT(ADDR(.rodata) - 0x1000000) { *(.rodata) } :text . = ALIGN(0x1000); .data : AT(ADDR(.data) - 0x1000000) { *(.data) } :data .bss : AT(ADDR(.bss) - 0x1000000) { *(.bss) *(COMMON) } /DISCARD/ : { *(.info) *(.debug*) }",
    { only: "x86-64", objects: "a b o" },
  ),
  phdrs(
    "with MEMORY",
    TWO,
    "\n} MEMORY { r : ORIGIN = 0x8000, LENGTH = 4K w : ORIGIN = 0x20000, LENGTH = 4K }\nSECTIONS { .text : { *(.text .rodata) } >r :text .data : { *(.data) } >w AT>r :data .bss : { *(.bss COMMON) } >w :data",
  ),
  phdrs("-z separate-code does nothing", TWO, `. = 0x10000; ${BODY}`, { options: "-z separate-code" }),
  phdrs("an empty section that stays", TWO, `. = 0x10000; ${BODY} .gap : { . += 16; } :data`),
];
