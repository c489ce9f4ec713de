// Which section of one file needs which section of another, and by what name: --print-dependencies. Found by walking the
// relocations of what is loaded again, as the link leaves them.

import { SHF_ALLOC, SHN_UNDEF, SHT_RELA, STB_WEAK } from "../../elf/constants.ts";
import type { Loader } from "../inputs/loader.ts";
import { fileName } from "../inputs/references.ts";
import type { SectionId, SymbolId } from "../tables/ids.ts";
import { type ObjectFile, sectionName } from "../tables/object-file.ts";
import { asShared } from "../tables/resolve.ts";
import { STATE_COLLECTED, STATE_DISCARDED } from "../tables/section-table.ts";
import { isShared, isUndefined } from "../tables/symbol-table.ts";
import { plainName } from "./names.ts";
import type { Dependency } from "./types.ts";

/** Each once, in the order of the link: sections as they are read, names as their relocations mention them. */
export function* listDependencies(loader: Loader): IterableIterator<Dependency> {
  const { objects, sections } = loader;
  for (const object of objects) {
    const end = object.firstSection + object.sectionCount;
    for (let section = object.firstSection + 1; section < end; section++) {
      if (sections.relocs[section] < 0 || (sections.flags[section] & SHF_ALLOC) === 0) continue;
      if ((sections.state[section] & (STATE_DISCARDED | STATE_COLLECTED)) === 0)
        yield* dependenciesOf(loader, object, section);
    }
  }
}

function* dependenciesOf(loader: Loader, object: ObjectFile, section: SectionId): IterableIterator<Dependency> {
  const { sections, symbols } = loader;
  const { view, is64, firstGlobal, symbolCount } = object;
  const relocs = sections.relocs[section];
  const word = is64 ? 8 : 4;
  const entry = (sections.type[relocs] === SHT_RELA ? 3 : 2) * word;
  const start = sections.offset[relocs];
  const seen = new Set<number>();
  for (let at = start; at < start + sections.size[relocs]; at += entry) {
    const index = is64 ? view.getUint32(at + 12, true) : view.getUint32(at + word, true) >>> 8;
    if (index < firstGlobal || index >= symbolCount || seen.has(index)) continue;
    seen.add(index);
    const detail = object.symtab + index * (is64 ? 24 : 16) + (is64 ? 4 : 12);
    const id = object.symbols[index - firstGlobal];
    // What the file defines itself is no dependency on another one; what nobody defines is none either.
    if (view.getUint16(detail + 2, true) !== SHN_UNDEF || isUndefined(symbols, id) || symbols.owner[id] === -1)
      continue;
    yield {
      file: object.name,
      section: sectionName(object, sections, section),
      onFile: fileName(loader, isShared(symbols, id) ? asShared(symbols.owner[id]) : symbols.owner[id]),
      onSection: definingSection(loader, id),
      symbol: plainName(loader, id),
      weak: view.getUint8(detail) >> 4 === STB_WEAK,
    };
  }
}

function definingSection({ symbols, sections, objects }: Loader, id: SymbolId): string {
  const section = symbols.section[id];
  if (isShared(symbols, id) || section < 0) return "";
  return sectionName(objects[sections.object[section]], sections, section);
}
