// What else the x87 does with ST(0) and ST(1): classes, scaling, parts, remainders, and the transcendental functions.

import { setBig, significand } from "../float/soft-arithmetic.ts";
import {
  copy,
  DENORMAL,
  FINITE,
  type FloatUnit,
  INEXACT,
  INFINITE,
  INVALID,
  QUIET,
  round,
  SIGNALING,
  setIndefinite,
  setInfinite,
  setZero,
  UNSUPPORTED,
  type Unpacked,
  unpackInteger,
  ZERO,
  ZERO_DIVIDE,
} from "../float/soft-float.ts";
import * as functions from "../float/transcendental.ts";
import type { Handler } from "../machine/row.ts";
import { type Cpu, X87_STATUS } from "../machine/state.ts";
import { deliverPopped, deliverTop, isSpecial, unary } from "./do-x87-arithmetic.ts";
import {
  begin,
  C0,
  C1,
  C2,
  C3,
  isEmpty,
  mayWrite,
  push,
  pushAnyway,
  putRegister,
  raise,
  setConditions,
  st,
  underflowed,
  unpackRegister,
  wait,
} from "./x87-stack.ts";

/** fxam: the class of ST(0) in C3, C2 and C0, its sign in C1. */
export const examine: Handler = (cpu) => {
  wait(cpu);
  const { words: w, float } = cpu;
  const { a } = float;
  unpackRegister(w, 0, a);
  w[X87_STATUS] = (w[X87_STATUS] & ~C1) | (w[st(w, 0) + 2] & 0x8000 ? C1 : 0);
  if (isEmpty(w, 0)) setConditions(w, C3 | C0);
  else if (a.kind === UNSUPPORTED) setConditions(w, 0);
  else if (a.kind === QUIET || a.kind === SIGNALING) setConditions(w, C0);
  else if (a.kind === INFINITE) setConditions(w, C2 | C0);
  else if (a.kind === ZERO) setConditions(w, C3);
  else setConditions(w, a.denormal ? C3 | C2 : C2);
};

/** Unpacks ST(0) into a and ST(1) into b; false where either is empty, a NaN or no number: then r is the result. */
function binary(cpu: Cpu): boolean {
  const { words: w, float: unit } = cpu;
  if (isEmpty(w, 0) || isEmpty(w, 1)) {
    underflowed(unit);
    return false;
  }
  unpackRegister(w, 0, unit.a);
  unpackRegister(w, 1, unit.b);
  return !isSpecial(unit);
}

function invalid(unit: FloatUnit): void {
  unit.flags |= INVALID;
  setIndefinite(unit.r);
}

function tellDenormals(unit: FloatUnit): void {
  if (unit.a.denormal || unit.b.denormal) unit.flags |= DENORMAL;
}

/** fscale: ST(0) times two to the power of ST(1), truncated. */
export const scale: Handler = (cpu) => {
  const unit = begin(cpu);
  const { a, b, r } = unit;
  if (binary(cpu)) {
    copy(a, r);
    if (b.kind === INFINITE) {
      if (b.negative !== 0 ? a.kind === INFINITE : a.kind === ZERO) invalid(unit);
      else if (b.negative !== 0) setZero(r, a.negative);
      else setInfinite(r, a.negative);
    } else if (a.kind === FINITE && b.kind === FINITE) {
      tellDenormals(unit);
      const by = b.exponent < 0 ? 0 : b.exponent > 16 ? 0x2_0000 : b.high >>> (31 - b.exponent);
      r.exponent += b.negative !== 0 ? -by : by;
      round(unit, r);
    } else {
      tellDenormals(unit);
      round(unit, r);
    }
  }
  deliverTop(cpu);
};

/** fxtract: ST(0) becomes its exponent, and its significand is pushed. */
export const extract: Handler = (cpu) => {
  const unit = begin(cpu);
  const { words: w } = cpu;
  const { a, b, r } = unit;
  if (!isEmpty(w, 7)) {
    // No room for two results: both become indefinite. C1 tells an overflow from an underflow.
    const writes = underflowed(unit);
    unit.up = isEmpty(w, 0) ? 0 : 1;
    raise(cpu);
    if (!writes) return;
    putRegister(w, 0, r);
    pushAnyway(cpu);
    return;
  }
  if (!unary(cpu)) {
    const writes = mayWrite(unit);
    if (!writes) {
      raise(cpu);
      return;
    }
    putRegister(w, 0, r);
    push(cpu);
    return;
  }
  copy(a, b);
  if (a.denormal) unit.flags |= DENORMAL;
  if (a.kind === ZERO) {
    unit.flags |= ZERO_DIVIDE;
    setInfinite(r, 1);
  } else if (a.kind === INFINITE) setInfinite(r, 0);
  else {
    unpackInteger(r, a.exponent, a.exponent >> 31);
    b.exponent = 0;
  }
  if (!mayWrite(unit)) {
    raise(cpu);
    return;
  }
  putRegister(w, 0, r);
  copy(b, r);
  push(cpu);
};

