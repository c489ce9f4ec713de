// mul, imul, div, idiv. Products of 64 bits come out of 32-bit parts; quotients of doubles where these are exact, else of BigInt.

import { highProduct, signedHighProduct } from "../float/product.ts";
import { IMMEDIATE } from "../machine/columns.ts";
import { STORED } from "../machine/flags.ts";
import { bySize, loadRegister, loadRm, reg, type Size, storeRegister } from "../machine/operands.ts";
import type { Choice } from "../machine/row.ts";
import {
  type Cpu,
  FLAG_AUX,
  FLAG_CF,
  FLAG_KIND,
  FLAG_LOW,
  FLAG_OF,
  FLAG_R,
  FLAG_ZERO,
  RAX,
  RDX,
  RESULT_HIGH,
  XMM_OPERAND_2,
} from "../machine/state.ts";
import { TRAP_DIVIDE, trap } from "../machine/traps.ts";

/** Carry and overflow say whether the high half is needed; the rest is undefined, and here follows the low half. */
function leaveProduct(w: Int32Array, low: number, sign: number, needsHigh: boolean): void {
  w[FLAG_KIND] = STORED;
  w[FLAG_CF] = w[FLAG_OF] = needsHigh ? 1 : 0;
  w[FLAG_R] = sign;
  w[FLAG_ZERO] = low | sign;
  w[FLAG_LOW] = low;
  w[FLAG_AUX] = 0;
}

/** Where the four words of a product of 64 bits stand: a place that vector instructions use, and only while they run. */
const PRODUCT = XMM_OPERAND_2;

/** The 128 bits of a product, as four words at `PRODUCT`. */
function product128(w: Int32Array, signed: boolean, a: number, aHigh: number, b: number, bHigh: number): void {
  // Sums of at most four numbers below 2^32: exact.
  const one = (highProduct(a, b) >>> 0) + (Math.imul(aHigh, b) >>> 0) + (Math.imul(a, bHigh) >>> 0);
  const two =
    Math.floor(one / 2 ** 32) +
    (highProduct(aHigh, b) >>> 0) +
    (highProduct(a, bHigh) >>> 0) +
    (Math.imul(aHigh, bHigh) >>> 0);
  w[PRODUCT] = Math.imul(a, b);
  w[PRODUCT + 1] = one;
  w[PRODUCT + 2] = two;
  w[PRODUCT + 3] = Math.floor(two / 2 ** 32) + (highProduct(aHigh, bHigh) >>> 0);
  if (!signed) return;
  if (aHigh < 0) takeFromUpper(w, b, bHigh);
  if (bHigh < 0) takeFromUpper(w, a, aHigh);
}

function takeFromUpper(w: Int32Array, b: number, bHigh: number): void {
  const borrow = w[PRODUCT + 2] >>> 0 < b >>> 0 ? 1 : 0;
  w[PRODUCT + 2] -= b;
  w[PRODUCT + 3] -= bHigh + borrow;
}

/** Whether the upper half of a product says more than the lower one's sign. */
function upperMatters(w: Int32Array, signed: boolean): boolean {
  const sign = signed ? w[PRODUCT + 1] >> 31 : 0;
  return w[PRODUCT + 2] !== sign || w[PRODUCT + 3] !== sign;
}

