// What names mean once everything is read ("no new inputs beyond this point"): names that are only other names for something, and
// symbols that the output does without.

import {
  FLAG_DROPPED,
  FLAG_REF_REGULAR,
  FLAG_REF_REGULAR_NONWEAK,
  FLAG_UNIQUE,
  isUndefined,
  KIND_INDIRECT,
} from "../tables/symbol-table.ts";
import type { Loader } from "./loader.ts";
import { findReferrers } from "./references.ts";

/** What excluded sections define, and nobody else defines or refers to, is no symbol of the output. */
export function forgetExcluded(loader: Loader): void {
  const { symbols } = loader;
  const { any } = findReferrers(loader);
  for (const id of loader.excludedSymbols) {
    if (!isUndefined(symbols, id) || any[id] !== -1) continue;
    symbols.flags[id] = (symbols.flags[id] & ~(FLAG_REF_REGULAR | FLAG_REF_REGULAR_NONWEAK)) | FLAG_DROPPED;
  }
}

/** --no-gnu-unique */
export function forgetUnique({ symbols }: Loader): void {
  for (let id = 0; id < symbols.names.count; id++) symbols.flags[id] &= ~FLAG_UNIQUE;
}

/** From here on no object refers to a name that is only another name for something. */
export function replaceAliases(loader: Loader): void {
  const { symbols } = loader;
  for (const object of loader.objects) {
    const ids = object.symbols;
    for (let i = 0; i < ids.length; i++) {
      while (symbols.kind[ids[i]] === KIND_INDIRECT) ids[i] = symbols.alias[ids[i]];
    }
  }
  for (const shared of loader.shared) {
    const ids = shared.symbols;
    for (let i = 0; i < ids.length; i++) {
      while (ids[i] >= 0 && symbols.kind[ids[i]] === KIND_INDIRECT) ids[i] = symbols.alias[ids[i]];
    }
  }
}
