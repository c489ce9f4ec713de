// Copies the input sections into the image and applies their relocations: one sweep over all objects, in the same order as
// the scan. Addresses are final. The formulas are the machine's table's (arch/); what the dynamic linker has to complete
// was listed by the scan and is met again here, where its addend becomes known.

import {
  EXPRESSION_ABSOLUTE,
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
  isTlsExpression,
  type Machine,
  OVERFLOW_NONE,
  OVERFLOW_SIGNED,
  OVERFLOW_UNSIGNED,
  RELAX_NONE,
  TLS_TO_INITIAL_EXEC,
  TLS_TO_LOCAL_EXEC,
} from "../arch/index.ts";
import {
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHN_LORESERVE,
  SHT_NOBITS,
  SHT_RELA,
  STT_GNU_IFUNC,
  STT_SECTION,
} from "../elf/constants.ts";
import { error, type Report } from "../elf/problem.ts";
import { BIND_IFUNC, BIND_IMPORTED, isConstant, mayRelaxGotLoad } from "./bind.ts";
import { relocationFacts } from "./complaints.ts";
import { copyBytes } from "./copy-bytes.ts";
import { addRelocation, type RelocationList } from "./dynamic-relocations.ts";
import { copyEhFrame, ehFrameOffset } from "./eh-frame.ts";
import { SECTION_ABSOLUTE, type SectionId, type SymbolId } from "./ids.ts";
import type { Layout } from "./layout.ts";
import { localSection, localValue } from "./local-symbols.ts";
import { type Locator, placeOf } from "./locate.ts";
import { type MergedSections, mergedAddress } from "./merged-sections.ts";
import type { OutputMode } from "./mode.ts";
import { type ObjectFile, sectionName } from "./object-file.ts";
import type { LinkOptions } from "./options.ts";
import type { OutputSection } from "./output-section.ts";
import { DYN_RELATIVE, type Scan } from "./scan-result.ts";
import { contentsOf } from "./section-contents.ts";
import {
  type SectionTable,
  STATE_COLLECTED,
  STATE_COMPRESSED,
  STATE_DISCARDED,
  STATE_EH_FRAME,
  STATE_FOLDED,
  STATE_MERGED,
} from "./section-table.ts";
import { gotSlot, pltAddress, type SlotAddresses, type Slots } from "./slots.ts";
import { FLAG_CANONICAL_PLT, FLAG_COLLECTED, type SymbolTable } from "./symbol-table.ts";

/** What the sweep reads; nothing of it changes but `image`, `dynamic` and `cursor`. */
export interface Relocator {
  readonly machine: Machine;
  readonly mode: OutputMode;
  readonly options: LinkOptions;
  readonly sections: SectionTable;
  readonly symbols: SymbolTable;
  /** S of every symbol, as references see it: a canonical PLT entry, a copy, an IFUNC's PLT entry. */
  readonly address: Float64Array;
  readonly scan: Scan;
  readonly slots: Slots;
  readonly at: SlotAddresses;
  readonly layout: Layout;
  readonly outputs: readonly OutputSection[];
  readonly merged: MergedSections;
  /** By symbol: index in .dynsym. */
  readonly dynamicIndex: Int32Array;
  readonly dynamic: RelocationList;
  /** By number in `scan.dyn…`: 1 where RELR relocates the word, and no entry is made. */
  readonly packed: Uint8Array | undefined;
  readonly image: Uint8Array;
  readonly view: DataView;
  readonly report: Report;
  /** Contents of the section at hand, once something has asked for them. */
  contents: Uint8Array | undefined;
  /** Next of the scan's dynamic relocations. */
  cursor: number;
  readonly locator: Locator;
  /** Overflows reported so far: after some, more would not help. */
  overflows: number;
}

const MAX_OVERFLOWS = 50;

