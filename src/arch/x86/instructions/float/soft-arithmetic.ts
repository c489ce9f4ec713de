// Sums, products, quotients, roots and comparisons of unpacked numbers (soft-float.ts). Each leaves in `unit.r` an exact result
// or one with the lost part told by `rest`; `round` then makes a format's number of it. NaNs are the callers': SSE and
// x87 choose among them by different rules. What is invalid is told as INVALID with the indefinite result.

import { highProduct } from "./product.ts";
import {
  copy,
  DOWN,
  FINITE,
  type FloatUnit,
  INFINITE,
  INVALID,
  normalise,
  setIndefinite,
  setInfinite,
  setZero,
  shiftRight,
  type Unpacked,
  ZERO,
  ZERO_DIVIDE,
} from "./soft-float.ts";

/** How two numbers compare, when neither is a NaN: -1, 0 or 1. */
export function compare(a: Unpacked, b: Unpacked): number {
  if (a.kind === ZERO && b.kind === ZERO) return 0;
  if (a.kind === ZERO) return b.negative !== 0 ? 1 : -1;
  if (b.kind === ZERO) return a.negative !== 0 ? -1 : 1;
  if (a.negative !== b.negative) return a.negative !== 0 ? -1 : 1;
  const larger = compareMagnitudes(a, b);
  return a.negative !== 0 ? -larger : larger;
}

/** Of finite numbers that are not zero, or infinities. */
function compareMagnitudes(a: Unpacked, b: Unpacked): number {
  if (a.kind !== b.kind) return a.kind === INFINITE ? 1 : -1;
  if (a.kind === INFINITE) return 0;
  if (a.exponent !== b.exponent) return a.exponent > b.exponent ? 1 : -1;
  if (a.high !== b.high) return a.high >>> 0 > b.high >>> 0 ? 1 : -1;
  if (a.low !== b.low) return a.low >>> 0 > b.low >>> 0 ? 1 : -1;
  return 0;
}

/** r = a + b; a subtraction is called with b negated. */
export function add(unit: FloatUnit): void {
  const { a, b, r } = unit;
  if (a.kind === INFINITE || b.kind === INFINITE) {
    if (a.kind === b.kind && a.negative !== b.negative) {
      unit.flags |= INVALID;
      setIndefinite(r);
    } else setInfinite(r, a.kind === INFINITE ? a.negative : b.negative);
    return;
  }
  if (b.kind === ZERO) {
    copy(a, r);
    if (a.kind === ZERO && a.negative !== b.negative) r.negative = unit.mode === DOWN ? 1 : 0;
    return;
  }
  if (a.kind === ZERO) {
    copy(b, r);
    return;
  }
  if (compareMagnitudes(a, b) >= 0) addMagnitudes(unit, a, b);
  else addMagnitudes(unit, b, a);
}

/** `b` is not larger than `a`, and is used up. */
function addMagnitudes(unit: FloatUnit, a: Unpacked, b: Unpacked): void {
  const { r } = unit;
  const apart = a.exponent - b.exponent;
  const negative = a.negative;
  const same = a.negative === b.negative;
  const { high, low, exponent } = a;
  shiftRight(b, apart);
  r.kind = FINITE;
  r.negative = negative;
  r.exponent = exponent;
  r.denormal = false;
  if (same) {
    const lowSum = (low >>> 0) + (b.low >>> 0);
    const highSum = (high >>> 0) + (b.high >>> 0) + (lowSum > 0xffff_ffff ? 1 : 0);
    r.rest = b.rest;
    r.low = lowSum | 0;
    r.high = highSum | 0;
    if (highSum > 0xffff_ffff) {
      shiftRight(r, 1);
      r.high |= 0x8000_0000;
      r.exponent += 1;
    }
    return;
  }
  r.rest = -b.rest | 0;
  const lowDifference = (low >>> 0) - (b.low >>> 0) - (b.rest !== 0 ? 1 : 0);
  r.low = lowDifference | 0;
  r.high = ((high >>> 0) - (b.high >>> 0) - (lowDifference < 0 ? 1 : 0)) | 0;
  if ((r.high | r.low | r.rest) === 0) setZero(r, unit.mode === DOWN ? 1 : 0);
  else normalise(r);
}

