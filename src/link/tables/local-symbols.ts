// Local symbols stay in their object files: most relocations need no more than section and value, read where they are.
// The few that need an entry of their own (a GOT slot, a TLS slot, a PLT entry for an IFUNC) get a row in the symbol
// columns, behind the global ones.

import { SHN_ABS, SHN_UNDEF, SHN_XINDEX } from "../../elf/constants.ts";
import { SECTION_ABSOLUTE, SECTION_NONE, type SectionId, type SymbolId } from "./ids.ts";
import type { ObjectFile } from "./object-file.ts";
import { readWord } from "./object-file.ts";
import { FLAG_LOCAL, growSymbols, KIND_DEFINED, type SymbolTable } from "./symbol-table.ts";

/** (object, symbol) as one number → row in the symbol columns. */
export type LocalSymbols = Map<number, SymbolId>;

/** Section of a local symbol; SECTION_ABSOLUTE, or SECTION_NONE for the null symbol and what has no usable section. */
export function localSection(object: ObjectFile, index: number): SectionId {
  const at = object.symtab + index * (object.is64 ? 24 : 16) + (object.is64 ? 6 : 14);
  const shndx = object.view.getUint16(at, true);
  if (shndx === SHN_ABS) return SECTION_ABSOLUTE;
  if (shndx === SHN_UNDEF) return SECTION_NONE;
  const section =
    shndx === SHN_XINDEX && object.symtabShndx !== 0
      ? object.view.getUint32(object.symtabShndx + index * 4, true)
      : shndx;
  return section < object.sectionCount ? object.firstSection + section : SECTION_NONE;
}

/** STT_* of a symbol. */
export function localType(object: ObjectFile, index: number): number {
  return object.bytes[object.symtab + index * (object.is64 ? 24 : 16) + (object.is64 ? 4 : 12)] & 15;
}

/** st_value. */
export function localValue(object: ObjectFile, index: number): number {
  const at = object.symtab + index * (object.is64 ? 24 : 16);
  return readWord(object.view, at + (object.is64 ? 8 : 4), object.is64);
}

/** The row of a local symbol, made when it is first asked for. */
export function localSymbol(symbols: SymbolTable, locals: LocalSymbols, object: ObjectFile, index: number): SymbolId {
  const key = object.symbolBase + index;
  const known = locals.get(key);
  if (known !== undefined) return known;
  const id = symbols.count++;
  growSymbols(symbols, symbols.count);
  const { view, is64 } = object;
  const at = object.symtab + index * (is64 ? 24 : 16);
  symbols.kind[id] = KIND_DEFINED;
  symbols.flags[id] = FLAG_LOCAL;
  symbols.owner[id] = object.id;
  symbols.section[id] = localSection(object, index);
  symbols.valueLow[id] = view.getInt32(at + (is64 ? 8 : 4), true);
  symbols.valueHigh[id] = is64 ? view.getInt32(at + 12, true) : 0;
  symbols.size[id] = readWord(view, at + (is64 ? 16 : 8), is64);
  symbols.type[id] = localType(object, index);
  symbols.index[id] = index;
  locals.set(key, id);
  return id;
}
