// What the dynamic linker finds through the dynamic section, without section headers: dynamic symbols, hash tables and
// relocations. Nothing says how many dynamic symbols there are; the hash tables and the relocations tell.

import {
  DT_GNU_HASH,
  DT_HASH,
  DT_JMPREL,
  DT_PLTREL,
  DT_PLTRELSZ,
  DT_REL,
  DT_RELA,
  DT_RELASZ,
  DT_RELR,
  DT_RELRSZ,
  DT_RELSZ,
  DT_SYMTAB,
} from "./constants.ts";
import { dynamicTable, dynamicTail, dynamicValue, type ElfDynamic } from "./dynamic.ts";
import type { ElfFile } from "./file.ts";
import { type GnuHashTable, readGnuHash, readSysvHash, type SysvHashTable, sysvHashEntryBytes } from "./hash-table.ts";
import { error, type Place, type Report } from "./problem.ts";
import { type ElfRelocation, namesManyTypes, readRelocations, readRelr } from "./relocations.ts";
import { type ElfSymbol, readSymbols, type SymbolTable, symbolBytes } from "./symbols.ts";

export interface DynamicRelocationTable {
  /** DT_RELA, DT_REL or DT_JMPREL. */
  readonly tag: number;
  readonly relocations: readonly ElfRelocation[];
}

export interface DynamicRelocationTables {
  /** In the order in which the dynamic linker applies them. */
  readonly tables: readonly DynamicRelocationTable[];
  /** DT_RELR: the addresses of words to which the load base is added. */
  readonly relr: Float64Array;
}

/**
 * The relocations that the dynamic linker applies.
 * @param report gets `address-not-in-file`, `relocation-table-damaged`
 */
export function dynamicRelocationsOf(file: ElfFile, dynamic: ElfDynamic, report: Report): DynamicRelocationTables {
  const tables: DynamicRelocationTable[] = [];
  const many = namesManyTypes(file.header.machine, file.elfClass);
  const read = (tag: number, sizeTag: number, format: "rel" | "rela"): void => {
    const range = dynamicTable(file, dynamic, tag, sizeTag, report);
    if (range === undefined) return;
    tables.push({ tag, relocations: readRelocations(file, range, format, placeOf(file), report, many) });
  };
  read(DT_REL, DT_RELSZ, "rel");
  read(DT_RELA, DT_RELASZ, "rela");
  read(DT_JMPREL, DT_PLTRELSZ, dynamicValue(dynamic, DT_PLTREL) === DT_RELA ? "rela" : "rel");
  const packed = dynamicTable(file, dynamic, DT_RELR, DT_RELRSZ, report);
  const relr = packed === undefined ? new Float64Array(0) : readRelr(file, packed, placeOf(file), report);
  return { tables, relr };
}

/**
 * DT_GNU_HASH, checked.
 * @param report gets `address-not-in-file` and the problems of `readGnuHash`
 */
export function gnuHashOf(file: ElfFile, dynamic: ElfDynamic, report: Report): GnuHashTable | undefined {
  const range = dynamicTail(file, dynamic, DT_GNU_HASH, report);
  if (range === undefined) return undefined;
  return readGnuHash({ ...file, ...range }, file.elfClass, placeOf(file), report);
}

/**
 * DT_HASH, checked.
 * @param report gets `address-not-in-file` and the problems of `readSysvHash`
 */
export function sysvHashOf(file: ElfFile, dynamic: ElfDynamic, report: Report): SysvHashTable | undefined {
  const range = dynamicTail(file, dynamic, DT_HASH, report);
  return range === undefined ? undefined : readSysvHash({ ...file, ...range }, placeOf(file), report, hashEntry(file));
}

function hashEntry({ header, elfClass }: ElfFile): 4 | 8 {
  return sysvHashEntryBytes(header.machine, elfClass);
}

/**
 * The dynamic symbols: as many as the hash tables and the relocations speak of. Section indices in them are not checked.
 * @param report gets `address-not-in-file`, `symbol-name-damaged`, and the problems of hash tables and relocations
 */
export function dynamicSymbolsOf(file: ElfFile, dynamic: ElfDynamic, report: Report): ElfSymbol[] {
  const table = dynamicSymbolTableOf(file, dynamic, report);
  return table === undefined ? [] : readSymbols(table, report);
}

/**
 * Where the dynamic symbols are.
 * @param report gets what it gets of `dynamicSymbolsOf`, but for names
 */
export function dynamicSymbolTableOf(file: ElfFile, dynamic: ElfDynamic, report: Report): SymbolTable | undefined {
  const range = dynamicTail(file, dynamic, DT_SYMTAB, report);
  if (range === undefined) return undefined;
  const room = Math.floor((range.end - range.start) / symbolBytes(file));
  const wanted = dynamicSymbolCount(file, dynamic, report);
  if (wanted > room) report(error("symbol-table-damaged", placeOf(file), { bytes: range.end - range.start }));
  return {
    source: file,
    range,
    count: Math.min(wanted, room),
    place: placeOf(file),
    strings: dynamic.strings,
    extended: { start: 0, end: 0 },
    sectionCount: -1,
  };
}

/** DT_HASH knows the number; the GNU hash table leaves out the undefined symbols, which only relocations mention. */
function dynamicSymbolCount(file: ElfFile, dynamic: ElfDynamic, report: Report): number {
  const sysv = sysvHashOf(file, dynamic, report);
  if (sysv !== undefined) return sysv.symbolCount;
  let count = gnuHashOf(file, dynamic, report)?.symbolCount ?? 0;
  for (const { relocations } of dynamicRelocationsOf(file, dynamic, report).tables) {
    for (const { symbol } of relocations) if (symbol >= count) count = symbol + 1;
  }
  return count;
}

function placeOf(file: ElfFile): Place {
  return { file: file.name };
}
