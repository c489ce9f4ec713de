// Looks at every relocation once, before layout, and notes what it will need: GOT slots, PLT entries, copies, dynamic
// relocations. Nothing is computed yet; only flags are set and dynamic relocations listed, so that sizes can be fixed.
// relocate.ts walks the same relocations in the same order and finds here what was decided.

import {
  EXPRESSION_ABSOLUTE,
  EXPRESSION_DYNAMIC,
  EXPRESSION_GOT_BASE_PC,
  EXPRESSION_GOT_OFFSET,
  EXPRESSION_GOT_PC,
  EXPRESSION_GOT_RELATIVE,
  EXPRESSION_NONE,
  EXPRESSION_PC,
  EXPRESSION_PLT_ABSOLUTE,
  EXPRESSION_PLT_GOT_RELATIVE,
  EXPRESSION_PLT_PC,
  EXPRESSION_SIZE,
  EXPRESSION_TLS_DESC_CALL,
  EXPRESSION_TLS_DESC_GOT,
  EXPRESSION_TLS_DESC_PC,
  EXPRESSION_TLS_DTPOFF,
  EXPRESSION_TLS_GD_GOT,
  EXPRESSION_TLS_GD_PC,
  EXPRESSION_TLS_IE_ABSOLUTE,
  EXPRESSION_TLS_IE_GOT,
  EXPRESSION_TLS_IE_GOT_NEGATED,
  EXPRESSION_TLS_IE_PC,
  EXPRESSION_TLS_LD_GOT,
  EXPRESSION_TLS_LD_PC,
  EXPRESSION_TLS_TPOFF,
  EXPRESSION_TLS_TPOFF_NEGATED,
  EXPRESSION_UNSUPPORTED,
  type Machine,
  RELAX_NONE,
  TLS_KEEP,
  TLS_TO_INITIAL_EXEC,
  TLS_TO_LOCAL_EXEC,
  TLS_UNKNOWN,
} from "../arch/index.ts";
import {
  SHF_ALLOC,
  SHF_WRITE,
  SHN_LORESERVE,
  SHT_NOBITS,
  SHT_RELA,
  STT_FUNC,
  STT_GNU_IFUNC,
  STT_TLS,
  STV_DEFAULT,
  STV_HIDDEN,
  STV_INTERNAL,
} from "../elf/constants.ts";
import { error, type Report } from "../elf/problem.ts";
import { BIND_ABSOLUTE, BIND_IFUNC, BIND_IMPORTED, BIND_LOCAL, BIND_UNDEFINED, BIND_ZERO } from "./bind.ts";
import { growFloat64, growInt32, growUint8 } from "./columns.ts";
import { type Complaints, complain, type RelocationSite } from "./complaints.ts";
import { type EhFrames, ehFrameOffset } from "./eh-frame.ts";
import { SECTION_ABSOLUTE, SECTION_NONE, type SectionId, type SymbolId } from "./ids.ts";
import { type LocalSymbols, localSection, localSymbol, localType } from "./local-symbols.ts";
import { type ObjectPlace, placeOf } from "./locate.ts";
import type { OutputMode } from "./mode.ts";
import { createNeeds, NEED_TLS_MODULE, type Needs, noteNeed } from "./needs.ts";
import { type ObjectFile, sectionName } from "./object-file.ts";
import type { LinkOptions } from "./options.ts";
import { type SectionTable, STATE_COLLECTED, STATE_DISCARDED, STATE_EH_FRAME, STATE_FOLDED } from "./section-table.ts";
import {
  FLAG_CANONICAL_PLT,
  FLAG_COPY,
  FLAG_DIRECT,
  FLAG_DYNSYM,
  FLAG_FORCED_LOCAL,
  FLAG_NEEDS_GOT,
  FLAG_NEEDS_PLT,
  FLAG_NEEDS_TLS_DESC,
  FLAG_NEEDS_TLS_GD,
  FLAG_NEEDS_TLS_IE,
  FLAG_NEEDS_TLS_IE_NEGATED,
  FLAG_SHARED_PROTECTED,
  isShared,
  isUndefined,
  type SymbolTable,
} from "./symbol-table.ts";

/** In `Scan.dynType`: load base plus the symbol's address (or, for an IFUNC, what its resolver returns). */
export const DYN_RELATIVE = 0;

