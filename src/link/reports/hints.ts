// What the rest of the link knows of a name that nothing defines: the same name out of reach, a name that may have been
// meant, a library that would define it. Each undefined symbol gets the one hint that is most certain. Runs after a link
// has failed, and may take a moment.

import { SHT_SYMTAB, STB_LOCAL } from "../../elf/constants.ts";
import { parseElf, sectionOfType } from "../../elf/file.ts";
import type { Detail } from "../../elf/problem.ts";
import { symbolsOf } from "../../elf/symbols.ts";
import { offers } from "../inputs/lazy-set.ts";
import type { Loader } from "../inputs/loader.ts";
import { likelyLibraries } from "../inputs/shared/likely-libraries.ts";
import type { SymbolId } from "../tables/ids.ts";
import { localSection } from "../tables/local-symbols.ts";
import { findName, findText, nameText } from "../tables/names.ts";
import { isDefinedHere, isShared, KIND_NONE } from "../tables/symbol-table.ts";
import { type Suggestion, suggest, suggestionDetails } from "./suggest.ts";

export type Hint = Readonly<Record<string, Detail>>;

/** Names to compare with, times names to find: beyond this the later ones get no suggestion. */
const MOST_COMPARISONS = 2_000_000;

/** Symbols of a compiler's run-time library that is linked by an option of the driver. */
const DRIVER_OPTIONS: readonly (readonly [prefix: string, option: string])[] = [
  ["__asan_", "-fsanitize=address"],
  ["__ubsan_", "-fsanitize=undefined"],
  ["__tsan_", "-fsanitize=thread"],
  ["__msan_", "-fsanitize=memory"],
  ["__gcov_", "--coverage"],
  ["llvm_gcda_", "--coverage"],
  ["__llvm_profile_", "-fprofile-instr-generate"],
  ["GOMP_", "-fopenmp"],
  ["omp_", "-fopenmp"],
  ["__kmpc_", "-fopenmp"],
];

/** @returns facts for the problem `undefined-symbol`, by symbol */
export function hintsFor(loader: Loader, wanted: readonly SymbolId[]): Map<SymbolId, Hint> {
  const hints = new Map<SymbolId, Hint>();
  if (wanted.length === 0) return hints;
  const open = new Set(wanted);
  const give = (id: SymbolId, hint: Hint): void => {
    if (open.delete(id)) hints.set(id, hint);
  };
  hintFromName(loader, open, give);
  hintOutOfReach(loader, open, give);
  const suggestions = suggestNames(loader, open);
  for (const [id, suggestion] of suggestions) {
    if (suggestion.reason !== "spelling" && suggestion.reason !== "scope") give(id, suggestionHint(loader, suggestion));
  }
  for (const [id, { name, path }] of likelyLibraries(loader, [...open])) {
    give(id, name === "stdc++" ? { cxxLibrary: path } : { library: name, libraryFile: path });
  }
  for (const [id, suggestion] of suggestions) give(id, suggestionHint(loader, suggestion));
  return hints;
}

type Give = (id: SymbolId, hint: Hint) => void;

/** Names that say by themselves what is wrong. */
function hintFromName(loader: Loader, open: ReadonlySet<SymbolId>, give: Give): void {
  const { symbols, options } = loader;
  for (const id of [...open]) {
    const name = nameText(symbols.names, id);
    if (name === "main") give(id, { program: options.outputName });
    const driverOption = DRIVER_OPTIONS.find(([prefix]) => name.startsWith(prefix))?.[1];
    if (driverOption !== undefined) give(id, { driverOption });
    // Those of the language's own classes are in its library.
    const type = /^_ZT[VTI](?!N?St|N10__cxxabiv1)(.+)$/.exec(name)?.[1];
    if (type === undefined) continue;
    const vtable = findText(symbols.names, `_ZTV${type}`);
    const vtableIn = vtable >= 0 && vtable !== id ? definerOf(loader, vtable) : undefined;
    // A class has its typeinfo where its vtable is, unless that file was compiled without.
    give(id, vtableIn === undefined ? { keyFunctionOf: `_Z${type}` } : { withoutRtti: vtableIn });
  }
}

/** The name is defined, but where this link cannot get at it. */
function hintOutOfReach(loader: Loader, open: ReadonlySet<SymbolId>, give: Give): void {
  const { objects, shared, lazySets, symbols } = loader;
  for (const id of [...open]) {
    const archive = offers(lazySets, id)[0];
    if (archive !== undefined) give(id, { archive });
  }
  for (const object of objects) {
    const { view, is64, symtab, firstGlobal, strings, stringsEnd } = object;
    for (let i = 1; open.size > 0 && i < firstGlobal; i++) {
      const name = strings + view.getUint32(symtab + i * (is64 ? 24 : 16), true);
      const id = name < stringsEnd ? findName(symbols.names, view, name, stringsEnd) : -1;
      if (open.has(id) && localSection(object, i) >= 0) give(id, { localIn: object.name });
    }
  }
  for (const { bytes, name } of shared) {
    if (open.size === 0) return;
    const elf = parseElf(bytes, name, () => {});
    const table = elf === undefined ? undefined : sectionOfType(elf, SHT_SYMTAB);
    if (elf === undefined || table === undefined) continue;
    for (const symbol of symbolsOf(elf, table, () => {})) {
      if (symbol.binding !== STB_LOCAL || symbol.section === 0) continue;
      const id = findText(symbols.names, symbol.name);
      if (open.has(id)) give(id, { sharedHidden: name });
    }
  }
  const slim = loader.lazySets.find((set) => set.symbols.includes(loader.slimMarker));
  if (slim !== undefined) for (const id of [...open]) give(id, { slimArchive: slim.path });
}

function suggestNames(loader: Loader, open: ReadonlySet<SymbolId>): Map<SymbolId, Suggestion> {
  const found = new Map<SymbolId, Suggestion>();
  if (open.size === 0) return found;
  const names = definedNames(loader);
  for (const id of [...open].slice(0, Math.ceil(MOST_COMPARISONS / Math.max(names.length, 1)))) {
    const suggestion = suggest(nameText(loader.symbols.names, id), names);
    if (suggestion !== undefined) found.set(id, suggestion);
  }
  return found;
}

/** Of objects, then of shared libraries, then of archive members that are not in the link. Without versions. */
function definedNames({ symbols, lazySets }: Loader): string[] {
  const ranks: string[][] = [[], [], []];
  const offered = new Set(lazySets.flatMap((set) => [...set.symbols]));
  for (let id = 0; id < symbols.names.count; id++) {
    const isOffered = symbols.kind[id] === KIND_NONE && offered.has(id);
    const rank = isDefinedHere(symbols, id) ? 0 : isShared(symbols, id) ? 1 : isOffered ? 2 : -1;
    const name = rank < 0 ? "" : nameText(symbols.names, id);
    if (rank >= 0 && !name.includes("@")) ranks[rank].push(name);
  }
  return ranks.flat();
}

function suggestionHint(loader: Loader, suggestion: Suggestion): Hint {
  const suggestionIn = definerOf(loader, findText(loader.symbols.names, suggestion.name));
  return { ...suggestionDetails(suggestion), ...(suggestionIn === undefined ? {} : { suggestionIn }) };
}

/** The file that defines a symbol, or would. */
function definerOf({ symbols, objects, shared, lazySets }: Loader, id: SymbolId): string | undefined {
  if (id < 0) return undefined;
  if (isShared(symbols, id)) return shared[symbols.owner[id]]?.name;
  return isDefinedHere(symbols, id) ? objects[symbols.owner[id]]?.name : offers(lazySets, id)[0];
}
