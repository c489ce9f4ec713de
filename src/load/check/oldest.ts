// The oldest releases of glibc, libstdc++ and libgcc_s that would do for a file, and the symbols because of which.

import { LOADER_RECORDS } from "../machines/index.ts";
import type { LoaderMachine } from "../settings/contract.ts";
import type { Release } from "../systems/index.ts";
import { compareReleases, gccOfVersion, glibcOfVersion, glibcSymbols, type LibrarySymbols } from "../systems/index.ts";
import { type Demands, symbolsOfVersion } from "./demands.ts";
import { isGlibcName } from "./made-for.ts";

/** A lower bound. */
export interface Floor {
  readonly release: Release;
  /** What sets it: `GLIBC_2.34`; empty for a symbol that is asked for without version. */
  readonly version: string;
  /** The symbols with this version; none if the version is needed and no symbol has it. */
  readonly symbols: readonly string[];
}

export interface Oldest {
  readonly glibc: Floor | undefined;
  /** GLIBCXX_3.4.x, with the release of GCC that brought it. */
  readonly glibcxx: Floor | undefined;
  readonly cxxabi: Floor | undefined;
  /** GCC_x.y of libgcc_s. */
  readonly libgcc: Floor | undefined;
}

/** glibc's symbols for references without version; asked for only when there are such. */
export type NewestGlibc = (machine: LoaderMachine) => LibrarySymbols;

/** The lists for `oldestOf`, decoded once a machine. */
export function newestGlibc(): NewestGlibc {
  const known = new Map<LoaderMachine, LibrarySymbols>();
  return (machine) => {
    let symbols = known.get(machine);
    if (symbols === undefined) {
      symbols = glibcSymbols(machine, [Number.MAX_SAFE_INTEGER]);
      known.set(machine, symbols);
    }
    return symbols;
  };
}

/** What a file needs at least. */
export function oldestOf(demands: Demands, newest: NewestGlibc): Oldest {
  const glibc = versionedFloor(demands, "GLIBC_", glibcOfVersion);
  const most = demands.library === "glibc" ? higher(glibc, unversionedFloor(demands, newest)) : glibc;
  const { firstGlibc } = LOADER_RECORDS[demands.machine];
  return {
    // What every glibc of the machine has is no demand.
    glibc: most === undefined || compareReleases(most.release, firstGlibc) <= 0 ? undefined : most,
    glibcxx: versionedFloor(demands, "GLIBCXX_", gccOfVersion),
    cxxabi: versionedFloor(demands, "CXXABI_", gccOfVersion),
    libgcc: versionedFloor(demands, "GCC_", gccOfVersion),
  };
}

/** The newest of the versions with this prefix, and what needs it, library by library. */
function versionedFloor(
  demands: Demands,
  prefix: string,
  releaseOf: (version: string) => Release | undefined,
): Floor | undefined {
  const needs = demands.file.versions.needs.filter(({ name, weak }) => !weak && name.startsWith(prefix));
  let newest: { readonly release: Release; readonly version: string } | undefined;
  for (const { name } of needs) {
    const release = releaseOf(name);
    if (release === undefined) continue;
    if (newest === undefined || compareReleases(release, newest.release) > 0) newest = { release, version: name };
  }
  if (newest === undefined) return undefined;
  const { version } = newest;
  const symbols = needs.flatMap(({ name, library }) =>
    name === version ? symbolsOfVersion(demands, library, name) : [],
  );
  return { ...newest, symbols };
}

/**
 * References without version bind to the oldest version of a symbol: its release is the least that has the symbol. Where
 * other libraries are needed too, it may be theirs.
 */
function unversionedFloor(demands: Demands, newest: NewestGlibc): Floor | undefined {
  if (!demands.needed.every(isGlibcName)) return undefined;
  const plain = demands.references.filter(({ version, weak }) => version === "" && !weak);
  if (plain.length === 0) return undefined;
  const table = newest(demands.machine);
  let floor: Floor | undefined;
  for (const { name } of plain) {
    const release = table.versionsOf(name)?.[0];
    if (release === undefined) continue;
    const order = floor === undefined ? 1 : compareReleases(release, floor.release);
    if (order > 0) floor = { release, version: "", symbols: [name] };
    else if (order === 0 && floor !== undefined) floor = { ...floor, symbols: [...floor.symbols, name] };
  }
  return floor;
}

/** The greater of two bounds; the first if they are equal. */
export function higher(a: Floor | undefined, b: Floor | undefined): Floor | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareReleases(a.release, b.release) >= 0 ? a : b;
}

/** What a set of files needs at least. */
export function oldestOfAll(all: readonly Oldest[]): Oldest {
  const most = (of: (one: Oldest) => Floor | undefined): Floor | undefined =>
    all.map(of).reduce<Floor | undefined>((a, b) => higher(a, b), undefined);
  return {
    glibc: most((it) => it.glibc),
    glibcxx: most((it) => it.glibcxx),
    cxxabi: most((it) => it.cxxabi),
    libgcc: most((it) => it.libgcc),
  };
}
