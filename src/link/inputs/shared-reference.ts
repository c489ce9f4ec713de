// A reference of a shared library to a name in a certain version, and what meets it.

import type { SharedId, SymbolId } from "../tables/ids.ts";
import { findText, nameText } from "../tables/names.ts";
import { aliasOf, FLAG_SYMVER, isDefinedHere, isShared, type SymbolTable } from "../tables/symbol-table.ts";

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
  const isOther = (symbols.flags[symbol] & FLAG_SYMVER) !== 0 && symbols.version[symbol] !== version;
  if (isDefinedHere(symbols, symbol) && !isOther) return true;
  if (isShared(symbols, symbol) && symbols.version[symbol] === version) return true;
  const name = findText(symbols.names, `${nameText(symbols.names, symbol)}@${symbols.versionNames[version]}`);
  if (name < 0 || name >= symbols.count) return false;
  const hidden = aliasOf(symbols, name);
  return isShared(symbols, hidden) || isDefinedHere(symbols, hidden);
}
