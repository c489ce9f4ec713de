// Floating-point numbers taken apart, for everything that JavaScript's doubles cannot tell: 80 bits, rounding other than to
// the nearest, and which exceptions an operation raises. Singles, doubles and extended numbers are unpacked into one form,
// calculated with (soft-arithmetic.ts), rounded to a format here and packed again. Sources: SDM volume 1, chapter 4 and
// section 8.5; IEEE 754.

/** What a number is. */
export const ZERO = 0;
export const FINITE = 1;
export const INFINITE = 2;
export const QUIET = 3;
export const SIGNALING = 4;
/** x87 only: an encoding that no processor since the 387 takes (SDM volume 1, section 8.2.2). */
export const UNSUPPORTED = 5;

/** Exception flags: the low six bits of MXCSR and of the x87 status word. */
export const INVALID = 1;
export const DENORMAL = 2;
export const ZERO_DIVIDE = 4;
export const OVERFLOW = 8;
export const UNDERFLOW = 16;
export const INEXACT = 32;

/** Rounding, as in MXCSR's RC and the x87 control word's RC. */
export const NEAREST = 0;
export const DOWN = 1;
export const UP = 2;
export const TOWARDS_ZERO = 3;

/**
 * A finite number is ±(high:low:rest / 2^95) × 2^exponent with bit 31 of `high` set. `rest` holds what is to be rounded away;
 * its lowest bit stands for everything below. A NaN keeps its significand in high:low, its top bit being bit 31 of `high`.
 */
export interface Unpacked {
  kind: number;
  negative: number;
  exponent: number;
  high: number;
  low: number;
  rest: number;
  /** It came from a denormal (or pseudo-denormal) encoding. */
  denormal: boolean;
}

/** What calculates: two operands, a result, the rules in force, and what happened. */
export interface FloatUnit {
  readonly a: Unpacked;
  readonly b: Unpacked;
  readonly r: Unpacked;
  mode: number;
  /** Bits of the significand: 24, 53 or 64. */
  precision: number;
  lowest: number;
  highest: number;
  /** Exceptions that are masked (set bits), as MXCSR >> 7 and the x87 control word have them. */
  masks: number;
  /** MXCSR's FTZ: tiny results become zero where underflow is masked. */
  flushes: boolean;
  /** MXCSR's DAZ: denormal operands count as zero. */
  zeroes: boolean;
  /** x87 registers: what the exponent of an unmasked overflow or underflow is moved by; else 0. */
  wrap: number;
  /** Exceptions raised since the caller cleared it. */
  flags: number;
  /** 1 when the last rounding was away from zero, as the x87's C1 tells. */
  up: number;
}

export interface Format {
  readonly precision: number;
  readonly lowest: number;
  readonly highest: number;
}

export const SINGLE: Format = { precision: 24, lowest: -126, highest: 127 };
export const DOUBLE: Format = { precision: 53, lowest: -1022, highest: 1023 };
export const EXTENDED: Format = { precision: 64, lowest: -16382, highest: 16383 };

export function unpackedZero(): Unpacked {
  return { kind: ZERO, negative: 0, exponent: 0, high: 0, low: 0, rest: 0, denormal: false };
}

export function floatUnit(): FloatUnit {
  return {
    a: unpackedZero(),
    b: unpackedZero(),
    r: unpackedZero(),
    mode: NEAREST,
    ...EXTENDED,
    masks: 0x3f,
    flushes: false,
    zeroes: false,
    wrap: 0,
    flags: 0,
    up: 0,
  };
}

/** Rounds to `format` from here on. */
export function setFormat(unit: FloatUnit, format: Format): void {
  unit.precision = format.precision;
  unit.lowest = format.lowest;
  unit.highest = format.highest;
}

export function copy(from: Unpacked, to: Unpacked): void {
  to.kind = from.kind;
  to.negative = from.negative;
  to.exponent = from.exponent;
  to.high = from.high;
  to.low = from.low;
  to.rest = from.rest;
  to.denormal = from.denormal;
}

export function isNaNKind(kind: number): boolean {
  return kind === QUIET || kind === SIGNALING;
}

