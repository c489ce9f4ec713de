// Packed and scalar floating point: arithmetic, comparisons, and the horizontal and dot products of SSE3 and SSE4.1.

import { unpackDouble, unpackSingle } from "../float/soft-float.ts";
import { CF, PF, setArithmeticFlags, ZF } from "../machine/flags.ts";
import { xmmReg, xmmSource } from "../machine/operands.ts";
import type { Handler } from "../machine/row.ts";
import { type Cpu, XMM_OPERAND_2 } from "../machine/state.ts";
import {
  ADD,
  begin,
  deliver,
  doubleLane,
  finish,
  isNormal,
  isNormalSingle,
  isQuick,
  MULTIPLY,
  order,
  quick,
  SUBTRACT,
  singleLane,
} from "./sse-float.ts";
import { alignedSource, immediateByte } from "./vector-operands.ts";

/** Can the host's result be taken? Minimum and maximum are exact, so no flag has to be up. */
function quickDouble(operation: number, a: number, b: number, r: number): boolean {
  return isNormal(a) && isNormal(b) && isNormal(r) && (operation !== 6 || b > 0);
}

function quickSingle(a: number, b: number, r: number): boolean {
  return isNormalSingle(a) && isNormalSingle(b) && isNormalSingle(r);
}

export function scalarDouble(operation: number): Handler {
  return (cpu, at) => {
    const d = xmmReg(cpu.code, at);
    const s = xmmSource(cpu, at, 8);
    const { doubles } = cpu;
    if (isQuick(cpu)) {
      const b = doubles[s >> 1];
      const a = operation === 6 ? b : doubles[d >> 1];
      const r = quick(operation, a, b);
      if (quickDouble(operation, a, b, r)) {
        doubles[d >> 1] = r;
        return;
      }
    }
    doubleLane(begin(cpu), cpu.words, operation, d, s, XMM_OPERAND_2);
    finish(cpu);
    deliver(cpu, d, 2);
  };
}

export function scalarSingle(operation: number): Handler {
  return (cpu, at) => {
    const d = xmmReg(cpu.code, at);
    const s = xmmSource(cpu, at, 4);
    const { floats } = cpu;
    if (isQuick(cpu)) {
      const b = floats[s];
      const a = operation === 6 ? b : floats[d];
      const r = Math.fround(quick(operation, a, b));
      if (quickSingle(a, b, r)) {
        floats[d] = r;
        return;
      }
    }
    singleLane(begin(cpu), cpu.words, operation, d, s, XMM_OPERAND_2);
    finish(cpu);
    deliver(cpu, d, 1);
  };
}

export function packedDouble(operation: number): Handler {
  return (cpu, at) => {
    const d = xmmReg(cpu.code, at);
    const s = alignedSource(cpu, at);
    if (isQuick(cpu) && quickDoubles(cpu.doubles, operation, d >> 1, s >> 1)) return;
    const unit = begin(cpu);
    doubleLane(unit, cpu.words, operation, d, s, XMM_OPERAND_2);
    doubleLane(unit, cpu.words, operation, d + 2, s + 2, XMM_OPERAND_2 + 2);
    finish(cpu);
    deliver(cpu, d, 4);
  };
}

function quickDoubles(f: Float64Array, operation: number, d: number, s: number): boolean {
  const a0 = operation === 6 ? f[s] : f[d];
  const a1 = operation === 6 ? f[s + 1] : f[d + 1];
  const r0 = quick(operation, a0, f[s]);
  const r1 = quick(operation, a1, f[s + 1]);
  if (!quickDouble(operation, a0, f[s], r0) || !quickDouble(operation, a1, f[s + 1], r1)) return false;
  f[d] = r0;
  f[d + 1] = r1;
  return true;
}

export function packedSingle(operation: number): Handler {
  return (cpu, at) => {
    const d = xmmReg(cpu.code, at);
    const s = alignedSource(cpu, at);
    if (isQuick(cpu) && quickSingles(cpu, operation, d, s)) return;
    const unit = begin(cpu);
    for (let i = 0; i < 4; i++) singleLane(unit, cpu.words, operation, d + i, s + i, XMM_OPERAND_2 + i);
    finish(cpu);
    deliver(cpu, d, 4);
  };
}

