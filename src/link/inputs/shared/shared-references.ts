// Reports what is amiss between shared libraries: references of a library that nothing meets, and objects that rely on a
// library that nobody named.

import { error, problem, type Report } from "../../../elf/problem.ts";
import type { LinkOptions } from "../../options.ts";
import type { SymbolId } from "../../tables/ids.ts";
import { placeOf, surroundings } from "../../tables/locate.ts";
import { nameText } from "../../tables/names.ts";
import type { ObjectFile } from "../../tables/object-file.ts";
import { asShared } from "../../tables/resolve.ts";
import {
  FLAG_REF_DYNAMIC_NONWEAK,
  FLAG_REF_REGULAR,
  FLAG_REF_REGULAR_NONWEAK,
  isShared,
  KIND_UNDEFINED,
  type SymbolTable,
  versionId,
} from "../../tables/symbol-table.ts";
import type { Loader } from "../loader.ts";
import { findReferrers, firstRelocation, type Referrers } from "../references.ts";
import { type SharedFile, sharedVersion } from "./shared-file.ts";
import { isMet } from "./shared-reference.ts";

/** @param reported undefined symbols that objects refer to */
export function reportShared(
  loader: Loader,
  reported: ReadonlyMap<SymbolId, unknown>,
  options: LinkOptions,
  sharedOutput: boolean,
  report: Report,
): void {
  const { symbols } = loader;
  const ignored =
    (options.allowShlibUndefined ?? sharedOutput) ||
    options.unresolvedSymbols === "ignore-all" ||
    options.unresolvedSymbols === "ignore-in-shared-libs";
  let referrers: Referrers | undefined;
  for (let id = 0; id < symbols.names.count; id++) {
    if (isShared(symbols, id)) {
      if (isMissing(loader, id)) {
        referrers ??= findReferrers(loader);
        const object = loader.objects[referrers.strong[id]];
        // What only the command line names (-u, -e) no object refers to (bfd/elflink.c, "ref_regular_nonweak").
        if (object !== undefined) reportMissing(loader, id, object, report);
      }
    } else if (!ignored && isOpenInLibrary(symbols, id, reported, options)) {
      const library = loader.shared.find((it) => it.symbols.includes(id));
      if (library !== undefined) reportUnmet(library, nameText(symbols.names, id), options, report);
    }
  }
  if (ignored) return;
  const unmet = loader.sharedReferences.filter((it) => !it.weak && !isMet(symbols, it, false));
  const later = unmet.length === 0 ? undefined : laterDefinitions(loader);
  for (const it of unmet) {
    if (later?.has(versionedKey(it.symbol, it.version)) === true) continue;
    const name = `${nameText(symbols.names, it.symbol)}@${symbols.versionNames[it.version]}`;
    reportUnmet(loader.shared[it.shared], name, options, report);
  }
}

function versionedKey(symbol: SymbolId, version: number): string {
  return `${symbol}@${version}`;
}

/** Default versions of libraries behind the one that holds the plain name: `foo@@V2` after another library's `foo@@V1`. */
function laterDefinitions({ symbols, record, shared }: Loader): ReadonlySet<string> {
  const found = new Set<string>();
  for (let i = 0; i < record.loserCount * 3; i += 3) {
    const [symbol, owner, index] = record.losers.subarray(i, i + 3);
    const library = owner < -1 ? shared[asShared(owner)] : undefined;
    if (library === undefined) continue;
    found.add(versionedKey(symbol, versionId(symbols, sharedVersion(library, index))));
  }
  return found;
}

/**
 * A library refers to it and no object does; or objects do as well, but sections of theirs were removed: the references that
 * are left in them are reported elsewhere (bfd/elflink.c, elf_link_output_extsym).
 */
function isOpenInLibrary(
  symbols: SymbolTable,
  id: SymbolId,
  reported: ReadonlyMap<SymbolId, unknown>,
  { gcSections }: LinkOptions,
): boolean {
  const flags = symbols.flags[id];
  if (symbols.kind[id] !== KIND_UNDEFINED || (flags & FLAG_REF_DYNAMIC_NONWEAK) === 0 || reported.has(id)) return false;
  return (flags & FLAG_REF_REGULAR) === 0 || gcSections;
}

/** An object relies on a library that only another library brings along. */
function isMissing({ symbols, shared }: Loader, id: SymbolId): boolean {
  return shared[symbols.owner[id]].implicit && (symbols.flags[id] & FLAG_REF_REGULAR_NONWEAK) !== 0;
}

function reportMissing(loader: Loader, id: SymbolId, object: ObjectFile, report: Report): void {
  const { symbols, shared, sections, locator } = loader;
  const library = shared[symbols.owner[id]].name;
  const details = { symbol: nameText(symbols.names, id), library };
  const reference = firstRelocation(loader, object, id);
  if (reference === undefined) report(error("dso-missing", { file: object.name }, details));
  else {
    report(error("dso-missing", placeOf(sections, reference), { ...details, ...surroundings(locator, reference) }));
  }
}

function reportUnmet({ name: library }: SharedFile, name: string, options: LinkOptions, report: Report): void {
  const severity = options.warnUnresolved ? "warning" : "error";
  report(problem(severity, "shared-undefined", { file: library }, { symbol: name, library }));
}
