// Sums, products, quotients, roots and comparisons of the x87.

import { add, compare, divide, multiply, squareRoot } from "../float/soft-arithmetic.ts";
import {
  copy,
  DENORMAL,
  FINITE,
  type FloatUnit,
  INVALID,
  isNaNKind,
  normalise,
  QUIET,
  round,
  roundToInteger,
  SIGNALING,
  setIndefinite,
  setZero,
  UNSUPPORTED,
  type Unpacked,
  unpackDouble,
  unpackInteger,
  unpackSingle,
  ZERO,
  ZERO_DIVIDE,
} from "../float/soft-float.ts";
import { CF, PF, setArithmeticFlags, ZF } from "../machine/flags.ts";
import { operandPlace, rm } from "../machine/operands.ts";
import type { Handler } from "../machine/row.ts";
import type { Cpu } from "../machine/state.ts";
import {
  begin,
  C0,
  C2,
  C3,
  isEmpty,
  mayWrite,
  popTimes,
  putRegister,
  raise,
  raiseQuietly,
  setConditions,
  underflowed,
  unpackRegister,
  usePrecision,
} from "./x87-stack.ts";

/** Operations; the reversed ones take their operands the other way round. */
export const ADD = 0;
export const MULTIPLY = 1;
export const SUBTRACT = 4;
export const SUBTRACT_REVERSED = 5;
export const DIVIDE = 6;
export const DIVIDE_REVERSED = 7;

/** What a memory operand is: a single or double, an integer of 16 or 32 bits. */
export type Source = "single" | "double" | "int16" | "int32";

/** Unpacks the memory operand. */
export function unpackMemory(cpu: Cpu, at: number, source: Source, it: Unpacked): void {
  const size = source === "double" ? 8 : source === "int16" ? 2 : 4;
  const place = operandPlace(cpu, at, size);
  const { view } = cpu.memory;
  if (source === "single") unpackSingle(it, view.getInt32(place, true), false);
  else if (source === "double") unpackDouble(it, view.getInt32(place, true), view.getInt32(place + 4, true), false);
  else {
    const value = source === "int16" ? view.getInt16(place, true) : view.getInt32(place, true);
    unpackInteger(it, value, value >> 31);
  }
}

/** Which of two NaNs, or of a NaN and a number, comes out (SDM volume 1, table 4-7): a quiet one, the larger, the positive. */
export function chooseNaN(unit: FloatUnit): void {
  const { a, b, r } = unit;
  if (a.kind === SIGNALING || b.kind === SIGNALING) unit.flags |= INVALID;
  copy(firstIsChosen(a, b) ? a : b, r);
  r.kind = QUIET;
}

function firstIsChosen(a: Unpacked, b: Unpacked): boolean {
  if (!isNaNKind(a.kind) || !isNaNKind(b.kind)) return isNaNKind(a.kind);
  if (a.kind !== b.kind) return a.kind === QUIET;
  if (a.high !== b.high) return a.high >>> 0 > b.high >>> 0;
  if (a.low !== b.low) return a.low >>> 0 > b.low >>> 0;
  return a.negative === 0;
}

/** NaNs and encodings that are none: true when that was all, and r is set. */
export function isSpecial(unit: FloatUnit): boolean {
  const { a, b, r } = unit;
  if (a.kind === UNSUPPORTED || b.kind === UNSUPPORTED) {
    unit.flags |= INVALID;
    setIndefinite(r);
    return true;
  }
  if (!isNaNKind(a.kind) && !isNaNKind(b.kind)) return false;
  chooseNaN(unit);
  return true;
}

function calculate(cpu: Cpu, operation: number): void {
  const unit = cpu.float;
  if (isSpecial(unit)) return;
  const { a, b } = unit;
  const denormal = a.denormal || b.denormal;
  if (operation === SUBTRACT) b.negative ^= 1;
  if (operation === ADD || operation === SUBTRACT) add(unit);
  else if (operation === MULTIPLY) multiply(unit);
  else divide(unit);
  if (denormal && (unit.flags & (INVALID | ZERO_DIVIDE)) === 0) unit.flags |= DENORMAL;
  usePrecision(cpu);
  round(unit, unit.r);
}

/** Writes r to ST(i), if it may, and pops. */
function deliver(cpu: Cpu, i: number, pops: number): void {
  const { words: w, float: unit } = cpu;
  const write = mayWrite(unit);
  raise(cpu);
  if (!write) return;
  putRegister(w, i, unit.r);
  popTimes(w, pops);
}

/** ST(to) = ST(0) by ST(i), in the operation's order; `to` is 0 or i. */
export function byRegister(operation: number, intoOther: boolean, pops: 0 | 1): Handler {
  // The first operand is the target, but for what is reversed.
  const reversed = operation === SUBTRACT_REVERSED || operation === DIVIDE_REVERSED;
  const plain = reversed ? operation - 1 : operation;
  return (cpu, at) => {
    const unit = begin(cpu);
    const { words: w } = cpu;
    const i = rm(cpu.code, at);
    const to = intoOther ? i : 0;
    if (isEmpty(w, 0) || isEmpty(w, i)) underflowed(unit);
    else {
      const [first, second] = intoOther === reversed ? [0, i] : [i, 0];
      unpackRegister(w, first, unit.a);
      unpackRegister(w, second, unit.b);
      calculate(cpu, plain);
    }
    deliver(cpu, to, pops);
  };
}

