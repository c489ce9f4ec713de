// What lies at an address, among many things that each cover some: sorted once, then found by halving.

export interface ByAddress<T> {
  /** Those that cover the address, in the order of their addresses. */
  at(address: number): readonly T[];
}

interface Stretch {
  readonly address: number;
  /** Bytes; one that covers none is at its address. */
  readonly size: number;
}

/** @param stretchOf where it lies */
export function byAddress<T>(items: Iterable<T>, stretchOf: (item: T) => Stretch): ByAddress<T> {
  const sorted = Array.from(items, (item) => ({ item, ...stretchOf(item) })).sort((a, b) => a.address - b.address);
  /** How far those up to here reach: where to stop looking back. */
  const reach = new Float64Array(sorted.length);
  sorted.forEach(({ address, size }, i) => {
    reach[i] = Math.max(i === 0 ? 0 : reach[i - 1], address + Math.max(1, size));
  });
  return {
    at: (address) => {
      const found: T[] = [];
      for (let i = lastUpTo(sorted, address); i >= 0 && reach[i] > address; i--)
        if (address < sorted[i].address + Math.max(1, sorted[i].size)) found.push(sorted[i].item);
      return found.reverse();
    },
  };
}

/** Index of the last that begins at the address or before it; -1 if none does. */
function lastUpTo(sorted: readonly Stretch[], address: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle].address <= address) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
