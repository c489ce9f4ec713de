// A reference of a shared library to a name in a certain version, and what meets it.

import type { SharedId, SymbolId } from "../../tables/ids.ts";
import { findText, nameText } from "../../tables/names.ts";
import { aliasOf, FLAG_SYMVER, isDefinedHere, isShared, type SymbolTable } from "../../tables/symbol-table.ts";

/**
 * A library's reference to `foo` of a certain version. It is no reference to plain `foo`: no archive member can meet it.
 * But if the program's `foo` stands for the `foo@@V` of a library, the dynamic linker will find that, so it is exported.
 */
export interface SharedReference {
  readonly symbol: SymbolId;
  readonly version: number;
  readonly shared: SharedId;
  readonly weak: boolean;
}

/**
 * Does anything read so far meet the reference?
 * @param byPlain a plain definition of an object does: one that stands for a library's will not ask for that library
 */
export function isMet(symbols: SymbolTable, reference: SharedReference, byPlain: boolean): boolean {
  const { symbol, version } = reference;
  const isPlain = (symbols.flags[symbol] & FLAG_SYMVER) === 0;
  if (isDefinedHere(symbols, symbol) && (isPlain ? byPlain : symbols.version[symbol] === version)) return true;
  if (isShared(symbols, symbol) && symbols.version[symbol] === version) return true;
  const name = findText(symbols.names, `${nameText(symbols.names, symbol)}@${symbols.versionNames[version]}`);
  if (name < 0 || name >= symbols.count) return false;
  const hidden = aliasOf(symbols, name);
  return isShared(symbols, hidden) || isDefinedHere(symbols, hidden);
}
