// Data, fills, overlays, what is discarded.

import { type ScriptCase, sections } from "../case.ts";

const OV = { objects: "a b ov" };

export const contents: readonly ScriptCase[] = [
  sections(
    "data of all sizes",
    ". = 0x1000; .d : { BYTE(1) SHORT(0x203) LONG(0x4050607) QUAD(0x8090a0b0c0d0e0f) SQUAD(-2) }",
  ),
  sections("data is cut", ". = 0x1000; .d : { BYTE(0x1ff) SHORT(-1) LONG(0x123456789) }"),
  sections(
    "data of symbols",
    ". = 0x1000; .text : { *(.text) } .d : { LONG(_start) LONG(f + 1) LONG(.) BYTE(SIZEOF(.text)) LONG(ADDR(.d)) LONG(late) } late = .;",
  ),
  sections("data is not aligned", ". = 0x1000; .d : { BYTE(1) LONG(2) . = ALIGN(8); QUAD(3) *(.data) }"),
  sections("only data", ". = 0x1000; .text : { *(.text) } .table : { BYTE(1) BYTE(2) }"),
  sections(
    "data between inputs",
    ". = 0x1000; .text : { BYTE(0x90) *(.text) BYTE(0x90) } .data : { LONG(1) *(.data) LONG(2) }",
  ),
  sections("data in .bss", ". = 0x1000; .text : { *(.text) } .bss : { *(.bss) BYTE(1) }"),
  sections("a fill", ". = 0x1000; .text : { *(.text) . = 0x40; } =0x90 .data : { *(.data) . = 0x20; } =0xabcd"),
  sections(
    "fills by digits",
    ". = 0x1000; .a : { BYTE(1) . = 16; } =0x00ff .b : { BYTE(1) . = 16; } =0x1 .c : { BYTE(1) . = 16; } =0x123 .d : { BYTE(1) . = 16; } =0x0000000012",
  ),
  sections(
    "fills by numbers",
    ". = 0x1000; .a : { BYTE(1) . = 16; } =255 .b : { BYTE(1) . = 16; } =(0x12) .c : { BYTE(1) . = 16; } =0x12+1 .d : { BYTE(1) . = 16; } =$ab .e : { BYTE(1) . = 16; } =-1",
  ),
  sections("FILL", ". = 0x1000; .a : { BYTE(1) . = 4; FILL(0xaa) . = 8; BYTE(2) . = 12; FILL(0xbbcc) . = 20; }"),
  sections("FILL and =", ". = 0x1000; .a : { BYTE(1) . = 4; FILL(0xaa) . = 8; } =0xdd"),
  sections(
    "fills between inputs",
    ". = 0x1000; .text : { *(.text) } =0x9090 .data : { *(.data) *(.rodata) . += 3; } =0x55",
  ),
  sections("code is filled with NOPs", ". = 0x1000; .text : { *(.text) . = ALIGN(32); *(.t*) . += 7; }", {
    objects: "a b s",
  }),
  sections("data is filled with zeros", ". = 0x1000; .data : { *(.data) . = ALIGN(32); *(.rodata) }"),
  sections("a fill in .bss says nothing", ".text : { *(.text) } .bss : { *(.bss) . += 9; } =0xff"),
  sections("a fill of an unknown symbol", ". = 0x1000; .a : { BYTE(1) . = 4; } =nobody"),
  sections("a gap before data", ". = 0x1000; .a : { . = 7; BYTE(1) . = ALIGN(., 8); SHORT(2) }"),
  sections(
    "discarded sections",
    ". = 0x1000; .text : { *(.text) } /DISCARD/ : { *(.rodata) *(.info) *(.note*) } .data : { *(.data) }",
    { objects: "a b o" },
  ),
  sections("discarded first", "/DISCARD/ : { *(.data) } . = 0x1000; .text : { *(.text) } .data : { *(.data) }", {
    objects: "s b",
  }),
  sections("discarded after a match", ". = 0x1000; .t : { *(.t.a) } /DISCARD/ : { *(.t.*) } .r : { *(.t*) }", {
    objects: "s s2",
  }),
  sections("discarded and still used", ". = 0x1000; .text : { *(.text) } /DISCARD/ : { *(.data) }"),
  sections("a symbol assigned in /DISCARD/", "/DISCARD/ : { x = .; *(.rodata) } .text : { *(.text) }"),
  {
    ...sections("discarded orphans", ". = 0x1000; .text : { *(.text) } .data : { *(.data) } /DISCARD/ : { *(*) }"),
  },
  sections("/DISCARD/ with an address", ".text : { *(.text) } /DISCARD/ 0x5000 : { *(.rodata) } .data : { *(.data) }"),
  sections(
    "an overlay",
    ". = 0x1000; .text : { *(.text) } OVERLAY 0x4000 : AT(0x8000) { .ov1 { *(.ov1) } .ov2 { *(.ov2) } .ov3 { *(.ov3) } } .data : { *(.data) }",
    OV,
  ),
  sections(
    "an overlay at dot",
    ". = 0x1000; .text : { *(.text) } OVERLAY : { .ov1 { *(.ov1) } .ov2 { *(.ov2) } } .data : { *(.data .ov3) }",
    OV,
  ),
  sections(
    "an overlay's symbols",
    ". = 0x1000; .text : { *(.text) LONG(__load_start_ov1) LONG(__load_stop_ov2) } OVERLAY 0x4000 : AT(0x8000) { .ov1 { *(.ov1) } .ov2 { *(.ov2) } } x = .; .data : { *(.data .ov3) }",
    OV,
  ),
  sections(
    "an overlay with symbols and fills",
    ". = 0x1000; .text : { *(.text) } OVERLAY 0x4000 : { .ov1 { a1 = .; *(.ov1) . = ALIGN(64); } =0x11 .ov2 { *(.ov2) e2 = .; . = ALIGN(64); } } =0x22 .data : { *(.data .ov3) }",
    OV,
  ),
  sections(
    "an overlay with NOCROSSREFS",
    ". = 0x1000; .text : { *(.text) } OVERLAY 0x4000 : NOCROSSREFS AT(0x8000) { .ov1 { *(.ov1) } .ov2 { *(.ov2) } } .data : { *(.data .ov3) }",
    OV,
  ),
  {
    name: "an overlay in regions",
    script:
      "MEMORY { rom : ORIGIN = 0x8000, LENGTH = 4K ram : ORIGIN = 0x20000, LENGTH = 4K } SECTIONS { .text : { *(.text .rodata) } >rom OVERLAY : { .ov1 { *(.ov1) } .ov2 { *(.ov2) } } >ram AT>rom .data : { *(.data .ov3) } >ram AT>rom .bss : { *(.bss COMMON) } >ram }",
    ...OV,
  },
  {
    name: "an overlay in segments",
    script:
      "PHDRS { text PT_LOAD; ov PT_LOAD; } SECTIONS { . = 0x1000; .text : { *(.text .rodata) } :text OVERLAY 0x4000 : AT(0x8000) { .ov1 { *(.ov1) } :ov .ov2 { *(.ov2) } } :ov .data : { *(.data .ov3) } :text .bss : { *(.bss COMMON) } }",
    ...OV,
  },
  {
    name: "NOCROSSREFS broken",
    script: "NOCROSSREFS(.near .far) SECTIONS { . = 0x1000; .near : { *(.near) } .far : { *(.far) } }",
    objects: "x",
  },
  {
    name: "NOCROSSREFS kept",
    script: "NOCROSSREFS(.text .near) SECTIONS { . = 0x1000; .text : { *(.text) } .near : { *(.near) *(.far) } }",
    objects: "a b x",
  },
  {
    name: "NOCROSSREFS_TO broken",
    script: "NOCROSSREFS_TO(.near .far) SECTIONS { . = 0x1000; .near : { *(.near) } .far : { *(.far) } }",
    objects: "x",
  },
  {
    name: "NOCROSSREFS_TO kept",
    script:
      "NOCROSSREFS_TO(.near .text) SECTIONS { . = 0x1000; .text : { *(.text) } .near : { *(.near) } .far : { *(.far) } }",
    objects: "a b x",
  },
];