export function relocateObjects(relocator: Relocator, objects: readonly ObjectFile[]): void {
  const { sections } = relocator;
  const skipped = STATE_DISCARDED | STATE_COLLECTED | STATE_MERGED | STATE_FOLDED;
  for (const object of objects) {
    const end = object.firstSection + object.sectionCount;
    for (let section = object.firstSection + 1; section < end; section++) {
      if (sections.output[section] < 0 || sections.type[section] === SHT_NOBITS) continue;
      const state = sections.state[section];
      if ((state & skipped) !== 0) continue;
      if ((state & (STATE_COMPRESSED | STATE_EH_FRAME)) !== 0) copyUncommon(relocator, object, section);
      else {
        const to = fileOffset(relocator, section);
        copyContents(relocator, object, section, to);
        if (sections.relocs[section] < 0) continue;
        relocator.contents = undefined;
        relocateSection(relocator, object, section, sections.address[section], to);
      }
    }
  }
}

function copyContents(r: Relocator, object: ObjectFile, section: SectionId, to: number): void {
  const { offset, size } = r.sections;
  copyBytes(object.bytes, object.view, offset[section], size[section], r.image, r.view, to);
}

/** Compressed sections, and .eh_frame, which is put together record by record. */
function copyUncommon(r: Relocator, object: ObjectFile, section: SectionId): void {
  const { sections, merged } = r;
  const contents = contentsOf(object, sections, section, r.options.accelerators);
  if (contents === undefined) {
    r.report(error("decompression-failed", { file: object.name, section: sectionName(object, sections, section) }));
    return;
  }
  r.contents = contents;
  if ((sections.state[section] & STATE_EH_FRAME) !== 0) {
    const { chunk } = merged.frames;
    copyEhFrame(merged.frames, section, contents, r.image, r.view);
    if (chunk !== undefined) relocateSection(r, object, section, chunk.address, chunk.offset);
    return;
  }
  const to = fileOffset(r, section);
  r.image.set(contents, to);
  if (sections.relocs[section] >= 0) relocateSection(r, object, section, sections.address[section], to);
}

function fileOffset(relocator: Relocator, section: SectionId): number {
  const output = relocator.outputs[relocator.sections.output[section]];
  return output.offset + (relocator.sections.address[section] - output.address);
}

/** The bytes of the section at hand as they are in the input, for instructions that may be rewritten. */
export function codeOf(r: Relocator, object: ObjectFile, section: SectionId): Uint8Array {
  const start = r.sections.offset[section];
  r.contents ??= object.bytes.subarray(start, start + r.sections.size[section]);
  return r.contents;
}

/**
 * Applies the relocations of one section whose contents are in the image already.
 * @param base their address  @param to their offset in the image
 */
