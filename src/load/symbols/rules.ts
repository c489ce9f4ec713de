// What the options and the profile mean to sorting and look-up.

import type { SortRules } from "../objects/sort.ts";
import type { LoadOptions } from "../settings/contract.ts";
import { behaves } from "../settings/profiles.ts";
import type { LookupRules } from "./lookup.ts";

/**
 * The value of a variable about binding, if the loader heeds it. In set-user-ID programs glibc does so up to 2.38 (elf/rtld.c,
 * process_envvars).
 */
export function bindingVariable(
  { profile, environment, secure }: LoadOptions,
  name: "LD_BIND_NOW" | "LD_BIND_NOT" | "LD_DYNAMIC_WEAK",
): string | undefined {
  return secure && behaves(profile, "secureBindsAsFileSays") ? undefined : environment[name];
}

export function lookupRules(options: LoadOptions): LookupRules {
  const { profile } = options;
  return {
    musl: profile.library === "musl",
    fallbackLast: behaves(profile, "defaultVersionIsFallback"),
    versionAsserted: profile.library === "glibc" && !behaves(profile, "acceptsUnversionedLibraries"),
    dynamicWeak: profile.library === "glibc" && bindingVariable(options, "LD_DYNAMIC_WEAK") !== undefined,
  };
}

export function sortRules({ profile, environment, secure }: LoadOptions): SortRules {
  const tunables = secure ? "" : (environment.GLIBC_TUNABLES ?? "");
  const chosen = /(?:^|:)glibc\.rtld\.dynamic_sort=([12])(?=:|$)/.exec(tunables)?.[1];
  const depthFirst = behaves(profile, "sortDepthFirst") && chosen !== "1";
  return { depthFirst, forceFirst: behaves(profile, "forceFirst") };
}
