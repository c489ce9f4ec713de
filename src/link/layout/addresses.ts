// After layout: the address that references to each symbol see.

import type { Machine } from "../../arch/index.ts";
import { SHT_NOBITS, STT_GNU_IFUNC } from "../../elf/constants.ts";
import { pltAddress, type SlotAddresses, type Slots } from "../made/slots.ts";
import type { SlotChunks } from "../made/synthesize.ts";
import { SEC_CODE, takesContents } from "../mapping/bfd-flags.ts";
import type { Scan } from "../scan/scan-result.ts";
import { mergedAddress } from "../sections/merge/merged-sections.ts";
import { BIND_IFUNC } from "../symbols/bind.ts";
import type { SymbolValues } from "../symbols/symbol-values.ts";
import { SECTION_ABSOLUTE, SECTION_CHUNK, SECTION_OUTPUT, type SymbolId } from "../tables/ids.ts";
import type { Chunk, OutputSection } from "../tables/output-section.ts";
import type { SectionTable } from "../tables/section-table.ts";
import {
  FLAG_CANONICAL_PLT,
  isDefinedHere,
  isShared,
  KIND_UNDEFINED_WEAK,
  symbolValue,
} from "../tables/symbol-table.ts";

export function slotAddresses(chunks: SlotChunks): SlotAddresses {
  return {
    gotBase: chunks.gotPlt?.address ?? chunks.got?.address ?? 0,
    got: chunks.got?.address ?? 0,
    gotPlt: chunks.gotPlt?.address ?? 0,
    igotPlt: chunks.igotPlt?.address ?? 0,
    plt: chunks.plt?.address ?? 0,
    pltSecond: chunks.pltSecond?.address ?? 0,
    iplt: chunks.iplt?.address ?? 0,
    pltGot: chunks.pltGot?.address ?? 0,
  };
}

/** Fills `values.address`: S of every symbol. */
export function computeAddresses(values: SymbolValues, slots: Slots, at: SlotAddresses, scan: Scan): void {
  for (let id = 0; id < values.symbols.count; id++) computeAddress(values, slots, at, scan, id);
}

export function computeAddress(values: SymbolValues, slots: Slots, at: SlotAddresses, scan: Scan, id: SymbolId): void {
  const { symbols, sections, outputs, merged, address } = values;
  // An IFUNC's references go to its PLT entry, also where a library may override it; so do those to another module's function.
  const entry = slots.iplt[id] >= 0 || slots.plt[id] >= 0 || slots.pltGot[id] >= 0;
  const isIfunc = scan.bindings[id] === BIND_IFUNC || symbols.type[id] === STT_GNU_IFUNC;
  // Calls of a weak function that nobody defines go through the PLT, which the dynamic linker may fill; pointers to it are 0, so that
  // who tests them does not call it.
  const isNull = symbols.kind[id] === KIND_UNDEFINED_WEAK && (symbols.flags[id] & FLAG_CANONICAL_PLT) === 0;
  if (entry && !isNull && (isIfunc || !isDefinedHere(symbols, id))) {
    address[id] = pltAddress(slots, at, id);
    return;
  }
  const section = symbols.section[id];
  if (section >= 0) {
    if (sections.output[section] >= 0 && !isShared(symbols, id)) {
      address[id] = mergedAddress(merged, sections, section, symbolValue(symbols, id));
    }
  } else if (section === SECTION_CHUNK)
    address[id] = outputs.chunks[symbols.alias[id]].address + symbolValue(symbols, id);
  else if (section === SECTION_OUTPUT)
    address[id] = (outputs.list[symbols.alias[id]]?.address ?? 0) + symbolValue(symbols, id);
  else if (section === SECTION_ABSOLUTE) address[id] = symbolValue(symbols, id);
}

/**
 * Fills what is between an output section's pieces: with what a script says, a pattern that starts anew in each gap, or in code
 * with what does nothing when it is executed.
 * @param base from which the pieces' addresses count: the section's address, or 0
 */
export function fillGaps(
  output: OutputSection,
  chunks: readonly Chunk[],
  sections: SectionTable,
  base: number,
  machine: Machine,
  image: Uint8Array,
): void {
  if (output.index === 0 || output.type === SHT_NOBITS || !takesContents(output.sec)) return;
  // ld asks its own flags (bfd/linker.c, default_data_link_order): a .text of nothing but data is none.
  const isCode = (output.sec & SEC_CODE) !== 0;
  for (const { offset, size, pattern } of output.gaps) {
    const at = output.offset + offset;
    if (pattern !== undefined) for (let i = 0; i < size; i++) image[at + i] = pattern[i % pattern.length];
    else if (isCode) machine.fillCode(image, at, size);
  }
  if (!isCode || output.gaps.length > 0) return;
  const { pieces } = output;
  let end = base;
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i];
    const start = piece >= 0 ? sections.address[piece] : chunks[~piece].address;
    if (start > end) machine.fillCode(image, output.offset + (end - base), start - end);
    end = start + (piece >= 0 ? sections.size[piece] : chunks[~piece].size);
  }
}