function relocateSection(r: Relocator, object: ObjectFile, section: SectionId, base: number, to: number): void {
  const { sections, address, machine, scan, view: out } = r;
  const { state: states, output: outputs, address: addresses } = sections;
  const { view, bytes, is64, firstGlobal, symbols: globals, symtab, symbolCount, firstSection } = object;
  const relocs = sections.relocs[section];
  const rela = sections.type[relocs] === SHT_RELA;
  const word = is64 ? 8 : 4;
  const entry = rela ? 3 * word : 2 * word;
  const symbolSize = is64 ? 24 : 16;
  const end = sections.offset[relocs] + sections.size[relocs];
  const { expression, bytes: widths, overflow, known } = machine.relocations;
  const allocated = (sections.flags[section] & SHF_ALLOC) !== 0;
  const tombstone = allocated ? 0 : tombstoneOf(object, sections, section);
  const wordBytes = machine.wordBytes;
  const limit = sections.size[section];
  const isEhFrame = (states[section] & STATE_EH_FRAME) !== 0;
  const ordinaryEnd = Math.min(object.sectionCount, SHN_LORESERVE);
  let dynamic = nextDynamic(r, section);
  for (let at = sections.offset[relocs]; at < end; at += entry) {
    const offset = view.getUint32(at, true);
    const info = view.getUint32(at + word, true);
    const type = info & 0xff;
    const index = is64 ? view.getUint32(at + 12, true) : info >>> 8;
    const kind = expression[type];
    const width = widths[type];
    if ((is64 && info > 255) || known[type] === 0 || offset + width > limit || index >= symbolCount) {
      reportBad(r, object, section, offset, is64 ? info : type, index);
      return;
    }
    if (kind === EXPRESSION_NONE) continue;
    // Where it is now: .eh_frame is rearranged record by record, and some are left out.
    const now = isEhFrame ? ehFrameOffset(r.merged.frames, section, offset) : offset;
    if (now < 0) continue;
    const place = base + now;
    const field = to + now;
    let addend: number;
    if (!rela) addend = readField(out, field, width);
    else if (is64) addend = view.getUint32(at + 16, true) + view.getInt32(at + 20, true) * 0x100000000;
    else addend = view.getInt32(at + 8, true);

    let target: number;
    let symbol = -1;
    if (index >= firstGlobal) {
      symbol = globals[index - firstGlobal];
      target = address[symbol];
      if (!allocated && isGone(r, symbol)) {
        writeField(out, field, width, tombstone);
        continue;
      }
    } else {
      // A local symbol, read where it is: the usual ones in an ordinary section right here.
      const entryAt = symtab + index * symbolSize;
      const shndx = view.getUint16(entryAt + (is64 ? 6 : 14), true);
      const localKind = bytes[entryAt + (is64 ? 4 : 12)] & 15;
      if (shndx !== 0 && shndx < ordinaryEnd && (states[firstSection + shndx] & STATE_UNUSUAL) === 0) {
        const local = firstSection + shndx;
        if (outputs[local] < 0) {
          writeField(out, field, width, tombstone);
          continue;
        }
        target = addresses[local] + view.getUint32(entryAt + (is64 ? 8 : 4), true);
        if (is64) target += view.getUint32(entryAt + 12, true) * 0x100000000;
      } else {
        target = uncommonLocal(r, object, index, localKind, addend);
        if (Number.isNaN(target)) {
          writeField(out, field, width, tombstone);
          continue;
        }
      }
      if (kind > EXPRESSION_PLT_PC || localKind === STT_GNU_IFUNC) {
        symbol = scan.locals.get(object.symbolBase + index) ?? -1;
        if (symbol >= 0 && localKind === STT_GNU_IFUNC) target = address[symbol];
      }
    }

    if (offset === dynamic && allocated) {
      emitDynamic(r, symbol, target, addend, place, field, kind, width);
      dynamic = nextDynamic(r, section);
      continue;
    }
    let value: number;
    if (kind === EXPRESSION_PC) value = target + addend - place;
    else if (kind === EXPRESSION_PLT_PC) value = (symbol < 0 ? target : callTarget(r, symbol, target)) + addend - place;
    else if (kind === EXPRESSION_ABSOLUTE) {
      value = target + addend;
      if (width === 8) {
        writeWord64(r, out, field, symbol, value, addend);
        continue;
      }
    } else if (isTlsExpression(kind)) {
      const next = at + entry < end ? at + entry : -1;
      const code = codeOf(r, object, section);
      at +=
        entry *
        relocateTls(
          r,
          object,
          section,
          code,
          symbol,
          kind,
          type,
          width,
          offset,
          place,
          field,
          target,
          addend,
          next,
          is64,
        );
      continue;
    } else {
      value = uncommonValue(r, codeOf(r, object, section), symbol, kind, type, offset, place, field, target, addend);
      if (value === Number.POSITIVE_INFINITY) {
        const site = { object, section, offset, type, symbol, symbolIndex: index };
        r.report(error("got-relaxation-overflow", placeOf(sections, site), relocationFacts(r, site)));
        continue;
      }
      if (Number.isNaN(value)) continue;
    }
    if (wordBytes === 4) value |= 0;
    const rule = overflow[type];
    if (rule !== OVERFLOW_NONE && !fits(value, width, rule)) {
      reportOverflow(r, object, section, offset, index, symbol, type, value);
    }
    if (width === 4) out.setInt32(field, value | 0, true);
    else writeField(out, field, width, value);
  }
}

