// Symbols, PROVIDE, kinds of values, functions, ASSERT.

import { type ScriptCase, sections } from "../case.ts";

const LAYOUT = ".text 0x1000 : { *(.text) } .data 0x2000 : { *(.data) } .bss : { *(.bss) *(COMMON) }";
const U = { objects: "u" };

export const symbols: readonly ScriptCase[] = [
  sections("numbers", `${LAYOUT} a = 1; b = 0x10; c = 010; d = 4K; e = 1M; f = $1f; g = 0ffh; h = 101b;`),
  sections(
    "arithmetic",
    `${LAYOUT} a = 1 + 2 * 3; b = 7 / 2; c = -7 / 2; d = -7 % 4; e = 1 << 40; f = ~0; g = !5; h = -1 > 0; i = 5 & 6 | 8; j = 1 == 1 && 0 || 1;`,
  ),
  sections("dot before all", `. = 0x500; first = .; ${LAYOUT} last = .;`),
  sections(
    "dot between",
    `.text 0x1000 : { *(.text) } t_end = .; . = ALIGN(0x100); aligned = .; .data : { *(.data) } d_end = .; .bss : { *(.bss) }`,
  ),
  sections(
    "dot and a number",
    `.text 0x1000 : { *(.text) } a = . + 8; b = . - 4; c = . * 2; d = -.; e = . & 0xff0; .data : { *(.data) }`,
  ),
  sections(
    "dot in a section",
    `.text 0x1000 : { s = .; *(.text) e = .; n = 4; m = . + 4; k = SIZEOF(.text); } .data : { *(.data) }`,
  ),
  sections(
    "addresses of sections",
    `${LAYOUT} a = ADDR(.text); b = ADDR(.data) + 4; c = SIZEOF(.data); d = LOADADDR(.data); e = ALIGNOF(.text); f = ADDR(.data) - ADDR(.text);`,
  ),
  sections(
    "sections that come later",
    `a = ADDR(.data); b = SIZEOF(.text); c = ADDR(.text) + SIZEOF(.text); ${LAYOUT}`,
  ),
  sections(
    "symbols of objects",
    `${LAYOUT} a = _start; b = f + 4; c = d2 - d1; d = d1 & 0xff; e = f > _start; f2 = _start ? f : d1;`,
  ),
  sections(
    "symbols of objects in a section",
    `.text 0x1000 : { *(.text) a = _start; b = f + 4; c = d2 - d1; d = d1; e = f - _start; } .data 0x2000 : { *(.data) } .bss : { *(.bss) }`,
  ),
  sections("chains", `${LAYOUT} a = b; b = c + 1; c = ADDR(.data);`),
  sections(
    "forward references in a section",
    `.text 0x1000 : { *(.text) a = late; b = later + 1; } .data : { *(.data) late = .; } later = .; .bss : { *(.bss) }`,
  ),
  sections(
    "functions",
    `${LAYOUT} a = MAX(3, 5); b = MIN(-1, 1); c = ABSOLUTE(d1); d = ALIGN(d1, 16); e = LOG2CEIL(9); f3 = NEXT(0x100); g = BLOCK(0x40); h = CONSTANT(MAXPAGESIZE);`,
  ),
  sections(
    "functions in a section",
    `.text 0x1000 : { *(.text) a = MAX(., 5); b = ABSOLUTE(.); c = ALIGN(16); d = ALIGN(., 16); e = NEXT(0x100); f3 = LOADADDR(.text); g = ADDR(.data); h = 4 < 5; } .data 0x3000 : { *(.data) }`,
  ),
  sections(
    "DEFINED",
    `${LAYOUT} a = DEFINED(_start) ? 1 : 2; b = DEFINED(nobody) ? 1 : 2; c = DEFINED(a); d = DEFINED(later); later = 3; e = DEFINED(later);`,
  ),
  ...["-T x.ld a.o b.o --defsym=given=0x77", "--defsym=given=0x77 -T x.ld a.o b.o"].map((command) =>
    sections(
      `--defsym and DEFINED: ${command}`,
      `${LAYOUT} a = DEFINED(given) ? given : 9; b = given + 1; PROVIDE(given = 4);`,
      { command },
    ),
  ),
  sections(
    "compound assignments",
    `${LAYOUT} a = 1; a += 2; a *= 5; a -= 3; a <<= 2; a |= 1; a &= 0x1f; a /= 2; a >>= 1; b = .; b += 4;`,
  ),
  sections("assigned twice", `v = 1; .text 0x1000 : { *(.text) LONG(v) } v = 5; .data : { *(.data) LONG(v) }`),
  sections(
    "PROVIDE wanted",
    `.text 0x1000 : { *(.text) } .data : { *(.data) } PROVIDE(sym_a = .); PROVIDE(sym_b = 4); PROVIDE(sym_c = ADDR(.text)); PROVIDE(nobody = 1);`,
    U,
  ),
  sections("PROVIDE of what is defined", `${LAYOUT} PROVIDE(f = 0x999); PROVIDE(d1 = 1);`),
  sections(
    "PROVIDE_HIDDEN and HIDDEN",
    `.text 0x1000 : { *(.text) } .data : { *(.data) PROVIDE_HIDDEN(sym_a = .); } HIDDEN(sym_b = .); sym_c = 3;`,
    U,
  ),
  sections(
    "PROVIDE chains",
    `.text 0x1000 : { *(.text) } .data : { *(.data) } PROVIDE(sym_a = link1 + 1); PROVIDE(link1 = link2 + 1); PROVIDE(link2 = .); PROVIDE(sym_b = sym_a);`,
    U,
  ),
  sections(
    "PROVIDE chains backwards",
    `PROVIDE(link2 = 5); PROVIDE(link1 = link2 + 1); PROVIDE(sym_a = link1 + 1); sym_b = 0; .text 0x1000 : { *(.text) } .data : { *(.data) }`,
    U,
  ),
  sections("PROVIDE for -u", `${LAYOUT} PROVIDE(asked = 7); PROVIDE(not_asked = 8);`, { options: "-u asked" }),
  { name: "PROVIDE for EXTERN", script: `EXTERN(asked)\nSECTIONS { ${LAYOUT} PROVIDE(asked = .); }` },
  sections("PROVIDE twice", `${LAYOUT} PROVIDE(sym_a = 1); PROVIDE(sym_a = 2); sym_b = 1;`, U),
  sections("an assignment over an object's definition", `${LAYOUT} d2 = 0x1234; f = _start;`),
  sections("a section without symbols", `${LAYOUT} end = .; _end = .; edata = ADDR(.bss);`),
  sections("outside of SECTIONS", `${LAYOUT}\n}\nbehind = .; x = 4;\nSECTIONS { y = x + 1;`),
  {
    name: "before SECTIONS",
    script: `base = 0x3000; SECTIONS { . = base; .text : { *(.text) } .data base + 0x1000 : { *(.data) } }`,
  },
  {
    name: "SANE_EXPR",
    script: `LD_FEATURE("SANE_EXPR") SECTIONS { ${LAYOUT} a = f + 4; b = 4; c = d2 - d1; d = . + 4; e = ADDR(.data) + 8; }`,
  },
  {
    name: "SANE_EXPR in a section",
    script: `LD_FEATURE("SANE_EXPR") SECTIONS { .text 0x1000 : { *(.text) a = f + 4; b = 4; c = . - _start; d = ABSOLUTE(.); } .data : { *(.data) } }`,
  },
  sections(
    "differences in a section",
    `.text 0x1000 : { b0 = .; *(.text) e0 = .; d = e0 - b0; dd = e0 - b0 + 1; } .data : { *(.data) LONG(e0 - b0) }`,
  ),
  sections(
    "numbers in a section move with it",
    `.text 0x1000 : { x = 0x10; y = SIZEOF(.data); z = 3 > 2; *(.text) } .data : { *(.data) }`,
  ),
  sections("ASSERT that holds", `${LAYOUT} ASSERT(SIZEOF(.text) < 0x100, "too large") ASSERT(. > 0, "none")`),
  sections("ASSERT that fails", `${LAYOUT} ASSERT(SIZEOF(.text) > 0x100, "too small")`),
  sections("ASSERT as a value", `${LAYOUT} x = ASSERT(SIZEOF(.data), "empty"); . = ASSERT(., "zero");`),
  sections("ASSERT in a section", `.text 0x1000 : { *(.text) ASSERT(. < 0x100, "too large"); } .data : { *(.data) }`),
  sections(
    "ASSERT of a later symbol",
    `ASSERT(late == 0x2000, "wrong") .text 0x1000 : { *(.text) } .data 0x2000 : { late = .; *(.data) }`,
  ),
  sections("an undefined symbol", `${LAYOUT} x = nobody;`),
  sections("an undefined symbol in PROVIDE that nobody wants", `${LAYOUT} PROVIDE(x = nobody);`),
  sections("an undefined symbol in a branch not taken", `${LAYOUT} x = 1 ? 2 : nobody;`),
  sections("an unknown section", `${LAYOUT} x = SIZEOF(.nowhere);`),
  sections("ADDR of a dropped section", `${LAYOUT} .gone : { *(.gone) } x = ADDR(.gone); y = SIZEOF(.gone);`),
  sections("division by zero", `${LAYOUT} x = 1 / 0;`),
  { name: "ENTRY", script: `ENTRY(f) SECTIONS { ${LAYOUT} }` },
  { name: "ENTRY in SECTIONS", script: `SECTIONS { ENTRY(f) ${LAYOUT} }` },
  { name: "ENTRY that is a script's symbol", script: `ENTRY(here) SECTIONS { ${LAYOUT} here = f + 1; }` },
  {
    missing: "an entry that is not defined is no symbol",
    name: "ENTRY of nothing",
    script: `ENTRY(nowhere) SECTIONS { ${LAYOUT} }`,
  },
  { name: "-e over ENTRY", script: `ENTRY(f) SECTIONS { ${LAYOUT} }`, options: "-e d1" },
  sections("-e with a number", LAYOUT, { options: "-e 0x1234" }),
  sections("__start and __stop", `.text 0x1000 : { *(.text.start) *(.text.ref) } mine : { *(mine) }`, {
    objects: "g b",
  }),
  sections(
    "__start that the script has",
    `.text 0x1000 : { *(.text.start) *(.text.ref) } __start_mine = 0x42; mine : { *(mine) }`,
    { objects: "g b" },
  ),
  sections("names that look odd", `${LAYOUT} a-b = 3; "c d" = 4; e.f = 5; g$h = 6; x = "c d" + 1;`),
  sections("common symbols in expressions", `${LAYOUT} x = c1; y = c1 + 4; z = DEFINED(c2);`),
  sections("SIZEOF_HEADERS", `${LAYOUT} x = SIZEOF_HEADERS;`),
  sections(
    "dot as an operand everywhere",
    `. = 0x1000; . = . + 0x10; . += 0x10; . = ALIGN(64) + 4; .text : { *(.text) } . = MAX(., 0x3000); .data : { *(.data) }`,
  ),
  sections(
    "constants that no double has",
    ". = 0x1000; .text : { *(.text) } a1 = 0x0123456789abcdef; a2 = -1 >> 4; a3 = 0x123456789abcdef0 + 1; .data : { *(.data) QUAD(a1) QUAD(a2) }",
  ),
  sections(
    "constants that no double has, within a section",
    ". = 0x10000; .text : { *(.text) x = -1 >> 4; y = 0x123456789abcdef1; } .data : { *(.data) }",
  ),
  sections("constants that no double has, under -r", ".text : { *(.text) } a1 = 0x0123456789abcdef;", {
    options: "-r",
  }),
];
