// Loads from the GOT that become cheaper instructions: every form and register, assembled by gas, against the bytes that
// GNU ld makes of them.

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { I386, type Machine, RELAX_NONE, TLS_TO_LOCAL_EXEC, X86_64 } from "../../src/arch/index.ts";
import { needs } from "../support/tools.ts";
import { type Bench, bench, contents, hex, JUDGES, type Relocated, relocate, sameCode } from "./judges.ts";

const WIDE = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" ");
const NARROW = "eax ecx edx ebx esp ebp esi edi r8d r9d r10d r11d r12d r13d r14d r15d".split(" ");
const SHORT = "ax cx r8w r15w".split(" ");
const BINARY = "adc add and cmp or sbb sub xor".split(" ");

/** Every instruction whose load gas marks as relaxable, and a few that it does not. */
function x86Source(registers: readonly string[]): string {
  const lines = registers.flatMap((register) => [
    `mov foo@GOTPCREL(%rip), %${register}`,
    `test %${register}, foo@GOTPCREL(%rip)`,
    ...BINARY.map((operation) => `${operation} foo@GOTPCREL(%rip), %${register}`),
  ]);
  return `.text\n.globl _start\n_start:\n${lines.join("\n")}\n`;
}

const BRANCHES = `.text
.globl _start
_start:
call *foo@GOTPCREL(%rip)
jmp *foo@GOTPCREL(%rip)
rex64 call *foo@GOTPCREL(%rip)
rex64 jmp *foo@GOTPCREL(%rip)
data16 rex64 call *foo@GOTPCREL(%rip)
push foo@GOTPCREL(%rip)
`;

const DATA = ".data\n.fill 40\n.globl foo\n.hidden foo\nfoo: .quad 0\n";

const KINDS: readonly (readonly [string, boolean, readonly string[]])[] = [
  ["an executable", false, ["-no-pie"]],
  ["a position-independent executable", true, ["-pie"]],
  ["a shared library", true, ["-shared"]],
];

/** Links the source and returns it as we relocate it; the bytes have been compared with GNU ld's. */
function compare(tools: Bench, source: string, pic: boolean, options: readonly string[], as: string[] = []): Relocated {
  const object = tools.assemble("code", source, ...as);
  const linked = tools.link("linked", ...options, object, tools.assemble("data", DATA));
  const ours = relocate(tools.machine, tools.read(object), linked, ".text", TLS_TO_LOCAL_EXEC, pic);
  sameCode(ours.bytes, contents(linked, ".text"));
  deepEqual(ours.refused, []);
  return ours;
}

for (const [kind, pic, options] of KINDS) {
  test(`x86-64: loads of 64 and 32 bits in ${kind}`, needs(...JUDGES), (t) => {
    const ours = compare(bench(t, X86_64), x86Source([...WIDE, ...NARROW]), pic, options);
    equal(ours.rewritten.length, pic ? 32 : 320);
  });

  test(`x86-64: loads of 16 bits in ${kind}`, needs(...JUDGES), (t) => {
    compare(bench(t, X86_64), x86Source(SHORT), pic, options);
  });

  test(`x86-64: branches in ${kind}`, needs(...JUDGES), (t) => {
    const ours = compare(bench(t, X86_64), BRANCHES, pic, options);
    equal(ours.rewritten.length, 4, "not push, nor what gas does not mark");
  });

  test(`x86-64: an assembler that does not mark instructions: only mov, in ${kind}`, needs(...JUDGES), (t) => {
    const ours = compare(bench(t, X86_64), x86Source(WIDE), pic, options, ["-mrelax-relocations=no"]);
    deepEqual(
      ours.rewritten,
      WIDE.map(() => "R_X86_64_GOTPCREL"),
    );
  });

  test(`x86-64: an addend other than -4 keeps the load in ${kind}`, needs(...JUDGES), (t) => {
    const source = ".text\n.globl _start\n_start: mov foo@GOTPCREL+1(%rip), %rax\n call *foo@GOTPCREL+8(%rip)\n";
    equal(compare(bench(t, X86_64), source, pic, options).rewritten.length, 0);
  });

  test(`i386: loads in ${kind}`, needs(...JUDGES), (t) => {
    const ours = compare(bench(t, I386), i386Source(pic), pic, options);
    equal(ours.rewritten.length > 50, true);
  });
}