/** Offset in the section of the next relocation that the scan left to the dynamic linker, or -1. */
function nextDynamic(r: Relocator, section: SectionId): number {
  const { scan, cursor } = r;
  return cursor < scan.dynCount && scan.dynSection[cursor] === section ? scan.dynOffset[cursor] : -1;
}

/** States in which a section's bytes are not simply at its address. */
const STATE_UNUSUAL = STATE_DISCARDED | STATE_COLLECTED | STATE_MERGED | STATE_EH_FRAME;

/** S of a local symbol in a section that is merged, rearranged, in a group, or no section at all. NaN: it is gone. */
function uncommonLocal(r: Relocator, object: ObjectFile, index: number, kind: number, addend: number): number {
  const { sections, merged } = r;
  const local = localSection(object, index);
  if (local < 0) return local === SECTION_ABSOLUTE ? localValue(object, index) : 0;
  const state = sections.state[local];
  if ((state & (STATE_DISCARDED | STATE_COLLECTED)) !== 0 || sections.output[local] < 0) return Number.NaN;
  if ((state & (STATE_MERGED | STATE_EH_FRAME)) === 0) return sections.address[local] + localValue(object, index);
  if (kind !== STT_SECTION) return mergedAddress(merged, sections, local, localValue(object, index));
  // The addend says which piece is meant (bfd/elflink.c, _bfd_elf_rela_local_sym).
  return mergedAddress(merged, sections, local, localValue(object, index) + addend) - addend;
}

function reportBad(
  r: Relocator,
  object: ObjectFile,
  section: SectionId,
  offset: number,
  type: number,
  index: number,
): void {
  const place = { file: object.name, section: sectionName(object, r.sections, section), offset };
  if (type > 255 || r.machine.relocations.known[type] === 0) r.report(error("relocation-unknown", place, { type }));
  else r.report(error("bad-relocation", place, { symbol: index, count: object.symbolCount }));
}

/** Where a call goes: the PLT entry if there is one. */
function callTarget(r: Relocator, symbol: SymbolId, target: number): number {
  if (symbol < 0) return target;
  const { slots } = r;
  if (slots.plt[symbol] < 0 && slots.iplt[symbol] < 0 && slots.pltGot[symbol] < 0) return target;
  return pltAddress(slots, r.at, symbol);
}

/**
 * GOT and PLT expressions, and SIZE. NaN: the instruction was rewritten, nothing is left to store; infinity: it cannot be
 * rewritten, because the target is too far away.
 */
function uncommonValue(
  r: Relocator,
  contents: Uint8Array,
  symbol: SymbolId,
  kind: number,
  type: number,
  offset: number,
  place: number,
  field: number,
  target: number,
  addend: number,
): number {
  const { at, slots, machine } = r;
  switch (kind) {
    case EXPRESSION_PLT_ABSOLUTE:
      return callTarget(r, symbol, target) + addend;
    case EXPRESSION_PLT_GOT_RELATIVE:
      return callTarget(r, symbol, target) + addend - at.gotBase;
    case EXPRESSION_GOT_RELATIVE:
      return target + addend - at.gotBase;
    case EXPRESSION_GOT_BASE_PC:
      return at.gotBase + addend - place;
    case EXPRESSION_SIZE:
      return (symbol >= 0 ? r.symbols.size[symbol] : 0) + addend;
    case EXPRESSION_GOT_PC:
    case EXPRESSION_GOT_OFFSET: {
      const relaxation = relaxationOf(r, contents, symbol, type, offset, addend);
      if (relaxation !== RELAX_NONE) {
        if (!machine.writeRelaxedGotLoad(r.view, field, relaxation, target, place, at.gotBase, r.options.z.callNop)) {
          return Number.POSITIVE_INFINITY;
        }
        return Number.NaN;
      }
      const slot = symbol >= 0 ? gotSlot(slots, at, symbol, machine.wordBytes) : at.got;
      if (kind === EXPRESSION_GOT_PC) return slot + addend - place;
      return machine.gotWithoutBase(contents, offset, type) ? slot + addend : slot + addend - at.gotBase;
    }
    default:
      return target + addend;
  }
}

