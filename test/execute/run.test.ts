// Running decoded code: slices, steps, breaks, observers, faults, code that changes, and limits. Programs are a few bytes of
// machine code, written out as the assembler would have them.

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import {
  IP,
  RAX,
  RBX,
  RCX,
  RDI,
  RSI,
  readPlace,
  TRAP,
  TRAP_DIVIDE,
  TRAP_MEMORY,
  TRAP_UNDEFINED,
} from "../../src/arch/x86/instructions/index.ts";
import { dropRange, setBreak } from "../../src/execute/code.ts";
import {
  executed,
  run,
  STOP_BREAK,
  STOP_LIMIT,
  STOP_OBSERVED,
  STOP_SYSTEM_CALL,
  STOP_TRAP,
  step,
} from "../../src/execute/run.ts";
import { type Bare, bare } from "./bare.ts";

const CODE = 0x401000;
const DATA = 0x500000;

/** 64-bit code at CODE, a page of zeros at DATA, and ip at its start. */
function program(...lines: readonly string[]): Bare {
  const it = bare(64);
  it.put(CODE, Buffer.from(lines.join("").replaceAll(" ", ""), "hex"));
  it.put(DATA, new Uint8Array(4096));
  it.cpu.words[IP] = CODE;
  return it;
}

const INC_EAX = "ff c0";
const SYSCALL = "0f 05";
/** jmp to itself; jmp back over itself and the two bytes before. */
const FOREVER = "eb fe";
const AGAIN = "eb fc";

test("a system call ends the run behind the instruction, with the return address in rcx", () => {
  const { cpu, code } = program(INC_EAX, SYSCALL);
  equal(run(cpu, code, 1000), STOP_SYSTEM_CALL);
  equal(cpu.words[IP], CODE + 4);
  equal(cpu.words[RCX], CODE + 4);
  equal(cpu.words[RAX], 1);
  equal(executed(cpu), 2);
});

test("a loop runs for as many instructions as it is given, and goes on where it stopped", () => {
  const { cpu, code } = program(INC_EAX, AGAIN);
  for (let turn = 1; turn <= 3; turn++) {
    equal(run(cpu, code, 20_000), STOP_LIMIT);
    equal(executed(cpu), turn * 20_000);
  }
  equal(cpu.words[RAX], 30_000);
});

test("a step executes one instruction of a block", () => {
  const { cpu, code } = program(INC_EAX, INC_EAX, SYSCALL);
  equal(step(cpu, code), STOP_LIMIT);
  equal(cpu.words[RAX], 1);
  equal(cpu.words[IP], CODE + 2);
  equal(step(cpu, code), STOP_LIMIT);
  equal(step(cpu, code), STOP_SYSTEM_CALL);
  equal(executed(cpu), 3);
});

test("a break stops before its instruction, and the next run passes it", () => {
  const { cpu, code } = program(INC_EAX, INC_EAX, "eb fa");
  run(cpu, code, 100);
  setBreak(code, CODE + 2, 0, true);
  for (let turn = 0; turn < 3; turn++) {
    equal(run(cpu, code, 1000), STOP_BREAK);
    equal(cpu.words[IP], CODE + 2);
  }
  setBreak(code, CODE + 2, 0, false);
  equal(run(cpu, code, 1000), STOP_LIMIT);
});

test("an observer sees each instruction and each transfer, and may stop", () => {
  const { cpu, code } = program(INC_EAX, INC_EAX, "eb fa");
  const seen: number[] = [];
  let transfers = 0;
  const stop = run(cpu, code, 1000, {
    instruction: ({ words }) => {
      seen.push(words[IP] - CODE);
      return seen.length === 5;
    },
    transfer: ({ words }) => {
      equal(words[IP], CODE);
      transfers++;
      return false;
    },
  });
  equal(stop, STOP_OBSERVED);
  deepEqual(seen, [0, 2, 4, 0, 2]);
  equal(transfers, 1);
  // The one that it was stopped at is not executed.
  equal(cpu.words[RAX], 3);
  equal(executed(cpu), 4);
});

