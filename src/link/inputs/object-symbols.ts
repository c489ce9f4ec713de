// Enters an object's global symbols into the symbol table: decode, intern, merge. Names with a version (`foo@V`,
// `foo@@V`, made by .symver) and wrapped names (--wrap) take a slower way.

import {
  SHF_EXCLUDE,
  SHN_ABS,
  SHN_COMMON,
  SHN_LORESERVE,
  SHN_UNDEF,
  SHN_X86_64_LCOMMON,
  SHN_XINDEX,
  STB_GLOBAL,
  STB_GNU_UNIQUE,
  STB_WEAK,
  STT_TLS,
  STV_HIDDEN,
  STV_INTERNAL,
} from "../../elf/constants.ts";
import { unsigned64 } from "../../elf/halves.ts";
import { error, type Report } from "../../elf/problem.ts";
import { SECTION_ABSOLUTE, SECTION_NONE, type SymbolId } from "../tables/ids.ts";
import { internName, internText, nameText } from "../tables/names.ts";
import type { ObjectFile } from "../tables/object-file.ts";
import { type Candidate, mergeRegular, narrow, type ResolutionRecord } from "../tables/resolve.ts";
import { type SectionTable, STATE_DISCARDED } from "../tables/section-table.ts";
import {
  aliasOf,
  COMMONS_LARGE,
  COMMONS_TLS,
  coverNames,
  isDefinedHere,
  KIND_COMMON,
  KIND_DEFINED,
  KIND_DEFINED_WEAK,
  KIND_UNDEFINED,
  KIND_UNDEFINED_WEAK,
  type SymbolTable,
  symbolNamed,
  versionId,
} from "../tables/symbol-table.ts";
import {
  enterDefault,
  enterHidden,
  enterReference,
  joinDefault,
  joinSamePlace,
  type VersionedNames,
} from "./shared/versioned-names.ts";

/** --wrap: what a reference to the key means instead (`foo` → `__wrap_foo`, `__real_foo` → `foo`). */
export type WrapMap = ReadonlyMap<SymbolId, SymbolId>;

/**
 * Reads symbols `firstGlobal` to the end.
 * @param wholeNames `foo@@V` is a name like any other, as -r has it
 * @param versioned gets the ids of names with an `@`
 * @param excludedSymbols gets what SHF_EXCLUDE sections define, where these do not take part
 */
export function readGlobals(
  object: ObjectFile,
  sections: SectionTable,
  symbols: SymbolTable,
  candidate: Candidate,
  record: ResolutionRecord,
  wrap: WrapMap,
  versioned: VersionedNames,
  excludedSymbols: SymbolId[],
  wholeNames: boolean,
  report: Report,
): void {
  const before = versioned.ids.length;
  const { bytes, view, is64, symtab, firstGlobal, symbolCount, strings, stringsEnd, firstSection } = object;
  const { names } = symbols;
  const entry = is64 ? 24 : 16;
  for (let i = firstGlobal; i < symbolCount; i++) {
    const at = symtab + i * entry;
    const name = strings + view.getUint32(at, true);
    if (name >= stringsEnd) {
      report(error("symbol-name-outside", { file: object.name }, { index: i }));
      return;
    }
    const detail = at + (is64 ? 4 : 12);
    const info = bytes[detail];
    const shndx = view.getUint16(detail + 2, true);
    candidate.binding = info >> 4;
    candidate.type = info & 15;
    candidate.visibility = bytes[detail + 1] & 3;
    candidate.owner = object.id;
    candidate.index = i;
    candidate.version = 0;
    candidate.valueLow = view.getInt32(at + (is64 ? 8 : 4), true);
    // ELF32 addresses are unsigned 32-bit numbers.
    candidate.valueHigh = is64 ? view.getInt32(at + 12, true) : 0;
    candidate.size = is64
      ? unsigned64(view.getUint32(at + 16, true), view.getUint32(at + 20, true))
      : view.getUint32(at + 8, true);
    if (!isGlobalBinding(candidate.binding)) {
      report(error("bad-symbol-binding", { file: object.name }, { index: i, binding: candidate.binding }));
      return;
    }
    let isExcluded = false;
    let index = shndx;
    if (shndx === SHN_XINDEX && object.symtabShndx !== 0) index = view.getUint32(object.symtabShndx + i * 4, true);
    if (shndx === SHN_UNDEF) setReference(candidate);
    else if (shndx === SHN_ABS) setDefinition(candidate, SECTION_ABSOLUTE);
    else if (shndx === SHN_COMMON || shndx === SHN_X86_64_LCOMMON) {
      setCommon(candidate, shndx);
      if (candidate.type === STT_TLS) symbols.commons |= COMMONS_TLS;
      else if (shndx === SHN_X86_64_LCOMMON) symbols.commons |= COMMONS_LARGE;
    } else if (index < object.sectionCount && (shndx < SHN_LORESERVE || shndx === SHN_XINDEX)) {
      const section = firstSection + index;
      const isDiscarded = (sections.state[section] & STATE_DISCARDED) !== 0;
      // A definition in a discarded section is a reference to the copy that was kept.
      if (isDiscarded) setReference(candidate);
      else setDefinition(candidate, section);
      isExcluded = isDiscarded && (sections.flags[section] & SHF_EXCLUDE) !== 0;
    } else {
      report(error("bad-symbol-section", { file: object.name }, { index: i, section: index }));
      return;
    }
    if (object.excluded && candidate.kind > KIND_UNDEFINED_WEAK) hide(candidate);
    let id = internName(names, view, name, stringsEnd);
    if (names.at >= 0 && wholeNames) id = enterWhole(symbols, id, candidate, record, versioned);
    else if (names.at >= 0)
      id = enterVersioned(symbols, object, name, names.at, names.end, candidate, record, versioned);
    else {
      coverNames(symbols);
      if (candidate.kind <= KIND_UNDEFINED_WEAK && wrap.size > 0) id = wrap.get(id) ?? id;
      mergeRegular(symbols, id, candidate, record);
    }
    if (isExcluded) excludedSymbols.push(id);
    object.symbols[i - firstGlobal] = id;
  }
  if (versioned.ids.length > before) joinSamePlace(symbols, versioned.ids.slice(before), versioned.joined);
}