function quickSingles(cpu: Cpu, operation: number, d: number, s: number): boolean {
  const f = cpu.floats;
  for (let i = 0; i < 4; i++) {
    const b = f[s + i];
    const a = operation === 6 ? b : f[d + i];
    const r = Math.fround(quick(operation, a, b));
    if (!quickSingle(a, b, r)) return false;
    f[XMM_OPERAND_2 + i] = r;
  }
  deliver(cpu, d, 4);
  return true;
}

// ---- comparisons

/** Predicates of cmpps: eq, lt, le, unord, neq, nlt, nle, ord. */
function holds(predicate: number, ordered: number): boolean {
  switch (predicate & 3) {
    case 0:
      return (ordered === 0) !== predicate > 3;
    case 1:
      return (ordered === -1) !== predicate > 3;
    case 2:
      return (ordered === -1 || ordered === 0) !== predicate > 3;
    default:
      return (ordered === 2) !== predicate > 3;
  }
}

/** lt, le, nlt, nle are invalid of quiet NaNs. */
const signals = (predicate: number): boolean => (predicate & 3) === 1 || (predicate & 3) === 2;

export function compareDoubles(lanes: 1 | 2): Handler {
  return (cpu, at) => {
    const { words: w } = cpu;
    const d = xmmReg(cpu.code, at);
    const s = lanes === 1 ? xmmSource(cpu, at, 8) : alignedSource(cpu, at);
    const predicate = immediateByte(cpu, at) & 7;
    const unit = begin(cpu);
    for (let i = 0; i < 2 * lanes; i += 2) {
      unpackDouble(unit.a, w[d + i], w[d + i + 1], unit.zeroes);
      unpackDouble(unit.b, w[s + i], w[s + i + 1], unit.zeroes);
      const mask = holds(predicate, order(unit, signals(predicate))) ? -1 : 0;
      w[XMM_OPERAND_2 + i] = mask;
      w[XMM_OPERAND_2 + i + 1] = mask;
    }
    finish(cpu);
    deliver(cpu, d, 2 * lanes);
  };
}

export function compareSingles(lanes: 1 | 4): Handler {
  return (cpu, at) => {
    const { words: w } = cpu;
    const d = xmmReg(cpu.code, at);
    const s = lanes === 1 ? xmmSource(cpu, at, 4) : alignedSource(cpu, at);
    const predicate = immediateByte(cpu, at) & 7;
    const unit = begin(cpu);
    for (let i = 0; i < lanes; i++) {
      unpackSingle(unit.a, w[d + i], unit.zeroes);
      unpackSingle(unit.b, w[s + i], unit.zeroes);
      w[XMM_OPERAND_2 + i] = holds(predicate, order(unit, signals(predicate))) ? -1 : 0;
    }
    finish(cpu);
    deliver(cpu, d, lanes);
  };
}

function setOrder(w: Int32Array, ordered: number): void {
  setArithmeticFlags(w, ordered === 2 ? ZF | PF | CF : ordered === 0 ? ZF : ordered < 0 ? CF : 0);
}

/** comisd and ucomisd. */
export function compareDouble(strict: boolean): Handler {
  return (cpu, at) => {
    const { words: w, doubles } = cpu;
    const d = xmmReg(cpu.code, at);
    const s = xmmSource(cpu, at, 8);
    const a = doubles[d >> 1];
    const b = doubles[s >> 1];
    if ((isNormal(a) || a === 0) && (isNormal(b) || b === 0)) {
      setOrder(w, a < b ? -1 : a > b ? 1 : 0);
      return;
    }
    const unit = begin(cpu);
    unpackDouble(unit.a, w[d], w[d + 1], unit.zeroes);
    unpackDouble(unit.b, w[s], w[s + 1], unit.zeroes);
    const ordered = order(unit, strict);
    finish(cpu);
    setOrder(w, ordered);
  };
}

