// Conversions between integers, singles and doubles; rounding to integers (SSE4.1); the approximations of reciprocals; MXCSR.

import {
  DOUBLE,
  FINITE,
  type FloatUnit,
  type Format,
  INVALID,
  isNaNKind,
  normalise,
  packSingle,
  QUIET,
  round,
  roundToInteger,
  SIGNALING,
  SINGLE,
  setFormat,
  TOWARDS_ZERO,
  unpackDouble,
  unpackInteger,
  unpackSingle,
  ZERO,
} from "../float/soft-float.ts";
import { read32, write32 } from "../machine/memory.ts";
import { address, isMemory, operandPlace, reg, rm, xmmReg, xmmSource } from "../machine/operands.ts";
import type { Handler } from "../machine/row.ts";
import { ADDRESS_HIGH, type Cpu, MXCSR, XMM_OPERAND_2 } from "../machine/state.ts";
import { TRAP_PROTECTION, trap } from "../machine/traps.ts";
import { begin, convert, deliver, finish, isNormal, isNormalSingle, isQuick, putDouble } from "./sse-float.ts";
import { alignedSource, enterMmx, immediateByte, mmx, mmxSource, touchMmx } from "./vector-operands.ts";

type Lane = "single" | "double" | "word";

const OUT = XMM_OPERAND_2;

/** How many words a lane of a kind takes. */
const width = (lane: Lane): 1 | 2 => (lane === "double" ? 2 : 1);

function unpackLane(unit: FloatUnit, lane: Lane, w: Int32Array, at: number): void {
  if (lane === "single") unpackSingle(unit.r, w[at], unit.zeroes);
  else if (lane === "double") unpackDouble(unit.r, w[at], w[at + 1], unit.zeroes);
  else unpackInteger(unit.r, w[at], w[at] >> 31);
}

/** The number as an integer of 32 or 64 bits (low; high in `unit.r.high`), or the indefinite one: 8000… */
function toInteger(unit: FloatUnit, bits: 32 | 64, mode: number): number {
  const { r } = unit;
  const before = unit.flags;
  let fits = false;
  if (r.kind === ZERO) {
    r.high = 0;
    return 0;
  }
  if (r.kind === FINITE && roundToInteger(unit, r, mode)) {
    const half = bits === 32 ? r.low : r.high;
    const least = half === (0x8000_0000 | 0) && (bits === 32 || r.low === 0);
    fits = (bits === 64 || r.high === 0) && (half >= 0 || (least && r.negative !== 0));
  }
  if (!fits) {
    unit.flags = before | INVALID;
    r.high = bits === 32 ? 0 : 0x8000_0000 | 0;
    return bits === 32 ? 0x8000_0000 | 0 : 0;
  }
  if (r.negative === 0) return r.low;
  r.high = (~r.high + (r.low === 0 ? 1 : 0)) | 0;
  return -r.low | 0;
}

function convertLane(unit: FloatUnit, w: Int32Array, from: Lane, s: number, to: Lane, out: number, mode: number): void {
  unpackLane(unit, from, w, s);
  if (to === "word") {
    w[out] = toInteger(unit, 32, mode);
    return;
  }
  setFormat(unit, to === "single" ? SINGLE : DOUBLE);
  convert(unit, unit.r);
  if (to === "single") w[out] = packSingle(unit.r);
  else putDouble(w, out, unit.r);
}

/** Converts `lanes` lanes at `s` into `OUT`. */
function convertLanes(cpu: Cpu, from: Lane, to: Lane, lanes: number, s: number, truncates: boolean): void {
  const unit = begin(cpu);
  const mode = truncates ? TOWARDS_ZERO : unit.mode;
  for (let i = 0; i < lanes; i++) {
    convertLane(unit, cpu.words, from, s + width(from) * i, to, OUT + width(to) * i, mode);
  }
  finish(cpu);
}

