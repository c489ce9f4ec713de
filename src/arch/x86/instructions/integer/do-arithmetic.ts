// add, or, adc, sbb, and, sub, xor, cmp, test in all their forms, and inc, dec, neg, not, xadd, cmpxchg. What flags need is left
// behind for flags.ts. A handler is made for each operation and form from one function literal: the engine compiles that once,
// with a switch on the operation, and dispatch stays one call. The few that make up half of all that programs execute are
// written out.

import { IMMEDIATE } from "../machine/columns.ts";
import { ADD, arithmeticFlags, carry, DEC, INC, LOGIC, SUB, setArithmeticFlags, ZF, zero } from "../machine/flags.ts";
import { probeWrite, read32, readPlace, write32, write64, writePlace } from "../machine/memory.ts";
import {
  address,
  bySize,
  isMemory,
  loadMemory,
  loadRegister,
  loadRm,
  reg,
  rm,
  type Size,
  storeMemory,
  storeRegister,
  storeRm,
} from "../machine/operands.ts";
import type { Choice, Form, Handler } from "../machine/row.ts";
import {
  ADDRESS_HIGH,
  type Cpu,
  FLAG_A,
  FLAG_AUX,
  FLAG_B,
  FLAG_CF,
  FLAG_KIND,
  FLAG_LOW,
  FLAG_R,
  FLAG_ZERO,
  RAX,
  RBX,
  RCX,
  RDX,
  RESULT_HIGH,
} from "../machine/state.ts";
import { TRAP_PROTECTION, trap } from "../machine/traps.ts";

/** Operations by the number that opcodes have for them; test is and without a result, as cmp is sub. */
export const OP_ADD = 0;
export const OP_OR = 1;
export const OP_ADC = 2;
export const OP_SBB = 3;
export const OP_AND = 4;
export const OP_SUB = 5;
export const OP_XOR = 6;
export const OP_CMP = 7;
export const OP_TEST = 8;

const keepsResult = (op: number): boolean => op < OP_CMP;

function leave(w: Int32Array, kind: number, a: number, b: number, r: number): void {
  w[FLAG_KIND] = kind;
  w[FLAG_A] = a;
  w[FLAG_B] = b;
  w[FLAG_R] = r;
}

/** Computes with 32 bits and leaves flags. */
function compute32(w: Int32Array, op: number, a: number, b: number): number {
  let r = 0;
  let kind = LOGIC;
  switch (op) {
    case OP_ADD:
      r = (a + b) | 0;
      kind = ADD;
      break;
    case OP_ADC:
      r = (a + b + carry(w)) | 0;
      kind = ADD;
      break;
    case OP_SUB:
    case OP_CMP:
      r = (a - b) | 0;
      kind = SUB;
      break;
    case OP_SBB:
      r = (a - b - carry(w)) | 0;
      kind = SUB;
      break;
    case OP_OR:
      r = a | b;
      break;
    case OP_XOR:
      r = a ^ b;
      break;
    default:
      r = a & b;
  }
  leave(w, kind, a, b, r);
  w[FLAG_ZERO] = r;
  w[FLAG_LOW] = r;
  w[FLAG_AUX] = a ^ b ^ r;
  return r;
}

/** Computes with 8 or 16 bits (operands zero-extended); bits above the size in the result mean nothing. */
function computeSmall(w: Int32Array, op: number, a: number, b: number, size: Size): number {
  const shift = size === 1 ? 24 : 16;
  const r = compute32(w, op, a, b);
  w[FLAG_A] = a << shift;
  w[FLAG_B] = b << shift;
  w[FLAG_R] = r << shift;
  w[FLAG_ZERO] = r << shift;
  return r;
}

/** Computes with 64 bits: the low word, and the high one in `RESULT_HIGH`. */
function compute64(w: Int32Array, op: number, a: number, aHigh: number, b: number, bHigh: number): number {
  let r = 0;
  let high = 0;
  let kind = LOGIC;
  switch (op) {
    case OP_ADD:
      r = (a + b) | 0;
      high = (aHigh + bHigh + (r >>> 0 < a >>> 0 ? 1 : 0)) | 0;
      kind = ADD;
      break;
    case OP_ADC:
      r = (a + b + carry(w)) | 0;
      high = (aHigh + bHigh + (((a & b) | ((a | b) & ~r)) >>> 31)) | 0;
      kind = ADD;
      break;
    case OP_SUB:
    case OP_CMP:
      r = (a - b) | 0;
      high = (aHigh - bHigh - (a >>> 0 < b >>> 0 ? 1 : 0)) | 0;
      kind = SUB;
      break;
    case OP_SBB:
      r = (a - b - carry(w)) | 0;
      high = (aHigh - bHigh - (((~a & b) | ((~a | b) & r)) >>> 31)) | 0;
      kind = SUB;
      break;
    case OP_OR:
      r = a | b;
      high = aHigh | bHigh;
      break;
    case OP_XOR:
      r = a ^ b;
      high = aHigh ^ bHigh;
      break;
    default:
      r = a & b;
      high = aHigh & bHigh;
  }
  leave(w, kind, aHigh, bHigh, high);
  w[FLAG_ZERO] = r | high;
  w[FLAG_LOW] = r;
  w[FLAG_AUX] = a ^ b ^ r;
  w[RESULT_HIGH] = high;
  return r;
}

