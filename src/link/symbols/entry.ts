// Where the program starts: e_entry.

import { type Report, warning } from "../../elf/problem.ts";
import type { OutputMode } from "../tables/mode.ts";
import { findText } from "../tables/names.ts";
import { isDefinedHere } from "../tables/symbol-table.ts";
import type { SymbolValues } from "./symbol-values.ts";

/**
 * The value of the entry symbol, or the number that was given in its place; else the start of the code in an executable,
 * with a warning, and nothing in a shared library (ld manual, "Entry Point"; lang_end in ld/ldlang.c).
 */
export function entryAddress(
  values: SymbolValues,
  given: string | undefined,
  mode: OutputMode,
  report: Report,
  byScript = false,
): number {
  const { symbols, address, outputs } = values;
  // GNU ld's own default, which its default scripts hide, is another name, and nobody is warned.
  const name = given ?? (byScript ? "start" : "_start");
  const id = findText(symbols.names, name);
  if (id >= 0 && isDefinedHere(symbols, id)) return address[id];
  if (/^(0[xX][0-9a-fA-F]+|[0-9]+)$/.test(name)) return Number(name);
  if (mode.shared && given === undefined) return 0;
  if (byScript && given === undefined) return outputs.byName.get(".text")?.address ?? 0;
  const code = mode.shared ? undefined : outputs.byName.get(".text");
  if (code === undefined) {
    report(warning("entry-missing", {}, { symbol: name, effect: "not setting start address" }));
    return 0;
  }
  const effect = `defaulting to 0x${BigInt.asUintN(64, BigInt(code.address)).toString(16)}`;
  report(warning("entry-missing", {}, { symbol: name, effect }));
  return code.address;
}