/** ST(0) = ST(0) by a number in memory. */
export function byMemory(operation: number, source: Source): Handler {
  const reversed = operation === SUBTRACT_REVERSED || operation === DIVIDE_REVERSED;
  const plain = reversed ? operation - 1 : operation;
  return (cpu, at) => {
    const unit = begin(cpu);
    unpackMemory(cpu, at, source, reversed ? unit.a : unit.b);
    if (isEmpty(cpu.words, 0)) underflowed(unit);
    else {
      unpackRegister(cpu.words, 0, reversed ? unit.b : unit.a);
      calculate(cpu, plain);
    }
    deliver(cpu, 0, 0);
  };
}

// ---- of one operand

/** Unpacks ST(0) into a (and r); false where it is empty, a NaN or no number: then r is the result. */
export function unary(cpu: Cpu): boolean {
  const { words: w, float: unit } = cpu;
  const { a, b, r } = unit;
  if (isEmpty(w, 0)) {
    underflowed(unit);
    return false;
  }
  unpackRegister(w, 0, a);
  setZero(b, 0);
  if (isSpecial(unit)) return false;
  copy(a, r);
  return true;
}

export const root: Handler = (cpu) => {
  const unit = begin(cpu);
  if (unary(cpu)) {
    squareRoot(unit);
    if (unit.a.denormal && (unit.flags & INVALID) === 0) unit.flags |= DENORMAL;
    usePrecision(cpu);
    round(unit, unit.r);
  }
  deliver(cpu, 0, 0);
};

/** frndint. */
export const roundToWhole: Handler = (cpu) => {
  const unit = begin(cpu);
  if (unary(cpu)) {
    const { r } = unit;
    if (r.denormal) unit.flags |= DENORMAL;
    if (r.kind === FINITE && roundToInteger(unit, r, unit.mode)) {
      if ((r.high | r.low) === 0) r.kind = ZERO;
      else {
        r.exponent = 63;
        normalise(r);
      }
    }
  }
  deliver(cpu, 0, 0);
};

// ---- comparisons

/** -1, 0, 1, or 2 for unordered, of a and b. */
function order(unit: FloatUnit, quietly: boolean): number {
  const { a, b } = unit;
  if (a.kind === UNSUPPORTED || b.kind === UNSUPPORTED) {
    unit.flags |= INVALID;
    return 2;
  }
  if (isNaNKind(a.kind) || isNaNKind(b.kind)) {
    if (!quietly || a.kind === SIGNALING || b.kind === SIGNALING) unit.flags |= INVALID;
    return 2;
  }
  if (a.denormal || b.denormal) unit.flags |= DENORMAL;
  return compare(a, b);
}

const CONDITIONS = [C0, C3, 0, C3 | C2 | C0] as const;
const FLAGS = [CF, ZF, 0, ZF | PF | CF] as const;

/** What a comparison found, into the status word or into EFLAGS; then pops. */
function tell(cpu: Cpu, ordered: number, into: "conditions" | "flags", pops: number): void {
  const { words: w, float: unit } = cpu;
  const write = mayWrite(unit);
  // Told even where the exception is not masked (measured).
  if (into === "conditions") {
    raise(cpu);
    setConditions(w, CONDITIONS[ordered + 1]);
  } else {
    raiseQuietly(cpu);
    setArithmeticFlags(w, FLAGS[ordered + 1]);
  }
  if (write) popTimes(w, pops);
}

/** fcom, fucom, fcomi, fucomi and those that pop. */
export function compareRegister(into: "conditions" | "flags", quietly: boolean, pops: 0 | 1 | 2): Handler {
  return (cpu, at) => {
    const i = pops === 2 ? 1 : rm(cpu.code, at);
    const unit = begin(cpu);
    let ordered = 2;
    if (isEmpty(cpu.words, 0) || isEmpty(cpu.words, i)) underflowed(unit);
    else {
      unpackRegister(cpu.words, 0, unit.a);
      unpackRegister(cpu.words, i, unit.b);
      ordered = order(unit, quietly);
    }
    tell(cpu, ordered, into, pops);
  };
}

export function compareMemory(source: Source, pops: 0 | 1): Handler {
  return (cpu, at) => {
    const unit = begin(cpu);
    unpackMemory(cpu, at, source, unit.b);
    let ordered = 2;
    if (isEmpty(cpu.words, 0)) underflowed(unit);
    else {
      unpackRegister(cpu.words, 0, unit.a);
      ordered = order(unit, false);
    }
    tell(cpu, ordered, "conditions", pops);
  };
}

/** ftst: with zero. */
export const compareZero: Handler = (cpu) => {
  const unit = begin(cpu);
  let ordered = 2;
  if (isEmpty(cpu.words, 0)) underflowed(unit);
  else {
    unpackRegister(cpu.words, 0, unit.a);
    setZero(unit.b, 0);
    unit.b.denormal = false;
    ordered = order(unit, false);
  }
  tell(cpu, ordered, "conditions", 0);
};

/** Delivers `unit.r` to ST(0): for handlers in other files. */
export function deliverTop(cpu: Cpu): void {
  deliver(cpu, 0, 0);
}

/** Delivers `unit.r` to ST(1) and pops. */
export function deliverPopped(cpu: Cpu): void {
  deliver(cpu, 1, 1);
}
