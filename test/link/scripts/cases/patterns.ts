// Which input sections a statement takes, and in which order.

import { type ScriptCase, sections } from "../case.ts";

const T = { objects: "s s2" };

export const patterns: readonly ScriptCase[] = [
  sections("the first match wins", ".one : { *(.t.a) } .two : { *(.t*) }", T),
  sections("several patterns in one list", ".t : { *(.t.c* .t.a .t) } .r : { *(.t*) }", T),
  sections("several lists", ".t : { *(.t.c*) *(.t.a) *(.t) } .r : { *(.t*) }", T),
  sections("files by name", ".t : { s2.o(.t.a) s.o(.t*) } .r : { *(.t*) }", T),
  sections("files by pattern", ".t : { *2.o(.t.a) [s].o(.t*) } .r : { *(.t*) }", T),
  sections("a whole file", ".t : { s2.o } .r : { *(.t*) }", T),
  sections("question marks and sets", ".a : { *(.t.?) } .b : { *(.t.[a-c].*) } .c : { *(.t[!x]*) } .d : { *(.t) }", T),
  sections("a comma in a name is one name", ".a : { *(.t.a,.t.b) } .b : { *(.t.a , .t.b) } .c : { *(.t*) }", T),
  sections("SORT", ".t : { *(SORT(.t.*)) *(.t) }", T),
  sections("SORT_BY_NAME and unsorted in one list", ".t : { *(SORT_BY_NAME(.t.*) .t) }", T),
  sections("unsorted and sorted in one list", ".t : { *(.t SORT(.t.*)) }", T),
  sections("SORT_BY_ALIGNMENT", ".t : { *(SORT_BY_ALIGNMENT(.t*)) }", T),
  sections("name, then alignment", ".t : { *(SORT_BY_NAME(SORT_BY_ALIGNMENT(.t*))) }", T),
  sections("alignment, then name", ".t : { *(SORT_BY_ALIGNMENT(SORT_BY_NAME(.t*))) }", T),
  sections("SORT twice", ".t : { *(SORT(SORT(.t*))) }", T),
  sections("SORT_NONE", ".t : { *(SORT_NONE(.t*)) }", { ...T, options: "--sort-section=name" }),
  sections("--sort-section=name", ".t : { *(.t*) }", { ...T, options: "--sort-section=name" }),
  sections("--sort-section=alignment", ".t : { *(.t*) }", { ...T, options: "--sort-section=alignment" }),
  sections("--sort-section=alignment over SORT", ".t : { *(SORT(.t*)) }", {
    ...T,
    options: "--sort-section=alignment",
  }),
  sections("--sort-section=name over SORT_BY_ALIGNMENT", ".t : { *(SORT_BY_ALIGNMENT(.t*)) }", {
    ...T,
    options: "--sort-section=name",
  }),
  sections(
    "SORT_BY_INIT_PRIORITY",
    ".init_array : { *(SORT_BY_INIT_PRIORITY(.init_array.*) SORT_BY_INIT_PRIORITY(.ctors.*)) *(.init_array .ctors) }",
    { objects: "p" },
  ),
  sections(
    "SORT_BY_INIT_PRIORITY of everything",
    ".init_array : { *(SORT_BY_INIT_PRIORITY(.init_array*)) } .ctors : { *(SORT_BY_INIT_PRIORITY(.ctors*)) }",
    { objects: "p" },
  ),
  sections(
    "sorted by name instead",
    ".init_array : { *(SORT(.init_array.*)) *(.init_array) } .ctors : { *(SORT(.ctors.*)) *(.ctors) }",
    { objects: "p" },
  ),
  sections("sorted files", ".t : { SORT(*)(.t) } .u : { SORT(*.o)(SORT(.t.*)) }", { objects: "s2 s" }),
  sections("EXCLUDE_FILE before a section", ".t : { *(EXCLUDE_FILE (*2.o) .t.a .t.b) } .r : { *(.t*) }", T),
  sections("EXCLUDE_FILE before the file", ".t : { EXCLUDE_FILE (*2.o) *(.t.a .t.b) } .r : { *(.t*) }", T),
  sections("EXCLUDE_FILE of two", ".t : { *(EXCLUDE_FILE (s.o *2.o) .t.a) } .r : { *(.t*) }", T),
  sections("EXCLUDE_FILE in SORT", ".t : { *(SORT(EXCLUDE_FILE (s.o) .t.*)) } .r : { *(.t*) }", T),
  sections("EXCLUDE_FILE both", ".t : { EXCLUDE_FILE (s.o) *(EXCLUDE_FILE (s2.o) .t.a .t.b) } .r : { *(.t*) }", T),
  sections(
    "INPUT_SECTION_FLAGS",
    ".w : { INPUT_SECTION_FLAGS(SHF_WRITE) *(.f*) } .x : { INPUT_SECTION_FLAGS(SHF_EXECINSTR & !SHF_WRITE) *(.f*) } .r : { *(.f*) }",
    { objects: "fl" },
  ),
  sections("INPUT_SECTION_FLAGS by number", ".w : { INPUT_SECTION_FLAGS(0x1 & !0x4) *(.f*) } .r : { *(.f*) }", {
    objects: "fl",
  }),
  sections("INPUT_SECTION_FLAGS in KEEP", ".w : { KEEP(INPUT_SECTION_FLAGS(SHF_ALLOC) *(.f*)) } .r : { *(.f*) }", {
    objects: "fl",
  }),
  sections("an unknown flag", ".w : { INPUT_SECTION_FLAGS(SHF_FOO) *(.fa) } .r : { *(.f*) }", { objects: "fl" }),
  sections("archive:member", ".t : { *lib.a:s.o(.t.a) } .r : { *(.t* .text) }", {
    command: "-T x.ld a.o --whole-archive lib.a",
  }),
  sections("archive:", ".t : { lib.a:(.t*) } .r : { *(.t* .text) }", {
    command: "-T x.ld a.o s2.o --whole-archive lib.a",
  }),
  sections(":file", ".t : { :s2.o(.t*) } .r : { *(.t* .text) }", { command: "-T x.ld a.o s2.o --whole-archive lib.a" }),
  sections("EXCLUDE_FILE of a member", ".t : { *(EXCLUDE_FILE (lib.a:b.o) .text) } .r : { *(.text) }", {
    command: "-T x.ld a.o lib.a",
  }),
  sections("EXCLUDE_FILE of an archive", ".t : { *(EXCLUDE_FILE (*lib.a:) .text) } .r : { *(.text) }", {
    command: "-T x.ld a.o lib.a",
  }),
  sections("a member by its name alone", ".t : { b.o(.text) } .r : { *(.text) }", { command: "-T x.ld a.o lib.a" }),
  sections("a pattern that members match", ".t : { *b.o(.text) } .r : { *(.text) }", { command: "-T x.ld a.o lib.a" }),
  sections("a file that the script opens", ".t : { b.o(.text) } .r : { *(.text) }", { command: "-T x.ld a.o" }),
  sections("a file that the script opens first", ".r : { *(.text) } .data : { b.o(.data) *(.data) }", {
    command: "-T x.ld a.o b.o",
  }),
  sections("a script behind the files", ".r : { *(.text) } .data : { b.o(.data) *(.data) }", {
    command: "a.o b.o -T x.ld",
  }),
  sections("a file that there is not", ".t : { nowhere.o(.text) }", { command: "-T x.ld a.o b.o" }),
  sections("COMMON", ".bss : { *(.bss) *(COMMON) }", {}),
  sections("COMMON first", ".bss : { *(COMMON) *(.bss) }", {}),
  sections("COMMON of a file", ".x : { b.o(COMMON) } .bss : { *(.bss) }", {}),
  sections("COMMON in data", ".data : { *(.data) *(COMMON) } .bss : { *(.bss) }", {}),
  sections("COMMON not named", ".text : { *(.text) } .bss : { *(.bss) }", {}),
  sections("COMMON not named and no .bss", ".text : { *(.text) }", {}),
  {
    ...sections("COMMON discarded", ".text : { *(.text) } /DISCARD/ : { *(COMMON) }", {}),
  },
  sections("COMMON by a star", ".text : { *(.text) } .rest : { *(.*) } .c : { *(C*) }", {}),
  sections(
    "ONLY_IF_RO",
    ".t : ONLY_IF_RO { *(.mixed) } .t : ONLY_IF_RW { *(.mixed) } .u : ONLY_IF_RO { *(.fixed) } .u : ONLY_IF_RW { *(.fixed) }",
    { objects: "a b o o2" },
  ),
  sections("ONLY_IF_RO of read-only ones", ".t : ONLY_IF_RO { *(.mixed) } .t : ONLY_IF_RW { *(.mixed) }", {
    objects: "a b o",
  }),
  sections("SPECIAL", ".t : SPECIAL { *(.mixed) } .u : { *(.fixed) }", { objects: "a b o" }),
  sections("quoted names", '"a section" : { *(".t.a") } ".r" : { "s2.o"(.t*) *(.t*) }', T),
  sections("a star takes all", ".all : { * }", T),
  sections("CONSTRUCTORS", ".t : { CREATE_OBJECT_SYMBOLS *(.t*) CONSTRUCTORS SORT(CONSTRUCTORS) }", T),
  sections("an output section's name as a pattern", ".text : { *(.text) } .text.hot : { *(.t*) }", {
    objects: "a b s",
  }),
  sections("no space around braces", ".t :{*(.t.a)}.u : {*(.t*)}", T),
];
