// What the command line and the version script say of a name before versions are assigned: garbage collection asks.

import type { LinkOptions } from "../options.ts";
import type { SymbolId } from "../tables/ids.ts";
import { plainEnd, type SymbolTable } from "../tables/symbol-table.ts";
import type { VersionNode } from "./types.ts";
import { compilePatterns, compileVersions, NO_VERSION, versionIsLocal } from "./version-assign.ts";

/** What the lists and the version script say of a definition, asked before versions are assigned. */
interface ExportRules {
  /** --dynamic-list or --export-dynamic-symbol names it. */
  isListed(id: SymbolId): boolean;
  /** The version script makes it local. */
  isLocal(id: SymbolId): boolean;
}

export function exportRules(
  symbols: SymbolTable,
  nodes: readonly VersionNode[],
  options: LinkOptions,
  demangle: (name: string) => string,
): ExportRules {
  const { names } = symbols;
  const patterns = compilePatterns([...options.exportDynamicSymbols, ...(options.dynamicList ?? [])]);
  // What is wrong with the script is reported when versions are assigned.
  const versions = compileVersions(nodes, () => {});
  const demangled = (id: SymbolId) => (): string => demangledName(symbols, id, demangle);
  return {
    isListed: (id) => patterns.matches(names.pool, names.start[id], plainEnd(symbols, id), demangled(id)),
    isLocal: (id) => {
      const match = versions.find(names.pool, names.start[id], plainEnd(symbols, id), demangled(id));
      return match !== NO_VERSION && versionIsLocal(match);
    },
  };
}

export function demangledName(symbols: SymbolTable, id: SymbolId, demangle: (name: string) => string): string {
  const { names } = symbols;
  return demangle(new TextDecoder().decode(names.pool.subarray(names.start[id], plainEnd(symbols, id))));
}
