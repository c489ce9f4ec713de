// The transcendental functions of the x87, in fixed point with 256 bits after the point: right to the last of their 64 bits
// but where 90 more could not decide the rounding. The processor itself promises an error below one unit in the last place
// (SDM volume 1, section 8.3.10), so hardware may differ by that one; docs/development.md says how often it does.
// BigInt, because a program executes few of them and each may take microseconds.
// Operands are finite and not zero; what is special is do-x87-transcendental.ts's.

import { setBig, significand } from "./soft-arithmetic.ts";
import type { Unpacked } from "./soft-float.ts";

const BITS = 256;
const POINT = BigInt(BITS);
const ONE = 1n << POINT;

/** π and ln 2 with 384 bits after the point. */
const LONG_BITS = 384;
const PI_LONG = 0x3243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89452821e638d01377be5466cf34e90c6cn;
const LN2_LONG = 0xb17217f7d1cf79abc9e3b39803f2f6af40f343267298b62d8a0d175b8baafa2be7b876206debac98559552fb4afa1b10n;
const EXCESS = BigInt(LONG_BITS - BITS);
const PI = PI_LONG >> EXCESS;
const LN2 = LN2_LONG >> EXCESS;

/** Below 2^-100 a function is its argument, or its argument times a constant, to more bits than rounding looks at. */
const TINY = -100;

/** The magnitude with `bits` bits after the point. */
function fixed(it: Unpacked, bits: number): bigint {
  const shift = it.exponent - 63 + bits;
  return shift >= 0 ? significand(it) << BigInt(shift) : significand(it) >> BigInt(-shift);
}

function product(a: bigint, b: bigint): bigint {
  return (a * b) >> POINT;
}

/** Power series x - x³/3! + … or 1 - x²/2! + …: each term is the last one times -x² over the next two numbers. */
function series(first: bigint, square: bigint, next: bigint): bigint {
  let term = first;
  let sum = first;
  for (let n = next; ; n += 2n) {
    term = -product(term, square) / (n * (n + 1n));
    if (term === 0n || term === -1n) return sum;
    sum += term;
  }
}

interface Angle {
  /** Number of right angles taken off, modulo four. */
  readonly quadrant: number;
  /** What is left, between -π/4 and π/4. */
  readonly rest: bigint;
}

/**
 * π as the processor has it, with 66 bits (SDM volume 1, section 8.3.8): for arguments that are large its sine is that of
 * another angle, and programs know.
 */
const PI_REDUCING = 0xc90fdaa22168c234cn << BigInt(LONG_BITS - 66);

function reduce(x: Unpacked): Angle {
  const half = PI_REDUCING >> 1n;
  const magnitude = fixed(x, LONG_BITS);
  const turns = (magnitude + (half >> 1n)) / half;
  return { quadrant: Number(turns & 3n), rest: (magnitude - turns * half) >> EXCESS };
}

function sineOf(rest: bigint): bigint {
  return series(rest, product(rest, rest), 2n);
}

function cosineOf(rest: bigint): bigint {
  return series(ONE, product(rest, rest), 1n);
}

function setFixed(r: Unpacked, negative: boolean, value: bigint): void {
  setBig(r, negative !== value < 0n ? 1 : 0, value < 0n ? -value : value, -BITS, true);
}

/** A little less, or more, than a number that is too small for the function to differ from it otherwise. */
function setNearly(r: Unpacked, x: Unpacked, more: boolean): void {
  const value = significand(x) << 40n;
  setBig(r, x.negative, more ? value : value - 1n, x.exponent - 103, true);
}

/** r = sin x, |x| < 2^63. */
export function sine(x: Unpacked, r: Unpacked): void {
  if (x.exponent < TINY) {
    setNearly(r, x, false);
    return;
  }
  const { quadrant, rest } = reduce(x);
  const value = (quadrant & 1) === 0 ? sineOf(rest) : cosineOf(rest);
  setFixed(r, (x.negative !== 0) !== (quadrant & 2) > 0, value);
}

/** r = cos x, |x| < 2^63. */
export function cosine(x: Unpacked, r: Unpacked): void {
  const { quadrant, rest } = x.exponent < TINY ? { quadrant: 0, rest: 1n } : reduce(x);
  const value = (quadrant & 1) === 0 ? cosineOf(rest) : sineOf(rest);
  const negative = quadrant === 1 || quadrant === 2;
  setFixed(r, negative, x.exponent < TINY ? ONE - 1n : value);
}

/** r = tan x, |x| < 2^63. */
export function tangent(x: Unpacked, r: Unpacked): void {
  if (x.exponent < TINY) {
    setNearly(r, x, true);
    return;
  }
  const { quadrant, rest } = reduce(x);
  const sine = sineOf(rest);
  const cosine = cosineOf(rest);
  const value = (quadrant & 1) === 0 ? (sine << POINT) / cosine : (-cosine << POINT) / sine;
  setFixed(r, x.negative !== 0, value);
}

