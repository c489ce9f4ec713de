// What a name with a version stands for: `foo@V`, `foo@@V` and `foo` side by side. Assemblers make such names of .symver;
// a shared library's symbol of version V counts as `foo@@V`, or as `foo@V` if it is hidden.
//
// The entry `foo` stands for what plain references meet. If that has the version V, `foo@V` is another name for it; else
// `foo@V` is an entry of its own. GNU ld has three entries, one for each spelling, and the same outcome (bfd/elflink.c,
// _bfd_elf_add_default_symbol, _bfd_elf_merge_symbol and the end of elf_link_add_object_symbols):
//
//   an object's    and there is                          outcome
//   foo@@V         no other definition, or a common foo  foo is foo@@V (a weak foo@@V too, which a plain weak foo is not)
//                  foo of a shared library               foo is foo@@V, for references to the library's version too
//                  foo of an object, and the version     foo@@V is an entry of its own; foo is local, or has the
//                    script gives foo another version,     script's version
//                    or makes it local
//                  foo of an object otherwise            two definitions: the strong one, or "multiple definition"
//                  foo@V of an object                    two definitions of foo@@V, as before
//                  foo that took the place of a          two definitions of foo
//                    library's foo@@V, or keeps it
//                    from counting
//   foo@V          foo at the same place of the object   one definition: foo is foo@V, not exported as foo
//                  foo@@V of an object                   two definitions of foo@@V
//                  foo@@V of a library read before       foo is foo@V
//                  foo beside a library's foo@@V         two definitions of foo, as above
//                  anything else                         an entry of its own; foo is what it was
//   foo@, foo@@    as above                              V is empty: exported without a version, which no script changes
//
//   a library's    and there is                          outcome
//   foo@@V         no definition of foo                  foo is foo@@V
//                  foo of an object, and the version     foo@V is the library's, apart from foo
//                    script gives foo another version,
//                    or makes it local
//                  foo of an object or a library         foo stays; who refers to foo@V means foo
//                  foo@@V of an object beside foo         that foo@@V stays; foo is what it was
//                  foo@V of an object                    both stay
//   foo@V, foo@    foo@V of any file                     stays
//                  anything else                         an entry of its own
//
// With -r all of `foo@@V` is the name, and only `foo@V` is another name for it.

import { STV_DEFAULT } from "../../../elf/constants.ts";
import type { VersionNode } from "../../script/types.ts";
import { NO_VERSION, type VersionMatcher, versionIsLocal, versionNode } from "../../script/version-assign.ts";
import type { SymbolId } from "../../tables/ids.ts";
import { findName, internText, nameEnd, nameText } from "../../tables/names.ts";
import { type Candidate, mergeRegular, narrow, type ResolutionRecord, reportTwice } from "../../tables/resolve.ts";
import {
  aliasOf,
  coverNames,
  FLAG_ASSIGNED,
  FLAG_DEF_DYNAMIC,
  FLAG_FORCED_LOCAL,
  FLAG_HIDDEN_VERSION,
  FLAG_IN_LIBRARY,
  FLAG_REF_DYNAMIC,
  FLAG_REF_DYNAMIC_NONWEAK,
  FLAG_SYMVER,
  FLAG_UNIQUE,
  FLAG_VERSIONED,
  isDefinedHere,
  isInside,
  isShared,
  isUndefined,
  KIND_COMMON,
  KIND_DEFINED,
  KIND_DEFINED_WEAK,
  KIND_INDIRECT,
  KIND_UNDEFINED,
  type SymbolTable,
  versionId,
} from "../../tables/symbol-table.ts";

/** What a link knows of names with a version while it reads its inputs. */
export interface VersionedNames {
  /** Entries `foo@V` that objects mention. */
  readonly ids: SymbolId[];
  /** `foo` that an object has at the place of its `foo@V`. */
  readonly joined: SymbolId[];
  /** Those of them that are exported for a library behind that defines `foo@@V2`, or for any that does where `foo` is protected. */
  readonly shown: Set<SymbolId>;
  /** Those of them that a library asks for without a version, and does not see. */
  readonly unseen: Set<SymbolId>;
  /** With -r: `foo` of which an object has `foo@@V`. The name is known by that, though nothing is there by it. */
  readonly heard: Set<SymbolId>;
  /** Versions of definitions that others took the place of: these versions are not for want of symbols. */
  readonly lost: Set<number>;
  /** Versions of --version-script; a VERSION command of an input may not have been read yet (so in GNU ld). */
  readonly nodes: readonly VersionNode[];
  readonly matcher: VersionMatcher;
  readonly demangle: (name: string) => string;
}

/** `foo@V`, known or new. */
export function versionedName(symbols: SymbolTable, base: SymbolId, version: number): SymbolId {
  const id = internText(symbols.names, `${nameText(symbols.names, base)}@${symbols.versionNames[version]}`);
  coverNames(symbols);
  return id;
}

