// Looks at every relocation once, before layout, and notes what it will need: GOT slots, PLT entries, copies, dynamic
// relocations. Nothing is computed yet; only flags are set and dynamic relocations listed, so that sizes can be fixed.
// relocate.ts walks the same relocations in the same order and finds here what was decided.

import {
  EXPRESSION_ABSOLUTE,
  EXPRESSION_DYNAMIC,
  EXPRESSION_GOT_OFFSET,
  EXPRESSION_GOT_RELATIVE,
  EXPRESSION_NONE,
  EXPRESSION_PC,
  EXPRESSION_PLT_PC,
  EXPRESSION_UNSUPPORTED,
  isTlsExpression,
  type Machine,
} from "../../arch/index.ts";
import {
  SHF_ALLOC,
  SHN_LORESERVE,
  SHT_NOBITS,
  SHT_RELA,
  STT_GNU_IFUNC,
  STT_TLS,
  STV_DEFAULT,
} from "../../elf/constants.ts";
import { error, type Report } from "../../elf/problem.ts";
import type { LinkOptions } from "../options.ts";
import { discardedRule, isMovedBefore, type KeptSections, REFERENCE_REFUSED } from "../sections/kept-sections.ts";
import type { EhFrames } from "../sections/unwind/eh-frame.ts";
import { ehFrameOffset } from "../sections/unwind/eh-frame-output.ts";
import { BIND_ABSOLUTE, BIND_IFUNC, BIND_IMPORTED, BIND_LOCAL, BIND_UNDEFINED, BIND_ZERO } from "../symbols/bind.ts";
import { SECTION_ABSOLUTE, SECTION_NONE, type SectionId, type SymbolId } from "../tables/ids.ts";
import { localSection, localType } from "../tables/local-symbols.ts";
import { placeOf } from "../tables/locate.ts";
import type { OutputMode } from "../tables/mode.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import type { OutputSections } from "../tables/output-section.ts";
import {
  type SectionTable,
  STATE_COLLECTED,
  STATE_DISCARDED,
  STATE_EH_FRAME,
  STATE_FOLDED,
} from "../tables/section-table.ts";
import { FLAG_COLLECTED, FLAG_DYNSYM, isDefinedHere, type SymbolTable } from "../tables/symbol-table.ts";
import { complain } from "./complaints.ts";
import { scanSite } from "./scan-relocation.ts";
import { createScan, isWritable, type Scan, writableOutputs } from "./scan-result.ts";
import { rowOfLocal, type Scanner, type Site } from "./scan-site.ts";

/** Places kept of each undefined symbol; more are counted. */
const KEPT_REFERENCES = 3;

export function scanRelocations(
  objects: readonly ObjectFile[],
  sections: SectionTable,
  symbols: SymbolTable,
  bindings: Uint8Array,
  machine: Machine,
  mode: OutputMode,
  frames: EhFrames,
  kept: KeptSections,
  outputs: OutputSections,
  options: LinkOptions,
  report: Report,
): Scan {
  const { chunks } = outputs;
  const scan = createScan(bindings, writableOutputs(outputs));
  if (objects.length === 0) return scan;
  const site: Site = {
    object: objects[0],
    section: 0,
    offset: 0,
    type: 0,
    symbolIndex: 0,
    symbol: -1,
    binding: 0,
    addend: 0,
    writable: false,
    nextType: 0,
    nextOffset: 0,
    code: undefined,
  };
  const gone = goneSymbols(objects, symbols, sections);
  const scanner: Scanner = {
    gone,
    machine,
    mode,
    options,
    sections,
    symbols,
    chunks,
    frames,
    kept,
    scan,
    report,
    site,
  };
  for (const object of objects) {
    const end = object.firstSection + object.sectionCount;
    for (let section = object.firstSection + 1; section < end; section++) {
      if (sections.relocs[section] < 0 || sections.output[section] < 0) continue;
      if ((sections.state[section] & (STATE_DISCARDED | STATE_COLLECTED | STATE_FOLDED)) !== 0) continue;
      if ((sections.flags[section] & SHF_ALLOC) !== 0) scanSection(scanner, object, section);
      else {
        scanUndefined(scanner, object, section);
        scanDiscarded(scanner, object, section);
      }
    }
  }
  if (mode.shared) importUndefined(scan, symbols);
  return scan;
}

