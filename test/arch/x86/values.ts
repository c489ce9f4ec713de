// Random values in which instructions differ: edges of integers, every class of floating-point numbers, neighbours.

/** Random numbers from a seed, the same on every machine. */
export interface Random {
  /** 32 bits. */
  word(): number;
  /** 0 to n - 1. */
  below(n: number): number;
  chance(percent: number): boolean;
  pick<T>(from: readonly T[]): T;
}

export function random(seed: number): Random {
  // xorshift32, stirred at the start so that near seeds part.
  let state = Math.imul(seed + 0x9e37_79b9, 0x85eb_ca6b) | 1;
  const word = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.imul(state, 0x2545_f491) ^ (state >>> 15);
  };
  for (let i = 0; i < 8; i++) word();
  const below = (n: number): number => (word() >>> 0) % n;
  return { word, below, chance: (percent) => below(100) < percent, pick: (from) => from[below(from.length)] };
}

/** A seed out of a name. */
export function seedOf(name: string): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x0100_0193);
  return hash;
}

const EDGES = [
  0n,
  1n,
  2n,
  3n,
  0x7fn,
  0x80n,
  0xffn,
  0x100n,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x1_0000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0xffff_ffff_ffff_ffffn,
  0xffff_ffff_ffff_ff80n,
  0xffff_ffff_ffff_8000n,
  0xffff_ffff_8000_0000n,
  0x0101_0101_0101_0101n,
  0x8080_8080_8080_8080n,
] as const;

/** 64 bits of an integer. */
export function integer(r: Random): bigint {
  const bits = (BigInt(r.word() >>> 0) << 32n) | BigInt(r.word() >>> 0);
  switch (r.below(5)) {
    case 0:
      return r.pick(EDGES);
    case 1:
      return BigInt(r.below(300));
    case 2:
      return BigInt.asUintN(64, BigInt(-r.below(300)));
    case 3:
      return bits >> BigInt(r.below(64));
    default:
      return bits;
  }
}

/** Sign, exponent and fraction: which of each are likely to matter. `bits` are those of the fraction. */
function fields(r: Random, top: number, bits: number): { negative: bigint; exponent: number; fraction: bigint } {
  const bias = top >> 1;
  const all = (1n << BigInt(bits)) - 1n;
  const noise = ((BigInt(r.word() >>> 0) << 32n) | BigInt(r.word() >>> 0)) & all;
  const negative = BigInt(r.below(2));
  const exponent = r.pick([
    0,
    0,
    1,
    top - 1,
    top,
    bias,
    bias,
    bias - 1,
    bias + r.below(8),
    bias + r.below(70),
    bias - r.below(70),
    bias + bits - r.below(3),
    r.below(top),
    r.below(top),
  ]);
  const fraction = r.pick([
    0n,
    0n,
    1n,
    all,
    all - 1n,
    1n << BigInt(bits - 1),
    (1n << BigInt(bits - 1)) | (noise & 7n),
    noise,
    noise,
    noise & ~((1n << BigInt(r.below(bits))) - 1n),
    noise >> BigInt(r.below(bits)),
  ]);
  return { negative, exponent, fraction };
}

export function single(r: Random): number {
  const { negative, exponent, fraction } = fields(r, 0xff, 23);
  return Number((negative << 31n) | (BigInt(exponent) << 23n) | fraction);
}

export function double(r: Random): bigint {
  const { negative, exponent, fraction } = fields(r, 0x7ff, 52);
  return (negative << 63n) | (BigInt(exponent) << 52n) | fraction;
}

/** Significand and, 16 bits above it, sign and exponent: pseudo-denormals, unnormals and other oddities among them. */
export function extended(r: Random): bigint {
  const { negative, exponent, fraction } = fields(r, 0x7fff, 63);
  let whole = exponent === 0 ? 0n : 1n;
  if (r.chance(4)) whole ^= 1n;
  return (negative << 79n) | (BigInt(exponent) << 64n) | (whole << 63n) | fraction;
}

/** An integer that fits `bits` as an extended number: what fist takes without complaint. */
export function extendedInteger(r: Random, bits: number): bigint {
  const magnitude = integer(r) >> BigInt(64 - bits + r.below(bits));
  if (magnitude === 0n) return 0n;
  const length = magnitude.toString(2).length;
  // Halves, too, so that rounding has ties.
  const exponent = 16383 + length - 1 - r.below(3);
  return (BigInt(r.below(2)) << 79n) | (BigInt(exponent) << 64n) | (magnitude << BigInt(64 - length));
}

/** Fills 16 bytes with lanes of some one kind. */
export function vector(r: Random, view: DataView, at: number): void {
  const kind = r.below(8);
  if (kind < 3) {
    for (let i = 0; i < 4; i++) view.setUint32(at + 4 * i, single(r), true);
  } else if (kind < 5) {
    for (let i = 0; i < 2; i++) view.setBigUint64(at + 8 * i, double(r), true);
  } else if (kind === 5) {
    for (let i = 0; i < 2; i++) view.setBigUint64(at + 8 * i, integer(r), true);
  } else if (kind === 6) {
    const few = [0, 0x80, 0xff, 0x7f, 1, r.below(256)];
    for (let i = 0; i < 16; i++) view.setUint8(at + i, r.pick(few));
  } else for (let i = 0; i < 4; i++) view.setInt32(at + 4 * i, r.word(), true);
}
