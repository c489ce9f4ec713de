// Does a resolver of an IFUNC end the process? Nothing in the files' tables says so: it is run, in the memory of a whole load. Those
// of the C library are known to be good.

import { STT_GNU_IFUNC } from "../../elf/constants.ts";
import type { Problem } from "../../elf/index.ts";
import type { DynamicFile } from "../file/dynamic-file.ts";
import { symbolSection, symbolType } from "../file/dynamic-symbols.ts";
import { entryType } from "../file/relocation-entry.ts";
import { load } from "../load.ts";
import { DO_INDIRECT } from "../machines/index.ts";
import { processMemory } from "../memory/memory.ts";
import type { LoadedProcess } from "../objects/objects.ts";
import type { LoaderProfile } from "../settings/contract.ts";
import type { Demands } from "./demands.ts";
import { isGlibcName } from "./made-for.ts";
import type { ResolverRunner, Surroundings } from "./surroundings.ts";

/**
 * @param path of the file, absolute
 * @param interpreter the dynamic linker that loads it
 * @param loaded the process as its tables have it
 */
export function resolverFindings(
  main: Demands,
  path: string,
  where: Surroundings,
  profile: LoaderProfile,
  interpreter: string,
  loaded: LoadedProcess,
): Problem[] {
  const { resolvers } = where;
  // musl has no IFUNCs.
  if (resolvers === undefined || profile.library !== "glibc" || !hasResolvers(loaded, resolvers.known)) return [];
  const { resolveIndirect, attach } = resolvers.start();
  // Bound as it asks for itself: what is bound at its first call finds all relocated.
  const result = load(path, { ...where.options, profile }, resolvers.cache, { interpreter, resolveIndirect });
  if (!result.loaded) return [];
  const { process } = result;
  attach(process);
  processMemory(process);
  const own = process.objects.find(({ kind }) => kind === "program")?.name;
  return process.problems.flatMap((problem) => {
    if (problem.code !== "resolver-fails") return [];
    return [problem.place.file === own ? { ...problem, place: { file: main.name } } : problem];
  });
}

/** Whether anything but the C library defines an IFUNC, or has a word that one of its own chooses. */
function hasResolvers({ objects, record }: LoadedProcess, known: ResolverRunner["known"]): boolean {
  return objects.some(({ file, kind, name }) => {
    if (kind === "loader" || isGlibcName(file.soname ?? name)) return false;
    const has = known.get(file.realPath) ?? (definesIndirect(file) || hasIndirectWords(file, record.relocations.glibc));
    known.set(file.realPath, has);
    return has;
  });
}

function definesIndirect({ symbols }: DynamicFile): boolean {
  for (let symbol = 1; symbol < symbols.count; symbol++) {
    if (symbolType(symbols, symbol) === STT_GNU_IFUNC && symbolSection(symbols, symbol) !== 0) return true;
  }
  return false;
}

function hasIndirectWords({ elf, ranges }: DynamicFile, kinds: Uint8Array): boolean {
  for (const { start, end, entry } of ranges) {
    for (let at = start; at < end; at += entry) if (kinds[entryType(elf, at)] === DO_INDIRECT) return true;
  }
  return false;
}