function scanSection(scanner: Scanner, object: ObjectFile, section: SectionId): void {
  const { sections, symbols, scan, machine, mode } = scanner;
  const { view, bytes, is64, firstGlobal, symbolCount, symtab, firstSection, symbols: globals } = object;
  const { type: types, visibility: visibilities } = symbols;
  const { state: states, output: outputs } = sections;
  const symbolSize = is64 ? 24 : 16;
  const ordinaryEnd = Math.min(object.sectionCount, SHN_LORESERVE);
  const relocs = sections.relocs[section];
  const rela = sections.type[relocs] === SHT_RELA;
  const word = is64 ? 8 : 4;
  const entry = rela ? 3 * word : 2 * word;
  const contents = sections.offset[section];
  const start = sections.offset[relocs];
  const end = start + sections.size[relocs];
  const { expression, bytes: width, known } = machine.relocations;
  const isEhFrame = (sections.state[section] & STATE_EH_FRAME) !== 0;
  const { site, gone } = scanner;
  site.object = object;
  site.section = section;
  site.writable = isWritable(scan, sections, section);
  site.code = undefined;
  if (sections.type[section] === SHT_NOBITS && start < end) {
    scanner.report(error("relocation-in-nobits", placeOf(sections, { object, section, offset: 0 })));
    return;
  }
  for (let at = start; at < end; at += entry) {
    const offset = view.getUint32(at, true);
    const info = view.getUint32(at + word, true);
    const type = is64 ? info : info & 0xff;
    const index = is64 ? view.getUint32(at + 12, true) : info >>> 8;
    if (known[type] !== 1 || isNotForObjects(expression[type])) {
      scanner.report(error("relocation-unknown", placeOf(sections, { object, section, offset }), { type }));
      return;
    }
    const kind = expression[type];
    if (
      index >= symbolCount ||
      offset + width[type] > sections.size[section] ||
      (is64 && view.getUint32(at + 4, true) !== 0)
    ) {
      scanner.report(
        error("bad-relocation", placeOf(sections, { object, section, offset }), { symbol: index, count: symbolCount }),
      );
      return;
    }
    if (kind === EXPRESSION_NONE) continue;
    // The record of a function that is not in the output.
    if (isEhFrame && ehFrameOffset(scanner.frames, section, offset) < 0) continue;
    let symbol = -1;
    let binding: number;
    if (index >= firstGlobal) {
      symbol = globals[index - firstGlobal];
      binding = scan.bindings[symbol];
      if (gone !== undefined && gone[symbol] === 1 && !isEhFrame) {
        site.offset = offset;
        site.type = type;
        site.symbolIndex = index;
        site.symbol = symbol;
        if (refusesGone(scanner, site)) continue;
      }
      // Most references need nothing: to an address in the output, relative to the place.
      if (binding === BIND_LOCAL && types[symbol] !== STT_TLS) {
        if (kind === EXPRESSION_PC || (kind === EXPRESSION_PLT_PC && visibilities[symbol] === STV_DEFAULT)) continue;
      }
    } else {
      const entryAt = symtab + index * symbolSize;
      const shndx = view.getUint16(entryAt + (is64 ? 6 : 14), true);
      const own = firstSection + shndx;
      const ordinary = shndx !== 0 && shndx < ordinaryEnd && (states[own] & STATE_GONE) === 0 && outputs[own] >= 0;
      if (ordinary && (bytes[entryAt + (is64 ? 4 : 12)] & 15) !== STT_GNU_IFUNC) binding = BIND_LOCAL;
      else binding = bindLocal(scanner, object, index, section, offset, type, isEhFrame);
      // The usual case in a position-dependent program: nothing to do for a local address.
      if (binding === BIND_LOCAL && kind <= EXPRESSION_PLT_PC && (kind !== EXPRESSION_ABSOLUTE || !mode.pic)) continue;
      if (binding === BIND_IFUNC || (kind >= EXPRESSION_GOT_OFFSET && kind !== EXPRESSION_GOT_RELATIVE)) {
        symbol = rowOfLocal(scanner, object, index, binding);
      }
    }
    site.offset = offset;
    site.type = type;
    site.symbolIndex = index;
    site.symbol = symbol;
    site.binding = binding;
    site.addend = rela
      ? view.getInt32(at + 2 * word, true)
      : width[type] === 4
        ? view.getInt32(contents + offset, true)
        : 0;
    if (binding === BIND_UNDEFINED) {
      noteUndefined(scan, symbol, object, section, offset);
      // --warn-unresolved-symbols, --noinhibit-exec: another library may have it when the program runs.
      if (!mode.shared || visibilities[symbol] !== STV_DEFAULT) continue;
      site.binding = BIND_IMPORTED;
    }
    const next = at + entry;
    site.nextType = 0;
    if (isTlsExpression(kind) && next < end) {
      const nextInfo = view.getUint32(next + word, true);
      site.nextType = is64 ? nextInfo : nextInfo & 0xff;
      site.nextOffset = view.getUint32(next, true);
    }
    if (scanSite(scanner, site, kind, width[type], symbols)) at += entry;
  }
}

