// The x87's stack of registers and its exceptions: what every one of its instructions needs (SDM volume 1, chapter 8). A
// register's tag is 0 (in use) or 3 (empty); fnstenv computes the other two values, as the processor itself does.

import {
  DENORMAL,
  EXTENDED,
  type FloatUnit,
  INEXACT,
  INVALID,
  OVERFLOW,
  packExtendedHigh,
  packExtendedLow,
  packExtendedTop,
  setFormat,
  setIndefinite,
  UNDERFLOW,
  type Unpacked,
  unpackExtended,
  ZERO_DIVIDE,
} from "../float/soft-float.ts";
import { type Cpu, X87, X87_CONTROL, X87_STATUS, X87_TAGS, X87_TOP } from "../machine/state.ts";
import { TRAP_X87, trap } from "../machine/traps.ts";

/** Bits of the status word. */
export const STACK_FAULT = 0x40;
export const SUMMARY = 0x80;
export const C0 = 0x100;
export const C1 = 0x200;
export const C2 = 0x400;
export const C3 = 0x4000;
export const BUSY = 0x8000;

/** Exceptions after which, unmasked, nothing is written. */
const BEFORE = INVALID | DENORMAL | ZERO_DIVIDE;
/** What the exponent is moved by when an unmasked overflow or underflow goes into a register. */
const WRAP = 24576;

/** #MF where an unmasked exception waits: what every waiting instruction begins with. C1 is cleared. */
export function wait(cpu: Cpu): void {
  const { words: w } = cpu;
  if ((w[X87_STATUS] & SUMMARY) !== 0) trap(cpu, TRAP_X87);
}

/** Waits and prepares the unit for the control word as it is. */
export function begin(cpu: Cpu): FloatUnit {
  wait(cpu);
  const unit = cpu.float;
  const control = cpu.words[X87_CONTROL];
  unit.flags = 0;
  unit.up = 0;
  unit.mode = (control >>> 10) & 3;
  unit.masks = control & 0x3f;
  unit.flushes = false;
  unit.zeroes = false;
  unit.wrap = WRAP;
  setFormat(unit, EXTENDED);
  return unit;
}

/** Rounds to the control word's precision from here on; the range of exponents stays. */
export function usePrecision(cpu: Cpu): void {
  const precision = (cpu.words[X87_CONTROL] >>> 8) & 3;
  if (precision === 0) cpu.float.precision = 24;
  else if (precision === 2) cpu.float.precision = 53;
}

/** ST(i) as an index into `words`. */
export function st(w: Int32Array, i: number): number {
  return X87 + 4 * ((w[X87_TOP] + i) & 7);
}

export function isEmpty(w: Int32Array, i: number): boolean {
  return ((w[X87_TAGS] >>> (2 * ((w[X87_TOP] + i) & 7))) & 3) === 3;
}

export function setTag(w: Int32Array, i: number, tag: 0 | 3): void {
  const shift = 2 * ((w[X87_TOP] + i) & 7);
  w[X87_TAGS] = (w[X87_TAGS] & ~(3 << shift)) | (tag << shift);
}

export function pop(w: Int32Array): void {
  setTag(w, 0, 3);
  w[X87_TOP] = (w[X87_TOP] + 1) & 7;
}

export function popTimes(w: Int32Array, times: number): void {
  for (let i = 0; i < times; i++) pop(w);
}

export function unpackRegister(w: Int32Array, i: number, it: Unpacked): void {
  const at = st(w, i);
  unpackExtended(it, w[at], w[at + 1], w[at + 2]);
}

export function putRegister(w: Int32Array, i: number, it: Unpacked): void {
  const at = st(w, i);
  w[at] = packExtendedLow(it);
  w[at + 1] = packExtendedHigh(it);
  w[at + 2] = packExtendedTop(it);
  setTag(w, i, 0);
}

/** Records exceptions in the status word, with C1 as the rounding's direction. */
export function raise(cpu: Cpu): void {
  const { words: w, float } = cpu;
  const { flags, up } = float;
  const status = (w[X87_STATUS] & ~C1) | flags | (up !== 0 ? C1 : 0);
  w[X87_STATUS] = (flags & ~float.masks & 0x3f) !== 0 ? status | SUMMARY | BUSY : status;
}

/**
 * After `calculate`d flags: whether the result may be written. Where not, only what was found before calculating is raised.
 */
export function mayWrite(unit: FloatUnit): boolean {
  if ((unit.flags & ~unit.masks & BEFORE) === 0) return true;
  unit.flags &= BEFORE | STACK_FAULT;
  unit.up = 0;
  return false;
}

/** The same for results that go to memory as floating point: overflow and underflow, unmasked, stop them too. */
export function mayStore(unit: FloatUnit): boolean {
  if (!mayWrite(unit)) return false;
  if ((unit.flags & ~unit.masks & (OVERFLOW | UNDERFLOW)) === 0) return true;
  unit.flags &= ~INEXACT;
  unit.up = 0;
  return false;
}

/** An operand that is not there. Returns whether the indefinite number is to be delivered in the result's place. */
export function underflowed(unit: FloatUnit): boolean {
  unit.flags |= INVALID | STACK_FAULT;
  unit.up = 0;
  setIndefinite(unit.r);
  return (unit.masks & INVALID) !== 0;
}

/**
 * Pushes `unit.r` and raises what happened so far; where the place is taken, an indefinite number and a stack fault (with C1).
 * Nothing is pushed after an unmasked invalid operation; an unmasked denormal is (measured).
 */
export function push(cpu: Cpu): void {
  const { words: w, float: unit } = cpu;
  if (!isEmpty(w, 7)) {
    unit.flags = INVALID | STACK_FAULT;
    unit.up = 1;
    setIndefinite(unit.r);
    if ((unit.masks & INVALID) === 0) {
      raise(cpu);
      return;
    }
  } else if ((unit.flags & ~unit.masks & INVALID) !== 0) {
    raise(cpu);
    return;
  }
  pushAnyway(cpu);
}

/** Pushes `unit.r` whether or not there is room. */
export function pushAnyway(cpu: Cpu): void {
  const { words: w } = cpu;
  raise(cpu);
  w[X87_TOP] = (w[X87_TOP] + 7) & 7;
  putRegister(w, 0, cpu.float.r);
}

/** As `raise`, of instructions that leave C1 alone unless the stack was empty. */
export function raiseQuietly(cpu: Cpu): void {
  const before = cpu.words[X87_STATUS] & C1;
  raise(cpu);
  if ((cpu.float.flags & STACK_FAULT) === 0) cpu.words[X87_STATUS] |= before;
}

/** Sets C0, C2 and C3. */
export function setConditions(w: Int32Array, bits: number): void {
  w[X87_STATUS] = (w[X87_STATUS] & ~(C0 | C2 | C3)) | bits;
}

/** Brings ES and B in line after the control or status word was loaded. */
export function summarise(w: Int32Array): void {
  const pending = (w[X87_STATUS] & ~w[X87_CONTROL] & 0x3f) !== 0;
  w[X87_STATUS] = (w[X87_STATUS] & ~(SUMMARY | BUSY)) | (pending ? SUMMARY | BUSY : 0);
}