/** `foo` of `foo@V`, or -1. */
export function plainName({ names }: SymbolTable, id: SymbolId): SymbolId {
  const start = names.start[id];
  const at = names.pool.indexOf(0x40, start);
  return at < 0 || at >= nameEnd(names, id) ? -1 : findName(names, names.poolView, start, at);
}

/** Makes `alias`, which nothing else defines, another name for `target`. */
export function joinNames(symbols: SymbolTable, alias: SymbolId, target: SymbolId): void {
  symbols.flags[target] |= symbols.flags[alias] & ~(FLAG_VERSIONED | FLAG_HIDDEN_VERSION | FLAG_SYMVER);
  symbols.kind[alias] = KIND_INDIRECT;
  symbols.alias[alias] = target;
}

/** An object's reference to `foo@V`. */
export function enterReference(
  symbols: SymbolTable,
  base: SymbolId,
  candidate: Candidate,
  record: ResolutionRecord,
  versioned: VersionedNames,
): SymbolId {
  const alias = versionedName(symbols, base, candidate.version);
  const isNew = symbols.kind[alias] !== KIND_INDIRECT && isUndefined(symbols, alias);
  if (isNew && isDefaultOfLibrary(symbols, base, candidate.version)) joinNames(symbols, alias, base);
  const id = aliasOf(symbols, alias);
  if (id === alias) {
    symbols.flags[id] |= FLAG_VERSIONED;
    versioned.ids.push(id);
  }
  mergeRegular(symbols, id, candidate, record);
  return id;
}

function isDefaultOfLibrary(symbols: SymbolTable, base: SymbolId, version: number): boolean {
  return version !== 0 && isShared(symbols, base) && symbols.version[base] === version;
}

/** An object's definition of `foo@V`. */
export function enterHidden(
  symbols: SymbolTable,
  base: SymbolId,
  candidate: Candidate,
  record: ResolutionRecord,
  versioned: VersionedNames,
): SymbolId {
  const alias = versionedName(symbols, base, candidate.version);
  const isFree = isUndefined(symbols, alias);
  const isKnown = symbols.kind[alias] === KIND_INDIRECT;
  if ((isFree || isKnown) && isDefaultOfLibrary(symbols, aliasOf(symbols, base), candidate.version)) {
    mergeRegular(symbols, base, candidate, record);
    symbols.flags[base] |= FLAG_SYMVER | FLAG_HIDDEN_VERSION;
    if (!isKnown) joinNames(symbols, alias, base);
    return base;
  }
  if (isFree && standsFor(symbols, base, candidate.version, record, versioned)) {
    joinNames(symbols, alias, base);
    candidate.version = 0;
  }
  if (isFree) noteHiddenBase(symbols, base, alias, candidate.version, record);
  const id = aliasOf(symbols, alias);
  mergeRegular(symbols, id, candidate, record);
  if (id === alias) {
    // A second definition, weak or not, leaves a default version what it is.
    if (symbols.owner[id] === candidate.owner && symbols.index[id] === candidate.index) {
      symbols.flags[id] |= FLAG_VERSIONED | FLAG_HIDDEN_VERSION;
    }
    versioned.ids.push(id);
  }
  return id;
}

/** Does the plain definition of an object stand for this version of a library too? */
function standsFor(
  symbols: SymbolTable,
  base: SymbolId,
  version: number,
  { replaced }: ResolutionRecord,
  versioned: VersionedNames,
): boolean {
  const it = replaced.get(base);
  if (it === undefined || it.version !== version || it.apart || !isDefinedHere(symbols, base)) return false;
  return it.behind || !scriptParts(symbols, base, version, versioned);
}

/** A hidden `foo` leaves the library's version to the `foo@V` that comes now: the library has that too. */
function noteHiddenBase(
  symbols: SymbolTable,
  base: SymbolId,
  alias: SymbolId,
  version: number,
  { replaced }: ResolutionRecord,
): void {
  const it = replaced.get(base);
  if (it?.apart === true && it.behind && it.version === version) symbols.flags[alias] |= FLAG_DEF_DYNAMIC;
}

/**
 * Where an object defines `foo` and `foo@V` at one place, the two are one. After all symbols of the object are read.
 * @param ids of the object's entries `foo@V`
 */