/** The value of an operation at any size: low word, the high one in `RESULT_HIGH`. */
function compute(w: Int32Array, op: number, size: Size, a: number, aHigh: number, b: number, bHigh: number): number {
  if (size === 4) return compute32(w, op, a, b);
  return size === 8 ? compute64(w, op, a, aHigh, b, bHigh) : computeSmall(w, op, a, b, size);
}

/** Ev,Gv and Eb,Gb: the result goes to the rm operand. */
export function toRm(op: number): Choice {
  return { choose: ({ size, memory }) => (memory ? registerToMemory(op, size) : registerToRegister(op, size, false)) };
}

/** Gv,Ev and Gb,Eb: the result goes to the register. */
export function toReg(op: number): Choice {
  return { choose: ({ size, memory }) => (memory ? memoryToRegister(op, size) : registerToRegister(op, size, true)) };
}

/** Ev,Iz and its like. */
export function withImmediate(op: number): Choice {
  return { choose: ({ size, memory }) => (memory ? immediateToMemory(op, size) : immediateToRegister(op, size)) };
}

function registerToRegister(op: number, size: Size, reverse: boolean): Handler {
  const hot = reverse ? undefined : HOT_REGISTERS[op]?.[size];
  if (hot !== undefined) return hot;
  const keeps = keepsResult(op);
  const to = reverse ? reg : rm;
  const from = reverse ? rm : reg;
  if (size === 4) {
    return (cpu, at) => {
      const { code, words: w } = cpu;
      const target = reverse ? reg(code, at) : rm(code, at);
      const r = compute32(w, op, w[target], w[reverse ? rm(code, at) : reg(code, at)]);
      if (!keeps) return;
      w[target] = r;
      w[target + 1] = 0;
    };
  }
  if (size === 8) {
    return (cpu, at) => {
      const { code, words: w } = cpu;
      const target = reverse ? reg(code, at) : rm(code, at);
      const source = reverse ? rm(code, at) : reg(code, at);
      const r = compute64(w, op, w[target], w[target + 1], w[source], w[source + 1]);
      if (!keeps) return;
      w[target] = r;
      w[target + 1] = w[RESULT_HIGH];
    };
  }
  return (cpu, at) => {
    const target = to(cpu.code, at);
    const a = loadRegister(cpu, target, size);
    const r = computeSmall(cpu.words, op, a, loadRegister(cpu, from(cpu.code, at), size), size);
    if (keeps) storeRegister(cpu, target, size, r, 0);
  };
}

function memoryToRegister(op: number, size: Size): Handler {
  const keeps = keepsResult(op);
  if (size === 4) {
    return (cpu, at) => {
      const { code, words: w } = cpu;
      const low = address(cpu, at);
      const b = read32(cpu.memory, low, w[ADDRESS_HIGH]);
      const target = reg(code, at);
      const r = compute32(w, op, w[target], b);
      if (!keeps) return;
      w[target] = r;
      w[target + 1] = 0;
    };
  }
  if (size === 8) {
    return (cpu, at) => {
      const { code, words: w, memory } = cpu;
      const low = address(cpu, at);
      const place = readPlace(memory, low, w[ADDRESS_HIGH], 8);
      const target = reg(code, at);
      const { view } = memory;
      const r = compute64(w, op, w[target], w[target + 1], view.getInt32(place, true), view.getInt32(place + 4, true));
      if (!keeps) return;
      w[target] = r;
      w[target + 1] = w[RESULT_HIGH];
    };
  }
  return (cpu, at) => {
    const b = loadRm(cpu, at, size);
    const target = reg(cpu.code, at);
    const r = computeSmall(cpu.words, op, loadRegister(cpu, target, size), b, size);
    if (keeps) storeRegister(cpu, target, size, r, 0);
  };
}