/** fprem (the quotient truncated) and fprem1 (rounded to the nearest): at most 63 bits of the quotient at a time. */
export function remainder(nearest: boolean): Handler {
  return (cpu) => {
    const unit = begin(cpu);
    const { words: w } = cpu;
    const { a, b, r } = unit;
    let conditions = 0;
    w[X87_STATUS] &= ~C2;
    if (binary(cpu)) {
      if (a.kind === INFINITE || b.kind === ZERO) {
        invalid(unit);
        conditions = w[X87_STATUS] & (C0 | C3);
      } else {
        tellDenormals(unit);
        copy(a, r);
        if (a.kind === FINITE && b.kind === FINITE) conditions = reduce(unit, nearest);
        else round(unit, r);
      }
      if (mayWrite(unit)) {
        raise(cpu);
        setConditions(w, conditions & ~C1);
        w[X87_STATUS] |= conditions & C1;
        putRegister(w, 0, r);
      } else raise(cpu);
      return;
    }
    deliverTop(cpu);
  };
}

/** Leaves the remainder in r; returns the low bits of the quotient in C0, C3 and C1, or C2 where the reduction is partial. */
function reduce(unit: FloatUnit, nearest: boolean): number {
  const { a, b, r } = unit;
  const apart = a.exponent - b.exponent;
  if (apart < (nearest ? -1 : 0)) {
    round(unit, r);
    return 0;
  }
  // A partial step takes off as many bits as leave a multiple of 32 (measured on AMD; Intel takes 32 to 63 likewise).
  const partial = apart >= 64;
  const taken = partial ? apart - (32 + (apart & 31)) : 0;
  const divisor = significand(b);
  const shift = apart - taken;
  const dividend = shift >= 0 ? significand(a) << BigInt(shift) : significand(a);
  const by = shift >= 0 ? divisor : divisor << BigInt(-shift);
  let quotient = dividend / by;
  let rest = dividend % by;
  let negative = a.negative;
  if (nearest && !partial && (2n * rest > by || (2n * rest === by && (quotient & 1n) !== 0n))) {
    quotient += 1n;
    rest = by - rest;
    negative ^= 1;
  }
  setBig(r, rest === 0n ? a.negative : negative, rest, (shift >= 0 ? b.exponent : a.exponent) - 63 + taken, false);
  round(unit, r);
  if (partial) return C2;
  const bits = Number(quotient & 7n);
  return (bits & 4 ? C0 : 0) | (bits & 2 ? C3 : 0) | (bits & 1 ? C1 : 0);
}

// ---- transcendental functions: always rounded to 64 bits

/** Rounds what a function left in r. */
function finish(unit: FloatUnit): void {
  round(unit, unit.r);
}

/** f2xm1. */
export const power: Handler = (cpu) => {
  const unit = begin(cpu);
  const { a, r } = unit;
  if (unary(cpu)) {
    if (a.kind === INFINITE) {
      if (a.negative !== 0) unpackInteger(r, -1, -1);
    } else if (a.kind === FINITE) {
      if (a.denormal) unit.flags |= DENORMAL;
      unit.flags |= INEXACT;
      // Beyond 1 the result is undefined: it stays what it was.
      if (a.exponent < 0 || (a.exponent === 0 && significand(a) === 1n << 63n)) {
        functions.exponential(a, r);
        finish(unit);
      }
    }
  }
  deliverTop(cpu);
};

/** fyl2x: ST(1) times the binary logarithm of ST(0). */
export const logarithm: Handler = (cpu) => {
  const unit = begin(cpu);
  const { a: x, b: y, r } = unit;
  if (binary(cpu)) {
    const one = x.kind === FINITE && x.exponent === 0 && significand(x) === 1n << 63n;
    const negative = x.kind === INFINITE || x.exponent >= 0 ? y.negative : y.negative ^ 1;
    if (x.kind === ZERO) {
      if (y.kind === ZERO) invalid(unit);
      else {
        if (y.kind !== INFINITE) unit.flags |= ZERO_DIVIDE;
        setInfinite(r, y.negative ^ 1);
      }
    } else if (x.negative !== 0) invalid(unit);
    else if (x.kind === INFINITE) {
      if (y.kind === ZERO) invalid(unit);
      else setInfinite(r, y.negative);
    } else if (y.kind === INFINITE) {
      if (one) invalid(unit);
      else setInfinite(r, negative);
    } else if (y.kind === ZERO || one) setZero(r, one ? y.negative : negative);
    else {
      functions.logarithm(x, y, r);
      unit.flags |= INEXACT;
    }
    if ((unit.flags & (INVALID | ZERO_DIVIDE)) === 0) tellDenormals(unit);
    finish(unit);
  }
  deliverPopped(cpu);
};

