// Space that the link itself allots: copies of shared libraries' variables (copy relocations).

import {
  SHF_ALLOC,
  SHF_WRITE,
  SHN_ABS,
  SHT_NOBITS,
  SHT_NOTE,
  SHT_PROGBITS,
  STT_FUNC,
  STT_GNU_IFUNC,
  STT_OBJECT,
  STT_TLS,
} from "../../elf/constants.ts";
import type { SharedFile } from "../inputs/shared/shared-file.ts";
import { SECTION_CHUNK, SECTION_NONE, type SymbolId } from "../tables/ids.ts";
import {
  addChunk,
  addOutput,
  type Chunk,
  createOutput,
  type OutputSection,
  type OutputSections,
} from "../tables/output-section.ts";
import {
  FLAG_COPY,
  FLAG_DYNSYM,
  FLAG_REF_REGULAR,
  FLAG_REF_REGULAR_NONWEAK,
  isShared,
  KIND_COMMON,
  KIND_SHARED_WEAK,
  KIND_UNDEFINED,
  type SymbolTable,
  setSymbolValue,
  symbolValue,
} from "../tables/symbol-table.ts";

/**
 * The default output section of that name, made if no input needed it.
 * @param chunk what will stand in it: a script may have another place for that
 */
export function outputNamed(
  outputs: OutputSections,
  name: string,
  type: number,
  flags: number,
  chunk: string = name,
): OutputSection {
  const planned = outputs.planned?.get(chunk);
  if (planned !== undefined) return planned.output ?? createOutput(-1, name, type, flags);
  const known = outputs.byName.get(name);
  if (known !== undefined) {
    known.flags |= flags;
    return known;
  }
  return addOutput(outputs, name, type, flags);
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

function placeSymbols(
  symbols: SymbolTable,
  outputs: OutputSections,
  output: OutputSection,
  list: readonly Placing[],
  name: string,
): Chunk {
  const offsets: number[] = [];
  let size = 0;
  let largest = 1;
  for (const { symbol, alignment } of list) {
    size = Math.ceil(size / alignment) * alignment;
    offsets.push(size);
    size += symbols.size[symbol];
    largest = Math.max(largest, alignment);
  }
  const chunk = addChunk(outputs, output, name, size, largest, name !== ".dynrelro");
  for (const [i, { symbol }] of list.entries()) {
    symbols.section[symbol] = SECTION_CHUNK;
    symbols.alias[symbol] = chunk.id;
    setSymbolValue(symbols, symbol, offsets[i]);
  }
  return chunk;
}

/**
 * Allots space for the variables that the scan marked with FLAG_COPY. A variable that the library maps read-only goes to
 * .data.rel.ro and becomes read-only again after relocation. A variable may have several names (`environ`, `__environ`):
 * the copy is made under the largest, strong one if there is any, and all of them mean it from then on.
 * @returns the symbols that get a COPY relocation
 */
export function allotCopies(symbols: SymbolTable, shared: readonly SharedFile[], outputs: OutputSections): SymbolId[] {
  const writable: Placing[] = [];
  const readOnly: Placing[] = [];
  const variables = copiedVariables(symbols, shared);
  for (const [id, ...others] of variables) {
    for (const name of [id, ...others]) symbols.flags[name] |= FLAG_COPY | FLAG_DYNSYM;
    const file = shared[symbols.owner[id]];
    const section = sectionIndex(file, symbols.index[id]);
    const list = file.readOnlySections[section] === 1 ? readOnly : writable;
    list.push({ symbol: id, alignment: copyAlignment(file, section, symbolValue(symbols, id)) });
  }
  if (variables.length === 0) return [];
  if (writable.length > 0) {
    const bss = outputNamed(outputs, ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE, ".dynbss");
    placeSymbols(symbols, outputs, bss, writable, ".dynbss");
  }
  if (readOnly.length > 0) {
    const data = outputNamed(outputs, ".data.rel.ro", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, ".dynrelro");
    if (data.type === SHT_NOBITS) data.type = SHT_PROGBITS;
    placeSymbols(symbols, outputs, data, readOnly, ".dynrelro");
  }
  for (const [original, ...others] of variables) {
    for (const name of others) {
      symbols.section[name] = SECTION_CHUNK;
      symbols.alias[name] = symbols.alias[original];
      symbols.valueLow[name] = symbols.valueLow[original];
      symbols.valueHigh[name] = symbols.valueHigh[original];
    }
  }
  return [...writable, ...readOnly].map((it) => it.symbol).filter((id) => hasContents(symbols, shared, id));
}

/** Assembler code without .size, and numbers, leave nothing to copy (bfd/elfxx-x86.c, adjust_dynamic_symbol). */
function hasContents(symbols: SymbolTable, shared: readonly SharedFile[], id: SymbolId): boolean {
  return symbols.size[id] > 0 && sectionIndex(shared[symbols.owner[id]], symbols.index[id]) !== SHN_ABS;
}

/**
 * The names of each variable that is copied, first the one that the copy is made under. Other libraries may use any of
 * them, so all count, also those that the program does not refer to. Two strong names of different sizes at one address
 * are not the same variable: one is the end of what stands before it.
 */
function copiedVariables(symbols: SymbolTable, shared: readonly SharedFile[]): SymbolId[][] {
  const copied = new Map<string, SymbolId[]>();
  const owners = new Set<number>();
  const placeOf = (id: SymbolId): string => `${symbols.owner[id]}:${symbolValue(symbols, id)}`;
  for (let id = 0; id < symbols.count; id++) {
    if ((symbols.flags[id] & FLAG_COPY) === 0 || !isShared(symbols, id)) continue;
    copied.set(placeOf(id), []);
    owners.add(symbols.owner[id]);
  }
  for (const owner of owners) {
    for (const id of new Set(shared[owner].symbols)) {
      if (id < 0 || !isShared(symbols, id) || symbols.owner[id] !== owner || NO_VARIABLES.has(symbols.type[id]))
        continue;
      copied.get(placeOf(id))?.push(id);
    }
  }
  return [...copied.values()].flatMap((names) => variablesAt(symbols, names));
}

const NO_VARIABLES: ReadonlySet<number> = new Set([STT_TLS, STT_FUNC, STT_GNU_IFUNC]);

/** Parts the names of one place: strong ones by size, weak ones with the largest. @returns what is copied of these */
function variablesAt(symbols: SymbolTable, names: readonly SymbolId[]): SymbolId[][] {
  const isWeak = (id: SymbolId): boolean => symbols.kind[id] === KIND_SHARED_WEAK;
  const ordered = names.toSorted(
    (a, b) => Number(isWeak(a)) - Number(isWeak(b)) || symbols.size[b] - symbols.size[a] || a - b,
  );
  const variables: SymbolId[][] = [];
  for (const id of ordered) {
    const known = variables.find((it) => isWeak(id) || symbols.size[it[0]] === symbols.size[id]);
    if (known === undefined) variables.push([id]);
    else known.push(id);
  }
  return variables.filter((it) => it.some((id) => (symbols.flags[id] & FLAG_COPY) !== 0));
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
  return addOutput(outputs, name, SHT_NOTE, SHF_ALLOC);
}
