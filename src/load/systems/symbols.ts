// The bundled lists of symbols, decoded: does glibc 2.31 have getentropy, and under which version? The lists are long strings
// (cheap to carry for commands that do not ask); whoever asks decodes them once and keeps the result.

import type { LoaderMachine } from "../settings/contract.ts";
import { GLIBC_SYMBOLS, GLIBC_SYMBOLS_UNTIL } from "./glibc-symbols.ts";
import {
  MUSL_SYMBOLS,
  MUSL_SYMBOLS_I386,
  MUSL_SYMBOLS_SINCE_1_2_5,
  MUSL_SYMBOLS_SINCE_1_2_6,
  MUSL_SYMBOLS_UNTIL,
} from "./musl-symbols.ts";
import { compareReleases, parseRelease, type Release } from "./releases.ts";

/** What a C library of some release provides on one machine. */
export interface LibrarySymbols {
  /** Whether the lists are complete for this release. If not, what they lack may exist all the same. */
  readonly complete: boolean;
  /**
   * The releases of the versions that a symbol has, oldest first; [release] of the library for musl, which has no versions.
   * Undefined for a name that the list does not have.
   */
  versionsOf(name: string): readonly Release[] | undefined;
}

/** glibc's symbols on a machine: versions of later releases than `release` are left out. */
export function glibcSymbols(machine: LoaderMachine, release: Release): LibrarySymbols {
  const table = decodeGlibc(machine);
  return {
    complete: compareReleases(release, parseRelease(GLIBC_SYMBOLS_UNTIL) ?? []) <= 0,
    versionsOf: (name) => {
      const versions = table.get(name)?.filter((version) => compareReleases(version, release) <= 0);
      return versions === undefined || versions.length === 0 ? undefined : versions;
    },
  };
}

/** musl's symbols on a machine. */
export function muslSymbols(machine: LoaderMachine, release: Release): LibrarySymbols {
  const since = (first: Release, names: string): string[] =>
    compareReleases(release, first) >= 0 ? wordsOf(names) : [];
  const names = new Set([
    ...wordsOf(MUSL_SYMBOLS),
    ...since([1, 2, 5], MUSL_SYMBOLS_SINCE_1_2_5),
    ...since([1, 2, 6], MUSL_SYMBOLS_SINCE_1_2_6),
    ...(machine === "i386" ? wordsOf(MUSL_SYMBOLS_I386) : []),
  ]);
  const found = [release];
  return {
    complete: compareReleases(release, parseRelease(MUSL_SYMBOLS_UNTIL) ?? []) <= 0,
    versionsOf: (name) => (names.has(name) ? found : undefined),
  };
}

function wordsOf(text: string): string[] {
  return text.trim().split(/\s+/);
}

/** name → releases of its versions on the machine, oldest first. */
function decodeGlibc(machine: LoaderMachine): Map<string, readonly Release[]> {
  const table = new Map<string, readonly Release[]>();
  const column = machine === "x86-64" ? 0 : 1;
  for (const group of GLIBC_SYMBOLS.split("<").slice(1)) {
    const [key, names] = group.split(">");
    const releases = releasesOf(key.split("|")[column]);
    if (releases.length > 0) for (const name of wordsOf(names)) table.set(name, releases);
  }
  return table;
}

function releasesOf(text: string): Release[] {
  return text.split(",").flatMap((version) => {
    const release = parseRelease(version);
    return release === undefined ? [] : [release];
  });
}
