// When there is a table at all: GNU ld makes one in every link and takes it back where nothing asks for it.

import { equal } from "node:assert/strict";
import { compile, type Target } from "../../support/build.ts";
import { eachTarget, likeGnuLd } from "../../support/link.ts";

const START = ".globl _start\n_start: nop\n.data\n.globl x\nx: .long 1\n.text\n";

function users(target: Target): Readonly<Record<string, string>> {
  const [load, push, base, word] =
    target.wordBytes === 8
      ? ["mov x@GOTPCREL(%rip), %rax", "push x@GOTPCREL(%rip)", "lea _GLOBAL_OFFSET_TABLE_(%rip), %rax", ".quad"]
      : ["mov x@GOT(%ebx), %eax", "push x@GOT(%ebx)", "add $_GLOBAL_OFFSET_TABLE_, %ebx", ".long"];
  return {
    // The assembler names the table; the load is rewritten.
    rewritten: load,
    slot: push,
    base,
    named: ".globl _GLOBAL_OFFSET_TABLE_",
    pointer: `.data\n${word} _GLOBAL_OFFSET_TABLE_`,
    ifunc: ".globl f\n.type f, @gnu_indirect_function\nf: call f",
  };
}

for (const [kind, flags] of [
  ["a static program", ["-static"]],
  ["a bound static program", ["-static", "-z", "now"]],
  ["a collected program", ["-static", "--gc-sections"]],
  ["a static PIE", ["-pie", "--no-dynamic-linker", "--no-ld-generated-unwind-info"]],
  ["a library", ["-shared", "-Bsymbolic", "--no-ld-generated-unwind-info"]],
] as const) {
  eachTarget(`the GOT of ${kind} is there where a slot, a PLT or a relocation against its name needs it`, (target) => {
    const start = compile(target, "start.s", START);
    const objects = Object.entries(users(target)).map(([name, text]) => [name, compile(target, `${name}.s`, text)]);
    const count = likeGnuLd(target, (shop) => {
      for (const [name, object] of objects) {
        // i386: what is rewritten in PIC still computes with the table's address, and what is not needs a register for it.
        const isPic = !kind.endsWith("program");
        if (isPic && target.wordBytes === 4 && (name === "slot" || name === "rewritten")) continue;
        if (isPic && name === "ifunc") continue;
        shop.ld(name, [...flags, "-z", "norelro", start, object]);
      }
      return shop.outputs.length;
    });
    equal(count >= 3, true);
  });
}