/** r = a × b. */
export function multiply(unit: FloatUnit): void {
  const { a, b, r } = unit;
  const negative = a.negative ^ b.negative;
  if (a.kind === INFINITE || b.kind === INFINITE) {
    if (a.kind === ZERO || b.kind === ZERO) {
      unit.flags |= INVALID;
      setIndefinite(r);
    } else setInfinite(r, negative);
    return;
  }
  if (a.kind === ZERO || b.kind === ZERO) {
    setZero(r, negative);
    return;
  }
  // Four words of the product, the lowest first; sums of up to four words fit a double.
  const word0 = Math.imul(a.low, b.low) >>> 0;
  const word1 = (highProduct(a.low, b.low) >>> 0) + (Math.imul(a.low, b.high) >>> 0) + (Math.imul(a.high, b.low) >>> 0);
  const word2 =
    (highProduct(a.low, b.high) >>> 0) +
    (highProduct(a.high, b.low) >>> 0) +
    (Math.imul(a.high, b.high) >>> 0) +
    Math.floor(word1 / 0x1_0000_0000);
  r.kind = FINITE;
  r.negative = negative;
  r.denormal = false;
  r.exponent = a.exponent + b.exponent + 1;
  const top = highProduct(a.high, b.high) + Math.floor(word2 / 0x1_0000_0000);
  r.high = top | 0;
  r.low = word2 | 0;
  r.rest = word1 | 0;
  let below = word0;
  if (r.high >= 0) {
    r.high = (r.high << 1) | (r.low >>> 31);
    r.low = (r.low << 1) | (r.rest >>> 31);
    r.rest = (r.rest << 1) | (below >>> 31);
    below <<= 1;
    r.exponent -= 1;
  }
  if (below !== 0) r.rest |= 1;
}

/** r = a ÷ b. */
export function divide(unit: FloatUnit): void {
  const { a, b, r } = unit;
  const negative = a.negative ^ b.negative;
  if (a.kind === INFINITE || b.kind === ZERO) {
    if (a.kind === b.kind) {
      unit.flags |= INVALID;
      setIndefinite(r);
      return;
    }
    if (a.kind !== INFINITE) unit.flags |= ZERO_DIVIDE;
    setInfinite(r, negative);
    return;
  }
  if (a.kind === ZERO || b.kind === INFINITE) {
    setZero(r, negative);
    return;
  }
  r.kind = FINITE;
  r.negative = negative;
  r.denormal = false;
  r.exponent = a.exponent - b.exponent;
  divideSignificands(a, b, r);
}

/** Bit by bit: 66 bits of quotient, and whether something is left. */
function divideSignificands(a: Unpacked, b: Unpacked, r: Unpacked): void {
  let high = a.high >>> 0;
  let low = a.low >>> 0;
  const byHigh = b.high >>> 0;
  const byLow = b.low >>> 0;
  let carry = 0;
  if (high < byHigh || (high === byHigh && low < byLow)) {
    r.exponent -= 1;
    carry = high >>> 31;
    high = ((high << 1) | (low >>> 31)) >>> 0;
    low = (low << 1) >>> 0;
  }
  const quotient = [0, 0, 0];
  for (let bit = 0; bit < 66; bit++) {
    if (carry !== 0 || high > byHigh || (high === byHigh && low >= byLow)) {
      high = (high - byHigh - (low < byLow ? 1 : 0)) >>> 0;
      low = (low - byLow) >>> 0;
      quotient[bit >>> 5] |= 0x8000_0000 >>> (bit & 31);
    }
    carry = high >>> 31;
    high = ((high << 1) | (low >>> 31)) >>> 0;
    low = (low << 1) >>> 0;
  }
  r.high = quotient[0] | 0;
  r.low = quotient[1] | 0;
  r.rest = quotient[2] | (high !== 0 || low !== 0 || carry !== 0 ? 1 : 0);
}

/** The significand as an integer of 64 bits. */
export function significand(it: Unpacked): bigint {
  return (BigInt(it.high >>> 0) << 32n) | BigInt(it.low >>> 0);
}

/**
 * Makes `it` the number ± value × 2^scale.
 * @param more whether `value` is a little less than what is meant
 */
export function setBig(it: Unpacked, negative: number, value: bigint, scale: number, more: boolean): void {
  if (value === 0n) {
    setZero(it, negative);
    return;
  }
  const bits = value.toString(2).length;
  const shift = 96 - bits;
  const fitted = shift >= 0 ? value << BigInt(shift) : value >> BigInt(-shift);
  it.kind = FINITE;
  it.negative = negative;
  it.denormal = false;
  it.exponent = scale + bits - 1;
  it.high = Number(fitted >> 64n) | 0;
  it.low = Number((fitted >> 32n) & 0xffff_ffffn) | 0;
  it.rest = Number(fitted & 0xffff_ffffn) | 0;
  if (more || (shift < 0 && fitted << BigInt(-shift) !== value)) it.rest |= 1;
}

/** Largest integer whose square is not above `value`. */
export function integerRoot(value: bigint): bigint {
  if (value === 0n) return 0n;
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** r = √a. */
export function squareRoot(unit: FloatUnit): void {
  const { a, r } = unit;
  if (a.kind === ZERO || (a.kind === INFINITE && a.negative === 0)) {
    copy(a, r);
    return;
  }
  if (a.negative !== 0) {
    unit.flags |= INVALID;
    setIndefinite(r);
    return;
  }
  // An even power of two outside, 80 more bits inside.
  const inside = 81 - (a.exponent & 1);
  const value = significand(a) << BigInt(inside);
  const root = integerRoot(value);
  setBig(r, 0, root, (a.exponent - 63 - inside) / 2, root * root !== value);
}
