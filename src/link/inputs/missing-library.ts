// The problem `library-not-found`: where was looked, and what is there instead.

import { error, type Problem } from "../../elf/problem.ts";
import { closest } from "../tables/spelling.ts";
import type { Loader } from "./loader.ts";
import { libraryNames, searchDirectories } from "./shared/likely-libraries.ts";

/**
 * @param name NAME of -lNAME  @param exact FILE of -l:FILE
 * @param archivesOnly shared libraries were not looked for
 * @param skipped libraries of that name for another machine
 */
export function missingLibrary(
  loader: Loader,
  name: string,
  exact: boolean,
  archivesOnly: boolean,
  skipped: readonly string[],
): Problem {
  const directories = searchDirectories(loader);
  const hint = exact ? {} : whatIsThere(loader, name, directories, archivesOnly, skipped);
  return error(
    "library-not-found",
    {},
    {
      name: exact ? `:${name}` : name,
      searched: directories.length,
      ...hint,
      ...(Object.keys(hint).length === 0 ? { pathOption: "-L" } : {}),
    },
  );
}

function whatIsThere(
  loader: Loader,
  name: string,
  directories: readonly string[],
  archivesOnly: boolean,
  skipped: readonly string[],
): Readonly<Record<string, string | readonly string[]>> {
  if (skipped.length > 0) return { skipped: [...new Set(skipped)] };
  const sharedOnly = pathOf(loader, directories, (file) => file === `lib${name}.so`);
  if (archivesOnly && sharedOnly !== undefined) return { sharedOnly };
  const runtimeOnly = pathOf(loader, directories, (file) => file.startsWith(`lib${name}.so.`));
  if (runtimeOnly !== undefined) return { runtimeOnly };
  const suggestion = closest(name, libraryNames(loader));
  if (suggestion === undefined) return {};
  const isSuggested = (file: string): boolean => file === `lib${suggestion}.so` || file === `lib${suggestion}.a`;
  return { suggestion, suggestionIn: pathOf(loader, directories, isSuggested) ?? "" };
}

function pathOf(
  { files }: Loader,
  directories: readonly string[],
  fits: (file: string) => boolean,
): string | undefined {
  for (const directory of directories) {
    const file = [...(files.list?.(directory) ?? [])].sort().find(fits);
    if (file !== undefined) return `${directory}/${file}`;
  }
  return undefined;
}