/** What memory is combined with: a register, or an immediate. */
function registerToMemory(op: number, size: Size): Handler {
  return (cpu, at) => {
    const { code, words: w } = cpu;
    const source = reg(code, at);
    if (size === 8) memoryForm64(cpu, at, op, w[source], w[source + 1]);
    else if (size === 4) memoryForm32(cpu, at, op, w[source]);
    else memoryFormSmall(cpu, at, op, size, loadRegister(cpu, source, size));
  };
}

function immediateToMemory(op: number, size: Size): Handler {
  return (cpu, at) => {
    const immediate = cpu.code[at + IMMEDIATE];
    if (size === 8) memoryForm64(cpu, at, op, immediate, immediate >> 31);
    else if (size === 4) memoryForm32(cpu, at, op, immediate);
    else memoryFormSmall(cpu, at, op, size, immediate & (size === 1 ? 0xff : 0xffff));
  };
}

// Whether memory can be written is found out first: flags are not left behind by an instruction that then fails.

function memoryForm32(cpu: Cpu, at: number, op: number, b: number): void {
  const { words: w, memory } = cpu;
  const low = address(cpu, at);
  const high = w[ADDRESS_HIGH];
  if (!keepsResult(op)) {
    compute32(w, op, read32(memory, low, high), b);
    return;
  }
  const place = writePlace(memory, low, high, 4);
  if (place >= 0) {
    const { view } = memory;
    view.setInt32(place, compute32(w, op, view.getInt32(place, true), b), true);
    return;
  }
  probeWrite(memory, low, high, 4);
  write32(memory, low, high, compute32(w, op, read32(memory, low, high), b));
}

function memoryForm64(cpu: Cpu, at: number, op: number, b: number, bHigh: number): void {
  const { words: w, memory } = cpu;
  const low = address(cpu, at);
  const high = w[ADDRESS_HIGH];
  if (keepsResult(op)) probeWrite(memory, low, high, 8);
  const place = readPlace(memory, low, high, 8);
  const r = compute64(w, op, memory.view.getInt32(place, true), memory.view.getInt32(place + 4, true), b, bHigh);
  if (keepsResult(op)) write64(memory, low, high, r, w[RESULT_HIGH]);
}

function memoryFormSmall(cpu: Cpu, at: number, op: number, size: Size, b: number): void {
  const { words: w, memory } = cpu;
  const low = address(cpu, at);
  const high = w[ADDRESS_HIGH];
  if (keepsResult(op)) probeWrite(memory, low, high, size);
  const r = computeSmall(w, op, loadMemory(cpu, low, high, size), b, size);
  if (keepsResult(op)) storeMemory(cpu, low, high, size, r, 0);
}

function immediateToRegister(op: number, size: Size): Handler {
  const hot = HOT_IMMEDIATES[op]?.[size];
  if (hot !== undefined) return hot;
  const keeps = keepsResult(op);
  if (size === 4) {
    return (cpu, at) => {
      const { code, words: w } = cpu;
      const target = rm(code, at);
      const r = compute32(w, op, w[target], code[at + IMMEDIATE]);
      if (!keeps) return;
      w[target] = r;
      w[target + 1] = 0;
    };
  }
  if (size === 8) {
    return (cpu, at) => {
      const { code, words: w } = cpu;
      const target = rm(code, at);
      const immediate = code[at + IMMEDIATE];
      const r = compute64(w, op, w[target], w[target + 1], immediate, immediate >> 31);
      if (!keeps) return;
      w[target] = r;
      w[target + 1] = w[RESULT_HIGH];
    };
  }
  const mask = size === 1 ? 0xff : 0xffff;
  return (cpu, at) => {
    const target = rm(cpu.code, at);
    const r = computeSmall(cpu.words, op, loadRegister(cpu, target, size), cpu.code[at + IMMEDIATE] & mask, size);
    if (keeps) storeRegister(cpu, target, size, r, 0);
  };
}

type Hot = Readonly<Record<number, Readonly<Partial<Record<Size, Handler>>>>>;

