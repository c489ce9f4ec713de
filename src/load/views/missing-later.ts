// Functions that the program will miss at their first call: with lazy binding the loader looks for them only then, and a
// program starts that cannot go on (glibc elf/dl-runtime.c, _dl_fixup).

import { STB_WEAK } from "../../elf/index.ts";
import { symbolicOf } from "../file/dynamic-file.ts";
import { symbolBinding, symbolName, symbolVisibility } from "../file/dynamic-symbols.ts";
import { CLASS_PLT } from "../machines/index.ts";
import { type LoadedObject, type LoadedProcess, NOT_YET_BOUND } from "../objects/objects.ts";
import { askFor } from "../symbols/bind.ts";
import { lookUp, makeQuery } from "../symbols/lookup.ts";
import { lookupRules } from "../symbols/rules.ts";

export interface LateSymbol {
  /** Whose call it is. */
  readonly object: LoadedObject;
  readonly name: string;
  /** "" without one. */
  readonly version: string;
}

/** The functions that are not bound yet and that nothing in their scope defines. The process stays as it is. */
export function missingLater(task: LoadedProcess): LateSymbol[] {
  const query = makeQuery(lookupRules(task.options), new Map(task.unique));
  const missing: LateSymbol[] = [];
  for (const object of task.objects) {
    const { bindings, file } = object;
    const { count, symbol, firstPlt } = symbolicOf(file);
    for (let row = firstPlt; row < count; row++) {
      if (bindings?.rule[row] !== NOT_YET_BOUND) continue;
      const index = symbol[row];
      const isOwn = symbolVisibility(file.symbols, index) !== 0;
      if (isOwn || symbolBinding(file.symbols, index) === STB_WEAK) continue;
      askFor(query, object, index, CLASS_PLT);
      lookUp(query, object.scope, 0, false);
      if (query.provider !== undefined) continue;
      const version = query.versionHash === 0 ? "" : query.versionName;
      missing.push({ object, name: symbolName(file.symbols, index), version });
    }
  }
  return missing;
}
