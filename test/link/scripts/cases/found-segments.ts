// What random scripts have found about segments, RELRO and images without headers, made small.

import { type ScriptCase, sections } from "../case.ts";

const phdrs = (name: string, headers: string, statements: string, more: Partial<ScriptCase> = {}): ScriptCase => ({
  name,
  script: `PHDRS { ${headers} } SECTIONS { ${statements} }`,
  ...more,
});

export const foundSegments: readonly ScriptCase[] = [
  phdrs(
    "what PHDRS puts together is sorted by load addresses",
    "one PT_LOAD FILEHDR PHDRS;",
    ". = 0x400000 + SIZEOF_HEADERS; .data : { *(.data) } :one .text : AT(0x90000) { *(.text) } :one",
  ),
  phdrs(
    "sections of PHDRS whose load addresses overlap",
    "two PT_LOAD;",
    ".text : { *(.text) } :two .mine : AT(LOADADDR(.text) + SIZEOF(.text)) { QUAD(1) QUAD(2) }",
    { objects: "b" },
  ),
  phdrs("what is not loaded is in no PT_LOAD", "one PT_LOAD;", ".text : { *(.text) } :one .info : { *(.info) } :one", {
    objects: "a b o",
  }),
  phdrs("INFO in a PT_LOAD", "three PT_LOAD;", ".code (INFO) : { *(.text) } :three .data : { *(.data) }"),
  phdrs(
    "a PT_NOTE has no more memory than it has in the file",
    "two PT_LOAD; note PT_NOTE;",
    ".data : { *(.data) . += 9; } :two :note .bss : { *(.bss COMMON) } :two .text : { *(.text) }",
    { objects: "b" },
  ),
  phdrs(
    "thread-local data behind a .tbss that the script fills",
    "one PT_LOAD;",
    ".tbss : { LONG(7) } :one .text : { *(.text) }",
    { objects: "b t" },
  ),
  sections(
    "found: addresses assigned in a section that is not there",
    ".text : { *(.text) } .kept : ONLY_IF_RW { s_abs = ABSOLUTE(0x1000); s_load = LOADADDR(.text); s_not = ~ABSOLUTE(4); HIDDEN(s_hidden = ABSOLUTE(3)); s_dot = ABSOLUTE(.); s_number = ABSOLUTE(4) == 4; s_addr = ADDR(.text); }",
    { command: "-T x.ld b.o" },
  ),
  sections(
    "found: addresses assigned in a section that is not there with -r",
    ".text : { *(.text) } .kept : ONLY_IF_RW { s_abs = ABSOLUTE(0x1000); s_load = LOADADDR(.text); HIDDEN(s_hidden = ABSOLUTE(3)); }",
    { command: "-T x.ld -r b.o" },
  ),
  sections(
    "found: PROVIDE_HIDDEN in a section that is not there hides nothing",
    ".bss : ONLY_IF_RO { *(.bss*) PROVIDE_HIDDEN(here = 4); } here = 8;",
    { command: "-T x.ld o.o" },
  ),
  sections(
    "found: PROVIDE_HIDDEN in a section that is not there hides nothing with -r",
    ".bss : ONLY_IF_RO { *(.bss*) PROVIDE_HIDDEN(here = 4); } here = 8;",
    { command: "-T x.ld -r o.o" },
  ),
  {
    name: "found: an end in a section that is not there",
    script: "SECTIONS { .bss : ONLY_IF_RO { HIDDEN(end = LOADADDR(.data)); *(.bss) } } INSERT AFTER .rodata;",
    command: "-T x.ld b.o",
  },
  sections("data of a section that is not there move dot for symbols", ".data : ONLY_IF_RW { QUAD(3) } x = .; y = 2;", {
    objects: "b",
  }),
  sections("data ask for the program headers' size", ". = 0x10000008; mine : { LONG(SIZEOF_HEADERS) }", {
    objects: "b",
    options: "-pie --no-dynamic-linker -e f",
  }),
  sections("text relocations by what is written to, not by what is read", ".text : { *(.data) *(.text) }", {
    objects: "pic",
    options: "-shared --hash-style=sysv",
  }),
  {
    name: "contents without a place in memory overlap nothing",
    objects: "b o",
    script:
      "MEMORY { rom (rx) : ORIGIN = 0x8000, LENGTH = 64K } SECTIONS { .data : { *(.data) } >rom .bss : { *(.info) *(COMMON) } >fast AT>rom .rest : { *(*) } }",
  },
  ...["0xffff800000000000", "0xffff82d040000000", "0xffffff8000100000", "(0xffff82d0 << 32 | 0x40000000)"].map(
    (start) =>
      sections(
        `sections at ${start}, loaded low`,
        `. = ${start}; _image = .; .text : AT(ADDR(.text) - _image + 0x200000) { *(.none) . = ALIGN(64); *(.text) }
       .data : AT(ADDR(.data) - _image + 0x200000) { . = ALIGN(32); *(.data) *(.vars) LONG(ABSOLUTE(.) - _image) }
       .bss : AT(ADDR(.bss) - _image + 0x200000) { *(.bss COMMON) . = ALIGN(0x1000); } _end = .;`,
        { objects: "b o t", only: "x86-64" },
      ),
  ),
  ...["eh.o eh2.o a.o -z muldefs", "eh.o eh2.o", "a.o b.o", "a.o b.o t.o"].map((command) => ({
    name: `RELRO of the default script: ${command}`,
    script: "",
    command,
  })),
  ...[".tdata", ".mine"].map((name) => ({
    name: `RELRO by a pattern whose sections ${name} has`,
    script: `SECTIONS { ${name} : { *(.tdata) } } INSERT AFTER .rodata;`,
    objects: "a b t",
  })),
  {
    name: "RELRO by a pattern whose sections are discarded",
    script: "SECTIONS { /DISCARD/ : { *(.tdata .tbss) } } INSERT AFTER .rodata;",
    objects: "a b t",
  },
  ...[
    [".rodata : { *(.rodata*) } .data : { *(.data) }", "m3 m m2", ""],
    [".text : { *(.text*) } .eh_frame : { *(.eh_frame) }", "eh eh2", "--eh-frame-hdr"],
    [".text : { *(.text*) } .rest : { *(.vectors) }", "a b o", "--gc-sections -e f"],
  ].map(([statements, objects, options]) =>
    sections(`an image of bytes: ${objects} ${options}`, statements, {
      objects,
      options: `--oformat=binary ${options}`,
    }),
  ),
  sections(
    "a thread pointer without PT_TLS",
    ". = 0x10000; .text : { *(.text) } :all .tdata : { *(.tdata) } .tbss : { *(.tbss) } .data : { *(.data) }\n} PHDRS { all PT_LOAD; }\nSECTIONS {",
    { objects: "tr t" },
  ),
  ...["PT_NULL", "PT_LOAD"].map((type) => ({
    name: `room of which the second part has an address, in ${type}`,
    script: `MEMORY { rom : ORIGIN = 0x20000, LENGTH = 4K ram : ORIGIN = 0x8000, LENGTH = 4K }
PHDRS { flash PT_LOAD; init PT_LOAD; room ${type}; }
SECTIONS { .text : { *(.text .rodata) } >rom :flash .data : { *(.data) } >ram AT>rom :init
  .mark : { . = ALIGN(4); } >ram AT>rom :room .bss : { *(.bss COMMON) } >ram :room
  .stack ORIGIN(ram) + LENGTH(ram) - 0x100 : { . = 0x100; } >ram :room }`,
  })),
];