/** mul and imul with one operand: rdx:rax (or ax) becomes the whole product. */
export function multiply(signed: boolean): Choice {
  return bySize((size) => (cpu, at) => {
    const { words: w } = cpu;
    const b = loadRm(cpu, at, size);
    const bHigh = w[RESULT_HIGH];
    const a = loadRegister(cpu, RAX, size);
    if (size === 8) {
      product128(w, signed, a, w[RAX + 1], b, bHigh);
      storeRegister(cpu, RAX, 8, w[PRODUCT], w[PRODUCT + 1]);
      storeRegister(cpu, RDX, 8, w[PRODUCT + 2], w[PRODUCT + 3]);
      leaveProduct(w, w[RAX], w[RAX + 1], upperMatters(w, signed));
    } else if (size === 4) {
      const low = Math.imul(a, b);
      const high = signed ? signedHighProduct(a, b) : highProduct(a, b);
      storeRegister(cpu, RAX, 4, low, 0);
      storeRegister(cpu, RDX, 4, high, 0);
      leaveProduct(w, low, low, high !== (signed ? low >> 31 : 0));
    } else {
      const up = size === 1 ? 24 : 16;
      const r = signed ? ((a << up) >> up) * ((b << up) >> up) : a * b;
      if (size === 1) storeRegister(cpu, RAX, 2, r, 0);
      else {
        storeRegister(cpu, RAX, 2, r, 0);
        storeRegister(cpu, RDX, 2, r >> 16, 0);
      }
      const low = signed ? (r << up) >> up : r & (size === 1 ? 0xff : 0xffff);
      leaveProduct(w, r, r << up, (r | 0) !== low);
    }
  });
}

/** imul Gv,Ev and Gv,Ev,I: the low half of the signed product. */
export function multiplyTo(source: "register" | "immediate"): Choice {
  return bySize((size) => (cpu, at) => {
    const { code, words: w } = cpu;
    const b = loadRm(cpu, at, size);
    const bHigh = w[RESULT_HIGH];
    const to = reg(code, at);
    const a = source === "register" ? loadRegister(cpu, to, size) : code[at + IMMEDIATE];
    const aHigh = source === "register" ? w[RESULT_HIGH] : a >> 31;
    multiplyInto(cpu, to, size, a, aHigh, b, bHigh);
  });
}

function multiplyInto(cpu: Cpu, to: number, size: Size, a: number, aHigh: number, b: number, bHigh: number): void {
  const { words: w } = cpu;
  if (size === 8 && aHigh === a >> 31 && bHigh === b >> 31) {
    // Most are small: a product of two int32 has 64 bits.
    const low = Math.imul(a, b);
    const high = signedHighProduct(a, b);
    leaveProduct(w, low, high, false);
    w[to] = low;
    w[to + 1] = high;
  } else if (size === 8) {
    product128(w, true, a, aHigh, b, bHigh);
    leaveProduct(w, w[PRODUCT], w[PRODUCT + 1], upperMatters(w, true));
    w[to] = w[PRODUCT];
    w[to + 1] = w[PRODUCT + 1];
  } else if (size === 4) {
    const low = Math.imul(a, b);
    leaveProduct(w, low, low, signedHighProduct(a, b) !== low >> 31);
    storeRegister(cpu, to, 4, low, 0);
  } else {
    const r = ((a << 16) >> 16) * ((b << 16) >> 16);
    leaveProduct(w, r, r << 16, r !== (r << 16) >> 16);
    storeRegister(cpu, to, 2, r, 0);
  }
}

/** div and idiv: rdx:rax (or ax) by rm; quotient to rax, remainder to rdx (al and ah). Flags are undefined: left alone. */
export function divide(signed: boolean): Choice {
  return bySize((size) => (cpu, at) => {
    const { words: w } = cpu;
    const d = loadRm(cpu, at, size);
    const dHigh = w[RESULT_HIGH];
    if (size === 8) divide64(cpu, signed, d, dHigh);
    else if (size === 4) divide32(cpu, signed, d);
    else divideSmall(cpu, signed, size, d);
  });
}

function divideSmall(cpu: Cpu, signed: boolean, size: Size, d: number): void {
  const { words: w } = cpu;
  const up = size === 1 ? 24 : 16;
  const whole = size === 1 ? w[RAX] & 0xffff : (w[RAX] & 0xffff) | (w[RDX] << 16);
  const n = signed ? (size === 1 ? (whole << 16) >> 16 : whole) : whole >>> 0;
  const by = signed ? (d << up) >> up : d;
  if (by === 0) trap(cpu, TRAP_DIVIDE);
  const quotient = Math.trunc(n / by);
  const fits = signed ? (quotient << up) >> up === quotient : quotient < 2 ** (size * 8);
  if (!fits) trap(cpu, TRAP_DIVIDE);
  const remainder = n - quotient * by;
  if (size === 1) w[RAX] = (w[RAX] & ~0xffff) | (quotient & 0xff) | ((remainder & 0xff) << 8);
  else {
    storeRegister(cpu, RAX, 2, quotient, 0);
    storeRegister(cpu, RDX, 2, remainder, 0);
  }
}

