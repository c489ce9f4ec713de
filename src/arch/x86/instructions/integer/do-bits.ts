// Single bits: bt, bts, btr, btc; bsf and bsr; popcnt, lzcnt, tzcnt.

import { IMMEDIATE } from "../machine/columns.ts";
import {
  AF,
  arithmeticFlags,
  CF,
  carry,
  OF,
  overflow,
  PF,
  SF,
  STORED,
  setArithmeticFlags,
  ZF,
} from "../machine/flags.ts";
import { probeWrite } from "../machine/memory.ts";
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
} from "../machine/operands.ts";
import type { Choice } from "../machine/row.ts";
import { ADDRESS_HIGH, type Cpu, FLAG_CF, FLAG_KIND, FLAG_OF, RESULT_HIGH } from "../machine/state.ts";

export const BT = 0;
export const BTS = 1;
export const BTR = 2;
export const BTC = 3;

/** Only carry changes. */
function setCarry(w: Int32Array, value: number): void {
  const kept = overflow(w);
  w[FLAG_KIND] = STORED;
  w[FLAG_CF] = value;
  w[FLAG_OF] = kept;
}

/** The bit numbered by a register: in memory of a string of bits that goes in both directions from the operand. */
export function bitByRegister(op: number): Choice {
  return bySize((size) => (cpu, at) => {
    const { code, words: w } = cpu;
    const number = loadRegister(cpu, reg(code, at), size);
    const numberHigh = w[RESULT_HIGH];
    const bit = number & (size * 8 - 1);
    if (!isMemory(code, at)) {
      inRegister(cpu, op, size, rm(code, at), bit);
      return;
    }
    // The operand's address, and from there so many operands up or down.
    const shift = size === 8 ? 6 : size === 4 ? 5 : 4;
    const signed = size === 2 ? (number << 16) >> 16 : number;
    const signedHigh = size === 8 ? numberHigh : signed >> 31;
    const whole = (signed >>> shift) | (signedHigh << (32 - shift));
    const wholeHigh = signedHigh >> shift;
    const bytes = whole * size;
    const plus = bytes | 0;
    const plusHigh = wholeHigh * size + Math.floor(((whole >>> 0) * size) / 2 ** 32);
    const low = address(cpu, at);
    const to = (low + plus) | 0;
    const toHigh = cpu.mode === 32 ? 0 : (w[ADDRESS_HIGH] + plusHigh + (to >>> 0 < low >>> 0 ? 1 : 0)) | 0;
    inMemory(cpu, op, size, to, toHigh, bit);
  });
}

/** The bit numbered by an immediate, modulo the size. */
export function bitByImmediate(op: number): Choice {
  return bySize((size) => (cpu, at) => {
    const { code, words: w } = cpu;
    const bit = code[at + IMMEDIATE] & (size * 8 - 1);
    if (!isMemory(code, at)) {
      inRegister(cpu, op, size, rm(code, at), bit);
      return;
    }
    const low = address(cpu, at);
    inMemory(cpu, op, size, low, w[ADDRESS_HIGH], bit);
  });
}

function changed(op: number, value: number, mask: number): number {
  if (op === BTS) return value | mask;
  return op === BTR ? value & ~mask : value ^ mask;
}

function inRegister(cpu: Cpu, op: number, size: Size, register: number, bit: number): void {
  const { words: w } = cpu;
  const mask = 1 << (bit & 31);
  const inHigh = bit >= 32;
  const word = w[inHigh ? register + 1 : register];
  setCarry(w, (word & mask) !== 0 ? 1 : 0);
  if (op === BT) return;
  if (inHigh) w[register + 1] = changed(op, word, mask);
  else storeRegister(cpu, register, size, changed(op, word, mask), w[register + 1]);
}

function inMemory(cpu: Cpu, op: number, size: Size, low: number, high: number, bit: number): void {
  const { words: w } = cpu;
  if (op !== BT) probeWrite(cpu.memory, low, high, size);
  const value = loadMemory(cpu, low, high, size);
  const valueHigh = w[RESULT_HIGH];
  const mask = 1 << (bit & 31);
  const inHigh = bit >= 32;
  setCarry(w, ((inHigh ? valueHigh : value) & mask) !== 0 ? 1 : 0);
  if (op === BT) return;
  storeMemory(
    cpu,
    low,
    high,
    size,
    inHigh ? value : changed(op, value, mask),
    inHigh ? changed(op, valueHigh, mask) : valueHigh,
  );
}

/** The number of the lowest one bit, 0 to 63; the operand is not zero. */
function lowestBit(low: number, high: number): number {
  return low !== 0 ? 31 - Math.clz32(low & -low) : 63 - Math.clz32(high & -high);
}

/** bsf and bsr: of zero the destination stays as it was, as processors do it; other flags are undefined and stay. */
export function scan(forward: boolean): Choice {
  return bySize((size) => (cpu, at) => {
    const { words: w } = cpu;
    const low = loadRm(cpu, at, size);
    const high = size === 8 ? w[RESULT_HIGH] : 0;
    const isZero = (low | high) === 0;
    setArithmeticFlags(w, (arithmeticFlags(w) & ~ZF) | (isZero ? ZF : 0));
    if (isZero) return;
    const last = high !== 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(low);
    storeRegister(cpu, reg(cpu.code, at), size, forward ? lowestBit(low, high) : last, 0);
  });
}

export function countOnes(value: number): number {
  const pairs = value - ((value >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** All flags are cleared, ZF says that the operand is zero. */
export const popcnt: Choice = bySize((size) => (cpu, at) => {
  const { words: w } = cpu;
  const low = loadRm(cpu, at, size);
  const high = size === 8 ? w[RESULT_HIGH] : 0;
  setArithmeticFlags(w, (low | high) === 0 ? ZF : 0);
  storeRegister(cpu, reg(cpu.code, at), size, countOnes(low) + countOnes(high), 0);
});

/** lzcnt and tzcnt: zeros before the first one; the operand's size and CF if there is none. */
export function countZeros(leading: boolean): Choice {
  return bySize((size) => (cpu, at) => {
    const { words: w } = cpu;
    const low = loadRm(cpu, at, size);
    const high = size === 8 ? w[RESULT_HIGH] : 0;
    const bits = size * 8;
    let r = bits;
    if ((low | high) !== 0) {
      if (!leading) r = lowestBit(low, high);
      else r = size === 8 && high !== 0 ? Math.clz32(high) : Math.clz32(low) + (size === 8 ? 32 : bits - 32);
    }
    const kept = arithmeticFlags(w) & (OF | SF | AF | PF);
    setArithmeticFlags(w, kept | (r === bits ? CF : 0) | (r === 0 ? ZF : 0));
    storeRegister(cpu, reg(cpu.code, at), size, r, 0);
  });
}

/** clc, stc, cmc. */
export function changeCarry(to: 0 | 1 | "other"): (cpu: Cpu) => void {
  return (cpu) => setCarry(cpu.words, to === "other" ? carry(cpu.words) ^ 1 : to);
}
