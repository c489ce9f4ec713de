// What random scripts have found, made small.

import { type ScriptCase, sections } from "../case.ts";

export const found: readonly ScriptCase[] = [
  {
    name: "orphans follow the first section written of a name",
    script: "SECTIONS { .text : SUBALIGN(16) { } } INSERT AFTER .bss;",
    objects: "b s2",
  },
  {
    name: "ENTRY beside the default script",
    script: "ENTRY(f) SECTIONS { .mine : { *(.vars) } } INSERT BEFORE .data;",
    objects: "a b o",
  },
  { name: "-r with ENTRY", script: "ENTRY(f) SECTIONS { .text : { *(.text) } }", options: "-r" },
  sections("AT has no dot", ". = 0x1000; .text : { *(.text) } .data : AT(. + 0x100000) { *(.data) }"),
  sections("ALIGN behind the colon has no dot", ". = 0x1008; .text : ALIGN(. + 16) { *(.text) }"),
  sections("AT of what stands below", ".bss : AT(ADDR(.text) + 0x10000) { *(.bss) } .text 0x40 : { *(.text) }"),
  ...[
    '.text : { *(.text) } ASSERT(wanted >= 0, "no")',
    '.text : { *(.text) ASSERT(wanted >= 0, "no"); }',
    ".text wanted : { *(.text) }",
    ".text : AT(wanted) { *(.text) }",
    "OVERLAY wanted : { .text { *(.text) } }",
  ].map((body) => sections(`found: PROVIDE of what ${body} wants`, `PROVIDE(wanted = 0x2000); ${body}`)),
  {
    name: "found: PROVIDE of what MEMORY wants",
    script:
      "PROVIDE(wanted = 0x2000); MEMORY { r : ORIGIN = wanted, LENGTH = wanted * 2 } SECTIONS { .text : { *(.text) } > r }",
    command: "-T x.ld b.o",
  },
  {
    name: "found: PROVIDE of what ASSERT wants with -r",
    script: 'SECTIONS { PROVIDE(wanted = 3); .text : { *(.text) } } ASSERT(wanted == 3, "no")',
    command: "-T x.ld -r b.o",
  },
  {
    name: "found: a file that only a script beside the default names",
    script: "SECTIONS { /DISCARD/ : { o.o(.mixed) } }",
    command: "b.o x.ld",
  },
  {
    name: "found: a file that a script beside the default names",
    script: "SECTIONS { /DISCARD/ : { o.o(.mixed) } .mine : { o.o(.vars) } }",
    command: "b.o x.ld",
  },
  {
    name: "found: gaps in a .text of nothing but data",
    script: "SECTIONS { .text : { . = ALIGN(32); LONG(2) } } INSERT AFTER .text;",
    command: "-T x.ld big.o",
  },
  sections("dot in a section that is not there", ".text : ONLY_IF_RW { *(.text) . = .; } .data : { *(.data) }"),
  sections("a symbol in a section that is not there", ".x : ONLY_IF_RW { *(.text) here = 5; } .text : { *(.text) }"),
  sections(
    "an overlay whose last member is empty",
    ". = 0x1000; OVERLAY : { .o1 { *(.ov1) } .o2 { *(.ov2) } .o3 { } } .text : { *(.text) } .data : { *(.data) }",
    { objects: "a b ov" },
  ),
  ...[".text", ".tdata", ".tbss", ".rodata", ".init_array", ".note.x", ".plain"].map((name) =>
    sections(`nothing but room in ${name}`, `. = 0x1000; ${name} : { . += 4; } .rest : { *(.text) }`, { objects: "b" }),
  ),
  sections("nothing in .text and .tdata under -r", ".tdata : { *(.tdata) x = 4; } .text : { *(.none) y = .; }", {
    objects: "b",
    options: "-r",
  }),
  sections("PROVIDE_HIDDEN of what is defined", ". = 0x1000; .text : { *(.text) } PROVIDE_HIDDEN(f = 5); x = f;"),
  sections("PROVIDE_HIDDEN of what is assigned", "x = 4; .text : { *(.text) } PROVIDE_HIDDEN(x = 5);"),
  sections("PROVIDE_HIDDEN of what is defined under -r", ".text : { *(.text) } PROVIDE_HIDDEN(f = 5);", {
    options: "-r",
  }),
  sections("-Ttext and two sections", ".text : { *(.text) } .text : { x = 0x10; *(.data) }", {
    options: "-Ttext=0x3000",
  }),
  sections(
    "hidden goes with a single symbol",
    ".text : { *(.text) } x = MAX(4, end - 1); y = end - x; HIDDEN(end = .);",
  ),
  sections("orphans discarded and asked for", ".text : { *(.text) } .d : { LONG(d1 + 4) }", {
    options: "--orphan-handling=discard --unresolved-symbols=ignore-all",
  }),
  sections("a writable section called .text", ". = 0x1000; .text : { *(.text) *(.data) } .rest : { *(.rodata) }"),
  {
    name: "-r with an entry in a section with an address",
    script: "ENTRY(f) SECTIONS { .data : { *(.data) } .text 0x40 : { *(.text) } }",
    options: "-r",
  },
  ...[
    "-n",
    "-N",
    "-z max-page-size=0x10000",
    "-z max-page-size=0x10000 -z common-page-size=0x2000",
    "-n -z norelro",
  ].map(
    (options): ScriptCase => ({
      name: `the default script ${options}`,
      script: "SECTIONS { .mine : { *(.vars) } } INSERT AFTER .data;",
      objects: "a b o p",
      options,
    }),
  ),
  {
    name: "an image of bytes beside the default script",
    script: "SECTIONS { .mine : { LONG(SIZEOF_HEADERS) *(.vars) } }",
    command: "a.o b.o o.o x.ld --oformat=binary",
  },
  sections(
    "TYPE of data, of inputs, of room",
    ". = 0x1000; .text : { *(.text) } .t2 (TYPE = SHT_NOTE) : { *(.data) } .t3 (TYPE = 7) : { . += 4; } .t5 (TYPE = SHT_PROGBITS) : { *(.bss) } .t7 (READONLY (TYPE = 0x6ffffff0)) : { *(.mixed) } .t8 (TYPE = SHT_INIT_ARRAY) : { QUAD(1) *(.zero) }",
    { objects: "b o" },
  ),
  {
    name: "regions divide segments",
    script:
      "MEMORY { rom (rx) : ORIGIN = 0x8000, LENGTH = 64K  ram (w!x) : ORIGIN = 0x8100, LENGTH = 32K }\nSECTIONS { .text : { *(.text) } >rom .rodata 0x80f0 : { *(.rodata) } >rom .data : { *(.data) } >ram .bss : { *(.bss) *(COMMON) } >ram }",
  },
  {
    name: "symbols of TLS without PT_TLS",
    script:
      "PHDRS { one PT_LOAD; }\nSECTIONS { . = 0x1000; .text : { *(.text) } :one .tdata : { *(.tdata) } .tbss : { *(.tbss) } .data : { *(.data) } }",
    objects: "a b t",
  },
  sections("thread-local room under -r", ".tbss : { *(.tbss) } .data : { *(.data) } .x : { . += 4; }", {
    objects: "b t",
    options: "-r",
  }),
  sections(
    "sections in the upper half",
    ". = 1M; .text : { *(.text) } . = ALIGN(4K) + 0xffffffff80000000; .data : AT(ADDR(.data) - 0xffffffff80000000) { *(.data) } .bss : { *(.bss COMMON) }",
    { objects: "b", only: "x86-64" },
  ),
  ...[
    [
      "of ROM and RAM",
      ".text : { *(.text .rodata) } >rom .data : { *(.data) } >ram AT>rom .bss : { *(.bss COMMON) } >ram",
    ],
    [
      "with a gap",
      ".text : { *(.text .rodata) } >rom . = 0x9000; .data : AT(0x8200) { *(.data) } >ram .bss (NOLOAD) : { *(.bss COMMON) } >ram",
    ],
    [
      "with NOLOAD",
      ".text : { *(.text) } >rom .noinit (NOLOAD) : { *(.rodata) . += 0x40; } >ram .data : { *(.data) } >ram AT>rom .bss : { *(.bss COMMON) } >ram",
    ],
    [
      "with a fill",
      ".text : { *(.text) . = ALIGN(64); *(.rodata) . = ALIGN(256); } >rom =0xff .data : ALIGN(16) { *(.data) . = ALIGN(16); } >ram AT>rom =0xee .bss : { *(.bss COMMON) } >ram",
    ],
    [
      "with tables",
      ".vectors : { LONG(0x20004000) LONG(f) . = 0x40; } >rom .text : { *(.text .rodata) } >rom .copy : { LONG(LOADADDR(.data)) LONG(ADDR(.data)) LONG(SIZEOF(.data)) } >rom .data : { *(.data) } >ram AT>rom .bss : { *(.bss COMMON) } >ram",
    ],
  ].map(
    ([name, statements]): ScriptCase => ({
      name: `an image of bytes ${name}`,
      script: `MEMORY { rom (rx) : ORIGIN = 0x8000, LENGTH = 64K  ram (rwx) : ORIGIN = 0x20000000, LENGTH = 16K }\nSECTIONS { ${statements} }\n`,
      options: "--oformat=binary",
    }),
  ),
  ...[
    ".ro : { *(.rodata) } .text : { *(.text) } .data : { *(.data .bss COMMON) }",
    ".ro : { *(.rodata) } .text : { *(.text) } .ro2 : { *(.mixed) } .x : { *(.code) } .data : { *(.data .bss COMMON) }",
    ".text : { *(.text) } .x (NOLOAD) : { QUAD(3) } .data : { *(.data) } .bss : { *(.bss COMMON) }",
    ".text : { *(.text) } .r : { *(.rodata) } .bss : { *(COMMON) *(.bss) } .size : { LONG(SIZEOF(.bss)) }",
  ].map((statements, i) =>
    sections(`relocations stand behind code, ${i + 1}`, `. = 0x1000; ${statements}`, { objects: "a b o" }),
  ),
  sections("an output section of commons that stay common", ".x : { b.o(COMMON) } .text : { *(.text) }", {
    options: "-r",
  }),
  sections("--unique and /DISCARD/", ". = 0x1000; .text : { *(.text) } /DISCARD/ : { *(.t.*) }", {
    objects: "a b s",
    options: "--unique=.t.a",
  }),
  {
    name: "a region in an expression in front of all",
    script:
      "top = ORIGIN(ram) + LENGTH(ram);\nMEMORY { ram (rwx) : ORIGIN = 0x1000, LENGTH = 4K }\nSECTIONS { .text : { *(.text .rodata) } >ram .data : { *(.data .bss COMMON) } >ram }",
    options: "--gc-sections",
  },
  sections("thread-local room in front, empty or aligned", ".tbss : ALIGN(0x40) { *(.tbss) }", {
    objects: "b t",
    options: "-r",
  }),
  sections("thread-local sections that do not stand together", ".data (NOLOAD) : { *(.data) } .tbss : { }", {
    objects: "t",
    options: "-r",
  }),
  sections(
    "load addresses go on behind what stays empty",
    ". = 0x1000; .text : AT(0x90000) { *(.text) } .data : { *(.data) } .bss : { *(.bss COMMON) }",
    { objects: "a b x" },
  ),
  sections("what stays empty aligns nothing", ". = 0x1008; .all : { KEEP(a.o(*)) *(.iplt) }", {
    objects: "a",
    options: "--gc-sections --unresolved-symbols=ignore-all",
  }),
  sections("no dynamic section", ".text : { *(.text) } .data : { *(.data) } /DISCARD/ : { *(.dynamic) }", {
    objects: "pic b",
    options: "-shared --hash-style=sysv",
  }),
  sections(
    "thread-local sections apart",
    ". = 0x1000; .tdata : { *(.tdata) } .data : { *(.data) } .tbss : { *(.tbss) }",
    {
      objects: "a b t",
    },
  ),
  ...["KEEP(*(COMMON))", "KEEP(b.o(COMMON))", "KEEP(b.o)", "KEEP(*(.near COMMON))", "*(COMMON)"].map((kept) =>
    sections(`commons that ${kept} keeps or not`, `.text : { *(.text) } .bss : { ${kept} *(.bss) }`, {
      objects: "a b x",
      options: "--gc-sections -e _start",
    }),
  ),
  ...[
    ["*(.m*)", ""],
    ["*(.m1) *(.m2)", ""],
    ["*(.m1 .plain) *(.m2)", ""],
    ["BYTE(9) *(.m1 .m2 .plain) BYTE(7)", ""],
    ["*(.m1) *(.m2)", "-r"],
    ["*(.m*) BYTE(1)", "-r"],
    ["*(*)", "-r"],
    ["*(.plain) *(.m1)", "-r"],
  ].map(([body, options]) =>
    sections(`sections that describe others: ${body} ${options}`, `.f : { *(.f1 .f2) } .o : { ${body} }`, {
      objects: "lo",
      options,
    }),
  ),
  sections("the type is that of the first input", ".o1 : { *(.init_array*) *(.data) } .o2 : { *(.rodata) *(.note*) }", {
    objects: "p a o",
  }),
  ...["*(.rodata)", "*(.none)", "LONG(3)", "*(.got)"].map((body) =>
    sections(
      `a part that becomes read-only, with ${body}`,
      `. = 0x400000; .text : { *(.text) } . = DATA_SEGMENT_ALIGN(0x1000, 0x1000); .rel : { ${body} } . = DATA_SEGMENT_RELRO_END(0, .); .data : { *(.data) } . = DATA_SEGMENT_END(.);`,
    ),
  ),
  sections("DATA_SEGMENT_ALIGN without an end", ". = 0x400; .text : { *(.text) } . = DATA_SEGMENT_ALIGN(4096, 4096);"),
  ...["-n", "-N"].map((options) =>
    sections(`dynamic relocations by a script under ${options}`, "", {
      objects: "pic",
      options: `-shared --hash-style=sysv ${options}`,
    }),
  ),
  ...[".text", ".bss", ".data", ".foo"].map((name) =>
    sections(
      `CREATE_OBJECT_SYMBOLS in ${name}, where orphans go`,
      `.code : { *(.text) } ${name} : { CREATE_OBJECT_SYMBOLS }`,
    ),
  ),
  ...["AT(ALIGN(0x100))", "AT(. + 4)", "AT(0x9000 + SIZEOF(.code))"].map((load) =>
    sections(
      `LOADADDR of ${load}, counted where it is asked for`,
      `. = 0x2000; .code : { *(.text) } .data : ${load} { *(.data .rodata) } . = 0x5010; x = LOADADDR(.data); .more : { . += 3; y = LOADADDR(.data); LONG(LOADADDR(.data)) }`,
    ),
  ),
  sections(
    "LOADADDR of an overlay's empty member",
    "OVERLAY 0x70000 : AT(ALIGN(0x100)) { .o1 { *(.none) } .o2 { *(.data) } } x = LOADADDR(.o1); y = LOADADDR(.o2);",
  ),
  ...[
    ["b x", ".text : { *(.text) *(.far) } /DISCARD/ : { *(.near) }"],
    ["m3 b", ".text : { *(.text) } .data : { *(.data) } /DISCARD/ : { *(.rodata*) }"],
    ["eh eh2", ".text : { *(.text) } /DISCARD/ : { *(.text.cold) }"],
  ].flatMap(([objects, statements]) =>
    ["", "-r", "-shared --hash-style=sysv"].map((options) =>
      sections(`references to what is discarded: ${objects} ${options}`, statements, { objects, options }),
    ),
  ),
  sections("references to orphans that are discarded", ".text : { *(.text) *(.far) }", {
    objects: "b x",
    options: "--orphan-handling=discard",
  }),
  ...[". += 0x30;", ". = ALIGN(4);", ". = .;", ". = 0;"].map((body) =>
    sections(`--emit-relocs names each section, that of ${body} too`, `. = 0x1000; .room : { ${body} }`, {
      objects: "a b",
      options: "--emit-relocs",
    }),
  ),
  ...["SIZEOF", "ADDR", "LOADADDR", "ALIGNOF"].map((asked) =>
    sections(
      `where a section is that ${asked} asks for before it has anything`,
      `.data : { } x = ${asked}(.data); .rest : { *(.rodata) }`,
      { objects: "b" },
    ),
  ),
  {
    name: "-r whose orphans are in no region",
    script: `MEMORY { rom : ORIGIN = 0, LENGTH = 4K ram : ORIGIN = 0x20000, LENGTH = 4K }
SECTIONS { .text : { *(.text) } >rom .data : { *(.data) } >ram }`,
    objects: "a b o",
    options: "-r",
  },
  ...["NOLOAD", "DSECT", "COPY", "INFO", "OVERLAY"].map((type) =>
    sections(
      `fills where nothing is: ${type}`,
      `.text : { *(.text) } .x (${type}) : { *(.bss) . += 4; FILL(0x22) . += 2; } =0x99 .info (${type}) : { *(.info) }`,
      { objects: "b o" },
    ),
  ),
  sections(
    "an image of bytes whose orphans follow data of the script",
    ".text : { *(.text) } .last 0x100 : { LONG(1) }",
    {
      objects: "b o",
      options: "--oformat=binary",
    },
  ),
  ...[".stabstr", ".stab.indexstr", ".gnu.linkonce.b.x", ".gnu.linkonce.p.x", ".gnu.lto_x", ".gnu.liblist"].map(
    (name) =>
      sections(
        `what the name ${name} stands for`,
        `. = 0x1000; .text : { *(.text) } ${name} : { BYTE(1) } ${name}2 : { . = .; }`,
        { objects: "b" },
      ),
  ),
  ...["i386", "i8086", "i386:x86-64", "i386:x86-64:intel", "i386:x64-32", "iamcu"].map((machine) => ({
    name: `OUTPUT_ARCH of another machine or the same: ${machine}`,
    script: `OUTPUT_ARCH(${machine}) SECTIONS { . = 0x1000; .text : { *(.text) } }`,
  })),
  sections(
    "IFUNCs' own sections are none that orphans of a library could follow",
    ". = SIZEOF_HEADERS; .dynamic : { *(.dynamic) } .rodata : { *(.rodata* .data* .got .got.plt) } .text : { *(.text) }",
    { objects: "pic b p", options: "-shared --hash-style=sysv" },
  ),
  sections("relocations where nothing is only read", ".text : { b.o(.data) } .data : { b.o(.rodata) *(.data) }"),
  sections("order of the PLT", ". = SIZEOF_HEADERS; .text : { *(.text) }", {
    objects: "plt",
    options: "-shared --hash-style=sysv",
  }),
];