const STATE_GONE = STATE_DISCARDED | STATE_COLLECTED;

/** Is the section not in the output? A script's /DISCARD/ takes it, if nothing else does. */
function isGone({ state, output }: SectionTable, section: SectionId): boolean {
  return (state[section] & STATE_GONE) !== 0 || output[section] < 0;
}

function isNotForObjects(expression: number): boolean {
  return expression === EXPRESSION_DYNAMIC || expression === EXPRESSION_UNSUPPORTED;
}

function bindLocal(
  scanner: Scanner,
  object: ObjectFile,
  index: number,
  section: SectionId,
  offset: number,
  type: number,
  isEhFrame: boolean,
): number {
  const target = localSection(object, index);
  if (target === SECTION_ABSOLUTE || index === 0) return BIND_ABSOLUTE;
  if (target === SECTION_NONE) return BIND_ZERO;
  const { sections } = scanner;
  if (isGone(sections, target)) {
    if (!isEhFrame && isRefused(scanner, object, section, index)) {
      const { complaints } = scanner.scan;
      complain(complaints, "discarded-reference", { object, section, offset, type, symbol: -1, symbolIndex: index });
    }
    return BIND_ZERO;
  }
  return localType(object, index) === STT_GNU_IFUNC ? BIND_IFUNC : BIND_LOCAL;
}

/** By symbol: 1 for what is defined in a section that is not in the output. @returns undefined: there is none */
function goneSymbols(
  objects: readonly ObjectFile[],
  symbols: SymbolTable,
  sections: SectionTable,
): Uint8Array | undefined {
  // A relink scans one object, for which only matters what it names itself.
  const named = objects.length === 1 ? objects[0].symbols : undefined;
  const count = named === undefined ? symbols.count : named.length;
  let gone: Uint8Array | undefined;
  for (let i = 0; i < count; i++) {
    const id: SymbolId = named === undefined ? i : named[i];
    if (id < 0 || !isGoneSymbol(symbols, sections, id)) continue;
    gone ??= new Uint8Array(symbols.count);
    gone[id] = 1;
  }
  return gone;
}

function isGoneSymbol(symbols: SymbolTable, sections: SectionTable, id: SymbolId): boolean {
  const section = symbols.section[id];
  const isLost = section >= 0 ? isGone(sections, section) : (symbols.flags[id] & FLAG_COLLECTED) !== 0;
  return isLost && isDefinedHere(symbols, id);
}

