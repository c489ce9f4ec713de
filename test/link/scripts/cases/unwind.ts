// Unwind records: what comes into .eh_frame is put together, with the PLT's among it; anywhere else it is copied.

import { type ScriptCase, sections } from "../case.ts";

const REST = ".data : { *(.data) } .bss : { *(.bss COMMON) }";
const SHARED = "-shared --hash-style=sysv";
const PLACES: readonly (readonly [name: string, statements: string])[] = [
  ["a section of their own", ".text : { *(.text*) } .eh_frame : { KEEP(*(.eh_frame)) }"],
  [
    "a section with a header",
    ".text : { *(.text*) } .eh_frame_hdr : { *(.eh_frame_hdr) } .eh_frame : { *(.eh_frame) }",
  ],
  ["another section", ".text : { *(.text*) } .rodata : { *(.rodata) *(.eh_frame) LONG(5) }"],
  ["another order", ".text : { *(.text*) } .eh_frame : { eh2.o(.eh_frame) *(.eh_frame) }"],
  ["two sections", ".text : { *(.text*) } .one : { eh2.o(.eh_frame) } .eh_frame : { *(.eh_frame) }"],
  ["a section with marks", ".text : { *(.text*) } .eh_frame : { s = .; *(.eh_frame) LONG(0) e = .; }"],
  ["no section", ".text : { *(.text*) } /DISCARD/ : { eh.o(.eh_frame) }"],
];
const KINDS: readonly (readonly [name: string, options: string])[] = [
  ["", "--eh-frame-hdr"],
  [" under -shared", SHARED],
  [" under -r", "-r"],
];

export const unwind: readonly ScriptCase[] = [
  ...PLACES.flatMap(([place, statements]) =>
    KINDS.map(([kind, options]) =>
      sections(`unwind records in ${place}${kind}`, `. = 0x1000; ${statements} ${REST}`, {
        objects: "eh eh2 b",
        options,
      }),
    ),
  ),
  sections("unwind records of code that is gone", `.text : { *(.text) } /DISCARD/ : { *(.text.cold) } ${REST}`, {
    objects: "eh eh2 b",
  }),
  ...[
    ["ext eh2 b", "behind the first object"],
    ["eh2 ext b", "behind all others"],
    ["ext b", "alone"],
  ].map(([objects, where]) =>
    sections(
      `the PLT's unwind records ${where}`,
      `.text : { *(.text*) } .plt : { *(.plt) } .eh_frame : { KEEP(*(.eh_frame)) } ${REST}`,
      { objects, options: SHARED },
    ),
  ),
  ...[".text : { *(.text*) }", ".text : { *(.text*) } .unwind : { *(.eh_frame) }"].map((statements) =>
    sections(`the PLT's unwind records by themselves: ${statements}`, statements, {
      objects: "eh2 pic b",
      options: SHARED,
    }),
  ),
];
