// Shifts and rotates. A count of zero leaves everything as it was, flags too. Carry is the last bit that left; overflow is
// defined for a count of 1 only; for others it is what processors give: going left carry and the result's sign differ, going right
// the result's two highest bits do.

import { IMMEDIATE } from "../machine/columns.ts";
import { carry, STORED } from "../machine/flags.ts";
import { loadRegister, loadRm, reg, rm, type Size, storeRm } from "../machine/operands.ts";
import type { Choice, Handler } from "../machine/row.ts";
import {
  type Cpu,
  FLAG_AUX,
  FLAG_CF,
  FLAG_KIND,
  FLAG_LOW,
  FLAG_OF,
  FLAG_R,
  FLAG_ZERO,
  RCX,
  RESULT_HIGH,
} from "../machine/state.ts";
import { probeRm } from "./do-arithmetic.ts";

/** Operations as ModRM.reg numbers them; 6 is an undocumented second shl. */
export const ROL = 0;
export const ROR = 1;
export const RCL = 2;
export const RCR = 3;
export const SHL = 4;
export const SHR = 5;
export const SAR = 7;

export type Count = "1" | "cl" | "immediate";

/** A shift or rotate of the rm operand. */
export function shift(op: number, count: Count): Choice {
  return {
    choose: ({ size, memory }) => {
      if (!memory && op >= SHL && size >= 4)
        return size === 4 ? registerShift32(op, count) : registerShift64(op, count);
      return anyShift(op, size, count);
    },
  };
}

function countOf(cpu: Cpu, at: number, count: Count, mask: number): number {
  if (count === "immediate") return cpu.code[at + IMMEDIATE] & mask;
  return count === "1" ? 1 : cpu.bytes[RCX * 4] & mask;
}

function anyShift(op: number, size: Size, count: Count): Handler {
  const mask = size === 8 ? 63 : 31;
  return (cpu, at) => {
    const n = countOf(cpu, at, count, mask);
    const { words: w } = cpu;
    if (n === 0) {
      // A 32-bit register is written all the same: its high half goes.
      probeRm(cpu, at, size);
      const same = loadRm(cpu, at, size);
      if (size === 4) storeRm(cpu, at, size, same, 0);
      return;
    }
    probeRm(cpu, at, size);
    const low = loadRm(cpu, at, size);
    const high = w[RESULT_HIGH];
    const r = shifted(w, op, size, low, high, n);
    storeRm(cpu, at, size, r, w[RESULT_HIGH]);
  };
}

/** The result's low word, the high one in `RESULT_HIGH`; leaves flags. */
function shifted(w: Int32Array, op: number, size: Size, low: number, high: number, n: number): number {
  if (op >= SHL) {
    if (size === 8) return shift64(w, op, low, high, n);
    return size === 4 ? shift32(w, op, low, n) : shiftSmall(w, op, size, low, n);
  }
  if (op >= RCL) return rotateThroughCarry(w, op, size, low, high, n);
  return rotate(w, op, size, low, high, n);
}

function stored(w: Int32Array, carried: number, overflowed: number): void {
  w[FLAG_KIND] = STORED;
  w[FLAG_CF] = carried;
  w[FLAG_OF] = overflowed;
}

function shift32(w: Int32Array, op: number, a: number, n: number): number {
  let r = 0;
  if (op === SHR) {
    r = (a >>> n) | 0;
    stored(w, (a >>> (n - 1)) & 1, (r >>> 30) & 1);
  } else if (op === SAR) {
    r = a >> n;
    stored(w, (a >> (n - 1)) & 1, 0);
  } else {
    r = a << n;
    const carried = (a >>> (32 - n)) & 1;
    stored(w, carried, (r >>> 31) ^ carried);
  }
  w[FLAG_R] = r;
  w[FLAG_ZERO] = r;
  w[FLAG_LOW] = r;
  w[FLAG_AUX] = 0;
  return r;
}

/** 8 and 16 bits: counts beyond the size shift everything out. */
function shiftSmall(w: Int32Array, op: number, size: Size, a: number, n: number): number {
  const bits = size * 8;
  const up = 32 - bits;
  let r = 0;
  if (op === SHR) {
    r = a >>> n;
    stored(w, (a >>> (n - 1)) & 1, (r >>> (bits - 2)) & 1);
  } else if (op === SAR) {
    const signed = (a << up) >> up;
    r = signed >> n;
    stored(w, (signed >> (n - 1)) & 1, 0);
  } else {
    r = a << n;
    const carried = n > bits ? 0 : (a >>> (bits - n)) & 1;
    stored(w, carried, ((r >>> (bits - 1)) & 1) ^ carried);
  }
  w[FLAG_R] = r << up;
  w[FLAG_ZERO] = r << up;
  w[FLAG_LOW] = r;
  w[FLAG_AUX] = 0;
  return r;
}

