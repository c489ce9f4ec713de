// Machine code of other machines in words: one known instruction each, as their assemblers read it.

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { nodeDisassembler } from "../../src/host/disassembly/disassembler.ts";

const disassemble = nodeDisassembler();

function texts(machine: string, address: number, code: string): string[] {
  const bytes = Uint8Array.from(Buffer.from(code, "hex"));
  return disassemble(bytes, address, machine, address + bytes.length).map(({ text }) => text);
}

const ROWS: readonly (readonly [machine: string, address: number, code: string, texts: readonly string[]])[] = [
  ["aarch64", 0x1000, "f07bbfa9c0035fd6", ["stp x16, x30, [sp, #-0x10]!", "ret"]],
  ["arm", 0x1000, "1eff2fe1", ["bx lr"]],
  // An odd address says Thumb.
  ["arm", 0x1001, "7047", ["bx lr"]],
  ["riscv64", 0x1000, "13000000", ["nop"]],
  ["ppc64le", 0x1000, "2000804e", ["blr"]],
  ["s390x", 0x1000, "07fe", ["br %r14"]],
  ["mips64el", 0x1000, "0800e003", ["jr $ra"]],
  ["x86-64", 0x1000, "c3", ["ret"]],
  ["i386", 0x1000, "6a05c3", ["push $0x5", "ret"]],
  ["loongarch64", 0x1000, "2000004c", []],
];

for (const [machine, address, code, expected] of ROWS) {
  test(`${machine}: ${code} is ${expected.join("; ") || "not known"}`, () => {
    deepEqual(texts(machine, address, code), expected);
  });
}
