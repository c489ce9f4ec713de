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
  isTlsExpression,
  OVERFLOW_NONE,
  RELAX_NONE,
} from "../../arch/index.ts";
import { SHF_ALLOC, SHN_LORESERVE, SHT_NOBITS, SHT_RELA, STT_GNU_IFUNC, STT_SECTION } from "../../elf/constants.ts";
import { signed64 } from "../../elf/halves.ts";
import { error } from "../../elf/problem.ts";
import { gotSlot, pltAddress } from "../made/slots.ts";
import { takesContents } from "../mapping/bfd-flags.ts";
import { relocationFacts } from "../scan/complaints.ts";
import { discardedRule, keptSection, REFERENCE_CLEARED } from "../sections/kept-sections.ts";
import { mergedAddress } from "../sections/merge/merged-sections.ts";
import { contentsOf } from "../sections/section-contents.ts";
import { copyEhFrame, ehFrameOffset } from "../sections/unwind/eh-frame-output.ts";
import { SECTION_ABSOLUTE, type SectionId, type SymbolId } from "../tables/ids.ts";
import { localSection, localValue } from "../tables/local-symbols.ts";
import { placeOf } from "../tables/locate.ts";
import { type ObjectFile, sectionName } from "../tables/object-file.ts";
import { reversedOffset } from "../tables/output-section.ts";
import {
  type SectionTable,
  STATE_COLLECTED,
  STATE_COMPRESSED,
  STATE_DISCARDED,
  STATE_EH_FRAME,
  STATE_FOLDED,
  STATE_MERGED,
} from "../tables/section-table.ts";
import { copyBytes } from "./copy-bytes.ts";
import { emitDynamic, nextDynamic } from "./relocate-dynamic.ts";
import { relocateTls } from "./relocate-tls.ts";
import { fits, readField, writeField, writeFull } from "./relocation-field.ts";
import { codeOf, isGone, type Relocator, relaxationOf, reportOverflow } from "./relocator.ts";

export function relocateObjects(relocator: Relocator, objects: readonly ObjectFile[]): void {
  const { sections } = relocator;
  const skipped = STATE_DISCARDED | STATE_COLLECTED | STATE_MERGED | STATE_FOLDED;
  for (const object of objects) {
    const end = object.firstSection + object.sectionCount;
    for (let section = object.firstSection + 1; section < end; section++) {
      if (sections.output[section] < 0 || sections.type[section] === SHT_NOBITS) continue;
      const output = relocator.outputs[sections.output[section]];
      if (output.type === SHT_NOBITS || !takesContents(output.sec)) continue;
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
  if (r.reversed.size > 0 && r.reversed.has(section)) {
    copyReversed(r, object, section, to);
    return;
  }
  copyBytes(object.bytes, object.view, offset[section], size[section], r.image, r.view, to);
}

/** Problem: `constructors-size` (error). */
function copyReversed(
  { sections, machine, image, report }: Relocator,
  object: ObjectFile,
  section: SectionId,
  to: number,
): void {
  const { wordBytes } = machine;
  const start = sections.offset[section];
  const size = sections.size[section];
  if (size % wordBytes !== 0) {
    const place = { file: object.name, section: sectionName(object, sections, section) };
    report(error("constructors-size", place, { size, word: wordBytes }));
    return;
  }
  for (let at = 0; at < size; at += wordBytes) {
    image.set(object.bytes.subarray(start + at, start + at + wordBytes), to + reversedOffset(at, size, wordBytes));
  }
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
  const moved = !allocated && discardedRule(object, sections, section) !== REFERENCE_CLEARED;
  const wordBytes = machine.wordBytes;
  const limit = sections.size[section];
  const isEhFrame = (states[section] & STATE_EH_FRAME) !== 0;
  const isReversed = r.reversed.size > 0 && r.reversed.has(section);
  const ordinaryEnd = Math.min(object.sectionCount, SHN_LORESERVE);
  let dynamic = nextDynamic(r, section);
  for (let at = sections.offset[relocs]; at < end; at += entry) {
    const offset = view.getUint32(at, true);
    const info = view.getUint32(at + word, true);
    const type = is64 ? info : info & 0xff;
    const index = is64 ? view.getUint32(at + 12, true) : info >>> 8;
    const kind = expression[type];
    const width = widths[type];
    if (known[type] !== 1 || offset + width > limit || index >= symbolCount) {
      reportBad(r, object, section, offset, type, index);
      return;
    }
    if (kind === EXPRESSION_NONE) continue;
    // Where it is now: .eh_frame is rearranged record by record, and some are left out.
    let now = offset;
    if (isEhFrame) now = ehFrameOffset(r.merged.frames, section, offset);
    else if (isReversed) now = reversedOffset(offset, limit, wordBytes);
    if (now < 0) continue;
    const place = base + now;
    const field = to + now;
    let addend: number;
    if (!rela) addend = readField(out, field, width);
    else if (is64) addend = signed64(view.getInt32(at + 16, true), view.getInt32(at + 20, true));
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
        target = uncommonLocal(r, object, index, localKind, addend, moved);
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
      at +=
        entry * relocateTls(r, object, section, index, symbol, kind, type, offset, place, field, target, addend, next);
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

/** States in which a section's bytes are not simply at its address. */
const STATE_UNUSUAL = STATE_DISCARDED | STATE_COLLECTED | STATE_MERGED | STATE_EH_FRAME;

/**
 * S of a local symbol in a section that is merged, rearranged, in a group, or no section at all. NaN: it is gone.
 * @param moved of what is gone that of the copy that was kept
 */
function uncommonLocal(
  r: Relocator,
  object: ObjectFile,
  index: number,
  kind: number,
  addend: number,
  moved: boolean,
): number {
  const { sections, merged } = r;
  let local = localSection(object, index);
  if (local < 0) return local === SECTION_ABSOLUTE ? localValue(object, index) : 0;
  if (moved && (sections.state[local] & STATE_DISCARDED) !== 0) local = keptSection(r.kept, local);
  if (local < 0) return Number.NaN;
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
  if (r.machine.relocations.known[type] !== 1) r.report(error("relocation-unknown", place, { type }));
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

/** S + A in 64 bits. Constants beyond 2^53 take the exact way. */
function writeWord64(r: Relocator, view: DataView, at: number, symbol: SymbolId, value: number, addend: number): void {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(addend)) {
    writeFull(view, at, value);
    return;
  }
  const { symbols } = r;
  const exact = symbol >= 0 && symbols.section[symbol] === SECTION_ABSOLUTE;
  const s = exact
    ? (BigInt(symbols.valueHigh[symbol]) << 32n) | BigInt(symbols.valueLow[symbol] >>> 0)
    : BigInt(value - addend);
  view.setBigInt64(at, BigInt.asIntN(64, s + BigInt(addend)), true);
}

/**
 * What stands in place of an address that no longer exists: 0, which no function has; but in .debug_ranges and .debug_loc
 * 1, because a pair of zeros ends the list there (as GNU ld, bfd/elf.c _bfd_clear_contents).
 */
function tombstoneOf(object: ObjectFile, sections: SectionTable, section: SectionId): number {
  const name = sectionName(object, sections, section);
  return name === ".debug_ranges" || name === ".debug_loc" ? 1 : 0;
}
