// The pieces of output sections: where each is in its section, and in the end its address.

import { alignUp } from "../tables/layout.ts";
import type { Chunk, OutputSection, OutputSections } from "../tables/output-section.ts";
import type { SectionTable } from "../tables/section-table.ts";

/** Sections that no script knows of, which are not loaded: .symtab and its like. */
export function measureSection(output: OutputSection, outputs: OutputSections, sections: SectionTable): void {
  const { size, alignment, address } = sections;
  let at = 0;
  let largest = 1;
  const { pieces } = output;
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i];
    if (piece >= 0) {
      const align = alignment[piece];
      // Alignments are powers of two and offsets small: integer arithmetic while it fits.
      at = at < 0x40000000 && align < 0x40000000 ? (at + align - 1) & -align : alignUp(at, align);
      address[piece] = at;
      at += size[piece];
      if (align > largest) largest = align;
    } else {
      const chunk = outputs.chunks[~piece];
      at = alignUp(at, chunk.alignment);
      chunk.address = at;
      at += chunk.size;
      if (chunk.alignment > largest) largest = chunk.alignment;
    }
  }
  output.size = at;
  output.alignment = largest;
}

/** From offsets within the output section to addresses. */
export function finishAddresses(outputs: OutputSections, sections: SectionTable): void {
  const { address } = sections;
  for (const output of outputs.list) {
    const { pieces } = output;
    const base = output.address;
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i];
      if (piece >= 0) address[piece] += base;
      else {
        const chunk: Chunk = outputs.chunks[~piece];
        chunk.offset = output.offset + chunk.address;
        chunk.address += base;
      }
    }
  }
}
