// What a shared library's dynamic symbols are to the link: whether --as-needed needs the library for one of them, and which entries of
// the symbol table its definitions and references get, with their versions.

import {
  SHN_UNDEF,
  STB_GNU_UNIQUE,
  STB_LOCAL,
  STB_WEAK,
  STT_FUNC,
  STT_GNU_IFUNC,
  STV_DEFAULT,
  VER_NDX_GLOBAL,
  VERSYM_HIDDEN,
  VERSYM_VERSION,
} from "../../../elf/constants.ts";
import { error, type Report } from "../../../elf/problem.ts";
import { SECTION_NONE, type SymbolId } from "../../tables/ids.ts";
import {
  findHashed,
  findName,
  findVersioned,
  internHashed,
  internName,
  internVersioned,
  type NameTable,
  nameEnd,
} from "../../tables/names.ts";
import { type ObjectFile, readWord } from "../../tables/object-file.ts";
import {
  asShared,
  type Candidate,
  mergeShared,
  narrow,
  type ResolutionRecord,
  referFromShared,
} from "../../tables/resolve.ts";
import {
  aliasOf,
  coverNames,
  FLAG_DEF_DYNAMIC,
  FLAG_HIDDEN_VERSION,
  FLAG_IN_LIBRARY,
  FLAG_NAMED_FIRST,
  FLAG_REF_DYNAMIC,
  FLAG_REF_DYNAMIC_NONWEAK,
  FLAG_REF_REGULAR,
  FLAG_REF_REGULAR_NONWEAK,
  FLAG_SYMVER,
  FLAG_VERSIONED,
  isDefinedHere,
  isInside,
  isInsideVisibility,
  isUndefined,
  KIND_COMMON,
  KIND_INDIRECT,
  KIND_SHARED,
  KIND_SHARED_WEAK,
  KIND_UNDEFINED,
  KIND_UNDEFINED_WEAK,
  type SymbolTable,
  versionId,
} from "../../tables/symbol-table.ts";
import { isHiddenVersion, isVersionLocal, type SharedFile, sharedVersion } from "./shared-file.ts";
import { isMet, type SharedReference } from "./shared-reference.ts";
import {
  joinNames,
  plainName,
  scriptParts,
  separateJoined,
  type VersionedNames,
  versionedName,
} from "./versioned-names.ts";

/**
 * --as-needed: would this library's definition be the one that a reference meets, for a reference that is not weak?
 * (bfd/elflink.c, elf_link_add_object_symbols: "add_needed".)
 * @param ofLibraries whether libraries' references count
 * @returns a symbol that it is needed for, or -1
 */
export function neededSymbol(
  shared: SharedFile,
  symbols: SymbolTable,
  ofLibraries: boolean,
  references: readonly SharedReference[],
  hasVersionedNames: boolean,
): SymbolId {
  const wanted = ofLibraries ? FLAG_REF_REGULAR_NONWEAK | FLAG_REF_DYNAMIC_NONWEAK : FLAG_REF_REGULAR_NONWEAK;
  const open = new Set(
    ofLibraries ? references.filter((it) => !it.weak && !isMet(symbols, it, true)).map((it) => it.symbol) : [],
  );
  const { bytes, view, is64, dynsym, strings, stringsEnd } = shared;
  const entry = is64 ? 24 : 16;
  for (let i = shared.firstGlobal; i < shared.symbolCount; i++) {
    const at = dynsym + i * entry;
    const detail = at + (is64 ? 4 : 12);
    const shndx = view.getUint16(detail + 2, true);
    if (shndx === SHN_UNDEF || isVersionLocal(shared, i) || isInsideVisibility(bytes[detail + 1] & 3)) continue;
    const name = strings + view.getUint32(at, true);
    if (name >= stringsEnd) continue;
    const info = bytes[detail];
    const type = info & 15;
    const beatsCommon =
      info >> 4 !== STB_WEAK && type !== STT_FUNC && type !== STT_GNU_IFUNC && shared.bssSections[shndx] !== 1;
    const id = isHiddenVersion(shared, i) ? -1 : findSymbol(shared, symbols.names, i, name);
    if (
      id >= 0 &&
      ((open.has(id) && symbols.visibility[id] === STV_DEFAULT) || wantsDefinition(symbols, id, wanted, beatsCommon))
    )
      return id;
    const version = sharedVersion(shared, i);
    if (!hasVersionedNames || (version === "" && !isHiddenVersion(shared, i))) continue;
    const alias = findVersioned(symbols.names, view, name, stringsEnd, version);
    if (alias >= 0 && wantsDefinition(symbols, alias, wanted, beatsCommon)) return alias;
  }
  return -1;
}