export function relaxationOf(
  r: Relocator,
  contents: Uint8Array,
  symbol: SymbolId,
  type: number,
  offset: number,
  addend: number,
): number {
  if (!r.options.relax || symbol < 0) return RELAX_NONE;
  const binding = r.scan.bindings[symbol];
  if (!mayRelaxGotLoad(binding)) return RELAX_NONE;
  return r.machine.relaxGotLoad(contents, offset, addend, type, r.mode.pic, isConstant(binding));
}

/** @returns how many of the following relocations are done with */
function relocateTls(
  r: Relocator,
  object: ObjectFile,
  section: SectionId,
  contents: Uint8Array,
  symbol: SymbolId,
  kind: number,
  type: number,
  width: number,
  offset: number,
  place: number,
  field: number,
  target: number,
  addend: number,
  next: number,
  is64: boolean,
): number {
  const { machine, mode, at, slots, layout, view } = r;
  const local = symbol < 0 || r.scan.bindings[symbol] !== BIND_IMPORTED;
  const executable = !mode.shared;
  const tpoff = target - layout.threadPointer;
  const store = (value: number): number => {
    const stored = machine.wordBytes === 4 ? value | 0 : value;
    const rule = machine.relocations.overflow[type];
    if (rule !== OVERFLOW_NONE && !fits(stored, width, rule))
      reportOverflow(r, object, section, offset, 0, symbol, type, stored);
    if (width === 8) writeFull(view, field, stored);
    else writeField(view, field, width, stored);
    return 0;
  };
  const rewrite = (goal: number, value: number): number => {
    const skip = machine.writeTls(view, field, type, goal, value, place, at.gotBase);
    if (skip >= 0) return skip;
    reportOverflow(r, object, section, offset, 0, symbol, type, value);
    return 0;
  };
  const slotOf = (column: Int32Array): number => at.got + (symbol >= 0 ? column[symbol] : 0);
  switch (kind) {
    case EXPRESSION_TLS_GD_PC:
    case EXPRESSION_TLS_GD_GOT:
    case EXPRESSION_TLS_DESC_PC:
    case EXPRESSION_TLS_DESC_GOT:
    case EXPRESSION_TLS_DESC_CALL: {
      if (executable)
        return local ? rewrite(TLS_TO_LOCAL_EXEC, tpoff) : rewrite(TLS_TO_INITIAL_EXEC, slotOf(slots.tlsIe));
      if (kind === EXPRESSION_TLS_DESC_CALL) return 0;
      const isDescriptor = kind === EXPRESSION_TLS_DESC_PC || kind === EXPRESSION_TLS_DESC_GOT;
      const slot = slotOf(isDescriptor ? slots.tlsDesc : slots.tlsGd);
      return store(
        kind === EXPRESSION_TLS_GD_PC || kind === EXPRESSION_TLS_DESC_PC
          ? slot + addend - place
          : slot + addend - at.gotBase,
      );
    }
    case EXPRESSION_TLS_LD_PC:
    case EXPRESSION_TLS_LD_GOT:
      if (executable) return rewrite(TLS_TO_LOCAL_EXEC, 0);
      return store(
        kind === EXPRESSION_TLS_LD_PC
          ? at.got + slots.tlsLd + addend - place
          : at.got + slots.tlsLd + addend - at.gotBase,
      );
    case EXPRESSION_TLS_IE_PC:
    case EXPRESSION_TLS_IE_ABSOLUTE:
    case EXPRESSION_TLS_IE_GOT:
    case EXPRESSION_TLS_IE_GOT_NEGATED: {
      if (executable && local) {
        const nextType = next < 0 ? 0 : object.view.getUint32(next + (is64 ? 8 : 4), true) & 0xff;
        const nextAt = next < 0 ? 0 : object.view.getUint32(next, true);
        if (machine.checkTls(contents, offset, type, TLS_TO_LOCAL_EXEC, nextType, nextAt) === TLS_TO_LOCAL_EXEC) {
          return rewrite(TLS_TO_LOCAL_EXEC, tpoff);
        }
      }
      const slot = slotOf(kind === EXPRESSION_TLS_IE_GOT_NEGATED ? slots.tlsIeNegated : slots.tlsIe);
      if (kind === EXPRESSION_TLS_IE_PC) return store(slot + addend - place);
      return store(kind === EXPRESSION_TLS_IE_ABSOLUTE ? slot + addend : slot + addend - at.gotBase);
    }
    case EXPRESSION_TLS_TPOFF:
      return store(tpoff + addend);
    case EXPRESSION_TLS_TPOFF_NEGATED:
      return store(-tpoff + addend);
    case EXPRESSION_TLS_DTPOFF: {
      // Code that used the module's base was rewritten to use the thread pointer; debug information was not.
      const inCode = executable && (r.sections.flags[section] & SHF_EXECINSTR) !== 0;
      return store((inCode ? tpoff : target - layout.tlsStart) + addend);
    }
  }
  return 0;
}

