// What stands at an address? The symbol that covers it, else the section: `main+0x12`, `.rodata+0x40`.

import type { ElfFile, ElfSection, ElfSymbol } from "../../elf/index.ts";
import {
  ET_REL,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_TLS,
  STB_LOCAL,
  STT_FILE,
  STT_NOTYPE,
  STT_SECTION,
  STT_TLS,
} from "../../elf/index.ts";
import { once } from "./once.ts";
import { hex } from "./table.ts";

export interface Locator {
  /** Of a linked file; undefined for an address in no section. */
  address(address: number): string | undefined;
  /** Of a relocatable file: an offset in a section. */
  offset(section: number, offset: number): string;
}

/**
 * @param symbols the file's symbol table, or its dynamic symbols if it has no other
 */
export function locator(file: ElfFile, symbols: readonly ElfSymbol[]): Locator {
  const relocatable = file.header.type === ET_REL;
  // Sorted when the first place is asked about: often nobody asks.
  const marks = once(() =>
    symbols.filter((symbol) => isMark(symbol, relocatable)).sort((a, b) => inOrder(a, b, relocatable)),
  );
  const sections = file.sections
    .filter(({ flags, size }) => (flags & SHF_ALLOC) !== 0 && (flags & SHF_TLS) === 0 && size > 0)
    .sort((a, b) => a.address - b.address);
  return {
    address: (address) => {
      const section = sectionAt(sections, address);
      const symbol = lastBefore(marks(), address, -1);
      if (symbol !== undefined && covers(symbol, address, section)) return plus(symbol.name, address - symbol.value);
      return section === undefined ? undefined : plus(section.name, address - section.address);
    },
    offset: (index, offset) => {
      const section = file.sections[index];
      const symbol = lastBefore(marks(), offset, index);
      if (symbol !== undefined && covers(symbol, offset, section)) return plus(symbol.name, offset - symbol.value);
      return plus(section?.name ?? `section ${index}`, offset);
    },
  };
}

/** Code without a size, as assembler sources have, reaches to the next symbol; other symbols as far as they say. */
function covers(symbol: ElfSymbol, place: number, section: ElfSection | undefined): boolean {
  if (place === symbol.value || place < symbol.value + symbol.size) return true;
  const code = section !== undefined && (section.flags & SHF_EXECINSTR) !== 0 && section.index === symbol.section;
  return code && symbol.size === 0;
}

/** `name+0x12`, or the name alone. */
export function plus(name: string, offset: number): string {
  if (offset === 0) return name;
  return offset < 0 ? `${name}${hex(offset)}` : `${name}+${hex(offset)}`;
}

/** Symbols that name a place. The values of TLS symbols are offsets in the TLS block. */
function isMark(symbol: ElfSymbol, relocatable: boolean): boolean {
  if (symbol.section === 0 || symbol.name === "") return false;
  if (symbol.type === STT_SECTION || symbol.type === STT_FILE) return false;
  return relocatable || symbol.type !== STT_TLS;
}

/** By place; at one place the best name comes last: sized before unsized, global before local. */
function inOrder(a: ElfSymbol, b: ElfSymbol, relocatable: boolean): number {
  if (relocatable && a.section !== b.section) return a.section - b.section;
  return a.value - b.value || goodness(a) - goodness(b);
}

function goodness(symbol: ElfSymbol): number {
  return (symbol.size > 0 ? 4 : 0) + (symbol.type !== STT_NOTYPE ? 2 : 0) + (symbol.binding !== STB_LOCAL ? 1 : 0);
}

/** The last symbol at or before the place; in one section if `section` is not -1. */
function lastBefore(marks: readonly ElfSymbol[], place: number, section: number): ElfSymbol | undefined {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const mark = marks[middle];
    const before = section >= 0 && mark.section !== section ? mark.section < section : mark.value <= place;
    if (before) low = middle + 1;
    else high = middle;
  }
  const mark = low === 0 ? undefined : marks[low - 1];
  return section >= 0 && mark?.section !== section ? undefined : mark;
}

function sectionAt(sections: readonly ElfSection[], address: number): ElfSection | undefined {
  return sections.findLast((section) => section.address <= address && address < section.address + section.size);
}