// ---- taking apart

/** Brings the top bit of high:low:rest, which are not all zero, to bit 31 of `high`. */
export function normalise(it: Unpacked): void {
  while (it.high === 0) {
    it.high = it.low;
    it.low = it.rest;
    it.rest = 0;
    it.exponent -= 32;
  }
  const shift = Math.clz32(it.high);
  if (shift === 0) return;
  it.high = (it.high << shift) | (it.low >>> (32 - shift));
  it.low = (it.low << shift) | (it.rest >>> (32 - shift));
  it.rest <<= shift;
  it.exponent -= shift;
}

/** After sign, raw exponent field and a fraction whose top bit is bit 30 of `high` (an implied one above). */
function classify(it: Unpacked, field: number, top: number, format: Format, zeroes: boolean): void {
  it.rest = 0;
  it.denormal = false;
  if (field === top) {
    if ((it.high | it.low) === 0) it.kind = INFINITE;
    else it.kind = (it.high & 0x4000_0000) !== 0 ? QUIET : SIGNALING;
    it.high |= 0x8000_0000;
  } else if (field !== 0) {
    it.kind = FINITE;
    it.exponent = field - 1 + format.lowest;
    it.high |= 0x8000_0000;
  } else if ((it.high | it.low) === 0 || zeroes) {
    it.kind = ZERO;
  } else {
    it.kind = FINITE;
    it.denormal = true;
    it.exponent = format.lowest;
    normalise(it);
  }
}

export function unpackSingle(it: Unpacked, bits: number, zeroes: boolean): void {
  it.negative = bits >>> 31;
  it.high = (bits & 0x7f_ffff) << 8;
  it.low = 0;
  classify(it, (bits >>> 23) & 0xff, 0xff, SINGLE, zeroes);
}

export function unpackDouble(it: Unpacked, low: number, high: number, zeroes: boolean): void {
  it.negative = high >>> 31;
  it.high = ((high & 0xf_ffff) << 11) | (low >>> 21);
  it.low = low << 11;
  classify(it, (high >>> 20) & 0x7ff, 0x7ff, DOUBLE, zeroes);
}

/** @param top sign and exponent, 16 bits */
export function unpackExtended(it: Unpacked, low: number, high: number, top: number): void {
  it.negative = (top >>> 15) & 1;
  it.high = high;
  it.low = low;
  it.rest = 0;
  it.denormal = false;
  const field = top & 0x7fff;
  const whole = high < 0;
  if (field === 0) {
    if ((high | low) === 0) {
      it.kind = ZERO;
      return;
    }
    it.kind = FINITE;
    it.denormal = true;
    it.exponent = EXTENDED.lowest;
    normalise(it);
  } else if (!whole) it.kind = UNSUPPORTED;
  else if (field !== 0x7fff) {
    it.kind = FINITE;
    it.exponent = field - 16383;
  } else if (((high & 0x7fff_ffff) | low) === 0) it.kind = INFINITE;
  else it.kind = (high & 0x4000_0000) !== 0 ? QUIET : SIGNALING;
}

/** From a 64-bit integer: two's complement. */
export function unpackInteger(it: Unpacked, low: number, high: number): void {
  it.negative = high >>> 31;
  it.denormal = false;
  it.rest = 0;
  it.low = low;
  it.high = high;
  if (it.negative !== 0) {
    it.low = -low | 0;
    it.high = (~high + (low === 0 ? 1 : 0)) | 0;
  }
  if ((it.high | it.low) === 0) {
    it.kind = ZERO;
    return;
  }
  it.kind = FINITE;
  it.exponent = 63;
  normalise(it);
}

// ---- putting together: what `round` left, or a NaN

function field(it: Unpacked, format: Format): number {
  return it.high < 0 ? it.exponent - format.lowest + 1 : 0;
}

export function packSingle(it: Unpacked): number {
  const sign = it.negative << 31;
  if (it.kind === ZERO) return sign;
  if (it.kind === INFINITE) return sign | 0x7f80_0000;
  const fraction = (it.high & 0x7fff_ffff) >>> 8;
  if (it.kind === FINITE) return sign | (field(it, SINGLE) << 23) | fraction;
  return sign | 0x7fc0_0000 | fraction;
}

