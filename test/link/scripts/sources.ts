// The objects that scripts of the judge lay out, as assembler that both machines take. `WORD` is a pointer.

export const sources: Readonly<Record<string, string>> = {
  /** A program's start, with a bit of everything. */
  a: `
.globl _start
.text
_start: call f
 nop
.data
.globl d1
d1: .long 0x11111111, d1
.bss
.globl b1
b1: .space 8
.section .rodata,"a"
.globl r1
r1: .asciz "first"
`,
  /** What the start calls; common symbols. */
  b: `
.globl f
.text
 .p2align 4
f: nop
 ret
.data
.globl d2
d2: .byte 0x22
.bss
 .p2align 4
.globl b2
b2: .space 5
.section .rodata,"a"
 .p2align 3
.globl r2
r2: .asciz "second"
.comm c1, 16, 8
.comm c2, 3, 1
`,
  /** Sections to be sorted. */
  s: `
.section .t.b,"ax"
 .byte 0xb1
.section .t.a,"ax"
 .p2align 4
 .byte 0xa1
.section .t.c.10,"ax"
 .p2align 2
 .byte 0xca
.section .t.c.2,"ax"
 .p2align 3
 .byte 0xc2
.section .t,"ax"
 .byte 0x71
`,
  /** The same names, other alignments. */
  s2: `
.section .t.m,"ax"
 .byte 0xa2
.section .t,"ax"
 .p2align 1
 .byte 0x72
.section .t.b,"ax"
 .p2align 5
 .byte 0xb2
.section .t.a,"ax"
 .byte 0xa3
`,
  /** Arrays of functions by priority. */
  p: `
.section .init_array,"aw",@init_array
 WORD 1
.section .init_array.100,"aw",@init_array
 WORD 100
.section .init_array.00005,"aw",@init_array
 WORD 5
.section .ctors,"aw"
 WORD 2
.section .ctors.65530,"aw"
 WORD 6
.section .ctors.00100,"aw"
 WORD 65435
`,
  /** Sections for --gc-sections. */
  g: `
.globl _start
.section .text.start,"ax"
_start: call used
.section .text.used,"ax"
.globl used
used: ret
.section .text.dead,"ax"
.globl dead
dead: ret
.section .vectors,"a"
 .long 0xfeedface
.section .kept.one,"aw"
.globl one
one: .long 1
.section .kept.two,"aw"
.globl two
two: .long 2
.section mine,"a"
 .long 0x3e3e
.section .text.ref,"ax"
 .globl ref
ref: .long __start_mine
`,
  /** Thread-local storage. */
  t: `
.section .tdata,"awT",@progbits
.globl tls1
tls1: .long 7
.section .tbss,"awT",@nobits
 .p2align 4
.globl tls2
tls2: .space 20
.text
 nop
`,
  /** Refers to t's thread-local storage, from where the thread pointer is. */
  tr: `
.data
 WORD tls1@tpoff, tls2@tpoff
`,
  /** Orphans of all sorts. */
  o: `
.section .mixed,"a"
 .long 0xa
.section .fixed,"a"
 .byte 0xf1
.section .vars,"aw"
 .long 0xb
.section .code,"ax"
 .byte 0xcc
.section .zero,"aw",@nobits
 .space 12
.section .info,""
 .asciz "info"
.section .note.x,"a",@note
 .long 4, 4, 1, 0x58, 0
.section ident,"aw"
 .long 0x1d
.section .debug_x,""
 .long 9
`,
  /** The same names once more, with other flags. */
  o2: `
.section .mixed,"aw"
 .long 0xa2
.section .fixed,"a"
 .byte 0xf2
.section .code,"ax"
 .byte 0xcd
.section .ro2,"a"
 .long 0x12
.section .zero,"aw"
 .long 5
`,
  /** Strings to be merged. */
  m: `
.section .rodata.str1.1,"aMS",@progbits,1
 .asciz "same"
 .asciz "tail same"
.section .rodata.cst4,"aM",@progbits,4
 .long 1, 2, 1
`,
  m2: `
.section .rodata.str1.1,"aMS",@progbits,1
 .asciz "same"
 .asciz "other"
.section .rodata.cst4,"aM",@progbits,4
 .long 2, 3
`,
  /** Strings, aligned ones too, that are referred to. */
  m3: `
.data
 WORD tail, whole, wide, behind
.section .rodata.str1.1,"aMS",@progbits,1
tail: .asciz "same"
whole: .asciz "not the same"
behind:
.section .rodata.str1.8,"aMS",@progbits,1
 .p2align 3
wide: .asciz "aligned"
 .p2align 3
 .asciz "other"
.section .rodata.cst4,"aM",@progbits,4
 .long 7, 2
`,
  /** References to what a script defines. */
  u: `
.globl _start
.text
_start: nop
.data
 .long sym_a, sym_b, sym_c
.weak sym_c
`,
  /** Much of each. */
  big: `
.section .text.big,"ax"
.globl bigcode
bigcode: .fill 0x1801, 1, 0x90
.section .data.big,"aw"
.globl bigdata
bigdata: .fill 0x2345, 1, 0x33
.section .bss.big,"aw",@nobits
.globl bigbss
bigbss: .space 0x3000
`,
  /** Code that refers across sections. */
  x: `
.section .near,"ax"
.globl near
near: call far
.section .far,"ax"
.globl far
far: call near
 call near
`,
  /** Overlays. */
  ov: `
.section .ov1,"ax"
.globl ov1
ov1: .fill 0x20, 1, 0x11
.section .ov2,"ax"
.globl ov2
ov2: .fill 0x48, 1, 0x22
.section .ov3,"aw"
.globl ov3
ov3: .fill 6, 1, 0x33
`,
  /** What position-independent code has. */
  pic: `
.globl entry
.hidden local
.text
entry: call f@PLT
local: ret
.data
.globl table
table: WORD entry, local
.section .data.rel.ro,"aw"
 WORD table
.bss
.globl zeroes
zeroes: .space 16
`,
  /** Calls of many functions that other modules have. */
  plt: `
.globl entry
.text
entry: call zeta@PLT
 call alpha@PLT
 call _start@PLT
 call middle@PLT
 call b@PLT
`,
  /** Words and calls of what other modules have, in sections of several names. */
  plt2: `
.text
 call zeta@PLT
 call alpha@PLT
.data
 WORD zeta, middle, alpha
.section .table,"aw"
 WORD table, zeta
.weak zeta, alpha, middle
`,
  /** Unwind records: two objects, of which the second has two. */
  eh: `
.globl _start
.text
.p2align 4
_start: .cfi_startproc
 call g
 .cfi_def_cfa_offset 32
 nop
 .cfi_endproc
`,
  eh2: `
.globl g
.text
g: .cfi_startproc
 nop
 .cfi_def_cfa_offset 16
 ret
 .cfi_endproc
.section .text.cold,"ax"
h: .cfi_startproc
 nop
 .cfi_endproc
`,
  /** What another module has. */
  ext: `
.globl entry
.text
entry: call missing
 nop
.data
 WORD missing
 WORD weakling
.weak weakling
`,
  /** Nothing but a flag each. */
  fl: `
.section .fa,"a"
 .byte 1
.section .fw,"aw"
 .byte 2
.section .fx,"ax"
 .byte 3
.section .fwx,"awx"
 .byte 4
.section .fb,"aw",@nobits
 .space 4
.section .fn,""
 .byte 5
`,
  /** Sections that describe others, and one that does not. */
  lo: `
.section .f1,"ax"
 nop
.section .f2,"ax"
 nop
.section .m1,"ao",%progbits,.f2
 .byte 1
.section .m2,"ao",%progbits,.f1
 .byte 2
.section .plain,"a"
 .byte 3
`,
};
