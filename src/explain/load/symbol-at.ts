// Which section and which symbol of an object's file an address belongs to.

import {
  SHF_ALLOC,
  SHF_TLS,
  SHT_NOBITS,
  SHT_SYMTAB,
  STT_FILE,
  STT_FUNC,
  STT_SECTION,
  STT_TLS,
} from "../../elf/constants.ts";
import { type ElfImage, sectionOfType } from "../../elf/file.ts";
import { type ElfSection, readSections } from "../../elf/sections.ts";
import { symbolsOf } from "../../elf/symbols.ts";
import { isAbsolute, symbolSection, symbolType } from "../../load/file/dynamic-symbols.ts";
import { type LoadedObject, symbolName, symbolSize, symbolValue } from "../../load/index.ts";

/** A symbol by the addresses of its file. */
export interface NamedRange {
  readonly name: string;
  readonly value: number;
  readonly size: number;
  /** STT_*. */
  readonly type: number;
}

/** The allocated section that holds an address of the file. */
export function sectionAt(elf: ElfImage, address: number): ElfSection | undefined {
  return sectionsOf(elf).find(
    ({ flags, type, address: start, size }) =>
      (flags & SHF_ALLOC) !== 0 &&
      !((flags & SHF_TLS) !== 0 && type === SHT_NOBITS) &&
      address >= start &&
      address < start + size,
  );
}

/** The symbol whose range holds the address, of .symtab or of the dynamic symbols; else the last one before it in its section. */
export function symbolAt(object: LoadedObject, address: number): NamedRange | undefined {
  return nearest(object, address, () => true);
}

/** As `symbolAt`, of functions only. */
export function functionAt(object: LoadedObject, address: number): NamedRange | undefined {
  return nearest(object, address, ({ type }) => type === STT_FUNC);
}

/** The first symbol of that name in .symtab or the dynamic symbols. */
export function symbolCalled(object: LoadedObject, name: string): NamedRange | undefined {
  return allSymbols(object).find((it) => it.name === name);
}

/** All names in .symtab. */
export function* symbolNames(object: LoadedObject): Generator<string> {
  for (const { name } of allSymbols(object)) yield name;
}

function nearest(object: LoadedObject, address: number, accept: (it: NamedRange) => boolean): NamedRange | undefined {
  const section = sectionAt(object.file.elf, address);
  let best: NamedRange | undefined;
  for (const it of allSymbols(object)) {
    if (it.name === "" || it.value > address || !accept(it)) continue;
    if (it.size > 0 && address >= it.value + it.size) continue;
    if (section !== undefined && it.value < section.address) continue;
    if (best === undefined || it.value > best.value || (it.value === best.value && it.size > best.size)) best = it;
  }
  return best;
}

/** Read once for each file: a page of relocations asks for each of them. */
const knownSections: WeakMap<ElfImage, readonly ElfSection[]> = new WeakMap();

/** The loader has no use for sections, so they are read here. */
function sectionsOf(elf: ElfImage): readonly ElfSection[] {
  let sections = knownSections.get(elf);
  if (sections === undefined) {
    sections = readSections(elf, elf.header, elf.name, () => {});
    knownSections.set(elf, sections);
  }
  return sections;
}

const known: WeakMap<object, readonly NamedRange[]> = new WeakMap();

function allSymbols({ file }: LoadedObject): readonly NamedRange[] {
  let named = known.get(file);
  if (named === undefined) {
    named = [...staticSymbols(file.elf), ...dynamicOnes(file)];
    known.set(file, named);
  }
  return named;
}

function staticSymbols(elf: ElfImage): NamedRange[] {
  const whole = { ...elf, sections: sectionsOf(elf) };
  const table = sectionOfType(whole, SHT_SYMTAB);
  if (table === undefined) return [];
  return symbolsOf(whole, table, () => {}).filter(
    ({ section, type }) => section !== 0 && type !== STT_TLS && type !== STT_SECTION && type !== STT_FILE,
  );
}

function dynamicOnes({ symbols }: LoadedObject["file"]): NamedRange[] {
  const named: NamedRange[] = [];
  for (let index = 1; index < symbols.count; index++) {
    const type = symbolType(symbols, index);
    if (symbolSection(symbols, index) === 0 || isAbsolute(symbols, index) || type === STT_TLS) continue;
    named.push({
      name: symbolName(symbols, index),
      value: symbolValue(symbols, index),
      size: symbolSize(symbols, index),
      type,
    });
  }
  return named;
}