function isGlobalBinding(binding: number): boolean {
  return binding === STB_GLOBAL || binding === STB_WEAK || binding === STB_GNU_UNIQUE;
}

/** --exclude-libs: what the archive defines is hidden, as if the compiler had made it so (bfd/elflink.c, "no_export"). */
function hide(it: Candidate): void {
  if (it.visibility !== STV_INTERNAL) it.visibility = STV_HIDDEN;
}

function setReference(it: Candidate): void {
  it.kind = it.binding === STB_WEAK ? KIND_UNDEFINED_WEAK : KIND_UNDEFINED;
  it.section = SECTION_NONE;
}

function setDefinition(it: Candidate, section: number): void {
  it.kind = it.binding === STB_WEAK ? KIND_DEFINED_WEAK : KIND_DEFINED;
  it.section = section;
}

/** Common: st_value is the alignment. Large commons (medium model) go to .lbss, remembered in the high half. */
function setCommon(it: Candidate, shndx: number): void {
  it.kind = KIND_COMMON;
  it.section = SECTION_NONE;
  if (it.valueLow <= 0) it.valueLow = 1;
  it.valueHigh = shndx === SHN_X86_64_LCOMMON ? 1 : 0;
}

/** A name with a version in it: see shared/versioned-names.ts. */
function enterVersioned(
  symbols: SymbolTable,
  object: ObjectFile,
  start: number,
  at: number,
  end: number,
  candidate: Candidate,
  record: ResolutionRecord,
  versioned: VersionedNames,
): SymbolId {
  const { bytes, view } = object;
  const isDefault = bytes[at + 1] === 0x40;
  candidate.version = versionId(symbols, decoder.decode(bytes.subarray(at + (isDefault ? 2 : 1), end)));
  const base = internName(symbols.names, view, start, at);
  coverNames(symbols);
  if (candidate.kind <= KIND_UNDEFINED_WEAK) return enterReference(symbols, base, candidate, record, versioned);
  return isDefault
    ? enterDefault(symbols, base, candidate, record, versioned)
    : enterHidden(symbols, base, candidate, record, versioned);
}

/** -r: all of `foo@@V` is the name, but `foo@V` means it too. */
function enterWhole(
  symbols: SymbolTable,
  id: SymbolId,
  candidate: Candidate,
  record: ResolutionRecord,
  { heard }: VersionedNames,
): SymbolId {
  coverNames(symbols);
  const target = aliasOf(symbols, id);
  mergeRegular(symbols, target, candidate, record);
  const text = nameText(symbols.names, id);
  if (target !== id || candidate.kind <= KIND_UNDEFINED_WEAK || !text.includes("@@")) return target;
  const plain = symbolNamed(symbols, text.slice(0, text.indexOf("@@")));
  heard.add(plain);
  // As in versioned-names.ts, enterDefault: a weak one says whom a plain definition is for.
  if (candidate.kind === KIND_DEFINED_WEAK && isDefinedHere(symbols, plain) && symbols.owner[plain] >= 0)
    narrow(symbols, plain, candidate.visibility);
  const alias = internText(symbols.names, text.replace("@@", "@"));
  coverNames(symbols);
  joinDefault(symbols, alias, id, candidate, record);
  return id;
}

const decoder = new TextDecoder();
