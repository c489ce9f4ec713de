// Names for the rows of the symbol columns.

import type { Loader } from "../inputs/loader.ts";
import type { SymbolId } from "../tables/ids.ts";
import { FLAG_LOCAL, plainEnd } from "../tables/symbol-table.ts";

const decoder = new TextDecoder();

/** The name without its version. */
export function plainName({ symbols }: Loader, id: SymbolId): string {
  const { names } = symbols;
  return decoder.decode(names.pool.subarray(names.start[id], plainEnd(symbols, id)));
}

/** The name of a row that may stand for an object's local symbol; "" for none. */
export function rowName(loader: Loader, id: SymbolId): string {
  const { symbols, objects } = loader;
  if (id < 0) return "";
  if ((symbols.flags[id] & FLAG_LOCAL) === 0) return plainName(loader, id);
  const { view, is64, symtab, strings, stringsEnd, bytes } = objects[symbols.owner[id]];
  const start = strings + view.getUint32(symtab + symbols.index[id] * (is64 ? 24 : 16), true);
  let end = start;
  while (end < stringsEnd && bytes[end] !== 0) end++;
  return decoder.decode(bytes.subarray(start, end));
}
