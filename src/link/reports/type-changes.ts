// Warns of an object's definition that takes the place of a library's and is something else: the library's function is the
// program's variable, and whoever in the library calls it runs into data. Mostly one short name for two things.

import { STB_WEAK, STT_FUNC, STT_GNU_IFUNC, STT_NOTYPE, STV_DEFAULT } from "../../elf/constants.ts";
import { symbolTypeName } from "../../elf/names/names.ts";
import { type Report, warning } from "../../elf/problem.ts";
import type { Loader } from "../inputs/loader.ts";
import type { SymbolId } from "../tables/ids.ts";
import { nameText } from "../tables/names.ts";
import { asShared } from "../tables/resolve.ts";
import { KIND_DEFINED } from "../tables/symbol-table.ts";

/**
 * As bfd/elflink.c, elf_link_add_object_symbols ("type of symbol changed"): where the library was read first, and neither
 * definition is weak. Warning: `symbol-type-changed`.
 */
export function reportTypeChanges({ symbols, objects, shared, record }: Loader, report: Report): void {
  const seen = new Set<SymbolId>();
  for (let i = 0; i < record.loserCount * 3; i += 3) {
    const [id, owner, index] = record.losers.subarray(i, i + 3);
    // What is not for libraries takes nothing's place.
    if (symbols.visibility[id] !== STV_DEFAULT) continue;
    const library = owner < -1 ? shared[asShared(owner)] : undefined;
    const object = symbols.kind[id] === KIND_DEFINED ? objects[symbols.owner[id]] : undefined;
    if (library === undefined || object === undefined || object.input < library.input || seen.has(id)) continue;
    const info = library.bytes[library.dynsym + index * (library.is64 ? 24 : 16) + (library.is64 ? 4 : 12)];
    const [before, after] = [info & 15, symbols.type[id]];
    if (info >> 4 === STB_WEAK || before === STT_NOTYPE || after === STT_NOTYPE || isSame(before, after)) continue;
    seen.add(id);
    report(
      warning(
        "symbol-type-changed",
        { file: object.name },
        {
          symbol: nameText(symbols.names, id),
          library: library.name,
          before: symbolTypeName(before),
          after: symbolTypeName(after),
        },
      ),
    );
  }
}

function isSame(a: number, b: number): boolean {
  const isFunction = (type: number): boolean => type === STT_FUNC || type === STT_GNU_IFUNC;
  return a === b || (isFunction(a) && isFunction(b));
}
