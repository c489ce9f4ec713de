// "Did you mean …?" for options, keywords and subcommands.

import { editDistance } from "../explain/suggest.ts";

/** The candidate that is nearest to `word`, if it takes few enough changes to be what was meant. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let limit = Math.max(1, Math.floor(word.length / 4));
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate, limit);
    if (distance > limit) continue;
    best = candidate;
    limit = distance - 1;
    if (limit < 0) break;
  }
  return best;
}
