// Versions of libraries that nothing needs. Linkers write both, DT_NEEDED and the versions; tools that take a library away from a
// finished file (patchelf --remove-needed, --replace-needed) leave its versions, and glibc's loader ends with an assertion.

import { error, type Problem, warning } from "../../elf/index.ts";
import type { VersionNeeded } from "../file/version-table.ts";
import type { FileRole } from "./demands.ts";

/**
 * Findings about versions of libraries that are not in the process, one a library.
 * @param name of the file  @param role who opens a library may have loaded what is missing
 * @param isThere whether the process that opens an addon has a library
 */
export function unneededFindings(
  needs: readonly VersionNeeded[],
  name: string,
  role: FileRole,
  isThere: (library: string) => boolean,
): Problem[] {
  const byLibrary = new Map<string, string[]>();
  for (const { library, name: version } of needs) {
    if (role === "addon" && isThere(library)) continue;
    byLibrary.set(library, [...(byLibrary.get(library) ?? []), version]);
  }
  const severe = role === "library" ? warning : error;
  return [...byLibrary].map(([library, versions]) =>
    severe("check-version-without-library", { file: name }, { library, versions }),
  );
}
