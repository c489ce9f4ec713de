// Reports what is amiss between shared libraries: references of a library that nothing meets, and objects that rely on a
// library that nobody named.

import { error, problem, type Report } from "../elf/problem.ts";
import type { SharedId, SymbolId } from "./ids.ts";
import type { Loader } from "./loader.ts";
import { findText, nameText } from "./names.ts";
import type { LinkOptions } from "./options.ts";
import { asShared } from "./resolve.ts";
import { FLAG_REF_REGULAR_NONWEAK, isDefinedHere, isShared, KIND_UNDEFINED, type SymbolTable } from "./symbol-table.ts";

/**
 * A library's reference to `foo` of a certain version. It is no reference to plain `foo`: no archive member can meet it.
 * But if the program defines `foo`, the dynamic linker will find that, so it is exported.
 */
export interface SharedReference {
  readonly symbol: SymbolId;
  readonly version: number;
  readonly shared: SharedId;
  readonly weak: boolean;
}

/** Does anything read so far meet the reference? */
export function isMet(symbols: SymbolTable, reference: SharedReference): boolean {
  const { symbol, version } = reference;
  if (isDefinedHere(symbols, symbol)) return true;
  if (isShared(symbols, symbol) && symbols.version[symbol] === version) return true;
  const hidden = findText(symbols.names, `${nameText(symbols.names, symbol)}@${symbols.versionNames[version]}`);
  return hidden >= 0 && hidden < symbols.count && (isShared(symbols, hidden) || isDefinedHere(symbols, hidden));
}

export function reportShared(loader: Loader, options: LinkOptions, sharedOutput: boolean, report: Report): void {
  const { symbols } = loader;
  const ignored =
    (options.allowShlibUndefined ?? sharedOutput) ||
    options.unresolvedSymbols === "ignore-all" ||
    options.unresolvedSymbols === "ignore-in-shared-libs";
  for (let id = 0; id < symbols.names.count; id++) {
    if (isShared(symbols, id)) reportMissingLibrary(loader, id, report);
    else if (!ignored && symbols.kind[id] === KIND_UNDEFINED && symbols.owner[id] < -1) {
      reportUnmet(loader, asShared(symbols.owner[id]), nameText(symbols.names, id), options, report);
    }
  }
  if (ignored) return;
  for (const it of loader.sharedReferences) {
    if (it.weak || isMet(symbols, it)) continue;
    const name = `${nameText(symbols.names, it.symbol)}@${symbols.versionNames[it.version]}`;
    reportUnmet(loader, it.shared, name, options, report);
  }
}

function reportMissingLibrary({ symbols, shared }: Loader, id: SymbolId, report: Report): void {
  const file = shared[symbols.owner[id]];
  if (!file.implicit || (symbols.flags[id] & FLAG_REF_REGULAR_NONWEAK) === 0) return;
  report(error("dso-missing", { file: file.name }, { symbol: nameText(symbols.names, id), library: file.name }));
}

function reportUnmet({ shared }: Loader, owner: SharedId, name: string, options: LinkOptions, report: Report): void {
  const file = shared[owner];
  if (file === undefined) return;
  const severity = options.warnUnresolved ? "warning" : "error";
  report(problem(severity, "shared-undefined", { file: file.name }, { symbol: name, library: file.name }));
}
