// Warns of IFUNCs where relocations change code: their resolvers are called while the loader still has the code unmapped for
// execution, or writable but not executable.

import { STT_GNU_IFUNC } from "../../elf/constants.ts";
import { type Report, warning } from "../../elf/problem.ts";
import type { Scan } from "../scan/scan-result.ts";
import type { OutputMode } from "../tables/mode.ts";
import { isDefinedHere, type SymbolTable } from "../tables/symbol-table.ts";

/**
 * As bfd/elflink.c, _bfd_elf_add_dynamic_tags, asks: DT_TEXTREL, and relocations in sections that call resolvers. After
 * dynamic relocations are settled. Warning: `ifunc-text-relocation`.
 */
export function reportTextIfuncs(scan: Scan, symbols: SymbolTable, mode: OutputMode, report: Report): void {
  if (scan.textRelocation < 0) return;
  for (let i = 0; i < scan.dynCount; i++) {
    const symbol = scan.dynSymbol[i];
    if (symbol < 0 || symbols.type[symbol] !== STT_GNU_IFUNC || !isDefinedHere(symbols, symbol)) continue;
    report(warning("ifunc-text-relocation", {}, { option: mode.shared ? "-fPIC" : "-fPIE" }));
    return;
  }
}