/** A relocation that the scan left to the dynamic linker: makes its entry, and stores what REL and RELR need in place. */
function emitDynamic(
  r: Relocator,
  symbol: SymbolId,
  target: number,
  addend: number,
  place: number,
  field: number,
  kind: number,
  width: number,
): void {
  const { scan, machine } = r;
  const number = r.cursor++;
  const type = scan.dynType[number];
  const { dynamic } = machine;
  if (type !== DYN_RELATIVE) {
    const isTpoff = type === dynamic.tpoff || type === dynamic.tpoffNegated;
    const named = symbol >= 0 && scan.bindings[symbol] === BIND_IMPORTED;
    // A local thread-local variable is named by its offset in the block alone.
    const amount = isTpoff && !named ? target - r.layout.tlsStart + addend : addend;
    push(r, place, type, named ? r.dynamicIndex[symbol] : 0, amount);
    if (!machine.rela) writeField(r.view, field, width, amount);
    return;
  }
  let value = kind === EXPRESSION_TLS_IE_ABSOLUTE ? r.at.got + r.slots.tlsIe[symbol] + addend : target + addend;
  let relative = dynamic.relative;
  if (symbol >= 0 && scan.bindings[symbol] === BIND_IFUNC && (r.symbols.flags[symbol] & FLAG_CANONICAL_PLT) === 0) {
    relative = dynamic.irelative;
    value = resolverAddress(r.sections, r.symbols, symbol) + addend;
  }
  const isPacked = r.packed !== undefined && r.packed[number] !== 0;
  if (!isPacked) push(r, place, relative, 0, value);
  if (isPacked || !machine.rela) {
    if (width === 8) writeFull(r.view, field, value);
    else writeField(r.view, field, width, value);
  }
}

/** Where the resolver function of an IFUNC is, whatever references to the symbol see. */
export function resolverAddress(sections: SectionTable, symbols: SymbolTable, symbol: SymbolId): number {
  const section = symbols.section[symbol];
  const value = symbols.valueHigh[symbol] * 0x100000000 + (symbols.valueLow[symbol] >>> 0);
  return section >= 0 ? sections.address[section] + value : value;
}

function push(r: Relocator, place: number, type: number, symbol: number, addend: number): void {
  if (!addRelocation(r.dynamic, place, type, symbol, addend)) {
    r.report(error("internal-relocation-count", {}, { counted: r.dynamic.address.length }));
  }
}

/** A reference from debug information to a function that is not in the output. */
export function isGone(r: Relocator, symbol: SymbolId): boolean {
  const section = r.symbols.section[symbol];
  if (section < 0) return (r.symbols.flags[symbol] & FLAG_COLLECTED) !== 0;
  return (r.sections.state[section] & (STATE_DISCARDED | STATE_COLLECTED)) !== 0;
}

