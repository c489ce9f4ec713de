// Scripts in the manner of kernels, boot loaders, firmware and RTOSes, shortened: what they are put together of.

import { type ScriptCase, sections } from "../case.ts";

const REGIONS = `MEMORY
{
  FLASH (rx) : ORIGIN = 0x08000000, LENGTH = 64K
  RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 16K
  CCM (rw) : ORIGIN = 0x10000000, LENGTH = 4K
}
`;

const regions = (name: string, statements: string, more: Omit<ScriptCase, "name" | "script"> = {}): ScriptCase => ({
  name,
  script: `${REGIONS}SECTIONS\n{\n${statements}\n}\n`,
  ...more,
});

export const systems: readonly ScriptCase[] = [
  sections(
    "a kernel in the upper half, with init memory and per-CPU data",
    `. = 0x100000; _boot = .; .boot : { *(.vectors) }
  . = ALIGN(0x1000); kbase = .;
  .text ALIGN(0x1000) : AT(ADDR(.text) - 0x1000) { _stext = .; *(.text.start) *(.text .text.*) _etext = .; } =0xcccccccc
  .rodata : AT(ADDR(.rodata) - 0x1000) { __start_ro = .; *(.rodata .rodata.*) __stop_ro = .; }
  . = ALIGN(0x1000); __init_begin = .;
  .init.data : { . = ALIGN(8); __setup_start = .; KEEP(*(SORT(.kept.*))) __setup_end = .; }
  .percpu 0 : AT(LOADADDR(.init.data) + SIZEOF(.init.data)) { __per_cpu_start = .; *(.vars) . = ALIGN(64); __per_cpu_end = .; }
  . = LOADADDR(.percpu) + SIZEOF(.percpu); . = ALIGN(0x1000); __init_end = .;
  .data : { *(.data) } __bss_start = .; .bss : { *(.bss COMMON) . = ALIGN(16); } _end = .; PROVIDE(end = .);
  /DISCARD/ : { *(.info) *(.note.*) *(.eh_frame*) }`,
    { objects: "g b o", options: "-e _boot -z max-page-size=0x1000" },
  ),
  {
    name: "segments of a kernel with notes and a stack",
    script: `PHDRS { text PT_LOAD FLAGS(5); data PT_LOAD FLAGS(6); note PT_NOTE FLAGS(0); stack PT_GNU_STACK FLAGS(6); }
SECTIONS { . = 0x200000; .text : { *(.text .text.*) } :text
  .notes : { *(.note.*) } :text :note
  .rodata : { *(.rodata*) } :text
  . = ALIGN(0x1000); .data : { *(.data) *(.vars) } :data .bss : { *(.bss COMMON .zero) } :data
  /DISCARD/ : { *(.comment) } }`,
    objects: "a b o",
  },
  sections(
    "U-Boot's linker lists",
    `. = 0x1000; .text : { *(.text*) } . = ALIGN(4);
  .u_boot_list : { KEEP(*(SORT(.kept*))) KEEP(*(SORT_BY_NAME(.t.*))) } . = ALIGN(4);
  __image_copy_end = .; .rel.dyn : { __rel_dyn_start = .; *(.rel*) __rel_dyn_end = .; }
  .end : { *(.__end) } _image_binary_end = .;
  .bss __rel_dyn_start (OVERLAY) : { __bss_start = .; *(.bss*) . = ALIGN(4); __bss_end = .; }`,
    { objects: "g s b", options: "--gc-sections -e _start" },
  ),
  regions(
    "Cortex-M startup with tables to copy",
    `.isr : { . = ALIGN(4); KEEP(*(.vectors)) . = ALIGN(4); } >FLASH
  .text : { . = ALIGN(4); *(.text .text*) KEEP(*(.init)) KEEP(*(.fini)) . = ALIGN(4); _etext = .; } >FLASH
  .copy : { . = ALIGN(4); __copy_start__ = .; LONG(LOADADDR(.data)) LONG(ADDR(.data)) LONG(SIZEOF(.data) / 4) LONG(LOADADDR(.ccm)) LONG(ADDR(.ccm)) LONG(SIZEOF(.ccm)) __copy_end__ = .; } >FLASH
  _sidata = LOADADDR(.data);
  .data : { . = ALIGN(4); _sdata = .; *(.data .kept.*) . = ALIGN(4); _edata = .; } >RAM AT> FLASH
  .ccm : { . = ALIGN(4); *(.vars) . = ALIGN(4); } >CCM AT> FLASH
  .bss : { _sbss = .; *(.bss COMMON) . = ALIGN(4); _ebss = .; } >RAM
  ._user_heap_stack : { . = ALIGN(8); PROVIDE(end = .); PROVIDE(_end = .); . = . + 0x200; . = . + 0x400; . = ALIGN(8); } >RAM
  _estack = ORIGIN(RAM) + LENGTH(RAM);`,
    { objects: "g b o" },
  ),
  regions(
    "a heap to the end of memory and a stack below it",
    `.text : { *(.text .rodata) } >FLASH .data : { *(.data) } >RAM AT>FLASH .bss (NOLOAD) : { *(.bss COMMON) } >RAM
  .heap (NOLOAD) : { __heap_start = .; . += LENGTH(RAM) - (. - ORIGIN(RAM)) - 0x100; __heap_end = .; } >RAM
  .stack ORIGIN(RAM) + LENGTH(RAM) - 0x100 (NOLOAD) : { . += 0x100; __stack_top = .; } >RAM
  ASSERT(__stack_top == ORIGIN(RAM) + LENGTH(RAM), "stack")`,
  ),
  ...["RAM", "FLASH"].map((home) => ({
    name: `regions by other names, data to ${home}`,
    script: `${REGIONS}REGION_ALIAS("CODE", FLASH); REGION_ALIAS("DATA", ${home}); REGION_ALIAS("BSS", RAM);
SECTIONS { .text : { *(.text) } >CODE .rodata : { *(.rodata) } >CODE .data : { *(.data) } >DATA AT>CODE .bss : { *(.bss COMMON) } >BSS }`,
  })),
  regions(
    "three sections loaded behind each other",
    `.text : { *(.text) } >FLASH .d1 : { *(.data) } >RAM AT>FLASH .d2 : { *(.rodata) } >CCM AT>FLASH .d3 : { *(.vars) . = ALIGN(8); } >RAM AT>FLASH .bss : { *(.bss COMMON) } >RAM
  flash_used = LOADADDR(.d3) + SIZEOF(.d3) - ORIGIN(FLASH);`,
    { objects: "a b o" },
  ),
  regions(
    "code that runs in RAM",
    ".ramfunc : { *(.near) } >RAM AT>FLASH .text : { *(.text .far) } >FLASH .data : { *(.data .rodata) } >RAM AT>FLASH .bss : { *(.bss COMMON) } >RAM",
    { objects: "x b a" },
  ),
  ...["", "NOCROSSREFS(.near .far);", "NOCROSSREFS_TO(.near .far);", "NOCROSSREFS_TO(.far .near);"].map((rule) => ({
    name: `overlays of near and far, ${rule}`,
    script: `${rule} SECTIONS { . = 0x1000; .text : { *(.text) } OVERLAY 0x8000 : AT(0x4000) { .near { *(.near) } .far { *(.far) } } .data : { *(.data .rodata .bss COMMON) } mine = __load_start_near; }`,
    objects: "x a b",
  })),
  regions(
    "an overlay in regions",
    ".text : { *(.text) } >FLASH OVERLAY : { .o1 { *(.data) } .o2 { *(.rodata) LONG(1) } } >RAM AT>FLASH .bss : { *(.bss COMMON) } >RAM s1 = __load_stop_o1 - __load_start_o1; s2 = __load_stop_o2;",
  ),
  ...["SHF_EXECINSTR", "SHF_WRITE & !SHF_EXECINSTR", "!SHF_WRITE", "SHF_ALLOC & SHF_WRITE"].map((flags) =>
    sections(
      `by flags: ${flags}`,
      `.one : { INPUT_SECTION_FLAGS(${flags}) *(*) } .two : { KEEP(INPUT_SECTION_FLAGS(SHF_ALLOC) *(.f* .m*)) } .three : { *(*) }`,
      { objects: "fl o" },
    ),
  ),
  ...["place", "warn", "discard", "error"].map((handling) =>
    regions(
      `orphans in regions under ${handling}`,
      ".text : { *(.text) } >FLASH .data : { *(.data) } >RAM AT>FLASH .bss : { *(.bss COMMON) } >RAM",
      { objects: "a b o", options: `--orphan-handling=${handling}` },
    ),
  ),
  ...["-Tdata=0x30000", "-Tbss=0x9000 -Tdata=0x5000", "--section-start=.vars=0x7000 -Ttext=0x2000"].map((options) =>
    sections(
      `starts: ${options}`,
      ".text : { *(.text) } .rodata : { *(.rodata) } .data : { *(.data) } .vars : { *(.vars) } .bss : { *(.bss COMMON) }",
      {
        objects: "a b o",
        options,
      },
    ),
  ),
  ...["separate-code", "noseparate-code"].map((word) =>
    sections(
      `EDK2's sections under -z ${word}`,
      ". = 0; PECOFF_HEADER_SIZE = 0x228; . = PECOFF_HEADER_SIZE; .text : ALIGN(CONSTANT(COMMONPAGESIZE)) { *(.text .text* .stub) *(.rodata .rodata*) *(.got .got.*) *(.eh_frame) } .data ALIGN(ALIGNOF(.text)) : ALIGN(CONSTANT(COMMONPAGESIZE)) { *(.data .data*) *(.bss .bss*) *(COMMON) } .rela ALIGN(ALIGNOF(.text)) : ALIGN(CONSTANT(COMMONPAGESIZE)) { *(.rela .rela*) } /DISCARD/ : { *(.note.GNU-stack) *(.comment) *(.dynsym) }",
      { objects: "a b eh", options: `-z ${word} -z common-page-size=0x40` },
    ),
  ),
  sections(
    "Xen's sections with marks and alignment by SUBALIGN",
    ". = 0x200000; .text : AT(ADDR(.text) - 0x100000) { _stext = .; *(.text) *(.code) *(.text.*) _etext = .; } . = ALIGN(0x1000); .rodata : AT(ADDR(.rodata) - 0x100000) { *(.rodata) *(.rodata.*) . = ALIGN(8); __ex = .; *(.fixed) __ex_end = .; } .note : AT(ADDR(.note) - 0x100000) { *(.note.*) } .data SUBALIGN(64) : { *(.data) }",
    { objects: "a b o" },
  ),
  sections(
    "data behind SUBALIGN(64)",
    ". = 0x200000; .text : { *(.text) } .data : SUBALIGN(64) { *(.data) *(.vars) e = .; } .bss : SUBALIGN(1) { *(.bss COMMON) }",
    { objects: "a b o" },
  ),
  sections(
    "thread-local storage with its marks",
    ". = 0x400000 + SIZEOF_HEADERS; .text : { *(.text*) } .tdata : { PROVIDE_HIDDEN(__tdata_start = .); *(.tdata .tdata.*) } .tbss : { *(.tbss) *(.tcommon) } tls_size = SIZEOF(.tdata) + SIZEOF(.tbss); .init_array : { PROVIDE_HIDDEN(__init_array_start = .); KEEP(*(SORT_BY_INIT_PRIORITY(.init_array.*) SORT_BY_INIT_PRIORITY(.ctors.*))) KEEP(*(.init_array EXCLUDE_FILE(*crtbegin.o) .ctors)) PROVIDE_HIDDEN(__init_array_end = .); } .data : { *(.data) }",
    { objects: "a b t p" },
  ),
  sections(
    "unwind records, a build id and their header",
    ". = 0x1000; .note.gnu.build-id : { *(.note.gnu.build-id) } .text : { *(.text*) } .eh_frame_hdr : { *(.eh_frame_hdr) } .eh_frame : ONLY_IF_RO { KEEP(*(.eh_frame)) } .data : { *(.data .bss COMMON) }",
    { objects: "eh eh2 b", options: "--build-id=0xabcdef --eh-frame-hdr -e f" },
  ),
  ...["_start", "ref", "one"].map((entry) =>
    sections(
      `collected from ${entry}`,
      ".text : { KEEP(*(.text.start)) *(.text .text.*) } .kept : { KEEP(*(SORT(.kept.two))) *(.kept.*) } .mine : { *(mine) } .vectors : { *(.vectors) } first = one;",
      { objects: "g b", options: `--gc-sections -e ${entry}` },
    ),
  ),
  sections(
    "a kernel module",
    ".text : { *(.text .text.[0-9a-zA-Z_]*) } .rodata : { *(.rodata .rodata.[0-9a-zA-Z_]*) } __ksymtab 0 : { *(SORT(.kept.*)) } __mine 0 : ALIGN(8) { KEEP(*(mine)) } /DISCARD/ : { *(.info) }",
    { objects: "g a o", options: "-r -z muldefs" },
  ),
  ...["AFTER .text", "BEFORE .data", "AFTER .rodata"].map((where) => ({
    name: `Zephyr's sections INSERT ${where}`,
    script: `SECTIONS { .vars_area : ALIGN(16) { _vars_start = .; KEEP(*(SORT_BY_NAME(.vars*))) _vars_end = .; } .fixed_area : { *(.fixed) } } INSERT ${where};`,
    objects: "a b o",
  })),
  ...[
    "nothing = here;",
    ". = nobody;",
    "x = ADDR(.nowhere);",
    'ASSERT(SIZEOF(.text) < 4, "too large")',
    "x = 1 / 0;",
    "x = LOADADDR(.none);",
  ].map((statement) =>
    sections(`a mistake: ${statement}`, `.text : { *(.text) } .data : { *(.data .rodata .bss COMMON) } ${statement}`),
  ),
  ...["", "-z nocombreloc", "-Bsymbolic -znocombreloc", "-z now --hash-style=gnu"].map((options) =>
    sections(
      `an EFI application: ${options}`,
      `. = 0; ImageBase = .; .hash : { *(.hash) } .gnu.hash : { *(.gnu.hash) } . = ALIGN(4096); .text : { _text = .; *(.text) . = ALIGN(16); } _etext = .;
  . = ALIGN(4096); .data : { _data = .; *(.rodata*) *(.got.plt) *(.got) *(.data*) *(.dynbss) *(.bss*) *(COMMON) } _edata = .;
  . = ALIGN(4096); .dynamic : { *(.dynamic) } . = ALIGN(4096); .rela : { *(.rela.data*) *(.rela.got) *(.rel.data*) *(.rel.got) }
  . = ALIGN(4096); .dynsym : { *(.dynsym) } . = ALIGN(4096); .dynstr : { *(.dynstr) }`,
      { objects: "pic b p plt2", options: `-shared --hash-style=sysv ${options}` },
    ),
  ),
];
