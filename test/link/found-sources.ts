// Small assembler sources that found.test.ts and its neighbours are made of.

import { compile, type Target } from "../support/build.ts";

const NOTE = '.text\n.cfi_startproc\nnop\n.cfi_endproc\n.section .note.GNU-stack,"",@progbits\n';
export const START =
  ".text\n.globl _start\n.type _start,@function\n_start: .cfi_startproc\n nop\n.cfi_endproc\n.size _start,.-_start\n";

export function asm(target: Target, name: string, source: string): string {
  return compile(target, `${name}.s`, `.file "${name}.c"\n${source}${NOTE}`);
}

/** Code that loads the address of a name from the GOT. */
export function load(target: Target, name: string): string {
  return `${target.wordBytes === 8 ? `mov ${name}@GOTPCREL(%rip),%rax` : `mov ${name}@GOT(%ebx),%eax`}\n`;
}

export function variable(name: string, size: number, head = ".data\n.globl"): string {
  return `${head} ${name}\n.balign ${size}\n.type ${name},@object\n.size ${name},${size}\n${name}: .skip ${size}\n`;
}

export function callable(name: string, ...lines: readonly string[]): string {
  return [...lines, `.text\n.globl ${name}\n.type ${name},@function\n${name}: ret\n.size ${name},.-${name}\n`].join(
    "\n",
  );
}