/**
 * What stands in place of an address that no longer exists: 0, which no function has; but in .debug_ranges and .debug_loc
 * 1, because a pair of zeros ends the list there (as GNU ld, bfd/elf.c _bfd_clear_contents).
 */
function tombstoneOf(object: ObjectFile, sections: SectionTable, section: SectionId): number {
  const name = sectionName(object, sections, section);
  return name === ".debug_ranges" || name === ".debug_loc" ? 1 : 0;
}

function readField(view: DataView, at: number, width: number): number {
  switch (width) {
    case 4:
      return view.getInt32(at, true);
    case 2:
      return view.getInt16(at, true);
    case 1:
      return view.getInt8(at);
    case 8:
      return view.getUint32(at, true) + view.getInt32(at + 4, true) * 0x100000000;
    default:
      return 0;
  }
}

/** Stores the low bytes; `value` is exact below 2^53. */
function writeField(view: DataView, at: number, width: number, value: number): void {
  if (width === 4) view.setInt32(at, value | 0, true);
  else if (width === 8) writeFull(view, at, value);
  else if (width === 2) view.setInt16(at, value, true);
  else if (width === 1) view.setInt8(at, value);
}

function writeFull(view: DataView, at: number, value: number): void {
  view.setInt32(at, value | 0, true);
  view.setInt32(at + 4, Math.floor(value / 0x100000000) | 0, true);
}

/** S + A in 64 bits. Constants beyond 2^53 take the exact way. */
function writeWord64(r: Relocator, view: DataView, at: number, symbol: SymbolId, value: number, addend: number): void {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(addend)) {
    view.setInt32(at, value | 0, true);
    view.setInt32(at + 4, Math.floor(value / 0x100000000) | 0, true);
    return;
  }
  const { symbols } = r;
  const exact = symbol >= 0 && symbols.section[symbol] === SECTION_ABSOLUTE;
  const s = exact
    ? (BigInt(symbols.valueHigh[symbol]) << 32n) | BigInt(symbols.valueLow[symbol] >>> 0)
    : BigInt(value - addend);
  view.setBigInt64(at, BigInt.asIntN(64, s + BigInt(addend)), true);
}

/** The values that fit: what `fits` compares with. */
function rangeOf(width: number, rule: number): readonly [min: number, max: number] {
  const range = 2 ** (8 * width);
  if (rule === OVERFLOW_SIGNED) return [-range / 2, range / 2 - 1];
  return [rule === OVERFLOW_UNSIGNED ? 0 : -range, range - 1];
}

/** Does the value fit its field? (BFD's overflow rules; the table says which.) */
function fits(value: number, width: number, rule: number): boolean {
  if (width === 4) {
    if (rule === OVERFLOW_SIGNED) return value >= -0x80000000 && value <= 0x7fffffff;
    if (rule === OVERFLOW_UNSIGNED) return value >= 0 && value <= 0xffffffff;
    return value >= -0x100000000 && value <= 0xffffffff;
  }
  if (width === 8) return true;
  const range = 2 ** (8 * width);
  if (rule === OVERFLOW_SIGNED) return value >= -range / 2 && value < range / 2;
  return value >= (rule === OVERFLOW_UNSIGNED ? 0 : -range) && value < range;
}

function reportOverflow(
  r: Relocator,
  object: ObjectFile,
  section: SectionId,
  offset: number,
  index: number,
  symbol: SymbolId,
  type: number,
  value: number,
): void {
  if (r.options.z.noRelocOverflow || r.overflows++ >= MAX_OVERFLOWS) return;
  const site = { object, section, offset, type, symbol, symbolIndex: index };
  const [min, max] = rangeOf(r.machine.relocations.bytes[type], r.machine.relocations.overflow[type]);
  const details = { ...relocationFacts(r, site), value, min, max };
  r.report(error("relocation-overflow", placeOf(r.sections, site), details));
}
