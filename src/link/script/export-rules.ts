// What the command line and the version script say of a name before versions are assigned: garbage collection asks.

import { bytesOf } from "../../elf/text.ts";
import type { LinkOptions } from "../options.ts";
import type { SymbolId } from "../tables/ids.ts";
import { nameEnd } from "../tables/names.ts";
import { FLAG_SYMVER, plainEnd, type SymbolTable } from "../tables/symbol-table.ts";
import type { VersionNode } from "./types.ts";
import { compilePatterns, compileVersions, NO_VERSION, type PatternMatcher, versionIsLocal } from "./version-assign.ts";

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
    isListed: (id) => isListedBy(patterns, symbols, id, demangle),
    isLocal: (id) => {
      const match = versions.find(names.pool, names.start[id], plainEnd(symbols, id), demangled(id));
      return match !== NO_VERSION && versionIsLocal(match);
    },
  };
}

/**
 * Does an export list name the symbol? What came with a version is called by all of it there, `foo@V1` or `foo@@V2`, so that "foo"
 * does not name it and "foo*" does (bfd/elflink.c, bfd_elf_link_mark_dynamic_symbol).
 */
export function isListedBy(
  patterns: PatternMatcher,
  symbols: SymbolTable,
  id: SymbolId,
  demangle: (name: string) => string,
): boolean {
  const { names } = symbols;
  const [start, end] = [names.start[id], nameEnd(names, id)];
  const plain = plainEnd(symbols, id);
  const version = (): string => textOf(names.pool.subarray(plain, end));
  if (plain < end || (symbols.flags[id] & FLAG_SYMVER) === 0) {
    return patterns.matches(names.pool, start, end, () => demangledName(symbols, id, demangle) + version());
  }
  const suffix = `@@${symbols.versionNames[symbols.version[id]]}`;
  const whole = bytesOf(textOf(names.pool.subarray(start, end)) + suffix);
  return patterns.matches(whole, 0, whole.length, () => demangledName(symbols, id, demangle) + suffix);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export function demangledName(symbols: SymbolTable, id: SymbolId, demangle: (name: string) => string): string {
  const { names } = symbols;
  return demangle(textOf(names.pool.subarray(names.start[id], plainEnd(symbols, id))));
}