/** comiss and ucomiss. */
export function compareSingle(strict: boolean): Handler {
  return (cpu, at) => {
    const { words: w } = cpu;
    const d = xmmReg(cpu.code, at);
    const s = xmmSource(cpu, at, 4);
    const unit = begin(cpu);
    unpackSingle(unit.a, w[d], unit.zeroes);
    unpackSingle(unit.b, w[s], unit.zeroes);
    const ordered = order(unit, strict);
    finish(cpu);
    setOrder(w, ordered);
  };
}

// ---- across lanes

/** haddps, hsubps, addsubps and their doubles: for each result lane its two operands and what is done. */
export interface Across {
  readonly lane: 4 | 8;
  /** Operation, first operand's lane, second operand's lane; lanes count on from the first register into the second. */
  readonly steps: readonly (readonly [operation: number, a: number, b: number])[];
}

export function across({ lane, steps }: Across): Handler {
  const words = lane / 4;
  const lanes = 16 / lane;
  return (cpu, at) => {
    const d = xmmReg(cpu.code, at);
    const s = alignedSource(cpu, at);
    const unit = begin(cpu);
    const place = (index: number): number => (index < lanes ? d + words * index : s + words * (index - lanes));
    steps.forEach(([operation, a, b], i) => {
      const one = lane === 8 ? doubleLane : singleLane;
      one(unit, cpu.words, operation, place(a), place(b), XMM_OPERAND_2 + words * i);
    });
    finish(cpu);
    deliver(cpu, d, 4);
  };
}

export const ADD_PAIRS_SINGLE: Across = {
  lane: 4,
  steps: [
    [ADD, 0, 1],
    [ADD, 2, 3],
    [ADD, 4, 5],
    [ADD, 6, 7],
  ],
};
export const ADD_PAIRS_DOUBLE: Across = {
  lane: 8,
  steps: [
    [ADD, 0, 1],
    [ADD, 2, 3],
  ],
};
export const SUBTRACT_PAIRS_SINGLE: Across = {
  lane: 4,
  steps: [
    [SUBTRACT, 0, 1],
    [SUBTRACT, 2, 3],
    [SUBTRACT, 4, 5],
    [SUBTRACT, 6, 7],
  ],
};
export const SUBTRACT_PAIRS_DOUBLE: Across = {
  lane: 8,
  steps: [
    [SUBTRACT, 0, 1],
    [SUBTRACT, 2, 3],
  ],
};
export const ALTERNATE_SINGLE: Across = {
  lane: 4,
  steps: [
    [SUBTRACT, 0, 4],
    [ADD, 1, 5],
    [SUBTRACT, 2, 6],
    [ADD, 3, 7],
  ],
};
export const ALTERNATE_DOUBLE: Across = {
  lane: 8,
  steps: [
    [SUBTRACT, 0, 2],
    [ADD, 1, 3],
  ],
};

/** dpps and dppd: products of the lanes that the upper half of the byte names, summed, to the lanes that the lower names. */
export function dotProduct(lane: 4 | 8): Handler {
  const words = lane / 4;
  const lanes = 16 / lane;
  const one = lane === 8 ? doubleLane : singleLane;
  return (cpu, at) => {
    const { words: w } = cpu;
    const d = xmmReg(cpu.code, at);
    const s = alignedSource(cpu, at);
    const which = immediateByte(cpu, at);
    const unit = begin(cpu);
    const product = XMM_OPERAND_2;
    for (let i = 0; i < lanes; i++) {
      const at = product + words * i;
      if (((which >> (4 + i)) & 1) !== 0) one(unit, w, MULTIPLY, d + words * i, s + words * i, at);
      else w.fill(0, at, at + words);
    }
    finish(cpu);
    for (let step = 1; step < lanes; step *= 2) {
      for (let i = 0; i < lanes; i += 2 * step) {
        one(unit, w, ADD, product + words * i, product + words * (i + step), product + words * i);
      }
    }
    finish(cpu);
    for (let i = 0; i < lanes; i++) {
      for (let j = 0; j < words; j++) w[d + words * i + j] = ((which >> i) & 1) !== 0 ? w[product + j] : 0;
    }
  };
}
