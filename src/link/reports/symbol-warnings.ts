// Warnings that a library attaches to its symbols: a section `.gnu.warning.SYMBOL` holds the text to show where SYMBOL is
// used (glibc's gets, tmpnam, dlopen in static programs). A section `.gnu.warning` speaks of its whole file.

import { SHF_ALLOC, SHN_UNDEF, SHT_NOBITS, SHT_RELA } from "../../elf/constants.ts";
import { type Report, warning } from "../../elf/problem.ts";
import { bytesOf } from "../../elf/text.ts";
import type { Loader } from "../inputs/loader.ts";
import type { SharedFile } from "../inputs/shared/shared-file.ts";
import { isWarningName, WARNING_PREFIX } from "../sections/contents.ts";
import { contentsOf } from "../sections/section-contents.ts";
import type { SectionId, SymbolId } from "../tables/ids.ts";
import { locateAll, type ObjectPlace } from "../tables/locate.ts";
import { findText } from "../tables/names.ts";
import { type ObjectFile, readWord, sectionName } from "../tables/object-file.ts";
import { FLAG_REF_REGULAR, isDefinedHere, isShared, type SymbolTable } from "../tables/symbol-table.ts";

/**
 * Reports `gnu-warning` once for each symbol that has one and is used.
 * @param discarded input sections that are not in the output by name, among which those of warnings are
 */
export function reportSymbolWarnings(loader: Loader, discarded: readonly SectionId[], report: Report): void {
  const warned = new Set<SymbolId>();
  const warn = (name: string, text: string, fromShared: boolean): void => {
    const { symbols } = loader;
    const id = findText(symbols.names, name);
    if (id < 0 || warned.has(id) || (symbols.flags[id] & FLAG_REF_REGULAR) === 0) return;
    // What a shared library says of a symbol concerns its own definition.
    if (fromShared && !isShared(symbols, id)) return;
    const uses = findUses(loader, id);
    if (uses.length === 0) return;
    warned.add(id);
    const { places, functions, lines } = locateAll(loader.locator, uses);
    report(warning("gnu-warning", places[0], { text, symbol: name, references: places, functions, lines }));
  };
  for (const section of discarded) {
    const object = loader.objects[loader.sections.object[section]];
    const name = sectionName(object, loader.sections, section);
    if (!isWarningName(name)) continue;
    const contents = contentsOf(object, loader.sections, section, loader.options.accelerators);
    if (contents !== undefined) warn(name.slice(WARNING_PREFIX.length), textOf(contents), false);
  }
  for (const shared of loader.shared) {
    for (const it of sharedWarnings(shared)) warn(it.symbol, it.text, true);
  }
}

/** Reports `file-warning` for each object with a section `.gnu.warning` (ld/ldelf.c, ldelf_before_allocation). */
export function reportFileWarnings({ objects, sections, options }: Loader, report: Report): void {
  for (const object of objects) {
    const end = object.firstSection + object.sectionCount;
    for (let section = object.firstSection + 1; section < end; section++) {
      if (!isFileWarning(object, sections.name[section]) || sections.type[section] === SHT_NOBITS) continue;
      const contents = contentsOf(object, sections, section, options.accelerators);
      if (contents === undefined) continue;
      report(warning("file-warning", { file: object.name }, { text: textOf(contents) }));
      break;
    }
  }
}

const FILE_WARNING = bytesOf(".gnu.warning\0");

function isFileWarning({ bytes }: ObjectFile, name: number): boolean {
  for (let i = 0; i < FILE_WARNING.length; i++) if (bytes[name + i] !== FILE_WARNING[i]) return false;
  return true;
}

const decoder = new TextDecoder();

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end)).trimEnd();
}

function sharedWarnings({ bytes, view, is64 }: SharedFile): { symbol: string; text: string }[] {
  const found: { symbol: string; text: string }[] = [];
  const table = readWord(view, is64 ? 40 : 32, is64);
  const entry = is64 ? 64 : 40;
  const count = view.getUint16(is64 ? 60 : 48, true);
  const names = table + view.getUint16(is64 ? 62 : 50, true) * entry;
  if (table === 0 || Math.max(table + count * entry, names + entry) > bytes.length) return [];
  const offset = (at: number): number => readWord(view, at + (is64 ? 24 : 16), is64);
  const size = (at: number): number => readWord(view, at + (is64 ? 32 : 20), is64);
  const namesEnd = Math.min(offset(names) + size(names), bytes.length);
  for (let at = table; at < table + count * entry; at += entry) {
    const start = offset(names) + view.getUint32(at, true);
    if (start >= namesEnd || bytes[start + 1] !== 0x67 || view.getUint32(at + 4, true) === SHT_NOBITS) continue;
    const name = textOf(bytes.subarray(start, namesEnd));
    if (!isWarningName(name) || offset(at) + size(at) > bytes.length) continue;
    found.push({
      symbol: name.slice(WARNING_PREFIX.length),
      text: textOf(bytes.subarray(offset(at), offset(at) + size(at))),
    });
  }
  return found;
}

const MAX_PLACES = 3;

/** The first places in the output's code and data that refer to a symbol, in objects that do not define it themselves. */
function findUses(loader: Loader, id: SymbolId): ObjectPlace[] {
  const found: ObjectPlace[] = [];
  for (const object of loader.objects) {
    const at = object.symbols.indexOf(id);
    if (at < 0 || !refersTo(loader.symbols, object, at, id)) continue;
    collectUses(loader, object, at + object.firstGlobal, found);
    if (found.length >= MAX_PLACES) break;
  }
  return found;
}

function refersTo(symbols: SymbolTable, object: ObjectFile, at: number, id: SymbolId): boolean {
  const entry = object.symtab + (object.firstGlobal + at) * (object.is64 ? 24 : 16);
  const shndx = object.view.getUint16(entry + (object.is64 ? 6 : 14), true);
  return shndx === SHN_UNDEF || (isDefinedHere(symbols, id) && symbols.owner[id] !== object.id);
}

function collectUses(loader: Loader, object: ObjectFile, symbol: number, found: ObjectPlace[]): void {
  const { sections } = loader;
  const { view, is64 } = object;
  const end = object.firstSection + object.sectionCount;
  for (let section = object.firstSection + 1; section < end; section++) {
    const relocs = sections.relocs[section];
    if (relocs < 0 || sections.output[section] < 0 || (sections.flags[section] & SHF_ALLOC) === 0) continue;
    const entry = (sections.type[relocs] === SHT_RELA ? 3 : 2) * (is64 ? 8 : 4);
    const last = sections.offset[relocs] + sections.size[relocs];
    for (let at = sections.offset[relocs]; at < last && found.length < MAX_PLACES; at += entry) {
      const index = is64 ? view.getUint32(at + 12, true) : view.getUint32(at + 4, true) >>> 8;
      if (index === symbol) found.push({ object, section, offset: view.getUint32(at, true) });
    }
  }
}
