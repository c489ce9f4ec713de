// The relocation that the scan is looking at, and the few ways of noting what it needs. Which relocation needs what stands in
// scan-relocation.ts and scan-tls.ts.

import type { Report } from "../../elf/problem.ts";
import type { KeptSections } from "../sections/kept-sections.ts";
import type { EhFrames } from "../sections/unwind/eh-frame.ts";
import { growFloat64, growInt32, growUint8, growUint16 } from "../tables/columns.ts";
import type { SectionId, SymbolId } from "../tables/ids.ts";
import { localSymbol } from "../tables/local-symbols.ts";
import { noteNeed } from "../tables/needs.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import { isUndefined } from "../tables/symbol-table.ts";
import { complain, type RelocationSite } from "./complaints.ts";
import type { GotLoadFacts } from "./got-load.ts";
import type { Scan } from "./scan-result.ts";

/** What one walk needs at hand. */
export interface Scanner extends GotLoadFacts {
  readonly frames: EhFrames;
  readonly kept: KeptSections;
  /** By symbol: 1 for what is defined in a section that is not in the output; undefined: nothing is. */
  readonly gone: Uint8Array | undefined;
  readonly scan: Scan;
  readonly report: Report;
  readonly site: Site;
}

/** One relocation, as the handlers see it. One record is reused for all. */
export interface Site extends RelocationSite {
  object: ObjectFile;
  section: SectionId;
  offset: number;
  type: number;
  symbolIndex: number;
  /** Row in the symbol columns, or -1 for a local symbol without one. */
  symbol: SymbolId;
  binding: number;
  addend: number;
  writable: boolean;
  nextType: number;
  nextOffset: number;
  /** Contents of the section, once something has asked for them. */
  code: Uint8Array | undefined;
}

/** The bytes of the site's section. */
export function codeOf(scanner: Scanner, site: Site): Uint8Array {
  if (site.code === undefined) {
    const { offset, size } = scanner.sections;
    const start = offset[site.section];
    site.code = site.object.bytes.subarray(start, start + size[site.section]);
  }
  return site.code;
}

/** The symbol needs slots, a PLT entry or a copy. @param flags FLAG_NEEDS_*, FLAG_COPY, FLAG_CANONICAL_PLT */
export function need(scanner: Scanner, site: Site, flags: number): void {
  if (site.symbol < 0) site.symbol = rowOfLocal(scanner, site.object, site.symbolIndex, site.binding);
  const { symbol } = site;
  const known = scanner.symbols.flags[symbol];
  if ((known & flags) === flags) return;
  scanner.symbols.flags[symbol] = known | flags;
  noteNeed(scanner.scan.needs, symbol, flags & ~known, site.section, site.offset, site.type);
}

/** The dynamic linker completes it. @param type as in `Scan.dynType` */
export function addDynamic(scanner: Scanner, site: Site, type: number): void {
  const { scan } = scanner;
  // What is certain only when all relocations are known to be needed at all (settleWeakReferences) is not complained of.
  const isCertain = scanner.mode.shared || site.symbol < 0 || !isUndefined(scanner.symbols, site.symbol);
  if (!site.writable && site.section !== scan.textRelocation) {
    scan.textRelocation = site.section;
    if (isCertain && scanner.options.z.text !== false) complain(scan.complaints, "text-relocation", site);
  }
  const at = scan.dynCount++;
  scan.dynSection = growInt32(scan.dynSection, scan.dynCount);
  scan.dynOffset = growFloat64(scan.dynOffset, scan.dynCount);
  scan.dynSymbol = growInt32(scan.dynSymbol, scan.dynCount);
  scan.dynType = growUint16(scan.dynType, scan.dynCount);
  scan.dynSection[at] = site.section;
  scan.dynOffset[at] = site.offset;
  scan.dynSymbol[at] = site.symbol;
  scan.dynType[at] = type;
}

/** Row for a local symbol, its binding known to the scan. */
export function rowOfLocal(scanner: Scanner, object: ObjectFile, index: number, binding: number): SymbolId {
  const { scan, symbols } = scanner;
  const id = localSymbol(symbols, scan.locals, object, index);
  scan.bindings = growUint8(scan.bindings, id + 1);
  scan.bindings[id] = binding;
  return id;
}

/** The output is to work at any address, or with any definition of the symbol, and this code does not. */
export function misuse(scanner: Scanner, site: Site): void {
  complain(scanner.scan.complaints, "needs-pic", site);
}
