// The bundled lists of symbols, decoded: does glibc 2.31 have getentropy, and under which version? The lists are long strings
// (cheap to carry for commands that do not ask); whoever asks decodes them once and keeps the result.

import type { LoaderMachine } from "../settings/contract.ts";
import type { GlibcMachine } from "./glibc/machine.ts";
import { GLIBC_MACHINES } from "./glibc-machines.ts";
import { GLIBC_SYMBOLS, GLIBC_SYMBOLS_UNTIL } from "./glibc-symbols.ts";
import {
  MUSL_SYMBOLS,
  MUSL_SYMBOLS_I386,
  MUSL_SYMBOLS_OTHER,
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
  const until = GLIBC_MACHINES[tableOf(machine)]?.until ?? GLIBC_SYMBOLS_UNTIL;
  return {
    complete: compareReleases(release, parseRelease(until) ?? []) <= 0,
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
  const { more = "", fewer = "" } = MUSL_SYMBOLS_OTHER[tableOf(machine)] ?? {};
  const names = new Set([
    ...wordsOf(MUSL_SYMBOLS),
    ...wordsOf(more),
    ...since([1, 2, 5], MUSL_SYMBOLS_SINCE_1_2_5),
    ...since([1, 2, 6], MUSL_SYMBOLS_SINCE_1_2_6),
    ...(machine === "i386" ? wordsOf(MUSL_SYMBOLS_I386) : []),
  ]);
  for (const name of wordsOf(fewer)) names.delete(name);
  const found = [release];
  return {
    complete: compareReleases(release, parseRelease(MUSL_SYMBOLS_UNTIL) ?? []) <= 0,
    versionsOf: (name) => (names.has(name) ? found : undefined),
  };
}

/** Two ABIs of one machine have the same symbols. */
function tableOf(machine: LoaderMachine): string {
  return machine === "armel" ? "arm" : machine;
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** name → releases of its versions on the machine, oldest first. */
function decodeGlibc(machine: LoaderMachine): Map<string, readonly Release[]> {
  const table = new Map<string, readonly Release[]>();
  const column = machine === "i386" ? 1 : 0;
  for (const { versions, names } of groupsOf(GLIBC_SYMBOLS)) {
    const releases = releasesOf(versions.split("|")[column] ?? "");
    if (releases.length > 0) for (const name of names) table.set(name, releases);
  }
  const other = GLIBC_MACHINES[tableOf(machine)];
  return other === undefined ? table : onOtherMachine(table, other);
}

/** The table of x86-64 turned into that of a machine which glibc has known for less long (glibc-machines.ts). */
function onOtherMachine(
  table: ReadonlyMap<string, readonly Release[]>,
  { first, exceptions }: GlibcMachine,
): Map<string, readonly Release[]> {
  const oldest = parseRelease(first) ?? [];
  const since = (releases: readonly Release[]): Release[] => {
    const later = releases.filter((release) => compareReleases(release, oldest) > 0);
    return later.length < releases.length ? [oldest, ...later] : later;
  };
  const own = new Map<string, readonly Release[]>();
  for (const [name, releases] of table) if (!/^_ZGV[b-e]/.test(name)) own.set(name, since(releases));
  for (const { versions, names } of groupsOf(exceptions)) {
    const releases = releasesOf(versions);
    for (const name of names) {
      if (releases.length > 0) own.set(name, releases);
      else own.delete(name);
    }
  }
  return own;
}

/** `<VERSIONS>` and the names that follow it, again and again. */
function groupsOf(text: string): { readonly versions: string; readonly names: readonly string[] }[] {
  return text
    .split("<")
    .slice(1)
    .map((group) => {
      const [versions = "", names = ""] = group.split(">");
      return { versions, names: wordsOf(names) };
    });
}

function releasesOf(text: string): Release[] {
  return text.split(",").flatMap((version) => {
    const release = parseRelease(version);
    return release === undefined ? [] : [release];
  });
}
