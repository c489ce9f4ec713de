// MEMORY, load addresses, regions.

import type { ScriptCase } from "../case.ts";

const memory = (
  name: string,
  regions: string,
  statements: string,
  more: Omit<ScriptCase, "name" | "script"> = {},
): ScriptCase => ({
  name,
  script: `MEMORY { ${regions} }\nSECTIONS { ${statements} }\n`,
  ...more,
});

const ROM_RAM = "rom (rx) : ORIGIN = 0x8000, LENGTH = 64K\n ram (rwx) : ORIGIN = 0x20000000, LENGTH = 16K";
const REST = ".bss : { *(.bss) *(COMMON) } >ram";
const L = (name: string, statements: string, options = ""): ScriptCase => ({
  name,
  script: `SECTIONS { ${statements} }`,
  options,
});

export const memoryCases: readonly ScriptCase[] = [
  memory(
    "code in ROM, data in RAM",
    ROM_RAM,
    `.text : { *(.text) *(.rodata) } >rom .data : { *(.data) } >ram AT>rom ${REST}`,
  ),
  memory(
    "data copied with its marks",
    ROM_RAM,
    `.text : { *(.text) *(.rodata) . = ALIGN(4); etext = .; } >rom .data : { sdata = .; *(.data) edata = .; } >ram AT>rom sidata = LOADADDR(.data); .bss : { *(.bss) *(COMMON) } >ram`,
  ),
  memory(
    "data behind etext by AT",
    ROM_RAM,
    `.text : { *(.text) *(.rodata) etext = .; } >rom .data : AT(etext) { *(.data) } >ram ${REST}`,
  ),
  memory(
    "AT of an expression",
    ROM_RAM,
    `.text : { *(.text) *(.rodata) } >rom .data : AT(ADDR(.text) + SIZEOF(.text)) { *(.data) } >ram ${REST}`,
  ),
  memory(
    "sections by attributes",
    ROM_RAM,
    ".text : { *(.text) } .rodata : { *(.rodata) } .data : { *(.data) } .bss : { *(.bss) *(COMMON) }",
  ),
  memory(
    "attributes inverted",
    "a (!w) : ORIGIN = 0x1000, LENGTH = 4K b (w) : ORIGIN = 0x9000, LENGTH = 4K",
    ".text : { *(.text) } .rodata : { *(.rodata) } .data : { *(.data) } .bss : { *(.bss COMMON) }",
  ),
  memory(
    "attributes rx!w",
    "a (rx!w) : ORIGIN = 0x1000, LENGTH = 4K b (rw!x) : ORIGIN = 0x9000, LENGTH = 4K",
    ".text : { *(.text) } .rodata : { *(.rodata) } .data : { *(.data) } .bss : { *(.bss COMMON) }",
  ),
  memory(
    "attributes a, i, l",
    "a (a) : ORIGIN = 0x1000, LENGTH = 4K",
    ".text : { *(.text) } .rodata : { *(.rodata) } .data : { *(.data) } .bss : { *(.bss COMMON) }",
  ),
  memory(
    "no region found",
    "a (x) : ORIGIN = 0x1000, LENGTH = 4K",
    ".text : { *(.text) } .data : { *(.data) } .bss : { *(.bss) }",
  ),
  memory(
    "no region found, not checked",
    "a (x) : ORIGIN = 0x1000, LENGTH = 4K",
    ".text : { *(.text) } .data : { *(.data) } .bss : { *(.bss) }",
    { options: "--no-check-sections" },
  ),
  memory(
    "a region too small",
    "a (rwx) : ORIGIN = 0x1000, LENGTH = 16",
    ".text : { *(.text) } >a .data : { *(.data) } >a .bss : { *(.bss) } >a",
  ),
  memory(
    "an unknown region",
    ROM_RAM,
    ".text : { *(.text) *(.rodata) } >flash .data : { *(.data) } >ram .bss : { *(.bss COMMON) } >ram",
  ),
  memory(
    "a region twice",
    "a : ORIGIN = 0x1000, LENGTH = 4K a : ORIGIN = 0x3000, LENGTH = 4K",
    ".text : { *(.text) *(.rodata) } >a .data : { *(.data .bss COMMON) } >a",
  ),
  memory(
    "ORIGIN and LENGTH",
    ROM_RAM,
    `.text : { *(.text) *(.rodata) } >rom .data : { *(.data) LONG(ORIGIN(ram)) LONG(LENGTH(rom)) } >ram stack = ORIGIN(ram) + LENGTH(ram); org_of = ORIGIN(rom); len_of = LENGTH(rom); ${REST}`,
  ),
  memory(
    "origins by expressions",
    "a (rx) : ORIGIN = 0x1000 * 2 + 0x100, LENGTH = 4K - 16 b (rw) : ORIGIN = ORIGIN(a) + LENGTH(a), LENGTH = 1K",
    ".text : { *(.text) *(.rodata) } >a .data : { *(.data .bss COMMON) } >b",
  ),
  memory(
    "origins by --defsym",
    "a (rwx) : ORIGIN = base, LENGTH = size",
    ".text : { *(.text .rodata) } >a .data : { *(.data .bss COMMON) } >a",
    { options: "--defsym=base=0x7000 --defsym=size=0x1000" },
  ),
  memory(
    "origins that nobody knows",
    "a (rwx) : ORIGIN = base, LENGTH = 4K",
    ".text : { *(.text .rodata) } >a .data : { *(.data .bss COMMON) } >a",
  ),
  memory(
    "LENGTH of a region below",
    "a (rx) : ORIGIN = 0x1000, LENGTH = LENGTH(b) b : ORIGIN = ORIGIN(a) + 0x1000, LENGTH = 4K",
    ".text : { *(.text .rodata) LONG(LENGTH(a)) } >a .data : { *(.data) } >b .bss : { *(.bss COMMON) } >b",
  ),
  memory(
    "lengths of all that there is",
    "a (rx) : ORIGIN = 0x1000, LENGTH = ~0 b : ORIGIN = 0x8000, LENGTH = -1",
    ".text : { *(.text .rodata) } >a .data : { *(.data) } >b .bss : { *(.bss COMMON) } >b",
  ),
  memory(
    "over the end of memory",
    "a (rx) : ORIGIN = 0xfffffff0, LENGTH = 4K b : ORIGIN = 0x8000, LENGTH = 4K",
    ".text : { *(.text .rodata) . += 8; } >a .data : { *(.data) } >b .bss : { *(.bss COMMON) } >b",
  ),
  memory(
    "org, o, len, l",
    "a (rwx) : org = 0x1000, len = 4K b : o = 0x5000, l = 4K",
    ".text : { *(.text .rodata) } >a .data : { *(.data .bss COMMON) } >b",
  ),
  memory(
    "dot does not move a section with a region",
    ROM_RAM,
    `.text : { *(.text) *(.rodata) } >rom . = 0x9000; .data : { *(.data) } >rom . = 0xa000; .x : { *(.nothing) } x = .; ${REST}`,
  ),
  memory(
    "an address moves the region's pointer",
    ROM_RAM,
    `.text 0x8100 : { *(.text) } >rom .rodata : { *(.rodata) } >rom .data : { *(.data) } >ram AT>rom ${REST}`,
  ),
  memory(
    "an address outside of the region",
    ROM_RAM,
    `.text 0x100 : { *(.text .rodata) } >rom .data : { *(.data) } >ram ${REST}`,
  ),
  memory(
    "load addresses are inherited",
    ROM_RAM,
    ".text : { *(.text) } >rom .data : { *(.data) } >ram AT>rom .data2 : { *(.rodata) } >ram .bss : { *(.bss) *(COMMON) } >ram",
  ),
  memory(
    "load addresses are inherited not by addresses",
    ROM_RAM,
    ".text : { *(.text) } >rom .data : { *(.data) } >ram AT>rom .data2 0x20000100 : { *(.rodata) } >ram .bss : { *(.bss) *(COMMON) } >ram",
  ),
  memory(
    "ALIGN_WITH_INPUT",
    ROM_RAM,
    ".text : { *(.text) } >rom .data : ALIGN_WITH_INPUT { *(.data) } >ram AT>rom .data2 : ALIGN_WITH_INPUT { *(.rodata) } >ram AT>rom .bss : { *(.bss) *(COMMON) } >ram",
  ),
  memory(
    "load addresses are not rounded",
    ROM_RAM,
    ".text : { *(.text) } >rom .data : { *(.rodata) } >ram AT>rom .data2 : { *(.data) . = ALIGN(16); } >ram AT>rom .bss : { *(.bss) *(COMMON) } >ram",
  ),
  memory(
    "ALIGN rounds load addresses too",
    ROM_RAM,
    ".text : { *(.text) } >rom .data : ALIGN(64) { *(.data) } >ram AT>rom .data2 : ALIGN(32) { *(.rodata) } >ram AT>rom .bss : { *(.bss) *(COMMON) } >ram",
  ),
  memory(
    "AT> alone",
    ROM_RAM,
    ".text : { *(.text) *(.rodata) } AT>rom .data : { *(.data) } AT>ram .bss : { *(.bss) *(COMMON) } >ram",
  ),
  memory(
    "a third region between",
    `${ROM_RAM} tcm (rw) : ORIGIN = 0x10000000, LENGTH = 4K`,
    ".text : { *(.text) } >rom .fast : { *(.rodata) } >tcm AT>rom .data : { *(.data) } >ram AT>rom .bss : { *(.bss) *(COMMON) } >ram",
  ),
  memory(
    "NOLOAD in RAM",
    ROM_RAM,
    ".text : { *(.text) *(.rodata) } >rom .data : { *(.data) } >ram AT>rom .noinit (NOLOAD) : { *(.bss) *(COMMON) . += 0x100; } >ram",
  ),
  memory(
    "heap and stack",
    ROM_RAM,
    ".text : { *(.text) *(.rodata) } >rom .data : { *(.data) } >ram AT>rom .bss : { *(.bss) *(COMMON) } >ram .heap : { . = ALIGN(8); heap = .; . += 0x400; . = ALIGN(8); } >ram .stack ORIGIN(ram) + LENGTH(ram) - 0x200 : { . += 0x200; } >ram",
  ),
  memory(
    "orphans go where their neighbours are",
    ROM_RAM,
    `.text : { *(.text) } >rom .data : { *(.data) } >ram AT>rom ${REST}`,
    { objects: "a b o" },
  ),
  memory(
    "an empty section in a region",
    ROM_RAM,
    `.text : { *(.text) *(.rodata) } >rom .none : { *(.nothing) } >ram AT>rom .data : { *(.data) } >ram ${REST}`,
  ),
  memory(
    "binary of ROM",
    ROM_RAM,
    ".text : { *(.text) *(.rodata) } >rom .data : { *(.data) } >ram AT>rom .bss : { *(.bss) *(COMMON) } >ram",
    { options: "--oformat=binary" },
  ),
  {
    name: "REGION_ALIAS",
    script: `MEMORY { ${ROM_RAM} }\nREGION_ALIAS("CODE", rom)\nREGION_ALIAS("DATA", ram)\nSECTIONS { .text : { *(.text) *(.rodata) } >CODE .data : { *(.data) } >DATA AT>CODE .bss : { *(.bss) *(COMMON) } >DATA x = ORIGIN(DATA); }`,
  },
  {
    name: "REGION_ALIAS of nothing",
    script: `MEMORY { ${ROM_RAM} }\nREGION_ALIAS("CODE", flash)\nSECTIONS { .text : { *(.text) *(.rodata) } >CODE }`,
  },
  {
    name: "REGION_ALIAS twice",
    script: `MEMORY { ${ROM_RAM} }\nREGION_ALIAS("CODE", rom)\nREGION_ALIAS("CODE", ram)\nSECTIONS { .text : { *(.text) *(.rodata) } >CODE }`,
  },
  {
    name: "MEMORY behind SECTIONS",
    script: `SECTIONS { .text : { *(.text) *(.rodata) } >rom .data : { *(.data) } >ram .bss : { *(.bss COMMON) } >ram }\nMEMORY { ${ROM_RAM} }`,
  },
  memory(
    "--print-memory-usage",
    ROM_RAM,
    `.text : { *(.text) *(.rodata) } >rom .data : { *(.data) } >ram AT>rom ${REST}`,
    { options: "--print-memory-usage" },
  ),
  memory(
    "overlapping sections",
    "a (rwx) : ORIGIN = 0x1000, LENGTH = 4K",
    ".text : { *(.text) } >a .data 0x1002 : { *(.data) } >a .bss : { *(.bss COMMON .rodata) } >a",
  ),
  L("AT", ". = 0xc0100000; .text : AT(0x100000) { *(.text) } .data : AT(0x200000) { *(.data) } .bss : { *(.bss) }"),
  L(
    "AT of an offset",
    ". = 0xc0100000; .text : AT(ADDR(.text) - 0xc0000000) { *(.text) } .rodata : AT(ADDR(.rodata) - 0xc0000000) { *(.rodata) } .data : AT(ADDR(.data) - 0xc0000000) { *(.data) } .bss : AT(ADDR(.bss) - 0xc0000000) { *(.bss) *(COMMON) }",
  ),
  L(
    "the difference stays",
    ". = 0x10000; .text : AT(0x1000) { *(.text) } .rodata : { *(.rodata) } . = 0x20000; .data : { *(.data) } .bss : { *(.bss) }",
  ),
  L(
    "LOADADDR",
    ". = 0x10000; .text : AT(0x1000) { *(.text) } .data : AT(LOADADDR(.text) + SIZEOF(.text)) { *(.data) } x = LOADADDR(.data); y = LOADADDR(.text);",
  ),
  L(
    "load addresses out of order",
    ".text 0x1000 : AT(0x9000) { *(.text) } .data 0x2000 : AT(0x3000) { *(.data) } .bss 0x5000 : { *(.bss) }",
  ),
  L("overlapping load addresses", ".text 0x1000 : AT(0x100) { *(.text) } .data 0x2000 : AT(0x102) { *(.data) }"),
  L(
    "overlapping load addresses, not checked",
    ".text 0x1000 : AT(0x100) { *(.text) } .data 0x2000 : AT(0x102) { *(.data) }",
    "--no-check-sections",
  ),
  L(
    "dot moves back with AT",
    ". = 0x8000; .text : AT(0x100) { *(.text) } . = 0x1000; .data : { *(.data) } .bss : { *(.bss) }",
  ),
  ...[4, 9, 16, 30, 60].flatMap((length) => [
    roaming(
      `regions overflow into the next one, from ${length} bytes`,
      `LENGTH = ${length}`,
      "b : { *(.text* .t* .data .rodata) }",
    ),
    roaming(
      `the same, aligned and in two patterns, from ${length} bytes`,
      `LENGTH = ${length}`,
      "b : SUBALIGN(8) { *(.data) . += 4; *(.t*) }",
    ),
  ]),
];

/** The last region takes all, so that nothing is left over. */
function roaming(name: string, length: string, second: string): ScriptCase {
  return memory(
    name,
    `x : ORIGIN = 0x1000, ${length} y : ORIGIN = 0x2000, ${length} z : ORIGIN = 0x8000, LENGTH = 4K`,
    `a : { *(.text* .t*) begin = .; } >x ${second} >y c : { *(.text* .t* .data .rodata) end = .; } >z d : { *(.bss COMMON) } >z`,
    { objects: "s a b", options: "--enable-non-contiguous-regions" },
  );
}
