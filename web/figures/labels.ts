// Labels beside a bar: each as near to its part as the others leave room for.

/**
 * Spreads places so that neighbours are at least `gap` apart, between `from` and `to`, moving each as little as may be.
 * @param wanted ascending
 */
export function spread(wanted: readonly number[], gap: number, from: number, to: number): number[] {
  const places = [...wanted];
  for (let i = 0; i < places.length; i++) places[i] = Math.max(places[i], i === 0 ? from : places[i - 1] + gap);
  for (let i = places.length - 1; i >= 0; i--)
    places[i] = Math.min(places[i], i === places.length - 1 ? Math.max(to, from + i * gap) : places[i + 1] - gap);
  return places;
}

/** A stretch of a bar. */
export interface Scaled {
  readonly start: number;
  readonly end: number;
}

/**
 * Heights in proportion to sizes, but none below `least`: what the small ones get too much is taken from the others.
 * @returns where each begins and ends, from `top` on
 */
export function scaleHeights(sizes: readonly number[], height: number, least: number, top: number): Scaled[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let small = new Set<number>();
  for (;;) {
    const rest = height - small.size * least;
    const large = Math.max(
      1,
      sizes.reduce((sum, size, i) => (small.has(i) ? sum : sum + size), 0),
    );
    const next = new Set(sizes.flatMap((size, i) => (small.has(i) || (size / large) * rest < least ? [i] : [])));
    if (next.size === small.size || next.size === sizes.length) {
      small = next;
      break;
    }
    small = next;
  }
  const rest = Math.max(0, height - small.size * least);
  const large = Math.max(1, total - [...small].reduce((sum, i) => sum + sizes[i], 0));
  let at = top;
  return sizes.map((size, i) => {
    const start = at;
    at += small.has(i) ? least : (size / large) * rest;
    return { start, end: at };
  });
}