/** A packed conversion of xmm or memory into xmm; what is not filled becomes zero. */
export function convertPacked(from: Lane, to: Lane, lanes: 2 | 4, truncates = false): Handler {
  const size = 4 * lanes * width(from);
  return (cpu, at) => {
    const s = size === 16 ? alignedSource(cpu, at) : xmmSource(cpu, at, 8);
    convertLanes(cpu, from, to, lanes, s, truncates);
    const filled = lanes * width(to);
    for (let i = filled; i < 4; i++) cpu.words[OUT + i] = 0;
    deliver(cpu, xmmReg(cpu.code, at), 4);
  };
}

/** cvtpi2ps and cvtpi2pd: two integers of MMX or memory. From memory they do not enter MMX (measured; SDM, CVTPI2PD). */
export function convertFromMmx(to: "single" | "double"): Handler {
  return (cpu, at) => {
    const s = isMemory(cpu.code, at) ? xmmSource(cpu, at, 8) : mmxSource(cpu, at, 8);
    convertLanes(cpu, "word", to, 2, s, false);
    deliver(cpu, xmmReg(cpu.code, at), 2 * width(to));
  };
}

export function convertToMmx(from: "single" | "double", truncates: boolean): Handler {
  return (cpu, at) => {
    const s = from === "double" ? alignedSource(cpu, at) : xmmSource(cpu, at, 8);
    const d = mmx(reg(cpu.code, at));
    enterMmx(cpu);
    convertLanes(cpu, from, "word", 2, s, truncates);
    deliver(cpu, d, 2);
    touchMmx(cpu.words, d);
  };
}

export const singleToDouble: Handler = (cpu, at) => {
  const d = xmmReg(cpu.code, at);
  const s = xmmSource(cpu, at, 4);
  const value = cpu.floats[s];
  if (isNormalSingle(value)) {
    cpu.doubles[d >> 1] = value;
    return;
  }
  convertLanes(cpu, "single", "double", 1, s, false);
  deliver(cpu, d, 2);
};

export const doubleToSingle: Handler = (cpu, at) => {
  const d = xmmReg(cpu.code, at);
  const s = xmmSource(cpu, at, 8);
  const value = cpu.doubles[s >> 1];
  if (isQuick(cpu) && isNormal(value) && isNormalSingle(Math.fround(value))) {
    cpu.floats[d] = value;
    return;
  }
  convertLanes(cpu, "double", "single", 1, s, false);
  deliver(cpu, d, 1);
};

// ---- general registers

/** cvtsi2sd, cvtsi2ss. Integers of 32 bits are doubles without rounding. */
export function fromGeneral(to: "single" | "double", quad: boolean): Handler {
  return (cpu, at) => {
    const { code, words: w } = cpu;
    const d = xmmReg(code, at);
    let low: number;
    let high: number;
    if (isMemory(code, at)) {
      const place = operandPlace(cpu, at, quad ? 8 : 4);
      low = cpu.memory.view.getInt32(place, true);
      high = quad ? cpu.memory.view.getInt32(place + 4, true) : low >> 31;
    } else {
      low = w[rm(code, at)];
      high = quad ? w[rm(code, at) + 1] : low >> 31;
    }
    if (to === "double" && high >= -0x20_0000 && high < 0x20_0000) {
      cpu.doubles[d >> 1] = high * 0x1_0000_0000 + (low >>> 0);
      return;
    }
    const unit = begin(cpu);
    unpackInteger(unit.r, low, high);
    setFormat(unit, to === "single" ? SINGLE : DOUBLE);
    round(unit, unit.r);
    if (to === "single") w[OUT] = packSingle(unit.r);
    else putDouble(w, OUT, unit.r);
    finish(cpu);
    deliver(cpu, d, width(to));
  };
}

/** cvtsd2si and its kin, with and without truncation. */
export function toGeneral(from: "single" | "double", truncates: boolean, quad: boolean): Handler {
  return (cpu, at) => {
    const { code, words: w } = cpu;
    const s = xmmSource(cpu, at, from === "single" ? 4 : 8);
    const value = from === "single" ? cpu.floats[s] : cpu.doubles[s >> 1];
    const d = reg(code, at);
    // Without rounding nothing is raised: integers are most of what is converted.
    if (Math.trunc(value) === value && Math.abs(value) < 0x8000_0000) {
      w[d] = value;
      w[d + 1] = quad && value < 0 ? -1 : 0;
      return;
    }
    const unit = begin(cpu);
    unpackLane(unit, from, w, s);
    const low = toInteger(unit, quad ? 64 : 32, truncates ? TOWARDS_ZERO : unit.mode);
    finish(cpu);
    w[d] = low;
    w[d + 1] = quad ? unit.r.high : 0;
  };
}

