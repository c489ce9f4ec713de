// Warnings about common symbols (`int x;` of -fcommon) that meet other definitions of the name: always where a definition is
// smaller or less aligned than a common declaration asks for, with --warn-common wherever a common symbol is merged. GNU
// ld says these while it reads (bfd/elflink.c, elf_link_add_object_symbols; multiple_common in ld/ldmain.c); here the
// meetings are replayed afterwards from the definitions that lost.

import {
  SHN_COMMON,
  SHN_UNDEF,
  SHN_X86_64_LCOMMON,
  STB_WEAK,
  STT_FUNC,
  STT_GNU_IFUNC,
  STV_DEFAULT,
} from "../../elf/constants.ts";
import { type Report, warning } from "../../elf/problem.ts";
import type { Loader } from "../inputs/loader.ts";
import { type SharedFile, sharedVersion } from "../inputs/shared/shared-file.ts";
import type { SymbolId } from "../tables/ids.ts";
import { localSection } from "../tables/local-symbols.ts";
import { nameText } from "../tables/names.ts";
import { type ObjectFile, readWord } from "../tables/object-file.ts";
import { asShared } from "../tables/resolve.ts";
import type { SectionTable } from "../tables/section-table.ts";
import { isShared } from "../tables/symbol-table.ts";

/** What one file says of the symbol. */
interface Definition {
  readonly file: string;
  readonly common: boolean;
  readonly weak: boolean;
  readonly shared: boolean;
  /** Functions and a library's uninitialised variables do not take a common symbol's place. */
  readonly beatsCommon: boolean;
  readonly code: boolean;
  /** `foo@@V`: GNU ld compares the size and alignment of a common foo that was there before with nothing. */
  readonly versioned: boolean;
  readonly visibility: number;
  readonly size: number;
  readonly alignment: number;
  /** Place among all inputs. */
  readonly input: number;
}

/**
 * Warnings: `common-size`, `common-alignment`; with --warn-common `definition-over-common`, `common-under-definition`,
 * `common-over-smaller`, `common-under-larger`, `common-again`.
 */
export function reportCommons(loader: Loader, report: Report): void {
  for (const [id, losers] of commonLosers(loader)) {
    const { symbols } = loader;
    const owner = isShared(symbols, id) ? asShared(symbols.owner[id]) : symbols.owner[id];
    const holder = define(loader, owner, symbols.index[id]);
    // Of foo@V at the place of its object's foo it was that which the common symbol met.
    const versioned = holder?.versioned === true && !loader.versioned.joined.includes(id);
    const all = holder === undefined ? losers : [...losers, { ...holder, versioned }];
    all.sort((a, b) => a.input - b.input);
    replay(visible(all, symbols.visibility[id]), nameText(symbols.names, id), loader.options.warnCommon, report);
  }
}

/** The definitions that lost, of symbols that have a common one among all. */
function commonLosers(loader: Loader): Map<SymbolId, Definition[]> {
  const { record, symbols } = loader;
  const found = new Map<SymbolId, Definition[]>();
  const isCommon = (owner: number, index: number): boolean => {
    const object = loader.objects[owner];
    return object !== undefined && isCommonIndex(sectionIndexOf(object, object.symtab, index));
  };
  for (let i = 0; i < record.loserCount * 3; i += 3) {
    const [id, owner, index] = record.losers.subarray(i, i + 3);
    if (isCommon(owner, index) || (!isShared(symbols, id) && isCommon(symbols.owner[id], symbols.index[id])))
      found.set(id, []);
  }
  if (found.size === 0) return found;
  for (let i = 0; i < record.loserCount * 3; i += 3) {
    const [id, owner, index] = record.losers.subarray(i, i + 3);
    const list = found.get(id);
    const definition = list === undefined ? undefined : define(loader, owner, index);
    if (definition !== undefined) list?.push(definition);
  }
  return found;
}

/**
 * What is hidden, no library defines: definitions of libraries that are read behind what makes it so are not met.
 * @param visibility what all files together make of it
 */
function visible(definitions: readonly Definition[], visibility: number): readonly Definition[] {
  if (visibility === STV_DEFAULT) return definitions;
  const inside = definitions.find((it) => !it.shared && it.visibility !== STV_DEFAULT);
  // A reference may say so too: that of an object whose place is not known here counts from the first.
  const from = inside?.visibility === visibility ? inside.input : 0;
  return definitions.filter((it) => !it.shared || it.input < from);
}

function isCommonIndex(shndx: number): boolean {
  return shndx === SHN_COMMON || shndx === SHN_X86_64_LCOMMON;
}

function sectionIndexOf(file: ObjectFile | SharedFile, table: number, index: number): number {
  return file.view.getUint16(table + index * (file.is64 ? 24 : 16) + (file.is64 ? 6 : 14), true);
}

