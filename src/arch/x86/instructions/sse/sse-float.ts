// One lane of SSE arithmetic, by MXCSR's rules: rounding, masks, denormals, which NaN comes out. The quick way is the host's own
// double arithmetic, taken where nothing but the rounded result can matter: rounding to nearest, all exceptions masked, the
// inexact flag already up, operands and result normal numbers. Everything else goes through soft-float.ts.

import { add, compare, divide, multiply, squareRoot } from "../float/soft-arithmetic.ts";
import {
  copy,
  DENORMAL,
  DOUBLE,
  FINITE,
  type FloatUnit,
  INVALID,
  isNaNKind,
  packDoubleHigh,
  packDoubleLow,
  packSingle,
  QUIET,
  round,
  SIGNALING,
  SINGLE,
  setFormat,
  type Unpacked,
  unpackDouble,
  unpackSingle,
  ZERO,
  ZERO_DIVIDE,
} from "../float/soft-float.ts";
import { type Cpu, MXCSR, XMM_OPERAND_2 } from "../machine/state.ts";
import { TRAP_FLOAT, trap } from "../machine/traps.ts";

/** What a lane does. */
export const ADD = 0;
export const SUBTRACT = 1;
export const MULTIPLY = 2;
export const DIVIDE = 3;
export const MIN = 4;
export const MAX = 5;
/** Of the second operand alone. */
export const ROOT = 6;

const QUICK_BITS = 0x7fa0;
const QUICK = 0x1fa0;

/** Whether the host's arithmetic may be used (see above). */
export function isQuick(cpu: Cpu): boolean {
  return (cpu.words[MXCSR] & QUICK_BITS) === QUICK;
}

/** A normal double, but for the very smallest; so not zero either. */
export function isNormal(x: number): boolean {
  const magnitude = Math.abs(x);
  return magnitude > 2.2250738585072014e-308 && magnitude < Number.POSITIVE_INFINITY;
}

/** The same of singles. */
export function isNormalSingle(x: number): boolean {
  const magnitude = Math.abs(x);
  return magnitude > 1.1754943508222875e-38 && magnitude < Number.POSITIVE_INFINITY;
}

/** The operation on doubles. Of singles: `Math.fround` of it (twice rounded is rounded: 53 is more than twice 24 and two). */
export function quick(operation: number, a: number, b: number): number {
  switch (operation) {
    case ADD:
      return a + b;
    case SUBTRACT:
      return a - b;
    case MULTIPLY:
      return a * b;
    case DIVIDE:
      return a / b;
    case MIN:
      return Math.min(a, b);
    case MAX:
      return Math.max(a, b);
    default:
      return Math.sqrt(b);
  }
}

/** Prepares the unit for MXCSR as it is. */
export function begin(cpu: Cpu): FloatUnit {
  const unit = cpu.float;
  const control = cpu.words[MXCSR];
  unit.flags = 0;
  unit.mode = (control >>> 13) & 3;
  unit.masks = (control >>> 7) & 0x3f;
  unit.flushes = (control & 0x8000) !== 0;
  unit.zeroes = (control & 0x40) !== 0;
  unit.wrap = 0;
  return unit;
}

/** Raises what happened: #XM where it is not masked. Before the result is written. */
export function finish(cpu: Cpu): void {
  const unit = cpu.float;
  const { masks } = unit;
  // What is refused before calculating, in whatever lane, leaves nothing to round (SDM volume 1, section 11.5.2).
  if ((unit.flags & ~masks & (INVALID | DENORMAL | ZERO_DIVIDE)) !== 0) unit.flags &= INVALID | DENORMAL | ZERO_DIVIDE;
  const { flags } = unit;
  cpu.words[MXCSR] |= flags;
  if ((flags & ~masks) !== 0) trap(cpu, TRAP_FLOAT);
}

/** Copies words of the result, gathered in `XMM_OPERAND_2`, to `d`. */
export function deliver(cpu: Cpu, d: number, words: number): void {
  const { words: w } = cpu;
  for (let i = 0; i < words; i++) w[d + i] = w[XMM_OPERAND_2 + i];
}

