// Puts the global symbols of an object into the order of their names, in place (--incremental): then a line more or less does not
// change it.

import { SHT_GROUP, SHT_REL, SHT_RELA, SHT_SYMTAB_SHNDX } from "../../../elf/constants.ts";
import { type ObjectFile, readObject } from "../../tables/object-file.ts";
import { createSections, type SectionTable } from "../../tables/section-table.ts";

/** Sections that name symbols by their numbers in ways of their own: SHT_LLVM_* of that range, SHT_SYMTAB_SHNDX beside. */
const LLVM_FIRST = 0x6fff4c00;
const LLVM_LAST = 0x6fff4cff;

/** Does nothing to an object that has tables which it does not know. */
export function sortGlobals(bytes: Uint8Array, is64: boolean): void {
  const sections = createSections();
  const origin = { name: "", path: "", member: undefined, pulledBy: -1, excluded: false, input: 0 };
  const object = readObject(bytes, is64, 0, 0, origin, sections, () => {});
  if (object === undefined) return;
  for (let i = 1; i < object.sectionCount; i++) {
    const type = sections.type[i];
    if (type === SHT_SYMTAB_SHNDX || (type >= LLVM_FIRST && type <= LLVM_LAST)) return;
  }
  const { firstGlobal, symbolCount, symtab } = object;
  const entry = is64 ? 24 : 16;
  const names = Array.from({ length: symbolCount - firstGlobal }, (_, i) => nameOf(object, firstGlobal + i));
  // Of two that are equal the first stays first.
  const order = names.map((_, i) => i).sort((a, b) => (names[a] < names[b] ? -1 : names[a] > names[b] ? 1 : a - b));
  const table = bytes.slice(symtab + firstGlobal * entry, symtab + symbolCount * entry);
  const moved = new Int32Array(symbolCount);
  for (let i = 0; i < firstGlobal; i++) moved[i] = i;
  for (const [to, from] of order.entries()) {
    moved[firstGlobal + from] = firstGlobal + to;
    bytes.set(table.subarray(from * entry, (from + 1) * entry), symtab + (firstGlobal + to) * entry);
  }
  renumber(object, sections, moved);
}

function nameOf({ bytes, view, is64, symtab, strings, stringsEnd }: ObjectFile, index: number): string {
  const start = Math.min(strings + view.getUint32(symtab + index * (is64 ? 24 : 16), true), stringsEnd);
  let end = start;
  while (end < stringsEnd && bytes[end] !== 0) end++;
  return String.fromCharCode(...bytes.subarray(start, Math.min(end, start + LONGEST)));
}

/** Beyond that, names count as equal: a call takes no more arguments. */
const LONGEST = 30_000;

/** In relocations, and where groups are named. */
function renumber({ view, is64, sectionCount }: ObjectFile, sections: SectionTable, moved: Int32Array): void {
  const headers = is64 ? view.getUint32(40, true) : view.getUint32(32, true);
  for (let i = 1; i < sectionCount; i++) {
    const type = sections.type[i];
    const info = sections.info[i];
    if (type === SHT_GROUP && info < moved.length)
      view.setUint32(headers + i * (is64 ? 64 : 40) + (is64 ? 44 : 28), moved[info], true);
    if (type !== SHT_REL && type !== SHT_RELA) continue;
    const entry = (type === SHT_RELA ? 3 : 2) * (is64 ? 8 : 4);
    const start = sections.offset[i];
    for (let at = start; at + entry <= start + sections.size[i]; at += entry) {
      const field = is64 ? view.getUint32(at + 12, true) : view.getUint32(at + 4, true);
      const index = is64 ? field : field >>> 8;
      // One that is none is reported by whoever reads it.
      if (index >= moved.length) continue;
      if (is64) view.setUint32(at + 12, moved[index], true);
      else view.setUint32(at + 4, ((moved[index] << 8) | (field & 0xff)) >>> 0, true);
    }
  }
}