test("an instruction that fails has done nothing, and can be executed again", () => {
  // add $1,%eax; add %eax,(%rbx): nothing is mapped at 0.
  const { cpu, code, memory, put } = program("83 c0 01", "01 03", SYSCALL);
  equal(run(cpu, code, 100), STOP_TRAP);
  equal(cpu.words[TRAP], TRAP_MEMORY);
  equal(cpu.words[IP], CODE + 3);
  equal(executed(cpu), 1);
  deepEqual([...memory.fault.subarray(0, 3)], [0, 0, 1], "a write to address 0");
  cpu.words[RBX] = DATA + 4094;
  put(DATA + 4096, new Uint8Array(8));
  equal(run(cpu, code, 100), STOP_SYSTEM_CALL);
  equal(cpu.words[RAX], 1, "the sum has gone over the border of two pages");
});

test("a division by zero and bytes that are no instruction say so, with ip at them", () => {
  const divide = program(INC_EAX, "f7 f3");
  equal(run(divide.cpu, divide.code, 100), STOP_TRAP);
  deepEqual([divide.cpu.words[TRAP], divide.cpu.words[IP]], [TRAP_DIVIDE, CODE + 2]);
  const none = program(INC_EAX, "06");
  equal(run(none.cpu, none.code, 100), STOP_TRAP);
  deepEqual([none.cpu.words[TRAP], none.cpu.words[IP]], [TRAP_UNDEFINED, CODE + 2]);
});

test("code that writes over what follows it executes what it wrote", () => {
  // movb $0xc8,1+next(%rip); next: inc %eax becomes dec %eax.
  const { cpu, code } = program("c6 05 01 00 00 00 c8", INC_EAX, SYSCALL);
  equal(run(cpu, code, 100), STOP_SYSTEM_CALL);
  equal(cpu.words[RAX], -1);
});

test("code is decoded anew where it changed after it ran", () => {
  const { cpu, code, put } = program(INC_EAX, SYSCALL);
  run(cpu, code, 100);
  put(CODE, Buffer.from("ffc8", "hex"));
  dropRange(code, CODE, 0, 1);
  cpu.words[IP] = CODE;
  run(cpu, code, 100);
  equal(cpu.words[RAX], 0);
});

test("a repeated string instruction is interrupted by the end of a slice, and goes on", () => {
  // rep stosb of 64 KB over 16 pages.
  const { cpu, code, memory, put } = program("f3 aa", SYSCALL);
  put(DATA, new Uint8Array(0x10000));
  cpu.words[RDI] = DATA;
  cpu.words[RAX] = 0x5a;
  cpu.words[RCX] = 0x10000;
  let turns = 0;
  for (; turns < 10_000 && run(cpu, code, 1) === STOP_LIMIT; turns++);
  ok(turns > 3, `${turns} turns`);
  equal(cpu.words[RDI], DATA + 0x10000);
  ok(memory.bytes.subarray(memory.used * 4096 - 0x8000, memory.used * 4096).includes(0x5a));
});

test("rep movs over itself repeats what is between source and destination", () => {
  const { cpu, code, memory, put } = program("f3 a4", SYSCALL);
  put(DATA, Buffer.from("abc"));
  cpu.words[RSI] = DATA;
  cpu.words[RDI] = DATA + 3;
  cpu.words[RCX] = 9;
  equal(run(cpu, code, 100), STOP_SYSTEM_CALL);
  const place = readPlace(memory, DATA, 0, 12);
  equal(Buffer.from(memory.bytes.subarray(place, place + 12)).toString(), "abcabcabcabc");
});

test("exactly as many instructions are executed as may be, in the middle of a block too", () => {
  const { cpu, code } = program(INC_EAX, INC_EAX, INC_EAX, "eb f8");
  equal(run(cpu, code, 2), STOP_LIMIT);
  deepEqual([cpu.words[RAX], cpu.words[IP], executed(cpu)], [2, CODE + 4, 2]);
  equal(run(cpu, code, 1001), STOP_LIMIT);
  deepEqual([cpu.words[RAX], cpu.words[IP], executed(cpu)], [2 + 751, CODE + 6, 1003]);
  equal(run(cpu, code, 3, { instruction: () => false }), STOP_LIMIT);
  deepEqual([cpu.words[RAX], cpu.words[IP], executed(cpu)], [755, CODE + 4, 1006]);
});

test("a jump into nothing ends with the address", () => {
  const { cpu, code, memory } = program(FOREVER);
  cpu.words[IP] = 0x123456;
  equal(run(cpu, code, 100), STOP_TRAP);
  deepEqual([cpu.words[TRAP], cpu.words[IP], memory.fault[0]], [TRAP_MEMORY, 0x123456, 0x123456]);
});