/** Written out because they are the most frequent. */
const HOT_REGISTERS: Hot = {
  [OP_ADD]: {
    8: (cpu, at) => {
      const { code, words: w } = cpu;
      const target = rm(code, at);
      const source = reg(code, at);
      const a = w[target];
      const aHigh = w[target + 1];
      const b = w[source];
      const bHigh = w[source + 1];
      const r = (a + b) | 0;
      const high = (aHigh + bHigh + (r >>> 0 < a >>> 0 ? 1 : 0)) | 0;
      leave64(w, ADD, a, aHigh, b, bHigh, r, high);
      w[target] = r;
      w[target + 1] = high;
    },
  },
  [OP_CMP]: {
    4: (cpu, at) => {
      const { code, words: w } = cpu;
      compare32(w, w[rm(code, at)], w[reg(code, at)]);
    },
    8: (cpu, at) => {
      const { code, words: w } = cpu;
      const a = rm(code, at);
      const b = reg(code, at);
      compare64(w, w[a], w[a + 1], w[b], w[b + 1]);
    },
  },
  [OP_TEST]: {
    4: (cpu, at) => {
      const { code, words: w } = cpu;
      test32(w, w[rm(code, at)] & w[reg(code, at)]);
    },
    8: (cpu, at) => {
      const { code, words: w } = cpu;
      const a = rm(code, at);
      const b = reg(code, at);
      const r = w[a] & w[b];
      const high = w[a + 1] & w[b + 1];
      w[FLAG_KIND] = LOGIC;
      w[FLAG_R] = high;
      w[FLAG_ZERO] = r | high;
      w[FLAG_LOW] = r;
      w[FLAG_AUX] = 0;
    },
  },
  [OP_XOR]: {
    4: (cpu, at) => {
      const { code, words: w } = cpu;
      const target = rm(code, at);
      const r = w[target] ^ w[reg(code, at)];
      test32(w, r);
      w[target] = r;
      w[target + 1] = 0;
    },
  },
};

const HOT_IMMEDIATES: Hot = {
  [OP_ADD]: {
    8: (cpu, at) => {
      const { code, words: w } = cpu;
      const target = rm(code, at);
      const a = w[target];
      const aHigh = w[target + 1];
      const b = code[at + IMMEDIATE];
      const r = (a + b) | 0;
      const high = (aHigh + (b >> 31) + (r >>> 0 < a >>> 0 ? 1 : 0)) | 0;
      leave64(w, ADD, a, aHigh, b, b >> 31, r, high);
      w[target] = r;
      w[target + 1] = high;
    },
  },
  [OP_CMP]: {
    4: (cpu, at) => {
      const { code, words: w } = cpu;
      compare32(w, w[rm(code, at)], code[at + IMMEDIATE]);
    },
    8: (cpu, at) => {
      const { code, words: w } = cpu;
      const a = rm(code, at);
      const b = code[at + IMMEDIATE];
      compare64(w, w[a], w[a + 1], b, b >> 31);
    },
  },
};

function compare32(w: Int32Array, a: number, b: number): void {
  const r = (a - b) | 0;
  leave(w, SUB, a, b, r);
  w[FLAG_ZERO] = r;
  w[FLAG_LOW] = r;
  w[FLAG_AUX] = a ^ b ^ r;
}

function compare64(w: Int32Array, a: number, aHigh: number, b: number, bHigh: number): void {
  const r = (a - b) | 0;
  leave64(w, SUB, a, aHigh, b, bHigh, r, (aHigh - bHigh - (a >>> 0 < b >>> 0 ? 1 : 0)) | 0);
}

function leave64(
  w: Int32Array,
  kind: number,
  a: number,
  aHigh: number,
  b: number,
  bHigh: number,
  r: number,
  high: number,
): void {
  leave(w, kind, aHigh, bHigh, high);
  w[FLAG_ZERO] = r | high;
  w[FLAG_LOW] = r;
  w[FLAG_AUX] = a ^ b ^ r;
}

/** Flags of and, or, xor, test with 32 bits. */
function test32(w: Int32Array, r: number): void {
  w[FLAG_KIND] = LOGIC;
  w[FLAG_R] = r;
  w[FLAG_ZERO] = r;
  w[FLAG_LOW] = r;
  w[FLAG_AUX] = 0;
}

/** Leaves the flags of cmp for two values: scas and cmps. */
export function compareValues(w: Int32Array, size: Size, a: number, aHigh: number, b: number, bHigh: number): void {
  compute(w, OP_CMP, size, a, aHigh, b, bHigh);
}

/** inc and dec: as add and sub of 1, but carry stays. */
export function addOne(amount: 1 | -1): Choice {
  return bySize((size) => (cpu, at) => {
    const { words: w } = cpu;
    probeRm(cpu, at, size);
    const a = loadRm(cpu, at, size);
    const aHigh = size === 8 ? w[RESULT_HIGH] : 0;
    const kept = carry(w);
    const r = compute(w, amount === 1 ? OP_ADD : OP_SUB, size, a, aHigh, 1, 0);
    w[FLAG_KIND] = amount === 1 ? INC : DEC;
    w[FLAG_CF] = kept;
    storeRm(cpu, at, size, r, w[RESULT_HIGH]);
  });
}

