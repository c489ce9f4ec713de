// Chance from a seed: the same seed gives the same process image, on any machine.

export interface Dice {
  /** A whole number from 0 up to but not including `limit`. */
  readonly below: (limit: number) => number;
  /** True once in so many times. */
  readonly oneIn: (times: number) => boolean;
  readonly pick: <T>(from: readonly T[]) => T;
  /** Each element with the chance of one in `times`, in an order of its own. */
  readonly some: <T>(from: readonly T[], times: number) => T[];
  readonly shuffled: <T>(from: readonly T[]) => T[];
}

/** Marsaglia's xorshift with 32 bits of state, after a multiplication that sets neighbouring seeds apart. */
export function dice(seed: number): Dice {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let i = 0; i < 8; i++) next();
  const below = (limit: number): number => next() % limit;
  const oneIn = (times: number): boolean => below(times) === 0;
  const shuffled = <T>(from: readonly T[]): T[] => {
    const out = [...from];
    for (let i = out.length - 1; i > 0; i--) {
      const other = below(i + 1);
      [out[i], out[other]] = [out[other], out[i]];
    }
    return out;
  };
  return {
    below,
    oneIn,
    pick: (from) => from[below(from.length)],
    some: (from, times) => shuffled(from.filter(() => oneIn(times))),
    shuffled,
  };
}
