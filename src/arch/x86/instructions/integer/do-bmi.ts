// What BMI1, BMI2, ADX and SSE4.2's crc32 add for general registers. Most have a third register in VEX.vvvv, which stands in the
// column of the immediate.

import { highProduct } from "../float/product.ts";
import { IMMEDIATE } from "../machine/columns.ts";
import { arithmeticFlags, CF, carry, OF, overflow, SF, setArithmeticFlags, ZF } from "../machine/flags.ts";
import { bySize, loadRegister, loadRm, reg, type Size, storeRegister } from "../machine/operands.ts";
import type { Choice, Handler } from "../machine/row.ts";
import { type Cpu, RDX, RESULT_HIGH } from "../machine/state.ts";

/** The register in VEX.vvvv. */
function third(cpu: Cpu, at: number): number {
  return cpu.code[at + IMMEDIATE];
}

/** The rm operand and the third register, four words, and the result back into reg. */
type Rule = (
  low: number,
  high: number,
  otherLow: number,
  otherHigh: number,
  bits: 32 | 64,
) => readonly [number, number];

/** Sets reg by a rule for rm and vvvv; `flags` gives what EFLAGS become, from result and operands, or leaves them. */
function ternary(
  rule: Rule,
  flags?: (low: number, high: number, source: number, other: number, bits: 32 | 64) => number,
): Choice {
  return bySize((size) => (cpu, at) => {
    const { words: w } = cpu;
    const bits = size === 8 ? 64 : 32;
    const low = loadRm(cpu, at, size);
    const high = size === 8 ? w[RESULT_HIGH] : 0;
    const other = loadRegister(cpu, third(cpu, at), size);
    const otherHigh = size === 8 ? w[RESULT_HIGH] : 0;
    const [r, rHigh] = rule(low, high, other, otherHigh, bits);
    if (flags !== undefined) setArithmeticFlags(w, flags(r, rHigh, low | high, other, bits));
    storeRegister(cpu, reg(cpu.code, at), size, r, rHigh);
  });
}

/** SF and ZF of a result. */
function signAndZero(low: number, high: number, bits: 32 | 64): number {
  const top = bits === 64 ? high : low;
  return (top < 0 ? SF : 0) | ((low | high) === 0 ? ZF : 0);
}

export const andNot: Choice = ternary(
  (low, high, other, otherHigh) => [low & ~other, high & ~otherHigh],
  (r, rHigh, _, __, bits) => signAndZero(r, rHigh, bits),
);

/** The low `count` bits set, as two words. */
function mask(count: number): readonly [number, number] {
  if (count >= 64) return [-1, -1];
  if (count >= 32) return [-1, count === 32 ? 0 : -1 >>> (64 - count)];
  return [count === 0 ? 0 : -1 >>> (32 - count), 0];
}

function shiftRight(low: number, high: number, count: number): readonly [number, number] {
  if (count >= 64) return [0, 0];
  if (count >= 32) return [high >>> (count - 32), 0];
  return count === 0 ? [low, high] : [(low >>> count) | (high << (32 - count)), high >>> count];
}

function shiftLeft(low: number, high: number, count: number): readonly [number, number] {
  if (count >= 32) return [0, low << (count - 32)];
  return count === 0 ? [low, high] : [low << count, (high << count) | (low >>> (32 - count))];
}

/** bextr: as many bits as the second byte of the control says, from the bit that its first says. */
export const extractBits: Choice = ternary(
  (low, high, control) => {
    const [r, rHigh] = shiftRight(low, high, control & 0xff);
    const [keep, keepHigh] = mask((control >>> 8) & 0xff);
    return [r & keep, rHigh & keepHigh];
  },
  (r, rHigh) => ((r | rHigh) === 0 ? ZF : 0),
);

/** bzhi: clears the bits from an index on. */
export const clearFrom: Choice = ternary(
  (low, high, index, _, bits) => {
    const [keep, keepHigh] = mask(Math.min(index & 0xff, bits));
    return [low & keep, high & keepHigh];
  },
  (r, rHigh, _, index, bits) => signAndZero(r, rHigh, bits) | ((index & 0xff) >= bits ? CF : 0),
);

export const shiftLeftBy: Choice = ternary((low, high, count, _, bits) =>
  bits === 64 ? shiftLeft(low, high, count & 63) : [low << (count & 31), 0],
);
export const shiftRightBy: Choice = ternary((low, high, count, _, bits) =>
  bits === 64 ? shiftRight(low, high, count & 63) : [low >>> (count & 31), 0],
);
export const shiftSignedBy: Choice = ternary((low, high, count, _, bits) => {
  if (bits === 32) return [low >> (count & 31), 0];
  const by = count & 63;
  if (by >= 32) return [high >> (by - 32), high >> 31];
  return by === 0 ? [low, high] : [(low >>> by) | (high << (32 - by)), high >> by];
});

/** rorx: by the immediate. */
export const rotateBy: Choice = bySize((size) => (cpu, at) => {
  const low = loadRm(cpu, at, size);
  const high = cpu.words[RESULT_HIGH];
  const count = cpu.code[at + IMMEDIATE] & (size === 8 ? 63 : 31);
  let r = low;
  let rHigh = high;
  if (size === 8) {
    const [a, aHigh] = shiftRight(low, high, count);
    const [b, bHigh] = count === 0 ? [0, 0] : shiftLeft(low, high, 64 - count);
    r = a | b;
    rHigh = aHigh | bHigh;
  } else if (count !== 0) r = (low >>> count) | (low << (32 - count));
  storeRegister(cpu, reg(cpu.code, at), size, r, rHigh);
});