export const neg: Choice = bySize((size) => (cpu, at) => {
  const { words: w } = cpu;
  probeRm(cpu, at, size);
  const b = loadRm(cpu, at, size);
  const r = compute(w, OP_SUB, size, 0, 0, b, w[RESULT_HIGH]);
  storeRm(cpu, at, size, r, w[RESULT_HIGH]);
});

export const not: Choice = bySize((size) => (cpu, at) => {
  const value = loadRm(cpu, at, size);
  storeRm(cpu, at, size, ~value, ~cpu.words[RESULT_HIGH]);
});

/** The sum to rm, what was there to the register. */
export const xadd: Choice = bySize((size) => (cpu, at) => {
  const { code, words: w } = cpu;
  probeRm(cpu, at, size);
  const old = loadRm(cpu, at, size);
  const oldHigh = w[RESULT_HIGH];
  const b = loadRegister(cpu, reg(code, at), size);
  const r = compute(w, OP_ADD, size, old, oldHigh, b, w[RESULT_HIGH]);
  const high = w[RESULT_HIGH];
  // With the same register twice the sum stays; a register that is part of the address is changed after it was used.
  const inMemory = isMemory(code, at);
  if (inMemory) storeRm(cpu, at, size, r, high);
  storeRegister(cpu, reg(code, at), size, old, oldHigh);
  if (!inMemory) storeRm(cpu, at, size, r, high);
});

/** Compares rax with rm; equal: the register to rm; otherwise rm to rax. */
export const cmpxchg: Choice = bySize((size) => (cpu, at) => {
  const { code, words: w } = cpu;
  probeRm(cpu, at, size);
  const old = loadRm(cpu, at, size);
  const oldHigh = w[RESULT_HIGH];
  const accumulator = loadRegister(cpu, RAX, size);
  compute(w, OP_CMP, size, accumulator, w[RESULT_HIGH], old, oldHigh);
  if (zero(w)) {
    const value = loadRegister(cpu, reg(code, at), size);
    storeRm(cpu, at, size, value, w[RESULT_HIGH]);
    return;
  }
  // Memory is written in any case.
  if (isMemory(code, at)) storeRm(cpu, at, size, old, oldHigh);
  storeRegister(cpu, RAX, size, old, oldHigh);
});

/** edx:eax (rdx:rax) with 8 (16) bytes of memory; equal: ecx:ebx (rcx:rbx) there; otherwise memory to edx:eax. Only ZF changes. */
export const cmpxchgPair: Choice = {
  choose: ({ size }: Form) => {
    const words = size === 8 ? 4 : 2;
    return (cpu, at) => {
      const { words: w, memory } = cpu;
      const low = address(cpu, at);
      const high = w[ADDRESS_HIGH];
      if (words === 4 && (low & 15) !== 0) trap(cpu, TRAP_PROTECTION);
      probeWrite(memory, low, high, words * 4);
      const place = readPlace(memory, low, high, words * 4);
      const old = [0, 4, 8, 12].map((it) => (it < words * 4 ? memory.view.getInt32(place + it, true) : 0));
      const half = words / 2;
      const registers = (first: number, second: number): number[] =>
        [first, first + 1].slice(0, half).concat([second, second + 1].slice(0, half));
      const expected = registers(RAX, RDX);
      const equal = expected.every((it, n) => w[it] === old[n]);
      setArithmeticFlags(w, (arithmeticFlags(w) & ~ZF) | (equal ? ZF : 0));
      const put = equal ? registers(RBX, RCX).map((it) => w[it]) : old;
      for (let n = 0; n < words; n += 2) {
        const toLow = (low + n * 4) | 0;
        write64(memory, toLow, toLow >>> 0 < low >>> 0 ? (high + 1) | 0 : high, put[n], put[n + 1]);
      }
      if (equal) return;
      expected.forEach((it, n) => {
        w[it] = old[n];
        if (half === 1) w[it + 1] = 0;
      });
    };
  },
};

/** Throws unless the rm operand, if it is memory, can be written: before flags or registers change. */
export function probeRm(cpu: Cpu, at: number, size: Size): void {
  if (!isMemory(cpu.code, at)) return;
  const low = address(cpu, at);
  probeWrite(cpu.memory, low, cpu.words[ADDRESS_HIGH], size);
}