function wantsDefinition(symbols: SymbolTable, id: SymbolId, wanted: number, beatsCommon: boolean): boolean {
  // What is hidden, no library defines (bfd/elflink.c, _bfd_elf_merge_symbol).
  if (id >= symbols.count || symbols.visibility[id] !== STV_DEFAULT) return false;
  const kind = symbols.kind[id];
  const isOpen = kind === KIND_UNDEFINED || kind === KIND_UNDEFINED_WEAK || (kind === KIND_COMMON && beatsCommon);
  if (!isOpen) return false;
  // What only the command line names (-u, -e, --defsym) no object refers to ("ref_regular_nonweak").
  const isNamedOnly = (symbols.flags[id] & FLAG_NAMED_FIRST) !== 0 && symbols.owner[id] < 0;
  return (symbols.flags[id] & (isNamedOnly ? wanted & ~FLAG_REF_REGULAR_NONWEAK : wanted)) !== 0;
}

/**
 * Enters a library's definitions and references into the symbol table.
 * @param wrap --wrap: what plain references mean instead, a library's too (bfd/linker.c, bfd_wrapped_link_hash_lookup)
 */
export function enterShared(
  shared: SharedFile,
  symbols: SymbolTable,
  references: SharedReference[],
  candidate: Candidate,
  record: ResolutionRecord,
  versioned: VersionedNames,
  wrap: ReadonlyMap<SymbolId, SymbolId>,
  report: Report,
): void {
  const { bytes, view, is64, dynsym, strings, stringsEnd, symbolCount, versym } = shared;
  const { names } = symbols;
  const entry = is64 ? 24 : 16;
  const versions = Int32Array.from(shared.versions, (name) => versionId(symbols, name));
  shared.symbols = new Int32Array(symbolCount).fill(-1);
  for (let i = shared.firstGlobal; i < symbolCount; i++) {
    const at = dynsym + i * entry;
    const name = strings + view.getUint32(at, true);
    const detail = at + (is64 ? 4 : 12);
    const binding = bytes[detail] >> 4;
    const shndx = view.getUint16(detail + 2, true);
    const visibility = bytes[detail + 1] & 3;
    if (name >= stringsEnd) {
      report(error("symbol-name-outside", { file: shared.name }, { index: i }));
      return;
    }
    if (binding === STB_LOCAL) continue;
    if (isInsideVisibility(visibility)) {
      markHidden(symbols, findName(names, view, name, stringsEnd));
      continue;
    }
    const versionIndex = versym === 0 ? VER_NDX_GLOBAL : view.getUint16(versym + i * 2, true);
    const version = versions[versionIndex & VERSYM_VERSION] ?? 0;
    if (shndx === SHN_UNDEF) {
      let id = internName(names, view, name, stringsEnd);
      coverNames(symbols);
      if (version === 0) id = wrap.get(id) ?? id;
      shared.symbols[i] = id;
      if (version === 0) referFromShared(symbols, id, shared.id, binding, bytes[detail] & 15);
      else references.push({ symbol: id, version, shared: shared.id, weak: binding === STB_WEAK });
      continue;
    }
    // Version index 0: local to the library in spite of its binding.
    if ((versionIndex & VERSYM_VERSION) === 0) continue;
    readDefinition(shared, candidate, i);
    candidate.version = version;
    const isHidden = (versionIndex & VERSYM_HIDDEN) !== 0;
    let id: SymbolId;
    if (isHidden) {
      id = internVersioned(names, view, name, stringsEnd, symbols.versionNames[version]);
      coverNames(symbols);
      symbols.flags[id] |= FLAG_VERSIONED | FLAG_IN_LIBRARY;
      id = aliasOf(symbols, id);
    } else {
      id = internSymbol(shared, names, i, name);
      coverNames(symbols);
      if (version !== 0 && (versioned.ids.length > 0 || versioned.nodes.length > 0)) {
        id = entryOfDefault(symbols, id, version, versioned);
      }
    }
    shared.symbols[i] = id;
    const isKnown = (symbols.flags[id] & FLAG_IN_LIBRARY) !== 0;
    mergeShared(symbols, id, candidate, record);
    if ((symbols.flags[id] & FLAG_HIDDEN_VERSION) === 0) continue;
    if (isHidden) {
      // A library's foo@V is no foo, which an object has at the place of its foo@V.
      if (!isKnown) symbols.flags[id] &= ~FLAG_IN_LIBRARY;
    } else if (version !== 0 || symbols.visibility[id] !== STV_DEFAULT) versioned.shown.add(id);
  }
}