/** @param owner object, or `asShared` of a shared library */
function define({ objects, shared, sections }: Loader, owner: number, index: number): Definition | undefined {
  const object = owner >= 0 ? objects[owner] : undefined;
  const library = owner < -1 ? shared[asShared(owner)] : undefined;
  const file = object ?? library;
  if (file === undefined) return undefined;
  const table = object?.symtab ?? library?.dynsym ?? 0;
  const shndx = sectionIndexOf(file, table, index);
  if (shndx === SHN_UNDEF) return undefined;
  const { view, is64 } = file;
  const at = table + index * (is64 ? 24 : 16);
  const info = file.bytes[at + (is64 ? 4 : 12)];
  const value = readWord(view, at + (is64 ? 8 : 4), is64);
  const common = object !== undefined && isCommonIndex(shndx);
  const type = info & 15;
  const inSection = value - (library?.sectionAddress[shndx] ?? 0);
  return {
    file: file.name,
    common,
    weak: info >> 4 === STB_WEAK,
    shared: library !== undefined,
    beatsCommon:
      library === undefined || (type !== STT_FUNC && type !== STT_GNU_IFUNC && library.bssSections[shndx] !== 1),
    code: type === STT_FUNC || type === STT_GNU_IFUNC,
    versioned:
      library === undefined
        ? object !== undefined && hasVersion(object, view.getUint32(at, true))
        : sharedVersion(library, index) !== "",
    visibility: file.bytes[at + (is64 ? 5 : 13)] & 3,
    size: readWord(view, at + (is64 ? 16 : 8), is64),
    alignment: common ? value : definitionAlignment(object, sections, index, inSection),
    input: file.input,
  };
}

function hasVersion({ bytes, strings, stringsEnd }: ObjectFile, name: number): boolean {
  for (let i = strings + name; i < stringsEnd && bytes[i] !== 0; i++) if (bytes[i] === 0x40) return true;
  return false;
}

/** What the place of a definition in its section is a multiple of. A shared library's section alignment is not looked at. */
function definitionAlignment(
  object: ObjectFile | undefined,
  sections: SectionTable,
  index: number,
  value: number,
): number {
  const section = object === undefined ? -1 : localSection(object, index);
  const largest = section >= 0 ? sections.alignment[section] : 0x80000000;
  let alignment = 1;
  while (alignment < largest && value % (alignment * 2) === 0) alignment *= 2;
  return alignment;
}

/** Lets the definitions meet in the order of the command line. */
function replay(definitions: readonly Definition[], symbol: string, warnCommon: boolean, report: Report): void {
  let holder = definitions[0];
  for (const next of definitions.slice(1)) {
    // What is not for libraries makes a library's definition forgotten.
    if (holder.shared && !next.shared && next.visibility !== STV_DEFAULT) holder = next;
    else if (holder.common && next.common) {
      if (warnCommon) reportTwoCommons(holder, next, symbol, report);
      // One symbol of the larger size and of the larger alignment (bfd/elflink.c, elf_link_add_object_symbols: old_alignment).
      const alignment = Math.max(holder.alignment, next.alignment);
      holder = { ...(next.size > holder.size ? next : holder), alignment };
    } else if (holder.common && !next.weak && next.beatsCommon) {
      if (warnCommon) {
        report(warning("definition-over-common", { file: next.file }, { symbol, other: holder.file }));
      }
      if (!next.versioned) reportSmaller(holder, next, true, symbol, report);
      holder = next;
    } else if (next.common && !holder.weak && !(holder.shared && holder.code)) {
      if (warnCommon) {
        report(warning("common-under-definition", { file: next.file }, { symbol, other: holder.file }));
      }
      reportSmaller(next, holder, false, symbol, report);
    } else if (!holder.common && !next.common && (holder.shared ? !next.shared : holder.weak && !next.weak))
      holder = next;
    else if (next.common && !holder.common) holder = next;
  }
}

function reportTwoCommons(holder: Definition, next: Definition, symbol: string, report: Report): void {
  const code =
    next.size > holder.size ? "common-over-smaller" : next.size < holder.size ? "common-under-larger" : "common-again";
  report(warning(code, { file: next.file }, { symbol, other: holder.file }));
}

/** A common declaration asked for more than the definition gives. @param commonFirst GNU ld compares sizes only then */
function reportSmaller(
  common: Definition,
  definition: Definition,
  commonFirst: boolean,
  symbol: string,
  report: Report,
): void {
  const place = { file: definition.file };
  if (definition.alignment < common.alignment) {
    const details = { symbol, definition: definition.alignment, common: common.alignment, other: common.file };
    report(warning("common-alignment", place, details));
  }
  if (commonFirst && definition.size !== 0 && common.size !== 0 && definition.size !== common.size) {
    report(
      warning("common-size", place, { symbol, size: common.size, definition: definition.size, other: common.file }),
    );
  }
}