// ---- rounding to an integer in place (SSE4.1)

function roundLane(unit: FloatUnit, format: Format, how: number): void {
  const { r } = unit;
  const before = unit.flags;
  if (r.kind === SIGNALING) unit.flags |= INVALID;
  if (isNaNKind(r.kind)) r.kind = QUIET;
  if (r.kind !== FINITE) return;
  const mode = (how & 4) !== 0 ? unit.mode : how & 3;
  if (!roundToInteger(unit, r, mode)) return;
  if ((how & 8) !== 0) unit.flags = before;
  if ((r.high | r.low) === 0) r.kind = ZERO;
  else {
    r.exponent = 63;
    normalise(r);
    setFormat(unit, format);
  }
}

export function roundLanes(lane: "single" | "double", lanes: 1 | 2 | 4): Handler {
  const size = 4 * width(lane) * lanes;
  return (cpu, at) => {
    const { words: w } = cpu;
    const s = size === 16 ? alignedSource(cpu, at) : xmmSource(cpu, at, size === 8 ? 8 : 4);
    const how = immediateByte(cpu, at);
    const unit = begin(cpu);
    for (let i = 0; i < lanes; i++) {
      unpackLane(unit, lane, w, s + width(lane) * i);
      roundLane(unit, lane === "single" ? SINGLE : DOUBLE, how);
      if (lane === "single") w[OUT + i] = packSingle(unit.r);
      else putDouble(w, OUT + 2 * i, unit.r);
    }
    finish(cpu);
    deliver(cpu, xmmReg(cpu.code, at), width(lane) * lanes);
  };
}

// ---- approximations: 12 bits, of which the manuals promise an error below 1.5 × 2^-12, and every processor has others

function approximate(bits: number, root: boolean): number {
  const sign = bits & 0x8000_0000;
  const magnitude = bits & 0x7fff_ffff;
  if (magnitude > 0x7f80_0000) return bits | 0x40_0000;
  // Denormals count as zero.
  if (magnitude < 0x80_0000) return sign | 0x7f80_0000;
  if (root && sign !== 0) return 0xffc0_0000 | 0;
  if (magnitude === 0x7f80_0000) return sign;
  const view = new DataView(new ArrayBuffer(4));
  view.setInt32(0, magnitude);
  const value = view.getFloat32(0);
  view.setFloat32(0, root ? 1 / Math.sqrt(value) : 1 / value);
  const exact = view.getInt32(0);
  // Results below the normal numbers become zero.
  if (exact < 0x80_0000) return sign;
  return sign | ((exact + 0x400) & ~0x7ff);
}

export function approximation(root: boolean, lanes: 1 | 4): Handler {
  return (cpu, at) => {
    const s = lanes === 1 ? xmmSource(cpu, at, 4) : alignedSource(cpu, at);
    const d = xmmReg(cpu.code, at);
    for (let i = 0; i < lanes; i++) cpu.words[d + i] = approximate(cpu.words[s + i], root);
  };
}

// ---- MXCSR

/** Bits that may be set: all but MM (17) and what is above; a set bit elsewhere is #GP. */
export const MXCSR_MASK = 0xffff;

export const loadControl: Handler = (cpu, at) => {
  const low = address(cpu, at);
  const value = read32(cpu.memory, low, cpu.words[ADDRESS_HIGH]);
  if ((value & ~MXCSR_MASK) !== 0) trap(cpu, TRAP_PROTECTION);
  cpu.words[MXCSR] = value;
};

export const storeControl: Handler = (cpu, at) => {
  const low = address(cpu, at);
  write32(cpu.memory, low, cpu.words[ADDRESS_HIGH], cpu.words[MXCSR]);
};