/** fyl2xp1: ST(1) times the binary logarithm of ST(0) + 1. */
export const logarithmPlusOne: Handler = (cpu) => {
  const unit = begin(cpu);
  const { a: x, b: y, r } = unit;
  if (binary(cpu)) {
    const negative = x.negative ^ y.negative;
    if (x.kind === INFINITE) {
      if (x.negative !== 0 || y.kind === ZERO) invalid(unit);
      else setInfinite(r, y.negative);
    } else if (y.kind === INFINITE) {
      if (x.kind === ZERO) invalid(unit);
      else setInfinite(r, negative);
    } else if (x.kind === ZERO || y.kind === ZERO) setZero(r, negative);
    else if (x.negative !== 0 && x.exponent >= 0) invalid(unit);
    else functions.logarithmPlusOne(x, y, r);
    if ((unit.flags & INVALID) === 0) tellDenormals(unit);
    finish(unit);
  }
  deliverPopped(cpu);
};

/** fpatan: the angle of the point (ST(0), ST(1)). */
export const arctangent: Handler = (cpu) => {
  const unit = begin(cpu);
  const { a: x, b: y, r } = unit;
  if (binary(cpu)) {
    tellDenormals(unit);
    if (x.kind === FINITE && y.kind === FINITE) functions.arctangent(y, x, r);
    else angleOfAxis(unit, x, y);
    finish(unit);
  }
  deliverPopped(cpu);
};

/** Where a coordinate is zero or infinite: multiples of a quarter of π. */
function angleOfAxis(unit: FloatUnit, x: Unpacked, y: Unpacked): void {
  const { r } = unit;
  const size = (it: Unpacked): number => (it.kind === INFINITE ? 2 : it.kind === ZERO ? 0 : 1);
  const [wide, high] = [size(x), size(y)];
  const negative = y.negative;
  let eighths: number;
  if (wide === high && wide === 2) eighths = x.negative !== 0 ? 3 : 1;
  else if (high > wide) eighths = 2;
  else eighths = x.negative !== 0 ? 4 : 0;
  if (eighths === 0) setZero(r, negative);
  else functions.eighthsOfTurn(r, negative, eighths);
}

/** Before fsin, fcos, fptan: whether there is something to calculate. C2 says that the number is too large. */
function trigonometric(cpu: Cpu): boolean {
  const { words: w, float: unit } = cpu;
  w[X87_STATUS] &= ~C2;
  if (!unary(cpu)) return false;
  const { a } = unit;
  if (a.kind === INFINITE) {
    invalid(unit);
    return false;
  }
  if (a.denormal) unit.flags |= DENORMAL;
  return true;
}

function isTooLarge(unit: FloatUnit): boolean {
  return unit.a.kind === FINITE && unit.a.exponent >= 63;
}

/** The number is left where it is, and C2 is set. */
function leave(cpu: Cpu): void {
  cpu.float.up = 0;
  raise(cpu);
  cpu.words[X87_STATUS] |= C2;
}

function setOne(r: Unpacked): void {
  unpackInteger(r, 1, 0);
}

function calculateSine(unit: FloatUnit): void {
  if (unit.a.kind === FINITE) functions.sine(unit.a, unit.r);
  finish(unit);
}

function calculateCosine(unit: FloatUnit): void {
  if (unit.a.kind === FINITE) functions.cosine(unit.a, unit.r);
  else setOne(unit.r);
  finish(unit);
}

/** fsin and fcos. */
export function circular(which: "sine" | "cosine"): Handler {
  return (cpu) => {
    const unit = begin(cpu);
    if (trigonometric(cpu)) {
      if (isTooLarge(unit)) {
        leave(cpu);
        return;
      }
      if (which === "sine") calculateSine(unit);
      else calculateCosine(unit);
    }
    deliverTop(cpu);
  };
}

/** fptan pushes 1 behind the tangent, fsincos the cosine behind the sine. */
export function circularPair(which: "tangent" | "both"): Handler {
  return (cpu) => {
    const unit = begin(cpu);
    const { words: w } = cpu;
    if (!isEmpty(w, 7)) {
      w[X87_STATUS] &= ~C2;
      const writes = underflowed(unit);
      unit.up = isEmpty(w, 0) ? 0 : 1;
      raise(cpu);
      if (!writes) return;
      putRegister(w, 0, unit.r);
      pushAnyway(cpu);
      return;
    }
    if (!trigonometric(cpu)) {
      if (!mayWrite(unit)) {
        raise(cpu);
        return;
      }
      putRegister(w, 0, unit.r);
      push(cpu);
      return;
    }
    if (isTooLarge(unit)) {
      leave(cpu);
      return;
    }
    if (which === "both") calculateSine(unit);
    else {
      if (unit.a.kind === FINITE) functions.tangent(unit.a, unit.r);
      finish(unit);
    }
    if (!mayWrite(unit)) {
      raise(cpu);
      return;
    }
    putRegister(w, 0, unit.r);
    if (which === "both") calculateCosine(unit);
    else setOne(unit.r);
    push(cpu);
  };
}