/** r of a and b, both unpacked, rounded to the unit's format. */
export function calculate(unit: FloatUnit, operation: number): void {
  const { a, b, r } = unit;
  if (operation === ROOT) copy(b, a);
  if (isNaNKind(a.kind) || isNaNKind(b.kind)) {
    chooseNaN(unit);
    return;
  }
  const before = unit.flags;
  unit.flags = 0;
  const denormal = a.denormal || b.denormal;
  if (operation === ADD) add(unit);
  else if (operation === SUBTRACT) {
    b.negative ^= 1;
    add(unit);
  } else if (operation === MULTIPLY) multiply(unit);
  else if (operation === DIVIDE) divide(unit);
  else squareRoot(unit);
  if (denormal && (unit.flags & (INVALID | ZERO_DIVIDE)) === 0) unit.flags |= DENORMAL;
  round(unit, r);
  unit.flags |= before;
}

/** The first operand if it is a NaN, else the second, made quiet (SDM volume 1, table 4-7). */
export function chooseNaN(unit: FloatUnit): void {
  const { a, b, r } = unit;
  if (a.kind === SIGNALING || b.kind === SIGNALING) unit.flags |= INVALID;
  copy(isNaNKind(a.kind) ? a : b, r);
  r.kind = QUIET;
}

/** -1, 0, 1, or 2 for unordered. `signals`: a quiet NaN is invalid too. */
export function order(unit: FloatUnit, signals: boolean): number {
  const { a, b } = unit;
  if (isNaNKind(a.kind) || isNaNKind(b.kind)) {
    if (signals || a.kind === SIGNALING || b.kind === SIGNALING) unit.flags |= INVALID;
    return 2;
  }
  if (a.denormal || b.denormal) unit.flags |= DENORMAL;
  return compare(a, b);
}

/** Does min or max keep the first operand? The second where they are equal or either is a NaN. */
function keepsFirst(unit: FloatUnit, operation: number): boolean {
  const ordered = order(unit, true);
  return operation === MIN ? ordered === -1 : ordered === 1;
}

export function unpackDoubleLane(unit: FloatUnit, it: Unpacked, w: Int32Array, at: number): void {
  unpackDouble(it, w[at], w[at + 1], unit.zeroes);
}

/** Slow way, one double: words `d` and `s` into word `out`. */
export function doubleLane(unit: FloatUnit, w: Int32Array, operation: number, d: number, s: number, out: number): void {
  unpackDouble(unit.a, w[d], w[d + 1], unit.zeroes);
  unpackDouble(unit.b, w[s], w[s + 1], unit.zeroes);
  if (operation === MIN || operation === MAX) {
    const first = keepsFirst(unit, operation);
    const from = first ? d : s;
    const zero = (first ? unit.a : unit.b).kind === ZERO;
    const [low, high] = [w[from], w[from + 1]];
    w[out] = zero ? 0 : low;
    w[out + 1] = zero ? high & 0x8000_0000 : high;
    return;
  }
  setFormat(unit, DOUBLE);
  calculate(unit, operation);
  putDouble(w, out, unit.r);
}

/** Slow way, one single. */
export function singleLane(unit: FloatUnit, w: Int32Array, operation: number, d: number, s: number, out: number): void {
  unpackSingle(unit.a, w[d], unit.zeroes);
  unpackSingle(unit.b, w[s], unit.zeroes);
  if (operation === MIN || operation === MAX) {
    const first = keepsFirst(unit, operation);
    const bits = w[first ? d : s];
    w[out] = (first ? unit.a : unit.b).kind === ZERO ? bits & 0x8000_0000 : bits;
    return;
  }
  setFormat(unit, SINGLE);
  calculate(unit, operation);
  w[out] = packSingle(unit.r);
}

export function putDouble(w: Int32Array, out: number, r: Unpacked): void {
  w[out] = packDoubleLow(r);
  w[out + 1] = packDoubleHigh(r);
}

/** Makes r of a single or double the same number in the other format: a conversion. */
export function convert(unit: FloatUnit, it: Unpacked): void {
  if (it.kind === SIGNALING) unit.flags |= INVALID;
  if (it.kind === SIGNALING || it.kind === QUIET) it.kind = QUIET;
  if (it.kind !== FINITE) return;
  if (it.denormal) unit.flags |= DENORMAL;
  round(unit, it);
}