// ---- the lowest one bit: into the register in VEX.vvvv

function lowestBit(rule: (low: number, high: number) => readonly [number, number], carryIfZero: boolean): Choice {
  return bySize((size) => (cpu, at) => {
    const { words: w } = cpu;
    const low = loadRm(cpu, at, size);
    const high = size === 8 ? w[RESULT_HIGH] : 0;
    const [r, wide] = rule(low, high);
    const rHigh = size === 8 ? wide : 0;
    const isZero = (low | high) === 0;
    setArithmeticFlags(w, signAndZero(r, rHigh, size === 8 ? 64 : 32) | (isZero === carryIfZero ? CF : 0));
    storeRegister(cpu, third(cpu, at), size, r, rHigh);
  });
}

const lessOne = (low: number, high: number): readonly [number, number] => [
  (low - 1) | 0,
  (high - (low === 0 ? 1 : 0)) | 0,
];

/** blsi keeps it alone. */
export const isolateLowest: Choice = lowestBit((low, high) => {
  const [a, aHigh] = lessOne(low, high);
  return [low & ~a, high & ~aHigh];
}, false);
/** blsr clears it. */
export const clearLowest: Choice = lowestBit((low, high) => {
  const [a, aHigh] = lessOne(low, high);
  return [low & a, high & aHigh];
}, true);
/** blsmsk sets all up to it. */
export const maskLowest: Choice = lowestBit((low, high) => {
  const [a, aHigh] = lessOne(low, high);
  return [low ^ a, high ^ aHigh];
}, true);

// ---- spreading and gathering bits by a mask in rm; the source is in VEX.vvvv

const bitOf = (low: number, high: number, i: number): number => ((i < 32 ? low : high) >>> (i & 31)) & 1;

function byMask(deposits: boolean): Rule {
  return (low, high, source, sourceHigh, bits) => {
    const r: [number, number] = [0, 0];
    let next = 0;
    for (let i = 0; i < bits; i++) {
      if (bitOf(low, high, i) === 0) continue;
      const [from, to] = deposits ? [next, i] : [i, next];
      if (bitOf(source, sourceHigh, from) !== 0) r[to >> 5] |= 1 << (to & 31);
      next++;
    }
    return r;
  };
}

export const deposit: Choice = ternary(byMask(true));
export const gather: Choice = ternary(byMask(false));

// ---- products and sums

/** mulx: rdx times rm; the high half goes to reg, the low one to vvvv before it. */
export const multiplyWithoutFlags: Choice = bySize((size) => (cpu, at) => {
  const { words: w } = cpu;
  const low = loadRm(cpu, at, size);
  const high = w[RESULT_HIGH];
  const target = reg(cpu.code, at);
  if (size !== 8) {
    const other = w[RDX];
    storeRegister(cpu, third(cpu, at), size, Math.imul(low, other), 0);
    storeRegister(cpu, target, size, highProduct(low, other), 0);
    return;
  }
  const product = BigInt.asUintN(64, pair(low, high)) * BigInt.asUintN(64, pair(w[RDX], w[RDX + 1]));
  storeBig(cpu, third(cpu, at), product);
  storeBig(cpu, target, product >> 64n);
});

function pair(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}

function storeBig(cpu: Cpu, register: number, value: bigint): void {
  storeRegister(cpu, register, 8, Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
}

/** adcx and adox: sums with a carry of their own, in CF or in OF. */
export function addWith(flag: "carry" | "overflow"): Choice {
  const [bit, read] = flag === "carry" ? [CF, carry] : [OF, overflow];
  return bySize((size) => (cpu, at) => {
    const { words: w } = cpu;
    const low = loadRm(cpu, at, size);
    const high = size === 8 ? w[RESULT_HIGH] : 0;
    const target = reg(cpu.code, at);
    const other = loadRegister(cpu, target, size);
    const otherHigh = size === 8 ? w[RESULT_HIGH] : 0;
    const sum = (low >>> 0) + (other >>> 0) + read(w);
    const sumHigh = (high >>> 0) + (otherHigh >>> 0) + (sum > 0xffff_ffff ? 1 : 0);
    const out = size === 8 ? sumHigh > 0xffff_ffff : sum > 0xffff_ffff;
    setArithmeticFlags(w, (arithmeticFlags(w) & ~bit) | (out ? bit : 0));
    storeRegister(cpu, target, size, sum | 0, sumHigh | 0);
  });
}

// ---- crc32: the polynomial of iSCSI, bits reversed

const TABLE = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) !== 0 ? 0x82f6_3b78 : 0);
  TABLE[byte] = crc;
}

function checksum(crc: number, low: number, high: number, bytes: number): number {
  let sum = crc;
  for (let i = 0; i < bytes; i++) {
    const byte = (i < 4 ? low : high) >>> (8 * (i & 3));
    sum = (sum >>> 8) ^ TABLE[(sum ^ byte) & 0xff];
  }
  return sum;
}

/** Of a byte (whatever the size of the target), or of an operand of the target's size. */
function crc(cpu: Cpu, at: number, size: Size): void {
  const { words: w } = cpu;
  const value = loadRm(cpu, at, size);
  const target = reg(cpu.code, at);
  w[target] = checksum(w[target], value, w[RESULT_HIGH], size);
  w[target + 1] = 0;
}

export const crcOfByte: Handler = (cpu, at) => crc(cpu, at, 1);
export const crcOf: Choice = bySize((size) => (cpu, at) => crc(cpu, at, size));