function shift64(w: Int32Array, op: number, low: number, high: number, n: number): number {
  let r = 0;
  let rHigh = 0;
  if (op === SHL) {
    const carried = (n <= 32 ? high >>> (32 - n) : low >>> (64 - n)) & 1;
    if (n < 32) {
      r = low << n;
      rHigh = (high << n) | (low >>> (32 - n));
    } else rHigh = low << (n - 32);
    stored(w, carried, (rHigh >>> 31) ^ carried);
  } else {
    const carried = (n <= 32 ? low >>> (n - 1) : high >>> (n - 33)) & 1;
    const fill = op === SAR ? high >> 31 : 0;
    if (n < 32) {
      r = (low >>> n) | (high << (32 - n));
      rHigh = op === SAR ? high >> n : high >>> n;
    } else {
      r = op === SAR ? high >> (n - 32) : high >>> (n - 32);
      rHigh = fill;
    }
    stored(w, carried, op === SAR ? 0 : (rHigh >>> 30) & 1);
  }
  w[FLAG_R] = rHigh;
  w[FLAG_ZERO] = r | rHigh;
  w[FLAG_LOW] = r;
  w[FLAG_AUX] = 0;
  w[RESULT_HIGH] = rHigh;
  return r;
}

function registerShift32(op: number, count: Count): Handler {
  return (cpu, at) => {
    const { code, words: w } = cpu;
    const n = countOf(cpu, at, count, 31);
    const to = rm(code, at);
    if (n !== 0) w[to] = shift32(w, op, w[to], n);
    w[to + 1] = 0;
  };
}

function registerShift64(op: number, count: Count): Handler {
  return (cpu, at) => {
    const { code, words: w } = cpu;
    const n = countOf(cpu, at, count, 63);
    if (n === 0) return;
    const to = rm(code, at);
    w[to] = shift64(w, op, w[to], w[to + 1], n);
    w[to + 1] = w[RESULT_HIGH];
  };
}

/** rol and ror: only carry and overflow change. */
function rotate(w: Int32Array, op: number, size: Size, low: number, high: number, count: number): number {
  const bits = size * 8;
  // A rotate to the right is one to the left by what is missing to a whole turn.
  const n = (op === ROL ? count : bits - (count % bits)) % bits;
  let r = low;
  let rHigh = high;
  if (size === 8) {
    const swap = n >= 32;
    const a = swap ? high : low;
    const b = swap ? low : high;
    const m = n & 31;
    r = m === 0 ? a : (a << m) | (b >>> (32 - m));
    rHigh = m === 0 ? b : (b << m) | (a >>> (32 - m));
  } else if (size === 4) r = n === 0 ? low : (low << n) | (low >>> (32 - n));
  else r = ((low << n) | (low >>> (bits - n))) & (size === 1 ? 0xff : 0xffff);
  const top = size === 8 ? rHigh >>> 31 : (r >>> (bits - 1)) & 1;
  if (op === ROL) stored(w, r & 1, top ^ (r & 1));
  else stored(w, top, top ^ (size === 8 ? (rHigh >>> 30) & 1 : (r >>> (bits - 2)) & 1));
  w[RESULT_HIGH] = rHigh;
  return r;
}

/** rcl and rcr, a bit at a time: they are rare, and a turn has one bit more than the operand. */
function rotateThroughCarry(w: Int32Array, op: number, size: Size, low: number, high: number, count: number): number {
  const bits = size * 8;
  const top = size === 8 ? 31 : bits - 1;
  let c = carry(w);
  let r = low;
  let rHigh = size === 8 ? high : 0;
  for (let n = count % (bits + 1); n > 0; n--) {
    const first = ((size === 8 ? rHigh : r) >>> top) & 1;
    const last = r & 1;
    if (op === RCL) {
      if (size === 8) rHigh = (rHigh << 1) | (r >>> 31);
      r = (r << 1) | c;
      c = first;
    } else {
      if (size === 8) {
        r = (r >>> 1) | (rHigh << 31);
        rHigh = (rHigh >>> 1) | (c << 31);
      } else r = ((r & (0xffffffff >>> (31 - top))) >>> 1) | (c << top);
      c = last;
    }
  }
  const sign = ((size === 8 ? rHigh : r) >>> top) & 1;
  const below = ((size === 8 ? rHigh : r) >>> (top - 1)) & 1;
  stored(w, c, op === RCL ? sign ^ c : sign ^ below);
  w[RESULT_HIGH] = rHigh;
  return r;
}

