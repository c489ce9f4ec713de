// Warns of a library's symbols of which nobody says what they are: a program that takes one for data gets a copy of nothing,
// and one that takes it for a function cannot know its address. Assembler sources without .type and .size make them.

import { STT_NOTYPE } from "../../elf/constants.ts";
import { type Report, warning } from "../../elf/problem.ts";
import type { Loader } from "../inputs/loader.ts";
import { nameText } from "../tables/names.ts";
import { FLAG_NEEDS_PLT, FLAG_REF_REGULAR, isShared } from "../tables/symbol-table.ts";

/**
 * As bfd/elflink.c, _bfd_elf_adjust_dynamic_symbol: of all that objects refer to and do not only call through the PLT. After the
 * scan. Warning: `untyped-symbol`.
 */
export function reportUntyped({ symbols, shared }: Loader, report: Report): void {
  for (let id = 0; id < symbols.names.count; id++) {
    if (!isShared(symbols, id) || symbols.type[id] !== STT_NOTYPE || symbols.size[id] !== 0) continue;
    if ((symbols.flags[id] & (FLAG_REF_REGULAR | FLAG_NEEDS_PLT)) !== FLAG_REF_REGULAR) continue;
    report(
      warning("untyped-symbol", { file: shared[symbols.owner[id]].name }, { symbol: nameText(symbols.names, id) }),
    );
  }
}
