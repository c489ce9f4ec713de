// Is the GOT's own name in use? Assemblers put `_GLOBAL_OFFSET_TABLE_` into the symbol table of every object that loads from the
// GOT; where all such loads are rewritten, nothing is left of the table but the name. Only a relocation against it asks for a
// table then (bfd/elfxx-x86.c, "got_referenced").

import { SHF_ALLOC, SHT_RELA } from "../../elf/constants.ts";
import type { SymbolId } from "../tables/ids.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import { type SectionTable, STATE_COLLECTED, STATE_DISCARDED, STATE_FOLDED } from "../tables/section-table.ts";

const STATE_GONE = STATE_DISCARDED | STATE_COLLECTED | STATE_FOLDED;

/** Does a relocation of a loaded section of the output name the symbol? Relocations were found sound by the scan. */
export function isRelocatedAgainst(objects: readonly ObjectFile[], sections: SectionTable, symbol: SymbolId): boolean {
  const { relocs, output, state, flags } = sections;
  for (const object of objects) {
    const local = object.symbols.indexOf(symbol);
    if (local < 0) continue;
    const index = object.firstGlobal + local;
    const end = object.firstSection + object.sectionCount;
    for (let section = object.firstSection + 1; section < end; section++) {
      if (relocs[section] < 0 || output[section] < 0 || (state[section] & STATE_GONE) !== 0) continue;
      if ((flags[section] & SHF_ALLOC) !== 0 && namesSymbol(object, sections, relocs[section], index)) return true;
    }
  }
  return false;
}

function namesSymbol({ view, is64 }: ObjectFile, sections: SectionTable, relocs: number, index: number): boolean {
  const word = is64 ? 8 : 4;
  const entry = sections.type[relocs] === SHT_RELA ? 3 * word : 2 * word;
  const end = sections.offset[relocs] + sections.size[relocs];
  for (let at = sections.offset[relocs]; at < end; at += entry) {
    if ((is64 ? view.getUint32(at + 12, true) : view.getUint32(at + 4, true) >>> 8) === index) return true;
  }
  return false;
}
