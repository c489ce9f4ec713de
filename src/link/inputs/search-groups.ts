// --start-group and --end-group, GROUP of scripts: what was searched in a group is searched again until it brings nothing new.

import type { LazySet } from "./archive-types.ts";
import { extractWanted } from "./lazy-set.ts";
import { type Loader, reconsiderShared } from "./loader.ts";
import type { SharedFile } from "./shared/shared-file.ts";

/** What is searched again at the end of a group: an archive, a library that --as-needed had no use for, a group in it. */
export type Searched =
  | { readonly kind: "archive"; readonly set: LazySet }
  | { readonly kind: "library"; readonly dropped: SharedFile }
  | { readonly kind: "group"; readonly members: readonly Searched[] };

/** Goes over the group until nothing new is found (ldlang.c, open_input_bfds); an outer group goes over it again. */
export function closeGroup(loader: Loader, groups: Searched[][]): void {
  const members = groups.pop() ?? [];
  searchUntilSettled(loader, members);
  addToGroup(groups, { kind: "group", members });
}

export function addToGroup(groups: readonly Searched[][], searched: Searched): void {
  groups.at(-1)?.push(searched);
}

/** @returns true if anything was found */
function searchUntilSettled(loader: Loader, members: readonly Searched[]): boolean {
  let any = false;
  for (let again = true; again; ) {
    again = false;
    for (const member of members) if (searchAgain(loader, member)) again = true;
    any ||= again;
  }
  return any;
}

function searchAgain(loader: Loader, searched: Searched): boolean {
  switch (searched.kind) {
    case "archive":
      return extractWanted(loader, searched.set);
    case "library":
      return reconsiderShared(loader, searched.dropped) !== undefined;
    case "group":
      return searchUntilSettled(loader, searched.members);
  }
}
