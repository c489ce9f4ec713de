// The memory of a loaded process at the moment when everything is relocated and nothing has run: each object's segments,
// its dynamic section with real addresses, its relocations applied. Made when first asked for; bindings need none of it.

import {
  DT_DEBUG,
  DT_GNU_HASH,
  DT_HASH,
  DT_JMPREL,
  DT_PLTGOT,
  DT_REL,
  DT_RELA,
  DT_RELR,
  DT_STRTAB,
  DT_SYMTAB,
  DT_VERSYM,
  gnuHash,
} from "../elf/index.ts";
import { symbolValue } from "./dynamic-symbols.ts";
import { lookUp, makeQuery } from "./lookup.ts";
import { type MappedRegion, mapSegments } from "./map.ts";
import type { LoadedObject, LoadedProcess } from "./objects.ts";
import { relocateObject } from "./relocate.ts";
import { lookupRules } from "./rules.ts";
import { writeWord } from "./words.ts";

/** The memory of all objects; `object.regions` of each from now on. */
export function processMemory(task: LoadedProcess): void {
  const fresh = task.objects.filter(({ regions }) => regions === undefined);
  if (fresh.length === 0) return;
  const glibc = task.options.profile.library === "glibc";
  for (const object of fresh) {
    object.regions = mapSegments(object, !glibc || object.kind !== "library");
    patchDynamic(task, object, object.regions, glibc);
  }
  // The loader has relocated itself before anything else, and the program may copy variables of it.
  const isFresh = new Set(fresh);
  const loader = fresh.filter(({ kind }) => kind === "loader");
  const others = task.relocationOrder.filter((object) => isFresh.has(object) && object.kind !== "loader");
  for (const object of [...loader, ...others]) relocateObject(task, object);
}

/** Values of the dynamic section that glibc turns into addresses in memory (elf/get-dynamic-info.h). */
const ADDRESS_TAGS: ReadonlySet<number> = new Set([
  DT_HASH,
  DT_PLTGOT,
  DT_STRTAB,
  DT_SYMTAB,
  DT_RELR,
  DT_JMPREL,
  DT_VERSYM,
  DT_GNU_HASH,
  DT_RELA,
  DT_REL,
]);

function patchDynamic(
  task: LoadedProcess,
  object: LoadedObject,
  regions: readonly MappedRegion[],
  glibc: boolean,
): void {
  const { file, base, kind } = object;
  if (!file.dynamicWritable) return;
  const bytes = file.elf.elfClass === 64 ? 8 : 4;
  const last = new Map(file.words.map((word) => [word.tag, word]));
  for (const word of last.values()) {
    const { tag, value } = word;
    if (glibc && ADDRESS_TAGS.has(tag)) writeWord(regions, base + word.valueAddress, bytes, value + base);
    if (tag === DT_DEBUG && kind === "program") {
      const debug = loaderSymbol(task, "_r_debug");
      if (debug !== undefined) writeWord(regions, base + word.valueAddress, bytes, debug);
    }
  }
}

/** Address of a symbol that the loader exports. */
export function loaderSymbol(task: LoadedProcess, name: string): number | undefined {
  const loader = task.objects.find(({ kind }) => kind === "loader");
  if (loader === undefined) return undefined;
  const query = makeQuery(lookupRules(task.options), new Map());
  query.bytes = new TextEncoder().encode(name);
  query.end = query.bytes.length;
  query.gnuHash = gnuHash(query.bytes, 0, query.end);
  query.newest = true;
  lookUp(query, [[loader]], 0, false);
  return query.provider === undefined ? undefined : loader.base + symbolValue(loader.file.symbols, query.found);
}