export function joinSamePlace(symbols: SymbolTable, ids: readonly SymbolId[], joined: SymbolId[]): void {
  for (const id of ids) {
    const kind = symbols.kind[id];
    if (kind !== KIND_DEFINED && kind !== KIND_DEFINED_WEAK) continue;
    if ((symbols.flags[id] & FLAG_HIDDEN_VERSION) === 0) continue;
    const base = plainName(symbols, id);
    if (base < 0 || base >= symbols.count || symbols.kind[base] !== kind || (symbols.flags[base] & FLAG_SYMVER) !== 0)
      continue;
    const isOnePlace =
      symbols.section[base] === symbols.section[id] &&
      symbols.owner[base] === symbols.owner[id] &&
      symbols.valueLow[base] === symbols.valueLow[id] &&
      symbols.valueHigh[base] === symbols.valueHigh[id];
    if (!isOnePlace) continue;
    takeDefinition(symbols, base, id);
    symbols.visibility[base] = symbols.visibility[id];
    symbols.version[base] = symbols.version[id];
    const flags = symbols.flags[base] & ~(FLAG_FORCED_LOCAL | FLAG_UNIQUE);
    symbols.flags[base] = flags | FLAG_SYMVER | FLAG_HIDDEN_VERSION;
    joinNames(symbols, id, base);
    joined.push(base);
  }
}

/**
 * What libraries want of plain `foo`, they do not want of `foo@V` at its place: plain `foo` is local (bfd/elflink.c, the end of
 * elf_link_add_object_symbols; elf_link_output_extsym). A library that has `foo@V` itself does mean this one; and one that defines foo
 * may (`shown`). After all inputs, before references with a version count.
 */
export function separateJoined(symbols: SymbolTable, { joined, shown, unseen }: VersionedNames): void {
  for (const id of joined) {
    const flags = symbols.flags[id];
    if ((flags & (FLAG_REF_DYNAMIC_NONWEAK | FLAG_IN_LIBRARY)) === FLAG_REF_DYNAMIC_NONWEAK) unseen.add(id);
    symbols.flags[id] = flags & ~(FLAG_REF_DYNAMIC | FLAG_REF_DYNAMIC_NONWEAK | FLAG_DEF_DYNAMIC);
    const alias = versionedName(symbols, id, symbols.version[id]);
    if (shown.has(id) || (symbols.flags[alias] & FLAG_IN_LIBRARY) !== 0) symbols.flags[id] |= FLAG_DEF_DYNAMIC;
  }
}

function takeDefinition(symbols: SymbolTable, to: SymbolId, from: SymbolId): void {
  symbols.kind[to] = symbols.kind[from];
  symbols.owner[to] = symbols.owner[from];
  symbols.section[to] = symbols.section[from];
  symbols.valueLow[to] = symbols.valueLow[from];
  symbols.valueHigh[to] = symbols.valueHigh[from];
  symbols.size[to] = symbols.size[from];
  symbols.type[to] = symbols.type[from];
  symbols.index[to] = symbols.index[from];
}

/** An object's definition of `foo@@V`. */
export function enterDefault(
  symbols: SymbolTable,
  base: SymbolId,
  candidate: Candidate,
  record: ResolutionRecord,
  versioned: VersionedNames,
): SymbolId {
  const alias = versionedName(symbols, base, candidate.version);
  if (isUndefined(symbols, alias) && standsFor(symbols, base, candidate.version, record, versioned)) {
    // The definition counts as one of plain foo.
    joinNames(symbols, alias, base);
    candidate.version = 0;
    mergeRegular(symbols, base, candidate, record);
    return base;
  }
  const known = aliasOf(symbols, alias);
  if (known !== alias) {
    mergeRegular(symbols, known, candidate, record);
    if (known === base && symbols.owner[base] === candidate.owner && symbols.index[base] === candidate.index) {
      symbols.flags[base] = (symbols.flags[base] & ~FLAG_HIDDEN_VERSION) | FLAG_SYMVER;
    }
    return known;
  }
  if (isApart(symbols, base, candidate, versioned)) {
    // A weak one is passed over where it would be foo too, but not what it says of whom it is for.
    if (candidate.kind === KIND_DEFINED_WEAK) narrow(symbols, base, candidate.visibility);
    mergeRegular(symbols, alias, candidate, record);
    symbols.flags[alias] = (symbols.flags[alias] & ~FLAG_HIDDEN_VERSION) | FLAG_VERSIONED;
    versioned.ids.push(alias);
    return alias;
  }
  // In one object a weak definition with the version counts like a strong one.
  if (candidate.kind === KIND_DEFINED_WEAK && symbols.owner[base] === candidate.owner) {
    if (symbols.kind[base] === KIND_DEFINED_WEAK) symbols.kind[base] = KIND_UNDEFINED;
    else if (symbols.kind[base] === KIND_DEFINED) reportTwice(symbols, base, candidate, record);
  }
  const before = isDefinedHere(symbols, base) && (symbols.flags[base] & FLAG_SYMVER) !== 0 ? symbols.version[base] : 0;
  const isAssigned = (symbols.flags[base] & FLAG_ASSIGNED) !== 0;
  const { type, size } = isAssigned ? { type: symbols.type[base], size: symbols.size[base] } : candidate;
  if (isAssigned) candidate.visibility = STV_DEFAULT;
  if (candidate.kind === KIND_DEFINED_WEAK && symbols.kind[base] === KIND_COMMON) {
    // A common foo becomes another name for foo@@V, even for a weak one (bfd/linker.c, link_action: CIND).
    candidate.kind = KIND_DEFINED;
    mergeRegular(symbols, base, candidate, record);
    candidate.kind = KIND_DEFINED_WEAK;
    symbols.kind[base] = KIND_DEFINED_WEAK;
  } else mergeInPlaceOf(symbols, base, candidate, record);
  if (symbols.owner[base] === candidate.owner && symbols.index[base] === candidate.index) {
    symbols.flags[base] = (symbols.flags[base] & ~FLAG_HIDDEN_VERSION) | FLAG_SYMVER;
    symbols.version[base] = candidate.version;
    if (before !== 0) versioned.lost.add(before);
    // What was said of plain foo is not said of foo@@V, nor the other way round where foo is assigned (so for visibility above).
    symbols.type[base] = type;
    symbols.size[base] = size;
  }
  joinDefault(symbols, alias, base, candidate, record);
  return base;
}