/** What the scan found out. Frozen once scanning is done. */
export interface Scan {
  /** Dynamic relocations in input sections, in the order of the walk. */
  dynCount: number;
  dynSection: Int32Array;
  /** Offset in the input section. */
  dynOffset: Float64Array;
  /** Symbol, or -1 for a local address that needs no symbol. */
  dynSymbol: Int32Array;
  /** DYN_RELATIVE, or the number of the relocation that the dynamic linker applies to the symbol. */
  dynType: Uint8Array;
  bindings: Uint8Array;
  readonly locals: LocalSymbols;
  /** A relocation speaks of the GOT's address: there must be one. */
  needsGotBase: boolean;
  /** Local dynamic TLS: one module slot for all. */
  needsTlsLd: boolean;
  /** A shared library uses the static TLS block: DF_STATIC_TLS. */
  staticTls: boolean;
  /** The last section seen that is read-only and has to be written to at load time; -1: none, as it should be. */
  textRelocation: SectionId;
  /** What asked for each slot first. */
  readonly needs: Needs;
  /** Symbols that nothing defines, with the first places that refer to them. */
  readonly undefined: Map<SymbolId, UndefinedSymbol>;
  readonly complaints: Complaints;
}

export interface UndefinedSymbol {
  count: number;
  /** The first few. */
  readonly references: ObjectPlace[];
}

/** What one walk needs at hand. */
interface Scanner {
  readonly machine: Machine;
  readonly mode: OutputMode;
  readonly options: LinkOptions;
  readonly sections: SectionTable;
  readonly symbols: SymbolTable;
  readonly frames: EhFrames;
  readonly scan: Scan;
  readonly report: Report;
  readonly site: Site;
}

/** One relocation, as the handlers see it. One record is reused for all. */
interface Site extends RelocationSite {
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
function codeOf(scanner: Scanner, site: Site): Uint8Array {
  site.code ??= sectionContents(site.object, scanner.sections, site.section);
  return site.code;
}

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
  options: LinkOptions,
  report: Report,
): Scan {
  const scan: Scan = {
    dynCount: 0,
    dynSection: new Int32Array(64),
    dynOffset: new Float64Array(64),
    dynSymbol: new Int32Array(64),
    dynType: new Uint8Array(64),
    bindings,
    locals: new Map(),
    needsGotBase: false,
    needsTlsLd: false,
    staticTls: false,
    textRelocation: -1,
    needs: createNeeds(),
    undefined: new Map(),
    complaints: new Map(),
  };
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
  const scanner: Scanner = { machine, mode, options, sections, symbols, frames, scan, report, site };
  for (const object of objects) {
    const end = object.firstSection + object.sectionCount;
    for (let section = object.firstSection + 1; section < end; section++) {
      if (sections.relocs[section] < 0 || sections.output[section] < 0) continue;
      if ((sections.state[section] & (STATE_DISCARDED | STATE_COLLECTED | STATE_FOLDED)) !== 0) continue;
      if ((sections.flags[section] & SHF_ALLOC) !== 0) scanSection(scanner, object, section);
      else scanUndefined(scanner, object, section);
    }
  }
  if (mode.shared) importUndefined(scan, symbols);
  return scan;
}