const I386_REGISTERS = "eax ecx edx ebx esp ebp esi edi".split(" ");
const BASES = "eax ecx edx ebx ebp esi edi".split(" ");

function i386Source(pic: boolean): string {
  const operands = BASES.map((base) => `foo@GOT(%${base})`);
  if (!pic) operands.push("foo@GOT");
  const lines = operands.flatMap((operand) => [
    ...I386_REGISTERS.flatMap((register) => [
      `mov ${operand}, %${register}`,
      `test %${register}, ${operand}`,
      ...BINARY.map((operation) => `${operation} ${operand}, %${register}`),
    ]),
    `call *${operand}`,
    `jmp *${operand}`,
    `push ${operand}`,
    `mov ${operand}, %cx`,
  ]);
  lines.push("mov foo@GOT+4(%ebx), %eax");
  return `.text\n.globl _start\n_start:\n${lines.join("\n")}\n`;
}

test("i386: a load that is not marked stays", needs(...JUDGES), (t) => {
  // mov foo@GOT(%ebx), %eax; call *foo@GOT(%ebx)
  const field = ".reloc ., R_386_GOT32, foo\n.long 0\n";
  const source = `.text\n.globl _start\n_start: .byte 0x8b, 0x83\n${field}.byte 0xff, 0x93\n${field}`;
  deepEqual(compare(bench(t, I386), source, false, ["-no-pie"]).rewritten, []);
});

test("i386: an operand with an index stays, though it is marked", () => {
  // mov foo@GOT(%ebx,%ecx,2), %eax: GNU ld 2.40 takes the ModRM byte for an opcode here and breaks the instruction.
  const bytes = Uint8Array.from([0x8b, 0x84, 0x4b, 0, 0, 0, 0]);
  equal(I386.relaxGotLoad(bytes, 3, 0, 43, false), RELAX_NONE);
});

const ABSOLUTE: Readonly<Record<Machine["name"], string>> = {
  "x86-64": `mov absolute@GOTPCREL(%rip), %rax\n mov absolute@GOTPCREL(%rip), %r9d\n`,
  i386: `mov absolute@GOT(%ebx), %ecx\n`,
};

for (const machine of [X86_64, I386]) {
  test(
    `${machine.name}: the address of an absolute symbol is an immediate even where code moves`,
    needs(...JUDGES),
    (t) => {
      const source = `.text\n.globl _start\n_start:\n${ABSOLUTE[machine.name]}`;
      const tools = bench(t, machine);
      const constant = tools.assemble("constant", ".globl absolute\n.hidden absolute\nabsolute = 0x12345678\n");
      const ours = compare(tools, source, true, ["-pie", constant]);
      equal(ours.rewritten.length > 0, true);
    },
  );
}

test("i386: a reference without a base register names the slot by address", () => {
  const mov = Uint8Array.from([0x8b, 0x05, 0, 0, 0, 0]);
  const lea = Uint8Array.from([0x8d, 0x05, 0, 0, 0, 0]);
  const based = Uint8Array.from([0x8b, 0x83, 0, 0, 0, 0]);
  const GOT32X = 43;
  equal(I386.gotWithoutBase(mov, 2, GOT32X), true);
  equal(I386.gotWithoutBase(lea, 2, GOT32X), false);
  equal(I386.gotWithoutBase(based, 2, GOT32X), false);
  equal(I386.gotWithoutBase(mov, 1, GOT32X), false);
  equal(I386.relaxGotLoad(mov, 2, 0, GOT32X, true), RELAX_NONE, "refused by the linker, not guessed");
});

