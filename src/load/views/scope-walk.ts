// How a reference was looked up, object by object: who has the name, who was taken, who would have been next. Loading keeps
// only the answers; this asks again, without changing the process.

import { SHN_UNDEF, STB_LOCAL, VERSYM_HIDDEN } from "../../elf/index.ts";
import { symbolicOf } from "../file/dynamic-file.ts";
import { symbolBinding, symbolName, symbolNameStart, symbolSection, symbolType } from "../file/dynamic-symbols.ts";
import { versionIndex, versionWord } from "../file/version-table.ts";
import type { LoadedObject, LoadedProcess } from "../objects/objects.ts";
import { askFor, typeClasses } from "../symbols/bind.ts";
import { lookUp, makeQuery } from "../symbols/lookup.ts";
import { lookupRules } from "../symbols/rules.ts";

/** A definition of a name in an object's dynamic symbols. */
export interface NamedDefinition {
  readonly object: LoadedObject;
  readonly symbol: number;
  /** "" without a version. */
  readonly version: string;
  /** `@@`: what links against the library get; false for `@`. */
  readonly isDefault: boolean;
  /** STB_* and STT_*. */
  readonly binding: number;
  readonly type: number;
}

/** One object that was asked, or would have been. */
export interface ScopeStep {
  readonly object: LoadedObject;
  /** Which list of the referring object's scope it is in. */
  readonly list: number;
  /** The definition here that the reference accepts; 0 for none. */
  readonly symbol: number;
  /** What the object defines under that name, accepted or not. */
  readonly definitions: readonly NamedDefinition[];
}

/**
 * Asks every object of the scope by itself, in the order of the search.
 * @param row of the reference in the object's bindings
 */
export function walkScope(task: LoadedProcess, object: LoadedObject, row: number): ScopeStep[] {
  const relocations = symbolicOf(object.file);
  const index = relocations.symbol[row];
  const name = symbolName(object.file.symbols, index);
  const steps: ScopeStep[] = [];
  object.scope.forEach((list, number) => {
    for (const asked of list) {
      // With a table of its own, so that unique symbols are found where they are.
      const query = makeQuery(lookupRules(task.options), new Map());
      askFor(query, object, index, typeClasses(task)[relocations.type[row]]);
      query.from = undefined;
      lookUp(query, [[asked]], 0, true);
      const symbol = query.provider === undefined ? 0 : query.found;
      steps.push({ object: asked, list: number, symbol, definitions: definitionsIn(asked, name) });
    }
  });
  return steps;
}

/** Every definition of a name in an object. Looks at all of its symbols. */
export function definitionsIn(object: LoadedObject, name: string): NamedDefinition[] {
  const { symbols, versions } = object.file;
  const wanted = new TextEncoder().encode(name);
  const found: NamedDefinition[] = [];
  for (let symbol = 1; symbol < symbols.count; symbol++) {
    if (symbolSection(symbols, symbol) === SHN_UNDEF || !isCalled(object, symbol, wanted)) continue;
    const binding = symbolBinding(symbols, symbol);
    if (binding === STB_LOCAL) continue;
    const plain = versions.symbolsAt < 0;
    const index = plain ? 0 : versionIndex(versions, symbols.bytes, symbol);
    found.push({
      object,
      symbol,
      version: versions.hash[index] === 0 ? "" : versions.name[index],
      isDefault: plain || (versionWord(versions, symbols.bytes, symbol) & VERSYM_HIDDEN) === 0,
      binding,
      type: symbolType(symbols, symbol),
    });
  }
  return found;
}

function isCalled(object: LoadedObject, symbol: number, name: Uint8Array): boolean {
  const { symbols } = object.file;
  const start = symbolNameStart(symbols, symbol);
  if (start + name.length >= symbols.stringEnd || symbols.bytes[start + name.length] !== 0) return false;
  for (let i = 0; i < name.length; i++) if (symbols.bytes[start + i] !== name[i]) return false;
  return true;
}
