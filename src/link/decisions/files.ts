// Why each file takes part: named on the command line, all of an archive wanted, or taken out of it for one name.

import type { LazySet } from "../inputs/archive-types.ts";
import type { Loader } from "../inputs/loader.ts";
import { fileName, type Referrers } from "../inputs/references.ts";
import type { SharedFile } from "../inputs/shared/shared-file.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import { plainName } from "./names.ts";
import type { ArchiveDecision, FileDecision, LibraryDecision, ObjectDecision } from "./types.ts";

export function listFiles(loader: Loader, referrers: Referrers): FileDecision[] {
  return [
    ...loader.objects.map((object) => objectDecision(loader, object, referrers)),
    ...loader.lazySets.map(archiveDecision),
    ...loader.shared.map((library) => libraryDecision(loader, library)),
    ...droppedLibraries(loader),
  ];
}

/** Compilers name libgcc_s.so twice; what was dropped once may be needed later. */
function droppedLibraries({ dropped, shared }: Loader): LibraryDecision[] {
  const sonames = new Map(dropped.map(({ name, soname }) => [soname, name]));
  for (const { soname } of shared) sonames.delete(soname);
  return [...sonames].map(([soname, file]) => ({
    kind: "shared-library",
    file,
    soname,
    fate: "dropped",
    asNeeded: true,
    symbol: "",
  }));
}

function objectDecision(loader: Loader, object: ObjectFile, referrers: Referrers): ObjectDecision {
  const { name, path, member, pulledBy } = object;
  const start = { kind: "object", file: name, path, symbol: "", neededBy: "" } as const;
  if (pulledBy < 0) return { ...start, reason: member === undefined ? "command-line" : "whole-archive" };
  const first = referrers.strong[pulledBy];
  // An object that came later, with the member or because of it, is not what wanted it.
  const neededBy = first > object.id ? "" : fileName(loader, first);
  return { ...start, reason: "wanted", symbol: plainName(loader, pulledBy), neededBy };
}

function archiveDecision({ path, members, extracted }: LazySet): ArchiveDecision {
  const taken = extracted.reduce((sum, it) => sum + it, 0);
  return { kind: "archive", file: path, members: members.length, taken };
}

function libraryDecision(loader: Loader, library: SharedFile): LibraryDecision {
  const { name, soname, implicit, asNeeded, neededFor } = library;
  return {
    kind: "shared-library",
    file: name,
    soname,
    fate: implicit ? "implicit" : "needed",
    asNeeded,
    symbol: neededFor < 0 ? "" : plainName(loader, neededFor),
  };
}
