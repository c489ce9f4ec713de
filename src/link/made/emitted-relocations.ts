// --emit-relocs, before layout: how many relocations stay in each output section, and which symbols they need. They are
// written in write/emit-relocs.ts.

import type { Machine } from "../../arch/index.ts";
import { SHF_INFO_LINK, SHT_NOBITS, SHT_REL, SHT_RELA, SHT_SYMTAB } from "../../elf/constants.ts";
import type { SectionId } from "../tables/ids.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import { addOutput, type Chunk, newChunk, type OutputSections } from "../tables/output-section.ts";
import { type SectionTable, STATE_COLLECTED, STATE_DISCARDED } from "../tables/section-table.ts";
import { relocationSize } from "./dynamic-relocations.ts";

/** In place of a symbol's number. */
export const NEEDED = -1;

export interface EmittedRelocations {
  /** By output section: entries. */
  readonly counts: Int32Array;
  /** By output section: what holds its entries. */
  readonly chunks: (Chunk | undefined)[];
  /** By object.symbolBase + index: its number in .symtab once planned; NEEDED before that, if a relocation needs it. */
  readonly locals: Int32Array;
  /** The same by symbol. */
  readonly globals: Int32Array;
  /** By output section: number of its symbol, known after layout. */
  readonly sectionSymbols: Int32Array;
}

/** Counts the relocations that stay. Sections that have inputs keep their headers even when empty, as GNU ld has it. */
export function countRelocations(
  objects: readonly ObjectFile[],
  sections: SectionTable,
  outputs: OutputSections,
  localCount: number,
  globalCount: number,
): EmittedRelocations {
  const emitted: EmittedRelocations = {
    counts: new Int32Array(outputs.list.length),
    chunks: [],
    locals: new Int32Array(localCount),
    globals: new Int32Array(globalCount),
    sectionSymbols: new Int32Array(outputs.list.length),
  };
  for (let section = 0; section < sections.count; section++) {
    const output = sections.output[section];
    if (output < 0) continue;
    outputs.list[output].keep = true;
    if (hasRelocations(sections, section)) countSection(emitted, objects[sections.object[section]], sections, section);
  }
  return emitted;
}

export function hasRelocations(sections: SectionTable, section: SectionId): boolean {
  return sections.relocs[section] >= 0 && sections.type[section] !== SHT_NOBITS && isLive(sections, section);
}

export function isLive(sections: SectionTable, section: SectionId): boolean {
  return sections.output[section] >= 0 && (sections.state[section] & (STATE_DISCARDED | STATE_COLLECTED)) === 0;
}

function countSection(
  emitted: EmittedRelocations,
  object: ObjectFile,
  sections: SectionTable,
  section: SectionId,
): void {
  const { view, is64, firstGlobal, symbolCount, symbolBase, symbols } = object;
  const { locals, globals } = emitted;
  const relocs = sections.relocs[section];
  const word = is64 ? 8 : 4;
  const entry = sections.type[relocs] === SHT_RELA ? 3 * word : 2 * word;
  const start = sections.offset[relocs];
  const end = start + sections.size[relocs];
  emitted.counts[sections.output[section]] += (end - start) / entry;
  for (let at = start; at < end; at += entry) {
    const index = is64 ? view.getUint32(at + 12, true) : view.getUint32(at + 4, true) >>> 8;
    if (index >= symbolCount) continue;
    if (index >= firstGlobal) globals[symbols[index - firstGlobal]] = NEEDED;
    else locals[symbolBase + index] = NEEDED;
  }
}

/** Makes the sections. Called when every other one has been made. */
export function addRelocationSections(emitted: EmittedRelocations, outputs: OutputSections, machine: Machine): void {
  const symtab = outputs.list.find((it) => it.type === SHT_SYMTAB);
  const word = machine.wordBytes;
  emitted.counts.forEach((count, id) => {
    if (count === 0) return;
    const of = outputs.list[id];
    const name = `${machine.rela ? ".rela" : ".rel"}${of.name}`;
    const output = addOutput(outputs, name, machine.rela ? SHT_RELA : SHT_REL, SHF_INFO_LINK);
    output.entsize = relocationSize(machine);
    output.link = symtab;
    output.infoSection = of;
    // By no name: .rela.bss and .rela.data.rel.ro are made for the dynamic linker, too.
    const chunk = newChunk(outputs, output, name, count * output.entsize, word);
    output.pieces = Int32Array.of(~chunk.id);
    emitted.chunks[id] = chunk;
  });
}