/**
 * Of a library's `foo@@V` nothing is left behind a hidden one; but plain `foo`, if a library refers to it, says that this one would be
 * exported, which makes it local (bfd/elflink.c, _bfd_elf_add_default_symbol: "See if the new flags lead us to realize").
 */
function mergeInPlaceOf(symbols: SymbolTable, base: SymbolId, candidate: Candidate, record: ResolutionRecord): void {
  const isAsked = isShared(symbols, base) && (symbols.flags[base] & FLAG_REF_DYNAMIC) !== 0;
  mergeRegular(symbols, base, candidate, record);
  if (isAsked && isInside(symbols, base)) symbols.flags[base] |= FLAG_FORCED_LOCAL;
}

/** Is `foo@@V` to be an entry of its own beside the `foo` of an object? */
function isApart(symbols: SymbolTable, base: SymbolId, candidate: Candidate, versioned: VersionedNames): boolean {
  const { kind, flags } = symbols;
  if (!isDefinedHere(symbols, base)) return false;
  const isOther = symbols.owner[base] !== candidate.owner && symbols.owner[base] >= 0;
  if (
    candidate.kind === KIND_DEFINED_WEAK &&
    isOther &&
    (kind[base] === KIND_DEFINED || kind[base] === KIND_DEFINED_WEAK)
  )
    return true;
  return (flags[base] & FLAG_SYMVER) === 0 && scriptParts(symbols, base, candidate.version, versioned);
}

/** Does the version script give the plain name another version than this, or make it local? */
export function scriptParts(
  symbols: SymbolTable,
  base: SymbolId,
  version: number,
  { nodes, matcher, demangle }: VersionedNames,
): boolean {
  // Of a common symbol nobody asks (bfd/elflink.c, _bfd_elf_add_default_symbol: "def_regular").
  if (nodes.length === 0 || symbols.kind[base] === KIND_COMMON) return false;
  const { names } = symbols;
  const match = matcher.find(names.pool, names.start[base], nameEnd(names, base), () =>
    demangle(nameText(names, base)),
  );
  if (match === NO_VERSION) return false;
  if (versionIsLocal(match)) {
    symbols.flags[base] |= FLAG_FORCED_LOCAL;
    return true;
  }
  const { name } = nodes[versionNode(match)];
  if (name === symbols.versionNames[version]) return false;
  // It keeps this version even if the script's is taken by a name of its own later.
  symbols.version[base] = versionId(symbols, name);
  return true;
}

/** `foo@V` and the `foo@@V` that has just been entered as `target` are one symbol: the strong definition counts. */
export function joinDefault(
  symbols: SymbolTable,
  alias: SymbolId,
  target: SymbolId,
  candidate: Candidate,
  record: ResolutionRecord,
): void {
  const kind = symbols.kind[alias];
  if (alias === target || kind === KIND_INDIRECT) return;
  if (isDefinedHere(symbols, alias)) {
    const isWeak = kind === KIND_DEFINED_WEAK;
    if (candidate.kind === KIND_DEFINED_WEAK) {
      if (isWeak && symbols.owner[alias] !== candidate.owner) return;
      if (!isWeak) takeDefinition(symbols, target, alias);
    } else if (!isWeak) reportTwice(symbols, alias, candidate, record);
  }
  // A library's hidden foo@V is for who refers to it there: no reason to export this one.
  if (isShared(symbols, alias)) symbols.flags[alias] &= ~FLAG_DEF_DYNAMIC;
  joinNames(symbols, alias, target);
}
