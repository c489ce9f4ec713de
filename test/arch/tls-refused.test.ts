// Thread-local accesses that are not, or not quite, what the psABI prescribes; and the instructions of APX, which gas 2.40
// cannot assemble.

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  I386,
  type Machine,
  R_386_GOT32X,
  R_386_PLT32,
  R_386_TLS_DESC_CALL,
  R_386_TLS_GD,
  R_386_TLS_GOTDESC,
  R_386_TLS_GOTIE,
  R_386_TLS_IE,
  R_386_TLS_LDM,
  R_X86_64_CODE_4_GOTPC32_TLSDESC,
  R_X86_64_CODE_4_GOTTPOFF,
  R_X86_64_CODE_6_GOTPC32_TLSDESC,
  R_X86_64_CODE_6_GOTTPOFF,
  R_X86_64_GOTPC32_TLSDESC,
  R_X86_64_GOTPCRELX,
  R_X86_64_GOTTPOFF,
  R_X86_64_PC32,
  R_X86_64_PLT32,
  R_X86_64_PLTOFF64,
  R_X86_64_TLSDESC_CALL,
  R_X86_64_TLSGD,
  R_X86_64_TLSLD,
  R_X86_64_TPOFF32,
  TLS_KEEP,
  TLS_TO_INITIAL_EXEC,
  TLS_TO_LOCAL_EXEC,
  TLS_UNKNOWN,
  X86_64,
} from "../../src/arch/index.ts";
import { hex } from "./judges.ts";

function code(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits.replaceAll(" ", ""), "hex"));
}

/** A whole sequence: the bytes, where the field is, its type, and the call's type and field. */
type Sequence = readonly [string, number, number, number, number];

const X86_SEQUENCES: readonly Sequence[] = [
  ["66 48 8d 3d 00000000 66 66 48 e8 00000000", 4, R_X86_64_TLSGD, R_X86_64_PLT32, 12],
  ["66 48 8d 3d 00000000 66 48 ff 15 00000000", 4, R_X86_64_TLSGD, R_X86_64_GOTPCRELX, 12],
  ["48 8d 3d 00000000 48 b8 0000000000000000 48 01 d8 ff d0", 3, R_X86_64_TLSGD, R_X86_64_PLTOFF64, 9],
  ["48 8d 3d 00000000 e8 00000000", 3, R_X86_64_TLSLD, R_X86_64_PLT32, 8],
  ["48 8d 3d 00000000 ff 15 00000000", 3, R_X86_64_TLSLD, R_X86_64_GOTPCRELX, 9],
  ["48 8d 3d 00000000 48 b8 0000000000000000 4c 01 f8 ff d0", 3, R_X86_64_TLSLD, R_X86_64_PLTOFF64, 9],
  ["48 8d 05 00000000", 3, R_X86_64_GOTPC32_TLSDESC, 0, 0],
  ["ff 10", 0, R_X86_64_TLSDESC_CALL, 0, 0],
];

const I386_SEQUENCES: readonly Sequence[] = [
  ["8d 04 1d 00000000 e8 00000000", 3, R_386_TLS_GD, R_386_PLT32, 8],
  ["8d 83 00000000 e8 00000000 90", 2, R_386_TLS_GD, R_386_PLT32, 7],
  ["8d 81 00000000 ff 91 00000000", 2, R_386_TLS_GD, R_386_GOT32X, 8],
  ["8d 83 00000000 e8 00000000", 2, R_386_TLS_LDM, R_386_PLT32, 7],
  ["8d 81 00000000 ff 91 00000000", 2, R_386_TLS_LDM, R_386_GOT32X, 8],
  ["8d 83 00000000", 2, R_386_TLS_GOTDESC, 0, 0],
  ["ff 10", 0, R_386_TLS_DESC_CALL, 0, 0],
];

