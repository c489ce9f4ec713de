// Loads and stores of the x87: singles, doubles, extended numbers, integers, packed decimal; constants; exchanges and
// conditional moves.

import { significand } from "../float/soft-arithmetic.ts";
import {
  DENORMAL,
  DOUBLE,
  FINITE,
  type FloatUnit,
  INVALID,
  isNaNKind,
  packDoubleHigh,
  packDoubleLow,
  packExtendedHigh,
  packExtendedLow,
  packExtendedTop,
  packSingle,
  QUIET,
  round,
  roundToInteger,
  SIGNALING,
  SINGLE,
  setFormat,
  setIndefinite,
  TOWARDS_ZERO,
  UNSUPPORTED,
  unpackDouble,
  unpackExtended,
  unpackInteger,
  unpackSingle,
  ZERO,
} from "../float/soft-float.ts";
import { condition } from "../machine/flags.ts";
import { probeWrite, readPlace, write8, write16, write32, write64 } from "../machine/memory.ts";
import { address, operandPlace, rm } from "../machine/operands.ts";
import type { Handler } from "../machine/row.ts";
import { ADDRESS_HIGH, type Cpu } from "../machine/state.ts";
import {
  begin,
  isEmpty,
  mayStore,
  mayWrite,
  pop,
  push,
  pushAnyway,
  putRegister,
  raise,
  setTag,
  st,
  underflowed,
  unpackRegister,
} from "./x87-stack.ts";

// ---- loads

/** fld of a single or double: a signaling NaN and a denormal are told. */
export function load(size: 4 | 8): Handler {
  return (cpu, at) => {
    const unit = begin(cpu);
    const place = operandPlace(cpu, at, size);
    const { view } = cpu.memory;
    const low = view.getInt32(place, true);
    if (size === 4) unpackSingle(unit.r, low, false);
    else unpackDouble(unit.r, low, view.getInt32(place + 4, true), false);
    if (unit.r.kind === SIGNALING) {
      unit.flags |= INVALID;
      unit.r.kind = QUIET;
    }
    if (unit.r.denormal) unit.flags |= DENORMAL;
    push(cpu);
  };
}

/** fild. */
export function loadInteger(size: 2 | 4 | 8): Handler {
  return (cpu, at) => {
    const unit = begin(cpu);
    const place = operandPlace(cpu, at, size);
    const { view } = cpu.memory;
    const low = size === 2 ? view.getInt16(place, true) : view.getInt32(place, true);
    unpackInteger(unit.r, low, size === 8 ? view.getInt32(place + 4, true) : low >> 31);
    push(cpu);
  };
}

/** Pushes 80 bits as they are, whatever they are; where the stack is full, the indefinite number. */
function pushBits(cpu: Cpu, low: number, high: number, top: number): void {
  const { words: w, float: unit } = cpu;
  const full = !isEmpty(w, 7);
  unpackExtended(unit.r, low, high, top);
  // `push` packs what it gets: so bits that are no number are written again behind it.
  push(cpu);
  if (full) return;
  const to = st(w, 0);
  w[to] = low;
  w[to + 1] = high;
  w[to + 2] = top & 0xffff;
}

export const loadExtended: Handler = (cpu, at) => {
  begin(cpu);
  const place = operandPlace(cpu, at, 10);
  const { view } = cpu.memory;
  pushBits(cpu, view.getInt32(place, true), view.getInt32(place + 4, true), view.getUint16(place + 8, true));
};

/** fld ST(i). */
export const loadRegister: Handler = (cpu, at) => {
  const unit = begin(cpu);
  const { words: w } = cpu;
  const i = rm(cpu.code, at);
  if (!isEmpty(w, i)) {
    const from = st(w, i);
    pushBits(cpu, w[from], w[from + 1], w[from + 2]);
    return;
  }
  if (underflowed(unit)) pushAnyway(cpu);
  else raise(cpu);
};