/** The upper half of a double. */
export function packDoubleHigh(it: Unpacked): number {
  const sign = it.negative << 31;
  if (it.kind === ZERO) return sign;
  if (it.kind === INFINITE) return sign | 0x7ff0_0000;
  const fraction = (it.high & 0x7fff_ffff) >>> 11;
  if (it.kind === FINITE) return sign | (field(it, DOUBLE) << 20) | fraction;
  return sign | 0x7ff8_0000 | fraction;
}

/** The lower half of a double. */
export function packDoubleLow(it: Unpacked): number {
  return it.kind === ZERO || it.kind === INFINITE ? 0 : (it.high << 21) | (it.low >>> 11);
}

/** Sign and exponent of an extended number. */
export function packExtendedTop(it: Unpacked): number {
  const sign = it.negative << 15;
  if (it.kind === ZERO) return sign;
  if (it.kind !== FINITE) return sign | 0x7fff;
  return sign | field(it, EXTENDED);
}

export function packExtendedHigh(it: Unpacked): number {
  if (it.kind === ZERO) return 0;
  if (it.kind === INFINITE) return 0x8000_0000 | 0;
  return it.kind === FINITE ? it.high : it.high | 0xc000_0000;
}

export function packExtendedLow(it: Unpacked): number {
  return it.kind === ZERO || it.kind === INFINITE ? 0 : it.low;
}

/** "Indefinite": what an invalid operation gives where its exception is masked. */
export function setIndefinite(it: Unpacked): void {
  it.kind = QUIET;
  it.negative = 1;
  it.high = 0xc000_0000 | 0;
  it.low = 0;
  it.rest = 0;
}

export function setZero(it: Unpacked, negative: number): void {
  it.kind = ZERO;
  it.negative = negative;
  it.high = 0;
  it.low = 0;
  it.rest = 0;
}

export function setInfinite(it: Unpacked, negative: number): void {
  it.kind = INFINITE;
  it.negative = negative;
}

// ---- rounding

/** Shifts high:low:rest right; what falls off stays as the lowest bit of `rest`. */
export function shiftRight(it: Unpacked, count: number): void {
  if (count >= 96) {
    it.rest = (it.high | it.low | it.rest) !== 0 ? 1 : 0;
    it.low = 0;
    it.high = 0;
    return;
  }
  let left = count;
  let lost = 0;
  while (left >= 32) {
    lost |= it.rest;
    it.rest = it.low;
    it.low = it.high;
    it.high = 0;
    left -= 32;
  }
  if (left > 0) {
    lost |= it.rest << (32 - left);
    it.rest = (it.rest >>> left) | (it.low << (32 - left));
    it.low = (it.low >>> left) | (it.high << (32 - left));
    it.high >>>= left;
    it.high |= 0;
  }
  if (lost !== 0) it.rest |= 1;
}

/** Would rounding add one to the last kept bit? */
function roundsUp(mode: number, negative: number, odd: number, half: number, more: number): boolean {
  if (mode === NEAREST) return half !== 0 && (more !== 0 || odd !== 0);
  if (mode === TOWARDS_ZERO || (half | more) === 0) return false;
  return mode === UP ? negative === 0 : negative !== 0;
}

/** Rounds the significand to the unit's precision. Returns whether anything was lost; `unit.up` says which way. */
function roundSignificand(unit: FloatUnit, it: Unpacked): boolean {
  let half: number;
  let more: number;
  let odd: number;
  if (unit.precision === 64) {
    half = it.rest >>> 31;
    more = it.rest << 1;
    odd = it.low & 1;
  } else if (unit.precision === 53) {
    half = it.low & 0x400;
    more = (it.low & 0x3ff) | it.rest;
    odd = it.low & 0x800;
    it.low &= ~0x7ff;
  } else {
    half = it.high & 0x80;
    more = (it.high & 0x7f) | it.low | it.rest;
    odd = it.high & 0x100;
    it.high &= ~0xff;
    it.low = 0;
  }
  it.rest = 0;
  const up = roundsUp(unit.mode, it.negative, odd, half, more);
  unit.up = up ? 1 : 0;
  if (up) increase(unit, it);
  return (half | more) !== 0;
}