test("x86-64: APX's REX2 loads, by the encoding", () => {
  const CODE_4_GOTPCRELX = 43;
  const forms: readonly (readonly [string, boolean, string])[] = [
    // mov foo@GOTPCREL(%rip), %r16 → lea foo(%rip), %r16; mov $foo, %r16
    ["d5488b05", true, "d5488d05fc0f0000"],
    ["d5488b05", false, "d518c7c000200000"],
    // mov ..., %r31d: R4 and R3 move to B4 and B3
    ["d5448b3d", false, "d511c7c700200000"],
    // test %r17, foo; cmp foo, %r25
    ["d548850d", false, "d518f7c100200000"],
    ["d54c3b0d", false, "d51981f900200000"],
  ];
  for (const [before, pic, after] of forms) {
    const bytes = Uint8Array.from(Buffer.from(`${before}00000000`, "hex"));
    const relaxation = X86_64.relaxGotLoad(bytes, 4, -4, CODE_4_GOTPCRELX, pic);
    equal(X86_64.writeRelaxedGotLoad(new DataView(bytes.buffer), 4, relaxation, 0x2000, 0x1000, 0), true);
    equal(hex(bytes), after);
  }
  // call with REX2, and the map of two-byte opcodes, stay.
  const kept = ["d500ff15", "d5c8af05"].map((digits) => Uint8Array.from(Buffer.from(`${digits}00000000`, "hex")));
  for (const bytes of kept) equal(X86_64.relaxGotLoad(bytes, 4, -4, CODE_4_GOTPCRELX, false), RELAX_NONE);
});

test("x86-64: a value that the rewritten field cannot hold is refused", () => {
  const GOTPCRELX = 41;
  const REX_GOTPCRELX = 42;
  const write = (digits: string, type: number, at: number, pic: boolean, symbol: number, place: number): boolean => {
    const bytes = Uint8Array.from(Buffer.from(`${digits}00000000`, "hex"));
    const relaxation = X86_64.relaxGotLoad(bytes, at, -4, type, pic);
    return X86_64.writeRelaxedGotLoad(new DataView(bytes.buffer), at, relaxation, symbol, place, 0);
  };
  const lea = (distance: number) => write("488b05", REX_GOTPCRELX, 3, true, 0x1_0000_0004 + distance, 0x1_0000_0000);
  deepEqual([lea(0x7fff_ffff), lea(0x8000_0000), lea(-0x8000_0000), lea(-0x8000_0001)], [true, false, true, false]);
  const jump = (distance: number) => write("ff25", GOTPCRELX, 2, true, 0x1_0000_0003 + distance, 0x1_0000_0000);
  deepEqual([jump(0x7fff_ffff), jump(0x8000_0000)], [true, false]);
  const movq = (symbol: number) => write("488b05", REX_GOTPCRELX, 3, false, symbol, 0);
  deepEqual([movq(0x7fff_ffff), movq(0x8000_0000)], [true, false], "sign-extended");
  const movl = (symbol: number) => write("8b05", GOTPCRELX, 2, false, symbol, 0);
  deepEqual([movl(0xffff_ffff), movl(0x1_0000_0000)], [true, false], "zero-extended");
});

test("fields at the edge of the section keep the load", () => {
  const whole = Uint8Array.from(Buffer.from("d5488b0500000000", "hex"));
  for (const [machine, types, addend] of [
    [X86_64, [9, 41, 42, 43], -4],
    [I386, [3, 43], 0],
  ] as const) {
    for (const type of types) {
      for (let start = 0; start <= whole.length; start++) {
        for (let end = start; end < whole.length; end++) {
          equal(machine.relaxGotLoad(whole.subarray(start, end), 4 - start, addend, type, false), RELAX_NONE);
        }
      }
      equal(machine.relaxGotLoad(whole, 1, addend, type, false), RELAX_NONE);
      equal(machine.relaxGotLoad(whole, -1, addend, type, false), RELAX_NONE);
    }
  }
});
