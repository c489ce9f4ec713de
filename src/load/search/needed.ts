// Tokens in the names that an object needs: they are replaced before anything is looked for (glibc elf/dl-deps.c,
// expand_dst).

import type { Requester } from "../settings/contract.ts";
import { expand, type SearchContext } from "./context.ts";
import { hasToken } from "./tokens.ts";

/**
 * The name of DT_NEEDED, DT_FILTER or DT_AUXILIARY with its tokens replaced.
 * @returns the name, or ld.so's message; for DT_AUXILIARY the entry is then passed over
 */
export function expandNeeded(
  context: SearchContext,
  name: string,
  requester: Requester,
): { readonly name: string } | { readonly message: string } {
  if (context.options.profile.library === "musl" || !hasToken(name)) return { name };
  if (context.options.secure) return { message: "DST not allowed in SUID/SGID programs" };
  const expanded = expand(context, name, requester);
  return expanded === undefined ? { message: "empty dynamic string token substitution" } : { name: expanded };
}
