// What several parts of a dump need of a file: its tables, found as the file says, each read when somebody first asks.

import {
  DT_SYMTAB,
  dynamicOf,
  dynamicSymbolTableOf,
  dynamicVersionsOf,
  type ElfDynamic,
  type ElfFile,
  type ElfSymbol,
  type ElfVersions,
  type Report,
  rangeAtAddress,
  readSymbols,
  SHT_DYNSYM,
  SHT_SYMTAB,
  type SymbolTable,
  sectionOfType,
  symbolTableOf,
  versionsOf,
} from "../../elf/index.ts";
import { warning } from "../../elf/problem.ts";
import { type Locator, locator } from "./locate.ts";
import { once } from "./once.ts";

/** What several parts need, read when the first of them asks. */
export interface SharedFacts {
  readonly dynamic: () => ElfDynamic | undefined;
  readonly symbolTable: () => SymbolTable | undefined;
  readonly dynamicSymbolTable: () => SymbolTable | undefined;
  readonly symbols: () => readonly ElfSymbol[];
  readonly dynamicSymbols: () => readonly ElfSymbol[];
  readonly versions: () => ElfVersions;
  readonly places: () => Locator;
  /** Tables are found by the dynamic section, not by section headers. */
  readonly asLoaded: () => boolean;
}

export function sharedFacts(file: ElfFile, report: Report): SharedFacts {
  const tableOfType = (type: number): SymbolTable | undefined => {
    const section = sectionOfType(file, type);
    return section && symbolTableOf(file, section, report);
  };
  const dynamic = once(() => dynamicOf(file, report));
  const symbolTable = once(() => tableOfType(SHT_SYMTAB));
  const asLoaded = once(() => isLikeLoaded(file, dynamic(), report));
  const dynamicSymbolTable = once(() => {
    const section = dynamic();
    if (!asLoaded()) return tableOfType(SHT_DYNSYM);
    return section && dynamicSymbolTableOf(file, section, report);
  });
  const read = (table: SymbolTable | undefined): readonly ElfSymbol[] =>
    table === undefined ? [] : readSymbols(table, report);
  const symbols = once(() => read(symbolTable()));
  const dynamicSymbols = once(() => read(dynamicSymbolTable()));
  const versions = once(() => {
    const section = asLoaded() ? dynamic() : undefined;
    return section === undefined
      ? versionsOf(file, report)
      : dynamicVersionsOf(file, section, dynamicSymbols().length, report);
  });
  const places = once(() => locator(file, symbols().length > 0 ? symbols() : dynamicSymbols()));
  return { dynamic, symbolTable, dynamicSymbolTable, symbols, dynamicSymbols, versions, places, asLoaded };
}

/**
 * Are tables to be found as the loader finds them, by the dynamic section? So where there are no section headers, and where
 * they know nothing of the symbols that the dynamic section names: somebody has overwritten them, and the file loads all the same.
 */
function isLikeLoaded(file: ElfFile, dynamic: ElfDynamic | undefined, report: Report): boolean {
  if (file.sections.length === 0) return true;
  const symbols = dynamic?.entries.find(({ tag }) => tag === DT_SYMTAB)?.value;
  if (symbols === undefined || rangeAtAddress(file, symbols) === undefined) return false;
  if (file.sections.some(({ type, address }) => type === SHT_DYNSYM && address === symbols)) return false;
  report(warning("section-headers-unfit", { file: file.name }, { address: symbols }));
  return true;
}
