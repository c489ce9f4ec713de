// The entries of .symtab, written once everything has its address: which there are, and in which order, output-symbols.ts has planned.

import {
  SHN_ABS,
  SHN_LORESERVE,
  SHN_XINDEX,
  STB_GLOBAL,
  STB_LOCAL,
  STB_WEAK,
  STT_FILE,
  STT_FUNC,
  STT_GNU_IFUNC,
  STT_TLS,
  STV_DEFAULT,
} from "../../elf/constants.ts";
import { unsigned64 } from "../../elf/halves.ts";
import { mergedAddress } from "../sections/merge/merged-sections.ts";
import { headerIndex, placeOfSymbol, type SymbolPlace, type SymbolValues } from "../symbols/symbol-values.ts";
import type { SymbolId } from "../tables/ids.ts";
import { localSection, localType, localValue } from "../tables/local-symbols.ts";
import type { OutputMode } from "../tables/mode.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import {
  FLAG_CANONICAL_PLT,
  FLAG_COPY,
  FLAG_DYNSYM,
  isDefinedHere,
  isShared,
  type SymbolTable,
} from "../tables/symbol-table.ts";
import { bindingOf } from "./dynamic-symbols.ts";
import { FILE_SYMBOL, type OutputSymbols } from "./output-symbols.ts";

/** Fills .symtab. @param shndxAt offset of .symtab_shndx in the image, or -1 */
export function writeSymbols(
  plan: OutputSymbols,
  values: SymbolValues,
  objects: readonly ObjectFile[],
  view: DataView,
  at: number,
  shndxAt: number,
  is64: boolean,
  mode: OutputMode,
): void {
  const place: SymbolPlace = { value: 0, shndx: 0 };
  writeLocals(plan, values, objects, 0, plan.inputLocals, view, at, shndxAt, is64);
  let entry = firstLocal(plan) + plan.inputLocals;
  if (plan.separator) {
    place.shndx = SHN_ABS;
    writeSymbol(view, at, entry++, is64, 0, (STB_LOCAL << 4) | STT_FILE, 0, place, 0, shndxAt);
  }
  const row: SymbolRow = { value: 0, shndx: 0, type: 0, size: 0 };
  for (const id of plan.forcedLocals) writeForcedLocal(plan, values, id, entry++, row, view, at, shndxAt, is64);
  for (const id of plan.globals) writeGlobal(plan, values, id, entry++, row, view, at, shndxAt, is64, mode);
}

/** Number of the entry of the first local symbol of an input. */
export function firstLocal({ sectionSymbols }: OutputSymbols): number {
  return 1 + sectionSymbols;
}

/** Number of the entry of the first symbol that became local; the global ones follow these. */
export function firstForcedLocal(plan: OutputSymbols): number {
  return firstLocal(plan) + plan.inputLocals + (plan.separator ? 1 : 0);
}

/** Writes the entries of the inputs' local symbols [from, end). */
export function writeLocals(
  plan: OutputSymbols,
  values: SymbolValues,
  objects: readonly ObjectFile[],
  from: number,
  end: number,
  view: DataView,
  at: number,
  shndxAt: number,
  is64: boolean,
): void {
  const place: SymbolPlace = { value: 0, shndx: 0 };
  for (let i = from; i < end; i++) {
    const entry = firstLocal(plan) + i;
    const object = objects[plan.localObjects[i]];
    const index = plan.localIndices[i];
    if (index === FILE_SYMBOL) {
      place.value = 0;
      place.shndx = SHN_ABS;
      writeSymbol(view, at, entry, is64, plan.names[entry], (STB_LOCAL << 4) | STT_FILE, 0, place, 0, shndxAt);
      continue;
    }
    placeOfLocal(values, object, index, place);
    const from = object.symtab + index * (object.is64 ? 24 : 16);
    const info = object.bytes[from + (object.is64 ? 4 : 12)];
    const other = object.bytes[from + (object.is64 ? 5 : 13)];
    const size = object.is64
      ? unsigned64(object.view.getUint32(from + 16, true), object.view.getUint32(from + 20, true))
      : object.view.getUint32(from + 8, true);
    writeSymbol(view, at, entry, is64, plan.names[entry], info, other, place, size, shndxAt);
  }
}

export function writeForcedLocal(
  plan: OutputSymbols,
  values: SymbolValues,
  id: SymbolId,
  entry: number,
  row: SymbolRow,
  view: DataView,
  at: number,
  shndxAt: number,
  is64: boolean,
): void {
  const { symbols } = values;
  placeOfSymbol(values, id, row);
  const info = (STB_LOCAL << 4) | symbols.type[id];
  writeSymbol(view, at, entry, is64, plan.names[entry], info, 0, row, symbols.size[id], shndxAt);
}

