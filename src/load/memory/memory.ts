// The memory of a loaded process at the moment when everything is relocated and nothing has run: each object's segments,
// its dynamic section with real addresses, its relocations applied. Made when first asked for; bindings need none of it.

import {
  DT_DEBUG,
  DT_GNU_HASH,
  DT_HASH,
  DT_JMPREL,
  DT_MIPS_RLD_MAP_REL,
  DT_PLTGOT,
  DT_REL,
  DT_RELA,
  DT_RELR,
  DT_STRTAB,
  DT_SYMTAB,
  DT_VERSYM,
  EM_MIPS,
} from "../../elf/index.ts";
import type { DynamicWord } from "../file/dynamic-file.ts";
import { symbolValue } from "../file/dynamic-symbols.ts";
import { mapSegments } from "../objects/map.ts";
import type { LoadedObject, LoadedProcess } from "../objects/objects.ts";
import { type MappedRegion, MOST_WRITTEN } from "../objects/region.ts";
import { lookUp, makeQuery, nameQuery } from "../symbols/lookup.ts";
import { lookupRules } from "../symbols/rules.ts";
import { relocateObject } from "./relocate.ts";
import { readWord, type WordForm, writeWord } from "./words.ts";

/** The memory of all objects; `object.regions` of each from now on. */
export function processMemory(task: LoadedProcess): void {
  const fresh = task.objects.filter(({ regions }) => regions === undefined);
  if (fresh.length === 0) return;
  const glibc = task.options.profile.library === "glibc";
  const budget = { left: MOST_WRITTEN };
  for (const object of fresh) {
    object.regions = mapSegments(object, !glibc || object.kind !== "library", budget);
    if (glibc && task.record.leavesDynamic !== true) patchDynamic(object, object.regions, task.record.facts);
  }
  // The loader has relocated itself before anything else, and the program may copy variables of it.
  const isFresh = new Set(fresh);
  const loader = fresh.filter(({ kind }) => kind === "loader");
  const others = task.relocationOrder.filter((object) => isFresh.has(object) && object.kind !== "loader");
  for (const object of [...loader, ...others]) relocateObject(task, object);
  tellDebugger(task, fresh, glibc);
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

function patchDynamic({ file, base }: LoadedObject, regions: readonly MappedRegion[], form: WordForm): void {
  if (!file.dynamicWritable) return;
  const last = new Map(file.words.map((word) => [word.tag, word]));
  for (const { tag, value, valueAddress } of last.values()) {
    // GNU ld writes an empty table's address as 0, and that is left.
    const isEmpty = value === 0 && (tag === DT_RELA || tag === DT_REL);
    if (ADDRESS_TAGS.has(tag) && !isEmpty) writeWord(regions, base + valueAddress, form, value + base);
  }
}

/** The program's DT_DEBUG: where debuggers find the chain of objects. musl keeps the address in a variable. */
function tellDebugger(task: LoadedProcess, fresh: readonly LoadedObject[], glibc: boolean): void {
  const program = fresh.find(({ kind }) => kind === "program");
  const word = program?.file.words.findLast(({ tag }) => tag === DT_DEBUG);
  if (program?.regions === undefined) return;
  const place = debuggersWord(program, word);
  if (place === undefined) return;
  const { facts } = task.record;
  const named = loaderSymbol(task, glibc ? "_r_debug" : "_dl_debug_addr");
  const loader = task.objects.find(({ kind }) => kind === "loader");
  if (named === undefined || loader?.regions === undefined) return;
  const debug = glibc ? named : readWord(loader.regions, named, facts);
  if (debug !== undefined) writeWord(program.regions, place, facts, debug);
}

/** DT_DEBUG's own word; on MIPS, which keeps the dynamic section as it is, the one that DT_MIPS_RLD_MAP_REL tells. */
function debuggersWord({ file, base }: LoadedObject, word: DynamicWord | undefined): number | undefined {
  const map = file.words.findLast(({ tag }) => tag === DT_MIPS_RLD_MAP_REL);
  if (map !== undefined && file.elf.header.machine === EM_MIPS) {
    // From the tag, not from its value.
    return base + map.valueAddress - file.elf.elfClass / 8 + map.value;
  }
  return word !== undefined && file.dynamicWritable ? base + word.valueAddress : undefined;
}

/** Address of a symbol that the loader exports. */
export function loaderSymbol(task: LoadedProcess, name: string): number | undefined {
  const loader = task.objects.find(({ kind }) => kind === "loader");
  if (loader === undefined) return undefined;
  const query = makeQuery(lookupRules(task.options), new Map());
  nameQuery(query, name);
  query.newest = true;
  lookUp(query, [[loader]], 0, false);
  return query.provider === undefined ? undefined : loader.base + symbolValue(loader.file.symbols, query.found);
}
