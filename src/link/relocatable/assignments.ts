import { STT_NOTYPE, STV_DEFAULT } from "../../elf/constants.ts";
import { error, type Report, warning } from "../../elf/problem.ts";
import { VISIBILITIES } from "../inputs/boundary-mentions.ts";
import { entryName } from "../inputs/entry-name.ts";
import type { Loader } from "../inputs/loader.ts";
import type { LinkOptions } from "../options.ts";
import { ABSOLUTE, type Folded } from "../script/fold.ts";
import { SECTION_ABSOLUTE, SECTION_OUTPUT, type SymbolId } from "../tables/ids.ts";
import { findText, nameText } from "../tables/names.ts";
import {
  defineSymbol,
  FLAG_REF_REGULAR,
  isDefinedHere,
  isUndefined,
  KIND_COMMON,
  type SymbolTable,
  symbolValue,
} from "../tables/symbol-table.ts";
import type { OutputTable } from "./output-table.ts";

/** -Ur: `__start_X` and `__stop_X` that are asked for (ld/ldlang.c, lang_init_start_stop). */
export function defineBoundaries(symbols: SymbolTable, table: OutputTable, options: LinkOptions): void {
  const seen = new Set<string>();
  for (let output = 0; output < table.count; output++) {
    const name = nameText(table.names, table.name[output]);
    if (!/^[A-Za-z0-9_]+$/.test(name) || seen.has(name)) continue;
    seen.add(name);
    for (const [prefix, offset] of [
      ["__start_", 0],
      ["__stop_", table.size[output]],
    ] as const) {
      const id = findText(symbols.names, prefix + name);
      if (id < 0 || !isUndefined(symbols, id) || (symbols.flags[id] & FLAG_REF_REGULAR) === 0) continue;
      const visibility = symbols.visibility[id];
      defineSymbol(symbols, id, SECTION_OUTPUT, offset, STT_NOTYPE);
      symbols.alias[id] = output;
      if (visibility === STV_DEFAULT) symbols.visibility[id] = VISIBILITIES[options.z.startStopVisibility];
    }
  }
}

/** A definition as an expression sees it; undefined if it has no place. */
function definitionValue(loader: Loader, id: SymbolId): Folded | undefined {
  const { symbols, sections } = loader;
  const section = symbols.section[id];
  if (section >= 0) {
    const output = sections.output[section];
    return { value: BigInt(symbolValue(symbols, id) + sections.address[section]), section: output };
  }
  if (section !== SECTION_ABSOLUTE && section !== SECTION_OUTPUT) return undefined;
  const value = (BigInt(symbols.valueHigh[id]) << 32n) | BigInt(symbols.valueLow[id] >>> 0);
  return {
    value: BigInt.asUintN(64, value),
    section: section === SECTION_OUTPUT ? symbols.alias[id] : ABSOLUTE,
  };
}

/** e_entry, where -e or ENTRY of a script says so. @param addresses of output sections */
export function entryOffset(loader: Loader, addresses: Float64Array, report: Report): number {
  const entry = entryName(loader);
  if (entry === undefined) return 0;
  if (/^(0[xX][0-9a-fA-F]+|[0-9]+)$/.test(entry)) return Number(entry);
  const id = findText(loader.symbols.names, entry);
  const value = id >= 0 && isDefinedHere(loader.symbols, id) ? definitionValue(loader, id) : undefined;
  if (value !== undefined) return Number(value.value) + (addresses[value.section] ?? 0);
  report(warning("entry-missing", {}, { symbol: entry, effect: "not setting start address" }));
  return 0;
}

function isDefined(symbols: SymbolTable, id: SymbolId): boolean {
  return id >= 0 && isDefinedHere(symbols, id) && symbols.kind[id] !== KIND_COMMON;
}

/** --require-defined; and --gc-sections, which has nothing to start from unless -e, -u or --gc-keep-exported give it. */
export function reportMissing(loader: Loader, options: LinkOptions, report: Report): void {
  const { symbols } = loader;
  for (const name of options.requireDefined) {
    const id = findText(symbols.names, name);
    if (id < 0 || isUndefined(symbols, id)) report(error("required-symbol-undefined", {}, { symbol: name }));
  }
  const roots = [
    ...options.undefined,
    ...options.requireDefined,
    ...(options.entry === undefined ? [] : [options.entry]),
  ];
  const rootless = !roots.some((name) => isDefined(symbols, findText(symbols.names, name)));
  if (options.gcSections && !options.gcKeepExported && rootless) report(error("gc-needs-root", {}));
}