/** fbld: 18 decimal digits and a sign. */
export const loadDecimal: Handler = (cpu, at) => {
  const unit = begin(cpu);
  const low = address(cpu, at);
  const place = readPlace(cpu.memory, low, cpu.words[ADDRESS_HIGH], 10);
  const { bytes } = cpu.memory;
  let value = 0n;
  for (let i = 8; i >= 0; i--) value = value * 100n + BigInt((bytes[place + i] >> 4) * 10 + (bytes[place + i] & 15));
  unpackInteger(unit.r, Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
  unit.r.negative = bytes[place + 9] >> 7;
  push(cpu);
};

/** Constants with 96 bits, rounded as the control word says. */
export function constant(exponent: number, high: number, low: number, rest: number): Handler {
  return (cpu) => {
    const unit = begin(cpu);
    const { r } = unit;
    r.kind = (high | low) === 0 ? ZERO : FINITE;
    r.negative = 0;
    r.denormal = false;
    r.exponent = exponent;
    r.high = high | 0;
    r.low = low | 0;
    r.rest = rest | 0;
    round(unit, r);
    unit.flags = 0;
    unit.up = 0;
    push(cpu);
  };
}

// ---- stores

/** Unpacks ST(0) into r as the target's format; false where nothing may be stored. */
function convertTop(cpu: Cpu, size: 4 | 8): boolean {
  const { words: w, float: unit } = cpu;
  const { r } = unit;
  if (isEmpty(w, 0)) return underflowed(unit);
  unpackRegister(w, 0, r);
  if (r.kind === UNSUPPORTED) {
    unit.flags |= INVALID;
    setIndefinite(r);
  } else if (isNaNKind(r.kind)) {
    if (r.kind === SIGNALING) unit.flags |= INVALID;
    r.kind = QUIET;
  } else {
    unit.wrap = 0;
    setFormat(unit, size === 4 ? SINGLE : DOUBLE);
    round(unit, r);
  }
  return mayStore(unit);
}

/** fst and fstp to a single or double. */
export function store(size: 4 | 8, pops: boolean): Handler {
  return (cpu, at) => {
    const unit = begin(cpu);
    const { words: w } = cpu;
    const stores = convertTop(cpu, size);
    if (stores) {
      const low = address(cpu, at);
      if (size === 4) write32(cpu.memory, low, w[ADDRESS_HIGH], packSingle(unit.r));
      else write64(cpu.memory, low, w[ADDRESS_HIGH], packDoubleLow(unit.r), packDoubleHigh(unit.r));
    }
    raise(cpu);
    if (stores && pops) pop(w);
  };
}

/** Ten bytes: the significand, then sign and exponent. */
function writeExtended(cpu: Cpu, at: number, low: number, high: number, top: number): void {
  const { memory, words } = cpu;
  const to = address(cpu, at);
  const toHigh = words[ADDRESS_HIGH];
  const next = (to + 8) | 0;
  probeWrite(memory, to, toHigh, 10);
  write64(memory, to, toHigh, low, high);
  write16(memory, next, next >>> 0 < to >>> 0 ? (toHigh + 1) | 0 : toHigh, top);
}

export const storeExtended: Handler = (cpu, at) => {
  const unit = begin(cpu);
  const { words: w } = cpu;
  if (isEmpty(w, 0)) {
    const stores = underflowed(unit);
    const { r } = unit;
    if (stores) writeExtended(cpu, at, packExtendedLow(r), packExtendedHigh(r), packExtendedTop(r));
    raise(cpu);
    if (stores) pop(w);
    return;
  }
  const from = st(w, 0);
  writeExtended(cpu, at, w[from], w[from + 1], w[from + 2]);
  raise(cpu);
  pop(w);
};

/** fst and fstp to a register. */
export function storeRegister(pops: boolean): Handler {
  return (cpu, at) => {
    const unit = begin(cpu);
    const { words: w } = cpu;
    const i = rm(cpu.code, at);
    if (isEmpty(w, 0)) {
      const stores = underflowed(unit);
      raise(cpu);
      if (!stores) return;
      putRegister(w, i, unit.r);
    } else {
      raise(cpu);
      const [from, to] = [st(w, 0), st(w, i)];
      w.copyWithin(to, from, from + 3);
      setTag(w, i, 0);
    }
    if (pops) pop(w);
  };
}

/** ST(0) as an integer of some bits in r.high:r.low, or the indefinite one, which is the smallest. */
function integerOfTop(cpu: Cpu, bits: 16 | 32 | 64, truncates: boolean): void {
  const { words: w, float: unit } = cpu;
  const { r } = unit;
  if (isEmpty(w, 0)) underflowed(unit);
  else {
    unpackRegister(w, 0, r);
    if (r.kind === ZERO) {
      r.high = r.low = 0;
      return;
    }
    const mode = truncates ? TOWARDS_ZERO : unit.mode;
    if (r.kind === FINITE && roundToInteger(unit, r, mode) && fits(unit, bits)) return;
    unit.flags = INVALID;
    unit.up = 0;
  }
  r.high = bits === 64 ? 0x8000_0000 | 0 : -1;
  r.low = bits === 64 ? 0 : -1 << (bits - 1);
}

/** Gives high:low its sign, if the integer fits. */
function fits({ r }: FloatUnit, bits: 16 | 32 | 64): boolean {
  const limit = 1n << BigInt(bits - 1);
  const magnitude = significand(r);
  if (magnitude > limit || (magnitude === limit && r.negative === 0)) return false;
  if (r.negative === 0) return true;
  r.high = (~r.high + (r.low === 0 ? 1 : 0)) | 0;
  r.low = -r.low | 0;
  return true;
}

/** fist, fistp, fisttp. */
export function storeInteger(bits: 16 | 32 | 64, pops: boolean, truncates: boolean): Handler {
  return (cpu, at) => {
    const unit = begin(cpu);
    const { words: w, memory } = cpu;
    integerOfTop(cpu, bits, truncates);
    const stores = mayWrite(unit);
    if (stores) {
      const low = address(cpu, at);
      const high = w[ADDRESS_HIGH];
      if (bits === 16) write16(memory, low, high, unit.r.low);
      else if (bits === 32) write32(memory, low, high, unit.r.low);
      else write64(memory, low, high, unit.r.low, unit.r.high);
    }
    raise(cpu);
    if (stores && pops) pop(w);
  };
}

const MOST_DECIMAL = 10n ** 18n;

/** fbstp. */
export const storeDecimal: Handler = (cpu, at) => {
  const unit = begin(cpu);
  const { words: w } = cpu;
  const { r } = unit;
  let digits: bigint | undefined;
  if (isEmpty(w, 0)) underflowed(unit);
  else {
    unpackRegister(w, 0, r);
    if (r.kind === ZERO) digits = 0n;
    else if (r.kind === FINITE && roundToInteger(unit, r, unit.mode)) digits = significand(r);
    if (digits === undefined || digits >= MOST_DECIMAL) {
      digits = undefined;
      unit.flags = INVALID;
      unit.up = 0;
    }
  }
  const stores = mayWrite(unit);
  if (stores) writeDecimal(cpu, at, digits, r.negative);
  raise(cpu);
  if (stores) pop(w);
};

function writeDecimal(cpu: Cpu, at: number, digits: bigint | undefined, negative: number): void {
  const low = address(cpu, at);
  const high = cpu.words[ADDRESS_HIGH];
  const after = (by: number): number => ((low + by) >>> 0 < low >>> 0 ? (high + 1) | 0 : high);
  probeWrite(cpu.memory, low, high, 10);
  if (digits === undefined) {
    write64(cpu.memory, low, high, 0, 0xc000_0000);
    write16(cpu.memory, (low + 8) | 0, after(8), 0xffff);
    return;
  }
  let left = digits;
  for (let i = 0; i < 9; i++) {
    const pair = Number(left % 100n);
    write8(cpu.memory, (low + i) | 0, after(i), Math.floor(pair / 10) * 16 + (pair % 10));
    left /= 100n;
  }
  write8(cpu.memory, (low + 9) | 0, after(9), negative << 7);
}

// ---- within the stack

/** fxch: what is empty becomes indefinite first. */
export const exchange: Handler = (cpu, at) => {
  const unit = begin(cpu);
  const { words: w } = cpu;
  const i = rm(cpu.code, at);
  if (isEmpty(w, 0) || isEmpty(w, i)) {
    const goesOn = underflowed(unit);
    if (goesOn) for (const it of [0, i]) if (isEmpty(w, it)) putRegister(w, it, unit.r);
    raise(cpu);
    if (!goesOn) return;
  } else raise(cpu);
  const [a, b] = [st(w, 0), st(w, i)];
  for (let k = 0; k < 3; k++) {
    const kept = w[a + k];
    w[a + k] = w[b + k];
    w[b + k] = kept;
  }
};

/** fcmovcc, with the number that the condition has in opcodes. */
export function moveIf(code: number): Handler {
  return (cpu, at) => {
    const unit = begin(cpu);
    const { words: w } = cpu;
    const i = rm(cpu.code, at);
    if (isEmpty(w, 0) || isEmpty(w, i)) {
      const writes = underflowed(unit);
      raise(cpu);
      if (writes) putRegister(w, 0, unit.r);
      return;
    }
    if (condition(w, code)) w.copyWithin(st(w, 0), st(w, i), st(w, i) + 3);
  };
}

/** fabs and fchs. */
export function changeSign(change: (top: number) => number): Handler {
  return (cpu) => {
    const unit = begin(cpu);
    const { words: w } = cpu;
    if (isEmpty(w, 0)) {
      const writes = underflowed(unit);
      raise(cpu);
      if (writes) putRegister(w, 0, unit.r);
      return;
    }
    raise(cpu);
    w[st(w, 0) + 2] = change(w[st(w, 0) + 2]) & 0xffff;
  };
}