/** `foo` referenced in section …: defined in discarded section … (bfd/elflink.c, elf_link_input_bfd). */
function refusesGone({ sections, scan }: Scanner, site: Site): boolean {
  if (discardedRule(site.object, sections, site.section) !== REFERENCE_REFUSED) return false;
  complain(scan.complaints, "discarded-reference", site);
  return true;
}

function isRefused(scanner: Scanner, object: ObjectFile, section: SectionId, symbol: number): boolean {
  if (discardedRule(object, scanner.sections, section) !== REFERENCE_REFUSED) return false;
  return !isMovedBefore(scanner.kept, object, section, symbol);
}

/** A section that is not loaded, and no debug information either, must not refer to what was discarded. */
function scanDiscarded(scanner: Scanner, object: ObjectFile, section: SectionId): void {
  const { sections, scan, gone } = scanner;
  if (discardedRule(object, sections, section) !== REFERENCE_REFUSED) return;
  const { view, is64, firstGlobal, symbolCount } = object;
  const relocs = sections.relocs[section];
  const word = is64 ? 8 : 4;
  const entry = sections.type[relocs] === SHT_RELA ? 3 * word : 2 * word;
  const end = sections.offset[relocs] + sections.size[relocs];
  for (let at = sections.offset[relocs]; at < end; at += entry) {
    const info = view.getUint32(at + word, true);
    const index = is64 ? view.getUint32(at + 12, true) : info >>> 8;
    let symbol = -1;
    if (index >= firstGlobal) {
      if (gone === undefined || index >= symbolCount) continue;
      symbol = object.symbols[index - firstGlobal];
      if (gone[symbol] === 0) continue;
    } else {
      const target = localSection(object, index);
      if (target < 0 || !isGone(sections, target)) continue;
      if (!isRefused(scanner, object, section, index)) continue;
    }
    const site = { object, section, offset: view.getUint32(at, true), type: is64 ? info : info & 0xff, symbol };
    complain(scan.complaints, "discarded-reference", { ...site, symbolIndex: index });
  }
}

/** Debug information needs nothing from the dynamic linker, but its references count as references. */
function scanUndefined(scanner: Scanner, object: ObjectFile, section: SectionId): void {
  const { sections, scan } = scanner;
  const { view, is64, firstGlobal, symbolCount, symbols } = object;
  if (!hasUndefined(scan.bindings, symbols)) return;
  const relocs = sections.relocs[section];
  const word = is64 ? 8 : 4;
  const entry = sections.type[relocs] === SHT_RELA ? 3 * word : 2 * word;
  const end = sections.offset[relocs] + sections.size[relocs];
  for (let at = sections.offset[relocs]; at < end; at += entry) {
    const index = is64 ? view.getUint32(at + 12, true) : view.getUint32(at + 4, true) >>> 8;
    if (index < firstGlobal || index >= symbolCount) continue;
    const symbol = symbols[index - firstGlobal];
    if (scan.bindings[symbol] !== BIND_UNDEFINED) continue;
    noteUndefined(scan, symbol, object, section, view.getUint32(at, true));
  }
}

function importUndefined(scan: Scan, symbols: SymbolTable): void {
  for (const id of scan.undefined.keys()) {
    if (symbols.visibility[id] !== STV_DEFAULT) continue;
    scan.bindings[id] = BIND_IMPORTED;
    symbols.flags[id] |= FLAG_DYNSYM;
  }
}

function hasUndefined(bindings: Uint8Array, ids: Int32Array): boolean {
  for (let i = 0; i < ids.length; i++) if (bindings[ids[i]] === BIND_UNDEFINED) return true;
  return false;
}

function noteUndefined(scan: Scan, symbol: SymbolId, object: ObjectFile, section: SectionId, offset: number): void {
  const known = scan.undefined.get(symbol);
  if (known === undefined) scan.undefined.set(symbol, { count: 1, references: [{ object, section, offset }] });
  else if (++known.count <= KEPT_REFERENCES) known.references.push({ object, section, offset });
}
