// --emit-relocs: the output keeps its inputs' relocations, for those who rewrite programs. A section's stand in a section of
// their own whose header follows its header. Each says what was asked for, in terms of the output:
//
//   place       an address, as in every linked file
//   symbol      its number in .symtab; for a section's own symbol that of the output section, the rest in the addend
//   type        the input's, but for loads from the GOT that were rewritten (TLS accesses keep theirs, as GNU ld has it)
//   addend      REL has it in the field, where the value is now: it is lost
//
// What refers to something that is not in the output, or stood in a record of .eh_frame that is not, becomes a NONE.
//
// Counted, with the symbols that are needed, in made/emitted-relocations.ts; written here when all the rest is.

import { EXPRESSION_GOT_OFFSET, EXPRESSION_GOT_PC, RELAX_NONE } from "../../arch/index.ts";
import { SHT_RELA, STT_SECTION } from "../../elf/constants.ts";
import { signed64, unsigned64 } from "../../elf/halves.ts";
import { relocationSize } from "../made/dynamic-relocations.ts";
import { type EmittedRelocations, hasRelocations, isLive } from "../made/emitted-relocations.ts";
import { writeSymbol } from "../made/symbol-entries.ts";
import { mergedAddress } from "../sections/merge/merged-sections.ts";
import { ehFrameOffset } from "../sections/unwind/eh-frame-output.ts";
import { writeWord } from "../tables/header-bytes.ts";
import type { SectionId } from "../tables/ids.ts";
import { localSection, localType, localValue } from "../tables/local-symbols.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import { type OutputSection, reversedOffset } from "../tables/output-section.ts";
import { STATE_EH_FRAME } from "../tables/section-table.ts";
import { copyAddend, sortByOffset } from "./relocation-bytes.ts";
import { codeOf, isGone, type Relocator, relaxationOf } from "./relocator.ts";

/** The first symbols of .symtab. @param listed sections in the order of their headers  @param count as planned */
export function writeSectionSymbols(
  emitted: EmittedRelocations,
  listed: readonly OutputSection[],
  count: number,
  view: DataView,
  at: number,
  is64: boolean,
): void {
  const named = listed.filter((it) => it.id < emitted.sectionSymbols.length).slice(0, count);
  named.forEach((it, i) => {
    emitted.sectionSymbols[it.id] = i + 1;
    writeSymbol(view, at, i + 1, is64, 0, STT_SECTION, 0, { value: it.address, shndx: it.index }, 0);
  });
}

export function writeEmitted(r: Relocator, emitted: EmittedRelocations, objects: readonly ObjectFile[]): void {
  const { sections } = r;
  const cursors = Float64Array.from(r.outputs, (it) => emitted.chunks[it.id]?.offset ?? 0);
  const write = (section: SectionId): void => {
    if (hasRelocations(sections, section))
      writeSection(r, emitted, objects[sections.object[section]], section, cursors);
  };
  for (const output of r.outputs) {
    if (emitted.chunks[output.id] === undefined) continue;
    for (const piece of output.pieces) if (piece >= 0) write(piece);
  }
  // These are not among the pieces, because they were taken apart.
  for (let section = 0; section < sections.count; section++)
    if ((sections.state[section] & STATE_EH_FRAME) !== 0) write(section);
}

/** What a relocation refers to, in terms of the output. One record reused for all. */
interface Target {
  /** In .symtab. */
  number: number;
  /** To be added to the addend. */
  shift: number;
}