/** Adds one to the last kept bit. */
function increase(unit: FloatUnit, it: Unpacked): void {
  const before = it.high;
  if (unit.precision === 24) it.high = (it.high + 0x100) | 0;
  else {
    it.low = (it.low + (unit.precision === 64 ? 1 : 0x800)) | 0;
    if (it.low === 0) it.high = (it.high + 1) | 0;
  }
  if (before < 0 && it.high >= 0) {
    it.high = 0x8000_0000 | 0;
    it.exponent += 1;
  }
}

/** Rounds a finite number to the unit's format and raises what that raises. */
export function round(unit: FloatUnit, it: Unpacked): void {
  unit.up = 0;
  if (it.kind !== FINITE) return;
  if (it.exponent < unit.lowest) roundTiny(unit, it);
  else {
    if (roundSignificand(unit, it)) unit.flags |= INEXACT;
    if (it.exponent > unit.highest) overflow(unit, it);
  }
}

/** Tininess is detected after rounding (SDM volume 1, section 4.9.1.5). */
function roundTiny(unit: FloatUnit, it: Unpacked): void {
  const { high, low, rest, exponent } = it;
  let inexact = roundSignificand(unit, it);
  const tiny = it.exponent < unit.lowest;
  const masked = (unit.masks & UNDERFLOW) !== 0;
  if (tiny && !masked) {
    unit.flags |= UNDERFLOW | (inexact ? INEXACT : 0);
    it.exponent += unit.wrap;
    if (unit.wrap !== 0 && it.exponent < unit.lowest) {
      // Of fscale: too small even so.
      unit.flags |= INEXACT;
      setZero(it, it.negative);
    }
    return;
  }
  if (tiny && unit.flushes) {
    unit.flags |= UNDERFLOW | INEXACT;
    setZero(it, it.negative);
    return;
  }
  it.high = high;
  it.low = low;
  it.rest = rest;
  it.exponent = unit.lowest;
  shiftRight(it, unit.lowest - exponent);
  inexact = roundSignificand(unit, it);
  if (inexact) unit.flags |= INEXACT | (tiny ? UNDERFLOW : 0);
  if ((it.high | it.low) === 0) it.kind = ZERO;
}

function overflow(unit: FloatUnit, it: Unpacked): void {
  unit.flags |= OVERFLOW;
  if ((unit.masks & OVERFLOW) === 0) {
    it.exponent -= unit.wrap;
    if (unit.wrap === 0 || it.exponent <= unit.highest) return;
    unit.flags |= INEXACT;
    unit.up = 1;
    it.kind = INFINITE;
    return;
  }
  unit.flags |= INEXACT;
  const infinite =
    unit.mode === NEAREST || (unit.mode === UP && it.negative === 0) || (unit.mode === DOWN && it.negative !== 0);
  unit.up = infinite ? 1 : 0;
  if (infinite) {
    it.kind = INFINITE;
    return;
  }
  it.exponent = unit.highest;
  it.high = unit.precision === 24 ? ~0xff : -1;
  it.low = unit.precision === 64 ? -1 : unit.precision === 53 ? ~0x7ff : 0;
}

/** Rounds a finite number (or zero) to an integer: high:low become its magnitude. Returns false where that needs more bits. */
export function roundToInteger(unit: FloatUnit, it: Unpacked, mode: number): boolean {
  unit.up = 0;
  if (it.kind === ZERO) return true;
  if (it.exponent > 63) return false;
  shiftRight(it, 63 - it.exponent);
  const half = it.rest >>> 31;
  const more = it.rest << 1;
  if ((half | more) === 0) return true;
  unit.flags |= INEXACT;
  it.rest = 0;
  if (!roundsUp(mode, it.negative, it.low & 1, half, more)) return true;
  unit.up = 1;
  it.low = (it.low + 1) | 0;
  if (it.low === 0) it.high = (it.high + 1) | 0;
  return (it.high | it.low) !== 0;
}