/** @param name where the name of symbol `index` begins */
function internSymbol(
  { view, stringsEnd, hashed }: SharedFile,
  names: NameTable,
  index: number,
  name: number,
): SymbolId {
  if (hashed === undefined) return internName(names, view, name, stringsEnd);
  return internHashed(names, view, name, hashed.ends[index], hashed.hashes[index]);
}

function findSymbol({ view, stringsEnd, hashed }: SharedFile, names: NameTable, index: number, name: number): SymbolId {
  if (hashed === undefined) return findName(names, view, name, stringsEnd);
  return findHashed(names, view, name, hashed.ends[index], hashed.hashes[index]);
}

/**
 * A library has a hidden symbol in its dynamic symbols. It is nobody's definition, but the name counts as one that libraries
 * know (bfd/elflink.c, _bfd_elf_merge_symbol). GNU ld's libraries have __start_X so.
 */
function markHidden(symbols: SymbolTable, id: SymbolId): void {
  if (id < 0 || id >= symbols.count || (symbols.flags[id] & FLAG_REF_REGULAR) === 0) return;
  if (symbols.visibility[id] !== STV_DEFAULT) symbols.flags[id] |= FLAG_REF_DYNAMIC;
  else if (isUndefined(symbols, id)) symbols.flags[id] |= FLAG_DEF_DYNAMIC;
}

/**
 * The entry that a library's `foo@@V` is merged with, where objects mention names with versions: see the table in
 * versioned-names.ts.
 */
function entryOfDefault(symbols: SymbolTable, base: SymbolId, version: number, versioned: VersionedNames): SymbolId {
  const { names } = symbols;
  // A library defines plain foo too, whatever its foo@@V is merged with ("dynamic_def").
  symbols.flags[base] |= FLAG_IN_LIBRARY;
  const alias = findVersioned(
    names,
    names.poolView,
    names.start[base],
    nameEnd(names, base),
    symbols.versionNames[version],
  );
  const isKnown = alias >= 0 && alias < symbols.count;
  if (isKnown && symbols.kind[alias] === KIND_INDIRECT) symbols.flags[alias] |= FLAG_IN_LIBRARY;
  // A foo@V of an object that is not for libraries is one that they know (bfd/elflink.c, _bfd_elf_merge_symbol).
  else if (isKnown && isDefinedHere(symbols, alias) && symbols.visibility[alias] !== STV_DEFAULT)
    symbols.flags[alias] |= FLAG_REF_DYNAMIC;
  // What an object has as foo@@V beside a foo is the one that the library's is met with.
  const isOfObject = isKnown && isDefinedHere(symbols, alias) && symbols.kind[alias] !== KIND_INDIRECT;
  if (isOfObject && (symbols.flags[alias] & FLAG_HIDDEN_VERSION) === 0) return alias;
  if (isKnown && (symbols.kind[alias] === KIND_INDIRECT || !isUndefined(symbols, alias))) return base;
  // A plain foo that is not for libraries stays out of it: who refers to foo@V means the library's.
  if (isKnown && symbols.visibility[base] !== STV_DEFAULT && symbols.visibility[alias] === STV_DEFAULT) {
    symbols.flags[base] |= FLAG_REF_DYNAMIC;
    return alias;
  }
  const isPlain = isDefinedHere(symbols, base) && (symbols.flags[base] & FLAG_SYMVER) === 0;
  // What is not for libraries they do not meet, so no script is asked whom it is for (_bfd_elf_add_default_symbol: "skip").
  const isOpen = symbols.visibility[base] === STV_DEFAULT;
  if (isPlain && isOpen && scriptParts(symbols, base, version, versioned)) {
    return isKnown ? alias : versionedName(symbols, base, version);
  }
  // No library defines what a reference says is not for libraries.
  if (isKnown && symbols.visibility[alias] === STV_DEFAULT) joinNames(symbols, alias, base);
  return base;
}

/** Decodes definition number `index` of .dynsym. */
function readDefinition(shared: SharedFile, to: Candidate, index: number): void {
  const { bytes, view, is64, bssSections } = shared;
  const at = shared.dynsym + index * (is64 ? 24 : 16);
  const shndx = view.getUint16(at + (is64 ? 6 : 14), true);
  const info = bytes[at + (is64 ? 4 : 12)];
  const binding = info >> 4;
  to.kind = binding === STB_WEAK ? KIND_SHARED_WEAK : KIND_SHARED;
  to.binding = binding === STB_GNU_UNIQUE ? STB_GNU_UNIQUE : 0;
  to.owner = shared.id;
  to.section = SECTION_NONE;
  to.valueLow = view.getInt32(at + (is64 ? 8 : 4), true);
  to.valueHigh = is64 ? view.getInt32(at + 12, true) : 0;
  to.size = readWord(view, at + (is64 ? 16 : 8), is64);
  to.type = info & 15;
  to.visibility = bytes[at + (is64 ? 5 : 13)] & 3;
  to.index = index;
  const inBss = shndx < bssSections.length && bssSections[shndx] !== 0;
  // As bfd/elflink.c, "newdyncommon".
  to.bss = inBss && to.size > 0 && binding !== STB_WEAK && to.type !== STT_FUNC && to.type !== STT_GNU_IFUNC;
  to.bssAlignment = inBss ? shared.sectionAlignment[shndx] : 1;
}

