// Instructions in words: AT&T's syntax as objdump has it, and sentences.

import { equal } from "node:assert/strict";
import { test } from "node:test";
import {
  createInstructions,
  decode,
  instructionSentence,
  instructionText,
  LEVELS,
  STRIDE,
} from "../../../src/arch/x86/instructions/index.ts";

const columns = new Int32Array(STRIDE);

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));

/** The text of the instruction at 0x401000. */
function text(mode: 64 | 32, hex: string, nameOf?: (low: number) => string | undefined): string {
  const table = createInstructions(mode, LEVELS.all);
  decode(table, bytesOf(hex), 0, bytesOf(hex).length, 0x401000, 0, columns, 0);
  return instructionText(table, columns, 0, nameOf);
}

const TEXTS: readonly (readonly [mode: 64 | 32, hex: string, text: string])[] = [
  [64, "48 89 5c 24 08", "mov %rbx,0x8(%rsp)"],
  [64, "48 8b 05 c1 2f 00 00", "mov 0x2fc1(%rip),%rax"],
  [64, "ff 25 e2 2f 00 00", "jmp *0x2fe2(%rip)"],
  [64, "e8 fb 0f 00 00", "call 0x402000"],
  [64, "64 48 8b 04 25 28 00 00 00", "mov %fs:0x28,%rax"],
  [64, "83 44 8d f8 01", "addl $0x1,-0x8(%rbp,%rcx,4)"],
  [64, "48 83 c0 ff", "add $0xffffffffffffffff,%rax"],
  [64, "0f b6 c4", "movzbl %ah,%eax"],
  [64, "40 0f b6 c4", "movzbl %spl,%eax"],
  [64, "f0 48 0f b1 0f", "lock cmpxchg %rcx,(%rdi)"],
  [64, "f3 48 a5", "rep movsq (%rsi),(%rdi)"],
  [64, "48 98", "cltq"],
  [64, "66 48 0f 6e c1", "movq %rcx,%xmm0"],
  [64, "d1 e8", "shr %eax"],
  [64, "c8 10 00 01", "enter $0x10,$0x1"],
  [32, "65 a1 14 00 00 00", "mov %gs:0x14,%eax"],
  [32, "40", "inc %eax"],
  [32, "67 8b 40 05", "mov 0x5(%bx,%si,1),%eax"],
];

for (const [mode, hex, expected] of TEXTS) test(`${hex} is ${expected}`, () => equal(text(mode, hex), expected));

test("addresses may have names", () => {
  equal(
    text(64, "e8 fb 0f 00 00", () => "puts@plt"),
    "call puts@plt",
  );
  equal(
    text(64, "48 8b 05 c1 2f 00 00", () => "environ"),
    "mov environ(%rip),%rax",
  );
});

test("a row's sentence speaks of the operands", () => {
  const table = createInstructions(64, LEVELS.all);
  decode(table, bytesOf("83 44 24 08 05"), 0, 5, 0, 0, columns, 0);
  equal(instructionSentence(table, columns, 0), "adds 0x5 to 0x8(%rsp)");
});
