// Space that the link itself allots: common symbols, and copies of shared libraries' variables (copy relocations).

import {
  SHF_ALLOC,
  SHF_WRITE,
  SHF_X86_64_LARGE,
  SHT_NOBITS,
  SHT_NOTE,
  SHT_PROGBITS,
  STT_OBJECT,
  STT_TLS,
} from "../../elf/constants.ts";
import type { SharedFile } from "../inputs/shared-file.ts";
import type { LinkOptions } from "../options.ts";
import { SECTION_CHUNK, SECTION_NONE, type SymbolId } from "../tables/ids.ts";
import { addChunk, addOutput, type Chunk, type OutputSection, type OutputSections } from "../tables/output-section.ts";
import {
  FLAG_ASSIGNED,
  FLAG_COLLECTED,
  FLAG_COPY,
  FLAG_DYNSYM,
  FLAG_REF_REGULAR,
  FLAG_REF_REGULAR_NONWEAK,
  isShared,
  KIND_COMMON,
  KIND_DEFINED,
  KIND_SHARED,
  KIND_SHARED_WEAK,
  KIND_UNDEFINED,
  type SymbolTable,
  setSymbolValue,
  symbolValue,
} from "../tables/symbol-table.ts";
import { orphanRow, rowOf } from "./assign-sections.ts";

/** The default output section of that name, made if no input needed it. */
export function outputNamed(outputs: OutputSections, name: string, type: number, flags: number): OutputSection {
  const known = outputs.byName.get(name);
  if (known !== undefined) {
    known.flags |= flags;
    return known;
  }
  return addOutput(outputs, name, rowOf(name), type, flags);
}

interface Placing {
  readonly symbol: SymbolId;
  readonly alignment: number;
}

/** --no-define-common: another module has to define them. */
export function leaveCommons(symbols: SymbolTable): void {
  for (let id = 0; id < symbols.count; id++) {
    if (symbols.kind[id] !== KIND_COMMON) continue;
    symbols.kind[id] = KIND_UNDEFINED;
    symbols.section[id] = SECTION_NONE;
    symbols.size[id] = 0;
    setSymbolValue(symbols, id, 0);
    if (symbols.type[id] !== STT_TLS) symbols.type[id] = STT_OBJECT;
    symbols.flags[id] |= FLAG_REF_REGULAR | FLAG_REF_REGULAR_NONWEAK;
  }
}

/** Turns common symbols into definitions in .bss (.tbss for thread-local ones, .lbss for large ones). */
export function allotCommons(symbols: SymbolTable, outputs: OutputSections, options: LinkOptions): void {
  const plain: Placing[] = [];
  const large: Placing[] = [];
  const tls: Placing[] = [];
  for (let id = 0; id < symbols.count; id++) {
    // What --defsym or a script assigns has its place elsewhere.
    const isElsewhere = (symbols.flags[id] & (FLAG_COLLECTED | FLAG_ASSIGNED)) !== 0;
    if (symbols.kind[id] !== KIND_COMMON || isElsewhere) continue;
    const list = symbols.type[id] === STT_TLS ? tls : symbols.valueHigh[id] !== 0 ? large : plain;
    list.push({ symbol: id, alignment: symbols.valueLow[id] });
    if (symbols.type[id] !== STT_TLS) symbols.type[id] = STT_OBJECT;
  }
  const place = (list: Placing[], section: string, name: string, rank: number, flags: number): void => {
    if (list.length === 0) return;
    if (options.sortCommon !== "none") {
      const direction = options.sortCommon === "descending" ? -1 : 1;
      list.sort((a, b) => direction * (a.alignment - b.alignment));
    }
    const output = outputNamed(outputs, section, SHT_NOBITS, SHF_ALLOC | SHF_WRITE | flags);
    placeSymbols(symbols, outputs, output, list, name, rank);
  };
  place(plain, ".bss", "COMMON", 2, 0);
  place(large, ".lbss", "LARGE_COMMON", 2, SHF_X86_64_LARGE);
  place(tls, ".tbss", ".tcommon", 1, 0x400);
}

function placeSymbols(
  symbols: SymbolTable,
  outputs: OutputSections,
  output: OutputSection,
  list: readonly Placing[],
  name: string,
  rank: number,
): Chunk {
  let size = 0;
  let largest = 1;
  const noBits = name !== ".dynrelro";
  for (const { symbol, alignment } of list) {
    size = Math.ceil(size / alignment) * alignment;
    const kind = symbols.kind[symbol];
    if (kind === KIND_COMMON) symbols.kind[symbol] = KIND_DEFINED;
    symbols.section[symbol] = SECTION_CHUNK;
    symbols.alias[symbol] = outputs.chunks.length;
    setSymbolValue(symbols, symbol, size);
    size += symbols.size[symbol];
    largest = Math.max(largest, alignment);
  }
  return addChunk(outputs, output, name, size, largest, rank, name !== "COMMON", noBits);
}

