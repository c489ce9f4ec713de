// What several parts of a dump need of a file: its tables, found as the file says, each read when somebody first asks.

import {
  DT_SYMTAB,
  dynamicOf,
  dynamicSymbolsOf,
  dynamicVersionsOf,
  type ElfDynamic,
  type ElfFile,
  type ElfSymbol,
  type ElfVersions,
  type Report,
  rangeAtAddress,
  SHT_DYNSYM,
  SHT_SYMTAB,
  sectionOfType,
  symbolsOf,
  versionsOf,
} from "../../elf/index.ts";
import { warning } from "../../elf/problem.ts";
import { type Locator, locator } from "./locate.ts";
import { once } from "./once.ts";

/** What several parts need, read when the first of them asks. */
export interface SharedFacts {
  readonly dynamic: () => ElfDynamic | undefined;
  readonly symbols: () => readonly ElfSymbol[];
  readonly dynamicSymbols: () => readonly ElfSymbol[];
  readonly versions: () => ElfVersions;
  readonly places: () => Locator;
  /** Tables are found by the dynamic section, not by section headers. */
  readonly asLoaded: () => boolean;
}

export function sharedFacts(file: ElfFile, report: Report): SharedFacts {
  const symbolsOfType = (type: number): readonly ElfSymbol[] => {
    const section = sectionOfType(file, type);
    return section === undefined ? [] : symbolsOf(file, section, report);
  };
  const dynamic = once(() => dynamicOf(file, report));
  const symbols = once(() => symbolsOfType(SHT_SYMTAB));
  const asLoaded = once(() => isLikeLoaded(file, dynamic(), report));
  const dynamicSymbols = once(() => {
    const section = dynamic();
    if (!asLoaded()) return symbolsOfType(SHT_DYNSYM);
    return section === undefined ? [] : dynamicSymbolsOf(file, section, report);
  });
  const versions = once(() => {
    const section = asLoaded() ? dynamic() : undefined;
    return section === undefined
      ? versionsOf(file, report)
      : dynamicVersionsOf(file, section, dynamicSymbols().length, report);
  });
  const places = once(() => locator(file, symbols().length > 0 ? symbols() : dynamicSymbols()));
  return { dynamic, symbols, dynamicSymbols, versions, places, asLoaded };
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
