// "In which function is this?" for messages: by the symbol table, which is there without debug information too.

import { ET_REL, SHF_EXECINSTR, SHT_SYMTAB, STT_FUNC, STT_GNU_IFUNC, STT_NOTYPE } from "../elf/constants.ts";
import { type ElfFile, sectionOfType } from "../elf/file.ts";
import { type ElfSymbol, symbolsOf } from "../elf/symbols.ts";
import { ignore } from "./section.ts";

/**
 * The name (not demangled) of the function symbol that contains an offset in a section of code. Functions without a size,
 * as assembler programmers write them, reach up to the next one.
 * @param section index of the section
 * @returns undefined when no function of the symbol table is there
 */
export function functionAt(file: ElfFile, section: number, offset: number): string | undefined {
  return functionIn(functionsOf(file), file, section, offset);
}

/** By section: its function symbols. Keep it to look more places up. */
export type Functions = ReadonlyMap<number, readonly ElfSymbol[]>;

export function functionsOf(file: ElfFile): Functions {
  const found = new Map<number, ElfSymbol[]>();
  const table = sectionOfType(file, SHT_SYMTAB);
  if (table === undefined) return found;
  for (const symbol of symbolsOf(file, table, ignore)) {
    if (symbol.name === "" || !isFunction(symbol)) continue;
    const list = found.get(symbol.section);
    if (list === undefined) found.set(symbol.section, [symbol]);
    else list.push(symbol);
  }
  return found;
}

/** `functionAt` with the symbols at hand. */
export function functionIn(functions: Functions, file: ElfFile, section: number, offset: number): string | undefined {
  const code = file.sections[section];
  if (code === undefined || (code.flags & SHF_EXECINSTR) === 0) return undefined;
  const address = offset + (file.header.type === ET_REL ? 0 : code.address);
  let best: ElfSymbol | undefined;
  for (const symbol of functions.get(section) ?? []) {
    if (symbol.value > address) continue;
    if (symbol.size > 0 && address >= symbol.value + symbol.size) continue;
    if (best === undefined || isCloser(symbol, best)) best = symbol;
  }
  return best?.name;
}

/** A label in code is a function where nobody said what it is. */
function isFunction({ type, size }: ElfSymbol): boolean {
  return type === STT_FUNC || type === STT_GNU_IFUNC || (type === STT_NOTYPE && size === 0);
}

/** One that says where it ends beats one that does not; then the one that starts later; of aliases the first. */
function isCloser(symbol: ElfSymbol, best: ElfSymbol): boolean {
  if (symbol.size > 0 !== best.size > 0) return symbol.size > 0;
  return symbol.value > best.value;
}