for (const [machine, sequences] of [
  [X86_64, X86_SEQUENCES],
  [I386, I386_SEQUENCES],
] as const) {
  for (const [digits, at, type, nextType, nextAt] of sequences) {
    const name = machine.relocations.types[type]?.name;
    const whole = code(digits);
    const check = (bytes: Uint8Array, shift = 0, next = nextType): number =>
      machine.checkTls(bytes, at - shift, type, TLS_TO_LOCAL_EXEC, next, nextAt - shift);

    test(`${machine.name}: ${name}, ${digits}: whole or not at all`, () => {
      equal(check(whole), TLS_TO_LOCAL_EXEC);
      for (let end = 0; end < whole.length; end++) equal(check(whole.subarray(0, end)), TLS_UNKNOWN, `cut at ${end}`);
      for (let start = 1; start <= whole.length; start++) {
        equal(check(whole.subarray(start), start), TLS_UNKNOWN, `from ${start}`);
      }
    });

    test(`${machine.name}: ${name}, ${digits}: other bytes are refused`, () => {
      for (let i = 0; i < whole.length; i++) {
        const field = (i >= at && i < at + 4) || (nextType !== 0 && i >= nextAt && i < nextAt + 4);
        const wide = nextType === R_X86_64_PLTOFF64 && machine === X86_64 && i >= nextAt && i < nextAt + 8;
        if ((field && type !== R_X86_64_TLSDESC_CALL && type !== R_386_TLS_DESC_CALL) || wide) continue;
        const damaged = whole.slice();
        damaged[i] ^= 0xff;
        equal(check(damaged), TLS_UNKNOWN, `byte ${i}`);
      }
    });

    if (nextType === 0) continue;
    test(`${machine.name}: ${name}, ${digits}: the next relocation must be the call`, () => {
      for (const other of [0, 1]) equal(check(whole, 0, other), TLS_UNKNOWN);
      equal(machine.checkTls(whole, at, type, TLS_TO_LOCAL_EXEC, nextType, nextAt + 1), TLS_UNKNOWN);
    });
  }
}

test("initial exec is kept where the instruction has no immediate form", () => {
  const check = (machine: Machine, digits: string, at: number, type: number): number =>
    machine.checkTls(code(digits), at, type, TLS_TO_LOCAL_EXEC, 0, 0);
  // sub foo@gottpoff(%rip), %rax; 32-bit mov; EVEX add
  equal(check(X86_64, "48 2b 05 00000000", 3, R_X86_64_GOTTPOFF), TLS_KEEP);
  equal(check(X86_64, "8b 05 00000000", 2, R_X86_64_GOTTPOFF), TLS_KEEP);
  equal(check(X86_64, "62 f4 fc 18 03 05 00000000", 6, R_X86_64_CODE_6_GOTTPOFF), TLS_KEEP);
  equal(check(X86_64, "62 f4 fc 18 8d 05 00000000", 6, R_X86_64_CODE_6_GOTPC32_TLSDESC), TLS_UNKNOWN);
  // push foo@indntpoff; cmp foo@gotntpoff(%ebx), %eax
  equal(check(I386, "ff 35 00000000", 2, R_386_TLS_IE), TLS_KEEP);
  equal(check(I386, "3b 83 00000000", 2, R_386_TLS_GOTIE), TLS_KEEP);
});

test("i386: %eax cannot be the base: it is the argument of ___tls_get_addr", () => {
  const bytes = code("8d 80 00000000 ff 90 00000000");
  equal(I386.checkTls(bytes, 2, R_386_TLS_GD, TLS_TO_LOCAL_EXEC, R_386_GOT32X, 8), TLS_UNKNOWN);
});

test("a model that is no cheaper, or a type without a sequence, is kept", () => {
  const [digits, at, type, nextType, nextAt] = X86_SEQUENCES[3];
  equal(X86_64.checkTls(code(digits), at, type, TLS_TO_INITIAL_EXEC, nextType, nextAt), TLS_KEEP);
  equal(X86_64.checkTls(code(digits), at, type, TLS_KEEP, nextType, nextAt), TLS_KEEP);
  equal(X86_64.checkTls(code("00000000"), 0, R_X86_64_TPOFF32, TLS_TO_LOCAL_EXEC, 0, 0), TLS_KEEP);
  equal(X86_64.checkTls(code("00000000"), 0, R_X86_64_PC32, TLS_TO_LOCAL_EXEC, 0, 0), TLS_KEEP);
});

