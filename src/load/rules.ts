// What the options and the profile mean to sorting and look-up.

import type { LoadOptions } from "./contract.ts";
import type { LookupRules } from "./lookup.ts";
import { behaves } from "./profiles.ts";
import type { SortRules } from "./sort.ts";

/** Set-user-ID programs heed LD_DYNAMIC_WEAK, LD_BIND_NOW and LD_BIND_NOT too (elf/rtld.c, process_envvars). */
export function lookupRules({ profile, environment }: LoadOptions): LookupRules {
  return {
    musl: profile.library === "musl",
    fallbackLast: behaves(profile, "defaultVersionIsFallback"),
    versionAsserted: profile.library === "glibc" && !behaves(profile, "acceptsUnversionedLibraries"),
    dynamicWeak: profile.library === "glibc" && environment.LD_DYNAMIC_WEAK !== undefined,
  };
}

export function sortRules({ profile, environment, secure }: LoadOptions): SortRules {
  const tunables = secure ? "" : (environment.GLIBC_TUNABLES ?? "");
  const chosen = /(?:^|:)glibc\.rtld\.dynamic_sort=([12])(?=:|$)/.exec(tunables)?.[1];
  const depthFirst = behaves(profile, "sortDepthFirst") && chosen !== "1";
  return { depthFirst, forceFirst: behaves(profile, "forceFirst") };
}