function writeSection(
  r: Relocator,
  emitted: EmittedRelocations,
  object: ObjectFile,
  section: SectionId,
  cursors: Float64Array,
): void {
  const { sections, machine, merged, view: out } = r;
  const { view, is64, firstGlobal, symbols, symbolCount, symbolBase } = object;
  const { expression } = machine.relocations;
  const output = sections.output[section];
  const relocs = sections.relocs[section];
  const rela = sections.type[relocs] === SHT_RELA;
  const word = machine.wordBytes;
  const entry = rela ? 3 * word : 2 * word;
  const end = sections.offset[relocs] + sections.size[relocs];
  const isEhFrame = (sections.state[section] & STATE_EH_FRAME) !== 0;
  const isReversed = r.reversed.has(section);
  const base = isEhFrame ? (merged.frames.chunk?.address ?? 0) : sections.address[section];
  const target: Target = { number: 0, shift: 0 };
  const first = cursors[output];
  let cursor = first;
  const size = relocationSize(machine);
  let last = first === emitted.chunks[output]?.offset ? base : readWord(out, first - size, is64);
  let ordered = true;
  r.contents = undefined;
  for (let at = sections.offset[relocs]; at < end; at += entry, cursor += size) {
    const offset = view.getUint32(at, true);
    const info = view.getUint32(at + word, true);
    const type = is64 ? info : info & 0xff;
    const index = is64 ? view.getUint32(at + 12, true) : info >>> 8;
    let now = offset;
    if (isEhFrame) now = ehFrameOffset(merged.frames, section, offset);
    else if (isReversed) now = reversedOffset(offset, sections.size[section], word);
    const place = now < 0 ? last : base + now;
    if (place < last) ordered = false;
    last = place;
    const addend = rela && index < symbolCount ? smallAddend(view, at + 2 * word, is64) : 0;
    const stays = now >= 0 && index < symbolCount && findTarget(r, emitted, object, index, addend, target);
    writeWord(out, cursor, place, is64);
    if (!stays) continue;
    writeInfo(out, cursor + word, type, target.number, is64);
    if (machine.rela && is64 && rela) copyAddend(out, cursor + 16, view, at + 16, target.shift);
    const kind = expression[type];
    if (kind !== EXPRESSION_GOT_PC && kind !== EXPRESSION_GOT_OFFSET) continue;
    const code = codeOf(r, object, section);
    const symbol = index >= firstGlobal ? symbols[index - firstGlobal] : (r.scan.locals.get(symbolBase + index) ?? -1);
    const relaxation = relaxationOf(r, code, symbol, type, offset, rela ? addend : addendInField(code, offset));
    if (relaxation === RELAX_NONE) continue;
    const relaxed = machine.relaxedRelocation(code, offset, relaxation, r.options.z.callNop);
    writeWord(out, cursor, place + relaxed.shift, is64);
    writeInfo(out, cursor + word, relaxed.type, target.number, is64);
    if (machine.rela) writeWord(out, cursor + 2 * word, relaxed.addend + target.shift, is64);
  }
  cursors[output] = cursor;
  if (!ordered) sortByOffset(out, first, cursor, size);
}

function writeInfo(out: DataView, at: number, type: number, number: number, is64: boolean): void {
  out.setUint32(at, is64 ? type : (number << 8) | type, true);
  if (is64) out.setUint32(at + 4, number, true);
}

function readWord(view: DataView, at: number, is64: boolean): number {
  return unsigned64(view.getUint32(at, true), is64 ? view.getUint32(at + 4, true) : 0);
}

/** Exact below 2^53, as much as a distance may be. */
function smallAddend(view: DataView, at: number, is64: boolean): number {
  return is64 ? signed64(view.getInt32(at, true), view.getInt32(at + 4, true)) : view.getInt32(at, true);
}

/** What REL has in the instruction. */
function addendInField(code: Uint8Array, at: number): number {
  return code[at] | (code[at + 1] << 8) | (code[at + 2] << 16) | (code[at + 3] << 24);
}

/** @returns false if it is gone */
function findTarget(
  r: Relocator,
  emitted: EmittedRelocations,
  object: ObjectFile,
  index: number,
  addend: number,
  to: Target,
): boolean {
  const { firstGlobal, symbols, symbolBase } = object;
  const { sections, merged } = r;
  to.number = 0;
  to.shift = 0;
  if (index >= firstGlobal) {
    const id = symbols[index - firstGlobal];
    to.number = emitted.globals[id];
    return to.number >= 0 && !isGone(r, id);
  }
  const section = localSection(object, index);
  if (section >= 0 && !isLive(sections, section)) return false;
  if (localType(object, index) !== STT_SECTION) {
    to.number = emitted.locals[symbolBase + index];
    return to.number >= 0;
  }
  if (section < 0) return true;
  // The addend says which piece of a merged section is meant (bfd/elflink.c, _bfd_elf_rela_local_sym).
  const output = sections.output[section];
  const value = localValue(object, index) + addend;
  to.number = emitted.sectionSymbols[output];
  to.shift = mergedAddress(merged, sections, section, value) - addend - r.outputs[output].address;
  return true;
}