test("x86-64: APX's REX2 forms, by the encoding", () => {
  const SLOT = 0x2000;
  const rewrite = (digits: string, type: number, target: number): string => {
    const bytes = code(digits);
    equal(X86_64.checkTls(bytes, 4, type, target, 0, 0), target, digits);
    equal(
      X86_64.writeTls(new DataView(bytes.buffer), 4, type, target, target === TLS_TO_LOCAL_EXEC ? -8 : SLOT, 4, 0),
      0,
    );
    return hex(bytes);
  };
  const local = TLS_TO_LOCAL_EXEC;
  // mov foo@gottpoff(%rip), %r16 → mov $-8, %r16; add ..., %r20 → add $-8, %r20; lea foo@tlsdesc(%rip), %r31
  equal(rewrite("d5 48 8b 05 00000000", R_X86_64_CODE_4_GOTTPOFF, local), "d518c7c0f8ffffff");
  equal(rewrite("d5 48 03 25 00000000", R_X86_64_CODE_4_GOTTPOFF, local), "d51881c4f8ffffff");
  equal(rewrite("d5 4c 8d 3d 00000000", R_X86_64_CODE_4_GOTPC32_TLSDESC, local), "d519c7c7f8ffffff");
  equal(rewrite("d5 4c 8d 3d 00000000", R_X86_64_CODE_4_GOTPC32_TLSDESC, TLS_TO_INITIAL_EXEC), "d54c8b3df81f0000");
});

test("x86-64: a value that does not fit is refused", () => {
  const write = (target: number, value: number, place: number): number => {
    const bytes = code("48 8d 05 00000000");
    return X86_64.writeTls(new DataView(bytes.buffer), 3, R_X86_64_GOTPC32_TLSDESC, target, value, place, 0);
  };
  deepEqual([write(TLS_TO_LOCAL_EXEC, -0x8000_0000, 0), write(TLS_TO_LOCAL_EXEC, -0x8000_0001, 0)], [0, -1]);
  deepEqual([write(TLS_TO_INITIAL_EXEC, 0x8000_0003, 0), write(TLS_TO_INITIAL_EXEC, 0x8000_0004, 0)], [0, -1]);
});

test("what is accepted can be rewritten inside the section, whatever the bytes", () => {
  const pieces = [...X86_SEQUENCES, ...I386_SEQUENCES].map(([digits]) => code(digits));
  const bytes = fc
    .array(fc.oneof(fc.constantFrom(...pieces), fc.uint8Array({ maxLength: 6 })), { maxLength: 4 })
    .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));
  const small = fc.integer({ min: -2, max: 40 });
  const type = fc.integer({ min: 0, max: 255 });
  const target = fc.constantFrom(TLS_TO_INITIAL_EXEC, TLS_TO_LOCAL_EXEC);
  fc.assert(
    fc.property(bytes, small, type, target, type, small, fc.boolean(), (input, at, kind, model, next, nextAt, pic) => {
      for (const machine of [X86_64, I386]) {
        const image = new DataView(input.slice().buffer);
        const answer = machine.checkTls(input, at, kind, model, next, nextAt);
        if (answer === model) machine.writeTls(image, at, kind, model, 0x1000, 0x2000, 0x3000);
        const load = machine.relaxGotLoad(input, at, machine.rela ? -4 : 0, kind, pic);
        if (load > 0) machine.writeRelaxedGotLoad(image, at, load, 0x1000, 0x2000, 0x3000);
        machine.gotWithoutBase(input, at, kind);
      }
    }),
    { numRuns: 5000 },
  );
});