function divide32(cpu: Cpu, signed: boolean, d: number): void {
  const { words: w } = cpu;
  if (d === 0) trap(cpu, TRAP_DIVIDE);
  const low = w[RAX];
  const high = w[RDX];
  const n = (signed ? high : high >>> 0) * 2 ** 32 + (low >>> 0);
  const by = signed ? d : d >>> 0;
  let quotient: number;
  let remainder: number;
  if (n > -(2 ** 53) && n < 2 ** 53) {
    // Exact: the quotient of doubles below 2^53 truncates right or is one too large, which the remainder's sign shows.
    quotient = Math.trunc(n / by);
    remainder = n - quotient * by;
  } else {
    const exact = (BigInt(signed ? high : high >>> 0) << 32n) | BigInt(low >>> 0);
    quotient = Number(exact / BigInt(by));
    remainder = Number(exact % BigInt(by));
  }
  if (signed ? quotient !== (quotient | 0) : quotient >= 2 ** 32) trap(cpu, TRAP_DIVIDE);
  storeRegister(cpu, RAX, 4, quotient | 0, 0);
  storeRegister(cpu, RDX, 4, remainder | 0, 0);
}

function divide64(cpu: Cpu, signed: boolean, d: number, dHigh: number): void {
  const { words: w } = cpu;
  if ((d | dHigh) === 0) trap(cpu, TRAP_DIVIDE);
  const low = w[RAX];
  const high = w[RAX + 1];
  const extension = signed ? high >> 31 : 0;
  // Most are small: a dividend of up to 53 bits by a divisor of as many.
  if (w[RDX] === extension && w[RDX + 1] === extension) {
    const n = (signed ? high : high >>> 0) * 2 ** 32 + (low >>> 0);
    const by = (signed ? dHigh : dHigh >>> 0) * 2 ** 32 + (d >>> 0);
    if (n > -(2 ** 53) && n < 2 ** 53 && by > -(2 ** 53) && by < 2 ** 53) {
      let quotient = Math.trunc(n / by);
      let remainder = n - quotient * by;
      if (remainder !== 0 && remainder < 0 !== n < 0) {
        const away = n < 0 === by < 0 ? 1 : -1;
        quotient -= away;
        remainder += away * by;
      }
      setPair(w, RAX, quotient);
      setPair(w, RDX, remainder);
      return;
    }
  }
  const wide = (a: number, aHigh: number): bigint => (BigInt(aHigh >>> 0) << 32n) | BigInt(a >>> 0);
  let n = (wide(w[RDX], w[RDX + 1]) << 64n) | wide(low, high);
  let by = wide(d, dHigh);
  if (signed) {
    n = BigInt.asIntN(128, n);
    by = BigInt.asIntN(64, by);
  }
  const quotient = n / by;
  const fits = signed ? BigInt.asIntN(64, quotient) === quotient : quotient < 1n << 64n;
  if (!fits) trap(cpu, TRAP_DIVIDE);
  const remainder = n % by;
  w[RAX] = Number(BigInt.asIntN(32, quotient));
  w[RAX + 1] = Number(BigInt.asIntN(32, quotient >> 32n));
  w[RDX] = Number(BigInt.asIntN(32, remainder));
  w[RDX + 1] = Number(BigInt.asIntN(32, remainder >> 32n));
}

/** Sets a register pair to an integer below 2^53. */
function setPair(w: Int32Array, to: number, value: number): void {
  w[to] = value | 0;
  w[to + 1] = Math.floor(value / 2 ** 32);
}