/** shld and shrd: rm shifted, filled from the register. 16 bits with counts above 16 are undefined. */
export function doubleShift(left: boolean, count: Count): Choice {
  return {
    choose:
      ({ size }) =>
      (cpu, at) => {
        const n = countOf(cpu, at, count, size === 8 ? 63 : 31);
        probeRm(cpu, at, size);
        const { words: w } = cpu;
        const a = loadRm(cpu, at, size);
        const aHigh = w[RESULT_HIGH];
        if (n === 0) {
          if (size === 4) storeRm(cpu, at, size, a, 0);
          return;
        }
        const b = loadRegister(cpu, reg(cpu.code, at), size);
        if (size === 8) doubleShift64(w, left, n, a, aHigh, b, w[RESULT_HIGH]);
        else if (size === 4) doubleShift32(w, left, n, a, b);
        else doubleShift16(w, left, n, a, b);
        storeRm(cpu, at, size, w[FLAG_LOW], w[RESULT_HIGH]);
      },
  };
}

function doubleShift16(w: Int32Array, left: boolean, n: number, a: number, b: number): void {
  // Beyond 16 bits, which the manual leaves open, processors go on with the register once more.
  const twice = (b << 16) | b;
  const under = n <= 16 ? (a << 16) | b : twice;
  const over = n <= 16 ? (b << 16) | a : twice;
  const m = n <= 16 ? n : n - 16;
  if (n > 16) finish(w, false, left ? (under << m) >>> 16 : (over >>> m) & 0xffff, 0, 2, 0);
  else if (left) finish(w, left, (under << m) >>> 16, 0, 2, (under >>> (32 - m)) & 1);
  else finish(w, left, (over >>> m) & 0xffff, 0, 2, (over >>> (m - 1)) & 1);
}

function doubleShift32(w: Int32Array, left: boolean, n: number, a: number, b: number): void {
  if (left) finish(w, left, (a << n) | (b >>> (32 - n)), 0, 4, (a >>> (32 - n)) & 1);
  else finish(w, left, (a >>> n) | (b << (32 - n)), 0, 4, (a >>> (n - 1)) & 1);
}

function doubleShift64(
  w: Int32Array,
  left: boolean,
  n: number,
  a: number,
  aHigh: number,
  b: number,
  bHigh: number,
): void {
  const far = n >= 32;
  const m = n & 31;
  if (left) {
    // The four words from the top: aHigh a bHigh b. Two of three neighbours make the result.
    const [top, middle, low] = far ? [a, bHigh, b] : [aHigh, a, bHigh];
    const gone = n <= 32 ? (aHigh >>> (32 - n)) & 1 : (a >>> (64 - n)) & 1;
    finish(w, left, joined(middle, low, m), joined(top, middle, m), 8, gone);
  } else {
    // From below: a aHigh b bHigh.
    const [low, middle, top] = far ? [aHigh, b, bHigh] : [a, aHigh, b];
    const gone = n <= 32 ? (a >>> (n - 1)) & 1 : (aHigh >>> (n - 33)) & 1;
    const up = 32 - m;
    finish(w, left, m === 0 ? low : joined(middle, low, up), m === 0 ? middle : joined(top, middle, up), 8, gone);
  }
}

/** The upper word of two that are shifted left by 0 to 31 bits. */
function joined(upper: number, lower: number, n: number): number {
  return n === 0 ? upper : (upper << n) | (lower >>> (32 - n));
}

function finish(w: Int32Array, left: boolean, r: number, rHigh: number, size: Size, carried: number): void {
  const sign = size === 8 ? rHigh : size === 2 ? r << 16 : r;
  stored(w, carried, (sign >>> 31) ^ (left ? carried : (sign >>> 30) & 1));
  w[FLAG_R] = sign;
  w[FLAG_ZERO] = size === 8 ? r | rHigh : sign;
  w[FLAG_LOW] = r;
  w[FLAG_AUX] = 0;
  w[RESULT_HIGH] = rHigh;
}