/**
 * Allots space for the variables that the scan marked with FLAG_COPY. A variable that the library maps read-only goes to
 * .data.rel.ro and becomes read-only again after relocation. A variable may have several names (`environ`, `__environ`):
 * the copy is made under the strong one, and all of them mean it from then on.
 * @returns the symbols that get a COPY relocation
 */
export function allotCopies(symbols: SymbolTable, shared: readonly SharedFile[], outputs: OutputSections): SymbolId[] {
  const writable: Placing[] = [];
  const readOnly: Placing[] = [];
  const byAddress = new Map<string, SymbolId>();
  const aliases: [SymbolId, SymbolId][] = [];
  addOtherNames(symbols, shared);
  for (let id = 0; id < symbols.count; id++) {
    if ((symbols.flags[id] & FLAG_COPY) === 0 || !isShared(symbols, id)) continue;
    symbols.flags[id] |= FLAG_DYNSYM;
    const key = `${symbols.owner[id]}:${symbolValue(symbols, id)}`;
    const first = byAddress.get(key);
    if (first === undefined) byAddress.set(key, id);
    else if (symbols.kind[id] === KIND_SHARED && symbols.kind[first] === KIND_SHARED_WEAK) {
      byAddress.set(key, id);
      aliases.push([first, id]);
    } else aliases.push([id, first]);
  }
  for (const id of byAddress.values()) {
    const file = shared[symbols.owner[id]];
    const section = sectionIndex(file, symbols.index[id]);
    const list = file.readOnlySections[section] === 1 ? readOnly : writable;
    list.push({ symbol: id, alignment: copyAlignment(file, section, symbolValue(symbols, id)) });
  }
  if (byAddress.size === 0) return [];
  if (writable.length > 0) {
    const bss = outputNamed(outputs, ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE);
    placeSymbols(symbols, outputs, bss, writable, ".dynbss", 0);
  }
  if (readOnly.length > 0) {
    const data = outputNamed(outputs, ".data.rel.ro", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE);
    if (data.type === SHT_NOBITS) data.type = SHT_PROGBITS;
    placeSymbols(symbols, outputs, data, readOnly, ".dynrelro", 1);
  }
  for (const [alias, original] of aliases) {
    symbols.section[alias] = SECTION_CHUNK;
    symbols.alias[alias] = symbols.alias[original];
    symbols.valueLow[alias] = symbols.valueLow[original];
    symbols.valueHigh[alias] = symbols.valueHigh[original];
    symbols.flags[alias] |= FLAG_COPY | FLAG_DYNSYM;
  }
  return [...writable, ...readOnly].map((it) => it.symbol);
}

function sectionIndex(file: SharedFile, symbol: number): number {
  return file.view.getUint16(file.dynsym + symbol * (file.is64 ? 24 : 16) + (file.is64 ? 6 : 14), true);
}

/** The section's alignment, as far as the variable's address keeps it. */
function copyAlignment(file: SharedFile, section: number, value: number): number {
  let alignment = Math.max(1, file.sectionAlignment[section] ?? 1);
  while (alignment > 1 && value % alignment !== 0) alignment /= 2;
  return alignment;
}

/** Marks every name that the libraries have for the variables that are copied: other libraries may use any of them. */
function addOtherNames(symbols: SymbolTable, shared: readonly SharedFile[]): void {
  const wanted = new Set<string>();
  const owners = new Set<number>();
  for (let id = 0; id < symbols.count; id++) {
    if ((symbols.flags[id] & FLAG_COPY) === 0 || !isShared(symbols, id)) continue;
    wanted.add(`${symbols.owner[id]}:${symbolValue(symbols, id)}`);
    owners.add(symbols.owner[id]);
  }
  for (const owner of owners) {
    for (const id of shared[owner].symbols) {
      if (id < 0 || !isShared(symbols, id) || symbols.owner[id] !== owner || symbols.type[id] === STT_TLS) continue;
      if (wanted.has(`${owner}:${symbolValue(symbols, id)}`)) symbols.flags[id] |= FLAG_COPY;
    }
  }
}

/** Adds a chunk with given contents. */
export function addBytesChunk(
  outputs: OutputSections,
  output: OutputSection,
  name: string,
  bytes: Uint8Array,
  alignment: number,
): Chunk {
  const chunk = addChunk(outputs, output, name, bytes.length, alignment);
  chunk.write = (image, _view, it) => image.set(bytes, it.offset);
  return chunk;
}

export function addNoteOutput(outputs: OutputSections, name: string): OutputSection {
  if (name === ".note.gnu.build-id") return outputNamed(outputs, name, SHT_NOTE, SHF_ALLOC);
  return addOutput(outputs, name, orphanRow(name, SHT_NOTE, SHF_ALLOC), SHT_NOTE, SHF_ALLOC);
}
