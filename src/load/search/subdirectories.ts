// Subdirectories for CPUs: below every directory of a search path, glibc first looks where libraries for the CPU at hand
// would be (elf/dl-hwcaps.c).

import { LOADER_RECORDS } from "../machines/index.ts";
import type { LoaderMachine, LoadOptions } from "../settings/contract.ts";
import { behaves } from "../settings/profiles.ts";

/** What the CPU can do, as the loader sees it. */
export interface Capabilities {
  /** Names below glibc-hwcaps, best first. */
  readonly named: readonly string[];
  /**
   * Bits of dl_hwcap that have a directory, with its name, lowest first (sysdeps/x86/dl-procinfo.c). Undefined for
   * loaders that do not look for these any more; the others have a directory for thread-local storage in any case.
   */
  readonly legacy: readonly { readonly bit: number; readonly name: string }[] | undefined;
  readonly platform: string | undefined;
}

/** Directories of glibc-hwcaps that this machine has, and the older ones of its capabilities. */
export function capabilitiesOf(options: LoadOptions, machine: LoaderMachine): Capabilities {
  const { profile, hwcaps, platform } = options;
  const { levels, legacy } = LOADER_RECORDS[machine].search;
  const named = behaves(profile, "glibcHwcaps") ? hwcaps.filter((name) => levels.includes(name)) : [];
  return { named, legacy: behaves(profile, "legacyHwcaps") ? legacy({ hwcaps, platform }) : undefined, platform };
}

/** Subdirectories in the order of the search, each with a slash at its end; the last is empty, the directory itself. */
export function subdirectoriesOf(capabilities: Capabilities): readonly string[] {
  const named = capabilities.named.map((name) => `glibc-hwcaps/${name}/`);
  if (capabilities.legacy === undefined) return [...named, ""];
  const names = ["tls", capabilities.platform, ...capabilities.legacy.map(({ name }) => name).reverse()];
  return [...named, ...combinations(names.filter((name) => name !== undefined))];
}

/** Every choice of the names in their order, the fullest first: a/b/, a/, b/, and none. */
function combinations([first, ...rest]: readonly string[]): string[] {
  if (first === undefined) return [""];
  const shorter = combinations(rest);
  return [...shorter.map((name) => `${first}/${name}`), ...shorter];
}