/** Arc tangent of a number between 0 and 1: halved three times, then its power series. */
function arctangentOf(ratio: bigint): bigint {
  let x = ratio;
  for (let i = 0; i < 3; i++) x = (x << POINT) / (ONE + root(ONE + product(x, x)));
  const square = product(x, x);
  let power = x;
  let sum = x;
  for (let n = 3n; power !== 0n && power !== -1n; n += 2n) {
    power = -product(power, square);
    sum += power / n;
  }
  return sum << 3n;
}

/** Square root of a number between 1 and 2, by Newton. */
function root(value: bigint): bigint {
  let x = value;
  for (;;) {
    const next = (x + (value << POINT) / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}

/** r = the angle of the point (x, y). */
export function arctangent(y: Unpacked, x: Unpacked, r: Unpacked): void {
  const apart = y.exponent - x.exponent;
  const negative = y.negative !== 0;
  const steep = apart > 0 || (apart === 0 && significand(y) > significand(x));
  if (apart < TINY && x.negative === 0) {
    const quotient = (significand(y) << 128n) / significand(x);
    setBig(r, y.negative, quotient - 1n, apart - 128, true);
    return;
  }
  let angle = 1n;
  if (Math.abs(apart) <= -TINY) {
    const [small, large] = steep ? [x, y] : [y, x];
    const shift = BITS + small.exponent - large.exponent;
    angle = arctangentOf((significand(small) << BigInt(shift)) / significand(large));
  }
  if (steep) angle = (PI >> 1n) - angle;
  setFixed(r, negative, x.negative !== 0 ? PI - angle : angle);
}

/** Natural logarithm of a positive number. */
function logarithmOf(value: bigint): bigint {
  const shift = value.toString(2).length - 1 - BITS;
  const m = shift >= 0 ? value >> BigInt(shift) : value << BigInt(-shift);
  // 2 artanh((m - 1) / (m + 1)), m from 1 to 2.
  const z = ((m - ONE) << POINT) / (m + ONE);
  const square = product(z, z);
  let power = z;
  let sum = z;
  for (let n = 3n; power !== 0n; n += 2n) {
    power = product(power, square);
    sum += power / n;
  }
  return (sum << 1n) + LN2 * BigInt(shift);
}

/** r = y × log2 x, x positive. */
export function logarithm(x: Unpacked, y: Unpacked, r: Unpacked): void {
  const whole = significand(x) === 1n << 63n;
  const mantissa = significand(x) << BigInt(BITS - 63);
  const binary = whole ? 0n : (logarithmOf(mantissa) << POINT) / LN2;
  setProduct(r, y, binary + (BigInt(x.exponent) << POINT), !whole);
}

/** r = y × log2 (x + 1), x above -1. */
export function logarithmPlusOne(x: Unpacked, y: Unpacked, r: Unpacked): void {
  if (x.exponent < TINY) {
    const value = (significand(x) << (POINT + 128n)) / LN2;
    setBig(r, x.negative ^ y.negative, significand(y) * value, x.exponent + y.exponent - 254, true);
    return;
  }
  const value = ONE + (x.negative !== 0 ? -fixed(x, BITS) : fixed(x, BITS));
  setProduct(r, y, (logarithmOf(value) << POINT) / LN2, true);
}

function setProduct(r: Unpacked, y: Unpacked, factor: bigint, more: boolean): void {
  const negative = factor < 0n;
  const value = significand(y) * (negative ? -factor : factor);
  setBig(r, y.negative ^ (negative ? 1 : 0), value, y.exponent - 63 - BITS, more);
}

/** r = 2^x - 1, |x| at most 1. */
export function exponential(x: Unpacked, r: Unpacked): void {
  if (x.exponent < TINY) {
    setBig(r, x.negative, significand(x) * LN2, x.exponent - 63 - BITS, true);
    return;
  }
  if (x.exponent === 0 && significand(x) === 1n << 63n) {
    setBig(r, x.negative, 1n, x.negative !== 0 ? -1 : 0, false);
    return;
  }
  const y = product(x.negative !== 0 ? -fixed(x, BITS) : fixed(x, BITS), LN2);
  let term = y;
  let sum = y;
  for (let n = 2n; term !== 0n && term !== -1n; n++) {
    term = product(term, y) / n;
    sum += term;
  }
  setFixed(r, false, sum);
}

/** r = π/4 times 1 to 4. */
export function eighthsOfTurn(r: Unpacked, negative: number, eighths: number): void {
  setFixed(r, negative !== 0, (PI * BigInt(eighths)) >> 2n);
}