export function writeGlobal(
  plan: OutputSymbols,
  values: SymbolValues,
  id: SymbolId,
  entry: number,
  row: SymbolRow,
  view: DataView,
  at: number,
  shndxAt: number,
  is64: boolean,
  mode: OutputMode,
): void {
  const { symbols } = values;
  rowOfSymbol(values, id, mode, row);
  const info = (tableBinding(symbols, id) << 4) | row.type;
  writeSymbol(view, at, entry, is64, plan.names[entry], info, symbols.visibility[id], row, row.size, shndxAt);
}

function tableBinding(symbols: SymbolTable, id: SymbolId): number {
  return isDefinedHere(symbols, id) || bindingOf(symbols, id) !== STB_WEAK
    ? bindingOf(symbols, id)
    : symbols.kind[id] === 0
      ? STB_GLOBAL
      : STB_WEAK;
}

/** To other modules an IFUNC whose PLT entry is its address here is an ordinary function, without a size. */
export function isOwnPltFunction(symbols: SymbolTable, id: SymbolId, mode: OutputMode): boolean {
  const exported = FLAG_CANONICAL_PLT | FLAG_DYNSYM;
  const isCanonical = (symbols.flags[id] & exported) === exported;
  return symbols.type[id] === STT_GNU_IFUNC && isDefinedHere(symbols, id) && isCanonical && !mode.shared;
}

/** What a symbol table says of a symbol. */
export interface SymbolRow extends SymbolPlace {
  type: number;
  size: number;
}

/** The same in .dynsym and .symtab. */
export function rowOfSymbol(values: SymbolValues, id: SymbolId, mode: OutputMode, to: SymbolRow): void {
  const { symbols, address, outputs } = values;
  placeOfSymbol(values, id, to);
  to.type = typeOf(symbols, id);
  to.size = sizeOf(symbols, id);
  if (!isOwnPltFunction(symbols, id, mode)) return;
  to.type = STT_FUNC;
  to.size = 0;
  to.value = address[id];
  // Under -z ibtplt calls go to the second table.
  const plt = outputs.byName.get(".plt.sec") ?? outputs.byName.get(".plt");
  to.shndx = plt?.index ?? to.shndx;
}

/** STT_* in symbol tables: another library's IFUNC is a function here. */
function typeOf(symbols: SymbolTable, id: SymbolId): number {
  return symbols.type[id] === STT_GNU_IFUNC && isShared(symbols, id) ? STT_FUNC : symbols.type[id];
}

/** An import has no size here. */
function sizeOf(symbols: SymbolTable, id: SymbolId): number {
  return isDefinedHere(symbols, id) || (symbols.flags[id] & FLAG_COPY) !== 0 ? symbols.size[id] : 0;
}

function placeOfLocal(values: SymbolValues, object: ObjectFile, index: number, to: SymbolPlace): void {
  const { sections, outputs, layout, merged } = values;
  const section = localSection(object, index);
  if (section < 0) {
    to.shndx = SHN_ABS;
    to.value = localValue(object, index);
    if (!object.is64) return;
    const at = object.symtab + index * 24 + 8;
    to.low = object.view.getInt32(at, true);
    to.high = object.view.getInt32(at + 4, true);
    return;
  }
  to.value = mergedAddress(merged, sections, section, localValue(object, index));
  const output = outputs.list[sections.output[section]];
  to.shndx = output.index !== 0 ? output.index : headerIndex(layout, output);
  if (localType(object, index) === STT_TLS) to.value -= layout.tlsStart;
}

/** Writes entry number `index` of a symbol table. */
export function writeSymbol(
  view: DataView,
  table: number,
  index: number,
  is64: boolean,
  name: number,
  info: number,
  other: number,
  place: SymbolPlace,
  size: number,
  shndxAt = -1,
): void {
  const extended = place.shndx >= SHN_LORESERVE && place.shndx !== SHN_ABS;
  const shndx = extended ? SHN_XINDEX : place.shndx;
  if (extended && shndxAt >= 0) view.setUint32(shndxAt + index * 4, place.shndx, true);
  const { value } = place;
  const isExact = Number.isSafeInteger(value);
  const low = isExact ? value | 0 : (place.low ?? 0);
  if (is64) {
    const at = table + index * 24;
    view.setUint32(at, name, true);
    view.setUint8(at + 4, info);
    view.setUint8(at + 5, other);
    view.setUint16(at + 6, shndx, true);
    view.setInt32(at + 8, low, true);
    view.setInt32(at + 12, isExact ? Math.floor(value / 0x100000000) | 0 : (place.high ?? 0), true);
    view.setUint32(at + 16, size >>> 0, true);
    view.setUint32(at + 20, Math.floor(size / 0x100000000), true);
  } else {
    const at = table + index * 16;
    view.setUint32(at, name, true);
    view.setInt32(at + 4, low, true);
    view.setUint32(at + 8, size >>> 0, true);
    view.setUint8(at + 12, info);
    view.setUint8(at + 13, other);
    view.setUint16(at + 14, shndx, true);
  }
}

/** Visibility in .dynsym. */
export function dynamicVisibility(symbols: SymbolTable, id: SymbolId): number {
  return isDefinedHere(symbols, id) ? symbols.visibility[id] : STV_DEFAULT;
}
