// How far apart two words are, and which of many is nearest: for "did you mean …?".

/**
 * The candidate that is nearest to `word`, if it takes few enough changes to be what was meant: one for each four letters.
 * Among equals the first wins.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let limit = Math.max(1, Math.floor(word.length / 4));
  for (const candidate of candidates) {
    if (limit < 0) break;
    const distance = editDistance(word, candidate, limit);
    if (distance > limit) continue;
    best = candidate;
    limit = distance - 1;
  }
  return best;
}

/**
 * Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`.
 * @param limit gives up beyond it
 * @returns the number, or `limit + 1` when it is greater than `limit`
 */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a.charCodeAt(start) === b.charCodeAt(start)) start++;
  let end = 0;
  while (end < shorter - start && a.charCodeAt(a.length - 1 - end) === b.charCodeAt(b.length - 1 - end)) end++;
  return middleDistance(a.slice(start, a.length - end), b.slice(start, b.length - end), limit);
}

function middleDistance(a: string, b: string, limit: number): number {
  if (a === "" || b === "") return Math.min(a.length + b.length, limit + 1);
  let before = new Uint16Array(b.length + 1);
  let above = Uint16Array.from({ length: b.length + 1 }, (_, column) => Math.min(column, limit + 1));
  let current = new Uint16Array(b.length + 1);
  for (let row = 1; row <= a.length; row++) {
    // Only the columns near the diagonal can stay within the limit.
    const last = Math.min(b.length, row + limit);
    current.fill(limit + 1);
    current[0] = Math.min(row, limit + 1);
    let least = current[0];
    for (let column = Math.max(1, row - limit); column <= last; column++) {
      const same = a.charCodeAt(row - 1) === b.charCodeAt(column - 1);
      let cost = Math.min(above[column] + 1, current[column - 1] + 1, above[column - 1] + (same ? 0 : 1));
      if (row > 1 && column > 1 && isSwap(a, row, b, column)) cost = Math.min(cost, before[column - 2] + 1);
      current[column] = cost;
      least = Math.min(least, cost);
    }
    if (least > limit) return limit + 1;
    [before, above, current] = [above, current, before];
  }
  return Math.min(above[b.length], limit + 1);
}

function isSwap(a: string, row: number, b: string, column: number): boolean {
  return a.charCodeAt(row - 1) === b.charCodeAt(column - 2) && a.charCodeAt(row - 2) === b.charCodeAt(column - 1);
}
