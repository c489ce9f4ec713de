// The arithmetic of a long list: which rows are on the screen, and where. Browsers do not make an element higher than some ten million
// pixels, so beyond that scrolling is scaled.

export const ROW = 22;

/** What every browser makes (Firefox: 17.8 million pixels). */
const HIGHEST = 12_000_000;

/** Rows above and below the screen that are drawn as well. */
const OVERSCAN = 12;

export interface Stretch {
  /** Rows to draw; the end is not included. */
  readonly first: number;
  readonly last: number;
  /** Pixels from the top of the element to the first of them. */
  readonly top: number;
  /** Height of the element. */
  readonly height: number;
}

/** @param scrolled pixels  @param view height of what is seen */
export function stretchAt(total: number, scrolled: number, view: number, row: number = ROW): Stretch {
  const real = total * row;
  const height = Math.min(real, HIGHEST);
  const offset = height === real ? scrolled : (scrolled / Math.max(1, height - view)) * Math.max(0, real - view);
  const first = Math.max(0, Math.floor(offset / row) - OVERSCAN);
  const last = Math.min(total, Math.ceil((offset + view) / row) + OVERSCAN);
  return { first, last, top: first * row - offset + scrolled, height };
}

/** How far to scroll so that a row is in the middle. */
export function scrollFor(index: number, total: number, view: number, row: number = ROW): number {
  const real = total * row;
  const height = Math.min(real, HIGHEST);
  const wanted = Math.max(0, Math.min(real - view, index * row - view / 2 + row / 2));
  return height === real ? wanted : (wanted / Math.max(1, real - view)) * (height - view);
}