function scanSection(scanner: Scanner, object: ObjectFile, section: SectionId): void {
  const { sections, symbols, scan, machine, mode } = scanner;
  const { view, bytes, is64, firstGlobal, symbolCount, symtab, firstSection, symbols: globals } = object;
  const { type: types, visibility: visibilities } = symbols;
  const { state: states } = sections;
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
  const { site } = scanner;
  site.object = object;
  site.section = section;
  site.writable = (sections.flags[section] & SHF_WRITE) !== 0;
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
    if (type > 255 || known[type] === 0 || isNotForObjects(expression[type])) {
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
      // Most references need nothing: to an address in the output, relative to the place.
      if (binding === BIND_LOCAL && types[symbol] !== STT_TLS) {
        if (kind === EXPRESSION_PC || (kind === EXPRESSION_PLT_PC && visibilities[symbol] === STV_DEFAULT)) continue;
      }
    } else {
      const entryAt = symtab + index * symbolSize;
      const shndx = view.getUint16(entryAt + (is64 ? 6 : 14), true);
      const ordinary = shndx !== 0 && shndx < ordinaryEnd && (states[firstSection + shndx] & STATE_GONE) === 0;
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

export function isTlsExpression(kind: number): boolean {
  return (kind >= EXPRESSION_TLS_GD_PC && kind <= EXPRESSION_TLS_DESC_CALL) || kind === EXPRESSION_TLS_IE_GOT_NEGATED;
}

/** Sections that are not in the output. */
const STATE_GONE = STATE_DISCARDED | STATE_COLLECTED;

function isNotForObjects(expression: number): boolean {
  return expression === EXPRESSION_DYNAMIC || expression === EXPRESSION_UNSUPPORTED;
}

/** @returns true if the next relocation belongs to the same sequence and needs no look of its own */
function scanSite(scanner: Scanner, site: Site, kind: number, width: number, symbols: SymbolTable): boolean {
  const { scan, machine, mode } = scanner;
  if (isTlsExpression(kind)) return scanTls(scanner, site, kind);
  const isTls = site.symbol >= 0 && symbols.type[site.symbol] === STT_TLS && !isUndefined(symbols, site.symbol);
  if (isTls && kind !== EXPRESSION_SIZE) {
    complain(scan.complaints, "relocation-tls-symbol", site);
    return false;
  }
  switch (kind) {
    case EXPRESSION_ABSOLUTE:
      if (width === machine.wordBytes) scanWord(scanner, site);
      else scanNarrow(scanner, site);
      return false;
    case EXPRESSION_PC:
      scanPcRelative(scanner, site, width);
      return false;
    case EXPRESSION_PLT_GOT_RELATIVE:
      scan.needsGotBase = true;
      scanCall(scanner, site);
      return false;
    case EXPRESSION_PLT_PC:
      scanCall(scanner, site);
      return false;
    case EXPRESSION_PLT_ABSOLUTE:
      if (mode.pic) misuse(scanner, site);
      else scanCall(scanner, site);
      return false;
    case EXPRESSION_GOT_OFFSET:
    case EXPRESSION_GOT_PC:
      if (kind === EXPRESSION_GOT_OFFSET) scan.needsGotBase = true;
      if (gotLoadRelaxation(scanner, site) === RELAX_NONE) {
        need(scanner, site, FLAG_NEEDS_GOT);
        // An access that does not name the GOT's register holds the slot's address: position-independent code cannot.
        if (
          mode.pic &&
          kind === EXPRESSION_GOT_OFFSET &&
          machine.gotWithoutBase(codeOf(scanner, site), site.offset, site.type)
        ) {
          misuse(scanner, site);
        }
      }
      return false;
    case EXPRESSION_GOT_RELATIVE:
      scan.needsGotBase = true;
      scanGotRelative(scanner, site);
      return false;
    case EXPRESSION_GOT_BASE_PC:
      scan.needsGotBase = true;
      return false;
    default:
      // SIZE: st_size is known now, unless the symbol is another module's.
      if (mode.shared && site.binding === BIND_IMPORTED) misuse(scanner, site);
      return false;
  }
}

/** The code has the symbol's address in itself: a weak reference that stays undefined can only be 0 then. */
function noteDirect(scanner: Scanner, site: Site): void {
  if (site.binding === BIND_IMPORTED && !scanner.mode.shared) scanner.symbols.flags[site.symbol] |= FLAG_DIRECT;
}

/** S + A as wide as an address: the dynamic linker can apply it wherever it stands. */
function scanWord(scanner: Scanner, site: Site): void {
  const { mode, machine, symbols } = scanner;
  noteDirect(scanner, site);
  switch (site.binding) {
    case BIND_LOCAL:
      if (mode.pic) addDynamic(scanner, site, DYN_RELATIVE);
      return;
    case BIND_IFUNC:
      if (mode.pic || site.writable) addDynamic(scanner, site, DYN_RELATIVE);
      else need(scanner, site, FLAG_NEEDS_PLT | FLAG_CANONICAL_PLT);
      return;
    case BIND_IMPORTED:
      // A program's read-only data cannot wait for the dynamic linker: the symbol gets an address in the program.
      if (!mode.shared && !site.writable) {
        if (isShared(symbols, site.symbol)) needAddress(scanner, site);
        else if (mode.pic) addDynamic(scanner, site, machine.dynamic.word);
      } else addDynamic(scanner, site, machine.dynamic.word);
  }
}

/** S + A narrower than an address: must be settled now, so position-independent output cannot have it. */
function scanNarrow(scanner: Scanner, site: Site): void {
  noteDirect(scanner, site);
  switch (site.binding) {
    case BIND_ABSOLUTE:
    case BIND_ZERO:
      return;
    case BIND_LOCAL:
      if (scanner.mode.pic) misuse(scanner, site);
      return;
    case BIND_IFUNC:
      if (scanner.mode.pic) misuse(scanner, site);
      else need(scanner, site, FLAG_NEEDS_PLT | FLAG_CANONICAL_PLT);
      return;
    default:
      if (scanner.mode.pic) misuse(scanner, site);
      else if (isShared(scanner.symbols, site.symbol)) needAddress(scanner, site);
  }
}

/** S + A - P. */
function scanPcRelative(scanner: Scanner, site: Site, width: number): void {
  const { mode, machine, symbols } = scanner;
  noteDirect(scanner, site);
  switch (site.binding) {
    case BIND_LOCAL:
    case BIND_ZERO:
      return;
    case BIND_ABSOLUTE:
      if (mode.pic && site.symbolIndex !== 0) misuse(scanner, site);
      return;
    case BIND_IFUNC:
      need(scanner, site, isCall(scanner, site) ? FLAG_NEEDS_PLT : FLAG_NEEDS_PLT | FLAG_CANONICAL_PLT);
      return;
    default:
      if (mode.shared) {
        if (width === machine.wordBytes) addDynamic(scanner, site, site.type);
        else misuse(scanner, site);
      } else if (isShared(symbols, site.symbol)) {
        const isFunction = symbols.type[site.symbol] === STT_FUNC || symbols.type[site.symbol] === STT_GNU_IFUNC;
        if (isCall(scanner, site) && isFunction) need(scanner, site, FLAG_NEEDS_PLT);
        else needAddress(scanner, site);
      }
  }
}

/** L + A - P: a call. */
function scanCall(scanner: Scanner, site: Site): void {
  // A quirk that GNU ld's users see in symbol tables: in a PIE a hidden function that is called becomes local.
  const { symbols, mode } = scanner;
  if (mode.pic && site.symbol >= 0 && isHidden(symbols.visibility[site.symbol]) && site.binding !== BIND_IMPORTED) {
    symbols.flags[site.symbol] |= FLAG_FORCED_LOCAL;
  }
  if (site.binding === BIND_IFUNC || site.binding === BIND_IMPORTED) need(scanner, site, FLAG_NEEDS_PLT);
}

function isHidden(visibility: number): boolean {
  return visibility === STV_HIDDEN || visibility === STV_INTERNAL;
}

function scanGotRelative(scanner: Scanner, site: Site): void {
  switch (site.binding) {
    case BIND_IFUNC:
      need(scanner, site, FLAG_NEEDS_PLT | FLAG_CANONICAL_PLT);
      return;
    case BIND_IMPORTED:
      if (scanner.mode.shared) misuse(scanner, site);
      else if (isShared(scanner.symbols, site.symbol)) needAddress(scanner, site);
  }
}

/** x86: e8 call, e9 jmp, 0f 8x jcc. A call may go through the PLT without anybody seeing the entry's address. */
function isCall(scanner: Scanner, site: Site): boolean {
  const bytes = codeOf(scanner, site);
  const at = site.offset;
  if (site.offset < 1) return false;
  const opcode = bytes[at - 1];
  return opcode === 0xe8 || opcode === 0xe9 || (site.offset >= 2 && bytes[at - 2] === 0x0f && (opcode & 0xf0) === 0x80);
}

/** The relaxation of a load from the GOT; relocate.ts asks the same question and gets the same answer. */
function gotLoadRelaxation(scanner: Scanner, site: Site): number {
  const { machine, mode, options } = scanner;
  if (!options.relax || !mayRelaxGotLoad(site.binding)) return RELAX_NONE;
  return machine.relaxGotLoad(
    codeOf(scanner, site),
    site.offset,
    site.addend,
    site.type,
    mode.pic,
    isConstant(site.binding),
  );
}

export function mayRelaxGotLoad(binding: number): boolean {
  return binding === BIND_LOCAL || binding === BIND_ABSOLUTE || binding === BIND_ZERO;
}

/** The same value wherever the output is loaded. */
export function isConstant(binding: number): boolean {
  return binding === BIND_ABSOLUTE || binding === BIND_ZERO;
}

function scanTls(scanner: Scanner, site: Site, kind: number): boolean {
  const { scan, machine, mode } = scanner;
  const executable = !mode.shared;
  const local = site.binding !== BIND_IMPORTED;
  switch (kind) {
    case EXPRESSION_TLS_GD_PC:
    case EXPRESSION_TLS_GD_GOT:
    case EXPRESSION_TLS_DESC_PC:
    case EXPRESSION_TLS_DESC_GOT: {
      const isDescriptor = kind === EXPRESSION_TLS_DESC_PC || kind === EXPRESSION_TLS_DESC_GOT;
      if (kind === EXPRESSION_TLS_GD_GOT || kind === EXPRESSION_TLS_DESC_GOT) scan.needsGotBase = true;
      const target = executable ? (local ? TLS_TO_LOCAL_EXEC : TLS_TO_INITIAL_EXEC) : TLS_KEEP;
      if (target !== TLS_KEEP) {
        const verdict = tlsVerdict(scanner, site, target);
        if (verdict === TLS_UNKNOWN) {
          complain(scan.complaints, "tls-sequence", site);
          return false;
        }
        if (target === TLS_TO_INITIAL_EXEC) need(scanner, site, FLAG_NEEDS_TLS_IE);
        return !isDescriptor;
      }
      need(scanner, site, isDescriptor ? FLAG_NEEDS_TLS_DESC : FLAG_NEEDS_TLS_GD);
      return false;
    }
    case EXPRESSION_TLS_LD_PC:
    case EXPRESSION_TLS_LD_GOT:
      if (executable) {
        if (tlsVerdict(scanner, site, TLS_TO_LOCAL_EXEC) === TLS_UNKNOWN) {
          complain(scan.complaints, "tls-sequence", site);
          return false;
        }
        return true;
      }
      if (kind === EXPRESSION_TLS_LD_GOT) scan.needsGotBase = true;
      if (!scan.needsTlsLd) noteNeed(scan.needs, -1, NEED_TLS_MODULE, site.section, site.offset, site.type);
      scan.needsTlsLd = true;
      return false;
    case EXPRESSION_TLS_IE_PC:
    case EXPRESSION_TLS_IE_ABSOLUTE:
    case EXPRESSION_TLS_IE_GOT:
    case EXPRESSION_TLS_IE_GOT_NEGATED:
      if (kind !== EXPRESSION_TLS_IE_PC && kind !== EXPRESSION_TLS_IE_ABSOLUTE) scan.needsGotBase = true;
      if (executable && local && tlsVerdict(scanner, site, TLS_TO_LOCAL_EXEC) === TLS_TO_LOCAL_EXEC) return false;
      need(scanner, site, kind === EXPRESSION_TLS_IE_GOT_NEGATED ? FLAG_NEEDS_TLS_IE_NEGATED : FLAG_NEEDS_TLS_IE);
      if (mode.shared) scan.staticTls = true;
      // The slot's absolute address stands in the code: position-independent output has to relocate it.
      if (kind === EXPRESSION_TLS_IE_ABSOLUTE && mode.pic) addDynamic(scanner, site, DYN_RELATIVE);
      return false;
    case EXPRESSION_TLS_TPOFF:
    case EXPRESSION_TLS_TPOFF_NEGATED:
      if (!mode.shared) {
        if (!local) misuse(scanner, site);
        return false;
      }
      // i386 code may use its static TLS offset directly: the dynamic linker fills it in (R_386_TLS_TPOFF, _TPOFF32).
      if (machine.rela) misuse(scanner, site);
      else {
        scan.staticTls = true;
        addDynamic(scanner, site, kind === EXPRESSION_TLS_TPOFF ? machine.dynamic.tpoff : machine.dynamic.tpoffNegated);
      }
      return false;
    case EXPRESSION_TLS_DTPOFF:
    case EXPRESSION_TLS_DESC_CALL:
      return false;
  }
  return false;
}

function tlsVerdict(scanner: Scanner, site: Site, target: number): number {
  return scanner.machine.checkTls(
    codeOf(scanner, site),
    site.offset,
    site.type,
    target,
    site.nextType,
    site.nextOffset,
  );
}

/** Something in a program has to have this imported symbol's address: copy the data, or let the PLT entry be the function. */
function needAddress(scanner: Scanner, site: Site): void {
  const { symbols, options } = scanner;
  const id = site.symbol;
  const type = symbols.type[id];
  if (type === STT_FUNC || type === STT_GNU_IFUNC) {
    // Its own library goes by the function itself: the function would have two addresses.
    if ((symbols.flags[id] & FLAG_SHARED_PROTECTED) !== 0) complain(scanner.scan.complaints, "address-protected", site);
    need(scanner, site, FLAG_NEEDS_PLT | FLAG_CANONICAL_PLT);
    return;
  }
  if ((symbols.flags[id] & FLAG_COPY) !== 0) return;
  if (!options.z.copyreloc || (symbols.flags[id] & FLAG_SHARED_PROTECTED) !== 0) {
    const code = options.z.copyreloc ? "copy-relocation-protected" : "copy-relocation-forbidden";
    complain(scanner.scan.complaints, code, site);
  }
  need(scanner, site, FLAG_COPY);
}

function need(scanner: Scanner, site: Site, flags: number): void {
  if (site.symbol < 0) site.symbol = rowOfLocal(scanner, site.object, site.symbolIndex, site.binding);
  const { symbol } = site;
  const known = scanner.symbols.flags[symbol];
  if ((known & flags) === flags) return;
  scanner.symbols.flags[symbol] = known | flags;
  noteNeed(scanner.scan.needs, symbol, flags & ~known, site.section, site.offset, site.type);
}

function addDynamic(scanner: Scanner, site: Site, type: number): void {
  const { scan } = scanner;
  if (!site.writable && site.section !== scan.textRelocation) {
    scan.textRelocation = site.section;
    if (scanner.options.z.text !== false) complain(scan.complaints, "text-relocation", site);
  }
  const at = scan.dynCount++;
  scan.dynSection = growInt32(scan.dynSection, scan.dynCount);
  scan.dynOffset = growFloat64(scan.dynOffset, scan.dynCount);
  scan.dynSymbol = growInt32(scan.dynSymbol, scan.dynCount);
  scan.dynType = growUint8(scan.dynType, scan.dynCount);
  scan.dynSection[at] = site.section;
  scan.dynOffset[at] = site.offset;
  scan.dynSymbol[at] = site.symbol;
  scan.dynType[at] = type;
}

/** Row for a local symbol, its binding known to the scan. */
function rowOfLocal(scanner: Scanner, object: ObjectFile, index: number, binding: number): SymbolId {
  const { scan, symbols } = scanner;
  const id = localSymbol(symbols, scan.locals, object, index);
  scan.bindings = growUint8(scan.bindings, id + 1);
  scan.bindings[id] = binding;
  return id;
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
  if ((sections.state[target] & (STATE_DISCARDED | STATE_COLLECTED)) !== 0) {
    if (!isEhFrame && !toleratesDiscarded(object, sections, section)) {
      const { complaints } = scanner.scan;
      complain(complaints, "discarded-reference", { object, section, offset, type, symbol: -1, symbolIndex: index });
    }
    return BIND_ZERO;
  }
  return localType(object, index) === STT_GNU_IFUNC ? BIND_IFUNC : BIND_LOCAL;
}

/** As GNU ld (elf_default_action_discarded): exception tables may speak of functions that are gone. */
function toleratesDiscarded(object: ObjectFile, sections: SectionTable, section: SectionId): boolean {
  const name = sectionName(object, sections, section);
  return name.startsWith(".gcc_except_table") || name.startsWith(".eh_frame");
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

function misuse(scanner: Scanner, site: Site): void {
  complain(scanner.scan.complaints, "needs-pic", site);
}

function sectionContents(object: ObjectFile, sections: SectionTable, section: SectionId): Uint8Array {
  const start = sections.offset[section];
  return object.bytes.subarray(start, start + sections.size[section]);
}