/**
 * After all inputs: what a library that was read before the first mention of `foo@V` says of it, and what libraries refer
 * to with a version.
 */
export function joinVersioned(
  symbols: SymbolTable,
  objects: readonly ObjectFile[],
  shared: readonly SharedFile[],
  references: readonly SharedReference[],
  candidate: Candidate,
  record: ResolutionRecord,
  versioned: VersionedNames,
): void {
  for (const id of versioned.ids) {
    const version = symbols.version[id];
    if (symbols.kind[id] === KIND_INDIRECT || !isUndefined(symbols, id) || version === 0) continue;
    const base = plainName(symbols, id);
    if (base < 0 || base >= symbols.count) continue;
    for (let i = 0; i < record.loserCount * 3; i += 3) {
      const [symbol, owner, index] = record.losers.subarray(i, i + 3);
      const file = symbol === base && owner < -1 ? shared[asShared(owner)] : undefined;
      if (file === undefined || sharedVersion(file, index) !== symbols.versionNames[version]) continue;
      // An object's foo that was read behind the library took the place of its foo@@V too.
      const isBehind = isDefinedHere(symbols, base) && (objects[symbols.owner[base]]?.input ?? -1) > file.input;
      if (isBehind) {
        joinNames(symbols, id, base);
        narrow(symbols, base, symbols.visibility[id]);
      } else if (entryOfDefault(symbols, base, version, versioned) === id) {
        readDefinition(file, candidate, index);
        candidate.version = version;
        mergeShared(symbols, id, candidate, record);
        file.symbols[index] = id;
      }
      break;
    }
  }
  separateJoined(symbols, versioned);
  const defaults = defaultVersions(symbols, shared, references, record);
  for (const { symbol, version } of references) {
    // What the library knows as something else it finds in another library.
    if (!record.strangers.has(symbol)) noteReference(symbols, symbol, version, defaults);
  }
}

/** Versions of which libraries have `foo@@V`, by symbol, for those names that libraries ask for with a version. */
function defaultVersions(
  symbols: SymbolTable,
  shared: readonly SharedFile[],
  references: readonly SharedReference[],
  { losers, loserCount }: ResolutionRecord,
): ReadonlyMap<SymbolId, Set<number>> {
  const found = new Map<SymbolId, Set<number>>();
  for (const { symbol } of references) found.set(symbol, new Set());
  if (found.size === 0) return found;
  for (let i = 0; i < loserCount * 3; i += 3) {
    const owner = losers[i + 1];
    if (owner >= -1) continue;
    const version = sharedVersion(shared[asShared(owner)], losers[i + 2]);
    if (version !== "") found.get(losers[i])?.add(versionId(symbols, version));
  }
  return found;
}

/**
 * A program's definition that a library's reference of this version means is exported: that of the version, or a plain one
 * that stands for the `foo@@V` of a library. The loader would take any plain one, but who links has not meant that.
 */
function noteReference(
  symbols: SymbolTable,
  base: SymbolId,
  version: number,
  defaults: ReadonlyMap<SymbolId, Set<number>>,
): void {
  const { names, flags } = symbols;
  const alias = findVersioned(
    names,
    names.poolView,
    names.start[base],
    nameEnd(names, base),
    symbols.versionNames[version],
  );
  const isKnown = alias >= 0 && alias < symbols.count;
  const id = isKnown ? aliasOf(symbols, alias) : base;
  const isPlain = (flags[base] & FLAG_SYMVER) === 0 && isDefinedHere(symbols, base);
  // What is not for libraries is not what one means by the version of another.
  if (isPlain && !isKnown && isInside(symbols, base)) return;
  const isMeant =
    id !== base ||
    (isKnown && id !== alias) ||
    (isPlain ? defaults.get(base)?.has(version) : symbols.version[base] === version);
  if (!isMeant) return;
  flags[id] |= FLAG_REF_DYNAMIC;
  narrow(symbols, id, STV_DEFAULT);
}
