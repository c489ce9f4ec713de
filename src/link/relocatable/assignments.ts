// Symbols under -r that no object defines: --defsym and assignments of scripts, and common symbols that get space (-d).

import type { Machine } from "../../arch/index.ts";
import { STT_NOTYPE, STT_OBJECT, STT_TLS, STV_DEFAULT } from "../../elf/constants.ts";
import { error, type Report, warning } from "../../elf/problem.ts";
import { entryName } from "../inputs/entry-name.ts";
import type { Loader } from "../inputs/loader.ts";
import type { LinkOptions } from "../options.ts";
import { type ExpressionContext, evaluateExpression, type Value } from "../script/evaluate.ts";
import { prepareAssignments } from "../symbols/assignments.ts";
import { VISIBILITIES } from "../symbols/linker-symbols.ts";
import { type OutputSectionId, SECTION_ABSOLUTE, SECTION_OUTPUT, type SymbolId } from "../tables/ids.ts";
import { alignUp } from "../tables/layout.ts";
import { findText, nameText } from "../tables/names.ts";
import {
  defineSymbol,
  FLAG_COLLECTED,
  FLAG_REF_REGULAR,
  isDefinedHere,
  isUndefined,
  KIND_COMMON,
  KIND_DEFINED,
  type SymbolTable,
  setSymbolValue,
  symbolNamed,
  symbolValue,
} from "../tables/symbol-table.ts";
import type { Assigned } from "./assign.ts";
import type { OutputTable } from "./output-table.ts";

/** Gives --defsym symbols and those of scripts their values. Addresses are offsets in output sections, which start at 0. */
export function assignValues(
  loader: Loader,
  table: OutputTable,
  options: LinkOptions,
  machine: Machine,
  report: Report,
): void {
  const { symbols, scriptCommands } = loader;
  const context = createContext(loader, table, machine);
  for (const it of prepareAssignments(symbols, options.defsym, scriptCommands, new Set())) {
    const id = symbolNamed(symbols, it.symbol);
    const result = evaluateExpression(it.value, it.place, context, report);
    if (result === undefined) continue;
    symbols.valueLow[id] = Number(BigInt.asIntN(32, result.value));
    symbols.valueHigh[id] = Number(BigInt.asIntN(32, result.value >> 32n));
    symbols.section[id] = result.section === undefined ? SECTION_ABSOLUTE : SECTION_OUTPUT;
    symbols.alias[id] = result.section ?? 0;
  }
  for (const it of scriptCommands) {
    if (it.kind !== "assert") continue;
    const result = evaluateExpression(it.test, it.place, context, report);
    if (result?.value === 0n) report(error("script-assertion", it.place, { message: it.message }));
  }
}

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

function createContext(loader: Loader, table: OutputTable, machine: Machine): ExpressionContext {
  const { symbols } = loader;
  const find = (name: string): SymbolId => {
    const id = findText(symbols.names, name);
    return id >= 0 && isDefinedHere(symbols, id) ? id : -1;
  };
  return {
    lookup: (name) => {
      const id = find(name);
      return id < 0 ? undefined : definitionValue(loader, id);
    },
    defined: (name) => find(name) >= 0,
    section: (name) => {
      const known = findText(table.names, name);
      const id = known < 0 ? -1 : table.name.subarray(0, table.count).indexOf(known);
      return id < 0 ? undefined : id;
    },
    address: () => 0n,
    size: (id) => BigInt(table.size[id]),
    alignment: (id) => BigInt(table.alignment[id]),
    constant: (name) => (name === "MAXPAGESIZE" ? BigInt(machine.maxPageSize) : BigInt(machine.commonPageSize)),
    sizeofHeaders: () => (machine.elfClass === 64 ? 64n : 52n),
    dot: () => undefined,
    segmentStart: () => undefined,
  };
}

/** A definition as an expression sees it; undefined if it has no place. */
function definitionValue(loader: Loader, id: SymbolId): Value | undefined {
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
    section: section === SECTION_OUTPUT ? symbols.alias[id] : undefined,
  };
}

/** e_entry, where -e or ENTRY of a script says so. @param addresses of output sections, where a script gives them */
export function entryOffset(loader: Loader, addresses: Float64Array | undefined, report: Report): number {
  const entry = entryName(loader);
  if (entry === undefined) return 0;
  if (/^(0[xX][0-9a-fA-F]+|[0-9]+)$/.test(entry)) return Number(entry);
  const id = findText(loader.symbols.names, entry);
  const value = id >= 0 && isDefinedHere(loader.symbols, id) ? definitionValue(loader, id) : undefined;
  if (value !== undefined) return Number(value.value) + (addresses?.[value.section ?? -1] ?? 0);
  report(warning("entry-missing", {}, { symbol: entry, effect: "not setting start address" }));
  return 0;
}

/** -d: common symbols become definitions in .bss and its kin. */
export function allotCommons(symbols: SymbolTable, assigned: Assigned): void {
  const { table, made } = assigned;
  for (let id = 0; id < symbols.count; id++) {
    if (symbols.kind[id] !== KIND_COMMON || (symbols.flags[id] & FLAG_COLLECTED) !== 0) continue;
    const output = made.get(commonSection(symbols, id));
    if (output === undefined) continue;
    const alignment = symbols.valueLow[id];
    const at = alignUp(table.size[output], alignment);
    table.size[output] = at + symbols.size[id];
    table.alignment[output] = Math.max(table.alignment[output], alignment);
    defineIn(symbols, id, output, at);
  }
}

/** Where -d puts a common symbol. */
export function commonSection(symbols: SymbolTable, id: SymbolId): ".bss" | ".lbss" | ".tbss" {
  if (symbols.type[id] === STT_TLS) return ".tbss";
  return symbols.valueHigh[id] !== 0 ? ".lbss" : ".bss";
}

function defineIn(symbols: SymbolTable, id: SymbolId, output: OutputSectionId, offset: number): void {
  symbols.kind[id] = KIND_DEFINED;
  symbols.section[id] = SECTION_OUTPUT;
  symbols.alias[id] = output;
  if (symbols.type[id] !== STT_TLS) symbols.type[id] = STT_OBJECT;
  setSymbolValue(symbols, id, offset);
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
