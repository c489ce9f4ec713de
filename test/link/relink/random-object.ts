// Assembler text of objects that have the same sections of the same sizes, and the same symbols, whatever the random numbers say: where
// functions begin, how long they are, what they and the data refer to, how the stack moves.

import type { Target } from "../../support/build.ts";

const FUNCTIONS = 5;
const CODE = 0x300;

/** @param number of the object: its functions are `f${number}_0` and on */
export function randomObject(target: Target, number: number, below: (limit: number) => number): string {
  const is64 = target.wordBytes === 8;
  const word = is64 ? ".quad" : ".long";
  const own = Array.from({ length: FUNCTIONS }, (_, i) => `f${number}_${i}`);
  const others = [0, 1, 2].flatMap((it) => (it === number ? [] : [0, 1].map((i) => `f${it}_${i}`)));
  const any = (list: readonly string[]): string => list[below(list.length)];
  const lines = [".text", ...others.map((it) => `.globl ${it}`), ...own.map((it) => `.globl ${it}`)];
  // The assembler's table has them in the order in which they are first named.
  for (const it of own) lines.push(`.local local_${it}`);
  for (const [i, name] of own.entries()) {
    lines.push(`.type ${name},@function`, `${name}: .cfi_startproc`, `local_${name}:`, ` .skip ${1 + below(20)},0x90`);
    for (let k = below(6); k > 0; k--) lines.push(body(is64, any, [...own, ...others], number, below));
    // One step of the same form in each, so that records are as long.
    lines.push(` .cfi_def_cfa_offset ${16 + 16 * below(3)}`, " ret", " .cfi_endproc", `.size ${name},.-${name}`);
    if (i === FUNCTIONS - 1) lines.push(` .org ${CODE},0xcc`);
  }
  lines.push(' .section .text.local,"ax",@progbits', `local_${number}: ret`, " .org 0x20,0x90");
  // Each word of the data has a relocation, so that there are as many dynamic ones.
  lines.push(
    " .data",
    ` .globl d${number}`,
    ` .hidden d${number}`,
    ` .type d${number},@object`,
    ` .skip ${4 * below(8)}`,
    `d${number}: .long ${below(1000)}`,
  );
  lines.push(" .org 0x28", " .balign 8");
  for (const name of own) lines.push(` ${word} local_${any(own)}`, ` ${word} ${name}${below(2) === 0 ? "" : "+3"}`);
  lines.push(" .section .rodata", ` .long ${below(1000)},${below(1000)}`, "here:");
  lines.push(` .long local_${number}-here`, ' .section .note.GNU-stack,"",@progbits');
  return `${lines.join("\n")}\n`;
}

function body(
  is64: boolean,
  any: (list: readonly string[]) => string,
  functions: readonly string[],
  number: number,
  below: (limit: number) => number,
): string {
  switch (below(5)) {
    case 0:
      return ` call ${any(functions)}@PLT`;
    case 1:
      return is64 ? ` lea d${number}(%rip),%rax` : " nop";
    case 2:
      return is64 ? ` lea local_${number}(%rip),%rax` : ` call local_${number}`;
    case 3:
      return ` mov $${below(100000)},%eax`;
    default:
      return ` jmp ${any(functions)}@PLT`;
  }
}

/** Sections in an order of its own, with a gap. */
export const STATIC_SCRIPT = `SECTIONS {
  . = 0x400000 + SIZEOF_HEADERS;
  .rodata : { *(.rodata*) }
  .text : { *(.text*) . = ALIGN(64); }
  .eh_frame_hdr : { *(.eh_frame_hdr) }
  .eh_frame : { KEEP(*(.eh_frame)) }
  . = ALIGN(0x1000);
  .data : { *(.data) }
  .bss : { *(.bss) *(COMMON) }
}`;
